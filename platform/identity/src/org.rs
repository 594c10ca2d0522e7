//! Organisation units and roles, from the city's data.

use std::collections::{BTreeMap, BTreeSet};

use db::{Rx, Tx, params, record};
use kernel::{Cx, Error, Result, UnitKey, canonical_json, sha256};
use serde::{Deserialize, Serialize};

use crate::{
    access::{self, Confidentiality},
    events::{Load, OrganisationLoaded},
    perm,
};

/// Units and roles as the city wrote them, e.g. in TOML: `[[unit]]` and `[[role]]`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organisation {
    #[serde(default, rename = "unit")]
    pub units: Vec<UnitData>,
    #[serde(default, rename = "role")]
    pub roles: Vec<RoleData>,
}

/// An organisation unit (Organisationseinheit).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitData {
    pub key: UnitKey,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<UnitKey>,
    /// What the unit leads is shown to no other unit, whoever would invite it (Sperrvermerk, § 64 PStG).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sealed: bool,
}

/// A role: what its holders may do, and which records they may see.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleData {
    pub key: String,
    pub name: String,
    #[serde(default)]
    pub permissions: BTreeSet<String>,
    /// Highest confidentiality of the records seen; without it the role sees no record, whatever it permits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clearance: Option<Confidentiality>,
    /// Special lists seen, e.g. records under a Sperrvermerk.
    #[serde(default)]
    pub special: BTreeSet<String>,
    /// Whether a deputy (Vertretung) holds the role too.
    #[serde(default = "yes")]
    pub deputies: bool,
}

fn yes() -> bool {
    true
}

impl Organisation {
    /// Refuses doubled keys, unknown parents and circles.
    pub fn check(&self) -> Result<()> {
        let fault = |text: String| Err(Error::internal(text));
        let mut parents = BTreeMap::new();
        for unit in &self.units {
            if parents.insert(unit.key.as_str(), unit.parent.as_deref()).is_some() {
                return fault(format!("unit {} stands twice", unit.key));
            }
            // Classes list their units with a space between.
            if unit.key.contains(char::is_whitespace) {
                return fault(format!("unit {:?} has a space in its key", unit.key));
            }
        }
        for unit in &self.units {
            let mut seen = BTreeSet::from([unit.key.as_str()]);
            let mut above = unit.parent.as_deref();
            while let Some(key) = above {
                if !seen.insert(key) {
                    return fault(format!("unit {} is above itself", unit.key));
                }
                above = match parents.get(key) {
                    Some(parent) => *parent,
                    None => return fault(format!("unit {} has the unknown parent {key}", unit.key)),
                };
            }
        }
        let mut roles = BTreeSet::new();
        for role in &self.roles {
            if !roles.insert(&role.key) {
                return fault(format!("role {} stands twice", role.key));
            }
        }
        Ok(())
    }

    /// Roles with a permission that nobody knows: (role, permission).
    pub fn unknown_permissions(&self, known: impl Fn(&str) -> bool) -> Vec<(&str, &str)> {
        let named = self.roles.iter().flat_map(|r| r.permissions.iter().map(|p| (r.key.as_str(), p.as_str())));
        named.filter(|(_, permission)| !known(permission)).collect()
    }
}

record! {
    struct UnitRow { key: String, parent: Option<String>, name: String, active: bool, sealed: bool }
}

/// The tree of organisation units.
#[derive(Clone, Debug, Default)]
pub struct Units(Vec<UnitData>);

impl Units {
    /// In the order of the city's data.
    pub fn all(&self) -> &[UnitData] {
        &self.0
    }

    pub fn get(&self, key: &str) -> Option<&UnitData> {
        self.0.iter().find(|unit| unit.key == key)
    }

    /// The unit and all below it.
    pub fn under(&self, key: &str) -> Vec<UnitKey> {
        let mut found = vec![key.to_owned()];
        let mut at = 0;
        while at < found.len() {
            let above = found[at].clone();
            for unit in &self.0 {
                if unit.parent.as_deref() == Some(&above) && !found.contains(&unit.key) {
                    found.push(unit.key.clone());
                }
            }
            at += 1;
        }
        found
    }
}

/// The units in use.
pub async fn units(rx: &mut Rx) -> Result<Units> {
    let sql = "SELECT key, parent, name, active, sealed FROM identity_unit WHERE tenant = $1 ORDER BY position, key";
    let rows = rx.list::<UnitRow>(sql, &[]).await?;
    let active = rows.into_iter().filter(|row| row.active);
    let unit = |row: UnitRow| UnitData { key: row.key, name: row.name, parent: row.parent, sealed: row.sealed };
    Ok(Units(active.map(unit).collect()))
}

/// Takes units and roles over from the city's data; what is no longer there stays, out of use, since old records
/// name it. Access is computed again. Returns whether anything changed.
///
/// # Errors
/// As [`Organisation::check`]; `Forbidden` for people without [`perm::STAFF`].
pub async fn load_organisation(tx: &mut Tx, cx: &Cx, organisation: &Organisation) -> Result<bool> {
    perm::ask(cx, perm::STAFF)?;
    organisation.check()?;
    if stored(tx).await? == *organisation {
        return Ok(false);
    }
    tx.exec("UPDATE identity_unit SET active = FALSE WHERE tenant = $1", &[]).await?;
    for (position, unit) in (0i64..).zip(&organisation.units) {
        let sql = "INSERT INTO identity_unit (tenant, key, parent, name, active, position, sealed)
                   VALUES ($1, $2, $3, $4, TRUE, $5, $6)
                   ON CONFLICT (tenant, key) DO UPDATE SET parent = excluded.parent, name = excluded.name,
                     active = TRUE, position = excluded.position, sealed = excluded.sealed";
        tx.exec_one(sql, params![&unit.key, unit.parent.clone(), &unit.name, position, unit.sealed]).await?;
    }
    tx.exec("UPDATE identity_role SET active = FALSE WHERE tenant = $1", &[]).await?;
    tx.exec("DELETE FROM identity_role_permission WHERE tenant = $1", &[]).await?;
    tx.exec("DELETE FROM identity_role_special WHERE tenant = $1", &[]).await?;
    for (position, role) in (0i64..).zip(&organisation.roles) {
        let sql = "INSERT INTO identity_role (tenant, key, name, clearance, deputies, active, position)
                   VALUES ($1, $2, $3, $4, $5, TRUE, $6)
                   ON CONFLICT (tenant, key) DO UPDATE SET name = excluded.name, clearance = excluded.clearance,
                     deputies = excluded.deputies, active = TRUE, position = excluded.position";
        let values =
            params![&role.key, &role.name, role.clearance.map_or("", Confidentiality::code), role.deputies, position];
        tx.exec_one(sql, values).await?;
        for permission in &role.permissions {
            let sql = "INSERT INTO identity_role_permission (tenant, role, permission) VALUES ($1, $2, $3)";
            tx.exec_one(sql, params![&role.key, permission]).await?;
        }
        for special in &role.special {
            let sql = "INSERT INTO identity_role_special (tenant, role, special) VALUES ($1, $2, $3)";
            tx.exec_one(sql, params![&role.key, special]).await?;
        }
    }
    access::recompute(tx, cx.today()).await?;
    let hash = sha256(&[canonical_json(&serde_json::to_value(organisation)?)?.as_bytes()]);
    let sha256 = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    journal::emit(tx, cx, &OrganisationLoaded { load: Load(cx.sources.uuid()), sha256 }).await?;
    Ok(true)
}

record! {
    struct RoleRow { key: String, name: String, clearance: String, deputies: bool }
}

/// What is in use now, in the form of the city's data.
async fn stored(rx: &mut Rx) -> Result<Organisation> {
    let units = units(rx).await?.0;
    let sql = "SELECT key, name, clearance, deputies FROM identity_role WHERE tenant = $1 AND active = TRUE
               ORDER BY position, key";
    let rows = rx.list::<RoleRow>(sql, &[]).await?;
    let sql = "SELECT role, permission FROM identity_role_permission WHERE tenant = $1";
    let permissions = rx.list::<(String, String)>(sql, &[]).await?;
    let sql = "SELECT role, special FROM identity_role_special WHERE tenant = $1";
    let specials = rx.list::<(String, String)>(sql, &[]).await?;
    let of = |list: &[(String, String)], role: &str| -> BTreeSet<String> {
        list.iter().filter(|(r, _)| r == role).map(|(_, value)| value.clone()).collect()
    };
    let mut roles = Vec::with_capacity(rows.len());
    for row in rows {
        roles.push(RoleData {
            permissions: of(&permissions, &row.key),
            special: of(&specials, &row.key),
            clearance: Some(row.clearance.as_str())
                .filter(|code| !code.is_empty())
                .map(Confidentiality::stored)
                .transpose()?,
            deputies: row.deputies,
            key: row.key,
            name: row.name,
        });
    }
    Ok(Organisation { units, roles })
}

/// Roles in use, with their names, in the city's order.
pub async fn roles(rx: &mut Rx) -> Result<Vec<(String, String)>> {
    let sql = "SELECT key, name FROM identity_role WHERE tenant = $1 AND active = TRUE ORDER BY position, key";
    rx.list(sql, &[]).await
}

/// Up to which confidentiality each role in use sees records, by key; roles that see none are not in it.
pub async fn clearances(rx: &mut Rx) -> Result<Vec<(String, Confidentiality)>> {
    let sql = "SELECT key, clearance FROM identity_role
               WHERE tenant = $1 AND active = TRUE AND clearance <> '' ORDER BY position, key";
    let rows = rx.list::<(String, String)>(sql, &[]).await?;
    rows.into_iter().map(|(key, clearance)| Ok((key, Confidentiality::stored(&clearance)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOML: &str = r#"
        [[unit]]
        key = "dezernat-1"
        name = "Dezernat I"
        [[unit]]
        key = "standesamt"
        name = "Standesamt"
        parent = "dezernat-1"
        [[role]]
        key = "standesbeamte"
        name = "Standesbeamtin, Standesbeamter"
        permissions = ["records.view"]
        clearance = "vertraulich"
        special = ["sperrvermerk"]
        deputies = false
    "#;

    fn fault(toml: &str) -> String {
        let organisation: Organisation = toml::from_str(toml).unwrap();
        organisation.check().unwrap_err().to_string()
    }

    #[test]
    fn city_data_is_read_and_its_faults_are_named() {
        let organisation: Organisation = toml::from_str(TOML).unwrap();
        organisation.check().unwrap();
        assert!(organisation.unknown_permissions(|p| p == "records.view").is_empty());
        assert_eq!(organisation.unknown_permissions(|_| false), [("standesbeamte", "records.view")]);
        assert_eq!(organisation.roles[0].clearance, Some(Confidentiality::Vertraulich));
        assert!(toml::from_str::<Organisation>("[[unit]]\nkey='a'\nname='A'\nparrent='b'").is_err());
        assert!(fault("[[unit]]\nkey='a'\nname='A'\nparent='b'").contains("unknown parent b"));
        assert!(fault("[[unit]]\nkey='a'\nname='A'\n[[unit]]\nkey='a'\nname='B'").contains("twice"));
        let circle = "[[unit]]\nkey='a'\nname='A'\nparent='b'\n[[unit]]\nkey='b'\nname='B'\nparent='a'";
        assert!(fault(circle).contains("above itself"));
        assert!(fault("[[unit]]\nkey='a b'\nname='A'").contains("a space"));
        assert!(fault("[[role]]\nkey='r'\nname='R'\n[[role]]\nkey='r'\nname='S'").contains("role r stands twice"));
    }

    #[test]
    fn under_a_unit_are_all_below() {
        let unit = |key: &str, parent: Option<&str>| UnitData {
            key: key.into(),
            name: key.to_uppercase(),
            parent: parent.map(str::to_owned),
            sealed: false,
        };
        let units = Units(vec![unit("a1x", Some("a1")), unit("a", None), unit("a1", Some("a")), unit("b", None)]);
        assert_eq!(units.under("a"), ["a", "a1", "a1x"]);
        assert_eq!(units.under("b"), ["b"]);
    }
}
