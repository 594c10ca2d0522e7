use db::testing;
use files::{Store, forget, meta, page, record};
use kernel::{Cx, Error, FileId, Principal, Sources, TenantId, Uuid};

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
        assert_eq!(page(&mut rx, FileId::from_uuid(Uuid::nil()), 10).await.unwrap(), [known.clone()]);
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
