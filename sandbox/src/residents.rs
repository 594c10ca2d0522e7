//! The residents of a city and the entries of its civil registers.

use std::collections::HashMap;

use anyhow::{Context, bail};
use jiff::civil::Date;

use crate::city::{AddressEntry, CityFile, CivilEvent, CivilLock, FormerAddressEntry, PersonEntry};
use crate::generate;
use crate::names::{PartialDate, fold_name, fold_street};

/// Position of a resident in [`Registers::residents`].
pub type ResidentIndex = usize;

/// One data set of the population register (§ 3 BMG).
#[derive(Clone, Debug)]
pub struct Resident {
    /// Key of a named person, `None` for a generated one.
    pub key: Option<String>,
    pub hard_case: Option<String>,
    /// Family name, or the only name of a person who has one.
    pub family_name: String,
    pub birth_name: Option<String>,
    pub first_names: Vec<String>,
    /// Position of the Rufname in `first_names`.
    pub call_name: Option<usize>,
    pub doctorate: Option<String>,
    pub birth_date: PartialDate,
    pub birth_place: String,
    /// Current addresses; empty for people who moved away or died.
    pub addresses: Vec<AddressEntry>,
    pub former_addresses: Vec<FormerAddressEntry>,
    /// ISO 3166-1 alpha-2 codes.
    pub nationality: Vec<String>,
    pub marital_status: MaritalStatus,
    pub religion: Option<Religion>,
    pub spouse: Option<ResidentIndex>,
    pub children: Vec<ResidentIndex>,
    /// Gesetzliche Vertreter.
    pub representatives: Vec<ResidentIndex>,
    /// Auskunftssperre (§ 51 BMG).
    pub blocked: bool,
    pub moved_away: Option<Date>,
    pub deceased: Option<Date>,
    /// The names and addresses above in comparable form.
    pub folded: Folded,
}

/// What matching compares, prepared once.
#[derive(Clone, Debug, Default)]
pub struct Folded {
    pub family_name: String,
    pub first_names: String,
    pub addresses: Vec<FoldedAddress>,
}

/// An address in comparable form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoldedAddress {
    pub street: String,
    pub postal_code: String,
    pub city: String,
}

impl FoldedAddress {
    pub fn new(street: &str, house_number: &str, postal_code: &str, city: &str) -> Self {
        Self {
            street: fold_street(street, house_number),
            postal_code: fold_name(postal_code).replace(' ', ""),
            city: fold_name(city),
        }
    }
}

impl Resident {
    /// Prepares the comparable form; call after the last change of names or addresses.
    pub fn fold(&mut self) {
        self.folded = Folded {
            family_name: fold_name(&self.family_name),
            first_names: fold_name(&self.first_names.join(" ")),
            addresses: self
                .addresses
                .iter()
                .map(|a| FoldedAddress::new(&a.street, &a.house_number, &a.postal_code, &a.city))
                .collect(),
        };
    }

    /// Whether a person has to be treated as unknown unless everything agrees.
    pub fn only_on_full_match(&self) -> bool {
        self.blocked || self.deceased.is_some()
    }

    /// First names and family name as they are written on a letter.
    pub fn display_name(&self) -> String {
        let mut words: Vec<&str> = self.first_names.iter().map(String::as_str).collect();
        words.push(&self.family_name);
        words.join(" ").trim().to_owned()
    }
}

/// Marital status with the codes of the data set for the registers of residents (DSMeld).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaritalStatus {
    Single,
    Married,
    Widowed,
    Divorced,
    Partnership,
    PartnershipDissolved,
    Unknown,
}

impl MaritalStatus {
    pub const ALL: [Self; 7] = [
        Self::Single,
        Self::Married,
        Self::Widowed,
        Self::Divorced,
        Self::Partnership,
        Self::PartnershipDissolved,
        Self::Unknown,
    ];

    pub fn code(self) -> &'static str {
        match self {
            Self::Single => "LD",
            Self::Married => "VH",
            Self::Widowed => "VW",
            Self::Divorced => "GS",
            Self::Partnership => "LP",
            Self::PartnershipDissolved => "LA",
            Self::Unknown => "NB",
        }
    }

    pub fn german(self) -> &'static str {
        match self {
            Self::Single => "ledig",
            Self::Married => "verheiratet",
            Self::Widowed => "verwitwet",
            Self::Divorced => "geschieden",
            Self::Partnership => "in eingetragener Lebenspartnerschaft",
            Self::PartnershipDissolved => "Lebenspartnerschaft aufgehoben",
            Self::Unknown => "nicht bekannt",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }
}

/// Membership in a religious society under public law.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Religion {
    Catholic,
    Protestant,
    OldCatholic,
    None,
}

impl Religion {
    pub const ALL: [Self; 4] = [Self::Catholic, Self::Protestant, Self::OldCatholic, Self::None];

    pub fn code(self) -> &'static str {
        match self {
            Self::Catholic => "rk",
            Self::Protestant => "ev",
            Self::OldCatholic => "ak",
            Self::None => "vd",
        }
    }

    pub fn german(self) -> &'static str {
        match self {
            Self::Catholic => "römisch-katholisch",
            Self::Protestant => "evangelisch",
            Self::OldCatholic => "altkatholisch",
            Self::None => "keiner öffentlich-rechtlichen Religionsgesellschaft angehörig",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|religion| religion.code() == code)
    }
}

/// Names of a nationality in German, as printed on a certificate.
pub fn nationality_german(code: &str) -> &'static str {
    match code {
        "DE" => "deutsch",
        "AT" => "österreichisch",
        "FR" => "französisch",
        "GR" => "griechisch",
        "IT" => "italienisch",
        "NL" => "niederländisch",
        "PL" => "polnisch",
        "TR" => "türkisch",
        "UA" => "ukrainisch",
        "ID" => "indonesisch",
        "VN" => "vietnamesisch",
        _ => "sonstige",
    }
}

/// One entry of a civil register (§ 3 PStG), with the names at the time of the event.
#[derive(Clone, Debug)]
pub struct CivilEntry {
    pub event: CivilEvent,
    pub date: Date,
    pub place: String,
    pub persons: Vec<Party>,
    pub lock: CivilLock,
    /// Shown on the start page.
    pub named: bool,
}

/// A person concerned by a civil-register entry.
#[derive(Clone, Debug)]
pub struct Party {
    /// Every family name under which the person may be looked up, in comparable form: present name and birth name.
    pub family_names: Vec<String>,
    pub first_names: String,
    pub birth_date: PartialDate,
    pub display_name: String,
}

impl Party {
    pub fn of(resident: &Resident) -> Self {
        let mut family_names = vec![fold_name(&resident.family_name)];
        family_names.extend(resident.birth_name.as_deref().map(fold_name));
        Self {
            family_names,
            first_names: fold_name(&resident.first_names.join(" ")),
            birth_date: resident.birth_date,
            display_name: resident.display_name(),
        }
    }
}

/// The registers of one city.
pub struct Registers {
    pub residents: Vec<Resident>,
    pub civil: Vec<CivilEntry>,
    by_key: HashMap<String, ResidentIndex>,
}

impl Registers {
    /// The named persons of the file and, after them, the generated households.
    pub fn build(file: &CityFile) -> anyhow::Result<Self> {
        let mut by_key = HashMap::new();
        for (index, entry) in file.persons.iter().enumerate() {
            if by_key.insert(entry.key.clone(), index).is_some() {
                bail!("person {:?} stands in the file twice", entry.key);
            }
        }
        let mut residents = Vec::with_capacity(file.residents + file.persons.len());
        for entry in &file.persons {
            let resident = named_resident(entry, &by_key).with_context(|| format!("person {:?}", entry.key))?;
            residents.push(resident);
        }
        let mut civil = Vec::new();
        for entry in &file.civil {
            let persons = entry
                .persons
                .iter()
                .map(|key| by_key.get(key).map(|&i| Party::of(&residents[i])).with_context(|| unknown(key)))
                .collect::<anyhow::Result<Vec<_>>>()?;
            if persons.len() != parties_of(entry.event) {
                bail!("civil entry of {:?}: {} persons", entry.persons, persons.len());
            }
            let (event, date, lock) = (entry.event, entry.date, entry.lock);
            civil.push(CivilEntry { event, date, place: entry.place.clone(), persons, lock, named: true });
        }
        generate::households(file, &mut residents, &mut civil)?;
        for resident in &mut residents {
            resident.fold();
        }
        Ok(Self { residents, civil, by_key })
    }

    pub fn by_key(&self, key: &str) -> Option<&Resident> {
        self.by_key.get(key).map(|&index| &self.residents[index])
    }
}

fn parties_of(event: CivilEvent) -> usize {
    match event {
        CivilEvent::Birth | CivilEvent::Death => 1,
        CivilEvent::Marriage | CivilEvent::Partnership => 2,
    }
}

fn unknown(key: &str) -> String {
    format!("no person has the key {key:?}")
}

fn named_resident(entry: &PersonEntry, by_key: &HashMap<String, ResidentIndex>) -> anyhow::Result<Resident> {
    let relatives = |keys: &[String]| -> anyhow::Result<Vec<ResidentIndex>> {
        keys.iter().map(|key| by_key.get(key).copied().with_context(|| unknown(key))).collect()
    };
    if entry.call_name.is_some_and(|index| index >= entry.first_names.len()) {
        bail!("call_name is no position in first_names");
    }
    if entry.addresses.is_empty() != (entry.moved_away.is_some() || entry.deceased.is_some()) {
        bail!("exactly the people who moved away or died have no current address");
    }
    let religion = match &entry.religion {
        None => None,
        Some(code) => Some(Religion::from_code(code).with_context(|| format!("religion {code:?}"))?),
    };
    Ok(Resident {
        key: Some(entry.key.clone()),
        hard_case: Some(entry.hard_case.clone()),
        family_name: entry.family_name.clone(),
        birth_name: entry.birth_name.clone(),
        first_names: entry.first_names.clone(),
        call_name: entry.call_name,
        doctorate: entry.doctorate.clone(),
        birth_date: entry.birth_date,
        birth_place: entry.birth_place.clone(),
        addresses: entry.addresses.clone(),
        former_addresses: entry.former_addresses.clone(),
        nationality: entry.nationality.clone(),
        marital_status: MaritalStatus::from_code(&entry.marital_status)
            .with_context(|| format!("marital_status {:?}", entry.marital_status))?,
        religion,
        spouse: relatives(entry.spouse.as_slice())?.first().copied(),
        children: relatives(&entry.children)?,
        representatives: relatives(&entry.representatives)?,
        blocked: entry.blocked,
        moved_away: entry.moved_away,
        deceased: entry.deceased,
        folded: Folded::default(),
    })
}
