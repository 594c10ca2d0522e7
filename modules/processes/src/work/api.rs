//! `/api/prozesse/v1/arbeit`: how programs outside take work and answer. Described in `openapi.json`.
//!
//! A program shows its token in `Authorization: Bearer`. Tokens belong to one city; at another one they are unknown.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bpmn::Vars;
use house::{Answer, Path, Req};
use kernel::{Error, Principal, Result, Uuid, sha256};
use process_rules::topics::is_topic;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{
    ANSWERED, GoesOn, LOCK_LOST, Reply, WITHDRAWN, extend, reply,
    store::{self, Worker},
    take,
};

/// Longest request, in bytes.
const MOST_BYTES: usize = 256 * 1024;
/// Entries that are taken at once.
const MOST_ENTRIES: u16 = 100;
/// Shortest and longest lock, in seconds.
const LOCK_SECONDS: std::ops::RangeInclusive<u32> = 5..=86_400;
/// Longest wait for work, in seconds.
const MOST_WAIT: u32 = 20;
/// How often it is looked for work while a program waits.
const LOOKS_PER_SECOND: u32 = 4;
/// Requests of one program within a minute.
const CALLS_PER_MINUTE: u32 = 600;
/// Requests with an unknown token from one address within a minute.
const WRONG_TOKENS_PER_MINUTE: u32 = 30;
/// Longest wait before failed work is offered again, in seconds.
const MOST_DELAY: u32 = 86_400;

/// Who asked how often in this minute: in memory, per process.
#[derive(Default)]
struct Calls(Mutex<(i64, HashMap<String, u32>)>);

impl Calls {
    fn count(&self, minute: i64, who: &str) -> u32 {
        let mut calls = self.0.lock().unwrap_or_else(|e| e.into_inner());
        if calls.0 != minute {
            *calls = (minute, HashMap::new());
        }
        let count = calls.1.entry(who.to_owned()).or_default();
        *count = count.saturating_add(1);
        *count
    }
}

fn admit(rq: &Req, who: &str, most: u32) -> Result<()> {
    let calls: Arc<Calls> = rq.app.shared(|_| Ok(Calls::default()))?;
    let now = rq.cx.now().as_second();
    if calls.count(now.div_euclid(60), who) <= most {
        return Ok(());
    }
    let seconds = u32::try_from(60 - now.rem_euclid(60)).unwrap_or(60);
    Err(Error::Throttled { seconds })
}

/// The program whose token the request shows.
async fn worker(rq: &Req, headers: &HeaderMap) -> Result<Worker> {
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = shown.and_then(|text| text.strip_prefix("Bearer ")).unwrap_or_default().trim();
    let found = match token {
        "" => None,
        token => store::worker_of(&mut rq.city.db.read().await?, sha256(&[token.as_bytes()])).await?,
    };
    let Some(worker) = found else {
        admit(rq, &format!("{} {}", rq.city.key, rq.caller), WRONG_TOKENS_PER_MINUTE)?;
        return Err(Error::StaffSignIn);
    };
    admit(rq, &format!("{} {}", rq.city.key, worker.id), CALLS_PER_MINUTE)?;
    Ok(worker)
}

fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T> {
    if body.len() > MOST_BYTES {
        return Err(Error::invalid("body", "too-large"));
    }
    serde_json::from_slice(body).map_err(|_| Error::invalid("body", "unreadable"))
}

/// The program's own work is the house's: it has no session.
fn as_worker(rq: &Req) -> kernel::Cx {
    let mut cx = rq.cx.clone();
    cx.actor.principal = Principal::System { name: "worker" };
    cx
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Take {
    topic: String,
    #[serde(default = "one")]
    count: u16,
    lock_seconds: u32,
    #[serde(default)]
    wait_seconds: u32,
}

fn one() -> u16 {
    1
}

pub async fn fetch(rq: Req, headers: HeaderMap, body: Bytes) -> Answer {
    answer(&rq, fetched(&rq, &headers, &body).await)
}

async fn fetched(rq: &Req, headers: &HeaderMap, body: &Bytes) -> Result<Value> {
    let worker = worker(rq, headers).await?;
    let asked: Take = read(body)?;
    if !is_topic(&asked.topic) || asked.wait_seconds > MOST_WAIT {
        return Err(Error::invalid("topic", "unreadable"));
    }
    if !(1..=MOST_ENTRIES).contains(&asked.count) || !LOCK_SECONDS.contains(&asked.lock_seconds) {
        return Err(Error::invalid("count", "out-of-range"));
    }
    if !worker.may(&asked.topic) {
        return Err(Error::NotFound);
    }
    let cx = as_worker(rq);
    let mut waits = asked.wait_seconds * LOOKS_PER_SECOND;
    loop {
        // Looked at first: who waits writes nothing.
        let due = store::due(&mut rq.city.db.read().await?, &asked.topic, cx.now(), 1).await?;
        if !due.is_empty() {
            let taken = db::write!(rq.city.db, |tx| {
                take(&cx, tx, &worker, &asked.topic, asked.count, asked.lock_seconds).await
            })?;
            if !taken.is_empty() {
                let entries = taken.iter().map(|taken| {
                    let entry = &taken.entry;
                    json!({
                        "id": entry.id,
                        "topic": entry.topic,
                        "process": entry.process,
                        "element": entry.element,
                        "inputs": entry.inputs,
                        "attempt": entry.attempts,
                        "lock": entry.fence,
                        "locked_until": taken.until.to_string(),
                    })
                });
                return Ok(json!({ "work": entries.collect::<Vec<_>>() }));
            }
        }
        if waits == 0 {
            return Ok(json!({ "work": [] }));
        }
        waits -= 1;
        tokio::time::sleep(Duration::from_secs(1) / LOOKS_PER_SECOND).await;
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Extend {
    lock: i64,
    lock_seconds: u32,
}

pub async fn prolong(rq: Req, Path(id): Path<Uuid>, headers: HeaderMap, body: Bytes) -> Answer {
    answer(&rq, prolonged(&rq, id, &headers, &body).await)
}

async fn prolonged(rq: &Req, id: Uuid, headers: &HeaderMap, body: &Bytes) -> Result<Value> {
    let worker = worker(rq, headers).await?;
    let asked: Extend = read(body)?;
    if !LOCK_SECONDS.contains(&asked.lock_seconds) {
        return Err(Error::invalid("lock_seconds", "out-of-range"));
    }
    let cx = as_worker(rq);
    let until = db::write!(rq.city.db, |tx| { extend(&cx, tx, &worker, id, asked.lock, asked.lock_seconds).await })?;
    Ok(json!({ "id": id, "lock": asked.lock, "locked_until": until.to_string() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Complete {
    lock: i64,
    #[serde(default)]
    outputs: Vars,
}

pub async fn complete(rq: Req, Path(id): Path<Uuid>, headers: HeaderMap, body: Bytes) -> Answer {
    answer(&rq, completed(&rq, id, &headers, &body).await)
}

async fn completed(rq: &Req, id: Uuid, headers: &HeaderMap, body: &Bytes) -> Result<Value> {
    let worker = worker(rq, headers).await?;
    let asked: Complete = read(body)?;
    replied(rq, &worker, id, asked.lock, Reply::Complete(asked.outputs)).await?;
    Ok(json!({ "id": id, "state": "done" }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fail {
    lock: i64,
    message: String,
    #[serde(default)]
    retries: u16,
    #[serde(default)]
    after_seconds: u32,
}

pub async fn fail(rq: Req, Path(id): Path<Uuid>, headers: HeaderMap, body: Bytes) -> Answer {
    answer(&rq, failed(&rq, id, &headers, &body).await)
}

async fn failed(rq: &Req, id: Uuid, headers: &HeaderMap, body: &Bytes) -> Result<Value> {
    let worker = worker(rq, headers).await?;
    let asked: Fail = read(body)?;
    if asked.after_seconds > MOST_DELAY || asked.message.trim().is_empty() {
        return Err(Error::invalid("message", "unreadable"));
    }
    let state = if asked.retries == 0 { "failed" } else { "open" };
    let Fail { lock, message, retries, after_seconds } = asked;
    replied(rq, &worker, id, lock, Reply::Fail { message, retries, after_seconds }).await?;
    Ok(json!({ "id": id, "state": state }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BpmnError {
    lock: i64,
    code: String,
}

pub async fn error(rq: Req, Path(id): Path<Uuid>, headers: HeaderMap, body: Bytes) -> Answer {
    answer(&rq, thrown(&rq, id, &headers, &body).await)
}

async fn thrown(rq: &Req, id: Uuid, headers: &HeaderMap, body: &Bytes) -> Result<Value> {
    let worker = worker(rq, headers).await?;
    let asked: BpmnError = read(body)?;
    if !is_topic(&asked.code) {
        return Err(Error::invalid("code", "unreadable"));
    }
    replied(rq, &worker, id, asked.lock, Reply::Error(asked.code)).await?;
    Ok(json!({ "id": id, "state": "error" }))
}

/// Takes the answer, and leads the process on at once. Where that fails for a reason that is not the program's, the answer
/// is kept and a job leads on: the program need not do its work again.
async fn replied(rq: &Req, worker: &Worker, id: Uuid, fence: i64, said: Reply) -> Result<()> {
    let cx = as_worker(rq);
    let done = db::write!(rq.city.db, |tx| { reply(&cx, tx, worker, id, fence, &said, GoesOn::Now).await });
    match done {
        Err(Error::Internal(cause)) => {
            tracing::error!(work = %id, "the process does not go on after an answer: {cause:#}");
            db::write!(rq.city.db, |tx| { reply(&cx, tx, worker, id, fence, &said, GoesOn::Later).await })
        }
        done => done,
    }
}

pub async fn description() -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (kind, include_str!("openapi.json")).into_response()
}

/// JSON, or an RFC 9457 problem that says in words what to do.
fn answer(rq: &Req, done: Result<Value>) -> Answer {
    let error = match done {
        Ok(value) => {
            let kind = [(header::CONTENT_TYPE, "application/json")];
            return Ok((kind, value.to_string()).into_response());
        }
        // With a number, and in the log.
        Err(Error::Internal(cause)) => return Err(Error::Internal(cause).into()),
        Err(error) => error,
    };
    let page = rq.untitled();
    let (title, detail) = match &error {
        Error::StaffSignIn => (page.t("processes-api-token"), page.t("processes-api-token-text")),
        Error::NotFound => (page.t("processes-api-unknown"), page.t("processes-api-unknown-text")),
        Error::Conflict(LOCK_LOST) => (page.t("processes-api-lost"), page.t("processes-api-lost-text")),
        Error::Conflict(WITHDRAWN) => (page.t("processes-api-withdrawn"), page.t("processes-api-withdrawn-text")),
        Error::Conflict(ANSWERED) => (page.t("processes-api-answered"), page.t("processes-api-answered-text")),
        Error::Throttled { .. } => (page.t("processes-api-throttled"), page.t("processes-api-throttled-text")),
        Error::Again => (page.t("processes-api-busy"), page.t("processes-api-busy-text")),
        _ => (page.t("processes-api-invalid"), page.t("processes-api-invalid-text")),
    };
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let problem = json!({
        "type": format!("urn:meer:problem:{}", error.code()),
        "title": title,
        "status": status.as_u16(),
        "detail": detail,
    });
    let mut response = (status, problem.to_string()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    match error {
        Error::StaffSignIn => {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        Error::Throttled { seconds } => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        Error::Again => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(2_u32));
        }
        _ => {}
    }
    Ok(response)
}
