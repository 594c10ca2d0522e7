//! Access classes: which records somebody may see, as rows that lists join.
//!
//! A protected row carries `cls`, the class of its organisation unit, confidentiality and special list. For every
//! class and every member of staff who may see it there is a row in `identity_access`. Other modules read it by this
//! one pattern, the only case in which SQL names a table of another crate:
//!
//! ```sql
//! JOIN identity_access a ON a.tenant = d.tenant AND a.actor = $2 AND a.cls = d.cls
//! ```

use std::collections::{BTreeMap, BTreeSet};

use db::{Rx, Tx, params, record};
use kernel::{Date, Error, Result, StaffId, UnitKey, sha256};
use serde::{Deserialize, Serialize};

use crate::org;

/// How confidential a record is; each includes those before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidentiality {
    #[default]
    Normal,
    Vertraulich,
    StrengVertraulich,
}

impl Confidentiality {
    pub fn code(self) -> &'static str {
        match self {
            Confidentiality::Normal => "normal",
            Confidentiality::Vertraulich => "vertraulich",
            Confidentiality::StrengVertraulich => "streng-vertraulich",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Normal, Self::Vertraulich, Self::StrengVertraulich].into_iter().find(|c| c.code() == code)
    }

    pub(crate) fn stored(code: &str) -> Result<Self> {
        Self::from_code(code).ok_or_else(|| Error::internal(format!("unknown confidentiality {code}")))
    }
}

/// 52 bits of a hash of the parts: the same in every copy of the city's data, without a counter that writers would
/// queue for, and exact in JSON numbers. Two classes of one number are refused when the second is made.
fn class_id(unit: &str, confidentiality: Confidentiality, special: &str, shared: &str) -> i64 {
    let length = (unit.len() as u64).to_be_bytes();
    let mut parts: Vec<&[u8]> =
        vec![&length, unit.as_bytes(), confidentiality.code().as_bytes(), b" ", special.as_bytes()];
    // A class of one unit keeps the number it had before classes could be shared.
    if !shared.is_empty() {
        parts.push(b"\0");
        parts.push(shared.as_bytes());
    }
    let hash = sha256(&parts);
    let mut number = [0u8; 8];
    number.copy_from_slice(&hash[..8]);
    i64::from_be_bytes(number) >> 12 & ((1 << 52) - 1)
}

record! {
    struct Class {
        id: i64,
        unit: String,
        confidentiality: String,
        special: String,
        /// Keys of the further units that see it, ascending, with a space between.
        shared: String,
    }
}

/// How the further units of a class are stored: in one order, whoever was invited first.
fn shared_key(unit: &str, with: &[UnitKey]) -> String {
    let with: BTreeSet<&str> = with.iter().map(String::as_str).filter(|key| *key != unit).collect();
    with.into_iter().collect::<Vec<_>>().join(" ")
}

/// The class of a record, made when it is the first of its kind.
///
/// # Errors
/// `NotFound` when the city has no such unit.
pub async fn class_for(
    tx: &mut Tx,
    today: Date,
    unit: &str,
    confidentiality: Confidentiality,
    special: Option<&str>,
) -> Result<i64> {
    make(tx, today, unit, confidentiality, special.unwrap_or_default(), "").await
}

/// The class with these parts, made when it is the first of its kind.
async fn make(
    tx: &mut Tx,
    today: Date,
    unit: &str,
    confidentiality: Confidentiality,
    special: &str,
    shared: &str,
) -> Result<i64> {
    let id = class_id(unit, confidentiality, special, shared);
    let sql = "SELECT id, unit, confidentiality, special, shared FROM identity_class WHERE tenant = $1 AND id = $2";
    if let Some(class) = tx.opt::<Class>(sql, params![id]).await? {
        let same = class.unit == unit
            && class.confidentiality == confidentiality.code()
            && class.special == special
            && class.shared == shared;
        return if same { Ok(id) } else { Err(Error::internal("two access classes have one number")) };
    }
    for key in std::iter::once(unit).chain(shared.split(' ').filter(|key| !key.is_empty())) {
        let sql = "SELECT key FROM identity_unit WHERE tenant = $1 AND key = $2";
        tx.one::<(String,)>(sql, params![key]).await?;
    }
    let sql = "INSERT INTO identity_class (tenant, id, unit, confidentiality, special, shared)
               VALUES ($1, $2, $3, $4, $5, $6)";
    tx.exec_one(sql, params![id, unit, confidentiality.code(), special, shared]).await?;
    let class = Class {
        id,
        unit: unit.to_owned(),
        confidentiality: confidentiality.code().to_owned(),
        special: special.to_owned(),
        shared: shared.to_owned(),
    };
    for (actor, holdings) in holdings(tx, today, None).await? {
        if sees(&holdings, &class)? {
            let sql = "INSERT INTO identity_access (tenant, actor, cls) VALUES ($1, $2, $3)";
            tx.exec_one(sql, params![actor, id]).await?;
        }
    }
    Ok(id)
}

/// The class of a record that moves to another unit and stays as confidential as it was. Units that saw it beside the
/// old one are not taken along.
///
/// # Errors
/// As [`class_for`]; `NotFound` for an unknown class.
pub async fn class_in(tx: &mut Tx, today: Date, class: i64, unit: &str) -> Result<i64> {
    class_shared(tx, today, class, unit, &[]).await
}

/// The class of a record that a unit leads and further units see (mitwirkende Stellen), as confidential as `class`. The
/// people of those units need the clearance as everybody else. What a sealed unit leads is seen by no other one, so that
/// what was shared before it was sealed can still be ended.
///
/// # Errors
/// As [`class_in`]; `Forbidden` to share what stands on a special list.
pub async fn class_shared(tx: &mut Tx, today: Date, class: i64, unit: &str, with: &[UnitKey]) -> Result<i64> {
    let sql = "SELECT id, unit, confidentiality, special, shared FROM identity_class WHERE tenant = $1 AND id = $2";
    let class = tx.one::<Class>(sql, params![class]).await?;
    let mut shared = shared_key(unit, with);
    if !shared.is_empty() {
        if !class.special.is_empty() {
            return Err(Error::Forbidden);
        }
        let sql = "SELECT sealed FROM identity_unit WHERE tenant = $1 AND key = $2";
        let (sealed,) = tx.one::<(bool,)>(sql, params![unit]).await?;
        if sealed {
            shared.clear();
        }
    }
    make(tx, today, unit, Confidentiality::stored(&class.confidentiality)?, &class.special, &shared).await
}

/// How confidential the records of a class are, and whether they are on a special list.
///
/// # Errors
/// `NotFound` for an unknown class.
pub async fn described(rx: &mut Rx, class: i64) -> Result<(Confidentiality, bool)> {
    let sql = "SELECT id, unit, confidentiality, special, shared FROM identity_class WHERE tenant = $1 AND id = $2";
    let class = rx.one::<Class>(sql, params![class]).await?;
    Ok((Confidentiality::stored(&class.confidentiality)?, !class.special.is_empty()))
}

/// The classes somebody sees, ascending.
pub async fn classes_of(rx: &mut Rx, staff: StaffId) -> Result<Vec<i64>> {
    let sql = "SELECT cls FROM identity_access WHERE tenant = $1 AND actor = $2 ORDER BY cls";
    Ok(rx.list::<(i64,)>(sql, params![staff]).await?.into_iter().map(|(cls,)| cls).collect())
}

/// Computes everybody's access for the day; returns how many rows changed.
pub async fn recompute(tx: &mut Tx, today: Date) -> Result<usize> {
    let classes = classes(tx).await?;
    let wanted = holdings(tx, today, None).await?;
    let sql = "SELECT actor, cls FROM identity_access WHERE tenant = $1";
    let mut have: BTreeMap<StaffId, BTreeSet<i64>> = BTreeMap::new();
    for (actor, cls) in tx.list::<(StaffId, i64)>(sql, &[]).await? {
        have.entry(actor).or_default().insert(cls);
    }
    let mut changed = 0;
    let actors: BTreeSet<StaffId> = wanted.keys().chain(have.keys()).copied().collect();
    for actor in actors {
        let holdings = wanted.get(&actor).map(Vec::as_slice).unwrap_or_default();
        let have = have.remove(&actor).unwrap_or_default();
        changed += settle(tx, actor, holdings, &have, &classes).await?;
    }
    Ok(changed)
}

/// The same for some only: after a change of their grants or deputies.
pub(crate) async fn recompute_for(tx: &mut Tx, today: Date, staff: &BTreeSet<StaffId>) -> Result<()> {
    let classes = classes(tx).await?;
    for actor in staff {
        let mut holdings = holdings(tx, today, Some(*actor)).await?;
        let have = classes_of(tx, *actor).await?.into_iter().collect();
        settle(tx, *actor, &holdings.remove(actor).unwrap_or_default(), &have, &classes).await?;
    }
    Ok(())
}

/// All classes. What a unit shared before it was sealed is its own again.
async fn classes(rx: &mut Rx) -> Result<Vec<Class>> {
    let sql = "SELECT id, unit, confidentiality, special, shared FROM identity_class WHERE tenant = $1 ORDER BY id";
    let mut classes = rx.list::<Class>(sql, &[]).await?;
    let sql = "SELECT key FROM identity_unit WHERE tenant = $1 AND sealed = TRUE";
    let sealed = rx.list::<(String,)>(sql, &[]).await?;
    for class in &mut classes {
        if sealed.iter().any(|(key,)| *key == class.unit) {
            class.shared.clear();
        }
    }
    Ok(classes)
}

async fn settle(
    tx: &mut Tx,
    actor: StaffId,
    holdings: &[Holding],
    have: &BTreeSet<i64>,
    classes: &[Class],
) -> Result<usize> {
    let mut wanted = BTreeSet::new();
    for class in classes {
        if sees(holdings, class)? {
            wanted.insert(class.id);
        }
    }
    for cls in have.difference(&wanted) {
        let sql = "DELETE FROM identity_access WHERE tenant = $1 AND actor = $2 AND cls = $3";
        tx.exec(sql, params![actor, *cls]).await?;
    }
    for cls in wanted.difference(have) {
        let sql = "INSERT INTO identity_access (tenant, actor, cls) VALUES ($1, $2, $3)";
        tx.exec_one(sql, params![actor, *cls]).await?;
    }
    Ok(wanted.symmetric_difference(have).count())
}

/// A role with a clearance, held somewhere, by oneself or for somebody represented.
struct Holding {
    /// `None`: the whole city.
    units: Option<Vec<String>>,
    clearance: Confidentiality,
    special: BTreeSet<String>,
}

fn sees(holdings: &[Holding], class: &Class) -> Result<bool> {
    let needed = Confidentiality::stored(&class.confidentiality)?;
    Ok(holdings.iter().any(|held| {
        held.units.as_ref().is_none_or(|units| {
            units.contains(&class.unit) || class.shared.split(' ').any(|key| units.iter().any(|unit| unit == key))
        }) && held.clearance >= needed
            && (class.special.is_empty() || held.special.contains(&class.special))
    }))
}

record! {
    struct Held { actor: StaffId, role: String, unit: Option<String>, clearance: String }
}

async fn holdings(rx: &mut Rx, today: Date, only: Option<StaffId>) -> Result<BTreeMap<StaffId, Vec<Holding>>> {
    // Own grants, then those of whoever is represented today.
    let sql = "SELECT g.staff AS actor, g.role, g.unit, r.clearance
               FROM identity_grant g
               JOIN identity_role r ON r.tenant = g.tenant AND r.key = g.role AND r.active = TRUE AND r.clearance <> ''
               JOIN identity_staff s ON s.tenant = g.tenant AND s.id = g.staff AND s.state = 'active'
               WHERE g.tenant = $1 AND g.from_day <= $2 AND (g.to_day IS NULL OR g.to_day >= $2)
                 AND (CAST($3 AS UUID) IS NULL OR g.staff = $3)
               UNION
               SELECT d.deputy AS actor, g.role, g.unit, r.clearance
               FROM identity_deputy d
               JOIN identity_grant g ON g.tenant = d.tenant AND g.staff = d.absent
               JOIN identity_role r ON r.tenant = g.tenant AND r.key = g.role AND r.active = TRUE AND r.deputies = TRUE
                 AND r.clearance <> ''
               JOIN identity_staff s ON s.tenant = d.tenant AND s.id = d.deputy AND s.state = 'active'
               JOIN identity_staff t ON t.tenant = d.tenant AND t.id = d.absent AND t.state = 'active'
               WHERE d.tenant = $1 AND d.from_day <= $2 AND d.to_day >= $2
                 AND g.from_day <= $2 AND (g.to_day IS NULL OR g.to_day >= $2)
                 AND (CAST($3 AS UUID) IS NULL OR d.deputy = $3)";
    let held = rx.list::<Held>(sql, params![today, only]).await?;
    let sql = "SELECT role, special FROM identity_role_special WHERE tenant = $1";
    let specials = rx.list::<(String, String)>(sql, &[]).await?;
    let units = org::units(rx).await?;
    let mut all: BTreeMap<StaffId, Vec<Holding>> = BTreeMap::new();
    for row in held {
        let special = specials.iter().filter(|(role, _)| *role == row.role).map(|(_, s)| s.clone()).collect();
        all.entry(row.actor).or_default().push(Holding {
            units: row.unit.map(|unit| units.under(&unit)),
            clearance: Confidentiality::stored(&row.clearance)?,
            special,
        });
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn class_numbers_differ_with_every_part_and_fit_json() {
        let mut seen = BTreeSet::new();
        for unit in ["standesamt", "standesamt2", ""] {
            for level in [Confidentiality::Normal, Confidentiality::Vertraulich, Confidentiality::StrengVertraulich] {
                for special in ["", "sperrvermerk", "2"] {
                    for shared in ["", "buergerbuero", "buergerbuero kasse"] {
                        let id = class_id(unit, level, special, shared);
                        assert!((0..1 << 52).contains(&id));
                        assert!(seen.insert(id));
                    }
                }
            }
        }
        assert_eq!(class_id("a", Confidentiality::Normal, "", ""), class_id("a", Confidentiality::Normal, "", ""));
    }

    #[test]
    fn whoever_was_invited_first_the_class_is_the_same() {
        let keys = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(shared_key("a", &keys("c b c a")), "b c");
        assert_eq!(shared_key("a", &[]), "");
    }
}
