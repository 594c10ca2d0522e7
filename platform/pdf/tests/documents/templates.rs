use pdf::Template;

/// Source, line, column and a part of the message.
const REFUSED: [(&str, usize, usize, &str); 16] = [
    ("= Titel\n#let x = (", 2, 10, "unclosed delimiter"),
    ("#let = 3", 1, 5, "expected pattern"),
    ("#import \"@preview/cetz:0.3.0\"", 1, 2, "packages such as @preview/cetz:0.3.0 are not available"),
    ("Text\n#import \"fehlt.typ\": x", 2, 2, "no file fehlt.typ"),
    ("#include \"../../etc/passwd\"", 1, 2, "no file ../../etc/passwd"),
    ("#let p = \"stadt.typ\"\n#include p", 2, 2, "plain string"),
    ("#eval(\"1\")", 1, 2, "`eval` is not available"),
    ("#let f = eval", 1, 10, "`eval` is not available"),
    ("#std.eval(\"1\")", 1, 2, "`std` is not available"),
    ("#read(\"/data.json\")", 1, 2, "`read` is not available"),
    ("#plugin(\"x.wasm\")", 1, 2, "`plugin` is not available"),
    ("#json(\"/other.json\")", 1, 2, "`json` reads"),
    ("#let d = json(\"/data.json\")\n#json(d.path)", 2, 2, "`json` reads"),
    ("#let j = json", 1, 10, "`json` reads"),
    ("#image(\"wappen.svg\")", 1, 2, "`image` takes"),
    ("#let show-it = image", 1, 16, "`image` takes"),
];

#[test]
fn faults_are_found_with_file_line_and_column() {
    for (source, line, column, message) in REFUSED {
        let error = Template::parse("brief.typ", source, &[("stadt.typ", "#let stadt = 1")]).expect_err(source);
        assert_eq!((error.file.as_str(), error.line, error.column), ("brief.typ", line, column), "{source}: {error}");
        assert!(error.message.contains(message), "{source}: {error}");
    }
}

#[test]
fn a_fault_in_an_include_names_that_file() {
    let error = Template::parse("brief.typ", "#import \"stadt.typ\": x", &[("stadt.typ", "\n#let x = }")]).unwrap_err();
    assert_eq!((error.file.as_str(), error.line), ("stadt.typ", 2));
    assert_eq!(error.to_string(), format!("stadt.typ:2:{}: {}", error.column, error.message));
}

#[test]
fn ordinary_words_may_be_field_and_argument_names() {
    let source =
        "#let f(read: 1) = read-it\n#let read-it = 2\n#let d = json(\"/data.json\")\n#d.image #d.eval #(csv: 1).csv";
    assert!(Template::parse("brief.typ", source, &[]).is_ok());
}

#[test]
fn names_are_plain_and_unique() {
    for name in ["", ".typ", "brief", "../brief.typ", "a/b.typ", "b rief.typ", "brief.typ\0"] {
        let error = Template::parse(name, "x", &[]).expect_err(name);
        assert_eq!((error.line, error.column), (0, 0));
    }
    assert!(Template::parse("a.typ", "x", &[("b.typ", ""), ("b.typ", "")]).is_err());
    assert!(Template::parse("a.typ", "x", &[("a.typ", "")]).is_err());
}
