//! Finds cases by words (Suche).

use std::collections::HashMap;

use askama::Template;
use axum::Form;
use contract_records::CaseView;
use house::{Answer, Path, Req};
use kernel::{CaseId, Error, Principal, Result, StaffId, Uuid};
use search::Question;
use serde::Deserialize;
use ui::{Errors, Page};

use super::{status, tone};
use crate::{
    origin,
    saved::{self, Saved},
    search::KIND,
    store,
};

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
    /// Own searches and those of the own unit.
    saved: Vec<Saved>,
    me: StaffId,
}

impl Search<'_> {
    fn mine(&self, saved: &Saved) -> bool {
        saved.staff_id == self.me
    }
}

/// What somebody keeps, and who they are.
async fn kept(rq: &Req) -> Result<(Vec<Saved>, StaffId)> {
    let Principal::Staff { user, unit, .. } = &rq.cx.actor.principal else { return Err(Error::StaffSignIn) };
    Ok((saved::of(&mut rq.city.db.read().await?, *user, unit).await?, *user))
}

pub async fn ask(rq: Req) -> Answer {
    let page = rq.page("records-search-title");
    let (saved, me) = kept(&rq).await?;
    rq.html(&Search { page: &page, q: String::new(), errors: Errors::new(), found: None, saved, me })
}

/// A `POST`, so that names stand in no address and no log.
pub async fn find(rq: Req, Form(asked): Form<Asked>) -> Answer {
    let (saved, me) = kept(&rq).await?;
    let page = rq.page("records-search-title");
    let q: String = asked.q.trim().chars().take(LONGEST).collect();
    if q.is_empty() {
        let mut errors = Errors::new();
        errors.push("q", page.t("records-search-missing"));
        let page = page.checked(&errors);
        return rq.invalid(&Search { page: &page, q, errors, found: None, saved, me });
    }
    let found = find_cases(&rq, me, &q, asked.seite.unwrap_or(1).clamp(1, PAGES)).await?;
    rq.html(&Search { page: &page, q, errors: Errors::new(), found: Some(found), saved, me })
}

#[derive(Deserialize)]
pub struct KeepForm {
    #[serde(default)]
    q: String,
    #[serde(default)]
    name: String,
    /// `ja`: for the own unit.
    #[serde(default)]
    stelle: String,
}

/// Keeps a search under a name; without one under its words.
pub async fn keep(rq: Req, Form(sent): Form<KeepForm>) -> Answer {
    let Principal::Staff { user, unit, .. } = &rq.cx.actor.principal else { return Err(Error::StaffSignIn.into()) };
    let short = |text: &str| text.trim().chars().take(LONGEST).collect::<String>();
    let question = short(&sent.q);
    if question.is_empty() {
        let page = rq.page("records-search-title");
        let errors: Errors = [("q", page.t("records-search-missing"))].into_iter().collect();
        let (page, (saved, me)) = (page.checked(&errors), kept(&rq).await?);
        return rq.invalid(&Search { page: &page, q: question, errors, found: None, saved, me });
    }
    let name = Some(short(&sent.name)).filter(|name| !name.is_empty()).unwrap_or_else(|| question.clone());
    let new = Saved {
        id: rq.cx.sources.uuid(),
        staff_id: *user,
        unit: unit.clone(),
        name,
        question,
        shared: sent.stelle == "ja",
        made_at: rq.cx.now(),
    };
    db::write!(rq.city.db, |tx| { saved::add(tx, &new).await })?;
    rq.see_other_with(ui::paths::STAFF_SEARCH, "records-done-search-kept")
}

pub async fn forget(rq: Req, Path(id): Path<Uuid>) -> Answer {
    let me = rq.cx.actor.staff().ok_or(Error::StaffSignIn)?;
    db::write!(rq.city.db, |tx| { saved::remove(tx, id, me).await })?;
    rq.see_other_with(ui::paths::STAFF_SEARCH, "records-done-search-forgotten")
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
