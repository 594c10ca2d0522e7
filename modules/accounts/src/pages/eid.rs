//! Sign-in with the online identity card (Online-Ausweis) or another means behind the eID server.

use std::collections::BTreeMap;

use axum::{Form, extract::Query};
use house::{Answer, Req};
use identity::Linking;
use kernel::Error;
use serde::Deserialize;

use super::{Back, WAY_COOKIE, citizen::back, client, cookie, set_cookie, signed_in};
use crate::{next, oidc::Oidc};

const CALLBACK: &str = "/anmelden/eid/zurueck";

#[derive(Deserialize)]
pub struct Begin {
    /// `ja` links the means with the account that is signed in, or does nothing; `wenn-neu` signs in to the account of a
    /// means that has one.
    #[serde(default)]
    verknuepfen: String,
}

pub async fn begin(rq: Req, Query(asked): Query<Back>, Form(form): Form<Begin>) -> Answer {
    let next = back(&asked);
    let source = Oidc::of(&rq.city)?;
    let redirect = format!("{}{CALLBACK}", rq.app.public_address(&rq.city));
    let linking = match form.verknuepfen.as_str() {
        "ja" => Linking::Only,
        "wenn-neu" => Linking::WhenNew,
        _ => Linking::Never,
    };
    let begun = rq.city.identity.begin_external(&rq.city.db, &rq.cx, &source, &redirect, Some(next), linking).await;
    match begun {
        Ok(begun) => {
            let mut response = rq.see_other(&begun.url)?;
            set_cookie(&mut response, &rq, WAY_COOKIE, &begun.browser, 20 * 60)?;
            Ok(response)
        }
        Err(Error::Peer { .. } | Error::Refused(_)) => {
            rq.see_other_with(next::with("/anmelden", next), "accounts-eid-unreachable-fehler")
        }
        Err(error) => Err(error.into()),
    }
}

pub async fn finish(rq: Req, Query(params): Query<BTreeMap<String, String>>) -> Answer {
    let source = Oidc::of(&rq.city)?;
    let browser = cookie(&rq, WAY_COOKIE);
    let (db, client) = (&rq.city.db, client(&rq));
    match rq.city.identity.finish_external(db, &rq.cx, &client, &source, params, browser).await {
        Ok((session, wanted)) => {
            let next = next::safe(wanted.as_deref(), false, ui::paths::ACCOUNT);
            signed_in(&rq, rq.see_other(next)?, &session)
        }
        Err(error) => {
            // The page that says what went wrong must not carry the answer of the eID server in its address.
            let notice = match &error {
                Error::Peer { .. } => "accounts-eid-unreachable-fehler",
                Error::Refused(refusal) => match refusal.code {
                    "external-cancelled" => "accounts-eid-cancelled-fehler",
                    "external-linked-elsewhere" => "accounts-eid-elsewhere-fehler",
                    "person-differs" => "accounts-eid-differs-fehler",
                    "link-expired" => "accounts-step-expired-fehler",
                    _ => "accounts-eid-failed-fehler",
                },
                _ => return Err(error.into()),
            };
            let signed_in = rq.cx.actor.account().is_some();
            rq.see_other_with(if signed_in { ui::paths::ACCOUNT } else { ui::paths::SIGN_IN }, notice)
        }
    }
}
