//! What the tables look like, read from the schema steps themselves: an export names every column and shows it as what
//! it is, on both engines alike.

use std::collections::BTreeMap;

use db::{Migrations, Row};
use kernel::{Date, Result, Timestamp, Uuid};
use serde_json::Value;

/// Type of a column in the words of the schema steps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Type {
    Uuid,
    Bytes,
    Time,
    Bool,
    Int,
    Json,
    Date,
    Float,
    Text,
}

impl Type {
    /// Tried in this order where a column is computed and its type not written down.
    const ALL: [Type; 9] =
        [Type::Text, Type::Int, Type::Float, Type::Uuid, Type::Json, Type::Time, Type::Date, Type::Bool, Type::Bytes];

    fn of(word: &str) -> Option<Type> {
        Some(match word.to_ascii_uppercase().as_str() {
            "UUID" => Type::Uuid,
            "BYTEA" => Type::Bytes,
            "TIMESTAMPTZ" => Type::Time,
            "BOOLEAN" => Type::Bool,
            "BIGINT" => Type::Int,
            "JSONB" => Type::Json,
            "DATE" => Type::Date,
            "FLOAT8" => Type::Float,
            "TEXT" => Type::Text,
            _ => return None,
        })
    }

    fn read(self, row: &Row, name: &str) -> Result<Cell> {
        fn cell<T>(value: Option<T>, make: impl FnOnce(T) -> Cell) -> Cell {
            value.map_or(Cell::Empty, make)
        }
        Ok(match self {
            Type::Uuid => cell(row.get::<Option<Uuid>>(name)?, |v| Cell::Text(v.to_string())),
            Type::Bytes => cell(row.get::<Option<Vec<u8>>>(name)?, |v| Cell::Text(hex(&v))),
            Type::Time => cell(row.get::<Option<Timestamp>>(name)?, Cell::Time),
            Type::Bool => cell(row.get::<Option<bool>>(name)?, Cell::Bool),
            Type::Int => cell(row.get::<Option<i64>>(name)?, Cell::Int),
            Type::Json => cell(row.get::<Option<Value>>(name)?, Cell::Json),
            Type::Date => cell(row.get::<Option<Date>>(name)?, Cell::Date),
            Type::Float => cell(row.get::<Option<f64>>(name)?, |v| Cell::Text(v.to_string())),
            Type::Text => cell(row.get::<Option<String>>(name)?, Cell::Text),
        })
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// One datum.
#[derive(Clone, PartialEq, Debug)]
pub enum Cell {
    Empty,
    Text(String),
    Int(i64),
    Bool(bool),
    Time(Timestamp),
    Date(Date),
    Json(Value),
}

impl Cell {
    /// For machines: times as RFC 3339 in UTC.
    pub fn to_json(&self) -> Value {
        match self {
            Cell::Empty => Value::Null,
            Cell::Text(text) => Value::from(text.as_str()),
            Cell::Int(n) => Value::from(*n),
            Cell::Bool(b) => Value::from(*b),
            Cell::Time(at) => Value::from(at.to_string()),
            Cell::Date(day) => Value::from(day.to_string()),
            Cell::Json(value) => value.clone(),
        }
    }
}

/// Tables and their columns, by the schema steps of the whole house.
pub struct Schema(BTreeMap<String, Vec<(String, Type)>>);

impl Schema {
    pub fn of(migrations: &[Migrations]) -> Self {
        let mut tables: BTreeMap<String, Vec<(String, Type)>> = BTreeMap::new();
        let steps = migrations.iter().flat_map(|m| m.steps);
        for statement in steps.flat_map(|step| db::statements(step.sql)) {
            let words: Vec<&str> = statement.split_whitespace().take(6).collect();
            match words.as_slice() {
                ["CREATE", "TABLE", table, ..] => {
                    let body = statement.split_once('(').and_then(|(_, rest)| rest.rsplit_once(')'));
                    let columns = top_level(body.map_or("", |(body, _)| body)).into_iter().filter_map(column);
                    tables.entry(name_of(table)).or_default().extend(columns);
                }
                ["ALTER", "TABLE", table, "ADD", "COLUMN", ..] => {
                    let added = statement.split_once("COLUMN").and_then(|(_, rest)| column(rest));
                    tables.entry(name_of(table)).or_default().extend(added);
                }
                ["DROP", "TABLE", table, ..] => {
                    tables.remove(&name_of(table));
                }
                _ => {}
            }
        }
        Self(tables)
    }

    fn type_of(&self, table: &str, column: &str) -> Option<Type> {
        self.0.get(table)?.iter().find(|(name, _)| name == column).map(|(_, ty)| *ty)
    }

    /// A row of an `export` statement as named values, in the statement's order.
    ///
    /// # Errors
    /// A column that cannot be read as any type: a fault in the statement.
    pub fn read(&self, table: &str, sql: &str, row: &Row) -> Result<Vec<(String, Cell)>> {
        columns_of(sql)
            .into_iter()
            .map(|(name, plain)| {
                // A plain column of another table that the statement joins is found by its name alone.
                let joined = || self.0.keys().filter(|t| sql.contains(t.as_str())).find_map(|t| self.type_of(t, name));
                let known = if plain { self.type_of(table, name).or_else(joined) } else { None };
                let cell = match known {
                    Some(ty) => ty.read(row, name)?,
                    None => any(row, name)?,
                };
                Ok((name.to_owned(), cell))
            })
            .collect()
    }
}

fn any(row: &Row, name: &str) -> Result<Cell> {
    let mut last = None;
    for ty in Type::ALL {
        match ty.read(row, name) {
            Ok(cell) => return Ok(cell),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or(kernel::Error::NotFound))
}

fn name_of(word: &str) -> String {
    word.trim_end_matches('(').to_owned()
}

/// `title TEXT NOT NULL` as name and type; constraints are none.
fn column(definition: &str) -> Option<(String, Type)> {
    let mut words = definition.split_whitespace();
    Some((words.next()?.to_owned(), Type::of(words.next()?)?))
}

/// Parts between commas outside brackets and quotes.
fn top_level(list: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth, mut quoted) = (Vec::new(), 0, 0i32, false);
    for (at, c) in list.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                parts.push(&list[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&list[start..]);
    parts
}

/// The names of the columns that a `SELECT` answers, and whether each is a plain column.
pub fn columns_of(sql: &str) -> Vec<(&str, bool)> {
    let list = sql.trim_start().trim_start_matches("SELECT").trim_start_matches(" DISTINCT");
    let end = word_outside_brackets(list, "FROM").unwrap_or(list.len());
    let name = |part: &str| part.rsplit(['.', ' ', '\n']).next().map_or(0, str::len);
    top_level(&list[..end])
        .into_iter()
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| {
            let plain = part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.');
            (&part[part.len() - name(part)..], plain)
        })
        .collect()
}

fn word_outside_brackets(text: &str, word: &str) -> Option<usize> {
    let (mut depth, mut quoted) = (0i32, false);
    for (at, c) in text.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            _ if !quoted && depth == 0 && text[at..].starts_with(word) => {
                let before = text[..at].chars().next_back().is_none_or(char::is_whitespace);
                let after = text[at + word.len()..].chars().next().is_none_or(char::is_whitespace);
                if before && after {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: db::Step = db::Step {
        name: "0001_init",
        sql: "-- a table, with (brackets)\nCREATE TABLE filing_note (\n  tenant BIGINT NOT NULL,\n  id UUID NOT NULL,\n  \
              at TIMESTAMPTZ NOT NULL, -- when\n  body JSONB,\n  PRIMARY KEY (tenant, id)\n);\n\
              ALTER TABLE filing_note ADD COLUMN seen BOOLEAN;\nCREATE TABLE filing_old (\n  tenant BIGINT NOT NULL\n);\n\
              DROP TABLE filing_old;\n",
    };

    #[test]
    fn columns_are_read_from_the_steps() {
        let schema = Schema::of(&[Migrations { module: "filing", steps: &[STEP] }]);
        assert_eq!(schema.0.keys().collect::<Vec<_>>(), ["filing_note"]);
        let columns = &schema.0["filing_note"];
        let expected =
            [("tenant", Type::Int), ("id", Type::Uuid), ("at", Type::Time), ("body", Type::Json), ("seen", Type::Bool)];
        assert_eq!(columns, &expected.map(|(name, ty)| (name.to_owned(), ty)));
    }

    #[test]
    fn columns_of_statements() {
        for (sql, expected) in [
            ("SELECT number, title FROM t WHERE tenant = $1", vec![("number", true), ("title", true)]),
            (
                "SELECT d.number,\n   COALESCE(a, 'x, FROM y') AS shown FROM t d",
                vec![("number", true), ("shown", false)],
            ),
            ("SELECT (SELECT n FROM u WHERE u.a = t.a) AS n, from_day FROM t", vec![("n", false), ("from_day", true)]),
            ("SELECT DISTINCT at\nFROM t", vec![("at", true)]),
        ] {
            assert_eq!(columns_of(sql), expected, "{sql}");
        }
    }
}
