//! Staff find cases by words: what they may see, in every spelling, and nothing else.

use contract_records::{Address, OpenCase, Party, SetStatus, Status};
use house::Call;
use kernel::{CaseId, Cx, Lang, TaskToken, Uuid};
use meer::modules::MODULES;
use serde::{Deserialize, Serialize};
use testkit::{Browser, Page, TestCity};

use crate::walks::STAFF_PASSWORD;

const CLERK: &str = "melde.muster";
const REGISTRAR: &str = "stefan.muster";

fn within(test: &TestCity, module: &'static str) -> Cx {
    let mut cx = test.app.cx(&test.city, "test");
    cx.actor.via = vec![module];
    cx
}

struct Wanted<'a> {
    unit: &'a str,
    confidentiality: &'a str,
    title: &'a str,
    first_names: &'a str,
    family_name: &'a str,
}

const ORDINARY: Wanted<'_> = Wanted {
    unit: "buergerbuero-osterath",
    confidentiality: "normal",
    title: "Meldebescheinigung",
    first_names: "Jörg",
    family_name: "Müller-Beispiel",
};

/// Opens a case and answers its id and Aktenzeichen.
async fn opened(test: &TestCity, wanted: &Wanted<'_>) -> (CaseId, String) {
    let cx = within(test, "services");
    let opened = db::write!(test.city.db, |tx| {
        let command = OpenCase {
            service: wanted.title.to_lowercase(),
            plan: "33.20".into(),
            unit: wanted.unit.into(),
            title: wanted.title.into(),
            confidentiality: wanted.confidentiality.into(),
            party: Party {
                family_name: wanted.family_name.into(),
                first_names: wanted.first_names.into(),
                birth_date: None,
                address: Address::default(),
                email: None,
                provenance: "typed".into(),
            },
            account: None,
            lang: Lang::De,
            retention_years: 0,
            retention_basis: "§ 1 Mustergesetz".into(),
        };
        cx.call(tx, command).await
    });
    let opened = opened.unwrap();
    (opened.case, opened.number)
}

async fn staff(test: &TestCity, login: &str) -> Browser {
    let mut browser = test.browser();
    browser.staff_sign_in(login, STAFF_PASSWORD).await.is(200);
    browser
}

async fn search(browser: &mut Browser, q: &str) -> Page {
    browser.post("/intern/suche", &[("q", q)]).await
}

/// The page without what somebody typed.
fn answer(page: &Page, q: &str) -> String {
    page.body.replace(q, "…")
}

#[tokio::test(flavor = "multi_thread")]
async fn clerks_find_their_cases_in_every_spelling() {
    for test in TestCity::both(MODULES).await {
        let (_, number) = opened(&test, &ORDINARY).await;
        let (_, other) = opened(&test, &Wanted { first_names: "Anna", family_name: "Muster", ..ORDINARY }).await;
        let mut clerk = staff(&test, CLERK).await;
        clerk.get("/intern").await.is(200).shows("action=\"/intern/suche\"");
        clerk.get("/intern/suche").await.is(200).shows("Was suchen Sie?");
        search(&mut clerk, "müller").await.is(200).shows("Die Suche ist noch nicht vollständig");

        test.settle().await;
        for q in ["Müller", "mueller beispiel", "MULLER jörg", "Joerg Mül", "Meldebescheinigungen Beispiel", &number]
        {
            let page = search(&mut clerk, q).await;
            page.is(200).shows("Ein Vorgang gefunden").shows(&number).hides(&other).hides("nicht vollständig");
        }
        let both = search(&mut clerk, "meldebesch").await;
        both.shows("2 Vorgänge gefunden")
            .shows(&number)
            .shows(&other)
            .shows("Eingegangen")
            .shows("Bürgerbüro Osterath");
        search(&mut clerk, "gibtesnicht").await.is(200).shows("Kein Vorgang gefunden");
        search(&mut clerk, "  ").await.is(422).shows("Geben Sie ein, was Sie suchen.");
        // What leads to somebody is in the access log.
        let mut rx = test.city.db.read().await.unwrap();
        let sql = "SELECT COUNT(*) AS n FROM records_access_log WHERE tenant = $1 AND what = 'search'";
        assert_eq!(rx.one::<(i64,)>(sql, &[]).await.unwrap().0, 8);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_may_not_see_is_as_if_it_were_not_there() {
    for test in TestCity::both(MODULES).await {
        let (_, ordinary) = opened(&test, &ORDINARY).await;
        let (_, confidential) =
            opened(&test, &Wanted { unit: "standesamt", confidentiality: "vertraulich", ..ORDINARY }).await;
        // Nobody of the demo is cleared for this one, e.g. a case under protection (§ 51 BMG).
        let hidden = Wanted { confidentiality: "streng-vertraulich", family_name: "Geheimnis", ..ORDINARY };
        let (_, protected) = opened(&test, &hidden).await;
        opened(&test, &Wanted { unit: "standesamt", ..hidden }).await;
        test.settle().await;

        let mut clerk = staff(&test, CLERK).await;
        let mut registrar = staff(&test, REGISTRAR).await;
        let page = search(&mut clerk, "Müller").await;
        page.shows("Ein Vorgang gefunden").shows(&ordinary).hides(&confidential);
        let page = search(&mut registrar, "Müller").await;
        page.shows("Ein Vorgang gefunden").shows(&confidential).hides(&ordinary);
        for browser in [&mut clerk, &mut registrar] {
            let nonsense = search(browser, "gibtesnicht").await;
            for q in ["Geheimnis", "geheim", "Jörg Geheimnis"] {
                let page = search(browser, q).await;
                assert_eq!(answer(&page, q), answer(&nonsense, "gibtesnicht"), "{q}");
            }
        }
        // An Aktenzeichen that is not one's own is as one that nobody has.
        for (number, none) in [(&protected, "33.20/1999/000001"), (&confidential, "33.20/1999/000002")] {
            let (page, nonsense) = (search(&mut clerk, number).await, search(&mut clerk, none).await);
            assert_eq!(answer(&page, number), answer(&nonsense, none));
        }
        // Without a right to see cases there is no search; the other city has an index of its own.
        let mut post = staff(&test, "paula.poststelle").await;
        assert_ne!(post.get("/intern/suche").await.status, 200);
        assert_ne!(search(&mut post, "Müller").await.status, 200);
        post.get("/intern").await.hides("/intern/suche");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_count_as_they_are_now_even_where_the_index_is_behind() {
    for test in TestCity::both(MODULES).await {
        let (case, number) = opened(&test, &ORDINARY).await;
        let foreign = Wanted { unit: "standesamt", confidentiality: "vertraulich", ..ORDINARY };
        let (other, _) = opened(&test, &foreign).await;
        test.settle().await;
        let mut clerk = staff(&test, CLERK).await;
        search(&mut clerk, "Müller").await.shows("Ein Vorgang gefunden").shows(&number);
        // The class changes and the index has not heard of it.
        db::write!(test.city.db, |tx| {
            let sql = "UPDATE records_case SET cls = (SELECT cls FROM records_case WHERE tenant = $1 AND id = $3)
                       WHERE tenant = $1 AND id = $2";
            tx.exec_one(sql, db::params![case, other]).await
        })
        .unwrap();
        search(&mut clerk, "Müller").await.shows("Kein Vorgang gefunden").hides(&number);
        // Somebody loses the right to a class.
        let mut registrar = staff(&test, REGISTRAR).await;
        search(&mut registrar, "Müller").await.shows("Ein Vorgang gefunden");
        db::write!(test.city.db, |tx| { tx.exec("DELETE FROM identity_access WHERE tenant = $1", &[]).await }).unwrap();
        search(&mut registrar, "Müller").await.shows("Kein Vorgang gefunden");
    }
}

/// The nightly search of `privacy`.
#[derive(Serialize, Deserialize)]
struct FindDue {}

impl jobs::Job for FindDue {
    const NAME: &'static str = "privacy.find-due";
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_case_leaves_the_index() {
    for test in TestCity::both(MODULES).await {
        let (case, number) = opened(&test, &ORDINARY).await;
        let (_, stays) = opened(&test, &Wanted { first_names: "Anna", ..ORDINARY }).await;
        let cx = within(&test, "processes");
        db::write!(test.city.db, |tx| {
            let token = TaskToken { instance: Uuid::nil(), token: 0 };
            cx.call(tx, SetStatus { case, token, status: Status::Done }).await
        })
        .unwrap();
        test.settle().await;
        let mut clerk = staff(&test, CLERK).await;
        search(&mut clerk, "Müller").await.shows("2 Vorgänge gefunden").shows("Erledigt");

        test.later(24 * 366);
        let cx = test.app.cx(&test.city, "test");
        db::write!(test.city.db, |tx| { jobs::enqueue(tx, &cx, &FindDue {}).await }).unwrap();
        test.settle().await;
        // Two people: one checks, another one releases.
        for (login, action) in
            [("rita.registratur", "/intern/loeschlauf/pruefen"), ("dora.datenschutz", "/intern/loeschlauf")]
        {
            let mut privacy = staff(&test, login).await;
            let list = privacy.get("/intern/loeschlauf").await;
            list.is(200).shows(&number);
            let upto = list.body.split("name=\"upto\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
            privacy.post("/intern/loeschlauf", &[("upto", upto.unwrap())]).await.is(303);
            let own = privacy.get("/intern/loeschlauf").await;
            if action.ends_with("/pruefen") {
                own.is(200).shows(&number);
                privacy.post(action, &[("upto", upto.unwrap())]).await.is(303);
                privacy.post("/intern/loeschlauf", &[("upto", upto.unwrap())]).await.is(303);
                privacy.get("/intern/loeschlauf").await.is(200).shows("Freigeben muss sie jemand anderes");
            }
        }
        test.settle().await;

        let mut clerk = staff(&test, CLERK).await;
        search(&mut clerk, "Müller").await.shows("Ein Vorgang gefunden").shows(&stays).hides(&number);
        assert_eq!(search(&mut clerk, "Jörg").await.status, 200);
        search(&mut clerk, "Jörg").await.shows("Kein Vorgang gefunden");
        assert!(!test.city.search.state().unwrap().leftovers, "its words are gone from the files");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_index_is_made_again_from_the_journal() {
    for test in TestCity::both(MODULES).await {
        for n in 0..45 {
            opened(&test, &Wanted { first_names: &format!("Person{n}"), ..ORDINARY }).await;
        }
        test.settle().await;
        let mut clerk = staff(&test, CLERK).await;
        let before = search(&mut clerk, "Müller").await;
        before.shows("45 Vorgänge gefunden").shows("Vorgänge 1 bis 20").shows("Weitere Vorgänge");
        let place = test.city.search.state().unwrap().place;

        std::fs::remove_dir_all(test.app.config.data.join("meerbusch/search")).unwrap();
        let gone = search(&mut clerk, "Müller").await;
        gone.is(200).shows("Die Suche ist noch nicht vollständig").hides("45 Vorgänge");
        test.settle().await;
        let after = search(&mut clerk, "Müller").await;
        assert_eq!(after.body, before.body);
        let state = test.city.search.state().unwrap();
        assert!(state.complete && state.place.seq >= place.seq);
        let third = clerk.post("/intern/suche", &[("q", "Müller"), ("seite", "3")]).await;
        third.shows("Vorgänge 41 bis 45").hides("Weitere Vorgänge");
        clerk.post("/intern/suche", &[("q", "Müller"), ("seite", "9")]).await.shows("Vorgänge 1 bis 20");
    }
}
