//! The module `desk` (Schreibtisch): what there is to do, for whom, until when.
//!
//! Lists show only what the access classes of the actor cover, newest rights at once. A task is claimed, worked on in
//! its form, and finished; the codes of the form go back into the process, the texts stay with the case.

mod pages;
mod service;
mod store;

use house::{Access, Holds, Key, Menu, Module, Panel, Retention, Table, answer, handler, panel, reaction};
use journal::{Evidence, Kind};
use kernel::Permission;

/// The list of cases, for measurements.
pub use store::{After, Item, counts, items};

/// Rights of this module.
pub mod perm {
    use kernel::Permission;
    /// See and do the tasks of the own access classes.
    pub const WORK: Permission = Permission("desk.work");
    /// Take tasks of a unit over from whoever has claimed them.
    pub const ASSIGN: Permission = Permission("desk.assign");
}

/// A finished task is a decision: its row is evidence.
pub const EVIDENCE: Evidence = Evidence {
    subject: "task",
    table: "desk_task",
    one: "SELECT id, case_id, element, form, form_version, state, done_by, done_at, answers FROM desk_task
          WHERE tenant = $1 AND id = $2",
    page: "SELECT id, case_id, element, form, form_version, state, done_by, done_at, answers FROM desk_task
           WHERE tenant = $1 AND state = 'done' AND id > $2 ORDER BY id LIMIT $3",
    columns: &[
        ("id", Kind::Uuid),
        ("case_id", Kind::Uuid),
        ("element", Kind::Text),
        ("form", Kind::Text),
        ("form_version", Kind::Int),
        ("state", Kind::Text),
        ("done_by", Kind::Uuid),
        ("done_at", Kind::Time),
        ("answers", Kind::Json),
    ],
};

const PERMISSIONS: &[Permission] = &[perm::WORK, perm::ASSIGN];

pub const MODULE: Module = Module {
    name: "desk",
    migrations: Some(db::migrations!("desk": "0001_init", "0002_applicant")),
    permissions: PERMISSIONS,
    locales: &[("de", include_str!("../locales/de.ftl")), ("en", include_str!("../locales/en.ftl"))],
    routes: |r| {
        let work = Access::Staff(perm::WORK);
        r.get(Access::AnyStaff, "/intern", pages::home);
        r.get(work, "/intern/aufgaben", pages::tasks);
        r.get(work, "/intern/vorgaenge", pages::cases);
        r.get(work, "/intern/aufgaben/naechste", pages::next);
        r.post(work, "/intern/aufgabe/{task}/uebernehmen", pages::claim);
        r.post(work, "/intern/aufgabe/{task}/abnehmen", pages::take_over);
        r.post(work, "/intern/aufgabe/{task}/zuruecklegen", pages::release);
        r.get(work, "/intern/aufgabe/{task}", pages::open);
        r.get(work, "/intern/aufgabe/{task}/{step}", pages::step);
        r.post(work, "/intern/aufgabe/{task}/{step}", pages::step_sent);
        r.post(work, "/intern/aufgabe/{task}/abschliessen", pages::finish);
    },
    commands: |c| {
        c.on(handler!(service::open_task: contract_desk::OpenTask));
        c.on(handler!(service::close_task: contract_desk::CloseTask));
        c.on(handler!(service::done_by: contract_desk::DoneBy));
        c.on(handler!(service::put_item: contract_desk::PutItem));
        c.answers(answer!(service::task_texts: contract_desk::TaskTexts));
        c.answers(answer!(service::open_tasks: contract_desk::OpenTasks));
    },
    events: |e| {
        e.on("desk.staff", reaction!(service::staff_changed: identity::events::StaffStateChanged));
    },
    menu: &[
        Menu { label: "desk-menu-tasks", href: "/intern/aufgaben", access: Access::Staff(perm::WORK), order: 10 },
        Menu { label: "desk-menu-cases", href: "/intern/vorgaenge", access: Access::Staff(perm::WORK), order: 20 },
    ],
    tables: TABLES,
    evidence: &[EVIDENCE],
    panels: &[Panel {
        name: "desk-tasks",
        order: 10,
        staff: true,
        applicant: false,
        render: panel!(pages::case_tasks),
    }],
    ..Module::EMPTY
};

const TABLES: &[Table] = &[
    Table {
        name: "desk_item",
        holds: Holds::Person {
            by: Key::Case,
            export: "SELECT number, title, party, status, opened_at FROM desk_item WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM desk_item WHERE tenant = $1 AND case_id = $2",
            retention: Retention::WithCase,
        },
    },
    Table {
        name: "desk_count",
        holds: Holds::Sum {
            leave: "UPDATE desk_count SET n = n - 1
                    WHERE tenant = $1 AND EXISTS (SELECT 1 FROM desk_item i WHERE i.tenant = $1 AND i.case_id = $2
                      AND i.cls = desk_count.cls AND i.closed = desk_count.closed)",
        },
    },
    Table {
        name: "desk_task",
        holds: Holds::Person {
            by: Key::Case,
            export: "SELECT title, texts, opened_at, done_at FROM desk_task WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM desk_task WHERE tenant = $1 AND case_id = $2",
            retention: Retention::WithCase,
        },
    },
];
