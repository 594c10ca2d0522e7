//! The module `annotations` (Notizen, Verweise, Ansprechpartner, Merkliste): what staff put beside a case, a file or a document
//! without changing it: notes, references to others, whom to talk to, and what somebody marks for themselves.

mod links;
mod notes;

use contract_annotations::NoteTexts;
use db::Rx;
use house::{Access, Holds, Key, Menu, Module, Panel, Retention, Table, ViewPanel, answer, panel, view_panel};
use kernel::{Cx, Error, Permission, Result, StaffId};

/// See cases: write notes, mark; declared by `records`.
const SEE_CASES: Permission = Permission("records.view");
/// Lead files of a unit: make references, name contacts; declared by `records`.
const LEAD_FILES: Permission = Permission("records.file");

fn staff(cx: &Cx) -> Result<StaffId> {
    cx.actor.staff().ok_or(Error::StaffSignIn)
}

async fn note_texts(_: &Cx, rx: &mut Rx, q: NoteTexts) -> Result<Vec<String>> {
    notes::store::texts(rx, q.case).await
}

pub const MODULE: Module = Module {
    name: "annotations",
    // Its tables were made by `records`, where the room began, and keep their names: the journal names them.
    migrations: None,
    locales: &[("de", include_str!("../locales/de.ftl")), ("en", include_str!("../locales/en.ftl"))],
    routes: |r| {
        r.get(Access::Staff(SEE_CASES), "/intern/vorgang/{case}/notiz", notes::pages::new_note);
        r.post(Access::Staff(SEE_CASES), "/intern/vorgang/{case}/notiz", notes::pages::add);
        r.post(Access::Staff(SEE_CASES), "/intern/vorgang/{case}/notiz/{note}/erledigt", notes::pages::done);
        r.post(Access::Staff(SEE_CASES), "/intern/vorgang/{case}/merken", notes::pages::mark_case);
        r.post(Access::Staff(SEE_CASES), "/intern/akte/{file}/merken", notes::pages::mark_file);
        r.get(Access::Staff(SEE_CASES), "/intern/merkliste", notes::pages::marked);

        r.get(Access::Staff(LEAD_FILES), "/intern/vorgang/{case}/verweis", links::pages::case_reference);
        r.post(Access::Staff(LEAD_FILES), "/intern/vorgang/{case}/verweis", links::pages::refer_case);
        let remove = "/intern/vorgang/{case}/verweis/{reference}/entfernen";
        r.post(Access::Staff(LEAD_FILES), remove, links::pages::unrefer_case);
        r.get(Access::Staff(LEAD_FILES), "/intern/akte/{file}/verweis", links::pages::file_reference);
        r.post(Access::Staff(LEAD_FILES), "/intern/akte/{file}/verweis", links::pages::refer_file);
        let remove = "/intern/akte/{file}/verweis/{reference}/entfernen";
        r.post(Access::Staff(LEAD_FILES), remove, links::pages::unrefer_file);
        r.get(Access::Staff(LEAD_FILES), "/intern/vorgang/{case}/ansprechpartner", links::pages::new_contact);
        r.post(Access::Staff(LEAD_FILES), "/intern/vorgang/{case}/ansprechpartner", links::pages::add_contact);
        let remove = "/intern/vorgang/{case}/ansprechpartner/{contact}/entfernen";
        r.post(Access::Staff(LEAD_FILES), remove, links::pages::remove_contact);
    },
    commands: |c| {
        c.answers(answer!(note_texts: contract_annotations::NoteTexts));
    },
    menu: &[Menu {
        label: "annotations-menu-marked",
        href: "/intern/merkliste",
        access: Access::Staff(SEE_CASES),
        order: 26,
    }],
    // After the panels in which the work of the case is done.
    panels: &[
        Panel {
            name: "annotations.notes",
            order: 91,
            staff: true,
            applicant: false,
            render: panel!(notes::pages::panel),
        },
        Panel {
            name: "annotations.links",
            order: 92,
            staff: true,
            applicant: false,
            render: panel!(links::pages::panel),
        },
    ],
    view_panels: &[
        ViewPanel { name: "annotations.document", order: 10, render: view_panel!(notes::pages::document_panel) },
        ViewPanel { name: "annotations.file", order: 10, render: view_panel!(links::pages::file_panel) },
    ],
    tables: TABLES,
    ..Module::EMPTY
};

const TABLES: &[Table] = &[
    Table {
        name: "records_note",
        holds: Holds::Person {
            by: Key::Case,
            // When there was one; its text is given out by a person who has read it (Akteneinsicht).
            export: "SELECT at, important, done_at FROM records_note WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM records_note WHERE tenant = $1 AND case_id = $2",
            retention: Retention::WithCase,
        },
    },
    Table {
        name: "records_contact",
        holds: Holds::Person {
            by: Key::Case,
            // Without names and addresses: they are other people's data (Art. 15 Abs. 4 DSGVO).
            export: "SELECT role, added_at FROM records_contact WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM records_contact WHERE tenant = $1 AND case_id = $2",
            retention: Retention::WithCase,
        },
    },
    Table {
        name: "records_reference",
        holds: Holds::Person {
            by: Key::Case,
            // Without the other side, which may be somebody else's case.
            export: "SELECT kind, made_at FROM records_reference
                     WHERE tenant = $1 AND (from_case = $2 OR to_case = $2)",
            erase: "DELETE FROM records_reference WHERE tenant = $1 AND (from_case = $2 OR to_case = $2)",
            retention: Retention::WithCase,
        },
    },
    Table {
        name: "records_favourite",
        holds: Holds::Person {
            by: Key::Staff,
            export: "SELECT kind, at FROM records_favourite WHERE tenant = $1 AND staff_id = $2",
            erase: "DELETE FROM records_favourite WHERE tenant = $1 AND staff_id = $2",
            retention: Retention::WithStaff,
        },
    },
];
