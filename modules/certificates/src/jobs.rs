//! The press: each job makes one document, and a job that runs twice makes none the second time.

use contract_certificates::{CertificateIssued, NoteWritten};
use contract_desk::TaskTexts;
use contract_processes::TaskFinished;
use contract_records::{AddDocument, Audience};
use contract_registers::PopulationAnswer;
use contract_services::ApplicationOf;
use db::Tx;
use house::{Call, City, InCity};
use jobs::Job;
use kernel::{CaseId, Cx, DocumentId, Error, Event, Id, Result, Subject, TaskToken, Uuid, canonical_json, sha256};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    EVIDENCE_CERTIFICATE, EVIDENCE_DECISION, code,
    decisions::{Decisions, Fees, Instruction},
    letter::{Head, address_block},
    printing::{self, Printed, Sheet},
    record::{Record, Ticked},
    service, store,
};

const PDF: &str = "application/pdf";

fn once(token: TaskToken) -> String {
    format!("{}/{}", token.instance, token.token)
}

/// Makes a certificate.
#[derive(Serialize, Deserialize)]
pub struct Issue {
    pub case: CaseId,
    pub token: TaskToken,
    pub kind: String,
}

impl Job for Issue {
    const NAME: &'static str = "certificates.issue";
    /// Somebody waits for it at the screen.
    const PRIORITY: i64 = 10;

    fn dedup_key(&self) -> Option<String> {
        Some(once(self.token))
    }

    fn task(&self) -> Option<TaskToken> {
        Some(self.token)
    }
}

pub async fn issue(cx: Cx, job: Issue) -> Result<()> {
    let (app, city) = (cx.app()?, cx.city()?);
    let mut rx = city.db.read().await?;
    if store::certificate_made(&mut rx, job.token).await? {
        return Ok(());
    }
    let case = service::case(&cx, &mut rx, job.case).await?;
    let answer = cx.ask(&mut rx, PopulationAnswer { case: job.case }).await?;
    let record = answer.and_then(|a| a.record).ok_or_else(|| Error::internal("the register's record is gone"))?;
    let application = cx.ask(&mut rx, ApplicationOf { case: job.case }).await?;
    let office = service::office(&cx, &mut rx, &case).await?;
    drop(rx);

    let record = Record::read(record)?;
    let ticked = Ticked::of(&application.map(|a| a.codes).unwrap_or_default());
    let title = if ticked.extended() { "Erweiterte Meldebescheinigung" } else { "Meldebescheinigung" };
    let printed_code = code::fresh(&cx);
    let code_hash = code::hash(&code::read(&printed_code).unwrap_or_default());
    let url = format!("{}/pruefen/{printed_code}", app.public_address(&city));
    let today = cx.today();
    let head = Head { city: &city, office: &office, case: &case, recipient: record.recipient(), today };
    let id = cx.new_id();
    let sheet = Sheet {
        template: &job.kind,
        title,
        author: &office,
        id: Id::uuid(id),
        data: head.certificate(record.printed(&ticked), &printed_code, &url),
    };
    let printed = printing::print(&cx, &app, &city, sheet).await?;

    let written = db::write!(city.db, |tx| {
        if store::certificate_made(tx, job.token).await? {
            return Ok(false);
        }
        let audience = if case.party.is_proven() { Audience::Applicant } else { Audience::Staff };
        let new = Filed { case: job.case, kind: "bescheinigung", title, name: &job.kind, audience };
        let document = file(&cx, tx, &printed, new).await?;
        let certificate = store::Certificate {
            id,
            case_id: job.case,
            kind: job.kind.clone(),
            title: title.into(),
            office: office.clone(),
            issued_on: today,
            document_id: document,
            pdf_sha256: printed.sha256,
            state: store::GENUINE.into(),
            withdrawn_at: None,
            withdrawn_reason: None,
        };
        store::add_certificate(tx, &certificate, job.token, code_hash).await?;
        let event = CertificateIssued { certificate: id, case: job.case, kind: job.kind.clone() };
        journal::emit_evidence(tx, &cx, &event, None, &EVIDENCE_CERTIFICATE).await?;
        service::step(&cx, tx, job.case, "certificate-issued").await?;
        finish(&cx, tx, job.token, document).await?;
        Ok(true)
    });
    keep(&city, &printed, written).await
}

/// Makes a letter or decision.
#[derive(Serialize, Deserialize)]
pub struct Write {
    pub case: CaseId,
    pub token: TaskToken,
    pub decision: String,
    pub task: String,
}

impl Job for Write {
    const NAME: &'static str = "certificates.write";

    fn dedup_key(&self) -> Option<String> {
        Some(once(self.token))
    }

    fn task(&self) -> Option<TaskToken> {
        Some(self.token)
    }
}

kernel::id!(
    /// A letter or decision kept for proof.
    DecisionId, DecisionKind, "decision"
);

/// A letter or decision was written.
#[derive(Serialize, Deserialize)]
struct DecisionWritten {
    decision: DecisionId,
    case: CaseId,
    kind: String,
}

impl Event for DecisionWritten {
    const NAME: &'static str = "certificates.decision-written";
    fn subject(&self) -> Subject {
        self.decision.into()
    }
}

pub async fn write(cx: Cx, job: Write) -> Result<()> {
    let (app, city) = (cx.app()?, cx.city()?);
    let mut rx = city.db.read().await?;
    if store::decision_made(&mut rx, job.token).await? {
        return Ok(());
    }
    let decisions = Decisions::of(&city.content)?;
    let decision = decisions.get(&job.decision)?;
    let case = service::case(&cx, &mut rx, job.case).await?;
    let texts = match job.task.as_str() {
        "" => Vec::new(),
        task => cx.ask(&mut rx, TaskTexts { case: job.case, element: task.into() }).await?,
    };
    let office = service::office(&cx, &mut rx, &case).await?;
    drop(rx);

    let today = cx.today();
    let fees = Fees::of(&city.content)?;
    let fee = fees.of_decision(decision, service::applied_on(&case))?;
    let instruction = decisions.instruction(decision, today, fee.is_some())?;
    let head = Head { city: &city, office: &office, case: &case, recipient: address_block(&case.party), today };
    let data = head.decision(decision, &texts, fee, &instruction)?;
    let text_sha256 = sha256(&[canonical_json(&data)?.as_bytes()]);
    let title = data["subject"].as_str().unwrap_or(&decision.title).to_owned();
    let id: DecisionId = cx.new_id();
    let sheet = Sheet { template: &decision.template, title: &title, author: &office, id: id.uuid(), data };
    let printed = printing::print(&cx, &app, &city, sheet).await?;

    let written = db::write!(city.db, |tx| {
        if store::decision_made(tx, job.token).await? {
            return Ok(false);
        }
        let new = Filed {
            case: job.case,
            kind: &decision.document,
            title: &title,
            name: &job.decision,
            audience: Audience::Applicant,
        };
        let document = file(&cx, tx, &printed, new).await?;
        let new = store::NewDecision {
            id: id.uuid(),
            case: job.case,
            token: job.token,
            decision: &job.decision,
            kind: decision.kind.code(),
            remedy_basis: match &instruction {
                Instruction::Verwaltungsakt { basis, .. } => basis,
                Instruction::KeinVerwaltungsakt => "",
            },
            text_sha256,
            document,
            pdf_sha256: printed.sha256,
            at: cx.now(),
        };
        store::add_decision(tx, &new).await?;
        let event = DecisionWritten { decision: id, case: job.case, kind: job.decision.clone() };
        journal::emit_evidence(tx, &cx, &event, None, &EVIDENCE_DECISION).await?;
        service::step(&cx, tx, job.case, "letter-written").await?;
        finish(&cx, tx, job.token, document).await?;
        Ok(true)
    });
    keep(&city, &printed, written).await
}

/// Makes a plain letter.
#[derive(Serialize, Deserialize)]
pub struct Note {
    pub reference: Uuid,
}

impl Job for Note {
    const NAME: &'static str = "certificates.note";

    fn dedup_key(&self) -> Option<String> {
        Some(self.reference.to_string())
    }
}

/// Template of plain letters.
const NOTE: &str = "mitteilung";

pub async fn note(cx: Cx, job: Note) -> Result<()> {
    let (app, city) = (cx.app()?, cx.city()?);
    let mut rx = city.db.read().await?;
    let note = match store::note(&mut rx, job.reference).await {
        // Its case was deleted before the letter was made.
        Err(Error::NotFound) => return Ok(()),
        found => found?,
    };
    if note.document_id.is_some() {
        return Ok(());
    }
    let case = service::case(&cx, &mut rx, note.case_id).await?;
    let office = service::office(&cx, &mut rx, &case).await?;
    drop(rx);

    let paragraphs: Vec<String> = serde_json::from_value(note.paragraphs)?;
    let recipient = address_block(&case.party);
    let head = Head { city: &city, office: &office, case: &case, recipient, today: cx.today() };
    let data = head.note(&note.title, &paragraphs);
    let sheet = Sheet { template: NOTE, title: &note.title, author: &office, id: job.reference, data };
    let printed = printing::print(&cx, &app, &city, sheet).await?;
    let written = db::write!(city.db, |tx| {
        if store::note(tx, job.reference).await?.document_id.is_some() {
            return Ok(false);
        }
        let new =
            Filed { case: case.id, kind: "schreiben", title: &note.title, name: NOTE, audience: Audience::Applicant };
        let document = file(&cx, tx, &printed, new).await?;
        store::note_made(tx, job.reference, document).await?;
        journal::emit(tx, &cx, &NoteWritten { case: case.id, reference: job.reference, document }).await?;
        Ok(true)
    });
    keep(&city, &printed, written).await
}

/// How a printed document is put into its case.
struct Filed<'a> {
    case: CaseId,
    kind: &'a str,
    title: &'a str,
    /// File name without ending.
    name: &'a str,
    audience: Audience,
}

async fn file(cx: &Cx, tx: &mut Tx, printed: &Printed, new: Filed<'_>) -> Result<DocumentId> {
    files::record(tx, cx, &printed.stored, &format!("{}.pdf", new.name), PDF).await?;
    let document = AddDocument {
        case: new.case,
        kind: new.kind.into(),
        title: new.title.into(),
        file: printed.stored.id,
        direction: "ausgang".into(),
        audience: new.audience,
    };
    cx.call(tx, document).await
}

async fn finish(cx: &Cx, tx: &mut Tx, token: TaskToken, document: DocumentId) -> Result<()> {
    let finished = TaskFinished::new(token, [("document", Value::String(document.to_string()))]);
    journal::emit(tx, cx, &finished).await.map(|_| ())
}

/// Takes the bytes away again when somebody else was faster. After an error they stay: whether a row names them is
/// not known, and what none names is collected with the orphans.
async fn keep(city: &City, printed: &Printed, written: Result<bool>) -> Result<()> {
    if !written? {
        city.files.remove(printed.stored.id).await?;
    }
    Ok(())
}

/// Forgets attempts of windows that have ended.
#[derive(Serialize, Deserialize)]
pub struct Tidy;

impl Job for Tidy {
    const NAME: &'static str = "certificates.tidy";
}

pub async fn tidy(cx: Cx, _: Tidy) -> Result<()> {
    let city = cx.city()?;
    db::write!(city.db, |tx| { store::forget_attempts(tx, cx.now()).await }).map(|_| ())
}
