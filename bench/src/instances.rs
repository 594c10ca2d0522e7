//! Durable process instances: five nodes from start to end through the real module, started by many at once; and
//! SpiffWorkflow with the same model in the same run.
//!
//! An instance is one transaction: the state, the visit of each node and the entry of the journal that says how it ended.
//! Both service tasks are commands of another module that have nothing to do, as they have nothing to do at the peer.

use std::{
    path::{Path, PathBuf},
    process::Command as Program,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow, ensure};
use contract_processes::StartProcess;
use db::Tx;
use house::{App, Call, City, Module, handler};
use kernel::{CaseId, Command, Cx, TaskOutcome, TaskToken};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    figures::{Figure, millis, quantile},
    town,
};

const WRITERS: usize = 64;
/// Instances of the measurement with one writer.
const SINGLE: usize = 300;
/// Instances that the peer runs.
const OF_PEER: usize = 3_000;
/// Instances that the peer writes in one commit, so that it shares them as our writers do.
const PER_COMMIT: usize = 64;
const MODEL: &str = "fuenf-knoten";
const PEER: &str = "SpiffWorkflow==3.2.0";

/// A service task without work.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
struct Work {
    case: CaseId,
    token: TaskToken,
}

impl Command for Work {
    const NAME: &'static str = "bench.work";
    const CALLERS: &'static [&'static str] = &["processes"];
    type Answer = TaskOutcome;
}

async fn work(_: &Cx, _: &mut Tx, _: Work) -> kernel::Result<TaskOutcome> {
    Ok(TaskOutcome::done([]))
}

const WORKER: Module = Module {
    name: "bench",
    commands: |c| {
        c.task(handler!(work: Work));
    },
    ..Module::EMPTY
};

/// What one run came to.
struct Run {
    per_second: f64,
    p99: Duration,
    per_commit: f64,
    /// Instances that the engine refused in spite of its attempts.
    refused: usize,
}

pub async fn measure(folder: &Path, total: usize) -> Result<Vec<Figure>> {
    let folder = folder.join("instances");
    let _ = std::fs::remove_dir_all(&folder);
    let home = home(&folder)?;
    let modules = || vec![records::MODULE, desk::MODULE, processes::MODULE, WORKER];

    let (app, city) = town::open_home(&folder.join("data"), None, modules(), &home).await?;
    let grouped = run(&app, &city, WRITERS, total).await?;
    let single = run(&app, &city, 1, SINGLE).await?;
    let mut figures = vec![
        Figure::at_least("process instances of five nodes, SQLite, 64 writers", grouped.per_second, 1500.0, "/s"),
        Figure::stated("  p99", millis(grouped.p99)),
        Figure::stated("  instances per fsync", format!("{:.1}", grouped.per_commit)),
        Figure::stated("  one writer, one fsync each", format!("{:.0}/s", single.per_second)),
    ];
    drop((app, city));
    figures.push(postgres(&folder, &home, modules(), total / 5).await?);
    figures.extend(peer(&folder, grouped.per_second));
    Ok(figures)
}

/// A city that has nothing but the process.
fn home(folder: &Path) -> Result<PathBuf> {
    let bench = Path::new(env!("CARGO_MANIFEST_DIR"));
    let home = folder.join("cities").join("musterort");
    std::fs::create_dir_all(home.join("processes"))?;
    for file in ["city.toml", "organisation.toml", "file-plan.toml"] {
        std::fs::copy(bench.join("../cities/meerbusch").join(file), home.join(file)).context(file)?;
    }
    std::fs::copy(model(), home.join("processes").join(format!("{MODEL}.bpmn"))).context(MODEL)?;
    Ok(home)
}

fn model() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(format!("{MODEL}.bpmn"))
}

async fn postgres(folder: &Path, home: &Path, modules: Vec<Module>, total: usize) -> Result<Figure> {
    const NAME: &str = "process instances of five nodes, PostgreSQL, 64 writers";
    let Some(test) = db::testing::postgres(&[]).await else {
        return Ok(Figure::not_measured(NAME, "MEER_TEST_DATABASE=none"));
    };
    let (app, city) = town::open_home(&folder.join("data-postgres"), Some(test.url_text()), modules, home).await?;
    let run = run(&app, &city, WRITERS, total).await?;
    let refused = if run.refused > 0 { format!(", {} refused as busy", run.refused) } else { String::new() };
    let text =
        format!("{:.0}/s, p99 {}{refused} (the test server runs with fsync=off)", run.per_second, millis(run.p99));
    Ok(Figure::stated(NAME, text))
}

async fn run(app: &Arc<App>, city: &Arc<City>, writers: usize, total: usize) -> Result<Run> {
    let ended_before = ended(city).await?;
    // The first ones find empty caches and are not counted.
    for _ in 0..8 {
        instance(&town::portal(app, city), city).await?;
    }
    let (before, start) = (city.db.commit_count(), Instant::now());
    let each = total / writers;
    let tasks = (0..writers).map(|_| {
        let (app, city) = (app.clone(), city.clone());
        tokio::spawn(async move {
            let cx = town::portal(&app, &city);
            let (mut times, mut refused) = (Vec::with_capacity(each), 0);
            for _ in 0..each {
                let start = Instant::now();
                match instance(&cx, &city).await {
                    Ok(()) => times.push(start.elapsed()),
                    Err(kernel::Error::Again) => refused += 1,
                    Err(error) => return Err(error),
                }
            }
            Ok((times, refused))
        })
    });
    let (mut times, mut refused) = (Vec::with_capacity(total), 0);
    for task in tasks.collect::<Vec<_>>() {
        let (some, again) = task.await.map_err(|e| anyhow!(e))??;
        times.extend(some);
        refused += again;
    }
    let (took, commits) = (start.elapsed(), city.db.commit_count() - before);
    let through = ended(city).await? - ended_before;
    ensure!(through == times.len() as i64 + 8, "{through} instances came to their end, {} were started", times.len());
    Ok(Run {
        per_second: times.len() as f64 / took.as_secs_f64(),
        per_commit: times.len() as f64 / commits.max(1) as f64,
        p99: quantile(&mut times, 0.99),
        refused,
    })
}

/// Starts an instance; it is at its end when this is answered.
async fn instance(cx: &Cx, city: &City) -> kernel::Result<()> {
    let case: CaseId = cx.new_id();
    db::write!(city.db, |tx| {
        let vars: Map<String, Value> = [("cents".to_owned(), json!(25_000))].into_iter().collect();
        cx.call(tx, StartProcess { process: MODEL.into(), case, vars }).await.map(|_| ())
    })
}

async fn ended(city: &City) -> Result<i64> {
    let sql = "SELECT COUNT(*) AS n FROM processes_instance WHERE tenant = $1 AND status = 'completed'";
    Ok(city.db.read_long().await?.one::<(i64,)>(sql, &[]).await?.0)
}

/// The peer's figures and the ratio; the ratio is left out where the peer cannot be had.
fn peer(folder: &Path, ours: f64) -> Vec<Figure> {
    const NAME: &str = "  against SpiffWorkflow (PyPI), same model, 64 instances a commit";
    match spiff(folder) {
        Ok((single, grouped)) => vec![
            Figure::stated(
                "SpiffWorkflow 3.2.0, one thread, SQLite with synchronous=FULL",
                format!("{single:.0}/s with a commit each, {grouped:.0}/s with {PER_COMMIT} a commit"),
            ),
            Figure::stated(NAME, format!("{:.1} times", ours / grouped)),
        ],
        Err(error) => vec![Figure::not_measured(NAME, &format!("{error:#}"))],
    }
}

/// Instances per second with one commit each, and with [`PER_COMMIT`] of them a commit.
fn spiff(folder: &Path) -> Result<(f64, f64)> {
    let venv = folder.with_file_name("venv");
    let python = venv.join("bin/python");
    let there = |python: &Path| {
        let asked = Program::new(python).args(["-c", "import SpiffWorkflow"]).output();
        asked.is_ok_and(|output| output.status.success())
    };
    if !there(&python) {
        eprintln!("  {PEER} is installed into {} …", venv.display());
        said(Program::new("python3").args(["-m", "venv"]).arg(&venv))?;
        said(Program::new(&python).args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", PEER]))?;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/spiff.py");
    let measured = |per_commit: usize| -> Result<f64> {
        let mut program = Program::new(&python);
        program.arg(&script).arg(model()).arg(folder.join(format!("spiff-{per_commit}.db")));
        program.args([OF_PEER.to_string(), per_commit.to_string()]);
        Ok(said(&mut program)?.trim().parse()?)
    };
    Ok((measured(1)?, measured(PER_COMMIT)?))
}

/// What a program printed.
fn said(program: &mut Program) -> Result<String> {
    let name = program.get_program().to_string_lossy().into_owned();
    let output = program.output().with_context(|| format!("{name} does not start"))?;
    let told = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{name}: {}", told.lines().last().unwrap_or("ended without a word"));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
