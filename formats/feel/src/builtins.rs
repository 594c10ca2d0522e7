//! FEEL's own functions (DMN 1.5, 10.3.4). A call that does not fit yields null.

mod convert;
mod lists;
mod numeric;
mod ranges;
mod text;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use crate::eval::{Cx, Evaluated};
use crate::fault::{Fault, FaultKind};
use crate::number::Number;
use crate::value::{List, Value};

/// One of FEEL's own functions.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Builtin(usize);

type Run = fn(&[Value], &mut Cx<'_>) -> Evaluated;

/// How a function takes more arguments than its forms name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Variadic {
    No,
    /// `max(1, 2, 3)` is `max([1, 2, 3])`.
    AsList,
    /// The last parameter may be repeated.
    Repeated,
}
use Variadic::{AsList, No, Repeated};

struct Spec {
    name: &'static str,
    /// Names of parameters, one text per form; `?` marks those that may be left out.
    forms: &'static [&'static [&'static str]],
    variadic: Variadic,
    run: Run,
}

const fn spec(name: &'static str, forms: &'static [&'static [&'static str]], variadic: Variadic, run: Run) -> Spec {
    Spec { name, forms, variadic, run }
}

const POINTS_AND_RANGES: &[&[&str]] =
    &[&["point1", "point2"], &["point", "range"], &["range", "point"], &["range1", "range2"]];
const RANGE_PAIR: &[&[&str]] = &[&["range1", "range2"]];

static SPECS: &[Spec] = &[
    // conversion
    spec("date", &[&["from"], &["year", "month", "day"]], No, convert::date),
    spec(
        "date and time",
        &[
            &["from"],
            &["date", "time"],
            &["year", "month", "day", "hour", "minute", "second", "offset?"],
            &["year", "month", "day", "hour", "minute", "second", "timezone"],
        ],
        No,
        convert::date_and_time,
    ),
    spec("time", &[&["from"], &["hour", "minute", "second", "offset?"]], No, convert::time),
    spec("number", &[&["from"], &["from", "grouping separator", "decimal separator"]], No, convert::number),
    spec("string", &[&["from"]], No, convert::string),
    spec("duration", &[&["from"]], No, convert::duration),
    spec("years and months duration", &[&["from", "to"]], No, convert::years_and_months_duration),
    spec("range", &[&["from"]], No, convert::range),
    spec("context", &[&["entries"]], No, lists::context),
    // date and time
    spec("now", &[&[]], No, |_, cx| Ok(crate::eval::now(cx))),
    spec("today", &[&[]], No, |_, cx| Ok(crate::eval::today(cx))),
    spec("day of year", &[&["date"]], No, convert::day_of_year),
    spec("day of week", &[&["date"]], No, convert::day_of_week),
    spec("month of year", &[&["date"]], No, convert::month_of_year),
    spec("week of year", &[&["date"]], No, convert::week_of_year),
    spec("is", &[&["value1", "value2"]], No, convert::is),
    // boolean
    spec("not", &[&["negand"]], No, |args, _| Ok(args[0].as_bool().map_or(Value::Null, |b| Value::Bool(!b)))),
    // text
    spec("substring", &[&["string", "start position", "length?"]], No, text::substring),
    spec("string length", &[&["string"]], No, text::length),
    spec("upper case", &[&["string"]], No, text::upper_case),
    spec("lower case", &[&["string"]], No, text::lower_case),
    spec("substring before", &[&["string", "match"]], No, text::substring_before),
    spec("substring after", &[&["string", "match"]], No, text::substring_after),
    spec("contains", &[&["string", "match"]], No, text::contains),
    spec("starts with", &[&["string", "match"]], No, text::starts_with),
    spec("ends with", &[&["string", "match"]], No, text::ends_with),
    spec("matches", &[&["input", "pattern", "flags?"]], No, text::matches),
    spec("replace", &[&["input", "pattern", "replacement", "flags?"]], No, text::replace),
    spec("split", &[&["string", "delimiter"]], No, text::split),
    spec("string join", &[&["list", "delimiter?"]], No, text::join),
    // numbers
    spec("decimal", &[&["n", "scale"]], No, numeric::decimal),
    spec("floor", &[&["n", "scale?"]], No, numeric::floor),
    spec("ceiling", &[&["n", "scale?"]], No, numeric::ceiling),
    spec("round up", &[&["n", "scale"]], No, numeric::round_up),
    spec("round down", &[&["n", "scale"]], No, numeric::round_down),
    spec("round half up", &[&["n", "scale"]], No, numeric::round_half_up),
    spec("round half down", &[&["n", "scale"]], No, numeric::round_half_down),
    spec("abs", &[&["n"]], No, numeric::abs),
    spec("modulo", &[&["dividend", "divisor"]], No, numeric::modulo),
    spec("sqrt", &[&["number"]], No, numeric::sqrt),
    spec("log", &[&["number"]], No, numeric::log),
    spec("exp", &[&["number"]], No, numeric::exp),
    spec("odd", &[&["number"]], No, numeric::odd),
    spec("even", &[&["number"]], No, numeric::even),
    // lists
    spec("list contains", &[&["list", "element"]], No, lists::list_contains),
    spec("list replace", &[&["list", "position", "newItem"], &["list", "match", "newItem"]], No, lists::list_replace),
    spec("count", &[&["list"]], AsList, lists::count),
    spec("min", &[&["list"]], AsList, lists::min),
    spec("max", &[&["list"]], AsList, lists::max),
    spec("sum", &[&["list"]], AsList, lists::sum),
    spec("mean", &[&["list"]], AsList, lists::mean),
    spec("product", &[&["list"]], AsList, lists::product),
    spec("median", &[&["list"]], AsList, lists::median),
    spec("stddev", &[&["list"]], AsList, lists::stddev),
    spec("mode", &[&["list"]], AsList, lists::mode),
    spec("all", &[&["list"]], AsList, lists::all),
    spec("any", &[&["list"]], AsList, lists::any),
    spec("sublist", &[&["list", "start position", "length?"]], No, lists::sublist),
    spec("append", &[&["list", "item"]], Repeated, lists::append),
    spec("concatenate", &[&["list"]], Repeated, lists::concatenate),
    spec("insert before", &[&["list", "position", "newItem"]], No, lists::insert_before),
    spec("remove", &[&["list", "position"]], No, lists::remove),
    spec("reverse", &[&["list"]], No, lists::reverse),
    spec("index of", &[&["list", "match"]], No, lists::index_of),
    spec("union", &[&["list"]], Repeated, lists::union),
    spec("distinct values", &[&["list"]], No, lists::distinct_values),
    spec("flatten", &[&["list"]], No, lists::flatten),
    spec("sort", &[&["list", "precedes"]], No, lists::sort),
    // contexts
    spec("get value", &[&["m", "key"], &["context", "key"]], No, lists::get_value),
    spec("get entries", &[&["m"], &["context"]], No, lists::get_entries),
    spec("context put", &[&["context", "key", "value"], &["context", "keys", "value"]], No, lists::context_put),
    spec("context merge", &[&["contexts"]], No, lists::context_merge),
    // ranges
    spec("before", POINTS_AND_RANGES, No, ranges::before),
    spec("after", POINTS_AND_RANGES, No, ranges::after),
    spec("meets", RANGE_PAIR, No, ranges::meets),
    spec("met by", RANGE_PAIR, No, ranges::met_by),
    spec("overlaps", RANGE_PAIR, No, ranges::overlaps),
    spec("overlaps before", RANGE_PAIR, No, ranges::overlaps_before),
    spec("overlaps after", RANGE_PAIR, No, ranges::overlaps_after),
    spec("finishes", &[&["point", "range"], &["range1", "range2"]], No, ranges::finishes),
    spec("finished by", &[&["range", "point"], &["range1", "range2"]], No, ranges::finished_by),
    spec("includes", &[&["range", "point"], &["range1", "range2"]], No, ranges::includes),
    spec("during", &[&["point", "range"], &["range1", "range2"]], No, ranges::during),
    spec("starts", &[&["point", "range"], &["range1", "range2"]], No, ranges::starts),
    spec("started by", &[&["range", "point"], &["range1", "range2"]], No, ranges::started_by),
    spec("coincides", &[&["point1", "point2"], &["range1", "range2"]], No, ranges::coincides),
];

static BY_NAME: LazyLock<HashMap<&'static str, usize>> =
    LazyLock::new(|| SPECS.iter().enumerate().map(|(i, s)| (s.name, i)).collect());

/// Whether there is a function of that name.
pub(crate) fn exists(name: &str) -> bool {
    BY_NAME.contains_key(name)
}

/// All names.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    SPECS.iter().map(|s| s.name)
}

/// Names that are more than one word.
pub(crate) fn phrases() -> impl Iterator<Item = &'static str> {
    names().filter(|n| n.contains(' '))
}

fn optional(param: &str) -> bool {
    param.ends_with('?')
}

impl Builtin {
    pub(crate) fn named(name: &str) -> Option<Builtin> {
        BY_NAME.get(name).map(|i| Builtin(*i))
    }

    fn spec(self) -> &'static Spec {
        &SPECS[self.0]
    }

    pub(crate) fn name(self) -> &'static str {
        self.spec().name
    }

    pub(crate) fn accepts(self, count: usize) -> bool {
        let spec = self.spec();
        let fits = |form: &&'static [&'static str]| {
            let required = form.iter().filter(|p| !optional(p)).count();
            count >= required && (count <= form.len() || spec.variadic != No)
        };
        spec.forms.iter().any(fits)
    }

    /// Brings named arguments into the order of a form that has all of them.
    pub(crate) fn order(self, args: &[(Arc<str>, Value)]) -> Option<Vec<Value>> {
        let bare = |p: &'static str| p.trim_end_matches('?');
        let form = self.spec().forms.iter().find(|form| {
            args.iter().all(|(name, _)| form.iter().any(|p| bare(p) == &**name))
                && form.iter().all(|p| optional(p) || args.iter().any(|(name, _)| **name == **p))
        })?;
        let last = form.iter().rposition(|p| args.iter().any(|(name, _)| bare(p) == &**name)).map_or(0, |i| i + 1);
        let value =
            |p: &&'static str| args.iter().find(|(name, _)| bare(p) == &**name).map_or(Value::Null, |(_, v)| v.clone());
        Some(form[..last].iter().map(value).collect())
    }

    pub(crate) fn run(self, mut args: Vec<Value>, cx: &mut Cx<'_>) -> Evaluated {
        if !self.accepts(args.len()) {
            return Ok(
                cx.null(|| Fault::plain(FaultKind::Arguments, format!("{}: wrong number of arguments", self.name())))
            );
        }
        let spec = self.spec();
        if spec.variadic == AsList && !matches!(args.as_slice(), [Value::List(_) | Value::Null]) {
            args = vec![Value::list(args)];
        }
        for arg in &args {
            if let Value::List(list) = arg {
                cx.charge(list.items().len())?;
            }
        }
        let result = cx.deeper(|cx| (spec.run)(&args, cx))?;
        if result.is_null() {
            cx.null(|| {
                let types: Vec<_> = args.iter().map(Value::type_name).collect();
                let message = format!("{}({}) has no result", self.name(), types.join(", "));
                Fault::new(FaultKind::NoResult, message, vec![("name", self.name().to_string())])
            });
        }
        Ok(result)
    }
}

/// The argument itself, or the only item of a list where no list is expected (DMN 1.5, 10.3.2.9.4).
fn single(args: &[Value], i: usize) -> &Value {
    match args.get(i) {
        Some(Value::List(list)) if list.items().len() == 1 => &list.items()[0],
        Some(value) => value,
        None => &Value::Null,
    }
}

fn number(args: &[Value], i: usize) -> Option<Number> {
    single(args, i).as_number()
}

fn text(args: &[Value], i: usize) -> Option<&Arc<str>> {
    match single(args, i) {
        Value::String(s) => Some(s),
        _ => None,
    }
}

/// A list; a single value counts as a list of one, null as none.
fn list(args: &[Value], i: usize) -> Option<List> {
    match args.get(i)? {
        Value::List(list) => Some(list.clone()),
        Value::Null => None,
        single => Some(vec![single.clone()].into()),
    }
}

fn truth(b: Option<bool>) -> Evaluated {
    Ok(b.map_or(Value::Null, Value::Bool))
}
