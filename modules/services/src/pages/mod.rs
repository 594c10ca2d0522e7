//! Thin handlers: what the portal shows and takes.

pub mod apply;
pub mod panel;
pub mod portal;
pub mod standing;
pub(crate) mod upload;

use axum::response::Response;
use data_encoding::BASE64URL_NOPAD;
use house::{Answer, Req};
use http::{HeaderValue, StatusCode, header};
use kernel::{Error, Hash, Result};
use ui::{Message, paths};

use crate::service;

/// Days the browser keeps the token of its drafts.
const TOKEN_DAYS: u32 = 30;

/// Name of the draft cookie; with HTTPS the prefix binds it to this host.
fn token_cookie(rq: &Req) -> &'static str {
    if rq.app.config.https { "__Host-meer_entwurf" } else { "meer_entwurf" }
}

/// The browser's draft token, if it has one that is ours by its form.
fn token(rq: &Req) -> Option<String> {
    let token = rq.cookie(token_cookie(rq))?;
    (token.len() == 43 && token.is_ascii()).then(|| token.to_owned())
}

fn token_hash(rq: &Req) -> Option<Hash> {
    token(rq).map(|token| service::token_hash(&token))
}

fn bearer(rq: &Req) -> service::Bearer {
    let continues = rq.session.as_ref().and_then(|session| session.continues);
    service::Bearer { token: token_hash(rq), continues }
}

fn fresh_token(rq: &Req) -> String {
    BASE64URL_NOPAD.encode(&rq.cx.random::<32>())
}

/// The page for an address whose allowance is used up: when it goes on, and what can be done until then.
fn exhausted(rq: &Req, key: &str, seconds: u32) -> Answer {
    let page = rq.page(key);
    let text = page.t1(&format!("{key}-text"), "wait", minutes(rq, seconds));
    let more = page.t(&format!("{key}-until-then"));
    let message = Message::new(&page, text).and(more).link(page.t("house-home"), paths::HOME);
    let mut response = rq.html(&message)?;
    *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    Ok(response)
}

/// Minutes in words. Faults carry their values as text, which chooses no plural: so it is chosen here.
fn minutes(rq: &Req, seconds: u32) -> String {
    rq.app.texts.get(rq.cx.lang, "services-minutes", &[("n", i64::from(seconds.div_ceil(60)).into())])
}

/// Leaves the token with the browser, from now on for its whole time.
fn keep_token(rq: &Req, response: &mut Response, token: &str) -> Result<()> {
    let seconds = TOKEN_DAYS * 24 * 60 * 60;
    let cookie = format!("{}={token}{}; Max-Age={seconds}", token_cookie(rq), rq.cookie_attributes());
    let value = HeaderValue::from_str(&cookie).map_err(Error::internal)?;
    response.headers_mut().append(header::SET_COOKIE, value);
    Ok(())
}
