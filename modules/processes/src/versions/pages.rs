use std::collections::{BTreeMap, HashMap};

use askama::Template;
use axum::{Form, extract::Query};
use bpmn::{State, preview};
use content::Item;
use house::{Answer, Path, Req};
use kernel::{Error, Timestamp, Uuid};
use process_rules::{load, name_in, names::Names};
use serde::Deserialize;
use ui::{Choice, Page, Pagination, paths::escaped};

use super::{
    store::{self, Run},
    switch,
};
use crate::{
    perm,
    register::{
        figures::{Count, FEWEST},
        pages::count,
    },
};

/// Instances that stayed, on one page.
const PAGE: i64 = 100;

/// Where the versions of a process lie.
pub fn address(process: &str) -> String {
    format!("/intern/prozesse/{}/versionen", escaped(process))
}

struct Line {
    version: i64,
    running: String,
    ended: String,
    /// Where its running instances are led over; empty where there are none, or none to lead them to.
    href: String,
    is_released: bool,
}

#[derive(Template)]
#[template(path = "versions.html")]
struct Versions<'a> {
    page: &'a Page,
    lines: Vec<Line>,
    runs: Vec<RunLine>,
}

/// A time when running instances were led over.
struct RunLine {
    /// Empty for who may only look at processes.
    href: String,
    from: i64,
    to: i64,
    at: Timestamp,
    is_running: bool,
}

fn run_address(process: &str, run: Uuid) -> String {
    format!("{}/umstellung/{run}", address(process))
}

fn titled(rq: &Req, item: &Item) -> Page {
    let mut page = rq.untitled();
    page.title = page.t1("processes-versions-of", "name", name_in("processes", &item.key, &item.body));
    page
}

pub async fn versions(rq: Req, Path(process): Path<String>) -> Answer {
    let item = rq.city.content.get("processes", &process).ok_or(Error::NotFound)?;
    let mut rx = rq.city.db.read_long().await?;
    let found = store::lines(&mut rx, &process).await?;
    let runs = store::runs(&mut rx, &process).await?;
    drop(rx);
    let page = titled(&rq, &item);
    let may = rq.cx.actor.allows(perm::RELEASE);
    let runs = runs.into_iter().map(|run| RunLine {
        href: if may { run_address(&process, run.id) } else { String::new() },
        from: run.from_version,
        to: run.to_version,
        at: run.started_at,
        is_running: run.state == "running",
    });
    let runs = runs.collect();
    let mut lines: Vec<Line> = found
        .into_iter()
        .map(|line| Line {
            version: line.version,
            running: count(&page, Count::of(line.running)),
            ended: count(&page, Count::of(line.ended)),
            href: match may && line.running > 0 && line.version != item.version {
                true => format!("{}/{}", address(&process), line.version),
                false => String::new(),
            },
            is_released: line.version == item.version,
        })
        .collect();
    if lines.iter().all(|line| !line.is_released) {
        let none = count(&page, Count::of(0));
        let line =
            Line { version: item.version, running: none.clone(), ended: none, href: String::new(), is_released: true };
        lines.insert(0, line);
    }
    rq.html(&Versions { page: &page, lines, runs })
}

/// A step at which running instances are, and where they would go.
struct Group {
    name: String,
    count: String,
    /// Where to; empty where they cannot.
    to: String,
    /// Why not, as the model says it.
    reason: String,
    field: String,
    label: String,
    /// Steps of the other version to choose from, where the step itself has no place there.
    choices: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "versions_move.html")]
struct Move<'a> {
    page: &'a Page,
    back: String,
    action: String,
    from: i64,
    to: i64,
    groups: Vec<Group>,
    can: String,
    cannot: String,
    is_possible: bool,
    mapping: Vec<(String, String)>,
}

/// What of a form or query names steps: `nach-<old>` is the id of the new one.
fn mapping(asked: impl IntoIterator<Item = (String, String)>) -> BTreeMap<String, String> {
    let named = asked.into_iter().filter_map(|(field, to)| {
        let from = field.strip_prefix("nach-")?;
        (!to.is_empty()).then(|| (from.to_owned(), to))
    });
    named.collect()
}

/// Shows for each step where its instances would go.
pub async fn ask(
    rq: Req,
    Path((process, from)): Path<(String, i64)>,
    Query(asked): Query<HashMap<String, String>>,
) -> Answer {
    let item = rq.city.content.get("processes", &process).ok_or(Error::NotFound)?;
    let mapping = mapping(asked);
    let mut rx = rq.city.db.read_long().await?;
    let old = content::version(&mut rx, "processes", &process, from).await?;
    let running = store::alike(&mut rx, &process, from).await?;
    drop(rx);
    let (old, new) = (rq.city.content.parse(&old, load)?, rq.city.content.parse(&item, load)?);
    let (old_lines, new_lines) = (old.outline(), new.outline());
    let (old_names, new_names) = (Names::of(&old_lines), Names::of(&new_lines));
    let (mut all, mut can) = (0, 0);
    // By step and outcome: two instances at one step may differ in the way they came.
    let mut found: BTreeMap<(String, Result<String, String>), i64> = BTreeMap::new();
    for alike in running {
        let state: State = serde_json::from_value(alike.state)?;
        let places = preview(&old, &state, &new, &mapping);
        all += alike.n;
        if places.iter().all(|place| place.to.is_ok()) {
            can += alike.n;
        }
        for place in places {
            let to = place.to.map_err(|reason| reason.message);
            *found.entry((place.element, to)).or_default() += alike.n;
        }
    }
    let page = titled(&rq, &item);
    let groups = found.into_iter().map(|((element, to), n)| {
        let chosen = mapping.get(&element).map_or("", String::as_str);
        let asks = to.is_err() || !chosen.is_empty();
        let choices = new.places().into_iter().map(|place| {
            Choice::new(place.element, new_names.name(&page, place.element)).selected(place.element == chosen)
        });
        let name = old_names.name(&page, &element);
        Group {
            count: count(&page, Count::of(n)),
            reason: to.as_ref().err().cloned().unwrap_or_default(),
            to: to.map(|to| new_names.name(&page, &to)).unwrap_or_default(),
            field: format!("nach-{element}"),
            label: page.t1("processes-move-choose", "step", name.as_str()),
            choices: if asks { choices.collect() } else { Vec::new() },
            name,
        }
    });
    let groups = groups.collect();
    rq.html(&Move {
        page: &page,
        back: address(&process),
        action: format!("{}/{from}", address(&process)),
        from,
        to: item.version,
        groups,
        can: count(&page, Count::of(can)),
        cannot: count(&page, Count::of(all - can)),
        is_possible: can > 0,
        mapping: mapping.into_iter().map(|(from, to)| (format!("nach-{from}"), to)).collect(),
    })
}

/// Begins to lead all of them over; how far that has come is a page of its own.
pub async fn migrate(
    rq: Req,
    Path((process, from)): Path<(String, i64)>,
    Form(sent): Form<Vec<(String, String)>>,
) -> Answer {
    let item = rq.city.content.get("processes", &process).ok_or(Error::NotFound)?;
    // What was shown is what happens: not when somebody released another version since.
    let seen = sent.iter().find(|(field, _)| field == "auf").and_then(|(_, value)| value.parse::<i64>().ok());
    if seen != Some(item.version) || from == item.version {
        return Err(Error::Conflict("processes-version-changed").into());
    }
    let mapping = mapping(sent);
    let run = db::write!(rq.city.db, |tx| { switch::begin(&rq.cx, tx, &process, from, item.version, &mapping).await })?;
    rq.see_other(run_address(&process, run))
}

/// An instance that stayed as it was.
struct Stayed {
    href: String,
    began: Timestamp,
    step: String,
    reason: String,
}

#[derive(Template)]
#[template(path = "versions_run.html")]
struct RunPage<'a> {
    page: &'a Page,
    run: Run,
    back: String,
    here: String,
    /// The preview of what is left.
    again: String,
    moved: String,
    count_stayed: String,
    stayed: Vec<Stayed>,
    pages: Pagination,
    /// The job was given up.
    is_stuck: bool,
}

impl RunPage<'_> {
    fn is_running(&self) -> bool {
        self.run.state == "running"
    }

    /// Few enough to be told apart have no figures.
    fn has_figures(&self) -> bool {
        self.run.total >= FEWEST
    }
}

#[derive(Deserialize)]
pub struct Which {
    #[serde(default)]
    seite: Option<u64>,
}

/// How far leading over has come, and what stayed.
pub async fn run(rq: Req, Path((process, id)): Path<(String, Uuid)>, Query(which): Query<Which>) -> Answer {
    let item = rq.city.content.get("processes", &process).ok_or(Error::NotFound)?;
    let mut rx = rq.city.db.read().await?;
    let run = store::run(&mut rx, id).await?;
    if run.process != process {
        return Err(Error::NotFound.into());
    }
    let n = store::count_stays(&mut rx, id).await?;
    let here = run_address(&process, id);
    let total = u64::try_from((n + PAGE - 1) / PAGE).unwrap_or(1);
    let pages = Pagination::new(&here, which.seite.unwrap_or(1), total);
    let skip = i64::try_from(pages.current.saturating_sub(1)).unwrap_or(0).saturating_mul(PAGE);
    let stays = store::stays(&mut rx, id, skip, PAGE).await?;
    let is_stuck = jobs::is_given_up(&mut rx, <switch::SwitchRunning as jobs::Job>::NAME, &id.to_string()).await?;
    let old = content::version(&mut rx, "processes", &process, run.from_version).await?;
    drop(rx);
    let page = titled(&rq, &item);
    let lines = rq.city.content.parse(&old, load)?.outline();
    let names = Names::of(&lines);
    let stayed = stays.into_iter().map(|stay| Stayed {
        href: format!("/intern/vorgang/{}", stay.case_id),
        began: stay.started_at,
        step: if stay.element.is_empty() { String::new() } else { names.name(&page, &stay.element) },
        reason: match stay.message.is_empty() {
            true => page.t("processes-move-failed-text"),
            false => stay.message,
        },
    });
    let stayed = stayed.collect();
    rq.html(&RunPage {
        page: &page,
        back: address(&process),
        again: format!("{}/{}", address(&process), run.from_version),
        here,
        moved: count(&page, Count::of(run.moved)),
        count_stayed: count(&page, Count::of(n)),
        stayed,
        pages,
        is_stuck: is_stuck && run.state == "running",
        run,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_named_steps_are_mapped() {
        let sent = [("auf", "2"), ("nach-a", "b"), ("nach-c", "")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        assert_eq!(mapping(sent), BTreeMap::from([("a".to_owned(), "b".to_owned())]));
    }

    #[test]
    fn a_process_in_a_folder_has_an_address() {
        assert_eq!(address("amt/muster"), "/intern/prozesse/amt%2Fmuster/versionen");
        let run = run_address("amt/muster", Uuid::nil());
        assert_eq!(run, format!("/intern/prozesse/amt%2Fmuster/versionen/umstellung/{}", Uuid::nil()));
    }
}
