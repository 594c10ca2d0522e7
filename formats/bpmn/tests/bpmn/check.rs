//! What a drawn mistake is answered with: rule and element, at the right line.

use std::collections::BTreeSet;

use bpmn::{ExpressionKind, Known, MAX_ELEMENTS, Model, Rule};

use crate::support::{self, file, flows, model};

#[track_caller]
fn expect(process: &str, expected: &[(Rule, &str)]) {
    let errors = model(process).check(&Known::default());
    let mut found: Vec<(Rule, &str)> = errors.iter().map(|error| (error.rule, error.element.as_str())).collect();
    let mut expected = expected.to_vec();
    found.sort();
    expected.sort();
    assert_eq!(found, expected, "{errors:#?}");
}

const ENDS: &str = r#"<bpmn:startEvent id="s"/><bpmn:endEvent id="e"/>"#;

fn task(attributes: &str) -> String {
    format!("{ENDS}<bpmn:userTask id=\"t\" {attributes}/>{}", flows("s-t t-e"))
}

#[test]
fn a_sound_process_has_no_errors() {
    expect(&task(r#"meer:form="f""#), &[]);
    let process = format!(
        r#"{ENDS}<bpmn:exclusiveGateway id="x"/><bpmn:subProcess id="sub"><bpmn:startEvent id="is"/>
        <bpmn:manualTask id="m"/><bpmn:endEvent id="ie"/>{}</bpmn:subProcess>
        <bpmn:boundaryEvent id="b" attachedToRef="sub"><bpmn:timerEventDefinition><bpmn:timeDuration>P1D</bpmn:timeDuration>
        </bpmn:timerEventDefinition></bpmn:boundaryEvent>{}"#,
        flows("is-m m-ie"),
        flows("s-x x-sub:a x-e:not(a) sub-e b-e")
    );
    expect(&process, &[]);
}

#[test]
fn place_and_name_are_told() {
    let errors = model(&format!("{ENDS}\n<bpmn:scriptTask id=\"t\" name=\"Rechnen\"/>{}", flows("s-t t-e")))
        .check(&Known::default());
    let [error] = errors.as_slice() else { panic!("{errors:?}") };
    assert_eq!((error.line, error.column, error.element.as_str()), (8, 1, "t"));
    assert_eq!(
        error.to_string(),
        "Zeile 8, Spalte 1: „Rechnen“ (t): Dieses Element wird nicht ausgeführt: Skript-Aufgabe."
    );
}

#[test]
fn elements_that_are_not_executed() {
    for (element, also) in [
        ("<bpmn:task id='t'/>", None),
        ("<bpmn:scriptTask id='t'/>", None),
        ("<bpmn:complexGateway id='t'/>", None),
        ("<bpmn:transaction id='t'/>", Some((Rule::Start, "t"))),
        ("<bpmn:adHocSubProcess id='t'/>", Some((Rule::Start, "t"))),
        ("<bpmn:receiveTask id='t'/>", None),
        ("<bpmn:userTask id='t'><bpmn:standardLoopCharacteristics/></bpmn:userTask>", None),
        ("<bpmn:userTask id='t'><bpmn:multiInstanceLoopCharacteristics/></bpmn:userTask>", None),
        ("<bpmn:serviceTask id='t' isForCompensation='true'/>", None),
        ("<bpmn:intermediateCatchEvent id='t'><bpmn:signalEventDefinition/></bpmn:intermediateCatchEvent>", None),
        ("<bpmn:intermediateCatchEvent id='t'><bpmn:conditionalEventDefinition/></bpmn:intermediateCatchEvent>", None),
        ("<bpmn:intermediateCatchEvent id='t'><bpmn:timerEventDefinition/></bpmn:intermediateCatchEvent>", None),
        ("<bpmn:intermediateThrowEvent id='t'><bpmn:messageEventDefinition/></bpmn:intermediateThrowEvent>", None),
        ("<bpmn:intermediateThrowEvent id='t'><bpmn:compensateEventDefinition/></bpmn:intermediateThrowEvent>", None),
        (
            "<bpmn:userTask id='t'><bpmn:multiInstanceLoopCharacteristics behavior='One' meer:collection='c'/></bpmn:userTask>",
            None,
        ),
        (
            "<bpmn:userTask id='t'><bpmn:multiInstanceLoopCharacteristics meer:collection='c' meer:output='o'/></bpmn:userTask>",
            None,
        ),
        ("<bpmn:userTask id='t'><bpmn:standardLoopCharacteristics loopMaximum='0'/></bpmn:userTask>", None),
        ("<bpmn:eventBasedGateway id='t' instantiate='true'/>", Some((Rule::Unsupported, "t"))),
    ] {
        let also: Vec<_> = also.into_iter().filter(|also| also.0 != Rule::Unsupported).collect();
        let expected = [&[(Rule::Unsupported, "t")], also.as_slice()].concat();
        expect(&format!("{ENDS}{element}{}", flows("s-t t-e")), &expected);
    }
    expect(
        &format!(
            "<bpmn:startEvent id='s'><bpmn:messageEventDefinition/></bpmn:startEvent><bpmn:endEvent id='e'/>{}",
            flows("s-e")
        ),
        &[(Rule::Unsupported, "s")],
    );
}

#[test]
fn ways_that_lead_nowhere() {
    expect(&format!("{ENDS}{}", flows("s-e s-ghost")), &[(Rule::Reference, "s-ghost")]);
    expect(&format!("{ENDS}<bpmn:manualTask id='t'/>{}", flows("s-e s-t")), &[(Rule::DeadEnd, "t")]);
    expect(&format!("{ENDS}<bpmn:manualTask id='t'/>{}", flows("s-e t-e")), &[(Rule::Unreachable, "t")]);
    expect(
        &format!("{ENDS}<bpmn:manualTask id='a'/><bpmn:manualTask id='b'/>{}", flows("s-e s-a a-b b-a")),
        &[(Rule::DeadEnd, "a"), (Rule::DeadEnd, "b")],
    );
    expect(&format!("{ENDS}{}", flows("s-e e-s")), &[(Rule::Reference, "s"), (Rule::Reference, "e")]);
    expect("<bpmn:endEvent id='e'/>", &[(Rule::Start, "p"), (Rule::Unreachable, "e")]);
    expect(&format!("{ENDS}<bpmn:startEvent id='s2'/>{}", flows("s-e s2-e")), &[(Rule::Start, "p")]);
    let sub = format!(
        "{ENDS}<bpmn:subProcess id='sub'><bpmn:startEvent id='is'/><bpmn:endEvent id='ie'/>{}</bpmn:subProcess>{}",
        flows("is-ie is-e"),
        flows("s-sub sub-e")
    );
    expect(&sub, &[(Rule::Reference, "is-e")]);
}

#[test]
fn gateways_that_may_get_stuck() {
    let gateway = |kind: &str, list: &str| format!("{ENDS}<bpmn:{kind} id='x'/><bpmn:endEvent id='f'/>{}", flows(list));
    expect(&gateway("exclusiveGateway", "s-x x-e:a x-f:b"), &[(Rule::NoDefault, "x")]);
    expect(&gateway("exclusiveGateway", "s-x x-e:a x-f:not(a)"), &[]);
    expect(&gateway("exclusiveGateway", "s-x x-e:a x-f"), &[(Rule::Condition, "x-f")]);
    expect(&gateway("inclusiveGateway", "s-x x-e:a x-f:b"), &[(Rule::NoDefault, "x")]);
    expect(&gateway("parallelGateway", "s-x x-e:a x-f"), &[(Rule::Condition, "x-e")]);
    expect(&gateway("manualTask", "s-x x-e:a x-f:b"), &[(Rule::NoDefault, "x")]);
    expect(&gateway("exclusiveGateway default='x-f'", "s-x x-e:a x-f:b"), &[(Rule::Condition, "x-f")]);
    expect(&gateway("exclusiveGateway default='s-x'", "s-x x-e:a x-f:not(a)"), &[(Rule::Reference, "x")]);
}

#[test]
fn boundary_events_that_can_never_happen() {
    let attached = |host: &str, event: &str, to: &str| {
        format!(
            "{ENDS}{host}<bpmn:boundaryEvent id='b' attachedToRef='{to}' {event}</bpmn:boundaryEvent>{}",
            flows("s-t t-e b-e")
        )
    };
    let timer = "><bpmn:timerEventDefinition><bpmn:timeDuration>P1D</bpmn:timeDuration></bpmn:timerEventDefinition>";
    let user = "<bpmn:userTask id='t' meer:form='f'/>";
    expect(&attached(user, timer, "t"), &[]);
    expect(&attached("<bpmn:manualTask id='t'/>", timer, "t"), &[(Rule::Reference, "b")]);
    expect(&attached(user, timer, "ghost"), &[(Rule::Reference, "b"), (Rule::Unreachable, "b")]);
    expect(&attached(user, "cancelActivity='false'><bpmn:errorEventDefinition/>", "t"), &[(Rule::Reference, "b")]);
    expect(&attached(user, "><bpmn:errorEventDefinition errorRef='ghost'/>", "t"), &[(Rule::Unsupported, "b")]);
    let cycle = "><bpmn:timerEventDefinition><bpmn:timeCycle>R3/P1D</bpmn:timeCycle></bpmn:timerEventDefinition>";
    expect(&attached(user, cycle, "t"), &[]);
    expect(&attached(user, &format!("cancelActivity='false' {cycle}"), "t"), &[]);
    expect(&attached(user, &timer.replace("P1D", "1 Tag"), "t"), &[(Rule::Timer, "b")]);
    expect(&attached(user, &timer.replace("P1D", "=period"), "t"), &[]);
}

#[test]
fn event_sub_processes() {
    let handler = |attributes: &str, start: &str, list: &str| {
        format!(
            "{ENDS}{}<bpmn:subProcess id='h' triggeredByEvent='true' {attributes}>{start}<bpmn:endEvent id='he'/>{}</bpmn:subProcess>{}",
            flows("s-e"),
            flows("hs-he"),
            flows(list)
        )
    };
    let start = |more: &str, event: &str| format!("<bpmn:startEvent id='hs' {more}>{event}</bpmn:startEvent>");
    let storm = "<bpmn:signalEventDefinition signalRef='g-storm'/>";
    expect(&handler("", &start("", storm), ""), &[]);
    expect(&handler("", &start("isInterrupting='false'", storm), ""), &[]);
    expect(&handler("", &start("", ""), ""), &[(Rule::Unsupported, "hs")]);
    expect(&handler("", &start("", "<bpmn:conditionalEventDefinition/>"), ""), &[(Rule::Unsupported, "hs")]);
    expect(&handler("", &start("", "<bpmn:compensateEventDefinition/>"), ""), &[(Rule::Unsupported, "hs")]);
    expect(&handler("", &start("", &format!("{storm}{storm}")), ""), &[(Rule::Unsupported, "hs")]);
    expect(&handler("", &start("", storm), "h-e"), &[(Rule::Reference, "h")]);
    expect(&handler("", &start("", storm), "s-h"), &[(Rule::Reference, "h")]);
    let error = "<bpmn:errorEventDefinition/>";
    expect(&handler("", &start("", error), ""), &[]);
    expect(&handler("", &start("isInterrupting='false'", error), ""), &[(Rule::Reference, "hs")]);
    let two = format!("{}<bpmn:startEvent id='hs2'>{storm}</bpmn:startEvent>{}", start("", storm), flows("hs2-he"));
    expect(&handler("", &two, ""), &[(Rule::Start, "h")]);
    // A start event with a trigger belongs to the process or an event sub-process.
    let sub = format!(
        "{ENDS}<bpmn:subProcess id='u'>{}<bpmn:endEvent id='he'/>{}</bpmn:subProcess>{}",
        start("", storm),
        flows("hs-he"),
        flows("s-u u-e")
    );
    expect(&sub, &[(Rule::Unsupported, "hs")]);
    let top = |event: &str| {
        format!("<bpmn:startEvent id='s'>{event}</bpmn:startEvent><bpmn:endEvent id='e'/>{}", flows("s-e"))
    };
    expect(&top(storm), &[]);
    expect(&top(error), &[(Rule::Unsupported, "s")]);
}

#[test]
fn escalations_that_can_never_come() {
    let attached = |host: &str| {
        format!(
            "{ENDS}{host}<bpmn:boundaryEvent id='b' attachedToRef='t'><bpmn:escalationEventDefinition escalationRef='l-late'/>
            </bpmn:boundaryEvent>{}",
            flows("s-t t-e b-e")
        )
    };
    expect(&attached("<bpmn:userTask id='t' meer:form='f'/>"), &[(Rule::Reference, "b")]);
    expect(&attached("<bpmn:callActivity id='t' calledElement='q'/>"), &[]);
    expect(&attached("<bpmn:callActivity id='t'/>"), &[(Rule::NotAssigned, "t")]);
}

#[test]
fn links_without_a_partner() {
    let link =
        |kind: &str, id: &str| format!("<bpmn:{kind} id='{id}'><bpmn:linkEventDefinition name='l'/></bpmn:{kind}>");
    let (throw, catch) = ("intermediateThrowEvent", "intermediateCatchEvent");
    let process = |parts: &[String], list: &str| format!("{ENDS}{}{}", parts.concat(), flows(list));
    expect(&process(&[link(throw, "t"), link(catch, "c")], "s-t c-e"), &[]);
    expect(&process(&[link(throw, "t")], "s-t s-e"), &[(Rule::Reference, "t")]);
    expect(&process(&[link(catch, "c")], "s-e c-e"), &[(Rule::Unreachable, "c")]);
    let twice = process(&[link(throw, "t"), link(catch, "c"), link(catch, "d")], "s-t c-e d-e");
    expect(&twice, &[(Rule::Reference, "d"), (Rule::Unreachable, "d")]);
    expect(&process(&[link(throw, "t"), link(catch, "c")], "s-t c-e t-e"), &[(Rule::Reference, "t")]);
    // The partner lies on another level.
    let sub = format!(
        "{ENDS}<bpmn:subProcess id='u'><bpmn:startEvent id='is'/>{}{}</bpmn:subProcess>{}{}",
        link(throw, "t"),
        flows("is-t"),
        link(catch, "c"),
        flows("s-u u-e c-e")
    );
    expect(&sub, &[(Rule::Reference, "t"), (Rule::Unreachable, "c")]);
}

#[test]
fn attributes_of_what_is_thrown_and_repeated() {
    let throw = |event: &str, more: &str| {
        format!(
            "{ENDS}<bpmn:intermediateThrowEvent id='t' {more}>{event}</bpmn:intermediateThrowEvent>{}",
            flows("s-t t-e")
        )
    };
    let inputs = "<bpmn:extensionElements><meer:input name='a' value='b'/></bpmn:extensionElements>";
    let (paid, storm) =
        ("<bpmn:messageEventDefinition messageRef='m-paid'/>", "<bpmn:signalEventDefinition signalRef='g-storm'/>");
    expect(&throw(&format!("{paid}{inputs}"), "meer:key='k'"), &[]);
    expect(&throw(&format!("{storm}{inputs}"), ""), &[]);
    expect(&throw(storm, "meer:key='k'"), &[(Rule::UnknownExtension, "t")]);
    expect(&throw(inputs, ""), &[(Rule::UnknownExtension, "t")]);
    let each = |attributes: &str| {
        format!(
            "{ENDS}<bpmn:userTask id='t' meer:form='f'><bpmn:multiInstanceLoopCharacteristics meer:collection='c' {attributes}/></bpmn:userTask>{}",
            flows("s-t t-e")
        )
    };
    expect(&each(""), &[]);
    expect(&each("meer:item='x' meer:output='y' meer:outputs='z'"), &[]);
    expect(&each("meer:colour='red'"), &[(Rule::UnknownExtension, "t")]);
    let kinds: Vec<_> = model(&each("meer:output='y' meer:outputs='z'"))
        .expressions()
        .iter()
        .map(|e| (e.kind, e.text.to_owned()))
        .collect();
    assert_eq!(kinds, [(ExpressionKind::Value, "c".to_owned()), (ExpressionKind::Value, "y".to_owned())]);
}

#[test]
fn our_own_attributes() {
    expect(&task(""), &[(Rule::NotAssigned, "t")]);
    expect(&task("meer:form=''"), &[(Rule::NotAssigned, "t")]);
    expect(&task("meer:form='f' meer:colour='red'"), &[(Rule::UnknownExtension, "t")]);
    expect(&task("meer:form='f' meer:command='c'"), &[(Rule::UnknownExtension, "t")]);
    expect(&task("meer:form='f' meer:due='14 Tage'"), &[(Rule::Value, "t")]);
    expect(&task("meer:form='f' meer:due='=period'"), &[]);
    expect(&task("meer:form='f' meer:four-eyes='t'"), &[(Rule::Reference, "t")]);
    expect(&task("meer:form='f' meer:four-eyes='ghost'"), &[(Rule::Reference, "t")]);
    let of = |element: &str| format!("{ENDS}{element}{}", flows("s-t t-e"));
    expect(&of("<bpmn:serviceTask id='t'/>"), &[(Rule::NotAssigned, "t")]);
    expect(&of("<bpmn:businessRuleTask id='t'/>"), &[(Rule::NotAssigned, "t")]);
    expect(&of("<bpmn:businessRuleTask id='t' meer:decision='fees'/>"), &[(Rule::Value, "t")]);
    expect(
        &of(
            "<bpmn:serviceTask id='t' meer:command='c'><bpmn:extensionElements><meer:retry/></bpmn:extensionElements></bpmn:serviceTask>",
        ),
        &[(Rule::UnknownExtension, "t")],
    );
    expect(
        &of(
            "<bpmn:manualTask id='t'><bpmn:extensionElements><meer:input name='a' value='b'/></bpmn:extensionElements></bpmn:manualTask>",
        ),
        &[(Rule::UnknownExtension, "t")],
    );
}

#[test]
fn what_a_register_says_of_a_process() {
    let attributes = "meer:trigger='Antrag' meer:result='Bescheinigung' meer:legal-basis='§ 18 BMG' \
                      meer:leika='99115003000000' meer:owner='buergerbuero'";
    let inner = format!(
        "{ENDS}<bpmn:userTask id='t' name='Prüfen' meer:form='f' meer:medienbruch='true'><bpmn:standardLoopCharacteristics>\
         <bpmn:loopCondition>again</bpmn:loopCondition></bpmn:standardLoopCharacteristics></bpmn:userTask>{}",
        flows("s-t t-e")
    );
    let with = |attributes: &str| {
        let text = support::file(&inner).replace("<bpmn:process ", &format!("<bpmn:process {attributes} "));
        Model::parse(&text).unwrap_or_else(|errors| panic!("{errors:?}"))
    };
    let model = with(attributes);
    assert!(model.check(&Known::default()).is_empty());
    let register = model.process().unwrap().register.clone();
    assert_eq!(register.trigger.as_deref(), Some("Antrag"));
    assert_eq!(register.result.as_deref(), Some("Bescheinigung"));
    assert_eq!(register.legal_basis.as_deref(), Some("§ 18 BMG"));
    assert_eq!(register.leika.as_deref(), Some("99115003000000"));
    assert_eq!(register.owner.as_deref(), Some("buergerbuero"));
    let again = Model::parse(&model.to_xml()).unwrap();
    assert_eq!(again.process().unwrap().register, register, "written back");
    let places: Vec<_> = again.places().iter().map(|p| (p.element, p.name, p.repeats, p.may_break)).collect();
    assert_eq!(places, [("t", Some("Prüfen"), true, true)]);

    let rules: Vec<_> = with("meer:colour='red'").check(&Known::default()).iter().map(|error| error.rule).collect();
    assert_eq!(rules, [Rule::UnknownExtension]);
}

#[test]
fn names_that_are_not_known() {
    let set = |names: &[&str]| Some(names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>());
    let known = Known {
        commands: set(&["payments.request"]),
        decisions: set(&["fees#fee"]),
        forms: set(&["check"]),
        units: set(&["standesamt"]),
        processes: set(&["zahlung"]),
    };
    let rules = |process: &str| -> Vec<Rule> { model(process).check(&known).iter().map(|error| error.rule).collect() };
    assert_eq!(rules(&task("meer:form='check' meer:unit='standesamt'")), []);
    assert_eq!(rules(&task("meer:form='check' meer:unit='=office'")), []);
    assert_eq!(rules(&task("meer:form='chek' meer:unit='standesmat'")), [Rule::UnknownName, Rule::UnknownName]);
    let of = |element: &str| format!("{ENDS}{element}{}", flows("s-t t-e"));
    assert_eq!(rules(&of("<bpmn:serviceTask id='t' meer:command='payments.request'/>")), []);
    assert_eq!(rules(&of("<bpmn:serviceTask id='t' meer:command='payments.reqest'/>")), [Rule::UnknownName]);
    assert_eq!(rules(&of("<bpmn:businessRuleTask id='t' meer:decision='fees#fe'/>")), [Rule::UnknownName]);
    assert_eq!(rules(&of("<bpmn:callActivity id='t' calledElement='zahlung'/>")), []);
    assert_eq!(rules(&of("<bpmn:callActivity id='t' calledElement='zahlungen'/>")), [Rule::UnknownName]);
}

#[test]
fn expressions_are_listed_for_a_check_of_their_own() {
    let model = model(&format!(
        r#"{ENDS}<bpmn:exclusiveGateway id="x" default="x-e"/><bpmn:userTask id="t" meer:form="f" meer:unit="= office">
        <bpmn:extensionElements><meer:input name="a" value="b + 1"/><meer:output name="c" value="result.d"/>
        </bpmn:extensionElements></bpmn:userTask>{}"#,
        flows("s-x x-e x-t:=fee>0 t-e").replace("=fee>0", "=fee&gt;0")
    ));
    let found: Vec<_> = model.expressions().iter().map(|e| (e.element, e.kind, e.text)).collect();
    assert_eq!(
        found,
        [
            ("x-t", ExpressionKind::Condition, "fee>0"),
            ("t", ExpressionKind::Value, "b + 1"),
            ("t", ExpressionKind::Output, "result.d"),
            ("t", ExpressionKind::Text, "office"),
        ]
    );
    assert!(model.expressions().iter().all(|e| e.at.line > 6));
}

#[test]
fn exactly_one_process_is_executed() {
    let with = |process: &str| {
        let text = file("").replace("<bpmn:process id=\"p\" isExecutable=\"true\">\n\n  </bpmn:process>", process);
        let rules: Vec<Rule> = Model::parse(&text).unwrap().check(&Known::default()).iter().map(|e| e.rule).collect();
        rules
    };
    let content = format!("{ENDS}{}", flows("s-e"));
    assert_eq!(with(""), [Rule::Process]);
    assert_eq!(with(&format!("<bpmn:process id='p'>{content}</bpmn:process>")), [Rule::Process]);
    let second = "<bpmn:process id='q'/>";
    assert_eq!(with(&format!("<bpmn:process id='p' isExecutable='true'>{content}</bpmn:process>{second}")), []);
    assert_eq!(with(&format!("<bpmn:process id='p'>{content}</bpmn:process>{second}")), [Rule::Process]);
    let two = format!(
        "<bpmn:process id='p' isExecutable='true'>{content}</bpmn:process><bpmn:process id='q' isExecutable='true'/>"
    );
    assert_eq!(with(&two), [Rule::Process]);
}

#[track_caller]
fn refused(text: &str, rule: Rule, line: u32) {
    let errors = Model::parse(text).expect_err("refused");
    assert_eq!((errors[0].rule, errors[0].line), (rule, line), "{errors:?}");
}

#[test]
fn files_that_are_refused() {
    let good = file(&task("meer:form='f'"));
    refused("", Rule::Xml, 1);
    refused("<a>", Rule::Xml, 1);
    refused("<a/>", Rule::Xml, 1);
    refused(&good.replace("</bpmn:process>", ""), Rule::Xml, 11);
    refused(&good.replace("20100524/MODEL", "20110524/MODEL"), Rule::Xml, 2);
    refused(&good.replace("<bpmn:definitions", "<!DOCTYPE x [<!ENTITY a 'b'>]>\n<bpmn:definitions"), Rule::Xml, 2);
    refused(&good.replace(" targetNamespace=\"urn:test\"", ""), Rule::Missing, 2);
    refused(&good.replace("<bpmn:endEvent id=\"e\"/>", "<bpmn:endEvent/>"), Rule::Missing, 7);
    refused(&good.replace("sourceRef=\"s\" ", ""), Rule::Missing, 7);
    refused(&good.replace("isExecutable=\"true\"", "isExecutable=\"yes\""), Rule::Value, 6);
    refused(&good.replace("id=\"e\"", "id=\"s\""), Rule::DuplicateId, 7);
    refused(&good.replace("meer:form='f'", "meer:medienbruch='ja'"), Rule::Value, 7);
    let when = Model::parse(&good.replace("meer:form='f'", "meer:form='f' meer:medienbruch='= a = 1'")).unwrap();
    assert_eq!(when.expressions().iter().map(|e| e.text).collect::<Vec<_>>(), ["a = 1"]);
    let mapping = r#"<bpmn:serviceTask id="t"><bpmn:extensionElements><meer:input name="x"/></bpmn:extensionElements></bpmn:serviceTask>"#;
    refused(&file(mapping), Rule::Missing, 7);
}

#[test]
fn files_that_are_too_large() {
    refused(&file(&"<bpmn:task id='t'/>".repeat(MAX_ELEMENTS)), Rule::TooLarge, 7);
    refused(&file(&"\n<bpmn:subProcess id='t'>".repeat(bpmn::MAX_DEPTH)), Rule::TooLarge, 70);
    let attributes: String = (0..=bpmn::MAX_ATTRIBUTES).map(|n| format!(" a{n}=''")).collect();
    refused(&file(&format!("<bpmn:task{attributes}/>")), Rule::TooLarge, 7);
    refused(&file(&" ".repeat(bpmn::MAX_BYTES)), Rule::TooLarge, 0);
    assert!(Model::parse(&file("<!-- <a><b> --><bpmn:task id='t' name='a > b'/><![CDATA[<c>]]>")).is_ok());
}
