//! The module `records` (eAkte): everything of one matter lies in one case (Vorgang) in a file (Akte) with a file
//! reference (Aktenzeichen), with one timeline in plain words for applicant and clerk.

mod model;
mod pages;
mod search;
mod service;
mod store;

use house::{Access, Holds, Key, Menu, Module, Retention, Table, answer, handler, reaction};
use journal::{Evidence, Kind};
use kernel::Permission;

pub use model::family_key;

/// Rights of this module.
pub mod perm {
    use kernel::Permission;
    /// See the cases of the own access classes.
    pub const VIEW: Permission = Permission("records.view");
    /// Find a caller's cases by name and birth date (telefonische Auskunft).
    pub const CALLER: Permission = Permission("records.caller-view");
}

/// Rows whose state is in the journal.
pub const EVIDENCE: &[Evidence] = &[
    Evidence {
        subject: "document",
        table: "records_document",
        one: "SELECT id, case_id, kind, title, file_id, direction, audience, added_at FROM records_document
              WHERE tenant = $1 AND id = $2",
        page: "SELECT id, case_id, kind, title, file_id, direction, audience, added_at FROM records_document
               WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3",
        columns: &[
            ("id", Kind::Uuid),
            ("case_id", Kind::Uuid),
            ("kind", Kind::Text),
            ("title", Kind::Text),
            ("file_id", Kind::Uuid),
            ("direction", Kind::Text),
            ("audience", Kind::Text),
            ("added_at", Kind::Time),
        ],
    },
    Evidence {
        subject: "case",
        table: "records_case",
        one: "SELECT id, number, service, unit, cls, status, account_id, opened_at, closed_at FROM records_case
              WHERE tenant = $1 AND id = $2",
        page: "SELECT id, number, service, unit, cls, status, account_id, opened_at, closed_at FROM records_case
               WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3",
        columns: &[
            ("id", Kind::Uuid),
            ("number", Kind::Text),
            ("service", Kind::Text),
            ("unit", Kind::Text),
            ("cls", Kind::Int),
            ("status", Kind::Text),
            ("account_id", Kind::Uuid),
            ("opened_at", Kind::Time),
            ("closed_at", Kind::Time),
        ],
    },
];

pub const MODULE: Module = Module {
    name: "records",
    migrations: Some(db::migrations!("records": "0001_init", "0002_step_by")),
    permissions: PERMISSIONS,
    locales: &[("de", include_str!("../locales/de.ftl")), ("en", include_str!("../locales/en.ftl"))],
    routes: |r| {
        r.get(Access::Citizen, "/meine-vorgaenge", pages::own_cases);
        r.get(Access::Applicant, "/vorgang/{case}", pages::applicant_case);
        r.get(Access::Applicant, "/vorgang/{case}/dokument/{document}", pages::applicant_document);
        r.get(Access::Staff(perm::VIEW), "/intern/vorgang/{case}", pages::staff_case);
        r.get(Access::Staff(perm::VIEW), "/intern/vorgang/{case}/dokument/{document}", pages::staff_document);
        r.get(Access::Staff(perm::CALLER), "/intern/auskunft", pages::caller);
        r.post(Access::Staff(perm::CALLER), "/intern/auskunft", pages::caller_search);
        r.get(Access::Staff(perm::VIEW), ui::paths::STAFF_SEARCH, pages::search::ask);
        r.post(Access::Staff(perm::VIEW), ui::paths::STAFF_SEARCH, pages::search::find);
    },
    commands: |c| {
        c.on(handler!(service::open_case: contract_records::OpenCase));
        c.on(handler!(service::add_document: contract_records::AddDocument));
        c.on(handler!(service::add_step: contract_records::AddStep));
        c.task(handler!(service::set_status: contract_records::SetStatus));
        c.task(handler!(service::hand_over: contract_records::HandOver));
        c.answers(answer!(service::cases: contract_records::Cases));
        c.answers(answer!(service::visible_case: contract_records::VisibleCase));
        c.answers(answer!(service::documents: contract_records::Documents));
        c.answers(answer!(service::cases_of_account: contract_records::CasesOfAccount));
        c.answers(answer!(service::case_by_number: contract_records::CaseByNumber));
        c.answers(answer!(service::documents_of_case: contract_records::DocumentsOfCase));
        c.answers(answer!(service::due_for_deletion: contract_records::DueForDeletion));
    },
    events: |e| {
        e.on("records.timeline", reaction!(service::task_done: contract_desk::TaskDone));
    },
    menu: &[
        Menu { label: "records-menu-own", href: "/meine-vorgaenge", access: Access::Citizen, order: 20 },
        Menu {
            label: "records-menu-search",
            href: ui::paths::STAFF_SEARCH,
            access: Access::Staff(perm::VIEW),
            order: 25,
        },
        Menu { label: "records-menu-caller", href: "/intern/auskunft", access: Access::Staff(perm::CALLER), order: 30 },
    ],
    searchable: &[search::CASES],
    tables: TABLES,
    evidence: EVIDENCE,
    ..Module::EMPTY
};

const PERMISSIONS: &[Permission] = &[perm::VIEW, perm::CALLER];

const TABLES: &[Table] = &[
    Table { name: "records_series", holds: Holds::NoPerson("running numbers") },
    Table { name: "records_file", holds: Holds::NoPerson("a file per entry of the plan and year") },
    Table {
        name: "records_case",
        holds: Holds::Person {
            by: Key::Case,
            // Without the unit: a case about an entry with a Sperrvermerk (§ 64 PStG) is led by a unit of its own.
            export: "SELECT number, service, title, status, party, birth_date, opened_at, closed_at, lang,
                            retention_years, retention_basis FROM records_case WHERE tenant = $1 AND id = $2",
            erase: "DELETE FROM records_case WHERE tenant = $1 AND id = $2",
            retention: Retention::WithCase,
        },
    },
    Table {
        name: "records_document",
        holds: Holds::Person {
            by: Key::Case,
            export: "SELECT kind, title, file_id, direction, added_at FROM records_document
                     WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM records_document WHERE tenant = $1 AND case_id = $2",
            retention: Retention::WithCase,
        },
    },
    Table {
        name: "records_step",
        holds: Holds::Person {
            by: Key::Case,
            // Without who did it: that is no datum of the applicant. A clerk is an id here; the name that belongs to it goes
            // from `identity_staff` some time after they left.
            export: "SELECT at, code, args FROM records_step WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM records_step WHERE tenant = $1 AND case_id = $2",
            retention: Retention::WithCase,
        },
    },
    Table {
        name: "records_access_log",
        holds: Holds::Person {
            by: Key::Case,
            export: "SELECT at, what FROM records_access_log WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM records_access_log WHERE tenant = $1 AND case_id = $2",
            retention: Retention::Aged {
                days: 365,
                basis: "Art. 5 Abs. 2 DSGVO",
                expire: "DELETE FROM records_access_log WHERE tenant = $1 AND at < $2",
            },
        },
    },
];
