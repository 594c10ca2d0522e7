use db::{Rx, Tx, params};
use kernel::{CaseId, FileId, Result, StaffId, Timestamp, Uuid};

/// Cases of one offer.
pub const MOST: i64 = 500;

db::record! {
    /// An offer to the archive (Anbietung).
    #[derive(Clone, Debug, PartialEq)]
    pub struct Offer {
        /// Also the ProzessID of its messages.
        pub id: Uuid,
        /// `offered`, `appraised`, `handed-over` or `done`.
        pub state: String,
        pub made_by: Option<StaffId>,
        pub made_at: Timestamp,
        pub appraised_by: Option<StaffId>,
        pub appraised_at: Option<Timestamp>,
        pub handed_over_at: Option<Timestamp>,
        pub received_at: Option<Timestamp>,
    }
}

pub async fn add_offer(tx: &mut Tx, offer: &Offer) -> Result<()> {
    let sql = "INSERT INTO records_offer (tenant, id, state, made_by, made_at) VALUES ($1, $2, $3, $4, $5)";
    tx.exec_one(sql, params![offer.id, &offer.state, offer.made_by, offer.made_at]).await
}

pub async fn offer(rx: &mut Rx, id: Uuid) -> Result<Offer> {
    let sql = "SELECT id, state, made_by, made_at, appraised_by, appraised_at, handed_over_at, received_at
               FROM records_offer WHERE tenant = $1 AND id = $2";
    rx.one(sql, params![id]).await
}

/// The newest first.
pub async fn offers(rx: &mut Rx) -> Result<Vec<Offer>> {
    let sql = "SELECT id, state, made_by, made_at, appraised_by, appraised_at, handed_over_at, received_at
               FROM records_offer WHERE tenant = $1 ORDER BY made_at DESC, id DESC LIMIT 200";
    rx.list(sql, &[]).await
}

pub async fn set_state(tx: &mut Tx, id: Uuid, state: &str) -> Result<()> {
    tx.exec_one("UPDATE records_offer SET state = $3 WHERE tenant = $1 AND id = $2", params![id, state]).await
}

pub async fn set_appraised(tx: &mut Tx, id: Uuid, by: StaffId, at: Timestamp) -> Result<()> {
    let sql = "UPDATE records_offer SET state = 'appraised', appraised_by = $3, appraised_at = $4
               WHERE tenant = $1 AND id = $2";
    tx.exec_one(sql, params![id, by, at]).await
}

pub async fn set_handed_over(tx: &mut Tx, id: Uuid, at: Timestamp) -> Result<()> {
    let sql = "UPDATE records_offer SET state = 'handed-over', handed_over_at = $3 WHERE tenant = $1 AND id = $2";
    tx.exec_one(sql, params![id, at]).await
}

pub async fn set_received(tx: &mut Tx, id: Uuid, at: Timestamp) -> Result<()> {
    let sql = "UPDATE records_offer SET received_at = $3 WHERE tenant = $1 AND id = $2 AND received_at IS NULL";
    tx.exec(sql, params![id, at]).await?;
    Ok(())
}

db::record! {
    /// A case of an offer.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Offered {
        pub case_id: CaseId,
        /// What the rule of the plan says: A or B.
        pub proposal: String,
        /// What the archive decided: A or V.
        pub decision: Option<String>,
        pub settled: bool,
        pub archive_id: String,
    }
}

pub async fn add_offered(tx: &mut Tx, offer: Uuid, case: CaseId, proposal: &str) -> Result<()> {
    let sql =
        "INSERT INTO records_offered (tenant, offer_id, case_id, proposal, settled) VALUES ($1, $2, $3, $4, FALSE)";
    tx.exec_one(sql, params![offer, case, proposal]).await
}

pub async fn offered(rx: &mut Rx, offer: Uuid) -> Result<Vec<Offered>> {
    let sql = "SELECT case_id, proposal, decision, settled, archive_id FROM records_offered
               WHERE tenant = $1 AND offer_id = $2 ORDER BY case_id";
    rx.list(sql, params![offer]).await
}

/// What the archive decided of a case; one it does not want is settled.
pub async fn decide(tx: &mut Tx, offer: Uuid, case: CaseId, decision: &str) -> Result<()> {
    let sql =
        "UPDATE records_offered SET decision = $4, settled = $5 WHERE tenant = $1 AND offer_id = $2 AND case_id = $3";
    tx.exec_one(sql, params![offer, case, decision, decision == "V"]).await
}

/// The archive has taken a case over. Nothing happens to one that it did not want or that is not of this offer.
pub async fn settle(tx: &mut Tx, offer: Uuid, case: CaseId, archive_id: &str) -> Result<u64> {
    let sql = "UPDATE records_offered SET settled = TRUE, archive_id = $4
               WHERE tenant = $1 AND offer_id = $2 AND case_id = $3 AND decision = 'A'";
    tx.exec(sql, params![offer, case, archive_id]).await
}

db::record! {
    /// A package or message of an offer.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Message {
        pub id: Uuid,
        /// Number of the message: `0501`.
        pub kind: String,
        pub name: String,
        pub file_id: FileId,
        pub at: Timestamp,
    }
}

pub async fn messages(rx: &mut Rx, offer: Uuid) -> Result<Vec<Message>> {
    let sql = "SELECT id, kind, name, file_id, at FROM records_offer_message WHERE tenant = $1 AND offer_id = $2
               ORDER BY at, kind, id";
    rx.list(sql, params![offer]).await
}

pub async fn add_message(tx: &mut Tx, offer: Uuid, m: &Message) -> Result<()> {
    let sql = "INSERT INTO records_offer_message (tenant, id, offer_id, kind, name, file_id, at)
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    tx.exec_one(sql, params![m.id, offer, &m.kind, &m.name, m.file_id, m.at]).await
}

pub async fn remove_message(tx: &mut Tx, id: Uuid) -> Result<()> {
    tx.exec_one("DELETE FROM records_offer_message WHERE tenant = $1 AND id = $2", params![id]).await
}

/// Offers that are done and of which no case is left, while there are messages of them.
pub async fn without_cases(rx: &mut Rx) -> Result<Vec<Uuid>> {
    let sql = "SELECT DISTINCT m.offer_id FROM records_offer_message m
               JOIN records_offer o ON o.tenant = m.tenant AND o.id = m.offer_id AND o.state = 'done'
               WHERE m.tenant = $1 AND NOT EXISTS
                 (SELECT 1 FROM records_offered c WHERE c.tenant = m.tenant AND c.offer_id = m.offer_id)
               ORDER BY m.offer_id LIMIT 200";
    Ok(rx.list::<(Uuid,)>(sql, &[]).await?.into_iter().map(|(id,)| id).collect())
}

db::record! {
    /// Something that keeps a case from being deleted (Löschsperre).
    #[derive(Clone, Debug, PartialEq)]
    pub struct Hold {
        pub id: Uuid,
        pub case_id: CaseId,
        pub reason: String,
        pub set_by: StaffId,
        pub set_at: Timestamp,
        pub lifted_at: Option<Timestamp>,
    }
}

pub async fn holds(rx: &mut Rx, case: CaseId) -> Result<Vec<Hold>> {
    let sql = "SELECT id, case_id, reason, set_by, set_at, lifted_at FROM records_hold
               WHERE tenant = $1 AND case_id = $2 ORDER BY set_at, id";
    rx.list(sql, params![case]).await
}

/// Whether a hold of the case is in force.
pub async fn is_held(rx: &mut Rx, case: CaseId) -> Result<bool> {
    let sql = "SELECT COUNT(*) AS n FROM records_hold WHERE tenant = $1 AND case_id = $2 AND lifted_at IS NULL";
    Ok(rx.one::<(i64,)>(sql, params![case]).await?.0 > 0)
}

pub async fn add_hold(tx: &mut Tx, h: &Hold) -> Result<()> {
    let sql = "INSERT INTO records_hold (tenant, id, case_id, reason, set_by, set_at) VALUES ($1, $2, $3, $4, $5, $6)";
    tx.exec_one(sql, params![h.id, h.case_id, &h.reason, h.set_by, h.set_at]).await
}

pub async fn lift(tx: &mut Tx, case: CaseId, hold: Uuid, by: StaffId, at: Timestamp) -> Result<()> {
    let sql = "UPDATE records_hold SET lifted_by = $4, lifted_at = $5
               WHERE tenant = $1 AND case_id = $2 AND id = $3 AND lifted_at IS NULL";
    tx.exec_one(sql, params![case, hold, by, at]).await
}
