//! Files given out (Ausgabe): a folder with the documents, their metadata in a table that an import reads, and a list of
//! contents for people.

use std::{
    collections::HashMap,
    fmt::Write as _,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use contract_records::{CaseToExport, CasesToExport, FileToExport, FilesToExport, LogGivenOut};
use files::{Meta, Scan};
use house::{Call, InCity};
use kernel::{CaseId, Cx, Error, Event, Result, StaffId, Subject, Uuid};
use serde::{Deserialize, Serialize};

use crate::{folder, mapping::FIELDS, store};

/// Name of the metadata table.
pub const TABLE: &str = "akten.csv";
/// Name of the list of contents.
pub const CONTENTS: &str = "inhalt.txt";
/// Files or cases that are asked for at once.
const PAGE: i64 = 200;
/// Parts lie inside each other no deeper than this.
const DEPTH: usize = 50;

/// What was given out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Given {
    pub files: i64,
    pub cases: i64,
    /// Versions of documents.
    pub documents: i64,
}

/// Files were given out, to somebody or by the operator.
#[derive(Serialize, Deserialize)]
struct FilesGivenOut {
    export: Uuid,
    files: i64,
    cases: i64,
    documents: i64,
}

impl Event for FilesGivenOut {
    const NAME: &'static str = "exchange.given-out";
    fn subject(&self) -> Subject {
        Subject { kind: "exchange-export", id: self.export }
    }
}

/// Where an export lies.
pub fn place(cx: &Cx, export: Uuid) -> Result<PathBuf> {
    Ok(folder::exports(&cx.app()?.config, &cx.city()?.key).join(export.to_string()))
}

/// Writes what somebody asked for; what breaks off is begun anew, by its job or by asking again.
pub async fn run(cx: &Cx, id: Uuid) -> Result<()> {
    let city = cx.city()?;
    let export = store::export(&mut city.db.read().await?, id).await?;
    if export.state != "running" {
        return Ok(());
    }
    let target = place(cx, id)?;
    // Half of it may lie there from a run that was killed.
    clear(&target).await?;
    let (state, given) = match write_folder(cx, Some(export.staff_id), &target).await {
        Ok(given) => ("done", given),
        Err(error) => {
            tracing::error!(%id, "export: {error:#}");
            // Nobody fetches half of it, and the documents in it would lie there open.
            clear(&target).await?;
            ("failed", Given::default())
        }
    };
    let fault = if state == "failed" { "write" } else { "" };
    db::write!(city.db, |tx| {
        let counts = (given.files, given.cases, given.documents);
        store::end_export(tx, id, state, fault, counts, cx.now()).await?;
        let event = FilesGivenOut { export: id, files: given.files, cases: given.cases, documents: given.documents };
        journal::emit(tx, cx, &event).await?;
        Ok(())
    })
}

/// Removes the folder with all that is in it.
pub async fn clear(target: &Path) -> Result<()> {
    let target = target.to_owned();
    folder::blocking(move || {
        let _ = fs::remove_dir_all(target);
    })
    .await
}

/// Writes all files that a member of staff may see, or all there are, into a new folder.
///
/// # Errors
/// A folder with something in it, a full disk, stored bytes that were changed.
pub async fn write_folder(cx: &Cx, staff: Option<StaffId>, target: &Path) -> Result<Given> {
    let failed = |e: std::io::Error| Error::internal(format!("{}: {e}", target.display()));
    if fs::read_dir(target).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Error::internal(format!("{} is not empty", target.display())));
    }
    fs::create_dir_all(target).map_err(failed)?;
    // Only the program itself may look into it: the documents lie there open.
    fs::set_permissions(target, fs::Permissions::from_mode(0o700)).map_err(failed)?;
    let mut table = csv::WriterBuilder::new().delimiter(b';').from_path(target.join(TABLE)).map_err(Error::internal)?;
    table.write_record(FIELDS.iter().map(|field| field.column)).map_err(Error::internal)?;
    let mut contents = String::new();
    let mut given = Given::default();
    let files = all_files(cx, staff).await?;
    let numbers: HashMap<Uuid, String> = files.iter().map(|file| (file.id, file.number.clone())).collect();
    for file in &files {
        given.files += 1;
        let _ = writeln!(contents, "{}  {}", file.number, file.title);
        let whole = file.part_of.and_then(|whole| numbers.get(&whole)).map_or("", String::as_str);
        let mut after = None;
        let mut empty = true;
        loop {
            let asked = CasesToExport { staff, file: file.id, after, limit: PAGE };
            let cases = cx.ask(&mut cx.city()?.db.read_long().await?, asked).await?;
            let Some(last) = cases.last() else { break };
            after = Some(last.id);
            empty = false;
            if let Some(staff) = staff {
                // Before the first document is written: what somebody may have got is in the log.
                let city = cx.city()?;
                let ids: Vec<CaseId> = cases.iter().map(|case| case.id).collect();
                db::write!(city.db, |tx| { cx.call(tx, LogGivenOut { staff, cases: ids.clone() }).await })?;
            }
            for case in &cases {
                given.cases += 1;
                given.documents += write_case(cx, target, &mut table, &mut contents, file, whole, case).await?;
            }
        }
        if empty && !file.unit.is_empty() {
            let line = Line { old_id: file.id.to_string(), ..Line::of(file, whole, &file.unit, &file.confidentiality) };
            table.write_record(line.cells()).map_err(Error::internal)?;
        }
    }
    table.flush().map_err(failed)?;
    fs::write(target.join(CONTENTS), contents).map_err(failed)?;
    Ok(given)
}

/// All files, those that others are a part of in front of these.
async fn all_files(cx: &Cx, staff: Option<StaffId>) -> Result<Vec<FileToExport>> {
    let mut files = Vec::new();
    let mut after = None;
    loop {
        let asked = FilesToExport { staff, after, limit: PAGE };
        let page = cx.ask(&mut cx.city()?.db.read_long().await?, asked).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        files.extend(page);
    }
    let wholes: HashMap<Uuid, Option<Uuid>> = files.iter().map(|file| (file.id, file.part_of)).collect();
    let depth = |id: Uuid| {
        let above = std::iter::successors(Some(id), |id| wholes.get(id).copied().flatten());
        above.take(DEPTH).count()
    };
    files.sort_by_key(|file| (depth(file.id), file.id));
    Ok(files)
}

/// Values of a row of the table.
#[derive(Clone, Default)]
struct Line<'a> {
    old_id: String,
    version: String,
    file: &'a str,
    file_title: &'a str,
    whole: &'a str,
    entry: &'a str,
    case: &'a str,
    case_title: &'a str,
    closed: String,
    title: &'a str,
    dated: String,
    path: String,
    sha256: String,
    level: &'a str,
    unit: &'a str,
}

impl<'a> Line<'a> {
    fn of(file: &'a FileToExport, whole: &'a str, unit: &'a str, level: &'a str) -> Line<'a> {
        Line { file: &file.number, file_title: &file.title, whole, entry: &file.entry, unit, level, ..Line::default() }
    }

    /// In the order of [`FIELDS`].
    fn cells(&self) -> [&str; FIELDS.len()] {
        [
            &self.old_id,
            &self.version,
            self.file,
            self.file_title,
            self.whole,
            self.entry,
            self.case,
            self.case_title,
            &self.closed,
            self.title,
            &self.dated,
            &self.path,
            &self.sha256,
            self.level,
            self.unit,
        ]
    }
}

/// Writes a case with its documents; answers how many versions these have.
async fn write_case(
    cx: &Cx,
    target: &Path,
    table: &mut csv::Writer<fs::File>,
    contents: &mut String,
    file: &FileToExport,
    whole: &str,
    case: &CaseToExport,
) -> Result<i64> {
    let mut written = 0;
    let _ = writeln!(contents, "  {}  {}", case.number, case.title);
    let of_case = Line {
        case: &case.number,
        case_title: &case.title,
        closed: case.closed.map_or_else(String::new, |day| day.to_string()),
        ..Line::of(file, whole, &case.unit, &case.confidentiality)
    };
    for document in &case.documents {
        let _ = writeln!(contents, "    {}  {}", document.dated, document.title);
        for (n, id) in &document.versions {
            let meta = files::meta(&mut cx.city()?.db.read_long().await?, *id).await?;
            // Opened for nobody: the list says so, and all the rest is given out.
            if let Scan::Infected { signature, .. } = &meta.scan {
                let _ = writeln!(contents, "      Fassung {n} fehlt: gesperrt, Schadsoftware gefunden ({signature})");
                continue;
            }
            let (path, sha256) = write_bytes(cx, target, &document.id.to_string(), *n, &meta).await?;
            let line = Line {
                old_id: document.id.to_string(),
                version: n.to_string(),
                title: &document.title,
                dated: document.dated.to_string(),
                path,
                sha256,
                ..of_case.clone()
            };
            table.write_record(line.cells()).map_err(Error::internal)?;
            written += 1;
        }
    }
    if written == 0 {
        let line = Line { old_id: case.id.to_string(), ..of_case };
        table.write_record(line.cells()).map_err(Error::internal)?;
    }
    Ok(written)
}

/// Writes the bytes of a version under their own name; answers their path and SHA-256.
async fn write_bytes(cx: &Cx, target: &Path, document: &str, n: i64, meta: &Meta) -> Result<(String, String)> {
    let bytes = cx.city()?.files.read_verified(meta).await?;
    // The last digits of an id are random: no folder gets many entries.
    let shelf = document.get(document.len().saturating_sub(2)..).unwrap_or_default();
    let path = format!("dokumente/{shelf}/{document}-{n}/{}", meta.name);
    let place = target.join(&path);
    folder::blocking(move || {
        let folder = place.parent().map_or(Ok(()), fs::create_dir_all);
        folder.and_then(|()| fs::write(&place, bytes)).map_err(|e| Error::internal(format!("{}: {e}", place.display())))
    })
    .await??;
    Ok((path, folder::hex(&meta.sha256)))
}
