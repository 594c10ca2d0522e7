//! The register's record as it is printed on a Meldebescheinigung (§ 18 BMG).

use kernel::{Date, Error, Lang, Result};
use serde::Deserialize;
use serde_json::{Value, json};

/// What the population register answered; only what is printed is read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    family_name: String,
    #[serde(default)]
    first_names: Vec<String>,
    call_name_index: Option<usize>,
    doctorate: Option<String>,
    birth_date: Option<String>,
    addresses: Vec<Dwelling>,
    birth_name: Option<String>,
    birth_place: Option<String>,
    #[serde(default)]
    former_addresses: Vec<Dwelling>,
    #[serde(default)]
    nationality: Vec<Coded>,
    marital_status: Option<Coded>,
    religion: Option<Coded>,
    spouse: Option<Relative>,
    #[serde(default)]
    children: Vec<Relative>,
    #[serde(default)]
    representatives: Vec<Relative>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dwelling {
    #[serde(default)]
    kind: String,
    street: String,
    #[serde(default)]
    house_number: String,
    addition: Option<String>,
    postal_code: String,
    city: String,
    country: Option<String>,
    moved_in: Option<Date>,
    moved_out: Option<Date>,
}

#[derive(Debug, Deserialize)]
struct Coded {
    name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Relative {
    family_name: String,
    #[serde(default)]
    first_names: Vec<String>,
    doctorate: Option<String>,
    birth_date: Option<String>,
    address: Option<Dwelling>,
}

/// Which further data the applicant ticked (§ 18 (2) BMG): codes of the form's answer `weitere_daten`. None is the
/// simple certificate.
#[derive(Debug, Default)]
pub struct Ticked(Option<Vec<String>>);

impl Ticked {
    /// From the codes that were chosen in the application.
    pub fn of(codes: &serde_json::Map<String, Value>) -> Self {
        if codes.get("art").is_none_or(|art| art != "erweitert") {
            return Self(None);
        }
        let codes = codes.get("weitere_daten").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        Self(Some(codes.iter().filter_map(Value::as_str).map(str::to_owned).collect()))
    }

    fn has(&self, code: &str) -> bool {
        self.0.as_ref().is_some_and(|codes| codes.iter().any(|c| c == code))
    }

    pub fn extended(&self) -> bool {
        self.0.is_some()
    }
}

impl Record {
    /// # Errors
    /// A record without the data of the simple certificate.
    pub fn read(record: Value) -> Result<Self> {
        let record: Record = serde_json::from_value(record)
            .map_err(|e| Error::internal(format!("the register's record cannot be printed, {}", place(&e))))?;
        if record.addresses.is_empty() {
            return Err(Error::internal("the register's record has no address"));
        }
        Ok(record)
    }

    /// Name and registered address (Hauptwohnung) for the window of the letter: paper goes nowhere else.
    pub fn recipient(&self) -> Vec<String> {
        let home = self.addresses.iter().find(|a| a.kind != SECONDARY).unwrap_or(&self.addresses[0]);
        let name = full_name(self.doctorate.as_deref(), &self.first_names, &self.family_name);
        std::iter::once(name).chain(home.lines()).collect()
    }

    /// Keys `kind`, `person`, `addresses` and `further` of the template.
    pub fn printed(&self, ticked: &Ticked) -> Value {
        let names: Vec<Value> = self
            .first_names
            .iter()
            .enumerate()
            .map(|(i, name)| json!({"name": name, "called": self.call_name_index == Some(i)}))
            .collect();
        let alone = self.addresses.len() == 1;
        let addresses: Vec<Value> = self.addresses.iter().map(|a| a.printed(alone)).collect();
        json!({
            "kind": if ticked.extended() { "erweitert" } else { "einfach" },
            "person": {
                "family_name": self.family_name,
                "first_names": names,
                "doctorate": self.doctorate,
                "birth_date": self.birth_date,
            },
            "addresses": addresses,
            "further": self.further(ticked),
        })
    }

    /// Only what was ticked and is there. What is not there leaves no trace: a block (§ 51 BMG) must not show as a gap.
    fn further(&self, ticked: &Ticked) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut row = |code: &str, label: &str, value: Vec<String>| {
            if ticked.has(code) && !value.is_empty() {
                rows.push(json!({"label": label, "value": value}));
            }
        };
        let text = |value: &Option<String>| value.iter().cloned().collect::<Vec<_>>();
        let coded = |value: &Option<Coded>| value.iter().map(|c| c.name.clone()).collect::<Vec<_>>();
        row("fruehere-namen", "Geburtsname", text(&self.birth_name));
        row("geburtsort", "Geburtsort", text(&self.birth_place));
        row("staatsangehoerigkeit", "Staatsangehörigkeiten", self.nationality.iter().map(|c| c.name.clone()).collect());
        for address in &self.addresses {
            let label =
                if address.kind == SECONDARY { "Einzug in die Nebenwohnung" } else { "Einzug in die Hauptwohnung" };
            row("einzug", label, address.moved_in.iter().map(|d| german(*d)).collect());
        }
        for address in &self.former_addresses {
            let mut lines = address.lines();
            lines.extend(address.moved_in.map(|d| format!("seit {}", german(d))));
            lines.extend(address.moved_out.map(|d| format!("bis {}", german(d))));
            row("fruehere-anschriften", "Frühere Anschrift", lines);
        }
        row("familienstand", "Familienstand", coded(&self.marital_status));
        row("religion", "Religionsgesellschaft", coded(&self.religion));
        if let Some(spouse) = &self.spouse {
            row("ehegatte", "Ehegatte oder Lebenspartner", spouse.lines());
        }
        for child in &self.children {
            row("kinder", "Minderjähriges Kind", child.lines());
        }
        for representative in &self.representatives {
            row("vertreter", "Gesetzlicher Vertreter", representative.lines());
        }
        rows
    }
}

/// Where the fault is, without the text of serde, which may repeat a value of the record.
fn place(error: &serde_json::Error) -> &'static str {
    if error.to_string().starts_with("missing field") { "a datum is missing" } else { "a datum has another form" }
}

const SECONDARY: &str = "secondary";

impl Dwelling {
    fn lines(&self) -> Vec<String> {
        let street = format!("{} {}", self.street, self.house_number);
        let place = format!("{} {}", self.postal_code, self.city);
        let country = self.country.iter().filter(|c| *c != "DE").cloned();
        let lines = [street, self.addition.clone().unwrap_or_default(), place].into_iter().chain(country);
        lines.map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
    }

    fn printed(&self, alone: bool) -> Value {
        let kind = match self.kind.as_str() {
            SECONDARY => "Nebenwohnung",
            _ if alone => "Alleinige Wohnung",
            _ => "Hauptwohnung",
        };
        json!({
            "kind": kind,
            "street": self.street,
            "number": Some(&self.house_number).filter(|n| !n.is_empty()),
            "extra": self.addition.as_ref().filter(|a| !a.is_empty()),
            "postcode": self.postal_code,
            "place": self.city,
        })
    }
}

impl Relative {
    fn lines(&self) -> Vec<String> {
        let mut lines = vec![full_name(self.doctorate.as_deref(), &self.first_names, &self.family_name)];
        lines.extend(self.birth_date.iter().map(|d| format!("geboren am {}", german_partial(d))));
        lines.extend(self.address.iter().flat_map(Dwelling::lines));
        lines
    }
}

fn full_name(doctorate: Option<&str>, first_names: &[String], family_name: &str) -> String {
    let parts = doctorate.into_iter().chain(first_names.iter().map(String::as_str)).chain([family_name]);
    parts.filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" ")
}

fn german(date: Date) -> String {
    ui::format::date(Lang::De, date)
}

/// Day first; what the register does not know stays `00`.
fn german_partial(date: &str) -> String {
    let mut parts: Vec<&str> = date.split('-').collect();
    parts.resize(3, "00");
    parts.reverse();
    parts.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(codes: Value) -> serde_json::Map<String, Value> {
        codes.as_object().cloned().unwrap()
    }

    fn record() -> Value {
        json!({
            "familyName": "Muster-Beispiel", "firstNames": ["Erika", "Luise"], "callNameIndex": 1, "doctorate": "Dr.",
            "birthDate": "1964-08-00",
            "addresses": [
                {"kind": "secondary", "street": "Musterallee", "houseNumber": "12 a", "addition": "Hinterhaus",
                 "postalCode": "12345", "city": "Musterstadt", "movedIn": "2020-02-01"},
                {"kind": "main", "street": "Beispielweg", "houseNumber": "3", "postalCode": "40667",
                 "city": "Meerbusch", "movedIn": "2011-03-01"}
            ],
            "birthName": "Beispiel", "birthPlace": "Musterdorf",
            "religion": {"code": "rk", "name": "römisch-katholisch"},
            "spouse": {"familyName": "Muster", "firstNames": ["Max"], "birthDate": "1960-01-02"},
            "addressBlock": true, "somethingNew": {"block": "§ 51"}
        })
    }

    fn labels(printed: &Value) -> Vec<&str> {
        printed["further"].as_array().unwrap().iter().map(|r| r["label"].as_str().unwrap()).collect()
    }

    #[test]
    fn only_what_was_ticked_is_printed() {
        let record = Record::read(record()).unwrap();
        let simple = record.printed(&Ticked::of(&codes(json!({"art": "einfach", "weitere_daten": ["religion"]}))));
        assert_eq!(simple["kind"], "einfach");
        assert_eq!(labels(&simple), Vec::<&str>::new());
        assert!(!simple.to_string().contains("katholisch") && !simple.to_string().contains("Max"));
        assert!(!simple.to_string().to_lowercase().contains("block"));

        let ticked =
            Ticked::of(&codes(json!({"art": "erweitert", "weitere_daten": ["fruehere-namen", "einzug", "kinder"]})));
        let extended = record.printed(&ticked);
        assert_eq!(labels(&extended), ["Geburtsname", "Einzug in die Nebenwohnung", "Einzug in die Hauptwohnung"]);
        assert_eq!(extended["further"][2]["value"], json!(["01.03.2011"]));
        // No application, nothing beyond the simple certificate.
        assert!(!Ticked::of(&codes(json!({}))).extended());
    }

    #[test]
    fn the_called_name_is_marked_and_paper_goes_to_the_main_home() {
        let record = Record::read(record()).unwrap();
        let printed = record.printed(&Ticked::default());
        assert_eq!(printed["person"]["first_names"][0], json!({"name": "Erika", "called": false}));
        assert_eq!(printed["person"]["first_names"][1], json!({"name": "Luise", "called": true}));
        assert_eq!(printed["addresses"][0]["kind"], "Nebenwohnung");
        assert_eq!(record.recipient(), ["Dr. Erika Luise Muster-Beispiel", "Beispielweg 3", "40667 Meerbusch"]);
    }

    #[test]
    fn a_record_that_cannot_be_printed_says_so_without_its_data() {
        for (broken, secret) in [
            (json!({"familyName": "Geheim", "addresses": []}), "Geheim"),
            (json!({"familyName": ["Geheim"], "addresses": []}), "Geheim"),
            (json!("Geheim"), "Geheim"),
        ] {
            let error = Record::read(broken).unwrap_err().to_string();
            assert!(!error.contains(secret), "{error}");
        }
    }

    #[test]
    fn partial_dates_read_the_german_way() {
        assert_eq!(german_partial("1950-03-31"), "31.03.1950");
        assert_eq!(german_partial("1950-00-00"), "00.00.1950");
        assert_eq!(german_partial("1950"), "00.00.1950");
    }
}
