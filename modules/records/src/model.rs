use jiff::civil::date;
use kernel::{Actor, Date, Principal, StaffId, Timestamp, berlin};

/// Who did a step of the timeline.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
    Applicant,
    Staff(StaffId),
    Process,
}

impl By {
    /// What a process does within the request of a person is the process's step.
    pub fn of(actor: &Actor) -> By {
        match actor.principal {
            _ if actor.via.contains(&"processes") => By::Process,
            Principal::Citizen { .. } | Principal::Guest { .. } => By::Applicant,
            Principal::Staff { user, .. } => By::Staff(user),
            // Which system it was says the journal.
            Principal::Anonymous | Principal::Machine { .. } | Principal::System { .. } => By::Process,
        }
    }

    /// As stored; none for what stands in steps from before it was kept.
    pub fn stored(kind: Option<&str>, staff: Option<StaffId>) -> Option<By> {
        match (kind, staff) {
            (Some("applicant"), _) => Some(By::Applicant),
            (Some("staff"), Some(id)) => Some(By::Staff(id)),
            (Some("process"), _) => Some(By::Process),
            _ => None,
        }
    }

    pub fn code(self) -> &'static str {
        match self {
            By::Applicant => "applicant",
            By::Staff(_) => "staff",
            By::Process => "process",
        }
    }

    pub fn staff(self) -> Option<StaffId> {
        match self {
            By::Staff(id) => Some(id),
            By::Applicant | By::Process => None,
        }
    }
}

/// How a family name is compared in the caller's view: without case and surrounding space, other letters stay
/// other letters (Müller is not Mueller).
pub fn family_key(name: &str) -> String {
    name.trim().chars().flat_map(char::to_lowercase).collect()
}

/// Aktenzeichen: entry of the file plan, or the file, year of the file, running number.
pub fn case_number(plan: &str, year: i64, running: i64) -> String {
    format!("{plan}/{year}/{running:06}")
}

/// The day of a moment on the city's calendar.
pub fn day(at: Timestamp) -> Date {
    at.to_zoned(berlin()).date()
}

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
    Date::new(year, 1, 1).ok()?;
    Some(date(year, 1, 1).to_zoned(berlin()).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn a_step_is_of_who_did_it_and_of_the_process_within_one() {
        let user = StaffId::from_uuid(kernel::Uuid::from_u128(7));
        let by = |principal: Principal, via: &[&'static str]| By::of(&Actor { principal, via: via.to_vec() });
        let clerk = || Principal::Staff { user, unit: "standesamt".into(), grants: std::sync::Arc::default() };
        let guest = || Principal::Guest { case: kernel::CaseId::from_uuid(kernel::Uuid::from_u128(8)) };
        assert_eq!(by(clerk(), &["payments", "records"]), By::Staff(user));
        assert_eq!(by(guest(), &["postbox", "records"]), By::Applicant);
        assert_eq!(by(guest(), &["services", "processes", "records"]), By::Process);
        assert_eq!(by(Principal::System { name: "job" }, &["registers", "records"]), By::Process);
        for by in [By::Applicant, By::Staff(user), By::Process] {
            assert_eq!(By::stored(Some(by.code()), by.staff()), Some(by));
        }
        assert_eq!(By::stored(None, None), None);
    }

    #[test]
    fn numbers_and_keys() {
        assert_eq!(case_number("33.20", 2026, 42), "33.20/2026/000042");
        assert_eq!(family_key("  MÜLLER-Muster "), "müller-muster");
        assert_ne!(family_key("Müller"), family_key("Mueller"));
    }
}
