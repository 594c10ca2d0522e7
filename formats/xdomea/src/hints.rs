//! What the specification says in words and no schema can say. A message that breaks such a rule is valid and is read
//! and written; its receiver may still send it back.

use std::collections::HashSet;

use crate::model::*;
use crate::values::Uuid;
use crate::{Fault, MAX_FAULTS, Position, Rule, package, write};

/// Rules of the specification that a message breaks, with the path of the field (`implementationHint` in the schemas of
/// 3.0.0, and 2.4.2 of the specification: each object has an id of its own).
#[must_use]
pub fn hints(message: &Message) -> Vec<Fault> {
    let mut hints = write::hints_on_the_way(message);
    let root = message.inhalt.name();
    let mut add = |name: &str, text: String| {
        let path = format!("{root}/{name}");
        hints.push(Fault { at: Position::default(), path, rule: Rule::Specification, message: text });
    };
    let objekte = match &message.inhalt {
        Inhalt::Anbieteverzeichnis(it) => {
            if objects(&it.schriftgutobjekte).iter().any(|object| matches!(object, Object::Dokument(d) if has_files(d)))
            {
                add("Schriftgutobjekt", "Ein Anbieteverzeichnis nennt keine Primärdokumente.".to_owned());
            }
            &it.schriftgutobjekte
        }
        Inhalt::Aussonderung(it) => {
            if package::files(message).is_empty() {
                add("Schriftgutobjekt", "Eine Aussonderung übergibt Primärdokumente; hier ist keines.".to_owned());
            }
            &it.schriftgutobjekte
        }
        _ => return hints,
    };
    for objekt in objekte {
        let (id, without) = match objekt {
            Schriftgutobjekt::Akte(akte) => (&akte.identifikation.id, akte.archivspezifische_metadaten.is_none()),
            Schriftgutobjekt::Vorgang(it) => (&it.identifikation.id, it.archivspezifische_metadaten.is_none()),
            Schriftgutobjekt::Dokument(dokument) => (&dokument.identifikation.id, false),
        };
        if without {
            add("Schriftgutobjekt", format!("Das Objekt {id} hat keine ArchivspezifischeMetadaten."));
        }
    }
    let mut seen = HashSet::new();
    for id in objects(objekte).iter().map(Object::id) {
        if !seen.insert(id) {
            add("Schriftgutobjekt", format!("Zwei Objekte haben dieselbe ID {id}."));
        }
    }
    hints.truncate(MAX_FAULTS);
    hints
}

enum Object<'m> {
    Akte(&'m Akte),
    Vorgang(&'m Vorgang),
    Dokument(&'m Dokument),
}

impl<'m> Object<'m> {
    fn id(&self) -> &'m Uuid {
        match self {
            Self::Akte(akte) => &akte.identifikation.id,
            Self::Vorgang(vorgang) => &vorgang.identifikation.id,
            Self::Dokument(dokument) => &dokument.identifikation.id,
        }
    }
}

/// The objects with all that hang below them.
fn objects(objekte: &[Schriftgutobjekt]) -> Vec<Object<'_>> {
    let mut found: Vec<Object> = objekte
        .iter()
        .map(|objekt| match objekt {
            Schriftgutobjekt::Akte(akte) => Object::Akte(akte),
            Schriftgutobjekt::Vorgang(vorgang) => Object::Vorgang(vorgang),
            Schriftgutobjekt::Dokument(dokument) => Object::Dokument(dokument),
        })
        .collect();
    let mut at = 0;
    while let Some(object) = found.get(at) {
        let mut below = Vec::new();
        match *object {
            Object::Akte(akte) => {
                below.extend(akte.dokumente.iter().map(Object::Dokument));
                below.extend(akte.vorgaenge.iter().map(Object::Vorgang));
                below.extend(akte.teilakten.iter().map(Object::Akte));
            }
            Object::Vorgang(vorgang) => {
                below.extend(vorgang.dokumente.iter().map(Object::Dokument));
                below.extend(vorgang.teilvorgaenge.iter().map(Object::Vorgang));
            }
            Object::Dokument(dokument) => {
                below.extend(dokument.anlagen.iter().map(|anlage| Object::Dokument(&anlage.dokument)));
            }
        }
        found.append(&mut below);
        at += 1;
    }
    found
}

fn has_files(dokument: &Dokument) -> bool {
    dokument.versionen.iter().any(|version| !version.formate.is_empty())
}
