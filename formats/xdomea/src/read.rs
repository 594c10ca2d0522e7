//! XML to model.

use std::collections::HashMap;

use roxmltree::{Node, ParsingOptions};

use crate::model::{Element, Inhalt, Knoten, Message, Nachrichtenkopf, Name};
use crate::shape::{self, Part, Simple, Walk};
use crate::{Dropped, Fault, MAX_DROPPED, MAX_FAULTS, NAMESPACES, Position, Rule, Version, Why, foreign, limits};

type XmlNode<'x> = Node<'x, 'x>;

/// A message and what of its file is not in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    pub message: Message,
    /// The version the file is written in.
    pub version: Version,
    /// In the order of the file. Comments, processing instructions and `xsi:schemaLocation` say nothing and are not
    /// listed.
    pub dropped: Vec<Dropped>,
}

/// Reads a message. Elements may stand in any order; those that may stand once must not stand twice.
///
/// # Errors
/// Text that is no message of the versions this crate knows, is too large, or lacks or contradicts what the standard
/// demands.
pub fn read(xml: &str) -> Result<Reading, Vec<Fault>> {
    // Systems on Windows put a byte order mark before it.
    let xml = xml.strip_prefix('\u{FEFF}').unwrap_or(xml);
    limits::check(xml).map_err(|fault| vec![fault])?;
    let options = ParsingOptions { nodes_limit: limits::MAX_NODES, ..ParsingOptions::default() };
    let document = roxmltree::Document::parse_with_options(xml, options).map_err(|error| {
        let at = Position { line: error.pos().row, column: error.pos().col };
        let rule = match error {
            roxmltree::Error::NodesLimitReached => Rule::TooLarge,
            _ => Rule::Xml,
        };
        vec![Fault { at, path: String::new(), rule, message: format!("Die Datei ist kein lesbares XML ({error}).") }]
    })?;
    let root = document.root_element();
    let (version, inhalt) = kind(root).map_err(|message| {
        let at = limits::positions(xml, vec![root.range().start]).first().map(|&(_, at)| at).unwrap_or_default();
        vec![Fault { at, path: root.tag_name().name().to_owned(), rule: Rule::Message, message }]
    })?;
    let mut reader = Reader { version, open: Vec::new(), faults: Vec::new(), dropped: Vec::new() };
    let mut message = Message { kopf: Nachrichtenkopf::default(), inhalt };
    reader.enter(root, None, |reader| shape::message(reader, &mut message));
    reader.finish(xml, message)
}

/// Version and kind of a message, by its root element.
fn kind(root: XmlNode) -> Result<(Version, Inhalt), String> {
    let namespace = root.tag_name().namespace().unwrap_or_default();
    let Some(version) = Version::ALL.into_iter().find(|version| version.namespace() == namespace) else {
        return Err(match namespace.strip_prefix(NAMESPACES) {
            Some(other) => format!("xdomea {other} wird nicht gelesen, nur 2.3.0, 2.4.0 und 3.0.0."),
            None => "Die Datei ist keine xdomea-Nachricht.".to_owned(),
        });
    };
    let name = root.tag_name().name();
    let inhalt = Inhalt::of_name(name).ok_or_else(|| format!("Die Nachricht {name} wird nicht gelesen."))?;
    if version < Version::V3_0_0 && inhalt == Inhalt::AussonderungEmpfang {
        return Err(format!("xdomea {} hat keine Nachricht {name}.", version.number()));
    }
    Ok((version, inhalt))
}

/// An element while it is read.
struct Open<'x> {
    node: XmlNode<'x>,
    /// Number among siblings of the same name, where there are several.
    number: Option<usize>,
    /// Child elements not taken yet.
    children: Vec<XmlNode<'x>>,
    /// Attributes that have been taken, by their number.
    attributes: Vec<usize>,
    /// Whether its text is its value.
    has_text: bool,
}

/// A fault or something dropped, with its place in bytes.
struct Found<T> {
    at: usize,
    what: T,
}

struct Reader<'x> {
    version: Version,
    open: Vec<Open<'x>>,
    faults: Vec<Found<Fault>>,
    dropped: Vec<Found<Dropped>>,
}

impl<'x> Reader<'x> {
    /// Unqualified are the parts of `xoev-code:Code` only.
    fn is(&self, node: XmlNode, name: &str) -> bool {
        let namespace = if name.starts_with(char::is_lowercase) { None } else { Some(self.version.namespace()) };
        node.tag_name().name() == name && node.tag_name().namespace() == namespace
    }

    /// Takes the children of this name out of the element that is open.
    fn take(&mut self, name: &'static str) -> Vec<XmlNode<'x>> {
        let Some(open) = self.open.last_mut() else { return Vec::new() };
        let children = std::mem::take(&mut open.children);
        let (taken, left) = children.into_iter().partition(|&child| self.is(child, name));
        if let Some(open) = self.open.last_mut() {
            open.children = left;
        }
        taken
    }

    /// Takes the one child of this name.
    fn take_one(&mut self, name: &'static str) -> Option<XmlNode<'x>> {
        let taken = self.take(name);
        if let Some(&second) = taken.get(1) {
            let message = format!("{name} darf hier nur einmal stehen.");
            self.report(second.range().start, &[(name, Some(2))], Rule::Duplicate, message);
        }
        taken.first().copied()
    }

    fn enter(&mut self, node: XmlNode<'x>, number: Option<usize>, body: impl FnOnce(&mut Self)) {
        let children = node.children().filter(Node::is_element).collect();
        self.open.push(Open { node, number, children, attributes: Vec::new(), has_text: false });
        body(self);
        self.leave();
    }

    /// Lists what has not been taken of the element that is open.
    fn leave(&mut self) {
        let Some(open) = self.open.last() else { return };
        let (node, taken, has_text) = (open.node, open.attributes.clone(), open.has_text);
        for (_, attribute) in node.attributes().enumerate().filter(|(number, _)| !taken.contains(number)) {
            // Where a schema might be found is no part of the message.
            let is_hint = attribute.namespace() == Some(foreign::XSI) && attribute.name().ends_with("chemaLocation");
            if !is_hint {
                self.drop_at(attribute.range().start, &format!("@{}", attribute.name()), Why::Unknown);
            }
        }
        let is_blank = |text: &str| text.chars().all(|c| c.is_ascii_whitespace());
        let mut texts = node.children().filter(Node::is_text);
        if let (false, Some(text)) = (has_text, texts.find(|text| !is_blank(text.text().unwrap_or_default()))) {
            self.drop_at(text.range().start, "text()", Why::Unknown);
        }
        let Some(open) = self.open.last_mut() else { return };
        let left = std::mem::take(&mut open.children);
        self.drop_all(&left, Why::Unknown);
        self.open.pop();
    }

    /// Lists children of the element that is open, with their numbers where a name stands several times.
    fn drop_all(&mut self, nodes: &[XmlNode], why: Why) {
        let mut counts: HashMap<&str, (usize, usize)> = HashMap::new();
        for node in nodes {
            counts.entry(node.tag_name().name()).or_default().1 += 1;
        }
        for node in nodes {
            let name = node.tag_name().name();
            let (number, of) = counts.entry(name).or_default();
            *number += 1;
            let name = numbered(name, Some(*number).filter(|_| *of > 1));
            self.drop_at(node.range().start, &name, why);
        }
    }

    fn path(&self) -> String {
        let names: Vec<String> =
            self.open.iter().map(|open| numbered(open.node.tag_name().name(), open.number)).collect();
        names.join("/")
    }

    fn drop_at(&mut self, at: usize, name: &str, why: Why) {
        if self.dropped.len() > MAX_DROPPED {
            return;
        }
        let path = if name.is_empty() { self.path() } else { format!("{}/{name}", self.path()) };
        self.dropped.push(Found { at, what: Dropped { at: Position::default(), path, why } });
        if self.dropped.len() > MAX_DROPPED {
            let message = format!("Mehr als {MAX_DROPPED} Angaben gehören nicht zum Standard.");
            self.report(at, &[], Rule::TooLarge, message);
        }
    }

    fn report(&mut self, at: usize, below: &[(&str, Option<usize>)], rule: Rule, message: String) {
        if self.faults.len() < MAX_FAULTS {
            let mut path = self.path();
            for (name, number) in below {
                path.push('/');
                path.push_str(&numbered(name, *number));
            }
            self.faults.push(Found { at, what: Fault { at: Position::default(), path, rule, message } });
        }
    }

    fn here(&self) -> usize {
        self.open.last().map_or(0, |open| open.node.range().start)
    }

    /// The attribute of this name, in no namespace.
    fn take_attribute(&mut self, name: &str) -> Option<roxmltree::Attribute<'x, 'x>> {
        let open = self.open.last_mut()?;
        let found = |a: &roxmltree::Attribute| a.name() == name && a.namespace().is_none();
        let (number, attribute) = open.node.attributes().enumerate().find(|(_, a)| found(a))?;
        open.attributes.push(number);
        Some(attribute)
    }

    fn parse<S: Simple>(&mut self, at: usize, below: &[(&str, Option<usize>)], text: &str) -> S {
        S::parse(text, self.version).unwrap_or_else(|message| {
            self.report(at, below, Rule::Value, message);
            S::default()
        })
    }

    /// An element of another standard; `None` where it is not kept.
    fn foreign_element(&mut self, node: XmlNode<'x>) -> Option<Element> {
        let namespace = node.tag_name().namespace().unwrap_or_default();
        if !foreign::keeps_element(namespace) {
            self.drop_at(node.range().start, node.tag_name().name(), Why::NotModelled);
            return None;
        }
        let name = Name { namespace: namespace.to_owned(), local: node.tag_name().name().to_owned() };
        let mut element = Element { name, attribute: Vec::new(), inhalt: Vec::new() };
        let children = Vec::new();
        self.open.push(Open { node, number: None, children, attributes: Vec::new(), has_text: true });
        for attribute in node.attributes() {
            let namespace = attribute.namespace().unwrap_or_default();
            if foreign::keeps_attribute(namespace, attribute.name()) {
                let name = Name { namespace: namespace.to_owned(), local: attribute.name().to_owned() };
                element.attribute.push((name, attribute.value().to_owned()));
            } else {
                self.drop_at(attribute.range().start, &format!("@{}", attribute.name()), Why::NotModelled);
            }
        }
        for child in node.children() {
            if child.is_element() {
                element.inhalt.extend(self.foreign_element(child).map(Knoten::Element));
            } else if let (true, Some(text)) = (child.is_text(), child.text()) {
                // Comments between them are gone: what they divided is one text.
                match element.inhalt.last_mut() {
                    Some(Knoten::Text(before)) => before.push_str(text),
                    _ => element.inhalt.push(Knoten::Text(text.to_owned())),
                }
            }
        }
        self.open.pop();
        Some(element)
    }

    fn finish(self, xml: &str, message: Message) -> Result<Reading, Vec<Fault>> {
        let offsets = self.faults.iter().map(|f| f.at).chain(self.dropped.iter().map(|d| d.at)).collect();
        let places = limits::positions(xml, offsets);
        let place = |at: usize| {
            let found = places.binary_search_by_key(&at, |&(offset, _)| offset);
            found.ok().and_then(|number| places.get(number)).map(|&(_, place)| place).unwrap_or_default()
        };
        if self.faults.is_empty() {
            let mut found = self.dropped;
            found.sort_by_key(|found| found.at);
            let dropped = found.into_iter().map(|Found { at, what }| Dropped { at: place(at), ..what }).collect();
            return Ok(Reading { message, version: self.version, dropped });
        }
        let mut found = self.faults;
        found.sort_by_key(|found| found.at);
        Err(found.into_iter().map(|Found { at, what }| Fault { at: place(at), ..what }).collect())
    }
}

pub(crate) fn numbered(name: &str, number: Option<usize>) -> String {
    match number {
        Some(number) => format!("{name}[{number}]"),
        None => name.to_owned(),
    }
}

fn text_of(node: XmlNode) -> String {
    node.children().filter(Node::is_text).filter_map(|text| text.text()).collect()
}

impl Walk for Reader<'_> {
    fn version(&self) -> Version {
        self.version
    }

    fn reads(&self) -> bool {
        true
    }

    fn element(&mut self, name: &'static str, body: impl FnOnce(&mut Self)) {
        match self.take_one(name) {
            Some(node) => self.enter(node, None, body),
            None => self.fault(name, Rule::Missing, format!("{name} fehlt.")),
        }
    }

    fn optional_element(&mut self, name: &'static str, _: bool, body: impl FnOnce(&mut Self)) {
        if let Some(node) = self.take_one(name) {
            self.enter(node, None, body);
        }
    }

    fn optional<P: Part>(&mut self, name: &'static str, part: &mut Option<P>) {
        *part = None;
        if let Some(node) = self.take_one(name) {
            let part = part.insert(P::default());
            self.enter(node, None, |reader| part.walk(reader));
        }
    }

    fn many<P: Part>(&mut self, name: &'static str, parts: &mut Vec<P>) {
        let nodes = self.take(name);
        let several = nodes.len() > 1;
        for (at, node) in nodes.into_iter().enumerate() {
            let mut part = P::default();
            self.enter(node, several.then_some(at + 1), |reader| part.walk(reader));
            parts.push(part);
        }
    }

    fn text<S: Simple>(&mut self, value: &mut S) {
        let Some(open) = self.open.last_mut() else { return };
        open.has_text = true;
        let text = text_of(open.node);
        *value = self.parse(self.here(), &[], &text);
    }

    fn attribute<S: Simple>(&mut self, name: &'static str, value: &mut Option<S>) {
        *value = self.take_attribute(name).map(|attribute| {
            let label = format!("@{name}");
            self.parse(attribute.range().start, &[(&label, None)], attribute.value())
        });
    }

    fn fixed_attribute(&mut self, name: &'static str, value: &'static str) {
        if let Some(attribute) = self.take_attribute(name)
            && !["", value].contains(&attribute.value())
        {
            self.drop_at(attribute.range().start, &format!("@{name}"), Why::Contradiction);
        }
    }

    fn foreign(&mut self, elements: &mut Vec<Element>) {
        let Some(open) = self.open.last_mut() else { return };
        for node in std::mem::take(&mut open.children) {
            elements.extend(self.foreign_element(node));
        }
    }

    fn left_out(&mut self, name: &'static str, why: Why) {
        let taken = self.take(name);
        self.drop_all(&taken, why);
    }

    fn lost(&mut self, name: &'static str, why: Why) {
        self.drop_at(self.here(), name, why);
    }

    fn fault(&mut self, name: &'static str, rule: Rule, message: String) {
        let below = [(name, None)];
        self.report(self.here(), if name.is_empty() { &[] } else { &below }, rule, message);
    }
}
