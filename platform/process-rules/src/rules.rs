//! FEEL and DMN behind the stepper, and the check of a city's processes at start.

use std::{collections::BTreeSet, sync::Arc};

use bpmn::{Conditions, Due, Known, Model, ModelError, Rule, Vars};
use content::Content;
use feel::{Context, Env, Expr, Scope, Value};
use house::{App, InCity as _};
use kernel::{Cx, Error, Result, Timestamp};
use ui::{Lang, Texts};

use crate::{faults, organisation, starts, times::due_at, topics};

/// Expressions and decisions at one moment, for one city.
pub struct Rules<'a> {
    env: Env,
    now: Timestamp,
    content: &'a Content,
    /// None where there is no program around, and faults are told as the format crates say them.
    texts: Option<Arc<Texts>>,
}

impl<'a> Rules<'a> {
    pub fn new(cx: &Cx, content: &'a Content) -> Self {
        let texts = cx.app().ok().map(|app| app.texts.clone());
        Self { env: Env::at(cx.local_now()), now: cx.now(), content, texts }
    }

    /// What incidents say is German, the language of the office.
    fn not_evaluated(&self, expression: &str, error: &feel::EvalError) -> String {
        let why = self.texts.as_ref().map(|texts| faults::not_evaluated(texts, Lang::De, error));
        format!("„{expression}“: {}", why.unwrap_or_else(|| error.to_string()))
    }

    fn parse(&self, expression: &str, vars: &Vars) -> Result<(Expr, Context), String> {
        let mut scope = Scope::default();
        for name in vars.keys() {
            scope.declare(name.as_str(), feel::Type::Any);
        }
        let expr = Expr::parse(expression, &scope).map_err(|e| {
            let why = self.texts.as_ref().map(|texts| faults::said(texts, Lang::De, &e.fault));
            format!("„{expression}“ ({}:{}): {}", e.line, e.column, why.unwrap_or(e.message))
        })?;
        let names = vars.iter().map(|(k, v)| (k.as_str(), Value::from_json(v))).collect();
        Ok((expr, names))
    }
}

impl Conditions for Rules<'_> {
    fn condition(&self, expression: &str, vars: &Vars) -> Result<bool, String> {
        let (expr, names) = self.parse(expression, vars)?;
        expr.eval_condition(&names, &self.env).map_err(|e| self.not_evaluated(expression, &e))
    }

    fn value(&self, expression: &str, vars: &Vars) -> Result<serde_json::Value, String> {
        let (expr, names) = self.parse(expression, vars)?;
        expr.eval(&names, &self.env).map(|v| v.to_json()).map_err(|e| self.not_evaluated(expression, &e))
    }

    fn time(&self, due: &Due) -> Result<(), String> {
        let (Due::Date(text) | Due::Duration(text)) = due;
        due_at(due, self.now).map(|_| ()).map_err(|_| format!("„{text}“ ist keine Zeit, die es gibt."))
    }

    fn decision(&self, key: &str, inputs: &Vars) -> Result<serde_json::Value, String> {
        let (file, decision) = key.split_once('#').ok_or_else(|| format!("{key}: Datei#Entscheidung erwartet"))?;
        let model = self.content.parsed("decisions", file, read_decision).map_err(|e| format!("{key}: {e}"))?;
        let names: Context = inputs.iter().map(|(k, v)| (k.as_str(), Value::from_json(v))).collect();
        let outcome = model.explain(decision, &names, &self.env).map_err(|e| {
            let why = self.texts.as_ref().map(|texts| faults::not_decided(texts, Lang::De, &e));
            format!("{key}: {}", why.unwrap_or_else(|| e.to_string()))
        })?;
        if !outcome.value.is_null() {
            return Ok(outcome.value.to_json());
        }
        let why = self.texts.as_ref().zip(outcome.reason).map(|(texts, reason)| faults::said(texts, Lang::De, &reason));
        Err(format!("{key}: {}", why.unwrap_or_else(|| "Keine Regel trifft zu.".to_owned())))
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
                faults.extend(decision_errors(&app.texts, &item.body).into_iter().map(fault));
            }
        }
    }
    // What is wrong with that file itself is told by the room that reads all of it.
    let organisation = organisation::organisation(content).ok().flatten();
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
                errors.extend(organisation::faults(&model, organisation.as_deref()));
                errors.extend(starts::faults(content, &item.key, &model, organisation.as_deref()));
                errors.extend(model.expressions().into_iter().filter_map(|e| expression_fault(&app.texts, &e)));
                errors
            }
        };
        let fault = |error| Fault { kind: "processes", key: item.key.clone(), file: item.name.clone(), error };
        faults.extend(errors.into_iter().map(fault));
    }
    faults
}

/// Everything that keeps a decision model from being used.
pub fn decision_errors(texts: &Texts, body: &str) -> Vec<ModelError> {
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
        message: format!("Die Entscheidung ist nicht lesbar: {}", faults::said(texts, Lang::De, &problem.fault)),
    };
    problems.into_iter().map(error).collect()
}

/// What a model may name: besides what the city knows, the topics of programs outside, which nobody registers here.
pub fn known_to(known: &Known, model: &Model) -> Known {
    let mut known = known.clone();
    if let Some(commands) = &mut known.commands {
        commands.extend(topics::commands_of(model));
    }
    known
}

fn expression_fault(texts: &Texts, used: &bpmn::ExpressionUse<'_>) -> Option<ModelError> {
    let error = Expr::parse(used.text, &Scope::default()).err()?;
    Some(ModelError {
        line: used.at.line,
        column: used.at.column,
        element: used.element.to_owned(),
        name: None,
        rule: Rule::Value,
        message: format!(
            "Der Ausdruck „{}“ ist nicht lesbar: {}",
            used.text,
            faults::said(texts, Lang::De, &error.fault)
        ),
    })
}
