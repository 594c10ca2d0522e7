//! The program as a library, so that tests run the same house as the binary.

pub mod backup;
pub mod check;
pub mod config;
pub mod keys;
pub mod modules;
pub mod openapi;
pub mod production;
pub mod verify;

use std::{path::PathBuf, sync::Arc};

use house::{App, Config};
use kernel::{Error, Result, Sources};

/// Assembles the house and opens every city below `config.cities`.
///
/// # Errors
/// Every fault in a city's data, with file and line.
pub async fn open(config: Config, sources: Sources) -> Result<Arc<App>> {
    let cities = city_folders(&config)?;
    let app = App::new(config, sources, modules::MODULES.to_vec())?;
    for folder in cities {
        house::open_city(&app, &folder).await?;
    }
    Ok(app)
}

/// The same to look at the cities as they lie there, for commands that change no database.
///
/// # Errors
/// A database whose schema is older or newer than this program's, with what to do.
pub async fn open_to_look(config: Config, sources: Sources) -> Result<Arc<App>> {
    let cities = city_folders(&config)?;
    let app = App::new(config, sources, modules::MODULES.to_vec())?;
    for folder in cities {
        house::open_city_to_look(&app, &folder).await?;
    }
    Ok(app)
}

/// The folders of the cities, by name: the first one answers unknown host names of a demo.
pub fn city_folders(config: &Config) -> Result<Vec<PathBuf>> {
    let dir = &config.cities;
    let entries = std::fs::read_dir(dir).map_err(|e| Error::internal(format!("{}: {e}", dir.display())))?;
    let mut folders: Vec<PathBuf> =
        entries.filter_map(|e| Some(e.ok()?.path())).filter(|p| p.join("city.toml").is_file()).collect();
    folders.sort();
    if folders.is_empty() {
        return Err(Error::internal(format!("{}: no folder with a city.toml", dir.display())));
    }
    Ok(folders)
}
