use std::fmt;

/// Place in the XML text, both counted from 1; the column counts characters. Line 0 means "no place".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

/// Which rule is broken; stable, for tests and for other languages than German.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Not well-formed XML, a document type declaration, or characters XML cannot carry.
    Xml,
    /// More bytes, elements, attributes or nesting than allowed.
    TooLarge,
    /// Not a message of a version this crate knows.
    Message,
    /// An element the standard demands is missing.
    Missing,
    /// An element that may stand there once stands there twice.
    Duplicate,
    /// A value that is not of its type or not in its code list.
    Value,
    /// None or several of elements that exclude each other.
    Choice,
    /// The version that is written has no place for it.
    Version,
    /// Valid by the schema, and yet not what the specification says in words.
    Specification,
}

/// Why a message is not read or not written. The text is German, for the people who hand files over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Place in the file that was read; no place when writing.
    pub at: Position,
    /// Names of the elements from the root, with the number among siblings of the same name where there are several:
    /// `Aussonderung.Aussonderung.0503/Schriftgutobjekt[2]/Akte/Laufzeit/Beginn`.
    pub path: String,
    pub rule: Rule,
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.at.line > 0 {
            write!(f, "Zeile {}, Spalte {}: ", self.at.line, self.at.column)?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

/// Why something in a message did not come into the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// The standard has no such element or attribute there.
    Unknown,
    /// The standard has it; this crate does not.
    NotModelled,
    /// Contradicts what the message says elsewhere: the code of another message type, another code list than the one
    /// fixed.
    Contradiction,
    /// The name beside a code; the version-neutral model keeps the code, and the code list says its name.
    CodeName,
    /// A container with nothing in it.
    Empty,
}

/// Something a message says that is not in the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    pub at: Position,
    /// As in [`Fault::path`]; an attribute is `…/@name`, text between elements `…/text()`.
    pub path: String,
    pub why: Why,
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.why {
            Why::Unknown => "in diesem Standard unbekannt",
            Why::NotModelled => "wird nicht übernommen",
            Why::Contradiction => "widerspricht der Nachricht",
            Why::CodeName => "Name eines Codes",
            Why::Empty => "leer",
        };
        write!(f, "Zeile {}, Spalte {}: {}: {why}", self.at.line, self.at.column, self.path)
    }
}
