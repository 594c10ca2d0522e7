use std::{
    path::PathBuf,
    process::{Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use db::{Db, Url};
use jobs::{Runner, enqueue};
use kernel::{Cx, Error, OsRandom, Principal, Sources, SystemClock, TenantId};
use tokio::{sync::Notify, task::JoinHandle};

use crate::bench::{Bench, Send, act, benches, nothing};

/// A runner in the background until it is stopped in good order.
struct Node {
    stop: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Node {
    fn start(runner: &Runner) -> Node {
        let (runner, stop) = (runner.clone(), Arc::new(Notify::new()));
        let stopped = stop.clone();
        Node { stop, task: tokio::spawn(async move { runner.run(stopped.notified()).await.unwrap() }) }
    }

    async fn stop(self) {
        self.stop.notify_one();
        self.task.await.unwrap();
    }
}

fn now() -> Cx {
    let sources = Sources { clock: Arc::new(SystemClock), random: Arc::new(OsRandom) };
    Cx::new(TenantId(1), Principal::System { name: "test" }, sources)
}

async fn enqueue_now(db: &Db, letter: i64) {
    let cx = now();
    db::write!(db, |tx| { enqueue(tx, &cx, &Send { letter }).await }).unwrap();
}

async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !done().await {
        assert!(started.elapsed() < Duration::from_secs(30), "{what} never happened");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_nodes_run_each_job_once_and_never_more_than_four_of_a_name_each() {
    for (test, bench) in benches().await {
        let other = Db::open(&test.url, TenantId(1), &[jobs::MIGRATIONS]).await.unwrap();
        let (ran, most) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
        let mut nodes = Vec::new();
        for db in [&bench.db, &other] {
            let (ran, most, at_once) = (ran.clone(), most.clone(), Arc::new(AtomicUsize::new(0)));
            let runner = Bench::new(db).live(act(move |_, n, _| {
                let (ran, most, at_once) = (ran.clone(), most.clone(), at_once.clone());
                async move {
                    most.fetch_max(at_once.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(3)).await;
                    ran.lock().unwrap().push(n);
                    at_once.fetch_sub(1, Ordering::SeqCst);
                    Ok(())
                }
            }));
            nodes.push(Node::start(&runner));
        }
        for n in 0..200 {
            enqueue_now(if n % 2 == 0 { &bench.db } else { &other }, n).await;
        }
        until("all jobs done", async || bench.left().await == 0).await;
        for node in nodes {
            node.stop().await;
        }
        let mut ran = std::mem::take(&mut *ran.lock().unwrap());
        ran.sort_unstable();
        assert!(ran.into_iter().eq(0..200));
        assert!((2..=4).contains(&most.load(Ordering::SeqCst)), "{most:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_commit_wakes_the_runner_before_it_would_look_again() {
    for (_keep, bench) in benches().await {
        let node = Node::start(&bench.live(nothing()));
        tokio::time::sleep(Duration::from_millis(100)).await;
        let mut waited = Vec::new();
        for n in 0..11 {
            let started = Instant::now();
            enqueue_now(&bench.db, n).await;
            until("job done", async || bench.left().await == 0).await;
            waited.push(started.elapsed());
        }
        waited.sort();
        assert!(waited[5] < Duration::from_millis(200), "{waited:?}");
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_long_job_keeps_its_lease_and_holds_no_transaction() {
    for (test, bench) in benches().await {
        let other = Db::open(&test.url, TenantId(1), &[jobs::MIGRATIONS]).await.unwrap();
        let (runs, end) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let nodes: Vec<_> = [&bench.db, &other]
            .map(|db| {
                let (runs, end) = (runs.clone(), end.clone());
                let runner = Bench::new(db).live(act(move |_, n, _| {
                    let (runs, end) = (runs.clone(), end.clone());
                    async move {
                        if n == 1 {
                            runs.fetch_add(1, Ordering::SeqCst);
                            end.notified().await;
                        }
                        Ok(())
                    }
                }));
                Node::start(&runner.with_lease(Duration::from_millis(1200)))
            })
            .into();
        enqueue_now(&bench.db, 1).await;
        until("long job begun", async || runs.load(Ordering::SeqCst) > 0).await;
        for n in 2..12 {
            enqueue_now(&bench.db, n).await;
        }
        until("short jobs done while the long one runs", async || bench.left().await == 1).await;
        tokio::time::sleep(Duration::from_millis(3000)).await;
        end.notify_one();
        until("long job done", async || bench.left().await == 0).await;
        assert_eq!(runs.load(Ordering::SeqCst), 1);
        for node in nodes {
            node.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_lost_lease_breaks_the_run_off_and_its_end_does_not_count() {
    for (_keep, bench) in benches().await {
        bench.enqueue(Send { letter: 1 }).await;
        let begun = Arc::new(Notify::new());
        let told = begun.clone();
        let slow = bench.runner(act(move |_, _, _| {
            told.notify_one();
            async {
                tokio::time::sleep(Duration::from_secs(60)).await;
                Ok(())
            }
        }));
        let slow = slow.with_lease(Duration::from_millis(600));
        let first = tokio::spawn(async move { slow.drain().await });
        begun.notified().await;
        // The clock of the nodes says that the lease is over before the first node has renewed it.
        bench.clock.advance(Duration::from_secs(5).try_into().unwrap());
        let fast = bench.runner(act(|_, _, _| async { Err(Error::Throttled { seconds: 3600 }) }));
        assert_eq!(fast.drain().await.unwrap().ran, 1);
        let drained = first.await.unwrap().unwrap();
        assert_eq!((drained.ran, drained.failures.len()), (1, 0));
        assert_eq!(bench.log(), ["post.send 1 #1", "post.send 1 #2"]);
        assert_eq!(bench.left().await, 1, "the first run's end did not delete the job");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_orderly_end_gives_running_jobs_back_uncounted() {
    for (_keep, bench) in benches().await {
        let begun = Arc::new(Notify::new());
        let told = begun.clone();
        let runner = bench.live(act(move |_, _, _| {
            told.notify_one();
            std::future::pending()
        }));
        let runner = runner.with_lease(Duration::from_secs(3));
        enqueue_now(&bench.db, 1).await;
        let node = Node::start(&runner);
        begun.notified().await;
        node.stop().await;
        let jobs = jobs::pending(&mut bench.db.read().await.unwrap()).await.unwrap();
        assert_eq!((jobs[0].state.as_str(), jobs[0].attempts), ("ready", 0));
        assert!(jobs[0].due <= now().now());
    }
}

const CHILD: &str = "MEER_JOBS_TEST_CHILD";

/// Not a test of its own: the program that the next test kills.
#[tokio::test(flavor = "multi_thread")]
async fn child_that_is_killed() {
    let Ok(folder) = std::env::var(CHILD) else { return };
    let folder = PathBuf::from(folder);
    let url = Url::Sqlite(folder.join("city.db"));
    let db = Db::open(&url, TenantId(1), &[jobs::MIGRATIONS]).await.unwrap();
    let runner = Bench::new(&db).live(act(move |_, _, _| {
        std::fs::write(folder.join("begun"), "").unwrap();
        std::future::pending()
    }));
    runner.with_lease(Duration::from_secs(2)).run(std::future::pending()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_job_of_a_killed_process_runs_again_when_its_lease_is_over() {
    let test = db::testing::sqlite(&[jobs::MIGRATIONS]).await;
    let Url::Sqlite(path) = &test.url else { panic!("SQLite") };
    let folder = path.parent().unwrap();
    let bench = Bench::new(&test.db);
    enqueue_now(&bench.db, 1).await;
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "nodes::child_that_is_killed", "--nocapture"])
        .env(CHILD, folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until("child at work", async || folder.join("begun").exists()).await;
    child.kill().unwrap();
    child.wait().unwrap();

    let runner = bench.live(nothing());
    assert_eq!(runner.drain().await.unwrap().ran, 0, "the lease still holds");
    let node = Node::start(&runner);
    until("job done", async || bench.left().await == 0).await;
    node.stop().await;
    assert_eq!(bench.log(), ["post.send 1 #2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_takes_the_program_down_every_time_ends_with_a_person() {
    for (_keep, bench) in benches().await {
        bench.enqueue(Send { letter: 1 }).await;
        for _ in 0..3 {
            let begun = Arc::new(Notify::new());
            let told = begun.clone();
            let dying = bench.runner(act(move |_, _, _| {
                told.notify_one();
                std::future::pending()
            }));
            let run = tokio::spawn(async move { dying.drain().await });
            begun.notified().await;
            run.abort();
            bench.clock.advance(Duration::from_secs(31).try_into().unwrap());
        }
        assert_eq!(bench.runner(nothing()).drain().await.unwrap().ran, 0);
        let dead = jobs::dead(&mut bench.db.read().await.unwrap()).await.unwrap();
        assert_eq!((dead[0].attempts, dead[0].error.as_str()), (3, "lost"));
    }
}
