//! Results and timers as durable jobs: applied once, retried when something is down.

use bpmn::{Event, Vars};
use house::InCity;
use jobs::Job;
use kernel::{Cx, Result, TaskToken, Uuid};
use serde::{Deserialize, Serialize};

use crate::{engine, store};

/// Applies the result of a waiting task.
#[derive(Serialize, Deserialize)]
pub struct Advance {
    pub token: TaskToken,
    pub vars: Vars,
    pub failed: Option<String>,
}

impl Job for Advance {
    const NAME: &'static str = "processes.advance";

    fn task(&self) -> Option<TaskToken> {
        Some(self.token)
    }
}

pub async fn advance(cx: Cx, job: Advance) -> Result<()> {
    let city = cx.city()?;
    let event = match job.failed {
        Some(code) => Event::Failed { token: job.token.token, code },
        None => Event::Completed { token: job.token.token, vars: job.vars },
    };
    db::write!(city.db, |tx| { engine::advance(&cx, tx, job.token.instance, event.clone()).await })
}

/// Fires a timer that is due.
#[derive(Serialize, Deserialize)]
pub struct Fire {
    pub instance: Uuid,
    pub token: u64,
}

impl Job for Fire {
    const NAME: &'static str = "processes.fire";

    fn task(&self) -> Option<TaskToken> {
        Some(TaskToken { instance: self.instance, token: self.token })
    }
}

pub async fn fire(cx: Cx, job: Fire) -> Result<()> {
    let city = cx.city()?;
    db::write!(city.db, |tx| {
        let token = i64::try_from(job.token).map_err(kernel::Error::internal)?;
        // A cancelled timer has no row; its job finds nothing to do.
        if store::timer(tx, job.instance, token).await?.is_none() {
            return Ok(());
        }
        engine::advance(&cx, tx, job.instance, Event::TimerFired { token: job.token }).await?;
        store::drop_timer(tx, job.instance, token).await
    })
}
