//! What a compiler does not see: the directions between crates, the rules of the SQL texts, the words that must not
//! stand in code. Each check is named and prints `file:line: what`; the last line is `tidy: N passed, N failed`.

mod crates;
mod files;
mod rust;
mod sql;
mod texts;

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// A place in the repository and what is wrong there. Line 0: the file as a whole.
pub(crate) struct Finding {
    file: String,
    line: usize,
    what: String,
}

impl Finding {
    fn new(file: &str, line: usize, what: impl Into<String>) -> Finding {
        Finding { file: file.to_owned(), line, what: what.into() }
    }
}

/// A text file of the repository.
pub(crate) struct File {
    /// Path from the root, with `/`.
    path: String,
    text: String,
    /// Set for `.rs` files.
    rust: Option<rust::Source>,
}

impl File {
    /// `platform/kernel`, `server` and so on; empty for what lies outside all crates.
    fn crate_folder(&self) -> &str {
        const GROUPS: &[&str] = &["platform", "formats", "contract", "modules"];
        const SINGLE: &[&str] = &["server", "sandbox", "xtask", "bench"];
        let mut parts = self.path.split('/');
        let (first, second) = (parts.next().unwrap_or(""), parts.next());
        match second {
            Some(second) if GROUPS.contains(&first) => &self.path[..first.len() + 1 + second.len()],
            Some(_) if SINGLE.contains(&first) => first,
            _ => "",
        }
    }

    /// Code that runs in tests and measurements only.
    fn is_test(&self) -> bool {
        let inside = ["/tests/", "/benches/", "/examples/"];
        inside.iter().any(|folder| self.path.contains(folder))
            || self.path.ends_with("/tests.rs")
            || self.path.ends_with("/testing.rs")
            || self.path.starts_with("platform/testkit/")
            || self.path.starts_with("bench/")
    }
}

/// The repository as it lies on the disk: what git tracks and what it would track.
pub(crate) struct Repo {
    root: PathBuf,
    files: Vec<File>,
    /// `packages` of `cargo metadata`.
    packages: Vec<Value>,
}

impl Repo {
    fn load() -> Result<Repo> {
        let root = PathBuf::from(output("git", &["rev-parse", "--show-toplevel"])?.trim_end());
        let listed = output("git", &["-C", &root.to_string_lossy(), "ls-files", "-zco", "--exclude-standard"])?;
        let mut files = Vec::new();
        for path in listed.split('\0').filter(|path| !path.is_empty()) {
            // Not there: removed and not committed yet. Not UTF-8: a picture.
            let Ok(bytes) = std::fs::read(root.join(path)) else { continue };
            let Ok(text) = String::from_utf8(bytes) else { continue };
            let rust = path.ends_with(".rs").then(|| rust::scan(&text));
            files.push(File { path: path.to_owned(), text, rust });
        }
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let manifest = root.join("Cargo.toml");
        let metadata = output(
            &cargo,
            &["metadata", "--no-deps", "--format-version", "1", "--manifest-path", &manifest.to_string_lossy()],
        )?;
        let metadata: Value = serde_json::from_str(&metadata)?;
        let packages = metadata["packages"].as_array().cloned().context("cargo metadata lists no packages")?;
        Ok(Repo { root, files, packages })
    }

    /// Rust files outside tests, with what stands in them.
    fn code(&self) -> impl Iterator<Item = (&File, &rust::Source)> {
        self.files.iter().filter(|f| !f.is_test()).filter_map(|f| f.rust.as_ref().map(|source| (f, source)))
    }
}

fn output(program: &str, args: &[&str]) -> Result<String> {
    let out = Command::new(program).args(args).output().with_context(|| format!("cannot run {program}"))?;
    ensure!(out.status.success(), "{program} {}: {}", args.join(" "), String::from_utf8_lossy(&out.stderr));
    Ok(String::from_utf8(out.stdout)?)
}

/// A check: what holds, and what finds where it does not.
type Check = (&'static str, fn(&Repo) -> Vec<Finding>);

const CHECKS: &[Check] = &[
    ("crates depend in one direction", crates::directions),
    ("drivers, typesetter, mail and HTTP clients have one home each", crates::homes),
    ("crates stay under 8,000 lines", crates::sizes),
    ("every module has a README", crates::readmes),
    ("SQL texts name the tenant and run on both engines", sql::texts),
    ("SQL for one engine only is rare", sql::engine_specific),
    ("SQL names the crate's own tables", sql::own_tables),
    ("tables carry tenant, prefix and portable types", sql::migrations),
    ("time and environment come from outside", files::clocks_and_environment),
    ("unwrap and expect only become fewer", files::unwraps),
    ("every text key exists in German and English", texts::keys),
    ("files end with a newline, lines without spaces", files::whitespace),
    ("no path of a machine, no host of a registry", files::machines),
];

/// Runs all checks; true if nothing was found.
///
/// # Errors
/// git or cargo cannot be asked.
pub(crate) fn run() -> Result<bool> {
    let repo = Repo::load()?;
    let mut failed = 0;
    for (name, check) in CHECKS {
        let found = check(&repo);
        println!("{}: {name}", if found.is_empty() { "ok" } else { "FAILED" });
        for Finding { file, line, what } in &found {
            match line {
                0 => println!("  {file}: {what}"),
                _ => println!("  {file}:{line}: {what}"),
            }
        }
        failed += usize::from(!found.is_empty());
    }
    println!("tidy: {} passed, {failed} failed", CHECKS.len() - failed);
    Ok(failed == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A repository of these files, without packages.
    pub(super) fn repo(files: &[(&str, &str)]) -> Repo {
        let files = files
            .iter()
            .map(|(path, text)| File {
                path: (*path).to_owned(),
                text: (*text).to_owned(),
                rust: path.ends_with(".rs").then(|| rust::scan(text)),
            })
            .collect();
        Repo { root: PathBuf::new(), files, packages: Vec::new() }
    }

    /// `file:line` of each finding.
    pub(super) fn places(found: &[Finding]) -> Vec<String> {
        found.iter().map(|f| format!("{}:{}", f.file, f.line)).collect()
    }

    #[test]
    fn files_know_their_crate_and_whether_they_are_tests() {
        let repo = repo(&[("platform/db/src/lib.rs", ""), ("server/src/main.rs", ""), ("Cargo.toml", "")]);
        let folders: Vec<&str> = repo.files.iter().map(File::crate_folder).collect();
        assert_eq!(folders, ["platform/db", "server", ""]);
        let repo = super::tests::repo(&[("a/tests/x.rs", ""), ("a/src/tests.rs", ""), ("a/src/contests.rs", "")]);
        assert_eq!(repo.files.iter().map(File::is_test).collect::<Vec<_>>(), [true, true, false]);
    }
}
