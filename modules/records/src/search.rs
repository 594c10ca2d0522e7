//! The words by which staff find a case: Aktenzeichen (old ones of other systems too), title, service, the names of the
//! person it is about and the notes of the office, which whoever sees the case reads. Nothing that a register said about
//! the person stands there, and nothing that fewer people see than the case itself.

use contract_annotations::NoteTexts;
use db::Rx;
use house::{Call, Searchable, cards};
use kernel::{CaseId, Cx, Error, Result, Uuid};
use search::Card;

use crate::{
    origin,
    store::{self, CaseView},
};

/// Kind of the subject of everything that is told about a case.
pub const KIND: &str = "case";

pub const CASES: Searchable = Searchable { kind: KIND, cards: cards!(cards_of) };

async fn cards_of(cx: &Cx, rx: &mut Rx, ids: &[Uuid]) -> Result<Vec<Card>> {
    let ids: Vec<CaseId> = ids.iter().copied().map(CaseId::from_uuid).collect();
    let mut cards = Vec::with_capacity(ids.len());
    for some in ids.chunks(store::AT_ONCE) {
        let words = origin::store::words(rx, some).await?;
        for case in store::cases(rx, some).await? {
            let notes = note_texts(cx, rx, case.id).await?;
            let old = words.iter().filter(|word| word.case_id == case.id).map(|word| word.word.as_str());
            let known_as: Vec<&str> = old.chain(notes.iter().map(String::as_str)).collect();
            cards.push(card(case, &known_as.join(" ")));
        }
    }
    Ok(cards)
}

/// The words of a case's notes; none in a city that keeps no notes.
async fn note_texts(cx: &Cx, rx: &mut Rx, case: CaseId) -> Result<Vec<String>> {
    match cx.ask(rx, NoteTexts { case }).await {
        Err(Error::NotAvailable(_)) => Ok(Vec::new()),
        texts => texts,
    }
}

fn card(case: CaseView, known_as: &str) -> Card {
    Card {
        id: case.id.uuid(),
        cls: case.cls,
        number: case.number,
        names: format!("{} {}", case.party.first_names, case.party.family_name),
        text: format!("{} {} {known_as}", case.title, case.service),
        at: case.opened_at,
    }
}
