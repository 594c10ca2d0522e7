//! Syntax tree of an expression.

use std::sync::Arc;

use crate::types::Type;
use crate::value::{Param, Value};

/// A part of an expression and where it starts.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    /// Byte offset in the source.
    pub(crate) at: u32,
    /// Levels of nodes below and including this one.
    pub(crate) height: u32,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Literal(Value),
    Name(Arc<str>),
    /// The input value of a unary test, `?`.
    Input,
    Path(Box<Node>, Arc<str>),
    Filter(Box<Node>, Box<Node>),
    Call(Box<Node>, Args),
    Negate(Box<Node>),
    /// Operators of one level, applied from the left; flat so that long sums need no deep recursion.
    Arithmetic(Box<Node>, Vec<(Arithmetic, Node)>),
    And(Vec<Node>),
    Or(Vec<Node>),
    Compare(Comparison, Box<Node>, Box<Node>),
    Between(Box<Node>, Box<Node>, Box<Node>),
    In(Box<Node>, Vec<Test>),
    If(Box<Node>, Box<Node>, Box<Node>),
    For(Vec<Iterator>, Box<Node>),
    Some(Vec<Iterator>, Box<Node>),
    Every(Vec<Iterator>, Box<Node>),
    List(Vec<Node>),
    Context(Vec<(Arc<str>, Node)>),
    Range {
        start: Box<Node>,
        start_included: bool,
        end: Box<Node>,
        end_included: bool,
    },
    /// `(< 10)`
    ComparisonRange(Comparison, Box<Node>),
    Function(Vec<Param>, Arc<Node>),
    InstanceOf(Box<Node>, Type),
}

#[derive(Debug)]
pub(crate) enum Args {
    Positional(Vec<Node>),
    Named(Vec<(Arc<str>, Node)>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

/// One alternative of `in` or of a decision table's cell.
#[derive(Debug)]
pub(crate) struct Test {
    pub(crate) node: Node,
    /// The expression speaks of the input itself with `?`, so it is a condition and not a value to compare with.
    pub(crate) uses_input: bool,
}

#[derive(Debug)]
pub(crate) struct Iterator {
    pub(crate) name: Arc<str>,
    pub(crate) domain: Node,
    /// Second end of `a..b`.
    pub(crate) to: Option<Node>,
}
