//! Sign-in through somebody else: an eID server, later BundID. The level belongs to the session, never to the account.

use std::{collections::BTreeMap, future::Future, pin::Pin};

use db::{Db, Rx, Tx, params};
use jiff::SignedDuration;
use kernel::{AccountId, Cx, Error, Hash, Level, Principal, Result, Timestamp};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use crate::{
    Client, Identity, NewSession, Owner, Person,
    account::{self, signed_in_today},
    code::{random_token, token_hash},
    events::ExternalLinked,
    person,
    session::Start,
    ticket::{self, Purpose},
};

/// Time for the way to the login source and back.
const WAY: SignedDuration = SignedDuration::from_mins(20);
/// Longest label of an account that is named after a person.
const LABEL_CHARS: usize = 60;

/// What a login source needs to send somebody on their way.
#[derive(Clone, Debug)]
pub struct Request {
    /// Address to come back to.
    pub redirect: String,
    pub state: String,
    pub nonce: String,
    /// PKCE `code_verifier` (RFC 7636): 43 signs.
    pub verifier: String,
}

/// What came back, with the secrets of the way out.
#[derive(Clone, Debug)]
pub struct Returned {
    pub params: BTreeMap<String, String>,
    pub redirect: String,
    pub nonce: String,
    pub verifier: String,
    pub now: Timestamp,
}

/// Who somebody is according to a login source.
#[derive(Clone, Debug)]
pub struct ExternalPerson {
    /// Pseudonym, the same at every sign-in with this means.
    pub subject: String,
    /// As the source states it for this sign-in.
    pub level: Level,
    /// Read from the means and not changeable here; none where the source gives a pseudonym only.
    pub person: Option<Person>,
}

pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// A login source (an eID server, a Servicekonto).
pub trait LoginSource: Send + Sync {
    /// Stable key, stored with accounts and sessions, e.g. `eid`.
    fn key(&self) -> &str;

    /// The address to send the browser to.
    fn begin<'a>(&'a self, request: &'a Request) -> Answer<'a, String>;

    /// Who came back. `Refused("external-cancelled")` when the person gave up there, `Refused("external-failed")` when
    /// what came back cannot be trusted.
    fn finish<'a>(&'a self, returned: &'a Returned) -> Answer<'a, ExternalPerson>;
}

/// The way out.
#[derive(Clone, Debug)]
pub struct Begun {
    pub url: String,
    /// Value of a short-lived cookie: only the browser that went out may come back (login CSRF).
    pub browser: String,
}

/// What becomes of the account that is signed in when somebody goes to a login source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Linking {
    /// Nothing: the means signs in to its own account.
    Never,
    /// A means that is new here is tied to it if the account is known to be the same person's. Every other signs in to
    /// an account of its own, which may go on with what was begun ([`crate::Session::continues`]).
    WhenNew,
    /// The means is tied to it, or nothing happens.
    Only,
}

#[derive(Serialize, Deserialize)]
struct Way {
    source: String,
    redirect: String,
    nonce: String,
    verifier: String,
    browser: Vec<u8>,
    next: Option<String>,
    /// The account that was signed in.
    before: Option<AccountId>,
    link: bool,
    /// Refuse a means that cannot be linked.
    only_link: bool,
}

impl Identity {
    /// Sends somebody to a login source.
    ///
    /// # Errors
    /// `Peer` when the source cannot be reached; `SignIn` for [`Linking::Only`] without an account.
    pub async fn begin_external(
        &self,
        db: &Db,
        cx: &Cx,
        source: &dyn LoginSource,
        redirect: &str,
        next: Option<&str>,
        linking: Linking,
    ) -> Result<Begun> {
        let before = cx.actor.account();
        if linking == Linking::Only && before.is_none() {
            return Err(Error::SignIn(Level::Basis));
        }
        let request = Request {
            redirect: redirect.to_owned(),
            state: random_token(cx),
            nonce: random_token(cx),
            verifier: random_token(cx),
        };
        let browser = random_token(cx);
        let url = source.begin(&request).await?;
        let way = Way {
            source: source.key().to_owned(),
            redirect: request.redirect.clone(),
            nonce: request.nonce.clone(),
            verifier: request.verifier.clone(),
            browser: token_hash(&browser).to_vec(),
            next: next.map(str::to_owned),
            before,
            link: linking != Linking::Never,
            only_link: linking == Linking::Only,
        };
        db::write!(db, |tx| {
            let hash = token_hash(&request.state);
            ticket::store(tx, cx, Purpose::External, None, &way, WAY, hash).await
        })?;
        Ok(Begun { url, browser })
    }

    /// Receives somebody from a login source. A person seen for the first time gets an account without address and
    /// password. Answers the session and where the person wanted to go.
    ///
    /// # Errors
    /// `Refused`: `link-expired` (also for another browser), `external-cancelled`, `external-failed`,
    /// `external-linked-elsewhere`, `person-differs`. `Peer`.
    pub async fn finish_external(
        &self,
        db: &Db,
        cx: &Cx,
        client: &Client,
        source: &dyn LoginSource,
        params: BTreeMap<String, String>,
        browser: Option<&str>,
    ) -> Result<(NewSession, Option<String>)> {
        let state = params.get("state").map(String::as_str).unwrap_or_default();
        let hash = token_hash(state);
        let way = db::write!(db, |tx| { ticket::take::<Way>(tx, cx.now(), Purpose::External, hash).await })?.data;
        let same_browser = token_hash(browser.unwrap_or_default()).ct_eq(way.browser.as_slice());
        if way.source != source.key() || !bool::from(same_browser) {
            return Err(Error::refused("link-expired"));
        }
        let returned =
            Returned { params, redirect: way.redirect, nonce: way.nonce, verifier: way.verifier, now: cx.now() };
        let mut found = source.finish(&returned).await?;
        found.person = found.person.map(Person::checked).transpose().map_err(|_| Error::refused("external-failed"))?;
        let subject = self.subject(source.key(), &found.subject)?;
        let session = db::write!(db, |tx| {
            let before = match way.before {
                Some(before) => Some((before, likeness(tx, before, &found).await?)),
                None => None,
            };
            if way.link && before.is_some_and(|(_, likeness)| likeness == Likeness::Other) {
                return Err(Error::refused("person-differs"));
            }
            let before = before.filter(|(_, likeness)| *likeness != Likeness::Other);
            // Without a word of the person a means is tied only to an account that is known to be theirs.
            let tied = before.filter(|(_, likeness)| way.link && (way.only_link || *likeness == Likeness::Same));
            let before = before.map(|(account, _)| account);
            let tied = tied.map(|(account, _)| account);
            let account = self.linked(tx, cx, source.key(), subject, &found, tied).await?;
            if way.only_link && before != Some(account) {
                return Err(Error::refused("external-linked-elsewhere"));
            }
            let cx = cx.as_principal(Principal::Citizen { account, level: found.level });
            let person = match &found.person {
                Some(data) => Some(person::store(tx, &cx, account, source.key(), found.level, data).await?),
                None => None,
            };
            signed_in_today(tx, &cx, account).await?;
            let start = Start {
                owner: Owner::Account(account),
                level: Some(found.level),
                source: source.key(),
                person,
                second_factor: true,
                continues: before.filter(|before| *before != account),
            };
            self.start_session(tx, &cx, client, start).await
        })?;
        Ok((session, way.next))
    }

    fn subject(&self, source: &str, subject: &str) -> Result<Hash> {
        self.vault.hash("external subject", &[source.as_bytes(), subject.as_bytes()])
    }

    /// The account of this means: the one it was linked with before, the one to link it with now, or a new one.
    async fn linked(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        source: &str,
        subject: Hash,
        found: &ExternalPerson,
        link: Option<AccountId>,
    ) -> Result<AccountId> {
        let sql = "SELECT account FROM identity_external WHERE tenant = $1 AND source = $2 AND subject = $3";
        if let Some((known,)) = tx.opt::<(AccountId,)>(sql, params![source, subject]).await? {
            return Ok(known);
        }
        let account = match link {
            Some(account) => {
                account::active(tx, account).await?;
                account
            }
            None => account::open(tx, cx, &label(found), None, None, source).await?,
        };
        let sql = "INSERT INTO identity_external (tenant, source, subject, account, linked_at)
                   VALUES ($1, $2, $3, $4, $5)";
        tx.exec_one(sql, params![source, subject, account, cx.now()]).await?;
        let linked = ExternalLinked { account, source: source.to_owned() };
        journal::emit(tx, cx, &linked).await?;
        Ok(account)
    }
}

/// How a means and the person of an account go together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Likeness {
    /// All that is known of the person agrees.
    Same,
    /// Nothing was proved of the person yet that could be compared.
    Unknown,
    /// The means belongs to somebody else, e.g. of the couple who share an address.
    Other,
}

async fn likeness(rx: &mut Rx, account: AccountId, found: &ExternalPerson) -> Result<Likeness> {
    let Some(person) = &found.person else { return Ok(Likeness::Unknown) };
    let known = person::all(rx, account).await?;
    let proved: Vec<_> = known.iter().filter(|k| k.source != person::SELF_STATED).collect();
    Ok(match proved.iter().all(|k| k.person.agrees_with(person)) {
        false => Likeness::Other,
        true if proved.is_empty() && !known.iter().any(|k| k.person.agrees_with(person)) => Likeness::Unknown,
        true => Likeness::Same,
    })
}

fn label(found: &ExternalPerson) -> String {
    let name = found.person.as_ref().map(|p| format!("{} {}", p.given_names, p.family_name)).unwrap_or_default();
    name.trim().chars().take(LABEL_CHARS).collect()
}
