//! Processes that begin at a time.
//!
//! An instance belongs to a case, so a time opens one first, in the file-plan entry (`meer:plan`) and for the organisation
//! unit (`meer:unit`) that the start event names. Case, instance and the next time are one transaction: a job that runs
//! twice finds the next time planned already.

mod store;

use std::{collections::BTreeSet, future::Future, pin::Pin};

use bpmn::StartTrigger;
use contract_records::{Address, OpenCase, Party};
use db::Tx;
use house::{Call, InCity};
use jobs::{Job, enqueue_at};
use kernel::{Cx, Error, Lang, Result, Timestamp};
use process_rules::{
    load,
    starts::{FilePlan, next},
};
use serde::{Deserialize, Serialize};

use self::store::Planned;
use crate::engine;

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
        let model = city.content.parse(&item, load)?;
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
        let model = city.content.parse(&item, load)?;
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
