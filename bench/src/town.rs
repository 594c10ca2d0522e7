//! A house with the modules that take applications, on a database of its own.

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, Result};
use house::{App, City, Config, Module};
use identity::{Organisation, RoleData, UnitData, access::Confidentiality};
use kernel::{Cx, Sources};

/// Opens Meerbusch in this folder; with `database` its rows lie there instead of in a file.
pub async fn open(data: &Path, database: Option<String>) -> Result<(Arc<App>, Arc<City>)> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cities/meerbusch");
    open_home(data, database, vec![records::MODULE, annotations::MODULE, circulation::MODULE, desk::MODULE], &home)
        .await
}

/// Opens the city whose files lie in `home`, with these modules.
pub async fn open_home(
    data: &Path,
    database: Option<String>,
    modules: Vec<Module>,
    home: &Path,
) -> Result<(Arc<App>, Arc<City>)> {
    let config = Config { data: data.to_owned(), database, ..Config::default() };
    let app = App::new(config, Sources::system(), modules)?;
    let city = house::open_city(&app, home).await.context("the city opens")?;
    Ok((app, city))
}

/// Context of the module that takes applications.
pub fn portal(app: &Arc<App>, city: &City) -> Cx {
    let mut cx = app.cx(city, "bench");
    cx.actor.via = vec!["services"];
    cx
}

pub fn unit_key(number: usize) -> String {
    format!("amt-{number:03}")
}

/// The role that lets its holders see what a unit works on.
pub const ROLE: &str = "sachbearbeitung";

/// So many organisation units side by side and one role.
pub fn organisation(units: usize) -> Organisation {
    let unit = |n| UnitData { key: unit_key(n), name: format!("Amt {n}"), parent: None, sealed: false };
    let role = RoleData {
        key: ROLE.into(),
        name: "Sachbearbeitung".into(),
        permissions: ["desk.work".to_owned()].into(),
        clearance: Some(Confidentiality::Normal),
        special: Default::default(),
        deputies: true,
    };
    Organisation { units: (0..units).map(unit).collect(), roles: vec![role] }
}
