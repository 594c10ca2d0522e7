use lopdf::Object;
use serde_json::Value;

use crate::reader::Pdf;
use crate::{CITIES, LETTERS, PRESS, WATERMARK, city_template, compact, meta, print, sample};

#[test]
fn every_letter_of_every_city_is_tagged_and_archivable() {
    for city in CITIES {
        for (template, data) in LETTERS {
            let pdf = Pdf::read(&print(city, template, &sample(data)).unwrap());
            let catalog = pdf.catalog();
            let context = format!("{city} {data}");

            let mark_info = pdf.dict(catalog.get(b"MarkInfo").unwrap());
            assert!(mark_info.get(b"Marked").unwrap().as_bool().unwrap(), "{context}");
            let preferences = pdf.dict(catalog.get(b"ViewerPreferences").unwrap());
            assert!(preferences.get(b"DisplayDocTitle").unwrap().as_bool().unwrap(), "{context}");
            let lang = lopdf::decode_text_string(catalog.get(b"Lang").unwrap()).unwrap();
            assert_eq!(lang, "de-DE", "{context}");

            let xmp = pdf.xmp();
            for (property, value) in [("part", "2"), ("conformance", "A")] {
                assert!(xmp.contains(&format!("<pdfaid:{property}>{value}</pdfaid:{property}>")), "{context}: {xmp}");
            }
            assert!(xmp.contains("<pdfuaid:part>1</pdfuaid:part>"), "{context}: {xmp}");
            assert!(xmp.contains("Titel „für“ Lesegeräte &amp; mehr"), "{context}: {xmp}");
            assert!(xmp.contains("Stadt Musterstadt, Bürgerbüro"), "{context}: {xmp}");
            assert!(xmp.contains("2026-11-23T10:15:30"), "{context}: {xmp}");

            let tags: Vec<String> = pdf.elements().into_iter().map(|element| element.tag).collect();
            assert_eq!(tags.iter().filter(|tag| *tag == "H1").count(), 1, "{context}: {tags:?}");
            if template != "mitteilung" {
                assert!(tags.iter().any(|tag| tag == "H2"), "{context}: {tags:?}");
            }
            assert!(tags.iter().any(|tag| tag == "TH"), "{context}: {tags:?}");
        }
    }
}

/// Keys whose values steer the print or are printed in another form.
const NOT_VERBATIM: [&str; 8] = ["date", "birth_date", "received", "kind", "cents", "total_cents", "bytes", "place"];

fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if !text.is_empty() => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(fields) => {
            fields
                .iter()
                .filter(|(key, _)| !NOT_VERBATIM.contains(&key.as_str()))
                .for_each(|(_, item)| texts(item, found));
        }
        _ => {}
    }
}

#[test]
fn a_screen_reader_reads_all_data() {
    for (template, data) in LETTERS {
        let mut data_value = sample(data);
        if template == "antrag" {
            // The print of an application is no letter: it has no return address.
            data_value["office"]["address"] = Value::Null;
        }
        let aloud = compact(&Pdf::read(&print("meerbusch", template, &data_value).unwrap()).read_aloud());
        let mut expected = Vec::new();
        texts(&data_value, &mut expected);
        assert!(expected.len() > 10, "{data}");
        for text in expected {
            assert!(aloud.contains(&compact(&text)), "{data}: {text:?} is missing in {aloud}");
        }
    }
}

#[test]
fn dates_sizes_and_amounts_are_written_the_german_way() {
    let aloud = |template: &str, data: &str| {
        compact(&Pdf::read(&print("meerbusch", template, &sample(data)).unwrap()).read_aloud())
    };
    let certificate = aloud("meldebescheinigung", "meldebescheinigung");
    for text in ["Geburtsdatum12.08.1964", "Meerbusch,23.November2026", "HauptwohnungBeispielweg340667Meerbusch"] {
        assert!(certificate.contains(text), "{text} in {certificate}");
    }
    assert!(aloud("bescheid-ablehnung", "bescheid-ablehnung").contains("Summe16,00€"));
    let application = aloud("antrag", "antrag");
    for text in ["Eingegangenam03.11.2026,14:05Uhr", "248,3KB", "1,8MB", "TelefonkeineAngabe"] {
        assert!(application.contains(text), "{text} in {application}");
    }
}

#[test]
fn reading_order_is_sender_address_facts_subject_text() {
    let aloud = compact(&Pdf::read(&print("meerbusch", "mitteilung", &sample("mitteilung")).unwrap()).read_aloud());
    let order =
        ["StadtMeerbusch", "Beispielweg3", "Aktenzeichen", "UnsfehltnocheineAngabe", "GutenTag", "FreundlicheGrüße"];
    let places: Vec<usize> = order.iter().map(|text| aloud.find(text).unwrap_or_else(|| panic!("{text}"))).collect();
    assert!(places.is_sorted(), "{places:?} in {aloud}");
}

/// DIN 5008:2020 form B: address zone from 62.7 mm to 90 mm below the top edge, 25 mm from the left; the envelope's
/// window shows no other text.
#[test]
fn the_address_stands_in_the_window() {
    let data = sample("mitteilung");
    let pdf = Pdf::read(&print("meerbusch", "mitteilung", &data).unwrap());
    let in_window: Vec<_> =
        pdf.pages[0].iter().filter(|run| (20.0..105.0).contains(&run.x) && (62.7..90.0).contains(&run.y)).collect();
    let text: String = in_window.iter().map(|run| compact(&run.text)).collect();
    assert_eq!(text, "FrauErikaMuster-BeispielBeispielweg340667Meerbusch");
    assert!(in_window.iter().all(|run| (run.x - 25.0).abs() < 0.5), "{in_window:?}");
    let subject = pdf.pages[0].iter().find(|run| run.text.starts_with("Uns fehlt")).unwrap();
    assert!((98.0..125.0).contains(&subject.y), "{subject:?}");
}

#[test]
fn a_long_word_of_the_remedy_is_not_torn_wherever_the_line_ends() {
    for filler in (0..30).step_by(6) {
        let mut data = sample("bescheid-ablehnung");
        let text =
            format!("Die Gebühr ist zu zahlen {}(§ 80 Absatz 2 Verwaltungsgerichtsordnung).", "und ".repeat(filler));
        data["remedy"] = vec![text].into();
        let pdf = Pdf::read(&print("meerbusch", "bescheid-ablehnung", &data).unwrap());
        let mut runs = pdf.pages.iter().flatten();
        assert!(runs.any(|run| run.text.contains("Verwaltungsgerichtsordnung")), "{filler}");
    }
}

#[test]
fn the_certificate_carries_its_code_and_no_remedy() {
    let pdf = Pdf::read(&print("meerbusch", "meldebescheinigung", &sample("meldebescheinigung")).unwrap());
    let aloud = compact(&pdf.read_aloud());
    assert!(aloud.contains("7KQM-R3TX-9WHD-4CFN-VJ2P-8YGB-E5"));
    assert!(aloud.contains("SiegiltohneUnterschrift,wenndiePrüfungdesCodessiealsechtbestätigt."));
    for word in ["Rechtsbehelf", "Klage", "Widerspruch"] {
        assert!(!aloud.contains(word), "{word}");
    }
    let picture = pdf.elements().into_iter().find(|element| element.tag == "Figure").unwrap();
    assert_eq!(
        picture.alt.unwrap(),
        "QR-Code mit der Adresse https://service.meerbusch.example/pruefen/7KQM-R3TX-9WHD-4CFN-VJ2P-8YGB-E5"
    );
    assert_eq!(pdf.pages.len(), 1);
}

#[test]
fn the_code_is_printed_in_groups_of_four_however_it_is_given() {
    let mut data = sample("meldebescheinigung");
    data["check"]["code"] = "7KQMR3TX9WHD4CFNVJ2P8YGBE5".into();
    data["check"]["url"] = "https://service.meerbusch.example/p".into();
    let aloud = compact(&Pdf::read(&print("meerbusch", "meldebescheinigung", &data).unwrap()).read_aloud());
    assert!(aloud.contains("7KQM-R3TX-9WHD-4CFN-VJ2P-8YGB-E5"), "{aloud}");
}

#[test]
fn the_watermark_is_seen_on_every_page_and_read_aloud_once() {
    for city in CITIES {
        for (template, data) in LETTERS {
            let mut data_value = sample(data);
            if template == "mitteilung" {
                data_value["paragraphs"] = vec!["Ein Absatz."; 80].into();
            }
            let template = city_template(city, template);
            let marked = crate::Meta { watermark: Some(WATERMARK), ..meta() };
            let pdf = Pdf::read(&PRESS.print(&template, &data_value, &marked).unwrap());
            let mark = compact(WATERMARK);
            for page in 0..pdf.pages.len() {
                assert_eq!(compact(&pdf.artifacts(page)).matches(&mark).count(), 1, "{city} {data} page {page}");
            }
            assert_eq!(compact(&pdf.read_aloud()).matches(&mark).count(), 1, "{city} {data}");

            let plain = Pdf::read(&PRESS.print(&template, &data_value, &meta()).unwrap());
            assert!((0..plain.pages.len()).all(|page| !plain.page_text(page).contains("MUSTER")), "{city} {data}");
        }
    }
}

#[test]
fn pages_are_numbered_as_decoration() {
    let mut data = sample("mitteilung");
    data["paragraphs"] = vec!["Ein Absatz."; 80].into();
    let pdf = Pdf::read(&print("meerbusch", "mitteilung", &data).unwrap());
    assert!(pdf.pages.len() > 1);
    for page in 0..pdf.pages.len() {
        let number = format!("Seite{}von{}", page + 1, pdf.pages.len());
        assert!(compact(&pdf.artifacts(page)).contains(&number), "{number}");
    }
    assert!(!compact(&pdf.read_aloud()).contains("Seite1"));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let template = city_template("meerbusch", "bescheid-ablehnung");
    let data = sample("bescheid-ablehnung");
    let first = PRESS.print(&template, &data, &meta()).unwrap();
    let fresh = pdf::Press::new(pdf::bundled_fonts()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert!(first == fresh.print(&template, &data, &meta()).unwrap()));
        }
    });
    for other in [
        crate::Meta { id: "another", ..meta() },
        crate::Meta { created: jiff::Timestamp::UNIX_EPOCH, ..meta() },
        crate::Meta { title: "Anderer Titel", ..meta() },
    ] {
        assert!(first != PRESS.print(&template, &data, &other).unwrap());
    }
}

#[test]
fn every_typeface_is_embedded() {
    let pdf = Pdf::read(&print("meerbusch", "antrag", &sample("antrag")).unwrap());
    let descriptors: Vec<_> = pdf
        .doc
        .objects
        .values()
        .filter_map(|object| object.as_dict().ok())
        .filter(|dict| dict.get(b"Type").and_then(Object::as_name).is_ok_and(|name| name == b"FontDescriptor"))
        .collect();
    assert!(!descriptors.is_empty());
    assert!(descriptors.iter().all(|font| font.has(b"FontFile2") || font.has(b"FontFile3")));
}
