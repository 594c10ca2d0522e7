//! `meer check` after real work: whole; and after somebody's hand in the file or in the folder: named.

use db::Engine;
use meer::{check, modules::MODULES};
use testkit::TestCity;

use crate::walks;

async fn findings(test: &TestCity) -> Vec<String> {
    let report = check::city(&test.app, &test.city, &mut |_| {}).await.unwrap();
    report.findings.into_iter().map(|f| f.de).collect()
}

/// Runs a statement as somebody with the file and a shell would.
fn behind_the_back(test: &TestCity, sql: &str) {
    let db::Url::Sqlite(path) = &test.city.url else { panic!("a SQLite city") };
    let output = std::process::Command::new("sqlite3").arg(path).arg(sql).output().expect("the sqlite3 shell is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_changed_behind_the_programs_back_is_named() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    walks::matched_certificate(&test).await;
    assert_eq!(findings(&test).await, Vec::<String>::new(), "after honest work all is whole");

    behind_the_back(&test, "UPDATE records_case SET status = 'refused'");
    assert!(!findings(&test).await.is_empty(), "a changed case");
    behind_the_back(&test, "UPDATE records_case SET status = 'done'");
    assert_eq!(findings(&test).await, Vec::<String>::new(), "put back as it was");

    behind_the_back(&test, "DELETE FROM records_document");
    assert!(findings(&test).await.iter().any(|f| f.contains("gelöscht") || f.contains("fehlt")), "a deleted document");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_changed_byte_of_a_document_is_named() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    walks::matched_certificate(&test).await;
    let folder = test.app.config.data.join("meerbusch/files");
    let mut files = Vec::new();
    for dir in std::fs::read_dir(&folder).unwrap() {
        files.extend(std::fs::read_dir(dir.unwrap().path()).unwrap().map(|f| f.unwrap().path()));
    }
    let path = files.first().expect("a stored document");
    let mut bytes = std::fs::read(path).unwrap();
    bytes[20] ^= 1;
    std::fs::write(path, bytes).unwrap();
    assert_eq!(findings(&test).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_off_tail_is_seen_against_a_checkpoint_kept_outside() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    walks::matched_certificate(&test).await;
    test.city.checkpoints.write(&mut test.city.db.read().await.unwrap(), test.app.sources.now()).await.unwrap();
    behind_the_back(&test, "DELETE FROM journal_entry WHERE seq > (SELECT MAX(seq) FROM journal_entry) - 10");
    assert!(!findings(&test).await.is_empty());
}
