//! Second factor of citizens and staff: set up, replace, remove, recovery codes.

use askama::Template;
use axum::Form;
use house::{Answer, Req};
use identity::{FactorState, NewFactor};
use kernel::Error;
use serde::Deserialize;
use ui::{Errors, Page};

use super::{Trouble, account_page, client};
use crate::qr;

#[derive(Template)]
#[template(path = "factor.html")]
pub struct FactorPage<'a> {
    pub page: &'a Page,
    pub back: &'a str,
    pub action: String,
    pub qr: String,
    pub secret: String,
    pub state: FactorState,
    /// A second factor is not asked for by the city: it may be removed.
    pub removable: bool,
    pub errors: Errors,
    pub notice: String,
}

/// Shown once.
#[derive(Template)]
#[template(path = "codes.html")]
pub struct CodesPage<'a> {
    pub page: &'a Page,
    pub codes: Vec<String>,
    pub next: &'a str,
}

#[derive(Deserialize)]
pub struct FactorForm {
    #[serde(default, alias = "remove-code", alias = "renew-code")]
    code: String,
    #[serde(default)]
    current: String,
}

/// Name of the city and of the account, as an authenticator app lists them.
fn names(rq: &Req) -> (String, String) {
    let label = rq.session.as_ref().map(|s| s.display.clone()).unwrap_or_default();
    (rq.city.info.name.clone(), label)
}

pub fn drawn(page: &Page, factor: &NewFactor) -> Result<String, Error> {
    qr::svg(&factor.uri, &page.t("accounts-factor-qr"))
}

async fn page_with(rq: &Req, error: Option<Error>) -> Answer {
    let (issuer, label) = names(rq);
    let (db, identity) = (&rq.city.db, &rq.city.identity);
    let (factor, state) = db::write!(db, |tx| {
        let factor = match identity.pending_factor(tx, &rq.cx, &issuer, &label).await? {
            Some(factor) => factor,
            None => identity.start_factor(tx, &rq.cx, &issuer, &label).await?,
        };
        Ok((factor, identity::own_factor(tx, &rq.cx).await?))
    })?;
    let mut page = rq.page("accounts-factor-title");
    let failed = error.is_some();
    let trouble = match error {
        Some(error) => Trouble::of(&mut page, error)?,
        None => Trouble::default(),
    };
    let account = account_page(rq);
    let view = FactorPage {
        page: &page,
        back: account,
        action: format!("{account}/zweiter-faktor"),
        qr: drawn(&page, &factor)?,
        secret: factor.secret,
        state,
        removable: rq.cx.actor.staff().is_none() || !identity.policy().staff_second_factor,
        errors: trouble.errors,
        notice: trouble.notice.unwrap_or_default(),
    };
    if failed { rq.invalid(&view) } else { rq.html(&view) }
}

pub async fn show(rq: Req) -> Answer {
    page_with(&rq, None).await
}

fn codes(rq: &Req, codes: Vec<String>) -> Answer {
    let page = rq.page("accounts-codes-title");
    rq.html(&CodesPage { page: &page, codes, next: account_page(rq) })
}

pub async fn finish(rq: Req, Form(form): Form<FactorForm>) -> Answer {
    let (db, client) = (&rq.city.db, client(&rq));
    match rq.city.identity.finish_factor(db, &rq.cx, &client, &form.code, &form.current).await {
        Ok(fresh) => codes(&rq, fresh),
        Err(error) => page_with(&rq, Some(error)).await,
    }
}

pub async fn remove(rq: Req, Form(form): Form<FactorForm>) -> Answer {
    let (db, client) = (&rq.city.db, client(&rq));
    match rq.city.identity.remove_factor(db, &rq.cx, &client, &form.code).await {
        Ok(()) => rq.see_other_with(account_page(&rq), "accounts-factor-removed"),
        Err(error) => page_with(&rq, Some(at_field(error, "remove-code"))).await,
    }
}

pub async fn recovery(rq: Req, Form(form): Form<FactorForm>) -> Answer {
    let (db, client) = (&rq.city.db, client(&rq));
    match rq.city.identity.renew_recovery_codes(db, &rq.cx, &client, &form.code).await {
        Ok(fresh) => codes(&rq, fresh),
        Err(error) => page_with(&rq, Some(at_field(error, "renew-code"))).await,
    }
}

/// The page has several fields for a code: the error belongs to the one that was sent.
fn at_field(error: Error, field: &str) -> Error {
    match error {
        Error::Invalid(errors) => {
            let moved = errors.into_iter().map(|e| kernel::FieldError { field: field.to_owned(), ..e });
            Error::Invalid(moved.collect())
        }
        other => other,
    }
}
