//! Decision tables (DMN 1.5, chapter 8).

use std::sync::Arc;

use feel::{Cx, EvalError, Evaluated, Fault, FaultKind, Frame, Function, Value};
use indexmap::IndexMap;

use crate::evaluate::{Logic, allows};
use crate::model::*;

pub(crate) fn evaluate(logic: Logic<'_>, table: &Table, frame: &Frame, cx: &mut Cx<'_>) -> Evaluated {
    let mut inputs = Vec::with_capacity(table.inputs.len());
    for input in &table.inputs {
        let value = match &input.expression {
            Some(expr) => expr.eval_in(frame, cx)?,
            None => cx.null(|| Fault::plain(FaultKind::NoLogic, "an input expression is missing or faulty")),
        };
        let value = match &input.type_ref {
            Some(name) => logic.fit(name, value, cx)?,
            None => value,
        };
        if let Some(values) = &input.values
            && !value.is_null()
            && !allows(values, &value, cx)?
        {
            return Ok(cx.null(|| {
                Fault::new(
                    FaultKind::NotAllowed,
                    format!("input {value} is not among the allowed values"),
                    vec![("value", value.to_string())],
                )
            }));
        }
        inputs.push(value);
    }
    let mut hits = Vec::new();
    for rule in &table.rules {
        if matches(rule, &inputs, frame, cx)? {
            hits.push(rule);
            if table.hit_policy == HitPolicy::First {
                break;
            }
        }
    }
    if hits.is_empty() {
        return no_hit(logic, table, frame, cx);
    }
    if table.hit_policy == HitPolicy::Unique && hits.len() > 1 {
        return Ok(cx.null(|| Fault::plain(FaultKind::SeveralRules, "several rules of a table with unique hits apply")));
    }
    let mut results = Vec::with_capacity(hits.len());
    for rule in hits {
        let mut row = Vec::with_capacity(table.outputs.len());
        for (column, entry) in table.outputs.iter().zip(&rule.outputs) {
            let value = match entry {
                Some(expr) => expr.eval_in(frame, cx)?,
                None => Value::Null,
            };
            row.push(fit_output(logic, column, value, cx)?);
        }
        results.push(row);
    }
    match table.hit_policy {
        HitPolicy::Unique | HitPolicy::First => combined(table, results.swap_remove(0), cx),
        HitPolicy::Any => {
            let agree = results.iter().all(|row| row.iter().zip(&results[0]).all(|(a, b)| a.equals(b) == Some(true)));
            if !agree {
                return Ok(cx.null(|| {
                    Fault::plain(FaultKind::DifferentResults, "the rules that apply have different results")
                }));
            }
            combined(table, results.swap_remove(0), cx)
        }
        HitPolicy::Priority => {
            sort_by_priority(logic, table, &mut results, cx)?;
            combined(table, results.swap_remove(0), cx)
        }
        HitPolicy::OutputOrder => {
            sort_by_priority(logic, table, &mut results, cx)?;
            listed(table, results, cx)
        }
        HitPolicy::RuleOrder => listed(table, results, cx),
        HitPolicy::Collect => collected(table, results, cx),
    }
}

fn matches(rule: &Rule, inputs: &[Value], frame: &Frame, cx: &mut Cx<'_>) -> Result<bool, EvalError> {
    for (test, input) in rule.tests.iter().zip(inputs) {
        let holds = match test {
            Some(tests) => tests.eval_in(input, frame, cx)?.as_bool() == Some(true),
            None => false,
        };
        if !holds {
            return Ok(false);
        }
    }
    Ok(true)
}

fn fit_output(logic: Logic<'_>, column: &TableOutput, value: Value, cx: &mut Cx<'_>) -> Evaluated {
    match &column.type_ref {
        Some(name) => logic.fit(name, value, cx),
        None => Ok(value),
    }
}

/// One column is a plain value, several are a context.
fn combined(table: &Table, mut row: Vec<Value>, cx: &mut Cx<'_>) -> Evaluated {
    if row.len() == 1 {
        return Ok(row.swap_remove(0));
    }
    let names = table.outputs.iter().map(|o| o.name.clone());
    cx.context(names.zip(row).collect::<IndexMap<Arc<str>, Value>>())
}

fn listed(table: &Table, results: Vec<Vec<Value>>, cx: &mut Cx<'_>) -> Evaluated {
    let rows = results.into_iter().map(|row| combined(table, row, cx)).collect::<Result<Vec<_>, _>>()?;
    cx.list(rows)
}

fn collected(table: &Table, mut results: Vec<Vec<Value>>, cx: &mut Cx<'_>) -> Evaluated {
    let name = match table.aggregation {
        None => return listed(table, results, cx),
        Some(Aggregation::Count) => return Ok(results.len().into()),
        Some(Aggregation::Sum) => "sum",
        Some(Aggregation::Min) => "min",
        Some(Aggregation::Max) => "max",
    };
    let Some(function) = Function::builtin(name) else { return Ok(Value::Null) };
    let mut row = Vec::with_capacity(table.outputs.len());
    for column in 0..table.outputs.len() {
        let values = results.iter_mut().map(|r| std::mem::take(&mut r[column])).collect();
        let values = cx.list(values)?;
        row.push(cx.call(&function, vec![values])?);
    }
    combined(table, row, cx)
}

fn no_hit(logic: Logic<'_>, table: &Table, frame: &Frame, cx: &mut Cx<'_>) -> Evaluated {
    if table.outputs.iter().any(|o| o.default.is_some()) {
        let mut row = Vec::with_capacity(table.outputs.len());
        for column in &table.outputs {
            let value = match &column.default {
                Some(Some(expr)) => expr.eval_in(frame, cx)?,
                _ => Value::Null,
            };
            row.push(fit_output(logic, column, value, cx)?);
        }
        return combined(table, row, cx);
    }
    match (table.hit_policy, table.aggregation) {
        (HitPolicy::Collect, None) => cx.list(Vec::new()),
        (HitPolicy::Collect, Some(Aggregation::Count)) => Ok(0.into()),
        _ => Ok(cx.null(|| Fault::plain(FaultKind::NoRule, "no rule of the table applies"))),
    }
}

/// Sorts by the order of the output values, the first column first.
fn sort_by_priority(
    logic: Logic<'_>,
    table: &Table,
    results: &mut Vec<Vec<Value>>,
    cx: &mut Cx<'_>,
) -> Result<(), EvalError> {
    let mut orders = Vec::with_capacity(table.outputs.len());
    for column in &table.outputs {
        let own = column.values.as_ref();
        let of_type = || {
            let (_, item) = logic.documents.item(logic.document, column.type_ref.as_ref()?)?;
            item.allowed_values.as_ref()
        };
        let order = match own.or_else(of_type).and_then(|c| c.values.as_ref()) {
            Some(expr) => expr.eval_in(&Frame::default(), cx)?,
            None => Value::Null,
        };
        orders.push(match order {
            Value::List(list) => list,
            _ => Vec::new().into(),
        });
    }
    let rank = |row: &[Value]| -> Vec<usize> {
        let position = |(value, order): (&Value, &feel::List)| {
            order.items().iter().position(|v| v.equals(value) == Some(true)).unwrap_or(usize::MAX)
        };
        row.iter().zip(&orders).map(position).collect()
    };
    cx.charge(results.len() * (1 + orders.iter().map(|o| o.items().len()).sum::<usize>()))?;
    let mut ranked: Vec<_> = std::mem::take(results).into_iter().map(|row| (rank(&row), row)).collect();
    ranked.sort_by(|a, b| a.0.cmp(&b.0));
    results.extend(ranked.into_iter().map(|(_, row)| row));
    Ok(())
}
