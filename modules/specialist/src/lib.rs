//! The module `specialist` (Schnittstelle für Fachverfahren): programs of the offices put their cases and documents into
//! the city's files and read them there, each within the reach of its machine account.

mod api;
mod jobs;
mod pages;
mod service;
mod store;

use house::{Access, Holds, Key, Menu, Module, Retention, Table, job, machines};

/// Rights of this module.
pub mod perm {
    use kernel::Permission;
    /// Give specialist systems their accounts, and take them away.
    pub const MANAGE: Permission = Permission("specialist.manage");
}

/// The OpenAPI 3.1 document of the interface.
pub const OPENAPI: &str = include_str!("../openapi.json");

/// Largest body of a request with a file, in bytes. Of a larger file the rest is thrown away and the answer says so.
const MOST_BYTES: usize = 64 * 1024 * 1024;

pub const MODULE: Module = Module {
    name: "specialist",
    migrations: Some(db::migrations!("specialist": "0001_init")),
    permissions: &[perm::MANAGE],
    locales: &[("de", include_str!("../locales/de.ftl")), ("en", include_str!("../locales/en.ftl"))],
    routes: |r| {
        r.get(Access::EverySide, "/api/fachverfahren/v1/openapi.json", api::openapi);
        r.post(Access::Machine, "/api/fachverfahren/v1/vorgaenge", api::open_case);
        r.get(Access::Machine, "/api/fachverfahren/v1/vorgaenge", api::find);
        r.get(Access::Machine, "/api/fachverfahren/v1/vorgaenge/{case}", api::case);
        r.upload(Access::Machine, "/api/fachverfahren/v1/vorgaenge/{case}/dokumente", MOST_BYTES, api::add_document);
        r.upload(
            Access::Machine,
            "/api/fachverfahren/v1/vorgaenge/{case}/dokumente/{document}/fassungen",
            MOST_BYTES,
            api::save_version,
        );
        r.post(Access::Machine, "/api/fachverfahren/v1/vorgaenge/{case}/zda", api::close_case);
        r.get(Access::Machine, "/api/fachverfahren/v1/aenderungen", api::changes);

        r.get(Access::Staff(perm::MANAGE), "/intern/fachverfahren", pages::systems);
        r.post(Access::Staff(perm::MANAGE), "/intern/fachverfahren", pages::add);
        r.get(Access::Staff(perm::MANAGE), "/intern/fachverfahren/{system}", pages::system);
        r.post(Access::Staff(perm::MANAGE), "/intern/fachverfahren/{system}/sperren", pages::revoke);
        r.post(Access::Staff(perm::MANAGE), "/intern/fachverfahren/{system}/kennwort", pages::renew);
    },
    jobs: |j| {
        j.on(job!(jobs::forget_answers: jobs::ForgetAnswers));
        j.every("50 3 * * *", &jobs::ForgetAnswers {});
    },
    menu: &[Menu {
        label: "specialist-menu",
        href: "/intern/fachverfahren",
        access: Access::Staff(perm::MANAGE),
        order: 61,
    }],
    tables: &[
        Table { name: "specialist_system", holds: Holds::NoPerson("accounts of programs; staff as ids") },
        Table {
            name: "specialist_reference",
            holds: Holds::Person {
                by: Key::Case,
                export: "SELECT reference, written, received FROM specialist_reference
                         WHERE tenant = $1 AND case_id = $2",
                erase: "DELETE FROM specialist_reference WHERE tenant = $1 AND case_id = $2",
                retention: Retention::WithCase,
            },
        },
        Table {
            name: "specialist_call",
            holds: Holds::Person {
                by: Key::Case,
                export: "SELECT at, what FROM specialist_call WHERE tenant = $1 AND case_id = $2",
                erase: "DELETE FROM specialist_call WHERE tenant = $1 AND case_id = $2",
                retention: Retention::Aged {
                    days: 365,
                    basis: "Art. 5 Abs. 2 DSGVO",
                    expire: "DELETE FROM specialist_call WHERE tenant = $1 AND at < $2",
                },
            },
        },
        Table {
            name: "specialist_answer",
            holds: Holds::NoPerson("ids and file references of what was made, for a week"),
        },
    ],
    machines: Some(machines!(service::machine)),
    ..Module::EMPTY
};
