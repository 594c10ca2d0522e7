//! The module `certificates` (Bescheinigungen und Bescheide): documents that the city issues, and the public page where
//! anybody can check one by its code or its file.

mod code;
mod decisions;
mod jobs;
mod letter;
mod limit;
mod pages;
mod printing;
mod record;
mod service;
mod store;
#[cfg(test)]
mod tests;

use house::{Access, Holds, Key, Module, Panel, Retention, Table, answer, handler, job, panel};
use journal::{Evidence, Kind};

/// Rights of this module.
pub mod perm {
    use kernel::Permission;
    /// Withdraw a certificate: whoever checks its code is told so.
    pub const WITHDRAW: Permission = Permission("certificates.withdraw");
}

/// Size of a file that is compared, with the frame of the form around it.
const CHECKED_FILE: usize = pages::MAX_FILE + 64 * 1024;

pub const MODULE: Module = Module {
    name: "certificates",
    migrations: Some(db::migrations!("certificates": "0001_init")),
    permissions: &[perm::WITHDRAW],
    locales: &[("de", include_str!("../locales/de.ftl")), ("en", include_str!("../locales/en.ftl"))],
    routes: |r| {
        r.get(Access::Public, "/pruefen", pages::ask);
        r.post(Access::Public, "/pruefen", pages::find);
        r.get(Access::Public, "/pruefen/{code}", pages::show);
        r.upload(Access::Public, "/pruefen/{code}/datei", CHECKED_FILE, pages::compare);
        r.post(Access::Staff(perm::WITHDRAW), "/intern/bescheinigung/{id}/zuruecknehmen", pages::withdraw);
    },
    commands: |c| {
        c.task(handler!(service::issue: contract_certificates::IssueCertificate));
        c.task(handler!(service::write_letter: contract_certificates::WriteLetter));
        c.on(handler!(service::write_note: contract_certificates::WriteNote));
        c.answers(answer!(service::of_case: contract_certificates::CertificatesOf));
    },
    jobs: |j| {
        j.on(job!(jobs::issue: jobs::Issue));
        j.on(job!(jobs::write: jobs::Write));
        j.on(job!(jobs::note: jobs::Note));
        j.on(job!(jobs::tidy: jobs::Tidy));
        j.every("41 * * * *", &jobs::Tidy);
    },
    tables: TABLES,
    evidence: &[EVIDENCE_CERTIFICATE, EVIDENCE_DECISION],
    panels: &[Panel {
        name: "certificates",
        order: 60,
        staff: true,
        applicant: false,
        render: panel!(pages::staff_panel),
    }],
    check_content: service::check,
    ..Module::EMPTY
};

/// What was certified, by whom, with which bytes, and whether it still holds.
const EVIDENCE_CERTIFICATE: Evidence = Evidence {
    subject: "certificate",
    table: "certificates_certificate",
    one: "SELECT id, case_id, kind, code_hash, office, issued_on, document_id, pdf_sha256, state, withdrawn_at
          FROM certificates_certificate WHERE tenant = $1 AND id = $2",
    page: "SELECT id, case_id, kind, code_hash, office, issued_on, document_id, pdf_sha256, state, withdrawn_at
           FROM certificates_certificate WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3",
    columns: &[
        ("case_id", Kind::Uuid),
        ("kind", Kind::Text),
        ("code_hash", Kind::Bytes),
        ("office", Kind::Text),
        ("issued_on", Kind::Date),
        ("document_id", Kind::Uuid),
        ("pdf_sha256", Kind::Bytes),
        ("state", Kind::Text),
        ("withdrawn_at", Kind::Time),
    ],
};

/// What was written, of which kind, and which remedy it named.
const EVIDENCE_DECISION: Evidence = Evidence {
    subject: "decision",
    table: "certificates_decision",
    one: "SELECT id, case_id, decision, kind, remedy_basis, text_sha256, document_id, pdf_sha256, decided_at
          FROM certificates_decision WHERE tenant = $1 AND id = $2",
    page: "SELECT id, case_id, decision, kind, remedy_basis, text_sha256, document_id, pdf_sha256, decided_at
           FROM certificates_decision WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3",
    columns: &[
        ("case_id", Kind::Uuid),
        ("decision", Kind::Text),
        ("kind", Kind::Text),
        ("remedy_basis", Kind::Text),
        ("text_sha256", Kind::Bytes),
        ("document_id", Kind::Uuid),
        ("pdf_sha256", Kind::Bytes),
        ("decided_at", Kind::Time),
    ],
};

const TABLES: &[Table] = &[
    Table {
        name: "certificates_certificate",
        holds: Holds::Person {
            by: Key::Case,
            export: "SELECT kind, title, office, issued_on, state, withdrawn_at, withdrawn_reason
                     FROM certificates_certificate WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM certificates_certificate WHERE tenant = $1 AND case_id = $2",
            retention: Retention::WithCase,
        },
    },
    Table {
        name: "certificates_decision",
        holds: Holds::Person {
            by: Key::Case,
            export: "SELECT decision, kind, remedy_basis, decided_at FROM certificates_decision
                     WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM certificates_decision WHERE tenant = $1 AND case_id = $2",
            retention: Retention::WithCase,
        },
    },
    Table {
        name: "certificates_note",
        holds: Holds::Person {
            by: Key::Case,
            export: "SELECT title, paragraphs FROM certificates_note WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM certificates_note WHERE tenant = $1 AND case_id = $2",
            retention: Retention::WithCase,
        },
    },
    Table {
        name: "certificates_attempt",
        holds: Holds::NoPerson("hashes of network prefixes with a count, gone after ten minutes"),
    },
];
