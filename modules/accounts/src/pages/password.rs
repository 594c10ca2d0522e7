//! Forgotten and changed passwords.

use axum::Form;
use house::{Answer, Path, Req};
use identity::ResetChoice;
use kernel::Error;
use serde::Deserialize;
use ui::{Choice, Message, Page};

use super::{Field, FormPage, Trouble, account_page, again, client, register::expired, set_device};
use crate::mails;

#[derive(Deserialize)]
pub struct ForgottenForm {
    #[serde(default)]
    email: String,
}

#[derive(Deserialize)]
pub struct ResetForm {
    #[serde(default)]
    account: String,
    #[serde(default)]
    password: String,
}

#[derive(Deserialize)]
pub struct ChangeForm {
    #[serde(default)]
    old_password: String,
    #[serde(default)]
    password: String,
}

pub fn new_password(page: &Page) -> Field {
    Field::Password {
        name: "password",
        label: page.t("accounts-password-new"),
        hint: page.t1("accounts-password-rules", "min", identity::PASSWORD_MIN_CHARS),
        autocomplete: "new-password",
    }
}

fn forgotten_page<'a>(page: &'a Page, email: &str, trouble: Trouble) -> FormPage<'a> {
    FormPage::new(page, "/passwort-vergessen", "accounts-forgotten-send")
        .back(ui::paths::SIGN_IN)
        .intro(page.t("accounts-forgotten-text"))
        .field(Field::Email {
            name: "email",
            label: page.t("accounts-email"),
            value: email.to_owned(),
            hint: String::new(),
        })
        .trouble(trouble)
}

pub async fn show_forgotten(rq: Req) -> Answer {
    let page = rq.page("accounts-forgotten-title");
    rq.html(&forgotten_page(&page, "", Trouble::default()))
}

pub async fn forgotten(rq: Req, Form(form): Form<ForgottenForm>) -> Answer {
    let client = client(&rq);
    let done = db::write!(rq.city.db, |tx| {
        match rq.city.identity.start_reset(tx, &rq.cx, &client, &form.email).await? {
            Some(mail) => mails::post(tx, &rq.cx, &mail).await,
            None => Ok(()),
        }
    });
    match done {
        Ok(()) => {
            let page = rq.page("accounts-mail-sent-title");
            let minutes = rq.city.identity.policy().reset_minutes;
            let text = page.t1("accounts-forgotten-sent", "minutes", minutes);
            rq.html(&Message::new(&page, text).and(page.t("accounts-mail-none")))
        }
        Err(error) => {
            let mut page = rq.page("accounts-forgotten-title");
            again(&rq, &mut page, error, |page, trouble| forgotten_page(page, &form.email, trouble))
        }
    }
}

fn reset_page<'a>(
    page: &'a Page,
    token: &str,
    choices: &[ResetChoice],
    chosen: &str,
    trouble: Trouble,
) -> FormPage<'a> {
    let mut form = FormPage::new(page, format!("/passwort-neu/{token}"), "accounts-password-save")
        .intro(page.t("accounts-reset-text"));
    if choices.len() > 1 {
        let choices = choices.iter().map(|choice| {
            let opened = page.date(choice.opened_at.to_zoned(kernel::berlin()).date());
            let hint = match choice.signed_in_on {
                Some(day) => page.t2("accounts-reset-choice-used", "opened", opened, "used", page.date(day)),
                None => page.t1("accounts-reset-choice", "opened", opened),
            };
            let id = choice.account.to_string();
            Choice::new(&id, &choice.label).hint(hint).selected(id == chosen)
        });
        form = form.field(Field::Radios {
            name: "account",
            label: page.t("accounts-reset-which"),
            choices: choices.collect(),
        });
    }
    form.field(new_password(page)).trouble(trouble)
}

pub async fn show_reset(rq: Req, Path(token): Path<String>) -> Answer {
    match rq.city.identity.resetting(&mut rq.city.db.read().await?, &rq.cx, &token).await {
        Ok(choices) if choices.is_empty() => expired(&rq, "/passwort-vergessen"),
        Ok(choices) => {
            let page = rq.page("accounts-reset-title");
            rq.html(&reset_page(&page, &token, &choices, "", Trouble::default()))
        }
        Err(Error::Refused(_)) => expired(&rq, "/passwort-vergessen"),
        Err(error) => Err(error.into()),
    }
}

pub async fn reset(rq: Req, Path(token): Path<String>, Form(form): Form<ResetForm>) -> Answer {
    let db = &rq.city.db;
    let choices = match rq.city.identity.resetting(&mut db.read().await?, &rq.cx, &token).await {
        Ok(choices) => choices,
        Err(Error::Refused(_)) => return expired(&rq, "/passwort-vergessen"),
        Err(error) => return Err(error.into()),
    };
    let chosen = match choices.as_slice() {
        [only] => Ok(only.account),
        _ => identity::id_from(&form.account).map_err(|_| Error::invalid("account", "choose")),
    };
    let done = match chosen {
        Ok(account) => {
            let client = client(&rq);
            rq.city.identity.finish_reset(db, &rq.cx, &client, &token, account, &form.password).await
        }
        Err(error) => Err(error),
    };
    match done {
        Ok((notice, device)) => {
            db::write!(db, |tx| { mails::post(tx, &rq.cx, &notice).await })?;
            let mut response = rq.see_other_with(ui::paths::SIGN_IN, "accounts-password-saved")?;
            if let Some(device) = device {
                set_device(&mut response, &rq, &device)?;
            }
            Ok(response)
        }
        Err(Error::Refused(_)) => expired(&rq, "/passwort-vergessen"),
        Err(error) => {
            let mut page = rq.page("accounts-reset-title");
            again(&rq, &mut page, error, |page, trouble| reset_page(page, &token, &choices, &form.account, trouble))
        }
    }
}

fn change_page<'a>(rq: &Req, page: &'a Page, has_one: bool, trouble: Trouble) -> FormPage<'a> {
    let account = account_page(rq);
    let mut form = FormPage::new(page, format!("{account}/passwort"), "accounts-password-save")
        .back(account)
        .intro(page.t("accounts-password-change-text"));
    if has_one {
        form = form.field(Field::Password {
            name: "old_password",
            label: page.t("accounts-password-old"),
            hint: String::new(),
            autocomplete: "current-password",
        });
    }
    form.field(new_password(page)).trouble(trouble)
}

/// Citizens who came by eID may have no password yet.
async fn has_password(rq: &Req) -> Result<bool, Error> {
    if rq.cx.actor.staff().is_some() {
        return Ok(true);
    }
    Ok(identity::own_account(&mut rq.city.db.read().await?, &rq.cx).await?.has_password)
}

pub async fn show_change(rq: Req) -> Answer {
    let has_one = has_password(&rq).await?;
    let page = rq.page("accounts-password-title");
    rq.html(&change_page(&rq, &page, has_one, Trouble::default()))
}

pub async fn change(rq: Req, Form(form): Form<ChangeForm>) -> Answer {
    let has_one = has_password(&rq).await?;
    let (db, client) = (&rq.city.db, client(&rq));
    let keep = rq.session.as_ref().map(|s| s.id).ok_or(Error::NotFound)?;
    let (identity, old, new) = (&rq.city.identity, &form.old_password, &form.password);
    let done = match rq.cx.actor.staff() {
        Some(_) => identity.change_staff_password(db, &rq.cx, &client, keep, old, new).await.map(Some),
        None => identity.change_password(db, &rq.cx, &client, keep, old, new).await,
    };
    match done {
        Ok(notice) => {
            if let Some(notice) = notice {
                db::write!(db, |tx| { mails::post(tx, &rq.cx, &notice).await })?;
            }
            rq.see_other_with(account_page(&rq), "accounts-password-changed")
        }
        Err(error) => {
            let mut page = rq.page("accounts-password-title");
            again(&rq, &mut page, error, |page, trouble| change_page(&rq, page, has_one, trouble))
        }
    }
}
