//! Internet messages (RFC 5322) with their parts (RFC 2045 to 2047, 2231).

use jiff::Timestamp;
use mail_parser::{Address, MessageParser, MimeHeaders as _, PartType};

use crate::{Content, DEEPEST, Enclosure, Fault, MOST_PEOPLE, Message, Person, Room, body, file_name, line};

/// Headers `Content-Type` in a file. Every part that can hold parts needs one, so this bounds the depth too.
const MOST_PARTS: usize = 500;

pub(crate) fn read(bytes: &[u8], room: &mut Room) -> Result<Message, Fault> {
    if parts(bytes) > MOST_PARTS {
        return Err(Fault::TooManyParts);
    }
    let parsed = MessageParser::default().parse(bytes).ok_or(Fault::NoMessage)?;
    if parsed.from().is_none() && parsed.date().is_none() && parsed.subject().is_none() {
        return Err(Fault::NoMessage);
    }
    Ok(message(&parsed, 0, room))
}

/// How often a line begins with the name of the header.
fn parts(bytes: &[u8]) -> usize {
    const NAME: &[u8] = b"content-type";
    let lines = bytes.split(|byte| matches!(byte, b'\n' | b'\r'));
    lines.filter(|line| line.get(..NAME.len()).is_some_and(|start| start.eq_ignore_ascii_case(NAME))).count()
}

fn message(parsed: &mail_parser::Message<'_>, depth: usize, room: &mut Room) -> Message {
    let sent = parsed.date().filter(|date| date.is_valid()).map(|date| date.to_timestamp());
    let mut message = Message {
        from: people(parsed.from()).into_iter().next(),
        to: people(parsed.to()),
        cc: people(parsed.cc()),
        sent_at: sent.and_then(|seconds| Timestamp::from_second(seconds).ok()),
        subject: line(parsed.subject().unwrap_or_default()),
        id: parsed.message_id().map(line).filter(|id| !id.is_empty()),
        text: body(&parsed.body_text(0).unwrap_or_default()),
        ..Message::default()
    };
    for part in parsed.attachments() {
        let bytes = part.contents();
        let nested = match &part.body {
            PartType::Message(nested) => Some(nested),
            _ => None,
        };
        let named = file_name(part.attachment_name().unwrap_or_default());
        let name = match nested.and_then(|nested| nested.subject()) {
            Some(subject) if named.is_empty() => format!("{}.eml", file_name(subject)),
            _ => named,
        };
        if !room.take(bytes.len()) {
            message.left_out.push(name);
            continue;
        }
        let content = match nested {
            Some(nested) if depth < DEEPEST => Content::Message {
                message: Box::new(self::message(nested, depth + 1, room)),
                bytes: Some(bytes.to_vec()),
            },
            _ => Content::Bytes(bytes.to_vec()),
        };
        message.enclosures.push(Enclosure { name, content });
    }
    message
}

fn people(addresses: Option<&Address<'_>>) -> Vec<Person> {
    let all = addresses.into_iter().flat_map(|addresses| addresses.iter());
    let person = |one: &mail_parser::Addr<'_>| Person {
        name: line(one.name().unwrap_or_default()),
        address: line(one.address().unwrap_or_default()),
    };
    all.map(person).filter(|person| *person != Person::default()).take(MOST_PEOPLE).collect()
}
