//! The rules of the SQL texts and of the schema (ARCHITECTURE.md, "Storage").

use std::collections::BTreeSet;

use super::rust::Literal;
use super::{File, Finding, Repo};

const STARTS: &[&str] = &["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "WITH "];

/// What one of the engines lacks or does otherwise, and what stands in for it.
const FORBIDDEN: &[(&str, &str)] = &[
    ("now(", "the time comes as a parameter"),
    ("CURRENT_TIMESTAMP", "the time comes as a parameter"),
    ("ILIKE", "compare a key that was folded when it was written"),
    ("= ANY", "ask one by one or join"),
    ("SERIAL", "ids are made by the program"),
    ("MERGE", "INSERT .. ON CONFLICT"),
    ("GREATEST", "CASE"),
    ("LEAST(", "CASE"),
    ("::", "CAST(.. AS ..)"),
];

/// Uses of `either(` there may be in the whole house.
const MAX_ENGINE_SPECIFIC: usize = 20;

const TYPES: &[&str] = &["UUID", "BYTEA", "TIMESTAMPTZ", "BOOLEAN", "BIGINT", "JSONB", "DATE", "FLOAT8", "TEXT"];

const CATALOGUES: &[&str] = &["sqlite_master", "pg_tables", "pg_class"];

/// Tables that any room may join: the materialised access rights.
const SHARED_TABLES: &[&str] = &["identity_access"];

/// Rooms that keep the pages, the data export and the deletion for a platform crate's tables.
const KEEPERS: &[(&str, &str)] = &[("accounts", "identity")];

/// Tables of rooms that were taken out of another one. They keep the names under which the journal knows them, and belong
/// to the new room alone; the step that made them stays where it was.
const MOVED: &[(&str, &str)] = &[
    ("records_circulation", "circulation"),
    ("records_circulation_step", "circulation"),
    ("records_follow_up", "circulation"),
    ("records_hold", "disposal"),
    ("records_offer", "disposal"),
    ("records_offered", "disposal"),
    ("records_offer_message", "disposal"),
    ("processes_draft", "workshop"),
    ("processes_draft_editor", "workshop"),
    ("processes_draft_step", "workshop"),
    ("records_note", "annotations"),
    ("records_reference", "annotations"),
    ("records_contact", "annotations"),
    ("records_favourite", "annotations"),
];

/// Steps of a schema that changed such a table before it was given away; a step is never changed.
const STEPS_BEFORE: &[(&str, &str)] = &[("modules/records/migrations/0013_note_page.sql", "annotations")];

/// The room that a table was given to; none for one that is still where its name says.
fn moved_to(table: &str) -> Option<&'static str> {
    MOVED.iter().find(|(moved, _)| *moved == table).map(|(_, room)| *room)
}

/// SQL texts outside `db`, whose own statements know engines and no tenant.
fn statements(repo: &Repo) -> impl Iterator<Item = (&File, &Literal)> {
    repo.code()
        .filter(|(file, _)| {
            let folder = file.crate_folder();
            folder != "platform/db"
                && (folder.starts_with("platform/") || folder.starts_with("modules/") || folder == "server")
        })
        .flat_map(|(file, source)| source.literals.iter().map(move |literal| (file, literal)))
        // A beginning that ends with a space is put together with a checked statement's condition.
        .filter(|(_, literal)| !literal.text.ends_with(' '))
        .filter(|(_, literal)| STARTS.iter().any(|start| literal.text.trim_start().starts_with(start)))
}

pub(super) fn texts(repo: &Repo) -> Vec<Finding> {
    let mut found = Vec::new();
    for (file, literal) in statements(repo) {
        let mut say = |what: String| found.push(Finding::new(&file.path, literal.line, what));
        let words = words(&literal.text);
        let own_table = ["FROM", "INTO", "UPDATE", "JOIN"].iter().any(|word| words.contains(word));
        // The engine's own lists of tables have no tenant.
        let names_table = own_table && !CATALOGUES.iter().any(|table| words.contains(table));
        if (names_table && !words.contains("tenant")) || !literal.text.contains("$1") {
            say("the statement does not bind the tenant (`tenant = $1`)".to_owned());
        }
        if !literal.one_engine {
            for (word, instead) in FORBIDDEN {
                if literal.text.contains(word) {
                    say(format!("`{word}` is not the same on both engines: {instead}"));
                }
            }
        }
    }
    found
}

pub(super) fn engine_specific(repo: &Repo) -> Vec<Finding> {
    let mut uses = Vec::new();
    for (file, source) in repo.code().filter(|(file, _)| file.crate_folder() != "platform/db") {
        for (at, _) in source.code.match_indices("either(") {
            let line = source.code[..at].matches('\n').count() + 1;
            uses.push(Finding::new(
                &file.path,
                line,
                format!("one of more than {MAX_ENGINE_SPECIFIC} uses of either("),
            ));
        }
    }
    if uses.len() < MAX_ENGINE_SPECIFIC { Vec::new() } else { uses }
}

/// The words of a text: letters, digits and underscores.
fn words(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect()
}

/// Tables by the migrations of all crates.
fn tables(repo: &Repo) -> BTreeSet<String> {
    let migrations = repo.files.iter().filter(|f| f.path.ends_with(".sql"));
    let created = migrations.flat_map(|f| ddl(&f.text)).filter_map(|(_, statement)| {
        statement.strip_prefix("CREATE TABLE ").and_then(|rest| rest.split_whitespace().next().map(str::to_owned))
    });
    created.collect()
}

pub(super) fn own_tables(repo: &Repo) -> Vec<Finding> {
    let tables = tables(repo);
    let mut found = Vec::new();
    for (file, literal) in statements(repo) {
        let name = file.crate_folder().rsplit('/').next().unwrap_or_default();
        let kept = KEEPERS.iter().filter(|(keeper, _)| *keeper == name).map(|(_, owner)| *owner);
        let owners: Vec<&str> = kept.chain([name]).collect();
        for word in words(&literal.text) {
            let own = match moved_to(word) {
                Some(room) => room == name,
                None => owners.iter().any(|owner| word.strip_prefix(owner).is_some_and(|rest| rest.starts_with('_'))),
            };
            if tables.contains(word) && !own && !SHARED_TABLES.contains(&word) {
                found.push(Finding::new(&file.path, literal.line, format!("{word} belongs to another crate: ask it")));
            }
        }
    }
    found
}

/// Statements of a migration with the line each begins at, comments dropped, in one line.
fn ddl(text: &str) -> Vec<(usize, String)> {
    let mut all = Vec::new();
    let (mut start, mut current) = (0, String::new());
    for (line, content) in text.lines().enumerate() {
        let content = content.split("--").next().unwrap_or("").trim();
        if content.is_empty() {
            continue;
        }
        if current.is_empty() {
            start = line + 1;
        } else {
            current.push(' ');
        }
        current.push_str(content.trim_end_matches(';'));
        if content.ends_with(';') {
            all.push((start, std::mem::take(&mut current)));
        }
    }
    if !current.is_empty() {
        all.push((start, current));
    }
    all
}

/// Splits at commas outside brackets.
fn parts(text: &str) -> Vec<&str> {
    let (mut depth, mut from, mut all) = (0, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                all.push(text[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    all.push(text[from..].trim());
    all
}

pub(super) fn migrations(repo: &Repo) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in repo.files.iter().filter(|f| f.path.ends_with(".sql") && f.path.contains("/migrations/")) {
        let before = STEPS_BEFORE.iter().find(|(path, _)| *path == file.path).map(|(_, room)| *room);
        let name = before.unwrap_or_else(|| file.crate_folder().rsplit('/').next().unwrap_or_default());
        for (line, statement) in ddl(&file.text) {
            for what in faults(name, &statement) {
                found.push(Finding::new(&file.path, line, what));
            }
        }
    }
    found
}

/// What is wrong with one statement of the crate's schema.
fn faults(crate_name: &str, statement: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let own = |name: &str| name.strip_prefix(crate_name).is_some_and(|rest| rest.starts_with('_'));
    if let Some(rest) = statement.strip_prefix("CREATE TABLE ") {
        let (name, body) = rest.split_once('(').unwrap_or((rest, ""));
        let name = name.trim();
        if !own(name) {
            faults.push(format!("table {name} does not begin with {crate_name}_"));
        }
        let body = body.trim_end().strip_suffix(')').unwrap_or(body);
        let items = parts(body);
        if items.first() != Some(&"tenant BIGINT NOT NULL") {
            faults.push(format!("the first column of {name} is not `tenant BIGINT NOT NULL`"));
        }
        if !items.iter().any(|item| item.starts_with("PRIMARY KEY (tenant")) {
            faults.push(format!("{name} has no primary key that begins with tenant"));
        }
        items.iter().for_each(|item| faults.extend(column_fault(name, item)));
    } else if statement.starts_with("CREATE INDEX ") || statement.starts_with("CREATE UNIQUE INDEX ") {
        if !statement.contains("(tenant") {
            faults.push("an index does not begin with tenant".to_owned());
        }
    } else if let Some(rest) = statement.strip_prefix("ALTER TABLE ") {
        let mut words = rest.split_whitespace();
        let name = words.next().unwrap_or_default();
        let is_own = moved_to(name).map_or_else(|| own(name), |room| room == crate_name);
        if !is_own {
            faults.push(format!("{name} belongs to another crate"));
        }
        match rest.split_once(" ADD COLUMN ") {
            Some((_, column)) => faults.extend(column_fault(name, column)),
            None => faults.push("a schema is only ever added to".to_owned()),
        }
    } else if let Some(index) = statement.strip_prefix("DROP INDEX ") {
        if !own(index.trim()) {
            faults.push(format!("{index} belongs to another crate"));
        }
    } else if !statement.starts_with("UPDATE ") && !statement.starts_with("INSERT INTO ") {
        faults.push(format!(
            "a kind of statement that no step needs so far: {}",
            statement.split(' ').next().unwrap_or("")
        ));
    }
    faults
}

/// What is wrong with a column or constraint of the table.
fn column_fault(table: &str, item: &str) -> Option<String> {
    let mut words = item.split([' ', '(']).filter(|word| !word.is_empty());
    let (first, second) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    match first {
        "PRIMARY" | "FOREIGN" | "UNIQUE" => {
            let inside = item.split_once('(').map_or("", |(_, rest)| rest);
            let tenant = inside.starts_with("tenant,") || inside.starts_with("tenant)");
            (!tenant).then(|| format!("a key of {table} does not begin with tenant: {item}"))
        }
        "CHECK" => None,
        column if !TYPES.contains(&second) => {
            Some(format!("column {table}.{column} is {second:?}, not one of {}", TYPES.join(" ")))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{places, repo};
    use super::*;

    #[test]
    fn a_statement_without_tenant_or_with_words_of_one_engine_is_found() {
        let repo = repo(&[(
            "modules/desk/src/store.rs",
            r#"let a = "SELECT id FROM desk_item WHERE tenant = $1";
               let b = "SELECT id FROM desk_item WHERE id = $1";
               let c = "SELECT id FROM desk_item WHERE tenant = $1 AND at < now()";
               let d = either("SELECT now(), tenant, $1", "SELECT now(), tenant, $1");
               let e = "SELECT your seat";
               #[cfg(test)] mod tests { const X: &str = "SELECT 1"; }"#,
        )]);
        assert_eq!(
            places(&texts(&repo)),
            ["modules/desk/src/store.rs:2", "modules/desk/src/store.rs:3", "modules/desk/src/store.rs:5"]
        );
    }

    #[test]
    fn tables_of_others_are_found_but_for_the_shared_ones() {
        let repo = repo(&[
            ("modules/desk/migrations/0001_init.sql", "CREATE TABLE desk_item (\n  tenant BIGINT NOT NULL\n);\n"),
            (
                "platform/identity/migrations/0001_init.sql",
                "CREATE TABLE identity_access (x);\nCREATE TABLE identity_staff (x);",
            ),
            (
                "modules/records/src/store.rs",
                "let a = \"SELECT 1 FROM desk_item, identity_access\";\nlet b = \"SELECT 1 FROM identity_staff\";",
            ),
            ("modules/accounts/src/lib.rs", "let a = \"SELECT 1 FROM identity_staff\";"),
        ]);
        assert_eq!(places(&own_tables(&repo)), ["modules/records/src/store.rs:1", "modules/records/src/store.rs:2"]);
    }

    #[test]
    fn a_table_that_moved_belongs_to_its_new_room_alone() {
        let sql = "let a = \"SELECT 1 FROM records_follow_up\";";
        let repo = repo(&[
            ("modules/records/migrations/0005_circulation.sql", "CREATE TABLE records_follow_up (x);\n"),
            ("modules/records/src/store.rs", sql),
            ("modules/circulation/src/store.rs", sql),
            ("modules/desk/src/store.rs", sql),
        ]);
        assert_eq!(places(&own_tables(&repo)), ["modules/records/src/store.rs:1", "modules/desk/src/store.rs:1"]);
        let step = "ALTER TABLE records_follow_up ADD COLUMN place TEXT";
        assert_eq!(faults("circulation", step), Vec::<String>::new());
        assert_eq!(faults("records", step).len(), 1);
    }

    #[test]
    fn a_step_from_before_the_move_stays_where_it_is_and_no_other_joins_it() {
        let step = "ALTER TABLE records_note ADD COLUMN page BIGINT;\n";
        let (before, after) =
            ("modules/records/migrations/0013_note_page.sql", "modules/records/migrations/0099_later.sql");
        let repo = repo(&[(before, step), (after, step), ("modules/annotations/migrations/0001_later.sql", step)]);
        assert_eq!(places(&migrations(&repo)), [format!("{after}:1")]);
    }

    #[test]
    fn schema_faults_are_found() {
        let good = "CREATE TABLE desk_item ( tenant BIGINT NOT NULL, id UUID NOT NULL, note TEXT, \
                    PRIMARY KEY (tenant, id), UNIQUE (tenant, note), \
                    FOREIGN KEY (tenant, id) REFERENCES desk_other (tenant, id) )";
        assert_eq!(faults("desk", good), Vec::<String>::new());
        for (bad, expected) in [
            (good.replace("desk_item", "item"), "begin with desk_"),
            (good.replace("tenant BIGINT NOT NULL", "tenant BIGINT"), "first column"),
            (good.replace("note TEXT", "note VARCHAR"), "VARCHAR"),
            (good.replace("UNIQUE (tenant, note)", "UNIQUE (note)"), "key of desk_item"),
            (good.replace("PRIMARY KEY (tenant, id)", "PRIMARY KEY (id)"), "primary key"),
            ("CREATE INDEX desk_i ON desk_item (note)".to_owned(), "index"),
            ("ALTER TABLE desk_item DROP COLUMN note".to_owned(), "only ever added"),
            ("ALTER TABLE desk_item ADD COLUMN n SERIAL".to_owned(), "SERIAL"),
            ("DROP TABLE desk_item".to_owned(), "DROP"),
            ("DROP INDEX records_item_order".to_owned(), "another crate"),
        ] {
            let faults = faults("desk", &bad);
            assert!(faults.iter().any(|f| f.contains(expected)), "{bad}: {faults:?}");
        }
    }
}
