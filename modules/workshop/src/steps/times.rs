//! When a timer is due: the part of a form with number and unit, day and hour, or an expression of one's own.

use bpmn::{
    Due, Time, parse_cycle,
    period::{self, Period, Unit},
};
use kernel::Timestamp;
use process_rules::times::due_at;
use ui::{Choice, Errors, Page};

use super::fields::Sent;
use crate::condition;

/// 1 January 2100, in seconds: a time that cannot be counted from there is too far away for any instance.
const LATE: i64 = 4_102_444_800;

/// Kinds of times by the code of the form.
const KINDS: [&str; 3] = ["dauer", "zeitpunkt", "wiederholung"];

/// Units by the code of the form.
const UNITS: [(&str, Unit); 5] = [
    ("minuten", Unit::Minutes),
    ("stunden", Unit::Hours),
    ("tage", Unit::Days),
    ("wochen", Unit::Weeks),
    ("monate", Unit::Months),
];

/// What the form says of a time. Number and unit are the duration, or the time between two times of a repetition.
#[derive(Clone, Default)]
pub struct Times {
    pub kind: String,
    pub number: String,
    pub unit: String,
    /// How often it is repeated; for ever when empty.
    pub count: String,
    pub date: String,
    /// ISO 8601, or FEEL after `=`.
    pub own: String,
}

impl Times {
    pub fn of_time(time: &Time) -> Self {
        let (kind, text) = match time {
            Time::Duration(text) => ("dauer", text),
            Time::Date(text) => ("zeitpunkt", text),
            Time::Cycle(text) => ("wiederholung", text),
        };
        let said = Self { kind: kind.to_owned(), ..Self::default() };
        let of_period = |period: Period, times: Option<u32>| {
            let unit = UNITS.into_iter().find(|(_, unit)| *unit == period.unit).map_or("", |(code, _)| code);
            Self {
                kind: kind.to_owned(),
                number: period.number.to_string(),
                unit: unit.to_owned(),
                count: times.map(|times| times.to_string()).unwrap_or_default(),
                ..Self::default()
            }
        };
        let read = match time {
            Time::Duration(text) => Period::read(text).map(|period| of_period(period, None)),
            Time::Cycle(text) => period::read_cycle(text).map(|(times, period)| of_period(period, times)),
            Time::Date(text) => period::date_shown(text).map(|date| Self { date, ..said.clone() }),
        };
        read.unwrap_or_else(|| Self { own: condition::one_line(text), ..said })
    }

    pub fn of_sent(sent: &Sent) -> Self {
        let text = |field: &str| sent.some(field).unwrap_or_default();
        Self {
            kind: text("zeitart"),
            number: text("dauer"),
            unit: text("dauer_einheit"),
            count: text("mal"),
            date: text("zeitpunkt"),
            own: text("zeit"),
        }
    }

    /// The time that the fields say; what is missing, wrong or said twice is in `errors`.
    pub fn time(&self, page: &Page, errors: &mut Errors) -> Option<Time> {
        let (is_date, is_cycle) = (self.kind == "zeitpunkt", self.kind == "wiederholung");
        let (field, parts) = if is_date { ("zeitpunkt", &self.date) } else { ("dauer", &self.number) };
        // What belongs to another kind of time than the one that is chosen first would be lost without a word.
        if !is_date && !self.date.is_empty() {
            errors.push("zeitpunkt", page.t("processes-time-date-alone"));
            return None;
        }
        if !is_date && !is_cycle && !self.count.is_empty() {
            errors.push("mal", page.t("processes-time-count-alone"));
            return None;
        }
        let text = match (parts.is_empty(), self.own.is_empty()) {
            (true, true) => {
                errors.push(field, page.t("processes-time-missing"));
                return None;
            }
            (false, false) => {
                errors.push("zeit", page.t("processes-time-both"));
                return None;
            }
            (true, false) => self.own(page, errors)?,
            (false, true) if is_date => {
                let Some(date) = period::date_iso(&self.date) else {
                    errors.push("zeitpunkt", page.t("processes-date-wrong"));
                    return None;
                };
                date
            }
            (false, true) if is_cycle => self.cycle(page, errors)?,
            (false, true) => self.period(page, errors)?.iso(),
        };
        let time = match self.kind.as_str() {
            "zeitpunkt" => Time::Date(text),
            "wiederholung" => Time::Cycle(text),
            _ => Time::Duration(text),
        };
        if !exists(&time) {
            let field = if self.own.is_empty() { field } else { "zeit" };
            errors.push(field, page.t("processes-time-none"));
            return None;
        }
        Some(time)
    }

    fn own(&self, page: &Page, errors: &mut Errors) -> Option<String> {
        if let Some(fault) = self.own.strip_prefix('=').and_then(|text| condition::fault(page, text)) {
            errors.push("zeit", page.t1("processes-feel-wrong", "fault", fault));
            return None;
        }
        Some(self.own.clone())
    }

    fn period(&self, page: &Page, errors: &mut Errors) -> Option<Period> {
        let unit = UNITS.into_iter().find(|(code, _)| *code == self.unit);
        let Some((number, (_, unit))) = period::number(&self.number).zip(unit) else {
            errors.push("dauer", page.t("processes-number-wrong"));
            return None;
        };
        Some(Period { number, unit })
    }

    fn cycle(&self, page: &Page, errors: &mut Errors) -> Option<String> {
        let period = self.period(page, errors)?;
        if self.count.is_empty() {
            return Some(period::cycle(None, period));
        }
        let Some(count) = period::number(&self.count) else {
            errors.push("mal", page.t("processes-number-wrong"));
            return None;
        };
        Some(period::cycle(Some(count), period))
    }

    /// Kinds to choose from; an event on the way waits once.
    pub fn kinds(&self, page: &Page, may_repeat: bool) -> Vec<Choice> {
        let texts = [page.t("processes-time-duration"), page.t("processes-time-date"), page.t("processes-time-cycle")];
        let all = KINDS.into_iter().zip(texts).filter(|(code, _)| may_repeat || *code != "wiederholung");
        all.map(|(code, text)| Choice::new(code, text).selected(code == self.kind)).collect()
    }

    pub fn units(&self, page: &Page) -> Vec<Choice> {
        let texts = [
            page.t("processes-unit-minutes"),
            page.t("processes-unit-hours"),
            page.t("processes-unit-days"),
            page.t("processes-unit-weeks"),
            page.t("processes-unit-months"),
        ];
        let is_chosen = |code: &str| code == self.unit || (self.unit.is_empty() && code == "tage");
        let all = UNITS.into_iter().zip(texts);
        all.map(|((code, _), text)| Choice::new(code, text).selected(is_chosen(code))).collect()
    }
}

/// Whether a fixed time can be read and lies within the calendar; what an expression says is known only when it runs.
fn exists(time: &Time) -> bool {
    let (Time::Date(text) | Time::Duration(text) | Time::Cycle(text)) = time;
    if text.starts_with('=') {
        return true;
    }
    let due = match time {
        Time::Date(text) => Due::Date(text.clone()),
        Time::Duration(text) => Due::Duration(text.clone()),
        Time::Cycle(text) => match parse_cycle(text) {
            Some(cycle) => Due::Duration(cycle.interval),
            None => return false,
        },
    };
    Timestamp::from_second(LATE).is_ok_and(|late| due_at(&due, late).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_is_entered_exists() {
        for time in [
            Time::Duration("P14D".into()),
            Time::Duration("P1DT12H".into()),
            Time::Duration("= frist".into()),
            Time::Date("2028-02-29".into()),
            Time::Date("2027-01-31T12:00:00".into()),
            Time::Cycle("R3/P1M".into()),
        ] {
            assert!(exists(&time), "{time:?}");
        }
        for time in [
            Time::Duration("P99999M".into()),
            Time::Duration("bald".into()),
            Time::Date("2027-02-29".into()),
            Time::Cycle("R/P99999M".into()),
            Time::Cycle("P1D".into()),
        ] {
            assert!(!exists(&time), "{time:?}");
        }
    }

    #[test]
    fn a_time_of_the_model_is_shown_in_the_fields_of_its_kind() {
        let shown = Times::of_time(&Time::Cycle("R3/P7D".into()));
        assert_eq!((shown.number.as_str(), shown.unit.as_str(), shown.count.as_str()), ("7", "tage", "3"));
        let shown = Times::of_time(&Time::Date("2027-01-31T12:00:00".into()));
        assert_eq!((shown.date.as_str(), shown.own.as_str()), ("31.01.2027 12:00", ""));
        let shown = Times::of_time(&Time::Duration("=\nfrist".into()));
        assert_eq!((shown.number.as_str(), shown.own.as_str()), ("", "= frist"));
    }
}
