//! HTML pages in German, and the lists of test data as JSON.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::city::{CivilEvent, CivilLock, People};
use crate::eid::Card;
use crate::http::{AppState, Problem, json as json_answer};
use crate::mail::Mail;
use crate::pay;
use crate::residents::{CivilEntry, Resident};

/// A page as an answer.
pub fn render<T: Template>(status: StatusCode, page: &T) -> Response {
    match page.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "page");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A page that says one thing.
pub fn message(status: StatusCode, title: &str, text: &str) -> Response {
    render(status, &Message { title, text })
}

/// An amount as people write it, `1.234,50 €`.
pub fn euros(cents: i64) -> String {
    let whole = (cents / 100).to_string();
    let groups: Vec<&str> =
        whole.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap_or_default()).collect();
    format!("{},{:02} €", groups.join("."), cents % 100)
}

/// Date and time in Germany.
pub fn local_time(at: Timestamp) -> String {
    let zone = TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC);
    at.to_zoned(zone).strftime("%d.%m.%Y, %H:%M:%S").to_string()
}

#[derive(Template)]
#[template(path = "message.html")]
struct Message<'a> {
    title: &'a str,
    text: &'a str,
}

#[derive(Template)]
#[template(path = "choose_card.html")]
pub struct ChooseCard<'a> {
    pub city: &'a str,
    pub choice: &'a str,
    pub cards: &'a [Card],
}

#[derive(Template)]
#[template(path = "pay.html")]
pub struct Pay<'a> {
    pub id: &'a str,
    pub amount: String,
    pub purpose: &'a str,
    pub reference: &'a str,
    pub choices: &'a [pay::Choice],
}

/// A row of the treasury's list.
pub struct RefundRow {
    pub accepted_at: String,
    pub reference: String,
    pub amount: String,
    pub reason: String,
    pub state: &'static str,
}

#[derive(Template)]
#[template(path = "refunds.html")]
pub struct Refunds {
    pub rows: Vec<RefundRow>,
}

/// A row of the list of mails.
pub struct MailRow {
    pub id: u64,
    pub received_at: String,
    pub subject: String,
}

#[derive(Template)]
#[template(path = "mail_list.html")]
pub struct MailList {
    pub addresses: Vec<(String, Vec<MailRow>)>,
}

/// A run of text or a web address.
pub struct Piece {
    pub text: String,
    pub link: bool,
}

#[derive(Template)]
#[template(path = "mail.html")]
pub struct MailPage<'a> {
    pub mail: &'a Mail,
    pub subject: String,
    pub received_at: String,
    pub to: String,
    pub pieces: Vec<Piece>,
}

#[derive(Template)]
#[template(path = "start.html")]
struct Start<'a> {
    base_url: &'a str,
    issuer: &'a str,
    cities: Vec<CityPart<'a>>,
}

struct CityPart<'a> {
    name: &'a str,
    ags: &'a str,
    residents: usize,
    originator: &'a str,
    program_url: Option<&'a str>,
    people: &'a People,
    cards: &'a [Card],
    persons: Vec<PersonRow<'a>>,
    civil: Vec<CivilRow>,
}

struct PersonRow<'a> {
    name: String,
    birth_date: String,
    address: String,
    hard_case: &'a str,
}

struct CivilRow {
    event: &'static str,
    names: String,
    date: String,
    place: String,
    answer: &'static str,
}

/// `GET /`
pub async fn start(State(app): AppState) -> Response {
    let cities = app.cities.iter().map(|city| CityPart {
        name: &city.file.name,
        ags: &city.file.ags,
        residents: city.registers.residents.len(),
        originator: &city.file.pay.originator_id,
        program_url: city.file.program_url.as_deref(),
        people: &city.file.people,
        cards: &city.cards,
        persons: city.registers.residents.iter().filter_map(person_row).collect(),
        civil: city.registers.civil.iter().filter(|entry| entry.named).map(civil_row).collect(),
    });
    render(StatusCode::OK, &Start { base_url: &app.base_url, issuer: app.eid.issuer(), cities: cities.collect() })
}

fn person_row(resident: &Resident) -> Option<PersonRow<'_>> {
    Some(PersonRow {
        name: resident.display_name(),
        birth_date: resident.birth_date.to_string(),
        address: shown_address(resident),
        hard_case: resident.hard_case.as_deref()?,
    })
}

fn shown_address(resident: &Resident) -> String {
    let current = resident.addresses.iter().map(|a| {
        let kind = if a.secondary { " (Nebenwohnung)" } else { "" };
        format!("{} {}, {} {}{kind}", a.street, a.house_number, a.postal_code, a.city)
    });
    let current: Vec<String> = current.collect();
    if current.is_empty() { "keine".to_owned() } else { current.join("; ") }
}

fn civil_row(entry: &CivilEntry) -> CivilRow {
    let names: Vec<&str> = entry.persons.iter().map(|party| party.display_name.as_str()).collect();
    CivilRow {
        event: match entry.event {
            CivilEvent::Birth => "Geburt",
            CivilEvent::Marriage => "Ehe",
            CivilEvent::Partnership => "Lebenspartnerschaft",
            CivilEvent::Death => "Tod",
        },
        names: names.join(" und "),
        date: entry.date.strftime("%d.%m.%Y").to_string(),
        place: entry.place.clone(),
        answer: match entry.lock {
            CivilLock::Open => "found",
            CivilLock::Blocked => "blocked",
            CivilLock::Registrar => "needs_registrar",
        },
    }
}

/// `GET /sandbox.css`
pub async fn stylesheet() -> Response {
    let headers = [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "max-age=300")];
    (headers, include_str!("../templates/sandbox.css")).into_response()
}

/// `GET /sandbox/persons`: named persons and test cards of all cities.
pub async fn persons(State(app): AppState) -> Response {
    let cities: Vec<Value> = app
        .cities
        .iter()
        .map(|city| {
            let persons: Vec<Value> = city.registers.residents.iter().filter_map(named_person).collect();
            let cards: Vec<Value> = city.cards.iter()
                .map(|card| json!({ "key": card.key, "label": card.label, "acr": card.level.uri(), "expect": card.expect }))
                .collect();
            json!({ "ags": city.file.ags, "name": city.file.name, "persons": persons, "cards": cards })
        })
        .collect();
    json_answer(StatusCode::OK, &cities)
}

fn named_person(resident: &Resident) -> Option<Value> {
    let mut person = plain_person(resident);
    person["key"] = resident.key.as_deref()?.into();
    person["hardCase"] = resident.hard_case.as_deref().into();
    Some(person)
}

/// A resident in the form in which the population register is asked.
fn plain_person(resident: &Resident) -> Value {
    let address = resident.addresses.iter().find(|a| !a.secondary).or(resident.addresses.first());
    json!({
        "familyName": resident.family_name,
        "firstNames": resident.first_names.join(" "),
        "birthDate": resident.birth_date,
        "address": address.map(|a| json!({
            "street": a.street, "houseNumber": a.house_number, "postalCode": a.postal_code, "city": a.city,
        })),
    })
}

#[derive(Deserialize)]
pub struct ResidentsQuery {
    ags: String,
    offset: Option<usize>,
    limit: Option<usize>,
}

/// `GET /sandbox/residents?ags=&offset=&limit=`: generated residents that live in the city and are not blocked, each in
/// the form in which the population register is asked; for load tests.
pub async fn residents(State(app): AppState, Query(query): Query<ResidentsQuery>) -> Result<Response, Problem> {
    let city = app.city(&query.ags).ok_or_else(|| Problem::not_found("no such city"))?;
    let plain = city.registers.residents.iter().filter(|r| r.key.is_none() && !r.addresses.is_empty() && !r.blocked);
    let page = plain.skip(query.offset.unwrap_or(0)).take(query.limit.unwrap_or(100).min(5000));
    Ok(json_answer(StatusCode::OK, &page.map(plain_person).collect::<Vec<_>>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_as_people_write_them() {
        for (cents, text) in [(0, "0,00 €"), (905, "9,05 €"), (123_450, "1.234,50 €"), (100_000_000, "1.000.000,00 €")]
        {
            assert_eq!(euros(cents), text);
        }
    }
}
