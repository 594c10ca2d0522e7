//! `meer check`: compares the journal, the evidential rows, the stored documents and the time-stamps of every city.

use house::{App, City};
use journal::check::{Finding, Progress, Report};
use kernel::Result;

/// Checks one city against the checkpoints kept outside its database.
pub async fn city(
    app: &App,
    city: &City,
    on_progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<(Report, evidence::Checked)> {
    let checkpoints = city.checkpoints.all()?;
    let mut report = journal::check::run(&city.db, &app.evidence(), &checkpoints, &[&*city.files], on_progress).await?;
    let stamps = evidence::check_all(city).await?;
    report.findings.extend(stamps.findings.iter().cloned());
    Ok((report, stamps))
}

/// Prints the report; answers whether everything is whole.
pub fn print(city: &str, report: &Report, stamps: &evidence::Checked) -> bool {
    println!("{city}: {} Journaleinträge, {} Prüfpunkte von außen", report.entries, report.checkpoints);
    for table in &report.tables {
        let contents = if table.contents { " und ihre Inhalte" } else { "" };
        println!("  {}: {} Zeilen{contents} verglichen", table.table, table.rows);
    }
    if report.checkpoints == 0 {
        println!("  Ohne Prüfpunkt von außen ist nicht zu sehen, ob am Ende etwas fehlt.");
    }
    if stamps.holding + stamps.missing > 0 {
        println!("  {} Zeitstempel stimmen, {} fehlen noch", stamps.holding, stamps.missing);
    }
    if stamps.unchecked > 0 {
        println!(
            "  {} Zeitstempel nur mit dem Journal verglichen: Es ist keine Zeitstempelstelle mit lesbarem Zertifikat \
             eingerichtet.",
            stamps.unchecked
        );
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
