//! The page of a case for applicants and for staff, its documents, and the caller's view.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::{
    Form,
    response::{IntoResponse, Response},
};
use contract_records::{Audience, CaseView, DocumentView, Status, VisibleCase};
use db::Rx;
use house::{Answer, Call, Path, Req};
use http::{HeaderValue, header};
use kernel::{CaseId, DocumentId, Error, PartialDate, Result, StaffId};
use serde::Deserialize;
use ui::{DateParts, Errors, Page, Row, TimelineEntry, Tone};

use crate::{
    model::{self, By},
    store,
};

pub mod search;

#[derive(Template)]
#[template(path = "own_cases.html")]
struct OwnCases<'a> {
    page: &'a Page,
    cases: Vec<CaseView>,
}

pub async fn own_cases(rq: Req) -> Answer {
    let account = rq.cx.actor.account().ok_or(Error::NotFound)?;
    let cases = store::cases_of_account(&mut rq.city.db.read().await?, account).await?;
    let page = rq.page("records-own-title");
    rq.html(&OwnCases { page: &page, cases })
}

#[derive(Template)]
#[template(path = "case.html")]
struct CasePage<'a> {
    page: &'a Page,
    case: CaseView,
    staff: bool,
    panels: Vec<String>,
    documents: Vec<DocumentView>,
    timeline: Vec<TimelineEntry>,
    media_breaks: usize,
    /// Where staff work on the case as a file.
    work: Option<Work>,
}

struct Work {
    file: crate::file::store::File,
    /// Opened by hand and not closed yet: whoever leads files in the unit closes it.
    may_close: bool,
    /// What governs closing it.
    guidelines: Vec<ui::Guideline>,
}

impl CasePage<'_> {
    fn list_href(&self) -> &'static str {
        if self.staff { ui::paths::STAFF_HOME } else { "/meine-vorgaenge" }
    }

    fn party_rows(&self) -> Vec<Row> {
        let (page, party) = (self.page, &self.case.party);
        let address = &party.address;
        let street = format!("{} {}", address.street, address.house_number);
        let place = format!("{} {} {}", address.postal_code, address.city, address.country);
        vec![
            Row::new(page.t("records-family-name"), &party.family_name),
            Row::new(page.t("records-first-names"), &party.first_names),
            Row::new(page.t("records-birth-date"), party.birth_date.map(german_date).unwrap_or_default()),
            Row::new(page.t("records-address"), format!("{}\n{}", street.trim(), place.trim())),
            Row::new(page.t("records-provenance"), page.t(&format!("provenance-{}", party.provenance))),
        ]
    }

    fn document_href(&self, document: &DocumentView) -> String {
        let prefix = if self.staff { "/intern" } else { "" };
        format!("{prefix}/vorgang/{}/dokument/{}", self.case.id, document.id)
    }
}

/// What the office made for the applicant is what they came for.
fn weight(document: &DocumentView) -> &'static str {
    if document.direction == "ausgang" { "primary" } else { "tertiary" }
}

pub async fn applicant_case(rq: Req, Path(id): Path<CaseId>) -> Answer {
    show(&rq, id, false).await
}

pub async fn staff_case(rq: Req, Path(id): Path<CaseId>) -> Answer {
    show(&rq, id, true).await
}

async fn show(rq: &Req, id: CaseId, staff: bool) -> Answer {
    let mut rx = rq.city.db.read().await?;
    let case = rq.cx.ask(&mut rx, VisibleCase { case: id }).await?;
    let page = {
        let mut page = rq.untitled();
        page.title = format!("{} {}", case.title, case.number);
        page
    };
    let mut panels = Vec::new();
    for panel in sorted_panels(rq, staff) {
        panels.extend((panel.render)(&for_module(rq, panel.module), &mut rx, id).await?);
    }
    let mut documents = visible(store::documents_of(&mut rx, id).await?, staff);
    if !staff {
        documents.reverse();
    }
    let steps = store::steps(&mut rx, id).await?;
    let media_breaks = steps.iter().filter(|s| s.media_break).count();
    let names = if staff { names_in(&mut rx, &steps).await? } else { BTreeMap::new() };
    let timeline = timeline(&page, &case, steps, staff, &names);
    let work = match staff {
        true => {
            let file = crate::file::store::file_of_case(&mut rx, id).await?;
            let mine = rq.cx.actor.allows_in(crate::perm::FILE, &case.unit);
            let may_close = mine && case.service.is_empty() && !case.status.closed();
            let guidelines = match may_close {
                true => crate::guidelines::beside(rq, &mut rx, "records.close").await?,
                false => Vec::new(),
            };
            Some(Work { file: crate::file::store::file(&mut rx, file).await?, may_close, guidelines })
        }
        false => None,
    };
    drop(rx);
    log(rq, id, "case").await?;
    rq.html(&CasePage { page: &page, case, staff, panels, documents, timeline, media_breaks, work })
}

struct Panel {
    module: &'static str,
    order: u16,
    render: for<'a> fn(&'a Req, &'a mut Rx, CaseId) -> house::PanelFuture<'a>,
}

fn sorted_panels(rq: &Req, staff: bool) -> Vec<Panel> {
    let modules = rq.app.modules.iter().filter(|m| rq.city.offers(m.name));
    let mut panels: Vec<Panel> = modules
        .flat_map(|m| m.panels.iter().map(move |p| (m.name, p)))
        .filter(|(_, p)| if staff { p.staff } else { p.applicant })
        .map(|(module, p)| Panel { module, order: p.order, render: p.render })
        .collect();
    panels.sort_by_key(|p| p.order);
    panels
}

/// The request as seen inside another module: its questions are asked in that module's name.
fn for_module(rq: &Req, module: &'static str) -> Req {
    let mut rq = rq.clone();
    rq.cx.actor.via.push(module);
    rq
}

fn visible(documents: Vec<DocumentView>, staff: bool) -> Vec<DocumentView> {
    documents.into_iter().filter(|d| staff || d.audience == Audience::Applicant).collect()
}

/// The names of the staff in these steps, but of those who were made anonymous.
async fn names_in(rx: &mut Rx, steps: &[store::Step]) -> Result<BTreeMap<StaffId, String>> {
    let mut names = BTreeMap::new();
    for id in steps.iter().filter_map(|step| step.by_staff).collect::<BTreeSet<_>>() {
        let line = identity::staff_line(rx, id).await?;
        if !line.email.is_empty() {
            names.insert(id, line.name);
        }
    }
    Ok(names)
}

/// Who did a step, as staff read it.
fn who(page: &Page, by: Option<By>, names: &BTreeMap<StaffId, String>) -> String {
    match by {
        Some(By::Applicant) => page.t("records-by-applicant"),
        Some(By::Process) => page.t("records-by-process"),
        Some(By::Staff(id)) => names.get(&id).cloned().unwrap_or_else(|| page.t("records-by-former")),
        None => String::new(),
    }
}

/// The steps of a case. Applicants read what the office did; which clerk it was is said to staff only.
fn timeline(
    page: &Page,
    case: &CaseView,
    steps: Vec<store::Step>,
    staff: bool,
    names: &BTreeMap<StaffId, String>,
) -> Vec<TimelineEntry> {
    let who = |by| if staff { who(page, by, names) } else { String::new() };
    // A case without a service was opened by the office itself.
    let by_office = case.service.is_empty();
    let opened = TimelineEntry {
        when: page.datetime(case.opened_at),
        machine_time: case.opened_at.to_string(),
        who: who(Some(By::Applicant).filter(|_| !by_office)),
        title: page.t(if by_office { "timeline-opened-office" } else { "timeline-opened" }),
        done: true,
        ..TimelineEntry::default()
    };
    let steps = steps.into_iter().filter(|s| staff || s.audience == "applicant").map(|step| {
        let who = who(step.by());
        let args: Vec<(String, String)> = serde_json::from_value(step.args).unwrap_or_default();
        let args: Vec<_> = args.iter().map(|(k, v)| (k.as_str(), v.as_str().into())).collect();
        TimelineEntry {
            when: page.datetime(step.at),
            machine_time: step.at.to_string(),
            who,
            done: true,
            tone: if staff && step.media_break { Tone::Warning } else { Tone::Info },
            title: page.tf(&wording(page, format!("timeline-{}", step.code), staff), &args),
            text: if staff && step.media_break { page.t("records-media-break") } else { String::new() },
            ..TimelineEntry::default()
        }
    });
    std::iter::once(opened).chain(steps).collect()
}

/// Reads of staff go into the access log; applicants looking at their own case do not.
pub async fn log(rq: &Req, case: CaseId, what: &str) -> Result<()> {
    let Some(staff) = rq.cx.actor.staff() else { return Ok(()) };
    let id = rq.cx.sources.uuid();
    db::write!(rq.city.db, |tx| { store::log_access(tx, id, rq.cx.now(), staff, case, what).await })
}

pub async fn applicant_document(rq: Req, Path((case, document)): Path<(CaseId, DocumentId)>) -> Answer {
    send(&rq, case, document, false).await
}

pub async fn staff_document(rq: Req, Path((case, document)): Path<(CaseId, DocumentId)>) -> Answer {
    send(&rq, case, document, true).await
}

async fn send(rq: &Req, case: CaseId, id: DocumentId, staff: bool) -> Answer {
    let mut rx = rq.city.db.read().await?;
    let case = rq.cx.ask(&mut rx, VisibleCase { case }).await?;
    let document = store::document(&mut rx, id).await?;
    if document.case != case.id || (!staff && document.audience != Audience::Applicant) {
        return Err(Error::NotFound.into());
    }
    let meta = files::meta(&mut rx, document.file).await?;
    drop(rx);
    log(rq, case.id, "document").await?;
    let bytes = rq.city.files.read_verified(&meta).await?;
    Ok(download(&meta.media_type, &meta.name, bytes))
}

/// Always saved, never shown in place: what people upload must not run in our origin.
pub fn download(media_type: &str, name: &str, bytes: Vec<u8>) -> Response {
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_str(media_type).unwrap_or(HeaderValue::from_static("application/octet-stream")),
    );
    // RFC 6266 with the UTF-8 form of RFC 8187; older programs take the plain word.
    let encoded: String = name
        .bytes()
        .map(|b| match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(b).to_string(),
            _ => format!("%{b:02X}"),
        })
        .collect();
    let value = format!("attachment; filename=\"dokument\"; filename*=UTF-8''{encoded}");
    if let Ok(value) = HeaderValue::from_str(&value) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

#[derive(Template)]
#[template(path = "caller.html")]
struct Caller<'a> {
    page: &'a Page,
    asked: CallerForm,
    errors: Errors,
    searched: bool,
    cases: Vec<CaseView>,
}

#[derive(Deserialize, Default)]
pub struct CallerForm {
    #[serde(default)]
    name: String,
    #[serde(default, rename = "born")]
    day: String,
    #[serde(default, rename = "born-month")]
    month: String,
    #[serde(default, rename = "born-year")]
    year: String,
}

impl CallerForm {
    fn parts(&self) -> DateParts {
        DateParts { day: self.day.clone(), month: self.month.clone(), year: self.year.clone() }
    }

    /// The birth date; an empty or zero day or month is an unknown one.
    fn born(&self) -> Option<PartialDate> {
        let part = |text: &str| if text.trim().is_empty() { Some(0) } else { text.trim().parse::<i16>().ok() };
        let (day, month) = (i8::try_from(part(&self.day)?).ok()?, i8::try_from(part(&self.month)?).ok()?);
        PartialDate::new(self.year.trim().parse().ok()?, month, day).ok()
    }
}

pub async fn caller(rq: Req) -> Answer {
    let page = rq.page("records-caller-title");
    rq.html(&Caller {
        page: &page,
        asked: CallerForm::default(),
        errors: Errors::new(),
        searched: false,
        cases: Vec::new(),
    })
}

/// A `POST`, so that name and birth date stand in no address and no log.
pub async fn caller_search(rq: Req, Form(asked): Form<CallerForm>) -> Answer {
    let staff = rq.cx.actor.staff().ok_or(Error::NotFound)?;
    let page = rq.page("records-caller-title");
    let mut errors = Errors::new();
    if asked.name.trim().is_empty() {
        errors.push("name", page.t("records-caller-name-missing"));
    }
    let Some(born) = asked.born() else {
        errors.push("born", page.t("records-caller-date-wrong"));
        let page = page.checked(&errors);
        return rq.invalid(&Caller { page: &page, asked, errors, searched: false, cases: Vec::new() });
    };
    if !errors.is_empty() {
        let page = page.checked(&errors);
        return rq.invalid(&Caller { page: &page, asked, errors, searched: false, cases: Vec::new() });
    }
    let key = model::family_key(&asked.name);
    let cases = store::cases_of_person(&mut rq.city.db.read().await?, staff, &key, &born.to_string()).await?;
    for case in &cases {
        log(&rq, case.id, "caller").await?;
    }
    rq.html(&Caller { page: &page, asked, errors, searched: true, cases })
}

pub fn status(page: &Page, case: &CaseView, staff: bool) -> String {
    page.t(&wording(page, format!("status-{}", case.status.code()), staff))
}

/// The key of a text that speaks to the applicant, or of the one for staff where there is such.
fn wording(page: &Page, key: String, staff: bool) -> String {
    let for_staff = format!("{key}-staff");
    if staff && page.texts.has(page.lang, &for_staff) { for_staff } else { key }
}

pub fn tone(case: &CaseView) -> Tone {
    match case.status {
        Status::Done => Tone::Success,
        Status::WaitingApplicant | Status::WaitingPayment => Tone::Warning,
        Status::Refused => Tone::Danger,
        Status::Received | Status::InProgress | Status::Withdrawn => Tone::Info,
    }
}

/// `27.03.1985`; what is unknown stays `00`.
fn german_date(date: PartialDate) -> String {
    let iso = date.to_string();
    let mut parts = iso.split('-');
    let (year, month, day) = (parts.next(), parts.next(), parts.next());
    [day, month, year].map(Option::unwrap_or_default).join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_days_are_shown_as_zeros_and_may_be_left_empty() {
        assert_eq!(german_date("1950-00-00".parse().unwrap()), "00.00.1950");
        let form = |day: &str, month: &str, year: &str| CallerForm {
            name: String::new(),
            day: day.into(),
            month: month.into(),
            year: year.into(),
        };
        assert_eq!(form("", "", "1950").born().map(|d| d.to_string()), Some("1950-00-00".into()));
        assert_eq!(form("27", " 3", "1985").born().map(|d| d.to_string()), Some("1985-03-27".into()));
        assert_eq!(form("30", "2", "1985").born(), None);
        assert_eq!(form("x", "2", "1985").born(), None);
    }
}
