//! File types (Aktentypen): how files of one kind are set up. City data (`file-types.toml`).

use std::{collections::BTreeSet, sync::Arc};

use content::{Content, read_toml};
use identity::access::Confidentiality;
use kernel::{Error, Result};
use serde::Deserialize;

use crate::{Entry, KIND, Plan};

const KEY: &str = "file-types";
/// Longest name of a type, a part or a document, in characters.
const LONGEST: usize = 200;

/// What a file of this kind begins with.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileType {
    pub key: String,
    pub name: String,
    /// Kennzeichen in the file plan.
    pub entry: String,
    /// How confidential it usually is.
    #[serde(default)]
    pub level: Confidentiality,
    /// A part of it is on paper, so that its place is asked for.
    #[serde(default)]
    pub paper: bool,
    /// Titles of the parts (Teilakten) that are opened with it.
    #[serde(default)]
    pub parts: Vec<String>,
    /// Documents that usually belong into it; what is missing is shown.
    #[serde(default)]
    pub documents: Vec<String>,
}

#[derive(Default, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Types {
    #[serde(default, rename = "type")]
    all: Vec<FileType>,
}

impl Types {
    /// A city without the file has no types.
    ///
    /// # Errors
    /// What cannot be read, with line and column.
    pub fn of(content: &Content) -> Result<Arc<Types>> {
        match content.parsed(KIND, KEY, read_toml::<Types>) {
            Err(Error::NotFound) => Ok(Arc::default()),
            found => found,
        }
    }

    pub fn all(&self) -> &[FileType] {
        &self.all
    }

    pub fn get(&self, key: &str) -> Option<&FileType> {
        self.all.iter().find(|found| found.key == key)
    }

    /// Every fault, one German sentence each.
    pub fn faults(&self, plan: &Plan) -> Vec<String> {
        let mut faults = Vec::new();
        let mut keys = BTreeSet::new();
        for found in &self.all {
            let mut say = |what: &str| faults.push(format!("file-types.toml: {}: {what}", found.key));
            if found.key.is_empty() || !keys.insert(&found.key) {
                say("der Schlüssel fehlt oder kommt zweimal vor");
            }
            if plan.entry(&found.entry).is_none_or(Entry::is_heading) {
                say("unter diesem Kennzeichen des Aktenplans liegen keine Akten");
            }
            let mut texts = std::iter::once(&found.name).chain(&found.parts).chain(&found.documents);
            if texts.any(|text| text.trim().is_empty() || text.chars().count() > LONGEST) {
                say("ein Name fehlt oder ist zu lang");
            }
        }
        faults
    }
}

/// Which of the usual documents of a type are there, by the beginning of their titles.
pub fn checklist(file_type: &FileType, titles: &[String]) -> Vec<(String, bool)> {
    let titles: Vec<String> = titles.iter().map(|title| title.to_lowercase()).collect();
    let there = |name: &String| titles.iter().any(|title| title.starts_with(&name.to_lowercase()));
    file_type.documents.iter().map(|name| (name.clone(), there(name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(text: &str) -> Types {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn faults_of_the_city_data_are_named() {
        let good = types("[[type]]\nkey='a'\nname='A'\nentry='10'\nlevel='vertraulich'\nparts=['B']");
        assert_eq!(good.all()[0].level, Confidentiality::Vertraulich);
        // An empty plan holds no file.
        assert_eq!(good.faults(&Plan::default()).len(), 1);
        let double = types("[[type]]\nkey='a'\nname=''\nentry='10'\n[[type]]\nkey='a'\nname='A'\nentry='10'");
        assert_eq!(double.faults(&Plan::default()).len(), 4);
        assert!(toml::from_str::<Types>("[[type]]\nkey='a'\nname='A'\nentry='10'\nlevl='normal'").is_err());
    }

    #[test]
    fn a_document_is_there_when_a_title_begins_with_its_name() {
        let found = types("[[type]]\nkey='a'\nname='A'\nentry='10'\ndocuments=['Lageplan', 'Vertrag']");
        let list = checklist(&found.all()[0], &["LAGEPLAN Musterweg".to_owned(), "Zum Vertrag".to_owned()]);
        assert_eq!(list, [("Lageplan".to_owned(), true), ("Vertrag".to_owned(), false)]);
    }
}
