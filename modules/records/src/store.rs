use contract_records::{AddStep, Audience, DocumentView, Party, Status};
use db::{FromRow, Row, Rx, Tx, params};
use kernel::{AccountId, CaseId, DocumentId, Error, FileId, Lang, Result, StaffId, Timestamp, Uuid};
use serde_json::Value;

pub use contract_records::CaseView;

use crate::model::By;

/// A case as stored, read into the view that others see.
pub struct CaseRow(pub CaseView);

impl FromRow for CaseRow {
    fn from_row(row: &Row) -> Result<Self> {
        let status: String = row.get("status")?;
        let lang: String = row.get("lang")?;
        let party: Value = row.get("party")?;
        Ok(Self(CaseView {
            id: row.get("id")?,
            number: row.get("number")?,
            service: row.get("service")?,
            title: row.get("title")?,
            unit: row.get("unit")?,
            cls: row.get("cls")?,
            status: Status::from_code(&status).ok_or_else(|| Error::internal(format!("case status {status}")))?,
            opened_at: row.get("opened_at")?,
            closed_at: row.get("closed_at")?,
            account: row.get("account_id")?,
            lang: Lang::from_code(&lang).unwrap_or_default(),
            party: serde_json::from_value::<Party>(party)?,
        }))
    }
}

/// The next running number of an entry and year.
pub async fn next_number(tx: &mut Tx, plan: &str, year: i64) -> Result<i64> {
    let sql = "INSERT INTO records_series (tenant, plan, year, last) VALUES ($1, $2, $3, 1)
               ON CONFLICT (tenant, plan, year) DO UPDATE SET last = records_series.last + 1 RETURNING last";
    Ok(tx.one::<(i64,)>(sql, params![plan, year]).await?.0)
}

/// The file of an entry and year, opened when it is the first case.
pub async fn file_of(tx: &mut Tx, fresh: Uuid, plan: &str, year: i64, title: &str, at: Timestamp) -> Result<Uuid> {
    let sql = "SELECT id FROM records_file WHERE tenant = $1 AND plan = $2 AND year = $3";
    if let Some((id,)) = tx.opt::<(Uuid,)>(sql, params![plan, year]).await? {
        return Ok(id);
    }
    let sql = "INSERT INTO records_file (tenant, id, plan, entry, year, title, opened_at)
               VALUES ($1, $2, $3, $3, $4, $5, $6)";
    tx.exec_one(sql, params![fresh, plan, year, title, at]).await?;
    Ok(fresh)
}

pub struct NewCase<'a> {
    pub view: &'a CaseView,
    pub file: Uuid,
    pub confidentiality: &'a str,
    pub family_key: String,
    pub retention_years: i64,
    pub retention_basis: &'a str,
}

pub async fn add_case(tx: &mut Tx, new: &NewCase<'_>) -> Result<()> {
    let sql =
        "INSERT INTO records_case (tenant, id, file_id, number, service, title, unit, confidentiality, cls, status,
                 account_id, lang, party, family_key, birth_date, opened_at, retention_years, retention_basis)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)";
    let c = new.view;
    let birth_date = c.party.birth_date.map(|d| d.to_string());
    tx.exec_one(
        sql,
        params![
            c.id,
            new.file,
            &c.number,
            &c.service,
            &c.title,
            &c.unit,
            new.confidentiality,
            c.cls,
            c.status.code(),
            c.account,
            c.lang.code(),
            serde_json::to_value(&c.party)?,
            &new.family_key,
            birth_date,
            c.opened_at,
            new.retention_years,
            new.retention_basis,
        ],
    )
    .await
}

pub async fn case(rx: &mut Rx, id: CaseId) -> Result<CaseView> {
    let sql = "SELECT id, number, service, title, unit, cls, status, account_id, lang, party, opened_at, closed_at
               FROM records_case WHERE tenant = $1 AND id = $2";
    Ok(rx.one::<CaseRow>(sql, params![id]).await?.0)
}

/// The case, if one of the actor's access classes covers it.
pub async fn case_for_staff(rx: &mut Rx, id: CaseId, staff: StaffId) -> Result<CaseView> {
    let sql = "SELECT c.id, c.number, c.service, c.title, c.unit, c.cls, c.status, c.account_id, c.lang, c.party,
                      c.opened_at, c.closed_at
               FROM records_case c
               JOIN identity_access a ON a.tenant = c.tenant AND a.cls = c.cls AND a.actor = $3
               WHERE c.tenant = $1 AND c.id = $2";
    Ok(rx.one::<CaseRow>(sql, params![id, staff]).await?.0)
}

/// Cases that are read by one statement.
pub const AT_ONCE: usize = 20;

/// `$2` to `$21`; fewer than that are filled up with the first.
pub fn twenty(ids: &[CaseId]) -> Option<Vec<db::V>> {
    let first = ids.first()?;
    Some((0..AT_ONCE).map(|n| db::V::from(*ids.get(n).unwrap_or(first))).collect())
}

/// Those of these cases that exist, at most [`AT_ONCE`], in any order.
pub async fn cases(rx: &mut Rx, ids: &[CaseId]) -> Result<Vec<CaseView>> {
    let sql = "SELECT id, number, service, title, unit, cls, status, account_id, lang, party, opened_at, closed_at
               FROM records_case WHERE tenant = $1 AND id IN
                 ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)";
    let Some(bound) = twenty(ids) else { return Ok(Vec::new()) };
    Ok(rx.list::<CaseRow>(sql, &bound).await?.into_iter().map(|row| row.0).collect())
}

/// Those of these cases that one of the actor's access classes covers, at most [`AT_ONCE`], in any order.
pub async fn cases_for_staff(rx: &mut Rx, ids: &[CaseId], staff: StaffId) -> Result<Vec<CaseView>> {
    let sql = "SELECT c.id, c.number, c.service, c.title, c.unit, c.cls, c.status, c.account_id, c.lang, c.party,
                      c.opened_at, c.closed_at
               FROM records_case c
               JOIN identity_access a ON a.tenant = c.tenant AND a.cls = c.cls AND a.actor = $22
               WHERE c.tenant = $1 AND c.id IN
                 ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)";
    let Some(mut bound) = twenty(ids) else { return Ok(Vec::new()) };
    bound.push(db::V::from(staff));
    Ok(rx.list::<CaseRow>(sql, &bound).await?.into_iter().map(|row| row.0).collect())
}

pub async fn cases_of_account(rx: &mut Rx, account: AccountId) -> Result<Vec<CaseView>> {
    let sql = "SELECT id, number, service, title, unit, cls, status, account_id, lang, party, opened_at, closed_at
               FROM records_case WHERE tenant = $1 AND account_id = $2 ORDER BY opened_at DESC, id DESC LIMIT 200";
    Ok(rx.list::<CaseRow>(sql, params![account]).await?.into_iter().map(|row| row.0).collect())
}

/// All of them, for the person they are about.
pub async fn all_cases_of_account(rx: &mut Rx, account: AccountId) -> Result<Vec<CaseView>> {
    let sql = "SELECT id, number, service, title, unit, cls, status, account_id, lang, party, opened_at, closed_at
               FROM records_case WHERE tenant = $1 AND account_id = $2 ORDER BY opened_at, id";
    Ok(rx.list::<CaseRow>(sql, params![account]).await?.into_iter().map(|row| row.0).collect())
}

pub async fn case_by_number(rx: &mut Rx, number: &str) -> Result<Option<CaseView>> {
    let sql = "SELECT id, number, service, title, unit, cls, status, account_id, lang, party, opened_at, closed_at
               FROM records_case WHERE tenant = $1 AND number = $2";
    Ok(rx.opt::<CaseRow>(sql, params![number]).await?.map(|row| row.0))
}

/// The case with this Aktenzeichen, if the actor may see it.
pub async fn case_numbered(rx: &mut Rx, staff: StaffId, number: &str) -> Result<Option<CaseId>> {
    let sql = "SELECT c.id FROM records_case c
               JOIN identity_access a ON a.tenant = c.tenant AND a.cls = c.cls AND a.actor = $2
               WHERE c.tenant = $1 AND c.number = $3";
    Ok(rx.opt::<(CaseId,)>(sql, params![staff, number]).await?.map(|(id,)| id))
}

/// Steps of the timeline, by the service of their case. No column of persons (§ 72 LPVG NRW).
const MEDIA_BREAKS: &str = "SELECT c.service, COUNT(*) AS n FROM records_step s
                            JOIN records_case c ON c.tenant = s.tenant AND c.id = s.case_id
                            WHERE s.tenant = $1 AND s.media_break = true AND s.at >= $2
                            GROUP BY c.service ORDER BY c.service";

/// Manual steps into other systems since a moment, by service.
pub async fn media_breaks(rx: &mut Rx, since: Timestamp) -> Result<Vec<(String, i64)>> {
    rx.list(MEDIA_BREAKS, params![since]).await
}

/// The cases of a person among those that the member of staff may see.
pub async fn cases_of_person(rx: &mut Rx, staff: StaffId, family_key: &str, born: &str) -> Result<Vec<CaseView>> {
    let sql = "SELECT c.id, c.number, c.service, c.title, c.unit, c.cls, c.status, c.account_id, c.lang, c.party,
                      c.opened_at, c.closed_at
               FROM records_case c
               JOIN identity_access a ON a.tenant = c.tenant AND a.cls = c.cls AND a.actor = $2
               WHERE c.tenant = $1 AND c.family_key = $3 AND c.birth_date = $4
               ORDER BY c.opened_at DESC, c.id DESC LIMIT 50";
    let rows = rx.list::<CaseRow>(sql, params![staff, family_key, born]).await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

pub async fn set_status(tx: &mut Tx, id: CaseId, status: Status, closed: Option<Timestamp>) -> Result<()> {
    let sql = "UPDATE records_case SET status = $3, closed_at = $4 WHERE tenant = $1 AND id = $2";
    tx.exec_one(sql, params![id, status.code(), closed]).await
}

impl FromRow for DocumentRow {
    fn from_row(row: &Row) -> Result<Self> {
        let audience: String = row.get("audience")?;
        Ok(Self(DocumentView {
            id: row.get("id")?,
            case: row.get("case_id")?,
            kind: row.get("kind")?,
            title: row.get("title")?,
            file: row.get("file_id")?,
            direction: row.get("direction")?,
            audience: if audience == "applicant" { Audience::Applicant } else { Audience::Staff },
            added_at: row.get("added_at")?,
        }))
    }
}

pub struct DocumentRow(pub DocumentView);

/// Writes a document with the access class of its case, and counts it there.
///
/// # Errors
/// `NotFound` without such a case.
pub async fn add_document(tx: &mut Tx, d: &DocumentView) -> Result<()> {
    let sql = "SELECT cls, unit FROM records_case WHERE tenant = $1 AND id = $2";
    let (cls, unit): (i64, String) = tx.one(sql, params![d.case]).await?;
    let sql =
        "INSERT INTO records_document (tenant, id, case_id, kind, title, file_id, direction, audience, added_at, cls)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let audience = d.audience.code();
    let bound = params![d.id, d.case, &d.kind, &d.title, d.file, &d.direction, audience, d.added_at, cls];
    tx.exec_one(sql, bound).await?;
    count_documents(tx, cls, &d.kind, &unit, 1).await
}

async fn count_documents(tx: &mut Tx, cls: i64, kind: &str, unit: &str, by: i64) -> Result<()> {
    let sql = "INSERT INTO records_document_count (tenant, cls, kind, unit, n) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (tenant, cls, kind) DO UPDATE SET n = records_document_count.n + excluded.n";
    tx.exec_one(sql, params![cls, kind, unit, by]).await
}

/// Gives the case to another unit; its documents go with it, in the lists and counts too.
pub async fn set_unit(tx: &mut Tx, case: CaseId, unit: &str, cls: i64) -> Result<()> {
    let sql = "SELECT cls, kind, COUNT(*) AS n FROM records_document
               WHERE tenant = $1 AND case_id = $2 GROUP BY cls, kind";
    let moved: Vec<(i64, String, i64)> = tx.list(sql, params![case]).await?;
    let sql = "UPDATE records_case SET unit = $3, cls = $4 WHERE tenant = $1 AND id = $2";
    tx.exec_one(sql, params![case, unit, cls]).await?;
    let sql = "UPDATE records_document SET cls = $3 WHERE tenant = $1 AND case_id = $2";
    tx.exec(sql, params![case, cls]).await?;
    for (from, kind, n) in moved {
        let sql = "UPDATE records_document_count SET n = n - $4 WHERE tenant = $1 AND cls = $2 AND kind = $3";
        tx.exec_one(sql, params![from, &kind, n]).await?;
        count_documents(tx, cls, &kind, unit, n).await?;
    }
    Ok(())
}

/// Documents of a case on one page.
pub const DOCUMENTS: i64 = 100;

/// Behind which document the next page begins.
pub type After = (Timestamp, DocumentId);

/// After everything that is ever listed: some day in the year 9987.
pub const END: Timestamp = Timestamp::constant(253_000_000_000, 0);

/// All documents of a case, oldest first, from behind one on: one more than fit on a page, if there are.
pub async fn documents_after(rx: &mut Rx, case: CaseId, after: Option<After>) -> Result<Vec<DocumentView>> {
    let sql = "SELECT id, case_id, kind, title, file_id, direction, audience, added_at FROM records_document
               WHERE tenant = $1 AND case_id = $2 AND added_at >= $3 AND (added_at > $3 OR id > $4)
               ORDER BY added_at, id LIMIT $5";
    let (at, id) = after.unwrap_or((Timestamp::UNIX_EPOCH, DocumentId::from_uuid(Uuid::nil())));
    let rows = rx.list::<DocumentRow>(sql, params![case, at, id, DOCUMENTS + 1]).await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// The applicant's documents of a case, newest first, from behind one on: one more than fit on a page, if there are.
pub async fn own_documents_after(rx: &mut Rx, case: CaseId, after: Option<After>) -> Result<Vec<DocumentView>> {
    let sql = "SELECT id, case_id, kind, title, file_id, direction, audience, added_at FROM records_document
               WHERE tenant = $1 AND case_id = $2 AND audience = 'applicant' AND added_at <= $3
                 AND (added_at < $3 OR id < $4)
               ORDER BY added_at DESC, id DESC LIMIT $5";
    let (at, id) = after.unwrap_or((END, DocumentId::from_uuid(Uuid::max())));
    let rows = rx.list::<DocumentRow>(sql, params![case, at, id, DOCUMENTS + 1]).await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// How many documents lie in a case: all of them, or those the applicant sees.
pub async fn count_of_case(rx: &mut Rx, case: CaseId, all: bool) -> Result<i64> {
    let sql = "SELECT COUNT(*) AS n FROM records_document
               WHERE tenant = $1 AND case_id = $2 AND (audience = 'applicant' OR $3)";
    Ok(rx.one::<(i64,)>(sql, params![case, all]).await?.0)
}

pub async fn documents_of(rx: &mut Rx, case: CaseId) -> Result<Vec<DocumentView>> {
    let sql = "SELECT id, case_id, kind, title, file_id, direction, audience, added_at FROM records_document
               WHERE tenant = $1 AND case_id = $2 ORDER BY added_at, id";
    Ok(rx.list::<DocumentRow>(sql, params![case]).await?.into_iter().map(|row| row.0).collect())
}

/// Documents of which a version has these bytes.
pub async fn documents_with_file(rx: &mut Rx, file: FileId) -> Result<Vec<DocumentView>> {
    let sql = "SELECT id, case_id, kind, title, file_id, direction, audience, added_at FROM records_document
               WHERE tenant = $1 AND (file_id = $2 OR id IN
                 (SELECT document_id FROM records_version WHERE tenant = $1 AND file_id = $2))";
    Ok(rx.list::<DocumentRow>(sql, params![file]).await?.into_iter().map(|row| row.0).collect())
}

pub async fn document(rx: &mut Rx, id: DocumentId) -> Result<DocumentView> {
    let sql = "SELECT id, case_id, kind, title, file_id, direction, audience, added_at FROM records_document
               WHERE tenant = $1 AND id = $2";
    Ok(rx.one::<DocumentRow>(sql, params![id]).await?.0)
}

db::record! {
    pub struct Step {
        pub at: Timestamp,
        pub code: String,
        pub args: Value,
        pub audience: String,
        pub media_break: bool,
        pub by_kind: Option<String>,
        pub by_staff: Option<StaffId>,
    }
}

impl Step {
    /// None for steps from before it was kept.
    pub fn by(&self) -> Option<By> {
        By::stored(self.by_kind.as_deref(), self.by_staff)
    }
}

pub async fn add_step(tx: &mut Tx, id: Uuid, at: Timestamp, step: &AddStep, by: Option<By>) -> Result<()> {
    let sql = "INSERT INTO records_step (tenant, id, case_id, at, code, args, audience, media_break, by_kind, by_staff)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let args = serde_json::to_value(&step.args)?;
    let (audience, media_break) = (step.audience.code(), step.media_break);
    let (kind, staff) = (by.map(By::code), by.and_then(By::staff));
    tx.exec_one(sql, params![id, step.case, at, &step.code, args, audience, media_break, kind, staff]).await
}

pub async fn steps(rx: &mut Rx, case: CaseId) -> Result<Vec<Step>> {
    let sql = "SELECT at, code, args, audience, media_break, by_kind, by_staff FROM records_step
               WHERE tenant = $1 AND case_id = $2 ORDER BY at, id";
    rx.list(sql, params![case]).await
}

pub async fn log_access(tx: &mut Tx, id: Uuid, at: Timestamp, staff: StaffId, case: CaseId, what: &str) -> Result<()> {
    let sql =
        "INSERT INTO records_access_log (tenant, id, at, staff_id, case_id, what) VALUES ($1, $2, $3, $4, $5, $6)";
    tx.exec_one(sql, params![id, at, staff, case, what]).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_breaks_are_counted_without_persons() {
        for person in ["staff", "by_kind", "account", "party", "family_key"] {
            assert!(!MEDIA_BREAKS.contains(person), "{person}");
        }
    }
}
