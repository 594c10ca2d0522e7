use journal::{emit, emit_deleted, emit_evidence, emit_private, entries, entry, erase_private, of_subject, settle};
use kernel::{Error, Event, Result, Subject, sha256};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::city::{Charged, FEE, Noted, charge, cities, cx, fee};

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_counts_is_inside_the_leaf() {
    for test in cities().await {
        let cx = cx();
        let id = db::write!(test.db, |tx| {
            emit_private(tx, &cx, &Noted { fee: fee(1), n: 7 }, json!({"name": "Muster-Ärztin"})).await
        })
        .unwrap();
        settle(&test.db).await.unwrap();
        let mut rx = test.db.read().await.unwrap();
        let found = entry(&mut rx, id).await.unwrap();
        assert_eq!(found.event::<Noted>().unwrap(), Some(Noted { fee: fee(1), n: 7 }));
        assert_eq!(found.event::<Charged>().unwrap(), None);
        let expected = format!(
            "{{\"actor\":{{\"kind\":\"system\",\"name\":\"test\"}},\"at\":{},\"fee\":\"{f}\",\"n\":7,\
             \"name\":\"fees.noted\",\"subject\":{{\"id\":\"{f}\",\"kind\":\"fee\"}}}}",
            found.at.as_microsecond(),
            f = fee(1)
        );
        assert_eq!(found.fact_text, expected);

        let row = rx
            .query("SELECT salt, private, leaf FROM journal_entry WHERE tenant = $1 AND id = $2", db::params![id])
            .await
            .unwrap();
        let (salt, leaf) = (row[0].get::<Vec<u8>>("salt").unwrap(), row[0].get::<Vec<u8>>("leaf").unwrap());
        let private = sha256(&[&salt, "{\"name\":\"Muster-Ärztin\"}".as_bytes()]);
        assert_eq!((salt.len(), found.private_hash), (32, private));
        assert_eq!(leaf, sha256(&[&[0, 1], expected.as_bytes(), &private]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_evidential_entry_holds_the_same_state_on_every_engine() {
    let mut states = Vec::new();
    for test in cities().await {
        let cx = cx();
        db::write!(test.db, |tx| {
            charge(tx, &cx, fee(1), 900).await?;
            let sql = "UPDATE fees_fee SET at = $2, extra = $3 WHERE tenant = $1";
            let at: kernel::Timestamp = "2026-03-29T01:30:00.000001Z".parse().map_err(Error::internal)?;
            tx.exec(sql, db::params![at, json!({"z": 1, "ä": {"y": null, "x": [true]}})]).await?;
            emit_evidence(tx, &cx, &Charged { fee: fee(1), cents: 900 }, None, &FEE).await
        })
        .unwrap();
        settle(&test.db).await.unwrap();
        let found = entries(&mut test.db.read().await.unwrap(), 1, 10).await.unwrap();
        assert_eq!(found[0].fact["table"], "fees_fee");
        states.push(found[0].fact["state"].as_str().unwrap().to_owned());
    }
    let canonical = "{\"at\":1774747800000001,\"cents\":900,\"due\":\"2027-01-31\",\
                     \"extra\":{\"z\":1,\"ä\":{\"x\":[true],\"y\":null}},\
                     \"office\":\"00000000-0000-0000-0000-000000000001\",\"paid\":false,\"reason\":\"Gebühr\",\
                     \"receipt\":\"00ff\"}";
    let hex: String = sha256(&[canonical.as_bytes()]).iter().map(|b| format!("{b:02x}")).collect();
    assert!(states.iter().all(|state| *state == hex), "{states:?} {hex}");
}

#[derive(Serialize, Deserialize)]
struct Clash {
    state: i64,
}

impl Event for Clash {
    const NAME: &'static str = "fees.clash";
    fn subject(&self) -> Subject {
        fee(1).into()
    }
}

#[derive(Serialize, Deserialize)]
struct Long {
    text: String,
}

impl Event for Long {
    const NAME: &'static str = "fees.long";
    fn subject(&self) -> Subject {
        Subject { kind: "case", id: fee(1).uuid() }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_cannot_be_evidence_is_refused() {
    for test in cities().await {
        let cx = cx();
        let clash = db::write!(test.db, |tx| { emit(tx, &cx, &Clash { state: 1 }).await });
        assert!(clash.unwrap_err().to_string().contains("reserved field name state"));
        let long = db::write!(test.db, |tx| { emit(tx, &cx, &Long { text: "x".repeat(66_000) }).await });
        assert!(long.unwrap_err().to_string().contains("65,535"));
        let other =
            db::write!(test.db, |tx| { emit_evidence(tx, &cx, &Long { text: String::new() }, None, &FEE).await });
        assert!(other.unwrap_err().to_string().contains("about a case"));
        let absent = Charged { fee: fee(9), cents: 1 };
        let absent = db::write!(test.db, |tx| { emit_evidence(tx, &cx, &absent, None, &FEE).await });
        assert!(matches!(absent, Err(Error::NotFound)));
        let there: Result<_> = db::write!(test.db, |tx| {
            charge(tx, &cx, fee(1), 1).await?;
            emit_deleted(tx, &cx, &Charged { fee: fee(1), cents: 1 }, None, &FEE).await
        });
        assert!(there.unwrap_err().to_string().contains("is there"));
        assert_eq!(settle(&test.db).await.unwrap(), 0, "nothing of all this was written");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn erasure_takes_the_private_part_of_one_subject_only() {
    for test in cities().await {
        let cx = cx();
        let subject = Subject::from(fee(1));
        db::write!(test.db, |tx| {
            emit_private(tx, &cx, &Noted { fee: fee(1), n: 1 }, json!({"name": "Muster"})).await?;
            emit_private(tx, &cx, &Noted { fee: fee(2), n: 2 }, json!({"name": "Beispiel"})).await
        })
        .unwrap();
        let first = db::write!(test.db, |tx| { erase_private(tx, &cx, subject.clone()).await }).unwrap();
        let again = db::write!(test.db, |tx| { erase_private(tx, &cx, subject.clone()).await }).unwrap();
        assert_eq!((first, again), (1, 0));
        settle(&test.db).await.unwrap();
        let mut rx = test.db.read().await.unwrap();
        let about = of_subject(&mut rx, &subject, 10).await.unwrap();
        assert_eq!(about.len(), 2, "the second erasure found nothing and says nothing");
        assert_eq!((about[0].name.as_str(), &about[0].fact["entries"]), (journal::ERASED, &json!(1)));
        assert!(about.iter().all(|entry| entry.private.is_none()));
        let left = rx
            .one::<(i64,)>("SELECT COUNT(*) AS n FROM journal_entry WHERE tenant = $1 AND salt IS NOT NULL", &[])
            .await
            .unwrap();
        assert_eq!(left.0, 1);
    }
}
