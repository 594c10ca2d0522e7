//! Browsers in which somebody has signed in before.

use db::{Rx, Tx, params};
use jiff::SignedDuration;
use kernel::{Cx, Error, Hash, Result, Uuid};

use crate::{
    Client, Identity,
    code::{random_token, token_hash},
};

/// The hash of this browser's cookie if it is known for one of these owners.
pub(crate) async fn known(rx: &mut Rx, cx: &Cx, client: &Client, owners: &[Uuid]) -> Result<Option<Hash>> {
    let Some(hash) = client.device_hash() else { return Ok(None) };
    let sql = "SELECT owner FROM identity_device WHERE tenant = $1 AND hash = $2 AND expires_at > $3";
    let known = rx.list::<(Uuid,)>(sql, params![hash, cx.now()]).await?;
    Ok(known.iter().any(|(owner,)| owners.contains(owner)).then_some(hash))
}

impl Identity {
    /// Remembers this browser for an owner; returns the token of a new cookie where it had none of ours.
    pub(crate) async fn remember_device(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        client: &Client,
        owner: Uuid,
    ) -> Result<Option<String>> {
        let sql = "SELECT COUNT(*) AS n FROM identity_device WHERE tenant = $1 AND hash = $2 AND expires_at > $3";
        let ours = match client.device_hash() {
            Some(hash) if tx.one::<(i64,)>(sql, params![hash, cx.now()]).await?.0 > 0 => Some(hash),
            _ => None,
        };
        let (hash, fresh) = match ours {
            Some(hash) => (hash, None),
            None => {
                let token = random_token(cx);
                (token_hash(&token), Some(token))
            }
        };
        let expires_at = cx
            .now()
            .checked_add(SignedDuration::from_hours(24 * i64::from(self.policy.device_days)))
            .map_err(Error::internal)?;
        let sql = "INSERT INTO identity_device (tenant, hash, owner, expires_at) VALUES ($1, $2, $3, $4)
                   ON CONFLICT (tenant, hash, owner) DO UPDATE SET expires_at = excluded.expires_at";
        tx.exec_one(sql, params![hash, owner, expires_at]).await?;
        Ok(fresh)
    }
}

pub(crate) async fn forget_all(tx: &mut Tx, owner: Uuid) -> Result<()> {
    tx.exec("DELETE FROM identity_device WHERE tenant = $1 AND owner = $2", params![owner]).await?;
    Ok(())
}
