//! Where somebody is signed in, and signing out.

use askama::Template;
use axum::{Form, response::IntoResponse};
use house::{Answer, Req, clear_session_cookie};
use http::StatusCode;
use identity::{SessionId, SessionLine, session};
use kernel::Error;
use serde::Deserialize;
use ui::Page;

use super::account_page;

#[derive(Template)]
#[template(path = "sessions.html")]
struct SessionsPage<'a> {
    page: &'a Page,
    sessions: Vec<SessionLine>,
    here: Option<SessionId>,
    account: &'static str,
}

impl SessionsPage<'_> {
    fn agent(&self, line: &SessionLine) -> String {
        if line.agent.is_empty() { self.page.t("accounts-session-unknown") } else { line.agent.clone() }
    }

    fn how(&self, line: &SessionLine) -> String {
        let key = if line.source == "password" { "accounts-session-password" } else { "accounts-session-eid" };
        self.page.t(key)
    }

    fn is_here(&self, line: &SessionLine) -> bool {
        self.here == Some(line.id)
    }
}

pub async fn show(rq: Req) -> Answer {
    let sessions = session::list(&mut rq.city.db.read().await?, &rq.cx).await?;
    let page = rq.page("accounts-sessions-title");
    let here = rq.session.as_ref().map(|s| s.id);
    rq.html(&SessionsPage { page: &page, sessions, here, account: account_page(&rq) })
}

#[derive(Deserialize)]
pub struct EndForm {
    /// A session's id, or `andere`: all but this.
    #[serde(default)]
    sitzung: String,
}

pub async fn end(rq: Req, Form(form): Form<EndForm>) -> Answer {
    let here = rq.session.as_ref().map(|s| s.id).ok_or(Error::NotFound)?;
    let db = &rq.city.db;
    if form.sitzung == "andere" {
        db::write!(db, |tx| { session::end_others(tx, &rq.cx, here).await })?;
    } else {
        let id = identity::id_from(&form.sitzung)?;
        db::write!(db, |tx| { session::end(tx, &rq.cx, id).await })?;
    }
    rq.see_other_with(format!("{}/sitzungen", account_page(&rq)), "accounts-session-ended")
}

pub async fn sign_out(rq: Req) -> Answer {
    let staff = rq.cx.actor.staff().is_some();
    if let Some(session) = &rq.session {
        db::write!(rq.city.db, |tx| { session::sign_out(tx, &rq.cx, session.id).await })?;
    }
    let start = if staff { ui::paths::STAFF_SIGN_IN } else { ui::paths::HOME };
    let mut response = rq.see_other_with(start, "accounts-signed-out")?;
    clear_session_cookie(&mut response, &rq)?;
    Ok(response)
}

/// The request itself has renewed the session's time; here the page only learns whether there is one.
pub async fn extend(rq: Req) -> Answer {
    let status = if rq.session.is_some() { StatusCode::NO_CONTENT } else { StatusCode::UNAUTHORIZED };
    Ok(status.into_response())
}
