//! The way in: start page, catalogue, one service.

use std::sync::Arc;

use askama::Template;
use axum::extract::Query;
use forms::{Block, blocks};
use house::{Answer, Path, Req};
use kernel::Money;
use serde::Deserialize;
use ui::{Page, Row};

use super::token_hash;
use crate::{
    catalogue::{self, Service},
    fees::{self, Fees},
    search,
    store::{self, Draft},
};

/// A draft of one's own in a list.
pub struct OwnDraft {
    pub title: String,
    pub href: String,
    pub delete_href: String,
    pub until: String,
}

fn own(rq: &Req, page: &Page, draft: &Draft) -> OwnDraft {
    let title = catalogue::service(&rq.city.content, &draft.service)
        .map_or_else(|_| draft.service.clone(), |s| s.title.get(page.lang).to_owned());
    OwnDraft {
        title,
        href: format!("/antrag/{}", draft.id),
        delete_href: format!("/antrag/{}/loeschen", draft.id),
        until: page.date(draft.expires_at.to_zoned(kernel::berlin()).date()),
    }
}

async fn own_drafts(rq: &Req, page: &Page) -> kernel::Result<Vec<OwnDraft>> {
    let (account, token) = (rq.cx.actor.account(), token_hash(rq));
    if account.is_none() && token.is_none() {
        return Ok(Vec::new());
    }
    let drafts = store::own_drafts(&mut rq.city.db.read().await?, account, token, rq.cx.now()).await?;
    Ok(drafts.iter().map(|draft| own(rq, page, draft)).collect())
}

#[derive(Template)]
#[template(path = "start.html")]
struct Start<'a> {
    page: &'a Page,
    online: Vec<Arc<Service>>,
    others: Vec<Arc<Service>>,
    drafts: Vec<OwnDraft>,
    signed_in: bool,
}

pub async fn start(rq: Req) -> Answer {
    let mut page = rq.untitled();
    page.title = page.t1("services-start-title", "city", &page.city.place);
    let services = catalogue::all(&rq.city.content, page.lang)?;
    let (online, others) = services.into_iter().partition(|s| s.online.is_some());
    let drafts = own_drafts(&rq, &page).await?;
    let signed_in = rq.cx.actor.account().is_some();
    rq.html(&Start { page: &page, online, others, drafts, signed_in })
}

#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    q: String,
}

#[derive(Template)]
#[template(path = "list.html")]
struct List<'a> {
    page: &'a Page,
    query: &'a str,
    services: Vec<Arc<Service>>,
}

/// Longest query that is looked at, in characters.
const LONGEST_QUERY: usize = 200;

pub async fn list(rq: Req, Query(asked): Query<Asked>) -> Answer {
    let query: String = asked.q.trim().chars().take(LONGEST_QUERY).collect();
    let all = catalogue::all(&rq.city.content, rq.cx.lang)?;
    let services = if query.is_empty() { all } else { search::find(&all, &query) };
    let page = rq.page(if query.is_empty() { "services-list-title" } else { "services-found-title" });
    rq.html(&List { page: &page, query: &query, services })
}

/// The search box of every page leads to the list.
pub async fn find(rq: Req) -> Answer {
    let query = rq.path().split_once('?').map_or("", |(_, query)| query);
    rq.see_other(if query.is_empty() { "/leistungen".to_owned() } else { format!("/leistungen?{query}") })
}

#[derive(Template)]
#[template(path = "service.html")]
struct ServicePage<'a> {
    page: &'a Page,
    service: &'a Service,
    text: Vec<Block>,
    fees: Vec<FeeLine>,
    /// What it costs to be refused, to withdraw or to have searched in vain; folded away.
    outcomes: Vec<FeeLine>,
}

/// A row of the city's fees; its texts are German.
struct FeeLine {
    text: String,
    amount: String,
    basis: String,
}

impl FeeLine {
    fn of(page: &Page, row: &fees::Row) -> Self {
        let cents = |cents: i64| page.money(Money(cents));
        let amount = match row.max_cents {
            Some(max) => page.t2("services-fee-range", "from", cents(row.cents), "to", cents(max)),
            None if row.cents == 0 => page.t("services-fee-free"),
            None => cents(row.cents),
        };
        let amount = if row.sample { page.t1("services-fee-sample", "amount", amount) } else { amount };
        Self { text: row.text.clone(), amount, basis: row.basis.clone() }
    }
}

impl ServicePage<'_> {
    fn start_href(&self) -> String {
        format!("/leistungen/{}/antrag", self.service.key)
    }
}

pub async fn show(rq: Req, Path(key): Path<String>) -> Answer {
    let service = catalogue::service(&rq.city.content, &key)?;
    let mut page = rq.untitled();
    page.title = service.title.get(page.lang).to_owned();
    let text = blocks(service.text.get(page.lang));
    let (rows, today) = (Fees::of(&rq.city.content)?, rq.cx.today());
    let lines =
        |rows: Vec<&fees::Row>| -> Vec<FeeLine> { rows.into_iter().map(|row| FeeLine::of(&page, row)).collect() };
    let (fees, outcomes) = (lines(rows.of_lines(&service, today)), lines(rows.of_outcomes(&service, today)));
    rq.html(&ServicePage { page: &page, service: &service, text, fees, outcomes })
}

/// Who answers for the data, for the top of the notice (Art. 13 (1) (a) and (b) DSGVO).
pub fn responsible(rq: &Req, page: &Page) -> Vec<Row> {
    let sender = &rq.city.file.sender;
    let who = format!("{}\n{}\n{} {}", rq.city.file.name, sender.street, sender.postal_code, sender.city);
    vec![
        Row::new(page.t("services-privacy-responsible"), who),
        Row::new(page.t("services-privacy-officer"), page.t("services-privacy-officer-text")),
    ]
}
