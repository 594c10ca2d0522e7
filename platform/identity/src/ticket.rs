use db::{Rx, Tx, params, record};
use jiff::SignedDuration;
use kernel::{Cx, Error, Hash, Result, Timestamp, Uuid};
use serde::{Serialize, de::DeserializeOwned};

use crate::code::{random_token, token_hash};

/// What a single-use secret is for; one made for one purpose is worth nothing for another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Purpose {
    Register,
    Reset,
    Email,
    StaffReset,
    SecondFactor,
    StaffSecondFactor,
    External,
    Counter,
}

impl Purpose {
    fn code(self) -> &'static str {
        match self {
            Purpose::Register => "register",
            Purpose::Reset => "reset",
            Purpose::Email => "email",
            Purpose::StaffReset => "staff-reset",
            Purpose::SecondFactor => "second-factor",
            Purpose::StaffSecondFactor => "staff-second-factor",
            Purpose::External => "external",
            Purpose::Counter => "counter",
        }
    }
}

record! {
    #[derive(Clone, Debug)]
    struct Stored {
        owner: Option<Uuid>,
        data: serde_json::Value,
        tries: i64,
    }
}

/// A valid ticket.
#[derive(Clone, Debug)]
pub(crate) struct Ticket<D> {
    pub owner: Option<Uuid>,
    pub data: D,
    pub tries: i64,
}

/// Makes a ticket and returns the token that opens it.
pub(crate) async fn issue(
    tx: &mut Tx,
    cx: &Cx,
    purpose: Purpose,
    owner: Option<Uuid>,
    data: &impl Serialize,
    good_for: SignedDuration,
) -> Result<String> {
    let token = random_token(cx);
    store(tx, cx, purpose, owner, data, good_for, token_hash(&token)).await?;
    Ok(token)
}

pub(crate) async fn store(
    tx: &mut Tx,
    cx: &Cx,
    purpose: Purpose,
    owner: Option<Uuid>,
    data: &impl Serialize,
    good_for: SignedDuration,
    hash: Hash,
) -> Result<()> {
    let expires_at = cx.now().checked_add(good_for).map_err(Error::internal)?;
    let data = serde_json::to_value(data)?;
    let sql = "INSERT INTO identity_ticket (tenant, hash, purpose, owner, data, tries, expires_at)
               VALUES ($1, $2, $3, $4, $5, 0, $6)";
    tx.exec_one(sql, params![hash, purpose.code(), owner, data, expires_at]).await
}

/// Reads a ticket without using it up.
///
/// # Errors
/// `Refused("link-expired")` when it is unknown, used or too old: the three look alike.
pub(crate) async fn look<D: DeserializeOwned>(
    rx: &mut Rx,
    now: Timestamp,
    purpose: Purpose,
    hash: Hash,
) -> Result<Ticket<D>> {
    let sql = "SELECT owner, data, tries FROM identity_ticket
               WHERE tenant = $1 AND hash = $2 AND purpose = $3 AND expires_at > $4";
    let found = rx.opt::<Stored>(sql, params![hash, purpose.code(), now]).await?;
    let found = found.ok_or_else(|| Error::refused("link-expired"))?;
    Ok(Ticket { owner: found.owner, data: serde_json::from_value(found.data)?, tries: found.tries })
}

/// Reads a ticket and uses it up.
pub(crate) async fn take<D: DeserializeOwned>(
    tx: &mut Tx,
    now: Timestamp,
    purpose: Purpose,
    hash: Hash,
) -> Result<Ticket<D>> {
    let ticket = look(tx, now, purpose, hash).await?;
    drop_one(tx, hash).await?;
    Ok(ticket)
}

pub(crate) async fn drop_one(tx: &mut Tx, hash: Hash) -> Result<()> {
    tx.exec("DELETE FROM identity_ticket WHERE tenant = $1 AND hash = $2", params![hash]).await?;
    Ok(())
}

pub(crate) async fn count_try(tx: &mut Tx, hash: Hash) -> Result<()> {
    let sql = "UPDATE identity_ticket SET tries = tries + 1 WHERE tenant = $1 AND hash = $2";
    tx.exec(sql, params![hash]).await?;
    Ok(())
}

/// Takes back what was issued to somebody, e.g. older links when a password was changed.
pub(crate) async fn drop_of(tx: &mut Tx, purpose: Purpose, owner: Uuid) -> Result<()> {
    let sql = "DELETE FROM identity_ticket WHERE tenant = $1 AND owner = $2 AND purpose = $3";
    tx.exec(sql, params![owner, purpose.code()]).await?;
    Ok(())
}
