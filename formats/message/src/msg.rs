//! Outlook's messages: properties as streams of a compound file (MS-OXMSG 2.4; property ids from MS-OXPROPS).

use std::{
    collections::HashMap,
    io::{Cursor, Read as _},
    path::{Path, PathBuf},
};

use cfb::CompoundFile;
use encoding_rs::{Encoding, UTF_8, UTF_16LE, WINDOWS_1252};
use jiff::Timestamp;

use crate::{
    Content, DEEPEST, Enclosure, Fault, MOST_BYTES, MOST_PEOPLE, MOST_TEXT, Message, Person, Room, body, file_name,
    line,
};

/// Ids of properties, as they stand in the names of streams.
mod id {
    pub const SUBJECT: &str = "0037";
    pub const SENT_REPRESENTING_NAME: &str = "0042";
    pub const SENT_REPRESENTING_ADDRESS: &str = "0065";
    pub const SENT_REPRESENTING_SMTP: &str = "5D02";
    pub const SENDER_NAME: &str = "0C1A";
    pub const SENDER_ADDRESS: &str = "0C1F";
    pub const SENDER_SMTP: &str = "5D01";
    pub const BODY: &str = "1000";
    pub const INTERNET_MESSAGE_ID: &str = "1035";
    pub const DISPLAY_NAME: &str = "3001";
    pub const ADDRESS: &str = "3003";
    pub const SMTP_ADDRESS: &str = "39FE";
    pub const ATTACH_FILENAME: &str = "3704";
    pub const ATTACH_LONG_FILENAME: &str = "3707";
    pub const ATTACH_DATA: &str = "3701";
}

/// Tags (id and type) of properties of fixed length.
mod tag {
    pub const CLIENT_SUBMIT_TIME: u32 = 0x0039_0040;
    pub const DELIVERY_TIME: u32 = 0x0e06_0040;
    pub const RECIPIENT_TYPE: u32 = 0x0c15_0003;
    pub const MESSAGE_CODEPAGE: u32 = 0x3ffd_0003;
}

/// Bytes before the first property, by where the stream lies (MS-OXMSG 2.4.1).
const TOP: usize = 32;
const EMBEDDED: usize = 24;
const PART: usize = 8;

pub(crate) fn read(bytes: &[u8], room: &mut Room) -> Result<Message, Fault> {
    let file = CompoundFile::open(Cursor::new(bytes)).map_err(|_| Fault::NoMessage)?;
    let mut reader = Reader { file, room };
    // Other compound files (old Word, Excel) have no such stream.
    let root = Path::new("/");
    if !reader.file.is_stream(root.join(PROPERTIES)) {
        return Err(Fault::NoMessage);
    }
    Ok(reader.message(root, TOP, 0))
}

const PROPERTIES: &str = "__properties_version1.0";

struct Reader<'a> {
    file: CompoundFile<Cursor<&'a [u8]>>,
    room: &'a mut Room,
}

impl Reader<'_> {
    fn message(&mut self, at: &Path, header: usize, depth: usize) -> Message {
        let fixed = self.fixed(at, header);
        let page = encoding(fixed.get(&tag::MESSAGE_CODEPAGE));
        let time = |tag| fixed.get(&tag).and_then(|value| moment(*value));
        let mut message = Message {
            from: self.sender(at, page),
            sent_at: time(tag::CLIENT_SUBMIT_TIME).or(time(tag::DELIVERY_TIME)),
            subject: self.line(at, id::SUBJECT, page),
            id: Some(self.line(at, id::INTERNET_MESSAGE_ID, page))
                .map(|id| id.trim_matches(['<', '>']).to_owned())
                .filter(|id| !id.is_empty()),
            text: body(&self.text(at, id::BODY, page).unwrap_or_default()),
            ..Message::default()
        };
        for recipient in self.storages(at, "__recip_version1.0_#").into_iter().take(MOST_PEOPLE) {
            let kind = self.fixed(&recipient, PART).get(&tag::RECIPIENT_TYPE).map_or(1, |value| value[0]);
            let person = Person {
                name: self.line(&recipient, id::DISPLAY_NAME, page),
                address: self.first(&recipient, &[id::SMTP_ADDRESS, id::ADDRESS], page),
            };
            // 1 is To, 2 Cc, 3 Bcc (MS-OXOMSG 2.2.3.1).
            match kind {
                1 => message.to.push(person),
                2 => message.cc.push(person),
                _ => {}
            }
        }
        for part in self.storages(at, "__attach_version1.0_#") {
            self.enclosure(&part, page, depth, &mut message);
        }
        message
    }

    fn sender(&mut self, at: &Path, page: &'static Encoding) -> Option<Person> {
        let mut found = None;
        for (name, addresses) in [
            (id::SENT_REPRESENTING_NAME, [id::SENT_REPRESENTING_SMTP, id::SENT_REPRESENTING_ADDRESS]),
            (id::SENDER_NAME, [id::SENDER_SMTP, id::SENDER_ADDRESS]),
        ] {
            let person = Person { name: self.line(at, name, page), address: self.first(at, &addresses, page) };
            let known = person != Person::default();
            // An address of Exchange is no address that people write to.
            let written = person.address.contains('@');
            if known && (found.is_none() || written) {
                found = Some(person);
            }
            if written {
                break;
            }
        }
        found
    }

    fn enclosure(&mut self, part: &Path, page: &'static Encoding, depth: usize, message: &mut Message) {
        let names = [id::ATTACH_LONG_FILENAME, id::ATTACH_FILENAME, id::DISPLAY_NAME];
        let name = file_name(&self.first(part, &names, page));
        let nested = part.join(format!("__substg1.0_{}000D", id::ATTACH_DATA));
        if self.file.is_storage(&nested) {
            // Objects of OLE (a table, a drawing) are storages too, and no messages.
            let is_message = self.file.is_stream(nested.join(PROPERTIES));
            if !is_message || depth >= DEEPEST || !self.room.take(0) {
                message.left_out.push(name);
                return;
            }
            let nested = Box::new(self.message(&nested, EMBEDDED, depth + 1));
            let name = if name.is_empty() { file_name(&nested.subject) } else { name };
            message.enclosures.push(Enclosure { name, content: Content::Message { message: nested, bytes: None } });
            return;
        }
        let data = part.join(format!("__substg1.0_{}0102", id::ATTACH_DATA));
        let size = self.file.entry(&data).map(|entry| usize::try_from(entry.len()).unwrap_or(usize::MAX));
        match size {
            Ok(size) if size <= MOST_BYTES && self.room.take(size) => match self.stream(&data, MOST_BYTES) {
                Some(bytes) => message.enclosures.push(Enclosure { name, content: Content::Bytes(bytes) }),
                None => message.left_out.push(name),
            },
            // Enclosed by reference only: a link into somebody's network.
            Ok(_) | Err(_) => message.left_out.push(name),
        }
    }

    /// Storages below one whose names begin so, in the order of their numbers.
    fn storages(&self, at: &Path, start: &str) -> Vec<PathBuf> {
        let Ok(entries) = self.file.read_storage(at) else { return Vec::new() };
        let found = entries.filter(|entry| entry.is_storage() && entry.name().starts_with(start));
        let mut names: Vec<String> = found.map(|entry| entry.name().to_owned()).collect();
        names.sort();
        names.into_iter().map(|name| at.join(name)).collect()
    }

    fn stream(&mut self, path: &Path, most: usize) -> Option<Vec<u8>> {
        let stream = self.file.open_stream(path).ok()?;
        let mut bytes = Vec::new();
        stream.take(u64::try_from(most).ok()?).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    /// The properties of fixed length: tag and eight bytes of value, sixteen bytes each.
    fn fixed(&mut self, at: &Path, header: usize) -> HashMap<u32, [u8; 8]> {
        let bytes = self.stream(&at.join(PROPERTIES), MOST_TEXT).unwrap_or_default();
        let entries = bytes.get(header..).unwrap_or_default().chunks_exact(16);
        let read = entries.filter_map(|entry| {
            let tag = u32::from_le_bytes(entry.get(..4)?.try_into().ok()?);
            let value: [u8; 8] = entry.get(8..)?.try_into().ok()?;
            Some((tag, value))
        });
        read.collect()
    }

    /// A property of text: UTF-16, or in the code page of the message.
    fn text(&mut self, at: &Path, id: &str, page: &'static Encoding) -> Option<String> {
        let text = match self.stream(&at.join(format!("__substg1.0_{id}001F")), 2 * MOST_TEXT) {
            Some(wide) => UTF_16LE.decode_without_bom_handling(&wide).0.into_owned(),
            None => {
                let narrow = self.stream(&at.join(format!("__substg1.0_{id}001E")), MOST_TEXT)?;
                page.decode_without_bom_handling(&narrow).0.into_owned()
            }
        };
        Some(text.trim_end_matches('\0').to_owned())
    }

    fn line(&mut self, at: &Path, id: &str, page: &'static Encoding) -> String {
        line(&self.text(at, id, page).unwrap_or_default())
    }

    /// The first of these properties that says something.
    fn first(&mut self, at: &Path, ids: &[&str], page: &'static Encoding) -> String {
        ids.iter().map(|id| self.line(at, id, page)).find(|text| !text.is_empty()).unwrap_or_default()
    }
}

/// The code page of narrow texts; without one that is known, the one of western Windows.
fn encoding(value: Option<&[u8; 8]>) -> &'static Encoding {
    let number = value.map_or(0, |value| u32::from_le_bytes([value[0], value[1], value[2], value[3]]));
    match number {
        65001 => UTF_8,
        874 | 1250..=1258 => Encoding::for_label(format!("windows-{number}").as_bytes()).unwrap_or(WINDOWS_1252),
        28592..=28606 => Encoding::for_label(format!("iso-8859-{}", number - 28590).as_bytes()).unwrap_or(WINDOWS_1252),
        _ => WINDOWS_1252,
    }
}

/// A FILETIME: steps of 100 ns since 1601 (MS-DTYP 2.3.3).
fn moment(value: [u8; 8]) -> Option<Timestamp> {
    const TO_UNIX: i64 = 11_644_473_600_000_000;
    let micros = i64::try_from(u64::from_le_bytes(value) / 10).ok()?;
    if micros == 0 {
        return None;
    }
    Timestamp::from_microsecond(micros.checked_sub(TO_UNIX)?).ok()
}
