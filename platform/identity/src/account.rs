//! City accounts: opening by a mailed link, passwords, address, closing.
//!
//! Nothing is stored of somebody who only typed an address: the account comes into being when the link was opened and
//! a password chosen. So an address cannot be taken by a stranger, and the rule "accounts of one address have
//! different passwords" is told to the owner of the mailbox only.

use db::{Db, Rx, Tx, params, record};
use jiff::SignedDuration;
use kernel::{AccountId, Cx, Date, Error, Lang, Level, Principal, Result, Timestamp, Uuid};
use serde::{Deserialize, Serialize};

use crate::{
    Client, Email, Identity, Known, NewSession, SessionId,
    code::token_hash,
    device,
    events::{AccountClosed, AccountOpened, EmailChanged, LabelChanged, Owner, PasswordChanged},
    factor::{self, FactorState},
    password::{self, Stored},
    person,
    session::{self, Start},
    ticket::{self, Purpose},
};

/// Longest label of an account in characters.
const LABEL_CHARS: usize = 60;

/// A mail to be sent in the same transaction. Its link is made by whoever knows the addresses of pages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mail {
    pub to: String,
    pub lang: Lang,
    pub kind: MailKind,
    /// Goes into the link.
    pub token: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MailKind {
    /// Link to open an account; `existing` accounts have the address already.
    Register { existing: usize },
    /// Link to set a new password.
    Reset,
    /// Somebody asked for a new password, and no account has this address.
    ResetUnknown,
    /// Link to confirm a new address.
    Email,
    /// To the old address: it is no longer in use here.
    EmailChanged,
    /// The password was changed.
    PasswordChanged,
    /// Link for staff who are new or locked out to choose a password; nobody asked for it.
    StaffInvitation,
    /// Link for staff who asked for a new password.
    StaffPassword,
    /// The password of a member of staff was changed.
    StaffPasswordChanged,
}

/// An account that a mailed link may set a new password for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ResetChoice {
    pub account: AccountId,
    pub label: String,
    pub opened_at: Timestamp,
    pub signed_in_on: Option<Date>,
}

/// The account page.
#[derive(Clone, Debug)]
pub struct AccountOverview {
    pub account: AccountId,
    pub label: String,
    pub email: Option<String>,
    pub opened_at: Timestamp,
    pub has_password: bool,
    /// Day and kind of document of the check at the counter.
    pub onsite: Option<(Date, String)>,
    pub factor: FactorState,
    /// Keys of linked login sources.
    pub sources: Vec<String>,
    pub known: Vec<Known>,
}

record! {
    #[derive(Clone, Debug)]
    pub(crate) struct Account {
        pub(crate) id: AccountId,
        pub(crate) label: String,
        pub(crate) email: Option<String>,
        pub(crate) email_key: Option<String>,
        pub(crate) password: Option<Vec<u8>>,
        pub(crate) password_params: Option<String>,
        pub(crate) lang: String,
        pub(crate) created_at: Timestamp,
        pub(crate) password_at: Option<Timestamp>,
        pub(crate) signed_in_on: Option<Date>,
        pub(crate) onsite_on: Option<Date>,
        pub(crate) onsite_document: Option<String>,
    }
}

impl Account {
    pub(crate) fn stored(&self) -> Option<Stored> {
        let (tag, params) = (self.password.clone()?, self.password_params.clone()?);
        Some(Stored { tag, params })
    }

    pub(crate) fn lang(&self) -> Lang {
        Lang::from_code(&self.lang).unwrap_or_default()
    }
}

/// Active accounts of an address, oldest first.
pub(crate) async fn with_email(rx: &mut Rx, key: &str) -> Result<Vec<Account>> {
    let sql = "SELECT id, label, email, email_key, password, password_params, lang, created_at, password_at,
                 signed_in_on, onsite_on, onsite_document
               FROM identity_account WHERE tenant = $1 AND email_key = $2 AND state = 'active'
               ORDER BY created_at, id";
    rx.list(sql, params![key]).await
}

pub(crate) async fn active(rx: &mut Rx, id: AccountId) -> Result<Account> {
    let sql = "SELECT id, label, email, email_key, password, password_params, lang, created_at, password_at,
                 signed_in_on, onsite_on, onsite_document
               FROM identity_account WHERE tenant = $1 AND id = $2 AND state = 'active'";
    rx.one(sql, params![id]).await
}

#[derive(Serialize, Deserialize)]
struct Registration {
    email: String,
    key: String,
    next: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Address {
    email: String,
    key: String,
}

/// What the page behind a registration link shows.
pub struct Registering {
    pub email: String,
    /// Accounts that have this address already.
    pub existing: usize,
}

fn account_of(cx: &Cx) -> Result<AccountId> {
    cx.actor.account().ok_or(Error::SignIn(Level::Basis))
}

fn checked_label(label: &str) -> Result<String> {
    let label = label.split_whitespace().collect::<Vec<_>>().join(" ");
    if label.chars().any(char::is_control) {
        Err(Error::invalid("label", "characters"))
    } else if label.chars().count() > LABEL_CHARS {
        Err(Error::Invalid(vec![kernel::FieldError::new("label", "too-long").with("max", LABEL_CHARS)]))
    } else {
        Ok(label)
    }
}

impl Identity {
    /// Somebody wants an account: a mail with a link, whatever the address. `None` when the address got too many.
    ///
    /// # Errors
    /// `Invalid` for what is no address, `Throttled` for a network that asks too often.
    pub async fn start_registration(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        client: &Client,
        email: &str,
        next: Option<&str>,
    ) -> Result<Option<Mail>> {
        let email = Email::parse(email)?;
        if !self.admit_mail(tx, cx, client, &email.key).await? {
            return Ok(None);
        }
        let existing = with_email(tx, &email.key).await?.len();
        let data = Registration { email: email.address.clone(), key: email.key, next: next.map(str::to_owned) };
        let good_for = SignedDuration::from_hours(self.policy.confirm_hours.into());
        let token = ticket::issue(tx, cx, Purpose::Register, None, &data, good_for).await?;
        Ok(Some(Mail { to: email.address, lang: cx.lang, kind: MailKind::Register { existing }, token: Some(token) }))
    }

    /// # Errors
    /// `Refused("link-expired")`.
    pub async fn registering(&self, rx: &mut Rx, cx: &Cx, token: &str) -> Result<Registering> {
        let ticket = ticket::look::<Registration>(rx, cx.now(), Purpose::Register, token_hash(token)).await?;
        let existing = with_email(rx, &ticket.data.key).await?.len();
        Ok(Registering { email: ticket.data.email, existing })
    }

    /// Opens the account, signs in, and says where the person came from.
    ///
    /// # Errors
    /// `Refused("link-expired")`; `Invalid` for password and label.
    pub async fn finish_registration(
        &self,
        db: &Db,
        cx: &Cx,
        client: &Client,
        token: &str,
        label: &str,
        password: &str,
    ) -> Result<(NewSession, Option<String>)> {
        let hash = token_hash(token);
        let (data, others) = {
            let mut rx = db.read().await?;
            let data = ticket::look::<Registration>(&mut rx, cx.now(), Purpose::Register, hash).await?.data;
            let others = with_email(&mut rx, &data.key).await?;
            (data, others)
        };
        let mut label = checked_label(label)?;
        if label.is_empty() {
            label = data.email.chars().take(LABEL_CHARS).collect();
        }
        let stored = self.new_password(&data.key, password, &[&data.email, &label], &others, None).await?;
        let session = db::write!(db, |tx| {
            ticket::take::<Registration>(tx, cx.now(), Purpose::Register, hash).await?;
            same_accounts(tx, &data.key, &others).await?;
            let email = Email { address: data.email.clone(), key: data.key.clone() };
            let account = open(tx, cx, &label, Some(&email), Some(&stored), "mail").await?;
            let cx = cx.as_principal(Principal::Citizen { account, level: Level::Basis });
            let start = Start {
                owner: Owner::Account(account),
                level: Some(Level::Basis),
                source: "password",
                person: None,
                second_factor: false,
                continues: None,
            };
            signed_in_today(tx, &cx, account).await?;
            self.start_session(tx, &cx, client, start).await
        })?;
        Ok((session, data.next))
    }

    /// Opens an account without a mail: demo residents and tests of other crates. For the program itself only.
    ///
    /// # Errors
    /// `Forbidden` for people; `Invalid`.
    pub async fn seed_account(&self, db: &Db, cx: &Cx, email: &str, label: &str, password: &str) -> Result<AccountId> {
        if !matches!(cx.actor.principal, Principal::System { .. }) {
            return Err(Error::Forbidden);
        }
        let email = Email::parse(email)?;
        let others = with_email(&mut db.read().await?, &email.key).await?;
        let stored = self.new_password(&email.key, password, &[&email.address], &others, None).await?;
        let label = checked_label(label)?;
        db::write!(db, |tx| { open(tx, cx, &label, Some(&email), Some(&stored), "seed").await })
    }

    /// Somebody forgot a password. There is a mail in every case; the one to an unknown address says so.
    ///
    /// # Errors
    /// As [`start_registration`](Self::start_registration).
    pub async fn start_reset(&self, tx: &mut Tx, cx: &Cx, client: &Client, email: &str) -> Result<Option<Mail>> {
        let email = Email::parse(email)?;
        if !self.admit_mail(tx, cx, client, &email.key).await? {
            return Ok(None);
        }
        let accounts = with_email(tx, &email.key).await?;
        // The ticket of an unknown address is made too, so that both take the same work, and is never sent.
        let data = Address { email: email.address.clone(), key: email.key };
        let good_for = SignedDuration::from_mins(self.policy.reset_minutes.into());
        let token = ticket::issue(tx, cx, Purpose::Reset, None, &data, good_for).await?;
        let mail = match accounts.first() {
            Some(account) => {
                let to = account.email.clone().unwrap_or(email.address);
                Mail { to, lang: account.lang(), kind: MailKind::Reset, token: Some(token) }
            }
            None => Mail { to: email.address, lang: cx.lang, kind: MailKind::ResetUnknown, token: None },
        };
        Ok(Some(mail))
    }

    /// The accounts among which the owner of the mailbox chooses.
    ///
    /// # Errors
    /// `Refused("link-expired")`.
    pub async fn resetting(&self, rx: &mut Rx, cx: &Cx, token: &str) -> Result<Vec<ResetChoice>> {
        let ticket = ticket::look::<Address>(rx, cx.now(), Purpose::Reset, token_hash(token)).await?;
        let accounts = with_email(rx, &ticket.data.key).await?;
        Ok(accounts
            .into_iter()
            .map(|a| ResetChoice {
                account: a.id,
                label: a.label,
                opened_at: a.created_at,
                signed_in_on: a.signed_in_on,
            })
            .collect())
    }

    /// Sets the password, signs out everywhere and remembers this browser, whose user owns the mailbox. A second
    /// factor stays as it is. Answers the notice to be sent and the value of a new device cookie.
    ///
    /// # Errors
    /// `Refused("link-expired")`; `Invalid`; `NotFound` for an account of another address.
    pub async fn finish_reset(
        &self,
        db: &Db,
        cx: &Cx,
        client: &Client,
        token: &str,
        account: AccountId,
        password: &str,
    ) -> Result<(Mail, Option<String>)> {
        let hash = token_hash(token);
        let (data, accounts) = {
            let mut rx = db.read().await?;
            let data = ticket::look::<Address>(&mut rx, cx.now(), Purpose::Reset, hash).await?.data;
            let accounts = with_email(&mut rx, &data.key).await?;
            (data, accounts)
        };
        let chosen = accounts.iter().find(|a| a.id == account).ok_or(Error::NotFound)?;
        let own = [data.email.as_str(), &chosen.label];
        let stored = self.new_password(&data.key, password, &own, &accounts, Some(account)).await?;
        db::write!(db, |tx| {
            ticket::take::<Address>(tx, cx.now(), Purpose::Reset, hash).await?;
            same_accounts(tx, &data.key, &accounts).await?;
            set_password(tx, cx, account, &stored, "mail", None).await?;
            let device = self.remember_device(tx, cx, client, account.uuid()).await?;
            Ok((notice(chosen, MailKind::PasswordChanged), device))
        })
    }

    /// Changes the own password; an account without one (opened by eID) gets its first, given `old` empty.
    ///
    /// # Errors
    /// `Invalid` with `old_password: password-wrong` or the rules for new ones; `Throttled`;
    /// `Refused("email-first")` without an address.
    pub async fn change_password(
        &self,
        db: &Db,
        cx: &Cx,
        client: &Client,
        keep: SessionId,
        old: &str,
        new: &str,
    ) -> Result<Option<Mail>> {
        let id = account_of(cx)?;
        self.confirm_password(db, cx, client, id, old, "old_password").await?;
        let (account, others) = {
            let mut rx = db.read().await?;
            let account = active(&mut rx, id).await?;
            let key = account.email_key.clone().ok_or_else(|| Error::refused("email-first"))?;
            let others = with_email(&mut rx, &key).await?;
            (account, others)
        };
        let key = account.email_key.as_deref().unwrap_or_default();
        let own = [account.email.as_deref().unwrap_or_default(), &account.label];
        let stored = self.new_password(key, new, &own, &others, Some(id)).await?;
        db::write!(db, |tx| {
            same_accounts(tx, key, &others).await?;
            set_password(tx, cx, id, &stored, "own", Some(keep)).await?;
            Ok(account.email.is_some().then(|| notice(&account, MailKind::PasswordChanged)))
        })
    }

    /// Asks for the password of the one who acts again; an account without one passes with an empty text.
    async fn confirm_password(
        &self,
        db: &Db,
        cx: &Cx,
        client: &Client,
        id: AccountId,
        password: &str,
        field: &'static str,
    ) -> Result<()> {
        let account = active(&mut db.read().await?, id).await?;
        let Some(stored) = account.stored() else { return Ok(()) };
        let key = account.email_key.clone().unwrap_or_default();
        let admitted = db::write!(db, |tx| {
            let known = device::known(tx, cx, client, &[id.uuid()]).await?;
            self.admit(tx, cx, client, "confirm", &id.to_string(), known).await
        })?;
        match self.passwords.pick(&key, password, &[stored]).await? {
            Some(_) => db::write!(db, |tx| { self.forgive(tx, &admitted).await }),
            None => Err(Error::invalid(field, "password-wrong")),
        }
    }

    /// A new address for the account of the one who acts: a mail with a link to it.
    ///
    /// # Errors
    /// As [`start_registration`](Self::start_registration).
    pub async fn start_email_change(&self, tx: &mut Tx, cx: &Cx, client: &Client, email: &str) -> Result<Option<Mail>> {
        let account = account_of(cx)?;
        let email = Email::parse(email)?;
        if !self.admit_mail(tx, cx, client, &email.key).await? {
            return Ok(None);
        }
        ticket::drop_of(tx, Purpose::Email, account.uuid()).await?;
        let data = Address { email: email.address.clone(), key: email.key };
        let good_for = SignedDuration::from_hours(self.policy.confirm_hours.into());
        let token = ticket::issue(tx, cx, Purpose::Email, Some(account.uuid()), &data, good_for).await?;
        Ok(Some(Mail { to: email.address, lang: cx.lang, kind: MailKind::Email, token: Some(token) }))
    }

    /// The address a link is to confirm, and whether the password is needed for it.
    ///
    /// # Errors
    /// `Refused("link-expired")`, also for a link of another account.
    pub async fn changing_email(&self, rx: &mut Rx, cx: &Cx, token: &str) -> Result<(String, bool)> {
        let account = account_of(cx)?;
        let ticket = ticket::look::<Address>(rx, cx.now(), Purpose::Email, token_hash(token)).await?;
        if ticket.owner != Some(account.uuid()) {
            return Err(Error::refused("link-expired"));
        }
        let has_password = active(rx, account).await?.password.is_some();
        Ok((ticket.data.email, has_password))
    }

    /// Confirms the new address. The password is needed because its hash is bound to the address. Answers the notice
    /// to the old one.
    ///
    /// # Errors
    /// `Refused("link-expired")`; `Invalid` with `password: password-wrong` or `password-of-other-account`.
    pub async fn finish_email_change(
        &self,
        db: &Db,
        cx: &Cx,
        client: &Client,
        token: &str,
        password: &str,
    ) -> Result<Option<Mail>> {
        let id = account_of(cx)?;
        let hash = token_hash(token);
        let (data, account, others) = {
            let mut rx = db.read().await?;
            self.changing_email(&mut rx, cx, token).await?;
            let data = ticket::look::<Address>(&mut rx, cx.now(), Purpose::Email, hash).await?.data;
            let others = with_email(&mut rx, &data.key).await?;
            (data, active(&mut rx, id).await?, others)
        };
        self.confirm_password(db, cx, client, id, password, "password").await?;
        let stored = match account.password {
            Some(_) => {
                self.refuse_shared(&data.key, password, &others, Some(id)).await?;
                Some(self.passwords.hash(&data.key, password).await?)
            }
            None => None,
        };
        db::write!(db, |tx| {
            ticket::take::<Address>(tx, cx.now(), Purpose::Email, hash).await?;
            same_accounts(tx, &data.key, &others).await?;
            let (tag, cost) = stored.clone().map_or((None, None), |s| (Some(s.tag), Some(s.params)));
            let sql = "UPDATE identity_account SET email = $3, email_key = $4, password = $5, password_params = $6
                       WHERE tenant = $1 AND id = $2 AND state = 'active'";
            tx.exec_one(sql, params![id, &data.email, &data.key, tag, cost]).await?;
            let private = serde_json::json!({"before": account.email, "email": data.email});
            journal::emit_private(tx, cx, &EmailChanged { account: id }, private).await?;
            Ok(account.email.is_some().then(|| notice(&account, MailKind::EmailChanged)))
        })
    }

    async fn new_password(
        &self,
        key: &str,
        password: &str,
        own: &[&str],
        accounts: &[Account],
        except: Option<AccountId>,
    ) -> Result<Stored> {
        password::check_new(password, own)?;
        self.refuse_shared(key, password, accounts, except).await?;
        self.passwords.hash(key, password).await
    }

    /// Accounts of one address must have different passwords, since the password picks the account.
    async fn refuse_shared(
        &self,
        key: &str,
        password: &str,
        accounts: &[Account],
        except: Option<AccountId>,
    ) -> Result<()> {
        let others: Vec<Stored> =
            accounts.iter().filter(|a| Some(a.id) != except).filter_map(Account::stored).collect();
        match self.passwords.pick(key, password, &others).await? {
            Some(_) => Err(Error::invalid("password", "password-of-other-account")),
            None => Ok(()),
        }
    }
}

/// Passwords were compared outside the transaction: the accounts of the address must still be the same.
async fn same_accounts(tx: &mut Tx, key: &str, seen: &[Account]) -> Result<()> {
    let now = with_email(tx, key).await?;
    let same = now.len() == seen.len() && now.iter().zip(seen).all(|(a, b)| a.id == b.id && a.password == b.password);
    if same { Ok(()) } else { Err(Error::Conflict("account-changed")) }
}

fn notice(account: &Account, kind: MailKind) -> Mail {
    Mail { to: account.email.clone().unwrap_or_default(), lang: account.lang(), kind, token: None }
}

pub(crate) async fn open(
    tx: &mut Tx,
    cx: &Cx,
    label: &str,
    email: Option<&Email>,
    password: Option<&Stored>,
    by: &str,
) -> Result<AccountId> {
    let id: AccountId = cx.new_id();
    let now = cx.now();
    let sql =
        "INSERT INTO identity_account (tenant, id, label, email, email_key, password, password_params, state, lang,
                 created_at, password_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, 'active', $8, $9, $10)";
    let values = params![
        id,
        label,
        email.map(|e| e.address.clone()),
        email.map(|e| e.key.clone()),
        password.map(|p| p.tag.clone()),
        password.map(|p| p.params.clone()),
        cx.lang.code(),
        now,
        password.map(|_| now),
    ];
    tx.exec_one(sql, values).await?;
    let private = serde_json::json!({"email": email.map(|e| &e.address)});
    journal::emit_private(tx, cx, &AccountOpened { account: id, by: by.to_owned() }, private).await?;
    Ok(id)
}

/// Stores a password and takes away what the old one could still do: sessions, known browsers, links.
async fn set_password(
    tx: &mut Tx,
    cx: &Cx,
    account: AccountId,
    stored: &Stored,
    how: &str,
    keep: Option<SessionId>,
) -> Result<()> {
    let sql = "UPDATE identity_account SET password = $3, password_params = $4, password_at = $5
               WHERE tenant = $1 AND id = $2 AND state = 'active'";
    tx.exec_one(sql, params![account, stored.tag.clone(), &stored.params, cx.now()]).await?;
    let event = PasswordChanged { owner: Owner::Account(account), how: how.to_owned() };
    journal::emit(tx, cx, &event).await?;
    session::end_all(tx, cx, account.uuid(), keep, "password").await?;
    ticket::drop_of(tx, Purpose::Email, account.uuid()).await?;
    device::forget_all(tx, account.uuid()).await
}

pub(crate) async fn signed_in_today(tx: &mut Tx, cx: &Cx, account: AccountId) -> Result<()> {
    let sql = "UPDATE identity_account SET signed_in_on = $3, lang = $4 WHERE tenant = $1 AND id = $2";
    tx.exec_one(sql, params![account, cx.today(), cx.lang.code()]).await
}

/// The account of the one who acts.
pub(crate) async fn overview(rx: &mut Rx, id: AccountId) -> Result<AccountOverview> {
    let account = active(rx, id).await?;
    let sql = "SELECT source FROM identity_external WHERE tenant = $1 AND account = $2 ORDER BY source";
    let sources = rx.list::<(String,)>(sql, params![id]).await?;
    Ok(AccountOverview {
        account: id,
        has_password: account.password.is_some(),
        label: account.label,
        email: account.email,
        opened_at: account.created_at,
        onsite: account.onsite_on.zip(account.onsite_document),
        factor: factor::state(rx, id.uuid()).await?,
        sources: sources.into_iter().map(|(source,)| source).collect(),
        known: person::all(rx, id).await?,
    })
}

/// The own account.
///
/// # Errors
/// `SignIn` without an account.
pub async fn own_account(rx: &mut Rx, cx: &Cx) -> Result<AccountOverview> {
    let account = account_of(cx)?;
    overview(rx, account).await
}

/// Address and language for notices; `None` when the account has no address or is closed.
pub async fn contact(rx: &mut Rx, account: AccountId) -> Result<Option<(String, Lang)>> {
    let sql = "SELECT email, lang FROM identity_account WHERE tenant = $1 AND id = $2 AND state = 'active'";
    let found = rx.opt::<(Option<String>, String)>(sql, params![account]).await?;
    Ok(found.and_then(|(email, lang)| Some((email?, Lang::from_code(&lang).unwrap_or_default()))))
}

/// Whether somebody can sign in with the account: it was not closed.
pub async fn is_active(rx: &mut Rx, account: AccountId) -> Result<bool> {
    let sql = "SELECT COUNT(*) AS n FROM identity_account WHERE tenant = $1 AND id = $2 AND state = 'active'";
    Ok(rx.one::<(i64,)>(sql, params![account]).await?.0 > 0)
}

/// Whether an address has an account with this label: what is seeded twice is there once.
pub async fn is_seeded(rx: &mut Rx, email: &str, label: &str) -> Result<bool> {
    Ok(with_email(rx, &Email::parse(email)?.key).await?.iter().any(|account| account.label == label))
}

/// # Errors
/// `Invalid`; `SignIn` without an account.
pub async fn rename(tx: &mut Tx, cx: &Cx, label: &str) -> Result<()> {
    let account = account_of(cx)?;
    let label = checked_label(label)?;
    if label.is_empty() {
        return Err(Error::invalid("label", "required"));
    }
    let sql = "UPDATE identity_account SET label = $3 WHERE tenant = $1 AND id = $2 AND state = 'active'";
    tx.exec_one(sql, params![account, label]).await?;
    journal::emit(tx, cx, &LabelChanged { account }).await?;
    Ok(())
}

/// Closes the own account: what was known of the person goes, also from the journal's private parts; the id stays for
/// the cases that name it. Rows of other crates are erased by whoever calls.
///
/// # Errors
/// `SignIn` without an account.
pub async fn close(tx: &mut Tx, cx: &Cx) -> Result<()> {
    let account = account_of(cx)?;
    session::end_all(tx, cx, account.uuid(), None, "closed").await?;
    device::forget_all(tx, account.uuid()).await?;
    factor::forget(tx, account.uuid()).await?;
    tx.exec("DELETE FROM identity_person WHERE tenant = $1 AND account = $2", params![account]).await?;
    tx.exec("DELETE FROM identity_external WHERE tenant = $1 AND account = $2", params![account]).await?;
    tx.exec("DELETE FROM identity_ticket WHERE tenant = $1 AND owner = $2", params![account.uuid()]).await?;
    let sql = "UPDATE identity_account SET state = 'closed', label = '', email = NULL, email_key = NULL,
                 password = NULL, password_params = NULL, password_at = NULL, signed_in_on = NULL, onsite_on = NULL,
                 onsite_document = NULL, onsite_by = NULL, onsite_unit = NULL
               WHERE tenant = $1 AND id = $2 AND state = 'active'";
    tx.exec_one(sql, params![account]).await?;
    journal::emit(tx, cx, &AccountClosed { account }).await?;
    journal::erase_private(tx, cx, account.into()).await?;
    Ok(())
}

/// Bucket name of one password of one owner: it changes with the password.
pub(crate) fn credential(owner: Uuid, password_at: Option<Timestamp>) -> String {
    format!("{owner} {}", password_at.map_or(0, Timestamp::as_microsecond))
}
