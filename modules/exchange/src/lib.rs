//! The module `exchange` (Übernahme und Ausgabe von Akten): the export folder of another document management system is
//! taken over by a mapping that is data, and the own files are given out in a folder that can be taken over again.

mod export;
mod folder;
mod jobs;
mod kind;
mod mapping;
mod pages;
mod service;
mod store;
mod table;

use house::{Access, Holds, Menu, Module, Table, job};

pub use export::{Given, write_folder};

/// Rights of this module.
pub mod perm {
    use kernel::Permission;
    /// Take files of another system over, into the units of the right.
    pub const IMPORT: Permission = Permission("exchange.import");
    /// Give out the files that one may see.
    pub const EXPORT: Permission = Permission("exchange.export");
}

/// Largest form of a mapping, in bytes: its translations may be long.
const MOST_BYTES: usize = 4 * 1024 * 1024;

pub const MODULE: Module = Module {
    name: "exchange",
    migrations: Some(db::migrations!("exchange": "0001_init", "0002_refused_fields")),
    permissions: &[perm::IMPORT, perm::EXPORT],
    locales: &[("de", include_str!("../locales/de.ftl")), ("en", include_str!("../locales/en.ftl"))],
    routes: |r| {
        r.get(Access::Staff(perm::IMPORT), "/intern/uebernahme", pages::import::overview);
        r.post(Access::Staff(perm::IMPORT), "/intern/uebernahme", pages::import::choose);
        r.get(Access::Staff(perm::IMPORT), "/intern/uebernahme/zuordnung", pages::mapping::form);
        r.upload(Access::Staff(perm::IMPORT), "/intern/uebernahme/zuordnung", MOST_BYTES, pages::mapping::take);
        r.get(Access::Staff(perm::IMPORT), "/intern/uebernahme/lauf/{run}", pages::import::run);
        r.get(Access::Staff(perm::IMPORT), "/intern/uebernahme/lauf/{run}/bericht", pages::import::report);
        r.post(Access::Staff(perm::IMPORT), "/intern/uebernahme/lauf/{run}/starten", pages::import::start);
        r.post(Access::Staff(perm::IMPORT), "/intern/uebernahme/lauf/{run}/anhalten", pages::import::stop);
        r.post(Access::Staff(perm::IMPORT), "/intern/uebernahme/lauf/{run}/fortsetzen", pages::import::go_on);
        r.get(Access::Staff(perm::EXPORT), "/intern/ausgabe", pages::export::overview);
        r.post(Access::Staff(perm::EXPORT), "/intern/ausgabe", pages::export::start);
        r.get(Access::Staff(perm::EXPORT), "/intern/ausgabe/{export}/inhalt", pages::export::contents);
        r.post(Access::Staff(perm::EXPORT), "/intern/ausgabe/{export}/starten", pages::export::again);
        r.post(Access::Staff(perm::EXPORT), "/intern/ausgabe/{export}/entfernen", pages::export::remove);
    },
    jobs: |j| {
        j.on(job!(jobs::run_rows: jobs::RunRows));
        j.on(job!(jobs::write_export: jobs::WriteExport));
        j.on(job!(jobs::forget_refused: jobs::ForgetRefused));
        j.on(job!(jobs::end_broken: jobs::EndBroken));
        j.every("40 3 * * *", &jobs::ForgetRefused {});
        j.every("*/10 * * * *", &jobs::EndBroken {});
    },
    menu: &[
        Menu {
            label: "exchange-menu-import",
            href: "/intern/uebernahme",
            access: Access::Staff(perm::IMPORT),
            order: 62,
        },
        Menu { label: "exchange-menu-export", href: "/intern/ausgabe", access: Access::Staff(perm::EXPORT), order: 64 },
    ],
    tables: &[
        Table { name: "exchange_source", holds: Holds::NoPerson("names of other systems") },
        Table { name: "exchange_mapping", holds: Holds::NoPerson("names of columns and what they mean") },
        Table { name: "exchange_run", holds: Holds::NoPerson("numbers of rows; who started it is an id") },
        Table {
            name: "exchange_refused",
            holds: Holds::NoPerson(
                "line, field and reason of rows that were refused, for a year; nothing that stood in them",
            ),
        },
        Table { name: "exchange_export", holds: Holds::NoPerson("numbers; who asked for it is an id") },
    ],
    ..Module::EMPTY
};
