//! What a city's processes and decisions may say, and how people are told of it: files are read and checked against the
//! rest of the city's data, expressions evaluated, elements named. No database: what runs is kept in `modules/processes`.

pub mod faults;
pub mod names;
pub mod organisation;
pub mod rules;
pub mod starts;
pub mod times;
pub mod topics;

use bpmn::Model;
use kernel::{Error, Result};

/// Texts of this crate: their language and source. The room that runs processes has them among its own.
pub const GERMAN: (&str, &str) = ("de", include_str!("../locales/de.ftl"));
/// The same in English.
pub const ENGLISH: (&str, &str) = ("en", include_str!("../locales/en.ftl"));

/// The model of one version, read once.
///
/// # Errors
/// Names the first fault with file, line and column.
pub fn load(item: &content::Item) -> Result<Model> {
    Model::parse(&item.body).map_err(|errors| {
        let first = errors.first().map_or(String::new(), |e| format!("{}:{}: {}", e.line, e.column, e.message));
        Error::internal(format!("{}:{first}", item.name))
    })
}

/// The name that a process or decision has for people, as its text says; the key where it says none.
pub fn name_in(kind: &str, key: &str, body: &str) -> String {
    let said = match kind {
        "decisions" => dmn::Model::read_tolerantly(body, &[]).ok().map(|model| model.name().to_owned()),
        _ => bpmn::Model::parse(body).ok().and_then(|model| model.name().map(str::to_owned)),
    };
    said.filter(|name| !name.is_empty()).unwrap_or_else(|| key.to_owned())
}
