use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{AccountId, CaseId, StaffId, UnitKey};

/// How surely the program knows who a citizen is (Vertrauensniveau).
///
/// `Hoch` comes only from an eID means of eIDAS level "high" (§ 4 BMeldDigiV, § 6 (3) PStV). `VorOrt` means that a
/// clerk compared an identity document with the person at a counter; it never replaces `Hoch`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// E-mail address confirmed, nothing more.
    Basis,
    /// Checked at a Bürgerbüro counter ("vor Ort geprüft").
    VorOrt,
    Substantiell,
    Hoch,
}

impl Level {
    pub const ALL: [Level; 4] = [Level::Basis, Level::VorOrt, Level::Substantiell, Level::Hoch];

    /// The code stored in tables, forms and the journal.
    pub fn code(self) -> &'static str {
        match self {
            Level::Basis => "basis",
            Level::VorOrt => "vor-ort",
            Level::Substantiell => "substantiell",
            Level::Hoch => "hoch",
        }
    }

    pub fn from_code(code: &str) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.code() == code)
    }
}

/// A right that a role can hold, named `<module>.<verb>`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Permission(pub &'static str);

/// Where a granted permission holds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// In the whole municipality.
    City,
    /// In the named organisation units only.
    Units(Vec<UnitKey>),
}

/// What a member of staff may do now: own roles and those of persons represented today (Vertretung).
#[derive(Clone, Default, Debug, Serialize, Deserialize)]
pub struct Grants(pub BTreeMap<String, Scope>);

impl Grants {
    pub fn add(&mut self, permission: &str, scope: Scope) {
        match (self.0.get_mut(permission), scope) {
            (Some(Scope::City), _) => {}
            (Some(Scope::Units(have)), Scope::Units(more)) => {
                for unit in more {
                    if !have.contains(&unit) {
                        have.push(unit);
                    }
                }
            }
            (_, scope) => {
                self.0.insert(permission.to_owned(), scope);
            }
        }
    }

    /// Holds the permission somewhere.
    pub fn anywhere(&self, permission: Permission) -> bool {
        self.0.contains_key(permission.0)
    }

    /// Holds the permission for the whole city.
    pub fn in_city(&self, permission: Permission) -> bool {
        matches!(self.0.get(permission.0), Some(Scope::City))
    }

    /// Holds the permission in this organisation unit.
    pub fn in_unit(&self, permission: Permission, unit: &str) -> bool {
        match self.0.get(permission.0) {
            Some(Scope::City) => true,
            Some(Scope::Units(units)) => units.iter().any(|u| u == unit),
            None => false,
        }
    }
}

/// Who acts.
#[derive(Clone, Debug)]
pub enum Principal {
    Anonymous,
    /// A citizen signed in to a city account; `level` is that of this session.
    Citizen {
        account: AccountId,
        level: Level,
    },
    /// Somebody without account who proved knowledge of a claim code; sees this one case only.
    Guest {
        case: CaseId,
    },
    Staff {
        user: StaffId,
        unit: UnitKey,
        grants: std::sync::Arc<Grants>,
    },
    /// A specialist system (Fachverfahren) that showed the token of its machine account.
    Machine {
        id: uuid::Uuid,
        /// What the city calls it; part of the journal, so it names a program and never a person.
        name: std::sync::Arc<str>,
    },
    /// The program itself: a job, a process step, a schedule.
    System {
        name: &'static str,
    },
}

/// Who acts and through which modules the call came: `principal` + via-chain.
#[derive(Clone, Debug)]
pub struct Actor {
    pub principal: Principal,
    /// Modules whose commands called on, outermost first.
    pub via: Vec<&'static str>,
}

impl Actor {
    pub fn new(principal: Principal) -> Self {
        Self { principal, via: Vec::new() }
    }

    pub fn account(&self) -> Option<AccountId> {
        match self.principal {
            Principal::Citizen { account, .. } => Some(account),
            _ => None,
        }
    }

    pub fn staff(&self) -> Option<StaffId> {
        match self.principal {
            Principal::Staff { user, .. } => Some(user),
            _ => None,
        }
    }

    /// The machine account that acts.
    pub fn machine(&self) -> Option<uuid::Uuid> {
        match self.principal {
            Principal::Machine { id, .. } => Some(id),
            _ => None,
        }
    }

    /// Level of the citizen's session; nobody else has one.
    pub fn level(&self) -> Option<Level> {
        match self.principal {
            Principal::Citizen { level, .. } => Some(level),
            _ => None,
        }
    }

    pub fn allows(&self, permission: Permission) -> bool {
        matches!(&self.principal, Principal::Staff { grants, .. } if grants.anywhere(permission))
    }

    pub fn allows_in(&self, permission: Permission, unit: &str) -> bool {
        matches!(&self.principal, Principal::Staff { grants, .. } if grants.in_unit(permission, unit))
    }

    /// Ids and codes only: what the journal may keep of an actor.
    pub fn to_fact(&self) -> serde_json::Value {
        let mut fact = match &self.principal {
            Principal::Anonymous => serde_json::json!({"kind": "anonymous"}),
            Principal::Citizen { account, level } => {
                serde_json::json!({"kind": "citizen", "id": account, "level": level.code()})
            }
            Principal::Guest { case } => serde_json::json!({"kind": "guest", "id": case}),
            Principal::Staff { user, unit, .. } => serde_json::json!({"kind": "staff", "id": user, "unit": unit}),
            Principal::Machine { id, name } => serde_json::json!({"kind": "machine", "id": id, "name": &**name}),
            Principal::System { name } => serde_json::json!({"kind": "system", "name": name}),
        };
        if !self.via.is_empty() {
            fact["via"] = serde_json::json!(self.via);
        }
        fact
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_grant_holds_in_that_unit_only_and_city_wins() {
        let view = Permission("records.view");
        let mut grants = Grants::default();
        grants.add(view.0, Scope::Units(vec!["standesamt".into()]));
        assert!(grants.in_unit(view, "standesamt") && !grants.in_unit(view, "buergerbuero-osterath"));
        grants.add(view.0, Scope::City);
        assert!(grants.in_unit(view, "buergerbuero-osterath"));
        grants.add(view.0, Scope::Units(vec!["x".into()]));
        assert!(grants.in_unit(view, "anything"), "a later narrow grant must not take the wide one away");
    }

    #[test]
    fn counter_check_is_below_eid() {
        assert!(Level::VorOrt < Level::Hoch && Level::Basis < Level::VorOrt);
        for level in Level::ALL {
            assert_eq!(Level::from_code(level.code()), Some(level));
        }
    }
}
