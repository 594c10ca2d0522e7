use std::collections::{HashMap, hash_map::Entry};

use askama::Template;
use axum::{Form, extract::Query};
use house::{Answer, Path, Req};
use kernel::{Result, StaffId, Uuid};
use serde::Deserialize;
use ui::{Errors, Page};

use crate::{
    service::{self, Held, Rights, staff},
    store::{self, Request},
};

/// Longest reference, in characters.
const LONGEST: usize = 300;
/// Longest reason or answer, in characters.
const LONGEST_TEXT: usize = 1000;

fn short(text: &str, most: usize) -> String {
    text.trim().chars().take(most).collect()
}

#[derive(Template)]
#[template(path = "access.html")]
struct Access<'a> {
    page: &'a Page,
    rights: Rights,
    own: Vec<Request>,
    reference: String,
    reason: String,
    errors: Errors,
}

impl Access<'_> {
    fn held(&self, held: &Held) -> String {
        let level = self.page.t(&format!("access-level-{}", held.level));
        match held.place.as_str() {
            "" => self.page.t2("access-role-city", "role", held.role.as_str(), "level", level.as_str()),
            place => self.page.tf(
                "access-role",
                &[("role", held.role.as_str().into()), ("unit", place.into()), ("level", level.as_str().into())],
            ),
        }
    }
}

#[derive(Deserialize, Default)]
pub struct Refused {
    /// The address that was refused, as [`ui::paths::with_return`] hands it on.
    #[serde(default)]
    zurueck: String,
}

async fn shown<'a>(rq: &Req, page: &'a Page, reference: String, reason: String, errors: Errors) -> Result<Access<'a>> {
    let mut rx = rq.city.db.read().await?;
    let rights = service::rights(&rq.cx, &mut rx).await?;
    let own = store::of_staff(&mut rx, staff(&rq.cx)?).await?;
    Ok(Access { page, rights, own, reference, reason, errors })
}

pub async fn why(rq: Req, Query(from): Query<Refused>) -> Answer {
    let page = rq.page("access-title");
    rq.html(&shown(&rq, &page, short(&from.zurueck, LONGEST), String::new(), Errors::new()).await?)
}

#[derive(Deserialize)]
pub struct RequestForm {
    #[serde(default, rename = "bezeichnung")]
    reference: String,
    #[serde(default, rename = "grund")]
    reason: String,
}

pub async fn ask(rq: Req, Form(sent): Form<RequestForm>) -> Answer {
    let page = rq.page("access-title");
    let (reference, reason) = (short(&sent.reference, LONGEST), short(&sent.reason, LONGEST_TEXT));
    let mut errors = Errors::new();
    if reference.is_empty() {
        errors.push("bezeichnung", page.t("access-reference-missing"));
    }
    if reason.is_empty() {
        errors.push("grund", page.t("access-reason-missing"));
    }
    if !errors.is_empty() {
        let page = page.checked(&errors);
        return rq.invalid(&shown(&rq, &page, reference, reason, errors).await?);
    }
    db::write!(rq.city.db, |tx| { service::ask(&rq.cx, tx, &reference, &reason).await })?;
    rq.see_other_with(ui::paths::STAFF_ACCESS, "access-done-asked")
}

#[derive(Template)]
#[template(path = "requests.html")]
struct Requests<'a> {
    page: &'a Page,
    open: Vec<Request>,
    people: HashMap<StaffId, String>,
    errors: Errors,
}

impl Requests<'_> {
    fn name(&self, request: &Request) -> &str {
        self.people.get(&request.staff_id).map_or("", String::as_str)
    }

    /// The typed reference as an address of this house, to be opened with the reader's own rights.
    fn address<'b>(&self, request: &'b Request) -> Option<&'b str> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-');
        Some(request.reference.as_str()).filter(|text| text.starts_with("/intern/") && text.chars().all(plain))
    }

    fn field(&self, request: &Request) -> String {
        field(request.id)
    }

    fn error(&self, request: &Request) -> &str {
        self.errors.of(&field(request.id))
    }
}

fn field(request: Uuid) -> String {
    format!("antwort-{request}")
}

async fn list<'a>(rq: &Req, page: &'a Page, errors: Errors) -> Result<Requests<'a>> {
    let mut rx = rq.city.db.read().await?;
    let open = store::open(&mut rx).await?;
    let mut people = HashMap::new();
    for request in &open {
        if let Entry::Vacant(unknown) = people.entry(request.staff_id) {
            unknown.insert(identity::staff_line(&mut rx, request.staff_id).await?.name);
        }
    }
    Ok(Requests { page, open, people, errors })
}

pub async fn requests(rq: Req) -> Answer {
    let page = rq.page("access-list-title");
    rq.html(&list(&rq, &page, Errors::new()).await?)
}

#[derive(Deserialize)]
pub struct AnswerForm {
    #[serde(default, rename = "antwort")]
    text: String,
}

pub async fn answer(rq: Req, Path(id): Path<Uuid>, Form(sent): Form<AnswerForm>) -> Answer {
    store::one(&mut rq.city.db.read().await?, id).await?;
    let text = short(&sent.text, LONGEST_TEXT);
    if text.is_empty() {
        let page = rq.page("access-list-title");
        let errors: Errors = [(field(id), page.t("access-list-answer-missing"))].into_iter().collect();
        let page = page.checked(&errors);
        return rq.invalid(&list(&rq, &page, errors).await?);
    }
    db::write!(rq.city.db, |tx| { service::answer(&rq.cx, tx, id, &text).await })?;
    rq.see_other_with("/intern/zugangsanfragen", "access-done-answered")
}
