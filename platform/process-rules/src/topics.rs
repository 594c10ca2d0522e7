//! Topics of programs outside (externe Programme): `meer:command="external:<topic>"` at a service task.

use bpmn::{Model, model};

/// What a command begins with that a program outside carries out.
pub const PREFIX: &str = "external:";
/// Longest name of a topic, in characters.
const LONGEST_TOPIC: usize = 60;

/// The topic of a command, when a program outside carries it out.
pub fn topic_of(command: &str) -> Option<&str> {
    command.strip_prefix(PREFIX)
}

/// Lower-case letters, digits and hyphens.
pub fn is_topic(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !text.is_empty() && text.len() <= LONGEST_TOPIC && text.bytes().all(plain)
}

/// The commands of a model that programs outside carry out, with topics that can be.
pub fn commands_of(model: &Model) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(process) = model.process() {
        add_commands(&process.content, &mut found);
    }
    found
}

fn add_commands(content: &model::FlowContent, found: &mut Vec<String>) {
    for element in &content.elements {
        let model::FlowElement::Node(node) = element else { continue };
        let command = node.meer.command.as_deref();
        if let Some(command) = command.filter(|command| topic_of(command).is_some_and(is_topic)) {
            found.push(command.to_owned());
        }
        if let model::NodeKind::SubProcess(_, sub) = &node.kind {
            add_commands(&sub.content, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_a_plain_name() {
        for good in ["a", "mahnung-drucken", "kfz2"] {
            assert!(is_topic(good), "{good}");
        }
        for wrong in ["", "Ä", "a b", "a:b", "A", "a/b", &"a".repeat(61)] {
            assert!(!is_topic(wrong), "{wrong}");
        }
        assert_eq!(topic_of("external:a"), Some("a"));
        assert_eq!(topic_of("desk.open-task"), None);
    }
}
