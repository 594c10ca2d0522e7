//! E-mails as files: `.eml` (RFC 5322, MIME) and `.msg` of Outlook (MS-OXMSG in a compound file, MS-CFB).
//!
//! Pure: bytes in, values out. Sizes, counts and depth are capped; what is beyond is named in [`Message::left_out`].

mod eml;
mod msg;

use jiff::Timestamp;

/// Largest file, in bytes.
pub const MOST_BYTES: usize = 40 * 1024 * 1024;
/// Bytes of all enclosures together.
const MOST_ENCLOSED: usize = 80 * 1024 * 1024;
/// Enclosures of a message with those of the messages in it.
const MOST_ENCLOSURES: usize = 200;
/// Messages in messages; deeper ones stay whole.
const DEEPEST: usize = 5;
/// Bytes of the text.
const MOST_TEXT: usize = 1_000_000;
/// Characters of a name, an address, a subject.
const MOST_NAME: usize = 500;
/// Recipients.
const MOST_PEOPLE: usize = 500;

/// Sender or recipient.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Person {
    pub name: String,
    pub address: String,
}

impl std::fmt::Display for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.name.is_empty(), self.address.is_empty()) {
            (false, false) if self.name != self.address => write!(f, "{} <{}>", self.name, self.address),
            (true, _) => f.write_str(&self.address),
            (false, _) => f.write_str(&self.name),
        }
    }
}

/// An e-mail.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Message {
    pub from: Option<Person>,
    pub to: Vec<Person>,
    pub cc: Vec<Person>,
    /// When it was sent, by the sender's clock; for a received `.msg` without that, when it came.
    pub sent_at: Option<Timestamp>,
    pub subject: String,
    /// `Message-ID` (RFC 5322, 3.6.4) without angle brackets.
    pub id: Option<String>,
    /// What it says, as plain text.
    pub text: String,
    pub enclosures: Vec<Enclosure>,
    /// Names of enclosures that are too many or too large.
    pub left_out: Vec<String>,
}

/// What is enclosed in a message.
#[derive(Clone, PartialEq, Debug)]
pub struct Enclosure {
    /// As the sender calls it; never a path.
    pub name: String,
    pub content: Content,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Content {
    Bytes(Vec<u8>),
    Message {
        message: Box<Message>,
        /// The message as a file of its own; a message inside a `.msg` has none.
        bytes: Option<Vec<u8>>,
    },
}

/// Which of the two a file is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Eml,
    Msg,
}

impl Kind {
    pub fn media_type(self) -> &'static str {
        match self {
            Kind::Eml => "message/rfc822",
            Kind::Msg => "application/vnd.ms-outlook",
        }
    }
}

/// Why a file is not read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Fault {
    #[error("Die Datei ist größer als {} MB.", MOST_BYTES / 1024 / 1024)]
    TooLarge,
    #[error("Die Nachricht besteht aus zu vielen ineinander gesteckten Teilen.")]
    TooManyParts,
    #[error("Die Datei ist keine E-Mail, oder sie ist beschädigt.")]
    NoMessage,
}

/// The first bytes of a compound file (MS-CFB, 2.2).
const COMPOUND: &[u8] = &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];

/// What a file seems to be: a compound file is an Outlook message unless it is called one of the old office files that begin
/// alike; a text is an e-mail when it is called one.
pub fn kind_of(name: &str, bytes: &[u8]) -> Option<Kind> {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    match ending.as_str() {
        "eml" if !bytes.starts_with(COMPOUND) => Some(Kind::Eml),
        "msg" => Some(Kind::Msg),
        "doc" | "dot" | "xls" | "xlt" | "ppt" | "pps" => None,
        _ => bytes.starts_with(COMPOUND).then_some(Kind::Msg),
    }
}

/// Reads a message.
///
/// # Errors
/// See [`Fault`].
pub fn read(kind: Kind, bytes: &[u8]) -> Result<Message, Fault> {
    if bytes.len() > MOST_BYTES {
        return Err(Fault::TooLarge);
    }
    // Two foreign readers see here what strangers send: should one of them give up, the file is damaged and nothing else.
    let read = std::panic::catch_unwind(|| {
        let mut room = Room { enclosures: MOST_ENCLOSURES, bytes: MOST_ENCLOSED };
        match kind {
            Kind::Eml => eml::read(bytes, &mut room),
            Kind::Msg => msg::read(bytes, &mut room),
        }
    });
    read.unwrap_or(Err(Fault::NoMessage))
}

/// What may still be taken out of a message.
struct Room {
    enclosures: usize,
    bytes: usize,
}

impl Room {
    /// Counts one more enclosure of this size, if there is room for it.
    fn take(&mut self, size: usize) -> bool {
        if self.enclosures == 0 || size > self.bytes {
            return false;
        }
        self.enclosures -= 1;
        self.bytes -= size;
        true
    }
}

/// One line without control characters, of bounded length. Characters that turn the direction of what follows (UAX #9,
/// sections 2.1, 2.2 and 2.4) would let a sender show another address or another ending of a file than there is.
fn line(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    let text: String = text.chars().map(|c| if c.is_control() || turns(c) { ' ' } else { c }).take(MOST_NAME).collect();
    text.trim().to_owned()
}

/// The last part of a name; whatever comes from a sender may pretend to be a path.
fn file_name(text: &str) -> String {
    line(text.rsplit(['/', '\\']).next().unwrap_or_default())
}

/// A text of bounded length, without what terminals and databases stumble over.
fn body(text: &str) -> String {
    let mut end = text.len().min(MOST_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}
