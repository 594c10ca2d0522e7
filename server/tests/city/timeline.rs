//! Who did what in a case: staff read it, the applicant does not, and in time nobody.

use db::params;
use meer::modules::MODULES;
use testkit::TestCity;

use crate::walks::{self, STAFF_PASSWORD};

/// What stands beside the time of the step with this title.
fn who(body: &str, title: &str) -> String {
    let mut entries = body.split("<li class=\"meer-timeline__entry").skip(1);
    let entry = entries.find(|entry| entry.contains(title)).unwrap_or_else(|| panic!("no step {title}: {body}"));
    let said = entry.split("</time>").nth(1).and_then(|rest| rest.split("</p>").next()).expect("a step with its time");
    said.trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_read_who_did_a_step_and_the_applicant_does_not() {
    for test in TestCity::both(MODULES).await {
        let mut browser = test.browser();
        let draft = walks::certificate_of(&mut browser, "differing-address").await;
        let case = walks::submit(&mut browser, &draft).await;
        test.settle().await;
        test.minutes_later(5);
        let mut clerk = test.browser();
        clerk.staff_sign_in("melde.muster", STAFF_PASSWORD).await.is(200);
        let task = walks::claim(&mut clerk, &case).await;
        let fields = [("entscheidung", "ausstellen"), ("ausstellen_grund", "umzug"), ("ausstellen_vermerk", "geklärt")];
        walks::decide(&test, &mut clerk, &task, &fields).await;

        let internal = format!("/intern/vorgang/{case}");
        let page = clerk.get(&internal).await;
        page.is(200);
        assert_eq!(who(&page.body, "Antrag eingegangen"), "· Antragstellende Person");
        assert_eq!(who(&page.body, "Aufgabe erledigt"), "· Mara Muster-Meldewesen");
        assert_eq!(who(&page.body, "Der Vorgang ist abgeschlossen"), "· automatisch");

        let all = identity::all_staff(&mut test.city.db.read().await.unwrap()).await.unwrap();
        let id = |login: &str| all.iter().find(|s| s.login == login).unwrap().id;
        let (mara, stefan) = (id("melde.muster"), id("stefan.muster"));
        let page = browser.get(&format!("/vorgang/{case}")).await;
        page.is(200).hides("Mara Muster");
        assert_eq!(who(&page.body, "Antrag eingegangen"), "");
        let package = browser.post("/konto/meine-daten", &[]).await;
        package.is(200);
        for text in ["Mara Muster".to_owned(), mara.to_string()] {
            let told = package.bytes.windows(text.len()).any(|window| window == text.as_bytes());
            assert!(!told, "{text} is no datum of the applicant");
        }

        // Who left is known by name as long as somebody may ask, and then no more.
        let system = test.app.cx(&test.city, "test");
        db::write!(test.city.db, |tx| {
            let sql = "UPDATE records_step SET by_staff = $3 WHERE tenant = $1 AND by_staff = $2";
            tx.exec(sql, params![mara, stefan]).await?;
            identity::set_staff_active(tx, &system, stefan, false).await
        })
        .unwrap();
        test.settle().await;
        assert_eq!(who(&clerk.get(&internal).await.body, "Aufgabe erledigt"), "· Stefan Muster-Standesamt");
        db::write!(test.city.db, |tx| {
            identity::forget_staff(tx, &system, stefan).await?;
            house::erase_rows(&system, tx, house::Key::Staff, stefan.uuid()).await
        })
        .unwrap();
        assert_eq!(who(&clerk.get(&internal).await.body, "Aufgabe erledigt"), "· nicht mehr hier beschäftigt");

        // Steps from before it was kept say nothing.
        db::write!(test.city.db, |tx| {
            tx.exec("UPDATE records_step SET by_kind = NULL, by_staff = NULL WHERE tenant = $1", &[]).await
        })
        .unwrap();
        assert_eq!(who(&clerk.get(&internal).await.body, "Aufgabe erledigt"), "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_read_who_opened_a_case_and_what_was_filed_and_changed_in_it() {
    for test in TestCity::both(MODULES).await {
        let (mut rita, case) = walks::at_case(&test, "Beteiligung").await;
        let at = format!("/intern/vorgang/{case}");
        let body = rita.get(&at).await.is(200).body.clone();
        assert_eq!(who(&body, "Vorgang angelegt"), "· Rita Beispiel-Registratur");
        assert_eq!(body.matches("Vorgang angelegt").count(), 1);

        let text = [("datei", "plan.txt", &b"Eins\n"[..])];
        rita.post_files(&format!("{at}/dokumente"), &[("titel", "Lageplan")], &text).await.is(303);
        let list = rita.get(&format!("{at}/dokumente")).await;
        let document = list.body.split("/dokument/").nth(1).and_then(|rest| rest.split('/').next()).unwrap();
        let versions = format!("{at}/dokument/{document}/fassungen");
        // The second of them is based on what is no longer the newest.
        for content in [&b"Zwei\n"[..], b"Drei\n"] {
            let file = [("datei", "plan.txt", content)];
            rita.post_files(&versions, &[("stand", "1"), ("notiz", "")], &file).await.is(303);
        }
        let body = rita.get(&at).await.is(200).body.clone();
        for step in [
            "Dokument abgelegt: Lageplan",
            "Neue Fassung von Lageplan",
            "Neue Fassung von Lageplan, im Widerspruch zu einer anderen",
        ] {
            assert_eq!(who(&body, step), "· Rita Beispiel-Registratur", "{step}");
        }
        assert_eq!(body.matches("Neue Fassung von Lageplan").count(), 2);
    }
}
