//! The city's rules beside the buttons they govern, and who has acknowledged them: counted for large units only.

use meer::modules::MODULES;
use testkit::{Browser, TestCity};

use crate::walks::{STAFF_PASSWORD, id_in};

const NEW: &str = "(neu für Sie)";

async fn staff(test: &TestCity, login: &str) -> Browser {
    let mut browser = test.browser();
    browser.staff_sign_in(login, STAFF_PASSWORD).await.is(200);
    browser
}

/// The page of a case that was opened by hand.
async fn case(clerk: &mut Browser) -> String {
    let fields = [("entry", "61.50"), ("title", "Radweg"), ("unit", "dezernat-1"), ("confidentiality", "normal")];
    let file = id_in(clerk.post("/intern/akten", &fields).await.is(303));
    let sent = clerk.post(&format!("/intern/akte/{file}/vorgang"), &[("title", "Ortstermin")]).await;
    format!("/intern/vorgang/{}", id_in(sent.is(303)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_stands_beside_its_button_and_is_new_until_it_is_acknowledged() {
    for test in TestCity::both(MODULES).await {
        let mut rita = staff(&test, "rita.registratur").await;
        let at = case(&mut rita).await;
        rita.get(&at).await.is(200).shows("Regel: Wann ein Vorgang zu den Akten geht").shows(NEW);
        rita.get(&format!("{at}/sperre")).await.is(200).shows("Wer eine Löschsperre setzt").shows(NEW);
        rita.get("/intern/aussonderung").await.is(200).shows("Alles wird dem Archiv angeboten");
        rita.get("/intern/loeschlauf").await.is(200).shows("Löschen nur zu zweit");
        rita.get("/intern/richtlinien").await.is(200).shows("Muster-Rechtskonzept, Abschnitt 3").shows("Gilt für");

        let acknowledge = "/intern/richtlinien/zu-den-akten/kenntnis";
        rita.post(acknowledge, &[("version", "2")]).await.is(409);
        rita.post(acknowledge, &[]).await.is(409);
        rita.post("/intern/richtlinien/gibt-es-nicht/kenntnis", &[("version", "1")]).await.is(404);
        let sent = rita.post(acknowledge, &[("version", "1"), ("zurueck", at.as_str())]).await;
        assert_eq!(sent.is(303).location.as_deref(), Some(at.as_str()));
        // A second time is the same, and a foreign way back is not followed.
        let sent = rita.post(acknowledge, &[("version", "1"), ("zurueck", "//boese.example")]).await;
        assert_eq!(sent.is(303).location.as_deref(), Some("/intern/richtlinien"));
        rita.get(&at).await.is(200).shows("Regel: Wann ein Vorgang zu den Akten geht").hides(NEW);
        rita.get(&format!("{at}/sperre")).await.is(200).shows(NEW);

        let own = rita.get("/intern/richtlinien/meine.csv").await;
        own.is(200).shows("Wann ein Vorgang zu den Akten geht").hides("Löschsperre");
        assert_eq!(own.body.matches("Wann ein Vorgang").count(), 1);
        let mut dora = staff(&test, "dora.datenschutz").await;
        dora.get("/intern/richtlinien/meine.csv").await.is(200).hides("Wann ein Vorgang");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledgements_are_counted_without_names_and_not_for_small_units() {
    for test in TestCity::both(MODULES).await {
        let mut rita = staff(&test, "rita.registratur").await;
        rita.post("/intern/richtlinien/zu-den-akten/kenntnis", &[("version", "1")]).await.is(303);
        let page = rita.get("/intern/richtlinien/kenntnisnahmen").await;
        // Every unit of the demo is small.
        page.is(200).shows("unter 5").shows("keine Angabe").hides("weniger als 5").hides("höchstens 4 fehlen");
        let main = page.body.split("<main").nth(1).unwrap_or_default();
        for name in ["Rita", "Dora", "Anton"] {
            assert!(!main.contains(name), "{name} is on the page");
        }
        let mut paula = staff(&test, "paula.poststelle").await;
        paula.get("/intern/richtlinien").await.is(200).hides("/intern/richtlinien/kenntnisnahmen");
        paula.get("/intern/richtlinien/kenntnisnahmen").await.is(403);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_acknowledged_goes_when_they_are_forgotten() {
    for test in TestCity::both(MODULES).await {
        let mut rita = staff(&test, "rita.registratur").await;
        rita.post("/intern/richtlinien/zu-den-akten/kenntnis", &[("version", "1")]).await.is(303);
        let all = identity::all_staff(&mut test.city.db.read().await.unwrap()).await.unwrap();
        let id = all.iter().find(|s| s.login == "rita.registratur").unwrap().id;
        let cx = test.app.cx(&test.city, "test");
        db::write!(test.city.db, |tx| { house::erase_rows(&cx, tx, house::Key::Staff, id.uuid()).await }).unwrap();
        let mut rx = test.city.db.read().await.unwrap();
        let sql = "SELECT COUNT(*) AS n FROM guidelines_acknowledgement WHERE tenant = $1";
        assert_eq!(rx.one::<(i64,)>(sql, &[]).await.unwrap().0, 0);
    }
}
