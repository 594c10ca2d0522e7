use contract_records::PlanEntries;
use db::{Rx, Tx};
use house::{Call, InCity};
use kernel::{Cx, Error, Event, Hash, Principal, Result, StaffId, Subject, Uuid, sha256};
use serde::{Deserialize, Serialize};

use crate::{
    folder,
    jobs::RunRows,
    mapping::{City, Mapping},
    perm,
    store::{self, Run, Saved, Source},
    table::{self, Table},
};

/// A dry run or an import began.
#[derive(Serialize, Deserialize)]
struct RunStarted {
    run: Uuid,
    kind: String,
    source: String,
    version: i64,
    rows: i64,
}

impl Event for RunStarted {
    const NAME: &'static str = "exchange.run-started";
    fn subject(&self) -> Subject {
        Subject { kind: "exchange-run", id: self.run }
    }
}

/// It came to its end, or was stopped.
#[derive(Serialize, Deserialize)]
struct RunEnded {
    run: Uuid,
    /// `done`, `failed` or `stopped`.
    outcome: String,
    created: i64,
    versions: i64,
    unchanged: i64,
    refused: i64,
}

impl Event for RunEnded {
    const NAME: &'static str = "exchange.run-ended";
    fn subject(&self) -> Subject {
        Subject { kind: "exchange-run", id: self.run }
    }
}

pub fn staff(cx: &Cx) -> Result<StaffId> {
    cx.actor.staff().ok_or(Error::StaffSignIn)
}

/// Holds the right for the whole city: sees what others took over too.
pub fn for_the_city(cx: &Cx) -> bool {
    matches!(&cx.actor.principal, Principal::Staff { grants, .. } if grants.in_city(perm::IMPORT))
}

/// A run, for whoever started it and for those with the right in the whole city.
///
/// # Errors
/// `NotFound` for everybody else.
pub async fn visible_run(cx: &Cx, rx: &mut Rx, id: Uuid) -> Result<Run> {
    let run = store::run(rx, id).await?;
    if run.started_by == staff(cx)? || for_the_city(cx) { Ok(run) } else { Err(Error::NotFound) }
}

/// Letters and digits of a name, as the key of a source.
pub fn key_of(name: &str) -> String {
    let plain = name.trim().to_lowercase().replace('ä', "ae").replace('ö', "oe").replace('ü', "ue").replace('ß', "ss");
    let parts: Vec<&str> = plain.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty()).collect();
    parts.join("-").chars().take(60).collect()
}

/// What rows are checked against for the actor: the file plan, and the units in which they may take files over.
pub async fn city_of(cx: &Cx, rx: &mut Rx) -> Result<City> {
    let entries = cx.ask(rx, PlanEntries).await?.into_iter().map(|entry| entry.key).collect();
    let units = identity::units(rx).await?;
    let mine = units.all().iter().filter(|unit| cx.actor.allows_in(perm::IMPORT, &unit.key));
    Ok(City { entries, units: mine.map(|unit| unit.key.clone()).collect() })
}

/// A table that was read, and the hash of its bytes.
pub struct Loaded {
    pub table: Table,
    pub sha256: Hash,
}

/// Reads a table of a folder.
///
/// # Errors
/// `NotFound` for a folder or table that is not there.
pub async fn load(cx: &Cx, folder: &str, name: &str, mapping: &Mapping) -> Result<Result<Loaded, table::Fault>> {
    let root = folder::imports(&cx.app()?.config, &cx.city()?.key);
    let (folder, name) = (folder.to_owned(), name.to_owned());
    let (separator, element) = (mapping.separator.clone(), mapping.element.clone());
    folder::blocking(move || -> Result<Result<Loaded, table::Fault>> {
        let bytes = match folder::read_table(&folder::folder(&root, &folder)?, &name)? {
            Ok(bytes) => bytes,
            Err(fault) => return Ok(Err(fault)),
        };
        let table = table::read(&bytes, folder::is_xml(&name), &separator, &element);
        Ok(table.map(|table| Loaded { table, sha256: sha256(&[&bytes]) }))
    })
    .await?
}

/// What a run is about.
pub struct NewRun {
    pub kind: &'static str,
    pub source: Source,
    pub version: i64,
    pub folder: String,
    pub table_file: String,
    pub sha256: Hash,
    pub rows: usize,
}

/// Saves a mapping as a new version of its source where it differs from the newest; answers its version.
pub async fn save_mapping(cx: &Cx, tx: &mut Tx, source: &str, mapping: &Mapping) -> Result<i64> {
    let body = serde_json::to_value(mapping)?;
    let newest = store::mapping(tx, source).await?;
    if let Some(newest) = &newest
        && newest.body == body
    {
        return Ok(newest.version);
    }
    let saved = Saved { version: newest.map_or(1, |newest| newest.version + 1), body };
    store::add_mapping(tx, source, &saved, staff(cx)?, cx.now()).await?;
    Ok(saved.version)
}

/// Starts a dry run or an import.
pub async fn start(cx: &Cx, tx: &mut Tx, new: &NewRun) -> Result<Uuid> {
    let mut units: Vec<String> = city_of(cx, tx).await?.units.into_iter().collect();
    units.sort();
    let run = Run {
        id: cx.sources.uuid(),
        kind: new.kind.to_owned(),
        state: "running".into(),
        source: new.source.key.clone(),
        version: new.version,
        folder: new.folder.clone(),
        table_file: new.table_file.clone(),
        sha256: new.sha256,
        units: serde_json::to_value(units)?,
        total: i64::try_from(new.rows).unwrap_or(i64::MAX),
        next_row: 0,
        created: 0,
        versions: 0,
        unchanged: 0,
        refused: 0,
        fault: String::new(),
        started_by: staff(cx)?,
        started_at: cx.now(),
        ended_at: None,
    };
    store::add_run(tx, &run).await?;
    let started = RunStarted { run: run.id, kind: run.kind, source: run.source, version: run.version, rows: run.total };
    journal::emit(tx, cx, &started).await?;
    jobs::enqueue(tx, cx, &RunRows { run: run.id }).await?;
    Ok(run.id)
}

/// Starts the import of what a dry run has looked at: same folder, table and mapping.
///
/// # Errors
/// Refused while the dry run has not come to its end.
pub async fn import(cx: &Cx, tx: &mut Tx, check: Uuid) -> Result<Uuid> {
    let check = visible_run(cx, tx, check).await?;
    if check.kind != "check" || check.state != "done" {
        return Err(Error::refused("exchange-not-checked"));
    }
    let new = NewRun {
        kind: "import",
        source: store::source(tx, &check.source).await?,
        version: check.version,
        folder: check.folder,
        table_file: check.table_file,
        sha256: check.sha256,
        rows: usize::try_from(check.total).unwrap_or(0),
    };
    start(cx, tx, &new).await
}

/// Ends a run that is running, and tells it.
pub async fn end(cx: &Cx, tx: &mut Tx, id: Uuid, state: &str, fault: &str) -> Result<()> {
    if store::set_state(tx, id, ["running", "running"], state, fault, Some(cx.now())).await? {
        let run = store::run(tx, id).await?;
        let ended = RunEnded {
            run: id,
            outcome: run.state,
            created: run.created,
            versions: run.versions,
            unchanged: run.unchanged,
            refused: run.refused,
        };
        journal::emit(tx, cx, &ended).await?;
    }
    Ok(())
}

/// Stops a run after the rows that are being worked on.
pub async fn stop(cx: &Cx, tx: &mut Tx, run: Uuid) -> Result<()> {
    let run = visible_run(cx, tx, run).await?;
    end(cx, tx, run.id, "stopped", "").await
}

/// Goes on with a run where it ended; it writes into the units of its start.
pub async fn go_on(cx: &Cx, tx: &mut Tx, run: Uuid) -> Result<()> {
    let run = visible_run(cx, tx, run).await?;
    if store::set_state(tx, run.id, ["stopped", "failed"], "running", "", None).await? {
        jobs::enqueue(tx, cx, &RunRows { run: run.id }).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_source_is_plain() {
        assert_eq!(key_of("  d.3 (Bauamt Süd) "), "d-3-bauamt-sued");
        assert_eq!(key_of("§§"), "");
    }
}
