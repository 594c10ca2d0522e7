use std::collections::HashMap;

use contract_records::{AddDocument, Audience, CaseView, DocumentView};
use db::Tx;
use files::Stored;
use kernel::{Cx, DocumentId, Result, Timestamp, berlin, sha256};
use message::{Content, Message, Person};

use super::store::{self, Enclosed, Mail};
use crate::{
    document::service::{add_told, may_write},
    service,
};

/// Media type of what is kept and that no program is named for.
const BYTES: &str = "application/octet-stream";
/// Longest title of a document, in characters.
const LONGEST: usize = 200;

/// Bytes that become a document of the set.
pub struct Piece<T> {
    /// Place of the piece that this one came in; none for the message itself.
    pub parent: Option<usize>,
    pub title: String,
    /// Name of the file.
    pub name: String,
    pub media_type: &'static str,
    pub content: T,
}

/// Words that stand in documents that the program writes about a message in a message.
pub struct Words {
    pub from: String,
    pub to: String,
    pub sent: String,
    pub subject: String,
    pub untitled: String,
}

/// The message and all that is in it, outermost first; every piece comes after the one that it was in.
pub fn pieces(
    words: &Words,
    message: &Message,
    kind: message::Kind,
    name: &str,
    bytes: Vec<u8>,
) -> Vec<Piece<Vec<u8>>> {
    let outer = Piece {
        parent: None,
        title: title(words, &message.subject),
        name: name.to_owned(),
        media_type: kind.media_type(),
        content: bytes,
    };
    let mut all = vec![outer];
    enclosed(words, message, 0, &mut all);
    all
}

fn enclosed(words: &Words, message: &Message, parent: usize, all: &mut Vec<Piece<Vec<u8>>>) {
    for enclosure in &message.enclosures {
        let name = files::clean_name(&enclosure.name);
        let (media_type, content, nested, name) = match &enclosure.content {
            Content::Bytes(bytes) => (media_type(&name, bytes), bytes.clone(), None, name),
            Content::Message { message, bytes: Some(bytes) } => {
                (message::Kind::Eml.media_type(), bytes.clone(), Some(message), name)
            }
            // A message inside a message of Outlook is no file of its own: what it says is written down.
            Content::Message { message, bytes: None } => {
                let name = format!("{}.txt", name.trim_end_matches(".msg"));
                ("text/plain; charset=utf-8", as_text(words, message).into_bytes(), Some(message), name)
            }
        };
        // Nothing is in an empty enclosure, and there is no document without bytes.
        if content.is_empty() {
            continue;
        }
        let titled = nested.map_or_else(|| title(words, &name), |nested| title(words, &nested.subject));
        all.push(Piece { parent: Some(parent), title: titled, name, media_type, content });
        if let Some(nested) = nested {
            enclosed(words, nested, all.len() - 1, all);
        }
    }
}

/// The kind of an enclosure, by its content. What is none of the kinds that people may send is kept as bytes: it is saved
/// and never shown.
fn media_type(name: &str, bytes: &[u8]) -> &'static str {
    use files::{Accept, Type};
    const KINDS: Accept = Accept { types: &[Type::Pdf, Type::Jpeg, Type::Png, Type::Text], max: message::MOST_BYTES };
    match files::accept(bytes, KINDS) {
        Ok(kind) => kind.media_type(),
        Err(_) => message::kind_of(name, bytes).map_or(BYTES, message::Kind::media_type),
    }
}

fn title(words: &Words, text: &str) -> String {
    let title: String = text.trim().chars().take(LONGEST).collect();
    if title.is_empty() { words.untitled.clone() } else { title }
}

/// The time of a message on the city's wall clock.
pub fn local(at: Timestamp) -> String {
    at.to_zoned(berlin()).strftime("%d.%m.%Y, %H:%M").to_string()
}

fn listed<'a>(people: impl IntoIterator<Item = &'a Person>) -> Vec<String> {
    people.into_iter().map(ToString::to_string).collect()
}

fn as_text(words: &Words, message: &Message) -> String {
    let to = listed(message.to.iter().chain(&message.cc)).join("; ");
    let from = message.from.as_ref().map(ToString::to_string).unwrap_or_default();
    let sent = message.sent_at.map(local).unwrap_or_default();
    let head = [(&words.from, from), (&words.to, to), (&words.sent, sent), (&words.subject, message.subject.clone())];
    let head: Vec<String> = head.iter().map(|(word, value)| format!("{word}: {value}")).collect();
    format!("{}\n\n{}\n", head.join("\n"), message.text)
}

/// What the same message is known by: its Message-ID (RFC 5322, 3.6.4), else a hash of its bytes.
pub fn identity(message: &Message, bytes: &[u8]) -> String {
    message.id.clone().unwrap_or_else(|| {
        let hash: String = sha256(&[bytes]).iter().map(|byte| format!("{byte:02x}")).collect();
        format!("sha256:{hash}")
    })
}

/// What became of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Filed {
    Filed(DocumentId),
    /// It lies in the case already; nothing was stored.
    Known(DocumentId),
}

/// Files a message with its enclosures. The bytes are stored already; none of them is known when the message was filed
/// before.
///
/// # Errors
/// As [`crate::document::service::add`].
pub async fn file(
    cx: &Cx,
    tx: &mut Tx,
    case: &CaseView,
    message: &Message,
    identity: &str,
    pieces: &[Piece<Stored>],
) -> Result<Filed> {
    may_write(cx, tx, case).await?;
    if let Some(known) = store::known(tx, case.id, identity).await? {
        return Ok(Filed::Known(known));
    }
    let mut ids: Vec<DocumentId> = Vec::with_capacity(pieces.len());
    for (n, piece) in (0..).zip(pieces) {
        files::record(tx, cx, &piece.content, &piece.name, piece.media_type).await?;
        let kind = if piece.parent.is_none() { "e-mail" } else { "anlage" };
        let new = AddDocument {
            case: case.id,
            kind: kind.into(),
            title: piece.title.clone(),
            file: piece.content.id,
            direction: "eingang".into(),
            audience: Audience::Staff,
        };
        // One step for the whole set.
        let id = match piece.parent {
            None => add_told(cx, tx, new).await?,
            Some(_) => service::add_document(cx, tx, new).await?,
        };
        if let Some(parent) = piece.parent.and_then(|parent| ids.get(parent)) {
            store::enclose(tx, id, *parent, n, case.id).await?;
        }
        ids.push(id);
    }
    let document_id = ids.first().copied().ok_or(kernel::Error::NotFound)?;
    let mail = Mail {
        document_id,
        case_id: case.id,
        message_id: identity.to_owned(),
        sender: message.from.as_ref().map(ToString::to_string).unwrap_or_default(),
        recipients: listed(message.to.iter().chain(&message.cc)).join("\n"),
        subject: message.subject.clone(),
        sent_at: message.sent_at,
    };
    store::add(tx, &mail).await?;
    Ok(Filed::Filed(document_id))
}

/// Documents in their order, each followed by what came enclosed in it.
pub fn in_sets(documents: Vec<DocumentView>, enclosed: &[Enclosed]) -> Vec<DocumentView> {
    let is_in = |document: &DocumentView| {
        let parent = enclosed.iter().find(|one| one.document_id == document.id)?.parent_id;
        documents.iter().any(|other| other.id == parent).then_some(parent)
    };
    let mut open: Vec<DocumentId> =
        documents.iter().rev().filter(|document| is_in(document).is_none()).map(|document| document.id).collect();
    let mut order = Vec::with_capacity(documents.len());
    while let Some(next) = open.pop() {
        order.push(next);
        open.extend(enclosed.iter().rev().filter(|one| one.parent_id == next).map(|one| one.document_id));
    }
    let mut left: HashMap<DocumentId, DocumentView> =
        documents.into_iter().map(|document| (document.id, document)).collect();
    order.into_iter().filter_map(|id| left.remove(&id)).collect()
}

#[cfg(test)]
mod tests {
    use message::Enclosure;

    use super::*;

    fn words() -> Words {
        let word = |text: &str| text.to_owned();
        Words {
            from: word("Von"),
            to: word("An"),
            sent: word("Gesendet"),
            subject: word("Betreff"),
            untitled: word("Ohne Betreff"),
        }
    }

    #[test]
    fn a_message_in_a_message_keeps_its_place_and_its_enclosures() {
        let bytes = |name: &str, bytes: &[u8]| Enclosure { name: name.into(), content: Content::Bytes(bytes.to_vec()) };
        let inner = Message {
            subject: "Innen".into(),
            from: Some(Person { name: "Erika".into(), address: String::new() }),
            sent_at: Some("2026-11-23T22:30:00Z".parse().unwrap()),
            text: "Anbei".into(),
            enclosures: vec![bytes("liste.docx", b"PK\x03\x04")],
            ..Message::default()
        };
        let message = Message {
            enclosures: vec![
                bytes("plan.pdf", b"%PDF-1.7\n%%EOF\n"),
                bytes("leer.txt", b""),
                Enclosure { name: "Innen".into(), content: Content::Message { message: Box::new(inner), bytes: None } },
                bytes("notiz.txt", b"Notiz"),
            ],
            ..Message::default()
        };
        let all = pieces(&words(), &message, message::Kind::Msg, "post.msg", b"roh".to_vec());
        let seen: Vec<_> = all.iter().map(|p| (p.parent, p.title.as_str(), p.media_type)).collect();
        let text = "text/plain; charset=utf-8";
        assert_eq!(
            seen,
            [
                (None, "Ohne Betreff", "application/vnd.ms-outlook"),
                (Some(0), "plan.pdf", "application/pdf"),
                (Some(0), "Innen", text),
                (Some(2), "liste.docx", BYTES),
                (Some(0), "notiz.txt", text),
            ]
        );
        let said = String::from_utf8(all[2].content.clone()).unwrap();
        assert!(said.starts_with("Von: Erika\nAn: \nGesendet: 23.11.2026, 23:30\nBetreff: Innen\n\nAnbei"), "{said}");
    }

    #[test]
    fn a_message_is_known_by_its_id_or_by_its_bytes() {
        let message = Message { id: Some("a1@post.example".into()), ..Message::default() };
        assert_eq!(identity(&message, b"x"), "a1@post.example");
        let without = Message::default();
        assert_eq!(identity(&without, b"x"), identity(&without, b"x"));
        assert_ne!(identity(&without, b"x"), identity(&without, b"y"));
    }
}
