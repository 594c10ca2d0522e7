use contract_certificates::CertificateId;
use db::{Rx, Tx, params, record};
use kernel::{CaseId, Date, DocumentId, Hash, Result, StaffId, TaskToken, Timestamp, Uuid};
use serde_json::Value;

/// The number of a token as the databases keep it.
fn number(token: TaskToken) -> Result<i64> {
    i64::try_from(token.token).map_err(kernel::Error::internal)
}

record! {
    #[derive(Clone, Debug)]
    pub struct Certificate {
        pub id: CertificateId,
        pub case_id: CaseId,
        pub kind: String,
        pub title: String,
        pub office: String,
        pub issued_on: Date,
        pub document_id: DocumentId,
        pub pdf_sha256: Hash,
        pub state: String,
        pub withdrawn_at: Option<Timestamp>,
        pub withdrawn_reason: Option<String>,
    }
}

impl Certificate {
    pub fn genuine(&self) -> bool {
        self.state == GENUINE
    }
}

pub const GENUINE: &str = "genuine";
const WITHDRAWN: &str = "withdrawn";

pub async fn add_certificate(tx: &mut Tx, c: &Certificate, token: TaskToken, code_hash: Hash) -> Result<()> {
    let sql = "INSERT INTO certificates_certificate (tenant, id, case_id, instance, token, kind, title, code_hash,
                 office, issued_on, document_id, pdf_sha256, state)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    tx.exec_one(
        sql,
        params![
            c.id,
            c.case_id,
            token.instance,
            number(token)?,
            &c.kind,
            &c.title,
            code_hash,
            &c.office,
            c.issued_on,
            c.document_id,
            c.pdf_sha256,
            GENUINE,
        ],
    )
    .await
}

pub async fn certificate_made(rx: &mut Rx, token: TaskToken) -> Result<bool> {
    let sql = "SELECT id FROM certificates_certificate WHERE tenant = $1 AND instance = $2 AND token = $3";
    Ok(rx.opt::<(Uuid,)>(sql, params![token.instance, number(token)?]).await?.is_some())
}

pub async fn certificate(rx: &mut Rx, id: CertificateId) -> Result<Certificate> {
    let sql = "SELECT id, case_id, kind, title, office, issued_on, document_id, pdf_sha256, state, withdrawn_at,
                 withdrawn_reason
               FROM certificates_certificate WHERE tenant = $1 AND id = $2";
    rx.one(sql, params![id]).await
}

pub async fn certificate_of_code(rx: &mut Rx, code_hash: Hash) -> Result<Option<Certificate>> {
    let sql = "SELECT id, case_id, kind, title, office, issued_on, document_id, pdf_sha256, state, withdrawn_at,
                 withdrawn_reason
               FROM certificates_certificate WHERE tenant = $1 AND code_hash = $2";
    rx.opt(sql, params![code_hash]).await
}

pub async fn certificates_of(rx: &mut Rx, case: CaseId) -> Result<Vec<Certificate>> {
    let sql = "SELECT id, case_id, kind, title, office, issued_on, document_id, pdf_sha256, state, withdrawn_at,
                 withdrawn_reason
               FROM certificates_certificate WHERE tenant = $1 AND case_id = $2 ORDER BY id";
    rx.list(sql, params![case]).await
}

/// Answers whether the certificate was genuine until now.
pub async fn withdraw(tx: &mut Tx, id: CertificateId, at: Timestamp, by: StaffId, reason: &str) -> Result<bool> {
    let sql = "UPDATE certificates_certificate
               SET state = $3, withdrawn_at = $4, withdrawn_by = $5, withdrawn_reason = $6
               WHERE tenant = $1 AND id = $2 AND state = $7";
    Ok(tx.exec(sql, params![id, WITHDRAWN, at, by, reason, GENUINE]).await? == 1)
}

/// A letter as it is kept for proof.
pub struct NewDecision<'a> {
    pub id: Uuid,
    pub case: CaseId,
    pub token: TaskToken,
    pub decision: &'a str,
    pub kind: &'a str,
    pub remedy_basis: &'a str,
    pub text_sha256: Hash,
    pub document: DocumentId,
    pub pdf_sha256: Hash,
    pub at: Timestamp,
}

pub async fn add_decision(tx: &mut Tx, d: &NewDecision<'_>) -> Result<()> {
    let sql = "INSERT INTO certificates_decision (tenant, id, case_id, instance, token, decision, kind, remedy_basis,
                 text_sha256, document_id, pdf_sha256, decided_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    tx.exec_one(
        sql,
        params![
            d.id,
            d.case,
            d.token.instance,
            number(d.token)?,
            d.decision,
            d.kind,
            d.remedy_basis,
            d.text_sha256,
            d.document,
            d.pdf_sha256,
            d.at,
        ],
    )
    .await
}

pub async fn decision_made(rx: &mut Rx, token: TaskToken) -> Result<bool> {
    let sql = "SELECT id FROM certificates_decision WHERE tenant = $1 AND instance = $2 AND token = $3";
    Ok(rx.opt::<(Uuid,)>(sql, params![token.instance, number(token)?]).await?.is_some())
}

record! {
    /// A plain letter as it was asked for.
    pub struct Note {
        pub case_id: CaseId,
        pub title: String,
        pub paragraphs: Value,
        pub document_id: Option<DocumentId>,
    }
}

/// Answers whether the reference is new.
pub async fn add_note(tx: &mut Tx, reference: Uuid, note: &Note) -> Result<bool> {
    let sql = "INSERT INTO certificates_note (tenant, reference, case_id, title, paragraphs)
               VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant, reference) DO NOTHING";
    Ok(tx.exec(sql, params![reference, note.case_id, &note.title, &note.paragraphs]).await? == 1)
}

pub async fn note(rx: &mut Rx, reference: Uuid) -> Result<Note> {
    let sql = "SELECT case_id, title, paragraphs, document_id FROM certificates_note
               WHERE tenant = $1 AND reference = $2";
    rx.one(sql, params![reference]).await
}

pub async fn note_made(tx: &mut Tx, reference: Uuid, document: DocumentId) -> Result<()> {
    let sql = "UPDATE certificates_note SET document_id = $3 WHERE tenant = $1 AND reference = $2";
    tx.exec_one(sql, params![reference, document]).await
}

/// Number of attempts in the window that is open now, this one included, and when it ends.
pub async fn count_attempt(tx: &mut Tx, bucket: Hash, now: Timestamp, ends: Timestamp) -> Result<(i64, Timestamp)> {
    let sql = "INSERT INTO certificates_attempt (tenant, bucket, count, ends_at) VALUES ($1, $2, 1, $4)
               ON CONFLICT (tenant, bucket) DO UPDATE SET
                 count = CASE WHEN certificates_attempt.ends_at <= $3 THEN 1 ELSE certificates_attempt.count + 1 END,
                 ends_at = CASE WHEN certificates_attempt.ends_at <= $3 THEN excluded.ends_at
                                ELSE certificates_attempt.ends_at END
               RETURNING count, ends_at";
    tx.one(sql, params![bucket, now, ends]).await
}

pub async fn forget_attempts(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    tx.exec("DELETE FROM certificates_attempt WHERE tenant = $1 AND ends_at <= $2", params![now]).await
}
