use std::collections::{BTreeMap, BTreeSet};

use contract_guidelines::{Beside, Paragraph};
use db::{Rx, Tx};
use house::InCity;
use kernel::{Cx, Error, Event, Result, StaffId, Subject};
use serde::{Deserialize, Serialize};

use crate::{
    model::{Guidelines, Share},
    store::{self, Acknowledgement},
};

/// A member of staff acknowledged a version of a paragraph.
#[derive(Serialize, Deserialize)]
struct Acknowledged {
    staff: StaffId,
    paragraph: String,
    version: i64,
}

impl Event for Acknowledged {
    const NAME: &'static str = "guidelines.acknowledged";
    fn subject(&self) -> Subject {
        self.staff.into()
    }
}

pub async fn beside(cx: &Cx, rx: &mut Rx, q: Beside) -> Result<Vec<Paragraph>> {
    let guidelines = Guidelines::of(&cx.city()?.content)?;
    let today = cx.today();
    let governing = guidelines.paragraphs.iter().filter(|p| p.governs.iter().any(|button| button == q.button));
    let mut found = Vec::new();
    for paragraph in governing {
        let Some(version) = paragraph.on(today) else { continue };
        found.push(Paragraph {
            key: paragraph.key.clone(),
            title: paragraph.title.clone(),
            source: paragraph.source(),
            version: version.version,
            valid_from: version.valid_from,
            text: version.text.clone(),
            acknowledged: true,
            href: paragraph.href(),
            acknowledge_href: paragraph.acknowledge_href(),
        });
    }
    if let Some(staff) = cx.actor.staff()
        && !found.is_empty()
    {
        let known = store::of(rx, staff).await?;
        for paragraph in &mut found {
            paragraph.acknowledged = is_known(&known, &paragraph.key, paragraph.version);
        }
    }
    Ok(found)
}

pub fn is_known(known: &[Acknowledgement], paragraph: &str, version: i64) -> bool {
    known.iter().any(|known| known.paragraph == paragraph && known.version == version)
}

/// The member of staff who acts has read a paragraph as it reads today.
///
/// # Errors
/// `NotFound` for a paragraph that is not in force; `Conflict` when another version holds than the one that was shown.
pub async fn acknowledge(cx: &Cx, tx: &mut Tx, key: &str, version: i64) -> Result<()> {
    let staff = cx.actor.staff().ok_or(Error::StaffSignIn)?;
    let guidelines = Guidelines::of(&cx.city()?.content)?;
    let today = guidelines.get(key).and_then(|paragraph| paragraph.on(cx.today())).ok_or(Error::NotFound)?;
    if today.version != version {
        return Err(Error::Conflict("guidelines-changed"));
    }
    if store::add(tx, staff, key, version, cx.now()).await? {
        journal::emit(tx, cx, &Acknowledged { staff, paragraph: key.to_owned(), version }).await?;
    }
    Ok(())
}

/// How many of a unit have acknowledged a paragraph.
pub struct UnitShare {
    pub unit: String,
    pub people: usize,
    pub share: Share,
}

/// By unit, for the version of a paragraph: of those who work here now.
pub async fn shares(rx: &mut Rx, paragraph: &str, version: i64) -> Result<Vec<UnitShare>> {
    let known: BTreeSet<StaffId> = store::by(rx, paragraph, version).await?.into_iter().collect();
    let mut groups: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for person in identity::all_staff(rx).await?.into_iter().filter(|person| person.active) {
        let (people, acknowledged) = groups.entry(person.unit).or_default();
        *people += 1;
        *acknowledged += usize::from(known.contains(&person.id));
    }
    let units = identity::units(rx).await?;
    // In the city's own order, which ranks nobody.
    let shares = units.all().iter().filter_map(|unit| {
        let (people, acknowledged) = *groups.get(&unit.key)?;
        Some(UnitShare { unit: unit.name.clone(), people, share: Share::of(acknowledged, people) })
    });
    Ok(shares.collect())
}
