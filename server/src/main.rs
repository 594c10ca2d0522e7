//! `meer`: the one binary.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc};

use clap::{Parser, Subcommand, ValueEnum};
use house::{App, Config, Role};
use kernel::{Error, Result, Sources};
use meer::{backup, check, config, keys, production, verify};
use tracing_subscriber::EnvFilter;

/// Digital platform of a municipality.
#[derive(Parser)]
#[command(name = "meer", version)]
struct Args {
    /// Configuration file.
    #[arg(long, default_value = "meer.toml", global = true)]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, ValueEnum)]
enum RoleArg {
    All,
    Public,
    Internal,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the pages and do the work in the background.
    Serve {
        /// Which side of the house this process serves.
        #[arg(long, value_enum)]
        role: Option<RoleArg>,
        /// Refuse to start while anything is configured that is not fit for real people's data.
        #[arg(long)]
        production: bool,
        /// Address to listen on, instead of the configured one.
        #[arg(long)]
        listen: Option<String>,
    },
    /// Bring every city's database to the schema of this program.
    Migrate,
    /// Compare journal, rows and documents; name whatever was changed behind the program's back.
    Check,
    /// Make the key that signs the journal of each city that has none for production yet. Keep a copy apart from the
    /// backups.
    Keys {
        /// Put a development key aside that has signed checkpoints already, together with these.
        #[arg(long)]
        replace_development: bool,
    },
    /// Write a signed checkpoint of every city's journal now.
    Checkpoint,
    /// Check a document against its proof, offline: no configuration, no database.
    Verify {
        file: PathBuf,
        proof: PathBuf,
        /// Public key of the city's log (name+hash+base64), or a file that holds it.
        #[arg(long)]
        key: Option<String>,
        /// Time-stamp over the proof's checkpoint (.tsr): shows since when it has existed.
        #[arg(long, requires = "authority")]
        timestamp: Option<PathBuf>,
        /// Certificates of the authorities that you trust to say the time, as a PEM file.
        #[arg(long, requires = "timestamp")]
        authority: Option<PathBuf>,
    },
    /// Copy every city into a folder, while the program goes on.
    Backup { target: PathBuf },
    /// Put a backup into an empty data folder.
    Restore { source: PathBuf },
    /// A city's content: forms, processes, texts, fees.
    City {
        #[command(subcommand)]
        command: CityCommand,
    },
    /// Give out a city's data in an open form.
    Export {
        #[command(subcommand)]
        command: ExportCommand,
    },
    /// Load units, roles and, in a demo, sample people.
    Seed,
    /// Add somebody who may add staff and give roles, and print the link to choose a password: the first administrator.
    Admin {
        /// Key of the city: the name of its folder.
        city: String,
        /// Name to sign in with.
        login: String,
        #[arg(long)]
        name: String,
        #[arg(long)]
        email: String,
        /// Key of the home unit.
        #[arg(long)]
        unit: String,
        /// Key of the role.
        #[arg(long)]
        role: String,
    },
    /// Print the description of the JSON interfaces (OpenAPI 3.1).
    Openapi,
}

#[derive(Subcommand)]
enum CityCommand {
    /// Import the files of the cities as a release; what was edited in the browser is never overwritten.
    Import,
    /// Write the released content of a city back as files.
    Export { key: String, folder: PathBuf },
}

#[derive(Subcommand)]
enum ExportCommand {
    /// Write all files (Akten) into an empty folder: documents, a table with checksums, a list of contents. Another city
    /// can take the folder over. The documents lie there open: protect it.
    Files { key: String, folder: PathBuf },
}

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(Args::parse()).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("meer: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<ExitCode> {
    // Who checks a proof has no city of their own.
    let mut config = match &args.command {
        Command::Verify { .. } => Config::default(),
        _ => config::read(&args.config)?,
    };
    match args.command {
        Command::Serve { role, production, listen } => {
            config.production |= production;
            if let Some(listen) = listen {
                config.listen = listen;
            }
            config.role = match role {
                None => config.role,
                Some(RoleArg::All) => Role::All,
                Some(RoleArg::Public) => Role::Public,
                Some(RoleArg::Internal) => Role::Internal,
            };
            serve(config).await
        }
        // Opening a city migrates it, imports its content and seeds it; each command says which of these it is for.
        Command::Migrate | Command::Seed | Command::City { command: CityCommand::Import } => {
            for city in open(config).await?.cities() {
                println!("{}: bereit", city.key);
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Check => {
            let app = open_to_look(config).await?;
            let mut whole = true;
            for city in app.cities() {
                let (report, stamps) = check::city(&app, &city, &mut |_| {}).await?;
                whole &= check::print(&city.key, &report, &stamps);
            }
            Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Command::Keys { replace_development } => {
            let all = keys::make(&config, replace_development)?;
            Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Command::Checkpoint => {
            let app = open_to_look(config).await?;
            for city in app.cities() {
                city.checkpoints.write(&mut city.db.read().await?, app.sources.now()).await?;
                let size = city.checkpoints.latest()?.map_or(0, |c| c.size);
                println!("{}: Prüfpunkt über {size} Einträge", city.key);
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Verify { file, proof, key, timestamp, authority } => {
            let stamp = timestamp.as_deref().zip(authority.as_deref());
            let holds = verify::run(&file, &proof, key.as_deref(), stamp)?;
            Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Command::Backup { target } => {
            let app = App::new(config, Sources::system(), meer::modules::MODULES.to_vec())?;
            backup::backup(&app, &target).await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Restore { source } => {
            backup::restore(&config, &source)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::City { command: CityCommand::Export { key, folder } } => {
            let app = open(config).await?;
            let city = app.cities().into_iter().find(|c| c.key == key).ok_or_else(|| unknown_city(&key))?;
            let written = content::export(&mut city.db.read().await?, &folder).await?;
            println!("{key}: {written} Dateien nach {} geschrieben", folder.display());
            Ok(ExitCode::SUCCESS)
        }
        Command::Export { command: ExportCommand::Files { key, folder } } => {
            let app = open_to_look(config).await?;
            let city = app.cities().into_iter().find(|c| c.key == key).ok_or_else(|| unknown_city(&key))?;
            let mut cx = app.cx(&city, "meer export");
            cx.actor.via = vec![exchange::MODULE.name];
            let given = exchange::write_folder(&cx, None, &folder).await?;
            println!(
                "{key}: {} Akten, {} Vorgänge, {} Dokumente nach {} geschrieben",
                given.files,
                given.cases,
                given.documents,
                folder.display()
            );
            Ok(ExitCode::SUCCESS)
        }
        Command::Admin { city, login, name, email, unit, role } => {
            let app = open(config).await?;
            let city = app.cities().into_iter().find(|c| c.key == city).ok_or_else(|| unknown_city(&city))?;
            let link = admin(&app, &city, &identity::NewStaff { login, name, email, unit }, &role).await?;
            println!("Passwort wählen (sieben Tage gültig): {link}");
            Ok(ExitCode::SUCCESS)
        }
        Command::Openapi => {
            let app = App::new(config, Sources::system(), meer::modules::MODULES.to_vec())?;
            println!("{:#}", meer::openapi::document(&app));
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Adds the person with the role for the whole city; answers the link to choose a password.
async fn admin(app: &Arc<App>, city: &house::City, new: &identity::NewStaff, role: &str) -> Result<String> {
    let cx = app.cx(city, "meer admin");
    let mail = db::write!(city.db, |tx| {
        let id = identity::add_staff(tx, &cx, new).await?;
        identity::give_grant(tx, &cx, id, role, None, cx.today(), None).await?;
        city.identity.invite_staff(tx, &cx, id).await
    })?;
    let token = mail.token.ok_or_else(|| Error::internal("an invitation without a link"))?;
    Ok(format!("{}/intern/passwort-neu/{token}", app.internal_address(city)))
}

fn unknown_city(key: &str) -> Error {
    Error::internal(format!("there is no city {key}"))
}

async fn open(config: Config) -> Result<Arc<App>> {
    meer::open(config, Sources::system()).await
}

async fn open_to_look(config: Config) -> Result<Arc<App>> {
    meer::open_to_look(config, Sources::system()).await
}

fn refuse(reasons: &[String]) -> ExitCode {
    eprintln!("meer: not fit for production, {} reasons:", reasons.len());
    for reason in reasons {
        eprintln!("  - {reason}");
    }
    ExitCode::FAILURE
}

async fn serve(config: Config) -> Result<ExitCode> {
    if config.production {
        // Opening a city migrates it and imports its content: nothing of that for a start that is refused anyway.
        let reasons = production::reasons(&config);
        if !reasons.is_empty() {
            return Ok(refuse(&reasons));
        }
    }
    let started = std::time::Instant::now();
    let production = config.production;
    let listen = config.listen.clone();
    let app = open(config).await?;
    if production {
        let reasons = production::reasons_in_cities(&app).await?;
        if !reasons.is_empty() {
            return Ok(refuse(&reasons));
        }
    }
    if let Some(missing) = ui::assets::missing() {
        tracing::warn!("{missing}");
    }
    let listener = tokio::net::TcpListener::bind(&listen)
        .await
        .map_err(|e| Error::internal(format!("cannot listen on {listen}: {e}")))?;
    let address = listener.local_addr().map_err(Error::internal)?;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let background = tokio::spawn(house::run_background(app.clone(), stopped.clone()));
    println!("Meer ist bereit nach {} ms: http://localhost:{}", started.elapsed().as_millis(), address.port());
    let service = house::router(&app).into_make_service_with_connect_info::<SocketAddr>();
    let mut ended = stopped;
    let server = axum::serve(listener, service).with_graceful_shutdown(async move {
        let _ = ended.wait_for(|end| *end).await;
    });
    let server = tokio::spawn(server.into_future());
    until_told().await?;
    let _ = stop.send(true);
    // Requests under way get a moment; whatever they wrote is durable before they are answered.
    let _ = tokio::time::timeout(std::time::Duration::from_secs(10), server).await;
    let _ = tokio::time::timeout(std::time::Duration::from_secs(20), background).await;
    Ok(ExitCode::SUCCESS)
}

/// Waits for Ctrl-C or the service manager's TERM.
async fn until_told() -> Result<()> {
    let mut term =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).map_err(Error::internal)?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result.map_err(Error::internal),
        _ = term.recv() => Ok(()),
    }
}
