use house::InCity;
use kernel::{Cx, Hash, Result};
use serde::{Deserialize, Serialize};

use crate::{service, store};

/// Notes in the case that a link was used that does not work. A job, so that the answer takes as long for a token that
/// never was one.
#[derive(Serialize, Deserialize)]
pub struct NoteRefused {
    pub token_hash: Hash,
}

impl jobs::Job for NoteRefused {
    const NAME: &'static str = "sharing.note-refused";
    const MAX_ATTEMPTS: u32 = 3;

    fn dedup_key(&self) -> Option<String> {
        Some(hex(&self.token_hash))
    }
}

/// Removes what opened links that are over, every night.
#[derive(Serialize, Deserialize)]
pub struct RemoveSecrets {}

impl jobs::Job for RemoveSecrets {
    const NAME: &'static str = "sharing.remove-secrets";
}

/// Lower-case hexadecimal digits.
pub fn hex(hash: &Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub async fn note_refused(cx: Cx, job: NoteRefused) -> Result<()> {
    let city = cx.city()?;
    db::write!(city.db, |tx| { service::refused(&cx, tx, job.token_hash).await })
}

pub async fn remove_secrets(cx: Cx, _: RemoveSecrets) -> Result<()> {
    let city = cx.city()?;
    db::write!(city.db, |tx| { store::remove_secrets(tx, cx.now()).await }).map(|_| ())
}
