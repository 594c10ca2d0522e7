//! The register of processes (Prozessregister), and what the instances that ran say of each.

pub mod figures;
pub mod pages;
pub mod store;

use std::sync::Arc;

use bpmn::{Model, ModelError, Rule};
use content::{Content, Item};
use kernel::{Error, Result};
use serde::Deserialize;

use crate::engine;

/// `organisation.toml`, as far as this room reads it.
#[derive(Deserialize)]
pub struct Organisation {
    #[serde(default)]
    unit: Vec<Unit>,
}

#[derive(Deserialize)]
struct Unit {
    key: String,
    name: String,
}

/// Units of the city; none where it says nothing of them.
pub fn organisation(content: &Content) -> Result<Option<Arc<Organisation>>> {
    match content.toml::<Organisation>("city", "organisation") {
        Ok(found) => Ok(Some(found)),
        Err(Error::NotFound) => Ok(None),
        Err(other) => Err(other),
    }
}

impl Organisation {
    pub fn name_of(&self, key: &str) -> Option<&str> {
        self.unit.iter().find(|unit| unit.key == key).map(|unit| unit.name.as_str())
    }
}

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
    let model = content.parse(item, engine::load)?;
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

/// What is wrong with what a process says for the register.
pub fn faults(model: &Model, organisation: Option<&Organisation>) -> Vec<ModelError> {
    let Some(process) = model.process() else { return Vec::new() };
    let mut messages = Vec::new();
    if let Some(leika) = &process.register.leika
        && (leika.len() != 14 || !leika.bytes().all(|b| b.is_ascii_digit()))
    {
        messages.push(format!("Der LeiKa-Schlüssel „{leika}“ (meer:leika) hat nicht 14 Ziffern."));
    }
    if let (Some(owner), Some(organisation)) = (&process.register.owner, organisation)
        && organisation.name_of(owner).is_none()
    {
        messages.push(format!("Die Organisationseinheit „{owner}“ (meer:owner) gibt es nicht."));
    }
    let fault = |message| ModelError {
        line: process.base.at.line,
        column: process.base.at.column,
        element: process.base.id.clone(),
        name: process.name.clone(),
        rule: Rule::Value,
        message,
    };
    messages.into_iter().map(fault).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(attributes: &str) -> Model {
        let text = format!(
            r#"<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:meer="urn:meer:bpmn:1"
  targetNamespace="urn:test"><bpmn:process id="p" name="Muster" isExecutable="true" {attributes}/></bpmn:definitions>"#
        );
        Model::parse(&text).unwrap()
    }

    #[test]
    fn a_wrong_leika_key_and_an_unknown_owner_are_told() {
        let unit = Unit { key: "standesamt".into(), name: "Standesamt".into() };
        let organisation = Organisation { unit: vec![unit] };
        let told = |attributes: &str| {
            let faults = faults(&model(attributes), Some(&organisation));
            faults.into_iter().map(|fault| fault.message).collect::<Vec<_>>()
        };
        assert!(told("").is_empty());
        assert!(told(r#"meer:leika="99014002000000" meer:owner="standesamt""#).is_empty());
        assert_eq!(told(r#"meer:leika="99""#), ["Der LeiKa-Schlüssel „99“ (meer:leika) hat nicht 14 Ziffern."]);
        assert_eq!(told(r#"meer:owner="amt""#), ["Die Organisationseinheit „amt“ (meer:owner) gibt es nicht."]);
    }
}
