use croner::{
    Cron,
    parser::{CronParser, Seconds},
};
use db::{Db, Rx, params};
use kernel::{Cx, Error, Result, Timestamp, berlin};
use serde_json::Value;

use crate::store;

/// Jobs that are enqueued again and again.
#[derive(Clone, Debug, Default)]
pub struct Schedules(pub(crate) Vec<Schedule>);

#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    pub(crate) name: &'static str,
    key: String,
    text: &'static str,
    cron: Option<Cron>,
    body: Value,
    priority: i64,
}

impl Schedules {
    /// Enqueues a job whenever the cron expression (five fields: minute, hour, day, month, weekday) matches the wall
    /// clock in Europe/Berlin. What was missed while no node ran is made up for once.
    pub fn add(&mut self, name: &'static str, cron: &'static str, body: Value, priority: i64) -> &mut Self {
        let parsed = CronParser::builder().seconds(Seconds::Disallowed).build().parse(cron).ok();
        let key = format!("{name} {body}");
        self.0.push(Schedule { name, key, text: cron, cron: parsed, body, priority });
        self
    }

    /// # Errors
    /// Names the first job whose text is no cron expression.
    pub fn check(&self) -> Result<()> {
        self.0.iter().try_for_each(|schedule| schedule.cron().map(|_| ()))
    }
}

impl Schedule {
    fn cron(&self) -> Result<&Cron> {
        let wrong = || Error::internal(format!("schedule of {}: {:?} is no cron expression", self.name, self.text));
        self.cron.as_ref().ok_or_else(wrong)
    }

    fn next(&self, after: Timestamp) -> Result<Timestamp> {
        let next = self.cron()?.find_next_occurrence(&after.to_zoned(berlin()), false);
        next.map(|at| at.timestamp()).map_err(|e| Error::internal(format!("schedule of {}: {e}", self.name)))
    }

    /// Enqueues the job if its time has come; answers when to look again. Of several nodes one moves the row on, and
    /// only that one enqueues.
    pub(crate) async fn fire(&self, db: &Db, cx: &Cx, max_attempts: u32) -> Result<Timestamp> {
        let now = cx.now();
        let next = self.next(now)?;
        match self.planned(&mut db.read().await?).await? {
            Some((cron, at)) if cron == self.text && at > now => return Ok(at),
            Some((cron, at)) => {
                let due = cron == self.text;
                db::write!(db, |tx| {
                    let sql = "UPDATE jobs_schedule SET next_at = $3, cron = $4
                               WHERE tenant = $1 AND key = $2 AND next_at = $5";
                    let moved = tx.exec(sql, params![&self.key, next, self.text, at]).await?;
                    if moved == 1 && due {
                        let new = store::New {
                            name: self.name,
                            body: &self.body,
                            dedup_key: Some(format!("schedule {}", self.key)),
                            priority: self.priority,
                            max_attempts,
                            due: now,
                            task: None,
                        };
                        store::insert(tx, cx, new).await?;
                    }
                    Ok(())
                })?;
            }
            None => db::write!(db, |tx| {
                let sql = "INSERT INTO jobs_schedule (tenant, key, cron, next_at) VALUES ($1, $2, $3, $4)
                           ON CONFLICT (tenant, key) DO NOTHING";
                tx.exec(sql, params![&self.key, self.text, next]).await?;
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
    use super::*;

    fn schedules(cron: &'static str) -> Schedules {
        let mut schedules = Schedules::default();
        schedules.add("test.clean", cron, Value::Null, 0);
        schedules
    }

    fn next(cron: &'static str, after: &str) -> String {
        schedules(cron).0[0].next(after.parse().unwrap()).unwrap().to_string()
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
        for wrong in ["", "* * *", "61 * * * *", "often", "0 0 3 * * *"] {
            assert!(schedules(wrong).check().unwrap_err().to_string().contains("test.clean"), "{wrong}");
        }
    }
}
