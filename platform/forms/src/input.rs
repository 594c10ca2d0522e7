//! From what a browser sends to typed values, and what every stored value must still satisfy.

use std::collections::HashMap;

use kernel::{Date, FieldError, Money, PartialDate};

use crate::definition::{Field, FileKind, Kind, TextCharset};
use crate::latin::{self, Charset};
use crate::rules::{RuleFault, World, earliest};
use crate::value::{Address, FileRef, GERMANY, Value};

/// Field of the button that was pressed.
pub const ACTION: &str = "aktion";
/// [`ACTION`]: add an item to the repeated group.
pub const ADD_ITEM: &str = "neu";
/// [`ACTION`]: remove an item, `weg:2`.
pub const REMOVE_ITEM: &str = "weg:";
/// [`ACTION`]: remove a file, `datei-weg:nachweis:1`.
pub const REMOVE_FILE: &str = "datei-weg:";

/// [`ACTION`]: save the draft and leave; [`crate::Form::keep`] takes the page in.
pub const LATER: &str = "spaeter";

/// Field pairs beyond this are not looked at.
const MOST_PAIRS: usize = 5_000;
/// Longest e-mail address (RFC 5321 section 4.5.3.1.3).
const LONGEST_EMAIL: usize = 254;
const LONGEST_POSTAL_CODE: usize = 12;
const LONGEST_HOUSE_NUMBER: usize = 20;
const LONGEST_ADDRESS_LINE: usize = 120;

/// What a page of the form sent.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Submitted {
    /// Names and values in the order of the page; names may come more than once.
    pub fields: Vec<(String, String)>,
    /// Files the server has stored, with the field each came from. Never made from what the browser says of files.
    pub files: Vec<(String, FileRef)>,
}

impl From<&[(String, String)]> for Submitted {
    fn from(fields: &[(String, String)]) -> Self {
        Submitted { fields: fields.to_vec(), files: Vec::new() }
    }
}

impl From<Vec<(String, String)>> for Submitted {
    fn from(fields: Vec<(String, String)>) -> Self {
        Submitted { fields, files: Vec::new() }
    }
}

/// The submitted pairs by name.
pub(crate) struct Raw<'s> {
    values: HashMap<&'s str, Vec<&'s str>>,
    files: &'s [(String, FileRef)],
}

impl<'s> Raw<'s> {
    pub(crate) fn new(submitted: &'s Submitted) -> Self {
        let mut values: HashMap<&str, Vec<&str>> = HashMap::new();
        for (name, value) in submitted.fields.iter().take(MOST_PAIRS) {
            values.entry(name).or_default().push(value);
        }
        Raw { values, files: &submitted.files }
    }

    /// The first value of a name, or an empty text.
    pub(crate) fn get(&self, name: &str) -> &'s str {
        self.values.get(name).and_then(|v| v.first()).copied().unwrap_or_default()
    }

    pub(crate) fn all(&self, name: &str) -> &[&'s str] {
        self.values.get(name).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn part(&self, name: &str, part: &str) -> &'s str {
        self.get(&format!("{name}-{part}"))
    }

    fn files_of(&self, name: &str) -> impl Iterator<Item = &'s FileRef> {
        self.files.iter().filter(move |(field, _)| field == name).map(|(_, file)| file)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &'s str> {
        self.values.keys().copied()
    }
}

/// The parts of a date field after its name.
pub(crate) const MONTH: &str = "month";
pub(crate) const YEAR: &str = "year";
/// The parts of an address field after its name; the street has the name itself.
pub(crate) const HOUSE_NUMBER: &str = "house-number";
pub(crate) const ADDITION: &str = "addition";
pub(crate) const POSTAL_CODE: &str = "postal-code";
pub(crate) const CITY: &str = "city";
pub(crate) const COUNTRY: &str = "country";

type Parsed = Result<Option<Value>, FieldError>;

/// Reads the value of a field named `path`; `None` is "not answered". `before` holds files that are there already.
pub(crate) fn parse(kind: &Kind, path: &str, raw: &Raw<'_>, before: Option<&Value>) -> Parsed {
    let error = |code: &str| Err(FieldError::new(path, code));
    match kind {
        Kind::Text { .. } | Kind::Name { .. } | Kind::Email => Ok(text(latin::one_line(raw.get(path)))),
        Kind::Textarea { .. } => Ok(text(latin::lines(raw.get(path)))),
        Kind::Phone => Ok(text(latin::one_line(raw.get(path)))),
        Kind::Iban => Ok(text(iban(raw.get(path)))),
        Kind::Date { .. } => date(path, raw),
        Kind::PartialDate { .. } => partial_date(path, raw),
        Kind::Address => address(path, raw),
        Kind::Choice { .. } => Ok(Some(raw.get(path)).filter(|c| !c.is_empty()).map(|c| Value::Choice(c.to_owned()))),
        Kind::Choices { options } => {
            let sent = raw.all(path);
            if sent.iter().any(|code| !options.iter().any(|o| o.code == *code)) {
                return error("choice-unknown");
            }
            let codes = options.iter().filter(|o| sent.contains(&o.code.as_str())).map(|o| o.code.clone());
            let codes: Vec<String> = codes.collect();
            Ok((!codes.is_empty()).then_some(Value::Choices(codes)))
        }
        Kind::YesNo => match raw.get(path) {
            "" => Ok(None),
            "ja" => Ok(Some(Value::YesNo(true))),
            "nein" => Ok(Some(Value::YesNo(false))),
            _ => error("choice-unknown"),
        },
        Kind::Integer { .. } => match latin::one_line(raw.get(path)).as_str() {
            "" => Ok(None),
            digits => match digits.parse::<i64>() {
                Ok(n) if !digits.starts_with('+') => Ok(Some(Value::Integer(n))),
                _ => error("number-invalid"),
            },
        },
        Kind::Money { .. } => match latin::one_line(raw.get(path)).as_str() {
            "" => Ok(None),
            amount => cents(amount).map_or_else(|| error("money-invalid"), |c| Ok(Some(Value::Money(Money(c))))),
        },
        Kind::File { .. } => {
            let mut files = match before {
                Some(Value::Files(files)) => files.clone(),
                _ => Vec::new(),
            };
            for file in raw.files_of(path) {
                if !files.iter().any(|f| f.id == file.id) {
                    files.push(FileRef { name: file_name(&file.name), ..file.clone() });
                }
            }
            Ok((!files.is_empty()).then_some(Value::Files(files)))
        }
        Kind::Declaration { .. } => Ok((raw.get(path) == "ja").then_some(Value::YesNo(true))),
        Kind::Computed { .. } | Kind::Note { .. } => Ok(None),
    }
}

fn text(text: String) -> Option<Value> {
    (!text.is_empty()).then_some(Value::Text(text))
}

/// Capitals and digits without spaces, in groups of four as on a bank card.
fn iban(raw: &str) -> String {
    let signs: Vec<char> = raw.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_uppercase).collect();
    let groups: Vec<String> = signs.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join(" ")
}

/// The last part of the path a browser may send, without signs that disturb lists and downloads.
fn file_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last.chars().filter(|c| latin::foreign(Charset::Text, &c.to_string()).is_none()).collect();
    let clean = latin::one_line(&clean);
    if clean.is_empty() { "Datei".into() } else { clean.chars().take(120).collect() }
}

fn number(text: &str, longest: usize) -> Option<i16> {
    let good = !text.is_empty() && text.len() <= longest && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| good)
}

fn date(path: &str, raw: &Raw<'_>) -> Parsed {
    let [day, month, year] = [raw.get(path), raw.part(path, MONTH), raw.part(path, YEAR)].map(str::trim);
    if day.is_empty() && month.is_empty() && year.is_empty() {
        return Ok(None);
    }
    let error = |code: &str| FieldError::new(path, code);
    if day.is_empty() || month.is_empty() || year.is_empty() {
        return Err(error("date-incomplete"));
    }
    if year.len() != 4 {
        return Err(error("date-year"));
    }
    let parts = (number(year, 4), number(month, 2), number(day, 2));
    let (Some(year), Some(month), Some(day)) = parts else { return Err(error("date-invalid")) };
    let (month, day) = (i8::try_from(month), i8::try_from(day));
    let (Ok(month), Ok(day)) = (month, day) else { return Err(error("date-invalid")) };
    match Date::new(year, month, day) {
        Ok(date) if year > 0 => Ok(Some(Value::Date(date))),
        _ => Err(error("date-invalid")),
    }
}

/// An empty day or month, or zeros, mean that it is unknown.
fn partial_date(path: &str, raw: &Raw<'_>) -> Parsed {
    let [day, month, year] = [raw.get(path), raw.part(path, MONTH), raw.part(path, YEAR)].map(str::trim);
    if day.is_empty() && month.is_empty() && year.is_empty() {
        return Ok(None);
    }
    let error = |code: &str| FieldError::new(path, code);
    if year.len() != 4 {
        return Err(error("date-year"));
    }
    let part = |text: &str| if text.is_empty() { Some(0) } else { number(text, 2).and_then(|n| i8::try_from(n).ok()) };
    let parts = (number(year, 4), part(month), part(day));
    let (Some(year), Some(month), Some(day)) = parts else { return Err(error("date-invalid")) };
    if month == 0 && day != 0 {
        return Err(error("date-month"));
    }
    match PartialDate::new(year, month, day) {
        Ok(date) => Ok(Some(Value::PartialDate(date))),
        Err(_) => Err(error("date-invalid")),
    }
}

fn address(path: &str, raw: &Raw<'_>) -> Parsed {
    let part = |name: &str| latin::one_line(raw.part(path, name));
    let mut address = Address {
        street: latin::one_line(raw.get(path)),
        house_number: part(HOUSE_NUMBER),
        addition: part(ADDITION),
        postal_code: part(POSTAL_CODE),
        city: part(CITY),
        country: part(COUNTRY),
    };
    let given = [&address.street, &address.house_number, &address.addition, &address.postal_code, &address.city];
    if given.iter().all(|part| part.is_empty()) {
        return Ok(None);
    }
    let home = ["", "d", "de", "brd", "germany", "deutschland", "bundesrepublik deutschland"];
    if home.contains(&address.country.to_lowercase().as_str()) {
        address.country = GERMANY.to_owned();
    }
    Ok(Some(Value::Address(address)))
}

/// Cents of an amount in euros with a decimal comma: `12`, `12,5`, `1.234,50 €`.
fn cents(text: &str) -> Option<i64> {
    let text = text.trim_end_matches('€').trim_end();
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (euros, rest) = text.split_once(',').unwrap_or((text, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let groups: Vec<&str> = euros.split('.').collect();
    let grouped =
        groups.len() == 1 || ((1..=3).contains(&groups[0].len()) && groups[1..].iter().all(|group| group.len() == 3));
    if euros.is_empty() || !grouped || !groups.iter().all(|g| digits(g)) || rest.len() > 2 || !digits(rest) {
        return None;
    }
    if text.contains(',') && rest.is_empty() {
        return None;
    }
    let euros: i64 = groups.concat().parse().ok()?;
    let cents: i64 = format!("{rest:0<2}").parse().ok()?;
    let value = euros.checked_mul(100)?.checked_add(cents)?;
    Some(if negative { -value } else { value })
}

/// Whether the value has the type of the field.
pub(crate) fn fits(kind: &Kind, value: &Value) -> bool {
    matches!(
        (kind, value),
        (
            Kind::Text { .. } | Kind::Textarea { .. } | Kind::Name { .. } | Kind::Email | Kind::Phone | Kind::Iban,
            Value::Text(_)
        ) | (Kind::Date { .. }, Value::Date(_))
            | (Kind::PartialDate { .. }, Value::PartialDate(_))
            | (Kind::Address, Value::Address(_))
            | (Kind::Choice { .. }, Value::Choice(_))
            | (Kind::Choices { .. }, Value::Choices(_))
            | (Kind::YesNo, Value::YesNo(_))
            | (Kind::Declaration { .. }, Value::YesNo(true))
            | (Kind::Integer { .. }, Value::Integer(_))
            | (Kind::Money { .. }, Value::Money(_))
            | (Kind::File { .. }, Value::Files(_))
    )
}

/// A value from another source in the type of the field, if that is possible without loss.
pub(crate) fn converted(kind: &Kind, value: &Value) -> Option<Value> {
    match (kind, value) {
        (Kind::Date { .. }, Value::PartialDate(date)) => date.complete().map(Value::Date),
        (Kind::PartialDate { .. }, Value::Date(date)) => Some(Value::PartialDate((*date).into())),
        _ => fits(kind, value).then(|| value.clone()),
    }
}

/// Whether the value satisfies what the definition demands. Options are checked where it is known which are offered.
///
/// # Errors
/// The inner error is for the citizen, the outer for the operator.
pub(crate) fn check(field: &Field, path: &str, value: &Value, world: &World) -> Result<Option<FieldError>, RuleFault> {
    let error = |code: &str| Some(FieldError::new(path, code));
    Ok(match (&field.kind, value) {
        (Kind::Text { max, charset: TextCharset::Any }, Value::Text(text)) => {
            text_error(path, text, *max, Charset::Text)
        }
        (Kind::Text { max, charset: TextCharset::Latin }, Value::Text(text)) => {
            text_error(path, text, *max, Charset::OtherName)
        }
        (Kind::Textarea { max, .. }, Value::Text(text)) => text_error(path, text, *max, Charset::Lines),
        (Kind::Name { max }, Value::Text(text)) => text_error(path, text, *max, Charset::PersonName),
        (Kind::Email, Value::Text(text)) => text_error(path, text, LONGEST_EMAIL, Charset::Text)
            .or_else(|| if is_email(text) { None } else { error("email-invalid") }),
        (Kind::Phone, Value::Text(text)) => {
            if is_phone(text) {
                None
            } else {
                error("phone-invalid")
            }
        }
        (Kind::Iban, Value::Text(text)) => {
            if is_iban(text) {
                None
            } else {
                error("iban-invalid")
            }
        }
        (Kind::Date { min, max }, Value::Date(date)) => {
            day_error(path, *date, *date, min.as_ref().map(|r| &r.0), max.as_ref().map(|r| &r.0), world)?
        }
        (Kind::PartialDate { min, max }, Value::PartialDate(date)) => {
            let (first, last) = (earliest(*date), date.latest());
            day_error(path, first, last, min.as_ref().map(|r| &r.0), max.as_ref().map(|r| &r.0), world)?
        }
        (Kind::Address, Value::Address(address)) => address_error(path, address),
        (Kind::Integer { min, max }, Value::Integer(n)) => {
            if n < min {
                Some(FieldError::new(path, "number-min").with("min", min))
            } else if n > max {
                Some(FieldError::new(path, "number-max").with("max", max))
            } else {
                None
            }
        }
        (Kind::Money { min, max }, Value::Money(money)) => {
            if money.cents() < *min {
                Some(FieldError::new(path, "money-min").with("min", Money(*min)))
            } else if money.cents() > *max {
                Some(FieldError::new(path, "money-max").with("max", Money(*max)))
            } else {
                None
            }
        }
        (Kind::File { accept, max_bytes, max_count }, Value::Files(files)) => {
            files_error(path, files, accept, *max_bytes, *max_count)
        }
        _ => None,
    })
}

fn text_error(path: &str, text: &str, max: usize, charset: Charset) -> Option<FieldError> {
    if text.chars().count() > max {
        return Some(FieldError::new(path, "too-long").with("max", max));
    }
    latin::foreign(charset, text).map(|sign| FieldError::new(path, "characters").with("sign", sign))
}

fn day_error(
    path: &str,
    first: Date,
    last: Date,
    min: Option<&crate::rules::Rule>,
    max: Option<&crate::rules::Rule>,
    world: &World,
) -> Result<Option<FieldError>, RuleFault> {
    if let Some(min) = min.map(|rule| rule.day(world)).transpose()?
        && last < min
    {
        return Ok(Some(FieldError::new(path, "date-min").with("min", min)));
    }
    if let Some(max) = max.map(|rule| rule.day(world)).transpose()?
        && first > max
    {
        return Ok(Some(FieldError::new(path, "date-max").with("max", max)));
    }
    Ok(None)
}

fn address_error(path: &str, a: &Address) -> Option<FieldError> {
    let at = |part: &str| format!("{path}-{part}");
    let wrong = |path: String, text: &str, max| text_error(&path, text, max, Charset::OtherName);
    if a.street.is_empty() {
        return Some(FieldError::new(path, "address-street"));
    }
    if a.house_number.is_empty() && a.is_german() {
        return Some(FieldError::new(at(HOUSE_NUMBER), "address-house-number"));
    }
    let german_code = a.postal_code.len() == 5 && a.postal_code.bytes().all(|b| b.is_ascii_digit());
    if a.is_german() && !german_code {
        return Some(FieldError::new(at(POSTAL_CODE), "address-postal-code"));
    }
    if a.city.is_empty() {
        return Some(FieldError::new(at(CITY), "address-city"));
    }
    wrong(path.to_owned(), &a.street, LONGEST_ADDRESS_LINE)
        .or_else(|| wrong(at(HOUSE_NUMBER), &a.house_number, LONGEST_HOUSE_NUMBER))
        .or_else(|| wrong(at(ADDITION), &a.addition, LONGEST_ADDRESS_LINE))
        .or_else(|| wrong(at(POSTAL_CODE), &a.postal_code, LONGEST_POSTAL_CODE))
        .or_else(|| wrong(at(CITY), &a.city, LONGEST_ADDRESS_LINE))
        .or_else(|| wrong(at(COUNTRY), &a.country, LONGEST_ADDRESS_LINE))
}

fn files_error(
    path: &str,
    files: &[FileRef],
    accept: &[FileKind],
    max_bytes: u64,
    max_count: usize,
) -> Option<FieldError> {
    if files.len() > max_count {
        return Some(FieldError::new(path, "file-count").with("max", max_count));
    }
    files.iter().find_map(|file| {
        let error = |code: &str| Some(FieldError::new(path, code).with("name", &file.name));
        if file.size == 0 {
            error("file-empty")
        } else if file.size > max_bytes {
            error("file-too-large").map(|e| e.with("max", max_bytes / 1_000_000))
        } else if !accept.iter().any(|kind| kind.media_type() == file.media_type) {
            let kinds: Vec<&str> = accept.iter().map(|kind| kind.label()).collect();
            error("file-type").map(|e| e.with("kinds", kinds.join(", ")))
        } else {
            None
        }
    })
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let atoms = |part: &str, allowed: fn(char) -> bool| {
        !part.is_empty() && part.split('.').all(|atom| !atom.is_empty() && atom.chars().all(allowed))
    };
    let local_char = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    let domain_char = |c: char| c.is_alphanumeric() || c == '-';
    let labels = domain.split('.').all(|label| !label.starts_with('-') && !label.ends_with('-') && label.len() <= 63);
    let top = domain.rsplit('.').next().unwrap_or_default();
    local.len() <= 64
        && atoms(local, local_char)
        && atoms(domain, domain_char)
        && labels
        && domain.contains('.')
        && top.chars().count() >= 2
        && !top.bytes().all(|b| b.is_ascii_digit())
}

/// Digits with the usual signs between them; E.164 allows 15 digits, 4 are the shortest anyone can be called at.
fn is_phone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let rest = text.strip_prefix('+').unwrap_or(text);
    (4..=17).contains(&digits) && text.len() <= 30 && rest.chars().all(|c| c.is_ascii_digit() || " ()/-.".contains(c))
}

/// ISO 13616: country, two check digits, account; modulo 97 is 1 (ISO 7064).
fn is_iban(text: &str) -> bool {
    let signs: Vec<u8> = text.bytes().filter(|b| *b != b' ').collect();
    if !(15..=34).contains(&signs.len()) || !signs.iter().all(u8::is_ascii_alphanumeric) {
        return false;
    }
    let (head, account) = signs.split_at(4);
    let shape = head[..2].iter().all(u8::is_ascii_uppercase) && head[2..].iter().all(u8::is_ascii_digit);
    if !shape || (head.starts_with(b"DE") && signs.len() != 22) {
        return false;
    }
    let remainder = account.iter().chain(head).fold(0u32, |rest, sign| match sign {
        b'0'..=b'9' => (rest * 10 + u32::from(sign - b'0')) % 97,
        b'A'..=b'Z' => (rest * 100 + u32::from(sign - b'A') + 10) % 97,
        _ => rest,
    });
    remainder == 1 && signs.iter().all(|b| !b.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_a_decimal_comma() {
        for (text, expected) in [
            ("12", Some(1200)),
            ("12,5", Some(1250)),
            ("12,50 €", Some(1250)),
            ("1.234,50", Some(123_450)),
            ("1.234.567", Some(123_456_700)),
            ("0,01", Some(1)),
            ("-3,00", Some(-300)),
            ("12.50", None),
            ("12,505", None),
            ("12,", None),
            (",50", None),
            ("1.23.456", None),
            ("1e3", None),
            ("99999999999999999999", None),
            ("€", None),
        ] {
            assert_eq!(cents(text), expected, "{text}");
        }
    }

    #[test]
    fn mail_addresses() {
        for good in ["a@b.de", "mia.muster+stadt@muster-beispiel.example", "jörg@müller.example", "o'neill@x.example"]
        {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "",
            "a",
            "a@b",
            "@b.de",
            "a@",
            "a..b@c.de",
            ".a@c.de",
            "a@-b.de",
            "a b@c.de",
            "a@b.1",
            "a@b.de>",
            "a@@b.de",
        ] {
            assert!(!is_email(bad), "{bad}");
        }
    }

    #[test]
    fn account_numbers_are_checked_by_their_digits() {
        // Example numbers of the SWIFT IBAN registry.
        for good in ["DE89 3704 0044 0532 0130 00", "GB29 NWBK 6016 1331 9268 19", "NO93 8601 1117 947"] {
            assert!(is_iban(good), "{good}");
        }
        for bad in
            ["DE88 3704 0044 0532 0130 00", "DE89 3704 0044 0532 0130", "1234", "", "DEAB 3704 0044 0532 0130 00"]
        {
            assert!(!is_iban(bad), "{bad}");
        }
        assert_eq!(iban("de89370400440532013000"), "DE89 3704 0044 0532 0130 00");
    }

    #[test]
    fn phone_numbers() {
        for good in ["02132 916-0", "+49 (2132) 916 0", "110 112"] {
            assert!(is_phone(good), "{good}");
        }
        for bad in ["", "123", "abc", "+49+2132", "1234567890123456789", "0211-1234x5"] {
            assert!(!is_phone(bad), "{bad}");
        }
    }

    #[test]
    fn file_names_lose_paths_and_marks_of_direction() {
        assert_eq!(file_name("C:\\fakepath\\a\u{202E}fdp.exe"), "afdp.exe");
        assert_eq!(file_name("../../etc/passwd"), "passwd");
        assert_eq!(file_name("\u{0}"), "Datei");
    }
}
