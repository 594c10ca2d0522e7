//! A document in the browser: PDF and pictures by the browser's own viewer in a frame, texts escaped, office files and scans (TIFF) as
//! the PDF that a job makes of them. What their bytes do not say to be one of these is offered to be saved, and nothing else.

use std::{collections::HashMap, path::PathBuf};

use askama::Template;
use axum::extract::Query;
use contract_records::{CaseView, DocumentView, RenditionOf};
use convert::{Fault, Format, Programs};
use db::Rx;
use files::{Meta, Shown, shown};
use house::{Answer, InCity, Path, Req, Viewed, framing, inline};
use kernel::{CaseId, Cx, DocumentId, Error, FileId, Result};
use serde::{Deserialize, Serialize};
use ui::{Page, Row};

use super::{
    service,
    store::{self, Rendition, Version},
};
use crate::{
    capture::{service::local, store as mails},
    pages::{log, view_panels},
    store as cases,
};

/// How a version is shown.
enum How {
    Frame,
    Text(String),
    /// An e-mail: who, when and what, as text; what is enclosed lies beside it.
    Mail(Mail),
    /// A job makes a PDF of it.
    Converting,
    /// It could be made a PDF of, and the programs for it are not installed, or the machine lets nobody make a sandbox.
    NotHere,
    /// None could be made.
    NotConverted,
    Not,
}

struct Mail {
    head: Vec<Row>,
    text: String,
    enclosures: Vec<DocumentView>,
}

/// The version that somebody wants to see.
struct Chosen {
    case: CaseView,
    document: DocumentView,
    versions: Vec<Version>,
    n: i64,
    meta: Meta,
}

/// A version of a document in a case that the member of staff sees; without a number the one that counts.
async fn chosen(rq: &Req, id: DocumentId, query: &HashMap<String, String>) -> Result<Chosen> {
    let staff = crate::file::service::staff(&rq.cx)?;
    let mut rx = rq.city.db.read().await?;
    let document = cases::document(&mut rx, id).await?;
    let case = cases::case_for_staff(&mut rx, document.case, staff).await?;
    let versions = store::versions(&mut rx, id).await?;
    let (n, file) = match query.get("fassung") {
        Some(text) => {
            let n = text.parse::<i64>().map_err(|_| Error::NotFound)?;
            // A document that was never changed has no versions: it is its own first.
            let only = (n == 1 && versions.is_empty()).then_some(document.file);
            let file = only.or_else(|| versions.iter().find(|version| version.n == n).map(|version| version.file_id));
            (n, file.ok_or(Error::NotFound)?)
        }
        None => (service::valid(&versions, document.file).unwrap_or(1), document.file),
    };
    let meta = files::meta(&mut rx, file).await?;
    Ok(Chosen { case, document, versions, n, meta })
}

#[derive(Template)]
#[template(path = "view.html")]
struct View<'a> {
    page: &'a Page,
    chosen: Chosen,
    how: How,
    /// What other rooms have to say of the document.
    panels: Vec<String>,
    /// Page of the document to begin at.
    at_page: Option<u32>,
}

impl View<'_> {
    fn frame(&self) -> String {
        let at = format!("{}/anzeige?fassung={}", self.base(), self.chosen.n);
        // What the viewers of browsers understand (RFC 8118, section 3).
        self.at_page.map_or_else(|| at.clone(), |page| format!("{at}#page={page}"))
    }

    fn base(&self) -> String {
        format!("/intern/dokument/{}", self.chosen.document.id)
    }

    /// The version as a file.
    fn download(&self) -> String {
        let at = format!("/intern/vorgang/{}/dokument/{}", self.chosen.case.id, self.chosen.document.id);
        if self.chosen.versions.is_empty() { at } else { format!("{at}/fassung/{}", self.chosen.n) }
    }

    fn is_valid(&self, version: &Version) -> bool {
        service::valid(&self.chosen.versions, self.chosen.document.file) == Some(version.n)
    }
}

pub async fn view(rq: Req, Path(id): Path<DocumentId>, Query(query): Query<HashMap<String, String>>) -> Answer {
    let chosen = chosen(&rq, id, &query).await?;
    let bytes = rq.city.files.read_verified(&chosen.meta).await?;
    let mut page = rq.untitled();
    page.title = chosen.document.title.clone();
    let mail = match message::kind_of(&chosen.meta.name, &bytes) {
        Some(kind) => mail(&rq, &page, &chosen, kind, &bytes).await?,
        None => None,
    };
    let how = match (mail, shown(&bytes)) {
        (Some(mail), _) => How::Mail(mail),
        (None, Shown::Frame(_)) => How::Frame,
        (None, Shown::Text(text)) => How::Text(text),
        (None, Shown::Not) => office(&rq, &chosen, &bytes).await?,
    };
    // What stands in a frame is noted when the frame gets it.
    if matches!(how, How::Text(_) | How::Mail(_)) {
        log(&rq, chosen.case.id, "document").await?;
    }
    let mut rx = rq.city.db.read().await?;
    let viewed = Viewed::Document { case: chosen.case.id, document: chosen.document.id, version: chosen.n };
    let panels = view_panels(&rq, &mut rx, viewed).await?;
    drop(rx);
    let at_page = query.get("seite").and_then(|page| page.parse().ok());
    Ok(framing(rq.html(&View { page: &page, chosen, how, panels, at_page })?))
}

/// What an e-mail says; none when it cannot be read as one.
async fn mail(rq: &Req, page: &Page, chosen: &Chosen, kind: message::Kind, bytes: &[u8]) -> Result<Option<Mail>> {
    let bytes = bytes.to_vec();
    // Taking a message apart takes a core for a while: not on a thread that answers requests.
    let read = tokio::task::spawn_blocking(move || message::read(kind, &bytes)).await.map_err(Error::internal)?;
    let Ok(message) = read else { return Ok(None) };
    let people = |people: &[message::Person]| people.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    let head = [
        (page.t("records-mail-from"), message.from.as_ref().map(ToString::to_string).unwrap_or_default()),
        (page.t("records-mail-to"), people(&message.to)),
        (page.t("records-view-mail-cc"), people(&message.cc)),
        (page.t("records-mail-sent"), message.sent_at.map(local).unwrap_or_default()),
        (page.t("records-mail-subject"), message.subject),
    ];
    let head = head.into_iter().filter(|(_, value)| !value.is_empty()).map(|(key, value)| Row::new(key, value));
    let mut rx = rq.city.db.read().await?;
    let mut enclosures = Vec::new();
    for enclosed in mails::enclosed(&mut rx, chosen.case.id).await? {
        if enclosed.parent_id == chosen.document.id {
            enclosures.push(cases::document(&mut rx, enclosed.document_id).await?);
        }
    }
    Ok(Some(Mail { head: head.collect(), text: message.text, enclosures }))
}

/// How a file is shown that browsers cannot show. The first who looks lets the job begin.
async fn office(rq: &Req, chosen: &Chosen, bytes: &[u8]) -> Result<How> {
    let Some(format) = Format::of(bytes, &chosen.meta.name) else { return Ok(How::Not) };
    let made = store::rendition(&mut rq.city.db.read().await?, chosen.meta.id).await?;
    match made {
        Some(Rendition { file_id: Some(_), .. }) => Ok(How::Frame),
        Some(_) => Ok(How::NotConverted),
        None => {
            if format.is_office() && !office_here(rq, format).await? {
                return Ok(How::NotHere);
            }
            let job = MakeRendition { file: chosen.meta.id, case: chosen.case.id };
            db::write!(rq.city.db, |tx| { jobs::enqueue(tx, &rq.cx, &job).await })?;
            Ok(How::Converting)
        }
    }
}

/// Whether this machine can convert such an office file.
async fn office_here(rq: &Req, format: Format) -> Result<bool> {
    let Some(programs) = Programs::installed().filter(|programs| programs.opens(format)) else {
        return Ok(false);
    };
    if let Err(fault) = programs.try_sandbox(&scratch(&rq.cx)?).await {
        tracing::error!(city = %rq.city.key, "office files are not shown: {fault}");
        return Ok(false);
    }
    Ok(true)
}

/// The bytes for the frame.
pub async fn framed(rq: Req, Path(id): Path<DocumentId>, Query(query): Query<HashMap<String, String>>) -> Answer {
    let chosen = chosen(&rq, id, &query).await?;
    let mut bytes = rq.city.files.read_verified(&chosen.meta).await?;
    let mut how = shown(&bytes);
    if how == Shown::Not {
        let mut rx = rq.city.db.read().await?;
        let made = store::rendition(&mut rx, chosen.meta.id).await?.and_then(|made| made.file_id);
        let meta = files::meta(&mut rx, made.ok_or(Error::NotFound)?).await?;
        drop(rx);
        bytes = rq.city.files.read_verified(&meta).await?;
        how = shown(&bytes);
    }
    let Shown::Frame(media_type) = how else { return Err(Error::NotFound.into()) };
    log(&rq, chosen.case.id, "document").await?;
    Ok(inline(media_type, &chosen.meta.name, bytes))
}

/// Makes a PDF of an office file or a scan of a case.
#[derive(Serialize, Deserialize)]
pub struct MakeRendition {
    pub file: FileId,
    pub case: CaseId,
}

impl jobs::Job for MakeRendition {
    const NAME: &'static str = "records.make-rendition";
    const MAX_ATTEMPTS: u32 = 3;

    fn dedup_key(&self) -> Option<String> {
        Some(self.file.to_string())
    }
}

/// Where LibreOffice works on what is to be shown.
fn scratch(cx: &Cx) -> Result<PathBuf> {
    Ok(cx.app()?.config.data.join(&cx.city()?.key).join("convert"))
}

pub async fn make_rendition(cx: Cx, job: MakeRendition) -> Result<()> {
    let city = cx.city()?;
    let mut rx = city.db.read().await?;
    if store::rendition(&mut rx, job.file).await?.is_some() {
        return Ok(());
    }
    let meta = match files::meta(&mut rx, job.file).await {
        Ok(meta) => meta,
        // Deleted with its case meanwhile.
        Err(Error::NotFound) => return Ok(()),
        Err(error) => return Err(error),
    };
    drop(rx);
    let bytes = city.files.read_verified(&meta).await?;
    let made = match (Format::of(&bytes, &meta.name), Programs::installed()) {
        (Some(Format::Tiff), _) => convert::scan_to_pdf(bytes, convert::MOST_SCAN_TIME).await,
        (Some(format), Some(programs)) if programs.opens(format) => {
            programs.to_pdf(&scratch(&cx)?, format, &bytes, convert::MOST_TIME).await
        }
        _ => return Ok(()),
    };
    let (stored, fault) = match made {
        Ok(pdf) => (Some(city.files.put(&cx, pdf).await?), None),
        // They say nothing about this file: what is written down about it is not tried again.
        Err(fault @ (Fault::Io(_) | Fault::NoSandbox(_))) => return Err(Error::internal(fault)),
        Err(fault) => {
            tracing::warn!(city = %city.key, file = %job.file, "no view of an office file or a scan: {fault}");
            (None, Some(fault.code()))
        }
    };
    db::write!(city.db, |tx| {
        // Twice is once, and a case that was deleted meanwhile gets nothing.
        if store::rendition(tx, job.file).await?.is_some() {
            return Ok(());
        }
        match cases::case(tx, job.case).await {
            Ok(_) => {}
            Err(Error::NotFound) => return Ok(()),
            Err(error) => return Err(error),
        }
        if let Some(stored) = &stored {
            files::record(tx, &cx, stored, "ansicht.pdf", "application/pdf").await?;
        }
        let file_id = stored.as_ref().map(|stored| stored.id);
        let made = Rendition { source_id: job.file, file_id, fault: fault.map(str::to_owned) };
        store::add_rendition(tx, job.case, &made, cx.now()).await
    })
}

pub async fn rendition_of(_: &Cx, rx: &mut Rx, q: RenditionOf) -> Result<Option<FileId>> {
    Ok(store::rendition(rx, q.file).await?.and_then(|made| made.file_id))
}
