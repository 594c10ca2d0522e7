//! The addresses the layout links to, so that the routes behind them and the pages agree.

use crate::Lang;

/// Start page of the portal.
pub const HOME: &str = "/";
/// Start page of staff.
pub const STAFF_HOME: &str = "/intern";
/// `GET /anmelden?zurueck=…`
pub const SIGN_IN: &str = "/anmelden";
/// `GET /intern/anmelden?zurueck=…`
pub const STAFF_SIGN_IN: &str = "/intern/anmelden";
/// `POST`, both sides.
pub const SIGN_OUT: &str = "/abmelden";
/// `POST`, answers 204 and starts the session's time anew; answers 401 when it has ended.
pub const EXTEND_SESSION: &str = "/sitzung/verlaengern";
/// The citizen's postbox.
pub const POSTBOX: &str = "/postfach";
/// The citizen's own matters, data and settings.
pub const ACCOUNT: &str = "/konto";
/// The account of a member of staff.
pub const STAFF_ACCOUNT: &str = "/intern/konto";
/// `GET`, query field `q`.
pub const SEARCH: &str = "/suche";
/// `GET` shows the form, `POST` with field `q` answers: names stand in no address.
pub const STAFF_SEARCH: &str = "/intern/suche";
/// `GET ?zurueck=…`: why staff may not see something, and whom to ask; `POST` asks. The same for what exists and what does
/// not.
pub const STAFF_ACCESS: &str = "/intern/warum";
/// `GET /sprache/{code}?zurueck=…` sets the language cookie and leads back.
pub const LANGUAGE: &str = "/sprache";
/// `GET /assets/{file}`; see [`crate::assets`].
pub const ASSETS: &str = "/assets";

/// Query field with the path to come back to. The route must accept only paths of this site:
/// they start with one `/`, not with `//` or `/\`.
pub const RETURN_FIELD: &str = "zurueck";

/// The address that chooses a language and leads back to `path`.
pub fn choose_language(lang: Lang, path: &str) -> String {
    with_return(&format!("{LANGUAGE}/{}", lang.code()), path)
}

/// A part of a path or query with everything escaped that means something there.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// `start?zurueck=path`, percent-encoded.
pub fn with_return(start: &str, path: &str) -> String {
    let mut out = format!("{start}?{RETURN_FIELD}=");
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_an_address() {
        assert_eq!(escaped("a/b c&ä"), "a%2Fb%20c%26%C3%A4");
    }

    #[test]
    fn the_way_back_survives_the_query() {
        assert_eq!(with_return(SIGN_IN, "/suche?q=a&b#ä"), "/anmelden?zurueck=/suche%3Fq%3Da%26b%23%C3%A4");
    }
}
