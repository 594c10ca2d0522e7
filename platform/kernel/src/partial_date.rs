//! Birth dates of which month or day are unknown, as the registers keep them (`1950-00-00`, shown `00.00.1950`).

use std::{fmt, str::FromStr};

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A date whose day, or day and month, may be unknown (0).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct PartialDate {
    year: i16,
    month: i8,
    day: i8,
}

#[derive(thiserror::Error, Debug, PartialEq, Eq)]
#[error("not a date: years 1 to 9999, month 00 to 12, day 00 to the month's last, and no day without a month")]
pub struct NotADate;

impl PartialDate {
    pub fn new(year: i16, month: i8, day: i8) -> Result<Self, NotADate> {
        let known_enough = match (month, day) {
            (0, 0) => true,
            (1..=12, 0) => true,
            (1..=12, _) => Date::new(year, month, day).is_ok(),
            _ => false,
        };
        if (1..=9999).contains(&year) && known_enough { Ok(Self { year, month, day }) } else { Err(NotADate) }
    }

    pub fn year(self) -> i16 {
        self.year
    }

    pub fn complete(self) -> Option<Date> {
        Date::new(self.year, self.month, self.day).ok()
    }

    /// The latest day it can have been: an age computed from it is never too high.
    pub fn latest(self) -> Date {
        self.complete().unwrap_or_else(|| {
            let month = if self.month == 0 { 12 } else { self.month };
            Date::constant(self.year, month, 1).last_of_month()
        })
    }
}

impl From<Date> for PartialDate {
    fn from(date: Date) -> Self {
        Self { year: date.year(), month: date.month(), day: date.day() }
    }
}

/// ISO order with zeros for what is unknown: `1950-00-00`.
impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl From<PartialDate> for String {
    fn from(date: PartialDate) -> Self {
        date.to_string()
    }
}

impl TryFrom<String> for PartialDate {
    type Error = NotADate;
    fn try_from(text: String) -> Result<Self, NotADate> {
        text.parse()
    }
}

impl FromStr for PartialDate {
    type Err = NotADate;
    fn from_str(text: &str) -> Result<Self, NotADate> {
        let mut parts = text.split('-');
        let mut next = |len: usize| {
            let part = parts.next().filter(|p| p.len() == len && p.bytes().all(|b| b.is_ascii_digit()));
            part.and_then(|p| p.parse::<i16>().ok()).ok_or(NotADate)
        };
        let (year, month, day) = (next(4)?, next(2)?, next(2)?);
        if parts.next().is_some() {
            return Err(NotADate);
        }
        Self::new(year, i8::try_from(month).map_err(|_| NotADate)?, i8::try_from(day).map_err(|_| NotADate)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_parts_are_zero_and_only_from_the_right() {
        for good in ["1950-00-00", "1950-03-00", "1950-03-31", "2024-02-29"] {
            assert_eq!(good.parse::<PartialDate>().unwrap().to_string(), good);
        }
        for bad in [
            "1950-00-01",
            "2023-02-29",
            "1950-13-00",
            "0000-01-01",
            "50-01-01",
            "1950-1-1",
            "1950-01-01-01",
            "+950-01-01",
            "",
        ] {
            assert_eq!(bad.parse::<PartialDate>(), Err(NotADate), "{bad}");
        }
        assert_eq!("1950-00-00".parse::<PartialDate>().unwrap().latest().to_string(), "1950-12-31");
        assert_eq!("1952-02-00".parse::<PartialDate>().unwrap().latest().to_string(), "1952-02-29");
    }
}
