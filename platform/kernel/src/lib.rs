//! What every room of the house stands on and what knows nothing of any room: typed ids, the actor, time and
//! randomness as given values, deadlines, money, errors, permissions, commands and events.
//!
//! Architecture invariant: no I/O happens here, and no other crate of the house is named here.

mod actor;
mod canonical;
mod command;
mod cx;
mod error;
mod event;
pub mod frist;
mod id;
mod money;
pub mod partial_date;

pub use actor::{Actor, Grants, Level, Permission, Principal, Scope};
pub use canonical::{Hash, canonical_json, sha256};
pub use command::{Command, Query, TaskOutcome, TaskToken};
pub use cx::{Clock, Cx, FixedClock, Lang, OsRandom, Random, SeededRandom, Sources, SystemClock, berlin};
pub use error::{Error, FieldError, Refusal, Result};
pub use event::{Event, Subject};
pub use id::{AccountId, CaseId, DocumentId, FileId, Id, Kind, StaffId, TenantId, UnitKey};
pub use money::Money;
pub use partial_date::PartialDate;

pub use jiff::{Timestamp, civil::Date};
pub use uuid::Uuid;
