//! The metadata table of an export folder: CSV with any separator, or XML with one repeating element, in the encodings
//! that other systems write.

use std::{collections::BTreeMap, fmt::Write as _};

use csv::StringRecord;
use roxmltree::{Document, Node, ParsingOptions};

/// Largest table, in bytes.
pub const LARGEST: u64 = 512 * 1024 * 1024;
/// Largest table in XML: its tree is held in memory as a whole.
const LARGEST_XML: usize = 128 * 1024 * 1024;
const MOST_NODES: u32 = 12_000_000;
/// Deepest element inside a row.
const DEPTH: usize = 4;

/// Why a table cannot be read; the code is translated as `exchange-table-<code>`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    Empty,
    TooLarge,
    /// No separator found, or only one column.
    Columns,
    /// Not well-formed, with a document type, or without repeating element.
    Xml,
}

impl Fault {
    pub fn code(self) -> &'static str {
        match self {
            Fault::Empty => "empty",
            Fault::TooLarge => "too-large",
            Fault::Columns => "columns",
            Fault::Xml => "xml",
        }
    }
}

/// A row and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Line of the file in CSV, number of the element in XML; from 1.
    pub line: u64,
    pub cells: StringRecord,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    pub columns: Vec<String>,
    pub rows: Vec<Record>,
}

/// Reads a table. `separator` and `element` are found where they are empty.
///
/// # Errors
/// The first thing that keeps it from being read as a whole; single bad rows are no error.
pub fn read(bytes: &[u8], xml: bool, separator: &str, element: &str) -> Result<Table, Fault> {
    let text = decode(bytes);
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return Err(Fault::Empty);
    }
    if xml { from_xml(text, element) } else { from_csv(text, separator) }
}

/// UTF-8 and UTF-16 by their byte order mark or their content, otherwise windows-1252: in it every byte is something.
fn decode(bytes: &[u8]) -> String {
    match bytes {
        [0xff, 0xfe, rest @ ..] => return utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => return utf16(rest, u16::from_be_bytes),
        _ => {}
    }
    // Every second byte of Latin text in UTF-16 is zero, and no byte of other text.
    let head = &bytes[..bytes.len().min(64)];
    let zeros = |from: usize| head.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    if zeros(1) * 4 > head.len() {
        return utf16(bytes, u16::from_le_bytes);
    }
    if zeros(0) * 4 > head.len() {
        return utf16(bytes, u16::from_be_bytes);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| windows_1252(*byte)).collect(),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// The characters of 0x80 to 0x9f; the five that the code page leaves open stand for themselves, as browsers do it.
const UPPER: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

fn windows_1252(byte: u8) -> char {
    match byte {
        0x80..=0x9f => UPPER[usize::from(byte - 0x80)],
        other => char::from(other),
    }
}

/// The separator that stands most often in the first line, outside quotation marks.
fn separator_of(text: &str) -> Option<u8> {
    let line = text.lines().next().unwrap_or_default();
    let mut quoted = false;
    let mut counts = [(b';', 0), (b',', 0), (b'\t', 0), (b'|', 0), (b'^', 0)];
    for byte in line.bytes() {
        quoted ^= byte == b'"';
        if !quoted && let Some((_, n)) = counts.iter_mut().find(|(separator, _)| *separator == byte) {
            *n += 1;
        }
    }
    // The first of those that are equally frequent.
    counts.into_iter().rev().max_by_key(|(_, n)| *n).filter(|(_, n)| *n > 0).map(|(separator, _)| separator)
}

fn from_csv(text: &str, separator: &str) -> Result<Table, Fault> {
    let delimiter = match separator.as_bytes() {
        [] => separator_of(text).ok_or(Fault::Columns)?,
        b"\\t" => b'\t',
        [one] if one.is_ascii() && *one != b'"' => *one,
        _ => return Err(Fault::Columns),
    };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|_| Fault::Columns)?;
    let columns: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
    if columns.len() < 2 {
        return Err(Fault::Columns);
    }
    let mut rows: Vec<Record> = Vec::new();
    for record in reader.records() {
        let (line, cells) = match record {
            Ok(cells) => (cells.position().map_or(0, csv::Position::line), cells),
            // Its number of columns is wrong, so that it is refused and listed.
            Err(error) => (error.position().map_or(0, csv::Position::line), StringRecord::new()),
        };
        // Refused rows are kept by their line; lines that end with a carriage return only are all the same one.
        let line = rows.last().map_or(line, |last| line.max(last.line + 1));
        rows.push(Record { line, cells });
    }
    if rows.is_empty() { Err(Fault::Empty) } else { Ok(Table { columns, rows }) }
}

type XmlNode<'x> = Node<'x, 'x>;

fn from_xml(text: &str, element: &str) -> Result<Table, Fault> {
    if text.len() > LARGEST_XML {
        return Err(Fault::TooLarge);
    }
    // The text is decoded by now, whatever its declaration says. A document type is refused by the parser.
    let options = ParsingOptions { nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|_| Fault::Xml)?;
    let name = match element {
        "" => repeating(document.root_element()).ok_or(Fault::Xml)?,
        name => name.to_owned(),
    };
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut columns = Vec::new();
    let mut found = Vec::new();
    for row in document.descendants().filter(|node| node.is_element() && node.tag_name().name() == name) {
        let mut cells = Vec::new();
        flatten(row, "", 0, &mut cells);
        for (column, _) in &cells {
            if !places.contains_key(column) {
                places.insert(column.clone(), columns.len());
                columns.push(column.clone());
            }
        }
        found.push(cells);
    }
    if found.is_empty() {
        return Err(Fault::Xml);
    }
    let rows = (1..).zip(found).map(|(line, cells)| {
        let mut values = vec![String::new(); columns.len()];
        for (column, value) in cells {
            if let Some(cell) = places.get(&column).and_then(|at| values.get_mut(*at)) {
                // An element that repeats inside a row: all its values, one after the other.
                match cell.is_empty() {
                    true => *cell = value,
                    false => {
                        let _ = write!(cell, "; {value}");
                    }
                }
            }
        }
        Record { line, cells: StringRecord::from(values) }
    });
    let rows = rows.collect();
    Ok(Table { columns, rows })
}

/// The name that most children of an element have.
fn repeating(root: XmlNode) -> Option<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for child in root.children().filter(|child| child.is_element()) {
        *counts.entry(child.tag_name().name().to_owned()).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(_, n)| *n).map(|(name, _)| name)
}

/// The values of a row: `name`, `outer/inner`, `@attribute`.
fn flatten(node: XmlNode, prefix: &str, depth: usize, cells: &mut Vec<(String, String)>) {
    for attribute in node.attributes() {
        cells.push((format!("{prefix}@{}", attribute.name()), attribute.value().trim().to_owned()));
    }
    for child in node.children().filter(|child| child.is_element()) {
        let name = format!("{prefix}{}", child.tag_name().name());
        if depth < DEPTH && child.children().any(|inner| inner.is_element()) {
            flatten(child, &format!("{name}/"), depth + 1, cells);
        } else {
            for attribute in child.attributes() {
                cells.push((format!("{name}/@{}", attribute.name()), attribute.value().trim().to_owned()));
            }
            let text: String = child.children().filter_map(|inner| inner.text()).collect();
            cells.push((name, text.trim().to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(table: &Table) -> Vec<Vec<&str>> {
        table.rows.iter().map(|row| row.cells.iter().collect()).collect()
    }

    #[test]
    fn the_separator_and_the_encoding_are_found() {
        let text = "Kennung;Titel\n1;\"Straße; Süd\"\n2;Weg – 5 €\n";
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let marked: Vec<u8> = [0xff, 0xfe].into_iter().chain(utf16.iter().copied()).collect();
        let big: Vec<u8> = [0xfe, 0xff].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect();
        let windows: Vec<u8> = text
            .chars()
            .map(|c| match c {
                '€' => 0x80,
                '–' => 0x96,
                c => u8::try_from(u32::from(c)).unwrap(),
            })
            .collect();
        let with_mark = format!("\u{feff}{text}").into_bytes();
        for bytes in [text.as_bytes().to_vec(), with_mark, utf16, marked, big, windows] {
            let table = read(&bytes, false, "", "").unwrap();
            assert_eq!(table.columns, ["Kennung", "Titel"]);
            assert_eq!(rows(&table), [["1", "Straße; Süd"], ["2", "Weg – 5 €"]]);
            assert_eq!(table.rows[1].line, 3);
        }
        for separator in ["\t", ",", "|"] {
            let table = read(format!("a{separator}b\n1{separator}2\n").as_bytes(), false, "", "").unwrap();
            assert_eq!(rows(&table), [["1", "2"]]);
        }
        assert_eq!(rows(&read(b"a#b\n1#2\n", false, "#", "").unwrap()), [["1", "2"]]);
        assert_eq!(read(b"a\n1\n", false, "", ""), Err(Fault::Columns));
        assert_eq!(read(b" \n", false, "", ""), Err(Fault::Empty));
        assert_eq!(read(b"a;b\n", false, "", ""), Err(Fault::Empty));
    }

    #[test]
    fn every_row_has_a_line_of_its_own() {
        let table = read(b"a;b\r1;2\r3;4\r", false, "", "").unwrap();
        assert_eq!(rows(&table), [["1", "2"], ["3", "4"]]);
        assert!(table.rows[0].line < table.rows[1].line);
    }

    #[test]
    fn a_row_with_too_few_columns_is_kept_to_be_refused() {
        let table = read(b"a;b\n1\n2;3\n", false, "", "").unwrap();
        assert_eq!(rows(&table), [vec!["1"], vec!["2", "3"]]);
    }

    #[test]
    fn the_repeating_element_of_xml_is_a_row() {
        let xml = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><export><kopf/>
            <dok id='1'><titel>A &amp; B</titel><datei name='x'><pfad>a/b.pdf</pfad></datei></dok>
            <dok id='2'><titel><![CDATA[C]]></titel><autor>D</autor></dok></export>";
        let table = read(xml.as_bytes(), true, "", "").unwrap();
        assert_eq!(table.columns, ["@id", "titel", "datei/@name", "datei/pfad", "autor"]);
        assert_eq!(rows(&table), [["1", "A & B", "x", "a/b.pdf", ""], ["2", "C", "", "", "D"]]);
        assert_eq!(table.rows[1].line, 2);
        assert_eq!(read(b"<a>", true, "", ""), Err(Fault::Xml));
        let bomb = "<!DOCTYPE a [<!ENTITY b \"c\">]><a><d>&b;</d></a>";
        assert_eq!(read(bomb.as_bytes(), true, "", ""), Err(Fault::Xml));
    }
}
