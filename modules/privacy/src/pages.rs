//! Pages for citizens (their own data) and for the city's data-protection staff.

use std::collections::{HashMap, HashSet};

use askama::Template;
use axum::{
    Form,
    response::{IntoResponse, Response},
};
use contract_records::{CaseByNumber, CaseForArchive, CaseView, CasesForArchive, CasesSeen, DueCase, VisibleCase};
use db::Rx;
use fileplan::Plan;
use house::{Answer, Call, Req};
use http::{HeaderValue, header};
use kernel::{CaseId, Date, Error, Event, Result, Subject, Timestamp};
use serde::{Deserialize, Serialize};
use ui::{Errors, Page};

use crate::{
    deletion,
    export::{self, Whose},
    guidelines,
    labels::Labels,
    package::{self, Label},
    register::{self, Activity},
    schema::hex,
    store::{self, Deletion},
};

/// Somebody got everything about a person.
#[derive(Debug, Serialize, Deserialize)]
struct Exported {
    #[serde(skip)]
    about: Option<Subject>,
    /// `own`: the person themselves; `staff`: handed out by staff.
    by: String,
}

impl Event for Exported {
    const NAME: &'static str = "privacy.exported";
    fn subject(&self) -> Subject {
        self.about.clone().unwrap_or(Subject { kind: "account", id: kernel::Uuid::nil() })
    }
}

#[derive(Template)]
#[template(path = "own_data.html")]
struct OwnData<'a> {
    page: &'a Page,
}

pub async fn own_data(rq: Req) -> Answer {
    let page = rq.page("privacy-own-title");
    rq.html(&OwnData { page: &page })
}

/// A `POST`: nothing is fetched ahead by a browser, and the journal says that the data were handed out.
pub async fn own_data_download(rq: Req) -> Answer {
    let account = rq.cx.actor.account().ok_or(Error::NotFound)?;
    let display = rq.session.as_ref().map(|s| s.display.clone()).unwrap_or_default();
    let label = Label { about: &display, made_at: rq.cx.now(), internal: false };
    hand_out(&rq, Whose::Account(account), account.into(), "own", label).await
}

async fn hand_out(rq: &Req, whose: Whose, about: Subject, by: &str, label: Label<'_>) -> Answer {
    let mut rx = rq.city.db.read_long().await?;
    let found = export::gather(&rq.cx, &mut rx, &rq.app, &whose).await?;
    drop(rx);
    let page = rq.page("privacy-package-title");
    let labels = Labels::new(&page, &rq.city.content);
    let bytes = package::pack(&labels, &rq.city.files, &found, &label).await?;
    let event = Exported { about: Some(about), by: by.to_owned() };
    db::write!(rq.city.db, |tx| { journal::emit(tx, &rq.cx, &event).await })?;
    let name = format!("auskunft-{}.zip", rq.cx.today());
    Ok(saved("application/zip", &name, bytes))
}

fn saved(media_type: &'static str, name: &str, bytes: Vec<u8>) -> Response {
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

#[derive(Template)]
#[template(path = "case_data.html")]
struct CaseData<'a> {
    page: &'a Page,
    asked: CaseForm,
    errors: Errors,
}

#[derive(Deserialize, Default)]
pub struct CaseForm {
    #[serde(default)]
    number: String,
}

pub async fn case_data(rq: Req) -> Answer {
    let page = rq.page("privacy-case-title");
    rq.html(&CaseData { page: &page, asked: CaseForm::default(), errors: Errors::new() })
}

pub async fn case_data_download(rq: Req, Form(asked): Form<CaseForm>) -> Answer {
    let Some(case) = visible_case(&rq, &asked.number).await? else {
        let page = rq.page("privacy-case-title");
        let mut errors = Errors::new();
        errors.push("number", page.t("privacy-case-unknown"));
        let page = page.checked(&errors);
        return rq.invalid(&CaseData { page: &page, asked, errors });
    };
    let (about, number) = (case.id.into(), case.number.clone());
    let label = Label { about: &number, made_at: rq.cx.now(), internal: true };
    hand_out(&rq, Whose::Case(Box::new(case)), about, "staff", label).await
}

/// The case of a number, if there is one and an access class of the actor covers it.
async fn visible_case(rq: &Req, number: &str) -> Result<Option<CaseView>> {
    let mut rx = rq.city.db.read().await?;
    let Some(case) = rq.cx.ask(&mut rx, CaseByNumber { number: number.to_owned() }).await? else { return Ok(None) };
    match rq.cx.ask(&mut rx, VisibleCase { case: case.id }).await {
        Ok(case) => Ok(Some(case)),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

#[derive(Template)]
#[template(path = "register.html")]
struct Register<'a> {
    page: &'a Page,
    controller: String,
    activities: Vec<Activity>,
}

impl Register<'_> {
    fn rows(&self, a: &Activity) -> Vec<ui::Row> {
        let page = self.page;
        let row = |key: &str, value: String| ui::Row::new(page.t(key), value);
        let kept = a.retention.iter().map(|k| {
            let years = page.t1("privacy-register-years", "n", k.years);
            format!("{}: {years} ({})", k.what, k.paragraph)
        });
        let mut rows = vec![
            row("privacy-register-unit", a.unit.clone()),
            row("privacy-register-purpose", a.purpose.clone()),
            row("privacy-register-basis", a.legal_basis.join("\n")),
            row("privacy-register-fields", a.fields.join("\n")),
        ];
        if !a.special.is_empty() {
            rows.push(row("privacy-register-special", a.special.join("\n")));
        }
        if !a.sources.is_empty() {
            rows.push(row("privacy-register-sources", a.sources.clone()));
        }
        rows.extend([
            row("privacy-register-recipients", a.recipients.join("\n")),
            row("privacy-register-retention", kept.collect::<Vec<_>>().join("\n")),
            row("privacy-register-drafts", page.t1("privacy-register-days", "n", a.draft_days)),
        ]);
        if !a.automated_decision.is_empty() {
            rows.push(row("privacy-register-automated", a.automated_decision.clone()));
        }
        rows
    }
}

async fn units(rq: &Req) -> Result<identity::Units> {
    identity::units(&mut rq.city.db.read().await?).await
}

pub async fn register(rq: Req) -> Answer {
    let page = rq.page("privacy-register-title");
    let activities = register::activities(&rq.city.content, &units(&rq).await?, rq.cx.lang)?;
    rq.html(&Register { page: &page, controller: register::controller(&rq.city), activities })
}

pub async fn register_csv(rq: Req) -> Answer {
    let activities = register::activities(&rq.city.content, &units(&rq).await?, kernel::Lang::De)?;
    let text = register::csv(&register::controller(&rq.city), &activities);
    Ok(saved("text/csv; charset=utf-8", "verarbeitungen.csv", text.into_bytes()))
}

/// Cases on one page of the list that waits for release.
const SHOWN: i64 = 500;
/// Lines of the protocol on the page.
const PROTOCOL: i64 = 50;

struct DueLine {
    number: String,
    /// None for who does not see the case: the number alone.
    seen: Option<Seen>,
    closed_at: Timestamp,
    basis: String,
    years: i64,
    deletable_from: Date,
}

/// What a case is about, for who sees it.
struct Seen {
    title: String,
    /// Kennzeichen of the entry of the file plan with its heading.
    entry: String,
}

/// The lines of the list, and how many cases of it stand in none: what a sealed unit leads (Sperrvermerk, § 64 PStG) only
/// that unit sees, not even by its number.
async fn lines(rq: &Req, rx: &mut Rx, due: Vec<DueCase>) -> Result<(Vec<DueLine>, usize)> {
    let ids: Vec<CaseId> = due.iter().map(|due| due.case).collect();
    let seen: HashSet<CaseId> =
        rq.cx.ask(rx, CasesSeen { ids: ids.clone() }).await?.into_iter().map(|case| case.id).collect();
    let about: HashMap<CaseId, CaseForArchive> =
        rq.cx.ask(rx, CasesForArchive { ids }).await?.into_iter().map(|case| (case.id, case)).collect();
    let (units, plan) = (identity::units(rx).await?, Plan::of(&rq.city.content)?);
    let all = due.len();
    let shown = due.into_iter().filter_map(|due| {
        let case = about.get(&due.case)?;
        let sealed = units.get(&case.unit).is_none_or(|unit| unit.sealed);
        // Who releases deletions for a whole city need not be somebody who reads cases.
        let is_seen = seen.contains(&due.case) && rq.cx.actor.allows_in(crate::SEE_CASES, &case.unit);
        if sealed && !is_seen {
            return None;
        }
        let heading = plan.entry(&case.entry).map_or("", |entry| entry.title.as_str());
        let entry = format!("{} {heading}", case.entry).trim().to_owned();
        Some(DueLine {
            number: due.number,
            seen: is_seen.then(|| Seen { title: case.title.clone(), entry }),
            closed_at: due.closed_at,
            basis: due.retention_basis,
            years: due.retention_years,
            deletable_from: due.deletable_from,
        })
    });
    let shown: Vec<DueLine> = shown.collect();
    let hidden = all - shown.len();
    Ok((shown, hidden))
}

#[derive(Template)]
#[template(path = "deletion.html")]
struct DeletionPage<'a> {
    page: &'a Page,
    due: Vec<DueLine>,
    /// Cases of the list that the reader may not see.
    hidden: usize,
    waiting: store::Waiting,
    /// What the buttons are about: up to this case, as the list was at this moment.
    upto: Option<String>,
    guidelines: Vec<ui::Guideline>,
    protocol: Vec<Deletion>,
}

fn short(hash: &[u8]) -> String {
    let mut text = hex(hash);
    text.truncate(16);
    text
}

pub async fn deletion_list(rq: Req) -> Answer {
    let now = rq.cx.now();
    let mut rx = rq.city.db.read_long().await?;
    let reader = rq.cx.actor.staff().ok_or(Error::StaffSignIn)?;
    let (cases, waiting) = store::waiting(&mut rx, reader, SHOWN).await?;
    let due = deletion::still_due(&rq.cx, &mut rx, &cases).await?;
    let (due, hidden) = lines(&rq, &mut rx, due).await?;
    let protocol = store::deletions(&mut rx, PROTOCOL).await?;
    let guidelines = guidelines::beside(&rq, &mut rx, "records.delete").await?;
    drop(rx);
    let upto = cases.last().map(|last| format!("{last}_{}", now.as_microsecond()));
    let page = rq.page("privacy-deletion-title");
    rq.html(&DeletionPage { page: &page, due, hidden, waiting, upto, guidelines, protocol })
}

#[derive(Deserialize)]
pub struct ReleaseForm {
    /// Last case of the list and the moment it was made, in microseconds.
    upto: String,
}

impl ReleaseForm {
    fn read(&self) -> Option<(CaseId, Timestamp)> {
        let (case, micros) = self.upto.split_once('_')?;
        Some((case.parse().ok()?, Timestamp::from_microsecond(micros.parse().ok()?).ok()?))
    }
}

pub async fn deletion_check(rq: Req, Form(form): Form<ReleaseForm>) -> Answer {
    let (upto, shown_at) = form.read().ok_or_else(|| Error::invalid("upto", "wrong"))?;
    let checked = db::write!(rq.city.db, |tx| { deletion::check(&rq.cx, tx, upto, shown_at).await })?;
    let notice = if checked > 0 { "privacy-deletion-checked" } else { "privacy-deletion-nothing-fehler" };
    rq.see_other_with("/intern/loeschlauf", notice)
}

pub async fn deletion_release(rq: Req, Form(form): Form<ReleaseForm>) -> Answer {
    let (upto, shown_at) = form.read().ok_or_else(|| Error::invalid("upto", "wrong"))?;
    let released = db::write!(rq.city.db, |tx| { deletion::release(&rq.cx, tx, upto, shown_at).await })?;
    let notice = if released > 0 { "privacy-deletion-released" } else { "privacy-deletion-nothing-fehler" };
    rq.see_other_with("/intern/loeschlauf", notice)
}
