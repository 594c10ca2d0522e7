//! Mail sink: takes every mail, delivers none, and shows them.

pub mod pages;
pub mod smtp;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use data_encoding::BASE64;
use jiff::Timestamp;
use mail_parser::{MessageParser, MimeHeaders};
use serde::{Deserialize, Serialize};

use crate::persist::Lines;

/// A received mail as it is kept on disk.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    id: u64,
    received_at: Timestamp,
    from: String,
    to: Vec<String>,
    /// The message as received, base64.
    raw: String,
}

/// A mail with its decoded parts.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Mail {
    pub id: u64,
    pub received_at: Timestamp,
    /// Envelope sender; empty for a notice about a failed delivery.
    pub from: String,
    /// Envelope recipients.
    pub to: Vec<String>,
    pub subject: String,
    pub text: String,
    pub attachments: Vec<Attachment>,
    #[serde(skip)]
    pub raw: Vec<u8>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Attachment {
    pub name: String,
    pub content_type: String,
    /// Bytes.
    pub size: usize,
}

impl Mail {
    fn decode(id: u64, received_at: Timestamp, from: String, to: Vec<String>, raw: Vec<u8>) -> Self {
        let message = MessageParser::default().parse(&raw);
        let subject = message.as_ref().and_then(|m| m.subject()).unwrap_or_default().to_owned();
        let text = match &message {
            Some(message) => message.body_text(0).unwrap_or_default().into_owned(),
            None => String::from_utf8_lossy(&raw).into_owned(),
        };
        let attachments = message.iter().flat_map(|m| m.attachments()).map(|part| Attachment {
            name: part.attachment_name().unwrap_or_default().to_owned(),
            content_type: part
                .content_type()
                .map(|t| format!("{}/{}", t.ctype(), t.subtype().unwrap_or("*")))
                .unwrap_or_default(),
            size: part.contents().len(),
        });
        let attachments = attachments.collect();
        Self { id, received_at, from, to, subject, text, attachments, raw }
    }

    /// Whether an address is among the recipients, without regard to case.
    pub fn is_for(&self, address: &str) -> bool {
        let address = address.to_lowercase();
        self.to.iter().any(|to| to.to_lowercase() == address)
    }
}

/// All mails, oldest first.
pub struct Mailbox {
    mails: Mutex<VecDeque<Mail>>,
    lines: Lines,
}

impl Mailbox {
    /// Mails kept; the oldest go first.
    const CAPACITY: usize = 5_000;
    /// Bytes of all mails kept; the oldest go first.
    const MAX_BYTES: usize = 200 * 1024 * 1024;

    pub fn build(data: Option<&Path>) -> anyhow::Result<Self> {
        let (lines, known) = Lines::open::<Kept>(data, "mails.jsonl")?;
        let decoded = known.into_iter().filter_map(|kept| {
            let raw = BASE64.decode(kept.raw.as_bytes()).ok()?;
            Some(Mail::decode(kept.id, kept.received_at, kept.from, kept.to, raw))
        });
        let mut mails: VecDeque<Mail> = decoded.collect();
        trim(&mut mails);
        Ok(Self { mails: Mutex::new(mails), lines })
    }

    fn mails(&self) -> MutexGuard<'_, VecDeque<Mail>> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a mail in; it is kept when this returns.
    pub fn receive(&self, received_at: Timestamp, from: String, to: Vec<String>, raw: Vec<u8>) {
        let mut mails = self.mails();
        let id = mails.back().map_or(1, |mail| mail.id + 1);
        let encoded = BASE64.encode(&raw);
        self.lines.append(&Kept { id, received_at, from: from.clone(), to: to.clone(), raw: encoded });
        mails.push_back(Mail::decode(id, received_at, from, to, raw));
        trim(&mut mails);
    }

    /// Newest first, only those to `address` if given.
    pub fn list(&self, address: Option<&str>, limit: usize) -> Vec<Mail> {
        let mails = self.mails();
        let fitting = mails.iter().rev().filter(|mail| address.is_none_or(|address| mail.is_for(address)));
        fitting.take(limit).cloned().collect()
    }

    pub fn get(&self, id: u64) -> Option<Mail> {
        self.mails().iter().find(|mail| mail.id == id).cloned()
    }

    /// Forgets all mails, also on disk.
    pub fn clear(&self) {
        let mut mails = self.mails();
        mails.clear();
        self.lines.clear();
    }
}

fn trim(mails: &mut VecDeque<Mail>) {
    let mut bytes: usize = mails.iter().map(|mail| mail.raw.len()).sum();
    while mails.len() > Mailbox::CAPACITY || bytes > Mailbox::MAX_BYTES {
        let Some(oldest) = mails.pop_front() else { break };
        bytes -= oldest.raw.len();
    }
}
