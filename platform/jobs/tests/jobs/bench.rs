//! A workbench: a database, a clock that tests move, and a log of what ran.

use std::sync::{Arc, Mutex};

use db::{Db, testing::TestDb};
use futures_util::future::BoxFuture;
use jobs::{Attempt, Handlers, Job, Runner, Schedules};
use kernel::{Clock, Cx, FixedClock, OsRandom, Principal, Result, Sources, SystemClock};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Send {
    pub letter: i64,
}

impl Job for Send {
    const NAME: &'static str = "post.send";
    const MAX_ATTEMPTS: u32 = 3;
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Urgent {
    pub letter: i64,
}

impl Job for Urgent {
    const NAME: &'static str = "post.urgent";
    const PRIORITY: i64 = 10;
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Index {
    pub case: i64,
}

impl Job for Index {
    const NAME: &'static str = "search.index";
    fn dedup_key(&self) -> Option<String> {
        Some(self.case.to_string())
    }
}

type Act = Arc<dyn Fn(Cx, i64, Attempt) -> BoxFuture<'static, Result<()>> + std::marker::Send + Sync>;

#[derive(Clone)]
pub struct Bench {
    pub db: Db,
    pub clock: Arc<FixedClock>,
    pub log: Arc<Mutex<Vec<String>>>,
}

impl Bench {
    pub fn new(db: &Db) -> Self {
        let start = "2026-11-23T08:00:00Z".parse().unwrap();
        Self { db: db.clone(), clock: Arc::new(FixedClock::new(start)), log: Arc::default() }
    }

    pub fn cx(&self) -> Cx {
        context(&self.db, self.clock.clone())
    }

    pub fn log(&self) -> Vec<String> {
        std::mem::take(&mut self.log.lock().unwrap())
    }

    /// A runner on this bench's clock whose handlers note what runs and then do `act`.
    pub fn runner(&self, act: Act) -> Runner {
        self.runner_on(self.clock.clone(), act, Schedules::default())
    }

    /// A runner on the real clock.
    pub fn live(&self, act: Act) -> Runner {
        self.runner_on(Arc::new(SystemClock), act, Schedules::default())
    }

    pub fn runner_on(&self, clock: Arc<dyn Clock>, act: Act, schedules: Schedules) -> Runner {
        let mut handlers = Handlers::default();
        for (name, field) in [(Send::NAME, "letter"), (Urgent::NAME, "letter"), (Index::NAME, "case")] {
            let (log, act) = (self.log.clone(), act.clone());
            let handler: jobs::Handler = Arc::new(move |cx, body, attempt| {
                let n = body[field].as_i64().unwrap();
                log.lock().unwrap().push(format!("{name} {n} #{}", attempt.number));
                act(cx, n, attempt)
            });
            handlers.add(name, 3, handler);
        }
        let db = self.db.clone();
        Runner::new(self.db.clone(), Arc::new(move || context(&db, clock.clone())), handlers, schedules)
    }

    pub async fn enqueue<J: Job + Sync>(&self, job: J) {
        let cx = self.cx();
        db::write!(self.db, |tx| { jobs::enqueue(tx, &cx, &job).await }).unwrap();
    }

    /// Number of jobs that wait or run.
    pub async fn left(&self) -> i64 {
        jobs::left_over(&mut self.db.read().await.unwrap()).await.unwrap().iter().map(|(_, n)| n).sum()
    }
}

fn context(db: &Db, clock: Arc<dyn Clock>) -> Cx {
    let sources = Sources { clock, random: Arc::new(OsRandom) };
    Cx::new(db.tenant(), Principal::System { name: "jobs" }, sources)
}

pub fn act<F>(act: impl Fn(Cx, i64, Attempt) -> F + std::marker::Send + Sync + 'static) -> Act
where
    F: Future<Output = Result<()>> + std::marker::Send + 'static,
{
    Arc::new(move |cx, n, attempt| Box::pin(act(cx, n, attempt)))
}

pub fn nothing() -> Act {
    act(|_, _, _| async { Ok(()) })
}

pub async fn benches() -> Vec<(TestDb, Bench)> {
    let all = db::testing::both(&[jobs::MIGRATIONS]).await;
    all.into_iter().map(|test| (Bench::new(&test.db), test)).map(|(bench, test)| (test, bench)).collect()
}
