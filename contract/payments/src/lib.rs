//! What the module `payments` shows to others: fees of a case, asking for them, giving them back.

use kernel::{CaseId, Command, Event, Id, Money, Query, Subject, TaskOutcome, TaskToken};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

kernel::id!(
    /// One demand for payment (Zahlungsvorgang).
    PaymentId, PaymentKind, "payment"
);

kernel::id!(
    /// An order to give money back (Erstattung); also the number of the order at the treasury.
    RefundId, RefundKind, "refund"
);

/// One line of a fee (Gebührenposition), computed from the city's dated fee rows, never taken from a browser.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FeeItem {
    /// Key of the fee row (Tarifstelle) in the city's data.
    pub fee: String,
    /// Text for the payer, in German.
    pub text: String,
    pub quantity: i64,
    /// Price of one.
    pub single: Money,
    /// Legal basis, e.g. the statute's tariff number.
    pub basis: String,
}

impl FeeItem {
    pub fn total(&self) -> Option<Money> {
        self.single.checked_mul(self.quantity)
    }
}

/// Notes what a case will cost; no money is asked for yet. The sum may be zero.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SetFees {
    pub case: CaseId,
    pub items: Vec<FeeItem>,
}

impl Command for SetFees {
    const NAME: &'static str = "payments.set-fees";
    const CALLERS: &'static [&'static str] = &["services"];
    type Answer = Money;
}

/// Process task: asks the applicant for the noted fees and waits. Result: `payment` = `paid`, `free` or `cancelled`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RequestPayment {
    pub case: CaseId,
    pub token: TaskToken,
}

impl Command for RequestPayment {
    const NAME: &'static str = "payments.request";
    const CALLERS: &'static [&'static str] = &["processes"];
    type Answer = TaskOutcome;
}

/// Process task: replaces the fee by that of the outcome (refused, withdrawn, nothing found: own fee rows) and proposes
/// a refund of the rest, which a second person approves. Result: `refund` = `proposed` or `none`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SettleOutcome {
    pub case: CaseId,
    pub token: TaskToken,
    /// `refused`, `withdrawn` or `nothing-found`.
    pub outcome: String,
}

impl Command for SettleOutcome {
    const NAME: &'static str = "payments.settle-outcome";
    const CALLERS: &'static [&'static str] = &["processes"];
    type Answer = TaskOutcome;
}

/// The fee and payment state of cases.
pub struct FeesOf {
    pub case: CaseId,
}

impl Query for FeesOf {
    const NAME: &'static str = "payments.fees-of";
    const CALLERS: &'static [&'static str] = &["services", "certificates", "desk", "records", "privacy"];
    type Answer = Option<Fees>;
}

#[derive(Clone, Debug, Serialize)]
pub struct Fees {
    pub items: Vec<FeeItem>,
    pub total: Money,
    /// `none`, `open`, `paid`, `failed`, `cancelled`, `refund-proposed`, `refunded`.
    pub state: String,
    /// Kassenzeichen of the provider, once there is one.
    pub reference: Option<String>,
}

/// Money has arrived, as the provider confirmed when asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PaymentSettled {
    pub payment: PaymentId,
    pub case: CaseId,
    pub cents: Money,
}

impl Event for PaymentSettled {
    const NAME: &'static str = "payments.settled";
    fn subject(&self) -> Subject {
        let id: Id<PaymentKind> = self.payment;
        id.into()
    }
}

/// The treasury has paid back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Refunded {
    pub refund: RefundId,
    pub case: CaseId,
    pub cents: Money,
}

impl Event for Refunded {
    const NAME: &'static str = "payments.refunded";
    fn subject(&self) -> Subject {
        let id: Id<RefundKind> = self.refund;
        id.into()
    }
}
