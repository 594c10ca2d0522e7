//! Applying: notice, one page per step, check your answers, submit.

use askama::Template;
use axum::{
    extract::{Path, Query, Request},
    response::{IntoResponse, Response},
};
use forms::{ACTION, End, FieldError, LATER, Next, Reading, Submitted, View};
use house::{Answer, Req, set_session_cookie};
use http::StatusCode;
use kernel::{Error, Level, Money, Result};
use serde::Deserialize;
use ui::{Page, paths};

use super::{fresh_token, keep_token, portal, token, token_hash, upload};
use crate::{
    catalogue::{self, Service},
    service::{self, Kept, NotSubmitted, Opened, Receipt, Sent},
    store::{self, Draft, DraftId},
};

pub use super::upload::MOST_BYTES;

/// Query of the pages of a draft.
#[derive(Deserialize, Default)]
pub struct At {
    /// Revision of the answers the page was made from.
    #[serde(default)]
    stand: i64,
    /// `pruefen`: lead back to check-your-answers.
    #[serde(default)]
    ziel: String,
}

impl At {
    fn to_check(&self) -> bool {
        self.ziel == forms::CHECK_STEP
    }
}

#[derive(Template)]
#[template(path = "notice.html")]
struct Notice<'a> {
    page: &'a Page,
    service: &'a Service,
    /// HTML.
    privacy: String,
    signed_in: bool,
    action: String,
}

/// What a person must know before the first question (Art. 13 DSGVO).
pub async fn notice(rq: Req, Path(key): Path<String>) -> Answer {
    let service = catalogue::service(&rq.city.content, &key)?;
    let online = service.online.as_ref().ok_or(Error::NotFound)?;
    let (_, form) = catalogue::form(&rq.city.content, online.form.get_ref())?;
    let privacy = form.privacy.as_ref().ok_or_else(|| Error::internal(format!("form {} has no notice", form.key)))?;
    let mut page = rq.untitled();
    page.title = page.t1("services-notice-title", "service", service.title.get(page.lang));
    let privacy = forms::render_privacy(privacy, &portal::responsible(&rq, &page), &page).map_err(Error::internal)?;
    let signed_in = rq.cx.actor.account().is_some();
    let action = format!("/leistungen/{key}/antrag");
    rq.html(&Notice { page: &page, service: &service, privacy, signed_in, action })
}

pub async fn begin(rq: Req, Path(key): Path<String>) -> Answer {
    let service = catalogue::service(&rq.city.content, &key)?;
    let token = token(&rq).unwrap_or_else(|| fresh_token(&rq));
    let draft = db::write!(rq.city.db, |tx| { service::begin(&rq.cx, tx, &rq.city, &service, &token).await })?;
    let mut response = rq.see_other(format!("/antrag/{}", draft.id))?;
    keep_token(&rq, &mut response, &token)?;
    Ok(response)
}

async fn open(rq: &Req, id: &str) -> Result<Opened> {
    service::open(&rq.cx, &rq.city, store::draft_id(id)?, token_hash(rq)).await
}

fn read<'a>(opened: &'a Opened) -> Result<Reading<'a>> {
    opened.form.read(&opened.draft.answers, &opened.facts).map_err(Error::internal)
}

fn step_href(id: DraftId, next: Next<'_>) -> String {
    match next {
        Next::Step(step) => format!("/antrag/{id}/{step}"),
        Next::Check => format!("/antrag/{id}/{}", forms::CHECK_STEP),
    }
}

/// Goes on where the person stopped.
pub async fn resume(rq: Req, Path(id): Path<String>) -> Answer {
    let opened = open(&rq, &id).await?;
    rq.see_other(step_href(opened.draft.id, read(&opened)?.resume()))
}

#[derive(Template)]
#[template(path = "step.html")]
struct StepPage<'a> {
    page: &'a Page,
    number: usize,
    /// HTML of the page of the form.
    body: String,
}

pub async fn step(rq: Req, Path((id, step)): Path<(String, String)>, Query(at): Query<At>) -> Answer {
    let opened = open(&rq, &id).await?;
    let reading = read(&opened)?;
    if reading.page(&step).is_none() {
        return rq.see_other(step_href(opened.draft.id, reading.resume()));
    }
    let typed = opened.draft.typed.get(&step).map(|fields| Submitted::from(fields.as_slice()));
    show(&rq, &opened, &step, &[], typed.as_ref(), &at)
}

fn show(rq: &Req, opened: &Opened, step: &str, errors: &[FieldError], typed: Option<&Submitted>, at: &At) -> Answer {
    let reading = read(opened)?;
    let shown = reading.page(step).ok_or(Error::NotFound)?;
    let id = opened.draft.id;
    let mut page = rq.untitled();
    page.title = format!("{} – {}", shown.step.title.get(page.lang), opened.service.title.get(page.lang));
    page.invalid = !errors.is_empty();
    // The page is shown at the address of its step, also when it was sent back.
    let own = format!("/antrag/{id}/{step}");
    let target = if at.to_check() { "&ziel=pruefen" } else { "" };
    let action = format!("{own}?stand={}{target}", opened.draft.revision);
    let autosave = format!("{own}/entwurf?stand={}", opened.draft.revision);
    let back = match reading.previous(step) {
        Some(previous) => format!("/antrag/{id}/{previous}"),
        None => format!("/leistungen/{}", opened.service.key),
    };
    let view = View { page: &page, action: &action, back: &back, autosave: &autosave, later: true };
    let body = forms::render_step(&reading, shown, errors, typed, &view).map_err(Error::internal)?;
    let body = if shown.step.is_exit() { with_way_back(&body, &own) } else { body };
    let number = reading.path().position(|key| key == step).map_or(1, |at| at + 1);
    let template = StepPage { page: &page, number, body };
    if errors.is_empty() { rq.html(&template) } else { rq.invalid(&template) }
}

/// Links to the sign-in lead back to the draft, which waits.
fn with_way_back(html: &str, own: &str) -> String {
    let back = paths::with_return(paths::SIGN_IN, own);
    html.replace(&format!("href=\"{}?", paths::SIGN_IN), &format!("href=\"{back}&amp;"))
        .replace(&format!("href=\"{}\"", paths::SIGN_IN), &format!("href=\"{back}\""))
}

pub async fn send_step(
    rq: Req,
    Path((id, step)): Path<(String, String)>,
    Query(at): Query<At>,
    request: Request,
) -> Answer {
    let mut opened = match open(&rq, &id).await {
        Ok(opened) => opened,
        // The session ended while the person was typing.
        Err(Error::SignIn(_)) => return keep_and_sign_in(&rq, &id, &step, &at, request).await,
        Err(error) => return Err(error.into()),
    };
    let sent = upload::read(&rq, &opened.form, &step, request).await?;
    let id = opened.draft.id;
    if sent.fields.iter().any(|(name, value)| name == ACTION && value == LATER) {
        service::keep_typed(&rq.cx, &rq.city, id, token_hash(&rq), (&step, at.stand), &sent).await?;
        return rq.see_other_with("/", "services-kept-for-later");
    }
    match service::take_in(&rq.cx, &rq.city, &mut opened, &step, at.stand, &sent).await {
        Ok(Kept::Next) => {
            let reading = read(&opened)?;
            let next = if at.to_check() { reading.resume() } else { reading.next(&step) };
            rq.see_other(step_href(id, next))
        }
        Ok(Kept::Stay) => rq.see_other(format!("/antrag/{id}/{step}{}", if at.to_check() { "?ziel=pruefen" } else { "" })),
        Ok(Kept::Invalid(errors)) => {
            show(&rq, &opened, &step, &errors, Some(&Submitted::from(sent.fields)), &at)
        }
        Ok(Kept::Conflict { theirs }) => conflict(&rq, opened, *theirs, &step, sent),
        // Other answers meanwhile made this page disappear.
        Err(Error::NotFound) => rq.see_other(step_href(id, read(&opened)?.resume())),
        Err(error) => Err(error.into()),
    }
}

/// Stores what was typed without showing anything, and leads to the sign-in and back to this page.
async fn keep_and_sign_in(rq: &Req, id: &str, step: &str, at: &At, request: Request) -> Answer {
    let id = store::draft_id(id)?;
    let draft = store::draft(&mut rq.city.db.read().await?, id, rq.cx.now()).await?;
    let (_, form) = catalogue::form(&rq.city.content, &draft.form)?;
    let sent = upload::read(rq, &form, step, request).await?;
    service::keep_typed(&rq.cx, &rq.city, id, token_hash(rq), (step, at.stand), &sent).await?;
    rq.see_other(paths::with_return(paths::SIGN_IN, &format!("/antrag/{id}/{step}")))
}

/// Keeps what is being typed; the page goes on showing it.
pub async fn autosave(
    rq: Req,
    Path((id, step)): Path<(String, String)>,
    Query(at): Query<At>,
    axum::Form(fields): axum::Form<Vec<(String, String)>>,
) -> Answer {
    let id = store::draft_id(&id)?;
    let sent = Sent { fields, ..Sent::default() };
    let kept = service::keep_typed(&rq.cx, &rq.city, id, token_hash(&rq), (&step, at.stand), &sent).await?;
    let status = if kept { StatusCode::NO_CONTENT } else { StatusCode::CONFLICT };
    Ok(status.into_response())
}

/// One field of the page that two tabs answered differently.
struct Differing {
    label: String,
    stored: String,
    typed: String,
}

#[derive(Template)]
#[template(path = "conflict.html")]
struct Conflict<'a> {
    page: &'a Page,
    rows: Vec<Differing>,
    typed: Vec<(String, String)>,
    take_mine: String,
    keep_theirs: String,
}

/// Shows both values; nothing is lost, whichever is chosen.
fn conflict(rq: &Req, opened: Opened, theirs: Draft, step: &str, sent: Sent) -> Answer {
    let page = rq.page("services-conflict-title");
    let opened = Opened { draft: theirs, ..opened };
    let stored = read(&opened)?;
    let mut mine = opened.draft.answers.clone();
    let accepted = opened.form.accept(step, &Submitted::from(sent.fields.clone()), &mut mine, &opened.facts).is_ok();
    let typed = opened.form.read(&mine, &opened.facts).map_err(Error::internal)?;
    let lang = page.lang;
    let rows_of = |reading: &Reading<'_>| {
        let sections = reading.summary(lang).into_iter().filter(|s| s.step == step);
        sections.flat_map(|s| s.rows).collect::<Vec<_>>()
    };
    let (stored_rows, typed_rows) = (rows_of(&stored), rows_of(&typed));
    let mut rows = Vec::new();
    let labels = stored_rows.iter().chain(&typed_rows).map(|row| (&row.field, &row.label));
    for (field, label) in labels {
        if rows.iter().any(|(known, _): &(&String, Differing)| *known == field) {
            continue;
        }
        let value = |rows: &[forms::SummaryRow]| {
            rows.iter().find(|row| row.field == *field).map(|row| row.value.clone()).unwrap_or_default()
        };
        let typed = if accepted { value(&typed_rows) } else { as_typed(&sent.fields, field) };
        rows.push((field, Differing { label: label.clone(), stored: value(&stored_rows), typed }));
    }
    let base = format!("/antrag/{}/{step}", opened.draft.id);
    let template = Conflict {
        page: &page,
        rows: rows.into_iter().map(|(_, row)| row).filter(|row| row.stored != row.typed).collect(),
        typed: sent.fields.into_iter().filter(|(name, _)| name != "csrf").collect(),
        take_mine: format!("{base}?stand={}", opened.draft.revision),
        keep_theirs: base,
    };
    let mut response = rq.html(&template)?;
    *response.status_mut() = StatusCode::CONFLICT;
    Ok(response)
}

/// The parts of a field as they were typed, where they cannot be read as an answer.
fn as_typed(fields: &[(String, String)], path: &str) -> String {
    let parts = fields.iter().filter(|(name, value)| {
        let own = name == path || name.strip_prefix(path).is_some_and(|rest| rest.starts_with('-'));
        own && !value.is_empty()
    });
    parts.map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(" ")
}

#[derive(Template)]
#[template(path = "check.html")]
struct CheckPage<'a> {
    page: &'a Page,
    /// HTML.
    body: String,
}

/// The amount the form computed.
fn fee(opened: &Opened, reading: &Reading<'_>) -> Money {
    let total = opened.service.online.as_ref().map(|online| online.total.get_ref().as_str());
    match total.and_then(|key| reading.value(key)) {
        Some(forms::Value::Money(fee)) => *fee,
        _ => Money::ZERO,
    }
}

pub async fn check(rq: Req, Path(id): Path<String>) -> Answer {
    let opened = open(&rq, &id).await?;
    let reading = read(&opened)?;
    let id = opened.draft.id;
    if reading.end() != End::Check {
        return rq.see_other(step_href(id, reading.resume()));
    }
    let page = rq.page("services-check-title");
    let fee = fee(&opened, &reading);
    let submit =
        if fee == Money::ZERO { page.t("services-submit") } else { page.t1("services-submit-fee", "fee", page.money(fee)) };
    let action = format!("/antrag/{id}/absenden?stand={}", opened.draft.revision);
    let back = reading.previous(forms::CHECK_STEP).map(|step| format!("/antrag/{id}/{step}")).unwrap_or_default();
    let view = View { page: &page, action: &action, back: &back, autosave: "", later: false };
    let change = |step: &str| format!("/antrag/{id}/{step}?ziel=pruefen");
    let body = forms::render_check(&reading, &[], change, &submit, &view).map_err(Error::internal)?;
    rq.html(&CheckPage { page: &page, body })
}

#[derive(Template)]
#[template(path = "receipt.html")]
struct ReceiptPage<'a> {
    page: &'a Page,
    receipt: &'a Receipt,
    signed_in: bool,
}

impl ReceiptPage<'_> {
    fn case_href(&self) -> String {
        format!("/vorgang/{}", self.receipt.application.case_id)
    }

    fn claim_code(&self) -> &str {
        self.receipt.claim_code.as_deref().unwrap_or_default()
    }

    fn to_pay(&self) -> bool {
        self.receipt.fee != Money::ZERO
    }
}

/// Everything in one transaction. The answer itself is the receipt: the claim code is shown here and never again.
pub async fn submit(rq: Req, Path(id): Path<String>, Query(at): Query<At>) -> Answer {
    let (id, token) = (store::draft_id(&id)?, token_hash(&rq));
    let outcome = db::write!(rq.city.db, |tx| {
        match service::submit(&rq.cx, tx, id, token, at.stand).await? {
            Err(why) => Ok(Err(why)),
            Ok(receipt) => {
                let guest = rq.cx.actor.account().is_none();
                let session = if guest { Some(guest_session(&rq, tx, &receipt).await?) } else { None };
                Ok(Ok((receipt, session)))
            }
        }
    });
    let outcome = match outcome {
        Err(Error::SignIn(_)) => {
            let check = format!("/antrag/{id}/{}", forms::CHECK_STEP);
            return rq.see_other(paths::with_return(paths::SIGN_IN, &check));
        }
        outcome => outcome?,
    };
    match outcome {
        Ok((receipt, session)) => {
            let page = rq.page("services-receipt-title");
            let signed_in = rq.cx.actor.account().is_some();
            let mut response: Response = rq.html(&ReceiptPage { page: &page, receipt: &receipt, signed_in })?;
            if let Some(session) = session {
                set_session_cookie(&mut response, &rq, &session.token)?;
            }
            Ok(response)
        }
        Err(NotSubmitted::Incomplete) => rq.see_other_with(format!("/antrag/{id}"), "services-incomplete-fehler"),
        Err(NotSubmitted::Changed) => {
            rq.see_other_with(format!("/antrag/{id}/{}", forms::CHECK_STEP), "services-changed-fehler")
        }
    }
}

/// A guest sees the own case at once, without typing the claim code.
async fn guest_session(rq: &Req, tx: &mut db::Tx, receipt: &Receipt) -> Result<identity::NewSession> {
    let current = rq.session.as_ref().map(|session| session.id);
    let client = identity::Client::new(rq.caller, &rq.user_agent, None, current);
    rq.city.identity.start_guest(tx, &rq.cx, &client, receipt.application.case_id).await
}

#[derive(Template)]
#[template(path = "discard.html")]
struct Discard<'a> {
    page: &'a Page,
    service: &'a str,
    action: String,
}

pub async fn ask_discard(rq: Req, Path(id): Path<String>) -> Answer {
    let opened = open(&rq, &id).await?;
    let page = rq.page("services-discard-title");
    let action = format!("/antrag/{}/loeschen", opened.draft.id);
    rq.html(&Discard { page: &page, service: opened.service.title.get(page.lang), action })
}

pub async fn discard(rq: Req, Path(id): Path<String>) -> Answer {
    let opened = match open(&rq, &id).await {
        Err(Error::SignIn(_)) => return Err(Error::SignIn(Level::Basis).into()),
        opened => opened?,
    };
    service::discard(&rq.cx, &rq.city, &opened.draft).await?;
    rq.see_other_with("/", "services-discarded")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sign_in_links_of_an_exit_lead_back() {
        let html = r#"<a href="/anmelden?niveau=hoch">x</a><a href="/kontakt">y</a>"#;
        assert_eq!(
            with_way_back(html, "/antrag/1/papier"),
            r#"<a href="/anmelden?zurueck=/antrag/1/papier&amp;niveau=hoch">x</a><a href="/kontakt">y</a>"#
        );
    }

    #[test]
    fn what_cannot_be_read_is_shown_as_typed() {
        let fields =
            [("geburt", "31"), ("geburt-month", "2"), ("geburt-year", "1985"), ("geburtsort", "Meer"), ("name", "x")];
        let fields: Vec<_> = fields.map(|(n, v)| (n.to_owned(), v.to_owned())).into();
        assert_eq!(as_typed(&fields, "geburt"), "31 2 1985");
    }
}
