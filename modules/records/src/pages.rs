//! The page of a case for applicants and for staff, its documents, and the caller's view.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use askama::Template;
use axum::{Form, extract::Query};
use contract_records::{Audience, CaseView, DocumentView, Status, VisibleCase};
use db::Rx;
use files::Scan;
use house::{Answer, Call, Path, Req, attachment};
use kernel::{CaseId, DocumentId, Error, FileId, PartialDate, Result, StaffId};
use serde::Deserialize;
use ui::{DateParts, Errors, Page, Row, TimelineEntry, Tone};

use crate::{
    document::list::{self, Count},
    model::{self, By},
    participation, store,
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
    /// Which of the documents these are; empty when they are all.
    part: String,
    /// Address of the page with the next ones; empty on the last.
    next: String,
    /// Bytes that are not opened, and why.
    locked: HashMap<FileId, Scan>,
    timeline: Vec<TimelineEntry>,
    media_breaks: usize,
    /// Where staff work on the case as a file.
    work: Option<Work>,
}

struct Work {
    /// The file, for those who see it: a unit that was invited to the case alone does not.
    file: Option<crate::file::store::File>,
    /// Opened by hand and not closed yet: whoever leads files in the unit closes it.
    may_close: bool,
    /// Names of the units that take part, with commas between.
    partners: String,
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

    fn lock(&self, document: &DocumentView) -> Option<String> {
        house::scan_text(self.page, self.locked.get(&document.file)?)
    }

    /// Malware lies in the case: whoever works on it has to do something.
    fn is_infected(&self) -> bool {
        self.locked.values().any(|scan| matches!(scan, Scan::Infected { .. }))
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

/// Which rows of a list a page shows.
pub struct Part {
    /// Number of the first row, from 1.
    pub first: i64,
    pub shown: i64,
    pub count: Count,
}

impl Part {
    /// Number of the first row of the next page.
    pub fn next(&self) -> i64 {
        self.first + self.shown
    }

    /// `1–50 von 12.345`
    pub fn range(&self, page: &Page) -> String {
        let (from, to) = (self.first, self.next() - 1);
        match self.count {
            Count::Exactly(n) => page.tf("records-range", &[("from", from.into()), ("to", to.into()), ("n", n.into())]),
            Count::MoreThan(n) => {
                page.tf("records-range-many", &[("from", from.into()), ("to", to.into()), ("n", n.into())])
            }
        }
    }

    /// What the list holds, and which rows of it these are.
    pub fn caption(&self, page: &Page, what: String) -> String {
        format!("{what}: {}", self.range(page))
    }
}

/// The kind of a document in words; one that only a city's own process knows, as that calls it.
pub fn kind_text(page: &Page, kind: &str) -> String {
    let key = format!("records-value-kind-{kind}");
    if page.texts.has(page.lang, &key) { page.t(&key) } else { kind.to_owned() }
}

/// Where in the documents of a case a page begins.
#[derive(Deserialize, Default)]
pub struct Place {
    /// Microseconds and document of the last one of the page before.
    #[serde(default)]
    pub nach: String,
    /// Number of the first one of this page.
    #[serde(default)]
    pub ab: String,
}

/// The documents of a case on one page, which of them these are (empty when they are all), and the end of the address of
/// the next page (empty on the last).
pub struct Documents {
    pub shown: Vec<DocumentView>,
    pub part: String,
    pub next: String,
}

impl Documents {
    /// Oldest first for staff, of the applicant's the newest first.
    pub async fn read(rx: &mut Rx, page: &Page, case: CaseId, staff: bool, place: &Place) -> Result<Documents> {
        let after = list::after(&place.nach);
        let mut shown = match staff {
            true => store::documents_after(rx, case, after).await?,
            false => store::own_documents_after(rx, case, after).await?,
        };
        let most = usize::try_from(store::DOCUMENTS).unwrap_or(0);
        let more = shown.len() > most;
        shown.truncate(most);
        let (mut part, mut next) = (String::new(), String::new());
        if more || after.is_some() {
            let count = Count::Exactly(store::count_of_case(rx, case, staff).await?);
            let rows = Part { first: list::first(after, &place.ab), shown: shown.len() as i64, count };
            part = rows.range(page);
            if let Some(last) = shown.last().filter(|_| more) {
                next = format!("?nach={}_{}&ab={}", last.added_at.as_microsecond(), last.id, rows.next());
            }
        }
        Ok(Documents { shown, part, next })
    }
}

pub async fn applicant_case(rq: Req, Path(id): Path<CaseId>, Query(place): Query<Place>) -> Answer {
    show(&rq, id, false, &place).await
}

pub async fn staff_case(rq: Req, Path(id): Path<CaseId>, Query(place): Query<Place>) -> Answer {
    show(&rq, id, true, &place).await
}

async fn show(rq: &Req, id: CaseId, staff: bool, place: &Place) -> Answer {
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
    let Documents { shown: documents, part, next } = Documents::read(&mut rx, &page, id, staff, place).await?;
    let next =
        if next.is_empty() { next } else { format!("{}/vorgang/{id}{next}", if staff { "/intern" } else { "" }) };
    let files: Vec<FileId> = documents.iter().map(|document| document.file).collect();
    let locked = files::locked(&mut rx, &files).await?;
    let steps = store::steps(&mut rx, id).await?;
    let media_breaks = steps.iter().filter(|s| s.media_break).count();
    let names = if staff { names_in(&mut rx, &steps).await? } else { BTreeMap::new() };
    let timeline = timeline(&page, &case, steps, staff, &names);
    let work = match staff {
        true => {
            let file = crate::file::store::file_of_case(&mut rx, id).await?;
            let mine = rq.cx.actor.allows_in(crate::perm::FILE, &case.unit);
            let units = identity::units(&mut rx).await?;
            let partners = participation::store::units(&mut rx, id, rq.cx.today(), false).await?;
            let name = |key: String| units.get(&key).map_or(key, |unit| unit.name.clone());
            let partners = partners.into_iter().map(name).collect::<Vec<_>>().join(", ");
            let may_close = mine && case.service.is_empty() && !case.status.closed();
            let guidelines = match may_close {
                true => crate::guidelines::beside(rq, &mut rx, "records.close").await?,
                false => Vec::new(),
            };
            let file =
                match crate::file::store::file_for_staff(&mut rx, file, crate::file::service::staff(&rq.cx)?).await {
                    Err(Error::NotFound) => None,
                    found => Some(found?),
                };
            Some(Work { file, may_close, partners, guidelines })
        }
        false => None,
    };
    drop(rx);
    log(rq, id, "case").await?;
    rq.html(&CasePage { page: &page, case, staff, panels, documents, part, next, locked, timeline, media_breaks, work })
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

/// The parts that the rooms add to the page of a file or the view of a document, in their order.
pub async fn view_panels(rq: &Req, rx: &mut Rx, viewed: house::Viewed) -> Result<Vec<String>> {
    let modules = rq.app.modules.iter().filter(|m| rq.city.offers(m.name));
    let mut panels: Vec<(&'static str, &'static house::ViewPanel)> =
        modules.flat_map(|m| m.view_panels.iter().map(move |p| (m.name, p))).collect();
    panels.sort_by_key(|(_, p)| p.order);
    let mut shown = Vec::new();
    for (module, panel) in panels {
        shown.extend((panel.render)(&for_module(rq, module), rx, viewed).await?);
    }
    Ok(shown)
}

/// The request as seen inside another module: its questions are asked in that module's name.
fn for_module(rq: &Req, module: &'static str) -> Req {
    let mut rq = rq.clone();
    rq.cx.actor.via.push(module);
    rq
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
    // Those of before the step was kept say nothing of who it was.
    let has_step = staff && steps.iter().any(|step| step.code == crate::file::service::OPENED);
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
    (!has_step).then_some(opened).into_iter().chain(steps).collect()
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
    Ok(attachment(&meta.media_type, &meta.name, bytes))
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
