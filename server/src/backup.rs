//! Backup and restore of the cities on SQLite: database first, documents second, so that every row of the copy finds
//! its file; files that came in between are harmless extras.

use std::path::{Path, PathBuf};

use house::{App, Config};
use kernel::{Error, Result};

fn failed(path: &Path, e: std::io::Error) -> Error {
    Error::internal(format!("{}: {e}", path.display()))
}

/// Copies every city into `target/<key>/`, while the program may go on writing. Keys are not copied: whoever holds the
/// backup must not hold what protects it.
///
/// # Errors
/// When a target exists, so that no backup is overwritten; on PostgreSQL, which has its own tools.
pub async fn backup(app: &App, target: &Path) -> Result<()> {
    for city in app.cities() {
        let folder = target.join(&city.key);
        if folder.exists() {
            return Err(Error::internal(format!("{} exists; give a new folder", folder.display())));
        }
        std::fs::create_dir_all(&folder).map_err(|e| failed(&folder, e))?;
        city.db.copy_to(folder.join("city.db")).await?;
        let files = app.config.data.join(&city.key).join("files");
        let copied = copy_tree(&files, &folder.join("files"))?;
        println!("{}: Datenbank und {copied} Dokumente gesichert", city.key);
    }
    Ok(())
}

/// Puts a backup into an empty data folder. The keys must be put there first, from where they are kept.
///
/// # Errors
/// When the data folder holds a city already.
pub fn restore(config: &Config, source: &Path) -> Result<()> {
    let mut found = 0;
    let entries = std::fs::read_dir(source).map_err(|e| failed(source, e))?;
    for entry in entries {
        let from = entry.map_err(|e| failed(source, e))?.path();
        let database = from.join("city.db");
        if !database.is_file() {
            continue;
        }
        let Some(key) = from.file_name() else { continue };
        let to = config.data.join(key);
        if to.join("city.db").exists() {
            return Err(Error::internal(format!(
                "{} holds a city already; restore into an empty folder",
                to.display()
            )));
        }
        std::fs::create_dir_all(&to).map_err(|e| failed(&to, e))?;
        let copied = copy_tree(&from.join("files"), &to.join("files"))?;
        let target = to.join("city.db");
        std::fs::copy(&database, &target).map_err(|e| failed(&target, e))?;
        sync(&target)?;
        println!("{}: Datenbank und {copied} Dokumente zurückgespielt", key.to_string_lossy());
        found += 1;
    }
    if found == 0 {
        return Err(Error::internal(format!("{}: no backup in there", source.display())));
    }
    Ok(())
}

fn sync(path: &Path) -> Result<()> {
    std::fs::File::open(path).and_then(|f| f.sync_all()).map_err(|e| failed(path, e))
}

fn copy_tree(from: &Path, to: &Path) -> Result<usize> {
    std::fs::create_dir_all(to).map_err(|e| failed(to, e))?;
    if !from.exists() {
        return Ok(0);
    }
    let mut copied = 0;
    let mut open: Vec<PathBuf> = vec![PathBuf::new()];
    while let Some(below) = open.pop() {
        let dir = from.join(&below);
        for entry in std::fs::read_dir(&dir).map_err(|e| failed(&dir, e))? {
            let entry = entry.map_err(|e| failed(&dir, e))?;
            let name = below.join(entry.file_name());
            let path = entry.path();
            if path.is_dir() {
                // What is still coming in has no row yet.
                if entry.file_name() != "incoming" {
                    let folder = to.join(&name);
                    std::fs::create_dir_all(&folder).map_err(|e| failed(&folder, e))?;
                    open.push(name);
                }
            } else {
                let target = to.join(&name);
                match std::fs::copy(&path, &target) {
                    Ok(_) => {}
                    // Removed since the folder was read: a draft was deleted, or its file replaced.
                    Err(e) if e.kind() == std::io::ErrorKind::NotFound && !path.exists() => continue,
                    Err(e) => return Err(failed(&target, e)),
                }
                sync(&target)?;
                copied += 1;
            }
        }
    }
    Ok(copied)
}
