//! Model to XML.

use crate::foreign;
use crate::model::{Element, Knoten, Message, Name};
use crate::read::numbered;
use crate::shape::{self, Part, Simple, Walk};
use crate::{Fault, MAX_ATTRIBUTES, MAX_BYTES, MAX_DEPTH, MAX_ELEMENTS, MAX_FAULTS, Position, Rule, Version, Why};

/// The message in xdomea 3.0.0, valid against its schema; [`crate::read`] gives the same message again.
///
/// # Errors
/// What the standard cannot say, each with the path of the field; nothing is left out silently.
pub fn write(message: &Message) -> Result<String, Vec<Fault>> {
    write_as(message, Version::V3_0_0)
}

/// The message in an older version, for a receiver that knows no newer one.
///
/// # Errors
/// What that version cannot say, each with the path of the field; nothing is left out silently.
pub fn write_as(message: &Message, version: Version) -> Result<String, Vec<Fault>> {
    let writer = written(message, version);
    if writer.faults.is_empty() { Ok(writer.xml) } else { Err(writer.faults) }
}

/// Rules that are broken on the way; see [`crate::hints`].
pub(crate) fn hints_on_the_way(message: &Message) -> Vec<Fault> {
    written(message, Version::V3_0_0).hints
}

fn written(message: &Message, version: Version) -> Writer {
    // The walk is the reader's as well, and that one fills values: it needs a message of its own.
    let mut message = message.clone();
    let name = message.inhalt.name();
    let mut writer = Writer {
        version,
        xml: String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"),
        open: Vec::new(),
        elements: 0,
        faults: Vec::new(),
        hints: Vec::new(),
    };
    writer.begin(name, None);
    let namespace = version.namespace();
    // The prefix `xdomea` is not free: the specification demands it (3.0.0, 4.2).
    writer.put_attribute("xmlns:xdomea", namespace);
    shape::message(&mut writer, &mut message);
    writer.end();
    writer.xml.push('\n');
    if writer.xml.len() > MAX_BYTES {
        writer.report(Rule::TooLarge, format!("Die Nachricht wird größer als {} MB.", MAX_BYTES >> 20));
    }
    if writer.elements > MAX_ELEMENTS {
        writer.report(Rule::TooLarge, format!("Die Nachricht hat mehr als {MAX_ELEMENTS} Elemente."));
    }
    writer
}

/// What an open element holds so far.
#[derive(Clone, Copy, PartialEq)]
enum Content {
    /// Nothing; its tag is not closed yet.
    Nothing,
    Text,
    Elements,
}

struct Open {
    name: &'static str,
    number: Option<usize>,
    content: Content,
}

struct Writer {
    version: Version,
    xml: String,
    open: Vec<Open>,
    elements: usize,
    faults: Vec<Fault>,
    hints: Vec<Fault>,
}

/// Prefix of xdomea's elements; the parts of `xoev-code:Code` have none.
fn prefix(name: &str) -> &'static str {
    if name.starts_with(char::is_lowercase) { "" } else { "xdomea:" }
}

fn escape(xml: &mut String, text: &str, in_attribute: bool) {
    for c in text.chars() {
        match c {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            // A parser would make a line feed of it.
            '\r' => xml.push_str("&#13;"),
            '"' if in_attribute => xml.push_str("&quot;"),
            '\n' if in_attribute => xml.push_str("&#10;"),
            '\t' if in_attribute => xml.push_str("&#9;"),
            _ => xml.push(c),
        }
    }
}

impl Writer {
    fn content(&mut self, content: Content) {
        if let Some(open) = self.open.last_mut() {
            if open.content == Content::Nothing {
                self.xml.push('>');
            }
            open.content = content;
        }
    }

    fn new_line(&mut self) {
        self.xml.push('\n');
        for _ in &self.open {
            self.xml.push_str("  ");
        }
    }

    fn begin(&mut self, name: &'static str, number: Option<usize>) {
        self.content(Content::Elements);
        self.new_line();
        self.xml.push('<');
        self.xml.push_str(prefix(name));
        self.xml.push_str(name);
        self.open.push(Open { name, number, content: Content::Nothing });
        self.elements += 1;
    }

    fn end(&mut self) {
        let Some(open) = self.open.pop() else { return };
        if open.content == Content::Nothing {
            self.xml.push_str("/>");
            return;
        }
        if open.content == Content::Elements {
            self.new_line();
        }
        self.xml.push_str("</");
        self.xml.push_str(prefix(open.name));
        self.xml.push_str(open.name);
        self.xml.push('>');
    }

    fn put_attribute(&mut self, name: &str, value: &str) {
        self.xml.push(' ');
        self.xml.push_str(name);
        self.xml.push_str("=\"");
        escape(&mut self.xml, value, true);
        self.xml.push('"');
    }

    fn put_text(&mut self, text: &str) {
        if !text.is_empty() {
            self.content(Content::Text);
            escape(&mut self.xml, text, false);
        }
    }

    fn within(&mut self, name: &'static str, number: Option<usize>, body: impl FnOnce(&mut Self)) {
        if self.open.len() >= MAX_DEPTH {
            // A deeper message could not be read again; going on could take all of the stack.
            self.report(Rule::TooLarge, format!("Elemente sind mehr als {MAX_DEPTH}-fach geschachtelt."));
            return;
        }
        self.begin(name, number);
        body(self);
        self.end();
    }

    fn report(&mut self, rule: Rule, message: String) {
        self.report_below("", rule, message);
    }

    fn report_below(&mut self, name: &str, rule: Rule, message: String) {
        if self.faults.len() < MAX_FAULTS {
            let fault = self.fault_below(name, rule, message);
            self.faults.push(fault);
        }
    }

    fn fault_below(&self, name: &str, rule: Rule, message: String) -> Fault {
        let mut names: Vec<String> = self.open.iter().map(|open| numbered(open.name, open.number)).collect();
        names.extend(Some(name.to_owned()).filter(|name| !name.is_empty()));
        Fault { at: Position::default(), path: names.join("/"), rule, message }
    }

    /// An element of another standard; every one declares the namespaces it needs. No line breaks: there may be text
    /// around it.
    fn foreign_element(&mut self, element: &Element, depth: usize) {
        if depth >= MAX_DEPTH {
            self.report(Rule::TooLarge, format!("Elemente sind mehr als {MAX_DEPTH}-fach geschachtelt."));
            return;
        }
        self.elements += 1;
        let Element { name, attribute, inhalt } = element;
        self.check_name(name, foreign::keeps_element(&name.namespace));
        // The declarations count as well.
        if attribute.len() >= MAX_ATTRIBUTES / 4 {
            self.report(Rule::TooLarge, format!("{} hat zu viele Attribute.", name.local));
        }
        let tag = if name.namespace.is_empty() { name.local.clone() } else { format!("e:{}", name.local) };
        self.xml.push('<');
        self.xml.push_str(&tag);
        if !name.namespace.is_empty() {
            self.put_attribute("xmlns:e", &name.namespace);
        }
        for (number, (name, value)) in attribute.iter().enumerate() {
            self.check_name(name, foreign::keeps_attribute(&name.namespace, &name.local));
            if attribute.iter().take(number).any(|(before, _)| before == name) {
                self.report(Rule::Duplicate, format!("Das Attribut {} steht zweimal.", name.local));
            }
            let prefixed = match name.namespace.as_str() {
                "" => name.local.clone(),
                foreign::XML => format!("xml:{}", name.local),
                namespace => {
                    self.put_attribute(&format!("xmlns:a{number}"), namespace);
                    format!("a{number}:{}", name.local)
                }
            };
            self.check_text(value);
            self.put_attribute(&prefixed, value);
        }
        if inhalt.is_empty() {
            self.xml.push_str("/>");
            return;
        }
        self.xml.push('>');
        for knoten in inhalt {
            match knoten {
                Knoten::Element(element) => self.foreign_element(element, depth + 1),
                Knoten::Text(text) => {
                    self.check_text(text);
                    escape(&mut self.xml, text, false);
                }
            }
        }
        self.xml.push_str("</");
        self.xml.push_str(&tag);
        self.xml.push('>');
    }

    fn check_name(&mut self, name: &Name, keeps: bool) {
        if !keeps || !foreign::is_name(&name.local) {
            self.report(Rule::Value, format!("{} kann hier nicht stehen.", name.local));
        }
        self.check_text(&name.namespace);
    }

    fn check_text(&mut self, text: &str) {
        if let Err(message) = text.to_owned().print(Version::V3_0_0) {
            self.report(Rule::Value, message);
        }
    }
}

impl Walk for Writer {
    fn version(&self) -> Version {
        self.version
    }

    fn reads(&self) -> bool {
        false
    }

    fn element(&mut self, name: &'static str, body: impl FnOnce(&mut Self)) {
        self.within(name, None, body);
    }

    fn optional_element(&mut self, name: &'static str, present: bool, body: impl FnOnce(&mut Self)) {
        if present {
            self.within(name, None, body);
        }
    }

    fn optional<P: Part>(&mut self, name: &'static str, part: &mut Option<P>) {
        if let Some(part) = part {
            self.within(name, None, |writer| part.walk(writer));
        }
    }

    fn many<P: Part>(&mut self, name: &'static str, parts: &mut Vec<P>) {
        let several = parts.len() > 1;
        for (at, part) in parts.iter_mut().enumerate() {
            self.within(name, several.then_some(at + 1), |writer| part.walk(writer));
        }
    }

    fn text<S: Simple>(&mut self, value: &mut S) {
        match value.print(self.version) {
            Ok(text) => self.put_text(&text),
            Err(message) => self.report(Rule::Value, message),
        }
    }

    fn attribute<S: Simple>(&mut self, name: &'static str, value: &mut Option<S>) {
        match value.as_ref().map(|value| value.print(self.version)) {
            Some(Ok(text)) => self.put_attribute(name, &text),
            Some(Err(message)) => self.report_below(&format!("@{name}"), Rule::Value, message),
            None => {}
        }
    }

    fn fixed_attribute(&mut self, name: &'static str, value: &'static str) {
        self.put_attribute(name, value);
    }

    fn foreign(&mut self, elements: &mut Vec<Element>) {
        for element in elements.iter() {
            self.content(Content::Text);
            self.foreign_element(element, self.open.len());
        }
    }

    fn left_out(&mut self, _: &'static str, _: Why) {}

    fn lost(&mut self, _: &'static str, _: Why) {}

    fn fault(&mut self, name: &'static str, rule: Rule, message: String) {
        self.report_below(name, rule, message);
    }

    fn hint(&mut self, name: &'static str, broken: bool, message: &str) {
        if broken && self.hints.len() < MAX_FAULTS {
            let hint = self.fault_below(name, Rule::Specification, message.to_owned());
            self.hints.push(hint);
        }
    }
}
