use std::{
    any::{Any, TypeId},
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, RwLock},
};

use content::Content;
use db::{Db, Migrations, Url};
use kernel::{Cx, Error, Principal, Result, Sources, TenantId};
use serde::{Deserialize, Serialize};
use ui::{CityInfo, Texts};
use web::Side;

use crate::{Commands, Events, Jobs, Module, scan};

/// Which side of the house a process serves.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    #[default]
    All,
    Public,
    Internal,
}

impl Role {
    pub fn side(self) -> Option<Side> {
        match self {
            Role::All => None,
            Role::Public => Some(Side::Public),
            Role::Internal => Some(Side::Internal),
        }
    }
}

/// An outside system, from the operator's configuration.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerConfig {
    pub url: String,
    /// File that holds the secret; secrets never stand in the configuration itself.
    #[serde(default)]
    pub secret_file: Option<PathBuf>,
    /// Name under which the peer knows us (client id, originator).
    #[serde(default)]
    pub client: String,
    /// Other settings of this peer, by name.
    #[serde(default)]
    pub more: BTreeMap<String, String>,
    /// A peer of the sandbox: refused in production.
    #[serde(default)]
    pub sandbox: bool,
}

/// The operator's configuration.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Address to listen on.
    pub listen: String,
    /// Folder for databases, documents, keys and the search index.
    pub data: PathBuf,
    /// Where checkpoints of the journal are kept: outside the database, best on another machine.
    pub checkpoints: Option<PathBuf>,
    /// Folder with a folder per city in which export folders of other systems are laid; without it `imports` in `data`.
    pub imports: Option<PathBuf>,
    /// Folder with a folder per city into which files are given out; without it `exports` in `data`.
    pub exports: Option<PathBuf>,
    /// Folder with one folder per city.
    pub cities: PathBuf,
    /// `postgres://…` for all cities; without it a SQLite file each.
    pub database: Option<String>,
    pub role: Role,
    pub production: bool,
    /// Loads sample residents' accounts and staff with known passwords.
    pub demo: bool,
    /// The program is reached through HTTPS (usually at a proxy).
    pub https: bool,
    /// Addresses of the proxies in front: what they write into `X-Forwarded-For` is believed. Rate limits count by it.
    pub proxies: Vec<IpAddr>,
    /// The scanner for malware, a clamd: `unix:/run/clamav/clamd.ctl` or `tcp:127.0.0.1:3310`. Without it what people send
    /// stays closed, unless `scanned_by` says who scans instead.
    pub scanner: Option<String>,
    /// Where there is no `scanner`: which other component scans all that comes in, in the operator's words.
    pub scanned_by: Option<String>,
    /// What callers may leave here before anybody has looked at it.
    pub limits: Limits,
    /// Outside systems of all cities by name: `population`, `civil`, `payment`, `treasury`, `eid`, `smtp`.
    pub peers: BTreeMap<String, PeerConfig>,
    /// What is particular to one city, by its key.
    pub city: BTreeMap<String, CityConfig>,
}

/// What callers may leave here before anybody has looked at it, so that nobody fills the disk. Households, libraries and
/// offices share one address: the defaults are far above what they need.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Applications that one account, or without one one address, may begin within an hour.
    pub drafts_per_hour: u32,
    /// Messages about the portal from one account or address within an hour.
    pub feedback_per_hour: u32,
    /// Files that one account or address may send within an hour, in megabytes.
    pub upload_megabytes_per_hour: u32,
    /// Files of one city that belong to drafts and to no case yet, in megabytes.
    pub draft_megabytes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { drafts_per_hour: 60, feedback_per_hour: 20, upload_megabytes_per_hour: 200, draft_megabytes: 5_000 }
    }
}

/// The operator's configuration for one city.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CityConfig {
    /// Which other component scans what comes in for this city, before that of all cities.
    pub scanned_by: Option<String>,
    /// Outside systems of this city, before those of all cities.
    pub peers: BTreeMap<String, PeerConfig>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".into(),
            data: "data".into(),
            checkpoints: None,
            imports: None,
            exports: None,
            cities: "cities".into(),
            database: None,
            role: Role::All,
            production: false,
            demo: false,
            https: false,
            proxies: Vec::new(),
            scanner: None,
            scanned_by: None,
            limits: Limits::default(),
            peers: BTreeMap::new(),
            city: BTreeMap::new(),
        }
    }
}

impl Config {
    /// Who scans files for malware in a city.
    ///
    /// # Errors
    /// An address that is none.
    pub fn scanner_of(&self, city: &str) -> Result<files::Scanner> {
        let own = self.city.get(city).and_then(|city| city.scanned_by.as_deref());
        files::Scanner::of(self.scanner.as_deref(), own.or(self.scanned_by.as_deref()))
    }
}

impl City {
    /// An outside system of this city.
    ///
    /// # Errors
    /// When the operator has not configured it.
    pub fn peer(&self, name: &str) -> Result<&PeerConfig> {
        self.peers.get(name).ok_or_else(|| Error::internal(format!("city {}: peer {name} is not configured", self.key)))
    }

    /// The peer's secret, read from its file.
    pub fn secret(&self, name: &str) -> Result<Option<String>> {
        let Some(file) = &self.peer(name)?.secret_file else { return Ok(None) };
        let secret = std::fs::read_to_string(file)
            .map_err(|e| Error::internal(format!("secret of peer {name}, {}: {e}", file.display())))?;
        Ok(Some(secret.trim().to_owned()))
    }
}

/// `cities/<key>/city.toml`: who the city is and how it is reached.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CityFile {
    /// Number of the city in this installation, never changed.
    pub tenant: i64,
    /// Amtlicher Gemeindeschlüssel, 8 digits.
    pub ags: String,
    /// Name of the authority, e.g. `Stadt Meerbusch`.
    pub name: String,
    /// Name of the place, e.g. `Meerbusch`.
    pub place: String,
    /// Host names that lead to this city.
    pub hosts: Vec<String>,
    /// Host name under which staff reach it, when they have one of their own; links for staff lead there.
    #[serde(default)]
    pub internal_host: Option<String>,
    #[serde(default)]
    pub districts: Vec<String>,
    /// Sender of letters: street, postal code, city.
    pub sender: SenderAddress,
    /// Modules that are switched off for this city.
    #[serde(default)]
    pub off: Vec<String>,
    /// What the city decides about sign-in and sessions.
    #[serde(default)]
    pub sign_in: identity::Policy,
    /// Whether and how documents may be given to outsiders by a link; absent means not at all.
    #[serde(default)]
    pub sharing: Sharing,
}

/// What the city decides about links for outsiders (Freigabe). Confidential cases and those of a special list are never
/// given out, whatever stands here.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sharing {
    pub enabled: bool,
    /// Longest time for which a link is good, in days; at most 30.
    pub days: u32,
    /// Keys of units whose cases are never given out.
    pub without_units: Vec<String>,
}

/// Longest time for which a city may let a link be good, in days.
const MOST_SHARING_DAYS: u32 = 30;

impl Default for Sharing {
    fn default() -> Self {
        Self { enabled: false, days: MOST_SHARING_DAYS, without_units: Vec::new() }
    }
}

impl Sharing {
    /// Refuses links that are good for ever.
    fn check(&self) -> Result<()> {
        if (1..=MOST_SHARING_DAYS).contains(&self.days) {
            return Ok(());
        }
        Err(Error::internal(format!("sharing: days is {}, allowed are 1 to {MOST_SHARING_DAYS}", self.days)))
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SenderAddress {
    pub street: String,
    pub postal_code: String,
    pub city: String,
}

/// One city of the installation.
pub struct City {
    pub key: String,
    pub file: CityFile,
    pub info: Arc<CityInfo>,
    pub db: Db,
    pub files: Arc<files::Store>,
    pub content: Content,
    pub checkpoints: Arc<journal::Checkpoints>,
    /// What staff find by words, on this node.
    pub search: Arc<search::Index>,
    pub identity: identity::Identity,
    pub url: Url,
    /// Outside systems, from the operator's configuration.
    pub peers: BTreeMap<String, PeerConfig>,
}

impl City {
    pub fn tenant(&self) -> TenantId {
        self.db.tenant()
    }

    /// The module is switched on here. Platform parts are always on.
    pub fn offers(&self, module: &str) -> bool {
        !self.file.off.iter().any(|off| off == module)
    }
}

/// Search indexes that one process keeps open; those of further cities are opened when somebody looks for something.
const OPEN_INDEXES: usize = 32;

/// The assembled house.
pub struct App {
    pub config: Config,
    pub sources: Sources,
    pub modules: Vec<Module>,
    pub texts: Arc<Texts>,
    pub commands: Commands,
    pub events: Events,
    pub jobs: Jobs,
    cities: RwLock<Vec<Arc<City>>>,
    shared: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

impl App {
    /// Assembles the house from the list of modules.
    ///
    /// # Errors
    /// Names what fits badly: a command with two handlers, a broken text file.
    pub fn new(config: Config, sources: Sources, modules: Vec<Module>) -> Result<Arc<App>> {
        let mut texts: Vec<ui::texts::Source> = ui::UI_TEXTS.to_vec();
        texts.extend(forms::TEXTS);
        texts.push(("house", "de", include_str!("../locales/de.ftl")));
        texts.push(("house", "en", include_str!("../locales/en.ftl")));
        let (mut commands, mut events, mut jobs) = (Commands::default(), Events::default(), Jobs::default());
        jobs.enter("house");
        jobs.on(crate::job!(scan::scan_waiting: files::ScanWaiting)).every("*/5 * * * *", &files::ScanWaiting {});
        for module in &modules {
            texts.extend(module.locales.iter().map(|(lang, source)| (module.name, *lang, *source)));
            (module.commands)(&mut commands);
            events.enter(module.name);
            (module.events)(&mut events);
            jobs.enter(module.name);
            (module.jobs)(&mut jobs);
        }
        if let [first, ..] = commands.registered_twice() {
            return Err(Error::internal(format!("command {first} has two handlers")));
        }
        let texts = Texts::build(texts).map_err(|e| Error::internal(format!("texts: {}", e.0.join("; "))))?;
        Ok(Arc::new(App {
            config,
            sources,
            modules,
            texts: Arc::new(texts),
            commands,
            events,
            jobs,
            cities: RwLock::default(),
            shared: Mutex::default(),
        }))
    }

    /// The house behind a context.
    pub fn of(cx: &Cx) -> Result<Arc<App>> {
        let house = cx.house.clone().ok_or_else(|| Error::internal("the context stands outside the house"))?;
        house.downcast::<App>().map_err(|_| Error::internal("the context's house is of another type"))
    }

    pub fn cities(&self) -> Vec<Arc<City>> {
        self.cities.read().unwrap_or_else(|e| e.into_inner()).clone()
    }

    pub fn add_city(&self, city: City) -> Arc<City> {
        let city = Arc::new(city);
        self.cities.write().unwrap_or_else(|e| e.into_inner()).push(city.clone());
        city
    }

    pub fn city_of(&self, cx: &Cx) -> Result<Arc<City>> {
        let cities = self.cities.read().unwrap_or_else(|e| e.into_inner());
        cities.iter().find(|c| c.tenant() == cx.tenant).cloned().ok_or(Error::NotFound)
    }

    /// The city that a host name leads to; outside production an unknown name leads to the first one.
    pub fn city_at(&self, host: &str) -> Option<Arc<City>> {
        let name = without_port(host);
        let cities = self.cities.read().unwrap_or_else(|e| e.into_inner());
        let exact = cities.iter().find(|c| c.file.hosts.iter().chain(&c.file.internal_host).any(|h| h == name));
        exact.or(if self.config.production { None } else { cities.first() }).cloned()
    }

    /// A context for the program's own work in a city.
    pub fn cx(self: &Arc<Self>, city: &City, name: &'static str) -> Cx {
        let mut cx = Cx::new(city.tenant(), Principal::System { name }, self.sources.clone());
        cx.house = Some(self.clone());
        cx
    }

    /// Where people reach a city, e.g. `https://service.musterstadt.example`. Never taken from a request: a forged host name
    /// would send links to a stranger's server.
    pub fn public_address(&self, city: &City) -> String {
        self.address(city.file.hosts.first().map_or("localhost", String::as_str))
    }

    /// Where staff reach a city: its `internal_host`, else the same as everybody.
    pub fn internal_address(&self, city: &City) -> String {
        match &city.file.internal_host {
            Some(host) => self.address(host),
            None => self.public_address(city),
        }
    }

    pub(crate) fn address(&self, host: &str) -> String {
        if self.config.https {
            return format!("https://{host}");
        }
        match self.config.listen.rsplit_once(':') {
            Some((_, port)) if port != "80" && !host.contains(':') => format!("http://{host}:{port}"),
            _ => format!("http://{host}"),
        }
    }

    /// One thing of a type for the whole process, made at first use: a press with its fonts, a client of a peer.
    pub fn shared<T: Send + Sync + 'static>(&self, make: impl FnOnce(&App) -> Result<T>) -> Result<Arc<T>> {
        if let Some(there) = self.shared.lock().unwrap_or_else(|e| e.into_inner()).get(&TypeId::of::<T>())
            && let Ok(there) = there.clone().downcast::<T>()
        {
            return Ok(there);
        }
        // Made outside the lock: making it may take long and may itself ask for another shared thing.
        let fresh = Arc::new(make(self)?);
        self.shared.lock().unwrap_or_else(|e| e.into_inner()).insert(TypeId::of::<T>(), fresh.clone());
        Ok(fresh)
    }

    /// The search index of a city whose data lie in this folder.
    ///
    /// # Errors
    /// None of its own.
    pub fn index_in(&self, data: &Path, tenant: TenantId) -> Result<Arc<search::Index>> {
        let readers = self.shared(|_| Ok(search::Readers::new(OPEN_INDEXES)))?;
        let kinds: Vec<&str> = self.modules.iter().flat_map(|m| m.searchable).map(|s| s.kind).collect();
        Ok(Arc::new(search::Index::new(data.join("search"), tenant, &kinds, readers)))
    }

    /// The schema steps of the whole house, platform first.
    pub fn migrations(&self) -> Vec<Migrations> {
        let mut all = vec![
            journal::MIGRATIONS,
            jobs::MIGRATIONS,
            files::MIGRATIONS,
            identity::MIGRATIONS,
            content::MIGRATIONS,
            db::migrations!("house": "0001_init"),
        ];
        all.extend(self.modules.iter().filter_map(|m| m.migrations));
        all
    }

    /// The tables whose rows are evidence.
    pub fn evidence(&self) -> Vec<journal::Evidence> {
        let mut all = vec![files::EVIDENCE];
        all.extend(self.modules.iter().flat_map(|m| m.evidence).copied());
        all
    }
}

/// The name in a `Host` header.
pub(crate) fn without_port(host: &str) -> &str {
    host.rsplit_once(':').map_or(host, |(name, _)| name)
}

/// The file with the key that signs the journal of a city. Where there is none, opening the city makes one that
/// production refuses.
pub fn signing_key(config: &Config, city: &str) -> PathBuf {
    config.data.join("keys").join(format!("{city}.key"))
}

/// The folder with the checkpoints of a city.
pub fn checkpoint_folder(config: &Config, city: &str) -> PathBuf {
    config.checkpoints.clone().unwrap_or_else(|| config.data.join("checkpoints")).join(city)
}

/// Opens one city: database (migrated), documents, checkpoints, content from its folder, the modules' own seeds.
///
/// # Errors
/// Every fault in the city's data, one per line, with file, line and column.
pub async fn open_city(app: &Arc<App>, folder: &Path) -> Result<Arc<City>> {
    let (key, file) = city_file(folder)?;
    let data = app.config.data.join(&key);
    std::fs::create_dir_all(&data).map_err(|e| Error::internal(format!("{}: {e}", data.display())))?;
    let url = database_of(&app.config, &key)?;
    let db = Db::open(&url, TenantId(file.tenant), &app.migrations()).await?;
    db.set_before_commit(Arc::new(journal::Sequencer));
    files::adopt(&db).await?;
    let mut cx = Cx::new(db.tenant(), Principal::System { name: "open" }, app.sources.clone());
    cx.house = Some(app.clone());
    let import = db::write!(db, |tx| { content::import(tx, &cx, folder).await })?;
    for name in &import.conflicts {
        tracing::warn!(city = %key, file = %name, "edited in the browser and changed in the files; the file was not taken");
    }
    let content = Content::load(&db).await?;
    let faults = crate::content_faults(app, &content);
    if !faults.is_empty() {
        return Err(Error::internal(format!("the data of city {key} have faults:\n{}", faults.join("\n"))));
    }
    let keys = Keys::made(&app.config, &app.sources, &key)?;
    let city = assemble(app, key, file, url, db, content, &keys)?;
    for seed in app.modules.iter().filter(|m| city.offers(m.name)).filter_map(|m| m.seed.map(|s| (m.name, s))) {
        let mut cx = cx.clone();
        cx.actor.via = vec![seed.0];
        (seed.1)(&cx, app.config.demo).await?;
    }
    Ok(city)
}

/// Opens one city to look at it as it lies there: nothing is migrated, imported or seeded, and no key is made.
///
/// # Errors
/// A database whose schema is not this program's; a key that is missing.
pub async fn open_city_to_look(app: &Arc<App>, folder: &Path) -> Result<Arc<City>> {
    let (key, file) = city_file(folder)?;
    let url = database_of(&app.config, &key)?;
    let db = Db::open_to_look(&url, TenantId(file.tenant), &app.migrations()).await?;
    let keys = Keys::there(&app.config, &key)?;
    let content = Content::load(&db).await?;
    assemble(app, key, file, url, db, content, &keys)
}

/// Opens only the database of one city, as it lies there, to copy it; answers the key of the city too. Its schema may be
/// older than this program's, and no key is needed.
///
/// # Errors
/// A database that is missing or whose schema this program does not know.
pub fn open_database_to_copy(app: &App, folder: &Path) -> Result<(String, Db)> {
    let (key, file) = city_file(folder)?;
    let url = database_of(&app.config, &key)?;
    let db = Db::open_to_copy(&url, TenantId(file.tenant), &app.migrations())?;
    Ok((key, db))
}

/// The key of a city and what its file says.
fn city_file(folder: &Path) -> Result<(String, CityFile)> {
    let key = folder.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let path = folder.join("city.toml");
    let body = std::fs::read_to_string(&path).map_err(|e| Error::internal(format!("{}: {e}", path.display())))?;
    let file = content::read_toml(&content::Item {
        kind: "city".into(),
        key: "city".into(),
        version: 0,
        name: path.display().to_string(),
        body: body.into(),
    })?;
    Ok((key, file))
}

fn database_of(config: &Config, key: &str) -> Result<Url> {
    match &config.database {
        Some(url) => Url::parse(url),
        None => Ok(Url::Sqlite(config.data.join(key).join("city.db"))),
    }
}

fn assemble(
    app: &App,
    key: String,
    file: CityFile,
    url: Url,
    db: Db,
    content: Content,
    keys: &Keys,
) -> Result<Arc<City>> {
    file.sharing.check()?;
    let data = app.config.data.join(&key);
    let folder = checkpoint_folder(&app.config, &key);
    let checkpoints = journal::Checkpoints::new(folder, keys.signing.clone(), format!("meer/{}", file.ags))?;
    let info = CityInfo { key: key.clone(), name: file.name.clone(), place: file.place.clone(), ..CityInfo::default() };
    let identity = identity::Identity::new(file.sign_in.clone(), &keys.secret)?;
    let sealing = Arc::new(files::CityKey::new(&keys.secret, &[], app.sources.random.clone()));
    let files =
        Arc::new(files::Store::open(data.join("files"))?.sealed_with(sealing).scanned_by(app.config.scanner_of(&key)?));
    let mut peers = app.config.peers.clone();
    peers.extend(app.config.city.get(&key).map(|c| c.peers.clone()).unwrap_or_default());
    let search = app.index_in(&data, db.tenant())?;
    let checkpoints = Arc::new(checkpoints);
    let info = Arc::new(info);
    Ok(app.add_city(City { key, file, info, db, files, content, checkpoints, search, identity, url, peers }))
}

/// What a city keeps apart from its database and its backups.
struct Keys {
    /// Signs the journal.
    signing: journal::SigningKey,
    /// For codes, second factors and documents: without it what they protect is worthless.
    secret: [u8; 32],
}

impl Keys {
    /// Those of a city that is opened to work; what is missing is made.
    fn made(config: &Config, sources: &Sources, city: &str) -> Result<Keys> {
        let path = secret_file(config, city);
        let secret = match read_secret(&path)? {
            Some(secret) => secret,
            None => make_secret(&path, sources)?,
        };
        Ok(Keys { signing: journal::SigningKey::load_or_create(&signing_key(config, city))?, secret })
    }

    /// Those that are there. A new secret beside old data would seal the next documents with a key of which no copy is
    /// kept, and open none of the old ones: whoever put a backup back without its keys is told so.
    fn there(config: &Config, city: &str) -> Result<Keys> {
        let paths = [signing_key(config, city), secret_file(config, city)];
        let found = (journal::SigningKey::load(&paths[0])?, read_secret(&paths[1])?);
        if let (Some(signing), Some(secret)) = found {
            return Ok(Keys { signing, secret });
        }
        let missing: Vec<_> =
            paths.iter().filter(|path| !path.exists()).map(|path| path.display().to_string()).collect();
        Err(Error::internal(format!(
            "{city}: Es fehlt {}. Bitte legen Sie die Schlüssel aus ihrer eigenen Sicherung dorthin. Es wurde nichts \
             angelegt.",
            missing.join(" und ")
        )))
    }
}

fn secret_file(config: &Config, city: &str) -> PathBuf {
    config.data.join("keys").join(format!("{city}.secret"))
}

/// The city's secret, 32 bytes; none when there is no file.
fn read_secret(path: &Path) -> Result<Option<[u8; 32]>> {
    match std::fs::read(path) {
        Ok(bytes) => {
            let secret = bytes.try_into().map_err(|_| Error::internal(format!("{}: not 32 bytes", path.display())))?;
            Ok(Some(secret))
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::internal(format!("{}: {e}", path.display()))),
    }
}

/// Makes the city's secret, in a file that only the program may read.
fn make_secret(path: &Path, sources: &Sources) -> Result<[u8; 32]> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let failed = |e: std::io::Error| Error::internal(format!("{}: {e}", path.display()));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut key = [0u8; 32];
    sources.random.fill(&mut key);
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    file.write_all(&key).and_then(|()| file.sync_all()).map_err(failed)?;
    Ok(key)
}
