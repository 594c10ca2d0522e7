//! Deadlines (Fristen): BGB §§ 187–193 and VwVfG § 31, with the public holidays of North Rhine-Westphalia.

use jiff::{ToSpan, civil::Date, civil::Weekday};

/// The public holidays of North Rhine-Westphalia (§ 2 Feiertagsgesetz NW) with the city's own closing days left out:
/// those move no deadline.
pub fn is_holiday_nrw(date: Date) -> bool {
    let fixed = matches!((date.month(), date.day()), (1, 1) | (5, 1) | (10, 3) | (11, 1) | (12, 25) | (12, 26));
    // Reformation Day 2017 was a holiday once in all of Germany.
    let once = (date.year(), date.month(), date.day()) == (2017, 10, 31);
    let easter = easter_sunday(date.year());
    // Good Friday, Easter Monday, Ascension, Whit Monday, Corpus Christi.
    let movable = [-2, 1, 39, 50, 60].into_iter().any(|days: i64| easter.saturating_add(days.days()) == date);
    fixed || once || movable
}

/// Gregorian Easter by the anonymous computus.
fn easter_sunday(year: i16) -> Date {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
    let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    // n / 31 is 3 or 4 and n % 31 + 1 at most 31, so the casts cannot truncate.
    Date::constant(year, (n / 31) as i8, (n % 31 + 1) as i8)
}

/// A day on which a deadline may end (§ 193 BGB, § 31 (3) VwVfG): no Saturday, Sunday or public holiday.
pub fn is_working_day(date: Date) -> bool {
    !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) && !is_holiday_nrw(date)
}

/// The day itself or the next working day.
pub fn next_working_day(mut date: Date) -> Date {
    while !is_working_day(date) {
        match date.tomorrow() {
            Ok(next) => date = next,
            Err(_) => return date,
        }
    }
    date
}

/// Length of a deadline.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    Days(u16),
    Weeks(u16),
    Months(u16),
    Years(u16),
}

/// Last day of a deadline that starts with an event (§ 187 (1) BGB: that day does not count). Ends on the day that by
/// number or name answers the event's day, or the month's last (§ 188 (2), (3)); moved to the next working day (§ 193).
pub fn ends(event: Date, period: Period) -> Date {
    let span = match period {
        Period::Days(n) => i64::from(n).days(),
        Period::Weeks(n) => i64::from(n).weeks(),
        Period::Months(n) => i64::from(n).months(),
        Period::Years(n) => i64::from(n).years(),
    };
    next_working_day(event.saturating_add(span))
}

/// Age in completed years on a day (§ 187 (2) sentence 2 BGB: the birthday counts).
pub fn age_on(born: Date, day: Date) -> i16 {
    let years = day.year() - born.year();
    let had_birthday = (day.month(), day.day()) >= (born.month(), born.day());
    if had_birthday { years } else { years - 1 }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn holidays_of_known_years() {
        for day in [
            date(2026, 4, 3),
            date(2026, 4, 6),
            date(2026, 5, 14),
            date(2026, 5, 25),
            date(2026, 6, 4),
            date(2026, 11, 1),
            date(2024, 3, 29),
            date(2024, 5, 30),
            date(2038, 4, 26),
            date(2017, 10, 31),
        ] {
            assert!(is_holiday_nrw(day), "{day}");
        }
        for day in [date(2026, 4, 5), date(2026, 10, 31), date(2026, 8, 15), date(2026, 1, 6), date(2026, 2, 16)] {
            assert!(!is_holiday_nrw(day), "{day}");
        }
    }

    #[test]
    fn deadlines_end_as_the_law_says() {
        // Month without that day: its last day (§ 188 (3) BGB); a Saturday moves on.
        assert_eq!(ends(date(2027, 1, 31), Period::Months(1)), date(2027, 3, 1));
        assert_eq!(ends(date(2024, 1, 31), Period::Months(1)), date(2024, 2, 29));
        // Ends on Good Friday: Tuesday after Easter.
        assert_eq!(ends(date(2026, 3, 3), Period::Months(1)), date(2026, 4, 7));
        // One month after All Saints' Eve in the week before a holiday that falls on a Sunday.
        assert_eq!(ends(date(2026, 10, 1), Period::Months(1)), date(2026, 11, 2));
        assert_eq!(ends(date(2026, 11, 23), Period::Days(4)), date(2026, 11, 27));
        assert_eq!(ends(date(2024, 2, 29), Period::Years(1)), date(2025, 2, 28));
        assert_eq!(ends(date(2026, 12, 18), Period::Weeks(1)), date(2026, 12, 28));
    }

    #[test]
    fn sixteen_on_the_birthday() {
        assert_eq!(age_on(date(2010, 11, 23), date(2026, 11, 22)), 15);
        assert_eq!(age_on(date(2010, 11, 23), date(2026, 11, 23)), 16);
        assert_eq!(age_on(date(2008, 2, 29), date(2026, 2, 28)), 17);
    }
}
