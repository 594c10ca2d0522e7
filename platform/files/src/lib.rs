//! Documents on disk: written durably, addressed by id, checked by hash.
//!
//! Order of writing: bytes → fsync file → rename → fsync folder → row in the caller's transaction. A crash between the
//! two leaves a file without a row, which [`Store::orphans`] finds; never a row without its file. Nothing is
//! deduplicated: shared bytes would tell one case about another and stand in the way of erasure.
//!
//! What comes from outside is scanned for malware. [`Store::read_verified`] is the one gate: it opens what is clean, what the
//! program made itself and what the operator says was scanned elsewhere, and nothing else.

mod accept;
mod bundle;
mod clamd;
mod scan;
mod seal;
mod show;
mod store;

use db::{FromRow, Row, Rx, Tx, params};
use journal::{Evidence, Kind};
use kernel::{Cx, Event, FileId, Hash, Result, Subject, Timestamp};
use serde::{Deserialize, Serialize};

pub use accept::{Accept, Refusal, Type, accept, clean_name};
pub use bundle::{Part, Paths, bundle};
pub use clamd::Address;
pub use scan::{
    FileInfected, INFECTED, Patience, Scan, ScanWaiting, Scanner, UNCHECKED, Waiting, adopt, locked, note_scan,
    scan_of, unchecked, waiting,
};
pub use seal::{CityKey, KeyProvider};
pub use show::{Shown, shown};
pub use store::{Store, Stored};

/// Tables `files_*`.
pub const MIGRATIONS: db::Migrations = db::migrations!("files": "0001_init", "0002_scan");

/// The metadata of every file are evidence.
pub const EVIDENCE: Evidence = Evidence {
    subject: "file",
    table: "files_file",
    one: "SELECT id, sha256, size, name, media_type, created_at FROM files_file WHERE tenant = $1 AND id = $2",
    page: "SELECT id, sha256, size, name, media_type, created_at FROM files_file
           WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3",
    columns: &[
        ("id", Kind::Uuid),
        ("sha256", Kind::Bytes),
        ("size", Kind::Int),
        ("name", Kind::Text),
        ("media_type", Kind::Text),
        ("created_at", Kind::Time),
    ],
};

/// What is known of a stored file.
#[derive(Clone, Debug, PartialEq)]
pub struct Meta {
    pub id: FileId,
    pub sha256: Hash,
    /// Bytes.
    pub size: i64,
    pub name: String,
    pub media_type: String,
    pub created_at: Timestamp,
    /// Decides whether the bytes are opened.
    pub scan: Scan,
}

impl FromRow for Meta {
    fn from_row(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            sha256: row.get("sha256")?,
            size: row.get("size")?,
            name: row.get("name")?,
            media_type: row.get("media_type")?,
            created_at: row.get("created_at")?,
            scan: Scan::of(row)?,
        })
    }
}

/// A file with what a scan said of it; one of which nothing is said counts as unchecked.
pub(crate) const META: &str = "SELECT f.id, f.sha256, f.size, f.name, f.media_type, f.created_at,
                                      COALESCE(s.state, 'unchecked') AS state, COALESCE(s.signature, '') AS signature,
                                      COALESCE(s.engine, '') AS engine
                               FROM files_file f LEFT JOIN files_scan s ON s.tenant = f.tenant AND s.file_id = f.id
                               WHERE f.tenant = $1 AND f.id = $2";

/// Name of the entry by which a file's bytes are proven; their hash stands in it at [`SHA256_POINTER`].
pub const STORED: &str = "files.stored";
/// Where the entry [`STORED`] keeps the SHA-256 of the bytes (RFC 6901).
pub const SHA256_POINTER: &str = "/sha256";

/// A file was taken in.
#[derive(Serialize, Deserialize)]
struct FileStored {
    file: FileId,
    /// Lower-case hexadecimal digits.
    sha256: String,
    size: i64,
    media_type: String,
}

impl Event for FileStored {
    const NAME: &'static str = STORED;
    fn subject(&self) -> Subject {
        self.file.into()
    }
}

/// A file was deleted.
#[derive(Serialize, Deserialize)]
struct FileDeleted {
    file: FileId,
}

impl Event for FileDeleted {
    const NAME: &'static str = "files.deleted";
    fn subject(&self) -> Subject {
        self.file.into()
    }
}

/// Makes a stored file known with what a scan said of it, in the transaction of whatever it belongs to.
pub async fn record(tx: &mut Tx, cx: &Cx, stored: &Stored, name: &str, media_type: &str) -> Result<()> {
    let sql = "INSERT INTO files_file (tenant, id, sha256, size, name, media_type, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let name = clean_name(name);
    tx.exec_one(sql, params![stored.id, stored.sha256, stored.size, name, media_type, cx.now()]).await?;
    let sha256 = stored.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    scan::put(tx, cx, stored.id, &stored.scan).await?;
    let event = FileStored { file: stored.id, sha256, size: stored.size, media_type: media_type.to_owned() };
    journal::emit_evidence(tx, cx, &event, None, &EVIDENCE).await.map(|_| ())
}

/// # Errors
/// [`kernel::Error::NotFound`].
pub async fn meta(rx: &mut Rx, id: FileId) -> Result<Meta> {
    rx.one(META, params![id]).await
}

/// Ids of files after an id, in order. Asks nothing that a database of an older schema does not know.
pub async fn page(rx: &mut Rx, after: FileId, limit: i64) -> Result<Vec<FileId>> {
    let sql = "SELECT id FROM files_file WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3";
    Ok(rx.list::<(FileId,)>(sql, params![after, limit]).await?.into_iter().map(|(id,)| id).collect())
}

/// Forgets a file; the bytes are removed by the caller after the commit ([`Store::remove`]).
pub async fn forget(tx: &mut Tx, cx: &Cx, id: FileId) -> Result<()> {
    scan::forget(tx, id).await?;
    tx.exec_one("DELETE FROM files_file WHERE tenant = $1 AND id = $2", params![id]).await?;
    journal::emit_deleted(tx, cx, &FileDeleted { file: id }, None, &EVIDENCE).await.map(|_| ())
}
