//! Timers as a caller keeps them: on the wall clock of Europe/Berlin, over the days the clocks change, and over restarts
//! that come late.

use bpmn::{Due, Effect, Event, Model, State, step};
use jiff::{Span, Timestamp, civil::DateTime, tz::TimeZone};
use serde_json::json;

use crate::support::{self, Names, flows, model, vars};

/// What is stored between restarts, as text: the state, and the timers with the time each is due.
struct City {
    model: Model,
    state: String,
    timers: String,
}

type Timers = Vec<(u64, Timestamp)>;

fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

impl City {
    fn open(process: &str, now: &str) -> Self {
        let model = model(process);
        let stored = |timers: Timers| serde_json::to_string(&timers).unwrap();
        let mut city = Self { model, state: serde_json::to_string(&State::new()).unwrap(), timers: stored(Vec::new()) };
        city.step(Event::Start { vars: vars(json!({})) }, at(now));
        city
    }

    /// One step as a program does that has just been started.
    fn step(&mut self, event: Event, now: Timestamp) -> Vec<String> {
        let mut timers: Timers = serde_json::from_str(&self.timers).unwrap();
        let state: State = serde_json::from_str(&self.state).unwrap();
        let fired = if let Event::TimerFired { token } = event { Some(token) } else { None };
        let (state, effects) = step(&self.model, state, event, &Names).unwrap();
        for effect in &effects {
            match effect {
                Effect::ScheduleTimer { token, due, after, until, .. } => {
                    let from = after.and_then(|after| timers.iter().find(|(id, _)| *id == after)).map_or(now, |t| t.1);
                    let due = moment(due, from);
                    if until.as_ref().is_none_or(|until| due <= moment(&Due::Date(until.clone()), from)) {
                        timers.push((*token, due));
                    }
                }
                Effect::CancelTimer { token } => timers.retain(|(id, _)| id != token),
                _ => {}
            }
        }
        timers.retain(|(id, _)| Some(*id) != fired);
        self.state = serde_json::to_string(&state).unwrap();
        self.timers = serde_json::to_string(&timers).unwrap();
        effects.iter().map(support::show).collect()
    }

    /// Fires the timer that is due next at `now`, which may be long after; answers when it was due.
    fn fire(&mut self, now: &str) -> Option<Timestamp> {
        let timers: Timers = serde_json::from_str(&self.timers).unwrap();
        let (token, due) = timers.into_iter().min_by_key(|(_, due)| *due).filter(|(_, due)| *due <= at(now))?;
        self.step(Event::TimerFired { token }, at(now));
        Some(due)
    }
}

fn moment(due: &Due, from: Timestamp) -> Timestamp {
    match due {
        Due::Duration(text) => {
            let span: Span = text.parse().unwrap();
            from.to_zoned(berlin()).checked_add(span).unwrap().timestamp()
        }
        Due::Date(text) => {
            let local: DateTime = text.parse().unwrap();
            local.to_zoned(berlin()).unwrap().timestamp()
        }
    }
}

fn reminded(cycle: &str) -> String {
    format!(
        r#"<bpmn:startEvent id="s"/><bpmn:userTask id="a"/><bpmn:endEvent id="e"/><bpmn:endEvent id="r"/>
        <bpmn:boundaryEvent id="t" attachedToRef="a" cancelActivity="false"><bpmn:timerEventDefinition>
        <bpmn:timeCycle>{cycle}</bpmn:timeCycle></bpmn:timerEventDefinition></bpmn:boundaryEvent>{}"#,
        flows("s-a a-e t-r")
    )
}

#[test]
fn a_daily_reminder_keeps_its_hour_when_the_clocks_change() {
    // Clocks go back on 2026-10-25 and forward on 2026-03-29.
    let mut autumn = City::open(&reminded("R3/P1D"), "2026-10-23T22:00:00Z");
    let due: Vec<_> = std::iter::from_fn(|| autumn.fire("2026-11-01T00:00:00Z")).collect();
    assert_eq!(due, [at("2026-10-24T22:00:00Z"), at("2026-10-25T23:00:00Z"), at("2026-10-26T23:00:00Z")]);
    let mut spring = City::open(&reminded("R2/P1D"), "2026-03-28T11:00:00Z");
    let due: Vec<_> = std::iter::from_fn(|| spring.fire("2026-04-01T00:00:00Z")).collect();
    assert_eq!(due, [at("2026-03-29T10:00:00Z"), at("2026-03-30T10:00:00Z")]);
    // Hours are hours: the night of the change has one more.
    let mut hours = City::open(&reminded("R3/PT1H"), "2026-10-25T00:00:00Z");
    let due: Vec<_> = std::iter::from_fn(|| hours.fire("2026-10-26T00:00:00Z")).collect();
    assert_eq!(due, [at("2026-10-25T01:00:00Z"), at("2026-10-25T02:00:00Z"), at("2026-10-25T03:00:00Z")]);
    // An hour that does not exist: the first after it.
    let mut gap = City::open(&reminded("R2/2026-03-29T02:30:00/P1D"), "2026-03-01T00:00:00Z");
    assert_eq!(gap.fire("2026-04-01T00:00:00Z"), Some(at("2026-03-29T01:30:00Z")));
}

#[test]
fn a_restart_that_comes_late_moves_no_later_time() {
    let mut city = City::open(&reminded("R4/P7D"), "2026-11-02T08:00:00Z");
    assert_eq!(city.fire("2026-11-08T00:00:00Z"), None, "nothing is due yet");
    // The program stood still for three weeks: all that is due fires at once, each with the time it had.
    let now = "2026-11-25T09:30:00Z";
    let due: Vec<_> = std::iter::from_fn(|| city.fire(now)).collect();
    assert_eq!(due, [at("2026-11-09T08:00:00Z"), at("2026-11-16T08:00:00Z"), at("2026-11-23T08:00:00Z")]);
    assert_eq!(city.fire("2026-12-01T00:00:00Z"), Some(at("2026-11-30T08:00:00Z")));
    assert_eq!(city.timers, "[]");
}

#[test]
fn a_repetition_ends_at_its_date() {
    let mut city = City::open(&reminded("R/P1D/2026-11-05T12:00:00"), "2026-11-02T08:00:00Z");
    let due: Vec<_> = std::iter::from_fn(|| city.fire("2027-01-01T00:00:00Z")).collect();
    assert_eq!(due, [at("2026-11-03T08:00:00Z"), at("2026-11-04T08:00:00Z"), at("2026-11-05T08:00:00Z")]);
}
