//! The module `circulation` (Laufmappe, Wiedervorlage): what goes round about a case for signatures, and what brings a case
//! back to somebody's mind on a day.

mod guidelines;
mod pages;
mod service;
mod store;

use house::{Access, Holds, Key, Menu, Module, Panel, Retention, Table, answer, handler, panel};
use journal::{Evidence, Kind};
use kernel::Permission;

/// See cases, and sign what is addressed to oneself; declared by `records`.
const SEE_CASES: Permission = Permission("records.view");
/// Lead files of a unit: send folders round and withdraw them; declared by `records`.
const LEAD_FILES: Permission = Permission("records.file");

/// A circulation folder (Laufmappe), until it is back.
pub const CIRCULATION: Evidence = Evidence {
    subject: "circulation",
    table: "records_circulation",
    one: "SELECT id, case_id, title, instruction, parallel, state, made_by, made_at, ended_at FROM records_circulation
          WHERE tenant = $1 AND id = $2",
    page: "SELECT id, case_id, title, instruction, parallel, state, made_by, made_at, ended_at FROM records_circulation
           WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3",
    columns: &[
        ("id", Kind::Uuid),
        ("case_id", Kind::Uuid),
        ("title", Kind::Text),
        ("instruction", Kind::Text),
        ("parallel", Kind::Bool),
        ("state", Kind::Text),
        ("made_by", Kind::Uuid),
        ("made_at", Kind::Time),
        ("ended_at", Kind::Time),
    ],
};

/// To whom a step of a folder was addressed and what came of it. When it was opened follows from the steps before.
pub const CIRCULATION_STEP: Evidence = Evidence {
    subject: "circulation-step",
    table: "records_circulation_step",
    one:
        "SELECT id, circulation_id, n, addressee, kind, outcome, reason, done_by, done_at FROM records_circulation_step
          WHERE tenant = $1 AND id = $2",
    page: "SELECT id, circulation_id, n, addressee, kind, outcome, reason, done_by, done_at
           FROM records_circulation_step WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3",
    columns: &[
        ("id", Kind::Uuid),
        ("circulation_id", Kind::Uuid),
        ("n", Kind::Int),
        ("addressee", Kind::Uuid),
        ("kind", Kind::Text),
        ("outcome", Kind::Text),
        ("reason", Kind::Text),
        ("done_by", Kind::Uuid),
        ("done_at", Kind::Time),
    ],
};

pub const MODULE: Module = Module {
    name: "circulation",
    // Its tables were made by `records`, where the room began, and keep their names: the journal names them.
    migrations: None,
    locales: &[("de", include_str!("../locales/de.ftl")), ("en", include_str!("../locales/en.ftl"))],
    routes: |r| {
        r.get(Access::Staff(SEE_CASES), "/intern/laufmappen", pages::circulations);
        r.get(Access::Staff(LEAD_FILES), "/intern/vorgang/{case}/laufmappe", pages::new_circulation);
        r.post(Access::Staff(LEAD_FILES), "/intern/vorgang/{case}/laufmappe", pages::send);
        r.get(Access::Staff(SEE_CASES), "/intern/laufmappe/{folder}", pages::circulation);
        let step = "/intern/laufmappe/{folder}/schritt/{step}/zeichnen";
        r.post(Access::Staff(SEE_CASES), step, pages::sign);
        let step = "/intern/laufmappe/{folder}/schritt/{step}/zurueckgeben";
        r.post(Access::Staff(SEE_CASES), step, pages::give_back);
        r.post(Access::Staff(LEAD_FILES), "/intern/laufmappe/{folder}/zurueckziehen", pages::withdraw);
        r.get(Access::Staff(SEE_CASES), "/intern/wiedervorlagen", pages::follow_ups);
        r.post(Access::Staff(SEE_CASES), "/intern/vorgang/{case}/wiedervorlage", pages::follow_up);
        r.post(Access::Staff(SEE_CASES), "/intern/wiedervorlage/{id}/erledigt", pages::follow_up_done);
    },
    commands: |c| {
        c.on(handler!(service::send: contract_circulation::SendFolder));
        c.on(handler!(service::add_follow_up: contract_circulation::AddFollowUp));
        c.answers(answer!(service::open_folders: contract_circulation::OpenFolders));
    },
    menu: &[
        Menu { label: "circulation-menu", href: "/intern/laufmappen", access: Access::Staff(SEE_CASES), order: 23 },
        Menu {
            label: "circulation-menu-follow-ups",
            href: "/intern/wiedervorlagen",
            access: Access::Staff(SEE_CASES),
            order: 24,
        },
    ],
    // After the panels in which the work of the case is done.
    panels: &[Panel { name: "circulation", order: 90, staff: true, applicant: false, render: panel!(pages::panel) }],
    tables: TABLES,
    evidence: &[CIRCULATION, CIRCULATION_STEP],
    ..Module::EMPTY
};

const TABLES: &[Table] = &[
    Table {
        name: "records_circulation",
        holds: Holds::Person {
            by: Key::Case,
            // Without the names of the staff, here and in the steps.
            export: "SELECT title, instruction, state, made_at, ended_at FROM records_circulation
                     WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM records_circulation WHERE tenant = $1 AND case_id = $2",
            retention: Retention::WithCase,
        },
    },
    Table {
        name: "records_circulation_step",
        holds: Holds::Person {
            by: Key::Case,
            export: "SELECT kind, outcome, reason, done_at FROM records_circulation_step
                     WHERE tenant = $1 AND circulation_id IN
                       (SELECT id FROM records_circulation WHERE tenant = $1 AND case_id = $2)",
            erase: "DELETE FROM records_circulation_step WHERE tenant = $1 AND circulation_id IN
                      (SELECT id FROM records_circulation WHERE tenant = $1 AND case_id = $2)",
            retention: Retention::WithCase,
        },
    },
    Table {
        name: "records_follow_up",
        holds: Holds::Person {
            by: Key::Case,
            export: "SELECT due, note, made_at, done_at FROM records_follow_up WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM records_follow_up WHERE tenant = $1 AND case_id = $2",
            retention: Retention::WithCase,
        },
    },
];
