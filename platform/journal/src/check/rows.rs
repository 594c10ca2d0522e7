//! Evidential rows of other modules against the last state that the journal holds of each.

use std::collections::{HashMap, VecDeque};

use db::{Db, Row, Rx, params};
use kernel::{Result, Uuid};
use serde_json::{Map, Value};

use super::{Contents, Fault, Finding, KEPT, Progress, Report, Wrong};
use crate::{
    emit::DELETED,
    evidence::{Evidence, state, state_hash},
};

/// Rows that are in memory at the same time.
const PAGE: i64 = 500;

/// Entries without number: they are newer than all others.
#[derive(Default)]
pub(super) struct Waiting {
    pub(super) entries: u64,
    /// Last recorded state by table and row.
    states: HashMap<(String, Uuid), String>,
}

pub(super) async fn waiting(rx: &mut Rx) -> Result<Waiting> {
    let sql =
        "SELECT subject_id, evidence, fact FROM journal_entry WHERE tenant = $1 AND seq IS NULL ORDER BY txn, ord";
    let mut waiting = Waiting::default();
    for row in rx.query(sql, &[]).await? {
        waiting.entries += 1;
        if let (Some(table), Some(recorded)) = (row.get::<Option<String>>("evidence")?, Recorded::of(&row)) {
            waiting.states.insert((table, recorded.id), recorded.state);
        }
    }
    Ok(waiting)
}

/// What the journal last said of a row.
struct Recorded {
    id: Uuid,
    seq: Option<i64>,
    state: String,
}

impl Recorded {
    fn of(row: &Row) -> Option<Recorded> {
        let fact: Value = serde_json::from_str(&row.get::<String>("fact").ok()?).ok()?;
        let seq = row.get::<Option<i64>>("seq").ok().flatten();
        Some(Recorded { id: row.get("subject_id").ok()?, seq, state: fact["state"].as_str()?.to_owned() })
    }
}

/// The last recorded state of each row, by id.
struct States<'a> {
    table: &'static str,
    waiting: VecDeque<(Uuid, &'a String)>,
    after: (Uuid, i64),
    page: VecDeque<Recorded>,
    end: bool,
}

impl<'a> States<'a> {
    fn new(table: &'static str, waiting: &'a Waiting) -> Self {
        let mut own: Vec<_> =
            waiting.states.iter().filter(|((of, _), _)| of == table).map(|((_, id), s)| (*id, s)).collect();
        own.sort_unstable();
        Self { table, waiting: own.into(), after: (Uuid::nil(), 0), page: VecDeque::new(), end: false }
    }

    async fn fill(&mut self, rx: &mut Rx) -> Result<()> {
        if self.end {
            return Ok(());
        }
        let sql = "SELECT subject_id, seq, fact FROM journal_entry
                   WHERE tenant = $1 AND evidence = $2 AND seq IS NOT NULL AND subject_id >= $3
                     AND (subject_id > $3 OR seq > $4)
                   ORDER BY subject_id, seq LIMIT $5";
        let rows = rx.query(sql, params![self.table, self.after.0, self.after.1, PAGE]).await?;
        self.end = (rows.len() as i64) < PAGE;
        for row in rows {
            self.after = (row.get("subject_id")?, row.get("seq")?);
            // An unreadable fact was reported with its entry.
            self.page.extend(Recorded::of(&row));
        }
        Ok(())
    }

    async fn numbered(&mut self, rx: &mut Rx) -> Result<Option<Recorded>> {
        loop {
            // The last one of a page may have a later state on the next page.
            while self.page.len() < 2 && !self.end {
                self.fill(rx).await?;
            }
            let Some(first) = self.page.pop_front() else { return Ok(None) };
            if self.page.front().is_none_or(|next| next.id != first.id) {
                return Ok(Some(first));
            }
        }
    }

    async fn next(&mut self, rx: &mut Rx) -> Result<Option<Recorded>> {
        let numbered = self.numbered(rx).await?;
        let before = numbered.as_ref().map(|recorded| recorded.id);
        match self.waiting.front() {
            Some((id, _)) if before.is_none_or(|before| *id <= before) => {
                let (id, state) = (*id, self.waiting.pop_front().map(|(_, state)| state.clone()).unwrap_or_default());
                if let Some(numbered) = numbered.filter(|numbered| numbered.id != id) {
                    self.page.push_front(numbered);
                }
                Ok(Some(Recorded { id, seq: None, state }))
            }
            _ => Ok(numbered),
        }
    }
}

/// The rows of the table, by id.
struct Rows {
    evidence: Evidence,
    after: Uuid,
    page: VecDeque<(Uuid, Option<Map<String, Value>>)>,
    end: bool,
    seen: u64,
}

impl Rows {
    fn new(evidence: &Evidence) -> Self {
        Self { evidence: *evidence, after: Uuid::nil(), page: VecDeque::new(), end: false, seen: 0 }
    }

    /// The next row; without state when it cannot be read as what it should be.
    async fn next(&mut self, rx: &mut Rx, report: &mut Report) -> Result<Option<(Uuid, Option<Map<String, Value>>)>> {
        if self.page.is_empty() && !self.end {
            let rows = rx.query(self.evidence.page, params![self.after, PAGE]).await?;
            self.end = (rows.len() as i64) < PAGE;
            let before = self.after;
            for row in rows {
                self.seen += 1;
                match row.get::<Uuid>("id") {
                    Ok(id) => {
                        self.after = id;
                        self.page.push_back((id, state(&row, self.evidence.columns).ok()));
                    }
                    Err(_) => report.add(Finding::row(Fault::RowAdded, self.evidence.table, None, None)),
                }
            }
            // A whole page of ids that are none: there is no way past it.
            self.end |= self.after == before;
        }
        Ok(self.page.pop_front())
    }
}

/// A row that is not what the journal says.
struct Changed {
    id: Uuid,
    seq: Option<i64>,
    recorded: String,
    now: Option<Map<String, Value>>,
}

pub(super) async fn check(
    rx: &mut Rx,
    evidence: &Evidence,
    waiting: &Waiting,
    report: &mut Report,
    on_progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<u64> {
    let (table, mut states, mut rows) = (evidence.table, States::new(evidence.table, waiting), Rows::new(evidence));
    let mut changed = Vec::new();
    let (mut recorded, mut row) = (states.next(rx).await?, rows.next(rx, report).await?);
    loop {
        let order = match (&recorded, &row) {
            (None, None) => break,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(recorded), Some((id, _))) => recorded.id.cmp(id),
        };
        if order.is_lt() {
            if let Some(gone) = recorded.take().filter(|gone| gone.state != DELETED) {
                report.add(Finding::row(Fault::RowDeleted, table, Some(gone.id), gone.seq));
            }
            recorded = states.next(rx).await?;
            continue;
        }
        let Some((id, now)) = row.take() else { break };
        if order.is_gt() {
            report.add(Finding::row(Fault::RowAdded, table, Some(id), None));
        } else if let Some(recorded) = recorded.take() {
            if recorded.state == DELETED {
                report.add(Finding::row(Fault::RowAdded, table, Some(id), recorded.seq));
            } else if now.as_ref().and_then(|now| state_hash(now).ok()).as_ref() != Some(&recorded.state) {
                if changed.len() < KEPT {
                    changed.push(Changed { id, seq: recorded.seq, recorded: recorded.state, now });
                } else {
                    report.add(Finding::row(Fault::RowChanged, table, Some(id), recorded.seq));
                }
            }
        }
        if order.is_eq() {
            recorded = states.next(rx).await?;
        }
        row = rows.next(rx, report).await?;
        if rows.page.is_empty() {
            on_progress(Progress { table, done: rows.seen, total: None });
        }
    }
    name_changed(table, changed, report);
    Ok(rows.seen)
}

/// Tells two rows that changed places from changed rows.
fn name_changed(table: &'static str, mut left: Vec<Changed>, report: &mut Report) {
    while let Some(one) = left.pop() {
        let partner =
            left.iter().position(|other| would_be(one.now.as_ref(), other) && would_be(other.now.as_ref(), &one));
        let finding = match partner {
            Some(partner) => Finding::swapped_rows(table, left.swap_remove(partner).id, one.id, one.seq),
            None => Finding::row(Fault::RowChanged, table, Some(one.id), one.seq),
        };
        report.add(finding);
    }
}

/// These contents are what the journal recorded of the other row.
fn would_be(now: Option<&Map<String, Value>>, other: &Changed) -> bool {
    let Some(mut now) = now.cloned() else { return false };
    if let Some(id) = now.get_mut("id") {
        *id = Value::from(other.id.to_string());
    }
    state_hash(&now).is_ok_and(|hash| hash == other.recorded)
}

/// What lies outside the database. Each page has a read view of its own, so that large contents do not keep one open.
pub(super) async fn check_contents(
    db: &Db,
    evidence: &Evidence,
    contents: &dyn Contents,
    report: &mut Report,
    on_progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<()> {
    let mut rows = Rows::new(evidence);
    // Ids that cannot be read were reported before.
    let mut known = Report::default();
    loop {
        let next = if rows.page.is_empty() && !rows.end {
            on_progress(Progress { table: evidence.table, done: rows.seen, total: None });
            rows.next(&mut db.read().await?, &mut known).await?
        } else {
            rows.page.pop_front()
        };
        let Some((id, state)) = next else { return Ok(()) };
        let Some(state) = state else { continue };
        let fault = match contents.check(id, &state).await? {
            None => continue,
            Some(Wrong::Missing) => Fault::ContentsMissing,
            Some(Wrong::Changed) => Fault::ContentsChanged,
        };
        // Deleted in good order while the check ran?
        if !db.read().await?.query(evidence.one, params![id]).await?.is_empty() {
            report.add(Finding::row(fault, evidence.table, Some(id), None));
        }
    }
}
