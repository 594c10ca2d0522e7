//! The form of a step: what it shows, and what it makes of what was sent.

use std::collections::{BTreeSet, HashMap};

use bpmn::{Goal, Kind, Line, Model, On, Properties, StepKind, Time, model::Mapping};
use house::Req;
use process_rules::topics;
use ui::{Choice, Errors, Page};

use super::{repeat::Repetition, times::Times, words};
use crate::{catalogue, condition};

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

    /// Numbers of the rows that were sent, of fields like `ein-name-3`.
    fn rows(&self, way: &str) -> BTreeSet<usize> {
        let number = |field: &String| {
            let row = field.strip_prefix(way)?.strip_prefix('-')?;
            row.strip_prefix("name-").or_else(|| row.strip_prefix("wert-"))?.parse::<usize>().ok()
        };
        self.0.keys().filter_map(number).collect()
    }

    pub fn revision(&self) -> i64 {
        self.of("revision").parse().unwrap_or(0)
    }
}

/// Steps that can be inserted, by the code of the form.
pub const STEPS: [(&str, Kind); 8] = [
    ("aufgabe", Kind::UserTask),
    ("dienst", Kind::ServiceTask),
    ("regel", Kind::BusinessRuleTask),
    ("senden", Kind::SendTask),
    ("empfangen", Kind::ReceiveTask),
    ("warten", Kind::Catch(On::Timer)),
    ("hand", Kind::ManualTask),
    ("aufruf", Kind::CallActivity),
];

/// The kind of a new step; none for what cannot be inserted, and for waiting without a time.
pub fn step_kind(kind: Kind, time: Option<Time>) -> Option<StepKind> {
    Some(match kind {
        Kind::UserTask => StepKind::UserTask,
        Kind::ServiceTask => StepKind::ServiceTask,
        Kind::BusinessRuleTask => StepKind::BusinessRuleTask,
        Kind::SendTask => StepKind::SendTask,
        Kind::ReceiveTask => StepKind::ReceiveTask,
        Kind::Catch(On::Timer) => StepKind::Wait(time?),
        Kind::ManualTask => StepKind::ManualTask,
        Kind::CallActivity => StepKind::CallActivity,
        _ => return None,
    })
}

/// What the form sends where a program outside does a step; the topic stands in a field of its own.
const EXTERNAL: &str = "external:";
/// What the form sends for a way to an end of its own. No id begins like this.
const NEW_END: &str = "+ende";

/// Where a way is to lead.
pub fn goal(sent: &Sent) -> Goal {
    match sent.of("ziel") {
        NEW_END => Goal::NewEnd { name: sent.some("ende") },
        element => Goal::Element(element.to_owned()),
    }
}

/// Where a way may lead: everything on its level but starts and events at activities, and a new end, which is chosen where
/// nothing else is.
pub fn goals(page: &Page, lines: &[Line], inside: Option<&str>, current: &str) -> Vec<Choice> {
    let possible = lines.iter().filter(|line| {
        let is_target = !matches!(line.kind, Kind::Start(_) | Kind::Boundary { .. } | Kind::EventSubProcess);
        is_target && line.inside.as_deref() == inside
    });
    let choice = |line: &Line| {
        let what = line.name.clone().unwrap_or_else(|| words::kind(page, line.kind));
        Choice::new(line.element.as_str(), format!("{} {what}", line.number)).selected(line.element == current)
    };
    let end = Choice::new(NEW_END, page.t("processes-new-end")).selected(current == NEW_END || current.is_empty());
    possible.map(choice).chain([end]).collect()
}

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
    /// Of a program outside.
    pub topic: String,
    decision: String,
    called: String,
    message: String,
    key: String,
    pub times: Times,
    pub repeat: Repetition,
    /// Code of an error.
    pub error: String,
    /// Whether an event at a step ends it: `ja`, `nein`, or empty where the form does not ask.
    stops: String,
    /// Where the way of an event at a step leads.
    pub target: String,
    /// Name of the end that is made for it.
    pub end_name: String,
    inputs: Vec<(String, String)>,
    outputs: Vec<(String, String)>,
}

fn rows(mappings: &[Mapping]) -> Vec<(String, String)> {
    mappings.iter().map(|m| (m.name.clone(), condition::one_line(&m.value))).collect()
}

fn sent_rows(sent: &Sent, way: &str) -> Vec<(String, String)> {
    let row = |n: usize| {
        let name = sent.some(&format!("{way}-name-{n}")).unwrap_or_default();
        (name, sent.some(&format!("{way}-wert-{n}")).unwrap_or_default())
    };
    sent.rows(way).into_iter().map(row).filter(|(name, value)| !name.is_empty() || !value.is_empty()).collect()
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
        let command = text(&said.command);
        let (command, topic) = match topics::topic_of(&command) {
            Some(topic) => (EXTERNAL.to_owned(), topic.to_owned()),
            None => (command, String::new()),
        };
        let stops = match line.kind {
            Kind::Boundary { interrupting: true, .. } => "ja",
            Kind::Boundary { interrupting: false, .. } => "nein",
            _ => "",
        };
        Self {
            name: line.name.clone().unwrap_or_default(),
            unit: text(&said.unit),
            form: text(&said.form),
            due: words::days(&due).map_or(due, |days| days.to_string()),
            four_eyes: text(&said.four_eyes),
            media: media.to_owned(),
            media_when,
            command,
            topic,
            decision: text(&said.decision),
            called: text(&said.called),
            message: text(&said.message),
            key: text(&said.key),
            times: model.time(&line.element).as_ref().map(Times::of_time).unwrap_or_default(),
            repeat: Repetition::of_repeat(said.repeat.as_ref()),
            error: model.error_code(&line.element).unwrap_or_default(),
            stops: stops.to_owned(),
            target: line.ways.first().map(|way| way.target.element.clone()).unwrap_or_default(),
            end_name: String::new(),
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
            topic: text("thema"),
            decision: text("entscheidung"),
            called: text("aufruf"),
            message: text("nachricht"),
            key: text("schluessel"),
            times: Times::of_sent(sent),
            repeat: Repetition::of_sent(sent),
            error: text("fehler"),
            stops: text("abbruch"),
            target: text("ziel"),
            end_name: text("ende"),
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
            said.command = self.command(page, errors);
        }
        if asks.repeat {
            said.repeat = self.repeat.repeat(page, said.repeat.as_ref(), errors);
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
            let key = said.key.as_deref().map(|key| key.trim_start_matches('='));
            if let Some(fault) = key.and_then(|key| condition::fault(page, key)) {
                errors.push("schluessel", page.t1("processes-feel-wrong", "fault", fault));
            }
        }
        if asks.inputs {
            said.inputs = mappings(page, "ein", &self.inputs, &said.inputs, errors);
        }
        if asks.outputs {
            said.outputs = mappings(page, "aus", &self.outputs, &said.outputs, errors);
        }
        said
    }

    fn due(&self, page: &Page, errors: &mut Errors) -> Option<String> {
        let due = self.due.as_str();
        match due {
            "" => None,
            _ if due.len() < 5 && due.bytes().all(|b| b.is_ascii_digit()) => Some(format!("P{due}D")),
            _ if due.starts_with('=') => {
                if let Some(fault) = condition::fault(page, due.trim_start_matches('=')) {
                    errors.push("frist", page.t1("processes-feel-wrong", "fault", fault));
                }
                Some(due.to_owned())
            }
            _ if due.starts_with('P') => Some(due.to_owned()),
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
                } else if let Some(fault) = condition::fault(page, when) {
                    errors.push("medienbruch_wenn", page.t1("processes-feel-wrong", "fault", fault));
                }
                Some(format!("= {when}"))
            }
            _ => None,
        }
    }

    fn command(&self, page: &Page, errors: &mut Errors) -> Option<String> {
        if self.command == EXTERNAL {
            if !topics::is_topic(&self.topic) {
                errors.push("thema", page.t("processes-topic-wrong"));
            }
            return Some(format!("{EXTERNAL}{}", self.topic));
        }
        if !self.topic.is_empty() {
            errors.push("thema", page.t("processes-topic-alone"));
        }
        (!self.command.is_empty()).then(|| self.command.clone())
    }

    /// Whether an event at a step ends it, or what holds where the form does not ask.
    pub fn stops(&self, otherwise: bool) -> bool {
        match self.stops.as_str() {
            "ja" => true,
            "nein" => false,
            _ => otherwise,
        }
    }

    /// The error code that was entered.
    pub fn code(&self) -> Option<String> {
        (!self.error.is_empty()).then(|| self.error.clone())
    }
}

/// Inputs or outputs as the fields say them. The model has no `=` before them.
fn mappings(
    page: &Page,
    way: &str,
    rows: &[(String, String)],
    before: &[Mapping],
    errors: &mut Errors,
) -> Vec<Mapping> {
    let mut all = Vec::new();
    for ((name, value), n) in rows.iter().zip(1..) {
        let value = value.trim_start_matches('=').trim();
        if name.is_empty() {
            errors.push(format!("{way}-name-{n}"), page.t("processes-row-name"));
        } else if value.is_empty() {
            errors.push(format!("{way}-wert-{n}"), page.t("processes-row-value"));
        } else if let Some(fault) = condition::fault(page, value) {
            errors.push(format!("{way}-wert-{n}"), page.t1("processes-feel-wrong", "fault", fault));
        }
        let drawn = before.iter().find(|mapping| mapping.name == *name).map(|mapping| mapping.value.as_str());
        all.push(Mapping { name: name.clone(), value: condition::kept(drawn, value) });
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
    pub error: bool,
    /// It can be done several times.
    pub repeat: bool,
    pub inputs: bool,
    pub outputs: bool,
}

impl Asks {
    pub fn of(kind: Kind) -> Self {
        let task = Self { repeat: true, outputs: true, ..Self::default() };
        let program = Self { inputs: true, ..task };
        let message = Self { message: true, outputs: true, ..Self::default() };
        match kind {
            Kind::UserTask => Self { user: true, ..task },
            Kind::ServiceTask | Kind::SendTask => Self { command: true, ..program },
            Kind::BusinessRuleTask => Self { decision: true, ..program },
            Kind::CallActivity => Self { call: true, ..program },
            Kind::ReceiveTask => Self { message: true, ..task },
            Kind::SubProcess => Self { repeat: true, ..Self::default() },
            Kind::Catch(On::Message) | Kind::Boundary { on: On::Message, .. } => message,
            Kind::Start(On::Timer) | Kind::Catch(On::Timer) | Kind::Boundary { on: On::Timer, .. } => {
                Self { time: true, ..Self::default() }
            }
            Kind::End(On::Nothing | On::Error) | Kind::Boundary { on: On::Error, .. } => {
                Self { error: true, ..Self::default() }
            }
            _ => Self::default(),
        }
    }

    /// Whether what a step is to do can be set here at all.
    pub fn is_something(self) -> bool {
        self.user || self.command || self.decision || self.call || self.message || self.repeat
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
    pub time_units: Vec<Choice>,
    /// Whether a time may come again and again.
    pub may_repeat: bool,
    pub repeats: Vec<Choice>,
    pub orders: Vec<Choice>,
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
}

fn shown_rows(page: &Page, way: &str, rows: &[(String, String)], errors: &Errors) -> Vec<Row> {
    let count = rows.len() + FREE_ROWS;
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
    let may_repeat = !matches!(kind, Kind::Catch(_));
    let commands = city.commands.iter().map(|command| (command.key.as_str(), command.label.as_str()));
    let forms = city.forms.iter().map(|form| (form.key.as_str(), form.title.as_str()));
    let decisions = city.decisions.iter().map(|entry| (entry.key.as_str(), entry.name.as_str()));
    let processes = city.processes.iter().map(|entry| (entry.key.as_str(), entry.name.as_str()));
    let mut commands =
        catalogue::choices(commands, if values.command == EXTERNAL { "" } else { values.command.as_str() });
    let external = Choice::new(EXTERNAL, page.t("processes-command-external"));
    commands.push(external.selected(values.command == EXTERNAL));
    Shown {
        asks: Asks::of(kind),
        units: units(rq, page, &lines, model, &values.unit),
        forms: catalogue::choices(forms, &values.form),
        others: catalogue::choices(others.into_iter(), &values.four_eyes),
        media: media.to_vec(),
        commands,
        decisions: catalogue::choices(decisions, &values.decision),
        processes: catalogue::choices(processes, &values.called),
        times: values.times.kinds(page, may_repeat),
        time_units: values.times.units(page),
        may_repeat,
        repeats: values.repeat.kinds(page),
        orders: values.repeat.orders(page),
        inputs: shown_rows(page, "ein", &values.inputs, errors),
        outputs: shown_rows(page, "aus", &values.outputs, errors),
        values,
    }
}
