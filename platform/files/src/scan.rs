//! What a scan for malware said of stored bytes, and who is asked.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use db::{Db, Row, Rx, Tx, params};
use kernel::{Cx, Error, Event, FileId, Result, Subject, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    META, Meta,
    clamd::{self, Address, Answer},
};

/// Code of the refusal to open a file that nobody has scanned yet.
pub const UNCHECKED: &str = "file-unchecked";
/// Code of the refusal to open a file with malware; its argument is `signature`.
pub const INFECTED: &str = "file-infected";

/// How long somebody who sends something waits for the scanner before the job takes over.
const AT_ONCE: Duration = Duration::from_secs(2);
/// How long the job waits for one file.
const PATIENT: Duration = Duration::from_secs(60);
/// Longest name of a signature or engine that is kept, in characters.
const LONGEST_NAME: usize = 100;

/// What is left of the time that one request waits for the scanner, whatever number of files it brings: a mail with fifty
/// enclosures must not wait fifty times. Only waiting counts, and what comes after its end stays unchecked for now.
#[derive(Debug)]
pub struct Patience {
    left: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { left: AT_ONCE }
    }
}

/// What is known of malware in the bytes of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Scan {
    /// The program made them itself: letters, certificates, packages.
    Own,
    Clean {
        /// Program and database of signatures, as the scanner names them.
        engine: String,
    },
    /// The operator states that another component has scanned them on their way here.
    Elsewhere { by: String },
    /// Nobody has looked yet: kept, and not opened.
    Unchecked,
    /// In quarantine: kept (sealed), and opened for nobody.
    Infected {
        /// What the scanner calls the malware.
        signature: String,
        engine: String,
    },
}

impl Scan {
    pub fn may_be_opened(&self) -> bool {
        matches!(self, Scan::Own | Scan::Clean { .. } | Scan::Elsewhere { .. })
    }

    /// The gate of every way to the bytes.
    ///
    /// # Errors
    /// Refused with [`UNCHECKED`] or [`INFECTED`].
    pub fn check(&self) -> Result<()> {
        match self {
            Scan::Own | Scan::Clean { .. } | Scan::Elsewhere { .. } => Ok(()),
            Scan::Unchecked => Err(Error::refused(UNCHECKED)),
            Scan::Infected { signature, .. } => {
                Err(Error::refused_with(INFECTED, vec![("signature", signature.clone())]))
            }
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Scan::Own => "own",
            Scan::Clean { .. } => "clean",
            Scan::Elsewhere { .. } => "elsewhere",
            Scan::Unchecked => "unchecked",
            Scan::Infected { .. } => "infected",
        }
    }

    fn signature(&self) -> &str {
        match self {
            Scan::Infected { signature, .. } => signature,
            _ => "",
        }
    }

    fn engine(&self) -> &str {
        match self {
            Scan::Clean { engine } | Scan::Infected { engine, .. } => engine,
            Scan::Elsewhere { by } => by,
            Scan::Own | Scan::Unchecked => "",
        }
    }

    /// Reads the columns `state`, `signature` and `engine`. A state that nobody knows opens nothing.
    pub(crate) fn of(row: &Row) -> Result<Scan> {
        let (state, engine): (String, String) = (row.get("state")?, row.get("engine")?);
        Ok(match state.as_str() {
            "own" => Scan::Own,
            "clean" => Scan::Clean { engine },
            "elsewhere" => Scan::Elsewhere { by: engine },
            "infected" => Scan::Infected { signature: row.get("signature")?, engine },
            _ => Scan::Unchecked,
        })
    }
}

/// Who scans the files of an installation.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Scanner {
    /// Nobody: what comes from outside stays unchecked.
    #[default]
    Nobody,
    /// Another component of the operator, in the operator's words.
    Elsewhere(String),
    Clamd(Address),
}

impl Scanner {
    /// The scanner of a configuration: `unix:/run/clamav/clamd.ctl` or `tcp:127.0.0.1:3310`; without an address what the
    /// operator states about another component.
    ///
    /// # Errors
    /// An address of another form.
    pub fn of(address: Option<&str>, elsewhere: Option<&str>) -> Result<Scanner> {
        match (address, elsewhere.map(str::trim).filter(|by| !by.is_empty())) {
            (Some(address), _) => Address::parse(address).map(Scanner::Clamd).ok_or_else(|| {
                Error::internal(format!(
                    "scanner = \"{address}\": „unix:/run/clamav/clamd.ctl“ oder „tcp:127.0.0.1:3310“ wird erwartet"
                ))
            }),
            (None, Some(by)) => Ok(Scanner::Elsewhere(by.to_owned())),
            (None, None) => Ok(Scanner::Nobody),
        }
    }

    /// Program and signatures of the scanner, e.g. `ClamAV 1.0.7/27410/Mon Sep 23 08:34:57 2024`; none where none is asked.
    ///
    /// # Errors
    /// [`Error::Peer`] when it does not answer.
    pub async fn engine(&self) -> Result<Option<String>> {
        let Scanner::Clamd(address) = self else { return Ok(None) };
        let said = tokio::time::timeout(AT_ONCE, clamd::version(address)).await;
        said.map_err(|_| away("no answer in time"))?.map(|engine| Some(short(&engine))).map_err(away)
    }

    /// What somebody who waits for it is told: whatever goes wrong, the bytes are unchecked.
    pub(crate) async fn at_once(&self, bytes: &[u8], patience: &mut Patience) -> Scan {
        if patience.left.is_zero() && matches!(self, Scanner::Clamd(_)) {
            return Scan::Unchecked;
        }
        let started = Instant::now();
        let asked = tokio::time::timeout(patience.left, self.ask(bytes)).await;
        patience.left = patience.left.saturating_sub(started.elapsed());
        match asked {
            Ok(Ok(scan)) => scan,
            Ok(Err(error)) => {
                tracing::warn!("a file stays unchecked for now: {error:#}");
                Scan::Unchecked
            }
            Err(_) => {
                tracing::warn!("a file stays unchecked for now: the scanner takes longer than a request waits");
                Scan::Unchecked
            }
        }
    }

    /// # Errors
    /// [`Error::Peer`] when the scanner does not answer at all. A file that it does not want is unchecked.
    pub(crate) async fn ask(&self, bytes: &[u8]) -> Result<Scan> {
        let address = match self {
            Scanner::Nobody => return Ok(Scan::Unchecked),
            Scanner::Elsewhere(by) => return Ok(Scan::Elsewhere { by: short(by) }),
            Scanner::Clamd(address) => address,
        };
        // A scanner that answers this is there: what fails afterwards is about this file.
        let Some(engine) = self.engine().await? else { return Ok(Scan::Unchecked) };
        match tokio::time::timeout(PATIENT, clamd::scan(address, bytes)).await {
            Ok(Ok(Answer::Clean)) => Ok(Scan::Clean { engine }),
            Ok(Ok(Answer::Found(signature))) => Ok(Scan::Infected { signature: short(&signature), engine }),
            Ok(Err(error)) => {
                tracing::warn!("the scanner did not scan a file: {error}");
                Ok(Scan::Unchecked)
            }
            Err(_) => {
                tracing::warn!("the scanner did not scan a file within {PATIENT:?}");
                Ok(Scan::Unchecked)
            }
        }
    }
}

fn away(message: impl std::fmt::Display) -> Error {
    Error::Peer { peer: "scanner", message: message.to_string() }
}

/// A name from outside, fit to be shown and kept.
fn short(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect()
}

/// Scans the files that nobody has looked at yet.
#[derive(Serialize, Deserialize)]
pub struct ScanWaiting {}

impl jobs::Job for ScanWaiting {
    const NAME: &'static str = "files.scan";

    fn dedup_key(&self) -> Option<String> {
        Some("all".to_owned())
    }
}

/// Malware was found in a file that had been taken in before.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FileInfected {
    pub file: FileId,
    pub signature: String,
}

impl Event for FileInfected {
    const NAME: &'static str = "files.infected";
    fn subject(&self) -> Subject {
        self.file.into()
    }
}

/// Writes down what is known of a new file; one that nobody has looked at is left to the job.
pub(crate) async fn put(tx: &mut Tx, cx: &Cx, file: FileId, scan: &Scan) -> Result<()> {
    let sql = "INSERT INTO files_scan (tenant, file_id, state, signature, engine, asked_at, checked_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let checked_at = (*scan != Scan::Unchecked).then(|| cx.now());
    // Where one waits already, the job that comes for it finds this one too: an import brings thousands.
    let first = *scan == Scan::Unchecked && !any_unchecked(tx).await?;
    tx.exec_one(sql, params![file, scan.code(), scan.signature(), scan.engine(), cx.now(), checked_at]).await?;
    if first {
        jobs::enqueue(tx, cx, &ScanWaiting {}).await?;
    }
    Ok(())
}

async fn any_unchecked(rx: &mut Rx) -> Result<bool> {
    let sql = "SELECT CAST(1 AS BIGINT) AS one FROM files_scan WHERE tenant = $1 AND state = 'unchecked' LIMIT 1";
    Ok(rx.opt::<(i64,)>(sql, &[]).await?.is_some())
}

/// Counts the files from before there was a scan as unchecked, so that the job finds them. Not a step of the schema: that
/// sees no tenant's rows on PostgreSQL.
///
/// # Errors
/// Those of the database.
pub async fn adopt(db: &Db) -> Result<()> {
    let mut rx = db.read_long().await?;
    let (files,) = rx.one::<(i64,)>("SELECT COUNT(*) AS n FROM files_file WHERE tenant = $1", &[]).await?;
    let (known,) = rx.one::<(i64,)>("SELECT COUNT(*) AS n FROM files_scan WHERE tenant = $1", &[]).await?;
    drop(rx);
    if files == known {
        return Ok(());
    }
    let sql = "INSERT INTO files_scan (tenant, file_id, state, signature, engine, asked_at)
               SELECT f.tenant, f.id, 'unchecked', '', '', f.created_at FROM files_file f
               WHERE f.tenant = $1 AND NOT EXISTS
                 (SELECT 1 FROM files_scan s WHERE s.tenant = f.tenant AND s.file_id = f.id)";
    db::write!(db, |tx| { tx.exec(sql, &[]).await })?;
    Ok(())
}

pub(crate) async fn forget(tx: &mut Tx, file: FileId) -> Result<()> {
    tx.exec("DELETE FROM files_scan WHERE tenant = $1 AND file_id = $2", params![file]).await?;
    Ok(())
}

/// Writes down what a later scan of an unchecked file said. What was known before stays. Malware is told in the journal.
///
/// # Errors
/// Those of the database.
pub async fn note_scan(tx: &mut Tx, cx: &Cx, file: FileId, scan: &Scan) -> Result<()> {
    if *scan == Scan::Unchecked {
        return Ok(());
    }
    let sql = "UPDATE files_scan SET state = $3, signature = $4, engine = $5, checked_at = $6
               WHERE tenant = $1 AND file_id = $2 AND state = 'unchecked'";
    let changed = tx.exec(sql, params![file, scan.code(), scan.signature(), scan.engine(), cx.now()]).await?;
    if let Scan::Infected { signature, .. } = scan
        && changed == 1
    {
        journal::emit(tx, cx, &FileInfected { file, signature: signature.clone() }).await?;
    }
    Ok(())
}

/// Files that nobody has looked at yet, after an id, in order.
pub async fn unchecked(rx: &mut Rx, after: FileId, limit: i64) -> Result<Vec<Meta>> {
    let sql = "SELECT f.id, f.sha256, f.size, f.name, f.media_type, f.created_at, s.state, s.signature, s.engine
               FROM files_scan s JOIN files_file f ON f.tenant = s.tenant AND f.id = s.file_id
               WHERE s.tenant = $1 AND s.state = 'unchecked' AND s.file_id > $2 ORDER BY s.file_id LIMIT $3";
    rx.list(sql, params![after, limit]).await
}

db::record! {
    /// How many files wait for the scanner.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Waiting {
        pub files: i64,
        /// When the oldest of them came in.
        pub since: Option<Timestamp>,
    }
}

pub async fn waiting(rx: &mut Rx) -> Result<Waiting> {
    let sql = "SELECT COUNT(*) AS files, MIN(asked_at) AS since FROM files_scan
               WHERE tenant = $1 AND state = 'unchecked'";
    rx.one(sql, &[]).await
}

/// What is known of one file.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn scan_of(rx: &mut Rx, file: FileId) -> Result<Scan> {
    Ok(rx.one::<Meta>(META, params![file]).await?.scan)
}

/// Files that are asked for by one statement.
const TWENTY: usize = 20;

struct Found(FileId, Scan);

impl db::FromRow for Found {
    fn from_row(row: &Row) -> Result<Self> {
        Ok(Self(row.get("file_id")?, Scan::of(row)?))
    }
}

/// Those of these files that may not be opened, and why.
pub async fn locked(rx: &mut Rx, files: &[FileId]) -> Result<HashMap<FileId, Scan>> {
    let sql = "SELECT file_id, state, signature, engine FROM files_scan
               WHERE tenant = $1 AND (state = 'unchecked' OR state = 'infected') AND file_id IN
                 ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)";
    let mut locked = HashMap::new();
    for some in files.chunks(TWENTY) {
        let Some(first) = some.first() else { continue };
        let bound: Vec<db::V> = (0..TWENTY).map(|n| db::V::from(*some.get(n).unwrap_or(first))).collect();
        locked.extend(rx.list::<Found>(sql, &bound).await?.into_iter().map(|Found(file, scan)| (file, scan)));
    }
    Ok(locked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_somebody_vouches_for_is_opened() {
        let by = || "x".to_owned();
        for scan in [Scan::Own, Scan::Clean { engine: by() }, Scan::Elsewhere { by: by() }] {
            assert!(scan.check().is_ok() && scan.may_be_opened(), "{scan:?}");
        }
        let infected = Scan::Infected { signature: by(), engine: by() };
        for (scan, code) in [(Scan::Unchecked, UNCHECKED), (infected, INFECTED)] {
            assert_eq!(scan.check().unwrap_err().code(), code);
            assert!(!scan.may_be_opened());
        }
    }

    #[test]
    fn a_configuration_names_a_scanner_or_who_scans_instead() {
        assert_eq!(Scanner::of(None, None).unwrap(), Scanner::Nobody);
        assert_eq!(Scanner::of(None, Some(" ")).unwrap(), Scanner::Nobody);
        assert_eq!(Scanner::of(None, Some("Gateway")).unwrap(), Scanner::Elsewhere("Gateway".into()));
        assert!(matches!(Scanner::of(Some("tcp:[::1]:3310"), Some("Gateway")).unwrap(), Scanner::Clamd(_)));
        for wrong in ["none", "unix:", "unix:clamd.ctl", "tcp:localhost", "tcp::3310", "http://localhost:3310"] {
            assert!(Scanner::of(Some(wrong), None).is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_from_outside_are_short_and_plain() {
        assert_eq!(short("Eicar\u{7}-Test\n"), "Eicar-Test");
        assert_eq!(short(&"ä".repeat(500)).chars().count(), 100);
    }
}
