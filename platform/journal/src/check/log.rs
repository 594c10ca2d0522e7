//! The journal itself: entries, tree, head, checkpoints.

use std::collections::{BTreeMap, HashMap};

use db::{Row, Rx, params};
use kernel::{Result, Timestamp, Uuid, canonical_json, sha256};
use serde_json::Value;
use tlog::{Checkpoint, Frontier, Hash, Node};

use super::{Fault, Finding, KEPT, Progress, Report};
use crate::{
    emit::{ERASED, leaf, private_hash},
    evidence::hash,
    tree::frontier,
};

/// Entries that are in memory at the same time.
const BLOCK: i64 = 512;

struct Walk<'a> {
    tree: Frontier,
    /// A place of which neither entry nor leaf is left: no node above it can be computed.
    broken: bool,
    /// Entries that are good by themselves and stand in the wrong place: number, id, own leaf, leaf of the place.
    moved: Vec<(i64, Option<Uuid>, Hash, Hash)>,
    /// Numbers of the last erasure per subject that was looked up.
    erasures: HashMap<Uuid, Option<i64>>,
    report: &'a mut Report,
}

pub(super) async fn check(
    rx: &mut Rx,
    checkpoints: &[Checkpoint],
    report: &mut Report,
    on_progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<()> {
    let head = frontier(rx).await.ok();
    let size = places(rx, head.as_ref()).await?;
    report.entries = u64::try_from(size).unwrap_or(0);
    let mut witnessed: BTreeMap<u64, Vec<Hash>> = BTreeMap::new();
    for checkpoint in checkpoints {
        witnessed.entry(checkpoint.size).or_default().push(checkpoint.root);
    }
    let (tree, moved, erasures) = (Frontier::new(), Vec::new(), HashMap::new());
    let mut walk = Walk { tree, broken: false, moved, erasures, report };
    walk.strangers(rx, size).await?;
    let mut after = 0;
    while after < size {
        let until = (after + BLOCK).min(size);
        walk.block(rx, after, until, &witnessed).await?;
        after = until;
        on_progress(Progress { table: super::finding::ENTRY, done: after as u64, total: Some(size as u64) });
    }
    walk.name_moved();
    walk.head(rx, head, size).await?;
    if let Some((&largest, _)) = witnessed.iter().next_back()
        && largest > walk.report.entries
    {
        walk.report.add(Finding::tail(size, largest));
    }
    walk.report.root = (!walk.broken).then(|| walk.tree.root());
    Ok(())
}

/// How many places the journal has: what two of head, entries and leaves agree on, but not more than there are rows
/// for, so that a forged number cannot make the check endless.
async fn places(rx: &mut Rx, head: Option<&Frontier>) -> Result<i64> {
    let head = head.and_then(|tree| i64::try_from(tree.size()).ok()).unwrap_or(0);
    let sql = "SELECT COUNT(*) AS n, COALESCE(MAX(seq), 0) AS last FROM journal_entry
               WHERE tenant = $1 AND seq IS NOT NULL";
    let (entries, last) = rx.one::<(i64, i64)>(sql, &[]).await?;
    let sql = "SELECT COUNT(*) AS n, COALESCE(MAX(idx), -1) AS last FROM journal_node WHERE tenant = $1 AND level = 0";
    let (leaves, last_leaf) = rx.one::<(i64, i64)>(sql, &[]).await?;
    let mut claims = [head, last, last_leaf.saturating_add(1)];
    claims.sort_unstable();
    Ok(claims[1].min(entries.saturating_add(leaves)))
}

impl Walk<'_> {
    /// Entries with numbers that are no places.
    async fn strangers(&mut self, rx: &mut Rx, size: i64) -> Result<()> {
        let sql = "SELECT seq FROM journal_entry WHERE tenant = $1 AND (seq < 1 OR seq > $2) ORDER BY seq LIMIT 1000";
        for (seq,) in rx.list::<(i64,)>(sql, params![size]).await? {
            self.report.add(Finding::entry(Fault::EntryAdded, seq, None));
        }
        Ok(())
    }

    /// The places `after` + 1 to `until`.
    async fn block(&mut self, rx: &mut Rx, after: i64, until: i64, witnessed: &BTreeMap<u64, Vec<Hash>>) -> Result<()> {
        let sql = "SELECT seq, id, at, name, subject_kind, subject_id, actor, evidence, fact, private, salt,
                       private_hash, leaf
                   FROM journal_entry WHERE tenant = $1 AND seq > $2 AND seq <= $3 ORDER BY seq";
        let mut rows = rx.query(sql, params![after, until]).await?.into_iter().peekable();
        let leaves = nodes(rx, 0, after, until).await?;
        let mut completed = Vec::new();
        for seq in after + 1..=until {
            let row = rows.next_if(|row| row.get::<i64>("seq").is_ok_and(|found| found == seq));
            let stored = leaves.get(&(seq - 1)).copied();
            let own = match row {
                None => {
                    self.report.add(Finding::entry(Fault::EntryMissing, seq, None));
                    None
                }
                Some(row) => self.entry(rx, seq, &row, stored).await?,
            };
            if stored.is_none() {
                self.report.add(Finding::node(0, (seq - 1) as u64));
            }
            // What the tree says goes on, so that one wrong entry is not reported once more by every node above it.
            match stored.or(own) {
                Some(leaf) if !self.broken => completed.extend(self.tree.append(leaf)),
                _ => self.broken = true,
            }
            if !self.broken
                && let Some(roots) = witnessed.get(&self.tree.size())
                && roots.iter().any(|root| *root != self.tree.root())
            {
                self.report.add(Finding::rewritten(self.tree.size()));
            }
        }
        self.inner_nodes(rx, completed).await
    }

    async fn inner_nodes(&mut self, rx: &mut Rx, completed: Vec<Node>) -> Result<()> {
        let mut by_level: BTreeMap<u8, Vec<Node>> = BTreeMap::new();
        for node in completed.into_iter().filter(|node| node.level > 0) {
            by_level.entry(node.level).or_default().push(node);
        }
        for (level, wanted) in by_level {
            let (Some(first), Some(last)) = (wanted.first(), wanted.last()) else { continue };
            let stored = nodes(rx, level, first.index as i64, last.index as i64 + 1).await?;
            for node in wanted {
                if stored.get(&(node.index as i64)) != Some(&node.hash) {
                    self.report.add(Finding::node(level, node.index));
                }
            }
        }
        Ok(())
    }

    /// Compares an entry with itself and with its leaf in the tree; answers its own leaf.
    async fn entry(&mut self, rx: &mut Rx, seq: i64, row: &Row, stored: Option<Hash>) -> Result<Option<Hash>> {
        let id = row.get::<Uuid>("id").ok();
        let Some(own) = Own::of(row) else {
            self.report.add(Finding::entry(Fault::EntryChanged, seq, id));
            return Ok(None);
        };
        if stored.is_some_and(|stored| stored != own.leaf) {
            if self.moved.len() < KEPT {
                self.moved.push((seq, id, own.leaf, stored.unwrap_or_default()));
            } else {
                self.report.add(Finding::entry(Fault::EntryChanged, seq, id));
            }
        }
        if own.erased {
            if self.erasure_after(rx, own.subject).await?.is_some_and(|erasure| erasure > seq) {
                self.report.erased += 1;
            } else {
                self.report.add(Finding::entry(Fault::PrivateMissing, seq, id));
            }
        }
        Ok(Some(own.leaf))
    }

    /// Number of the subject's last erasure; one without number comes after everything.
    async fn erasure_after(&mut self, rx: &mut Rx, subject: Uuid) -> Result<Option<i64>> {
        if let Some(known) = self.erasures.get(&subject) {
            return Ok(*known);
        }
        let sql = "SELECT seq FROM journal_entry WHERE tenant = $1 AND subject_id = $2 AND name = $3";
        let found = rx.list::<(Option<i64>,)>(sql, params![subject, ERASED]).await?;
        let last = found.into_iter().map(|(seq,)| seq.unwrap_or(i64::MAX)).max();
        if self.erasures.len() >= KEPT {
            self.erasures.clear();
        }
        self.erasures.insert(subject, last);
        Ok(last)
    }

    /// Tells entries that changed places from changed ones.
    fn name_moved(&mut self) {
        let mut left = std::mem::take(&mut self.moved);
        while let Some((seq, id, own, place)) = left.pop() {
            let partner = left.iter().position(|(_, _, theirs, their_place)| *theirs == place && *their_place == own);
            let finding = match partner {
                Some(partner) => Finding::swapped_entries(left.swap_remove(partner).0, seq, id),
                None => Finding::entry(Fault::EntryChanged, seq, id),
            };
            self.report.add(finding);
        }
    }

    async fn head(&mut self, rx: &mut Rx, head: Option<Frontier>, size: i64) -> Result<()> {
        let claimed = head.as_ref().map(Frontier::size);
        let fits = head.is_some_and(|head| if self.broken { head.size() == size as u64 } else { head == self.tree });
        if !fits {
            self.report.add(Finding::head(claimed, size));
        }
        let sql = "SELECT COUNT(*) AS n FROM journal_node WHERE tenant = $1";
        let (found,) = rx.one::<(i64,)>(sql, &[]).await?;
        let expected = 2 * size - i64::from(size.count_ones());
        if found > expected {
            self.report.add(Finding::surplus_nodes(found, expected));
        }
        Ok(())
    }
}

/// Stored nodes of one level with `from` <= index < `to`.
async fn nodes(rx: &mut Rx, level: u8, from: i64, to: i64) -> Result<HashMap<i64, Hash>> {
    let sql = "SELECT idx, hash FROM journal_node WHERE tenant = $1 AND level = $2 AND idx >= $3 AND idx < $4";
    let found = rx.query(sql, params![i64::from(level), from, to]).await?;
    // A node that cannot be read is one that is missing.
    let read = |row: &Row| Some((row.get::<i64>("idx").ok()?, hash(&row.get::<Vec<u8>>("hash").ok()?).ok()?));
    Ok(found.iter().filter_map(read).collect())
}

/// What an entry says of itself, if its columns agree with each other.
struct Own {
    leaf: Hash,
    subject: Uuid,
    erased: bool,
}

impl Own {
    fn of(row: &Row) -> Option<Own> {
        let text = row.get::<String>("fact").ok()?;
        let fact: Value = serde_json::from_str(&text).ok()?;
        let subject = row.get::<Uuid>("subject_id").ok()?;
        let private_hashed = hash(&row.get::<Vec<u8>>("private_hash").ok()?).ok()?;
        let leaf = leaf(&text, private_hashed).ok()?;
        let copies_agree = fact["at"].as_i64() == Some(row.get::<Timestamp>("at").ok()?.as_microsecond())
            && fact["name"].as_str() == Some(&row.get::<String>("name").ok()?)
            && fact["subject"]["kind"].as_str() == Some(&row.get::<String>("subject_kind").ok()?)
            && fact["subject"]["id"].as_str() == Some(&subject.to_string())
            && canonical_json(&fact["actor"]).ok()? == row.get::<String>("actor").ok()?
            && fact["table"].as_str() == row.get::<Option<String>>("evidence").ok()?.as_deref();
        let private = row.get::<Option<String>>("private").ok()?;
        let salt = row.get::<Option<Vec<u8>>>("salt").ok()?;
        let never_private = private_hashed == sha256(&[]);
        let private_fits = match (&private, &salt) {
            (Some(private), Some(salt)) => private_hash(salt, Some(private)) == private_hashed,
            (None, None) => true,
            _ => false,
        };
        let whole = copies_agree && private_fits && row.get::<Vec<u8>>("leaf").ok()? == leaf;
        whole.then_some(Own { leaf, subject, erased: private.is_none() && !never_private })
    }
}
