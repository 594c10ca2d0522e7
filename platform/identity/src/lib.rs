//! Who somebody is and what they may do: city accounts, guests and staff, their sessions and levels, roles, deputies
//! and access classes.
//!
//! [`Identity`] holds the city's policy and keys and does what needs them (passwords, second factors, codes). What
//! needs neither is a plain function over a read view or a transaction: [`resolve`], [`grants_of`],
//! [`access::class_for`].
//!
//! Architecture invariant: no HTTP here, and nothing is sent; whoever calls gets a [`Mail`] and sends it in the same
//! transaction.

pub mod access;
mod account;
mod client;
mod code;
mod device;
mod email;
pub mod events;
mod external;
mod factor;
mod grant;
mod guest;
mod onsite;
mod org;
mod password;
pub mod perm;
mod person;
mod policy;
mod secret;
pub mod session;
mod signin;
mod staff;
mod throttle;
mod ticket;
mod totp;
mod upkeep;
mod vault;

pub use account::{
    AccountOverview, Mail, MailKind, Registering, ResetChoice, close as close_account, contact, is_active, is_seeded,
    own_account, rename as rename_account,
};
pub use client::{Client, id_from};
pub use code::{ALPHABET, random_code, random_token, read_code, token_hash};
pub use email::Email;
pub use events::Owner;
pub use external::{Answer, Begun, ExternalPerson, Linking, LoginSource, Request, Returned};
pub use factor::{FactorState, NewFactor, own_factor, reset_account_factor, reset_staff_factor};
pub use grant::{
    Deputy, DeputyId, Grant, GrantId, Holder, deputies_of, end_deputy, end_grant, give_grant, grants_held, grants_of,
    holders_of, represented_by, set_deputy, units_of,
};
pub use guest::revoke_claims;
pub use onsite::{CounterMatch, Document, counter_search, withdraw_onsite};
pub use org::{Organisation, RoleData, UnitData, Units, clearances, load_organisation, roles, units};
pub use password::MIN_CHARS as PASSWORD_MIN_CHARS;
pub use person::{Address, Known, Person, SELF_STATED, VOR_ORT, person_of, state_person};
pub use policy::{Argon2Cost, Policy};
pub use secret::{SecretHash, read_spoken, spoken_secret};
pub use session::{NewSession, Session, SessionId, SessionLine, resolve};
pub use signin::{Side as SignInSide, SignedIn};
pub use staff::{
    NewStaff, StaffLine, add_staff, all_staff, forget_staff, long_gone, move_staff, set_staff_active, staff_line,
};
pub use totp::current_code;
pub use upkeep::upkeep;

use kernel::{Hash, Result};

/// Tables `identity_*`.
pub const MIGRATIONS: db::Migrations =
    db::migrations!("identity": "0001_init", "0002_continued_session", "0003_left_staff", "0004_shared_class");

/// One city's policy and keys.
pub struct Identity {
    policy: Policy,
    vault: vault::Vault,
    passwords: password::Hasher,
}

impl Identity {
    /// # Errors
    /// A policy outside its limits.
    pub fn new(policy: Policy, key: &[u8; 32]) -> Result<Self> {
        policy.check()?;
        let vault = vault::Vault::new(key)?;
        let passwords = password::Hasher::new(vault.clone(), policy.argon2)?;
        Ok(Self { policy, vault, passwords })
    }

    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// A hash under the city's key: for what a room looks up by value and must not be able to read. Nobody without the key
    /// can find the value by trying.
    ///
    /// # Errors
    /// None that a caller could cause.
    pub fn keyed_hash(&self, purpose: &str, parts: &[&[u8]]) -> Result<Hash> {
        let mut all = vec![purpose.as_bytes()];
        all.extend(parts);
        self.vault.hash("room", &all)
    }
}

#[cfg(test)]
mod tests;
