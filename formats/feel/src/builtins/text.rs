//! Functions of texts (DMN 1.5, 10.3.4.3). Positions count characters from 1, negative ones from the end.

use super::{list, number, text, truth};
use crate::eval::{Cx, Evaluated, list_index};
use crate::number::Number;
use crate::pattern;
use crate::value::Value;

pub(super) fn substring(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    let (Some(s), Some(start)) = (text(args, 0), number(args, 1).and_then(Number::truncate)) else {
        return Ok(Value::Null);
    };
    let length = match args.get(2) {
        Some(_) => match number(args, 2).and_then(Number::truncate) {
            Some(n) if n >= 1 => usize::try_from(n).unwrap_or(usize::MAX),
            _ => return Ok(Value::Null),
        },
        None => usize::MAX,
    };
    cx.charge(s.len() / 16)?;
    match list_index(start, s.chars().count()) {
        Some(at) => cx.text(s.chars().skip(at).take(length).collect::<String>()),
        None => Ok(Value::Null),
    }
}

pub(super) fn length(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    let Some(s) = text(args, 0) else { return Ok(Value::Null) };
    cx.charge(s.len() / 16)?;
    Ok(s.chars().count().into())
}

pub(super) fn upper_case(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    let Some(s) = text(args, 0) else { return Ok(Value::Null) };
    cx.text(s.to_uppercase())
}

pub(super) fn lower_case(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    let Some(s) = text(args, 0) else { return Ok(Value::Null) };
    cx.text(s.to_lowercase())
}

fn two_texts<'v>(args: &'v [Value], cx: &mut Cx<'_>) -> Result<Option<(&'v str, &'v str)>, crate::eval::EvalError> {
    let pair = text(args, 0).zip(text(args, 1));
    if let Some((a, b)) = pair {
        cx.charge((a.len() + b.len()) / 16)?;
    }
    Ok(pair.map(|(a, b)| (&**a, &**b)))
}

pub(super) fn substring_before(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    let Some((s, m)) = two_texts(args, cx)? else { return Ok(Value::Null) };
    cx.text(s.find(m).map_or("", |i| &s[..i]))
}

pub(super) fn substring_after(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    let Some((s, m)) = two_texts(args, cx)? else { return Ok(Value::Null) };
    cx.text(s.find(m).map_or("", |i| &s[i + m.len()..]))
}

pub(super) fn contains(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    truth(two_texts(args, cx)?.map(|(s, m)| s.contains(m)))
}

pub(super) fn starts_with(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    truth(two_texts(args, cx)?.map(|(s, m)| s.starts_with(m)))
}

pub(super) fn ends_with(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    truth(two_texts(args, cx)?.map(|(s, m)| s.ends_with(m)))
}

/// Flags of a pattern: none if left out or null.
fn flags(args: &[Value], i: usize) -> Option<&str> {
    match args.get(i) {
        None | Some(Value::Null) => Some(""),
        Some(_) => text(args, i).map(|s| &**s),
    }
}

pub(super) fn matches(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    let (Some(input), Some(pattern), Some(flags)) = (text(args, 0), text(args, 1), flags(args, 2)) else {
        return Ok(Value::Null);
    };
    cx.charge(4 * input.len())?;
    truth(cx.pattern(pattern, flags)?.map(|re| re.is_match(input)))
}

pub(super) fn replace(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    let (Some(input), Some(pattern), Some(replacement), Some(flags)) =
        (text(args, 0), text(args, 1), text(args, 2), flags(args, 3))
    else {
        return Ok(Value::Null);
    };
    cx.charge(4 * input.len())?;
    let Some(re) = cx.pattern(pattern, flags)? else { return Ok(Value::Null) };
    let literal = flags.contains('q');
    let Some(parts) = pattern::replacement(replacement, re.captures_len() - 1, literal) else {
        return Ok(Value::Null);
    };
    // A pattern that matches nothing at all would match everywhere (XPath FORX0003).
    if re.is_match("") {
        return Ok(Value::Null);
    }
    let mut out = String::new();
    let mut end = 0;
    for captures in re.captures_iter(input) {
        let whole = captures.get_match();
        let before = out.len();
        out.push_str(&input[end..whole.start()]);
        for part in &parts {
            match part {
                pattern::Part::Text(t) => out.push_str(t),
                pattern::Part::Group(n) => out.push_str(captures.get(*n).map_or("", |m| m.as_str())),
            }
        }
        end = whole.end();
        cx.charge(1 + (out.len() - before) / 16)?;
    }
    out.push_str(&input[end..]);
    cx.text(out)
}

pub(super) fn split(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    let (Some(input), Some(delimiter)) = (text(args, 0), text(args, 1)) else { return Ok(Value::Null) };
    cx.charge(4 * input.len())?;
    let Some(re) = cx.pattern(delimiter, "")? else { return Ok(Value::Null) };
    if re.is_match("") {
        return Ok(Value::Null);
    }
    let parts = re.split(input).map(Value::from).collect();
    cx.list(parts)
}

pub(super) fn join(args: &[Value], cx: &mut Cx<'_>) -> Evaluated {
    let Some(items) = list(args, 0) else { return Ok(Value::Null) };
    let delimiter = match args.get(1) {
        None | Some(Value::Null) => "",
        Some(_) => match text(args, 1) {
            Some(delimiter) => delimiter,
            None => return Ok(Value::Null),
        },
    };
    let mut out = String::new();
    let mut first = true;
    for item in items.items() {
        match item {
            Value::Null => continue,
            Value::String(s) => {
                if !std::mem::take(&mut first) {
                    out.push_str(delimiter);
                }
                out.push_str(s);
                cx.charge(1 + (s.len() + delimiter.len()) / 16)?;
            }
            _ => return Ok(Value::Null),
        }
    }
    cx.text(out)
}
