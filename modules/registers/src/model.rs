//! What is asked and what an answer means; no I/O.

use contract_records::Party;
use kernel::PartialDate;
use serde::{Deserialize, Serialize};

/// Stands for a birth date that nobody knows, in the registers' notation.
const UNKNOWN_DATE: &str = "0000-00-00";

/// Which register a request goes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Population,
    Civil,
}

impl Kind {
    pub fn code(self) -> &'static str {
        match self {
            Kind::Population => "population",
            Kind::Civil => "civil",
        }
    }

    pub fn from_code(code: &str) -> Option<Kind> {
        [Kind::Population, Kind::Civil].into_iter().find(|kind| kind.code() == code)
    }

    /// Variable of the process that takes the result.
    pub fn variable(self) -> &'static str {
        match self {
            Kind::Population => "match",
            Kind::Civil => "entry",
        }
    }
}

/// A question to the population register, as stored and as sent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PopulationQuestion {
    pub purpose: String,
    /// Whether the applicant was proved with an electronic means: a register tells nobody else of protected people.
    #[serde(default)]
    pub identity_proven: bool,
    pub person: Person,
    pub fields: Vec<String>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub family_name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub first_names: String,
    /// ISO order, zeros for what is unknown.
    pub birth_date: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
}

#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Address {
    pub street: String,
    /// Empty when the number stands in `street`.
    #[serde(default)]
    pub house_number: String,
    pub postal_code: String,
    pub city: String,
}

impl Address {
    /// One line as the register writes it: `Musterweg 12, 40667 Meerbusch`.
    pub fn line(&self) -> String {
        let street = format!("{} {}", self.street, self.house_number);
        let place = format!("{} {}", self.postal_code, self.city);
        format!("{}, {}", street.trim(), place.trim()).trim_matches([',', ' ']).to_owned()
    }

    /// Reads such a line; none for anything else, e.g. `verzogen am 30.09.2025`.
    pub fn from_line(line: &str) -> Option<Address> {
        let (street, place) = line.rsplit_once(", ")?;
        let (postal_code, city) = place.split_once(' ')?;
        let is_code = postal_code.len() == 5 && postal_code.bytes().all(|b| b.is_ascii_digit());
        (is_code && !street.trim().is_empty() && !city.trim().is_empty()).then(|| Address {
            street: street.trim().to_owned(),
            house_number: String::new(),
            postal_code: postal_code.to_owned(),
            city: city.trim().to_owned(),
        })
    }
}

/// One datum in which the register says something else than the applicant.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Difference {
    /// `familyName`, `firstNames`, `birthDate` or `address`.
    pub field: String,
    pub given: String,
    pub register: String,
}

impl PopulationQuestion {
    /// The applicant's data as they stand in the case.
    pub fn of(party: &Party, purpose: &str, fields: Vec<String>) -> Self {
        let a = &party.address;
        let address = Address {
            street: a.street.trim().to_owned(),
            house_number: a.house_number.trim().to_owned(),
            postal_code: a.postal_code.trim().to_owned(),
            city: a.city.trim().to_owned(),
        };
        let person = Person {
            family_name: party.family_name.trim().to_owned(),
            first_names: party.first_names.trim().to_owned(),
            birth_date: party.birth_date.map_or_else(|| UNKNOWN_DATE.into(), |date| date.to_string()),
            address: (!address.street.is_empty()).then_some(address),
        };
        Self { purpose: purpose.to_owned(), identity_proven: party.is_proven(), person, fields }
    }

    /// Takes the register's own values where the first answer differed. What the register states in words only (moved
    /// away) stays as it was given.
    #[must_use]
    pub fn corrected(mut self, differences: &[Difference]) -> Self {
        for difference in differences {
            let value = difference.register.trim();
            match difference.field.as_str() {
                "familyName" => self.person.family_name = value.to_owned(),
                "firstNames" => self.person.first_names = value.to_owned(),
                "birthDate" if value == UNKNOWN_DATE || value.parse::<PartialDate>().is_ok() => {
                    self.person.birth_date = value.to_owned();
                }
                "address" => {
                    if let Some(address) = Address::from_line(value) {
                        self.person.address = Some(address);
                    }
                }
                _ => {}
            }
        }
        self
    }
}

/// The register's groups of data for the codes that were asked for (§ 18 (1) and (2) BMG), always with `base`; and the
/// codes that the register has no group for.
pub fn groups(codes: &[String]) -> (Vec<String>, Vec<String>) {
    let (mut groups, mut unavailable) = (vec!["base".to_owned()], Vec::new());
    for code in codes {
        let group = match code.as_str() {
            "base" | "einfach" | "einzug" => "base",
            "fruehere-namen" | "birthName" => "birthName",
            "geburtsort" | "birthPlace" => "birthPlace",
            "fruehere-anschriften" | "formerAddresses" => "formerAddresses",
            "staatsangehoerigkeit" | "nationality" => "nationality",
            "familienstand" | "maritalStatus" => "maritalStatus",
            "religion" => "religion",
            "ehegatte" | "spouse" => "spouse",
            "kinder" | "children" => "children",
            "vertreter" | "representatives" => "representatives",
            other => {
                unavailable.push(other.to_owned());
                continue;
            }
        };
        if !groups.iter().any(|known| known == group) {
            groups.push(group.to_owned());
        }
    }
    (groups, unavailable)
}

/// A question to the civil register, as stored and as sent. Without a date it is not sent: the register needs a year.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CivilQuestion {
    pub event: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: String,
    pub person: CivilPerson,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CivilPerson {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub family_name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub first_names: String,
}

/// The register's word for an event.
pub fn event_code(event: &str) -> Option<&'static str> {
    match event {
        "geburt" => Some("birth"),
        "ehe" => Some("marriage"),
        "lebenspartnerschaft" => Some("partnership"),
        "tod" => Some("death"),
        _ => None,
    }
}

/// What a register's answer means for the process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Meaning {
    pub result: &'static str,
    /// The entry has a Sperrvermerk (§ 64 PStG). The result alone does not tell it.
    pub restricted: bool,
}

/// The meaning of a population register's answer; none for a word this program does not know.
pub fn population_meaning(result: &str) -> Option<Meaning> {
    let result = match result {
        "match" => "full",
        "differs" => "differs",
        "not_found" => "not-found",
        "ambiguous" => "ambiguous",
        _ => return None,
    };
    Some(Meaning { result, restricted: false })
}

/// The meaning of a civil register's answer. A Sperrvermerk looks like any other entry a registrar has to see.
pub fn civil_meaning(result: &str) -> Option<Meaning> {
    let (result, restricted) = match result {
        "found" => ("found", false),
        "not_found" => ("not-found", false),
        "needs_registrar" => ("needs-registrar", false),
        "blocked" => ("needs-registrar", true),
        _ => return None,
    };
    Some(Meaning { result, restricted })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question() -> PopulationQuestion {
        let party = Party {
            family_name: " Beispiel ".into(),
            first_names: String::new(),
            birth_date: None,
            address: contract_records::Address {
                street: "Musterweg".into(),
                house_number: "14".into(),
                postal_code: "40667".into(),
                city: "Meerbusch".into(),
                ..Default::default()
            },
            email: None,
            provenance: "typed".into(),
        };
        PopulationQuestion::of(&party, "Meldebescheinigung", vec!["base".into()])
    }

    fn difference(field: &str, register: &str) -> Difference {
        Difference { field: field.into(), given: String::new(), register: register.into() }
    }

    #[test]
    fn people_with_one_name_and_without_a_birth_date_can_be_asked_for() {
        let sent = serde_json::to_value(question()).unwrap();
        assert_eq!(sent["person"]["familyName"], "Beispiel");
        assert_eq!(sent["person"].get("firstNames"), None);
        assert_eq!(sent["person"]["birthDate"], "0000-00-00");
    }

    #[test]
    fn the_registers_values_replace_the_applicants_where_they_are_values() {
        let corrected = question().corrected(&[
            difference("address", "Muster Straße 12 a, 40667 Meerbusch"),
            difference("birthDate", "1950-00-00"),
        ]);
        let address = corrected.person.address.unwrap();
        assert_eq!((address.street.as_str(), address.house_number.as_str()), ("Muster Straße 12 a", ""));
        assert_eq!(address.city, "Meerbusch");
        assert_eq!(corrected.person.birth_date, "1950-00-00");
        for words in ["verzogen am 30.09.2025", "", "Musterweg 1, Meerbusch", ", 40667 Meerbusch"] {
            assert_eq!(question().corrected(&[difference("address", words)]), question(), "{words}");
        }
        assert_eq!(question().corrected(&[difference("birthDate", "unbekannt")]), question());
    }

    #[test]
    fn groups_are_asked_once_and_what_the_register_lacks_is_named() {
        let codes: Vec<String> = ["religion", "einzug", "ausweis", "religion", "geburtsort"].map(String::from).to_vec();
        let (groups, unavailable) = groups(&codes);
        assert_eq!(groups, ["base", "religion", "birthPlace"]);
        assert_eq!(unavailable, ["ausweis"]);
    }

    #[test]
    fn an_address_line_reads_back() {
        let address = question().person.address.unwrap();
        assert_eq!(address.line(), "Musterweg 14, 40667 Meerbusch");
        assert_eq!(Address::from_line(&address.line()).unwrap().line(), address.line());
        assert_eq!(Address::default().line(), "");
    }

    #[test]
    fn a_blocked_entry_has_the_same_result_as_any_other_for_the_registrar() {
        let (blocked, other) = (civil_meaning("blocked").unwrap(), civil_meaning("needs_registrar").unwrap());
        assert_eq!(blocked.result, other.result);
        assert_ne!(blocked.restricted, other.restricted);
        assert_eq!(civil_meaning("ok"), None);
        assert_eq!(population_meaning("blocked"), None);
    }
}
