//! Words that must not stand in files.

use std::collections::BTreeMap;

use super::{File, Finding, Repo};

/// Ways to ask the machine for the time. Logic gets it from `Cx`, so that tests and deadlines are exact.
const CLOCKS: &[&str] = &["Timestamp::now(", "Zoned::now(", "Utc::now(", "Local::now("];
/// Crates that hand the time to others, or are no part of the program.
const CLOCK_OWNERS: &[&str] = &["platform/kernel", "sandbox", "xtask"];

/// The machine's own time, in which the ages of files are.
const FILE_CLOCK: &[&str] = &["SystemTime::now("];
/// `house` compares it with the age of files without a row.
const FILE_CLOCK_READERS: &[&str] = &["platform/house", "sandbox", "xtask"];

/// Settings are read in one place; a variable read deep inside is a setting nobody can find.
const ENVIRONMENT: &[&str] = &["env::var(", "env::var_os("];
/// `db` reads which server its tests may use, `ui` where the built files of the browser side lie.
const ENVIRONMENT_READERS: &[&str] = &["server", "sandbox", "xtask", "platform/db", "platform/ui"];

/// `crate number`, one line each: how many calls that may panic a crate has outside its tests.
const UNWRAPS: &str = include_str!("unwraps.txt");

/// A file larger than this belongs elsewhere, in bytes.
const MAX_SIZE: usize = 1_500_000;

fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

pub(super) fn clocks_and_environment(repo: &Repo) -> Vec<Finding> {
    let rules: [(&[&str], &[&str], &str); 3] = [
        (CLOCKS, CLOCK_OWNERS, "the time comes from Cx"),
        (FILE_CLOCK, FILE_CLOCK_READERS, "the time comes from Cx"),
        (ENVIRONMENT, ENVIRONMENT_READERS, "settings come from the server's configuration"),
    ];
    let mut found = Vec::new();
    for (file, source) in repo.code() {
        for (words, _, why) in rules.iter().filter(|(_, owners, _)| !owners.contains(&file.crate_folder())) {
            for word in *words {
                let hits = source.code.match_indices(word);
                found.extend(
                    hits.map(|(at, _)| {
                        Finding::new(&file.path, line_of(&source.code, at), format!("{word}..): {why}"))
                    }),
                );
            }
        }
    }
    found
}

fn allowed_unwraps() -> BTreeMap<&'static str, usize> {
    let pairs = UNWRAPS.lines().filter_map(|line| line.split_once(' '));
    pairs.filter_map(|(name, n)| Some((name, n.trim().parse().ok()?))).collect()
}

pub(super) fn unwraps(repo: &Repo) -> Vec<Finding> {
    let mut places: BTreeMap<&str, Vec<(&File, usize)>> = BTreeMap::new();
    for (file, source) in repo.code() {
        for word in [".unwrap()", ".expect(\""] {
            // A parser's own `self.expect("(")` answers an error and does not panic.
            let hits = source.code.match_indices(word).filter(|&(at, _)| !source.code[..at].ends_with("self"));
            let lines = hits.map(|(at, _)| (file, line_of(&source.code, at)));
            places.entry(file.crate_folder()).or_default().extend(lines);
        }
    }
    let allowed = allowed_unwraps();
    let mut found = Vec::new();
    for (name, places) in &places {
        let limit = allowed.get(name).copied().unwrap_or(0);
        if places.len() > limit {
            let what = format!("{name} has {} unwrap or expect outside tests, {limit} allowed", places.len());
            found.extend(places.iter().map(|(file, line)| Finding::new(&file.path, *line, what.clone())));
        } else if places.len() < limit {
            println!("  note: {name} has only {} left; lower its number in xtask/src/tidy/unwraps.txt", places.len());
        }
    }
    found
}

pub(super) fn whitespace(repo: &Repo) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in &repo.files {
        if file.path.ends_with(".snap") || file.path == "LICENSE" || file.path.contains("/tests/data/") {
            continue;
        }
        if !file.text.is_empty() && !file.text.ends_with('\n') {
            found.push(Finding::new(&file.path, 0, "does not end with a newline"));
        }
        if file.text.len() > MAX_SIZE {
            found.push(Finding::new(&file.path, 0, format!("is larger than {MAX_SIZE} bytes")));
        }
        // In Markdown and templates too: spaces at the end are never meant.
        let spaces = file.text.lines().enumerate().filter(|(_, line)| line.ends_with([' ', '\t', '\r']));
        found.extend(spaces.map(|(line, _)| Finding::new(&file.path, line + 1, "ends with a space")));
    }
    found
}

/// Beginnings of paths that exist on one machine only.
const MACHINE: &[&str] = &["/home/", "/root/", "/Users/", "/work/"];

pub(super) fn machines(repo: &Repo) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in repo.files.iter().filter(|f| f.path != "xtask/src/tidy/files.rs") {
        for path in MACHINE {
            for (at, _) in file.text.match_indices(path) {
                let joins = file.text[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || "._-}".contains(c));
                let named = file.text[at + path.len()..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '.');
                if named && !joins {
                    found.push(Finding::new(
                        &file.path,
                        line_of(&file.text, at),
                        format!("{path}.. is a path of one machine"),
                    ));
                }
            }
        }
    }
    let index = "\"registry+https://github.com/rust-lang/crates.io-index\"";
    for file in &repo.files {
        let foreign = |line: &str| match file.path.rsplit('/').next() {
            Some("Cargo.lock") => line.starts_with("source = ") && !line.ends_with(index),
            Some("package-lock.json") => line.trim_start().starts_with("\"resolved\""),
            Some(".npmrc") => line.contains("registry=") && !line.contains("omit-lockfile"),
            Some("config.toml") if file.path.contains(".cargo/") => line.contains("replace-with"),
            _ => false,
        };
        let hits = file.text.lines().enumerate().filter(|(_, line)| foreign(line));
        found.extend(hits.map(|(line, _)| Finding::new(&file.path, line + 1, "names the host of a registry")));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::tests::{places, repo};
    use super::*;

    #[test]
    fn clocks_are_read_in_the_kernel_only() {
        let text = "fn f() {\n  Timestamp::now();\n}\n// Timestamp::now()\nlet t = \"Timestamp::now()\";";
        let repo = repo(&[("platform/kernel/src/cx.rs", text), ("modules/desk/src/lib.rs", text)]);
        assert_eq!(places(&clocks_and_environment(&repo)), ["modules/desk/src/lib.rs:2"]);
    }

    #[test]
    fn new_calls_that_may_panic_are_found() {
        let repo = repo(&[("modules/none/src/lib.rs", "a.unwrap();\nb.unwrap_or(1);\nc.expect(\"x\");")]);
        assert_eq!(places(&unwraps(&repo)), ["modules/none/src/lib.rs:1", "modules/none/src/lib.rs:3"]);
    }

    #[test]
    fn spaces_and_missing_newlines_are_found() {
        let repo = repo(&[("a.md", "good\nbad \n"), ("b.md", "no newline"), ("c.md", "")]);
        assert_eq!(places(&whitespace(&repo)), ["a.md:2", "b.md:0"]);
    }

    #[test]
    fn paths_of_a_machine_and_registry_hosts_are_found() {
        let repo = repo(&[
            ("a.toml", "x = \"/home/me/x\"\ny = \"https://example.org/home/x\"\n"),
            (
                "Cargo.lock",
                "source = \"registry+https://github.com/rust-lang/crates.io-index\"\nsource = \"sparse+https://m.example/\"\n",
            ),
            ("web/package-lock.json", "  \"resolved\": \"https://m.example/x.tgz\",\n"),
        ]);
        assert_eq!(places(&machines(&repo)), ["a.toml:1", "Cargo.lock:2", "web/package-lock.json:1"]);
    }
}
