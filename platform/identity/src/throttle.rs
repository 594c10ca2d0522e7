//! Waiting times after failed attempts that a stranger cannot turn against the owner.
//!
//! Nothing here ever locks an account. What grows is the wait of a *place*: of one network for one account, of one
//! network for all accounts, or of one known browser. An attempt is counted as failed before the secret is looked at
//! and taken back when it was right, so that many attempts at the same moment cannot slip through.
//!
//! Failures from many networks against one account do not use up a common allowance (which a stranger could keep
//! empty): they only make the first wait of every *unknown* browser come earlier. The owner's own browser, known by
//! its device cookie, has a count of its own and is exempt.

use std::net::IpAddr;

use db::{Rx, Tx, params};
use jiff::SignedDuration;
use kernel::{Cx, Error, Hash, Result, Timestamp};

use crate::{Client, Identity};

/// How waits grow in one bucket.
#[derive(Clone, Copy)]
struct Rule {
    /// Attempts without a wait.
    free: i64,
    /// First wait in seconds; each further one is twice as long.
    first: i64,
    /// Longest wait in seconds.
    most: i64,
    /// Seconds after which the bucket is forgotten: without an attempt, or, when `fixed`, from the first one on.
    memory: i64,
    /// The memory begins with the first attempt, and further ones do not renew it: for a limit that strangers can reach
    /// on purpose, so that it ends.
    fixed: bool,
}

const HOUR: i64 = 3600;
/// One network (or one known browser) at one account.
const PAIR: Rule = Rule { free: 5, first: 2, most: 900, memory: HOUR, fixed: false };
/// The same while the account is under attack from many networks.
const PAIR_UNDER_ATTACK: Rule = Rule { free: 1, first: 60, most: 900, memory: HOUR, fixed: false };
/// One network at all accounts: many people may share it.
const NETWORK: Rule = Rule { free: 30, first: 1, most: 60, memory: HOUR, fixed: false };
/// Failures at one account from everywhere: counted, never waited for.
const EVERYWHERE: Rule = Rule { free: i64::MAX, first: 0, most: 0, memory: HOUR, fixed: false };
/// Failures at one account within the memory above which it counts as under attack.
const ATTACK: i64 = 20;
/// One network asking for mails.
const MAILS_NETWORK: Rule = Rule { free: 10, first: 30, most: 900, memory: HOUR, fixed: false };
/// Mails to one address: counted, never waited for.
const MAILS_ADDRESS: Rule = Rule { fixed: true, ..EVERYWHERE };
/// Mails to one address per hour that somebody without a session can cause. The hour begins with the first of them: a
/// stranger who goes on asking cannot keep the owner of the address from getting the next hour's.
const MAILS_PER_HOUR: i64 = 4;
/// Wrong second factors with one right password, from unknown browsers, after which the password counts as known to
/// strangers.
const BURNT: i64 = 30;
const BURNT_MEMORY: i64 = 30 * 24 * HOUR;

/// What an admitted attempt has counted, to be taken back when it was right.
#[derive(Debug)]
pub(crate) struct Admitted {
    /// Forgotten as a whole.
    own: Hash,
    /// Reduced by this one attempt.
    shared: Vec<Hash>,
}

#[derive(Clone, Copy)]
struct State {
    count: i64,
    next_at: Timestamp,
    expires_at: Timestamp,
}

impl Identity {
    /// Counts an attempt at a secret of `owner` (an e-mail key, a login, an id) of one `kind`.
    ///
    /// # Errors
    /// `Throttled` with the seconds to wait; then nothing is counted.
    pub(crate) async fn admit(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        client: &Client,
        kind: &str,
        owner: &str,
        known_device: Option<Hash>,
    ) -> Result<Admitted> {
        if let Some(device) = known_device {
            let own = self.bucket(&[kind, "device", owner], &device)?;
            hit(tx, cx, &[(own, PAIR)]).await?;
            return Ok(Admitted { own, shared: Vec::new() });
        }
        let everywhere = self.bucket(&[kind, "everywhere", owner], &[])?;
        let under_attack = state(tx, cx.now(), everywhere).await?.is_some_and(|s| s.count > ATTACK);
        let pair = if under_attack { PAIR_UNDER_ATTACK } else { PAIR };
        let own = self.bucket(&[kind, "pair", owner, &client.network], &[])?;
        let network = self.bucket(&[kind, "network", &client.network], &[])?;
        hit(tx, cx, &[(own, pair), (network, NETWORK), (everywhere, EVERYWHERE)]).await?;
        Ok(Admitted { own, shared: vec![network, everywhere] })
    }

    /// Counts an attempt that is tied to no owner: a claim code, a counter code.
    pub(crate) async fn admit_from(&self, tx: &mut Tx, cx: &Cx, client: &Client, kind: &str) -> Result<Admitted> {
        let own = self.bucket(&[kind, "network", &client.network], &[])?;
        hit(tx, cx, &[(own, PAIR)]).await?;
        Ok(Admitted { own, shared: Vec::new() })
    }

    /// Counts a mail that somebody without a session asks for; `false` when this address got enough of them.
    pub(crate) async fn admit_mail(&self, tx: &mut Tx, cx: &Cx, client: &Client, email_key: &str) -> Result<bool> {
        let network = self.bucket(&["mail", "network", &client.network], &[])?;
        let address = self.bucket(&["mail", "address", email_key], &[])?;
        hit(tx, cx, &[(network, MAILS_NETWORK), (address, MAILS_ADDRESS)]).await?;
        Ok(state(tx, cx.now(), address).await?.is_none_or(|s| s.count <= MAILS_PER_HOUR))
    }

    /// Counts an amount of something that one account, or without one one address, may do `most` of within an hour: what
    /// strangers at the same address do is no concern of those who are signed in. The hour begins with the first of it
    /// and further ones do not renew it, so that it ends.
    ///
    /// # Errors
    /// `Throttled` until the hour ends; then nothing is counted.
    pub async fn admit_hourly(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        caller: IpAddr,
        what: &str,
        amount: i64,
        most: i64,
    ) -> Result<()> {
        let bucket = match cx.actor.account() {
            Some(account) => self.bucket(&["hourly-account", what], account.uuid().as_bytes())?,
            None => self.bucket(&["hourly", what], &address(caller))?,
        };
        let now = cx.now();
        let before = state(tx, now, bucket).await?;
        let count = before.map_or(0, |s| s.count).saturating_add(amount);
        let expires_at = before.map_or_else(|| later(now, HOUR), |s| Ok(s.expires_at))?;
        if count > most {
            let left = now.duration_until(expires_at).as_secs().max(1);
            return Err(Error::Throttled { seconds: u32::try_from(left).unwrap_or(u32::MAX) });
        }
        put(tx, bucket, State { count, next_at: now, expires_at }).await
    }

    /// Takes a right attempt back.
    pub(crate) async fn forgive(&self, tx: &mut Tx, admitted: &Admitted) -> Result<()> {
        let sql = "DELETE FROM identity_attempt WHERE tenant = $1 AND bucket = $2";
        tx.exec(sql, params![admitted.own]).await?;
        for bucket in &admitted.shared {
            let sql = "UPDATE identity_attempt SET count = count - 1 WHERE tenant = $1 AND bucket = $2 AND count > 0";
            tx.exec(sql, params![*bucket]).await?;
        }
        Ok(())
    }

    /// Counts a wrong second factor typed after a right password in an unknown browser.
    pub(crate) async fn count_wrong_factor(&self, tx: &mut Tx, cx: &Cx, credential: &str) -> Result<()> {
        let bucket = self.bucket(&["factor", "credential", credential], &[])?;
        let rule = Rule { memory: BURNT_MEMORY, ..EVERYWHERE };
        hit(tx, cx, &[(bucket, rule)]).await
    }

    /// Whether so many wrong second factors came after this password that strangers must know it. Only a new password
    /// helps then, and the owner can set one by mail.
    pub(crate) async fn is_burnt(&self, rx: &mut Rx, now: Timestamp, credential: &str) -> Result<bool> {
        let bucket = self.bucket(&["factor", "credential", credential], &[])?;
        Ok(state(rx, now, bucket).await?.is_some_and(|s| s.count >= BURNT))
    }

    fn bucket(&self, parts: &[&str], more: &[u8]) -> Result<Hash> {
        let mut all: Vec<&[u8]> = parts.iter().map(|p| p.as_bytes()).collect();
        all.push(more);
        self.vault.hash("attempt", &all)
    }
}

async fn state(rx: &mut Rx, now: Timestamp, bucket: Hash) -> Result<Option<State>> {
    let sql =
        "SELECT count, next_at, expires_at FROM identity_attempt WHERE tenant = $1 AND bucket = $2 AND expires_at > $3";
    let found = rx.opt::<(i64, Timestamp, Timestamp)>(sql, params![bucket, now]).await?;
    Ok(found.map(|(count, next_at, expires_at)| State { count, next_at, expires_at }))
}

/// Counts in all buckets, or in none when one of them says to wait.
async fn hit(tx: &mut Tx, cx: &Cx, buckets: &[(Hash, Rule)]) -> Result<()> {
    let now = cx.now();
    let mut states = Vec::with_capacity(buckets.len());
    let mut wait = 0;
    for (bucket, _) in buckets {
        let state = state(tx, now, *bucket).await?;
        if let Some(state) = state
            && state.next_at > now
        {
            wait = wait.max(now.duration_until(state.next_at).as_millis().div_euclid(1000) + 1);
        }
        states.push(state);
    }
    if wait > 0 {
        return Err(Error::Throttled { seconds: u32::try_from(wait).unwrap_or(u32::MAX) });
    }
    for ((bucket, rule), state) in buckets.iter().zip(states) {
        let count = state.map_or(0, |s| s.count).saturating_add(1);
        let next_at = later(now, delay(*rule, count))?;
        let expires_at = match state {
            Some(state) if rule.fixed => state.expires_at,
            _ => later(now, rule.memory)?,
        };
        put(tx, *bucket, State { count, next_at, expires_at }).await?;
    }
    Ok(())
}

async fn put(tx: &mut Tx, bucket: Hash, state: State) -> Result<()> {
    let sql = "INSERT INTO identity_attempt (tenant, bucket, count, next_at, expires_at) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (tenant, bucket) DO UPDATE
               SET count = excluded.count, next_at = excluded.next_at, expires_at = excluded.expires_at";
    tx.exec_one(sql, params![bucket, state.count, state.next_at, state.expires_at]).await
}

/// What counts as one address: all of IPv4, since neighbours are other customers; /48 of IPv6, which anybody can be
/// given and could count through.
fn address(caller: IpAddr) -> Vec<u8> {
    match caller.to_canonical() {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets()[..6].to_vec(),
    }
}

/// Seconds to wait after the attempt with this number.
fn delay(rule: Rule, count: i64) -> i64 {
    let over = count.saturating_sub(rule.free);
    if over < 0 || rule.first == 0 {
        return 0;
    }
    let doublings = u32::try_from(over).unwrap_or(u32::MAX).min(30);
    (rule.first << doublings).min(rule.most)
}

fn later(now: Timestamp, seconds: i64) -> Result<Timestamp> {
    now.checked_add(SignedDuration::from_secs(seconds)).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_do_not_share_an_allowance_and_a_customer_has_one() {
        let of = |text: &str| address(text.parse().unwrap());
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.1"));
        assert_eq!(of("2001:db8:0:100::1"), of("2001:db8:0:ffff::1"));
        assert_ne!(of("2001:db8:0:100::1"), of("2001:db8:1:100::1"));
    }

    #[test]
    fn waits_double_up_to_the_longest_and_never_overflow() {
        let waits: Vec<i64> = (1..=16).map(|n| delay(PAIR, n)).collect();
        assert_eq!(waits, [0, 0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
        assert_eq!(delay(PAIR, i64::MAX), 900);
        assert_eq!(delay(EVERYWHERE, i64::MAX), 0);
        assert_eq!(delay(PAIR_UNDER_ATTACK, 1), 60);
    }
}
