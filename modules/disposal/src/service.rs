use std::collections::HashMap;

use contract_records::{
    CaseForArchive, CaseToOffer, CaseView, CasesForArchive, CasesToOffer, Disposal, SetDisposal, SetHeld,
};
use db::{Rx, Tx};
use house::Call;
use kernel::{CaseId, Cx, Date, Error, Event, Result, StaffId, Subject, Timestamp, Uuid, berlin};
use serde::{Deserialize, Serialize};

use crate::{
    OFFER,
    jobs::{Kind, RemovePackage, WritePackage},
    perm,
    store::{self, Hold, Message, Offer},
};

pub fn staff(cx: &Cx) -> Result<StaffId> {
    cx.actor.staff().ok_or(Error::StaffSignIn)
}

/// The day of a moment on the city's calendar.
pub fn day(at: Timestamp) -> Date {
    at.to_zoned(berlin()).date()
}

/// Cases were offered to the archive (0501).
#[derive(Serialize, Deserialize)]
struct CasesOffered {
    offer: Uuid,
    cases: usize,
}

impl Event for CasesOffered {
    const NAME: &'static str = "records.offered";
    fn subject(&self) -> Subject {
        of(self.offer)
    }
}

/// The archive said what it wants (0502).
#[derive(Serialize, Deserialize)]
struct Appraised {
    offer: Uuid,
    wanted: usize,
    not_wanted: usize,
}

impl Event for Appraised {
    const NAME: &'static str = "records.appraised";
    fn subject(&self) -> Subject {
        of(self.offer)
    }
}

/// The archive said what it has taken over (0506).
#[derive(Serialize, Deserialize)]
struct TakenOver {
    offer: Uuid,
    cases: u64,
    failed: usize,
}

impl Event for TakenOver {
    const NAME: &'static str = "records.taken-over";
    fn subject(&self) -> Subject {
        of(self.offer)
    }
}

/// Deletion of a case is held back, or no longer.
#[derive(Serialize, Deserialize)]
struct Held {
    case: CaseId,
    held: bool,
}

impl Event for Held {
    const NAME: &'static str = "records.held";
    fn subject(&self) -> Subject {
        self.case.into()
    }
}

fn of(offer: Uuid) -> Subject {
    Subject { kind: OFFER.subject, id: offer }
}

/// Cases that have to be offered today and that the actor sees, those closed first in front; at most [`store::MOST`].
pub async fn to_offer(cx: &Cx, rx: &mut Rx) -> Result<Vec<CaseToOffer>> {
    cx.ask(rx, CasesToOffer { today: cx.today(), limit: store::MOST }).await
}

/// A case of an offer, with what the archive has to know of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Offered {
    pub case: CaseForArchive,
    /// What the rule of the plan says: A or B.
    pub proposal: String,
    /// What the archive decided: A or V.
    pub decision: Option<String>,
    pub archive_id: String,
}

/// The cases of an offer that are still there, by Aktenzeichen.
pub async fn offered(cx: &Cx, rx: &mut Rx, offer: Uuid) -> Result<Vec<Offered>> {
    let rows = store::offered(rx, offer).await?;
    let cases = cx.ask(rx, CasesForArchive { ids: rows.iter().map(|row| row.case_id).collect() }).await?;
    let mut rows: HashMap<CaseId, store::Offered> = rows.into_iter().map(|row| (row.case_id, row)).collect();
    let offered = cases.into_iter().filter_map(|case| {
        let store::Offered { proposal, decision, archive_id, .. } = rows.remove(&case.id)?;
        Some(Offered { case, proposal, decision, archive_id })
    });
    Ok(offered.collect())
}

/// Offers everything that is due to the archive (§ 4 Abs. 1, § 10 ArchivG NRW). Answers the offer, or none when nothing
/// is due.
pub async fn offer(cx: &Cx, tx: &mut Tx) -> Result<Option<Uuid>> {
    let due = to_offer(cx, tx).await?;
    if due.is_empty() {
        return Ok(None);
    }
    let offer = Offer {
        id: cx.sources.uuid(),
        state: "offered".into(),
        made_by: Some(staff(cx)?),
        made_at: cx.now(),
        appraised_by: None,
        appraised_at: None,
        handed_over_at: None,
        received_at: None,
    };
    store::add_offer(tx, &offer).await?;
    for case in &due {
        store::add_offered(tx, offer.id, case.id, &case.appraisal).await?;
    }
    let cases = due.iter().map(|case| case.id).collect();
    cx.call(tx, SetDisposal { cases, disposal: Disposal::Offered }).await?;
    journal::emit_evidence(tx, cx, &CasesOffered { offer: offer.id, cases: due.len() }, None, &OFFER).await?;
    jobs::enqueue(tx, cx, &WritePackage { offer: offer.id, kind: Kind::Offer }).await?;
    Ok(Some(offer.id))
}

/// Takes the archive's appraisal of all cases of an offer: A (wanted) or V. Somebody else than who offered decides.
///
/// # Errors
/// Refused for an offer that has been appraised, by whoever made it, and while a case has no decision.
pub async fn appraise(cx: &Cx, tx: &mut Tx, id: Uuid, decisions: &HashMap<CaseId, String>) -> Result<()> {
    let offer = store::offer(tx, id).await?;
    if offer.state != "offered" {
        return Err(Error::refused("disposal-offer-appraised"));
    }
    let by = staff(cx)?;
    if offer.made_by == Some(by) {
        return Err(Error::refused("disposal-offer-own"));
    }
    let (mut wanted, mut refused) = (0, Vec::new());
    for case in store::offered(tx, id).await? {
        let decision = decisions.get(&case.case_id).map(String::as_str);
        match decision {
            Some("A") => wanted += 1,
            Some("V") => refused.push(case.case_id),
            _ => return Err(Error::refused("disposal-offer-incomplete")),
        }
        store::decide(tx, id, case.case_id, decision.unwrap_or_default()).await?;
    }
    let not_wanted = refused.len();
    cx.call(tx, SetDisposal { cases: refused, disposal: Disposal::Settled }).await?;
    store::set_appraised(tx, id, by, cx.now()).await?;
    if wanted == 0 {
        store::set_state(tx, id, "done").await?;
    } else {
        jobs::enqueue(tx, cx, &WritePackage { offer: id, kind: Kind::HandOver }).await?;
    }
    journal::emit_evidence(tx, cx, &Appraised { offer: id, wanted, not_wanted }, None, &OFFER).await?;
    Ok(())
}

/// What the archive says of one object of 0506.
pub struct Imported {
    pub case: CaseId,
    pub good: bool,
    pub archive_id: String,
}

/// Takes the archive's word on what it has taken over. Only those cases may be deleted.
///
/// # Errors
/// Refused before the hand-over.
pub async fn imported(cx: &Cx, tx: &mut Tx, id: Uuid, all: &[Imported]) -> Result<()> {
    let offer = store::offer(tx, id).await?;
    if offer.handed_over_at.is_none() {
        return Err(Error::refused("disposal-offer-not-handed-over"));
    }
    let mut taken = Vec::new();
    for one in all.iter().filter(|one| one.good) {
        if store::settle(tx, id, one.case, &one.archive_id).await? > 0 {
            taken.push(one.case);
        }
    }
    let cases = taken.len() as u64;
    cx.call(tx, SetDisposal { cases: taken, disposal: Disposal::Settled }).await?;
    if store::offered(tx, id).await?.iter().all(|case| case.settled) {
        store::set_state(tx, id, "done").await?;
        // The package holds the documents of all its cases; it goes before the first of them is deleted.
        for message in store::messages(tx, id).await?.into_iter().filter(|message| message.kind == "0503") {
            forget(cx, tx, &message).await?;
        }
    }
    let failed = all.iter().filter(|one| !one.good).count();
    journal::emit_evidence(tx, cx, &TakenOver { offer: id, cases, failed }, None, &OFFER).await?;
    Ok(())
}

async fn forget(cx: &Cx, tx: &mut Tx, message: &Message) -> Result<()> {
    store::remove_message(tx, message.id).await?;
    files::forget(tx, cx, message.file_id).await?;
    jobs::enqueue(tx, cx, &RemovePackage { file: message.file_id }).await
}

/// Forgets the messages of an offer of which no case is left: titles and Aktenzeichen of what was deleted stand in them.
/// That there was the offer, when, and how many cases it had, stays in its row and in the journal.
pub async fn forget_messages(cx: &Cx, tx: &mut Tx, offer: Uuid) -> Result<()> {
    for message in store::messages(tx, offer).await? {
        forget(cx, tx, &message).await?;
    }
    Ok(())
}

/// The archive has the package (0507).
pub async fn received(cx: &Cx, tx: &mut Tx, id: Uuid) -> Result<()> {
    store::set_received(tx, id, cx.now()).await
}

/// Holds back the deletion of a case.
///
/// # Errors
/// `Forbidden` without the right in the case's unit.
pub async fn hold(cx: &Cx, tx: &mut Tx, case: &CaseView, reason: String) -> Result<()> {
    if !cx.actor.allows_in(perm::HOLD, &case.unit) {
        return Err(Error::Forbidden);
    }
    let hold =
        Hold { id: cx.sources.uuid(), case_id: case.id, reason, set_by: staff(cx)?, set_at: cx.now(), lifted_at: None };
    store::add_hold(tx, &hold).await?;
    cx.call(tx, SetHeld { case: case.id, held: true }).await?;
    journal::emit(tx, cx, &Held { case: case.id, held: true }).await?;
    Ok(())
}

/// # Errors
/// As [`hold`]; `NotFound` when it is not in force.
pub async fn lift(cx: &Cx, tx: &mut Tx, case: &CaseView, hold: Uuid) -> Result<()> {
    if !cx.actor.allows_in(perm::HOLD, &case.unit) {
        return Err(Error::Forbidden);
    }
    store::lift(tx, case.id, hold, staff(cx)?, cx.now()).await?;
    // Another one may still hold it.
    let held = store::is_held(tx, case.id).await?;
    cx.call(tx, SetHeld { case: case.id, held }).await?;
    journal::emit(tx, cx, &Held { case: case.id, held }).await?;
    Ok(())
}
