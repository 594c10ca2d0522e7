use std::fmt::Write as _;

use db::Row;
use kernel::{Date, Error, Result, Timestamp, Uuid, canonical_json, sha256};
use serde_json::{Map, Value};

/// How a column of an evidential row goes into its state: the same text on both engines.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Text,
    Int,
    Bool,
    /// Microseconds since 1970-01-01T00:00:00Z.
    Time,
    /// Lower-case hexadecimal digits.
    Bytes,
    Uuid,
    Date,
    /// Integers only, no fractions.
    Json,
}

/// A table whose rows must be provable: a payment, a decision, a document version, the data of a file.
///
/// The state of a row is the SHA-256 of the canonical JSON of `columns`. It lies in the fact of the last entry that
/// [`emit_evidence`](crate::emit_evidence) wrote for the row. `columns` leaves the id out (the entry's subject holds
/// it), so that [`check`](crate::check) can tell two rows that changed places from two changed rows.
#[derive(Clone, Copy, Debug)]
pub struct Evidence {
    /// Kind of the events' subject; the subject's id is the row's `id`.
    pub subject: &'static str,
    pub table: &'static str,
    /// `SELECT <columns> FROM <table> WHERE tenant = $1 AND id = $2`
    pub one: &'static str,
    /// `SELECT id, <columns> FROM <table> WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3`
    pub page: &'static str,
    pub columns: &'static [(&'static str, Kind)],
}

/// The evidential columns of a row as JSON.
///
/// # Errors
/// A column that the row lacks or that is of another type.
pub fn state(row: &Row, columns: &[(&'static str, Kind)]) -> Result<Map<String, Value>> {
    columns
        .iter()
        .map(|&(name, kind)| {
            let value = match kind {
                Kind::Text => row.get::<Option<String>>(name)?.map(Value::from),
                Kind::Int => row.get::<Option<i64>>(name)?.map(Value::from),
                Kind::Bool => row.get::<Option<bool>>(name)?.map(Value::from),
                Kind::Time => row.get::<Option<Timestamp>>(name)?.map(|at| at.as_microsecond().into()),
                Kind::Bytes => row.get::<Option<Vec<u8>>>(name)?.map(|bytes| hex(&bytes).into()),
                Kind::Uuid => row.get::<Option<Uuid>>(name)?.map(|id| id.to_string().into()),
                Kind::Date => row.get::<Option<Date>>(name)?.map(|date| date.to_string().into()),
                Kind::Json => row.get::<Option<Value>>(name)?,
            };
            Ok((name.to_owned(), value.unwrap_or(Value::Null)))
        })
        .collect()
}

/// SHA-256 of the state's canonical JSON, as lower-case hexadecimal digits.
///
/// # Errors
/// A fraction in a JSON column.
pub fn state_hash(state: &Map<String, Value>) -> Result<String> {
    let text = canonical_json(&Value::Object(state.clone()))?;
    Ok(hex(&sha256(&[text.as_bytes()])))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub(crate) fn hash(bytes: &[u8]) -> Result<tlog::Hash> {
    bytes.try_into().map_err(|_| Error::internal("a stored hash has not 32 bytes"))
}
