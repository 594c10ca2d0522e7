//! What specialist systems (Fachverfahren) do in files. They hold no permission and no access class: each call carries
//! the reach that their machine account has, and what lies outside is answered like what does not exist.

mod store;

use contract_records::{
    AddDocument, AddDocumentWithin, Audience, CaseView, CaseWithin, Change, ChangesWithin, CloseCaseWithin,
    DocumentWithin, FoundCase, OpenCaseWithin, OpenedWithin, Place, Reach, SaveVersionWithin, SavedWithin, Which,
};
use db::{Rx, Tx};
use house::InCity;
use identity::access::Confidentiality;
use kernel::{CaseId, Cx, DocumentId, Error, Result};

use crate::{
    document,
    file::{
        self,
        service::NewFile,
        store::{self as files_of, File},
    },
    plan::Plan,
    store as cases,
};

/// A case in reach.
struct Seen {
    case: CaseView,
    file: File,
    confidentiality: String,
}

/// The level of the reach; one that nobody knows covers nothing.
fn level(reach: &Reach) -> Result<Confidentiality> {
    Confidentiality::from_code(&reach.level).ok_or(Error::NotFound)
}

fn covers(reach: &Reach, entry: &str, unit: &str, confidentiality: &str) -> bool {
    let known = Confidentiality::from_code(confidentiality);
    let low_enough = known.zip(level(reach).ok()).is_some_and(|(has, most)| has <= most);
    low_enough && reach.unit == unit && reach.entries.iter().any(|known| known == entry)
}

async fn seen(rx: &mut Rx, reach: &Reach, id: CaseId) -> Result<Seen> {
    let case = cases::case(rx, id).await?;
    let file = files_of::file_of_case(rx, id).await?;
    let file = files_of::file(rx, file).await?;
    let confidentiality = store::confidentiality(rx, id).await?;
    if covers(reach, &file.entry, &case.unit, &confidentiality) {
        Ok(Seen { case, file, confidentiality })
    } else {
        Err(Error::NotFound)
    }
}

fn open_for_writing(case: &CaseView) -> Result<()> {
    if case.status.closed() { Err(Error::refused("records-case-closed")) } else { Ok(()) }
}

/// # Errors
/// `NotFound` for an entry or file out of reach; refused for a closed file.
pub async fn open_case(cx: &Cx, tx: &mut Tx, c: OpenCaseWithin) -> Result<OpenedWithin> {
    let plan = Plan::of(&cx.city()?.content)?;
    let file = match c.place {
        Place::Entry(entry) => {
            if !covers(&c.reach, &entry, &c.reach.unit, &c.confidentiality) {
                return Err(Error::NotFound);
            }
            let new = NewFile {
                entry,
                title: c.title.clone(),
                unit: c.reach.unit.clone(),
                confidentiality: Confidentiality::from_code(&c.confidentiality).ok_or(Error::NotFound)?,
                medium: "electronic".into(),
                storage: String::new(),
                part_of: None,
            };
            file::service::put(cx, tx, &plan, new).await?
        }
        Place::File(number) => {
            let (series, year) = number.trim().rsplit_once('/').ok_or(Error::NotFound)?;
            let year = year.parse().map_err(|_| Error::NotFound)?;
            let file = files_of::file_by_number(tx, series, year).await?;
            if !covers(&c.reach, &file.entry, &file.unit, &file.confidentiality) {
                return Err(Error::NotFound);
            }
            file
        }
    };
    let case = file::service::put_case(cx, tx, &plan, &file, c.title).await?;
    Ok(OpenedWithin { case: case.id, number: case.number, file_number: file.number() })
}

/// # Errors
/// `NotFound` for a case out of reach; refused for a closed one.
pub async fn add_document(cx: &Cx, tx: &mut Tx, c: AddDocumentWithin) -> Result<DocumentId> {
    let seen = seen(tx, &c.reach, c.case).await?;
    open_for_writing(&seen.case)?;
    let new = AddDocument {
        case: c.case,
        kind: c.kind,
        title: c.title,
        file: c.file,
        direction: c.direction,
        audience: Audience::Staff,
    };
    document::service::add_told(cx, tx, new).await
}

/// # Errors
/// `NotFound` for a case out of reach or a document that is not in it; refused for a closed case.
pub async fn save_version(cx: &Cx, tx: &mut Tx, c: SaveVersionWithin) -> Result<SavedWithin> {
    let seen = seen(tx, &c.reach, c.case).await?;
    let document = document::service::document_of(tx, &seen.case, c.document).await?;
    open_for_writing(&seen.case)?;
    let version = document::service::put_version(cx, tx, &document, c.based_on, &c.note, c.file, None).await?;
    Ok(SavedWithin { n: version.n, conflict: version.conflict })
}

/// # Errors
/// `NotFound` for a case out of reach; refused as for staff.
pub async fn close_case(cx: &Cx, tx: &mut Tx, c: CloseCaseWithin) -> Result<()> {
    let seen = seen(tx, &c.reach, c.case).await?;
    let plan = Plan::of(&cx.city()?.content)?;
    file::service::close(cx, tx, &plan, seen.case).await
}

pub async fn case(_: &Cx, rx: &mut Rx, q: CaseWithin) -> Result<FoundCase> {
    let id = match q.which {
        Which::Id(id) => id,
        Which::Number(number) => cases::case_by_number(rx, number.trim()).await?.ok_or(Error::NotFound)?.id,
    };
    let Seen { case, file, confidentiality } = seen(rx, &q.reach, id).await?;
    let mut documents = Vec::new();
    for document in cases::documents_of(rx, id).await? {
        let version = document::service::newest(&document::store::versions(rx, document.id).await?);
        documents.push(DocumentWithin {
            id: document.id,
            kind: document.kind,
            title: document.title,
            direction: document.direction,
            added_at: document.added_at,
            version,
        });
    }
    Ok(FoundCase {
        id,
        number: case.number,
        title: case.title,
        file_number: file.number(),
        entry: file.entry,
        unit: case.unit,
        confidentiality,
        status: case.status,
        opened_at: case.opened_at,
        closed_at: case.closed_at,
        documents,
    })
}

pub async fn changes(_: &Cx, rx: &mut Rx, q: ChangesWithin) -> Result<Vec<Change>> {
    let most = level(&q.reach)?;
    store::changes(rx, &q, most).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reach_covers_its_own_entries_unit_and_levels_and_nothing_else() {
        let reach = Reach { entries: vec!["61.50".into()], unit: "dezernat-1".into(), level: "vertraulich".into() };
        assert!(covers(&reach, "61.50", "dezernat-1", "normal"));
        assert!(covers(&reach, "61.50", "dezernat-1", "vertraulich"));
        assert!(!covers(&reach, "61.50", "dezernat-1", "streng-vertraulich"));
        assert!(!covers(&reach, "61.5", "dezernat-1", "normal"));
        assert!(!covers(&reach, "61.50", "dezernat-2", "normal"));
        assert!(!covers(&reach, "61.50", "dezernat-1", "unbekannt"));
        assert!(!covers(&Reach::default(), "", "", "normal"), "an empty reach covers nothing");
    }
}
