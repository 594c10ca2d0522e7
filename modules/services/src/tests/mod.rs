//! The portal over HTTP on both engines, with recorders in place of the other rooms.

mod catalogue;
mod drafts;
mod rooms;
mod submission;
mod uploads;

use db::{Engine, params};
use serde_json::Value;
use testkit::{Browser, Page, TestCity, form_of};

use crate::MODULE;

async fn both() -> Vec<TestCity> {
    TestCity::both(&[MODULE, rooms::ROOMS]).await
}

async fn one() -> TestCity {
    TestCity::open(&[MODULE, rooms::ROOMS], Engine::Sqlite).await.unwrap()
}

/// Begins an application; answers the address of its draft.
async fn begin(browser: &mut Browser, service: &str) -> String {
    let at = format!("/leistungen/{service}/antrag");
    browser.get(&at).await.is(200).shows("Rechtsgrundlage");
    browser.post(&at, &[]).await.is(303).location.clone().unwrap()
}

/// The page a draft is at.
async fn at(browser: &mut Browser, draft: &str) -> String {
    browser.get(draft).await.is(303).location.clone().unwrap()
}

fn with<'a>(page: &'a [(String, String)], fields: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let untouched = page.iter().filter(|(name, _)| !fields.iter().any(|(given, _)| given == name));
    let mut all: Vec<(&str, &str)> = untouched.map(|(name, value)| (name.as_str(), value.as_str())).collect();
    all.extend_from_slice(fields);
    all
}

/// Sends the page a draft is at with these answers; untouched fields go as they are shown.
async fn answer(browser: &mut Browser, draft: &str, fields: &[(&str, &str)]) -> Page {
    let at = at(browser, draft).await;
    answer_at(browser, &at, fields).await
}

async fn answer_at(browser: &mut Browser, at: &str, fields: &[(&str, &str)]) -> Page {
    let page = browser.get(at).await;
    page.is(200);
    let shown = form_of(&page.body, at);
    browser.post(at, &with(&shown, fields)).await
}

/// A guest's Meldebescheinigung on paper up to check-your-answers.
async fn filled_in(browser: &mut Browser) -> String {
    let draft = begin(browser, "meldebescheinigung").await;
    answer(browser, &draft, &[("fuer_wen", "selbst")]).await.is(303);
    answer(browser, &draft, &[("art", "einfach")]).await.is(303);
    answer(browser, &draft, &[("papier_weiter", "papier")]).await.is(303);
    let born = [("geburtsdatum", "27"), ("geburtsdatum-month", "3"), ("geburtsdatum-year", "1985")];
    let named = [("familienname", "Muster-Beispiel"), ("vornamen", "Mia")];
    answer(browser, &draft, &[named.as_slice(), born.as_slice()].concat()).await.is(303);
    let address = [
        ("anschrift", "Beispielweg"),
        ("anschrift-house-number", "5"),
        ("anschrift-postal-code", "40667"),
        ("anschrift-city", "Meerbusch"),
    ];
    answer(browser, &draft, &address).await.is(303);
    // Nothing there must be answered, so a draft does not stop at it.
    answer_at(browser, &format!("{draft}/zweck"), &[("zweck", "Bank")]).await.is(303);
    answer(browser, &draft, &[("erklaerung", "ja")]).await.is(303);
    assert_eq!(at(browser, &draft).await, format!("{draft}/pruefen"));
    draft
}

/// What a draft holds, as stored.
async fn stored(test: &TestCity, draft: &str) -> (Value, Value, i64) {
    let id = crate::store::draft_id(draft.trim_start_matches("/antrag/")).unwrap();
    let sql = "SELECT answers, typed, revision FROM services_draft WHERE tenant = $1 AND id = $2";
    test.city.db.read().await.unwrap().one(sql, params![id]).await.unwrap()
}

async fn count(test: &TestCity) -> i64 {
    let sql = "SELECT COUNT(*) AS n FROM services_draft WHERE tenant = $1";
    test.city.db.read().await.unwrap().one::<(i64,)>(sql, &[]).await.unwrap().0
}
