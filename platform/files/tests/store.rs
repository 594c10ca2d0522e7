use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use db::testing;
use files::{
    Address, CityKey, Patience, Scan, Scanner, Store, adopt, forget, locked, meta, note_scan, page, record, scan_of,
    unchecked, waiting,
};
use journal::check::Fault;
use kernel::{Cx, Error, FileId, OsRandom, Principal, Sources, TenantId, Uuid};

#[tokio::test(flavor = "multi_thread")]
async fn bytes_come_back_verified_and_changed_ones_never() {
    for test in testing::both(&[journal::MIGRATIONS, files::MIGRATIONS]).await {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().to_owned()).unwrap();
        let cx = Cx::new(TenantId(1), Principal::System { name: "test" }, Sources::system());
        let stored = store.put(&cx, b"inhalt".to_vec()).await.unwrap();
        db::write!(test.db, |tx| { record(tx, &cx, &stored, "a/../b.pdf", "application/pdf").await }).unwrap();
        let mut rx = test.db.read().await.unwrap();
        let known = meta(&mut rx, stored.id).await.unwrap();
        assert_eq!((known.name.as_str(), known.size), ("b.pdf", 6));
        assert_eq!(page(&mut rx, FileId::from_uuid(Uuid::nil()), 10).await.unwrap(), [known.id]);
        assert_eq!(known.scan, Scan::Own);
        drop(rx);
        assert_eq!(store.read_verified(&known).await.unwrap(), b"inhalt");
        assert!(store.orphans(std::time::SystemTime::now()).await.unwrap().is_empty(), "young files are no orphans");

        let name = stored.id.uuid().simple().to_string();
        let path = folder.path().join(&name[30..]).join(&name);
        std::fs::write(&path, b"Inhalt").unwrap();
        assert!(store.read_verified(&known).await.is_err());

        db::write!(test.db, |tx| { forget(tx, &cx, stored.id).await }).unwrap();
        store.remove(stored.id).await.unwrap();
        store.remove(stored.id).await.unwrap();
        assert_eq!(store.hash(stored.id).await.unwrap(), None);
        assert!(matches!(meta(&mut test.db.read().await.unwrap(), stored.id).await, Err(Error::NotFound)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn check_names_a_changed_byte_and_a_missing_file_and_collecting_takes_only_what_nobody_knows() {
    for test in testing::both(&[journal::MIGRATIONS, files::MIGRATIONS]).await {
        test.db.set_before_commit(Arc::new(journal::Sequencer));
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().to_owned()).unwrap();
        let cx = cx();
        let mut stored = Vec::new();
        for n in 0..5u8 {
            let one = store.put(&cx, vec![n; 100]).await.unwrap();
            db::write!(test.db, |tx| { record(tx, &cx, &one, "a.pdf", "application/pdf").await }).unwrap();
            stored.push(one);
        }
        let unknown = store.put(&cx, vec![9; 100]).await.unwrap();
        journal::settle(&test.db).await.unwrap();
        let entry = journal::entries(&mut test.db.read().await.unwrap(), 0, 1).await.unwrap().remove(0);
        let hex: String = stored[0].sha256.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(entry.fact["sha256"], hex);

        let run =
            async || journal::check::run(&test.db, &[files::EVIDENCE], &[], &[&store], &mut |_| {}).await.unwrap();
        assert!(run().await.is_whole());
        let path = |id: FileId| {
            let name = id.uuid().simple().to_string();
            folder.path().join(&name[30..]).join(name)
        };
        let mut bytes = vec![1; 100];
        bytes[50] ^= 1;
        std::fs::write(path(stored[1].id), bytes).unwrap();
        std::fs::remove_file(path(stored[3].id)).unwrap();
        let found = run().await.findings;
        let found: Vec<_> = found.iter().map(|f| (f.fault, f.table, f.id.unwrap())).collect();
        let expected = [
            (Fault::ContentsChanged, "files_file", stored[1].id.uuid()),
            (Fault::ContentsMissing, "files_file", stored[3].id.uuid()),
        ];
        assert!(found.len() == 2 && expected.iter().all(|one| found.contains(one)), "{found:?}");

        let days = |n: u64| SystemTime::now() + Duration::from_secs(n * 86_400);
        assert_eq!(store.collect(&test.db, days(34)).await.unwrap(), 0);
        assert_eq!(store.collect(&test.db, days(36)).await.unwrap(), 1);
        assert_eq!(store.hash(unknown.id).await.unwrap(), None);
        assert!(store.hash(stored[0].id).await.unwrap().is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sealed_bytes_open_with_the_citys_keys_only_and_not_in_another_place() {
    let folder = tempfile::tempdir().unwrap();
    let (cx, text) = (cx(), b"eine vertrauliche Urkunde".to_vec());
    let plain = Store::open(folder.path().to_owned()).unwrap();
    let before = plain.put(&cx, text.clone()).await.unwrap();
    let keys = |key: u8, older: &[[u8; 32]]| Arc::new(CityKey::new(&[key; 32], older, Arc::new(OsRandom)));
    let store = Store::open(folder.path().to_owned()).unwrap().sealed_with(keys(1, &[]));
    let (first, second) = (store.put(&cx, text.clone()).await.unwrap(), store.put(&cx, text.clone()).await.unwrap());
    let path = |id: FileId| {
        let name = id.uuid().simple().to_string();
        folder.path().join(&name[30..]).join(name)
    };
    let (on_disk, other) = (std::fs::read(path(first.id)).unwrap(), std::fs::read(path(second.id)).unwrap());
    assert!(!on_disk.windows(13).any(|part| part == b"vertrauliche ".as_slice()) && on_disk[8..] != other[8..]);
    for one in [&before, &first, &second] {
        assert_eq!(store.read_verified(&meta_of(one)).await.unwrap(), text);
        assert_eq!(store.hash(one.id).await.unwrap(), Some(before.sha256));
    }
    let changed_key = Store::open(folder.path().to_owned()).unwrap().sealed_with(keys(2, &[[1; 32]]));
    assert_eq!(changed_key.read_verified(&meta_of(&first)).await.unwrap(), text);
    let other_city = Store::open(folder.path().to_owned()).unwrap().sealed_with(keys(3, &[]));
    assert!(other_city.read_verified(&meta_of(&first)).await.is_err());

    std::fs::write(path(first.id), &other).unwrap();
    assert!(store.read_verified(&meta_of(&first)).await.is_err(), "a file moved to another id");
    for at in [0, 9, 40, on_disk.len() - 1] {
        let mut bytes = on_disk.clone();
        bytes[at] ^= 1;
        std::fs::write(path(first.id), &bytes).unwrap();
        assert!(store.read_verified(&meta_of(&first)).await.is_err(), "byte {at} changed");
        std::fs::write(path(first.id), &on_disk[..at]).unwrap();
        assert!(store.read_verified(&meta_of(&first)).await.is_err(), "cut at {at}");
    }
}

const ALL: &[db::Migrations] = &[journal::MIGRATIONS, jobs::MIGRATIONS, files::MIGRATIONS];

#[tokio::test(flavor = "multi_thread")]
async fn unchecked_bytes_are_kept_and_opened_only_when_a_scan_has_let_them_through() {
    for test in testing::both(ALL).await {
        let folder = tempfile::tempdir().unwrap();
        // Nobody listens there.
        let away = Scanner::Clamd(Address::Unix(folder.path().join("clamd.ctl")));
        let store = Store::open(folder.path().join("files")).unwrap().scanned_by(away);
        let cx = cx();
        let mut stored = Vec::new();
        for text in ["gut", "boese", "wartet"] {
            let one = store.take_in(&cx, text.as_bytes().to_vec()).await.unwrap();
            assert_eq!(one.scan, Scan::Unchecked);
            db::write!(test.db, |tx| { record(tx, &cx, &one, text, "text/plain").await }).unwrap();
            stored.push(one.id);
        }
        let mut rx = test.db.read().await.unwrap();
        assert_eq!((jobs::pending(&mut rx).await.unwrap().len(), waiting(&mut rx).await.unwrap().files), (1, 3));
        let first = unchecked(&mut rx, FileId::from_uuid(Uuid::nil()), 2).await.unwrap();
        assert_eq!(first.len(), 2);
        let rest = unchecked(&mut rx, first[1].id, 2).await.unwrap();
        assert_eq!(rest.len(), 1);
        assert_eq!(store.read_verified(&first[0]).await.unwrap_err().code(), files::UNCHECKED);
        assert!(matches!(store.scan(&first[0]).await, Err(Error::Peer { peer: "scanner", .. })));
        drop(rx);

        let engine = || "ClamAV 1".to_owned();
        let clean = Scan::Clean { engine: engine() };
        let infected = Scan::Infected { signature: "Eicar-Test-Signature".into(), engine: engine() };
        db::write!(test.db, |tx| {
            note_scan(tx, &cx, stored[0], &clean).await?;
            note_scan(tx, &cx, stored[1], &infected).await?;
            // What is known stays, whoever asks again.
            note_scan(tx, &cx, stored[1], &clean).await
        })
        .unwrap();
        let mut rx = test.db.read().await.unwrap();
        let (good, bad) = (meta(&mut rx, stored[0]).await.unwrap(), meta(&mut rx, stored[1]).await.unwrap());
        assert_eq!(store.read_verified(&good).await.unwrap(), b"gut");
        assert_eq!(store.read_verified(&bad).await.unwrap_err().code(), files::INFECTED);
        assert_eq!(scan_of(&mut rx, stored[1]).await.unwrap(), infected);
        let shut = locked(&mut rx, &stored).await.unwrap();
        assert_eq!(
            (shut.len(), shut.get(&stored[1]), shut.get(&stored[2])),
            (2, Some(&infected), Some(&Scan::Unchecked))
        );
        drop(rx);
        // A file of which nothing is written down, as from before there was a scan.
        let sql = "DELETE FROM files_scan WHERE tenant = $1 AND file_id = $2";
        db::write!(test.db, |tx| { tx.exec_one(sql, db::params![stored[2]]).await }).unwrap();
        let old = meta(&mut test.db.read().await.unwrap(), stored[2]).await.unwrap();
        assert_eq!(
            (&old.scan, waiting(&mut test.db.read().await.unwrap()).await.unwrap().files),
            (&Scan::Unchecked, 0)
        );
        adopt(&test.db).await.unwrap();
        adopt(&test.db).await.unwrap();
        assert_eq!(waiting(&mut test.db.read().await.unwrap()).await.unwrap().files, 1);
        db::write!(test.db, |tx| { forget(tx, &cx, stored[2]).await }).unwrap();
        assert_eq!(waiting(&mut test.db.read().await.unwrap()).await.unwrap().files, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_files_of_a_request_wait_for_a_hanging_scanner_together() {
    // Takes what comes and says nothing.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let clamd = Scanner::Clamd(Address::Tcp(address.to_string()));
    let store = Store::open(folder.path().to_owned()).unwrap().scanned_by(clamd);
    let started = std::time::Instant::now();
    let mut patience = Patience::default();
    for text in ["eins", "zwei", "drei", "vier"] {
        let stored = store.take_in_within(&cx(), text.into(), &mut patience).await.unwrap();
        assert_eq!(stored.scan, Scan::Unchecked, "{text}");
        assert!(store.holds(stored.id));
    }
    let waited = started.elapsed();
    assert!(waited >= Duration::from_millis(1900) && waited < Duration::from_secs(4), "{waited:?}");
}

/// Only where Debian's clamd runs, with all its signatures. One of our own is asked by `server/tests/city/clamd.rs`.
#[tokio::test(flavor = "multi_thread")]
async fn a_real_clamd_knows_the_test_string_of_eicar() {
    let socket = std::path::Path::new("/run/clamav/clamd.ctl");
    if std::os::unix::net::UnixStream::connect(socket).is_err() {
        println!("not checked: no clamd listens at {}", socket.display());
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let clamd = Scanner::Clamd(Address::Unix(socket.to_owned()));
    let store = Store::open(folder.path().to_owned()).unwrap().scanned_by(clamd);
    // In two halves: otherwise scanners would take this file for malware.
    let eicar = [r"X5O!P%@AP[4\PZX54(P^)7CC)7}", "$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"].concat();
    let bad = store.take_in(&cx(), eicar.into_bytes()).await.unwrap();
    assert!(matches!(bad.scan, Scan::Infected { .. }), "{:?}", bad.scan);
    let good = store.take_in(&cx(), b"ein Brief".to_vec()).await.unwrap();
    assert!(matches!(good.scan, Scan::Clean { .. }), "{:?}", good.scan);
}

fn cx() -> Cx {
    Cx::new(TenantId(1), Principal::System { name: "test" }, Sources::system())
}

fn meta_of(stored: &files::Stored) -> files::Meta {
    files::Meta {
        id: stored.id,
        sha256: stored.sha256,
        size: stored.size,
        name: "a.txt".into(),
        media_type: "text/plain".into(),
        created_at: kernel::Timestamp::UNIX_EPOCH,
        scan: stored.scan.clone(),
    }
}
