//! Answers and their values.

use std::collections::BTreeMap;

use kernel::{Date, FileId, Money, PartialDate};
use serde::{Deserialize, Serialize};

/// One typed answer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "kebab-case")]
pub enum Value {
    /// Text, name, e-mail, phone number, IBAN.
    Text(String),
    Date(Date),
    PartialDate(PartialDate),
    Address(Address),
    /// Code of the chosen option.
    Choice(String),
    /// Codes of the ticked options in the order of the definition.
    Choices(Vec<String>),
    /// Also a declaration, which is only ever true.
    YesNo(bool),
    Integer(i64),
    Money(Money),
    Files(Vec<FileRef>),
    /// The items of a repeated group.
    Items(Vec<Item>),
}

/// The answers of one item of a repeated group.
pub type Item = BTreeMap<String, Value>;

/// A postal address.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Address {
    pub street: String,
    /// Hausnummer; empty where the place has none.
    pub house_number: String,
    /// Zusatz, e.g. `c/o Muster` or `Hinterhaus`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub addition: String,
    /// Five digits in Germany, free elsewhere and empty where there are none.
    pub postal_code: String,
    pub city: String,
    /// Name of the state, `Deutschland` at home.
    pub country: String,
}

/// The name under which an address lies in Germany.
pub const GERMANY: &str = "Deutschland";

impl Address {
    pub fn is_german(&self) -> bool {
        self.country == GERMANY
    }

    /// As written on an envelope; the state only if it is abroad, in capitals.
    pub fn lines(&self) -> Vec<String> {
        let joined = |a: &str, b: &str| format!("{a} {b}").trim().to_owned();
        let mut lines = vec![joined(&self.street, &self.house_number)];
        if !self.addition.is_empty() {
            lines.push(self.addition.clone());
        }
        lines.push(joined(&self.postal_code, &self.city));
        if !self.is_german() {
            lines.push(self.country.to_uppercase());
        }
        lines
    }
}

/// A stored file that belongs to an answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FileRef {
    pub id: FileId,
    /// Name the person's device gave it, for display only.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// What the server found it to be, e.g. `application/pdf`.
    pub media_type: String,
}

/// The answers to one form, complete or not.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Answers {
    /// Key of the form.
    pub form: String,
    /// Version of the form they were given to.
    pub version: String,
    pub values: BTreeMap<String, Value>,
}

impl Answers {
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.values.get(key)
    }
}
