//! The module `privacy` (Datenschutz): everybody gets what the city knows about them (Art. 15 DSGVO), the register of
//! processing activities is always true (Art. 30), and what may no longer be kept is deleted everywhere (Art. 17,
//! Art. 5 Abs. 1 Buchst. e).
//!
//! All of it works on what the modules declare in [`house::Module::tables`]; no table of another module is named here.

mod coverage;
mod deletion;
mod export;
mod guidelines;
mod labels;
mod package;
mod pages;
mod register;
mod schema;
mod store;

use house::{Access, Holds, Menu, Module, Table, job};
use kernel::Permission;

pub use coverage::{PLATFORM, uncovered, unnamed};
pub use store::tables;

/// Rights of this module.
pub mod perm {
    use kernel::Permission;
    /// Hand out what is known about a person by one of their cases.
    pub const EXPORT: Permission = Permission("privacy.export");
    /// Release the deletion of cases whose retention has ended.
    pub const DELETE: Permission = Permission("privacy.delete");
}

/// Of `records`: see the cases of the own access classes.
const SEE_CASES: Permission = Permission("records.view");

const PERMISSIONS: &[Permission] = &[perm::EXPORT, perm::DELETE];

pub const MODULE: Module = Module {
    name: "privacy",
    migrations: Some(db::migrations!("privacy": "0001_init", "0002_two_people")),
    permissions: PERMISSIONS,
    locales: &[("de", include_str!("../locales/de.ftl")), ("en", include_str!("../locales/en.ftl"))],
    routes: |r| {
        r.get(Access::Citizen, "/konto/meine-daten", pages::own_data);
        r.post(Access::Citizen, "/konto/meine-daten", pages::own_data_download);
        r.get(Access::Staff(perm::EXPORT), "/intern/datenauskunft", pages::case_data);
        r.post(Access::Staff(perm::EXPORT), "/intern/datenauskunft", pages::case_data_download);
        r.get(Access::AnyStaff, "/intern/verarbeitungen", pages::register);
        r.get(Access::AnyStaff, "/intern/verarbeitungen.csv", pages::register_csv);
        r.get(Access::Staff(perm::DELETE), "/intern/loeschlauf", pages::deletion_list);
        r.post(Access::Staff(perm::DELETE), "/intern/loeschlauf", pages::deletion_release);
        r.post(Access::Staff(perm::DELETE), "/intern/loeschlauf/pruefen", pages::deletion_check);
    },
    jobs: |j| {
        j.on(job!(deletion::find: deletion::Find));
        j.on(job!(deletion::run: deletion::Run));
        j.on(job!(deletion::remove_files: deletion::RemoveFiles));
        j.every("40 2 * * *", &deletion::Find {});
    },
    menu: &[
        Menu { label: "privacy-menu-own", href: "/konto/meine-daten", access: Access::Citizen, order: 95 },
        Menu {
            label: "privacy-menu-case",
            href: "/intern/datenauskunft",
            access: Access::Staff(perm::EXPORT),
            order: 70,
        },
        Menu { label: "privacy-menu-register", href: "/intern/verarbeitungen", access: Access::AnyStaff, order: 71 },
        Menu {
            label: "privacy-menu-deletion",
            href: "/intern/loeschlauf",
            access: Access::Staff(perm::DELETE),
            order: 72,
        },
    ],
    tables: &[
        Table { name: "privacy_due", holds: Holds::NoPerson("ids of cases that wait for deletion, gone with it") },
        Table { name: "privacy_deletion", holds: Holds::NoPerson("hashes and counts, nothing leads to a person") },
    ],
    ..Module::EMPTY
};

#[cfg(test)]
mod tests;
