use askama::Template;
use axum::response::{IntoResponse as _, Response};
use house::{Answer, Path, Req};
use kernel::{Error, Result, Uuid};
use ui::Page;

use super::import::{state_text, state_tone};
use crate::{
    export, folder, jobs, service,
    store::{self, Export},
};

#[derive(Template)]
#[template(path = "exports.html")]
struct Overview<'a> {
    page: &'a Page,
    exports: Vec<Export>,
    running: bool,
}

impl Overview<'_> {
    fn given(&self, export: &Export) -> String {
        let (files, cases, documents) = (export.files, export.cases, export.documents);
        let counts = [("files", files.into()), ("cases", cases.into()), ("documents", documents.into())];
        self.page.tf("exchange-given", &counts)
    }

    fn folder(&self, export: &Export) -> String {
        export.id.to_string()
    }
}

pub async fn overview(rq: Req) -> Answer {
    let staff = service::staff(&rq.cx)?;
    let exports = store::exports(&mut rq.city.db.read().await?, staff).await?;
    let running = exports.iter().any(|export| export.state == "running");
    let page = rq.page("exchange-export-title");
    rq.html(&Overview { page: &page, exports, running })
}

pub async fn start(rq: Req) -> Answer {
    let staff = service::staff(&rq.cx)?;
    db::write!(rq.city.db, |tx| {
        let running = store::exports(tx, staff).await?.iter().any(|export| export.state == "running");
        if running {
            return Err(Error::refused("exchange-export-running"));
        }
        let id = rq.cx.sources.uuid();
        store::add_export(tx, id, staff, rq.cx.now()).await?;
        ::jobs::enqueue(tx, &rq.cx, &jobs::WriteExport { export: id }).await
    })?;
    rq.see_other_with("/intern/ausgabe", "exchange-done-export")
}

/// Starts an export that failed once more, as what the person may see now.
pub async fn again(rq: Req, Path(id): Path<Uuid>) -> Answer {
    let export = own(&rq, id).await?;
    db::write!(rq.city.db, |tx| {
        let running = store::exports(tx, export.staff_id).await?.iter().any(|other| other.state == "running");
        if running {
            return Err(Error::refused("exchange-export-running"));
        }
        store::restart_export(tx, id, rq.cx.now()).await?;
        ::jobs::enqueue(tx, &rq.cx, &jobs::WriteExport { export: id }).await
    })?;
    rq.see_other_with("/intern/ausgabe", "exchange-done-export")
}

/// An export of whoever asks.
async fn own(rq: &Req, id: Uuid) -> Result<Export> {
    let export = store::export(&mut rq.city.db.read().await?, id).await?;
    if export.staff_id == service::staff(&rq.cx)? { Ok(export) } else { Err(Error::NotFound) }
}

/// The list of contents.
pub async fn contents(rq: Req, Path(id): Path<Uuid>) -> Answer {
    own(&rq, id).await?;
    let place = export::place(&rq.cx, id)?.join(export::CONTENTS);
    let text = folder::blocking(move || std::fs::read_to_string(place)).await?.map_err(|_| Error::NotFound)?;
    let response: Response = text.into_response();
    Ok(response)
}

/// Removes the folder of an export that was fetched.
pub async fn remove(rq: Req, Path(id): Path<Uuid>) -> Answer {
    let export = own(&rq, id).await?;
    if export.state == "running" {
        return Err(Error::refused("exchange-export-running").into());
    }
    let place = export::place(&rq.cx, id)?;
    folder::blocking(move || {
        let _ = std::fs::remove_dir_all(place);
    })
    .await?;
    let counts = (export.files, export.cases, export.documents);
    db::write!(rq.city.db, |tx| { store::end_export(tx, id, "removed", "", counts, rq.cx.now()).await })?;
    rq.see_other_with("/intern/ausgabe", "exchange-done-removed")
}
