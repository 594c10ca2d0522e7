//! The module `evidence` (Echtheitsnachweise): the journal's log for everybody, proofs of documents, and the page that
//! checks one. [`verify()`] is the same for the page and for `meer verify`, without any I/O. Every night an outside
//! authority stamps the newest checkpoint with the time.

mod log;
mod pages;
mod proof;
mod stamp;
mod verify;

use house::{Access, Menu, Module, Panel, job, panel};

pub use proof::of_file;
pub use stamp::{Checked, check_all, nightly::Nightly, verify_of_proof};
pub use verify::{Fault, Proven, verify};

/// Size of a file and a proof that are checked, with the frame of the form around them.
const CHECKED: usize = pages::MAX_FILE + pages::MAX_PROOF + 64 * 1024;

/// Right of the room `records`: whoever sees a case there gets the proofs of its documents here.
const SEE_CASES: kernel::Permission = kernel::Permission("records.view");

/// Rights of this module.
pub mod perm {
    use kernel::Permission;
    /// See how the time-stamps of the journal stand.
    pub const VIEW: Permission = Permission("evidence.view");
}

pub const MODULE: Module = Module {
    name: "evidence",
    permissions: &[perm::VIEW],
    locales: &[("de", include_str!("../locales/de.ftl")), ("en", include_str!("../locales/en.ftl"))],
    routes: |r| {
        r.get(Access::Public, "/protokoll/checkpoint", log::checkpoint);
        r.get(Access::Public, "/protokoll/schluessel", log::key);
        r.get(Access::Public, "/protokoll/tile/{level}/{*index}", log::tile);
        r.get(Access::Public, "/protokoll/zeitstempel/{size}", stamp::pages::answer);
        r.get(Access::Staff(perm::VIEW), "/intern/zeitstempel", stamp::pages::list);
        r.get(Access::Public, "/nachweis", pages::ask);
        r.upload(Access::Public, "/nachweis", CHECKED, pages::check);
        r.get(Access::Applicant, "/vorgang/{case}/nachweise", pages::applicant_list);
        r.get(Access::Applicant, "/vorgang/{case}/dokument/{document}/nachweis", pages::applicant_proof);
        // Whoever may see the case: asked of `records`, which knows.
        r.get(Access::Staff(SEE_CASES), "/intern/vorgang/{case}/nachweise", pages::staff_list);
        r.get(Access::Staff(SEE_CASES), "/intern/vorgang/{case}/dokument/{document}/nachweis", pages::staff_proof);
    },
    jobs: |j| {
        j.on(job!(stamp::nightly::nightly: Nightly));
        j.on(job!(stamp::nightly::ask: stamp::nightly::AskForStamp));
        j.every("10 4 * * *", &Nightly {});
    },
    menu: &[Menu {
        label: "evidence-menu-stamps",
        href: "/intern/zeitstempel",
        access: Access::Staff(perm::VIEW),
        order: 82,
    }],
    panels: &[
        Panel { name: "evidence.staff", order: 90, staff: true, applicant: false, render: panel!(pages::staff_panel) },
        Panel {
            name: "evidence.applicant",
            order: 90,
            staff: false,
            applicant: true,
            render: panel!(pages::applicant_panel),
        },
    ],
    ..Module::EMPTY
};
