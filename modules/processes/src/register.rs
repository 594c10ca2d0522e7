//! The register of processes (Prozessregister), and what the instances that ran say of each.

pub mod figures;
pub mod pages;
pub mod store;

use content::{Content, Item};
use kernel::Result;
use process_rules::{load, organisation::organisation};
use serde::Deserialize;

/// A service of the catalogue, as far as this room reads it.
#[derive(Deserialize)]
struct Service {
    online: Option<Online>,
}

#[derive(Deserialize)]
struct Online {
    process: Option<String>,
}

/// Keys of the services whose applications this process works on.
pub fn services_of(content: &Content, process: &str) -> Vec<String> {
    let services = content.all("services");
    let of_process = services.iter().filter(|item| {
        let service = content.toml::<Service>("services", &item.key).ok();
        let online = service.as_ref().and_then(|service| service.online.as_ref());
        online.and_then(|online| online.process.as_deref()) == Some(process)
    });
    of_process.map(|item| item.key.clone()).collect()
}

/// What the register says of a released process; empty where the file says nothing.
pub struct Entry {
    pub name: String,
    pub trigger: String,
    pub result: String,
    pub legal_basis: String,
    pub leika: String,
    /// Name of the organisation unit that answers for it.
    pub owner: String,
    pub version: i64,
}

pub fn entry(content: &Content, item: &Item) -> Result<Entry> {
    let model = content.parse(item, load)?;
    let said = model.process().map(|process| process.register.clone()).unwrap_or_default();
    let owner = said.owner.unwrap_or_default();
    let organisation = organisation(content)?;
    let name = organisation.as_ref().and_then(|organisation| organisation.name_of(&owner));
    Ok(Entry {
        name: model.name().unwrap_or(&item.key).to_owned(),
        trigger: said.trigger.unwrap_or_default(),
        result: said.result.unwrap_or_default(),
        legal_basis: said.legal_basis.unwrap_or_default(),
        leika: said.leika.unwrap_or_default(),
        owner: name.unwrap_or(&owner).to_owned(),
        version: item.version,
    })
}
