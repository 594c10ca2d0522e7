use std::os::unix::fs::PermissionsExt as _;

use journal::{Checkpoints, SigningKey, emit, read_checkpoint, settle};
use kernel::Error;
use tempfile::tempdir;

use crate::city::{Noted, cities, cx, fee};

#[tokio::test(flavor = "multi_thread")]
async fn a_grown_journal_is_signed_once_and_a_shrunken_or_forked_one_never() {
    for test in cities().await {
        let folder = tempdir().unwrap();
        let key = SigningKey::load_or_create(&folder.path().join("keys/city.key")).unwrap();
        let checkpoints = Checkpoints::new(folder.path().join("kept"), key, "meer/05162022").unwrap();
        let (cx, now) = (cx(), cx().now());
        assert_eq!(checkpoints.write(&mut test.db.read().await.unwrap(), now).await.unwrap(), None, "nothing to say");
        let mut written = Vec::new();
        for n in 0..5 {
            db::write!(test.db, |tx| {
                emit(tx, &cx, &Noted { fee: fee(1), n }).await?;
                emit(tx, &cx, &Noted { fee: fee(2), n }).await
            })
            .unwrap();
            settle(&test.db).await.unwrap();
            let mut rx = test.db.read().await.unwrap();
            written.extend(checkpoints.write(&mut rx, now).await.unwrap());
            assert_eq!(checkpoints.write(&mut rx, now).await.unwrap(), None, "not grown");
        }
        assert_eq!(written.iter().map(|c| c.size).collect::<Vec<_>>(), [2, 4, 6, 8, 10]);
        assert_eq!(checkpoints.all().unwrap(), written);
        let note = checkpoints.latest_note().unwrap().unwrap().to_string();
        assert_eq!(read_checkpoint(&note, &checkpoints.verifier()).unwrap(), written[4]);
        assert!(read_checkpoint(&note.replace("10\n", "11\n"), &checkpoints.verifier()).is_err());

        db::write!(test.db, |tx| {
            tx.exec("UPDATE journal_node SET hash = $2 WHERE tenant = $1 AND level = 3", db::params![vec![7u8; 32]])
                .await
        })
        .unwrap();
        db::write!(test.db, |tx| { emit(tx, &cx, &Noted { fee: fee(3), n: 1 }).await }).unwrap();
        settle(&test.db).await.unwrap();
        let forked = checkpoints.write(&mut test.db.read().await.unwrap(), now).await;
        assert!(matches!(forked, Err(Error::Conflict("journal-denies-checkpoint"))), "{forked:?}");
        db::write!(test.db, |tx| { tx.exec("DELETE FROM journal_head WHERE tenant = $1", &[]).await }).unwrap();
        let shrunken = checkpoints.write(&mut test.db.read().await.unwrap(), now).await;
        assert!(matches!(shrunken, Err(Error::Conflict("journal-denies-checkpoint"))), "{shrunken:?}");
        assert_eq!(checkpoints.latest().unwrap().unwrap().size, 10);
    }
}

#[test]
fn a_key_file_is_for_the_program_alone_and_is_never_overwritten() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("keys/city.key");
    let made = SigningKey::load_or_create(&path).unwrap();
    let mode = |path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert!(made.is_development());
    let again = SigningKey::load_or_create(&path).unwrap();
    assert!(again.is_development());
    let verifier = |key| Checkpoints::new(folder.path().join("kept"), key, "meer/1").unwrap().verifier();
    assert_eq!(verifier(made), verifier(again));
    assert!(SigningKey::create_for_production(&path).is_err());

    let real = folder.path().join("real.key");
    assert!(!SigningKey::create_for_production(&real).unwrap().is_development());
    assert!(!SigningKey::load_or_create(&real).unwrap().is_development());

    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(SigningKey::load_or_create(&real).unwrap_err().to_string().contains("0600"));
    for text in ["", "# only a comment\n", "abc\n", "00\n11\n"] {
        std::fs::write(&real, text).unwrap();
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert!(SigningKey::load_or_create(&real).is_err(), "{text:?}");
    }
}

#[test]
fn what_lies_beside_a_checkpoint_is_kept_once_and_never_overwritten() {
    let folder = tempdir().unwrap();
    let key = SigningKey::load_or_create(&folder.path().join("keys/city.key")).unwrap();
    let checkpoints = Checkpoints::new(folder.path().join("kept"), key, "meer/1").unwrap();
    assert_eq!(checkpoints.beside(7, "tsr").unwrap(), None);
    checkpoints.keep_beside(12, "tsr", b"later").unwrap();
    checkpoints.keep_beside(7, "tsr", b"first").unwrap();
    checkpoints.keep_beside(7, "tsr", b"second").unwrap();
    checkpoints.keep_beside(7, "tsq", b"question").unwrap();
    assert_eq!(checkpoints.beside(7, "tsr").unwrap().as_deref(), Some(&b"first"[..]));
    assert_eq!(checkpoints.sizes_with("tsr").unwrap(), [7, 12]);
    assert_eq!(checkpoints.sizes_with("tsq").unwrap(), [7]);
    assert!(checkpoints.all().unwrap().is_empty(), "none of these is a checkpoint");
    let names = std::fs::read_dir(folder.path().join("kept")).unwrap();
    assert_eq!(names.count(), 3, "nothing unfinished is left");
}

#[test]
fn what_another_process_keeps_or_takes_away_is_seen() {
    let folder = tempdir().unwrap();
    let key = SigningKey::load_or_create(&folder.path().join("keys/city.key")).unwrap();
    let kept = folder.path().join("kept");
    let one = Checkpoints::new(&kept, key.clone(), "meer/1").unwrap();
    let other = Checkpoints::new(&kept, key, "meer/1").unwrap();
    for size in 1..50 {
        other.keep_beside(size, "tsr", b"stamp").unwrap();
        assert_eq!(one.sizes_with("tsr").unwrap().len() as u64, size);
    }
    // Long after the last change the list is kept, until the next one.
    std::thread::sleep(std::time::Duration::from_millis(2100));
    assert_eq!(one.sizes_with("tsr").unwrap().len(), 49);
    assert_eq!(one.sizes_with("tsr").unwrap().len(), 49);
    other.keep_beside(50, "tsr", b"stamp").unwrap();
    assert_eq!(one.sizes_with("tsr").unwrap().last(), Some(&50));
    std::fs::remove_file(kept.join(format!("{:015}.tsr", 7))).unwrap();
    assert!(!one.sizes_with("tsr").unwrap().contains(&7));
}
