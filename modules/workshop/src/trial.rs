//! A trial run (Probelauf): the model of a draft is stepped in memory, with the answers of whoever tries it. The state lies
//! in the page; no command is called and nothing is stored.

use askama::Template;
use axum::Form;
use bpmn::{Awaits, Due, Effect, Event, Line, Model, Outcome, State, Status, Vars, Wait};
use feel::{Context, Env};
use house::{Answer, Path, Req};
use kernel::{Result, Uuid};
use process_rules::{faults, rules::Rules};
use serde_json::Value;
use ui::{Choice, Page};

use super::{
    catalogue::command_label,
    condition, lint,
    pages::titled,
    steps,
    store::{self, Draft},
    unit_name,
};

/// Rows for variables in a form.
const ROWS: usize = 4;
/// Lines of the way that are kept, the last ones.
const LONGEST_TRAIL: usize = 500;

type Fields = Form<Vec<(String, String)>>;

fn field<'f>(sent: &'f [(String, String)], name: &str) -> &'f str {
    sent.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
}

/// A row for a variable.
struct Row {
    name_field: String,
    name: String,
    value_field: String,
    name_label: String,
    value_label: String,
}

fn rows(page: &Page, prefix: &str, names: Vec<String>) -> Vec<Row> {
    let count = names.len().saturating_add(ROWS).min(60);
    let row = |n: usize| Row {
        name_field: format!("{prefix}-name-{n}"),
        name: names.get(n - 1).cloned().unwrap_or_default(),
        value_field: format!("{prefix}-wert-{n}"),
        name_label: page.t1("processes-trial-name", "n", n),
        // Whoever hears the form does not see the name beside the value.
        value_label: match names.get(n - 1) {
            Some(name) => page.t1("processes-trial-value-of", "name", name.as_str()),
            None => page.t1("processes-trial-value", "n", n),
        },
    };
    (1..=count).map(row).collect()
}

/// The variables that were filled in. What is no JSON is a text.
fn vars(sent: &[(String, String)], prefix: &str) -> Vars {
    let mut vars = Vars::new();
    for n in 1..=60 {
        let name = field(sent, &format!("{prefix}-name-{n}")).trim();
        let value = field(sent, &format!("{prefix}-wert-{n}")).trim();
        if !name.is_empty() && !value.is_empty() {
            vars.insert(name.to_owned(), value_of(value));
        }
    }
    vars
}

fn value_of(text: &str) -> Value {
    let number = text.replacen(',', ".", 1);
    serde_json::from_str(text)
        .or_else(|_| serde_json::from_str::<serde_json::Number>(&number).map(Value::Number))
        .unwrap_or_else(|_| Value::String(text.to_owned()))
}

/// Something that the run waits for.
struct Waiting {
    token: u64,
    title: String,
    text: String,
    rows: Vec<Row>,
    /// Code of the action, and what its button says.
    action: &'static str,
    button: String,
    /// It may also fail with a code.
    may_fail: bool,
}

#[derive(Template)]
#[template(path = "trial.html")]
struct Trial<'a> {
    page: &'a Page,
    id: Uuid,
    is_begun: bool,
    start: Vec<Row>,
    state: String,
    trail: String,
    way: Vec<String>,
    waiting: Vec<Waiting>,
    known: Vec<(String, String)>,
    end: String,
    problem: String,
}

/// What the answer of a command holds, as far as the step's outputs name it (`result.entry`).
fn members(outputs: &[bpmn::model::Mapping]) -> Vec<String> {
    let mut names = Vec::new();
    for mapping in outputs {
        for part in mapping.value.split("result.").skip(1) {
            let name: String = part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if !name.is_empty() && !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

struct Run<'r> {
    rq: &'r Req,
    page: &'r Page,
    model: &'r Model,
    lines: Vec<Line>,
}

impl Run<'_> {
    fn name(&self, element: &str) -> String {
        let line = self.lines.iter().find(|line| line.element == element);
        match line.map(|line| (&line.number, &line.name)) {
            Some((number, Some(name))) => format!("{number} {name}"),
            Some((number, None)) => format!("{number} {element}"),
            None => element.to_owned(),
        }
    }

    /// What an effect would do, in words; none for what happens inside.
    fn told(&self, effect: &Effect) -> Option<String> {
        let page = self.page;
        let json = |vars: &Vars| serde_json::to_string(vars).unwrap_or_default();
        Some(match effect {
            Effect::Entered { element, .. } => page.t1("processes-trial-entered", "step", self.name(element)),
            Effect::Left { element, interrupted: true, .. } => {
                page.t1("processes-trial-interrupted", "step", self.name(element))
            }
            Effect::CallCommand { command, inputs, .. } => {
                let label = command_label(self.rq, command);
                page.t2("processes-trial-command", "command", label, "inputs", json(inputs))
            }
            Effect::OpenUserTask(task) => {
                let unit = task.unit.as_deref().unwrap_or_default();
                page.t1("processes-trial-task", "unit", unit_name(&self.rq.city.content, unit))
            }
            Effect::CallProcess { key, inputs, .. } => {
                page.t2("processes-trial-call", "process", key.as_str(), "inputs", json(inputs))
            }
            Effect::ScheduleTimer { element, due, .. } => {
                let (Due::Date(time) | Due::Duration(time)) = due;
                page.t2("processes-trial-timer", "step", self.name(element), "time", time.as_str())
            }
            Effect::SendMessage { name, .. } => page.t1("processes-trial-message", "name", name.as_str()),
            Effect::Broadcast { name, .. } => page.t1("processes-trial-signal", "name", name.as_str()),
            Effect::Incident { element, message, .. } => {
                page.t2("processes-trial-incident", "step", self.name(element), "message", message.as_str())
            }
            Effect::Finished { .. } => page.t("processes-trial-finished"),
            _ => return None,
        })
    }

    fn waiting(&self, state: &State) -> Vec<Waiting> {
        let page = self.page;
        let mut all = Vec::new();
        for token in state.tokens() {
            let said = self.model.properties(&token.element).unwrap_or_default();
            let mut add = |action: &'static str, button: String, text: String, names: Option<Vec<String>>, fails| {
                all.push(Waiting {
                    token: token.id,
                    title: self.name(&token.element),
                    text,
                    rows: names.map_or_else(Vec::new, |names| rows(page, &format!("m{}", token.id), names)),
                    action,
                    button,
                    may_fail: fails,
                });
            };
            match &token.wait {
                Wait::User => {
                    let form = said.form.unwrap_or_default();
                    let names = condition::codes(&self.rq.city.content, &form);
                    add(
                        "fertig",
                        page.t("processes-trial-done"),
                        page.t("processes-trial-wait-user"),
                        Some(names),
                        false,
                    );
                }
                Wait::Command | Wait::Process => {
                    let names = members(&said.outputs);
                    let text = page.t("processes-trial-wait-command");
                    add("fertig", page.t("processes-trial-answer"), text, Some(names), true);
                }
                Wait::Timer => {
                    add("zeit", page.t("processes-trial-time"), page.t("processes-trial-wait-timer"), None, false);
                }
                Wait::Message { name, .. } => {
                    let text = page.t1("processes-trial-wait-message", "name", name.as_str());
                    add("nachricht", page.t("processes-trial-arrive"), text, Some(Vec::new()), false);
                }
                Wait::Signal { name } => {
                    let text = page.t1("processes-trial-wait-signal", "name", name.as_str());
                    add("signal", page.t("processes-trial-arrive"), text, Some(Vec::new()), false);
                }
                Wait::Incident { message, .. } => {
                    add("nochmal", page.t("processes-retry"), message.clone(), None, false);
                }
                Wait::Loop { .. } | Wait::Each { .. } | Wait::Join { .. } | Wait::Scope | Wait::Events => {}
            }
        }
        for watch in state.watches() {
            let (action, button, text) = match &watch.awaits {
                Awaits::Timer | Awaits::Cycle { .. } => {
                    ("zeit", page.t("processes-trial-time"), page.t("processes-trial-wait-timer"))
                }
                Awaits::Message { name, .. } => {
                    let text = page.t1("processes-trial-wait-message", "name", name.as_str());
                    ("nachricht", page.t("processes-trial-arrive"), text)
                }
                Awaits::Signal { name } => {
                    let text = page.t1("processes-trial-wait-signal", "name", name.as_str());
                    ("signal", page.t("processes-trial-arrive"), text)
                }
            };
            let title = self.name(&watch.element);
            all.push(Waiting { token: watch.id, title, text, rows: Vec::new(), action, button, may_fail: false });
        }
        all
    }

    fn end(&self, state: &State) -> String {
        match state.status() {
            Status::New | Status::Running => String::new(),
            Status::Ended(Outcome::Completed | Outcome::Terminated) => self.page.t("processes-trial-end"),
            Status::Ended(Outcome::Failed(code)) => self.page.t1("processes-trial-failed", "code", code.as_str()),
            Status::Ended(Outcome::Cancelled) => self.page.t("processes-trial-cancelled"),
        }
    }
}

/// The event that a button stands for; none where the state does not wait for it.
fn event(state: &State, sent: &[(String, String)]) -> Option<Event> {
    let action = field(sent, "aktion");
    if action == "start" {
        return Some(Event::Start { vars: vars(sent, "start") });
    }
    let token: u64 = field(sent, "marke").parse().ok()?;
    let vars = vars(sent, &format!("m{token}"));
    let message = || {
        let waits = state.token(token).and_then(|token| match &token.wait {
            Wait::Message { name, key } => Some((name.clone(), key.clone())),
            _ => None,
        });
        waits.or_else(|| {
            state.watches().iter().find(|watch| watch.id == token).and_then(|watch| match &watch.awaits {
                Awaits::Message { name, key } => Some((name.clone(), key.clone())),
                _ => None,
            })
        })
    };
    let signal = || {
        let waits = state.token(token).and_then(|token| match &token.wait {
            Wait::Signal { name } => Some(name.clone()),
            _ => None,
        });
        waits.or_else(|| {
            state.watches().iter().find(|watch| watch.id == token).and_then(|watch| match &watch.awaits {
                Awaits::Signal { name } => Some(name.clone()),
                _ => None,
            })
        })
    };
    Some(match action {
        "fertig" => Event::Completed { token, vars },
        "fehler" => Event::Failed { token, code: field(sent, "code").trim().to_owned() },
        "zeit" => Event::TimerFired { token },
        "nochmal" => Event::Retry { token },
        "nachricht" => {
            let (name, key) = message()?;
            Event::Message { name, key, vars }
        }
        "signal" => Event::Signal { name: signal()?, vars },
        _ => return None,
    })
}

fn trial<'a>(run: &Run<'a>, id: Uuid, state: &State, way: Vec<String>, problem: String) -> Result<Trial<'a>> {
    let begun = *state.status() != Status::New;
    let names = condition::variables(&run.rq.city.content, run.model);
    Ok(Trial {
        page: run.page,
        id,
        is_begun: begun,
        start: if begun { Vec::new() } else { rows(run.page, "start", names) },
        state: serde_json::to_string(state)?,
        trail: serde_json::to_string(&way)?,
        waiting: run.waiting(state),
        known: state.vars().iter().map(|(name, value)| (name.clone(), value.to_string())).collect(),
        end: run.end(state),
        way,
        problem,
    })
}

async fn drafted(rq: &Req, id: Uuid) -> Result<Draft> {
    store::draft(&mut rq.city.db.read().await?, id).await
}

pub async fn show(rq: Req, Path(id): Path<Uuid>) -> Answer {
    let draft = drafted(&rq, id).await?;
    let page = titled(&rq, &draft);
    if draft.is_decision() {
        return decide(&rq, &page, &draft, &[]);
    }
    let model = steps::read(&draft)?;
    let run = Run { rq: &rq, page: &page, model: &model, lines: model.outline() };
    rq.html(&trial(&run, id, &State::new(), Vec::new(), String::new())?)
}

pub async fn step(rq: Req, Path(id): Path<Uuid>, Form(sent): Fields) -> Answer {
    let draft = drafted(&rq, id).await?;
    let page = titled(&rq, &draft);
    if draft.is_decision() {
        return decide(&rq, &page, &draft, &sent);
    }
    let model = steps::read(&draft)?;
    let run = Run { rq: &rq, page: &page, model: &model, lines: model.outline() };
    // The page's own state; one that was changed by hand is refused by the stepper or leads nowhere.
    let state: State = serde_json::from_str(field(&sent, "stand")).unwrap_or_default();
    let mut way: Vec<String> = serde_json::from_str(field(&sent, "verlauf")).unwrap_or_default();
    let Some(event) = event(&state, &sent) else {
        return rq.invalid(&trial(&run, id, &state, way, page.t("processes-trial-stale"))?);
    };
    let content = lint::with(&rq.city.content, &draft);
    let rules = Rules::new(&rq.cx, &content);
    match bpmn::step(&model, state.clone(), event, &rules) {
        Ok((next, effects)) => {
            way.extend(effects.iter().filter_map(|effect| run.told(effect)));
            way.drain(..way.len().saturating_sub(LONGEST_TRAIL));
            rq.html(&trial(&run, id, &next, way, String::new())?)
        }
        Err(error) => {
            tracing::info!(draft = %id, "trial run: {error}");
            rq.invalid(&trial(&run, id, &state, way, page.t("processes-trial-stale"))?)
        }
    }
}

/// An input of a decision with what was filled in.
struct Input {
    field: String,
    name: String,
    value: String,
}

#[derive(Template)]
#[template(path = "decide.html")]
struct Decide<'a> {
    page: &'a Page,
    id: Uuid,
    decisions: Vec<Choice>,
    inputs: Vec<Input>,
    answer: String,
    reason: String,
}

/// The trial of a decision: its inputs, and what it answers.
fn decide(rq: &Req, page: &Page, draft: &Draft, sent: &[(String, String)]) -> Answer {
    let model = dmn::Model::read_tolerantly(&draft.body, &[]).map_err(kernel::Error::internal)?;
    let all = model.decisions();
    let chosen = all.iter().find(|decision| decision.name == field(sent, "entscheidung")).or(all.first());
    let chosen = chosen.map(|decision| decision.name.clone()).unwrap_or_default();
    let inputs = model.inputs_of(&chosen).into_iter().zip(1..).map(|(input, n): (dmn::Named, usize)| {
        let field_name = format!("eingabe-{n}");
        Input { value: field(sent, &field_name).to_owned(), field: field_name, name: input.name }
    });
    let inputs: Vec<Input> = inputs.collect();
    let (mut answer, mut reason) = (String::new(), String::new());
    if !sent.is_empty() {
        let filled = inputs.iter().filter(|input| !input.value.trim().is_empty());
        let names: Context =
            filled.map(|input| (input.name.as_str(), feel::Value::from_json(&value_of(input.value.trim())))).collect();
        match model.explain(&chosen, &names, &Env::at(rq.cx.local_now())) {
            Ok(outcome) => {
                answer = outcome.value.to_json().to_string();
                reason = outcome.reason.map_or_else(String::new, |why| faults::said(&page.texts, page.lang, &why));
            }
            Err(error) => reason = faults::not_decided(&page.texts, page.lang, &error),
        }
    }
    let decisions = all
        .iter()
        .map(|decision| Choice::new(decision.name.as_str(), decision.name.as_str()).selected(decision.name == chosen));
    rq.html(&Decide { page, id: draft.id, decisions: decisions.collect(), inputs, answer, reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_becomes_a_value() {
        assert_eq!(value_of("5000"), serde_json::json!(5000));
        assert_eq!(value_of("12,5"), serde_json::json!(12.5));
        assert_eq!(value_of("true"), serde_json::json!(true));
        assert_eq!(value_of("found"), serde_json::json!("found"));
        assert_eq!(value_of("[1, 2]"), serde_json::json!([1, 2]));
    }

    #[test]
    fn the_answer_of_a_command_is_asked_for_by_name() {
        let mapping = |value: &str| bpmn::model::Mapping { name: "x".into(), value: value.into() };
        assert_eq!(members(&[mapping("result.entry"), mapping("result.a + result.b_c")]), ["entry", "a", "b_c"]);
        assert!(members(&[mapping("result")]).is_empty());
    }
}
