use contract_processes::{TaskFailed, TaskFinished};
use contract_records::{AddStep, Audience, CaseView, Cases};
use contract_registers::{Answered, AskCivil, AskPopulation, NoteCivilEntry, PopulationAnswer};
use db::{Rx, Tx};
use house::Call;
use kernel::{CaseId, Cx, Error, Event, Result, Subject, TaskOutcome, TaskToken, Uuid};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    jobs::Ask,
    model::{self, CivilPerson, CivilQuestion, Difference, Kind, PopulationQuestion},
    store::{self, Request},
};

/// A register is asked in a case.
#[derive(Serialize, Deserialize)]
struct Asked {
    request: Uuid,
    case: CaseId,
    kind: String,
}

impl Event for Asked {
    const NAME: &'static str = "registers.asked";
    fn subject(&self) -> Subject {
        self.case.into()
    }
}

/// A register has answered.
#[derive(Serialize, Deserialize)]
struct RegisterAnswered {
    request: Uuid,
    case: CaseId,
    kind: String,
    result: String,
}

impl Event for RegisterAnswered {
    const NAME: &'static str = "registers.answered";
    fn subject(&self) -> Subject {
        self.case.into()
    }
}

/// Somebody asked for an entry with a Sperrvermerk; the request must be reported (§ 64 PStG). It is told of the request
/// and not of the case: what is told of a case is in the export for its applicant.
#[derive(Serialize, Deserialize)]
struct SperrvermerkAsked {
    request: Uuid,
    case: CaseId,
}

impl Event for SperrvermerkAsked {
    const NAME: &'static str = "registers.sperrvermerk-asked";
    fn subject(&self) -> Subject {
        Subject { kind: "register-request", id: self.request }
    }
}

pub(crate) async fn case(cx: &Cx, rx: &mut Rx, id: CaseId) -> Result<CaseView> {
    cx.ask(rx, Cases { ids: vec![id] }).await?.pop().ok_or(Error::NotFound)
}

pub async fn ask_population(cx: &Cx, tx: &mut Tx, c: AskPopulation) -> Result<TaskOutcome> {
    let case = case(cx, tx, c.case).await?;
    let (groups, unavailable) = model::groups(&c.fields);
    let mut question = PopulationQuestion::of(&case.party, &case.title, groups);
    if c.corrected
        && let Some(earlier) = store::latest_answered(tx, c.case, Kind::Population).await?
        && let Some(differences) = earlier.differences
    {
        question = question.corrected(&serde_json::from_value::<Vec<Difference>>(differences)?);
    }
    let question = Question { proven: question.identity_proven, text: serde_json::to_value(question)?, unavailable };
    enqueue(cx, tx, c.case, c.token, Kind::Population, question).await
}

/// # Errors
/// `civil-entry-missing` when the application named no entry, `register-event` for an event that no register has.
pub async fn ask_civil(cx: &Cx, tx: &mut Tx, c: AskCivil) -> Result<TaskOutcome> {
    let event = model::event_code(&c.event).ok_or_else(|| Error::refused("register-event"))?;
    let entry = store::civil(tx, c.case).await?.ok_or_else(|| Error::refused("civil-entry-missing"))?;
    let question = CivilQuestion {
        event: event.to_owned(),
        date: entry.date,
        place: entry.place,
        person: CivilPerson { family_name: entry.family_name, first_names: entry.first_names },
    };
    let proven = case(cx, tx, c.case).await?.party.is_proven();
    let question = Question { proven, text: serde_json::to_value(question)?, unavailable: Vec::new() };
    enqueue(cx, tx, c.case, c.token, Kind::Civil, question).await
}

/// What is asked.
struct Question {
    text: Value,
    /// Whether the applicant was proved.
    proven: bool,
    /// Codes the register has no data for.
    unavailable: Vec<String>,
}

async fn enqueue(
    cx: &Cx,
    tx: &mut Tx,
    case: CaseId,
    token: TaskToken,
    kind: Kind,
    question: Question,
) -> Result<TaskOutcome> {
    let request = Request {
        id: cx.sources.uuid(),
        case_id: case,
        instance: token.instance,
        token: i64::try_from(token.token).map_err(Error::internal)?,
        kind: kind.code().to_owned(),
        question: question.text,
        proven: question.proven,
        unavailable: json!(question.unavailable),
        state: "waiting".to_owned(),
        result: None,
        differences: None,
        record: None,
        asked_at: cx.now(),
        answered_at: None,
    };
    store::add(tx, &request).await?;
    journal::emit(tx, cx, &Asked { request: request.id, case, kind: request.kind }).await?;
    jobs::enqueue(tx, cx, &Ask { request: request.id, task: Some(token) }).await?;
    Ok(TaskOutcome::Waiting)
}

pub async fn note_civil_entry(cx: &Cx, tx: &mut Tx, c: NoteCivilEntry) -> Result<()> {
    let entry = store::CivilEntry {
        family_name: c.family_name.trim().to_owned(),
        first_names: c.first_names.trim().to_owned(),
        date: c.date.map(|date| date.to_string()),
        place: c.place.trim().to_owned(),
        register_number: c.register_number.filter(|number| !number.trim().is_empty()),
    };
    store::note_civil(tx, c.case, &entry, cx.now()).await
}

pub async fn population_answer(_: &Cx, rx: &mut Rx, q: PopulationAnswer) -> Result<Option<Answered>> {
    let Some(request) = store::latest_answered(rx, q.case, Kind::Population).await? else { return Ok(None) };
    Ok(request.result.zip(request.answered_at).map(|(result, at)| Answered { result, at, record: request.record }))
}

fn token(request: &Request) -> Result<TaskToken> {
    let token = u64::try_from(request.token).map_err(Error::internal)?;
    Ok(TaskToken { instance: request.instance, token })
}

/// Stores an answer and lets the process go on. An answer that comes a second time changes nothing.
pub async fn settle(cx: &Cx, tx: &mut Tx, request: &Request, kind: Kind, answer: &store::Answer<'_>) -> Result<()> {
    if !store::answer(tx, request.id, answer, cx.now()).await? {
        return Ok(());
    }
    let (id, case) = (request.id, request.case_id);
    let event = RegisterAnswered { request: id, case, kind: request.kind.clone(), result: answer.result.to_owned() };
    journal::emit(tx, cx, &event).await?;
    if answer.restricted {
        journal::emit(tx, cx, &SperrvermerkAsked { request: id, case }).await?;
    }
    let vars = [(kind.variable(), json!(answer.result)), ("unavailable", request.unavailable.clone())];
    journal::emit(tx, cx, &TaskFinished::new(token(request)?, vars)).await?;
    let step = AddStep {
        case,
        code: "register-asked".into(),
        args: Vec::new(),
        audience: Audience::Applicant,
        media_break: false,
    };
    cx.call(tx, step).await
}

/// The register refused the question: the process takes the way drawn for it, or the case waits for its owner.
pub async fn give_up(cx: &Cx, tx: &mut Tx, request: &Request) -> Result<()> {
    if store::fail(tx, request.id, cx.now()).await? {
        journal::emit(tx, cx, &TaskFailed { token: token(request)?, code: "register-refused".into() }).await?;
    }
    Ok(())
}
