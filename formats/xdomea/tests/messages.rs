//! Small messages written for these tests: what is read, what is refused and where, what is dropped, what older
//! versions say in another way.

use std::time::Instant;

use xdomea::model::*;
use xdomea::{
    Aussonderungsart, Date, DateTime, Dropped, Fault, MAX_DEPTH, Medium, Rule, Uuid, Version, Why, read, write,
    write_as,
};

const PROZESS: &str = "0b0d1f6e-2a77-4d0e-9c51-5d8f4f4f1a01";
const OBJEKT: &str = "0b0d1f6e-2a77-4d0e-9c51-5d8f4f4f1a02";
const DATEI: &str = "0b0d1f6e-2a77-4d0e-9c51-5d8f4f4f1a03_Antrag.pdf";

/// A message around this content, each element of the head on a line of its own from line 2.
fn message(version: &str, name: &str, rest_of_head: &str, content: &str) -> String {
    let code = &name[name.len() - 4..];
    format!(
        "<x:{name} xmlns:x=\"urn:xoev-de:xdomea:schema:{version}\"><x:Kopf>
<x:ProzessID>{PROZESS}</x:ProzessID>
<x:Nachrichtentyp><code>{code}</code></x:Nachrichtentyp>
<x:Erstellungszeitpunkt>2026-11-23T14:05:00+01:00</x:Erstellungszeitpunkt>
<x:Absender><x:Institution><x:Name>Stadt Beispiel</x:Name></x:Institution></x:Absender>
<x:Empfaenger/>
{rest_of_head}</x:Kopf>
{content}</x:{name}>"
    )
}

const FLAGS: &str = "<x:Importbestaetigung>1</x:Importbestaetigung>\
    <x:RueckmeldungArchivkennung>true</x:RueckmeldungArchivkennung>\
    <x:Empfangsbestaetigung>0</x:Empfangsbestaetigung>";

/// A hand-over in 3.0.0 of a case with this content.
fn handover(in_case: &str) -> String {
    let content = format!(
        "<x:Schriftgutobjekt><x:Vorgang><x:Identifikation><x:ID>{OBJEKT}</x:ID></x:Identifikation>\n\
         {in_case}</x:Vorgang></x:Schriftgutobjekt>"
    );
    message("3.0.0", "Aussonderung.Aussonderung.0503", FLAGS, &content)
}

fn case_of(message: &Message) -> &Vorgang {
    let Inhalt::Aussonderung(aussonderung) = &message.inhalt else { panic!("{message:?}") };
    let [Schriftgutobjekt::Vorgang(vorgang)] = &aussonderung.schriftgutobjekte[..] else { panic!("{message:?}") };
    vorgang
}

#[track_caller]
fn refused(xml: &str) -> Fault {
    let mut faults = read(xml).unwrap_err();
    assert_eq!(faults.len(), 1, "{faults:?}");
    faults.remove(0)
}

#[track_caller]
fn dropped(xml: &str) -> Vec<(String, Why)> {
    let reading = read(xml).unwrap();
    reading.dropped.into_iter().map(|Dropped { path, why, .. }| (path, why)).collect()
}

fn place(fault: &Fault) -> (u32, u32) {
    (fault.at.line, fault.at.column)
}

#[test]
fn a_handover_is_read() {
    let reading = read(&handover(&format!(
        "<x:AllgemeineMetadaten><x:Betreff>Linde &amp; Ahorn</x:Betreff>\
         <x:Medium listURI='urn:xoev-de:xdomea:codeliste:medium' listVersionID='1.0'><code>001</code>\
         <name>Elektronisch</name></x:Medium></x:AllgemeineMetadaten>\
         <x:ArchivspezifischeMetadaten><x:Aufbewahrungsdauer><x:AnzahlJahre>10</x:AnzahlJahre></x:Aufbewahrungsdauer>\
         <x:Aussonderungsart><x:Aussonderungsart><code>A</code></x:Aussonderungsart></x:Aussonderungsart>\
         </x:ArchivspezifischeMetadaten><x:ZdA>true</x:ZdA><x:ZdADatum>2016-02-29</x:ZdADatum>\
         <x:Dokument><x:Identifikation><x:ID>{OBJEKT}</x:ID></x:Identifikation><x:Version><x:Nummer>1</x:Nummer>\
         <x:Format><x:Name listVersionID='2.0'><code>018</code></x:Name><x:Version/><x:Primaerdokument>\
         <x:Dateiname>{DATEI}</x:Dateiname></x:Primaerdokument></x:Format></x:Version></x:Dokument>"
    )))
    .unwrap();
    assert_eq!(reading.version, Version::V3_0_0);
    assert_eq!(reading.dropped, []);
    let Message { kopf, inhalt } = &reading.message;
    assert_eq!(kopf.prozess_id, Uuid::parse(PROZESS).unwrap());
    assert_eq!(kopf.erstellungszeitpunkt, DateTime::parse("2026-11-23T14:05:00+01:00").unwrap());
    assert_eq!(kopf.absender.institution.as_ref().unwrap().name.as_deref(), Some("Stadt Beispiel"));
    assert!(matches!(inhalt, Inhalt::Aussonderung(Aussonderung { rueckmeldung_archivkennung: true, .. })));
    let vorgang = case_of(&reading.message);
    let metadaten = vorgang.allgemeine_metadaten.as_ref().unwrap();
    assert_eq!(metadaten.betreff.as_deref(), Some("Linde & Ahorn"));
    assert_eq!(metadaten.medium.as_ref().unwrap().code, Medium::Elektronisch);
    assert_eq!(metadaten.medium.as_ref().unwrap().name.as_deref(), Some("Elektronisch"));
    let archiv = vorgang.archivspezifische_metadaten.as_ref().unwrap();
    assert_eq!(archiv.aufbewahrungsdauer, Some(Aufbewahrungsdauer::Jahre(10)));
    assert_eq!(archiv.aussonderungsart, Some(Bewertung::Aussonderungsart(Aussonderungsart::Archivwuerdig.into())));
    assert_eq!((vorgang.zda, vorgang.zda_datum.as_ref().unwrap().as_str()), (Some(true), "2016-02-29"));
    let datei = &vorgang.dokumente[0].versionen[0].formate[0].primaerdokument;
    assert_eq!(datei.dateiname.as_str(), DATEI);
}

#[test]
fn elements_may_stand_in_any_order_and_are_written_in_the_order_of_the_schema() {
    let xml =
        handover("<x:Laufzeit><x:Ende>2020-01-01</x:Ende><x:Beginn>2019-01-01</x:Beginn></x:Laufzeit><x:Typ>B</x:Typ>");
    let written = write(&read(&xml).unwrap().message).unwrap();
    let at = |what: &str| written.find(what).unwrap();
    assert!(at("<xdomea:Typ>") < at("<xdomea:Laufzeit>") && at("<xdomea:Beginn>") < at("<xdomea:Ende>"), "{written}");
    assert!(written.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<xdomea:Aussonderung.Aussonderung.0503 "));
}

#[test]
fn a_byte_order_mark_comments_and_processing_instructions_say_nothing() {
    let xml = handover("<!-- a --><x:Typ>Wider<!-- b -->spruch<?pi?></x:Typ>");
    let reading = read(&format!("\u{FEFF}{xml}")).unwrap();
    assert_eq!(reading.dropped, []);
    assert_eq!(case_of(&reading.message).typ.as_deref(), Some("Widerspruch"));
}

#[test]
fn a_second_single_element_is_refused() {
    let fault = refused(&handover("<x:Typ>A</x:Typ>\n<x:Typ>B</x:Typ>"));
    assert_eq!((fault.rule, place(&fault)), (Rule::Duplicate, (10, 1)));
    assert_eq!(fault.path, "Aussonderung.Aussonderung.0503/Schriftgutobjekt/Vorgang/Typ[2]");
    let fault = refused(&handover("<x:Laufzeit/><x:Laufzeit/>"));
    assert_eq!(fault.rule, Rule::Duplicate);
    let two = format!("<x:Identifikation><x:ID>{OBJEKT}</x:ID></x:Identifikation>");
    assert_eq!(refused(&handover(&two)).rule, Rule::Duplicate);
}

#[test]
fn a_missing_element_is_named() {
    let fault = refused(&handover("<x:Dokument><x:Typ>A</x:Typ></x:Dokument>"));
    assert_eq!((fault.rule, place(&fault)), (Rule::Missing, (9, 1)));
    assert_eq!(fault.path, "Aussonderung.Aussonderung.0503/Schriftgutobjekt/Vorgang/Dokument/Identifikation");
    assert_eq!(fault.to_string(), format!("Zeile 9, Spalte 1: {}: Identifikation fehlt.", fault.path));
    let none = message("3.0.0", "Aussonderung.Aussonderung.0503", FLAGS, "");
    assert_eq!(refused(&none).path, "Aussonderung.Aussonderung.0503/Schriftgutobjekt");
}

#[test]
fn values_must_be_of_their_type() {
    for wrong in [
        "<x:ZdA>ja</x:ZdA>",
        "<x:ZdADatum>2023-02-29</x:ZdADatum>",
        "<x:Laufzeit><x:Beginn>24.11.2023</x:Beginn></x:Laufzeit>",
        "<x:AllgemeineMetadaten><x:Medium><code>9</code></x:Medium></x:AllgemeineMetadaten>",
        "<x:Verweis><x:ID>kein</x:ID><x:SGOTyp><code>001</code></x:SGOTyp></x:Verweis>",
        "<x:ArchivspezifischeMetadaten><x:Aufbewahrungsdauer><x:AnzahlJahre>-1</x:AnzahlJahre></x:Aufbewahrungsdauer>\
         </x:ArchivspezifischeMetadaten>",
        "<x:ArchivspezifischeMetadaten><x:Aufbewahrungsdauer><x:Unbefristet>0</x:Unbefristet></x:Aufbewahrungsdauer>\
         </x:ArchivspezifischeMetadaten>",
    ] {
        let faults = read(&handover(wrong)).unwrap_err();
        assert_eq!(faults[0].rule, Rule::Value, "{wrong}: {faults:?}");
    }
}

#[test]
fn a_choice_is_one_of_its_elements() {
    for wrong in ["", "<x:AnzahlJahre>1</x:AnzahlJahre><x:Unbefristet>1</x:Unbefristet>"] {
        let xml = handover(&format!(
            "<x:ArchivspezifischeMetadaten><x:Aufbewahrungsdauer>{wrong}</x:Aufbewahrungsdauer>\
             </x:ArchivspezifischeMetadaten>"
        ));
        assert_eq!(refused(&xml).rule, Rule::Choice);
    }
    let empty = message("3.0.0", "Aussonderung.Aussonderung.0503", FLAGS, "<x:Schriftgutobjekt/>");
    assert_eq!(refused(&empty).rule, Rule::Choice);
}

#[test]
fn what_is_unknown_is_listed_with_its_path() {
    let xml = handover(
        "<x:Neu><x:Kind/></x:Neu><Typ>ohne Namensraum</Typ><o:Typ xmlns:o='urn:other'/><x:Typ art='x'>A</x:Typ>Text",
    );
    let case = "Aussonderung.Aussonderung.0503/Schriftgutobjekt/Vorgang";
    let expected = ["Neu", "Typ[1]", "Typ[2]", "Typ/@art", "text()"].map(|it| (format!("{case}/{it}"), Why::Unknown));
    assert_eq!(dropped(&xml), expected);
    assert_eq!(read(&xml).unwrap().dropped[0].at.line, 9);
    assert_eq!(case_of(&read(&xml).unwrap().message).typ.as_deref(), Some("A"));
}

#[test]
fn the_kind_of_a_message_is_its_root_and_a_code_that_contradicts_it_is_listed() {
    let xml = message("3.0.0", "Aussonderung.AnbietungEmpfangBestaetigen.0504", "", "").replace(">0504<", ">0501<");
    assert_eq!(
        dropped(&xml),
        [("Aussonderung.AnbietungEmpfangBestaetigen.0504/Kopf/Nachrichtentyp/code".to_owned(), Why::Contradiction)]
    );
    assert!(write(&read(&xml).unwrap().message).unwrap().contains("<code>0504</code>"));
    let list = handover(
        "<x:AllgemeineMetadaten><x:Medium listVersionID='9'><code>001</code></x:Medium></x:AllgemeineMetadaten>",
    );
    assert_eq!(dropped(&list)[0].1, Why::Contradiction);
}

#[test]
fn other_documents_and_versions_are_refused() {
    for (xml, rule) in [
        ("", Rule::Xml),
        ("<a", Rule::Xml),
        ("<a>&x;</a>", Rule::Xml),
        ("<a>\u{1}</a>", Rule::Xml),
        ("<a>&#0;</a>", Rule::Xml),
        ("<a/>", Rule::Message),
        ("<Aussonderung.Aussonderung.0503/>", Rule::Message),
        ("<a xmlns='urn:xoev-de:xdomea:schema:3.0.0'/>", Rule::Message),
        ("<Aussonderung.AussonderungEmpfangBestaetigen.0507 xmlns='urn:xoev-de:xdomea:schema:2.4.0'/>", Rule::Message),
    ] {
        assert_eq!(refused(xml).rule, rule, "{xml}");
    }
    let new = refused("<Aussonderung.Aussonderung.0503 xmlns='urn:xoev-de:xdomea:schema:4.0.0'/>");
    assert_eq!((new.rule, new.message.contains("4.0.0")), (Rule::Message, true));
}

#[test]
fn bombs_are_refused_quickly() {
    let entities = "<!DOCTYPE a [<!ENTITY b \"bbbbbbbbbb\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;\">]><a>&c;</a>";
    let external = "<?xml version='1.0'?>\n<!DOCTYPE a SYSTEM \"file:///etc/hostname\"><a/>";
    let deep = handover(&"<x:Teilvorgang>".repeat(200_000));
    let many = handover(&"<x:Verweis/>".repeat(1_100_000));
    let comments = handover(&"<!---->".repeat(4_000_000));
    let attributes = handover(&format!("<x:Typ {}/>", (0..200).map(|n| format!("a{n}='' ")).collect::<String>()));
    let names = (0..20).map(|n| format!("xmlns:n{n}='urn:{n}' ")).collect::<String>();
    let namespaces = handover(&format!("<x:Teilvorgang {names}>").repeat(20));
    let large = handover(&"x".repeat(xdomea::MAX_BYTES));
    let start = Instant::now();
    for (xml, rule) in [
        (entities, Rule::Xml),
        (external, Rule::Xml),
        (&deep, Rule::TooLarge),
        (&many, Rule::TooLarge),
        (&comments, Rule::TooLarge),
        (&attributes, Rule::TooLarge),
        (&namespaces, Rule::TooLarge),
        (&large, Rule::TooLarge),
    ] {
        assert_eq!(refused(xml).rule, rule);
    }
    assert!(start.elapsed().as_secs() < 20);
    assert_eq!(place(&refused(external)), (2, 1));
    let unknown = handover(&"<x:Neu/>".repeat(xdomea::MAX_DROPPED + 1));
    assert_eq!(refused(&unknown).rule, Rule::TooLarge);
    let faults = read(&handover(&"<x:Verweis/>".repeat(1_000))).unwrap_err();
    assert_eq!(faults.len(), xdomea::MAX_FAULTS);
}

#[test]
fn the_deepest_nesting_allowed_is_read_and_written() {
    let id = format!("<x:Identifikation><x:ID>{OBJEKT}</x:ID></x:Identifikation>");
    let kontakt = "<x:Kontakt><x:Kommunikation/></x:Kontakt>";
    // Root, object and case, then parts in one another, and the ids in the last of them. Attachments of steps of the
    // way through the house take most of the stack.
    for (open, close, levels) in [
        (format!("<x:Teilvorgang>{id}{kontakt}"), "</x:Teilvorgang>", 1),
        (
            format!(
                "<x:InternerGeschaeftsgang>{id}<x:Beteiligungsschritt><x:Nummer/><x:Status><code>001</code></x:Status>\
                 <x:Verfuegung><x:Ersteller/><x:Adressat/><x:Erstellungsdatum>2026-01-01</x:Erstellungsdatum>\
                 </x:Verfuegung><x:Bearbeitung><x:Bearbeiter/><x:Datum>2026-01-01</x:Datum><x:Anlage>{id}"
            ),
            "</x:Anlage></x:Bearbeitung></x:Beteiligungsschritt></x:InternerGeschaeftsgang>",
            4,
        ),
    ] {
        let parts = (MAX_DEPTH - 3 - 2) / levels;
        let nested = |parts: usize| handover(&(open.repeat(parts) + &close.repeat(parts)));
        let message = read(&nested(parts)).unwrap().message;
        assert_eq!(read(&write(&message).unwrap()).unwrap().message, message);
        assert_eq!(refused(&nested(parts + 1)).rule, Rule::TooLarge);
    }
}

#[test]
fn elements_of_other_standards_are_kept_and_what_depends_on_prefixes_is_listed() {
    let xml = handover(
        "<x:AnwendungsspezifischeErweiterungXML xmlns:i='http://www.w3.org/2001/XMLSchema-instance' xmlns:f='urn:f'>\
         <f:a b='1' f:b='2' i:type='f:t' xml:lang='de'>vor<f:c/>nach<![CDATA[<]]></f:a><ohne/><x:Typ/>\
         </x:AnwendungsspezifischeErweiterungXML>",
    );
    let message = read(&xml).unwrap().message;
    let elemente = &case_of(&message).erweiterung_xml.as_ref().unwrap().elemente;
    assert_eq!(elemente.len(), 2);
    assert_eq!(elemente[0].attribute.len(), 3);
    assert_eq!(elemente[0].inhalt.len(), 3);
    assert_eq!(elemente[0].inhalt[2], Knoten::Text("nach<".to_owned()));
    let names: Vec<String> =
        dropped(&xml).into_iter().map(|(path, _)| path.rsplit('/').next().unwrap().to_owned()).collect();
    assert_eq!(names, ["@type", "Typ"]);
    assert_eq!(read(&write(&message).unwrap()).unwrap().message, message);
}

/// A hand-over that can be written, to be spoilt.
fn good() -> Message {
    read(&handover("")).unwrap().message
}

#[track_caller]
fn not_written(spoil: impl FnOnce(&mut Vorgang), version: Version, path: &str, rule: Rule) {
    let mut message = good();
    message.kopf.sendendes_system = Some(SendendesSystem::default());
    let Inhalt::Aussonderung(Aussonderung { schriftgutobjekte, .. }) = &mut message.inhalt else { panic!() };
    let Schriftgutobjekt::Vorgang(vorgang) = &mut schriftgutobjekte[0] else { panic!() };
    spoil(vorgang);
    let faults = write_as(&message, version).unwrap_err();
    assert_eq!(faults.len(), 1, "{faults:?}");
    let whole = format!("Aussonderung.Aussonderung.0503/Schriftgutobjekt/Vorgang/{path}");
    assert_eq!((faults[0].path.as_str(), faults[0].rule), (whole.as_str(), rule), "{}", faults[0]);
}

#[test]
fn what_no_version_can_say_is_refused_with_its_field() {
    let new = Version::V3_0_0;
    not_written(|v| v.typ = Some("a\u{0}b".to_owned()), new, "Typ", Rule::Value);
    not_written(|v| v.identifikation.id = Uuid::default(), new, "Identifikation/ID", Rule::Value);
    let zeit = |v: &mut Vorgang| v.laufzeit = Some(Zeitraum { beginn: Some(Date::default()), ende: None });
    not_written(zeit, new, "Laufzeit/Beginn", Rule::Value);
    let nummer = |v: &mut Vorgang| v.identifikation.nummer_im_uebergeordneten_container = Some("3a".to_owned());
    not_written(nummer, new, "Identifikation/NummerImUebergeordnetenContainer", Rule::Value);
    let code = |v: &mut Vorgang| {
        let rolle = Code { code: " a ".to_owned(), ..Code::default() };
        v.kontakte.push(Kontakt { rolle: Some(rolle), ..Kontakt::default() });
    };
    not_written(code, new, "Kontakt/Rolle/code", Rule::Value);
    let uri = |v: &mut Vorgang| {
        let rolle = Code { list_uri: Some("%zz".to_owned()), ..Code::default() };
        v.kontakte.push(Kontakt { rolle: Some(rolle), ..Kontakt::default() });
    };
    not_written(uri, new, "Kontakt/Rolle/@listURI", Rule::Value);
    let no_format = |v: &mut Vorgang| {
        let identifikation = v.identifikation.clone();
        v.dokumente = vec![
            Dokument { identifikation: identifikation.clone(), ..Dokument::default() },
            Dokument { identifikation, versionen: vec![Dokumentversion::default()], ..Dokument::default() },
        ];
    };
    not_written(no_format, new, "Dokument[2]/Version/Format", Rule::Missing);
    let element = |v: &mut Vorgang| {
        let name = Name { namespace: Version::V3_0_0.namespace().to_owned(), local: "Typ".to_owned() };
        let elemente = vec![Element { name, ..Element::default() }];
        v.erweiterung_xml = Some(ErweiterungXml { elemente });
    };
    not_written(element, new, "AnwendungsspezifischeErweiterungXML", Rule::Value);
}

#[test]
fn nesting_that_could_not_be_read_again_is_not_written() {
    let mut message = good();
    let mut vorgang = case_of(&message).clone();
    for _ in 0..150 {
        vorgang = Vorgang { teilvorgaenge: vec![vorgang], ..Vorgang::default() };
    }
    message.inhalt = Inhalt::Aussonderung(Aussonderung {
        schriftgutobjekte: vec![Schriftgutobjekt::Vorgang(vorgang)],
        ..Aussonderung::default()
    });
    assert!(write(&message).unwrap_err().iter().any(|fault| fault.rule == Rule::TooLarge));
}

#[test]
fn what_an_older_version_cannot_say_is_refused_with_its_field() {
    let old = Version::V2_4_0;
    not_written(|v| v.typ = Some("Ωmega".to_owned()), old, "Typ", Rule::Value);
    not_written(|v| v.zda_datum = Date::new(2026, 1, 1), old, "ZdADatum", Rule::Version);
    let aktenfuehrung = |v: &mut Vorgang| {
        let aktenfuehrung = Some("Amt 33".to_owned());
        v.allgemeine_metadaten = Some(AllgemeineMetadaten { aktenfuehrung, ..Default::default() });
    };
    not_written(aktenfuehrung, old, "AllgemeineMetadaten/Aktenfuehrung", Rule::Version);
    let archiv = |change: fn(&mut ArchivspezifischeMetadaten)| {
        move |v: &mut Vorgang| change(v.archivspezifische_metadaten.insert(Default::default()))
    };
    let ewig = archiv(|m| m.aufbewahrungsdauer = Some(Aufbewahrungsdauer::Unbefristet));
    not_written(ewig, old, "ArchivspezifischeMetadaten/Aufbewahrungsdauer/Unbefristet", Rule::Version);
    let tag = archiv(|m| m.aufbewahrungsende = Date::new(2026, 6, 30));
    not_written(tag, old, "ArchivspezifischeMetadaten/Aufbewahrungsende", Rule::Value);
    let eigene = archiv(|m| m.aussonderungsart = Some(Bewertung::Konfigurierbar("C".to_owned())));
    let path = "ArchivspezifischeMetadaten/Aussonderungsart/AussonderungsartKonfigurierbar";
    not_written(eigene, old, path, Rule::Version);
    let receipt = read(&message("3.0.0", "Aussonderung.AussonderungEmpfangBestaetigen.0507", "", "")).unwrap().message;
    assert!(write_as(&receipt, old).unwrap_err().iter().any(|fault| fault.rule == Rule::Version));
}

#[test]
fn a_file_before_3_0_0_holds_documents_or_cases() {
    let mut message = good();
    message.kopf.sendendes_system = Some(SendendesSystem::default());
    let vorgang = case_of(&message).clone();
    let identifikation = vorgang.identifikation.clone();
    let dokument = Dokument { identifikation: identifikation.clone(), ..Dokument::default() };
    let akte = Akte { identifikation, dokumente: vec![dokument], vorgaenge: vec![vorgang], ..Akte::default() };
    let schriftgutobjekte = vec![Schriftgutobjekt::Akte(akte)];
    message.inhalt = Inhalt::Aussonderung(Aussonderung { schriftgutobjekte, ..Aussonderung::default() });
    assert!(write(&message).is_ok());
    assert_eq!(write_as(&message, Version::V2_3_0).unwrap_err()[0].rule, Rule::Choice);
}

#[test]
fn older_forms_are_led_to_the_newer_ones() {
    let head = "<x:SendendesSystem/><x:Importbestaetigung>1</x:Importbestaetigung>\
                <x:RueckmeldungArchivkennung>0</x:RueckmeldungArchivkennung>";
    let id = format!("<x:Identifikation><x:ID>{OBJEKT}</x:ID></x:Identifikation>");
    let content = format!(
        "<x:Schriftgutobjekt><x:Akte>{id}<x:ArchivspezifischeMetadaten><x:Aufbewahrungsdauer>30</x:Aufbewahrungsdauer>\
         <x:Aussonderungsart><code>B</code></x:Aussonderungsart><x:Aufbewahrungsende>2031</x:Aufbewahrungsende>\
         </x:ArchivspezifischeMetadaten><x:HistorienProtokollInformation><x:Metadatum>Typ</x:Metadatum>\
         <x:Akteur>System</x:Akteur><x:DatumUhrzeit>2020-01-01T00:00:00</x:DatumUhrzeit><x:Aktion>neu</x:Aktion>\
         </x:HistorienProtokollInformation><x:Kontakt><x:Kommunikation><x:Kanal><code>008</code><name>E-Mail</name>\
         </x:Kanal></x:Kommunikation></x:Kontakt><x:Teilakte>{id}</x:Teilakte></x:Akte></x:Schriftgutobjekt>"
    );
    for version in [Version::V2_3_0, Version::V2_4_0] {
        let xml = message(version.number(), "Aussonderung.Aussonderung.0503", head, &content);
        let reading = read(&xml).unwrap();
        assert_eq!(reading.version, version);
        assert_eq!(reading.dropped.iter().map(|dropped| dropped.why).collect::<Vec<_>>(), [Why::CodeName]);
        let Inhalt::Aussonderung(aussonderung) = &reading.message.inhalt else { panic!() };
        let Schriftgutobjekt::Akte(akte) = &aussonderung.schriftgutobjekte[0] else { panic!() };
        let archiv = akte.archivspezifische_metadaten.as_ref().unwrap();
        assert_eq!(archiv.aufbewahrungsdauer, Some(Aufbewahrungsdauer::Jahre(30)));
        assert_eq!(archiv.aufbewahrungsende, Date::new(2031, 12, 31));
        assert_eq!(akte.historie[0].metadatum_name.as_deref(), Some("Typ"));
        assert_eq!(akte.teilakten.len(), 1);
        let kommunikation = &akte.kontakte[0].kommunikation[0];
        assert_eq!(kommunikation.kanal.as_ref().unwrap().code, "01");
        assert_eq!(kommunikation.ist_institution, Some(true));
        for version in Version::ALL {
            let written = write_as(&reading.message, version).unwrap();
            assert_eq!(read(&written).unwrap().message, reading.message, "{written}");
        }
    }
}

#[test]
fn an_answer_for_everything_and_answers_for_each_are_different_things() {
    let content = format!(
        "<x:ErfolgOderMisserfolg><x:Erfolgreich>0</x:Erfolgreich><x:Fehlermeldung>Prüfsumme</x:Fehlermeldung>\
         <x:Rueckgabeparameter><x:ID>{OBJEKT}</x:ID><x:Archivkennung>StA 12</x:Archivkennung></x:Rueckgabeparameter>\
         </x:ErfolgOderMisserfolg>"
    );
    let xml = message("2.4.0", "Aussonderung.AussonderungImportBestaetigen.0506", "<x:SendendesSystem/>", &content);
    let old = read(&xml).unwrap().message;
    let Inhalt::AussonderungImport(AussonderungImport::Gesamt(gesamt)) = &old.inhalt else { panic!() };
    assert_eq!((gesamt.erfolgreich, gesamt.archivkennungen.len()), (false, 1));
    assert_eq!(read(&write_as(&old, Version::V2_4_0).unwrap()).unwrap().message, old);
    assert_eq!(write(&old).unwrap_err()[0].rule, Rule::Version);
}

#[test]
fn signatures_inside_a_message_are_kept_and_not_lost_in_3_0_0() {
    let head =
        "<x:SendendesSystem/><x:Importbestaetigung/><x:RueckmeldungArchivkennung>0</x:RueckmeldungArchivkennung>";
    let content = format!(
        "<x:Schriftgutobjekt><x:Dokument><x:Identifikation><x:ID>{OBJEKT}</x:ID></x:Identifikation>\
         <x:Version><x:Nummer/><x:Format><x:Name><code>018</code></x:Name><x:Version/><x:Primaerdokument><x:Dateiname>{DATEI}</x:Dateiname>\
         <x:Signaturdaten><x:Signatur Version='v1.5'><x:OID/><x:Format/><x:Container>QUJD\nQQ==</x:Container>\
         </x:Signatur>\
         <x:Zertifikat><x:Format/><x:Zertifikat>QUI=</x:Zertifikat></x:Zertifikat>\
         <x:Status><x:Format/><x:Antwort/></x:Status></x:Signaturdaten>\
         </x:Primaerdokument></x:Format></x:Version></x:Dokument></x:Schriftgutobjekt>"
    );
    let xml = message("2.3.0", "Aussonderung.Aussonderung.0503", head, &content);
    let reading = read(&xml).unwrap();
    assert_eq!(reading.dropped, []);
    assert_eq!(read(&write_as(&reading.message, Version::V2_3_0).unwrap()).unwrap().message, reading.message);
    let faults = write(&reading.message).unwrap_err();
    assert_eq!(faults.len(), 1);
    assert!(faults[0].path.ends_with("/Primaerdokument/Signaturdaten"), "{}", faults[0]);
    for wrong in ["QUI", "QQ=", "QR==", "QUJ=", "=QQQ", "Q Q", "Qß=="] {
        assert_eq!(refused(&xml.replace("QUI=", wrong)).rule, Rule::Value, "{wrong}");
    }
}

#[test]
fn empty_flags_before_3_0_0_mean_their_default() {
    let content = "<x:ErfolgOderMisserfolg><x:Erfolgreich/></x:ErfolgOderMisserfolg>";
    let name = "Aussonderung.AussonderungImportBestaetigen.0506";
    let reading = read(&message("2.4.0", name, "<x:SendendesSystem/>", content)).unwrap();
    let gesamt = Gesamtergebnis { erfolgreich: true, ..Gesamtergebnis::default() };
    assert_eq!(reading.message.inhalt, Inhalt::AussonderungImport(AussonderungImport::Gesamt(gesamt)));
    assert_eq!(refused(&handover("<x:ZdA/>")).rule, Rule::Value);
    let always = handover("").replace("<x:Importbestaetigung>1<", "<x:Importbestaetigung>0<");
    assert_eq!(refused(&always).rule, Rule::Value);
}

#[test]
fn ids_are_the_same_in_upper_and_lower_case() {
    assert_eq!(Uuid::parse(OBJEKT), Uuid::parse(&OBJEKT.to_uppercase()));
    assert_eq!(Uuid::parse("0b0d1f6e-2a77-4d0e-9c51-5d8f4f4f1a0"), None);
    assert_eq!(Uuid::parse("0b0d1f6e-2a77-4d0e-9c51-5d8f4f4f1a|1"), None);
}

#[test]
fn days_and_times_exist() {
    for day in ["2024-02-29", "2000-02-29", "2026-12-31Z", "2026-12-31-14:00", "12026-01-01"] {
        assert!(Date::parse(day).is_some(), "{day}");
    }
    for day in [
        "",
        "2023-02-29",
        "1900-02-29",
        "2026-13-01",
        "2026-1-1",
        "0000-01-01",
        "26-01-01",
        "2026-01-01+14:01",
        "2026-01-01 ",
    ] {
        assert!(Date::parse(day).is_none(), "{day}");
    }
    for time in ["2026-11-23T24:00:00", "2026-11-23T23:59:59.999+02:00"] {
        assert!(DateTime::parse(time).is_some(), "{time}");
    }
    for time in
        ["2026-11-23", "2026-11-23T24:00:01", "2026-11-23T12:60:00", "2026-11-23T12:00:00.", "2026-11-23T1:00:00"]
    {
        assert!(DateTime::parse(time).is_none(), "{time}");
    }
}

#[test]
fn what_the_specification_says_in_words_is_hinted_at() {
    let dokument = |number: &str, rest: &str| {
        format!("<x:Dokument><x:Identifikation><x:ID>{OBJEKT}</x:ID>{number}</x:Identifikation>{rest}</x:Dokument>")
    };
    let numbered = "<x:NummerImUebergeordnetenContainer>7</x:NummerImUebergeordnetenContainer>";
    let file = format!(
        "<x:Version><x:Nummer/><x:Format><x:Name listVersionID='2.0'><code>100</code></x:Name><x:Version/>\
         <x:Primaerdokument><x:Dateiname>{DATEI}</x:Dateiname></x:Primaerdokument></x:Format></x:Version>"
    );
    let xml = handover(&format!(
        "<x:Laufzeit><x:Beginn>2020-01-01</x:Beginn><x:Ende>2019-12-31</x:Ende></x:Laufzeit>\
         {}{}{}<x:Verweis><x:SGOTyp><code>001</code></x:SGOTyp></x:Verweis>",
        dokument(numbered, &file),
        dokument(numbered, ""),
        dokument("", "")
    ));
    let message = read(&xml).unwrap().message;
    assert!(write(&message).is_ok());
    let hints = xdomea::hints(&message);
    assert!(hints.iter().all(|hint| hint.rule == Rule::Specification));
    let short: Vec<String> = hints
        .iter()
        .map(|hint| {
            hint.to_string().replace("Aussonderung.Aussonderung.0503/", "").replace("Schriftgutobjekt/Vorgang", "V")
        })
        .collect();
    let twice = format!("Schriftgutobjekt: Zwei Objekte haben dieselbe ID {OBJEKT}.");
    assert_eq!(
        short,
        [
            "Kopf/Empfaenger: Ein Kontakt sagt wenigstens eines.".to_owned(),
            "V/Laufzeit/Ende: Das Ende liegt vor dem Beginn.".to_owned(),
            "V/Dokument[1]/Version/Format/SonstigerName: Das Format „Sonstiges“ (100) braucht einen Namen.".to_owned(),
            "V/Verweis: Ein Verweis braucht ID oder SGOKennzeichen.".to_owned(),
            "V: Eine Nummer im übergeordneten Container steht zweimal.".to_owned(),
            "V: Nicht jedes Objekt hat eine Nummer im übergeordneten Container.".to_owned(),
            format!("Schriftgutobjekt: Das Objekt {OBJEKT} hat keine ArchivspezifischeMetadaten."),
            twice.clone(),
            twice.clone(),
            twice,
        ]
    );
    let offer = Message {
        inhalt: match message.inhalt.clone() {
            Inhalt::Aussonderung(it) => Inhalt::Anbieteverzeichnis(Anbieteverzeichnis {
                schriftgutobjekte: it.schriftgutobjekte,
                ..Anbieteverzeichnis::default()
            }),
            _ => panic!(),
        },
        ..message
    };
    assert!(xdomea::hints(&offer).iter().any(|hint| hint.message.contains("keine Primärdokumente")));
    let none = read(&handover("")).unwrap().message;
    assert!(xdomea::hints(&none).iter().any(|hint| hint.message.contains("übergibt Primärdokumente")));
}
