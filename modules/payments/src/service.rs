use contract_payments::{
    FeeItem, Fees, FeesOf, PaymentId, PaymentKind, PaymentSettled, RequestPayment, SetFees, SettleOutcome,
};
use contract_processes::TaskFinished;
use contract_records::{AddStep, Audience, CaseView, Cases, SetStatus, Status as CaseStatus, StatusChanged};
use db::{Rx, Tx};
use house::{Call, InCity};
use kernel::{CaseId, Cx, Error, Event, Id, Money, Result, Subject, TaskOutcome, Timestamp, Uuid};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    EVIDENCE, fees,
    model::{self, Demand, Effect, Known, Said, State, Status, TxState},
    refunds,
    store::{self, Mismatch, Opened, Payment, Transaction},
};

/// A demand has a new state; the hash of its row is evidence.
#[derive(Serialize, Deserialize)]
struct PaymentChanged {
    payment: PaymentId,
    case: CaseId,
    cents: Money,
    stage: String,
}

impl Event for PaymentChanged {
    const NAME: &'static str = "payments.changed";
    fn subject(&self) -> Subject {
        let id: Id<PaymentKind> = self.payment;
        id.into()
    }
}

/// The provider said something that does not fit what was asked.
#[derive(Serialize, Deserialize)]
struct MismatchSeen {
    payment: PaymentId,
    case: CaseId,
    transaction: Uuid,
    code: String,
    expected: Money,
    got: Money,
}

impl Event for MismatchSeen {
    const NAME: &'static str = "payments.mismatch-seen";
    fn subject(&self) -> Subject {
        let id: Id<PaymentKind> = self.payment;
        id.into()
    }
}

pub(crate) async fn case(cx: &Cx, rx: &mut Rx, id: CaseId) -> Result<CaseView> {
    cx.ask(rx, Cases { ids: vec![id] }).await?.pop().ok_or(Error::NotFound)
}

/// Writes a demand and tells of it; a settled one is told as what everybody waits for.
async fn save(cx: &Cx, tx: &mut Tx, p: &Payment) -> Result<()> {
    store::save_payment(tx, p).await?;
    let event = PaymentChanged { payment: p.id, case: p.case, cents: p.cents, stage: p.state.code().to_owned() };
    journal::emit_evidence(tx, cx, &event, None, &EVIDENCE[0]).await.map(|_| ())
}

pub(crate) async fn step(
    cx: &Cx,
    tx: &mut Tx,
    case: CaseId,
    code: &str,
    amount: Money,
    audience: Audience,
) -> Result<()> {
    let args = vec![("amount".to_owned(), amount.to_string())];
    cx.call(tx, AddStep { case, code: code.to_owned(), args, audience, media_break: false }).await
}

/// The sum of a fee.
///
/// # Errors
/// A negative line or a sum beyond all fees.
fn sum(items: &[FeeItem]) -> Result<Money> {
    let total = items.iter().try_fold(0i64, |sum, item| {
        let line = item.total().filter(|line| line.cents() >= 0 && item.quantity > 0 && item.single.cents() >= 0)?;
        sum.checked_add(line.cents())
    });
    total.map(Money).ok_or_else(|| Error::internal("a fee is negative or too large"))
}

pub async fn set_fees(cx: &Cx, tx: &mut Tx, c: SetFees) -> Result<Money> {
    let total = sum(&c.items)?;
    store::set_fees(tx, c.case, &c.items, total, cx.now()).await?;
    Ok(total)
}

/// # Errors
/// `payment-already` when another sum was paid in this case before.
pub async fn request_payment(cx: &Cx, tx: &mut Tx, c: RequestPayment) -> Result<TaskOutcome> {
    let total = store::fees(tx, c.case).await?.map_or(Money::ZERO, |fees| fees.total);
    if total == Money::ZERO {
        return Ok(TaskOutcome::done([("payment", json!("free"))]));
    }
    let payment = match store::payment_of(tx, c.case).await? {
        Some(paid) if paid.state == State::Paid && paid.cents == total => {
            return Ok(TaskOutcome::done([("payment", json!("paid"))]));
        }
        Some(paid) if paid.state == State::Paid => return Err(Error::refused("payment-already")),
        Some(asked) => Payment { cents: total, state: State::Open, token: c.token, ..asked },
        None => {
            let case = case(cx, tx, c.case).await?;
            Payment {
                id: cx.new_id(),
                case: c.case,
                number: case.number,
                unit: case.unit,
                purpose: case.title,
                cents: total,
                state: State::Open,
                token: c.token,
                current: None,
                paid_by: None,
                reference: None,
                requested_at: cx.now(),
                settled_at: None,
            }
        }
    };
    save(cx, tx, &payment).await?;
    step(cx, tx, c.case, "payment-requested", total, Audience::Applicant).await?;
    cx.call(tx, SetStatus { case: c.case, token: c.token, status: CaseStatus::WaitingPayment }).await?;
    Ok(TaskOutcome::Waiting)
}

/// # Errors
/// `payment-outcome` for an unknown outcome.
pub async fn settle_outcome(cx: &Cx, tx: &mut Tx, c: SettleOutcome) -> Result<TaskOutcome> {
    let none = TaskOutcome::done([("refund", json!("none"))]);
    if store::fees(tx, c.case).await?.is_none() {
        return Ok(none);
    }
    let case = case(cx, tx, c.case).await?;
    // The fee is that of the day of application.
    let day = case.opened_at.to_zoned(kernel::berlin()).date();
    let own = fees::of_outcome(&cx.city()?.content, &case.service, &c.outcome, day)?;
    let items = Vec::from_iter(own);
    let owed = sum(&items)?;
    store::set_fees(tx, c.case, &items, owed, cx.now()).await?;
    let Some(payment) = store::payment_of(tx, c.case).await? else { return Ok(none) };
    if payment.state != State::Paid {
        drop_demand(cx, tx, payment).await?;
        return Ok(none);
    }
    let Some(reference) = payment.reference.clone() else { return Ok(none) };
    let given_back = store::refunds_of(tx, c.case).await?.into_iter();
    let given_back = given_back.filter(|r| r.reference == reference && r.state.counts()).map(|r| r.cents).sum();
    let rest = model::rest(payment.cents, owed, given_back);
    if rest == Money::ZERO {
        return Ok(none);
    }
    refunds::prepare(cx, tx, &payment, &reference, rest, &c.outcome).await?;
    Ok(TaskOutcome::done([("refund", json!("proposed"))]))
}

/// Nobody is asked for this money any more; what still comes is given back.
async fn drop_demand(cx: &Cx, tx: &mut Tx, payment: Payment) -> Result<()> {
    if matches!(payment.state, State::Paid | State::Dropped) {
        return Ok(());
    }
    save(cx, tx, &Payment { state: State::Dropped, ..payment }).await
}

/// A case that is closed asks for no money.
pub async fn case_changed(cx: &Cx, tx: &mut Tx, e: StatusChanged, _: Timestamp) -> Result<()> {
    if e.status.closed()
        && let Some(payment) = store::payment_of(tx, e.case).await?
    {
        drop_demand(cx, tx, payment).await?;
    }
    Ok(())
}

pub async fn fees_of(_: &Cx, rx: &mut Rx, q: FeesOf) -> Result<Option<Fees>> {
    let Some(fees) = store::fees(rx, q.case).await? else { return Ok(None) };
    let payment = store::payment_of(rx, q.case).await?;
    let refunds = store::refunds_of(rx, q.case).await?;
    let state = if refunds.iter().any(|r| r.state.under_way()) {
        "refund-proposed"
    } else if refunds.iter().any(|r| r.state == model::RefundState::Executed) {
        "refunded"
    } else {
        match payment.as_ref().map(|p| p.state) {
            None => "none",
            Some(State::Open | State::Pending | State::Checking) => "open",
            Some(State::Paid) => "paid",
            Some(State::Failed) => "failed",
            Some(State::Cancelled | State::Dropped) => "cancelled",
        }
    };
    let reference = payment.and_then(|p| p.reference);
    Ok(Some(Fees { items: fees.items, total: fees.total, state: state.to_owned(), reference }))
}

/// The transaction to send the applicant to: the one that is still open, else a new one whose requestId is stored
/// before the provider hears of it.
///
/// # Errors
/// `payment-checking` while a person looks at what was paid, `payment-not-open` when nothing is to be paid.
pub async fn begin(cx: &Cx, tx: &mut Tx, payment: PaymentId, redirect_url: &str) -> Result<Transaction> {
    let payment = store::payment(tx, payment).await?;
    if payment.state == State::Checking {
        return Err(Error::refused("payment-checking"));
    }
    if !payment.state.payable() || case(cx, tx, payment.case).await?.status.closed() {
        return Err(Error::refused("payment-not-open"));
    }
    if let Some(current) = payment.current {
        let known = store::transaction(tx, current).await?;
        if known.state.live() && known.cents == payment.cents {
            return Ok(known);
        }
    }
    let fees = store::fees(tx, payment.case).await?.ok_or(Error::NotFound)?;
    if fees.total != payment.cents {
        return Err(Error::refused("payment-not-open"));
    }
    let transaction = Transaction {
        id: cx.sources.uuid(),
        payment: payment.id,
        case: payment.case,
        cents: payment.cents,
        items: fees.items,
        redirect_url: redirect_url.to_owned(),
        state: TxState::Asked,
        provider_id: None,
        reference: None,
        pay_url: None,
        asked_at: cx.now(),
        checks: 0,
    };
    store::add_transaction(tx, &transaction).await?;
    store::save_payment(tx, &Payment { current: Some(transaction.id), ..payment }).await?;
    Ok(transaction)
}

/// The provider has the transaction: the applicant can be sent there.
pub async fn opened(cx: &Cx, tx: &mut Tx, transaction: &Transaction, opened: &Opened<'_>) -> Result<()> {
    let next = model::next_check(TxState::Initial, transaction.asked_at, 0, cx.now());
    if !store::open_transaction(tx, transaction.id, opened, next).await? {
        return Ok(());
    }
    let payment = store::payment(tx, transaction.payment).await?;
    if payment.state.payable() {
        save(cx, tx, &Payment { state: State::Pending, ..payment }).await?;
    }
    Ok(())
}

/// The provider would not take the request; the next attempt is a new one.
pub async fn refused(tx: &mut Tx, transaction: Uuid) -> Result<()> {
    store::set_transaction(tx, transaction, TxState::Refused, None).await
}

/// Takes in what the provider answered about a transaction. The only place where money becomes "paid".
pub async fn hear(cx: &Cx, tx: &mut Tx, transaction: Uuid, said: &Said) -> Result<()> {
    let transaction = store::transaction(tx, transaction).await?;
    let mut payment = store::payment(tx, transaction.payment).await?;
    let demand = Demand { state: payment.state, cents: payment.cents, current: payment.current };
    let known = Known {
        id: transaction.id,
        state: transaction.state,
        cents: transaction.cents,
        reference: transaction.reference.as_deref(),
    };
    let heard = model::hear(&demand, &known, said);
    if heard.transaction != transaction.state {
        let next = model::next_check(heard.transaction, transaction.asked_at, transaction.checks, cx.now());
        store::set_transaction(tx, transaction.id, heard.transaction, next).await?;
    }
    if heard.effect == Effect::Settled {
        return settle(cx, tx, payment, &transaction, said).await;
    }
    if heard.demand != payment.state {
        payment.state = heard.demand;
        save(cx, tx, &payment).await?;
    }
    match heard.effect {
        Effect::Nothing | Effect::Settled => Ok(()),
        Effect::Failed => step(cx, tx, payment.case, "payment-failed", payment.cents, Audience::Applicant).await,
        Effect::Cancelled => step(cx, tx, payment.case, "payment-cancelled", payment.cents, Audience::Applicant).await,
        Effect::GiveBack(reason) => {
            refunds::prepare(cx, tx, &payment, &said.reference, said.cents, reason).await.map(|_| ())
        }
        Effect::Mismatch(code) => mismatch(cx, tx, &payment, &transaction, said, code).await,
    }
}

async fn settle(cx: &Cx, tx: &mut Tx, payment: Payment, transaction: &Transaction, said: &Said) -> Result<()> {
    let payment = Payment {
        state: State::Paid,
        paid_by: Some(transaction.id),
        reference: Some(said.reference.clone()),
        settled_at: Some(cx.now()),
        ..payment
    };
    store::save_payment(tx, &payment).await?;
    let event = PaymentSettled { payment: payment.id, case: payment.case, cents: payment.cents };
    journal::emit_evidence(tx, cx, &event, None, &EVIDENCE[0]).await?;
    journal::emit(tx, cx, &TaskFinished::new(payment.token, [("payment", json!("paid"))])).await?;
    step(cx, tx, payment.case, "payment-paid", payment.cents, Audience::Applicant).await?;
    if case(cx, tx, payment.case).await?.status == CaseStatus::WaitingPayment {
        let status = CaseStatus::InProgress;
        cx.call(tx, SetStatus { case: payment.case, token: payment.token, status }).await?;
    }
    Ok(())
}

async fn mismatch(
    cx: &Cx,
    tx: &mut Tx,
    payment: &Payment,
    transaction: &Transaction,
    said: &Said,
    code: &'static str,
) -> Result<()> {
    let row = Mismatch {
        id: cx.sources.uuid(),
        case_id: payment.case,
        transaction_id: transaction.id,
        code: code.to_owned(),
        expected: if code == "fee-changed" { payment.cents } else { transaction.cents },
        got: said.cents,
        paid: said.status == Status::Payed,
        seen_at: cx.now(),
        resolved_at: None,
    };
    if !store::add_mismatch(tx, &row).await? {
        return Ok(());
    }
    let event = MismatchSeen {
        payment: payment.id,
        case: payment.case,
        transaction: transaction.id,
        code: code.to_owned(),
        expected: row.expected,
        got: row.got,
    };
    journal::emit(tx, cx, &event).await?;
    step(cx, tx, payment.case, "payment-mismatch", said.cents, Audience::Staff).await
}

/// A member of staff has looked at a mismatch: money that came is prepared to be given back, and the applicant can pay
/// what was asked for.
///
/// # Errors
/// `NotFound` for one of another unit or one that somebody else dealt with.
pub async fn resolve_mismatch(cx: &Cx, tx: &mut Tx, id: Uuid) -> Result<()> {
    let by = cx.actor.staff().ok_or(Error::Forbidden)?;
    let mismatch = store::mismatch(tx, id).await?;
    let transaction = store::transaction(tx, mismatch.transaction_id).await?;
    let payment = store::payment(tx, transaction.payment).await?;
    if !cx.actor.allows_in(crate::perm::REFUND_PROPOSE, &payment.unit) {
        return Err(Error::NotFound);
    }
    store::resolve_mismatch(tx, id, by, cx.now()).await?;
    if mismatch.paid
        && transaction.state == TxState::Mismatch
        && let Some(reference) = &transaction.reference
    {
        refunds::prepare(cx, tx, &payment, reference, mismatch.got, "mismatch").await?;
    }
    if payment.state == State::Checking {
        save(cx, tx, &Payment { state: State::Open, ..payment }).await?;
    }
    Ok(())
}
