//! Folders on the server: those in which exports of other systems are laid, and those that are given out. Nothing
//! outside them is ever opened.

use std::{
    fs,
    path::{Path, PathBuf},
};

use house::Config;
use kernel::{Error, Hash, Result, sha256};
use md5::{Digest as _, Md5};

use crate::{
    kind,
    mapping::{Checksum, Fault},
    table,
};

/// The folder in which the operator lays the export folders for a city.
pub fn imports(config: &Config, city: &str) -> PathBuf {
    config.imports.clone().unwrap_or_else(|| config.data.join("imports")).join(city)
}

/// The folder into which a city's files are given out.
pub fn exports(config: &Config, city: &str) -> PathBuf {
    config.exports.clone().unwrap_or_else(|| config.data.join("exports")).join(city)
}

/// Runs work on the disk beside the others' requests.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)
}

/// Names in a folder, sorted; none where there is no folder.
fn names(folder: &Path, wanted: impl Fn(&Path) -> bool) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(|entry| entry.ok());
    let mut names: Vec<String> = entries
        .filter(|entry| wanted(&entry.path()))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    names
}

/// The export folders of a city.
pub fn folders(root: &Path) -> Vec<String> {
    names(root, Path::is_dir)
}

/// The tables that lie in an export folder; what may as well be a document of it comes last.
pub fn tables(folder: &Path) -> Vec<String> {
    let is_table = |path: &Path| {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
        path.is_file() && ["csv", "txt", "tsv", "xml"].contains(&ending.as_str())
    };
    let mut tables = names(folder, is_table);
    tables.sort_by_key(|name| name.to_ascii_lowercase().ends_with(".txt"));
    tables
}

/// One of these folders by its name.
///
/// # Errors
/// `NotFound` for every other name.
pub fn folder(root: &Path, name: &str) -> Result<PathBuf> {
    if folders(root).iter().any(|known| known == name) { Ok(root.join(name)) } else { Err(Error::NotFound) }
}

/// A table of the folder and its bytes.
///
/// # Errors
/// `NotFound` for a name that is none of its tables.
pub fn read_table(folder: &Path, name: &str) -> Result<Result<Vec<u8>, table::Fault>> {
    if !tables(folder).iter().any(|known| known == name) {
        return Err(Error::NotFound);
    }
    let path = folder.join(name);
    let failed = |e: std::io::Error| Error::internal(format!("{}: {e}", path.display()));
    if fs::metadata(&path).map_err(failed)?.len() > table::LARGEST {
        return Ok(Err(table::Fault::TooLarge));
    }
    fs::read(&path).map_err(failed).map(Ok)
}

/// Whether a table is XML, by its name.
pub fn is_xml(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with(".xml")
}

/// Where a row's file lies, and its size.
///
/// # Errors
/// `missing` where there is no such file inside the folder, `large`.
pub fn locate(root: &Path, path: &str) -> Result<(PathBuf, u64), Fault> {
    let missing = || Fault::new("missing", "path");
    // A link in the folder must not lead out of it.
    let found = root.join(path).canonicalize().map_err(|_| missing())?;
    let inside = root.canonicalize().is_ok_and(|root| found.starts_with(root));
    let size = fs::metadata(&found).ok().filter(|meta| inside && meta.is_file()).ok_or_else(missing)?.len();
    if size > kind::LARGEST { Err(Fault::new("large", "path")) } else { Ok((found, size)) }
}

/// A row's file, checked.
pub struct Read {
    pub bytes: Vec<u8>,
    pub sha256: Hash,
    pub name: String,
    pub media_type: &'static str,
}

/// # Errors
/// What is wrong with the file.
pub fn read(at: &Path, path: &str, checksum: Option<&Checksum>) -> Result<Read, Fault> {
    let bytes = fs::read(at).map_err(|_| Fault::new("missing", "path"))?;
    let hash = sha256(&[&bytes]);
    let same = match checksum {
        None => true,
        Some(Checksum::Sha256(wanted)) => *wanted == hex(&hash),
        Some(Checksum::Md5(wanted)) => *wanted == hex(&Md5::digest(&bytes)),
    };
    if !same {
        return Err(Fault::new("checksum", "checksum"));
    }
    let name = path.rsplit('/').next().unwrap_or_default().to_owned();
    let media_type = kind::of(&name, &bytes).map_err(|code| Fault::new(code, "path"))?;
    Ok(Read { bytes, sha256: hash, name, media_type })
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outside_the_folder_is_opened() {
        let root = tempfile::tempdir().unwrap();
        let inside = root.path().join("export");
        fs::create_dir_all(inside.join("akten")).unwrap();
        fs::write(inside.join("akten/a.txt"), "a").unwrap();
        fs::write(inside.join("tabelle.csv"), "a;b\n").unwrap();
        fs::write(root.path().join("geheim.txt"), "b").unwrap();
        std::os::unix::fs::symlink(root.path().join("geheim.txt"), inside.join("akten/link.txt")).unwrap();
        assert_eq!(folders(root.path()), ["export"]);
        assert_eq!(tables(&inside), ["tabelle.csv"]);
        fs::write(inside.join("LIESMICH.TXT"), "c").unwrap();
        assert_eq!(tables(&inside), ["tabelle.csv", "LIESMICH.TXT"], "a text is the table only if nothing else is");
        assert!(folder(root.path(), "..").is_err());
        assert!(read_table(&inside, "../geheim.txt").is_err());
        assert_eq!(locate(&inside, "akten/a.txt").unwrap().1, 1);
        for path in ["akten/link.txt", "../geheim.txt", "akten", "akten/b.txt"] {
            assert_eq!(locate(&inside, path).unwrap_err().code, "missing", "{path}");
        }
    }

    #[test]
    fn both_checksums_are_compared() {
        let root = tempfile::tempdir().unwrap();
        let at = root.path().join("a.txt");
        fs::write(&at, "abc").unwrap();
        let with = |checksum: Checksum| read(&at, "a.txt", Some(&checksum)).map(|_| ()).map_err(|fault| fault.code);
        // RFC 1321, A.5 and FIPS 180-4.
        assert_eq!(with(Checksum::Md5("900150983cd24fb0d6963f7d28e17f72".into())), Ok(()));
        let sha = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(with(Checksum::Sha256(sha.into())), Ok(()));
        assert_eq!(with(Checksum::Md5("0".repeat(32))), Err("checksum".to_owned()));
    }
}
