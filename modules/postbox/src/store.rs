use contract_postbox::MessageId;
use db::{FromRow, Row, Rx, Tx, params, record};
use kernel::{AccountId, CaseId, DocumentId, Result, StaffId, TaskToken, Timestamp, Uuid};

use crate::model::{Kind, LetterState};

fn number(token: TaskToken) -> Result<i64> {
    i64::try_from(token.token).map_err(kernel::Error::internal)
}

/// A message as stored.
#[derive(Clone, Debug)]
pub struct Message {
    pub id: MessageId,
    pub case: CaseId,
    pub account: Option<AccountId>,
    pub kind: Kind,
    /// Code of the text (`message-<code>`).
    pub subject: String,
    /// The clerk's question or the applicant's reply; empty otherwise.
    pub body: String,
    pub document: Option<DocumentId>,
    /// The waiting process step of a question.
    pub token: Option<TaskToken>,
    /// The question that a reply answers.
    pub answers: Option<Uuid>,
    pub at: Timestamp,
    pub read_at: Option<Timestamp>,
    /// A question that was answered or is no longer asked.
    pub closed_at: Option<Timestamp>,
}

impl FromRow for Message {
    fn from_row(row: &Row) -> Result<Self> {
        let (instance, token): (Option<Uuid>, Option<i64>) = (row.get("instance")?, row.get("token")?);
        let token = match (instance, token) {
            (Some(instance), Some(token)) => {
                Some(TaskToken { instance, token: u64::try_from(token).map_err(kernel::Error::internal)? })
            }
            _ => None,
        };
        Ok(Self {
            id: row.get("id")?,
            case: row.get("case_id")?,
            account: row.get("account_id")?,
            kind: Kind::stored(&row.get::<String>("kind")?)?,
            subject: row.get("subject")?,
            body: row.get("body")?,
            document: row.get("document_id")?,
            token,
            answers: row.get("answers")?,
            at: row.get("at")?,
            read_at: row.get("read_at")?,
            closed_at: row.get("closed_at")?,
        })
    }
}

pub async fn add_message(tx: &mut Tx, m: &Message) -> Result<()> {
    let sql =
        "INSERT INTO postbox_message (tenant, id, case_id, account_id, kind, subject, body, document_id, instance,
                 token, answers, at, read_at, closed_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    let token = m.token.map(number).transpose()?;
    tx.exec_one(
        sql,
        params![
            m.id,
            m.case,
            m.account,
            m.kind.code(),
            &m.subject,
            &m.body,
            m.document,
            m.token.map(|t| t.instance),
            token,
            m.answers,
            m.at,
            m.read_at,
            m.closed_at,
        ],
    )
    .await
}

pub async fn message(rx: &mut Rx, id: MessageId) -> Result<Message> {
    let sql = "SELECT id, case_id, account_id, kind, subject, body, document_id, instance, token, answers, at, read_at,
                 closed_at
               FROM postbox_message WHERE tenant = $1 AND id = $2";
    rx.one(sql, params![id]).await
}

/// What lies in a postbox, newest first; own replies are shown with their questions.
pub async fn messages_of_account(rx: &mut Rx, account: AccountId) -> Result<Vec<Message>> {
    let sql = "SELECT id, case_id, account_id, kind, subject, body, document_id, instance, token, answers, at, read_at,
                 closed_at
               FROM postbox_message WHERE tenant = $1 AND account_id = $2 AND kind <> 'reply'
               ORDER BY at DESC, id DESC LIMIT 200";
    rx.list(sql, params![account]).await
}

/// All messages of a case, oldest first.
pub async fn messages_of_case(rx: &mut Rx, case: CaseId) -> Result<Vec<Message>> {
    let sql = "SELECT id, case_id, account_id, kind, subject, body, document_id, instance, token, answers, at, read_at,
                 closed_at
               FROM postbox_message WHERE tenant = $1 AND case_id = $2 ORDER BY at, id";
    rx.list(sql, params![case]).await
}

/// Answers whether it was unread until now.
pub async fn mark_read(tx: &mut Tx, id: MessageId, at: Timestamp) -> Result<bool> {
    let sql = "UPDATE postbox_message SET read_at = $3 WHERE tenant = $1 AND id = $2 AND read_at IS NULL";
    Ok(tx.exec(sql, params![id, at]).await? == 1)
}

/// Answers whether the question was open until now.
pub async fn close_question(tx: &mut Tx, id: MessageId, at: Timestamp) -> Result<bool> {
    let sql = "UPDATE postbox_message SET closed_at = $3
               WHERE tenant = $1 AND id = $2 AND kind = 'question' AND closed_at IS NULL";
    Ok(tx.exec(sql, params![id, at]).await? == 1)
}

/// Questions asked before: the applicant answers the newest one.
pub async fn close_questions(tx: &mut Tx, case: CaseId, at: Timestamp) -> Result<()> {
    let sql = "UPDATE postbox_message SET closed_at = $3
               WHERE tenant = $1 AND case_id = $2 AND kind = 'question' AND closed_at IS NULL";
    tx.exec(sql, params![case, at]).await.map(|_| ())
}

pub async fn add_attachment(tx: &mut Tx, message: MessageId, position: i64, document: DocumentId) -> Result<()> {
    let sql = "INSERT INTO postbox_attachment (tenant, message_id, position, document_id) VALUES ($1, $2, $3, $4)";
    tx.exec_one(sql, params![message, position, document]).await
}

pub async fn attachments(rx: &mut Rx, message: MessageId) -> Result<Vec<DocumentId>> {
    let sql = "SELECT document_id FROM postbox_attachment WHERE tenant = $1 AND message_id = $2 ORDER BY position";
    Ok(rx.list::<(DocumentId,)>(sql, params![message]).await?.into_iter().map(|(id,)| id).collect())
}

record! {
    /// Something that was delivered.
    #[derive(Clone, Debug)]
    pub struct Delivery {
        pub id: MessageId,
        pub case_id: CaseId,
        pub channel: String,
        pub subject: String,
        pub document_id: Option<DocumentId>,
        pub delivered_at: Timestamp,
        pub read_at: Option<Timestamp>,
        pub posted_at: Option<Timestamp>,
    }
}

pub async fn add_delivery(tx: &mut Tx, d: &Delivery, token: TaskToken) -> Result<()> {
    let sql = "INSERT INTO postbox_delivery (tenant, id, case_id, instance, token, channel, subject, document_id,
                 delivered_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    tx.exec_one(
        sql,
        params![
            d.id, d.case_id, token.instance, number(token)?, &d.channel, &d.subject, d.document_id, d.delivered_at,
        ],
    )
    .await
}

/// The channel of what a process step has delivered already.
pub async fn delivered(rx: &mut Rx, token: TaskToken) -> Result<Option<String>> {
    let sql = "SELECT channel FROM postbox_delivery WHERE tenant = $1 AND instance = $2 AND token = $3";
    let found = rx.opt::<(String,)>(sql, params![token.instance, number(token)?]).await?;
    Ok(found.map(|(channel,)| channel))
}

pub async fn deliveries_of_case(rx: &mut Rx, case: CaseId) -> Result<Vec<Delivery>> {
    let sql = "SELECT id, case_id, channel, subject, document_id, delivered_at, read_at, posted_at
               FROM postbox_delivery WHERE tenant = $1 AND case_id = $2 ORDER BY delivered_at, id";
    rx.list(sql, params![case]).await
}

pub async fn delivery_read(tx: &mut Tx, id: MessageId, at: Timestamp) -> Result<()> {
    let sql = "UPDATE postbox_delivery SET read_at = $3 WHERE tenant = $1 AND id = $2";
    tx.exec_one(sql, params![id, at]).await
}

pub async fn delivery_posted(tx: &mut Tx, id: MessageId, at: Timestamp) -> Result<()> {
    let sql = "UPDATE postbox_delivery SET posted_at = $3 WHERE tenant = $1 AND id = $2";
    tx.exec_one(sql, params![id, at]).await
}

/// A letter on the print stack.
#[derive(Clone, Debug)]
pub struct Letter {
    pub id: MessageId,
    pub case: CaseId,
    pub cls: i64,
    pub document: Option<DocumentId>,
    pub state: LetterState,
    /// Printed together.
    pub batch: Option<Uuid>,
    pub created_at: Timestamp,
    pub printed_at: Option<Timestamp>,
}

impl FromRow for Letter {
    fn from_row(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            case: row.get("case_id")?,
            cls: row.get("cls")?,
            document: row.get("document_id")?,
            state: LetterState::stored(&row.get::<String>("state")?)?,
            batch: row.get("batch")?,
            created_at: row.get("created_at")?,
            printed_at: row.get("printed_at")?,
        })
    }
}

pub async fn add_letter(tx: &mut Tx, letter: &Letter) -> Result<()> {
    let sql = "INSERT INTO postbox_letter (tenant, id, case_id, cls, document_id, state, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let l = letter;
    tx.exec_one(sql, params![l.id, l.case, l.cls, l.document, l.state.code(), l.created_at]).await
}

/// The document of a letter is there: it goes on the stack. A second time changes nothing.
pub async fn letter_made(tx: &mut Tx, id: Uuid, document: DocumentId) -> Result<()> {
    let sql = "UPDATE postbox_letter SET state = 'waiting', document_id = $3
               WHERE tenant = $1 AND id = $2 AND state = 'making'";
    tx.exec(sql, params![id, document]).await.map(|_| ())
}

/// Letters in one state that the member of staff may see, oldest first.
pub async fn letters(rx: &mut Rx, staff: StaffId, state: LetterState) -> Result<Vec<Letter>> {
    let sql = "SELECT l.id, l.case_id, l.cls, l.document_id, l.state, l.batch, l.created_at, l.printed_at
               FROM postbox_letter l
               JOIN identity_access a ON a.tenant = l.tenant AND a.cls = l.cls AND a.actor = $2
               WHERE l.tenant = $1 AND l.state = $3 ORDER BY l.created_at, l.id LIMIT 500";
    rx.list(sql, params![staff, state.code()]).await
}

/// How many letters of a state the member of staff may see.
pub async fn count(rx: &mut Rx, staff: StaffId, state: LetterState) -> Result<i64> {
    let sql = "SELECT COUNT(*) AS n FROM postbox_letter l
               JOIN identity_access a ON a.tenant = l.tenant AND a.cls = l.cls AND a.actor = $2
               WHERE l.tenant = $1 AND l.state = $3";
    Ok(rx.one::<(i64,)>(sql, params![staff, state.code()]).await?.0)
}

pub async fn letter(rx: &mut Rx, staff: StaffId, id: MessageId) -> Result<Letter> {
    let sql = "SELECT l.id, l.case_id, l.cls, l.document_id, l.state, l.batch, l.created_at, l.printed_at
               FROM postbox_letter l
               JOIN identity_access a ON a.tenant = l.tenant AND a.cls = l.cls AND a.actor = $3
               WHERE l.tenant = $1 AND l.id = $2";
    rx.one(sql, params![id, staff]).await
}

/// The letters of a printed batch that the member of staff may see.
pub async fn batch(rx: &mut Rx, staff: StaffId, batch: Uuid) -> Result<Vec<Letter>> {
    let sql = "SELECT l.id, l.case_id, l.cls, l.document_id, l.state, l.batch, l.created_at, l.printed_at
               FROM postbox_letter l
               JOIN identity_access a ON a.tenant = l.tenant AND a.cls = l.cls AND a.actor = $3
               WHERE l.tenant = $1 AND l.batch = $2 ORDER BY l.created_at, l.id";
    rx.list(sql, params![batch, staff]).await
}

/// Takes a letter from the stack into a batch. Answers whether it was on the stack.
pub async fn print(tx: &mut Tx, id: MessageId, batch: Uuid, by: StaffId, at: Timestamp) -> Result<bool> {
    let sql = "UPDATE postbox_letter SET state = 'printed', batch = $3, printed_by = $4, printed_at = $5
               WHERE tenant = $1 AND id = $2 AND state = 'waiting'";
    Ok(tx.exec(sql, params![id, batch, by, at]).await? == 1)
}

/// Puts a printed letter back on the stack, e.g. after a paper jam. Answers whether it was printed.
pub async fn put_back(tx: &mut Tx, id: MessageId) -> Result<bool> {
    let sql = "UPDATE postbox_letter SET state = 'waiting', batch = NULL, printed_by = NULL, printed_at = NULL
               WHERE tenant = $1 AND id = $2 AND state = 'printed'";
    Ok(tx.exec(sql, params![id]).await? == 1)
}

/// Answers whether the letter was printed and not posted yet.
pub async fn post(tx: &mut Tx, id: MessageId, by: StaffId, at: Timestamp) -> Result<bool> {
    let sql = "UPDATE postbox_letter SET state = 'posted', posted_by = $3, posted_at = $4
               WHERE tenant = $1 AND id = $2 AND state = 'printed'";
    Ok(tx.exec(sql, params![id, by, at]).await? == 1)
}
