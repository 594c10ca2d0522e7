//! What expressions work on and yield.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::ast::Node;
use crate::builtins::Builtin;
use crate::eval::{Cx, EvalError, Frame};
use crate::number::Number;
use crate::temporal::{Date, DateTime, Duration, Time, days_duration, format_days_duration, format_months_duration};
use crate::types::Type;

/// A FEEL value. Cheap to clone: everything large is shared.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// No value; also the outcome of a faulty operation.
    #[default]
    Null,
    /// true or false
    Bool(bool),
    /// Decimal number of 34 digits.
    Number(Number),
    /// Text.
    String(Arc<str>),
    /// A day.
    Date(Date),
    /// A time of day.
    Time(Time),
    /// A day with a time.
    DateTime(DateTime),
    /// Days and time duration in nanoseconds.
    DaysDuration(i128),
    /// Years and months duration in months.
    MonthsDuration(i64),
    /// Ordered values.
    List(List),
    /// Named values in the order of their definition.
    Context(Context),
    /// Interval.
    Range(Arc<Range>),
    /// Something that can be called.
    Function(Function),
}

/// Ordered values. Knows how deeply it is nested, so that no walk over it can exhaust the stack.
#[derive(Clone, Default)]
pub struct List(Arc<(Vec<Value>, u32)>);

/// Named values. Knows how deeply it is nested.
#[derive(Clone, Default)]
pub struct Context(Arc<(IndexMap<Arc<str>, Value>, u32)>);

/// Interval between two values of one type; an end may be missing.
#[derive(Clone, Debug)]
pub struct Range {
    /// Lower end, null for none.
    pub start: Value,
    /// Whether the lower end belongs to the range.
    pub start_included: bool,
    /// Upper end, null for none.
    pub end: Value,
    /// Whether the upper end belongs to the range.
    pub end_included: bool,
    /// How the range was written: `(< 10)` and `(null..10)` hold the same values but are not equal.
    pub form: RangeForm,
}

/// How a range was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeForm {
    /// `[a..b]`
    Interval,
    /// `(< a)` and the like
    Comparison,
    /// `(!= a)`: all but `start`.
    Except,
}

/// A formal parameter of a function.
#[derive(Clone, Debug)]
pub struct Param {
    /// Name for calls with named arguments.
    pub name: Arc<str>,
    /// Declared type, `Any` where none is.
    pub ty: Type,
}

/// A function that another crate brings along, such as a business knowledge model.
pub trait Invocable: Send + Sync {
    /// Formal parameters in order.
    fn params(&self) -> &[Param];
    /// Type of the result, `Any` where unknown.
    fn result(&self) -> Type {
        Type::Any
    }
    /// [`Frame::depth`] of the names it keeps, 0 if it keeps none.
    fn depth(&self) -> u32 {
        0
    }
    /// Calls it with one argument per parameter. A faulty call yields null, an exhausted limit an error.
    fn call(&self, args: Vec<Value>, cx: &mut Cx<'_>) -> Result<Value, EvalError>;
}

/// A function definition together with the names it could see.
pub(crate) struct Closure {
    pub(crate) params: Vec<Param>,
    pub(crate) body: Arc<Node>,
    pub(crate) frame: Frame,
    /// Name of the context entry it was defined as, so that it may call itself.
    pub(crate) own_name: Option<Arc<str>>,
}

/// Something that can be called.
#[derive(Clone)]
pub struct Function(pub(crate) FunctionKind);

#[derive(Clone)]
pub(crate) enum FunctionKind {
    Builtin(Builtin),
    Closure(Arc<Closure>),
    Native(Arc<dyn Invocable>),
}

impl List {
    /// The values.
    pub fn items(&self) -> &[Value] {
        &self.0.0
    }
}

impl From<Vec<Value>> for List {
    fn from(items: Vec<Value>) -> Self {
        let depth = 1 + items.iter().map(Value::depth).max().unwrap_or(0);
        List(Arc::new((items, depth)))
    }
}

impl Context {
    /// The value of an entry.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.0.get(name)
    }

    /// Entries in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Value)> {
        self.0.0.iter()
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.0.0.len()
    }

    /// True without entries.
    pub fn is_empty(&self) -> bool {
        self.0.0.is_empty()
    }

    pub(crate) fn to_map(&self) -> IndexMap<Arc<str>, Value> {
        self.0.0.clone()
    }

    pub(crate) fn depth(&self) -> u32 {
        self.0.1
    }
}

impl From<IndexMap<Arc<str>, Value>> for Context {
    fn from(entries: IndexMap<Arc<str>, Value>) -> Self {
        let depth = 1 + entries.values().map(Value::depth).max().unwrap_or(0);
        Context(Arc::new((entries, depth)))
    }
}

impl<K: Into<Arc<str>>> FromIterator<(K, Value)> for Context {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(iter: I) -> Self {
        iter.into_iter().map(|(k, v)| (k.into(), v)).collect::<IndexMap<Arc<str>, Value>>().into()
    }
}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.items()).finish()
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "function({})", self.params().iter().map(|p| &*p.name).collect::<Vec<_>>().join(", "))
    }
}

impl Function {
    /// A function of another crate.
    pub fn native(f: Arc<dyn Invocable>) -> Function {
        Function(FunctionKind::Native(f))
    }

    /// One of FEEL's own functions.
    pub fn builtin(name: &str) -> Option<Function> {
        Builtin::named(name).map(|b| Function(FunctionKind::Builtin(b)))
    }

    /// Formal parameters; none are listed for built-in functions, which have several forms.
    pub fn params(&self) -> &[Param] {
        match &self.0 {
            FunctionKind::Builtin(_) => &[],
            FunctionKind::Closure(c) => &c.params,
            FunctionKind::Native(n) => n.params(),
        }
    }

    /// Whether it can be called with so many arguments.
    pub fn accepts(&self, count: usize) -> bool {
        match &self.0 {
            FunctionKind::Builtin(b) => b.accepts(count),
            _ => self.params().len() == count,
        }
    }

    fn same(&self, other: &Function) -> bool {
        match (&self.0, &other.0) {
            (FunctionKind::Builtin(a), FunctionKind::Builtin(b)) => a == b,
            (FunctionKind::Closure(a), FunctionKind::Closure(b)) => Arc::ptr_eq(a, b),
            (FunctionKind::Native(a), FunctionKind::Native(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

impl Range {
    /// Whether a value lies in the range; `None` where they cannot be compared.
    pub fn contains(&self, value: &Value) -> Option<bool> {
        // In `[null..5]` the missing end is unknown, in `(< 5)` there is none.
        if self.form == RangeForm::Interval && (self.start.is_null() || self.end.is_null()) {
            return None;
        }
        if self.form == RangeForm::Except {
            return self.start.equals(value).map(|same| !same);
        }
        let above = match (&self.start, value.compare(&self.start)) {
            (Value::Null, _) => true,
            (_, Some(order)) => order == Ordering::Greater || (self.start_included && order == Ordering::Equal),
            (_, None) => return None,
        };
        let below = match (&self.end, value.compare(&self.end)) {
            (Value::Null, _) => true,
            (_, Some(order)) => order == Ordering::Less || (self.end_included && order == Ordering::Equal),
            (_, None) => return None,
        };
        Some(above && below)
    }

    /// Some value that is not null, to tell the type of the range.
    pub(crate) fn sample(&self) -> &Value {
        if self.start.is_null() { &self.end } else { &self.start }
    }
}

impl Value {
    /// A text value.
    pub fn text(s: impl Into<Arc<str>>) -> Value {
        Value::String(s.into())
    }

    /// A list value.
    pub fn list(items: Vec<Value>) -> Value {
        Value::List(items.into())
    }

    /// True for null.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The boolean, `None` for anything else.
    pub fn as_bool(&self) -> Option<bool> {
        if let Value::Bool(b) = self { Some(*b) } else { None }
    }

    /// The text, `None` for anything else.
    pub fn as_str(&self) -> Option<&str> {
        if let Value::String(s) = self { Some(s) } else { None }
    }

    /// The number, `None` for anything else.
    pub fn as_number(&self) -> Option<Number> {
        if let Value::Number(n) = self { Some(*n) } else { None }
    }

    /// The entries, `None` for anything but a context.
    pub fn as_context(&self) -> Option<&Context> {
        if let Value::Context(c) = self { Some(c) } else { None }
    }

    /// Levels of nesting: 0 for plain values.
    pub(crate) fn depth(&self) -> u32 {
        match self {
            Value::List(l) => l.0.1,
            Value::Context(c) => c.0.1,
            Value::Function(Function(FunctionKind::Closure(c))) => 1 + c.frame.depth(),
            Value::Function(Function(FunctionKind::Native(n))) => 1 + n.depth(),
            _ => 0,
        }
    }

    /// Number of values inside, this one included; stops counting above `limit`.
    pub(crate) fn count_up_to(&self, limit: usize) -> usize {
        let children: &mut dyn Iterator<Item = &Value> = match self {
            Value::List(l) => &mut l.items().iter(),
            Value::Context(c) => &mut c.iter().map(|(_, v)| v),
            Value::String(s) => return 1 + s.len() / 16,
            _ => return 1,
        };
        let mut sum = 1;
        for child in children {
            if sum > limit {
                break;
            }
            sum += child.count_up_to(limit - sum.min(limit));
        }
        sum
    }

    /// Name of the type for messages.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Date(_) => "date",
            Value::Time(_) => "time",
            Value::DateTime(_) => "date and time",
            Value::DaysDuration(_) => "days and time duration",
            Value::MonthsDuration(_) => "years and months duration",
            Value::List(_) => "list",
            Value::Context(_) => "context",
            Value::Range(_) => "range",
            Value::Function(_) => "function",
        }
    }

    /// FEEL equality (DMN 1.5, table 54). `None` where the types differ; null equals only null.
    /// Times compare by the second, as the standard compares their properties.
    pub fn equals(&self, other: &Value) -> Option<bool> {
        use Value::*;
        Some(match (self, other) {
            (Null, Null) => true,
            (Null, _) | (_, Null) => false,
            (Bool(a), Bool(b)) => a == b,
            (Number(a), Number(b)) => a == b,
            (String(a), String(b)) => a == b,
            (Date(a), Date(b)) => a == b,
            (Time(a), Time(b)) => {
                let second = |t: &crate::temporal::Time| t.plus(-i128::from(t.nanos % 1_000_000_000));
                second(a).compare(&second(b)) == Some(Ordering::Equal)
            }
            (DateTime(a), DateTime(b)) => {
                let second = |d: &crate::temporal::DateTime| d.utc_nanos().div_euclid(1_000_000_000);
                a.time.zone.is_some() == b.time.zone.is_some() && second(a) == second(b)
            }
            (DaysDuration(a), DaysDuration(b)) => a == b,
            (MonthsDuration(a), MonthsDuration(b)) => a == b,
            (List(a), List(b)) => {
                a.items().len() == b.items().len()
                    && a.items().iter().zip(b.items()).all(|(x, y)| x.equals(y) == Some(true))
            }
            (Context(a), Context(b)) => {
                a.len() == b.len() && a.iter().all(|(k, v)| b.get(k).is_some_and(|w| v.equals(w) == Some(true)))
            }
            (Range(a), Range(b)) => {
                a.form == b.form
                    && a.start_included == b.start_included
                    && a.end_included == b.end_included
                    && a.start.equals(&b.start) == Some(true)
                    && a.end.equals(&b.end) == Some(true)
            }
            (Function(a), Function(b)) => a.same(b),
            _ => return None,
        })
    }

    /// FEEL order of numbers, texts, dates, times and durations; `None` where there is none.
    pub fn compare(&self, other: &Value) -> Option<Ordering> {
        use Value::*;
        match (self, other) {
            (Number(a), Number(b)) => Some(a.compare(b)),
            (String(a), String(b)) => Some(a.cmp(b)),
            (Date(a), Date(b)) => Some(a.cmp(b)),
            (Time(a), Time(b)) => a.compare(b),
            (DateTime(a), DateTime(b)) => a.compare(b),
            (DaysDuration(a), DaysDuration(b)) => Some(a.cmp(b)),
            (MonthsDuration(a), MonthsDuration(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }

    /// Amount of money in cents.
    ///
    /// # Errors
    /// [`NotMoney`] if this is not a number or not a whole number of cents.
    pub fn to_cents(&self) -> Result<i64, NotMoney> {
        self.as_number().and_then(Number::to_cents).ok_or_else(|| NotMoney(self.to_string()))
    }

    /// Reads JSON: numbers exactly as written, strings as strings. For dates see [`Value::from_json_typed`].
    pub fn from_json(json: &serde_json::Value) -> Value {
        use serde_json::Value as Json;
        match json {
            Json::Null => Value::Null,
            Json::Bool(b) => Value::Bool(*b),
            Json::Number(n) => n.to_string().parse().map_or(Value::Null, Value::Number),
            Json::String(s) => Value::text(s.as_str()),
            Json::Array(items) => Value::list(items.iter().map(Value::from_json).collect()),
            Json::Object(map) => Value::Context(map.iter().map(|(k, v)| (k.as_str(), Value::from_json(v))).collect()),
        }
    }

    /// Reads JSON of a declared type: ISO texts become dates, times and durations, texts become numbers.
    ///
    /// # Errors
    /// [`WrongType`] names the path to the first value that does not fit. JSON null fits every type.
    pub fn from_json_typed(json: &serde_json::Value, ty: &Type) -> Result<Value, WrongType> {
        use serde_json::Value as Json;
        let wrong = || WrongType { path: String::new(), expected: ty.to_string(), found: shorten(&json.to_string()) };
        let temporal = |v: Option<Value>| v.ok_or_else(wrong);
        match (json, ty) {
            (Json::Null, _) => Ok(Value::Null),
            (Json::String(s), Type::Number) => s.parse().map(Value::Number).map_err(|_| wrong()),
            (Json::String(s), Type::Date) => temporal(Date::parse(s).map(Value::Date)),
            (Json::String(s), Type::Time) => temporal(Time::parse(s).map(Value::Time)),
            (Json::String(s), Type::DateTime) => temporal(DateTime::parse(s).map(Value::DateTime)),
            (Json::String(s), Type::DaysDuration | Type::MonthsDuration) => {
                let value = Value::parse_duration(s).ok_or_else(wrong)?;
                if ty.accepts(&value) { Ok(value) } else { Err(wrong()) }
            }
            (Json::Array(items), Type::List(item)) => {
                let read =
                    |(i, v)| Value::from_json_typed(v, item).map_err(|e: WrongType| e.inside(&format!("[{}]", i + 1)));
                items.iter().enumerate().map(read).collect::<Result<Vec<_>, _>>().map(Value::list)
            }
            (Json::Object(map), Type::Context(members)) => {
                let member = |k: &str| members.iter().find(|(name, _)| **name == *k).map_or(&Type::Any, |(_, t)| t);
                let read = |(k, v): (&std::string::String, _)| {
                    let value = Value::from_json_typed(v, member(k)).map_err(|e| e.inside(k))?;
                    Ok((Arc::from(k.as_str()), value))
                };
                let entries = map.iter().map(read).collect::<Result<IndexMap<Arc<str>, Value>, WrongType>>()?;
                Ok(Value::Context(entries.into()))
            }
            _ => {
                let value = Value::from_json(json);
                if ty.accepts(&value) { Ok(value) } else { Err(wrong()) }
            }
        }
    }

    /// Writes JSON. Numbers become JSON numbers where a reader that uses binary floating point gets the same decimal
    /// back, else texts; dates, times, durations and ranges become texts, functions null.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Value::Null | Value::Function(_) => Json::Null,
            Value::Bool(b) => Json::Bool(*b),
            Value::Number(n) => number_to_json(*n),
            Value::String(s) => Json::String(s.to_string()),
            Value::List(l) => Json::Array(l.items().iter().map(Value::to_json).collect()),
            Value::Context(c) => Json::Object(c.iter().map(|(k, v)| (k.to_string(), v.to_json())).collect()),
            _ => Json::String(self.to_string()),
        }
    }

    /// Reads a duration of either kind.
    pub fn parse_duration(text: &str) -> Option<Value> {
        match Duration::parse(text)? {
            Duration::Days(n) => days_duration(n).map(Value::DaysDuration),
            Duration::Months(m) => Some(Value::MonthsDuration(m)),
        }
    }

    /// Reads the text of an `@"..."` literal: a date, time, date and time or duration.
    pub fn parse_temporal(text: &str) -> Option<Value> {
        Value::parse_duration(text)
            .or_else(|| Date::parse(text).map(Value::Date))
            .or_else(|| Time::parse(text).map(Value::Time))
            .or_else(|| DateTime::parse(text).map(Value::DateTime))
    }

    fn write_nested(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::String(s) => write_quoted(f, s),
            other => write!(f, "{other}"),
        }
    }
}

fn write_quoted(f: &mut fmt::Formatter<'_>, s: &str) -> fmt::Result {
    write!(f, "\"{}\"", s.replace('\\', "\\\\").replace('"', "\\\""))
}

fn shorten(s: &str) -> String {
    s.chars().take(60).collect()
}

fn number_to_json(n: Number) -> serde_json::Value {
    let text = n.to_string();
    if let Ok(i) = text.parse::<i64>() {
        return i.into();
    }
    let float = text.parse::<f64>().ok().filter(|f| Number::from_f64(*f) == Some(n));
    float.and_then(serde_json::Number::from_f64).map_or(serde_json::Value::String(text), serde_json::Value::Number)
}

impl fmt::Display for Value {
    /// The text FEEL's `string()` yields; null is written `null`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("null"),
            Value::Bool(b) => write!(f, "{b}"),
            Value::Number(n) => write!(f, "{n}"),
            Value::String(s) => f.write_str(s),
            Value::Date(d) => write!(f, "{d}"),
            Value::Time(t) => write!(f, "{t}"),
            Value::DateTime(d) => write!(f, "{d}"),
            Value::DaysDuration(n) => f.write_str(&format_days_duration(*n)),
            Value::MonthsDuration(m) => f.write_str(&format_months_duration(*m)),
            Value::List(l) => {
                f.write_str("[")?;
                for (i, v) in l.items().iter().enumerate() {
                    if i > 0 {
                        f.write_str(", ")?;
                    }
                    v.write_nested(f)?;
                }
                f.write_str("]")
            }
            Value::Context(c) => {
                f.write_str("{")?;
                for (i, (k, v)) in c.iter().enumerate() {
                    if i > 0 {
                        f.write_str(", ")?;
                    }
                    if k.contains(['{', '}', ':', ',', '"', '[', ']', '\\']) || k.is_empty() {
                        write_quoted(f, k)?;
                    } else {
                        f.write_str(k)?;
                    }
                    f.write_str(": ")?;
                    v.write_nested(f)?;
                }
                f.write_str("}")
            }
            Value::Range(r) => write_range(f, r),
            Value::Function(function) => write!(f, "{function:?}"),
        }
    }
}

fn write_range(f: &mut fmt::Formatter<'_>, r: &Range) -> fmt::Result {
    if r.form == RangeForm::Interval {
        f.write_str(if r.start_included { "[" } else { "(" })?;
        r.start.write_nested(f)?;
        f.write_str("..")?;
        r.end.write_nested(f)?;
        return f.write_str(if r.end_included { "]" } else { ")" });
    }
    let operator = match (r.form, r.start.is_null(), r.end.is_null()) {
        (RangeForm::Except, ..) => "!=",
        (_, true, _) if r.end_included => "<=",
        (_, true, _) => "<",
        (_, _, true) if r.start_included => ">=",
        (_, _, true) => ">",
        _ => "=",
    };
    write!(f, "({operator} ")?;
    r.sample().write_nested(f)?;
    f.write_str(")")
}

/// A value that is no amount of money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not an amount in whole cents")]
pub struct NotMoney(String);

/// A JSON value does not have the declared type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: expected {expected}, found {found}")]
pub struct WrongType {
    /// Names and list positions from the outside in, such as `kinder[2].geburtsdatum`.
    pub path: String,
    /// The declared type.
    pub expected: String,
    /// Start of the JSON text that was found.
    pub found: String,
}

impl WrongType {
    fn inside(mut self, segment: &str) -> Self {
        let dot = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{segment}{dot}{}", self.path);
        self
    }
}

macro_rules! value_from {
    ($($from:ty => $variant:ident),+ $(,)?) => {
        $(impl From<$from> for Value {
            fn from(v: $from) -> Self {
                Value::$variant(v.into())
            }
        })+
    };
}

value_from!(bool => Bool, Number => Number, i64 => Number, i32 => Number, usize => Number, &str => String,
    String => String, Arc<str> => String, Date => Date, Time => Time, DateTime => DateTime, Vec<Value> => List,
    Context => Context, List => List, jiff::civil::Date => Date);

impl From<Option<Number>> for Value {
    fn from(v: Option<Number>) -> Self {
        v.map_or(Value::Null, Value::Number)
    }
}

impl From<Function> for Value {
    fn from(f: Function) -> Self {
        Value::Function(f)
    }
}
