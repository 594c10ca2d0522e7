//! Conditions of ways: put together from a variable, a comparison and a value, or written as FEEL.

use std::collections::BTreeSet;

use bpmn::Model;
use content::Content;
use feel::{Expr, Scope};
use process_rules::{faults, organisation::organisation};
use serde::Deserialize;
use ui::Page;

/// Code of the form and sign of FEEL.
pub const COMPARISONS: [(&str, &str); 6] =
    [("mehr", ">"), ("mindestens", ">="), ("weniger", "<"), ("hoechstens", "<="), ("gleich", "="), ("ungleich", "!=")];

/// The condition that variable, comparison and value say. Numbers may have a comma, and dots between thousands (`1.000`);
/// `ja` and `nein` are true and false; everything else is a text.
pub fn built(variable: &str, comparison: &str, value: &str) -> Option<String> {
    let (_, sign) = COMPARISONS.iter().find(|(code, _)| *code == comparison)?;
    let (variable, value) = (variable.trim(), value.trim());
    if variable.is_empty() || value.is_empty() {
        return None;
    }
    Some(format!("{variable} {sign} {}", literal(value)))
}

fn literal(value: &str) -> String {
    let number = if has_thousands(value) { value.replace('.', "") } else { value.to_owned() };
    let number = number.replacen(',', ".", 1);
    let is_number = number.parse::<f64>().is_ok_and(f64::is_finite)
        && number.ends_with(|c: char| c.is_ascii_digit())
        && number.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-'));
    match value {
        _ if is_number => number,
        "ja" | "true" => "true".to_owned(),
        "nein" | "false" => "false".to_owned(),
        text => {
            let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
            format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
        }
    }
}

/// Whether dots stand between thousands, as in `1.000` and `12.500,50`.
fn has_thousands(value: &str) -> bool {
    fn digits(group: &str) -> bool {
        group.bytes().all(|b| b.is_ascii_digit())
    }
    let whole = value.split_once(',').map_or(value, |(whole, _)| whole);
    let mut groups = whole.strip_prefix('-').unwrap_or(whole).split('.');
    let is_first = groups.next().is_some_and(|group| matches!(group.len(), 1..=3) && digits(group) && group != "0");
    let rest: Vec<&str> = groups.collect();
    is_first && !rest.is_empty() && rest.iter().all(|group| group.len() == 3 && digits(group))
}

/// What keeps a text from being FEEL, in the language of the page, with its place in a text of one line.
pub fn fault(page: &Page, text: &str) -> Option<String> {
    let error = Expr::parse(text, &Scope::default()).err()?;
    let said = faults::said(&page.texts, page.lang, &error.fault);
    Some(page.t2("processes-fault-at", "fault", said, "n", error.column))
}

/// An expression as a field of one line shows it: a browser drops line breaks there, and two words would become one.
pub fn one_line(text: &str) -> String {
    text.replace("\r\n", " ").replace(['\r', '\n'], " ")
}

/// The expression that was sent; one that was only shown in one line stays as it was drawn.
pub fn kept(before: Option<&str>, sent: &str) -> String {
    before.filter(|before| one_line(before).trim() == sent).unwrap_or(sent).to_owned()
}

/// A form of the city, as far as its fields become variables.
#[derive(Deserialize)]
struct Form {
    #[serde(default)]
    step: Vec<FormStep>,
}

#[derive(Deserialize)]
struct FormStep {
    #[serde(default)]
    field: Vec<FormField>,
}

#[derive(Deserialize)]
struct FormField {
    key: String,
    #[serde(rename = "type")]
    kind: String,
    /// Never a variable of a process.
    #[serde(default)]
    personal: bool,
}

/// The service's fee; every process that the portal starts has it.
pub const FEE: &str = "gebuehr_cents";

/// Names that conditions of this process can use: the fee, what its expressions name, what its steps hand out, and the
/// choices in the forms of its tasks. A suggestion: what an instance really has is known only when it runs.
pub fn variables(content: &Content, model: &Model) -> Vec<String> {
    let mut names = BTreeSet::from([FEE.to_owned()]);
    for used in model.expressions() {
        if let Ok(expr) = Expr::parse(used.text, &Scope::default()) {
            names.extend(expr.free_names().map(str::to_owned));
        }
    }
    for line in model.outline() {
        let Some(properties) = model.properties(&line.element) else { continue };
        names.extend(properties.outputs.iter().map(|mapping| mapping.name.clone()));
        names.extend(properties.form.iter().flat_map(|form| codes(content, form)));
    }
    // Inside an output it is what the step answered, and nothing else.
    names.remove("result");
    names.into_iter().filter(|name| !name.is_empty()).collect()
}

/// Fields of a form whose answers go into the process as codes.
pub fn codes(content: &Content, form: &str) -> Vec<String> {
    let Ok(form) = content.toml::<Form>("forms", form) else { return Vec::new() };
    let fields = form.step.iter().flat_map(|step| &step.field);
    let fields = fields.filter(|field| !field.personal);
    let codes = fields.filter(|field| {
        matches!(field.kind.as_str(), "choice" | "choices" | "yes-no" | "integer" | "money" | "declaration")
    });
    codes.map(|field| field.key.clone()).collect()
}

/// Organisation units: their keys, with names that tell them apart.
pub fn units(content: &Content) -> Vec<(String, String)> {
    let organisation = organisation(content).ok().flatten();
    let Some(organisation) = organisation else { return Vec::new() };
    let label = |key: &str| organisation.label_of(key).unwrap_or_else(|| key.to_owned());
    organisation.keys().map(|key| (key.to_owned(), label(key))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_put_together() {
        assert_eq!(built("gebuehr_cents", "mehr", "5000").unwrap(), "gebuehr_cents > 5000");
        assert_eq!(built("betrag", "hoechstens", "12,5").unwrap(), "betrag <= 12.5");
        assert_eq!(built("betrag", "mehr", "1.000").unwrap(), "betrag > 1000");
        assert_eq!(built("betrag", "mehr", "-12.500,50").unwrap(), "betrag > -12500.50");
        assert_eq!(built("betrag", "mehr", "12.50").unwrap(), "betrag > 12.50");
        assert_eq!(built("betrag", "mehr", "0.125").unwrap(), "betrag > 0.125");
        assert_eq!(built("ergebnis", "gleich", "ablehnen").unwrap(), "ergebnis = \"ablehnen\"");
        assert_eq!(built("ergebnis", "gleich", "\"ablehnen\"").unwrap(), "ergebnis = \"ablehnen\"");
        assert_eq!(built("eilig", "ungleich", "ja").unwrap(), "eilig != true");
        assert_eq!(built("text", "gleich", "a \" b").unwrap(), "text = \"a \\\" b\"");
        assert_eq!(built("", "mehr", "1"), None);
        assert_eq!(built("a", "mehr", " "), None);
        assert_eq!(built("a", "ungefaehr", "1"), None);
    }

    #[test]
    fn what_is_put_together_is_feel() {
        for text in [
            built("a", "mehr", "1,5"),
            built("a", "gleich", "\\"),
            built("a", "gleich", "inf"),
            built("a", "mehr", "5."),
        ] {
            let text = text.unwrap();
            assert!(Expr::parse(&text, &Scope::default()).is_ok(), "{text}");
        }
    }

    #[test]
    fn an_expression_of_several_lines_survives_a_field_of_one() {
        let drawn = "a = 1 // die erste\r\nand b\nor c";
        let shown = one_line(drawn);
        assert_eq!(shown, "a = 1 // die erste and b or c");
        assert_eq!(kept(Some(drawn), &shown), drawn, "what was not changed keeps its lines");
        assert_eq!(kept(Some(drawn), "a = 2"), "a = 2");
        assert_eq!(kept(None, "a = 2"), "a = 2");
    }
}
