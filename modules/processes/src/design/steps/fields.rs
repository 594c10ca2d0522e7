//! The form of a step: what it shows, and what it makes of what was sent.

use std::collections::HashMap;

use bpmn::{
    Kind, Line, Model, On, Properties, StepKind, Time,
    model::{self, FlowContent, FlowElement, FlowNode, Mapping, NodeKind},
};
use feel::{Expr, Scope};
use house::Req;
use ui::{Choice, Errors, Page};

use super::words;
use crate::design::{catalogue, condition};

/// Inputs and outputs that a form shows at most.
const MOST_ROWS: usize = 40;
/// Rows left free for new ones.
const FREE_ROWS: usize = 2;
/// Longest name and expression, in characters. Fields offer less; what came longer from a file must not be cut when its step is
/// saved.
const LONGEST: usize = 10_000;

/// What a form sent, by field.
#[derive(Clone, Default)]
pub struct Sent(HashMap<String, String>);

impl Sent {
    pub fn new(fields: Vec<(String, String)>) -> Self {
        Self(fields.into_iter().collect())
    }

    pub fn of(&self, field: &str) -> &str {
        self.0.get(field).map_or("", |text| text.trim())
    }

    pub fn some(&self, field: &str) -> Option<String> {
        let text: String = self.of(field).chars().take(LONGEST).collect();
        (!text.is_empty()).then_some(text)
    }

    pub fn revision(&self) -> i64 {
        self.of("revision").parse().unwrap_or(0)
    }
}

/// Steps that can be inserted, by the code of the form.
pub const STEPS: [(&str, StepKind, Kind); 7] = [
    ("aufgabe", StepKind::UserTask, Kind::UserTask),
    ("dienst", StepKind::ServiceTask, Kind::ServiceTask),
    ("regel", StepKind::BusinessRuleTask, Kind::BusinessRuleTask),
    ("senden", StepKind::SendTask, Kind::SendTask),
    ("empfangen", StepKind::ReceiveTask, Kind::ReceiveTask),
    ("hand", StepKind::ManualTask, Kind::ManualTask),
    ("aufruf", StepKind::CallActivity, Kind::CallActivity),
];

/// Timers by the code of the form.
const TIMES: [&str; 3] = ["dauer", "zeitpunkt", "wiederholung"];

/// The values of a form, whether they come from the model or from whoever filled it in.
#[derive(Clone, Default)]
pub struct Values {
    pub name: String,
    unit: String,
    form: String,
    due: String,
    four_eyes: String,
    media: String,
    media_when: String,
    command: String,
    decision: String,
    called: String,
    message: String,
    key: String,
    time_kind: String,
    time: String,
    inputs: Vec<(String, String)>,
    outputs: Vec<(String, String)>,
}

fn rows(mappings: &[Mapping]) -> Vec<(String, String)> {
    mappings.iter().map(|m| (m.name.clone(), m.value.clone())).collect()
}

fn sent_rows(sent: &Sent, way: &str) -> Vec<(String, String)> {
    let row = |n: usize| {
        let name = sent.some(&format!("{way}-name-{n}")).unwrap_or_default();
        (name, sent.some(&format!("{way}-wert-{n}")).unwrap_or_default())
    };
    (1..=MOST_ROWS).map(row).filter(|(name, value)| !name.is_empty() || !value.is_empty()).collect()
}

impl Values {
    pub fn of_model(model: &Model, line: &Line) -> Self {
        let said = model.properties(&line.element).unwrap_or_default();
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let due = text(&said.due);
        let (media, media_when) = match said.medienbruch.as_deref() {
            None | Some("false") => ("nein", String::new()),
            Some("true") => ("ja", String::new()),
            Some(when) => ("wenn", when.trim_start_matches('=').trim().to_owned()),
        };
        let (time_kind, time) = time_of(model, &line.element).unwrap_or(("dauer", String::new()));
        Self {
            name: line.name.clone().unwrap_or_default(),
            unit: text(&said.unit),
            form: text(&said.form),
            due: words::days(&due).map_or(due, |days| days.to_string()),
            four_eyes: text(&said.four_eyes),
            media: media.to_owned(),
            media_when,
            command: text(&said.command),
            decision: text(&said.decision),
            called: text(&said.called),
            message: text(&said.message),
            key: text(&said.key),
            time_kind: time_kind.to_owned(),
            time,
            inputs: rows(&said.inputs),
            outputs: rows(&said.outputs),
        }
    }

    pub fn of_sent(sent: &Sent) -> Self {
        let text = |field: &str| sent.some(field).unwrap_or_default();
        Self {
            name: text("name"),
            unit: text("einheit"),
            form: text("formular"),
            due: text("frist"),
            four_eyes: text("vieraugen"),
            media: text("medienbruch"),
            media_when: text("medienbruch_wenn"),
            command: text("befehl"),
            decision: text("entscheidung"),
            called: text("aufruf"),
            message: text("nachricht"),
            key: text("schluessel"),
            time_kind: text("zeitart"),
            time: text("zeit"),
            inputs: sent_rows(sent, "ein"),
            outputs: sent_rows(sent, "aus"),
        }
    }

    /// What the step is to do; what the form of this kind does not show stays as in `before`.
    pub fn properties(&self, page: &Page, kind: Kind, before: Properties, errors: &mut Errors) -> Properties {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let mut said = before;
        let asks = Asks::of(kind);
        if asks.user {
            said.unit = some(&self.unit);
            said.form = some(&self.form);
            said.due = self.due(page, errors);
            said.four_eyes = some(&self.four_eyes);
            said.medienbruch = self.media(page, errors);
        }
        if asks.command {
            said.command = some(&self.command);
        }
        if asks.decision {
            said.decision = some(&self.decision);
        }
        if asks.call {
            said.called = some(&self.called);
        }
        if asks.message {
            said.message = some(&self.message);
            said.key = some(&self.key);
            if let Some(fault) = said.key.as_deref().map(|key| key.trim_start_matches('=')).and_then(condition::fault) {
                errors.push("schluessel", page.t1("processes-feel-wrong", "fault", fault));
            }
        }
        if asks.inputs {
            said.inputs = mappings(page, "ein", &self.inputs, errors);
        }
        if asks.outputs {
            said.outputs = mappings(page, "aus", &self.outputs, errors);
        }
        said
    }

    fn due(&self, page: &Page, errors: &mut Errors) -> Option<String> {
        let due = self.due.as_str();
        match due {
            "" => None,
            _ if due.len() < 5 && due.bytes().all(|b| b.is_ascii_digit()) => Some(format!("P{due}D")),
            _ if due.starts_with('=') || due.starts_with('P') => Some(due.to_owned()),
            _ => {
                errors.push("frist", page.t("processes-due-wrong"));
                None
            }
        }
    }

    fn media(&self, page: &Page, errors: &mut Errors) -> Option<String> {
        match self.media.as_str() {
            "ja" => Some("true".to_owned()),
            "wenn" => {
                let when = self.media_when.trim_start_matches('=').trim();
                if when.is_empty() {
                    errors.push("medienbruch_wenn", page.t("processes-media-when-missing"));
                } else if let Some(fault) = condition::fault(when) {
                    errors.push("medienbruch_wenn", page.t1("processes-feel-wrong", "fault", fault));
                }
                Some(format!("= {when}"))
            }
            _ => None,
        }
    }

    /// The time of a timer event.
    pub fn time(&self, page: &Page, errors: &mut Errors) -> Option<Time> {
        if self.time.is_empty() {
            errors.push("zeit", page.t("processes-time-missing"));
            return None;
        }
        let time = self.time.clone();
        Some(match self.time_kind.as_str() {
            "zeitpunkt" => Time::Date(time),
            "wiederholung" => Time::Cycle(time),
            _ if self.time.bytes().all(|b| b.is_ascii_digit()) => Time::Duration(format!("P{time}D")),
            _ => Time::Duration(time),
        })
    }
}

fn mappings(page: &Page, way: &str, rows: &[(String, String)], errors: &mut Errors) -> Vec<Mapping> {
    let mut all = Vec::new();
    for ((name, value), n) in rows.iter().zip(1..) {
        if name.is_empty() {
            errors.push(format!("{way}-name-{n}"), page.t("processes-row-name"));
        } else if value.is_empty() {
            errors.push(format!("{way}-wert-{n}"), page.t("processes-row-value"));
        } else if let Err(fault) = Expr::parse(value.trim_start_matches('='), &Scope::default()) {
            errors.push(format!("{way}-wert-{n}"), page.t1("processes-feel-wrong", "fault", fault.to_string()));
        }
        all.push(Mapping { name: name.clone(), value: value.clone() });
    }
    all
}

/// Which parts the form of a kind has.
#[derive(Clone, Copy, Default)]
pub struct Asks {
    pub user: bool,
    pub command: bool,
    pub decision: bool,
    pub call: bool,
    pub message: bool,
    pub time: bool,
    pub inputs: bool,
    pub outputs: bool,
}

impl Asks {
    pub fn of(kind: Kind) -> Self {
        let rows = Self { inputs: true, outputs: true, ..Self::default() };
        match kind {
            Kind::UserTask => Self { user: true, outputs: true, ..Self::default() },
            Kind::ServiceTask | Kind::SendTask => Self { command: true, ..rows },
            Kind::BusinessRuleTask => Self { decision: true, ..rows },
            Kind::CallActivity => Self { call: true, ..rows },
            Kind::ReceiveTask => Self { message: true, outputs: true, ..Self::default() },
            Kind::Start(On::Timer) | Kind::Catch(On::Timer) | Kind::Boundary { on: On::Timer, .. } => {
                Self { time: true, ..Self::default() }
            }
            _ => Self::default(),
        }
    }

    /// Whether what a step is to do can be set here at all.
    pub fn is_something(self) -> bool {
        self.user || self.command || self.decision || self.call || self.message
    }
}

/// A row of inputs or outputs.
pub struct Row {
    pub name_field: String,
    pub name_label: String,
    pub name: String,
    pub name_error: String,
    pub value_field: String,
    pub value_label: String,
    pub value: String,
    pub value_error: String,
}

/// The parts of a form, ready to be shown.
pub struct Shown {
    pub asks: Asks,
    pub values: Values,
    pub units: Vec<Choice>,
    pub forms: Vec<Choice>,
    pub others: Vec<Choice>,
    pub media: Vec<Choice>,
    pub commands: Vec<Choice>,
    pub decisions: Vec<Choice>,
    pub processes: Vec<Choice>,
    pub times: Vec<Choice>,
    pub inputs: Vec<Row>,
    pub outputs: Vec<Row>,
}

impl Shown {
    pub fn due(&self) -> &str {
        &self.values.due
    }

    pub fn media_when(&self) -> &str {
        &self.values.media_when
    }

    pub fn message(&self) -> &str {
        &self.values.message
    }

    pub fn key(&self) -> &str {
        &self.values.key
    }

    pub fn time(&self) -> &str {
        &self.values.time
    }
}

fn shown_rows(page: &Page, way: &str, rows: &[(String, String)], errors: &Errors) -> Vec<Row> {
    let count = (rows.len() + FREE_ROWS).min(MOST_ROWS);
    let row = |n: usize| {
        let (name, value) = rows.get(n - 1).cloned().unwrap_or_default();
        let (name_field, value_field) = (format!("{way}-name-{n}"), format!("{way}-wert-{n}"));
        Row {
            name_label: page.t1("processes-row-name-label", "n", n),
            value_label: page.t1("processes-row-value-label", "n", n),
            name_error: errors.of(&name_field).to_owned(),
            value_error: errors.of(&value_field).to_owned(),
            name_field,
            name,
            value_field,
            value,
        }
    };
    (1..=count).map(row).collect()
}

/// The units to choose from: those of the city, and what other steps of the process say, e.g. `= stelle`.
fn units(rq: &Req, page: &Page, lines: &[Line], model: &Model, current: &str) -> Vec<Choice> {
    let mut all = condition::units(&rq.city.content);
    for line in lines {
        let unit = model.properties(&line.element).and_then(|said| said.unit);
        if let Some(unit) = unit.filter(|unit| unit.starts_with('=') && all.iter().all(|(key, _)| key != unit)) {
            let name = page.t1("processes-unit-as", "step", line.name.clone().unwrap_or_default());
            all.push((unit, name));
        }
    }
    catalogue::choices(all.iter().map(|(key, name)| (key.as_str(), name.as_str())), current)
}

/// The form of a kind with these values. `own` is the step itself, which is none of the others.
pub fn shown(rq: &Req, page: &Page, model: &Model, own: &str, kind: Kind, values: Values, errors: &Errors) -> Shown {
    let city = catalogue::of(rq);
    let lines = model.outline();
    let tasks = lines.iter().filter(|line| line.kind == Kind::UserTask && line.element != own);
    let others: Vec<(&str, &str)> =
        tasks.map(|line| (line.element.as_str(), line.name.as_deref().unwrap_or(&line.element))).collect();
    let media = [
        ("nein", page.t("processes-media-no")),
        ("ja", page.t("processes-media-yes")),
        ("wenn", page.t("processes-media-when")),
    ];
    let media = media.map(|(code, text)| {
        let chosen = code == values.media || (values.media.is_empty() && code == "nein");
        Choice::new(code, text).selected(chosen)
    });
    let times = [page.t("processes-time-duration"), page.t("processes-time-date"), page.t("processes-time-cycle")];
    let times = TIMES.into_iter().zip(times);
    let times = times.map(|(code, text)| Choice::new(code, text).selected(code == values.time_kind));
    let commands = city.commands.iter().map(|command| (command.key.as_str(), command.label.as_str()));
    let forms = city.forms.iter().map(|form| (form.key.as_str(), form.title.as_str()));
    let decisions = city.decisions.iter().map(|entry| (entry.key.as_str(), entry.name.as_str()));
    let processes = city.processes.iter().map(|entry| (entry.key.as_str(), entry.name.as_str()));
    Shown {
        asks: Asks::of(kind),
        units: units(rq, page, &lines, model, &values.unit),
        forms: catalogue::choices(forms, &values.form),
        others: catalogue::choices(others.into_iter(), &values.four_eyes),
        media: media.to_vec(),
        commands: catalogue::choices(commands, &values.command),
        decisions: catalogue::choices(decisions, &values.decision),
        processes: catalogue::choices(processes, &values.called),
        times: times.collect(),
        inputs: shown_rows(page, "ein", &values.inputs, errors),
        outputs: shown_rows(page, "aus", &values.outputs, errors),
        values,
    }
}

/// The time of a timer event with its code in the form; none for other elements.
pub fn time_of(model: &Model, element: &str) -> Option<(&'static str, String)> {
    let node = node(&model.process()?.content, element)?;
    let definitions = match &node.kind {
        NodeKind::StartEvent(event) => &event.definitions,
        NodeKind::CatchEvent(event) => &event.definitions,
        NodeKind::BoundaryEvent(event) => &event.definitions,
        _ => return None,
    };
    definitions.iter().find_map(|definition| match &definition.trigger {
        model::EventTrigger::Timer(model::Timer::Duration(said)) => Some(("dauer", said.body.trim().to_owned())),
        model::EventTrigger::Timer(model::Timer::Date(said)) => Some(("zeitpunkt", said.body.trim().to_owned())),
        model::EventTrigger::Timer(model::Timer::Cycle(said)) => Some(("wiederholung", said.body.trim().to_owned())),
        _ => None,
    })
}

fn node<'m>(content: &'m FlowContent, element: &str) -> Option<&'m FlowNode> {
    content.elements.iter().find_map(|found| match found {
        FlowElement::Node(found) if found.base.id == element => Some(found.as_ref()),
        FlowElement::Node(found) => match &found.kind {
            NodeKind::SubProcess(_, inner) => node(&inner.content, element),
            _ => None,
        },
        _ => None,
    })
}
