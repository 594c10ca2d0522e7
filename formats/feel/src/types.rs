//! Types of FEEL (DMN 1.5, 10.3.2.9): conformance, implicit conversion and the names a source may use.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::temporal::DateTime;
use crate::value::{Function, FunctionKind, Value};

/// A type. `Any` stands for "not known" in the static check.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Type {
    /// Every value.
    #[default]
    Any,
    /// Only null.
    Null,
    /// true or false
    Boolean,
    /// Decimal number.
    Number,
    /// Text.
    String,
    /// A day.
    Date,
    /// A time of day.
    Time,
    /// A day with a time.
    DateTime,
    /// Days and time duration.
    DaysDuration,
    /// Years and months duration.
    MonthsDuration,
    /// A list whose items have one type.
    List(Box<Type>),
    /// A context with at least these members.
    Context(Vec<(Arc<str>, Type)>),
    /// An interval.
    Range(Box<Type>),
    /// A function: types of parameters and result.
    Function(Vec<Type>, Box<Type>),
}

impl Type {
    /// A list of items of this type.
    pub fn list_of(item: Type) -> Type {
        Type::List(Box::new(item))
    }

    /// The type with one of FEEL's own names, without parameters.
    pub fn from_name(name: &str) -> Option<Type> {
        Some(match name {
            "Any" => Type::Any,
            "Null" => Type::Null,
            "boolean" => Type::Boolean,
            "number" => Type::Number,
            "string" => Type::String,
            "date" => Type::Date,
            "time" => Type::Time,
            "date and time" | "dateTime" => Type::DateTime,
            "days and time duration" | "dayTimeDuration" => Type::DaysDuration,
            "years and months duration" | "yearMonthDuration" => Type::MonthsDuration,
            "list" => Type::list_of(Type::Any),
            "context" => Type::Context(Vec::new()),
            "range" => Type::Range(Box::default()),
            _ => return None,
        })
    }

    /// Whether a value other than null belongs to the type. Null belongs to `Null` alone.
    pub fn is_instance(&self, value: &Value) -> bool {
        match value {
            Value::Null => *self == Type::Null,
            _ => self.accepts(value),
        }
    }

    /// Whether a value may stand where the type is declared: as [`Type::is_instance`], but null may stand anywhere.
    pub fn accepts(&self, value: &Value) -> bool {
        match (self, value) {
            (_, Value::Null)
            | (Type::Any, _)
            | (Type::Boolean, Value::Bool(_))
            | (Type::Number, Value::Number(_))
            | (Type::String, Value::String(_))
            | (Type::Date, Value::Date(_))
            | (Type::Time, Value::Time(_))
            | (Type::DateTime, Value::DateTime(_))
            | (Type::DaysDuration, Value::DaysDuration(_))
            | (Type::MonthsDuration, Value::MonthsDuration(_)) => true,
            (Type::List(item), Value::List(l)) => **item == Type::Any || l.items().iter().all(|v| item.accepts(v)),
            (Type::Context(members), Value::Context(c)) => {
                members.iter().all(|(name, ty)| c.get(name).is_some_and(|v| ty.accepts(v)))
            }
            (Type::Range(ty), Value::Range(r)) => ty.accepts(&r.start) && ty.accepts(&r.end),
            (Type::Function(params, result), Value::Function(f)) => accepts_function(params, result, f),
            _ => false,
        }
    }

    /// Whether every value of `other` is one of this type, as far as is known: `Any` on either side is no objection.
    pub fn includes(&self, other: &Type) -> bool {
        match (self, other) {
            (Type::Any, _) | (_, Type::Any | Type::Null) => true,
            (Type::List(a), Type::List(b)) | (Type::Range(a), Type::Range(b)) => a.includes(b),
            (Type::Context(a), Type::Context(b)) => {
                a.iter().all(|(name, ty)| b.iter().any(|(n, t)| n == name && ty.includes(t)))
            }
            (Type::Function(p, r), Type::Function(q, s)) => {
                p.len() == q.len() && p.iter().zip(q).all(|(a, b)| b.includes(a)) && r.includes(s)
            }
            (a, b) => a == b,
        }
    }

    /// Implicit conversion to the type (DMN 1.5, 10.3.2.9.4): a single value to and from a list of one, a date to its
    /// midnight in UTC. `None` where the value does not fit.
    pub fn coerce(&self, value: Value) -> Option<Value> {
        if self.accepts(&value) {
            return Some(value);
        }
        match (self, &value) {
            (Type::DateTime, Value::Date(d)) => Some(Value::DateTime(DateTime::midnight_utc(*d))),
            (Type::List(item), single) if !matches!(single, Value::List(_)) => {
                item.accepts(single).then(|| Value::list(vec![value]))
            }
            (ty, Value::List(l)) if !matches!(ty, Type::List(_)) => match l.items() {
                [single] if ty.accepts(single) => Some(single.clone()),
                _ => None,
            },
            _ => None,
        }
    }

    /// Type of a member of a context type: `Any` where members are not known, `None` where there is no such member.
    pub fn member(&self, name: &str) -> Option<&Type> {
        match self {
            Type::Context(members) if !members.is_empty() => members.iter().find(|(n, _)| **n == *name).map(|(_, t)| t),
            _ => Some(&Type::Any),
        }
    }

    /// Calls `f` with the name of every member at any depth.
    pub(crate) fn each_member(&self, f: &mut dyn FnMut(&Arc<str>)) {
        match self {
            Type::Context(members) => {
                for (name, ty) in members {
                    f(name);
                    ty.each_member(f);
                }
            }
            Type::List(t) | Type::Range(t) => t.each_member(f),
            Type::Function(_, result) => result.each_member(f),
            _ => {}
        }
    }
}

fn accepts_function(params: &[Type], result: &Type, f: &Function) -> bool {
    let own = f.params();
    match &f.0 {
        FunctionKind::Builtin(b) => b.accepts(params.len()),
        FunctionKind::Closure(_) => own.len() == params.len() && own.iter().zip(params).all(|(p, t)| p.ty.includes(t)),
        FunctionKind::Native(n) => {
            own.len() == params.len()
                && own.iter().zip(params).all(|(p, t)| p.ty.includes(t))
                && result.includes(&n.result())
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let join = |types: &[Type]| types.iter().map(Type::to_string).collect::<Vec<_>>().join(", ");
        match self {
            Type::Any => f.write_str("Any"),
            Type::Null => f.write_str("Null"),
            Type::Boolean => f.write_str("boolean"),
            Type::Number => f.write_str("number"),
            Type::String => f.write_str("string"),
            Type::Date => f.write_str("date"),
            Type::Time => f.write_str("time"),
            Type::DateTime => f.write_str("date and time"),
            Type::DaysDuration => f.write_str("days and time duration"),
            Type::MonthsDuration => f.write_str("years and months duration"),
            Type::List(t) => write!(f, "list<{t}>"),
            Type::Range(t) => write!(f, "range<{t}>"),
            Type::Context(members) => {
                let members: Vec<_> = members.iter().map(|(n, t)| format!("{n}: {t}")).collect();
                write!(f, "context<{}>", members.join(", "))
            }
            Type::Function(params, result) => write!(f, "function<{}> -> {result}", join(params)),
        }
    }
}

/// The names an expression may use: variables with their types, and named types.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    pub(crate) names: BTreeMap<Arc<str>, Type>,
    pub(crate) types: BTreeMap<Arc<str>, Type>,
}

impl Scope {
    /// No names.
    pub fn new() -> Scope {
        Scope::default()
    }

    /// With one more variable. Names may hold spaces and the signs `. / - ' + *`.
    #[must_use]
    pub fn with(mut self, name: &str, ty: Type) -> Scope {
        self.declare(name, ty);
        self
    }

    /// Adds a variable.
    pub fn declare(&mut self, name: &str, ty: Type) {
        self.names.insert(crate::parser::normalise(name).into(), ty);
    }

    /// Adds a named type for `instance of` and parameters of functions.
    pub fn declare_type(&mut self, name: &str, ty: Type) {
        self.types.insert(crate::parser::normalise(name).into(), ty);
    }

    /// Type of a variable.
    pub fn get(&self, name: &str) -> Option<&Type> {
        self.names.get(name)
    }

    /// All variables.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(|n| &**n)
    }
}
