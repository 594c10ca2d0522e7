//! The module `postbox` (Postfach und Postausgang): what the city sends to people, by postbox or by letter, and what
//! they answer.

mod bundle;
mod jobs;
mod model;
mod pages;
mod service;
mod store;
#[cfg(test)]
mod tests;
mod texts;

use house::{Access, Holds, Key, Menu, Module, Panel, Retention, Table, handler, job, panel, reaction};
use journal::{Evidence, Kind};

/// Rights of this module.
pub mod perm {
    use kernel::Permission;
    /// Print letters of the own access classes and hand them to the post.
    pub const PRINT: Permission = Permission("postbox.print");
}

pub const MODULE: Module = Module {
    name: "postbox",
    migrations: Some(db::migrations!("postbox": "0001_init")),
    permissions: &[perm::PRINT],
    locales: &[("de", include_str!("../locales/de.ftl")), ("en", include_str!("../locales/en.ftl"))],
    routes: |r| {
        r.get(Access::Citizen, "/postfach", pages::citizen::list);
        r.get(Access::Applicant, "/postfach/{id}", pages::citizen::message);
        r.upload(Access::Applicant, "/postfach/{id}/antwort", pages::citizen::MAX_FORM, pages::citizen::reply);
        r.get(Access::Staff(perm::PRINT), "/intern/postausgang", pages::clerk::stack);
        r.post(Access::Staff(perm::PRINT), "/intern/postausgang/drucken", pages::clerk::print);
        r.get(Access::Staff(perm::PRINT), "/intern/postausgang/stapel/{batch}", pages::clerk::batch);
        r.get(Access::Staff(perm::PRINT), "/intern/postausgang/brief/{id}", pages::clerk::single);
        r.post(Access::Staff(perm::PRINT), "/intern/postausgang/gedruckt", pages::clerk::after_print);
    },
    commands: |c| {
        c.task(handler!(service::deliver: contract_postbox::Deliver));
        c.task(handler!(service::notify: contract_postbox::Notify));
        c.task(handler!(service::ask_applicant: contract_postbox::AskApplicant));
    },
    events: |e| {
        e.on("postbox.letters", reaction!(service::note_written: contract_certificates::NoteWritten));
    },
    jobs: |j| {
        j.on(job!(jobs::mail: jobs::Mail));
    },
    menu: &[Menu {
        label: "postbox-menu-stack",
        href: "/intern/postausgang",
        access: Access::Staff(perm::PRINT),
        order: 40,
    }],
    tables: TABLES,
    evidence: &[EVIDENCE],
    panels: &[
        Panel { name: "postbox", order: 10, staff: false, applicant: true, render: panel!(pages::citizen::case_panel) },
        Panel {
            name: "postbox-staff",
            order: 40,
            staff: true,
            applicant: false,
            render: panel!(pages::clerk::case_panel),
        },
    ],
    ..Module::EMPTY
};

/// That something was delivered, and when it was read or posted.
const EVIDENCE: Evidence = Evidence {
    subject: "message",
    table: "postbox_delivery",
    one: "SELECT id, case_id, channel, subject, document_id, delivered_at, read_at, posted_at FROM postbox_delivery
          WHERE tenant = $1 AND id = $2",
    page: "SELECT id, case_id, channel, subject, document_id, delivered_at, read_at, posted_at FROM postbox_delivery
           WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3",
    columns: &[
        ("case_id", Kind::Uuid),
        ("channel", Kind::Text),
        ("subject", Kind::Text),
        ("document_id", Kind::Uuid),
        ("delivered_at", Kind::Time),
        ("read_at", Kind::Time),
        ("posted_at", Kind::Time),
    ],
};

const TABLES: &[Table] = &[
    Table {
        name: "postbox_attachment",
        holds: Holds::Person {
            by: Key::Case,
            export: "SELECT message_id, document_id FROM postbox_attachment WHERE tenant = $1
                     AND message_id IN (SELECT id FROM postbox_message WHERE tenant = $1 AND case_id = $2)",
            erase: "DELETE FROM postbox_attachment WHERE tenant = $1
                    AND message_id IN (SELECT id FROM postbox_message WHERE tenant = $1 AND case_id = $2)",
            retention: Retention::WithCase,
        },
    },
    Table {
        name: "postbox_message",
        holds: Holds::Person {
            by: Key::Case,
            export: "SELECT kind, subject, body, document_id, at, read_at FROM postbox_message
                     WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM postbox_message WHERE tenant = $1 AND case_id = $2",
            retention: Retention::WithCase,
        },
    },
    Table {
        name: "postbox_delivery",
        holds: Holds::Person {
            by: Key::Case,
            export: "SELECT channel, subject, document_id, delivered_at, read_at, posted_at FROM postbox_delivery
                     WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM postbox_delivery WHERE tenant = $1 AND case_id = $2",
            retention: Retention::WithCase,
        },
    },
    Table {
        name: "postbox_letter",
        holds: Holds::Person {
            by: Key::Case,
            export: "SELECT document_id, state, created_at, printed_at, posted_at FROM postbox_letter
                     WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM postbox_letter WHERE tenant = $1 AND case_id = $2",
            retention: Retention::WithCase,
        },
    },
];
