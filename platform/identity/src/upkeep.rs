use db::{Tx, params};
use jiff::SignedDuration;
use kernel::{Cx, Error, Result};

use crate::{access, person};

/// Days for which an ended session stays for questions such as "was that me?".
const SESSION_DAYS: i64 = 30;

/// The daily work: access by today's dates, and away with what has expired. Run it soon after midnight.
pub async fn upkeep(tx: &mut Tx, cx: &Cx) -> Result<()> {
    let now = cx.now();
    access::recompute(tx, cx.today()).await?;
    tx.exec("DELETE FROM identity_ticket WHERE tenant = $1 AND expires_at <= $2", params![now]).await?;
    tx.exec("DELETE FROM identity_attempt WHERE tenant = $1 AND expires_at <= $2", params![now]).await?;
    tx.exec("DELETE FROM identity_device WHERE tenant = $1 AND expires_at <= $2", params![now]).await?;
    tx.exec("DELETE FROM identity_claim WHERE tenant = $1 AND expires_at <= $2", params![now]).await?;
    let long_ago = now.checked_sub(SignedDuration::from_hours(24 * SESSION_DAYS)).map_err(Error::internal)?;
    tx.exec("DELETE FROM identity_session WHERE tenant = $1 AND expires_at <= $2", params![long_ago]).await?;
    // Those who left before the moment was kept.
    let sql = "UPDATE identity_staff SET left_at = $2 WHERE tenant = $1 AND state = 'left' AND left_at IS NULL";
    tx.exec(sql, params![now]).await?;
    person::drop_outdated(tx).await
}
