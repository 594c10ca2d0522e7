//! The registers' answers on the page of a case, for staff.

use askama::Template;
use contract_records::CaseView;
use db::Rx;
use house::Req;
use kernel::{CaseId, Error, Result};
use ui::{Page, Tone};

use crate::{
    model::{CivilQuestion, Difference, Kind, PopulationQuestion},
    perm, service,
    store::{self, Request},
};

/// A line of the comparison.
struct Line {
    id: String,
    label: String,
    applicant: String,
    register: String,
    differs: bool,
}

#[derive(Template)]
#[template(path = "population.html")]
struct Population<'a> {
    page: &'a Page,
    state: Option<State>,
    lines: Vec<Line>,
    unavailable: Vec<String>,
}

#[derive(Template)]
#[template(path = "civil.html")]
struct Civil<'a> {
    page: &'a Page,
    state: Option<State>,
    lines: Vec<Line>,
    /// Shown to the permission `registers.sperrvermerk` only.
    restricted: bool,
}

/// What is said above the table.
struct State {
    tone: Tone,
    title: String,
    text: String,
}

/// The case, if this member of staff may see the registers' answers in it.
async fn allowed(rq: &Req, rx: &mut Rx, case: CaseId) -> Result<Option<CaseView>> {
    let case = service::case(&rq.cx, rx, case).await?;
    Ok(rq.cx.actor.allows_in(perm::VIEW, &case.unit).then_some(case))
}

pub async fn population(rq: &Req, rx: &mut Rx, case: CaseId) -> Result<Option<String>> {
    if allowed(rq, rx, case).await?.is_none() {
        return Ok(None);
    }
    let Some(request) = store::latest(rx, case, Kind::Population).await? else { return Ok(None) };
    let page = rq.untitled();
    let lines = population_lines(&page, &request)?;
    let unavailable = serde_json::from_value(request.unavailable.clone()).unwrap_or_default();
    let html = Population { page: &page, state: Some(state(&page, &request)), lines, unavailable }.render();
    html.map(Some).map_err(Error::internal)
}

/// The word for a result; the same for everybody who is not found, whatever the reason.
fn state(page: &Page, request: &Request) -> State {
    let code = match (request.state.as_str(), request.result.as_deref()) {
        ("answered", Some(result)) => result,
        ("failed", _) => "failed",
        _ => "waiting",
    };
    let tone = match code {
        "full" | "found" => Tone::Success,
        "waiting" => Tone::Info,
        "failed" => Tone::Danger,
        _ => Tone::Warning,
    };
    let key = format!("registers-{}-{code}", request.kind);
    State { tone, title: page.t(&key), text: page.t(&format!("{key}-text")) }
}

/// The four compared data: what the applicant gave beside what the register says.
fn population_lines(page: &Page, request: &Request) -> Result<Vec<Line>> {
    let question: PopulationQuestion = serde_json::from_value(request.question.clone())?;
    let differences: Vec<Difference> =
        request.differences.clone().map(serde_json::from_value).transpose()?.unwrap_or_default();
    let person = question.person;
    let given = [
        ("familyName", "registers-family-name", person.family_name),
        ("firstNames", "registers-first-names", person.first_names),
        ("birthDate", "registers-birth-date", german_date(&person.birth_date)),
        ("address", "registers-address", person.address.map(|a| a.line()).unwrap_or_default()),
    ];
    let same = match request.result.as_deref() {
        Some("full" | "differs") => page.t("registers-same"),
        _ => page.t("registers-nothing"),
    };
    let lines = given.into_iter().map(|(field, label, applicant)| {
        let difference = differences.iter().find(|d| d.field == field);
        let register =
            difference.map(|d| if field == "birthDate" { german_date(&d.register) } else { d.register.clone() });
        Line {
            id: format!("register-{}", field.to_lowercase()),
            label: page.t(label),
            applicant,
            differs: register.is_some(),
            register: register.unwrap_or_else(|| same.clone()),
        }
    });
    Ok(lines.collect())
}

pub async fn civil(rq: &Req, rx: &mut Rx, case: CaseId) -> Result<Option<String>> {
    let Some(case) = allowed(rq, rx, case).await? else { return Ok(None) };
    let request = store::latest(rx, case.id, Kind::Civil).await?;
    let entry = store::civil(rx, case.id).await?;
    let (Some(entry), page) = (entry, rq.untitled()) else { return Ok(None) };
    let restricted = match &request {
        // The named role is given for a unit of its own; which cases it sees was decided before.
        Some(request) if rq.cx.actor.allows(perm::SPERRVERMERK) => store::is_restricted(rx, request.id).await?,
        _ => false,
    };
    let state = request.as_ref().map(|request| state(&page, request));
    let lines = civil_lines(&page, &entry, request.as_ref())?;
    let html = Civil { page: &page, state, lines, restricted }.render();
    html.map(Some).map_err(Error::internal)
}

/// What the application says about the entry beside what the register was asked for.
fn civil_lines(page: &Page, entry: &store::CivilEntry, request: Option<&Request>) -> Result<Vec<Line>> {
    let question: Option<CivilQuestion> = request.map(|r| serde_json::from_value(r.question.clone())).transpose()?;
    let asked = |value: Option<String>| match (&question, value) {
        (Some(_), Some(value)) if !value.is_empty() => value,
        _ => page.t("registers-not-asked"),
    };
    let line = |field: &str, label: &str, applicant: String, register: String| Line {
        id: format!("entry-{field}"),
        label: page.t(label),
        applicant,
        register,
        differs: false,
    };
    let person = question.as_ref().map(|q| q.person.clone());
    let date = |iso: &Option<String>| iso.as_deref().map(german_date).unwrap_or_default();
    let event = question.as_ref().map(|q| page.t(&format!("registers-event-{}", q.event)));
    let mut lines = vec![
        line(
            "familyname",
            "registers-family-name",
            entry.family_name.clone(),
            asked(person.as_ref().map(|p| p.family_name.clone())),
        ),
        line(
            "firstnames",
            "registers-first-names",
            entry.first_names.clone(),
            asked(person.as_ref().map(|p| p.first_names.clone())),
        ),
        line("date", "registers-event-date", date(&entry.date), asked(question.as_ref().map(|q| date(&q.date)))),
        line("place", "registers-event-place", entry.place.clone(), asked(question.as_ref().map(|q| q.place.clone()))),
        line("number", "registers-number", entry.register_number.clone().unwrap_or_default(), asked(None)),
    ];
    if let Some(event) = event {
        lines.insert(0, line("event", "registers-event", event.clone(), event));
    }
    Ok(lines)
}

/// `27.03.1985`; what is unknown stays `00`. Anything else is shown as it is.
fn german_date(iso: &str) -> String {
    match iso.split('-').collect::<Vec<_>>().as_slice() {
        [year, month, day] => format!("{day}.{month}.{year}"),
        _ => iso.to_owned(),
    }
}
