//! Finds cases by words (Suche).

use std::collections::HashMap;

use askama::Template;
use axum::Form;
use contract_records::CaseView;
use house::{Answer, Req};
use kernel::{CaseId, Error, Result, StaffId};
use search::Question;
use serde::Deserialize;
use ui::{Errors, Page};

use super::{status, tone};
use crate::{origin, search::KIND, store};

/// Cases on one page.
const PAGE: usize = store::AT_ONCE;
/// Pages that can be turned; who is not there by then needs another word.
const PAGES: usize = 50;
/// Longest question, in characters.
const LONGEST: usize = 200;

#[derive(Deserialize, Default)]
pub struct Asked {
    #[serde(default)]
    q: String,
    /// Number of the page, from 1.
    #[serde(default)]
    seite: Option<usize>,
}

/// One page of what was found.
struct Found {
    /// Known elsewhere by exactly what was asked for; on the first page only.
    exact: Vec<CaseView>,
    cases: Vec<CaseView>,
    /// Names of the leading units by key.
    units: HashMap<String, String>,
    total: usize,
    number: usize,
    building: bool,
}

impl Found {
    fn first(&self) -> usize {
        (self.number - 1) * PAGE + 1
    }

    fn last(&self) -> usize {
        (self.number * PAGE).min(self.total)
    }

    fn before(&self) -> Option<usize> {
        (self.number > 1).then(|| self.number - 1)
    }

    fn next(&self) -> Option<usize> {
        (self.last() < self.total && self.number < PAGES).then_some(self.number + 1)
    }

    fn many(&self) -> bool {
        self.total > PAGE * PAGES
    }

    fn unit<'a>(&'a self, case: &'a CaseView) -> &'a str {
        self.units.get(&case.unit).unwrap_or(&case.unit)
    }
}

#[derive(Template)]
#[template(path = "search.html")]
struct Search<'a> {
    page: &'a Page,
    q: String,
    errors: Errors,
    found: Option<Found>,
}

pub async fn ask(rq: Req) -> Answer {
    let page = rq.page("records-search-title");
    rq.html(&Search { page: &page, q: String::new(), errors: Errors::new(), found: None })
}

/// A `POST`, so that names stand in no address and no log.
pub async fn find(rq: Req, Form(asked): Form<Asked>) -> Answer {
    let staff = rq.cx.actor.staff().ok_or(Error::StaffSignIn)?;
    let page = rq.page("records-search-title");
    let q: String = asked.q.trim().chars().take(LONGEST).collect();
    if q.is_empty() {
        let mut errors = Errors::new();
        errors.push("q", page.t("records-search-missing"));
        let page = page.checked(&errors);
        return rq.invalid(&Search { page: &page, q, errors, found: None });
    }
    let found = find_cases(&rq, staff, &q, asked.seite.unwrap_or(1).clamp(1, PAGES)).await?;
    rq.html(&Search { page: &page, q, errors: Errors::new(), found: Some(found) })
}

async fn find_cases(rq: &Req, staff: StaffId, q: &str, number: usize) -> Result<Found> {
    let classes = identity::access::classes_of(&mut rq.city.db.read().await?, staff).await?;
    let asked = |number: usize| {
        let (classes, text) = (classes.clone(), q.to_owned());
        rq.city.find(Question { kind: KIND, classes, text, skip: (number - 1) * PAGE, take: PAGE })
    };
    let (mut number, mut hits) = (number, asked(number).await?);
    // Fewer than when the page before was shown.
    if hits.ids.is_empty() && hits.total > 0 {
        (number, hits) = (1, asked(1).await?);
    }
    // The index only says which: what is shown, and whether it may be, the database says.
    let ids: Vec<CaseId> = hits.ids.iter().copied().map(CaseId::from_uuid).collect();
    let mut rx = rq.city.db.read().await?;
    let read = store::cases_for_staff(&mut rx, &ids, staff).await?;
    let exact = match number {
        1 => {
            let known = origin::store::cases_known_as(&mut rx, staff, q).await?;
            store::cases_for_staff(&mut rx, &known, staff).await?
        }
        _ => Vec::new(),
    };
    let units = identity::units(&mut rx).await?;
    drop(rx);
    let mut by_id: HashMap<CaseId, CaseView> = read.into_iter().map(|case| (case.id, case)).collect();
    let cases: Vec<CaseView> = ids.iter().filter_map(|id| by_id.remove(id)).collect();
    let total = hits.total - (ids.len() - cases.len());
    // So few cases are an answer about somebody; longer ones are a list like that of the desk.
    if total <= PAGE {
        log(rq, staff, &cases).await?;
    }
    log(rq, staff, &exact).await?;
    let units = units.all().iter().map(|unit| (unit.key.clone(), unit.name.clone())).collect();
    Ok(Found { exact, cases, units, total, number, building: hits.building })
}

async fn log(rq: &Req, staff: StaffId, cases: &[CaseView]) -> Result<()> {
    if cases.is_empty() {
        return Ok(());
    }
    db::write!(rq.city.db, |tx| {
        for case in cases {
            store::log_access(tx, rq.cx.sources.uuid(), rq.cx.now(), staff, case.id, "search").await?;
        }
        Ok(())
    })
}
