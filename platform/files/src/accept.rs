//! Which uploads are taken in: by their content, never by their name or by what the browser says.

use kernel::FieldError;

/// A kind of file that people may send.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Type {
    Pdf,
    Jpeg,
    Png,
    /// UTF-8 without control characters.
    Text,
}

impl Type {
    pub fn media_type(self) -> &'static str {
        match self {
            Type::Pdf => "application/pdf",
            Type::Jpeg => "image/jpeg",
            Type::Png => "image/png",
            Type::Text => "text/plain; charset=utf-8",
        }
    }
}

/// What a place takes.
#[derive(Clone, Copy, Debug)]
pub struct Accept {
    pub types: &'static [Type],
    /// Bytes.
    pub max: usize,
}

/// Why a file is not taken; the code is translated as `error-<code>`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    Empty,
    TooLarge,
    WrongType,
    /// It begins as one kind of file and holds another, or active content.
    Suspicious,
    /// It breaks off or contradicts itself.
    Damaged,
    /// A picture that would need gigabytes when it is opened.
    TooManyPixels,
}

impl Refusal {
    pub const ALL: [Refusal; 6] = [
        Refusal::Empty,
        Refusal::TooLarge,
        Refusal::WrongType,
        Refusal::Suspicious,
        Refusal::Damaged,
        Refusal::TooManyPixels,
    ];

    pub fn code(self) -> &'static str {
        match self {
            Refusal::Empty => "file-empty",
            Refusal::TooLarge => "file-too-large",
            Refusal::WrongType => "file-wrong-type",
            Refusal::Suspicious => "file-suspicious",
            Refusal::Damaged => "file-damaged",
            Refusal::TooManyPixels => "file-too-many-pixels",
        }
    }

    /// The error of a form's field, with the value `megabytes` that the place takes.
    pub fn on_field(self, field: impl Into<String>, rules: Accept) -> FieldError {
        FieldError::new(field, self.code()).with("megabytes", rules.max / 1_000_000)
    }
}

/// A page scanned in colour at 600 dpi has 35 million pixels, a good phone's photo 50 million.
const MAX_PIXELS: u64 = 120_000_000;
/// Programs look for a file's kind no farther than this from its beginning.
pub(crate) const HEAD: usize = 1024;

/// Decides by the content.
///
/// # Errors
/// The first reason against the file. Archives are never opened: they are none of the kinds.
pub fn accept(bytes: &[u8], rules: Accept) -> Result<Type, Refusal> {
    if bytes.is_empty() {
        return Err(Refusal::Empty);
    }
    if bytes.len() > rules.max {
        return Err(Refusal::TooLarge);
    }
    let found = kind(bytes).filter(|found| rules.types.contains(found)).ok_or(Refusal::WrongType)?;
    let head = &bytes[..bytes.len().min(HEAD)];
    match found {
        Type::Pdf => check_pdf(bytes)?,
        Type::Jpeg => check_pixels(jpeg_pixels(bytes))?,
        Type::Png => {
            check_pixels(png_pixels(bytes))?;
            if !bytes.ends_with(b"IEND\xaeB`\x82") {
                return Err(Refusal::Suspicious);
            }
        }
        Type::Text => {}
    }
    let pdf_too = found != Type::Pdf && contains(head, b"%PDF-");
    if pdf_too || looks_active(head) || ends_as_zip(bytes) { Err(Refusal::Suspicious) } else { Ok(found) }
}

fn kind(bytes: &[u8]) -> Option<Type> {
    match bytes {
        [b'%', b'P', b'D', b'F', b'-', b'1'..=b'2', b'.', ..] => Some(Type::Pdf),
        [0xff, 0xd8, 0xff, ..] => Some(Type::Jpeg),
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some(Type::Png),
        _ => {
            let text = std::str::from_utf8(bytes).ok()?;
            let plain = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t' | '\u{c}');
            text.chars().all(plain).then_some(Type::Text)
        }
    }
}

/// Markup that a browser would take for a page or a drawing with scripts.
pub(crate) fn looks_active(head: &[u8]) -> bool {
    let head = head.to_ascii_lowercase();
    // UTF-16, in which the words below would hide.
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        return true;
    }
    let start = head.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(&head).trim_ascii_start();
    const WORDS: [&[u8]; 8] =
        [b"<html", b"<script", b"<svg", b"<!doctype", b"<iframe", b"<body", b"<xsl:", b"javascript:"];
    start.starts_with(b"<?xml") || start.starts_with(b"<!--") || WORDS.iter().any(|word| contains(&head, word))
}

/// Unpackers read an archive from its end: the record that closes it, then a comment up to the last byte.
pub(crate) fn ends_as_zip(bytes: &[u8]) -> bool {
    const CLOSING: usize = 22;
    let tail = &bytes[bytes.len().saturating_sub(CLOSING + usize::from(u16::MAX))..];
    tail.windows(CLOSING).enumerate().any(|(at, record)| {
        let comment = usize::from(u16::from_le_bytes([record[20], record[21]]));
        record.starts_with(b"PK\x05\x06") && at + CLOSING + comment == tail.len()
    })
}

/// A PDF ends with its end mark (ISO 32000-2, 7.5.5); what stands behind belongs to something else.
fn check_pdf(bytes: &[u8]) -> Result<(), Refusal> {
    let tail = &bytes[bytes.len().saturating_sub(HEAD)..];
    let mark = tail.windows(5).rposition(|word| word == b"%%EOF").ok_or(Refusal::Damaged)?;
    let behind = &tail[mark + 5..];
    if behind.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0) { Ok(()) } else { Err(Refusal::Suspicious) }
}

fn check_pixels(size: Option<(u32, u32)>) -> Result<(), Refusal> {
    match size {
        None | Some((0, _) | (_, 0)) => Err(Refusal::Damaged),
        Some((width, height)) if u64::from(width) * u64::from(height) > MAX_PIXELS => Err(Refusal::TooManyPixels),
        Some(_) => Ok(()),
    }
}

/// Width and height from the start-of-frame segment (ITU-T T.81, B.2.2), if the picture has one and image data.
fn jpeg_pixels(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut at = 2;
    let mut size = None;
    loop {
        let marker = match bytes.get(at..at + 2)? {
            [0xff, 0xff] => {
                at += 1;
                continue;
            }
            [0xff, marker] => *marker,
            _ => return None,
        };
        let length = usize::from(u16::from_be_bytes(bytes.get(at + 2..at + 4)?.try_into().ok()?));
        let segment = bytes.get(at + 4..(at + 2).checked_add(length)?)?;
        match marker {
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                let [_, h1, h2, w1, w2, ..] = *segment else { return None };
                size = Some((u32::from(u16::from_be_bytes([w1, w2])), u32::from(u16::from_be_bytes([h1, h2]))));
            }
            // Image data follow: everything needed must have come before.
            0xda => return size.filter(|_| at + 2 + length < bytes.len()),
            _ => {}
        }
        at += 2 + length;
    }
}

/// Width and height from the header chunk, if the chunks go on to the end chunk (PNG, third edition, 5.3 and 11.2).
fn png_pixels(bytes: &[u8]) -> Option<(u32, u32)> {
    let number = |at: usize| bytes.get(at..at + 4).and_then(|n| n.try_into().ok()).map(u32::from_be_bytes);
    let (mut at, mut size) = (8, None);
    loop {
        let length = usize::try_from(number(at)?).ok()?;
        match bytes.get(at + 4..at + 8)? {
            b"IHDR" if at == 8 && length == 13 => size = Some((number(16)?, number(20)?)),
            _ if at == 8 => return None,
            b"IEND" => return bytes.get(at + 8..at + 12).and(size),
            _ => {}
        }
        at = at.checked_add(length)?.checked_add(12)?;
    }
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// A name that is safe to show and to save: no folders, no control or direction-changing characters, at most 120.
pub fn clean_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let clean: String =
        last.chars().filter(|c| !hidden(*c) && !matches!(c, '"' | '<' | '>' | '|' | ':' | '*' | '?')).collect();
    let clean = clean.trim().trim_start_matches('.');
    let short: String = if clean.chars().count() <= 120 {
        clean.to_owned()
    } else {
        // The ending stays, so that the file still opens.
        let ending = clean.rsplit_once('.').map(|(_, e)| e).filter(|e| e.len() <= 5).unwrap_or_default();
        let kept: String = clean.chars().take(114).collect();
        format!("{kept}.{ending}")
    };
    if short.is_empty() { "dokument".to_owned() } else { short }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cleaned() {
        assert_eq!(clean_name("C:\\geheim\\nachweis.pdf"), "nachweis.pdf");
        assert_eq!(clean_name("../../etc/passwd"), "passwd");
        assert_eq!(clean_name("rechnung\u{202e}fdp.exe"), "rechnungfdp.exe");
        assert_eq!(clean_name(" .\u{7} "), "dokument");
        assert_eq!(clean_name(&format!("{}.pdf", "ä".repeat(300))).chars().count(), 118);
    }
}
