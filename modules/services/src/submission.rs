//! From a filled-in form to a case: pure parts. What the process learns, what it costs, who applies.

use std::collections::BTreeMap;

use contract_payments::FeeItem;
use contract_records::{Address, Party};
use contract_registers::NoteCivilEntry;
use contract_services::Section;
use feel::{Context, Env, Expr, Scope};
use forms::{Answers, Complete, Form, Reading, Value};
use kernel::{CaseId, Date, Error, Lang, Level, Money, PartialDate, Result};
use serde_json::{Map, Value as Json};
use toml::Spanned;

use crate::{
    catalogue::{CivilFields, Online},
    fees::Fees,
    store::Upload,
};

/// Names that a rule of the catalogue may use: every field of the form; what is hidden or personal is null.
fn names(form: &Form) -> Map<String, Json> {
    let groups = form.steps.iter().filter(|s| matches!(s.body, forms::Body::Items(_))).map(|s| s.key.clone());
    let fields = form.steps.iter().filter(|s| !matches!(s.body, forms::Body::Items(_))).flat_map(|s| s.fields());
    let codes = fields.filter(|f| !f.personal).map(|f| f.key.clone());
    groups.chain(codes).chain(["konto_level".into(), "gebuehr_cents".into()]).map(|key| (key, Json::Null)).collect()
}

fn scope(names: &Map<String, Json>) -> Scope {
    let mut scope = Scope::default();
    for name in names.keys() {
        scope.declare(name.as_str(), feel::Type::Any);
    }
    scope
}

/// What is wrong with a rule of the catalogue over this form's codes.
pub fn rule_faults(form: &Form, source: &str) -> Vec<String> {
    let scope = scope(&names(form));
    match Expr::parse(source, &scope) {
        Err(error) => vec![format!("Die Regel „{source}“ ist falsch: {error}")],
        Ok(expr) => {
            expr.check(&scope).iter().map(|fault| format!("Die Regel „{source}“ ist falsch: {fault}")).collect()
        }
    }
}

fn evaluate(source: &Spanned<String>, facts: &Map<String, Json>, env: &Env) -> Result<feel::Value> {
    let source = source.get_ref();
    let expr = Expr::parse(source, &scope(facts)).map_err(|e| Error::internal(format!("{source}: {e}")))?;
    let names: Context = facts.iter().map(|(name, value)| (name.as_str(), feel::Value::from_json(value))).collect();
    expr.eval(&names, env).map_err(|e| Error::internal(format!("{source}: {e}")))
}

/// Codes and amounts of a complete form, with every name a rule may use.
pub fn codes(reading: &Reading<'_>, level: &str) -> Map<String, Json> {
    let mut codes = names(reading.form());
    codes.extend(reading.facts());
    codes.insert("konto_level".into(), level.into());
    codes
}

/// The fee from the city's rows of the day, never from the browser.
///
/// # Errors
/// The rows come to another sum than the one the applicant was shown: nobody is charged what they did not see.
pub fn fee(
    online: &Online,
    codes: &Map<String, Json>,
    complete: &Complete,
    fees: &Fees,
    day: Date,
    env: &Env,
) -> Result<Vec<FeeItem>> {
    let mut items = Vec::new();
    for rule in &online.fee {
        let value = evaluate(&rule.quantity, codes, env)?;
        let quantity = value.as_number().and_then(|n| n.to_i64()).filter(|n| *n >= 0);
        let quantity =
            quantity.ok_or_else(|| Error::internal(format!("{}: no quantity: {value:?}", rule.quantity.get_ref())))?;
        if quantity > 0 {
            items.push(fees.item(rule.row.get_ref(), quantity, day)?);
        }
    }
    let shown = match complete.computed.get(online.total.get_ref()) {
        Some(Value::Money(shown)) => *shown,
        _ => Money::ZERO,
    };
    let sum: Option<Vec<Money>> = items.iter().map(FeeItem::total).collect();
    let sum: Money = sum.ok_or_else(|| Error::internal("the fee is larger than any number"))?.into_iter().sum();
    if sum == shown {
        Ok(items)
    } else {
        Err(Error::internal(format!("the rows of the fee come to {sum}, the form showed {shown}")))
    }
}

/// Variables to start the process with: codes and amounts only.
pub fn process_vars(online: &Online, mut codes: Map<String, Json>, fee: Money, env: &Env) -> Result<Map<String, Json>> {
    codes.insert("gebuehr_cents".into(), fee.cents().into());
    let own = online.vars.iter().map(|(name, rule)| Ok((name.clone(), evaluate(rule, &codes, env)?.to_json())));
    let own = own.collect::<Result<Vec<_>>>()?;
    codes.extend(own);
    codes.retain(|_, value| !value.is_null());
    Ok(codes)
}

fn text(answers: &Answers, key: &str) -> String {
    match answers.get(key) {
        Some(Value::Text(text)) => text.clone(),
        _ => String::new(),
    }
}

fn date(answers: &Answers, key: &str) -> Option<PartialDate> {
    match answers.get(key) {
        Some(Value::PartialDate(date)) => Some(*date),
        Some(Value::Date(date)) => Some((*date).into()),
        _ => None,
    }
}

/// Who applies, as the form has it, and how surely: only if all of it is what the session's source said does the
/// source count.
pub fn party(online: &Online, answers: &Answers, known: &BTreeMap<String, Value>, level: Option<Level>) -> Party {
    let fields = &online.applicant;
    let address = match answers.get(fields.address.get_ref()) {
        Some(Value::Address(address)) => Address {
            street: address.street.clone(),
            house_number: address.house_number.clone(),
            addition: address.addition.clone(),
            postal_code: address.postal_code.clone(),
            city: address.city.clone(),
            country: if address.is_german() { String::new() } else { address.country.clone() },
        },
        _ => Address::default(),
    };
    let given = |value: Option<&Value>| value.filter(|v| **v != Value::Text(String::new())).cloned();
    let same = |source: &str, field: &Spanned<String>| given(known.get(source)) == given(answers.get(field.get_ref()));
    let named = !known.is_empty()
        && same("identity.family_name", &fields.family_name)
        && same("identity.first_names", &fields.first_names)
        && same("identity.birth_date", &fields.birth_date);
    let provenance = match level {
        Some(Level::Hoch | Level::Substantiell) if named => "eid",
        Some(Level::Basis | Level::VorOrt) if named => "account",
        _ => "typed",
    };
    Party {
        family_name: text(answers, fields.family_name.get_ref()),
        first_names: text(answers, fields.first_names.get_ref()),
        birth_date: date(answers, fields.birth_date.get_ref()),
        address,
        email: fields.email.as_ref().map(|field| text(answers, field.get_ref())).filter(|email| !email.is_empty()),
        provenance: provenance.into(),
    }
}

/// What to look for in the civil register.
pub fn civil_entry(fields: &CivilFields, answers: &Answers, case: CaseId) -> NoteCivilEntry {
    let first = |keys: &[Spanned<String>]| {
        keys.iter().map(|key| text(answers, key.get_ref())).find(|text| !text.is_empty()).unwrap_or_default()
    };
    let number = text(answers, fields.register_number.get_ref());
    NoteCivilEntry {
        case,
        family_name: first(&fields.family_name),
        first_names: first(&fields.first_names),
        date: date(answers, fields.date.get_ref()),
        place: text(answers, fields.place.get_ref()),
        register_number: (!number.is_empty()).then_some(number),
    }
}

/// The answers as people read them, in a language.
pub fn sections(reading: &Reading<'_>, lang: Lang) -> Vec<Section> {
    let sections = reading.summary(lang).into_iter();
    sections
        .map(|s| Section { title: s.title, rows: s.rows.into_iter().map(|row| (row.label, row.value)).collect() })
        .collect()
}

/// The stored files of all answers, in no particular order of pages.
pub fn uploads(answers: &Answers) -> Vec<Upload> {
    let mut uploads = Vec::new();
    let mut take = |value: &Value| {
        if let Value::Files(files) = value {
            uploads.extend(files.iter().map(|file| Upload {
                file: file.id,
                name: file.name.clone(),
                media_type: file.media_type.clone(),
                size: file.size,
            }));
        }
    };
    for value in answers.values.values() {
        match value {
            Value::Items(items) => items.iter().flat_map(|item| item.values()).for_each(&mut take),
            value => take(value),
        }
    }
    uploads
}
