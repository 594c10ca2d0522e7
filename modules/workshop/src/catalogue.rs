//! What a step can be told to do: commands, forms, units, decisions and processes of the city, with names for people.

use std::collections::BTreeMap;

use axum::{Json, response::IntoResponse as _};
use house::{Answer, Req};
use process_rules::{name_in, rules, topics::topic_of};
use serde::{Deserialize, Serialize};
use ui::Choice;

use super::condition;

/// Something to choose.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    pub key: String,
    pub name: String,
}

/// A command that a step can call.
#[derive(Clone, Debug, Serialize)]
pub struct Command {
    pub key: String,
    pub label: String,
    /// Names of what it takes.
    pub inputs: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Form {
    pub key: String,
    pub title: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct Catalogue {
    pub commands: Vec<Command>,
    pub forms: Vec<Form>,
    pub units: Vec<Entry>,
    pub decisions: Vec<Entry>,
    pub processes: Vec<Entry>,
}

/// A form of the city, as far as this room names it.
#[derive(Deserialize)]
struct Titled {
    #[serde(default)]
    title: BTreeMap<String, String>,
}

/// What every command gets without being told.
const GIVEN: [&str; 2] = ["case", "token"];

/// What a command does, for people; its own name where no text says it.
pub fn command_label(rq: &Req, command: &str) -> String {
    if let Some(topic) = topic_of(command) {
        return rq.untitled().t1("processes-external", "topic", topic);
    }
    let key = format!("processes-command-{}", command.replace('.', "-"));
    let (texts, lang) = (&rq.app.texts, rq.cx.lang);
    if texts.has(lang, &key) { texts.plain(lang, &key) } else { command.to_owned() }
}

/// The title of a form in the language of the page; its key where it has none.
pub fn form_title(rq: &Req, key: &str) -> String {
    let form = rq.city.content.toml::<Titled>("forms", key).ok();
    let title = form.and_then(|form| form.title.get(rq.cx.lang.code()).or_else(|| form.title.get("de")).cloned());
    title.unwrap_or_else(|| key.to_owned())
}

pub fn of(rq: &Req) -> Catalogue {
    let content = &rq.city.content;
    let tasks = rq.app.commands.tasks().values().map(|task| {
        let properties = task.schema.get("properties").and_then(|found| found.as_object());
        let names = properties.into_iter().flat_map(|found| found.keys());
        Command {
            key: task.name.to_owned(),
            label: command_label(rq, task.name),
            inputs: names.filter(|name| !GIVEN.contains(&name.as_str())).cloned().collect(),
        }
    });
    let mut commands: Vec<Command> = tasks.collect();
    commands.sort_by(|a, b| a.label.cmp(&b.label));
    let forms = content.all("forms").into_iter().map(|item| {
        let title = form_title(rq, &item.key);
        Form { key: item.key.clone(), title }
    });
    let mut decisions = Vec::new();
    for item in content.all("decisions") {
        let Ok(model) = content.parse(&item, rules::read_decision) else { continue };
        for decision in model.decisions() {
            let key = format!("{}#{}", item.key, decision.name);
            decisions.push(Entry { key, name: format!("{}: {}", model.name(), decision.name) });
        }
    }
    let processes = content.all("processes").into_iter().map(|item| {
        let name = name_in("processes", &item.key, &item.body);
        Entry { key: item.key.clone(), name }
    });
    Catalogue {
        commands,
        // Forms for tasks lie in a folder of their own; the others are for applicants.
        forms: forms.filter(|form| form.key.starts_with("tasks/")).collect(),
        units: condition::units(content).into_iter().map(|(key, name)| Entry { key, name }).collect(),
        decisions,
        processes: processes.collect(),
    }
}

/// `/intern/prozesswerkstatt/auswahl.json`: for the panel beside the drawing.
pub async fn download(rq: Req) -> Answer {
    Ok(Json(of(&rq)).into_response())
}

/// The entries to choose from; what is chosen now is among them, whatever it is.
pub fn choices<'a>(entries: impl Iterator<Item = (&'a str, &'a str)>, current: &str) -> Vec<Choice> {
    let mut all: Vec<Choice> = entries.map(|(key, name)| Choice::new(key, name).selected(key == current)).collect();
    if !current.is_empty() && all.iter().all(|choice| !choice.selected) {
        all.push(Choice::new(current, current).selected(true));
    }
    all
}
