//! What happened, for the journal: ids and codes only.

use kernel::{AccountId, CaseId, Date, Event, StaffId, Subject, Uuid};
use serde::{Deserialize, Serialize};

use crate::{DeputyId, GrantId, SessionId};

macro_rules! events {
    ($($(#[$meta:meta])* $name:ident = $text:literal of $subject:ident { $($field:ident: $ty:ty),* $(,)? })*) => {$(
        $(#[$meta])*
        #[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
        pub struct $name { $(pub $field: $ty),* }
        impl Event for $name {
            const NAME: &'static str = $text;
            fn subject(&self) -> Subject {
                self.$subject.into()
            }
        }
    )*};
}

events! {
    /// `by` is `mail` or the key of a login source.
    AccountOpened = "identity.account-opened" of account { account: AccountId, by: String }
    AccountClosed = "identity.account-closed" of account { account: AccountId }
    EmailChanged = "identity.email-changed" of account { account: AccountId }
    LabelChanged = "identity.label-changed" of account { account: AccountId }
    PersonStated = "identity.person-stated" of account { account: AccountId, source: String }
    ExternalLinked = "identity.external-linked" of account { account: AccountId, source: String }
    /// A clerk compared a document with the person (vor Ort geprüft): its kind and the day, not its number.
    OnsiteConfirmed = "identity.onsite-confirmed" of account { account: AccountId, document: String, on: Date }
    OnsiteWithdrawn = "identity.onsite-withdrawn" of account { account: AccountId }
    /// `how`: `own`, `mail` or `staff`.
    PasswordChanged = "identity.password-changed" of owner { owner: Owner, how: String }
    FactorAdded = "identity.factor-added" of owner { owner: Owner }
    /// `how`: `own` or `staff`.
    FactorRemoved = "identity.factor-removed" of owner { owner: Owner, how: String }
    RecoveryCodesMade = "identity.recovery-codes-made" of owner { owner: Owner }
    RecoveryCodeUsed = "identity.recovery-code-used" of owner { owner: Owner }
    SessionStarted = "identity.session-started" of session {
        session: SessionId, owner: Owner, source: String, level: Option<String>
    }
    /// `how`: `sign-out`, `remote`, `replaced`, `password`, `staff` or `closed`.
    SessionEnded = "identity.session-ended" of session { session: SessionId, how: String }
    ClaimIssued = "identity.claim-issued" of case { case: CaseId }
    ClaimsRevoked = "identity.claims-revoked" of case { case: CaseId }
    StaffAdded = "identity.staff-added" of staff { staff: StaffId, unit: String }
    StaffMoved = "identity.staff-moved" of staff { staff: StaffId, unit: String }
    StaffStateChanged = "identity.staff-state-changed" of staff { staff: StaffId, active: bool }
    /// Somebody who left long ago was made anonymous.
    StaffForgotten = "identity.staff-forgotten" of staff { staff: StaffId }
    Granted = "identity.granted" of grant {
        grant: GrantId, staff: StaffId, role: String, unit: Option<String>, from: Date, to: Option<Date>
    }
    GrantEnded = "identity.grant-ended" of grant { grant: GrantId, to: Date }
    DeputySet = "identity.deputy-set" of deputy_id {
        deputy_id: DeputyId, absent: StaffId, deputy: StaffId, from: Date, to: Date
    }
    DeputyEnded = "identity.deputy-ended" of deputy_id { deputy_id: DeputyId }
    /// Units and roles were loaded from the city's data; `sha256` of what was loaded, hexadecimal.
    OrganisationLoaded = "identity.organisation-loaded" of load { load: Load, sha256: String }
}

/// Whose password, second factor or session it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "id")]
pub enum Owner {
    Account(AccountId),
    Staff(StaffId),
    /// A guest is known by the case only.
    Case(CaseId),
}

impl Owner {
    pub(crate) fn uuid(self) -> Uuid {
        match self {
            Owner::Account(id) => id.uuid(),
            Owner::Staff(id) => id.uuid(),
            Owner::Case(id) => id.uuid(),
        }
    }
}

impl From<Owner> for Subject {
    fn from(owner: Owner) -> Self {
        match owner {
            Owner::Account(id) => id.into(),
            Owner::Staff(id) => id.into(),
            Owner::Case(id) => id.into(),
        }
    }
}

/// One loading of the organisation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Load(pub Uuid);

impl From<Load> for Subject {
    fn from(load: Load) -> Self {
        Subject { kind: "organisation", id: load.0 }
    }
}
