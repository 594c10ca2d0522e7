//! Writers whose connection, server or neighbour goes away in the middle: what was answered is kept, nothing is done twice,
//! and the others go on.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use db::{Db, Migrations, Step, Tx, Url, params, testing};
use kernel::{Error, Result, TenantId};
use tokio::{
    io::copy_bidirectional,
    net::{TcpStream, UnixListener, UnixStream},
    task::{JoinHandle, JoinSet},
};
use tokio_postgres::{Client, Config, NoTls, config::Host};

const MIGRATIONS: &[Migrations] = &[Migrations {
    module: "lines",
    steps: &[Step {
        name: "0001",
        sql: "CREATE TABLE line (tenant BIGINT NOT NULL, n BIGINT NOT NULL, PRIMARY KEY (tenant, n));",
    }],
}];

async fn add(tx: &mut Tx, n: i64) -> Result<()> {
    tx.exec_one("INSERT INTO line (tenant, n) VALUES ($1, $2)", params![n]).await
}

async fn seen(db: &Db) -> Vec<i64> {
    let sql = "SELECT n FROM line WHERE tenant = $1 ORDER BY n";
    let rows = db.read().await.unwrap().list::<(i64,)>(sql, &[]).await.unwrap();
    rows.into_iter().map(|(n,)| n).collect()
}

/// Somebody with a shell.
async fn stranger(url: &str) -> Client {
    let (client, connection) = url.parse::<Config>().unwrap().connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_body_that_panics_takes_only_its_own_work_along() {
    for test in testing::both(MIGRATIONS).await {
        let tasks: Vec<_> = (0..16)
            .map(|n| {
                let db = test.db.clone();
                tokio::spawn(async move {
                    db::write!(db, |tx| {
                        add(tx, n).await?;
                        assert_ne!(n, 8, "a fault in the body");
                        Ok(())
                    })
                })
            })
            .collect();
        for (n, task) in tasks.into_iter().enumerate() {
            match task.await {
                Ok(written) => written.unwrap(),
                Err(error) => assert!(n == 8 && error.is_panic(), "{n}: {error}"),
            }
        }
        assert_eq!(seen(&test.db).await, (0..16_i64).filter(|n| *n != 8).collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_is_left_alone_by_the_next_one_in_the_queue_is_committed_all_the_same() {
    for test in testing::both(MIGRATIONS).await {
        let (begun, begins) = tokio::sync::oneshot::channel();
        let first = {
            let (db, mut begun) = (test.db.clone(), Some(begun));
            tokio::spawn(async move {
                db::write!(db, |tx| {
                    add(tx, 1).await?;
                    if let Some(begun) = begun.take() {
                        let _ = begun.send(());
                    }
                    // Shorter than a group lasts on PostgreSQL; longer than it takes to line up.
                    tokio::time::sleep(Duration::from_millis(3)).await;
                    Ok(())
                })
            })
        };
        begins.await.unwrap();
        // Waits for its turn, gets it or not, and is gone; nobody follows.
        let db = test.db.clone();
        let next = tokio::spawn(async move {
            db::write!(db, |tx| {
                add(tx, 2).await?;
                std::future::pending::<Result<()>>().await
            })
        });
        tokio::time::sleep(Duration::from_millis(8)).await;
        next.abort();
        let first = tokio::time::timeout(Duration::from_secs(5), first).await.expect("nobody commits the first one");
        first.unwrap().unwrap();
        assert_eq!(seen(&test.db).await, [1_i64]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn refusals_in_a_row_keep_nobody_waiting_whose_work_is_done() {
    for test in testing::both(MIGRATIONS).await {
        let write = |n: i64, good: bool, takes: u64| {
            let db = test.db.clone();
            tokio::spawn(async move {
                let written: Result<()> = db::write!(db, |tx| {
                    add(tx, n).await?;
                    tokio::time::sleep(Duration::from_millis(takes)).await;
                    if good { Ok(()) } else { Err(Error::refused("no")) }
                });
                (written.is_ok(), Instant::now())
            })
        };
        // The first one keeps the others waiting until all are in the queue.
        let slow = write(0, true, 500);
        tokio::time::sleep(Duration::from_millis(100)).await;
        let done = write(1, true, 0);
        tokio::time::sleep(Duration::from_millis(100)).await;
        let refused: Vec<_> = (2..42).map(|n| write(n, false, 30)).collect();
        assert!(slow.await.unwrap().0);
        let (good, answered) = done.await.unwrap();
        assert!(good);
        let mut last = answered;
        for refused in refused {
            let (good, at) = refused.await.unwrap();
            assert!(!good);
            last = last.max(at);
        }
        // All forty take 1.2 seconds.
        let before = last.duration_since(answered);
        assert!(before > Duration::from_millis(600), "answered only {before:?} before the last refusal");
        assert_eq!(seen(&test.db).await, [0_i64, 1]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_connection_that_is_cut_before_the_commit_costs_nobody_anything() {
    let Some(test) = testing::postgres(MIGRATIONS).await else { return };
    let (stranger, runs) = (Arc::new(stranger(&test.url_text()).await), Arc::new(AtomicU32::new(0)));
    let tasks: Vec<_> = (0..16)
        .map(|n| {
            let (db, stranger, runs) = (test.db.clone(), stranger.clone(), runs.clone());
            tokio::spawn(async move {
                let mut first = n == 8;
                db::write!(db, |tx| {
                    add(tx, n).await?;
                    if n == 8 {
                        runs.fetch_add(1, Ordering::SeqCst);
                    }
                    if std::mem::take(&mut first) {
                        let sql = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity
                                   WHERE datname = current_database() AND state = 'idle in transaction'";
                        let cut: i64 = stranger.query_one(sql, &[]).await.map_err(Error::internal)?.get(0);
                        assert_eq!(cut, 1, "one connection writes");
                    }
                    add(tx, 100 + n).await
                })
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(runs.load(Ordering::SeqCst), 2);
    assert_eq!(seen(&test.db).await, (0..16_i64).chain(100..116).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_end_nobody_saw_is_a_fault_and_is_not_done_again() {
    let Some(test) = testing::postgres(MIGRATIONS).await else { return };
    // Runs inside COMMIT, and ends the connection there.
    let cut = "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
               BEGIN
                 IF NEW.n = 13 THEN
                   PERFORM pg_terminate_backend(pg_backend_pid());
                   PERFORM pg_sleep(20);
                 END IF;
                 RETURN NULL;
               END $$;
               CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON line DEFERRABLE INITIALLY DEFERRED
                 FOR EACH ROW EXECUTE FUNCTION cut();";
    stranger(&test.url_text()).await.batch_execute(cut).await.unwrap();
    let mut runs = 0;
    let written: Result<()> = db::write!(test.db, |tx| {
        runs += 1;
        add(tx, 13).await
    });
    assert!(matches!(written, Err(Error::Internal(_))) && runs == 1, "{written:?} after {runs} runs");
    db::write!(test.db, |tx| { add(tx, 14).await }).unwrap();
    assert_eq!(seen(&test.db).await, [14_i64]);
}

/// A server behind a door. Shut, it cuts every connection and lets nobody in, as a restart does.
struct Door {
    socket: PathBuf,
    server: Config,
    open: Option<JoinHandle<()>>,
}

impl Door {
    fn new(folder: &Path, server: Config) -> Self {
        let mut door = Self { socket: folder.join(".s.PGSQL.5432"), server, open: None };
        door.open();
        door
    }

    fn open(&mut self) {
        let _ = std::fs::remove_file(&self.socket);
        let (listener, server) = (UnixListener::bind(&self.socket).unwrap(), self.server.clone());
        self.open = Some(tokio::spawn(async move {
            // Ends with this task, and every connection with it.
            let mut inside = JoinSet::new();
            while let Ok((from, _)) = listener.accept().await {
                inside.spawn(pass(from, server.clone()));
            }
        }));
    }

    async fn shut(&mut self) {
        if let Some(open) = self.open.take() {
            open.abort();
            let _ = open.await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

async fn pass(mut from: UnixStream, server: Config) {
    let port = server.get_ports().first().copied().unwrap_or(5432);
    match server.get_hosts().first() {
        Some(Host::Unix(folder)) => {
            let mut to = UnixStream::connect(folder.join(format!(".s.PGSQL.{port}"))).await.unwrap();
            let _ = copy_bidirectional(&mut from, &mut to).await;
        }
        Some(Host::Tcp(name)) => {
            let mut to = TcpStream::connect((name.as_str(), port)).await.unwrap();
            let _ = copy_bidirectional(&mut from, &mut to).await;
        }
        None => panic!("the test server has no address"),
    }
}

/// The database behind a door in this folder.
fn through(folder: &Path, server: &Config) -> Url {
    let user = server.get_user().unwrap_or("postgres");
    let password = server.get_password().map(|password| format!(":{}", String::from_utf8_lossy(password)));
    let (password, name) = (password.unwrap_or_default(), server.get_dbname().unwrap());
    Url::parse(&format!("postgres://{user}{password}@/{name}?host={}", folder.display())).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_restart_of_the_server_is_waited_for_and_a_longer_absence_is_said() {
    let Some(test) = testing::postgres(MIGRATIONS).await else { return };
    let server: Config = test.url_text().parse().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let door = Arc::new(tokio::sync::Mutex::new(Door::new(folder.path(), server.clone())));
    let db = Db::open(&through(folder.path(), &server), TenantId(1), MIGRATIONS).await.unwrap();
    assert!(seen(&db).await.is_empty());

    let tasks: Vec<_> = (0..16)
        .map(|n| {
            let (db, door) = (db.clone(), door.clone());
            tokio::spawn(async move {
                let mut first = n == 8;
                db::write!(db, |tx| {
                    add(tx, n).await?;
                    if std::mem::take(&mut first) {
                        door.lock().await.shut().await;
                        let door = door.clone();
                        tokio::spawn(async move {
                            tokio::time::sleep(Duration::from_secs(1)).await;
                            door.lock().await.open();
                        });
                    }
                    add(tx, 100 + n).await
                })
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(seen(&test.db).await, (0..16_i64).chain(100..116).collect::<Vec<_>>());
    assert_eq!(seen(&db).await.len(), 32, "those who read go on too");

    door.lock().await.shut().await;
    let started = Instant::now();
    let written: Result<()> = db::write!(db, |tx| { add(tx, 200).await });
    let waited = started.elapsed();
    assert!(matches!(written, Err(Error::Again)), "{written:?}");
    assert!(waited >= Duration::from_secs(4) && waited < Duration::from_secs(7), "{waited:?}");
    assert!(matches!(db.read().await, Err(Error::Again)));
    door.lock().await.open();
    db::write!(db, |tx| { add(tx, 200).await }).unwrap();
    // Who is not there at the start is told what is wrong.
    door.lock().await.shut().await;
    let error = Db::open(&through(folder.path(), &server), TenantId(1), MIGRATIONS).await.err().unwrap();
    assert!(matches!(error, Error::Internal(_)), "{error}");
}
