//! Comparing names, addresses and dates the way a register does.
//!
//! Names are compared after Unicode normalisation form C and simple case folding, and nothing else: DIN SPEC 91379
//! names differ when their letters differ, so `Müller` is not `Mueller` and `Strauß` is not `Strauss`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use unicode_normalization::UnicodeNormalization;

/// Longest text accepted in one field of a request, in characters.
pub const MAX_FIELD: usize = 400;

/// Brings a name into the form in which two spellings of the same name are equal.
///
/// Full case folding would turn `ß` into `ss` and so make two different names equal; therefore letters are folded
/// one by one. The two small sigmas are the only letters of that folding which lower-casing keeps apart.
pub fn fold_name(name: &str) -> String {
    let composed: String = name.nfc().collect();
    let mut folded = String::with_capacity(composed.len());
    for word in composed.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.extend(word.chars().flat_map(char::to_lowercase).map(|c| if c == 'ς' { 'σ' } else { c }));
    }
    folded.nfc().collect()
}

/// Brings street and house number into one comparable form.
///
/// Identity cards shorten streets (`Musterstr.`) and do not separate street and house number, so both parts are
/// compared as one text without spaces.
pub fn fold_street(street: &str, house_number: &str) -> String {
    let joined: String = fold_name(&format!("{street}{house_number}")).split(' ').collect();
    joined.replace("strasse", "straße").replace("str.", "straße")
}

/// A date of which the day, or day and month, or everything may be unknown (`1950-03-00`, `1950-00-00`,
/// `0000-00-00`), as registers of residents keep it for people born where no register was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartialDate {
    year: i16,
    month: i8,
    day: i8,
}

/// A text that is neither a date nor a partial date.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a date such as 1950-03-17, 1950-03-00, 1950-00-00, 1950-03 or 1950")]
pub struct BadDate;

impl PartialDate {
    /// The complete date, if day, month and year are known.
    pub fn full(self) -> Option<jiff::civil::Date> {
        jiff::civil::Date::new(self.year, self.month, self.day).ok().filter(|_| self.year > 0)
    }

    /// The form of the `birthdate` claim (OpenID Connect Core 1.0, section 5.1): only the known parts.
    pub fn to_claim(self) -> Option<String> {
        match (self.year, self.month, self.day) {
            (0, 0, 0) => None,
            (year, 0, 0) => Some(format!("{year:04}")),
            (year, month, 0) => Some(format!("{year:04}-{month:02}")),
            (year, month, day) => Some(format!("{year:04}-{month:02}-{day:02}")),
        }
    }

    /// Whether everything known in `self` is the same in `other`; unknown parts of `self` fit anything.
    pub fn covers(self, other: PartialDate) -> bool {
        (self.year == 0 || self.year == other.year)
            && (self.month == 0 || self.month == other.month)
            && (self.day == 0 || self.day == other.day)
    }

    /// Whether at least the year is known.
    pub fn has_year(self) -> bool {
        self.year != 0
    }
}

impl From<jiff::civil::Date> for PartialDate {
    fn from(date: jiff::civil::Date) -> Self {
        Self { year: date.year(), month: date.month(), day: date.day() }
    }
}

impl FromStr for PartialDate {
    type Err = BadDate;

    fn from_str(text: &str) -> Result<Self, BadDate> {
        let mut parts = text.split('-');
        let mut part = |length: usize| -> Result<Option<i16>, BadDate> {
            let Some(digits) = parts.next() else { return Ok(None) };
            if digits.len() != length || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return Err(BadDate);
            }
            digits.parse().map(Some).map_err(|_| BadDate)
        };
        let year = part(4)?.ok_or(BadDate)?;
        let month = part(2)?.unwrap_or(0);
        let day = part(2)?.unwrap_or(0);
        if parts.next().is_some() {
            return Err(BadDate);
        }
        let known = match (year, month, day) {
            (0, 0, 0) => true,
            (0, _, _) | (_, 0, 1..) => false,
            (_, _, 0) => month <= 12,
            _ => jiff::civil::Date::new(year, month as i8, day as i8).is_ok(),
        };
        if known { Ok(Self { year, month: month as i8, day: day as i8 }) } else { Err(BadDate) }
    }
}

impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl Serialize for PartialDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PartialDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Refuses texts no register accepts: control characters, and more than [`MAX_FIELD`] characters.
pub fn check_text(field: &'static str, text: &str) -> Result<(), String> {
    if text.chars().count() > MAX_FIELD {
        return Err(format!("{field}: longer than {MAX_FIELD} characters"));
    }
    if text.chars().any(char::is_control) {
        return Err(format!("{field}: control characters are not allowed"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_name_in_other_spelling() {
        for (a, b) in [
            ("Ångström", "A\u{30a}ngstro\u{308}m"),
            ("MUSTER-ÖZ", "Muster-Öz"),
            ("  Anna   Maria ", "anna maria"),
            ("STRAUẞ", "Strauß"),
            ("ΟΔΟΣ", "οδος"),
            ("Łucja Ş", "ŁUCJA ş"),
        ] {
            assert_eq!(fold_name(a), fold_name(b), "{a} / {b}");
        }
    }

    #[test]
    fn different_letters_stay_different() {
        for (a, b) in [
            ("Müller", "Mueller"),
            ("Strauß", "Strauss"),
            ("Øster", "Oster"),
            ("Łucja", "Lucja"),
            ("Anna-Maria", "Anna Maria"),
            ("Şahin", "Ṣahin"),
        ] {
            assert_ne!(fold_name(a), fold_name(b), "{a} / {b}");
        }
    }

    #[test]
    fn streets_as_on_an_identity_card() {
        assert_eq!(fold_street("Musterstraße", "12 a"), fold_street("Musterstr. 12A", ""));
        assert_eq!(fold_street("Musterstrasse", "12"), fold_street("Musterstraße", "12"));
        assert_ne!(fold_street("Musterstraße", "12"), fold_street("Musterstraße", "13"));
        assert_ne!(fold_street("Musterweg", "12"), fold_street("Musterstraße", "12"));
    }

    #[test]
    fn partial_dates() {
        for (text, printed, claim) in [
            ("1950-03-17", "1950-03-17", Some("1950-03-17")),
            ("1950-03-00", "1950-03-00", Some("1950-03")),
            ("1950-03", "1950-03-00", Some("1950-03")),
            ("1950-00-00", "1950-00-00", Some("1950")),
            ("1950", "1950-00-00", Some("1950")),
            ("0000-00-00", "0000-00-00", None),
        ] {
            let date: PartialDate = text.parse().unwrap();
            assert_eq!(date.to_string(), printed);
            assert_eq!(date.to_claim().as_deref(), claim);
        }
        for text in
            ["", "195", "1950-13-01", "1950-02-30", "1950-00-05", "0000-05-05", "1950-3-17", "1950-03-17-01", "+950"]
        {
            assert_eq!(text.parse::<PartialDate>(), Err(BadDate), "{text}");
        }
    }

    #[test]
    fn an_unknown_part_covers_every_value() {
        let date = |text: &str| text.parse::<PartialDate>().unwrap();
        assert!(date("1950").covers(date("1950-03-17")));
        assert!(!date("1950-03-17").covers(date("1950")));
        assert!(!date("1951").covers(date("1950-03-17")));
    }
}
