//! Documents for one outsider (Freigabe): a link and a code, the version of the day, and everything that makes a link stop.

use db::{Engine, params};
use identity::access::{self, Confidentiality};
use kernel::{CaseId, Cx, DocumentId};
use meer::modules::MODULES;
use testkit::{Browser, Page, TestCity};

use crate::walks::{STAFF_PASSWORD, id_in};

const FIRST: &[u8] = b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\n%%EOF\n";
const GONE: &str = "Dieser Link gilt nicht (mehr)";

async fn staff(test: &TestCity, login: &str) -> Browser {
    let mut browser = test.browser();
    browser.staff_sign_in(login, STAFF_PASSWORD).await.is(200);
    browser
}

/// A case made by hand, with one document; answers the ids of both.
pub async fn case_with(clerk: &mut Browser, unit: &str, confidentiality: &str) -> (String, String) {
    let fields = [("entry", "10.10"), ("title", "Ortstermin"), ("unit", unit), ("confidentiality", confidentiality)];
    let file = id_in(&clerk.post("/intern/akten", &fields).await);
    let case = id_in(&clerk.post(&format!("/intern/akte/{file}/vorgang"), &[("title", "Ortstermin")]).await);
    let at = format!("/intern/vorgang/{case}/dokumente");
    clerk.post_files(&at, &[("titel", "Vermerk Nord")], &[("datei", "vermerk.pdf", FIRST)]).await.is(303);
    let page = clerk.get(&at).await;
    let document = page.body.split("/dokument/").nth(1).and_then(|rest| rest.split('/').next()).expect("a document");
    (case, document.to_owned())
}

/// What the clerk reads once: the path of the link and the code.
pub struct Link {
    pub path: String,
    pub code: String,
}

impl Link {
    /// A code that is not this one.
    pub fn other_code(&self) -> &'static str {
        if self.code.starts_with('0') { "1111 1111" } else { "0000 0000" }
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let start = text.find(before).unwrap_or_else(|| panic!("no {before}")) + before.len();
    &text[start..start + text[start..].find(after).unwrap_or_else(|| panic!("no {after}"))]
}

fn fields<'a>(document: &'a str, days: &'a str) -> [(&'static str, &'a str); 5] {
    [
        ("dokument", document),
        ("name", "Rea Beispiel-Empfang"),
        ("email", "rea@example.org"),
        ("zweck", "Akteneinsicht"),
        ("tage", days),
    ]
}

pub async fn share(clerk: &mut Browser, case: &str, document: &str) -> Link {
    let page = clerk.post(&format!("/intern/vorgang/{case}/freigaben"), &fields(document, "7")).await;
    page.is(200).shows("Link und Code sehen Sie nur jetzt");
    let token = between(&page.body, "/freigabe/", "<").to_owned();
    assert_eq!(token.len(), 43, "256 bits: {token}");
    let code = between(&page.body, "kern-heading-large\">", "<").to_owned();
    Link { path: format!("/freigabe/{token}"), code }
}

pub async fn enter(outsider: &mut Browser, link: &Link, code: &str) -> Page {
    outsider.post(&link.path, &[("code", code)]).await
}

fn system(test: &TestCity) -> Cx {
    let mut cx = test.app.cx(&test.city, "test");
    cx.actor.via = vec!["accounts"];
    cx
}

/// A page without the link in it: the language switch names it.
fn bare(page: &Page, link: &str) -> String {
    page.body.replace(link.trim_start_matches("/freigabe/"), "TOKEN")
}

async fn is_whole(test: &TestCity) {
    test.settle().await;
    let report = journal::check::run(&test.city.db, &test.app.evidence(), &[], &[], &mut |_| {}).await.unwrap();
    assert!(report.is_whole(), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_gets_the_version_of_the_day_and_each_access_is_in_the_case() {
    for test in TestCity::both(MODULES).await {
        let mut stefan = staff(&test, "stefan.muster").await;
        let (case, document) = case_with(&mut stefan, "standesamt", "normal").await;
        let at = format!("/intern/vorgang/{case}/freigaben");
        stefan.get(&at).await.is(200).shows("Vermerk Nord").shows("Fassung von jetzt");
        stefan.post(&at, &[]).await.is(422).shows("Wählen Sie mindestens ein Dokument");
        stefan.post(&at, &fields(&document, "31")).await.is(422).shows("von 1 bis 30").shows("Beispiel-Empfang");
        let mut two = fields(&document, "7");
        two[2].1 = "a@example.org, b@example.org";
        stefan.post(&at, &two).await.is(422).shows("genau eine Person");
        let link = share(&mut stefan, &case, &document).await;
        let versions = format!("/intern/vorgang/{case}/dokument/{document}/fassungen");
        let save = [("stand", "1"), ("notiz", "")];
        stefan.post_files(&versions, &save, &[("datei", "b.txt", b"Entwurf\n".as_slice())]).await.is(303);

        let mut outsider = test.browser();
        let page = outsider.get(&link.path).await;
        page.is(200).shows("Geben Sie den Code ein").hides("Vermerk Nord").hides("Beispiel-Empfang");
        assert!(page.header("x-robots-tag").contains("noindex"));
        assert_eq!(page.header("cache-control"), "no-store");
        for part in ["/dokument/1", "/dokument/1/ansehen", "/dokument/1/anzeige"] {
            let page = outsider.get(&format!("{}{part}", link.path)).await;
            assert_eq!(page.is(303).location.as_deref(), Some(link.path.as_str()), "without the code nothing");
        }
        enter(&mut outsider, &link, "12").await.is(422).shows("acht Ziffern");
        enter(&mut outsider, &link, link.other_code()).await.is(422).shows("noch 4 Versuche");
        enter(&mut outsider, &link, &link.code.replace(' ', "-")).await.is(303);
        let page = outsider.get(&link.path).await;
        page.is(200).shows("Vermerk Nord").shows("Akteneinsicht");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        let saved = outsider.get(&format!("{}/dokument/1", link.path)).await;
        assert_eq!(saved.is(200).bytes, FIRST, "not the version that was written later");
        assert!(saved.header("content-disposition").starts_with("attachment"));
        let look = outsider.get(&format!("{}/dokument/1/ansehen", link.path)).await;
        look.is(200).shows("<iframe");
        assert!(look.header("content-security-policy").contains("frame-src 'self'"));
        let framed = outsider.get(&format!("{}/dokument/1/anzeige", link.path)).await;
        assert_eq!(
            (framed.is(200).content_type.as_str(), framed.header("x-frame-options")),
            ("application/pdf", "SAMEORIGIN")
        );
        outsider.get(&format!("{}/dokument/2", link.path)).await.is(303);
        // Another browser has to know the code.
        test.browser().get(&link.path).await.is(200).shows("Geben Sie den Code ein");

        let page = stefan.get(&format!("/intern/vorgang/{case}")).await;
        page.is(200).shows("Freigabe an Rea Beispiel-Empfang angelegt").shows("falscher Code eingegeben");
        page.shows("Code richtig eingegeben").shows("„Vermerk Nord“ heruntergeladen").shows("„Vermerk Nord“ angesehen");
        // Nobody of another office sees or ends it.
        let mut mara = staff(&test, "melde.muster").await;
        mara.get(&at).await.is(404);
        let listed = stefan.get(&at).await;
        let revoke = between(&listed.body, &format!("/intern/vorgang/{case}/freigabe/"), "\"");
        let revoke = format!("/intern/vorgang/{case}/freigabe/{revoke}");
        mara.post(&revoke, &[]).await.is(404);
        staff(&test, "paula.poststelle").await.post(&revoke, &[]).await.is(403);
        stefan.post(&revoke, &[]).await.is(303);
        stefan.post(&revoke, &[]).await.is(303);

        // At once, and the answer is that for a link that never was.
        let revoked = outsider.get(&link.path).await;
        revoked.is(404).shows(GONE).hides("Vermerk");
        outsider.get(&format!("{}/dokument/1", link.path)).await.is(303);
        let never = format!("/freigabe/{}", "A".repeat(43));
        let unknown = test.browser().get(&never).await;
        assert_eq!(bare(unknown.is(404), &never), bare(&revoked, &link.path));
        let tried = enter(&mut outsider, &link, &link.code).await;
        assert_eq!(bare(tried.is(404), &link.path), bare(&revoked, &link.path));
        test.settle().await;
        stefan.get(&format!("/intern/vorgang/{case}")).await.shows("Link benutzt, der nicht mehr gilt");
        is_whole(&test).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn five_wrong_codes_lock_the_link_and_tell_who_made_it() {
    for test in TestCity::both(MODULES).await {
        let mut stefan = staff(&test, "stefan.muster").await;
        let (case, document) = case_with(&mut stefan, "standesamt", "normal").await;
        let link = share(&mut stefan, &case, &document).await;
        let mut outsider = test.browser();
        for _ in 0..4 {
            enter(&mut outsider, &link, link.other_code()).await.is(422).shows("noch");
        }
        stefan.get("/intern/wiedervorlagen").await.is(200).hides("gesperrt");
        enter(&mut outsider, &link, link.other_code()).await.is(422).shows("Der Link ist gesperrt");
        enter(&mut outsider, &link, &link.code).await.is(404).shows(GONE);
        stefan.get("/intern/wiedervorlagen").await.is(200).shows("Der Code war fünfmal falsch");
        stefan.get(&format!("/intern/vorgang/{case}/freigaben")).await.is(200).shows("gesperrt");
        stefan.get(&format!("/intern/vorgang/{case}")).await.shows("gesperrt: Code zu oft falsch");
        is_whole(&test).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_wrong_codes_at_once_get_no_more_tries() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    let mut stefan = staff(&test, "stefan.muster").await;
    let (case, document) = case_with(&mut stefan, "standesamt", "normal").await;
    let link = share(&mut stefan, &case, &document).await;
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let (mut outsider, path, code) = (test.browser(), link.path.clone(), link.other_code());
        tries.spawn(async move { outsider.post(&path, &[("code", code)]).await.status.as_u16() });
    }
    let answers = tries.join_all().await;
    assert!(answers.iter().filter(|status| **status == 422).count() <= 5, "{answers:?}");
    assert!(answers.iter().all(|status| [404, 422].contains(status)), "{answers:?}");
    enter(&mut test.browser(), &link, &link.code).await.is(404);
}

/// A link whose code was typed, in a case of its own.
async fn opened(test: &TestCity, clerk: &mut Browser) -> (CaseId, DocumentId, Link, Browser) {
    let (case, document) = case_with(clerk, "standesamt", "normal").await;
    let link = share(clerk, &case, &document).await;
    let mut outsider = test.browser();
    enter(&mut outsider, &link, &link.code).await.is(303);
    outsider.get(&link.path).await.is(200).shows("Vermerk Nord");
    (case.parse().unwrap(), document.parse().unwrap(), link, outsider)
}

async fn stopped(outsider: &mut Browser, link: &Link) {
    outsider.get(&format!("{}/dokument/1", link.path)).await.is(303);
    outsider.get(&format!("{}/dokument/1/anzeige", link.path)).await.is(303);
    outsider.get(&link.path).await.is(404).shows(GONE).hides("Vermerk Nord");
    enter(outsider, link, &link.code).await.is(404).shows(GONE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_stops_when_what_it_stands_on_does() {
    for test in TestCity::both(MODULES).await {
        let cx = system(&test);
        let mut stefan = staff(&test, "stefan.muster").await;

        // The case became confidential.
        let (case, _, link, mut outsider) = opened(&test, &mut stefan).await;
        db::write!(test.city.db, |tx| {
            let cls = access::class_for(tx, cx.today(), "standesamt", Confidentiality::Vertraulich, None).await?;
            let sql = "UPDATE records_case SET cls = $3 WHERE tenant = $1 AND id = $2";
            tx.exec_one(sql, params![case, cls]).await
        })
        .unwrap();
        stopped(&mut outsider, &link).await;
        stefan.get(&format!("/intern/vorgang/{case}/freigaben")).await.is(200).shows("wirkt nicht mehr");

        // Its unit is sealed, for a while.
        let (_, _, link, mut outsider) = opened(&test, &mut stefan).await;
        for sealed in [true, false] {
            db::write!(test.city.db, |tx| {
                let sql = "UPDATE identity_unit SET sealed = $2 WHERE tenant = $1 AND key = 'standesamt'";
                tx.exec_one(sql, params![sealed]).await
            })
            .unwrap();
            if sealed {
                stopped(&mut outsider, &link).await;
            } else {
                enter(&mut outsider, &link, &link.code).await.is(303);
            }
        }

        // The document lies in another case now.
        let (_, document, link, mut outsider) = opened(&test, &mut stefan).await;
        let (other, _) = case_with(&mut stefan, "standesamt", "normal").await;
        let other: CaseId = other.parse().unwrap();
        db::write!(test.city.db, |tx| {
            let sql = "UPDATE records_document SET case_id = $3 WHERE tenant = $1 AND id = $2";
            tx.exec_one(sql, params![document, other]).await
        })
        .unwrap();
        stopped(&mut outsider, &link).await;

        // A hold and closing the case make nothing more secret.
        let (case, _, link, mut outsider) = opened(&test, &mut stefan).await;
        let mut rita = staff(&test, "rita.registratur").await;
        rita.post(&format!("/intern/vorgang/{case}/sperre"), &[("reason", "Klage anhängig")]).await.is(303);
        stefan.post(&format!("/intern/vorgang/{case}/zda"), &[]).await.is(303);
        outsider.get(&format!("{}/dokument/1", link.path)).await.is(200);

        // Whoever made it may no longer do so.
        let all = identity::all_staff(&mut test.city.db.read().await.unwrap()).await.unwrap();
        let id = all.iter().find(|line| line.login == "stefan.muster").unwrap().id;
        let held = identity::grants_held(&mut test.city.db.read().await.unwrap(), id).await.unwrap();
        let yesterday = cx.today().yesterday().unwrap();
        db::write!(test.city.db, |tx| {
            for grant in &held {
                identity::end_grant(tx, &cx, grant.id, yesterday).await?;
            }
            Ok(())
        })
        .unwrap();
        stopped(&mut outsider, &link).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_ends_with_its_day_and_its_secrets_are_removed() {
    for test in TestCity::both(MODULES).await {
        let mut stefan = staff(&test, "stefan.muster").await;
        let (case, document) = case_with(&mut stefan, "standesamt", "normal").await;
        let link = share(&mut stefan, &case, &document).await;
        test.later(24 * 7 + 1);
        let mut outsider = test.browser();
        enter(&mut outsider, &link, &link.code).await.is(404).shows(GONE);
        test.later(24);
        let city = test.city.clone();
        let cx = system(&test);
        // What the schedule does every night.
        db::write!(city.db, |tx| { jobs::enqueue(tx, &cx, &Nightly {}).await }).unwrap();
        test.settle().await;
        let sql = "SELECT COUNT(*) AS n FROM sharing_share
                   WHERE tenant = $1 AND (token_hash IS NOT NULL OR secret_tag IS NOT NULL)";
        let (left,) = test.city.db.read().await.unwrap().one::<(i64,)>(sql, &[]).await.unwrap();
        assert_eq!(left, 0);
        outsider.get(&link.path).await.is(404).shows(GONE);
        let mut stefan = staff(&test, "stefan.muster").await;
        stefan.get(&format!("/intern/vorgang/{case}/freigaben")).await.is(200).shows("abgelaufen");
    }
}

/// The nightly job by its name.
#[derive(serde::Serialize, serde::Deserialize)]
struct Nightly {}

impl jobs::Job for Nightly {
    const NAME: &'static str = "sharing.remove-secrets";
}

#[tokio::test(flavor = "multi_thread")]
async fn confidential_cases_and_cities_that_do_not_want_it_give_nothing_out() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    let mut stefan = staff(&test, "stefan.muster").await;
    let (case, document) = case_with(&mut stefan, "standesamt", "vertraulich").await;
    let at = format!("/intern/vorgang/{case}/freigaben");
    stefan.get(&format!("/intern/vorgang/{case}")).await.is(200).hides("Freigaben ansehen");
    stefan.get(&at).await.is(200).shows("wird nichts freigegeben").hides("Freigabe anlegen");
    stefan.post(&at, &fields(&document, "7")).await.is(409).shows("keine Dokumente nach außen");
    // A document of another case does not come along.
    let (own, _) = case_with(&mut stefan, "standesamt", "normal").await;
    stefan.post(&format!("/intern/vorgang/{own}/freigaben"), &fields(&document, "7")).await.is(404);

    let link = {
        let (case, document) = case_with(&mut stefan, "standesamt", "normal").await;
        share(&mut stefan, &case, &document).await
    };
    house::open_city(&test.app, &testkit::cities().join("musterstadt")).await.unwrap();
    let mut clerk = test.browser().at_host("musterstadt.localhost");
    clerk.staff_sign_in("melde.muster", STAFF_PASSWORD).await.is(200);
    let (case, document) = case_with(&mut clerk, "buergerbuero", "normal").await;
    let at = format!("/intern/vorgang/{case}/freigaben");
    clerk.get(&format!("/intern/vorgang/{case}")).await.is(200).hides("Freigaben");
    clerk.get(&at).await.is(404);
    clerk.post(&at, &fields(&document, "7")).await.is(404);
    let mut outsider = test.browser().at_host("musterstadt.localhost");
    outsider.get(&link.path).await.is(404).shows(GONE);
    enter(&mut outsider, &link, &link.code).await.is(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_too_often_waits() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    let mut outsider = test.browser();
    let path = format!("/freigabe/{}", "B".repeat(43));
    for _ in 0..60 {
        outsider.get(&path).await.is(404);
    }
    outsider.get(&path).await.is(429);
    outsider.post(&path, &[("code", "0000 0000")]).await.is(429);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_without_tries_is_locked_also_when_the_program_ended_before_it_did_so() {
    for test in TestCity::both(MODULES).await {
        let mut stefan = staff(&test, "stefan.muster").await;
        let (case, document) = case_with(&mut stefan, "standesamt", "normal").await;
        let link = share(&mut stefan, &case, &document).await;
        let mut outsider = test.browser();
        // The fifth try was counted, and its code never looked at.
        let sql = "UPDATE sharing_share SET tries = 5 WHERE tenant = $1";
        db::write!(test.city.db, |tx| { tx.exec(sql, &[]).await }).unwrap();
        stefan.get(&format!("/intern/vorgang/{case}/freigaben")).await.is(200).hides("gesperrt");
        enter(&mut outsider, &link, &link.code).await.is(404).shows(GONE);
        test.settle().await;
        stefan.get("/intern/wiedervorlagen").await.is(200).shows("Der Code war fünfmal falsch");
        stefan.get(&format!("/intern/vorgang/{case}/freigaben")).await.is(200).shows("gesperrt");
        is_whole(&test).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_opens_documents_too_often_waits() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    let mut stefan = staff(&test, "stefan.muster").await;
    let (_, _, link, mut outsider) = opened(&test, &mut stefan).await;
    let path = format!("{}/dokument/1", link.path);
    for _ in 0..300 {
        outsider.get(&path).await.is(200);
    }
    outsider.get(&path).await.is(429);
    outsider.get(&link.path).await.is(200).shows("Vermerk Nord");
}
