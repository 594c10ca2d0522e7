//! What the room `disposal` (Aussonderung) asks of cases and tells them, and how long a closed case is kept.

use kernel::{CaseId, Command, Date, FileId, Query, Timestamp, Uuid, berlin};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::DocumentView;

const CALLERS: &[&str] = &["disposal"];

/// First day on which a closed case may be deleted: the years of its retention count from the end of the year in which
/// it was closed, on the city's calendar.
pub fn deletable_from(closed: Timestamp, years: i64) -> Date {
    let after = i64::from(closed.to_zoned(berlin()).year()).saturating_add(years).saturating_add(1);
    i16::try_from(after).ok().and_then(|year| Date::new(year, 1, 1).ok()).unwrap_or(Date::MAX)
}

/// Cases with so many years of retention are due on this day when they were closed before this moment: the same rule
/// as [`deletable_from`], the other way round. None when none can be due.
pub fn due_when_closed_before(today: Date, years: i64) -> Option<Timestamp> {
    let year = i16::try_from(i64::from(today.year()).checked_sub(years)?).ok()?;
    Some(Date::new(year, 1, 1).ok()?.to_zoned(berlin()).ok()?.timestamp())
}

/// Deletion of a case is held back (Löschsperre), or no longer: a case that is held is neither offered nor deleted.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SetHeld {
    pub case: CaseId,
    pub held: bool,
}

impl Command for SetHeld {
    const NAME: &'static str = "records.set-held";
    const CALLERS: &'static [&'static str] = CALLERS;
    type Answer = ();
}

/// How far the archive is with a case.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Disposal {
    /// Offered (angeboten); the archive has not decided, or not taken it over yet.
    Offered,
    /// The archive has it or does not want it: it may be deleted.
    Settled,
}

impl Disposal {
    pub fn code(self) -> &'static str {
        match self {
            Disposal::Offered => "offered",
            Disposal::Settled => "settled",
        }
    }
}

/// Tells cases how far the archive is with them.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SetDisposal {
    pub cases: Vec<CaseId>,
    pub disposal: Disposal,
}

impl Command for SetDisposal {
    const NAME: &'static str = "records.set-disposal";
    const CALLERS: &'static [&'static str] = CALLERS;
    type Answer = ();
}

/// Closed cases whose retention has ended by this day and that the member of staff who acts may see, neither held back nor
/// offered before, and not of the kind that the archive has refused once for all; those closed first in front.
pub struct CasesToOffer {
    pub today: Date,
    pub limit: i64,
}

impl Query for CasesToOffer {
    const NAME: &'static str = "records.cases-to-offer";
    const CALLERS: &'static [&'static str] = CALLERS;
    type Answer = Vec<CaseToOffer>;
}

#[derive(Clone, PartialEq, Debug)]
pub struct CaseToOffer {
    pub id: CaseId,
    /// Aktenzeichen.
    pub number: String,
    pub title: String,
    pub closed_at: Timestamp,
    pub retention_years: i64,
    /// Aussonderungsart by the plan: `A` or `B`.
    pub appraisal: String,
}

/// What the archive, and who deletes, have to know of cases, by Aktenzeichen, without a check of rights: the caller has one.
/// Cases that do not exist are left out.
pub struct CasesForArchive {
    pub ids: Vec<CaseId>,
}

impl Query for CasesForArchive {
    const NAME: &'static str = "records.cases-for-archive";
    const CALLERS: &'static [&'static str] = &["disposal", "privacy"];
    type Answer = Vec<CaseForArchive>;
}

#[derive(Clone, PartialEq, Debug)]
pub struct CaseForArchive {
    pub id: CaseId,
    pub number: String,
    pub title: String,
    /// Key of the leading unit.
    pub unit: String,
    pub confidentiality: String,
    /// Kennzeichen of the entry of the file plan.
    pub entry: String,
    pub opened_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    pub retention_years: i64,
    /// `electronic`, `hybrid` or `paper`.
    pub medium: String,
    /// Aktenzeichen of the file.
    pub file_number: String,
    pub file_title: String,
}

/// How many documents of each kind lie in these cases, without a check of rights: the caller has one. Cases without
/// documents are left out.
pub struct DocumentKinds {
    pub cases: Vec<CaseId>,
}

impl Query for DocumentKinds {
    const NAME: &'static str = "records.document-kinds";
    const CALLERS: &'static [&'static str] = CALLERS;
    /// Case, kind and number, by case and kind.
    type Answer = Vec<(CaseId, String, i64)>;
}

/// The documents of a case with all their versions, oldest first, without a check of rights: the caller has one.
pub struct DocumentsForArchive {
    pub case: CaseId,
}

impl Query for DocumentsForArchive {
    const NAME: &'static str = "records.documents-for-archive";
    const CALLERS: &'static [&'static str] = CALLERS;
    type Answer = Vec<(DocumentView, Vec<VersionForArchive>)>;
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VersionForArchive {
    /// Of the version; of its bytes where the document was never changed and has one version only.
    pub id: Uuid,
    /// From 1.
    pub n: i64,
    pub file: FileId,
}

/// How many cases become due alike: all that are open, and those closed in these years (both included; of more than
/// 200 years the last ones). Numbers are of all cases, whoever asks.
pub struct CountDue {
    pub from: i64,
    pub to: i64,
}

impl Query for CountDue {
    const NAME: &'static str = "records.count-due";
    const CALLERS: &'static [&'static str] = CALLERS;
    type Answer = Vec<DueAlike>;
}

/// Cases that become due alike.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DueAlike {
    /// Kennzeichen of the entry of the file plan.
    pub entry: String,
    /// Year of closing on the city's calendar; none for open ones.
    pub closed: Option<i64>,
    /// Opened by staff: an open one gets the rule of the day on which it is closed. Always false for closed ones.
    pub by_hand: bool,
    /// Years of retention as things are.
    pub years: i64,
    /// Aussonderungsart; empty for open ones.
    pub appraisal: String,
    pub held: bool,
    pub n: i64,
}

/// Closed cases of an entry that the member of staff who acts may see, those closed first in front.
pub struct ClosedCases {
    pub entry: String,
    /// Years of closing on the city's calendar, both included.
    pub from: i64,
    pub to: i64,
    pub limit: i64,
}

impl Query for ClosedCases {
    const NAME: &'static str = "records.closed-cases";
    const CALLERS: &'static [&'static str] = CALLERS;
    type Answer = Vec<ClosedCase>;
}

#[derive(Clone, PartialEq, Debug)]
pub struct ClosedCase {
    pub number: String,
    pub title: String,
    pub closed_at: Timestamp,
    pub retention_years: i64,
    pub held: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(year: i16, month: i8, day: i8) -> Date {
        Date::constant(year, month, day)
    }

    #[test]
    fn retention_counts_from_the_end_of_the_year_of_the_city() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(deletable_from(at("2026-03-01T10:00:00Z"), 1), date(2028, 1, 1));
        assert_eq!(deletable_from(at("2026-12-31T22:59:59Z"), 1), date(2028, 1, 1));
        // In Meerbusch the new year has begun.
        assert_eq!(deletable_from(at("2026-12-31T23:00:00Z"), 1), date(2029, 1, 1));
        assert_eq!(deletable_from(at("2026-03-01T10:00:00Z"), 0), date(2027, 1, 1));
        assert_eq!(deletable_from(at("2026-03-01T10:00:00Z"), i64::MAX), Date::MAX);
    }

    #[test]
    fn the_moment_of_the_search_and_the_day_of_the_rule_agree() {
        let moments =
            ["2026-03-01T10:00:00Z", "2026-12-31T22:59:59.999999Z", "2026-12-31T23:00:00Z", "2024-02-29T00:00:00Z"];
        for closed in moments.map(|text| text.parse::<Timestamp>().unwrap()) {
            for years in 0..12 {
                for today in [date(2026, 12, 31), date(2027, 1, 1), date(2028, 1, 1), date(2037, 6, 1)] {
                    let due = due_when_closed_before(today, years).is_some_and(|before| closed < before);
                    assert_eq!(due, today >= deletable_from(closed, years), "{closed} {years} {today}");
                }
            }
        }
        assert_eq!(due_when_closed_before(date(2026, 1, 1), i64::MAX), None);
        assert_eq!(due_when_closed_before(date(2026, 1, 1), 40_000), None);
    }
}
