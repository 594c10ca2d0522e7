use std::{
    fs,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use db::{Db, params};
use futures_util::future::BoxFuture;
use journal::check::{Contents, Wrong};
use kernel::{Cx, Error, FileId, Hash, Result, Uuid, sha256};
use serde_json::{Map, Value};

use crate::{EVIDENCE, KeyProvider, Meta, Scan, Scanner, seal};

/// Files without a row are kept this long: a backup may hold the row before the file.
const ORPHAN_AGE: Duration = Duration::from_secs(35 * 24 * 3600);

/// Bytes that are durable on disk and not yet known to the database.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    pub id: FileId,
    pub sha256: Hash,
    /// Bytes.
    pub size: i64,
    pub scan: Scan,
}

/// The folder of one city's files: `ab/<id>`, where `ab` are the last two hex digits of the id.
pub struct Store {
    dir: PathBuf,
    keys: Option<Arc<dyn KeyProvider>>,
    scanner: Scanner,
}

fn failed(path: &Path, e: std::io::Error) -> Error {
    Error::internal(format!("{}: {e}", path.display()))
}

fn sync_dir(path: &Path) -> Result<()> {
    fs::File::open(path).and_then(|d| d.sync_all()).map_err(|e| failed(path, e))
}

impl Store {
    /// A folder whose bytes lie open on disk.
    ///
    /// # Errors
    /// A folder that cannot be made.
    pub fn open(dir: PathBuf) -> Result<Self> {
        fs::create_dir_all(dir.join("incoming")).map_err(|e| failed(&dir, e))?;
        Ok(Self { dir, keys: None, scanner: Scanner::Nobody })
    }

    /// Seals what is written from now on under the city's key. What lies there already stays readable.
    #[must_use]
    pub fn sealed_with(self, keys: Arc<dyn KeyProvider>) -> Self {
        Self { keys: Some(keys), ..self }
    }

    /// Asks this scanner about what is taken in from now on.
    #[must_use]
    pub fn scanned_by(self, scanner: Scanner) -> Self {
        Self { scanner, ..self }
    }

    pub fn scanner(&self) -> &Scanner {
        &self.scanner
    }

    fn path(&self, id: FileId) -> PathBuf {
        let name = id.uuid().simple().to_string();
        self.dir.join(&name[30..]).join(name)
    }

    /// Whether there are bytes of this file, whatever they are.
    pub fn holds(&self, id: FileId) -> bool {
        self.path(id).is_file()
    }

    /// Writes bytes that came from outside durably, after the scanner had a moment to look at them. Whatever it says they
    /// are kept; [`Stored::scan`] says whether anybody will open them. Never inside a write transaction.
    ///
    /// # Errors
    /// Those of [`Self::put`]. A scanner that does not answer is none.
    pub async fn take_in(&self, cx: &Cx, bytes: Vec<u8>) -> Result<Stored> {
        let scan = self.scanner.at_once(&bytes).await;
        Ok(Stored { scan, ..self.put(cx, bytes).await? })
    }

    /// The same without waiting for the scanner, for more of what it did not answer about a moment ago: an e-mail may bring
    /// two hundred files. The job asks it.
    ///
    /// # Errors
    /// Those of [`Self::put`].
    pub async fn take_in_unasked(&self, cx: &Cx, bytes: Vec<u8>) -> Result<Stored> {
        Ok(Stored { scan: Scan::Unchecked, ..self.put(cx, bytes).await? })
    }

    /// Asks the scanner about the bytes of a file that nobody has looked at yet.
    ///
    /// # Errors
    /// [`Error::Peer`] when the scanner is not there; an internal error when the bytes are missing or changed.
    pub async fn scan(&self, meta: &Meta) -> Result<Scan> {
        self.scanner.ask(&self.bytes_of(meta).await?).await
    }

    /// Writes bytes that the program made itself durably. Afterwards [`crate::record`] makes them known.
    pub async fn put(&self, cx: &Cx, bytes: Vec<u8>) -> Result<Stored> {
        let id: FileId = cx.new_id();
        let (target, incoming) = (self.path(id), self.dir.join("incoming").join(id.uuid().simple().to_string()));
        let (root, keys, key) = (self.dir.clone(), self.keys.clone(), cx.random());
        blocking(move || {
            let sealed = keys.map(|keys| seal::seal(&*keys, id, &key, &bytes)).transpose()?;
            let folder = target.parent().ok_or_else(|| Error::internal("file without folder"))?;
            if !folder.exists() {
                fs::create_dir_all(folder).map_err(|e| failed(folder, e))?;
                sync_dir(&root)?;
            }
            let mut file = fs::File::create(&incoming).map_err(|e| failed(&incoming, e))?;
            file.write_all(sealed.as_ref().unwrap_or(&bytes))
                .and_then(|()| file.sync_all())
                .map_err(|e| failed(&incoming, e))?;
            fs::rename(&incoming, &target).map_err(|e| failed(&target, e))?;
            sync_dir(folder)?;
            let size = i64::try_from(bytes.len()).map_err(Error::internal)?;
            Ok(Stored { id, sha256: sha256(&[&bytes]), size, scan: Scan::Own })
        })
        .await
    }

    /// The bytes, if a scan lets them through and they are still those that were taken in. Every way to stored bytes leads
    /// through here.
    ///
    /// # Errors
    /// Refused with [`crate::UNCHECKED`] or [`crate::INFECTED`]. An internal error when they are missing or changed: nobody
    /// gets bytes that do not match.
    pub async fn read_verified(&self, meta: &Meta) -> Result<Vec<u8>> {
        meta.scan.check()?;
        self.bytes_of(meta).await
    }

    async fn bytes_of(&self, meta: &Meta) -> Result<Vec<u8>> {
        let (path, want, id, keys) = (self.path(meta.id), meta.sha256, meta.id, self.keys.clone());
        blocking(move || {
            let bytes = read(&path, id, keys.as_deref())?.flatten();
            let same = bytes.filter(|bytes| sha256(&[bytes]) == want);
            same.ok_or_else(|| Error::internal(format!("{id:?} is missing or was changed")))
        })
        .await
    }

    /// The hash of the stored bytes; none when there is no such file. Sealed bytes that do not open count as empty.
    ///
    /// # Errors
    /// A disk that cannot be read, a key provider that does not answer.
    pub async fn hash(&self, id: FileId) -> Result<Option<Hash>> {
        let (path, keys) = (self.path(id), self.keys.clone());
        blocking(move || Ok(read(&path, id, keys.as_deref())?.map(|bytes| sha256(&[&bytes.unwrap_or_default()])))).await
    }

    /// Removes the bytes of a forgotten file; a second time is no error.
    pub async fn remove(&self, id: FileId) -> Result<()> {
        let path = self.path(id);
        blocking(move || match fs::remove_file(&path) {
            Ok(()) => Ok(()),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
            Err(e) => Err(failed(&path, e)),
        })
        .await
    }

    /// Ids of the files on disk that have lain there for 35 days; those of them without a row may be removed.
    pub async fn orphans(&self, now: SystemTime) -> Result<Vec<FileId>> {
        let dir = self.dir.clone();
        blocking(move || {
            let mut old = Vec::new();
            for folder in fs::read_dir(&dir).map_err(|e| failed(&dir, e))? {
                let folder = folder.map_err(|e| failed(&dir, e))?.path();
                if !folder.is_dir() {
                    continue;
                }
                for entry in fs::read_dir(&folder).map_err(|e| failed(&folder, e))? {
                    let entry = entry.map_err(|e| failed(&folder, e))?;
                    let changed = entry.metadata().and_then(|m| m.modified()).map_err(|e| failed(&folder, e))?;
                    let id = entry.file_name().to_str().and_then(|n| Uuid::parse_str(n).ok());
                    if let Some(id) = id
                        && now.duration_since(changed).is_ok_and(|age| age > ORPHAN_AGE)
                    {
                        old.push(FileId::from_uuid(id));
                    }
                }
            }
            Ok(old)
        })
        .await
    }
}

impl Store {
    /// Removes the files that have lain on disk for 35 days and have no row: their transaction never came, or their
    /// row was forgotten and the program ended before [`Store::remove`]. Answers how many.
    ///
    /// # Errors
    /// Those of disk and database; what was removed until then stays removed.
    pub async fn collect(&self, db: &Db, now: SystemTime) -> Result<u64> {
        let mut removed = 0;
        for id in self.orphans(now).await? {
            let sql = "SELECT id FROM files_file WHERE tenant = $1 AND id = $2";
            if db.read().await?.opt::<(FileId,)>(sql, params![id]).await?.is_none() {
                self.remove(id).await?;
                let unfinished = self.dir.join("incoming").join(id.uuid().simple().to_string());
                blocking(move || {
                    let _ = fs::remove_file(unfinished);
                    Ok(())
                })
                .await?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}

/// `check` compares the bytes of every row with the hash in it.
impl Contents for Store {
    fn table(&self) -> &'static str {
        EVIDENCE.table
    }

    fn check<'a>(&'a self, id: Uuid, state: &'a Map<String, Value>) -> BoxFuture<'a, Result<Option<Wrong>>> {
        Box::pin(async move {
            let Some(hash) = self.hash(FileId::from_uuid(id)).await? else { return Ok(Some(Wrong::Missing)) };
            let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
            Ok((state.get("sha256") != Some(&Value::from(hex))).then_some(Wrong::Changed))
        })
    }
}

/// The bytes of a file: none without a file, and none inside when sealed bytes were changed.
fn read(path: &Path, id: FileId, keys: Option<&dyn KeyProvider>) -> Result<Option<Option<Vec<u8>>>> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(failed(path, e)),
    };
    match keys {
        Some(keys) => seal::open(keys, id, bytes).map(Some),
        None => Ok(Some(Some(bytes))),
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}
