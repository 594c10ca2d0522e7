//! Values as people read them: the same on the screen, in print and for the clerk.

use kernel::{Lang, Money, PartialDate};

use crate::definition::{Field, Kind};
use crate::facts::Fact;
use crate::value::Value;

/// Empty for repeated groups, which are shown field by field.
pub(crate) fn value(field: &Field, value: &Value, lang: Lang) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Date(date) => ui::format::date(lang, *date),
        Value::PartialDate(date) => partial_date(*date, lang),
        Value::Address(address) => address.lines().join("\n"),
        Value::Choice(code) => label(field, code, lang),
        Value::Choices(codes) => codes.iter().map(|code| label(field, code, lang)).collect::<Vec<_>>().join("\n"),
        Value::YesNo(_) if matches!(field.kind, Kind::Declaration { .. }) => confirmed(lang).to_owned(),
        Value::YesNo(yes) => yes_no(*yes, lang).to_owned(),
        Value::Integer(n) => ui::format::number(lang, *n),
        Value::Money(Money::ZERO) if matches!(field.kind, Kind::Computed { .. }) => free(lang).to_owned(),
        Value::Money(money) => ui::format::money(lang, *money),
        Value::Files(files) => {
            let line = |f: &crate::value::FileRef| format!("{} ({})", f.name, ui::format::file_size(lang, f.size));
            files.iter().map(line).collect::<Vec<_>>().join("\n")
        }
        Value::Items(_) => String::new(),
    }
}

/// A fee of nothing.
fn free(lang: Lang) -> &'static str {
    match lang {
        Lang::De => "kostenlos",
        Lang::En => "free of charge",
    }
}

/// A code that no option has any more is shown itself, so an old case stays readable.
fn label(field: &Field, code: &str, lang: Lang) -> String {
    let option = field.kind.options().iter().find(|o| o.code == code);
    option.map_or_else(|| code.to_owned(), |o| o.label.get(lang).to_owned())
}

pub(crate) fn yes_no(yes: bool, lang: Lang) -> &'static str {
    match (lang, yes) {
        (Lang::De, true) => "Ja",
        (Lang::De, false) => "Nein",
        (Lang::En, true) => "Yes",
        (Lang::En, false) => "No",
    }
}

fn confirmed(lang: Lang) -> &'static str {
    match lang {
        Lang::De => "Bestätigt",
        Lang::En => "Confirmed",
    }
}

/// As registers write it: `00.00.1950`.
fn partial_date(date: PartialDate, lang: Lang) -> String {
    if let Some(date) = date.complete() {
        return ui::format::date(lang, date);
    }
    let iso = date.to_string();
    let parts: Vec<&str> = iso.split('-').collect();
    match (lang, parts.as_slice()) {
        (Lang::De, [year, month, day]) => format!("{day}.{month}.{year}"),
        (Lang::En, [year, month, day]) => format!("{day}/{month}/{year}"),
        _ => iso,
    }
}

pub(crate) fn fact(fact: &Fact, lang: Lang) -> String {
    match fact {
        Fact::Money(money) => ui::format::money(lang, *money),
        Fact::Integer(n) => ui::format::number(lang, *n),
        Fact::Text(text) => text.clone(),
        Fact::YesNo(yes) => yes_no(*yes, lang).to_owned(),
        Fact::Date(date) => ui::format::date(lang, *date),
    }
}
