//! The state machines of payments and refunds; no I/O.
//!
//! ```text
//! open ──begin──> pending ──payed──> paid
//!  ^                │  ├─failed───> failed ────┐
//!  └──── begin ─────│──┴─canceled─> cancelled ─┤ begin again, or paid late: paid
//!                   └─wrong amount─> checking ──resolved by a person──> open
//! open, pending, failed, cancelled, checking ──case closed──> dropped (money that still comes is given back)
//!
//! prepared ──propose(a)──> proposed ──approve(b ≠ a)──> approved ──handed to the treasury──> ordered
//!     ^────── send back ──────┘                                        executed <──┴──> rejected
//! ```

use jiff::{SignedDuration, Timestamp};
use kernel::{Error, Money, Result, StaffId, Uuid};

macro_rules! codes {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $code:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum $name { $($(#[$vmeta])* $variant),+ }

        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            pub fn code(self) -> &'static str {
                match self { $($name::$variant => $code),+ }
            }

            /// # Errors
            /// A code that this program does not know.
            pub fn read(code: &str) -> Result<Self> {
                let known = Self::ALL.iter().copied().find(|value| value.code() == code);
                known.ok_or_else(|| Error::internal(format!("unknown state {code}")))
            }
        }
    };
}

codes!(
    /// Where a demand stands.
    State {
        Open = "open",
        /// The applicant was sent to the provider.
        Pending = "pending",
        Paid = "paid",
        Failed = "failed",
        Cancelled = "cancelled",
        /// Something was paid that was not asked for; a person looks.
        Checking = "checking",
        /// No longer wanted: the case is closed.
        Dropped = "dropped",
    }
);

codes!(
    /// Where one transaction at the provider stands, as far as it is known here.
    TxState {
        /// The requestId is stored, the provider's answer is not.
        Asked = "asked",
        Initial = "initial",
        Payed = "payed",
        Failed = "failed",
        Canceled = "canceled",
        /// The provider would not take the request.
        Refused = "refused",
        /// Paid, and not as asked.
        Mismatch = "mismatch",
    }
);

/// What the provider calls the state of a transaction (XBezahldienste, spelled as there).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    Initial,
    Payed,
    Failed,
    Canceled,
}

/// The provider's answer to the question how a transaction stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    pub status: Status,
    pub cents: Money,
    /// Kassenzeichen.
    pub reference: String,
}

/// What is known of a demand when an answer comes.
#[derive(Clone, Copy, Debug)]
pub struct Demand {
    pub state: State,
    pub cents: Money,
    /// The transaction that the applicant was sent to last.
    pub current: Option<Uuid>,
}

/// What is known of a transaction when an answer comes.
#[derive(Clone, Debug)]
pub struct Known<'a> {
    pub id: Uuid,
    pub state: TxState,
    pub cents: Money,
    pub reference: Option<&'a str>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    Nothing,
    /// The demand is met by this transaction.
    Settled,
    /// Money has come that is not owed: the whole transaction is to be given back, for this reason.
    GiveBack(&'static str),
    Failed,
    Cancelled,
    /// What the provider says does not fit what was asked; code of the incident.
    Mismatch(&'static str),
}

/// The new states and what follows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Heard {
    pub demand: State,
    pub transaction: TxState,
    pub effect: Effect,
}

/// Takes in an answer of the provider. The same answer a second time has no effect but a repeated mismatch.
pub fn hear(demand: &Demand, tx: &Known<'_>, said: &Said) -> Heard {
    let stays = |effect| Heard { demand: demand.state, transaction: tx.state, effect };
    if tx.state == TxState::Mismatch {
        return stays(Effect::Nothing);
    }
    let wrong = if said.cents != tx.cents {
        Some("amount")
    } else if tx.reference.is_some_and(|known| known != said.reference) {
        Some("reference")
    } else {
        None
    };
    if let Some(code) = wrong {
        // Money that came is looked at by a person; until then nobody is asked to pay again.
        return if said.status == Status::Payed && tx.state != TxState::Payed {
            mismatch(demand, code)
        } else {
            stays(Effect::Mismatch(code))
        };
    }
    match (said.status, tx.state) {
        (Status::Payed, TxState::Payed) => stays(Effect::Nothing),
        (Status::Payed, _) => paid(demand, tx),
        (_, TxState::Payed) => stays(Effect::Mismatch("status")),
        (Status::Initial, _) | (Status::Failed, TxState::Failed) | (Status::Canceled, TxState::Canceled) => {
            stays(Effect::Nothing)
        }
        (Status::Failed, _) => ended(demand, tx, TxState::Failed, State::Failed, Effect::Failed),
        (Status::Canceled, _) => ended(demand, tx, TxState::Canceled, State::Cancelled, Effect::Cancelled),
    }
}

fn mismatch(demand: &Demand, code: &'static str) -> Heard {
    let state = match demand.state {
        State::Paid | State::Dropped => demand.state,
        _ => State::Checking,
    };
    Heard { demand: state, transaction: TxState::Mismatch, effect: Effect::Mismatch(code) }
}

fn paid(demand: &Demand, tx: &Known<'_>) -> Heard {
    let transaction = TxState::Payed;
    match demand.state {
        State::Paid => Heard { demand: State::Paid, transaction, effect: Effect::GiveBack("paid-twice") },
        State::Dropped => Heard { demand: State::Dropped, transaction, effect: Effect::GiveBack("paid-late") },
        // The fee was changed after this transaction began.
        _ if tx.cents != demand.cents => mismatch(demand, "fee-changed"),
        _ => Heard { demand: State::Paid, transaction, effect: Effect::Settled },
    }
}

fn ended(demand: &Demand, tx: &Known<'_>, transaction: TxState, state: State, effect: Effect) -> Heard {
    // An older transaction that ends says nothing about the one the applicant is at now.
    if demand.state == State::Pending && demand.current == Some(tx.id) {
        Heard { demand: state, transaction, effect }
    } else {
        Heard { demand: demand.state, transaction, effect: Effect::Nothing }
    }
}

impl State {
    /// The applicant may be sent to the provider.
    pub fn payable(self) -> bool {
        matches!(self, State::Open | State::Pending | State::Failed | State::Cancelled)
    }
}

impl TxState {
    /// The applicant can still pay there.
    pub fn live(self) -> bool {
        matches!(self, TxState::Asked | TxState::Initial)
    }
}

/// First wait between two questions of the poller.
const FIRST_WAIT: SignedDuration = SignedDuration::from_mins(5);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(6);
/// A transaction somebody may still pay is asked about this long.
const ASKED_WHILE_LIVE: SignedDuration = SignedDuration::from_hours(24 * 60);
/// One that failed or was cancelled may be paid late; its notification may be lost.
const ASKED_AFTER_END: SignedDuration = SignedDuration::from_hours(24 * 3);

/// When the poller asks next about a transaction; none when there is nothing more to learn.
pub fn next_check(state: TxState, asked_at: Timestamp, checks: i64, now: Timestamp) -> Option<Timestamp> {
    let until = match state {
        TxState::Initial => asked_at.saturating_add(ASKED_WHILE_LIVE),
        TxState::Failed | TxState::Canceled => asked_at.saturating_add(ASKED_AFTER_END),
        TxState::Asked | TxState::Payed | TxState::Refused | TxState::Mismatch => return None,
    };
    let doublings = u32::try_from(checks.clamp(0, 10)).unwrap_or(10);
    let wait = (FIRST_WAIT * 2_i32.pow(doublings)).min(LONGEST_WAIT);
    let next = now.saturating_add(wait).ok()?;
    (next <= until.ok()?).then_some(next)
}

codes!(
    /// Where a refund stands.
    RefundState {
        /// Computed by the program; nobody has looked yet.
        Prepared = "prepared",
        /// A member of staff certified it.
        Proposed = "proposed",
        /// Another one ordered it.
        Approved = "approved",
        /// The treasury has the order.
        Ordered = "ordered",
        Executed = "executed",
        Rejected = "rejected",
    }
);

impl RefundState {
    /// Still counts against what can be given back.
    pub fn counts(self) -> bool {
        self != RefundState::Rejected
    }

    pub fn under_way(self) -> bool {
        !matches!(self, RefundState::Executed | RefundState::Rejected)
    }
}

/// Somebody certifies a refund.
///
/// # Errors
/// `refund-state` when it is not waiting for that.
pub fn propose(state: RefundState) -> Result<RefundState> {
    match state {
        RefundState::Prepared => Ok(RefundState::Proposed),
        _ => Err(Error::refused("refund-state")),
    }
}

/// Somebody else orders it (Vier-Augen-Prinzip).
///
/// # Errors
/// `refund-state` when it is not proposed, `refund-four-eyes` when the same person proposed it.
pub fn approve(state: RefundState, proposed_by: Option<StaffId>, by: StaffId) -> Result<RefundState> {
    match (state, proposed_by) {
        (RefundState::Proposed, Some(proposer)) if proposer != by => Ok(RefundState::Approved),
        (RefundState::Proposed, _) => Err(Error::refused("refund-four-eyes")),
        _ => Err(Error::refused("refund-state")),
    }
}

/// The order is sent back to be looked at again.
///
/// # Errors
/// `refund-state` when it is not proposed.
pub fn send_back(state: RefundState) -> Result<RefundState> {
    match state {
        RefundState::Proposed => Ok(RefundState::Prepared),
        _ => Err(Error::refused("refund-state")),
    }
}

/// The rest to give back of what was paid: less the fee that stays owed and what is given back already.
pub fn rest(paid: Money, owed: Money, given_back: Money) -> Money {
    Money(paid.cents().saturating_sub(owed.cents()).saturating_sub(given_back.cents()).max(0))
}

/// `31.02`: euros as a decimal number of JSON, from cents.
pub fn decimal(amount: Money) -> String {
    let sign = if amount.cents() < 0 { "-" } else { "" };
    let cents = amount.cents().unsigned_abs();
    format!("{sign}{}.{:02}", cents / 100, cents % 100)
}

/// Cents of a decimal number of JSON; none for parts of a cent, exponents, negative and immense numbers.
pub fn cents(decimal: &str) -> Option<Money> {
    let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    let (minor, rest) = fraction.split_at(fraction.len().min(2));
    if rest.bytes().any(|b| b != b'0') {
        return None;
    }
    let minor: i64 = format!("{minor:0<2}").parse().ok()?;
    whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(minor).map(Money)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FEE: Money = Money(3102);

    /// One demand with its transactions, led by the state machine as the service does it.
    struct Play {
        demand: Demand,
        transactions: Vec<(Uuid, TxState)>,
        settled: Vec<usize>,
        given_back: Vec<usize>,
        mismatches: usize,
    }

    #[derive(Clone, Debug)]
    enum Move {
        Begin,
        Hear { at: usize, status: Status, wrong: bool },
        CaseCloses,
    }

    fn moves() -> impl Strategy<Value = Vec<Move>> {
        let status = prop_oneof![
            1 => Just(Status::Initial),
            3 => Just(Status::Payed),
            1 => Just(Status::Failed),
            1 => Just(Status::Canceled)
        ];
        let hear = (0usize..4, status, prop::bool::weighted(0.1)).prop_map(|(at, status, wrong)| Move::Hear {
            at,
            status,
            wrong,
        });
        prop::collection::vec(prop_oneof![2 => Just(Move::Begin), 6 => hear, 1 => Just(Move::CaseCloses)], 0..40)
    }

    impl Play {
        fn new() -> Self {
            let demand = Demand { state: State::Open, cents: FEE, current: None };
            Play { demand, transactions: vec![], settled: vec![], given_back: vec![], mismatches: 0 }
        }

        fn make(&mut self, step: &Move) {
            match *step {
                Move::Begin if self.demand.state.payable() => {
                    let id = Uuid::from_u128(self.transactions.len() as u128 + 1);
                    self.transactions.push((id, TxState::Initial));
                    self.demand.current = Some(id);
                    self.demand.state = State::Pending;
                }
                Move::Begin => {}
                Move::CaseCloses => {
                    if self.demand.state != State::Paid {
                        self.demand.state = State::Dropped;
                    }
                }
                Move::Hear { at, status, wrong } => {
                    let Some(&(id, state)) = self.transactions.get(at) else { return };
                    let said = Said { status, cents: if wrong { Money(1) } else { FEE }, reference: "MB1".into() };
                    let known = Known { id, state, cents: FEE, reference: Some("MB1") };
                    let heard = hear(&self.demand, &known, &said);
                    self.demand.state = heard.demand;
                    self.transactions[at].1 = heard.transaction;
                    match heard.effect {
                        Effect::Settled => self.settled.push(at),
                        Effect::GiveBack(_) => self.given_back.push(at),
                        Effect::Mismatch(_) => self.mismatches += 1,
                        Effect::Nothing | Effect::Failed | Effect::Cancelled => {}
                    }
                    // Whoever tells it a second time changes nothing.
                    let known = Known { id, state: heard.transaction, cents: FEE, reference: Some("MB1") };
                    let again = hear(&self.demand, &known, &said);
                    assert!(matches!(again.effect, Effect::Nothing | Effect::Mismatch(_)), "{again:?}");
                    assert_eq!((again.demand, again.transaction), (heard.demand, heard.transaction));
                }
            }
        }
    }

    proptest! {
        #[test]
        fn money_is_taken_once_or_given_back(steps in moves()) {
            let mut play = Play::new();
            for step in &steps {
                let before = play.demand.state;
                play.make(step);
                prop_assert!(before != State::Paid || play.demand.state == State::Paid, "paid stays paid");
                prop_assert!(before != State::Dropped || play.demand.state == State::Dropped);
                prop_assert!(play.settled.len() <= 1);
                prop_assert_eq!(play.demand.state == State::Paid, play.settled.len() == 1);
                for (at, (_, state)) in play.transactions.iter().enumerate() {
                    let times = [&play.settled, &play.given_back].into_iter().flatten().filter(|i| **i == at).count();
                    prop_assert_eq!(times, usize::from(*state == TxState::Payed), "transaction {}", at);
                }
                if play.demand.state == State::Checking {
                    prop_assert!(play.mismatches > 0 && !play.demand.state.payable());
                }
            }
        }

        #[test]
        fn amounts_read_back(cents in 0i64..1_000_000_000_000) {
            prop_assert_eq!(super::cents(&decimal(Money(cents))), Some(Money(cents)));
        }

        #[test]
        fn no_number_panics(text in "[0-9.eE+-]{0,30}") {
            let _ = super::cents(&text);
        }

        #[test]
        fn a_rest_is_never_more_than_what_was_paid(paid in 0i64..i64::MAX, owed in 0i64..i64::MAX, back in 0i64..i64::MAX) {
            let rest = rest(Money(paid), Money(owed), Money(back)).cents();
            prop_assert!(rest >= 0 && rest <= paid);
            prop_assert_eq!(i128::from(rest), (i128::from(paid) - i128::from(owed) - i128::from(back)).max(0));
        }
    }

    #[test]
    fn decimals_of_json() {
        for (text, expected) in [("9", Some(900)), ("9.0", Some(900)), ("31.02", Some(3102)), ("0.500", Some(50))] {
            assert_eq!(cents(text), expected.map(Money), "{text}");
        }
        for text in ["", "-9", "9.005", "1e3", ".5", "9.", "99999999999999999999"] {
            let expected = if text == "9." { Some(Money(900)) } else { None };
            assert_eq!(cents(text), expected, "{text}");
        }
        assert_eq!(decimal(Money(5)), "0.05");
    }

    fn known(state: TxState, cents: i64) -> Known<'static> {
        Known { id: Uuid::from_u128(1), state, cents: Money(cents), reference: Some("MB1") }
    }

    fn said(status: Status, cents: i64) -> Said {
        Said { status, cents: Money(cents), reference: "MB1".into() }
    }

    #[test]
    fn paid_after_the_provider_cancelled_is_paid() {
        let demand = Demand { state: State::Cancelled, cents: FEE, current: Some(Uuid::from_u128(1)) };
        let heard = hear(&demand, &known(TxState::Canceled, 3102), &said(Status::Payed, 3102));
        assert_eq!((heard.demand, heard.effect), (State::Paid, Effect::Settled));
    }

    #[test]
    fn another_amount_settles_nothing() {
        let demand = Demand { state: State::Pending, cents: FEE, current: Some(Uuid::from_u128(1)) };
        let heard = hear(&demand, &known(TxState::Initial, 3102), &said(Status::Payed, 3101));
        assert_eq!((heard.demand, heard.effect), (State::Checking, Effect::Mismatch("amount")));
        let other = Said { reference: "MB2".into(), ..said(Status::Payed, 3102) };
        assert_eq!(hear(&demand, &known(TxState::Initial, 3102), &other).effect, Effect::Mismatch("reference"));
        // The fee was 20 euros when this transaction began and is 31.02 now.
        let heard = hear(&demand, &known(TxState::Initial, 2000), &said(Status::Payed, 2000));
        assert_eq!(heard.effect, Effect::Mismatch("fee-changed"));
    }

    #[test]
    fn an_older_transaction_that_fails_leaves_the_newer_one_alone() {
        let demand = Demand { state: State::Pending, cents: FEE, current: Some(Uuid::from_u128(2)) };
        let heard = hear(&demand, &known(TxState::Initial, 3102), &said(Status::Failed, 3102));
        assert_eq!((heard.demand, heard.transaction), (State::Pending, TxState::Failed));
    }

    #[test]
    fn who_proposes_does_not_approve() {
        let (a, b) = (StaffId::from_uuid(Uuid::from_u128(1)), StaffId::from_uuid(Uuid::from_u128(2)));
        assert_eq!(propose(RefundState::Prepared).unwrap(), RefundState::Proposed);
        assert_eq!(approve(RefundState::Proposed, Some(a), b).unwrap(), RefundState::Approved);
        assert_eq!(approve(RefundState::Proposed, Some(a), a).unwrap_err().code(), "refund-four-eyes");
        assert_eq!(approve(RefundState::Proposed, None, a).unwrap_err().code(), "refund-four-eyes");
        for state in RefundState::ALL.iter().copied().filter(|s| *s != RefundState::Proposed) {
            assert_eq!(approve(state, Some(a), b).unwrap_err().code(), "refund-state");
            assert_eq!(send_back(state).unwrap_err().code(), "refund-state");
        }
    }

    #[test]
    fn the_poller_asks_less_and_less_and_then_no_more() {
        let start: Timestamp = "2026-11-23T08:00:00Z".parse().unwrap();
        let (mut now, mut checks, mut waits) = (start, 0, Vec::new());
        while let Some(next) = next_check(TxState::Initial, start, checks, now) {
            waits.push(next.duration_since(now));
            (now, checks) = (next, checks + 1);
        }
        assert_eq!(waits[0], SignedDuration::from_mins(5));
        assert!(waits.windows(2).all(|pair| pair[0] <= pair[1]));
        assert_eq!(waits.last().copied(), Some(SignedDuration::from_hours(6)));
        assert!(now.duration_since(start) > SignedDuration::from_hours(24 * 59));
        assert_eq!(next_check(TxState::Payed, start, 0, start), None);
        assert!(next_check(TxState::Canceled, start, 0, start).is_some());
    }
}
