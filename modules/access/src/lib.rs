//! The module `access` (Zugang): "Warum darf ich das nicht sehen?" answered without telling whether there is such a thing:
//! reasons, the reader's own rights and whom to ask, and a request to the Registratur. What somebody asks for is never
//! looked up, so that page, answer and time are the same for what exists and what does not.

mod pages;
mod service;
mod store;

use house::{Access, Holds, Key, Menu, Module, Retention, Table};

/// Rights of this module.
pub mod perm {
    use kernel::Permission;
    /// Answer requests for access (Registratur).
    pub const ANSWER: Permission = Permission("access.answer");
}

pub const MODULE: Module = Module {
    name: "access",
    migrations: Some(db::migrations!("access": "0001_init")),
    permissions: &[perm::ANSWER],
    locales: &[("de", include_str!("../locales/de.ftl")), ("en", include_str!("../locales/en.ftl"))],
    routes: |r| {
        r.get(Access::AnyStaff, ui::paths::STAFF_ACCESS, pages::why);
        r.post(Access::AnyStaff, ui::paths::STAFF_ACCESS, pages::ask);
        r.get(Access::Staff(perm::ANSWER), "/intern/zugangsanfragen", pages::requests);
        r.post(Access::Staff(perm::ANSWER), "/intern/zugangsanfrage/{request}/antwort", pages::answer);
    },
    menu: &[Menu {
        label: "access-menu",
        href: "/intern/zugangsanfragen",
        access: Access::Staff(perm::ANSWER),
        order: 61,
    }],
    tables: &[Table {
        name: "access_request",
        holds: Holds::Person {
            by: Key::Staff,
            export: "SELECT reference, reason, made_at, answer, answered_at FROM access_request
                     WHERE tenant = $1 AND staff_id = $2",
            erase: "DELETE FROM access_request WHERE tenant = $1 AND staff_id = $2",
            retention: Retention::Aged {
                days: 365,
                basis: "Art. 5 Abs. 2 DSGVO",
                expire: "DELETE FROM access_request WHERE tenant = $1 AND made_at < $2",
            },
        },
    }],
    ..Module::EMPTY
};
