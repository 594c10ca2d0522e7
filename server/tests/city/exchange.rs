//! Files of another system taken over (Übernahme) and given out again (Ausgabe).
//!
//! `MEER_IMPORT_ROWS=100000` makes the big import; without it there are 2,000 rows.

use std::{fmt::Write as _, fs, path::Path, time::Duration};

use db::{Db, Engine};
use kernel::{Hash, sha256};
use meer::modules::MODULES;
use testkit::{Browser, TestCity};

use crate::walks::{STAFF_PASSWORD, id_in};

const ROWS: usize = 2_000;
const FOLDER: &str = "altes-dms";
const IMPORT: &str = "/intern/uebernahme";
const MAPPING: &str = "/intern/uebernahme/zuordnung";

fn rows() -> usize {
    std::env::var("MEER_IMPORT_ROWS").ok().and_then(|n| n.parse().ok()).unwrap_or(ROWS)
}

async fn staff(test: &TestCity, login: &str) -> Browser {
    let mut browser = test.browser();
    browser.staff_sign_in(login, STAFF_PASSWORD).await.is(200);
    browser
}

fn hex(hash: Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn content(n: usize) -> String {
    format!("Dokument {n} über den Weg\n")
}

const HEAD: &str = "Nr;Akte;Aktentitel;Plan;Vorgang;Vorgangstitel;Titel;Datum;Pfad;Prüfsumme;Stufe;Amt\n";

/// Rows of the table that are refused, and the reason.
const BAD: [(&str, &str); 10] = [
    ("D0;ALT-A0;Weg;Bau;ALT-C0;Anfrage;Doppelt;01.02.2020;d/0/0.txt;;offen;Amt 10\n", "double"),
    ("X1;ALT-A0;Weg;Nichts;ALT-C0;Anfrage;Plan;01.02.2020;d/0/0.txt;;offen;Amt 10\n", "entry"),
    ("X2;ALT-A0;Weg;Bau;ALT-C0;Anfrage;Fehlt;01.02.2020;d/0/fehlt.txt;;offen;Amt 10\n", "missing"),
    (
        "X3;ALT-A0;Weg;Bau;ALT-C0;Anfrage;Summe;01.02.2020;d/0/0.txt;00000000000000000000000000000000;offen;Amt 10\n",
        "checksum",
    ),
    ("X4;ALT-A0;Weg;Bau;ALT-C0;Anfrage;Datum;31.02.2020;d/0/0.txt;;offen;Amt 10\n", "date"),
    ("X5;ALT-A0;Weg;Bau;ALT-C0;Anfrage;Stufe;01.02.2020;d/0/0.txt;;geheim;Amt 10\n", "level"),
    ("X6;ALT-A0;Weg;Bau;ALT-C0;Anfrage;Amt;01.02.2020;d/0/0.txt;;offen;Amt 99\n", "unit"),
    ("X7;ALT-A0;Weg;Bau;ALT-C0;Anfrage;Hinaus;01.02.2020;../../../geheim.txt;;offen;Amt 10\n", "path"),
    ("X8;ALT-A0;Weg;Bau;ALT-C0;Anfrage;Strenger;01.02.2020;d/0/0.txt;;eng;Amt 10\n", "stricter"),
    ("X9;kaputt\n", "columns"),
];

/// Writes the export folder of an invented system: a table in windows-1252 and its files.
fn write_folder(root: &Path, rows: usize) {
    let folder = root.join(FOLDER);
    let mut table = HEAD.to_owned();
    for n in 0..rows {
        let place = format!("d/{}/{n}.txt", n % 100);
        let text = content(n);
        fs::create_dir_all(folder.join(format!("d/{}", n % 100))).unwrap();
        fs::write(folder.join(&place), &text).unwrap();
        // Every second row has a checksum.
        let sum = if n % 2 == 0 { hex(sha256(&[text.as_bytes()])) } else { String::new() };
        let (file, case, path) = (n / 100, n / 10, place.replace('/', "\\"));
        writeln!(
            table,
            "D{n};ALT-A{file};Straße {file};Bau;ALT-C{case};Anfrage {case};Schreiben {n};29.02.2020;{path};{sum};offen;Amt 10"
        )
        .unwrap();
    }
    for (row, _) in BAD {
        table.push_str(row);
    }
    let bytes: Vec<u8> = table.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    fs::write(folder.join("export.csv"), bytes).unwrap();
}

/// What the clerk says of the columns.
fn mapping() -> Vec<(&'static str, &'static str)> {
    vec![
        ("ordner", FOLDER),
        ("tabelle", "export.csv"),
        ("datumsform", "german"),
        ("feld-old-id", "Nr"),
        ("feld-file-number", "Akte"),
        ("feld-file-title", "Aktentitel"),
        ("feld-entry", "Plan"),
        ("feld-entry-woerter", "Bau = 61.50"),
        ("feld-case-number", "Vorgang"),
        ("feld-case-title", "Vorgangstitel"),
        ("feld-document-title", "Titel"),
        ("feld-document-date", "Datum"),
        ("feld-path", "Pfad"),
        ("feld-checksum", "Prüfsumme"),
        ("feld-level", "Stufe"),
        ("feld-level-woerter", "offen = normal\neng = vertraulich"),
        ("feld-unit", "Amt"),
        ("feld-unit-woerter", "Amt 10 = dezernat-1"),
    ]
}

async fn number(db: &Db, sql: &'static str) -> i64 {
    db.read_long().await.unwrap().one::<(i64,)>(sql, &[]).await.unwrap().0
}

/// Created, versions, unchanged and refused of a run that is done.
async fn counts(db: &Db, run: &str) -> (i64, i64, i64, i64) {
    let sql = "SELECT created, versions, unchanged, refused FROM exchange_run
               WHERE tenant = $1 AND id = $2 AND state = 'done'";
    let id: kernel::Uuid = run.parse().unwrap();
    db.read().await.unwrap().one(sql, db::params![id]).await.unwrap()
}

/// Chooses source and folder, says what the columns mean, and lets all rows be checked; answers the dry run.
async fn checked(test: &TestCity, clerk: &mut Browser, new: bool) -> String {
    checked_with(test, clerk, new, &[]).await
}

/// The same, with fields that say something else than [`mapping`].
async fn checked_with(
    test: &TestCity,
    clerk: &mut Browser,
    new: bool,
    other: &[(&'static str, &'static str)],
) -> String {
    let source = if new { "+" } else { "altes-dms" };
    let chosen = [("quelle", source), ("name", "Altes DMS"), ("ordner", FOLDER)];
    let way = clerk.post(IMPORT, &chosen).await.is(303).location.clone().unwrap();
    clerk.get(&way).await.is(200).shows("Zuordnung der Spalten");
    let mut fields: Vec<(&str, &str)> = mapping();
    fields.retain(|(name, _)| other.iter().all(|(changed, _)| changed != name));
    fields.extend(other);
    fields.push(("quelle", "altes-dms"));
    clerk.post(MAPPING, &fields).await.is(200).shows("Straße 0").shows("29.02.2020");
    fields.push(("weiter", "pruefen"));
    let run = id_in(clerk.post(MAPPING, &fields).await.is(303));
    test.settle().await;
    run
}

async fn import(clerk: &mut Browser, check: &str) -> String {
    let started = clerk.post(&format!("{IMPORT}/lauf/{check}/starten"), &[]).await;
    id_in(started.is(303))
}

const DOCUMENTS: &str = "SELECT COUNT(*) AS n FROM records_document WHERE tenant = $1";

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_taken_over_twice_without_doubles_and_every_refused_row_is_listed() {
    let rows = rows();
    let wanted = i64::try_from(rows).unwrap();
    for test in TestCity::both(MODULES).await {
        let root = test.app.config.data.join("imports").join("meerbusch");
        write_folder(&root, rows);
        let mut rita = staff(&test, "rita.registratur").await;
        let db = &test.city.db;
        let before = number(db, DOCUMENTS).await;
        let check = checked(&test, &mut rita, true).await;
        // Only the import itself knows how confidential the case is: the dry run finds all others.
        let bad = i64::try_from(BAD.len()).unwrap();
        assert_eq!(counts(db, &check).await, (wanted + 1, 0, 0, bad - 1));
        assert_eq!(number(db, DOCUMENTS).await, before, "a dry run writes nothing");

        let run = import(&mut rita, &check).await;
        // The program ends in the middle, twice, and goes on when the lease of the job has run out.
        for _ in 0..2 {
            let _ = tokio::time::timeout(Duration::from_millis(400), house::settle(&test.app, &test.city)).await;
            test.minutes_later(5);
        }
        test.settle().await;
        let mut rita = staff(&test, "rita.registratur").await;
        assert_eq!(counts(db, &run).await, (wanted, 0, 0, bad));
        assert_eq!(number(db, DOCUMENTS).await, before + wanted);

        let page = rita.get(&format!("{IMPORT}/lauf/{run}")).await;
        page.is(200).shows("Kennzeichen steht nicht im Aktenplan").shows("Dokument ist vertraulicher als sein Vorgang");
        let report = rita.get(&format!("{IMPORT}/lauf/{run}/bericht")).await;
        assert_eq!(report.is(200).body.lines().count(), BAD.len() + 1);
        assert!(!report.body.contains("D0") && !report.body.contains("geheim"), "words of a row: {}", report.body);
        for (at, (row, code)) in BAD.iter().enumerate() {
            // Behind the names of the columns and the good rows.
            let line = wanted + 2 + i64::try_from(at).unwrap();
            let sql = "SELECT COUNT(*) AS n FROM exchange_refused WHERE tenant = $1 AND line = $2 AND code = $3";
            let mut rx = db.read().await.unwrap();
            let (n,) = rx.one::<(i64,)>(sql, db::params![line, *code]).await.unwrap();
            assert!(n >= 1, "{row} {code}");
        }
        let words = "SELECT COUNT(*) AS n FROM exchange_refused WHERE tenant = $1 AND (old_id <> '' OR value <> '')";
        assert_eq!(number(db, words).await, 0, "nothing that stood in a row is kept");

        // The same folder again, then with one file changed.
        let again = import(&mut rita, &check).await;
        test.settle().await;
        assert_eq!(counts(db, &again).await, (0, 0, wanted, bad));
        fs::write(root.join(FOLDER).join("d/7/7.txt"), "anders\n").unwrap();
        let changed = import(&mut rita, &check).await;
        test.settle().await;
        assert_eq!(counts(db, &changed).await, (0, 1, wanted - 1, bad));
        assert_eq!(number(db, DOCUMENTS).await, before + wanted);

        // Old ids are found by whoever sees the case, and by nobody else.
        for old in ["ALT-C0", "D7", "ALT-A0"] {
            let found = rita.post("/intern/suche", &[("q", old)]).await;
            found.is(200).shows("Genau diese alte Kennung").shows("Anfrage 0");
        }
        let mut mara = staff(&test, "melde.muster").await;
        mara.post("/intern/suche", &[("q", "ALT-C0")]).await.is(200).hides("Anfrage 0");
        mara.get(IMPORT).await.is(403);
        mara.get(&format!("{IMPORT}/lauf/{run}")).await.is(403);

        test.settle().await;
        let report = journal::check::run(db, &test.app.evidence(), &[], &[], &mut |_| {}).await.unwrap();
        assert!(report.is_whole(), "{report:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_erased_is_not_taken_over_again() {
    for test in TestCity::both(MODULES).await {
        write_folder(&test.app.config.data.join("imports").join("meerbusch"), 20);
        let mut rita = staff(&test, "rita.registratur").await;
        let db = &test.city.db;
        let before = number(db, DOCUMENTS).await;
        let bad = i64::try_from(BAD.len()).unwrap();
        // Closed long ago, under an entry whose files the archive does not want.
        let over = [("feld-entry-woerter", "Bau = 33.20"), ("feld-closed-sonst", "01.06.2021")];
        let check = checked_with(&test, &mut rita, true, &over).await;
        let run = import(&mut rita, &check).await;
        test.settle().await;
        assert_eq!(counts(db, &run).await, (20, 0, 0, bad));

        crate::evidence::erase(&test).await;
        assert_eq!(number(db, DOCUMENTS).await, before);
        for gone in [
            "SELECT COUNT(*) AS n FROM records_origin_case WHERE tenant = $1",
            "SELECT COUNT(*) AS n FROM records_origin_document WHERE tenant = $1",
        ] {
            assert_eq!(number(db, gone).await, 0, "{gone}");
        }
        // Two cases and their twenty documents.
        let kept = "SELECT COUNT(*) AS n FROM records_erased_origin WHERE tenant = $1";
        assert_eq!(number(db, kept).await, 22);

        let mut rita = staff(&test, "rita.registratur").await;
        let check = checked_with(&test, &mut rita, false, &over).await;
        assert_eq!(counts(db, &check).await, (0, 0, 0, 20 + bad));
        let run = import(&mut rita, &check).await;
        test.settle().await;
        assert_eq!(counts(db, &run).await, (0, 0, 0, 20 + bad));
        let page = rita.get(&format!("{IMPORT}/lauf/{run}")).await;
        page.is(200).shows("Bereits gelöscht (Aussonderung/Löschung am");
        assert_eq!(number(db, DOCUMENTS).await, before);
        assert_eq!(number(db, kept).await, 22);
        // Ten years later nothing of them is left.
        forget_erased(&test).await;
        assert_eq!(number(db, kept).await, 22);
        test.later(24 * 366 * 10);
        forget_erased(&test).await;
        assert_eq!(number(db, kept).await, 0);
        let report = journal::check::run(db, &test.app.evidence(), &[], &[], &mut |_| {}).await.unwrap();
        assert!(report.is_whole(), "{report:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_part_in_a_file_sees_the_cases_that_are_taken_over_into_it() {
    for test in TestCity::both(MODULES).await {
        let root = test.app.config.data.join("imports").join("meerbusch");
        write_folder(&root, 20);
        let mut rita = staff(&test, "rita.registratur").await;
        let db = &test.city.db;
        let check = checked(&test, &mut rita, true).await;
        import(&mut rita, &check).await;
        test.settle().await;
        let sql = "SELECT file_id FROM records_origin_file WHERE tenant = $1 AND old = $2";
        let (file,): (kernel::Uuid,) = db.read().await.unwrap().one(sql, db::params!["ALT-A0"]).await.unwrap();
        let mut mara = staff(&test, "melde.muster").await;
        let at = format!("/intern/akte/{file}");
        mara.get(&at).await.is(404);
        let invited = [("stelle", "buergerbuero"), ("recht", "lesen"), ("grund", "Stellungnahme")];
        rita.post(&format!("{at}/beteiligung"), &invited).await.is(303);

        // Two more cases come into the same file.
        write_folder(&root, 40);
        let check = checked(&test, &mut rita, false).await;
        let run = import(&mut rita, &check).await;
        test.settle().await;
        assert_eq!(counts(db, &run).await.0, 20);
        mara.get(&at).await.is(200).shows("Anfrage 0").shows("Anfrage 3");
        let sql = "SELECT case_id FROM records_origin_case WHERE tenant = $1 AND old = $2";
        let (case,): (kernel::Uuid,) = db.read().await.unwrap().one(sql, db::params!["ALT-C3"]).await.unwrap();
        mara.get(&format!("/intern/vorgang/{case}")).await.is(200).shows("Anfrage 3");
        mara.get(&format!("/intern/vorgang/{case}/dokumente")).await.is(200).shows("Schreiben 30");
        test.settle().await;
        let report = journal::check::run(db, &test.app.evidence(), &[], &[], &mut |_| {}).await.unwrap();
        assert!(report.is_whole(), "{report:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_table_ends_the_run_and_a_folder_outside_is_none() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    let root = test.app.config.data.join("imports").join("meerbusch");
    write_folder(&root, 20);
    let mut rita = staff(&test, "rita.registratur").await;
    for folder in ["..", "../meerbusch", "nichts"] {
        let chosen = [("quelle", "+"), ("name", "Altes DMS"), ("ordner", folder)];
        rita.post(IMPORT, &chosen).await.is(422).shows("Wählen Sie den Ordner");
    }
    rita.post(IMPORT, &[("quelle", ""), ("ordner", FOLDER)]).await.is(422).shows("Wählen Sie das System");
    let check = checked(&test, &mut rita, true).await;
    let run = import(&mut rita, &check).await;
    fs::write(root.join(FOLDER).join("export.csv"), "a;b\n1;2\n").unwrap();
    test.settle().await;
    let at = format!("{IMPORT}/lauf/{run}");
    rita.get(&at).await.is(200).shows("Die Tabelle wurde seit dem Beginn geändert");
    write_folder(&root, 20);
    rita.post(&format!("{at}/fortsetzen"), &[]).await.is(303);
    test.settle().await;
    assert_eq!(counts(&test.city.db, &run).await.0, 20);
}

/// File, case, document and hash of every document.
async fn tree(db: &Db) -> Vec<(String, String, String, Hash)> {
    let sql = "SELECT f.title AS file, c.title AS matter, d.title, x.sha256 FROM records_document d
               JOIN records_case c ON c.tenant = d.tenant AND c.id = d.case_id
               JOIN records_file f ON f.tenant = c.tenant AND f.id = c.file_id
               JOIN files_file x ON x.tenant = d.tenant AND x.id = d.file_id
               WHERE d.tenant = $1";
    let mut all: Vec<(String, String, String, Hash)> = db.read_long().await.unwrap().list(sql, &[]).await.unwrap();
    all.sort();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_out_is_the_same_in_another_city() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    write_folder(&test.app.config.data.join("imports").join("meerbusch"), 120);
    let mut rita = staff(&test, "rita.registratur").await;
    let check = checked(&test, &mut rita, true).await;
    import(&mut rita, &check).await;
    test.settle().await;

    rita.post("/intern/ausgabe", &[]).await.is(303);
    test.settle().await;
    let page = rita.get("/intern/ausgabe").await;
    page.is(200).shows("fertig").shows("Inhaltsverzeichnis");
    let id = page.body.split("/intern/ausgabe/").nth(1).and_then(|rest| rest.split('/').next()).unwrap().to_owned();
    rita.get(&format!("/intern/ausgabe/{id}/inhalt")).await.is(200).shows("Straße 1");

    let other = house::open_city(&test.app, &testkit::cities().join("musterstadt")).await.unwrap();
    let place = test.app.config.data.join("imports").join("musterstadt");
    fs::create_dir_all(&place).unwrap();
    fs::rename(test.app.config.data.join("exports").join("meerbusch").join(&id), place.join("aus-meerbusch")).unwrap();
    let mut clerk = test.browser().at_host("musterstadt.localhost");
    let cx = test.app.cx(&other, "test");
    db::write!(other.db, |tx| {
        let all = identity::all_staff(tx).await?;
        let id = all.iter().find(|staff| staff.login == "melde.muster").map(|staff| staff.id);
        let id = id.ok_or(kernel::Error::NotFound)?;
        identity::give_grant(tx, &cx, id, "registratur", None, cx.today(), None).await
    })
    .unwrap();
    clerk.staff_sign_in("melde.muster", STAFF_PASSWORD).await.is(200);
    let chosen = [("quelle", "+"), ("name", "Meerbusch"), ("ordner", "aus-meerbusch")];
    let way = clerk.post(IMPORT, &chosen).await.is(303).location.clone().unwrap();
    // The own column names are recognised: nothing is left to be said.
    let form = clerk.get(&way).await;
    let mut fields = testkit::form_of(&form.is(200).body, MAPPING);
    for field in ["old-id", "version", "file-number", "file-title", "part-of", "entry", "case-number", "case-title"] {
        fields.push((format!("feld-{field}"), column(field)));
    }
    for field in ["closed", "document-title", "document-date", "path", "checksum", "level", "unit"] {
        fields.push((format!("feld-{field}"), column(field)));
    }
    fields.push(("tabelle".into(), "akten.csv".into()));
    fields.push(("datumsform".into(), "iso".into()));
    fields.push(("weiter".into(), "pruefen".into()));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let check = id_in(clerk.post(MAPPING, &fields).await.is(303));
    assert!(house::settle(&test.app, &other).await.unwrap().is_empty());
    let run = import(&mut clerk, &check).await;
    assert!(house::settle(&test.app, &other).await.unwrap().is_empty());
    assert_eq!(counts(&other.db, &run).await, (120, 0, 0, 0));
    assert_eq!(tree(&test.city.db).await, tree(&other.db).await);
}

/// As `records` calls what it does every night.
#[derive(serde::Serialize, serde::Deserialize)]
struct ForgetErased {}

impl jobs::Job for ForgetErased {
    const NAME: &'static str = "records.forget-erased";
}

async fn forget_erased(test: &TestCity) {
    let cx = test.app.cx(&test.city, "test");
    db::write!(test.city.db, |tx| { jobs::enqueue(tx, &cx, &ForgetErased {}).await }).unwrap();
    test.settle().await;
}

/// As `exchange` calls what it does every ten minutes.
#[derive(serde::Serialize, serde::Deserialize)]
struct EndBroken {}

impl jobs::Job for EndBroken {
    const NAME: &'static str = "exchange.end-broken";
}

async fn end_broken(test: &TestCity) {
    let cx = test.app.cx(&test.city, "test");
    db::write!(test.city.db, |tx| { jobs::enqueue(tx, &cx, &EndBroken {}).await }).unwrap();
    test.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_works_on_any_more_is_marked_and_started_again() {
    for test in TestCity::both(MODULES).await {
        write_folder(&test.app.config.data.join("imports").join("meerbusch"), 20);
        let mut rita = staff(&test, "rita.registratur").await;
        let check = checked(&test, &mut rita, true).await;
        let run = import(&mut rita, &check).await;
        rita.post("/intern/ausgabe", &[]).await.is(303);
        // Nothing ran yet: a job that waits is no broken one.
        db::write!(test.city.db, |tx| {
            let sql = "UPDATE jobs_job SET due = $2 WHERE tenant = $1 AND name LIKE 'exchange.%'";
            let later = test.app.sources.now().checked_add(Duration::from_secs(3600));
            tx.exec(sql, db::params![later.map_err(kernel::Error::internal)?]).await
        })
        .unwrap();
        end_broken(&test).await;
        rita.get("/intern/ausgabe").await.is(200).shows("läuft").hides("Noch einmal starten");

        // Given up after the program died in it again and again.
        db::write!(test.city.db, |tx| {
            let sql = "UPDATE jobs_job SET state = 'dead' WHERE tenant = $1 AND name LIKE 'exchange.%'";
            tx.exec(sql, &[]).await
        })
        .unwrap();
        end_broken(&test).await;
        let page = rita.get("/intern/ausgabe").await;
        page.is(200).shows("abgebrochen").shows("Noch einmal starten");
        let at = page.body.split("action=\"").find(|part| part.starts_with("/intern/ausgabe/")).unwrap();
        rita.post(at.split('"').next().unwrap(), &[]).await.is(303);
        let at = format!("{IMPORT}/lauf/{run}");
        rita.get(&at).await.is(200).shows("Der Lauf ist abgebrochen").shows("mehrmals ausgefallen");
        rita.post(&format!("{at}/fortsetzen"), &[]).await.is(303);
        test.settle().await;
        rita.get("/intern/ausgabe").await.is(200).shows("fertig");
        assert_eq!(counts(&test.city.db, &run).await.0, 20);
    }
}

/// Column of a field in what is given out.
fn column(field: &str) -> String {
    let name = match field {
        "old-id" => "kennung",
        "version" => "fassung",
        "file-number" => "aktenzeichen",
        "file-title" => "aktentitel",
        "part-of" => "teil_von",
        "entry" => "kennzeichen",
        "case-number" => "vorgangszeichen",
        "case-title" => "vorgangstitel",
        "closed" => "zda",
        "document-title" => "dokumenttitel",
        "document-date" => "datum",
        "path" => "datei",
        "checksum" => "sha256",
        "level" => "vertraulichkeit",
        _ => "einheit",
    };
    name.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filing_plan_of_xdomea_is_shown_before_it_is_released() {
    use xdomea::model::{
        Aktenplan, Aktenplanaustausch, Aktenplaneinheit, AktenplaneinheitAktenplan, Aufbewahrungsdauer, Bewertung,
        Nachrichtenkopf,
    };
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    let mut rita = staff(&test, "rita.registratur").await;
    let entry = |kennzeichen: &str, inhalt: &str| AktenplaneinheitAktenplan {
        einheit: Aktenplaneinheit {
            kennzeichen: Some(kennzeichen.into()),
            inhaltsangabe: Some(inhalt.into()),
            ..Aktenplaneinheit::default()
        },
        aussonderungsart: Bewertung::default(),
        aufbewahrungsdauer: Aufbewahrungsdauer::Jahre(10),
        ..AktenplaneinheitAktenplan::default()
    };
    // The last two are named by types of files of the city.
    let entries = [("77.10", "Grünflächen im Muster"), ("61.26", "Bebauungspläne"), ("10.10", "Dienstanweisungen")];
    let message = xdomea::Message {
        kopf: Nachrichtenkopf {
            prozess_id: xdomea::Uuid::parse("0b0d1f6e-2a77-4d0e-9c51-5d8f4f4f1a01").unwrap(),
            erstellungszeitpunkt: xdomea::DateTime::parse("2026-01-02T10:00:00+01:00").unwrap(),
            ..Nachrichtenkopf::default()
        },
        inhalt: xdomea::Inhalt::Aktenplan(Aktenplanaustausch {
            aktenplan: Aktenplan {
                bezeichnung: "Musterplan".into(),
                version: "2".into(),
                einheiten: entries.map(|(kennzeichen, inhalt)| entry(kennzeichen, inhalt)).into(),
                ..Aktenplan::default()
            },
            ..Aktenplanaustausch::default()
        }),
    };
    let xml = xdomea::write(&message).unwrap();
    let at = "/intern/aktenplan/einspielen";
    let file = format!("{at}/datei");
    rita.post_files(&file, &[], &[("datei", "kaputt.xml", b"<a/>".as_slice())]).await.is(422);
    let page = rita.post_files(&file, &[], &[("datei", "plan.xdomea", xml.as_bytes())]).await;
    page.is(200).shows("Grünflächen im Muster");
    rita.get("/intern/aktenplan").await.is(200).hides("Grünflächen im Muster");
    let version = page.body.split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let release = [("version", version.as_str()), ("table", &xml), ("release", "ja")];
    rita.post(at, &release).await.is(303);
    rita.get("/intern/aktenplan").await.is(200).shows("Grünflächen im Muster");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_names_a_file_that_is_led_elsewhere() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    let mut rita = staff(&test, "rita.registratur").await;
    let fields = [("entry", "61.50"), ("title", "Radweg"), ("unit", "dezernat-1"), ("confidentiality", "normal")];
    let file = id_in(rita.post("/intern/akten", &fields).await.is(303));
    let case = rita.post(&format!("/intern/akte/{file}/vorgang"), &[("title", "Ortstermin")]).await;
    let case = id_in(case.is(303));
    for base in [format!("/intern/vorgang/{case}"), format!("/intern/akte/{file}")] {
        let at = format!("{base}/verweise");
        let evil = [("system", "Bauverfahren"), ("kennung", "B 7"), ("adresse", "javascript:alert(1)")];
        rita.post(&at, &evil).await.is(422).shows("https://").shows("Bauverfahren");
        let good = [("system", "Bauverfahren"), ("kennung", "B 7"), ("adresse", "https://bau.example/7")];
        rita.post(&at, &good).await.is(303);
        rita.get(&base).await.is(200).shows("Wird geführt in Bauverfahren: B 7").shows("https://bau.example/7");
        let mut mara = staff(&test, "melde.muster").await;
        mara.get(&at).await.is(404);
    }
}
