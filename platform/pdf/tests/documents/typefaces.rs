use pdf::PrintError;
use serde_json::json;

use crate::reader::Pdf;
use crate::{PRESS, meta, template};

/// The letters, sequences and signs of DIN 91379, each as one text.
fn din_91379() -> Vec<String> {
    let point = |hex: &str| char::from_u32(u32::from_str_radix(hex, 16).unwrap()).unwrap();
    include_str!("../data/din-91379.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(str::split_whitespace)
        .flat_map(|token| match token.split_once('-') {
            Some((first, last)) => (point(first)..=point(last)).map(String::from).collect(),
            None => vec![token.split('+').map(point).collect()],
        })
        .collect()
}

#[test]
fn every_letter_and_sequence_of_din_91379_is_printed_and_read_back() {
    let all: Vec<String> = din_91379().into_iter().filter(|text| text != " ").collect();
    assert_eq!(all.len(), 500 + 18 + 60 + 6 + 69 + 62 + 42 + 149 - 1, "groups of the standard without the space");
    for weight in ["regular", "bold"] {
        let source =
            format!("#set text(weight: \"{weight}\")\n#for text in json(\"/data.json\").texts {{ par(text) }}");
        let bytes = PRESS.print(&template(&source), &json!({ "texts": all }), &meta()).unwrap();
        let read: Vec<String> =
            Pdf::read(&bytes).elements().into_iter().filter(|e| e.tag == "P").map(|e| e.text).collect();
        assert_eq!(read, all, "{weight}");
    }
}

#[test]
fn letters_of_a_name_stay_together_in_one_word() {
    let name = "Đặng-K͟hál Çağłayan Ŵĳk O’Ḥāǧǧ ʿAlī Ç̆ L̥̄";
    let bytes = PRESS.print(&template("#json(\"/data.json\").name"), &json!({ "name": name }), &meta()).unwrap();
    assert_eq!(Pdf::read(&bytes).read_aloud(), name);
}

#[test]
fn a_letter_written_twice_stays_two_letters() {
    for letter in ["A\u{30b}", "K\u{35f}h", "S\u{31b}\u{304}", "X", " X"] {
        let source = "#let letter = json(\"/data.json\").letter\n#for i in range(200) { letter }";
        let bytes = PRESS.print(&template(source), &json!({ "letter": letter }), &meta()).unwrap();
        let read = Pdf::read(&bytes).read_aloud();
        assert_eq!(crate::compact(&read), crate::compact(letter).repeat(200));
    }
}

#[test]
fn an_underlined_name_keeps_its_marks() {
    let bytes = PRESS.print(
        &template("#underline(json(\"/data.json\").n) ab"),
        &json!({ "n": "xA\u{30b}yK\u{35f}hz" }),
        &meta(),
    );
    assert_eq!(Pdf::read(&bytes.unwrap()).read_aloud(), "xA\u{30b}yK\u{35f}hz ab");
}

#[test]
fn a_character_no_typeface_has_is_an_error() {
    for missing in ["漢字", "🙂", "\u{0}", "\u{e000}", "\u{fffe}"] {
        let probe = template("Erste Zeile\n\n#json(\"/data.json\").name");
        match PRESS.print(&probe, &json!({ "name": missing }), &meta()) {
            Err(PrintError::Template { file, line, .. }) => {
                assert_eq!((file.as_str(), line), ("probe.typ", 3), "{missing:?}")
            }
            other => panic!("{missing:?}: {other:?}"),
        }
    }
}
