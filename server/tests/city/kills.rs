//! The real program is killed (SIGKILL) again and again while people apply and pay. Whatever it had acknowledged is
//! there afterwards, and nothing is there twice.
//!
//! `MEER_KILLS=200` raises the number of kills; without it there are enough to notice a fault that is not rare. When the
//! program is killed is drawn from a seed, which is printed; `MEER_SEED` sets it. People and threads keep their own
//! time, so a seed repeats how long the program may live at least and not where in its work it is killed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use db::{Db, Engine};
use kernel::CaseId;
use peers::Peer;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::json;
use testkit::Browser;

use crate::{
    applications::{self, Ready},
    program::Place,
};

const KILLS: usize = 10;
/// People who apply at the same time.
const LANES: usize = 6;
/// The program lives this long at most after it said that it is ready, in milliseconds; longer where it has not done
/// enough by then.
const LONGEST_LIFE: u64 = 900;
/// Payments that are acknowledged in each life, however slow the machine is: without them nothing could be lost.
const PAYMENTS: usize = 1;
/// A life in which nothing gets done for so long is a fault of its own.
const PATIENCE: Duration = Duration::from_secs(120);

/// How many times the program is killed.
fn kills() -> usize {
    std::env::var("MEER_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(KILLS)
}

fn seed() -> u64 {
    std::env::var("MEER_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random)
}

/// What people were told, and what they were in the middle of when the program went away.
#[derive(Default)]
struct Told {
    submitted: BTreeSet<CaseId>,
    /// Cases whose payment the program has taken note of.
    paid: BTreeSet<CaseId>,
    half: Vec<Half>,
}

/// Somebody who got no answer and will ask again.
enum Half {
    Submitting(Box<Ready>),
    Paying(Box<Browser>, CaseId),
    /// The provider's announcement got no answer: case and transaction at the provider.
    Announcing(CaseId, String),
}

/// One person after the other applies, pays and is announced as paid, until the program goes away.
struct Town {
    sandbox: Peer,
    told: Mutex<Told>,
    number: AtomicUsize,
}

impl Town {
    fn told(&self) -> std::sync::MutexGuard<'_, Told> {
        self.told.lock().unwrap()
    }

    fn half(&self, half: Half) {
        self.told().half.push(half);
    }

    async fn live(&self, program: &Peer, address: std::net::SocketAddr) {
        // An application that was never sent off is nothing yet: whoever fills it in begins again.
        while let Ok(ready) =
            applications::fill_in(Browser::of_program(address), self.number.fetch_add(1, Ordering::Relaxed)).await
        {
            if !self.submit(program, Box::new(ready)).await {
                return;
            }
        }
    }

    /// Whether the program was there to the end.
    async fn submit(&self, program: &Peer, mut ready: Box<Ready>) -> bool {
        match ready.send_off().await {
            Err(_) => {
                self.half(Half::Submitting(ready));
                false
            }
            Ok(case) => {
                assert!(self.told().submitted.insert(case), "two applications became one case");
                self.pay(program, Box::new(ready.browser.clone()), case).await
            }
        }
    }

    async fn pay(&self, program: &Peer, mut browser: Box<Browser>, case: CaseId) -> bool {
        let Ok(page) = browser.try_post(&format!("/vorgang/{case}/bezahlen"), &[]).await else {
            self.half(Half::Paying(browser, case));
            return false;
        };
        let location = page.location.clone().unwrap_or_default();
        let Some((_, transaction)) = location.split_once("/pay/seite/") else {
            panic!("no way to the provider: {} {location} {}", page.status, page.body)
        };
        let way = format!("/pay/seite/{transaction}");
        let paid = self.sandbox.post_form(&way, &[("choice", "ohne-ruecksprung")]).await.unwrap();
        assert!(paid.status == 200, "the provider takes the money: {} {}", paid.status, paid.text());
        self.announce(program, case, transaction.to_owned()).await
    }

    async fn announce(&self, program: &Peer, case: CaseId, transaction: String) -> bool {
        let announced =
            program.post_json("/api/v1/payments/notification", &json!({ "transactionId": transaction })).await;
        match announced {
            Ok(answer) => {
                assert_eq!(answer.status, 204, "{}", answer.text());
                self.told().paid.insert(case);
                true
            }
            Err(_) => {
                self.half(Half::Announcing(case, transaction));
                false
            }
        }
    }

    /// Those who got no answer ask again, at the program that runs now.
    async fn go_on(&self, program: &Peer, address: std::net::SocketAddr) {
        let half = std::mem::take(&mut self.told().half);
        for half in half {
            match half {
                Half::Submitting(mut ready) => {
                    ready.browser = ready.browser.at_program(address);
                    self.submit(program, ready).await;
                }
                Half::Paying(browser, case) => {
                    self.pay(program, Box::new(browser.at_program(address)), case).await;
                }
                Half::Announcing(case, transaction) => {
                    self.announce(program, case, transaction).await;
                }
            }
        }
    }
}

fn peer_at(address: std::net::SocketAddr) -> Peer {
    Peer::new("meer", &format!("http://{address}"), None).unwrap()
}

async fn killed_under_load(place: &Place, sandbox: &sandbox::Running) {
    let town = Arc::new(Town {
        sandbox: Peer::new("sandbox", &sandbox.base_url, None).unwrap(),
        told: Mutex::default(),
        number: AtomicUsize::new(0),
    });
    let seed = seed();
    eprintln!("MEER_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    for _ in 0..kills() {
        let life = Duration::from_millis(random.random_range(1..LONGEST_LIFE));
        let paid_before = town.told().paid.len();
        let program = place.serve();
        let (peer, address) = (peer_at(program.address), program.address);
        let mut people = tokio::task::JoinSet::new();
        for lane in 0..LANES {
            let (town, peer) = (town.clone(), peer.clone());
            people.spawn(async move {
                if lane == 0 {
                    town.go_on(&peer, address).await;
                }
                town.live(&peer, address).await;
            });
        }
        let begun = Instant::now();
        tokio::time::sleep(life).await;
        while town.told().paid.len() < paid_before + PAYMENTS {
            assert!(begun.elapsed() < PATIENCE, "nobody could apply and pay in {PATIENCE:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        program.kill();
        people.join_all().await;
    }
    // The last start: everybody gets an answer, and the work in the background comes to its end.
    let program = place.serve();
    let peer = peer_at(program.address);
    town.go_on(&peer, program.address).await;
    let told = std::mem::take(&mut *town.told());
    assert!(told.half.is_empty(), "nobody kills the program any more");
    eprintln!("{} submissions and {} payments acknowledged", told.submitted.len(), told.paid.len());
    let db = place.database().await;
    settled(&db, told.paid.len()).await;
    program.kill();
    all_there_once(&db, &told).await;
    let checked = place.run(&["check"]);
    assert!(checked.good, "{}", checked.all());
}

/// Waits until as many payments are settled as were announced; the work is in the background.
async fn settled(db: &Db, expected: usize) {
    let patience = Instant::now() + Duration::from_secs(120);
    let sql = "SELECT COUNT(*) AS n FROM payments_payment WHERE tenant = $1 AND state = 'paid'";
    loop {
        let (paid,) = db.read().await.unwrap().one::<(i64,)>(sql, &[]).await.unwrap();
        if paid >= i64::try_from(expected).unwrap() {
            return;
        }
        assert!(Instant::now() < patience, "{paid} of {expected} payments that were acknowledged are settled");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn all_there_once(db: &Db, told: &Told) {
    let mut rx = db.read_long().await.unwrap();
    let cases =
        rx.list::<(CaseId, String)>("SELECT id, number FROM records_case WHERE tenant = $1", &[]).await.unwrap();
    let there: BTreeSet<CaseId> = cases.iter().map(|(id, _)| *id).collect();
    let lost: Vec<_> = told.submitted.difference(&there).collect();
    assert!(lost.is_empty(), "acknowledged submissions that are gone: {lost:?}");
    let unknown: Vec<_> = there.difference(&told.submitted).collect();
    assert!(unknown.is_empty(), "cases that nobody was told of, so somebody has two: {unknown:?}");
    let numbers: BTreeSet<&String> = cases.iter().map(|(_, number)| number).collect();
    assert_eq!(numbers.len(), cases.len(), "a file reference was given twice");
    let sql = "SELECT case_id FROM services_application WHERE tenant = $1 ORDER BY case_id";
    let applications: Vec<CaseId> =
        rx.list::<(CaseId,)>(sql, &[]).await.unwrap().into_iter().map(|(case,)| case).collect();
    assert_eq!(applications, there.into_iter().collect::<Vec<_>>(), "each case has its application and only one");
    let sql = "SELECT case_id, COUNT(*) AS n FROM processes_instance WHERE tenant = $1 GROUP BY case_id";
    let instances: BTreeMap<CaseId, i64> = rx.list(sql, &[]).await.unwrap().into_iter().collect();
    assert!(applications.iter().all(|case| instances.get(case) == Some(&1)), "one process per case");

    let sql = "SELECT case_id FROM payments_payment WHERE tenant = $1 AND state = 'paid'";
    let paid: Vec<CaseId> = rx.list::<(CaseId,)>(sql, &[]).await.unwrap().into_iter().map(|(case,)| case).collect();
    let paid_once: BTreeSet<CaseId> = paid.iter().copied().collect();
    assert_eq!(paid.len(), paid_once.len(), "a case was paid twice");
    let lost: Vec<_> = told.paid.difference(&paid_once).collect();
    assert!(lost.is_empty(), "acknowledged payments that are gone: {lost:?}");
    // What the provider has taken once, stands here once: in the transactions, in the journal, and nothing to give back.
    let sql = "SELECT case_id, COUNT(*) AS n FROM payments_transaction WHERE tenant = $1 AND state = 'paid'
               GROUP BY case_id";
    let transactions: BTreeMap<CaseId, i64> = rx.list(sql, &[]).await.unwrap().into_iter().collect();
    assert!(transactions.values().all(|n| *n == 1), "somebody paid twice at the provider");
    let sql = "SELECT subject_id, COUNT(*) AS n FROM journal_entry WHERE tenant = $1 AND name = 'payments.settled'
               GROUP BY subject_id";
    let events: BTreeMap<kernel::Uuid, i64> = rx.list(sql, &[]).await.unwrap().into_iter().collect();
    assert!(events.values().all(|n| *n == 1), "a payment was settled twice");
    assert_eq!(events.len(), paid.len(), "each payment that is settled was told once");
    let (refunds,) =
        rx.one::<(i64,)>("SELECT COUNT(*) AS n FROM payments_refund WHERE tenant = $1", &[]).await.unwrap();
    assert_eq!(refunds, 0, "nothing has to be given back");
}

async fn on(engine: Engine) {
    let folder = testkit::cities().join("meerbusch");
    let sandbox = sandbox::start(sandbox::Config::for_tests(vec![folder])).await.unwrap();
    let Some(place) = Place::with(&sandbox, engine).await else {
        return eprintln!("PostgreSQL left out: MEER_TEST_DATABASE=none");
    };
    killed_under_load(&place, &sandbox).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_under_load_loses_no_submission_and_no_payment_on_sqlite() {
    on(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_under_load_loses_no_submission_and_no_payment_on_postgresql() {
    on(Engine::Postgres).await;
}
