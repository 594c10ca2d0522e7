//! Opening a city account by a mailed link.

use axum::{Form, extract::Query};
use house::{Answer, Path, Req};
use kernel::Error;
use serde::Deserialize;
use ui::{Message, Page};

use super::{Back, Field, FormPage, Trouble, again, citizen::back, client, signed_in};
use crate::{mails, next};

#[derive(Deserialize)]
pub struct StartForm {
    #[serde(default)]
    email: String,
}

#[derive(Deserialize)]
pub struct FinishForm {
    #[serde(default)]
    label: String,
    #[serde(default)]
    password: String,
}

fn start_page<'a>(page: &'a Page, next: &str, email: &str, trouble: Trouble) -> FormPage<'a> {
    FormPage::new(page, next::with("/registrieren", next), "accounts-register-send")
        .back(&next::with("/anmelden", next))
        .intro(page.t("accounts-register-text"))
        .field(Field::Email {
            name: "email",
            label: page.t("accounts-email"),
            value: email.to_owned(),
            hint: page.t("accounts-register-hint"),
        })
        .trouble(trouble)
}

pub async fn show(rq: Req, Query(asked): Query<Back>) -> Answer {
    let page = rq.page("accounts-register-title");
    rq.html(&start_page(&page, back(&asked), "", Trouble::default()))
}

pub async fn start(rq: Req, Query(asked): Query<Back>, Form(form): Form<StartForm>) -> Answer {
    let (next, client) = (back(&asked), client(&rq));
    let done = db::write!(rq.city.db, |tx| {
        let mail = rq.city.identity.start_registration(tx, &rq.cx, &client, &form.email, Some(next)).await?;
        match mail {
            Some(mail) => mails::post(tx, &rq.cx, &mail).await,
            None => Ok(()),
        }
    });
    match done {
        Ok(()) => {
            let page = rq.page("accounts-mail-sent-title");
            let hours = rq.city.identity.policy().confirm_hours;
            let text = page.t1("accounts-register-sent", "hours", hours);
            rq.html(&Message::new(&page, text).and(page.t("accounts-mail-none")))
        }
        Err(error) => {
            let mut page = rq.page("accounts-register-title");
            again(&rq, &mut page, error, |page, trouble| start_page(page, next, &form.email, trouble))
        }
    }
}

fn finish_page<'a>(
    page: &'a Page,
    token: &str,
    email: &str,
    existing: usize,
    label: &str,
    trouble: Trouble,
) -> FormPage<'a> {
    let mut form = FormPage::new(page, format!("/registrieren/{token}"), "accounts-register-finish").intro(page.t1(
        "accounts-register-for",
        "email",
        email,
    ));
    if existing > 0 {
        form = form
            .intro(page.t1("accounts-register-existing", "n", existing))
            .link("accounts-forgotten", "/passwort-vergessen");
    }
    form.field(Field::Password {
        name: "password",
        label: page.t("accounts-password-new"),
        hint: page.t1("accounts-password-rules", "min", identity::PASSWORD_MIN_CHARS),
        autocomplete: "new-password",
    })
    .field(Field::Text {
        name: "label",
        label: page.t("accounts-label-optional"),
        value: label.to_owned(),
        hint: page.t("accounts-label-hint"),
        autocomplete: "off",
    })
    .trouble(trouble)
}

/// The page of a link that is good no more.
pub fn expired(rq: &Req, again: &'static str) -> Answer {
    let page = rq.page("accounts-link-expired-title");
    let mut response =
        rq.html(&Message::new(&page, page.t("accounts-link-expired-text")).link(page.t("accounts-link-again"), again))?;
    *response.status_mut() = http::StatusCode::GONE;
    Ok(response)
}

pub async fn show_link(rq: Req, Path(token): Path<String>) -> Answer {
    match rq.city.identity.registering(&mut rq.city.db.read().await?, &rq.cx, &token).await {
        Ok(who) => {
            let page = rq.page("accounts-register-title");
            rq.html(&finish_page(&page, &token, &who.email, who.existing, "", Trouble::default()))
        }
        Err(Error::Refused(_)) => expired(&rq, "/registrieren"),
        Err(error) => Err(error.into()),
    }
}

pub async fn finish(rq: Req, Path(token): Path<String>, Form(form): Form<FinishForm>) -> Answer {
    let (db, client) = (&rq.city.db, client(&rq));
    let done = rq.city.identity.finish_registration(db, &rq.cx, &client, &token, &form.label, &form.password).await;
    match done {
        Ok((session, wanted)) => {
            let next = next::safe(wanted.as_deref(), false, ui::paths::ACCOUNT);
            signed_in(&rq, rq.see_other_with(next, "accounts-opened")?, &session)
        }
        Err(Error::Refused(_)) => expired(&rq, "/registrieren"),
        Err(error) => {
            let who = rq.city.identity.registering(&mut db.read().await?, &rq.cx, &token).await?;
            let mut page = rq.page("accounts-register-title");
            again(&rq, &mut page, error, |page, trouble| {
                finish_page(page, &token, &who.email, who.existing, &form.label, trouble)
            })
        }
    }
}
