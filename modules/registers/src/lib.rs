//! The module `registers` (Registerabfragen): asks the specialist systems per case and keeps no copy of a register.
//!
//! Kept with the case are the question, the result, what differed, and, on a full match only, the data to be printed.
//! A question is a row and a durable job; the peer is asked outside any transaction, with the row's id as `requestId`,
//! so that asking again after a crash or a lost answer gets the same answer.
//!
//! Architecture invariant: why somebody was not found is nowhere in this module, because the registers do not say it.
//! A Sperrvermerk (§ 64 PStG) is one column, read by one function, shown to one permission.

mod jobs;
mod model;
mod panel;
mod peer;
mod service;
mod store;

use house::{Holds, Key, Module, Panel, Retention, Table, answer, handler, job, panel};
use kernel::Permission;

/// Rights of this module.
pub mod perm {
    use kernel::Permission;
    /// See the registers' answers on the page of a case.
    pub const VIEW: Permission = Permission("registers.view");
    /// Know that an entry has a Sperrvermerk and that the request must be reported (§ 64 PStG).
    pub const SPERRVERMERK: Permission = Permission("registers.sperrvermerk");
}

const PERMISSIONS: &[Permission] = &[perm::VIEW, perm::SPERRVERMERK];

pub const MODULE: Module = Module {
    name: "registers",
    migrations: Some(db::migrations!("registers": "0001_init", "0002_proven")),
    permissions: PERMISSIONS,
    locales: &[("de", include_str!("../locales/de.ftl")), ("en", include_str!("../locales/en.ftl"))],
    commands: |c| {
        c.task(handler!(service::ask_population: contract_registers::AskPopulation));
        c.task(handler!(service::ask_civil: contract_registers::AskCivil));
        c.on(handler!(service::note_civil_entry: contract_registers::NoteCivilEntry));
        c.answers(answer!(service::population_answer: contract_registers::PopulationAnswer));
    },
    jobs: |j| {
        j.on(job!(jobs::ask: jobs::Ask));
    },
    panels: &[
        Panel {
            name: "registers.population",
            order: 20,
            staff: true,
            applicant: false,
            render: panel!(panel::population),
        },
        Panel { name: "registers.civil", order: 21, staff: true, applicant: false, render: panel!(panel::civil) },
    ],
    tables: TABLES,
    ..Module::EMPTY
};

const TABLES: &[Table] = &[
    Table {
        name: "registers_request",
        holds: Holds::Person {
            by: Key::Case,
            // Without the Sperrvermerk: a witness is protected from whoever pretends to be them, too.
            // What the register said only for a proven applicant: others may ask about anybody. Of the civil register
            // nothing: "needs a registrar" would tell of a Sperrvermerk (§ 64 PStG) or an adoption (§ 63 PStG).
            export: "SELECT kind, question, state, CASE WHEN proven AND kind <> 'civil' THEN result END AS result,
                       CASE WHEN proven THEN differences END AS differences, CASE WHEN proven THEN record END AS record,
                       asked_at, answered_at
                     FROM registers_request WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM registers_request WHERE tenant = $1 AND case_id = $2",
            retention: Retention::WithCase,
        },
    },
    Table {
        name: "registers_civil",
        holds: Holds::Person {
            by: Key::Case,
            export: "SELECT family_name, first_names, date, place, register_number, noted_at
                     FROM registers_civil WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM registers_civil WHERE tenant = $1 AND case_id = $2",
            retention: Retention::WithCase,
        },
    },
];

#[cfg(test)]
mod tests;
