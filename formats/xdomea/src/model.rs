//! What a message says, in the words of the standard (xdomea 3.0.0, module "Baukasten") and without its version: what
//! 2.3.0 and 2.4.0 say in another way is led to the form of 3.0.0. Fields stand in the order of the schema.

use crate::values::*;

/// A message of one of the groups "Aktenplan austauschen" (0301, 0302) and "Aussonderung durchführen" (0501 to 0507).
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub kopf: Nachrichtenkopf,
    pub inhalt: Inhalt,
}

/// What a message is about. Its kind is the message's type; a head that contradicts it cannot be built.
#[derive(Clone, Debug, PartialEq)]
pub enum Inhalt {
    /// 0301: a filing plan.
    Aktenplan(Aktenplanaustausch),
    /// 0302: 0301 has arrived.
    AktenplanEmpfang,
    /// 0501: what is offered to the archive, without files.
    Anbieteverzeichnis(Anbieteverzeichnis),
    /// 0502: what the archive wants of it.
    Bewertungsverzeichnis(Bewertungsverzeichnis),
    /// 0503: the hand-over, with files.
    Aussonderung(Aussonderung),
    /// 0504: 0501 has arrived.
    AnbietungEmpfang,
    /// 0505: 0502 has arrived.
    BewertungEmpfang,
    /// 0506: what of 0503 the archive has taken over; only then may anything be deleted.
    AussonderungImport(AussonderungImport),
    /// 0507: 0503 has arrived. Since 3.0.0.
    AussonderungEmpfang,
}

/// Head of every message (`NkBasisType`). The message type stands in [`Inhalt`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Nachrichtenkopf {
    /// Id of the process; all its messages carry the same one, each type once.
    pub prozess_id: Uuid,
    pub erstellungszeitpunkt: DateTime,
    pub absender: Kontakt,
    pub empfaenger: Kontakt,
    /// Demanded before 3.0.0.
    pub sendendes_system: Option<SendendesSystem>,
    pub hinweis: Option<String>,
    pub erweiterung: Option<AnwendungsspezifischeErweiterung>,
    pub erweiterung_xml: Option<ErweiterungXml>,
}

/// The program a message comes from (`SystemType`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SendendesSystem {
    pub instanz_id: Option<String>,
    pub produktname: Option<String>,
    pub version: Option<String>,
}

/// Content of 0301.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Aktenplanaustausch {
    pub weitere_empfaenger: Vec<Kontakt>,
    /// Whether 0302 is asked for.
    pub empfangsbestaetigung: bool,
    pub aktenplan: Aktenplan,
}

/// Content of 0501.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Anbieteverzeichnis {
    /// Whether 0504 is asked for.
    pub empfangsbestaetigung: bool,
    pub anschreiben: Vec<Dokument>,
    /// At least one.
    pub schriftgutobjekte: Vec<Schriftgutobjekt>,
    pub aktenplan: Option<Aktenplan>,
}

/// Content of 0502.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bewertungsverzeichnis {
    /// Whether 0505 is asked for.
    pub empfangsbestaetigung: bool,
    /// At least one.
    pub bewertete_objekte: Vec<BewertetesObjekt>,
}

/// What the archive decides about one object (`RueckgabeparameterAnbietungType`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BewertetesObjekt {
    pub id: Uuid,
    pub aussonderungsart: Bewertung,
}

/// Content of 0503. That 0506 is asked for (`Importbestaetigung`) is fixed by the schema and always written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Aussonderung {
    /// Whether 0506 shall bring the archive's own signatures.
    pub rueckmeldung_archivkennung: bool,
    /// Whether 0507 is asked for. Before 3.0.0 there is none.
    pub empfangsbestaetigung: bool,
    pub anschreiben: Vec<Dokument>,
    /// At least one.
    pub schriftgutobjekte: Vec<Schriftgutobjekt>,
    pub aktenplan: Option<Aktenplan>,
}

/// Content of 0506.
#[derive(Clone, Debug, PartialEq)]
pub enum AussonderungImport {
    /// 3.0.0: one answer for each object, at least one.
    JeObjekt(Vec<AusgesondertesSgo>),
    /// 2.3.0 and 2.4.0: one answer for all.
    Gesamt(Gesamtergebnis),
}

impl Default for AussonderungImport {
    fn default() -> Self {
        Self::JeObjekt(Vec::new())
    }
}

/// Whether the archive has taken over one object (`ErfolgOderMisserfolgAussonderungType` of 3.0.0).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AusgesondertesSgo {
    pub id: Uuid,
    pub erfolgreich: bool,
    pub fehlermeldungen: Vec<String>,
    pub fehlermeldung_codes: Vec<Fehlercode>,
    pub archivkennung: Option<String>,
}

/// Whether the archive has taken over everything (`ErfolgOderMisserfolgAussonderungType` of 2.3.0 and 2.4.0).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gesamtergebnis {
    pub erfolgreich: bool,
    pub fehlermeldung: Option<String>,
    pub archivkennungen: Vec<Archivkennung>,
}

/// The archive's own signature of one object (`RueckgabeparameterAussonderungType`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Archivkennung {
    pub id: Uuid,
    pub archivkennung: String,
}

/// A unit of records that is handed over by itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Schriftgutobjekt {
    Akte(Akte),
    Vorgang(Vorgang),
    Dokument(Dokument),
}

impl Default for Schriftgutobjekt {
    fn default() -> Self {
        Self::Vorgang(Vorgang::default())
    }
}

/// A file: all cases of one matter of the filing plan (`AkteType`); also a part of one (Teilakte, Band).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Akte {
    pub identifikation: Identifikation,
    pub allgemeine_metadaten: Option<AllgemeineMetadaten>,
    pub archivspezifische_metadaten: Option<ArchivspezifischeMetadaten>,
    /// Where the paper part is.
    pub standort: Option<String>,
    pub typ: Option<String>,
    pub laufzeit: Option<Zeitraum>,
    pub historie: Vec<HistorienProtokollInformation>,
    pub interner_geschaeftsgang: Option<Geschaeftsgang>,
    /// With `vorgaenge` and `teilakten` the content (`Akteninhalt`). Before 3.0.0 a file holds documents or cases, not
    /// both.
    pub dokumente: Vec<Dokument>,
    pub vorgaenge: Vec<Vorgang>,
    pub teilakten: Vec<Akte>,
    pub verweise: Vec<Verweis>,
    pub kontakte: Vec<Kontakt>,
    /// Closed (zu den Akten). Since 3.0.0.
    pub zda: Option<bool>,
    /// Since 3.0.0.
    pub zda_datum: Option<Date>,
    pub erweiterung: Option<AnwendungsspezifischeErweiterung>,
    pub erweiterung_xml: Option<ErweiterungXml>,
}

/// A case (`VorgangType`); also a part of one (Teilvorgang).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Vorgang {
    pub identifikation: Identifikation,
    pub allgemeine_metadaten: Option<AllgemeineMetadaten>,
    pub archivspezifische_metadaten: Option<ArchivspezifischeMetadaten>,
    /// Subject of the file, where the case is handed over without it.
    pub aktenbetreff: Option<String>,
    pub typ: Option<String>,
    /// Closed (zu den Akten).
    pub zda: Option<bool>,
    /// Since 3.0.0.
    pub zda_datum: Option<Date>,
    pub laufzeit: Option<Zeitraum>,
    pub historie: Vec<HistorienProtokollInformation>,
    pub interner_geschaeftsgang: Option<Geschaeftsgang>,
    pub dokumente: Vec<Dokument>,
    pub verweise: Vec<Verweis>,
    pub kontakte: Vec<Kontakt>,
    pub teilvorgaenge: Vec<Vorgang>,
    pub erweiterung: Option<AnwendungsspezifischeErweiterung>,
    pub erweiterung_xml: Option<ErweiterungXml>,
}

/// A document (`DokumentType`): a unit of content in versions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dokument {
    pub identifikation: Identifikation,
    pub allgemeine_metadaten: Option<AllgemeineMetadaten>,
    pub fremdes_geschaeftszeichen: Option<String>,
    pub posteingangsdatum: Option<Date>,
    pub postausgangsdatum: Option<Date>,
    pub datum_des_schreibens: Option<Date>,
    pub bezug: Option<String>,
    pub hier: Option<String>,
    pub bearbeiter: Option<String>,
    pub typ: Option<String>,
    pub historie: Vec<HistorienProtokollInformation>,
    pub interner_geschaeftsgang: Option<Geschaeftsgang>,
    pub versionen: Vec<Dokumentversion>,
    pub verweise: Vec<Verweis>,
    pub anlagen: Vec<Anlage>,
    pub absender: Vec<Kontakt>,
    pub empfaenger: Vec<Kontakt>,
    pub weitere_kontakte: Vec<Kontakt>,
    pub erweiterungen: Vec<AnwendungsspezifischeErweiterung>,
    pub erweiterung_xml: Option<ErweiterungXml>,
}

/// An attachment: a document that belongs to another one (`AnlageDokumentType`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Anlage {
    pub dokument: Dokument,
    pub nummer: Option<String>,
}

/// A state of a document (`VersionType`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dokumentversion {
    pub nummer: String,
    /// At least one: the original, a PDF/A of it.
    pub formate: Vec<Format>,
}

/// A file format and the file in it (`FormatType`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Format {
    pub name: Dateiformat,
    /// Needed when the code says "Sonstiges" (100).
    pub sonstiger_name: Option<String>,
    pub version: String,
    pub primaerdokument: Primaerdokument,
}

/// A code of the list `dateiformat` in the version named; before 3.0.0 that is always `1.0` with 001 to 045 and 100.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dateiformat {
    pub code: String,
    pub list_version: String,
}

/// The file itself (`PrimaerdokumentType`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Primaerdokument {
    pub dateiname: Dateiname,
    /// Since 3.0.0.
    pub dateiname_original: Option<String>,
    pub ersteller: Option<String>,
    pub datum_uhrzeit: Option<DateTime>,
    /// Since 3.0.0.
    pub signatur_siegel: Option<SignaturSiegel>,
    /// Before 3.0.0 only: signatures with all that proves them stood in the message itself. To say it in 3.0.0, the
    /// parts must become files.
    pub signaturdaten: Option<Signaturdaten>,
}

/// A signature and what proves it (`SignaturdatenType` before 3.0.0).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Signaturdaten {
    pub signatur: Pkcs7Signatur,
    /// At least one.
    pub zertifikate: Vec<X509Zertifikat>,
    /// At least one.
    pub status: Vec<OcspAntwort>,
}

/// `PKCS7SignaturType`. Empty texts of OID and format mean the default of the schema.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pkcs7Signatur {
    pub version: Option<String>,
    pub oid: String,
    pub format: String,
    pub algorithmus: Option<Signaturalgorithmus>,
    pub datum: Option<DateTime>,
    pub unterzeichner: Option<String>,
    pub container: Base64,
}

/// `SignaturalgorithmusType`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Signaturalgorithmus {
    pub id: Option<String>,
    pub parameter: Vec<Feld>,
}

/// `X509ZertifikatType`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct X509Zertifikat {
    pub version: Option<String>,
    pub format: String,
    pub zertifikat: Base64,
}

/// `OCSPAntwortType`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OcspAntwort {
    pub version: Option<String>,
    pub format: String,
    pub antwort: Base64,
}

/// Where signature or seal of a file are (`SignaturSiegelType`).
#[derive(Clone, Debug, Default, PartialEq)]
pub enum SignaturSiegel {
    #[default]
    Eingebettet,
    /// At least one file.
    Dateien(Vec<Dateiname>),
}

/// Id of an object, and its place in what holds it (`IdentifikationObjektType`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Identifikation {
    pub id: Uuid,
    /// A text before 3.0.0, a number from 0 to 4,294,967,295 since.
    pub nummer_im_uebergeordneten_container: Option<String>,
}

/// `AllgemeineMetadatenType`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AllgemeineMetadaten {
    pub betreff: Option<String>,
    pub kennzeichen: Option<String>,
    pub federfuehrung: Option<String>,
    /// Since 3.0.0.
    pub aktenfuehrung: Option<String>,
    pub vertraulichkeitsstufe: Option<Coded<Vertraulichkeitsstufe>>,
    pub bemerkung: Option<String>,
    pub medium: Option<Coded<Medium>>,
    pub aktenplaneinheit: Option<Aktenplaneinheit>,
}

/// What matters for retention and hand-over (`MetadatenAussonderungType`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ArchivspezifischeMetadaten {
    pub aufbewahrungsdauer: Option<Aufbewahrungsdauer>,
    pub aussonderungsart: Option<Bewertung>,
    /// The archive's own signature of the object.
    pub kennung: Option<String>,
    pub bewertungsvorschlag: Option<Coded<Bewertungsvorschlag>>,
    /// Before 3.0.0 only a year can be said, which is its 31 December.
    pub aufbewahrungsende: Option<Date>,
}

/// How long an object is kept after it was closed (`AufbewahrungsdauerType`). Before 3.0.0 a number of years only.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Aufbewahrungsdauer {
    Jahre(u16),
    Unbefristet,
}

impl Default for Aufbewahrungsdauer {
    fn default() -> Self {
        Self::Jahre(0)
    }
}

/// Result of an appraisal (`AussonderungsartType`).
#[derive(Clone, Debug, PartialEq)]
pub enum Bewertung {
    Aussonderungsart(Coded<Aussonderungsart>),
    /// A value that office and archive have agreed on. Since 3.0.0.
    Konfigurierbar(String),
}

impl Default for Bewertung {
    fn default() -> Self {
        Self::Aussonderungsart(Coded::default())
    }
}

/// First and last day (`ZeitraumType`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Zeitraum {
    pub beginn: Option<Date>,
    pub ende: Option<Date>,
}

/// A change in the life of an object (`HistorienProtokollInformationType`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HistorienProtokollInformation {
    pub metadatum_name: Option<String>,
    pub metadatum_alter_wert: Option<String>,
    pub metadatum_neuer_wert: Option<String>,
    pub akteur: String,
    pub datum_uhrzeit: DateTime,
    pub bemerkung: Option<String>,
    pub aktion: String,
}

/// A reference to another object (`VerweisType`); id or Kennzeichen should be there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verweis {
    pub id: Option<Uuid>,
    pub sgo_typ: Coded<Schriftgutobjekttyp>,
    pub sgo_kennzeichen: Option<String>,
    pub bemerkung: Option<String>,
}

/// A filing plan (`AktenplanType`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Aktenplan {
    pub bezeichnung: String,
    pub typ: Option<String>,
    pub version: String,
    pub einheiten: Vec<AktenplaneinheitAktenplan>,
    pub gueltigkeit: Option<Zeitraum>,
    pub aktenplandateien: Vec<Format>,
}

/// An entry of the filing plan, as an object names it (`AktenplaneinheitType`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Aktenplaneinheit {
    pub kennzeichen: Option<String>,
    pub inhaltsangabe: Option<String>,
    /// Since 3.0.0.
    pub betreff_kurz: Option<String>,
}

/// An entry of the filing plan, with what it rules (`AktenplaneinheitAktenplanType`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AktenplaneinheitAktenplan {
    pub einheit: Aktenplaneinheit,
    pub aussonderungsart: Bewertung,
    /// Since 3.0.0.
    pub gueltigkeit: Option<Zeitraum>,
    pub stillgelegt: bool,
    pub aufbewahrungsdauer: Aufbewahrungsdauer,
    pub einheiten: Vec<AktenplaneinheitAktenplan>,
    /// Since 3.0.0.
    pub verweise: Vec<String>,
    /// Since 3.0.0.
    pub erweiterung: Option<AnwendungsspezifischeErweiterung>,
    /// Since 3.0.0.
    pub erweiterung_xml: Option<ErweiterungXml>,
}

/// A person or body (`KontaktType`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kontakt {
    pub behoerdenkennung: Option<Behoerdenkennung>,
    pub institution: Option<NameOrganisation>,
    pub organisationseinheit: Option<Organisationseinheit>,
    pub name: Option<NameNatuerlichePerson>,
    pub taetigkeit: Option<String>,
    pub zustaendigkeit: Option<String>,
    pub anschriften: Vec<Anschrift>,
    pub kommunikation: Vec<Kommunikation>,
    pub rolle: Option<Code>,
    pub unstrukturierte_anschriften: Vec<UnstrukturierteAnschrift>,
    pub geburt: Option<Geburt>,
}

/// `BehoerdenkennungType`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Behoerdenkennung {
    /// `Kennung` before 3.0.0.
    pub behoerdenschluessel: Option<Code>,
    pub praefix: Option<Code>,
}

/// `NameOrganisationType`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NameOrganisation {
    pub name: Option<String>,
    pub kurzbezeichnung: Option<String>,
}

/// `OrganisationseinheitType`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Organisationseinheit {
    pub name: String,
}

/// `NameNatuerlichePersonType`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NameNatuerlichePerson {
    pub anrede: Option<String>,
    pub titel: Option<String>,
    pub familienname: Option<AllgemeinerName>,
    pub vorname: Option<AllgemeinerName>,
}

/// `AllgemeinerNameType`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AllgemeinerName {
    pub name: Option<String>,
}

/// `AnschriftType`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Anschrift {
    pub staat: Option<Staat>,
    pub strasse: Option<String>,
    pub hausnummer: Option<String>,
    pub postfach: Option<String>,
    pub postleitzahl: Option<String>,
    pub ort: Option<String>,
    pub zusatz: Option<String>,
    pub typ: Option<Coded<Anschriftstyp>>,
}

/// A country (`StaatType`), by a code of the list `country-codes` in the version named.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Staat {
    pub code: String,
    pub name: Option<String>,
    pub list_version: String,
}

/// `KommunikationType`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kommunikation {
    pub ist_dienstlich: Option<bool>,
    pub kanal: Option<Kanal>,
    pub kennung: Option<String>,
    pub zusatz: Option<String>,
    /// Since 3.0.0; before, some codes of the channel said it, and are led here.
    pub ist_institution: Option<bool>,
}

/// A code of the list `erreichbarkeit` in the version named. The list `kommunikationsart` of 2.3.0 and 2.4.0 is led to
/// version 3 of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kanal {
    pub code: String,
    pub list_version: String,
}

/// `UnstrukturierteAnschriftType`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UnstrukturierteAnschrift {
    pub typ: Option<Coded<Anschriftstyp>>,
    /// `Zeile1` to `Zeile6`; any of them may be missing.
    pub zeilen: [Option<String>; 6],
    pub zusatz: Option<String>,
}

/// `GeburtType`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Geburt {
    pub datum: Date,
}

/// A code of a list that sender and receiver have agreed on (`xoev-code:Code`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Code {
    pub code: String,
    pub name: Option<String>,
    pub list_uri: Option<String>,
    pub list_version: Option<String>,
}

/// A code of a list of error messages, which must be named (`SonstigeFehlermeldungCodeType`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fehlercode {
    pub code: String,
    pub name: Option<String>,
    pub list_uri: String,
    pub list_version: String,
}

/// The way of an object through the house (`GeschaeftsgangType`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Geschaeftsgang {
    pub identifikation: Identifikation,
    /// At least one; always all of them.
    pub beteiligungsschritte: Vec<Beteiligungsschritt>,
}

/// `BeteiligungsschrittType`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Beteiligungsschritt {
    pub nummer: String,
    pub status: Coded<Beteiligungsstatus>,
    pub verfuegung: Verfuegung,
    pub bearbeitung: Option<Bearbeitung>,
}

/// What somebody is asked to do (`VerfuegungType`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verfuegung {
    pub ersteller: Kontakt,
    pub adressat: Kontakt,
    pub erstellungsdatum: Date,
    /// Demanded before 3.0.0.
    pub erstellungsuhrzeit: Option<Time>,
    pub verfuegung: Option<String>,
    pub termin_datum: Option<Date>,
    pub termin_uhrzeit: Option<Time>,
    pub notiz: Option<String>,
}

/// What somebody has done (`BearbeitungType`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bearbeitung {
    pub bearbeiter: Kontakt,
    pub datum: Date,
    /// Demanded before 3.0.0.
    pub uhrzeit: Option<Time>,
    pub vermerk: Option<String>,
    pub notiz: Option<String>,
    pub anlagen: Vec<Dokument>,
}

/// Fields of an application that the standard does not have (`AnwendungsspezifischeErweiterungType`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AnwendungsspezifischeErweiterung {
    pub kennung: String,
    pub name: String,
    pub beschreibung: Option<String>,
    pub versionsnummer: Option<String>,
    pub versionsdatum: Option<Date>,
    pub feldgruppen: Vec<Feldgruppe>,
    pub felder: Vec<Feld>,
}

/// `FeldgruppeType`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Feldgruppe {
    pub name: String,
    pub beschreibung: String,
    pub unterfeldgruppen: Vec<Feldgruppe>,
    pub felder: Vec<Feld>,
}

/// `FeldType`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Feld {
    pub name: String,
    pub beschreibung: Option<String>,
    pub datentyp: Option<Coded<Datentyp>>,
    pub wert: Option<String>,
}

/// Elements of other namespaces (`AnwendungsspezifischeErweiterungXMLType`), which a receiver must not lose. Since
/// 3.0.0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ErweiterungXml {
    pub elemente: Vec<Element>,
}

/// An element of another standard. Prefixes are not kept, and neither are values that depend on them (`xsi:type`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Element {
    pub name: Name,
    pub attribute: Vec<(Name, String)>,
    pub inhalt: Vec<Knoten>,
}

/// Name of an element or attribute; an empty namespace means none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Name {
    pub namespace: String,
    pub local: String,
}

/// Content of an [`Element`].
#[derive(Clone, Debug, PartialEq)]
pub enum Knoten {
    Element(Element),
    Text(String),
}
