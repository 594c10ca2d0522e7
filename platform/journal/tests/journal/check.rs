use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
};

use db::{Db, Engine, Url};
use futures_util::future::BoxFuture;
use journal::{
    Checkpoints, SigningKey,
    check::{self, Contents, Fault, Report, Wrong},
    emit, emit_deleted, emit_evidence, emit_private, erase_private, settle,
};
use kernel::{Result, Subject, TenantId, Uuid};
use serde_json::{Map, Value, json};
use tempfile::tempdir;
use tlog::Checkpoint;

use crate::city::{Charged, FEE, MIGRATIONS, Noted, charge, cities, cx, fee, install};

/// Forty fees, notes with private parts, one erased subject, one deleted and one changed fee.
async fn fill(db: &Db) {
    let cx = cx();
    for n in 1..=40 {
        db::write!(db, |tx| {
            charge(tx, &cx, fee(n), n as i64).await?;
            emit_private(tx, &cx, &Noted { fee: fee(n), n: 1 }, json!({"name": "Muster"})).await
        })
        .unwrap();
    }
    db::write!(db, |tx| {
        erase_private(tx, &cx, Subject::from(fee(7))).await?;
        tx.exec("DELETE FROM fees_fee WHERE tenant = $1 AND id = $2", db::params![fee(8)]).await?;
        emit_deleted(tx, &cx, &Charged { fee: fee(8), cents: 0 }, None, &FEE).await?;
        tx.exec("UPDATE fees_fee SET paid = TRUE WHERE tenant = $1 AND id = $2", db::params![fee(9)]).await?;
        emit_evidence(tx, &cx, &Charged { fee: fee(9), cents: 9 }, None, &FEE).await
    })
    .unwrap();
    settle(db).await.unwrap();
}

async fn run(db: &Db, checkpoints: &[Checkpoint]) -> Report {
    check::run(db, &[FEE], checkpoints, &[], &mut |_| {}).await.unwrap()
}

fn faults(report: &Report) -> Vec<(Fault, &'static str, Option<i64>)> {
    report.findings.iter().map(|finding| (finding.fault, finding.table, finding.seq)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_journal_is_whole_with_erasures_deletions_and_entries_that_wait() {
    for test in cities().await {
        let empty = run(&test.db, &[]).await;
        assert!(empty.is_whole() && empty.entries == 0, "{empty:?}");
        fill(&test.db).await;
        let folder = tempdir().unwrap();
        let key = SigningKey::load_or_create(&folder.path().join("key")).unwrap();
        let kept = Checkpoints::new(folder.path().join("kept"), key, "meer/1").unwrap();
        kept.write(&mut test.db.read().await.unwrap(), cx().now()).await.unwrap();
        // On PostgreSQL these wait for their numbers; they count all the same.
        let cx = cx();
        db::write!(test.db, |tx| {
            charge(tx, &cx, fee(100), 5).await?;
            tx.exec("UPDATE fees_fee SET paid = FALSE WHERE tenant = $1 AND id = $2", db::params![fee(9)]).await?;
            emit_evidence(tx, &cx, &Charged { fee: fee(9), cents: 9 }, None, &FEE).await?;
            tx.exec("DELETE FROM fees_fee WHERE tenant = $1 AND id = $2", db::params![fee(10)]).await?;
            emit_deleted(tx, &cx, &Charged { fee: fee(10), cents: 0 }, None, &FEE).await?;
            erase_private(tx, &cx, Subject::from(fee(11))).await
        })
        .unwrap();
        let seen = Mutex::new(Vec::new());
        let report = check::run(&test.db, &[FEE], &kept.all().unwrap(), &[], &mut |p| seen.lock().unwrap().push(p))
            .await
            .unwrap();
        assert!(report.is_whole(), "{:?}", report.findings);
        let waiting = if test.db.engine() == Engine::Postgres { 4 } else { 0 };
        assert_eq!((report.waiting, report.entries, report.erased, report.checkpoints), (waiting, 87 - waiting, 2, 1));
        assert_eq!((report.tables[0].table, report.tables[0].rows), ("fees_fee", 39));
        let root = journal::root(&mut test.db.read().await.unwrap()).await.unwrap();
        assert_eq!(report.root, Some(root));
        assert!(seen.into_inner().unwrap().iter().any(|p| p.table == "journal_entry" && p.total == Some(p.done)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_end_at_every_place_without_losing_a_row() {
    let test = db::testing::sqlite(MIGRATIONS).await;
    install(&test.db);
    let cx = cx();
    for round in 0..3 {
        db::write!(test.db, |tx| {
            for n in 1..=700 {
                if round == 0 {
                    charge(tx, &cx, fee(n), 1).await?;
                } else {
                    let sql = "UPDATE fees_fee SET cents = cents + 1 WHERE tenant = $1 AND id = $2";
                    tx.exec(sql, db::params![fee(n)]).await?;
                    emit_evidence(tx, &cx, &Charged { fee: fee(n), cents: 0 }, None, &FEE).await?;
                }
            }
            Ok(())
        })
        .unwrap();
    }
    let report = run(&test.db, &[]).await;
    assert!(report.is_whole(), "{:?}", report.findings);
    assert_eq!((report.entries, report.tables[0].rows), (2100, 700));
}

/// A city file and the sqlite3 shell, as somebody with access to the disk would use it.
struct Burglar {
    _keep: db::testing::TestDb,
    path: PathBuf,
    db: Db,
}

impl Burglar {
    async fn new() -> Burglar {
        let test = db::testing::sqlite(MIGRATIONS).await;
        install(&test.db);
        fill(&test.db).await;
        let Url::Sqlite(path) = &test.url else { panic!("SQLite") };
        Burglar { path: path.clone(), db: test.db.clone(), _keep: test }
    }

    fn shell(&self, sql: &str) -> String {
        shell(&self.path, sql)
    }

    async fn faults(&self) -> Vec<(Fault, &'static str, Option<i64>)> {
        faults(&run(&self.db, &[]).await)
    }
}

fn shell(path: &Path, sql: &str) -> String {
    let output = Command::new("sqlite3").arg("-bail").arg(path).arg(sql).output().expect("sqlite3 is installed");
    assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

const ENTRY: &str = "journal_entry";
const ROW: &str = "fees_fee";

#[tokio::test(flavor = "multi_thread")]
async fn each_change_of_an_entry_is_named() {
    use Fault::*;
    let entry = |fault| vec![(fault, ENTRY, Some(20))];
    for (sql, expected) in [
        ("UPDATE journal_entry SET fact = replace(fact, '\"n\":1', '\"n\":2') WHERE seq = 20", entry(EntryChanged)),
        ("UPDATE journal_entry SET fact = 'x' WHERE seq = 20", entry(EntryChanged)),
        ("UPDATE journal_entry SET at = at + 1 WHERE seq = 20", entry(EntryChanged)),
        ("UPDATE journal_entry SET name = 'fees.charged' WHERE seq = 20", entry(EntryChanged)),
        ("UPDATE journal_entry SET actor = '{}' WHERE seq = 20", entry(EntryChanged)),
        ("UPDATE journal_entry SET subject_kind = 'case' WHERE seq = 20", entry(EntryChanged)),
        ("UPDATE journal_entry SET subject_id = x'00' WHERE seq = 20", entry(EntryChanged)),
        ("UPDATE journal_entry SET evidence = 'fees_fee' WHERE seq = 20", entry(EntryChanged)),
        ("UPDATE journal_entry SET leaf = zeroblob(32) WHERE seq = 20", entry(EntryChanged)),
        ("UPDATE journal_entry SET leaf = x'' WHERE seq = 20", entry(EntryChanged)),
        ("UPDATE journal_entry SET private_hash = zeroblob(32) WHERE seq = 20", entry(EntryChanged)),
        ("UPDATE journal_entry SET private = '{\"name\":\"Beispiel\"}' WHERE seq = 20", entry(EntryChanged)),
        ("UPDATE journal_entry SET salt = zeroblob(32) WHERE seq = 20", entry(EntryChanged)),
        ("UPDATE journal_entry SET salt = NULL WHERE seq = 20", entry(EntryChanged)),
        ("UPDATE journal_entry SET private = NULL, salt = NULL WHERE seq = 20", entry(PrivateMissing)),
        ("DELETE FROM journal_entry WHERE seq = 20", entry(EntryMissing)),
        (
            "UPDATE journal_entry SET seq = 1000 WHERE seq = 20",
            vec![(EntryAdded, ENTRY, Some(1000)), (EntryMissing, ENTRY, Some(20))],
        ),
        (
            "INSERT INTO journal_entry SELECT tenant, zeroblob(16), txn, ord, 84, at, name, subject_kind, subject_id,
             actor, evidence, fact, private, salt, private_hash, leaf FROM journal_entry WHERE seq = 20",
            vec![(EntryAdded, ENTRY, Some(84))],
        ),
        (
            "UPDATE journal_entry SET seq = -1 WHERE seq = 20; UPDATE journal_entry SET seq = 20 WHERE seq = 22;
             UPDATE journal_entry SET seq = 22 WHERE seq = -1",
            vec![(EntrySwapped, ENTRY, Some(20))],
        ),
        (
            "UPDATE journal_node SET hash = zeroblob(32) WHERE level = 3 AND idx = 4",
            vec![(NodeChanged, "journal_node", None)],
        ),
        ("DELETE FROM journal_node WHERE level = 6", vec![(NodeChanged, "journal_node", None)]),
        ("INSERT INTO journal_node VALUES (1, 9, 0, zeroblob(32))", vec![(NodeChanged, "journal_node", None)]),
        (
            "UPDATE journal_head SET frontier = zeroblob(length(frontier))",
            vec![(HeadChanged, "journal_head", Some(83))],
        ),
        ("UPDATE journal_head SET size = 9000000000000000000", vec![(HeadChanged, "journal_head", Some(83))]),
        ("DELETE FROM journal_head", vec![(HeadChanged, "journal_head", Some(83))]),
    ] {
        let city = Burglar::new().await;
        city.shell(sql);
        assert_eq!(city.faults().await, expected, "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_entry_that_fits_itself_does_not_fit_the_tree() {
    let city = Burglar::new().await;
    let fact = city.shell("SELECT fact FROM journal_entry WHERE seq = 20").replace("\"n\":1", "\"n\":2");
    let private = city.shell("SELECT hex(private_hash) FROM journal_entry WHERE seq = 20");
    let private: Vec<u8> = (0..32).map(|i| u8::from_str_radix(&private[2 * i..2 * i + 2], 16).unwrap()).collect();
    let forged = tlog::Entry { fact: fact.clone().into_bytes(), private: private.try_into().unwrap() };
    let leaf: String = forged.leaf_hash().unwrap().iter().map(|byte| format!("{byte:02x}")).collect();
    city.shell(&format!("UPDATE journal_entry SET fact = '{fact}', leaf = x'{leaf}' WHERE seq = 20"));
    assert_eq!(city.faults().await, [(Fault::EntryChanged, ENTRY, Some(20))]);
    city.shell(&format!("UPDATE journal_node SET hash = x'{leaf}' WHERE level = 0 AND idx = 19"));
    let found = city.faults().await;
    assert!(
        !found.is_empty()
            && found.iter().all(|(fault, ..)| *fault == Fault::NodeChanged || *fault == Fault::HeadChanged)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_of_an_evidential_row_is_named() {
    use Fault::*;
    let id = |n: u128| format!("x'{}'", fee(n).uuid().simple());
    let row = |n: u128, fault, seq| (fee(n).uuid(), (fault, ROW, seq));
    // Fee n is charged by entry 2n - 1; fee 9 was changed again by entry 83, fee 8 deleted by entry 82.
    for (sql, expected) in [
        (format!("UPDATE fees_fee SET cents = 0 WHERE id = {}", id(5)), row(5, RowChanged, Some(9))),
        (format!("UPDATE fees_fee SET reason = NULL WHERE id = {}", id(5)), row(5, RowChanged, Some(9))),
        (format!("UPDATE fees_fee SET paid = 0 WHERE id = {}", id(9)), row(9, RowChanged, Some(83))),
        (format!("UPDATE fees_fee SET due = 'x' WHERE id = {}", id(5)), row(5, RowChanged, Some(9))),
        (format!("UPDATE fees_fee SET receipt = x'00fe' WHERE id = {}", id(5)), row(5, RowChanged, Some(9))),
        (
            format!("UPDATE fees_fee SET extra = '{{\"b\":[1,null],\"a\":\"x\"}}' WHERE id = {}", id(5)),
            row(5, RowChanged, Some(9)),
        ),
        (format!("DELETE FROM fees_fee WHERE id = {}", id(40)), row(40, RowDeleted, Some(79))),
        (format!("DELETE FROM fees_fee WHERE id = {}", id(1)), row(1, RowDeleted, Some(1))),
        (
            format!("INSERT INTO fees_fee (tenant, id, cents, paid) VALUES (1, {}, 1, 0)", id(77)),
            row(77, RowAdded, None),
        ),
        (
            format!("INSERT INTO fees_fee (tenant, id, cents, paid) VALUES (1, {}, 8, 0)", id(8)),
            row(8, RowAdded, Some(82)),
        ),
        (
            format!(
                "UPDATE fees_fee SET id = zeroblob(16) WHERE id = {a}; UPDATE fees_fee SET id = {a} WHERE id = {b};
                 UPDATE fees_fee SET id = {b} WHERE id = zeroblob(16)",
                a = id(3),
                b = id(4)
            ),
            row(3, RowSwapped, Some(7)),
        ),
    ] {
        let city = Burglar::new().await;
        city.shell(&sql);
        let report = run(&city.db, &[]).await;
        assert_eq!(faults(&report), [expected.1], "{sql}");
        let finding = &report.findings[0];
        assert_eq!(finding.id, Some(expected.0), "{sql}");
        let named = [&finding.de, &finding.en];
        assert!(named.iter().all(|text| text.contains(ROW) && text.contains(&expected.0.to_string())), "{named:?}");
    }
    let city = Burglar::new().await;
    city.shell(&format!("UPDATE fees_fee SET id = x'0102' WHERE id = {}", id(5)));
    assert_eq!(city.faults().await, [(RowAdded, ROW, None), (RowDeleted, ROW, Some(9))]);
    // Hiding the entries of a changed row from the comparison is a change of its own.
    let city = Burglar::new().await;
    city.shell(&format!(
        "DELETE FROM fees_fee WHERE id = {a}; UPDATE journal_entry SET evidence = NULL WHERE seq = 9",
        a = id(5)
    ));
    assert_eq!(city.faults().await, [(EntryChanged, ENTRY, Some(9))]);
}

/// Cuts the last `n` entries with all that follows from them, as somebody who knows the program would.
async fn cut(city: &Burglar, n: u64) {
    let mut nodes = std::collections::HashMap::new();
    for line in city.shell("SELECT level || ' ' || idx || ' ' || hex(hash) FROM journal_node").lines() {
        let mut words = line.split(' ');
        let (level, index) =
            (words.next().unwrap().parse::<u8>().unwrap(), words.next().unwrap().parse::<u64>().unwrap());
        let hex = words.next().unwrap();
        let hash: Vec<u8> = (0..32).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect();
        nodes.insert((level, index), tlog::Hash::try_from(hash).unwrap());
    }
    let size = 83 - n;
    let tree = tlog::Frontier::load(size, |level, index| nodes.get(&(level, index)).copied()).unwrap();
    let edge: String = tree.hashes().concat().iter().map(|byte| format!("{byte:02x}")).collect();
    city.shell(&format!(
        "DELETE FROM journal_entry WHERE seq > {size}; DELETE FROM journal_node WHERE ((idx + 1) << level) > {size};
         UPDATE journal_head SET size = {size}, frontier = x'{edge}';"
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_tail_and_yesterdays_file_are_seen_against_a_checkpoint_kept_outside() {
    let folder = tempdir().unwrap();
    let key = SigningKey::load_or_create(&folder.path().join("key")).unwrap();
    let kept = Checkpoints::new(folder.path().join("kept"), key, "meer/1").unwrap();
    let city = Burglar::new().await;
    let yesterday = folder.path().join("yesterday.db");
    city.db.copy_to(yesterday.clone()).await.unwrap();
    let cx = cx();
    for n in 0..10 {
        db::write!(city.db, |tx| { emit(tx, &cx, &Noted { fee: fee(1), n }).await }).unwrap();
    }
    kept.write(&mut city.db.read().await.unwrap(), cx.now()).await.unwrap();
    let checkpoints = kept.all().unwrap();
    assert!(run(&city.db, &checkpoints).await.is_whole());

    let old = Db::open(&Url::Sqlite(yesterday), TenantId(1), MIGRATIONS).await.unwrap();
    install(&old);
    let report = run(&old, &checkpoints).await;
    assert_eq!(faults(&report), [(Fault::TailMissing, ENTRY, Some(83))]);
    assert!(report.findings[0].de.contains("83 Einträge") && report.findings[0].de.contains("bezeugt 93"));
    // The restored state goes on: it grows past the checkpoint and tells another past.
    for n in 0..20 {
        db::write!(old, |tx| { emit(tx, &cx, &Noted { fee: fee(2), n }).await }).unwrap();
    }
    assert_eq!(faults(&run(&old, &checkpoints).await), [(Fault::PastRewritten, ENTRY, Some(93))]);
    assert!(run(&old, &[]).await.is_whole(), "without a checkpoint nobody can know");

    let city = Burglar::new().await;
    kept_apart(&city, &folder.path().join("second"), async |checkpoints| {
        city.shell("DELETE FROM journal_entry WHERE seq > 73");
        let mut found = faults(&run(&city.db, checkpoints).await);
        found.retain(|(fault, ..)| *fault == Fault::EntryMissing);
        assert!(found.into_iter().map(|(.., seq)| seq).eq((74..=83).map(Some)));
    })
    .await;
    let city = Burglar::new().await;
    kept_apart(&city, &folder.path().join("third"), async |checkpoints| {
        cut(&city, 10).await;
        let found = faults(&run(&city.db, checkpoints).await);
        assert!(found.contains(&(Fault::TailMissing, ENTRY, Some(73))), "{found:?}");
        // What the cut entries recorded is there without them.
        let added: Vec<_> = run(&city.db, &[]).await.findings.iter().map(|finding| finding.fault).collect();
        assert!(added.contains(&Fault::RowAdded) && added.contains(&Fault::RowDeleted), "{added:?}");
    })
    .await;
}

async fn kept_apart(city: &Burglar, folder: &Path, then: impl AsyncFnOnce(&[Checkpoint])) {
    let key = SigningKey::load_or_create(&folder.join("key")).unwrap();
    let kept = Checkpoints::new(folder.join("kept"), key, "meer/1").unwrap();
    kept.write(&mut city.db.read().await.unwrap(), cx().now()).await.unwrap();
    then(&kept.all().unwrap()).await;
}

/// Says what is wrong with the bytes of some rows.
struct Shelf(Vec<(Uuid, Wrong)>);

impl Contents for Shelf {
    fn table(&self) -> &'static str {
        ROW
    }

    fn check<'a>(&'a self, id: Uuid, state: &'a Map<String, Value>) -> BoxFuture<'a, Result<Option<Wrong>>> {
        assert_eq!(state["receipt"], "00ff");
        let wrong = self.0.iter().find(|(wrong, _)| *wrong == id).map(|(_, wrong)| *wrong);
        Box::pin(async move { Ok(wrong) })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_contents_are_named_with_their_row() {
    for test in cities().await {
        fill(&test.db).await;
        let shelf = Shelf(vec![(fee(3).uuid(), Wrong::Missing), (fee(30).uuid(), Wrong::Changed)]);
        let report = check::run(&test.db, &[FEE], &[], &[&shelf], &mut |_| {}).await.unwrap();
        let found: Vec<_> = report.findings.iter().map(|finding| (finding.fault, finding.id)).collect();
        assert_eq!(
            found,
            [(Fault::ContentsMissing, Some(fee(3).uuid())), (Fault::ContentsChanged, Some(fee(30).uuid()))]
        );
        assert!(report.tables[0].contents);
    }
}
