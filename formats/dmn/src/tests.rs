use feel::Limits;
use proptest::prelude::*;

use super::*;

fn env() -> Env {
    Env::at("2026-03-16T10:30:00+01:00[Europe/Berlin]".parse().expect("a valid moment"))
}

fn context(entries: &[(&str, Value)]) -> Context {
    entries.iter().map(|(k, v)| (*k, v.clone())).collect()
}

/// A model around some elements.
fn definitions(elements: &str) -> String {
    format!(
        r#"<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" namespace="urn:test" name="Test">{elements}</definitions>"#
    )
}

/// A decision `D` with a table over the inputs `a` and `b` (numbers).
fn table(attributes: &str, output: &str, rules: &[(&str, &str, &str)]) -> String {
    let escape = |s: &str| s.replace('&', "&amp;").replace('<', "&lt;");
    let rules: String = rules
        .iter()
        .map(|(a, b, out)| {
            format!(
                "<rule><inputEntry><text>{}</text></inputEntry><inputEntry><text>{}</text></inputEntry>\
                 <outputEntry><text>{}</text></outputEntry></rule>",
                escape(a),
                escape(b),
                escape(out)
            )
        })
        .collect();
    definitions(&format!(
        r##"<inputData id="a" name="a"><variable name="a" typeRef="number"/></inputData>
        <inputData id="b" name="b"><variable name="b" typeRef="number"/></inputData>
        <decision id="D" name="D"><variable name="D"/>
        <informationRequirement><requiredInput href="#a"/></informationRequirement>
        <informationRequirement><requiredInput href="#b"/></informationRequirement>
        <decisionTable {attributes}>
        <input><inputExpression typeRef="number"><text>a</text></inputExpression></input>
        <input><inputExpression typeRef="number"><text>b</text></inputExpression></input>
        {output}{rules}</decisionTable></decision>"##
    ))
}

const RULES: &[(&str, &str, &str)] =
    &[("< 10", "-", "\"low\""), ("< 20", "> 5", "\"mid\""), ("< 20", "-", "\"low\""), (">= 90", "-", "\"high\"")];
const ORDERED: &str = r#"<output><outputValues><text>"high", "mid", "low"</text></outputValues></output>"#;

#[test]
fn hit_policies() {
    let default = r#"<output><defaultOutputEntry><text>"none"</text></defaultOutputEntry></output>"#;
    let cases = [
        ("", "<output/>", 95, 0, "high"),
        ("", "<output/>", 5, 0, "null"),
        ("", "<output/>", 50, 0, "null"),
        ("", default, 50, 0, "none"),
        (r#"hitPolicy="FIRST""#, "<output/>", 5, 6, "low"),
        (r#"hitPolicy="ANY""#, "<output/>", 5, 0, "low"),
        (r#"hitPolicy="ANY""#, "<output/>", 5, 6, "null"),
        (r#"hitPolicy="PRIORITY""#, ORDERED, 5, 6, "mid"),
        (r#"hitPolicy="OUTPUT ORDER""#, ORDERED, 5, 6, r#"["mid", "low", "low"]"#),
        (r#"hitPolicy="RULE ORDER""#, "<output/>", 5, 6, r#"["low", "mid", "low"]"#),
        (r#"hitPolicy="COLLECT""#, "<output/>", 15, 6, r#"["mid", "low"]"#),
        (r#"hitPolicy="COLLECT""#, "<output/>", 50, 6, "[]"),
        (r#"hitPolicy="COLLECT" aggregation="COUNT""#, "<output/>", 5, 6, "3"),
        (r#"hitPolicy="COLLECT" aggregation="COUNT""#, "<output/>", 50, 6, "0"),
        (r#"hitPolicy="COLLECT" aggregation="MIN""#, "<output/>", 5, 6, "low"),
        (r#"hitPolicy="COLLECT" aggregation="MAX""#, "<output/>", 5, 6, "mid"),
        (r#"hitPolicy="COLLECT" aggregation="SUM""#, "<output/>", 5, 6, "null"),
    ];
    for (attributes, output, a, b, expected) in cases {
        let model = Model::parse(&table(attributes, output, RULES)).expect("a sound model");
        let found = model.evaluate("D", &context(&[("a", a.into()), ("b", b.into())]), &env());
        assert_eq!(found.map(|v| v.to_string()), Ok(expected.to_owned()), "{attributes} {output} {a} {b}");
    }
    let sums =
        table(r#"hitPolicy="COLLECT" aggregation="SUM""#, "<output/>", &[("-", "-", "a"), ("> 1", "-", "b * 2")]);
    let model = Model::parse(&sums).expect("a sound model");
    let found = model.evaluate("D", &context(&[("a", 2.into()), ("b", 3.into())]), &env());
    assert_eq!(found.map(|v| v.to_string()), Ok("8".to_owned()));
}

#[test]
fn null_inputs_match_only_what_allows_them() {
    let model = Model::parse(&table(
        r#"hitPolicy="COLLECT""#,
        "<output/>",
        &[("< 10", "-", "1"), ("null", "-", "2"), ("-", "not(5)", "3"), ("? = null", "-", "4")],
    ))
    .expect("a sound model");
    let found = model.evaluate("D", &context(&[("b", 5.into())]), &env());
    assert_eq!(found.map(|v| v.to_string()), Ok("[2, 4]".to_owned()));
}

#[test]
fn faults_have_their_place_in_the_xml() {
    let faulty = |elements: &str| Model::parse(&definitions(elements)).expect_err("a faulty model");
    let error = faulty(
        "\n<decision id=\"D\" name=\"D\">\n  <literalExpression><text>1 +\n  )</text></literalExpression></decision>",
    );
    assert_eq!((error.line, error.column), (4, 3), "{error}");
    let error = faulty(
        "\n<decision id=\"D\" name=\"D\">\n  <literalExpression><text>1 + )</text></literalExpression></decision>",
    );
    assert_eq!((error.line, error.column), (3, 32), "{error}");
    let error = faulty(
        r##"<decision id="D" name="D"><informationRequirement><requiredInput href="#x"/></informationRequirement></decision>"##,
    );
    assert_eq!(error.message, "there is no element `#x`");
    let error = faulty(r#"<decision id="D" name="D"><functionDefinition kind="Java"/></decision>"#);
    assert_eq!(error.message, "external functions are refused");
    let error = faulty(
        r#"<decision id="D" name="D"><literalExpression><text>function(x) external {java: {}}</text></literalExpression></decision>"#,
    );
    assert_eq!(error.message, "external functions are refused");
    let error = faulty(
        r#"<decision id="D" name="D"><literalExpression expressionLanguage="urn:python"><text>1</text></literalExpression></decision>"#,
    );
    assert_eq!(error.message, "the language `urn:python` is refused");
    let error =
        faulty(r#"<import name="m" namespace="urn:other" importType="https://www.omg.org/spec/DMN/20230324/MODEL/"/>"#);
    assert_eq!(error.message, "the imported model `urn:other` is missing");
}

#[test]
fn slips_are_warnings() {
    let xml = table("", "<output/>", &[("\"x\"", "-", "a + c")]);
    let model = Model::parse(&xml).expect("a sound model");
    let warnings: Vec<_> = model.warnings().iter().map(|w| w.message.as_str()).collect();
    assert_eq!(warnings, ["cannot compare number with string", "there is no `c`"]);
    let model =
        Model::parse(&definitions(r#"<inputData name="x"><variable name="x" typeRef="tNothing"/></inputData>"#));
    let warnings = model.expect("a sound model").warnings().to_vec();
    assert_eq!(warnings.iter().map(|w| w.message.as_str()).collect::<Vec<_>>(), ["there is no type `tNothing`"]);
    assert_eq!(Model::parse(&table("", "<output/>", RULES)).expect("a sound model").warnings(), []);
}

#[test]
fn a_copy_gets_a_name_of_its_own_and_stays_the_same_otherwise() {
    let xml =
        definitions(r#"<decision id="D" name="D"><literalExpression><text>1</text></literalExpression></decision>"#);
    let copy = Model::renamed(&xml, "Hund & \"Katze\" <neu>").expect("a model");
    assert_eq!(Model::parse(&copy).expect("a sound model").name(), "Hund & \"Katze\" <neu>");
    let name = Model::parse(&xml).expect("a sound model").name().to_owned();
    assert_eq!(Model::renamed(&copy, &name).expect("a model"), xml);
    let nameless = "<d:definitions xmlns:d='https://www.omg.org/spec/DMN/20230324/MODEL/'\n id='d'/>";
    let named = Model::renamed(nameless, "Muster").expect("a model");
    assert_eq!(named, nameless.replace("<d:definitions", "<d:definitions name=\"Muster\""));
    assert!(Model::renamed("<svg/>", "Muster").is_err());
}

#[test]
fn entities_and_other_documents_are_refused() {
    let bomb = r#"<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><definitions>&b;</definitions>"#;
    assert!(Model::parse(bomb).is_err());
    assert!(Model::parse("<svg/>").is_err());
    assert!(Model::parse("").is_err());
    assert!(Model::parse(&" ".repeat(MAX_XML + 1)).is_err());
}

const TYPED: &str = r##"
<itemDefinition name="tStatus"><typeRef>string</typeRef><allowedValues><text>"ledig", "verheiratet"</text></allowedValues></itemDefinition>
<itemDefinition name="tPerson">
  <itemComponent name="status"><typeRef>tStatus</typeRef></itemComponent>
  <itemComponent name="birth"><typeRef>date</typeRef></itemComponent>
</itemDefinition>
<itemDefinition name="tTree">
  <itemComponent name="children" isCollection="true"><typeRef>tTree</typeRef></itemComponent>
</itemDefinition>
<inputData id="p" name="person"><variable name="person" typeRef="tPerson"/></inputData>
<inputData id="t" name="tree"><variable name="tree" typeRef="tTree"/></inputData>
<decision id="D" name="D"><variable name="D" typeRef="string"/>
  <informationRequirement><requiredInput href="#p"/></informationRequirement>
  <literalExpression><text>person.status</text></literalExpression>
</decision>
<decision id="T" name="T"><variable name="T"/>
  <informationRequirement><requiredInput href="#t"/></informationRequirement>
  <informationRequirement><requiredDecision href="#D"/></informationRequirement>
  <knowledgeRequirement><requiredKnowledge href="#S"/></knowledgeRequirement>
  <literalExpression><text>size(tree)</text></literalExpression>
</decision>
<businessKnowledgeModel id="S" name="size"><variable name="size"/>
  <encapsulatedLogic><formalParameter name="node" typeRef="tTree"/>
    <literalExpression><text>1 + (if node.children = [] then 0 else sum(for c in node.children return size(c)))</text></literalExpression>
  </encapsulatedLogic>
</businessKnowledgeModel>"##;

#[test]
fn values_are_converted_to_their_types() {
    let model = Model::parse(&definitions(TYPED)).expect("a sound model");
    let person = |status: &str| {
        let birth = feel::temporal::Date::parse("2000-01-01").expect("a date");
        Value::Context(context(&[("status", status.into()), ("birth", birth.into())]))
    };
    let outcome = |person: Value| model.explain("D", &context(&[("person", person)]), &env()).expect("in the limits");
    assert_eq!(outcome(person("ledig")).value.to_string(), "ledig");
    assert_eq!(outcome(Value::list(vec![person("ledig")])).value.to_string(), "ledig");
    let wrong = outcome(person("geschieden"));
    assert!(wrong.value.is_null());
    assert_eq!(
        wrong.reason.as_ref().map(ToString::to_string).as_deref(),
        Some("`person` is context, which is no tPerson")
    );
    let incomplete = outcome(Value::Context(context(&[("status", "ledig".into())])));
    assert!(incomplete.value.is_null());
    let names: Vec<_> = model.inputs_of("T").into_iter().map(|i| i.name).collect();
    assert_eq!(names, ["person", "tree"]);
}

#[test]
fn recursion_ends_at_the_limit() {
    let model = Model::parse(&definitions(TYPED)).expect("a sound model");
    let node = |children: Vec<Value>| Value::Context(context(&[("children", Value::list(children))]));
    let tree = node(vec![node(vec![]), node(vec![node(vec![])])]);
    let size = |tree: &Value, env: &Env| model.evaluate("T", &context(&[("tree", tree.clone())]), env);
    assert_eq!(size(&tree, &env()).map(|v| v.to_string()), Ok("4".to_owned()));
    let deep = (0..100).fold(node(vec![]), |inner, _| node(vec![inner]));
    let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
    let model = model.clone();
    let ended =
        thread.spawn(move || model.evaluate("T", &context(&[("tree", deep)]), &env())).expect("a thread").join();
    assert_eq!(ended.expect("no overflow").map(|v| v.to_string()), Err(Error::Limit(EvalError::Depth)));
    let mut few = env();
    few.limits = Limits { steps: 20, ..Limits::default() };
    assert_eq!(size(&tree, &few).map(|v| v.to_string()), Err(Error::Limit(EvalError::Steps)));
}

#[test]
fn decisions_that_require_each_other_end() {
    let model = Model::parse(&definitions(
        r##"<decision id="A" name="A"><informationRequirement><requiredDecision href="#B"/></informationRequirement><literalExpression><text>B</text></literalExpression></decision>
        <decision id="B" name="B"><informationRequirement><requiredDecision href="#A"/></informationRequirement><literalExpression><text>A</text></literalExpression></decision>"##,
    ))
    .expect("a model");
    let found = model.evaluate("A", &Context::default(), &env());
    assert_eq!(found.map(|v| v.to_string()), Err(Error::Limit(EvalError::Depth)));
    assert!(matches!(model.evaluate("C", &Context::default(), &env()), Err(Error::Unknown(_))));
}

#[test]
fn imported_models_are_seen_under_their_prefix() {
    let main = definitions(
        r##"<import name="fees" namespace="urn:fees" importType="https://www.omg.org/spec/DMN/20230324/MODEL/"/>
        <inputData id="n" name="n"><variable name="n" typeRef="fees.tCount"/></inputData>
        <decision id="D" name="D"><variable name="D" typeRef="number"/>
        <informationRequirement><requiredInput href="#n"/></informationRequirement>
        <knowledgeRequirement><requiredKnowledge href="urn:fees#F"/></knowledgeRequirement>
        <literalExpression><text>fees.total fee(n)</text></literalExpression></decision>"##,
    );
    let imported = r#"<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" namespace="urn:fees" name="Fees">
        <itemDefinition name="tCount"><typeRef>number</typeRef><allowedValues><text>[1..10]</text></allowedValues></itemDefinition>
        <businessKnowledgeModel id="F" name="total fee"><variable name="total fee"/>
        <encapsulatedLogic><formalParameter name="n" typeRef="tCount"/><literalExpression><text>n * 12.5</text></literalExpression></encapsulatedLogic>
        </businessKnowledgeModel></definitions>"#;
    let model = Model::parse_with_imports(&main, &[imported]).expect("a sound model");
    let fee = |n: i32| model.evaluate("D", &context(&[("n", n.into())]), &env()).map(|v| v.to_cents().ok());
    assert_eq!(fee(3), Ok(Some(3750)));
    assert_eq!(fee(11), Ok(None));
}

#[test]
fn services_take_inputs_and_decisions() {
    let model = Model::parse(&definitions(
        r##"<inputData id="x" name="x"><variable name="x" typeRef="number"/></inputData>
        <decision id="B" name="B"><literalExpression><text>1</text></literalExpression></decision>
        <decision id="A" name="A"><informationRequirement><requiredInput href="#x"/></informationRequirement>
        <informationRequirement><requiredDecision href="#B"/></informationRequirement>
        <literalExpression><text>x + B</text></literalExpression></decision>
        <decisionService id="S" name="S"><outputDecision href="#A"/><inputDecision href="#B"/><inputData href="#x"/></decisionService>
        <decision id="C" name="C"><knowledgeRequirement><requiredKnowledge href="#S"/></knowledgeRequirement>
        <literalExpression><text>S(10, 20) + S(B: 1, x: 2)</text></literalExpression></decision>"##,
    ))
    .expect("a sound model");
    let direct = model.evaluate_service("S", &context(&[("x", 1.into()), ("B", 41.into())]), &env());
    assert_eq!(direct.map(|v| v.to_string()), Ok("42".to_owned()));
    let called = model.evaluate("C", &Context::default(), &env());
    assert_eq!(called.map(|v| v.to_string()), Ok("33".to_owned()));
}

#[test]
fn boxed_iterators() {
    let literal = |text: &str| format!("<literalExpression><text>{text}</text></literalExpression>");
    let iteration = |kind: &str, domain: &str, part: &str, body: &str| {
        format!(
            r#"<{kind} iteratorVariable="i"><in>{}</in><{part}>{}</{part}></{kind}>"#,
            literal(domain),
            literal(body)
        )
    };
    let filter = |body: &str| {
        let domain = literal("[{a: 1}, {a: 2}]");
        format!("<filter><in>{domain}</in><match>{}</match></filter>", literal(body))
    };
    let conditional = |condition: &str| {
        let parts = [("if", condition), ("then", "1"), ("else", "2")];
        let parts: String = parts.iter().map(|(tag, text)| format!("<{tag}>{}</{tag}>", literal(text))).collect();
        format!("<conditional>{parts}</conditional>")
    };
    for (expression, expected) in [
        (iteration("for", "1..3", "return", "i * 2"), "[2, 4, 6]"),
        (iteration("for", "[1..3]", "return", "count(partial)"), "[0, 1, 2]"),
        (iteration("for", "null", "return", "i"), "null"),
        (iteration("some", "[1, 2]", "satisfies", "i = 2"), "true"),
        (iteration("every", "[1, 2]", "satisfies", "i = 2"), "false"),
        (iteration("every", "[1, null]", "satisfies", "i > 0"), "null"),
        (filter("item.a > 1"), "[{a: 2}]"),
        (filter("a = 1"), "[{a: 1}]"),
        (filter("2"), "{a: 2}"),
        (conditional("true"), "1"),
        (conditional("null"), "2"),
    ] {
        let xml = definitions(&format!(r#"<decision id="D" name="D">{expression}</decision>"#));
        let model = Model::parse(&xml.replace(" > ", " &gt; ")).expect("a sound model");
        let found = model.evaluate("D", &Context::default(), &env());
        assert_eq!(found.map(|v| v.to_string()), Ok(expected.to_owned()), "{expression}");
    }
}

#[test]
fn models_are_shared_between_threads() {
    fn shareable<T: Send + Sync>() {}
    shareable::<Model>();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// A model with a piece of its text replaced is read or refused, and evaluates or not, but never panics.
    #[test]
    fn no_text_panics(at in 0usize..2500, length in 0usize..40, replacement in "[ -~]{0,12}") {
        let mut bytes = definitions(TYPED).into_bytes();
        let from = at.min(bytes.len());
        let to = (from + length).min(bytes.len());
        bytes.splice(from..to, replacement.bytes());
        let text = String::from_utf8_lossy(&bytes);
        if let Ok(model) = Model::read_tolerantly(&text, &[]) {
            for decision in model.decisions() {
                let _ = model.explain(&decision.name, &Context::default(), &env());
            }
        }
    }

    /// Whatever the inputs, a table with unique hits over disjoint ranges finds exactly the rule it should.
    #[test]
    fn ranges_split_the_numbers(a in -1000i64..1000) {
        let rules = [("< 0", "-", "\"negative\""), ("[0..100)", "-", "\"small\""), (">= 100", "-", "\"large\"")];
        let model = Model::parse(&table("", "<output/>", &rules)).expect("a sound model");
        let found = model.evaluate("D", &context(&[("a", a.into())]), &env()).expect("in the limits");
        let expected = match a { ..0 => "negative", 0..100 => "small", _ => "large" };
        prop_assert_eq!(found.as_str(), Some(expected));
    }
}
