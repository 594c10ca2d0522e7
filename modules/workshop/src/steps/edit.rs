//! The pages of one step and of one way.

use askama::Template;
use axum::{Form, extract::Query};
use bpmn::{Edit, Goal, Kind, Line, Model, NewStep, On, Properties, Time};
use house::{Answer, Path, Req};
use http::StatusCode;
use kernel::{Error, Result, Uuid};
use ui::{Choice, Errors, Page, paths::escaped};

use super::{
    Done, apply,
    fields::{self, STEPS, Sent, Shown, Values, goal, goals, step_kind},
    is_activity, is_gateway, open, refused, to_step, words,
};
use crate::{
    condition::{self, COMPARISONS},
    pages::{Asked, address, step_address},
    store::Draft,
};

/// What a form sent, as axum reads it.
pub(super) type Fields = Form<Vec<(String, String)>>;

/// The part of a form that puts a condition together.
struct ConditionView {
    variables: Vec<Choice>,
    comparisons: Vec<Choice>,
    value: String,
    feel: String,
}

impl ConditionView {
    /// Whether the fields that put it together are in use.
    fn is_built(&self) -> bool {
        !self.value.is_empty()
    }
}

fn condition_view(rq: &Req, page: &Page, model: &Model, sent: &Sent, feel: &str) -> ConditionView {
    let variables = condition::variables(&rq.city.content, model).into_iter().map(|name| {
        let label = match name.as_str() {
            condition::FEE => page.t1("processes-variable-fee", "name", name.as_str()),
            _ => name.clone(),
        };
        let selected = sent.of("variable") == name;
        Choice::new(name, label).selected(selected)
    });
    let texts = [
        page.t("processes-more"),
        page.t("processes-at-least"),
        page.t("processes-less"),
        page.t("processes-at-most"),
        page.t("processes-equal"),
        page.t("processes-unequal"),
    ];
    let comparisons = COMPARISONS.into_iter().zip(texts).map(|((code, _), text)| {
        let selected = sent.of("vergleich") == code;
        Choice::new(code, text).selected(selected)
    });
    ConditionView {
        variables: variables.collect(),
        comparisons: comparisons.collect(),
        value: sent.of("wert").to_owned(),
        feel: feel.to_owned(),
    }
}

/// The condition that a form sent: the parts win where a value stands, otherwise the expression.
fn condition_sent(page: &Page, sent: &Sent, errors: &mut Errors) -> Option<String> {
    if !sent.of("wert").is_empty() {
        let built = condition::built(sent.of("variable"), sent.of("vergleich"), sent.of("wert"));
        if built.is_none() {
            errors.push("variable", page.t("processes-condition-parts"));
        }
        return built;
    }
    let feel = sent.some("feel")?;
    let feel = feel.trim_start_matches('=').trim().to_owned();
    if let Some(fault) = condition::fault(page, &feel) {
        errors.push("feel", page.t1("processes-feel-wrong", "fault", fault));
    }
    Some(feel)
}

pub(super) fn line_of<'l>(lines: &'l [Line], element: &str) -> Result<&'l Line> {
    lines.iter().find(|line| line.element == element).ok_or(Error::NotFound)
}

#[derive(Template)]
#[template(path = "step.html")]
pub(super) struct StepPage<'a> {
    pub page: &'a Page,
    pub revision: i64,
    pub action: String,
    pub kind: String,
    pub back: String,
    pub shown: Shown,
    pub errors: Errors,
    /// What keeps the change from being made, or that somebody else saved.
    pub problem: String,
    /// The fields that only a new step has.
    pub inserting: Option<Inserting>,
    /// Ways out of a gateway can be added.
    pub gateway: Option<GatewayPart>,
    /// What only an event at a step has.
    pub boundary: Option<BoundaryPart>,
}

pub(super) struct Inserting {
    way: String,
    after: String,
    code: String,
    is_conditional: bool,
    condition: ConditionView,
    question: String,
    yes: String,
    no: String,
}

pub(super) struct GatewayPart {
    action: String,
    condition: ConditionView,
    targets: Vec<Choice>,
}

/// An event at a step: whether it ends the step, and how it goes on.
pub(super) struct BoundaryPart {
    /// Code of the form for a new event; empty for one that is there.
    pub code: String,
    /// Empty where it always ends the step.
    pub stops: Vec<Choice>,
    /// Empty where not exactly one way goes out from it.
    pub targets: Vec<Choice>,
    pub end_name: String,
}

/// Whether an event at a step ends it; nothing to choose for errors, which always do.
pub(super) fn stops(page: &Page, on: On, values: &Values) -> Vec<Choice> {
    if on == On::Error {
        return Vec::new();
    }
    let stops = values.stops(true);
    vec![
        Choice::new("ja", page.t("processes-event-stops")).selected(stops),
        Choice::new("nein", page.t("processes-event-goes-on")).selected(!stops),
    ]
}

/// What ends its step comes once: the list must not promise more.
pub(super) fn check_once(page: &Page, time: &Time, stops: bool, errors: &mut Errors) {
    if stops && matches!(time, Time::Cycle(_)) {
        errors.push("abbruch", page.t("processes-event-once"));
    }
}

fn boundary_part(page: &Page, lines: &[Line], line: &Line, values: &Values) -> Option<BoundaryPart> {
    let Kind::Boundary { on, .. } = line.kind else { return None };
    let targets = match line.ways.as_slice() {
        [_] => goals(page, lines, line.inside.as_deref(), &values.target),
        _ => Vec::new(),
    };
    let stops = stops(page, on, values);
    Some(BoundaryPart { code: String::new(), stops, targets, end_name: values.end_name.clone() })
}

fn step_page<'a>(
    rq: &Req,
    page: &'a Page,
    (draft, model): (&Draft, &Model),
    line: &Line,
    values: Values,
    errors: Errors,
) -> StepPage<'a> {
    let lines = model.outline();
    let gateway = is_gateway(line.kind).then(|| GatewayPart {
        action: format!("{}/weg", step_address(draft.id, &line.element)),
        condition: condition_view(rq, page, model, &Sent::default(), ""),
        targets: goals(page, &lines, line.inside.as_deref(), ""),
    });
    let boundary = boundary_part(page, &lines, line, &values);
    StepPage {
        page,
        revision: draft.revision,
        action: step_address(draft.id, &line.element),
        kind: words::kind(page, line.kind),
        back: format!("{}/schritte#{}", address(draft.id), super::anchor(&line.element)),
        shown: fields::shown(rq, page, model, &line.element, line.kind, values, &errors),
        errors,
        problem: String::new(),
        inserting: None,
        gateway,
        boundary,
    }
}

fn step_title(rq: &Req, line: &Line) -> Page {
    let mut page = rq.untitled();
    let name = line.name.clone().unwrap_or_else(|| words::kind(&page, line.kind));
    page.title = page.t2("processes-step-of", "n", line.number.as_str(), "name", name);
    page
}

pub async fn step(rq: Req, Path((id, element)): Path<(Uuid, String)>) -> Answer {
    let (draft, model) = open(&rq, id).await?;
    let lines = model.outline();
    let line = line_of(&lines, &element)?;
    let page = step_title(&rq, line);
    let values = Values::of_model(&model, line);
    rq.html(&step_page(&rq, &page, (&draft, &model), line, values, Errors::new()))
}

/// What somebody sent goes back to them with the status of a conflict, on the text that the other one saved.
pub(super) fn conflict(rq: &Req, template: &impl Template) -> Answer {
    let mut response = rq.html(template)?;
    *response.status_mut() = StatusCode::CONFLICT;
    Ok(response)
}

pub async fn change(rq: Req, Path((id, element)): Path<(Uuid, String)>, Form(sent): Fields) -> Answer {
    let sent = Sent::new(sent);
    let (draft, model) = open(&rq, id).await?;
    let lines = model.outline();
    let line = line_of(&lines, &element)?;
    let page = step_title(&rq, line);
    let values = Values::of_sent(&sent);
    let mut errors = Errors::new();
    let mut edits = Vec::new();
    if line.name.as_deref().unwrap_or_default() != values.name {
        if values.name.is_empty() && is_activity(line.kind) {
            errors.push("name", page.t("processes-name-missing"));
        }
        edits.push(Edit::Rename { element: element.clone(), name: values.name.clone() });
    }
    let asks = fields::Asks::of(line.kind);
    let before = model.properties(&element).unwrap_or_default();
    if asks.is_something() {
        let properties = values.properties(&page, line.kind, before.clone(), &mut errors);
        if properties != before {
            edits.push(Edit::SetProperties { element: element.clone(), properties });
        }
    }
    if asks.time
        && let Some(time) = values.times.time(&page, &mut errors)
    {
        let is_changed = model.time(&element).as_ref() != Some(&time);
        if let Kind::Boundary { interrupting, .. } = line.kind {
            let stops = values.stops(interrupting);
            // What was drawn so can still be renamed.
            if is_changed || stops != interrupting {
                check_once(&page, &time, stops, &mut errors);
            }
        }
        if is_changed {
            edits.push(Edit::SetTime { element: element.clone(), time });
        }
    }
    if asks.error && values.code() != model.error_code(&element) {
        edits.push(Edit::SetError { element: element.clone(), code: values.code() });
    }
    if let Kind::Boundary { on, interrupting } = line.kind {
        let stops = values.stops(interrupting);
        if on != On::Error && stops != interrupting {
            edits.push(Edit::SetInterrupting { element: element.clone(), interrupting: stops });
        }
        if let ([way], false) = (line.ways.as_slice(), values.target.is_empty())
            && goal(&sent) != Goal::Element(way.target.element.clone())
        {
            edits.push(Edit::Redirect { flow: way.flow.clone(), target: goal(&sent) });
        }
    }
    if !errors.is_empty() {
        let page = page.checked(&errors);
        return rq.invalid(&step_page(&rq, &page, (&draft, &model), line, values, errors));
    }
    match apply(&rq, id, sent.revision(), &edits, "edited").await? {
        Done::Saved { .. } => to_step(&rq, id, &element),
        Done::Wrong(problem) => {
            let shown = step_page(&rq, &page, (&draft, &model), line, values, errors);
            rq.invalid(&StepPage { problem, ..shown })
        }
        Done::Changed => {
            let shown = step_page(&rq, &page, (&draft, &model), line, values, errors);
            conflict(&rq, &StepPage { problem: page.t("processes-changed-meanwhile"), ..shown })
        }
    }
}

#[derive(Template)]
#[template(path = "insert.html")]
struct InsertPage<'a> {
    page: &'a Page,
    id: Uuid,
    way: String,
    after: String,
    kinds: Vec<Choice>,
    whens: Vec<Choice>,
    back: String,
}

/// The kind of a new step by its code.
fn kind_of(code: &str) -> Option<Kind> {
    STEPS.into_iter().find(|(known, _)| *known == code).map(|(_, kind)| kind)
}

/// Where a step is inserted.
struct Place {
    way: String,
    after: String,
}

impl Place {
    /// # Errors
    /// `NotFound` for a way or step that the process does not have.
    fn of(lines: &[Line], way: &str, after: &str) -> Result<Self> {
        let is_way = lines.iter().flat_map(|line| &line.ways).any(|known| known.flow == way);
        let is_step = way.is_empty() && lines.iter().any(|line| line.element == after);
        if is_way || is_step { Ok(Self { way: way.to_owned(), after: after.to_owned() }) } else { Err(Error::NotFound) }
    }

    fn is_conditional(&self, asked: &str) -> bool {
        !self.way.is_empty() && asked == "bedingt"
    }
}

fn new_page<'a>(
    rq: &Req,
    page: &'a Page,
    (draft, model): (&Draft, &Model),
    (place, code, kind): (&Place, &str, Kind),
    sent: &Sent,
    errors: Errors,
) -> StepPage<'a> {
    let values = Values::of_sent(sent);
    let feel = sent.of("feel").to_owned();
    StepPage {
        page,
        revision: draft.revision,
        action: format!("{}/schritte/neu", address(draft.id)),
        kind: words::kind(page, kind),
        back: format!("{}/schritte", address(draft.id)),
        shown: fields::shown(rq, page, model, "", kind, values, &errors),
        errors,
        problem: String::new(),
        inserting: Some(Inserting {
            way: place.way.clone(),
            after: place.after.clone(),
            code: code.to_owned(),
            is_conditional: place.is_conditional(sent.of("wann")),
            condition: condition_view(rq, page, model, sent, &feel),
            question: sent.of("frage").to_owned(),
            yes: sent.of("ja").to_owned(),
            no: sent.of("nein").to_owned(),
        }),
        gateway: None,
        boundary: None,
    }
}

/// First asks for the kind of step, then for what it is to do.
pub async fn new_step(rq: Req, Path(id): Path<Uuid>, Query(asked): Asked) -> Answer {
    let (draft, model) = open(&rq, id).await?;
    let lines = model.outline();
    let of = |field: &str| asked.get(field).map_or("", String::as_str);
    let place = Place::of(&lines, of("weg"), of("nach"))?;
    let page = rq.page("processes-insert");
    if let Some(kind) = kind_of(of("art")) {
        let sent = Sent::new(vec![("wann".to_owned(), of("wann").to_owned())]);
        return rq.html(&new_page(&rq, &page, (&draft, &model), (&place, of("art"), kind), &sent, Errors::new()));
    }
    let kinds = STEPS.map(|(code, kind)| Choice::new(code, words::kind(&page, kind)).selected(code == "aufgabe"));
    let whens = [("immer", page.t("processes-always")), ("bedingt", page.t("processes-conditionally"))];
    let whens = whens.map(|(code, text)| Choice::new(code, text).selected(code == "immer"));
    rq.html(&InsertPage {
        page: &page,
        id,
        kinds: kinds.to_vec(),
        whens: if place.way.is_empty() { Vec::new() } else { whens.to_vec() },
        way: place.way,
        after: place.after,
        back: format!("{}/schritte", address(id)),
    })
}

pub async fn insert(rq: Req, Path(id): Path<Uuid>, Form(sent): Fields) -> Answer {
    let sent = Sent::new(sent);
    let (draft, model) = open(&rq, id).await?;
    let lines = model.outline();
    let page = rq.page("processes-insert");
    let code = sent.of("art").to_owned();
    let kind = kind_of(&code).ok_or(Error::NotFound)?;
    let Ok(place) = Place::of(&lines, sent.of("weg"), sent.of("nach")) else {
        return refused(&rq, id, page.t("processes-somebody-saved")).await;
    };
    let mut errors = Errors::new();
    let is_conditional = place.is_conditional(sent.of("wann"));
    let condition = if is_conditional { condition_sent(&page, &sent, &mut errors) } else { None };
    if is_conditional && condition.is_none() && errors.is_empty() {
        errors.push("variable", page.t("processes-condition-missing"));
    }
    let values = Values::of_sent(&sent);
    if values.name.is_empty() {
        errors.push("name", page.t("processes-name-missing"));
    }
    let properties = values.properties(&page, kind, Properties::default(), &mut errors);
    let time = if fields::Asks::of(kind).time { values.times.time(&page, &mut errors) } else { None };
    let at = (&place, code.as_str(), kind);
    let Some(step_kind) = step_kind(kind, time).filter(|_| errors.is_empty()) else {
        let page = page.checked(&errors);
        return rq.invalid(&new_page(&rq, &page, (&draft, &model), at, &sent, errors));
    };
    let step = NewStep { kind: step_kind, name: values.name, properties };
    let edit = match condition {
        Some(condition) => Edit::InsertDecision {
            flow: place.way.clone(),
            question: sent.some("frage"),
            condition,
            yes: sent.some("ja"),
            no: sent.some("nein"),
            step,
        },
        None if place.way.is_empty() => Edit::InsertAfter { element: place.after.clone(), step },
        None => Edit::InsertOn { flow: place.way.clone(), step },
    };
    match apply(&rq, id, sent.revision(), &[edit], "inserted").await? {
        Done::Saved { before, after } => to_step(&rq, id, &added(&before, &after)),
        Done::Wrong(problem) => {
            let shown = new_page(&rq, &page, (&draft, &model), at, &sent, errors);
            rq.invalid(&StepPage { problem, ..shown })
        }
        Done::Changed => {
            let shown = new_page(&rq, &page, (&draft, &model), at, &sent, errors);
            conflict(&rq, &StepPage { problem: page.t("processes-changed-meanwhile"), ..shown })
        }
    }
}

/// The step, or the event that waits or hangs at one, that was not there before.
pub(super) fn added(before: &Model, after: &Model) -> String {
    let old = before.outline();
    let is_new = |line: &Line| old.iter().all(|other| other.element != line.element);
    let is_step = |kind: Kind| is_activity(kind) || matches!(kind, Kind::Catch(_) | Kind::Boundary { .. });
    let found = after.outline().into_iter().find(|line| is_new(line) && is_step(line.kind));
    found.map(|line| line.element).unwrap_or_default()
}

#[derive(Template)]
#[template(path = "remove.html")]
struct RemovePage<'a> {
    page: &'a Page,
    action: String,
    back: String,
    revision: i64,
    text: String,
}

pub async fn ask_remove(rq: Req, Path((id, element)): Path<(Uuid, String)>) -> Answer {
    let (draft, model) = open(&rq, id).await?;
    let lines = model.outline();
    let line = line_of(&lines, &element)?;
    let page = rq.page("processes-remove-title");
    let name = line.name.clone().unwrap_or_else(|| words::kind(&page, line.kind));
    rq.html(&RemovePage {
        page: &page,
        action: format!("{}/entfernen", step_address(id, &element)),
        back: format!("{}/schritte#{}", address(id), super::anchor(&element)),
        revision: draft.revision,
        text: page.t2("processes-remove-text", "n", line.number.as_str(), "name", name),
    })
}

pub async fn remove(rq: Req, Path((id, element)): Path<(Uuid, String)>, Form(sent): Fields) -> Answer {
    let sent = Sent::new(sent);
    let (_, model) = open(&rq, id).await?;
    let lines = model.outline();
    let at = lines.iter().position(|line| line.element == element).ok_or(Error::NotFound)?;
    let before = at.checked_sub(1).map(|at| lines[at].element.clone());
    let edit = match lines[at].kind {
        Kind::Boundary { .. } => Edit::RemoveBoundary { element: element.clone() },
        _ => Edit::Remove { element: element.clone() },
    };
    match apply(&rq, id, sent.revision(), &[edit], "removed").await? {
        // The step is gone: the one before it is where the work goes on.
        Done::Saved { .. } => to_step(&rq, id, &before.unwrap_or_default()),
        Done::Wrong(problem) => refused(&rq, id, problem).await,
        Done::Changed => refused(&rq, id, rq.untitled().t("processes-somebody-saved")).await,
    }
}

#[derive(Template)]
#[template(path = "way.html")]
struct WayPage<'a> {
    page: &'a Page,
    revision: i64,
    action: String,
    back: String,
    text: String,
    /// Name of the way, as typed or as it is.
    typed: String,
    is_default: bool,
    condition: ConditionView,
    targets: Vec<Choice>,
    errors: Errors,
    problem: String,
}

struct Found<'l> {
    line: &'l Line,
    way: &'l bpmn::Way,
}

fn way_in<'l>(lines: &'l [Line], flow: &str) -> Result<Found<'l>> {
    let found = lines.iter().find_map(|line| {
        let way = line.ways.iter().find(|way| way.flow == flow)?;
        Some(Found { line, way })
    });
    found.ok_or(Error::NotFound)
}

fn way_page<'a>(
    rq: &Req,
    page: &'a Page,
    (draft, model, lines): (&Draft, &Model, &[Line]),
    found: &Found<'_>,
    sent: Option<&Sent>,
    errors: Errors,
) -> WayPage<'a> {
    let said = condition::one_line(found.way.condition.as_deref().unwrap_or_default());
    let blank = Sent::default();
    let target = sent.map_or(found.way.target.element.as_str(), |sent| sent.of("ziel"));
    WayPage {
        page,
        revision: draft.revision,
        action: format!("{}/weg/{}", address(draft.id), escaped(&found.way.flow)),
        back: format!("{}/schritte#{}", address(draft.id), super::anchor(&found.line.element)),
        text: words::way(page, found.way),
        typed: sent.map_or_else(|| found.way.name.clone().unwrap_or_default(), |sent| sent.of("name").to_owned()),
        is_default: sent.map_or(found.way.is_default, |sent| sent.of("sonst") == "ja"),
        condition: condition_view(
            rq,
            page,
            model,
            sent.unwrap_or(&blank),
            sent.map_or(said.as_str(), |sent| sent.of("feel")),
        ),
        targets: goals(page, lines, found.line.inside.as_deref(), target),
        errors,
        problem: String::new(),
    }
}

fn way_title(rq: &Req, found: &Found<'_>) -> Page {
    let mut page = rq.untitled();
    let from = found.line.name.clone().unwrap_or_else(|| words::kind(&page, found.line.kind));
    page.title = page.t2("processes-way-of", "n", found.line.number.as_str(), "name", from);
    page
}

pub async fn way(rq: Req, Path((id, flow)): Path<(Uuid, String)>) -> Answer {
    let (draft, model) = open(&rq, id).await?;
    let lines = model.outline();
    let found = way_in(&lines, &flow)?;
    let page = way_title(&rq, &found);
    rq.html(&way_page(&rq, &page, (&draft, &model, &lines), &found, None, Errors::new()))
}

pub async fn change_way(rq: Req, Path((id, flow)): Path<(Uuid, String)>, Form(sent): Fields) -> Answer {
    let sent = Sent::new(sent);
    let (draft, model) = open(&rq, id).await?;
    let lines = model.outline();
    let found = way_in(&lines, &flow)?;
    let page = way_title(&rq, &found);
    let mut errors = Errors::new();
    let mut edits = Vec::new();
    if sent.of("aktion") == "entfernen" {
        edits.push(Edit::RemoveWay { flow: flow.clone() });
    } else {
        let is_default = sent.of("sonst") == "ja";
        let condition = if is_default { None } else { condition_sent(&page, &sent, &mut errors) };
        let condition = condition.map(|sent| condition::kept(found.way.condition.as_deref(), &sent));
        edits.push(Edit::SetWay { flow: flow.clone(), name: sent.some("name"), condition, is_default });
        let target = sent.of("ziel");
        if !target.is_empty() && target != found.way.target.element {
            edits.push(Edit::Redirect { flow: flow.clone(), target: goal(&sent) });
        }
    }
    let at = (&draft, &model, lines.as_slice());
    if !errors.is_empty() {
        let page = page.checked(&errors);
        return rq.invalid(&way_page(&rq, &page, at, &found, Some(&sent), errors));
    }
    match apply(&rq, id, sent.revision(), &edits, "way").await? {
        Done::Saved { .. } => to_step(&rq, id, &found.line.element),
        Done::Wrong(problem) => {
            let shown = way_page(&rq, &page, at, &found, Some(&sent), errors);
            rq.invalid(&WayPage { problem, ..shown })
        }
        Done::Changed => {
            let shown = way_page(&rq, &page, at, &found, Some(&sent), errors);
            conflict(&rq, &WayPage { problem: page.t("processes-changed-meanwhile"), ..shown })
        }
    }
}

/// One more way out of a gateway.
pub async fn add_way(rq: Req, Path((id, gateway)): Path<(Uuid, String)>, Form(sent): Fields) -> Answer {
    let sent = Sent::new(sent);
    let page = rq.untitled();
    let mut errors = Errors::new();
    let condition = condition_sent(&page, &sent, &mut errors);
    if let Some(error) = errors.iter().next() {
        return refused(&rq, id, error.text.clone()).await;
    }
    let edit = Edit::AddWay { gateway: gateway.clone(), name: sent.some("name"), condition, target: goal(&sent) };
    match apply(&rq, id, sent.revision(), &[edit], "way").await? {
        Done::Saved { .. } => to_step(&rq, id, &gateway),
        Done::Wrong(problem) => refused(&rq, id, problem).await,
        Done::Changed => refused(&rq, id, page.t("processes-somebody-saved")).await,
    }
}
