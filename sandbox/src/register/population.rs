//! Population register: does this person live here, and what does the register say?
//!
//! Four data are compared, as § 4 BMeldDigiV wants it: family name, first names, birth date and a current address.
//! All four alike is a match. Three of four alike in exactly one person is a difference a clerk can look at. People
//! with an Auskunftssperre (§ 51 BMG) and the deceased are known on a full match of a proven person or not at all, and an answer never
//! says why somebody was not found.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{authorised, check_request_id, check_texts};
use crate::city::AddressEntry;
use crate::http::{AppState, JsonBody, Problem};
use crate::names::{PartialDate, fold_name};
use crate::residents::{FoldedAddress, Registers, Resident, ResidentIndex, nationality_german};

/// Body of `POST population/match`.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct MatchRequest {
    pub request_id: String,
    /// What the answer is used for; registers have to record it.
    pub purpose: String,
    /// Whether the person was proved with the Online-Ausweis. Without it, protected people are not known at all: who
    /// only types a name and an address may be anybody.
    #[serde(default)]
    pub identity_proven: bool,
    pub person: GivenPerson,
    /// Which data of the record to send on a full match.
    #[serde(default = "base")]
    pub fields: BTreeSet<Field>,
}

fn base() -> BTreeSet<Field> {
    BTreeSet::from([Field::Base])
}

/// The person as the applicant or an eID card names it.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct GivenPerson {
    #[serde(default)]
    pub family_name: Option<String>,
    #[serde(default)]
    pub first_names: Option<FirstNames>,
    pub birth_date: PartialDate,
    #[serde(default)]
    pub address: Option<GivenAddress>,
}

/// First names as one text or as a list.
#[derive(Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub enum FirstNames {
    Text(String),
    List(Vec<String>),
}

impl FirstNames {
    pub fn joined(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::List(names) => names.join(" "),
        }
    }
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct GivenAddress {
    pub street: String,
    /// May be empty when the number stands in `street`, as on an identity card.
    #[serde(default)]
    pub house_number: String,
    pub postal_code: String,
    pub city: String,
}

/// Groups of data that can be asked for (§ 18 (1) and (2) BMG).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Field {
    /// Family name, first names, Rufname, doctorate, birth date, current addresses.
    Base,
    BirthName,
    BirthPlace,
    FormerAddresses,
    Nationality,
    MaritalStatus,
    Religion,
    Spouse,
    Children,
    Representatives,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchResult {
    Match,
    Differs,
    NotFound,
    Ambiguous,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct MatchAnswer<'a> {
    request_id: &'a str,
    answered_at: Timestamp,
    result: MatchResult,
    differences: Vec<Difference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<Record<'a>>,
}

/// One datum in which the register says something else than the request.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    field: Compared,
    given: String,
    register: String,
}

/// The four compared data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum Compared {
    FamilyName,
    FirstNames,
    BirthDate,
    Address,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    #[serde(flatten)]
    base: Option<BaseData<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    birth_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    birth_place: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    former_addresses: Option<Vec<FormerAddress<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nationality: Option<Vec<Coded<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    marital_status: Option<Coded<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    religion: Option<Coded<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spouse: Option<Relative<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    children: Option<Vec<Relative<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    representatives: Option<Vec<Relative<'a>>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BaseData<'a> {
    family_name: &'a str,
    first_names: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    call_name_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    doctorate: Option<&'a str>,
    birth_date: PartialDate,
    addresses: Vec<Address<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Address<'a> {
    kind: &'static str,
    street: &'a str,
    house_number: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    addition: Option<&'a str>,
    postal_code: &'a str,
    city: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<&'a str>,
    moved_in: jiff::civil::Date,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FormerAddress<'a> {
    street: &'a str,
    house_number: &'a str,
    postal_code: &'a str,
    city: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    moved_in: Option<jiff::civil::Date>,
    moved_out: jiff::civil::Date,
}

/// A code and its German name.
#[derive(Debug, Serialize)]
struct Coded<'a> {
    code: &'a str,
    name: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Relative<'a> {
    family_name: &'a str,
    first_names: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    doctorate: Option<&'a str>,
    birth_date: PartialDate,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<Address<'a>>,
}

/// `POST /register/{ags}/population/match`
pub async fn answer(
    State(app): AppState,
    Path(ags): Path<String>,
    headers: HeaderMap,
    body: Result<JsonBody<MatchRequest>, Problem>,
) -> Result<Response, Problem> {
    let earliest = Instant::now() + app.register_answer_time;
    let city = authorised(&app, &ags, &headers)?;
    let JsonBody(request) = body?;
    check(&request)?;
    let now = app.now();
    let answer = city.answers.once("match", &request.request_id, &request, || {
        let comparison = compare(&city.registers, &Given::new(&request.person), request.identity_proven);
        let record = comparison.matched.map(|index| record(&city.registers, index, &request.fields, now));
        MatchAnswer {
            request_id: &request.request_id,
            answered_at: now,
            result: comparison.result,
            differences: comparison.differences,
            record,
        }
    });
    tokio::time::sleep_until(earliest).await;
    answer
}

fn check(request: &MatchRequest) -> Result<(), Problem> {
    check_request_id(&request.request_id)?;
    let person = &request.person;
    let first_names = person.first_names.as_ref().map(FirstNames::joined);
    let address = person.address.as_ref();
    check_texts(&[
        ("purpose", Some(&request.purpose)),
        ("familyName", person.family_name.as_deref()),
        ("firstNames", first_names.as_deref()),
        ("street", address.map(|a| a.street.as_str())),
        ("houseNumber", address.map(|a| a.house_number.as_str())),
        ("postalCode", address.map(|a| a.postal_code.as_str())),
        ("city", address.map(|a| a.city.as_str())),
    ])?;
    if request.purpose.trim().is_empty() {
        return Err(Problem::bad_request("purpose: empty"));
    }
    let named = [person.family_name.as_deref(), first_names.as_deref()];
    if named.iter().flatten().all(|name| name.trim().is_empty()) {
        return Err(Problem::bad_request("person: a family name or first names expected"));
    }
    if request.fields.is_empty() {
        return Err(Problem::bad_request("fields: at least one expected"));
    }
    Ok(())
}

/// The request in comparable form, with the texts for showing differences.
struct Given {
    family_name: String,
    first_names: String,
    birth_date: PartialDate,
    address: Option<FoldedAddress>,
    shown: [String; 4],
}

impl Given {
    fn new(person: &GivenPerson) -> Self {
        let family_name = person.family_name.clone().unwrap_or_default();
        let first_names = person.first_names.as_ref().map(FirstNames::joined).unwrap_or_default();
        let address = person.address.as_ref();
        let shown_address = address.map_or_else(String::new, |a| {
            format!("{}, {} {}", join(&a.street, &a.house_number), a.postal_code, a.city)
        });
        Self {
            family_name: fold_name(&family_name),
            first_names: fold_name(&first_names),
            birth_date: person.birth_date,
            address: address.map(|a| FoldedAddress::new(&a.street, &a.house_number, &a.postal_code, &a.city)),
            shown: [family_name, first_names, person.birth_date.to_string(), shown_address],
        }
    }
}

fn join(street: &str, house_number: &str) -> String {
    format!("{street} {house_number}").trim().to_owned()
}

struct Comparison {
    result: MatchResult,
    matched: Option<ResidentIndex>,
    differences: Vec<Difference>,
}

impl Comparison {
    fn bare(result: MatchResult) -> Self {
        Self { result, matched: None, differences: Vec::new() }
    }
}

/// Walks through the whole register whatever it finds, so that the work does not depend on the answer.
fn compare(registers: &Registers, given: &Given, proven: bool) -> Comparison {
    let mut full = Vec::new();
    let mut near = Vec::new();
    for (index, resident) in registers.residents.iter().enumerate() {
        let agreement = agreement(resident, given);
        match agreement.iter().filter(|same| **same).count() {
            4 if proven || !resident.only_on_full_match() => full.push(index),
            3 if !resident.only_on_full_match() => near.push((index, agreement)),
            _ => {}
        }
    }
    match (full.as_slice(), near.as_slice()) {
        ([index], _) => Comparison { matched: Some(*index), ..Comparison::bare(MatchResult::Match) },
        ([], [(index, agreement)]) => Comparison {
            differences: differences(&registers.residents[*index], given, agreement),
            ..Comparison::bare(MatchResult::Differs)
        },
        ([], []) => Comparison::bare(MatchResult::NotFound),
        _ => Comparison::bare(MatchResult::Ambiguous),
    }
}

/// Which of family name, first names, birth date and address agree.
fn agreement(resident: &Resident, given: &Given) -> [bool; 4] {
    let folded = &resident.folded;
    let (family_name, first_names) = if folded.first_names.is_empty() && given.family_name.is_empty() {
        // A person with one name may have given it in the other field.
        let same = folded.family_name == given.first_names;
        (same, same)
    } else {
        (folded.family_name == given.family_name, folded.first_names == given.first_names)
    };
    let address = given.address.as_ref().is_some_and(|address| folded.addresses.contains(address));
    [family_name, first_names, resident.birth_date == given.birth_date, address]
}

fn differences(resident: &Resident, given: &Given, agreement: &[bool; 4]) -> Vec<Difference> {
    let register = [
        resident.family_name.clone(),
        resident.first_names.join(" "),
        resident.birth_date.to_string(),
        shown_address(resident),
    ];
    let fields = [Compared::FamilyName, Compared::FirstNames, Compared::BirthDate, Compared::Address];
    let columns = fields.into_iter().zip(&given.shown).zip(register).zip(agreement);
    columns
        .filter(|(_, same)| !**same)
        .map(|(((field, given), register), _)| Difference { field, given: given.clone(), register })
        .collect()
}

fn shown_address(resident: &Resident) -> String {
    match (resident.addresses.iter().min_by_key(|a| a.secondary), resident.moved_away) {
        (Some(a), _) => format!("{}, {} {}", join(&a.street, &a.house_number), a.postal_code, a.city),
        (None, Some(date)) => format!("verzogen am {}", date.strftime("%d.%m.%Y")),
        (None, None) => String::new(),
    }
}

fn record<'a>(registers: &'a Registers, index: ResidentIndex, fields: &BTreeSet<Field>, now: Timestamp) -> Record<'a> {
    let resident = &registers.residents[index];
    let asked = |field: Field| fields.contains(&field);
    let relatives = |indices: &[ResidentIndex], with_address: bool| -> Vec<Relative<'a>> {
        indices
            .iter()
            .map(|&index| &registers.residents[index])
            .filter(|relative| !relative.only_on_full_match())
            .map(|relative| relative_of(relative, with_address))
            .collect()
    };
    Record {
        base: asked(Field::Base).then(|| BaseData {
            family_name: &resident.family_name,
            first_names: &resident.first_names,
            call_name_index: resident.call_name,
            doctorate: resident.doctorate.as_deref(),
            birth_date: resident.birth_date,
            addresses: resident.addresses.iter().map(address).collect(),
        }),
        birth_name: resident.birth_name.as_deref().filter(|_| asked(Field::BirthName)),
        birth_place: asked(Field::BirthPlace).then_some(resident.birth_place.as_str()),
        former_addresses: asked(Field::FormerAddresses).then(|| {
            let former = resident.former_addresses.iter();
            former
                .map(|a| FormerAddress {
                    street: &a.street,
                    house_number: &a.house_number,
                    postal_code: &a.postal_code,
                    city: &a.city,
                    country: a.country.as_deref(),
                    moved_in: a.moved_in,
                    moved_out: a.moved_out,
                })
                .collect()
        }),
        nationality: asked(Field::Nationality)
            .then(|| resident.nationality.iter().map(|code| Coded { code, name: nationality_german(code) }).collect()),
        marital_status: asked(Field::MaritalStatus)
            .then(|| Coded { code: resident.marital_status.code(), name: resident.marital_status.german() }),
        religion: resident
            .religion
            .filter(|_| asked(Field::Religion))
            .map(|religion| Coded { code: religion.code(), name: religion.german() }),
        spouse: asked(Field::Spouse).then(|| relatives(resident.spouse.as_slice(), false).pop()).flatten(),
        children: asked(Field::Children).then(|| {
            let minors: Vec<ResidentIndex> =
                resident.children.iter().copied().filter(|&child| is_minor(&registers.residents[child], now)).collect();
            relatives(&minors, false)
        }),
        representatives: asked(Field::Representatives).then(|| relatives(&resident.representatives, true)),
    }
}

fn address(entry: &AddressEntry) -> Address<'_> {
    Address {
        kind: if entry.secondary { "secondary" } else { "main" },
        street: &entry.street,
        house_number: &entry.house_number,
        addition: entry.addition.as_deref(),
        postal_code: &entry.postal_code,
        city: &entry.city,
        country: entry.country.as_deref(),
        moved_in: entry.moved_in,
    }
}

fn relative_of(resident: &Resident, with_address: bool) -> Relative<'_> {
    Relative {
        family_name: &resident.family_name,
        first_names: &resident.first_names,
        doctorate: resident.doctorate.as_deref(),
        birth_date: resident.birth_date,
        address: resident.addresses.first().filter(|_| with_address).map(address),
    }
}

/// Only minor children are registered with their parents (§ 3 (1) no. 16 BMG).
fn is_minor(child: &Resident, now: Timestamp) -> bool {
    let zone = TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC);
    let today = now.to_zoned(zone).date();
    child.birth_date.full().is_some_and(|born| born.saturating_add(18.years()) > today)
}
