use contract_records::{CaseOrFile, CasesSeen, FileSeen, FilesSeen, SeenUnder, WorksOn};
use db::{Rx, Tx};
use house::Call;
use kernel::{CaseId, Cx, Error, Event, Result, Subject, Uuid};
use serde::{Deserialize, Serialize};

use super::store::{self, Contact, NewReference, Thing};
use crate::{LEAD_FILES, staff};

/// What the other side of a reference may be.
pub const KINDS: [&str; 3] = ["see-also", "predecessor", "successor"];

/// A reference was made or removed. The sides stand in the row: one of them may be somebody else's case.
#[derive(Serialize, Deserialize)]
struct Referred {
    reference: Uuid,
    removed: bool,
}

impl Event for Referred {
    const NAME: &'static str = "records.referred";
    fn subject(&self) -> Subject {
        Subject { kind: "reference", id: self.reference }
    }
}

/// A contact was added or removed. Who it is stands in the row only.
#[derive(Serialize, Deserialize)]
struct ContactChanged {
    contact: Uuid,
    removed: bool,
}

impl Event for ContactChanged {
    const NAME: &'static str = "records.contact-changed";
    fn subject(&self) -> Subject {
        Subject { kind: "contact", id: self.contact }
    }
}

/// The other side of a reference, for who may see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    pub reference: Uuid,
    pub other_is: String,
    pub number: String,
    pub title: String,
    pub href: String,
}

/// References whose other side the actor may see. Of the others nothing is said, not even how many there are.
pub async fn sides(cx: &Cx, rx: &mut Rx, thing: Thing) -> Result<Vec<Side>> {
    let references = store::of(rx, thing).await?;
    let ids = references.iter().filter_map(|reference| reference.other_case).collect();
    let cases = cx.ask(rx, CasesSeen { ids }).await?;
    let ids = references.iter().filter_map(|reference| reference.other_file).collect();
    let files = cx.ask(rx, FilesSeen { ids }).await?;
    let sides = references.into_iter().filter_map(|reference| {
        let (number, title, href) = match (reference.other_case, reference.other_file) {
            (Some(id), _) => {
                let case = cases.iter().find(|case| case.id == id)?;
                (case.number.clone(), case.title.clone(), format!("/intern/vorgang/{id}"))
            }
            (None, Some(id)) => {
                let file = files.iter().find(|file| file.id == id)?;
                (file.number.clone(), file.title.clone(), format!("/intern/akte/{id}"))
            }
            (None, None) => return None,
        };
        Some(Side { reference: reference.id, other_is: reference.other_is().to_owned(), number, title, href })
    });
    Ok(sides.collect())
}

/// The file, if the actor may see it.
///
/// # Errors
/// `NotFound` otherwise, as for one that does not exist.
pub async fn file_seen(cx: &Cx, rx: &mut Rx, id: Uuid) -> Result<FileSeen> {
    cx.ask(rx, FilesSeen { ids: vec![id] }).await?.pop().ok_or(Error::NotFound)
}

/// Whether the actor leads this file of one matter.
pub fn leads(cx: &Cx, file: &FileSeen) -> bool {
    file.is_matter && cx.actor.allows_in(LEAD_FILES, &file.unit)
}

/// Whether the actor may see a case or file (otherwise `NotFound`) and change what it refers to (otherwise `Forbidden`).
pub async fn may_refer(cx: &Cx, rx: &mut Rx, thing: Thing) -> Result<()> {
    let may = match thing {
        Thing::Case(case) => cx.ask(rx, WorksOn { case }).await?,
        Thing::File(id) => leads(cx, &file_seen(cx, rx, id).await?),
    };
    if may { Ok(()) } else { Err(Error::Forbidden) }
}

/// What has this Aktenzeichen, if the actor may see it; the same answer for what does not exist.
pub async fn numbered(cx: &Cx, rx: &mut Rx, number: &str) -> Result<Option<Thing>> {
    let found = cx.ask(rx, SeenUnder { number: number.to_owned() }).await?;
    Ok(found.map(|found| match found {
        CaseOrFile::Case(id) => Thing::Case(id),
        CaseOrFile::File(id) => Thing::File(id),
    }))
}

/// # Errors
/// As [`may_refer`].
pub async fn refer(cx: &Cx, tx: &mut Tx, from: Thing, kind: &str, to: Thing) -> Result<()> {
    may_refer(cx, tx, from).await?;
    let new = NewReference { id: cx.sources.uuid(), kind, from, to, by: staff(cx)?, at: cx.now() };
    store::add(tx, &new).await?;
    journal::emit(tx, cx, &Referred { reference: new.id, removed: false }).await?;
    Ok(())
}

/// # Errors
/// As [`may_refer`]; `NotFound` for a reference of something else, and for one whose other side the actor does not see:
/// what is not shown to them is not theirs to remove.
pub async fn remove(cx: &Cx, tx: &mut Tx, thing: Thing, reference: Uuid) -> Result<()> {
    may_refer(cx, tx, thing).await?;
    let shown = sides(cx, tx, thing).await?;
    if shown.iter().all(|side| side.reference != reference) {
        return Err(Error::NotFound);
    }
    store::remove(tx, reference, thing).await?;
    journal::emit(tx, cx, &Referred { reference, removed: true }).await?;
    Ok(())
}

/// # Errors
/// `NotFound` for a case that the actor does not see; `Forbidden` without the right to work on it.
pub async fn add_contact(cx: &Cx, tx: &mut Tx, contact: &Contact) -> Result<()> {
    if !cx.ask(tx, WorksOn { case: contact.case_id }).await? {
        return Err(Error::Forbidden);
    }
    store::add_contact(tx, contact, staff(cx)?, cx.now()).await?;
    journal::emit(tx, cx, &ContactChanged { contact: contact.id, removed: false }).await?;
    Ok(())
}

/// # Errors
/// As [`add_contact`]; `NotFound` for a contact of another case.
pub async fn remove_contact(cx: &Cx, tx: &mut Tx, case: CaseId, contact: Uuid) -> Result<()> {
    if !cx.ask(tx, WorksOn { case }).await? {
        return Err(Error::Forbidden);
    }
    store::remove_contact(tx, case, contact).await?;
    journal::emit(tx, cx, &ContactChanged { contact, removed: true }).await?;
    Ok(())
}
