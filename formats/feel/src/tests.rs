use jiff::Zoned;
use proptest::prelude::*;

use super::*;

fn env() -> Env {
    Env::at("2026-03-16T10:30:00+01:00[Europe/Berlin]".parse::<Zoned>().expect("a valid moment"))
}

fn context(json: &str) -> Context {
    let json = serde_json::from_str(json).expect("valid JSON");
    Value::from_json(&json).as_context().cloned().expect("a JSON object")
}

fn scope_of(names: &Context) -> Scope {
    let mut scope = Scope::new();
    for (name, _) in names.iter() {
        scope.declare(name, Type::Any);
    }
    scope
}

/// The text of the result; a source that is no expression yields `error`.
fn outcome(source: &str, names: &Context) -> String {
    match Expr::parse(source, &scope_of(names)) {
        Ok(expr) => expr.eval(names, &env()).map_or_else(|e| e.to_string(), |v| v.to_string()),
        Err(_) => "error".to_owned(),
    }
}

fn check_table(names: &Context, table: &[(&str, &str)]) {
    let wrong: Vec<_> = table
        .iter()
        .map(|(source, expected)| (source, expected, outcome(source, names)))
        .filter(|(_, expected, found)| *expected != found)
        .collect();
    assert!(wrong.is_empty(), "(expression, expected, found): {wrong:#?}");
}

fn table(rows: &[(&str, &str)]) {
    check_table(&Context::default(), rows);
}

#[test]
fn durations_end_at_the_range_of_their_type() {
    let smallest = "@\"P1M\" * (if 1 = 1 then -9223372036854775807 - 1 else 0)";
    table(&[(smallest, "null"), (&format!("date({smallest})"), "null"), (&format!("-({smallest})"), "null")]);
}

#[test]
fn arithmetic_is_decimal() {
    table(&[
        ("0.1 + 0.2", "0.3"),
        ("1 / 3", "0.3333333333333333333333333333333333"),
        ("2 / 3", "0.6666666666666666666666666666666667"),
        ("1 / 0", "null"),
        ("10 - 2 * 3", "4"),
        ("2 ** 3 ** 2", "64"),
        ("2 ** -1", "0.5"),
        ("-2 ** 2", "4"),
        ("4 ** 0.5", "2"),
        ("8 ** (1/3)", "2"),
        ("1.10", "1.1"),
        ("1e3", "1000"),
        (".5 + .5", "1"),
        ("12345678901234567890123456789012345", "12345678901234567890123456789012340"),
        ("9999999999999999999999999999999999 + 1", "10000000000000000000000000000000000"),
        ("1e6144 * 10", "null"),
        ("1e-6176 / 10", "0"),
        ("exp(1)", "2.71828182845904523536028747135"),
        ("log(10)", "2.30258509299404568401799145468"),
        ("log(0)", "null"),
        ("sqrt(2)", "1.414213562373095048801688724209698"),
        ("sqrt(16)", "4"),
        ("sqrt(-1)", "null"),
        ("modulo(-12, 5)", "3"),
        ("modulo(10.1, -4.5)", "-3.4"),
        ("modulo(1e30, 7)", "1"),
        ("decimal(2.5, 0)", "2"),
        ("decimal(1234.5, -2)", "1200"),
        ("round half up(-5.5, 0)", "-6"),
        ("round half down(5.5, 0)", "5"),
        ("round up(1.121, 2)", "1.13"),
        ("ceiling(-1.5)", "-1"),
        ("\"1\" + 1", "null"),
        ("\"a\" + \"b\"", "ab"),
        ("even(2.5)", "false"),
        ("odd(3)", "true"),
    ]);
}

#[test]
fn logic_has_three_values() {
    table(&[
        ("true and null", "null"),
        ("false and null", "false"),
        ("true or null", "true"),
        ("false or \"x\"", "null"),
        ("not(null)", "null"),
        ("null = null", "true"),
        ("null = 1", "false"),
        ("1 = \"1\"", "null"),
        ("null < 1", "null"),
        ("if null then 1 else 2", "2"),
        ("some x in [1, 2] satisfies x > 1", "true"),
        ("every x in [] satisfies x > 1", "true"),
        ("every x in [1, null] satisfies x > 0", "null"),
        ("null between 1 and 2", "null"),
        ("2 between 1 and 3", "true"),
        ("null instance of Null", "true"),
        ("null instance of number", "false"),
    ]);
}

#[test]
fn dates_and_durations() {
    table(&[
        ("today()", "2026-03-16"),
        ("now()", "2026-03-16T10:30:00@Europe/Berlin"),
        ("date(\"2008-02-29\") + duration(\"P18Y\")", "2026-02-28"),
        ("@\"2026-01-31\" + @\"P1M\"", "2026-02-28"),
        ("@\"2026-03-31\" - @\"P1M\"", "2026-02-28"),
        ("@\"2026-03-16\" - @\"2026-03-01\"", "P15D"),
        ("@\"2026-03-16\" + @\"PT36H\"", "2026-03-17"),
        ("@\"2026-03-16\" - @\"PT1H\"", "2026-03-15"),
        ("@\"2026-03-28T12:00:00@Europe/Berlin\" + @\"P1D\"", "2026-03-29T13:00:00@Europe/Berlin"),
        ("@\"2026-03-28T12:00:00\" + @\"PT13H\"", "2026-03-29T01:00:00"),
        ("@\"23:30:00\" + @\"PT1H\"", "00:30:00"),
        ("@\"10:00:00+01:00\" - @\"10:00:00Z\"", "-PT1H"),
        ("@\"10:00:00+01:00\" = @\"09:00:00Z\"", "true"),
        ("@\"10:00:00\" < @\"09:00:00Z\"", "null"),
        ("@\"P1Y\" + @\"P1D\"", "null"),
        ("@\"P1D\" * 2.5", "P2DT12H"),
        ("@\"P1Y\" / 2", "P6M"),
        ("@\"P1Y\" / @\"P3M\"", "4"),
        ("@\"P2D\" / @\"PT12H\"", "4"),
        ("years and months duration(@\"2008-05-20\", @\"2026-05-19\")", "P17Y11M"),
        ("years and months duration(@\"2026-05-19\", @\"2008-05-20\")", "-P17Y11M"),
        ("date(\"2026-02-30\")", "null"),
        ("date(2026, 2, 28)", "2026-02-28"),
        ("date(\"0026-02-28\")", "0026-02-28"),
        ("time(\"24:00:00\")", "00:00:00"),
        ("time(25, 0, 0)", "null"),
        ("time(9223372036854775807, 0, 0)", "null"),
        ("date and time(\"2026-12-31T24:00:00\")", "2027-01-01T00:00:00"),
        ("time(11, 59, 45.5, @\"PT2H\")", "11:59:45.5+02:00"),
        ("duration(\"P1YT1H\")", "null"),
        ("week of year(@\"2027-01-01\")", "53"),
        ("day of week(@\"2026-03-16\")", "Monday"),
        ("month of year(@\"2026-03-16\")", "March"),
        ("@\"2026-03-16\".weekday", "1"),
        ("@\"2026-07-01T10:00:00@Europe/Berlin\".time offset", "PT2H"),
        ("is(@\"10:00:00Z\", @\"10:00:00+00:00\")", "true"),
        ("is(@\"10:00:00Z\", @\"10:00:00\")", "false"),
        ("is(1, \"1\")", "false"),
        ("@\"tomorrow\"", "error"),
        ("abs(@\"-P1D\")", "P1D"),
    ]);
}

#[test]
fn texts() {
    table(&[
        ("substring(\"foobar\", 3)", "obar"),
        ("substring(\"foobar\", -2, 1)", "a"),
        ("substring(\"foobar\", 0)", "null"),
        ("substring(\"foobar\", 7)", "null"),
        ("substring before(\"foobar\", \"bar\")", "foo"),
        ("substring after(\"foobar\", \"x\")", ""),
        ("upper case(\"straße\")", "STRASSE"),
        ("string length(\"Łódź\")", "4"),
        ("matches(\"40667\", \"^\\d{5}$\")", "true"),
        ("matches(\"a\", \"(\")", "null"),
        ("matches(\"input\", \"[0-9-.]*/\")", "false"),
        ("matches(\"a-b\", \"^[\\w-]+$\")", "true"),
        ("matches(\"ab\", \"a B\", \"xi\")", "true"),
        ("matches(\"a.b\", \"a.b\", \"q\")", "true"),
        ("matches(\"acb\", \"a.b\", \"q\")", "false"),
        ("replace(\"2026-03-16\", \"(\\d+)-(\\d+)-(\\d+)\", \"$3.$2.$1\")", "16.03.2026"),
        ("replace(\"abc\", \"x*\", \"-\")", "null"),
        ("replace(\"abc\", \"b\", \"$\")", "null"),
        ("replace(\"abc\", \"b\", \"\\$\")", "a$c"),
        ("split(\"a;b;;\", \";\")", "[\"a\", \"b\", \"\", \"\"]"),
        ("string join([\"a\", null, \"b\"], \", \")", "a, b"),
        ("string join([\"a\", 1])", "null"),
        ("string([1, \"x\", {a: null}])", "[1, \"x\", {a: null}]"),
        ("number(\"1.234,56\", \".\", \",\")", "1234.56"),
        ("number(\"1,5\", \",\", \",\")", "null"),
        ("number(\"zwei\")", "null"),
        ("\"\\u00e4\\U01F40E\"", "ä🐎"),
        ("\"\\ud83d!\"", "error"),
    ]);
}

#[test]
fn lists_and_contexts() {
    table(&[
        ("[1, 2, 3][-1]", "3"),
        ("[1, 2, 3][item >= 2]", "[2, 3]"),
        ("[{x: 1, y: 2}, {x: 2, y: 3}][x = 2].y", "[3]"),
        ("[][1]", "null"),
        ("count([])", "0"),
        ("count(5)", "1"),
        ("sum([1, 2, 3])", "6"),
        ("sum([])", "null"),
        ("sum([@\"P1D\", @\"PT12H\"])", "P1DT12H"),
        ("min(\"b\", \"a\")", "a"),
        ("max([@\"2026-01-01\", @\"2026-03-01\"])", "2026-03-01"),
        ("max([1, \"a\"])", "null"),
        ("mean(1, 2)", "1.5"),
        ("median([6, 1, 2, 3])", "2.5"),
        ("mode([6, 1, 9, 6, 1])", "[1, 6]"),
        ("stddev([2, 4, 7, 5])", "2.081665999466132735282297706979931"),
        ("stddev([1])", "null"),
        ("all([])", "true"),
        ("any([false, null])", "null"),
        ("sublist([1, 2, 3], 2)", "[2, 3]"),
        ("sublist([1, 2, 3], 2, 5)", "null"),
        ("append([1], 2, 3)", "[1, 2, 3]"),
        ("concatenate([1], [2, 3])", "[1, 2, 3]"),
        ("insert before([1, 3], 2, 2)", "[1, 2, 3]"),
        ("remove([1, 2], -1)", "[1]"),
        ("reverse([1, 2])", "[2, 1]"),
        ("index of([1, 2, 1], 1)", "[1, 3]"),
        ("union([1, 2], [2, 3])", "[1, 2, 3]"),
        ("distinct values([1, 1.0, \"1\"])", "[1, \"1\"]"),
        ("flatten([1, [2, [3]]])", "[1, 2, 3]"),
        ("sort([3, 1, 2], function(a, b) a < b)", "[1, 2, 3]"),
        ("sort(list: [1, 2], precedes: function(a, b) a > b)", "[2, 1]"),
        ("list replace([1, 2], function(item, new) item = 2, 5)", "[1, 5]"),
        ("for i in 1..3, j in [i] return i * j", "[1, 4, 9]"),
        ("for i in 0..3 return if i = 0 then 1 else i * partial[-1]", "[1, 1, 2, 6]"),
        ("{a: 1, b: a + 1}", "{a: 1, b: 2}"),
        ("{f: function(n) if n < 2 then 1 else n * f(n - 1), r: f(5)}.r", "120"),
        ("{a b: 1, c: a b + 1}.c", "2"),
        ("{\"a,b\": 1}", "{\"a,b\": 1}"),
        ("get value({a: {b: 1}}, \"a\").b", "1"),
        ("get entries({a: 1})", "[{key: \"a\", value: 1}]"),
        ("context([{key: \"a\", value: 1}])", "{a: 1}"),
        ("context put({x: 1, y: {a: 0}}, [\"y\", \"a\"], 2)", "{x: 1, y: {a: 2}}"),
        ("context put({x: 1}, [\"y\", \"a\"], 2)", "null"),
        ("context put({x: 1}, \"y\", 2)", "{x: 1, y: 2}"),
        ("context merge([{a: 1}, {a: 2, b: 3}])", "{a: 2, b: 3}"),
        ("(function(a: number) a + 1)(\"x\")", "null"),
        ("(function(a: number) a + 1)([1])", "2"),
        ("[1, \"a\"] instance of list<number>", "false"),
        ("{a: 1, b: 2} instance of context<a: number>", "true"),
        ("[1..2] instance of range<number>", "true"),
        ("(function(a) a) instance of function<Any>->Any", "true"),
        ("abs(n: -1)", "1"),
        ("abs(number: -1)", "null"),
    ]);
}

/// DMN 1.5, table 79, at least one row for each function.
#[test]
fn relations_of_ranges() {
    table(&[
        ("before(1, 10)", "true"),
        ("before([1..10), 10)", "true"),
        ("before([1..10], 10)", "false"),
        ("before([1..10], (10..20])", "true"),
        ("after(12, [2..5])", "true"),
        ("after([5..8], [1..5))", "true"),
        ("meets([1..5], [5..10])", "true"),
        ("meets([1..5), [5..10])", "false"),
        ("met by([5..10], [1..5])", "true"),
        ("overlaps([1..5], [3..8])", "true"),
        ("overlaps([1..5), [5..8])", "false"),
        ("overlaps before([1..5], [3..8])", "true"),
        ("overlaps before([1..5), (1..5])", "true"),
        ("overlaps after([3..8], [1..5])", "true"),
        ("finishes(10, [1..10])", "true"),
        ("finishes([5..10], [1..10])", "true"),
        ("finished by([1..10], [5..10])", "true"),
        ("includes([1..10], 5)", "true"),
        ("includes((1..10], (1..10])", "true"),
        ("includes((1..10], [1..10])", "false"),
        ("during(5, [1..10])", "true"),
        ("starts([1..5], [1..10])", "true"),
        ("started by([1..10], 1)", "true"),
        ("coincides([1..5], [1..5])", "true"),
        ("coincides([1..5], [1..5))", "false"),
        ("coincides(3, 3)", "true"),
        ("includes((>= 5), 7)", "true"),
        ("5 in (> 3)", "true"),
        ("5 in (null..7]", "null"),
        ("1 in [1..5[", "true"),
        ("5 in [1..5[ or false", "false"),
        ("range(\"[1..3]\") = [1..3]", "true"),
        ("range(\"[3..1]\")", "null"),
    ]);
}

#[test]
fn names_may_hold_spaces_and_signs() {
    let names = context(
        r#"{"Date of birth": 3, "a-b": 5, "a": 10, "b": 4, "for sale": 1, "net/gross": 7, "Person": {"first name": "Ada", "x.y": 2}}"#,
    );
    check_table(
        &names,
        &[
            ("Date  of\nbirth + 1", "4"),
            ("a-b", "5"),
            ("a - b", "6"),
            ("net/gross * 2", "14"),
            ("for sale", "1"),
            ("for i in [1] return for sale", "[1]"),
            ("Date of birthday", "error"),
        ],
    );
    let person = Type::Context(vec![("first name".into(), Type::String), ("x.y".into(), Type::Number)]);
    let scope = Scope::new().with("Person", person);
    for (source, expected) in [("Person.first name + \"!\"", "Ada!"), ("Person.x.y", "2")] {
        let expr = Expr::parse(source, &scope).expect(source);
        assert_eq!(expr.eval(&names, &env()).expect(source).to_string(), expected);
    }
}

#[test]
fn conditions_of_a_form() {
    let scope = Scope::new()
        .with("art", Type::String)
        .with("kinder", Type::list_of(Type::Any))
        .with("geburtsdatum", Type::String);
    let source = "art = \"erweitert\" and count(kinder) > 0 and date(geburtsdatum) < today() - duration(\"P16Y\")";
    let expr = Expr::parse(source, &scope).expect(source);
    assert_eq!(expr.check(&scope), []);
    assert_eq!(expr.free_names().collect::<Vec<_>>(), ["art", "geburtsdatum", "kinder"]);
    let answer = |birth: &str| {
        let names = context(&format!(r#"{{"art": "erweitert", "kinder": [1], "geburtsdatum": "{birth}"}}"#));
        expr.eval_condition(&names, &env())
    };
    assert_eq!(answer("2010-03-15"), Ok(true));
    assert_eq!(answer("2010-03-16"), Ok(false));
    assert!(matches!(answer("gestern"), Err(EvalError::NullCondition { found: "null", reason: Some(_) })));
}

#[test]
fn conditions_that_are_no_boolean_are_errors() {
    for source in ["null", "1", "unbekannt", "1 < \"a\""] {
        let expr = Expr::parse(source, &Scope::new()).expect(source);
        let outcome = expr.eval_condition(&Context::default(), &env());
        assert!(matches!(outcome, Err(EvalError::NullCondition { .. })), "{source}: {outcome:?}");
    }
}

#[test]
fn unary_tests() {
    let cases = [
        ("-", "1", "true"),
        ("< 5", "4", "true"),
        ("[1..3], > 10", "11", "true"),
        ("not(1, 2)", "3", "true"),
        ("\"a\", \"b\"", "\"b\"", "true"),
        ("? > 3 and ? < 5", "4", "true"),
        ("\"a\"", "1", "null"),
        ("< 5", "null", "null"),
        ("null", "null", "true"),
        ("[1, 2]", "2", "true"),
        ("grenze", "7", "true"),
        ("matches(?, \"^x\")", "\"xy\"", "true"),
    ];
    let names = context(r#"{"grenze": 7}"#);
    for (source, input, expected) in cases {
        let tests = UnaryTests::parse(source, &Scope::new()).expect(source);
        let input = Expr::parse(input, &Scope::new()).map(|e| e.eval(&names, &env())).expect(source);
        let found = tests.eval(&input.expect(source), &names, &env()).expect(source);
        assert_eq!(found.to_string(), expected, "{source}");
    }
}

#[test]
fn faults_have_a_place() {
    for (source, line, column) in [
        ("1 +", 1, 4),
        ("1 +\n  )", 2, 3),
        ("foo bar", 1, 5),
        ("{a: 1, a: 2}", 1, 8),
        ("\"ä\" + @\"x\"", 1, 7),
        ("function(x) external {java: {}}", 1, 13),
        ("[1, 2", 1, 6),
        ("x instance of nothing", 1, 15),
    ] {
        let error = Expr::parse(source, &Scope::new()).expect_err(source);
        assert_eq!((error.line, error.column), (line, column), "{source}: {error}");
    }
}

#[test]
fn the_check_finds_slips() {
    let child = Type::Context(vec![("name".into(), Type::String), ("alter".into(), Type::Number)]);
    let scope = Scope::new()
        .with("art", Type::String)
        .with("anzahl", Type::Number)
        .with("antrag", Type::Context(vec![("datum".into(), Type::Date)]))
        .with("kinder", Type::list_of(child));
    let objections = |source: &str| -> Vec<String> {
        let expr = Expr::parse(source, &scope).expect(source);
        expr.check(&scope).into_iter().map(|e| e.to_string()).collect()
    };
    for sound in [
        "art = \"a\" and anzahl > 1",
        "kinder[alter > 3].name",
        "count(kinder[item.alter > 3]) > 0",
        "antrag.datum + duration(\"P1M\") > today()",
        "for k in kinder return k.name",
        "if art = null then 1 else anzahl",
        "{f: function(n) if n < 2 then 1 else f(n - 1)}.f(3)",
        "art in (\"a\", \"b\")",
        "anzahl in [1..3]",
        "sum(kinder.alter) / count(kinder)",
    ] {
        assert_eq!(objections(sound), Vec::<String>::new(), "{sound}");
    }
    for (source, expected) in [
        ("arrt = \"a\"", "1:1: there is no `arrt`"),
        ("anzahl = \"1\"", "1:1: cannot compare number with string"),
        ("art > 1", "1:1: cannot compare string with number"),
        ("art and true", "1:1: expected a condition, found string"),
        ("antrag.daten", "1:1: the context has no `daten`"),
        ("kinder[gewicht > 1]", "1:8: there is no `gewicht`"),
        ("art + anzahl", "1:1: no arithmetic with string and number"),
        ("substring(anzahl, 1)", "1:11: `substring` expects string, found number"),
        ("substring(art)", "1:1: `substring` cannot have 1 arguments"),
        ("substring(text: art)", "1:1: `substring` has no such arguments"),
        ("art in (1, 2)", "1:9: cannot compare string with number"),
        ("if art then 1 else 2", "1:4: expected a condition, found string"),
        ("art()", "1:1: string cannot be called"),
    ] {
        assert_eq!(objections(source).first().map(String::as_str), Some(expected), "{source}");
    }
    let tests = UnaryTests::parse("< 5", &scope).expect("unary tests");
    assert_eq!(tests.check(&scope, &Type::Number), []);
    assert_eq!(tests.check(&scope, &Type::String).len(), 1);
}

#[test]
fn money_is_whole_cents() {
    for (source, expected) in [("12.5", Some(1250)), ("-0.01", Some(-1)), ("12.345", None), ("1e30", None)] {
        let expr = Expr::parse(source, &Scope::new()).expect(source);
        let value = expr.eval(&Context::default(), &env()).expect(source);
        assert_eq!(value.to_cents().ok(), expected, "{source}");
    }
    assert!(Value::from("12.50").to_cents().is_err());
}

#[test]
fn json_keeps_numbers_exact() {
    for text in ["1", "-7", "0.1", "12.5", "9007199254740993", "18446744073709551615", "1e300", "1E-7"] {
        let json: serde_json::Value = serde_json::from_str(text).expect(text);
        let value = Value::from_json(&json);
        assert_eq!(value.as_number(), text.parse().ok(), "{text}");
        assert_eq!(
            Value::from_json_typed(&value.to_json(), &Type::Number).ok().and_then(|v| v.as_number()),
            value.as_number()
        );
    }
    // What binary floating point cannot hold leaves as text.
    let long: Number = "0.1234567890123456789".parse().expect("a number");
    assert_eq!(Value::from(long).to_json(), serde_json::json!("0.1234567890123456789"));
}

#[test]
fn typed_json_becomes_dates_and_names_what_is_wrong() {
    let ty = Type::Context(vec![
        ("geburt".into(), Type::Date),
        ("kinder".into(), Type::list_of(Type::Context(vec![("alter".into(), Type::Number)]))),
    ]);
    let good = serde_json::json!({"geburt": "2008-05-20", "kinder": [{"alter": 3}]});
    let value = Value::from_json_typed(&good, &ty).expect("fits");
    assert_eq!(value.to_string(), "{geburt: 2008-05-20, kinder: [{alter: 3}]}");
    assert_eq!(value.to_json(), good);
    let bad = serde_json::json!({"geburt": "2008-05-20", "kinder": [{"alter": 3}, {"alter": "drei"}]});
    let error = Value::from_json_typed(&bad, &ty).expect_err("does not fit");
    assert_eq!(error.to_string(), "kinder[2].alter: expected number, found \"drei\"");
}

/// Runs in a thread with the small stack of a server's worker.
fn on_small_stack(test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(test).expect("a thread");
    assert!(thread.join().is_ok());
}

#[test]
fn limits_hold() {
    on_small_stack(|| {
        let nested = |open: &str, close: &str, n: usize| format!("{}1{}", open.repeat(n), close.repeat(n));
        for source in [
            nested("(", ")", 5000),
            nested("[", "]", 5000),
            "{a:".repeat(5000),
            "-".repeat(5000) + "1",
            "if true then ".repeat(5000),
            "function() ".repeat(5000) + "1",
            "1 in (".repeat(40) + "1" + &") + 1".repeat(40),
            "x".to_owned() + &".a".repeat(5000),
            "1 = ".repeat(5000) + "1",
            " ".repeat(MAX_SOURCE) + "1",
        ] {
            assert!(Expr::parse(&source, &Scope::new()).is_err(), "{}", &source[..20]);
        }
        // The deepest that is allowed also passes the check and the evaluation.
        for (open, close) in
            [("(", ")"), ("[", "]"), ("if true then ", " else 1"), ("{a: ", "}"), ("abs(", ")"), ("-", "")]
        {
            let deepest = (1..200).rev().find_map(|n| Expr::parse(&nested(open, close, n), &Scope::new()).ok());
            let deepest = deepest.expect("some depth is allowed");
            deepest.check(&Scope::new());
            assert!(deepest.eval(&Context::default(), &env()).is_ok(), "{}", deepest.source());
        }
        // Long sums and chains of conditions are no nesting.
        let sum = format!("1{}", " + 1".repeat(5000));
        assert_eq!(outcome(&sum, &Context::default()), "5001");
        let limit = |source: &str, expected: EvalError| {
            let expr = Expr::parse(source, &Scope::new()).expect(source);
            assert_eq!(expr.eval(&Context::default(), &env()).map(|v| v.to_string()), Err(expected), "{source}");
        };
        limit("{f: function(n) f(n + 1), r: f(1)}", EvalError::Depth);
        limit("for i in 1..10000000 return i", EvalError::Size);
        limit("some i in 1..10000000 satisfies i < 0", EvalError::Steps);
        limit("every i in 1..1000, j in 1..1000, k in 1..1000 satisfies true", EvalError::Steps);
        limit("for i in 1..300 return if i = 1 then [1] else [partial[-1]]", EvalError::Depth);
        limit("for i in 1..60 return if i = 1 then \"ab\" else partial[-1] + partial[-1]", EvalError::Size);
        limit(
            "for i in 1..100 return if i = 1 then function() 1 else (function(p) function() p)(partial)",
            EvalError::Depth,
        );
    });
}

#[test]
fn shared_values_do_not_explode() {
    // Small in memory, 2^40 values when written out.
    let source = "(for i in 1..40 return if i = 1 then [1] else [partial[-1], partial[-1]])[-1]";
    for (wrapped, expected) in [
        (source.to_owned(), EvalError::Size),
        (format!("string({source})"), EvalError::Steps),
        (format!("count(flatten({source}))"), EvalError::Steps),
        (format!("{{x: {source}, y: x = x}}.y"), EvalError::Steps),
    ] {
        let expr = Expr::parse(&wrapped, &Scope::new()).expect("parses");
        assert_eq!(expr.eval(&Context::default(), &env()).map(|_| ()), Err(expected), "{wrapped}");
    }
}

#[test]
fn expressions_are_shared_between_threads() {
    fn shareable<T: Send + Sync>() {}
    shareable::<Expr>();
    shareable::<UnaryTests>();
    shareable::<Value>();
}

/// Pieces of expressions, so that random sources get past the first token.
fn piece() -> impl Strategy<Value = String> {
    const FIXED: &[&str] = &[
        "1",
        "0.5",
        "\"a\"",
        "null",
        "true",
        "x",
        "a b",
        "?",
        "@\"2026-01-01\"",
        "@\"P1D\"",
        "@\"P1M\"",
        "@\"10:00:00Z\"",
        "(",
        ")",
        "[",
        "]",
        "{a:",
        "}",
        ",",
        "..",
        ".",
        "+",
        "-",
        "*",
        "/",
        "**",
        "=",
        "!=",
        "<",
        ">=",
        " and ",
        " or ",
        " in ",
        " between ",
        " instance of ",
        "number",
        "if ",
        " then ",
        " else ",
        "for i in ",
        " return ",
        "some i in ",
        " satisfies ",
        "function(i) ",
        "count(",
        "sum(",
        "matches(",
        "date(",
        "sort(",
        "1e6144",
        "1e-6176",
        "-1",
        "9223372036854775807",
        "partial",
        "item",
        "external",
        "<",
        "range(",
        "string(",
        "substring(",
        "999999999",
        "duration(",
        "time(",
        "date and time(",
        "split(",
        "replace(",
        "abs",
        "list<",
        "not(",
    ];
    prop_oneof![4 => proptest::sample::select(FIXED).prop_map(str::to_owned), 1 => any::<String>()]
}

/// Whole expressions, most of them without sense.
fn expression() -> impl Strategy<Value = String> {
    const LEAVES: &[&str] = &[
        "1",
        "-1",
        "0",
        "2.5",
        "1e6144",
        "1e-6176",
        "9223372036854775807",
        "-9223372036854775808",
        "null",
        "true",
        "x",
        "\"\"",
        "\"a\"",
        "\"P1D\"",
        "\"(a|b)*\"",
        "\"2026-02-28\"",
        "\"10:00:00@Europe/Berlin\"",
        "[]",
        "{}",
        "item",
        "?",
        "@\"2026-01-31\"",
        "@\"999999999-12-31\"",
        "@\"-999999999-01-01\"",
        "@\"P1D\"",
        "@\"-P999999999D\"",
        "@\"P1M\"",
        "@\"P1999999999M\"",
        "@\"23:59:59.999999999\"",
        "@\"10:00:00+18:00\"",
        "@\"2026-03-29T02:30:00@Europe/Berlin\"",
        "@\"999999999-12-31T23:59:59-18:00\"",
        "today()",
        "now()",
        "(function(a, b) a < b)",
        "abs",
        "(> 5)",
        "(!= 1)",
    ];
    const OPERATORS: &[&str] =
        &["+", "-", "*", "/", "**", "=", "!=", "<", "<=", ">", ">=", " and ", " or ", " in ", ".."];
    const MEMBERS: &[&str] =
        &["a", "year", "weekday", "time offset", "timezone", "days", "months", "start", "end included"];
    const TYPES: &[&str] =
        &["number", "list<string>", "range<date>", "context<a: Any>", "function<Any, Any>->Any", "Null"];
    let names: Vec<&'static str> = builtins::names().collect();
    proptest::sample::select(LEAVES).prop_map(str::to_owned).prop_recursive(4, 24, 3, move |inner| {
        let args = proptest::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            (inner.clone(), proptest::sample::select(OPERATORS), inner.clone()).prop_map(|(a, o, b)| match o {
                ".." => format!("[{a}..{b})"),
                o => format!("({a}{o}{b})"),
            }),
            (proptest::sample::select(names.clone()), args.clone()).prop_map(|(n, a)| format!("{n}({})", a.join(", "))),
            args.prop_map(|a| format!("[{}]", a.join(", "))),
            inner.clone().prop_map(|a| format!("{{a: {a}, b: a}}")),
            (inner.clone(), proptest::sample::select(MEMBERS)).prop_map(|(a, m)| format!("({a}).{m}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a})[{b}]")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("(for x in {a} return {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("(every x in {a} satisfies {b})")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("(if {a} then {b} else {c})")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a} between {b} and {c})")),
            (inner.clone(), proptest::sample::select(TYPES)).prop_map(|(a, t)| format!("({a} instance of {t})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn no_source_panics(pieces in proptest::collection::vec(piece(), 0..25)) {
        let source = pieces.concat();
        let names = context(r#"{"x": [1, {"a": "b"}], "a b": 3}"#);
        let scope = scope_of(&names);
        let mut env = env();
        env.limits.steps = 5_000;
        if let Ok(expr) = Expr::parse(&source, &scope) {
            expr.check(&scope);
            let _ = expr.eval(&names, &env).map(|v| (v.to_string(), v.to_json()));
        }
        if let Ok(tests) = UnaryTests::parse(&source, &scope) {
            let _ = tests.eval(&Value::from(1), &names, &env);
        }
    }

    #[test]
    fn no_evaluation_panics(source in expression()) {
        let names = context(r#"{"x": [1, {"a": "b"}]}"#);
        let mut env = env();
        env.limits.steps = 20_000;
        let expr = Expr::parse(&source, &scope_of(&names));
        prop_assert!(expr.is_ok(), "{:?}", expr);
        if let Ok(expr) = expr {
            expr.check(&scope_of(&names));
            let _ = expr.eval(&names, &env).map(|v| (v.to_string(), v.to_json(), v.to_cents().is_ok()));
        }
    }

    /// Every step of a loop is paid for, so the number of rounds is bounded by the steps.
    #[test]
    fn steps_bound_loops(steps in 1u64..2_000, rounds in 1i64..1_000_000) {
        let mut env = env();
        env.limits.steps = steps;
        let source = format!("every i in 1..{rounds} satisfies i > 0");
        let expr = Expr::parse(&source, &Scope::new()).expect("parses");
        match expr.eval(&Context::default(), &env) {
            Ok(value) => { prop_assert_eq!(value.as_bool(), Some(true)); prop_assert!(rounds as u64 <= steps); }
            Err(e) => { prop_assert_eq!(e, EvalError::Steps); prop_assert!(rounds as u64 * 5 + 10 > steps); }
        }
    }

    /// What FEEL writes it reads back as the same value.
    #[test]
    fn values_survive_their_text(n in any::<i64>(), scale in -10i32..10, text in "[ -~äöüß]{0,20}", days in -5_000_000i64..5_000_000) {
        let number = Number::new(n.into(), scale).expect("in range");
        let date = temporal::Date::from_days(days).expect("in range");
        let value = Value::list(vec![number.into(), Value::from(text.as_str()), Value::from(date)]);
        let source = value.to_string().replace(&format!(", {date}]"), &format!(", @\"{date}\"]"));
        let read = Expr::parse(&source, &Scope::new()).expect("parses").eval(&Context::default(), &env()).expect("small");
        prop_assert_eq!(read.equals(&value), Some(true));
    }
}

mod numbers {
    use bigdecimal::{BigDecimal, RoundingMode};

    use super::*;

    fn decimal() -> impl Strategy<Value = (i128, i32)> {
        (any::<bool>(), 0i128..10i128.pow(34), 0u32..34, -60i32..60).prop_map(|(negative, n, cut, exponent)| {
            let n = n / 10i128.pow(cut);
            (if negative { -n } else { n }, exponent)
        })
    }

    fn reference((coefficient, exponent): (i128, i32)) -> BigDecimal {
        BigDecimal::new(coefficient.into(), (-exponent).into())
    }

    /// The independent result brought to 34 digits.
    fn expected(exact: BigDecimal) -> BigDecimal {
        let digits = i64::try_from(exact.digits()).expect("few digits");
        let scale = exact.fractional_digit_count() - (digits - 34).max(0);
        if digits > 34 { exact.with_scale_round(scale, RoundingMode::HalfEven) } else { exact }
    }

    fn same(ours: Option<Number>, exact: BigDecimal) -> Result<(), TestCaseError> {
        let ours: BigDecimal = ours.expect("in range").to_string().parse().expect("a number");
        prop_assert_eq!(ours, expected(exact));
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

        #[test]
        fn agree_with_arbitrary_precision(a in decimal(), b in decimal()) {
            let (x, y) = (Number::new(a.0, a.1).expect("in range"), Number::new(b.0, b.1).expect("in range"));
            same(x.checked_add(y), reference(a) + reference(b))?;
            same(x.checked_sub(y), reference(a) - reference(b))?;
            same(x.checked_mul(y), reference(a) * reference(b))?;
            prop_assert_eq!(x.compare(&y), reference(a).cmp(&reference(b)));
            if b.0 != 0 {
                same(x.checked_div(y), reference(a) / reference(b))?;
                let rest = x.modulo(y).expect("in range");
                prop_assert!(rest.is_zero() || rest.is_negative() == y.is_negative());
                // The sum that turns the sign may round to the divisor.
                prop_assert!(rest.abs().compare(&y.abs()).is_le());
            }
        }

        #[test]
        fn round_like_arbitrary_precision(a in decimal(), scale in -70i32..70) {
            let x = Number::new(a.0, a.1).expect("in range");
            for (ours, theirs) in [
                (number::Rounding::HalfEven, RoundingMode::HalfEven),
                (number::Rounding::HalfUp, RoundingMode::HalfUp),
                (number::Rounding::HalfDown, RoundingMode::HalfDown),
                (number::Rounding::Up, RoundingMode::Up),
                (number::Rounding::Down, RoundingMode::Down),
                (number::Rounding::Floor, RoundingMode::Floor),
                (number::Rounding::Ceiling, RoundingMode::Ceiling),
            ] {
                same(x.round(scale, ours), reference(a).with_scale_round(scale.into(), theirs))?;
            }
        }

        #[test]
        fn roots_and_powers_are_inverse(n in 1i128..10i128.pow(30), exponent in -20i32..20) {
            let x = Number::new(n, exponent).expect("in range");
            let relative = |a: Number| a.checked_sub(x).and_then(|d| d.checked_div(x)).expect("in range").abs();
            let close: Number = "1e-26".parse().expect("a number");
            let root = x.sqrt().expect("positive");
            prop_assert!(relative(root.checked_mul(root).expect("in range")).compare(&close).is_lt());
            let log = x.ln().expect("positive");
            prop_assert!(relative(log.exp().expect("in range")).compare(&close).is_lt());
        }
    }
}
