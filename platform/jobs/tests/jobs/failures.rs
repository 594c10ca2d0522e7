use std::time::Duration;

use jobs::{dead, discard, enqueue, enqueue_at, pending, retry};
use kernel::{Error, Result};

use crate::bench::{Bench, Index, Send, Urgent, act, benches, nothing};

async fn due_in(bench: &Bench) -> Duration {
    let row = pending(&mut bench.db.read().await.unwrap()).await.unwrap().remove(0);
    Duration::try_from(row.due.duration_since(bench.cx().now())).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_commits_or_rolls_back_with_the_change_and_urgent_ones_run_first() {
    for (_keep, bench) in benches().await {
        let cx = bench.cx();
        let undone: Result<()> = db::write!(bench.db, |tx| {
            enqueue(tx, &cx, &Send { letter: 0 }).await?;
            Err(Error::refused("no"))
        });
        assert!(undone.is_err());
        bench.enqueue(Send { letter: 1 }).await;
        bench.enqueue(Urgent { letter: 2 }).await;
        let later = cx.now().saturating_add(Duration::from_secs(60)).unwrap();
        db::write!(bench.db, |tx| { enqueue_at(tx, &cx, &Urgent { letter: 3 }, later).await }).unwrap();

        let runner = bench.runner(nothing());
        assert_eq!(runner.drain().await.unwrap().ran, 2);
        assert_eq!(bench.log(), ["post.urgent 2 #1", "post.send 1 #1"]);
        assert_eq!(bench.left().await, 1);
        bench.clock.set(later);
        assert_eq!(runner.drain().await.unwrap().ran, 1);
        assert_eq!((bench.log(), bench.left().await), (vec!["post.urgent 3 #1".to_owned()], 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_job_enqueues_is_drained_too() {
    for (_keep, bench) in benches().await {
        let db = bench.db.clone();
        let runner = bench.runner(act(move |cx, n, _| {
            let db = db.clone();
            async move {
                if n == 0 {
                    return Ok(());
                }
                db::write!(db, |tx| { enqueue(tx, &cx, &Send { letter: n - 1 }).await })
            }
        }));
        bench.enqueue(Send { letter: 3 }).await;
        assert_eq!(runner.drain().await.unwrap().ran, 4);
        assert_eq!(bench.left().await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_job_waits_once_and_the_earlier_time_counts() {
    for (_keep, bench) in benches().await {
        let cx = bench.cx();
        let later = cx.now().saturating_add(Duration::from_secs(60)).unwrap();
        db::write!(bench.db, |tx| {
            enqueue_at(tx, &cx, &Index { case: 1 }, later).await?;
            enqueue(tx, &cx, &Index { case: 1 }).await?;
            enqueue_at(tx, &cx, &Index { case: 1 }, later).await?;
            enqueue(tx, &cx, &Index { case: 2 }).await
        })
        .unwrap();
        assert_eq!(bench.left().await, 2);

        // A change while the job runs asks for another run; a failed run goes into the one that waits.
        let db = bench.db.clone();
        let runner = bench.runner(act(move |cx, n, attempt| {
            let db = db.clone();
            async move {
                if n == 1 && attempt.number == 1 && cx.now().as_second() % 3600 == 0 {
                    db::write!(db, |tx| { enqueue_at(tx, &cx, &Index { case: 1 }, later).await })?;
                    return Err(Error::Peer { peer: "search", message: String::new() });
                }
                Ok(())
            }
        }));
        let drained = runner.drain().await.unwrap();
        assert_eq!((drained.ran, drained.failures.len(), bench.left().await), (2, 1, 1));
        bench.clock.set(later);
        assert_eq!(runner.drain().await.unwrap().ran, 1);
        let mut log = bench.log();
        log[..2].sort();
        assert_eq!(log, ["search.index 1 #1", "search.index 2 #1", "search.index 1 #1"]);
        assert_eq!(bench.left().await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_job_waits_longer_each_time_then_for_a_person_and_names_nobody() {
    for (_keep, bench) in benches().await {
        bench.enqueue(Send { letter: 1 }).await;
        let runner = bench.runner(act(|_, _, _| async {
            Err(Error::Peer { peer: "bundid", message: "unknown citizen Muster-Person".into() })
        }));
        for (attempt, (low, high)) in [(1, (1, 2)), (2, (3, 6))] {
            let drained = runner.drain().await.unwrap();
            assert_eq!((drained.ran, drained.failures[0].dead), (1, false), "attempt {attempt}");
            let wait = due_in(&bench).await;
            assert!(Duration::from_secs(low) <= wait && wait <= Duration::from_secs(high), "{wait:?}");
            assert_eq!(runner.drain().await.unwrap().ran, 0, "not before its time");
            bench.clock.advance(wait.try_into().unwrap());
        }
        assert!(runner.drain().await.unwrap().failures[0].dead);
        assert_eq!(bench.left().await, 0);
        let found = dead(&mut bench.db.read().await.unwrap()).await.unwrap().remove(0);
        assert_eq!((found.attempts, found.error.as_str()), (3, "peer bundid"));

        let now = bench.cx().now();
        db::write!(bench.db, |tx| { retry(tx, found.id, now).await }).unwrap();
        assert!(matches!(db::write!(bench.db, |tx| { retry(tx, found.id, now).await }), Err(Error::NotFound)));
        let works = bench.runner(nothing());
        assert_eq!(works.drain().await.unwrap().ran, 1);
        assert_eq!(bench.log().last().unwrap(), "post.send 1 #1", "all attempts again");
        assert!(dead(&mut bench.db.read().await.unwrap()).await.unwrap().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_final_a_throttled_job_waits_as_told_and_a_panic_is_a_failure() {
    for (_keep, bench) in benches().await {
        for letter in [1, 2, 3] {
            bench.enqueue(Send { letter }).await;
        }
        let runner = bench.runner(act(|_, n, _| async move {
            match n {
                1 => Err(Error::refused("register-says-no")),
                2 => Err(Error::Throttled { seconds: 900 }),
                _ => panic!("a fault in the handler"),
            }
        }));
        let drained = runner.drain().await.unwrap();
        assert_eq!(drained.ran, 3);
        let mut rx = bench.db.read().await.unwrap();
        let (gone, waiting) = (dead(&mut rx).await.unwrap(), pending(&mut rx).await.unwrap());
        drop(rx);
        assert_eq!(gone.len(), 1);
        assert_eq!(gone[0].error, "register-says-no");
        let codes: Vec<_> = waiting.iter().map(|job| job.last_error.as_deref().unwrap()).collect();
        assert_eq!(codes, ["internal", "throttled"]);
        let wait = waiting[1].due.duration_since(bench.cx().now());
        assert_eq!(wait.as_secs(), 900);
        db::write!(bench.db, |tx| { discard(tx, gone[0].id).await }).unwrap();
        let living = waiting[0].id;
        assert!(matches!(db::write!(bench.db, |tx| { discard(tx, living).await }), Err(Error::NotFound)));
        assert_eq!(bench.left().await, 2);
    }
}
