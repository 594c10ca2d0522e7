//! The city's registers as another authority's program sees them: one question per case, one answer.

pub mod civil;
pub mod population;

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::app::{App, City};
use crate::http::{Problem, has_token, json_bytes};
use crate::names::check_text;

/// The city of a register address, if the caller may ask it. An unknown city looks like a wrong token.
fn authorised<'a>(app: &'a App, ags: &str, headers: &HeaderMap) -> Result<&'a City, Problem> {
    app.city(ags).filter(|city| has_token(headers, &city.file.register.token)).ok_or_else(Problem::unauthorized)
}

/// Request ids are 1 to 64 visible ASCII characters.
fn check_request_id(id: &str) -> Result<(), Problem> {
    if (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic()) {
        Ok(())
    } else {
        Err(Problem::bad_request("requestId: 1 to 64 visible ASCII characters expected"))
    }
}

fn check_texts(texts: &[(&'static str, Option<&str>)]) -> Result<(), Problem> {
    for (field, text) in texts {
        if let Some(text) = text {
            check_text(field, text).map_err(Problem::bad_request)?;
        }
    }
    Ok(())
}

/// Answers already given, so that a repeated request is answered with the same bytes.
#[derive(Default)]
pub struct Answers(Mutex<Remembered>);

#[derive(Default)]
struct Remembered {
    by_request: HashMap<String, ([u8; 32], Bytes)>,
    order: VecDeque<String>,
}

impl Answers {
    /// Answers kept; older ones are forgotten and would be looked up again.
    const CAPACITY: usize = 20_000;

    /// Gives the remembered answer to the request, or makes one and remembers it. The same id with another question
    /// is a conflict.
    fn once<Q: Serialize, A: Serialize>(
        &self,
        kind: &str,
        request_id: &str,
        question: &Q,
        answer: impl FnOnce() -> A,
    ) -> Result<Response, Problem> {
        let internal = |_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "not serialisable");
        let fingerprint: [u8; 32] = Sha256::digest(serde_json::to_vec(question).map_err(internal)?).into();
        let key = format!("{kind} {request_id}");
        let mut remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, body)) = remembered.by_request.get(&key) {
            return if *known == fingerprint {
                Ok(json_bytes(StatusCode::OK, body.to_vec()))
            } else {
                Err(Problem::conflict("this requestId was used for another question"))
            };
        }
        let body = serde_json::to_vec(&answer()).map_err(internal)?;
        if remembered.order.len() >= Self::CAPACITY
            && let Some(oldest) = remembered.order.pop_front()
        {
            remembered.by_request.remove(&oldest);
        }
        remembered.order.push_back(key.clone());
        remembered.by_request.insert(key, (fingerprint, Bytes::from(body.clone())));
        Ok(json_bytes(StatusCode::OK, body))
    }
}
