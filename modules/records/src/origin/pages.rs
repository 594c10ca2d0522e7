use askama::Template;
use axum::Form;
use db::Rx;
use house::{Answer, Path, Req};
use kernel::{CaseId, Error, Result, Uuid};
use serde::Deserialize;
use ui::{Errors, Page};

use super::store::{self, Elsewhere, OldDocument, OldNumber};
use crate::{
    document::service::may_write,
    file::{self, service::staff},
    perm, store as cases,
};

/// Longest name, identifier and address, in characters.
const LONGEST: usize = 500;

#[derive(Template)]
#[template(path = "origin_panel.html")]
struct Panel<'a> {
    page: &'a Page,
    case: CaseId,
    numbers: Vec<OldNumber>,
    documents: Vec<OldDocument>,
    elsewhere: Vec<Elsewhere>,
    may_write: bool,
}

/// What the case is known by in the system it came from, and files led elsewhere.
pub async fn panel(rq: &Req, rx: &mut Rx, case: CaseId) -> Result<Option<String>> {
    let numbers = store::old_numbers(rx, case).await?;
    let documents = store::old_documents(rx, case).await?;
    let elsewhere = store::elsewhere(rx, Some(case), None).await?;
    let view = cases::case(rx, case).await?;
    let may_write = may_write(&rq.cx, rx, &view).await.is_ok();
    if !may_write && numbers.is_empty() && documents.is_empty() && elsewhere.is_empty() {
        return Ok(None);
    }
    let page = rq.untitled();
    let panel = Panel { page: &page, case, numbers, documents, elsewhere, may_write };
    Ok(Some(panel.render().map_err(Error::internal)?))
}

#[derive(Deserialize, Default, Clone)]
pub struct Sent {
    #[serde(default)]
    system: String,
    #[serde(default)]
    kennung: String,
    #[serde(default)]
    adresse: String,
}

#[derive(Template)]
#[template(path = "elsewhere.html")]
struct ElsewherePage<'a> {
    page: &'a Page,
    /// Address of the case or file.
    base: String,
    sent: Sent,
    elsewhere: Vec<Elsewhere>,
    errors: Errors,
}

/// A case or a file, by its address.
#[derive(Clone, Copy)]
enum Of {
    Case(CaseId),
    File(Uuid),
}

impl Of {
    fn base(self) -> String {
        match self {
            Of::Case(case) => format!("/intern/vorgang/{case}"),
            Of::File(file) => format!("/intern/akte/{file}"),
        }
    }

    fn ids(self) -> (Option<CaseId>, Option<Uuid>) {
        match self {
            Of::Case(case) => (Some(case), None),
            Of::File(file) => (None, Some(file)),
        }
    }

    /// # Errors
    /// `NotFound` for what the actor does not see; as for a document in a case, `Forbidden` without the right to lead files
    /// in the unit of a file.
    async fn may_write(self, rq: &Req, rx: &mut Rx) -> Result<()> {
        let staff = staff(&rq.cx)?;
        match self {
            Of::Case(case) => {
                let case = cases::case_for_staff(rx, case, staff).await?;
                may_write(&rq.cx, rx, &case).await
            }
            Of::File(file) => {
                let file = file::store::file_for_staff(rx, file, staff).await?;
                if rq.cx.actor.allows_in(perm::FILE, &file.unit) { Ok(()) } else { Err(Error::Forbidden) }
            }
        }
    }
}

pub async fn of_case(rq: Req, Path(case): Path<CaseId>) -> Answer {
    show(&rq, Of::Case(case)).await
}

pub async fn of_file(rq: Req, Path(file): Path<Uuid>) -> Answer {
    show(&rq, Of::File(file)).await
}

async fn show(rq: &Req, of: Of) -> Answer {
    let mut rx = rq.city.db.read().await?;
    of.may_write(rq, &mut rx).await?;
    let (case, file) = of.ids();
    let elsewhere = store::elsewhere(&mut rx, case, file).await?;
    drop(rx);
    let page = rq.page("records-elsewhere-title");
    let (base, sent) = (of.base(), Sent::default());
    rq.html(&ElsewherePage { page: &page, base, sent, elsewhere, errors: Errors::new() })
}

pub async fn add_to_case(rq: Req, Path(case): Path<CaseId>, Form(sent): Form<Sent>) -> Answer {
    add(&rq, Of::Case(case), sent).await
}

pub async fn add_to_file(rq: Req, Path(file): Path<Uuid>, Form(sent): Form<Sent>) -> Answer {
    add(&rq, Of::File(file), sent).await
}

/// Empty, or an address that a browser opens as a page and never as a script.
fn is_address(text: &str) -> bool {
    text.is_empty() || ["http://", "https://"].iter().any(|start| text.starts_with(start) && text.len() > start.len())
}

async fn add(rq: &Req, of: Of, sent: Sent) -> Answer {
    let mut rx = rq.city.db.read().await?;
    of.may_write(rq, &mut rx).await?;
    let (case, file) = of.ids();
    let elsewhere = store::elsewhere(&mut rx, case, file).await?;
    drop(rx);
    let page = rq.page("records-elsewhere-title");
    let mut errors = Errors::new();
    let short = |text: &str| text.trim().chars().take(LONGEST).collect::<String>();
    let (system, identifier, address) = (short(&sent.system), short(&sent.kennung), short(&sent.adresse));
    if system.is_empty() {
        errors.push("system", page.t("records-elsewhere-system-missing"));
    }
    if identifier.is_empty() {
        errors.push("kennung", page.t("records-elsewhere-identifier-missing"));
    }
    if !is_address(&address) {
        errors.push("adresse", page.t("records-elsewhere-address-wrong"));
    }
    if !errors.is_empty() {
        let page = page.checked(&errors);
        return rq.invalid(&ElsewherePage { page: &page, base: of.base(), sent, elsewhere, errors });
    }
    let new = Elsewhere {
        id: rq.cx.sources.uuid(),
        case_id: case,
        file_id: file,
        led_in: system,
        identifier,
        address,
        made_by: staff(&rq.cx)?,
        made_at: rq.cx.now(),
    };
    db::write!(rq.city.db, |tx| {
        store::add_elsewhere(tx, &new).await?;
        super::service::refer(&rq.cx, tx, case, file).await
    })?;
    rq.see_other_with(of.base(), "records-done-elsewhere")
}

#[derive(Deserialize)]
pub struct Which {
    #[serde(default)]
    verweis: String,
}

impl Which {
    fn id(&self) -> Result<Uuid> {
        self.verweis.parse().map_err(|_| Error::NotFound)
    }
}

pub async fn remove_from_case(rq: Req, Path(case): Path<CaseId>, Form(which): Form<Which>) -> Answer {
    remove(&rq, Of::Case(case), which.id()?).await
}

pub async fn remove_from_file(rq: Req, Path(file): Path<Uuid>, Form(which): Form<Which>) -> Answer {
    remove(&rq, Of::File(file), which.id()?).await
}

async fn remove(rq: &Req, of: Of, id: Uuid) -> Answer {
    of.may_write(rq, &mut rq.city.db.read().await?).await?;
    let (case, file) = of.ids();
    db::write!(rq.city.db, |tx| {
        store::remove_elsewhere(tx, id, case, file).await?;
        super::service::refer(&rq.cx, tx, case, file).await
    })?;
    rq.see_other_with(format!("{}/verweise", of.base()), "records-done-elsewhere")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_page_and_no_script() {
        for good in ["", "https://dms.example/akte/7", "http://dms/7"] {
            assert!(is_address(good), "{good}");
        }
        for bad in ["javascript:alert(1)", "data:text/html,x", "dms.example", "https://", "//dms.example"] {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
