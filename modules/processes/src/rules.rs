//! FEEL and DMN behind the stepper, and the check of a city's processes at start.

use std::collections::BTreeSet;

use bpmn::{Conditions, Due, Known, Model, ModelError, Rule, Vars};
use content::Content;
use feel::{Context, Env, Expr, Scope, Value};
use house::App;
use kernel::{Cx, Error, Result, Timestamp};

use crate::{engine::due_at, register, starts, work};

/// Expressions and decisions at one moment, for one city.
pub struct Rules<'a> {
    env: Env,
    now: Timestamp,
    content: &'a Content,
}

impl<'a> Rules<'a> {
    pub fn new(cx: &Cx, content: &'a Content) -> Self {
        Self { env: Env::at(cx.local_now()), now: cx.now(), content }
    }

    fn parse(expression: &str, vars: &Vars) -> Result<(Expr, Context), String> {
        let mut scope = Scope::default();
        for name in vars.keys() {
            scope.declare(name.as_str(), feel::Type::Any);
        }
        let expr = Expr::parse(expression, &scope).map_err(|e| format!("{expression}: {e}"))?;
        let names = vars.iter().map(|(k, v)| (k.as_str(), Value::from_json(v))).collect();
        Ok((expr, names))
    }
}

impl Conditions for Rules<'_> {
    fn condition(&self, expression: &str, vars: &Vars) -> Result<bool, String> {
        let (expr, names) = Self::parse(expression, vars)?;
        expr.eval_condition(&names, &self.env).map_err(|e| format!("{expression}: {e}"))
    }

    fn value(&self, expression: &str, vars: &Vars) -> Result<serde_json::Value, String> {
        let (expr, names) = Self::parse(expression, vars)?;
        expr.eval(&names, &self.env).map(|v| v.to_json()).map_err(|e| format!("{expression}: {e}"))
    }

    fn time(&self, due: &Due) -> Result<(), String> {
        let (Due::Date(text) | Due::Duration(text)) = due;
        due_at(due, self.now).map(|_| ()).map_err(|_| format!("„{text}“ ist keine Zeit, die es gibt."))
    }

    fn decision(&self, key: &str, inputs: &Vars) -> Result<serde_json::Value, String> {
        let (file, decision) = key.split_once('#').ok_or_else(|| format!("{key}: Datei#Entscheidung erwartet"))?;
        let model = self.content.parsed("decisions", file, read_decision).map_err(|e| format!("{key}: {e}"))?;
        let names: Context = inputs.iter().map(|(k, v)| (k.as_str(), Value::from_json(v))).collect();
        let value = model.evaluate(decision, &names, &self.env).map_err(|e| format!("{key}: {e}"))?;
        if value.is_null() { Err(format!("{key}: keine Regel trifft zu")) } else { Ok(value.to_json()) }
    }
}

pub fn read_decision(item: &content::Item) -> Result<dmn::Model> {
    dmn::Model::parse(&item.body).map_err(|e| {
        let (name, line, column, message) = (&item.name, e.line, e.column, &e.message);
        Error::internal(format!("{name}:{line}:{column}: Die Entscheidung ist nicht lesbar: {message}"))
    })
}

/// What is wrong with a process or decision of the city.
pub struct Fault {
    /// `processes` or `decisions`.
    pub kind: &'static str,
    pub key: String,
    /// Path below the city's folder.
    pub file: String,
    pub error: ModelError,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ModelError { line, column, element, name, message, .. } = &self.error;
        write!(f, "{}:{line}:{column}: ", self.file)?;
        match name.as_deref().unwrap_or(element) {
            "" => f.write_str(message),
            name => write!(f, "„{name}“: {message}"),
        }
    }
}

/// Every fault of the city's processes and decisions: file, line, column, element and a German sentence.
pub fn check(app: &App, content: &Content) -> Vec<String> {
    faults(app, content).iter().map(ToString::to_string).collect()
}

/// The same, taken apart.
pub fn faults(app: &App, content: &Content) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut decisions = BTreeSet::new();
    for item in content.all("decisions") {
        match content.parse(&item, read_decision) {
            Ok(model) => decisions.extend(model.decisions().iter().map(|d| format!("{}#{}", item.key, d.name))),
            Err(_) => {
                let fault = |error| Fault { kind: "decisions", key: item.key.clone(), file: item.name.clone(), error };
                faults.extend(decision_errors(&item.body).into_iter().map(fault));
            }
        }
    }
    // What is wrong with that file itself is told by the room that reads all of it.
    let organisation = register::organisation(content).ok().flatten();
    let known = Known {
        commands: Some(app.commands.tasks().keys().map(|k| (*k).to_owned()).collect()),
        decisions: Some(decisions),
        forms: Some(content.all("forms").iter().map(|i| i.key.clone()).collect()),
        units: organisation.as_ref().map(|organisation| organisation.keys().map(str::to_owned).collect()),
        processes: Some(content.all("processes").iter().map(|i| i.key.clone()).collect()),
    };
    for item in content.all("processes") {
        let errors = match Model::parse(&item.body) {
            Err(errors) => errors,
            Ok(model) => {
                let mut errors = model.check(&known_to(&known, &model));
                errors.extend(register::faults(&model, organisation.as_deref()));
                errors.extend(starts::faults(content, &item.key, &model, organisation.as_deref()));
                errors.extend(model.expressions().into_iter().filter_map(|e| expression_fault(&e)));
                errors
            }
        };
        let fault = |error| Fault { kind: "processes", key: item.key.clone(), file: item.name.clone(), error };
        faults.extend(errors.into_iter().map(fault));
    }
    faults
}

/// Everything that keeps a decision model from being used.
pub fn decision_errors(body: &str) -> Vec<ModelError> {
    let problems = match dmn::Model::read_tolerantly(body, &[]) {
        Ok(model) => model.problems().to_vec(),
        Err(problem) => vec![problem],
    };
    let error = |problem: dmn::DmnError| ModelError {
        line: u32::try_from(problem.line).unwrap_or(0),
        column: u32::try_from(problem.column).unwrap_or(0),
        element: String::new(),
        name: None,
        rule: Rule::Value,
        message: format!("Die Entscheidung ist nicht lesbar: {}", problem.message),
    };
    problems.into_iter().map(error).collect()
}

/// What a model may name: besides what the city knows, the topics of programs outside, which nobody registers here.
pub fn known_to(known: &Known, model: &Model) -> Known {
    let mut known = known.clone();
    if let Some(commands) = &mut known.commands {
        commands.extend(work::commands_of(model));
    }
    known
}

fn expression_fault(used: &bpmn::ExpressionUse<'_>) -> Option<ModelError> {
    let error = Expr::parse(used.text, &Scope::default()).err()?;
    Some(ModelError {
        line: used.at.line,
        column: used.at.column,
        element: used.element.to_owned(),
        name: None,
        rule: Rule::Value,
        message: format!("Der Ausdruck „{}“ ist nicht lesbar: {error}", used.text),
    })
}
