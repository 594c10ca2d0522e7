//! Allen's relations between points and ranges (DMN 1.5, 10.3.4.9, table 79).

use std::cmp::Ordering;
use std::sync::Arc;

use super::truth;
use crate::eval::{Cx, Evaluated};
use crate::value::{Range, RangeForm, Value};

/// An argument: a point on a line or a part of it.
enum Operand<'v> {
    Point(&'v Value),
    Range(&'v Arc<Range>),
}
use Operand::{Point, Range as Part};

fn operand(value: &Value) -> Option<Operand<'_>> {
    match value {
        Value::Range(r) if r.form == RangeForm::Except => None,
        Value::Range(r) => Some(Part(r)),
        Value::List(l) if l.items().len() == 1 => operand(&l.items()[0]),
        Value::Null | Value::List(_) | Value::Context(_) | Value::Function(_) | Value::Bool(_) => None,
        point => Some(Point(point)),
    }
}

fn operands(args: &[Value]) -> Option<(Operand<'_>, Operand<'_>)> {
    Some((operand(&args[0])?, operand(&args[1])?))
}

/// The lower ends of two ranges; an open end lies before everything.
fn starts_order(a: &Range, b: &Range) -> Option<Ordering> {
    match (a.start.is_null(), b.start.is_null()) {
        (true, true) => Some(Ordering::Equal),
        (true, false) => Some(Ordering::Less),
        (false, true) => Some(Ordering::Greater),
        (false, false) => a.start.compare(&b.start),
    }
}

/// The upper ends of two ranges; an open end lies behind everything.
fn ends_order(a: &Range, b: &Range) -> Option<Ordering> {
    match (a.end.is_null(), b.end.is_null()) {
        (true, true) => Some(Ordering::Equal),
        (true, false) => Some(Ordering::Greater),
        (false, true) => Some(Ordering::Less),
        (false, false) => a.end.compare(&b.end),
    }
}

/// The upper end of `a` against the lower end of `b`.
fn end_to_start(a: &Range, b: &Range) -> Option<Ordering> {
    if a.end.is_null() || b.start.is_null() {
        let (x, y) = (a.sample(), b.sample());
        x.compare(y)?;
        return Some(Ordering::Greater);
    }
    a.end.compare(&b.start)
}

fn is_before(a: &Operand<'_>, b: &Operand<'_>) -> Option<bool> {
    let (order, touching) = match (a, b) {
        (Point(a), Point(b)) => (a.compare(b)?, false),
        (Point(p), Part(r)) if r.start.is_null() => (p.compare(&r.end).map(|_| Ordering::Greater)?, false),
        (Point(p), Part(r)) => (p.compare(&r.start)?, !r.start_included),
        (Part(r), Point(p)) if r.end.is_null() => (r.start.compare(p).map(|_| Ordering::Greater)?, false),
        (Part(r), Point(p)) => (r.end.compare(p)?, !r.end_included),
        (Part(a), Part(b)) => (end_to_start(a, b)?, !a.end_included || !b.start_included),
    };
    Some(order == Ordering::Less || (order == Ordering::Equal && touching))
}

pub(super) fn before(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    truth(operands(args).and_then(|(a, b)| is_before(&a, &b)))
}

pub(super) fn after(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    truth(operands(args).and_then(|(a, b)| is_before(&b, &a)))
}

/// A relation of two ranges only.
fn of_ranges(args: &[Value], relation: fn(&Range, &Range) -> Option<bool>) -> Evaluated {
    truth(match operands(args) {
        Some((Part(a), Part(b))) => relation(a, b),
        _ => None,
    })
}

fn swapped(args: &[Value]) -> [Value; 2] {
    [args[1].clone(), args[0].clone()]
}

fn is_meeting(a: &Range, b: &Range) -> Option<bool> {
    Some(end_to_start(a, b)? == Ordering::Equal && a.end_included && b.start_included)
}

pub(super) fn meets(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    of_ranges(args, is_meeting)
}

pub(super) fn met_by(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    of_ranges(args, |a, b| is_meeting(b, a))
}

/// The end of `a` lies behind the start of `b`, or on it with both included.
fn reaches(a: &Range, b: &Range) -> Option<bool> {
    Some(match end_to_start(a, b)? {
        Ordering::Greater => true,
        Ordering::Equal => a.end_included && b.start_included,
        Ordering::Less => false,
    })
}

pub(super) fn overlaps(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    of_ranges(args, |a, b| Some(reaches(a, b)? && reaches(b, a)?))
}

fn is_overlapping_before(a: &Range, b: &Range) -> Option<bool> {
    let starts_earlier = match starts_order(a, b)? {
        Ordering::Less => true,
        Ordering::Equal => a.start_included && !b.start_included,
        Ordering::Greater => false,
    };
    let ends_earlier = match ends_order(a, b)? {
        Ordering::Less => true,
        Ordering::Equal => !a.end_included || b.end_included,
        Ordering::Greater => false,
    };
    Some(starts_earlier && reaches(a, b)? && ends_earlier)
}

pub(super) fn overlaps_before(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    of_ranges(args, is_overlapping_before)
}

fn is_overlapping_after(a: &Range, b: &Range) -> Option<bool> {
    let starts_later = match starts_order(b, a)? {
        Ordering::Less => true,
        Ordering::Equal => b.start_included && !a.start_included,
        Ordering::Greater => false,
    };
    let ends_later = match ends_order(b, a)? {
        Ordering::Less => true,
        Ordering::Equal => !b.end_included || a.end_included,
        Ordering::Greater => false,
    };
    Some(starts_later && reaches(b, a)? && ends_later)
}

pub(super) fn overlaps_after(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    of_ranges(args, is_overlapping_after)
}

pub(super) fn finishes(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    truth(operands(args).and_then(|pair| match pair {
        (Point(p), Part(r)) => Some(r.end.compare(p)? == Ordering::Equal && r.end_included),
        (Part(a), Part(b)) => {
            let starts_inside = match starts_order(a, b)? {
                Ordering::Greater => true,
                Ordering::Equal => !a.start_included || b.start_included,
                Ordering::Less => false,
            };
            Some(ends_order(a, b)? == Ordering::Equal && a.end_included == b.end_included && starts_inside)
        }
        _ => None,
    }))
}

pub(super) fn finished_by(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    finishes(&swapped(args), cx)
}

pub(super) fn includes(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    truth(operands(args).and_then(|pair| match pair {
        (Part(r), Point(p)) => r.contains(p),
        (Part(a), Part(b)) => {
            let from = match starts_order(a, b)? {
                Ordering::Less => true,
                Ordering::Equal => a.start_included || !b.start_included,
                Ordering::Greater => false,
            };
            let to = match ends_order(a, b)? {
                Ordering::Greater => true,
                Ordering::Equal => a.end_included || !b.end_included,
                Ordering::Less => false,
            };
            Some(from && to)
        }
        _ => None,
    }))
}

pub(super) fn during(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    includes(&swapped(args), cx)
}

pub(super) fn starts(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    truth(operands(args).and_then(|pair| match pair {
        (Point(p), Part(r)) => Some(r.start.compare(p)? == Ordering::Equal && r.start_included),
        (Part(a), Part(b)) => {
            let ends_inside = match ends_order(a, b)? {
                Ordering::Less => true,
                Ordering::Equal => !a.end_included || b.end_included,
                Ordering::Greater => false,
            };
            Some(starts_order(a, b)? == Ordering::Equal && a.start_included == b.start_included && ends_inside)
        }
        _ => None,
    }))
}

pub(super) fn started_by(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    starts(&swapped(args), cx)
}

pub(super) fn coincides(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    truth(operands(args).and_then(|pair| match pair {
        (Point(a), Point(b)) => a.equals(b),
        (Part(a), Part(b)) => Some(
            starts_order(a, b)? == Ordering::Equal
                && ends_order(a, b)? == Ordering::Equal
                && a.start_included == b.start_included
                && a.end_included == b.end_included,
        ),
        _ => None,
    }))
}
