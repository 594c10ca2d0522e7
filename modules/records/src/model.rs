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

#[cfg(test)]
mod tests {
    use super::*;

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
