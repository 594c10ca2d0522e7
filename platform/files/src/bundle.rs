//! Several files as one ZIP, written while it is sent: no more than one file lies in memory at a time.

use std::{
    collections::BTreeSet,
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::{Stream, StreamExt as _, stream::unfold};
use kernel::{Error, Result};
use zip::{
    CompressionMethod, ZipWriter,
    write::{SimpleFileOptions, StreamWriter},
};

use crate::{Meta, Store, clean_name};

/// A file of a bundle and its path in it, from [`Paths`].
pub enum Part {
    Stored { path: String, meta: Meta },
    Made { path: String, bytes: Vec<u8> },
}

/// Names that mean a device to one of the usual systems, whatever their ending.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// The paths of a bundle: each once, also where upper and lower case are the same, and none that leads out of it.
#[derive(Default)]
pub struct Paths(BTreeSet<String>);

impl Paths {
    /// A free path for a file; `folders` and `name` are what people called them.
    pub fn free(&mut self, folders: &[&str], name: &str) -> String {
        let folders: String =
            folders.iter().map(|folder| format!("{}/", safe(&folder.replace(['/', '\\'], "-")))).collect();
        let name = safe(&name.replace(['/', '\\'], "-"));
        let (stem, ending) = match name.rsplit_once('.') {
            Some((stem, ending)) if !stem.is_empty() => (stem, format!(".{ending}")),
            _ => (name.as_str(), String::new()),
        };
        let mut path = format!("{folders}{stem}{ending}");
        let mut n = 2;
        while !self.0.insert(path.to_lowercase()) {
            path = format!("{folders}{stem} ({n}){ending}");
            n += 1;
        }
        path
    }
}

/// A name that every usual system takes.
fn safe(name: &str) -> String {
    let clean = clean_name(name);
    let clean = clean.trim_end_matches(['.', ' ']);
    let stem = clean.split('.').next().unwrap_or_default().to_lowercase();
    let port = |word: &str| stem.len() == 4 && stem.starts_with(word) && stem.ends_with(|c: char| c.is_ascii_digit());
    match clean {
        "" => "dokument".to_owned(),
        _ if DEVICES.contains(&stem.as_str()) || port("com") || port("lpt") => format!("_{clean}"),
        _ => clean.to_owned(),
    }
}

/// Where the ZIP goes until it is sent.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Writing {
    /// None: it is finished, or broke off.
    zip: Option<ZipWriter<StreamWriter<Sink>>>,
    parts: std::vec::IntoIter<Part>,
    sink: Sink,
    store: Arc<Store>,
}

impl Writing {
    /// The next bytes; none at the end.
    async fn next(&mut self) -> Result<Option<Vec<u8>>> {
        let Some(mut zip) = self.zip.take() else { return Ok(None) };
        let Some(part) = self.parts.next() else {
            zip.finish().map_err(Error::internal)?;
            return Ok(Some(self.sink.take()));
        };
        let (path, bytes) = match part {
            Part::Made { path, bytes } => (path, bytes),
            Part::Stored { path, meta } => (path, self.store.read_verified(&meta).await?),
        };
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        zip.start_file(path, options).map_err(Error::internal)?;
        zip.write_all(&bytes).map_err(Error::internal)?;
        self.zip = Some(zip);
        Ok(Some(self.sink.take()))
    }
}

/// The ZIP in pieces. Whoever gets it sees it break off where a file is missing or was changed: never a whole ZIP with
/// other bytes. It may be asked again after its end, as the layer that compresses answers does.
pub fn bundle(store: Arc<Store>, parts: Vec<Part>) -> impl Stream<Item = Result<Vec<u8>>> + Send + 'static {
    let sink = Sink::default();
    let zip = Some(ZipWriter::new_stream(sink.clone()));
    let writing = Writing { zip, parts: parts.into_iter(), sink, store };
    unfold(writing, |mut writing| async move {
        let next = writing.next().await.transpose()?;
        Some((next, writing))
    })
    .fuse()
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read};

    use super::*;

    #[test]
    fn paths_stay_inside_and_are_each_once() {
        let mut paths = Paths::default();
        assert_eq!(paths.free(&["61.50-1/2026"], "Plan.pdf"), "61.50-1-2026/Plan.pdf");
        assert_eq!(paths.free(&["61.50-1/2026"], "PLAN.pdf"), "61.50-1-2026/PLAN (2).pdf");
        assert_eq!(paths.free(&[], "../../etc/passwd"), "-..-etc-passwd");
        assert_eq!(paths.free(&[], "con.txt"), "_con.txt");
        assert_eq!(paths.free(&[], "com1"), "_com1");
        assert_eq!(paths.free(&[], "Ende. "), "Ende");
        assert_eq!(paths.free(&[".."], "a"), "dokument/a");
    }

    #[tokio::test]
    async fn a_bundle_is_a_zip_with_what_was_put_in() {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(folder.path().to_owned()).unwrap());
        let part = |path: &str, bytes: &[u8]| Part::Made { path: path.into(), bytes: bytes.into() };
        let pieces = bundle(store, vec![part("Größe.txt", b"eins"), part("b/c.txt", b"zwei")]);
        let pieces: Vec<Vec<u8>> = pieces.map(|piece| piece.unwrap()).collect().await;
        let mut zip = zip::ZipArchive::new(Cursor::new(pieces.concat())).unwrap();
        assert_eq!(zip.file_names().count(), 2);
        let mut text = String::new();
        zip.by_name("Größe.txt").unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "eins");
    }

    #[tokio::test]
    async fn a_bundle_that_has_ended_may_be_asked_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(folder.path().to_owned()).unwrap());
        let mut pieces = std::pin::pin!(bundle(store, Vec::new()));
        while pieces.next().await.is_some() {}
        assert!(pieces.next().await.is_none());
    }
}
