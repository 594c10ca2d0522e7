//! Bounds on a file, checked in one pass over its bytes before any tree is built, so that no input takes unbounded
//! memory or more than linear time.

use crate::{ModelError, Position, Rule};

/// Bytes of one file.
pub const MAX_BYTES: usize = 4 << 20;
/// Elements of one file.
pub const MAX_ELEMENTS: usize = 10_000;
/// Elements inside one another.
pub const MAX_DEPTH: usize = 64;
/// Attributes of one element, and namespace declarations of one file.
pub const MAX_ATTRIBUTES: usize = 100;

/// Checks the bounds and refuses document type declarations. Ill-formed text may pass; the XML parser refuses it.
pub(crate) fn check(text: &str) -> Result<(), ModelError> {
    if text.len() > MAX_BYTES {
        let message = format!("Die Datei ist größer als {} MB.", MAX_BYTES >> 20);
        return Err(ModelError::new(Position::default(), "", Rule::TooLarge, message));
    }
    let bytes = text.as_bytes();
    let (mut at, mut depth, mut elements, mut namespaces) = (0, 0usize, 0usize, 0usize);
    while let Some(open) = find(bytes, at, b"<") {
        let rest = &bytes[open..];
        let refuse = |rule, message: String| Err(ModelError::new(position(text, open), "", rule, message));
        at = if rest.starts_with(b"<!--") {
            find(bytes, open + 4, b"-->").map_or(bytes.len(), |end| end + 3)
        } else if rest.starts_with(b"<![CDATA[") {
            find(bytes, open + 9, b"]]>").map_or(bytes.len(), |end| end + 3)
        } else if rest.starts_with(b"<?") {
            find(bytes, open + 2, b"?>").map_or(bytes.len(), |end| end + 2)
        } else if rest.starts_with(b"<!") {
            return refuse(Rule::Xml, "Eine Dokumenttyp-Deklaration (DOCTYPE) ist hier nicht erlaubt.".to_owned());
        } else if rest.starts_with(b"</") {
            depth = depth.saturating_sub(1);
            find(bytes, open, b">").map_or(bytes.len(), |end| end + 1)
        } else {
            let tag = Tag::scan(bytes, open);
            elements += 1;
            namespaces += tag.namespaces;
            depth += usize::from(!tag.closed);
            if elements > MAX_ELEMENTS {
                return refuse(Rule::TooLarge, format!("Die Datei hat mehr als {MAX_ELEMENTS} Elemente."));
            }
            if depth > MAX_DEPTH {
                return refuse(Rule::TooLarge, format!("Elemente sind mehr als {MAX_DEPTH}-fach geschachtelt."));
            }
            if tag.attributes > MAX_ATTRIBUTES || namespaces > MAX_ATTRIBUTES {
                return refuse(Rule::TooLarge, format!("Mehr als {MAX_ATTRIBUTES} Attribute oder Namensräume."));
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

fn position(text: &str, at: usize) -> Position {
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    Position { line: 1 + count(before.matches('\n').count()), column: 1 + count(before[line_start..].chars().count()) }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Positions of all elements in one pass, by node number.
pub(crate) fn positions(document: &roxmltree::Document) -> Vec<Position> {
    let text = document.input_text();
    let mut positions = Vec::new();
    let (mut at, mut position) = (0, Position { line: 1, column: 1 });
    for node in document.descendants() {
        let start = node.range().start;
        for c in text.get(at..start).unwrap_or_default().chars() {
            if c == '\n' {
                position = Position { line: position.line + 1, column: 1 };
            } else {
                position.column += 1;
            }
        }
        at = at.max(start);
        positions.push(position);
    }
    positions
}
