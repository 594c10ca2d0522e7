use std::collections::BTreeMap;

use db::{Rx, Tx, params, record};
use forms::Answers;
use kernel::{AccountId, CaseId, Cx, DocumentId, FileId, Hash, Id, Result, Timestamp, Uuid};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::submission;

kernel::id!(
    /// An application that is being filled in (Entwurf).
    DraftId, DraftKind, "draft"
);

/// What was typed on a page and not taken in yet: names and values in the order of the page.
pub type Typed = BTreeMap<String, Vec<(String, String)>>;

/// An application that is being filled in.
#[derive(Clone, Debug)]
pub struct Draft {
    pub id: DraftId,
    pub service: String,
    pub form: String,
    /// Version of the form's content that the answers were given to.
    pub form_version: i64,
    pub account: Option<AccountId>,
    pub token_hash: Hash,
    pub answers: Answers,
    pub typed: Typed,
    /// Counts the changes of the answers; a page that is sent back names the one it was made from.
    pub revision: i64,
    pub updated_at: Timestamp,
    pub expires_at: Timestamp,
}

record! {
    struct Stored {
        id: DraftId,
        service: String,
        form: String,
        form_version: i64,
        account_id: Option<AccountId>,
        token_hash: Hash,
        answers: Value,
        typed: Value,
        revision: i64,
        updated_at: Timestamp,
        expires_at: Timestamp,
    }
}

impl Stored {
    fn draft(self) -> Result<Draft> {
        Ok(Draft {
            id: self.id,
            service: self.service,
            form: self.form,
            form_version: self.form_version,
            account: self.account_id,
            token_hash: self.token_hash,
            answers: serde_json::from_value(self.answers)?,
            typed: serde_json::from_value(self.typed)?,
            revision: self.revision,
            updated_at: self.updated_at,
            expires_at: self.expires_at,
        })
    }
}

pub async fn add_draft(tx: &mut Tx, draft: &Draft) -> Result<()> {
    let sql = "INSERT INTO services_draft (tenant, id, service, form, form_version, account_id, token_hash, answers,
                 typed, revision, started_at, updated_at, expires_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12)";
    tx.exec_one(
        sql,
        params![
            draft.id,
            &draft.service,
            &draft.form,
            draft.form_version,
            draft.account,
            draft.token_hash,
            serde_json::to_value(&draft.answers)?,
            serde_json::to_value(&draft.typed)?,
            draft.revision,
            draft.updated_at,
            draft.expires_at,
        ],
    )
    .await
}

/// # Errors
/// [`kernel::Error::NotFound`], also after its last day.
pub async fn draft(rx: &mut Rx, id: DraftId, now: Timestamp) -> Result<Draft> {
    let sql = "SELECT id, service, form, form_version, account_id, token_hash, answers, typed, revision, updated_at,
                      expires_at
               FROM services_draft WHERE tenant = $1 AND id = $2 AND expires_at > $3";
    rx.one::<Stored>(sql, params![id, now]).await?.draft()
}

/// A draft, also after its last day.
pub async fn any_draft(rx: &mut Rx, id: DraftId) -> Result<Option<Draft>> {
    let sql = "SELECT id, service, form, form_version, account_id, token_hash, answers, typed, revision, updated_at,
                      expires_at
               FROM services_draft WHERE tenant = $1 AND id = $2";
    rx.opt::<Stored>(sql, params![id]).await?.map(Stored::draft).transpose()
}

/// The drafts of an account and those of this browser that have none.
pub async fn own_drafts(
    rx: &mut Rx,
    account: Option<AccountId>,
    token: Option<Hash>,
    now: Timestamp,
) -> Result<Vec<Draft>> {
    let sql = "SELECT id, service, form, form_version, account_id, token_hash, answers, typed, revision, updated_at,
                      expires_at
               FROM services_draft
               WHERE tenant = $1 AND expires_at > $4
                 AND (account_id = $2 OR (account_id IS NULL AND token_hash = $3))
               ORDER BY updated_at DESC, id DESC LIMIT 50";
    let token = token.map(|hash| hash.to_vec());
    let rows = rx.list::<Stored>(sql, params![account, token, now]).await?;
    rows.into_iter().map(Stored::draft).collect()
}

/// Stores a draft that was changed. Answers whether it was still the one with this revision; if not, nothing happened.
pub async fn put_draft(tx: &mut Tx, draft: &Draft, revision_before: i64) -> Result<bool> {
    let sql = "UPDATE services_draft SET form_version = $3, account_id = $4, answers = $5, typed = $6, revision = $7,
                 updated_at = $8, expires_at = $9, upload_bytes = $11
               WHERE tenant = $1 AND id = $2 AND revision = $10";
    let upload_bytes: u64 = submission::uploads(&draft.answers).iter().map(|upload| upload.size).sum();
    let changed = tx
        .exec(
            sql,
            params![
                draft.id,
                draft.form_version,
                draft.account,
                serde_json::to_value(&draft.answers)?,
                serde_json::to_value(&draft.typed)?,
                draft.revision,
                draft.updated_at,
                draft.expires_at,
                revision_before,
                i64::try_from(upload_bytes).unwrap_or(i64::MAX),
            ],
        )
        .await?;
    Ok(changed == 1)
}

record! {
    /// Bytes of the files of drafts: what belongs to no case yet.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct DraftBytes {
        pub total: i64,
        /// Those of drafts without an account.
        pub guests: i64,
    }
}

pub async fn draft_bytes(rx: &mut Rx) -> Result<DraftBytes> {
    let sql = "SELECT CAST(COALESCE(SUM(upload_bytes), 0) AS BIGINT) AS total,
                      CAST(COALESCE(SUM(CASE WHEN account_id IS NULL THEN upload_bytes ELSE 0 END), 0) AS BIGINT) AS guests
               FROM services_draft WHERE tenant = $1 AND upload_bytes > 0";
    rx.one(sql, &[]).await
}

pub async fn delete_draft(tx: &mut Tx, id: DraftId) -> Result<bool> {
    Ok(tx.exec("DELETE FROM services_draft WHERE tenant = $1 AND id = $2", params![id]).await? == 1)
}

/// Drafts whose last day has passed, at most `limit`.
pub async fn expired_drafts(rx: &mut Rx, now: Timestamp, limit: i64) -> Result<Vec<Draft>> {
    let sql = "SELECT id, service, form, form_version, account_id, token_hash, answers, typed, revision, updated_at,
                      expires_at
               FROM services_draft WHERE tenant = $1 AND expires_at <= $2 ORDER BY expires_at LIMIT $3";
    rx.list::<Stored>(sql, params![now, limit]).await?.into_iter().map(Stored::draft).collect()
}

/// A file that came with an application.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Upload {
    pub file: FileId,
    pub name: String,
    pub media_type: String,
    /// Bytes.
    pub size: u64,
}

record! {
    /// A submitted application.
    #[derive(Clone, Debug)]
    pub struct Application {
        pub case_id: CaseId,
        pub draft_id: DraftId,
        pub number: String,
        pub service: String,
        pub form: String,
        pub form_version: i64,
        pub account_id: Option<AccountId>,
        pub token_hash: Hash,
        pub answers: Value,
        /// As the applicant saw them.
        pub sections: Value,
        pub sections_german: Value,
        pub uploads: Value,
        /// Level of the session, `ohne` for guests.
        pub level: String,
        pub submitted_at: Timestamp,
        pub print_id: Option<DocumentId>,
    }
}

pub async fn add_application(tx: &mut Tx, a: &Application) -> Result<()> {
    let sql = "INSERT INTO services_application (tenant, case_id, draft_id, number, service, form, form_version,
                 account_id, token_hash, answers, sections, sections_german, uploads, level, submitted_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    tx.exec_one(
        sql,
        params![
            a.case_id,
            a.draft_id,
            &a.number,
            &a.service,
            &a.form,
            a.form_version,
            a.account_id,
            a.token_hash,
            &a.answers,
            &a.sections,
            &a.sections_german,
            &a.uploads,
            &a.level,
            a.submitted_at,
        ],
    )
    .await
}

pub async fn application(rx: &mut Rx, case: CaseId) -> Result<Option<Application>> {
    let sql =
        "SELECT case_id, draft_id, number, service, form, form_version, account_id, token_hash, answers, sections,
                      sections_german, uploads, level, submitted_at, print_id
               FROM services_application WHERE tenant = $1 AND case_id = $2";
    rx.opt(sql, params![case]).await
}

pub async fn application_of_draft(rx: &mut Rx, draft: DraftId) -> Result<Option<Application>> {
    let sql =
        "SELECT case_id, draft_id, number, service, form, form_version, account_id, token_hash, answers, sections,
                      sections_german, uploads, level, submitted_at, print_id
               FROM services_application WHERE tenant = $1 AND draft_id = $2";
    rx.opt(sql, params![draft]).await
}

/// Notes the print of an application; false if there is one already.
pub async fn set_print(tx: &mut Tx, case: CaseId, document: DocumentId) -> Result<bool> {
    let sql = "UPDATE services_application SET print_id = $3 WHERE tenant = $1 AND case_id = $2 AND print_id IS NULL";
    Ok(tx.exec(sql, params![case, document]).await? == 1)
}

/// What somebody said about the portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feedback {
    pub kind: String,
    pub page: String,
    pub message: String,
    /// Where to answer, if the person wants an answer.
    pub reply_to: String,
}

pub async fn add_feedback(tx: &mut Tx, cx: &Cx, feedback: &Feedback) -> Result<()> {
    let sql = "INSERT INTO services_feedback (tenant, id, at, kind, page, message, reply_to)
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let id: Uuid = cx.sources.uuid();
    let f = feedback;
    tx.exec_one(sql, params![id, cx.now(), &f.kind, &f.page, &f.message, &f.reply_to]).await
}

pub async fn delete_feedback_before(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    tx.exec("DELETE FROM services_feedback WHERE tenant = $1 AND at < $2", params![before]).await
}

/// The id of a text from an address; what is none is as if nothing were there.
pub fn draft_id(text: &str) -> Result<DraftId> {
    text.parse::<Uuid>().map(Id::from_uuid).map_err(|_| kernel::Error::NotFound)
}
