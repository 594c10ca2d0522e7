//! Which column of another system's table means what (Zuordnung): data, edited in the browser and kept in versions.

use std::collections::{BTreeMap, HashSet};

use contract_records::{TakenCase, TakenFile};
use kernel::Date;
use serde::{Deserialize, Serialize};

use crate::table::Record;

/// Longest title, path or value that is taken, in characters.
const LONGEST: usize = 1_000;
/// Longest old id or Aktenzeichen, in characters.
const LONGEST_ID: usize = 300;

/// What a row can say; in this order in the form, and by these names in the table that is given out.
pub const FIELDS: [Field; 15] = [
    Field { key: "old-id", column: "kennung", known: &["id", "dokument_id", "doc_id", "dokumentid"] },
    Field { key: "version", column: "fassung", known: &["version", "versionsnummer"] },
    Field { key: "file-number", column: "aktenzeichen", known: &["akte", "akten_id", "az"] },
    Field { key: "file-title", column: "aktentitel", known: &["aktenbetreff", "aktenbezeichnung"] },
    Field { key: "part-of", column: "teil_von", known: &["hauptakte"] },
    Field { key: "entry", column: "kennzeichen", known: &["aktenplan", "aktenplankennzeichen"] },
    Field { key: "case-number", column: "vorgangszeichen", known: &["vorgang_id", "vorgangsnummer"] },
    Field { key: "case-title", column: "vorgangstitel", known: &["vorgang", "vorgangsbetreff"] },
    Field { key: "closed", column: "zda", known: &["zda_datum", "geschlossen"] },
    Field { key: "document-title", column: "dokumenttitel", known: &["titel", "betreff", "dokumentname"] },
    Field { key: "document-date", column: "datum", known: &["dokumentdatum", "belegdatum"] },
    Field { key: "path", column: "datei", known: &["pfad", "dateiname", "dateipfad", "file"] },
    Field { key: "checksum", column: "sha256", known: &["pruefsumme", "prüfsumme", "hash", "md5"] },
    Field { key: "level", column: "vertraulichkeit", known: &["schutzstufe"] },
    Field { key: "unit", column: "einheit", known: &["organisationseinheit", "abteilung", "amt"] },
];

/// Fields whose values are translated from the other system's words into this city's.
pub const TRANSLATED: [&str; 3] = ["entry", "level", "unit"];

pub struct Field {
    pub key: &'static str,
    /// Its column in the table that is given out.
    pub column: &'static str,
    /// Other names by which it is recognised.
    known: &'static [&'static str],
}

/// How dates are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DateFormat {
    /// `2026-11-23`
    #[default]
    Iso,
    /// `23.11.2026`
    German,
    /// `23/11/2026`
    DayFirst,
    /// `11/23/2026`
    MonthFirst,
    /// `20261123`
    Digits,
}

impl DateFormat {
    pub const ALL: [DateFormat; 5] =
        [DateFormat::Iso, DateFormat::German, DateFormat::DayFirst, DateFormat::MonthFirst, DateFormat::Digits];

    pub fn code(self) -> &'static str {
        match self {
            DateFormat::Iso => "iso",
            DateFormat::German => "german",
            DateFormat::DayFirst => "day-first",
            DateFormat::MonthFirst => "month-first",
            DateFormat::Digits => "digits",
        }
    }

    /// The day; a time behind it does not count.
    fn read(self, text: &str) -> Option<Date> {
        let text = text.split([' ', 'T']).next().unwrap_or_default();
        let (separator, order) = match self {
            DateFormat::Iso => ('-', [0, 1, 2]),
            DateFormat::German => ('.', [2, 1, 0]),
            DateFormat::DayFirst => ('/', [2, 1, 0]),
            DateFormat::MonthFirst => ('/', [2, 0, 1]),
            DateFormat::Digits => {
                let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
                let parts = digits.then(|| [&text[..4], &text[4..6], &text[6..]])?;
                return Date::new(parts[0].parse().ok()?, parts[1].parse().ok()?, parts[2].parse().ok()?).ok();
            }
        };
        let parts: Vec<&str> = text.split(separator).collect();
        let [_, _, _] = parts[..] else { return None };
        let [year, month, day] = order.map(|at| parts[at]);
        // Two digits of a year would be a guess.
        let year = Some(year).filter(|year| year.len() == 4)?;
        Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
    }
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Mapping {
    /// Separator of the CSV table; empty: found in the first line.
    #[serde(default)]
    pub separator: String,
    /// Name of the repeating element of an XML table; empty: found.
    #[serde(default)]
    pub element: String,
    #[serde(default)]
    pub dates: DateFormat,
    /// Column of each field.
    #[serde(default)]
    pub columns: BTreeMap<String, String>,
    /// Value of a field where its cell is empty or it has no column.
    #[serde(default)]
    pub defaults: BTreeMap<String, String>,
    /// Words of the other system and what they are here, by field.
    #[serde(default)]
    pub translations: BTreeMap<String, BTreeMap<String, String>>,
}

impl Mapping {
    /// What the names of the columns suggest.
    pub fn guess(columns: &[String]) -> Mapping {
        let mut mapping = Mapping::default();
        for field in &FIELDS {
            let mut names = std::iter::once(&field.column).chain(field.known);
            let found = names.find_map(|name| columns.iter().find(|column| column.to_lowercase() == **name));
            if let Some(column) = found {
                mapping.columns.insert(field.key.to_owned(), column.clone());
            }
        }
        mapping
    }

    /// Mapped columns that the table has not.
    pub fn missing(&self, columns: &[String]) -> Vec<String> {
        self.columns.values().filter(|column| !columns.contains(column)).cloned().collect()
    }
}

/// What this city has, against which rows are checked.
#[derive(Clone, Debug, Default)]
pub struct City {
    /// Kennzeichen of the entries that hold files.
    pub entries: HashSet<String>,
    /// Keys of the units into which whoever started the import may write.
    pub units: HashSet<String>,
}

/// Why a row is refused: code of the text `exchange-refused-<code>`, and the field that is wrong, by its key in [`FIELDS`];
/// empty where it is the whole row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    pub code: String,
    pub field: &'static str,
    /// What stands there, shown beside the mapping and never stored: it may tell of a person.
    pub value: String,
    /// The day on which the same was erased here.
    pub erased_on: Option<Date>,
}

impl Fault {
    pub fn new(code: &str, field: &'static str) -> Fault {
        Fault { code: code.to_owned(), field, value: String::new(), erased_on: None }
    }

    fn with(mut self, value: &str) -> Fault {
        self.value = value.chars().take(LONGEST_ID).collect();
        self
    }

    /// The case or document of the row was erased here on this day.
    pub fn erased(day: Date) -> Fault {
        Fault { erased_on: Some(day), ..Fault::new("erased", "old-id") }
    }
}

/// A checksum that the table gives.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Checksum {
    Md5(String),
    Sha256(String),
}

/// A row as it is meant, before anybody looked at its file.
#[derive(Clone, PartialEq, Debug)]
pub struct Meant {
    pub old_id: String,
    pub version: i64,
    pub file: TakenFile,
    pub case: TakenCase,
    pub document: Option<MeantDocument>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct MeantDocument {
    pub title: String,
    pub dated: Option<Date>,
    /// Below the folder, with `/`.
    pub path: String,
    pub checksum: Option<Checksum>,
}

/// Reads rows of one table by a mapping.
pub struct Reader<'a> {
    mapping: &'a Mapping,
    city: &'a City,
    width: usize,
    places: BTreeMap<&'static str, usize>,
}

impl<'a> Reader<'a> {
    pub fn new(mapping: &'a Mapping, city: &'a City, columns: &[String]) -> Reader<'a> {
        let place = |field: &Field| {
            let column = mapping.columns.get(field.key)?;
            Some((field.key, columns.iter().position(|name| name == column)?))
        };
        Reader { mapping, city, width: columns.len(), places: FIELDS.iter().filter_map(place).collect() }
    }

    fn cell<'r>(&self, row: &'r Record, field: &str) -> &'r str {
        self.places.get(field).and_then(|at| row.cells.get(*at)).unwrap_or_default().trim()
    }

    fn value(&self, row: &Record, field: &str) -> String {
        let cell = self.cell(row, field);
        let value = match cell {
            "" => self.mapping.defaults.get(field).map_or("", |value| value.trim()),
            cell => cell,
        };
        let translated = self.mapping.translations.get(field).and_then(|words| words.get(value));
        translated.map_or(value, String::as_str).to_owned()
    }

    /// Old id and version, whatever else is wrong with the row.
    pub fn key(&self, row: &Record) -> (String, i64) {
        let old_id: String = self.value(row, "old-id").chars().take(LONGEST_ID).collect();
        (old_id, self.value(row, "version").parse().unwrap_or(1))
    }

    /// # Errors
    /// The first reason against the row.
    pub fn read(&self, row: &Record) -> Result<Meant, Fault> {
        if row.cells.len() != self.width {
            return Err(Fault::new("columns", "").with(&format!("{} / {}", row.cells.len(), self.width)));
        }
        let old_id = self.value(row, "old-id");
        if old_id.is_empty() {
            return Err(Fault::new("old-id", "old-id"));
        }
        let version = match self.value(row, "version").as_str() {
            "" => 1,
            text => {
                let number = text.parse::<i64>().ok().filter(|n| *n > 0);
                number.ok_or_else(|| Fault::new("version", "version").with(text))?
            }
        };
        let number = self.value(row, "file-number");
        if number.is_empty() {
            return Err(Fault::new("file-number", "file-number"));
        }
        for (field, most) in
            [("old-id", LONGEST_ID), ("file-number", LONGEST_ID), ("part-of", LONGEST_ID), ("case-number", LONGEST_ID)]
                .into_iter()
                .chain(["file-title", "case-title", "document-title", "path"].map(|field| (field, LONGEST)))
        {
            let value = self.value(row, field);
            if value.chars().count() > most || value.contains('\0') {
                return Err(Fault::new("long", field).with(&value));
            }
        }
        let entry = self.value(row, "entry");
        if !self.city.entries.contains(&entry) {
            return Err(Fault::new("entry", "entry").with(&entry));
        }
        let unit = self.value(row, "unit");
        if !self.city.units.contains(&unit) {
            return Err(Fault::new("unit", "unit").with(&unit));
        }
        let level = self.value(row, "level");
        if identity::access::Confidentiality::from_code(&level).is_none() {
            return Err(Fault::new("level", "level").with(&level));
        }
        let or = |value: String, other: &str| if value.is_empty() { other.to_owned() } else { value };
        let file_title = or(self.value(row, "file-title"), &number);
        let document = self.document(row)?;
        let case_number = self.value(row, "case-number");
        let case_title = match self.value(row, "case-title") {
            // Nothing of a case and no document: the row names a file only.
            title if title.is_empty() && case_number.is_empty() && document.is_none() => String::new(),
            title => or(title, &file_title),
        };
        let known_as = match case_number.as_str() {
            // A line break stands in neither.
            "" => format!("{number}\n{case_title}"),
            number => number.to_owned(),
        };
        let closed = self.date(row, "closed")?;
        Ok(Meant {
            old_id,
            version,
            file: TakenFile {
                whole: Some(self.value(row, "part-of")).filter(|whole| !whole.is_empty() && *whole != number),
                old: number,
                title: file_title,
                entry,
            },
            case: TakenCase {
                old: known_as,
                number: case_number,
                title: case_title,
                unit,
                confidentiality: level,
                closed,
            },
            document,
        })
    }

    fn date(&self, row: &Record, field: &'static str) -> Result<Option<Date>, Fault> {
        match self.value(row, field).as_str() {
            "" => Ok(None),
            text => {
                let day = self.mapping.dates.read(text);
                day.map(Some).ok_or_else(|| Fault::new("date", field).with(text))
            }
        }
    }

    /// None for a row that names a file or case only.
    fn document(&self, row: &Record) -> Result<Option<MeantDocument>, Fault> {
        let path = self.value(row, "path");
        if path.is_empty() {
            return match self.value(row, "document-title").is_empty() {
                true => Ok(None),
                false => Err(Fault::new("path", "path")),
            };
        }
        let clean = clean_path(&path).ok_or_else(|| Fault::new("path", "path").with(&path))?;
        let checksum = match self.value(row, "checksum").to_ascii_lowercase() {
            text if text.is_empty() => None,
            text if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                return Err(Fault::new("checksum-form", "checksum").with(&text));
            }
            text if text.len() == 32 => Some(Checksum::Md5(text)),
            text if text.len() == 64 => Some(Checksum::Sha256(text)),
            text => return Err(Fault::new("checksum-form", "checksum").with(&text)),
        };
        let name = clean.rsplit('/').next().unwrap_or_default();
        let title = match self.value(row, "document-title") {
            title if title.is_empty() => name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned(),
            title => title,
        };
        Ok(Some(MeantDocument { title, dated: self.date(row, "document-date")?, path: clean, checksum }))
    }
}

/// The path with `/`; none when it leads out of the folder.
fn clean_path(path: &str) -> Option<String> {
    let path = path.replace('\\', "/");
    let parts: Vec<&str> = path.split('/').filter(|part| *part != ".").collect();
    let good = |part: &&str| !part.is_empty() && *part != ".." && !part.contains(['\0', ':']);
    (!parts.is_empty() && parts.iter().all(good)).then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table;

    fn city() -> City {
        City { entries: ["61.50".to_owned()].into(), units: ["standesamt".to_owned()].into() }
    }

    fn read(mapping: &Mapping, text: &str) -> Vec<Result<Meant, Fault>> {
        let table = table::read(text.as_bytes(), false, "", "").unwrap();
        let city = city();
        let reader = Reader::new(mapping, &city, &table.columns);
        table.rows.iter().map(|row| reader.read(row)).collect()
    }

    fn mapping() -> Mapping {
        let columns =
            ["Kennung", "Aktenzeichen", "Kennzeichen", "Einheit", "Vertraulichkeit", "Datei", "Datum", "SHA256"];
        Mapping::guess(&columns.map(str::to_owned))
    }

    const HEAD: &str = "Kennung;Aktenzeichen;Kennzeichen;Einheit;Vertraulichkeit;Datei;Datum;SHA256\n";

    #[test]
    fn the_own_column_names_are_recognised() {
        let columns: Vec<String> = FIELDS.iter().map(|field| field.column.to_owned()).collect();
        assert_eq!(Mapping::guess(&columns).columns.len(), FIELDS.len());
        assert_eq!(mapping().missing(&["Kennung".into()]).len(), 7);
    }

    #[test]
    fn a_row_is_read_with_defaults_and_translations() {
        let mut mapping = mapping();
        mapping.dates = DateFormat::German;
        mapping.defaults.insert("level".into(), "normal".into());
        mapping.translations.insert("unit".into(), [("Amt 34".to_owned(), "standesamt".to_owned())].into());
        let rows = read(&mapping, &format!("{HEAD}D1;A 7;61.50;Amt 34;;.\\akten\\a.pdf;29.02.2024 10:00;\n"));
        let meant = rows[0].as_ref().unwrap();
        assert_eq!(
            (meant.file.old.as_str(), meant.file.title.as_str(), meant.case.unit.as_str()),
            ("A 7", "A 7", "standesamt")
        );
        assert_eq!(meant.case.confidentiality, "normal");
        let document = meant.document.as_ref().unwrap();
        assert_eq!((document.path.as_str(), document.title.as_str()), ("akten/a.pdf", "a"));
        assert_eq!(document.dated, Some(Date::constant(2024, 2, 29)));
    }

    #[test]
    fn every_faulty_value_is_named() {
        let rows = [
            (";A;61.50;standesamt;normal;a.pdf;;", "old-id"),
            ("1;;61.50;standesamt;normal;a.pdf;;", "file-number"),
            ("1;A;99;standesamt;normal;a.pdf;;", "entry"),
            ("1;A;61.50;kasse;normal;a.pdf;;", "unit"),
            ("1;A;61.50;standesamt;geheim;a.pdf;;", "level"),
            ("1;A;61.50;standesamt;;a.pdf;;", "level"),
            ("1;A;61.50;standesamt;normal;../a.pdf;;", "path"),
            ("1;A;61.50;standesamt;normal;/etc/passwd;;", "path"),
            ("1;A;61.50;standesamt;normal;C:\\a.pdf;;", "path"),
            ("1;A;61.50;standesamt;normal;a.pdf;2023-02-29;", "date"),
            ("1;A;61.50;standesamt;normal;a.pdf;23-02-01;", "date"),
            ("1;A;61.50;standesamt;normal;a.pdf;;xyz", "checksum-form"),
            ("1;A;61.50;standesamt;normal;a.pdf;;abc", "checksum-form"),
            ("1;A;61.50", "columns"),
        ];
        for (row, code) in rows {
            let read = read(&mapping(), &format!("{HEAD}{row}\n"));
            assert_eq!(read[0].as_ref().unwrap_err().code, code, "{row}");
        }
    }

    #[test]
    fn a_null_character_is_refused() {
        let read = read(&mapping(), &format!("{HEAD}1\0;A;61.50;standesamt;normal;a.pdf;;\n"));
        let fault = read[0].as_ref().unwrap_err();
        assert_eq!((fault.code.as_str(), fault.field), ("long", "old-id"));
    }

    #[test]
    fn dates_are_read_as_they_are_written() {
        let day = Some(Date::constant(2026, 11, 3));
        for (format, text) in
            DateFormat::ALL.into_iter().zip(["2026-11-03", "3.11.2026", "03/11/2026", "11/03/2026", "20261103"])
        {
            assert_eq!(format.read(text), day, "{text}");
            assert_eq!(format.read("31.02.26"), None);
        }
    }
}
