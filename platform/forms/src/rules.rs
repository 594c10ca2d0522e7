//! The only place that knows FEEL: conditions and computed values, checked when a definition is loaded.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use jiff::civil::Time;
use kernel::{Date, Money, PartialDate};

use crate::definition::{Field, Kind, ResultKind};
use crate::facts::{ACCOUNT, Fact, FactKind, TODAY};
use crate::source::{At, Source};
use crate::value::{Address, Item, Value};

/// A rule of a definition could not be decided: a fault of the definition or of the facts given, never of the citizen.
/// It stops the form and is shown to the operator.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct RuleFault {
    pub file: String,
    pub line: usize,
    pub column: usize,
    /// The expression; empty if a fact is missing.
    pub rule: String,
    /// A German sentence.
    pub text: String,
}

impl fmt::Display for RuleFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.text)?;
        if self.rule.is_empty() { Ok(()) } else { write!(f, " Regel: {}", self.rule) }
    }
}

/// An expression and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    expr: feel::Expr,
    file: String,
    line: usize,
    column: usize,
}

/// Names and types a rule may use: what is known before it is asked.
#[derive(Clone, Default)]
pub(crate) struct Known {
    scope: feel::Scope,
    /// Codes of options and levels: the texts a rule may compare with.
    codes: BTreeSet<String>,
    /// Names whose values are free texts, so a rule that uses one may compare with any text.
    free_texts: BTreeSet<String>,
}

impl Known {
    pub(crate) fn declare(&mut self, name: &str, ty: feel::Type, free_text: bool) {
        self.scope.declare(name, ty);
        if free_text {
            self.free_texts.insert(name.to_owned());
        }
    }

    pub(crate) fn code(&mut self, code: &str) {
        self.codes.insert(code.to_owned());
    }
}

/// What a rule must yield.
pub(crate) fn result_type(kind: ResultKind) -> feel::Type {
    match kind {
        ResultKind::Integer | ResultKind::Money => feel::Type::Number,
        ResultKind::Text | ResultKind::Choice => feel::Type::String,
        ResultKind::YesNo => feel::Type::Boolean,
        ResultKind::Date => feel::Type::Date,
    }
}

/// The type a field has in rules; `None` for what has no value.
pub(crate) fn field_type(kind: &Kind) -> Option<feel::Type> {
    use feel::Type as T;
    Some(match kind {
        Kind::Text { .. } | Kind::Textarea { .. } | Kind::Name { .. } | Kind::Email | Kind::Phone | Kind::Iban => {
            T::String
        }
        Kind::Choice { .. } => T::String,
        Kind::Choices { .. } => T::list_of(T::String),
        Kind::Date { .. } => T::Date,
        Kind::PartialDate { .. } => T::Context(vec![
            ("jahr".into(), T::Number),
            ("fruehestens".into(), T::Date),
            ("spaetestens".into(), T::Date),
        ]),
        Kind::Address => T::Context(ADDRESS_MEMBERS.iter().map(|name| ((*name).into(), T::String)).collect()),
        Kind::YesNo | Kind::Declaration { .. } => T::Boolean,
        Kind::Integer { .. } | Kind::Money { .. } => T::Number,
        Kind::File { .. } => T::list_of(T::Context(vec![("name".into(), T::String), ("size".into(), T::Number)])),
        Kind::Computed { result, .. } => result_type(*result),
        Kind::Note { .. } => return None,
    })
}

const ADDRESS_MEMBERS: [&str; 6] = ["strasse", "hausnummer", "zusatz", "plz", "ort", "land"];

/// Whether the value of a field is free text in rules.
pub(crate) fn is_free_text(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Text { .. }
            | Kind::Textarea { .. }
            | Kind::Name { .. }
            | Kind::Email
            | Kind::Phone
            | Kind::Iban
            | Kind::Address
            | Kind::File { .. }
            | Kind::Computed { result: ResultKind::Text, .. }
    )
}

pub(crate) fn account_type() -> feel::Type {
    feel::Type::Context(vec![
        ("level".into(), feel::Type::String),
        ("has_account".into(), feel::Type::Boolean),
        ("is_guest".into(), feel::Type::Boolean),
    ])
}

pub(crate) fn fact_type(kind: FactKind) -> feel::Type {
    match kind {
        FactKind::Money | FactKind::Integer => feel::Type::Number,
        FactKind::Text => feel::Type::String,
        FactKind::YesNo => feel::Type::Boolean,
        FactKind::Date => feel::Type::Date,
    }
}

/// The type of an item of a repeated group.
pub(crate) fn item_type(fields: &[Field]) -> feel::Type {
    feel::Type::Context(fields.iter().filter_map(|f| Some((f.key.as_str().into(), field_type(&f.kind)?))).collect())
}

impl Rule {
    /// Reads and checks an expression; faults go to the source.
    pub(crate) fn load(source: &Source<'_>, text: &At<&str>, known: &Known, expected: &feel::Type) -> Option<Rule> {
        let (line, column) = source.content_start(&text.span);
        let place = |l: usize, c: usize| if l == 1 { (line, column + c - 1) } else { (line + l - 1, c) };
        let expr = match feel::Expr::parse(text.value, &known.scope) {
            Ok(expr) => expr,
            Err(error) => {
                let (l, c) = place(error.line, error.column);
                source.fault_at(l, c, format!("Der Ausdruck ist kein FEEL: {}.", error.message));
                return None;
            }
        };
        let mut sound = true;
        for error in expr.check(&known.scope) {
            let (l, c) = place(error.line, error.column);
            source.fault_at(l, c, format!("Der Ausdruck stimmt nicht: {}.", error.message));
            sound = false;
        }
        let found = expr.result_type(&known.scope);
        if sound && !expected.includes(&found) {
            source.fault_at(line, column, format!("Der Ausdruck ergibt {found}, hier muss er {expected} ergeben."));
            sound = false;
        }
        if sound && !expr.free_names().any(|name| known.free_texts.contains(name)) {
            for literal in string_literals(text.value) {
                let code = known.codes.contains(&literal) || feel::Value::parse_temporal(&literal).is_some();
                if !code && *expected == feel::Type::Boolean {
                    let text = format!(
                        "„{literal}“ ist keine Antwort, die es vor dieser Stelle gibt. Prüfen Sie die Schreibweise."
                    );
                    source.fault_at(line, column, text);
                    sound = false;
                }
            }
        }
        sound.then(|| Rule { expr, file: source.name.to_owned(), line, column })
    }

    fn fault(&self, text: String) -> RuleFault {
        RuleFault {
            file: self.file.clone(),
            line: self.line,
            column: self.column,
            rule: self.expr.source().to_owned(),
            text,
        }
    }

    fn eval(&self, world: &World) -> Result<(feel::Value, Option<String>), RuleFault> {
        let mut cx = feel::Cx::new(&world.env);
        let value = self.expr.eval_in(&world.frame, &mut cx);
        let value = value.map_err(|error| self.fault(format!("Die Regel wurde abgebrochen: {error}.")))?;
        Ok((value, cx.take_reason().map(|reason| reason.to_string())))
    }

    /// Whether the condition holds.
    ///
    /// # Errors
    /// If it is neither true nor false.
    pub(crate) fn holds(&self, world: &World) -> Result<bool, RuleFault> {
        let (value, reason) = self.eval(world)?;
        value.as_bool().ok_or_else(|| self.undecided(reason))
    }

    fn undecided(&self, reason: Option<String>) -> RuleFault {
        let reason = reason.map(|r| format!(" ({r})")).unwrap_or_default();
        self.fault(format!("Die Regel lässt sich nicht entscheiden, weil ein Wert fehlt{reason}."))
    }

    /// A day, e.g. the latest that may be entered.
    pub(crate) fn day(&self, world: &World) -> Result<Date, RuleFault> {
        match self.eval(world)? {
            (feel::Value::Date(date), _) => {
                day_of(date).ok_or_else(|| self.fault("Das Datum liegt außerhalb des Kalenders.".into()))
            }
            (_, reason) => Err(self.undecided(reason)),
        }
    }

    /// A computed value.
    ///
    /// # Errors
    /// If it is null, not of the declared kind, or no code of `codes`.
    pub(crate) fn compute<'c>(
        &self,
        world: &World,
        kind: ResultKind,
        mut codes: impl Iterator<Item = &'c str>,
    ) -> Result<Value, RuleFault> {
        let (value, reason) = self.eval(world)?;
        let wrong = |what: &str| self.fault(format!("Die Regel ergibt {value}, das ist {what}."));
        match (kind, &value) {
            (_, feel::Value::Null) => Err(self.undecided(reason)),
            (ResultKind::Integer, feel::Value::Number(n)) => {
                n.to_i64().map(Value::Integer).ok_or_else(|| wrong("keine ganze Zahl"))
            }
            (ResultKind::Money, _) => match value.to_cents() {
                Ok(cents) => Ok(Value::Money(Money(cents))),
                Err(_) => Err(wrong("kein Betrag in ganzen Cent")),
            },
            (ResultKind::Text, feel::Value::String(s)) => Ok(Value::Text(s.to_string())),
            (ResultKind::Choice, feel::Value::String(s)) if codes.any(|code| code == &**s) => {
                Ok(Value::Choice(s.to_string()))
            }
            (ResultKind::Choice, _) => Err(wrong("keine der Möglichkeiten")),
            (ResultKind::YesNo, feel::Value::Bool(b)) => Ok(Value::YesNo(*b)),
            (ResultKind::Date, feel::Value::Date(d)) => {
                day_of(*d).map(Value::Date).ok_or_else(|| wrong("kein Tag des Kalenders"))
            }
            _ => Err(wrong("ein Wert anderer Art")),
        }
    }
}

/// The texts in quotes of an expression.
fn string_literals(source: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut chars = source.chars();
    while let Some(c) = chars.next() {
        if c != '"' {
            continue;
        }
        let mut literal = String::new();
        while let Some(c) = chars.next() {
            match c {
                '"' => break,
                '\\' => literal.extend(chars.next()),
                c => literal.push(c),
            }
        }
        out.push(literal);
    }
    out
}

/// The values rules see.
pub(crate) struct World {
    env: feel::Env,
    frame: feel::Frame,
}

impl World {
    pub(crate) fn new(today: Date, account: &crate::facts::Account) -> World {
        let midnight = today.to_datetime(Time::midnight()).to_zoned(kernel::berlin());
        let now = midnight.unwrap_or_else(|_| jiff::Zoned::default());
        let mut world = World { env: feel::Env::at(now), frame: feel::Frame::default() };
        world.set_feel(TODAY, today.into());
        let account = context([
            ("level", account.level_code().into()),
            ("has_account", account.has_account.into()),
            ("is_guest", account.is_guest.into()),
        ]);
        world.set_feel(ACCOUNT, account);
        world
    }

    fn set_feel(&mut self, name: &str, value: feel::Value) {
        self.frame = self.frame.with(name, value);
    }

    /// Sets an answer; `None` is null, for what is not asked or not answered.
    pub(crate) fn set(&mut self, name: &str, value: Option<&Value>) {
        self.set_feel(name, value.map_or(feel::Value::Null, to_feel));
    }

    /// Sets the facts of the city; those with a dotted name become members of contexts.
    pub(crate) fn set_facts<'f>(&mut self, facts: impl Iterator<Item = (&'f str, &'f Fact)>) {
        let mut contexts: BTreeMap<&str, Vec<(Arc<str>, feel::Value)>> = BTreeMap::new();
        for (name, fact) in facts {
            match name.split_once('.') {
                None => self.set_feel(name, fact_to_feel(fact)),
                Some((head, member)) => contexts.entry(head).or_default().push((member.into(), fact_to_feel(fact))),
            }
        }
        for (name, members) in contexts {
            self.set_feel(name, feel::Value::Context(members.into_iter().collect()));
        }
    }
}

fn fact_to_feel(fact: &Fact) -> feel::Value {
    match fact {
        Fact::Money(money) => euros(*money),
        Fact::Integer(n) => (*n).into(),
        Fact::Text(text) => text.as_str().into(),
        Fact::YesNo(yes) => (*yes).into(),
        Fact::Date(date) => (*date).into(),
    }
}

fn context<const N: usize>(entries: [(&str, feel::Value); N]) -> feel::Value {
    feel::Value::Context(entries.into_iter().map(|(name, value)| (Arc::from(name), value)).collect())
}

/// Money in rules is a number of euros.
fn euros(money: Money) -> feel::Value {
    feel::Number::new(i128::from(money.cents()), -2).into()
}

fn to_feel(value: &Value) -> feel::Value {
    match value {
        Value::Text(text) | Value::Choice(text) => text.as_str().into(),
        Value::Date(date) => (*date).into(),
        Value::PartialDate(date) => partial_date(*date),
        Value::Address(address) => address_to_feel(address),
        Value::Choices(codes) => feel::Value::list(codes.iter().map(|code| code.as_str().into()).collect()),
        Value::YesNo(yes) => (*yes).into(),
        Value::Integer(n) => (*n).into(),
        Value::Money(money) => euros(*money),
        Value::Files(files) => {
            let file = |f: &crate::value::FileRef| {
                context([("name", f.name.as_str().into()), ("size", i64::try_from(f.size).unwrap_or(i64::MAX).into())])
            };
            feel::Value::list(files.iter().map(file).collect())
        }
        Value::Items(items) => feel::Value::list(items.iter().map(item_to_feel).collect()),
    }
}

fn item_to_feel(item: &Item) -> feel::Value {
    feel::Value::Context(item.iter().map(|(name, value)| (Arc::from(name.as_str()), to_feel(value))).collect())
}

fn partial_date(date: PartialDate) -> feel::Value {
    context([
        ("jahr", i64::from(date.year()).into()),
        ("fruehestens", earliest(date).into()),
        ("spaetestens", date.latest().into()),
    ])
}

/// The first day it can have been.
pub(crate) fn earliest(date: PartialDate) -> Date {
    date.complete().unwrap_or_else(|| {
        let month = date.to_string().get(5..7).and_then(|m| m.parse::<i8>().ok()).unwrap_or(0);
        Date::new(date.year(), month.max(1), 1).unwrap_or_else(|_| date.latest())
    })
}

fn address_to_feel(a: &Address) -> feel::Value {
    let values = [&a.street, &a.house_number, &a.addition, &a.postal_code, &a.city, &a.country];
    let entries = ADDRESS_MEMBERS.iter().zip(values).map(|(name, value)| (Arc::from(*name), value.as_str().into()));
    feel::Value::Context(entries.collect())
}

fn day_of(date: feel::temporal::Date) -> Option<Date> {
    date.to_string().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_in_quotes_are_found() {
        assert_eq!(string_literals(r#"a = "x" and list contains(b, "y\"z")"#), ["x", "y\"z"]);
        assert!(string_literals("a > 3").is_empty());
    }

    #[test]
    fn the_earliest_day_of_a_partial_date() {
        for (date, day) in [("1950-00-00", "1950-01-01"), ("1950-03-00", "1950-03-01"), ("1950-03-31", "1950-03-31")] {
            assert_eq!(earliest(date.parse().unwrap()).to_string(), day);
        }
    }
}
