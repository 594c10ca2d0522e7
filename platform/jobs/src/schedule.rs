use std::str::FromStr as _;

use croner::Cron;
use db::{Db, Rx, params};
use kernel::{Cx, Error, Result, Timestamp, berlin};
use serde_json::Value;

use crate::{Job, store};

/// A job that is enqueued again and again.
#[derive(Clone, Debug)]
pub struct Schedule {
    name: &'static str,
    key: String,
    text: String,
    cron: Cron,
    body: Value,
    priority: i64,
    max_attempts: u32,
}

impl Schedule {
    /// Enqueues `job` whenever the cron expression (five fields: minute, hour, day, month, weekday) matches the wall
    /// clock in Europe/Berlin. What was missed while no node ran is made up for once.
    ///
    /// # Errors
    /// A text that is no cron expression.
    pub fn new<J: Job>(cron: &str, job: &J) -> Result<Self> {
        let parsed = Cron::from_str(cron).map_err(|e| Error::internal(format!("schedule of {}: {e}", J::NAME)))?;
        let body = serde_json::to_value(job)?;
        Ok(Self {
            name: J::NAME,
            key: format!("{} {}", J::NAME, body),
            text: cron.to_owned(),
            cron: parsed,
            body,
            priority: J::PRIORITY,
            max_attempts: J::MAX_ATTEMPTS,
        })
    }

    fn next(&self, after: Timestamp) -> Result<Timestamp> {
        let next = self.cron.find_next_occurrence(&after.to_zoned(berlin()), false);
        next.map(|at| at.timestamp()).map_err(|e| Error::internal(format!("schedule of {}: {e}", self.name)))
    }

    /// Enqueues the job if its time has come; answers when to look again. Of several nodes one moves the row on, and
    /// only that one enqueues.
    pub(crate) async fn fire(&self, db: &Db, cx: &Cx) -> Result<Timestamp> {
        let now = cx.now();
        let next = self.next(now)?;
        match self.planned(&mut db.read().await?).await? {
            Some((cron, at)) if cron == self.text && at > now => return Ok(at),
            Some((cron, at)) => {
                let due = cron == self.text;
                db::write!(db, |tx| {
                    let sql = "UPDATE jobs_schedule SET next_at = $3, cron = $4
                               WHERE tenant = $1 AND key = $2 AND next_at = $5";
                    let moved = tx.exec(sql, params![&self.key, next, &self.text, at]).await?;
                    if moved == 1 && due {
                        let new = store::New {
                            name: self.name,
                            body: &self.body,
                            dedup_key: Some(format!("schedule {}", self.key)),
                            priority: self.priority,
                            max_attempts: self.max_attempts,
                            due: now,
                        };
                        store::insert(tx, cx, new).await?;
                    }
                    Ok(())
                })?;
            }
            None => db::write!(db, |tx| {
                let sql = "INSERT INTO jobs_schedule (tenant, key, cron, next_at) VALUES ($1, $2, $3, $4)
                           ON CONFLICT (tenant, key) DO NOTHING";
                tx.exec(sql, params![&self.key, &self.text, next]).await?;
                Ok(())
            })?,
        }
        Ok(next)
    }

    async fn planned(&self, rx: &mut Rx) -> Result<Option<(String, Timestamp)>> {
        rx.opt("SELECT cron, next_at FROM jobs_schedule WHERE tenant = $1 AND key = $2", params![&self.key]).await
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Clean;
    impl Job for Clean {
        const NAME: &'static str = "test.clean";
    }

    fn next(cron: &str, after: &str) -> String {
        Schedule::new(cron, &Clean).unwrap().next(after.parse().unwrap()).unwrap().to_string()
    }

    #[test]
    fn schedules_follow_the_wall_clock_through_both_changes_of_time() {
        assert_eq!(next("30 3 * * *", "2026-11-23T12:00:00Z"), "2026-11-24T02:30:00Z");
        assert_eq!(next("30 3 * * *", "2026-07-01T12:00:00Z"), "2026-07-02T01:30:00Z");
        // 02:30 does not exist on 29 March 2026: it is not left out.
        let spring = next("30 2 * * *", "2026-03-28T12:00:00Z");
        assert!(spring.starts_with("2026-03-29T01:"), "{spring}");
        // 02:30 exists twice on 25 October 2026: once is enough.
        assert_eq!(next("30 2 * * *", "2026-10-24T12:00:00Z"), "2026-10-25T00:30:00Z");
        assert_eq!(next("30 2 * * *", "2026-10-25T00:30:00Z"), "2026-10-26T01:30:00Z");
    }

    #[test]
    fn a_wrong_expression_names_the_job() {
        for wrong in ["", "* * *", "61 * * * *", "often"] {
            assert!(Schedule::new(wrong, &Clean).unwrap_err().to_string().contains("test.clean"), "{wrong}");
        }
    }
}
