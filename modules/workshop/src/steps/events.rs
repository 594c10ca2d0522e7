//! Events at a step (boundary events): what happens when its time is over, when it fails, or when a message comes meanwhile.

use askama::Template;
use axum::{Form, extract::Query};
use bpmn::{Edit, Kind, Line, Model, On, Properties};
use house::{Answer, Path, Req};
use kernel::{Error, Uuid};
use ui::{Choice, Errors, Page};

use super::{
    Done, apply,
    edit::{BoundaryPart, Fields, StepPage, added, check_once, conflict, line_of, stops},
    fields::{self, Sent, Values, goal, goals},
    open, to_step, words,
};
use crate::{
    pages::{Asked, address, step_address},
    store::Draft,
};

const DEADLINE: (&str, Kind) = ("frist", Kind::Boundary { on: On::Timer, interrupting: true });
const FAILURE: (&str, Kind) = ("fehler", Kind::Boundary { on: On::Error, interrupting: true });
const MESSAGE: (&str, Kind) = ("nachricht", Kind::Boundary { on: On::Message, interrupting: true });

/// Events that can come at a step of this kind, by the code of the form. Where nothing is waited for none can, and only what
/// the program does fails.
pub fn kinds_at(host: Kind) -> &'static [(&'static str, Kind)] {
    match host {
        Kind::ServiceTask | Kind::SendTask | Kind::CallActivity | Kind::SubProcess => &[DEADLINE, FAILURE, MESSAGE],
        Kind::UserTask | Kind::ReceiveTask => &[DEADLINE, MESSAGE],
        _ => &[],
    }
}

pub fn address_at(id: Uuid, element: &str) -> String {
    format!("{}/ereignis", step_address(id, element))
}

#[derive(Template)]
#[template(path = "attach.html")]
struct AttachPage<'a> {
    page: &'a Page,
    action: String,
    back: String,
    kinds: Vec<Choice>,
}

fn title(rq: &Req, host: &Line) -> Page {
    let mut page = rq.untitled();
    let name = host.name.clone().unwrap_or_else(|| words::kind(&page, host.kind));
    page.title = page.t2("processes-attach-to", "n", host.number.as_str(), "name", name);
    page
}

fn event_page<'a>(
    rq: &Req,
    page: &'a Page,
    (draft, model): (&Draft, &Model),
    host: &Line,
    (code, kind): (&str, Kind),
    sent: &Sent,
    errors: Errors,
) -> StepPage<'a> {
    let values = Values::of_sent(sent);
    let on = if let Kind::Boundary { on, .. } = kind { on } else { On::Other };
    let boundary = BoundaryPart {
        code: code.to_owned(),
        stops: stops(page, on, &values),
        targets: goals(page, &model.outline(), host.inside.as_deref(), &values.target),
        end_name: values.end_name.clone(),
    };
    let mut shown = fields::shown(rq, page, model, "", kind, values, &errors);
    // What a message hands out is said at the event, once it is there.
    shown.asks.outputs = false;
    StepPage {
        page,
        revision: draft.revision,
        action: address_at(draft.id, &host.element),
        kind: words::kind(page, kind),
        back: format!("{}/schritte#{}", address(draft.id), super::anchor(&host.element)),
        shown,
        errors,
        problem: String::new(),
        inserting: None,
        gateway: None,
        boundary: Some(boundary),
    }
}

/// First asks for the kind of event, then for what it is to do.
pub async fn new_event(rq: Req, Path((id, element)): Path<(Uuid, String)>, Query(asked): Asked) -> Answer {
    let (draft, model) = open(&rq, id).await?;
    let lines = model.outline();
    let host = line_of(&lines, &element)?;
    let page = title(&rq, host);
    let kinds = kinds_at(host.kind);
    let code = asked.get("art").map_or("", String::as_str);
    if let Some(&event) = kinds.iter().find(|(known, _)| *known == code) {
        let (sent, errors) = (Sent::default(), Errors::new());
        return rq.html(&event_page(&rq, &page, (&draft, &model), host, event, &sent, errors));
    }
    if kinds.is_empty() {
        return Err(Error::NotFound.into());
    }
    let choices = kinds.iter().enumerate().map(|(at, (code, kind))| {
        let choice = Choice::new(*code, words::kind(&page, *kind));
        let hint = match *code {
            "frist" => page.t("processes-attach-deadline-hint"),
            "fehler" => page.t("processes-attach-failure-hint"),
            _ => page.t("processes-attach-message-hint"),
        };
        choice.hint(hint).selected(at == 0)
    });
    rq.html(&AttachPage {
        page: &page,
        action: address_at(id, &element),
        back: format!("{}/schritte#{}", address(id), super::anchor(&element)),
        kinds: choices.collect(),
    })
}

pub async fn attach(rq: Req, Path((id, element)): Path<(Uuid, String)>, Form(sent): Fields) -> Answer {
    let sent = Sent::new(sent);
    let (draft, model) = open(&rq, id).await?;
    let lines = model.outline();
    let host = line_of(&lines, &element)?;
    let page = title(&rq, host);
    let known = kinds_at(host.kind).iter().find(|(code, _)| *code == sent.of("art"));
    let event = *known.ok_or(Error::NotFound)?;
    let values = Values::of_sent(&sent);
    let mut errors = Errors::new();
    let (host_id, name, target) = (element.clone(), sent.some("name"), goal(&sent));
    let interrupting = values.stops(true);
    let edit = if event.0 == DEADLINE.0 {
        let time = values.times.time(&page, &mut errors);
        if let Some(time) = &time {
            check_once(&page, time, interrupting, &mut errors);
        }
        time.map(|time| Edit::AddTimer { host: host_id, name, time, interrupting, target })
    } else if event.0 == FAILURE.0 {
        Some(Edit::AddError { host: host_id, name, code: values.code(), target })
    } else {
        let said = values.properties(&page, event.1, Properties::default(), &mut errors);
        if said.message.is_none() {
            errors.push("nachricht", page.t("processes-message-missing"));
        }
        let (message, key) = (said.message.unwrap_or_default(), said.key);
        Some(Edit::AddMessage { host: host_id, name, message, key, interrupting, target })
    };
    let Some(edit) = edit.filter(|_| errors.is_empty()) else {
        let page = page.checked(&errors);
        return rq.invalid(&event_page(&rq, &page, (&draft, &model), host, event, &sent, errors));
    };
    match apply(&rq, id, sent.revision(), &[edit], "attached").await? {
        Done::Saved { before, after } => to_step(&rq, id, &added(&before, &after)),
        Done::Wrong(problem) => {
            let shown = event_page(&rq, &page, (&draft, &model), host, event, &sent, errors);
            rq.invalid(&StepPage { problem, ..shown })
        }
        Done::Changed => {
            let shown = event_page(&rq, &page, (&draft, &model), host, event, &sent, errors);
            conflict(&rq, &StepPage { problem: page.t("processes-changed-meanwhile"), ..shown })
        }
    }
}
