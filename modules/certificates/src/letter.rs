//! What stands in a letter: the data of the templates, as the README of the crate `pdf` describes them.

use contract_records::{CaseView, Party};
use house::City;
use kernel::{Date, Lang, Money, Result, berlin};
use serde_json::{Map, Value, json};

use crate::decisions::{Decision, FeeRow, Instruction, fill, fill_all};

/// Who writes, to whom, about which case.
pub struct Head<'a> {
    pub city: &'a City,
    /// Name of the office that writes.
    pub office: &'a str,
    pub case: &'a CaseView,
    pub recipient: Vec<String>,
    pub today: Date,
}

impl Head<'_> {
    fn data(&self, subject: &str) -> Map<String, Value> {
        let sender = &self.city.file.sender;
        let data = json!({
            "office": {
                "name": self.office,
                "address": [sender.street, format!("{} {}", sender.postal_code, sender.city)],
            },
            "recipient": self.recipient,
            "info": [
                {"label": "Aktenzeichen", "value": self.case.number},
                {"label": "Ihr Antrag vom", "value": self.opened_on()},
            ],
            "place": self.city.file.place,
            "date": self.today.to_string(),
            "subject": subject,
            "salutation": format!("Guten Tag {},", full_name(&self.case.party)),
            "closing": "Mit freundlichen Grüßen",
        });
        match data {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }

    /// `3. November 2026`
    fn opened_on(&self) -> String {
        ui::format::date_long(Lang::De, self.case.opened_at.to_zoned(berlin()).date())
    }

    fn value(&self, name: &str, fee: Money) -> Option<String> {
        Some(match name {
            "aktenzeichen" => self.case.number.clone(),
            "antrag_vom" => self.opened_on(),
            "leistung" => self.case.title.clone(),
            "heute" => ui::format::date_long(Lang::De, self.today),
            "name" => full_name(&self.case.party),
            "amt" => self.office.to_owned(),
            "gebuehr" => fee.to_string(),
            _ => return None,
        })
    }

    /// A certificate: `printed` are the data of the person, `code` as it is shown, `url` where it can be checked.
    pub fn certificate(&self, printed: Value, code: &str, url: &str) -> Value {
        let mut data = self.data("");
        if let Value::Object(printed) = printed {
            data.extend(printed);
        }
        data.insert("check".into(), json!({"code": code, "url": url}));
        Value::Object(data)
    }

    /// A plain letter of ready sentences.
    pub fn note(&self, title: &str, paragraphs: &[String]) -> Value {
        let mut data = self.data(title);
        data.insert("paragraphs".into(), json!(paragraphs));
        Value::Object(data)
    }

    /// A letter of a decision type. `texts` are the clerk's answers.
    ///
    /// # Errors
    /// A sentence that names a value which is not there.
    pub fn decision(
        &self,
        decision: &Decision,
        texts: &[(String, String)],
        fee: Option<&FeeRow>,
        instruction: &Instruction,
    ) -> Result<Value> {
        let total = fee.map_or(Money::ZERO, |row| Money(row.cents));
        let value = |name: &str| {
            let answered = decision.texts.iter().any(|t| t == name);
            if answered {
                texts.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone())
            } else {
                self.value(name, total)
            }
        };
        let mut data = self.data(&fill(&decision.title, &value)?);
        let paragraphs = fill_all(&decision.paragraphs, &value)?;
        if let Some(note) = &decision.signature_note {
            data.insert("signature_note".into(), json!(note));
        }
        match instruction {
            Instruction::KeinVerwaltungsakt => {
                data.insert("kind".into(), json!("kein Verwaltungsakt"));
                data.insert("paragraphs".into(), json!(paragraphs));
            }
            Instruction::Verwaltungsakt { text, .. } => {
                let mut tenor = fill_all(&decision.tenor, &value)?;
                if let (Some(part), Some(row)) = (&decision.fee, fee) {
                    tenor.push(fill(&part.tenor, &value)?);
                    let rows = [json!({"label": row.text, "basis": row.basis, "cents": row.cents})];
                    let text = fill_all(&part.text, &value)?;
                    data.insert("fee".into(), json!({"text": text, "rows": rows, "total_cents": row.cents}));
                }
                data.insert("kind".into(), json!("Verwaltungsakt"));
                data.insert("tenor".into(), json!(tenor));
                data.insert("reasons".into(), json!(paragraphs));
                data.insert("remedy".into(), json!(text));
            }
        }
        Ok(Value::Object(data))
    }
}

pub fn full_name(party: &Party) -> String {
    format!("{} {}", party.first_names, party.family_name).trim().to_owned()
}

/// The address block of the applicant (DIN 5008): name, addition, street, place, and the country where it is abroad.
pub fn address_block(party: &Party) -> Vec<String> {
    let a = &party.address;
    let country = if a.country == "DE" { "" } else { &a.country };
    let lines = [
        full_name(party),
        a.addition.clone(),
        format!("{} {}", a.street, a.house_number),
        format!("{} {}", a.postal_code, a.city),
        country.to_uppercase(),
    ];
    lines.into_iter().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use contract_records::Address;

    use super::*;

    #[test]
    fn the_address_block_has_no_empty_lines() {
        let mut party = Party {
            family_name: "Muster".into(),
            first_names: String::new(),
            birth_date: None,
            address: Address {
                street: "Beispielweg".into(),
                house_number: "3".into(),
                addition: String::new(),
                postal_code: "40667".into(),
                city: "Meerbusch".into(),
                country: "DE".into(),
            },
            email: None,
            provenance: "typed".into(),
        };
        assert_eq!(address_block(&party), ["Muster", "Beispielweg 3", "40667 Meerbusch"]);
        party.first_names = "Erika".into();
        party.address.country = "nl".into();
        party.address.addition = "c/o Beispiel".into();
        assert_eq!(address_block(&party), ["Erika Muster", "c/o Beispiel", "Beispielweg 3", "40667 Meerbusch", "NL"]);
        party.address = Address::default();
        assert_eq!(address_block(&party), ["Erika Muster"]);
    }
}
