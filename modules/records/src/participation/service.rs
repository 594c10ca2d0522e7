use contract_records::{AddStep, Audience, CaseView};
use db::{Rx, Tx};
use identity::Units;
use kernel::{CaseId, Cx, Date, Error, Event, Result, Subject, UnitKey, Uuid};
use serde::{Deserialize, Serialize};

use super::store::{self, Participation};
use crate::{
    EVIDENCE, FILE,
    file::{
        service::staff,
        store::{self as files, File},
    },
    perm, service, store as cases,
};

/// Whom the leading unit invites, and to what.
#[derive(Clone, Debug, PartialEq)]
pub struct Invitation {
    pub unit: UnitKey,
    pub may_work: bool,
    pub reason: String,
    /// Included.
    pub last_day: Option<Date>,
}

/// A unit takes part from now on. Told of the participation and not of the case, as [`crate::service`] does it with the
/// unit that leads.
#[derive(Serialize, Deserialize)]
struct Begun {
    participation: Uuid,
    unit: UnitKey,
    may_work: bool,
    last_day: Option<Date>,
}

impl Event for Begun {
    const NAME: &'static str = "records.participation-begun";
    fn subject(&self) -> Subject {
        of(self.participation)
    }
}

/// A unit takes part no longer.
#[derive(Serialize, Deserialize)]
struct Ended {
    participation: Uuid,
}

impl Event for Ended {
    const NAME: &'static str = "records.participation-ended";
    fn subject(&self) -> Subject {
        of(self.participation)
    }
}

/// Who sees a case has changed.
#[derive(Serialize, Deserialize)]
struct CaseShared {
    case: CaseId,
}

impl Event for CaseShared {
    const NAME: &'static str = "records.case-shared";
    fn subject(&self) -> Subject {
        self.case.into()
    }
}

/// Who sees a file has changed.
#[derive(Serialize, Deserialize)]
struct FileShared {
    file: Uuid,
}

impl Event for FileShared {
    const NAME: &'static str = "records.file-shared";
    fn subject(&self) -> Subject {
        Subject { kind: FILE.subject, id: self.file }
    }
}

fn of(participation: Uuid) -> Subject {
    Subject { kind: "participation", id: participation }
}

/// Whether the actor may change a case: their unit leads it, or takes part to work on it.
pub async fn works_on(cx: &Cx, rx: &mut Rx, case: &CaseView) -> Result<bool> {
    if cx.actor.allows_in(perm::FILE, &case.unit) {
        return Ok(true);
    }
    if !cx.actor.allows(perm::FILE) {
        return Ok(false);
    }
    let units = store::units(rx, case.id, cx.today(), true).await?;
    Ok(units.iter().any(|unit| cx.actor.allows_in(perm::FILE, unit)))
}

/// Units that may be invited to what a unit leads; none when it is sealed.
pub fn to_invite<'a>(units: &'a Units, leading: &str) -> Vec<&'a identity::UnitData> {
    if units.get(leading).is_some_and(|unit| unit.sealed) {
        return Vec::new();
    }
    units.all().iter().filter(|unit| !unit.sealed && unit.key != leading).collect()
}

async fn check(cx: &Cx, rx: &mut Rx, leading: &str, running: &[Participation], new: &Invitation) -> Result<()> {
    if !cx.actor.allows_in(perm::FILE, leading) {
        return Err(Error::Forbidden);
    }
    let units = identity::units(rx).await?;
    if to_invite(&units, leading).iter().all(|unit| unit.key != new.unit) {
        return Err(Error::refused("records-share-sealed"));
    }
    if running.iter().any(|other| other.ended_at.is_none() && other.unit == new.unit) {
        return Err(Error::refused("records-share-double"));
    }
    Ok(())
}

fn begun(cx: &Cx, case: Option<CaseId>, file: Option<Uuid>, new: &Invitation) -> Result<Participation> {
    Ok(Participation {
        id: cx.sources.uuid(),
        case_id: case,
        file_id: file,
        unit: new.unit.clone(),
        may_work: new.may_work,
        reason: new.reason.clone(),
        last_day: new.last_day,
        begun_by: staff(cx)?,
        begun_at: cx.now(),
        ended_at: None,
    })
}

async fn add(cx: &Cx, tx: &mut Tx, new: &Participation) -> Result<()> {
    store::add(tx, new).await?;
    let event = Begun { participation: new.id, unit: new.unit.clone(), may_work: new.may_work, last_day: new.last_day };
    journal::emit(tx, cx, &event).await?;
    Ok(())
}

/// Invites a unit to one case.
///
/// # Errors
/// `Forbidden` without the right to lead files in the leading unit; refused for what a sealed unit leads, for a sealed
/// unit and for one that takes part already.
pub async fn invite_to_case(cx: &Cx, tx: &mut Tx, case: &CaseView, new: &Invitation) -> Result<()> {
    let running = store::of_case(tx, case.id).await?;
    check(cx, tx, &case.unit, &running, new).await?;
    let participation = begun(cx, Some(case.id), None, new)?;
    add(cx, tx, &participation).await?;
    settle_case(cx, tx, case.id).await?;
    tell(cx, tx, case.id, "begun", &participation.unit).await
}

/// Invites a unit to a whole file, with the cases in it that its own unit leads and those opened later.
///
/// # Errors
/// As [`invite_to_case`]; refused for a yearly collection.
pub async fn invite_to_file(cx: &Cx, tx: &mut Tx, file: &File, new: &Invitation) -> Result<()> {
    if !file.is_matter() {
        return Err(Error::refused("records-file-collection"));
    }
    let running = store::of_file(tx, file.id).await?;
    check(cx, tx, &file.unit, &running, new).await?;
    let participation = begun(cx, None, Some(file.id), new)?;
    add(cx, tx, &participation).await?;
    settle_file(cx, tx, file, "begun", &participation.unit).await
}

/// Ends a participation; the people of that unit see nothing any more at once.
///
/// # Errors
/// `NotFound` for one of something the actor does not see, or that has ended; `Forbidden` without the right to lead files
/// in the leading unit.
pub async fn end(cx: &Cx, tx: &mut Tx, id: Uuid) -> Result<()> {
    let me = staff(cx)?;
    let participation = store::one(tx, id).await?;
    if participation.ended_at.is_some() {
        return Err(Error::NotFound);
    }
    let leading = match (participation.case_id, participation.file_id) {
        (Some(case), _) => cases::case_for_staff(tx, case, me).await?.unit,
        (None, Some(file)) => files::file_for_staff(tx, file, me).await?.unit,
        (None, None) => return Err(Error::NotFound),
    };
    if !cx.actor.allows_in(perm::FILE, &leading) {
        return Err(Error::Forbidden);
    }
    finish(cx, tx, &participation).await
}

/// Ends a participation, whoever acts: its day is over, or it was allowed before.
pub async fn finish(cx: &Cx, tx: &mut Tx, participation: &Participation) -> Result<()> {
    store::end(tx, participation.id, cx.actor.staff(), cx.now()).await?;
    journal::emit(tx, cx, &Ended { participation: participation.id }).await?;
    if let Some(case) = participation.case_id {
        settle_case(cx, tx, case).await?;
        tell(cx, tx, case, "ended", &participation.unit).await?;
    }
    if let Some(file) = participation.file_id {
        let file = files::file(tx, file).await?;
        settle_file(cx, tx, &file, "ended", &participation.unit).await?;
    }
    Ok(())
}

/// Ends all of a case itself: another unit leads it now.
pub async fn end_of_case(cx: &Cx, tx: &mut Tx, case: CaseId) -> Result<()> {
    let all = store::of_case(tx, case).await?;
    store::end_of_case(tx, case, cx.now()).await?;
    ended(cx, tx, &all).await
}

/// Ends all of a whole file: another unit leads it now.
pub async fn end_of_file(cx: &Cx, tx: &mut Tx, file: Uuid) -> Result<()> {
    let all = store::of_file(tx, file).await?;
    store::end_of_file(tx, file, cx.now()).await?;
    ended(cx, tx, &all).await
}

/// Tells of those that were running.
async fn ended(cx: &Cx, tx: &mut Tx, all: &[Participation]) -> Result<()> {
    for participation in all.iter().filter(|participation| participation.ended_at.is_none()) {
        journal::emit(tx, cx, &Ended { participation: participation.id }).await?;
    }
    Ok(())
}

/// Gives a case the access class of all units that see it on this day.
pub async fn settle_case(cx: &Cx, tx: &mut Tx, id: CaseId) -> Result<()> {
    let (mut case, today) = (cases::case(tx, id).await?, cx.today());
    let units = store::units(tx, id, today, false).await?;
    let cls = identity::access::class_shared(tx, today, case.cls, &case.unit, &units).await?;
    if cls == case.cls {
        return Ok(());
    }
    case.cls = cls;
    cases::set_unit(tx, id, &case.unit, cls).await?;
    service::put_on_desk(cx, tx, &case).await?;
    journal::emit_evidence(tx, cx, &CaseShared { case: id }, None, &EVIDENCE[1]).await?;
    Ok(())
}

async fn settle_file(cx: &Cx, tx: &mut Tx, file: &File, what: &str, unit: &str) -> Result<()> {
    let today = cx.today();
    let class = file.cls.ok_or_else(|| Error::refused("records-file-collection"))?;
    let units = store::units_of_file(tx, file.id, today).await?;
    let cls = identity::access::class_shared(tx, today, class, &file.unit, &units).await?;
    if cls != class {
        files::set_class(tx, file, cls).await?;
        journal::emit_evidence(tx, cx, &FileShared { file: file.id }, None, &FILE).await?;
    }
    for case in store::cases_of_file(tx, file.id).await? {
        settle_case(cx, tx, case).await?;
        tell(cx, tx, case, what, unit).await?;
    }
    Ok(())
}

async fn tell(cx: &Cx, tx: &mut Tx, case: CaseId, what: &str, unit: &str) -> Result<()> {
    let units = identity::units(tx).await?;
    let name = units.get(unit).map_or_else(|| unit.to_owned(), |unit| unit.name.clone());
    let step = AddStep {
        case,
        code: format!("participation-{what}"),
        args: vec![("unit".into(), name)],
        audience: Audience::Staff,
        media_break: false,
    };
    service::add_step(cx, tx, step).await
}
