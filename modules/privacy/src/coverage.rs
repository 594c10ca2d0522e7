//! Every table says whether it holds data of persons, or it is a fault.

use house::{Holds, Module};
use ui::{Lang, Texts};

use crate::{labels, schema};

/// Tables of the platform that no module lists, and why nobody's data must be looked for in them.
///
/// `journal_entry` holds persons' data in its private parts only; they are exported and erased by subject, not by
/// table. `files_file` is reached through the documents of a case.
pub const PLATFORM: &[(&str, &str)] = &[
    ("journal_entry", "private parts are exported and erased by subject"),
    ("journal_node", "hashes"),
    ("journal_head", "hashes"),
    ("journal_lease", "which process numbers"),
    ("journal_cursor", "how far subscribers are"),
    ("jobs_job", "ids and codes only, gone when done"),
    ("jobs_schedule", "when schedules fire"),
    ("files_file", "exported and erased with the documents of a case"),
    ("files_scan", "what a scanner said of a file; goes with it"),
    ("content_item", "the city's own texts and rules"),
    ("house_command_key", "answers of commands: ids and codes"),
    ("meer_migration", "which schema steps were taken"),
];

/// Tables that neither a module nor the platform's list declares, one German sentence each.
pub fn uncovered<T: AsRef<str>>(tables: &[T], modules: &[Module]) -> Vec<String> {
    let declared = |name: &str| {
        PLATFORM.iter().any(|(table, _)| *table == name)
            || modules.iter().flat_map(|m| m.tables).any(|table| table.name == name)
    };
    let open = tables.iter().map(AsRef::as_ref).filter(|name| !declared(name));
    open.map(|name| format!("Die Tabelle {name} sagt nicht, ob sie Daten von Personen enthält.")).collect()
}

/// Texts that an export needs and nobody has written: every table that holds data of persons and every column of it has
/// a name in both languages.
pub fn unnamed(texts: &Texts, modules: &[Module]) -> Vec<String> {
    let mut found = Vec::new();
    for module in modules {
        for table in module.tables {
            let Holds::Person { export, .. } = table.holds else { continue };
            let columns = schema::columns_of(export).into_iter().map(|(name, _)| labels::field_key(module.name, name));
            for key in std::iter::once(labels::table_key(module.name, table.name)).chain(columns) {
                for lang in [Lang::De, Lang::En] {
                    if !texts.has(lang, &key) {
                        found.push(format!("{}: {key} ({})", table.name, lang.code()));
                    }
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use house::Table;

    use super::*;

    #[test]
    fn a_table_nobody_declares_is_named() {
        const TABLES: &[Table] = &[Table { name: "filing_note", holds: Holds::NoPerson("for the test") }];
        let module = Module { name: "filing", tables: TABLES, ..Module::EMPTY };
        let found = uncovered(&["filing_note", "filing_secret", "journal_entry"], &[module]);
        assert_eq!(found, ["Die Tabelle filing_secret sagt nicht, ob sie Daten von Personen enthält."]);
    }
}
