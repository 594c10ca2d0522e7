//! States that were stored before event sub-processes, calls and repeated activities were executed still continue.

use bpmn::{Event, State, Wait, step};
use serde_json::json;

use crate::support::{self, Names, Run, flows, vars};

const PROCESS: &str = r#"<bpmn:startEvent id="s"/><bpmn:parallelGateway id="f"/><bpmn:userTask id="a"/><bpmn:subProcess id="sub">
    <bpmn:startEvent id="is"/><bpmn:receiveTask id="r" messageRef="m-paid"/><bpmn:endEvent id="ie"/>FLOWS</bpmn:subProcess>
    <bpmn:parallelGateway id="j"/><bpmn:endEvent id="e"/><bpmn:endEvent id="late"/>
    <bpmn:boundaryEvent id="t" attachedToRef="a" cancelActivity="false"><bpmn:timerEventDefinition>
    <bpmn:timeCycle>R3/P7D</bpmn:timeCycle></bpmn:timerEventDefinition></bpmn:boundaryEvent>"#;

/// As the crate wrote it before this change, after `Start` of the process above with `fee`.
const STORED: &str = r#"{"status":"running","last":7,"tokens":[{"id":3,"at":"a","for":"user"},{"id":5,"at":"sub","for":"scope"},{"id":7,"at":"r","scope":5,"for":{"message":{"name":"paid","key":null}}}],"watches":[{"id":4,"at":"t","host":3,"for":{"cycle":{"left":2,"interval":"P7D"}}}],"vars":{"fee":11}}"#;

#[test]
fn a_state_stored_before_continues() {
    let process =
        format!("{}{}", PROCESS.replace("FLOWS", &flows("is-r r-ie")), flows("s-f f-a f-sub a-j sub-j j-e t-late"));
    let mut run = Run::new(&process);
    run.state = serde_json::from_str(STORED).unwrap();
    assert_eq!(run.fire(4), [r#"timer t Duration("P7D") again"#, "+t", "-t", "+late", "-late"]);
    assert_eq!(run.message(json!(null), json!({"paid": true})), ["-r", "+ie", "-ie", "-sub"]);
    assert_eq!(run.complete("a", json!({})), ["cancel-timer", "-a", "+j", "-j", "+e", "-e", "finished Completed"]);
    assert_eq!(run.state.vars().get("fee"), Some(&json!(11)));
}

#[test]
fn every_wait_stored_before_is_read() {
    for (wait, expected) in [
        (json!("user"), Wait::User),
        (json!("command"), Wait::Command),
        (json!("timer"), Wait::Timer),
        (json!("events"), Wait::Events),
        (json!({"join": {"flow": "x"}}), Wait::Join { flow: "x".into() }),
    ] {
        let state: State = serde_json::from_value(
            json!({"status": "running", "last": 1, "tokens": [{"id": 1, "at": "a", "for": wait}]}),
        )
        .unwrap();
        assert_eq!(state.tokens()[0].wait, expected);
    }
    let new: State = serde_json::from_value(json!({"status": "new", "last": 0})).unwrap();
    let model = support::model(&format!(r#"<bpmn:startEvent id="s"/><bpmn:endEvent id="e"/>{}"#, flows("s-e")));
    let (state, _) = step(&model, new, Event::Start { vars: vars(json!({})) }, &Names).unwrap();
    let text = serde_json::to_string(&state).unwrap();
    assert_eq!(text, r#"{"status":{"ended":"completed"},"last":2}"#, "what is new takes no room where it is not used");
}
