//! Accounts of specialist systems, for the administration of records.

use askama::Template;
use axum::Form;
use contract_records::{PlanEntries, PlanEntry};
use house::{Answer, Call, Path, Req};
use kernel::{Error, FieldError, Result, Uuid};
use serde::Deserialize;
use ui::{Choice, Errors, Page, Row, Tone};

use crate::{
    perm,
    service::{self, NewSystem},
    store::{self, System},
};

const LEVELS: [&str; 3] = ["normal", "vertraulich", "streng-vertraulich"];

#[derive(Deserialize)]
pub struct SystemForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    unit: String,
    /// Kennzeichen, one a line or with commas between them.
    #[serde(default)]
    entries: String,
    #[serde(default)]
    level: String,
    #[serde(default)]
    per_hour: String,
}

impl SystemForm {
    fn empty() -> SystemForm {
        SystemForm {
            name: String::new(),
            unit: String::new(),
            entries: String::new(),
            level: LEVELS[0].to_owned(),
            per_hour: "3600".to_owned(),
        }
    }

    fn read(&self) -> NewSystem {
        let mut entries: Vec<String> = Vec::new();
        for key in self.entries.split([',', ';', '\n', '\r']).map(str::trim).filter(|key| !key.is_empty()) {
            if !entries.iter().any(|known| known == key) {
                entries.push(key.to_owned());
            }
        }
        NewSystem {
            name: self.name.split_whitespace().collect::<Vec<_>>().join(" "),
            unit: self.unit.clone(),
            entries,
            level: self.level.clone(),
            per_hour: self.per_hour.trim().parse().unwrap_or(0),
        }
    }
}

#[derive(Template)]
#[template(path = "systems.html")]
struct Systems<'a> {
    page: &'a Page,
    systems: Vec<System>,
    units: identity::Units,
    asked: SystemForm,
    unit_choices: Vec<Choice>,
    levels: Vec<Choice>,
    plan: Vec<PlanEntry>,
    errors: Errors,
}

impl Systems<'_> {
    fn unit<'a>(&'a self, system: &'a System) -> &'a str {
        self.units.get(&system.unit).map_or(&system.unit, |unit| &unit.name)
    }
}

fn tone(system: &System) -> Tone {
    if system.revoked_at.is_some() { Tone::Warning } else { Tone::Success }
}

fn state(page: &Page, system: &System) -> String {
    page.t(if system.revoked_at.is_some() { "specialist-revoked" } else { "specialist-in-force" })
}

fn last_used(page: &Page, system: &System) -> String {
    match system.last_used_at {
        Some(at) => page.datetime(at),
        None => page.t("specialist-never-used"),
    }
}

async fn list<'a>(rq: &Req, page: &'a Page, asked: SystemForm, errors: Errors) -> Result<Systems<'a>> {
    let mut rx = rq.city.db.read().await?;
    let mut systems = store::all(&mut rx).await?;
    systems.retain(|system| rq.cx.actor.allows_in(perm::MANAGE, &system.unit));
    let units = identity::units(&mut rx).await?;
    let plan = rq.cx.ask(&mut rx, PlanEntries).await?;
    drop(rx);
    let mine = units.all().iter().filter(|unit| rq.cx.actor.allows_in(perm::MANAGE, &unit.key));
    let unit_choices = mine.map(|unit| Choice::new(&unit.key, &unit.name).selected(unit.key == asked.unit)).collect();
    let levels = LEVELS
        .iter()
        .map(|level| Choice::new(*level, page.t(&format!("specialist-level-{level}"))).selected(*level == asked.level))
        .collect();
    Ok(Systems { page, systems, units, asked, unit_choices, levels, plan, errors })
}

pub async fn systems(rq: Req) -> Answer {
    let page = rq.page("specialist-title");
    rq.html(&list(&rq, &page, SystemForm::empty(), Errors::new()).await?)
}

fn said(page: &Page, faults: &[FieldError]) -> Errors {
    let mut errors = Errors::new();
    for fault in faults {
        let args: Vec<_> = fault.args.iter().map(|(name, value)| (name.as_str(), value.as_str().into())).collect();
        errors.push(fault.field.as_str(), page.tf(&format!("specialist-error-{}", fault.code), &args));
    }
    errors
}

#[derive(Template)]
#[template(path = "token.html")]
struct Token<'a> {
    page: &'a Page,
    system: System,
    token: String,
}

pub async fn add(rq: Req, Form(asked): Form<SystemForm>) -> Answer {
    let new = asked.read();
    match db::write!(rq.city.db, |tx| { service::add(&rq.cx, tx, &new).await }) {
        Ok((system, token)) => shown_once(&rq, system, token),
        Err(Error::Invalid(faults)) => {
            let page = rq.page("specialist-title");
            let errors = said(&page, &faults);
            let page = page.checked(&errors);
            rq.invalid(&list(&rq, &page, asked, errors).await?)
        }
        Err(error) => Err(error.into()),
    }
}

/// No redirect: the token is on this page only and in no address.
fn shown_once(rq: &Req, system: System, token: String) -> Answer {
    let page = rq.page("specialist-token-title");
    let mut response = rq.html(&Token { page: &page, system, token })?;
    response.headers_mut().insert(http::header::CACHE_CONTROL, http::HeaderValue::from_static("no-store"));
    Ok(response)
}

/// A call, ready to be shown.
struct Line {
    at: String,
    what: String,
}

#[derive(Template)]
#[template(path = "system.html")]
struct SystemPage<'a> {
    page: &'a Page,
    system: System,
    rows: Vec<Row>,
    calls: Vec<Line>,
}

pub async fn system(rq: Req, Path(id): Path<Uuid>) -> Answer {
    let mut rx = rq.city.db.read().await?;
    let system = service::managed(&rq.cx, &mut rx, id).await?;
    let units = identity::units(&mut rx).await?;
    let calls = store::calls(&mut rx, id).await?;
    drop(rx);
    let mut page = rq.untitled();
    page.title.clone_from(&system.name);
    let unit = units.get(&system.unit).map_or(system.unit.as_str(), |unit| &unit.name);
    let mut rows = vec![
        Row::new(page.t("specialist-state"), state(&page, &system)),
        Row::new(page.t("specialist-unit"), unit),
        Row::new(page.t("specialist-entries"), system.entries().join(", ")),
        Row::new(page.t("specialist-level"), page.t(&format!("specialist-level-{}", system.level))),
        Row::new(page.t("specialist-per-hour"), page.number(system.per_hour)),
        Row::new(page.t("specialist-made"), page.datetime(system.made_at)),
        Row::new(page.t("specialist-last-used"), last_used(&page, &system)),
    ];
    if let Some(at) = system.revoked_at {
        rows.push(Row::new(page.t("specialist-revoked-at"), page.datetime(at)));
    }
    let line = |call: store::Call| Line {
        at: page.datetime(call.at),
        what: page.t(&format!("specialist-value-what-{}", call.what)),
    };
    let calls = calls.into_iter().map(line).collect();
    rq.html(&SystemPage { page: &page, system, rows, calls })
}

pub async fn revoke(rq: Req, Path(id): Path<Uuid>) -> Answer {
    db::write!(rq.city.db, |tx| { service::revoke(&rq.cx, tx, id).await })?;
    rq.see_other_with(format!("/intern/fachverfahren/{id}"), "specialist-done-revoked")
}

pub async fn renew(rq: Req, Path(id): Path<Uuid>) -> Answer {
    let (system, token) = db::write!(rq.city.db, |tx| { service::renew(&rq.cx, tx, id).await })?;
    shown_once(&rq, system, token)
}
