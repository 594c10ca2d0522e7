//! Leads all running instances of a version over to another one, as a job: each in a transaction of its own that also moves
//! the run on. A run that is killed goes on behind the last one.

use std::collections::BTreeMap;

use content::Item;
use db::Tx;
use house::InCity;
use kernel::{Cx, Error, Event, Result, Subject, Uuid};
use serde::{Deserialize, Serialize};

use super::store::{self, Run};
use crate::engine::{self, Switched};

/// Instances that are read at once.
const BATCH: i64 = 200;

/// Leads the instances of a run over.
#[derive(Serialize, Deserialize)]
pub struct SwitchRunning {
    pub run: Uuid,
}

impl jobs::Job for SwitchRunning {
    const NAME: &'static str = "processes.switch-running";

    fn dedup_key(&self) -> Option<String> {
        Some(self.run.to_string())
    }
}

/// Somebody said that running instances are to go on by another version; each of them that does is told by
/// `processes.migrated`.
#[derive(Serialize, Deserialize)]
struct Begun {
    run: Uuid,
    process: String,
    from: i64,
    to: i64,
    /// Steps of the old version with those of the new one, as they were chosen; what is not named keeps its id.
    mapping: BTreeMap<String, String>,
}

impl Event for Begun {
    const NAME: &'static str = "processes.switch-begun";
    fn subject(&self) -> Subject {
        Subject { kind: "process-switch", id: self.run }
    }
}

/// Begins to lead over what runs by the version `from`.
///
/// # Errors
/// Refused while instances of that version are being led over.
pub async fn begin(
    cx: &Cx,
    tx: &mut Tx,
    process: &str,
    from: i64,
    to: i64,
    mapping: &BTreeMap<String, String>,
) -> Result<Uuid> {
    if store::is_running(tx, process, from).await? {
        return Err(Error::refused("processes-switch-runs"));
    }
    let run = Run {
        id: cx.sources.uuid(),
        process: process.to_owned(),
        from_version: from,
        to_version: to,
        mapping: serde_json::to_value(mapping)?,
        state: "running".to_owned(),
        total: store::count_running(tx, process, from).await?,
        seen: 0,
        moved: 0,
        after_id: Uuid::nil(),
        started_at: cx.now(),
        ended_at: None,
    };
    store::add_run(tx, &run).await?;
    jobs::enqueue(tx, cx, &SwitchRunning { run: run.id }).await?;
    let begun = Begun { run: run.id, process: run.process, from, to, mapping: mapping.clone() };
    journal::emit(tx, cx, &begun).await?;
    Ok(run.id)
}

pub async fn switch_running(cx: Cx, job: SwitchRunning) -> Result<()> {
    let city = cx.city()?;
    loop {
        let mut rx = city.db.read().await?;
        let run = store::run(&mut rx, job.run).await?;
        if run.state != "running" {
            return Ok(());
        }
        let found = store::next(&mut rx, &run, BATCH).await?;
        // Not the one that holds by now: what was shown is what happens.
        let item = content::version(&mut rx, "processes", &run.process, run.to_version).await?;
        drop(rx);
        if found.is_empty() {
            return db::write!(city.db, |tx| { store::end_run(tx, run.id, cx.now()).await });
        }
        let mapping: BTreeMap<String, String> = serde_json::from_value(run.mapping.clone())?;
        let mut after = run.after_id;
        for instance in found {
            // Somebody else moved the run on: what is left is read anew.
            if !lead_over(&cx, &run, (after, instance), &item, &mapping).await? {
                break;
            }
            after = instance;
        }
    }
}

/// Leads the instance behind `after` over; answers false when somebody else has moved the run on.
async fn lead_over(
    cx: &Cx,
    run: &Run,
    (after, instance): (Uuid, Uuid),
    item: &Item,
    mapping: &BTreeMap<String, String>,
) -> Result<bool> {
    let city = cx.city()?;
    let led: Result<bool> = db::write!(city.db, |tx| {
        if !store::claim(tx, run.id, after, instance).await? {
            return Ok(false);
        }
        match engine::switch(cx, tx, instance, run.from_version, item, mapping, run.id).await? {
            Switched::Done => store::add_moved(tx, run.id).await?,
            // It ended, or somebody else led it over.
            Switched::Gone => {}
            Switched::Stays(reasons) => {
                let (element, message) = match reasons.first() {
                    Some(reason) => (reason.element.as_str(), reason.message.as_str()),
                    None => ("", ""),
                };
                store::add_stay(tx, run.id, instance, element, message).await?;
            }
        }
        Ok(true)
    });
    match led {
        // Nothing is wrong with the instance: the job comes back to it.
        Err(Error::Again) => Err(Error::Again),
        Err(error) => {
            tracing::error!(instance = %instance, "instance not led over: {error:#}");
            db::write!(city.db, |tx| {
                if !store::claim(tx, run.id, after, instance).await? {
                    return Ok(false);
                }
                store::add_stay(tx, run.id, instance, "", "").await?;
                Ok(true)
            })
        }
        done => done,
    }
}
