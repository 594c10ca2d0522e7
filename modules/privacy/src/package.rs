//! The export as one file: a page to read, the same as JSON (Art. 20 DSGVO: structured, machine-readable), and the
//! documents.

use std::io::{Cursor, Write as _};

use askama::Template;
use kernel::{Date, Error, Money, Result, Timestamp};
use serde_json::{Map, Value, json};
use ui::{Lang, Page};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::{
    export::{Document, Export},
    labels::Labels,
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
    /// Nobody has scanned it for malware yet, or it has some.
    Locked,
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
            Fate::Locked => house::scan_text(self.page, &line.document.file.scan).unwrap_or_default(),
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
pub async fn pack(labels: &Labels<'_>, store: &files::Store, export: &Export, label: &Label<'_>) -> Result<Vec<u8>> {
    let lines = places(&export.documents, label.internal);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let html = page_of(labels, export, label, &lines)?;
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
        } else if !document.file.scan.may_be_opened() {
            Fate::Locked
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

fn page_of(labels: &Labels<'_>, export: &Export, label: &Label<'_>, lines: &[Line<'_>]) -> Result<String> {
    let page = labels.page;
    let sections = export.parts.iter().map(|part| Section {
        title: labels.table(part.module, part.table),
        case: part.case.clone().unwrap_or_default(),
        rows: part.rows.iter().map(|row| Reader::of_row(labels, part.module, row).row(row)).collect(),
    });
    let entries = export.journal.iter().map(|said| {
        let module = said.name.split('.').next().unwrap_or_default();
        let reader = Reader { labels, module, form: None, args: Vec::new() };
        Entry {
            when: page.datetime(said.at),
            case: said.case.clone().unwrap_or_default(),
            what: labels.event(&said.name),
            private: said.private.as_ref().map(|value| reader.lines("", value)).unwrap_or_default(),
        }
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

/// Shows the values of one row or entry in words.
struct Reader<'a> {
    labels: &'a Labels<'a>,
    module: &'a str,
    /// Form whose answers the row holds.
    form: Option<&'a str>,
    /// Values that belong into the text of a code of the same row.
    args: Vec<(String, String)>,
}

impl<'a> Reader<'a> {
    fn of_row(labels: &'a Labels<'a>, module: &'a str, row: &'a [(String, Cell)]) -> Self {
        let cell = |wanted: &str| row.iter().find(|(name, _)| name == wanted).map(|(_, cell)| cell);
        let form = match cell("form") {
            Some(Cell::Text(form)) => Some(form.as_str()),
            _ => None,
        };
        let args = match cell("args") {
            Some(Cell::Json(args)) => serde_json::from_value(args.clone()).unwrap_or_default(),
            _ => Vec::new(),
        };
        Self { labels, module, form, args }
    }

    fn row(&self, row: &[(String, Cell)]) -> Vec<(String, String)> {
        row.iter().map(|(name, cell)| (self.labels.column(self.module, name), self.shown(name, cell))).collect()
    }

    fn shown(&self, name: &str, cell: &Cell) -> String {
        let page = self.labels.page;
        match cell {
            Cell::Empty => "–".to_owned(),
            Cell::Text(text) => self.text(name, text),
            Cell::Int(n) => self.labels.number(self.module, name, *n),
            Cell::Bool(yes) => self.yes_no(*yes),
            Cell::Time(at) => page.datetime(*at),
            Cell::Date(day) => page.date(*day),
            Cell::Json(value) => self.lines(name, value),
        }
    }

    fn yes_no(&self, yes: bool) -> String {
        self.labels.page.t(if yes { "privacy-yes" } else { "privacy-no" })
    }

    fn text(&self, name: &str, text: &str) -> String {
        let word = self.labels.code(self.module, self.form, name, text, &self.args);
        word.or_else(|| day(self.labels.page, text)).unwrap_or_else(|| text.to_owned())
    }

    /// Nested values as lines `name: value`.
    fn lines(&self, name: &str, value: &Value) -> String {
        let mut lines = Vec::new();
        self.walk("", name, value, &mut lines);
        lines.join("\n")
    }

    fn leaf(&self, name: &str, value: &Value) -> Option<String> {
        match value {
            Value::String(text) if !text.is_empty() => Some(self.text(name, text)),
            Value::Bool(yes) => Some(self.yes_no(*yes)),
            Value::Number(n) => Some(n.as_i64().map_or(n.to_string(), |n| self.labels.number(self.module, name, n))),
            _ => None,
        }
    }

    fn walk(&self, path: &str, name: &str, value: &Value, lines: &mut Vec<String>) {
        let label = |name: &str| self.labels.name(self.module, self.form, name);
        match value {
            Value::Array(items) if !items.is_empty() && items.iter().all(|item| pair(item).is_some()) => {
                // Names and values, as texts of tasks and timelines are kept.
                for (name, text) in items.iter().filter_map(pair) {
                    self.walk(&under(path, &label(name)), name, text, lines);
                }
            }
            Value::Array(items) if items.iter().all(|item| !item.is_array() && !item.is_object()) => {
                let all: Vec<String> = items.iter().filter_map(|item| self.leaf(name, item)).collect();
                if !all.is_empty() {
                    lines.push(if path.is_empty() { all.join("\n") } else { format!("{path}: {}", all.join(", ")) });
                }
            }
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    match titled(item) {
                        // A section: what is in it stands under its title.
                        Some((title, name, rest)) => self.walk(&under(path, title), name, rest, lines),
                        None if items.len() == 1 => self.walk(path, name, item, lines),
                        None => self.walk(&under(path, &(at + 1).to_string()), name, item, lines),
                    }
                }
            }
            Value::Object(fields) => match answer(fields) {
                Some(("money", Value::Number(cents))) => {
                    let amount = self.labels.page.money(Money(cents.as_i64().unwrap_or_default()));
                    lines.push(if path.is_empty() { amount } else { format!("{path}: {amount}") });
                }
                Some((_, value)) => self.walk(path, name, value, lines),
                None => {
                    fields.iter().for_each(|(name, field)| self.walk(&under(path, &label(name)), name, field, lines))
                }
            },
            leaf => {
                if let Some(text) = self.leaf(name, leaf) {
                    lines.push(if path.is_empty() { text } else { format!("{path}: {text}") });
                }
            }
        }
    }
}

fn under(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path} / {name}") }
}

fn pair(item: &Value) -> Option<(&str, &Value)> {
    match item.as_array()?.as_slice() {
        [Value::String(name), text @ Value::String(_)] => Some((name.as_str(), text)),
        _ => None,
    }
}

/// Something with a title: the title, and the name and value of what stands under it.
fn titled(item: &Value) -> Option<(&str, &str, &Value)> {
    let fields = item.as_object().filter(|fields| fields.len() == 2)?;
    let title = fields.get("title")?.as_str()?;
    let (name, rest) = fields.iter().find(|(name, _)| *name != "title")?;
    Some((title, name.as_str(), rest))
}

/// The answer to a question of a form, with its type.
fn answer(fields: &Map<String, Value>) -> Option<(&str, &Value)> {
    if fields.len() != 2 {
        return None;
    }
    Some((fields.get("type")?.as_str()?, fields.get("value")?))
}

/// A day or an instant as people write it, in a text; parts of a day that nobody knows are 00.
fn day(page: &Page, text: &str) -> Option<String> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(page.datetime(at));
    }
    let digits = |part: &str, n: usize| part.len() == n && part.bytes().all(|b| b.is_ascii_digit());
    let (year, rest) = text.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    if !(digits(year, 4) && digits(month, 2) && digits(day, 2)) {
        return None;
    }
    match text.parse::<Date>() {
        Ok(date) => Some(page.date(date)),
        Err(_) if page.lang == Lang::De => Some(format!("{day}.{month}.{year}")),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ui::{CityInfo, Texts, UI_TEXTS};

    use super::*;

    fn texts() -> Texts {
        let ours = include_str!("../locales/de.ftl");
        let filing = "filing-field-street = Straße\nfiling-value-state-open = offen\nfiling-value-cents = { $amount }\n\
                      timeline-paid = Bezahlt: { $amount }\n";
        Texts::build(UI_TEXTS.iter().copied().chain([("privacy", "de", ours), ("filing", "de", filing)])).unwrap()
    }

    #[test]
    fn nested_values_become_lines_in_the_words_of_their_module() {
        let page = Page::new(Lang::De, Arc::new(texts()), Arc::new(CityInfo::default()));
        let labels = Labels::without_forms(&page);
        let reader = Reader { labels: &labels, module: "filing", form: None, args: Vec::new() };
        let lines = |value: Value| reader.lines("", &value);
        let value = json!({"hobby": "Segeln", "address": {"street": "Musterweg", "number": null}, "list": [1, [true]]});
        assert_eq!(lines(value), "Anschrift / Straße: Musterweg\nhobby: Segeln\nlist / 1: 1\nlist / 2: ja");
        assert_eq!(lines(json!([["Grund", "fehlt"], ["Betrag", "9"]])), "Grund: fehlt\nBetrag: 9");
        assert_eq!(lines(json!([{"title": "Ich", "rows": [["Name", "Ö"]]}])), "Ich / Name: Ö");
        assert_eq!(lines(json!({"hobby": {"type": "choices", "value": ["a", "b"]}})), "hobby: a, b");
        assert_eq!(lines(json!({"hobby": {"type": "money", "value": 950}})), "hobby: 9,50\u{a0}€");
        assert_eq!(
            lines(json!({"cents": 950, "state": "open", "day": "1985-03-27"})),
            "cents: 9,50\u{a0}€\nday: 27.03.1985\nstate: offen"
        );
        assert_eq!((lines(Value::Null), lines(json!("1950-00-00"))), (String::new(), "00.00.1950".to_owned()));

        let row = [
            ("code".to_owned(), Cell::Text("paid".into())),
            ("args".to_owned(), Cell::Json(json!([["amount", "9,00 €"]]))),
        ];
        assert_eq!(Reader::of_row(&labels, "filing", &row).row(&row)[0].1, "Bezahlt: 9,00 €");
    }
}
