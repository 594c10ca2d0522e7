//! The paragraphs are city data (`guidelines.toml`) in versions: a version that was in force is never changed, the next one
//! gets a day from which it holds.

use std::sync::Arc;

use content::{Content, Item};
use kernel::{Date, Error, Result};
use serde::Deserialize;

/// Buttons and pages that a paragraph can govern, and that show it.
pub const BUTTONS: [&str; 5] =
    ["records.close", "records.hold", "records.delete", "circulation.sign", "disposal.offer"];

/// How a paragraph reads from a day on.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// From 1, without gaps.
    pub version: i64,
    pub valid_from: Date,
    /// One text for each paragraph of running text, in German.
    pub text: Vec<String>,
}

/// A paragraph (Absatz) of the city's rules.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paragraph {
    /// Lower-case letters, digits and hyphens.
    pub key: String,
    /// The document, e.g. `Richtlinien zur Anwendung`.
    pub document: String,
    /// The place in it, e.g. `Nr. 4`.
    #[serde(default)]
    pub place: String,
    pub title: String,
    /// Of [`BUTTONS`].
    pub governs: Vec<String>,
    /// Oldest first.
    #[serde(rename = "version")]
    pub versions: Vec<Version>,
}

impl Paragraph {
    /// The version in force on a day; none before the first one.
    pub fn on(&self, day: Date) -> Option<&Version> {
        self.versions.iter().rfind(|version| version.valid_from <= day)
    }

    pub fn source(&self) -> String {
        if self.place.is_empty() { self.document.clone() } else { format!("{}, {}", self.document, self.place) }
    }

    pub fn href(&self) -> String {
        format!("/intern/richtlinien#{}", self.key)
    }

    pub fn acknowledge_href(&self) -> String {
        format!("/intern/richtlinien/{}/kenntnis", self.key)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guidelines {
    #[serde(default, rename = "paragraph")]
    pub paragraphs: Vec<Paragraph>,
}

impl Guidelines {
    /// The city's paragraphs; none where the city has no `guidelines.toml`.
    ///
    /// # Errors
    /// The first fault, with the file's name.
    pub fn of(content: &Content) -> Result<Arc<Guidelines>> {
        match content.parsed("city", "guidelines", Guidelines::read) {
            Err(Error::NotFound) => Ok(Arc::default()),
            found => found,
        }
    }

    fn read(item: &Item) -> Result<Guidelines> {
        let read: Guidelines = content::read_toml(item)?;
        match read.fault() {
            Some(fault) => Err(Error::internal(format!("{}: {fault}", item.name))),
            None => Ok(read),
        }
    }

    fn fault(&self) -> Option<String> {
        for (at, paragraph) in self.paragraphs.iter().enumerate() {
            let key = &paragraph.key;
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if key.is_empty() || !key.chars().all(plain) {
                return Some(format!("„{key}“ ist kein Schlüssel (Kleinbuchstaben, Ziffern, Bindestriche)"));
            }
            if self.paragraphs[..at].iter().any(|other| other.key == *key) {
                return Some(format!("{key} steht zweimal da"));
            }
            if paragraph.title.trim().is_empty() || paragraph.document.trim().is_empty() {
                return Some(format!("{key}: Titel oder Dokument fehlt"));
            }
            if let Some(unknown) = paragraph.governs.iter().find(|button| !BUTTONS.contains(&button.as_str())) {
                return Some(format!("{key}: {unknown} gibt es nicht; möglich sind {}", BUTTONS.join(", ")));
            }
            let numbered = (1i64..).zip(&paragraph.versions).all(|(n, version)| version.version == n);
            let ordered = paragraph.versions.windows(2).all(|pair| pair[0].valid_from < pair[1].valid_from);
            if paragraph.versions.is_empty() || !numbered || !ordered {
                return Some(format!("{key}: Fassungen zählen ab 1 und stehen nach ihrem Datum"));
            }
            if paragraph.versions.iter().any(|v| v.text.iter().all(|text| text.trim().is_empty())) {
                return Some(format!("{key}: eine Fassung hat keinen Text"));
            }
        }
        None
    }

    pub fn get(&self, key: &str) -> Option<&Paragraph> {
        self.paragraphs.iter().find(|paragraph| paragraph.key == key)
    }
}

/// Below this many people nothing is said about a group, nor about the rest of it (§ 72 LPVG NRW).
pub const SMALL: usize = 5;

/// How many of a group have acknowledged a paragraph, as far as it may be said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Share {
    /// The group is small.
    Hidden,
    /// Fewer than [`SMALL`], perhaps nobody.
    Few,
    Count(usize),
    /// All but fewer than [`SMALL`], perhaps all.
    Most,
}

impl Share {
    pub fn of(acknowledged: usize, group: usize) -> Share {
        if group < SMALL {
            Share::Hidden
        } else if acknowledged < SMALL && acknowledged * 2 <= group {
            Share::Few
        } else if group.saturating_sub(acknowledged) < SMALL {
            Share::Most
        } else if acknowledged < SMALL {
            Share::Few
        } else {
            Share::Count(acknowledged)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    const GOOD: &str = r#"
        [[paragraph]]
        key = "zda"
        document = "Richtlinien zur Anwendung"
        place = "Nr. 4"
        title = "Wann ein Vorgang zu den Akten geht"
        governs = ["records.close"]
        [[paragraph.version]]
        version = 1
        valid_from = "2026-01-01"
        text = ["Erst wenn nichts mehr offen ist."]
        [[paragraph.version]]
        version = 2
        valid_from = "2026-07-01"
        text = ["Erst wenn nichts mehr offen ist.", "Die Frist beginnt mit dem Jahresende."]
    "#;

    fn read(text: &str) -> Guidelines {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn a_version_holds_from_its_day_on() {
        let read = read(GOOD);
        assert_eq!(read.fault(), None);
        let paragraph = read.get("zda").unwrap();
        assert_eq!(paragraph.source(), "Richtlinien zur Anwendung, Nr. 4");
        let on = |day| paragraph.on(date(day)).map(|version| version.version);
        assert_eq!(on("2025-12-31"), None);
        assert_eq!([on("2026-01-01"), on("2026-06-30"), on("2026-07-01")], [Some(1), Some(1), Some(2)]);
    }

    #[test]
    fn faults_of_the_file_are_named() {
        for (from, to, named) in [
            ("key = \"zda\"", "key = \"Z d A\"", "kein Schlüssel"),
            ("records.close", "records.klose", "records.klose gibt es nicht"),
            ("version = 2", "version = 3", "zählen ab 1"),
            ("2026-07-01", "2026-01-01", "nach ihrem Datum"),
            ("\"Erst wenn nichts mehr offen ist.\"]", "\" \"]", "keinen Text"),
        ] {
            let fault = read(&GOOD.replacen(from, to, 1)).fault();
            assert!(fault.as_deref().is_some_and(|fault| fault.contains(named)), "{named}: {fault:?}");
        }
        let fault = read(&format!("{GOOD}{GOOD}")).fault();
        assert!(fault.is_some_and(|fault| fault.contains("zweimal")));
    }

    #[test]
    fn a_share_never_leads_to_few_people() {
        for group in 0..40 {
            for acknowledged in 0..=group {
                match Share::of(acknowledged, group) {
                    Share::Hidden => assert!(group < SMALL),
                    Share::Count(n) => assert!(n == acknowledged && n >= SMALL && group - n >= SMALL),
                    Share::Few => assert!(acknowledged < SMALL),
                    Share::Most => assert!(group - acknowledged < SMALL),
                }
            }
        }
    }
}
