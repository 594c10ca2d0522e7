//! The forms of the cities in this repository load and are complete in both languages.

use std::path::{Path, PathBuf};

use forms::Form;

fn definitions(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            definitions(&path, found);
        } else if path.extension().is_some_and(|e| e == "toml") {
            found.push(path);
        }
    }
}

#[test]
fn every_form_of_every_city_loads_and_is_translated() {
    let cities = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cities");
    let mut found = Vec::new();
    for city in std::fs::read_dir(&cities).unwrap().flatten() {
        definitions(&city.path().join("forms"), &mut found);
    }
    assert!(found.len() >= 6, "{found:?}");
    let mut faults = Vec::new();
    for path in found {
        let name = path.strip_prefix(&cities).unwrap().display().to_string();
        match Form::load(&name, &std::fs::read_to_string(&path).unwrap()) {
            Ok(form) => {
                assert_eq!(Some(form.key.as_str()), path.file_stem().and_then(|s| s.to_str()));
                faults.extend(form.untranslated.iter().map(|key| format!("{name}: no English: {key}")));
            }
            Err(errors) => faults.extend(errors.iter().map(ToString::to_string)),
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}
