//! The jobs of all modules and their schedules.

use std::{collections::HashMap, sync::Arc};

use kernel::{Cx, Error, Result};
use serde_json::Value;

use crate::BoxFuture;

pub type JobHandler<J> = fn(Cx, J) -> BoxFuture<'static, Result<()>>;
pub(crate) type Run = Arc<dyn Fn(Cx, Value) -> BoxFuture<'static, Result<()>> + Send + Sync>;

#[derive(Default)]
pub struct Jobs {
    module: &'static str,
    pub(crate) handlers: HashMap<&'static str, (Run, u32)>,
    pub(crate) schedules: Vec<Scheduled>,
}

pub(crate) struct Scheduled {
    pub name: &'static str,
    pub cron: &'static str,
    pub body: Value,
    pub priority: i64,
}

impl Jobs {
    pub(crate) fn enter(&mut self, module: &'static str) {
        self.module = module;
    }

    pub fn on<J: jobs::Job>(&mut self, handler: JobHandler<J>) -> &mut Self {
        let module = self.module;
        let run: Run = Arc::new(move |mut cx: Cx, body| {
            Box::pin(async move {
                let job: J =
                    serde_json::from_value(body).map_err(|e| Error::internal(format!("job {}: {e}", J::NAME)))?;
                cx.actor.via = vec![module];
                handler(cx, job).await
            })
        });
        self.handlers.insert(J::NAME, (run, J::MAX_ATTEMPTS));
        self
    }

    /// Runs a job on a schedule (cron, five fields, Europe/Berlin).
    pub fn every<J: jobs::Job>(&mut self, cron: &'static str, job: &J) -> &mut Self {
        let body = serde_json::to_value(job).unwrap_or(Value::Null);
        self.schedules.push(Scheduled { name: J::NAME, cron, body, priority: J::PRIORITY });
        self
    }
}
