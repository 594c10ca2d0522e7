//! Who has which task, with the people and roles of the demo city.

use contract_desk::{OpenTask, PutItem};
use contract_records::MediaBreaks;
use house::Call;
use identity::access::{Confidentiality, class_for};
use kernel::{CaseId, Cx, StaffId, TaskToken, Uuid};
use meer::modules::MODULES;
use testkit::{Browser, TestCity};

use crate::walks::{self, STAFF_PASSWORD};

const TASKS: &str = "/intern/aufgaben";

fn cx(test: &TestCity, via: &'static str) -> Cx {
    let mut cx = test.app.cx(&test.city, "test");
    cx.actor.via = vec![via];
    cx
}

/// Cases of the Standesamt with a task each.
async fn tasks(test: &TestCity, n: u64) {
    let (records, processes) = (cx(test, "records"), cx(test, "processes"));
    db::write!(test.city.db, |tx| {
        let cls = class_for(tx, records.today(), "standesamt", Confidentiality::Normal, None).await?;
        for token in 1..=n {
            let case: CaseId = records.new_id();
            let item = PutItem {
                case,
                cls,
                number: format!("34.10/2026/{token:06}"),
                title: "Personenstandsurkunde".into(),
                party: "Erika Beispiel".into(),
                unit: "standesamt".into(),
                status: "in-progress".into(),
                opened_at: records.now(),
                closed: false,
            };
            records.call(tx, item).await?;
            let task = OpenTask {
                case,
                token: TaskToken { instance: Uuid::from_u128(1), token },
                element: "pruefen".into(),
                title: "Urkunde prüfen".into(),
                form: "tasks/personenstandsurkunde-bearbeiten".into(),
                unit: String::new(),
                due: None,
                not_by: None,
                media_break: false,
                media_break_when: None,
            };
            processes.call(tx, task).await?;
        }
        Ok(())
    })
    .unwrap();
}

async fn staff(test: &TestCity, login: &str) -> (StaffId, Browser) {
    let all = identity::all_staff(&mut test.city.db.read().await.unwrap()).await.unwrap();
    let mut browser = test.browser();
    browser.staff_sign_in(login, STAFF_PASSWORD).await.is(200);
    (all.iter().find(|s| s.login == login).unwrap().id, browser)
}

/// Where a button of this kind leads.
async fn button(browser: &mut Browser, what: &str) -> Option<String> {
    let page = browser.get(TASKS).await;
    page.is(200);
    let found = page.body.split("action=\"").find(|part| part.split('"').next().is_some_and(|a| a.ends_with(what)));
    found.map(|part| part.split('"').next().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claimed_task_is_taken_over_by_the_head_and_by_the_deputy_and_freed_by_leaving() {
    for test in TestCity::both(MODULES).await {
        tasks(&test, 1).await;
        let (stefan_id, mut stefan) = staff(&test, "stefan.muster").await;
        let (sabine_id, mut sabine) = staff(&test, "sabine.beispiel").await;
        let (_, mut mara) = staff(&test, "melde.muster").await;

        let claim = button(&mut stefan, "/uebernehmen").await.expect("a free task");
        stefan.post(&claim, &[]).await.is(303);
        assert_eq!(button(&mut stefan, "/abnehmen").await, None, "one's own");
        sabine.get(TASKS).await.shows("übernommen von Stefan Muster-Standesamt").shows("Von Stefan Muster-Standesamt");
        let take = button(&mut sabine, "/abnehmen").await.expect("the head takes over");
        mara.post(&take, &[]).await.is(404);
        sabine.post(&take, &[]).await.is(303);
        sabine.get(TASKS).await.shows("Meine Aufgaben (1)");

        // Stefan leads nobody, and takes over when he is the deputy.
        assert_eq!(button(&mut stefan, "/abnehmen").await, None);
        stefan.post(&take, &[]).await.is(404);
        let system = cx(&test, "accounts");
        let today = system.today();
        db::write!(test.city.db, |tx| { identity::set_deputy(tx, &system, sabine_id, stefan_id, today, today).await })
            .unwrap();
        let take = button(&mut stefan, "/abnehmen").await.expect("the deputy takes over");
        stefan.post(&take, &[]).await.is(303);
        test.settle().await;
        let entries = journal::entries(&mut test.city.db.read().await.unwrap(), 0, 10_000).await.unwrap();
        assert_eq!(entries.iter().filter(|e| e.name == "desk.taken-over").count(), 2);

        // Whoever leaves holds nothing.
        assert_eq!(button(&mut sabine, "/uebernehmen").await, None);
        db::write!(test.city.db, |tx| { identity::set_staff_active(tx, &system, stefan_id, false).await }).unwrap();
        test.settle().await;
        assert_eq!(button(&mut sabine, "/uebernehmen").await.as_deref(), Some(claim.as_str()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_do_not_end_where_lists_do() {
    for test in TestCity::both(MODULES).await {
        tasks(&test, 203).await;
        let (_, mut stefan) = staff(&test, "stefan.muster").await;
        stefan.get("/intern").await.is(200).shows("sind 203 Aufgaben frei");
        stefan.get(TASKS).await.is(200).shows("Freie Aufgaben (203)");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_offers_text_blocks_for_what_goes_to_the_person() {
    for test in TestCity::both(MODULES).await {
        tasks(&test, 1).await;
        let (_, mut stefan) = staff(&test, "stefan.muster").await;
        let claim = button(&mut stefan, "/uebernehmen").await.expect("a free task");
        stefan.post(&claim, &[]).await.is(303);
        let task = claim.strip_suffix("/uebernehmen").unwrap();
        let result = [("register_gesehen", "ja"), ("ergebnis", "ablehnen")];
        stefan.get(&format!("{task}/ergebnis")).await.is(200).hides("Textbausteine");
        stefan.post(&format!("{task}/ergebnis"), &result).await.is(303);
        let refuse = format!("{task}/ablehnen");
        let page = stefan.get(&refuse).await;
        page.is(200).shows("Textbausteine").shows("Beziehung nicht belegt");
        // The text itself, for those who copy it by hand.
        page.shows("in welcher Beziehung Sie zu der Person stehen");
        page.shows("data-into=\"ablehnung_text\"");

        // What was put into the field is sent as if it had been typed.
        let reason = "Sie haben nicht belegt, in welcher Beziehung Sie zu der Person stehen.";
        let sent = stefan.post(&refuse, &[("ablehnungsgrund", "beziehung-unbelegt"), ("ablehnung_text", reason)]).await;
        sent.is(303);
        stefan.get(&format!("{task}/pruefen")).await.is(200).shows(reason).hides("Textbausteine");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_media_break_is_counted_only_where_the_result_says_that_data_were_typed_again() {
    const BREAK: &str = "Ein Medienbruch in diesem Vorgang";
    for test in TestCity::both(MODULES).await {
        let mut applicant = test.browser();
        applicant.eid_sign_in("erika", "/").await.is(200);
        let (_, mut stefan) = staff(&test, "stefan.muster").await;
        let asked = [("register_gesehen", "ja"), ("ergebnis", "rueckfrage"), ("rueckfrage_text", "Wer fragt?")];
        let issued = [
            ("register_gesehen", "ja"),
            ("ergebnis", "ausgestellt"),
            ("urkunde_registernummer", "G 12/1990"),
            ("versandt_am", "1"),
            ("versandt_am-month", "2"),
            ("versandt_am-year", "2020"),
        ];
        for (fields, broke) in [(asked.as_slice(), false), (issued.as_slice(), true)] {
            let born = ("1", "2", "1990");
            let draft = walks::birth_certificate_of(&mut applicant, ("Muster-Kind", "Toni"), born).await;
            let case = walks::submit(&mut applicant, &draft).await;
            walks::pay(&test, &mut applicant, &case).await;
            let task = walks::claim(&mut stefan, &case).await;
            walks::decide(&test, &mut stefan, &task, fields).await;
            let page = stefan.get(&format!("/intern/vorgang/{case}")).await;
            page.is(200);
            assert_eq!(page.body.contains(BREAK), broke, "{fields:?}: {}", page.body);
        }
        // The figures of the process ask for the number by service.
        let mut rx = test.city.db.read().await.unwrap();
        let since = MediaBreaks { since: kernel::Timestamp::UNIX_EPOCH };
        let breaks = cx(&test, "processes").ask(&mut rx, since).await.unwrap();
        let breaks: Vec<(&str, i64)> = breaks.iter().map(|line| (line.service.as_str(), line.count)).collect();
        assert_eq!(breaks, [("personenstandsurkunde", 1)]);
    }
}
