//! Texts of the pages: what templates and code ask for must exist in both languages.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Repo};

/// Calls that take a text key in Rust code, besides those of templates.
const CALLS: &[&str] = &[".page(\"", ".flash(\"", ".flash_to(\""];

/// Keys defined in a Fluent file: messages begin at a line's start.
fn defined(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().filter_map(|(line, content)| {
        let (key, _) = content.split_once('=')?;
        let key = key.trim_end();
        let good = key.starts_with(|c: char| c.is_ascii_lowercase())
            && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        good.then_some((line + 1, key))
    })
}

/// Keys a line asks for.
fn asked(line: &str, is_rust: bool) -> BTreeSet<&str> {
    let mut keys = ui::texts::keys_used(line);
    for call in CALLS.iter().filter(|_| is_rust) {
        let after = line.match_indices(call).map(|(at, _)| &line[at + call.len()..]);
        keys.extend(after.filter_map(|rest| rest.split_once('"').map(|(key, _)| key)));
    }
    // `{}` in a key: it is put together at run time.
    keys.retain(|key| !key.contains(['{', '$']));
    keys
}

pub(super) fn keys(repo: &Repo) -> Vec<Finding> {
    let mut by_language: BTreeMap<&str, BTreeMap<&str, (&str, usize)>> = BTreeMap::new();
    for file in &repo.files {
        for language in ["de", "en"] {
            if file.path.ends_with(&format!("/locales/{language}.ftl")) {
                let keys = by_language.entry(language).or_default();
                keys.extend(defined(&file.text).map(|(line, key)| (key, (file.path.as_str(), line))));
            }
        }
    }
    let none = BTreeMap::new();
    let (german, english) = (by_language.get("de").unwrap_or(&none), by_language.get("en").unwrap_or(&none));
    let mut found = Vec::new();
    for (have, lack, name) in [(german, english, "English"), (english, german, "German")] {
        for (key, (path, line)) in have.iter().filter(|(key, _)| !lack.contains_key(*key)) {
            found.push(Finding::new(path, *line, format!("{key} has no {name} text")));
        }
    }
    for file in &repo.files {
        let is_template = file.path.contains("/templates/") && file.path.ends_with(".html");
        let is_rust = file.rust.is_some() && !file.is_test() && file.crate_folder() != "xtask";
        // The sandbox speaks German only, and for itself.
        if file.path.starts_with("sandbox/") || !(is_template || is_rust) {
            continue;
        }
        let source = file.rust.as_ref().map(|source| source.code.lines());
        let mut code = source.into_iter().flatten();
        for (number, line) in file.text.lines().enumerate() {
            // Blank in the code: a comment or a test.
            let blanked = is_rust && code.next().is_some_and(|code| code.trim().is_empty());
            if blanked {
                continue;
            }
            for key in asked(line, is_rust).into_iter().filter(|key| !german.contains_key(key)) {
                found.push(Finding::new(&file.path, number + 1, format!("{key} has no German text")));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::tests::{places, repo};
    use super::*;

    #[test]
    fn missing_texts_are_found_where_they_are_asked_for() {
        let repo = repo(&[
            ("modules/desk/locales/de.ftl", "# desk-x = no\ndesk-a = A\ndesk-b = B\n    .title = T\n"),
            ("modules/desk/locales/en.ftl", "desk-a = A\ndesk-c = C\n"),
            ("modules/desk/templates/list.html", "{{ page.t(\"desk-a\") }}\n{{ page.t1(\"desk-d\", \"n\", n) }}"),
            ("modules/desk/src/pages.rs", "// rq.page(\"desk-comment\")\nrq.page(\"desk-b\");\nrq.flash(\"desk-e\");"),
        ]);
        let expected = [
            "modules/desk/locales/de.ftl:3",
            "modules/desk/locales/en.ftl:2",
            "modules/desk/templates/list.html:2",
            "modules/desk/src/pages.rs:3",
        ];
        assert_eq!(places(&keys(&repo)), expected);
    }
}
