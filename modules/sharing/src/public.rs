//! What an outsider sees: nothing but a question for the code, then the documents. Whatever does not work gets one
//! answer, after the same work.

use askama::Template;
use axum::{Form, response::Response};
use contract_records::RenditionOf;
use files::{Meta, Shown, shown};
use house::{Answer, Call as _, Path, Req, attachment, framing, inline};
use http::{HeaderName, HeaderValue, StatusCode, header};
use kernel::{Error, Hash, Result};
use serde::Deserialize;
use ui::{Errors, Page};

use crate::{
    jobs::{NoteRefused, hex},
    service::{self, Live, MOST_TRIES, VISIT_MINUTES},
    store::{self, Shared},
};

/// Cookie of a browser that typed the right code.
const COOKIE: &str = "meer_freigabe";
/// Questions of one address without the right code within an hour.
const MOST_QUESTIONS: i64 = 60;
/// Documents that one address opens or saves within an hour: each of them is a line in the case.
const MOST_LOADS: i64 = 300;

#[derive(Template)]
#[template(path = "ask.html")]
struct Ask<'a> {
    page: &'a Page,
    action: String,
    errors: Errors,
}

#[derive(Template)]
#[template(path = "gone.html")]
struct Gone<'a> {
    page: &'a Page,
}

#[derive(Template)]
#[template(path = "documents.html")]
struct Documents<'a> {
    page: &'a Page,
    live: Live,
    base: String,
}

#[derive(Template)]
#[template(path = "look.html")]
struct Look<'a> {
    page: &'a Page,
    base: String,
    document: Shared,
    name: String,
    /// Shown by the browser in a frame.
    frame: bool,
    text: Option<String>,
}

/// In no search engine. The address is a secret: it goes to no other site, and from the pages with documents nowhere.
fn closed(mut response: Response, referrer: &'static str) -> Response {
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex, nofollow, noarchive"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static(referrer));
    response
}

/// Counts a question of somebody who has not typed the right code.
async fn admit(rq: &Req) -> Result<()> {
    db::write!(rq.city.db, |tx| {
        rq.city.identity.admit_hourly(tx, &rq.cx, rq.caller, "share", 1, MOST_QUESTIONS).await
    })
}

/// The one answer for a link that never was, is over, was taken back or locked, or whose documents may not go out.
async fn gone(rq: &Req, token: Hash) -> Answer {
    let job = NoteRefused { token_hash: token };
    db::write!(rq.city.db, |tx| { jobs::enqueue(tx, &rq.cx, &job).await })?;
    let page = rq.page("sharing-gone-title");
    let mut response = rq.html(&Gone { page: &page })?;
    *response.status_mut() = StatusCode::NOT_FOUND;
    Ok(closed(response, "no-referrer"))
}

async fn live(rq: &Req, token: Hash) -> Result<Option<Live>> {
    service::live(&rq.cx, &mut rq.city.db.read().await?, token).await
}

/// The link, for a browser that typed its code a short while ago.
async fn visited(rq: &Req, token: Hash) -> Result<Option<Live>> {
    let Some(cookie) = rq.cookie(COOKIE) else { return Ok(None) };
    let visit = identity::token_hash(cookie);
    let mut rx = rq.city.db.read().await?;
    let Some(live) = service::live(&rq.cx, &mut rx, token).await? else { return Ok(None) };
    let known = store::is_visit(&mut rx, visit, live.good.share.id, rq.cx.now()).await?;
    Ok(known.then_some(live))
}

fn ask_page(rq: &Req, token: &str, errors: Errors) -> Answer {
    let page = rq.page("sharing-ask-title").checked(&errors);
    let invalid = !errors.is_empty();
    let ask = Ask { page: &page, action: format!("/freigabe/{token}"), errors };
    let response = if invalid { rq.invalid(&ask)? } else { rq.html(&ask)? };
    // Some browsers send no origin with a form from a page that refers to nothing: it would be taken for a forged one.
    Ok(closed(response, "same-origin"))
}

/// Asks for the code, or shows the documents to who has typed it.
pub async fn ask(rq: Req, Path(token): Path<String>) -> Answer {
    let hash = identity::token_hash(&token);
    if let Some(live) = visited(&rq, hash).await? {
        let page = rq.page("sharing-documents-title");
        let response = rq.html(&Documents { page: &page, live, base: format!("/freigabe/{token}/dokument") })?;
        return Ok(closed(response, "no-referrer"));
    }
    admit(&rq).await?;
    match live(&rq, hash).await? {
        Some(_) => ask_page(&rq, &token, Errors::new()),
        None => gone(&rq, hash).await,
    }
}

#[derive(Deserialize)]
pub struct Typed {
    #[serde(default)]
    code: String,
}

pub async fn enter(rq: Req, Path(token): Path<String>, Form(typed): Form<Typed>) -> Answer {
    let hash = identity::token_hash(&token);
    admit(&rq).await?;
    let live = live(&rq, hash).await?;
    if live.is_some() && identity::read_spoken(&typed.code).is_none() {
        // What cannot be the code is no try.
        let page = rq.page("sharing-ask-title");
        let errors = [("code", page.t("sharing-code-form"))].into_iter().collect();
        return ask_page(&rq, &token, errors);
    }
    let now = rq.cx.now();
    let counted = db::write!(rq.city.db, |tx| { store::take_try(tx, hash, now, MOST_TRIES).await })?;
    let live = live.filter(|_| counted);
    let secret = live.as_ref().map(|live| &live.good.secret);
    let right = match rq.city.identity.is_spoken(&hex(&hash), &typed.code, secret).await {
        Ok(right) => right,
        Err(error) => {
            // Nobody looked at the code (the machine is busy): it was no try.
            if counted {
                db::write!(rq.city.db, |tx| { store::give_try_back(tx, hash).await })?;
            }
            return Err(error.into());
        }
    };
    let Some(live) = live else { return gone(&rq, hash).await };
    let share = &live.good.share;
    if !right {
        let left = db::write!(rq.city.db, |tx| { service::wrong_code(&rq.cx, tx, share.id, share.case_id).await })?;
        let page = rq.page("sharing-ask-title");
        let text = match left {
            0 => page.t("sharing-code-locked"),
            left => page.t1("sharing-code-wrong", "left", left),
        };
        return ask_page(&rq, &token, [("code", text)].into_iter().collect());
    }
    let visit = identity::random_token(&rq.cx);
    let visit_hash = identity::token_hash(&visit);
    db::write!(rq.city.db, |tx| { service::opened(&rq.cx, tx, share, visit_hash).await })?;
    let mut response = rq.see_other(format!("/freigabe/{token}"))?;
    let secure = if rq.app.config.https { "; Secure" } else { "" };
    let seconds = VISIT_MINUTES * 60;
    // A right link has only letters, digits, hyphens and underscores: nothing in it ends the path of the cookie.
    let cookie =
        format!("{COOKIE}={visit}; Path=/freigabe/{token}; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}");
    response.headers_mut().append(header::SET_COOKIE, HeaderValue::from_str(&cookie).map_err(Error::internal)?);
    Ok(closed(response, "no-referrer"))
}

/// The document with this number, or the answer for everybody who may not have it.
async fn document(rq: &Req, token: &str, n: i64) -> Result<Option<(Live, Shared, Meta)>> {
    let Some(live) = visited(rq, identity::token_hash(token)).await? else { return Ok(None) };
    let Some(document) = live.documents.iter().find(|document| document.n == n).cloned() else { return Ok(None) };
    db::write!(rq.city.db, |tx| {
        rq.city.identity.admit_hourly(tx, &rq.cx, rq.caller, "share-load", 1, MOST_LOADS).await
    })?;
    let meta = files::meta(&mut rq.city.db.read().await?, document.file_id).await?;
    Ok(Some((live, document, meta)))
}

/// Back to the question for the code, which says what there is to say.
fn back(rq: &Req, token: &str) -> Answer {
    // What was typed into the address leads nowhere but to this room.
    let known = token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if !known {
        return Err(Error::NotFound.into());
    }
    Ok(closed(rq.see_other(format!("/freigabe/{token}"))?, "no-referrer"))
}

pub async fn download(rq: Req, Path((token, n)): Path<(String, i64)>) -> Answer {
    let Some((live, document, meta)) = document(&rq, &token, n).await? else { return back(&rq, &token) };
    let bytes = rq.city.files.read_verified(&meta).await?;
    let share = &live.good.share;
    db::write!(rq.city.db, |tx| { service::given(&rq.cx, tx, share, &document, true).await })?;
    Ok(closed(attachment(&meta.media_type, &meta.name, bytes), "no-referrer"))
}

/// What is shown of a document: itself, or the PDF that was made of it.
async fn showable(rq: &Req, meta: &Meta) -> Result<(Vec<u8>, Shown)> {
    let bytes = rq.city.files.read_verified(meta).await?;
    let how = shown(&bytes);
    if how != Shown::Not {
        return Ok((bytes, how));
    }
    let mut rx = rq.city.db.read().await?;
    let Some(rendition) = rq.cx.ask(&mut rx, RenditionOf { file: meta.id }).await? else { return Ok((bytes, how)) };
    let meta = files::meta(&mut rx, rendition).await?;
    drop(rx);
    let bytes = rq.city.files.read_verified(&meta).await?;
    let how = shown(&bytes);
    Ok((bytes, how))
}

pub async fn look(rq: Req, Path((token, n)): Path<(String, i64)>) -> Answer {
    let Some((live, document, meta)) = document(&rq, &token, n).await? else { return back(&rq, &token) };
    let (_, how) = showable(&rq, &meta).await?;
    let mut page = rq.untitled();
    page.title = document.title.clone();
    let frame = matches!(how, Shown::Frame(_));
    let text = match how {
        Shown::Text(text) => Some(text),
        Shown::Frame(_) | Shown::Not => None,
    };
    if text.is_some() {
        let share = &live.good.share;
        db::write!(rq.city.db, |tx| { service::given(&rq.cx, tx, share, &document, false).await })?;
    }
    let base = format!("/freigabe/{token}");
    let response = rq.html(&Look { page: &page, base, document, name: meta.name, frame, text })?;
    Ok(framing(closed(response, "no-referrer")))
}

pub async fn framed(rq: Req, Path((token, n)): Path<(String, i64)>) -> Answer {
    let Some((live, document, meta)) = document(&rq, &token, n).await? else { return back(&rq, &token) };
    let (bytes, how) = showable(&rq, &meta).await?;
    let Shown::Frame(media_type) = how else { return Err(Error::NotFound.into()) };
    let share = &live.good.share;
    db::write!(rq.city.db, |tx| { service::given(&rq.cx, tx, share, &document, false).await })?;
    Ok(closed(inline(media_type, &meta.name, bytes), "no-referrer"))
}
