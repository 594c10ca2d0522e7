//! Runs public conformance suites and prints one line for each: `suite: passed/total`.
//! The data lies where `MEER_CONFORMANCE` points, else at `../shared/conformance` beside the project's root.

mod bpmn_miwg;
mod dmn_tck;
mod xdomea;

use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};

/// What a suite came to.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) passed: usize,
    pub(crate) total: usize,
    /// Names of the failed cases and why.
    pub(crate) failures: Vec<String>,
    /// What passed and yet is worth a line, printed with the failures.
    pub(crate) notes: Vec<String>,
}

impl Tally {
    /// Counts a case; `Err` says why it failed.
    pub(crate) fn count(&mut self, case: &str, outcome: Result<(), String>) {
        self.total += 1;
        match outcome {
            Ok(()) => self.passed += 1,
            Err(why) => self.failures.push(format!("{case}: {why}")),
        }
    }
}

/// A suite: its name, its folder in the conformance data and what runs it.
struct Suite {
    name: &'static str,
    folder: &'static str,
    /// What passed already of the whole suite; may only grow.
    at_least: usize,
    run: fn(&Path) -> Result<Tally>,
}

const SUITES: &[Suite] = &[
    Suite { name: "bpmn-miwg", folder: "bpmn-miwg", at_least: 21, run: bpmn_miwg::run },
    Suite { name: "dmn-tck", folder: "dmn-tck", at_least: 1889, run: dmn_tck::run },
    Suite { name: "xdomea", folder: "xdomea", at_least: 23, run: xdomea::run },
];

fn data() -> PathBuf {
    match std::env::var_os("MEER_CONFORMANCE") {
        Some(path) => path.into(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance"),
    }
}

/// Runs one suite or all of them; `list_failures` also prints each failed case.
///
/// # Errors
/// A suite passes fewer cases than before.
pub(crate) fn run(only: Option<&str>, list_failures: bool) -> Result<()> {
    if let Some(name) = only
        && !SUITES.iter().any(|s| s.name == name)
    {
        bail!("there is no suite `{name}`");
    }
    for suite in SUITES.iter().filter(|s| only.is_none_or(|name| name == s.name)) {
        let folder = data().join(suite.folder);
        if !folder.is_dir() {
            println!("{}: skipped: no conformance data", suite.name);
            continue;
        }
        let tally = (suite.run)(&folder)?;
        println!("{}: {}/{}", suite.name, tally.passed, tally.total);
        let fewer = tally.passed < suite.at_least && tally.total >= suite.at_least;
        if list_failures || fewer {
            tally.failures.iter().for_each(|f| println!("  {f}"));
            tally.notes.iter().for_each(|n| println!("  note: {n}"));
        }
        ensure!(!fewer, "{}: {} passed before", suite.name, suite.at_least);
    }
    Ok(())
}
