//! The process workshop (Prozesswerkstatt): drafts of processes and decisions, changed in the diagram or in the list,
//! checked, tried out, and released by somebody who did not change them.

pub mod catalogue;
pub mod condition;
pub mod drawing;
pub mod lint;
pub mod pages;
pub mod service;
pub mod steps;
pub mod store;
pub mod trial;

use content::Content;
use process_rules::organisation::organisation;

/// Address of the workshop.
pub const WORKSHOP: &str = "/intern/prozesswerkstatt";

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
