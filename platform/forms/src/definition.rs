//! A form as data, checked and ready for use.

use std::collections::BTreeMap;

use kernel::Level;

use crate::facts::FactKind;
use crate::rules::Rule;
use crate::text::{Template, Text};

/// A form definition (Formulardefinition). Made by [`Form::load`] only.
#[derive(Clone, Debug)]
pub struct Form {
    pub key: String,
    /// First 16 hexadecimal digits of the SHA-256 of the text it was loaded from.
    pub version: String,
    pub title: Text,
    pub service: Option<Service>,
    /// Every form that asks citizens for something carries it.
    pub privacy: Option<Privacy>,
    pub steps: Vec<Step>,
    /// Facts of the city the form needs, by dotted name.
    pub facts: BTreeMap<String, FactKind>,
    /// Texts without English, as `line: key`.
    pub untranslated: Vec<String>,
    pub(crate) file: String,
}

/// The service a form belongs to (Verwaltungsleistung).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Service {
    /// LeiKa key, 14 digits.
    pub leika: String,
    /// Organisation unit that works on it.
    pub unit: String,
    /// Level below which the form only explains what to do; the form itself says so in an exit step.
    pub level: Option<Level>,
}

/// What a person must be told before the first question (Art. 13 GDPR) and what stands in the record of processing
/// activities (Verzeichnis von Verarbeitungstätigkeiten, Art. 30 GDPR).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Privacy {
    pub purpose: Text,
    pub legal_basis: Vec<LegalBasis>,
    pub recipients: Vec<Text>,
    pub retention: Vec<Retention>,
    /// Whether one must give the data, and what follows if not (Art. 13 (2) (e)).
    pub duty: Text,
    /// Where data come from that the person does not give (Art. 14 (2) (f)).
    pub sources: Option<Text>,
    /// Whether a program decides alone (Art. 13 (2) (f)).
    pub automated_decision: Option<Text>,
    /// Days an unsent draft is kept.
    pub draft_days: u32,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LegalBasis {
    /// e.g. `§ 18 BMG`
    pub paragraph: String,
    pub text: Text,
}

/// How long something is kept (Aufbewahrungsfrist).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Retention {
    /// Key of the kind of record in the retention rules.
    pub key: String,
    pub what: Text,
    /// Years after the end of the year in which the matter was closed.
    pub years: u32,
    pub paragraph: String,
}

/// One page of the form.
#[derive(Clone, Debug)]
pub struct Step {
    pub key: String,
    pub title: Text,
    pub text: Option<Template>,
    pub(crate) when: Option<Rule>,
    pub body: Body,
    pub(crate) checks: Vec<Check>,
}

#[derive(Clone, Debug)]
pub enum Body {
    Questions(Vec<Field>),
    /// A repeated group (wiederholte Angaben): the fields are asked for every item.
    Items(Group),
    /// The end of the road: what to do instead.
    Exit(Exit),
}

#[derive(Clone, Debug)]
pub struct Group {
    pub min: usize,
    pub max: usize,
    /// Names one item; its number is added.
    pub item: Text,
    /// Label of the button for a further item, in the item's gender.
    pub add: Option<Text>,
    pub fields: Vec<Field>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exit {
    pub links: Vec<ExitLink>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExitLink {
    pub label: Text,
    /// A path of this site, or `https:`, `mailto:`, `tel:`.
    pub href: String,
}

/// A rule over the answers of a step and those before it.
#[derive(Clone, Debug)]
pub(crate) struct Check {
    pub(crate) rule: Rule,
    /// The field the error is shown at; the first of the step if none is named.
    pub(crate) field: String,
    pub(crate) text: Text,
}

#[derive(Clone, Debug)]
pub struct Field {
    pub key: String,
    pub label: Text,
    pub hint: Option<Text>,
    pub help: Option<Template>,
    pub required: bool,
    pub kind: Kind,
    /// One of [`crate::SOURCES`].
    pub prefill: Option<String>,
    pub autocomplete: Option<String>,
    /// Belongs to a person: never a process variable.
    pub personal: bool,
    /// Special category of personal data (Art. 9 GDPR).
    pub special: bool,
    pub(crate) when: Option<Rule>,
    pub(crate) locked: Option<Rule>,
}

#[derive(Clone, Debug)]
pub enum Kind {
    Text {
        max: usize,
        charset: TextCharset,
    },
    Textarea {
        max: usize,
        /// Offered beside the field.
        blocks: Vec<TextBlock>,
    },
    /// Name of a natural person, DIN 91379 data type A.
    Name {
        max: usize,
    },
    Email,
    Phone,
    Iban,
    Date {
        min: Option<DayRule>,
        max: Option<DayRule>,
    },
    /// A date of which day, or day and month, may be unknown.
    PartialDate {
        min: Option<DayRule>,
        max: Option<DayRule>,
    },
    Address,
    Choice {
        options: Vec<Choice>,
        select: bool,
    },
    Choices {
        options: Vec<Choice>,
    },
    YesNo,
    Integer {
        min: i64,
        max: i64,
    },
    /// Bounds in cents.
    Money {
        min: i64,
        max: i64,
    },
    File {
        accept: Vec<FileKind>,
        max_bytes: u64,
        max_count: usize,
    },
    /// A box with a text that must be ticked.
    Declaration {
        text: Template,
    },
    Computed {
        rule: ComputeRule,
        result: ResultKind,
        options: Vec<Choice>,
        shown: bool,
    },
    Note {
        text: Template,
        tone: ui::Tone,
    },
}

/// An opaque rule for a bound of dates.
#[derive(Clone, Debug)]
pub struct DayRule(pub(crate) Rule);

/// An opaque rule for a computed value.
#[derive(Clone, Debug)]
pub struct ComputeRule(pub(crate) Rule);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TextCharset {
    /// Any script.
    Any,
    /// DIN 91379 data type B: names of places, streets, organisations.
    Latin,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResultKind {
    Integer,
    Money,
    Text,
    Choice,
    YesNo,
    Date,
}

impl ResultKind {
    pub(crate) const NAMES: &'static [(&'static str, ResultKind)] = &[
        ("integer", ResultKind::Integer),
        ("money", ResultKind::Money),
        ("text", ResultKind::Text),
        ("choice", ResultKind::Choice),
        ("yes-no", ResultKind::YesNo),
        ("date", ResultKind::Date),
    ];
}

#[derive(Clone, Debug)]
pub struct Choice {
    pub code: String,
    pub label: Text,
    pub hint: Option<Text>,
    pub(crate) when: Option<Rule>,
}

/// A ready-made text that can be put into a field (Textbaustein).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TextBlock {
    pub key: String,
    pub label: Text,
    /// German only: what an office writes to a person is in the official language (§ 23 VwVfG NRW).
    pub text: Template,
}

/// A kind of file that a field takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileKind {
    Pdf,
    Jpeg,
    Png,
}

impl FileKind {
    pub(crate) const NAMES: &'static [(&'static str, FileKind)] =
        &[("pdf", FileKind::Pdf), ("jpg", FileKind::Jpeg), ("png", FileKind::Png)];

    pub fn media_type(self) -> &'static str {
        match self {
            FileKind::Pdf => "application/pdf",
            FileKind::Jpeg => "image/jpeg",
            FileKind::Png => "image/png",
        }
    }

    pub fn extensions(self) -> &'static str {
        match self {
            FileKind::Pdf => ".pdf",
            FileKind::Jpeg => ".jpg,.jpeg",
            FileKind::Png => ".png",
        }
    }

    /// As people call it.
    pub fn label(self) -> &'static str {
        match self {
            FileKind::Pdf => "PDF",
            FileKind::Jpeg => "JPG",
            FileKind::Png => "PNG",
        }
    }
}

impl Kind {
    /// Whether the citizen gives the value; else the server makes or shows it.
    pub fn is_input(&self) -> bool {
        !matches!(self, Kind::Computed { .. } | Kind::Note { .. })
    }

    pub(crate) fn options(&self) -> &[Choice] {
        match self {
            Kind::Choice { options, .. } | Kind::Choices { options } | Kind::Computed { options, .. } => options,
            _ => &[],
        }
    }
}

impl Step {
    /// The fields of the page or of each item.
    pub fn fields(&self) -> &[Field] {
        match &self.body {
            Body::Questions(fields) => fields,
            Body::Items(group) => &group.fields,
            Body::Exit(_) => &[],
        }
    }

    pub fn is_exit(&self) -> bool {
        matches!(self.body, Body::Exit(_))
    }

    /// Whether the page takes files, so its form is sent as `multipart/form-data`.
    pub fn takes_files(&self) -> bool {
        self.fields().iter().any(|f| matches!(f.kind, Kind::File { .. }))
    }
}

/// A field that holds personal data, for the record of processing activities.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PersonalField {
    pub key: String,
    pub label: Text,
    /// Special category (Art. 9 GDPR).
    pub special: bool,
}

impl Form {
    pub fn step(&self, key: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.key == key)
    }

    /// A field by its key, inside repeated groups too.
    pub fn field(&self, key: &str) -> Option<&Field> {
        self.steps.iter().flat_map(Step::fields).find(|field| field.key == key)
    }

    /// The field of a path such as `familienname` or `urkunden.1.art`.
    pub fn field_at(&self, path: &str) -> Option<&Field> {
        self.field(path.rsplit('.').next().unwrap_or(path))
    }

    /// The categories of personal data the form asks for (Art. 30 (1) (c) GDPR).
    pub fn personal_fields(&self) -> Vec<PersonalField> {
        let fields = self.steps.iter().flat_map(Step::fields).filter(|f| f.personal);
        fields.map(|f| PersonalField { key: f.key.clone(), label: f.label.clone(), special: f.special }).collect()
    }
}
