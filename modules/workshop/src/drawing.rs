//! The page of the drawing: the text of the draft in a form, which the script turns into a drawing.

use askama::Template;
use axum::Form;
use bpmn::Model;
use house::{Answer, Path, Req};
use http::StatusCode;
use kernel::{Error, Result, Uuid};
use process_rules::rules;
use serde::Deserialize;
use ui::Page;

use super::{
    lint::{self, Finding},
    pages::{address, titled},
    service,
    store::{self, Draft},
};
use crate::perm;

#[derive(Template)]
#[template(path = "drawing.html")]
struct Drawing<'a> {
    page: &'a Page,
    id: Uuid,
    revision: i64,
    is_decision: bool,
    body: String,
    /// The text that somebody else saved in between; empty where nobody did.
    other: String,
    findings: Vec<Finding>,
    /// The text was not saved.
    is_refused: bool,
    may_save: bool,
}

fn drawing<'a>(rq: &Req, page: &'a Page, draft: &Draft, body: String, findings: Vec<Finding>) -> Drawing<'a> {
    Drawing {
        page,
        id: draft.id,
        revision: draft.revision,
        is_decision: draft.is_decision(),
        body,
        other: String::new(),
        findings,
        is_refused: false,
        may_save: draft.is_open() && rq.cx.actor.allows(perm::DESIGN),
    }
}

/// The text with a place on the drawing for every element.
fn drawn(draft: &Draft) -> String {
    if draft.is_decision() {
        return draft.body.clone();
    }
    match Model::parse(&draft.body) {
        Ok(model) => model.with_layout().to_xml(),
        Err(_) => draft.body.clone(),
    }
}

pub async fn show(rq: Req, Path(id): Path<Uuid>) -> Answer {
    let draft = store::draft(&mut rq.city.db.read().await?, id).await?;
    let page = titled(&rq, &draft);
    let findings = lint::of(&rq.app, &rq.city.content, &draft);
    rq.html(&drawing(&rq, &page, &draft, drawn(&draft), findings))
}

#[derive(Deserialize)]
pub struct Sent {
    #[serde(default)]
    revision: i64,
    #[serde(default)]
    body: String,
}

/// What keeps a text from being read at all.
fn unreadable(rq: &Req, draft: &Draft, body: &str) -> Vec<Finding> {
    let errors = match draft.is_decision() {
        true => rules::decision_errors(&rq.app.texts, body),
        false => Model::parse(body).err().unwrap_or_default(),
    };
    let finding = |error: bpmn::ModelError| Finding {
        name: error.name.unwrap_or_default(),
        element: error.element,
        line: error.line,
        column: error.column,
        message: error.message,
    };
    errors.into_iter().map(finding).collect()
}

pub async fn save(rq: Req, Path(id): Path<Uuid>, Form(sent): Form<Sent>) -> Answer {
    let draft = store::draft(&mut rq.city.db.read().await?, id).await?;
    let page = titled(&rq, &draft);
    // Browsers send line ends as CR LF.
    let body = sent.body.replace("\r\n", "\n");
    if body.len() > service::LONGEST_BODY {
        return Err(Error::refused("processes-too-large").into());
    }
    let findings = unreadable(&rq, &draft, &body);
    if !findings.is_empty() {
        let page = Page { invalid: true, ..page };
        let shown = Drawing { is_refused: true, ..drawing(&rq, &page, &draft, body, findings) };
        // Whoever puts it right saves on the text they saw, and not on one that came since.
        return rq.invalid(&Drawing { revision: sent.revision, ..shown });
    }
    let saved: Result<()> =
        db::write!(rq.city.db, |tx| { service::save(&rq.cx, tx, id, sent.revision, &body, "drawn").await });
    match saved {
        Ok(()) => rq.see_other_with(format!("{}/zeichnung", address(id)), "processes-done-saved"),
        Err(Error::Conflict(_)) => {
            let draft = store::draft(&mut rq.city.db.read().await?, id).await?;
            let other = draft.body.clone();
            let shown = Drawing { other, is_refused: true, ..drawing(&rq, &page, &draft, body, Vec::new()) };
            let mut response = rq.html(&shown)?;
            *response.status_mut() = StatusCode::CONFLICT;
            Ok(response)
        }
        Err(other) => Err(other.into()),
    }
}
