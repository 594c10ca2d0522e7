//! Bounds on a file, checked before any tree is built (`xml-limits`), and where its elements stand.

use xml_limits::{Limits, What};

use crate::{ModelError, Position, Rule};

/// Bytes of one file.
pub const MAX_BYTES: usize = 4 << 20;
/// Elements of one file.
pub const MAX_ELEMENTS: usize = 10_000;
/// Elements inside one another.
pub const MAX_DEPTH: usize = 64;
/// Attributes of one element, and namespace declarations in force at one element.
pub const MAX_ATTRIBUTES: usize = 100;

const LIMITS: Limits =
    Limits { bytes: MAX_BYTES, elements: MAX_ELEMENTS, depth: MAX_DEPTH, attributes: MAX_ATTRIBUTES };

/// Checks the bounds and refuses document type declarations. Ill-formed text may pass; the XML parser refuses it.
pub(crate) fn check(text: &str) -> Result<(), ModelError> {
    let Err(excess) = LIMITS.check(text) else { return Ok(()) };
    let (rule, message) = match excess.what {
        What::Bytes => {
            let message = format!("Die Datei ist größer als {} MB.", MAX_BYTES >> 20);
            return Err(ModelError::new(Position::default(), "", Rule::TooLarge, message));
        }
        What::DocumentType => (Rule::Xml, "Eine Dokumenttyp-Deklaration (DOCTYPE) ist hier nicht erlaubt.".to_owned()),
        What::Elements => (Rule::TooLarge, format!("Die Datei hat mehr als {MAX_ELEMENTS} Elemente.")),
        What::Depth => (Rule::TooLarge, format!("Elemente sind mehr als {MAX_DEPTH}-fach geschachtelt.")),
        What::Attributes => (Rule::TooLarge, format!("Mehr als {MAX_ATTRIBUTES} Attribute oder Namensräume.")),
    };
    Err(ModelError::new(position(text, excess.at), "", rule, message))
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
