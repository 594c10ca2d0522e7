//! Processes that begin by themselves: by a message or a signal within a case, or at a time.
//!
//! An instance belongs to a case, so a time opens one first, in the file-plan entry (`meer:plan`) and for the organisation
//! unit (`meer:unit`) that the start event names. Case, instance and the next time are one transaction: a job that runs
//! twice finds the next time planned already.

mod store;

use std::{collections::BTreeSet, future::Future, pin::Pin, sync::Arc};

use bpmn::{Due, Model, ModelError, Rule, StartTrigger, TimerSpec, model::feel_of, parse_cycle};
use content::Content;
use contract_records::{Address, OpenCase, Party};
use db::Tx;
use house::{Call, InCity};
use jiff::{SignedDuration, Span};
use jobs::{Job, enqueue_at};
use kernel::{Cx, Date, Error, Lang, Result, Timestamp};
use serde::{Deserialize, Serialize};

use self::store::Planned;
use crate::{
    engine::{self, due_at},
    register::Organisation,
};

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
        let Ok(model) = content.parse(&item, engine::load) else { continue };
        let starts = model.starts();
        let start = starts.iter().find(|start| start.trigger == trigger);
        found.extend(start.map(|start| At { process: item.key.clone(), element: start.element.to_owned() }));
    }
    found
}

/// `file-plan.toml`, as far as this room reads it.
#[derive(Default, Deserialize)]
struct FilePlan {
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
struct Keeping {
    valid_from: Date,
    years: u16,
    basis: String,
}

impl FilePlan {
    fn of(content: &Content) -> Result<Arc<FilePlan>> {
        match content.toml::<FilePlan>("city", "file-plan") {
            Err(Error::NotFound) => Ok(Arc::default()),
            found => found,
        }
    }

    /// The rule of an entry for what is opened on this day.
    fn rule(&self, key: &str, day: Date) -> Option<&Keeping> {
        let entry = self.entry.iter().find(|entry| entry.key == key)?;
        entry.rule.iter().filter(|rule| rule.valid_from <= day).max_by_key(|rule| rule.valid_from)
    }

    fn has_rule(&self, key: &str) -> bool {
        self.entry.iter().any(|entry| entry.key == key && !entry.rule.is_empty())
    }
}

/// What keeps a process from beginning by itself as drawn.
pub fn faults(content: &Content, key: &str, model: &Model, organisation: Option<&Organisation>) -> Vec<ModelError> {
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
fn next(spec: &TimerSpec, released: Timestamp, after: Option<Timestamp>) -> Result<Option<Timestamp>> {
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

/// Begins an instance at its time.
#[derive(Serialize, Deserialize)]
pub struct Begin {
    process: String,
    element: String,
    version: i64,
    /// Microseconds since 1970.
    due: i64,
}

impl Job for Begin {
    const NAME: &'static str = "processes.begin";
}

/// Plans the times of what was released since.
#[derive(Serialize, Deserialize)]
pub struct Plan {}

impl Job for Plan {
    const NAME: &'static str = "processes.plan-starts";
}

pub fn seed(cx: &Cx, _: bool) -> Pin<Box<dyn Future<Output = Result<()>> + Send + '_>> {
    Box::pin(async move {
        let city = cx.city()?;
        db::write!(city.db, |tx| { plan(cx, tx).await })
    })
}

pub async fn plan_again(cx: Cx, _: Plan) -> Result<()> {
    let city = cx.city()?;
    // What another node has released since is planned by whichever node has its turn.
    let app = cx.app()?;
    house::take_released(&app, &city).await?;
    db::write!(city.db, |tx| { plan(&cx, tx).await })
}

/// Plans the times of versions that have none yet, and forgets those of start events that are gone. What is planned stays.
/// A time that had come when another version was released belongs to the version that planned it, whose job still begins it;
/// later ones belong to the new version. So each time begins once.
pub async fn plan(cx: &Cx, tx: &mut Tx) -> Result<()> {
    let city = cx.city()?;
    let released = content::released_at(tx, "processes").await?;
    let planned = store::all(tx).await?;
    let mut wanted = BTreeSet::new();
    for item in city.content.all("processes") {
        let model = city.content.parse(&item, engine::load)?;
        for start in model.starts() {
            let StartTrigger::Timer(spec) = start.trigger else { continue };
            wanted.insert((item.key.clone(), start.element.to_owned()));
            let known = planned.iter().find(|p| p.process == item.key && p.element == start.element);
            // Another node may know a newer version already.
            if known.is_some_and(|known| known.version >= item.version) {
                continue;
            }
            let at = released.iter().find(|(key, _)| *key == item.key).map_or(cx.now(), |(_, at)| *at);
            // Up to the release the times are those of the version before, if it had any.
            let after = known.map(|_| at);
            keep_overdue(tx, known, at).await?;
            set(cx, tx, &item.key, start.element, item.version, next(spec, at, after)?).await?;
        }
    }
    for gone in planned {
        // Released on another node, perhaps, and not known here yet: what that node planned stays.
        let newer = match city.content.get("processes", &gone.process) {
            Some(item) => item.version < gone.version,
            None => released.iter().any(|(key, _)| *key == gone.process),
        };
        if !newer && !wanted.contains(&(gone.process.clone(), gone.element.clone())) {
            // A process that is not there any more begins no more.
            if let Some((_, at)) = released.iter().find(|(key, _)| *key == gone.process) {
                keep_overdue(tx, Some(&gone), *at).await?;
            }
            store::drop(tx, &gone.process, &gone.element).await?;
        }
    }
    Ok(())
}

/// Keeps a planned time that had come at the release of another version for the job that begins it.
async fn keep_overdue(tx: &mut Tx, planned: Option<&Planned>, released: Timestamp) -> Result<()> {
    match planned {
        Some(planned) if planned.due.is_some_and(|due| due <= released) => store::add_overdue(tx, planned).await,
        _ => Ok(()),
    }
}

async fn set(cx: &Cx, tx: &mut Tx, process: &str, element: &str, version: i64, due: Option<Timestamp>) -> Result<()> {
    let (process, element) = (process.to_owned(), element.to_owned());
    if let Some(due) = due {
        let job = Begin { process: process.clone(), element: element.clone(), version, due: due.as_microsecond() };
        enqueue_at(tx, cx, &job, due).await?;
    }
    store::set(tx, &Planned { process, element, version, due }).await
}

/// Opens the case, begins the instance and plans the next time. What was missed while nothing ran is made up for once.
pub async fn begin(cx: Cx, job: Begin) -> Result<()> {
    let city = cx.city()?;
    // Released on another node, perhaps, and not known here yet.
    if city.content.get("processes", &job.process).is_none_or(|item| item.version < job.version) {
        let app = cx.app()?;
        house::take_released(&app, &city).await?;
    }
    let due = Timestamp::from_microsecond(job.due).map_err(Error::internal)?;
    db::write!(city.db, |tx| {
        let planned = store::planned(tx, &job.process, &job.element).await?;
        let is_planned = planned.is_some_and(|planned| planned.version == job.version && planned.due == Some(due));
        let newest = city.content.get("processes", &job.process);
        if is_planned && newest.is_none_or(|newest| newest.version != job.version) {
            // Released anew, and the times of the new version are not planned yet. This one may be the old version's still.
            plan(&cx, tx).await?;
        }
        let is_overdue = store::take_overdue(tx, &job.process, &job.element, job.version, due).await?;
        let is_planned = match store::planned(tx, &job.process, &job.element).await? {
            Some(planned) => planned.version == job.version && planned.due == Some(due),
            None => false,
        };
        if !is_overdue && !is_planned {
            return Ok(());
        }
        let item = content::version(tx, "processes", &job.process, job.version).await?;
        let model = city.content.parse(&item, engine::load)?;
        let starts = model.starts();
        let Some(start) = starts.iter().find(|start| start.element == job.element) else { return Ok(()) };
        let StartTrigger::Timer(spec) = start.trigger else { return Ok(()) };
        let (entry, unit) = (start.plan.unwrap_or_default(), start.unit.unwrap_or_default());
        let case = open_case(&cx, tx, model.name().unwrap_or(&job.process), entry, unit).await?;
        engine::start_at(&cx, tx, &item, &job.element, case).await?;
        if is_overdue {
            return Ok(());
        }
        let released = content::released_at(tx, "processes").await?;
        let at = released.iter().find(|(key, _)| *key == job.process).map_or(cx.now(), |(_, at)| *at);
        let following = next(spec, at, Some(cx.now()))?;
        set(&cx, tx, &job.process, &job.element, job.version, following).await
    })
}

/// A case that is about nobody in particular, led by the process.
async fn open_case(cx: &Cx, tx: &mut Tx, title: &str, plan: &str, unit: &str) -> Result<kernel::CaseId> {
    let entries = FilePlan::of(&cx.city()?.content)?;
    let rule = entries.rule(plan, cx.today()).cloned();
    let rule = rule.ok_or_else(|| Error::internal(format!("no rule of the file-plan entry {plan} is in force")))?;
    let party = Party {
        family_name: String::new(),
        first_names: String::new(),
        birth_date: None,
        address: Address::default(),
        email: None,
        provenance: "office".into(),
    };
    let command = OpenCase {
        service: String::new(),
        plan: plan.to_owned(),
        unit: unit.to_owned(),
        title: title.to_owned(),
        confidentiality: "normal".into(),
        party,
        account: None,
        lang: Lang::De,
        retention_years: rule.years,
        retention_basis: rule.basis,
    };
    Ok(cx.call(tx, command).await?.case)
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
