//! Backup and restore of the cities on SQLite. Most documents are copied first, then the database, then the documents
//! that came meanwhile; a copy whose rows do not all find their files is taken anew. Files without a row are harmless
//! extras. Checkpoints with their time-stamps come along, so that a lost folder of checkpoints is no lost evidence.

use std::path::{Path, PathBuf};

use db::{Db, Url};
use house::{App, Config};
use kernel::{Error, FileId, Result, TenantId, Uuid};

fn failed(path: &Path, e: std::io::Error) -> Error {
    Error::internal(format!("{}: {e}", path.display()))
}

/// Copies every city into `target/<key>/`, while the program may go on writing. Keys are not copied: whoever holds the
/// backup must not hold what protects it. A schema that is older than this program's is copied as it is: the backup is
/// made before the migration.
///
/// # Errors
/// When a target exists, so that no backup is overwritten; on PostgreSQL, which has its own tools.
pub async fn backup(app: &App, target: &Path) -> Result<()> {
    let cities: Vec<(String, Db)> = crate::city_folders(&app.config)?
        .iter()
        .map(|folder| house::open_database_to_copy(app, folder))
        .collect::<Result<_>>()?;
    for (city, db) in &cities {
        if db.engine() == db::Engine::Postgres {
            return Err(Error::internal(format!(
                "{city}: copy the documents in {} with any tool for files, then the database with pg_dump, then once \
                 more the documents",
                app.config.data.join(city).join("files").display()
            )));
        }
        let folder = target.join(city);
        if folder.exists() {
            return Err(Error::internal(format!("{} exists; give a new folder", folder.display())));
        }
        std::fs::create_dir_all(&folder).map_err(|e| failed(&folder, e))?;
        let copied = copy_city(app, city, db, &folder).await?;
        println!("{city}: Datenbank und {copied} Dokumente gesichert");
    }
    Ok(())
}

/// Folder of a backup with the checkpoints and their time-stamps.
const CHECKPOINTS: &str = "checkpoints";
/// How often the database is copied at most: again whenever a file of its rows was deleted before it could be copied.
const ATTEMPTS: usize = 5;
/// Rows that are compared at once.
const PAGE: i64 = 1000;

async fn copy_city(app: &App, city: &str, db: &Db, folder: &Path) -> Result<usize> {
    // Before the database: none of them may know more entries than the copy holds.
    let outside = house::checkpoint_folder(&app.config, city);
    copy_tree(&outside, &folder.join(CHECKPOINTS))?;
    let (files, kept) = (app.config.data.join(city).join("files"), folder.join("files"));
    let mut copied = copy_tree(&files, &kept)?;
    for _ in 0..ATTEMPTS {
        let database = folder.join("city.db");
        if database.exists() {
            std::fs::remove_file(&database).map_err(|e| failed(&database, e))?;
        }
        db.copy_to(database.clone()).await?;
        copied += copy_tree(&files, &kept)?;
        if all_files_there(app, db.tenant(), database, kept.clone()).await? {
            return Ok(copied);
        }
    }
    Err(Error::internal(format!("{city}: documents are deleted faster than they can be copied; try again")))
}

/// Whether every row of a copied database finds its file.
async fn all_files_there(app: &App, tenant: TenantId, database: PathBuf, kept: PathBuf) -> Result<bool> {
    let copy = Db::open_to_copy(&Url::Sqlite(database), tenant, &app.migrations())?;
    let store = files::Store::open(kept)?;
    let mut rx = copy.read_long().await?;
    let mut after = FileId::from_uuid(Uuid::nil());
    loop {
        let page = files::page(&mut rx, after, PAGE).await?;
        if !page.iter().all(|file| store.holds(*file)) {
            return Ok(false);
        }
        match page.last() {
            Some(last) => after = *last,
            None => return Ok(true),
        }
    }
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
        // What is there is newer or the same, and stays: it shows what the backup lacks.
        copy_tree(&from.join(CHECKPOINTS), &house::checkpoint_folder(config, &key.to_string_lossy()))?;
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

/// Copies what is not there yet: the bytes of a stored file never change.
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
            } else if !name.to_string_lossy().ends_with("unfinished") {
                let target = to.join(&name);
                if target.exists() {
                    continue;
                }
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
