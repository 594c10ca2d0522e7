use std::collections::{BTreeMap, HashMap};

use askama::Template;
use axum::{Form, extract::Query};
use bpmn::{Model, State, preview};
use content::Item;
use house::{Answer, Path, Req};
use kernel::{Error, Result};
use ui::{Choice, Page};

use super::store;
use crate::{
    design::{escaped, name_in},
    engine::{self, Switched},
    perm,
    register::{figures::Count, pages::count},
};

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
}

fn titled(rq: &Req, item: &Item) -> Page {
    let mut page = rq.untitled();
    page.title = page.t1("processes-versions-of", "name", name_in("processes", &item.key, &item.body));
    page
}

pub async fn versions(rq: Req, Path(process): Path<String>) -> Answer {
    let item = rq.city.content.get("processes", &process).ok_or(Error::NotFound)?;
    let found = store::lines(&mut rq.city.db.read_long().await?, &process).await?;
    let page = titled(&rq, &item);
    let may = rq.cx.actor.allows(perm::RELEASE);
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
    rq.html(&Versions { page: &page, lines })
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
    is_part: bool,
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

fn step_name(model: &Model, element: &str) -> String {
    let lines = model.outline();
    let line = lines.iter().find(|line| line.element == element);
    line.and_then(|line| line.name.clone()).unwrap_or_else(|| element.to_owned())
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
    let running = store::running(&mut rx, &process, from).await?;
    drop(rx);
    let (old, new) = (rq.city.content.parse(&old, engine::load)?, rq.city.content.parse(&item, engine::load)?);
    let mut can = 0;
    // By step and outcome: two instances at one step may differ in the way they came.
    let mut found: BTreeMap<(String, Result<String, String>), i64> = BTreeMap::new();
    for (_, state) in &running {
        let state: State = serde_json::from_value(state.clone())?;
        let places = preview(&old, &state, &new, &mapping);
        can += i64::from(places.iter().all(|place| place.to.is_ok()));
        for place in places {
            let to = place.to.map_err(|reason| reason.message);
            *found.entry((place.element, to)).or_default() += 1;
        }
    }
    let all = i64::try_from(running.len()).map_err(Error::internal)?;
    let page = titled(&rq, &item);
    let groups = found.into_iter().map(|((element, to), n)| {
        let chosen = mapping.get(&element).map_or("", String::as_str);
        let asks = to.is_err() || !chosen.is_empty();
        let choices = new.places().into_iter().map(|place| {
            Choice::new(place.element, place.name.unwrap_or(place.element)).selected(place.element == chosen)
        });
        let name = step_name(&old, &element);
        Group {
            count: count(&page, Count::of(n)),
            reason: to.as_ref().err().cloned().unwrap_or_default(),
            to: to.map(|to| step_name(&new, &to)).unwrap_or_default(),
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
        is_part: all >= store::MOST,
        mapping: mapping.into_iter().map(|(from, to)| (format!("nach-{from}"), to)).collect(),
    })
}

/// Why some instances stayed where they were.
struct Stayed {
    reason: String,
    count: String,
}

#[derive(Template)]
#[template(path = "versions_moved.html")]
struct Moved<'a> {
    page: &'a Page,
    back: String,
    done: String,
    stayed: Vec<Stayed>,
    failed: String,
    has_failed: bool,
}

/// Leads them over, each in a transaction of its own.
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
    let running = store::running(&mut rq.city.db.read_long().await?, &process, from).await?;
    let (mut done, mut failed) = (0, 0);
    let mut stayed: BTreeMap<String, i64> = BTreeMap::new();
    for (id, _) in running {
        let outcome: Result<Switched> =
            db::write!(rq.city.db, |tx| { engine::switch(&rq.cx, tx, id, from, &item, &mapping).await });
        match outcome {
            Ok(Switched::Done) => done += 1,
            // It ended, or somebody else led it over.
            Ok(Switched::Gone) => {}
            Ok(Switched::Stays(reasons)) => {
                let reason = reasons.first().map_or(String::new(), ToString::to_string);
                *stayed.entry(reason).or_default() += 1;
            }
            Err(error) => {
                tracing::error!(instance = %id, "instance not led over: {error:#}");
                failed += 1;
            }
        }
    }
    let page = titled(&rq, &item);
    let stayed = stayed.into_iter().map(|(reason, n)| Stayed { reason, count: count(&page, Count::of(n)) });
    rq.html(&Moved {
        page: &page,
        back: address(&process),
        done: count(&page, Count::of(done)),
        stayed: stayed.collect(),
        failed: count(&page, Count::of(failed)),
        has_failed: failed > 0,
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
    }
}
