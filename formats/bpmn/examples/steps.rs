//! How many instances of a five-node process one core leads from start to end in memory: start, service task,
//! exclusive gateway, user task, end. Run with `cargo run --release -p bpmn --example steps`.

use std::time::{Duration, Instant};

use bpmn::{Conditions, Effect, Event, Known, Model, State, Status, Vars, step};
use serde_json::{Value, json};

const PROCESS: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:meer="urn:meer:bpmn:1"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" targetNamespace="urn:example">
  <process id="p" isExecutable="true">
    <startEvent id="start"/>
    <serviceTask id="ask" meer:command="registers.ask">
      <extensionElements>
        <meer:input name="person" value="person"/>
        <meer:output name="match" value="result.match"/>
      </extensionElements>
    </serviceTask>
    <exclusiveGateway id="matches" default="no"/>
    <userTask id="check" meer:form="check" meer:unit="office" meer:due="P14D"/>
    <endEvent id="end"/>
    <sequenceFlow id="f1" sourceRef="start" targetRef="ask"/>
    <sequenceFlow id="f2" sourceRef="ask" targetRef="matches"/>
    <sequenceFlow id="yes" sourceRef="matches" targetRef="end">
      <conditionExpression xsi:type="tFormalExpression">match</conditionExpression>
    </sequenceFlow>
    <sequenceFlow id="no" sourceRef="matches" targetRef="check"/>
    <sequenceFlow id="f5" sourceRef="check" targetRef="end"/>
  </process>
</definitions>"#;

/// Paths of names instead of FEEL, so that the stepper alone is measured.
struct Paths;

impl Conditions for Paths {
    fn condition(&self, expression: &str, vars: &Vars) -> Result<bool, String> {
        self.value(expression, vars)?.as_bool().ok_or_else(|| format!("{expression} is neither true nor false"))
    }

    fn value(&self, expression: &str, vars: &Vars) -> Result<Value, String> {
        let mut parts = expression.split('.');
        let first = parts.next().and_then(|name| vars.get(name)).cloned().unwrap_or_default();
        Ok(parts.fold(first, |value, part| value.get(part).cloned().unwrap_or_default()))
    }

    fn decision(&self, key: &str, _: &Vars) -> Result<Value, String> {
        Err(format!("there is no decision {key}"))
    }
}

fn vars(value: Value) -> Vars {
    if let Value::Object(vars) = value { vars } else { Vars::new() }
}

/// Leads one instance to its end, storing and reading its state as JSON between the steps when `durable`.
fn instance(model: &Model, durable: bool) -> Result<usize, Box<dyn std::error::Error>> {
    let mut event = Event::Start { vars: vars(json!({"person": "0190-42"})) };
    let mut state = State::new();
    let mut effects_seen = 0;
    loop {
        let (next, effects) = step(model, state, event, &Paths)?;
        effects_seen += effects.len();
        if *next.status() != Status::Running {
            return Ok(effects_seen);
        }
        event = effects
            .iter()
            .find_map(|effect| match effect {
                Effect::CallCommand { token, .. } => {
                    Some(Event::Completed { token: *token, vars: vars(json!({"match": false})) })
                }
                Effect::OpenUserTask(task) => Some(Event::Completed { token: task.token, vars: Vars::new() }),
                _ => None,
            })
            .ok_or("the instance waits for nothing")?;
        state = if durable { serde_json::from_str(&serde_json::to_string(&next)?)? } else { next };
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let model = Model::parse(PROCESS).map_err(|errors| errors[0].clone())?;
    if let Some(error) = model.check(&Known::default()).first() {
        return Err(error.clone().into());
    }
    for (durable, what) in [(false, "in memory"), (true, "with the state as JSON between steps")] {
        let begin = Instant::now();
        let mut instances = 0u32;
        while begin.elapsed() < Duration::from_secs(2) {
            for _ in 0..1_000 {
                instance(&model, durable)?;
            }
            instances += 1_000;
        }
        println!("{:>9.0} instances/s {what}", f64::from(instances) / begin.elapsed().as_secs_f64());
    }
    let begin = Instant::now();
    for _ in 0..1_000 {
        Model::parse(PROCESS).map_err(|errors| errors[0].clone())?;
    }
    println!("{:>9.1} µs to read the file", begin.elapsed().as_secs_f64() * 1e3);
    Ok(())
}
