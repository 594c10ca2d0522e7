//! What the whole house knows about whom: the export of one person, and that nobody is in any table who has neither an
//! account nor a case.

use std::collections::BTreeSet;

use db::{Engine, Url, params};
use kernel::{AccountId, CaseId};
use meer::modules::MODULES;
use serde_json::Value;
use testkit::{Browser, TestCity, form_of};

use crate::walks::{self, STAFF_PASSWORD};

const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\n%%EOF\n";

/// The table of contents of an export, as machines read it.
pub fn contents(package: &[u8]) -> Value {
    let start = package.windows(9).position(|w| w == b"{\"about\":").expect("auskunft.json in the package");
    serde_json::Deserializer::from_slice(&package[start..]).into_iter().next().unwrap().unwrap()
}

/// What a person did, each datum with a word of its own in it.
struct Life {
    browser: Browser,
    account: AccountId,
    cases: Vec<CaseId>,
    words: Vec<String>,
}

async fn set_purpose(browser: &mut Browser, draft: &str, purpose: &str) {
    let step = format!("{draft}/zweck");
    let shown = form_of(&browser.get(&step).await.body, &step);
    let stand = shown.iter().find(|(name, _)| name == "stand").map(|(_, value)| value.clone()).unwrap();
    browser.post(&step, &[("stand", &stand), ("zweck", purpose)]).await.is(303);
}

/// A certificate, a birth certificate that was paid and is being worked on, and a draft. Whose card differs from the
/// register is asked back by a clerk, and answers.
async fn live(test: &TestCity, card: &str, word: &str, differs: bool) -> Life {
    let mut words = Vec::new();
    let mut say = |what: &str| {
        let text = format!("{what} {word}");
        words.push(text.clone());
        text
    };
    let mut browser = test.browser();
    let draft = walks::certificate_of(&mut browser, card).await;
    set_purpose(&mut browser, &draft, &say("Verwendungszweck")).await;
    let certificate = walks::submit(&mut browser, &draft).await;
    test.settle().await;
    if differs {
        words.extend(asked_back(test, &mut browser, &certificate, word).await);
    }
    browser.get(&format!("/vorgang/{certificate}")).await.is(200).shows("Erledigt");

    let name = format!("Kind-{word}");
    let draft = walks::birth_certificate_of(&mut browser, (&name, "Toni"), ("1", "2", "1990")).await;
    words.push(name);
    let birth = walks::submit(&mut browser, &draft).await;
    walks::pay(test, &mut browser, &birth).await;

    let draft = walks::certificate_of(&mut browser, card).await;
    let text = format!("Entwurf {word}");
    set_purpose(&mut browser, &draft, &text).await;
    words.push(text);

    let cases: Vec<CaseId> = [certificate, birth].iter().map(|id| id.parse().unwrap()).collect();
    let mut rx = test.city.db.read().await.unwrap();
    let sql = "SELECT account_id FROM records_case WHERE tenant = $1 AND id = $2";
    let (account,) = rx.one::<(AccountId,)>(sql, params![cases[0]]).await.unwrap();
    for case in &cases {
        let sql = "SELECT number FROM records_case WHERE tenant = $1 AND id = $2";
        words.push(rx.one::<(String,)>(sql, params![*case]).await.unwrap().0);
    }
    let sql = "SELECT reference FROM payments_payment WHERE tenant = $1 AND case_id = $2";
    words.push(rx.one::<(String,)>(sql, params![cases[1]]).await.unwrap().0);
    drop(rx);
    Life { browser, account, cases, words }
}

/// A clerk asks, the applicant answers with a file, and the clerk lets the certificate be issued.
async fn asked_back(test: &TestCity, browser: &mut Browser, certificate: &str, word: &str) -> Vec<String> {
    let mut clerk = test.browser();
    clerk.staff_sign_in("melde.muster", STAFF_PASSWORD).await.is(200);
    let task = walks::claim(&mut clerk, certificate).await;
    let question = format!("Rückfrage {word}");
    walks::decide(test, &mut clerk, &task, &[("entscheidung", "rueckfrage"), ("rueckfrage_text", &question)]).await;
    let postbox = browser.get("/postfach").await;
    let message = postbox.body.split("href=\"").find(|part| part.starts_with("/postfach/")).expect("a question");
    let message = message.split('"').next().unwrap().to_owned();
    browser.get(&message).await.is(200);
    let (answer, file) = (format!("Antwort {word}"), format!("Nachweis-{word}.pdf"));
    let sent =
        browser.post_files(&format!("{message}/antwort"), &[("antwort", &answer)], &[("datei", &file, PDF)]).await;
    sent.is(303);
    test.settle().await;
    let task = walks::claim(&mut clerk, certificate).await;
    let note = format!("Vermerk {word}");
    let fields = [("entscheidung", "ausstellen"), ("ausstellen_grund", "umzug"), ("ausstellen_vermerk", &note)];
    walks::decide(test, &mut clerk, &task, &fields).await;
    vec![question, answer, file, note]
}

impl Life {
    async fn package(&mut self) -> Vec<u8> {
        let page = self.browser.post("/konto/meine-daten", &[]).await;
        page.is(200);
        assert_eq!(page.content_type, "application/zip");
        page.bytes
    }
}

/// The package is not compressed, so whatever is in it can be found in its bytes.
fn holds(package: &[u8], text: &str) -> bool {
    package.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_gets_every_datum_of_all_modules_and_nothing_of_another_person() {
    for test in TestCity::both(MODULES).await {
        let mut juergen = live(&test, "differing-address", "Juergenwort", true).await;
        let mut erika = live(&test, "erika", "Erikawort", false).await;
        juergen.words.extend(["Muster-Birke", "Jürgen", "Teststraße", "1971-01-05"].map(String::from));
        erika.words.extend(["Beispiel-Ahorn", "Musterweg", "1984-06-12"].map(String::from));
        let (his, hers) = (juergen.words.clone(), erika.words.clone());
        for (own, other) in [(&mut juergen, &hers), (&mut erika, &his)] {
            let package = own.package().await;
            let missing: Vec<_> = own.words.iter().filter(|word| !holds(&package, word)).collect();
            assert!(missing.is_empty(), "the export lacks {missing:?}");
            let foreign: Vec<_> = other.iter().filter(|word| holds(&package, word)).collect();
            assert!(foreign.is_empty(), "the export holds data of somebody else: {foreign:?}");
            every_table_with_rows_is_in(&test, own, &contents(&package)).await;
        }
        what_is_said_of_people_has_a_text(&test).await;
    }
}

/// An export holds the events that have a text; one with data of a person that has none would be kept from them.
async fn what_is_said_of_people_has_a_text(test: &TestCity) {
    let sql = "SELECT DISTINCT name FROM journal_entry
               WHERE tenant = $1 AND private IS NOT NULL AND subject_kind <> 'staff'";
    let names = test.city.db.read().await.unwrap().list::<(String,)>(sql, &[]).await.unwrap();
    assert!(!names.is_empty(), "nothing is said of anybody: does this test still look at the right place?");
    for (name,) in names {
        let key = name.replacen('.', "-event-", 1);
        assert!(test.app.texts.has(kernel::Lang::De, &key), "{key} is missing");
    }
}

/// Each table that says it holds data of a person, and does so of this one, is in the export.
async fn every_table_with_rows_is_in(test: &TestCity, life: &Life, contents: &Value) {
    let exported: BTreeSet<&str> =
        contents["tables"].as_array().unwrap().iter().map(|part| part["table"].as_str().unwrap()).collect();
    let mut filled = BTreeSet::new();
    let mut rx = test.city.db.read_long().await.unwrap();
    for table in MODULES.iter().flat_map(|module| module.tables) {
        let house::Holds::Person { by, export, .. } = table.holds else { continue };
        let ids: Vec<kernel::Uuid> = match by {
            house::Key::Account => vec![life.account.uuid()],
            house::Key::Case => life.cases.iter().map(|case| case.uuid()).collect(),
            house::Key::Staff => continue,
        };
        for id in ids {
            if !rx.query(export, params![id]).await.unwrap().is_empty() {
                filled.insert(table.name);
            }
        }
    }
    assert!(exported.is_superset(&filled), "filled {filled:?}, exported {exported:?}");
    for module in ["accounts", "services", "records", "desk", "registers", "payments", "certificates", "postbox"] {
        let of_module = |part: &Value| part["module"] == module;
        assert!(contents["tables"].as_array().unwrap().iter().any(of_module), "nothing of the module {module}");
    }
    let documents = contents["documents"].as_array().unwrap();
    assert!(documents.iter().filter(|document| document["path"] != "").count() >= 3, "the documents: {documents:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_of_every_module_says_whose_data_it_holds() {
    for test in TestCity::both(MODULES).await {
        let tables = privacy::tables(&mut test.city.db.read().await.unwrap()).await.unwrap();
        assert!(tables.len() > 40, "{tables:?}");
        assert_eq!(privacy::uncovered(&tables, MODULES), Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_exported_table_and_column_has_a_name_that_people_read() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    assert_eq!(privacy::unnamed(&test.app.texts, MODULES), Vec::<String>::new());
}

/// The text of every row of every table of a city on SQLite, by table.
fn rows(test: &TestCity) -> Vec<(String, String)> {
    let Url::Sqlite(path) = &test.city.url else { panic!("a SQLite city") };
    let dump = std::process::Command::new("sqlite3").arg(path).arg(".dump").output().expect("the sqlite3 shell");
    let dump = String::from_utf8_lossy(&dump.stdout).into_owned();
    let insert = |part: &str| {
        let (table, row) = part.split_once(" VALUES")?;
        Some((table.trim_matches('"').to_owned(), row.to_owned()))
    };
    dump.split("\nINSERT INTO ").skip(1).filter_map(insert).collect()
}

/// A person of the outside world, as the register knows them.
fn persons(value: &Value, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(map) => {
            if let (Some(key), Some(name)) = (map.get("key").and_then(Value::as_str), map.get("familyName")) {
                found.push((key.to_owned(), name.as_str().unwrap_or_default().to_owned()));
            }
            map.values().for_each(|inner| persons(inner, found));
        }
        Value::Array(list) => list.iter().for_each(|inner| persons(inner, found)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_in_any_table_who_has_neither_an_account_nor_a_case() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    walks::matched_certificate(&test).await;
    live(&test, "differing-address", "Juergenwort", true).await;
    let peer = peers::Peer::new("sandbox", &test.sandbox.base_url, None).unwrap();
    let mut known = Vec::new();
    persons(&peer.get("/sandbox/persons").await.unwrap().json().unwrap(), &mut known);
    assert!(known.len() > 20, "{known:?}");
    let rows = rows(&test);
    let tables: BTreeSet<&str> = rows.iter().map(|(table, _)| table.as_str()).collect();
    assert!(tables.contains("registers_request") && tables.contains("journal_entry"), "{tables:?}");
    // Their own data are where they belong, or this test would look at nothing.
    let found = |name: &str| {
        let here = |(table, row): &&(String, String)| table != "content_item" && row.contains(name);
        rows.iter().filter(here).map(|(table, _)| table.as_str()).collect::<BTreeSet<_>>()
    };
    assert!(found("Beispiel-Ahorn").contains("records_case"), "{:?}", found("Beispiel-Ahorn"));
    let actors = ["Beispiel-Ahorn", "Muster-Birke"];
    // Names of one letter stand in any text.
    for (key, name) in known.iter().filter(|(_, name)| name.chars().count() > 3 && !actors.contains(&name.as_str())) {
        assert_eq!(found(name), BTreeSet::new(), "{key} ({name}) has neither account nor case");
    }
    // Those who live with an applicant are not copied from the register either.
    for name in ["Nele", "\"Max\"", "Max Beispiel"] {
        assert_eq!(found(name), BTreeSet::new(), "{name} is only somebody's relative");
    }
}
