use db::{Rx, Tx};
use identity::{Holder, Units};
use kernel::{Cx, Error, Event, Permission, Principal, Result, StaffId, Subject, Uuid};
use serde::{Deserialize, Serialize};

use crate::perm;
use crate::store::{self, Request};

/// Whoever leads a unit shares out its tasks; the right is the desk's.
const LEADING: Permission = Permission("desk.assign");

/// Requests of one person that may wait at the same time.
pub const MOST_OPEN: i64 = 20;

/// What somebody may see, in words, and whom they may ask.
pub struct Rights {
    pub unit: String,
    /// Role, where it holds (empty: in the whole city), and key of the level up to which it sees.
    pub roles: Vec<Held>,
    /// Names of those whom they represent today, with commas between.
    pub represents: String,
    /// Who leads their unit.
    pub leading: String,
    /// Who answers requests.
    pub registry: String,
}

pub struct Held {
    pub role: String,
    pub place: String,
    pub level: &'static str,
}

/// A request was made, or answered. What was asked for stands in the row only.
#[derive(Serialize, Deserialize)]
struct Asked {
    request: Uuid,
    answered: bool,
}

impl Event for Asked {
    const NAME: &'static str = "access.asked";
    fn subject(&self) -> Subject {
        Subject { kind: "access-request", id: self.request }
    }
}

pub fn staff(cx: &Cx) -> Result<StaffId> {
    cx.actor.staff().ok_or(Error::StaffSignIn)
}

fn names(holders: &[Holder], holds: impl Fn(&Holder) -> bool) -> String {
    let mut names: Vec<&str> = Vec::new();
    for holder in holders.iter().filter(|holder| holds(holder)) {
        // Somebody may hold it in several units.
        if !names.contains(&holder.name.as_str()) {
            names.push(&holder.name);
        }
    }
    names.join(", ")
}

fn covers(units: &Units, holder: &Holder, unit: &str) -> bool {
    holder.unit.as_deref().is_none_or(|above| units.under(above).iter().any(|key| key == unit))
}

/// The rights of whoever acts.
pub async fn rights(cx: &Cx, rx: &mut Rx) -> Result<Rights> {
    let (me, today) = (staff(cx)?, cx.today());
    let Principal::Staff { unit, .. } = &cx.actor.principal else { return Err(Error::StaffSignIn) };
    let units = identity::units(rx).await?;
    let name = |key: &str| units.get(key).map_or_else(|| key.to_owned(), |unit| unit.name.clone());
    let roles = identity::roles(rx).await?;
    let clearances = identity::clearances(rx).await?;
    let mut held = Vec::new();
    for grant in identity::grants_held(rx, me).await? {
        let runs = grant.from_day <= today && grant.to_day.is_none_or(|last| last >= today);
        let Some((_, role)) = roles.iter().find(|(key, _)| *key == grant.role).filter(|_| runs) else { continue };
        // A role without a clearance opens no record.
        let Some((_, level)) = clearances.iter().find(|(key, _)| *key == grant.role) else { continue };
        held.push(Held {
            role: role.clone(),
            place: grant.unit.as_deref().map(name).unwrap_or_default(),
            level: level.code(),
        });
    }
    let mut represents = Vec::new();
    for absent in identity::represented_by(rx, me, today).await? {
        represents.push(identity::staff_line(rx, absent).await?.name);
    }
    let leading = identity::holders_of(rx, LEADING, today).await?;
    let registry = identity::holders_of(rx, perm::ANSWER, today).await?;
    Ok(Rights {
        unit: name(unit),
        roles: held,
        represents: represents.join(", "),
        leading: names(&leading, |holder| covers(&units, holder, unit)),
        registry: names(&registry, |_| true),
    })
}

/// Asks the Registratur. Nothing is looked up.
///
/// # Errors
/// Refused while too many requests of the same person wait.
pub async fn ask(cx: &Cx, tx: &mut Tx, reference: &str, reason: &str) -> Result<()> {
    let me = staff(cx)?;
    if store::open_of(tx, me).await? >= MOST_OPEN {
        return Err(Error::refused("access-many"));
    }
    let request = Request {
        id: cx.sources.uuid(),
        staff_id: me,
        reference: reference.to_owned(),
        reason: reason.to_owned(),
        made_at: cx.now(),
        answer: String::new(),
        answered_at: None,
    };
    store::add(tx, &request).await?;
    journal::emit(tx, cx, &Asked { request: request.id, answered: false }).await?;
    Ok(())
}

/// # Errors
/// `NotFound` for a request that is answered.
pub async fn answer(cx: &Cx, tx: &mut Tx, id: Uuid, text: &str) -> Result<()> {
    store::answer(tx, id, text, staff(cx)?, cx.now()).await?;
    journal::emit(tx, cx, &Asked { request: id, answered: true }).await?;
    Ok(())
}
