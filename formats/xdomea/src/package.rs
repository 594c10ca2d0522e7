//! What lies in the ZIP file of a message, and what it is called (specification 3.0.0, page 11 for the names, 2.4.4 for
//! the process id): one ZIP file per message, in it the message and, side by side without folders, the files it names.
//! No ZIP is opened here: whoever does gives the entries.
//!
//! ```text
//! 9fde4e7a-…_Aussonderung.Aussonderung.0503.zip
//! ├── 9fde4e7a-…_Aussonderung.Aussonderung.0503.xml
//! └── f4bcaaf7-…_Antrag.pdf
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::model::*;
use crate::values::{Dateiname, Uuid};

/// Longest name common file systems take, in bytes.
const MAX_NAME: usize = 255;

/// Name of the ZIP file of a message: `<ProzessID>_<Nachrichtentyp>.zip`.
#[must_use]
pub fn package_name(message: &Message) -> String {
    format!("{}.zip", stem(message))
}

/// Name of the message in it: `<ProzessID>_<Nachrichtentyp>.xml`.
#[must_use]
pub fn message_name(message: &Message) -> String {
    format!("{}.xml", stem(message))
}

fn stem(message: &Message) -> String {
    format!("{}_{}", message.kopf.prozess_id, message.inhalt.name())
}

/// Process and message type that the name of a package (`.zip`) or a message (`.xml`) tells; `None`: it is neither.
#[must_use]
pub fn parse_name(name: &str) -> Option<(Uuid, &'static str)> {
    let stem = name.strip_suffix(".zip").or_else(|| name.strip_suffix(".xml"))?;
    let (prozess_id, typ) = stem.split_once('_')?;
    Some((Uuid::parse(prozess_id)?, Inhalt::of_name(typ)?.name()))
}

/// An entry of a ZIP file, as its directory says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'e> {
    pub name: &'e str,
    /// Bytes when unpacked.
    pub size: u64,
}

/// How much a package may hold when it is unpacked, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub entries: usize,
    pub file: u64,
    pub all: u64,
}

impl Default for Limits {
    /// 100,000 files, 4 GB each, 64 GB together.
    fn default() -> Self {
        Self { entries: 100_000, file: 4 << 30, all: 64 << 30 }
    }
}

/// What is wrong with a package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// The message itself is not there under its name.
    NoMessage(String),
    /// The message names a file that is not there.
    Missing(String),
    /// A file the message does not name.
    Extra(String),
    /// A name that leads out of the folder it is unpacked into, or into another one: paths, drives, devices.
    Unsafe(String),
    /// A name that some file system does not take or changes: reserved characters, too long.
    Unportable(String),
    /// Two entries whose names are the same where upper and lower case are.
    Twice(String),
    /// Two places of the message name the same file.
    NamedTwice(String),
    /// A file with nothing in it.
    Empty(String),
    /// More than the limits allow.
    TooLarge(String),
}

impl Finding {
    /// Whether nothing of the package must be unpacked.
    #[must_use]
    pub fn is_danger(&self) -> bool {
        matches!(self, Self::Unsafe(_) | Self::Twice(_) | Self::TooLarge(_))
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMessage(name) => write!(f, "Die Nachricht {name} fehlt im Paket."),
            Self::Missing(name) => write!(f, "Die Datei {name} fehlt im Paket."),
            Self::Extra(name) => write!(f, "Die Datei {name} wird in der Nachricht nicht genannt."),
            Self::Unsafe(name) => write!(f, "Der Name {name:?} führt aus dem Ordner hinaus."),
            Self::Unportable(name) => write!(f, "Der Name {name:?} ist nicht in jedem Dateisystem möglich."),
            Self::Twice(name) => write!(f, "Der Name {name} steht zweimal im Paket."),
            Self::NamedTwice(name) => write!(f, "Die Datei {name} wird in der Nachricht zweimal genannt."),
            Self::Empty(name) => write!(f, "Die Datei {name} ist leer."),
            Self::TooLarge(what) => write!(f, "Das Paket ist zu groß: {what}."),
        }
    }
}

/// Compares the entries of a package with its message; nothing found means that it is complete and safe to unpack.
#[must_use]
pub fn check(message: &Message, entries: &[Entry<'_>], limits: Limits) -> Vec<Finding> {
    let mut found = BTreeSet::new();
    if entries.len() > limits.entries {
        found.insert(Finding::TooLarge(format!("mehr als {} Dateien", limits.entries)));
    }
    let sum = entries.iter().fold(0u64, |sum, entry| sum.saturating_add(entry.size));
    if sum > limits.all {
        found.insert(Finding::TooLarge(format!("zusammen mehr als {} Bytes", limits.all)));
    }
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    for entry in entries {
        let name = entry.name.to_owned();
        if leads_out(entry.name) {
            found.insert(Finding::Unsafe(name));
            continue;
        }
        if !is_portable(entry.name) {
            found.insert(Finding::Unportable(name.clone()));
        }
        if entry.size > limits.file {
            found.insert(Finding::TooLarge(format!("{name} hat mehr als {} Bytes", limits.file)));
        } else if entry.size == 0 {
            found.insert(Finding::Empty(name));
        }
        let count = names.entry(entry.name.to_lowercase()).or_default();
        *count += 1;
        if *count == 2 {
            found.insert(Finding::Twice(entry.name.to_owned()));
        }
    }
    let present: BTreeSet<&str> = entries.iter().map(|entry| entry.name).collect();
    let own = message_name(message);
    if !present.contains(own.as_str()) {
        found.insert(Finding::NoMessage(own.clone()));
    }
    let mut wanted = BTreeSet::new();
    for file in files(message) {
        if !wanted.insert(file.as_str()) {
            found.insert(Finding::NamedTwice(file.as_str().to_owned()));
        }
    }
    found.extend(wanted.difference(&present).map(|&name| Finding::Missing(name.to_owned())));
    let extra = present.into_iter().filter(|&name| name != own && !wanted.contains(name) && !leads_out(name));
    found.extend(extra.map(|name| Finding::Extra(name.to_owned())));
    found.into_iter().collect()
}

/// A path, a drive, a name that means a folder, or no name at all. Packages have no folders.
fn leads_out(name: &str) -> bool {
    let is_drive = name.get(1..2) == Some(":") && name.starts_with(|c: char| c.is_ascii_alphabetic());
    let odd = |c: char| c == '/' || c == '\\' || c.is_control();
    name.is_empty() || name == "." || name == ".." || is_drive || name.contains(odd) || is_device(name)
}

/// Names that mean a device on Windows, with any extension.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).trim_end().to_ascii_uppercase();
    let numbered =
        |prefix: &str| stem.strip_prefix(prefix).is_some_and(|rest| matches!(rest.as_bytes(), [b'1'..=b'9']));
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL") || numbered("COM") || numbered("LPT")
}

/// Whether file systems in use take a name as it is. Marks that turn the direction of writing hide an extension.
fn is_portable(name: &str) -> bool {
    let odd = |c: char| ":*?\"<>|".contains(c) || matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}');
    name.len() <= MAX_NAME && !name.contains(odd) && !name.starts_with(' ') && !name.ends_with([' ', '.'])
}

/// Every file that must lie beside a message, in the order it names them. An Anbieteverzeichnis (0501) hands over no
/// Primärdokumente of what is offered, only those of its letters and of the filing plan.
#[must_use]
pub fn files(message: &Message) -> Vec<&Dateiname> {
    let mut files = Vec::new();
    match &message.inhalt {
        Inhalt::Aktenplan(it) => of_formats(&it.aktenplan.aktenplandateien, &mut files),
        Inhalt::Anbieteverzeichnis(it) => {
            of_documents(&it.anschreiben, &mut files);
            of_plan(it.aktenplan.as_ref(), &mut files);
        }
        Inhalt::Aussonderung(it) => {
            of_documents(&it.anschreiben, &mut files);
            for objekt in &it.schriftgutobjekte {
                match objekt {
                    Schriftgutobjekt::Akte(akte) => of_file(akte, &mut files),
                    Schriftgutobjekt::Vorgang(vorgang) => of_case(vorgang, &mut files),
                    Schriftgutobjekt::Dokument(dokument) => of_document(dokument, &mut files),
                }
            }
            of_plan(it.aktenplan.as_ref(), &mut files);
        }
        Inhalt::AktenplanEmpfang
        | Inhalt::Bewertungsverzeichnis(_)
        | Inhalt::AnbietungEmpfang
        | Inhalt::BewertungEmpfang
        | Inhalt::AussonderungImport(_)
        | Inhalt::AussonderungEmpfang => {}
    }
    files
}

fn of_plan<'m>(plan: Option<&'m Aktenplan>, files: &mut Vec<&'m Dateiname>) {
    if let Some(plan) = plan {
        of_formats(&plan.aktenplandateien, files);
    }
}

fn of_file<'m>(akte: &'m Akte, files: &mut Vec<&'m Dateiname>) {
    of_way(akte.interner_geschaeftsgang.as_ref(), files);
    of_documents(&akte.dokumente, files);
    akte.vorgaenge.iter().for_each(|vorgang| of_case(vorgang, files));
    akte.teilakten.iter().for_each(|teilakte| of_file(teilakte, files));
}

fn of_case<'m>(vorgang: &'m Vorgang, files: &mut Vec<&'m Dateiname>) {
    of_way(vorgang.interner_geschaeftsgang.as_ref(), files);
    of_documents(&vorgang.dokumente, files);
    vorgang.teilvorgaenge.iter().for_each(|teilvorgang| of_case(teilvorgang, files));
}

fn of_documents<'m>(dokumente: &'m [Dokument], files: &mut Vec<&'m Dateiname>) {
    dokumente.iter().for_each(|dokument| of_document(dokument, files));
}

fn of_document<'m>(dokument: &'m Dokument, files: &mut Vec<&'m Dateiname>) {
    of_way(dokument.interner_geschaeftsgang.as_ref(), files);
    dokument.versionen.iter().for_each(|version| of_formats(&version.formate, files));
    dokument.anlagen.iter().for_each(|anlage| of_document(&anlage.dokument, files));
}

fn of_way<'m>(way: Option<&'m Geschaeftsgang>, files: &mut Vec<&'m Dateiname>) {
    let steps = way.map_or(&[][..], |way| &way.beteiligungsschritte);
    for done in steps.iter().filter_map(|step| step.bearbeitung.as_ref()) {
        of_documents(&done.anlagen, files);
    }
}

fn of_formats<'m>(formate: &'m [Format], files: &mut Vec<&'m Dateiname>) {
    for Format { primaerdokument, .. } in formate {
        files.push(&primaerdokument.dateiname);
        if let Some(SignaturSiegel::Dateien(dateien)) = &primaerdokument.signatur_siegel {
            files.extend(dateien);
        }
    }
}
