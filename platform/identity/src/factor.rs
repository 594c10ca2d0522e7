//! Second factors: one-time passwords by time, and recovery codes for a lost telephone.

use db::{Db, Rx, Tx, params, record};
use kernel::{AccountId, Cx, Error, Hash, Level, Principal, Result, StaffId, Timestamp, Uuid};

use crate::{
    Client, Identity,
    code::{random_code, read_code},
    device,
    events::{FactorAdded, FactorRemoved, Owner, RecoveryCodeUsed, RecoveryCodesMade},
    perm, session, totp,
};

/// 160 bits, the length of an HMAC-SHA-1 key (RFC 4226 § 4 R6).
const SECRET: usize = 20;
const RECOVERY_CODES: usize = 10;
/// Groups of four signs of a recovery code: 73 bits.
const RECOVERY_GROUPS: usize = 4;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FactorState {
    /// Since when there is one.
    pub since: Option<Timestamp>,
    /// Recovery codes that were not used yet.
    pub recovery_left: usize,
}

/// A second factor that is being set up.
#[derive(Clone, Debug)]
pub struct NewFactor {
    /// To be typed into an app.
    pub secret: String,
    /// To be shown as a QR code.
    pub uri: String,
}

record! {
    struct Stored { secret: Option<Vec<u8>>, pending: Option<Vec<u8>>, last_step: i64 }
}

pub(crate) async fn state(rx: &mut Rx, owner: Uuid) -> Result<FactorState> {
    let sql = "SELECT confirmed_at FROM identity_factor WHERE tenant = $1 AND owner = $2 AND secret IS NOT NULL";
    let since = rx.opt::<(Option<Timestamp>,)>(sql, params![owner]).await?.and_then(|(at,)| at);
    let sql = "SELECT COUNT(*) AS n FROM identity_recovery WHERE tenant = $1 AND owner = $2";
    let (left,) = rx.one::<(i64,)>(sql, params![owner]).await?;
    Ok(FactorState { since, recovery_left: usize::try_from(left).unwrap_or(0) })
}

async fn stored(rx: &mut Rx, owner: Uuid) -> Result<Option<Stored>> {
    let sql = "SELECT secret, pending, last_step FROM identity_factor WHERE tenant = $1 AND owner = $2";
    rx.opt(sql, params![owner]).await
}

pub(crate) async fn forget(tx: &mut Tx, owner: Uuid) -> Result<()> {
    tx.exec("DELETE FROM identity_factor WHERE tenant = $1 AND owner = $2", params![owner]).await?;
    tx.exec("DELETE FROM identity_recovery WHERE tenant = $1 AND owner = $2", params![owner]).await?;
    Ok(())
}

/// Second factor of the one who acts.
///
/// # Errors
/// `SignIn` when nobody does.
pub async fn own_factor(rx: &mut Rx, cx: &Cx) -> Result<FactorState> {
    let owner = person_acting(cx)?;
    state(rx, owner.uuid()).await
}

/// Guests have no second factor.
fn person_acting(cx: &Cx) -> Result<Owner> {
    match session::acting(cx)? {
        Owner::Case(_) => Err(Error::SignIn(Level::Basis)),
        owner => Ok(owner),
    }
}

impl Identity {
    /// A fresh secret for the one who acts; the present one stays good until [`finish_factor`](Self::finish_factor).
    pub async fn start_factor(&self, tx: &mut Tx, cx: &Cx, issuer: &str, label: &str) -> Result<NewFactor> {
        let owner = person_acting(cx)?;
        self.new_secret(tx, cx, owner.uuid(), issuer, label).await
    }

    pub(crate) async fn new_secret(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        owner: Uuid,
        issuer: &str,
        label: &str,
    ) -> Result<NewFactor> {
        let secret = cx.random::<SECRET>();
        let sealed = self.vault.seal(cx, &place(owner), &secret)?;
        let sql = "INSERT INTO identity_factor (tenant, owner, pending, last_step) VALUES ($1, $2, $3, 0)
                   ON CONFLICT (tenant, owner) DO UPDATE SET pending = excluded.pending";
        tx.exec_one(sql, params![owner, sealed]).await?;
        Ok(NewFactor { secret: totp::as_text(&secret), uri: totp::uri(&secret, issuer, label) })
    }

    /// The secret that is being set up, shown again when a code was mistyped.
    pub async fn pending_factor(&self, rx: &mut Rx, cx: &Cx, issuer: &str, label: &str) -> Result<Option<NewFactor>> {
        let owner = person_acting(cx)?.uuid();
        self.pending_secret(rx, owner, issuer, label).await
    }

    pub(crate) async fn pending_secret(
        &self,
        rx: &mut Rx,
        owner: Uuid,
        issuer: &str,
        label: &str,
    ) -> Result<Option<NewFactor>> {
        let Some(sealed) = stored(rx, owner).await?.and_then(|s| s.pending) else { return Ok(None) };
        let secret = self.vault.open(&place(owner), &sealed)?;
        Ok(Some(NewFactor { secret: totp::as_text(&secret), uri: totp::uri(&secret, issuer, label) }))
    }

    /// Takes the fresh secret into use once its code was typed, and answers new recovery codes. Where there is a
    /// second factor already, a code of it is needed too.
    ///
    /// # Errors
    /// `Invalid` with `code` or `current`: `code-wrong`; `Throttled`.
    pub async fn finish_factor(
        &self,
        db: &Db,
        cx: &Cx,
        client: &Client,
        code: &str,
        current: &str,
    ) -> Result<Vec<String>> {
        let owner = person_acting(cx)?;
        let has_one = state(&mut db.read().await?, owner.uuid()).await?.since.is_some();
        if has_one {
            self.ask_factor(db, cx, client, owner, current, "current").await?;
        }
        db::write!(db, |tx| {
            // Somebody else may have finished in between: then the code of that factor would be needed.
            if !has_one && state(tx, owner.uuid()).await?.since.is_some() {
                return Err(Error::Conflict("account-changed"));
            }
            match self.confirm_pending(tx, cx, owner, code).await? {
                Some(codes) => Ok(codes),
                None => Err(Error::invalid("code", "code-wrong")),
            }
        })
    }

    /// `None` when the code is not that of the pending secret.
    pub(crate) async fn confirm_pending(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        owner: Owner,
        code: &str,
    ) -> Result<Option<Vec<String>>> {
        let id = owner.uuid();
        let Some(sealed) = stored(tx, id).await?.and_then(|s| s.pending) else { return Ok(None) };
        let secret = self.vault.open(&place(id), &sealed)?;
        let Some(step) = totp::check(&secret, cx.now(), 0, code)? else { return Ok(None) };
        let sql = "UPDATE identity_factor SET secret = pending, pending = NULL, confirmed_at = $3, last_step = $4
                   WHERE tenant = $1 AND owner = $2";
        tx.exec_one(sql, params![id, cx.now(), step]).await?;
        journal::emit(tx, cx, &FactorAdded { owner }).await?;
        self.make_recovery_codes(tx, cx, owner).await.map(Some)
    }

    async fn make_recovery_codes(&self, tx: &mut Tx, cx: &Cx, owner: Owner) -> Result<Vec<String>> {
        let id = owner.uuid();
        tx.exec("DELETE FROM identity_recovery WHERE tenant = $1 AND owner = $2", params![id]).await?;
        let mut codes = Vec::with_capacity(RECOVERY_CODES);
        for _ in 0..RECOVERY_CODES {
            let code = random_code::<RECOVERY_GROUPS>(cx);
            let hash = self.recovery_hash(id, &code)?;
            let sql = "INSERT INTO identity_recovery (tenant, owner, hash) VALUES ($1, $2, $3)";
            tx.exec_one(sql, params![id, hash]).await?;
            codes.push(code);
        }
        journal::emit(tx, cx, &RecoveryCodesMade { owner }).await?;
        Ok(codes)
    }

    fn recovery_hash(&self, owner: Uuid, typed: &str) -> Result<Option<Hash>> {
        let Some(code) = read_code(typed, RECOVERY_GROUPS) else { return Ok(None) };
        self.vault.hash("recovery code", &[owner.as_bytes(), code.as_bytes()]).map(Some)
    }

    /// Whether this is the present one-time password or an unused recovery code; uses it up.
    pub(crate) async fn use_code(&self, tx: &mut Tx, cx: &Cx, owner: Owner, typed: &str) -> Result<bool> {
        let id = owner.uuid();
        let Some(found) = stored(tx, id).await? else { return Ok(false) };
        let Some(sealed) = found.secret else { return Ok(false) };
        let secret = self.vault.open(&place(id), &sealed)?;
        if let Some(step) = totp::check(&secret, cx.now(), found.last_step, typed)? {
            let sql = "UPDATE identity_factor SET last_step = $3 WHERE tenant = $1 AND owner = $2";
            tx.exec_one(sql, params![id, step]).await?;
            return Ok(true);
        }
        let Some(hash) = self.recovery_hash(id, typed)? else { return Ok(false) };
        let sql = "DELETE FROM identity_recovery WHERE tenant = $1 AND owner = $2 AND hash = $3";
        let used = tx.exec(sql, params![id, hash]).await? == 1;
        if used {
            journal::emit(tx, cx, &RecoveryCodeUsed { owner }).await?;
        }
        Ok(used)
    }

    /// Asks the one who acts for a code again, counting wrong ones.
    async fn ask_factor(
        &self,
        db: &Db,
        cx: &Cx,
        client: &Client,
        owner: Owner,
        code: &str,
        field: &'static str,
    ) -> Result<()> {
        let right = db::write!(db, |tx| {
            let known = device::known(tx, cx, client, &[owner.uuid()]).await?;
            let admitted = self.admit(tx, cx, client, "factor", &owner.uuid().to_string(), known).await?;
            let right = self.use_code(tx, cx, owner, code).await?;
            if right {
                self.forgive(tx, &admitted).await?;
            }
            Ok(right)
        })?;
        if right { Ok(()) } else { Err(Error::invalid(field, "code-wrong")) }
    }

    /// Replaces the recovery codes of the one who acts.
    ///
    /// # Errors
    /// `Invalid` with `code: code-wrong`; `Throttled`.
    pub async fn renew_recovery_codes(&self, db: &Db, cx: &Cx, client: &Client, code: &str) -> Result<Vec<String>> {
        let owner = person_acting(cx)?;
        self.ask_factor(db, cx, client, owner, code, "code").await?;
        db::write!(db, |tx| { self.make_recovery_codes(tx, cx, owner).await })
    }

    /// Removes the own second factor. Staff may only where the city does not ask for one.
    ///
    /// # Errors
    /// `Invalid` with `code: code-wrong`; `Refused("factor-needed")`; `Throttled`.
    pub async fn remove_factor(&self, db: &Db, cx: &Cx, client: &Client, code: &str) -> Result<()> {
        let owner = person_acting(cx)?;
        if matches!(owner, Owner::Staff(_)) && self.policy.staff_second_factor {
            return Err(Error::refused("factor-needed"));
        }
        self.ask_factor(db, cx, client, owner, code, "code").await?;
        db::write!(db, |tx| { take_away(tx, cx, owner, "own").await })
    }
}

async fn take_away(tx: &mut Tx, cx: &Cx, owner: Owner, how: &str) -> Result<()> {
    forget(tx, owner.uuid()).await?;
    journal::emit(tx, cx, &FactorRemoved { owner, how: how.to_owned() }).await?;
    Ok(())
}

/// A clerk takes a citizen's lost second factor away after checking the person; every session of the account ends.
///
/// # Errors
/// `Forbidden`; `NotFound` when there is none.
pub async fn reset_account_factor(tx: &mut Tx, cx: &Cx, account: AccountId) -> Result<()> {
    perm::ask(cx, perm::RESET_FACTOR)?;
    reset(tx, cx, Owner::Account(account)).await
}

/// The same for a colleague; nobody does it for oneself.
///
/// # Errors
/// `Forbidden`; `NotFound` when there is none; `Refused("own-rights")`.
pub async fn reset_staff_factor(tx: &mut Tx, cx: &Cx, staff: StaffId) -> Result<()> {
    perm::ask(cx, perm::STAFF)?;
    if matches!(cx.actor.principal, Principal::Staff { user, .. } if user == staff) {
        return Err(Error::refused("own-rights"));
    }
    reset(tx, cx, Owner::Staff(staff)).await
}

async fn reset(tx: &mut Tx, cx: &Cx, owner: Owner) -> Result<()> {
    if state(tx, owner.uuid()).await?.since.is_none() {
        return Err(Error::NotFound);
    }
    take_away(tx, cx, owner, "staff").await?;
    session::end_all(tx, cx, owner.uuid(), None, "staff").await?;
    Ok(())
}

/// Where a secret belongs: it does not open in another row.
fn place(owner: Uuid) -> Vec<u8> {
    [b"identity_factor ".as_slice(), owner.as_bytes()].concat()
}
