//! The export as one file: a page to read, the same as JSON (Art. 20 DSGVO: structured, machine-readable), and the
//! documents.

use std::io::{Cursor, Write as _};

use askama::Template;
use kernel::{Error, Result, Timestamp};
use serde_json::{Map, Value, json};
use ui::Page;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::{
    export::{Document, Export},
    schema::Cell,
};

/// Bytes of documents that one package carries; what does not fit is named with the way to get it.
const MOST_BYTES: u64 = 200 * 1024 * 1024;

/// What became of a document.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fate {
    Packed,
    TooLarge,
    Internal,
}

/// A document and where it lies in the package.
struct Line<'a> {
    document: &'a Document,
    /// Path in the package; empty when it is not in it.
    path: String,
    fate: Fate,
}

/// One table as the page shows it.
struct Section {
    title: String,
    case: String,
    rows: Vec<Vec<(String, String)>>,
}

struct Entry {
    when: String,
    case: String,
    what: String,
    private: String,
}

#[derive(Template)]
#[template(path = "package.html")]
struct PackagePage<'a> {
    page: &'a Page,
    about: &'a str,
    made: String,
    sections: Vec<Section>,
    entries: Vec<Entry>,
    documents: Vec<Line<'a>>,
}

impl PackagePage<'_> {
    fn why_not(&self, line: &Line<'_>) -> String {
        match line.fate {
            Fate::Packed => String::new(),
            Fate::TooLarge => self.page.t("privacy-package-too-large"),
            Fate::Internal => self.page.t("privacy-package-internal"),
        }
    }
}

/// Whose package it is and who gets it.
pub struct Label<'a> {
    /// Account or Aktenzeichen, as the person knows it.
    pub about: &'a str,
    pub made_at: Timestamp,
    /// Staff hand it out: documents that the person cannot see in the portal are packed too, to be looked through first.
    pub internal: bool,
}

/// Makes the package. The bytes of documents are read and compared with their hash.
///
/// # Errors
/// A document that is missing or was changed.
pub async fn pack(page: &Page, store: &files::Store, export: &Export, label: &Label<'_>) -> Result<Vec<u8>> {
    let lines = places(&export.documents, label.internal);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let html = page_of(page, export, label, &lines)?;
    put(&mut zip, "auskunft.html", html.as_bytes())?;
    put(&mut zip, "auskunft.json", json_of(export, label, &lines).to_string().as_bytes())?;
    for line in &lines {
        if line.fate == Fate::Packed {
            put(&mut zip, &line.path, &store.read_verified(&line.document.file).await?)?;
        }
    }
    Ok(zip.finish().map_err(Error::internal)?.into_inner())
}

fn put(zip: &mut ZipWriter<Cursor<Vec<u8>>>, path: &str, bytes: &[u8]) -> Result<()> {
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    zip.start_file(path, stored).map_err(Error::internal)?;
    zip.write_all(bytes).map_err(Error::internal)
}

fn places(documents: &[Document], internal: bool) -> Vec<Line<'_>> {
    let mut left = MOST_BYTES;
    let lines = documents.iter().enumerate().map(|(at, document)| {
        let size = u64::try_from(document.file.size).unwrap_or(u64::MAX);
        let fate = if !document.open && !internal {
            Fate::Internal
        } else if size > left {
            Fate::TooLarge
        } else {
            left -= size;
            Fate::Packed
        };
        // The number keeps names apart; the name was cleaned when the file was taken in.
        let path = format!("dokumente/{:03}-{}", at + 1, document.file.name);
        Line { document, path: if fate == Fate::Packed { path } else { String::new() }, fate }
    });
    lines.collect()
}

fn json_of(export: &Export, label: &Label<'_>, lines: &[Line<'_>]) -> Value {
    let object = |row: &Vec<(String, Cell)>| -> Value {
        row.iter().map(|(name, cell)| (name.clone(), cell.to_json())).collect::<Map<_, _>>().into()
    };
    let parts = export.parts.iter().map(|part| {
        let rows: Vec<Value> = part.rows.iter().map(object).collect();
        json!({"module": part.module, "table": part.table, "case": part.case, "rows": rows})
    });
    let journal = export
        .journal
        .iter()
        .map(|said| json!({"at": said.at.to_string(), "event": said.name, "case": said.case, "data": said.private}));
    let documents = lines.iter().map(|line| {
        let (d, file) = (line.document, &line.document.file);
        json!({
            "case": d.case, "title": d.title, "added_at": d.added_at.to_string(), "name": file.name, "size": file.size,
            "media_type": file.media_type, "sha256": crate::schema::hex(&file.sha256), "path": line.path,
        })
    });
    json!({
        "about": label.about,
        "made_at": label.made_at.to_string(),
        "tables": parts.collect::<Vec<_>>(),
        "journal": journal.collect::<Vec<_>>(),
        "documents": documents.collect::<Vec<_>>(),
    })
}

fn page_of(page: &Page, export: &Export, label: &Label<'_>, lines: &[Line<'_>]) -> Result<String> {
    let sections = export.parts.iter().map(|part| Section {
        title: word(page, "privacy-table", part.table, part.table),
        case: part.case.clone().unwrap_or_default(),
        rows: part.rows.iter().map(|row| row.iter().map(|(name, cell)| shown(page, name, cell)).collect()).collect(),
    });
    let entries = export.journal.iter().map(|said| Entry {
        when: page.datetime(said.at),
        case: said.case.clone().unwrap_or_default(),
        what: word(page, "privacy-event", &said.name.replace('.', "-"), &said.name),
        private: said.private.as_ref().map(plain).unwrap_or_default(),
    });
    let documents = lines.iter().map(|line| Line { document: line.document, path: line.path.clone(), fate: line.fate });
    let template = PackagePage {
        page,
        about: label.about,
        made: page.datetime(label.made_at),
        sections: sections.collect(),
        entries: entries.collect(),
        documents: documents.collect(),
    };
    template.render().map_err(Error::internal)
}

/// The text for a technical name where somebody has written one, else the name.
fn word(page: &Page, family: &str, key: &str, name: &str) -> String {
    let key = format!("{family}-{}", key.replace('_', "-"));
    if page.texts.has(ui::Lang::De, &key) { page.t(&key) } else { name.to_owned() }
}

fn shown(page: &Page, name: &str, cell: &Cell) -> (String, String) {
    let value = match cell {
        Cell::Empty => "–".to_owned(),
        Cell::Text(text) => text.clone(),
        Cell::Int(n) => n.to_string(),
        Cell::Bool(yes) => page.t(if *yes { "privacy-yes" } else { "privacy-no" }),
        Cell::Time(at) => page.datetime(*at),
        Cell::Date(day) => page.date(*day),
        Cell::Json(value) => plain(value),
    };
    (word(page, "privacy-column", name, name), value)
}

/// Nested values as lines `name: value`.
fn plain(value: &Value) -> String {
    let mut lines = Vec::new();
    walk("", value, &mut lines);
    lines.join("\n")
}

fn walk(path: &str, value: &Value, lines: &mut Vec<String>) {
    let under = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path} / {name}") };
    let mut leaf = |text: &str| {
        lines.push(if path.is_empty() { text.to_owned() } else { format!("{path}: {text}") });
    };
    match value {
        Value::Null => {}
        Value::Bool(yes) => leaf(if *yes { "ja" } else { "nein" }),
        Value::Number(n) => leaf(&n.to_string()),
        Value::String(text) => leaf(text),
        // A pair of name and value, as texts of tasks and timelines are kept.
        Value::Array(items) => match items.as_slice() {
            [Value::String(name), Value::String(text)] => walk(&under(name), &Value::from(text.as_str()), lines),
            items => items.iter().enumerate().for_each(|(at, item)| walk(&under(&(at + 1).to_string()), item, lines)),
        },
        Value::Object(fields) => fields.iter().for_each(|(name, field)| walk(&under(name), field, lines)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_values_become_lines() {
        let value =
            json!({"name": "Beispiel", "address": {"street": "Musterweg", "number": null}, "list": [1, [true]]});
        assert_eq!(plain(&value), "address / street: Musterweg\nlist / 1: 1\nlist / 2 / 1: ja\nname: Beispiel");
        assert_eq!(plain(&json!([["Grund", "fehlt"], ["Betrag", "9"]])), "1 / Grund: fehlt\n2 / Betrag: 9");
        assert_eq!(plain(&Value::Null), "");
    }
}
