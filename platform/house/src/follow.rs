//! The search index follows the journal: for whatever an entry is about, its module is asked for the words of its
//! present state.
//!
//! This runs on every node that serves staff, beside the subscriptions and not as one of them: their cursors are rows
//! that all nodes share, the index is this node's own, and so its cursor lies in the index.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use kernel::{Error, Result, Uuid};
use search::{Change, Hits, Place, Question, State};

use crate::{App, City, Searchable};

/// Things that a module is asked about at once.
pub const CARDS: usize = 20;

/// Entries looked at in one view of the database.
const ENTRIES: i64 = 2_000;
/// Entries without anything to be found that are read again after a start at most.
const UNWRITTEN: i64 = 20_000;
/// Changes that follow each other within this time are one commit of the index: how much later than the list it may
/// be.
const GATHER: Duration = Duration::from_secs(1);

impl City {
    /// Looks something up in the words of what this node knows.
    ///
    /// # Errors
    /// Those of the disk.
    pub async fn find(&self, question: Question) -> Result<Hits> {
        let index = self.search.clone();
        blocking(move || index.find(&question)).await
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

/// What is known of the index without opening it: of a city where nothing happens it stays closed.
struct Known {
    state: State,
    /// Entries after the index's own place in which there was nothing to find.
    read: Place,
}

/// Keeps the index true until `shutdown`.
pub(crate) async fn run(
    app: Arc<App>,
    city: Arc<City>,
    mut shutdown: tokio::sync::watch::Receiver<bool>,
) -> Result<()> {
    let mut commits = city.db.commits();
    let mut known = None;
    loop {
        commits.mark_unchanged();
        let wait = match read_on(&app, &city, &mut known).await {
            Ok(()) => GATHER,
            Err(error) => {
                tracing::error!(city = %city.key, "search index: {error:#}");
                known = None;
                GATHER * 10
            }
        };
        tokio::select! {
            _ = shutdown.wait_for(|end| *end) => return Ok(()),
            () = tokio::time::sleep(wait) => {}
        }
        tokio::select! {
            _ = shutdown.wait_for(|end| *end) => return Ok(()),
            _ = commits.changed() => {}
            // Commits of other nodes.
            () = tokio::time::sleep(GATHER) => {}
        }
    }
}

/// Brings the index to the end of the journal: for tests.
pub(crate) async fn catch_up(app: &Arc<App>, city: &Arc<City>) -> Result<()> {
    read_on(app, city, &mut None).await
}

async fn read_on(app: &Arc<App>, city: &Arc<City>, known: &mut Option<Known>) -> Result<()> {
    if app.modules.iter().all(|m| m.searchable.is_empty()) {
        return Ok(());
    }
    while step(app, city, known).await? {}
    Ok(())
}

/// Reads on a little; false when there is nothing more to do for now.
async fn step(app: &Arc<App>, city: &Arc<City>, known: &mut Option<Known>) -> Result<bool> {
    let index = city.search.clone();
    let Known { state, read } = match known.take() {
        Some(known) if index.is_there() => known,
        _ => {
            let state = blocking(move || index.state()).await?;
            Known { state, read: state.place }
        }
    };
    // One view for the entries and for the state of what they are about: later changes have later entries.
    let mut rx = city.db.read_long().await?;
    let limit = if state.complete { ENTRIES } else { ENTRIES * 10 };
    let mut entries = journal::touched(&mut rx, read.seq, limit).await?;
    if read != Place::START {
        if entries.first().is_none_or(|e| (Place { seq: e.seq, entry: e.id }) != read) {
            tracing::warn!(city = %city.key, "search index: made from another journal (restored?), made anew");
            let index = city.search.clone();
            blocking(move || index.clear()).await?;
            return Ok(true);
        }
        entries.remove(0);
    }
    let Some(last) = entries.last() else {
        drop(rx);
        if state.complete && !state.leftovers {
            *known = Some(Known { state, read });
            return Ok(false);
        }
        return rest(city, state, read).await;
    };
    let to = Place { seq: last.seq, entry: last.id };
    let mut of = Vec::new();
    let mut cards = Vec::new();
    for (module, searchable) in searchables(app) {
        let about = entries.iter().filter(|e| e.subject_kind == searchable.kind);
        let ids: BTreeSet<Uuid> = about.map(|e| e.subject_id).collect();
        let ids: Vec<Uuid> = ids.into_iter().collect();
        let mut cx = app.cx(city, "search");
        cx.actor.via = vec![module];
        for some in ids.chunks(CARDS) {
            let made = (searchable.cards)(&cx, &mut rx, some).await?;
            cards.extend(made.into_iter().map(|card| (searchable.kind, card)));
            // On SQLite nothing here waits, and requests want the thread too.
            tokio::task::yield_now().await;
        }
        of.extend(ids.into_iter().map(|id| (searchable.kind, id)));
    }
    drop(rx);
    // A commit costs more than reading the entries again.
    if of.is_empty() && state.complete && to.seq - state.place.seq < UNWRITTEN {
        *known = Some(Known { state, read: to });
        return Ok(true);
    }
    let index = city.search.clone();
    blocking(move || index.write(&Change { of: &of, cards: &cards, from: state.place, to, caught_up: false })).await
}

/// At the end of the journal: says so once, and removes what is left of things that are gone.
async fn rest(city: &Arc<City>, state: State, read: Place) -> Result<bool> {
    let index = city.search.clone();
    blocking(move || {
        if !state.complete {
            return index.write(&Change { of: &[], cards: &[], from: state.place, to: read, caught_up: true });
        }
        index.purge()
    })
    .await
}

fn searchables(app: &App) -> impl Iterator<Item = (&'static str, &'static Searchable)> {
    app.modules.iter().flat_map(|m| m.searchable.iter().map(|s| (m.name, s)))
}
