//! How crates depend on each other, and what each must have.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Finding, Repo};

/// Crates that only one of ours may name: a change of driver or client then stays inside one crate.
const HOMES: &[(&str, &str)] = &[
    ("rusqlite", "db"),
    ("tokio-postgres", "db"),
    ("deadpool-postgres", "db"),
    ("typst", "pdf"),
    ("typst-pdf", "pdf"),
    ("typst-layout", "pdf"),
    ("lettre", "mail"),
    ("tantivy", "search"),
    ("reqwest", "peers"),
];

/// Lines of code in `src` from which a crate should be split along the field's own seams.
const MAX_LINES: usize = 8_000;
/// Crates that are still larger, with a size that may only shrink: the next seam of `records` is what came from other systems
/// (`origin`).
const STILL_LARGE: &[(&str, usize)] = &[("modules/records", 8_170)];

struct Package<'a> {
    name: &'a str,
    /// `platform`, `formats`, `contract`, `modules`, or the folder itself.
    group: String,
    manifest: String,
    /// Name and whether only tests use it.
    dependencies: Vec<(&'a str, bool)>,
}

fn packages(repo: &Repo) -> Vec<Package<'_>> {
    let root = repo.root.to_string_lossy();
    let text = |value: &'_ Value| value.as_str().unwrap_or_default().to_owned();
    let mut all = Vec::new();
    for package in &repo.packages {
        let manifest = text(&package["manifest_path"]);
        let manifest = manifest.strip_prefix(root.as_ref()).unwrap_or(&manifest).trim_start_matches('/').to_owned();
        let dependencies = package["dependencies"].as_array().into_iter().flatten();
        all.push(Package {
            name: package["name"].as_str().unwrap_or_default(),
            group: manifest.split('/').next().unwrap_or_default().to_owned(),
            manifest,
            dependencies: dependencies
                .map(|d| (d["name"].as_str().unwrap_or_default(), d["kind"].as_str() == Some("dev")))
                .collect(),
        });
    }
    all
}

/// Why a crate of `from` must not depend on this one; `None` when it may.
fn refusal(from: &Package<'_>, to: &Package<'_>, for_tests: bool) -> Option<&'static str> {
    if from.name == to.name || (for_tests && ["testkit", "sandbox"].contains(&to.name)) {
        return None;
    }
    match (from.group.as_str(), to.group.as_str()) {
        ("formats", "formats") | ("server" | "xtask" | "bench", _) => None,
        ("formats", _) => Some("a format stands for itself"),
        ("platform", _) if from.name == "kernel" => Some("the kernel stands on nothing of ours"),
        // Brings up the whole house in a test process.
        ("platform", _) if from.name == "testkit" => None,
        ("platform", "platform") if to.name != "testkit" => None,
        ("platform", "formats") => None,
        ("platform", _) => Some("the platform knows no module"),
        ("contract", _) if to.name == "kernel" => None,
        ("contract", _) => Some("a contract stands on the kernel only"),
        // A test may bring up several rooms.
        ("modules", "modules") if for_tests => None,
        ("modules", "modules") => Some("modules talk through contracts"),
        ("modules", "platform") if to.name != "testkit" => None,
        ("modules", "contract" | "formats") => None,
        ("sandbox", _) => Some("the sandbox is the outside world: it knows protocols, not our code"),
        _ => Some("not a direction of the architecture"),
    }
}

pub(super) fn directions(repo: &Repo) -> Vec<Finding> {
    let packages = packages(repo);
    let by_name: BTreeMap<&str, &Package<'_>> = packages.iter().map(|p| (p.name, p)).collect();
    let mut found = Vec::new();
    for from in &packages {
        for &(name, for_tests) in &from.dependencies {
            if let Some(to) = by_name.get(name)
                && let Some(why) = refusal(from, to, for_tests)
            {
                found.push(Finding::new(&from.manifest, 0, format!("{} depends on {name}: {why}", from.name)));
            }
        }
    }
    found
}

pub(super) fn homes(repo: &Repo) -> Vec<Finding> {
    let mut found = Vec::new();
    for package in packages(repo) {
        for &(name, for_tests) in &package.dependencies {
            let home = HOMES.iter().find(|(known, _)| *known == name).map(|(_, home)| *home);
            // Tests of storage open a file from outside, as somebody with a shell would.
            let tampers = for_tests && name == "rusqlite";
            if home.is_some_and(|home| home != package.name) && !tampers {
                found.push(Finding::new(&package.manifest, 0, format!("names {name}, which belongs to {home:?}")));
            }
        }
    }
    found
}

pub(super) fn sizes(repo: &Repo) -> Vec<Finding> {
    let mut lines: BTreeMap<&str, usize> = BTreeMap::new();
    for (file, _) in repo.code().filter(|(file, _)| file.path.contains("src/")) {
        *lines.entry(file.crate_folder()).or_default() += file.text.lines().count();
    }
    let limit = |folder: &str| STILL_LARGE.iter().find(|(known, _)| *known == folder).map_or(MAX_LINES, |(_, n)| *n);
    let too_big = lines.into_iter().filter(|&(folder, n)| n > limit(folder));
    too_big.map(|(folder, n)| Finding::new(folder, 0, format!("{n} lines: split it along the field's seams"))).collect()
}

pub(super) fn readmes(repo: &Repo) -> Vec<Finding> {
    let has = |path: &str| repo.files.iter().any(|f| f.path == path);
    let modules = repo.files.iter().filter(|f| f.path.starts_with("modules/") && f.path.ends_with("/Cargo.toml"));
    modules
        .map(|f| f.path.replace("Cargo.toml", "README.md"))
        .filter(|readme| !has(readme))
        .map(|readme| Finding::new(&readme, 0, "is missing: law and standards, states, who calls it"))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with(from: (&str, &str), to: (&str, &str), kind: Option<&str>) -> Repo {
        let package = |(name, folder): (&str, &str), dependencies: Value| json!({"name": name, "manifest_path": format!("/r/{folder}/Cargo.toml"), "dependencies": dependencies});
        let mut repo = super::super::tests::repo(&[]);
        repo.root = "/r".into();
        repo.packages = vec![package(from, json!([{"name": to.0, "kind": kind}])), package(to, json!([]))];
        repo
    }

    #[test]
    fn only_the_directions_of_the_architecture_pass() {
        let records = ("records", "modules/records");
        let db = ("db", "platform/db");
        let kernel = ("kernel", "platform/kernel");
        let feel = ("feel", "formats/feel");
        let contract = ("contract-desk", "contract/desk");
        let desk = ("desk", "modules/desk");
        let testkit = ("testkit", "platform/testkit");
        let good = [(records, db), (records, contract), (records, feel), (db, kernel), (contract, kernel)];
        for (from, to) in good {
            assert!(directions(&with(from, to, None)).is_empty(), "{from:?} → {to:?}");
        }
        let bad = [(records, desk), (db, desk), (kernel, feel), (contract, db), (feel, kernel), (records, testkit)];
        for (from, to) in bad {
            assert_eq!(directions(&with(from, to, None)).len(), 1, "{from:?} → {to:?}");
        }
        assert!(directions(&with(records, testkit, Some("dev"))).is_empty());
        assert!(directions(&with(records, desk, Some("dev"))).is_empty());
        assert_eq!(directions(&with(contract, db, Some("dev"))).len(), 1);
        assert_eq!(directions(&with(("sandbox", "sandbox"), kernel, None)).len(), 1);
    }

    #[test]
    fn a_driver_has_one_home() {
        let driver = ("rusqlite", "vendor/rusqlite");
        assert_eq!(homes(&with(("records", "modules/records"), driver, None)).len(), 1);
        assert!(homes(&with(("records", "modules/records"), driver, Some("dev"))).is_empty());
        assert!(homes(&with(("db", "platform/db"), driver, None)).is_empty());
    }
}
