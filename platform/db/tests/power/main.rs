//! What was acknowledged survives: kill -9 at random points, and a disk that forgets every write that was not fsynced.
//!
//! The test starts itself again as the writing process (`writer` below, told by an environment variable); the writer
//! prints a number only after its commit was answered.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use db::{Db, Migrations, Step, Url, params};
use kernel::{Result, TenantId};
use rand::RngExt as _;

const MIGRATIONS: &[Migrations] = &[Migrations {
    module: "power",
    steps: &[Step {
        name: "0001",
        sql: "CREATE TABLE power_row (tenant BIGINT NOT NULL, n BIGINT NOT NULL, part BIGINT NOT NULL,\n \
              PRIMARY KEY (tenant, n, part));",
    }],
}];

const KILLS: usize = 200;
const POWER_CUTS: usize = 25;
/// Rows that belong together; all or none of them may be there.
const PARTS: i64 = 10;

/// The file of a city in this folder.
fn sqlite(folder: &Path) -> String {
    format!("sqlite:{}", folder.join("city.db").display())
}

async fn open(url: &str) -> Db {
    Db::open(&Url::parse(url).unwrap(), TenantId(1), MIGRATIONS).await.expect("the database opens")
}

/// Does nothing unless started by the other tests of this file.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writer() {
    let Ok(url) = std::env::var("MEER_POWER_DATABASE") else { return };
    let first: i64 = std::env::var("MEER_POWER_FIRST").unwrap().parse().unwrap();
    let db = open(&url).await;
    let mut tasks = Vec::new();
    for lane in 0..16 {
        let db = db.clone();
        tasks.push(tokio::spawn(async move {
            for round in 0.. {
                let n = first + round * 16 + lane;
                let written: Result<()> = db::write!(db, |tx| {
                    for part in 0..PARTS {
                        let sql = "INSERT INTO power_row (tenant, n, part) VALUES ($1, $2, $3)";
                        tx.exec_one(sql, params![n, part]).await?;
                    }
                    Ok(())
                });
                written.unwrap();
                println!("done {n}");
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

fn start(url: &str, first: i64, preload: Option<[&Path; 3]>) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "writer", "--nocapture"]).stdout(Stdio::piped()).stderr(Stdio::null());
    command.env("MEER_POWER_DATABASE", url).env("MEER_POWER_FIRST", first.to_string());
    if let Some([library, disk, survives]) = preload {
        command.env("LD_PRELOAD", library).env("MEER_DISK", disk).env("MEER_SURVIVES", survives);
    }
    command.spawn().unwrap()
}

/// Lets a writer run, kills it at a random point after its first answer, and returns what it was told.
fn run_and_kill(mut child: Child) -> Vec<i64> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (answered, first_answer) = std::sync::mpsc::channel();
    let killer = std::thread::spawn({
        let pid = child.id();
        move || {
            // A writer that never answers is killed too; the caller sees that it told nothing.
            let _ = first_answer.recv_timeout(Duration::from_secs(20));
            std::thread::sleep(Duration::from_micros(rand::rng().random_range(0..20_000)));
            Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap();
        }
    });
    let mut told = Vec::new();
    for line in lines.map_while(std::result::Result::ok) {
        if let Some(n) = line.strip_prefix("done ").and_then(|n| n.parse().ok()) {
            told.push(n);
            let _ = answered.send(());
        }
    }
    killer.join().unwrap();
    child.wait().unwrap();
    told
}

async fn all_there(url: &str, acknowledged: &[i64]) {
    let db = open(url).await;
    let mut rx = db.read_long().await.unwrap();
    let sql = "SELECT n, COUNT(*) AS parts FROM power_row WHERE tenant = $1 GROUP BY n";
    let rows: std::collections::HashMap<i64, i64> =
        rx.list::<(i64, i64)>(sql, &[]).await.unwrap().into_iter().collect();
    assert!(rows.values().all(|parts| *parts == PARTS), "a transaction was torn");
    let lost: Vec<_> = acknowledged.iter().filter(|n| !rows.contains_key(n)).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_loses_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    killed(&sqlite(folder.path()), KILLS).await;
}

/// The lock that writers of several nodes wait at goes with the one who was killed.
#[tokio::test(flavor = "multi_thread")]
async fn kill_9_loses_nothing_that_was_acknowledged_on_postgresql() {
    let Some(test) = db::testing::postgres(MIGRATIONS).await else { return };
    killed(&test.url_text(), KILLS / 4).await;
    db::write!(test.db, |tx| {
        tx.exec("INSERT INTO power_row (tenant, n, part) VALUES ($1, $2, $3)", params![-1i64, 0i64]).await
    })
    .expect("nobody who was killed is in the way");
}

async fn killed(url: &str, kills: usize) {
    drop(open(url).await);
    let (mut acknowledged, mut with_answers) = (Vec::new(), 0);
    for round in 0..kills {
        let told = run_and_kill(start(url, (round as i64) * 1_000_000, None));
        with_answers += usize::from(!told.is_empty());
        acknowledged.extend(told);
    }
    assert!(with_answers > kills / 2, "{with_answers} of {kills} runs answered anything before they were killed");
    all_there(url, &acknowledged).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_forgets_unsynced_writes_loses_nothing_that_was_acknowledged() {
    let library = shim();
    for round in 0..POWER_CUTS {
        let (disk, survives) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let preload = Some([library.as_path(), disk.path(), survives.path()]);
        let told = run_and_kill(start(&sqlite(disk.path()), (round as i64) * 1_000_000, preload));
        if told.is_empty() && !survives.path().join("city.db").exists() {
            continue;
        }
        all_there(&sqlite(survives.path()), &told).await;
    }
}

/// Compiles the shim with the machine's C compiler, which the bundled SQLite needs anyway.
fn shim() -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/power/unsynced.c");
    let library = std::env::temp_dir().join(format!("meer-unsynced-{}.so", std::process::id()));
    let built =
        Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(&source).arg("-ldl").status();
    assert!(built.expect("a C compiler").success(), "the shim compiles");
    library
}
