//! Times, errors, messages and repetition made in the list: the same process as drawn by hand, and a drawing with a place for
//! each of them.

use bpmn::model::{Bounds, PlaneItem};
use bpmn::{
    Edit, Event, Goal, Kind, Known, Model, NewStep, On, Passes, Properties, Repeat, State, StepKind, Time, step,
};
use serde_json::json;

use crate::support::{self, Names, flows, model, vars};

/// s, service step c, user step u, end e
fn plain() -> Model {
    drawn("", "s-c c-u u-e")
}

/// The same with more in it.
fn drawn(more: &str, ways: &str) -> Model {
    model(&format!(
        "<bpmn:startEvent id='s'/><bpmn:serviceTask id='c' name='Abfragen' meer:command='a.b'/>
        <bpmn:userTask id='u' name='Prüfen' meer:form='f'/><bpmn:endEvent id='e'/>{more}{}",
        flows(ways)
    ))
}

#[track_caller]
fn done(model: &Model, edit: &Edit) -> Model {
    let next = model.edit(edit).unwrap_or_else(|error| panic!("{error}"));
    let read = Model::parse(&next.to_xml()).unwrap();
    assert_eq!(read.outline(), next.outline(), "what is written is read again");
    assert_eq!(read.to_xml(), next.to_xml());
    next
}

#[track_caller]
fn refused(model: &Model, edit: &Edit, part: &str) {
    let error = model.edit(edit).expect_err("refused");
    assert!(error.to_string().contains(part), "{error}");
}

fn deadline(time: Time, interrupting: bool, target: Goal) -> Edit {
    Edit::AddTimer { host: "u".into(), name: Some("Zu spät".into()), time, interrupting, target }
}

fn days(days: u32) -> Time {
    Time::Duration(format!("P{days}D"))
}

/// Number, id and kind of each line.
fn list(model: &Model) -> Vec<(String, String, Kind)> {
    model.outline().into_iter().map(|line| (line.number, line.element, line.kind)).collect()
}

fn bounds(model: &Model) -> Vec<(String, Bounds)> {
    let drawn = model.with_layout();
    let items = drawn.definitions().diagrams.iter().flat_map(|diagram| diagram.plane.items.clone());
    let shape = |item: PlaneItem| match item {
        PlaneItem::Shape(shape) => shape.element.map(|element| (element, shape.bounds)),
        PlaneItem::Edge(_) => None,
    };
    items.filter_map(shape).collect()
}

#[track_caller]
fn of(bounds: &[(String, Bounds)], element: &str) -> Bounds {
    bounds.iter().find(|(id, _)| id == element).unwrap_or_else(|| panic!("{element} is not drawn")).1
}

#[track_caller]
fn sits_on_border(model: &Model, event: &str, host: &str) {
    let bounds = bounds(model);
    let (event, host) = (of(&bounds, event), of(&bounds, host));
    let (x, y) = (event.x + event.width / 2.0, event.y + event.height / 2.0);
    assert!((y - host.y - host.height).abs() < 0.01, "{event:?} on the lower border of {host:?}");
    assert!(host.x < x && x < host.x + host.width, "{event:?} between the corners of {host:?}");
}

#[test]
fn a_deadline_with_an_end_of_its_own_is_the_one_that_is_drawn() {
    let own_end = || Goal::NewEnd { name: Some("Erinnert".into()) };
    let listed = done(&plain(), &deadline(days(14), false, own_end()));
    assert_eq!(listed.check(&Known::default()), []);
    assert_eq!(
        list(&listed)[2..],
        [
            ("3".into(), "u".into(), Kind::UserTask),
            ("3a".into(), "zu-spaet".into(), Kind::Boundary { on: On::Timer, interrupting: false }),
            ("3a.1".into(), "erinnert".into(), Kind::End(On::Nothing)),
            ("4".into(), "e".into(), Kind::End(On::Nothing)),
        ]
    );
    assert_eq!(listed.time("zu-spaet"), Some(days(14)));
    let by_hand = |time: &str, more: &str| {
        let event = format!(
            "<bpmn:boundaryEvent id='b' name='Zu spät' attachedToRef='u'{more}><bpmn:timerEventDefinition>
            <bpmn:timeDuration xsi:type='bpmn:tFormalExpression'>{time}</bpmn:timeDuration></bpmn:timerEventDefinition>
            </bpmn:boundaryEvent><bpmn:endEvent id='x' name='Erinnert'/>"
        );
        drawn(&event, "s-c c-u u-e b-x")
    };
    listed.same_process(&by_hand("P14D", " cancelActivity='false'")).unwrap();
    assert!(listed.same_process(&by_hand("P15D", " cancelActivity='false'")).is_err());
    assert!(listed.same_process(&by_hand("P14D", "")).is_err());
    sits_on_border(&listed, "zu-spaet", "u");

    // Changed: it ends the step now, after two hours, and goes on elsewhere.
    let element = || "zu-spaet".to_owned();
    let ends = done(&listed, &Edit::SetInterrupting { element: element(), interrupting: true });
    ends.same_process(&by_hand("P14D", "")).unwrap();
    let later = done(&ends, &Edit::SetTime { element: element(), time: Time::Duration("PT2H".into()) });
    assert_eq!(later.time("zu-spaet"), Some(Time::Duration("PT2H".into())));
    let flow = later.outline().into_iter().find(|line| line.element == "zu-spaet").unwrap().ways.remove(0).flow;
    let led = done(&later, &Edit::Redirect { flow: flow.clone(), target: "e".into() });
    let lost = led.outline().into_iter().find(|line| line.element == "erinnert").unwrap();
    assert!(!lost.is_reached, "nothing leads to the old end");
    let clean = done(&led, &Edit::Remove { element: "erinnert".into() });
    assert_eq!(clean.check(&Known::default()), []);
    let again = done(&clean, &Edit::Redirect { flow, target: Goal::NewEnd { name: None } });
    assert_eq!(again.outline().iter().filter(|line| matches!(line.kind, Kind::End(_))).count(), 2);
    let gone = done(&listed, &Edit::RemoveBoundary { element: element() });
    done(&gone, &Edit::Remove { element: "erinnert".into() }).same_process(&plain()).unwrap();
}

#[test]
fn a_step_that_waits_stands_on_the_way() {
    let wait = |time: Time| NewStep {
        kind: StepKind::Wait(time),
        name: "Bis zum Stichtag warten".into(),
        properties: Properties::default(),
    };
    let at = |step: NewStep| Edit::InsertOn { flow: "c-u".into(), step };
    let listed = done(&plain(), &at(wait(Time::Date("2027-01-31T12:00:00".into()))));
    assert_eq!(listed.check(&Known::default()), []);
    assert_eq!(list(&listed)[2].2, Kind::Catch(On::Timer));
    let event = "<bpmn:intermediateCatchEvent id='w' name='Bis zum Stichtag warten'><bpmn:timerEventDefinition>
        <bpmn:timeDate>2027-01-31T12:00:00</bpmn:timeDate></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>";
    listed.same_process(&drawn(event, "s-c c-w w-u u-e")).unwrap();
    let drawing = bounds(&listed);
    let waiting = of(&drawing, "bis-zum-stichtag-warten");
    assert!((waiting.width - 36.0).abs() < 0.01 && of(&drawing, "c").x < waiting.x && waiting.x < of(&drawing, "u").x);
    let field = done(&plain(), &at(wait(Time::Duration("= frist".into()))));
    assert_eq!(field.check(&Known::default()), []);
    refused(&plain(), &at(wait(Time::Cycle("R3/P1D".into()))), "einmal gewartet");
    refused(&plain(), &at(wait(Time::Duration("bald".into()))), "keine lesbare Zeitangabe");
}

#[test]
fn an_error_leads_on_and_an_end_may_be_one() {
    let error = |code: Option<&str>| Edit::AddError {
        host: "c".into(),
        name: None,
        code: code.map(str::to_owned),
        target: Goal::NewEnd { name: Some("Gescheitert".into()) },
    };
    let listed = done(&plain(), &error(Some("missing")));
    assert_eq!(listed.check(&Known::default()), []);
    assert_eq!(listed.error_code("fehler"), Some("missing".into()));
    let fails = |code: Option<&str>| Edit::SetError { element: "gescheitert".into(), code: code.map(str::to_owned) };
    let both = done(&listed, &fails(Some("kein-eintrag")));
    assert_eq!(both.check(&Known::default()), []);
    assert_eq!(both.error_code("gescheitert"), Some("kein-eintrag".into()));
    let by_hand = drawn(
        "<bpmn:boundaryEvent id='b' attachedToRef='c'><bpmn:errorEventDefinition errorRef='e-missing'/></bpmn:boundaryEvent>
        <bpmn:endEvent id='x' name='Gescheitert'/>",
        "s-c c-u u-e b-x",
    );
    listed.same_process(&by_hand).unwrap();
    assert!(both.same_process(&by_hand).is_err());
    done(&both, &fails(None)).same_process(&by_hand).unwrap();
    sits_on_border(&listed, "fehler", "c");

    // It is what runs.
    let (state, _) = step(&both, State::new(), Event::Start { vars: vars(json!({})) }, &Names).unwrap();
    let token = state.tokens()[0].id;
    let (state, _) = step(&both, state, Event::Failed { token, code: "missing".into() }, &Names).unwrap();
    assert!(format!("{:?}", state.status()).contains("kein-eintrag"), "{:?}", state.status());

    let any = done(&listed, &Edit::SetError { element: "fehler".into(), code: None });
    assert_eq!((any.error_code("fehler"), any.check(&Known::default())), (None, Vec::new()));
    refused(&plain(), &Edit::SetError { element: "c".into(), code: Some("x".into()) }, "keinen Fehler");
    refused(
        &listed,
        &Edit::SetInterrupting { element: "fehler".into(), interrupting: false },
        "beendet seinen Schritt",
    );
    refused(&listed, &Edit::SetInterrupting { element: "c".into(), interrupting: false }, "Frist oder Nachricht");
}

#[test]
fn a_message_comes_while_a_step_runs() {
    let message = |name: &str| Edit::AddMessage {
        host: "u".into(),
        name: None,
        message: name.into(),
        key: Some("nummer".into()),
        interrupting: true,
        target: "e".into(),
    };
    let listed = done(&plain(), &message("paid"));
    assert_eq!(listed.check(&Known::default()), []);
    assert_eq!(listed.to_xml().matches("<bpmn:message ").count(), 1, "the one of this name is taken");
    let by_hand = drawn(
        "<bpmn:boundaryEvent id='b' attachedToRef='u' meer:key='nummer'><bpmn:messageEventDefinition messageRef='m-paid'/>
        </bpmn:boundaryEvent>",
        "s-c c-u u-e b-e",
    );
    listed.same_process(&by_hand).unwrap();
    refused(&plain(), &message(" "), "wie die Nachricht heißt");
}

#[test]
fn a_repetition_in_the_list_is_the_one_in_the_drawing() {
    let properties = Properties {
        form: Some("f".into()),
        repeat: Some(Repeat::Each {
            passes: Passes::Collection("stellen".into()),
            sequential: false,
            completion: Some("genug".into()),
            item: Some("stelle".into()),
            output: Some("antwort".into()),
            outputs: Some("antworten".into()),
        }),
        ..Properties::default()
    };
    let listed = done(&plain(), &Edit::SetProperties { element: "u".into(), properties: properties.clone() });
    assert_eq!(listed.check(&Known::default()), []);
    assert_eq!(Model::parse(&listed.to_xml()).unwrap().properties("u"), Some(properties));
    let by_hand = |more: &str| {
        model(&format!(
            "<bpmn:startEvent id='s'/><bpmn:serviceTask id='c' name='Abfragen' meer:command='a.b'/>
            <bpmn:userTask id='u' name='Prüfen' meer:form='f'><bpmn:multiInstanceLoopCharacteristics {more}
            meer:collection='stellen' meer:item='stelle' meer:output='antwort' meer:outputs='antworten'>
            <bpmn:completionCondition>genug</bpmn:completionCondition></bpmn:multiInstanceLoopCharacteristics></bpmn:userTask>
            <bpmn:endEvent id='e'/>{}",
            flows("s-c c-u u-e")
        ))
    };
    listed.same_process(&by_hand("")).unwrap();
    assert!(listed.same_process(&by_hand("isSequential='true'")).is_err());
}

#[test]
fn a_way_may_lead_to_an_end_of_its_own() {
    let split = model(&format!(
        "<bpmn:startEvent id='s'/><bpmn:exclusiveGateway id='g'/><bpmn:endEvent id='e'/>{}",
        flows("s-g g-e")
    ));
    let edit = Edit::AddWay {
        gateway: "g".into(),
        name: Some("nein".into()),
        condition: Some("no".into()),
        target: Goal::NewEnd { name: Some("Abgelehnt".into()) },
    };
    let both = done(&split, &edit);
    assert_eq!(both.check(&Known::default()), []);
    let gateway = both.outline().swap_remove(1);
    assert_eq!(gateway.ways[1].target.name.as_deref(), Some("Abgelehnt"));
}

#[test]
fn a_step_that_one_of_several_events_leads_to_has_no_deadline_of_its_own() {
    let waiting = |more: &str| {
        model(&format!(
            "<bpmn:startEvent id='s'/><bpmn:eventBasedGateway id='g'/><bpmn:endEvent id='e'/>
            <bpmn:receiveTask id='r' name='Auf Zahlung warten' messageRef='m-paid'>{more}</bpmn:receiveTask>
            <bpmn:intermediateCatchEvent id='w'><bpmn:timerEventDefinition><bpmn:timeDuration>P14D</bpmn:timeDuration>
            </bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>{}",
            flows("s-g g-r g-w r-e w-e")
        ))
    };
    assert_eq!(waiting("").check(&Known::default()), []);
    let deadline = Edit::AddTimer {
        host: "r".into(),
        name: None,
        time: days(3),
        interrupting: true,
        target: Goal::NewEnd { name: None },
    };
    refused(&waiting(""), &deadline, "als weiteren Weg");
    let repeated = waiting(
        "<bpmn:standardLoopCharacteristics loopMaximum='3'><bpmn:loopCondition>more</bpmn:loopCondition>
        </bpmn:standardLoopCharacteristics>",
    );
    let errors = repeated.check(&Known::default());
    assert!(errors.len() == 1 && errors[0].element == "r", "it would be done once: {errors:?}");
}

#[test]
fn a_message_that_is_named_with_a_prefix_is_not_lost() {
    let text = support::file(&format!(
        "<bpmn:startEvent id='s'/><bpmn:receiveTask id='r' name='Warten' messageRef='t:m-paid'/><bpmn:endEvent id='e'/>{}",
        flows("s-r r-e")
    ));
    let text = text.replace("xmlns:meer=", "xmlns:t=\"urn:test\" xmlns:meer=");
    let before = Model::parse(&text).unwrap();
    let mut properties = before.properties("r").unwrap();
    assert_eq!(properties.message.as_deref(), Some("paid"));
    properties.key = Some("nummer".into());
    let after = done(&before, &Edit::SetProperties { element: "r".into(), properties });
    assert_eq!(after.properties("r").unwrap().message.as_deref(), Some("paid"));
    assert_eq!(after.check(&Known::default()), []);
    assert_eq!(after.to_xml().matches("<bpmn:message ").count(), 1);
}
