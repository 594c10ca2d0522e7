//! Subscriptions: who hears of which event. Delivered in order, at least once, in a transaction that moves the cursor.

use std::{collections::BTreeMap, sync::Arc};

use db::Tx;
use kernel::{Cx, Error, Event, Result, Timestamp};

use crate::BoxFuture;

pub type EventHandler<E> = for<'a> fn(&'a Cx, &'a mut Tx, E, Timestamp) -> BoxFuture<'a, Result<()>>;
type Deliver = Arc<dyn for<'a> Fn(&'a Cx, &'a mut Tx, &'a str, Timestamp) -> BoxFuture<'a, Result<()>> + Send + Sync>;

/// The subscriptions of all modules: subscriber → event name → handler.
#[derive(Default)]
pub struct Events {
    module: &'static str,
    pub(crate) subscribers: BTreeMap<&'static str, Subscriber>,
}

pub(crate) struct Subscriber {
    pub module: &'static str,
    pub handlers: BTreeMap<&'static str, Deliver>,
}

impl Events {
    pub(crate) fn enter(&mut self, module: &'static str) {
        self.module = module;
    }

    /// Subscribes under a name that is unique in the house, e.g. `processes.step`; one name may hear several events.
    pub fn on<E: Event + 'static>(&mut self, subscriber: &'static str, handler: EventHandler<E>) -> &mut Self {
        let deliver: Deliver = Arc::new(move |cx, tx, fact, at| {
            Box::pin(async move {
                let event: E =
                    serde_json::from_str(fact).map_err(|e| Error::internal(format!("event {}: {e}", E::NAME)))?;
                handler(cx, tx, event, at).await
            })
        });
        let module = self.module;
        let entry =
            self.subscribers.entry(subscriber).or_insert_with(|| Subscriber { module, handlers: BTreeMap::new() });
        entry.handlers.insert(E::NAME, deliver);
        self
    }
}
