//! Applying: notice, one page per step, check your answers, submit.

use askama::Template;
use axum::{
    extract::{Query, Request},
    response::{IntoResponse, Response},
};
use contract_payments::FeesOf;
use contract_records::{CaseView, VisibleCase};
use forms::{ACTION, End, FieldError, LATER, Next, Reading, Submitted, View};
use house::{Answer, Call, Path, Req, set_session_cookie};
use http::{HeaderValue, StatusCode, header};
use kernel::{CaseId, Error, Money, Result};
use serde::Deserialize;
use ui::{Page, paths};

use super::{bearer, exhausted, fresh_token, keep_token, portal, token, upload};
use crate::{
    catalogue::{self, Service},
    service::{self, Kept, NotSubmitted, Opened, Sent, Unchecked},
    store::{self, Draft, DraftId},
};

pub use super::upload::MOST_BYTES;

/// Hidden field: revision of the answers the page was made from.
const REVISION: &str = "stand";
/// Query and hidden field: [`forms::CHECK_STEP`] leads back to check-your-answers.
const TARGET: &str = "ziel";

#[derive(Deserialize, Default)]
pub struct Target {
    #[serde(default)]
    ziel: String,
}

impl Target {
    fn is_check(&self) -> bool {
        self.ziel == forms::CHECK_STEP
    }
}

/// What our own hidden fields of a page say.
struct Carried {
    revision: i64,
    to_check: bool,
}

/// Takes our own hidden fields out of what was sent. A page that names no revision was made from none.
fn carried(fields: &mut Vec<(String, String)>) -> Carried {
    let value = |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
    let revision = value(REVISION).and_then(|text| text.parse().ok()).unwrap_or(-1);
    let to_check = value(TARGET).as_deref() == Some(forms::CHECK_STEP);
    fields.retain(|(name, _)| ![REVISION, TARGET].contains(&name.as_str()));
    Carried { revision, to_check }
}

/// Puts our hidden fields into the form with this action. Attributes hold no bare `>`: templates escape them.
fn with_hidden(html: &str, action: &str, revision: i64, to_check: bool) -> String {
    let Some(start) = html.find(&format!("action=\"{action}\"")) else { return html.to_owned() };
    let Some(end) = html[start..].find('>').map(|at| start + at + 1) else { return html.to_owned() };
    let target = if to_check {
        format!("<input type=\"hidden\" name=\"{TARGET}\" value=\"{}\">", forms::CHECK_STEP)
    } else {
        String::new()
    };
    let revision = format!("<input type=\"hidden\" name=\"{REVISION}\" value=\"{revision}\">");
    [&html[..end], &revision, &target, &html[end..]].concat()
}

#[derive(Template)]
#[template(path = "notice.html")]
struct Notice<'a> {
    page: &'a Page,
    service: &'a Service,
    /// HTML.
    privacy: String,
    signed_in: bool,
    /// The service begins with the online ID only, and the person has not used it.
    needs_eid: bool,
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
    let high = form.service.as_ref().and_then(|s| s.level) == Some(kernel::Level::Hoch);
    let needs_eid = high && forms::Account::of(&rq.cx.actor).level != Some(kernel::Level::Hoch);
    rq.html(&Notice { page: &page, service: &service, privacy, signed_in, needs_eid, action })
}

pub async fn begin(rq: Req, Path(key): Path<String>) -> Answer {
    let service = catalogue::service(&rq.city.content, &key)?;
    let token = token(&rq).unwrap_or_else(|| fresh_token(&rq));
    let most = i64::from(rq.app.config.limits.drafts_per_hour);
    let begun = db::write!(rq.city.db, |tx| {
        rq.city.identity.admit_hourly(tx, &rq.cx, rq.caller, "draft", 1, most).await?;
        service::begin(&rq.cx, tx, &rq.city, &service, &token).await
    });
    let draft = match begun {
        Err(Error::Throttled { seconds }) => return exhausted(&rq, "services-drafts-exhausted", seconds),
        begun => begun?,
    };
    let mut response = rq.see_other(format!("/antrag/{}", draft.id))?;
    keep_token(&rq, &mut response, &token)?;
    Ok(response)
}

async fn open(rq: &Req, id: &str) -> Result<Opened> {
    service::open(&rq.cx, &rq.city, store::draft_id(id)?, bearer(rq)).await
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

pub async fn step(rq: Req, Path((id, step)): Path<(String, String)>, Query(target): Query<Target>) -> Answer {
    let opened = open(&rq, &id).await?;
    let reading = read(&opened)?;
    if reading.page(&step).is_none() {
        return rq.see_other(step_href(opened.draft.id, reading.resume()));
    }
    let typed = opened.draft.typed.get(&step).map(|fields| Submitted::from(fields.as_slice()));
    show(&rq, &opened, &step, &[], typed.as_ref(), target.is_check())
}

fn show(
    rq: &Req,
    opened: &Opened,
    step: &str,
    errors: &[FieldError],
    typed: Option<&Submitted>,
    to_check: bool,
) -> Answer {
    let reading = read(opened)?;
    let shown = reading.page(step).ok_or(Error::NotFound)?;
    let id = opened.draft.id;
    let mut page = rq.untitled();
    page.title = format!("{} – {}", shown.step.title.get(page.lang), opened.service.title.get(page.lang));
    page.invalid = !errors.is_empty();
    // The page is shown at the address of its step, also when it was sent back.
    let own = format!("/antrag/{id}/{step}");
    let autosave = format!("{own}/entwurf");
    let back = match reading.previous(step) {
        Some(previous) => format!("/antrag/{id}/{previous}"),
        None => format!("/leistungen/{}", opened.service.key),
    };
    let view = View { page: &page, action: &own, back: &back, autosave: &autosave, later: true };
    let body = forms::render_step(&reading, shown, errors, typed, &view).map_err(Error::internal)?;
    let body = if shown.step.is_exit() {
        with_way_back(&body, &own)
    } else {
        with_hidden(&body, &own, opened.draft.revision, to_check)
    };
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

pub async fn send_step(rq: Req, Path((id, step)): Path<(String, String)>, request: Request) -> Answer {
    let mut opened = match open(&rq, &id).await {
        Ok(opened) => opened,
        // The session ended while the person was typing.
        Err(Error::SignIn(_)) => return keep_and_sign_in(&rq, &id, &step, request).await,
        Err(error) => return Err(error.into()),
    };
    let mut sent = upload::read(&rq, &opened.form, &step, request).await?;
    let Carried { revision, to_check } = carried(&mut sent.fields);
    let id = opened.draft.id;
    if sent.fields.iter().any(|(name, value)| name == ACTION && value == LATER) {
        let kept = service::keep_typed(&rq.cx, &rq.city, id, bearer(&rq), (&step, revision), &sent).await?;
        return match kept {
            Unchecked::All => rq.see_other_with("/", "services-kept-for-later"),
            Unchecked::WithoutFiles => rq.see_other_with("/", "services-kept-without-files-fehler"),
            Unchecked::Nothing => {
                let theirs = store::draft(&mut rq.city.db.read().await?, id, rq.cx.now()).await?;
                conflict(&rq, opened, theirs, &step, sent)
            }
        };
    }
    let exhausted = sent.exhausted;
    match service::take_in(&rq.cx, &rq.city, &mut opened, &step, revision, &sent).await {
        Ok(Kept::Next) => {
            let reading = read(&opened)?;
            let next = if to_check { reading.resume() } else { reading.next(&step) };
            rq.see_other(step_href(id, next))
        }
        Ok(Kept::Stay) => rq.see_other(format!("/antrag/{id}/{step}{}", if to_check { "?ziel=pruefen" } else { "" })),
        Ok(Kept::Invalid(errors)) => {
            let typed = Submitted::from(sent.fields);
            let mut response = show(&rq, &opened, &step, &errors, Some(&typed), to_check)?;
            if exhausted {
                *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
            }
            Ok(response)
        }
        Ok(Kept::Conflict { theirs }) => conflict(&rq, opened, *theirs, &step, sent),
        // Other answers meanwhile made this page disappear.
        Err(Error::NotFound) => rq.see_other(step_href(id, read(&opened)?.resume())),
        Err(error) => Err(error.into()),
    }
}

/// Stores what was typed without showing anything, and leads to the sign-in and back to this page.
async fn keep_and_sign_in(rq: &Req, id: &str, step: &str, request: Request) -> Answer {
    let id = store::draft_id(id)?;
    let draft = store::draft(&mut rq.city.db.read().await?, id, rq.cx.now()).await?;
    let (_, form) = catalogue::form(&rq.city.content, &draft.form)?;
    let mut sent = upload::read(rq, &form, step, request).await?;
    let Carried { revision, .. } = carried(&mut sent.fields);
    let sign_in = paths::with_return(paths::SIGN_IN, &format!("/antrag/{id}/{step}"));
    match service::keep_typed(&rq.cx, &rq.city, id, bearer(rq), (step, revision), &sent).await? {
        Unchecked::All => rq.see_other(sign_in),
        Unchecked::WithoutFiles => rq.see_other_with(sign_in, "services-kept-without-files-fehler"),
        // Both values are shown to whoever may see the draft only.
        Unchecked::Nothing => rq.see_other_with(sign_in, "services-not-kept-fehler"),
    }
}

/// Keeps what is being typed; the page goes on showing it.
pub async fn autosave(
    rq: Req,
    Path((id, step)): Path<(String, String)>,
    axum::Form(mut fields): axum::Form<Vec<(String, String)>>,
) -> Answer {
    let id = store::draft_id(&id)?;
    let Carried { revision, .. } = carried(&mut fields);
    let sent = Sent { fields, ..Sent::default() };
    let kept = service::keep_typed(&rq.cx, &rq.city, id, bearer(&rq), (&step, revision), &sent).await?;
    let status = if kept == Unchecked::Nothing { StatusCode::CONFLICT } else { StatusCode::NO_CONTENT };
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
    /// What was typed, to be sent again as made from the answers that are stored now.
    typed: Vec<(String, String)>,
    href: String,
}

/// Shows both values; nothing is lost, whichever is chosen.
fn conflict(rq: &Req, opened: Opened, theirs: Draft, step: &str, sent: Sent) -> Answer {
    let page = rq.page("services-conflict-title");
    let opened = Opened { draft: theirs, ..opened };
    let stored = read(&opened)?;
    let mut mine = opened.draft.answers.clone();
    let accepted = opened.form.accept(step, &Submitted::from(sent.fields.clone()), &mut mine, &opened.facts).is_ok();
    let typed_reading = opened.form.read(&mine, &opened.facts).map_err(Error::internal)?;
    let lang = page.lang;
    let rows_of = |reading: &Reading<'_>| {
        let sections = reading.summary(lang).into_iter().filter(|s| s.step == step);
        sections.flat_map(|s| s.rows).collect::<Vec<_>>()
    };
    let (stored_rows, typed_rows) = (rows_of(&stored), rows_of(&typed_reading));
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
    let mut typed = sent.fields;
    typed.push((REVISION.to_owned(), opened.draft.revision.to_string()));
    let template = Conflict {
        page: &page,
        rows: rows.into_iter().map(|(_, row)| row).filter(|row| row.stored != row.typed).collect(),
        typed,
        href: format!("/antrag/{}/{step}", opened.draft.id),
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
    let submit = if fee == Money::ZERO {
        page.t("services-submit")
    } else {
        page.t1("services-submit-fee", "fee", page.money(fee))
    };
    let action = format!("/antrag/{id}/absenden");
    let back = reading.previous(forms::CHECK_STEP).map(|step| format!("/antrag/{id}/{step}")).unwrap_or_default();
    let view = View { page: &page, action: &action, back: &back, autosave: "", later: false };
    let change = |step: &str| format!("/antrag/{id}/{step}?ziel=pruefen");
    let body = forms::render_check(&reading, &[], change, &submit, &view).map_err(Error::internal)?;
    let body = with_hidden(&body, &action, opened.draft.revision, false);
    rq.html(&CheckPage { page: &page, body })
}

/// Cookie that carries the claim code from the submission to the receipt, once.
const CLAIM_COOKIE: &str = "meer_abholcode";
/// Seconds it stays if the receipt is never seen.
const CLAIM_SECONDS: u32 = 900;

fn set_claim(rq: &Req, response: &mut Response, code: &str, seconds: u32) -> Result<()> {
    let cookie = format!("{CLAIM_COOKIE}={code}{}; Max-Age={seconds}", rq.cookie_attributes());
    response.headers_mut().append(header::SET_COOKIE, HeaderValue::from_str(&cookie).map_err(Error::internal)?);
    Ok(())
}

/// Everything in one transaction.
pub async fn submit(
    rq: Req,
    Path(id): Path<String>,
    axum::Form(mut fields): axum::Form<Vec<(String, String)>>,
) -> Answer {
    let (id, bearer) = (store::draft_id(&id)?, bearer(&rq));
    let Carried { revision, .. } = carried(&mut fields);
    let guest = rq.cx.actor.account().is_none();
    let outcome = db::write!(rq.city.db, |tx| {
        match service::submit(&rq.cx, tx, id, bearer, revision).await? {
            Err(why) => Ok(Err(why)),
            Ok(submitted) => {
                // Whoever repeats it much later has no claim code and so no session: it may be another person.
                let session = match guest && submitted.claim_code.is_some() {
                    true => Some(guest_session(&rq, tx, submitted.case).await?),
                    false => None,
                };
                Ok(Ok((submitted, session)))
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
        Ok((submitted, session)) => {
            let mut response = rq.see_other(format!("/vorgang/{}/eingang", submitted.case))?;
            if let Some(session) = session {
                set_session_cookie(&mut response, &rq, &session.token)?;
            }
            if let Some(code) = &submitted.claim_code {
                set_claim(&rq, &mut response, code, CLAIM_SECONDS)?;
            }
            Ok(response)
        }
        Err(NotSubmitted::Incomplete) => rq.see_other_with(format!("/antrag/{id}"), "services-incomplete-fehler"),
        Err(NotSubmitted::Changed) => {
            rq.see_other_with(format!("/antrag/{id}/{}", forms::CHECK_STEP), "services-changed-fehler")
        }
    }
}

#[derive(Template)]
#[template(path = "receipt.html")]
struct ReceiptPage<'a> {
    page: &'a Page,
    case: &'a CaseView,
    /// Empty if there is none to show.
    claim_code: &'a str,
    signed_in: bool,
    /// Signed in, and there is no address for notices.
    no_email: bool,
    fee: Money,
    by_post: bool,
}

/// The receipt; the claim code is shown here and never again.
pub async fn receipt(rq: Req, Path(case): Path<CaseId>) -> Answer {
    let mut rx = rq.city.db.read().await?;
    let case = rq.cx.ask(&mut rx, VisibleCase { case }).await?;
    let fees = rq.cx.ask(&mut rx, FeesOf { case: case.id }).await?;
    let no_email = match rq.cx.actor.account() {
        Some(account) => identity::contact(&mut rx, account).await?.is_none(),
        None => false,
    };
    drop(rx);
    let page = rq.page("services-receipt-title");
    let signed_in = rq.cx.actor.account().is_some();
    let claim_code =
        rq.cookie(CLAIM_COOKIE).and_then(|code| identity::read_code(code, CLAIM_GROUPS)).unwrap_or_default();
    let claim_code = if signed_in { String::new() } else { in_groups(&claim_code) };
    let fee = fees.as_ref().map_or(Money::ZERO, |fees| fees.total);
    // What is on the list of fees, be it free, is made on paper.
    let by_post = fees.is_some_and(|fees| !fees.items.is_empty());
    let receipt = ReceiptPage { page: &page, case: &case, claim_code: &claim_code, signed_in, no_email, fee, by_post };
    let mut response = rq.html(&receipt)?;
    if !claim_code.is_empty() {
        set_claim(&rq, &mut response, "", 0)?;
    }
    Ok(response)
}

/// Groups of a claim code.
const CLAIM_GROUPS: usize = 7;

/// Groups of four signs, as codes are printed.
fn in_groups(code: &str) -> String {
    let signs: Vec<char> = code.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    signs.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// A guest sees the own case at once, without typing the claim code.
async fn guest_session(rq: &Req, tx: &mut db::Tx, case: CaseId) -> Result<identity::NewSession> {
    let current = rq.session.as_ref().map(|session| session.id);
    let client = identity::Client::new(rq.caller, &rq.user_agent, None, current);
    rq.city.identity.start_guest(tx, &rq.cx, &client, case).await
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
    let opened = open(&rq, &id).await?;
    service::discard(&rq.cx, &rq.city, opened.draft.id).await?;
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
    fn hidden_fields_go_into_the_form_and_come_back_out() {
        let html = r#"<form action="/antrag/1/a" data-x="a &gt; b"><input name="x"></form><form action="/b"></form>"#;
        let html = with_hidden(html, "/antrag/1/a", 7, true);
        assert!(html.starts_with(
            r#"<form action="/antrag/1/a" data-x="a &gt; b"><input type="hidden" name="stand" value="7">"#
        ));
        assert_eq!(html.matches("hidden").count(), 2);
        let mut fields = [("stand", "7"), ("ziel", "pruefen"), ("art", "einfach")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec();
        let Carried { revision, to_check } = carried(&mut fields);
        assert_eq!((revision, to_check), (7, true));
        assert_eq!(fields, [("art".to_owned(), "einfach".to_owned())]);
        assert_eq!(carried(&mut fields).revision, -1);
    }

    #[test]
    fn what_cannot_be_read_is_shown_as_typed() {
        let fields =
            [("geburt", "31"), ("geburt-month", "2"), ("geburt-year", "1985"), ("geburtsort", "Meer"), ("name", "x")];
        let fields: Vec<_> = fields.map(|(n, v)| (n.to_owned(), v.to_owned())).into();
        assert_eq!(as_typed(&fields, "geburt"), "31 2 1985");
    }
}
