//! Pages that stand at the foot of every page, and feedback.

use std::sync::Arc;

use askama::Template;
use axum::{Form, extract::Query};
use house::{Answer, Req};
use http::StatusCode;
use kernel::Error;
use serde::Deserialize;
use ui::{Errors, Page};

use super::minutes;
use crate::{
    store::{self, Feedback},
    texts::{self, Block, Document, Span},
};

#[derive(Template)]
#[template(path = "standing.html")]
struct Standing<'a> {
    page: &'a Page,
    document: Arc<Document>,
    untranslated: bool,
}

fn document(rq: &Req, key: &str) -> Answer {
    let (document, untranslated) = texts::document(&rq.city.content, key, rq.cx.lang)?;
    let mut page = rq.untitled();
    page.title.clone_from(&document.title);
    rq.html(&Standing { page: &page, document, untranslated })
}

pub async fn imprint(rq: Req) -> Answer {
    document(&rq, "impressum")
}

pub async fn privacy(rq: Req) -> Answer {
    document(&rq, "datenschutz")
}

pub async fn accessibility(rq: Req) -> Answer {
    document(&rq, "barrierefreiheit")
}

pub async fn contact(rq: Req) -> Answer {
    document(&rq, "kontakt")
}

/// Kinds of feedback, by code.
const KINDS: [&str; 4] = ["barriere", "fehler", "idee", "lob"];
/// Longest message, in characters.
const LONGEST_MESSAGE: usize = 4_000;
/// Longest e-mail address (RFC 5321 section 4.5.3.1.3).
const LONGEST_EMAIL: usize = 254;

#[derive(Deserialize, Default)]
pub struct FeedbackForm {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    reply_to: String,
    /// The page it is about.
    #[serde(default)]
    seite: String,
}

#[derive(Template)]
#[template(path = "feedback.html")]
struct FeedbackPage<'a> {
    page: &'a Page,
    form: FeedbackForm,
    errors: Errors,
}

impl FeedbackPage<'_> {
    fn kinds(&self) -> Vec<ui::Choice> {
        let choice = |code: &&str| {
            ui::Choice::new(*code, self.page.t(&format!("services-feedback-{code}"))).selected(self.form.kind == **code)
        };
        KINDS.iter().map(choice).collect()
    }
}

pub async fn feedback(rq: Req, Query(mut form): Query<FeedbackForm>) -> Answer {
    form.seite.truncate(form.seite.floor_char_boundary(200));
    let page = rq.page("services-feedback-title");
    rq.html(&FeedbackPage { page: &page, form, errors: Errors::new() })
}

pub async fn send_feedback(rq: Req, Form(form): Form<FeedbackForm>) -> Answer {
    let page = rq.page("services-feedback-title");
    let mut errors = Errors::new();
    if !KINDS.contains(&form.kind.as_str()) {
        errors.push("kind", page.t("services-feedback-kind-missing"));
    }
    if form.message.trim().is_empty() {
        errors.push("message", page.t("services-feedback-message-missing"));
    } else if form.message.chars().count() > LONGEST_MESSAGE {
        errors.push("message", page.t1("services-feedback-message-long", "max", LONGEST_MESSAGE));
    }
    let reply_to = form.reply_to.trim();
    if !reply_to.is_empty() && (!reply_to.contains('@') || reply_to.len() > LONGEST_EMAIL) {
        errors.push("reply_to", page.t("services-feedback-reply-wrong"));
    }
    if !errors.is_empty() {
        let page = page.checked(&errors);
        return rq.invalid(&FeedbackPage { page: &page, form, errors });
    }
    let feedback = Feedback {
        kind: form.kind.clone(),
        // Addresses of this site without their query: it may name a person.
        page: form.seite.split('?').next().unwrap_or_default().chars().take(200).collect(),
        message: form.message.trim().to_owned(),
        reply_to: reply_to.to_owned(),
    };
    let most = i64::from(rq.app.config.limits.feedback_per_hour);
    let kept = db::write!(rq.city.db, |tx| {
        rq.city.identity.admit_hourly(tx, &rq.cx, rq.caller, "feedback", 1, most).await?;
        store::add_feedback(tx, &rq.cx, &feedback).await
    });
    if let Err(Error::Throttled { seconds }) = kept {
        errors.push("message", page.t1("services-feedback-exhausted", "wait", minutes(&rq, seconds)));
        let page = page.checked(&errors);
        let mut response = rq.invalid(&FeedbackPage { page: &page, form, errors })?;
        *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        return Ok(response);
    }
    kept?;
    rq.see_other_with("/", "services-feedback-thanks")
}
