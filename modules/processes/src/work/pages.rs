//! Programs outside that do service tasks: which there are, a new one, shutting one out.

use std::collections::BTreeSet;

use askama::Template;
use axum::Form;
use house::{Answer, Path, Req};
use kernel::{Cx, Error, Event, Result, Subject, Uuid, sha256};
use process_rules::{
    load,
    topics::{commands_of, is_topic, topic_of},
};
use serde::{Deserialize, Serialize};
use ui::{Errors, Page};

use super::store::{self, Pending, Worker};

const WORKERS: &str = "/intern/prozesse/arbeiter";
/// Longest name, in characters.
const LONGEST_NAME: usize = 100;
/// Topics of one program.
const MOST_TOPICS: usize = 50;

/// A program outside may do service tasks from now on.
#[derive(Serialize, Deserialize)]
struct WorkerAdded {
    worker: Uuid,
    topics: Vec<String>,
}

impl Event for WorkerAdded {
    const NAME: &'static str = "processes.worker-added";
    fn subject(&self) -> Subject {
        Subject { kind: "worker", id: self.worker }
    }
}

/// A program outside was shut out.
#[derive(Serialize, Deserialize)]
struct WorkerRevoked {
    worker: Uuid,
}

impl Event for WorkerRevoked {
    const NAME: &'static str = "processes.worker-revoked";
    fn subject(&self) -> Subject {
        Subject { kind: "worker", id: self.worker }
    }
}

#[derive(Template)]
#[template(path = "workers.html")]
struct Workers<'a> {
    page: &'a Page,
    workers: Vec<Worker>,
    pending: Vec<Pending>,
    /// Topics that released processes name.
    used: String,
    asked_name: String,
    asked_topics: String,
    errors: Errors,
}

fn topics_hint(page: &Page, used: &str) -> String {
    match used {
        "" => page.t("processes-workers-topics-hint"),
        used => page.t1("processes-workers-topics-hint-used", "topics", used),
    }
}

/// Topics that released processes name.
fn used(rq: &Req) -> String {
    let mut topics = BTreeSet::new();
    for item in rq.city.content.all("processes") {
        if let Ok(model) = rq.city.content.parse(&item, load) {
            topics.extend(commands_of(&model).iter().filter_map(|command| topic_of(command)).map(str::to_owned));
        }
    }
    topics.into_iter().collect::<Vec<_>>().join(", ")
}

async fn shown<'a>(
    rq: &Req,
    page: &'a Page,
    asked_name: String,
    asked_topics: String,
    errors: Errors,
) -> Result<Workers<'a>> {
    let mut rx = rq.city.db.read().await?;
    let (workers, pending) = (store::workers(&mut rx).await?, store::pending(&mut rx).await?);
    Ok(Workers { page, workers, pending, used: used(rq), asked_name, asked_topics, errors })
}

pub async fn list(rq: Req) -> Answer {
    let page = rq.page("processes-workers-title");
    rq.html(&shown(&rq, &page, String::new(), String::new(), Errors::new()).await?)
}

#[derive(Deserialize)]
pub struct NewWorker {
    #[serde(default)]
    name: String,
    #[serde(default, rename = "themen")]
    topics: String,
}

/// The token is on this page only: it is kept as a hash.
#[derive(Template)]
#[template(path = "worker_token.html")]
struct Token<'a> {
    page: &'a Page,
    back: &'static str,
    name: &'a str,
    token: &'a str,
}

pub async fn add(rq: Req, Form(sent): Form<NewWorker>) -> Answer {
    let page = rq.page("processes-workers-title");
    let name: String = sent.name.trim().chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
    let separators = |c: char| c.is_whitespace() || c == ',' || c == ';';
    let topics: BTreeSet<&str> = sent.topics.split(separators).filter(|topic| !topic.is_empty()).collect();
    let mut errors = Errors::new();
    if name.is_empty() {
        errors.push("name", page.t("processes-workers-name-missing"));
    }
    if topics.is_empty() || topics.len() > MOST_TOPICS {
        errors.push("themen", page.t("processes-workers-topics-missing"));
    } else if let Some(wrong) = topics.iter().find(|topic| !is_topic(topic)) {
        errors.push("themen", page.t1("processes-workers-topics-wrong", "topic", *wrong));
    }
    if !errors.is_empty() {
        let page = page.checked(&errors);
        return rq.invalid(&shown(&rq, &page, name, sent.topics.clone(), errors).await?);
    }
    let token = new_token(&rq.cx);
    let worker = Worker {
        id: rq.cx.sources.uuid(),
        name,
        topics: topics.iter().copied().collect::<Vec<_>>().join(" "),
        created_at: rq.cx.now(),
        revoked_at: None,
    };
    let added = WorkerAdded { worker: worker.id, topics: topics.iter().map(|topic| (*topic).to_owned()).collect() };
    db::write!(rq.city.db, |tx| {
        store::add_worker(tx, &worker, sha256(&[token.as_bytes()])).await?;
        journal::emit(tx, &rq.cx, &added).await.map(|_| ())
    })?;
    let page = rq.page("processes-worker-token-title");
    rq.html(&Token { page: &page, back: WORKERS, name: &worker.name, token: &token })
}

/// 256 random bits; the beginning says where it belongs when somebody finds it.
fn new_token(cx: &Cx) -> String {
    let digits = cx.random::<32>().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    format!("meer-arbeiter-{digits}")
}

pub async fn revoke(rq: Req, Path(id): Path<Uuid>) -> Answer {
    db::write!(rq.city.db, |tx| {
        if !store::revoke(tx, id, rq.cx.now()).await? {
            return Err(Error::NotFound);
        }
        store::free(tx, id, rq.cx.now()).await?;
        journal::emit(tx, &rq.cx, &WorkerRevoked { worker: id }).await.map(|_| ())
    })?;
    rq.see_other_with(WORKERS, "processes-worker-revoked")
}
