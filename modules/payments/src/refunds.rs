//! Giving money back: prepared by the program, certified by one person, ordered by another, carried out by the
//! treasury.

use contract_payments::{RefundId, RefundKind, Refunded};
use contract_records::Audience;
use db::Tx;
use kernel::{CaseId, Cx, Error, Event, Id, Money, Permission, Result, StaffId, Subject};
use serde::{Deserialize, Serialize};

use crate::{
    EVIDENCE,
    jobs::{Follow, HandOver},
    model::{self, RefundState},
    perm, service,
    store::{self, Payment, Refund},
    treasury::Outcome,
};

/// A refund has a new state; the hash of its row is evidence.
#[derive(Serialize, Deserialize)]
struct RefundChanged {
    refund: RefundId,
    case: CaseId,
    cents: Money,
    stage: String,
}

impl Event for RefundChanged {
    const NAME: &'static str = "payments.refund-changed";
    fn subject(&self) -> Subject {
        let id: Id<RefundKind> = self.refund;
        id.into()
    }
}

async fn tell(cx: &Cx, tx: &mut Tx, refund: &Refund, state: RefundState) -> Result<()> {
    let event =
        RefundChanged { refund: refund.id, case: refund.case, cents: refund.cents, stage: state.code().to_owned() };
    journal::emit_evidence(tx, cx, &event, None, &EVIDENCE[1]).await.map(|_| ())
}

/// Prepares a refund for somebody to look at.
pub async fn prepare(
    cx: &Cx,
    tx: &mut Tx,
    payment: &Payment,
    reference: &str,
    cents: Money,
    reason: &str,
) -> Result<RefundId> {
    let refund = Refund {
        id: cx.new_id(),
        payment: payment.id,
        case: payment.case,
        number: payment.number.clone(),
        unit: payment.unit.clone(),
        reference: reference.to_owned(),
        cents,
        reason: reason.to_owned(),
        state: RefundState::Prepared,
        prepared_at: cx.now(),
        proposed_by: None,
        decided_at: None,
        rejection: None,
    };
    store::add_refund(tx, &refund).await?;
    tell(cx, tx, &refund, RefundState::Prepared).await?;
    service::step(cx, tx, refund.case, "refund-proposed", cents, Audience::Applicant).await?;
    Ok(refund.id)
}

/// The refund and who acts, if they hold the right in its unit.
async fn acting(cx: &Cx, tx: &mut Tx, id: RefundId, permission: Permission) -> Result<(Refund, StaffId)> {
    let by = cx.actor.staff().ok_or(Error::Forbidden)?;
    let refund = store::refund(tx, id).await?;
    if cx.actor.allows_in(permission, &refund.unit) { Ok((refund, by)) } else { Err(Error::NotFound) }
}

pub async fn propose(cx: &Cx, tx: &mut Tx, id: RefundId) -> Result<()> {
    let (refund, by) = acting(cx, tx, id, perm::REFUND_PROPOSE).await?;
    let state = model::propose(refund.state)?;
    store::propose(tx, id, by, cx.now()).await?;
    tell(cx, tx, &refund, state).await
}

pub async fn approve(cx: &Cx, tx: &mut Tx, id: RefundId) -> Result<()> {
    let (refund, by) = acting(cx, tx, id, perm::REFUND_APPROVE).await?;
    let state = model::approve(refund.state, refund.proposed_by, by)?;
    store::approve(tx, id, by, cx.now()).await?;
    tell(cx, tx, &refund, state).await?;
    jobs::enqueue(tx, cx, &HandOver { refund: id }).await
}

pub async fn send_back(cx: &Cx, tx: &mut Tx, id: RefundId) -> Result<()> {
    let (refund, _) = acting(cx, tx, id, perm::REFUND_APPROVE).await?;
    let state = model::send_back(refund.state)?;
    store::send_back(tx, id).await?;
    tell(cx, tx, &refund, state).await
}

/// A refund that the treasury rejected is prepared anew, under a new order number.
///
/// # Errors
/// `refund-state` when it was not rejected or was repeated already.
pub async fn repeat(cx: &Cx, tx: &mut Tx, id: RefundId) -> Result<RefundId> {
    let (refund, _) = acting(cx, tx, id, perm::REFUND_PROPOSE).await?;
    let others = store::refunds_of(tx, refund.case).await?;
    let again = others.iter().any(|r| r.prepared_at > refund.prepared_at && r.reference == refund.reference);
    if refund.state != RefundState::Rejected || again {
        return Err(Error::refused("refund-state"));
    }
    let payment = store::payment(tx, refund.payment).await?;
    prepare(cx, tx, &payment, &refund.reference, refund.cents, &refund.reason).await
}

/// Takes in what the treasury says about an order.
pub async fn heard(cx: &Cx, tx: &mut Tx, id: RefundId, outcome: &Outcome) -> Result<()> {
    let refund = store::refund(tx, id).await?;
    match outcome {
        Outcome::Accepted => {
            if store::ordered(tx, id).await? {
                tell(cx, tx, &refund, RefundState::Ordered).await?;
                let soon = cx.now().saturating_add(FIRST_LOOK).map_err(Error::internal)?;
                jobs::enqueue_at(tx, cx, &Follow { refund: id }, soon).await?;
            }
            Ok(())
        }
        Outcome::Executed => {
            if store::decided(tx, id, RefundState::Executed, None, cx.now()).await? {
                let event = Refunded { refund: id, case: refund.case, cents: refund.cents };
                journal::emit_evidence(tx, cx, &event, None, &EVIDENCE[1]).await?;
                service::step(cx, tx, refund.case, "refunded", refund.cents, Audience::Applicant).await?;
            }
            Ok(())
        }
        Outcome::Rejected(code) => {
            if store::decided(tx, id, RefundState::Rejected, Some(code.clone()), cx.now()).await? {
                tell(cx, tx, &refund, RefundState::Rejected).await?;
                service::step(cx, tx, refund.case, "refund-rejected", refund.cents, Audience::Staff).await?;
            }
            Ok(())
        }
    }
}

/// First look after an order; then the poller looks.
const FIRST_LOOK: jiff::SignedDuration = jiff::SignedDuration::from_secs(10);
