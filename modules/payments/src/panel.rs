//! What a case costs and how its payment stands, on the page of the case.

use askama::Template;
use contract_payments::FeeItem;
use db::Rx;
use house::Req;
use kernel::{CaseId, Error, Result};
use ui::{Page, Row, Tone};

use crate::{
    model::State,
    pages::RefundLine,
    perm, service,
    store::{self, Fees, Mismatch, Payment, Refund, Transaction},
};

#[derive(Template)]
#[template(path = "applicant.html")]
struct Applicant<'a> {
    page: &'a Page,
    case: CaseId,
    rows: Vec<Row>,
    payment: Option<Payment>,
    payable: bool,
    refunds: Vec<Refund>,
}

#[derive(Template)]
#[template(path = "staff.html")]
struct Staff<'a> {
    page: &'a Page,
    rows: Vec<Row>,
    payment: Option<Payment>,
    transactions: Vec<Transaction>,
    mismatches: Vec<Mismatch>,
    may_resolve: bool,
    refunds: Vec<RefundLine>,
}

/// Every line of the fee and its sum.
fn fee_rows(page: &Page, fees: &Fees) -> Vec<Row> {
    let line = |item: &FeeItem| {
        let total = page.money(item.total().unwrap_or_default());
        let key = if item.quantity == 1 { item.text.clone() } else { format!("{} × {}", item.quantity, item.text) };
        Row::new(key, total)
    };
    let mut rows: Vec<Row> = fees.items.iter().map(line).collect();
    rows.push(Row::new(page.t("payments-sum"), page.money(fees.total)));
    rows
}

fn reference_row(page: &Page, payment: Option<&Payment>) -> Option<Row> {
    let reference = payment?.reference.as_ref()?;
    Some(Row::new(page.t("payments-reference"), reference))
}

pub async fn applicant(rq: &Req, rx: &mut Rx, case: CaseId) -> Result<Option<String>> {
    let Some(fees) = store::fees(rx, case).await? else { return Ok(None) };
    let payment = store::payment_of(rx, case).await?;
    if payment.is_none() && fees.items.is_empty() {
        return Ok(None);
    }
    let closed = service::case(&rq.cx, rx, case).await?.status.closed();
    let refunds = store::refunds_of(rx, case).await?;
    let page = rq.untitled();
    let mut rows = fee_rows(&page, &fees);
    rows.extend(reference_row(&page, payment.as_ref()));
    let payable = !closed && payment.as_ref().is_some_and(|p| p.state.payable());
    let html = Applicant { page: &page, case, rows, payment, payable, refunds }.render();
    html.map(Some).map_err(Error::internal)
}

pub async fn staff(rq: &Req, rx: &mut Rx, case: CaseId) -> Result<Option<String>> {
    let Some(fees) = store::fees(rx, case).await? else { return Ok(None) };
    let payment = store::payment_of(rx, case).await?;
    let transactions = match &payment {
        Some(payment) => store::transactions_of(rx, payment.id).await?,
        None => Vec::new(),
    };
    let mismatches = store::mismatches_of(rx, case).await?;
    let all = store::refunds_of(rx, case).await?;
    let refunds = all.iter().cloned().map(|refund| RefundLine::of(rq, refund, &all)).collect();
    let page = rq.untitled();
    let mut rows = fee_rows(&page, &fees);
    rows.extend(reference_row(&page, payment.as_ref()));
    let may_resolve = payment.as_ref().is_some_and(|p| rq.cx.actor.allows_in(perm::REFUND_PROPOSE, &p.unit));
    let html = Staff { page: &page, rows, payment, transactions, mismatches, may_resolve, refunds }.render();
    html.map(Some).map_err(Error::internal)
}

fn tone(payment: &Payment) -> Tone {
    match payment.state {
        State::Paid => Tone::Success,
        State::Failed => Tone::Danger,
        State::Open | State::Pending | State::Cancelled | State::Checking => Tone::Warning,
        State::Dropped => Tone::Info,
    }
}

fn state(page: &Page, payment: &Payment) -> String {
    page.t(&format!("payments-state-{}", payment.state.code()))
}

fn refund_text(page: &Page, refund: &Refund) -> String {
    let amount = page.money(refund.cents);
    let key = match refund.state {
        crate::model::RefundState::Executed => "payments-refund-applicant-executed",
        _ => "payments-refund-applicant-open",
    };
    page.t1(key, "amount", amount)
}

fn tx_state(page: &Page, transaction: &Transaction) -> String {
    page.t(&format!("payments-tx-{}", transaction.state.code()))
}

fn mismatch_title(page: &Page, mismatch: &Mismatch) -> String {
    page.t(&format!("payments-mismatch-{}", mismatch.code))
}
