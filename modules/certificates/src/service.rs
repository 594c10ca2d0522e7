//! What processes and other modules may ask for. Printing is a job: a process step never waits for the press.

use contract_certificates::{CertificateId, CertificatesOf, IssueCertificate, WriteLetter, WriteNote};
use contract_records::{AddStep, Audience, CaseView, Cases};
use contract_registers::PopulationAnswer;
use db::{Rx, Tx};
use house::{Call, InCity};
use kernel::{CaseId, Cx, Date, Error, Event, Result, StaffId, Subject, TaskOutcome};
use serde::{Deserialize, Serialize};

use crate::{
    EVIDENCE_CERTIFICATE,
    decisions::{Decisions, Fees},
    jobs::{Issue, Note, Write},
    printing, store,
};

/// The certificate that can be made of a register's record.
pub const MELDEBESCHEINIGUNG: &str = "meldebescheinigung";

/// # Errors
/// Refused with `certificates-no-record` when the register gave nothing to print.
pub async fn issue(cx: &Cx, tx: &mut Tx, c: IssueCertificate) -> Result<TaskOutcome> {
    if c.kind != MELDEBESCHEINIGUNG {
        return Err(Error::internal(format!("certificate kind {} is unknown", c.kind)));
    }
    let answer = cx.ask(tx, PopulationAnswer { case: c.case }).await?;
    if answer.and_then(|a| a.record).is_none() {
        return Err(Error::refused("certificates-no-record"));
    }
    jobs::enqueue(tx, cx, &Issue { case: c.case, token: c.token, kind: c.kind }).await?;
    Ok(TaskOutcome::Waiting)
}

/// # Errors
/// Refused with `certificates-no-remedy` when a Verwaltungsakt has no remedy text that is valid today.
pub async fn write_letter(cx: &Cx, tx: &mut Tx, c: WriteLetter) -> Result<TaskOutcome> {
    let city = cx.city()?;
    let decisions = Decisions::of(&city.content)?;
    let decision = decisions.get(&c.decision)?;
    let case = case(cx, tx, c.case).await?;
    let fees = Fees::of(&city.content)?;
    let fee = fees.of_decision(decision, applied_on(&case))?;
    decisions.instruction(decision, cx.today(), fee.is_some())?;
    let job = Write { case: c.case, token: c.token, decision: c.decision, task: c.task };
    jobs::enqueue(tx, cx, &job).await?;
    Ok(TaskOutcome::Waiting)
}

pub async fn write_note(cx: &Cx, tx: &mut Tx, c: WriteNote) -> Result<()> {
    let note = store::Note {
        case_id: c.case,
        title: c.title,
        paragraphs: serde_json::to_value(&c.paragraphs)?,
        document_id: None,
    };
    if store::add_note(tx, c.reference, &note).await? {
        jobs::enqueue(tx, cx, &Note { reference: c.reference }).await?;
    }
    Ok(())
}

pub async fn of_case(_: &Cx, rx: &mut Rx, q: CertificatesOf) -> Result<Vec<CertificateId>> {
    Ok(store::certificates_of(rx, q.case).await?.into_iter().map(|c| c.id).collect())
}

/// The day of application: its fee rows count.
pub fn applied_on(case: &CaseView) -> Date {
    case.opened_at.to_zoned(kernel::berlin()).date()
}

pub async fn case(cx: &Cx, rx: &mut Rx, id: CaseId) -> Result<CaseView> {
    cx.ask(rx, Cases { ids: vec![id] }).await?.pop().ok_or(Error::NotFound)
}

/// The office that leads the case, by name.
pub async fn office(cx: &Cx, rx: &mut Rx, case: &CaseView) -> Result<String> {
    let units = identity::units(rx).await?;
    let name = units.get(&case.unit).map(|unit| unit.name.clone());
    Ok(name.unwrap_or(cx.city()?.file.name.clone()))
}

/// A certificate was withdrawn: whoever checks its code is told so from now on.
#[derive(Serialize, Deserialize)]
struct CertificateWithdrawn {
    certificate: CertificateId,
    case: CaseId,
}

impl Event for CertificateWithdrawn {
    const NAME: &'static str = "certificates.withdrawn";
    fn subject(&self) -> Subject {
        self.certificate.into()
    }
}

/// Withdraws a certificate; a second time changes nothing. The reason stays inside.
pub async fn withdraw(cx: &Cx, tx: &mut Tx, id: CertificateId, by: StaffId, reason: &str) -> Result<()> {
    let certificate = store::certificate(tx, id).await?;
    if !store::withdraw(tx, id, cx.now(), by, reason).await? {
        return Ok(());
    }
    let event = CertificateWithdrawn { certificate: id, case: certificate.case_id };
    journal::emit_evidence(tx, cx, &event, None, &EVIDENCE_CERTIFICATE).await?;
    step(cx, tx, certificate.case_id, "certificate-withdrawn").await
}

/// A step of the case that the applicant sees.
pub async fn step(cx: &Cx, tx: &mut Tx, case: CaseId, code: &str) -> Result<()> {
    let step = AddStep { case, code: code.into(), args: Vec::new(), audience: Audience::Applicant, media_break: false };
    cx.call(tx, step).await
}

/// Every fault of the city's letters and decision types.
pub fn check(app: &house::App, content: &content::Content) -> Vec<String> {
    let letters = printing::letters(content);
    let mut faults: Vec<String> =
        letters.iter().filter_map(|name| printing::template(content, name).err()).map(|e| e.to_string()).collect();
    let Some(item) = content.get("city", "decisions") else { return faults };
    let today = app.sources.now().to_zoned(kernel::berlin()).date();
    match Decisions::of(content).and_then(|decisions| Ok((decisions, Fees::of(content)?))) {
        Ok((decisions, fees)) => faults.extend(decisions.check(&item, &letters, &fees, today)),
        Err(error) => faults.push(error.to_string()),
    }
    faults
}
