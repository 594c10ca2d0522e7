//! What the rooms that were once part of this one ask of cases and files and tell them: `circulation`, which sends folders
//! round about a case, `annotations`, which keeps what is noted beside it, and `disposal`, whose own questions are in
//! [`crate::retention`].

use contract_records::{
    CaseOrFile, CaseView, CasesOfFile, CasesSeen, FileSeen, FilesSeen, LogSeen, MayWrite, SeenUnder, WorksOn,
};
use db::{Rx, Tx};
use kernel::{CaseId, Cx, Error, Result};

use crate::{
    document,
    file::{service::staff, store as files},
    participation, store,
};

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

pub async fn works_on(cx: &Cx, rx: &mut Rx, q: WorksOn) -> Result<bool> {
    let case = store::case_for_staff(rx, q.case, staff(cx)?).await?;
    participation::service::works_on(cx, rx, &case).await
}

pub async fn files_seen(cx: &Cx, rx: &mut Rx, q: FilesSeen) -> Result<Vec<FileSeen>> {
    let me = staff(cx)?;
    let mut found = Vec::with_capacity(q.ids.len());
    for id in q.ids {
        match files::file_for_staff(rx, id, me).await {
            Ok(file) => found.push(FileSeen {
                id: file.id,
                number: file.number(),
                is_matter: file.is_matter(),
                title: file.title,
                unit: file.unit,
            }),
            Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

pub async fn cases_of_file(cx: &Cx, rx: &mut Rx, q: CasesOfFile) -> Result<Vec<CaseId>> {
    let cases = files::cases(rx, staff(cx)?, q.file).await?;
    Ok(cases.into_iter().map(|case| case.id).collect())
}

pub async fn seen_under(cx: &Cx, rx: &mut Rx, q: SeenUnder) -> Result<Option<CaseOrFile>> {
    let me = staff(cx)?;
    if let Some(case) = store::case_numbered(rx, me, &q.number).await? {
        return Ok(Some(CaseOrFile::Case(case)));
    }
    Ok(files::file_numbered(rx, me, &q.number).await?.map(CaseOrFile::File))
}
