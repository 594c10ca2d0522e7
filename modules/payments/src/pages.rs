//! Paying, coming back from the provider, and the refunds of staff.

use askama::Template;
use contract_payments::RefundId;
use contract_records::{CaseView, VisibleCase};
use house::{Answer, Call, Csv, Path, Req};
use jiff::SignedDuration;
use kernel::{CaseId, Error, Permission, Result, Timestamp, Uuid};
use ui::{Page, Row, Tone};

use crate::{
    jobs,
    model::{RefundState, State},
    perm,
    provider::{Created, Provider, Request},
    refunds, service,
    store::{self, Mismatch, Opened, Payment, Refund, Transaction},
};

/// Lists show and download this much of the past.
const LISTED: SignedDuration = SignedDuration::from_hours(24 * 400);
const MOST_ROWS: i64 = 20_000;
const MOST_SHOWN: i64 = 300;

/// The visible case and its demand; a case without one is like none.
async fn demand(rq: &Req, case: CaseId) -> Result<(CaseView, Payment)> {
    let mut rx = rq.city.db.read().await?;
    let view = rq.cx.ask(&mut rx, VisibleCase { case }).await?;
    let payment = store::payment_of(&mut rx, case).await?.ok_or(Error::NotFound)?;
    Ok((view, payment))
}

/// Sends the applicant to the provider. What was paid there counts only when the provider says so on being asked.
pub async fn pay(rq: Req, Path(case): Path<CaseId>) -> Answer {
    let (_, payment) = demand(&rq, case).await?;
    // A transaction may have been paid in another tab: nobody is sent to pay again before that is known.
    if let Some(latest) = payment.current
        && payment.state.payable()
        && jobs::look(&rq.cx, latest).await.is_err()
    {
        return provider_is_down(&rq, case);
    }
    let (_, payment) = demand(&rq, case).await?;
    if payment.state == State::Paid {
        return rq.see_other(format!("/vorgang/{case}/zahlung"));
    }
    // One of the city's own names, the one by which this browser has its session. Any other name in the Host header would
    // let a forged request send the applicant from the provider to a stranger's page.
    let redirect = format!("{}/vorgang/{case}/zahlung", rq.own_address());
    let transaction = db::write!(rq.city.db, |tx| { service::begin(&rq.cx, tx, payment.id, &redirect).await })?;
    if let Some(url) = &transaction.pay_url {
        return rq.see_other(url);
    }
    match create(&rq, &payment, &transaction).await {
        Ok(Some(url)) => rq.see_other(url),
        Ok(None) => provider_is_down(&rq, case),
        Err(Error::Peer { peer, message }) => {
            tracing::warn!(peer, message, "payment could not be started");
            provider_is_down(&rq, case)
        }
        Err(other) => Err(other.into()),
    }
}

fn provider_is_down(rq: &Req, case: CaseId) -> Answer {
    rq.see_other_with(format!("/vorgang/{case}"), "payments-provider-fehler")
}

/// Creates the transaction at the provider and answers the address of its page; none when the provider refused.
async fn create(rq: &Req, payment: &Payment, transaction: &Transaction) -> Result<Option<String>> {
    let request = Request {
        id: transaction.id,
        at: transaction.asked_at,
        cents: transaction.cents,
        purpose: &payment.purpose,
        number: &payment.number,
        redirect_url: &transaction.redirect_url,
        items: &transaction.items,
    };
    let created = Provider::of(&rq.app, &rq.city)?.create(&request, rq.cx.now()).await?;
    let stands = match created {
        Created::Stands(stands) => stands,
        Created::Refused(status) => {
            tracing::error!(status, transaction = %transaction.id, "the provider refused a payment request");
            db::write!(rq.city.db, |tx| { service::refused(tx, transaction.id).await })?;
            return Ok(None);
        }
    };
    let Some(pay_url) = stands.pay_url else { return Ok(None) };
    db::write!(rq.city.db, |tx| {
        let opened = Opened { provider_id: &stands.id, reference: &stands.said.reference, pay_url: &pay_url };
        service::opened(&rq.cx, tx, transaction, &opened).await
    })?;
    Ok(Some(pay_url))
}

#[derive(Template)]
#[template(path = "returned.html")]
struct Returned<'a> {
    page: &'a Page,
    case: CaseView,
    tone: Tone,
    /// Text keys `payments-back-<code>` and `payments-back-<code>-text`.
    code: &'static str,
    rows: Vec<Row>,
    payable: bool,
    refresh: bool,
}

impl Returned<'_> {
    fn text(&self, ending: &str) -> String {
        self.page.t(&format!("payments-back-{}{ending}", self.code))
    }
}

/// Where the provider sends the browser back to. Nothing in the address is read: the provider is asked.
pub async fn returned(rq: Req, Path(case): Path<CaseId>) -> Answer {
    let (view, payment) = demand(&rq, case).await?;
    let unclear = match payment.current {
        Some(latest) if payment.state != State::Paid => match jobs::look(&rq.cx, latest).await {
            Ok(()) => false,
            Err(Error::Peer { .. }) => true,
            Err(other) => return Err(other.into()),
        },
        _ => false,
    };
    let (_, payment) = demand(&rq, case).await?;
    let code = match payment.state {
        State::Paid => "paid",
        _ if unclear => "unclear",
        State::Open | State::Pending => "open",
        State::Failed => "failed",
        State::Cancelled => "cancelled",
        State::Checking => "checking",
        State::Dropped => "dropped",
    };
    let tone = match payment.state {
        State::Paid => Tone::Success,
        State::Failed => Tone::Danger,
        State::Cancelled | State::Checking => Tone::Warning,
        State::Open | State::Pending | State::Dropped => Tone::Info,
    };
    let page = rq.page(match code {
        "paid" => "payments-back-title-paid",
        _ => "payments-back-title",
    });
    let mut rows = vec![
        Row::new(page.t("payments-case-number"), &view.number),
        Row::new(page.t("payments-sum"), page.money(payment.cents)),
    ];
    if let Some(reference) = &payment.reference {
        rows.push(Row::new(page.t("payments-reference"), reference));
    }
    let refresh = matches!(code, "open" | "unclear");
    let payable = payment.state.payable() && !unclear;
    rq.html(&Returned { page: &page, case: view, tone, code, rows, payable, refresh })
}

/// A refund as the list shows it.
pub struct RefundLine {
    pub refund: Refund,
    /// The applicant's name; empty for those who may not see the case.
    pub party: String,
    pub may_propose: bool,
    pub may_approve: bool,
    /// The viewer proposed it, so somebody else has to approve.
    pub own: bool,
    pub may_repeat: bool,
}

impl RefundLine {
    pub fn of(rq: &Req, refund: Refund, all: &[Refund]) -> RefundLine {
        let may = |permission: Permission| rq.cx.actor.allows_in(permission, &refund.unit);
        let own = refund.proposed_by.is_some() && refund.proposed_by == rq.cx.actor.staff();
        let newer = |r: &&Refund| r.prepared_at > refund.prepared_at && r.reference == refund.reference;
        RefundLine {
            may_propose: refund.state == RefundState::Prepared && may(perm::REFUND_PROPOSE),
            may_approve: refund.state == RefundState::Proposed && may(perm::REFUND_APPROVE) && !own,
            may_repeat: refund.state == RefundState::Rejected
                && may(perm::REFUND_PROPOSE)
                && !all.iter().any(|r| newer(&r)),
            own: own && refund.state == RefundState::Proposed,
            party: String::new(),
            refund,
        }
    }

    pub fn state_key(&self) -> String {
        format!("payments-refund-{}", self.refund.state.code())
    }

    pub fn reason_key(&self) -> String {
        format!("payments-reason-{}", self.refund.reason)
    }

    pub fn tone(&self) -> Tone {
        match self.refund.state {
            RefundState::Prepared | RefundState::Proposed => Tone::Warning,
            RefundState::Approved | RefundState::Ordered => Tone::Info,
            RefundState::Executed => Tone::Success,
            RefundState::Rejected => Tone::Danger,
        }
    }
}

/// A mismatch with the case it is in.
struct MismatchLine {
    mismatch: Mismatch,
    number: String,
    may_resolve: bool,
}

impl MismatchLine {
    fn title(&self, page: &Page) -> String {
        page.t(&format!("payments-mismatch-{}", self.mismatch.code))
    }
}

#[derive(Template)]
#[template(path = "refunds.html")]
struct Refunds<'a> {
    page: &'a Page,
    open: Vec<RefundLine>,
    done: Vec<RefundLine>,
    mismatches: Vec<MismatchLine>,
}

fn since(rq: &Req) -> Result<Timestamp> {
    rq.cx.now().saturating_sub(LISTED).map_err(Error::internal)
}

/// The refunds of the units in which this member of staff may see payments.
async fn visible_refunds(rq: &Req, limit: i64) -> Result<Vec<Refund>> {
    let all = store::refunds_since(&mut rq.city.db.read_long().await?, since(rq)?, limit).await?;
    Ok(all.into_iter().filter(|r| rq.cx.actor.allows_in(perm::VIEW, &r.unit)).collect())
}

pub async fn refunds(rq: Req) -> Answer {
    let all = visible_refunds(&rq, MOST_ROWS).await?;
    let lines: Vec<_> = all.iter().cloned().map(|refund| RefundLine::of(&rq, refund, &all)).collect();
    let (mut open, mut done): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| line.refund.state.under_way());
    done.truncate(usize::try_from(MOST_SHOWN).unwrap_or_default());
    let mut mismatches = Vec::new();
    let mut rx = rq.city.db.read().await?;
    for line in open.iter_mut().chain(&mut done) {
        line.party = match rq.cx.ask(&mut rx, VisibleCase { case: line.refund.case }).await {
            Ok(case) => format!("{} {}", case.party.first_names, case.party.family_name).trim().to_owned(),
            Err(Error::NotFound) => String::new(),
            Err(error) => return Err(error.into()),
        };
    }
    for mismatch in store::open_mismatches(&mut rx, MOST_SHOWN).await? {
        let Some(payment) = store::payment_of(&mut rx, mismatch.case_id).await? else { continue };
        if rq.cx.actor.allows_in(perm::VIEW, &payment.unit) {
            let may_resolve = rq.cx.actor.allows_in(perm::REFUND_PROPOSE, &payment.unit);
            mismatches.push(MismatchLine { mismatch, number: payment.number, may_resolve });
        }
    }
    drop(rx);
    let page = rq.page("payments-refunds-title");
    rq.html(&Refunds { page: &page, open, done, mismatches })
}

pub async fn propose(rq: Req, Path(id): Path<RefundId>) -> Answer {
    db::write!(rq.city.db, |tx| { refunds::propose(&rq.cx, tx, id).await })?;
    back(&rq, "payments-done-proposed")
}

pub async fn approve(rq: Req, Path(id): Path<RefundId>) -> Answer {
    db::write!(rq.city.db, |tx| { refunds::approve(&rq.cx, tx, id).await })?;
    back(&rq, "payments-done-approved")
}

pub async fn send_back(rq: Req, Path(id): Path<RefundId>) -> Answer {
    db::write!(rq.city.db, |tx| { refunds::send_back(&rq.cx, tx, id).await })?;
    back(&rq, "payments-done-sent-back")
}

pub async fn repeat(rq: Req, Path(id): Path<RefundId>) -> Answer {
    db::write!(rq.city.db, |tx| { refunds::repeat(&rq.cx, tx, id).await })?;
    back(&rq, "payments-done-repeated")
}

pub async fn resolve_mismatch(rq: Req, Path(id): Path<Uuid>) -> Answer {
    db::write!(rq.city.db, |tx| { service::resolve_mismatch(&rq.cx, tx, id).await })?;
    back(&rq, "payments-done-mismatch")
}

fn back(rq: &Req, notice: &'static str) -> Answer {
    rq.see_other_with("/intern/erstattungen", notice)
}

/// All refunds to reconcile with the treasury's list.
pub async fn refunds_csv(rq: Req) -> Answer {
    let header = [
        "Aktenzeichen",
        "Kassenzeichen",
        "Auftrag",
        "Cent",
        "Grund",
        "Stand",
        "vorbereitet",
        "entschieden",
        "Ablehnung der Kasse",
    ];
    let mut csv = Csv::new(&header);
    for r in visible_refunds(&rq, MOST_ROWS).await? {
        let decided = r.decided_at.map(|at| at.to_string()).unwrap_or_default();
        csv.line(&[
            &r.number,
            &r.reference,
            &r.id.to_string(),
            &r.cents.cents().to_string(),
            &r.reason,
            r.state.code(),
            &r.prepared_at.to_string(),
            &decided,
            r.rejection.as_deref().unwrap_or_default(),
        ]);
    }
    csv.download("erstattungen.csv")
}

/// All demands to reconcile with the provider's and the treasury's lists.
pub async fn payments_csv(rq: Req) -> Answer {
    let mut rx = rq.city.db.read_long().await?;
    let all = store::payments_since(&mut rx, since(&rq)?, MOST_ROWS).await?;
    drop(rx);
    let mut csv = Csv::new(&["Aktenzeichen", "Kassenzeichen", "Cent", "Stand", "angefordert", "bezahlt"]);
    for p in all.iter().filter(|p| rq.cx.actor.allows_in(perm::VIEW, &p.unit)) {
        csv.line(&[
            &p.number,
            p.reference.as_deref().unwrap_or_default(),
            &p.cents.cents().to_string(),
            p.state.code(),
            &p.requested_at.to_string(),
            &p.settled_at.map(|at| at.to_string()).unwrap_or_default(),
        ]);
    }
    csv.download("zahlungen.csv")
}
