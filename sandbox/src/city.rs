//! The sandbox data of one city: `cities/<city>/sandbox.toml`.
//!
//! The file names districts and streets, the accounts of the peers, and the people a tester needs by name (hard
//! cases and eID test cards). Everybody else is generated from the seed.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use jiff::civil::Date;
use serde::{Deserialize, de::DeserializeOwned};

use crate::names::PartialDate;

/// Everything the sandbox knows about a city before the residents are generated.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CityFile {
    /// Amtlicher Gemeindeschlüssel, eight digits.
    pub ags: String,
    pub name: String,
    /// Same seed, same residents.
    pub seed: u64,
    /// Residents to reach by generating households; the named persons come on top.
    pub residents: usize,
    /// Day on which the generated residents are as old as they are; keeps the data independent of the calendar.
    pub as_of: Date,
    pub register: RegisterAccess,
    pub eid: EidClient,
    pub pay: PayOriginator,
    pub kasse: KasseAccess,
    #[serde(rename = "district")]
    pub districts: Vec<District>,
    #[serde(default, rename = "person")]
    pub persons: Vec<PersonEntry>,
    #[serde(default, rename = "civil")]
    pub civil: Vec<CivilEntryFile>,
    #[serde(default, rename = "card")]
    pub cards: Vec<CardEntry>,
    /// Address of the city's program, for a link on the start page.
    pub program_url: Option<String>,
    /// Accounts of the program's demo, from `people.toml` beside this file; only to be shown on the start page.
    #[serde(skip)]
    pub people: People,
}

/// `people.toml` of the city, as far as the start page shows it.
#[derive(Debug, Default, Deserialize)]
pub struct People {
    #[serde(default)]
    pub staff: Vec<StaffLogin>,
    #[serde(default)]
    pub citizen: Vec<CitizenLogin>,
}

/// A clerk of the demo.
#[derive(Debug, Deserialize)]
pub struct StaffLogin {
    pub login: String,
    pub name: String,
    pub unit: String,
    pub password: String,
}

/// A resident of the demo with a city account.
#[derive(Debug, Deserialize)]
pub struct CitizenLogin {
    pub email: String,
    pub label: String,
    pub password: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterAccess {
    /// Bearer token of the city's program.
    pub token: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EidClient {
    pub client_id: String,
    pub client_secret: String,
    /// Exact redirect URIs; the port of a loopback address is ignored (RFC 8252, section 7.3).
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Accept any path on this machine as redirect URI, so that a test or a development set-up needs no entry.
    #[serde(default)]
    pub any_loopback_redirect: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PayOriginator {
    pub originator_id: String,
    pub endpoint_ids: Vec<String>,
    pub client_id: String,
    pub client_secret: String,
    /// First letters of each Kassenzeichen.
    pub reference_prefix: String,
    /// Where the provider announces a change; plain HTTP.
    pub notification_url: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KasseAccess {
    pub token: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct District {
    pub name: String,
    pub postal_code: String,
    /// Part of the generated households that live here, relative to the other districts.
    pub share: u32,
    pub streets: Vec<String>,
}

/// A person a tester knows by name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonEntry {
    pub key: String,
    /// What is special about this person, shown on the start page.
    pub hard_case: String,
    pub family_name: String,
    pub birth_name: Option<String>,
    #[serde(default)]
    pub first_names: Vec<String>,
    /// Position of the Rufname in `first_names`, from 0.
    pub call_name: Option<usize>,
    pub doctorate: Option<String>,
    pub birth_date: PartialDate,
    pub birth_place: String,
    #[serde(default)]
    pub addresses: Vec<AddressEntry>,
    #[serde(default)]
    pub former_addresses: Vec<FormerAddressEntry>,
    #[serde(default = "german")]
    pub nationality: Vec<String>,
    #[serde(default = "single")]
    pub marital_status: String,
    pub religion: Option<String>,
    pub spouse: Option<String>,
    #[serde(default)]
    pub children: Vec<String>,
    #[serde(default)]
    pub representatives: Vec<String>,
    /// Auskunftssperre (§ 51 BMG) or bedingter Sperrvermerk (§ 52 BMG): both are answered alike.
    #[serde(default)]
    pub blocked: bool,
    pub moved_away: Option<Date>,
    pub deceased: Option<Date>,
}

fn german() -> Vec<String> {
    vec!["DE".to_owned()]
}

fn single() -> String {
    "LD".to_owned()
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddressEntry {
    #[serde(default)]
    pub secondary: bool,
    pub street: String,
    pub house_number: String,
    pub addition: Option<String>,
    pub postal_code: String,
    pub city: String,
    pub country: Option<String>,
    pub moved_in: Date,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormerAddressEntry {
    pub street: String,
    pub house_number: String,
    pub postal_code: String,
    pub city: String,
    pub country: Option<String>,
    pub moved_in: Option<Date>,
    pub moved_out: Date,
}

/// A civil-status entry of named persons.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CivilEntryFile {
    pub event: CivilEvent,
    pub date: Date,
    pub place: String,
    /// Keys of the persons concerned: one for birth and death, two otherwise.
    pub persons: Vec<String>,
    #[serde(default)]
    pub lock: CivilLock,
}

/// The four registers of § 3 (1) PStG.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CivilEvent {
    Birth,
    Marriage,
    Partnership,
    Death,
}

/// Whether an entry may be used without a Standesbeamter looking at it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CivilLock {
    #[default]
    Open,
    /// Sperrvermerk (§ 64 PStG).
    Blocked,
    /// Restricted use after an adoption or a change of sex entry (§ 63 PStG).
    Registrar,
}

/// An eID test card.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardEntry {
    pub key: String,
    pub label: String,
    /// What a tester can expect of this card.
    pub expect: String,
    /// Whose data the chip holds; the fields below override single data.
    pub person: Option<String>,
    pub family_name: Option<String>,
    pub given_name: Option<String>,
    pub birth_date: Option<PartialDate>,
    pub address: Option<CardAddress>,
    /// The card gives no address (as the minimum data set of eIDAS).
    #[serde(default)]
    pub without_address: bool,
    #[serde(default)]
    pub level: Level,
    #[serde(default)]
    pub outcome: CardOutcome,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardAddress {
    pub street_address: String,
    pub postal_code: String,
    pub locality: String,
    pub country: String,
}

/// Level of assurance (Regulation (EU) No 910/2014, Article 8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    #[default]
    High,
    Substantial,
    Low,
}

impl Level {
    /// The `acr` value that names the level.
    pub fn uri(self) -> &'static str {
        match self {
            Level::High => "http://eidas.europa.eu/LoA/high",
            Level::Substantial => "http://eidas.europa.eu/LoA/substantial",
            Level::Low => "http://eidas.europa.eu/LoA/low",
        }
    }

    /// German name as shown on pages.
    pub fn german(self) -> &'static str {
        match self {
            Level::High => "hoch",
            Level::Substantial => "substantiell",
            Level::Low => "niedrig",
        }
    }
}

/// Reads a file of the city.
fn read<T: DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    toml::from_str(&text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        let (line, column) = position(&text, offset);
        anyhow::anyhow!("{}:{line}:{column}: {}", path.display(), error.message())
    })
}

/// How a login with the card ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardOutcome {
    #[default]
    Ok,
    Cancelled,
    Error,
}

impl CityFile {
    /// Reads `sandbox.toml` of the city folder `dir`; errors carry file, line and column.
    pub fn load(dir: &Path) -> anyhow::Result<Self> {
        let path: PathBuf = dir.join("sandbox.toml");
        let mut file: Self = read(&path)?;
        let people = dir.join("people.toml");
        if people.exists() {
            file.people = read(&people)?;
        }
        file.check().with_context(|| format!("{}", path.display()))?;
        Ok(file)
    }

    fn check(&self) -> anyhow::Result<()> {
        if self.ags.len() != 8 || !self.ags.bytes().all(|b| b.is_ascii_digit()) {
            bail!("ags {:?}: eight digits expected", self.ags);
        }
        if self.districts.iter().all(|d| d.share == 0) {
            bail!("no district has a share of the households");
        }
        if let Some(district) = self.districts.iter().find(|d| d.streets.is_empty()) {
            bail!("district {}: no streets", district.name);
        }
        if let Some(url) = self.program_url.as_deref().filter(|url| !url.starts_with("http")) {
            bail!("program_url {url:?}: an http address expected");
        }
        for secret in [&self.register.token, &self.kasse.token, &self.eid.client_secret, &self.pay.client_secret] {
            if secret.len() < 16 {
                bail!("tokens and secrets need at least 16 characters");
            }
        }
        Ok(())
    }
}

/// Line and column, both from 1, of a byte offset.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_in_the_file_names_line_and_column() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("sandbox.toml"), "ags = \"05162022\"\nname = 7\n").unwrap();
        let error = CityFile::load(dir.path()).unwrap_err().to_string();
        assert!(error.contains("sandbox.toml:2:8: "), "{error}");
    }
}
