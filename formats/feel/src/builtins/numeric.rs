//! Numeric functions (DMN 1.5, 10.3.4.5).

use super::number;
use crate::eval::{Cx, Evaluated};
use crate::number::{Number, Rounding};
use crate::value::Value;

/// The scales FEEL allows.
const SCALES: std::ops::RangeInclusive<i64> = -6111..=6176;

fn rounded(args: &[Value], rounding: Rounding) -> Evaluated {
    let scale = match args.get(1) {
        Some(_) => number(args, 1).and_then(Number::truncate).filter(|s| SCALES.contains(s)),
        None => Some(0),
    };
    let result = number(args, 0).zip(scale).and_then(|(n, scale)| n.round(scale as i32, rounding));
    Ok(result.into())
}

pub(super) fn decimal(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    rounded(args, Rounding::HalfEven)
}

pub(super) fn floor(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    rounded(args, Rounding::Floor)
}

pub(super) fn ceiling(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    rounded(args, Rounding::Ceiling)
}

pub(super) fn round_up(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    rounded(args, Rounding::Up)
}

pub(super) fn round_down(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    rounded(args, Rounding::Down)
}

pub(super) fn round_half_up(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    rounded(args, Rounding::HalfUp)
}

pub(super) fn round_half_down(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    rounded(args, Rounding::HalfDown)
}

pub(super) fn abs(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    Ok(match super::single(args, 0) {
        Value::Number(n) => Value::Number(n.abs()),
        Value::DaysDuration(n) => Value::DaysDuration(n.abs()),
        Value::MonthsDuration(m) => Value::MonthsDuration(m.abs()),
        _ => Value::Null,
    })
}

pub(super) fn modulo(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    Ok(number(args, 0).zip(number(args, 1)).and_then(|(a, b)| a.modulo(b)).into())
}

pub(super) fn sqrt(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    cx.charge(100)?;
    Ok(number(args, 0).and_then(Number::sqrt).into())
}

pub(super) fn log(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    cx.charge(200)?;
    Ok(number(args, 0).and_then(Number::ln).into())
}

pub(super) fn exp(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    cx.charge(200)?;
    Ok(number(args, 0).and_then(Number::exp).into())
}

fn divisible_by_two(args: &[Value]) -> Option<bool> {
    number(args, 0)?.modulo(Number::from(2)).map(|rest| rest.is_zero())
}

pub(super) fn odd(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    let whole = number(args, 0).map(|n| n.is_integer());
    super::truth(divisible_by_two(args).zip(whole).map(|(even, whole)| whole && !even))
}

pub(super) fn even(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    super::truth(divisible_by_two(args))
}
