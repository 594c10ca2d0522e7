use std::fmt;

/// What went wrong: a stable kind and the values of its sentence, for texts in the reader's language, and the sentence in
/// English for logs ([`fmt::Display`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    kind: FaultKind,
    values: Vec<(&'static str, String)>,
    message: String,
}

impl Fault {
    /// Which values a kind has is said there.
    pub fn new(kind: FaultKind, message: impl Into<String>, values: Vec<(&'static str, String)>) -> Fault {
        Fault { kind, values, message: message.into() }
    }

    /// One without values.
    pub fn plain(kind: FaultKind, message: impl Into<String>) -> Fault {
        Fault::new(kind, message, Vec::new())
    }

    /// What kind of fault it is.
    pub fn kind(&self) -> FaultKind {
        self.kind
    }

    /// The values of its sentence. Types are named as FEEL names them, e.g. `number`.
    pub fn values(&self) -> &[(&'static str, String)] {
        &self.values
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Kinds of faults of expressions and decision models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// Reading: something stands where it cannot; `found`.
    Unexpected,
    /// Reading: the text ends too early.
    UnexpectedEnd,
    /// Reading: `expected` is missing.
    Expected,
    /// Reading: a name is missing.
    NameExpected,
    /// Reading: the end of a range is missing.
    RangeEndExpected,
    /// Reading: nested too deeply, or too complicated.
    TooDeep,
    /// Reading: longer than it may be.
    TooLong,
    /// Reading: `name` is given or defined twice.
    Twice,
    /// Reading: `text` is no date, time or duration.
    NoTime,
    /// Reading: a text without its closing quote, or with a character that there is not.
    Text,
    /// Reading: there is no type `name`.
    NoType,
    /// Reading: functions outside of FEEL are refused.
    External,
    /// There is no `name`.
    UnknownName,
    /// `type` cannot be negated.
    Negate,
    /// `left` cannot be compared with `right`.
    Compare,
    /// `left` and `right` cannot be calculated with.
    Arithmetic,
    /// A condition is neither true nor false.
    NotBoolean,
    /// No range from `left` to `right`.
    Range,
    /// `type` has no `name`.
    NoMember,
    /// `type` cannot be called.
    NotCallable,
    /// A function is called with other arguments than it has.
    Arguments,
    /// The argument or value `name` is `found`, not `expected`.
    WrongType,
    /// The list has no item `n`.
    NoItem,
    /// There is nothing to run over.
    NothingToRunOver,
    /// The function `name` has no result for what it was given.
    NoResult,
    /// DMN: there is no input `name`.
    NoInput,
    /// DMN: an expression, or the logic of a decision or function, is missing or faulty.
    NoLogic,
    /// DMN: the input `value` is not among those that are allowed.
    NotAllowed,
    /// DMN: several rules apply, and only one may.
    SeveralRules,
    /// DMN: the rules that apply have different results.
    DifferentResults,
    /// DMN: no rule applies.
    NoRule,
    /// DMN file: no XML, or no DMN model.
    NotDmn,
    /// DMN file: the imported model `name` is missing.
    NoImport,
    /// DMN file: the type `name` is defined by itself.
    Circular,
    /// DMN file: there is no element `name`.
    NoElement,
    /// DMN file: the expression language `name` is refused.
    Language,
    /// DMN file: there is no hit policy `name`.
    HitPolicy,
    /// DMN file: a rule has not as many entries as its table has columns.
    RuleLength,
    /// The check of names and types objects.
    Objection,
}
