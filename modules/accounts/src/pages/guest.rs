//! Somebody without an account comes back with a claim code (Abholcode).

use axum::Form;
use house::{Answer, Req};
use kernel::{Error, Principal};
use serde::Deserialize;
use ui::Page;

use super::{Field, FormPage, Trouble, again, client, signed_in};

#[derive(Deserialize)]
pub struct ClaimForm {
    #[serde(default)]
    code: String,
}

fn claim_page<'a>(page: &'a Page, typed: &str, trouble: Trouble) -> FormPage<'a> {
    FormPage::new(page, "/abholen", "accounts-claim-open")
        .intro(page.t("accounts-claim-text"))
        .field(Field::Text {
            name: "code",
            label: page.t("accounts-claim-code"),
            value: typed.to_owned(),
            hint: page.t("accounts-claim-hint"),
            autocomplete: "off",
        })
        .link("accounts-have-account", ui::paths::SIGN_IN)
        .trouble(trouble)
}

pub async fn show(rq: Req) -> Answer {
    let page = rq.page("accounts-claim-title");
    rq.html(&claim_page(&page, "", Trouble::default()))
}

pub async fn redeem(rq: Req, Form(form): Form<ClaimForm>) -> Answer {
    if form.code.trim().is_empty() {
        let mut page = rq.page("accounts-claim-title");
        let missing = Error::invalid("code", "claim-missing");
        return again(&rq, &mut page, missing, |page, trouble| claim_page(page, &form.code, trouble));
    }
    let client = client(&rq);
    match rq.city.identity.redeem_claim(&rq.city.db, &rq.cx, &client, &form.code).await {
        Ok(session) => {
            let view = identity::resolve(&rq.city.db, &rq.cx.sources, &session.token).await?;
            let page = match view.map(|v| v.principal) {
                Some(Principal::Guest { case }) => format!("/vorgang/{case}"),
                _ => ui::paths::HOME.to_owned(),
            };
            signed_in(&rq, rq.see_other(page)?, &session)
        }
        Err(error) => {
            let mut page = rq.page("accounts-claim-title");
            again(&rq, &mut page, error, |page, trouble| claim_page(page, &form.code, trouble))
        }
    }
}
