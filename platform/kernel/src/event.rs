use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{Id, Kind};

/// What a journal entry is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    pub kind: &'static str,
    pub id: Uuid,
}

impl<K: Kind> From<Id<K>> for Subject {
    fn from(id: Id<K>) -> Self {
        Self { kind: K::NAME, id: id.uuid() }
    }
}

/// Something that happened, told to whoever subscribes. The serialised event is the journal row's `fact`: ids, codes
/// and amounts only, no personal data.
pub trait Event: Serialize + DeserializeOwned + Send + Sync {
    /// `<module>.<past-tense>`, e.g. `payments.settled`.
    const NAME: &'static str;
    fn subject(&self) -> Subject;
}
