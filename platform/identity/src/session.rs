//! Sessions: a hashed random token, who it stands for, at which level, and until when.

use std::sync::Arc;

use db::{Db, Rx, Tx, params, record};
use jiff::SignedDuration;
use kernel::{AccountId, Cx, Error, Level, Principal, Result, Sources, Timestamp, Uuid, berlin, id};

use crate::{
    Client, Identity,
    code::{random_token, token_hash},
    events::{Owner, SessionEnded, SessionStarted},
    grant::grants_of,
    ticket::{self, Purpose},
};

id!(
    /// A session.
    SessionId, SessionKind, "session"
);

/// Least time between two writes of "last seen".
const TOUCH_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// A session that has just begun.
#[derive(Clone, Debug)]
pub struct NewSession {
    pub id: SessionId,
    /// Value of the session cookie; the table keeps its hash only.
    pub token: String,
    pub level: Option<Level>,
    /// Value of a new device cookie, where this browser needs one.
    pub device: Option<String>,
    /// How long the device cookie is good.
    pub device_days: u32,
}

/// Whom a valid session stands for.
#[derive(Clone, Debug)]
pub struct Session {
    pub id: SessionId,
    pub principal: Principal,
    /// For the page head: an account's label or a member of staff's name; empty for guests.
    pub display: String,
    /// Name of the home unit; empty for others than staff.
    pub unit_name: String,
    /// How the session began: `password`, `claim` or the key of a login source.
    pub source: String,
    pub second_factor: bool,
    /// Seconds until it ends if nothing more is asked.
    pub expires_in: u32,
    /// The account that was signed in in this browser when the same person went to a login source and came back with
    /// another one.
    pub continues: Option<AccountId>,
}

/// One line of the list of somebody's sessions.
#[derive(Clone, Debug)]
pub struct SessionLine {
    pub id: SessionId,
    pub agent: String,
    pub source: String,
    pub level: Option<Level>,
    pub created_at: Timestamp,
    pub seen_at: Timestamp,
}

record! {
    struct Stored {
        id: SessionId,
        kind: String,
        owner: Uuid,
        level: Option<String>,
        source: String,
        second_factor: bool,
        agent: String,
        created_at: Timestamp,
        seen_at: Timestamp,
        idle_seconds: i64,
        expires_at: Timestamp,
        continues: Option<AccountId>,
    }
}

impl Stored {
    fn idle_until(&self) -> Timestamp {
        self.idle_after(self.seen_at)
    }

    /// "Last seen" may be a minute old: nobody is signed out before the promised time.
    fn idle_after(&self, seen_at: Timestamp) -> Timestamp {
        let idle = SignedDuration::from_secs(self.idle_seconds) + TOUCH_EVERY;
        seen_at.saturating_add(idle).unwrap_or(seen_at).min(self.expires_at)
    }

    fn level(&self) -> Result<Option<Level>> {
        let Some(code) = &self.level else { return Ok(None) };
        Level::from_code(code).map(Some).ok_or_else(|| Error::internal("a session has an unknown level"))
    }
}

/// What a new session stands for.
pub(crate) struct Start<'a> {
    pub owner: Owner,
    pub level: Option<Level>,
    pub source: &'a str,
    pub person: Option<Uuid>,
    pub second_factor: bool,
    pub continues: Option<AccountId>,
}

impl Identity {
    /// Begins a session in place of the one this browser had: a token never survives a sign-in or a change of level.
    pub(crate) async fn start_session(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        client: &Client,
        start: Start<'_>,
    ) -> Result<NewSession> {
        if let Some(current) = client.current {
            end_one(tx, cx, current, "replaced").await?;
        }
        let (kind, idle_minutes) = match start.owner {
            Owner::Account(_) => ("citizen", self.policy.citizen_idle_minutes),
            Owner::Case(_) => ("guest", self.policy.citizen_idle_minutes),
            Owner::Staff(_) => ("staff", self.policy.staff_idle_minutes),
        };
        let now = cx.now();
        let id: SessionId = cx.new_id();
        let token = random_token(cx);
        let expires_at = now.checked_add(self.policy.absolute()).map_err(Error::internal)?;
        let sql = "INSERT INTO identity_session (tenant, id, token, kind, owner, level, source, person, second_factor,
                     agent, created_at, seen_at, idle_seconds, expires_at, continues)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12, $13, $14)";
        let values = params![
            id,
            token_hash(&token),
            kind,
            start.owner.uuid(),
            start.level.map(Level::code).map(str::to_owned),
            start.source,
            start.person,
            start.second_factor,
            client.agent,
            now,
            i64::from(idle_minutes) * 60,
            expires_at,
            start.continues,
        ];
        tx.exec_one(sql, values).await?;
        let level = start.level.map(|level| level.code().to_owned());
        let event = SessionStarted { session: id, owner: start.owner, source: start.source.to_owned(), level };
        journal::emit(tx, cx, &event).await?;
        let device = match start.owner {
            Owner::Case(_) => None,
            owner => self.remember_device(tx, cx, client, owner.uuid()).await?,
        };
        Ok(NewSession { id, token, level: start.level, device, device_days: self.policy.device_days })
    }
}

/// Whom a cookie's token stands for now: `None` when it is unknown, ended, too old, or its owner was closed. Notes that
/// the session is in use, at most once a minute.
///
/// # Errors
/// Those of the database.
pub async fn resolve(db: &Db, sources: &Sources, token: &str) -> Result<Option<Session>> {
    if token.len() > 64 {
        return Ok(None);
    }
    let now = sources.now();
    let mut rx = db.read().await?;
    let sql = "SELECT id, kind, owner, level, source, second_factor, agent, created_at, seen_at, idle_seconds,
                 expires_at, continues
               FROM identity_session WHERE tenant = $1 AND token = $2 AND ended_at IS NULL AND expires_at > $3";
    let Some(stored) = rx.opt::<Stored>(sql, params![token_hash(token), now]).await? else { return Ok(None) };
    if stored.idle_until() <= now {
        return Ok(None);
    }
    let Some(who) = who(&mut rx, now, &stored).await? else { return Ok(None) };
    drop(rx);
    let mut idle_until = stored.idle_until();
    if stored.seen_at.duration_until(now) >= TOUCH_EVERY {
        db::write!(db, |tx| { touch(tx, now, stored.id).await })?;
        idle_until = stored.idle_after(now);
    }
    Ok(Some(Session {
        principal: who.principal,
        display: who.display,
        unit_name: who.unit_name,
        expires_in: u32::try_from(now.duration_until(idle_until).as_secs()).unwrap_or(0),
        id: stored.id,
        source: stored.source,
        second_factor: stored.second_factor,
        continues: stored.continues,
    }))
}

struct Who {
    principal: Principal,
    display: String,
    unit_name: String,
}

async fn who(rx: &mut Rx, now: Timestamp, stored: &Stored) -> Result<Option<Who>> {
    match stored.kind.as_str() {
        "citizen" => {
            let sql = "SELECT label FROM identity_account WHERE tenant = $1 AND id = $2 AND state = 'active'";
            let Some((display,)) = rx.opt::<(String,)>(sql, params![stored.owner]).await? else { return Ok(None) };
            let level = stored.level()?.unwrap_or(Level::Basis);
            let account = kernel::Id::from_uuid(stored.owner);
            let principal = Principal::Citizen { account, level };
            Ok(Some(Who { principal, display, unit_name: String::new() }))
        }
        "staff" => {
            let sql = "SELECT s.name, s.unit, COALESCE(u.name, s.unit) AS unit_name FROM identity_staff s
                       LEFT JOIN identity_unit u ON u.tenant = s.tenant AND u.key = s.unit
                       WHERE s.tenant = $1 AND s.id = $2 AND s.state = 'active'";
            let found = rx.opt::<(String, String, String)>(sql, params![stored.owner]).await?;
            let Some((display, unit, unit_name)) = found else { return Ok(None) };
            let user = kernel::Id::from_uuid(stored.owner);
            let today = now.to_zoned(berlin()).date();
            let grants = Arc::new(grants_of(rx, user, today).await?);
            Ok(Some(Who { principal: Principal::Staff { user, unit, grants }, display, unit_name }))
        }
        "guest" => {
            let sql = "SELECT COUNT(*) AS n FROM identity_claim WHERE tenant = $1 AND case_id = $2 AND expires_at > $3";
            let (claims,) = rx.one::<(i64,)>(sql, params![stored.owner, now]).await?;
            let case = kernel::Id::from_uuid(stored.owner);
            let who = Who { principal: Principal::Guest { case }, display: String::new(), unit_name: String::new() };
            Ok((claims > 0).then_some(who))
        }
        other => Err(Error::internal(format!("a session of unknown kind {other}"))),
    }
}

/// Writes "last seen", unless another request of this minute did.
async fn touch(tx: &mut Tx, now: Timestamp, id: SessionId) -> Result<()> {
    let before = now.saturating_sub(TOUCH_EVERY).map_err(Error::internal)?;
    let sql = "UPDATE identity_session SET seen_at = $3
               WHERE tenant = $1 AND id = $2 AND seen_at <= $4 AND ended_at IS NULL";
    tx.exec(sql, params![id, now, before]).await?;
    Ok(())
}

/// The living sessions of the one who acts, newest first.
pub async fn list(rx: &mut Rx, cx: &Cx) -> Result<Vec<SessionLine>> {
    let sql = "SELECT id, kind, owner, level, source, second_factor, agent, created_at, seen_at, idle_seconds,
                 expires_at, continues
               FROM identity_session WHERE tenant = $1 AND owner = $2 AND ended_at IS NULL AND expires_at > $3
               ORDER BY created_at DESC, id DESC";
    let now = cx.now();
    let mut lines = Vec::new();
    for stored in rx.list::<Stored>(sql, params![acting(cx)?.uuid(), now]).await? {
        if stored.idle_until() > now {
            lines.push(SessionLine {
                id: stored.id,
                level: stored.level()?,
                agent: stored.agent,
                source: stored.source,
                created_at: stored.created_at,
                seen_at: stored.seen_at,
            });
        }
    }
    Ok(lines)
}

/// Signs out.
pub async fn sign_out(tx: &mut Tx, cx: &Cx, id: SessionId) -> Result<()> {
    end_one(tx, cx, id, "sign-out").await
}

/// Ends another session of the one who acts.
///
/// # Errors
/// `NotFound` for a session of somebody else, or one that has ended.
pub async fn end(tx: &mut Tx, cx: &Cx, id: SessionId) -> Result<()> {
    let sql = "SELECT owner FROM identity_session WHERE tenant = $1 AND id = $2 AND ended_at IS NULL";
    let (owner,) = tx.one::<(Uuid,)>(sql, params![id]).await?;
    if owner != acting(cx)?.uuid() {
        return Err(Error::NotFound);
    }
    end_one(tx, cx, id, "remote").await
}

/// Ends all sessions of the one who acts but this; returns how many.
pub async fn end_others(tx: &mut Tx, cx: &Cx, keep: SessionId) -> Result<usize> {
    end_all(tx, cx, acting(cx)?.uuid(), Some(keep), "remote").await
}

pub(crate) async fn end_all(
    tx: &mut Tx,
    cx: &Cx,
    owner: Uuid,
    keep: Option<SessionId>,
    how: &'static str,
) -> Result<usize> {
    let sql = "SELECT id FROM identity_session WHERE tenant = $1 AND owner = $2 AND ended_at IS NULL ORDER BY id";
    let mut ended = 0;
    for (id,) in tx.list::<(SessionId,)>(sql, params![owner]).await? {
        if Some(id) != keep {
            end_one(tx, cx, id, how).await?;
            ended += 1;
        }
    }
    ticket::drop_of(tx, Purpose::SecondFactor, owner).await?;
    ticket::drop_of(tx, Purpose::StaffSecondFactor, owner).await?;
    Ok(ended)
}

pub(crate) async fn end_one(tx: &mut Tx, cx: &Cx, id: SessionId, how: &'static str) -> Result<()> {
    let sql = "UPDATE identity_session SET ended_at = $3 WHERE tenant = $1 AND id = $2 AND ended_at IS NULL";
    if tx.exec(sql, params![id, cx.now()]).await? == 1 {
        journal::emit(tx, cx, &SessionEnded { session: id, how: how.to_owned() }).await?;
    }
    Ok(())
}

/// Whose sessions, password and second factor the one who acts may change: the own ones.
pub(crate) fn acting(cx: &Cx) -> Result<Owner> {
    match cx.actor.principal {
        Principal::Citizen { account, .. } => Ok(Owner::Account(account)),
        Principal::Staff { user, .. } => Ok(Owner::Staff(user)),
        Principal::Guest { case } => Ok(Owner::Case(case)),
        Principal::Anonymous | Principal::Machine { .. } | Principal::System { .. } => Err(Error::SignIn(Level::Basis)),
    }
}
