//! Decision models of DMN 1.3 to 1.5: read from XML, checked, evaluated.
//!
//! Pure: no I/O, the present and all limits come from [`feel::Env`]; external functions are refused.

mod evaluate;
mod model;
mod read;
mod table;

use std::fmt;
use std::sync::Arc;

use feel::{Context, Cx, Env, EvalError, Fault, Type, Value};

use crate::evaluate::Session;
use crate::model::{Documents, Element, Target};
pub use crate::read::MAX_XML;

/// Something in a model that cannot work, with its place in the XML text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}")]
pub struct DmnError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong, in English.
    pub message: String,
    /// The same by its kind.
    pub fault: Box<Fault>,
}

impl DmnError {
    fn at(line: usize, column: usize, fault: Fault) -> DmnError {
        DmnError { line, column, message: fault.to_string(), fault: Box::new(fault) }
    }
}

/// An evaluation that did not come to a result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The model has no such decision or service.
    #[error("there is no decision or service `{0}`")]
    Unknown(String),
    /// A limit was reached.
    #[error(transparent)]
    Limit(#[from] EvalError),
}

/// A decision model. Cheap to clone, usable from many threads.
#[derive(Clone)]
pub struct Model {
    documents: Arc<Documents>,
    problems: Arc<[DmnError]>,
    warnings: Arc<[DmnError]>,
}

/// The outcome of a decision and, where something became null on the way that should not have been, why.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The result.
    pub value: Value,
    /// What went wrong first.
    pub reason: Option<Box<Fault>>,
}

/// A name with its type, of an input or a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The name as written in the model.
    pub name: String,
    /// Its type, `Any` where none is declared.
    pub ty: Type,
}

impl Model {
    /// Reads a model in which everything must be sound.
    ///
    /// # Errors
    /// The first problem with line and column: XML (document type declarations are refused, as is more than
    /// [`MAX_XML`] bytes), a faulty expression, a reference to nothing, an external function.
    pub fn parse(xml: &str) -> Result<Model, DmnError> {
        Self::parse_with_imports(xml, &[])
    }

    /// Reads a model together with the models it imports.
    ///
    /// # Errors
    /// As [`Model::parse`].
    pub fn parse_with_imports(xml: &str, imported: &[&str]) -> Result<Model, DmnError> {
        let model = Self::read_tolerantly(xml, imported)?;
        match model.problems.first() {
            Some(problem) => Err(problem.clone()),
            None => Ok(model),
        }
    }

    /// Reads a model that may have faulty parts; those evaluate to null. See [`Model::problems`].
    ///
    /// # Errors
    /// Only if this is no DMN model at all.
    pub fn read_tolerantly(xml: &str, imported: &[&str]) -> Result<Model, DmnError> {
        let sources: Vec<&str> = std::iter::once(xml).chain(imported.iter().copied()).collect();
        let read = read::read(&sources)?;
        Ok(Model {
            documents: Arc::new(read.documents),
            problems: read.problems.into(),
            warnings: read.warnings.into(),
        })
    }

    /// What cannot work.
    pub fn problems(&self) -> &[DmnError] {
        &self.problems
    }

    /// Names and types in expressions that cannot be right, as [`feel::Expr::check`] finds them.
    pub fn warnings(&self) -> &[DmnError] {
        &self.warnings
    }

    /// The model's name.
    pub fn name(&self) -> &str {
        &self.documents.documents[0].name
    }

    /// The text of a model with another name; everything else in it stays as it is.
    ///
    /// # Errors
    /// What is no XML, or no DMN model.
    pub fn renamed(xml: &str, name: &str) -> Result<String, DmnError> {
        read::renamed(xml, name)
    }

    /// The model's namespace.
    pub fn namespace(&self) -> &str {
        &self.documents.documents[0].namespace
    }

    /// Decisions in the order of the text, with the types of their results.
    pub fn decisions(&self) -> Vec<Named> {
        let decisions = &self.documents.documents[0].decisions;
        decisions.iter().map(|d| Named { name: d.name.clone(), ty: self.type_of(&d.variable) }).collect()
    }

    /// Input data in the order of the text.
    pub fn inputs(&self) -> Vec<Named> {
        let inputs = &self.documents.documents[0].inputs;
        inputs.iter().map(|i| Named { name: i.variable.name.to_string(), ty: self.type_of(&i.variable) }).collect()
    }

    /// The input data a decision needs, directly or through other decisions.
    pub fn inputs_of(&self, decision: &str) -> Vec<Named> {
        let mut seen: Vec<Element> = Vec::new();
        let mut open: Vec<Element> =
            self.decision(decision).map(|i| Element { document: 0, target: Target::Decision(i) }).into_iter().collect();
        while let Some(element) = open.pop() {
            if seen.contains(&element) {
                continue;
            }
            seen.push(element);
            if let Target::Decision(i) = element.target {
                let decision = &self.documents.documents[element.document].decisions[i];
                open.extend(decision.requirements.iter().map(|r| r.element));
            }
        }
        let mut inputs: Vec<Named> = seen
            .into_iter()
            .filter(|e| matches!(e.target, Target::Input(_)))
            .map(|e| {
                let variable = self.documents.variable(e);
                let ty = variable.type_ref.as_ref().map_or(Type::Any, |t| self.documents.feel_type(e.document, t));
                Named { name: variable.name.to_string(), ty }
            })
            .collect();
        inputs.sort_by(|a, b| a.name.cmp(&b.name));
        inputs
    }

    /// Decision services in the order of the text.
    pub fn services(&self) -> Vec<String> {
        self.documents.documents[0].services.iter().map(|s| s.name.clone()).collect()
    }

    fn type_of(&self, variable: &model::Variable) -> Type {
        variable.type_ref.as_ref().map_or(Type::Any, |t| self.documents.feel_type(0, t))
    }

    fn decision(&self, name: &str) -> Option<usize> {
        self.documents.documents[0].decisions.iter().position(|d| d.name == name)
    }

    /// Makes a decision. Inputs are given by name; those of an imported model under their name or in a context named
    /// like the import. Faulty operations yield null, as FEEL has it.
    ///
    /// # Errors
    /// [`Error::Unknown`] and [`Error::Limit`].
    pub fn evaluate(&self, decision: &str, inputs: &Context, env: &Env) -> Result<Value, Error> {
        self.explain(decision, inputs, env).map(|outcome| outcome.value)
    }

    /// As [`Model::evaluate`], and says why something became null.
    ///
    /// # Errors
    /// As [`Model::evaluate`].
    pub fn explain(&self, decision: &str, inputs: &Context, env: &Env) -> Result<Outcome, Error> {
        let index = self.decision(decision).ok_or_else(|| Error::Unknown(decision.to_owned()))?;
        let mut cx = Cx::new(env);
        let value = Session::new(&self.documents, inputs).decide(0, index, &mut cx)?;
        Ok(Outcome { value: feel::within_size(value, env)?, reason: cx.take_reason() })
    }

    /// Calls a decision service; its input decisions are inputs, too.
    ///
    /// # Errors
    /// As [`Model::evaluate`].
    pub fn evaluate_service(&self, service: &str, inputs: &Context, env: &Env) -> Result<Value, Error> {
        let services = &self.documents.documents[0].services;
        let index =
            services.iter().position(|s| s.name == service).ok_or_else(|| Error::Unknown(service.to_owned()))?;
        let mut cx = Cx::new(env);
        let value = Session::new(&self.documents, inputs).serve(0, index, &mut cx)?;
        Ok(feel::within_size(value, env)?)
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Model({:?})", self.name())
    }
}

#[cfg(test)]
mod tests;
