//! Fresh databases for tests: always SQLite, and PostgreSQL where `MEER_TEST_DATABASE` names a server whose
//! databases may be made and dropped (`make test` starts a private one).

use std::sync::atomic::{AtomicU32, Ordering};

use kernel::{TenantId, sha256};

use crate::{Db, Engine, Migrations, Url, pg};

/// A database that goes when it is dropped.
pub struct TestDb {
    pub db: Db,
    pub url: Url,
    text: String,
    _folder: Option<tempfile::TempDir>,
}

impl TestDb {
    /// The URL as a configuration would name it.
    pub fn url_text(&self) -> String {
        self.text.clone()
    }
}

/// One fresh database per engine that this machine offers.
///
/// # Panics
/// When a test database cannot be made: the test cannot go on.
pub async fn both(migrations: &[Migrations]) -> Vec<TestDb> {
    let mut all = vec![sqlite(migrations).await];
    match postgres(migrations).await {
        Some(db) => all.push(db),
        None => eprintln!("PostgreSQL left out: MEER_TEST_DATABASE names no server (`make test` starts one)"),
    }
    all
}

/// # Panics
/// When the file cannot be made.
pub async fn sqlite(migrations: &[Migrations]) -> TestDb {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = Url::Sqlite(folder.path().join("city.db"));
    let db = Db::open(&url, TenantId(1), migrations).await.expect("a fresh SQLite file opens");
    let text = format!("sqlite:{}", folder.path().join("city.db").display());
    TestDb { db, url, text, _folder: Some(folder) }
}

/// A copy of a template that is migrated once per set of steps.
///
/// # Panics
/// When the named server does not do as asked.
pub async fn postgres(migrations: &[Migrations]) -> Option<TestDb> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let server = std::env::var("MEER_TEST_DATABASE").ok()?;
    let config: tokio_postgres::Config = server.parse().expect("MEER_TEST_DATABASE is a postgres:// URL");
    let (client, connection) = config.connect(tokio_postgres::NoTls).await.expect("the test server answers");
    let driver = tokio::spawn(connection);

    let text: String = migrations.iter().flat_map(|m| m.steps).map(|s| s.sql).collect();
    let hash: String = sha256(&[text.as_bytes()])[..8].iter().map(|b| format!("{b:02x}")).collect();
    let template = format!("meer_template_{hash}");
    // Other test processes make the same template: one at a time.
    client.batch_execute("SELECT pg_advisory_lock(4711)").await.expect("lock");
    let there = client.query("SELECT 1 FROM pg_database WHERE datname = $1", &[&template]).await.expect("list");
    if there.is_empty() {
        let building = format!("{template}_building");
        client.batch_execute(&format!("DROP DATABASE IF EXISTS {building}")).await.expect("drop");
        client.batch_execute(&format!("CREATE DATABASE {building}")).await.expect("create");
        let mut config = config.clone();
        config.dbname(&building);
        crate::migrate::postgres(&pg::Config(config), migrations).await.expect("migrations run");
        client.batch_execute(&format!("ALTER DATABASE {building} RENAME TO {template}")).await.expect("rename");
    }
    let name = format!("meer_test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    client.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await.expect("drop");
    client.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}")).await.expect("copy");
    client.batch_execute("SELECT pg_advisory_unlock(4711)").await.expect("unlock");
    drop(client);
    let _ = driver.await;

    let mut config = config;
    config.dbname(&name);
    let url = Url::Postgres(Box::new(pg::Config(config)));
    let db = Db::open(&url, TenantId(1), migrations).await.expect("a fresh PostgreSQL database opens");
    assert_eq!(db.engine(), Engine::Postgres);
    // `postgres://user@host/NAME?…` with the new name in place of the server's own database.
    let (before, query) = server.split_once('?').unwrap_or((&server, ""));
    let base = before.rsplit_once('/').map_or(before, |(base, _)| base);
    let text = format!("{base}/{name}?{query}");
    Some(TestDb { db, url, text, _folder: None })
}
