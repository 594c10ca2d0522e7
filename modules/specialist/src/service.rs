use std::net::{IpAddr, Ipv4Addr};

use contract_records::{PlanEntries, PlanEntry, Reach};
use data_encoding::HEXLOWER;
use db::{Rx, Tx};
use house::{Call, InCity, Req};
use identity::access::Confidentiality;
use jiff::SignedDuration;
use kernel::{CaseId, Cx, Error, Event, FieldError, Hash, Principal, Result, Subject, Uuid, sha256};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    perm,
    store::{self, System},
};

/// Begins each token, so that people and programs that look for leaked secrets know what it is.
const PREFIX: &str = "mfv_";
/// Answers are kept for repetition this long.
pub const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Most calls of one system within an hour that anybody may allow.
pub const MOST_PER_HOUR: i64 = 100_000;
/// Longest name of a system, in characters.
pub const LONGEST_NAME: usize = 80;

/// A specialist system got an account.
#[derive(Serialize, Deserialize)]
struct SystemAdded {
    system: Uuid,
    unit: String,
    entries: Vec<String>,
    level: String,
}

impl Event for SystemAdded {
    const NAME: &'static str = "specialist.system-added";
    fn subject(&self) -> Subject {
        subject(self.system)
    }
}

/// The account of a specialist system is no longer good.
#[derive(Serialize, Deserialize)]
struct SystemRevoked {
    system: Uuid,
}

impl Event for SystemRevoked {
    const NAME: &'static str = "specialist.system-revoked";
    fn subject(&self) -> Subject {
        subject(self.system)
    }
}

/// The account of a specialist system has a new token; the one before is no longer good.
#[derive(Serialize, Deserialize)]
struct TokenRenewed {
    system: Uuid,
}

impl Event for TokenRenewed {
    const NAME: &'static str = "specialist.token-renewed";
    fn subject(&self) -> Subject {
        subject(self.system)
    }
}

fn subject(system: Uuid) -> Subject {
    Subject { kind: "specialist-system", id: system }
}

/// Only the hash is stored: 256 random bits need no slow hash.
fn hash(token: &str) -> Hash {
    sha256(&[b"specialist-token\0", token.as_bytes()])
}

fn new_token(cx: &Cx) -> String {
    format!("{PREFIX}{}", HEXLOWER.encode(&cx.random::<32>()))
}

/// The machine account behind a token.
pub async fn machine(_: &Cx, rx: &mut Rx, token: &str) -> Result<Option<Principal>> {
    if !token.starts_with(PREFIX) {
        return Ok(None);
    }
    let found = store::with_token(rx, hash(token)).await?;
    Ok(found.map(|system| Principal::Machine { id: system.id, name: system.name.into() }))
}

/// What somebody says of a system that gets an account.
#[derive(Clone, Debug, Default)]
pub struct NewSystem {
    pub name: String,
    pub unit: String,
    pub entries: Vec<String>,
    pub level: String,
    pub per_hour: i64,
}

/// What is wrong with it; codes as in the texts `specialist-error-<code>`.
pub fn faults(cx: &Cx, plan: &[PlanEntry], new: &NewSystem) -> Vec<FieldError> {
    let mut faults = Vec::new();
    if new.name.is_empty() {
        faults.push(FieldError::new("name", "name-missing"));
    } else if new.name.chars().count() > LONGEST_NAME {
        faults.push(FieldError::new("name", "name-long"));
    }
    if new.unit.is_empty() || !cx.actor.allows_in(perm::MANAGE, &new.unit) {
        faults.push(FieldError::new("unit", "unit-missing"));
    }
    if new.entries.is_empty() {
        faults.push(FieldError::new("entries", "entries-missing"));
    } else if new.entries.len() > Reach::MOST_ENTRIES {
        faults.push(FieldError::new("entries", "entries-many").with("max", Reach::MOST_ENTRIES));
    } else if let Some(unknown) = new.entries.iter().find(|key| !plan.iter().any(|entry| entry.key == **key)) {
        faults.push(FieldError::new("entries", "entries-unknown").with("key", unknown));
    }
    if Confidentiality::from_code(&new.level).is_none() {
        faults.push(FieldError::new("level", "level-missing"));
    }
    if !(1..=MOST_PER_HOUR).contains(&new.per_hour) {
        faults.push(FieldError::new("per_hour", "per-hour").with("max", MOST_PER_HOUR));
    }
    faults
}

/// Up to which confidentiality whoever acts sees records of the unit by roles of their own; none for a unit that does not
/// exist or is sealed.
async fn highest(cx: &Cx, rx: &mut Rx, unit: &str) -> Result<Option<Confidentiality>> {
    let units = identity::units(rx).await?;
    let (Some(me), Some(false)) = (cx.actor.staff(), units.get(unit).map(|unit| unit.sealed)) else {
        return Ok(None);
    };
    let clearances = identity::clearances(rx).await?;
    let (held, today) = (identity::grants_held(rx, me).await?, cx.today());
    let here = held.iter().filter(|grant| {
        let runs = grant.from_day <= today && grant.to_day.is_none_or(|last| last >= today);
        runs && grant.unit.as_deref().is_none_or(|over| units.under(over).iter().any(|key| key == unit))
    });
    Ok(here.filter_map(|grant| clearances.iter().find(|(role, _)| *role == grant.role).map(|(_, level)| *level)).max())
}

/// A token opens what its holder could not open otherwise: whoever makes one gives no more than they see themselves.
async fn exceeds(cx: &Cx, rx: &mut Rx, unit: &str, level: &str) -> Result<bool> {
    let level = Confidentiality::from_code(level);
    Ok(highest(cx, rx, unit).await? < level)
}

/// Gives a system an account. Answers its token, which is shown once and never again.
///
/// # Errors
/// `Invalid` with the codes of [`faults`], and with `level-above` for more than the actor sees.
pub async fn add(cx: &Cx, tx: &mut Tx, new: &NewSystem) -> Result<(System, String)> {
    let plan = cx.ask(tx, PlanEntries).await?;
    let mut faults = faults(cx, &plan, new);
    if faults.is_empty() && exceeds(cx, tx, &new.unit, &new.level).await? {
        faults.push(FieldError::new("level", "level-above"));
    }
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let token = new_token(cx);
    let system = System {
        id: cx.sources.uuid(),
        name: new.name.clone(),
        unit: new.unit.clone(),
        entries: serde_json::to_value(&new.entries)?,
        level: new.level.clone(),
        per_hour: new.per_hour,
        made_at: cx.now(),
        revoked_at: None,
        last_used_at: None,
    };
    store::add(tx, &system, hash(&token), cx.actor.staff()).await?;
    let event = SystemAdded {
        system: system.id,
        unit: system.unit.clone(),
        entries: new.entries.clone(),
        level: system.level.clone(),
    };
    journal::emit(tx, cx, &event).await?;
    Ok((system, token))
}

/// The system, for who manages those of its unit.
///
/// # Errors
/// `NotFound` for others.
pub async fn managed(cx: &Cx, rx: &mut Rx, id: Uuid) -> Result<System> {
    let system = store::one(rx, id).await?;
    if cx.actor.allows_in(perm::MANAGE, &system.unit) { Ok(system) } else { Err(Error::NotFound) }
}

/// Takes an account away; from the next call on its token is worth nothing.
///
/// # Errors
/// `NotFound`, also for one that is revoked.
pub async fn revoke(cx: &Cx, tx: &mut Tx, id: Uuid) -> Result<()> {
    let system = managed(cx, tx, id).await?;
    store::revoke(tx, system.id, cx.actor.staff(), cx.now()).await?;
    journal::emit(tx, cx, &SystemRevoked { system: id }).await?;
    Ok(())
}

/// Gives an account a new token in place of the old one.
///
/// # Errors
/// As [`revoke`].
pub async fn renew(cx: &Cx, tx: &mut Tx, id: Uuid) -> Result<(System, String)> {
    let system = managed(cx, tx, id).await?;
    if exceeds(cx, tx, &system.unit, &system.level).await? {
        return Err(Error::Forbidden);
    }
    let token = new_token(cx);
    store::set_token(tx, id, hash(&token)).await?;
    journal::emit(tx, cx, &TokenRenewed { system: id }).await?;
    Ok((system, token))
}

/// Lets a call in: counts it and writes it down before anything is looked for, so that what is not found counts too.
///
/// # Errors
/// `Throttled` above the account's calls of an hour; `StaffSignIn` for an account that was revoked meanwhile.
pub async fn admit(rq: &Req, what: &'static str, case: Option<CaseId>) -> Result<System> {
    // One allowance for the account, wherever its servers stand.
    const ANYWHERE: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let id = rq.cx.actor.machine().ok_or(Error::StaffSignIn)?;
    let allowance = format!("specialist {id}");
    db::write!(rq.city.db, |tx| {
        let cx = &rq.cx;
        let system = store::one(tx, id).await?;
        if system.revoked_at.is_some() {
            return Err(Error::StaffSignIn);
        }
        cx.city()?.identity.admit_hourly(tx, cx, ANYWHERE, &allowance, 1, system.per_hour).await?;
        store::called(tx, cx.sources.uuid(), system.id, cx.now(), what, case).await?;
        Ok(system)
    })
}

/// Writes down which cases a search led to: their data went out as if they had been read one by one.
pub async fn note_read(rq: &Req, system: &System, cases: &[CaseId]) -> Result<()> {
    if cases.is_empty() {
        return Ok(());
    }
    db::write!(rq.city.db, |tx| {
        let cx = &rq.cx;
        for case in cases {
            store::called(tx, cx.sources.uuid(), system.id, cx.now(), "read", Some(*case)).await?;
        }
        Ok(())
    })
}

/// A request that is repeated with the same key gets the first answer, and nothing is done again.
pub struct Once {
    key: String,
    request: Hash,
}

impl Once {
    /// Longest key, in bytes.
    const LONGEST: usize = 100;

    /// `parts` is everything that the request says; another request must not use the key.
    ///
    /// # Errors
    /// `Invalid` without a key.
    pub fn new(key: Option<&str>, parts: &[&[u8]]) -> Result<Once> {
        let key = key.map(str::trim).unwrap_or_default();
        if key.is_empty() {
            return Err(Error::invalid("Idempotency-Key", "required"));
        }
        if key.len() > Once::LONGEST {
            return Err(Error::invalid("Idempotency-Key", "too-long"));
        }
        // Each part by its own hash, so that no two requests run into each other.
        let hashes: Vec<Hash> = parts.iter().map(|part| sha256(&[*part])).collect();
        let all: Vec<&[u8]> = hashes.iter().map(|hash| hash.as_slice()).collect();
        Ok(Once { key: key.to_owned(), request: sha256(&all) })
    }

    pub async fn answered(&self, rx: &mut Rx, system: &System) -> Result<Option<Value>> {
        store::answered(rx, system.id, &self.key, self.request).await
    }

    pub async fn keep(&self, cx: &Cx, tx: &mut Tx, system: &System, answer: &Value) -> Result<()> {
        store::keep_answer(tx, system.id, &self.key, self.request, answer, cx.now()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_known_by_all_its_parts() {
        let of = |parts: &[&[u8]]| Once::new(Some("k"), parts).unwrap().request;
        let (a, b, ab, none) = (b"a".as_slice(), b"b".as_slice(), b"ab".as_slice(), b"".as_slice());
        assert_eq!(of(&[a, b]), of(&[a, b]));
        assert_ne!(of(&[ab, none]), of(&[a, b]));
        assert!(Once::new(None, &[]).is_err() && Once::new(Some(" "), &[]).is_err());
        assert!(Once::new(Some(&"k".repeat(101)), &[]).is_err());
    }

    #[test]
    fn tokens_are_stored_as_hashes_only() {
        assert_ne!(hash("mfv_a"), hash("mfv_b"));
        assert_ne!(hash("mfv_a").as_slice(), b"mfv_a".as_slice());
    }
}
