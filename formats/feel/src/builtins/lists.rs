//! Functions of lists and contexts (DMN 1.5, 10.3.4.4, 10.3.4.6, 10.3.4.10).

use std::cmp::Ordering;
use std::sync::Arc;

use indexmap::IndexMap;

use super::{list, number, single, text, truth};
use crate::eval::{Cx, EvalError, Evaluated, list_index};
use crate::number::Number;
use crate::value::{Context, Function, Value};

pub(super) fn list_contains(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    let Some(items) = list(args, 0) else { return Ok(Value::Null) };
    truth(Some(position_of(items.items(), &args[1], cx)?.is_some()))
}

fn position_of(items: &[Value], wanted: &Value, cx: &mut Cx<'_>) -> Result<Option<usize>, EvalError> {
    for (i, item) in items.iter().enumerate() {
        if cx.equals(item, wanted)? == Some(true) {
            return Ok(Some(i));
        }
    }
    Ok(None)
}

pub(super) fn count(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    Ok(list(args, 0).map_or(Value::Null, |l| l.items().len().into()))
}

fn extreme(args: &[Value], wanted: Ordering, cx: &mut Cx<'_>) -> Evaluated {
    let Some(items) = list(args, 0) else { return Ok(Value::Null) };
    let Some((first, rest)) = items.items().split_first() else { return Ok(Value::Null) };
    let mut best = first;
    if best.compare(best).is_none() {
        return Ok(Value::Null);
    }
    for item in rest {
        match cx.order(item, best)? {
            Some(order) if order == wanted => best = item,
            Some(_) => {}
            None => return Ok(Value::Null),
        }
    }
    Ok(best.clone())
}

pub(super) fn min(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    extreme(args, Ordering::Less, cx)
}

pub(super) fn max(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    extreme(args, Ordering::Greater, cx)
}

/// All items as numbers, `None` if one is not or there are none.
fn numbers(args: &[Value]) -> Option<Vec<Number>> {
    let numbers: Vec<_> = list(args, 0)?.items().iter().map(Value::as_number).collect::<Option<_>>()?;
    (!numbers.is_empty()).then_some(numbers)
}

fn total(numbers: &[Number]) -> Option<Number> {
    numbers.iter().try_fold(Number::ZERO, |sum, n| sum.checked_add(*n))
}

pub(super) fn sum(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    if let Some(durations) = sum_of_durations(args) {
        return Ok(durations);
    }
    Ok(numbers(args).and_then(|n| total(&n)).into())
}

/// Durations of one kind add up, too.
fn sum_of_durations(args: &[Value]) -> Option<Value> {
    let items = list(args, 0)?;
    let (first, rest) = items.items().split_first()?;
    rest.iter()
        .try_fold(first.clone(), |sum, item| match (sum, item) {
            (Value::DaysDuration(a), Value::DaysDuration(b)) => {
                crate::temporal::days_duration(a + b).map(Value::DaysDuration)
            }
            (Value::MonthsDuration(a), Value::MonthsDuration(b)) => a.checked_add(*b).map(Value::MonthsDuration),
            _ => None,
        })
        .filter(|v| matches!(v, Value::DaysDuration(_) | Value::MonthsDuration(_)))
}

fn average(numbers: &[Number]) -> Option<Number> {
    total(numbers)?.checked_div(Number::from(numbers.len()))
}

pub(super) fn mean(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    Ok(numbers(args).and_then(|n| average(&n)).into())
}

pub(super) fn product(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    Ok(numbers(args).and_then(|n| n.iter().try_fold(Number::ONE, |p, n| p.checked_mul(*n))).into())
}

pub(super) fn median(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    let Some(mut numbers) = numbers(args) else { return Ok(Value::Null) };
    cx.charge(numbers.len() * 10)?;
    numbers.sort_by(Number::compare);
    let middle = numbers.len() / 2;
    if numbers.len() % 2 == 1 {
        return Ok(Value::Number(numbers[middle]));
    }
    Ok(average(&numbers[middle - 1..=middle]).into())
}

/// Standard deviation of a sample.
pub(super) fn stddev(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    let Some(numbers) = numbers(args).filter(|n| n.len() > 1) else { return Ok(Value::Null) };
    cx.charge(100 + numbers.len())?;
    let deviation = || {
        let mean = average(&numbers)?;
        let squares =
            numbers.iter().map(|n| n.checked_sub(mean).and_then(|d| d.checked_mul(d))).collect::<Option<Vec<_>>>()?;
        total(&squares)?.checked_div(Number::from(numbers.len() - 1))?.sqrt()
    };
    Ok(deviation().into())
}

pub(super) fn mode(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    if list(args, 0).is_some_and(|l| l.items().is_empty()) {
        return cx.list(Vec::new());
    }
    let Some(mut numbers) = numbers(args) else { return Ok(Value::Null) };
    cx.charge(numbers.len() * 10)?;
    numbers.sort_by(Number::compare);
    let runs: Vec<&[Number]> = numbers.chunk_by(|a, b| a == b).collect();
    let most = runs.iter().map(|r| r.len()).max().unwrap_or(0);
    cx.list(runs.iter().filter(|r| r.len() == most).map(|r| Value::Number(r[0])).collect())
}

/// `all` is a chain of `and`, `any` one of `or`.
fn logic(args: &[Value], decisive: bool) -> Evaluated {
    let Some(items) = list(args, 0) else { return Ok(Value::Null) };
    if items.items().iter().any(|v| v.as_bool() == Some(decisive)) {
        return Ok(Value::Bool(decisive));
    }
    truth(items.items().iter().all(|v| v.as_bool().is_some()).then_some(!decisive))
}

pub(super) fn all(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    logic(args, false)
}

pub(super) fn any(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    logic(args, true)
}

fn index(args: &[Value], i: usize, len: usize) -> Option<usize> {
    list_index(number(args, i)?.truncate()?, len)
}

pub(super) fn sublist(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    let Some(items) = list(args, 0) else { return Ok(Value::Null) };
    let items = items.items();
    let Some(start) = index(args, 1, items.len()) else { return Ok(Value::Null) };
    let length = match args.get(2) {
        None => items.len() - start,
        Some(_) => match number(args, 2).and_then(Number::truncate).map(usize::try_from) {
            Some(Ok(n)) if n <= items.len() - start => n,
            _ => return Ok(Value::Null),
        },
    };
    cx.list(items[start..start + length].to_vec())
}

pub(super) fn append(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    let Some(items) = list(args, 0) else { return Ok(Value::Null) };
    cx.list(items.items().iter().chain(&args[1..]).cloned().collect())
}

fn joined(args: &[Value]) -> Option<Vec<Value>> {
    let lists: Vec<_> = (0..args.len()).map(|i| list(args, i)).collect::<Option<_>>()?;
    Some(lists.iter().flat_map(|l| l.items()).cloned().collect())
}

pub(super) fn concatenate(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    match joined(args) {
        Some(items) => cx.list(items),
        None => Ok(Value::Null),
    }
}

pub(super) fn insert_before(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    let Some(items) = list(args, 0) else { return Ok(Value::Null) };
    let Some(at) = index(args, 1, items.items().len()) else { return Ok(Value::Null) };
    let mut items = items.items().to_vec();
    items.insert(at, args[2].clone());
    cx.list(items)
}

pub(super) fn remove(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    let Some(items) = list(args, 0) else { return Ok(Value::Null) };
    let Some(at) = index(args, 1, items.items().len()) else { return Ok(Value::Null) };
    let mut items = items.items().to_vec();
    items.remove(at);
    cx.list(items)
}

pub(super) fn reverse(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    match list(args, 0) {
        Some(items) => cx.list(items.items().iter().rev().cloned().collect()),
        None => Ok(Value::Null),
    }
}

pub(super) fn index_of(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    let Some(items) = list(args, 0) else { return Ok(Value::Null) };
    let mut found = Vec::new();
    for (i, item) in items.items().iter().enumerate() {
        if cx.equals(item, &args[1])? == Some(true) {
            found.push((i + 1).into());
        }
    }
    cx.list(found)
}

fn distinct(items: Vec<Value>, cx: &mut Cx<'_>) -> Evaluated {
    let mut kept: Vec<Value> = Vec::new();
    for item in items {
        if position_of(&kept, &item, cx)?.is_none() {
            kept.push(item);
        }
    }
    cx.list(kept)
}

pub(super) fn union(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    match joined(args) {
        Some(items) => distinct(items, cx),
        None => Ok(Value::Null),
    }
}

pub(super) fn distinct_values(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    match list(args, 0) {
        Some(items) => distinct(items.items().to_vec(), cx),
        None => Ok(Value::Null),
    }
}

pub(super) fn flatten(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    fn collect(items: &[Value], out: &mut Vec<Value>, cx: &mut Cx<'_>) -> Result<(), EvalError> {
        for item in items {
            cx.charge(1)?;
            match item {
                Value::List(inner) => collect(inner.items(), out, cx)?,
                other => out.push(other.clone()),
            }
        }
        Ok(())
    }
    let Some(items) = list(args, 0) else { return Ok(Value::Null) };
    let mut out = Vec::new();
    collect(items.items(), &mut out, cx)?;
    cx.list(out)
}

/// Merge sort, because the order comes from a function that may fail or be no order at all.
pub(super) fn sort(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    fn merge_sort(items: Vec<Value>, precedes: &Function, cx: &mut Cx<'_>) -> Result<Option<Vec<Value>>, EvalError> {
        if items.len() < 2 {
            return Ok(Some(items));
        }
        let mut left = items;
        let right = left.split_off(left.len() / 2);
        let (Some(left), Some(right)) = (merge_sort(left, precedes, cx)?, merge_sort(right, precedes, cx)?) else {
            return Ok(None);
        };
        let mut out = Vec::with_capacity(left.len() + right.len());
        let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
        while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
            // Only what truly comes earlier moves in front, so equal items keep their order.
            match cx.call(precedes, vec![b.clone(), a.clone()])?.as_bool() {
                Some(true) => out.extend(right.next()),
                Some(false) => out.extend(left.next()),
                None => return Ok(None),
            }
        }
        out.extend(left);
        out.extend(right);
        Ok(Some(out))
    }
    let (Some(items), Value::Function(precedes)) = (list(args, 0), &args[1]) else { return Ok(Value::Null) };
    match merge_sort(items.items().to_vec(), precedes, cx)? {
        Some(sorted) => cx.list(sorted),
        None => Ok(Value::Null),
    }
}

pub(super) fn list_replace(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    let Some(items) = list(args, 0) else { return Ok(Value::Null) };
    let mut items = items.items().to_vec();
    if let Value::Function(matches) = &args[1] {
        for item in &mut items {
            match cx.call(matches, vec![item.clone(), args[2].clone()])?.as_bool() {
                Some(true) => *item = args[2].clone(),
                Some(false) => {}
                None => return Ok(Value::Null),
            }
        }
        return cx.list(items);
    }
    match index(args, 1, items.len()) {
        Some(at) => {
            items[at] = args[2].clone();
            cx.list(items)
        }
        None => Ok(Value::Null),
    }
}

// ---- contexts

pub(super) fn get_value(args: &[Value], _: &mut Cx<'_>) -> Evaluated {
    let found = single(args, 0).as_context().zip(text(args, 1)).and_then(|(c, key)| c.get(key).cloned());
    Ok(found.unwrap_or_default())
}

pub(super) fn get_entries(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    let Some(context) = single(args, 0).as_context() else { return Ok(Value::Null) };
    let entry = |(k, v): (&Arc<str>, &Value)| {
        Value::Context([("key", Value::String(k.clone())), ("value", v.clone())].into_iter().collect::<Context>())
    };
    cx.list(context.iter().map(entry).collect())
}

pub(super) fn context(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    let Some(entries) = list(args, 0) else { return Ok(Value::Null) };
    let mut map = IndexMap::new();
    for entry in entries.items() {
        let Some(entry) = entry.as_context() else { return Ok(Value::Null) };
        let (Some(Value::String(key)), Some(value)) = (entry.get("key"), entry.get("value")) else {
            return Ok(Value::Null);
        };
        if map.insert(key.clone(), value.clone()).is_some() {
            return Ok(Value::Null);
        }
    }
    cx.context(map)
}

pub(super) fn context_put(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    fn put(context: &Context, keys: &[Value], value: &Value, cx: &mut Cx<'_>) -> Evaluated {
        let Some((Value::String(key), rest)) = keys.split_first() else { return Ok(Value::Null) };
        let value = if rest.is_empty() {
            value.clone()
        } else {
            let Some(inner) = context.get(key).and_then(Value::as_context) else { return Ok(Value::Null) };
            let changed = cx.deeper(|cx| put(inner, rest, value, cx))?;
            if changed.is_null() {
                return Ok(Value::Null);
            }
            changed
        };
        let mut map = context.to_map();
        map.insert(key.clone(), value);
        cx.context(map)
    }
    let Some(context) = single(args, 0).as_context() else { return Ok(Value::Null) };
    let Some(keys) = list(args, 1) else { return Ok(Value::Null) };
    put(context, keys.items(), &args[2], cx)
}

pub(super) fn context_merge(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    let Some(contexts) = list(args, 0) else { return Ok(Value::Null) };
    let mut map = IndexMap::new();
    for context in contexts.items() {
        let Some(context) = context.as_context() else { return Ok(Value::Null) };
        cx.charge(context.len())?;
        for (k, v) in context.iter() {
            map.insert(k.clone(), v.clone());
        }
    }
    cx.context(map)
}
