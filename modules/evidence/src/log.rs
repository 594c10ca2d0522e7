//! The published log (C2SP tlog-tiles): checkpoint, public key and hash tiles. There are no entry bundles: an entry says
//! who did what with which object and when; hashes are enough to watch that nothing is taken back.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use house::{Answer, City, Path, Req};
use http::header;
use kernel::{Error, Result};
use tlog::{Note, TILE_WIDTH, Tile};

/// A full tile never changes again.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const SHORTLY: &str = "public, max-age=30";

/// Parts of the log that one address fetches within an hour: whoever watches it needs a tile for 256 entries, once.
const MOST_PARTS: i64 = 10_000;

const TEXT: &str = "text/plain; charset=utf-8";

fn published(kind: &'static str, cache: &'static str, body: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, cache)], body).into_response()
}

/// Counts what an address asks for within an hour.
///
/// # Errors
/// `Throttled` above `most`.
pub async fn admit(rq: &Req, what: &str, most: i64) -> Result<()> {
    db::write!(rq.city.db, |tx| { rq.city.identity.admit_hourly(tx, &rq.cx, rq.caller, what, 1, most).await })
}

/// The same for a part of the log.
pub async fn admit_part(rq: &Req) -> Result<()> {
    admit(rq, "log", MOST_PARTS).await
}

/// The newest signed checkpoint. Its folder may lie on a slow disk of another machine.
pub async fn newest(city: &Arc<City>) -> Result<Option<Note>> {
    let checkpoints = city.checkpoints.clone();
    tokio::task::spawn_blocking(move || checkpoints.latest_note()).await.map_err(Error::internal)?
}

pub async fn checkpoint(rq: Req) -> Answer {
    admit_part(&rq).await?;
    let note = newest(&rq.city).await?.ok_or(Error::NotFound)?;
    Ok(published(TEXT, SHORTLY, note.to_string().into_bytes()))
}

/// The public key. Whoever relies on it compares it with what the city has published elsewhere.
pub async fn key(rq: Req) -> Answer {
    Ok(published(TEXT, SHORTLY, format!("{}\n", rq.city.checkpoints.verifier()).into_bytes()))
}

pub async fn tile(rq: Req, Path((level, index)): Path<(String, String)>) -> Answer {
    let tile = Tile::parse(&format!("tile/{level}/{index}")).ok_or(Error::NotFound)?;
    admit_part(&rq).await?;
    let hashes = journal::tile(&mut rq.city.db.read().await?, tile).await?;
    let cache = if u64::from(tile.width) == TILE_WIDTH { FOR_EVER } else { SHORTLY };
    Ok(published("application/octet-stream", cache, hashes))
}
