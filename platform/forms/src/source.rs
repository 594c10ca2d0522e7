//! Reading TOML by hand, so that every fault has its line, column and a German sentence.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::text::{Segment, Template, Text, segments};

/// Why a definition cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct LoadError {
    pub file: String,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// A German sentence for the people who write definitions.
    pub text: String,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.text)
    }
}

/// Longest definition in bytes.
const MAX_BYTES: usize = 1_000_000;
/// More faults than this help nobody.
const MAX_ERRORS: usize = 50;

/// The text of a definition and the faults found so far.
pub(crate) struct Source<'s> {
    pub(crate) name: &'s str,
    pub(crate) text: &'s str,
    errors: RefCell<Vec<LoadError>>,
    /// Texts without English, as `line: key`.
    pub(crate) untranslated: RefCell<Vec<String>>,
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) span: Range<usize>,
}

impl<'s> Source<'s> {
    pub(crate) fn new(name: &'s str, text: &'s str) -> Self {
        Source { name, text, errors: RefCell::default(), untranslated: RefCell::default() }
    }

    /// Line and column, both from 1, of a byte offset.
    pub(crate) fn position(&self, at: usize) -> (usize, usize) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    pub(crate) fn fault(&self, span: &Range<usize>, text: impl Into<String>) {
        let (line, column) = self.position(span.start);
        self.fault_at(line, column, text);
    }

    pub(crate) fn fault_at(&self, line: usize, column: usize, text: impl Into<String>) {
        let mut errors = self.errors.borrow_mut();
        if errors.len() < MAX_ERRORS {
            errors.push(LoadError { file: self.name.to_owned(), line, column, text: text.into() });
        }
    }

    pub(crate) fn has_faults(&self) -> bool {
        !self.errors.borrow().is_empty()
    }

    /// The faults in the order of the text.
    pub(crate) fn into_faults(self) -> Vec<LoadError> {
        let mut errors = self.errors.into_inner();
        errors.sort_by_key(|e| (e.line, e.column));
        errors.dedup();
        errors
    }

    /// The whole definition as a table, if it is TOML.
    pub(crate) fn parse(&self) -> Option<Spanned<DeTable<'s>>> {
        if self.text.len() > MAX_BYTES {
            self.fault_at(1, 1, format!("Die Datei ist größer als {MAX_BYTES} Byte."));
            return None;
        }
        match DeTable::parse(self.text) {
            Ok(table) => Some(table),
            Err(error) => {
                let span = error.span().unwrap_or(0..0);
                self.fault(&span, format!("Das ist kein gültiges TOML ({}).", error.message()));
                None
            }
        }
    }

    /// Line and column where the content of a string starts, after its quotes.
    pub(crate) fn content_start(&self, span: &Range<usize>) -> (usize, usize) {
        let (line, column) = self.position(span.start);
        let raw = self.text.get(span.clone()).unwrap_or_default();
        match raw.get(..3) {
            Some("'''" | "\"\"\"") if raw[3..].starts_with('\n') => (line + 1, 1),
            Some("'''" | "\"\"\"") => (line, column + 3),
            _ => (line, column + 1),
        }
    }
}

/// A table that remembers which keys were read, so that the others can be named as unknown.
pub(crate) struct Table<'t> {
    pub(crate) source: &'t Source<'t>,
    table: &'t DeTable<'t>,
    pub(crate) span: Range<usize>,
    taken: RefCell<BTreeSet<&'t str>>,
}

impl<'t> Table<'t> {
    pub(crate) fn new(source: &'t Source<'t>, table: &'t DeTable<'t>, span: Range<usize>) -> Self {
        Table { source, table, span, taken: RefCell::default() }
    }

    fn take(&self, key: &str) -> Option<(&'t DeValue<'t>, Range<usize>)> {
        let (name, value) = self.table.iter().find(|(name, _)| name.get_ref().as_ref() == key)?;
        self.taken.borrow_mut().insert(name.get_ref().as_ref());
        Some((value.get_ref(), value.span()))
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.iter().any(|(name, _)| name.get_ref().as_ref() == key)
    }

    /// Every key with its value, all taken.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (At<&'t str>, &'t DeValue<'t>, Range<usize>)> {
        self.table.iter().map(|(name, value)| {
            let key: &'t str = name.get_ref().as_ref();
            self.taken.borrow_mut().insert(key);
            (At { value: key, span: name.span() }, value.get_ref(), value.span())
        })
    }

    pub(crate) fn missing(&self, key: &str) {
        self.source.fault(&self.span, format!("Hier fehlt „{key}“."));
    }

    pub(crate) fn string(&self, key: &str) -> Option<At<&'t str>> {
        let (value, span) = self.take(key)?;
        match value.as_str() {
            Some(value) => Some(At { value, span }),
            None => {
                self.source.fault(&span, format!("„{key}“ muss ein Text in Anführungszeichen sein."));
                None
            }
        }
    }

    pub(crate) fn string_required(&self, key: &str) -> Option<At<&'t str>> {
        if !self.has(key) {
            self.missing(key);
        }
        self.string(key)
    }

    pub(crate) fn bool(&self, key: &str) -> Option<bool> {
        let (value, span) = self.take(key)?;
        if value.as_bool().is_none() {
            self.source.fault(&span, format!("„{key}“ muss true oder false sein."));
        }
        value.as_bool()
    }

    pub(crate) fn integer(&self, key: &str) -> Option<At<i64>> {
        let (value, span) = self.take(key)?;
        let number = value.as_integer().and_then(|n| i64::from_str_radix(n.as_str(), n.radix()).ok());
        match number {
            Some(value) => Some(At { value, span }),
            None => {
                self.source.fault(&span, format!("„{key}“ muss eine ganze Zahl sein."));
                None
            }
        }
    }

    /// A number from 0, e.g. a length or a count.
    pub(crate) fn count(&self, key: &str, most: u32) -> Option<u32> {
        let number = self.integer(key)?;
        match u32::try_from(number.value).ok().filter(|n| *n <= most) {
            Some(n) => Some(n),
            None => {
                self.source.fault(&number.span, format!("„{key}“ muss zwischen 0 und {most} liegen."));
                None
            }
        }
    }

    pub(crate) fn table(&self, key: &str) -> Option<Table<'t>> {
        let (value, span) = self.take(key)?;
        match value {
            DeValue::Table(table) => Some(Table::new(self.source, table, span)),
            _ => {
                self.source.fault(&span, format!("„{key}“ muss eine Tabelle sein."));
                None
            }
        }
    }

    pub(crate) fn tables(&self, key: &str) -> Vec<Table<'t>> {
        let Some((value, span)) = self.take(key) else { return Vec::new() };
        let DeValue::Array(array) = value else {
            self.source.fault(&span, format!("„{key}“ muss eine Liste von Tabellen sein."));
            return Vec::new();
        };
        let read = |item: &'t Spanned<DeValue<'t>>| match item.get_ref() {
            DeValue::Table(table) => Some(Table::new(self.source, table, item.span())),
            _ => {
                self.source.fault(&item.span(), format!("Jeder Eintrag von „{key}“ muss eine Tabelle sein."));
                None
            }
        };
        array.iter().filter_map(read).collect()
    }

    pub(crate) fn strings(&self, key: &str) -> Vec<At<&'t str>> {
        let Some((value, span)) = self.take(key) else { return Vec::new() };
        let DeValue::Array(array) = value else {
            self.source.fault(&span, format!("„{key}“ muss eine Liste von Texten sein."));
            return Vec::new();
        };
        let read = |item: &'t Spanned<DeValue<'t>>| match item.get_ref().as_str() {
            Some(value) => Some(At { value, span: item.span() }),
            None => {
                self.source.fault(&item.span(), format!("Jeder Eintrag von „{key}“ muss ein Text sein."));
                None
            }
        };
        array.iter().filter_map(read).collect()
    }

    /// A text in German and perhaps in English: `label.de = "…"`.
    fn languages(&self, key: &str) -> Option<(At<&'t str>, Option<At<&'t str>>)> {
        let table = self.table(key)?;
        let de = table.string_required("de");
        let en = table.string("en");
        table.finish();
        for text in de.iter().chain(&en) {
            if text.value.trim().is_empty() {
                self.source.fault(&text.span, format!("„{key}“ ist leer."));
            }
        }
        if en.is_none() {
            let (line, _) = self.source.position(table.span.start);
            self.source.untranslated.borrow_mut().push(format!("{line}: {key}"));
        }
        Some((de?, en))
    }

    pub(crate) fn text(&self, key: &str) -> Option<Text> {
        let (de, en) = self.languages(key)?;
        Some(Text::new(de.value.trim(), en.map(|en| en.value.trim().to_owned())))
    }

    pub(crate) fn text_required(&self, key: &str) -> Text {
        if !self.has(key) {
            self.missing(&format!("{key}.de"));
        }
        self.text(key).unwrap_or_default()
    }

    /// A longer text with slots, and where it stands.
    pub(crate) fn template(&self, key: &str) -> Option<At<Template>> {
        let (de, en) = self.languages(key)?;
        let span = de.span.clone();
        let read = |text: &At<&str>| -> Vec<Segment> {
            segments(text.value.trim()).unwrap_or_else(|sentence| {
                self.source.fault(&text.span, sentence);
                Vec::new()
            })
        };
        Some(At { value: Template::new(read(&de), en.as_ref().map(read)), span })
    }

    pub(crate) fn template_required(&self, key: &str) -> At<Template> {
        if !self.has(key) {
            self.missing(&format!("{key}.de"));
        }
        self.template(key).unwrap_or(At { value: Template::default(), span: self.span.clone() })
    }

    /// A longer text with slots that exists in German only, and where it stands.
    pub(crate) fn german_template_required(&self, key: &str) -> At<Template> {
        if !self.has(key) {
            self.missing(&format!("{key}.de"));
        }
        let none = At { value: Template::default(), span: self.span.clone() };
        let Some(table) = self.table(key) else { return none };
        let de = table.string_required("de");
        table.finish();
        let Some(de) = de else { return none };
        if de.value.trim().is_empty() {
            self.source.fault(&de.span, format!("„{key}“ ist leer."));
        }
        let read = segments(de.value.trim()).unwrap_or_else(|sentence| {
            self.source.fault(&de.span, sentence);
            Vec::new()
        });
        At { value: Template::new(read, None), span: de.span }
    }

    /// Names the keys nobody asked for.
    pub(crate) fn finish(&self) {
        let taken = self.taken.borrow();
        for name in self.table.keys() {
            if !taken.contains(name.get_ref().as_ref()) {
                self.source.fault(&name.span(), format!("„{}“ gibt es hier nicht.", name.get_ref()));
            }
        }
    }
}
