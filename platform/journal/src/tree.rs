use std::{cell::RefCell, collections::HashMap};

use db::{Rx, params};
use kernel::{Error, Result};
use tlog::{Frontier, Hash, ProofError, TILE_WIDTH, Tile, TileKind};

use crate::evidence::hash;

/// Number of numbered entries, which is also the last number.
///
/// # Errors
/// Those of the database.
pub async fn size(rx: &mut Rx) -> Result<i64> {
    let row = rx.opt::<(i64,)>("SELECT size FROM journal_head WHERE tenant = $1", &[]).await?;
    Ok(row.map_or(0, |(size,)| size))
}

/// Root of the Merkle tree over all numbered entries.
///
/// # Errors
/// A head that cannot be one.
pub async fn root(rx: &mut Rx) -> Result<Hash> {
    Ok(frontier(rx).await?.root())
}

/// Size and right edge of the tree.
///
/// # Errors
/// A head that cannot be one.
pub async fn frontier(rx: &mut Rx) -> Result<Frontier> {
    let sql = "SELECT size, frontier FROM journal_head WHERE tenant = $1";
    match rx.opt::<(i64, Vec<u8>)>(sql, &[]).await? {
        None => Ok(Frontier::new()),
        Some((size, hashes)) => {
            let size = u64::try_from(size).map_err(Error::internal)?;
            let hashes = hashes.chunks(32).map(hash).collect::<Result<_>>()?;
            Frontier::from_parts(size, hashes).map_err(Error::internal)
        }
    }
}

/// Audit path of the entry `seq` in the tree of the first `size` entries. Its index in the tree is `seq` − 1.
///
/// # Errors
/// [`Error::NotFound`] when the tree has no such entry or is not that large.
pub async fn inclusion_proof(rx: &mut Rx, seq: i64, size: i64) -> Result<Vec<Hash>> {
    let (Ok(index), Ok(size)) = (u64::try_from(seq - 1), u64::try_from(size)) else { return Err(Error::NotFound) };
    with_nodes(rx, size, |node| tlog::inclusion_proof(index, size, node)).await
}

/// Proof that the tree of `old` entries is the beginning of the tree of `new` entries.
///
/// # Errors
/// [`Error::NotFound`] when `old` > `new` or there are fewer than `new` entries.
pub async fn consistency_proof(rx: &mut Rx, old: i64, new: i64) -> Result<Vec<Hash>> {
    let (Ok(old), Ok(new)) = (u64::try_from(old), u64::try_from(new)) else { return Err(Error::NotFound) };
    with_nodes(rx, new, |node| tlog::consistency_proof(old, new, node)).await
}

/// Content of a hash tile (C2SP tlog-tiles): 32 bytes per hash. Entry bundles are not given out: who did what with which
/// object, and when, is nobody else's business, also where it names no person.
///
/// # Errors
/// [`Error::NotFound`] for an entry bundle and for a tile that reaches beyond the tree.
pub async fn tile(rx: &mut Rx, tile: Tile) -> Result<Vec<u8>> {
    let TileKind::Hashes { level } = tile.kind else { return Err(Error::NotFound) };
    let level = level.checked_mul(8).ok_or(Error::NotFound)?;
    let size = u64::try_from(size(rx).await?).map_err(Error::internal)?;
    let complete = size.checked_shr(level.into()).unwrap_or(0);
    let first = tile.index.checked_mul(TILE_WIDTH).ok_or(Error::NotFound)?;
    let end = first.checked_add(tile.width.into()).filter(|&end| end <= complete).ok_or(Error::NotFound)?;
    let (from, to) = (i64::try_from(first).map_err(Error::internal)?, i64::try_from(end).map_err(Error::internal)?);
    let sql = "SELECT hash FROM journal_node WHERE tenant = $1 AND level = $2 AND idx >= $3 AND idx < $4 ORDER BY idx";
    let nodes = rx.list::<(Vec<u8>,)>(sql, params![i64::from(level), from, to]).await?;
    if nodes.len() != usize::from(tile.width) {
        return Err(Error::internal(format!("{} lacks nodes of the tree", tile.path())));
    }
    let mut content = Vec::with_capacity(32 * nodes.len());
    for (node,) in nodes {
        content.extend_from_slice(&hash(&node)?);
    }
    Ok(content)
}

/// Runs a calculation that reads tree nodes: once to learn which, and once with them. Which nodes are asked for
/// depends on sizes only, never on hashes.
pub(crate) async fn with_nodes<T>(
    rx: &mut Rx,
    size: u64,
    calculate: impl Fn(&dyn Fn(u8, u64) -> Option<Hash>) -> Result<T, ProofError>,
) -> Result<T> {
    if size > frontier(rx).await?.size() {
        return Err(Error::NotFound);
    }
    let wanted = {
        let asked = RefCell::new(Vec::new());
        let dry = calculate(&|level, index| {
            asked.borrow_mut().push((level, index));
            Some([0; 32])
        });
        match dry {
            Ok(_) => asked.into_inner(),
            Err(ProofError::NoSuchLeaf { .. } | ProofError::NotAPrefix { .. }) => return Err(Error::NotFound),
            Err(error) => return Err(Error::internal(error)),
        }
    };
    let mut nodes = HashMap::with_capacity(wanted.len());
    let sql = "SELECT hash FROM journal_node WHERE tenant = $1 AND level = $2 AND idx = $3";
    for (level, index) in wanted {
        let at = i64::try_from(index).map_err(Error::internal)?;
        if let Some((found,)) = rx.opt::<(Vec<u8>,)>(sql, params![i64::from(level), at]).await? {
            nodes.insert((level, index), hash(&found)?);
        }
    }
    calculate(&|level, index| nodes.get(&(level, index)).copied()).map_err(Error::internal)
}
