//! The application on the page of its case.

use askama::Template;
use contract_services::Section;
use db::Rx;
use house::Req;
use kernel::{CaseId, Error, Result};
use ui::{Page, Row};

use crate::{service, store};

#[derive(Template)]
#[template(path = "panel_staff.html")]
struct StaffPanel<'a> {
    page: &'a Page,
    sections: Vec<Section>,
    level: String,
}

/// For the clerk, each value to be copied with one click.
pub async fn staff(rq: &Req, rx: &mut Rx, case: CaseId) -> Result<Option<String>> {
    let Some(application) = store::application(rx, case).await? else { return Ok(None) };
    let page = rq.untitled();
    let level = page.t(&format!("services-level-{}", application.level));
    let sections = service::stored_sections(&application.sections_german)?;
    StaffPanel { page: &page, sections, level }.render().map(Some).map_err(Error::internal)
}

#[derive(Template)]
#[template(path = "panel_applicant.html")]
struct ApplicantPanel<'a> {
    page: &'a Page,
    sections: Vec<Section>,
}

impl ApplicantPanel<'_> {
    fn rows(section: &Section) -> Vec<Row> {
        section.rows.iter().map(|(label, value)| Row::new(label, value)).collect()
    }
}

/// For the applicant: what was sent.
pub async fn applicant(rq: &Req, rx: &mut Rx, case: CaseId) -> Result<Option<String>> {
    let Some(application) = store::application(rx, case).await? else { return Ok(None) };
    let page = rq.untitled();
    let sections = service::stored_sections(&application.sections)?;
    ApplicantPanel { page: &page, sections }.render().map(Some).map_err(Error::internal)
}
