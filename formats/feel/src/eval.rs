//! Evaluation of syntax trees (DMN 1.5, 10.3.2), counted step by step.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexMap;
use regex::Regex;

use crate::ast::{Args, Arithmetic, Comparison, Iterator, Kind, Node, Test};
use crate::builtins::Builtin;
use crate::fault::{Fault, FaultKind};
use crate::number::{Number, Rounding};
use crate::parser::each_child;
use crate::temporal::{DAY_NANOS, Date, DateTime, MONTHS_MAX, days_duration};
use crate::types::Type;
use crate::value::{Closure, Context, Function, FunctionKind, Param, Range, RangeForm, Value};

/// Bounds of one evaluation. Reaching one is an error, never a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Elementary steps: a node evaluated, an item visited, 16 bytes of text made.
    pub steps: u64,
    /// Nested evaluations, function calls included.
    pub depth: u32,
    /// Values inside one list or result; texts may have 16 bytes for each.
    pub size: usize,
}

impl Default for Limits {
    /// One million steps, 200 levels, 100 000 values.
    fn default() -> Self {
        Limits { steps: 1_000_000, depth: 200, size: 100_000 }
    }
}

/// What an evaluation takes from outside: the present and its bounds.
#[derive(Debug, Clone)]
pub struct Env {
    /// The moment `now()` and `today()` speak of, in the zone that decides which day it is.
    pub now: jiff::Zoned,
    /// Bounds of the evaluation.
    pub limits: Limits,
}

impl Env {
    /// With the default limits.
    pub fn at(now: jiff::Zoned) -> Env {
        Env { now, limits: Limits::default() }
    }
}

/// The evaluation was given up, or its outcome is no condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvalError {
    /// [`Limits::steps`] is used up.
    #[error("the expression needs too many steps")]
    Steps,
    /// [`Limits::depth`] is reached.
    #[error("the expression is nested too deeply or calls itself without end")]
    Depth,
    /// [`Limits::size`] is reached.
    #[error("the expression makes too large a value")]
    Size,
    /// A condition is null or not a boolean.
    #[error("the condition is {found}, neither true nor false{}", .reason.as_ref().map(|r| format!(": {r}")).unwrap_or_default())]
    NullCondition {
        /// Type of the outcome.
        found: &'static str,
        /// What first went wrong, if known.
        reason: Option<Box<Fault>>,
    },
}

/// Outcome of a part of an evaluation.
pub type Evaluated = Result<Value, EvalError>;

/// Nesting of values beyond this cannot be made; walks over values are recursive.
const MAX_VALUE_DEPTH: u32 = 200;
/// Compiled patterns kept during one evaluation.
const MAX_PATTERNS: usize = 64;

/// The state of one evaluation: what is left of its limits and why something became null.
pub struct Cx<'e> {
    env: &'e Env,
    steps_left: u64,
    depth: u32,
    reason: Option<Box<Fault>>,
    patterns: HashMap<(Arc<str>, String), Option<Regex>>,
}

/// Names in scope, innermost first.
#[derive(Clone, Default)]
pub struct Frame(Option<Arc<FrameData>>);

struct FrameData {
    parent: Frame,
    names: Names,
    depth: u32,
}

enum Names {
    One(Arc<str>, Value),
    Entries(Context),
}

impl Frame {
    /// The entries of a context as names.
    pub fn new(names: Context) -> Frame {
        Frame::default().with_entries(names)
    }

    /// With one more name.
    #[must_use]
    pub fn with(&self, name: impl Into<Arc<str>>, value: Value) -> Frame {
        let depth = 1 + self.depth().max(value.depth());
        Frame(Some(Arc::new(FrameData { parent: self.clone(), names: Names::One(name.into(), value), depth })))
    }

    /// With the entries of a context as further names.
    #[must_use]
    pub fn with_entries(&self, names: Context) -> Frame {
        let depth = 1 + self.depth().max(names.depth());
        Frame(Some(Arc::new(FrameData { parent: self.clone(), names: Names::Entries(names), depth })))
    }

    /// Levels of nesting of frames and the values in them.
    pub fn depth(&self) -> u32 {
        self.0.as_ref().map_or(0, |f| f.depth)
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let mut frame = self;
        while let Some(data) = &frame.0 {
            match &data.names {
                Names::One(n, value) if **n == *name => return Some(value),
                Names::Entries(context) => {
                    if let Some(value) = context.get(name) {
                        return Some(value);
                    }
                }
                Names::One(..) => {}
            }
            frame = &data.parent;
        }
        None
    }
}

impl<'e> Cx<'e> {
    /// A fresh evaluation.
    pub fn new(env: &'e Env) -> Cx<'e> {
        Cx { env, steps_left: env.limits.steps, depth: 0, reason: None, patterns: HashMap::new() }
    }

    /// The environment.
    pub fn env(&self) -> &'e Env {
        self.env
    }

    /// Why the first value became null that should not have been.
    pub fn reason(&self) -> Option<&Fault> {
        self.reason.as_deref()
    }

    /// Forgets why something became null, before a part of the work whose faults do not belong to what came before.
    pub fn take_reason(&mut self) -> Option<Box<Fault>> {
        self.reason.take()
    }

    /// Null, remembering why.
    pub fn null(&mut self, reason: impl FnOnce() -> Fault) -> Value {
        if self.reason.is_none() {
            self.reason = Some(Box::new(reason()));
        }
        Value::Null
    }

    /// Uses up steps.
    ///
    /// # Errors
    /// [`EvalError::Steps`] when there are not so many left.
    pub fn charge(&mut self, steps: usize) -> Result<(), EvalError> {
        match self.steps_left.checked_sub(steps as u64) {
            Some(left) => {
                self.steps_left = left;
                Ok(())
            }
            None => Err(EvalError::Steps),
        }
    }

    /// Pays for a walk over all values inside `value`.
    pub(crate) fn charge_walk(&mut self, value: &Value) -> Result<(), EvalError> {
        match value {
            Value::List(_) | Value::Context(_) | Value::String(_) => {
                let limit = usize::try_from(self.steps_left).unwrap_or(usize::MAX - 1);
                self.charge(value.count_up_to(limit))
            }
            _ => self.charge(1),
        }
    }

    /// Runs one level deeper.
    ///
    /// # Errors
    /// [`EvalError::Depth`] at the limit, and what `inner` fails with.
    pub fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, EvalError>) -> Result<T, EvalError> {
        if self.depth >= self.env.limits.depth {
            return Err(EvalError::Depth);
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    pub(crate) fn equals(&mut self, a: &Value, b: &Value) -> Result<Option<bool>, EvalError> {
        self.charge_walk(a)?;
        Ok(a.equals(b))
    }

    /// [`Value::compare`], paid for.
    pub(crate) fn order(&mut self, a: &Value, b: &Value) -> Result<Option<Ordering>, EvalError> {
        if let Value::String(_) = a {
            self.charge_walk(a)?;
        }
        Ok(a.compare(b))
    }

    /// A list, if its size is allowed.
    ///
    /// # Errors
    /// [`EvalError::Size`], [`EvalError::Depth`], [`EvalError::Steps`]
    pub fn list(&mut self, items: Vec<Value>) -> Evaluated {
        if items.len() > self.env.limits.size {
            return Err(EvalError::Size);
        }
        self.charge(items.len())?;
        nested(Value::list(items))
    }

    /// A context, if its size is allowed.
    ///
    /// # Errors
    /// [`EvalError::Size`], [`EvalError::Depth`], [`EvalError::Steps`]
    pub fn context(&mut self, entries: IndexMap<Arc<str>, Value>) -> Evaluated {
        if entries.len() > self.env.limits.size {
            return Err(EvalError::Size);
        }
        self.charge(entries.len())?;
        nested(Value::Context(entries.into()))
    }

    /// A text, if its size is allowed.
    pub(crate) fn text(&mut self, text: impl Into<Arc<str>>) -> Evaluated {
        let text = text.into();
        if text.len() / 16 > self.env.limits.size {
            return Err(EvalError::Size);
        }
        self.charge(text.len() / 16)?;
        Ok(Value::String(text))
    }

    /// A compiled pattern, `None` if it is faulty.
    pub(crate) fn pattern(&mut self, pattern: &Arc<str>, flags: &str) -> Result<Option<Regex>, EvalError> {
        let key = (pattern.clone(), flags.to_owned());
        if let Some(known) = self.patterns.get(&key) {
            return Ok(known.clone());
        }
        // Compiling takes up to some milliseconds.
        self.charge(2_000 + 20 * pattern.len())?;
        let compiled = crate::pattern::compile(pattern, flags);
        if self.patterns.len() < MAX_PATTERNS {
            self.patterns.insert(key, compiled.clone());
        }
        Ok(compiled)
    }

    // ---- nodes

    pub(crate) fn eval(&mut self, node: &Node, frame: &Frame) -> Evaluated {
        self.charge(1)?;
        match &node.kind {
            Kind::Literal(value) => Ok(value.clone()),
            Kind::Name(name) => Ok(self.lookup(name, frame)),
            Kind::Input => Ok(self.lookup("?", frame)),
            _ => {
                if self.depth >= self.env.limits.depth {
                    return Err(EvalError::Depth);
                }
                self.depth += 1;
                let result = self.eval_inner(node, frame);
                self.depth -= 1;
                result
            }
        }
    }

    fn lookup(&mut self, name: &str, frame: &Frame) -> Value {
        match frame.get(name) {
            Some(value) => value.clone(),
            None => match Builtin::named(name) {
                Some(builtin) => Value::Function(Function(FunctionKind::Builtin(builtin))),
                None => self.null(|| {
                    Fault::new(
                        FaultKind::UnknownName,
                        format!("there is no `{name}`"),
                        vec![("name", name.to_string())],
                    )
                }),
            },
        }
    }

    /// Only hands on: every level of nesting passes through here, so the stack it takes must be small.
    fn eval_inner(&mut self, node: &Node, frame: &Frame) -> Evaluated {
        match &node.kind {
            Kind::Literal(_) | Kind::Name(_) | Kind::Input => self.eval(node, frame),
            Kind::Path(base, name) => self.path(base, name, frame),
            Kind::Filter(base, filter) => self.filter(base, filter, frame),
            Kind::Call(callee, args) => self.call_node(callee, args, frame),
            Kind::Negate(inner) => self.negate(inner, frame),
            Kind::Arithmetic(first, rest) => self.arithmetic_chain(first, rest, frame),
            Kind::And(operands) => self.logic(operands, frame, false),
            Kind::Or(operands) => self.logic(operands, frame, true),
            Kind::Compare(sign, left, right) => self.comparison(*sign, left, right, frame),
            Kind::Between(value, low, high) => self.between(value, low, high, frame),
            Kind::In(value, tests) => self.is_in(value, tests, frame),
            Kind::If(condition, yes, no) => self.choose(condition, yes, no, frame),
            Kind::For(iterators, body) => self.eval_for(iterators, body, frame),
            Kind::Some(iterators, body) => self.quantified(iterators, body, frame, true),
            Kind::Every(iterators, body) => self.quantified(iterators, body, frame, false),
            Kind::List(nodes) => self.eval_list(nodes, frame),
            Kind::Context(entries) => self.eval_context(entries, frame),
            Kind::Range { start, start_included, end, end_included } => {
                self.eval_range(start, *start_included, end, *end_included, frame)
            }
            Kind::ComparisonRange(sign, end) => self.eval(end, frame).map(|end| comparison_range(*sign, end)),
            Kind::Function(params, body) => closure(params, body, frame, None),
            Kind::InstanceOf(value, ty) => self.instance_of(value, ty, frame),
        }
    }

    fn path(&mut self, base: &Node, name: &str, frame: &Frame) -> Evaluated {
        let base = self.eval(base, frame)?;
        self.member(&base, name)
    }

    fn negate(&mut self, inner: &Node, frame: &Frame) -> Evaluated {
        let value = self.eval(inner, frame)?;
        Ok(match value {
            Value::Number(n) => Value::Number(n.negated()),
            Value::DaysDuration(n) => Value::DaysDuration(-n),
            Value::MonthsDuration(m) => Value::MonthsDuration(-m),
            other => self.null(|| {
                Fault::new(
                    FaultKind::Negate,
                    format!("cannot negate {}", other.type_name()),
                    vec![("type", other.type_name().to_owned())],
                )
            }),
        })
    }

    fn arithmetic_chain(&mut self, first: &Node, rest: &[(Arithmetic, Node)], frame: &Frame) -> Evaluated {
        let mut left = self.eval(first, frame)?;
        for (operator, right) in rest {
            let right = self.eval(right, frame)?;
            left = self.arithmetic(*operator, left, right)?;
        }
        Ok(left)
    }

    fn comparison(&mut self, sign: Comparison, left: &Node, right: &Node, frame: &Frame) -> Evaluated {
        let left = self.eval(left, frame)?;
        let right = self.eval(right, frame)?;
        self.compare(sign, &left, &right)
    }

    fn between(&mut self, value: &Node, low: &Node, high: &Node, frame: &Frame) -> Evaluated {
        let value = self.eval(value, frame)?;
        let low = self.eval(low, frame)?;
        let high = self.eval(high, frame)?;
        Ok(match (self.order(&value, &low)?, self.order(&value, &high)?) {
            (Some(a), Some(b)) => Value::Bool(a != Ordering::Less && b != Ordering::Greater),
            _ => self.null(|| {
                Fault::new(
                    FaultKind::Compare,
                    format!("cannot compare {} with the bounds", value.type_name()),
                    vec![("left", value.type_name().to_owned()), ("right", "range".to_owned())],
                )
            }),
        })
    }

    fn is_in(&mut self, value: &Node, tests: &[Test], frame: &Frame) -> Evaluated {
        let value = self.eval(value, frame)?;
        self.any_test(tests, &value, frame)
    }

    fn choose(&mut self, condition: &Node, yes: &Node, no: &Node, frame: &Frame) -> Evaluated {
        let holds = self.eval(condition, frame)?.as_bool() == Some(true);
        self.eval(if holds { yes } else { no }, frame)
    }

    fn eval_list(&mut self, nodes: &[Node], frame: &Frame) -> Evaluated {
        let mut items = Vec::with_capacity(nodes.len());
        for node in nodes {
            items.push(self.eval(node, frame)?);
        }
        self.list(items)
    }

    fn eval_range(
        &mut self,
        start: &Node,
        start_included: bool,
        end: &Node,
        end_included: bool,
        frame: &Frame,
    ) -> Evaluated {
        let start = self.eval(start, frame)?;
        let end = self.eval(end, frame)?;
        Ok(self.range(start, start_included, end, end_included))
    }

    fn instance_of(&mut self, value: &Node, ty: &Type, frame: &Frame) -> Evaluated {
        let value = self.eval(value, frame)?;
        self.charge_walk(&value)?;
        Ok(Value::Bool(ty.is_instance(&value)))
    }

    fn eval_context(&mut self, entries: &[(Arc<str>, Node)], frame: &Frame) -> Evaluated {
        let mut inner = frame.clone();
        let mut values = IndexMap::new();
        for (name, node) in entries {
            let value = match &node.kind {
                Kind::Function(params, body) => closure(params, body, &inner, Some(name.clone()))?,
                _ => self.eval(node, &inner)?,
            };
            inner = inner.with(name.clone(), value.clone());
            values.insert(name.clone(), value);
        }
        self.context(values)
    }

    /// Three-valued `and`/`or`: one operand equal to `decisive` decides, else null if not all are booleans.
    fn logic(&mut self, operands: &[Node], frame: &Frame, decisive: bool) -> Evaluated {
        let mut unknown = false;
        for operand in operands {
            match self.eval(operand, frame)?.as_bool() {
                Some(b) if b == decisive => return Ok(Value::Bool(decisive)),
                Some(_) => {}
                None => unknown = true,
            }
        }
        Ok(if unknown {
            self.null(|| Fault::plain(FaultKind::NotBoolean, "an operand of `and` or `or` is no boolean"))
        } else {
            Value::Bool(!decisive)
        })
    }

    fn compare(&mut self, sign: Comparison, left: &Value, right: &Value) -> Evaluated {
        let result = match sign {
            Comparison::Equal => self.equals(left, right)?,
            Comparison::NotEqual => self.equals(left, right)?.map(|same| !same),
            _ => self.order(left, right)?.map(|order| match sign {
                Comparison::Less => order == Ordering::Less,
                Comparison::LessEqual => order != Ordering::Greater,
                Comparison::Greater => order == Ordering::Greater,
                _ => order != Ordering::Less,
            }),
        };
        Ok(match result {
            Some(b) => Value::Bool(b),
            None => self.null(|| two(FaultKind::Compare, "cannot compare {} with {}", left, right)),
        })
    }

    pub(crate) fn range(&mut self, start: Value, start_included: bool, end: Value, end_included: bool) -> Value {
        let plain = |v: &Value| !matches!(v, Value::List(_) | Value::Context(_) | Value::Function(_) | Value::Range(_));
        let fits = start.is_null() || end.is_null() || start.compare(&end).is_some();
        if !(plain(&start) && plain(&end) && fits) || (start.is_null() && end.is_null()) {
            return self.null(|| two(FaultKind::Range, "no range from {} to {}", &start, &end));
        }
        Value::Range(Arc::new(Range { start, start_included, end, end_included, form: RangeForm::Interval }))
    }

    // ---- members, filters, calls

    fn member(&mut self, base: &Value, name: &str) -> Evaluated {
        if let Value::List(list) = base {
            let items = list.items().iter().map(|item| self.deeper(|cx| cx.member(item, name)));
            let items = items.collect::<Result<Vec<_>, _>>()?;
            return self.list(items);
        }
        self.charge(1)?;
        let found = match base {
            Value::Context(c) => c.get(name).cloned(),
            Value::Date(d) => date_member(*d, name),
            Value::DateTime(d) => date_member(d.date, name).or_else(|| time_member(&d.time, d.offset_seconds(), name)),
            Value::Time(t) => time_member(t, t.offset_seconds(), name),
            Value::MonthsDuration(m) => match name {
                "years" => Some((m / 12).into()),
                "months" => Some((m % 12).into()),
                _ => None,
            },
            Value::DaysDuration(n) => {
                let seconds = n / 1_000_000_000;
                let part = match name {
                    "days" => Some(seconds / 86_400),
                    "hours" => Some(seconds / 3600 % 24),
                    "minutes" => Some(seconds / 60 % 60),
                    "seconds" => Some(seconds % 60),
                    _ => None,
                };
                part.map(|p| Number::new(p, 0).into())
            }
            Value::Range(r) => match name {
                "start" => Some(r.start.clone()),
                "end" => Some(r.end.clone()),
                "start included" => Some(r.start_included.into()),
                "end included" => Some(r.end_included.into()),
                _ => None,
            },
            _ => None,
        };
        Ok(found.unwrap_or_else(|| {
            self.null(|| {
                Fault::new(
                    FaultKind::NoMember,
                    format!("{} has no `{name}`", base.type_name()),
                    vec![("type", base.type_name().to_owned()), ("name", name.to_string())],
                )
            })
        }))
    }

    fn filter(&mut self, base: &Node, filter: &Node, frame: &Frame) -> Evaluated {
        let base = self.eval(base, frame)?;
        let single;
        let items = match &base {
            Value::List(list) => list.items(),
            Value::Null => return Ok(Value::Null),
            other => {
                single = [other.clone()];
                &single[..]
            }
        };
        self.filter_items(items, frame, &mut |cx, frame| cx.eval(filter, frame))
    }

    fn call_node(&mut self, callee: &Node, args: &Args, frame: &Frame) -> Evaluated {
        let function = match self.eval(callee, frame)? {
            Value::Function(f) => f,
            other => {
                return Ok(self.null(|| {
                    Fault::new(
                        FaultKind::NotCallable,
                        format!("{} cannot be called", other.type_name()),
                        vec![("type", other.type_name().to_owned())],
                    )
                }));
            }
        };
        match args {
            Args::Positional(nodes) => {
                let args = nodes.iter().map(|n| self.eval(n, frame)).collect::<Result<Vec<_>, _>>()?;
                self.call(&function, args)
            }
            Args::Named(nodes) => {
                let mut args = Vec::with_capacity(nodes.len());
                for (name, node) in nodes {
                    args.push((name.clone(), self.eval(node, frame)?));
                }
                self.call_named(&function, args)
            }
        }
    }

    /// Calls a function with named arguments.
    ///
    /// # Errors
    /// Only when a limit is reached; a call that does not fit yields null.
    pub fn call_named(&mut self, function: &Function, args: Vec<(Arc<str>, Value)>) -> Evaluated {
        if let FunctionKind::Builtin(builtin) = &function.0 {
            return match builtin.order(&args) {
                Some(args) => builtin.run(args, self),
                None => Ok(self
                    .null(|| Fault::plain(FaultKind::Arguments, format!("{} has no such arguments", builtin.name())))),
            };
        }
        let params = function.params();
        if params.len() != args.len() {
            return Ok(self.null(|| {
                Fault::plain(FaultKind::Arguments, format!("expected {} arguments, found {}", params.len(), args.len()))
            }));
        }
        let mut ordered = Vec::with_capacity(args.len());
        for param in params {
            match args.iter().find(|(name, _)| *name == param.name) {
                Some((_, value)) => ordered.push(value.clone()),
                None => {
                    return Ok(self
                        .null(|| Fault::plain(FaultKind::Arguments, format!("argument `{}` is missing", param.name))));
                }
            }
        }
        self.call(function, ordered)
    }

    /// Calls a function.
    ///
    /// # Errors
    /// Only when a limit is reached; a call that does not fit yields null.
    pub fn call(&mut self, function: &Function, args: Vec<Value>) -> Evaluated {
        self.charge(1)?;
        if let FunctionKind::Builtin(builtin) = &function.0 {
            return builtin.run(args, self);
        }
        let params = function.params();
        if params.len() != args.len() {
            return Ok(self.null(|| {
                Fault::plain(FaultKind::Arguments, format!("expected {} arguments, found {}", params.len(), args.len()))
            }));
        }
        let mut coerced = Vec::with_capacity(args.len());
        for (param, arg) in params.iter().zip(args) {
            if param.ty != Type::Any {
                self.charge_walk(&arg)?;
            }
            let found = arg.type_name();
            match param.ty.coerce(arg) {
                Some(arg) => coerced.push(arg),
                None => {
                    return Ok(self.null(|| {
                        Fault::new(
                            FaultKind::WrongType,
                            format!("argument `{}` is {found}, not {}", param.name, param.ty),
                            vec![
                                ("name", param.name.to_string()),
                                ("found", found.to_string()),
                                ("expected", param.ty.to_string()),
                            ],
                        )
                    }));
                }
            }
        }
        match &function.0 {
            FunctionKind::Native(native) => self.deeper(|cx| native.call(coerced, cx)),
            FunctionKind::Closure(closure) => {
                let mut frame = closure.frame.clone();
                if let Some(name) = &closure.own_name {
                    frame = frame.with(name.clone(), Value::Function(function.clone()));
                }
                for (param, arg) in closure.params.iter().zip(coerced) {
                    frame = frame.with(param.name.clone(), arg);
                }
                self.eval(&closure.body, &frame)
            }
            FunctionKind::Builtin(_) => Ok(Value::Null),
        }
    }

    // ---- loops

    fn eval_for(&mut self, iterators: &[Iterator], body: &Node, frame: &Frame) -> Evaluated {
        let wants_partial = mentions(body, "partial");
        let mut results = Vec::new();
        let complete = self.iterate(iterators, frame, &mut |cx, frame| {
            if results.len() >= cx.env.limits.size {
                return Err(EvalError::Size);
            }
            let value = if wants_partial {
                let partial = cx.list(results.clone())?;
                cx.eval(body, &frame.with("partial", partial))?
            } else {
                cx.eval(body, frame)?
            };
            results.push(value);
            Ok(true)
        })?;
        if complete { self.list(results) } else { Ok(Value::Null) }
    }

    /// `some` is a chain of `or`, `every` one of `and`.
    fn quantified(&mut self, iterators: &[Iterator], body: &Node, frame: &Frame, decisive: bool) -> Evaluated {
        let mut decided = false;
        let mut unknown = false;
        let complete = self.iterate(iterators, frame, &mut |cx, frame| {
            match cx.eval(body, frame)?.as_bool() {
                Some(b) if b == decisive => {
                    decided = true;
                    return Ok(false);
                }
                Some(_) => {}
                None => unknown = true,
            }
            Ok(true)
        })?;
        Ok(match (decided, complete && !unknown) {
            (true, _) => Value::Bool(decisive),
            (false, true) => Value::Bool(!decisive),
            (false, false) => {
                self.null(|| Fault::plain(FaultKind::NotBoolean, "a condition of `some` or `every` is no boolean"))
            }
        })
    }

    /// Visits every combination of the iterators' items while `visit` says so. False if a domain is no list.
    fn iterate(
        &mut self,
        iterators: &[Iterator],
        frame: &Frame,
        visit: &mut dyn FnMut(&mut Self, &Frame) -> Result<bool, EvalError>,
    ) -> Result<bool, EvalError> {
        let mut go_on = true;
        let complete = self.iterate_inner(iterators, frame, visit, &mut go_on)?;
        Ok(complete)
    }

    fn iterate_inner(
        &mut self,
        iterators: &[Iterator],
        frame: &Frame,
        visit: &mut dyn FnMut(&mut Self, &Frame) -> Result<bool, EvalError>,
        go_on: &mut bool,
    ) -> Result<bool, EvalError> {
        let Some((first, rest)) = iterators.split_first() else {
            *go_on = visit(self, frame)?;
            return Ok(true);
        };
        let Some(domain) = self.domain(first, frame)? else { return Ok(false) };
        for i in 0..domain.len() {
            self.charge(1)?;
            let inner = frame.with(first.name.clone(), domain.get(i));
            if !self.deeper(|cx| cx.iterate_inner(rest, &inner, visit, go_on))? {
                return Ok(false);
            }
            if !*go_on {
                break;
            }
        }
        Ok(true)
    }

    /// The values a loop over `domain` visits: the items of a list, the steps of a range, a single value itself.
    /// `None` where there is nothing to run over.
    ///
    /// # Errors
    /// Only when a limit is reached.
    pub fn items(&mut self, domain: Value) -> Result<Option<Vec<Value>>, EvalError> {
        let domain = match domain {
            Value::List(list) => Domain::Items(list),
            Value::Range(r) if r.form == RangeForm::Interval => match Domain::of_range(&r) {
                Some(domain) => domain,
                None => return Ok(None),
            },
            Value::Range(_) | Value::Null => return Ok(None),
            single => Domain::Items(vec![single].into()),
        };
        if domain.len() > self.env.limits.size {
            return Err(EvalError::Size);
        }
        self.charge(domain.len())?;
        Ok(Some((0..domain.len()).map(|i| domain.get(i)).collect()))
    }

    /// Picks from `items` as a filter does: `verdict` yields for an item whether it stays, or a position.
    ///
    /// # Errors
    /// What `verdict` fails with, and when a limit is reached.
    pub fn filter_items(
        &mut self,
        items: &[Value],
        frame: &Frame,
        verdict: &mut dyn FnMut(&mut Self, &Frame) -> Evaluated,
    ) -> Evaluated {
        let mut kept = Vec::new();
        let mut index = None;
        if items.is_empty() {
            index = verdict(self, frame)?.as_number();
        }
        for (i, item) in items.iter().enumerate() {
            let mut inner = frame.with("item", item.clone());
            if let Value::Context(entries) = item {
                inner = inner.with_entries(entries.clone());
            }
            // A miss in one item is what filters are for, not a fault worth telling.
            let reason = self.reason.take();
            let outcome = verdict(self, &inner);
            self.reason = reason;
            match outcome? {
                Value::Number(n) if i == 0 => {
                    index = Some(n);
                    break;
                }
                Value::Bool(true) => kept.push(item.clone()),
                _ => {}
            }
        }
        match index {
            Some(n) => {
                let at = n.to_i64().and_then(|n| list_index(n, items.len()));
                Ok(match at {
                    Some(at) => items[at].clone(),
                    None => self.null(|| {
                        Fault::new(FaultKind::NoItem, format!("the list has no item {n}"), vec![("n", n.to_string())])
                    }),
                })
            }
            None => self.list(kept),
        }
    }

    fn domain(&mut self, iterator: &Iterator, frame: &Frame) -> Result<Option<Domain>, EvalError> {
        let value = self.eval(&iterator.domain, frame)?;
        let domain = match (&iterator.to, value) {
            (Some(to), start) => {
                let end = self.eval(to, frame)?;
                Domain::between(&start, &end)
            }
            (None, Value::List(list)) => Some(Domain::Items(list)),
            (None, Value::Range(r)) if r.form == RangeForm::Interval => Domain::of_range(&r),
            (None, Value::Range(_) | Value::Null) => None,
            (None, single) => Some(Domain::Items(vec![single].into())),
        };
        if domain.is_none() {
            self.null(|| {
                Fault::plain(FaultKind::NothingToRunOver, format!("`{}` has nothing to run over", iterator.name))
            });
        }
        Ok(domain)
    }

    // ---- unary tests

    /// Whether any of the tests holds; null if none does and one is undecided.
    pub(crate) fn any_test(&mut self, tests: &[Test], input: &Value, frame: &Frame) -> Evaluated {
        let frame = frame.with("?", input.clone());
        let mut unknown = false;
        for test in tests {
            match self.test(test, input, &frame)? {
                Value::Bool(true) => return Ok(Value::Bool(true)),
                Value::Bool(false) => {}
                _ => unknown = true,
            }
        }
        Ok(if unknown { Value::Null } else { Value::Bool(false) })
    }

    fn test(&mut self, test: &Test, input: &Value, frame: &Frame) -> Evaluated {
        if let Kind::ComparisonRange(sign, end) = &test.node.kind {
            let end = self.eval(end, frame)?;
            return self.compare(*sign, input, &end);
        }
        let value = self.eval(&test.node, frame)?;
        if test.uses_input {
            return Ok(value);
        }
        self.charge_walk(input)?;
        let holds = match &value {
            Value::Range(r) if !matches!(input, Value::Range(_)) => r.contains(input),
            Value::List(list) => {
                let mut holds = matches!(input, Value::List(_)) && self.equals(input, &value)? == Some(true);
                for item in list.items() {
                    self.charge_walk(input)?;
                    holds |= match item {
                        Value::Range(r) if !matches!(input, Value::Range(_)) => r.contains(input) == Some(true),
                        _ => self.equals(input, item)? == Some(true),
                    };
                }
                Some(holds)
            }
            // A condition that speaks of other things than the input.
            Value::Bool(b) if !matches!(input, Value::Bool(_) | Value::Null) => Some(*b),
            _ => self.equals(input, &value)?,
        };
        Ok(match holds {
            Some(b) => Value::Bool(b),
            None => self.null(|| two(FaultKind::Compare, "cannot compare {} with {}", input, &value)),
        })
    }

    // ---- arithmetic

    fn arithmetic(&mut self, operator: Arithmetic, left: Value, right: Value) -> Evaluated {
        use Arithmetic::*;
        if let (Add, Value::String(a), Value::String(b)) = (operator, &left, &right) {
            self.charge((a.len() + b.len()) / 16)?;
            return self.text(format!("{a}{b}"));
        }
        if let (Value::Number(a), Value::Number(b)) = (&left, &right) {
            let result = match operator {
                Add => a.checked_add(*b),
                Subtract => a.checked_sub(*b),
                Multiply => a.checked_mul(*b),
                Divide => a.checked_div(*b),
                Power => {
                    self.charge(200)?;
                    a.pow(*b)
                }
            };
            return Ok(match result {
                Some(n) => Value::Number(n),
                None => self.null(|| {
                    Fault::new(
                        FaultKind::Arithmetic,
                        format!("{left} and {right} have no result here"),
                        vec![("left", left.to_string()), ("right", right.to_string())],
                    )
                }),
            });
        }
        let result = match operator {
            Add => add_temporal(&left, &right).or_else(|| add_temporal(&right, &left)),
            Subtract => subtract_temporal(&left, &right),
            Multiply => scale_duration(&left, &right, Number::checked_mul)
                .or_else(|| scale_duration(&right, &left, Number::checked_mul)),
            Divide => match (&left, &right) {
                (Value::DaysDuration(a), Value::DaysDuration(b)) => ratio(*a, *b),
                (Value::MonthsDuration(a), Value::MonthsDuration(b)) => ratio((*a).into(), (*b).into()),
                _ => scale_duration(&left, &right, Number::checked_div),
            },
            Power => None,
        };
        Ok(match result {
            Some(value) => value,
            None => self.null(|| two(FaultKind::Arithmetic, "no arithmetic with {} and {}", &left, &right)),
        })
    }
}

/// A fault between the types of two values; the message has a place for each.
fn two(kind: FaultKind, message: &str, left: &Value, right: &Value) -> Fault {
    let (left, right) = (left.type_name(), right.type_name());
    let message = message.replacen("{}", left, 1).replacen("{}", right, 1);
    Fault::new(kind, message, vec![("left", left.to_owned()), ("right", right.to_owned())])
}

/// A function with the names it can see; `own_name` lets it call itself.
fn closure(params: &[Param], body: &Arc<Node>, frame: &Frame, own_name: Option<Arc<str>>) -> Evaluated {
    let closure = Closure { params: params.to_vec(), body: body.clone(), frame: frame.clone(), own_name };
    nested(Value::Function(Function(FunctionKind::Closure(Arc::new(closure)))))
}

fn nested(value: Value) -> Evaluated {
    if value.depth() > MAX_VALUE_DEPTH * if matches!(value, Value::Function(_)) { 5 } else { 1 } {
        return Err(EvalError::Depth);
    }
    Ok(value)
}

fn mentions(node: &Node, name: &str) -> bool {
    if matches!(&node.kind, Kind::Name(n) if **n == *name) {
        return true;
    }
    let mut found = false;
    each_child(&node.kind, &mut |child| found = found || mentions(child, name));
    found
}

/// Position in a list from FEEL's index: 1 is the first, -1 the last.
pub(crate) fn list_index(index: i64, len: usize) -> Option<usize> {
    let len = i64::try_from(len).ok()?;
    let at = if index > 0 { index - 1 } else { len.checked_add(index)? };
    (index != 0 && (0..len).contains(&at)).then_some(at as usize)
}

fn comparison_range(sign: Comparison, end: Value) -> Value {
    let (start, start_included, end, end_included, form) = match sign {
        Comparison::Less => (Value::Null, false, end, false, RangeForm::Comparison),
        Comparison::LessEqual => (Value::Null, false, end, true, RangeForm::Comparison),
        Comparison::Greater => (end, false, Value::Null, false, RangeForm::Comparison),
        Comparison::GreaterEqual => (end, true, Value::Null, false, RangeForm::Comparison),
        Comparison::Equal => (end.clone(), true, end, true, RangeForm::Comparison),
        Comparison::NotEqual => (end.clone(), false, end, false, RangeForm::Except),
    };
    if start.depth() > 0 || end.depth() > 0 {
        return Value::Null;
    }
    Value::Range(Arc::new(Range { start, start_included, end, end_included, form }))
}

/// What a `for` runs over, without making a list of a range.
enum Domain {
    Items(crate::value::List),
    Numbers { start: i64, len: usize, step: i64 },
    Days { start: i64, len: usize, step: i64 },
}

impl Domain {
    fn between(start: &Value, end: &Value) -> Option<Domain> {
        let (a, b, days) = match (start, end) {
            (Value::Number(a), Value::Number(b)) => (a.to_i64()?, b.to_i64()?, false),
            (Value::Date(a), Value::Date(b)) => (a.days(), b.days(), true),
            _ => return None,
        };
        let len = usize::try_from(a.abs_diff(b)).ok()?.checked_add(1)?;
        let step = if a <= b { 1 } else { -1 };
        Some(if days { Domain::Days { start: a, len, step } } else { Domain::Numbers { start: a, len, step } })
    }

    fn of_range(r: &Range) -> Option<Domain> {
        let inside = |v: &Value, included: bool, step: i64| match v {
            Value::Number(n) if !included => n.checked_add(Number::from(step)).map(Value::Number),
            Value::Date(d) if !included => Date::from_days(d.days() + step).map(Value::Date),
            other => Some(other.clone()),
        };
        let start = inside(&r.start, r.start_included, 1)?;
        let end = inside(&r.end, r.end_included, -1)?;
        match start.compare(&end)? {
            Ordering::Greater if r.start_included && r.end_included => None,
            Ordering::Greater => Some(Domain::Items(Vec::new().into())),
            _ => Domain::between(&start, &end),
        }
    }

    fn len(&self) -> usize {
        match self {
            Domain::Items(list) => list.items().len(),
            Domain::Numbers { len, .. } | Domain::Days { len, .. } => *len,
        }
    }

    fn get(&self, i: usize) -> Value {
        match self {
            Domain::Items(list) => list.items()[i].clone(),
            Domain::Numbers { start, step, .. } => (start + step * i as i64).into(),
            Domain::Days { start, step, .. } => {
                Date::from_days(start + step * i as i64).map_or(Value::Null, Value::Date)
            }
        }
    }
}

fn date_member(d: Date, name: &str) -> Option<Value> {
    Some(match name {
        "year" => i64::from(d.year).into(),
        "month" => i64::from(d.month).into(),
        "day" => i64::from(d.day).into(),
        "weekday" => d.weekday().into(),
        _ => return None,
    })
}

fn time_member(t: &crate::temporal::Time, offset: Option<i32>, name: &str) -> Option<Value> {
    let (h, m, s) = t.hms();
    Some(match name {
        "hour" => h.into(),
        "minute" => m.into(),
        "second" => s.into(),
        "time offset" => offset.map_or(Value::Null, |o| Value::DaysDuration(i128::from(o) * 1_000_000_000)),
        "timezone" => match &t.zone {
            Some(crate::temporal::Zone::Named(name)) => Value::String(name.clone()),
            _ => Value::Null,
        },
        _ => return None,
    })
}

fn months(m: i64) -> Option<Value> {
    (-MONTHS_MAX..=MONTHS_MAX).contains(&m).then_some(Value::MonthsDuration(m))
}

/// The day on which a duration that starts at its midnight ends.
fn plus_days(d: Date, nanos: i128) -> Option<Value> {
    let days = i64::try_from(nanos.div_euclid(DAY_NANOS)).ok()?;
    Date::from_days(d.days().checked_add(days)?).map(Value::Date)
}

fn add_temporal(left: &Value, right: &Value) -> Option<Value> {
    match (left, right) {
        (Value::DaysDuration(a), Value::DaysDuration(b)) => days_duration(a + b).map(Value::DaysDuration),
        (Value::MonthsDuration(a), Value::MonthsDuration(b)) => months(a + b),
        (Value::Date(d), Value::MonthsDuration(m)) => d.plus_months(*m).map(Value::Date),
        (Value::DateTime(d), Value::MonthsDuration(m)) => d.plus_months(*m).map(Value::DateTime),
        (Value::Date(d), Value::DaysDuration(n)) => plus_days(*d, *n),
        (Value::DateTime(d), Value::DaysDuration(n)) => d.plus(*n).map(Value::DateTime),
        (Value::Time(t), Value::DaysDuration(n)) => Some(Value::Time(t.plus(*n))),
        _ => None,
    }
}

fn subtract_temporal(left: &Value, right: &Value) -> Option<Value> {
    match (left, right) {
        (_, Value::DaysDuration(n)) => add_temporal(left, &Value::DaysDuration(-n)),
        (_, Value::MonthsDuration(m)) => add_temporal(left, &Value::MonthsDuration(-m)),
        (Value::Time(a), Value::Time(b)) => a.since(b).map(Value::DaysDuration),
        _ => {
            let point = |v: &Value| match v {
                Value::Date(d) => Some(DateTime::midnight_utc(*d)),
                Value::DateTime(d) => Some(d.clone()),
                _ => None,
            };
            point(left)?.since(&point(right)?).and_then(days_duration).map(Value::DaysDuration)
        }
    }
}

fn scale_duration(duration: &Value, factor: &Value, op: fn(Number, Number) -> Option<Number>) -> Option<Value> {
    let factor = factor.as_number()?;
    match duration {
        Value::DaysDuration(n) => {
            let nanos = op(Number::new(*n, 0)?, factor)?.round(0, Rounding::Down)?;
            // Nanoseconds may exceed 64 bits.
            let text = nanos.to_string();
            days_duration(text.parse().ok()?).map(Value::DaysDuration)
        }
        Value::MonthsDuration(m) => months(op(Number::from(*m), factor)?.truncate()?),
        _ => None,
    }
}

fn ratio(a: i128, b: i128) -> Option<Value> {
    Number::new(a, 0)?.checked_div(Number::new(b, 0)?).map(Value::Number)
}

/// Today's day in the environment's zone.
pub(crate) fn today(cx: &Cx<'_>) -> Value {
    cx.env().now.date().into()
}

/// The environment's moment.
pub(crate) fn now(cx: &Cx<'_>) -> Value {
    Value::DateTime(DateTime::from(&cx.env().now))
}
