//! The real program as a process of its own, as an operator starts it.

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use db::{Db, Engine, Url, testing::TestDb};
use house::{App, Config};
use kernel::{Sources, TenantId};
use meer::modules::MODULES;

/// A folder with a configuration, data and checkpoints of its own, for Meerbusch alone.
pub struct Place {
    folder: tempfile::TempDir,
    pub config: Config,
    database: Option<TestDb>,
}

impl Place {
    /// A place for a program whose peers are this sandbox; none for PostgreSQL with `MEER_TEST_DATABASE=none`.
    pub async fn with(sandbox: &sandbox::Running, engine: Engine) -> Option<Place> {
        let folder = tempfile::tempdir().unwrap();
        let config = testkit::config(sandbox, &folder.path().join("data"));
        let database = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(db::testing::postgres(&house(&config).migrations()).await?),
        };
        let database_url = database.as_ref().map(TestDb::url_text);
        Some(Place::in_folder(folder, Config { database: database_url, ..config }, database))
    }

    /// A place on SQLite that calls nobody.
    pub fn alone() -> Place {
        let folder = tempfile::tempdir().unwrap();
        let config = Config { data: folder.path().join("data"), demo: true, ..Config::default() };
        Place::in_folder(folder, config, None)
    }

    fn in_folder(folder: tempfile::TempDir, config: Config, database: Option<TestDb>) -> Place {
        let config = Config {
            cities: folder.path().join("cities"),
            checkpoints: Some(folder.path().join("outside")),
            listen: "127.0.0.1:0".into(),
            // All applicants of a test come from one address.
            limits: house::Limits { drafts_per_hour: u32::MAX, ..house::Limits::default() },
            ..config
        };
        copy(&testkit::cities().join("meerbusch"), &config.cities.join("meerbusch"));
        let place = Place { folder, config, database };
        place.write_config();
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the configuration anew after a change of it.
    pub fn write_config(&self) {
        std::fs::write(self.path("meer.toml"), toml::to_string(&self.config).unwrap()).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_meer"));
        command.arg("--config").arg(self.path("meer.toml")).args(arguments).env("RUST_LOG", "warn");
        command
    }

    /// Runs a command of the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Said {
        Said::of(self.command(arguments).stdin(Stdio::null()).output().expect("the program starts"))
    }

    /// Starts the program and waits until it says that it is ready.
    pub fn serve(&self) -> Program {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.path("meer.log")).unwrap();
        let mut child =
            self.command(&["serve"]).stdout(Stdio::piped()).stderr(log).spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines.by_ref().map_while(Result::ok).find(|line| line.contains("http://localhost:"));
        let port = ready.as_deref().and_then(|line| line.rsplit(':').next()?.parse::<u16>().ok());
        let Some(port) = port else {
            let log = std::fs::read_to_string(self.path("meer.log")).unwrap_or_default();
            panic!("the program is not ready: {ready:?}\n{log}");
        };
        Program { child, address: SocketAddr::from(([127, 0, 0, 1], port)) }
    }

    /// A look into the database of the program, whether it runs or not.
    pub async fn database(&self) -> Db {
        match &self.database {
            Some(test) => test.db.clone(),
            None => {
                let url = Url::Sqlite(self.config.data.join("meerbusch/city.db"));
                Db::open(&url, TenantId(1), &house(&self.config).migrations()).await.unwrap()
            }
        }
    }
}

/// The house that the program is made of.
pub fn house(config: &Config) -> std::sync::Arc<App> {
    App::new(config.clone(), Sources::system(), MODULES.to_vec()).unwrap()
}

/// Copies a folder with all that is in it.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A running program; killed when it is dropped.
pub struct Program {
    child: Child,
    pub address: SocketAddr,
}

impl Program {
    /// Ends it without a chance to finish anything (SIGKILL).
    pub fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.end();
    }
}

/// What a command of the program printed and whether it went well.
#[derive(Debug)]
pub struct Said {
    pub good: bool,
    pub out: String,
    pub err: String,
}

impl Said {
    fn of(output: Output) -> Said {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Said { good: output.status.success(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Everything it printed, for messages.
    pub fn all(&self) -> String {
        format!("{}{}", self.out, self.err)
    }
}
