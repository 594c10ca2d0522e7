//! Static check of names and types, so that a slip shows when data is loaded and not when a citizen sends a form.
//! It objects only to what cannot work; where a type is unknown it stays silent.

use std::sync::Arc;

use crate::ast::{Args, Arithmetic, Iterator, Kind, Node, Test};
use crate::builtins::Builtin;
use crate::parser::position;
use crate::types::{Scope, Type};
use crate::value::Value;

/// A name or type in an expression that cannot be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}")]
pub struct TypeError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

pub(crate) fn check(tree: &Node, source: &str, scope: &Scope) -> (Type, Vec<TypeError>) {
    let mut checker = Checker { source, scope, locals: Vec::new(), unknown_items: 0, errors: Vec::new() };
    let ty = checker.infer(tree);
    (ty, checker.errors)
}

pub(crate) fn check_test(test: &Test, source: &str, scope: &Scope, input: &Type) -> Vec<TypeError> {
    let mut checker =
        Checker { source, scope, locals: vec![("?".into(), input.clone())], unknown_items: 0, errors: Vec::new() };
    checker.test(test, input);
    checker.errors
}

struct Checker<'s> {
    source: &'s str,
    scope: &'s Scope,
    /// Names bound inside the expression, innermost last.
    locals: Vec<(Arc<str>, Type)>,
    /// Filters around whose items are of unknown type: any name may be a member.
    unknown_items: u32,
    errors: Vec<TypeError>,
}

/// Parameter types of built-in functions by letter (S text, N number, B boolean, L list of anything, D date or date
/// and time, C context, F function, . anything; the last one repeats) and the type of the result.
fn signature(name: &str) -> (&'static str, Type) {
    let numbers = || Type::list_of(Type::Number);
    let anything = || Type::list_of(Type::Any);
    match name {
        "date" => (".NN", Type::Date),
        "date and time" => (".", Type::DateTime),
        "time" => ("...", Type::Time),
        "number" => ("..", Type::Number),
        "string" => (".", Type::String),
        "years and months duration" => ("D", Type::MonthsDuration),
        "range" => ("S", Type::Range(Box::default())),
        "now" => ("", Type::DateTime),
        "today" => ("", Type::Date),
        "day of year" | "week of year" => ("D", Type::Number),
        "day of week" | "month of year" => ("D", Type::String),
        "is" | "list contains" => (".", Type::Boolean),
        "not" => ("B", Type::Boolean),
        "substring" => ("SN", Type::String),
        "string length" => ("S", Type::Number),
        "upper case" | "lower case" | "substring before" | "substring after" | "replace" => ("S", Type::String),
        "contains" | "starts with" | "ends with" | "matches" => ("S", Type::Boolean),
        "split" => ("S", Type::list_of(Type::String)),
        "string join" => (".S", Type::String),
        "decimal" | "floor" | "ceiling" | "round up" | "round down" | "round half up" | "round half down"
        | "modulo" | "sqrt" | "log" | "exp" => ("N", Type::Number),
        "odd" | "even" => ("N", Type::Boolean),
        "count" | "mean" | "product" | "median" | "stddev" => (".", Type::Number),
        "mode" | "index of" => (".", numbers()),
        "all" | "any" => (".", Type::Boolean),
        "sublist" => (".N", anything()),
        "append" | "concatenate" | "insert before" | "remove" | "reverse" | "union" | "distinct values" | "flatten"
        | "list replace" => (".", anything()),
        "sort" => (".F", anything()),
        "get value" => ("CS", Type::Any),
        "get entries" => ("C", anything()),
        "context" | "context put" | "context merge" => (".", Type::Context(Vec::new())),
        "before" | "after" | "meets" | "met by" | "overlaps" | "overlaps before" | "overlaps after" | "finishes"
        | "finished by" | "includes" | "during" | "starts" | "started by" | "coincides" => (".", Type::Boolean),
        _ => (".", Type::Any),
    }
}

fn letter_fits(letter: char, ty: &Type) -> bool {
    let ty = match ty {
        // A list of one stands for its item.
        Type::List(item) => item,
        ty => ty,
    };
    match letter {
        _ if matches!(ty, Type::Any | Type::Null) => true,
        'S' => *ty == Type::String,
        'N' => *ty == Type::Number,
        'B' => *ty == Type::Boolean,
        'D' => matches!(ty, Type::Date | Type::DateTime),
        'C' => matches!(ty, Type::Context(_)),
        'F' => matches!(ty, Type::Function(..)),
        _ => true,
    }
}

fn letter_name(letter: char) -> &'static str {
    match letter {
        'S' => "string",
        'N' => "number",
        'B' => "boolean",
        'D' => "date",
        'C' => "context",
        _ => "function",
    }
}

fn type_of(value: &Value) -> Type {
    match value {
        Value::Null => Type::Null,
        Value::Bool(_) => Type::Boolean,
        Value::Number(_) => Type::Number,
        Value::String(_) => Type::String,
        Value::Date(_) => Type::Date,
        Value::Time(_) => Type::Time,
        Value::DateTime(_) => Type::DateTime,
        Value::DaysDuration(_) => Type::DaysDuration,
        Value::MonthsDuration(_) => Type::MonthsDuration,
        _ => Type::Any,
    }
}

/// The type of either of two values.
fn common(a: Type, b: Type) -> Type {
    match (a, b) {
        (Type::Null, t) | (t, Type::Null) => t,
        (a, b) if a == b => a,
        _ => Type::Any,
    }
}

fn comparable(a: &Type, b: &Type) -> bool {
    a.includes(b) || b.includes(a)
}

fn ordered(ty: &Type) -> bool {
    !matches!(ty, Type::Boolean | Type::List(_) | Type::Context(_) | Type::Range(_) | Type::Function(..))
}

fn item_of(ty: &Type) -> Type {
    match ty {
        Type::List(item) | Type::Range(item) => (**item).clone(),
        single => single.clone(),
    }
}

fn arithmetic(operator: Arithmetic, a: &Type, b: &Type) -> Option<Type> {
    use Arithmetic::*;
    use Type::*;
    let duration = |t: &Type| matches!(t, DaysDuration | MonthsDuration);
    Some(match (operator, a, b) {
        (_, Any | Null, _) | (_, _, Any | Null) => Any,
        (_, Number, Number) => Number,
        (Add, String, String) => String,
        (Add | Subtract, a, b) if duration(a) && a == b => a.clone(),
        (Add | Subtract, Date | DateTime, d) if duration(d) => a.clone(),
        (Add | Subtract, Time, DaysDuration) => Time,
        (Add, d, Date | DateTime) if duration(d) => b.clone(),
        (Add, DaysDuration, Time) => Time,
        (Subtract, Date | DateTime, Date | DateTime) | (Subtract, Time, Time) => DaysDuration,
        (Multiply, d, Number) | (Multiply, Number, d) | (Divide, d, Number) if duration(d) => d.clone(),
        (Divide, a, b) if duration(a) && a == b => Number,
        _ => return None,
    })
}

impl Checker<'_> {
    fn object(&mut self, node: &Node, message: String) {
        let (line, column) = position(self.source, node.at as usize);
        let error = TypeError { line, column, message };
        if !self.errors.contains(&error) {
            self.errors.push(error);
        }
    }

    fn expect_boolean(&mut self, node: &Node) {
        let ty = self.infer(node);
        if !Type::Boolean.includes(&ty) {
            self.object(node, format!("expected a condition, found {ty}"));
        }
    }

    fn infer(&mut self, node: &Node) -> Type {
        match &node.kind {
            Kind::Literal(value) => type_of(value),
            Kind::Name(name) => self.name(node, name),
            Kind::Input => self.local("?").unwrap_or_default(),
            Kind::Path(base, name) => {
                let base = self.infer(base);
                self.member(node, &base, name)
            }
            Kind::Filter(base, filter) => self.filter(base, filter),
            Kind::Call(callee, args) => self.call(node, callee, args),
            Kind::Negate(inner) => {
                let ty = self.infer(inner);
                if !matches!(ty, Type::Any | Type::Null | Type::Number | Type::DaysDuration | Type::MonthsDuration) {
                    self.object(node, format!("cannot negate {ty}"));
                }
                ty
            }
            Kind::Arithmetic(first, rest) => {
                let mut left = self.infer(first);
                for (operator, right) in rest {
                    let ty = self.infer(right);
                    left = arithmetic(*operator, &left, &ty).unwrap_or_else(|| {
                        self.object(node, format!("no arithmetic with {left} and {ty}"));
                        Type::Any
                    });
                }
                left
            }
            Kind::And(operands) | Kind::Or(operands) => {
                operands.iter().for_each(|o| self.expect_boolean(o));
                Type::Boolean
            }
            Kind::Compare(sign, left, right) => {
                let (a, b) = (self.infer(left), self.infer(right));
                use crate::ast::Comparison::{Equal, NotEqual};
                let fits = comparable(&a, &b) && (matches!(sign, Equal | NotEqual) || (ordered(&a) && ordered(&b)));
                if !fits {
                    self.object(node, format!("cannot compare {a} with {b}"));
                }
                Type::Boolean
            }
            Kind::Between(value, low, high) => {
                let ty = self.infer(value);
                for bound in [low, high] {
                    let b = self.infer(bound);
                    if !comparable(&ty, &b) || !ordered(&ty) {
                        self.object(bound, format!("cannot compare {ty} with {b}"));
                    }
                }
                Type::Boolean
            }
            Kind::In(value, tests) => {
                let input = self.infer(value);
                for test in tests {
                    self.locals.push(("?".into(), input.clone()));
                    self.test(test, &input);
                    self.locals.pop();
                }
                Type::Boolean
            }
            Kind::If(condition, yes, no) => {
                self.expect_boolean(condition);
                let yes = self.infer(yes);
                common(yes, self.infer(no))
            }
            Kind::For(iterators, body) => {
                let mark = self.iterators(iterators);
                self.locals.push(("partial".into(), Type::list_of(Type::Any)));
                let body = self.infer(body);
                self.locals.truncate(mark);
                Type::list_of(body)
            }
            Kind::Some(iterators, body) | Kind::Every(iterators, body) => {
                let mark = self.iterators(iterators);
                self.expect_boolean(body);
                self.locals.truncate(mark);
                Type::Boolean
            }
            Kind::List(items) => {
                let types: Vec<_> = items.iter().map(|i| self.infer(i)).collect();
                Type::list_of(types.into_iter().reduce(common).unwrap_or_default())
            }
            Kind::Context(entries) => {
                let mark = self.locals.len();
                let mut members = Vec::with_capacity(entries.len());
                for (name, value) in entries {
                    if matches!(value.kind, Kind::Function(..)) {
                        self.locals.push((name.clone(), Type::Any));
                    }
                    let ty = self.infer(value);
                    self.locals.push((name.clone(), ty.clone()));
                    members.push((name.clone(), ty));
                }
                self.locals.truncate(mark);
                Type::Context(members)
            }
            Kind::Range { start, end, .. } => {
                let (a, b) = (self.infer(start), self.infer(end));
                if !comparable(&a, &b) || !ordered(&a) || !ordered(&b) {
                    self.object(node, format!("no range from {a} to {b}"));
                }
                Type::Range(Box::new(common(a, b)))
            }
            Kind::ComparisonRange(_, end) => Type::Range(Box::new(self.infer(end))),
            Kind::Function(params, body) => {
                let mark = self.locals.len();
                self.locals.extend(params.iter().map(|p| (p.name.clone(), p.ty.clone())));
                let result = self.infer(body);
                self.locals.truncate(mark);
                Type::Function(params.iter().map(|p| p.ty.clone()).collect(), Box::new(result))
            }
            Kind::InstanceOf(value, _) => {
                self.infer(value);
                Type::Boolean
            }
        }
    }

    fn local(&self, name: &str) -> Option<Type> {
        self.locals.iter().rev().find(|(n, _)| **n == *name).map(|(_, t)| t.clone())
    }

    fn name(&mut self, node: &Node, name: &Arc<str>) -> Type {
        if let Some(ty) = self.local(name).or_else(|| self.scope.get(name).cloned()) {
            return ty;
        }
        if Builtin::named(name).is_none() && self.unknown_items == 0 {
            self.object(node, format!("there is no `{name}`"));
        }
        Type::Any
    }

    fn member(&mut self, node: &Node, base: &Type, name: &str) -> Type {
        let known = match base {
            Type::Any | Type::Null => Some(Type::Any),
            Type::Context(_) => base.member(name).cloned(),
            Type::List(item) => return Type::list_of(self.member(node, item, name)),
            Type::Date => matches!(name, "year" | "month" | "day" | "weekday").then_some(Type::Number),
            Type::DateTime | Type::Time => match name {
                "year" | "month" | "day" | "weekday" if *base == Type::DateTime => Some(Type::Number),
                "hour" | "minute" | "second" => Some(Type::Number),
                "time offset" => Some(Type::DaysDuration),
                "timezone" => Some(Type::String),
                _ => None,
            },
            Type::DaysDuration => matches!(name, "days" | "hours" | "minutes" | "seconds").then_some(Type::Number),
            Type::MonthsDuration => matches!(name, "years" | "months").then_some(Type::Number),
            Type::Range(item) => match name {
                "start" | "end" => Some((**item).clone()),
                "start included" | "end included" => Some(Type::Boolean),
                _ => None,
            },
            _ => None,
        };
        known.unwrap_or_else(|| {
            let kind = if matches!(base, Type::Context(_)) { "the context".to_owned() } else { base.to_string() };
            self.object(node, format!("{kind} has no `{name}`"));
            Type::Any
        })
    }

    fn filter(&mut self, base: &Node, filter: &Node) -> Type {
        let base = self.infer(base);
        let item = match &base {
            Type::List(item) => (**item).clone(),
            other => other.clone(),
        };
        let mark = self.locals.len();
        self.locals.push(("item".into(), item.clone()));
        let unknown = match &item {
            Type::Context(members) if !members.is_empty() => {
                self.locals.extend(members.iter().cloned());
                false
            }
            Type::Any | Type::Context(_) => true,
            _ => false,
        };
        self.unknown_items += u32::from(unknown);
        let ty = self.infer(filter);
        self.unknown_items -= u32::from(unknown);
        self.locals.truncate(mark);
        match ty {
            Type::Number => item,
            Type::Boolean => Type::list_of(item),
            Type::Any | Type::Null => Type::Any,
            other => {
                self.object(filter, format!("expected a condition or a position, found {other}"));
                Type::Any
            }
        }
    }

    fn call(&mut self, node: &Node, callee: &Node, args: &Args) -> Type {
        let types: Vec<Type> = match args {
            Args::Positional(nodes) => nodes.iter().map(|n| self.infer(n)).collect(),
            Args::Named(nodes) => nodes.iter().map(|(_, n)| self.infer(n)).collect(),
        };
        if let Kind::Name(name) = &callee.kind
            && self.local(name).is_none()
            && self.scope.get(name).is_none()
            && let Some(builtin) = Builtin::named(name)
        {
            return self.call_builtin(node, builtin, args, &types);
        }
        match self.infer(callee) {
            Type::Function(params, result) => {
                if params.len() != types.len() {
                    self.object(node, format!("expected {} arguments, found {}", params.len(), types.len()));
                } else if let Args::Positional(_) = args {
                    for (param, ty) in params.iter().zip(&types) {
                        if !param.includes(ty) && !param.includes(&item_of(ty)) {
                            self.object(node, format!("expected {param}, found {ty}"));
                        }
                    }
                }
                *result
            }
            Type::Any | Type::Null => Type::Any,
            other => {
                self.object(node, format!("{other} cannot be called"));
                Type::Any
            }
        }
    }

    fn call_builtin(&mut self, node: &Node, builtin: Builtin, args: &Args, types: &[Type]) -> Type {
        let name = builtin.name();
        let (letters, result) = signature(name);
        match args {
            Args::Named(named) => {
                let names: Vec<_> = named.iter().map(|(n, _)| (n.clone(), Value::Null)).collect();
                if builtin.order(&names).is_none() {
                    self.object(node, format!("`{name}` has no such arguments"));
                }
            }
            Args::Positional(nodes) => {
                if !builtin.accepts(nodes.len()) {
                    self.object(node, format!("`{name}` cannot have {} arguments", nodes.len()));
                }
                let letters = letters.chars().chain(letters.chars().last().into_iter().cycle());
                for ((arg, ty), letter) in nodes.iter().zip(types).zip(letters) {
                    if !letter_fits(letter, ty) {
                        self.object(arg, format!("`{name}` expects {}, found {ty}", letter_name(letter)));
                    }
                }
            }
        }
        let first = types.first().cloned().unwrap_or_default();
        match name {
            "duration" => match args {
                Args::Positional(nodes) => duration_type(nodes.first()),
                Args::Named(nodes) => duration_type(nodes.first().map(|(_, n)| n)),
            },
            "abs" => first,
            "min" | "max" | "sum" => item_of(&first),
            "reverse" | "sublist" | "remove" | "distinct values" | "sort" if matches!(first, Type::List(_)) => first,
            _ => result,
        }
    }

    fn iterators(&mut self, iterators: &[Iterator]) -> usize {
        let mark = self.locals.len();
        for iterator in iterators {
            let mut ty = item_of(&self.infer(&iterator.domain));
            if let Some(to) = &iterator.to {
                let end = self.infer(to);
                if !comparable(&ty, &end) {
                    self.object(to, format!("cannot run from {ty} to {end}"));
                }
                ty = common(ty, end);
            }
            self.locals.push((iterator.name.clone(), ty));
        }
        mark
    }

    fn test(&mut self, test: &Test, input: &Type) {
        if let Kind::ComparisonRange(_, end) = &test.node.kind {
            let end_type = self.infer(end);
            if !comparable(input, &end_type) {
                self.object(end, format!("cannot compare {input} with {end_type}"));
            }
            return;
        }
        let ty = self.infer(&test.node);
        let fits = ty == Type::Boolean
            || comparable(input, &ty)
            || matches!(&ty, Type::List(_) | Type::Range(_) if comparable(input, &item_of(&item_of(&ty))));
        if !fits {
            self.object(&test.node, format!("cannot compare {input} with {ty}"));
        }
    }
}

/// The kind of duration a literal text names.
fn duration_type(arg: Option<&Node>) -> Type {
    match arg.map(|n| &n.kind) {
        Some(Kind::Literal(Value::String(s))) => Value::parse_duration(s).as_ref().map_or(Type::Any, type_of),
        _ => Type::Any,
    }
}
