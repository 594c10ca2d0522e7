//! The rows of a run, in batches: the bytes of a batch are stored first, many at once so that they share the disk's
//! flushes, then everything else of it is one transaction that also moves the run on. A run that is killed goes on
//! behind the last transaction; bytes without a row are collected with the other orphans.

use std::{
    collections::{BTreeMap, HashSet},
    path::{Path, PathBuf},
};

use contract_records::{BeforeDocument, TakeOver, TakenAs, TakenBefore, TakenDocument, TakenRow};
use db::Rx;
use futures_util::future::try_join_all;
use house::{Call, InCity};
use jiff::ToSpan as _;
use kernel::{Cx, Hash, Result, Uuid};
use serde::{Deserialize, Serialize};

use crate::{
    export, folder,
    mapping::{City, Fault, Mapping, Meant, MeantDocument, Reader},
    service,
    store::{self, Counts, Refused, Run},
    table::{Record, Table},
};

/// Rows of one transaction.
const BATCH: usize = 200;
/// Files that are read and stored at once, and bytes they may have together.
const AT_ONCE: usize = 32;
const BYTES_AT_ONCE: u64 = 64 * 1024 * 1024;

/// Works on the rows of a dry run or import.
#[derive(Serialize, Deserialize)]
pub struct RunRows {
    pub run: Uuid,
}

impl jobs::Job for RunRows {
    const NAME: &'static str = "exchange.run-rows";

    fn dedup_key(&self) -> Option<String> {
        Some(self.run.to_string())
    }
}

/// Writes files given out into their folder.
#[derive(Serialize, Deserialize)]
pub struct WriteExport {
    pub export: Uuid,
}

impl jobs::Job for WriteExport {
    const NAME: &'static str = "exchange.write-export";
    const MAX_ATTEMPTS: u32 = 3;

    fn dedup_key(&self) -> Option<String> {
        Some(self.export.to_string())
    }
}

/// Forgets the refused rows of old runs: nobody asks for them any more.
#[derive(Serialize, Deserialize)]
pub struct ForgetRefused {}

impl jobs::Job for ForgetRefused {
    const NAME: &'static str = "exchange.forget-refused";
}

/// Ends runs and exports that nobody works on any more: their job was given up after it had taken the program down with it
/// too often, or was thrown away. Whoever started them starts them again.
#[derive(Serialize, Deserialize)]
pub struct EndBroken {}

impl jobs::Job for EndBroken {
    const NAME: &'static str = "exchange.end-broken";
}

pub async fn end_broken(cx: Cx, _: EndBroken) -> Result<()> {
    let city = cx.city()?;
    let mut rx = city.db.read().await?;
    let (runs, exports) = (store::running_runs(&mut rx).await?, store::running_exports(&mut rx).await?);
    drop(rx);
    for run in runs {
        db::write!(city.db, |tx| {
            if !jobs::is_under_way(tx, <RunRows as jobs::Job>::NAME, &run.to_string()).await? {
                service::end(&cx, tx, run, "failed", "lost").await?;
            }
            Ok(())
        })?;
    }
    for id in exports {
        let mut rx = city.db.read().await?;
        if !is_broken(&mut rx, id).await? {
            continue;
        }
        drop(rx);
        tracing::warn!(%id, "an export was broken off and is not being written any more");
        // Nobody fetches half of it, and the documents in it would lie there open. While it stands as running nobody starts it
        // again, and where the program ends here, the next one that looks finds it.
        export::clear(&export::place(&cx, id)?).await?;
        db::write!(city.db, |tx| {
            if is_broken(tx, id).await? {
                store::end_export(tx, id, "failed", "lost", (0, 0, 0), cx.now()).await?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// An export that is said to be written and that no job writes.
async fn is_broken(rx: &mut Rx, id: Uuid) -> Result<bool> {
    let running = store::export(rx, id).await?.state == "running";
    Ok(running && !jobs::is_under_way(rx, <WriteExport as jobs::Job>::NAME, &id.to_string()).await?)
}

pub async fn forget_refused(cx: Cx, _: ForgetRefused) -> Result<()> {
    let before = cx.local_now().saturating_sub(1.year()).timestamp();
    let city = cx.city()?;
    db::write!(city.db, |tx| { store::forget_refused(tx, before).await })?;
    Ok(())
}

pub async fn write_export(cx: Cx, job: WriteExport) -> Result<()> {
    export::run(&cx, job.export).await
}

/// Everything that stays the same for all rows of a run.
struct Context {
    run: Run,
    source_name: String,
    mapping: Mapping,
    city: City,
    root: PathBuf,
    table: Table,
}

pub async fn run_rows(cx: Cx, job: RunRows) -> Result<()> {
    let city = cx.city()?;
    let mut rx = city.db.read().await?;
    let run = store::run(&mut rx, job.run).await?;
    if run.state != "running" {
        return Ok(());
    }
    let source = store::source(&mut rx, &run.source).await?;
    let saved = store::mapping_version(&mut rx, &run.source, run.version).await?;
    let mapping: Mapping = serde_json::from_value(saved.body)?;
    let units: Vec<String> = serde_json::from_value(run.units.clone())?;
    let entries = service::city_of(&cx, &mut rx).await?.entries;
    drop(rx);
    let loaded = match service::load(&cx, &run.folder, &run.table_file, &mapping).await {
        Ok(Ok(loaded)) if loaded.sha256 == run.sha256 => loaded,
        Ok(Ok(_)) => return end(&cx, job.run, "failed", "table-changed").await,
        Ok(Err(fault)) => return end(&cx, job.run, "failed", &format!("table-{}", fault.code())).await,
        Err(kernel::Error::NotFound) => return end(&cx, job.run, "failed", "folder-gone").await,
        Err(error) => return Err(error),
    };
    let context = Context {
        root: folder::imports(&cx.app()?.config, &city.key).join(&run.folder),
        city: City { entries, units: units.into_iter().collect() },
        source_name: source.name,
        table: loaded.table,
        mapping,
        run,
    };
    if batches(&cx, &context).await? { end(&cx, job.run, "done", "").await } else { Ok(()) }
}

async fn end(cx: &Cx, id: Uuid, state: &str, fault: &str) -> Result<()> {
    let city = cx.city()?;
    db::write!(city.db, |tx| { service::end(cx, tx, id, state, fault).await })
}

/// Old ids and files that stood in rows before.
#[derive(Default)]
struct Seen {
    keys: HashSet<(String, i64)>,
    files: HashSet<String>,
}

/// A row that is not refused yet, with its place in the batch.
struct Candidate {
    at: usize,
    meant: Meant,
    before: BeforeDocument,
}

/// Works through the rows behind the last committed one; false when somebody else goes on with them, or nobody shall.
async fn batches(cx: &Cx, c: &Context) -> Result<bool> {
    let reader = Reader::new(&c.mapping, &c.city, &c.table.columns);
    let mut seen = Seen::default();
    let mut from = usize::try_from(c.run.next_row).unwrap_or(0).min(c.table.rows.len());
    for row in &c.table.rows[..from] {
        seen.keys.insert(reader.key(row));
        if let Ok(meant) = reader.read(row) {
            seen.files.insert(meant.file.old);
        }
    }
    while from < c.table.rows.len() {
        let to = (from + BATCH).min(c.table.rows.len());
        if !batch(cx, c, &reader, &mut seen, from, to).await? {
            return Ok(false);
        }
        from = to;
    }
    Ok(true)
}

async fn batch(cx: &Cx, c: &Context, reader: &Reader<'_>, seen: &mut Seen, from: usize, to: usize) -> Result<bool> {
    let rows = &c.table.rows[from..to];
    let mut faults: BTreeMap<usize, Fault> = BTreeMap::new();
    let mut meant = Vec::with_capacity(rows.len());
    for (at, row) in rows.iter().enumerate() {
        let key = reader.key(row);
        let double = !key.0.is_empty() && seen.keys.contains(&key);
        match reader.read(row) {
            Ok(_) if double => {
                faults.insert(at, Fault::new("double", "old-id"));
            }
            Ok(row) => meant.push((at, row)),
            Err(fault) => {
                faults.insert(at, fault);
            }
        }
        seen.keys.insert(key);
    }
    let candidates = before(cx, c, seen, meant, &mut faults).await?;
    let checking = c.run.kind == "check";
    let mut taken: Vec<(usize, TakenAs)> = Vec::new();
    let mut write: Vec<(usize, TakenRow)> = Vec::new();
    for group in groups(c, candidates, &mut faults) {
        let fetched = try_join_all(group.into_iter().map(|(candidate, at)| fetch(cx, candidate, at, checking))).await?;
        for (at, outcome) in fetched {
            match outcome {
                Fetched::Refused(fault) => {
                    faults.insert(at, fault);
                }
                Fetched::Known(known) => taken.push((at, known)),
                Fetched::Write(row) => write.push((at, *row)),
            }
        }
    }
    write.sort_by_key(|(at, _)| *at);
    let (start, end) = (i64::try_from(from).unwrap_or(i64::MAX), i64::try_from(to).unwrap_or(i64::MAX));
    let city = cx.city()?;
    db::write!(city.db, |tx| {
        if !store::claim(tx, c.run.id, start, end).await? {
            return Ok(false);
        }
        let mut counts = Counts::default();
        let mut refused = faults.clone();
        for (_, known) in &taken {
            add(&mut counts, known);
        }
        if !write.is_empty() {
            let take = TakeOver {
                source: c.run.source.clone(),
                source_name: c.source_name.clone(),
                rows: write.iter().map(|(_, row)| row.clone()).collect(),
            };
            let outcomes = cx.call(tx, take).await?;
            for ((at, _), outcome) in write.iter().zip(outcomes) {
                match &outcome {
                    TakenAs::Refused(code) => {
                        refused.insert(*at, Fault::new(code, field_of(code)));
                    }
                    TakenAs::Erased(day) => {
                        refused.insert(*at, Fault::erased(*day));
                    }
                    TakenAs::New | TakenAs::Version | TakenAs::Unchanged => {}
                }
                add(&mut counts, &outcome);
            }
        }
        for (at, fault) in &refused {
            let Some(row) = rows.get(*at) else { continue };
            store::add_refused(tx, c.run.id, &refused_row(row, fault)).await?;
        }
        counts.refused = i64::try_from(refused.len()).unwrap_or(0);
        store::count(tx, c.run.id, counts).await?;
        Ok(true)
    })
}

/// Where the row stands and why it is refused; nothing of what stands in it.
fn refused_row(row: &Record, fault: &Fault) -> Refused {
    Refused {
        line: i64::try_from(row.line).unwrap_or(0),
        code: fault.code.clone(),
        field: fault.field.to_owned(),
        erased_on: fault.erased_on,
    }
}

/// The field that a reason of `records` is about.
fn field_of(code: &str) -> &'static str {
    match code {
        "entry" => "entry",
        "level" | "stricter" => "level",
        "unit" | "unit-differs" => "unit",
        "whole" => "part-of",
        "version-order" => "version",
        "closed" | "moved" => "case-number",
        _ => "",
    }
}

fn add(counts: &mut Counts, taken: &TakenAs) {
    match taken {
        TakenAs::New => counts.created += 1,
        TakenAs::Version => counts.versions += 1,
        TakenAs::Unchanged => counts.unchanged += 1,
        // Counted with all that are refused.
        TakenAs::Refused(_) | TakenAs::Erased(_) => {}
    }
}

/// What is known of the rows from earlier runs. A dry run also looks whether the file that a row is a part of is there.
async fn before(
    cx: &Cx,
    c: &Context,
    seen: &mut Seen,
    meant: Vec<(usize, Meant)>,
    faults: &mut BTreeMap<usize, Fault>,
) -> Result<Vec<Candidate>> {
    let asked = TakenBefore {
        source: c.run.source.clone(),
        documents: meant.iter().map(|(_, row)| (row.old_id.clone(), row.version)).collect(),
        files: meant.iter().map(|(_, row)| row.file.whole.clone().unwrap_or_default()).collect(),
        cases: meant.iter().map(|(_, row)| row.case.old.clone()).collect(),
    };
    let city = cx.city()?;
    let known = cx.ask(&mut city.db.read_long().await?, asked).await?;
    let mut candidates = Vec::with_capacity(meant.len());
    let known = known.documents.into_iter().zip(known.files).zip(known.cases).zip(known.erased);
    for ((at, meant), (((document, whole_there), case_there), erased)) in meant.into_iter().zip(known) {
        // Before its bytes are stored.
        if let Some(day) = erased {
            faults.insert(at, Fault::erased(day));
            continue;
        }
        if let Some(whole) = &meant.file.whole
            && !whole_there
            && !seen.files.contains(whole)
        {
            faults.insert(at, Fault::new("whole", "part-of"));
            continue;
        }
        seen.files.insert(meant.file.old.clone());
        // A row without a file says of its case whether it is there.
        let before = match (&meant.document, case_there) {
            (None, true) => BeforeDocument::OtherVersion,
            (None, false) => BeforeDocument::Unknown,
            (Some(_), _) => document,
        };
        candidates.push(Candidate { at, meant, before });
    }
    Ok(candidates)
}

type Group = Vec<(Candidate, Option<PathBuf>)>;

/// Rows whose files are read at once, with the places of these.
fn groups(c: &Context, candidates: Vec<Candidate>, faults: &mut BTreeMap<usize, Fault>) -> Vec<Group> {
    let mut groups = Vec::new();
    let (mut group, mut bytes): (Group, u64) = (Vec::new(), 0);
    for candidate in candidates {
        let (place, size) = match candidate.meant.document.as_ref().map(|d| folder::locate(&c.root, &d.path)) {
            None => (None, 0),
            Some(Ok((place, size))) => (Some(place), size),
            Some(Err(fault)) => {
                faults.insert(candidate.at, fault);
                continue;
            }
        };
        if group.len() == AT_ONCE || (bytes + size > BYTES_AT_ONCE && !group.is_empty()) {
            groups.push(std::mem::take(&mut group));
            bytes = 0;
        }
        bytes += size;
        group.push((candidate, place));
    }
    groups.push(group);
    groups
}

/// What came of a row's file.
enum Fetched {
    Refused(Fault),
    /// Nothing is to be written.
    Known(TakenAs),
    Write(Box<TakenRow>),
}

/// Reads and checks the file of a row, and stores it where it is new or changed and this is no dry run.
async fn fetch(cx: &Cx, candidate: Candidate, place: Option<PathBuf>, checking: bool) -> Result<(usize, Fetched)> {
    let Candidate { at, meant, before } = candidate;
    let (Some(document), Some(place)) = (meant.document.clone(), place) else {
        let known = match before {
            BeforeDocument::Unknown => TakenAs::New,
            BeforeDocument::OtherVersion | BeforeDocument::Same(_) => TakenAs::Unchanged,
        };
        let row = TakenRow { file: meant.file, case: meant.case, document: None };
        return Ok((at, if checking { Fetched::Known(known) } else { Fetched::Write(Box::new(row)) }));
    };
    let (path, checksum) = (document.path.clone(), document.checksum.clone());
    let read = match folder::blocking(move || read(&place, &path, checksum)).await? {
        Ok(read) => read,
        Err(fault) => return Ok((at, Fetched::Refused(fault))),
    };
    if same(before, &read.sha256) {
        return Ok((at, Fetched::Known(TakenAs::Unchanged)));
    }
    if checking {
        let known = match before {
            BeforeDocument::Unknown => TakenAs::New,
            BeforeDocument::OtherVersion | BeforeDocument::Same(_) => TakenAs::Version,
        };
        return Ok((at, Fetched::Known(known)));
    }
    let stored = cx.city()?.files.put(cx, read.bytes).await?;
    let MeantDocument { title, dated, .. } = document;
    let document = TakenDocument {
        old: meant.old_id,
        version: meant.version,
        title,
        dated,
        file: stored.id,
        sha256: stored.sha256,
        size: stored.size,
        name: read.name,
        media_type: read.media_type.to_owned(),
    };
    let row = TakenRow { file: meant.file, case: meant.case, document: Some(document) };
    Ok((at, Fetched::Write(Box::new(row))))
}

fn read(
    place: &Path,
    path: &str,
    checksum: Option<crate::mapping::Checksum>,
) -> std::result::Result<folder::Read, Fault> {
    folder::read(place, path, checksum.as_ref())
}

fn same(before: BeforeDocument, hash: &Hash) -> bool {
    matches!(before, BeforeDocument::Same(known) if known == *hash)
}
