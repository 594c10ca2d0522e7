//! The public page that checks a certificate, and its withdrawal on the page of the case.

use askama::Template;
use axum::{Form, extract::Multipart, response::IntoResponse};
use contract_certificates::CertificateId;
use contract_records::VisibleCase;
use db::Rx;
use house::{Answer, Call, Cut, FormData, Path, Req};
use http::StatusCode;
use kernel::{CaseId, Error, Hash, Result};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use ui::{Errors, Page, Row};

use crate::{code, limit, perm, service, store, store::Certificate};

/// Largest file that is compared, in bytes.
pub const MAX_FILE: usize = 10 * 1024 * 1024;
/// Longest reason for a withdrawal, in characters.
const MAX_REASON: usize = 1000;

#[derive(Template)]
#[template(path = "ask.html")]
struct Ask<'a> {
    page: &'a Page,
    typed: String,
    errors: Errors,
}

pub async fn ask(rq: Req) -> Answer {
    let page = rq.page("certificates-check-title");
    rq.html(&Ask { page: &page, typed: String::new(), errors: Errors::new() })
}

#[derive(Deserialize)]
pub struct AskForm {
    #[serde(default)]
    code: String,
}

pub async fn find(rq: Req, Form(form): Form<AskForm>) -> Answer {
    if let Some(bare) = code::read(&form.code) {
        return rq.see_other(format!("/pruefen/{}", code::grouped(&bare)));
    }
    let page = rq.page("certificates-check-title");
    let errors: Errors = [("code", page.t("certificates-code-wrong"))].into_iter().collect();
    let page = page.checked(&errors);
    rq.invalid(&Ask { page: &page, typed: form.code.chars().take(100).collect(), errors })
}

/// What comparing a file said.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Compared {
    NotYet,
    Same,
    Different,
}

#[derive(Template)]
#[template(path = "checked.html")]
struct Checked<'a> {
    page: &'a Page,
    code: String,
    found: Option<Certificate>,
    compared: Compared,
    errors: Errors,
}

impl Checked<'_> {
    /// A code that is none keeps a place in the address, so that its page has the same form as all others.
    fn action(&self) -> String {
        format!("/pruefen/{}/datei", if self.code.is_empty() { "-" } else { &self.code })
    }

    /// Nothing about the person.
    fn rows(&self, certificate: &Certificate) -> Vec<Row> {
        let page = self.page;
        let mut rows = vec![
            Row::new(page.t("certificates-kind"), &certificate.title),
            Row::new(page.t("certificates-office"), format!("{}, {}", page.city.name, certificate.office)),
            Row::new(page.t("certificates-date"), page.date_long(certificate.issued_on)),
        ];
        if let Some(at) = certificate.withdrawn_at {
            rows.push(Row::new(page.t("certificates-withdrawn-on"), page.datetime(at)));
        }
        rows
    }
}

/// The certificate of a code. Codes that never were are looked up like all others: same question, same answer.
async fn lookup(rq: &Req, typed: &str) -> Result<(String, Option<Certificate>)> {
    limit::admit(rq).await?;
    let bare = code::read(typed).unwrap_or_default();
    let found = store::certificate_of_code(&mut rq.city.db.read().await?, code::hash(&bare)).await?;
    Ok((code::grouped(&bare), found))
}

pub async fn show(rq: Req, Path(typed): Path<String>) -> Answer {
    let (code, found) = lookup(&rq, &typed).await?;
    let page = rq.page("certificates-checked-title");
    rq.html(&Checked { page: &page, code, found, compared: Compared::NotYet, errors: Errors::new() })
}

/// Compares a file with the one that was issued. It is read once, hashed and forgotten; nothing of it is stored.
pub async fn compare(rq: Req, Path(typed): Path<String>, form: Multipart) -> Answer {
    let (code, found) = lookup(&rq, &typed).await?;
    let page = rq.page("certificates-checked-title");
    let hash = match hash_of_file(form).await {
        Ok(Some(hash)) => Ok(hash),
        Ok(None) => Err(page.t("certificates-file-missing")),
        Err(Cut::Broken) => Err(page.t("certificates-file-broken")),
        Err(Cut::TooLarge) => return Ok(StatusCode::PAYLOAD_TOO_LARGE.into_response()),
    };
    let hash = match hash {
        Ok(hash) => hash,
        Err(text) => {
            let errors: Errors = [("datei", text)].into_iter().collect();
            let page = page.checked(&errors);
            return rq.invalid(&Checked { page: &page, code, found, compared: Compared::NotYet, errors });
        }
    };
    let same = found.as_ref().is_some_and(|c| c.pdf_sha256 == hash);
    let compared = if same { Compared::Same } else { Compared::Different };
    rq.html(&Checked { page: &page, code, found, compared, errors: Errors::new() })
}

/// The hash of the field `datei`; none when no file was chosen or it is empty.
///
/// # Errors
/// A form that ended before its end: part of a file is another one.
async fn hash_of_file(form: Multipart) -> Result<Option<Hash>, Cut> {
    let mut form = FormData::new(form);
    while let Some(mut field) = form.next().await {
        if field.name() != "datei" {
            continue;
        }
        let mut size = 0;
        let mut hasher = Sha256::new();
        while let Some(chunk) = field.chunk().await {
            size += chunk.len();
            if size > MAX_FILE {
                return Err(Cut::TooLarge);
            }
            hasher.update(&chunk);
        }
        return match field.cut() {
            Some(cut) => Err(cut),
            None => Ok((size > 0).then(|| hasher.finalize().into())),
        };
    }
    form.cut().map_or(Ok(None), Err)
}

#[derive(Template)]
#[template(path = "panel.html")]
struct StaffPanel<'a> {
    page: &'a Page,
    certificates: Vec<Certificate>,
    may_withdraw: bool,
}

pub async fn staff_panel(rq: &Req, rx: &mut Rx, case: CaseId) -> Result<Option<String>> {
    let certificates = store::certificates_of(rx, case).await?;
    if certificates.is_empty() {
        return Ok(None);
    }
    let unit = rq.cx.ask(rx, VisibleCase { case }).await?.unit;
    let may_withdraw = rq.cx.actor.allows_in(perm::WITHDRAW, &unit);
    let page = rq.untitled();
    let panel = StaffPanel { page: &page, certificates, may_withdraw };
    panel.render().map(Some).map_err(Error::internal)
}

#[derive(Deserialize)]
pub struct WithdrawForm {
    #[serde(default)]
    grund: String,
}

pub async fn withdraw(rq: Req, Path(id): Path<CertificateId>, Form(form): Form<WithdrawForm>) -> Answer {
    let staff = rq.cx.actor.staff().ok_or(Error::NotFound)?;
    let mut rx = rq.city.db.read().await?;
    let certificate = store::certificate(&mut rx, id).await?;
    let case = rq.cx.ask(&mut rx, VisibleCase { case: certificate.case_id }).await?;
    drop(rx);
    if !rq.cx.actor.allows_in(perm::WITHDRAW, &case.unit) {
        return Err(Error::NotFound.into());
    }
    let back = format!("/intern/vorgang/{}", case.id);
    let reason: String = form.grund.trim().chars().take(MAX_REASON).collect();
    if reason.is_empty() {
        return rq.see_other_with(back, "certificates-reason-missing-fehler");
    }
    db::write!(rq.city.db, |tx| { service::withdraw(&rq.cx, tx, id, staff, &reason).await })?;
    rq.see_other_with(back, "certificates-withdrawn-now")
}
