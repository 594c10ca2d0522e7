use pdf::PrintError;
use serde_json::{Value, json};

use crate::reader::Pdf;
use crate::{PRESS, compact, meta, print, sample, template};

fn certificate(change: impl FnOnce(&mut Value)) -> Result<Vec<u8>, PrintError> {
    let mut data = sample("meldebescheinigung");
    change(&mut data);
    print("meerbusch", "meldebescheinigung", &data)
}

fn aloud(bytes: &[u8]) -> String {
    compact(&Pdf::read(bytes).read_aloud())
}

#[test]
fn names_of_any_length_are_printed_whole() {
    for name in ["O", &"Muster".repeat(20), &"ẞ".repeat(120), &"Muster Beispiel ".repeat(8)] {
        let bytes = certificate(|data| {
            data["person"]["family_name"] = name.into();
            data["recipient"] = json!([name, "Beispielweg 3", "40667 Meerbusch"]);
        })
        .unwrap();
        let text = aloud(&bytes);
        assert!(text.contains(&format!("Familienname{}Doktorgrad", compact(name))), "{name} in {text}");
        assert!(text.contains(&format!("40667Meerbusch{}Beispielweg3", compact(name))), "{name} in {text}");
        let margin = 210.0 - 20.0;
        assert!(Pdf::read(&bytes).pages.iter().flatten().all(|run| run.x < margin), "{name} runs off the page");
    }
}

#[test]
fn a_person_without_first_name_or_rufname_has_a_certificate() {
    let text = aloud(&certificate(|data| data["person"]["first_names"] = json!([])).unwrap());
    assert!(text.contains("VornamenohneVornamen") && !text.contains("Rufname"), "{text}");
    let unmarked = json!([{ "name": "Erika", "called": false }]);
    let text = aloud(&certificate(|data| data["person"]["first_names"] = unmarked).unwrap());
    assert!(text.contains("VornamenErika") && !text.contains("Rufname"), "{text}");
}

#[test]
fn birth_dates_say_what_is_not_known() {
    for (date, printed) in [
        (json!("1950-05-17"), "Geburtsdatum17.05.1950"),
        (json!("1950-05-00"), "GeburtsdatumMai1950(Tagnichtbekannt)"),
        (json!("1950-05"), "GeburtsdatumMai1950(Tagnichtbekannt)"),
        (json!("1950-00-00"), "Geburtsdatum1950(TagundMonatnichtbekannt)"),
        (json!("1950"), "Geburtsdatum1950(TagundMonatnichtbekannt)"),
        (json!("0000-00-00"), "Geburtsdatumnichtbekannt"),
        (Value::Null, "Geburtsdatumnichtbekannt"),
    ] {
        let text = aloud(&certificate(|data| data["person"]["birth_date"] = date.clone()).unwrap());
        assert!(text.contains(printed), "{date}: {text}");
    }
    for wrong in ["17.05.1950", "1950-13-01", "1950-05-32", ""] {
        let error = certificate(|data| data["person"]["birth_date"] = wrong.into()).unwrap_err();
        assert!(error.to_string().contains("not a date"), "{wrong}: {error}");
    }
}

#[test]
fn thirty_addresses_run_over_several_pages() {
    let addresses: Vec<Value> = (1..=30)
        .map(|n| json!({ "kind": "Nebenwohnung", "street": "Beispielweg", "number": format!("{n} z"), "extra": null, "postcode": "40667", "place": "Meerbusch" }))
        .collect();
    let bytes = certificate(|data| data["addresses"] = addresses.into()).unwrap();
    let text = aloud(&bytes);
    for n in 1..=30 {
        assert_eq!(text.matches(&format!("Beispielweg{n}z")).count(), 1, "{n}");
    }
    assert!(Pdf::read(&bytes).pages.len() > 1);
}

/// Anything that means something to typst, as a resident or a stranger might type it.
const SCRIPTS: [&str; 14] = [
    "#panic(\"x\")",
    "#import \"@preview/x:1.0.0\": *",
    "#{ while true {} }",
    "#read(\"/etc/passwd\")",
    "*fett* _kursiv_ `roh`",
    "$ x^2 $",
    "= Überschrift",
    "- Punkt + Punkt / a: b",
    "\\u{41} \\ \\n \\#",
    "<marke> @marke",
    "// weg /* weg */ ~ -- --- ... \"a\" 'b'",
    "https://example.org/#x",
    "]) #eval(\"1+1\") ([",
    "<script>alert(1)</script>",
];

#[test]
fn code_in_data_is_printed_as_it_is() {
    for script in SCRIPTS {
        let mut letter = sample("mitteilung");
        letter["paragraphs"] = json!([script]);
        letter["subject"] = script.into();
        letter["recipient"] = json!([script]);
        letter["info"] = json!([{ "label": script, "value": script }]);
        let text = aloud(&print("meerbusch", "mitteilung", &letter).unwrap());
        assert_eq!(text.matches(&compact(script)).count(), 5, "{script}: {text}");

        let text = aloud(&certificate(|data| data["person"]["family_name"] = script.into()).unwrap());
        assert!(text.contains(&format!("Familienname{}", compact(script))), "{script}: {text}");
    }
}

#[test]
fn signs_that_turn_text_around_are_shown() {
    let mut data = sample("antrag");
    data["attachments"][0]["name"] = "rechnung\u{202e}fdp.exe".into();
    let text = aloud(&print("meerbusch", "antrag", &data).unwrap());
    assert!(text.contains("rechnung‹U+202E›fdp.exe"), "{text}");
}

#[test]
fn lines_of_a_long_answer_stay_lines() {
    let mut data = sample("antrag");
    data["sections"][0]["items"][0]["value"] = "Erste Zeile\nZweite Zeile\r\nDritte\tZeile".into();
    let pdf = Pdf::read(&print("meerbusch", "antrag", &data).unwrap());
    let rows = ["Erste", "Zweite", "Dritte"]
        .map(|start| pdf.pages[0].iter().find(|run| run.text.starts_with(start)).map(|run| run.y).unwrap());
    assert!(rows.is_sorted_by(|a, b| a < b), "{rows:?}");

    data["sections"][0]["items"][0]["value"] = "Satz mit Wörtern. ".repeat(2000).into();
    let pdf = Pdf::read(&print("meerbusch", "antrag", &data).unwrap());
    assert!(pdf.pages.len() > 5);
    let bottom = 297.0 - 27.0;
    assert!(pdf.pages.iter().flatten().filter(|run| !run.artifact).all(|run| run.y < bottom), "text below the page");
    assert_eq!(compact(&pdf.read_aloud()).matches("SatzmitWörtern.").count(), 2000);
}

#[test]
fn a_missing_key_names_the_line_of_the_template() {
    let place = |error: PrintError| match error {
        PrintError::Template { file, line, column, message } => (file, line, column, message),
        other => panic!("{other}"),
    };
    let probe = template("#let data = json(\"/data.json\")\n\nName: #data.name");
    let (file, line, column, message) = place(PRESS.print(&probe, &json!({}), &meta()).unwrap_err());
    assert_eq!((file.as_str(), line, column), ("probe.typ", 3, 13));
    assert!(message.contains("\"name\""), "{message}");

    for (key, file) in [
        ("person", "meer/meldebescheinigung.typ"),
        ("office", "meer/meldebescheinigung.typ"),
        ("recipient", "meer/letter.typ"),
        ("check", "meer/meldebescheinigung.typ"),
    ] {
        let error = certificate(|data| drop(data.as_object_mut().unwrap().remove(key))).unwrap_err();
        let (found, line, _, message) = place(error);
        assert_eq!(found, file, "{message}");
        let source = std::fs::read_to_string(format!("{}/letters/{}", env!("CARGO_MANIFEST_DIR"), &file[5..])).unwrap();
        assert!(
            source.lines().nth(line - 1).unwrap().contains(&format!("data.{key}")),
            "{key} is not used in line {line}"
        );
    }
}

#[test]
fn a_decision_needs_its_remedy() {
    let decision = |change: &dyn Fn(&mut Value)| {
        let mut data = sample("bescheid-ablehnung");
        change(&mut data);
        print("meerbusch", "bescheid-ablehnung", &data)
    };
    for remedy in [None, Some(json!([])), Some(json!(["  "]))] {
        let error = decision(&|data| match &remedy {
            None => drop(data.as_object_mut().unwrap().remove("remedy")),
            Some(remedy) => data["remedy"] = remedy.clone(),
        })
        .unwrap_err();
        assert!(error.to_string().contains("Rechtsbehelfsbelehrung"), "{error}");
    }
    let error = decision(&|data| data["kind"] = "kein Verwaltungsakt".into()).unwrap_err();
    assert!(error.to_string().contains("carries no Rechtsbehelfsbelehrung"), "{error}");
    let error = decision(&|data| data["kind"] = "verwaltungsakt".into()).unwrap_err();
    assert!(error.to_string().contains("kind is"), "{error}");
    let plain = decision(&|data| {
        data["kind"] = "kein Verwaltungsakt".into();
        data["remedy"] = json!([]);
    })
    .unwrap();
    assert!(!aloud(&plain).contains("Rechtsbehelfsbelehrung"));
}

#[test]
fn a_wrong_sum_is_not_printed() {
    let mut data = sample("bescheid-ablehnung");
    data["fee"]["rows"].as_array_mut().unwrap().push(json!({ "label": "Porto", "basis": "Nr. 9", "cents": 123_456 }));
    let error = print("meerbusch", "bescheid-ablehnung", &data).unwrap_err();
    assert!(error.to_string().contains("not the sum"), "{error}");
    data["fee"]["total_cents"] = 125_056.into();
    let text = aloud(&print("meerbusch", "bescheid-ablehnung", &data).unwrap());
    assert!(text.contains("1.234,56€") && text.contains("Summe1.250,56€"), "{text}");
}

#[test]
fn an_address_that_does_not_fit_the_window_is_an_error() {
    let mut data = sample("mitteilung");
    data["recipient"] = vec!["Zeile einer langen Anschrift"; 7].into();
    assert!(print("meerbusch", "mitteilung", &data).is_ok());
    data["recipient"] = vec!["Zeile einer langen Anschrift"; 14].into();
    let error = print("meerbusch", "mitteilung", &data).unwrap_err();
    assert!(error.to_string().contains("window of the envelope"), "{error}");
    data["recipient"] = json!([]);
    assert!(print("meerbusch", "mitteilung", &data).is_ok(), "a letter to the postbox has no address");
}
