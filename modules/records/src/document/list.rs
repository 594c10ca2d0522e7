//! The list of all documents that the reader may see.

use askama::Template;
use axum::extract::Query;
use db::Rx;
use house::{Answer, Req};
use jiff::ToSpan;
use kernel::{Date, DocumentId, Result, StaffId, Timestamp, berlin};
use serde::Deserialize;
use ui::{Choice, Errors, Page};

use super::store::{self, Filter, Listed, Share};
use crate::{
    pages::{Part, kind_text},
    store::After,
};

/// Documents on one page.
pub const PAGE: i64 = 50;
/// Documents of a period are counted one by one, and no further than this.
const MOST: i64 = 1_000;

/// How many documents a list has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    Exactly(i64),
    MoreThan(i64),
}

/// A page of the list, and what there is to choose from.
pub struct Listing {
    pub lines: Vec<Listed>,
    pub more: bool,
    pub count: Count,
    pub shares: Vec<Share>,
}

/// Documents the actor may see, newest first, from behind one on. The count is exact where no period is asked for.
///
/// # Errors
/// Those of the database.
pub async fn listing(rx: &mut Rx, staff: StaffId, filter: &Filter, after: Option<After>) -> Result<Listing> {
    let shares = store::shares(rx, staff).await?;
    let total = store::total(rx).await?;
    let fits = |share: &&Share| {
        filter.unit.as_ref().is_none_or(|unit| *unit == share.unit)
            && filter.kind.as_ref().is_none_or(|kind| *kind == share.kind)
    };
    let visible: i64 = shares.iter().filter(fits).map(|share| share.n).sum();
    let by_class = visible.saturating_mul(200) < total;
    let count = if filter.from.is_none() && filter.before.is_none() {
        Count::Exactly(visible)
    } else {
        let found = store::list(rx, staff, filter, None, by_class, MOST + 1).await?.len() as i64;
        if found > MOST { Count::MoreThan(MOST) } else { Count::Exactly(found) }
    };
    let mut lines = store::list(rx, staff, filter, after, by_class, PAGE + 1).await?;
    let more = lines.len() as i64 > PAGE;
    lines.truncate(PAGE as usize);
    Ok(Listing { lines, more, count, shares })
}

#[derive(Deserialize, Default)]
pub struct Asked {
    #[serde(default)]
    stelle: String,
    #[serde(default)]
    art: String,
    #[serde(default)]
    von: String,
    #[serde(default)]
    bis: String,
    /// Microseconds and document of the last row of the page before.
    #[serde(default)]
    nach: String,
    /// Number of the first row of this page.
    #[serde(default)]
    ab: String,
}

/// `2026-11-23`, as browsers send it, or `23.11.2026`, as people type it.
fn day(text: &str) -> Option<Date> {
    if let Ok(day) = text.parse() {
        return Some(day);
    }
    let mut parts = text.split('.').map(|part| part.trim().parse::<i16>().ok());
    let (day, month, year) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() {
        return None;
    }
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// The first moment of a day in the city.
fn start(day: Date) -> Option<Timestamp> {
    Some(day.to_zoned(berlin()).ok()?.timestamp())
}

impl Asked {
    fn filter(&self, page: &Page, errors: &mut Errors) -> Filter {
        let chosen = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let mut moment = |field: &str, text: &str, later: i32| -> Option<Timestamp> {
            let text = text.trim();
            if text.is_empty() {
                return None;
            }
            let found = day(text).and_then(|day| start(day.checked_add(later.days()).ok()?));
            if found.is_none() {
                errors.push(field, page.t("records-documents-day-wrong"));
            }
            found
        };
        let from = moment("von", &self.von, 0);
        let before = moment("bis", &self.bis, 1);
        if let (Some(from), Some(before)) = (from, before)
            && from >= before
        {
            errors.push("bis", page.t("records-documents-days-wrong"));
        }
        Filter { unit: chosen(&self.stelle), kind: chosen(&self.art), from, before }
    }

    /// The address of the page that begins behind this document.
    fn next(&self, last: &Listed, first: i64) -> String {
        let chosen = [("stelle", &self.stelle), ("art", &self.art), ("von", &self.von), ("bis", &self.bis)];
        let chosen = chosen.into_iter().filter(|(_, value)| !value.is_empty());
        let chosen: String = chosen.map(|(name, value)| format!("{name}={}&", encoded(value))).collect();
        format!("/intern/dokumente?{chosen}nach={}_{}&ab={first}", last.added_at.as_microsecond(), last.id)
    }
}

/// For an address (RFC 3986 section 2.1).
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|b| match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(b).to_string(),
            _ => format!("%{b:02X}"),
        })
        .collect()
}

/// Behind which document a page begins, as the link to it says: microseconds and id.
pub fn after(text: &str) -> Option<After> {
    let (micros, id) = text.split_once('_')?;
    let at = Timestamp::from_microsecond(micros.parse().ok()?).ok()?;
    Some((at, id.parse::<DocumentId>().ok()?))
}

/// The number of the first row of a page, as the link to it says; a page without a place in the list is the first one.
pub fn first(after: Option<After>, said: &str) -> i64 {
    match after {
        Some(_) => said.parse().unwrap_or(1).max(1),
        None => 1,
    }
}

#[derive(Template)]
#[template(path = "all_documents.html")]
struct AllDocuments<'a> {
    page: &'a Page,
    asked: &'a Asked,
    errors: Errors,
    units: Vec<Choice>,
    kinds: Vec<Choice>,
    names: identity::Units,
    lines: Vec<Listed>,
    caption: String,
    next: String,
    filtered: bool,
}

impl AllDocuments<'_> {
    fn unit<'a>(&'a self, line: &'a Listed) -> &'a str {
        self.names.get(&line.unit).map_or(&line.unit, |unit| &unit.name)
    }
}

pub async fn documents(rq: Req, Query(asked): Query<Asked>) -> Answer {
    let page = rq.page("records-all-documents-title");
    let mut errors = Errors::new();
    let filter = asked.filter(&page, &mut errors);
    let staff = crate::file::service::staff(&rq.cx)?;
    let after = after(&asked.nach);
    let mut rx = rq.city.db.read().await?;
    // What was asked for wrongly is not shown as if nothing had been asked for.
    let wrong = !errors.is_empty();
    let shown = if wrong { Filter::default() } else { filter };
    let mut found = listing(&mut rx, staff, &shown, after).await?;
    if wrong {
        (found.lines, found.more) = (Vec::new(), false);
    }
    let names = identity::units(&mut rx).await?;
    drop(rx);

    let first = first(after, &asked.ab);
    let part = Part { first, shown: found.lines.len() as i64, count: found.count };
    let next = found.lines.last().filter(|_| found.more).map_or_else(String::new, |last| asked.next(last, part.next()));
    let page = page.checked(&errors);
    let mut units: Vec<&str> = found.shares.iter().map(|share| share.unit.as_str()).collect();
    let mut kinds: Vec<&str> = found.shares.iter().map(|share| share.kind.as_str()).collect();
    for keys in [&mut units, &mut kinds] {
        keys.sort_unstable();
        keys.dedup();
    }
    let name = |key: &str| names.get(key).map_or_else(|| key.to_owned(), |unit| unit.name.clone());
    let answer = AllDocuments {
        page: &page,
        asked: &asked,
        errors,
        units: units.iter().map(|key| Choice::new(*key, name(key)).selected(*key == asked.stelle)).collect(),
        kinds: kinds.iter().map(|key| Choice::new(*key, kind_text(&page, key)).selected(*key == asked.art)).collect(),
        caption: part.caption(&page, page.t("records-all-documents-caption")),
        filtered: shown != Filter::default(),
        names,
        lines: found.lines,
        next,
    };
    if wrong { rq.invalid(&answer) } else { rq.html(&answer) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_browsers_and_people_write_them() {
        let wanted = Date::new(2026, 2, 28).ok();
        assert_eq!(day("2026-02-28"), wanted);
        assert_eq!(day("28.2.2026"), wanted);
        assert_eq!(day("28. 02. 2026"), wanted);
        for wrong in ["30.2.2026", "28.2.", "gestern", "1.2.3.4", ""] {
            assert_eq!(day(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_link_leads_behind_a_document_and_nonsense_to_the_beginning() {
        let id = DocumentId::from_uuid(kernel::Uuid::from_u128(7));
        let at = Timestamp::from_second(1_700_000_000).unwrap();
        assert_eq!(after(&format!("{}_{id}", at.as_microsecond())), Some((at, id)));
        assert_eq!((after("x_y"), after(""), first(None, "51"), first(Some((at, id)), "-3")), (None, None, 1, 1));
        assert_eq!(first(Some((at, id)), "51"), 51);
        assert_eq!(encoded("a b&c=ü"), "a%20b%26c%3D%C3%BC");
    }
}
