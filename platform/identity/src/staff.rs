//! Members of staff: login, unit, password by invitation.

use db::{Db, Rx, Tx, params, record};
use jiff::SignedDuration;
use kernel::{Cx, Error, Lang, Principal, Result, StaffId, Timestamp};
use serde_json::json;

use crate::{
    Client, Email, Identity, Mail, MailKind, SessionId,
    code::token_hash,
    device,
    events::{Owner, PasswordChanged, StaffAdded, StaffForgotten, StaffMoved, StaffStateChanged},
    factor,
    grant::touch_access,
    org,
    password::{self, Stored},
    perm, session,
    ticket::{self, Purpose},
};

/// Hours for which an invitation is good.
const INVITATION_HOURS: i64 = 7 * 24;

/// Somebody who begins to work for the city.
#[derive(Clone, Debug)]
pub struct NewStaff {
    /// Short name to sign in with: letters, digits, `.`, `-`, `_`.
    pub login: String,
    pub name: String,
    pub email: String,
    /// Home unit.
    pub unit: String,
}

record! {
    #[derive(Clone, Debug)]
    pub(crate) struct Staff {
        pub(crate) id: StaffId,
        pub(crate) login: String,
        pub(crate) name: String,
        pub(crate) email: String,
        pub(crate) unit: String,
        pub(crate) lang: String,
        pub(crate) password: Option<Vec<u8>>,
        pub(crate) password_params: Option<String>,
        pub(crate) password_at: Option<Timestamp>,
    }
}

impl Staff {
    pub(crate) fn stored(&self) -> Option<Stored> {
        let (tag, params) = (self.password.clone()?, self.password_params.clone()?);
        Some(Stored { tag, params })
    }
}

record! {
    /// A member of staff in lists.
    #[derive(Clone, Debug)]
    pub struct StaffLine {
        pub id: StaffId,
        pub login: String,
        pub name: String,
        pub email: String,
        pub unit: String,
        pub active: bool,
    }
}

pub(crate) fn login_key(typed: &str) -> String {
    typed.trim().to_lowercase().chars().take(64).collect()
}

/// Owner key of the password hash: never that of a citizen's address.
pub(crate) fn password_key(login: &str) -> String {
    format!("staff {login}")
}

pub(crate) async fn with_login(rx: &mut Rx, login: &str) -> Result<Option<Staff>> {
    let sql = "SELECT id, login, name, email, unit, lang, password, password_params, password_at
               FROM identity_staff WHERE tenant = $1 AND login = $2 AND state = 'active'";
    rx.opt(sql, params![login]).await
}

pub(crate) async fn active(rx: &mut Rx, id: StaffId) -> Result<Staff> {
    let sql = "SELECT id, login, name, email, unit, lang, password, password_params, password_at
               FROM identity_staff WHERE tenant = $1 AND id = $2 AND state = 'active'";
    rx.one(sql, params![id]).await
}

/// Name and unit of a member of staff, also of one who left.
pub async fn staff_line(rx: &mut Rx, id: StaffId) -> Result<StaffLine> {
    let sql = "SELECT id, login, name, email, unit, state = 'active' AS active
               FROM identity_staff WHERE tenant = $1 AND id = $2";
    rx.one(sql, params![id]).await
}

/// All staff, by name; without those who were made anonymous.
pub async fn all_staff(rx: &mut Rx) -> Result<Vec<StaffLine>> {
    let sql = "SELECT id, login, name, email, unit, state = 'active' AS active
               FROM identity_staff WHERE tenant = $1 AND email <> '' ORDER BY name, id";
    rx.list(sql, &[]).await
}

/// Adds a member of staff without a password; [`Identity::invite_staff`] lets them choose one.
///
/// # Errors
/// `Forbidden`; `Invalid` for `login`, `name`, `email`, `unit`.
pub async fn add_staff(tx: &mut Tx, cx: &Cx, new: &NewStaff) -> Result<StaffId> {
    perm::ask(cx, perm::STAFF)?;
    let login = login_key(&new.login);
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if login.is_empty() || !login.chars().all(plain) {
        return Err(Error::invalid("login", "characters"));
    }
    let sql = "SELECT COUNT(*) AS n FROM identity_staff WHERE tenant = $1 AND login = $2";
    if tx.one::<(i64,)>(sql, params![&login]).await?.0 > 0 {
        return Err(Error::invalid("login", "taken"));
    }
    let name = new.name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() {
        return Err(Error::invalid("name", "required"));
    }
    let email = Email::parse(&new.email)?;
    known_unit(tx, &new.unit).await?;
    let id: StaffId = cx.new_id();
    let sql = "INSERT INTO identity_staff (tenant, id, login, name, email, unit, state, lang, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, 'active', $7, $8)";
    tx.exec_one(sql, params![id, &login, &name, &email.address, &new.unit, Lang::De.code(), cx.now()]).await?;
    let private = json!({"login": login, "name": name, "email": email.address});
    journal::emit_private(tx, cx, &StaffAdded { staff: id, unit: new.unit.clone() }, private).await?;
    Ok(id)
}

async fn known_unit(tx: &mut Tx, unit: &str) -> Result<()> {
    match org::units(tx).await?.get(unit) {
        Some(_) => Ok(()),
        None => Err(Error::invalid("unit", "unknown")),
    }
}

/// Moves somebody to another home unit. Roles are given and ended on their own.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` for `unit`.
pub async fn move_staff(tx: &mut Tx, cx: &Cx, id: StaffId, unit: &str) -> Result<()> {
    perm::ask(cx, perm::STAFF)?;
    known_unit(tx, unit).await?;
    tx.exec_one("UPDATE identity_staff SET unit = $3 WHERE tenant = $1 AND id = $2", params![id, unit]).await?;
    journal::emit(tx, cx, &StaffMoved { staff: id, unit: unit.to_owned() }).await?;
    Ok(())
}

/// Somebody leaves or comes back. Whoever leaves is signed out, and their roles count no more, nor for deputies.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Refused("own-rights")` for oneself.
pub async fn set_staff_active(tx: &mut Tx, cx: &Cx, id: StaffId, active: bool) -> Result<()> {
    perm::ask(cx, perm::STAFF)?;
    if matches!(cx.actor.principal, Principal::Staff { user, .. } if user == id) {
        return Err(Error::refused("own-rights"));
    }
    let (state, left_at) = if active { ("active", None) } else { ("left", Some(cx.now())) };
    // Who was made anonymous does not come back: nobody knows any more who it was.
    let sql = "UPDATE identity_staff SET state = $3, left_at = $4 WHERE tenant = $1 AND id = $2 AND email <> ''";
    tx.exec_one(sql, params![id, state, left_at]).await?;
    journal::emit(tx, cx, &StaffStateChanged { staff: id, active }).await?;
    if !active {
        session::end_all(tx, cx, id.uuid(), None, "closed").await?;
        device::forget_all(tx, id.uuid()).await?;
    }
    touch_access(tx, cx, id).await
}

/// Those who left before a moment and whose name is still known.
pub async fn long_gone(rx: &mut Rx, before: Timestamp) -> Result<Vec<StaffId>> {
    let sql = "SELECT id FROM identity_staff
               WHERE tenant = $1 AND state = 'left' AND left_at <= $2 AND email <> '' ORDER BY id";
    Ok(rx.list::<(StaffId,)>(sql, params![before]).await?.into_iter().map(|(id,)| id).collect())
}

/// Takes the login, second factor, sessions, browsers and the journal's private parts of somebody who left long ago. The
/// rows that declare how they are erased are erased by whoever calls.
pub async fn forget_staff(tx: &mut Tx, cx: &Cx, id: StaffId) -> Result<()> {
    session::end_all(tx, cx, id.uuid(), None, "closed").await?;
    device::forget_all(tx, id.uuid()).await?;
    factor::forget(tx, id.uuid()).await?;
    // Unique, and no name.
    let sql = "UPDATE identity_staff SET login = $3 WHERE tenant = $1 AND id = $2 AND state = 'left'";
    tx.exec_one(sql, params![id, id.to_string()]).await?;
    tx.exec("DELETE FROM identity_session WHERE tenant = $1 AND owner = $2", params![id]).await?;
    tx.exec("DELETE FROM identity_ticket WHERE tenant = $1 AND owner = $2", params![id]).await?;
    journal::emit(tx, cx, &StaffForgotten { staff: id }).await?;
    journal::erase_private(tx, cx, id.into()).await?;
    Ok(())
}

impl Identity {
    /// A mail with a link to choose a password, to somebody new or locked out.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound`.
    pub async fn invite_staff(&self, tx: &mut Tx, cx: &Cx, id: StaffId) -> Result<Mail> {
        perm::ask(cx, perm::STAFF)?;
        let staff = active(tx, id).await?;
        let good_for = SignedDuration::from_hours(INVITATION_HOURS);
        self.staff_link(tx, cx, &staff, MailKind::StaffInvitation, good_for).await
    }

    /// A member of staff forgot the password: a mail, if the login exists. `None` otherwise; the page says the same.
    ///
    /// # Errors
    /// `Throttled`.
    pub async fn start_staff_reset(&self, tx: &mut Tx, cx: &Cx, client: &Client, login: &str) -> Result<Option<Mail>> {
        let login = login_key(login);
        if !self.admit_mail(tx, cx, client, &password_key(&login)).await? {
            return Ok(None);
        }
        match with_login(tx, &login).await? {
            Some(staff) => {
                let good_for = SignedDuration::from_mins(self.policy.reset_minutes.into());
                self.staff_link(tx, cx, &staff, MailKind::StaffPassword, good_for).await.map(Some)
            }
            None => Ok(None),
        }
    }

    async fn staff_link(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        staff: &Staff,
        kind: MailKind,
        good_for: SignedDuration,
    ) -> Result<Mail> {
        ticket::drop_of(tx, Purpose::StaffReset, staff.id.uuid()).await?;
        let owner = Some(staff.id.uuid());
        let token = ticket::issue(tx, cx, Purpose::StaffReset, owner, &json!({}), good_for).await?;
        let lang = Lang::from_code(&staff.lang).unwrap_or_default();
        Ok(Mail { to: staff.email.clone(), lang, kind, token: Some(token) })
    }

    /// The login behind a link, to be shown.
    ///
    /// # Errors
    /// `Refused("link-expired")`.
    pub async fn staff_resetting(&self, rx: &mut Rx, cx: &Cx, token: &str) -> Result<String> {
        Ok(self.staff_of_link(rx, cx, token).await?.login)
    }

    async fn staff_of_link(&self, rx: &mut Rx, cx: &Cx, token: &str) -> Result<Staff> {
        let ticket = ticket::look::<serde_json::Value>(rx, cx.now(), Purpose::StaffReset, token_hash(token)).await?;
        let owner = ticket.owner.ok_or_else(|| Error::refused("link-expired"))?;
        active(rx, StaffId::from_uuid(owner)).await.map_err(|_| Error::refused("link-expired"))
    }

    /// Sets the password of a link; a second factor stays as it is.
    ///
    /// # Errors
    /// `Refused("link-expired")`; `Invalid`.
    pub async fn finish_staff_reset(&self, db: &Db, cx: &Cx, token: &str, password: &str) -> Result<Mail> {
        let staff = self.staff_of_link(&mut db.read().await?, cx, token).await?;
        password::check_new(password, &[&staff.email, &staff.login, &staff.name])?;
        let stored = self.passwords.hash(&password_key(&staff.login), password).await?;
        db::write!(db, |tx| {
            let now = cx.now();
            ticket::take::<serde_json::Value>(tx, now, Purpose::StaffReset, token_hash(token)).await?;
            set_password(tx, cx, staff.id, &stored, "mail", None).await?;
            Ok(notice(&staff))
        })
    }

    /// The own password of the member of staff who acts.
    ///
    /// # Errors
    /// `Invalid` with `old_password: password-wrong` or the rules for new ones; `Throttled`.
    pub async fn change_staff_password(
        &self,
        db: &Db,
        cx: &Cx,
        client: &Client,
        keep: SessionId,
        old: &str,
        new: &str,
    ) -> Result<Mail> {
        let id = cx.actor.staff().ok_or(Error::StaffSignIn)?;
        let (staff, admitted) = db::write!(db, |tx| {
            let staff = active(tx, id).await?;
            let known = device::known(tx, cx, client, &[id.uuid()]).await?;
            let admitted = self.admit(tx, cx, client, "confirm", &id.to_string(), known).await?;
            Ok((staff, admitted))
        })?;
        let key = password_key(&staff.login);
        let stored: Vec<Stored> = staff.stored().into_iter().collect();
        if self.passwords.pick(&key, old, &stored).await?.is_none() {
            return Err(Error::invalid("old_password", "password-wrong"));
        }
        password::check_new(new, &[&staff.email, &staff.login, &staff.name])?;
        let stored = self.passwords.hash(&key, new).await?;
        db::write!(db, |tx| {
            self.forgive(tx, &admitted).await?;
            set_password(tx, cx, id, &stored, "own", Some(keep)).await?;
            Ok(notice(&staff))
        })
    }

    /// Sets a password without a mail: demo staff and tests of other crates. For the program itself only.
    ///
    /// # Errors
    /// `Forbidden` for people; `NotFound`; `Invalid`.
    pub async fn seed_staff_password(&self, db: &Db, cx: &Cx, id: StaffId, password: &str) -> Result<()> {
        if !matches!(cx.actor.principal, Principal::System { .. }) {
            return Err(Error::Forbidden);
        }
        let staff = active(&mut db.read().await?, id).await?;
        password::check_new(password, &[&staff.email, &staff.login, &staff.name])?;
        let stored = self.passwords.hash(&password_key(&staff.login), password).await?;
        db::write!(db, |tx| { set_password(tx, cx, id, &stored, "seed", None).await })
    }
}

fn notice(staff: &Staff) -> Mail {
    let lang = Lang::from_code(&staff.lang).unwrap_or_default();
    Mail { to: staff.email.clone(), lang, kind: MailKind::StaffPasswordChanged, token: None }
}

async fn set_password(
    tx: &mut Tx,
    cx: &Cx,
    id: StaffId,
    stored: &Stored,
    how: &str,
    keep: Option<SessionId>,
) -> Result<()> {
    let sql = "UPDATE identity_staff SET password = $3, password_params = $4, password_at = $5
               WHERE tenant = $1 AND id = $2 AND state = 'active'";
    tx.exec_one(sql, params![id, stored.tag.clone(), &stored.params, cx.now()]).await?;
    let event = PasswordChanged { owner: Owner::Staff(id), how: how.to_owned() };
    journal::emit(tx, cx, &event).await?;
    session::end_all(tx, cx, id.uuid(), keep, "password").await?;
    device::forget_all(tx, id.uuid()).await
}
