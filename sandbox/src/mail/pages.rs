//! Pages and JSON of the mail sink.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;

use super::Mail;
use crate::app::App;
use crate::http::{AppState, Problem, json};
use crate::pages::{self, local_time};

pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/mail", get(list))
        .route("/mail/{id}", get(show))
        .route("/mail/{id}/quelltext", get(source))
        .route("/mail/api", get(api).delete(clear))
}

#[derive(Deserialize)]
pub struct ListQuery {
    to: Option<String>,
    limit: Option<usize>,
}

/// `GET /mail/api?to=&limit=`: newest first.
async fn api(State(app): AppState, Query(query): Query<ListQuery>) -> Response {
    let limit = query.limit.unwrap_or(100).min(1000);
    json(StatusCode::OK, &app.mailbox.list(query.to.as_deref(), limit))
}

/// `DELETE /mail/api`
async fn clear(State(app): AppState) -> StatusCode {
    app.mailbox.clear();
    StatusCode::NO_CONTENT
}

/// `GET /mail`: mails by recipient.
async fn list(State(app): AppState, Query(query): Query<ListQuery>) -> Response {
    let mut by_address: BTreeMap<String, Vec<pages::MailRow>> = BTreeMap::new();
    for mail in app.mailbox.list(query.to.as_deref(), 500) {
        for address in &mail.to {
            let row =
                pages::MailRow { id: mail.id, received_at: local_time(mail.received_at), subject: subject_of(&mail) };
            by_address.entry(address.to_lowercase()).or_default().push(row);
        }
    }
    pages::render(StatusCode::OK, &pages::MailList { addresses: by_address.into_iter().collect() })
}

fn subject_of(mail: &Mail) -> String {
    if mail.subject.trim().is_empty() { "(ohne Betreff)".to_owned() } else { mail.subject.clone() }
}

/// `GET /mail/{id}`
async fn show(State(app): AppState, Path(id): Path<String>) -> Response {
    let Some(mail) = id.parse().ok().and_then(|id| app.mailbox.get(id)) else {
        return pages::message(StatusCode::NOT_FOUND, "E-Mail nicht gefunden", "Diese E-Mail gibt es nicht mehr.");
    };
    let page = pages::MailPage {
        subject: subject_of(&mail),
        received_at: local_time(mail.received_at),
        to: mail.to.join(", "),
        pieces: pieces(&mail.text),
        mail: &mail,
    };
    pages::render(StatusCode::OK, &page)
}

/// Splits a text into runs and web addresses, so that the page can offer the links of a mail.
fn pieces(text: &str) -> Vec<pages::Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = ["http://", "https://"].iter().filter_map(|scheme| rest.find(scheme)).min() {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c: char| c.is_whitespace() || "<>\"'".contains(c)).unwrap_or(from.len());
        let link = from[..end].trim_end_matches(['.', ',', ';', ':', ')', '!', '?']);
        pieces.push(pages::Piece { text: before.to_owned(), link: false });
        pieces.push(pages::Piece { text: link.to_owned(), link: true });
        rest = &from[link.len()..];
    }
    pieces.push(pages::Piece { text: rest.to_owned(), link: false });
    pieces
}

/// `GET /mail/{id}/quelltext`: the message as received.
async fn source(State(app): AppState, Path(id): Path<String>) -> Result<Response, Problem> {
    let mail = id.parse().ok().and_then(|id| app.mailbox.get(id)).ok_or_else(|| Problem::not_found("no such mail"))?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], mail.raw).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_without_the_punctuation_around_them() {
        let found: Vec<(String, bool)> = pieces("Siehe <http://localhost/a?b=1>, oder https://localhost/c.")
            .into_iter()
            .map(|p| (p.text, p.link))
            .collect();
        let expected = [
            ("Siehe <", false),
            ("http://localhost/a?b=1", true),
            (">, oder ", false),
            ("https://localhost/c", true),
            (".", false),
        ];
        assert_eq!(found, expected.map(|(text, link)| (text.to_owned(), link)));
    }
}
