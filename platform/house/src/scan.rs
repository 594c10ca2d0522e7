//! The scan for malware beside the requests, and what pages say of it. The job lives here and not in `files`: it needs the
//! city with its store and its database, and no room holds all files.

use std::collections::HashMap;

use db::Rx;
use files::{Scan, ScanWaiting, Scanner};
use jiff::SignedDuration;
use kernel::{Cx, Error, FileId, Result, Timestamp, Uuid};
use ui::Page;

use crate::{City, InCity};

/// Files that are listed at once.
const BATCH: i64 = 20;
/// When a scanner that did not answer is asked again.
const AGAIN: SignedDuration = SignedDuration::from_mins(1);
/// A file that waits longer than this is an incident.
const LATE: SignedDuration = SignedDuration::from_mins(15);

/// Scans what nobody has looked at yet. A scanner that is not there is asked again in a minute: the files stay as they are.
///
/// # Errors
/// Those of the database.
pub(crate) async fn scan_waiting(cx: Cx, _: ScanWaiting) -> Result<()> {
    let city = cx.city()?;
    if *city.files.scanner() == Scanner::Nobody {
        return Ok(());
    }
    let mut after = FileId::from_uuid(Uuid::nil());
    loop {
        let batch = files::unchecked(&mut city.db.read().await?, after, BATCH).await?;
        let Some(last) = batch.last() else { return Ok(()) };
        after = last.id;
        for file in &batch {
            match city.files.scan(file).await {
                // Most likely larger than it takes; its own words stand in the line before.
                Ok(Scan::Unchecked) => {
                    tracing::warn!(city = %city.key, file = %file.id, bytes = file.size, "the scanner leaves a file unchecked");
                }
                Ok(scan) => db::write!(city.db, |tx| { files::note_scan(tx, &cx, file.id, &scan).await })?,
                Err(error @ Error::Peer { .. }) => return later(&cx, &city, &error).await,
                // Bytes that are missing or changed: `meer check` names them, and the others do not wait for them.
                Err(error) => tracing::error!(city = %city.key, "scan: {error:#}"),
            }
        }
    }
}

async fn later(cx: &Cx, city: &City, error: &Error) -> Result<()> {
    let waiting = files::waiting(&mut city.db.read().await?).await?;
    if is_late(waiting.since, cx.now()) {
        tracing::error!(city = %city.key, files = waiting.files, "files wait for the scanner: {error:#}");
    } else {
        tracing::warn!(city = %city.key, files = waiting.files, "files wait for the scanner: {error:#}");
    }
    let at = cx.now().saturating_add(AGAIN).unwrap_or(cx.now());
    db::write!(city.db, |tx| { jobs::enqueue_at(tx, cx, &ScanWaiting {}, at).await })
}

fn is_late(since: Option<Timestamp>, now: Timestamp) -> bool {
    since.is_some_and(|since| now.duration_since(since) > LATE)
}

/// Why a file is not opened, in a few words for lists; none when it is.
pub fn scan_text(page: &Page, scan: &Scan) -> Option<String> {
    match scan {
        Scan::Own | Scan::Clean { .. } | Scan::Elsewhere { .. } => None,
        Scan::Unchecked => Some(page.t("house-file-unchecked")),
        Scan::Infected { signature, .. } => Some(page.t1("house-file-infected", "signature", signature.as_str())),
    }
}

/// Those of these files that are not opened, each with why in a few words.
///
/// # Errors
/// Those of the database.
pub async fn locked_files(page: &Page, rx: &mut Rx, files: &[FileId]) -> Result<HashMap<FileId, String>> {
    let locked = files::locked(rx, files).await?;
    Ok(locked.into_iter().filter_map(|(file, scan)| Some((file, scan_text(page, &scan)?))).collect())
}

/// What whoever runs the installation has to know of the scanner: title and text, none when all is well.
///
/// # Errors
/// Those of the database.
pub async fn scanner_notice(page: &Page, city: &City, rx: &mut Rx, now: Timestamp) -> Result<Option<(String, String)>> {
    if *city.files.scanner() == Scanner::Nobody {
        return Ok(Some((page.t("house-scanner-none"), page.t("house-scanner-none-text"))));
    }
    let waiting = files::waiting(rx).await?;
    let Some(since) = waiting.since.filter(|since| is_late(Some(*since), now)) else { return Ok(None) };
    let title = page.t1("house-scanner-waiting", "n", waiting.files);
    Ok(Some((title, page.t1("house-scanner-waiting-text", "since", page.datetime(since)))))
}
