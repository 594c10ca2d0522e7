//! Bounds on a file, checked before any tree is built (`xml-limits`), and where its elements stand.

use xml_limits::{Limits, What};

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

const LIMITS: Limits =
    Limits { bytes: MAX_BYTES, elements: MAX_ELEMENTS, depth: MAX_DEPTH, attributes: MAX_ATTRIBUTES };

/// Checks the bounds and refuses document type declarations. Ill-formed text may pass; the XML parser refuses it.
pub(crate) fn check(text: &str) -> Result<(), Fault> {
    let Err(excess) = LIMITS.check(text) else { return Ok(()) };
    let (rule, message) = match excess.what {
        What::Bytes => {
            let message = format!("Die Nachricht ist größer als {} MB.", MAX_BYTES >> 20);
            return Err(Fault { at: Position::default(), path: String::new(), rule: Rule::TooLarge, message });
        }
        What::DocumentType => (Rule::Xml, "Eine Dokumenttyp-Deklaration (DOCTYPE) ist hier nicht erlaubt.".to_owned()),
        What::Elements => (Rule::TooLarge, format!("Die Nachricht hat mehr als {MAX_ELEMENTS} Elemente.")),
        What::Depth => (Rule::TooLarge, format!("Elemente sind mehr als {MAX_DEPTH}-fach geschachtelt.")),
        What::Attributes => (Rule::TooLarge, format!("Mehr als {MAX_ATTRIBUTES} Attribute oder Namensräume.")),
    };
    let at = positions(text, vec![excess.at]).first().map(|&(_, at)| at).unwrap_or_default();
    Err(Fault { at, path: String::new(), rule, message })
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
