//! The DMN Technology Compatibility Kit: models with test cases that give inputs and expected results.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use dmn::Model;
use feel::temporal::{Date, DateTime, Time};
use feel::{Context, Env, Number, Type, Value};
use roxmltree::Node;

use super::Tally;

/// How far a computed number may lie from the expected one; the kit writes numbers with about 15 digits.
const TOLERANCE: &str = "0.00000001";

pub(crate) fn run(folder: &Path) -> Result<Tally> {
    let mut tally = Tally::default();
    for level in sorted(&folder.join("TestCases"))? {
        if !level.is_dir() {
            continue;
        }
        for group in sorted(&level)? {
            run_group(&group, &mut tally).with_context(|| group.display().to_string())?;
        }
    }
    Ok(tally)
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?.map(|e| Ok(e?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|e| e == extension)
}

/// All test files of a folder; models beside the tested one are there to be imported.
fn run_group(group: &Path, tally: &mut Tally) -> Result<()> {
    let files = if group.is_dir() { sorted(group)? } else { Vec::new() };
    let group_name = group.file_name().unwrap_or_default().to_string_lossy();
    for file in files.iter().filter(|f| has_extension(f, "xml")) {
        let text = fs::read_to_string(file)?;
        let xml = roxmltree::Document::parse(&text)?;
        let root = xml.root_element();
        let model_name = elements(root, "modelName").next().and_then(|n| n.text()).unwrap_or_default().trim();
        let main = group.join(model_name);
        let source = fs::read_to_string(&main)?;
        let others = files.iter().filter(|f| has_extension(f, "dmn") && **f != main);
        let others = others.map(fs::read_to_string).collect::<Result<Vec<_>, _>>()?;
        let others: Vec<&str> = others.iter().map(String::as_str).collect();
        let model = Model::read_tolerantly(&source, &others);
        for case in elements(root, "testCase") {
            let name = format!("{group_name}/{}", case.attribute("id").unwrap_or_default());
            let outcome = match &model {
                Ok(model) => run_case(model, case),
                Err(e) => Err(e.to_string()),
            };
            tally.count(&name, outcome);
        }
    }
    Ok(())
}

fn elements<'x>(node: Node<'x, 'x>, name: &'static str) -> impl Iterator<Item = Node<'x, 'x>> {
    node.children().filter(move |c| c.is_element() && c.tag_name().name() == name)
}

fn run_case(model: &Model, case: Node<'_, '_>) -> Result<(), String> {
    let now: jiff::Zoned = "2026-03-16T10:30:00[Europe/Berlin]".parse().map_err(|e: jiff::Error| e.to_string())?;
    let env = Env::at(now);
    let types = model.inputs();
    let mut inputs = Vec::new();
    for node in elements(case, "inputNode") {
        let name = node.attribute("name").unwrap_or_default();
        let ty = types.iter().find(|i| i.name == name).map_or(&Type::Any, |i| &i.ty);
        inputs.push((name, value(node, ty)?));
    }
    let inputs: Context = inputs.into_iter().collect();
    let service = case.attribute("invocableName").filter(|_| case.attribute("type") == Some("decisionService"));
    for result in elements(case, "resultNode") {
        let name = result.attribute("name").unwrap_or_default();
        let actual = match service {
            Some(service) => model.evaluate_service(service, &inputs, &env).map(|v| (v, None)),
            None => model.explain(name, &inputs, &env).map(|o| (o.value, o.reason)),
        };
        let (actual, reason) = match actual {
            Ok(outcome) => outcome,
            Err(_) if result.attribute("errorResult") == Some("true") => continue,
            Err(e) => return Err(format!("{name}: {e}")),
        };
        // A service with several outputs yields them by name.
        let part = actual.as_context().and_then(|c| c.get(name)).filter(|_| service.is_some());
        let actual = part.unwrap_or(&actual);
        let Some(expected) = elements(result, "expected").next() else { continue };
        if !agrees(actual, expected) {
            let expected: String = expected.descendants().filter_map(|n| n.text()).map(str::trim).collect();
            let reason = reason.map(|r| format!(" ({r})")).unwrap_or_default();
            return Err(format!("{name}: expected {expected}, found {actual}{reason}"));
        }
    }
    Ok(())
}

fn attribute<'x>(node: Node<'x, 'x>, name: &str) -> Option<&'x str> {
    node.attributes().find(|a| a.name() == name).map(|a| a.value())
}

/// Name of the XML Schema type a value is marked with.
fn schema_type<'x>(node: Node<'x, 'x>) -> Option<&'x str> {
    attribute(node, "type").map(|t| t.rsplit(':').next().unwrap_or(t))
}

/// An input as the model declares it.
fn value(node: Node<'_, '_>, ty: &Type) -> Result<Value, String> {
    if attribute(node, "nil") == Some("true") {
        return Ok(Value::Null);
    }
    if let Some(list) = elements(node, "list").next() {
        if attribute(list, "nil") == Some("true") {
            return Ok(Value::Null);
        }
        let item = match ty {
            Type::List(item) => item,
            _ => &Type::Any,
        };
        return elements(list, "item").map(|i| value(i, item)).collect::<Result<_, _>>().map(Value::list);
    }
    let components: Vec<_> = elements(node, "component").collect();
    if !components.is_empty() {
        let entries = components.iter().map(|c| {
            let name = attribute(*c, "name").unwrap_or_default();
            Ok((name, value(*c, ty.member(name).unwrap_or(&Type::Any))?))
        });
        return Ok(Value::Context(entries.collect::<Result<Context, String>>()?));
    }
    match elements(node, "value").next() {
        Some(leaf) if attribute(leaf, "nil") != Some("true") => {
            let text = leaf.text().unwrap_or_default();
            let kind = schema_type(leaf).map_or_else(|| ty.clone(), kind_of);
            parse(text, &kind).ok_or_else(|| format!("`{text}` is no {kind}"))
        }
        _ => Ok(Value::Null),
    }
}

fn kind_of(schema_type: &str) -> Type {
    match schema_type {
        "boolean" => Type::Boolean,
        "decimal" | "double" | "integer" | "int" | "long" | "float" => Type::Number,
        "date" => Type::Date,
        "time" => Type::Time,
        "dateTime" => Type::DateTime,
        "duration" => Type::DaysDuration,
        _ => Type::String,
    }
}

fn parse(text: &str, kind: &Type) -> Option<Value> {
    let trimmed = text.trim();
    match kind {
        Type::Boolean => trimmed.parse().ok().map(Value::Bool),
        Type::Number => trimmed.parse::<Number>().ok().map(Value::Number),
        Type::Date => Date::parse(trimmed).map(Value::Date),
        Type::Time => Time::parse(trimmed).map(Value::Time),
        Type::DateTime => DateTime::parse(trimmed).map(Value::DateTime),
        Type::DaysDuration | Type::MonthsDuration => Value::parse_duration(trimmed),
        _ => Some(Value::from(text)),
    }
}

fn agrees(actual: &Value, expected: Node<'_, '_>) -> bool {
    if attribute(expected, "nil") == Some("true") {
        return actual.is_null();
    }
    if let Some(list) = elements(expected, "list").next() {
        if attribute(list, "nil") == Some("true") {
            return actual.is_null();
        }
        let items: Vec<_> = elements(list, "item").collect();
        return match actual {
            Value::List(l) => l.items().len() == items.len() && l.items().iter().zip(items).all(|(a, e)| agrees(a, e)),
            _ => false,
        };
    }
    let components: Vec<_> = elements(expected, "component").collect();
    if !components.is_empty() {
        return actual.as_context().is_some_and(|context| {
            context.len() == components.len()
                && components.iter().all(|c| {
                    let name = attribute(*c, "name").unwrap_or_default();
                    context.get(name).is_some_and(|v| agrees(v, *c))
                })
        });
    }
    let Some(leaf) = elements(expected, "value").next() else { return actual.is_null() };
    if attribute(leaf, "nil") == Some("true") {
        return actual.is_null();
    }
    let text = leaf.text().unwrap_or_default();
    match schema_type(leaf).map(kind_of) {
        Some(kind) => parse(text, &kind).is_some_and(|expected| same(actual, &expected)),
        None if text.is_empty() => actual.is_null() || actual.as_str() == Some(""),
        None => {
            actual.to_string() == text || parse(text, &Type::Number).is_some_and(|expected| same(actual, &expected))
        }
    }
}

fn same(actual: &Value, expected: &Value) -> bool {
    if let (Some(a), Some(e)) = (actual.as_number(), expected.as_number()) {
        let tolerance = TOLERANCE.parse::<Number>().unwrap_or(Number::ZERO);
        return a.checked_sub(e).is_some_and(|d| d.abs().compare(&tolerance).is_le());
    }
    actual.type_name() == expected.type_name() && actual.to_string() == expected.to_string()
}
