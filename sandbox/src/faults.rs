//! Failures on request: a test says which peer fails how, and for how long or how often.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};

use crate::http::{AppState, JsonBody, Problem, json};

/// The parts of the sandbox that can fail on their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Peer {
    Population,
    Civil,
    Eid,
    Pay,
    Kasse,
    Mail,
    Scanner,
    Timestamp,
}

impl Peer {
    /// The peer that answers under a path; pages of the sandbox itself belong to none.
    pub fn of_path(path: &str) -> Option<Self> {
        let mut segments = path.split('/').skip(1);
        match (segments.next()?, segments.nth(1)) {
            ("register", Some("population")) => Some(Self::Population),
            ("register", Some("civil")) => Some(Self::Civil),
            ("eid", _) => Some(Self::Eid),
            ("pay", _) => Some(Self::Pay),
            ("kasse", _) => Some(Self::Kasse),
            // The certificate is the operator's affair and always there.
            ("timestamp", None) if !path.ends_with("/ca.pem") => Some(Self::Timestamp),
            _ => None,
        }
    }
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The connection is closed without an answer and nothing happens.
    Down,
    /// The answer comes late.
    Slow,
    /// Status 500 (SMTP: 451, scanner: ERROR) and nothing happens.
    Error500,
    /// Something that is not the protocol, with status 200, and nothing happens.
    Garbage,
    /// Everything happens, but the connection is closed without an answer.
    LostAnswer,
    /// A time-stamp about something else, in good order; other peers answer as ever.
    WrongImprint,
}

/// Body of `POST /sandbox/faults`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct FaultRequest {
    pub peer: Peer,
    pub mode: Mode,
    /// The fault ends after this many seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
    /// The fault ends after this many requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// Delay of `slow`, 10,000 ms if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u32>,
}

/// A fault that hits one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    pub mode: Mode,
    pub delay: Duration,
}

struct Active {
    request: FaultRequest,
    until: Option<Instant>,
    left: Option<u32>,
}

/// The faults in force.
#[derive(Default)]
pub struct Faults(Mutex<Vec<Active>>);

impl Faults {
    const MAX: usize = 100;

    fn add(&self, request: FaultRequest) -> Result<(), Problem> {
        let mut active = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if active.len() >= Self::MAX {
            return Err(Problem::bad_request("too many faults; DELETE /sandbox/faults first"));
        }
        let until = request.seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds.into()));
        active.push(Active { until, left: request.count, request });
        Ok(())
    }

    /// The fault for the next request to `peer`: the newest one still in force. Uses up one of its count.
    pub fn take(&self, peer: Peer) -> Option<Fault> {
        let mut active = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        active.retain(|fault| fault.until.is_none_or(|until| until > Instant::now()) && fault.left != Some(0));
        let fault = active.iter_mut().rev().find(|fault| fault.request.peer == peer)?;
        fault.left = fault.left.map(|left| left - 1);
        let delay = Duration::from_millis(fault.request.delay_ms.unwrap_or(10_000).into());
        Some(Fault { mode: fault.request.mode, delay })
    }

    fn list(&self) -> Vec<FaultRequest> {
        let mut active = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        active.retain(|fault| fault.until.is_none_or(|until| until > Instant::now()) && fault.left != Some(0));
        active.iter().map(|fault| FaultRequest { count: fault.left, ..fault.request.clone() }).collect()
    }

    fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// `POST /sandbox/faults`
pub async fn add(State(app): AppState, JsonBody(request): JsonBody<FaultRequest>) -> Result<StatusCode, Problem> {
    if request.seconds.is_none() && request.count.is_none() {
        return Err(Problem::bad_request("say for how many seconds or for what count of requests"));
    }
    app.faults.add(request)?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /sandbox/faults`
pub async fn list(State(app): AppState) -> impl IntoResponse {
    json(StatusCode::OK, &app.faults.list())
}

/// `DELETE /sandbox/faults`
pub async fn clear(State(app): AppState) -> StatusCode {
    app.faults.clear();
    StatusCode::NO_CONTENT
}
