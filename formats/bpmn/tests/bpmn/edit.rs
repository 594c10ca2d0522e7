//! Changes of a process: what comes out, and what is refused and why.

use bpmn::model::{Mapping, Register};
use bpmn::{Beside, Edit, Known, Model, NewStep, Passes, Properties, Repeat, StepKind, Time};

use crate::support::{flows, model};

fn user(name: &str) -> NewStep {
    let properties =
        Properties { form: Some("freigabe".into()), unit: Some("leitung".into()), ..Properties::default() };
    NewStep { kind: StepKind::UserTask, name: name.into(), properties }
}

fn manual(name: &str) -> NewStep {
    NewStep { kind: StepKind::ManualTask, name: name.into(), properties: Properties::default() }
}

/// Number and id of each line, and where it goes.
fn list(model: &Model) -> Vec<String> {
    let lines = model.outline();
    let ways = |line: &bpmn::Line| line.ways.iter().map(|way| way.target.element.clone()).collect::<Vec<_>>().join(",");
    lines.iter().map(|line| format!("{} {} > {}", line.number, line.element, ways(line))).collect()
}

#[track_caller]
fn done(model: &Model, edit: &Edit) -> Model {
    let next = model.edit(edit).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(Model::parse(&next.to_xml()).unwrap().to_xml(), next.to_xml());
    next
}

#[track_caller]
fn refused(model: &Model, edit: &Edit, part: &str) {
    let error = model.edit(edit).expect_err("refused");
    assert!(error.to_string().contains(part), "{error}");
}

/// s, a, b, gateway to c (with a timer) or straight on, e
fn drawn() -> Model {
    let task = |id: &str| format!("<bpmn:userTask id='{id}' name='{id}' meer:form='f'/>");
    model(&format!(
        "<bpmn:startEvent id='s'/>{}{}<bpmn:exclusiveGateway id='g' default='g-j'/>{}<bpmn:exclusiveGateway id='j'/><bpmn:endEvent id='e'/>
        <bpmn:boundaryEvent id='t' attachedToRef='c'><bpmn:timerEventDefinition><bpmn:timeDuration>P1D</bpmn:timeDuration>
        </bpmn:timerEventDefinition></bpmn:boundaryEvent>{}",
        task("a"),
        task("b"),
        task("c"),
        flows("s-a a-b b-g g-c:yes g-j c-j t-j j-e")
    ))
}

#[test]
fn steps_are_put_in_moved_and_taken_out() {
    let before = drawn();
    assert_eq!(before.check(&Known::default()), []);
    let with = done(&before, &Edit::InsertAfter { element: "a".into(), step: user("Größe prüfen & messen") });
    assert_eq!(with.check(&Known::default()), []);
    assert_eq!(
        list(&with)[..4],
        ["1 s > a", "2 a > groesse-pruefen-messen", "3 groesse-pruefen-messen > b", "4 b > g"]
    );
    assert_eq!(with.properties("groesse-pruefen-messen").unwrap(), user("").properties);
    let twice = done(&with, &Edit::InsertOn { flow: "g-c".into(), step: user("Größe prüfen & messen") });
    assert!(list(&twice).contains(&"5a.1 groesse-pruefen-messen-2 > c".to_owned()), "{:?}", list(&twice));
    let moved = done(&with, &Edit::Move { element: "groesse-pruefen-messen".into(), to: Beside::Before("c".into()) });
    assert_eq!(list(&moved)[1], "2 a > b");
    assert_eq!(moved.outline()[4].element, "groesse-pruefen-messen");
    assert_eq!(moved.outline()[3].ways[0].condition.as_deref(), Some("yes"));
    let back = done(&moved, &Edit::Move { element: "groesse-pruefen-messen".into(), to: Beside::After("a".into()) });
    assert_eq!(list(&back), list(&with));
    let gone = done(&back, &Edit::Remove { element: "groesse-pruefen-messen".into() });
    assert_eq!(list(&gone), list(&before));
}

#[test]
fn a_decision_is_drawn_with_a_gateway_that_joins() {
    let edit = Edit::InsertDecision {
        flow: "a-b".into(),
        question: Some("Über 50 €?".into()),
        condition: "betrag > 50".into(),
        yes: Some("ja".into()),
        no: Some("nein".into()),
        step: user("Freigabe durch die Leitung"),
    };
    let with = done(&drawn(), &edit);
    assert_eq!(with.check(&Known::default()), []);
    assert_eq!(
        list(&with)[2..6],
        [
            "3 ueber-50 > freigabe-durch-die-leitung,nach-freigabe-durch-die-leitung",
            "3a.1 freigabe-durch-die-leitung > nach-freigabe-durch-die-leitung",
            "4 nach-freigabe-durch-die-leitung > b",
            "5 b > g",
        ]
    );
    let gateway = &with.outline()[2];
    assert_eq!(gateway.ways[0].condition.as_deref(), Some("betrag > 50"));
    assert!(gateway.ways[1].is_default && gateway.ways[0].is_branch && !gateway.ways[1].is_branch);
    // The same by hand, the other way round.
    let undone = done(&with, &Edit::Remove { element: "freigabe-durch-die-leitung".into() });
    let undone = done(&undone, &Edit::RemoveWay { flow: gateway.ways[0].flow.clone() });
    let undone = done(&undone, &Edit::Remove { element: "ueber-50".into() });
    let undone = done(&undone, &Edit::Remove { element: "nach-freigabe-durch-die-leitung".into() });
    assert_eq!(list(&undone), list(&drawn()));
}

#[test]
fn one_more_approval_above_an_amount_in_the_services_of_the_demo_city() {
    for (file, flow) in [("meldebescheinigung", "f17"), ("personenstandsurkunde", "f15")] {
        let path = format!("{}/../../cities/meerbusch/processes/{file}.bpmn", env!("CARGO_MANIFEST_DIR"));
        let before = Model::parse(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert_eq!(before.check(&Known::default()), []);
        let edit = Edit::InsertDecision {
            flow: flow.into(),
            question: Some("Mehr als 50 Euro?".into()),
            condition: "betrag > 50".into(),
            yes: None,
            no: None,
            step: user("Freigabe durch die Leitung"),
        };
        let after = done(&before, &edit);
        assert_eq!(after.check(&Known::default()), []);
        assert_eq!(after.outline().len(), before.outline().len() + 3);
    }
}

#[test]
fn ways_are_added_named_and_led_elsewhere() {
    let way = |condition: Option<&str>, target: &str| Edit::AddWay {
        gateway: "g".into(),
        name: Some("zurück".into()),
        condition: condition.map(str::to_owned),
        target: target.into(),
    };
    let with = done(&drawn(), &way(Some("no"), "a"));
    assert_eq!(with.check(&Known::default()), []);
    let ways = with.outline()[3].ways.clone();
    assert_eq!((ways[2].name.as_deref(), ways[2].target.number.as_str()), (Some("zurück"), "2"));
    refused(&drawn(), &way(None, "a"), "Es gibt schon einen Weg, der sonst gilt");
    refused(&drawn(), &way(Some("no"), "s"), "führt kein Weg");
    refused(&drawn(), &way(Some("no"), "ghost"), "gibt es in diesem Prozess nicht mehr");

    // A gateway that only joined: what it had becomes the default.
    let edit = Edit::AddWay { gateway: "j".into(), name: None, condition: Some("no".into()), target: "a".into() };
    let again = done(&drawn(), &edit);
    assert_eq!(again.check(&Known::default()), []);

    let set = |flow: &str, condition: Option<&str>, is_default| Edit::SetWay {
        flow: flow.into(),
        name: Some("x".into()),
        condition: condition.map(str::to_owned),
        is_default,
    };
    let turned = done(&done(&drawn(), &set("g-c", None, true)), &set("g-j", Some("no"), false));
    assert_eq!(turned.check(&Known::default()), []);
    let ways = turned.outline()[3].ways.clone();
    assert!(ways[0].is_default && ways[0].condition.is_none() && ways[1].condition.as_deref() == Some("no"));
    refused(&drawn(), &set("g-c", Some("yes"), true), "Standardweg");
    refused(&drawn(), &set("s-a", Some("yes"), false), "nicht geprüft");

    let led = done(&drawn(), &Edit::Redirect { flow: "g-c".into(), target: "a".into() });
    assert_eq!(led.outline()[3].ways[0].target.element, "a");
    refused(&drawn(), &Edit::RemoveWay { flow: "s-a".into() }, "der einzige Weg");
}

#[test]
fn what_would_break_the_process_is_refused_with_advice() {
    let remove = |element: &str| Edit::Remove { element: element.into() };
    refused(&drawn(), &remove("c"), "Entfernen Sie das Ereignis zuerst");
    refused(&drawn(), &remove("s"), "Der Start bleibt");
    refused(&drawn(), &remove("g"), "mehrere Wege");
    refused(&drawn(), &remove("e"), "Hier enden Wege");
    refused(&drawn(), &Edit::InsertAfter { element: "e".into(), step: manual("x") }, "davor");
    refused(&drawn(), &Edit::InsertAfter { element: "g".into(), step: manual("x") }, "Wählen Sie den Weg");
    refused(&drawn(), &Edit::InsertAfter { element: "a".into(), step: manual(" ") }, "Namen");
    refused(&drawn(), &Edit::Move { element: "g".into(), to: Beside::After("a".into()) }, "einfachen Folge");
    refused(&drawn(), &Edit::Move { element: "a".into(), to: Beside::After("g".into()) }, "nicht genau einen Weg");
    refused(&drawn(), &Edit::Rename { element: "a".into(), name: "\u{1}".into() }, "nicht speichern");
    let eyes = Properties { form: Some("f".into()), four_eyes: Some("a".into()), ..Properties::default() };
    let eyes = done(&drawn(), &Edit::SetProperties { element: "b".into(), properties: eyes });
    refused(&eyes, &remove("a"), "Vier-Augen-Prinzip");
}

#[test]
fn events_at_a_step_come_and_go() {
    let timer = |time: &str| Edit::AddTimer {
        host: "a".into(),
        name: Some("7 Tage um".into()),
        time: Time::Duration(time.into()),
        interrupting: false,
        target: "e".into(),
    };
    let with = done(&drawn(), &timer("P7D"));
    assert_eq!(with.check(&Known::default()), []);
    assert!(list(&with).contains(&"2a frist-7-tage-um > e".to_owned()), "{:?}", list(&with));
    refused(&drawn(), &timer("bald"), "P14D");
    let later = done(&with, &Edit::SetTime { element: "frist-7-tage-um".into(), time: Time::Cycle("R3/P7D".into()) });
    assert!(later.to_xml().contains("R3/P7D"));
    refused(&with, &Edit::SetTime { element: "a".into(), time: Time::Cycle("R3/P7D".into()) }, "keine Zeit");
    let error = |code: Option<&str>| Edit::AddError {
        host: "a".into(),
        name: None,
        code: code.map(str::to_owned),
        target: "e".into(),
    };
    let both = done(&done(&with, &error(Some("missing"))), &error(Some("neu")));
    assert_eq!(both.check(&Known::default()), []);
    assert_eq!(both.to_xml().matches("<bpmn:error ").count(), 2);
    let gone = done(&with, &Edit::RemoveBoundary { element: "frist-7-tage-um".into() });
    assert_eq!(list(&gone), list(&drawn()));
}

#[test]
fn properties_are_read_as_they_were_set() {
    let properties = Properties {
        form: Some("f".into()),
        unit: Some("= stelle".into()),
        due: Some("P3D".into()),
        medienbruch: Some("true".into()),
        inputs: vec![Mapping { name: "x".into(), value: "1 + 1".into() }],
        outputs: vec![Mapping { name: "y".into(), value: "result".into() }],
        repeat: Some(Repeat::Each {
            passes: Passes::Collection("alle".into()),
            sequential: true,
            completion: Some("genug".into()),
            item: Some("person".into()),
            output: Some("person".into()),
            outputs: Some("personen".into()),
        }),
        ..Properties::default()
    };
    let edit = |properties: &Properties| Edit::SetProperties { element: "a".into(), properties: properties.clone() };
    let set = done(&drawn(), &edit(&properties));
    assert_eq!(set.properties("a"), Some(properties.clone()));
    assert_eq!(set.check(&Known::default()), []);
    let again = Repeat::While { condition: Some("nochmal".into()), test_before: false, maximum: Some("3".into()) };
    let properties = Properties { repeat: Some(again), ..properties };
    assert_eq!(done(&set, &edit(&properties)).properties("a"), Some(properties.clone()));
    refused(&drawn(), &edit(&Properties { called: Some("x".into()), ..Properties::default() }), "anderen Prozess");

    let receive = Properties { message: Some("paid".into()), key: Some("nummer".into()), ..Properties::default() };
    let step = NewStep { kind: StepKind::ReceiveTask, name: "Auf Zahlung warten".into(), properties: receive.clone() };
    let waits = done(&drawn(), &Edit::InsertAfter { element: "a".into(), step });
    assert_eq!(waits.check(&Known::default()), []);
    assert_eq!(waits.properties("auf-zahlung-warten"), Some(receive));
}

#[test]
fn the_register_says_what_it_is_told() {
    let register = |leika: &str| Register {
        trigger: Some("Antrag".into()),
        leika: Some(leika.into()),
        result: Some(" ".into()),
        ..Register::default()
    };
    let set = done(&drawn(), &Edit::SetRegister { register: register("99115003000000") });
    assert_eq!(set.process().unwrap().register, Register { result: None, ..register("99115003000000") });
    refused(&set, &Edit::SetRegister { register: register("4711") }, "14 Ziffern");
    assert_eq!(done(&set, &Edit::SetName { name: "Neu".into() }).name(), Some("Neu"));
    refused(&set, &Edit::SetName { name: "".into() }, "Namen");
}

#[test]
fn what_is_drawn_goes_with_the_element() {
    let xml = drawn().to_xml();
    let shape = |id: &str| {
        format!(
            "<d:BPMNShape id='{id}_di' bpmnElement='{id}'><c:Bounds x='0' y='0' width='1' height='1'/></d:BPMNShape>"
        )
    };
    let edge = |id: &str| {
        format!(
            "<d:BPMNEdge id='{id}_di' bpmnElement='{id}' sourceElement='a_di'><i:waypoint x='0' y='0'/><i:waypoint x='1' y='1'/></d:BPMNEdge>"
        )
    };
    let drawing = format!(
        "<d:BPMNDiagram xmlns:d='{}' xmlns:c='{}' xmlns:i='{}'><d:BPMNPlane bpmnElement='p'>{}{}{}{}</d:BPMNPlane></d:BPMNDiagram></bpmn:definitions>",
        bpmn::model::BPMN_DI,
        bpmn::model::DC,
        bpmn::model::DI,
        shape("a"),
        shape("b"),
        edge("s-a"),
        edge("c-j")
    );
    let before = Model::parse(&xml.replace("</bpmn:definitions>", &drawing)).unwrap();
    let after = done(&before, &Edit::Remove { element: "a".into() }).to_xml();
    assert!(!after.contains("bpmnElement=\"a\"") && !after.contains("a_di"), "{after}");
    // This one leads elsewhere now, that one does not.
    assert!(!after.contains("bpmnElement=\"s-a\"") && after.contains("bpmnElement=\"c-j\""));
}
