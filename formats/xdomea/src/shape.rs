//! What each type consists of, in the order of the schemas: said once, and walked by the reader and the writer alike,
//! so that the two cannot differ. Where versions differ, it is here that they do.
//!
//! Names of xdomea begin with a capital and are qualified. The two small ones, `code` and `name`, belong to the type
//! `xoev-code:Code` and stand in no namespace.

use std::borrow::Cow;
use std::collections::HashSet;
use std::mem::take;

use crate::model::*;
use crate::values::*;
use crate::{Rule, Version, Why, latin};

/// Goes through a message: [`crate::read`] fills the values it is given, [`crate::write`] looks at them.
pub(crate) trait Walk: Sized {
    fn version(&self) -> Version;
    /// Reading: what the values say before is not meant.
    fn reads(&self) -> bool;

    /// An element that must be there.
    fn element(&mut self, name: &'static str, body: impl FnOnce(&mut Self));
    /// An element without value of its own; `present` tells the writer.
    fn optional_element(&mut self, name: &'static str, present: bool, body: impl FnOnce(&mut Self));
    fn optional<P: Part>(&mut self, name: &'static str, part: &mut Option<P>);
    fn many<P: Part>(&mut self, name: &'static str, parts: &mut Vec<P>);
    /// The text of this element.
    fn text<S: Simple>(&mut self, value: &mut S);
    fn attribute<S: Simple>(&mut self, name: &'static str, value: &mut Option<S>);
    /// An attribute that may be left out or must have this value.
    fn fixed_attribute(&mut self, name: &'static str, value: &'static str);
    /// Elements of other namespaces.
    fn foreign(&mut self, elements: &mut Vec<Element>);
    /// An element that may be there and does not come into the model.
    fn left_out(&mut self, name: &'static str, why: Why);
    /// This element, or its child of that name, was taken and yet does not come into the model.
    fn lost(&mut self, name: &'static str, why: Why);
    /// A fault of this element, or of the child or attribute named.
    fn fault(&mut self, name: &'static str, rule: Rule, message: String);

    /// A rule of the specification that no schema can say; see [`crate::hints`].
    fn hint(&mut self, _name: &'static str, _broken: bool, _message: &str) {}

    fn required<P: Part>(&mut self, name: &'static str, part: &mut P) {
        self.element(name, |w| part.walk(w));
    }

    fn at_least_one<P: Part>(&mut self, name: &'static str, parts: &mut Vec<P>) {
        self.many(name, parts);
        if parts.is_empty() {
            self.fault(name, Rule::Missing, format!("Mindestens ein {name} ist nötig."));
        }
    }

    /// An element that this version does not have.
    fn absent(&mut self, name: &'static str, said: bool) {
        if said {
            let version = self.version().number();
            self.fault(name, Rule::Version, format!("xdomea {version} kennt hier kein {name}."));
        }
    }

    /// An element that only versions before 3.0.0 demand.
    fn demanded_before_3(&mut self, name: &'static str, said: bool) {
        if self.old() && !said {
            let version = self.version().number();
            self.fault(name, Rule::Missing, format!("xdomea {version} verlangt hier {name}."));
        }
    }

    fn old(&self) -> bool {
        self.version() < Version::V3_0_0
    }

    fn choice(&mut self, given: usize, names: &str) {
        if given != 1 {
            self.fault("", Rule::Choice, format!("Genau eines ist nötig: {names}."));
        }
    }
}

/// A type of the schema.
pub(crate) trait Part: Default {
    fn walk<W: Walk>(&mut self, w: &mut W);
}

/// A type whose values are texts.
pub(crate) trait Simple: Default {
    /// # Errors
    /// The text is none of this type; a German message.
    fn parse(text: &str, version: Version) -> Result<Self, String>;
    /// # Errors
    /// The value cannot be written in this version; a German message.
    fn print(&self, version: Version) -> Result<Cow<'_, str>, String>;
}

impl<S: Simple> Part for S {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.text(self);
    }
}

/// Characters of XML 1.0.
fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

fn printable(text: &str, version: Version) -> Result<(), String> {
    if let Some(c) = text.chars().find(|&c| !is_xml(c)) {
        return Err(format!("Das Zeichen U+{:04X} kann in XML nicht stehen.", u32::from(c)));
    }
    match latin::first_refused(text) {
        Some(c) if version < Version::V3_0_0 => Err(format!(
            "Das Zeichen U+{:04X} gehört nicht zum Zeichensatz von xdomea {}.",
            u32::from(c),
            version.number()
        )),
        _ => Ok(()),
    }
}

impl Simple for String {
    fn parse(text: &str, _: Version) -> Result<Self, String> {
        Ok(text.to_owned())
    }

    fn print(&self, version: Version) -> Result<Cow<'_, str>, String> {
        printable(self, version)?;
        Ok(Cow::Borrowed(self))
    }
}

/// `xs:token`: no spaces at the ends, single ones between words.
#[derive(Default)]
struct Token(String);

impl Simple for Token {
    fn parse(text: &str, _: Version) -> Result<Self, String> {
        Ok(Self(text.split([' ', '\t', '\n', '\r']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")))
    }

    fn print(&self, _: Version) -> Result<Cow<'_, str>, String> {
        // Codes are no texts of the type String.Latin.
        printable(&self.0, Version::V3_0_0)?;
        match Self::parse(&self.0, Version::V3_0_0) {
            Ok(token) if token.0 == self.0 => Ok(Cow::Borrowed(&self.0)),
            _ => Err("Ein Code hat keine Leerzeichen am Rand, keine doppelten und keine Zeilenumbrüche.".to_owned()),
        }
    }
}

/// `xs:normalizedString`: one line.
#[derive(Default)]
struct Line(String);

impl Simple for Line {
    fn parse(text: &str, _: Version) -> Result<Self, String> {
        Ok(Self(text.replace(['\t', '\n', '\r'], " ")))
    }

    fn print(&self, _: Version) -> Result<Cow<'_, str>, String> {
        printable(&self.0, Version::V3_0_0)?;
        if self.0.contains(['\t', '\n', '\r']) {
            return Err("Zeilenumbrüche und Tabulatoren sind hier nicht erlaubt.".to_owned());
        }
        Ok(Cow::Borrowed(&self.0))
    }
}

/// `xs:anyURI` of a code list.
#[derive(Default)]
struct Uri(String);

impl Simple for Uri {
    fn parse(text: &str, version: Version) -> Result<Self, String> {
        Ok(Self(Token::parse(text, version)?.0))
    }

    fn print(&self, _: Version) -> Result<Cow<'_, str>, String> {
        let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~/".contains(&b));
        let is_urn = |text: &str| {
            text.strip_prefix("urn:").is_some_and(|rest| rest.split(':').all(|part| !part.is_empty() && plain(part)))
        };
        let is_web = |text: &str| {
            let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
            rest.is_some_and(|rest| !rest.is_empty() && plain(rest))
        };
        if self.0.is_empty() || is_urn(&self.0) || is_web(&self.0) {
            return Ok(Cow::Borrowed(&self.0));
        }
        Err("Die Kennung einer Codeliste ist eine URN (urn:…) oder eine Adresse (https://…).".to_owned())
    }
}

impl Simple for bool {
    fn parse(text: &str, _: Version) -> Result<Self, String> {
        match text.trim() {
            "1" | "true" => Ok(true),
            "0" | "false" => Ok(false),
            _ => Err("Erwartet wird 1 oder 0.".to_owned()),
        }
    }

    fn print(&self, _: Version) -> Result<Cow<'_, str>, String> {
        Ok(Cow::Borrowed(if *self { "1" } else { "0" }))
    }
}

/// A flag that before 3.0.0 has this value when its element is empty.
#[derive(Default)]
struct Flag<const EMPTY: bool>(bool);

impl<const EMPTY: bool> Simple for Flag<EMPTY> {
    fn parse(text: &str, version: Version) -> Result<Self, String> {
        if text.is_empty() && version < Version::V3_0_0 {
            return Ok(Self(EMPTY));
        }
        bool::parse(text, version).map(Self)
    }

    fn print(&self, _: Version) -> Result<Cow<'_, str>, String> {
        Ok(Cow::Borrowed(if self.0 { "1" } else { "0" }))
    }
}

fn flag<const EMPTY: bool, W: Walk>(w: &mut W, name: &'static str, value: &mut bool) {
    let mut flag = Flag::<EMPTY>(*value);
    w.required(name, &mut flag);
    *value = flag.0;
}

/// A flag that can only be set, also by an empty element.
#[derive(Default)]
struct Wahr;

impl Simple for Wahr {
    fn parse(text: &str, version: Version) -> Result<Self, String> {
        match bool::parse(text, version) {
            Ok(true) => Ok(Self),
            Err(_) if text.is_empty() => Ok(Self),
            _ => Err("Erwartet wird 1.".to_owned()),
        }
    }

    fn print(&self, _: Version) -> Result<Cow<'_, str>, String> {
        Ok(Cow::Borrowed("1"))
    }
}

impl Simple for u16 {
    fn parse(text: &str, _: Version) -> Result<Self, String> {
        text.trim().parse().map_err(|_| "Erwartet wird eine Zahl von 0 bis 65535.".to_owned())
    }

    fn print(&self, _: Version) -> Result<Cow<'_, str>, String> {
        Ok(Cow::Owned(self.to_string()))
    }
}

/// What `parse` of a value and its text have in common.
fn parsed<T>(value: Option<T>, what: &str, text: &str) -> Result<T, String> {
    let start: String = text.chars().take(40).collect();
    value.ok_or_else(|| format!("„{start}“ ist {what}."))
}

fn filled<'t>(text: &'t str, what: &str) -> Result<Cow<'t, str>, String> {
    if text.is_empty() { Err(format!("Hier fehlt {what}.")) } else { Ok(Cow::Borrowed(text)) }
}

impl Simple for Uuid {
    fn parse(text: &str, _: Version) -> Result<Self, String> {
        parsed(Self::parse(text.trim()), "keine UUID", text)
    }

    fn print(&self, _: Version) -> Result<Cow<'_, str>, String> {
        filled(self.as_str(), "eine UUID")
    }
}

impl Simple for Date {
    fn parse(text: &str, _: Version) -> Result<Self, String> {
        parsed(Self::parse(text.trim()), "kein Datum", text)
    }

    fn print(&self, _: Version) -> Result<Cow<'_, str>, String> {
        filled(self.as_str(), "ein Datum")
    }
}

impl Simple for DateTime {
    fn parse(text: &str, _: Version) -> Result<Self, String> {
        parsed(Self::parse(text.trim()), "kein Zeitpunkt", text)
    }

    fn print(&self, _: Version) -> Result<Cow<'_, str>, String> {
        filled(self.as_str(), "ein Zeitpunkt")
    }
}

impl Simple for Time {
    fn parse(text: &str, _: Version) -> Result<Self, String> {
        parsed(Self::parse(text.trim()), "keine Uhrzeit", text)
    }

    fn print(&self, _: Version) -> Result<Cow<'_, str>, String> {
        filled(self.as_str(), "eine Uhrzeit")
    }
}

/// The end of a retention: a day since 3.0.0; before, the year whose last day it is.
#[derive(Default)]
struct Aufbewahrungsende(Date);

impl Simple for Aufbewahrungsende {
    fn parse(text: &str, version: Version) -> Result<Self, String> {
        if version >= Version::V3_0_0 {
            return <Date as Simple>::parse(text, version).map(Self);
        }
        parsed(Date::end_of_year(text.trim()).map(Self), "keine Jahreszahl", text)
    }

    fn print(&self, version: Version) -> Result<Cow<'_, str>, String> {
        if version >= Version::V3_0_0 {
            return self.0.print(version);
        }
        let year = self.0.year_it_ends();
        year.map(Cow::Owned)
            .ok_or_else(|| format!("xdomea {} kennt nur Jahre: der 31.12. ist nötig.", version.number()))
    }
}

impl Simple for Dateiname {
    fn parse(text: &str, _: Version) -> Result<Self, String> {
        parsed(Self::parse(text), "kein Dateiname, der mit einer UUID beginnt und keinen Pfad enthält", text)
    }

    fn print(&self, version: Version) -> Result<Cow<'_, str>, String> {
        if version < Version::V3_0_0 && !self.as_str().is_empty() && !self.has_words_and_extension() {
            return Err(format!("xdomea {} verlangt Dateinamen der Form UUID_Name.Endung.", version.number()));
        }
        printable(self.as_str(), Version::V3_0_0)?;
        filled(self.as_str(), "ein Dateiname")
    }
}

impl Simple for Base64 {
    fn parse(text: &str, _: Version) -> Result<Self, String> {
        parsed(Self::parse(text), "kein Base64", text)
    }

    fn print(&self, _: Version) -> Result<Cow<'_, str>, String> {
        Ok(Cow::Borrowed(self.as_str()))
    }
}

/// Object identifier of a signature (`xs:NMTOKEN`); empty means the default of the schema.
#[derive(Default)]
struct Oid(String);

impl Simple for Oid {
    fn parse(text: &str, _: Version) -> Result<Self, String> {
        Ok(Self(text.trim().to_owned()))
    }

    fn print(&self, _: Version) -> Result<Cow<'_, str>, String> {
        if self.0.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:".contains(&byte)) {
            return Ok(Cow::Borrowed(&self.0));
        }
        Err("Eine OID besteht aus Zahlen und Punkten.".to_owned())
    }
}

/// Place in a container: a text before 3.0.0, a number since.
#[derive(Default)]
struct Nummer(String);

impl Nummer {
    fn is_number(text: &str) -> bool {
        text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u32>().is_ok()
    }
}

impl Simple for Nummer {
    fn parse(text: &str, version: Version) -> Result<Self, String> {
        if version < Version::V3_0_0 {
            return Ok(Self(text.to_owned()));
        }
        let number = Some(text.trim()).filter(|number| Self::is_number(number));
        parsed(number.map(|number| Self(number.to_owned())), "keine Zahl", text)
    }

    fn print(&self, version: Version) -> Result<Cow<'_, str>, String> {
        if version >= Version::V3_0_0 && !Self::is_number(&self.0) {
            return Err(format!("xdomea {} verlangt eine Zahl bis 4294967295.", version.number()));
        }
        self.0.print(version)
    }
}

/// A code of a list that is known.
#[derive(Default)]
struct Listed<T>(T);

impl<T: Codeliste + PartialEq> Simple for Listed<T> {
    fn parse(text: &str, version: Version) -> Result<Self, String> {
        if T::EMPTY_BEFORE_3 && version < Version::V3_0_0 && text.is_empty() {
            return Ok(Self::default());
        }
        let code = T::CODES.iter().find(|(_, code)| *code == text.trim()).map(|&(value, _)| Self(value));
        parsed(code, "kein Code dieser Liste", text)
    }

    fn print(&self, _: Version) -> Result<Cow<'_, str>, String> {
        let code = T::CODES.iter().find(|(value, _)| *value == self.0).map(|&(_, code)| Cow::Borrowed(code));
        code.ok_or_else(|| "Dieser Code fehlt in der Liste.".to_owned())
    }
}

impl<T: Codeliste + PartialEq> Part for Coded<T> {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        list_of::<T, W>(w);
        let mut code = Listed(self.code);
        w.required("code", &mut code);
        self.code = code.0;
        line(w, "name", &mut self.name);
    }
}

fn list_of<T: Codeliste, W: Walk>(w: &mut W) {
    let (since_3, before_3) = T::VERSIONS;
    let version = if w.old() { before_3 } else { since_3 };
    w.fixed_attribute("listURI", T::URI);
    w.fixed_attribute("listVersionID", version);
}

fn token<W: Walk>(w: &mut W, name: &'static str, value: &mut String) {
    let mut token = Token(take(value));
    w.required(name, &mut token);
    *value = token.0;
}

fn line<W: Walk>(w: &mut W, name: &'static str, value: &mut Option<String>) {
    let mut line = value.take().map(Line);
    w.optional(name, &mut line);
    *value = line.map(|line| line.0);
}

/// An attribute that must be there.
fn required_attribute<W: Walk, S: Simple>(
    w: &mut W,
    name: &'static str,
    value: &mut String,
    (pack, unpack): (impl Fn(String) -> S, impl Fn(S) -> String),
) {
    let mut attribute = Some(pack(take(value)));
    w.attribute(name, &mut attribute);
    match attribute {
        Some(attribute) => *value = unpack(attribute),
        None => w.fault(name, Rule::Missing, format!("Das Attribut {name} fehlt.")),
    }
}

fn list_version<W: Walk>(w: &mut W, value: &mut String) {
    required_attribute(w, "listVersionID", value, (Line, |line| line.0));
}

impl Part for Code {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        let mut uri = self.list_uri.take().map(Uri);
        w.attribute("listURI", &mut uri);
        self.list_uri = uri.map(|uri| uri.0);
        let mut version = self.list_version.take().map(Line);
        w.attribute("listVersionID", &mut version);
        self.list_version = version.map(|version| version.0);
        token(w, "code", &mut self.code);
        line(w, "name", &mut self.name);
    }
}

impl Part for Fehlercode {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        required_attribute(w, "listURI", &mut self.list_uri, (Uri, |uri| uri.0));
        list_version(w, &mut self.list_version);
        token(w, "code", &mut self.code);
        line(w, "name", &mut self.name);
    }
}

/// What a message consists of behind its root element.
pub(crate) fn message<W: Walk>(w: &mut W, message: &mut Message) {
    let Message { kopf, inhalt } = message;
    let code = inhalt.code();
    match inhalt {
        Inhalt::Aktenplan(it) => {
            head(w, kopf, code, |w| {
                w.many("WeitererEmpfaenger", &mut it.weitere_empfaenger);
                flag::<false, W>(w, "Empfangsbestaetigung", &mut it.empfangsbestaetigung);
            });
            w.required("Aktenplan", &mut it.aktenplan);
        }
        Inhalt::Anbieteverzeichnis(it) => {
            head(w, kopf, code, |w| flag::<false, W>(w, "Empfangsbestaetigung", &mut it.empfangsbestaetigung));
            w.many("Anschreiben", &mut it.anschreiben);
            w.at_least_one("Schriftgutobjekt", &mut it.schriftgutobjekte);
            w.optional("Aktenplan", &mut it.aktenplan);
        }
        Inhalt::Bewertungsverzeichnis(it) => {
            head(w, kopf, code, |w| flag::<false, W>(w, "Empfangsbestaetigung", &mut it.empfangsbestaetigung));
            w.at_least_one("BewertetesObjekt", &mut it.bewertete_objekte);
        }
        Inhalt::Aussonderung(it) => {
            head(w, kopf, code, |w| {
                w.required("Importbestaetigung", &mut Wahr);
                w.required("RueckmeldungArchivkennung", &mut it.rueckmeldung_archivkennung);
                if w.old() {
                    w.absent("Empfangsbestaetigung", it.empfangsbestaetigung);
                } else {
                    flag::<false, W>(w, "Empfangsbestaetigung", &mut it.empfangsbestaetigung);
                }
            });
            w.many("Anschreiben", &mut it.anschreiben);
            w.at_least_one("Schriftgutobjekt", &mut it.schriftgutobjekte);
            w.optional("Aktenplan", &mut it.aktenplan);
        }
        Inhalt::AussonderungImport(it) => {
            head(w, kopf, code, |_| {});
            import(w, it);
        }
        Inhalt::AussonderungEmpfang => {
            if w.old() {
                let message = format!("xdomea {} hat keine Nachricht 0507.", w.version().number());
                w.fault("", Rule::Version, message);
            }
            head(w, kopf, code, |_| {});
        }
        Inhalt::AktenplanEmpfang | Inhalt::AnbietungEmpfang | Inhalt::BewertungEmpfang => head(w, kopf, code, |_| {}),
    }
}

fn head<W: Walk>(w: &mut W, kopf: &mut Nachrichtenkopf, code: &'static str, rest: impl FnOnce(&mut W)) {
    w.element("Kopf", |w| {
        w.required("ProzessID", &mut kopf.prozess_id);
        w.element("Nachrichtentyp", |w| {
            w.fixed_attribute("listURI", "urn:xoev-de:xdomea:codeliste:nachrichtentyp");
            w.fixed_attribute("listVersionID", if w.old() { "1.0" } else { "2.0" });
            let mut found = Token(code.to_owned());
            w.required("code", &mut found);
            if found.0 != code {
                w.lost("code", Why::Contradiction);
            }
            w.left_out("name", Why::CodeName);
        });
        w.required("Erstellungszeitpunkt", &mut kopf.erstellungszeitpunkt);
        w.required("Absender", &mut kopf.absender);
        w.required("Empfaenger", &mut kopf.empfaenger);
        w.optional("SendendesSystem", &mut kopf.sendendes_system);
        w.demanded_before_3("SendendesSystem", kopf.sendendes_system.is_some());
        w.optional("Hinweis", &mut kopf.hinweis);
        w.optional("AnwendungsspezifischeErweiterung", &mut kopf.erweiterung);
        erweiterung_xml(w, &mut kopf.erweiterung_xml);
        rest(w);
    });
}

fn import<W: Walk>(w: &mut W, import: &mut AussonderungImport) {
    if w.old() {
        let (mut gesamt, je_objekt) = match take(import) {
            AussonderungImport::Gesamt(gesamt) => (gesamt, false),
            AussonderungImport::JeObjekt(_) => (Gesamtergebnis::default(), !w.reads()),
        };
        w.absent("AusgesondertesSGO", je_objekt);
        w.required("ErfolgOderMisserfolg", &mut gesamt);
        *import = AussonderungImport::Gesamt(gesamt);
    } else {
        let (mut objekte, gesamt) = match take(import) {
            AussonderungImport::JeObjekt(objekte) => (objekte, false),
            AussonderungImport::Gesamt(_) => (Vec::new(), true),
        };
        if gesamt {
            w.absent("ErfolgOderMisserfolg", true);
            return;
        }
        w.at_least_one("AusgesondertesSGO", &mut objekte);
        *import = AussonderungImport::JeObjekt(objekte);
    }
}

fn erweiterung_xml<W: Walk>(w: &mut W, erweiterung: &mut Option<ErweiterungXml>) {
    if w.old() {
        w.absent("AnwendungsspezifischeErweiterungXML", erweiterung.is_some());
    } else {
        w.optional("AnwendungsspezifischeErweiterungXML", erweiterung);
    }
}

impl Part for SendendesSystem {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.optional("InstanzID", &mut self.instanz_id);
        w.optional("Produktname", &mut self.produktname);
        w.optional("Version", &mut self.version);
    }
}

impl Part for BewertetesObjekt {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.required("ID", &mut self.id);
        w.required("Aussonderungsart", &mut self.aussonderungsart);
    }
}

impl Part for AusgesondertesSgo {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.required("IDSGO", &mut self.id);
        w.required("Erfolgreich", &mut self.erfolgreich);
        w.many("Fehlermeldung", &mut self.fehlermeldungen);
        w.many("FehlermeldungCode", &mut self.fehlermeldung_codes);
        w.optional("Archivkennung", &mut self.archivkennung);
    }
}

impl Part for Gesamtergebnis {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        flag::<true, W>(w, "Erfolgreich", &mut self.erfolgreich);
        w.optional("Fehlermeldung", &mut self.fehlermeldung);
        w.many("Rueckgabeparameter", &mut self.archivkennungen);
    }
}

impl Part for Archivkennung {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.required("ID", &mut self.id);
        w.required("Archivkennung", &mut self.archivkennung);
    }
}

impl Part for Schriftgutobjekt {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        let (mut akte, mut vorgang, mut dokument) = match take(self) {
            Self::Akte(akte) => (Some(akte), None, None),
            Self::Vorgang(vorgang) => (None, Some(vorgang), None),
            Self::Dokument(dokument) => (None, None, Some(dokument)),
        };
        if w.reads() {
            vorgang = None;
        }
        w.optional("Akte", &mut akte);
        w.optional("Vorgang", &mut vorgang);
        w.optional("Dokument", &mut dokument);
        let given = usize::from(akte.is_some()) + usize::from(vorgang.is_some()) + usize::from(dokument.is_some());
        w.choice(given, "Akte, Vorgang, Dokument");
        let one = akte.map(Self::Akte).or(vorgang.map(Self::Vorgang)).or(dokument.map(Self::Dokument));
        *self = one.unwrap_or_default();
    }
}

impl Part for Akte {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        let old = w.old();
        w.required("Identifikation", &mut self.identifikation);
        w.optional("AllgemeineMetadaten", &mut self.allgemeine_metadaten);
        w.optional("ArchivspezifischeMetadaten", &mut self.archivspezifische_metadaten);
        w.optional("Standort", &mut self.standort);
        w.optional("Typ", &mut self.typ);
        w.optional("Laufzeit", &mut self.laufzeit);
        w.many("HistorienProtokollInformation", &mut self.historie);
        w.optional("InternerGeschaeftsgang", &mut self.interner_geschaeftsgang);
        let parts = if old { 0 } else { self.teilakten.len() };
        w.optional_element("Akteninhalt", self.dokumente.len() + self.vorgaenge.len() + parts > 0, |w| {
            w.many("Dokument", &mut self.dokumente);
            w.many("Vorgang", &mut self.vorgaenge);
            if !old {
                w.many("Teilakte", &mut self.teilakten);
            }
            if self.dokumente.is_empty() && self.vorgaenge.is_empty() && self.teilakten.is_empty() {
                w.lost("", Why::Empty);
            }
            if old && !self.dokumente.is_empty() && !self.vorgaenge.is_empty() {
                w.choice(2, "Dokumente oder Vorgänge");
            }
        });
        w.many("Verweis", &mut self.verweise);
        w.many("Kontakt", &mut self.kontakte);
        if old {
            w.many("Teilakte", &mut self.teilakten);
            w.absent("ZdA", self.zda.is_some());
            w.absent("ZdADatum", self.zda_datum.is_some());
        } else {
            w.optional("ZdA", &mut self.zda);
            w.optional("ZdADatum", &mut self.zda_datum);
        }
        w.optional("AnwendungsspezifischeErweiterung", &mut self.erweiterung);
        erweiterung_xml(w, &mut self.erweiterung_xml);
        let (dokumente, vorgaenge) = (self.dokumente.iter(), self.vorgaenge.iter());
        let ids = dokumente.map(|d| &d.identifikation).chain(vorgaenge.map(|v| &v.identifikation));
        numbers(w, ids.chain(self.teilakten.iter().map(|t| &t.identifikation)));
    }
}

impl Part for Vorgang {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        let old = w.old();
        w.required("Identifikation", &mut self.identifikation);
        w.optional("AllgemeineMetadaten", &mut self.allgemeine_metadaten);
        w.optional("ArchivspezifischeMetadaten", &mut self.archivspezifische_metadaten);
        w.optional("Aktenbetreff", &mut self.aktenbetreff);
        w.optional("Typ", &mut self.typ);
        w.optional("ZdA", &mut self.zda);
        if old {
            w.absent("ZdADatum", self.zda_datum.is_some());
        } else {
            w.optional("ZdADatum", &mut self.zda_datum);
        }
        w.optional("Laufzeit", &mut self.laufzeit);
        w.many("HistorienProtokollInformation", &mut self.historie);
        w.optional("InternerGeschaeftsgang", &mut self.interner_geschaeftsgang);
        w.many("Dokument", &mut self.dokumente);
        w.many("Verweis", &mut self.verweise);
        w.many("Kontakt", &mut self.kontakte);
        if !old {
            w.many("Teilvorgang", &mut self.teilvorgaenge);
        }
        w.optional("AnwendungsspezifischeErweiterung", &mut self.erweiterung);
        if old {
            w.many("Teilvorgang", &mut self.teilvorgaenge);
        }
        erweiterung_xml(w, &mut self.erweiterung_xml);
        let (dokumente, teile) = (self.dokumente.iter(), self.teilvorgaenge.iter());
        numbers(w, dokumente.map(|d| &d.identifikation).chain(teile.map(|t| &t.identifikation)));
    }
}

impl Part for Dokument {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        let old = w.old();
        w.required("Identifikation", &mut self.identifikation);
        w.optional("AllgemeineMetadaten", &mut self.allgemeine_metadaten);
        w.optional("FremdesGeschaeftszeichen", &mut self.fremdes_geschaeftszeichen);
        w.optional("Posteingangsdatum", &mut self.posteingangsdatum);
        w.optional("Postausgangsdatum", &mut self.postausgangsdatum);
        w.optional("DatumDesSchreibens", &mut self.datum_des_schreibens);
        w.optional("Bezug", &mut self.bezug);
        w.optional("Hier", &mut self.hier);
        w.optional("Bearbeiter", &mut self.bearbeiter);
        w.optional("Typ", &mut self.typ);
        w.many("HistorienProtokollInformation", &mut self.historie);
        w.optional("InternerGeschaeftsgang", &mut self.interner_geschaeftsgang);
        w.many("Version", &mut self.versionen);
        w.many("Verweis", &mut self.verweise);
        w.many("Anlage", &mut self.anlagen);
        w.many("Absender", &mut self.absender);
        w.many("Empfaenger", &mut self.empfaenger);
        if !old {
            w.many("WeitererKontakt", &mut self.weitere_kontakte);
        }
        w.many("AnwendungsspezifischeErweiterung", &mut self.erweiterungen);
        if old {
            w.many("WeitererKontakt", &mut self.weitere_kontakte);
        }
        erweiterung_xml(w, &mut self.erweiterung_xml);
        numbers(w, self.anlagen.iter().map(|anlage| &anlage.dokument.identifikation));
    }
}

impl Part for Anlage {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        self.dokument.walk(w);
        w.optional("Nummer", &mut self.nummer);
    }
}

impl Part for Dokumentversion {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.required("Nummer", &mut self.nummer);
        w.at_least_one("Format", &mut self.formate);
    }
}

impl Part for Format {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.required("Name", &mut self.name);
        w.optional("SonstigerName", &mut self.sonstiger_name);
        w.required("Version", &mut self.version);
        w.required("Primaerdokument", &mut self.primaerdokument);
        let (is_other, is_named) = (self.name.code == "100", self.sonstiger_name.is_some());
        w.hint("SonstigerName", is_other && !is_named, "Das Format „Sonstiges“ (100) braucht einen Namen.");
        w.hint("SonstigerName", is_named && !is_other, "Nur das Format „Sonstiges“ (100) hat einen eigenen Namen.");
    }
}

impl Part for Dateiformat {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        const ONLY: &str = "1.0";
        w.fixed_attribute("listURI", "urn:xoev-de:xdomea:codeliste:dateiformat");
        if w.old() {
            w.fixed_attribute("listVersionID", ONLY);
            token(w, "code", &mut self.code);
            let listed = matches!(self.code.parse::<u8>(), Ok(1..=45 | 100)) && self.code.len() == 3;
            if w.reads() {
                self.list_version = ONLY.to_owned();
            }
            if !listed || self.list_version != ONLY {
                let version = w.version().number();
                w.fault("code", Rule::Value, format!("xdomea {version} kennt nur die Liste dateiformat {ONLY}."));
            }
        } else {
            list_version(w, &mut self.list_version);
            token(w, "code", &mut self.code);
        }
        w.left_out("name", Why::CodeName);
    }
}

impl Part for Primaerdokument {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        let old = w.old();
        w.required("Dateiname", &mut self.dateiname);
        if old {
            w.absent("DateinameOriginal", self.dateiname_original.is_some());
        } else {
            w.optional("DateinameOriginal", &mut self.dateiname_original);
        }
        w.optional("Ersteller", &mut self.ersteller);
        w.optional("DatumUhrzeit", &mut self.datum_uhrzeit);
        if old {
            w.absent("SignaturSiegel", self.signatur_siegel.is_some());
            w.optional("Signaturdaten", &mut self.signaturdaten);
        } else {
            w.optional("SignaturSiegel", &mut self.signatur_siegel);
            w.absent("Signaturdaten", self.signaturdaten.is_some());
        }
    }
}

impl Part for Signaturdaten {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.required("Signatur", &mut self.signatur);
        w.at_least_one("Zertifikat", &mut self.zertifikate);
        w.at_least_one("Status", &mut self.status);
    }
}

impl Part for Pkcs7Signatur {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.attribute("Version", &mut self.version);
        let mut oid = Oid(take(&mut self.oid));
        w.required("OID", &mut oid);
        self.oid = oid.0;
        w.required("Format", &mut self.format);
        w.optional("Algorithmus", &mut self.algorithmus);
        w.optional("Datum", &mut self.datum);
        w.optional("Unterzeichner", &mut self.unterzeichner);
        w.required("Container", &mut self.container);
    }
}

impl Part for Signaturalgorithmus {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.optional("ID", &mut self.id);
        w.many("Algorithmusparameter", &mut self.parameter);
    }
}

impl Part for X509Zertifikat {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.attribute("Version", &mut self.version);
        w.required("Format", &mut self.format);
        w.required("Zertifikat", &mut self.zertifikat);
    }
}

impl Part for OcspAntwort {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.attribute("Version", &mut self.version);
        w.required("Format", &mut self.format);
        w.required("Antwort", &mut self.antwort);
    }
}

impl Part for SignaturSiegel {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        let (mut eingebettet, mut dateien) = match take(self) {
            Self::Eingebettet if w.reads() => (None, Vec::new()),
            Self::Eingebettet => (Some(Wahr), Vec::new()),
            Self::Dateien(dateien) => (None, dateien),
        };
        w.optional("SignaturSiegelEingebettet", &mut eingebettet);
        w.many("SignaturSiegelDatei", &mut dateien);
        let given = usize::from(eingebettet.is_some()) + usize::from(!dateien.is_empty());
        w.choice(given, "SignaturSiegelEingebettet, SignaturSiegelDatei");
        *self = if eingebettet.is_some() { Self::Eingebettet } else { Self::Dateien(dateien) };
    }
}

impl Part for Identifikation {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.required("ID", &mut self.id);
        let mut nummer = self.nummer_im_uebergeordneten_container.take().map(Nummer);
        w.optional("NummerImUebergeordnetenContainer", &mut nummer);
        self.nummer_im_uebergeordneten_container = nummer.map(|nummer| nummer.0);
    }
}

impl Part for AllgemeineMetadaten {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.optional("Betreff", &mut self.betreff);
        w.optional("Kennzeichen", &mut self.kennzeichen);
        w.optional("Federfuehrung", &mut self.federfuehrung);
        if w.old() {
            w.absent("Aktenfuehrung", self.aktenfuehrung.is_some());
        } else {
            w.optional("Aktenfuehrung", &mut self.aktenfuehrung);
        }
        w.optional("Vertraulichkeitsstufe", &mut self.vertraulichkeitsstufe);
        w.optional("Bemerkung", &mut self.bemerkung);
        w.optional("Medium", &mut self.medium);
        w.optional("Aktenplaneinheit", &mut self.aktenplaneinheit);
    }
}

impl Part for ArchivspezifischeMetadaten {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.optional("Aufbewahrungsdauer", &mut self.aufbewahrungsdauer);
        w.optional("Aussonderungsart", &mut self.aussonderungsart);
        w.optional("Kennung", &mut self.kennung);
        w.optional("Bewertungsvorschlag", &mut self.bewertungsvorschlag);
        let mut ende = self.aufbewahrungsende.take().map(Aufbewahrungsende);
        w.optional("Aufbewahrungsende", &mut ende);
        self.aufbewahrungsende = ende.map(|ende| ende.0);
    }
}

impl Part for Aufbewahrungsdauer {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        if w.old() {
            let mut jahre = match self {
                Self::Jahre(jahre) => *jahre,
                Self::Unbefristet => {
                    w.absent("Unbefristet", true);
                    0
                }
            };
            w.text(&mut jahre);
            *self = Self::Jahre(jahre);
            return;
        }
        let (mut jahre, mut unbefristet) = match self {
            _ if w.reads() => (None, None),
            Self::Jahre(jahre) => (Some(*jahre), None),
            Self::Unbefristet => (None, Some(Wahr)),
        };
        w.optional("AnzahlJahre", &mut jahre);
        w.optional("Unbefristet", &mut unbefristet);
        w.choice(usize::from(jahre.is_some()) + usize::from(unbefristet.is_some()), "AnzahlJahre, Unbefristet");
        *self = jahre.map_or(Self::Unbefristet, Self::Jahre);
    }
}

impl Part for Bewertung {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        let (mut art, mut konfigurierbar) = match take(self) {
            _ if w.reads() => (None, None),
            Self::Aussonderungsart(art) => (Some(art), None),
            Self::Konfigurierbar(text) => (None, Some(text)),
        };
        if w.old() {
            w.absent("AussonderungsartKonfigurierbar", konfigurierbar.is_some());
            let mut art = art.unwrap_or_default();
            art.walk(w);
            *self = Self::Aussonderungsart(art);
            return;
        }
        w.optional("Aussonderungsart", &mut art);
        w.optional("AussonderungsartKonfigurierbar", &mut konfigurierbar);
        let given = usize::from(art.is_some()) + usize::from(konfigurierbar.is_some());
        w.choice(given, "Aussonderungsart, AussonderungsartKonfigurierbar");
        *self = konfigurierbar.map_or_else(|| Self::Aussonderungsart(art.unwrap_or_default()), Self::Konfigurierbar);
    }
}

impl Part for Zeitraum {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.optional("Beginn", &mut self.beginn);
        w.optional("Ende", &mut self.ende);
        if let (Some(beginn), Some(ende)) = (&self.beginn, &self.ende) {
            // Both are written year first; time zones matter for a day at most.
            w.hint("Ende", ende.as_str() < beginn.as_str(), "Das Ende liegt vor dem Beginn.");
        }
    }
}

impl Part for HistorienProtokollInformation {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        let (name, before, after) = match w.old() {
            true => ("Metadatum", "AlterWert", "NeuerWert"),
            false => ("MetadatumName", "MetadatumAlterWert", "MetadatumNeuerWert"),
        };
        w.optional(name, &mut self.metadatum_name);
        w.optional(before, &mut self.metadatum_alter_wert);
        w.optional(after, &mut self.metadatum_neuer_wert);
        w.required("Akteur", &mut self.akteur);
        w.required("DatumUhrzeit", &mut self.datum_uhrzeit);
        w.optional("Bemerkung", &mut self.bemerkung);
        w.required("Aktion", &mut self.aktion);
    }
}

impl Part for Verweis {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.optional("ID", &mut self.id);
        w.required("SGOTyp", &mut self.sgo_typ);
        w.optional("SGOKennzeichen", &mut self.sgo_kennzeichen);
        w.optional("Bemerkung", &mut self.bemerkung);
        let led_nowhere = self.id.is_none() && self.sgo_kennzeichen.is_none();
        w.hint("", led_nowhere, "Ein Verweis braucht ID oder SGOKennzeichen.");
    }
}

impl Part for Aktenplan {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.required("Bezeichnung", &mut self.bezeichnung);
        w.optional("Typ", &mut self.typ);
        w.required("Version", &mut self.version);
        w.many("Einheit", &mut self.einheiten);
        w.optional("Gueltigkeit", &mut self.gueltigkeit);
        w.many("Aktenplandatei", &mut self.aktenplandateien);
    }
}

impl Part for Aktenplaneinheit {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.optional("Kennzeichen", &mut self.kennzeichen);
        w.optional("Inhaltsangabe", &mut self.inhaltsangabe);
        if w.old() {
            w.absent("BetreffKurz", self.betreff_kurz.is_some());
        } else {
            w.optional("BetreffKurz", &mut self.betreff_kurz);
        }
    }
}

impl Part for AktenplaneinheitAktenplan {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        let old = w.old();
        self.einheit.walk(w);
        w.required("Aussonderungsart", &mut self.aussonderungsart);
        if old {
            w.absent("Gueltigkeit", self.gueltigkeit.is_some());
        } else {
            w.optional("Gueltigkeit", &mut self.gueltigkeit);
        }
        flag::<false, W>(w, "Stillgelegt", &mut self.stillgelegt);
        w.required("Aufbewahrungsdauer", &mut self.aufbewahrungsdauer);
        w.many("Einheit", &mut self.einheiten);
        if old {
            w.absent("VerweisAktenplaneinheit", !self.verweise.is_empty());
            w.absent("AnwendungsspezifischeErweiterung", self.erweiterung.is_some());
        } else {
            w.many("VerweisAktenplaneinheit", &mut self.verweise);
            w.optional("AnwendungsspezifischeErweiterung", &mut self.erweiterung);
        }
        erweiterung_xml(w, &mut self.erweiterung_xml);
    }
}

impl Part for Kontakt {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.optional("Behoerdenkennung", &mut self.behoerdenkennung);
        w.optional("Institution", &mut self.institution);
        w.optional("Organisationseinheit", &mut self.organisationseinheit);
        w.optional("Name", &mut self.name);
        w.optional("Taetigkeit", &mut self.taetigkeit);
        w.optional("Zustaendigkeit", &mut self.zustaendigkeit);
        w.many("Anschrift", &mut self.anschriften);
        w.many("Kommunikation", &mut self.kommunikation);
        w.optional("Rolle", &mut self.rolle);
        w.many("UnstrukturierteAnschrift", &mut self.unstrukturierte_anschriften);
        w.optional("Geburt", &mut self.geburt);
        w.hint("", *self == Self::default(), "Ein Kontakt sagt wenigstens eines.");
    }
}

/// Numbers in a container: all of its objects have one, or none has; no number twice.
fn numbers<'i, W: Walk>(w: &mut W, objects: impl Iterator<Item = &'i Identifikation>) {
    let (mut seen, mut twice, mut without) = (HashSet::new(), false, false);
    for object in objects {
        match &object.nummer_im_uebergeordneten_container {
            Some(number) => twice |= !seen.insert(number.trim_start_matches('0')),
            None => without = true,
        }
    }
    w.hint("", twice, "Eine Nummer im übergeordneten Container steht zweimal.");
    w.hint("", without && !seen.is_empty(), "Nicht jedes Objekt hat eine Nummer im übergeordneten Container.");
}

impl Part for Behoerdenkennung {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        let key = if w.old() { "Kennung" } else { "Behoerdenschluessel" };
        w.optional(key, &mut self.behoerdenschluessel);
        w.optional("Praefix", &mut self.praefix);
    }
}

impl Part for NameOrganisation {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.optional("Name", &mut self.name);
        w.optional("Kurzbezeichnung", &mut self.kurzbezeichnung);
    }
}

impl Part for Organisationseinheit {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.required("Name", &mut self.name);
    }
}

impl Part for NameNatuerlichePerson {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.optional("Anrede", &mut self.anrede);
        w.optional("Titel", &mut self.titel);
        w.optional("Familienname", &mut self.familienname);
        w.optional("Vorname", &mut self.vorname);
    }
}

impl Part for AllgemeinerName {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.optional("Name", &mut self.name);
    }
}

impl Part for Anschrift {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.optional("Staat", &mut self.staat);
        w.optional("Strasse", &mut self.strasse);
        w.optional("Hausnummer", &mut self.hausnummer);
        w.optional("Postfach", &mut self.postfach);
        w.optional("Postleitzahl", &mut self.postleitzahl);
        w.optional("Ort", &mut self.ort);
        w.optional("Zusatz", &mut self.zusatz);
        w.optional("Typ", &mut self.typ);
    }
}

impl Part for Staat {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.element("Staat", |w| {
            w.fixed_attribute(
                "listURI",
                match w.version() {
                    Version::V2_3_0 => "DIN EN ISO 3166-1",
                    _ => "urn:xoev-de:kosit:codeliste:country-codes",
                },
            );
            list_version(w, &mut self.list_version);
            token(w, "code", &mut self.code);
            line(w, "name", &mut self.name);
        });
    }
}

/// Codes of `kommunikationsart` 1.0 (before 3.0.0), what they are in `erreichbarkeit` 3, and whether they said that the
/// channel is the one of an institution.
const KANAELE: [(&str, &str, bool); 12] = [
    ("001", "01", false),
    ("002", "02", false),
    ("003", "03", false),
    ("004", "04", false),
    ("005", "05", false),
    ("006", "06", false),
    ("007", "09", false),
    ("008", "01", true),
    ("009", "02", true),
    ("010", "04", true),
    ("011", "09", true),
    ("012", "07", false),
];
const ERREICHBARKEIT: &str = "3";

/// A channel before 3.0.0.
#[derive(Default)]
struct Kommunikationsart(String);

impl Part for Kommunikationsart {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.fixed_attribute("listURI", "urn:xoev-de:xdomea:codeliste:kommunikationsart");
        w.fixed_attribute("listVersionID", "1.0");
        token(w, "code", &mut self.0);
        w.left_out("name", Why::CodeName);
    }
}

impl Kommunikation {
    /// The channel in the list before 3.0.0.
    fn kommunikationsart(&self) -> Option<&'static str> {
        let kanal = self.kanal.as_ref().filter(|kanal| kanal.list_version == ERREICHBARKEIT)?;
        let institution = match self.ist_institution {
            Some(false) => return None,
            said => said.is_some(),
        };
        KANAELE.iter().find(|(_, code, of)| *code == kanal.code && *of == institution).map(|&(old, ..)| old)
    }
}

impl Part for Kommunikation {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.optional("IstDienstlich", &mut self.ist_dienstlich);
        if w.old() {
            let mut art = self.kommunikationsart().map(|code| Kommunikationsart(code.to_owned()));
            if art.is_none() && (self.kanal.is_some() || self.ist_institution.is_some()) {
                let message = "Die Liste kommunikationsart 1.0 hat keinen Code für diesen Kanal.".to_owned();
                w.fault("Kanal", Rule::Version, message);
            }
            w.optional("Kanal", &mut art);
            if let (true, Some(art)) = (w.reads(), art) {
                match KANAELE.iter().find(|(old, ..)| *old == art.0) {
                    None => w.fault("Kanal", Rule::Value, format!("„{}“ ist kein Code dieser Liste.", art.0)),
                    Some((_, code, institution)) => {
                        let (code, list_version) = ((*code).to_owned(), ERREICHBARKEIT.to_owned());
                        self.kanal = Some(Kanal { code, list_version });
                        self.ist_institution = institution.then_some(true);
                    }
                }
            }
        } else {
            w.optional("Kanal", &mut self.kanal);
        }
        w.optional("Kennung", &mut self.kennung);
        w.optional("Zusatz", &mut self.zusatz);
        if !w.old() {
            w.optional("IstInstitution", &mut self.ist_institution);
        }
    }
}

impl Part for Kanal {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.fixed_attribute("listURI", "urn:de:xoev:codeliste:erreichbarkeit");
        list_version(w, &mut self.list_version);
        token(w, "code", &mut self.code);
        w.left_out("name", Why::CodeName);
    }
}

impl Part for UnstrukturierteAnschrift {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        const NAMES: [&str; 6] = ["Zeile1", "Zeile2", "Zeile3", "Zeile4", "Zeile5", "Zeile6"];
        w.optional("Typ", &mut self.typ);
        for (name, zeile) in NAMES.iter().zip(&mut self.zeilen) {
            w.optional(name, zeile);
        }
        w.optional("Zusatz", &mut self.zusatz);
    }
}

impl Part for Geburt {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.required("Datum", &mut self.datum);
    }
}

impl Part for Geschaeftsgang {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.required("Identifikation", &mut self.identifikation);
        w.at_least_one("Beteiligungsschritt", &mut self.beteiligungsschritte);
    }
}

impl Part for Beteiligungsschritt {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.required("Nummer", &mut self.nummer);
        w.required("Status", &mut self.status);
        w.required("Verfuegung", &mut self.verfuegung);
        w.optional("Bearbeitung", &mut self.bearbeitung);
    }
}

impl Part for Verfuegung {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.required("Ersteller", &mut self.ersteller);
        w.required("Adressat", &mut self.adressat);
        w.required("Erstellungsdatum", &mut self.erstellungsdatum);
        w.optional("Erstellungsuhrzeit", &mut self.erstellungsuhrzeit);
        w.demanded_before_3("Erstellungsuhrzeit", self.erstellungsuhrzeit.is_some());
        w.optional("Verfuegung", &mut self.verfuegung);
        w.optional("TerminDatum", &mut self.termin_datum);
        w.optional("TerminUhrzeit", &mut self.termin_uhrzeit);
        w.optional("Notiz", &mut self.notiz);
    }
}

impl Part for Bearbeitung {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.required("Bearbeiter", &mut self.bearbeiter);
        w.required("Datum", &mut self.datum);
        w.optional("Uhrzeit", &mut self.uhrzeit);
        w.demanded_before_3("Uhrzeit", self.uhrzeit.is_some());
        w.optional("Vermerk", &mut self.vermerk);
        w.optional("Notiz", &mut self.notiz);
        w.many("Anlage", &mut self.anlagen);
    }
}

impl Part for AnwendungsspezifischeErweiterung {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.required("Kennung", &mut self.kennung);
        w.required("Name", &mut self.name);
        w.optional("Beschreibung", &mut self.beschreibung);
        w.optional("Versionsnummer", &mut self.versionsnummer);
        w.optional("Versionsdatum", &mut self.versionsdatum);
        w.many("Feldgruppe", &mut self.feldgruppen);
        w.many("Feld", &mut self.felder);
    }
}

impl Part for Feldgruppe {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.required("Name", &mut self.name);
        w.required("Beschreibung", &mut self.beschreibung);
        w.many("Unterfeldgruppe", &mut self.unterfeldgruppen);
        w.many("Feld", &mut self.felder);
    }
}

impl Part for Feld {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.required("Name", &mut self.name);
        w.optional("Beschreibung", &mut self.beschreibung);
        w.optional("Datentyp", &mut self.datentyp);
        w.optional("Wert", &mut self.wert);
    }
}

impl Part for ErweiterungXml {
    fn walk<W: Walk>(&mut self, w: &mut W) {
        w.foreign(&mut self.elemente);
    }
}
