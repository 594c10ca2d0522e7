//! The module `processes` (Prozesse): stores, times and assigns what the drawn process says.
//!
//! The format crate `bpmn` steps; this module keeps the state, calls commands, opens tasks on the desk, sets timers and
//! measures. Results of waiting tasks come as journal events and are applied by a durable job, so a result is applied
//! once, retried when something is down, and never lost.

mod engine;
mod jobs;
mod pages;
mod register;
mod starts;
mod store;
mod versions;
mod work;

use house::{Access, Holds, Key, Menu, Module, Retention, Table, handler, job, reaction};
use kernel::Permission;

/// Rights of this module.
pub mod perm {
    use kernel::Permission;
    /// See processes, their incidents and stuck jobs.
    pub const VIEW: Permission = Permission("processes.view");
    /// Let an incident or a stuck job try again.
    pub const RETRY: Permission = Permission("processes.retry");
    /// Lead instances over to another version; in the process workshop (`workshop`), release or return drafts that others
    /// changed.
    pub const RELEASE: Permission = Permission("processes.release");
    /// Let programs outside do service tasks, and shut them out.
    pub const WORKERS: Permission = Permission("processes.workers");
}

const PERMISSIONS: &[Permission] = &[perm::VIEW, perm::RETRY, perm::RELEASE, perm::WORKERS];

pub const MODULE: Module = Module {
    name: "processes",
    migrations: Some(db::migrations!(
        "processes": "0001_init", "0002_incident_job", "0003_parent", "0004_figures", "0005_design", "0006_runtime",
        "0007_switch", "0008_timer"
    )),
    permissions: PERMISSIONS,
    locales: &[
        ("de", include_str!("../locales/de.ftl")),
        ("en", include_str!("../locales/en.ftl")),
        process_rules::GERMAN,
        process_rules::ENGLISH,
    ],
    routes: |r| {
        r.get(Access::Staff(perm::VIEW), "/intern/prozesse", pages::overview);
        r.get(Access::Staff(perm::VIEW), "/intern/prozessregister", register::pages::register);
        r.get(Access::Staff(perm::VIEW), "/intern/prozessregister/{process}", register::pages::figures);
        r.get(Access::Staff(perm::VIEW), "/intern/prozessregister/{process}/zahlen.csv", register::pages::download);
        r.post(Access::Staff(perm::RETRY), "/intern/prozesse/stoerung/{id}", pages::retry_incident);
        r.post(Access::Staff(perm::RETRY), "/intern/prozesse/auftrag/{id}", pages::retry_job);
        r.get(Access::Staff(perm::VIEW), "/intern/prozesse/{process}/versionen", versions::pages::versions);
        r.get(Access::Staff(perm::RELEASE), "/intern/prozesse/{process}/versionen/{version}", versions::pages::ask);
        r.post(
            Access::Staff(perm::RELEASE),
            "/intern/prozesse/{process}/versionen/{version}",
            versions::pages::migrate,
        );
        r.get(
            Access::Staff(perm::RELEASE),
            "/intern/prozesse/{process}/versionen/umstellung/{run}",
            versions::pages::run,
        );
        r.get(Access::Staff(perm::WORKERS), "/intern/prozesse/arbeiter", work::pages::list);
        r.post(Access::Staff(perm::WORKERS), "/intern/prozesse/arbeiter", work::pages::add);
        r.post(Access::Staff(perm::WORKERS), "/intern/prozesse/arbeiter/{id}/sperren", work::pages::revoke);
        // Programs show a token. They may stand on either side of the house.
        r.post(Access::EverySide, "/api/prozesse/v1/arbeit", work::api::fetch);
        r.post(Access::EverySide, "/api/prozesse/v1/arbeit/{id}/verlaengern", work::api::prolong);
        r.post(Access::EverySide, "/api/prozesse/v1/arbeit/{id}/abschliessen", work::api::complete);
        r.post(Access::EverySide, "/api/prozesse/v1/arbeit/{id}/scheitern", work::api::fail);
        r.post(Access::EverySide, "/api/prozesse/v1/arbeit/{id}/fehler", work::api::error);
        r.get(Access::EverySide, "/api/prozesse/v1/openapi.json", work::api::description);
    },
    commands: |c| {
        c.on(handler!(engine::start: contract_processes::StartProcess));
        c.on(handler!(engine::send_message: contract_processes::SendMessage));
        c.on(handler!(engine::send_signal: contract_processes::SendSignal));
    },
    events: |e| {
        e.on("processes.step", reaction!(engine::task_finished: contract_processes::TaskFinished));
        e.on("processes.step", reaction!(engine::task_failed: contract_processes::TaskFailed));
        e.on("processes.step", reaction!(engine::task_stuck: house::TaskStuck));
    },
    jobs: |j| {
        j.on(job!(jobs::advance: jobs::Advance));
        j.on(job!(jobs::fire: jobs::Fire));
        j.on(job!(versions::switch::switch_running: versions::switch::SwitchRunning));
        j.on(job!(starts::begin: starts::Begin));
        // What was released is planned when the city opens, and soon after it was released in the browser.
        j.on(job!(starts::plan_again: starts::Plan)).every("*/5 * * * *", &starts::Plan {});
    },
    menu: &[
        Menu { label: "processes-menu", href: "/intern/prozesse", access: Access::Staff(perm::VIEW), order: 80 },
        Menu {
            label: "processes-menu-register",
            href: "/intern/prozessregister",
            access: Access::Staff(perm::VIEW),
            order: 81,
        },
        Menu {
            label: "processes-menu-workers",
            href: "/intern/prozesse/arbeiter",
            access: Access::Staff(perm::WORKERS),
            order: 82,
        },
    ],
    tables: &[
        Table {
            name: "processes_instance",
            holds: Holds::Person {
                by: Key::Case,
                // Without the state: its codes say how an office works on the case, and might tell of a Sperrvermerk in a
                // register (§ 64 PStG). What is personal stays in the case.
                export: "SELECT process, version, status, started_at, ended_at FROM processes_instance
                         WHERE tenant = $1 AND case_id = $2",
                erase: "DELETE FROM processes_instance WHERE tenant = $1 AND case_id = $2",
                retention: Retention::WithCase,
            },
        },
        Table {
            name: "processes_timer",
            holds: Holds::Person {
                by: Key::Case,
                export: "SELECT t.due FROM processes_timer t JOIN processes_instance i
                       ON i.tenant = t.tenant AND i.id = t.instance WHERE t.tenant = $1 AND i.case_id = $2",
                erase: "DELETE FROM processes_timer WHERE tenant = $1
                      AND instance IN (SELECT id FROM processes_instance WHERE tenant = $1 AND case_id = $2)",
                retention: Retention::WithCase,
            },
        },
        Table { name: "processes_visit", holds: Holds::NoPerson("durations per step of an instance, no persons") },
        Table {
            name: "processes_incident",
            holds: Holds::Person {
                by: Key::Case,
                export: "SELECT n.element, n.message, n.at, n.resolved_at FROM processes_incident n
                       JOIN processes_instance i ON i.tenant = n.tenant AND i.id = n.instance
                     WHERE n.tenant = $1 AND i.case_id = $2",
                erase: "DELETE FROM processes_incident WHERE tenant = $1
                      AND instance IN (SELECT id FROM processes_instance WHERE tenant = $1 AND case_id = $2)",
                retention: Retention::WithCase,
            },
        },
        Table {
            name: "processes_switch",
            holds: Holds::NoPerson("which versions running instances were led over to, with counts and no persons"),
        },
        Table {
            name: "processes_switch_stay",
            holds: Holds::Person {
                by: Key::Case,
                export: "SELECT s.element, s.message FROM processes_switch_stay s JOIN processes_instance i
                       ON i.tenant = s.tenant AND i.id = s.instance WHERE s.tenant = $1 AND i.case_id = $2",
                erase: "DELETE FROM processes_switch_stay WHERE tenant = $1
                      AND instance IN (SELECT id FROM processes_instance WHERE tenant = $1 AND case_id = $2)",
                retention: Retention::WithCase,
            },
        },
        Table {
            name: "processes_work",
            holds: Holds::Person {
                by: Key::Case,
                // Without the inputs, as the instance is told without its state.
                export: "SELECT topic, element, state, created_at, ended_at FROM processes_work
                         WHERE tenant = $1 AND case_id = $2",
                erase: "DELETE FROM processes_work WHERE tenant = $1 AND case_id = $2",
                retention: Retention::WithCase,
            },
        },
        Table {
            name: "processes_worker",
            holds: Holds::NoPerson("programs that do service tasks, their topics and tokens"),
        },
        Table {
            name: "processes_start_timer",
            holds: Holds::NoPerson("when a process begins by itself the next time"),
        },
        Table {
            name: "processes_start_overdue",
            holds: Holds::NoPerson("times that an earlier version of a process still has to begin"),
        },
    ],
    check_content: process_rules::rules::check,
    seed: Some(starts::seed),
    ..Module::EMPTY
};
