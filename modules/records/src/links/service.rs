use contract_records::CaseView;
use db::{Rx, Tx};
use kernel::{CaseId, Cx, Error, Event, Result, StaffId, Subject, Uuid};
use serde::{Deserialize, Serialize};

use super::store::{self, Contact, NewReference, Thing};
use crate::{
    file::{service::staff, store as files},
    participation::service::works_on,
    perm, store as cases,
};

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
pub async fn sides(rx: &mut Rx, me: StaffId, thing: Thing) -> Result<Vec<Side>> {
    let mut sides = Vec::new();
    for reference in store::of(rx, thing).await? {
        let other_is = reference.other_is().to_owned();
        let side = |number: String, title: String, href: String| Side {
            reference: reference.id,
            other_is: other_is.clone(),
            number,
            title,
            href,
        };
        let found = match (reference.other_case, reference.other_file) {
            (Some(case), _) => cases::case_for_staff(rx, case, me)
                .await
                .map(|case| side(case.number, case.title, format!("/intern/vorgang/{}", case.id))),
            (None, Some(file)) => files::file_for_staff(rx, file, me).await.map(|file| {
                let number = file.number();
                side(number, file.title, format!("/intern/akte/{}", file.id))
            }),
            (None, None) => Err(Error::NotFound),
        };
        match found {
            Ok(side) => sides.push(side),
            Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(sides)
}

/// Whether the actor may see a case or file (otherwise `NotFound`) and change what it refers to (otherwise `Forbidden`).
pub async fn may_refer(cx: &Cx, rx: &mut Rx, thing: Thing) -> Result<()> {
    let me = staff(cx)?;
    let may = match thing {
        Thing::Case(id) => {
            let case = cases::case_for_staff(rx, id, me).await?;
            works_on(cx, rx, &case).await?
        }
        Thing::File(id) => {
            let file = files::file_for_staff(rx, id, me).await?;
            file.is_matter() && cx.actor.allows_in(perm::FILE, &file.unit)
        }
    };
    if may { Ok(()) } else { Err(Error::Forbidden) }
}

/// What has this Aktenzeichen, if the actor may see it; the same answer for what does not exist.
pub async fn numbered(rx: &mut Rx, me: StaffId, number: &str) -> Result<Option<Thing>> {
    if let Some(case) = store::case_numbered(rx, me, number).await? {
        return Ok(Some(Thing::Case(case)));
    }
    Ok(store::file_numbered(rx, me, number).await?.map(Thing::File))
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
    let shown = sides(tx, staff(cx)?, thing).await?;
    if shown.iter().all(|side| side.reference != reference) {
        return Err(Error::NotFound);
    }
    store::remove(tx, reference, thing).await?;
    journal::emit(tx, cx, &Referred { reference, removed: true }).await?;
    Ok(())
}

/// # Errors
/// `Forbidden` without the right to work on the case.
pub async fn add_contact(cx: &Cx, tx: &mut Tx, case: &CaseView, contact: &Contact) -> Result<()> {
    if !works_on(cx, tx, case).await? {
        return Err(Error::Forbidden);
    }
    store::add_contact(tx, contact, staff(cx)?, cx.now()).await?;
    journal::emit(tx, cx, &ContactChanged { contact: contact.id, removed: false }).await?;
    Ok(())
}

/// # Errors
/// As [`add_contact`]; `NotFound` for a contact of another case.
pub async fn remove_contact(cx: &Cx, tx: &mut Tx, case: CaseId, contact: Uuid) -> Result<()> {
    let case = cases::case_for_staff(tx, case, staff(cx)?).await?;
    if !works_on(cx, tx, &case).await? {
        return Err(Error::Forbidden);
    }
    store::remove_contact(tx, case.id, contact).await?;
    journal::emit(tx, cx, &ContactChanged { contact, removed: true }).await?;
    Ok(())
}
