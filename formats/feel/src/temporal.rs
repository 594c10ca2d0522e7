//! Dates, times and durations of FEEL (DMN 1.5, 10.3.2.3.4 to 10.3.2.3.8): lexical forms of XML Schema, years from
//! -999 999 999 to 999 999 999, nanoseconds, offsets or IANA time zones.

use std::cmp::Ordering;
use std::fmt;
use std::sync::{Arc, LazyLock};

use jiff::tz::{TimeZone, TimeZoneDatabase};

/// Largest absolute year.
pub const YEAR_MAX: i32 = 999_999_999;
/// Nanoseconds of a second.
pub const NANOS: i128 = 1_000_000_000;
/// Nanoseconds of a day.
pub const DAY_NANOS: i128 = 86_400 * NANOS;
/// UTC offsets beyond 18 hours do not exist.
const OFFSET_MAX: i32 = 18 * 3600;
/// Days and time durations are bounded to about 2.5 billion years, as the years of dates are.
const DURATION_MAX: i128 = 1_000_000_000 * 366 * DAY_NANOS;

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A day of the proleptic Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// Astronomical year, -999 999 999 to 999 999 999.
    pub year: i32,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
}

/// Where a time is measured.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Zone {
    /// Seconds east of UTC.
    Offset(i32),
    /// An IANA zone such as `Europe/Berlin`.
    Named(Arc<str>),
}

/// A time of day, local or in a zone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Time {
    /// Nanoseconds since midnight, below one day.
    pub nanos: u64,
    /// `None`: local time of whoever reads it.
    pub zone: Option<Zone>,
}

/// A day and a time of day.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DateTime {
    /// The day on the clock of `time.zone`.
    pub date: Date,
    /// The time of day.
    pub time: Time,
}

/// Length of a month in days, 0 for a month that does not exist.
pub fn days_in_month(year: i32, month: u8) -> u8 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 0,
    }
}

fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

impl Date {
    /// `None` if there is no such day.
    pub fn new(year: i64, month: i64, day: i64) -> Option<Date> {
        let year = i32::try_from(year).ok().filter(|y| y.abs() <= YEAR_MAX)?;
        let (month, day) = (u8::try_from(month).ok()?, u8::try_from(day).ok()?);
        (day >= 1 && day <= days_in_month(year, month)).then_some(Date { year, month, day })
    }

    /// Reads `2026-07-31`.
    pub fn parse(text: &str) -> Option<Date> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let mut parts = rest.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || !(4..=9).contains(&year.len()) || (year.len() > 4 && year.starts_with('0')) {
            return None;
        }
        let year = digits(year)?;
        Date::new(if negative { -year } else { year }, two_digits(month)?, two_digits(day)?)
    }

    /// Days since 1970-01-01.
    pub fn days(self) -> i64 {
        // Years counted from March, so that the leap day is the last of its year.
        let y = i64::from(self.year) - i64::from(self.month <= 2);
        let m = (i64::from(self.month) + 9) % 12;
        let era = y.div_euclid(400);
        let year_of_era = y.rem_euclid(400);
        let day_of_year = (153 * m + 2) / 5 + i64::from(self.day) - 1;
        era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
    }

    /// The day so many days after 1970-01-01; `None` outside the years FEEL knows.
    pub fn from_days(days: i64) -> Option<Date> {
        let z = days.checked_add(719_468)?;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let month = if mp < 10 { mp + 3 } else { mp - 9 };
        let year = yoe.checked_add(era.checked_mul(400)?)? + i64::from(month <= 2);
        Date::new(year, month, doy - (153 * mp + 2) / 5 + 1)
    }

    /// The same day of another month; the last day where the month is shorter.
    pub fn plus_months(self, months: i64) -> Option<Date> {
        let index = (i64::from(self.year) * 12 + i64::from(self.month) - 1).checked_add(months)?;
        let year = i32::try_from(index.div_euclid(12)).ok()?;
        let month = index.rem_euclid(12) as u8 + 1;
        Date::new(year.into(), month.into(), self.day.min(days_in_month(year, month)).into())
    }

    /// 1 is Monday, 7 is Sunday (ISO 8601).
    pub fn weekday(self) -> i64 {
        (self.days() + 3).rem_euclid(7) + 1
    }

    /// 1 for 1 January.
    pub fn day_of_year(self) -> i64 {
        self.days() - Date { month: 1, day: 1, ..self }.days() + 1
    }

    /// Week number of ISO 8601: week 1 holds the first Thursday of the year.
    pub fn week_of_year(self) -> i64 {
        let thursday = self.days() - self.weekday() + 4;
        Date::from_days(thursday).map_or(1, |d| (d.day_of_year() - 1) / 7 + 1)
    }

    fn to_jiff(self) -> Option<jiff::civil::Date> {
        // Zone rules are periodic outside the years jiff knows: any year of the same 400-year cycle does.
        let year = if self.year.abs() <= 9000 { self.year } else { self.year.rem_euclid(400) + 8000 };
        jiff::civil::Date::new(year as i16, self.month as i8, self.day as i8).ok()
    }
}

impl From<jiff::civil::Date> for Date {
    fn from(d: jiff::civil::Date) -> Self {
        Date { year: d.year().into(), month: d.month().unsigned_abs(), day: d.day().unsigned_abs() }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.year < 0 { "-" } else { "" };
        write!(f, "{sign}{:04}-{:02}-{:02}", self.year.unsigned_abs(), self.month, self.day)
    }
}

fn digits(text: &str) -> Option<i64> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

fn two_digits(text: &str) -> Option<i64> {
    (text.len() == 2).then(|| digits(text)).flatten()
}

/// Nanoseconds of a decimal fraction such as `123` (milliseconds here); further digits are cut.
fn fraction_nanos(text: &str) -> Option<u64> {
    digits(text.get(..text.len().min(18))?)?;
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let padded: String = text.chars().chain(std::iter::repeat('0')).take(9).collect();
    padded.parse().ok()
}

impl Zone {
    /// Reads `Z`, `+01:00`, `-02:30:15` or `@Europe/Berlin`; the empty text is no zone.
    fn parse(text: &str) -> Option<Option<Zone>> {
        if text.is_empty() {
            return Some(None);
        }
        if text == "Z" || text == "z" {
            return Some(Some(Zone::Offset(0)));
        }
        if let Some(name) = text.strip_prefix('@') {
            return Some(Some(Zone::named(name)?));
        }
        let sign = match text.as_bytes()[0] {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let mut parts = text.get(1..)?.split(':');
        let (h, m, s) = (parts.next()?, parts.next()?, parts.next());
        let (h, m, s) = (two_digits(h)?, two_digits(m)?, s.map_or(Some(0), two_digits)?);
        if parts.next().is_some() || m > 59 || s > 59 {
            return None;
        }
        Some(Some(Zone::offset(sign * (h * 3600 + m * 60 + s))?))
    }

    /// An offset of so many seconds, `None` beyond 18 hours.
    pub fn offset(seconds: i64) -> Option<Zone> {
        i32::try_from(seconds).ok().filter(|s| s.abs() <= OFFSET_MAX).map(Zone::Offset)
    }

    /// A zone of the IANA database, `None` if there is no such zone.
    pub fn named(name: &str) -> Option<Zone> {
        let known = name.starts_with(|c: char| c.is_ascii_alphabetic()) && ZONES.get(name).is_ok();
        known.then(|| Zone::Named(name.into()))
    }

    fn rules(&self) -> Option<TimeZone> {
        match self {
            Zone::Offset(_) => None,
            Zone::Named(name) => ZONES.get(name).ok(),
        }
    }

    /// Seconds east of UTC on that day at that time of day.
    pub fn seconds_at(&self, date: Date, nanos: u64) -> i32 {
        let Zone::Named(_) = self else {
            let Zone::Offset(s) = self else { return 0 };
            return *s;
        };
        let local = || {
            let time = jiff::civil::Time::midnight() + jiff::SignedDuration::from_nanos(nanos as i64);
            let local = date.to_jiff()?.to_datetime(time);
            Some(self.rules()?.to_ambiguous_zoned(local).compatible().ok()?.offset().seconds())
        };
        local().unwrap_or(0)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Zone::Named(name) => write!(f, "@{name}"),
            Zone::Offset(0) => f.write_str("Z"),
            Zone::Offset(s) => {
                let (sign, s) = (if *s < 0 { '-' } else { '+' }, s.abs());
                write!(f, "{sign}{:02}:{:02}", s / 3600, s / 60 % 60)?;
                if s % 60 != 0 { write!(f, ":{:02}", s % 60) } else { Ok(()) }
            }
        }
    }
}

impl Time {
    /// `None` if there is no such time of day.
    pub fn new(hour: i64, minute: i64, second: i64, nano: u64, zone: Option<Zone>) -> Option<Time> {
        let valid = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..60).contains(&second);
        if !valid || nano >= NANOS as u64 {
            return None;
        }
        Some(Time { nanos: (hour * 3600 + minute * 60 + second) as u64 * NANOS as u64 + nano, zone })
    }

    /// Reads `11:22:33.5+01:00`; 24:00:00 is midnight (XML Schema).
    pub fn parse(text: &str) -> Option<Time> {
        Self::parse_clock(text).map(|(time, _)| time)
    }

    /// Also says whether the text was 24:00:00, the end of the day.
    fn parse_clock(text: &str) -> Option<(Time, bool)> {
        let clock_end = text.find(['Z', 'z', '+', '-', '@']).unwrap_or(text.len());
        let (clock, zone) = text.split_at(clock_end);
        let (hms, fraction) = match clock.split_once('.') {
            Some((hms, fraction)) => (hms, fraction_nanos(fraction)?),
            None => (clock, 0),
        };
        let mut parts = hms.split(':');
        let (h, m, s) = (two_digits(parts.next()?)?, two_digits(parts.next()?)?, two_digits(parts.next()?)?);
        if parts.next().is_some() {
            return None;
        }
        let end_of_day = (h, m, s, fraction) == (24, 0, 0, 0);
        let time = Time::new(if end_of_day { 0 } else { h }, m, s, fraction, Zone::parse(zone)?)?;
        Some((time, end_of_day))
    }

    /// Hour, minute, second.
    pub fn hms(&self) -> (i64, i64, i64) {
        let s = (self.nanos / NANOS as u64) as i64;
        (s / 3600, s / 60 % 60, s % 60)
    }

    /// Seconds east of UTC. A named zone without a day counts with its rules of 1 January 2020.
    pub fn offset_seconds(&self) -> Option<i32> {
        let day = Date { year: 2020, month: 1, day: 1 };
        self.zone.as_ref().map(|z| z.seconds_at(day, self.nanos))
    }

    /// Nanoseconds on the clock of UTC; may leave the day.
    fn utc_nanos(&self) -> i128 {
        i128::from(self.nanos) - i128::from(self.offset_seconds().unwrap_or(0)) * NANOS
    }

    /// Nanoseconds between two times, `None` where only one of them has a zone.
    pub fn since(&self, other: &Time) -> Option<i128> {
        match (&self.zone, &other.zone) {
            (None, None) | (Some(_), Some(_)) => Some(self.utc_nanos() - other.utc_nanos()),
            _ => None,
        }
    }

    /// Later or earlier by a duration, around the clock.
    pub fn plus(&self, nanos: i128) -> Time {
        let sum = (i128::from(self.nanos) + nanos).rem_euclid(DAY_NANOS);
        Time { nanos: sum as u64, zone: self.zone.clone() }
    }

    /// Order in time, `None` where only one has a zone.
    pub fn compare(&self, other: &Time) -> Option<Ordering> {
        self.since(other).map(|d| d.cmp(&0))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (h, m, s) = self.hms();
        write!(f, "{h:02}:{m:02}:{s:02}")?;
        write_fraction(f, self.nanos % NANOS as u64)?;
        match &self.zone {
            Some(zone) => write!(f, "{zone}"),
            None => Ok(()),
        }
    }
}

fn write_fraction(f: &mut fmt::Formatter<'_>, nanos: u64) -> fmt::Result {
    if nanos == 0 {
        return Ok(());
    }
    write!(f, ".{}", format!("{nanos:09}").trim_end_matches('0'))
}

impl DateTime {
    /// Midnight of a day in UTC, which is how FEEL counts with dates (DMN 1.5, table 55).
    pub fn midnight_utc(date: Date) -> DateTime {
        DateTime { date, time: Time { nanos: 0, zone: Some(Zone::Offset(0)) } }
    }

    /// Reads `2026-07-31T11:22:33+02:00` or a bare day, which is its local midnight.
    pub fn parse(text: &str) -> Option<DateTime> {
        let Some((date, time)) = text.split_once('T') else {
            let time = Time { nanos: 0, zone: None };
            return Some(DateTime { date: Date::parse(text)?, time });
        };
        let (time, end_of_day) = Time::parse_clock(time)?;
        let date = Date::parse(date)?;
        let date = if end_of_day { Date::from_days(date.days() + 1)? } else { date };
        Some(DateTime { date, time })
    }

    /// Seconds east of UTC, `None` for a local date and time.
    pub fn offset_seconds(&self) -> Option<i32> {
        self.time.zone.as_ref().map(|z| z.seconds_at(self.date, self.time.nanos))
    }

    /// Nanoseconds on the own clock since 1970-01-01T00:00.
    fn local_nanos(&self) -> i128 {
        i128::from(self.date.days()) * DAY_NANOS + i128::from(self.time.nanos)
    }

    /// Nanoseconds since 1970 in UTC; a local date and time counts as if it were UTC.
    pub fn utc_nanos(&self) -> i128 {
        self.local_nanos() - i128::from(self.offset_seconds().unwrap_or(0)) * NANOS
    }

    /// Nanoseconds between two points, `None` where only one of them has a zone.
    pub fn since(&self, other: &DateTime) -> Option<i128> {
        (self.time.zone.is_some() == other.time.zone.is_some()).then(|| self.utc_nanos() - other.utc_nanos())
    }

    /// Order in time, `None` where only one has a zone.
    pub fn compare(&self, other: &DateTime) -> Option<Ordering> {
        self.since(other).map(|d| d.cmp(&0))
    }

    /// Later or earlier by a duration. In a named zone the duration is real time, so a change of clocks counts.
    pub fn plus(&self, nanos: i128) -> Option<DateTime> {
        let named = matches!(self.time.zone, Some(Zone::Named(_)));
        let start = if named { self.utc_nanos() } else { self.local_nanos() };
        let split = |total: i128| {
            let date = Date::from_days(i64::try_from(total.div_euclid(DAY_NANOS)).ok()?)?;
            let time = Time { nanos: total.rem_euclid(DAY_NANOS) as u64, zone: self.time.zone.clone() };
            Some(DateTime { date, time })
        };
        let sum = start.checked_add(nanos)?;
        let shifted = split(sum)?;
        let Some(rules) = self.time.zone.as_ref().and_then(Zone::rules) else { return Some(shifted) };
        let time = jiff::civil::Time::midnight() + jiff::SignedDuration::from_nanos(shifted.time.nanos as i64);
        let utc = shifted.date.to_jiff()?.to_datetime(time).to_zoned(TimeZone::UTC).ok()?;
        let offset = rules.to_offset(utc.timestamp()).seconds();
        split(sum.checked_add(i128::from(offset) * NANOS)?)
    }

    /// The same time on the same day of another month.
    pub fn plus_months(&self, months: i64) -> Option<DateTime> {
        Some(DateTime { date: self.date.plus_months(months)?, time: self.time.clone() })
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}T{}", self.date, self.time)
    }
}

impl From<&jiff::Zoned> for DateTime {
    fn from(z: &jiff::Zoned) -> Self {
        let nanos = z.datetime().time().duration_since(jiff::civil::Time::midnight()).as_nanos() as u64;
        let zone = match z.time_zone().iana_name() {
            Some(name) if name != "UTC" => Zone::Named(name.into()),
            _ => Zone::Offset(z.offset().seconds()),
        };
        DateTime { date: z.date().into(), time: Time { nanos, zone: Some(zone) } }
    }
}

/// A duration as written: either nanoseconds or months, never both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duration {
    /// Days and time duration in nanoseconds.
    Days(i128),
    /// Years and months duration in months.
    Months(i64),
}

impl Duration {
    /// Reads `P1DT2H3M4.5S` or `P1Y2M`, with `-` in front for the other direction.
    pub fn parse(text: &str) -> Option<Duration> {
        let (sign, rest) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text),
        };
        let rest = rest.strip_prefix('P')?;
        let (date, time) = match rest.split_once('T') {
            Some((_, "")) => return None,
            Some((date, time)) => (date, time),
            None => (rest, ""),
        };
        if date.is_empty() && time.is_empty() {
            return None;
        }
        let mut fields = Vec::new();
        read_fields(date, "YMD", &mut fields)?;
        let calendar = fields.len();
        read_fields(time, "HMS", &mut fields)?;
        let has_months = fields[..calendar].iter().any(|f| f.0 != 'D');
        let has_days = fields.len() > calendar || fields.iter().any(|f| f.0 == 'D');
        if has_months && has_days {
            return None;
        }
        if has_months {
            let months = fields.iter().try_fold(0i64, |sum, (unit, n, _)| {
                sum.checked_add(if *unit == 'Y' { n.checked_mul(12)? } else { *n })
            })?;
            return Some(Duration::Months(sign * months)).filter(|_| months.abs() <= MONTHS_MAX);
        }
        let mut nanos = 0i128;
        for (i, (unit, n, fraction)) in fields.iter().enumerate() {
            let seconds: i128 = match (unit, i < calendar) {
                ('D', _) => 86_400,
                ('H', _) => 3600,
                ('M', false) => 60,
                _ => 1,
            };
            nanos += i128::from(*n) * seconds * NANOS + i128::from(*fraction);
        }
        days_duration(i128::from(sign) * nanos).map(Duration::Days)
    }
}

/// Durations of months beyond the years FEEL knows do not exist.
pub const MONTHS_MAX: i64 = 12 * 2 * YEAR_MAX as i64;

/// Checks the bounds of a days and time duration.
pub fn days_duration(nanos: i128) -> Option<i128> {
    (nanos.abs() <= DURATION_MAX).then_some(nanos)
}

/// Reads `1D2H`-like fields in the order of `units`: unit, whole number, nanoseconds (seconds only).
fn read_fields(text: &str, units: &str, out: &mut Vec<(char, i64, u64)>) -> Option<()> {
    let mut rest = text;
    let mut units = units;
    while !rest.is_empty() {
        let end = rest.find(|c: char| c.is_ascii_alphabetic())?;
        let unit = rest[end..].chars().next()?;
        let at = units.find(unit)?;
        units = &units[at + 1..];
        let number = &rest[..end];
        let (whole, fraction) = match number.split_once('.') {
            Some((whole, "")) if unit == 'S' => (whole, 0),
            Some((whole, fraction)) if unit == 'S' => (whole, fraction_nanos(fraction)?),
            Some(_) => return None,
            None => (number, 0),
        };
        out.push((unit, digits(whole)?, fraction));
        rest = &rest[end + 1..];
    }
    Some(())
}

/// Text of a days and time duration: `P1DT2H3M4.5S`, zero is `PT0S`.
pub fn format_days_duration(nanos: i128) -> String {
    struct D(i128);
    impl fmt::Display for D {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let n = self.0.unsigned_abs();
            let nanos = NANOS as u128;
            let (d, rest) = (n / (86_400 * nanos), n % (86_400 * nanos));
            let (h, m, s) = (rest / (3600 * nanos), rest / (60 * nanos) % 60, rest / nanos % 60);
            let fraction = (rest % nanos) as u64;
            f.write_str(if self.0 < 0 { "-P" } else { "P" })?;
            if d != 0 {
                write!(f, "{d}D")?;
            }
            if rest == 0 {
                return f.write_str(if d == 0 { "T0S" } else { "" });
            }
            f.write_str("T")?;
            if h != 0 {
                write!(f, "{h}H")?;
            }
            if m != 0 {
                write!(f, "{m}M")?;
            }
            if s != 0 || fraction != 0 {
                write!(f, "{s}")?;
                write_fraction(f, fraction)?;
                f.write_str("S")?;
            }
            Ok(())
        }
    }
    D(nanos).to_string()
}

/// Text of a years and months duration: `P1Y2M`, zero is `P0M`.
pub fn format_months_duration(months: i64) -> String {
    let (sign, m) = (if months < 0 { "-" } else { "" }, months.unsigned_abs());
    match (m / 12, m % 12) {
        (0, m) => format!("{sign}P{m}M"),
        (y, 0) => format!("{sign}P{y}Y"),
        (y, m) => format!("{sign}P{y}Y{m}M"),
    }
}

/// Whole months from one day to another, rounded towards zero (FEEL `years and months duration`).
pub fn months_between(from: Date, to: Date) -> i64 {
    let index = |d: Date| i64::from(d.year) * 12 + i64::from(d.month);
    let months = index(to) - index(from);
    match months.signum() {
        1 if to.day < from.day => months - 1,
        -1 if to.day > from.day => months + 1,
        _ => months,
    }
}
