//! Where a city's truth lives: versioned texts, forms, processes, letters and fees.
//!
//! Files below `cities/<city>/` are imported as a release. The folder names the kind, the rest of the path without its
//! ending is the key: `forms/tasks/abweichung.toml` is kind `forms`, key `tasks/abweichung`; files at the top have the
//! kind `city`. What was edited in the browser is never overwritten: the conflict is reported.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, RwLock},
};

use db::{Db, Migrations, Rx, Tx, params};
use kernel::{Cx, Error, Result, Timestamp, sha256};

pub const MIGRATIONS: Migrations = db::migrations!("content": "0001_init");

/// Largest file of a city's data.
const MAX_FILE: u64 = 2 * 1024 * 1024;

/// One released version of one piece of content.
#[derive(Debug, Clone)]
pub struct Item {
    pub kind: String,
    pub key: String,
    pub version: i64,
    /// Path below the city's folder, for error texts with file and line.
    pub name: String,
    pub body: Arc<str>,
}

/// What an import did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Import {
    pub added: Vec<String>,
    pub changed: Vec<String>,
    /// Edited in the browser and changed in the files: nothing was overwritten.
    pub conflicts: Vec<String>,
    pub unchanged: usize,
}

type Parsed = Arc<dyn Any + Send + Sync>;
/// Kind, key, version and the type it was read into.
type ParsedKey = (String, String, i64, TypeId);

/// The released content of one city, in memory. Another process may release something too: [`Content::newer`] asks for it.
#[derive(Default)]
pub struct Content {
    released: RwLock<Released>,
    parsed: RwLock<HashMap<ParsedKey, Parsed>>,
}

/// What was released when it was read.
#[derive(Clone, Default)]
struct Released {
    /// Versions of all items in the database. A release adds one and none is ever removed, so this only grows.
    versions: i64,
    items: HashMap<(String, String), Arc<Item>>,
}

impl Content {
    /// Reads the released versions.
    pub async fn load(db: &Db) -> Result<Self> {
        let mut rx = db.read().await?;
        let versions = versions(&mut rx).await?;
        let released = released(&mut rx).await?;
        let items = released.into_iter().map(|i| ((i.kind.clone(), i.key.clone()), Arc::new(i))).collect();
        Ok(Self { released: RwLock::new(Released { versions, items }), parsed: RwLock::default() })
    }

    /// Takes over what was released since, whatever it is; a running house looks at it first (`house::take_released`).
    pub async fn refresh(&self, db: &Db) -> Result<()> {
        self.take(Self::load(db).await?);
        Ok(())
    }

    /// What is released now, when there are more versions than these: another process released some on the same
    /// database. Costs a count when there is nothing new.
    pub async fn newer(db: &Db, than: i64) -> Result<Option<Self>> {
        let versions = versions(&mut db.read().await?).await?;
        if versions <= than { Ok(None) } else { Self::load(db).await.map(Some) }
    }

    /// Takes over what was read later than this; what was read before is left.
    pub fn take(&self, later: Self) {
        let later = later.released.into_inner().unwrap_or_else(|e| e.into_inner());
        let mut released = self.released.write().unwrap_or_else(|e| e.into_inner());
        if later.versions >= released.versions {
            *released = later;
        }
    }

    /// What of `later` can be used in place of this: all of it, or, when that brings faults that are not there yet, whatever
    /// items of it bring none. Answers the faults of the rest too. Items of `later` that are left out come again with the
    /// next release.
    pub fn usable(&self, later: Self, faults: impl Fn(&Self) -> Vec<String>) -> (Self, Vec<String>) {
        let known = faults(self);
        let faults = |content: &Self| -> Vec<String> {
            faults(content).into_iter().filter(|fault| !known.contains(fault)).collect()
        };
        let found = faults(&later);
        if found.is_empty() {
            return (later, found);
        }
        let later = later.released.into_inner().unwrap_or_else(|e| e.into_inner());
        let items = self.read().items.clone();
        let is_new =
            |item: &Arc<Item>| self.get(&item.kind, &item.key).is_none_or(|known| known.version != item.version);
        let mut left: Vec<Arc<Item>> = later.items.into_values().filter(is_new).collect();
        left.sort_by(|a, b| (&a.kind, &a.key).cmp(&(&b.kind, &b.key)));
        let released = Released { versions: later.versions, items };
        let mut usable = Self { released: RwLock::new(released), parsed: RwLock::default() };
        // Once more as long as it helps: one item may need another one.
        loop {
            let before = left.len();
            left.retain(|item| {
                let with = usable.with(item.as_ref().clone());
                let is_faulty = !faults(&with).is_empty();
                if !is_faulty {
                    usable = with;
                }
                is_faulty
            });
            if left.is_empty() || left.len() == before {
                return (usable, found);
            }
        }
    }

    /// How many versions of all items there were in the database when this was read.
    pub fn versions(&self) -> i64 {
        self.read().versions
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Released> {
        self.released.read().unwrap_or_else(|e| e.into_inner())
    }

    /// The same content with one item in place of its released version: to see what a release would break before it is
    /// one.
    #[must_use]
    pub fn with(&self, item: Item) -> Self {
        let mut released = self.read().clone();
        released.items.insert((item.kind.clone(), item.key.clone()), Arc::new(item));
        Self { released: RwLock::new(released), parsed: RwLock::default() }
    }

    pub fn get(&self, kind: &str, key: &str) -> Option<Arc<Item>> {
        self.read().items.get(&(kind.to_owned(), key.to_owned())).cloned()
    }

    /// All of one kind, by key.
    pub fn all(&self, kind: &str) -> Vec<Arc<Item>> {
        let released = self.read();
        let mut found: Vec<_> = released.items.values().filter(|i| i.kind == kind).cloned().collect();
        found.sort_by(|a, b| a.key.cmp(&b.key));
        found
    }

    /// The released version, read once into a type and kept.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none, and what `read` says.
    pub fn parsed<T: Send + Sync + 'static>(
        &self,
        kind: &str,
        key: &str,
        read: impl FnOnce(&Item) -> Result<T>,
    ) -> Result<Arc<T>> {
        let item = self.get(kind, key).ok_or(Error::NotFound)?;
        self.parse(&item, read)
    }

    /// Any version, read once into a type and kept.
    pub fn parse<T: Send + Sync + 'static>(
        &self,
        item: &Item,
        read: impl FnOnce(&Item) -> Result<T>,
    ) -> Result<Arc<T>> {
        let at = (item.kind.clone(), item.key.clone(), item.version, TypeId::of::<T>());
        if let Some(known) = self.parsed.read().unwrap_or_else(|e| e.into_inner()).get(&at)
            && let Ok(known) = known.clone().downcast::<T>()
        {
            return Ok(known);
        }
        let fresh = Arc::new(read(item)?);
        self.parsed.write().unwrap_or_else(|e| e.into_inner()).insert(at, fresh.clone());
        Ok(fresh)
    }

    /// A TOML file of the city as a type; errors name file, line and column.
    pub fn toml<T: serde::de::DeserializeOwned + Send + Sync + 'static>(
        &self,
        kind: &str,
        key: &str,
    ) -> Result<Arc<T>> {
        self.parsed(kind, key, read_toml)
    }
}

/// Reads a TOML item; the error names file, line and column.
pub fn read_toml<T: serde::de::DeserializeOwned>(item: &Item) -> Result<T> {
    toml::from_str(&item.body).map_err(|e| {
        let (line, column) = e.span().map_or((1, 1), |span| position(&item.body, span.start));
        Error::internal(format!("{}:{line}:{column}: {}", item.name, e.message()))
    })
}

/// Line and column (from 1, in characters) of a byte offset.
pub fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(offset)];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// Answered from the key alone: no body is read.
async fn versions(rx: &mut Rx) -> Result<i64> {
    Ok(rx.one::<(i64,)>("SELECT COUNT(*) AS n FROM content_item WHERE tenant = $1", &[]).await?.0)
}

async fn released(rx: &mut Rx) -> Result<Vec<Item>> {
    let sql = "SELECT kind, key, version, name, body FROM content_item WHERE tenant = $1 AND state = 'released'";
    rx.query(sql, &[]).await?.iter().map(item).collect()
}

fn item(row: &db::Row) -> Result<Item> {
    Ok(Item {
        kind: row.get("kind")?,
        key: row.get("key")?,
        version: row.get("version")?,
        name: row.get("name")?,
        body: row.get::<String>("body")?.into(),
    })
}

/// One version, also a superseded one.
pub async fn version(rx: &mut Rx, kind: &str, key: &str, version: i64) -> Result<Item> {
    let sql = "SELECT kind, key, version, name, body FROM content_item
               WHERE tenant = $1 AND kind = $2 AND key = $3 AND version = $4";
    rx.query(sql, params![kind, key, version]).await?.first().map(item).ok_or(Error::NotFound)?
}

/// When each released version of a kind was released, by key.
pub async fn released_at(rx: &mut Rx, kind: &str) -> Result<Vec<(String, Timestamp)>> {
    let sql = "SELECT key, at FROM content_item WHERE tenant = $1 AND kind = $2 AND state = 'released' ORDER BY key";
    rx.list(sql, params![kind]).await
}

/// The files of a city's folder as (kind, key, name below the folder, path).
pub fn files(folder: &Path) -> Result<Vec<(String, String, String, PathBuf)>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(dir) = open.pop() {
        let entries = std::fs::read_dir(&dir).map_err(|e| Error::internal(format!("{}: {e}", dir.display())))?;
        for entry in entries {
            let path = entry.map_err(Error::internal)?.path();
            let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            if path.is_dir() {
                open.push(path);
            } else if let Some((stem, ending)) = name.rsplit_once('.')
                && matches!(ending, "toml" | "bpmn" | "dmn" | "typ" | "md" | "json")
                // How the sandbox behaves is no content of the city.
                && name != "sandbox.toml"
            {
                let (kind, key) = stem.split_once('/').unwrap_or(("city", stem));
                found.push((kind.to_owned(), key.to_owned(), name.clone(), path));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Imports the files of a folder as a release.
pub async fn import(tx: &mut Tx, cx: &Cx, folder: &Path) -> Result<Import> {
    let mut report = Import::default();
    for (kind, key, name, path) in files(folder)? {
        let size = std::fs::metadata(&path).map_err(Error::internal)?.len();
        if size > MAX_FILE {
            return Err(Error::internal(format!("{name}: larger than 2 MiB")));
        }
        let body = std::fs::read_to_string(&path).map_err(|e| Error::internal(format!("{name}: {e}")))?;
        let sha = sha256(&[body.as_bytes()]);
        let sql = "SELECT version, sha256, origin FROM content_item
                   WHERE tenant = $1 AND kind = $2 AND key = $3 ORDER BY version DESC LIMIT 1";
        let latest: Option<(i64, [u8; 32], String)> = tx.opt(sql, params![&kind, &key]).await?;
        let next = match latest {
            Some((_, have, _)) if have == sha => {
                report.unchanged += 1;
                continue;
            }
            Some((_, _, origin)) if origin == "browser" => {
                report.conflicts.push(name);
                continue;
            }
            Some((version, ..)) => {
                report.changed.push(name.clone());
                version + 1
            }
            None => {
                report.added.push(name.clone());
                1
            }
        };
        release(tx, cx, &New { kind: &kind, key: &key, version: next, name: &name, body: &body, origin: "file" })
            .await?;
    }
    Ok(report)
}

struct New<'a> {
    kind: &'a str,
    key: &'a str,
    version: i64,
    name: &'a str,
    body: &'a str,
    origin: &'static str,
}

async fn release(tx: &mut Tx, cx: &Cx, new: &New<'_>) -> Result<()> {
    let sql = "UPDATE content_item SET state = 'superseded'
               WHERE tenant = $1 AND kind = $2 AND key = $3 AND state = 'released'";
    tx.exec(sql, params![new.kind, new.key]).await?;
    let sql = "INSERT INTO content_item (tenant, kind, key, version, state, name, body, sha256, origin, at)
               VALUES ($1, $2, $3, $4, 'released', $5, $6, $7, $8, $9)";
    let sha = sha256(&[new.body.as_bytes()]);
    let New { kind, key, version, name, body, origin } = *new;
    tx.exec_one(sql, params![kind, key, version, name, body, sha, origin, cx.now()]).await
}

/// Releases what somebody edited in the browser as a new version; answers its number. Later imports of the file report
/// a conflict and leave it. Take it over with [`Content::refresh`] after the transaction.
///
/// # Errors
/// [`Error::Conflict`] when somebody else released a version after `seen`, the one that was edited.
pub async fn edit(tx: &mut Tx, cx: &Cx, seen: &Item, body: &str) -> Result<i64> {
    let sql = "SELECT MAX(version) FROM content_item WHERE tenant = $1 AND kind = $2 AND key = $3";
    let (latest,): (Option<i64>,) = tx.one(sql, params![&seen.kind, &seen.key]).await?;
    if latest != Some(seen.version) {
        return Err(Error::Conflict("content-changed"));
    }
    let version = seen.version + 1;
    let Item { kind, key, name, .. } = seen;
    release(tx, cx, &New { kind, key, version, name, body, origin: "browser" }).await?;
    Ok(version)
}

/// Releases something that there was not before, made in the browser, as version 1. `name` is the path that it has when
/// the content is exported. Take it over with [`Content::refresh`] after the transaction.
///
/// # Errors
/// [`Error::Conflict`] when there is or was something of this kind and key.
pub async fn create(tx: &mut Tx, cx: &Cx, kind: &str, key: &str, name: &str, body: &str) -> Result<i64> {
    let sql = "SELECT COUNT(*) AS n FROM content_item WHERE tenant = $1 AND kind = $2 AND key = $3";
    let (known,): (i64,) = tx.one(sql, params![kind, key]).await?;
    if known > 0 {
        return Err(Error::Conflict("content-changed"));
    }
    release(tx, cx, &New { kind, key, version: 1, name, body, origin: "browser" }).await?;
    Ok(1)
}

/// Writes the released content back as files, so that what was edited in the browser can be kept in version control.
pub async fn export(rx: &mut Rx, folder: &Path) -> Result<usize> {
    let items = released(rx).await?;
    for item in &items {
        let path = folder.join(&item.name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(Error::internal)?;
        }
        std::fs::write(&path, item.body.as_bytes()).map_err(|e| Error::internal(format!("{}: {e}", path.display())))?;
    }
    Ok(items.len())
}

#[cfg(test)]
mod tests {
    use kernel::{Principal, Sources, TenantId};

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_changed_file_is_a_new_version_and_the_old_one_stays() {
        for test in db::testing::both(&[MIGRATIONS]).await {
            let folder = tempfile::tempdir().unwrap();
            let put = |name: &str, body: &str| {
                let path = folder.path().join(name);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, body).unwrap();
            };
            put("city.toml", "name = \"Musterstadt\"");
            put("forms/tasks/a.toml", "x = 1");
            let cx = Cx::new(TenantId(1), Principal::System { name: "test" }, Sources::system());
            let first = db::write!(test.db, |tx| { import(tx, &cx, folder.path()).await }).unwrap();
            assert_eq!(first.added, ["city.toml", "forms/tasks/a.toml"]);
            let content = Content::load(&test.db).await.unwrap();
            assert_eq!(&*content.get("forms", "tasks/a").unwrap().body, "x = 1");

            put("forms/tasks/a.toml", "x = 2");
            let second = db::write!(test.db, |tx| { import(tx, &cx, folder.path()).await }).unwrap();
            assert_eq!((second.changed.len(), second.unchanged), (1, 1));
            content.refresh(&test.db).await.unwrap();
            assert_eq!(content.get("forms", "tasks/a").unwrap().version, 2);
            let mut rx = test.db.read().await.unwrap();
            let released = released_at(&mut rx, "forms").await.unwrap();
            assert_eq!(released.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["tasks/a"]);
            assert_eq!(&*version(&mut rx, "forms", "tasks/a", 1).await.unwrap().body, "x = 1");
            assert!(matches!(version(&mut rx, "forms", "tasks/a", 3).await, Err(Error::NotFound)));
            drop(rx);

            // What is not released yet is seen only by who asks for it.
            let draft = Item { body: "x = 9".into(), ..content.get("forms", "tasks/a").unwrap().as_ref().clone() };
            assert_eq!(&*content.with(draft).get("forms", "tasks/a").unwrap().body, "x = 9");
            assert_eq!(&*content.get("forms", "tasks/a").unwrap().body, "x = 2");
            let made =
                db::write!(test.db, |tx| { create(tx, &cx, "processes", "neu", "processes/neu.bpmn", "<a/>").await });
            assert_eq!(made.unwrap(), 1);
            let again =
                db::write!(test.db, |tx| { create(tx, &cx, "processes", "neu", "processes/neu.bpmn", "<b/>").await });
            assert!(matches!(again, Err(Error::Conflict("content-changed"))));

            // What somebody edited in the browser stays, and the file's change is reported.
            db::write!(test.db, |tx| {
                let sql = "UPDATE content_item SET origin = 'browser' WHERE tenant = $1 AND version = 2";
                tx.exec_one(sql, &[]).await
            })
            .unwrap();
            put("forms/tasks/a.toml", "x = 3");
            let third = db::write!(test.db, |tx| { import(tx, &cx, folder.path()).await }).unwrap();
            assert_eq!(third.conflicts, ["forms/tasks/a.toml"]);
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_another_process_released_is_asked_for_and_taken_over() {
        for test in db::testing::both(&[MIGRATIONS]).await {
            let cx = Cx::new(TenantId(1), Principal::System { name: "test" }, Sources::system());
            db::write!(test.db, |tx| { create(tx, &cx, "forms", "a", "forms/a.toml", "x = 1").await }).unwrap();
            let here = Content::load(&test.db).await.unwrap();
            assert!(Content::newer(&test.db, here.versions()).await.unwrap().is_none(), "nothing was released since");
            let before = Content::load(&test.db).await.unwrap();

            let other = Db::open(&test.url, TenantId(1), &[MIGRATIONS]).await.unwrap();
            let seen = here.get("forms", "a").unwrap();
            db::write!(other, |tx| { edit(tx, &cx, &seen, "x = 2").await }).unwrap();
            assert_eq!(here.get("forms", "a").unwrap().version, 1);
            let newer = Content::newer(&test.db, here.versions()).await.unwrap().unwrap();
            here.take(newer);
            assert_eq!(&*here.get("forms", "a").unwrap().body, "x = 2");
            assert!(Content::newer(&test.db, here.versions()).await.unwrap().is_none());
            // Who was slow with an older answer takes nothing back.
            here.take(before);
            assert_eq!(&*here.get("forms", "a").unwrap().body, "x = 2");
        }
    }

    #[test]
    fn of_what_was_released_elsewhere_only_what_brings_faults_is_left_out() {
        let item = |key: &str, version: i64, body: &str| Item {
            kind: "forms".into(),
            key: key.into(),
            version,
            name: format!("forms/{key}.toml"),
            body: body.into(),
        };
        // A form is faulty by its text, or when the form that it names is not there.
        let faults = |content: &Content| -> Vec<String> {
            let all = content.all("forms");
            let is_good = |body: &str| body == "good" || all.iter().any(|other| other.key == body);
            all.iter().filter(|i| !is_good(&i.body)).map(|i| format!("{} {}", i.key, i.body)).collect()
        };
        let here = Content::default().with(item("a", 1, "good")).with(item("old", 1, "faulty for long"));
        let all_good = here.with(item("a", 2, "b")).with(item("b", 1, "good"));
        let (usable, found) = here.usable(all_good, faults);
        assert!(found.is_empty() && usable.get("forms", "b").is_some(), "{found:?}");

        // `a` needs `b`, which is looked at later; `bad` is left out, and what it was before stays.
        let here = here.with(item("bad", 1, "good"));
        let later = here.with(item("a", 2, "b")).with(item("b", 1, "good")).with(item("bad", 2, "faulty"));
        let (usable, found) = here.usable(later, faults);
        assert_eq!(found, ["bad faulty"]);
        let versions = |key| usable.get("forms", key).map(|item| item.version);
        assert_eq!(
            (versions("a"), versions("b"), versions("bad"), versions("old")),
            (Some(2), Some(1), Some(1), Some(1))
        );
    }

    #[test]
    fn errors_name_file_line_and_column() {
        let item = Item {
            kind: "city".into(),
            key: "city".into(),
            version: 1,
            name: "city.toml".into(),
            body: "ö = 1\nname = [".into(),
        };
        let text = read_toml::<toml::Table>(&item).unwrap_err().to_string();
        assert!(text.starts_with("city.toml:"), "{text}");
        assert_eq!(position("ä\nbc", 4), (2, 2));
    }
}
