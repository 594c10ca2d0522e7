//! Messages of all kinds, drawn from bytes: each byte decides one thing, and without bytes the smallest message comes.

use xdomea::model::*;
use xdomea::{
    Aussonderungsart, Base64, Beteiligungsstatus, Bewertungsvorschlag, Coded, Codeliste, Date, DateTime, Dateiname,
    Datentyp, Medium, Schriftgutobjekttyp, Time, Uuid, Version, Vertraulichkeitsstufe,
};

pub struct Draw<'b> {
    bytes: std::slice::Iter<'b, u8>,
    version: Version,
    depth: usize,
}

/// A message that can be written in this version.
pub fn message(bytes: &[u8], version: Version) -> Message {
    Draw { bytes: bytes.iter(), version, depth: 0 }.message()
}

impl Draw<'_> {
    fn byte(&mut self) -> usize {
        self.bytes.next().copied().unwrap_or_default().into()
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.byte() % of.len()].clone()
    }

    fn flag(&mut self) -> bool {
        self.byte() % 2 == 1
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.byte() % 3 == 1).then(|| make(self))
    }

    fn several<T>(&mut self, make: impl Fn(&mut Self) -> T) -> Vec<T> {
        let count = [0, 0, 0, 1, 2, 0, 1, 3][self.byte() % 8];
        (0..count).map(|_| make(self)).collect()
    }

    fn some<T>(&mut self, make: impl Fn(&mut Self) -> T) -> Vec<T> {
        let count = 1 + self.byte() % 4 / 3;
        (0..count).map(|_| make(self)).collect()
    }

    /// What hangs below, as long as it is not too deep.
    fn below<T>(&mut self, make: impl Fn(&mut Self) -> T) -> Vec<T> {
        if self.depth >= 4 {
            return Vec::new();
        }
        self.depth += 1;
        let made = self.several(make);
        self.depth -= 1;
        made
    }

    fn old(&self) -> bool {
        self.version < Version::V3_0_0
    }

    fn since_3<T: Default>(&mut self, make: impl FnOnce(&mut Self) -> T) -> T {
        if self.old() { T::default() } else { make(self) }
    }

    fn text(&mut self) -> String {
        const PLAIN: [&str; 10] =
            ["Akte", " ", "Grünfläche", "\n", "\t", "\r", "<&>\"'", "]]>", "M\u{302}arijo", "<!-- & -->"];
        const OTHER: [&str; 6] = ["😀", "Δημος", "\u{85}", "\u{2028}", "e\u{301}", "\u{FFFD}"];
        let count = self.byte() % 4;
        (0..count)
            .map(|_| if !self.old() && self.byte() % 4 == 3 { self.pick(&OTHER) } else { self.pick(&PLAIN) })
            .collect()
    }

    fn words(&mut self) -> Option<String> {
        self.maybe(Self::text)
    }

    fn token(&mut self) -> String {
        self.pick(&["001", "A", "DE", "", "x y", "Ä-&<1"]).to_owned()
    }

    fn line(&mut self) -> String {
        self.pick(&["Bund", "", " zwei  Lücken ", "<name>", "v1"]).to_owned()
    }

    fn uri(&mut self) -> String {
        self.pick(&["", "urn:de:meer:liste", "urn:xoev-de:x:codeliste:y_1.0", "https://codes.example/listen/1"])
            .to_owned()
    }

    fn uuid(&mut self) -> Uuid {
        let text = format!("{:08x}-00Ab-4cDe-8f01-{:012X}", self.byte() * 77, self.byte() * 3);
        Uuid::parse(&text).unwrap()
    }

    fn date(&mut self) -> Date {
        let zone = self.pick(&["", "", "Z", "+01:00", "-14:00"]);
        let (year, month, day) = (1900 + self.byte(), 1 + self.byte() % 12, 1 + self.byte() % 28);
        Date::parse(&format!("{year}-{month:02}-{day:02}{zone}")).unwrap()
    }

    fn time_text(&mut self) -> String {
        let fraction = self.pick(&["", "", ".5", ".123456"]);
        let zone = self.pick(&["", "Z", "+02:00"]);
        format!("{:02}:{:02}:{:02}{fraction}{zone}", self.byte() % 24, self.byte() % 60, self.byte() % 60)
    }

    fn time(&mut self) -> Time {
        Time::parse(&self.time_text()).unwrap()
    }

    /// A time that only versions before 3.0.0 demand.
    fn old_time(&mut self) -> Option<Time> {
        let time = self.maybe(Self::time);
        if self.old() { Some(time.unwrap_or_else(|| Time::parse("00:00:00").unwrap())) } else { time }
    }

    fn date_time(&mut self) -> DateTime {
        let date = Date::new(2000, 2, 29).unwrap();
        DateTime::parse(&format!("{}T{}", date.as_str(), self.time_text())).unwrap()
    }

    fn dateiname(&mut self) -> Dateiname {
        let rest: &[&str] = match self.old() {
            true => &["_.x", "_Antrag vom 3. Mai.pdf", "_ö.PDF"],
            false => &["", ".pdf", "_Antrag", "_Antrag vom 3. Mai.pdf", " & so.txt"],
        };
        let text = format!("{}{}", self.uuid(), self.pick(rest));
        Dateiname::parse(&text).unwrap()
    }

    fn coded<T: Codeliste>(&mut self) -> Coded<T> {
        let (code, _) = self.pick(T::CODES);
        Coded { code, name: self.maybe(Self::line) }
    }

    fn message(&mut self) -> Message {
        let inhalt = match self.byte() % 9 {
            0 => Inhalt::Aussonderung(Aussonderung {
                rueckmeldung_archivkennung: self.flag(),
                empfangsbestaetigung: self.since_3(Self::flag),
                anschreiben: self.several(Self::dokument),
                schriftgutobjekte: self.some(Self::objekt),
                aktenplan: self.maybe(Self::aktenplan),
            }),
            1 => Inhalt::Anbieteverzeichnis(Anbieteverzeichnis {
                empfangsbestaetigung: self.flag(),
                anschreiben: self.several(Self::dokument),
                schriftgutobjekte: self.some(Self::objekt),
                aktenplan: self.maybe(Self::aktenplan),
            }),
            2 => Inhalt::Bewertungsverzeichnis(Bewertungsverzeichnis {
                empfangsbestaetigung: self.flag(),
                bewertete_objekte: self.some(|d| BewertetesObjekt { id: d.uuid(), aussonderungsart: d.bewertung() }),
            }),
            3 => Inhalt::Aktenplan(Aktenplanaustausch {
                weitere_empfaenger: self.several(Self::kontakt),
                empfangsbestaetigung: self.flag(),
                aktenplan: self.aktenplan(),
            }),
            4 => Inhalt::AussonderungImport(self.import()),
            5 => Inhalt::AktenplanEmpfang,
            6 => Inhalt::AnbietungEmpfang,
            7 if !self.old() => Inhalt::AussonderungEmpfang,
            _ => Inhalt::BewertungEmpfang,
        };
        Message { kopf: self.kopf(), inhalt }
    }

    fn kopf(&mut self) -> Nachrichtenkopf {
        let system =
            self.maybe(|d| SendendesSystem { instanz_id: d.words(), produktname: d.words(), version: d.words() });
        Nachrichtenkopf {
            prozess_id: self.uuid(),
            erstellungszeitpunkt: self.date_time(),
            absender: self.kontakt(),
            empfaenger: self.kontakt(),
            sendendes_system: if self.old() { system.or_else(|| Some(Default::default())) } else { system },
            hinweis: self.words(),
            erweiterung: self.maybe(Self::erweiterung),
            erweiterung_xml: self.xml(),
        }
    }

    fn import(&mut self) -> AussonderungImport {
        if self.old() {
            return AussonderungImport::Gesamt(Gesamtergebnis {
                erfolgreich: self.flag(),
                fehlermeldung: self.words(),
                archivkennungen: self.several(|d| Archivkennung { id: d.uuid(), archivkennung: d.text() }),
            });
        }
        AussonderungImport::JeObjekt(self.some(|d| AusgesondertesSgo {
            id: d.uuid(),
            erfolgreich: d.flag(),
            fehlermeldungen: d.several(Self::text),
            fehlermeldung_codes: d.several(|d| Fehlercode {
                code: d.token(),
                name: d.maybe(Self::line),
                list_uri: d.uri(),
                list_version: d.line(),
            }),
            archivkennung: d.words(),
        }))
    }

    fn objekt(&mut self) -> Schriftgutobjekt {
        match self.byte() % 3 {
            0 => Schriftgutobjekt::Vorgang(self.vorgang()),
            1 => Schriftgutobjekt::Akte(self.akte()),
            _ => Schriftgutobjekt::Dokument(self.dokument()),
        }
    }

    fn akte(&mut self) -> Akte {
        let mut akte = Akte {
            identifikation: self.identifikation(),
            allgemeine_metadaten: self.maybe(Self::allgemeine),
            archivspezifische_metadaten: self.maybe(Self::archivspezifische),
            standort: self.words(),
            typ: self.words(),
            laufzeit: self.maybe(Self::zeitraum),
            historie: self.several(Self::historie),
            interner_geschaeftsgang: self.geschaeftsgang(),
            dokumente: self.below(Self::dokument),
            vorgaenge: self.below(Self::vorgang),
            teilakten: self.below(Self::akte),
            verweise: self.several(Self::verweis),
            kontakte: self.several(Self::kontakt),
            zda: self.since_3(|d| d.maybe(Self::flag)),
            zda_datum: self.since_3(|d| d.maybe(Self::date)),
            erweiterung: self.maybe(Self::erweiterung),
            erweiterung_xml: self.xml(),
        };
        if self.old() && !akte.dokumente.is_empty() {
            akte.vorgaenge.clear();
        }
        akte
    }

    fn vorgang(&mut self) -> Vorgang {
        Vorgang {
            identifikation: self.identifikation(),
            allgemeine_metadaten: self.maybe(Self::allgemeine),
            archivspezifische_metadaten: self.maybe(Self::archivspezifische),
            aktenbetreff: self.words(),
            typ: self.words(),
            zda: self.maybe(Self::flag),
            zda_datum: self.since_3(|d| d.maybe(Self::date)),
            laufzeit: self.maybe(Self::zeitraum),
            historie: self.several(Self::historie),
            interner_geschaeftsgang: self.geschaeftsgang(),
            dokumente: self.below(Self::dokument),
            verweise: self.several(Self::verweis),
            kontakte: self.several(Self::kontakt),
            teilvorgaenge: self.below(Self::vorgang),
            erweiterung: self.maybe(Self::erweiterung),
            erweiterung_xml: self.xml(),
        }
    }

    fn dokument(&mut self) -> Dokument {
        Dokument {
            identifikation: self.identifikation(),
            allgemeine_metadaten: self.maybe(Self::allgemeine),
            fremdes_geschaeftszeichen: self.words(),
            posteingangsdatum: self.maybe(Self::date),
            postausgangsdatum: self.maybe(Self::date),
            datum_des_schreibens: self.maybe(Self::date),
            bezug: self.words(),
            hier: self.words(),
            bearbeiter: self.words(),
            typ: self.words(),
            historie: self.several(Self::historie),
            interner_geschaeftsgang: self.geschaeftsgang(),
            versionen: self.several(|d| Dokumentversion { nummer: d.text(), formate: d.some(Self::format) }),
            verweise: self.several(Self::verweis),
            anlagen: self.below(|d| Anlage { dokument: d.dokument(), nummer: d.words() }),
            absender: self.several(Self::kontakt),
            empfaenger: self.several(Self::kontakt),
            weitere_kontakte: self.several(Self::kontakt),
            erweiterungen: self.several(Self::erweiterung),
            erweiterung_xml: self.xml(),
        }
    }

    fn format(&mut self) -> Format {
        let name = match self.old() {
            true => Dateiformat { code: self.pick(&["001", "045", "100"]).to_owned(), list_version: "1.0".to_owned() },
            false => Dateiformat { code: self.token(), list_version: self.line() },
        };
        Format {
            name,
            sonstiger_name: self.words(),
            version: self.text(),
            primaerdokument: Primaerdokument {
                dateiname: self.dateiname(),
                dateiname_original: self.since_3(Self::words),
                ersteller: self.words(),
                datum_uhrzeit: self.maybe(Self::date_time),
                signatur_siegel: self.since_3(|d| {
                    d.maybe(|d| match d.flag() {
                        true => SignaturSiegel::Dateien(d.some(Self::dateiname)),
                        false => SignaturSiegel::Eingebettet,
                    })
                }),
                signaturdaten: if self.old() { self.maybe(Self::signaturdaten) } else { None },
            },
        }
    }

    fn signaturdaten(&mut self) -> Signaturdaten {
        Signaturdaten {
            signatur: Pkcs7Signatur {
                version: self.words(),
                oid: self.pick(&["", "1.2.840.113549.1.7.2"]).to_owned(),
                format: self.text(),
                algorithmus: self.maybe(|d| Signaturalgorithmus { id: d.words(), parameter: d.several(Self::feld) }),
                datum: self.maybe(Self::date_time),
                unterzeichner: self.words(),
                container: self.base64(),
            },
            zertifikate: self.some(|d| X509Zertifikat { version: d.words(), format: d.text(), zertifikat: d.base64() }),
            status: self.some(|d| OcspAntwort { version: d.words(), format: d.text(), antwort: d.base64() }),
        }
    }

    fn base64(&mut self) -> Base64 {
        Base64::parse(self.pick(&["", "QUJD", "QUI=", "QQ==", "QUJD\nQUJD"])).unwrap()
    }

    fn identifikation(&mut self) -> Identifikation {
        let nummer = match self.old() {
            true => self.words(),
            false => self.maybe(|d| d.pick(&["0", "7", "0012", "4294967295"]).to_owned()),
        };
        Identifikation { id: self.uuid(), nummer_im_uebergeordneten_container: nummer }
    }

    fn allgemeine(&mut self) -> AllgemeineMetadaten {
        AllgemeineMetadaten {
            betreff: self.words(),
            kennzeichen: self.words(),
            federfuehrung: self.words(),
            aktenfuehrung: self.since_3(Self::words),
            vertraulichkeitsstufe: self.maybe(Self::coded::<Vertraulichkeitsstufe>),
            bemerkung: self.words(),
            medium: self.maybe(Self::coded::<Medium>),
            aktenplaneinheit: self.maybe(Self::einheit),
        }
    }

    fn einheit(&mut self) -> Aktenplaneinheit {
        Aktenplaneinheit {
            kennzeichen: self.words(),
            inhaltsangabe: self.words(),
            betreff_kurz: self.since_3(Self::words),
        }
    }

    fn archivspezifische(&mut self) -> ArchivspezifischeMetadaten {
        let ende = match self.old() {
            true => self.maybe(|d| Date::new(2000 + d.byte() as u16, 12, 31).unwrap()),
            false => self.maybe(Self::date),
        };
        ArchivspezifischeMetadaten {
            aufbewahrungsdauer: self.maybe(Self::dauer),
            aussonderungsart: self.maybe(Self::bewertung),
            kennung: self.words(),
            bewertungsvorschlag: self.maybe(Self::coded::<Bewertungsvorschlag>),
            aufbewahrungsende: ende,
        }
    }

    fn dauer(&mut self) -> Aufbewahrungsdauer {
        match self.byte() % 3 {
            2 if !self.old() => Aufbewahrungsdauer::Unbefristet,
            _ => Aufbewahrungsdauer::Jahre(self.pick(&[0, 10, 30, u16::MAX])),
        }
    }

    fn bewertung(&mut self) -> Bewertung {
        match self.byte() % 4 {
            3 if !self.old() => Bewertung::Konfigurierbar(self.text()),
            _ => Bewertung::Aussonderungsart(self.coded::<Aussonderungsart>()),
        }
    }

    fn zeitraum(&mut self) -> Zeitraum {
        Zeitraum { beginn: self.maybe(Self::date), ende: self.maybe(Self::date) }
    }

    fn historie(&mut self) -> HistorienProtokollInformation {
        HistorienProtokollInformation {
            metadatum_name: self.words(),
            metadatum_alter_wert: self.words(),
            metadatum_neuer_wert: self.words(),
            akteur: self.text(),
            datum_uhrzeit: self.date_time(),
            bemerkung: self.words(),
            aktion: self.text(),
        }
    }

    fn verweis(&mut self) -> Verweis {
        Verweis {
            id: self.maybe(Self::uuid),
            sgo_typ: self.coded::<Schriftgutobjekttyp>(),
            sgo_kennzeichen: self.words(),
            bemerkung: self.words(),
        }
    }

    fn aktenplan(&mut self) -> Aktenplan {
        Aktenplan {
            bezeichnung: self.text(),
            typ: self.words(),
            version: self.text(),
            einheiten: self.below(Self::planeinheit),
            gueltigkeit: self.maybe(Self::zeitraum),
            aktenplandateien: self.several(Self::format),
        }
    }

    fn planeinheit(&mut self) -> AktenplaneinheitAktenplan {
        AktenplaneinheitAktenplan {
            einheit: self.einheit(),
            aussonderungsart: self.bewertung(),
            gueltigkeit: self.since_3(|d| d.maybe(Self::zeitraum)),
            stillgelegt: self.flag(),
            aufbewahrungsdauer: self.dauer(),
            einheiten: self.below(Self::planeinheit),
            verweise: self.since_3(|d| d.several(Self::text)),
            erweiterung: self.since_3(|d| d.maybe(Self::erweiterung)),
            erweiterung_xml: self.xml(),
        }
    }

    fn code(&mut self) -> Code {
        Code {
            code: self.token(),
            name: self.maybe(Self::line),
            list_uri: self.maybe(Self::uri),
            list_version: self.maybe(Self::line),
        }
    }

    fn kontakt(&mut self) -> Kontakt {
        Kontakt {
            behoerdenkennung: self
                .maybe(|d| Behoerdenkennung { behoerdenschluessel: d.maybe(Self::code), praefix: d.maybe(Self::code) }),
            institution: self.maybe(|d| NameOrganisation { name: d.words(), kurzbezeichnung: d.words() }),
            organisationseinheit: self.maybe(|d| Organisationseinheit { name: d.text() }),
            name: self.maybe(|d| NameNatuerlichePerson {
                anrede: d.words(),
                titel: d.words(),
                familienname: d.maybe(|d| AllgemeinerName { name: d.words() }),
                vorname: d.maybe(|d| AllgemeinerName { name: d.words() }),
            }),
            taetigkeit: self.words(),
            zustaendigkeit: self.words(),
            anschriften: self.several(|d| Anschrift {
                staat: d.maybe(|d| Staat { code: d.token(), name: d.maybe(Self::line), list_version: d.line() }),
                strasse: d.words(),
                hausnummer: d.words(),
                postfach: d.words(),
                postleitzahl: d.words(),
                ort: d.words(),
                zusatz: d.words(),
                typ: d.maybe(Self::coded),
            }),
            kommunikation: self.several(Self::kommunikation),
            rolle: self.maybe(Self::code),
            unstrukturierte_anschriften: self.several(|d| UnstrukturierteAnschrift {
                typ: d.maybe(Self::coded),
                zeilen: std::array::from_fn(|_| d.words()),
                zusatz: d.words(),
            }),
            geburt: self.maybe(|d| Geburt { datum: d.date() }),
        }
    }

    fn kommunikation(&mut self) -> Kommunikation {
        let (kanal, ist_institution) = match self.old() {
            false => (self.maybe(|d| Kanal { code: d.token(), list_version: d.line() }), self.maybe(Self::flag)),
            true => {
                let (code, institution) = self.pick(&[
                    ("01", false),
                    ("02", false),
                    ("09", false),
                    ("07", false),
                    ("01", true),
                    ("04", true),
                    ("09", true),
                ]);
                let kanal = self.maybe(|_| Kanal { code: code.to_owned(), list_version: "3".to_owned() });
                let institution = kanal.is_some() && institution;
                (kanal, institution.then_some(true))
            }
        };
        Kommunikation {
            ist_dienstlich: self.maybe(Self::flag),
            kanal,
            kennung: self.words(),
            zusatz: self.words(),
            ist_institution,
        }
    }

    fn geschaeftsgang(&mut self) -> Option<Geschaeftsgang> {
        if self.byte() % 8 != 7 || self.depth >= 4 {
            return None;
        }
        self.depth += 1;
        let gang = Geschaeftsgang {
            identifikation: self.identifikation(),
            beteiligungsschritte: self.some(|d| Beteiligungsschritt {
                nummer: d.text(),
                status: d.coded::<Beteiligungsstatus>(),
                verfuegung: Verfuegung {
                    ersteller: d.kontakt(),
                    adressat: d.kontakt(),
                    erstellungsdatum: d.date(),
                    erstellungsuhrzeit: d.old_time(),
                    verfuegung: d.words(),
                    termin_datum: d.maybe(Self::date),
                    termin_uhrzeit: d.maybe(Self::time),
                    notiz: d.words(),
                },
                bearbeitung: d.maybe(|d| Bearbeitung {
                    bearbeiter: d.kontakt(),
                    datum: d.date(),
                    uhrzeit: d.old_time(),
                    vermerk: d.words(),
                    notiz: d.words(),
                    anlagen: d.below(Self::dokument),
                }),
            }),
        };
        self.depth -= 1;
        Some(gang)
    }

    fn erweiterung(&mut self) -> AnwendungsspezifischeErweiterung {
        AnwendungsspezifischeErweiterung {
            kennung: self.text(),
            name: self.text(),
            beschreibung: self.words(),
            versionsnummer: self.words(),
            versionsdatum: self.maybe(Self::date),
            feldgruppen: self.below(Self::feldgruppe),
            felder: self.several(Self::feld),
        }
    }

    fn feldgruppe(&mut self) -> Feldgruppe {
        Feldgruppe {
            name: self.text(),
            beschreibung: self.text(),
            unterfeldgruppen: self.below(Self::feldgruppe),
            felder: self.several(Self::feld),
        }
    }

    fn feld(&mut self) -> Feld {
        Feld {
            name: self.text(),
            beschreibung: self.words(),
            datentyp: self.maybe(Self::coded::<Datentyp>),
            wert: self.words(),
        }
    }

    fn xml(&mut self) -> Option<ErweiterungXml> {
        self.since_3(|d| d.maybe(|d| ErweiterungXml { elemente: d.several(|d| d.element(0)) }))
    }

    fn name(&mut self, local: &str) -> Name {
        let namespace = self.pick(&["", "urn:fremd", "urn:fremd:2"]).to_owned();
        Name { namespace, local: local.to_owned() }
    }

    fn element(&mut self, depth: usize) -> Element {
        let local = self.pick(&["feld", "Größe", "_a-1.b", "xdomea"]);
        let name = self.name(local);
        let attribute = ["a", "b"].map(|local| {
            let name = self.name(local);
            self.maybe(|d| (name, d.text()))
        });
        let mut inhalt = Vec::new();
        for _ in 0..self.byte() % 3 {
            let text = self.text();
            // Two texts in a row are one.
            if !text.is_empty() && !matches!(inhalt.last(), Some(Knoten::Text(_))) {
                inhalt.push(Knoten::Text(text));
            }
            if depth < 3 && self.flag() {
                inhalt.push(Knoten::Element(self.element(depth + 1)));
            }
        }
        Element { name, attribute: attribute.into_iter().flatten().collect(), inhalt }
    }
}
