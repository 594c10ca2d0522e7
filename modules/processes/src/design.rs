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

use crate::register;
use content::Content;

/// Address of the workshop.
pub const WORKSHOP: &str = "/intern/prozesswerkstatt";

/// The name that a process or decision has for people, as its text says; the key where it says none.
pub fn name_in(kind: &str, key: &str, body: &str) -> String {
    let said = match kind {
        "decisions" => dmn::Model::read_tolerantly(body, &[]).ok().map(|model| model.name().to_owned()),
        _ => bpmn::Model::parse(body).ok().and_then(|model| model.name().map(str::to_owned)),
    };
    said.filter(|name| !name.is_empty()).unwrap_or_else(|| key.to_owned())
}

/// The name of an organisation unit, told apart from others of the same name; the key where there is none of it.
pub fn unit_name(content: &Content, key: &str) -> String {
    let organisation = register::organisation(content).ok().flatten();
    organisation.as_ref().and_then(|organisation| organisation.label_of(key)).unwrap_or_else(|| key.to_owned())
}

/// A part of a path or query with everything escaped that means something there.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_an_address() {
        assert_eq!(escaped("a/b c&ä"), "a%2Fb%20c%26%C3%A4");
    }

    #[test]
    fn a_draft_without_a_name_is_called_by_its_key() {
        assert_eq!(name_in("processes", "muster", "kaputt"), "muster");
        assert_eq!(name_in("processes", "muster", &service::empty_process("muster", "Ein & <Name>")), "Ein & <Name>");
        assert_eq!(name_in("decisions", "muster", &service::empty_decision("muster", "Regel")), "Regel");
    }
}
