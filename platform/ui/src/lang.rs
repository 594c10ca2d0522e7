//! The languages of the pages.
//!
//! German is the reference: every text key exists in German, and a text that another language lacks is shown in German.

pub use kernel::Lang;

/// Every language the pages exist in, in the order of the language switch.
pub const ALL: [Lang; 2] = [Lang::De, Lang::En];

/// The name of the language in that language.
pub const fn own_name(lang: Lang) -> &'static str {
    match lang {
        Lang::De => "Deutsch",
        Lang::En => "English",
    }
}

/// The most wanted language of an `Accept-Language` header (RFC 9110 section 12.5.4) that the pages exist in.
///
/// Among equal quality values the first wins; a header nobody can read gives German.
pub fn from_accept_language(header: &str) -> Lang {
    let mut best: Option<(Lang, f32)> = None;
    for range in header.split(',').take(32) {
        let mut parts = range.split(';');
        let tag = parts.next().unwrap_or_default().trim();
        let quality =
            parts.find_map(|p| p.trim().strip_prefix("q=")).map_or(1.0, |q| q.trim().parse::<f32>().unwrap_or(0.0));
        let primary = tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        let Some(lang) = Lang::from_code(&primary) else { continue };
        if quality > 0.0 && best.is_none_or(|(_, q)| quality > q) {
            best = Some((lang, quality));
        }
    }
    best.map_or(Lang::De, |(lang, _)| lang)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_s_wish_decides() {
        assert_eq!(from_accept_language("en-GB,en;q=0.9,de;q=0.8"), Lang::En);
        assert_eq!(from_accept_language("tr, en;q=0.3, de-DE;q=0.7"), Lang::De);
        assert_eq!(from_accept_language("EN"), Lang::En);
        assert_eq!(from_accept_language("en;q=0, de;q=0.1"), Lang::De);
        assert_eq!(from_accept_language("en;q=abc"), Lang::De);
        assert_eq!(from_accept_language(""), Lang::De);
    }
}
