//! The registers as they are spoken to: JSON over HTTP with a bearer token of the city.

use house::City;
use kernel::{Error, Result, Uuid};
use peers::Peer;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::model::Difference;

/// A register of one city.
pub struct Register {
    peer: Peer,
    name: &'static str,
}

/// What came back from a register.
pub enum Said<T> {
    Answer(T),
    /// The question itself was refused: asking again would not help. Status of the answer.
    Refused(u16),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PopulationAnswer {
    pub request_id: String,
    pub result: String,
    #[serde(default)]
    pub differences: Vec<Difference>,
    #[serde(default)]
    pub record: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CivilAnswer {
    pub request_id: String,
    pub result: String,
}

trait Answered {
    fn request_id(&self) -> &str;
}

impl Answered for PopulationAnswer {
    fn request_id(&self) -> &str {
        &self.request_id
    }
}

impl Answered for CivilAnswer {
    fn request_id(&self) -> &str {
        &self.request_id
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    request_id: String,
    #[serde(flatten)]
    question: &'a Value,
}

impl Register {
    /// The city's register of this name; its address is the one of the city, e.g. `…/register/05162022`.
    ///
    /// # Errors
    /// When the operator has configured none, or its secret cannot be read.
    pub fn of(city: &City, name: &'static str) -> Result<Register> {
        let peer = Peer::new(name, &city.peer(name)?.url, city.secret(name)?)?;
        Ok(Register { peer, name })
    }

    pub async fn match_person(&self, request: Uuid, question: &Value) -> Result<Said<PopulationAnswer>> {
        self.ask("/population/match", request, question).await
    }

    pub async fn look_up(&self, request: Uuid, question: &Value) -> Result<Said<CivilAnswer>> {
        self.ask("/civil/lookup", request, question).await
    }

    async fn ask<T: serde::de::DeserializeOwned + Answered>(
        &self,
        path: &str,
        request: Uuid,
        question: &Value,
    ) -> Result<Said<T>> {
        let request_id = request.to_string();
        let body = Envelope { request_id: request_id.clone(), question };
        let answer = self.peer.post_json(path, &body).await?;
        // 400 and 409 speak of this question; everything else (credentials, load, faults) may be better tomorrow.
        if matches!(answer.status, 400 | 409 | 422) {
            return Ok(Said::Refused(answer.status));
        }
        let said: T = answer.expect_success()?.json()?;
        if said.request_id() != request_id {
            return Err(Error::Peer { peer: self.name, message: "answered another request".into() });
        }
        Ok(Said::Answer(said))
    }
}
