//! Permissions that this crate itself asks for.

use kernel::{Cx, Error, Permission, Principal, Result};

/// Add and remove staff, give and end roles.
pub const STAFF: Permission = Permission("identity.staff");
/// Name deputies for others; everybody may name their own.
pub const DEPUTIES: Permission = Permission("identity.deputies");
/// Compare a person with a document at the counter (vor Ort prüfen).
pub const ONSITE: Permission = Permission("identity.onsite");
/// Take a lost second factor away after checking the person.
pub const RESET_FACTOR: Permission = Permission("identity.reset-factor");

/// All of them, for the list of what roles may hold.
pub const ALL: &[Permission] = &[STAFF, DEPUTIES, ONSITE, RESET_FACTOR];

/// As [`ask`], for one place: a unit, or the whole city for `None`.
pub(crate) fn ask_in(cx: &Cx, permission: Permission, unit: Option<&str>) -> Result<()> {
    let allowed = match (&cx.actor.principal, unit) {
        (Principal::System { .. }, _) => true,
        (Principal::Staff { grants, .. }, Some(unit)) => grants.in_unit(permission, unit),
        (Principal::Staff { grants, .. }, None) => grants.in_city(permission),
        _ => false,
    };
    if allowed { Ok(()) } else { Err(Error::Forbidden) }
}

/// Staff with the permission, or the program itself.
pub(crate) fn ask(cx: &Cx, permission: Permission) -> Result<()> {
    if cx.actor.allows(permission) || matches!(cx.actor.principal, Principal::System { .. }) {
        Ok(())
    } else {
        Err(Error::Forbidden)
    }
}
