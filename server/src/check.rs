//! `meer check`: compares the journal, the evidential rows and the stored documents of every city.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use house::{App, City};
use journal::check::{Contents, Finding, Progress, Report, Wrong};
use kernel::{FileId, Result, Uuid};
use serde_json::{Map, Value};

/// The bytes behind `files_file`.
struct Documents(Arc<files::Store>);

impl Contents for Documents {
    fn table(&self) -> &'static str {
        "files_file"
    }

    fn check<'a>(&'a self, id: Uuid, state: &'a Map<String, Value>) -> BoxFuture<'a, Result<Option<Wrong>>> {
        Box::pin(async move {
            let want = state.get("sha256").and_then(Value::as_str).unwrap_or_default();
            Ok(match self.0.hash(FileId::from_uuid(id)).await? {
                None => Some(Wrong::Missing),
                Some(have) if hex(&have) == want => None,
                Some(_) => Some(Wrong::Changed),
            })
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Checks one city against the checkpoints kept outside its database.
pub async fn city(app: &App, city: &City, on_progress: &mut (dyn FnMut(Progress) + Send)) -> Result<Report> {
    let checkpoints = city.checkpoints.all()?;
    let documents = Documents(city.files.clone());
    journal::check::run(&city.db, &app.evidence(), &checkpoints, &[&documents], on_progress).await
}

/// Prints the report; answers whether everything is whole.
pub fn print(city: &str, report: &Report) -> bool {
    println!("{city}: {} Journaleinträge, {} Prüfpunkte von außen", report.entries, report.checkpoints);
    for table in &report.tables {
        let contents = if table.contents { " und ihre Inhalte" } else { "" };
        println!("  {}: {} Zeilen{contents} verglichen", table.table, table.rows);
    }
    if report.checkpoints == 0 {
        println!("  Ohne Prüfpunkt von außen ist nicht zu sehen, ob am Ende etwas fehlt.");
    }
    for finding in &report.findings {
        println!("  FEHLER {}", line(finding));
    }
    if report.more > 0 {
        println!("  … und {} weitere", report.more);
    }
    println!("{city}: {}", if report.is_whole() { "unversehrt" } else { "NICHT unversehrt" });
    report.is_whole()
}

fn line(finding: &Finding) -> String {
    let id = finding.id.map(|id| format!(" {id}")).unwrap_or_default();
    format!("[{}{id}] {}", finding.table, finding.de)
}
