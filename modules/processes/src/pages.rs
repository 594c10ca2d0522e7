//! What runs, what is stuck, and the button that lets it try again.

use std::collections::{HashMap, hash_map::Entry};

use askama::Template;
use bpmn::{Event, Line};
use db::Rx;
use house::{Answer, Path, Req, StuckSubscriber};
use kernel::{Error, Result, Uuid};
use process_rules::{load, names::Names};
use ui::Page;

use crate::{
    engine, perm,
    register::{figures::Count, pages::count},
    store, work,
};

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview<'a> {
    page: &'a Page,
    usage: Vec<Used>,
    incidents: Vec<Shown>,
    /// Those that no incident tells of.
    dead: Vec<jobs::Dead>,
    stuck: Vec<StuckSubscriber>,
    /// What is wrong with the scanner for malware: title and text.
    scanner: Option<(String, String)>,
    may_retry: bool,
}

/// An incident with the names that people know.
struct Shown {
    incident: store::OpenIncident,
    process: String,
    step: String,
}

/// Incidents with the names that their processes and steps had in the version that the instance runs by.
async fn named(rq: &Req, rx: &mut Rx, page: &Page, incidents: Vec<store::OpenIncident>) -> Result<Vec<Shown>> {
    let mut lines: HashMap<(String, i64), Vec<Line>> = HashMap::new();
    for incident in &incidents {
        if let Entry::Vacant(free) = lines.entry((incident.process.clone(), incident.version)) {
            free.insert(match content::version(rx, "processes", &incident.process, incident.version).await {
                // Somebody who has to help is shown the id rather than nothing.
                Err(Error::NotFound) => Vec::new(),
                found => rq.city.content.parse(&found?, load)?.outline(),
            });
        }
    }
    let names: HashMap<&(String, i64), Names<'_>> = lines.iter().map(|(key, lines)| (key, Names::of(lines))).collect();
    let shown = incidents.into_iter().map(|incident| {
        let known = names.get(&(incident.process.clone(), incident.version));
        let step = known.map_or_else(|| incident.element.clone(), |names| names.name(page, &incident.element));
        Shown { process: name_of(rq, &incident.process), step, incident }
    });
    Ok(shown.collect())
}

/// How a process is used; groups under five are not told apart.
struct Used {
    process: String,
    running: String,
    ended: String,
}

/// The name of a process as it is drawn; its key for one that is no longer released.
fn name_of(rq: &Req, key: &str) -> String {
    let content = &rq.city.content;
    let model = content.get("processes", key).and_then(|item| content.parse(&item, load).ok());
    model.as_ref().and_then(|model| model.name()).unwrap_or(key).to_owned()
}

pub async fn overview(rq: Req) -> Answer {
    let mut rx = rq.city.db.read_long().await?;
    let usage = store::usage(&mut rx).await?;
    let incidents = store::open_incidents(&mut rx).await?;
    let mut dead = jobs::dead(&mut rx).await?;
    dead.retain(|job| !incidents.iter().any(|incident| incident.job == Some(job.id)));
    let page = rq.page("processes-title");
    let used = |line: &store::Usage| Used {
        process: name_of(&rq, &line.process),
        running: count(&page, Count::of(line.running)),
        ended: count(&page, Count::of(line.ended)),
    };
    let template = Overview {
        usage: usage.iter().map(used).collect(),
        incidents: named(&rq, &mut rx, &page, incidents).await?,
        dead,
        stuck: house::stuck_subscribers(&rq.app, &mut rx, rq.cx.now()).await?,
        scanner: house::scanner_notice(&page, &rq.city, &mut rx, rq.cx.now()).await?,
        may_retry: rq.cx.actor.allows(perm::RETRY),
        page: &page,
    };
    rq.html(&template)
}

pub async fn retry_incident(rq: Req, Path(id): Path<Uuid>) -> Answer {
    db::write!(rq.city.db, |tx| {
        let (instance, token, job) = store::resolve_incident(tx, id, rq.cx.now()).await?;
        if let Some(job) = job {
            store::resolve_job(tx, job, rq.cx.now()).await?;
            if work::store::reopen(tx, job, rq.cx.now()).await? {
                return Ok(());
            }
            return match jobs::retry(tx, job, rq.cx.now()).await {
                // It was let run again elsewhere.
                Err(Error::NotFound) => Ok(()),
                done => done,
            };
        }
        let token = u64::try_from(token).map_err(Error::internal)?;
        engine::advance(&rq.cx, tx, instance, Event::Retry { token }).await
    })?;
    rq.see_other_with("/intern/prozesse", "processes-retried")
}

pub async fn retry_job(rq: Req, Path(id): Path<Uuid>) -> Answer {
    db::write!(rq.city.db, |tx| {
        jobs::retry(tx, id, rq.cx.now()).await?;
        store::resolve_job(tx, id, rq.cx.now()).await
    })?;
    rq.see_other_with("/intern/prozesse", "processes-retried")
}
