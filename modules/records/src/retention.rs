//! How long closed cases are kept, which of them may go, and what the room `disposal` asks of them and tells them.

mod store;

use contract_records::{
    CaseForArchive, CaseToOffer, CasesForArchive, CasesToOffer, ClosedCase, ClosedCases, CountDue, DocumentKinds,
    DocumentView, DocumentsForArchive, DueAlike, DueCase, DueForDeletion, SetDisposal, SetHeld, VersionForArchive,
    deletable_from, due_when_closed_before,
};
use db::{Rx, Tx};
use kernel::{CaseId, Cx, Date, Error, Result, Timestamp, berlin};

use crate::{
    file::service::staff,
    model,
    store::{self as cases, AT_ONCE},
};

/// Years between the first and the last closing that are counted.
const MOST_YEARS: i64 = 200;

fn most(limit: i64) -> usize {
    usize::try_from(limit).unwrap_or(0)
}

pub async fn due_for_deletion(_: &Cx, rx: &mut Rx, q: DueForDeletion) -> Result<Vec<DueCase>> {
    let mut due = Vec::new();
    if let Some(only) = &q.only {
        for some in only.chunks(AT_ONCE) {
            due.extend(store::closed(rx, some).await?);
        }
        due.retain(|kept| q.today >= deletable_from(kept.closed_at, kept.retention_years));
    } else {
        for years in store::retentions(rx).await? {
            let Some(before) = due_when_closed_before(q.today, years) else { continue };
            due.extend(store::closed_before(rx, years, before, q.limit).await?);
        }
    }
    due.sort_by_key(|case| (case.closed_at, case.id));
    due.truncate(most(q.limit));
    let due = due.into_iter().map(|kept| DueCase {
        deletable_from: deletable_from(kept.closed_at, kept.retention_years),
        case: kept.id,
        number: kept.number,
        closed_at: kept.closed_at,
        retention_years: kept.retention_years,
        retention_basis: kept.retention_basis,
    });
    Ok(due.collect())
}

pub async fn cases_to_offer(cx: &Cx, rx: &mut Rx, q: CasesToOffer) -> Result<Vec<CaseToOffer>> {
    let (me, mut found) = (staff(cx)?, Vec::new());
    for years in store::retentions(rx).await? {
        let Some(before) = due_when_closed_before(q.today, years) else { continue };
        found.extend(store::to_offer(rx, me, years, before, q.limit).await?);
    }
    found.sort_by_key(|case| (case.closed_at, case.id));
    found.truncate(most(q.limit));
    let found = found.into_iter().map(|case| CaseToOffer {
        id: case.id,
        number: case.number,
        title: case.title,
        closed_at: case.closed_at,
        retention_years: case.retention_years,
        appraisal: case.appraisal,
    });
    Ok(found.collect())
}

pub async fn set_held(_: &Cx, tx: &mut Tx, c: SetHeld) -> Result<()> {
    store::set_held(tx, c.case, c.held).await
}

pub async fn set_disposal(_: &Cx, tx: &mut Tx, c: SetDisposal) -> Result<()> {
    for case in c.cases {
        store::set_disposal(tx, case, c.disposal.code()).await?;
    }
    Ok(())
}

pub async fn cases_for_archive(_: &Cx, rx: &mut Rx, q: CasesForArchive) -> Result<Vec<CaseForArchive>> {
    let mut found = Vec::with_capacity(q.ids.len());
    for some in q.ids.chunks(AT_ONCE) {
        found.extend(store::for_archive(rx, some).await?);
    }
    let mut found: Vec<CaseForArchive> = found
        .into_iter()
        .map(|case| CaseForArchive {
            id: case.id,
            number: case.number,
            title: case.title,
            unit: case.unit,
            confidentiality: case.confidentiality,
            entry: case.entry,
            opened_at: case.opened_at,
            closed_at: case.closed_at,
            retention_years: case.retention_years,
            medium: case.medium,
            file_number: format!("{}/{}", case.file_plan, case.file_year),
            file_title: case.file_title,
        })
        .collect();
    found.sort_by(|a, b| (&a.number, a.id).cmp(&(&b.number, b.id)));
    Ok(found)
}

pub async fn document_kinds(_: &Cx, rx: &mut Rx, q: DocumentKinds) -> Result<Vec<(CaseId, String, i64)>> {
    let mut found = Vec::new();
    for some in q.cases.chunks(AT_ONCE) {
        found.extend(store::document_kinds(rx, some).await?);
    }
    found.sort();
    Ok(found)
}

pub async fn documents_for_archive(
    _: &Cx,
    rx: &mut Rx,
    q: DocumentsForArchive,
) -> Result<Vec<(DocumentView, Vec<VersionForArchive>)>> {
    let mut found = Vec::new();
    for document in cases::documents_of(rx, q.case).await? {
        let versions = store::versions(rx, document.id).await?;
        let mut all: Vec<VersionForArchive> =
            versions.into_iter().map(|(id, n, file)| VersionForArchive { id, n, file }).collect();
        if all.is_empty() {
            all.push(VersionForArchive { id: document.file.uuid(), n: 1, file: document.file });
        }
        found.push((document, all));
    }
    Ok(found)
}

/// When a year begins on the city's calendar.
fn begins(year: i64) -> Result<Timestamp> {
    let first = i16::try_from(year).ok().and_then(|year| Date::new(year, 1, 1).ok());
    let first = first.ok_or_else(|| Error::internal(format!("no year {year}")))?;
    Ok(first.to_zoned(berlin()).map_err(Error::internal)?.timestamp())
}

pub async fn count_due(_: &Cx, rx: &mut Rx, q: CountDue) -> Result<Vec<DueAlike>> {
    let year = |at: Timestamp| i64::from(model::day(at).year());
    let mut all = Vec::new();
    if let Some((first, last)) = store::span(rx).await? {
        let (first, last) = (year(first), year(last));
        for closed in first.max(q.from).max(last.saturating_sub(MOST_YEARS))..=last.min(q.to) {
            let alike = store::closed_alike(rx, begins(closed)?, begins(closed + 1)?).await?;
            all.extend(alike.into_iter().map(|alike| due_alike(alike, Some(closed))));
        }
    }
    all.extend(store::open_alike(rx).await?.into_iter().map(|alike| due_alike(alike, None)));
    Ok(all)
}

fn due_alike(alike: store::Alike, closed: Option<i64>) -> DueAlike {
    let store::Alike { entry, by_hand, years, appraisal, held, n } = alike;
    DueAlike { entry, closed, by_hand, years, appraisal, held, n }
}

pub async fn closed_cases(cx: &Cx, rx: &mut Rx, q: ClosedCases) -> Result<Vec<ClosedCase>> {
    let (from, to) = (begins(q.from)?, begins(q.to.saturating_add(1))?);
    let found = store::closed_of_entry(rx, staff(cx)?, &q.entry, from, to, q.limit).await?;
    let found = found.into_iter().map(|case| ClosedCase {
        number: case.number,
        title: case.title,
        closed_at: case.closed_at,
        retention_years: case.retention_years,
        held: case.held,
    });
    Ok(found.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_begins_with_the_city_and_not_with_the_machine() {
        for closed in ["2024-02-29T12:00:00Z", "2026-12-31T22:30:00Z", "2026-12-31T23:30:00Z", "2027-01-01T00:30:00Z"] {
            let closed: Timestamp = closed.parse().unwrap();
            let year = i64::from(model::day(closed).year());
            assert!(begins(year).unwrap() <= closed && closed < begins(year + 1).unwrap(), "{closed}");
        }
        assert!(begins(i64::MAX).is_err());
    }
}
