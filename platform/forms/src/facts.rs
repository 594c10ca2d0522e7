//! What the server knows beside the answers.

use std::collections::BTreeMap;

use kernel::{Actor, Date, Level, Money, Principal};
use serde::{Deserialize, Serialize};

use crate::value::Value;

/// The name of the account in rules.
pub(crate) const ACCOUNT: &str = "konto";
/// The name of the present day in rules.
pub(crate) const TODAY: &str = "heute";
/// What `konto.level` is without a signed-in citizen.
pub(crate) const NO_LEVEL: &str = "ohne";

/// What rules may ask for beside the answers. Nothing of it ever comes from the browser.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Facts {
    pub account: Account,
    /// The day on the city's calendar.
    pub today: Date,
    /// Fees, limits and names of the city by dotted name, e.g. `gebuehren.meldebescheinigung_papier`. The form declares
    /// in `[facts]` which it needs.
    #[serde(default)]
    pub city: BTreeMap<String, Fact>,
    /// What is known of the person, by the names of [`crate::SOURCES`]. Personal data: never stored with a case.
    #[serde(default, skip_serializing)]
    pub known: BTreeMap<String, Value>,
}

/// How the person came to the form.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Account {
    /// Level of the session; `None` without one.
    pub level: Option<Level>,
    pub has_account: bool,
    pub is_guest: bool,
}

impl Account {
    pub fn of(actor: &Actor) -> Account {
        match actor.principal {
            Principal::Citizen { level, .. } => Account { level: Some(level), has_account: true, is_guest: false },
            Principal::Staff { .. } | Principal::Machine { .. } | Principal::System { .. } => Account::default(),
            Principal::Anonymous | Principal::Guest { .. } => {
                Account { level: None, has_account: false, is_guest: true }
            }
        }
    }

    /// `konto.level` in rules.
    pub fn level_code(&self) -> &'static str {
        self.level.map_or(NO_LEVEL, Level::code)
    }
}

/// One fact of the city.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "kebab-case")]
pub enum Fact {
    Money(Money),
    Integer(i64),
    Text(String),
    YesNo(bool),
    Date(Date),
}

/// The types a form may declare for a fact.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FactKind {
    Money,
    Integer,
    Text,
    YesNo,
    Date,
}

impl FactKind {
    pub(crate) const NAMES: &'static [(&'static str, FactKind)] = &[
        ("money", FactKind::Money),
        ("integer", FactKind::Integer),
        ("text", FactKind::Text),
        ("yes-no", FactKind::YesNo),
        ("date", FactKind::Date),
    ];
}

impl Fact {
    pub fn kind(&self) -> FactKind {
        match self {
            Fact::Money(_) => FactKind::Money,
            Fact::Integer(_) => FactKind::Integer,
            Fact::Text(_) => FactKind::Text,
            Fact::YesNo(_) => FactKind::YesNo,
            Fact::Date(_) => FactKind::Date,
        }
    }
}

impl Facts {
    pub fn new(account: Account, today: Date) -> Facts {
        Facts { account, today, city: BTreeMap::new(), known: BTreeMap::new() }
    }

    #[must_use]
    pub fn with(mut self, name: &str, fact: Fact) -> Facts {
        self.city.insert(name.to_owned(), fact);
        self
    }

    /// Adds what is known of the person.
    #[must_use]
    pub fn knowing(mut self, source: &str, value: Value) -> Facts {
        self.known.insert(source.to_owned(), value);
        self
    }
}
