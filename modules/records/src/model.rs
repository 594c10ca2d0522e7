use kernel::Date;

/// How a family name is compared in the caller's view: without case and surrounding space, other letters stay
/// other letters (Müller is not Mueller).
pub fn family_key(name: &str) -> String {
    name.trim().chars().flat_map(char::to_lowercase).collect()
}

/// Aktenzeichen: entry of the file plan, year, running number.
pub fn case_number(plan: &str, opened: Date, running: i64) -> String {
    format!("{plan}/{}/{running:06}", opened.year())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_keys() {
        assert_eq!(case_number("33.20", kernel::Date::constant(2026, 11, 23), 42), "33.20/2026/000042");
        assert_eq!(family_key("  MÜLLER-Muster "), "müller-muster");
        assert_ne!(family_key("Müller"), family_key("Mueller"));
    }
}
