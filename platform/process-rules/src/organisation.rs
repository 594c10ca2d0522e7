//! Organisation units, as processes name them, and what a process says of itself for the register (Prozessregister).

use std::sync::Arc;

use bpmn::{Model, ModelError, Rule};
use content::Content;
use kernel::{Error, Result};
use serde::Deserialize;

/// `organisation.toml`, as far as processes need it.
#[derive(Deserialize)]
pub struct Organisation {
    #[serde(default)]
    unit: Vec<Unit>,
    #[serde(default)]
    role: Vec<Role>,
}

#[derive(Deserialize)]
struct Unit {
    key: String,
    name: String,
    /// Key of the unit above it.
    #[serde(default)]
    parent: Option<String>,
}

/// A role, as far as it tells units of one name apart.
#[derive(Deserialize)]
struct Role {
    key: String,
    name: String,
}

/// Deepest path that is told: a unit that stands below itself must not keep anybody waiting.
const DEEPEST: usize = 20;

/// Units of the city; none where it says nothing of them.
pub fn organisation(content: &Content) -> Result<Option<Arc<Organisation>>> {
    match content.toml::<Organisation>("city", "organisation") {
        Ok(found) => Ok(Some(found)),
        Err(Error::NotFound) => Ok(None),
        Err(other) => Err(other),
    }
}

impl Organisation {
    /// Keys of all units.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.unit.iter().map(|unit| unit.key.as_str())
    }

    pub fn name_of(&self, key: &str) -> Option<&str> {
        self.find(key).map(|unit| unit.name.as_str())
    }

    /// The name of a unit where people choose one: beside a name that several bear stands what tells them apart, the units
    /// above, or else the role that works there, or else the key. One of them may go without.
    pub fn label_of(&self, key: &str) -> Option<String> {
        let unit = self.find(key)?;
        let same: Vec<&Unit> = self.unit.iter().filter(|other| other.name == unit.name).collect();
        if same.len() < 2 {
            return Some(unit.name.clone());
        }
        let path = self.path_of(unit);
        let has_own_path = !path.is_empty() && same.iter().filter(|other| self.path_of(other) == path).count() == 1;
        if has_own_path {
            return Some(format!("{} ({path})", unit.name));
        }
        match self.role_of(unit) {
            Some(role) => Some(format!("{} ({role})", unit.name)),
            None if same.iter().filter(|other| self.role_of(other).is_none()).count() == 1 => Some(unit.name.clone()),
            None => Some(format!("{} ({key})", unit.name)),
        }
    }

    fn find(&self, key: &str) -> Option<&Unit> {
        self.unit.iter().find(|unit| unit.key == key)
    }

    fn role_of(&self, unit: &Unit) -> Option<&str> {
        self.role.iter().find(|role| role.key == unit.key).map(|role| role.name.as_str())
    }

    /// Names of the units above, the nearest first.
    fn path_of(&self, unit: &Unit) -> String {
        let mut names = Vec::new();
        let mut parent = unit.parent.as_deref();
        while let Some(above) = parent.and_then(|key| self.find(key)).filter(|_| names.len() < DEEPEST) {
            names.push(above.name.as_str());
            parent = above.parent.as_deref();
        }
        names.join(", ")
    }
}

/// What is wrong with what a process says for the register.
pub(crate) fn faults(model: &Model, organisation: Option<&Organisation>) -> Vec<ModelError> {
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

    fn unit(key: &str, name: &str, parent: &str) -> Unit {
        let parent = Some(parent.to_owned()).filter(|parent| !parent.is_empty());
        Unit { key: key.into(), name: name.into(), parent }
    }

    #[test]
    fn units_of_one_name_are_told_apart() {
        let organisation = Organisation {
            unit: vec![
                unit("stadt", "Stadt", ""),
                unit("i", "Dezernat I", "stadt"),
                unit("ii", "Dezernat II", "stadt"),
                unit("standesamt", "Standesamt", "ii"),
                unit("gesperrt", "Standesamt", "ii"),
                unit("archiv-1", "Archiv", "i"),
                unit("archiv-2", "Archiv", "ii"),
                unit("ring-1", "Ring", "ring-2"),
                unit("ring-2", "Ring", "ring-1"),
            ],
            role: vec![Role { key: "gesperrt".into(), name: "mit Sperrvermerken".into() }],
        };
        let label = |key: &str| organisation.label_of(key).unwrap();
        assert_eq!(label("ii"), "Dezernat II");
        assert_eq!(label("standesamt"), "Standesamt");
        assert_eq!(label("gesperrt"), "Standesamt (mit Sperrvermerken)");
        assert_eq!(label("archiv-1"), "Archiv (Dezernat I, Stadt)");
        assert_eq!(label("archiv-2"), "Archiv (Dezernat II, Stadt)");
        assert_eq!(label("ring-1"), "Ring (ring-1)");
        assert_eq!(organisation.label_of("fehlt"), None);
    }

    #[test]
    fn a_wrong_leika_key_and_an_unknown_owner_are_told() {
        let organisation = Organisation { unit: vec![unit("standesamt", "Standesamt", "")], role: Vec::new() };
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
