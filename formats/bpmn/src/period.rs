//! Times as people say them (a number and a unit, a day and an hour) and as a model stores them (ISO 8601).

use jiff::civil::{Date, Time};

/// Units of a period, the smallest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Minutes,
    Hours,
    Days,
    Weeks,
    Months,
}

/// A number of one unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    pub number: u32,
    pub unit: Unit,
}

impl Period {
    /// `P14D`, `PT4H`, `P2W`; none for texts that have several units, fractions or leading zeros.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let (rest, is_clock) = match text.strip_prefix("PT") {
            Some(rest) => (rest, true),
            None => (text.strip_prefix('P')?, false),
        };
        let unit = match (rest.chars().last()?, is_clock) {
            ('M', true) => Unit::Minutes,
            ('H', true) => Unit::Hours,
            ('D', false) => Unit::Days,
            ('W', false) => Unit::Weeks,
            ('M', false) => Unit::Months,
            _ => return None,
        };
        let period = Self { number: number(rest.get(..rest.len() - 1)?)?, unit };
        (period.iso() == text).then_some(period)
    }

    /// The ISO 8601 duration.
    #[must_use]
    pub fn iso(self) -> String {
        let number = self.number;
        match self.unit {
            Unit::Minutes => format!("PT{number}M"),
            Unit::Hours => format!("PT{number}H"),
            Unit::Days => format!("P{number}D"),
            Unit::Weeks => format!("P{number}W"),
            Unit::Months => format!("P{number}M"),
        }
    }
}

/// A whole number from 1 to 99,999.
#[must_use]
pub fn number(text: &str) -> Option<u32> {
    let is_short = matches!(text.len(), 1..=5) && text.bytes().all(|b| b.is_ascii_digit());
    text.parse::<u32>().ok().filter(|&number| is_short && number > 0)
}

/// `R3/P7D` and `R/P1D`: how often, for ever where it is none, and the time between. Others are left as they are.
#[must_use]
pub fn read_cycle(text: &str) -> Option<(Option<u32>, Period)> {
    let (times, period) = text.trim().strip_prefix('R')?.split_once('/')?;
    let times = if times.is_empty() { None } else { Some(number(times)?) };
    let period = Period::read(period)?;
    (cycle(times, period) == text.trim()).then_some((times, period))
}

/// A repetition as ISO 8601; for ever where `times` is none.
#[must_use]
pub fn cycle(times: Option<u32>, period: Period) -> String {
    format!("R{}/{}", times.map(|times| times.to_string()).unwrap_or_default(), period.iso())
}

/// `31.01.2027`, `31.01.2027 12:00` or `31.1.2027, 12:00 Uhr` as ISO 8601, on the clock of the city.
#[must_use]
pub fn date_iso(text: &str) -> Option<String> {
    let text = text.replace(',', " ").replace("Uhr", " ");
    let mut words = text.split_whitespace();
    let mut parts = words.next()?.split('.');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    let date = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
    let iso = match words.next() {
        None => date.to_string(),
        Some(clock) => {
            let (hour, minute) = clock.split_once(':')?;
            let time = Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()?;
            format!("{date}T{:02}:{:02}:00", time.hour(), time.minute())
        }
    };
    words.next().is_none().then_some(iso)
}

/// The same the other way round; none for what says seconds, a zone or a fraction.
#[must_use]
pub fn date_shown(iso: &str) -> Option<String> {
    let iso = iso.trim();
    let (date, clock) = match iso.split_once('T') {
        Some((date, clock)) => (date, Some(clock)),
        None => (iso, None),
    };
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let shown = match clock {
        Some(clock) => format!("{day}.{month}.{year} {}", clock.strip_suffix(":00")?),
        None => format!("{day}.{month}.{year}"),
    };
    (date_iso(&shown).as_deref() == Some(iso)).then_some(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_of_one_unit_are_read_and_written() {
        for (text, number, unit) in [
            ("PT30M", 30, Unit::Minutes),
            ("PT4H", 4, Unit::Hours),
            ("P14D", 14, Unit::Days),
            ("P2W", 2, Unit::Weeks),
            ("P3M", 3, Unit::Months),
        ] {
            let period = Period { number, unit };
            assert_eq!((Period::read(text), period.iso().as_str()), (Some(period), text));
        }
        for other in ["", "P", "PT", "P1M3D", "PT1.5H", "P014D", "P0D", "P1H", "PT1D", "14", "= frist", "P1Y", "Pä"] {
            assert_eq!(Period::read(other), None, "{other}");
        }
    }

    #[test]
    fn repetitions_are_read_and_written() {
        let week = Period { number: 7, unit: Unit::Days };
        assert_eq!(read_cycle("R3/P7D"), Some((Some(3), week)));
        assert_eq!(read_cycle("R/P7D"), Some((None, week)));
        assert_eq!(cycle(Some(3), week), "R3/P7D");
        for other in ["R0/P7D", "R03/P7D", "R3/2027-01-01/P7D", "R3", "P7D", "= wann"] {
            assert_eq!(read_cycle(other), None, "{other}");
        }
    }

    #[test]
    fn days_are_written_as_in_letters_and_stored_as_iso() {
        assert_eq!(date_iso("31.01.2027").as_deref(), Some("2027-01-31"));
        assert_eq!(date_iso("1.2.2027, 9:05 Uhr").as_deref(), Some("2027-02-01T09:05:00"));
        assert_eq!(date_shown("2027-02-01T09:05:00").as_deref(), Some("01.02.2027 09:05"));
        assert_eq!(date_shown("2027-01-31").as_deref(), Some("31.01.2027"));
        for wrong in
            ["", "29.02.2027", "31.01.27", "31.01.2027 25:00", "31.01.2027 12", "2027-01-31", "31.01.2027 12:00 x"]
        {
            assert_eq!(date_iso(wrong), None, "{wrong}");
        }
        for other in ["2027-01-31T12:00:00Z", "2027-01-31T12:00:30", "2027-01-31T12:00", "= tag", "P1D"] {
            assert_eq!(date_shown(other), None, "{other}");
        }
    }
}
