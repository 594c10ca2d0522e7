//! The form in which a clerk says what the columns of another system's table mean.

use std::collections::BTreeMap;

use askama::Template;
use axum::{Form, extract::Query};
use house::{Answer, Req};
use kernel::{Error, Result};
use serde::Deserialize;
use ui::{Choice, Errors, Page};

use crate::{
    folder,
    mapping::{DateFormat, FIELDS, Mapping, Reader, TRANSLATED},
    service::{self, Loaded, NewRun},
    store::{self, Source},
};

/// Rows that are shown as they would be read.
const PREVIEW: usize = 20;

/// Address of the form for a source, folder and table.
pub fn address(source: &str, folder: &str, table: &str) -> String {
    format!(
        "/intern/uebernahme/zuordnung?quelle={}&ordner={}&tabelle={}",
        escape(source),
        escape(folder),
        escape(table)
    )
}

/// A value in a query (RFC 3986, 2.3).
fn escape(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[derive(Deserialize, Default)]
pub struct Which {
    #[serde(default)]
    quelle: String,
    #[serde(default)]
    ordner: String,
    #[serde(default)]
    tabelle: String,
}

/// A field of the form.
struct Line {
    /// Name of the control for the column; of the others with an ending.
    name: String,
    default_name: String,
    label: String,
    columns: Vec<Choice>,
    default: String,
    /// Name and content of the translations, where the field has such.
    words: Option<(String, String)>,
}

/// A row as it would be read.
struct Shown {
    line: u64,
    file: String,
    case: String,
    document: String,
    path: String,
    date: String,
    /// Why it would be refused; empty for none.
    fault: String,
}

#[derive(Template)]
#[template(path = "mapping.html")]
struct MappingPage<'a> {
    page: &'a Page,
    source: Source,
    which: &'a Which,
    tables: Vec<Choice>,
    mapping: Mapping,
    dates: Vec<Choice>,
    lines: Vec<Line>,
    rows: usize,
    preview: Vec<Shown>,
    /// What keeps the table from being read; empty for nothing.
    fault: String,
    errors: Errors,
}

/// Name of a field's control.
fn control(field: &str) -> String {
    format!("feld-{field}")
}

fn lines(page: &Page, mapping: &Mapping, columns: &[String]) -> Vec<Line> {
    let line = |field: &crate::mapping::Field| {
        let chosen = mapping.columns.get(field.key).map_or("", String::as_str);
        let choices = columns.iter().map(|column| Choice::new(column, column).selected(column == chosen));
        let words = mapping.translations.get(field.key).into_iter().flatten();
        let words: Vec<String> = words.map(|(theirs, ours)| format!("{theirs} = {ours}")).collect();
        Line {
            name: control(field.key),
            default_name: format!("{}-sonst", control(field.key)),
            label: page.t(&format!("exchange-map-{}", field.key)),
            columns: choices.collect(),
            default: mapping.defaults.get(field.key).cloned().unwrap_or_default(),
            words: TRANSLATED
                .contains(&field.key)
                .then(|| (format!("{}-woerter", control(field.key)), words.join("\n"))),
        }
    };
    FIELDS.iter().map(line).collect()
}

/// What a form says.
fn sent_mapping(sent: &BTreeMap<String, String>) -> Mapping {
    let get = |name: &str| sent.get(name).map_or("", |value| value.trim());
    let mut mapping = Mapping {
        separator: get("trennzeichen").to_owned(),
        element: get("element").to_owned(),
        dates: DateFormat::ALL.into_iter().find(|format| format.code() == get("datumsform")).unwrap_or_default(),
        ..Mapping::default()
    };
    for field in &FIELDS {
        let name = control(field.key);
        let (column, default) = (get(&name), get(&format!("{name}-sonst")));
        if !column.is_empty() {
            mapping.columns.insert(field.key.to_owned(), column.to_owned());
        }
        if !default.is_empty() {
            mapping.defaults.insert(field.key.to_owned(), default.to_owned());
        }
        let words = get(&format!("{name}-woerter")).lines().filter_map(|line| line.split_once('='));
        let words: BTreeMap<String, String> =
            words.map(|(theirs, ours)| (theirs.trim().to_owned(), ours.trim().to_owned())).collect();
        if !words.is_empty() && TRANSLATED.contains(&field.key) {
            mapping.translations.insert(field.key.to_owned(), words);
        }
    }
    mapping
}

/// Name of the table that was asked for, or of the first of the folder; and all there are.
async fn tables_of(rq: &Req, which: &Which) -> Result<(String, Vec<String>)> {
    let root = folder::imports(&rq.app.config, &rq.city.key);
    let name = which.ordner.clone();
    let tables =
        folder::blocking(move || -> Result<Vec<String>> { Ok(folder::tables(&folder::folder(&root, &name)?)) })
            .await??;
    let chosen = match which.tabelle.is_empty() {
        true => tables.first().cloned().unwrap_or_default(),
        false => which.tabelle.clone(),
    };
    Ok((chosen, tables))
}

async fn preview(rq: &Req, page: &Page, mapping: &Mapping, loaded: &Loaded) -> Result<Vec<Shown>> {
    let city = service::city_of(&rq.cx, &mut rq.city.db.read().await?).await?;
    let reader = Reader::new(mapping, &city, &loaded.table.columns);
    let rows = loaded.table.rows.iter().take(PREVIEW).map(|row| match reader.read(row) {
        Ok(meant) => Shown {
            line: row.line,
            file: format!("{} {}", meant.file.old, meant.file.title),
            case: format!("{} {}", meant.case.number, meant.case.title),
            document: meant.document.as_ref().map_or_else(String::new, |document| document.title.clone()),
            path: meant.document.as_ref().map_or_else(String::new, |document| document.path.clone()),
            date: meant.document.and_then(|document| document.dated).map_or_else(String::new, |day| page.date(day)),
            fault: String::new(),
        },
        Err(fault) => Shown {
            line: row.line,
            file: reader.key(row).0,
            case: String::new(),
            document: String::new(),
            path: String::new(),
            date: String::new(),
            fault: format!("{} {}", page.t(&format!("exchange-refused-{}", fault.code)), fault.value),
        },
    });
    Ok(rows.collect())
}

/// The page for a mapping; without one the newest of the source, or what the columns suggest.
async fn shown<'a>(
    rq: &Req,
    page: &'a Page,
    which: &'a Which,
    mapping: Option<Mapping>,
    errors: Errors,
) -> Result<MappingPage<'a>> {
    let source = store::source(&mut rq.city.db.read().await?, &which.quelle).await?;
    let (chosen, tables) = tables_of(rq, which).await?;
    let saved = store::mapping(&mut rq.city.db.read().await?, &source.key).await?;
    let known = match (mapping, saved) {
        (Some(mapping), _) => Some(mapping),
        (None, Some(saved)) => Some(serde_json::from_value(saved.body)?),
        (None, None) => None,
    };
    let how = known.clone().unwrap_or_default();
    let loaded = match tables.is_empty() {
        true => Err(crate::table::Fault::Empty),
        false => service::load(&rq.cx, &which.ordner, &chosen, &how).await?,
    };
    let (mapping, columns, rows, preview, fault) = match &loaded {
        Ok(loaded) => {
            let mapping = known.unwrap_or_else(|| Mapping::guess(&loaded.table.columns));
            let preview = preview(rq, page, &mapping, loaded).await?;
            (mapping, loaded.table.columns.clone(), loaded.table.rows.len(), preview, String::new())
        }
        Err(fault) => (how, Vec::new(), 0, Vec::new(), page.t(&format!("exchange-table-{}", fault.code()))),
    };
    let dates = DateFormat::ALL.map(|format| {
        let label = page.t(&format!("exchange-dates-{}", format.code()));
        Choice::new(format.code(), label).selected(format == mapping.dates)
    });
    Ok(MappingPage {
        page,
        source,
        which,
        tables: tables.iter().map(|name| Choice::new(name, name).selected(*name == chosen)).collect(),
        lines: lines(page, &mapping, &columns),
        dates: dates.to_vec(),
        mapping,
        rows,
        preview,
        fault,
        errors,
    })
}

pub async fn form(rq: Req, Query(which): Query<Which>) -> Answer {
    let page = rq.page("exchange-mapping-title");
    rq.html(&shown(&rq, &page, &which, None, Errors::new()).await?)
}

/// Shows how the rows would be read, or saves the mapping and starts the dry run.
pub async fn take(rq: Req, Form(sent): Form<Vec<(String, String)>>) -> Answer {
    let sent: BTreeMap<String, String> = sent.into_iter().collect();
    let get = |name: &str| sent.get(name).cloned().unwrap_or_default();
    let which = Which { quelle: get("quelle"), ordner: get("ordner"), tabelle: get("tabelle") };
    let mapping = sent_mapping(&sent);
    let page = rq.page("exchange-mapping-title");
    if get("weiter") != "pruefen" {
        return rq.html(&shown(&rq, &page, &which, Some(mapping), Errors::new()).await?);
    }
    let source = store::source(&mut rq.city.db.read().await?, &which.quelle).await?;
    let (table_file, tables) = tables_of(&rq, &which).await?;
    if !tables.contains(&table_file) {
        return Err(Error::NotFound.into());
    }
    let mut errors = Errors::new();
    let loaded = service::load(&rq.cx, &which.ordner, &table_file, &mapping).await?;
    match &loaded {
        Ok(loaded) => {
            for field in ["old-id", "file-number"] {
                if !mapping.columns.contains_key(field) {
                    errors.push(control(field), page.t("exchange-column-missing"));
                }
            }
            if let Some(column) = mapping.missing(&loaded.table.columns).first() {
                errors.push("tabelle", page.t1("exchange-column-gone", "column", column));
            }
        }
        Err(fault) => errors.push("tabelle", page.t(&format!("exchange-table-{}", fault.code()))),
    }
    let Some(loaded) = loaded.ok().filter(|_| errors.is_empty()) else {
        let page = page.checked(&errors);
        return rq.invalid(&shown(&rq, &page, &which, Some(mapping), errors).await?);
    };
    let run = db::write!(rq.city.db, |tx| {
        let new = NewRun {
            kind: "check",
            source: source.clone(),
            version: service::save_mapping(&rq.cx, tx, &source.key, &mapping).await?,
            folder: which.ordner.clone(),
            table_file: table_file.clone(),
            sha256: loaded.sha256,
            rows: loaded.table.rows.len(),
        };
        service::start(&rq.cx, tx, &new).await
    })?;
    rq.see_other(format!("/intern/uebernahme/lauf/{run}"))
}
