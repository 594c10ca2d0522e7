//! Fresh databases for tests: SQLite, and PostgreSQL on the server that `MEER_TEST_DATABASE` names, whose databases may
//! be made and dropped (`make test` starts a private one). Whoever wants to go without it says so: a half that is left
//! out unnoticed is one that nobody misses.

use std::sync::atomic::{AtomicU32, Ordering};

use kernel::{TenantId, sha256};

use crate::{Db, Engine, Migrations, Url, pg};

/// What to do when `MEER_TEST_DATABASE` is not set.
pub const NOT_SET: &str = "MEER_TEST_DATABASE is not set: half of this needs PostgreSQL. Please run\n\n    \
    export MEER_TEST_DATABASE=$(scripts/test-postgres.sh start)\n\n\
    and try again, or leave PostgreSQL out with\n\n    export MEER_TEST_DATABASE=none\n";

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

/// One fresh database per engine.
///
/// # Panics
/// When a test database cannot be made: the test cannot go on. When `MEER_TEST_DATABASE` is not set.
pub async fn both(migrations: &[Migrations]) -> Vec<TestDb> {
    let mut all = vec![sqlite(migrations).await];
    match postgres(migrations).await {
        Some(db) => all.push(db),
        None => eprintln!("PostgreSQL left out: MEER_TEST_DATABASE=none"),
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

/// The server that the variable names; none when PostgreSQL is left out on purpose.
fn server(variable: Option<String>) -> Option<String> {
    if variable.as_deref() == Some("none") {
        return None;
    }
    assert!(variable.as_ref().is_some_and(|server| !server.is_empty()), "{NOT_SET}");
    variable
}

/// A copy of a template that is migrated once per set of steps; none with `MEER_TEST_DATABASE=none`.
///
/// # Panics
/// When the variable is not set, or the named server does not do as asked.
pub async fn postgres(migrations: &[Migrations]) -> Option<TestDb> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let server = server(std::env::var("MEER_TEST_DATABASE").ok())?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postgresql_is_left_out_only_when_somebody_says_so() {
        let url = "postgres://postgres@/postgres".to_owned();
        assert_eq!(server(Some(url.clone())), Some(url));
        assert_eq!(server(Some("none".into())), None);
        for not_set in [None, Some(String::new())] {
            assert!(std::panic::catch_unwind(|| server(not_set)).is_err());
        }
    }
}
