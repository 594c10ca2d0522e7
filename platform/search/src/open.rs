//! Open indexes of a process: the ones used last stay open.

use std::{
    fs::{DirBuilder, Metadata},
    io::ErrorKind,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use kernel::{Error, Result};
use tantivy::{
    IndexReader, ReloadPolicy, TantivyError,
    schema::{BytesOptions, FAST, Field, Schema},
};

/// The fields of a card.
#[derive(Clone, Copy)]
pub(crate) struct Fields {
    /// Keys of words, see [`crate::find::key`].
    pub(crate) word: Field,
    /// Kind and id of the thing.
    pub(crate) thing: Field,
    /// The id again, as two columns.
    pub(crate) high: Field,
    pub(crate) low: Field,
    pub(crate) at: Field,
}

fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let keys = BytesOptions::default().set_indexed();
    let fields = Fields {
        word: builder.add_bytes_field("word", keys.clone()),
        thing: builder.add_bytes_field("thing", keys),
        high: builder.add_u64_field("high", FAST),
        low: builder.add_u64_field("low", FAST),
        at: builder.add_i64_field("at", FAST),
    };
    (builder.build(), fields)
}

pub(crate) struct Open {
    pub(crate) index: tantivy::Index,
    pub(crate) reader: IndexReader,
    pub(crate) fields: Fields,
    /// Which state of the folder the reader shows.
    seen: Mutex<Seen>,
    meta: PathBuf,
}

/// What changes with every commit, in whichever process: commits replace the file.
#[derive(Clone, Copy, PartialEq)]
struct Seen {
    inode: u64,
    changed: (i64, i64),
}

impl Seen {
    fn of(meta: &Metadata) -> Self {
        Self { inode: meta.ino(), changed: (meta.mtime(), meta.mtime_nsec()) }
    }
}

impl Open {
    /// Opens the index of a folder, or makes an empty one. One that cannot be read is thrown away: it is a cache.
    fn at(folder: &Path) -> Result<Open> {
        match Self::try_at(folder) {
            Ok(open) => Ok(open),
            // Another process made it in the same moment.
            Err(TantivyError::IndexAlreadyExists) => Self::try_at(folder).map_err(failed),
            Err(_) => {
                remove(folder)?;
                Self::try_at(folder).map_err(failed)
            }
        }
    }

    fn try_at(folder: &Path) -> tantivy::Result<Open> {
        let (schema, fields) = schema();
        let meta = folder.join("meta.json");
        let index = if meta.exists() {
            tantivy::Index::open_in_dir(folder)?
        } else {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            tantivy::Index::create_in_dir(folder, schema.clone())?
        };
        if index.schema() != schema {
            return Err(TantivyError::SchemaError("made by another version".into()));
        }
        let seen = Mutex::new(Seen::of(&std::fs::metadata(&meta)?));
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Open { index, reader, fields, seen, meta })
    }

    /// Shows the newest commit; false when the folder is gone.
    fn refresh(&self) -> Result<bool> {
        let meta = match std::fs::metadata(&self.meta) {
            Ok(meta) => meta,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(Error::internal(format!("{}: {error}", self.meta.display()))),
        };
        let now = Seen::of(&meta);
        let mut seen = self.seen.lock().unwrap_or_else(|e| e.into_inner());
        if *seen != now {
            self.reader.reload().map_err(failed)?;
            *seen = now;
        }
        Ok(true)
    }
}

pub(crate) fn failed(error: TantivyError) -> Error {
    Error::internal(format!("search index: {error}"))
}

fn remove(folder: &Path) -> Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(Error::internal(format!("{}: {error}", folder.display())))
        }
        _ => Ok(()),
    }
}

/// The open indexes of a process. Of more cities than fit, those that nobody asked for longest are closed: an open
/// one holds files and memory.
pub struct Readers {
    most: usize,
    /// The one used last at the end.
    open: Mutex<Vec<(PathBuf, Arc<Open>)>>,
}

impl Readers {
    pub fn new(most: usize) -> Self {
        Self { most: most.max(1), open: Mutex::default() }
    }

    pub(crate) fn get(&self, folder: &Path) -> Result<Arc<Open>> {
        let there = self.take(folder);
        let open = match there {
            Some(open) if open.refresh()? => open,
            _ => Arc::new(Open::at(folder)?),
        };
        let mut all = self.open.lock().unwrap_or_else(|e| e.into_inner());
        all.retain(|(path, _)| path != folder);
        all.push((folder.to_owned(), open.clone()));
        let over = all.len().saturating_sub(self.most);
        all.drain(..over);
        Ok(open)
    }

    /// Throws an index away.
    pub(crate) fn remove(&self, folder: &Path) -> Result<()> {
        drop(self.take(folder));
        remove(folder)
    }

    fn take(&self, folder: &Path) -> Option<Arc<Open>> {
        let mut all = self.open.lock().unwrap_or_else(|e| e.into_inner());
        let at = all.iter().position(|(path, _)| path == folder)?;
        Some(all.remove(at).1)
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.open.lock().unwrap_or_else(|e| e.into_inner()).len()
    }
}
