//! Daily work with files: other offices take part, notes and references, several things at once, and what somebody is
//! told who may not see something.

use std::io::{Cursor, Read as _};

use db::Engine;
use kernel::Cx;
use meer::modules::MODULES;
use serde::{Deserialize, Serialize};
use testkit::{Browser, Page, TestCity};

use crate::walks::{STAFF_PASSWORD, id_in};

async fn staff(test: &TestCity, login: &str) -> Browser {
    let mut browser = test.browser();
    browser.staff_sign_in(login, STAFF_PASSWORD).await.is(200);
    browser
}

async fn open_file(clerk: &mut Browser, title: &str) -> String {
    let fields = [("entry", "10.10"), ("title", title), ("unit", "standesamt"), ("confidentiality", "normal")];
    id_in(&clerk.post("/intern/akten", &fields).await)
}

async fn open_case(clerk: &mut Browser, file: &str, title: &str) -> String {
    id_in(&clerk.post(&format!("/intern/akte/{file}/vorgang"), &[("title", title)]).await)
}

async fn add(clerk: &mut Browser, case: &str, title: &str) -> Page {
    let at = format!("/intern/vorgang/{case}/dokumente");
    clerk.post_files(&at, &[("titel", title)], &[("datei", "vermerk.txt", title.as_bytes())]).await
}

/// Where a button of the page leads whose address ends so.
fn button(page: &Page, what: &str) -> Option<String> {
    let mut actions = page.body.split("action=\"").skip(1).filter_map(|part| part.split('"').next());
    actions.find(|action| action.ends_with(what)).map(str::to_owned)
}

fn system(test: &TestCity) -> Cx {
    test.app.cx(&test.city, "test")
}

async fn is_whole(test: &TestCity) {
    test.settle().await;
    let report = journal::check::run(&test.city.db, &test.app.evidence(), &[], &[], &mut |_| {}).await.unwrap();
    assert!(report.is_whole(), "{report:?}");
}

/// As `records` calls what it does every night.
#[derive(Serialize, Deserialize)]
struct EndParticipations {}

impl jobs::Job for EndParticipations {
    const NAME: &'static str = "records.end-participations";
}

const READ: [(&str, &str); 3] = [("stelle", "buergerbuero"), ("recht", "lesen"), ("grund", "Stellungnahme")];
const WORK: [(&str, &str); 3] = [("stelle", "buergerbuero"), ("recht", "bearbeiten"), ("grund", "Gemeinsame Fassung")];

async fn finds(browser: &mut Browser, words: &str) -> Page {
    browser.post("/intern/suche", &[("q", words)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invited_office_reads_or_works_until_it_is_ended() {
    for test in TestCity::both(MODULES).await {
        let mut stefan = staff(&test, "stefan.muster").await;
        let mut mara = staff(&test, "melde.muster").await;
        let file = open_file(&mut stefan, "Trauort am Musterbach").await;
        let case = open_case(&mut stefan, &file, "Seltsamkeitsgutachten").await;
        let at = format!("/intern/vorgang/{case}");
        mara.get(&at).await.is(404);
        mara.get(&format!("{at}/beteiligung")).await.is(404);
        mara.post(&format!("{at}/beteiligung"), &READ).await.is(404);
        stefan.post(&format!("{at}/beteiligung"), &[]).await.is(422).shows("Wählen Sie die Stelle");
        stefan.post(&format!("{at}/beteiligung"), &READ).await.is(303);
        stefan.post(&format!("{at}/beteiligung"), &READ).await.is(409).shows("wirkt schon mit");

        // Seen everywhere at once: page, list, search; read only.
        mara.get(&at).await.is(200).shows("Es wirken mit").shows("Wirkt mit: Bürgerbüro");
        mara.get("/intern/vorgaenge").await.is(200).shows("Seltsamkeitsgutachten");
        test.settle().await;
        finds(&mut mara, "Seltsamkeitsgutachten").await.is(200).shows("Ein Vorgang gefunden");
        add(&mut mara, &case, "Stellungnahme").await.is(403);
        mara.post(&format!("{at}/zda"), &[]).await.is(403);
        mara.post(&format!("{at}/beteiligung"), &READ).await.is(403);
        // Only the case was shared, not its file: no link leads there.
        let above = format!("/intern/akte/{file}");
        mara.get(&above).await.is(404);
        mara.get(&at).await.is(200).hides(&above);
        stefan.get(&at).await.is(200).shows(&above);

        let end = button(&stefan.get(&format!("{at}/beteiligung")).await, "/beenden").expect("to end");
        mara.post(&end, &[]).await.is(403);
        stefan.post(&end, &[]).await.is(303);
        stefan.post(&end, &[]).await.is(404);
        mara.get(&at).await.is(404);
        mara.get("/intern/vorgaenge").await.is(200).hides("Seltsamkeitsgutachten");
        test.settle().await;
        finds(&mut mara, "Seltsamkeitsgutachten").await.is(200).shows("Kein Vorgang gefunden");

        // With the right to work: documents, and still no leading.
        stefan.post(&format!("{at}/beteiligung"), &WORK).await.is(303);
        add(&mut mara, &case, "Stellungnahme").await.is(303);
        mara.post(&format!("{at}/zda"), &[]).await.is(403);
        stefan.get(&format!("{at}/dokumente")).await.is(200).shows("Stellungnahme");
        is_whole(&test).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_file_is_shared_with_what_is_opened_later_and_ends_on_its_day() {
    for test in TestCity::both(MODULES).await {
        let mut stefan = staff(&test, "stefan.muster").await;
        let mut mara = staff(&test, "melde.muster").await;
        let file = open_file(&mut stefan, "Trauort am Musterbach").await;
        let before = open_case(&mut stefan, &file, "Vor der Einladung").await;
        let day = system(&test).today();
        let (d, m, y) = (day.day().to_string(), day.month().to_string(), day.year().to_string());
        let at = format!("/intern/akte/{file}/beteiligung");
        let past = [READ.as_slice(), &[("bis", "1"), ("bis-month", "1"), ("bis-year", "2020")]].concat();
        stefan.post(&at, &past).await.is(422).shows("nicht vorbei");
        let until = [READ.as_slice(), &[("bis", &*d), ("bis-month", &*m), ("bis-year", &*y)]].concat();
        stefan.post(&at, &until).await.is(303);
        let after = open_case(&mut stefan, &file, "Nach der Einladung").await;
        mara.get(&format!("/intern/akte/{file}")).await.is(200).shows("Vor der Einladung").shows("Nach der Einladung");
        for case in [&before, &after] {
            mara.get(&format!("/intern/vorgang/{case}")).await.is(200);
        }
        test.later(25);
        let cx = system(&test);
        db::write!(test.city.db, |tx| { jobs::enqueue(tx, &cx, &EndParticipations {}).await }).unwrap();
        test.settle().await;
        let mut mara = staff(&test, "melde.muster").await;
        mara.get(&format!("/intern/akte/{file}")).await.is(404);
        for case in [&before, &after] {
            mara.get(&format!("/intern/vorgang/{case}")).await.is(404);
        }
        is_whole(&test).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_sealed_office_leads_is_shared_with_nobody() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    let mut rita = staff(&test, "rita.registratur").await;
    let fields = [("entry", "10.10"), ("title", "Allein"), ("unit", "standesamt-sperrvermerke")];
    let file = id_in(&rita.post("/intern/akten", &fields).await);
    let case = open_case(&mut rita, &file, "Für niemanden sonst").await;
    for at in [format!("/intern/vorgang/{case}/beteiligung"), format!("/intern/akte/{file}/beteiligung")] {
        rita.get(&at).await.is(200).shows("führt ihre Vorgänge allein").hides("Stelle einladen");
        rita.post(&at, &READ).await.is(422);
    }
    staff(&test, "melde.muster").await.get(&format!("/intern/vorgang/{case}")).await.is(404);
    // Nor is a sealed office invited by others: its name would stand in the timeline.
    let file = open_file(&mut rita, "Offen").await;
    let sealed = [("stelle", "standesamt-sperrvermerke"), ("recht", "lesen"), ("grund", "Warum nicht")];
    rita.post(&format!("/intern/akte/{file}/beteiligung"), &sealed).await.is(422);
}

/// The page without ids, which must differ.
fn bare(page: &Page, ids: &[&str]) -> String {
    ids.iter().fold(page.body.clone(), |text, id| text.replace(id, "ID"))
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_see_something_is_told_why_in_general_and_whom_to_ask() {
    const NOTHING: &str = "01900000-0000-7000-8000-00000000dead";
    for test in TestCity::both(MODULES).await {
        let mut stefan = staff(&test, "stefan.muster").await;
        let mut mara = staff(&test, "melde.muster").await;
        let file = open_file(&mut stefan, "Trauort am Musterbach").await;
        let case = open_case(&mut stefan, &file, "Seltsamkeitsgutachten").await;
        // The same way on from what exists and what does not, and the same page behind it.
        for (path, real) in [("vorgang", &case), ("akte", &file)] {
            let (real, none) = (format!("/intern/{path}/{real}"), format!("/intern/{path}/{NOTHING}"));
            let (there, nothing) = (mara.get(&real).await, mara.get(&none).await);
            there.is(404).shows("/intern/warum?zurueck=");
            assert_eq!(bare(&there, &[&real]), bare(&nothing, &[&none]));
            let why = |path: &str| format!("/intern/warum?zurueck={path}");
            let (there, nothing) = (mara.get(&why(&real)).await, mara.get(&why(&none)).await);
            assert_eq!(bare(&there, &[&real]), bare(&nothing, &[&none]));
            there.is(200).shows("Ihre Stelle: Bürgerbüro Osterath").shows("bis normal");
            there.shows("Rita Beispiel-Registratur").hides("Seltsamkeitsgutachten").hides("Trauort");
        }
        let ask = "/intern/warum";
        mara.post(ask, &[("bezeichnung", "10.10")]).await.is(422).shows("wofür Sie es brauchen");
        for about in [format!("/intern/vorgang/{case}"), format!("/intern/vorgang/{NOTHING}")] {
            let sent = mara.post(ask, &[("bezeichnung", &about), ("grund", "Stellungnahme")]).await;
            assert_eq!(sent.is(303).location.as_deref(), Some(ask));
        }
        // It reaches the Registratur, and the answer comes back.
        mara.get("/intern/zugangsanfragen").await.is(403);
        let mut rita = staff(&test, "rita.registratur").await;
        let list = rita.get("/intern/zugangsanfragen").await;
        list.is(200).shows("Mara Muster-Meldewesen").shows(&case).shows(NOTHING);
        let answer = button(&list, "/antwort").expect("to answer");
        rita.post(&answer, &[]).await.is(422).shows("Schreiben Sie eine Antwort");
        rita.post(&answer, &[("antwort", "Das Standesamt fragen.")]).await.is(303);
        rita.post(&answer, &[("antwort", "Noch einmal")]).await.is(404);
        mara.get(ask).await.is(200).shows("Das Standesamt fragen.").shows("wird geprüft");
        stefan.get(ask).await.is(200).hides("Das Standesamt fragen.").shows("Sabine Beispiel-Standesamt");
        // Staff without cases may ask too; outside there is no such way.
        staff(&test, "paula.poststelle").await.get(ask).await.is(200).shows("Poststelle");
        test.browser().get(&format!("/vorgang/{NOTHING}")).await.hides("/intern/warum");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_are_for_those_who_see_the_case_and_marks_for_oneself() {
    for test in TestCity::both(MODULES).await {
        let mut stefan = staff(&test, "stefan.muster").await;
        let mut sabine = staff(&test, "sabine.beispiel").await;
        let mut mara = staff(&test, "melde.muster").await;
        let file = open_file(&mut stefan, "Trauort am Musterbach").await;
        let case = open_case(&mut stefan, &file, "Ortstermin").await;
        let at = format!("/intern/vorgang/{case}");
        stefan.post(&format!("{at}/notiz"), &[("text", " ")]).await.is(422).shows("Schreiben Sie die Notiz");
        let note = [("text", "Schlüssel liegt beim Hausmeisterdienst"), ("wichtig", "ja")];
        stefan.post(&format!("{at}/notiz"), &note).await.is(303);
        mara.get(&format!("{at}/notiz")).await.is(404);
        mara.post(&format!("{at}/notiz"), &note).await.is(404);
        let page = sabine.get(&at).await;
        page.is(200).shows("Hausmeisterdienst").shows("wichtig").shows("Stefan Muster-Standesamt");
        // Found by their words, under the access of the case.
        test.settle().await;
        finds(&mut sabine, "Hausmeisterdienst").await.is(200).shows("Ortstermin");
        finds(&mut mara, "Hausmeisterdienst").await.is(200).hides("Ortstermin");
        let done = button(&page, "/erledigt").expect("to be done");
        mara.post(&done, &[]).await.is(404);
        sabine.post(&done, &[]).await.is(303);
        sabine.post(&done, &[]).await.is(404);
        sabine.get(&at).await.is(200).shows("erledigt");

        stefan.get("/intern/merkliste").await.is(200).shows("noch nichts gemerkt");
        stefan.post(&format!("{at}/merken"), &[("merken", "ja")]).await.is(303);
        stefan.post(&format!("{at}/merken"), &[("merken", "ja")]).await.is(303);
        stefan.post(&format!("/intern/akte/{file}/merken"), &[]).await.is(303);
        mara.post(&format!("{at}/merken"), &[]).await.is(404);
        stefan.get("/intern/merkliste").await.is(200).shows("Ortstermin").shows("Trauort am Musterbach");
        sabine.get("/intern/merkliste").await.is(200).hides("Ortstermin");
        stefan.post(&format!("{at}/merken"), &[("merken", "nein")]).await.is(303);
        stefan.get("/intern/merkliste").await.is(200).hides("Ortstermin");
        // The page of the file says it, too; it is nobody else's business.
        let path = format!("/intern/akte/{file}");
        stefan.get(&path).await.is(200).shows("Von der Merkliste nehmen");
        sabine.get(&path).await.is(200).shows("Auf die Merkliste").hides("Von der Merkliste nehmen");
        is_whole(&test).await;
    }
}

/// A list that stops reading at its first page would show nothing here.
#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_sees_no_longer_keeps_no_other_mark_off_the_list() {
    for test in TestCity::both(MODULES).await {
        let mut stefan = staff(&test, "stefan.muster").await;
        let file = open_file(&mut stefan, "Trauort am Musterbach").await;
        let case = open_case(&mut stefan, &file, "Ortstermin").await;
        stefan.post(&format!("/intern/vorgang/{case}/merken"), &[("merken", "ja")]).await.is(303);
        stefan.post(&format!("/intern/akte/{file}/merken"), &[("merken", "ja")]).await.is(303);
        let all = identity::all_staff(&mut test.city.db.read().await.unwrap()).await.unwrap();
        let id = all.iter().find(|line| line.login == "stefan.muster").unwrap().id;
        // Newer, and as many as are read at once: what is behind these marks is not there for Stefan.
        let (cx, later) = (system(&test), "2099-01-01T00:00:00Z".parse::<kernel::Timestamp>().unwrap());
        db::write!(test.city.db, |tx| {
            for n in 0..200 {
                let kind = if n % 2 == 0 { "case" } else { "file" };
                let sql =
                    "INSERT INTO records_favourite (tenant, staff_id, target, kind, at) VALUES ($1, $2, $3, $4, $5)";
                tx.exec_one(sql, db::params![id, cx.sources.uuid(), kind, later]).await?;
            }
            Ok(())
        })
        .unwrap();
        let list = stefan.get("/intern/merkliste").await;
        list.is(200).shows("Ortstermin").shows("Trauort am Musterbach");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_shows_the_other_side_to_who_may_see_it_only() {
    for test in TestCity::both(MODULES).await {
        let mut stefan = staff(&test, "stefan.muster").await;
        let mut mara = staff(&test, "melde.muster").await;
        let file = open_file(&mut stefan, "Trauort am Musterbach").await;
        let shared = open_case(&mut stefan, &file, "Ortstermin").await;
        let secret = open_case(&mut stefan, &file, "Seltsamkeitsgutachten").await;
        let (here, there) = (format!("/intern/vorgang/{shared}"), format!("/intern/vorgang/{secret}"));
        stefan.get(&format!("{here}/verweis")).await.is(200).shows("Aktenzeichen");
        let to = |number| [("aktenzeichen", number), ("art", "successor")];
        stefan.post(&format!("{here}/verweis"), &to("10.10-1/2026/000002")).await.is(303);
        stefan.get(&here).await.is(200).shows("Nachfolger").shows("Seltsamkeitsgutachten");
        stefan.get(&there).await.is(200).shows("Vorgänger").shows("Ortstermin");
        stefan.post(&format!("/intern/akte/{file}/verweis"), &to("10.10-1/2026/000001")).await.is(303);
        let page = stefan.get(&format!("/intern/akte/{file}")).await;
        page.is(200).shows("Verweis auf 10.10-1/2026/000001 entfernen");
        let remove = button(&page, "/entfernen").expect("to remove the reference of the file");
        assert!(remove.starts_with(&format!("/intern/akte/{file}/verweis/")), "{remove}");

        let invitation = format!("{here}/beteiligung");
        stefan.post(&invitation, &WORK).await.is(303);
        mara.get(&here).await.is(200).hides("Nachfolger").hides("Seltsamkeitsgutachten").hides("Trauort am");
        // What is not seen and what is not there get the same answer.
        let none = mara.post(&format!("{here}/verweis"), &to("10.10-1/2026/000077")).await;
        let hidden = mara.post(&format!("{here}/verweis"), &to("10.10-1/2026/000002")).await;
        none.is(422).shows("nichts anderes, das Sie sehen dürfen");
        assert_eq!(bare(none.is(422), &["000077"]), bare(hidden.is(422), &["000002"]));

        let contact = [("name", "Büro Beispielplan"), ("rolle", "Architekturbüro"), ("mail", "ohne")];
        mara.post(&format!("{here}/ansprechpartner"), &contact).await.is(422).shows("Büro Beispielplan");
        let contact = [("name", "Büro Beispielplan"), ("rolle", "Architekturbüro"), ("telefon", "02159 000")];
        mara.post(&format!("{here}/ansprechpartner"), &contact).await.is(303);
        mara.post(&format!("{there}/ansprechpartner"), &contact).await.is(404);
        stefan.get(&format!("/intern/akte/{file}")).await.is(200).shows("Büro Beispielplan").shows("02159 000");
        let remove = button(&stefan.get(&here).await, "/entfernen").expect("to remove");
        stefan.post(&remove, &[]).await.is(303);
        is_whole(&test).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_type_fills_the_form_and_opens_the_parts() {
    for test in TestCity::both(MODULES).await {
        let mut rita = staff(&test, "rita.registratur").await;
        rita.get("/intern/akten/neu").await.is(200).shows("Bebauungsplanverfahren");
        let form = rita.get("/intern/akten/neu?file_type=bebauungsplan").await;
        form.is(200).shows("Satzungsbeschluss").shows("value=\"61.26\" selected").shows("value=\"hybrid\" selected");
        let fields = [
            ("file_type", "bebauungsplan"),
            ("entry", "61.26"),
            ("title", "Plan 7"),
            ("unit", "dezernat-1"),
            ("medium", "hybrid"),
            ("storage", "Registratur, Regal 4"),
        ];
        let file = id_in(&rita.post("/intern/akten", &fields).await);
        let at = format!("/intern/akte/{file}");
        let page = rita.get(&at).await;
        page.is(200).shows("Bebauungsplanverfahren").shows("Satzungsbeschluss").shows("Begründung");
        page.shows("fehlt noch").hides("vorhanden");
        let case = open_case(&mut rita, &file, "Aufstellung").await;
        add(&mut rita, &case, "Begründung, Entwurf 1").await.is(303);
        rita.get(&at).await.is(200).shows("vorhanden").shows("fehlt noch");
        is_whole(&test).await;
    }
}

/// The texts of a ZIP by path.
fn unzip(page: &Page) -> Vec<(String, String)> {
    let mut zip = zip::ZipArchive::new(Cursor::new(page.is(200).bytes.clone())).expect("a ZIP");
    let names: Vec<String> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
    let mut files = Vec::new();
    for name in names {
        let mut bytes = Vec::new();
        zip.by_name(&name).unwrap().read_to_end(&mut bytes).unwrap();
        files.push((name, String::from_utf8_lossy(&bytes).into_owned()));
    }
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zip_holds_what_the_reader_may_see_and_a_list_of_it() {
    for test in TestCity::both(MODULES).await {
        let mut stefan = staff(&test, "stefan.muster").await;
        let mut mara = staff(&test, "melde.muster").await;
        let file = open_file(&mut stefan, "Trauort am Musterbach").await;
        let one = open_case(&mut stefan, &file, "Ortstermin").await;
        let two = open_case(&mut stefan, &file, "Seltsamkeitsgutachten").await;
        for (case, title) in [(&one, "Vermerk"), (&one, "Vermerk"), (&two, "../Geheimplan: \"neu\"")] {
            add(&mut stefan, case, title).await.is(303);
        }
        let files = unzip(&stefan.get(&format!("/intern/akte/{file}/zip")).await);
        let paths: Vec<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths.len(), 5, "{paths:?}");
        for path in ["inhalt.csv", "inhalt.html", "10.10-1-2026-000001/Vermerk.txt"] {
            assert!(paths.contains(&path), "{paths:?}");
        }
        assert!(paths.contains(&"10.10-1-2026-000001/Vermerk (2).txt"), "{paths:?}");
        assert!(paths.iter().all(|path| !path.contains("..") && !path.contains(':')), "{paths:?}");
        let of = |name: &str| files.iter().find(|(path, _)| path == name).unwrap().1.as_str();
        assert_eq!(of("10.10-1-2026-000001/Vermerk.txt"), "Vermerk");
        let hash = kernel::sha256(&[b"Vermerk"]).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert!(of("inhalt.csv").contains(&hash) && of("inhalt.html").contains(&hash));

        // A guest of one case gets that one, and it is in the access log of both sides.
        stefan.post(&format!("/intern/vorgang/{one}/beteiligung"), &READ).await.is(303);
        mara.get(&format!("/intern/akte/{file}/zip")).await.is(404);
        mara.get(&format!("/intern/vorgang/{two}/zip")).await.is(404);
        let files = unzip(&mara.get(&format!("/intern/vorgang/{one}/zip")).await);
        assert_eq!(files.len(), 4);
        assert!(files.iter().all(|(_, text)| !text.contains("Geheimplan")));
        let sql = "SELECT COUNT(*) AS n FROM records_access_log WHERE tenant = $1 AND what = 'package'";
        let (n,): (i64,) = test.city.db.read().await.unwrap().one(sql, &[]).await.unwrap();
        assert_eq!(n, 3, "two cases of the file, one case");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_things_at_once_are_each_checked_on_their_own() {
    for test in TestCity::both(MODULES).await {
        let mut stefan = staff(&test, "stefan.muster").await;
        let mut mara = staff(&test, "melde.muster").await;
        let file = open_file(&mut stefan, "Trauort am Musterbach").await;
        let one = open_case(&mut stefan, &file, "Erster").await;
        let two = open_case(&mut stefan, &file, "Zweiter").await;
        let at = "/intern/auswahl";
        stefan.get(&format!("/intern/akte/{file}")).await.is(200).shows("Ausgewählte bearbeiten");
        stefan.post(at, &[]).await.is(422).shows("mindestens eine Akte");
        let both = [("vorgang", one.as_str()), ("vorgang", two.as_str())];
        stefan.post(at, &both).await.is(200).shows("Erster").shows("Zweiter").shows("Was soll geschehen?");
        let with = |more: &[(&'static str, &'static str)]| [both.as_slice(), &[("weiter", "ja")], more].concat();
        stefan.post(at, &with(&[])).await.is(422).shows("was geschehen soll");
        stefan.post(at, &with(&[("aktion", "wiedervorlage")])).await.is(422).shows("nicht vorbei");
        let day = [("faellig", "1"), ("faellig-month", "3"), ("faellig-year", "2027"), ("vermerk", "Antwort da?")];
        let later = with(&[[("aktion", "wiedervorlage")].as_slice(), &day].concat());
        stefan.post(at, &later).await.is(200).shows("2 sind erledigt");
        stefan.get(&format!("/intern/vorgang/{two}")).await.is(200).shows("Antwort da?");

        // One of the two cannot be closed: the other is, and it says why.
        let document = {
            add(&mut stefan, &two, "Vermerk").await.is(303);
            let page = stefan.get(&format!("/intern/vorgang/{two}/dokumente")).await;
            page.body.split("/dokument/").nth(1).and_then(|rest| rest.split('/').next()).unwrap().to_owned()
        };
        stefan.post(&format!("/intern/vorgang/{two}/dokument/{document}/ausleihen"), &[]).await.is(303);
        let closed = stefan.post(at, &with(&[("aktion", "zda")])).await;
        closed.is(200).shows("Eines ist erledigt").shows("Eines ging nicht").shows("in Arbeit");
        stefan.post(&format!("/intern/vorgang/{two}/dokument/{document}/zurueckgeben"), &[]).await.is(303);

        // Who does not see them has chosen nothing.
        mara.post(at, &both).await.is(422).hides("Erster");
        // Handed over: the closed one stays, the other is the new office's alone.
        let over = stefan.post(at, &with(&[("aktion", "abgabe"), ("stelle", "buergerbuero")])).await;
        over.is(200).shows("Eines ist erledigt").shows("Eines ging nicht");
        stefan.get(&format!("/intern/vorgang/{two}")).await.is(404);
        mara.get(&format!("/intern/vorgang/{two}")).await.is(200).shows("Abgegeben an: Bürgerbüro");
        let sealed = [("vorgang", two.as_str()), ("aktion", "abgabe"), ("stelle", "standesamt-sperrvermerke")];
        mara.post(at, &sealed).await.is(200).shows("Eines ging nicht");

        let zip = unzip(&mara.post(at, &[("vorgang", two.as_str()), ("aktion", "zip")]).await);
        assert_eq!(zip.len(), 3, "one document and the two lists");
        let some = format!("/intern/vorgang/{two}/zip");
        mara.post(&some, &[]).await.is(303);
        assert_eq!(unzip(&mara.post(&some, &[("dokument", &document)]).await).len(), 3);
        stefan.post(&some, &[("dokument", &document)]).await.is(404);
        is_whole(&test).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_is_kept_for_oneself_or_for_the_unit() {
    for test in TestCity::both(MODULES).await {
        let mut stefan = staff(&test, "stefan.muster").await;
        let mut sabine = staff(&test, "sabine.beispiel").await;
        let mut mara = staff(&test, "melde.muster").await;
        let keep = "/intern/suche/merken";
        stefan.post(keep, &[]).await.is(422);
        stefan.post(keep, &[("q", "Ortstermin"), ("name", "Meine Termine")]).await.is(303);
        stefan.post(keep, &[("q", "Trauort"), ("name", "Unsere Trauorte"), ("stelle", "ja")]).await.is(303);
        let page = stefan.get("/intern/suche").await;
        page.is(200).shows("Meine Termine").shows("Unsere Trauorte");
        sabine.get("/intern/suche").await.is(200).hides("Meine Termine").shows("Unsere Trauorte");
        mara.get("/intern/suche").await.is(200).hides("Unsere Trauorte");
        let forget = button(&page, "/vergessen").expect("to delete");
        sabine.post(&forget, &[]).await.is(404);
        stefan.post(&forget, &[]).await.is(303);
        stefan.post(&forget, &[]).await.is(404);
    }
}
