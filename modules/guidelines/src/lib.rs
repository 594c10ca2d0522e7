//! The module `guidelines` (Richtlinien zur Anwendung, Rechtskonzept): the paragraph stands beside the button it governs, in
//! versions, and each member of staff says once that they know it.

mod model;
mod pages;
mod service;
mod store;

use house::{Access, Holds, Key, Menu, Module, Retention, Table, answer};

/// Rights of this module.
pub mod perm {
    use kernel::Permission;
    /// See how many of a unit have acknowledged the paragraphs; never who.
    pub const VIEW: Permission = Permission("guidelines.view");
}

pub const MODULE: Module = Module {
    name: "guidelines",
    migrations: Some(db::migrations!("guidelines": "0001_init")),
    permissions: &[perm::VIEW],
    locales: &[("de", include_str!("../locales/de.ftl")), ("en", include_str!("../locales/en.ftl"))],
    routes: |r| {
        r.get(Access::AnyStaff, "/intern/richtlinien", pages::paragraphs);
        r.get(Access::AnyStaff, "/intern/richtlinien/meine.csv", pages::own);
        r.get(Access::Staff(perm::VIEW), "/intern/richtlinien/kenntnisnahmen", pages::counts);
        r.post(Access::AnyStaff, "/intern/richtlinien/{paragraph}/kenntnis", pages::acknowledge);
    },
    commands: |c| {
        c.answers(answer!(service::beside: contract_guidelines::Beside));
    },
    check_content: |_, content| match model::Guidelines::of(content) {
        Ok(_) => Vec::new(),
        Err(fault) => vec![fault.to_string()],
    },
    menu: &[Menu { label: "guidelines-menu", href: "/intern/richtlinien", access: Access::AnyStaff, order: 65 }],
    tables: &[Table {
        name: "guidelines_acknowledgement",
        holds: Holds::Person {
            by: Key::Staff,
            export: "SELECT paragraph, version, at FROM guidelines_acknowledgement WHERE tenant = $1 AND staff_id = $2",
            erase: "DELETE FROM guidelines_acknowledgement WHERE tenant = $1 AND staff_id = $2",
            retention: Retention::WithStaff,
        },
    }],
    ..Module::EMPTY
};
