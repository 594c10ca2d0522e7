//! Bounds on a file, checked in one pass over its bytes before any tree is built, so that no input takes unbounded
//! memory, stack or more than linear time.

use crate::{Fault, Position, Rule};

/// Bytes of one message. A hand-over of some ten thousand documents stays below; larger ones are several processes.
pub const MAX_BYTES: usize = 64 << 20;
/// Elements of one message.
pub const MAX_ELEMENTS: usize = 1_000_000;
/// Elements inside one another: files in files, cases in cases, attachments of attachments.
pub const MAX_DEPTH: usize = 100;
/// Attributes of one element, and namespace declarations in force at one element.
pub const MAX_ATTRIBUTES: usize = 100;
/// Faults that are reported for one message; more help nobody.
pub const MAX_FAULTS: usize = 100;
/// Things of one message that may be left out and are still listed; with more, it is refused.
pub const MAX_DROPPED: usize = 10_000;

/// All nodes of the tree: each element may bring a text before and after it.
pub(crate) const MAX_NODES: u32 = 3 * MAX_ELEMENTS as u32;

/// Checks the bounds and refuses document type declarations. Ill-formed text may pass; the XML parser refuses it.
pub(crate) fn check(text: &str) -> Result<(), Fault> {
    if text.len() > MAX_BYTES {
        let message = format!("Die Nachricht ist größer als {} MB.", MAX_BYTES >> 20);
        return Err(Fault { at: Position::default(), path: String::new(), rule: Rule::TooLarge, message });
    }
    let bytes = text.as_bytes();
    let (mut at, mut elements) = (0, 0usize);
    // Namespace declarations of each open element, and their sum.
    let mut open: Vec<usize> = Vec::new();
    let mut namespaces = 0usize;
    while let Some(start) = find(bytes, at, b"<") {
        let rest = &bytes[start..];
        let refuse = |rule, message: String| {
            let at = positions(text, vec![start]).first().map(|&(_, at)| at).unwrap_or_default();
            Err(Fault { at, path: String::new(), rule, message })
        };
        at = if rest.starts_with(b"<!--") {
            find(bytes, start + 4, b"-->").map_or(bytes.len(), |end| end + 3)
        } else if rest.starts_with(b"<![CDATA[") {
            find(bytes, start + 9, b"]]>").map_or(bytes.len(), |end| end + 3)
        } else if rest.starts_with(b"<?") {
            find(bytes, start + 2, b"?>").map_or(bytes.len(), |end| end + 2)
        } else if rest.starts_with(b"<!") {
            return refuse(Rule::Xml, "Eine Dokumenttyp-Deklaration (DOCTYPE) ist hier nicht erlaubt.".to_owned());
        } else if rest.starts_with(b"</") {
            namespaces -= open.pop().unwrap_or_default();
            find(bytes, start, b">").map_or(bytes.len(), |end| end + 1)
        } else {
            let tag = Tag::scan(bytes, start);
            elements += 1;
            if elements > MAX_ELEMENTS {
                return refuse(Rule::TooLarge, format!("Die Nachricht hat mehr als {MAX_ELEMENTS} Elemente."));
            }
            if tag.attributes > MAX_ATTRIBUTES || namespaces + tag.namespaces > MAX_ATTRIBUTES {
                return refuse(Rule::TooLarge, format!("Mehr als {MAX_ATTRIBUTES} Attribute oder Namensräume."));
            }
            if open.len() >= MAX_DEPTH {
                return refuse(Rule::TooLarge, format!("Elemente sind mehr als {MAX_DEPTH}-fach geschachtelt."));
            }
            if !tag.closed {
                namespaces += tag.namespaces;
                open.push(tag.namespaces);
            }
            tag.end
        };
    }
    Ok(())
}

struct Tag {
    end: usize,
    closed: bool,
    attributes: usize,
    namespaces: usize,
}

impl Tag {
    fn scan(bytes: &[u8], open: usize) -> Self {
        let mut tag = Self { end: bytes.len(), closed: false, attributes: 0, namespaces: 0 };
        let mut quote = None;
        for (at, &byte) in bytes.iter().enumerate().skip(open + 1) {
            match (quote, byte) {
                (Some(q), _) if q == byte => quote = None,
                (Some(_), _) => {}
                (None, b'"' | b'\'') => quote = Some(byte),
                (None, b'=') => tag.attributes += 1,
                (None, b'x') if bytes[at..].starts_with(b"xmlns") => tag.namespaces += 1,
                (None, b'>') => {
                    tag.closed = bytes[at - 1] == b'/';
                    tag.end = at + 1;
                    break;
                }
                _ => {}
            }
        }
        tag
    }
}

fn find(bytes: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    bytes.get(from..)?.windows(what.len()).position(|window| window == what).map(|at| from + at)
}

/// Positions of byte offsets, found in one pass; the result is sorted by offset.
pub(crate) fn positions(text: &str, mut offsets: Vec<usize>) -> Vec<(usize, Position)> {
    offsets.sort_unstable();
    offsets.dedup();
    let (mut at, mut position) = (0, Position { line: 1, column: 1 });
    let mut found = Vec::with_capacity(offsets.len());
    for offset in offsets {
        for c in text.get(at..offset).unwrap_or_default().chars() {
            position = match c {
                '\n' => Position { line: position.line + 1, column: 1 },
                _ => Position { column: position.column + 1, ..position },
            };
        }
        at = offset;
        found.push((offset, position));
    }
    found
}
