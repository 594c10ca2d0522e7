//! The same statements, values and rules on both engines; writers who share a commit.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use db::{BeforeCommit, Db, Engine, Migrations, Rx, Step, Tx, V, params, testing};
use kernel::{Date, Error, Money, Result, TenantId, Timestamp, Uuid};
use serde_json::json;

const MIGRATIONS: &[Migrations] = &[Migrations {
    module: "notes",
    steps: &[Step {
        name: "0001",
        sql: "CREATE TABLE note (tenant BIGINT NOT NULL, id UUID NOT NULL, title TEXT, cents BIGINT, day DATE,\n \
              at TIMESTAMPTZ, done BOOLEAN, raw BYTEA, extra JSONB, share FLOAT8,\n PRIMARY KEY (tenant, id));\n\
              CREATE UNIQUE INDEX note_title ON note (tenant, title);",
    }],
}];

db::record! {
    #[derive(Debug, PartialEq)]
    struct Note {
        id: Uuid,
        title: Option<String>,
        cents: Option<i64>,
        day: Option<Date>,
        at: Option<Timestamp>,
        done: Option<bool>,
        raw: Option<Vec<u8>>,
        extra: Option<serde_json::Value>,
        share: Option<f64>,
    }
}

async fn add(tx: &mut Tx, n: u128, title: &str) -> Result<()> {
    let sql = "INSERT INTO note (tenant, id, title, cents) VALUES ($1, $2, $3, $4)";
    tx.exec_one(sql, params![Uuid::from_u128(n), title, Money(1)]).await
}

async fn count(rx: &mut Rx) -> Result<i64> {
    Ok(rx.one::<(i64,)>("SELECT COUNT(*) AS n FROM note WHERE tenant = $1", &[]).await?.0)
}

async fn seen(db: &Db) -> i64 {
    count(&mut db.read().await.unwrap()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_type_and_its_null_comes_back_as_it_went_in() {
    for test in testing::both(MIGRATIONS).await {
        let id = Uuid::from_u128(7);
        let at: Timestamp = "2026-03-29T01:30:00.000001Z".parse().unwrap();
        let day: Date = "2024-02-29".parse().unwrap();
        let full = vec![
            V::from(id),
            V::from("Ärger \" ' \u{0}".replace('\u{0}', "")),
            V::from(-5i64),
            V::from(day),
            V::from(at),
            V::from(true),
            V::from(vec![0u8, 255]),
            V::from(json!({"a": [1, null, "ö"]})),
            V::from(0.5),
        ];
        let empty = vec![
            V::from(Uuid::from_u128(8)),
            V::Text(None),
            V::I64(None),
            V::Date(None),
            V::Time(None),
            V::Bool(None),
            V::Bytes(None),
            V::Json(None),
            V::F64(None),
        ];
        // The order of the numbers in the text differs from their order in the list on purpose.
        let insert = "INSERT INTO note (tenant, share, extra, raw, done, at, day, cents, title, id)
             VALUES ($1, $10, $9, $8, $7, $6, $5, $4, $3, $2)";
        db::write!(test.db, |tx| {
            tx.exec_one(insert, &full).await?;
            tx.exec_one(insert, &empty).await
        })
        .unwrap();
        let mut rx = test.db.read().await.unwrap();
        let notes = rx.list::<Note>("SELECT * FROM note WHERE tenant = $1 ORDER BY id", &[]).await.unwrap();
        assert_eq!(notes[0].at, Some(at));
        assert_eq!(notes[0].day, Some(day));
        assert_eq!(notes[0].extra, Some(json!({"a": [1, null, "ö"]})));
        assert_eq!(notes[0].raw.as_deref(), Some(&[0u8, 255][..]));
        assert_eq!((notes[0].id, notes[0].cents, notes[0].done, notes[0].share), (id, Some(-5), Some(true), Some(0.5)));
        assert_eq!(notes[0].title.as_deref(), Some("Ärger \" ' "));
        assert_eq!(notes[1].title, None);
        assert_eq!((notes[1].at, notes[1].raw.is_none(), notes[1].extra.is_none()), (None, true, true));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_body_leaves_nothing_and_a_read_view_cannot_write() {
    for test in testing::both(MIGRATIONS).await {
        let result: Result<()> = db::write!(test.db, |tx| {
            add(tx, 1, "a").await?;
            assert_eq!(count(tx).await?, 1, "a transaction sees its own rows");
            Err(Error::refused("no"))
        });
        assert_eq!(result.unwrap_err().code(), "no");
        assert_eq!(seen(&test.db).await, 0);

        let twice: Result<()> = db::write!(test.db, |tx| {
            add(tx, 1, "same").await?;
            add(tx, 2, "same").await
        });
        assert!(matches!(twice, Err(Error::Internal(_))), "{twice:?}");
        assert_eq!(seen(&test.db).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_others_always_get_in_the_way_of_is_given_up_after_five_seconds() {
    let test = testing::sqlite(MIGRATIONS).await;
    let started = std::time::Instant::now();
    let mut runs = 0;
    let busy: Result<()> = db::write!(test.db, |tx| {
        runs += 1;
        add(tx, 1, "never").await?;
        Err(Error::Again)
    });
    let took = started.elapsed();
    assert!(matches!(busy, Err(Error::Again)), "{busy:?}");
    // The lease of a job is 30 seconds, and its end is written within a third of it and one more such wait.
    assert!(took >= Duration::from_secs(4) && took < Duration::from_secs(8), "{took:?}");
    assert!(runs > 5, "{runs} runs");
    assert_eq!(seen(&test.db).await, 0);
}

/// Work in the commit that fails once, and then not any more.
struct FailsOnce {
    how: fn() -> Error,
    failed: AtomicU32,
}

impl BeforeCommit for FailsOnce {
    fn run<'a>(&'a self, _: &'a mut Tx) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>> {
        let first = self.failed.fetch_add(1, Ordering::SeqCst) == 0;
        Box::pin(async move { if first { Err((self.how)()) } else { Ok(()) } })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_runs_again_only_when_somebody_was_in_the_way() {
    // As a full disk comes out of the commit, and as another writer does.
    let hows: [(fn() -> Error, bool); 2] =
        [(|| Error::internal("database or disk is full"), false), (|| Error::Again, true)];
    for (how, goes_on) in hows {
        let test = testing::sqlite(MIGRATIONS).await;
        test.db.set_before_commit(Arc::new(FailsOnce { how, failed: AtomicU32::new(0) }));
        let mut runs = 0;
        let written: Result<()> = db::write!(test.db, |tx| {
            runs += 1;
            add(tx, 1, "a").await
        });
        if goes_on {
            assert!(written.is_ok() && runs == 2, "{written:?} after {runs} runs");
        } else {
            let error = written.unwrap_err();
            assert!(matches!(error, Error::Internal(_)) && runs == 1, "{error} after {runs} runs");
            assert!(error.to_string().contains("disk is full"), "{error}");
        }
        assert_eq!(seen(&test.db).await, i64::from(goes_on));
        db::write!(test.db, |tx| { add(tx, 2, "b").await }).unwrap();
        assert_eq!(seen(&test.db).await, 1 + i64::from(goes_on), "afterwards it goes on");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_breaks_a_rule_of_the_schema_is_a_fault_and_not_busy() {
    const LINKS: &[Migrations] = &[Migrations {
        module: "links",
        steps: &[Step {
            name: "0001",
            sql: "CREATE TABLE page (tenant BIGINT NOT NULL, id UUID NOT NULL, PRIMARY KEY (tenant, id));\n\
                  CREATE TABLE link (tenant BIGINT NOT NULL, page UUID NOT NULL, PRIMARY KEY (tenant, page),\n\
                  FOREIGN KEY (tenant, page) REFERENCES page (tenant, id) DEFERRABLE INITIALLY DEFERRED);",
        }],
    }];
    for test in testing::both(LINKS).await {
        let mut runs = 0;
        let written: Result<()> = db::write!(test.db, |tx| {
            runs += 1;
            let sql = "INSERT INTO link (tenant, page) VALUES ($1, $2)";
            tx.exec_one(sql, params![Uuid::from_u128(1)]).await
        });
        assert!(matches!(written, Err(Error::Internal(_))) && runs == 1, "{written:?} after {runs} runs");
        let sql = "SELECT COUNT(*) AS n FROM link WHERE tenant = $1";
        assert_eq!(test.db.read().await.unwrap().one::<(i64,)>(sql, &[]).await.unwrap().0, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_city_sees_and_changes_nothing() {
    for test in testing::both(MIGRATIONS).await {
        db::write!(test.db, |tx| { add(tx, 1, "mine").await }).unwrap();
        let other = Db::open(&test.url, TenantId(2), MIGRATIONS).await.unwrap();
        assert_eq!(seen(&other).await, 0);
        let changed = db::write!(other, |tx| { tx.exec("UPDATE note SET title = 'x' WHERE tenant = $1", &[]).await });
        assert_eq!(changed.unwrap(), 0);
        if test.db.engine() == Engine::Postgres {
            // The second belt: even a text that forgets its tenant is held back by row-level security.
            let mut rx = other.read().await.unwrap();
            let n =
                rx.one::<(i64,)>("SELECT COUNT(*) AS n FROM note WHERE $1 > CAST(0 AS BIGINT)", &[]).await.unwrap().0;
            assert_eq!(n, 0);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_writers_lose_nothing() {
    for test in testing::both(MIGRATIONS).await {
        let db = test.db.clone();
        db::write!(db, |tx| { add(tx, 0, "0").await }).unwrap();
        let tasks: Vec<_> = (0..32)
            .map(|_| {
                let db = db.clone();
                tokio::spawn(async move {
                    db::write!(db, |tx| {
                        let sql = "SELECT cents FROM note WHERE tenant = $1 AND id = $2";
                        let (have,) = tx.one::<(i64,)>(sql, params![Uuid::from_u128(0)]).await?;
                        tokio::task::yield_now().await;
                        let sql = "UPDATE note SET cents = $3 WHERE tenant = $1 AND id = $2";
                        tx.exec_one(sql, params![Uuid::from_u128(0), have + 1]).await
                    })
                })
            })
            .collect();
        let mut done = 0;
        for task in tasks {
            done += i64::from(task.await.unwrap().is_ok());
        }
        let mut rx = db.read().await.unwrap();
        let sql = "SELECT cents FROM note WHERE tenant = $1";
        assert_eq!(rx.one::<(i64,)>(sql, &[]).await.unwrap().0, 1 + done);
        assert_eq!(done, 32, "writers of one city queue and never collide");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_share_commits_and_each_keeps_or_loses_its_own_work() {
    for test in testing::both(MIGRATIONS).await {
        let before = test.db.commit_count();
        let tasks: Vec<_> = (0..200u128)
            .map(|n| {
                let db = test.db.clone();
                tokio::spawn(async move {
                    db::write!(db, |tx| {
                        add(tx, n + 1, &n.to_string()).await?;
                        if n % 5 == 0 { Err(Error::refused("every-fifth")) } else { Ok(()) }
                    })
                })
            })
            .collect();
        for (n, task) in tasks.into_iter().enumerate() {
            assert_eq!(task.await.unwrap().is_ok(), n % 5 != 0);
        }
        assert_eq!(seen(&test.db).await, 160);
        let commits = test.db.commit_count() - before;
        assert!(commits < 100, "{commits} commits for 160 writers: nobody shared");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_request_dropped_anywhere_takes_only_its_own_work_along() {
    for test in testing::both(MIGRATIONS).await {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for n in 0..300u128 {
            let (db, kept) = (test.db.clone(), kept.clone());
            tasks.push(tokio::spawn(async move {
                let work = async {
                    let result: Result<()> = db::write!(db, |tx| {
                        add(tx, n + 1, &n.to_string()).await?;
                        if n % 3 == 0 {
                            tokio::time::sleep(Duration::from_micros(300)).await;
                        }
                        Ok(())
                    });
                    if result.is_ok() {
                        kept.lock().unwrap().push(n.to_string());
                    }
                };
                // Some have time, however slow the machine is.
                let patience =
                    if n % 40 == 39 { Duration::from_secs(30) } else { Duration::from_micros(200 * (n as u64 % 40)) };
                let _ = tokio::time::timeout(patience, work).await;
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
        // Whatever was acknowledged is there; a drop between commit and answer may leave more, never less.
        let in_writer = db::write!(test.db, |tx| { count(tx).await }).unwrap();
        let sql = "SELECT title FROM note WHERE tenant = $1";
        let there = test.db.read().await.unwrap().list::<(String,)>(sql, &[]).await.unwrap();
        let kept = kept.lock().unwrap().clone();
        assert!(!kept.is_empty(), "everything was dropped");
        for n in kept {
            assert!(there.iter().any(|(title,)| *title == n), "{n} was acknowledged and is lost");
        }
        db::write!(test.db, |tx| { add(tx, 9999, "last").await }).unwrap();
        assert_eq!(seen(&test.db).await, in_writer + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_takes_too_long_is_stopped() {
    let test = testing::sqlite(MIGRATIONS).await;
    let mut rx = test.db.read().await.unwrap();
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000 * $1)
                   SELECT COUNT(*) AS n FROM n";
    let error = rx.one::<(i64,)>(endless, &[]).await.unwrap_err();
    assert!(error.to_string().contains("too long"), "{error}");
    drop(rx);
    assert_eq!(seen(&test.db).await, 0, "the connection is good again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_a_live_file_is_whole() {
    let test = testing::sqlite(MIGRATIONS).await;
    db::write!(test.db, |tx| { add(tx, 1, "a").await }).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy.db");
    test.db.copy_to(path.clone()).await.unwrap();
    db::write!(test.db, |tx| { add(tx, 2, "b").await }).unwrap();
    let copy = Db::open(&db::Url::Sqlite(path), TenantId(1), MIGRATIONS).await.unwrap();
    assert_eq!(seen(&copy).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_is_taken_back_alone_and_parts_lie_inside_each_other() {
    for test in testing::both(MIGRATIONS).await {
        db::write!(test.db, |tx| {
            add(tx, 1, "before").await?;
            tx.begin_part().await?;
            add(tx, 2, "kept").await?;
            tx.begin_part().await?;
            add(tx, 3, "taken back").await?;
            // Also after a statement that failed, which ends everything on PostgreSQL otherwise.
            assert!(add(tx, 4, "kept").await.is_err());
            tx.undo_part().await?;
            tx.keep_part().await?;
            add(tx, 5, "after").await
        })
        .unwrap();
        assert_eq!(seen(&test.db).await, 3);
        // A part that was left open goes with its transaction.
        let failed: Result<()> = db::write!(test.db, |tx| {
            tx.begin_part().await?;
            add(tx, 6, "gone").await?;
            Err(Error::NotFound)
        });
        assert!(failed.is_err());
        assert_eq!(seen(&test.db).await, 3);
        let none: Result<()> = db::write!(test.db, |tx| { tx.undo_part().await });
        assert!(none.is_err(), "no part is open");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_at_a_database_changes_nothing_and_another_schema_is_refused() {
    const MORE: &[Migrations] = &[Migrations {
        module: "more",
        steps: &[Step { name: "0001", sql: "CREATE TABLE more (tenant BIGINT NOT NULL, PRIMARY KEY (tenant));" }],
    }];
    for test in testing::both(MIGRATIONS).await {
        db::write!(test.db, |tx| { add(tx, 1, "a").await }).unwrap();
        let look = Db::open_to_look(&test.url, TenantId(1), MIGRATIONS).await.unwrap();
        assert_eq!(seen(&look).await, 1);
        if look.engine() == Engine::Sqlite {
            assert!(db::write!(look, |tx| { add(tx, 2, "b").await }).is_err());
        }
        let newer = [MIGRATIONS, MORE].concat();
        for _ in 0..2 {
            let error = Db::open_to_look(&test.url, TenantId(1), &newer).await.err().unwrap().to_string();
            assert!(error.contains("braucht more/0001; bitte zuerst `meer migrate` ausführen"), "{error}");
        }
        let error = Db::open_to_look(&test.url, TenantId(1), MORE).await.err().unwrap().to_string();
        assert!(error.contains("Stand notes/0001, den dieses Programm nicht kennt"), "{error}");
        if test.db.engine() == Engine::Sqlite {
            // A copy may be made by a newer program.
            let copy = Db::open_to_copy(&test.url, TenantId(1), &newer).unwrap();
            assert_eq!(seen(&copy).await, 1);
            let error = Db::open_to_copy(&test.url, TenantId(1), MORE).err().unwrap().to_string();
            assert!(error.contains("Stand notes/0001, den dieses Programm nicht kennt"), "{error}");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let none = db::Url::Sqlite(folder.path().join("city.db"));
    let error = Db::open_to_look(&none, TenantId(1), MIGRATIONS).await.err().unwrap().to_string();
    assert!(error.contains("gibt es noch nicht"), "{error}");
    assert!(!folder.path().join("city.db").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_finds_no_free_connection_is_told_to_come_again() {
    let Some(test) = testing::postgres(MIGRATIONS).await else { return };
    let mut held = Vec::new();
    for _ in 0..15 {
        held.push(test.db.read().await.unwrap());
    }
    let started = std::time::Instant::now();
    assert!(matches!(test.db.read().await, Err(Error::Again)));
    let waited = started.elapsed();
    assert!(waited >= Duration::from_secs(5) && waited < Duration::from_secs(20), "{waited:?}");
    db::write!(test.db, |tx| { add(tx, 1, "a").await }).expect("readers keep no writer waiting");
    held.clear();
    assert_eq!(seen(&test.db).await, 1, "afterwards it goes on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_of_several_nodes_wait_for_each_other_and_none_is_refused() {
    let Some(test) = testing::postgres(MIGRATIONS).await else { return };
    let other = Db::open(&test.url, TenantId(1), MIGRATIONS).await.unwrap();
    db::write!(test.db, |tx| { add(tx, 0, "0").await }).unwrap();
    let runs = Arc::new(AtomicU32::new(0));
    let tasks: Vec<_> = (0..64)
        .map(|n| {
            let (db, runs) = (if n % 2 == 0 { test.db.clone() } else { other.clone() }, runs.clone());
            tokio::spawn(async move {
                db::write!(db, |tx| {
                    runs.fetch_add(1, Ordering::SeqCst);
                    let sql = "UPDATE note SET cents = cents + 1 WHERE tenant = $1 AND id = $2";
                    tx.exec_one(sql, params![Uuid::from_u128(0)]).await
                })
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let mut rx = test.db.read().await.unwrap();
    assert_eq!(rx.one::<(i64,)>("SELECT cents FROM note WHERE tenant = $1", &[]).await.unwrap().0, 65);
    assert_eq!(runs.load(Ordering::SeqCst), 64, "nobody got in anybody's way");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_waits_five_seconds_for_a_turn_is_told_to_come_again() {
    let Some(test) = testing::postgres(MIGRATIONS).await else { return };
    let other = Db::open(&test.url, TenantId(1), MIGRATIONS).await.unwrap();
    let (begun, begins) = tokio::sync::oneshot::channel();
    let slow = {
        let (db, mut begun) = (test.db.clone(), Some(begun));
        tokio::spawn(async move {
            db::write!(db, |tx| {
                add(tx, 1, "slow").await?;
                if let Some(begun) = begun.take() {
                    let _ = begun.send(());
                }
                tokio::time::sleep(Duration::from_secs(7)).await;
                Ok(())
            })
        })
    };
    begins.await.unwrap();
    let started = std::time::Instant::now();
    // On the same node and on another one.
    let (here, there) = tokio::join!(async { db::write!(test.db, |tx| { add(tx, 2, "here").await }) }, async {
        db::write!(other, |tx| { add(tx, 3, "there").await })
    });
    assert!(matches!(here, Err(Error::Again)) && matches!(there, Err(Error::Again)), "{here:?} {there:?}");
    let waited = started.elapsed();
    assert!(waited >= Duration::from_millis(4900) && waited < Duration::from_millis(6900), "{waited:?}");
    slow.await.unwrap().unwrap();
    db::write!(other, |tx| { add(tx, 4, "afterwards").await }).unwrap();
    assert_eq!(seen(&test.db).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_group_that_a_stranger_gets_in_the_way_of_runs_again_as_a_whole() {
    let Some(test) = testing::postgres(MIGRATIONS).await else { return };
    db::write!(test.db, |tx| { add(tx, 0, "0").await }).unwrap();
    let config: tokio_postgres::Config = test.url_text().parse().unwrap();
    let (stranger, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let (stranger, runs) = (Arc::new(stranger), Arc::new(AtomicU32::new(0)));
    let tasks: Vec<_> = (1..=16u128)
        .map(|n| {
            let (db, stranger, runs) = (test.db.clone(), stranger.clone(), runs.clone());
            tokio::spawn(async move {
                let mut first = n == 8;
                db::write!(db, |tx| {
                    runs.fetch_add(1, Ordering::SeqCst);
                    add(tx, n, &n.to_string()).await?;
                    if n != 8 {
                        return Ok(());
                    }
                    if std::mem::take(&mut first) {
                        // Somebody with a shell, past the queue, after this transaction's view began.
                        let sql = "UPDATE note SET cents = 100 WHERE title = '0'";
                        stranger.batch_execute(sql).await.map_err(Error::internal)?;
                    }
                    let sql = "UPDATE note SET cents = cents + 1 WHERE tenant = $1 AND id = $2";
                    tx.exec_one(sql, params![Uuid::from_u128(0)]).await
                })
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert!(runs.load(Ordering::SeqCst) > 16, "nobody ran again");
    let mut rx = test.db.read().await.unwrap();
    assert_eq!(count(&mut rx).await.unwrap(), 17);
    let sql = "SELECT cents FROM note WHERE tenant = $1 AND id = $2";
    assert_eq!(rx.one::<(i64,)>(sql, params![Uuid::from_u128(0)]).await.unwrap().0, 101);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_passes_over_a_failed_statement_is_not_acknowledged() {
    let Some(test) = testing::postgres(MIGRATIONS).await else { return };
    let passed: Result<()> = db::write!(test.db, |tx| {
        add(tx, 1, "same").await?;
        assert!(add(tx, 2, "same").await.is_err());
        Ok(())
    });
    assert!(matches!(passed, Err(Error::Internal(_))), "{passed:?}");
    db::write!(test.db, |tx| { add(tx, 3, "good").await }).unwrap();
    assert_eq!(seen(&test.db).await, 1);
}

/// Steps that came later and change the rows that are there.
const FILLING: &[Migrations] = &[Migrations {
    module: "later",
    steps: &[Step {
        name: "0001",
        sql: "ALTER TABLE note ADD COLUMN mark TEXT;\n\
              UPDATE note SET mark = title;\n\
              CREATE TABLE tally (tenant BIGINT NOT NULL, n BIGINT NOT NULL, PRIMARY KEY (tenant));\n\
              INSERT INTO tally (tenant, n) SELECT tenant, COUNT(*) FROM note GROUP BY tenant;",
    }],
}];

/// What the catalogue says of row level security: tables of which it is forced, and policies.
async fn bound(client: &tokio_postgres::Client) -> (i64, i64) {
    let sql = "SELECT (SELECT COUNT(*) FROM pg_class WHERE relkind = 'r' AND relforcerowsecurity
                         AND relnamespace = current_schema()::regnamespace),
                 (SELECT COUNT(*) FROM pg_policy)";
    let row = client.query_one(sql, &[]).await.unwrap();
    (row.get(0), row.get(1))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_without_superuser_rights_changes_rows_in_a_step_and_sees_none_of_them_afterwards() {
    // Makes the working role, as every first migration does.
    let Some(test) = testing::postgres(MIGRATIONS).await else { return };
    let owner = format!("meer_owner_{}", std::process::id());
    let name = format!("meer_owned_{}", std::process::id());
    let server: tokio_postgres::Config = test.url_text().parse().unwrap();
    let (admin, connection) = server.connect(tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    for sql in [
        format!("CREATE ROLE {owner} LOGIN CREATEROLE"),
        format!("GRANT meer_app TO {owner} WITH ADMIN OPTION"),
        format!("CREATE DATABASE {name} OWNER {owner}"),
    ] {
        admin.batch_execute(&sql).await.unwrap();
    }
    let (before, query) = test.url_text().split_once('?').map(|(b, q)| (b.to_owned(), q.to_owned())).unwrap();
    let address = before.rsplit_once('/').unwrap().0.rsplit_once('@').map_or("", |(_, host)| host).to_owned();
    let text = format!("postgres://{owner}@{address}/{name}?{query}");
    let url = db::Url::parse(&text).unwrap();

    let db = Db::open(&url, TenantId(1), MIGRATIONS).await.unwrap();
    db::write!(db, |tx| { add(tx, 1, "eins").await }).unwrap();
    let other = Db::open(&url, TenantId(2), MIGRATIONS).await.unwrap();
    db::write!(other, |tx| { add(tx, 2, "zwei").await }).unwrap();

    let all = [MIGRATIONS, FILLING].concat();
    for tenant in [1, 2, 1] {
        let db = Db::open(&url, TenantId(tenant), &all).await.unwrap();
        let mut rx = db.read().await.unwrap();
        let sql = "SELECT COUNT(*) AS n FROM note WHERE tenant = $1 AND mark = title";
        assert_eq!(rx.one::<(i64,)>(sql, &[]).await.unwrap().0, 1, "tenant {tenant}");
        assert_eq!(rx.one::<(i64,)>("SELECT n FROM tally WHERE tenant = $1", &[]).await.unwrap().0, 1);
    }

    // Forced again, once for each table with a tenant: its owner sees no row without a tenant.
    let owned: tokio_postgres::Config = text.parse().unwrap();
    let (client, connection) = owned.connect(tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    assert_eq!(bound(&client).await, (2, 2));
    client.batch_execute("SET meer.tenant = '3'").await.unwrap();
    assert_eq!(client.query_one("SELECT COUNT(*) FROM note", &[]).await.unwrap().get::<_, i64>(0), 0);

    drop((db, other, client));
    for sql in [format!("DROP DATABASE {name} WITH (FORCE)"), format!("DROP ROLE {owner}")] {
        admin.batch_execute(&sql).await.unwrap();
    }
}
