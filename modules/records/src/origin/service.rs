use std::collections::BTreeMap;

use contract_records::{
    AddDocument, AddStep, Audience, Before, BeforeDocument, CaseToExport, CasesToExport, DocumentToExport,
    FileToExport, FilesToExport, LogGivenOut, PlanEntries, PlanEntry, TakeOver, TakenAs, TakenBefore, TakenDocument,
    TakenRow,
};
use db::{Rx, Tx};
use files::Stored;
use house::InCity;
use identity::access::{Confidentiality, class_for};
use kernel::{CaseId, Cx, Date, Error, Event, Result, Subject, Timestamp, Uuid, berlin};
use serde::{Deserialize, Serialize};

use super::{
    erased::{self, Old},
    store::{self, TakenCase, TakenVersion},
};
use crate::{
    document,
    file::{
        self,
        service::{NewCase, NewFile},
        store::File,
    },
    model, participation,
    plan::Plan,
    service, store as cases,
};

/// Documents of another system were put into a case. Also makes the search look at the case again.
#[derive(Serialize, Deserialize)]
struct DocumentsImported {
    case: CaseId,
    source: String,
    documents: u32,
}

impl Event for DocumentsImported {
    const NAME: &'static str = "records.documents-imported";
    fn subject(&self) -> Subject {
        self.case.into()
    }
}

/// See [`TakeOver`]. Whatever is refused is refused before anything of the row is written.
pub async fn take_over(cx: &Cx, tx: &mut Tx, c: TakeOver) -> Result<Vec<TakenAs>> {
    let plan = Plan::of(&cx.city()?.content)?;
    let mut all = Vec::with_capacity(c.rows.len());
    let mut touched: BTreeMap<CaseId, u32> = BTreeMap::new();
    let any_erased = store::any_erased(tx).await?;
    for row in &c.rows {
        let erased = if any_erased { erased_row(cx, tx, &c.source, row).await? } else { None };
        if let Some(day) = erased {
            all.push(TakenAs::Erased(day));
            continue;
        }
        let taken = match take_row(cx, tx, &plan, &c, row).await? {
            Ok((case, taken)) => {
                if let Some(case) = case
                    && taken != TakenAs::Unchanged
                    && row.document.is_some()
                {
                    *touched.entry(case).or_default() += 1;
                }
                taken
            }
            Err(code) => TakenAs::Refused(code.to_owned()),
        };
        all.push(taken);
    }
    for (case, documents) in touched {
        journal::emit(tx, cx, &DocumentsImported { case, source: c.source.clone(), documents }).await?;
    }
    Ok(all)
}

/// On which day the case or the document of a row was erased here; none for what is here.
async fn erased_row(cx: &Cx, rx: &mut Rx, source: &str, row: &TakenRow) -> Result<Option<Date>> {
    if let Some(document) = &row.document
        && store::versions_of(rx, source, &document.old).await?.is_empty()
        && let Some(day) = erased::day(cx, rx, source, Old::Document(&document.old)).await?
    {
        return Ok(Some(day));
    }
    if row.case.title.is_empty() || store::case_of(rx, source, &row.case.old).await?.is_some() {
        return Ok(None);
    }
    erased::day(cx, rx, source, Old::Case(&row.case.old)).await
}

/// The case of a row, and what became of the row; or the code of why it is refused.
type Taken = Result<(Option<CaseId>, TakenAs), &'static str>;

async fn take_row(cx: &Cx, tx: &mut Tx, plan: &Plan, c: &TakeOver, row: &TakenRow) -> Result<Taken> {
    let source = c.source.as_str();
    let versions = match &row.document {
        Some(document) => store::versions_of(tx, source, &document.old).await?,
        None => Vec::new(),
    };
    if let Some(document) = &row.document
        && let Some(same) = versions.iter().find(|v| v.version == document.version && v.sha256 == document.sha256)
    {
        return Ok(Ok((Some(same.case_id), TakenAs::Unchanged)));
    }
    let Some(level) = Confidentiality::from_code(&row.case.confidentiality) else { return Ok(Err("level")) };
    if row.case.title.is_empty() {
        let there = store::file_of(tx, source, &row.file.old).await?.is_some();
        let taken = if there { TakenAs::Unchanged } else { TakenAs::New };
        return Ok(file_of_row(cx, tx, plan, c, row, level).await?.map(|_| (None, taken)));
    }
    let case = store::case_of(tx, source, &row.case.old).await?;
    if let Err(code) = fits(row, case.as_ref(), &versions, level) {
        return Ok(Err(code));
    }
    let (case, fresh) = match case {
        Some(case) => (case.case_id, false),
        None => match open(cx, tx, plan, c, row, level).await? {
            Ok(case) => (case, true),
            Err(code) => return Ok(Err(code)),
        },
    };
    let taken = match &row.document {
        None if fresh => TakenAs::New,
        None => TakenAs::Unchanged,
        Some(document) => put_document(cx, tx, source, case, document, &versions).await?,
    };
    Ok(Ok((Some(case), taken)))
}

/// Whether the row may go into what is there already.
fn fits(
    row: &TakenRow,
    case: Option<&TakenCase>,
    versions: &[TakenVersion],
    level: Confidentiality,
) -> Result<(), &'static str> {
    if let Some(case) = case {
        if case.unit != row.case.unit {
            return Err("unit-differs");
        }
        // A document inherits the rights of its case: it must not come to more people than it had.
        if Confidentiality::from_code(&case.confidentiality).is_none_or(|of_case| level > of_case) {
            return Err("stricter");
        }
        // Closed here meanwhile: nothing is put into it from outside any more.
        if row.document.is_some() && case.closed_at.is_some_and(|at| Some(model::day(at)) != row.case.closed) {
            return Err("closed");
        }
    }
    if let Some(document) = &row.document
        && let Some(last) = versions.last()
    {
        if case.is_none_or(|case| case.case_id != last.case_id) {
            return Err("moved");
        }
        if document.version < last.version && versions.iter().all(|v| v.version != document.version) {
            return Err("version-order");
        }
    }
    Ok(())
}

/// Noon of a day in the city: the same day wherever it is read.
fn noon(day: Date) -> Option<Timestamp> {
    Some(day.at(12, 0, 0, 0).to_zoned(berlin()).ok()?.timestamp())
}

/// The file of a row, opened where it is not there yet, and the access class of the row.
async fn file_of_row(
    cx: &Cx,
    tx: &mut Tx,
    plan: &Plan,
    c: &TakeOver,
    row: &TakenRow,
    level: Confidentiality,
) -> Result<Result<(File, i64), &'static str>> {
    let cls = match class_for(tx, cx.today(), &row.case.unit, level, None).await {
        Err(Error::NotFound) => return Ok(Err("unit")),
        found => found?,
    };
    if let Some(file) = store::file_of(tx, &c.source, &row.file.old).await? {
        return Ok(Ok((file::store::file(tx, file).await?, cls)));
    }
    if plan.entry(&row.file.entry).is_none_or(|entry| entry.is_heading()) {
        return Ok(Err("entry"));
    }
    let part_of = match &row.file.whole {
        None => None,
        Some(whole) => match store::file_of(tx, &c.source, whole).await? {
            Some(whole) => Some(whole),
            None => return Ok(Err("whole")),
        },
    };
    let new = NewFile {
        entry: row.file.entry.clone(),
        title: row.file.title.clone(),
        unit: row.case.unit.clone(),
        confidentiality: level,
        medium: "electronic".into(),
        storage: String::new(),
        part_of,
    };
    let file = file::service::enter(cx, tx, new).await?;
    store::add_file(tx, &c.source, &row.file.old, file.id).await?;
    Ok(Ok((file, cls)))
}

/// Opens the case of a row, and its file where that is not there yet.
async fn open(
    cx: &Cx,
    tx: &mut Tx,
    plan: &Plan,
    c: &TakeOver,
    row: &TakenRow,
    level: Confidentiality,
) -> Result<Result<CaseId, &'static str>> {
    let (file, cls) = match file_of_row(cx, tx, plan, c, row, level).await? {
        Ok(found) => found,
        Err(code) => return Ok(Err(code)),
    };
    let closed_at = row.case.closed.and_then(noon);
    let dated = row.document.as_ref().and_then(|document| document.dated).and_then(noon);
    let new = NewCase {
        title: row.case.title.clone(),
        unit: row.case.unit.clone(),
        confidentiality: level.code(),
        cls,
        opened_at: [closed_at, dated].into_iter().flatten().min().map_or(cx.now(), |at| at.min(cx.now())),
        closed_at,
    };
    let case = file::service::enter_case(cx, tx, plan, &file, new).await?;
    // Who takes part in the file sees its new cases, as those that are opened by hand.
    if !participation::store::units_of_file(tx, file.id, cx.today()).await?.is_empty() {
        participation::service::settle_case(cx, tx, case.id).await?;
    }
    store::add_case(tx, &c.source, &row.case.old, &row.case.number, case.id).await?;
    let step = AddStep {
        case: case.id,
        code: "origin-taken".into(),
        args: vec![("source".into(), c.source_name.clone())],
        audience: Audience::Staff,
        media_break: false,
    };
    service::add_step(cx, tx, step).await?;
    Ok(Ok(case.id))
}

async fn put_document(
    cx: &Cx,
    tx: &mut Tx,
    source: &str,
    case: CaseId,
    new: &TakenDocument,
    versions: &[TakenVersion],
) -> Result<TakenAs> {
    // Scanned by the job: a hundred thousand files do not wait for each other.
    let stored = Stored { id: new.file, sha256: new.sha256, size: new.size, scan: files::Scan::Unchecked };
    files::record(tx, cx, &stored, &new.name, &new.media_type).await?;
    let (document, taken) = match versions.last() {
        Some(last) => {
            let document = cases::document(tx, last.document_id).await?;
            document::service::add_foreign(cx, tx, &document, stored.id).await?;
            (document.id, TakenAs::Version)
        }
        None => {
            let document = AddDocument {
                case,
                kind: "schriftstueck".into(),
                title: new.title.clone(),
                file: stored.id,
                direction: "intern".into(),
                audience: Audience::Staff,
            };
            (service::add_document(cx, tx, document).await?, TakenAs::New)
        }
    };
    let version = TakenVersion { version: new.version, document_id: document, case_id: case, sha256: new.sha256 };
    store::put_version(tx, source, &new.old, &version, new.dated).await?;
    Ok(taken)
}

pub async fn taken_before(cx: &Cx, rx: &mut Rx, q: TakenBefore) -> Result<Before> {
    let mut before = Before::default();
    for (old, version) in &q.documents {
        let versions = store::versions_of(rx, &q.source, old).await?;
        before.documents.push(match versions.iter().find(|v| v.version == *version) {
            Some(same) => BeforeDocument::Same(same.sha256),
            None if versions.is_empty() => BeforeDocument::Unknown,
            None => BeforeDocument::OtherVersion,
        });
    }
    for old in &q.files {
        before.files.push(store::file_of(rx, &q.source, old).await?.is_some());
    }
    for old in &q.cases {
        before.cases.push(store::case_of(rx, &q.source, old).await?.is_some());
    }
    before.erased = vec![None; q.documents.len().max(q.cases.len())];
    if store::any_erased(rx).await? {
        for (at, (old, _)) in q.documents.iter().enumerate() {
            if before.documents[at] == BeforeDocument::Unknown {
                before.erased[at] = erased::day(cx, rx, &q.source, Old::Document(old)).await?;
            }
        }
        for (at, old) in q.cases.iter().enumerate() {
            if !before.cases[at] && before.erased[at].is_none() {
                before.erased[at] = erased::day(cx, rx, &q.source, Old::Case(old)).await?;
            }
        }
    }
    Ok(before)
}

pub async fn plan_entries(cx: &Cx, _: &mut Rx, _: PlanEntries) -> Result<Vec<PlanEntry>> {
    let plan = Plan::of(&cx.city()?.content)?;
    let leaves = plan.entries().iter().filter(|entry| !entry.is_heading());
    Ok(leaves.map(|entry| PlanEntry { key: entry.key.clone(), title: entry.title.clone() }).collect())
}

pub async fn files_to_export(_: &Cx, rx: &mut Rx, q: FilesToExport) -> Result<Vec<FileToExport>> {
    store::files(rx, q.staff, q.after.unwrap_or(Uuid::nil()), q.limit).await
}

pub async fn cases_to_export(_: &Cx, rx: &mut Rx, q: CasesToExport) -> Result<Vec<CaseToExport>> {
    let after = q.after.map_or(Uuid::nil(), |case| case.uuid());
    let mut all = Vec::new();
    for case in store::cases(rx, q.staff, q.file, after, q.limit).await? {
        let mut documents = Vec::new();
        for document in cases::documents_of(rx, case.id).await? {
            let versions = document::store::versions(rx, document.id).await?;
            let versions = versions.into_iter().map(|version| (version.n, version.file_id)).collect();
            let dated = store::dated(rx, document.id).await?;
            documents.push(DocumentToExport {
                id: document.id,
                dated: dated.unwrap_or_else(|| model::day(document.added_at)),
                versions: store::numbered(versions, document.file),
                title: document.title,
            });
        }
        all.push(CaseToExport {
            id: case.id,
            number: case.number,
            title: case.title,
            unit: case.unit,
            confidentiality: case.confidentiality,
            closed: case.closed_at.map(model::day),
            documents,
        });
    }
    Ok(all)
}

/// A reference to what is led in another system was added or removed.
#[derive(Serialize, Deserialize)]
struct ReferenceChanged {
    case: CaseId,
}

impl Event for ReferenceChanged {
    const NAME: &'static str = "records.reference-changed";
    fn subject(&self) -> Subject {
        self.case.into()
    }
}

/// The same of a file.
#[derive(Serialize, Deserialize)]
struct FileReferenceChanged {
    file: Uuid,
}

impl Event for FileReferenceChanged {
    const NAME: &'static str = "records.file-reference-changed";
    fn subject(&self) -> Subject {
        Subject { kind: crate::FILE.subject, id: self.file }
    }
}

/// Notes in the journal that references of a case or file changed; the search looks at the case again.
pub async fn refer(cx: &Cx, tx: &mut Tx, case: Option<CaseId>, file: Option<Uuid>) -> Result<()> {
    if let Some(case) = case {
        journal::emit(tx, cx, &ReferenceChanged { case }).await?;
    }
    if let Some(file) = file {
        journal::emit(tx, cx, &FileReferenceChanged { file }).await?;
    }
    Ok(())
}

pub async fn log_given_out(cx: &Cx, tx: &mut Tx, c: LogGivenOut) -> Result<()> {
    for case in c.cases {
        cases::log_access(tx, cx.sources.uuid(), cx.now(), c.staff, case, "export").await?;
    }
    Ok(())
}
