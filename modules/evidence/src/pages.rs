//! The page that checks a proof, and the proofs of a case's documents.

use askama::Template;
use axum::{extract::Multipart, response::IntoResponse};
use contract_records::{Audience, DocumentView, DocumentsOfCase, VisibleCase};
use db::Rx;
use house::{Answer, Call, Cut, FormData, Path, Req};
use http::{StatusCode, header};
use kernel::{CaseId, DocumentId, Error, Hash, Result};
use sha2::{Digest, Sha256};
use ui::{Errors, Page, Row};

use crate::{
    log, proof, stamp,
    verify::{Fault, Proven, verify},
};

/// Largest file that is checked on the page, in bytes; `meer verify` takes any.
pub const MAX_FILE: usize = 10 * 1024 * 1024;
/// How often one address opens the page or checks something within an hour: each time the newest time-stamps are checked too.
const MOST_CHECKS: i64 = 120;
/// Largest proof: an entry, 64 hashes and a signed note are less.
pub const MAX_PROOF: usize = 256 * 1024;

#[derive(Template)]
#[template(path = "check.html")]
struct Check<'a> {
    page: &'a Page,
    errors: Errors,
    proven: Option<Proven>,
    fault: Option<Fault>,
    /// The time-stamp over the proof's checkpoint, when this city keeps one.
    stamp: Option<timestamp::Stamp>,
    /// How the city's stamps stand.
    stamps: stamp::Standing,
}

/// Newest stamps that are looked at on the public page; one of these nights the authority has answered.
const NIGHTS: usize = 7;

impl Check<'_> {
    /// Where the stamp over the proof's checkpoint is.
    fn stamp_href(&self) -> Option<String> {
        self.proven.as_ref().filter(|_| self.stamp.is_some()).map(|proven| stamp::pages::address(proven.size))
    }

    /// The newest stamp of this city, in words.
    fn newest_stamp(&self) -> Option<String> {
        let (_, stamp) = self.stamps.latest()?;
        let at = self.page.datetime(stamp.at);
        Some(self.page.t2("evidence-stamp-newest", "at", at, "authority", &stamp.authority))
    }

    fn stamps_missing(&self) -> Option<String> {
        let since = self.stamps.missing_since.map(|at| self.page.datetime(at))?;
        Some(self.page.t1("evidence-stamp-missing-since", "since", since))
    }

    fn newest_href(&self) -> Option<String> {
        self.stamps.latest().map(|(size, _)| stamp::pages::address(size))
    }

    fn rows(&self, proven: &Proven) -> Vec<Row> {
        let page = self.page;
        let mut rows = vec![
            Row::new(page.t("evidence-log"), &proven.origin),
            Row::new(page.t("evidence-entry"), page.t2("evidence-entry-of", "n", proven.number, "size", proven.size)),
        ];
        rows.extend(proven.stored_at.map(|at| Row::new(page.t("evidence-stored"), page.datetime(at))));
        rows.extend(proven.signed_at.map(|at| Row::new(page.t("evidence-signed"), page.datetime(at))));
        rows.extend(self.stamp.as_ref().map(|stamp| {
            let at = page.datetime(stamp.at);
            Row::new(page.t("evidence-stamp"), page.t2("evidence-stamp-of", "at", at, "authority", &stamp.authority))
        }));
        rows
    }

    fn fault_title(&self, fault: &Fault) -> String {
        self.page.t(match fault {
            Fault::NoProof => "evidence-no-proof",
            Fault::OtherKey => "evidence-other-key",
            Fault::Signature => "evidence-signature",
            Fault::NotInTree => "evidence-not-in-tree",
            Fault::OtherEntry => "evidence-other-entry",
            Fault::OtherBytes => "evidence-other-bytes",
        })
    }

    fn fault_text(&self, fault: &Fault) -> String {
        self.page.t(match fault {
            Fault::NoProof => "evidence-no-proof-text",
            Fault::OtherKey => "evidence-other-key-text",
            Fault::Signature => "evidence-signature-text",
            Fault::NotInTree => "evidence-not-in-tree-text",
            Fault::OtherEntry => "evidence-other-entry-text",
            Fault::OtherBytes => "evidence-other-bytes-text",
        })
    }
}

pub async fn ask(rq: Req) -> Answer {
    log::admit(&rq, "proof", MOST_CHECKS).await?;
    let page = rq.page("evidence-check-title");
    let stamps = stamp::standing(&rq.city, NIGHTS).await?;
    rq.html(&Check { page: &page, errors: Errors::new(), proven: None, fault: None, stamp: None, stamps })
}

/// Checks a file against a proof. Both are read once and forgotten; nothing of them is stored.
pub async fn check(rq: Req, form: Multipart) -> Answer {
    log::admit(&rq, "proof", MOST_CHECKS).await?;
    let (sent, broken) = match read(form).await {
        Ok(sent) => (sent, false),
        Err(Cut::Broken) => (Sent::default(), true),
        Err(Cut::TooLarge) => return Ok(StatusCode::PAYLOAD_TOO_LARGE.into_response()),
    };
    let page = rq.page("evidence-check-title");
    let stamps = stamp::standing(&rq.city, NIGHTS).await?;
    let mut errors = Errors::new();
    if broken {
        errors.push("datei", page.t("evidence-upload-broken"));
    } else if sent.sha256.is_none() {
        errors.push("datei", page.t("evidence-file-missing"));
    }
    if !broken && sent.proof.is_none() {
        errors.push("nachweis", page.t("evidence-proof-missing"));
    }
    let (Some(sha256), Some(proof)) = (sent.sha256, sent.proof) else {
        let page = page.checked(&errors);
        return rq.invalid(&Check { page: &page, errors, proven: None, fault: None, stamp: None, stamps });
    };
    let checked = verify(&sha256, &proof, &rq.city.checkpoints.verifier());
    let stamp = match &checked {
        Ok(proven) => stamp::of_size(&rq.city, proven.size).await?,
        Err(_) => None,
    };
    let (fault, proven) = (checked.as_ref().err().copied(), checked.ok());
    rq.html(&Check { page: &page, errors, proven, fault, stamp, stamps })
}

/// What was sent; a file that is empty was not chosen.
#[derive(Default)]
struct Sent {
    sha256: Option<Hash>,
    proof: Option<String>,
}

/// # Errors
/// A form that ended before its end: part of a document is another one.
async fn read(form: Multipart) -> Result<Sent, Cut> {
    let (mut form, mut sent) = (FormData::new(form), Sent::default());
    while let Some(mut field) = form.next().await {
        let (is_file, max) = match field.name() {
            "datei" => (true, MAX_FILE),
            "nachweis" => (false, MAX_PROOF),
            _ => continue,
        };
        let (mut size, mut hasher, mut proof) = (0, Sha256::new(), Vec::new());
        while let Some(chunk) = field.chunk().await {
            size += chunk.len();
            if size > max {
                return Err(Cut::TooLarge);
            }
            if is_file {
                hasher.update(&chunk);
            } else {
                proof.extend_from_slice(&chunk);
            }
        }
        if size > 0 && is_file {
            sent.sha256 = Some(hasher.finalize().into());
        } else if size > 0 {
            // What is no text is no proof either; the check says so.
            sent.proof = Some(String::from_utf8_lossy(&proof).into_owned());
        }
    }
    form.cut().map_or(Ok(sent), Err)
}

/// The documents of a case that this person may see.
async fn documents(rq: &Req, rx: &mut Rx, case: CaseId, staff: bool) -> Result<Vec<DocumentView>> {
    let case = rq.cx.ask(rx, VisibleCase { case }).await?;
    let mut documents = rq.cx.ask(rx, DocumentsOfCase { case: case.id }).await?;
    documents.retain(|document| staff || document.audience == Audience::Applicant);
    Ok(documents)
}

fn case_href(case: CaseId, staff: bool) -> String {
    let prefix = if staff { "/intern" } else { "" };
    format!("{prefix}/vorgang/{case}")
}

#[derive(Template)]
#[template(path = "list.html")]
struct List<'a> {
    page: &'a Page,
    case_href: String,
    documents: Vec<DocumentView>,
    /// A proof was asked for that no checkpoint covers yet.
    not_yet: bool,
}

impl List<'_> {
    fn href(&self, document: &DocumentView) -> String {
        format!("{}/dokument/{}/nachweis", self.case_href, document.id)
    }
}

pub async fn applicant_list(rq: Req, Path(case): Path<CaseId>) -> Answer {
    list(&rq, case, false).await
}

pub async fn staff_list(rq: Req, Path(case): Path<CaseId>) -> Answer {
    list(&rq, case, true).await
}

async fn list(rq: &Req, case: CaseId, staff: bool) -> Answer {
    let documents = documents(rq, &mut rq.city.db.read().await?, case, staff).await?;
    let page = rq.page("evidence-list-title");
    rq.html(&List { page: &page, case_href: case_href(case, staff), documents, not_yet: false })
}

pub async fn applicant_proof(rq: Req, Path((case, document)): Path<(CaseId, DocumentId)>) -> Answer {
    send(&rq, case, document, false).await
}

pub async fn staff_proof(rq: Req, Path((case, document)): Path<(CaseId, DocumentId)>) -> Answer {
    send(&rq, case, document, true).await
}

async fn send(rq: &Req, case: CaseId, id: DocumentId, staff: bool) -> Answer {
    let documents = documents(rq, &mut rq.city.db.read().await?, case, staff).await?;
    let file = documents.iter().find(|document| document.id == id).ok_or(Error::NotFound)?.file;
    // A reader is stopped after a moment, and the folder of checkpoints may be slow: the one does not wait for the other.
    let proof = match log::newest(&rq.city).await? {
        Some(note) => {
            let key = rq.city.checkpoints.verifier();
            let newest = proof::of_file(&mut rq.city.db.read().await?, file, note, &key).await?;
            // Under the earliest checkpoint with a time-stamp the proof says most.
            let stamped = match &newest {
                Some(proof) => stamp::earliest_over(&rq.city, proof.index).await?,
                None => None,
            };
            match stamped {
                Some(note) => proof::of_file(&mut rq.city.db.read().await?, file, note, &key).await?.or(newest),
                None => newest,
            }
        }
        None => None,
    };
    let Some(proof) = proof else {
        let page = rq.page("evidence-list-title");
        return rq.html(&List { page: &page, case_href: case_href(case, staff), documents, not_yet: true });
    };
    let text = proof.to_text().map_err(Error::internal)?;
    let name = format!("attachment; filename=\"{id}.tlog-proof\"");
    let kind = "text/plain; charset=utf-8".to_owned();
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)], text).into_response())
}

#[derive(Template)]
#[template(path = "panel.html")]
struct CasePanel<'a> {
    page: &'a Page,
    href: String,
}

pub async fn applicant_panel(rq: &Req, rx: &mut Rx, case: CaseId) -> Result<Option<String>> {
    panel(rq, rx, case, false).await
}

pub async fn staff_panel(rq: &Req, rx: &mut Rx, case: CaseId) -> Result<Option<String>> {
    panel(rq, rx, case, true).await
}

async fn panel(rq: &Req, rx: &mut Rx, case: CaseId, staff: bool) -> Result<Option<String>> {
    if documents(rq, rx, case, staff).await?.is_empty() {
        return Ok(None);
    }
    let page = rq.untitled();
    let panel = CasePanel { page: &page, href: format!("{}/nachweise", case_href(case, staff)) };
    panel.render().map(Some).map_err(Error::internal)
}
