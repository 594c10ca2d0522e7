//! What the rooms that were once part of this one ask of cases and tell them: `circulation`, which sends folders round about
//! a case, and `disposal`, whose own questions are in [`crate::retention`].

use contract_records::{CaseView, CasesSeen, LogSeen, MayWrite};
use db::{Rx, Tx};
use kernel::{Cx, Result};

use crate::{document, file::service::staff, store};

pub async fn cases_seen(cx: &Cx, rx: &mut Rx, q: CasesSeen) -> Result<Vec<CaseView>> {
    let me = staff(cx)?;
    let mut found = Vec::with_capacity(q.ids.len());
    for some in q.ids.chunks(store::AT_ONCE) {
        found.extend(store::cases_for_staff(rx, some, me).await?);
    }
    Ok(found)
}

/// # Errors
/// As [`document::service::may_write`].
pub async fn may_write(cx: &Cx, rx: &mut Rx, q: MayWrite) -> Result<()> {
    let case = store::case_for_staff(rx, q.case, staff(cx)?).await?;
    document::service::may_write(cx, rx, &case).await
}

pub async fn log_seen(cx: &Cx, tx: &mut Tx, c: LogSeen) -> Result<()> {
    store::log_access(tx, cx.sources.uuid(), cx.now(), staff(cx)?, c.case, &c.what).await
}
