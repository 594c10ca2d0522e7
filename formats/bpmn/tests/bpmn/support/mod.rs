//! Models written short, and conditions that are simple enough to be seen through.

pub mod random;
pub mod tree;

use bpmn::{Conditions, Effect, Event, Model, State, StepError, Vars, Wait, step};
use serde_json::{Map, Value, json};

/// A BPMN file around the content of its only process.
pub fn file(process: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:meer="urn:meer:bpmn:1"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" targetNamespace="urn:test">
  <bpmn:error id="e-missing" errorCode="missing"/>
  <bpmn:message id="m-paid" name="paid"/><bpmn:signal id="g-storm" name="storm"/><bpmn:escalation id="l-late" escalationCode="late"/>
  <bpmn:process id="p" isExecutable="true">
{process}
  </bpmn:process>
</bpmn:definitions>"#
    )
}

pub fn model(process: &str) -> Model {
    Model::parse(&file(process)).unwrap_or_else(|errors| panic!("{errors:?}"))
}

/// `a-b` and `a-b:condition` as sequence flows named `a-b`.
pub fn flows(list: &str) -> String {
    let flow = |text: &str| {
        let (ends, condition) = text.split_once(':').unwrap_or((text, ""));
        let (from, to) = ends.split_once('-').unwrap();
        let condition = if condition.is_empty() {
            String::new()
        } else {
            format!(
                "<bpmn:conditionExpression xsi:type=\"bpmn:tFormalExpression\">{condition}</bpmn:conditionExpression>"
            )
        };
        format!(
            "<bpmn:sequenceFlow id=\"{ends}\" sourceRef=\"{from}\" targetRef=\"{to}\">{condition}</bpmn:sequenceFlow>\n"
        )
    };
    list.split_whitespace().map(flow).collect()
}

/// Expressions are names of variables; text in quotes, numbers and `result.x` stand for themselves.
pub struct Names;

impl Conditions for Names {
    fn condition(&self, expression: &str, vars: &Vars) -> Result<bool, String> {
        match self.value(expression, vars)? {
            Value::Bool(value) => Ok(value),
            other => Err(format!("{expression} ist {other}")),
        }
    }

    fn value(&self, expression: &str, vars: &Vars) -> Result<Value, String> {
        if expression == "broken" {
            return Err("kaputt".to_owned());
        }
        if let Some((left, right)) = expression.split_once(">=") {
            let (left, right) = (self.value(left, vars)?, self.value(right, vars)?);
            return Ok((left.as_f64() >= right.as_f64()).into());
        }
        if let Ok(literal) = serde_json::from_str(expression) {
            return Ok(literal);
        }
        let mut parts = expression.split('.');
        let first = parts.next().unwrap_or_default();
        let value = vars.get(first).cloned().unwrap_or_default();
        Ok(parts.fold(value, |value, part| value.get(part).cloned().unwrap_or_default()))
    }

    fn decision(&self, key: &str, inputs: &Vars) -> Result<Value, String> {
        match key {
            "fees#fee" => Ok(json!({ "fee": if inputs.get("copies") == Some(&json!(2)) { 17 } else { 11 } })),
            "fees#plain" => Ok(json!(11)),
            _ => Err("unbekannte Entscheidung".to_owned()),
        }
    }
}

pub fn vars(value: Value) -> Vars {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// An instance driven by a test: each step also goes through JSON and back.
pub struct Run {
    pub model: Model,
    pub state: State,
}

impl Run {
    pub fn new(process: &str) -> Self {
        Self { model: model(process), state: State::new() }
    }

    pub fn try_step(&mut self, event: Event) -> Result<Vec<Effect>, StepError> {
        let (state, effects) = step(&self.model, self.state.clone(), event, &Names)?;
        let text = serde_json::to_string(&state).unwrap();
        self.state = serde_json::from_str(&text).unwrap();
        assert_eq!(self.state, state, "the state survives JSON");
        Ok(effects)
    }

    pub fn step(&mut self, event: Event) -> Vec<String> {
        self.try_step(event).unwrap().iter().map(show).collect()
    }

    pub fn start(&mut self, with: Value) -> Vec<String> {
        self.step(Event::Start { vars: vars(with) })
    }

    /// Number of the token that waits at this element.
    pub fn at(&self, element: &str) -> u64 {
        self.state.tokens().iter().find(|t| t.element == element).unwrap_or_else(|| panic!("nothing at {element}")).id
    }

    pub fn watch(&self, element: &str) -> u64 {
        self.state.watches().iter().find(|w| w.element == element).unwrap_or_else(|| panic!("no {element}")).id
    }

    pub fn complete(&mut self, element: &str, with: Value) -> Vec<String> {
        let token = self.at(element);
        self.step(Event::Completed { token, vars: vars(with) })
    }

    pub fn fail(&mut self, element: &str, code: &str) -> Vec<String> {
        let token = self.at(element);
        self.step(Event::Failed { token, code: code.to_owned() })
    }

    /// Numbers of all tokens at this element that wait for something outside.
    pub fn all_at(&self, element: &str) -> Vec<u64> {
        let outside = |wait: &Wait| matches!(wait, Wait::User | Wait::Command | Wait::Process | Wait::Timer);
        let tokens = self.state.tokens().iter().filter(|token| token.element == element && outside(&token.wait));
        tokens.map(|token| token.id).collect()
    }

    pub fn done(&mut self, token: u64, with: Value) -> Vec<String> {
        self.step(Event::Completed { token, vars: vars(with) })
    }

    pub fn message(&mut self, key: Value, with: Value) -> Vec<String> {
        self.step(Event::Message { name: "paid".into(), key, vars: vars(with) })
    }

    pub fn signal(&mut self, with: Value) -> Vec<String> {
        self.step(Event::Signal { name: "storm".into(), vars: vars(with) })
    }

    pub fn fire(&mut self, token: u64) -> Vec<String> {
        self.step(Event::TimerFired { token })
    }
}

/// Effects as one word each, without numbers.
pub fn show(effect: &Effect) -> String {
    match effect {
        Effect::Entered { element, .. } => format!("+{element}"),
        Effect::Left { element, interrupted: false, .. } => format!("-{element}"),
        Effect::Left { element, interrupted: true, .. } => format!("!{element}"),
        Effect::CallCommand { command, inputs, .. } => format!("call {command} {}", Value::Object(inputs.clone())),
        Effect::CancelCommand { .. } => "cancel-command".to_owned(),
        Effect::OpenUserTask(task) => format!("open {}", task.element),
        Effect::CloseUserTask { .. } => "close-task".to_owned(),
        Effect::CallProcess { element, key, inputs, .. } => {
            format!("process {element} {key} {}", Value::Object(inputs.clone()))
        }
        Effect::CancelProcess { .. } => "cancel-process".to_owned(),
        Effect::AwaitSignal { element, name, .. } => format!("await {element} {name}"),
        Effect::ForgetSignal { .. } => "forget-signal".to_owned(),
        Effect::SendMessage { element, name, key, vars, .. } => {
            format!("send {element} {name} {key} {}", Value::Object(vars.clone()))
        }
        Effect::Broadcast { element, name, vars, .. } => {
            format!("broadcast {element} {name} {}", Value::Object(vars.clone()))
        }
        Effect::Escalated { code } => format!("escalated {code}"),
        Effect::ScheduleTimer { element, due, after, until, .. } => {
            let until = until.as_ref().map(|until| format!(" until {until}")).unwrap_or_default();
            format!("timer {element} {due:?}{}{until}", if after.is_some() { " again" } else { "" })
        }
        Effect::CancelTimer { .. } => "cancel-timer".to_owned(),
        Effect::AwaitMessage { element, name, key, .. } => format!("await {element} {name} {key}"),
        Effect::ForgetMessage { .. } => "forget-message".to_owned(),
        Effect::Incident { element, message, .. } => format!("incident {element}: {message}"),
        Effect::Finished { outcome } => format!("finished {outcome:?}"),
    }
}
