use std::{
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use kernel::{Cx, Error, FileId, Hash, Result, Uuid, sha256};

use crate::Meta;

/// Files without a row are kept this long: a backup may hold the row before the file.
const ORPHAN_AGE: Duration = Duration::from_secs(35 * 24 * 3600);

/// Bytes that are durable on disk and not yet known to the database.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stored {
    pub id: FileId,
    pub sha256: Hash,
    /// Bytes.
    pub size: i64,
}

/// The folder of one city's files: `ab/<id>`, where `ab` are the last two hex digits of the id.
#[derive(Debug)]
pub struct Store {
    dir: PathBuf,
}

fn failed(path: &Path, e: std::io::Error) -> Error {
    Error::internal(format!("{}: {e}", path.display()))
}

fn sync_dir(path: &Path) -> Result<()> {
    fs::File::open(path).and_then(|d| d.sync_all()).map_err(|e| failed(path, e))
}

impl Store {
    pub fn open(dir: PathBuf) -> Result<Self> {
        fs::create_dir_all(dir.join("incoming")).map_err(|e| failed(&dir, e))?;
        Ok(Self { dir })
    }

    fn path(&self, id: FileId) -> PathBuf {
        let name = id.uuid().simple().to_string();
        self.dir.join(&name[30..]).join(name)
    }

    /// Writes bytes durably. Afterwards [`crate::record`] makes them known.
    pub async fn put(&self, cx: &Cx, bytes: Vec<u8>) -> Result<Stored> {
        let id: FileId = cx.new_id();
        let (target, incoming) = (self.path(id), self.dir.join("incoming").join(id.uuid().simple().to_string()));
        let root = self.dir.clone();
        blocking(move || {
            let folder = target.parent().ok_or_else(|| Error::internal("file without folder"))?;
            if !folder.exists() {
                fs::create_dir_all(folder).map_err(|e| failed(folder, e))?;
                sync_dir(&root)?;
            }
            let mut file = fs::File::create(&incoming).map_err(|e| failed(&incoming, e))?;
            file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(|e| failed(&incoming, e))?;
            fs::rename(&incoming, &target).map_err(|e| failed(&target, e))?;
            sync_dir(folder)?;
            let size = i64::try_from(bytes.len()).map_err(Error::internal)?;
            Ok(Stored { id, sha256: sha256(&[&bytes]), size })
        })
        .await
    }

    /// The bytes, if they are still those that were taken in.
    ///
    /// # Errors
    /// An internal error when they are missing or changed: nobody gets bytes that do not match.
    pub async fn read_verified(&self, meta: &Meta) -> Result<Vec<u8>> {
        let (path, want, id) = (self.path(meta.id), meta.sha256, meta.id);
        blocking(move || {
            let bytes = fs::read(&path).map_err(|e| failed(&path, e))?;
            if sha256(&[&bytes]) == want { Ok(bytes) } else { Err(Error::internal(format!("{id:?} was changed"))) }
        })
        .await
    }

    /// The hash of the bytes on disk; none when there is no such file. Reads in pieces.
    pub async fn hash(&self, id: FileId) -> Result<Option<Hash>> {
        let path = self.path(id);
        blocking(move || {
            let mut file = match fs::File::open(&path) {
                Ok(file) => file,
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
                Err(e) => return Err(failed(&path, e)),
            };
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).map_err(|e| failed(&path, e))?;
            Ok(Some(sha256(&[&bytes])))
        })
        .await
    }

    /// Removes the bytes of a forgotten file; a second time is no error.
    pub async fn remove(&self, id: FileId) -> Result<()> {
        let path = self.path(id);
        blocking(move || match fs::remove_file(&path) {
            Ok(()) => Ok(()),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
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

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}
