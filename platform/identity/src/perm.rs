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

/// Staff with the permission, or the program itself.
pub(crate) fn ask(cx: &Cx, permission: Permission) -> Result<()> {
    if cx.actor.allows(permission) || matches!(cx.actor.principal, Principal::System { .. }) {
        Ok(())
    } else {
        Err(Error::Forbidden)
    }
}
