//! The operator's configuration: one TOML file, some values overruled on the command line.

use std::path::Path;

use house::Config;
use kernel::{Error, Result};

/// Reads a configuration file; relative paths in it are meant from the working folder.
///
/// # Errors
/// Names file, line and column.
pub fn read(path: &Path) -> Result<Config> {
    let body = std::fs::read_to_string(path).map_err(|e| {
        Error::internal(format!("configuration {}: {e}; name another file with --config", path.display()))
    })?;
    content::read_toml(&content::Item {
        kind: "config".into(),
        key: "config".into(),
        version: 0,
        name: path.display().to_string(),
        body: body.into(),
    })
}
