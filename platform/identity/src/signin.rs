//! Sign-in of citizens and staff with password and second factor.
//!
//! An unknown address, a wrong password and a closed account take the same work and get the same answer.

use db::{Db, params};
use jiff::SignedDuration;
use kernel::{AccountId, Cx, Error, Level, Principal, Result, StaffId, Uuid};
use serde::{Deserialize, Serialize};

use crate::{
    Client, Identity, NewFactor, NewSession, Owner,
    account::{self, credential, signed_in_today},
    code::token_hash,
    device, email, factor,
    password::Stored,
    session::Start,
    staff,
    ticket::{self, Purpose, Ticket},
};

/// Codes that may be typed before the password is asked again.
const TRIES: i64 = 5;
/// Time between password and code.
const SECOND_STEP: SignedDuration = SignedDuration::from_mins(10);

/// Where a sign-in stands.
#[derive(Clone, Debug)]
pub enum SignedIn {
    Done(NewSession),
    /// The password was right; a code is asked for, with this token.
    SecondFactor(String),
    /// The password was right; this member of staff has to set up a second factor first, with this token.
    SetUpFactor(String),
}

/// Citizens and staff sign in on two sides of the house.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    Citizen,
    Staff,
}

impl Side {
    fn purpose(self) -> Purpose {
        match self {
            Side::Citizen => Purpose::SecondFactor,
            Side::Staff => Purpose::StaffSecondFactor,
        }
    }

    fn owner(self, id: Uuid) -> Owner {
        match self {
            Side::Citizen => Owner::Account(AccountId::from_uuid(id)),
            Side::Staff => Owner::Staff(StaffId::from_uuid(id)),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct SecondStep {
    /// Bucket of this password; see `throttle`.
    credential: String,
    /// There is no second factor yet, and one is needed.
    set_up: bool,
}

enum Checked {
    Right(NewSession, Vec<String>),
    Wrong,
    Burnt,
    Gone,
}

fn failed() -> Error {
    Error::refused("sign-in-failed")
}

impl Identity {
    /// Address and password of a citizen. Several accounts may share the address: the password picks one.
    ///
    /// # Errors
    /// `Refused("sign-in-failed")` whatever was wrong; `Refused("password-burnt")`; `Throttled`.
    pub async fn sign_in(&self, db: &Db, cx: &Cx, client: &Client, email: &str, password: &str) -> Result<SignedIn> {
        let key = email::key(email);
        let (admitted, accounts, known) = db::write!(db, |tx| {
            let accounts = account::with_email(tx, &key).await?;
            let ids: Vec<Uuid> = accounts.iter().map(|a| a.id.uuid()).collect();
            let known = device::known(tx, cx, client, &ids).await?;
            let admitted = self.admit(tx, cx, client, "account", &key, known).await?;
            Ok((admitted, accounts, known.is_some()))
        })?;
        let with_password: Vec<_> = accounts.into_iter().filter(|a| a.password.is_some()).collect();
        let stored: Vec<Stored> = with_password.iter().filter_map(account::Account::stored).collect();
        let picked = self.passwords.pick(&key, password, &stored).await?.ok_or_else(failed)?;
        let account = &with_password[picked];
        let renewed = match self.passwords.outdated(&stored[picked]) {
            true => Some(self.passwords.hash(&key, password).await?),
            false => None,
        };
        let credential = credential(account.id.uuid(), account.password_at);
        db::write!(db, |tx| {
            // The password may have been changed while it was compared.
            let now = account::active(tx, account.id).await.map_err(|_| failed())?;
            if now.password != account.password {
                return Err(failed());
            }
            self.forgive(tx, &admitted).await?;
            if let Some(renewed) = &renewed {
                let sql = "UPDATE identity_account SET password = $3, password_params = $4
                           WHERE tenant = $1 AND id = $2";
                tx.exec_one(sql, params![account.id, renewed.tag.clone(), &renewed.params]).await?;
            }
            if factor::state(tx, account.id.uuid()).await?.since.is_none() {
                let session = self.begin(tx, cx, client, Side::Citizen, account.id.uuid(), false).await?;
                return Ok(Some(SignedIn::Done(session)));
            }
            if !known && self.is_burnt(tx, cx.now(), &credential).await? {
                return Ok(None);
            }
            let step = SecondStep { credential: credential.clone(), set_up: false };
            let owner = Some(account.id.uuid());
            let token = ticket::issue(tx, cx, Purpose::SecondFactor, owner, &step, SECOND_STEP).await?;
            Ok(Some(SignedIn::SecondFactor(token)))
        })?
        .ok_or_else(|| Error::refused("password-burnt"))
    }

    /// Login and password of a member of staff.
    ///
    /// # Errors
    /// As [`sign_in`](Self::sign_in).
    pub async fn staff_sign_in(
        &self,
        db: &Db,
        cx: &Cx,
        client: &Client,
        login: &str,
        password: &str,
    ) -> Result<SignedIn> {
        let login = staff::login_key(login);
        let (admitted, found, known) = db::write!(db, |tx| {
            let found = staff::with_login(tx, &login).await?;
            let ids: Vec<Uuid> = found.iter().map(|s| s.id.uuid()).collect();
            let known = device::known(tx, cx, client, &ids).await?;
            let admitted = self.admit(tx, cx, client, "staff", &login, known).await?;
            Ok((admitted, found, known.is_some()))
        })?;
        let found = found.filter(|s| s.password.is_some());
        let stored: Vec<Stored> = found.iter().filter_map(staff::Staff::stored).collect();
        let right = self.passwords.pick(&staff::password_key(&login), password, &stored).await?.is_some();
        let staff = found.filter(|_| right).ok_or_else(failed)?;
        let credential = credential(staff.id.uuid(), staff.password_at);
        db::write!(db, |tx| {
            let now = staff::with_login(tx, &login).await?.ok_or_else(failed)?;
            if now.password != staff.password {
                return Err(failed());
            }
            self.forgive(tx, &admitted).await?;
            let id = staff.id.uuid();
            let has_one = factor::state(tx, id).await?.since.is_some();
            if !has_one && !self.policy.staff_second_factor {
                let session = self.begin(tx, cx, client, Side::Staff, id, false).await?;
                return Ok(Some(SignedIn::Done(session)));
            }
            if !known && self.is_burnt(tx, cx.now(), &credential).await? {
                return Ok(None);
            }
            let step = SecondStep { credential: credential.clone(), set_up: !has_one };
            let token = ticket::issue(tx, cx, Purpose::StaffSecondFactor, Some(id), &step, SECOND_STEP).await?;
            Ok(Some(if has_one { SignedIn::SecondFactor(token) } else { SignedIn::SetUpFactor(token) }))
        })?
        .ok_or_else(|| Error::refused("password-burnt"))
    }

    /// What a member of staff without a second factor is shown; the same secret as long as it is not confirmed.
    ///
    /// # Errors
    /// `Refused("link-expired")`.
    pub async fn staff_factor_to_set_up(&self, db: &Db, cx: &Cx, token: &str, issuer: &str) -> Result<NewFactor> {
        db::write!(db, |tx| {
            let step: Ticket<SecondStep> =
                ticket::look(tx, cx.now(), Purpose::StaffSecondFactor, token_hash(token)).await?;
            let owner = step.owner.filter(|_| step.data.set_up).ok_or_else(|| Error::refused("link-expired"))?;
            let label = staff::active(tx, StaffId::from_uuid(owner)).await?.login;
            match self.pending_secret(tx, owner, issuer, &label).await? {
                Some(factor) => Ok(factor),
                None => self.new_secret(tx, cx, owner, issuer, &label).await,
            }
        })
    }

    /// The code after the password: a one-time password or a recovery code. Answers the session and, when a second
    /// factor was set up by this, its recovery codes.
    ///
    /// # Errors
    /// `Invalid` with `code: code-wrong`; `Refused("link-expired")` after [`TRIES`] wrong ones or ten minutes: the
    /// sign-in starts again; `Refused("password-burnt")`; `Throttled`.
    pub async fn second_factor(
        &self,
        db: &Db,
        cx: &Cx,
        client: &Client,
        side: Side,
        token: &str,
        code: &str,
    ) -> Result<(NewSession, Vec<String>)> {
        let hash = token_hash(token);
        // Wrong codes must be counted: the transaction ends well for them too.
        let checked = db::write!(db, |tx| {
            let step: Ticket<SecondStep> = ticket::look(tx, cx.now(), side.purpose(), hash).await?;
            let Some(id) = step.owner else { return Ok(Checked::Gone) };
            if step.tries >= TRIES {
                ticket::drop_one(tx, hash).await?;
                return Ok(Checked::Gone);
            }
            let known = device::known(tx, cx, client, &[id]).await?;
            if known.is_none() && self.is_burnt(tx, cx.now(), &step.data.credential).await? {
                return Ok(Checked::Burnt);
            }
            let admitted = self.admit(tx, cx, client, "factor", &id.to_string(), known).await?;
            let acting = self.acting_as(cx, side, id);
            let recovery_codes = if step.data.set_up {
                self.confirm_pending(tx, &acting, side.owner(id), code).await?
            } else {
                self.use_code(tx, &acting, side.owner(id), code).await?.then(Vec::new)
            };
            let Some(recovery_codes) = recovery_codes else {
                ticket::count_try(tx, hash).await?;
                if known.is_none() && !step.data.set_up {
                    self.count_wrong_factor(tx, cx, &step.data.credential).await?;
                }
                return Ok(Checked::Wrong);
            };
            self.forgive(tx, &admitted).await?;
            ticket::drop_one(tx, hash).await?;
            let session = self.begin(tx, cx, client, side, id, true).await?;
            Ok(Checked::Right(session, recovery_codes))
        })?;
        match checked {
            Checked::Right(session, recovery_codes) => Ok((session, recovery_codes)),
            Checked::Wrong => Err(Error::invalid("code", "code-wrong")),
            Checked::Burnt => Err(Error::refused("password-burnt")),
            Checked::Gone => Err(Error::refused("link-expired")),
        }
    }

    fn acting_as(&self, cx: &Cx, side: Side, id: Uuid) -> Cx {
        match side {
            Side::Citizen => {
                cx.as_principal(Principal::Citizen { account: AccountId::from_uuid(id), level: Level::Basis })
            }
            Side::Staff => cx.as_principal(Principal::Staff {
                user: StaffId::from_uuid(id),
                unit: String::new(),
                grants: std::sync::Arc::default(),
            }),
        }
    }

    async fn begin(
        &self,
        tx: &mut db::Tx,
        cx: &Cx,
        client: &Client,
        side: Side,
        id: Uuid,
        second_factor: bool,
    ) -> Result<NewSession> {
        let mut cx = self.acting_as(cx, side, id);
        let level = match side {
            Side::Citizen => {
                let account = account::active(tx, AccountId::from_uuid(id)).await.map_err(|_| failed())?;
                // A counter check counts together with a second factor only.
                let onsite = account.onsite_on.is_some() && second_factor;
                signed_in_today(tx, &cx, account.id).await?;
                Some(if onsite { Level::VorOrt } else { Level::Basis })
            }
            Side::Staff => {
                let staff = staff::active(tx, StaffId::from_uuid(id)).await.map_err(|_| failed())?;
                cx = cx.as_principal(Principal::Staff {
                    user: staff.id,
                    unit: staff.unit,
                    grants: std::sync::Arc::default(),
                });
                None
            }
        };
        let start =
            Start { owner: side.owner(id), level, source: "password", person: None, second_factor, continues: None };
        self.start_session(tx, &cx, client, start).await
    }
}
