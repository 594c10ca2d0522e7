//! A city that does without rooms of the eAkte: what leads there is not shown, what others want of them is left out, and nothing is
//! deleted that an archive would have had to see.

use contract_records::DueForDeletion;
use db::Engine;
use house::Call as _;
use kernel::Date;
use meer::modules::MODULES;
use testkit::{Browser, TestCity};

use crate::{
    processes::copy,
    sharing::{case_with, enter, share},
    walks::{STAFF_PASSWORD, id_in},
};

/// Meerbusch without `circulation` and `disposal`, once per engine that this machine offers.
async fn cities() -> Vec<(tempfile::TempDir, TestCity)> {
    let mut all = Vec::new();
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("meerbusch");
        copy(&testkit::cities().join("meerbusch"), &home);
        let file = std::fs::read_to_string(home.join("city.toml")).unwrap();
        let file = format!("off = [\"circulation\", \"disposal\"]\n{file}");
        std::fs::write(home.join("city.toml"), file).unwrap();
        let here = folder.path().to_owned();
        let test = TestCity::open_with(MODULES, engine, |config| config.cities = here).await;
        all.extend(test.map(|test| (folder, test)));
    }
    all
}

async fn staff(test: &TestCity, login: &str) -> Browser {
    let mut browser = test.browser();
    browser.staff_sign_in(login, STAFF_PASSWORD).await.is(200);
    browser
}

/// A closed case under this entry of the plan.
async fn closed(clerk: &mut Browser, entry: &str) -> String {
    let fields = [("entry", entry), ("title", "Radweg"), ("unit", "dezernat-1"), ("confidentiality", "normal")];
    let file = id_in(&clerk.post("/intern/akten", &fields).await);
    let case = id_in(&clerk.post(&format!("/intern/akte/{file}/vorgang"), &[("title", "Ortstermin")]).await);
    let at = format!("/intern/vorgang/{case}");
    clerk.get(&at).await.is(200).hides("/sperre").hides("/laufmappe").hides("/wiedervorlage");
    clerk.get(&format!("{at}/sperre")).await.is(404);
    clerk.get(&format!("{at}/laufmappe")).await.is(404);
    let choice = clerk.post("/intern/auswahl", &[("vorgang", case.as_str())]).await;
    choice.is(200).shows("value=\"abgabe\"").hides("value=\"wiedervorlage\"").hides("value=\"laufmappe\"");
    clerk.post(&format!("{at}/zda"), &[]).await.is(303);
    case
}

/// Cases that may be deleted on a day on which all retention has ended.
async fn due(test: &TestCity) -> Vec<String> {
    let mut cx = test.app.cx(&test.city, "test");
    cx.actor.via = vec!["privacy"];
    let asked = DueForDeletion { today: Date::constant(2090, 1, 1), only: None, limit: 1000 };
    let due = cx.ask(&mut test.city.db.read().await.unwrap(), asked).await.unwrap();
    due.into_iter().map(|due| due.case.to_string()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_archive_only_what_it_has_refused_once_for_all_is_deleted() {
    for (_folder, test) in cities().await {
        let mut rita = staff(&test, "rita.registratur").await;
        let (appraised, refused) = (closed(&mut rita, "61.50").await, closed(&mut rita, "33.20").await);
        let found = due(&test).await;
        assert!(found.contains(&refused) && !found.contains(&appraised), "§ 4 ArchivG NRW: {found:?}");
        // Held before the room was switched off.
        let sql = "UPDATE records_case SET held = TRUE WHERE tenant = $1";
        db::write!(test.city.db, |tx| { tx.exec(sql, &[]).await }).unwrap();
        assert!(due(&test).await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_of_which_the_tries_are_used_up_is_locked_also_where_nobody_can_be_reminded() {
    for (_folder, test) in cities().await {
        let mut stefan = staff(&test, "stefan.muster").await;
        let (case, document) = case_with(&mut stefan, "standesamt", "normal").await;
        let link = share(&mut stefan, &case, &document).await;
        let mut outsider = test.browser();
        for _ in 0..4 {
            enter(&mut outsider, &link, link.other_code()).await.is(422).shows("noch");
        }
        enter(&mut outsider, &link, link.other_code()).await.is(422).shows("Der Link ist gesperrt");
        enter(&mut outsider, &link, &link.code).await.is(404);
        stefan.get(&format!("/intern/vorgang/{case}/freigaben")).await.is(200).shows("gesperrt");
        test.settle().await;
    }
}
