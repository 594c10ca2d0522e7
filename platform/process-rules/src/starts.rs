//! Processes that begin by themselves: by a message or a signal within a case, or at a time. What the files say of it, and
//! which time is the next one.

use std::sync::Arc;

use bpmn::{Due, Model, ModelError, Rule, StartTrigger, TimerSpec, model::feel_of, parse_cycle};
use content::Content;
use jiff::{SignedDuration, Span};
use kernel::{Date, Error, Result, Timestamp};
use serde::Deserialize;

use crate::{load, organisation::Organisation, times::due_at};

/// Each time opens a case: more often than this is a mistake.
const SHORTEST_INTERVAL: SignedDuration = SignedDuration::from_mins(1);

/// A start event of a released process.
#[derive(Debug, PartialEq, Eq)]
pub struct At {
    pub process: String,
    pub element: String,
}

/// The start events of released processes that a message or signal triggers, one for each process.
pub fn begun_by(content: &Content, trigger: StartTrigger<'_>) -> Vec<At> {
    let mut found = Vec::new();
    for item in content.all("processes") {
        let Ok(model) = content.parse(&item, load) else { continue };
        let starts = model.starts();
        let start = starts.iter().find(|start| start.trigger == trigger);
        found.extend(start.map(|start| At { process: item.key.clone(), element: start.element.to_owned() }));
    }
    found
}

/// `file-plan.toml`, as far as start events need it.
#[derive(Default, Deserialize)]
pub struct FilePlan {
    #[serde(default)]
    entry: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    key: String,
    #[serde(default)]
    rule: Vec<Keeping>,
}

/// How long closed cases are kept (Aufbewahrungsregel).
#[derive(Clone, Deserialize)]
pub struct Keeping {
    valid_from: Date,
    pub years: u16,
    /// The paragraph that says so.
    pub basis: String,
}

impl FilePlan {
    pub fn of(content: &Content) -> Result<Arc<FilePlan>> {
        match content.toml::<FilePlan>("city", "file-plan") {
            Err(Error::NotFound) => Ok(Arc::default()),
            found => found,
        }
    }

    /// The rule of an entry for what is opened on this day.
    pub fn rule(&self, key: &str, day: Date) -> Option<&Keeping> {
        let entry = self.entry.iter().find(|entry| entry.key == key)?;
        entry.rule.iter().filter(|rule| rule.valid_from <= day).max_by_key(|rule| rule.valid_from)
    }

    fn has_rule(&self, key: &str) -> bool {
        self.entry.iter().any(|entry| entry.key == key && !entry.rule.is_empty())
    }
}

/// What keeps a process from beginning by itself as drawn.
pub(crate) fn faults(
    content: &Content,
    key: &str,
    model: &Model,
    organisation: Option<&Organisation>,
) -> Vec<ModelError> {
    let mut faults = Vec::new();
    for start in model.starts() {
        let mut say = |rule: Rule, message: String| {
            faults.push(ModelError {
                line: start.at.line,
                column: start.at.column,
                element: start.element.to_owned(),
                name: start.name.map(str::to_owned),
                rule,
                message,
            });
        };
        match start.trigger {
            StartTrigger::Plain | StartTrigger::Signal(_) => {}
            StartTrigger::Message(name) => {
                let others = begun_by(content, start.trigger);
                if let Some(other) = others.iter().find(|other| other.process != key) {
                    say(
                        Rule::Start,
                        format!("Mit der Nachricht „{name}“ beginnt schon der Prozess „{}“.", other.process),
                    );
                }
            }
            StartTrigger::Timer(spec) => {
                if let Some(message) = time_fault(spec) {
                    say(Rule::Timer, message);
                }
                // A plan that cannot be read is told by the room that reads all of it.
                let plan = FilePlan::of(content).ok();
                match start.plan.filter(|plan| !plan.is_empty()) {
                    None => say(
                        Rule::NotAssigned,
                        "Dieser Start eröffnet einen Vorgang: Es fehlt meer:plan, der Eintrag im Aktenplan.".into(),
                    ),
                    Some(entry) if plan.as_ref().is_some_and(|plan| !plan.has_rule(entry)) => say(
                        Rule::UnknownName,
                        format!("Der Aktenplan hat keinen Eintrag „{entry}“ mit einer Aufbewahrungsregel (meer:plan)."),
                    ),
                    Some(_) => {}
                }
                match start.unit.filter(|unit| !unit.is_empty()) {
                    None => say(
                        Rule::NotAssigned,
                        "Dieser Start eröffnet einen Vorgang: Es fehlt meer:unit, die zuständige Stelle.".into(),
                    ),
                    Some(unit) if organisation.is_some_and(|known| known.name_of(unit).is_none()) => {
                        say(Rule::UnknownName, format!("Die Organisationseinheit „{unit}“ (meer:unit) gibt es nicht."));
                    }
                    Some(_) => {}
                }
            }
        }
    }
    faults
}

/// What is wrong with the time of a start event, beyond what [`Model::check`] tells.
fn time_fault(spec: &TimerSpec) -> Option<String> {
    if feel_of(spec.text()).is_some() {
        return Some("Ein Start nach Zeit braucht eine feste Zeitangabe, keinen Ausdruck nach „=“.".to_owned());
    }
    // What has not the form of a time is told by the check of the model.
    let is_time = |due: Due| due_at(&due, Timestamp::UNIX_EPOCH).is_ok();
    let exists = match spec {
        TimerSpec::Date(text) => is_time(Due::Date(text.clone())),
        TimerSpec::Duration(text) => is_time(Due::Duration(text.clone())),
        TimerSpec::Cycle(_) => next(spec, Timestamp::UNIX_EPOCH, None).is_ok(),
    };
    if !exists {
        return Some(format!("„{}“ ist keine Zeit, die es gibt.", spec.text()));
    }
    let TimerSpec::Cycle(text) = spec else { return None };
    let cycle = parse_cycle(text)?;
    let began = Timestamp::UNIX_EPOCH;
    let second = due_at(&Due::Duration(cycle.interval), began).ok()?;
    let is_short = second.duration_since(began) < SHORTEST_INTERVAL;
    is_short.then(|| format!("„{text}“ würde öfter als jede Minute einen Vorgang eröffnen."))
}

/// The next time of a start event whose version was released at that moment, the first one or the first one after
/// `after`. Times before the release are those of an earlier version. All count on the wall clock of Europe/Berlin, the times
/// of a repetition from its first one, so that no change of clocks moves the later ones.
pub fn next(spec: &TimerSpec, released: Timestamp, after: Option<Timestamp>) -> Result<Option<Timestamp>> {
    let counts = |due: &Timestamp| *due >= released && after.is_none_or(|after| *due > after);
    match spec {
        TimerSpec::Date(text) => Ok(Some(due_at(&Due::Date(text.clone()), released)?).filter(counts)),
        TimerSpec::Duration(text) => Ok(Some(due_at(&Due::Duration(text.clone()), released)?).filter(counts)),
        TimerSpec::Cycle(text) => {
            let cycle = parse_cycle(text).ok_or_else(|| Error::internal(format!("start at {text}: no repetition")))?;
            let interval = cycle.interval.parse::<Span>();
            let interval = interval.map_err(|e| Error::internal(format!("start at {text}: {e}")))?;
            let (first, number) = match &cycle.start {
                Some(start) => (due_at(&Due::Date(start.clone()), released)?, 0),
                None => (released, 1),
            };
            let first = first.to_zoned(kernel::berlin());
            let at = |n: i64| {
                let span = interval.checked_mul(n).ok()?;
                first.checked_add(span).ok().map(|zoned| zoned.timestamp())
            };
            let last = cycle.times.map_or(i64::from(u32::MAX), |times| number + i64::from(times) - 1);
            // The first one that counts; what lies beyond the calendar is late enough.
            let (mut low, mut high) = (number, last + 1);
            while low < high {
                let middle = low + (high - low) / 2;
                if at(middle).is_none_or(|due| counts(&due)) {
                    high = middle;
                } else {
                    low = middle + 1;
                }
            }
            let end = cycle.end.map(|end| due_at(&Due::Date(end), released)).transpose()?;
            let due = if low > last { None } else { at(low) };
            Ok(due.filter(|due| end.is_none_or(|end| *due <= end)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn cycle(text: &str) -> TimerSpec {
        TimerSpec::Cycle(text.to_owned())
    }

    /// The times of a start event, from the release on, at most so many.
    fn times(spec: &TimerSpec, released: &str, most: usize) -> Vec<String> {
        let (mut found, mut after) = (Vec::new(), None);
        while found.len() < most {
            let Some(due) = next(spec, at(released), after).unwrap() else { break };
            found.push(due.to_string());
            after = Some(due);
        }
        found
    }

    #[test]
    fn a_daily_start_keeps_its_hour_over_both_changes_of_clocks() {
        let spring = times(&cycle("R/2026-03-28T06:00:00/P1D"), "2026-03-01T00:00:00Z", 3);
        assert_eq!(spring, ["2026-03-28T05:00:00Z", "2026-03-29T04:00:00Z", "2026-03-30T04:00:00Z"]);
        let autumn = times(&cycle("R/2026-10-24T06:00:00/P1D"), "2026-03-01T00:00:00Z", 3);
        assert_eq!(autumn, ["2026-10-24T04:00:00Z", "2026-10-25T05:00:00Z", "2026-10-26T05:00:00Z"]);
    }

    #[test]
    fn an_hour_that_does_not_exist_is_not_left_out_and_one_that_comes_twice_counts_once() {
        // 02:30 does not exist on 29 March 2026, and the days after it are not moved by that.
        let spring = times(&cycle("R/2026-03-28T02:30:00/P1D"), "2026-03-01T00:00:00Z", 3);
        assert_eq!(spring, ["2026-03-28T01:30:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"]);
        // 02:30 exists twice on 25 October 2026.
        let autumn = times(&cycle("R/2026-10-24T02:30:00/P1D"), "2026-03-01T00:00:00Z", 3);
        assert_eq!(autumn, ["2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
    }

    #[test]
    fn the_end_of_a_month_and_of_a_year_stay_where_they_are() {
        let months = times(&cycle("R4/2026-12-31T23:30:00/P1M"), "2026-03-01T00:00:00Z", 9);
        let expected = ["2026-12-31T22:30:00Z", "2027-01-31T22:30:00Z", "2027-02-28T22:30:00Z", "2027-03-31T21:30:00Z"];
        assert_eq!(months, expected, "counted from the first one, not from the one before");
        let years = times(&cycle("R/2026-12-31T23:30:00/P1Y"), "2026-03-01T00:00:00Z", 2);
        assert_eq!(years, ["2026-12-31T22:30:00Z", "2027-12-31T22:30:00Z"]);
        let leap = times(&cycle("R/2028-02-29T08:00:00/P1Y"), "2026-03-01T00:00:00Z", 3);
        assert_eq!(leap, ["2028-02-29T07:00:00Z", "2029-02-28T07:00:00Z", "2030-02-28T07:00:00Z"]);
    }

    #[test]
    fn times_before_the_release_are_those_of_another_version() {
        assert_eq!(times(&TimerSpec::Date("2026-01-01".into()), "2026-03-01T00:00:00Z", 9), Vec::<String>::new());
        let date = TimerSpec::Date("2026-12-31T23:30:00".into());
        assert_eq!(times(&date, "2026-03-01T00:00:00Z", 9), ["2026-12-31T22:30:00Z"]);
        let later = TimerSpec::Duration("P1D".into());
        assert_eq!(times(&later, "2026-03-28T11:00:00Z", 9), ["2026-03-29T10:00:00Z"]);
        // Two of three are over before the release.
        let three = times(&cycle("R3/2026-01-01T08:00:00/P1M"), "2026-02-15T00:00:00Z", 9);
        assert_eq!(three, ["2026-03-01T07:00:00Z"]);
        let two = times(&cycle("R2/PT1H"), "2026-03-01T00:00:00Z", 9);
        assert_eq!(two, ["2026-03-01T01:00:00Z", "2026-03-01T02:00:00Z"]);
        let ended = times(&cycle("R/P1D/2026-03-03"), "2026-03-01T00:00:00Z", 9);
        assert_eq!(ended, ["2026-03-02T00:00:00Z"]);
    }

    #[test]
    fn what_was_missed_is_made_up_for_once() {
        let spec = cycle("R/2026-01-01T08:00:00/P1D");
        let released = at("2026-01-01T00:00:00Z");
        let due = next(&spec, released, Some(at("2026-01-10T12:00:00Z"))).unwrap();
        assert_eq!(due, Some(at("2026-01-11T07:00:00Z")));
        // Bounded: a start long ago and a short time between.
        let due = next(&cycle("R/1990-01-01T00:00:00/PT1M"), released, Some(released)).unwrap();
        assert_eq!(due, Some(at("2026-01-01T00:01:00Z")));
    }

    #[test]
    fn a_time_that_is_no_fixed_one_or_comes_too_often_is_told() {
        assert!(time_fault(&TimerSpec::Date("= tag".into())).is_some());
        assert!(time_fault(&TimerSpec::Date("2026-02-30T08:00:00".into())).is_some());
        assert!(time_fault(&cycle("R/2026-02-30/P1D")).is_some());
        for often in ["R/PT30S", "R/PT0S", "R3/P0D"] {
            assert!(time_fault(&cycle(often)).is_some(), "{often}");
        }
        for good in ["R/PT1M", "R/P1D", "R3/2026-01-01/P1M"] {
            assert_eq!(time_fault(&cycle(good)), None, "{good}");
        }
    }
}
