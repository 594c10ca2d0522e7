//! Steps and ways in words.

use bpmn::{
    Kind, Line, Model, On, Passes, Properties, Repeat, Target, Time, Way, model,
    period::{self, Period, Unit},
};
use house::Req;
use process_rules::names::Names;
use ui::Page;

use crate::{
    catalogue::{command_label, form_title},
    store::Draft,
    unit_name,
};

pub use process_rules::names::kind;

/// „Schritt 4a.1 „Freigeben““
pub fn target(page: &Page, target: &Target) -> String {
    match &target.name {
        Some(name) => page.t2("processes-target-named", "n", target.number.as_str(), "name", name.as_str()),
        None => page.t1("processes-target", "n", target.number.as_str()),
    }
}

/// A way with the step it leads to.
pub fn way(page: &Page, way: &Way) -> String {
    said(page, way, target(page, &way.target))
}

fn said(page: &Page, way: &Way, to: String) -> String {
    let text = match &way.condition {
        _ if way.is_default => page.t1("processes-way-else", "target", to),
        Some(condition) => page.t2("processes-way-when", "condition", condition.as_str(), "target", to),
        None => page.t1("processes-way-plain", "target", to),
    };
    match &way.name {
        Some(name) => format!("{name}: {text}"),
        None => text,
    }
}

/// A period as people say it, where it is a number of one unit; otherwise as it stands there.
pub fn period(page: &Page, text: &str) -> String {
    match Period::read(text) {
        Some(period) => number_of(page, period),
        None => text.to_owned(),
    }
}

fn number_of(page: &Page, Period { number, unit }: Period) -> String {
    match unit {
        Unit::Minutes => page.t1("processes-minutes", "n", number),
        Unit::Hours => page.t1("processes-hours", "n", number),
        Unit::Days => page.t1("processes-days", "n", number),
        Unit::Weeks => page.t1("processes-weeks", "n", number),
        Unit::Months => page.t1("processes-months", "n", number),
    }
}

/// When a timer is due.
fn time(page: &Page, time: &Time) -> String {
    match time {
        Time::Duration(text) => period(page, text),
        Time::Date(text) => period::date_shown(text).unwrap_or_else(|| text.clone()),
        Time::Cycle(text) => match period::read_cycle(text) {
            Some((Some(times), between)) => page.t2("processes-times", "n", times, "period", number_of(page, between)),
            Some((None, between)) => page.t1("processes-always-again", "period", number_of(page, between)),
            None => text.clone(),
        },
    }
}

/// How often a step is done, a sentence each.
fn repetition(page: &Page, repeat: &Repeat) -> Vec<String> {
    let mut facts = Vec::new();
    match repeat {
        Repeat::While { condition, maximum, test_before } => {
            facts.extend(condition.as_deref().map(|text| match *test_before {
                true => page.t1("processes-fact-while-before", "condition", value(text)),
                false => page.t1("processes-fact-while", "condition", value(text)),
            }));
            facts.extend(maximum.as_deref().map(|n| page.t1("processes-fact-most", "n", n)));
        }
        Repeat::Each { passes, sequential, completion, outputs, .. } => {
            let order = match *sequential {
                true => page.t("processes-repeat-in-order"),
                false => page.t("processes-repeat-parallel"),
            };
            facts.push(match passes {
                Passes::Collection(list) => page.t2("processes-fact-each", "list", value(list), "order", order),
                Passes::Cardinality(n) => page.t2("processes-fact-number", "n", value(n), "order", order),
            });
            let enough = completion.as_deref();
            facts.extend(enough.map(|text| page.t1("processes-fact-enough", "condition", value(text))));
            facts.extend(outputs.as_deref().map(|name| page.t1("processes-fact-collects", "name", name)));
        }
    }
    facts
}

/// The days of `P5D`.
pub fn days(text: &str) -> Option<u32> {
    text.trim().strip_prefix('P')?.strip_suffix('D')?.parse().ok()
}

fn value(text: &str) -> &str {
    text.strip_prefix('=').unwrap_or(text).trim()
}

/// Who does a step: the name of a unit, or the expression that says it.
pub fn who(rq: &Req, page: &Page, unit: &str) -> String {
    match unit.strip_prefix('=') {
        Some(expression) => page.t1("processes-unit-by", "expression", expression.trim()),
        None => unit_name(&rq.city.content, unit),
    }
}

fn listed(mappings: &[model::Mapping]) -> String {
    let all: Vec<String> = mappings.iter().map(|m| format!("{} = {}", m.name, value(&m.value))).collect();
    all.join("; ")
}

/// What a step is told to do, a sentence each.
pub fn facts(rq: &Req, page: &Page, model: &Model, line: &Line) -> Vec<String> {
    let mut facts = Vec::new();
    if let Some(host) = &line.host {
        facts.push(page.t1("processes-fact-host", "step", target(page, host)));
    }
    if let Some(due) = model.time(&line.element) {
        facts.push(page.t1("processes-fact-time", "time", time(page, &due)));
    }
    match (line.kind, model.error_code(&line.element)) {
        (Kind::End(On::Error), Some(code)) => facts.push(page.t1("processes-fact-ends-with", "code", code)),
        (Kind::Boundary { on: On::Error, .. }, Some(code)) => {
            facts.push(page.t1("processes-fact-error", "code", code));
        }
        (Kind::Boundary { on: On::Error, .. }, None) => facts.push(page.t("processes-fact-any-error")),
        (Kind::Boundary { interrupting: true, .. }, _) => facts.push(page.t("processes-fact-stops")),
        (Kind::Boundary { interrupting: false, .. }, _) => facts.push(page.t("processes-fact-goes-on")),
        _ => {}
    }
    let Some(said) = model.properties(&line.element) else { return facts };
    let Properties { command, form, unit, due, four_eyes, medienbruch, decision, called, message, .. } = &said;
    if let Some(unit) = unit {
        facts.push(page.t1("processes-fact-unit", "unit", who(rq, page, unit)));
    }
    if let Some(form) = form {
        facts.push(page.t1("processes-fact-form", "form", form_title(rq, form)));
    }
    if let Some(due) = due {
        facts.push(page.t1("processes-fact-due", "due", period(page, due)));
    }
    if let Some(other) = four_eyes {
        let lines = model.outline();
        let other = lines.iter().find(|line| line.element == *other).and_then(|line| line.name.clone());
        facts.push(page.t1("processes-fact-four-eyes", "step", other.unwrap_or_default()));
    }
    match medienbruch.as_deref() {
        None | Some("false") => {}
        Some("true") => facts.push(page.t("processes-fact-media")),
        Some(when) => facts.push(page.t1("processes-fact-media-when", "condition", value(when))),
    }
    if let Some(command) = command {
        facts.push(page.t1("processes-fact-command", "command", command_label(rq, command)));
    }
    if let Some(decision) = decision {
        facts.push(page.t1("processes-fact-decision", "decision", decision.as_str()));
    }
    if let Some(called) = called {
        facts.push(page.t1("processes-fact-call", "process", called.as_str()));
    }
    if let Some(message) = message {
        facts.push(page.t1("processes-fact-message", "message", message.as_str()));
    }
    if !said.inputs.is_empty() {
        facts.push(page.t1("processes-fact-inputs", "list", listed(&said.inputs)));
    }
    if !said.outputs.is_empty() {
        facts.push(page.t1("processes-fact-outputs", "list", listed(&said.outputs)));
    }
    facts.extend(said.repeat.iter().flat_map(|repeat| repetition(page, repeat)));
    facts
}

/// A line that is not as it was.
pub struct Change {
    pub before: String,
    pub after: String,
}

/// What a draft changes, in words.
#[derive(Default)]
pub struct Changes {
    pub added: Vec<String>,
    pub changed: Vec<Change>,
    pub removed: Vec<String>,
    /// The text differs in what no line says: the drawing, mostly.
    pub is_text: bool,
}

impl Changes {
    pub fn is_empty(&self) -> bool {
        !self.is_text && self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }
}

/// A step in one sentence, without numbers: those change wherever something is inserted before.
fn sentence(rq: &Req, page: &Page, model: &Model, names: &Names<'_>, line: &Line) -> String {
    let mut text = kind(page, line.kind);
    match &line.name {
        Some(name) => text = format!("{text} „{name}“"),
        None => {
            let place = names.place(page, &line.element);
            if !place.is_empty() {
                text = format!("{text} ({place})");
            }
        }
    }
    let ways = line.ways.iter().map(|way| {
        let to = match &way.target.name {
            Some(name) => format!("„{name}“"),
            None => names.name(page, &way.target.element),
        };
        said(page, way, to)
    });
    // What comes after the only way out is told by the step that came there.
    let ways = ways.filter(|_| line.ways.len() > 1);
    let facts: Vec<String> = facts(rq, page, model, line).into_iter().chain(ways).collect();
    if facts.is_empty() { text } else { format!("{text}: {}", facts.join("; ")) }
}

/// Compares a draft with the version it began from.
pub fn changes(rq: &Req, page: &Page, before: Option<&str>, draft: &Draft) -> Changes {
    let Some(before) = before.filter(|before| *before != draft.body) else { return Changes::default() };
    let models = Model::parse(before).ok().zip(super::read(draft).ok());
    let Some((old, new)) = models else { return Changes { is_text: true, ..Changes::default() } };
    let (old_lines, new_lines) = (old.outline(), new.outline());
    let (old_names, new_names) = (Names::of(&old_lines), Names::of(&new_lines));
    let mut changes = Changes::default();
    for line in &new_lines {
        let after = sentence(rq, page, &new, &new_names, line);
        match old_lines.iter().find(|other| other.element == line.element) {
            None => changes.added.push(after),
            Some(other) => {
                let before = sentence(rq, page, &old, &old_names, other);
                if before != after {
                    changes.changed.push(Change { before, after });
                }
            }
        }
    }
    let gone = old_lines.iter().filter(|line| new_lines.iter().all(|other| other.element != line.element));
    changes.removed = gone.map(|line| sentence(rq, page, &old, &old_names, line)).collect();
    changes.is_text = changes.is_empty();
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_days_are_told_as_days() {
        assert_eq!(days("P14D"), Some(14));
        assert_eq!(days("PT4H"), None);
        assert_eq!(days("P1M3D"), None);
        assert_eq!(days("= frist"), None);
    }
}
