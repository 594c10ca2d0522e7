use askama::Template;
use axum::{Form, extract::Query};
use house::{Answer, Csv, Path, Req};
use kernel::{Result, Uuid};
use serde::Deserialize;
use ui::{Choice, Errors, Page, Pagination, Tone};

use crate::{
    folder, service,
    store::{self, Refused, Run, Source},
};

/// Refused rows on one page.
const PAGE: i64 = 100;
/// Refused rows in one report.
const MOST_ROWS: i64 = 1_000_000;
/// Longest name of another system, in characters.
const LONGEST: usize = 80;
/// Value of the choice that makes a new source.
const NEW: &str = "+";

pub fn state_tone(state: &str) -> Tone {
    match state {
        "done" => Tone::Success,
        "failed" => Tone::Danger,
        "stopped" => Tone::Warning,
        _ => Tone::Info,
    }
}

pub fn state_text(page: &Page, state: &str) -> String {
    page.t(&format!("exchange-state-{state}"))
}

fn kind_text(page: &Page, kind: &str) -> String {
    page.t(&format!("exchange-kind-{kind}"))
}

#[derive(Deserialize, Default, Clone)]
pub struct Chosen {
    #[serde(default)]
    quelle: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    ordner: String,
}

#[derive(Template)]
#[template(path = "imports.html")]
struct Overview<'a> {
    page: &'a Page,
    sources: Vec<Choice>,
    folders: Vec<Choice>,
    /// Name of a new source, as typed.
    typed: String,
    runs: Vec<Run>,
    errors: Errors,
}

async fn shown<'a>(rq: &Req, page: &'a Page, chosen: &Chosen, errors: Errors) -> Result<Overview<'a>> {
    let root = folder::imports(&rq.app.config, &rq.city.key);
    let folders = folder::blocking(move || folder::folders(&root)).await?;
    let only = if service::for_the_city(&rq.cx) { None } else { rq.cx.actor.staff() };
    let mut rx = rq.city.db.read().await?;
    let (sources, runs) = (store::sources(&mut rx).await?, store::runs(&mut rx, only).await?);
    drop(rx);
    let choice = |value: &str, label: &str, chosen: &str| Choice::new(value, label).selected(value == chosen);
    let mut sources: Vec<Choice> = sources.iter().map(|s| choice(&s.key, &s.name, &chosen.quelle)).collect();
    sources.push(choice(NEW, &page.t("exchange-source-new"), &chosen.quelle));
    let folders = folders.iter().map(|name| choice(name, name, &chosen.ordner)).collect();
    Ok(Overview { page, sources, folders, typed: chosen.name.clone(), runs, errors })
}

pub async fn overview(rq: Req) -> Answer {
    let page = rq.page("exchange-import-title");
    rq.html(&shown(&rq, &page, &Chosen::default(), Errors::new()).await?)
}

/// Chooses another system, made where it is new, and a folder; leads to the mapping.
pub async fn choose(rq: Req, Form(chosen): Form<Chosen>) -> Answer {
    let page = rq.page("exchange-import-title");
    let mut errors = Errors::new();
    let known = store::sources(&mut rq.city.db.read().await?).await?;
    let source = match chosen.quelle.as_str() {
        NEW => {
            let name: String = chosen.name.trim().chars().take(LONGEST).collect();
            Some(Source { key: service::key_of(&name), name }).filter(|source| !source.key.is_empty())
        }
        key => known.into_iter().find(|source| source.key == key),
    };
    if source.is_none() {
        let new = chosen.quelle == NEW;
        let (field, text) = if new { ("name", "exchange-name-missing") } else { ("quelle", "exchange-source-missing") };
        errors.push(field, page.t(text));
    }
    let root = folder::imports(&rq.app.config, &rq.city.key);
    let folders = folder::blocking(move || folder::folders(&root)).await?;
    if !folders.contains(&chosen.ordner) {
        errors.push("ordner", page.t("exchange-folder-missing"));
    }
    let Some(source) = source.filter(|_| errors.is_empty()) else {
        let page = page.checked(&errors);
        return rq.invalid(&shown(&rq, &page, &chosen, errors).await?);
    };
    db::write!(rq.city.db, |tx| { store::add_source(tx, &source, rq.cx.now()).await })?;
    let way = super::mapping::address(&source.key, &chosen.ordner, "");
    rq.see_other(way)
}

#[derive(Template)]
#[template(path = "run.html")]
struct RunPage<'a> {
    page: &'a Page,
    run: Run,
    reasons: Vec<(String, i64)>,
    refused: Vec<Refused>,
    pages: Pagination,
}

impl RunPage<'_> {
    fn base(&self) -> String {
        format!("/intern/uebernahme/lauf/{}", self.run.id)
    }

    fn is_check(&self) -> bool {
        self.run.kind == "check"
    }

    fn fault(&self) -> String {
        self.page.t(&format!("exchange-fault-{}", self.run.fault))
    }

    fn mapping(&self) -> String {
        super::mapping::address(&self.run.source, &self.run.folder, &self.run.table_file)
    }
}

/// Why rows were refused, in words.
fn reason(page: &Page, code: &str) -> String {
    page.t(&format!("exchange-refused-{code}"))
}

/// The same for one row.
fn reason_of(page: &Page, row: &Refused) -> String {
    match row.erased_on {
        Some(day) => page.t1("exchange-erased-on", "day", page.date(day)),
        None => reason(page, &row.code),
    }
}

/// The faulty field, as the mapping calls it.
fn field(page: &Page, row: &Refused) -> String {
    match row.field.as_str() {
        "" => String::new(),
        key => page.t(&format!("exchange-map-{key}")),
    }
}

#[derive(Deserialize)]
pub struct Which {
    #[serde(default)]
    seite: Option<u64>,
}

pub async fn run(rq: Req, Path(id): Path<Uuid>, Query(which): Query<Which>) -> Answer {
    let mut rx = rq.city.db.read().await?;
    let run = service::visible_run(&rq.cx, &mut rx, id).await?;
    let source = store::source(&mut rx, &run.source).await?;
    let total = u64::try_from((run.refused + PAGE - 1) / PAGE).unwrap_or(1);
    let pages = Pagination::new(&format!("/intern/uebernahme/lauf/{id}"), which.seite.unwrap_or(1), total);
    let skip = i64::try_from(pages.current.saturating_sub(1)).unwrap_or(0) * PAGE;
    let refused = store::refused(&mut rx, id, skip, PAGE).await?;
    let reasons = store::reasons(&mut rx, id).await?;
    drop(rx);
    let mut page = rq.untitled();
    page.title = format!("{}: {}", kind_text(&page, &run.kind), source.name);
    rq.html(&RunPage { page: &page, run, reasons, refused, pages })
}

/// All refused rows, as a table to take home.
pub async fn report(rq: Req, Path(id): Path<Uuid>) -> Answer {
    let mut rx = rq.city.db.read_long().await?;
    service::visible_run(&rq.cx, &mut rx, id).await?;
    let refused = store::refused(&mut rx, id, 0, MOST_ROWS).await?;
    drop(rx);
    let page = rq.untitled();
    let header = ["exchange-col-line", "exchange-col-field", "exchange-col-reason"].map(|key| page.t(key));
    let mut csv = Csv::new(&header.each_ref().map(String::as_str));
    for row in &refused {
        csv.line(&[&row.line.to_string(), &field(&page, row), &reason_of(&page, row)]);
    }
    csv.download(&format!("bericht-{id}.csv"))
}

pub async fn start(rq: Req, Path(id): Path<Uuid>) -> Answer {
    let run = db::write!(rq.city.db, |tx| { service::import(&rq.cx, tx, id).await })?;
    rq.see_other(format!("/intern/uebernahme/lauf/{run}"))
}

pub async fn stop(rq: Req, Path(id): Path<Uuid>) -> Answer {
    db::write!(rq.city.db, |tx| { service::stop(&rq.cx, tx, id).await })?;
    rq.see_other(format!("/intern/uebernahme/lauf/{id}"))
}

pub async fn go_on(rq: Req, Path(id): Path<Uuid>) -> Answer {
    db::write!(rq.city.db, |tx| { service::go_on(&rq.cx, tx, id).await })?;
    rq.see_other(format!("/intern/uebernahme/lauf/{id}"))
}
