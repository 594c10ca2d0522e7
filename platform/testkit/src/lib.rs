//! A test city in process: the assembled house on a fresh database, the sandbox peers on free ports, a browser without
//! a window.
//!
//! # Panics
//! Everything here panics when it cannot do what a test asked for: the test has failed then.

mod browser;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use db::{Engine, testing::TestDb};
use house::{App, City, Config, Module, PeerConfig};
use kernel::{FixedClock, OsRandom, Sources, Timestamp};

pub use browser::{Browser, Page, form_of};

/// A city on one engine with its peers. Everything goes when it is dropped.
pub struct TestCity {
    pub app: Arc<App>,
    pub city: Arc<City>,
    pub clock: Arc<FixedClock>,
    pub sandbox: sandbox::Running,
    router: axum::Router,
    _data: tempfile::TempDir,
    _db: Option<TestDb>,
}

/// The folder `cities/` of the repository.
pub fn cities() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cities")
}

/// The present, from which tests move the clock on: the sandbox signs with the machine's time.
pub fn start() -> Timestamp {
    Sources::system().now()
}

impl TestCity {
    /// Meerbusch on the given engine; none for PostgreSQL with `MEER_TEST_DATABASE=none`.
    pub async fn open(modules: &[Module], engine: Engine) -> Option<TestCity> {
        Self::open_with(modules, engine, |_| {}).await
    }

    /// The same with another configuration of the operator.
    pub async fn open_with(modules: &[Module], engine: Engine, change: impl FnOnce(&mut Config)) -> Option<TestCity> {
        Self::open_beside(modules, engine, |config, _| change(config)).await
    }

    /// One city per engine whose files are scanned by the sandbox.
    pub async fn both_scanned(modules: &[Module]) -> Vec<TestCity> {
        let scanned = |config: &mut Config, sandbox: &sandbox::Running| {
            config.scanner = Some(format!("tcp:{}", sandbox.clamd_addr));
        };
        let mut all = vec![Self::open_beside(modules, Engine::Sqlite, scanned).await.expect("SQLite is always there")];
        all.extend(Self::open_beside(modules, Engine::Postgres, scanned).await);
        all
    }

    async fn open_beside(
        modules: &[Module],
        engine: Engine,
        change: impl FnOnce(&mut Config, &sandbox::Running),
    ) -> Option<TestCity> {
        // A test that fails shows what the program wrote: errors, or what RUST_LOG asks for.
        let filter = tracing_subscriber::EnvFilter::from_default_env();
        let _ = tracing_subscriber::fmt().with_test_writer().with_env_filter(filter).without_time().try_init();
        let folder = cities().join("meerbusch");
        let sandbox = sandbox::start(sandbox::Config::for_tests(vec![folder])).await.expect("sandbox starts");
        let data = tempfile::tempdir().expect("a temporary folder");
        let clock = Arc::new(FixedClock::new(start()));
        let sources = Sources { clock: clock.clone(), random: Arc::new(OsRandom) };
        let mut config = config(&sandbox, data.path());
        change(&mut config, &sandbox);
        let (db, config) = match engine {
            Engine::Sqlite => (None, config),
            Engine::Postgres => {
                let probe =
                    App::new(config.clone(), sources.clone(), modules.to_vec()).expect("the house fits together");
                let db = db::testing::postgres(&probe.migrations()).await?;
                let database = Some(db.url_text());
                (Some(db), Config { database, ..config })
            }
        };
        let app = App::new(config, sources, modules.to_vec()).expect("the house fits together");
        let home = app.config.cities.join("meerbusch");
        let city = house::open_city(&app, &home).await.unwrap_or_else(|e| panic!("the city opens: {e:#}"));
        let router = house::router(&app);
        Some(TestCity { app, city, clock, sandbox, router, _data: data, _db: db })
    }

    /// One city per engine that this machine offers.
    pub async fn both(modules: &[Module]) -> Vec<TestCity> {
        let mut all = vec![Self::open(modules, Engine::Sqlite).await.expect("SQLite is always there")];
        all.extend(Self::open(modules, Engine::Postgres).await);
        all
    }

    /// A new visitor without cookies.
    pub fn browser(&self) -> Browser {
        Browser::new(self.router.clone())
    }

    /// Does all work that is due; a failed job fails the test.
    pub async fn settle(&self) {
        let failures = house::settle(&self.app, &self.city).await.expect("work in the background");
        assert!(failures.is_empty(), "jobs failed: {failures:?}");
    }

    /// Moves the clock by minutes, less than sessions last.
    pub fn minutes_later(&self, minutes: u32) {
        self.clock.advance_minutes(minutes);
    }

    /// Moves the clock.
    pub fn later(&self, hours: i64) {
        self.clock.advance_hours(hours);
    }
}

/// The configuration of a test city whose peers are this sandbox.
pub fn config(sandbox: &sandbox::Running, data: &Path) -> Config {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/secrets");
    let peer = |path: &str, secret: &str, client: &str| PeerConfig {
        url: format!("{}{path}", sandbox.base_url),
        secret_file: Some(root.join(format!("meerbusch-{secret}"))),
        client: client.to_owned(),
        sandbox: true,
        ..PeerConfig::default()
    };
    let mut payment = peer("/pay", "payment", "meer-meerbusch-pay");
    payment.more =
        [("originator", "meerbusch"), ("endpoint", "buergerportal")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
    let smtp = PeerConfig {
        url: format!("smtp://{}", sandbox.smtp_addr),
        client: "meer@example.org".into(),
        sandbox: true,
        ..PeerConfig::default()
    };
    let peers = [
        ("population", peer("/register/05162022", "register", "")),
        ("civil", peer("/register/05162022", "register", "")),
        ("eid", peer("/eid", "eid", "meer-meerbusch")),
        ("payment", payment),
        ("treasury", peer("/kasse", "treasury", "")),
        ("smtp", smtp),
    ];
    Config {
        data: data.to_owned(),
        cities: cities(),
        demo: true,
        // Nothing of a test waits for a scanner; tests of the scan take `both_scanned`.
        scanned_by: Some("test".into()),
        peers: peers.map(|(k, v)| (k.to_owned(), v)).into(),
        ..Config::default()
    }
}
