use std::time::Duration;

use db::Db;
use jobs::{Job as _, Schedules};
use kernel::TenantId;

use crate::bench::{Bench, Index, benches, nothing};

fn runner(bench: &Bench, cron: &'static str) -> jobs::Runner {
    let mut schedules = Schedules::default();
    schedules.add(Index::NAME, cron, serde_json::to_value(Index { case: 7 }).unwrap(), Index::PRIORITY);
    bench.runner_on(bench.clock.clone(), nothing(), schedules)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_fires_once_whoever_looks_and_makes_up_for_missed_times_once() {
    for (test, bench) in benches().await {
        let other = Db::open(&test.url, TenantId(1), &[jobs::MIGRATIONS]).await.unwrap();
        let other = Bench { db: other, ..bench.clone() };
        let nodes = [runner(&bench, "17 * * * *"), runner(&other, "17 * * * *")];
        let fire_all = async || {
            for node in &nodes {
                node.fire_schedules().await.unwrap();
            }
            let mut ran = 0;
            for node in &nodes {
                ran += node.drain().await.unwrap().ran;
            }
            ran
        };
        assert_eq!(fire_all().await, 0, "08:00 is not 08:17");
        bench.clock.advance(Duration::from_secs(16 * 60 + 59).try_into().unwrap());
        assert_eq!(fire_all().await, 0);
        bench.clock.advance(Duration::from_secs(1).try_into().unwrap());
        assert_eq!(fire_all().await, 1);
        assert_eq!(fire_all().await, 0);
        bench.clock.advance(Duration::from_secs(5 * 3600).try_into().unwrap());
        assert_eq!(fire_all().await, 1, "five times missed, once made up for");
        assert_eq!(bench.log(), ["search.index 7 #1", "search.index 7 #1"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_schedule_counts_from_now_on() {
    for (_keep, bench) in benches().await {
        runner(&bench, "0 20 * * *").fire_schedules().await.unwrap();
        let changed = runner(&bench, "30 8 * * *");
        changed.fire_schedules().await.unwrap();
        assert_eq!(changed.drain().await.unwrap().ran, 0);
        // 09:00 in Berlin at the start; 08:30 is tomorrow.
        bench.clock.advance(Duration::from_secs(23 * 3600 + 29 * 60).try_into().unwrap());
        changed.fire_schedules().await.unwrap();
        assert_eq!(changed.drain().await.unwrap().ran, 0);
        bench.clock.advance(Duration::from_secs(60).try_into().unwrap());
        changed.fire_schedules().await.unwrap();
        assert_eq!(changed.drain().await.unwrap().ran, 1);
    }
}
