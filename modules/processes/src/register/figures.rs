//! The figures of a process: per step, never per person, and nothing about fewer than five cases (§ 72 LPVG NRW).

use std::collections::{BTreeMap, BTreeSet};

use bpmn::Model;
use db::Rx;
use kernel::{Result, Timestamp};

use super::store;

/// Fewer cases than this are not told apart: somebody who knows the office would know who worked on them.
pub const FEWEST: i64 = 5;
/// Instances that steps are counted over, the newest. The statements of `store` say the same.
pub const MOST_INSTANCES: i64 = 20_000;
/// Finished visits of a step that its durations are taken from, the newest. The statement of `store` says the same.
pub const MOST_STAYS: i64 = 2_000;

/// A number that may be seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Count {
    Known(i64),
    /// Between one and four.
    Few,
}

impl Count {
    /// None is no group: nobody is behind it.
    pub fn of(n: i64) -> Count {
        if n == 0 || n >= FEWEST { Count::Known(n) } else { Count::Few }
    }

    /// A number of happenings that so many cases are behind.
    fn behind(n: i64, cases: i64) -> Count {
        if Count::of(cases) == Count::Few { Count::Few } else { Count::of(n) }
    }
}

/// Durations in seconds, by nearest rank.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spread {
    pub median: i64,
    /// Nine of ten took no longer.
    pub ninety: i64,
}

impl Spread {
    fn of(mut seconds: Vec<i64>) -> Option<Spread> {
        seconds.sort_unstable();
        let at = |percent: usize| seconds.get((seconds.len() * percent).div_ceil(100).max(1) - 1).copied();
        Some(Spread { median: at(50)?, ninety: at(90)? })
    }
}

/// Durations of so many cases.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Took {
    Known(Spread),
    /// Of one to four cases.
    Few,
    /// Nothing was measured.
    Nothing,
}

impl Took {
    fn of(cases: usize, seconds: Vec<i64>) -> Took {
        match Count::of(i64::try_from(cases).unwrap_or(i64::MAX)) {
            Count::Few => Took::Few,
            Count::Known(_) => Spread::of(seconds).map_or(Took::Nothing, Took::Known),
        }
    }
}

pub struct Step {
    pub name: String,
    pub visits: Count,
    pub took: Took,
    /// Cases that lie there now.
    pub lying: Count,
    /// Cases that came there more than once; none where the step is drawn as a repetition.
    pub again: Option<Count>,
    pub incidents: Count,
    /// Drawn as a step into another system by hand.
    pub may_break: bool,
}

pub struct Figures {
    pub started: Count,
    pub ended: Count,
    /// From the beginning to the end.
    pub took: Took,
    /// Cases with an incident, at whatever element.
    pub incidents: Count,
    /// More began than the steps are counted over.
    pub is_part: bool,
    pub steps: Vec<Step>,
}

pub async fn of(rx: &mut Rx, process: &str, model: &Model, since: Timestamp) -> Result<Figures> {
    let started = store::started(rx, process, since).await?;
    let lives = store::lives(rx, process, since).await?;
    let visits: BTreeMap<String, store::Visits> =
        store::visits(rx, process, since).await?.into_iter().map(|line| (line.element.clone(), line)).collect();
    let mut stays: BTreeMap<String, (BTreeSet<kernel::Uuid>, Vec<i64>)> = BTreeMap::new();
    for stay in store::stays(rx, process, since).await? {
        let (cases, seconds) = stays.entry(stay.element).or_default();
        cases.insert(stay.instance);
        seconds.push(between(stay.entered_at, stay.left_at));
    }
    let lying: BTreeMap<String, i64> = store::lying(rx, process).await?.into_iter().collect();
    let incidents: BTreeMap<String, i64> = store::incidents(rx, process, since).await?.into_iter().collect();
    let step = |place: bpmn::Place<'_>| {
        let seen = visits.get(place.element);
        let (cases, seconds) = stays.remove(place.element).unwrap_or_default();
        Step {
            name: place.name.unwrap_or(place.element).to_owned(),
            visits: Count::behind(seen.map_or(0, |v| v.visits), seen.map_or(0, |v| v.cases)),
            took: Took::of(cases.len(), seconds),
            lying: Count::of(lying.get(place.element).copied().unwrap_or(0)),
            again: (!place.repeats).then(|| Count::of(seen.map_or(0, |v| v.again))),
            incidents: Count::of(incidents.get(place.element).copied().unwrap_or(0)),
            may_break: place.may_break,
        }
    };
    let steps: Vec<Step> = model.places().into_iter().map(step).collect();
    Ok(Figures {
        steps,
        started: Count::of(started),
        ended: Count::of(store::ended(rx, process, since).await?),
        took: Took::of(lives.len(), lives.iter().map(|(from, to)| between(*from, *to)).collect()),
        incidents: Count::of(store::with_incident(rx, process, since).await?),
        is_part: started > MOST_INSTANCES,
    })
}

fn between(from: Timestamp, to: Timestamp) -> i64 {
    to.duration_since(from).as_secs().max(0)
}

#[cfg(test)]
mod tests {
    use db::params;
    use kernel::{CaseId, Sources, Uuid};
    use serde_json::json;

    use super::*;
    use crate::store::{Instance, Visit};

    #[test]
    fn groups_of_one_to_four_are_hidden() {
        assert_eq!(Count::of(0), Count::Known(0));
        assert!((1..5).all(|n| Count::of(n) == Count::Few));
        assert_eq!(Count::of(5), Count::Known(5));
        // Many happenings in few cases tell of these cases.
        assert_eq!(Count::behind(40, 4), Count::Few);
        assert_eq!(Took::of(4, vec![1; 40]), Took::Few);
        assert_eq!(Took::of(0, Vec::new()), Took::Nothing);
    }

    #[test]
    fn median_and_ninety_percent_are_nearest_ranks() {
        let spread = |seconds: Vec<i64>| Spread::of(seconds).map(|s| (s.median, s.ninety));
        assert_eq!(spread(vec![50, 20, 35, 40, 15]), Some((35, 50)));
        assert_eq!(spread((1..=10).rev().collect()), Some((5, 9)));
        assert_eq!(spread(vec![7]), Some((7, 7)));
        assert_eq!(spread(Vec::new()), None);
    }

    #[test]
    fn no_statement_of_the_figures_names_who_did_something() {
        let statements = include_str!("store.rs").split_once("use db::").unwrap().1;
        for word in ["staff", "by_", "actor", "account", "claimed", "done_by", "person", "case_id", "identity"] {
            assert!(!statements.contains(word), "{word}");
        }
        for most in ["LIMIT 20000", "<= 2000"] {
            assert!(statements.contains(most), "{most}");
        }
        assert_eq!((MOST_INSTANCES, MOST_STAYS), (20_000, 2_000));
    }

    const FILE: &str = r#"<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:meer="urn:meer:bpmn:1" targetNamespace="urn:test"><bpmn:process id="p" isExecutable="true">
  <bpmn:userTask id="pruefen" name="Prüfen" meer:form="f" meer:medienbruch="true"/>
  <bpmn:userTask id="warten" name="Warten" meer:form="f"/></bpmn:process></bpmn:definitions>"#;

    fn instance(sources: &Sources) -> Instance {
        Instance {
            id: sources.uuid(),
            process: "p".into(),
            version: 1,
            case_id: CaseId::from_uuid(sources.uuid()),
            state: json!({}),
            status: "new".into(),
            parent: None,
            parent_token: None,
        }
    }

    fn visit(element: &str, entered: Timestamp, left: Option<Timestamp>) -> Visit {
        Visit { token: 1, element: element.into(), entered, left, interrupted: false }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn steps_are_counted_on_both_engines() {
        let migrations = crate::MODULE.migrations.unwrap();
        for test in db::testing::both(&[migrations]).await {
            let sources = Sources::system();
            let now: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
            let at = |seconds: i64| Timestamp::from_second(now.as_second() + seconds).unwrap();
            db::write!(test.db, |tx| {
                // Six cases: done after ten minutes each, but for one that came back and one that waits.
                for n in 0..6_i64 {
                    let mut instance = instance(&sources);
                    let id = instance.id;
                    crate::store::add(tx, &instance, at(n), None).await?;
                    crate::store::add_visits(tx, id, &[visit("pruefen", at(n), None)]).await?;
                    crate::store::left(tx, id, 1, "pruefen", at(n + 600), false).await?;
                    if n == 0 {
                        crate::store::add_visits(tx, id, &[visit("pruefen", at(700), Some(at(1_300)))]).await?;
                    }
                    if n == 1 {
                        crate::store::add_visits(tx, id, &[visit("warten", at(700), None)]).await?;
                        instance.status = "running".into();
                        crate::store::save(tx, &instance, None).await?;
                    } else {
                        instance.status = "completed".into();
                        crate::store::save(tx, &instance, Some(at(n + 900))).await?;
                    }
                }
                let old = instance(&sources);
                crate::store::add(tx, &old, at(-1_000_000), None).await?;
                crate::store::add_visits(tx, old.id, &[visit("pruefen", at(-1_000_000), None)]).await
            })
            .unwrap();
            let model = Model::parse(FILE).unwrap();
            let mut rx = test.db.read_long().await.unwrap();
            let found = of(&mut rx, "p", &model, at(-60)).await.unwrap();
            assert_eq!((found.started, found.ended), (Count::Known(6), Count::Known(5)));
            assert_eq!(found.took, Took::Known(Spread { median: 900, ninety: 900 }));
            assert_eq!(found.incidents, Count::Known(0));
            assert!(!found.is_part);
            let [check, wait] = found.steps.as_slice() else { panic!("two steps are drawn") };
            assert_eq!((check.name.as_str(), check.visits), ("Prüfen", Count::Known(7)));
            assert_eq!(check.took, Took::Known(Spread { median: 600, ninety: 600 }));
            assert_eq!((check.again, check.lying), (Some(Count::Few), Count::Known(0)));
            assert!(check.may_break && !wait.may_break);
            assert_eq!((wait.visits, wait.lying, wait.took), (Count::Few, Count::Few, Took::Nothing));

            let other = of(&mut rx, "q", &model, at(-60)).await.unwrap();
            assert_eq!((other.started, other.took), (Count::Known(0), Took::Nothing));
            let instances: Vec<(Uuid,)> = rx
                .list("SELECT id FROM processes_instance WHERE tenant = $1 AND process = $2", params!["p"])
                .await
                .unwrap();
            assert_eq!(instances.len(), 7);
        }
    }
}
