//! Mails of the account pages: stored with the change that causes them, sent by a job, and forgotten.

use db::{Tx, params, record};
use house::{App, City, InCity};
use identity::{Mail, MailKind};
use jobs::Job;
use kernel::{Cx, Lang, Result, Uuid};
use serde::{Deserialize, Serialize};

record! {
    struct Stored { recipient: String, kind: String, existing: i64, lang: String, token: Option<String> }
}

/// Sends one stored mail.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SendMail {
    mail: Uuid,
}

impl Job for SendMail {
    const NAME: &'static str = "accounts.send-mail";
    const PRIORITY: i64 = 10;
}

/// Code of the kind, also the middle of its text keys `accounts-mail-<code>-subject` and `-text`.
fn code(kind: MailKind) -> &'static str {
    match kind {
        MailKind::Register { .. } => "register",
        MailKind::Reset => "reset",
        MailKind::ResetUnknown => "reset-unknown",
        MailKind::Email => "email",
        MailKind::EmailChanged => "email-changed",
        MailKind::PasswordChanged => "password-changed",
        MailKind::StaffInvitation => "staff-invitation",
        MailKind::StaffPassword => "staff-password",
        MailKind::StaffPasswordChanged => "staff-password-changed",
    }
}

/// Path of the page that a mail leads to.
fn path(kind: &str, token: Option<&str>) -> String {
    let token = token.unwrap_or_default();
    match kind {
        "register" => format!("/registrieren/{token}"),
        "reset" => format!("/passwort-neu/{token}"),
        "reset-unknown" => "/registrieren".to_owned(),
        "email" => format!("/konto/email/{token}"),
        "staff-invitation" | "staff-password" => format!("/intern/passwort-neu/{token}"),
        "staff-password-changed" => "/intern/passwort-vergessen".to_owned(),
        _ => "/passwort-vergessen".to_owned(),
    }
}

/// Puts a mail on its way in the caller's transaction.
pub async fn post(tx: &mut Tx, cx: &Cx, mail: &Mail) -> Result<()> {
    let id = cx.sources.uuid();
    let existing = match mail.kind {
        MailKind::Register { existing } => i64::try_from(existing).unwrap_or(0),
        _ => 0,
    };
    let sql = "INSERT INTO accounts_mail (tenant, id, recipient, kind, existing, lang, token, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let values = params![id, &mail.to, code(mail.kind), existing, mail.lang.code(), mail.token.clone(), cx.now()];
    tx.exec_one(sql, values).await?;
    jobs::enqueue(tx, cx, &SendMail { mail: id }).await
}

/// Subject and text in the addressee's language.
fn written(app: &App, city: &City, mail: &Stored) -> (String, String) {
    let lang = Lang::from_code(&mail.lang).unwrap_or_default();
    let path = path(&mail.kind, mail.token.as_deref());
    let address = if path.starts_with("/intern/") { app.internal_address(city) } else { app.public_address(city) };
    let link = format!("{address}{path}");
    let name = city.info.name.as_str();
    let args = [("city", name.into()), ("link", link.into()), ("existing", mail.existing.into())];
    let subject = app.texts.get(lang, &format!("accounts-mail-{}-subject", mail.kind), &args);
    let text = app.texts.get(lang, &format!("accounts-mail-{}-text", mail.kind), &args);
    // What has happened already was not asked for by mail, and nobody asks for an invitation.
    let unasked = mail.kind.ends_with("-changed") || mail.kind == "staff-invitation";
    let foot = if unasked { "accounts-mail-city" } else { "accounts-mail-foot" };
    (subject, format!("{text}\n\n{}\n", app.texts.get(lang, foot, &args)))
}

/// The operator's mail server (peer `smtp`): `client` is the sender's address, and with a secret the setting `user`
/// (else the sender's address) is the name to sign in with.
fn mailer(city: &City) -> Result<mail::Mailer> {
    let peer = city.peer("smtp")?;
    let from = format!("\"{}\" <{}>", city.info.name.replace(['"', '\\'], ""), peer.client);
    match city.secret("smtp")? {
        Some(password) => {
            let user = peer.more.get("user").unwrap_or(&peer.client).clone();
            mail::Mailer::with_login(&peer.url, &from, Some((user, password)))
        }
        None => mail::Mailer::new(&peer.url, &from),
    }
}

/// Sends, then forgets. A crash in between sends twice, which is harmless.
pub async fn send(cx: Cx, job: SendMail) -> Result<()> {
    let (app, city) = (cx.app()?, cx.city()?);
    let sql = "SELECT recipient, kind, existing, lang, token FROM accounts_mail WHERE tenant = $1 AND id = $2";
    let Some(stored) = city.db.read().await?.opt::<Stored>(sql, params![job.mail]).await? else { return Ok(()) };
    let (subject, text) = written(&app, &city, &stored);
    // A refusal for good is the end too: whoever waits for the mail asks again.
    mailer(&city)?.send(&stored.recipient, &subject, &text).await?;
    db::write!(city.db, |tx| {
        tx.exec("DELETE FROM accounts_mail WHERE tenant = $1 AND id = $2", params![job.mail]).await?;
        Ok(())
    })
}
