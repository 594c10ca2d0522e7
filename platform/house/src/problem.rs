//! Failures for programs: RFC 9457 problems with a title and a next step in the caller's language, German unless it asks
//! for another one.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use kernel::{Error, FieldError};
use serde_json::{Value, json};

use crate::{Req, serve::BUSY_SECONDS};

/// The problem that an error is; `number` leads to the line of the log.
pub(crate) fn answer(rq: &Req, error: &Error, status: StatusCode, number: Option<&str>) -> Response {
    let texts = &rq.app.texts;
    let text = |key: &str| texts.plain(rq.cx.lang, key);
    let seconds = |key: &str, n: u32| texts.get(rq.cx.lang, key, &[("seconds", i64::from(n).into())]);
    let (title, detail) = match error {
        Error::NotFound | Error::NotAvailable(_) => (text("problem-not-found"), text("problem-not-found-text")),
        Error::Forbidden => (text("problem-forbidden"), text("problem-forbidden-text")),
        Error::SignIn(_) | Error::StaffSignIn => (text("problem-sign-in"), text("problem-sign-in-text")),
        Error::Invalid(_) => (text("problem-invalid"), text("problem-invalid-text")),
        Error::Refused(refusal) => {
            let args: Vec<_> = refusal.args.iter().map(|(k, v)| (*k, v.as_str().into())).collect();
            // A file that is not opened has its own page, and its text there.
            let key = match [files::UNCHECKED, files::INFECTED].contains(&refusal.code) {
                true => format!("error-page-{}-text", refusal.code),
                false => format!("refusal-{}", refusal.code),
            };
            (text("problem-refused"), texts.get(rq.cx.lang, &key, &args))
        }
        Error::Conflict("key-used") => (text("problem-key-used"), text("problem-key-used-text")),
        Error::Conflict(_) => (text("problem-conflict"), text("problem-conflict-text")),
        Error::Throttled { seconds: wait } => (text("problem-throttled"), seconds("problem-throttled-text", *wait)),
        Error::Peer { .. } => (text("problem-peer"), text("problem-peer-text")),
        Error::Again => (text("problem-busy"), seconds("problem-busy-text", BUSY_SECONDS)),
        Error::Internal(_) => (text("problem-internal"), text("problem-internal-text")),
    };
    let mut body = json!({
        "type": format!("urn:meer:problem:{}", error.code()),
        "title": title,
        "detail": detail,
        "status": status.as_u16(),
    });
    if let Some(number) = number {
        body["instance"] = format!("urn:meer:incident:{number}").into();
    }
    if let Error::Invalid(fields) = error {
        body["errors"] = fields.iter().map(|field| field_problem(rq, field)).collect();
    }
    let mut response = (status, body.to_string()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    match error {
        Error::Throttled { seconds } => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
        }
        Error::Again => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(BUSY_SECONDS));
        }
        Error::SignIn(_) | Error::StaffSignIn => {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        _ => {}
    }
    response
}

/// The problem of a request that no handler saw; `code` names its texts `problem-<code>` and `problem-<code>-text`.
pub(crate) fn of_layer(rq: &Req, status: StatusCode, code: &str) -> Response {
    let text = |key: &str| rq.app.texts.plain(rq.cx.lang, key);
    let body = json!({
        "type": format!("urn:meer:problem:{code}"),
        "title": text(&format!("problem-{code}")),
        "detail": text(&format!("problem-{code}-text")),
        "status": status.as_u16(),
    });
    let kind = HeaderValue::from_static("application/problem+json");
    (status, [(header::CONTENT_TYPE, kind)], body.to_string()).into_response()
}

fn field_problem(rq: &Req, error: &FieldError) -> Value {
    let key = format!("problem-field-{}", error.code);
    let key = if rq.app.texts.has(rq.cx.lang, &key) { key } else { "problem-field-other".to_owned() };
    let mut args: Vec<_> = error.args.iter().map(|(name, value)| (name.as_str(), value.as_str().into())).collect();
    args.push(("field", error.field.as_str().into()));
    json!({"field": error.field, "code": error.code, "detail": rq.app.texts.get(rq.cx.lang, &key, &args)})
}
