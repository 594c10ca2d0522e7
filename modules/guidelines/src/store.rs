use db::{Rx, Tx, params};
use kernel::{Result, StaffId, Timestamp};

db::record! {
    /// Somebody acknowledged a version of a paragraph.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Acknowledgement {
        pub paragraph: String,
        pub version: i64,
        pub at: Timestamp,
    }
}

/// A second time changes nothing; answers whether it was the first.
pub async fn add(tx: &mut Tx, staff: StaffId, paragraph: &str, version: i64, at: Timestamp) -> Result<bool> {
    let sql = "INSERT INTO guidelines_acknowledgement (tenant, staff_id, paragraph, version, at)
               VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant, staff_id, paragraph, version) DO NOTHING";
    Ok(tx.exec(sql, params![staff, paragraph, version, at]).await? > 0)
}

/// What somebody has acknowledged, newest first.
pub async fn of(rx: &mut Rx, staff: StaffId) -> Result<Vec<Acknowledgement>> {
    let sql = "SELECT paragraph, version, at FROM guidelines_acknowledgement WHERE tenant = $1 AND staff_id = $2
               ORDER BY at DESC, paragraph, version";
    rx.list(sql, params![staff]).await
}

/// Who has acknowledged a version. For counts only: it leaves this module as a number of a large group.
pub async fn by(rx: &mut Rx, paragraph: &str, version: i64) -> Result<Vec<StaffId>> {
    let sql = "SELECT staff_id FROM guidelines_acknowledgement WHERE tenant = $1 AND paragraph = $2 AND version = $3";
    Ok(rx.list::<(StaffId,)>(sql, params![paragraph, version]).await?.into_iter().map(|(staff,)| staff).collect())
}
