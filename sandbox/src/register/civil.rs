//! Civil registers: is there an entry, and may it be used? No register data leave (§§ 9, 10 PStV); the Standesamt
//! issues the Urkunde in its own system.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::population::FirstNames;
use super::{authorised, check_request_id, check_texts};
use crate::app::City;
use crate::city::{CivilEvent, CivilLock};
use crate::http::{AppState, JsonBody, Problem};
use crate::names::{PartialDate, fold_name};
use crate::residents::{CivilEntry, Party};

/// Body of `POST civil/lookup`.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct LookupRequest {
    pub request_id: String,
    pub event: EventKind,
    pub person: GivenParty,
    /// Spouse or partner, if known.
    #[serde(default)]
    pub partner: Option<GivenParty>,
    /// Day of the event; at least the year.
    pub date: PartialDate,
    /// Place of the event: the city, one of its districts, or both joined by a hyphen.
    #[serde(default)]
    pub place: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    Birth,
    Marriage,
    Partnership,
    Death,
}

impl EventKind {
    fn event(self) -> CivilEvent {
        match self {
            Self::Birth => CivilEvent::Birth,
            Self::Marriage => CivilEvent::Marriage,
            Self::Partnership => CivilEvent::Partnership,
            Self::Death => CivilEvent::Death,
        }
    }
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct GivenParty {
    /// Present or birth name.
    #[serde(default)]
    pub family_name: Option<String>,
    #[serde(default)]
    pub birth_name: Option<String>,
    #[serde(default)]
    pub first_names: Option<FirstNames>,
    #[serde(default)]
    pub birth_date: Option<PartialDate>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LookupResult {
    Found,
    NotFound,
    /// Sperrvermerk (§ 64 PStG).
    Blocked,
    /// A Standesbeamter has to look: § 63 PStG, or several entries fit.
    NeedsRegistrar,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LookupAnswer<'a> {
    request_id: &'a str,
    answered_at: Timestamp,
    result: LookupResult,
}

/// `POST /register/{ags}/civil/lookup`
pub async fn answer(
    State(app): AppState,
    Path(ags): Path<String>,
    headers: HeaderMap,
    body: Result<JsonBody<LookupRequest>, Problem>,
) -> Result<Response, Problem> {
    let earliest = Instant::now() + app.register_answer_time;
    let city = authorised(&app, &ags, &headers)?;
    let JsonBody(request) = body?;
    check(&request)?;
    let now = app.now();
    let answer = city.answers.once("lookup", &request.request_id, &request, || LookupAnswer {
        request_id: &request.request_id,
        answered_at: now,
        result: look_up(city, &request),
    });
    tokio::time::sleep_until(earliest).await;
    answer
}

fn check(request: &LookupRequest) -> Result<(), Problem> {
    check_request_id(&request.request_id)?;
    check_texts(&[("place", request.place.as_deref())])?;
    for party in [Some(&request.person), request.partner.as_ref()].into_iter().flatten() {
        let first_names = party.first_names.as_ref().map(FirstNames::joined);
        let names = [party.family_name.as_deref(), party.birth_name.as_deref(), first_names.as_deref()];
        check_texts(&[("familyName", names[0]), ("birthName", names[1]), ("firstNames", names[2])])?;
        if names.iter().flatten().all(|name| name.trim().is_empty()) {
            return Err(Problem::bad_request("person: a family name, birth name or first names expected"));
        }
    }
    if !request.date.has_year() {
        return Err(Problem::bad_request("date: at least the year expected"));
    }
    Ok(())
}

fn look_up(city: &City, request: &LookupRequest) -> LookupResult {
    if !request.place.as_deref().is_none_or(|place| is_here(city, place)) {
        return LookupResult::NotFound;
    }
    let person = Sought::new(&request.person);
    let partner = request.partner.as_ref().map(Sought::new);
    let mut entries = city.registers.civil.iter().filter(|entry| {
        entry.event == request.event.event()
            && request.date.covers(entry.date.into())
            && concerns(entry, &person, partner.as_ref())
    });
    match (entries.next(), entries.next()) {
        (None, _) => LookupResult::NotFound,
        (Some(_), Some(_)) => LookupResult::NeedsRegistrar,
        (Some(entry), None) => match entry.lock {
            CivilLock::Open => LookupResult::Found,
            CivilLock::Blocked => LookupResult::Blocked,
            CivilLock::Registrar => LookupResult::NeedsRegistrar,
        },
    }
}

fn is_here(city: &City, place: &str) -> bool {
    let place = fold_name(place);
    let name = fold_name(&city.file.name);
    place.is_empty()
        || place == name
        || city.file.districts.iter().any(|district| {
            let district = fold_name(&district.name);
            place == district || place == format!("{name}-{district}") || place == format!("{name} {district}")
        })
}

/// A person looked for, in comparable form.
struct Sought {
    family_names: Vec<String>,
    first_names: String,
    birth_date: Option<PartialDate>,
}

impl Sought {
    fn new(given: &GivenParty) -> Self {
        let family_names = [&given.family_name, &given.birth_name].into_iter().flatten();
        Self {
            family_names: family_names.map(|name| fold_name(name)).filter(|name| !name.is_empty()).collect(),
            first_names: fold_name(&given.first_names.as_ref().map(FirstNames::joined).unwrap_or_default()),
            birth_date: given.birth_date,
        }
    }

    /// First names agree or are left out on both sides, one family name agrees, and the birth date, if given, fits.
    fn is(&self, party: &Party) -> bool {
        let one_name = party.first_names.is_empty() && self.family_names.is_empty();
        let names = if one_name {
            party.family_names.contains(&self.first_names)
        } else {
            self.first_names == party.first_names && self.family_names.iter().any(|n| party.family_names.contains(n))
        };
        names && self.birth_date.is_none_or(|date| date.covers(party.birth_date))
    }
}

fn concerns(entry: &CivilEntry, person: &Sought, partner: Option<&Sought>) -> bool {
    entry.persons.iter().enumerate().any(|(index, party)| {
        let others = || entry.persons.iter().enumerate().filter(|(other, _)| *other != index);
        person.is(party) && partner.is_none_or(|partner| others().any(|(_, other)| partner.is(other)))
    })
}
