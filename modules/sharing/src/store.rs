use db::{FromRow, Row, Rx, Tx, params};
use identity::SecretHash;
use kernel::{CaseId, DocumentId, FileId, Hash, Result, StaffId, Timestamp, Uuid};

db::record! {
    /// A link for one outsider (Freigabe).
    #[derive(Clone, Debug, PartialEq)]
    pub struct Share {
        pub id: Uuid,
        pub case_id: CaseId,
        pub recipient: String,
        pub email: String,
        pub purpose: String,
        /// Wrong codes since the last right one.
        pub tries: i64,
        pub made_by: StaffId,
        pub made_at: Timestamp,
        pub expires_at: Timestamp,
        /// `revoked` or `locked`.
        pub ended: Option<String>,
        pub ended_at: Option<Timestamp>,
    }
}

db::record! {
    /// A document that a link gives.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Shared {
        /// From 1.
        pub n: i64,
        pub document_id: DocumentId,
        /// The version that was the newest when the link was made.
        pub file_id: FileId,
        pub title: String,
    }
}

/// A link that is good at this moment, as far as its own row says, with what its code is compared with.
#[derive(Clone, Debug)]
pub struct Good {
    pub share: Share,
    pub secret: SecretHash,
}

impl FromRow for Good {
    fn from_row(row: &Row) -> Result<Self> {
        let secret = SecretHash { tag: row.get("secret_tag")?, params: row.get("secret_params")? };
        Ok(Self { share: Share::from_row(row)?, secret })
    }
}

pub async fn add(tx: &mut Tx, s: &Share, token: Hash, secret: &SecretHash) -> Result<()> {
    let sql = "INSERT INTO sharing_share (tenant, id, case_id, recipient, email, purpose, token_hash, secret_tag,
                 secret_params, tries, made_by, made_at, expires_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    let (tag, cost) = (secret.tag.clone(), secret.params.as_str());
    let values = params![
        s.id,
        s.case_id,
        &s.recipient,
        &s.email,
        &s.purpose,
        token,
        tag,
        cost,
        s.tries,
        s.made_by,
        s.made_at,
        s.expires_at,
    ];
    tx.exec_one(sql, values).await
}

pub async fn add_document(tx: &mut Tx, share: Uuid, d: &Shared) -> Result<()> {
    let sql = "INSERT INTO sharing_document (tenant, share_id, n, document_id, file_id, title)
               VALUES ($1, $2, $3, $4, $5, $6)";
    tx.exec_one(sql, params![share, d.n, d.document_id, d.file_id, &d.title]).await
}

/// The link with this token, while it is neither over nor ended.
pub async fn good(rx: &mut Rx, token: Hash, now: Timestamp) -> Result<Option<Good>> {
    let sql = "SELECT id, case_id, recipient, email, purpose, tries, made_by, made_at, expires_at, ended, ended_at,
                 secret_tag, secret_params
               FROM sharing_share
               WHERE tenant = $1 AND token_hash = $2 AND ended IS NULL AND expires_at > $3";
    rx.opt(sql, params![token, now]).await
}

/// The link with this token, whatever its state.
pub async fn with_token(rx: &mut Rx, token: Hash) -> Result<Option<Share>> {
    let sql = "SELECT id, case_id, recipient, email, purpose, tries, made_by, made_at, expires_at, ended, ended_at
               FROM sharing_share WHERE tenant = $1 AND token_hash = $2";
    rx.opt(sql, params![token]).await
}

/// # Errors
/// `NotFound`, also for a link of another case.
pub async fn of_case(rx: &mut Rx, case: CaseId, share: Uuid) -> Result<Share> {
    let sql = "SELECT id, case_id, recipient, email, purpose, tries, made_by, made_at, expires_at, ended, ended_at
               FROM sharing_share WHERE tenant = $1 AND case_id = $2 AND id = $3";
    rx.one(sql, params![case, share]).await
}

/// Links of a case, newest first.
pub async fn all_of_case(rx: &mut Rx, case: CaseId) -> Result<Vec<Share>> {
    let sql = "SELECT id, case_id, recipient, email, purpose, tries, made_by, made_at, expires_at, ended, ended_at
               FROM sharing_share WHERE tenant = $1 AND case_id = $2 ORDER BY made_at DESC, id DESC LIMIT 200";
    rx.list(sql, params![case]).await
}

pub async fn documents(rx: &mut Rx, share: Uuid) -> Result<Vec<Shared>> {
    let sql = "SELECT n, document_id, file_id, title FROM sharing_document
               WHERE tenant = $1 AND share_id = $2 ORDER BY n";
    rx.list(sql, params![share]).await
}

/// Counts a try as wrong before its code is looked at, so that many at the same moment cannot slip through. Answers
/// whether there was one left.
pub async fn take_try(tx: &mut Tx, token: Hash, now: Timestamp, most: i64) -> Result<bool> {
    let sql = "UPDATE sharing_share SET tries = tries + 1
               WHERE tenant = $1 AND token_hash = $2 AND ended IS NULL AND expires_at > $3 AND tries < $4";
    Ok(tx.exec(sql, params![token, now, most]).await? > 0)
}

/// Takes a counted try back whose code nobody looked at.
pub async fn give_try_back(tx: &mut Tx, token: Hash) -> Result<()> {
    let sql = "UPDATE sharing_share SET tries = tries - 1
               WHERE tenant = $1 AND token_hash = $2 AND ended IS NULL AND tries > 0";
    tx.exec(sql, params![token]).await.map(|_| ())
}

/// The code was right. Answers whether the link is still good.
pub async fn forgive(tx: &mut Tx, share: Uuid, now: Timestamp) -> Result<bool> {
    let sql = "UPDATE sharing_share SET tries = 0
               WHERE tenant = $1 AND id = $2 AND ended IS NULL AND expires_at > $3";
    Ok(tx.exec(sql, params![share, now]).await? > 0)
}

/// Ends a link and forgets whatever opened it. Answers whether it was not ended before.
pub async fn end(tx: &mut Tx, share: Uuid, how: &str, at: Timestamp) -> Result<bool> {
    let sql = "UPDATE sharing_share SET ended = $3, ended_at = $4, secret_tag = NULL, secret_params = NULL
               WHERE tenant = $1 AND id = $2 AND ended IS NULL";
    let ended = tx.exec(sql, params![share, how, at]).await? > 0;
    tx.exec("DELETE FROM sharing_visit WHERE tenant = $1 AND share_id = $2", params![share]).await?;
    Ok(ended)
}

pub async fn add_visit(tx: &mut Tx, visit: Hash, share: Uuid, expires: Timestamp) -> Result<()> {
    let sql = "INSERT INTO sharing_visit (tenant, token_hash, share_id, expires_at) VALUES ($1, $2, $3, $4)";
    tx.exec_one(sql, params![visit, share, expires]).await
}

/// Whether this browser typed the right code of this link, not too long ago.
pub async fn is_visit(rx: &mut Rx, visit: Hash, share: Uuid, now: Timestamp) -> Result<bool> {
    let sql = "SELECT share_id FROM sharing_visit
               WHERE tenant = $1 AND token_hash = $2 AND share_id = $3 AND expires_at > $4";
    Ok(rx.opt::<(Uuid,)>(sql, params![visit, share, now]).await?.is_some())
}

/// Removes what opened links that are over: tokens, codes and visits. Answers of how many.
pub async fn remove_secrets(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    tx.exec("DELETE FROM sharing_visit WHERE tenant = $1 AND expires_at <= $2", params![now]).await?;
    let sql = "UPDATE sharing_share SET token_hash = NULL, secret_tag = NULL, secret_params = NULL
               WHERE tenant = $1 AND token_hash IS NOT NULL AND (expires_at <= $2 OR ended IS NOT NULL)";
    tx.exec(sql, params![now]).await
}
