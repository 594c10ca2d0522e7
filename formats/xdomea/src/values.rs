//! Values with a form of their own: ids, dates, file names, codes. Each keeps the text it was read from, so that a
//! message comes back letter by letter. A default value is empty; it stands for "not set yet" and cannot be written.

use std::fmt;
use std::hash::{Hash, Hasher};

/// A UUID as messages write it (`stringUUIDType`). Equal without regard to upper and lower case, because systems answer
/// in the case they like.
#[derive(Clone, Debug, Default)]
pub struct Uuid(String);

impl Uuid {
    /// `None`: not 8-4-4-4-12 hexadecimal digits. (The schema's pattern also lets `|` pass, which is no digit.)
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        is_uuid(text).then(|| Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

impl PartialEq for Uuid {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Uuid {}

impl Hash for Uuid {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_ascii_lowercase().hash(state);
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A day (`xs:date`), with a time zone where one was given: `2026-11-23`, `2026-11-23+01:00`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Date(String);

impl Date {
    /// `None`: no such day.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        is_zone(after_date(text)?).then(|| Self(text.to_owned()))
    }

    /// A day without time zone; `None`: no such day.
    #[must_use]
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        Self::parse(&format!("{year:04}-{month:02}-{day:02}"))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last day of a year, for versions that know only the year (`xs:gYear`).
    pub(crate) fn end_of_year(year: &str) -> Option<Self> {
        let digits = year.find(|c: char| !c.is_ascii_digit()).unwrap_or(year.len());
        let (year, zone) = year.split_at(digits);
        Self::parse(&format!("{year}-12-31{zone}"))
    }

    /// The year, when this is its last day.
    pub(crate) fn year_it_ends(&self) -> Option<String> {
        let (year, zone) = self.0.split_once("-12-31")?;
        Some(format!("{year}{zone}"))
    }
}

/// A point in time (`xs:dateTime`), with or without time zone: `2026-11-23T14:05:00.5Z`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct DateTime(String);

impl DateTime {
    /// `None`: no such time.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        is_zone(after_time(after_date(text)?.strip_prefix('T')?)?).then(|| Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A time of day (`xs:time`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Time(String);

impl Time {
    /// `None`: no such time.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        is_zone(after_time(text)?).then(|| Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Two digits at the start, not above `most`, and what follows.
fn two_digits(text: &str, least: u8, most: u8) -> Option<(u8, &str)> {
    let digits = text.get(..2).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
    let number = digits.parse().ok().filter(|number| (least..=most).contains(number))?;
    Some((number, &text[2..]))
}

/// What follows a date that exists. Years of the common era only: no file is older.
fn after_date(text: &str) -> Option<&str> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let year: u32 = text[..digits].parse().ok()?;
    if !(4..=9).contains(&digits) || year == 0 || (digits > 4 && text.starts_with('0')) {
        return None;
    }
    let (month, rest) = two_digits(text[digits..].strip_prefix('-')?, 1, 12)?;
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 31,
    };
    Some(two_digits(rest.strip_prefix('-')?, 1, days)?.1)
}

/// What follows a time of day; midnight at the end of a day is `24:00:00`.
fn after_time(text: &str) -> Option<&str> {
    let (hour, rest) = two_digits(text, 0, 24)?;
    let most = if hour == 24 { 0 } else { 59 };
    let (_, rest) = two_digits(rest.strip_prefix(':')?, 0, most)?;
    let (_, rest) = two_digits(rest.strip_prefix(':')?, 0, most)?;
    let Some(fraction) = rest.strip_prefix('.') else { return Some(rest) };
    let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
    let fits = digits > 0 && (hour < 24 || fraction[..digits].bytes().all(|b| b == b'0'));
    fits.then(|| &fraction[digits..])
}

/// Nothing, `Z`, or an offset up to 14 hours.
fn is_zone(text: &str) -> bool {
    let offset = || {
        let (hours, rest) = two_digits(text.strip_prefix(['+', '-'])?, 0, 14)?;
        let (_, rest) = two_digits(rest.strip_prefix(':')?, 0, if hours == 14 { 0 } else { 59 })?;
        Some(rest.is_empty())
    };
    text.is_empty() || text == "Z" || offset().unwrap_or(false)
}

/// Name of a file beside the message (`stringDateinameType`): a UUID of its own, then perhaps `_` and words, then
/// perhaps an extension. The schema lets any characters follow; those that lead out of a folder are refused here, so
/// that no name in a model does. Whether a name is good for every file system is told by [`crate::package::check`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Dateiname(String);

impl Dateiname {
    /// `None`: does not begin with a UUID, or holds a slash, a backslash or control characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let odd = |c: char| c == '/' || c == '\\' || c.is_control();
        let fits = text.get(..36).is_some_and(is_uuid) && !text.contains(odd);
        fits.then(|| Self(text.to_owned()))
    }

    /// `<uuid>_<Betreff>.<extension>`. What is not a letter, a digit or one of `-_.` becomes `_`; words are cut so that
    /// the name stays short enough for paths of 260 characters. `None`: the extension is not 1 to 16 letters or digits.
    #[must_use]
    pub fn new(uuid: &Uuid, betreff: Option<&str>, extension: &str) -> Option<Self> {
        const WORDS: usize = 60;
        if !(1..=16).contains(&extension.len()) || !extension.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return None;
        }
        let mut name = uuid.as_str().to_owned();
        if let Some(betreff) = betreff {
            let plain = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' };
            name.push('_');
            name.extend(betreff.chars().map(plain).take(WORDS));
        }
        name.push('.');
        name.push_str(extension);
        Self::parse(&name)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The stricter pattern of 2.3.0 and 2.4.0: `<uuid>_<…>.<…>`.
    pub(crate) fn has_words_and_extension(&self) -> bool {
        self.0.get(36..).is_some_and(|rest| rest.starts_with('_') && rest.contains('.'))
    }
}

/// Bytes as base64 (`xs:base64Binary`), in the lines they were read in. Empty is a value as well.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Base64(String);

impl Base64 {
    /// `None`: not base64 of RFC 4648 with padding.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits: Vec<u8> = text.bytes().filter(|byte| !b" \t\n\r".contains(byte)).collect();
        let data = digits.strip_suffix(b"==").or_else(|| digits.strip_suffix(b"=")).unwrap_or(&digits);
        // The bits that padding leaves unused are zero.
        let ends = match (digits.len() - data.len(), data.last()) {
            (2, Some(last)) => b"AQgw".contains(last),
            (1, Some(last)) => b"AEIMQUYcgkosw048".contains(last),
            (padding, _) => padding == 0,
        };
        let plain = data.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(byte));
        (ends && plain && digits.len().is_multiple_of(4)).then(|| Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A code list whose codes this crate knows one by one (XÖV code types 1 and 2).
pub trait Codeliste: Copy + Default + 'static {
    /// Kennung of the list.
    const URI: &'static str;
    /// Kennung of its version in xdomea 3.0.0, and in 2.3.0 and 2.4.0.
    const VERSIONS: (&'static str, &'static str) = ("1.0", "1.0");
    /// Whether before 3.0.0 an empty code means the default.
    const EMPTY_BEFORE_3: bool = false;
    /// Every value with its code.
    const CODES: &'static [(Self, &'static str)];
}

/// A code with the name a sender may put beside it. The name says nothing the code does not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Coded<T> {
    pub code: T,
    pub name: Option<String>,
}

impl<T> From<T> for Coded<T> {
    fn from(code: T) -> Self {
        Self { code, name: None }
    }
}

/// What becomes of an object when its retention has ended (code list `aussonderungsart`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Aussonderungsart {
    /// A: worth keeping.
    Archivwuerdig,
    /// B: to be appraised.
    #[default]
    Bewerten,
    /// V: to be destroyed.
    Vernichten,
}

impl Codeliste for Aussonderungsart {
    const URI: &'static str = "urn:xoev-de:xdomea:codeliste:aussonderungsart";
    const CODES: &'static [(Self, &'static str)] =
        &[(Self::Archivwuerdig, "A"), (Self::Bewerten, "B"), (Self::Vernichten, "V")];
}

/// What the office proposes to the archive (code list `bewertungsvorschlag`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Bewertungsvorschlag {
    #[default]
    Archivwuerdig,
    Vernichten,
}

impl Codeliste for Bewertungsvorschlag {
    const URI: &'static str = "urn:xoev-de:xdomea:codeliste:bewertungsvorschlag";
    const CODES: &'static [(Self, &'static str)] = &[(Self::Archivwuerdig, "A"), (Self::Vernichten, "V")];
}

/// Classification (code list `vertraulichkeitsstufe`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Vertraulichkeitsstufe {
    Geheim,
    /// NfD.
    NurFuerDenDienstgebrauch,
    /// Not classified.
    #[default]
    Offen,
    StrengGeheim,
    Vertraulich,
}

impl Codeliste for Vertraulichkeitsstufe {
    const URI: &'static str = "urn:xoev-de:xdomea:codeliste:vertraulichkeitsstufe";
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::Geheim, "001"),
        (Self::NurFuerDenDienstgebrauch, "002"),
        (Self::Offen, "003"),
        (Self::StrengGeheim, "004"),
        (Self::Vertraulich, "005"),
    ];
}

/// On paper, electronic or both (code list `medium`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Medium {
    #[default]
    Elektronisch,
    Hybrid,
    Papier,
}

impl Codeliste for Medium {
    const URI: &'static str = "urn:xoev-de:xdomea:codeliste:medium";
    const CODES: &'static [(Self, &'static str)] =
        &[(Self::Elektronisch, "001"), (Self::Hybrid, "002"), (Self::Papier, "003")];
}

/// What a reference leads to (code list `schriftgutobjekttyp`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Schriftgutobjekttyp {
    #[default]
    Akte,
    Dokument,
    Vorgang,
}

impl Codeliste for Schriftgutobjekttyp {
    const URI: &'static str = "urn:xoev-de:xdomea:codeliste:schriftgutobjekttyp";
    const CODES: &'static [(Self, &'static str)] =
        &[(Self::Akte, "001"), (Self::Dokument, "002"), (Self::Vorgang, "003")];
}

/// Kind of an address (code list `anschriftstyp`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Anschriftstyp {
    #[default]
    Aktuell,
    Hauptsitz,
    Zweitsitz,
}

impl Codeliste for Anschriftstyp {
    const URI: &'static str = "urn:xoev-de:xdomea:codeliste:anschriftstyp";
    const CODES: &'static [(Self, &'static str)] =
        &[(Self::Aktuell, "001"), (Self::Hauptsitz, "002"), (Self::Zweitsitz, "003")];
}

/// How far a step of the way through the house is (code list `beteiligungsstatus`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Beteiligungsstatus {
    #[default]
    Zukuenftig,
    Aktuell,
    Abgeschlossen,
    Uebersprungen,
}

impl Codeliste for Beteiligungsstatus {
    const URI: &'static str = "urn:xoev-de:xdomea:codeliste:beteiligungsstatus";
    const VERSIONS: (&'static str, &'static str) = ("1.1", "1.0");
    const EMPTY_BEFORE_3: bool = true;
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::Zukuenftig, "001"),
        (Self::Aktuell, "002"),
        (Self::Abgeschlossen, "003"),
        (Self::Uebersprungen, "004"),
    ];
}

/// Type of the value of an application's own field (code list `datentyp`): one of the codes `001` to `045`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Datentyp(u8);

impl Datentyp {
    /// `None`: the list has no such code.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::CODES.iter().find(|(_, known)| *known == code).map(|&(datentyp, _)| datentyp)
    }
}

impl Default for Datentyp {
    fn default() -> Self {
        Self(1)
    }
}

impl Codeliste for Datentyp {
    const URI: &'static str = "urn:xoev-de:xdomea:codeliste:datentyp";
    const VERSIONS: (&'static str, &'static str) = ("1.1", "1.0");
    const CODES: &'static [(Self, &'static str)] = &DATENTYPEN;
}

#[rustfmt::skip]
const DATENTYPEN: [(Datentyp, &str); 45] = [
    (Datentyp(1), "001"), (Datentyp(2), "002"), (Datentyp(3), "003"), (Datentyp(4), "004"), (Datentyp(5), "005"),
    (Datentyp(6), "006"), (Datentyp(7), "007"), (Datentyp(8), "008"), (Datentyp(9), "009"), (Datentyp(10), "010"),
    (Datentyp(11), "011"), (Datentyp(12), "012"), (Datentyp(13), "013"), (Datentyp(14), "014"), (Datentyp(15), "015"),
    (Datentyp(16), "016"), (Datentyp(17), "017"), (Datentyp(18), "018"), (Datentyp(19), "019"), (Datentyp(20), "020"),
    (Datentyp(21), "021"), (Datentyp(22), "022"), (Datentyp(23), "023"), (Datentyp(24), "024"), (Datentyp(25), "025"),
    (Datentyp(26), "026"), (Datentyp(27), "027"), (Datentyp(28), "028"), (Datentyp(29), "029"), (Datentyp(30), "030"),
    (Datentyp(31), "031"), (Datentyp(32), "032"), (Datentyp(33), "033"), (Datentyp(34), "034"), (Datentyp(35), "035"),
    (Datentyp(36), "036"), (Datentyp(37), "037"), (Datentyp(38), "038"), (Datentyp(39), "039"), (Datentyp(40), "040"),
    (Datentyp(41), "041"), (Datentyp(42), "042"), (Datentyp(43), "043"), (Datentyp(44), "044"), (Datentyp(45), "045"),
];
