//! The module `services` (Bürgerportal): the catalogue of services, applying for them online page by page, and handing
//! the application over as a case.
//!
//! Catalogue, forms, fees and standing pages are the city's data; nothing here names a service.

mod catalogue;
mod fees;
mod jobs;
mod pages;
mod search;
mod service;
mod store;
mod submission;
#[cfg(test)]
mod tests;
mod texts;

use house::{Access, Holds, Key, Menu, Module, Panel, Retention, Table, answer, job, panel};

use pages::{apply, portal, standing};

pub const MODULE: Module = Module {
    name: "services",
    migrations: Some(db::migrations!("services": "0001_init", "0002_upload_bytes")),
    locales: &[("de", include_str!("../locales/de.ftl")), ("en", include_str!("../locales/en.ftl"))],
    routes: |r| {
        r.get(Access::Public, "/", portal::start);
        r.get(Access::Public, "/leistungen", portal::list);
        r.get(Access::Public, "/suche", portal::find);
        r.get(Access::Public, "/leistungen/{key}", portal::show);
        r.get(Access::Public, "/leistungen/{key}/antrag", apply::notice);
        r.post(Access::Public, "/leistungen/{key}/antrag", apply::begin);
        r.get(Access::Public, "/antrag/{draft}", apply::resume);
        r.get(Access::Public, "/antrag/{draft}/pruefen", apply::check);
        r.post(Access::Public, "/antrag/{draft}/absenden", apply::submit);
        r.get(Access::Public, "/antrag/{draft}/loeschen", apply::ask_discard);
        r.post(Access::Public, "/antrag/{draft}/loeschen", apply::discard);
        r.get(Access::Public, "/antrag/{draft}/{step}", apply::step);
        r.upload(Access::Public, "/antrag/{draft}/{step}", apply::MOST_BYTES, apply::send_step);
        r.post(Access::Public, "/antrag/{draft}/{step}/entwurf", apply::autosave);
        r.get(Access::Applicant, "/vorgang/{case}/eingang", apply::receipt);
        r.get(Access::Public, "/impressum", standing::imprint);
        r.get(Access::Public, "/datenschutz", standing::privacy);
        r.get(Access::Public, "/barrierefreiheit", standing::accessibility);
        r.get(Access::Public, "/kontakt", standing::contact);
        r.get(Access::Public, "/feedback", standing::feedback);
        r.post(Access::Public, "/feedback", standing::send_feedback);
    },
    commands: |c| {
        c.answers(answer!(service::application_of: contract_services::ApplicationOf));
    },
    jobs: |j| {
        j.on(job!(jobs::print_application: jobs::PrintApplication));
        j.on(job!(jobs::expire: jobs::Expire));
        j.every("23 3 * * *", &jobs::Expire);
    },
    menu: &[Menu { label: "services-menu-list", href: "/leistungen", access: Access::Public, order: 10 }],
    tables: TABLES,
    panels: &[
        Panel { name: "services-staff", order: 25, staff: true, applicant: false, render: panel!(pages::panel::staff) },
        Panel {
            name: "services-applicant",
            order: 60,
            staff: false,
            applicant: true,
            render: panel!(pages::panel::applicant),
        },
    ],
    check_content: |_, content| catalogue::check(content),
    ..Module::EMPTY
};

const TABLES: &[Table] = &[
    Table {
        name: "services_draft",
        holds: Holds::Person {
            by: Key::Account,
            export: "SELECT service, form, answers, typed, started_at, updated_at, expires_at FROM services_draft
                     WHERE tenant = $1 AND account_id = $2",
            erase: "DELETE FROM services_draft WHERE tenant = $1 AND account_id = $2",
            retention: Retention::Days(30, "Art. 5 Abs. 1 Buchst. e DSGVO"),
        },
    },
    Table {
        name: "services_application",
        holds: Holds::Person {
            by: Key::Case,
            export: "SELECT number, service, form, answers, sections, uploads, level, submitted_at
                     FROM services_application WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM services_application WHERE tenant = $1 AND case_id = $2",
            retention: Retention::WithCase,
        },
    },
    Table {
        name: "services_feedback",
        holds: Holds::NoPerson("what people say about the portal; an address for the answer only if they want one"),
    },
];
