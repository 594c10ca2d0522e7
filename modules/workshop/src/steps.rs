//! A process as a list of steps: the accessible twin of the drawing, on the same model.

mod edit;
mod events;
mod fields;
mod repeat;
mod times;
mod words;

use std::collections::HashMap;

use askama::Template;
use axum::extract::Query;
use bpmn::{Beside, Edit, Kind, Line, Model, On};
use house::{Answer, Path, Req};
use kernel::{Error, Result, Uuid};
use ui::{Page, paths::escaped};

use super::{
    pages::{Asked, address, did, step_address, titled},
    service,
    store::{self, Draft},
};
use crate::perm;

pub use self::{
    edit::{add_way, ask_remove, change, change_way, insert, new_step, remove, step, way},
    events::{attach, new_event},
    words::{Changes, changes},
};

/// The id of an element in the list, for links that lead to it.
pub fn anchor(element: &str) -> String {
    format!("schritt-{element}")
}

/// The model of a draft; what is stored can always be read.
pub fn read(draft: &Draft) -> Result<Model> {
    if draft.is_decision() {
        return Err(Error::NotFound);
    }
    Model::parse(&draft.body).map_err(|errors| {
        let first = errors.first().map_or(String::new(), ToString::to_string);
        Error::internal(format!("draft {}: {first}", draft.id))
    })
}

/// A draft that can be changed, with its model.
async fn open(rq: &Req, id: Uuid) -> Result<(Draft, Model)> {
    let draft = store::draft(&mut rq.city.db.read().await?, id).await?;
    let model = read(&draft)?;
    if draft.is_open() { Ok((draft, model)) } else { Err(Error::refused("processes-draft-closed")) }
}

fn is_activity(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::UserTask
            | Kind::ServiceTask
            | Kind::BusinessRuleTask
            | Kind::SendTask
            | Kind::ReceiveTask
            | Kind::ManualTask
            | Kind::ScriptTask
            | Kind::Task
            | Kind::CallActivity
            | Kind::SubProcess
    )
}

fn is_gateway(kind: Kind) -> bool {
    matches!(kind, Kind::Exclusive | Kind::Parallel | Kind::Inclusive | Kind::EventBased | Kind::Complex)
}

/// Whether there is anything to change at it besides its name.
fn has_page(kind: Kind) -> bool {
    !matches!(kind, Kind::EventSubProcess)
}

/// The line before (-1) or after (1) in the same branch.
fn sibling<'l>(lines: &'l [Line], line: &Line, by: i64) -> Option<&'l Line> {
    let (branch, last) = match line.number.rsplit_once('.') {
        Some((branch, last)) => (Some(branch), last),
        None => (None, line.number.as_str()),
    };
    let next = last.parse::<i64>().ok()?.checked_add(by)?;
    let number = match branch {
        Some(branch) => format!("{branch}.{next}"),
        None => next.to_string(),
    };
    lines.iter().find(|other| other.number == number)
}

/// Where a step goes when it is moved by one place; none where it cannot.
fn place(lines: &[Line], line: &Line, by: i64) -> Option<Beside> {
    let other = sibling(lines, line, by)?;
    let stays = is_activity(line.kind) || matches!(line.kind, Kind::Catch(_) | Kind::Throw(_));
    let passes = is_activity(other.kind) || matches!(other.kind, Kind::Catch(_) | Kind::Throw(_));
    match (stays && passes, by < 0) {
        (false, _) => None,
        (true, true) => Some(Beside::Before(other.element.clone())),
        (true, false) => Some(Beside::After(other.element.clone())),
    }
}

/// A way out, ready to be shown.
struct WayLine {
    text: String,
    /// Where it is changed; empty where there is nothing to say of it.
    href: String,
    insert: String,
    /// What screen readers hear besides "change" and "insert".
    about: String,
}

/// A step, ready to be shown.
struct StepLine {
    anchor: String,
    number: String,
    kind: String,
    name: String,
    facts: Vec<String>,
    ways: Vec<WayLine>,
    goes_to: String,
    href: String,
    insert: String,
    /// Where an event is put at it; empty where none can come.
    attach: String,
    up: bool,
    down: bool,
    move_to: String,
    remove: String,
    is_changed: bool,
    is_reached: bool,
}

#[derive(Template)]
#[template(path = "steps.html")]
struct List<'a> {
    page: &'a Page,
    id: Uuid,
    revision: i64,
    lines: Vec<StepLine>,
    last_change: String,
    error: String,
    is_open: bool,
}

fn line_of(rq: &Req, page: &Page, id: Uuid, model: &Model, lines: &[Line], at: usize, changed: &str) -> StepLine {
    let line = &lines[at];
    let new_step = |asked: String| format!("{}/schritte/neu?{asked}", address(id));
    let branches = line.ways.len() > 1;
    let ways = line.ways.iter().filter(|_| branches || is_gateway(line.kind)).map(|way| WayLine {
        text: words::way(page, way),
        href: format!("{}/weg/{}", address(id), escaped(&way.flow)),
        insert: new_step(format!("weg={}", escaped(&way.flow))),
        about: words::target(page, &way.target),
    });
    let ways = ways.collect::<Vec<_>>();
    let insert = match (ways.is_empty(), line.ways.first()) {
        (true, Some(way)) => new_step(format!("weg={}", escaped(&way.flow))),
        (true, None) if is_activity(line.kind) => new_step(format!("nach={}", escaped(&line.element))),
        _ => String::new(),
    };
    // An end that nothing leads to any more is of no use.
    let is_removable = match line.kind {
        Kind::Start(_) | Kind::EventSubProcess => false,
        Kind::End(_) => !line.is_reached,
        _ => true,
    };
    StepLine {
        anchor: anchor(&line.element),
        number: line.number.clone(),
        kind: words::kind(page, line.kind),
        name: line.name.clone().unwrap_or_default(),
        facts: words::facts(rq, page, model, line),
        goes_to: match (&line.goes_to, ways.is_empty()) {
            (Some(target), true) => page.t1("processes-goes-to", "target", words::target(page, target)),
            _ => String::new(),
        },
        ways,
        href: if has_page(line.kind) { step_address(id, &line.element) } else { String::new() },
        insert,
        attach: match events::kinds_at(line.kind).is_empty() {
            true => String::new(),
            false => events::address_at(id, &line.element),
        },
        up: place(lines, line, -1).is_some(),
        down: place(lines, line, 1).is_some(),
        move_to: format!("{}/verschieben", step_address(id, &line.element)),
        remove: match is_removable {
            true => format!("{}/entfernen", step_address(id, &line.element)),
            false => String::new(),
        },
        is_changed: line.element == changed,
        is_reached: line.is_reached || matches!(line.kind, Kind::Start(On::Nothing)),
    }
}

async fn list_of<'a>(rq: &Req, page: &'a Page, draft: &Draft, changed: &str, error: String) -> Result<List<'a>> {
    let model = read(draft)?;
    let lines = model.outline();
    let last = store::last_step(&mut rq.city.db.read().await?, draft.id).await?;
    let shown = (0..lines.len()).map(|at| line_of(rq, page, draft.id, &model, &lines, at, changed));
    Ok(List {
        page,
        id: draft.id,
        revision: draft.revision,
        lines: shown.collect(),
        last_change: last.map(|step| did(page, &step.what)).unwrap_or_default(),
        error,
        is_open: draft.is_open() && rq.cx.actor.allows(perm::DESIGN),
    })
}

pub async fn list(rq: Req, Path(id): Path<Uuid>, Query(asked): Asked) -> Answer {
    let draft = store::draft(&mut rq.city.db.read().await?, id).await?;
    if draft.is_decision() {
        return rq.see_other(format!("{}/zeichnung", address(id)));
    }
    let page = titled(&rq, &draft);
    let changed = asked.get("geaendert").map_or("", String::as_str);
    rq.html(&list_of(&rq, &page, &draft, changed, String::new()).await?)
}

/// The list with what kept a change from being made.
async fn refused(rq: &Req, id: Uuid, error: String) -> Answer {
    let draft = store::draft(&mut rq.city.db.read().await?, id).await?;
    let mut page = titled(rq, &draft);
    page.invalid = true;
    rq.invalid(&list_of(rq, &page, &draft, "", error).await?)
}

/// What became of a change.
enum Done {
    Saved {
        before: Box<Model>,
        after: Box<Model>,
    },
    /// The model says why not, in German.
    Wrong(String),
    /// Somebody else saved in between.
    Changed,
}

/// Makes changes to a draft and saves it, all or nothing.
async fn apply(rq: &Req, id: Uuid, revision: i64, edits: &[Edit], what: &str) -> Result<Done> {
    let (draft, before) = open(rq, id).await?;
    if draft.revision != revision {
        return Ok(Done::Changed);
    }
    let mut after = before.clone();
    for edit in edits {
        match after.edit(edit) {
            Ok(next) => after = next,
            Err(error) => return Ok(Done::Wrong(error.to_string())),
        }
    }
    let body = after.to_xml();
    if body.len() > service::LONGEST_BODY {
        return Err(Error::refused("processes-too-large"));
    }
    match db::write!(rq.city.db, |tx| { service::save(&rq.cx, tx, id, revision, &body, what).await }) {
        Ok(()) => Ok(Done::Saved { before: Box::new(before), after: Box::new(after) }),
        Err(Error::Conflict(_)) => Ok(Done::Changed),
        Err(other) => Err(other),
    }
}

/// Leads to a step of the list, which is marked as changed.
fn to_step(rq: &Req, id: Uuid, element: &str) -> Answer {
    let (list, element) = (format!("{}/schritte", address(id)), escaped(element));
    rq.see_other(format!("{list}?geaendert={element}#schritt-{element}"))
}

/// `/verschieben`: one place up or down.
pub async fn shift(
    rq: Req,
    Path((id, element)): Path<(Uuid, String)>,
    axum::Form(sent): axum::Form<HashMap<String, String>>,
) -> Answer {
    let page = rq.untitled();
    let (_, model) = open(&rq, id).await?;
    let lines = model.outline();
    let line = lines.iter().find(|line| line.element == element).ok_or(Error::NotFound)?;
    let by = if sent.get("wohin").is_some_and(|to| to == "hoch") { -1 } else { 1 };
    let Some(to) = place(&lines, line, by) else {
        return refused(&rq, id, page.t("processes-cannot-move")).await;
    };
    let revision = sent.get("revision").and_then(|text| text.parse().ok()).unwrap_or(0);
    match apply(&rq, id, revision, &[Edit::Move { element: element.clone(), to }], "moved").await? {
        Done::Saved { .. } => to_step(&rq, id, &element),
        Done::Wrong(error) => refused(&rq, id, error).await,
        Done::Changed => refused(&rq, id, page.t("processes-somebody-saved")).await,
    }
}
