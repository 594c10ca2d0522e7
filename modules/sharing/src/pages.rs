//! What staff see: the links of a case, a form for a new one, and once what opens it.

use std::collections::{BTreeSet, HashMap, hash_map::Entry};

use askama::Template;
use axum::Form;
use contract_records::{CaseView, DocumentView, DocumentsOfCase, VisibleCase};
use db::Rx;
use house::{Answer, Call as _, Path, Req};
use kernel::{CaseId, DocumentId, Error, Result, StaffId, Timestamp, Uuid};
use ui::{Choice, Errors, Page, Tone};

use crate::{
    jobs::hex,
    perm,
    service::{self, MOST_DOCUMENTS, New},
    store::{self, Share, Shared},
};

/// Days for which the form offers a link at first.
const USUAL_DAYS: u32 = 14;
/// Longest name, address or purpose, in characters.
const LONGEST: usize = 200;

/// A link as staff read of it.
struct Line {
    share: Share,
    documents: Vec<Shared>,
    maker: String,
    state: &'static str,
    works: bool,
}

impl Line {
    fn tone(&self) -> Tone {
        match self.state {
            "open" => Tone::Success,
            "locked" => Tone::Danger,
            "stopped" => Tone::Warning,
            _ => Tone::Info,
        }
    }
}

fn state_text(page: &Page, line: &Line) -> String {
    match line.state {
        "open" => page.t1("sharing-state-open", "until", page.datetime(line.share.expires_at)),
        "locked" => page.t("sharing-state-locked"),
        "revoked" => page.t("sharing-state-revoked"),
        "stopped" => page.t("sharing-state-stopped"),
        _ => page.t("sharing-state-over"),
    }
}

fn state_of(share: &Share, leaves: bool, now: Timestamp) -> &'static str {
    match share.ended.as_deref() {
        Some("locked") => "locked",
        Some(_) => "revoked",
        None if share.expires_at <= now => "over",
        None if !leaves => "stopped",
        None => "open",
    }
}

async fn lines(rq: &Req, rx: &mut Rx, case: &CaseView) -> Result<Vec<Line>> {
    let mut names: HashMap<StaffId, String> = HashMap::new();
    let leaves = service::may_leave(&rq.cx, rx, case).await?;
    let mut lines = Vec::new();
    for share in store::all_of_case(rx, case.id).await? {
        if let Entry::Vacant(free) = names.entry(share.made_by) {
            free.insert(identity::staff_line(rx, share.made_by).await?.name);
        }
        let maker = names.get(&share.made_by).cloned().unwrap_or_default();
        let documents = store::documents(rx, share.id).await?;
        let state = state_of(&share, leaves, rq.cx.now());
        lines.push(Line { works: matches!(state, "open" | "stopped"), share, documents, maker, state });
    }
    Ok(lines)
}

#[derive(Template)]
#[template(path = "panel.html")]
struct CasePanel<'a> {
    page: &'a Page,
    lines: Vec<Line>,
    case: CaseId,
    may_share: bool,
}

pub async fn panel(rq: &Req, rx: &mut Rx, case: CaseId) -> Result<Option<String>> {
    if !rq.city.file.sharing.enabled {
        return Ok(None);
    }
    let case = rq.cx.ask(rx, VisibleCase { case }).await?;
    let lines = lines(rq, rx, &case).await?;
    let may_share = rq.cx.actor.allows_in(perm::SHARE, &case.unit);
    if lines.is_empty() && !(may_share && service::may_leave(&rq.cx, rx, &case).await?) {
        return Ok(None);
    }
    let page = rq.untitled();
    CasePanel { page: &page, lines, case: case.id, may_share }.render().map(Some).map_err(Error::internal)
}

/// What was typed into the form.
#[derive(Default)]
struct Asked {
    recipient: String,
    email: String,
    purpose: String,
    days: String,
    documents: BTreeSet<String>,
}

impl Asked {
    fn of(fields: Vec<(String, String)>) -> Self {
        let mut asked = Self::default();
        for (name, value) in fields {
            let text = || value.trim().chars().take(LONGEST).collect::<String>();
            match name.as_str() {
                "name" => asked.recipient = text(),
                "email" => asked.email = text(),
                "zweck" => asked.purpose = text(),
                "tage" => asked.days = text(),
                "dokument" => {
                    asked.documents.insert(value);
                }
                _ => {}
            }
        }
        asked
    }
}

#[derive(Template)]
#[template(path = "shares.html")]
struct Shares<'a> {
    page: &'a Page,
    case: CaseView,
    lines: Vec<Line>,
    may_share: bool,
    may_leave: bool,
    choices: Vec<Choice>,
    asked: Asked,
    days: u32,
    errors: Errors,
}

/// The case, for who sees it, where the city gives documents out.
async fn case_of(rq: &Req, rx: &mut Rx, case: CaseId) -> Result<CaseView> {
    if !rq.city.file.sharing.enabled {
        return Err(Error::NotFound);
    }
    rq.cx.ask(rx, VisibleCase { case }).await
}

fn choices(page: &Page, documents: &[DocumentView], chosen: &BTreeSet<String>) -> Vec<Choice> {
    let choice = |document: &DocumentView| {
        let id = document.id.to_string();
        let selected = chosen.contains(&id);
        Choice::new(id, &document.title).hint(page.datetime(document.added_at)).selected(selected)
    };
    documents.iter().map(choice).collect()
}

async fn list<'a>(rq: &Req, page: &'a Page, case: CaseView, asked: Asked, errors: Errors) -> Result<Shares<'a>> {
    let mut rx = rq.city.db.read().await?;
    let documents = rq.cx.ask(&mut rx, DocumentsOfCase { case: case.id }).await?;
    let lines = lines(rq, &mut rx, &case).await?;
    let may_leave = service::may_leave(&rq.cx, &mut rx, &case).await?;
    drop(rx);
    let choices = choices(page, &documents, &asked.documents);
    let may_share = rq.cx.actor.allows_in(perm::SHARE, &case.unit);
    let days = rq.city.file.sharing.days;
    Ok(Shares { page, case, lines, may_share, may_leave, choices, asked, days, errors })
}

pub async fn shares(rq: Req, Path(case): Path<CaseId>) -> Answer {
    let case = case_of(&rq, &mut rq.city.db.read().await?, case).await?;
    let page = rq.page("sharing-title");
    let days = USUAL_DAYS.min(rq.city.file.sharing.days).to_string();
    rq.html(&list(&rq, &page, case, Asked { days, ..Asked::default() }, Errors::new()).await?)
}

#[derive(Template)]
#[template(path = "made.html")]
struct Made<'a> {
    page: &'a Page,
    case: CaseView,
    share: Share,
    address: String,
    code: String,
}

/// Everything the form lacks, and what it says.
fn checked(page: &Page, errors: &mut Errors, asked: &Asked, most: u32) -> New {
    if asked.recipient.is_empty() {
        errors.push("name", page.t("sharing-name-missing"));
    }
    // One person, and a name that is read in the timeline: several are told apart by several links.
    if asked.recipient.contains([';', '\n']) {
        errors.push("name", page.t("sharing-one-recipient"));
    }
    let parts = asked.email.split_once('@');
    if asked.email.contains([',', ';', ' ']) {
        errors.push("email", page.t("sharing-one-recipient"));
    } else if !parts.is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !host.contains('@')) {
        errors.push("email", page.t("sharing-email-wrong"));
    }
    if asked.purpose.is_empty() {
        errors.push("zweck", page.t("sharing-purpose-missing"));
    }
    let days = asked.days.parse::<u32>().ok().filter(|days| (1..=most).contains(days));
    if days.is_none() {
        errors.push("tage", page.t1("sharing-days-wrong", "most", most));
    }
    let documents: Vec<DocumentId> = asked.documents.iter().filter_map(|id| id.parse().ok()).collect();
    if documents.is_empty() {
        errors.push("dokument", page.t("sharing-documents-missing"));
    } else if documents.len() > MOST_DOCUMENTS {
        errors.push("dokument", page.t1("sharing-documents-many", "most", MOST_DOCUMENTS));
    }
    New {
        recipient: asked.recipient.clone(),
        email: asked.email.clone(),
        purpose: asked.purpose.clone(),
        documents,
        days: days.unwrap_or(1),
    }
}

pub async fn share(rq: Req, Path(case): Path<CaseId>, Form(sent): Form<Vec<(String, String)>>) -> Answer {
    let case = case_of(&rq, &mut rq.city.db.read().await?, case).await?;
    if !rq.cx.actor.allows_in(perm::SHARE, &case.unit) {
        return Err(Error::Forbidden.into());
    }
    let asked = Asked::of(sent);
    let page = rq.page("sharing-title");
    let mut errors = Errors::new();
    let new = checked(&page, &mut errors, &asked, rq.city.file.sharing.days);
    if !errors.is_empty() {
        let page = page.checked(&errors);
        return rq.invalid(&list(&rq, &page, case, asked, errors).await?);
    }
    let token = identity::random_token(&rq.cx);
    let hash = identity::token_hash(&token);
    let code = identity::spoken_secret(&rq.cx);
    let secret = rq.city.identity.hash_spoken(&hex(&hash), &code).await?;
    let share = db::write!(rq.city.db, |tx| { service::make(&rq.cx, tx, &case, &new, hash, &secret).await })?;
    let address = format!("{}/freigabe/{token}", rq.app.public_address(&rq.city));
    let page = rq.page("sharing-made-title");
    // No redirect: what is shown once stands in no address and no table.
    rq.html(&Made { page: &page, case, share, address, code })
}

pub async fn revoke(rq: Req, Path((case, share)): Path<(CaseId, Uuid)>) -> Answer {
    let case = case_of(&rq, &mut rq.city.db.read().await?, case).await?;
    db::write!(rq.city.db, |tx| { service::revoke(&rq.cx, tx, &case, share).await })?;
    rq.see_other_with(format!("/intern/vorgang/{}/freigaben", case.id), "sharing-done-revoked")
}
