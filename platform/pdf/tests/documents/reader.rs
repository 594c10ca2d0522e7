//! Reads a finished PDF back the way a viewer and a screen reader do: text by page with its place on the sheet, and text
//! in the order of the structure tree.

use std::collections::BTreeMap;

use lopdf::content::Content;
use lopdf::{Dictionary, Document, Object, ObjectId};

/// Text shown by one operator, with the point where it starts in mm from the top left corner of the sheet.
#[derive(Debug, Clone)]
pub struct Run {
    pub text: String,
    pub x: f32,
    pub y: f32,
    pub artifact: bool,
    mcid: Option<i64>,
}

/// One structure element with all text below it.
#[derive(Debug, Clone)]
pub struct Element {
    pub tag: String,
    pub text: String,
    pub alt: Option<String>,
}

pub struct Pdf {
    pub doc: Document,
    pub pages: Vec<Vec<Run>>,
    page_ids: Vec<ObjectId>,
}

impl Pdf {
    pub fn read(bytes: &[u8]) -> Self {
        let doc = Document::load_mem(bytes).expect("a readable PDF");
        let page_ids: Vec<ObjectId> = doc.get_pages().into_values().collect();
        let pages = page_ids.iter().map(|&id| runs(&doc, id)).collect();
        Self { doc, pages, page_ids }
    }

    pub fn catalog(&self) -> &Dictionary {
        self.doc.catalog().expect("a catalog")
    }

    pub fn xmp(&self) -> String {
        let id = self.catalog().get(b"Metadata").and_then(Object::as_reference).expect("metadata");
        let stream = self.doc.get_object(id).and_then(Object::as_stream).expect("a stream");
        let bytes = stream.decompressed_content().unwrap_or_else(|_| stream.content.clone());
        String::from_utf8(bytes).expect("XMP is UTF-8")
    }

    /// Text of a page in the order in which it is drawn, decoration included.
    pub fn page_text(&self, page: usize) -> String {
        self.pages[page].iter().map(|run| run.text.as_str()).collect()
    }

    /// Decoration of a page: what a screen reader passes over.
    pub fn artifacts(&self, page: usize) -> String {
        self.pages[page].iter().filter(|run| run.artifact).map(|run| run.text.as_str()).collect()
    }

    /// All structure elements in reading order, parents before children.
    pub fn elements(&self) -> Vec<Element> {
        let root = self.dict(self.catalog().get(b"StructTreeRoot").expect("a structure tree"));
        let mut found = Vec::new();
        self.collect(root.get(b"K").expect("children"), None, &mut found);
        found
    }

    /// What a screen reader reads: the text of the structure tree.
    pub fn read_aloud(&self) -> String {
        let root = self.dict(self.catalog().get(b"StructTreeRoot").expect("a structure tree"));
        self.collect(root.get(b"K").expect("children"), None, &mut Vec::new())
    }

    fn collect(&self, object: &Object, page: Option<ObjectId>, found: &mut Vec<Element>) -> String {
        match object {
            Object::Array(children) => children.iter().map(|child| self.collect(child, page, found)).collect(),
            Object::Reference(id) => self.collect(self.doc.get_object(*id).expect("a child"), page, found),
            Object::Integer(mcid) => self.marked(page.expect("a page"), *mcid),
            Object::Dictionary(dict) => {
                let page = dict.get(b"Pg").and_then(Object::as_reference).ok().or(page);
                if let Ok(mcid) = dict.get(b"MCID").and_then(Object::as_i64) {
                    return self.marked(page.expect("a page"), mcid);
                }
                let Ok(tag) = dict.get(b"S").and_then(Object::as_name) else { return String::new() };
                let alt = dict.get(b"Alt").ok().map(|alt| lopdf::decode_text_string(alt).expect("a text"));
                let place = found.len();
                found.push(Element { tag: String::from_utf8_lossy(tag).into_owned(), text: String::new(), alt });
                let text = dict.get(b"K").map(|children| self.collect(children, page, found)).unwrap_or_default();
                found[place].text = text.clone();
                text
            }
            _ => String::new(),
        }
    }

    fn marked(&self, page: ObjectId, mcid: i64) -> String {
        let page = self.page_ids.iter().position(|&id| id == page).expect("a page of this file");
        self.pages[page].iter().filter(|run| run.mcid == Some(mcid)).map(|run| run.text.as_str()).collect()
    }

    pub fn dict<'a>(&'a self, object: &'a Object) -> &'a Dictionary {
        match object {
            Object::Reference(id) => self.doc.get_dictionary(*id).expect("a dictionary"),
            other => other.as_dict().expect("a dictionary"),
        }
    }
}

/// a b c d e f of a PDF transformation.
type Matrix = [f32; 6];

fn times(m: Matrix, n: Matrix) -> Matrix {
    [
        m[0] * n[0] + m[1] * n[2],
        m[0] * n[1] + m[1] * n[3],
        m[2] * n[0] + m[3] * n[2],
        m[2] * n[1] + m[3] * n[3],
        m[4] * n[0] + m[5] * n[2] + n[4],
        m[4] * n[1] + m[5] * n[3] + n[5],
    ]
}

const IDENTITY: Matrix = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];
const MM_PER_POINT: f32 = 25.4 / 72.0;
const A4_HEIGHT_MM: f32 = 297.0;

struct Marked {
    artifact: bool,
    mcid: Option<i64>,
    actual: Option<String>,
}

fn runs(doc: &Document, page: ObjectId) -> Vec<Run> {
    let fonts: BTreeMap<Vec<u8>, BTreeMap<u16, String>> = doc
        .get_page_fonts(page)
        .expect("fonts")
        .into_iter()
        .map(|(name, font)| (name, to_unicode(doc, font)))
        .collect();
    let content = Content::decode(&doc.get_page_content(page)).expect("content");
    let (mut matrix, mut saved, mut text_matrix) = (IDENTITY, Vec::new(), IDENTITY);
    let mut font = None;
    let mut open: Vec<Marked> = Vec::new();
    let mut found: Vec<Run> = Vec::new();
    for operation in content.operations {
        let operands = &operation.operands;
        let read_matrix = || {
            let mut m = IDENTITY;
            for (slot, operand) in m.iter_mut().zip(operands) {
                *slot = operand.as_float().expect("a number");
            }
            m
        };
        match operation.operator.as_str() {
            "q" => saved.push(matrix),
            "Q" => matrix = saved.pop().expect("q before Q"),
            "cm" => matrix = times(read_matrix(), matrix),
            "BT" => text_matrix = IDENTITY,
            "Tm" => text_matrix = read_matrix(),
            "Tf" => font = fonts.get(operands[0].as_name().expect("a font name")),
            "BMC" | "BDC" => {
                let properties = operands.get(1).and_then(|p| p.as_dict().ok());
                open.push(Marked {
                    artifact: operands[0].as_name().is_ok_and(|name| name == b"Artifact"),
                    mcid: properties.and_then(|p| p.get(b"MCID").ok()?.as_i64().ok()),
                    actual: properties.and_then(|p| lopdf::decode_text_string(p.get(b"ActualText").ok()?).ok()),
                });
            }
            "EMC" => {
                let closed = open.pop().expect("BDC before EMC");
                if let (Some(text), Some(run)) = (closed.actual, found.last().cloned()) {
                    found.push(Run { text, ..run });
                }
            }
            "Tj" | "TJ" => {
                let map = font.expect("a font before text");
                let replaced = open.iter().any(|marked| marked.actual.is_some());
                let place = times(text_matrix, matrix);
                found.push(Run {
                    text: if replaced { String::new() } else { shown(&operands[0], map) },
                    x: place[4] * MM_PER_POINT,
                    y: A4_HEIGHT_MM - place[5] * MM_PER_POINT,
                    artifact: open.iter().any(|marked| marked.artifact),
                    mcid: open.iter().find_map(|marked| marked.mcid),
                });
            }
            _ => {}
        }
    }
    found
}

fn shown(operand: &Object, map: &BTreeMap<u16, String>) -> String {
    match operand {
        Object::String(bytes, _) => bytes
            .chunks_exact(2)
            .map(|pair| {
                let glyph = u16::from_be_bytes([pair[0], pair[1]]);
                map.get(&glyph).unwrap_or_else(|| panic!("glyph {glyph} stands for no text")).as_str()
            })
            .collect(),
        Object::Array(parts) => parts.iter().map(|part| shown(part, map)).collect(),
        _ => String::new(),
    }
}

/// The ToUnicode map of a font: `<glyph> <text>` lines between `beginbfchar` and `endbfchar`, and ranges.
fn to_unicode(doc: &Document, font: &Dictionary) -> BTreeMap<u16, String> {
    let id = font.get(b"ToUnicode").and_then(Object::as_reference).expect("a ToUnicode map");
    let stream = doc.get_object(id).and_then(Object::as_stream).expect("a stream");
    let bytes = stream.decompressed_content().unwrap_or_else(|_| stream.content.clone());
    let text = String::from_utf8(bytes).expect("a map in ASCII");
    let hex = |token: &str| u16::from_str_radix(token.trim_matches(['<', '>']), 16).expect("hexadecimal");
    let utf16 = |token: &str| {
        let digits = token.trim_matches(['<', '>']);
        let units: Vec<u16> = (0..digits.len() / 4).map(|at| hex(&digits[at * 4..at * 4 + 4])).collect();
        String::from_utf16(&units).expect("UTF-16")
    };
    let mut map = BTreeMap::new();
    let mut ranges = false;
    for line in text.lines() {
        let tokens: Vec<&str> = line.split_whitespace().collect();
        match tokens.as_slice() {
            [_, "beginbfchar"] => ranges = false,
            [_, "beginbfrange"] => ranges = true,
            [glyph, text] if !ranges && glyph.starts_with('<') => {
                map.insert(hex(glyph), utf16(text));
            }
            [first, last, text] if ranges && first.starts_with('<') => {
                let start = utf16(text).chars().next().expect("a character");
                for (glyph, ch) in (hex(first)..=hex(last)).zip(start..) {
                    map.insert(glyph, ch.to_string());
                }
            }
            _ => {}
        }
    }
    map
}
