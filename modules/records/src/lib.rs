//! The module `records` (eAkte): everything of one matter lies in one case (Vorgang) in a file (Akte) with a file
//! reference (Aktenzeichen), with one timeline in plain words for applicant and clerk.

mod bulk;
mod capture;
mod document;
mod file;
mod guidelines;
mod model;
mod origin;
mod package;
mod pages;
mod participation;
mod reach;
mod retention;
mod rooms;
mod saved;
mod search;
mod service;
mod store;

use fileplan as plan;
use house::{Access, Holds, Key, Menu, Module, Panel, Retention, Table, answer, handler, job, panel, reaction};
use journal::{Evidence, Kind};
use kernel::Permission;

pub use document::{
    list::{Count, Listing, listing},
    store::{Filter, Listed, Share},
};
pub use model::family_key;

/// Rights of this module.
pub mod perm {
    use kernel::Permission;
    /// See the cases of the own access classes.
    pub const VIEW: Permission = Permission("records.view");
    /// Find a caller's cases by name and birth date (telefonische Auskunft).
    pub const CALLER: Permission = Permission("records.caller-view");
    /// Lead files of a unit: open and close them, work on their documents.
    pub const FILE: Permission = Permission("records.file");
    /// Release the file plan.
    pub const PLAN: Permission = Permission("records.plan");
}

/// Files that were opened for one matter; the yearly collections are no evidence.
pub const FILE: Evidence = Evidence {
    subject: "records-file",
    table: "records_file",
    one: "SELECT id, plan, year, title, entry, unit, cls, part_of, medium, storage, opened_at, closed_at FROM records_file
          WHERE tenant = $1 AND id = $2 AND kind = 'matter'",
    page: "SELECT id, plan, year, title, entry, unit, cls, part_of, medium, storage, opened_at, closed_at FROM records_file
           WHERE tenant = $1 AND id > $2 AND kind = 'matter' ORDER BY id LIMIT $3",
    columns: &[
        ("id", Kind::Uuid),
        ("plan", Kind::Text),
        ("year", Kind::Int),
        ("title", Kind::Text),
        ("entry", Kind::Text),
        ("unit", Kind::Text),
        ("cls", Kind::Int),
        ("part_of", Kind::Uuid),
        ("medium", Kind::Text),
        ("storage", Kind::Text),
        ("opened_at", Kind::Time),
        ("closed_at", Kind::Time),
    ],
};

pub const VERSION: Evidence = Evidence {
    subject: "document-version",
    table: "records_version",
    one: "SELECT id, document_id, n, based_on, conflict, file_id, staff_id, at FROM records_version
          WHERE tenant = $1 AND id = $2",
    page: "SELECT id, document_id, n, based_on, conflict, file_id, staff_id, at FROM records_version
           WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3",
    columns: &[
        ("id", Kind::Uuid),
        ("document_id", Kind::Uuid),
        ("n", Kind::Int),
        ("based_on", Kind::Int),
        ("conflict", Kind::Bool),
        ("file_id", Kind::Uuid),
        ("staff_id", Kind::Uuid),
        ("at", Kind::Time),
    ],
};

/// Rows whose state is in the journal.
pub const EVIDENCE: &[Evidence] = &[
    Evidence {
        subject: "document",
        table: "records_document",
        one: "SELECT id, case_id, kind, title, file_id, direction, audience, added_at FROM records_document
              WHERE tenant = $1 AND id = $2",
        page: "SELECT id, case_id, kind, title, file_id, direction, audience, added_at FROM records_document
               WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3",
        columns: &[
            ("id", Kind::Uuid),
            ("case_id", Kind::Uuid),
            ("kind", Kind::Text),
            ("title", Kind::Text),
            ("file_id", Kind::Uuid),
            ("direction", Kind::Text),
            ("audience", Kind::Text),
            ("added_at", Kind::Time),
        ],
    },
    Evidence {
        subject: "case",
        table: "records_case",
        one: "SELECT id, number, service, unit, cls, status, account_id, opened_at, closed_at FROM records_case
              WHERE tenant = $1 AND id = $2",
        page: "SELECT id, number, service, unit, cls, status, account_id, opened_at, closed_at FROM records_case
               WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3",
        columns: &[
            ("id", Kind::Uuid),
            ("number", Kind::Text),
            ("service", Kind::Text),
            ("unit", Kind::Text),
            ("cls", Kind::Int),
            ("status", Kind::Text),
            ("account_id", Kind::Uuid),
            ("opened_at", Kind::Time),
            ("closed_at", Kind::Time),
        ],
    },
    FILE,
    VERSION,
];

/// Largest body of a page with a file. Of a larger file the rest is thrown away, so that the person gets a page that says so.
const MOST_BYTES: usize = 256 * 1024 * 1024;

pub const MODULE: Module = Module {
    name: "records",
    migrations: Some(db::migrations!(
        "records": "0001_init", "0002_step_by", "0003_files", "0004_media_breaks", "0005_circulation", "0006_work",
        "0007_changes", "0008_counts", "0009_origins", "0010_messages", "0011_renditions",
        "0012_disposal", "0013_note_page", "0014_erased_origins", "0015_held_again"
    )),
    permissions: PERMISSIONS,
    locales: &[("de", include_str!("../locales/de.ftl")), ("en", include_str!("../locales/en.ftl"))],
    routes: |r| {
        r.get(Access::Citizen, "/meine-vorgaenge", pages::own_cases);
        r.get(Access::Applicant, "/vorgang/{case}", pages::applicant_case);
        r.get(Access::Applicant, "/vorgang/{case}/dokument/{document}", pages::applicant_document);
        r.get(Access::Staff(perm::VIEW), "/intern/vorgang/{case}", pages::staff_case);
        r.get(Access::Staff(perm::VIEW), "/intern/vorgang/{case}/dokument/{document}", pages::staff_document);
        r.get(Access::Staff(perm::CALLER), "/intern/auskunft", pages::caller);
        r.post(Access::Staff(perm::CALLER), "/intern/auskunft", pages::caller_search);
        r.get(Access::Staff(perm::VIEW), ui::paths::STAFF_SEARCH, pages::search::ask);
        r.post(Access::Staff(perm::VIEW), ui::paths::STAFF_SEARCH, pages::search::find);
        r.post(Access::Staff(perm::VIEW), "/intern/suche/merken", pages::search::keep);
        r.post(Access::Staff(perm::VIEW), "/intern/suche/{search}/vergessen", pages::search::forget);

        r.get(Access::Staff(perm::VIEW), "/intern/vorgang/{case}/zip", package::of_case);
        r.post(Access::Staff(perm::VIEW), "/intern/vorgang/{case}/zip", package::of_documents);
        r.get(Access::Staff(perm::VIEW), "/intern/akte/{file}/zip", package::of_file);
        r.post(Access::Staff(perm::VIEW), "/intern/auswahl", bulk::chosen);

        r.get(Access::Staff(perm::VIEW), "/intern/aktenplan", file::pages::plan);
        r.get(Access::Staff(perm::PLAN), "/intern/aktenplan/einspielen", file::pages::plan_import);
        // A plan in a form is longer than the plan: every sign of XML becomes three.
        r.upload(Access::Staff(perm::PLAN), "/intern/aktenplan/einspielen", MOST_BYTES, file::pages::plan_take);
        r.upload(Access::Staff(perm::PLAN), "/intern/aktenplan/einspielen/datei", MOST_BYTES, file::pages::plan_file);
        r.get(Access::Staff(perm::VIEW), "/intern/akten", file::pages::files);
        r.get(Access::Staff(perm::FILE), "/intern/akten/neu", file::pages::new_file);
        r.post(Access::Staff(perm::FILE), "/intern/akten", file::pages::open_file);
        r.get(Access::Staff(perm::VIEW), "/intern/akte/{file}", file::pages::file);
        r.post(Access::Staff(perm::FILE), "/intern/akte/{file}/vorgang", file::pages::open_case);
        r.post(Access::Staff(perm::FILE), "/intern/akte/{file}/zda", file::pages::close_file);
        r.post(Access::Staff(perm::FILE), "/intern/akte/{file}/oeffnen", file::pages::reopen_file);
        r.post(Access::Staff(perm::FILE), "/intern/vorgang/{case}/zda", file::pages::close_case);

        r.get(Access::Staff(perm::VIEW), "/intern/vorgang/{case}/beteiligung", participation::pages::case_page);
        r.post(Access::Staff(perm::FILE), "/intern/vorgang/{case}/beteiligung", participation::pages::invite_to_case);
        let end = "/intern/vorgang/{case}/beteiligung/{participation}/beenden";
        r.post(Access::Staff(perm::FILE), end, participation::pages::end_of_case);
        r.get(Access::Staff(perm::VIEW), "/intern/akte/{file}/beteiligung", participation::pages::file_page);
        r.post(Access::Staff(perm::FILE), "/intern/akte/{file}/beteiligung", participation::pages::invite_to_file);
        let end = "/intern/akte/{file}/beteiligung/{participation}/beenden";
        r.post(Access::Staff(perm::FILE), end, participation::pages::end_of_file);

        r.get(Access::Staff(perm::VIEW), "/intern/dokumente", document::list::documents);
        r.get(Access::Staff(perm::VIEW), "/intern/vorgang/{case}/dokumente", document::pages::documents);
        r.upload(Access::Staff(perm::FILE), "/intern/vorgang/{case}/dokumente", MOST_BYTES, document::pages::add);
        r.get(
            Access::Staff(perm::VIEW),
            "/intern/vorgang/{case}/dokument/{document}/fassungen",
            document::pages::versions,
        );
        r.upload(
            Access::Staff(perm::FILE),
            "/intern/vorgang/{case}/dokument/{document}/fassungen",
            MOST_BYTES,
            document::pages::save,
        );
        r.get(
            Access::Staff(perm::VIEW),
            "/intern/vorgang/{case}/dokument/{document}/fassung/{n}",
            document::pages::version,
        );
        r.post(
            Access::Staff(perm::FILE),
            "/intern/vorgang/{case}/dokument/{document}/ausleihen",
            document::pages::check_out,
        );
        r.post(
            Access::Staff(perm::FILE),
            "/intern/vorgang/{case}/dokument/{document}/zurueckgeben",
            document::pages::check_in,
        );
        r.post(
            Access::Staff(perm::FILE),
            "/intern/vorgang/{case}/dokument/{document}/uebernehmen",
            document::pages::take,
        );

        r.get(Access::Staff(perm::VIEW), "/intern/dokument/{document}/ansehen", document::viewer::view);
        r.get(Access::Staff(perm::VIEW), "/intern/dokument/{document}/anzeige", document::viewer::framed);

        r.get(Access::Staff(perm::FILE), "/intern/vorgang/{case}/verweise", origin::pages::of_case);
        r.post(Access::Staff(perm::FILE), "/intern/vorgang/{case}/verweise", origin::pages::add_to_case);
        let remove = "/intern/vorgang/{case}/verweise/entfernen";
        r.post(Access::Staff(perm::FILE), remove, origin::pages::remove_from_case);
        r.get(Access::Staff(perm::FILE), "/intern/akte/{file}/verweise", origin::pages::of_file);
        r.post(Access::Staff(perm::FILE), "/intern/akte/{file}/verweise", origin::pages::add_to_file);
        let remove = "/intern/akte/{file}/verweise/entfernen";
        r.post(Access::Staff(perm::FILE), remove, origin::pages::remove_from_file);
    },
    commands: |c| {
        c.on(handler!(service::open_case: contract_records::OpenCase));
        c.on(handler!(service::add_document: contract_records::AddDocument));
        c.on(handler!(service::add_step: contract_records::AddStep));
        c.task(handler!(service::set_status: contract_records::SetStatus));
        c.task(handler!(service::hand_over: contract_records::HandOver));
        c.answers(answer!(service::cases: contract_records::Cases));
        c.answers(answer!(service::visible_case: contract_records::VisibleCase));
        c.answers(answer!(service::documents: contract_records::Documents));
        c.answers(answer!(service::cases_of_account: contract_records::CasesOfAccount));
        c.answers(answer!(service::case_by_number: contract_records::CaseByNumber));
        c.answers(answer!(service::documents_of_case: contract_records::DocumentsOfCase));
        c.answers(answer!(retention::due_for_deletion: contract_records::DueForDeletion));
        c.answers(answer!(service::files_of_case: contract_records::FilesOfCase));
        c.answers(answer!(document::viewer::rendition_of: contract_records::RenditionOf));
        c.answers(answer!(service::media_breaks: contract_records::MediaBreaks));
        c.answers(answer!(rooms::cases_seen: contract_records::CasesSeen));
        c.answers(answer!(rooms::may_write: contract_records::MayWrite));
        c.on(handler!(rooms::log_seen: contract_records::LogSeen));
        c.answers(answer!(rooms::works_on: contract_records::WorksOn));
        c.answers(answer!(rooms::files_seen: contract_records::FilesSeen));
        c.answers(answer!(rooms::cases_of_file: contract_records::CasesOfFile));
        c.answers(answer!(rooms::seen_under: contract_records::SeenUnder));
        c.answers(answer!(retention::cases_to_offer: contract_records::CasesToOffer));
        c.answers(answer!(retention::cases_for_archive: contract_records::CasesForArchive));
        c.answers(answer!(retention::document_kinds: contract_records::DocumentKinds));
        c.answers(answer!(retention::documents_for_archive: contract_records::DocumentsForArchive));
        c.answers(answer!(retention::count_due: contract_records::CountDue));
        c.answers(answer!(retention::closed_cases: contract_records::ClosedCases));
        c.on(handler!(retention::set_held: contract_records::SetHeld));
        c.on(handler!(retention::set_disposal: contract_records::SetDisposal));
        c.on(handler!(reach::open_case: contract_records::OpenCaseWithin));
        c.on(handler!(reach::add_document: contract_records::AddDocumentWithin));
        c.on(handler!(reach::save_version: contract_records::SaveVersionWithin));
        c.on(handler!(reach::close_case: contract_records::CloseCaseWithin));
        c.answers(answer!(reach::case: contract_records::CaseWithin));
        c.answers(answer!(reach::changes: contract_records::ChangesWithin));
        c.on(handler!(origin::service::take_over: contract_records::TakeOver));
        c.on(handler!(origin::erased::keep: contract_records::KeepErased));
        c.on(handler!(origin::service::log_given_out: contract_records::LogGivenOut));
        c.answers(answer!(origin::service::taken_before: contract_records::TakenBefore));
        c.answers(answer!(origin::service::plan_entries: contract_records::PlanEntries));
        c.answers(answer!(origin::service::files_to_export: contract_records::FilesToExport));
        c.answers(answer!(origin::service::cases_to_export: contract_records::CasesToExport));
    },
    events: |e| {
        e.on("records.timeline", reaction!(service::task_done: contract_desk::TaskDone));
        e.on("records.timeline", reaction!(service::file_infected: files::FileInfected));
    },
    jobs: |j| {
        j.on(job!(document::viewer::make_rendition: document::viewer::MakeRendition));
        j.on(job!(participation::jobs::end_participations: participation::jobs::EndParticipations));
        j.on(job!(origin::erased::forget: origin::erased::ForgetErased));
        j.every("40 3 * * *", &origin::erased::ForgetErased {});
        // What was agreed until yesterday ends with the night, after the access of the day was computed.
        j.every("20 0 * * *", &participation::jobs::EndParticipations {});
    },
    check_content: |_, content| {
        let plan = match plan::Plan::of(content) {
            Ok(plan) => plan,
            Err(fault) => return vec![fault.to_string()],
        };
        match plan::Types::of(content) {
            Ok(types) => types.faults(&plan),
            Err(fault) => vec![fault.to_string()],
        }
    },
    menu: &[
        Menu { label: "records-menu-plan", href: "/intern/aktenplan", access: Access::Staff(perm::VIEW), order: 22 },
        Menu {
            label: "records-menu-documents",
            href: "/intern/dokumente",
            access: Access::Staff(perm::VIEW),
            order: 22,
        },
        Menu { label: "records-menu-own", href: "/meine-vorgaenge", access: Access::Citizen, order: 20 },
        Menu {
            label: "records-menu-search",
            href: ui::paths::STAFF_SEARCH,
            access: Access::Staff(perm::VIEW),
            order: 25,
        },
        Menu { label: "records-menu-caller", href: "/intern/auskunft", access: Access::Staff(perm::CALLER), order: 30 },
    ],
    searchable: &[search::CASES],
    // After the panels in which the work of the case is done.
    panels: &[Panel {
        name: "records.origin",
        order: 95,
        staff: true,
        applicant: false,
        render: panel!(origin::pages::panel),
    }],
    tables: TABLES,
    evidence: EVIDENCE,
    ..Module::EMPTY
};

const PERMISSIONS: &[Permission] = &[perm::VIEW, perm::CALLER, perm::FILE, perm::PLAN];

const TABLES: &[Table] = &[
    Table { name: "records_series", holds: Holds::NoPerson("running numbers") },
    Table { name: "records_file", holds: Holds::NoPerson("a file per entry of the plan and year") },
    Table { name: "records_file_count", holds: Holds::NoPerson("how many files lie under an entry of the plan") },
    Table {
        name: "records_case",
        holds: Holds::Person {
            by: Key::Case,
            // Without the unit: a case about an entry with a Sperrvermerk (§ 64 PStG) is led by a unit of its own.
            export: "SELECT number, service, title, status, party, birth_date, opened_at, closed_at, lang,
                            retention_years, retention_basis FROM records_case WHERE tenant = $1 AND id = $2",
            erase: "DELETE FROM records_case WHERE tenant = $1 AND id = $2",
            retention: Retention::WithCase,
        },
    },
    Table {
        name: "records_document",
        holds: Holds::Person {
            by: Key::Case,
            export: "SELECT kind, title, file_id, direction, added_at FROM records_document
                     WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM records_document WHERE tenant = $1 AND case_id = $2",
            retention: Retention::WithCase,
        },
    },
    Table {
        name: "records_document_count",
        holds: Holds::Sum {
            leave: "UPDATE records_document_count SET n = n - (
                      SELECT COUNT(*) FROM records_document d
                      WHERE d.tenant = $1 AND d.case_id = $2 AND d.kind = records_document_count.kind)
                    WHERE tenant = $1 AND cls = (SELECT c.cls FROM records_case c WHERE c.tenant = $1 AND c.id = $2)",
        },
    },
    Table {
        name: "records_version",
        holds: Holds::Person {
            by: Key::Case,
            // Without the clerk's note and name.
            export: "SELECT n, file_id, at FROM records_version WHERE tenant = $1 AND document_id IN
                       (SELECT id FROM records_document WHERE tenant = $1 AND case_id = $2)",
            erase: "DELETE FROM records_version WHERE tenant = $1 AND document_id IN
                      (SELECT id FROM records_document WHERE tenant = $1 AND case_id = $2)",
            retention: Retention::WithCase,
        },
    },
    Table {
        name: "records_message",
        holds: Holds::Person {
            by: Key::Case,
            export: "SELECT sender, recipients, subject, sent_at FROM records_message WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM records_message WHERE tenant = $1 AND case_id = $2",
            retention: Retention::WithCase,
        },
    },
    Table {
        name: "records_enclosure",
        holds: Holds::Person {
            by: Key::Case,
            export: "SELECT document_id, parent_id FROM records_enclosure WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM records_enclosure WHERE tenant = $1 AND case_id = $2",
            retention: Retention::WithCase,
        },
    },
    Table {
        name: "records_rendition",
        holds: Holds::Person {
            by: Key::Case,
            // Without the bytes: they say what the document says.
            export: "SELECT at FROM records_rendition WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM records_rendition WHERE tenant = $1 AND case_id = $2",
            retention: Retention::WithCase,
        },
    },
    Table {
        name: "records_checkout",
        holds: Holds::Person {
            by: Key::Case,
            export: "SELECT at FROM records_checkout WHERE tenant = $1 AND document_id IN
                       (SELECT id FROM records_document WHERE tenant = $1 AND case_id = $2)",
            erase: "DELETE FROM records_checkout WHERE tenant = $1 AND document_id IN
                      (SELECT id FROM records_document WHERE tenant = $1 AND case_id = $2)",
            retention: Retention::WithCase,
        },
    },
    Table {
        name: "records_participation",
        holds: Holds::Person {
            by: Key::Case,
            // Without the units, as in the case itself.
            export: "SELECT reason, begun_at, last_day, ended_at FROM records_participation
                     WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM records_participation WHERE tenant = $1 AND case_id = $2",
            retention: Retention::WithCase,
        },
    },
    Table { name: "records_origin_file", holds: Holds::NoPerson("old Aktenzeichen of files") },
    Table {
        name: "records_origin_case",
        holds: Holds::Person {
            by: Key::Case,
            export: "SELECT source, number FROM records_origin_case WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM records_origin_case WHERE tenant = $1 AND case_id = $2",
            retention: Retention::WithCase,
        },
    },
    Table {
        name: "records_origin_document",
        holds: Holds::Person {
            by: Key::Case,
            export: "SELECT source, old, version, dated FROM records_origin_document
                     WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM records_origin_document WHERE tenant = $1 AND case_id = $2",
            retention: Retention::WithCase,
        },
    },
    Table {
        name: "records_erased_origin",
        holds: Holds::NoPerson(
            "keyed hashes of what erased cases were known by elsewhere: nothing to be read, pseudonyms for who has the \
             city's key and the ids of the other system; kept ten years against bringing back what was erased",
        ),
    },
    Table {
        name: "records_saved_search",
        holds: Holds::Person {
            by: Key::Staff,
            export: "SELECT name, question, shared, made_at FROM records_saved_search
                     WHERE tenant = $1 AND staff_id = $2",
            erase: "DELETE FROM records_saved_search WHERE tenant = $1 AND staff_id = $2",
            retention: Retention::WithStaff,
        },
    },
    Table {
        name: "records_elsewhere",
        holds: Holds::Person {
            by: Key::Case,
            // Without who named it.
            export: "SELECT led_in, identifier, address FROM records_elsewhere WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM records_elsewhere WHERE tenant = $1 AND case_id = $2",
            retention: Retention::WithCase,
        },
    },
    Table {
        name: "records_step",
        holds: Holds::Person {
            by: Key::Case,
            // Without who did it: that is no datum of the applicant. A clerk is an id here; the name that belongs to it goes
            // from `identity_staff` some time after they left.
            export: "SELECT at, code, args FROM records_step WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM records_step WHERE tenant = $1 AND case_id = $2",
            retention: Retention::WithCase,
        },
    },
    Table {
        name: "records_access_log",
        holds: Holds::Person {
            by: Key::Case,
            export: "SELECT at, what FROM records_access_log WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM records_access_log WHERE tenant = $1 AND case_id = $2",
            retention: Retention::Aged {
                days: 365,
                basis: "Art. 5 Abs. 2 DSGVO",
                expire: "DELETE FROM records_access_log WHERE tenant = $1 AND at < $2",
            },
        },
    },
];
