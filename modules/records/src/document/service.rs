use contract_records::{AddDocument, Audience, CaseView, DocumentView};
use db::{Rx, Tx};
use files::{Scan, Stored};
use jiff::ToSpan as _;
use kernel::{Cx, DocumentId, Error, Event, FileId, Result, StaffId, Subject};
use serde::{Deserialize, Serialize};

use super::store::{self, Checkout, Version};
use crate::{EVIDENCE, VERSION, file::service::staff, participation::service::works_on, service, store as cases};

/// A document is out this long, then it counts as returned.
const DAYS: i64 = 3;

/// Bytes that were stored, and what they are called.
pub struct Upload<'a> {
    pub stored: &'a Stored,
    pub name: &'a str,
    pub media_type: &'static str,
}

/// A version was saved.
#[derive(Serialize, Deserialize)]
struct VersionSaved {
    version: kernel::Uuid,
    document: DocumentId,
    n: i64,
    conflict: bool,
}

impl Event for VersionSaved {
    const NAME: &'static str = "records.version-saved";
    fn subject(&self) -> Subject {
        Subject { kind: VERSION.subject, id: self.version }
    }
}

/// Another version counts as the document's newest.
#[derive(Serialize, Deserialize)]
struct DocumentChanged {
    document: DocumentId,
    n: i64,
}

impl Event for DocumentChanged {
    const NAME: &'static str = "records.document-changed";
    fn subject(&self) -> Subject {
        self.document.into()
    }
}

/// Puts a document that staff wrote or got into a case.
///
/// # Errors
/// `NotFound` for a case the actor does not see, `Forbidden` without the right to lead files in its unit, refused for a
/// closed one.
pub async fn add(cx: &Cx, tx: &mut Tx, case: &CaseView, title: String, upload: &Upload<'_>) -> Result<DocumentId> {
    may_write(cx, tx, case).await?;
    files::record(tx, cx, upload.stored, upload.name, upload.media_type).await?;
    let new = AddDocument {
        case: case.id,
        kind: "schriftstueck".into(),
        title,
        file: upload.stored.id,
        direction: "intern".into(),
        audience: Audience::Staff,
    };
    add_told(cx, tx, new).await
}

/// Puts a document into a case and says so in the timeline; who may has been checked. What a process puts there has a
/// step of its own.
pub async fn add_told(cx: &Cx, tx: &mut Tx, new: AddDocument) -> Result<DocumentId> {
    service::tell_staff(cx, tx, new.case, "document-added", &[("title", new.title.as_str())]).await?;
    service::add_document(cx, tx, new).await
}

/// The right to change a case: it is open, and the actor's unit leads it or takes part to work on it.
///
/// # Errors
/// `NotFound` when the actor sees the case no longer; `Forbidden`; refused for a closed case.
pub async fn may_write(cx: &Cx, rx: &mut Rx, case: &CaseView) -> Result<()> {
    // As it is now: while a file was sent and scanned, somebody may have closed the case or given it away.
    let case = &cases::case_for_staff(rx, case.id, staff(cx)?).await?;
    if !works_on(cx, rx, case).await? {
        return Err(Error::Forbidden);
    }
    if case.status.closed() { Err(Error::refused("records-case-closed")) } else { Ok(()) }
}

/// Number of the newest version.
pub fn newest(versions: &[Version]) -> i64 {
    versions.last().map_or(1, |version| version.n)
}

/// Number of the version that holds. One that was taken over again has the same bytes as an earlier one: the later holds.
pub fn valid(versions: &[Version], file: FileId) -> Option<i64> {
    versions.iter().rfind(|version| version.file_id == file).map(|version| version.n)
}

/// Versions in conflict that nobody has taken over or written past since.
pub fn open_conflicts(versions: &[Version]) -> impl Iterator<Item = &Version> {
    let settled = versions.iter().filter(|version| !version.conflict).map(|version| version.n).max().unwrap_or(0);
    versions.iter().filter(move |version| version.conflict && version.n > settled)
}

/// Who has the document out at this moment.
pub async fn holder(cx: &Cx, rx: &mut Rx, document: DocumentId) -> Result<Option<Checkout>> {
    Ok(store::checkout(rx, document).await?.filter(|checkout| checkout.until > cx.now()))
}

/// Takes a document out, so that others see that somebody works on it.
///
/// # Errors
/// Refused while a colleague has it.
pub async fn check_out(cx: &Cx, tx: &mut Tx, case: &CaseView, document: DocumentId) -> Result<()> {
    may_write(cx, tx, case).await?;
    let staff = staff(cx)?;
    if holder(cx, tx, document).await?.is_some_and(|checkout| checkout.staff_id != staff) {
        return Err(Error::refused("records-checked-out"));
    }
    let until = cx.local_now().saturating_add(DAYS.days()).timestamp();
    store::put_checkout(tx, &Checkout { document_id: document, staff_id: staff, at: cx.now(), until }).await
}

/// Gives a document back without a new version. Whoever leads files in the unit may do it for a colleague; `of` is who had
/// it out on the page that was seen.
///
/// # Errors
/// Refused when somebody else has it out by now.
pub async fn check_in(cx: &Cx, tx: &mut Tx, case: &CaseView, document: DocumentId, of: StaffId) -> Result<()> {
    may_write(cx, tx, case).await?;
    if holder(cx, tx, document).await?.is_some_and(|checkout| checkout.staff_id != of) {
        return Err(Error::refused("records-checked-out-other"));
    }
    store::end_checkout(tx, document).await
}

/// What became of a version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Saved {
    Newest,
    /// Somebody else was faster. Nothing is lost: both versions are there, and the document still shows the other one.
    Conflict,
}

/// Saves a version of a document. `based_on` is the version that was changed.
///
/// # Errors
/// As [`add`].
pub async fn save(
    cx: &Cx,
    tx: &mut Tx,
    case: &CaseView,
    document: &DocumentView,
    based_on: i64,
    note: &str,
    upload: &Upload<'_>,
) -> Result<Saved> {
    may_write(cx, tx, case).await?;
    let who = staff(cx)?;
    files::record(tx, cx, upload.stored, upload.name, upload.media_type).await?;
    let version = put_version(cx, tx, document, based_on, note, upload.stored.id, Some(who)).await?;
    if let Scan::Infected { signature, .. } = &upload.stored.scan {
        service::add_infected(cx, tx, case.id, &document.title, document.audience, signature).await?;
    }
    Ok(if version.conflict { Saved::Conflict } else { Saved::Newest })
}

/// Saves a version whose bytes are recorded; who may has been checked. `who` is none for a specialist system.
pub async fn put_version(
    cx: &Cx,
    tx: &mut Tx,
    document: &DocumentView,
    based_on: i64,
    note: &str,
    file: FileId,
    who: Option<StaffId>,
) -> Result<Version> {
    let versions = with_first(cx, tx, document).await?;
    let colleague = holder(cx, tx, document.id).await?.is_some_and(|checkout| Some(checkout.staff_id) != who);
    let newest = newest(&versions);
    let conflict = colleague || based_on != newest;
    let version = Version {
        id: cx.sources.uuid(),
        document_id: document.id,
        n: newest + 1,
        based_on,
        conflict,
        file_id: file,
        note: note.to_owned(),
        staff_id: who,
        at: cx.now(),
    };
    put(cx, tx, &version).await?;
    let code = if conflict { "version-conflict" } else { "version-added" };
    service::tell_staff(cx, tx, document.case, code, &[("title", document.title.as_str())]).await?;
    if !conflict {
        show(cx, tx, document.id, version.n, version.file_id).await?;
        store::end_checkout(tx, document.id).await?;
    }
    Ok(version)
}

/// Takes the bytes of an older or conflicting version as the newest; a version of its own.
///
/// # Errors
/// As [`add`]; `NotFound` for a version the document has not.
pub async fn take(cx: &Cx, tx: &mut Tx, case: &CaseView, document: &DocumentView, n: i64) -> Result<()> {
    may_write(cx, tx, case).await?;
    let who = staff(cx)?;
    if holder(cx, tx, document.id).await?.is_some_and(|checkout| checkout.staff_id != who) {
        return Err(Error::refused("records-checked-out"));
    }
    let versions = store::versions(tx, document.id).await?;
    let taken = versions.iter().find(|version| version.n == n).ok_or(Error::NotFound)?;
    let version = Version {
        id: cx.sources.uuid(),
        n: newest(&versions) + 1,
        based_on: n,
        conflict: false,
        note: String::new(),
        staff_id: Some(who),
        at: cx.now(),
        ..taken.clone()
    };
    put(cx, tx, &version).await?;
    service::tell_staff(cx, tx, case.id, "version-added", &[("title", document.title.as_str())]).await?;
    show(cx, tx, document.id, version.n, version.file_id).await
}

/// Adds a further version that came from the system the document was taken over from. Where somebody changed it here
/// meanwhile, or has it out, it waits as a conflict: what was written here still counts.
pub async fn add_foreign(cx: &Cx, tx: &mut Tx, document: &DocumentView, file: FileId) -> Result<()> {
    let versions = with_first(cx, tx, document).await?;
    let out = holder(cx, tx, document.id).await?.is_some();
    let newest = newest(&versions);
    let version = Version {
        id: cx.sources.uuid(),
        document_id: document.id,
        n: newest + 1,
        based_on: newest,
        conflict: out || versions.iter().any(|version| version.staff_id.is_some()),
        file_id: file,
        note: String::new(),
        staff_id: None::<StaffId>,
        at: cx.now(),
    };
    put(cx, tx, &version).await?;
    if version.conflict { Ok(()) } else { show(cx, tx, document.id, version.n, version.file_id).await }
}

async fn put(cx: &Cx, tx: &mut Tx, version: &Version) -> Result<()> {
    store::add_version(tx, version).await?;
    let Version { id, document_id, n, conflict, .. } = *version;
    let event = VersionSaved { version: id, document: document_id, n, conflict };
    journal::emit_evidence(tx, cx, &event, None, &VERSION).await?;
    Ok(())
}

async fn show(cx: &Cx, tx: &mut Tx, document: DocumentId, n: i64, file: FileId) -> Result<()> {
    store::set_file(tx, document, file).await?;
    journal::emit_evidence(tx, cx, &DocumentChanged { document, n }, None, &EVIDENCE[0]).await?;
    Ok(())
}

/// The versions of a document; the one it came with is written down as the first before there is a second.
async fn with_first(cx: &Cx, tx: &mut Tx, document: &DocumentView) -> Result<Vec<Version>> {
    let versions = store::versions(tx, document.id).await?;
    if !versions.is_empty() {
        return Ok(versions);
    }
    let first = Version {
        id: cx.sources.uuid(),
        document_id: document.id,
        n: 1,
        based_on: 0,
        conflict: false,
        file_id: document.file,
        note: String::new(),
        staff_id: None::<StaffId>,
        at: document.added_at,
    };
    put(cx, tx, &first).await?;
    Ok(vec![first])
}

/// The document, if it lies in this case.
pub async fn document_of(rx: &mut Rx, case: &CaseView, id: DocumentId) -> Result<DocumentView> {
    let document = cases::document(rx, id).await?;
    if document.case == case.id { Ok(document) } else { Err(Error::NotFound) }
}
