//! The module `sharing` (Freigabe an Außenstehende): documents of a case for one outsider, by a link and a code that is
//! told another way. Off unless the city switches it on (`[sharing]` in `city.toml`).

mod jobs;
mod pages;
mod public;
mod service;
mod store;

use house::{Access, Holds, Key, Module, Panel, Retention, Table, job, panel};

/// Rights of this module.
pub mod perm {
    use kernel::Permission;
    /// Give documents of the own cases to outsiders, and take them back.
    pub const SHARE: Permission = Permission("sharing.share");
}

pub const MODULE: Module = Module {
    name: "sharing",
    migrations: Some(db::migrations!("sharing": "0001_init")),
    permissions: &[perm::SHARE],
    locales: &[("de", include_str!("../locales/de.ftl")), ("en", include_str!("../locales/en.ftl"))],
    routes: |r| {
        r.get(Access::Staff(perm::SHARE), "/intern/vorgang/{case}/freigaben", pages::shares);
        r.post(Access::Staff(perm::SHARE), "/intern/vorgang/{case}/freigaben", pages::share);
        r.post(Access::Staff(perm::SHARE), "/intern/vorgang/{case}/freigabe/{share}/widerrufen", pages::revoke);
        r.get(Access::Public, "/freigabe/{token}", public::ask);
        r.post(Access::Public, "/freigabe/{token}", public::enter);
        r.get(Access::Public, "/freigabe/{token}/dokument/{n}", public::download);
        r.get(Access::Public, "/freigabe/{token}/dokument/{n}/ansehen", public::look);
        r.get(Access::Public, "/freigabe/{token}/dokument/{n}/anzeige", public::framed);
    },
    jobs: |j| {
        j.on(job!(jobs::note_refused: jobs::NoteRefused));
        j.on(job!(jobs::remove_secrets: jobs::RemoveSecrets));
        j.every("50 2 * * *", &jobs::RemoveSecrets {});
    },
    panels: &[Panel { name: "sharing", order: 92, staff: true, applicant: false, render: panel!(pages::panel) }],
    tables: TABLES,
    ..Module::EMPTY
};

const TABLES: &[Table] = &[
    Table {
        name: "sharing_share",
        holds: Holds::Person {
            by: Key::Case,
            // Who got the data belongs into the answer to the person they are about (Art. 15 Abs. 1 Buchst. c DSGVO);
            // the recipient's address does not.
            export: "SELECT recipient, purpose, made_at, expires_at, ended, ended_at FROM sharing_share
                     WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM sharing_share WHERE tenant = $1 AND case_id = $2",
            retention: Retention::WithCase,
        },
    },
    Table {
        name: "sharing_document",
        holds: Holds::Person {
            by: Key::Case,
            export: "SELECT n, title, file_id FROM sharing_document WHERE tenant = $1 AND share_id IN
                       (SELECT id FROM sharing_share WHERE tenant = $1 AND case_id = $2)",
            erase: "DELETE FROM sharing_document WHERE tenant = $1 AND share_id IN
                      (SELECT id FROM sharing_share WHERE tenant = $1 AND case_id = $2)",
            retention: Retention::WithCase,
        },
    },
    Table { name: "sharing_visit", holds: Holds::NoPerson("hashes of random tokens, gone within a day") },
];
