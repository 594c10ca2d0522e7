//! The module `disposal` (Aussonderung): what becomes of closed cases when their retention has ended. They are offered to the
//! archive, appraised, handed over, and only then free to be deleted; and a hold (Löschsperre) keeps them from all of it.

mod guidelines;
mod jobs;
mod pages;
mod preview;
mod service;
mod store;
mod xdomea;

use house::{Access, Holds, Key, Menu, Module, Panel, Retention, Table, job, panel};
use journal::{Evidence, Kind};
use kernel::Permission;

/// See cases; declared by `records`.
const SEE_CASES: Permission = Permission("records.view");

/// Rights of this module. They keep the names under which cities give them.
pub mod perm {
    use kernel::Permission;
    /// Hold back the deletion of a case (Löschsperre).
    pub const HOLD: Permission = Permission("records.hold");
    /// See what is offered to the archive.
    pub const DISPOSAL: Permission = Permission("records.disposal-view");
    /// Offer what is due to the archive (Registratur).
    pub const DISPOSE: Permission = Permission("records.dispose");
    /// Appraise and take over (Stadtarchiv).
    pub const ARCHIVE: Permission = Permission("records.archive");
}

pub const OFFER: Evidence = Evidence {
    subject: "archive-offer",
    table: "records_offer",
    one: "SELECT id, made_by, made_at, appraised_by, appraised_at FROM records_offer WHERE tenant = $1 AND id = $2",
    page: "SELECT id, made_by, made_at, appraised_by, appraised_at FROM records_offer
           WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3",
    columns: &[
        ("id", Kind::Uuid),
        ("made_by", Kind::Uuid),
        ("made_at", Kind::Time),
        ("appraised_by", Kind::Uuid),
        ("appraised_at", Kind::Time),
    ],
};

/// Largest body of a page with a file. Of a larger file the rest is thrown away, so that the person gets a page that says so.
const MOST_BYTES: usize = 256 * 1024 * 1024;

pub const MODULE: Module = Module {
    name: "disposal",
    // Its tables were made by `records`, where the room began, and keep their names: the journal names them.
    migrations: None,
    permissions: &[perm::HOLD, perm::DISPOSAL, perm::DISPOSE, perm::ARCHIVE],
    locales: &[("de", include_str!("../locales/de.ftl")), ("en", include_str!("../locales/en.ftl"))],
    routes: |r| {
        r.get(Access::Staff(SEE_CASES), "/intern/vorgang/{case}/sperre", pages::holds);
        r.post(Access::Staff(perm::HOLD), "/intern/vorgang/{case}/sperre", pages::hold);
        r.post(Access::Staff(perm::HOLD), "/intern/vorgang/{case}/sperre/{hold}/aufheben", pages::lift);
        r.get(Access::Staff(perm::DISPOSAL), "/intern/aussonderung", pages::disposal);
        r.post(Access::Staff(perm::DISPOSE), "/intern/aussonderung", pages::offer);
        r.get(Access::Staff(perm::DISPOSAL), "/intern/aussonderung/vorschau", preview::preview);
        r.get(Access::Staff(perm::DISPOSAL), "/intern/aussonderung/vorschau.csv", preview::preview_csv);
        r.get(Access::Staff(perm::DISPOSAL), "/intern/aussonderung/{offer}", pages::offer_page);
        r.post(Access::Staff(perm::ARCHIVE), "/intern/aussonderung/{offer}/bewertung", pages::appraise);
        r.upload(Access::Staff(perm::ARCHIVE), "/intern/aussonderung/{offer}/antwort", MOST_BYTES, pages::answer);
        let documents = "/intern/aussonderung/{offer}/vorgang/{case}";
        r.get(Access::Staff(perm::ARCHIVE), documents, pages::documents);

        let package = "/intern/aussonderung/{offer}/nachricht/{message}";
        r.get(Access::Staff(perm::DISPOSAL), package, pages::package);
    },
    jobs: |j| {
        j.on(job!(jobs::write_package: jobs::WritePackage));
        j.on(job!(jobs::remove_package: jobs::RemovePackage));
        j.on(job!(jobs::forget_messages: jobs::ForgetMessages));
        j.every("45 3 * * *", &jobs::ForgetMessages {});
    },
    menu: &[Menu {
        label: "disposal-menu",
        href: "/intern/aussonderung",
        access: Access::Staff(perm::DISPOSAL),
        order: 60,
    }],
    // After the panels in which the work of the case is done.
    panels: &[Panel { name: "disposal", order: 93, staff: true, applicant: false, render: panel!(pages::panel) }],
    tables: TABLES,
    evidence: &[OFFER],
    ..Module::EMPTY
};

const TABLES: &[Table] = &[
    Table {
        name: "records_hold",
        holds: Holds::Person {
            by: Key::Case,
            export: "SELECT reason, set_at, lifted_at FROM records_hold WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM records_hold WHERE tenant = $1 AND case_id = $2",
            retention: Retention::WithCase,
        },
    },
    Table { name: "records_offer", holds: Holds::NoPerson("when what was offered to the archive") },
    Table {
        name: "records_offered",
        holds: Holds::Person {
            by: Key::Case,
            export: "SELECT proposal, decision, settled, archive_id FROM records_offered
                     WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM records_offered WHERE tenant = $1 AND case_id = $2",
            retention: Retention::WithCase,
        },
    },
    Table {
        name: "records_offer_message",
        holds: Holds::NoPerson(
            "names of packages; titles and references of cases stand in them, and they go when the last of these is deleted",
        ),
    },
];
