//! The way back after signing in. It comes from outside, so only paths of this site are followed.

/// A path of this site on the wanted side of the house, or that side's fallback.
pub fn safe<'a>(wanted: Option<&'a str>, internal: bool, fallback: &'a str) -> &'a str {
    let Some(path) = wanted else { return fallback };
    let local = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
    let printable = path.len() <= 2000 && !path.chars().any(|c| c.is_control() || c.is_whitespace());
    let is_internal = path == "/intern" || path.starts_with("/intern/") || path.starts_with("/intern?");
    // Back to a page of the sign-in itself would lead in a circle.
    let stem = path.split(['?', '#']).next().unwrap_or_default();
    let circle = ["/anmelden", "/abmelden", "/intern/anmelden", "/sitzung", "/registrieren", "/passwort-neu"]
        .iter()
        .any(|own| stem == *own || stem.strip_prefix(own).is_some_and(|rest| rest.starts_with('/')));
    if local && printable && is_internal == internal && !circle { path } else { fallback }
}

/// The address of a page with the way back, percent-encoded.
pub fn with(page: &str, next: &str) -> String {
    ui::paths::with_return(page, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_site_are_followed() {
        for path in ["/", "/vorgang/7?seite=2#oben", "/leistungen/ü"] {
            assert_eq!(safe(Some(path), false, "/konto"), path);
        }
        for path in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "evil",
            "/a\r\nX: y",
            "/\t/evil.example",
            "/intern",
            "/intern/vorgang/1",
            "/anmelden?zurueck=/",
            "/abmelden",
            "/anmelden/code",
        ] {
            assert_eq!(safe(Some(path), false, "/konto"), "/konto", "{path:?}");
        }
        assert_eq!(safe(Some(&format!("/{}", "x".repeat(3000))), false, "/"), "/");
        assert_eq!(safe(None, false, "/konto"), "/konto");
    }

    #[test]
    fn staff_come_back_to_the_internal_side_only() {
        assert_eq!(safe(Some("/intern/vorgang/1"), true, "/intern"), "/intern/vorgang/1");
        assert_eq!(safe(Some("/intern?x=1"), true, "/intern"), "/intern?x=1");
        assert_eq!(safe(Some("/internet"), true, "/intern"), "/intern");
        assert_eq!(safe(Some("/konto"), true, "/intern"), "/intern");
    }
}
