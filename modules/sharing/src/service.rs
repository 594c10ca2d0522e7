use contract_circulation::AddFollowUp;
use contract_records::{AddStep, Audience, CaseView, Cases, Documents, DocumentsOfCase};
use db::{Rx, Tx};
use house::{Call, InCity};
use identity::access::{self, Confidentiality};
use jiff::ToSpan as _;
use kernel::{CaseId, Cx, DocumentId, Error, Event, Hash, Lang, Result, Subject, Uuid};
use serde::{Deserialize, Serialize};

use crate::{
    perm,
    store::{self, Good, Share, Shared},
};

/// Wrong codes after which a link is locked.
pub const MOST_TRIES: i64 = 5;
/// Documents that one link gives.
pub const MOST_DOCUMENTS: usize = 50;
/// How long a browser that typed the right code sees the documents, in minutes.
pub const VISIT_MINUTES: i32 = 30;

/// A link was made, taken back or locked.
#[derive(Serialize, Deserialize)]
struct Changed {
    case: CaseId,
    share: Uuid,
    /// `made`, `revoked` or `locked`.
    what: String,
}

impl Event for Changed {
    const NAME: &'static str = "sharing.changed";
    fn subject(&self) -> Subject {
        self.case.into()
    }
}

/// An outsider used a link, or tried to.
#[derive(Serialize, Deserialize)]
struct Used {
    case: CaseId,
    share: Uuid,
    /// `opened`, `document-seen`, `document-saved`, `code-wrong`, or `refused` when the link does not work.
    what: String,
    document: Option<DocumentId>,
}

impl Event for Used {
    const NAME: &'static str = "sharing.used";
    fn subject(&self) -> Subject {
        self.case.into()
    }
}

/// A link that works at this moment, and what it gives.
#[derive(Clone, Debug)]
pub struct Live {
    pub good: Good,
    pub documents: Vec<Shared>,
}

/// What somebody says of a link that they make.
#[derive(Clone, Debug)]
pub struct New {
    pub recipient: String,
    /// For information: nothing is sent there.
    pub email: String,
    pub purpose: String,
    pub documents: Vec<DocumentId>,
    /// For so many days.
    pub days: u32,
}

/// Whether documents of the case may be given out at all: the city does so, the case is not confidential, on no special
/// list, and of no unit that is sealed (Sperrvermerk), out of use or left out by the city.
pub async fn may_leave(cx: &Cx, rx: &mut Rx, case: &CaseView) -> Result<bool> {
    let city = cx.city()?;
    let rule = &city.file.sharing;
    if !rule.enabled || rule.without_units.contains(&case.unit) {
        return Ok(false);
    }
    if identity::units(rx).await?.get(&case.unit).is_none_or(|unit| unit.sealed) {
        return Ok(false);
    }
    let (confidentiality, special) = access::described(rx, case.cls).await?;
    Ok(confidentiality == Confidentiality::Normal && !special)
}

/// Makes a link; token and code were drawn before and are shown once.
///
/// # Errors
/// `Forbidden` without the right in the case's unit; refused for a case that must not be given out; `NotFound` for a
/// document of another case.
pub async fn make(
    cx: &Cx,
    tx: &mut Tx,
    case: &CaseView,
    new: &New,
    token: Hash,
    secret: &identity::SecretHash,
) -> Result<Share> {
    let made_by = cx.actor.staff().ok_or(Error::Forbidden)?;
    if !cx.actor.allows_in(perm::SHARE, &case.unit) {
        return Err(Error::Forbidden);
    }
    if !may_leave(cx, tx, case).await? {
        return Err(Error::refused("sharing-not-allowed"));
    }
    let there = cx.ask(tx, DocumentsOfCase { case: case.id }).await?;
    let days = new.days.clamp(1, cx.city()?.file.sharing.days);
    let share = Share {
        id: cx.sources.uuid(),
        case_id: case.id,
        recipient: new.recipient.clone(),
        email: new.email.clone(),
        purpose: new.purpose.clone(),
        tries: 0,
        made_by,
        made_at: cx.now(),
        expires_at: cx.local_now().saturating_add(i64::from(days).days()).timestamp(),
        ended: None,
        ended_at: None,
    };
    store::add(tx, &share, token, secret).await?;
    for (n, id) in (1..).zip(&new.documents) {
        let document = there.iter().find(|document| document.id == *id).ok_or(Error::NotFound)?;
        let (document_id, file_id, title) = (document.id, document.file, document.title.clone());
        store::add_document(tx, share.id, &Shared { n, document_id, file_id, title }).await?;
    }
    changed(cx, tx, &share, "made").await?;
    Ok(share)
}

/// The link of a token with the documents that it still gives. None for one that never was, is over, was taken back or
/// locked, and as soon as its case became confidential, its documents lie elsewhere, or whoever made it may no longer do so.
pub async fn live(cx: &Cx, rx: &mut Rx, token: Hash) -> Result<Option<Live>> {
    let Some(good) = store::good(rx, token, cx.now()).await? else { return Ok(None) };
    let share = &good.share;
    let Some(case) = cx.ask(rx, Cases { ids: vec![share.case_id] }).await?.pop() else { return Ok(None) };
    if !may_leave(cx, rx, &case).await? {
        return Ok(None);
    }
    let grants = identity::grants_of(rx, share.made_by, cx.today()).await?;
    let sees = access::classes_of(rx, share.made_by).await?.contains(&case.cls);
    if !grants.in_unit(perm::SHARE, &case.unit) || !sees {
        return Ok(None);
    }
    let mut documents = store::documents(rx, share.id).await?;
    let ids = documents.iter().map(|document| document.document_id).collect();
    let there = cx.ask(rx, Documents { ids }).await?;
    documents.retain(|shared| there.iter().any(|d| d.id == shared.document_id && d.case == case.id));
    Ok((!documents.is_empty()).then_some(Live { good, documents }))
}

/// A wrong code was typed. Answers how many tries are left; without one the link is locked, and its maker is told.
pub async fn wrong_code(cx: &Cx, tx: &mut Tx, share: Uuid, case: CaseId) -> Result<i64> {
    let share = store::of_case(tx, case, share).await?;
    let left = (MOST_TRIES - share.tries).max(0);
    used(cx, tx, &share, "code-wrong", None).await?;
    if left == 0 {
        lock(cx, tx, &share).await?;
    }
    Ok(left)
}

/// Ends a link whose tries are used up, and tells its maker; one that ended before stays as it is.
async fn lock(cx: &Cx, tx: &mut Tx, share: &Share) -> Result<()> {
    if !store::end(tx, share.id, "locked", cx.now()).await? {
        return Ok(());
    }
    changed(cx, tx, share, "locked").await?;
    let name = [("name", share.recipient.as_str().into())];
    let note = cx.app()?.texts.get(Lang::De, "sharing-locked-note", &name);
    match cx.call(tx, AddFollowUp { case: share.case_id, staff: share.made_by, due: cx.today(), note }).await {
        // In a city without follow-ups the timeline of the case says it: the link is locked in any case.
        Err(Error::NotAvailable(_)) => Ok(()),
        told => told,
    }
}

/// The right code was typed: the browser with this token sees the documents for a while.
///
/// # Errors
/// `NotFound` when the link ended meanwhile.
pub async fn opened(cx: &Cx, tx: &mut Tx, share: &Share, visit: Hash) -> Result<()> {
    if !store::forgive(tx, share.id, cx.now()).await? {
        return Err(Error::NotFound);
    }
    let until = cx.local_now().saturating_add(VISIT_MINUTES.minutes()).timestamp();
    store::add_visit(tx, visit, share.id, until).await?;
    used(cx, tx, share, "opened", None).await
}

/// A document goes out.
pub async fn given(cx: &Cx, tx: &mut Tx, share: &Share, document: &Shared, saved: bool) -> Result<()> {
    let what = if saved { "document-saved" } else { "document-seen" };
    used(cx, tx, share, what, Some(document)).await
}

/// Takes a link back, at once.
///
/// # Errors
/// `Forbidden` without the right in the case's unit; `NotFound` for a link of another case.
pub async fn revoke(cx: &Cx, tx: &mut Tx, case: &CaseView, share: Uuid) -> Result<()> {
    if !cx.actor.allows_in(perm::SHARE, &case.unit) {
        return Err(Error::Forbidden);
    }
    let share = store::of_case(tx, case.id, share).await?;
    // A second click changes nothing.
    if store::end(tx, share.id, "revoked", cx.now()).await? {
        changed(cx, tx, &share, "revoked").await?;
    }
    Ok(())
}

/// Somebody used a link that does not work. Nothing is told of a token that never was one.
pub async fn refused(cx: &Cx, tx: &mut Tx, token: Hash) -> Result<()> {
    let Some(share) = store::with_token(tx, token).await? else { return Ok(()) };
    if cx.ask(tx, Cases { ids: vec![share.case_id] }).await?.is_empty() {
        return Ok(());
    }
    // A try is counted before its code is looked at. Where the program ended in between, nobody has locked the link yet.
    if share.ended.is_none() && share.expires_at > cx.now() && share.tries >= MOST_TRIES {
        lock(cx, tx, &share).await?;
    }
    used(cx, tx, &share, "refused", None).await
}

/// Tells the journal and the case's timeline.
async fn changed(cx: &Cx, tx: &mut Tx, share: &Share, what: &str) -> Result<()> {
    let event = Changed { case: share.case_id, share: share.id, what: what.to_owned() };
    journal::emit(tx, cx, &event).await?;
    step(cx, tx, share, what, None).await
}

/// Tells the journal and the case's timeline.
async fn used(cx: &Cx, tx: &mut Tx, share: &Share, what: &str, document: Option<&Shared>) -> Result<()> {
    let document_id = document.map(|document| document.document_id);
    let event = Used { case: share.case_id, share: share.id, what: what.to_owned(), document: document_id };
    journal::emit(tx, cx, &event).await?;
    step(cx, tx, share, what, document).await
}

/// A line of the case's timeline, for staff.
async fn step(cx: &Cx, tx: &mut Tx, share: &Share, what: &str, document: Option<&Shared>) -> Result<()> {
    let mut args = vec![("name".to_owned(), share.recipient.clone())];
    args.extend(document.map(|document| ("title".to_owned(), document.title.clone())));
    let code = format!("share-{what}");
    cx.call(tx, AddStep { case: share.case_id, code, args, audience: Audience::Staff, media_break: false }).await
}
