//! Forms and answers the tests share.

use std::path::Path;

use forms::{AcceptError, Accepted, Account, Address, Answers, Fact, Facts, Form, GERMANY, Next, Submitted, Value};
use kernel::{Date, Level, Money};

pub fn city_form(name: &str) -> Form {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cities/meerbusch/forms").join(format!("{name}.toml"));
    Form::load(name, &std::fs::read_to_string(path).unwrap()).unwrap()
}

pub fn form(text: &str) -> Form {
    Form::load("test.toml", text).unwrap_or_else(|errors| {
        panic!("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    })
}

pub fn pairs(fields: &[(&str, &str)]) -> Submitted {
    fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>().into()
}

/// The day on which all tests happen.
pub const TODAY: Date = Date::constant(2026, 3, 12);

pub fn guest() -> Facts {
    city(Facts::new(Account { level: None, has_account: false, is_guest: true }, TODAY))
}

pub fn citizen(level: Level) -> Facts {
    let facts = city(Facts::new(Account { level: Some(level), has_account: true, is_guest: false }, TODAY));
    if level < Level::Hoch {
        return facts;
    }
    facts
        .knowing("identity.family_name", Value::Text("Muster-Weiß".into()))
        .knowing("identity.first_names", Value::Text("Mia".into()))
        .knowing("identity.birth_date", Value::Date(Date::constant(1985, 3, 27)))
        .knowing("identity.address", Value::Address(home()))
}

fn city(facts: Facts) -> Facts {
    facts
        .with("gebuehren.meldebescheinigung_papier", Fact::Money(Money(900)))
        .with("gebuehren.urkunde_erste", Fact::Money(Money(1500)))
        .with("gebuehren.urkunde_weitere", Fact::Money(Money(750)))
        .with("fristen.geburt_jahre", Fact::Integer(110))
        .with("fristen.ehe_jahre", Fact::Integer(80))
        .with("fristen.tod_jahre", Fact::Integer(30))
        .with("fristen.antragsalter_jahre", Fact::Integer(16))
}

pub fn home() -> Address {
    Address {
        street: "Musterweg".into(),
        house_number: "1a".into(),
        addition: String::new(),
        postal_code: "40667".into(),
        city: "Meerbusch".into(),
        country: GERMANY.into(),
    }
}

/// A person filling in a form.
pub struct Walk {
    pub form: Form,
    pub facts: Facts,
    pub answers: Answers,
}

impl Walk {
    pub fn new(form: Form, facts: Facts) -> Walk {
        let answers = form.blank(&facts);
        Walk { form, facts, answers }
    }

    /// The page that comes now: its key, or `pruefen`.
    pub fn now(&self) -> String {
        match self.form.read(&self.answers, &self.facts).unwrap().resume() {
            Next::Step(step) => step.to_owned(),
            Next::Check => forms::CHECK_STEP.to_owned(),
        }
    }

    #[track_caller]
    pub fn answer(&mut self, step: &str, fields: &[(&str, &str)]) -> &mut Walk {
        let accepted = self.form.accept(step, &pairs(fields), &mut self.answers, &self.facts);
        assert_eq!(accepted, Ok(Accepted::Next), "{step}");
        self
    }

    /// The fields and codes of the errors of a page.
    #[track_caller]
    pub fn refused(&mut self, step: &str, fields: &[(&str, &str)]) -> Vec<(String, String)> {
        match self.form.accept(step, &pairs(fields), &mut self.answers, &self.facts) {
            Err(AcceptError::Fields(errors)) => errors.into_iter().map(|e| (e.field, e.code)).collect(),
            other => panic!("{step}: {other:?}"),
        }
    }

    pub fn value(&self, key: &str) -> Option<Value> {
        self.form.read(&self.answers, &self.facts).unwrap().value(key).cloned()
    }

    pub fn path(&self) -> Vec<String> {
        self.form.read(&self.answers, &self.facts).unwrap().path().map(str::to_owned).collect()
    }
}
