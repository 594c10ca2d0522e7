//! What the rooms that were once part of `records` ask of its cases and tell them: `circulation`, which sends folders round
//! about a case, and `disposal`; of their questions `privacy` asks one, too.

use kernel::{CaseId, Command, Query};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::CaseView;

/// Those of these cases that the member of staff who acts may see, in any order.
///
/// # Errors
/// [`kernel::Error::StaffSignIn`] for everybody else.
pub struct CasesSeen {
    pub ids: Vec<CaseId>,
}

impl Query for CasesSeen {
    const NAME: &'static str = "records.cases-seen";
    const CALLERS: &'static [&'static str] = &["circulation", "disposal", "privacy"];
    type Answer = Vec<CaseView>;
}

/// May the member of staff who acts change a case: it is open, and their unit leads it or takes part to work on it.
///
/// # Errors
/// [`kernel::Error::NotFound`] when they do not see the case, [`kernel::Error::Forbidden`] without the right; refused for a
/// closed case.
pub struct MayWrite {
    pub case: CaseId,
}

impl Query for MayWrite {
    const NAME: &'static str = "records.may-write";
    const CALLERS: &'static [&'static str] = &["circulation"];
    type Answer = ();
}

/// Notes in the access log (Zugriffsprotokoll) that the member of staff who acts looked at something of a case.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LogSeen {
    pub case: CaseId,
    /// Code of what they looked at; in words it is `records-value-what-<code>`.
    pub what: String,
}

impl Command for LogSeen {
    const NAME: &'static str = "records.log-seen";
    const CALLERS: &'static [&'static str] = &["circulation", "disposal"];
    type Answer = ();
}
