//! Schema steps: written once in PostgreSQL's words, one statement each, idempotent by a table that remembers them.

use std::{path::Path, time::Duration};

use kernel::{Error, Result, sha256};
use rusqlite::Connection;

use crate::{lite, pg};

/// The schema steps of one module, in order. Steps are only ever added.
#[derive(Clone, Copy, Debug)]
pub struct Migrations {
    pub module: &'static str,
    pub steps: &'static [Step],
}

#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub name: &'static str,
    pub sql: &'static str,
}

/// The statements of a migration file: separated by `;` at a line's end, `--` comments dropped.
pub fn statements(sql: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut current = String::new();
    for line in sql.lines() {
        let line = line.split("--").next().unwrap_or("").trim_end();
        if line.trim().is_empty() {
            continue;
        }
        current.push_str(line);
        current.push('\n');
        if line.ends_with(';') {
            all.push(current.trim().trim_end_matches(';').to_owned());
            current.clear();
        }
    }
    if !current.trim().is_empty() {
        all.push(current.trim().to_owned());
    }
    all
}

/// PostgreSQL's type names in SQLite's words; tables become STRICT so that nothing is converted silently.
pub fn sqlite_ddl(statement: &str) -> String {
    let mut out = String::with_capacity(statement.len());
    let mut word = String::new();
    for c in statement.chars().chain(std::iter::once('\n')) {
        if c.is_ascii_alphanumeric() || c == '_' {
            word.push(c);
            continue;
        }
        out.push_str(match word.as_str() {
            "UUID" | "BYTEA" => "BLOB",
            "TIMESTAMPTZ" | "BOOLEAN" | "BIGINT" => "INTEGER",
            "JSONB" | "DATE" => "TEXT",
            "FLOAT8" => "REAL",
            other => other,
        });
        word.clear();
        out.push(c);
    }
    let out = out.trim_end().to_owned();
    if out.to_ascii_uppercase().starts_with("CREATE TABLE") { format!("{out} STRICT") } else { out }
}

fn digest(step: &Step) -> String {
    sha256(&[step.sql.as_bytes()]).iter().map(|b| format!("{b:02x}")).collect()
}

/// What is still to do, or why this database must not be touched.
fn pending<'a>(done: &[(String, String, String)], migrations: &'a [Migrations]) -> Result<Vec<(&'a str, &'a Step)>> {
    for (module, name, _) in done {
        let known = migrations.iter().any(|m| m.module == module && m.steps.iter().any(|s| s.name == name));
        if !known {
            return Err(Error::internal(format!(
                "the database has step {module}/{name}, which this program does not know: it was written by a newer \
                 version or with another set of modules; start that version"
            )));
        }
    }
    let mut todo = Vec::new();
    for m in migrations {
        for step in m.steps {
            match done.iter().find(|(module, name, _)| module == m.module && name == step.name) {
                None => todo.push((m.module, step)),
                Some((_, _, sha)) if *sha == digest(step) => {}
                Some(_) => {
                    return Err(Error::internal(format!(
                        "migration {}/{} was changed after it ran; add a new step instead",
                        m.module, step.name
                    )));
                }
            }
        }
    }
    Ok(todo)
}

/// Whether this program knows every step of the schema; if not, what the operator does about it.
fn known(done: &[(String, String, String)], migrations: &[Migrations]) -> Result<()> {
    let has_step = |module: &str, name: &str| {
        migrations.iter().any(|m| m.module == module && m.steps.iter().any(|step| step.name == name))
    };
    if let Some((module, name, _)) = done.iter().find(|(module, name, _)| !has_step(module, name)) {
        return Err(Error::internal(format!(
            "Die Datenbank hat den Stand {module}/{name}, den dieses Programm nicht kennt: Eine neuere Fassung hat sie \
             geschrieben. Bitte diese Fassung verwenden; an der Datenbank wurde nichts geändert."
        )));
    }
    Ok(())
}

/// Whether the schema is this program's own; if not, what the operator does about it.
fn same(done: &[(String, String, String)], migrations: &[Migrations]) -> Result<()> {
    known(done, migrations)?;
    let todo = pending(done, migrations)?;
    let Some((module, step)) = todo.first() else { return Ok(()) };
    let last = done.iter().filter(|(of, ..)| of == module).map(|(_, name, _)| name.as_str()).max();
    Err(Error::internal(format!(
        "Die Datenbank hat den Stand {module}/{}, dieses Programm braucht {module}/{}; bitte zuerst `meer migrate` \
         ausführen. An der Datenbank wurde nichts geändert.",
        last.unwrap_or("leer"),
        step.name
    )))
}

const TABLE: &str = "CREATE TABLE IF NOT EXISTS meer_migration (module TEXT NOT NULL, step TEXT NOT NULL, \
                     sha TEXT NOT NULL, PRIMARY KEY (module, step))";

pub(crate) fn sqlite(path: &Path, migrations: &[Migrations]) -> Result<()> {
    if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|e| Error::internal(format!("{}: {e}", folder.display())))?;
    }
    let existed = path.exists();
    let mut conn = lite::connect(path, true)?;
    conn.execute_batch(&sqlite_ddl(TABLE)).map_err(lite::error)?;
    let done = done_sqlite(&conn)?;
    let todo = pending(&done, migrations)?;
    if todo.is_empty() {
        return Ok(());
    }
    if existed && !done.is_empty() {
        keep_copy(&conn, path)?;
    }
    let tx = conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(lite::error)?;
    for (module, step) in todo {
        for statement in statements(step.sql) {
            tx.execute_batch(&sqlite_ddl(&statement))
                .map_err(|e| Error::internal(format!("migration {module}/{}: {e} in: {statement}", step.name)))?;
        }
        tx.execute("INSERT INTO meer_migration VALUES (?1, ?2, ?3)", (module, step.name, digest(step)))
            .map_err(lite::error)?;
    }
    tx.commit().map_err(lite::error)
}

/// Refuses a file that is missing or has another schema. Writes nothing.
pub(crate) fn sqlite_same(path: &Path, migrations: &[Migrations]) -> Result<()> {
    sqlite_is(path, |done| same(done, migrations))
}

/// Refuses a file that is missing or has a newer schema. Writes nothing.
pub(crate) fn sqlite_known(path: &Path, migrations: &[Migrations]) -> Result<()> {
    sqlite_is(path, |done| known(done, migrations))
}

fn sqlite_is(path: &Path, fits: impl FnOnce(&[(String, String, String)]) -> Result<()>) -> Result<()> {
    if !path.is_file() {
        return Err(Error::internal(format!(
            "{}: Diese Datenbank gibt es noch nicht; bitte zuerst `meer migrate` ausführen.",
            path.display()
        )));
    }
    let conn = lite::connect(path, false)?;
    let sql = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'meer_migration'";
    let tables: i64 = conn.query_row(sql, [], |row| row.get(0)).map_err(lite::error)?;
    let done = if tables == 0 { Vec::new() } else { done_sqlite(&conn)? };
    fits(&done).map_err(|error| Error::internal(format!("{}: {error}", path.display())))
}

fn done_sqlite(conn: &Connection) -> Result<Vec<(String, String, String)>> {
    let mut statement = conn.prepare("SELECT module, step, sha FROM meer_migration").map_err(lite::error)?;
    let rows = statement.query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?))).map_err(lite::error)?;
    rows.collect::<rusqlite::Result<_>>().map_err(lite::error)
}

/// A copy beside the file before its schema changes: `city.db.before-migration`.
fn keep_copy(conn: &Connection, path: &Path) -> Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".before-migration");
    let copy = Path::new(&name);
    if copy.exists() {
        std::fs::remove_file(copy).map_err(Error::internal)?;
    }
    conn.execute("VACUUM INTO ?1", [copy.to_string_lossy()]).map_err(lite::error)?;
    Ok(())
}

/// How often a migration is begun again that others got in the way of.
const MIGRATION_RUNS: usize = 5;

/// At the start nobody runs again, and the operator has to read what is wrong.
fn unreached(e: tokio_postgres::Error) -> Error {
    Error::Internal(e.into())
}

pub(crate) async fn postgres(config: &pg::Config, migrations: &[Migrations]) -> Result<()> {
    let (mut client, connection) = config.0.connect(tokio_postgres::NoTls).await.map_err(unreached)?;
    let driver = tokio::spawn(connection);
    let mut result = migrate_postgres(&mut client, migrations).await;
    // Nodes that still write want the same tables in another order. Nothing was kept, so it is done again.
    for _ in 0..MIGRATION_RUNS {
        if !matches!(result, Err(Error::Again)) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        result = migrate_postgres(&mut client, migrations).await;
    }
    if matches!(result, Err(Error::Again)) {
        result = Err(Error::internal("PostgreSQL is busy or went away; nothing was migrated, please start again"));
    }
    drop(client);
    let _ = driver.await;
    result
}

/// Refuses a database with another schema. Writes nothing.
pub(crate) async fn postgres_same(config: &pg::Config, migrations: &[Migrations]) -> Result<()> {
    let (client, connection) = config.0.connect(tokio_postgres::NoTls).await.map_err(unreached)?;
    let driver = tokio::spawn(connection);
    let done = done_postgres(&client).await;
    drop(client);
    let _ = driver.await;
    same(&done?, migrations)
}

async fn done_postgres(client: &tokio_postgres::Client) -> Result<Vec<(String, String, String)>> {
    let there = client.query_one("SELECT to_regclass('meer_migration') IS NOT NULL", &[]).await.map_err(pg::error)?;
    if !there.get::<_, bool>(0) {
        return Ok(Vec::new());
    }
    let rows = client.query("SELECT module, step, sha FROM meer_migration", &[]).await.map_err(pg::error)?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect())
}

async fn migrate_postgres(client: &mut tokio_postgres::Client, migrations: &[Migrations]) -> Result<()> {
    let test = std::env::var_os("MEER_TEST_DATABASE").is_some_and(|name| !name.is_empty() && name != "none");
    for sql in ["SHOW fsync", "SHOW synchronous_commit"] {
        let setting = client.query_one(sql, &[]).await.map_err(pg::error)?.get::<_, String>(0);
        if setting == "off" && !test {
            let name = sql.trim_start_matches("SHOW ");
            return Err(Error::internal(format!(
                "PostgreSQL runs with {name}=off: acknowledged work could be lost; switch it on"
            )));
        }
    }
    let tx = client.transaction().await.map_err(pg::error)?;
    // Two nodes that start together: the second waits here, then finds nothing to do.
    tx.batch_execute(TABLE).await.map_err(pg::error)?;
    tx.batch_execute("LOCK TABLE meer_migration IN EXCLUSIVE MODE").await.map_err(pg::error)?;
    let rows = tx.query("SELECT module, step, sha FROM meer_migration", &[]).await.map_err(pg::error)?;
    let done: Vec<_> = rows.iter().map(|r| (r.get(0), r.get(1), r.get(2))).collect();
    let todo = pending(&done, migrations)?;
    if !todo.is_empty() {
        tx.batch_execute(LIFT).await.map_err(pg::error)?;
    }
    for (module, step) in todo {
        for statement in statements(step.sql) {
            tx.batch_execute(&statement)
                .await
                .map_err(|e| Error::internal(format!("migration {module}/{}: {e} in: {statement}", step.name)))?;
        }
        tx.execute("INSERT INTO meer_migration VALUES ($1, $2, $3)", &[&module, &step.name, &digest(step)])
            .await
            .map_err(pg::error)?;
    }
    tx.batch_execute(PROTECT).await.map_err(pg::error)?;
    tx.commit().await.map_err(pg::error)
}

/// Steps that change rows are meant for the rows of all tenants. Row level security binds the owner of a table too where it is
/// forced, and a step would silently change nothing; so it is not forced until [`PROTECT`], in the same transaction. Nobody
/// else sees these tables meanwhile: they are locked until it ends, and the working role is bound either way.
const LIFT: &str = "
DO $$
DECLARE t RECORD;
BEGIN
  FOR t IN
    SELECT c.relname FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant' AND NOT a.attisdropped
    WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace AND c.relforcerowsecurity
      AND pg_has_role(current_user, c.relowner, 'USAGE')
    ORDER BY c.relname
  LOOP
    EXECUTE format('ALTER TABLE %I NO FORCE ROW LEVEL SECURITY', t.relname);
  END LOOP;
END
$$";

/// Every table with a tenant gets the policy, and the working role gets rows but no ownership.
const PROTECT: &str = "
DO $$
DECLARE t RECORD;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'meer_app') THEN
    CREATE ROLE meer_app NOLOGIN;
  END IF;
  EXECUTE format('GRANT meer_app TO %I', current_user);
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO meer_app', current_schema());
  FOR t IN
    SELECT c.relname, c.relforcerowsecurity,
      EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'tenant') AS bound
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant' AND NOT a.attisdropped
    WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
  LOOP
    IF NOT t.relforcerowsecurity THEN
      EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t.relname);
      EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t.relname);
    END IF;
    IF NOT t.bound THEN
      EXECUTE format('CREATE POLICY tenant ON %I USING (tenant = current_setting(''meer.tenant'')::bigint)', t.relname);
    END IF;
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO meer_app', t.relname);
  END LOOP;
END
$$";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_mapped_as_whole_words_only() {
        assert_eq!(
            sqlite_ddl("CREATE TABLE a (tenant BIGINT NOT NULL, UUID_x TEXT, id UUID, d DATE, j JSONB, b BYTEA)"),
            "CREATE TABLE a (tenant INTEGER NOT NULL, UUID_x TEXT, id BLOB, d TEXT, j TEXT, b BLOB) STRICT"
        );
        assert_eq!(sqlite_ddl("CREATE INDEX x ON a (id)"), "CREATE INDEX x ON a (id)");
    }

    #[test]
    fn statements_end_at_line_ends() {
        let all = statements("-- head\nCREATE TABLE a (\n  b TEXT -- why; not\n);\n\nCREATE INDEX i ON a (b);\n");
        assert_eq!(all, ["CREATE TABLE a (\n  b TEXT\n)", "CREATE INDEX i ON a (b)"]);
    }

    #[test]
    fn newer_and_changed_schemas_are_refused() {
        const OLD: Migrations = Migrations { module: "a", steps: &[Step { name: "1", sql: "x" }] };
        let row = |step: &str, sha: String| ("a".to_owned(), step.to_owned(), sha);
        assert!(pending(&[row("2", String::new())], &[OLD]).unwrap_err().to_string().contains("newer"));
        assert!(pending(&[row("1", "other".into())], &[OLD]).unwrap_err().to_string().contains("changed"));
        assert_eq!(pending(&[row("1", digest(&OLD.steps[0]))], &[OLD]).unwrap().len(), 0);
        let says = |done: &[(String, String, String)]| same(done, &[OLD]).map_err(|e| e.to_string());
        assert_eq!(says(&[row("1", digest(&OLD.steps[0]))]), Ok(()));
        assert!(says(&[]).unwrap_err().contains("den Stand a/leer, dieses Programm braucht a/1; bitte zuerst"));
        assert!(known(&[], &[OLD]).is_ok() && known(&[row("2", String::new())], &[OLD]).is_err());
        assert!(says(&[row("2", String::new())]).unwrap_err().contains("den Stand a/2, den dieses Programm nicht"));
    }
}
