//! Folders that go round for signatures (Laufmappe), and cases that come back on a day (Wiedervorlage).

use contract_circulation::AddFollowUp;
use db::Engine;
use house::Call;
use kernel::{CaseId, Cx, Date, StaffId};
use meer::modules::MODULES;
use testkit::{Browser, Page, TestCity};

use crate::walks::{STAFF_PASSWORD, id_in};

async fn staff(test: &TestCity, login: &str) -> (StaffId, Browser) {
    let all = identity::all_staff(&mut test.city.db.read().await.unwrap()).await.unwrap();
    let mut browser = test.browser();
    browser.staff_sign_in(login, STAFF_PASSWORD).await.is(200);
    (all.iter().find(|s| s.login == login).unwrap().id, browser)
}

/// A case of the Standesamt, made by hand.
async fn case(clerk: &mut Browser) -> String {
    let fields =
        [("entry", "10.10"), ("title", "Dienstanweisung"), ("unit", "standesamt"), ("confidentiality", "normal")];
    let file = id_in(&clerk.post("/intern/akten", &fields).await);
    id_in(&clerk.post(&format!("/intern/akte/{file}/vorgang"), &[("title", "Neufassung")]).await)
}

/// Where a button of the page leads whose address ends so.
fn button(page: &Page, what: &str) -> Option<String> {
    let mut actions = page.body.split("action=\"").skip(1).filter_map(|part| part.split('"').next());
    actions.find(|action| action.ends_with(what)).map(str::to_owned)
}

async fn send(clerk: &mut Browser, case: &str, order: &str, steps: &[(StaffId, &str)]) -> Page {
    let mut fields = vec![
        ("titel".to_owned(), "Bitte mitzeichnen".to_owned()),
        ("auftrag".to_owned(), "Abschnitt 2 ist neu.".to_owned()),
        ("ablauf".to_owned(), order.to_owned()),
    ];
    for ((person, kind), n) in steps.iter().zip(1..) {
        fields.push((format!("person-{n}"), person.to_string()));
        fields.push((format!("art-{n}"), (*kind).to_owned()));
    }
    let fields: Vec<_> = fields.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    clerk.post(&format!("/intern/vorgang/{case}/laufmappe"), &fields).await
}

fn system(test: &TestCity) -> Cx {
    let mut cx = test.app.cx(&test.city, "test");
    cx.actor.via = vec!["accounts"];
    cx
}

async fn stand_in(test: &TestCity, absent: StaffId, deputy: StaffId) {
    let cx = system(test);
    let today = cx.today();
    db::write!(test.city.db, |tx| { identity::set_deputy(tx, &cx, absent, deputy, today, today).await }).unwrap();
}

async fn is_whole(test: &TestCity) {
    test.settle().await;
    let report = journal::check::run(&test.city.db, &test.app.evidence(), &[], &[], &mut |_| {}).await.unwrap();
    assert!(report.is_whole(), "{report:?}");
}

const LIST: &str = "/intern/laufmappen";

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_goes_from_one_to_the_next_until_somebody_returns_it() {
    for test in TestCity::both(MODULES).await {
        let (_, mut stefan) = staff(&test, "stefan.muster").await;
        let (sabine_id, mut sabine) = staff(&test, "sabine.beispiel").await;
        let (rita_id, mut rita) = staff(&test, "rita.registratur").await;
        let (mara_id, mut mara) = staff(&test, "melde.muster").await;
        let case = case(&mut stefan).await;
        let form = stefan.get(&format!("/intern/vorgang/{case}/laufmappe")).await;
        form.is(200).shows("Sabine Beispiel-Standesamt").shows("Rita Beispiel-Registratur");
        // One sees no case of the Standesamt, the other no case at all.
        form.hides("Mara Muster-Meldewesen").hides("Paula Beispiel-Poststelle");
        send(&mut stefan, &case, "nacheinander", &[]).await.is(422).shows("Wählen Sie, wer");
        send(&mut stefan, &case, "nacheinander", &[(mara_id, "cosign")]).await.is(422).shows("darf den Vorgang nicht");

        let steps = [(sabine_id, "cosign"), (rita_id, "final")];
        let folder = id_in(&send(&mut stefan, &case, "nacheinander", &steps).await);
        let at = format!("/intern/laufmappe/{folder}");
        stefan.get(LIST).await.is(200).shows("Bitte mitzeichnen").shows("Bei Ihnen liegt keine");
        let shown = stefan.get(&format!("/intern/vorgang/{case}")).await;
        shown.is(200).shows("liegt bei Sabine Beispiel-Standesamt").shows("Laufmappe auf den Weg gebracht");
        stefan.post(&format!("/intern/vorgang/{case}/zda"), &[]).await.is(409).shows("noch eine Laufmappe");

        // The next one waits; who sees the case may look, and only the addressee may sign.
        rita.get(LIST).await.is(200).hides("Bitte mitzeichnen");
        let page = sabine.get(&at).await;
        page.is(200).shows("Abschnitt 2 ist neu.").shows("wartet");
        let sign = button(&page, "/zeichnen").expect("a step to sign");
        assert_eq!(button(&rita.get(&at).await, "/zeichnen"), None);
        rita.post(&sign, &[]).await.is(403);
        mara.get(&at).await.is(404);
        mara.post(&sign, &[]).await.is(404);
        mara.get(LIST).await.is(200).hides("Bitte mitzeichnen");

        // Rita stands in for Sabine, and it says so.
        stand_in(&test, sabine_id, rita_id).await;
        rita.get(LIST).await.is(200).shows("in Vertretung für Sabine Beispiel-Standesamt");
        rita.post(&sign, &[]).await.is(303);
        sabine.post(&sign, &[]).await.is(409).shows("nicht mehr offen");
        let page = rita.get(&at).await;
        page.is(200).shows("Rita Beispiel-Registratur in Vertretung für Sabine Beispiel-Standesamt");

        let back = button(&page, "/zurueckgeben").expect("the last word is Rita's");
        rita.post(&back, &[("grund", " ")]).await.is(422).shows("Schreiben Sie, warum");
        rita.post(&back, &[("grund", "Die Rechtsgrundlage fehlt.")]).await.is(303);
        let page = stefan.get(&at).await;
        page.is(200).shows("zurückgegeben").shows("Die Rechtsgrundlage fehlt.").shows("Laufmappe anlegen");
        stefan.get(LIST).await.shows("zurückgegeben");
        rita.post(&back, &[("grund", "Noch einmal")]).await.is(409);
        stefan.post(&format!("/intern/vorgang/{case}/zda"), &[]).await.is(303);
        is_whole(&test).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_at_once_and_the_last_word_is_not_the_makers() {
    for test in TestCity::both(MODULES).await {
        let (stefan_id, mut stefan) = staff(&test, "stefan.muster").await;
        let (sabine_id, mut sabine) = staff(&test, "sabine.beispiel").await;
        let (rita_id, mut rita) = staff(&test, "rita.registratur").await;
        let case = case(&mut stefan).await;
        let own = send(&mut stefan, &case, "gleichzeitig", &[(stefan_id, "final")]).await;
        own.is(422).shows("macht nicht selbst die Schlusszeichnung");
        let two = [(sabine_id, "final"), (rita_id, "final")];
        send(&mut stefan, &case, "gleichzeitig", &two).await.is(422).shows("nur eine Schlusszeichnung");

        let steps = [(rita_id, "final"), (sabine_id, "cosign"), (rita_id, "note")];
        let folder = id_in(&send(&mut stefan, &case, "gleichzeitig", &steps).await);
        let at = format!("/intern/laufmappe/{folder}");
        rita.get(LIST).await.is(200).shows("Zur Kenntnis").hides("Schlusszeichnung");
        let page = rita.get(&at).await;
        assert_eq!(button(&page, "/zurueckgeben"), None, "what is for information is not returned");
        rita.post(&button(&page, "/zeichnen").expect("to take note"), &[]).await.is(303);
        assert_eq!(button(&rita.get(&at).await, "/zeichnen"), None);
        let sign = button(&sabine.get(&at).await, "/zeichnen").expect("to sign");
        sabine.post(&sign, &[]).await.is(303);
        rita.get(LIST).await.is(200).shows("Schlusszeichnung");

        // Four eyes, for a deputy too.
        let last = button(&rita.get(&at).await, "/zeichnen").expect("the last word");
        stand_in(&test, rita_id, stefan_id).await;
        let page = stefan.get(&at).await;
        page.is(200).shows("macht nicht selbst die Schlusszeichnung");
        assert_eq!(button(&page, "/zeichnen"), None);
        stefan.post(&last, &[]).await.is(409).shows("macht nicht selbst");
        rita.post(&last, &[]).await.is(303);
        stefan.get(&at).await.is(200).shows("abgeschlossen");
        stefan.post(&format!("/intern/vorgang/{case}/zda"), &[]).await.is(303);
        is_whole(&test).await;
    }
}

/// Asked and written in one transaction: of two who are as fast only one comes through.
#[tokio::test(flavor = "multi_thread")]
async fn no_case_is_closed_while_a_folder_of_it_is_sent_at_the_same_moment() {
    for test in TestCity::both(MODULES).await {
        let (_, mut stefan) = staff(&test, "stefan.muster").await;
        let (sabine_id, mut sabine) = staff(&test, "sabine.beispiel").await;
        for _ in 0..8 {
            let case = case(&mut stefan).await;
            let (close, steps) = (format!("/intern/vorgang/{case}/zda"), [(sabine_id, "cosign")]);
            let (sent, closed) =
                tokio::join!(send(&mut stefan, &case, "nacheinander", &steps), sabine.post(&close, &[]));
            let done = [sent.status.as_u16(), closed.status.as_u16()];
            assert!(matches!(done, [303, 409] | [409, 303]), "{done:?}");
            let sql = "SELECT COUNT(*) AS n FROM records_circulation f
                       JOIN records_case c ON c.tenant = f.tenant AND c.id = f.case_id
                       WHERE f.tenant = $1 AND f.state = 'open' AND c.closed_at IS NOT NULL";
            let (both,): (i64,) = test.city.db.read().await.unwrap().one(sql, &[]).await.unwrap();
            assert_eq!(both, 0);
        }
        is_whole(&test).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_hangs_is_withdrawn() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    let (_, mut stefan) = staff(&test, "stefan.muster").await;
    let (sabine_id, mut sabine) = staff(&test, "sabine.beispiel").await;
    let case = case(&mut stefan).await;
    let folder = id_in(&send(&mut stefan, &case, "nacheinander", &[(sabine_id, "final")]).await);
    let at = format!("/intern/laufmappe/{folder}");
    let sign = button(&sabine.get(&at).await, "/zeichnen").expect("to sign");
    let withdraw = button(&stefan.get(&at).await, "/zurueckziehen").expect("to withdraw");
    stefan.post(&withdraw, &[]).await.is(303);
    stefan.get(&at).await.is(200).shows("zurückgezogen").shows("entfallen");
    sabine.post(&sign, &[]).await.is(409);
    sabine.get(LIST).await.is(200).hides("Bitte mitzeichnen");
    stefan.post(&format!("/intern/vorgang/{case}/zda"), &[]).await.is(303);
    is_whole(&test).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_comes_back_on_its_day_to_whoever_asked_for_it() {
    const DUE: &str = "/intern/wiedervorlagen";
    for test in TestCity::both(MODULES).await {
        let (_, mut stefan) = staff(&test, "stefan.muster").await;
        let (_, mut sabine) = staff(&test, "sabine.beispiel").await;
        let (_, mut mara) = staff(&test, "melde.muster").await;
        let case = case(&mut stefan).await;
        let at = format!("/intern/vorgang/{case}/wiedervorlage");
        let day = system(&test).today().tomorrow().unwrap();
        let (d, m, y) = (day.day().to_string(), day.month().to_string(), day.year().to_string());
        let on = |year| [("faellig", &*d), ("faellig-month", &*m), ("faellig-year", year), ("vermerk", "Antwort da?")];
        stefan.post(&at, &on("2020")).await.is(422).shows("nicht vorbei");
        stefan.post(&at, &[]).await.is(422);
        stefan.post(&at, &on(&y)).await.is(303);
        mara.post(&at, &on(&y)).await.is(404);
        stefan.get(&format!("/intern/vorgang/{case}")).await.is(200).shows("Antwort da?");
        sabine.get(&format!("/intern/vorgang/{case}")).await.is(200).hides("Antwort da?");
        stefan.get(DUE).await.is(200).shows("Heute ist nichts fällig");

        test.later(24);
        let (_, mut stefan) = staff(&test, "stefan.muster").await;
        let (_, mut sabine) = staff(&test, "sabine.beispiel").await;
        let (_, mut mara) = staff(&test, "melde.muster").await;
        let page = stefan.get(DUE).await;
        page.is(200).shows("Antwort da?").shows("Neufassung");
        let done = button(&page, "/erledigt").expect("one that is due");
        for other in [&mut sabine, &mut mara] {
            other.get(DUE).await.is(200).shows("Heute ist nichts fällig");
            other.post(&done, &[]).await.is(404);
        }
        stefan.post(&done, &[]).await.is(303);
        stefan.get(DUE).await.is(200).shows("Heute ist nichts fällig");
        stefan.post(&done, &[]).await.is(404);
    }
}

/// A list that stops reading at its first page would show nothing here.
#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_does_not_see_keeps_nothing_else_off_their_list() {
    for test in TestCity::both(MODULES).await {
        let (stefan_id, mut stefan) = staff(&test, "stefan.muster").await;
        let (_, mut rita) = staff(&test, "rita.registratur").await;
        let fields = [("entry", "61.50"), ("title", "Radweg"), ("unit", "dezernat-1"), ("confidentiality", "normal")];
        let file = id_in(&rita.post("/intern/akten", &fields).await);
        let hidden = id_in(&rita.post(&format!("/intern/akte/{file}/vorgang"), &[("title", "Ortstermin")]).await);
        stefan.get(&format!("/intern/vorgang/{hidden}")).await.is(404);
        let shown = case(&mut stefan).await;

        let mut cx = system(&test);
        cx.actor.via = vec!["sharing"];
        let of = |case: &str, due: Date, note: &str| AddFollowUp {
            case: case.parse::<CaseId>().unwrap(),
            staff: stefan_id,
            due,
            note: note.to_owned(),
        };
        // Older than the one that is seen, and as many as are read at once.
        let yesterday = cx.today().yesterday().unwrap();
        let mut all: Vec<AddFollowUp> = (0..200).map(|_| of(&hidden, yesterday, "Verborgen")).collect();
        all.push(of(&shown, cx.today(), "Antwort da?"));
        db::write!(test.city.db, |tx| {
            for one in &all {
                cx.call(tx, one.clone()).await?;
            }
            Ok(())
        })
        .unwrap();
        let page = stefan.get("/intern/wiedervorlagen").await;
        page.is(200).shows("Antwort da?").hides("Verborgen").hides("Ortstermin");
    }
}

/// Everything of the rooms goes with the case, and a hold counts until the moment of the deletion.
#[tokio::test(flavor = "multi_thread")]
async fn folders_follow_ups_and_holds_go_with_their_case_and_no_held_case_goes() {
    for test in TestCity::both(MODULES).await {
        let (_, mut stefan) = staff(&test, "stefan.muster").await;
        let (sabine_id, mut sabine) = staff(&test, "sabine.beispiel").await;
        // Under an entry whose matters the archive does not want.
        let fields = [("entry", "33.20"), ("title", "Anfragen"), ("unit", "standesamt"), ("confidentiality", "normal")];
        let file = id_in(&stefan.post("/intern/akten", &fields).await);
        let case = id_in(&stefan.post(&format!("/intern/akte/{file}/vorgang"), &[("title", "Auskunft")]).await);
        let at = format!("/intern/vorgang/{case}");
        let folder = id_in(&send(&mut stefan, &case, "nacheinander", &[(sabine_id, "cosign")]).await);
        let sign = button(&sabine.get(&format!("/intern/laufmappe/{folder}")).await, "/zeichnen").expect("to sign");
        sabine.post(&sign, &[]).await.is(303);
        let due = [("faellig", "31"), ("faellig-month", "12"), ("faellig-year", "2040"), ("vermerk", "Ende")];
        stefan.post(&format!("{at}/wiedervorlage"), &due).await.is(303);
        stefan.post(&format!("{at}/zda"), &[]).await.is(303);

        test.later(24 * 366 * 2);
        crate::evidence::release(&test).await;
        let (_, mut rita) = staff(&test, "rita.registratur").await;
        rita.post(&format!("{at}/sperre"), &[("reason", "Klage anhängig")]).await.is(303);
        test.settle().await;
        rita.get(&at).await.is(200).shows("Klage anhängig").shows("Bitte mitzeichnen");
        let lift = button(&rita.get(&format!("{at}/sperre")).await, "/aufheben").expect("a hold in force");
        rita.post(&lift, &[]).await.is(303);

        let (case, folder): (kernel::Uuid, kernel::Uuid) = (case.parse().unwrap(), folder.parse().unwrap());
        let rows = [
            ("SELECT COUNT(*) AS n FROM records_circulation WHERE tenant = $1 AND case_id = $2", case),
            ("SELECT COUNT(*) AS n FROM records_circulation_step WHERE tenant = $1 AND circulation_id = $2", folder),
            ("SELECT COUNT(*) AS n FROM records_follow_up WHERE tenant = $1 AND case_id = $2", case),
            ("SELECT COUNT(*) AS n FROM records_hold WHERE tenant = $1 AND case_id = $2", case),
        ];
        for expected in [1, 0] {
            for (sql, id) in rows {
                let (n,): (i64,) = test.city.db.read().await.unwrap().one(sql, db::params![id]).await.unwrap();
                assert_eq!(n, expected, "{sql}");
            }
            if expected == 1 {
                crate::evidence::erase(&test).await;
            }
        }
        let (_, mut rita) = staff(&test, "rita.registratur").await;
        rita.get(&at).await.is(404);
        is_whole(&test).await;
    }
}
