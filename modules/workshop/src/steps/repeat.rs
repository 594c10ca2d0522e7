//! How often a step is done: the part of a form for repetition (multi-instance and loop, BPMN 2.0.2, 10.3.8).

use bpmn::{Passes, Repeat, period};
use ui::{Choice, Errors, Page};

use super::fields::Sent;
use crate::condition;

/// What the form says of a repetition. Everything but names and the maximum is FEEL.
#[derive(Clone, Default)]
pub struct Repetition {
    /// `einmal`, `liste`, `anzahl`, `solange`.
    pub kind: String,
    pub list: String,
    /// Name of the variable for the element of the list.
    pub item: String,
    pub number: String,
    /// `nacheinander`, `gleichzeitig`.
    pub order: String,
    /// When enough is done.
    pub enough: String,
    /// What a pass hands out.
    pub output: String,
    /// Name of the variable that collects it.
    pub outputs: String,
    /// As long as this holds it is done again.
    pub condition: String,
    pub most: String,
}

impl Repetition {
    pub fn of_repeat(repeat: Option<&Repeat>) -> Self {
        let text = |text: &Option<String>| condition::one_line(text.as_deref().unwrap_or_default());
        match repeat {
            None => Self { kind: "einmal".to_owned(), ..Self::default() },
            Some(Repeat::While { condition, maximum, .. }) => {
                Self { kind: "solange".to_owned(), condition: text(condition), most: text(maximum), ..Self::default() }
            }
            Some(Repeat::Each { passes, sequential, completion, item, output, outputs }) => {
                let (kind, list, number) = match passes {
                    Passes::Collection(list) => ("liste", condition::one_line(list), String::new()),
                    Passes::Cardinality(number) => ("anzahl", String::new(), condition::one_line(number)),
                };
                Self {
                    kind: kind.to_owned(),
                    list,
                    item: text(item),
                    number,
                    order: if *sequential { "nacheinander" } else { "gleichzeitig" }.to_owned(),
                    enough: text(completion),
                    output: text(output),
                    outputs: text(outputs),
                    ..Self::default()
                }
            }
        }
    }

    pub fn of_sent(sent: &Sent) -> Self {
        let text = |field: &str| sent.some(field).unwrap_or_default();
        Self {
            kind: text("mehrmals"),
            list: text("liste"),
            item: text("element"),
            number: text("durchgaenge"),
            order: text("reihenfolge"),
            enough: text("genug"),
            output: text("teilergebnis"),
            outputs: text("ergebnisse"),
            condition: text("solange"),
            most: text("hoechstens"),
        }
    }

    pub fn is_repeated(&self) -> bool {
        !matches!(self.kind.as_str(), "" | "einmal")
    }

    /// Whether a field of a repetition is filled.
    fn is_said(&self) -> bool {
        let fields = [&self.list, &self.item, &self.number, &self.enough, &self.output, &self.outputs];
        fields.into_iter().chain([&self.condition, &self.most]).any(|field| !field.is_empty())
    }

    /// Whether the part of the form is shown open.
    pub fn is_open(&self) -> bool {
        self.is_repeated() || self.is_said()
    }

    /// The repetition that the fields say. Whether a loop asks before its first pass is not in the form: it stays as in
    /// `before`.
    pub fn repeat(&self, page: &Page, before: Option<&Repeat>, errors: &mut Errors) -> Option<Repeat> {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        if self.kind.is_empty() {
            return before.cloned();
        }
        if !self.is_repeated() {
            // Where it was repeated so far, the fields are what is taken away. Otherwise somebody has just filled them.
            if before.is_none() && self.is_said() {
                errors.push("mehrmals", page.t("processes-repeat-how-missing"));
            }
            return None;
        }
        let was = |expression: fn(&Repeat) -> Option<&str>| before.and_then(expression);
        if self.kind == "solange" {
            if self.condition.is_empty() && self.most.is_empty() {
                errors.push("solange", page.t("processes-repeat-while-missing"));
            }
            check_feel(page, errors, "solange", &self.condition);
            if !self.most.is_empty() && period::number(&self.most).is_none() {
                errors.push("hoechstens", page.t("processes-number-wrong"));
            }
            let test_before = matches!(before, Some(Repeat::While { test_before: true, .. }));
            let condition = some(&condition::kept(was(loop_condition), &self.condition));
            return Some(Repeat::While { condition, test_before, maximum: some(&self.most) });
        }
        let passes = if self.kind == "anzahl" {
            if self.number.is_empty() {
                errors.push("durchgaenge", page.t("processes-repeat-number-missing"));
            }
            check_feel(page, errors, "durchgaenge", &self.number);
            Passes::Cardinality(condition::kept(was(count), &self.number))
        } else {
            if self.list.is_empty() {
                errors.push("liste", page.t("processes-repeat-list-missing"));
            }
            check_feel(page, errors, "liste", &self.list);
            Passes::Collection(condition::kept(was(count), &self.list))
        };
        if self.output.is_empty() != self.outputs.is_empty() {
            let field = if self.output.is_empty() { "teilergebnis" } else { "ergebnisse" };
            errors.push(field, page.t("processes-repeat-both"));
        }
        check_feel(page, errors, "genug", &self.enough);
        check_feel(page, errors, "teilergebnis", &self.output);
        Some(Repeat::Each {
            passes,
            sequential: self.order != "gleichzeitig",
            completion: some(&condition::kept(was(completion), &self.enough)),
            item: some(&self.item),
            output: some(&condition::kept(was(output), &self.output)),
            outputs: some(&self.outputs),
        })
    }

    pub fn kinds(&self, page: &Page) -> Vec<Choice> {
        let kinds = [
            ("einmal", page.t("processes-repeat-once")),
            ("liste", page.t("processes-repeat-list")),
            ("anzahl", page.t("processes-repeat-number")),
            ("solange", page.t("processes-repeat-while")),
        ];
        kinds.map(|(code, text)| Choice::new(code, text).selected(code == self.kind)).to_vec()
    }

    pub fn orders(&self, page: &Page) -> Vec<Choice> {
        let orders = [
            ("nacheinander", page.t("processes-repeat-in-order")),
            ("gleichzeitig", page.t("processes-repeat-parallel")),
        ];
        let is_chosen = |code: &str| code == self.order || (self.order.is_empty() && code == "nacheinander");
        orders.map(|(code, text)| Choice::new(code, text).selected(is_chosen(code))).to_vec()
    }
}

fn loop_condition(repeat: &Repeat) -> Option<&str> {
    if let Repeat::While { condition, .. } = repeat { condition.as_deref() } else { None }
}

fn count(repeat: &Repeat) -> Option<&str> {
    match repeat {
        Repeat::Each { passes: Passes::Collection(text) | Passes::Cardinality(text), .. } => Some(text),
        Repeat::While { .. } => None,
    }
}

fn completion(repeat: &Repeat) -> Option<&str> {
    if let Repeat::Each { completion, .. } = repeat { completion.as_deref() } else { None }
}

fn output(repeat: &Repeat) -> Option<&str> {
    if let Repeat::Each { output, .. } = repeat { output.as_deref() } else { None }
}

/// Notes what keeps a text from being FEEL.
fn check_feel(page: &Page, errors: &mut Errors, field: &str, text: &str) {
    let expression = text.trim_start_matches('=').trim();
    if let Some(fault) = (!expression.is_empty()).then(|| condition::fault(page, expression)).flatten() {
        errors.push(field, page.t1("processes-feel-wrong", "fault", fault));
    }
}
