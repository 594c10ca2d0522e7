//! DER (ITU-T X.690), as far as time-stamps need it: a strict reader over borrowed bytes that never recurses, and a
//! writer for the few values of a request.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use crate::Fault;

pub const BOOLEAN: u8 = 0x01;
pub const INTEGER: u8 = 0x02;
pub const BIT_STRING: u8 = 0x03;
pub const OCTET_STRING: u8 = 0x04;
pub const OID: u8 = 0x06;
pub const UTC_TIME: u8 = 0x17;
pub const GENERALIZED_TIME: u8 = 0x18;
pub const SEQUENCE: u8 = 0x30;
pub const SET: u8 = 0x31;

/// A context-specific tag with content of its own structure.
pub const fn constructed(number: u8) -> u8 {
    0xa0 | number
}

/// A context-specific tag with plain bytes.
pub const fn primitive(number: u8) -> u8 {
    0x80 | number
}

#[derive(Clone, Copy)]
pub struct Element<'a> {
    pub tag: u8,
    pub content: &'a [u8],
    /// Tag and length with it: what is hashed or signed.
    pub whole: &'a [u8],
}

/// Reads the elements that stand one after the other. `field` names what is looked for in the fault.
#[derive(Clone)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub fn next(&mut self, field: &'static str) -> Result<Element<'a>, Fault> {
        let fault = || Fault::Format(field);
        let all = self.0;
        let [tag, first, rest @ ..] = all else { return Err(fault()) };
        // Nothing here has a tag number over 30.
        if tag & 0x1f == 0x1f {
            return Err(fault());
        }
        let (length, content) = if *first < 0x80 {
            (usize::from(*first), rest)
        } else {
            // Three bytes are 16 MB; 0x80 would be BER's indefinite length.
            let digits = usize::from(first & 0x7f);
            if !(1..=3).contains(&digits) || rest.len() < digits {
                return Err(fault());
            }
            let (digits, content) = rest.split_at(digits);
            let length = digits.iter().fold(0usize, |length, digit| (length << 8) | usize::from(*digit));
            // The shortest form only.
            if length < 0x80 || digits[0] == 0 {
                return Err(fault());
            }
            (length, content)
        };
        if content.len() < length {
            return Err(fault());
        }
        let (content, rest) = content.split_at(length);
        self.0 = rest;
        Ok(Element { tag: *tag, content, whole: &all[..all.len() - rest.len()] })
    }

    pub fn expect(&mut self, tag: u8, field: &'static str) -> Result<Element<'a>, Fault> {
        self.optional(tag, field)?.ok_or(Fault::Format(field))
    }

    /// The next element if it has this tag.
    pub fn optional(&mut self, tag: u8, field: &'static str) -> Result<Option<Element<'a>>, Fault> {
        if self.0.first() == Some(&tag) { self.next(field).map(Some) } else { Ok(None) }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn end(&self, field: &'static str) -> Result<(), Fault> {
        if self.is_empty() { Ok(()) } else { Err(Fault::Format(field)) }
    }
}

impl<'a> Element<'a> {
    pub fn reader(&self) -> Reader<'a> {
        Reader::new(self.content)
    }
}

/// The one element that these bytes are.
pub fn only<'a>(bytes: &'a [u8], tag: u8, field: &'static str) -> Result<Element<'a>, Fault> {
    let mut reader = Reader::new(bytes);
    let element = reader.expect(tag, field)?;
    reader.end(field)?;
    Ok(element)
}

/// Content of an INTEGER that is not negative, in its shortest form, without the sign byte.
pub fn unsigned<'a>(element: &Element<'a>, field: &'static str) -> Result<&'a [u8], Fault> {
    match element.content {
        [] | [0x80..=0xff, ..] | [0, 0..=0x7f, ..] => Err(Fault::Format(field)),
        [0, rest @ ..] if !rest.is_empty() => Ok(rest),
        content => Ok(content),
    }
}

/// A small number: versions, states, lengths of paths.
pub fn small(element: &Element, field: &'static str) -> Result<u8, Fault> {
    match unsigned(element, field)? {
        [number] => Ok(*number),
        _ => Err(Fault::Format(field)),
    }
}

pub fn boolean(element: &Element, field: &'static str) -> Result<bool, Fault> {
    match element.content {
        [0xff] => Ok(true),
        [0] => Ok(false),
        _ => Err(Fault::Format(field)),
    }
}

/// UTCTime or GeneralizedTime in UTC. RFC 5280 section 4.1.2.5 reads two digits of a year as 1950 to 2049; RFC 3161 allows
/// parts of a second after a point, of which microseconds are kept.
pub fn time(element: &Element, field: &'static str) -> Result<Timestamp, Fault> {
    let fault = || Fault::Format(field);
    let text = std::str::from_utf8(element.content).map_err(|_| fault())?;
    let text = text.strip_suffix('Z').ok_or_else(fault)?;
    let (whole, part) = match text.split_once('.') {
        Some((whole, part)) if element.tag == GENERALIZED_TIME => (whole, part),
        Some(_) => return Err(fault()),
        None => (text, ""),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    // DER has no zeros at the end of the part, and no point without a part.
    let part_holds =
        digits(part) && part.len() <= 9 && !part.ends_with('0') && (text.len() == whole.len() || !part.is_empty());
    let length = if element.tag == UTC_TIME { 12 } else { 14 };
    if whole.len() != length || !digits(whole) || !part_holds {
        return Err(fault());
    }
    let number = |from: usize, to: usize| whole[from..to].parse::<i16>().map_err(|_| fault());
    let (year, at) = if element.tag == UTC_TIME {
        let year = number(0, 2)?;
        (if year < 50 { 2000 + year } else { 1900 + year }, 2)
    } else {
        (number(0, 4)?, 4)
    };
    let two = |place: usize| number(at + 2 * place, at + 2 * place + 2)?.try_into().map_err(|_| fault());
    let nanoseconds: i32 = format!("{part:0<9}").parse().map_err(|_| fault())?;
    let microseconds = nanoseconds / 1_000 * 1_000;
    DateTime::new(year, two(0)?, two(1)?, two(2)?, two(3)?, two(4)?, microseconds)
        .and_then(|time| time.to_zoned(TimeZone::UTC))
        .map(|time| time.timestamp())
        .map_err(|_| fault())
}

/// One element. Contents over 16 MB do not occur: what is written here are hashes and numbers.
pub fn write(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut bytes = vec![tag];
    if length < 0x80 {
        bytes.push(length as u8);
    } else {
        let digits = length.to_be_bytes();
        let first = digits.iter().position(|digit| *digit != 0).unwrap_or(digits.len());
        bytes.push(0x80 | (digits.len() - first) as u8);
        bytes.extend_from_slice(&digits[first..]);
    }
    for part in parts {
        bytes.extend_from_slice(part);
    }
    bytes
}

/// An INTEGER that is not negative.
pub fn write_unsigned(number: u64) -> Vec<u8> {
    let digits = number.to_be_bytes();
    let first = digits.iter().position(|digit| *digit != 0).unwrap_or(digits.len() - 1);
    let sign: &[u8] = if digits[first] >= 0x80 { &[0] } else { &[] };
    write(INTEGER, &[sign, &digits[first..]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_shortest_form_of_a_length_is_read() {
        let long = write(OCTET_STRING, &[&[7; 300]]);
        assert_eq!(only(&long, OCTET_STRING, "x").unwrap().content.len(), 300);
        for bad in [
            &[0x04, 0x81, 0x05, 1, 2, 3, 4, 5][..],
            &[0x04, 0x82, 0x00, 0x81, 0],
            &[0x24, 0x80, 0, 0],
            &[0x04, 0x05, 1],
            &[0x1f, 0x81, 0x01, 0],
            &[0x04],
            &[],
        ] {
            assert!(only(bad, bad.first().copied().unwrap_or(4), "x").is_err(), "{bad:?}");
        }
    }

    #[test]
    fn numbers_have_one_form() {
        for number in [0, 1, 127, 128, 255, 256, u64::MAX] {
            let bytes = write_unsigned(number);
            let element = only(&bytes, INTEGER, "x").unwrap();
            let digits = unsigned(&element, "x").unwrap();
            assert_eq!(digits.iter().fold(0u64, |n, d| (n << 8) | u64::from(*d)), number);
        }
        for bad in [&[0x02, 0x00][..], &[0x02, 0x01, 0x80], &[0x02, 0x02, 0, 1]] {
            assert!(unsigned(&only(bad, INTEGER, "x").unwrap(), "x").is_err(), "{bad:?}");
        }
    }

    #[test]
    fn times_are_utc() {
        let of = |tag, text: &str| {
            let bytes = write(tag, &[text.as_bytes()]);
            time(&only(&bytes, tag, "x").unwrap(), "x").map(|at| at.to_string()).ok()
        };
        assert_eq!(of(UTC_TIME, "261123164545Z").as_deref(), Some("2026-11-23T16:45:45Z"));
        assert_eq!(of(UTC_TIME, "500101000000Z").as_deref(), Some("1950-01-01T00:00:00Z"));
        assert_eq!(of(GENERALIZED_TIME, "20261123164545.25Z").as_deref(), Some("2026-11-23T16:45:45.25Z"));
        for bad in
            ["20261123164545", "20261123164545.Z", "20261123164545.10Z", "20261323164545Z", "2026112316454Z", "äöü"]
        {
            assert_eq!(of(GENERALIZED_TIME, bad), None, "{bad}");
        }
        assert_eq!(of(UTC_TIME, "20261123164545Z"), None);
    }
}
