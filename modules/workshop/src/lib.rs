//! The module `workshop` (Prozesswerkstatt): drafts of processes and decisions, changed in the diagram or in the list,
//! checked, tried out, and released by somebody who did not change them.

mod catalogue;
mod condition;
mod drawing;
mod lint;
mod pages;
mod service;
mod steps;
mod store;
mod trial;

use content::Content;
use house::{Access, Holds, Key, Menu, Module, Retention, Table};
use process_rules::organisation::organisation;

/// Rights in the workshop. They keep the names under which cities give them.
pub mod perm {
    use kernel::Permission;
    /// See processes and their drafts; declared by `processes`.
    pub const VIEW: Permission = Permission("processes.view");
    /// Change drafts of processes and decisions.
    pub const DESIGN: Permission = Permission("processes.design");
    /// Release or return drafts that others changed; declared by `processes`.
    pub const RELEASE: Permission = Permission("processes.release");
}

/// Largest body of a page with the text of a drawing, or with all inputs of a step; XML grows when a form is sent.
const MOST_BYTES: usize = 6 * 1024 * 1024;

/// Address of the workshop.
const WORKSHOP: &str = "/intern/prozesswerkstatt";

pub const MODULE: Module = Module {
    name: "workshop",
    // Its tables were made by `processes`, where the room began, and keep their names: the journal names them.
    migrations: None,
    permissions: &[perm::DESIGN],
    locales: &[("de", include_str!("../locales/de.ftl")), ("en", include_str!("../locales/en.ftl"))],
    routes: |r| {
        let (view, design, release) =
            (Access::Staff(perm::VIEW), Access::Staff(perm::DESIGN), Access::Staff(perm::RELEASE));
        r.get(view, "/intern/prozesswerkstatt", pages::list);
        r.get(view, "/intern/prozesswerkstatt/auswahl.json", catalogue::download);
        r.get(design, "/intern/prozesswerkstatt/neu", pages::new_draft);
        r.post(design, "/intern/prozesswerkstatt/neu", pages::make);
        r.post(design, "/intern/prozesswerkstatt/beginnen", pages::begin);
        r.get(view, "/intern/prozesswerkstatt/{id}", pages::draft);
        r.post(design, "/intern/prozesswerkstatt/{id}/beschreibung", pages::describe);
        r.post(design, "/intern/prozesswerkstatt/{id}/rueckgaengig", pages::undo);
        r.post(design, "/intern/prozesswerkstatt/{id}/abgleichen", pages::rebase);
        r.post(design, "/intern/prozesswerkstatt/{id}/vorlegen", pages::submit);
        r.post(design, "/intern/prozesswerkstatt/{id}/zurueckholen", pages::recall);
        r.get(design, "/intern/prozesswerkstatt/{id}/verwerfen", pages::ask_drop);
        r.post(design, "/intern/prozesswerkstatt/{id}/verwerfen", pages::drop_draft);
        r.post(release, "/intern/prozesswerkstatt/{id}/zurueckgeben", pages::give_back);
        r.post(release, "/intern/prozesswerkstatt/{id}/freigeben", pages::release);
        r.get(view, "/intern/prozesswerkstatt/{id}/schritte", steps::list);
        r.get(design, "/intern/prozesswerkstatt/{id}/schritte/neu", steps::new_step);
        r.upload(design, "/intern/prozesswerkstatt/{id}/schritte/neu", MOST_BYTES, steps::insert);
        r.get(design, "/intern/prozesswerkstatt/{id}/schritt/{element}", steps::step);
        r.upload(design, "/intern/prozesswerkstatt/{id}/schritt/{element}", MOST_BYTES, steps::change);
        r.get(design, "/intern/prozesswerkstatt/{id}/schritt/{element}/ereignis", steps::new_event);
        r.post(design, "/intern/prozesswerkstatt/{id}/schritt/{element}/ereignis", steps::attach);
        r.post(design, "/intern/prozesswerkstatt/{id}/schritt/{element}/verschieben", steps::shift);
        r.post(design, "/intern/prozesswerkstatt/{id}/schritt/{element}/weg", steps::add_way);
        r.get(design, "/intern/prozesswerkstatt/{id}/schritt/{element}/entfernen", steps::ask_remove);
        r.post(design, "/intern/prozesswerkstatt/{id}/schritt/{element}/entfernen", steps::remove);
        r.get(design, "/intern/prozesswerkstatt/{id}/weg/{flow}", steps::way);
        r.post(design, "/intern/prozesswerkstatt/{id}/weg/{flow}", steps::change_way);
        r.get(view, "/intern/prozesswerkstatt/{id}/zeichnung", drawing::show);
        r.upload(design, "/intern/prozesswerkstatt/{id}/zeichnung", MOST_BYTES, drawing::save);
        r.get(view, "/intern/prozesswerkstatt/{id}/probelauf", trial::show);
        r.upload(view, "/intern/prozesswerkstatt/{id}/probelauf", MOST_BYTES, trial::step);
    },
    menu: &[Menu {
        label: "processes-menu-design",
        href: "/intern/prozesswerkstatt",
        access: Access::Staff(perm::VIEW),
        order: 82,
    }],
    tables: &[
        Table {
            name: "processes_draft",
            holds: Holds::Person {
                by: Key::Staff,
                export: "SELECT kind, key, state, note, reason, created_at, decided_at FROM processes_draft
                         WHERE tenant = $1 AND (author = $2 OR reviewer = $2)",
                erase: "UPDATE processes_draft SET author = CASE WHEN author = $2 THEN NULL ELSE author END,
                          reviewer = CASE WHEN reviewer = $2 THEN NULL ELSE reviewer END
                        WHERE tenant = $1 AND (author = $2 OR reviewer = $2)",
                retention: Retention::WithStaff,
            },
        },
        Table {
            name: "processes_draft_editor",
            holds: Holds::Person {
                by: Key::Staff,
                export: "SELECT draft FROM processes_draft_editor WHERE tenant = $1 AND staff = $2",
                erase: "DELETE FROM processes_draft_editor WHERE tenant = $1 AND staff = $2",
                retention: Retention::WithStaff,
            },
        },
        Table { name: "processes_draft_step", holds: Holds::NoPerson("earlier texts of drafts, no persons") },
    ],
    evidence: &[service::DRAFT],
    ..Module::EMPTY
};

/// The name of an organisation unit, told apart from others of the same name; the key where there is none of it.
pub fn unit_name(content: &Content, key: &str) -> String {
    let organisation = organisation(content).ok().flatten();
    organisation.as_ref().and_then(|organisation| organisation.label_of(key)).unwrap_or_else(|| key.to_owned())
}

#[cfg(test)]
mod tests {
    use process_rules::name_in;

    use super::*;

    #[test]
    fn a_draft_without_a_name_is_called_by_its_key() {
        assert_eq!(name_in("processes", "muster", "kaputt"), "muster");
        assert_eq!(name_in("processes", "muster", &service::empty_process("muster", "Ein & <Name>")), "Ein & <Name>");
        assert_eq!(name_in("decisions", "muster", &service::empty_decision("muster", "Regel")), "Regel");
    }
}
