//! Writers of a city who share a commit: the queue in front of the one connection, and what its members are told.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use kernel::{Error, Result};
use tokio::sync::oneshot;

/// What became of a group's commit.
#[derive(Clone)]
pub(crate) enum Committed {
    Yes,
    /// Somebody got in the way of the whole group; every member runs again.
    Again,
    /// Running again would not help: the disk is full, the file cannot be written, a rule of the schema is broken.
    Failed(Arc<str>),
}

impl Committed {
    pub(crate) fn of(result: Result<()>, members: usize) -> Self {
        match result {
            Ok(()) => Committed::Yes,
            Err(Error::Again) => {
                tracing::info!(members, "commit runs again: somebody else's work got in its way");
                Committed::Again
            }
            Err(error) => {
                tracing::error!(%error, members, "commit failed");
                Committed::Failed(format!("commit: {error:#}").into())
            }
        }
    }
}

/// Those whose work is kept with the next commit.
#[derive(Default)]
pub(crate) struct Members(Vec<oneshot::Sender<Committed>>);

impl Members {
    /// One more; answers where the outcome will be told.
    pub(crate) fn add(&mut self) -> Outcome {
        let (tell, told) = oneshot::channel();
        self.0.push(tell);
        Outcome(told)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn tell(self, outcome: &Committed) {
        for member in self.0 {
            let _ = member.send(outcome.clone());
        }
    }
}

/// Where a member is told what became of its group.
pub(crate) struct Outcome(oneshot::Receiver<Committed>);

impl Outcome {
    /// Waits for the commit; `silent` is the answer when nobody tells.
    ///
    /// # Errors
    /// [`Error::Again`] when the group was lost and the member has to run again.
    pub(crate) async fn told(self, silent: Error) -> Result<()> {
        match self.0.await {
            Ok(Committed::Yes) => Ok(()),
            Ok(Committed::Failed(why)) => Err(Error::internal(why)),
            Ok(Committed::Again) => Err(Error::Again),
            Err(_) => Err(silent),
        }
    }
}

/// The one connection of a city that writers queue for.
pub(crate) trait OneWriter: Send + Sync + 'static {
    /// Writers that wait for the connection. Whoever finishes and sees none commits the group.
    fn waiting(&self) -> &AtomicUsize;

    /// Commits what a vanished writer left behind.
    fn flush(self: Arc<Self>) -> impl Future<Output = ()> + Send;
}

/// Counts a writer in the queue, also when its request is dropped while it waits.
pub(crate) struct Queued<W: OneWriter>(Option<Arc<W>>);

impl<W: OneWriter> Queued<W> {
    pub(crate) fn new(home: Arc<W>) -> Self {
        home.waiting().fetch_add(1, Ordering::SeqCst);
        Self(Some(home))
    }

    pub(crate) fn served(mut self) {
        if let Some(home) = self.0.take() {
            home.waiting().fetch_sub(1, Ordering::SeqCst);
        }
    }
}

impl<W: OneWriter> Drop for Queued<W> {
    fn drop(&mut self) {
        if let Some(home) = self.0.take() {
            home.waiting().fetch_sub(1, Ordering::SeqCst);
            // The writer before may have left the commit to this one.
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                runtime.spawn(home.flush());
            }
        }
    }
}
