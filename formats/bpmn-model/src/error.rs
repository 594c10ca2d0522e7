use std::fmt;

/// Place in the XML text, both counted from 1; the column counts characters. Line 0 means "no place".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

/// Which rule a model breaks; stable, for tests and for other languages than German.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Not well-formed XML, a document type declaration, or not a BPMN 2.0 document.
    Xml,
    /// More bytes, nodes, attributes or nesting than allowed.
    TooLarge,
    /// An attribute or element that the standard demands is missing.
    Missing,
    /// A value that is not of its type.
    Value,
    /// Two elements with the same id.
    DuplicateId,
    /// A reference to an element that does not exist, is of another kind or lies in another sub-process.
    Reference,
    /// Not exactly one process that can be executed.
    Process,
    /// An element this stepper does not execute.
    Unsupported,
    /// No way leads there from a start event.
    Unreachable,
    /// A way that ends without an end event.
    DeadEnd,
    /// Start events: none or several.
    Start,
    /// A way out of a gateway that has neither condition nor is the default.
    Condition,
    /// A gateway whose conditions may all be false and that has no default.
    NoDefault,
    /// An attribute or element in the namespace `urn:meer:bpmn:1` that does not exist there.
    UnknownExtension,
    /// A command, decision, form or unit is not given.
    NotAssigned,
    /// A command, decision, form, unit or task that is not known.
    UnknownName,
    /// A timer without, or with an unreadable, date, duration or cycle.
    Timer,
}

/// One defect of a model, with the element it concerns. The message is German, for the people who draw processes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelError {
    pub line: u32,
    pub column: u32,
    /// Id of the element, or its tag name where it has none; empty when the error concerns the file.
    pub element: String,
    /// Name of the element as shown in the diagram, where it has one.
    pub name: Option<String>,
    pub rule: Rule,
    pub message: String,
}

impl ModelError {
    /// `element` is the id of the element, or its tag name.
    pub fn new(at: Position, element: &str, rule: Rule, message: impl Into<String>) -> Self {
        let (line, column) = (at.line, at.column);
        Self { line, column, element: element.to_owned(), name: None, rule, message: message.into() }
    }

    /// With the name shown in the diagram; an empty one says nothing.
    #[must_use]
    pub fn named(mut self, name: Option<&str>) -> Self {
        self.name = name.filter(|name| !name.is_empty()).map(str::to_owned);
        self
    }
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zeile {}, Spalte {}: ", self.line, self.column)?;
        match (&self.name, self.element.as_str()) {
            (Some(name), id) => write!(f, "„{name}“ ({id}): ")?,
            (None, "") => {}
            (None, id) => write!(f, "{id}: ")?,
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for ModelError {}
