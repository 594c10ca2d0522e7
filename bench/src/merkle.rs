//! The journal's Merkle tree at ten million entries: an entry is appended with all its nodes, and its neighbour's or any
//! other entry's inclusion is proved, through the journal's own store on SQLite.
//!
//! What lies in the store before are the nodes of the whole tree; the rows of the entries themselves are left out, since
//! neither of the two reads them. The times are without the commit, which a group of writers shares: how long the disk
//! takes for it stands at the head of the table.

use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use db::{BeforeCommit as _, Db, Tx, Url, params};
use journal::Sequencer;
use kernel::{Cx, Event, Principal, Sources, Subject, TenantId, Uuid};
use serde::{Deserialize, Serialize};
use tlog::{Frontier, Hash};

use crate::figures::{Figure, millis, quantile};

/// Entries that are appended and proved.
const ASKED: usize = 2_000;
/// Leaves per transaction of the filling; a power of two.
const BATCH: u64 = 1 << 16;

/// An entry of the journal.
#[derive(Serialize, Deserialize)]
struct Measured {
    number: u64,
}

impl Event for Measured {
    const NAME: &'static str = "bench.measured";
    fn subject(&self) -> Subject {
        Subject { kind: "bench", id: Uuid::nil() }
    }
}

/// How long each append and each proof took.
struct Times {
    append: Vec<Duration>,
    proof: Vec<Duration>,
}

pub async fn measure(folder: &Path, entries: u64) -> Result<Vec<Figure>> {
    // Kept from run to run: the name says what lies in it. The measured entries are taken back.
    let path = folder.join(format!("merkle-{entries}.db"));
    let db = Db::open(&Url::Sqlite(path), TenantId(1), &[journal::MIGRATIONS]).await?;
    filled(&db, entries).await?;
    let mut times = Times { append: Vec::new(), proof: Vec::new() };
    let result: kernel::Result<()> = db::write!(db, |tx| {
        times = ask(tx, entries).await?;
        Err(kernel::Error::Conflict("bench-measured"))
    });
    ensure!(matches!(result, Err(kernel::Error::Conflict("bench-measured"))), "{result:?}");

    let mut both: Vec<Duration> =
        times.append.iter().zip(&times.proof).map(|(append, proof)| *append + *proof).collect();
    let name = format!("append and inclusion proof at {entries} entries, SQLite, p99");
    let mut figure = Figure::at_most(name, quantile(&mut both, 0.99), Duration::from_millis(1));
    figure.measured = format!("{} (p50 {})", figure.measured, millis(quantile(&mut both, 0.5)));
    let part = |name: &str, times: &mut [Duration]| {
        let most = quantile(times, 0.99);
        Figure::stated(name, format!("p99 {}, p50 {}", millis(most), millis(quantile(times, 0.5))))
    };
    Ok(vec![
        figure,
        part("  append: the entry, its number, its nodes, the head", &mut times.append),
        part("  proof: read and put together", &mut times.proof),
    ])
}

/// Appends entries as the commit of a request does, and proves one after each.
async fn ask(tx: &mut Tx, entries: u64) -> kernel::Result<Times> {
    let cx = Cx::new(TenantId(1), Principal::System { name: "bench" }, Sources::system());
    let mut times = Times { append: Vec::with_capacity(ASKED), proof: Vec::with_capacity(ASKED) };
    for number in 0..ASKED as u64 {
        let start = Instant::now();
        journal::emit(tx, &cx, &Measured { number }).await?;
        Sequencer.run(tx).await?;
        times.append.push(start.elapsed());

        // All over the tree: neighbours would find their nodes in the cache.
        let index = (number * 7_919_017) % entries;
        let start = Instant::now();
        let size = journal::size(tx).await?;
        let sequence = i64::try_from(index).map_err(kernel::Error::internal)? + 1;
        let path = journal::inclusion_proof(tx, sequence, size).await?;
        times.proof.push(start.elapsed());

        let root = journal::root(tx).await?;
        let size = u64::try_from(size).map_err(kernel::Error::internal)?;
        tlog::verify_inclusion(&leaf(index), index, size, &path, &root).map_err(kernel::Error::internal)?;
    }
    Ok(times)
}

/// The leaf at this place of the tree.
fn leaf(index: u64) -> Hash {
    tlog::leaf_hash(&index.to_be_bytes())
}

/// Fills an empty store; a filled one stays as it is, and one that was not filled to its end goes on.
async fn filled(db: &Db, entries: u64) -> Result<()> {
    let mut tree = journal::frontier(&mut db.read().await?).await?;
    while tree.size() < entries {
        let upto = (tree.size() + BATCH).min(entries);
        let mut levels: BTreeMap<u8, Run> = BTreeMap::new();
        while tree.size() < upto {
            for node in tree.append(leaf(tree.size())) {
                let run = levels.entry(node.level).or_insert_with(|| Run { first: node.index, hashes: Vec::new() });
                run.hashes.extend_from_slice(&node.hash);
            }
        }
        db::write!(db, |tx| { store(tx, &levels, &tree).await })?;
    }
    ensure!(tree.size() == entries, "the store holds {} entries, not {entries}", tree.size());
    Ok(())
}

/// Nodes of a level that lie side by side: 32 bytes each.
struct Run {
    first: u64,
    hashes: Vec<u8>,
}

/// Stores complete nodes and the head, one statement per level: some hundreds of bytes of memory for each leaf of a batch.
async fn store(tx: &mut Tx, levels: &BTreeMap<u8, Run>, tree: &Frontier) -> kernel::Result<()> {
    for (level, run) in levels {
        let sql = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $5)
                   INSERT INTO journal_node (tenant, level, idx, hash)
                   SELECT $1, $2, $3 + i, substr($4, i * 32 + 1, 32) FROM n";
        let first = i64::try_from(run.first).map_err(kernel::Error::internal)?;
        let count = (run.hashes.len() / 32) as i64;
        tx.exec(sql, params![i64::from(*level), first, run.hashes.as_slice(), count]).await?;
    }
    let sql = "INSERT INTO journal_head (tenant, size, frontier) VALUES ($1, $2, $3)
               ON CONFLICT (tenant) DO UPDATE SET size = excluded.size, frontier = excluded.frontier";
    let size = i64::try_from(tree.size()).map_err(kernel::Error::internal)?;
    tx.exec_one(sql, params![size, tree.hashes().concat()]).await
}
