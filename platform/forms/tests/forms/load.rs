//! Faults of definitions are found when they are loaded, with line, column and a German sentence.

use forms::Form;

/// Each case: the rest of a form after its head, the line of the fault counted from the first line of the rest, a part of the sentence.
const FAULTS: &[(&str, usize, &str)] = &[
    ("[[step]]\nkey = \"a\"\ntitle.de = \"A\"\nwenn = \"1 = 1\"", 4, "„wenn“ gibt es hier nicht."),
    ("[[step]]\nkey = \"a\"", 1, "Hier fehlt „title.de“."),
    ("[[step]]\nkey = \"A b\"\ntitle.de = \"A\"", 2, "Ein Schlüssel beginnt"),
    ("[[step]]\nkey = \"pruefen\"\ntitle.de = \"A\"", 2, "vergeben"),
    ("[[step]]\nkey = \"a\"\ntitle.de = \"A\"\nwhen = 'unbekannt = 1'", 4, "Der Ausdruck stimmt nicht"),
    ("[[step]]\nkey = \"a\"\ntitle.de = \"A\"\nwhen = 'heute +'", 4, "kein FEEL"),
    ("[[step]]\nkey = \"a\"\ntitle.de = \"A\"\nwhen = 'konto.level > 3'", 4, "Der Ausdruck stimmt nicht"),
    ("[[step]]\nkey = \"a\"\ntitle.de = \"A\"\nwhen = 'konto.stufe = \"hoch\"'", 4, "Der Ausdruck stimmt nicht"),
    ("[[step]]\nkey = \"a\"\ntitle.de = \"A\"\nwhen = 'konto.level = \"hoech\"'", 4, "„hoech“ ist keine Antwort"),
    ("[[step]]\nkey = \"a\"\ntitle.de = \"A\"\nwhen = '1 + 1'", 4, "hier muss er boolean ergeben"),
    (
        "[[step]]\nkey = \"a\"\ntitle.de = \"A\"\n[[step.field]]\nkey = \"x\"\ntype = \"zahl\"\nlabel.de = \"X\"",
        6,
        "Den Feldtyp „zahl“ gibt es nicht.",
    ),
    (
        "[[step]]\nkey = \"a\"\ntitle.de = \"A\"\n[[step.field]]\nkey = \"heute\"\ntype = \"text\"\nlabel.de = \"X\"",
        5,
        "gibt es schon",
    ),
    (
        "[[step]]\nkey = \"a\"\ntitle.de = \"A\"\n[[step.field]]\nkey = \"x\"\ntype = \"text\"\nlabel.de = \"X\"\n[[step.field]]\nkey = \"y\"\ntype = \"text\"\nlabel.de = \"Y\"\nwhen = 'x = \"1\"'",
        12,
        "Der Ausdruck stimmt nicht",
    ),
    (
        "[[step]]\nkey = \"a\"\ntitle.de = \"A\"\n[[step.field]]\nkey = \"x\"\ntype = \"choice\"\nlabel.de = \"X\"",
        4,
        "mindestens zwei Möglichkeiten",
    ),
    (
        "[[step]]\nkey = \"a\"\ntitle.de = \"A\"\n[[step.field]]\nkey = \"x\"\ntype = \"name\"\nlabel.de = \"X\"\nprefill = \"identity.address\"",
        8,
        "passt nur zum Typ address",
    ),
    (
        "[[step]]\nkey = \"a\"\ntitle.de = \"A\"\n[[step.field]]\nkey = \"x\"\ntype = \"name\"\nlabel.de = \"X\"\nlocked = \"true\"",
        4,
        "braucht eine Quelle",
    ),
    ("[[step]]\nkey = \"a\"\ntitle.de = \"A\"\n[step.exit]\nlinks = []", 1, "Ein Ausgang braucht eine Bedingung"),
    (
        "[[step]]\nkey = \"a\"\ntitle.de = \"A\"\nwhen = 'konto.is_guest'\ntext.de = \"T\"\n[step.exit]\nlinks = [{ label.de = \"L\", href = \"javascript:alert(1)\" }]",
        7,
        "Ein Verweis beginnt mit",
    ),
    (
        "[[step]]\nkey = \"a\"\ntitle.de = \"A\"\ntext.de = \"Es kostet {gebuehr}.\"",
        4,
        "{gebuehr} gibt es vor dieser Stelle nicht",
    ),
    ("[[step]]\nkey = \"a\"\ntitle.de = \"A\"\ntext.de = \"Es kostet {gebuehr.\"", 4, "nicht geschlossen"),
    (
        "[[step]]\nkey = \"a\"\ntitle.de = \"A\"\n[[step.field]]\nkey = \"x\"\ntype = \"textarea\"\nlabel.de = \"X\"\nblocks = [{ key = \"b\", label.de = \"B\", text.de = \" \" }]",
        8,
        "„text“ ist leer.",
    ),
    (
        "[[step]]\nkey = \"a\"\ntitle.de = \"A\"\n[[step.field]]\nkey = \"x\"\ntype = \"textarea\"\nlabel.de = \"X\"\n[[step.field.blocks]]\nkey = \"b\"\nlabel.de = \"B\"",
        8,
        "Hier fehlt „text.de“.",
    ),
    (
        "[[step]]\nkey = \"a\"\ntitle.de = \"A\"\n[[step.field]]\nkey = \"x\"\ntype = \"textarea\"\nlabel.de = \"X\"\nblocks = [{ key = \"b\", label.de = \"B\", text.de = \"1\" }, { key = \"b\", label.de = \"C\", text.de = \"2\" }]",
        8,
        "Den Textbaustein „b“ gibt es hier schon.",
    ),
    (
        "[[step]]\nkey = \"a\"\ntitle.de = \"A\"\n[[step.field]]\nkey = \"x\"\ntype = \"textarea\"\nlabel.de = \"X\"\nblocks = [{ key = \"B 1\", label.de = \"B\", text.de = \"1\" }]",
        8,
        "Der Schlüssel eines Textbausteins",
    ),
    (
        "[[step]]\nkey = \"a\"\ntitle.de = \"A\"\n[[step.field]]\nkey = \"x\"\ntype = \"textarea\"\nlabel.de = \"X\"\nmax_length = 3\n[[step.field.blocks]]\nkey = \"b\"\nlabel.de = \"B\"\ntext.de = \"vier\"",
        12,
        "länger als das Feld (3 Zeichen)",
    ),
    (
        "[[step]]\nkey = \"a\"\ntitle.de = \"A\"\n[[step.field]]\nkey = \"x\"\ntype = \"textarea\"\nlabel.de = \"X\"\nblocks = [{ key = \"b\", label.de = \"B\", text = { de = \"1\", en = \"2\" } }]",
        8,
        "„en“ gibt es hier nicht.",
    ),
    (
        "[[step]]\nkey = \"a\"\ntitle.de = \"A\"\n[[step.field]]\nkey = \"x\"\ntype = \"textarea\"\nlabel.de = \"X\"\nblocks = [{ key = \"b\", label.de = \"B\", text.de = \"{wer}\" }]",
        8,
        "{wer} gibt es vor dieser Stelle nicht",
    ),
    (
        "[[step]]\nkey = \"a\"\ntitle.de = \"A\"\n[[step.field]]\nkey = \"x\"\ntype = \"text\"\nlabel.de = \"X\"\nblocks = [{ key = \"b\", label.de = \"B\", text.de = \"1\" }]",
        8,
        "nur an Feldern vom Typ textarea",
    ),
    ("[facts]\nfee = \"euro\"\n[[step]]\nkey = \"a\"\ntitle.de = \"A\"", 2, "Möglich sind hier money"),
    ("[service]\nleika = \"123\"\nunit = \"x\"\n[[step]]\nkey = \"a\"\ntitle.de = \"A\"", 2, "14 Ziffern"),
    ("[[step]]\nkey = \"a\"\ntitle = 3", 3, "muss eine Tabelle sein"),
    ("[[step]]\nkey = \"a\ntitle.de = \"A\"", 2, "kein gültiges TOML"),
    ("[[step]]\nkey = \"a\"\ntitle.de = \"A\"\n[[step]]\nkey = \"a\"\ntitle.de = \"B\"", 4, "gibt es schon"),
    ("[[step]]\nkey = \"a\"\ntitle.de = \"A\"\nwhen = '''\nheute\n  > unbekannt'''", 6, "Der Ausdruck stimmt nicht"),
];

const HEAD: &str = "key = \"f\"\ntitle.de = \"F\"\n";

#[test]
fn each_fault_has_its_line_and_a_sentence() {
    for (rest, line, sentence) in FAULTS {
        let errors = Form::load("city/f.toml", &format!("{HEAD}{rest}")).expect_err(rest);
        let found = errors.iter().any(|e| e.line == line + 2 && e.text.contains(sentence));
        let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert!(found, "{rest}\nexpected line {} with {sentence:?}, found\n{}", line + 2, all.join("\n"));
        assert!(all.iter().all(|e| e.starts_with("city/f.toml:")));
    }
}

#[test]
fn the_column_points_into_the_expression() {
    let text = format!("{HEAD}[[step]]\nkey = \"a\"\ntitle.de = \"A\"\nwhen = 'heute > unbekannt'");
    let errors = Form::load("f", &text).unwrap_err();
    assert_eq!((errors[0].line, errors[0].column), (6, 17), "{}", errors[0]);
}

#[test]
fn all_faults_are_reported_at_once_and_in_order() {
    let text = format!("{HEAD}x = 1\n[[step]]\nkey = \"a\"\ny = 2\n[[step]]\nkey = \"b\"\ntitle.de = \"B\"\nz = 3");
    let lines: Vec<usize> = Form::load("f", &text).unwrap_err().iter().map(|e| e.line).collect();
    assert_eq!(lines, [3, 4, 6, 10]);
}

#[test]
fn an_empty_or_huge_file_is_refused() {
    assert!(Form::load("f", "").is_err());
    assert!(Form::load("f", &format!("{HEAD}# {}", "x".repeat(1_000_001))).is_err());
}
