use db::{Rx, Tx, params};
use kernel::{CaseId, DocumentId, Result, Timestamp};

db::record! {
    /// What is known of a document that is an e-mail.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Mail {
        pub document_id: DocumentId,
        pub case_id: CaseId,
        pub message_id: String,
        pub sender: String,
        /// One line each.
        pub recipients: String,
        pub subject: String,
        pub sent_at: Option<Timestamp>,
    }
}

db::record! {
    /// A document that came enclosed in another one.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Enclosed {
        pub document_id: DocumentId,
        pub parent_id: DocumentId,
    }
}

/// The document of this message in the case.
pub async fn known(rx: &mut Rx, case: CaseId, message: &str) -> Result<Option<DocumentId>> {
    let sql = "SELECT document_id FROM records_message WHERE tenant = $1 AND case_id = $2 AND message_id = $3";
    Ok(rx.opt::<(DocumentId,)>(sql, params![case, message]).await?.map(|(id,)| id))
}

pub async fn add(tx: &mut Tx, m: &Mail) -> Result<()> {
    let sql =
        "INSERT INTO records_message (tenant, document_id, case_id, message_id, sender, recipients, subject, sent_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let params = params![m.document_id, m.case_id, &m.message_id, &m.sender, &m.recipients, &m.subject, m.sent_at];
    tx.exec_one(sql, params).await
}

/// `n` is the place of the document in its set.
pub async fn enclose(tx: &mut Tx, document: DocumentId, parent: DocumentId, n: i64, case: CaseId) -> Result<()> {
    let sql = "INSERT INTO records_enclosure (tenant, document_id, parent_id, n, case_id) VALUES ($1, $2, $3, $4, $5)";
    tx.exec_one(sql, params![document, parent, n, case]).await
}

pub async fn of_case(rx: &mut Rx, case: CaseId) -> Result<Vec<Mail>> {
    let sql = "SELECT document_id, case_id, message_id, sender, recipients, subject, sent_at FROM records_message
               WHERE tenant = $1 AND case_id = $2";
    rx.list(sql, params![case]).await
}

/// In the order of their places.
pub async fn enclosed(rx: &mut Rx, case: CaseId) -> Result<Vec<Enclosed>> {
    let sql = "SELECT document_id, parent_id FROM records_enclosure WHERE tenant = $1 AND case_id = $2 ORDER BY n";
    rx.list(sql, params![case]).await
}
