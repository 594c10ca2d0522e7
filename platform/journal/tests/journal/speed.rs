//! Not a test of speed on this machine, but of growth: numbering must not depend on how much is there already.

use std::time::{Duration, Instant};

use journal::{emit, settle, size};

use crate::city::{Noted, cx, fee};

#[tokio::test(flavor = "multi_thread")]
async fn numbering_a_thousand_entries_after_twenty_thousand_takes_no_longer_than_after_none() {
    let test = db::testing::sqlite(crate::city::MIGRATIONS).await;
    crate::city::install(&test.db);
    let mut times: Vec<Duration> = Vec::new();
    for round in 0..20 {
        let cx = cx();
        let started = Instant::now();
        db::write!(test.db, |tx| {
            for n in 0..1000 {
                emit(tx, &cx, &Noted { fee: fee(round), n }).await?;
            }
            Ok(())
        })
        .unwrap();
        times.push(started.elapsed());
    }
    assert_eq!(settle(&test.db).await.unwrap(), 20_000);
    assert_eq!(size(&mut test.db.read().await.unwrap()).await.unwrap(), 20_000);
    eprintln!("1000 entries: first {:?}, last {:?}", times[0], times[19]);
    assert!(times[19] < times[0] * 8 + Duration::from_millis(50), "{times:?}");
}
