//! Compares everything that is evidence with everything else, in bounded memory: facts with leaves, leaves with the
//! tree, the tree with checkpoints kept outside, rows of other modules with the state the journal holds of them, and
//! stored bytes with their rows.
//!
//! Nothing is written. What a person with access to database *and* program wrote through the journal itself cannot be
//! told from the truth; what was changed behind its back is named.

mod finding;
mod log;
mod rows;

use db::Db;
use futures_util::future::BoxFuture;
use kernel::{Result, Uuid};
use serde_json::{Map, Value};
use tlog::{Checkpoint, Hash};

pub use finding::{Fault, Finding};

use crate::Evidence;

/// Findings that are kept; of more only the number.
const KEPT: usize = 1000;

/// What lies outside the database and belongs to rows of one table, such as the bytes of files.
pub trait Contents: Send + Sync {
    fn table(&self) -> &'static str;

    /// What is wrong with the contents of this row; `state` holds its evidential columns.
    fn check<'a>(&'a self, id: Uuid, state: &'a Map<String, Value>) -> BoxFuture<'a, Result<Option<Wrong>>>;
}

/// What can be wrong with contents.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wrong {
    Missing,
    Changed,
}

/// How far the check is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// `journal`, or the table whose rows or contents are compared.
    pub table: &'static str,
    pub done: u64,
    /// Unknown for tables of other modules.
    pub total: Option<u64>,
}

/// A table that was compared with the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covered {
    pub table: &'static str,
    pub rows: u64,
    /// Whether what lies outside the database was compared too.
    pub contents: bool,
}

/// What the check saw.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Numbered entries.
    pub entries: u64,
    /// Root over them; none when the tree has holes.
    pub root: Option<Hash>,
    /// Entries that have no number yet.
    pub waiting: u64,
    /// Entries whose private part was erased in good order.
    pub erased: u64,
    /// Checkpoints from outside that the journal was compared with.
    pub checkpoints: usize,
    pub tables: Vec<Covered>,
    pub findings: Vec<Finding>,
    /// Findings beyond the first thousand.
    pub more: u64,
}

impl Report {
    pub fn is_whole(&self) -> bool {
        self.findings.is_empty()
    }

    fn add(&mut self, finding: Finding) {
        if self.findings.len() < KEPT {
            self.findings.push(finding);
        } else {
            self.more += 1;
        }
    }
}

/// Runs the whole check. `checkpoints` are those kept outside, in any order: without one, a tail that was cut off and
/// an older state that was restored cannot be seen.
///
/// # Errors
/// A database that cannot be read, or that takes longer than ten minutes to read once. What is wrong with the data is
/// in the report.
pub async fn run(
    db: &Db,
    evidence: &[Evidence],
    checkpoints: &[Checkpoint],
    contents: &[&dyn Contents],
    on_progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Report> {
    let mut report = Report { checkpoints: checkpoints.len(), ..Report::default() };
    let mut rx = db.read_long().await?;
    log::check(&mut rx, checkpoints, &mut report, on_progress).await?;
    let waiting = rows::waiting(&mut rx).await?;
    report.waiting = waiting.entries;
    for evidence in evidence {
        let rows = rows::check(&mut rx, evidence, &waiting, &mut report, on_progress).await?;
        let contents = contents.iter().any(|contents| contents.table() == evidence.table);
        report.tables.push(Covered { table: evidence.table, rows, contents });
    }
    drop(rx);
    for contents in contents {
        if let Some(evidence) = evidence.iter().find(|evidence| evidence.table == contents.table()) {
            rows::check_contents(db, evidence, *contents, &mut report, on_progress).await?;
        }
    }
    Ok(report)
}
