//! Conversion functions and those of dates and times (DMN 1.5, 10.3.4.1, 10.3.4.7, 10.3.4.8).

use super::{number as number_arg, single, text as text_arg, truth};
use crate::ast::{Args, Kind, Node};
use crate::eval::{Cx, Evaluated, Frame};
use crate::number::{Number, Rounding};
use crate::temporal::{Date, DateTime, Time, Zone, months_between};
use crate::types::Scope;
use crate::value::Value;

fn whole(args: &[Value], i: usize) -> Option<i64> {
    number_arg(args, i).and_then(Number::truncate)
}

fn day_of(value: &Value) -> Option<Date> {
    match value {
        Value::Date(d) => Some(*d),
        Value::DateTime(d) => Some(d.date),
        _ => None,
    }
}

pub(super) fn date(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    let date = match args.len() {
        1 => match single(args, 0) {
            Value::String(s) => Date::parse(s),
            other => day_of(other),
        },
        _ => (|| Date::new(whole(args, 0)?, whole(args, 1)?, whole(args, 2)?))(),
    };
    Ok(date.map_or(Value::Null, Value::Date))
}

/// Hour, minute and second with its fraction from three arguments.
fn clock(args: &[Value], zone: Option<Zone>) -> Option<Time> {
    let second = number_arg(args, 2)?;
    let floor = second.round(0, Rounding::Floor)?;
    let nanos = second.checked_sub(floor)?.checked_mul(Number::from(1_000_000_000))?.truncate()?;
    Time::new(whole(args, 0)?, whole(args, 1)?, floor.to_i64()?, nanos.unsigned_abs(), zone)
}

/// The zone an optional argument names: null is none.
fn zone(args: &[Value], i: usize) -> Option<Option<Zone>> {
    Some(match args.get(i).unwrap_or(&Value::Null) {
        Value::Null => None,
        Value::DaysDuration(n) => Some(Zone::offset(i64::try_from(n / 1_000_000_000).ok()?)?),
        Value::String(s) => Some(Zone::named(s)?),
        _ => return None,
    })
}

pub(super) fn time(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    let time = match args.len() {
        1 => match single(args, 0) {
            Value::String(s) => Time::parse(s),
            Value::Time(t) => Some(t.clone()),
            Value::DateTime(d) => Some(d.time.clone()),
            Value::Date(d) => Some(DateTime::midnight_utc(*d).time),
            _ => None,
        },
        _ => zone(args, 3).and_then(|zone| clock(args, zone)),
    };
    Ok(time.map_or(Value::Null, Value::Time))
}

pub(super) fn date_and_time(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    let result = match args.len() {
        1 => match single(args, 0) {
            Value::String(s) => DateTime::parse(s),
            Value::DateTime(d) => Some(d.clone()),
            Value::Date(d) => Some(DateTime::midnight_utc(*d)),
            _ => None,
        },
        2 => match (day_of(single(args, 0)), single(args, 1)) {
            (Some(date), Value::Time(time)) => Some(DateTime { date, time: time.clone() }),
            _ => None,
        },
        _ => (|| {
            let date = Date::new(whole(args, 0)?, whole(args, 1)?, whole(args, 2)?)?;
            Some(DateTime { date, time: clock(args.get(3..)?, zone(args, 6)?)? })
        })(),
    };
    Ok(result.map_or(Value::Null, Value::DateTime))
}

pub(super) fn number(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    if let (1, Value::Number(n)) = (args.len(), single(args, 0)) {
        return Ok(Value::Number(*n));
    }
    let Some(from) = text_arg(args, 0) else { return Ok(Value::Null) };
    cx.charge(from.len() / 16)?;
    let separator = |i: usize, allowed: &[&str]| match args.get(i) {
        None | Some(Value::Null) => Some(None),
        Some(Value::String(s)) if allowed.contains(&&**s) => Some(Some(s.clone())),
        Some(_) => None,
    };
    let (Some(grouping), Some(point)) = (separator(1, &[" ", ",", "."]), separator(2, &[",", "."])) else {
        return Ok(Value::Null);
    };
    if grouping.is_some() && grouping == point {
        return Ok(Value::Null);
    }
    let mut plain = from.to_string();
    if let Some(g) = grouping {
        plain = plain.replace(&*g, "");
    }
    if let Some(p) = point {
        plain = plain.replace(&*p, ".");
    }
    Ok(plain.parse::<Number>().ok().into())
}

pub(super) fn string(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    cx.charge_walk(&args[0])?;
    match &args[0] {
        Value::Null => Ok(Value::Null),
        Value::String(s) => Ok(Value::String(s.clone())),
        other => cx.text(other.to_string()),
    }
}

pub(super) fn duration(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    Ok(match single(args, 0) {
        Value::String(s) => Value::parse_duration(s).unwrap_or(Value::Null),
        d @ (Value::DaysDuration(_) | Value::MonthsDuration(_)) => d.clone(),
        _ => Value::Null,
    })
}

pub(super) fn years_and_months_duration(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    let days = day_of(single(args, 0)).zip(day_of(single(args, 1)));
    Ok(days.map_or(Value::Null, |(from, to)| Value::MonthsDuration(months_between(from, to))))
}

/// Reads the text of a range literal whose ends are literals.
pub(super) fn range(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    fn is_literal(node: &Node) -> bool {
        match &node.kind {
            Kind::Literal(_) => true,
            Kind::Negate(inner) => matches!(inner.kind, Kind::Literal(Value::Number(_))),
            Kind::Call(callee, Args::Positional(args)) => {
                let conversions = ["date", "time", "date and time", "duration"];
                matches!(&callee.kind, Kind::Name(n) if conversions.contains(&&**n))
                    && matches!(args.as_slice(), [Node { kind: Kind::Literal(Value::String(_)), .. }])
            }
            _ => false,
        }
    }
    let Some(source) = text_arg(args, 0) else { return Ok(Value::Null) };
    cx.charge(source.len())?;
    let Ok(parsed) = crate::parser::parse_expression(source, &Scope::new()) else { return Ok(Value::Null) };
    match &parsed.tree.kind {
        Kind::Range { start, end, .. } if is_literal(start) && is_literal(end) => {}
        _ => return Ok(Value::Null),
    }
    let value = cx.eval(&parsed.tree, &Frame::default())?;
    let ordered = match &value {
        Value::Range(r) => r.start.compare(&r.end).is_some_and(|o| o != std::cmp::Ordering::Greater),
        _ => false,
    };
    Ok(if ordered { value } else { Value::Null })
}

fn day_number(args: &[Value], f: fn(Date) -> i64) -> Evaluated {
    Ok(day_of(single(args, 0)).map_or(Value::Null, |d| f(d).into()))
}

pub(super) fn day_of_year(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    day_number(args, Date::day_of_year)
}

pub(super) fn week_of_year(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    day_number(args, Date::week_of_year)
}

pub(super) fn day_of_week(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    Ok(day_of(single(args, 0)).map_or(Value::Null, |d| DAYS[(d.weekday() - 1) as usize].into()))
}

pub(super) fn month_of_year(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    Ok(day_of(single(args, 0)).map_or(Value::Null, |d| MONTHS[usize::from(d.month - 1)].into()))
}

/// Identity in the value space: as equality, but values of different types differ, fractions of seconds count, and
/// so does the zone of a time.
pub(super) fn is(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    let same_zone = |a: &Time, b: &Time, at: (Option<i32>, Option<i32>)| {
        a.zone == b.zone || (at.0.is_some() && at.0 == at.1 && is_offset(&a.zone) && is_offset(&b.zone))
    };
    let same = match (&args[0], &args[1]) {
        (Value::Time(a), Value::Time(b)) => {
            a.nanos == b.nanos && same_zone(a, b, (a.offset_seconds(), b.offset_seconds()))
        }
        (Value::DateTime(a), Value::DateTime(b)) => {
            a.date == b.date
                && a.time.nanos == b.time.nanos
                && same_zone(&a.time, &b.time, (a.offset_seconds(), b.offset_seconds()))
        }
        (a, b) => cx.equals(a, b)? == Some(true),
    };
    truth(Some(same))
}

fn is_offset(zone: &Option<Zone>) -> bool {
    matches!(zone, Some(Zone::Offset(_)))
}
