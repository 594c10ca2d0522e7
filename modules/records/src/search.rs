//! The words by which staff find a case: Aktenzeichen (old ones of other systems too), title, service and the names of
//! the person it is about. Nothing that a register said about the person stands there, and nothing that fewer people see
//! than the case itself.

use db::Rx;
use house::{Searchable, cards};
use kernel::{CaseId, Cx, Result, Uuid};
use search::Card;

use crate::{
    origin,
    store::{self, CaseView},
};

/// Kind of the subject of everything that is told about a case.
pub const KIND: &str = "case";

pub const CASES: Searchable = Searchable { kind: KIND, cards: cards!(cards_of) };

async fn cards_of(_: &Cx, rx: &mut Rx, ids: &[Uuid]) -> Result<Vec<Card>> {
    let ids: Vec<CaseId> = ids.iter().copied().map(CaseId::from_uuid).collect();
    let mut cards = Vec::with_capacity(ids.len());
    for some in ids.chunks(store::AT_ONCE) {
        let words = origin::store::words(rx, some).await?;
        cards.extend(store::cases(rx, some).await?.into_iter().map(|case| {
            let words = words.iter().filter(|word| word.case_id == case.id);
            card(case.clone(), words.map(|word| word.word.as_str()).collect::<Vec<_>>().join(" "))
        }));
    }
    Ok(cards)
}

fn card(case: CaseView, known_as: String) -> Card {
    Card {
        id: case.id.uuid(),
        cls: case.cls,
        number: case.number,
        names: format!("{} {}", case.party.first_names, case.party.family_name),
        text: format!("{} {} {known_as}", case.title, case.service),
        at: case.opened_at,
    }
}
