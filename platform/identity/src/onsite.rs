//! "Vor Ort geprüft": a clerk compares a person with a document at the counter.
//!
//! The citizen proves at the same time that the account is theirs, by a code that only the signed-in account shows:
//! without it a clerk could tie a person to a stranger's account.

use db::{Rx, Tx, params, record};
use jiff::SignedDuration;
use kernel::{AccountId, Cx, Error, Hash, Level, PartialDate, Principal, Result, Timestamp};
use serde_json::json;

use crate::{
    Identity, Known, Person,
    account::{self},
    code::{random_code, read_code},
    email,
    events::{OnsiteConfirmed, OnsiteWithdrawn},
    perm, person,
    ticket::{self, Purpose},
};

/// Two groups of four: 36 bits, of use to a clerk with the permission only.
const GROUPS: usize = 2;
const MOST_MATCHES: i64 = 10;

/// Document that was shown. Its number is not kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Document {
    Personalausweis,
    Reisepass,
    /// Identity card or passport of another state.
    AuslaendischerAusweis,
    Aufenthaltstitel,
}

impl Document {
    pub const ALL: [Document; 4] =
        [Document::Personalausweis, Document::Reisepass, Document::AuslaendischerAusweis, Document::Aufenthaltstitel];

    pub fn code(self) -> &'static str {
        match self {
            Document::Personalausweis => "personalausweis",
            Document::Reisepass => "reisepass",
            Document::AuslaendischerAusweis => "auslaendischer-ausweis",
            Document::Aufenthaltstitel => "aufenthaltstitel",
        }
    }

    pub fn from_code(code: &str) -> Option<Document> {
        Document::ALL.into_iter().find(|document| document.code() == code)
    }
}

/// An account as the counter sees it.
#[derive(Clone, Debug)]
pub struct CounterMatch {
    pub account: AccountId,
    pub label: String,
    pub opened_at: Timestamp,
    pub onsite: bool,
    pub has_factor: bool,
    /// What the person said of themselves, or what is known better.
    pub known: Option<Known>,
}

record! {
    struct Found { id: AccountId, label: String, created_at: Timestamp, onsite: bool, has_factor: bool }
}

impl Identity {
    /// The code that the one who acts reads out at the counter; an earlier one ends.
    ///
    /// # Errors
    /// `SignIn` without an account.
    pub async fn make_counter_code(&self, tx: &mut Tx, cx: &Cx) -> Result<String> {
        let account = cx.actor.account().ok_or(Error::SignIn(Level::Basis))?;
        ticket::drop_of(tx, Purpose::Counter, account.uuid()).await?;
        let code = random_code::<GROUPS>(cx);
        let hash = self.counter_hash(&code)?;
        let good_for = SignedDuration::from_hours(24 * i64::from(self.policy.counter_code_days));
        ticket::store(tx, cx, Purpose::Counter, Some(account.uuid()), &json!({}), good_for, hash).await?;
        Ok(code)
    }

    fn counter_hash(&self, typed: &str) -> Result<Hash> {
        let code = read_code(typed, GROUPS).unwrap_or_default();
        self.vault.hash("counter code", &[code.as_bytes()])
    }

    /// The account of a code that was read out.
    ///
    /// # Errors
    /// `Forbidden`; `Invalid` with `code: code-unknown`.
    pub async fn account_at_counter(&self, rx: &mut Rx, cx: &Cx, code: &str) -> Result<CounterMatch> {
        perm::ask(cx, perm::ONSITE)?;
        let account = self.account_of_code(rx, cx, code).await?;
        let mut found = matches(rx, vec![account]).await?;
        found.pop().ok_or_else(|| Error::invalid("code", "code-unknown"))
    }

    async fn account_of_code(&self, rx: &mut Rx, cx: &Cx, code: &str) -> Result<AccountId> {
        let hash = self.counter_hash(code)?;
        let ticket = ticket::look::<serde_json::Value>(rx, cx.now(), Purpose::Counter, hash).await;
        let owner = ticket.ok().and_then(|t| t.owner);
        owner.map(AccountId::from_uuid).ok_or_else(|| Error::invalid("code", "code-unknown"))
    }

    /// Records that the person of this code's account stood at the counter with this document. It counts from the
    /// next sign-in with a second factor.
    ///
    /// # Errors
    /// `Forbidden` outside the clerk's units; `Invalid`; `Refused("person-differs")` when a login source named
    /// somebody else.
    pub async fn confirm_onsite(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        code: &str,
        document: Document,
        person: Person,
    ) -> Result<AccountId> {
        let Principal::Staff { user, unit, .. } = &cx.actor.principal else { return Err(Error::Forbidden) };
        if !cx.actor.allows_in(perm::ONSITE, unit) {
            return Err(Error::Forbidden);
        }
        let id = self.account_of_code(tx, cx, code).await?;
        let person = person.checked()?;
        if person.birth_date.is_none() {
            return Err(Error::invalid("birth_date", "required"));
        }
        if person.address.is_none() {
            return Err(Error::invalid("street", "required"));
        }
        account::active(tx, id).await?;
        let known = person::all(tx, id).await?;
        let others = known.iter().filter(|k| k.source != person::SELF_STATED && k.source != person::VOR_ORT);
        if others.into_iter().any(|k| !k.person.agrees_with(&person)) {
            return Err(Error::refused("person-differs"));
        }
        ticket::drop_of(tx, Purpose::Counter, id.uuid()).await?;
        person::store(tx, cx, id, person::VOR_ORT, Level::VorOrt, &person).await?;
        let sql = "UPDATE identity_account SET onsite_on = $3, onsite_document = $4, onsite_by = $5, onsite_unit = $6
                   WHERE tenant = $1 AND id = $2 AND state = 'active'";
        tx.exec_one(sql, params![id, cx.today(), document.code(), *user, unit]).await?;
        let event = OnsiteConfirmed { account: id, document: document.code().to_owned(), on: cx.today() };
        journal::emit(tx, cx, &event).await?;
        Ok(id)
    }
}

/// Takes the level back, e.g. after a mistake; sessions of that level end.
///
/// # Errors
/// `Forbidden`; `NotFound` when the account was not checked.
pub async fn withdraw_onsite(tx: &mut Tx, cx: &Cx, account: AccountId) -> Result<()> {
    perm::ask(cx, perm::ONSITE)?;
    let sql =
        "UPDATE identity_account SET onsite_on = NULL, onsite_document = NULL, onsite_by = NULL, onsite_unit = NULL
               WHERE tenant = $1 AND id = $2 AND onsite_on IS NOT NULL";
    tx.exec_one(sql, params![account]).await?;
    let sql = "DELETE FROM identity_person WHERE tenant = $1 AND account = $2 AND source = $3";
    tx.exec(sql, params![account, person::VOR_ORT]).await?;
    let sql = "SELECT id FROM identity_session
               WHERE tenant = $1 AND owner = $2 AND level = $3 AND ended_at IS NULL ORDER BY id";
    for (session,) in tx.list::<(crate::SessionId,)>(sql, params![account.uuid(), Level::VorOrt.code()]).await? {
        crate::session::end_one(tx, cx, session, "staff").await?;
    }
    journal::emit(tx, cx, &OnsiteWithdrawn { account }).await?;
    Ok(())
}

/// Accounts by address, or by family name and birth date as stated or known; at most ten, oldest first.
///
/// # Errors
/// `Forbidden`; `Invalid` with `email: search-too-wide` when neither is given.
pub async fn counter_search(
    rx: &mut Rx,
    cx: &Cx,
    email: &str,
    family_name: &str,
    birth_date: Option<PartialDate>,
) -> Result<Vec<CounterMatch>> {
    if !cx.actor.allows(perm::RESET_FACTOR) {
        perm::ask(cx, perm::ONSITE)?;
    }
    let by_email = !email.trim().is_empty();
    if !by_email && (family_name.trim().is_empty() || birth_date.is_none()) {
        return Err(Error::invalid("email", "search-too-wide"));
    }
    let sql = "SELECT a.id FROM identity_account a
               WHERE a.tenant = $1 AND a.state = 'active'
                 AND ($2 = '' OR a.email_key = $2)
                 AND ($3 = '' OR EXISTS (SELECT 1 FROM identity_person p WHERE p.tenant = a.tenant
                        AND p.account = a.id AND p.family_key = $3))
                 AND ($4 = '' OR EXISTS (SELECT 1 FROM identity_person p WHERE p.tenant = a.tenant
                        AND p.account = a.id AND p.birth_date = $4))
               ORDER BY a.created_at, a.id LIMIT $5";
    let birth_date = birth_date.map(|d| d.to_string()).unwrap_or_default();
    let values = params![email::key(email), person::fold(family_name), birth_date, MOST_MATCHES];
    let ids = rx.list::<(AccountId,)>(sql, values).await?.into_iter().map(|(id,)| id).collect();
    matches(rx, ids).await
}

async fn matches(rx: &mut Rx, ids: Vec<AccountId>) -> Result<Vec<CounterMatch>> {
    let mut all = Vec::with_capacity(ids.len());
    for id in ids {
        let sql = "SELECT a.id, a.label, a.created_at, a.onsite_on IS NOT NULL AS onsite,
                     EXISTS (SELECT 1 FROM identity_factor f WHERE f.tenant = a.tenant AND f.owner = a.id
                       AND f.secret IS NOT NULL) AS has_factor
                   FROM identity_account a WHERE a.tenant = $1 AND a.id = $2 AND a.state = 'active'";
        let Some(found) = rx.opt::<Found>(sql, params![id]).await? else { continue };
        let known = person::all(rx, id).await?.into_iter().max_by_key(|k| k.level);
        all.push(CounterMatch {
            account: found.id,
            label: found.label,
            opened_at: found.created_at,
            onsite: found.onsite,
            has_factor: found.has_factor,
            known,
        });
    }
    Ok(all)
}
