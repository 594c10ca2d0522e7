//! The module `payments` (Zahlungen): what a case costs, asking for it through XBezahldienste, giving it back.
//!
//! The platform proposes and hands over; the treasury's own system books (§ 94 (2) GO NRW). What a browser brings back
//! proves nothing and a notification only announces: the one source of a payment's state is the provider's answer to
//! GET, and one function ([`service::hear`]) takes it in, whoever asked.
//!
//! Architecture invariant: amounts are integer cents; the provider and the treasury are never called inside a
//! transaction.

mod api;
mod fees;
mod jobs;
mod model;
mod pages;
mod panel;
mod provider;
mod refunds;
mod service;
mod store;
mod treasury;

use house::{Access, Holds, Key, Menu, Module, Panel, Retention, Table, answer, handler, job, panel, reaction};
use journal::{Evidence, Kind};
use kernel::Permission;

/// Rights of this module.
pub mod perm {
    use kernel::Permission;
    /// See payments and refunds of the own units, take lists to reconcile.
    pub const VIEW: Permission = Permission("payments.view");
    /// Certify that a refund is right in substance and sum (sachlich und rechnerisch richtig).
    pub const REFUND_PROPOSE: Permission = Permission("payments.refund-propose");
    /// Order a refund that somebody else proposed (Anordnung).
    pub const REFUND_APPROVE: Permission = Permission("payments.refund-approve");
}

const PERMISSIONS: &[Permission] = &[perm::VIEW, perm::REFUND_PROPOSE, perm::REFUND_APPROVE];

/// Largest body of a notification, in bytes: it carries one id.
const MAX_NOTIFICATION: usize = 4096;

/// Rows whose state is in the journal: a payment and a refund.
pub const EVIDENCE: &[Evidence] = &[
    Evidence {
        subject: "payment",
        table: "payments_payment",
        one: "SELECT case_id, number, cents, state, paid_by, reference, requested_at, settled_at FROM payments_payment
              WHERE tenant = $1 AND id = $2",
        page: "SELECT id, case_id, number, cents, state, paid_by, reference, requested_at, settled_at
               FROM payments_payment WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3",
        columns: &[
            ("case_id", Kind::Uuid),
            ("number", Kind::Text),
            ("cents", Kind::Int),
            ("state", Kind::Text),
            ("paid_by", Kind::Uuid),
            ("reference", Kind::Text),
            ("requested_at", Kind::Time),
            ("settled_at", Kind::Time),
        ],
    },
    Evidence {
        subject: "refund",
        table: "payments_refund",
        one: "SELECT payment_id, case_id, reference, cents, reason, state, proposed_by, approved_by, decided_at, rejection
              FROM payments_refund WHERE tenant = $1 AND id = $2",
        page: "SELECT id, payment_id, case_id, reference, cents, reason, state, proposed_by, approved_by, decided_at,
                      rejection
               FROM payments_refund WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3",
        columns: &[
            ("payment_id", Kind::Uuid),
            ("case_id", Kind::Uuid),
            ("reference", Kind::Text),
            ("cents", Kind::Int),
            ("reason", Kind::Text),
            ("state", Kind::Text),
            ("proposed_by", Kind::Uuid),
            ("approved_by", Kind::Uuid),
            ("decided_at", Kind::Time),
            ("rejection", Kind::Text),
        ],
    },
];

pub const MODULE: Module = Module {
    name: "payments",
    migrations: Some(db::migrations!("payments": "0001_init")),
    permissions: PERMISSIONS,
    locales: &[("de", include_str!("../locales/de.ftl")), ("en", include_str!("../locales/en.ftl"))],
    routes: |r| {
        r.post(Access::Applicant, "/vorgang/{case}/bezahlen", pages::pay);
        r.get(Access::Applicant, "/vorgang/{case}/zahlung", pages::returned);
        r.upload(Access::Public, "/api/v1/payments/notification", MAX_NOTIFICATION, api::notification);
        r.get(Access::Staff(perm::VIEW), "/intern/erstattungen", pages::refunds);
        r.get(Access::Staff(perm::VIEW), "/intern/erstattungen/erstattungen.csv", pages::refunds_csv);
        r.get(Access::Staff(perm::VIEW), "/intern/erstattungen/zahlungen.csv", pages::payments_csv);
        r.post(Access::Staff(perm::REFUND_PROPOSE), "/intern/erstattungen/{id}/vorschlagen", pages::propose);
        r.post(Access::Staff(perm::REFUND_APPROVE), "/intern/erstattungen/{id}/freigeben", pages::approve);
        r.post(Access::Staff(perm::REFUND_APPROVE), "/intern/erstattungen/{id}/zurueckgeben", pages::send_back);
        r.post(Access::Staff(perm::REFUND_PROPOSE), "/intern/erstattungen/{id}/wiederholen", pages::repeat);
        r.post(Access::Staff(perm::REFUND_PROPOSE), "/intern/zahlungen/abweichung/{id}", pages::resolve_mismatch);
    },
    commands: |c| {
        c.on(handler!(service::set_fees: contract_payments::SetFees));
        c.task(handler!(service::request_payment: contract_payments::RequestPayment));
        c.task(handler!(service::settle_outcome: contract_payments::SettleOutcome));
        c.answers(answer!(service::fees_of: contract_payments::FeesOf));
    },
    events: |e| {
        e.on("payments.case-closed", reaction!(service::case_changed: contract_records::StatusChanged));
    },
    jobs: |j| {
        j.on(job!(jobs::check: jobs::Check));
        j.on(job!(jobs::poll: jobs::Poll));
        j.on(job!(jobs::hand_over: jobs::HandOver));
        j.on(job!(jobs::follow: jobs::Follow));
        j.every("*/5 * * * *", &jobs::Poll {});
    },
    menu: &[Menu {
        label: "payments-menu",
        href: "/intern/erstattungen",
        access: Access::Staff(perm::VIEW),
        order: 40,
    }],
    panels: &[
        Panel { name: "payments.pay", order: 10, staff: false, applicant: true, render: panel!(panel::applicant) },
        Panel { name: "payments.case", order: 30, staff: true, applicant: false, render: panel!(panel::staff) },
    ],
    tables: TABLES,
    evidence: EVIDENCE,
    ..Module::EMPTY
};

/// Receipts of payments are kept ten years (§ 59 KomHVO NRW), longer than most cases. The years count from the January
/// after the council settled the accounts of the year, which is two years later at most.
const fn receipts(expire: &'static str) -> Retention {
    Retention::Aged { days: 4383, basis: "§ 59 KomHVO NRW", expire }
}

const TABLES: &[Table] = &[
    Table {
        name: "payments_fees",
        holds: Holds::Person {
            by: Key::Case,
            export: "SELECT items, total, set_at FROM payments_fees WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM payments_fees WHERE tenant = $1 AND case_id = $2",
            retention: Retention::WithCase,
        },
    },
    Table {
        name: "payments_payment",
        holds: Holds::Person {
            by: Key::Case,
            export: "SELECT number, cents, state, reference, requested_at, settled_at FROM payments_payment
                     WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM payments_payment WHERE tenant = $1 AND case_id = $2",
            retention: receipts("DELETE FROM payments_payment WHERE tenant = $1 AND requested_at < $2"),
        },
    },
    Table {
        name: "payments_transaction",
        holds: Holds::Person {
            by: Key::Case,
            export: "SELECT cents, items, state, reference, asked_at FROM payments_transaction
                     WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM payments_transaction WHERE tenant = $1 AND case_id = $2",
            retention: receipts("DELETE FROM payments_transaction WHERE tenant = $1 AND asked_at < $2"),
        },
    },
    Table {
        name: "payments_mismatch",
        holds: Holds::Person {
            by: Key::Case,
            export: "SELECT code, expected, got, seen_at, resolved_at FROM payments_mismatch
                     WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM payments_mismatch WHERE tenant = $1 AND case_id = $2",
            retention: receipts("DELETE FROM payments_mismatch WHERE tenant = $1 AND seen_at < $2"),
        },
    },
    Table {
        name: "payments_refund",
        holds: Holds::Person {
            by: Key::Case,
            export: "SELECT reference, cents, reason, state, prepared_at, decided_at FROM payments_refund
                     WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM payments_refund WHERE tenant = $1 AND case_id = $2",
            retention: receipts("DELETE FROM payments_refund WHERE tenant = $1 AND prepared_at < $2"),
        },
    },
];

#[cfg(test)]
mod tests;
