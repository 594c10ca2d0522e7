use std::collections::HashMap;

use contract_circulation::{AddFollowUp, OpenFolders, SendFolder, StepKind};
use contract_records::{AddStep, Audience, CaseView, CasesSeen, MayWrite, VisibleCase};
use db::{Rx, Tx};
use house::Call;
use identity::StaffLine;
use kernel::{CaseId, Cx, Date, Error, Event, Result, StaffId, Subject, Uuid};
use serde::{Deserialize, Serialize};

use crate::{
    CIRCULATION, CIRCULATION_STEP, LEAD_FILES, SEE_CASES,
    store::{self, Folder, FollowUp, Step, Todo},
};

pub fn staff(cx: &Cx) -> Result<StaffId> {
    cx.actor.staff().ok_or(Error::StaffSignIn)
}

/// How many lines a list has.
fn most() -> usize {
    usize::try_from(store::MOST).unwrap_or(0)
}

/// A folder was sent round.
#[derive(Serialize, Deserialize)]
struct Sent {
    circulation: Uuid,
    case: CaseId,
    steps: usize,
}

impl Event for Sent {
    const NAME: &'static str = "records.circulation-sent";
    fn subject(&self) -> Subject {
        of(self.circulation)
    }
}

/// A folder is back: everybody did their step, somebody returned it, or it was withdrawn.
#[derive(Serialize, Deserialize)]
struct Ended {
    circulation: Uuid,
    how: String,
}

impl Event for Ended {
    const NAME: &'static str = "records.circulation-ended";
    fn subject(&self) -> Subject {
        of(self.circulation)
    }
}

/// A step was addressed to somebody.
#[derive(Serialize, Deserialize)]
struct StepAddressed {
    step: Uuid,
    addressee: StaffId,
}

impl Event for StepAddressed {
    const NAME: &'static str = "records.circulation-step-addressed";
    fn subject(&self) -> Subject {
        Subject { kind: CIRCULATION_STEP.subject, id: self.step }
    }
}

/// A step was done, by its addressee or a deputy.
#[derive(Serialize, Deserialize)]
struct StepDone {
    step: Uuid,
    outcome: String,
    by: StaffId,
    deputy: bool,
}

impl Event for StepDone {
    const NAME: &'static str = "records.circulation-step-done";
    fn subject(&self) -> Subject {
        Subject { kind: CIRCULATION_STEP.subject, id: self.step }
    }
}

fn of(circulation: Uuid) -> Subject {
    Subject { kind: CIRCULATION.subject, id: circulation }
}

/// The folder with its case, for who sees the case.
///
/// # Errors
/// `NotFound` for everybody else, as for a folder that does not exist.
pub async fn folder(cx: &Cx, rx: &mut Rx, id: Uuid) -> Result<(Folder, CaseView)> {
    let folder = store::folder(rx, id).await?;
    let case = cx.ask(rx, VisibleCase { case: folder.case_id }).await?;
    Ok((folder, case))
}

/// Those lines whose case the actor sees, with the case.
async fn seen<T>(cx: &Cx, rx: &mut Rx, lines: Vec<T>, case_of: fn(&T) -> CaseId) -> Result<Vec<(T, CaseView)>> {
    let mut ids: Vec<CaseId> = lines.iter().map(case_of).collect();
    ids.sort_unstable();
    ids.dedup();
    let cases = cx.ask(rx, CasesSeen { ids }).await?;
    let cases: HashMap<CaseId, CaseView> = cases.into_iter().map(|case| (case.id, case)).collect();
    let with_case = lines.into_iter().filter_map(|line| {
        let case = cases.get(&case_of(&line))?.clone();
        Some((line, case))
    });
    Ok(with_case.collect())
}

/// Open steps of somebody in cases that the actor sees, the oldest first.
pub async fn todo(cx: &Cx, rx: &mut Rx, addressee: StaffId) -> Result<Vec<(Todo, CaseView)>> {
    let (mut found, mut after) = (Vec::new(), (store::FIRST, Uuid::nil()));
    // What is hidden from the actor must not fill the list: what comes behind it waits as well.
    loop {
        let lines = store::todo(rx, addressee, after).await?;
        let last = lines.last().filter(|_| lines.len() == most()).map(|line| (line.opened_at, line.step));
        found.extend(seen(cx, rx, lines, |line| line.case_id).await?);
        match last {
            Some(last) if found.len() < most() => after = last,
            _ => break,
        }
    }
    found.truncate(most());
    Ok(found)
}

/// Folders that the actor made of cases that they still see, newest first.
pub async fn made(cx: &Cx, rx: &mut Rx) -> Result<Vec<(Folder, CaseView)>> {
    let (me, mut found, mut after) = (staff(cx)?, Vec::new(), (store::LAST, Uuid::max()));
    loop {
        let lines = store::made_by(rx, me, after).await?;
        let last = lines.last().filter(|_| lines.len() == most()).map(|folder| (folder.made_at, folder.id));
        found.extend(seen(cx, rx, lines, |folder| folder.case_id).await?);
        match last {
            Some(last) if found.len() < most() => after = last,
            _ => break,
        }
    }
    found.truncate(most());
    Ok(found)
}

/// Active staff to whom a step about this case may be addressed: they see it, and may open its page.
///
/// # Errors
/// `NotFound` for a case the actor does not see.
pub async fn addressees(cx: &Cx, rx: &mut Rx, case: CaseId) -> Result<Vec<StaffLine>> {
    let case = cx.ask(rx, VisibleCase { case }).await?;
    let seeing = store::who_holds(rx, case.cls).await?;
    let mut found = Vec::new();
    for line in identity::all_staff(rx).await? {
        if line.active
            && seeing.contains(&line.id)
            && identity::grants_of(rx, line.id, cx.today()).await?.anywhere(SEE_CASES)
        {
            found.push(line);
        }
    }
    Ok(found)
}

/// Sends a folder round. The Schlusszeichnung comes last, wherever it was named.
///
/// # Errors
/// `NotFound` and `Forbidden` as for writing in the case; refused without a step, with more than one Schlusszeichnung,
/// with one by whoever makes the folder, and for an addressee who does not see the case.
pub async fn send(cx: &Cx, tx: &mut Tx, new: SendFolder) -> Result<Uuid> {
    let case = new.case;
    cx.ask(tx, MayWrite { case }).await?;
    let maker = staff(cx)?;
    let (mut steps, last): (Vec<_>, Vec<_>) = new.steps.into_iter().partition(|(_, kind)| *kind != StepKind::Final);
    if last.len() > 1 {
        return Err(Error::refused("circulation-finals"));
    }
    if last.iter().any(|(addressee, _)| *addressee == maker) {
        return Err(Error::refused("circulation-own"));
    }
    steps.extend(last);
    if steps.is_empty() {
        return Err(Error::refused("circulation-empty"));
    }
    let known = addressees(cx, tx, case).await?;
    if steps.iter().any(|(addressee, _)| known.iter().all(|line| line.id != *addressee)) {
        return Err(Error::refused("circulation-addressee"));
    }
    let folder = Folder {
        id: cx.sources.uuid(),
        case_id: case,
        title: new.title,
        instruction: new.instruction,
        parallel: new.parallel,
        state: "open".into(),
        made_by: maker,
        made_at: cx.now(),
        ended_at: None,
    };
    store::add(tx, &folder).await?;
    let sent = Sent { circulation: folder.id, case, steps: steps.len() };
    journal::emit_evidence(tx, cx, &sent, None, &CIRCULATION).await?;
    for ((addressee, kind), n) in steps.into_iter().zip(1..) {
        let step = Step {
            id: cx.sources.uuid(),
            circulation_id: folder.id,
            n,
            addressee,
            kind: kind.code().to_owned(),
            opened_at: None,
            outcome: None,
            reason: String::new(),
            done_by: None,
            done_at: None,
        };
        store::add_step(tx, &step).await?;
        let addressed = StepAddressed { step: step.id, addressee };
        journal::emit_evidence(tx, cx, &addressed, None, &CIRCULATION_STEP).await?;
    }
    advance(cx, tx, &folder).await?;
    tell(cx, tx, &folder, "sent").await?;
    Ok(folder.id)
}

/// Steps that are opened now: the next one, or all of them but the Schlusszeichnung.
fn to_open(parallel: bool, steps: &[Step]) -> Vec<Uuid> {
    let pending: Vec<&Step> = steps.iter().filter(|step| step.outcome.is_none()).collect();
    let before_last = pending.iter().filter(|step| step.kind != "final").count();
    let now = if parallel && before_last > 0 { before_last } else { 1 };
    pending.into_iter().take(now).filter(|step| step.opened_at.is_none()).map(|step| step.id).collect()
}

async fn advance(cx: &Cx, tx: &mut Tx, folder: &Folder) -> Result<()> {
    let steps = store::steps(tx, folder.id).await?;
    if steps.iter().all(|step| step.outcome.is_some()) {
        return end(cx, tx, folder, "done").await;
    }
    for step in to_open(folder.parallel, &steps) {
        store::open_step(tx, step, cx.now()).await?;
    }
    Ok(())
}

async fn end(cx: &Cx, tx: &mut Tx, folder: &Folder, how: &'static str) -> Result<()> {
    store::end(tx, folder.id, how, cx.now()).await?;
    let ended = Ended { circulation: folder.id, how: how.to_owned() };
    journal::emit_evidence(tx, cx, &ended, None, &CIRCULATION).await?;
    tell(cx, tx, folder, how).await
}

/// A line of the case's timeline, for staff.
async fn tell(cx: &Cx, tx: &mut Tx, folder: &Folder, what: &str) -> Result<()> {
    let step = AddStep {
        case: folder.case_id,
        code: format!("circulation-{what}"),
        args: vec![("title".into(), folder.title.clone())],
        audience: Audience::Staff,
        media_break: false,
    };
    cx.call(tx, step).await
}

/// Those for whom somebody acts today: themselves first, then those they represent.
pub async fn acts_for(cx: &Cx, rx: &mut Rx) -> Result<Vec<StaffId>> {
    let me = staff(cx)?;
    let mut all = vec![me];
    all.extend(identity::represented_by(rx, me, cx.today()).await?.into_iter().filter(|id| *id != me));
    Ok(all)
}

/// Signs a step, or takes note of it.
///
/// # Errors
/// `NotFound` for a folder of a case the actor does not see; `Forbidden` for a step that is neither theirs nor of somebody
/// they represent; refused when it is not open, and for a Schlusszeichnung by whoever made the folder.
pub async fn sign(cx: &Cx, tx: &mut Tx, folder: Uuid, step: Uuid) -> Result<()> {
    let (folder, step) = mine(cx, tx, folder, step).await?;
    let outcome = if step.kind == "note" { "noted" } else { "signed" };
    done(cx, tx, &step, outcome, "").await?;
    advance(cx, tx, &folder).await
}

/// Gives a folder back to who made it, which ends it.
///
/// # Errors
/// As [`sign`]; what is for information only is not returned.
pub async fn give_back(cx: &Cx, tx: &mut Tx, folder: Uuid, step: Uuid, reason: &str) -> Result<()> {
    let (folder, step) = mine(cx, tx, folder, step).await?;
    if step.kind == "note" {
        return Err(Error::Forbidden);
    }
    done(cx, tx, &step, "returned", reason).await?;
    end(cx, tx, &folder, "returned").await
}

/// The step with its folder, if it is open and the actor may do it now.
async fn mine(cx: &Cx, rx: &mut Rx, folder: Uuid, step: Uuid) -> Result<(Folder, Step)> {
    let me = staff(cx)?;
    let (folder, _) = self::folder(cx, rx, folder).await?;
    let step = store::steps(rx, folder.id).await?.into_iter().find(|s| s.id == step).ok_or(Error::NotFound)?;
    if !acts_for(cx, rx).await?.contains(&step.addressee) {
        return Err(Error::Forbidden);
    }
    if !folder.is_open() || !step.is_open() {
        return Err(Error::refused("circulation-not-open"));
    }
    if is_own(&folder, &step, me) {
        return Err(Error::refused("circulation-own"));
    }
    Ok((folder, step))
}

/// Four eyes: whoever made the folder does not do its Schlusszeichnung, not as a deputy either.
pub fn is_own(folder: &Folder, step: &Step, actor: StaffId) -> bool {
    step.kind == "final" && folder.made_by == actor
}

async fn done(cx: &Cx, tx: &mut Tx, step: &Step, outcome: &'static str, reason: &str) -> Result<()> {
    let by = staff(cx)?;
    store::end_step(tx, step.id, outcome, reason, by, cx.now()).await?;
    let event = StepDone { step: step.id, outcome: outcome.to_owned(), by, deputy: by != step.addressee };
    journal::emit_evidence(tx, cx, &event, None, &CIRCULATION_STEP).await?;
    Ok(())
}

/// Takes a folder back that is still going round, e.g. because an addressee has left.
///
/// # Errors
/// `NotFound` for a folder of a case the actor does not see, `Forbidden` without the right to lead files in its unit,
/// refused when it is back already.
pub async fn withdraw(cx: &Cx, tx: &mut Tx, folder: Uuid) -> Result<()> {
    let (folder, case) = self::folder(cx, tx, folder).await?;
    if !cx.actor.allows_in(LEAD_FILES, &case.unit) {
        return Err(Error::Forbidden);
    }
    if !folder.is_open() {
        return Err(Error::refused("circulation-not-open"));
    }
    end(cx, tx, &folder, "withdrawn").await
}

/// How many folders of a case are still going round.
pub async fn open_folders(_: &Cx, rx: &mut Rx, q: OpenFolders) -> Result<i64> {
    store::open_of_case(rx, q.case).await
}

/// Puts a case on somebody's list; who may has been checked.
pub async fn add_follow_up(cx: &Cx, tx: &mut Tx, c: AddFollowUp) -> Result<()> {
    let new = FollowUp { id: cx.sources.uuid(), case_id: c.case, staff_id: c.staff, due: c.due, note: c.note };
    store::add_follow_up(tx, &new, cx.now()).await
}

/// What is due today in cases that the actor sees, own follow-ups and those of whoever is represented; the oldest first.
pub async fn due(cx: &Cx, rx: &mut Rx) -> Result<Vec<(FollowUp, CaseView)>> {
    let mut all = Vec::new();
    for whose in acts_for(cx, rx).await? {
        all.extend(due_of(cx, rx, whose).await?);
    }
    all.sort_by_key(|(follow_up, _)| (follow_up.due, follow_up.id));
    Ok(all)
}

async fn due_of(cx: &Cx, rx: &mut Rx, whose: StaffId) -> Result<Vec<(FollowUp, CaseView)>> {
    let (mut found, mut after) = (Vec::new(), (Date::constant(1970, 1, 1), Uuid::nil()));
    loop {
        let lines = store::due_by(rx, whose, cx.today(), after).await?;
        let last = lines.last().filter(|_| lines.len() == most()).map(|follow_up| (follow_up.due, follow_up.id));
        found.extend(seen(cx, rx, lines, |follow_up| follow_up.case_id).await?);
        match last {
            Some(last) if found.len() < most() => after = last,
            _ => break,
        }
    }
    found.truncate(most());
    Ok(found)
}

/// # Errors
/// `NotFound` for one that is done, of somebody else, or about a case the actor does not see.
pub async fn follow_up_done(cx: &Cx, tx: &mut Tx, id: Uuid) -> Result<()> {
    let found = store::follow_up(tx, id).await?;
    cx.ask(tx, VisibleCase { case: found.case_id }).await?;
    if !acts_for(cx, tx).await?.contains(&found.staff_id) {
        return Err(Error::NotFound);
    }
    store::follow_up_done(tx, id, cx.now()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(n: i64, kind: &str, opened: bool, outcome: Option<&str>) -> Step {
        let id = |n: i64| Uuid::from_u128(u128::from(n.unsigned_abs()));
        Step {
            id: id(n),
            circulation_id: id(100),
            n,
            addressee: StaffId::from_uuid(id(200)),
            kind: kind.into(),
            opened_at: opened.then_some(kernel::Timestamp::UNIX_EPOCH),
            outcome: outcome.map(str::to_owned),
            reason: String::new(),
            done_by: None,
            done_at: None,
        }
    }

    fn opened(parallel: bool, steps: &[Step]) -> Vec<u128> {
        to_open(parallel, steps).iter().map(Uuid::as_u128).collect()
    }

    #[test]
    fn one_after_the_other_or_all_at_once_and_the_last_word_last() {
        let fresh = [step(1, "cosign", false, None), step(2, "note", false, None), step(3, "final", false, None)];
        assert_eq!(opened(false, &fresh), [1]);
        assert_eq!(opened(true, &fresh), [1, 2]);
        let one = [step(1, "cosign", true, Some("signed")), step(2, "note", true, None), step(3, "final", false, None)];
        assert_eq!(opened(true, &one), Vec::<u128>::new());
        let two = [
            step(1, "cosign", true, Some("signed")),
            step(2, "note", true, Some("noted")),
            step(3, "final", false, None),
        ];
        assert_eq!(opened(true, &two), [3]);
        assert_eq!(opened(false, &two), [3]);
        assert_eq!(opened(false, &[step(1, "cosign", true, None), step(2, "note", false, None)]), Vec::<u128>::new());
    }
}
