//! Asking a register: outside any transaction, again and again until it answers.

use house::InCity;
use jobs::Job;
use kernel::{Cx, Error, Result, TaskToken, Uuid};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    model::{self, Kind, Meaning},
    peer::{Register, Said},
    service,
    store::{self, Request},
};

#[derive(Serialize, Deserialize)]
pub struct Ask {
    pub request: Uuid,
    /// The place in the process that waits for the answer.
    #[serde(default)]
    pub task: Option<TaskToken>,
}

impl Job for Ask {
    const NAME: &'static str = "registers.ask";
    /// With six hours between the later attempts, about seven weeks.
    const MAX_ATTEMPTS: u32 = 200;

    fn task(&self) -> Option<TaskToken> {
        self.task
    }
}

pub async fn ask(cx: Cx, job: Ask) -> Result<()> {
    let city = cx.city()?;
    let request = match store::request(&mut city.db.read().await?, job.request).await {
        // The case was deleted meanwhile.
        Err(Error::NotFound) => return Ok(()),
        found => found?,
    };
    if request.state != "waiting" {
        return Ok(());
    }
    let kind =
        Kind::from_code(&request.kind).ok_or_else(|| Error::internal(format!("unknown register {}", request.kind)))?;
    let register = || Register::of(&city, kind.code());
    let said = match kind {
        Kind::Population => population(&register()?, &request).await?,
        // The register looks by year. What cannot be looked up is a registrar's work.
        Kind::Civil if request.question.get("date").is_none() => {
            Said::Answer(Kept { meaning: BY_HAND, differences: None, record: None })
        }
        Kind::Civil => civil(&register()?, &request).await?,
    };
    db::write!(city.db, |tx| {
        match &said {
            Said::Answer(kept) => {
                let answer = store::Answer {
                    result: kept.meaning.result,
                    differences: kept.differences.clone(),
                    record: kept.record.clone(),
                    restricted: kept.meaning.restricted,
                };
                service::settle(&cx, tx, &request, kind, &answer).await
            }
            Said::Refused(status) => {
                tracing::error!(register = kind.code(), status, request = %request.id, "question refused");
                service::give_up(&cx, tx, &request).await
            }
        }
    })
}

const BY_HAND: Meaning = Meaning { result: "needs-registrar", restricted: false };

/// What is kept of an answer.
struct Kept {
    meaning: Meaning,
    differences: Option<Value>,
    record: Option<Value>,
}

fn unknown(peer: &'static str) -> Error {
    Error::Peer { peer, message: "answered with an unknown result".into() }
}

async fn population(register: &Register, request: &Request) -> Result<Said<Kept>> {
    let answer = match register.match_person(request.id, &request.question).await? {
        Said::Refused(status) => return Ok(Said::Refused(status)),
        Said::Answer(answer) => answer,
    };
    let meaning = model::population_meaning(&answer.result).ok_or_else(|| unknown("population"))?;
    // Only what the result calls for is kept, whatever else came along.
    let differences = (meaning.result == "differs").then(|| serde_json::to_value(&answer.differences)).transpose()?;
    let record = match (meaning.result, answer.record) {
        ("full", Some(record)) => Some(Value::Object(record)),
        ("full", None) => return Err(Error::Peer { peer: "population", message: "a match without a record".into() }),
        _ => None,
    };
    Ok(Said::Answer(Kept { meaning, differences, record }))
}

async fn civil(register: &Register, request: &Request) -> Result<Said<Kept>> {
    Ok(match register.look_up(request.id, &request.question).await? {
        Said::Refused(status) => Said::Refused(status),
        Said::Answer(answer) => {
            let meaning = model::civil_meaning(&answer.result).ok_or_else(|| unknown("civil"))?;
            Said::Answer(Kept { meaning, differences: None, record: None })
        }
    })
}
