use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use db::Rx;
use kernel::{Error, OsRandom, Random as _, Result, Timestamp};
use tlog::{Checkpoint, Frontier, Note, Signer, Verifier};

use crate::tree::{consistency_proof, frontier};

/// Ending of the files with checkpoints.
const CHECKPOINT: &str = "checkpoint";

/// How long after a change of the folder its list is read anew for each question: the time of a change is coarse, and two
/// changes in short order may bear the same one.
const SETTLED: Duration = Duration::from_secs(2);

/// First line of a key file that the program made itself.
const DEVELOPMENT: &str = "# development key, not for production";

/// The secret with which a city signs checkpoints. It lies in a file of its own, outside the database, readable by
/// the program's user only.
#[derive(Clone)]
pub struct SigningKey {
    secret: [u8; 32],
    development: bool,
}

impl SigningKey {
    /// Reads the key file; makes one with a development key when there is none.
    ///
    /// # Errors
    /// A file that is no key file or that others may read.
    pub fn load_or_create(path: &Path) -> Result<Self> {
        match Self::load(path)? {
            Some(key) => Ok(key),
            None => Self::create(path, true),
        }
    }

    /// Makes a key file for production, as an operator's command.
    ///
    /// # Errors
    /// A file of this name is there already: a key is never overwritten.
    pub fn create_for_production(path: &Path) -> Result<Self> {
        Self::create(path, false)
    }

    /// Made by the program on its own: `serve --production` refuses it.
    pub fn is_development(&self) -> bool {
        self.development
    }

    /// Reads the key file; none when there is none.
    ///
    /// # Errors
    /// A file that is no key file or that others may read.
    pub fn load(path: &Path) -> Result<Option<Self>> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(at(path, error)),
        };
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(path).map_err(|error| at(path, error))?.permissions().mode();
            if mode & 0o077 != 0 {
                return Err(at(path, "others may read the key; set its rights to 0600"));
            }
        }
        let mut lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
        let secret = lines.next().filter(|_| lines.next().is_none()).and_then(from_hex);
        let secret = secret.ok_or_else(|| at(path, "no key file: one line of 64 hexadecimal digits is expected"))?;
        Ok(Some(Self { secret, development: text.starts_with(DEVELOPMENT) }))
    }

    fn create(path: &Path, development: bool) -> Result<Self> {
        let mut secret = [0; 32];
        OsRandom.fill(&mut secret);
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(|error| at(folder, error))?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let mut file = options.open(path).map_err(|error| at(path, error))?;
        let head = if development { DEVELOPMENT } else { "# signs the checkpoints of one city's journal" };
        writeln!(file, "{head}\n{}", crate::evidence::hex(&secret))
            .and_then(|()| file.sync_all())
            .and_then(|()| sync_folder(folder))
            .map_err(|error| at(path, error))?;
        Ok(Self { secret, development })
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("development", &self.development).finish_non_exhaustive()
    }
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let text = text.trim().as_bytes();
    if text.len() != 64 || !text.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

fn at(path: &Path, error: impl std::fmt::Display) -> Error {
    Error::internal(format!("{}: {error}", path.display()))
}

fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Signed statements "so many entries, this root" (C2SP tlog-checkpoint), one file per size in a folder that does not
/// lie with the database. Against them [`check`](crate::check) sees entries cut off and older states restored.
pub struct Checkpoints {
    folder: PathBuf,
    signer: Signer,
    origin: String,
    listed: Mutex<Option<Arc<Listed>>>,
}

/// What lies in the folder. Anybody may ask for the newest checkpoint, and the folder grows by some files each day.
struct Listed {
    /// Of the folder, when it was read.
    changed: SystemTime,
    /// When this time of change was seen first.
    since: Instant,
    at: Instant,
    /// Sizes by ending, smallest first.
    sizes: BTreeMap<String, Vec<u64>>,
}

impl Checkpoints {
    /// `origin` names the log for everybody, e.g. `meer/05162022`; neither spaces nor `+`.
    ///
    /// # Errors
    /// A folder that cannot be made, an origin that cannot be a key's name.
    pub fn new(folder: impl Into<PathBuf>, key: SigningKey, origin: impl Into<String>) -> Result<Self> {
        let (folder, origin) = (folder.into(), origin.into());
        fs::create_dir_all(&folder).map_err(|error| at(&folder, error))?;
        let signer = Signer::new(origin.clone(), &key.secret).map_err(Error::internal)?;
        Ok(Self { folder, signer, origin, listed: Mutex::default() })
    }

    /// The public key, `name+hash+base64`: whoever keeps checkpoints verifies them with it.
    pub fn verifier(&self) -> Verifier {
        self.signer.verifier()
    }

    /// Signs the journal's present state and stores it, unless it has not grown. The line `time` says when.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the journal does not contain the newest checkpoint any more: a state that denies an
    /// earlier one is never signed.
    pub async fn write(&self, rx: &mut Rx, now: Timestamp) -> Result<Option<Checkpoint>> {
        let tree = frontier(rx).await?;
        if let Some(latest) = self.latest()? {
            self.continues(rx, &latest, &tree).await?;
            if latest.size == tree.size() {
                return Ok(None);
            }
        } else if tree.size() == 0 {
            return Ok(None);
        }
        let mut checkpoint = Checkpoint::of(self.origin.clone(), &tree);
        checkpoint.extensions.push(format!("time {now}"));
        let note = checkpoint.sign(std::slice::from_ref(&self.signer)).map_err(Error::internal)?;
        self.store(&checkpoint, &note)?;
        Ok(Some(checkpoint))
    }

    async fn continues(&self, rx: &mut Rx, latest: &Checkpoint, tree: &Frontier) -> Result<()> {
        const DENIED: Error = Error::Conflict("journal-denies-checkpoint");
        if latest.size > tree.size() {
            return Err(DENIED);
        }
        let (old, new) = (size_of(latest)?, i64::try_from(tree.size()).map_err(Error::internal)?);
        let path = consistency_proof(rx, old, new).await?;
        tlog::verify_consistency(latest.size, &latest.root, tree.size(), &tree.root(), &path).map_err(|_| DENIED)
    }

    fn store(&self, checkpoint: &Checkpoint, note: &Note) -> Result<()> {
        self.keep_beside(checkpoint.size, CHECKPOINT, note.to_string().as_bytes())
    }

    /// Keeps what belongs to the checkpoint of this size beside it, under a name with this ending, e.g. `tsr` for a
    /// time-stamp. What is there already stays: nothing in this folder is ever overwritten.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn keep_beside(&self, size: u64, ending: &str, bytes: &[u8]) -> Result<()> {
        let path = self.named(size, ending);
        let mut random = [0; 8];
        OsRandom.fill(&mut random);
        let unfinished = path.with_extension(format!("{ending}-{}-unfinished", crate::evidence::hex(&random)));
        let written = File::create(&unfinished)
            .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
            // A link never replaces; where the file system has none, somebody faster is replaced by the same thing.
            .and_then(|()| match fs::hard_link(&unfinished, &path) {
                Ok(()) => fs::remove_file(&unfinished),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => fs::remove_file(&unfinished),
                Err(_) if path.exists() => fs::remove_file(&unfinished),
                Err(_) => fs::rename(&unfinished, &path),
            })
            .and_then(|()| sync_folder(&self.folder));
        *self.listed.lock().unwrap_or_else(PoisonError::into_inner) = None;
        written.map_err(|error| at(&path, error))
    }

    /// What is kept beside the checkpoint of this size under this ending, byte for byte; none when there is nothing.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn beside(&self, size: u64, ending: &str) -> Result<Option<Vec<u8>>> {
        let path = self.named(size, ending);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(at(&path, error)),
        }
    }

    /// The signed text of the checkpoint of this size, byte for byte: what a time-stamp is about. None when there is none.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn text(&self, size: u64) -> Result<Option<Vec<u8>>> {
        self.beside(size, CHECKPOINT)
    }

    fn path(&self, size: u64) -> PathBuf {
        self.named(size, CHECKPOINT)
    }

    fn named(&self, size: u64, ending: &str) -> PathBuf {
        self.folder.join(format!("{size:015}.{ending}"))
    }

    /// The newest checkpoint, by size.
    ///
    /// # Errors
    /// A file that is not one of this key's checkpoints.
    pub fn latest(&self) -> Result<Option<Checkpoint>> {
        self.newest()?.map(|size| self.open(size)).transpose()
    }

    /// The signed text of the newest checkpoint, for witnesses and for proofs to go.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn latest_note(&self) -> Result<Option<Note>> {
        self.newest()?.map(|size| self.read(size)).transpose()
    }

    /// All kept checkpoints, smallest first.
    ///
    /// # Errors
    /// A file that is not one of this key's checkpoints.
    pub fn all(&self) -> Result<Vec<Checkpoint>> {
        self.sizes_with(CHECKPOINT)?.into_iter().map(|size| self.open(size)).collect()
    }

    fn newest(&self) -> Result<Option<u64>> {
        Ok(self.listed()?.sizes.get(CHECKPOINT).and_then(|sizes| sizes.last()).copied())
    }

    /// The sizes, smallest first, beside whose checkpoint something is kept under this ending.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn sizes_with(&self, ending: &str) -> Result<Vec<u64>> {
        Ok(self.listed()?.sizes.get(ending).cloned().unwrap_or_default())
    }

    /// What lies in the folder; read again only when something was put there or taken away, by this process or another one.
    fn listed(&self) -> Result<Arc<Listed>> {
        let failed = |error| at(&self.folder, error);
        let changed = fs::metadata(&self.folder).and_then(|folder| folder.modified()).map_err(failed)?;
        let known = self.listed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let known = known.filter(|known| known.changed == changed);
        if let Some(known) = &known
            && known.at.duration_since(known.since) >= SETTLED
        {
            return Ok(known.clone());
        }
        // Before the folder is read: what comes meanwhile is seen next time.
        let now = Instant::now();
        let mut sizes: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for entry in fs::read_dir(&self.folder).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let parts = name.to_str().and_then(|name| name.split_once('.'));
            let Some((Ok(size), ending)) = parts.map(|(stem, ending)| (stem.parse::<u64>(), ending)) else { continue };
            if !ending.ends_with("-unfinished") {
                sizes.entry(ending.to_owned()).or_default().push(size);
            }
        }
        sizes.values_mut().for_each(|sizes| sizes.sort_unstable());
        let since = known.map_or(now, |known| known.since);
        let listed = Arc::new(Listed { changed, since, at: now, sizes });
        *self.listed.lock().unwrap_or_else(PoisonError::into_inner) = Some(listed.clone());
        Ok(listed)
    }

    fn read(&self, size: u64) -> Result<Note> {
        let path = self.path(size);
        let text = fs::read_to_string(&path).map_err(|error| at(&path, error))?;
        Note::parse(&text).map_err(|error| at(&path, error))
    }

    /// The checkpoint of this size.
    ///
    /// # Errors
    /// A file that is missing or is not one of this key's checkpoints.
    pub fn open(&self, size: u64) -> Result<Checkpoint> {
        let checkpoint = Checkpoint::open(&self.read(size)?, &self.verifier());
        checkpoint.map_err(|error| at(&self.path(size), error))
    }
}

/// Checkpoint files as operators keep them elsewhere: read and verified with the public key.
///
/// # Errors
/// A text that is no checkpoint of this key.
pub fn read_checkpoint(text: &str, key: &Verifier) -> Result<Checkpoint> {
    let note = Note::parse(text).map_err(Error::internal)?;
    Checkpoint::open(&note, key).map_err(Error::internal)
}

pub(crate) fn size_of(checkpoint: &Checkpoint) -> Result<i64> {
    i64::try_from(checkpoint.size).map_err(Error::internal)
}
