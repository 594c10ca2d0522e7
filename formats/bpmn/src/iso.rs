//! Recognising ISO 8601 texts; their meaning (time zone, holidays) is the caller's.

/// `P1Y2M3DT4H5M6.5S` or `P2W`: at least one part, each part once and in this order.
pub(crate) fn is_duration(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('P') else { return false };
    if let Some(weeks) = rest.strip_suffix('W') {
        return is_number(weeks, false);
    }
    let (date, time) = match rest.split_once('T') {
        Some((_, "")) => return false,
        Some((date, time)) => (date, time),
        None => (rest, ""),
    };
    !rest.is_empty() && has_parts(date, "YMD") && has_parts(time, "HMS")
}

fn has_parts(mut text: &str, units: &str) -> bool {
    for unit in units.chars() {
        if let Some((number, rest)) = text.split_once(unit) {
            if !is_number(number, unit == 'S') {
                return false;
            }
            text = rest;
        }
    }
    text.is_empty()
}

fn is_number(text: &str, fraction: bool) -> bool {
    let digits = |text: &str| !text.is_empty() && text.len() <= 9 && text.bytes().all(|b| b.is_ascii_digit());
    match text.split_once('.') {
        Some((whole, rest)) => fraction && digits(whole) && digits(rest),
        None => digits(text),
    }
}

/// `2026-11-23`, `2026-11-23T08:00:00` or with `Z` or an offset.
pub(crate) fn is_date(text: &str) -> bool {
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    fits(date, "dddd-dd-dd")
        && time.is_none_or(|time| {
            let clock = time.strip_suffix('Z').unwrap_or_else(|| match time.rfind(['+', '-']) {
                Some(at) if fits(&time[at + 1..], "dd:dd") => &time[..at],
                _ => time,
            });
            let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
            (fits(clock, "dd:dd:dd") || fits(clock, "dd:dd")) && is_number(fraction, false)
        })
}

fn fits(text: &str, pattern: &str) -> bool {
    text.len() == pattern.len()
        && text.bytes().zip(pattern.bytes()).all(|(b, p)| if p == b'd' { b.is_ascii_digit() } else { b == p })
}

/// A repetition: how often, an optional first date, the time between, and an optional date after which it is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycle {
    /// `None` is for ever.
    pub times: Option<u32>,
    /// ISO 8601 date of the first time; without it the first time is one interval after the beginning.
    pub start: Option<String>,
    /// ISO 8601 duration between two times.
    pub interval: String,
    /// ISO 8601 date after which it is over.
    pub end: Option<String>,
}

/// `R3/PT1H`, `R/P1D`, `R2/2026-11-23T08:00:00Z/P1D`, `R/P1D/2026-12-31`. A start with an end and no interval is not
/// read: how long that is depends on the time zone.
#[must_use]
pub fn parse_cycle(text: &str) -> Option<Cycle> {
    let mut parts = text.strip_prefix('R')?.split('/');
    let times = match parts.next()? {
        "" => None,
        times => Some(times.parse::<u32>().ok().filter(|&n| n > 0 && is_number(times, false))?),
    };
    let (first, second) = (parts.next()?, parts.next());
    if parts.next().is_some() {
        return None;
    }
    let (start, interval, end) = match second {
        Some(end) if is_duration(first) => (None, first, Some(end)),
        Some(interval) => (Some(first), interval, None),
        None => (None, first, None),
    };
    (start.is_none_or(is_date) && is_duration(interval) && end.is_none_or(is_date)).then(|| Cycle {
        times,
        start: start.map(str::to_owned),
        interval: interval.to_owned(),
        end: end.map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for good in ["P14D", "PT1H", "P1Y2M3DT4H5M6.5S", "P2W", "PT0S", "P1M"] {
            assert!(is_duration(good), "{good}");
        }
        for wrong in ["", "P", "PT", "14D", "P1H", "PT1D", "P1D2Y", "P-1D", "P1.5D", "P1DT", "P 1D", "PD", "P2W1D"] {
            assert!(!is_duration(wrong), "{wrong}");
        }
    }

    #[test]
    fn dates() {
        for good in ["2026-11-23", "2026-11-23T08:00:00Z", "2026-11-23T08:00:00.25+01:00", "2026-11-23T08:00"] {
            assert!(is_date(good), "{good}");
        }
        for wrong in ["", "23.11.2026", "2026-11-23T", "2026-11-23 08:00", "2026-1-2", "2026-11-23T08:00:00+1", "T"] {
            assert!(!is_date(wrong), "{wrong}");
        }
    }

    #[test]
    fn cycles() {
        assert_eq!(parse_cycle("R3/PT1H").unwrap().times, Some(3));
        assert_eq!(parse_cycle("R/P1D").unwrap().times, None);
        let dated = parse_cycle("R2/2026-11-23T08:00:00Z/P1D").unwrap();
        assert_eq!(dated.start.as_deref(), Some("2026-11-23T08:00:00Z"));
        assert_eq!(parse_cycle("R/P1D/2026-11-23").unwrap().end.as_deref(), Some("2026-11-23"));
        for wrong in
            ["R0/P1D", "3/P1D", "R3", "R3/", "R3/2026-11-23/2026-11-24", "0 0 9 * * *", "R-1/P1D", "R3/P1D/P1D/P1D"]
        {
            assert_eq!(parse_cycle(wrong), None, "{wrong}");
        }
    }
}
