use crate::Hash;

/// Hashes in a full tile, entries in a full bundle.
pub const TILE_WIDTH: u64 = 256;

/// What a tile holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TileKind {
    /// Hashes of tree level `8 × level`.
    Hashes { level: u8 },
    /// The log entries themselves, see [`encode_bundle`].
    Entries,
}

/// Address of one static file of a published log (C2SP tlog-tiles).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tile {
    pub kind: TileKind,
    pub index: u64,
    /// 1 to 256; less than 256 is a partial tile at the right edge.
    pub width: u16,
}

impl Tile {
    /// All hash tiles of a tree of `size` leaves, level by level, the partial tile of a level last.
    pub fn of_tree(size: u64) -> impl Iterator<Item = Tile> {
        (0..8u8)
            .map(move |level| (level, size >> (8 * u32::from(level))))
            .take_while(|&(_, hashes)| hashes > 0)
            .flat_map(|(level, hashes)| Self::row(TileKind::Hashes { level }, hashes))
    }

    /// All entry bundles of a tree of `size` leaves.
    pub fn bundles(size: u64) -> impl Iterator<Item = Tile> {
        Self::row(TileKind::Entries, size)
    }

    fn row(kind: TileKind, items: u64) -> impl Iterator<Item = Tile> {
        let full = items / TILE_WIDTH;
        let rest = (items % TILE_WIDTH) as u16;
        (0..full).map(move |index| Tile { kind, index, width: TILE_WIDTH as u16 }).chain((rest > 0).then_some(Tile {
            kind,
            index: full,
            width: rest,
        }))
    }

    /// The file's path below the log's prefix, such as `tile/0/x001/x234/067` or `tile/entries/273.p/112`.
    #[must_use]
    pub fn path(&self) -> String {
        let mut groups = vec![format!("{:03}", self.index % 1000)];
        let mut rest = self.index / 1000;
        while rest > 0 {
            groups.push(format!("x{:03}", rest % 1000));
            rest /= 1000;
        }
        groups.reverse();
        let level = match self.kind {
            TileKind::Hashes { level } => level.to_string(),
            TileKind::Entries => "entries".to_owned(),
        };
        let partial = if u64::from(self.width) < TILE_WIDTH { format!(".p/{}", self.width) } else { String::new() };
        format!("tile/{level}/{}{partial}", groups.join("/"))
    }

    /// Reads a path written by [`Tile::path`]; other spellings of the same address are refused.
    #[must_use]
    pub fn parse(path: &str) -> Option<Tile> {
        let (kind, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let kind = match kind {
            "entries" => TileKind::Entries,
            level => TileKind::Hashes { level: level.parse().ok().filter(|&level| level < 8)? },
        };
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => (number, width.parse().ok().filter(|&width| (1..256).contains(&width))?),
            None => (rest, TILE_WIDTH as u16),
        };
        let mut index = 0u64;
        for group in number.split('/') {
            let digits = group.strip_prefix('x').unwrap_or(group);
            let value = digits.parse::<u64>().ok().filter(|_| digits.len() == 3)?;
            index = index.checked_mul(1000)?.checked_add(value)?;
        }
        let tile = Tile { kind, index, width };
        (tile.path() == path).then_some(tile)
    }

    /// The file's content for a hash tile: its hashes one after the other. `None` for an entry bundle and when
    /// the store lacks a node. `node(level, index)` reads what [`crate::Frontier::append`] returned.
    pub fn hashes(&self, node: impl Fn(u8, u64) -> Option<Hash>) -> Option<Vec<u8>> {
        let TileKind::Hashes { level } = self.kind else { return None };
        let tree_level = level.checked_mul(8)?;
        let first = self.index.checked_mul(TILE_WIDTH)?;
        let mut content = Vec::with_capacity(32 * usize::from(self.width));
        for position in 0..u64::from(self.width) {
            content.extend_from_slice(&node(tree_level, first.checked_add(position)?)?);
        }
        Some(content)
    }
}

/// An entry bundle that cannot be written or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    #[error("entry {0} of the bundle is longer than 65,535 bytes")]
    EntryTooLong(usize),
    #[error("a bundle holds at most 256 entries")]
    TooMany,
    #[error("the bundle ends inside entry {0}")]
    Truncated(usize),
}

/// Content of an entry bundle: each entry after its length as big-endian `u16`.
///
/// # Errors
/// More than 256 entries, or one of more than 65,535 bytes.
pub fn encode_bundle<'a>(entries: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<u8>, BundleError> {
    let mut content = Vec::new();
    for (position, entry) in entries.into_iter().enumerate() {
        if position as u64 == TILE_WIDTH {
            return Err(BundleError::TooMany);
        }
        let length = u16::try_from(entry.len()).map_err(|_| BundleError::EntryTooLong(position))?;
        content.extend_from_slice(&length.to_be_bytes());
        content.extend_from_slice(entry);
    }
    Ok(content)
}

/// The entries of a bundle.
///
/// # Errors
/// A bundle that ends early or holds more than 256 entries.
pub fn decode_bundle(mut content: &[u8]) -> Result<Vec<&[u8]>, BundleError> {
    let mut entries = Vec::new();
    while !content.is_empty() {
        if entries.len() as u64 == TILE_WIDTH {
            return Err(BundleError::TooMany);
        }
        let truncated = BundleError::Truncated(entries.len());
        let (length, rest) = content.split_first_chunk::<2>().ok_or(truncated)?;
        let (entry, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into()).ok_or(truncated)?;
        entries.push(entry);
        content = rest;
    }
    Ok(entries)
}
