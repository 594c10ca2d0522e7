//! What each type of field takes and what it says about the rest.

use forms::{Accepted, FileRef, Form, GERMANY, Submitted, Value};
use kernel::{FileId, Lang, Money, Uuid};

use crate::common::{TODAY, Walk, form, guest, pairs};

fn one_field(field: &str) -> Form {
    form(&format!(
        "key = \"f\"\ntitle.de = \"F\"\n[[step]]\nkey = \"s\"\ntitle.de = \"S\"\n[[step.field]]\nkey = \"x\"\nlabel.de = \"Feld\"\n{field}"
    ))
}

/// The text shown for the answer, or the code of the error.
fn result(field: &str, sent: &[(&str, &str)]) -> Result<String, String> {
    let form = one_field(field);
    let mut answers = form.blank(&guest());
    match form.accept("s", &pairs(sent), &mut answers, &guest()) {
        Ok(_) => {
            let complete = form.validate_all(&answers, &guest()).unwrap();
            let stored: forms::Answers =
                serde_json::from_str(&serde_json::to_string(&complete.answers).unwrap()).unwrap();
            assert_eq!(stored, complete.answers, "survives storage");
            let summary = form.read(&answers, &guest()).unwrap().summary(Lang::De);
            Ok(summary.first().map(|s| s.rows[0].value.clone()).unwrap_or_default())
        }
        Err(forms::AcceptError::Fields(errors)) => Err(errors[0].code.clone()),
        Err(other) => panic!("{other}"),
    }
}

#[track_caller]
fn table(field: &str, cases: &[(&str, Result<&str, &str>)]) {
    for (sent, expected) in cases {
        let found = result(field, &[("x", sent)]);
        assert_eq!(found.as_deref().map_err(String::as_str), *expected, "{sent:?}");
    }
}

#[test]
fn names() {
    table(
        "type = \"name\"",
        &[
            ("O", Ok("O")),
            ("  Mu\u{308}ller ", Ok("Müller")),
            ("Đặng-Łukasiewicz", Ok("Đặng-Łukasiewicz")),
            ("d’Arc", Ok("d’Arc")),
            ("J\u{30C}ones", Ok("J\u{30C}ones")),
            ("", Err("required")),
            ("   ", Err("required")),
            ("<script>alert(1)</script>", Err("characters")),
            ("Anna2", Err("characters")),
            ("Юрий", Err("characters")),
        ],
    );
    assert_eq!(result("type = \"name\"", &[("x", &"a".repeat(120))]), Ok("a".repeat(120)));
    assert_eq!(result("type = \"name\"", &[("x", &"a".repeat(121))]), Err("too-long".into()));
    assert_eq!(result("type = \"name\"", &[("x", &"ü".repeat(120))]), Ok("ü".repeat(120)), "characters, not bytes");
}

#[test]
fn texts() {
    table(
        "type = \"text\"",
        &[
            ("<script>alert(1)</script>", Ok("<script>alert(1)</script>")),
            ("a\tb\nc", Ok("a b c")),
            ("a\u{0}b", Err("characters")),
            ("a\u{202E}b", Err("characters")),
            ("😀", Ok("😀")),
        ],
    );
    assert_eq!(result("type = \"text\"\nmax_length = 3", &[("x", "abcd")]), Err("too-long".into()));
    assert_eq!(result("type = \"text\"\nlatin = true", &[("x", "Москва")]), Err("characters".into()));
    table("type = \"textarea\"", &[("a\r\n\r\nb ", Ok("a\n\nb")), ("\u{7}", Err("characters"))]);
}

fn dates(field: &str, cases: &[([&str; 3], Result<&str, &str>)]) {
    for (parts, expected) in cases {
        let found = result(field, &[("x", parts[0]), ("x-month", parts[1]), ("x-year", parts[2])]);
        assert_eq!(found.as_deref().map_err(String::as_str), *expected, "{parts:?}");
    }
}

#[test]
fn whole_dates() {
    dates(
        "type = \"date\"\nmin = 'date(\"1900-01-01\")'\nmax = \"heute\"",
        &[
            (["27", "3", "1985"], Ok("27.03.1985")),
            ([" 07", "03 ", "1985"], Ok("07.03.1985")),
            (["29", "2", "2024"], Ok("29.02.2024")),
            (["29", "2", "2023"], Err("date-invalid")),
            (["29", "2", "1900"], Err("date-invalid")),
            (["31", "4", "2000"], Err("date-invalid")),
            (["0", "0", "1950"], Err("date-invalid")),
            (["1", "", "1985"], Err("date-incomplete")),
            (["1", "1", "85"], Err("date-year")),
            (["1", "1", "0000"], Err("date-invalid")),
            (["x", "1", "1985"], Err("date-invalid")),
            (["-1", "1", "1985"], Err("date-invalid")),
            (["1", "März", "1985"], Err("date-invalid")),
            (["12", "3", "2026"], Ok("12.03.2026")),
            (["13", "3", "2026"], Err("date-max")),
            (["31", "12", "1899"], Err("date-min")),
            (["", "", ""], Err("required-date")),
        ],
    );
}

#[test]
fn birth_dates_with_unknown_parts() {
    dates(
        "type = \"partial-date\"\nmax = \"heute\"",
        &[
            (["00", "00", "1950"], Ok("00.00.1950")),
            (["", "", "1950"], Ok("00.00.1950")),
            (["", "3", "1950"], Ok("00.03.1950")),
            (["5", "3", "1950"], Ok("05.03.1950")),
            (["5", "", "1950"], Err("date-month")),
            (["", "13", "1950"], Err("date-invalid")),
            (["30", "2", "1950"], Err("date-invalid")),
            (["", "", "50"], Err("date-year")),
            (["1", "1", ""], Err("date-year")),
            (["", "", "2026"], Ok("00.00.2026")),
            (["", "4", "2026"], Err("date-max")),
        ],
    );
}

#[test]
fn addresses_at_home_and_abroad() {
    let send = |street, number, code, city, country| {
        let parts = [
            ("x", street),
            ("x-house-number", number),
            ("x-postal-code", code),
            ("x-city", city),
            ("x-country", country),
        ];
        result("type = \"address\"", &parts)
    };
    assert_eq!(send("Musterweg", "1a", "40667", "Meerbusch", ""), Ok("Musterweg 1a\n40667 Meerbusch".into()));
    assert_eq!(send("Musterweg", "1", "40667", "Meerbusch", "Germany"), Ok("Musterweg 1\n40667 Meerbusch".into()));
    assert_eq!(
        send("Rue de l’Exemple", "12 bis", "75001", "Paris", "Frankreich"),
        Ok("Rue de l’Exemple 12 bis\n75001 Paris\nFRANKREICH".into())
    );
    assert_eq!(send("Example House", "", "", "Hamilton", "Bermuda"), Ok("Example House\nHamilton\nBERMUDA".into()));
    assert_eq!(send("Musterweg", "", "40667", "Meerbusch", GERMANY), Err("address-house-number".into()));
    assert_eq!(send("Musterweg", "1", "4066", "Meerbusch", GERMANY), Err("address-postal-code".into()));
    assert_eq!(send("", "1", "40667", "Meerbusch", GERMANY), Err("address-street".into()));
    assert_eq!(send("Musterweg", "1", "40667", "", GERMANY), Err("address-city".into()));
    assert_eq!(send("", "", "", "", GERMANY), Err("required-address".into()), "the country alone is no answer");
    assert_eq!(send("Musterweg", "1", "123456789012345", "Ort", "Frankreich"), Err("too-long".into()));
    assert_eq!(send("Пушкина", "1", "1", "Ort", "Russland"), Err("characters".into()));
}

#[test]
fn choices_yes_and_no() {
    let options = "options = [{ code = \"a\", label.de = \"Alpha\" }, { code = \"b\", label.de = \"Beta\" }]";
    let choice = format!("type = \"choice\"\n{options}");
    table(&choice, &[("a", Ok("Alpha")), ("c", Err("required-choice")), ("", Err("required-choice"))]);
    let choices = format!("type = \"choices\"\n{options}");
    assert_eq!(result(&choices, &[("x", "b"), ("x", "a")]), Ok("Alpha\nBeta".into()), "in the order of the form");
    assert_eq!(result(&choices, &[("x", "b"), ("x", "z")]), Err("choice-unknown".into()));
    assert_eq!(result(&choices, &[]), Err("required-choices".into()));
    table(
        "type = \"yes-no\"",
        &[("ja", Ok("Ja")), ("nein", Ok("Nein")), ("", Err("required-choice")), ("1", Err("choice-unknown"))],
    );
    table(
        "type = \"declaration\"\ntext.de = \"Ja.\"",
        &[("ja", Ok("Bestätigt")), ("nein", Err("required-declaration")), ("", Err("required-declaration"))],
    );
}

#[test]
fn numbers_and_amounts() {
    table(
        "type = \"integer\"\nmin = -1\nmax = 10",
        &[
            ("7", Ok("7")),
            ("-1", Ok("-1")),
            ("-2", Err("number-min")),
            ("11", Err("number-max")),
            ("1,5", Err("number-invalid")),
            ("+1", Err("number-invalid")),
            ("1e1", Err("number-invalid")),
            ("99999999999999999999", Err("number-invalid")),
            ("", Err("required")),
        ],
    );
    table(
        "type = \"money\"\nmax = 1000000",
        &[
            ("1.234,5 €", Ok("1.234,50\u{a0}€")),
            ("12.50", Err("money-invalid")),
            ("-1", Err("money-min")),
            ("10.000,01", Err("money-max")),
        ],
    );
}

#[test]
fn contact_data() {
    table("type = \"email\"", &[("mia@muster.example", Ok("mia@muster.example")), ("mia", Err("email-invalid"))]);
    table("type = \"phone\"", &[("+49 2132 123", Ok("+49 2132 123")), ("12", Err("phone-invalid"))]);
    table(
        "type = \"iban\"",
        &[("de89370400440532013000", Ok("DE89 3704 0044 0532 0130 00")), ("DE00", Err("iban-invalid"))],
    );
}

fn file(n: u128, name: &str, size: u64, media_type: &str) -> FileRef {
    FileRef { id: FileId::from_uuid(Uuid::from_u128(n)), name: name.into(), size, media_type: media_type.into() }
}

#[test]
fn files_come_from_the_server_only_and_can_be_removed() {
    let form = one_field("type = \"file\"\naccept = [\"pdf\", \"jpg\"]\nmax_megabytes = 1\nmax_count = 2");
    let mut walk = Walk::new(form, guest());
    let upload = |files: &[FileRef]| Submitted {
        fields: vec![("x".into(), "{\"id\":\"00000000-0000-0000-0000-000000000009\"}".into())],
        files: files.iter().map(|f| ("x".to_owned(), f.clone())).collect(),
    };
    let mut send = |files: &[FileRef]| match walk.form.accept("s", &upload(files), &mut walk.answers, &walk.facts) {
        Ok(_) => Ok(walk.value("x")),
        Err(forms::AcceptError::Fields(errors)) => Err(errors[0].code.clone()),
        Err(other) => panic!("{other}"),
    };
    assert_eq!(send(&[]), Err("required-file".into()), "what the browser says of a file counts for nothing");
    let good = file(1, "C:\\a\\b.pdf", 10, "application/pdf");
    for (bad, code) in [
        (file(2, "leer.pdf", 0, "application/pdf"), "file-empty"),
        (file(3, "groß.pdf", 1_000_001, "application/pdf"), "file-too-large"),
        (file(4, "tarnung.pdf", 10, "text/html"), "file-type"),
    ] {
        assert_eq!(send(&[bad]), Err(code.into()));
    }
    let kept = FileRef { name: "b.pdf".into(), ..good.clone() };
    assert_eq!(send(std::slice::from_ref(&good)), Ok(Some(Value::Files(vec![kept.clone()]))));
    let two = vec![kept.clone(), file(5, "c.jpg", 5, "image/jpeg")];
    assert_eq!(send(&[good, two[1].clone()]), Ok(Some(Value::Files(two))), "the same file is not added twice");
    assert_eq!(send(&[file(6, "d.jpg", 5, "image/jpeg")]), Err("file-count".into()));

    let remove = pairs(&[("aktion", "datei-weg:x:1")]);
    let stay = walk.form.accept("s", &remove, &mut walk.answers, &walk.facts);
    assert!(matches!(stay, Ok(Accepted::Stay(_))));
    let Some(Value::Files(left)) = walk.value("x") else { panic!("one file should be left") };
    assert_eq!(left.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["c.jpg"]);
    for nonsense in ["datei-weg:x:9", "datei-weg:y:1", "datei-weg:x:0", "datei-weg:", "weg:1", "neu"] {
        let _ = walk.form.accept("s", &pairs(&[("aktion", nonsense)]), &mut walk.answers, &walk.facts);
        assert_eq!(walk.value("x"), Some(Value::Files(left.clone())), "{nonsense}");
    }
}

#[test]
fn good_files_stay_when_another_answer_is_wrong() {
    let form = form(
        "key = \"f\"\ntitle.de = \"F\"\n[[step]]\nkey = \"s\"\ntitle.de = \"S\"\n[[step.field]]\nkey = \"grund\"\ntype = \"text\"\nlabel.de = \"G\"\n[[step.field]]\nkey = \"x\"\ntype = \"file\"\nlabel.de = \"X\"\naccept = [\"pdf\"]",
    );
    let mut walk = Walk::new(form, guest());
    let sent = Submitted { fields: vec![], files: vec![("x".into(), file(1, "a.pdf", 1, "application/pdf"))] };
    assert!(walk.form.accept("s", &sent, &mut walk.answers, &walk.facts).is_err());
    assert!(matches!(walk.answers.get("x"), Some(Value::Files(_))));
    walk.answer("s", &[("grund", "weil")]);
}

#[test]
fn computed_values_are_exact_or_an_error() {
    let computed = |result_kind: &str, value: &str| {
        let form = one_field(&format!("type = \"computed\"\nresult = \"{result_kind}\"\nvalue = '{value}'"));
        form.read(&form.blank(&guest()), &guest()).map(|r| r.value("x").cloned())
    };
    assert_eq!(computed("money", "0.1 + 0.2"), Ok(Some(Value::Money(Money(30)))));
    assert_eq!(computed("date", "heute"), Ok(Some(Value::Date(TODAY))));
    assert!(computed("money", "1 / 3").unwrap_err().to_string().contains("ganzen Cent"));
    assert!(computed("integer", "1.5").is_err());
    assert!(computed("integer", "1 / 0").is_err(), "null is an error");
}
