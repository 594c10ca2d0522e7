//! FEEL, the expression language of DMN 1.3 to 1.5: conditions and computed values in forms, processes and decisions.
//!
//! Pure: no I/O, the present comes from [`Env`], steps, nesting and sizes are capped by [`Limits`].

mod ast;
mod builtins;
mod check;
mod eval;
mod fault;
pub mod number;
mod parser;
mod pattern;
pub mod temporal;
mod types;
mod value;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

pub use check::TypeError;
pub use eval::{Cx, Env, EvalError, Evaluated, Frame, Limits};
pub use fault::{Fault, FaultKind};
pub use number::Number;
pub use parser::{MAX_NESTING, MAX_SOURCE, ParseError};
pub use types::{Scope, Type};
pub use value::{Context, Function, Invocable, List, NotMoney, Param, Range, RangeForm, Value, WrongType};

use crate::ast::Node;

/// A parsed expression. Cheap to clone, usable from many threads.
#[derive(Clone)]
pub struct Expr {
    source: Arc<str>,
    tree: Arc<Node>,
    free_names: Arc<BTreeSet<Arc<str>>>,
}

impl Expr {
    /// Reads an expression. The scope matters for names that hold spaces or signs and for named types; names it does
    /// not know are no error here, see [`Expr::check`].
    ///
    /// # Errors
    /// [`ParseError`] with line and column: syntax, an external function, more than [`MAX_SOURCE`] bytes or
    /// [`MAX_NESTING`] levels.
    pub fn parse(source: &str, scope: &Scope) -> Result<Expr, ParseError> {
        let parsed = parser::parse_expression(source, scope)?;
        Ok(Expr { source: source.into(), tree: Arc::new(parsed.tree), free_names: Arc::new(parsed.free_names) })
    }

    /// The text it was read from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Names the expression takes from outside. Members of the items inside a filter count only where the scope does
    /// not know them as members.
    pub fn free_names(&self) -> impl Iterator<Item = &str> {
        self.free_names.iter().map(|n| &**n)
    }

    /// Checks names and types against what is declared: unknown names and members, comparisons that can never be
    /// decided, arithmetic with the wrong types, conditions that are no booleans, calls that cannot fit.
    pub fn check(&self, scope: &Scope) -> Vec<TypeError> {
        check::check(&self.tree, &self.source, scope).1
    }

    /// The type of the result as far as it can be told.
    pub fn result_type(&self, scope: &Scope) -> Type {
        check::check(&self.tree, &self.source, scope).0
    }

    /// Evaluates with the entries of a context as names. A faulty operation yields null.
    ///
    /// # Errors
    /// Only when a limit is reached.
    pub fn eval(&self, names: &Context, env: &Env) -> Result<Value, EvalError> {
        let mut cx = Cx::new(env);
        let value = self.eval_in(&Frame::new(names.clone()), &mut cx)?;
        within_size(value, env)
    }

    /// Evaluates a condition.
    ///
    /// # Errors
    /// [`EvalError::NullCondition`] if the outcome is neither true nor false, and when a limit is reached.
    pub fn eval_condition(&self, names: &Context, env: &Env) -> Result<bool, EvalError> {
        let mut cx = Cx::new(env);
        let value = self.eval_in(&Frame::new(names.clone()), &mut cx)?;
        value.as_bool().ok_or_else(|| EvalError::NullCondition { found: value.type_name(), reason: cx.take_reason() })
    }

    /// Evaluates as a part of a larger evaluation.
    ///
    /// # Errors
    /// Only when a limit is reached.
    pub fn eval_in(&self, frame: &Frame, cx: &mut Cx<'_>) -> Evaluated {
        cx.eval(&self.tree, frame)
    }
}

/// Passes a result on if it is not too large.
///
/// # Errors
/// [`EvalError::Size`]
pub fn within_size(value: Value, env: &Env) -> Result<Value, EvalError> {
    if value.count_up_to(env.limits.size) > env.limits.size { Err(EvalError::Size) } else { Ok(value) }
}

impl fmt::Debug for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expr({:?})", self.source)
    }
}

/// Parsed unary tests, as in a cell of a decision table: `< 5, [10..20)` or `not("a", "b")` or `-`.
#[derive(Clone)]
pub struct UnaryTests {
    source: Arc<str>,
    /// `None` is `-`; the flag says that the tests are negated.
    tests: Option<Arc<(Vec<ast::Test>, bool)>>,
    free_names: Arc<BTreeSet<Arc<str>>>,
}

impl UnaryTests {
    /// Reads unary tests; `?` stands for the input.
    ///
    /// # Errors
    /// As [`Expr::parse`].
    pub fn parse(source: &str, scope: &Scope) -> Result<UnaryTests, ParseError> {
        let parsed = parser::parse_unary_tests(source, scope)?;
        Ok(UnaryTests {
            source: source.into(),
            tests: parsed.tree.map(Arc::new),
            free_names: Arc::new(parsed.free_names),
        })
    }

    /// The text they were read from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Names the tests take from outside.
    pub fn free_names(&self) -> impl Iterator<Item = &str> {
        self.free_names.iter().map(|n| &**n)
    }

    /// Checks names and types; `input` is the type of the value to be tested.
    pub fn check(&self, scope: &Scope, input: &Type) -> Vec<TypeError> {
        let Some(tests) = &self.tests else { return Vec::new() };
        tests.0.iter().flat_map(|t| check::check_test(t, &self.source, scope, input)).collect()
    }

    /// Whether the input passes; null if that cannot be decided.
    ///
    /// # Errors
    /// Only when a limit is reached.
    pub fn eval(&self, input: &Value, names: &Context, env: &Env) -> Result<Value, EvalError> {
        self.eval_in(input, &Frame::new(names.clone()), &mut Cx::new(env))
    }

    /// Tests as a part of a larger evaluation.
    ///
    /// # Errors
    /// Only when a limit is reached.
    pub fn eval_in(&self, input: &Value, frame: &Frame, cx: &mut Cx<'_>) -> Evaluated {
        let Some(tests) = &self.tests else { return Ok(Value::Bool(true)) };
        let holds = cx.any_test(&tests.0, input, frame)?;
        Ok(match holds {
            Value::Bool(b) => Value::Bool(b != tests.1),
            other => other,
        })
    }
}

impl fmt::Debug for UnaryTests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnaryTests({:?})", self.source)
    }
}

#[cfg(test)]
mod tests;
