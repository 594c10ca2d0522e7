//! The life of a file (Akte) over the pages: opened, worked on by two, closed, retained, offered to the archive,
//! appraised, handed over, taken over, and only then free to be deleted.

use std::io::{Cursor, Read as _};

use contract_records::DueForDeletion;
use db::{Engine, params};
use house::Call as _;
use meer::modules::MODULES;
use serde::{Deserialize, Serialize};
use testkit::{Browser, TestCity};

use crate::walks::{STAFF_PASSWORD, id_in, number_of};

const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\n%%EOF\n";

async fn staff(test: &TestCity, login: &str) -> Browser {
    let mut browser = test.browser();
    browser.staff_sign_in(login, STAFF_PASSWORD).await.is(200);
    browser
}

/// A file about a place, open for the whole city; answers its id.
async fn open_file(clerk: &mut Browser, entry: &str, title: &str) -> String {
    let fields = [
        ("entry", entry),
        ("title", title),
        ("unit", "dezernat-1"),
        ("confidentiality", "normal"),
        ("medium", "hybrid"),
        ("storage", "Registratur, Regal 4"),
        ("part_of", ""),
    ];
    id_in(clerk.post("/intern/akten", &fields).await.is(303))
}

async fn open_case(clerk: &mut Browser, file: &str, title: &str) -> String {
    let sent = clerk.post(&format!("/intern/akte/{file}/vorgang"), &[("title", title)]).await;
    id_in(sent.is(303))
}

async fn add(clerk: &mut Browser, case: &str, title: &str) -> String {
    let at = format!("/intern/vorgang/{case}/dokumente");
    clerk.post_files(&at, &[("titel", title)], &[("datei", "vermerk.pdf", PDF)]).await.is(303);
    let page = clerk.get(&at).await;
    page.is(200).shows(title);
    let link = page.body.split("/dokument/").nth(1).and_then(|rest| rest.split('/').next());
    link.unwrap_or_else(|| panic!("no document: {page:?}")).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_lives_from_opening_to_the_archive() {
    for test in TestCity::both(MODULES).await {
        let mut rita = staff(&test, "rita.registratur").await;
        rita.get("/intern/aktenplan").await.is(200).shows("Bebauungspläne").shows("das Archiv entscheidet");
        let file = open_file(&mut rita, "61.50", "Radweg am Musterbach").await;
        rita.get(&format!("/intern/akte/{file}")).await.is(200).shows("61.50-1/2026").shows("Registratur, Regal 4");
        let wanted = open_case(&mut rita, &file, "Ortstermin im Frühjahr").await;
        let unwanted = open_case(&mut rita, &file, "Terminabsprache").await;
        let document = add(&mut rita, &wanted, "Vermerk zum Ortstermin").await;
        rita.get(&format!("/intern/vorgang/{wanted}")).await.is(200).shows("61.50-1/2026/000001");

        // A second version, and the first one taken over again: three of them, two with the same bytes.
        let at = format!("/intern/vorgang/{wanted}/dokument/{document}");
        let save = [("stand", "1"), ("notiz", "")];
        rita.post_files(&format!("{at}/fassungen"), &save, &[("datei", "b.txt", b"anders\n".as_slice())]).await.is(303);
        rita.post(&format!("{at}/uebernehmen"), &[("fassung", "1")]).await.is(303);

        // Nothing closes before what lies in it.
        rita.post(&format!("/intern/akte/{file}/zda"), &[]).await.is(409).shows("noch ein Vorgang");
        let versions = format!("/intern/vorgang/{wanted}/dokument/{document}");
        rita.post(&format!("{versions}/ausleihen"), &[]).await.is(303);
        rita.post(&format!("/intern/vorgang/{wanted}/zda"), &[]).await.is(409).shows("in Arbeit");
        rita.post(&format!("{versions}/zurueckgeben"), &[]).await.is(303);
        for case in [&wanted, &unwanted] {
            rita.post(&format!("/intern/vorgang/{case}/zda"), &[]).await.is(303);
        }
        rita.post(&format!("/intern/akte/{file}/zda"), &[]).await.is(303);
        rita.post(&format!("/intern/akte/{file}/vorgang"), &[("title", "Zu spät")]).await.is(409);
        let at = format!("/intern/vorgang/{wanted}/dokumente");
        let late = rita.post_files(&at, &[("titel", "Zu spät")], &[("datei", "a.pdf", PDF)]).await;
        late.is(409).shows("geschlossen");

        // Two years of retention count from the end of the year.
        rita.get("/intern/aussonderung").await.is(200).shows("Nichts ist fällig");
        test.later(24 * 366 * 4);
        let mut rita = staff(&test, "rita.registratur").await;
        rita.get("/intern/aussonderung").await.is(200).shows("2 Vorgänge sind anzubieten");
        hold(&mut rita, &unwanted).await;
        rita.get("/intern/aussonderung").await.is(200).shows("Ein Vorgang ist anzubieten");
        lift(&mut rita, &unwanted).await;
        let offer = id_in(rita.post("/intern/aussonderung", &[]).await.is(303));
        test.settle().await;
        let offered = format!("/intern/aussonderung/{offer}");
        rita.get(&offered).await.is(200).shows("Anbieteverzeichnis (0501)").hides("Bewertung abschließen");
        assert!(due(&test).await.is_empty(), "what is only offered may not be deleted");

        let decisions = [(wanted.as_str(), "A"), (unwanted.as_str(), "V")];
        rita.post(&format!("{offered}/bewertung"), &decisions).await.is(403);
        let mut anton = staff(&test, "anton.archiv").await;
        let page = anton.get(&offered).await;
        page.is(200).shows("Ortstermin im Frühjahr").shows("Bewertung abschließen");
        // What it takes to say what is of lasting value, and a look at the titles until that is said.
        page.shows("Akte 61.50-1/2026 Radweg am Musterbach").shows("Aktenplan 61.50 Anliegen und Ortstermine");
        page.shows("ein Dokument (1 × Schriftstück)").shows("keine Dokumente").shows("auch auf Papier");
        let look = format!("{offered}/vorgang/{wanted}");
        page.shows(&look);
        anton.get(&look).await.is(200).shows("Vermerk zum Ortstermin");
        assert_eq!(seen_by_the_archive(&test, &wanted).await, 1, "a look is in the access log");
        rita.get(&look).await.is(403);
        let elsewhere = id_in(rita.post("/intern/akten", &ELSEWHERE).await.is(303));
        let elsewhere = open_case(&mut rita, &elsewhere, "Nicht angeboten").await;
        anton.get(&format!("{offered}/vorgang/{elsewhere}")).await.is(404);
        anton.post(&format!("{offered}/bewertung"), &decisions[..1]).await.is(409).shows("jeden Vorgang");
        anton.post(&format!("{offered}/bewertung"), &decisions).await.is(303);
        anton.get(&look).await.is(404);
        test.settle().await;
        assert_eq!(due(&test).await, std::slice::from_ref(&unwanted), "what the archive does not want may be deleted");
        hold(&mut rita, &unwanted).await;
        assert!(due(&test).await.is_empty(), "a hold beats everything");
        lift(&mut rita, &unwanted).await;

        let page = anton.get(&offered).await;
        page.is(200).shows("Aussonderung mit Dokumenten (0503)");
        let messages: Vec<&str> = page.body.split("href=\"").filter(|part| part.contains("/nachricht/")).collect();
        let package = messages.last().and_then(|part| part.split('"').next()).unwrap();
        let bytes = anton.get(package).await.is(200).bytes.clone();
        handed_over(&bytes, &offer, &wanted);
        // The documents are for the archive alone.
        rita.get(package).await.is(404);

        // The long-term store answers; a message of another process is refused.
        let answer = |process: &str| taken_over(process, &wanted);
        let other = answer("0b0d1f6e-2a77-4d0e-9c51-5d8f4f4f1a01");
        let at = format!("{offered}/antwort");
        let sent = anton.post_files(&at, &[], &[("datei", "0506.xml", other.as_bytes())]).await;
        sent.is(422).shows("gehört zu einer anderen Anbietung");
        anton.post_files(&at, &[], &[("datei", "0506.xml", b"<a/>".as_slice())]).await.is(422);
        let right = answer(&offer);
        let broken = anton.post_files_broken(&at, &[], &[("datei", "0506.xml", right.as_bytes())], 60).await;
        broken.is(422).shows("nicht ganz angekommen");
        anton.post_files(&at, &[], &[("datei", "0506.xml", answer(&offer).as_bytes())]).await.is(303);
        test.settle().await;
        anton.get(&offered).await.is(200).shows("abgeschlossen").shows("StAM 1 Nr. 7").hides("(0503)");
        anton.get(package).await.is(404);
        let mut both = [wanted.clone(), unwanted.clone()];
        both.sort();
        let mut now = due(&test).await;
        now.sort();
        assert_eq!(now, both);
        forgotten_with_the_last_case(&test, &offered).await;
        test.settle().await;
        let report = {
            let db = &test.city.db;
            journal::check::run(db, &test.app.evidence(), &[], &[], &mut |_| {}).await.unwrap()
        };
        assert!(report.is_whole(), "{report:?}");
    }
}

/// As `disposal` calls what it does every night.
#[derive(serde::Serialize, serde::Deserialize)]
struct ForgetMessages {}

impl jobs::Job for ForgetMessages {
    const NAME: &'static str = "disposal.forget-messages";
}

async fn forget_messages(test: &TestCity) {
    let cx = test.app.cx(&test.city, "test");
    db::write!(test.city.db, |tx| { jobs::enqueue(tx, &cx, &ForgetMessages {}).await }).unwrap();
    test.settle().await;
}

/// The messages name what was deleted: first to the archive alone, and then to nobody.
async fn forgotten_with_the_last_case(test: &TestCity, offered: &str) {
    forget_messages(test).await;
    crate::evidence::erase(test).await;
    let (mut rita, mut anton) = (staff(test, "rita.registratur").await, staff(test, "anton.archiv").await);
    let page = anton.get(offered).await;
    page.is(200).shows("Anbieteverzeichnis (0501)");
    let mut links = page.body.split("href=\"").filter(|part| part.contains("/nachricht/"));
    let package = links.next().and_then(|part| part.split('"').next()).unwrap();
    rita.get(offered).await.is(200).hides("(0501)");
    rita.get(package).await.is(404);
    anton.get(package).await.is(200);
    forget_messages(test).await;
    anton.get(offered).await.is(200).hides("(0501)").shows("Für Sie ist hier nichts da");
    anton.get(package).await.is(404);
}

/// A file that is offered to nobody.
const ELSEWHERE: [(&str, &str); 4] =
    [("entry", "61.50"), ("title", "Spielplatz"), ("unit", "dezernat-1"), ("confidentiality", "normal")];

/// How often the archive looked at the documents of a case.
async fn seen_by_the_archive(test: &TestCity, case: &str) -> i64 {
    let case: kernel::CaseId = case.parse().unwrap();
    let sql = "SELECT COUNT(*) AS n FROM records_access_log WHERE tenant = $1 AND case_id = $2 AND what = 'appraisal'";
    test.city.db.read().await.unwrap().one::<(i64,)>(sql, params![case]).await.unwrap().0
}

/// The nightly search of `privacy`.
#[derive(Serialize, Deserialize)]
struct FindDue {}

impl jobs::Job for FindDue {
    const NAME: &'static str = "privacy.find-due";
}

#[tokio::test(flavor = "multi_thread")]
async fn who_deletes_reads_what_it_is_about_as_far_as_they_see_the_case() {
    for test in TestCity::both(MODULES).await {
        let mut rita = staff(&test, "rita.registratur").await;
        // The archive has refused such cases once for all.
        let file = open_file(&mut rita, "33.20", "Bescheinigungen").await;
        let open = open_case(&mut rita, &file, "Quittungsblock").await;
        let sealed = [("entry", "33.20"), ("title", "Allein"), ("unit", "standesamt-sperrvermerke")];
        let file = id_in(rita.post("/intern/akten", &sealed).await.is(303));
        let sealed = open_case(&mut rita, &file, "Für niemanden sonst").await;
        for case in [&open, &sealed] {
            rita.post(&format!("/intern/vorgang/{case}/zda"), &[]).await.is(303);
        }
        let (open, sealed) = (number_of(&test, &open).await, number_of(&test, &sealed).await);
        test.later(24 * 366 * 3);
        let cx = test.app.cx(&test.city, "test");
        db::write!(test.city.db, |tx| { jobs::enqueue(tx, &cx, &FindDue {}).await }).unwrap();
        test.settle().await;

        let list = staff(&test, "rita.registratur").await.get("/intern/loeschlauf").await;
        list.is(200).shows(&open).shows("Quittungsblock").shows("33.20 Meldebescheinigungen").shows(&sealed);
        let list = staff(&test, "dora.datenschutz").await.get("/intern/loeschlauf").await;
        list.is(200).shows(&open).shows("Für Sie nicht einsehbar").hides("Quittungsblock");
        list.hides(&sealed).hides("Für niemanden sonst").shows("Ein weiterer Vorgang der Liste");
    }
}

async fn hold(clerk: &mut Browser, case: &str) {
    clerk.post(&format!("/intern/vorgang/{case}/sperre"), &[("reason", "")]).await.is(422);
    clerk.post(&format!("/intern/vorgang/{case}/sperre"), &[("reason", "Klage anhängig")]).await.is(303);
}

async fn lift(clerk: &mut Browser, case: &str) {
    let page = clerk.get(&format!("/intern/vorgang/{case}/sperre")).await;
    let button = page.body.split("action=\"").find(|part| part.contains("/aufheben")).expect("a hold in force");
    clerk.post(button.split('"').next().unwrap(), &[]).await.is(303);
}

/// Cases that the deletion run would take.
async fn due(test: &TestCity) -> Vec<String> {
    let mut cx = test.app.cx(&test.city, "test");
    cx.actor.via = vec!["privacy"];
    let asked = DueForDeletion { today: cx.today(), only: None, limit: 100 };
    let due = cx.ask(&mut test.city.db.read().await.unwrap(), asked).await.unwrap();
    due.into_iter().map(|due| due.case.to_string()).collect()
}

/// The package holds the message and the document, and nothing is missing.
fn handed_over(bytes: &[u8], offer: &str, case: &str) {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let names: Vec<(String, u64)> = (0..zip.len())
        .map(|at| {
            let file = zip.by_index(at).unwrap();
            (file.name().unwrap().into_owned(), file.size())
        })
        .collect();
    let mut xml = String::new();
    let name = format!("{offer}_Aussonderung.Aussonderung.0503.xml");
    zip.by_name(&name).unwrap().read_to_string(&mut xml).unwrap();
    let reading = xdomea::read(&xml).unwrap();
    assert_eq!(reading.dropped, []);
    let entries: Vec<_> = names.iter().map(|(name, size)| xdomea::package::Entry { name, size: *size }).collect();
    assert_eq!(xdomea::package::check(&reading.message, &entries, xdomea::package::Limits::default()), []);
    let xdomea::Inhalt::Aussonderung(content) = &reading.message.inhalt else { panic!("{xml}") };
    let [xdomea::model::Schriftgutobjekt::Vorgang(found)] = &content.schriftgutobjekte[..] else { panic!("{xml}") };
    assert_eq!(found.identifikation.id.as_str(), case);
    assert_eq!(found.dokumente.len(), 1);
    assert_eq!(found.dokumente[0].versionen.len(), 3, "every version is handed over");
}

/// 0506: the archive has the case.
fn taken_over(process: &str, case: &str) -> String {
    use xdomea::model::{AusgesondertesSgo, AussonderungImport, Nachrichtenkopf};
    let id = |text: &str| xdomea::Uuid::parse(text).unwrap();
    let message = xdomea::Message {
        kopf: Nachrichtenkopf {
            prozess_id: id(process),
            erstellungszeitpunkt: xdomea::DateTime::parse("2030-01-02T10:00:00+01:00").unwrap(),
            ..Nachrichtenkopf::default()
        },
        inhalt: xdomea::Inhalt::AussonderungImport(AussonderungImport::JeObjekt(vec![AusgesondertesSgo {
            id: id(case),
            erfolgreich: true,
            archivkennung: Some("StAM 1 Nr. 7".into()),
            ..AusgesondertesSgo::default()
        }])),
    };
    xdomea::write(&message).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_save_at_once_lose_nothing() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    let mut stefan = staff(&test, "stefan.muster").await;
    let mut sabine = staff(&test, "sabine.beispiel").await;
    let fields =
        [("entry", "10.10"), ("title", "Dienstanweisung"), ("unit", "standesamt"), ("confidentiality", "normal")];
    let file = id_in(stefan.post("/intern/akten", &fields).await.is(303));
    let case = open_case(&mut stefan, &file, "Neufassung").await;
    let document = add(&mut stefan, &case, "Entwurf").await;
    let at = format!("/intern/vorgang/{case}/dokument/{document}/fassungen");
    let version = |text: &str| format!("{text}\n").into_bytes();
    let save = [("stand", "1"), ("notiz", "Abschnitt 2 neu")];
    stefan.post_files(&at, &save, &[("datei", "a.txt", &version("Stefan"))]).await.is(303);
    sabine.post_files(&at, &save, &[("datei", "b.txt", &version("Sabine"))]).await.is(303);
    let page = sabine.get(&at).await;
    page.is(200).shows("Zwei haben gleichzeitig gespeichert").shows("Fassung 3").shows("Stefan Muster-Standesamt");
    let of = |n: u8| format!("/intern/vorgang/{case}/dokument/{document}/fassung/{n}");
    assert_eq!(sabine.get(&of(2)).await.is(200).bytes, version("Stefan"));
    assert_eq!(sabine.get(&of(3)).await.is(200).bytes, version("Sabine"));
    let shown = format!("/intern/vorgang/{case}/dokument/{document}");
    assert_eq!(stefan.get(&shown).await.is(200).bytes, version("Stefan"));
    sabine.post(&format!("{shown}/uebernehmen"), &[("fassung", "3")]).await.is(303);
    assert_eq!(stefan.get(&shown).await.is(200).bytes, version("Sabine"));
    let page = stefan.get(&at).await;
    page.is(200).hides("Zwei haben gleichzeitig gespeichert").shows("Fassung 4");
    assert_eq!(
        page.body.matches(">gilt<").count(),
        1,
        "taken over again, one version holds, though two have its bytes"
    );

    // Whoever has it out keeps others from taking it, until three days are over.
    stefan.post(&format!("{shown}/ausleihen"), &[]).await.is(303);
    sabine.post(&format!("{shown}/ausleihen"), &[]).await.is(409);
    test.later(24 * 4);
    let mut sabine = staff(&test, "sabine.beispiel").await;
    sabine.post(&format!("{shown}/ausleihen"), &[]).await.is(303);

    // The Bürgerbüro sees neither file nor case nor document.
    let mut mara = staff(&test, "melde.muster").await;
    mara.get(&format!("/intern/akte/{file}")).await.is(404);
    mara.get(&at).await.is(404);
    mara.get(&of(1)).await.is(404);
    mara.get("/intern/akten").await.is(200).hides("Dienstanweisung");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_file_plan_is_shown_before_it_is_released_and_keeps_what_is_used() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    let mut rita = staff(&test, "rita.registratur").await;
    open_file(&mut rita, "61.50", "Radweg").await;
    let at = "/intern/aktenplan/einspielen";
    let page = rita.get(at).await;
    let version = page.body.split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let header = "kennzeichen;titel;oberpunkt;gueltig_ab;jahre;grundlage;aussonderungsart\n";
    let faulty = format!("{header}61/50;;;2020-01-01;zwei;Regel;X\n");
    rita.post(at, &[("version", &version), ("table", &faulty)]).await.is(422).shows("keine Zahl von Jahren");
    // Types of files name these two.
    let named = ["10.10;Anweisungen;;2020-01-01;10;Regel;A\n", "61.26;Pläne im Muster;;2020-01-01;10;Regel;A\n"];
    let without = format!("{header}{}{}", named[0], named[1]);
    rita.post(at, &[("version", &version), ("table", &without)]).await.is(200).shows("entfällt");
    let release = [("version", version.as_str()), ("table", &without), ("release", "ja")];
    rita.post(at, &release).await.is(409).shows("liegen Akten");
    let used = "61.50;Anliegen der Leute;;2020-01-01;3;Regel;A\n";
    // Without what a type of files names the city would not open any more.
    let broken = format!("{header}{}{used}", named[0]);
    let release = [("version", version.as_str()), ("table", &broken), ("release", "ja")];
    rita.post(at, &release).await.is(409).shows("bebauungsplan");
    rita.get("/intern/aktenplan").await.is(200).shows("Bebauungspläne");
    let with = format!("{without}{used}");
    rita.post(at, &[("version", &version), ("table", &with), ("release", "ja")]).await.is(303);
    rita.get("/intern/aktenplan").await.is(200).shows("Anliegen der Leute").hides("Bebauungspläne");
    // Every node can use it, also one that starts.
    assert_eq!(house::content_faults(&test.app, &test.city.content), Vec::<String>::new());
    // A second release of the page that was looked at before it: somebody else was faster.
    rita.post(at, &[("version", &version), ("table", &with), ("release", "ja")]).await.is(409);
}

/// A city from before `disposal` was a room of its own: what was held, offered or settled then still is. So it is in one where the
/// step that says so found no rows.
#[tokio::test(flavor = "multi_thread")]
async fn holds_and_offers_of_an_older_database_still_count() {
    let now = records::MODULE.migrations.expect("steps of records");
    let mut older = Vec::new();
    for next in ["0012_disposal", "0015_held_again"] {
        let steps = now.steps.iter().position(|step| step.name == next).expect("a step of records");
        let before = db::Migrations { steps: &now.steps[..steps], ..now };
        older.extend(db::testing::both(&[before]).await);
    }
    for old in older {
        let id = kernel::Uuid::from_u128;
        let at = kernel::Timestamp::UNIX_EPOCH;
        db::write!(old.db, |tx| {
            let sql = "INSERT INTO records_file (tenant, id, plan, entry, year, title, opened_at)
                       VALUES ($1, $2, '61.50', '61.50', 2020, 'Radweg', $3)";
            tx.exec_one(sql, params![id(1), at]).await?;
            for (n, number) in [(11, "free"), (12, "held"), (13, "lifted"), (14, "offered"), (15, "settled")] {
                let sql =
                    "INSERT INTO records_case (tenant, id, file_id, number, service, title, unit, confidentiality,
                             cls, status, lang, party, family_key, opened_at, retention_years, retention_basis)
                           VALUES ($1, $2, $3, $4, '', '', '', 'normal', 1, 'done', 'de', $5, '', $6, 2, '')";
                tx.exec_one(sql, params![id(n), id(1), number, serde_json::json!({}), at]).await?;
            }
            let sql = "INSERT INTO records_hold (tenant, id, case_id, reason, set_by, set_at, lifted_at)
                       VALUES ($1, $2, $3, 'Klage', $4, $5, $6)";
            tx.exec_one(sql, params![id(21), id(12), id(2), at, None::<kernel::Timestamp>]).await?;
            tx.exec_one(sql, params![id(22), id(13), id(2), at, Some(at)]).await?;
            let sql = "INSERT INTO records_offer (tenant, id, state, made_at) VALUES ($1, $2, 'handed-over', $3)";
            tx.exec_one(sql, params![id(3), at]).await?;
            let sql = "INSERT INTO records_offered (tenant, offer_id, case_id, proposal, settled)
                       VALUES ($1, $2, $3, 'A', $4)";
            tx.exec_one(sql, params![id(3), id(14), false]).await?;
            tx.exec_one(sql, params![id(3), id(15), true]).await
        })
        .unwrap();
        let city = db::Db::open(&old.url, old.db.tenant(), &[now]).await.unwrap();
        let sql = "SELECT number, held, disposal FROM records_case WHERE tenant = $1 ORDER BY number";
        let cases: Vec<(String, bool, String)> = city.read().await.unwrap().list(sql, &[]).await.unwrap();
        let told = |number: &str, held: bool, disposal: &str| (number.to_owned(), held, disposal.to_owned());
        let expected = [
            told("free", false, ""),
            told("held", true, ""),
            told("lifted", false, ""),
            told("offered", false, "offered"),
            told("settled", false, "settled"),
        ];
        assert_eq!(cases, expected);
    }
}

/// While one of two holds is in force, the case is held.
#[tokio::test(flavor = "multi_thread")]
async fn the_last_hold_that_is_lifted_lets_a_case_go() {
    for test in TestCity::both(MODULES).await {
        let mut rita = staff(&test, "rita.registratur").await;
        let fields = [("entry", "61.50"), ("title", "Radweg"), ("unit", "dezernat-1"), ("confidentiality", "normal")];
        let file = id_in(&rita.post("/intern/akten", &fields).await);
        let sent = rita.post(&format!("/intern/akte/{file}/vorgang"), &[("title", "Ortstermin")]).await;
        let case = id_in(&sent);
        rita.post(&format!("/intern/vorgang/{case}/zda"), &[]).await.is(303);
        test.later(24 * 366 * 4);
        let mut rita = staff(&test, "rita.registratur").await;
        let at = format!("/intern/vorgang/{case}");
        rita.get(&at).await.is(200).shows("/sperre").hides("Klage anhängig");
        hold(&mut rita, &case).await;
        hold(&mut rita, &case).await;
        rita.get(&at).await.is(200).shows("Sperre gilt").shows("Klage anhängig");
        lift(&mut rita, &case).await;
        rita.get("/intern/aussonderung").await.is(200).shows("Nichts ist fällig");
        lift(&mut rita, &case).await;
        rita.get(&at).await.is(200).hides("Klage anhängig");
        rita.get("/intern/aussonderung").await.is(200).shows("Ein Vorgang ist anzubieten");
    }
}
