//! What runs, what is stuck, and the button that lets it try again.

use askama::Template;
use axum::extract::Path;
use bpmn::Event;
use house::{Answer, Req};
use kernel::Uuid;
use ui::Page;

use crate::{engine, perm, store};

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview<'a> {
    page: &'a Page,
    usage: Vec<store::Usage>,
    incidents: Vec<store::OpenIncident>,
    dead: Vec<jobs::Dead>,
    may_retry: bool,
}

pub async fn overview(rq: Req) -> Answer {
    let mut rx = rq.city.db.read().await?;
    let page = rq.page("processes-title");
    let template = Overview {
        usage: store::usage(&mut rx).await?,
        incidents: store::open_incidents(&mut rx).await?,
        dead: jobs::dead(&mut rx).await?,
        may_retry: rq.cx.actor.allows(perm::RETRY),
        page: &page,
    };
    rq.html(&template)
}

pub async fn retry_incident(rq: Req, Path(id): Path<Uuid>) -> Answer {
    db::write!(rq.city.db, |tx| {
        let (instance, token) = store::resolve_incident(tx, id, rq.cx.now()).await?;
        let token = u64::try_from(token).map_err(kernel::Error::internal)?;
        engine::advance(&rq.cx, tx, instance, Event::Retry { token }).await
    })?;
    rq.see_other_with("/intern/prozesse", "processes-retried")
}

pub async fn retry_job(rq: Req, Path(id): Path<Uuid>) -> Answer {
    db::write!(rq.city.db, |tx| { jobs::retry(tx, id, rq.cx.now()).await })?;
    rq.see_other_with("/intern/prozesse", "processes-retried")
}
