//! Activities that are done several times: loops and multi-instance activities.

use bpmn::{Event, StepError};
use serde_json::json;

use crate::support::{Run, flows, vars};

#[track_caller]
fn expect(effects: Vec<String>, expected: &[&str]) {
    assert_eq!(effects, expected);
}

const END: &[&str] = &["+e", "-e", "finished Completed"];

fn around(activity: &str) -> String {
    format!(r#"<bpmn:startEvent id="s"/>{activity}<bpmn:endEvent id="e"/>{}"#, flows("s-a a-e"))
}

fn each(attributes: &str, inner: &str) -> Run {
    Run::new(&around(&format!(
        r#"<bpmn:userTask id="a" meer:form="f"><bpmn:multiInstanceLoopCharacteristics {attributes}>{inner}
        </bpmn:multiInstanceLoopCharacteristics></bpmn:userTask>"#
    )))
}

const OFFICES: &str = r#"meer:collection="=offices" meer:item="office" meer:output="answer" meer:outputs="answers""#;

#[test]
fn parallel_passes_are_collected_in_order() {
    let mut run = each(OFFICES, "");
    expect(
        run.start(json!({"offices": ["bau", "umwelt", "recht"], "answer": "keine"})),
        &["+s", "-s", "+a", "+a", "open a", "+a", "open a", "+a", "open a"],
    );
    let tasks = run.all_at("a");
    assert_eq!(tasks.len(), 3);
    expect(run.done(tasks[2], json!({"answer": "C"})), &["-a"]);
    expect(run.done(tasks[0], json!({"answer": "A"})), &["-a"]);
    assert_eq!(
        run.try_step(Event::Completed { token: tasks[0], vars: vars(json!({})) }),
        Err(StepError::Stale { token: tasks[0] })
    );
    expect(run.done(tasks[1], json!({"answer": "B"})), &[&["-a", "-a"], END].concat());
    assert_eq!(run.state.vars().get("answers"), Some(&json!(["A", "B", "C"])));
    assert_eq!(run.state.vars().get("answer"), Some(&json!("keine")), "what a pass sets stays in it");
    assert_eq!(run.state.vars().get("office"), None);
    assert_eq!(run.state.vars().get("loopCounter"), None);
}

#[test]
fn sequential_passes_come_one_after_the_other() {
    let mut run = Run::new(&around(&format!(
        r#"<bpmn:serviceTask id="a" meer:command="ask"><bpmn:extensionElements><meer:input name="to" value="office"/>
        <meer:input name="n" value="loopCounter"/></bpmn:extensionElements>
        <bpmn:multiInstanceLoopCharacteristics isSequential="true" {OFFICES}/></bpmn:serviceTask>"#
    )));
    expect(
        run.start(json!({"offices": ["bau", "recht"]})),
        &["+s", "-s", "+a", "+a", r#"call ask {"n":1,"to":"bau"}"#],
    );
    let first = run.all_at("a");
    expect(run.done(first[0], json!({"answer": 1})), &["-a", "+a", r#"call ask {"n":2,"to":"recht"}"#]);
    let second = run.all_at("a");
    assert_eq!(second.len(), 1);
    expect(run.done(second[0], json!({"answer": 2})), &[&["-a", "-a"], END].concat());
    assert_eq!(run.state.vars().get("answers"), Some(&json!([1, 2])));
}

#[test]
fn no_items_no_passes() {
    let mut run = each(OFFICES, "");
    expect(run.start(json!({"offices": []})), &[&["+s", "-s", "+a", "-a"], END].concat());
    assert_eq!(run.state.vars().get("answers"), Some(&json!([])));
}

#[test]
fn a_number_of_passes() {
    let mut run = each("", "<bpmn:loopCardinality>= copies</bpmn:loopCardinality>");
    let effects = run.start(json!({"copies": 2}));
    assert_eq!(effects.iter().filter(|effect| *effect == "open a").count(), 2);
    for wrong in [json!({"copies": -1}), json!({"copies": 1.5}), json!({"copies": "2"}), json!({})] {
        let effects = each("", "<bpmn:loopCardinality>copies</bpmn:loopCardinality>").start(wrong);
        assert!(effects.last().unwrap().starts_with("incident a: „copies“ ergibt keine Anzahl"), "{effects:?}");
    }
    let effects = each("", "<bpmn:loopCardinality>1001</bpmn:loopCardinality>").start(json!({}));
    assert_eq!(effects.last().unwrap(), "incident a: Mehr als 1000 Durchgänge.");
    let effects = each(OFFICES, "").start(json!({"offices": "bau"}));
    assert!(effects.last().unwrap().starts_with("incident a: „offices“ ergibt keine Liste"), "{effects:?}");
}

#[test]
fn a_completion_condition_ends_the_other_passes() {
    let enough = "<bpmn:completionCondition>numberOfCompletedInstances>=2</bpmn:completionCondition>";
    let mut run = each(OFFICES, &enough.replace(">=", "&gt;="));
    run.start(json!({"offices": [1, 2, 3, 4]}));
    let tasks = run.all_at("a");
    expect(run.done(tasks[3], json!({"answer": "D"})), &["-a"]);
    expect(
        run.done(tasks[1], json!({"answer": "B"})),
        &[&["-a", "close-task", "!a", "close-task", "!a", "-a"], END].concat(),
    );
    assert_eq!(run.state.vars().get("answers"), Some(&json!(["B", "D"])), "only what was done, in order");

    // It sees what the pass has set, and a sequence stops.
    let mut run =
        each(&format!("isSequential='true' {OFFICES}"), "<bpmn:completionCondition>refused</bpmn:completionCondition>");
    run.start(json!({"offices": [1, 2, 3], "refused": false}));
    run.done(run.all_at("a")[0], json!({"answer": "A"}));
    expect(run.done(run.all_at("a")[0], json!({"answer": "B", "refused": true})), &[&["-a", "-a"], END].concat());
    assert_eq!(run.state.vars().get("answers"), Some(&json!(["A", "B"])));
    assert_eq!(run.state.vars().get("refused"), Some(&json!(false)));
}

#[test]
fn a_broken_completion_condition_keeps_the_work() {
    let mut run = each(OFFICES, "<bpmn:completionCondition>enough</bpmn:completionCondition>");
    run.start(json!({"offices": [1]}));
    let token = run.all_at("a")[0];
    let effects = run.done(token, json!({"answer": "A"}));
    assert!(effects[0].starts_with("incident a: Die Abschlussbedingung ist nicht auswertbar"), "{effects:?}");
    let again = run.step(Event::Retry { token });
    assert!(again[0].starts_with("incident a"), "{again:?}");
    assert_eq!(run.step(Event::Cancel), ["!a", "!a", "finished Cancelled"]);
}

#[test]
fn a_sub_process_may_be_done_several_times() {
    let mut run = Run::new(&around(&format!(
        r#"<bpmn:subProcess id="a"><bpmn:multiInstanceLoopCharacteristics {OFFICES}/>
        <bpmn:startEvent id="is"/><bpmn:userTask id="t"/><bpmn:exclusiveGateway id="x" default="x-ie"/>
        <bpmn:userTask id="again"/><bpmn:endEvent id="ie"/>{}</bpmn:subProcess>"#,
        flows("is-t t-x x-again:unsure x-ie again-ie")
    )));
    run.start(json!({"offices": ["bau", "recht"]}));
    let tasks = run.all_at("t");
    assert_eq!(tasks.len(), 2);
    // Each pass has its own variables and its own way.
    run.done(tasks[0], json!({"answer": "A", "unsure": true}));
    run.done(tasks[1], json!({"answer": "B", "unsure": false}));
    expect(run.complete("again", json!({})), &[&["-again", "+ie", "-ie", "-a", "-a"], END].concat());
    assert_eq!(run.state.vars().get("answers"), Some(&json!(["A", "B"])));
    assert_eq!(run.state.vars().get("unsure"), None);
}

#[test]
fn one_period_for_all_passes() {
    let process = format!(
        r#"{}<bpmn:boundaryEvent id="b" attachedToRef="a"><bpmn:timerEventDefinition><bpmn:timeDuration>P1M</bpmn:timeDuration>
        </bpmn:timerEventDefinition></bpmn:boundaryEvent><bpmn:boundaryEvent id="err" attachedToRef="a"><bpmn:errorEventDefinition/>
        </bpmn:boundaryEvent><bpmn:endEvent id="late"/>{}"#,
        around(&format!(r#"<bpmn:userTask id="a"><bpmn:multiInstanceLoopCharacteristics {OFFICES}/></bpmn:userTask>"#)),
        flows("b-late err-late")
    );
    let mut run = Run::new(&process);
    let effects = run.start(json!({"offices": [1, 2]}));
    assert_eq!(effects.iter().filter(|effect| effect.starts_with("timer")).count(), 1, "{effects:?}");
    let withdrawn = ["close-task", "!a", "close-task", "!a", "!a"];
    let timer = run.watch("b");
    expect(run.fire(timer), &[&withdrawn[..], &["+b", "-b", "+late", "-late", "finished Completed"]].concat());

    let mut run = Run::new(&process);
    run.start(json!({"offices": [1, 2]}));
    let token = run.all_at("a")[1];
    let effects = run.step(Event::Failed { token, code: "any".into() });
    assert_eq!(effects.last().unwrap(), "finished Completed");
    assert!(effects.contains(&"+err".to_owned()) && effects.contains(&"cancel-timer".to_owned()), "{effects:?}");
}

fn looped(attributes: &str, condition: &str) -> Run {
    Run::new(&around(&format!(
        r#"<bpmn:userTask id="a"><bpmn:standardLoopCharacteristics {attributes}>{condition}
        </bpmn:standardLoopCharacteristics></bpmn:userTask>"#
    )))
}

#[test]
fn a_loop_goes_on_while_its_condition_holds() {
    let again = "<bpmn:loopCondition>= again</bpmn:loopCondition>";
    let mut run = looped("", again);
    expect(run.start(json!({})), &["+s", "-s", "+a", "+a", "open a"]);
    expect(run.done(run.all_at("a")[0], json!({"again": true})), &["-a", "+a", "open a"]);
    expect(run.done(run.all_at("a")[0], json!({"again": false})), &[&["-a", "-a"], END].concat());
    assert_eq!(run.state.vars().get("again"), Some(&json!(false)), "a loop shares the variables around it");

    let mut before = looped("testBefore='true'", again);
    expect(before.start(json!({"again": false})), &[&["+s", "-s", "+a", "-a"], END].concat());

    let mut unsure = looped("", again);
    unsure.start(json!({}));
    let effects = unsure.done(unsure.all_at("a")[0], json!({}));
    assert!(effects[0].starts_with("incident a: Die Schleifenbedingung ist nicht auswertbar"), "{effects:?}");
}

#[test]
fn a_loop_ends_at_its_maximum() {
    let mut run = looped("loopMaximum='2'", "<bpmn:loopCondition>true</bpmn:loopCondition>");
    run.start(json!({}));
    run.done(run.all_at("a")[0], json!({}));
    expect(run.done(run.all_at("a")[0], json!({})), &[&["-a", "-a"], END].concat());

    let mut counted = looped("loopMaximum='1'", "");
    counted.start(json!({}));
    expect(counted.done(counted.all_at("a")[0], json!({})), &[&["-a", "-a"], END].concat());
}

#[test]
fn a_loop_without_a_halt_stops_with_an_incident() {
    let mut run = Run::new(&around(
        "<bpmn:manualTask id='a'><bpmn:standardLoopCharacteristics><bpmn:loopCondition>true</bpmn:loopCondition>
        </bpmn:standardLoopCharacteristics></bpmn:manualTask>",
    ));
    let effects = run.start(json!({}));
    assert!(effects.last().unwrap().contains("läuft vermutlich im Kreis"), "{:?}", effects.last());
    assert_eq!(run.step(Event::Cancel), ["!a", "!a", "finished Cancelled"]);
}

#[test]
fn a_pass_that_failed_is_tried_again() {
    let mut run = each(OFFICES, "");
    run.start(json!({"offices": ["bau", "recht"]}));
    let first = run.all_at("a")[0];
    let effects = run.step(Event::Failed { token: first, code: "broken".into() });
    assert!(effects[0].starts_with("incident a"), "{effects:?}");
    expect(run.step(Event::Retry { token: first }), &["!a", "+a", "open a"]);
    for (answer, token) in ["B", "A"].into_iter().zip(run.all_at("a")) {
        run.done(token, json!({ "answer": answer }));
    }
    assert_eq!(run.state.vars().get("answers"), Some(&json!(["A", "B"])), "it is still the first pass");
}

#[test]
fn called_processes_one_for_each_item() {
    let mut run = Run::new(&around(&format!(
        r#"<bpmn:callActivity id="a" calledElement="nachforderung"><bpmn:extensionElements>
        <meer:input name="doc" value="item"/><meer:output name="paper" value="result.paper"/></bpmn:extensionElements>
        <bpmn:multiInstanceLoopCharacteristics isSequential="false" meer:collection="docs" meer:output="paper" meer:outputs="papers"/>
        </bpmn:callActivity>{}"#,
        ""
    )));
    expect(
        run.start(json!({"docs": ["a", "b"]})),
        &[
            "+s",
            "-s",
            "+a",
            "+a",
            r#"process a nachforderung {"doc":"a"}"#,
            "+a",
            r#"process a nachforderung {"doc":"b"}"#,
        ],
    );
    let calls = run.all_at("a");
    run.done(calls[1], json!({"paper": 2}));
    run.done(calls[0], json!({"paper": 1}));
    assert_eq!(run.state.vars().get("papers"), Some(&json!([1, 2])));
}

#[test]
fn an_event_sub_process_belongs_to_its_pass() {
    let mut run = Run::new(&format!(
        r#"<bpmn:startEvent id="s"/><bpmn:subProcess id="a"><bpmn:multiInstanceLoopCharacteristics {OFFICES}/>
        <bpmn:startEvent id="is"/><bpmn:userTask id="t"/><bpmn:endEvent id="ie"/>{}
        <bpmn:subProcess id="h" triggeredByEvent="true"><bpmn:startEvent id="hs"><bpmn:errorEventDefinition/></bpmn:startEvent>
        <bpmn:userTask id="ht"/><bpmn:endEvent id="he"/>{}</bpmn:subProcess></bpmn:subProcess>
        <bpmn:boundaryEvent id="b" attachedToRef="a"><bpmn:errorEventDefinition/></bpmn:boundaryEvent>
        <bpmn:endEvent id="e"/><bpmn:endEvent id="late"/>{}"#,
        flows("is-t t-ie"),
        flows("hs-ht ht-he"),
        flows("s-a a-e b-late")
    ));
    run.start(json!({"offices": ["bau", "recht"]}));
    let token = run.all_at("t")[0];
    expect(
        run.step(Event::Failed { token, code: "broken".into() }),
        &["close-task", "!t", "+h", "+hs", "-hs", "+ht", "open ht"],
    );
    assert_eq!(run.all_at("t").len(), 1, "the other pass goes on");
    // Its own error is none for the same event sub-process, in no pass: it leaves through the boundary of the whole.
    let effects = run.fail("ht", "broken again");
    assert_eq!(effects[effects.len() - 5..], ["+b", "-b", "+late", "-late", "finished Completed"]);
    assert!(!effects.contains(&"+h".to_owned()), "{effects:?}");
}
