//! The keys that sign the journals, made by the operator.

use std::path::{Path, PathBuf};

use house::Config;
use journal::SigningKey;
use kernel::{Error, Result};

/// What was done for a city.
enum Done {
    Made,
    /// The city has a key that is fit for production.
    Kept,
    /// A key that the program had made on its own was put aside.
    Replaced,
}

/// Gives each city a key for production that has none, and says of each city what was done. A development key under
/// which something was signed goes only when `replace_development` says so; nothing is ever overwritten. Answers whether
/// every city has its key now.
///
/// # Errors
/// A folder of cities that cannot be read.
pub fn make(config: &Config, replace_development: bool) -> Result<bool> {
    let mut all = true;
    for folder in crate::city_folders(config)? {
        let city = folder.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let path = house::signing_key(config, &city).display().to_string();
        match of_city(config, &city, replace_development) {
            Ok(Done::Made) => println!("{city}: Schlüssel {path} angelegt"),
            Ok(Done::Kept) => println!("{city}: Schlüssel {path} ist schon da, nichts geändert"),
            Ok(Done::Replaced) => println!("{city}: Entwicklungsschlüssel durch {path} ersetzt"),
            // The other cities get theirs.
            Err(error) => {
                eprintln!("{city}: {error:#}");
                all = false;
            }
        }
    }
    Ok(all)
}

fn of_city(config: &Config, city: &str, replace_development: bool) -> Result<Done> {
    let path = house::signing_key(config, city);
    let development = match SigningKey::load(&path)? {
        Some(key) if !key.is_development() => return Ok(Done::Kept),
        there => there.is_some(),
    };
    if development {
        let checkpoints = house::checkpoint_folder(config, city);
        let signed = has_files(&checkpoints)?;
        if signed && !replace_development {
            return Err(Error::internal(format!(
                "{}: Der Entwicklungsschlüssel hat schon Prüfpunkte signiert ({}). `meer keys --replace-development` legt \
                 beides zur Seite und beginnt neu.",
                path.display(),
                checkpoints.display()
            )));
        }
        // First the checkpoints: cut off between the two, the next call still finds a development key, and goes on.
        if signed {
            put_aside(&checkpoints)?;
        }
        put_aside(&path)?;
    }
    SigningKey::create_for_production(&path)?;
    Ok(if development { Done::Replaced } else { Done::Made })
}

fn failed(path: &Path, e: std::io::Error) -> Error {
    Error::internal(format!("{}: {e}", path.display()))
}

fn has_files(folder: &Path) -> Result<bool> {
    match std::fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_some()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(failed(folder, e)),
    }
}

/// Renames to `<name>.development`: with the old key the old checkpoints can still be compared.
fn put_aside(path: &Path) -> Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".development");
    let aside = PathBuf::from(name);
    if aside.exists() {
        return Err(Error::internal(format!("{} gibt es schon; bitte zuerst woanders aufheben", aside.display())));
    }
    std::fs::rename(path, &aside).map_err(|e| failed(path, e))
}
