//! Call activities, event sub-processes, signals, thrown messages, escalations, links, and several ways to begin.

use bpmn::{Event, Known, Outcome, StartTrigger, State, Status, StepError, step};
use serde_json::json;

use crate::support::{self, Names, Run, flows, model, vars};

#[track_caller]
fn expect(effects: Vec<String>, expected: &[&str]) {
    assert_eq!(effects, expected);
}

#[track_caller]
fn sound(run: &Run) {
    let errors = run.model.check(&Known::default());
    let errors: Vec<_> = errors.iter().filter(|error| error.rule != bpmn::Rule::NotAssigned).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn a_call_activity_waits_for_the_process_it_calls() {
    let process = format!(
        r#"<bpmn:startEvent id="s"/><bpmn:callActivity id="c" calledElement="zahlung"><bpmn:extensionElements>
          <meer:input name="cents" value="fee"/><meer:output name="paid" value="result.paid"/></bpmn:extensionElements>
        </bpmn:callActivity><bpmn:endEvent id="e"/><bpmn:endEvent id="f"/><bpmn:endEvent id="g"/>
        <bpmn:boundaryEvent id="b" attachedToRef="c"><bpmn:errorEventDefinition errorRef="e-missing"/></bpmn:boundaryEvent>
        <bpmn:boundaryEvent id="l" attachedToRef="c" cancelActivity="false">
          <bpmn:escalationEventDefinition escalationRef="l-late"/></bpmn:boundaryEvent>{}"#,
        flows("s-c c-e b-f l-g")
    );
    let mut run = Run::new(&process);
    sound(&run);
    expect(run.start(json!({"fee": 1100})), &["+s", "-s", "+c", r#"process c zahlung {"cents":1100}"#]);
    let token = run.at("c");
    expect(run.step(Event::Escalated { token, code: "late".into() }), &["+l", "-l", "+g", "-g"]);
    expect(run.step(Event::Escalated { token, code: "other".into() }), &["escalated other"]);
    expect(run.complete("c", json!({"paid": true, "secret": 1})), &["-c", "+e", "-e", "finished Completed"]);
    assert_eq!(run.state.vars().get("paid"), Some(&json!(true)));
    assert_eq!(run.state.vars().get("secret"), None);

    let mut run = Run::new(&process);
    run.start(json!({}));
    let token = run.at("c");
    expect(run.fail("c", "missing"), &["cancel-process", "!c", "+b", "-b", "+f", "-f", "finished Completed"]);
    assert_eq!(run.try_step(Event::Escalated { token, code: "late".into() }), Err(StepError::NotRunning));

    let mut run = Run::new(&process);
    run.start(json!({}));
    assert!(run.fail("c", "other")[0].starts_with("incident c: Der aufgerufene Prozess meldet den Fehler „other“"));
    let token = run.at("c");
    assert_eq!(run.step(Event::Retry { token })[..2], ["!c", "+c"], "another one is called");
    expect(run.step(Event::Cancel), &["cancel-process", "!c", "finished Cancelled"]);
}

/// A process with a user task and an event sub-process with a user task of its own.
fn handled(start: &str) -> Run {
    let run = Run::new(&format!(
        r#"<bpmn:startEvent id="s"/><bpmn:userTask id="a"/><bpmn:endEvent id="e"/>
        <bpmn:subProcess id="h" triggeredByEvent="true">{start}<bpmn:userTask id="t"/><bpmn:endEvent id="he"/>{}</bpmn:subProcess>{}"#,
        flows("hs-t t-he"),
        flows("s-a a-e")
    ));
    sound(&run);
    run
}

fn start(attributes: &str, event: &str) -> String {
    format!(r#"<bpmn:startEvent id="hs" {attributes}>{event}</bpmn:startEvent>"#)
}

const TIMER: &str =
    "<bpmn:timerEventDefinition><bpmn:timeDuration>P30D</bpmn:timeDuration></bpmn:timerEventDefinition>";
const CYCLE: &str = "<bpmn:timerEventDefinition><bpmn:timeCycle>R2/PT1H</bpmn:timeCycle></bpmn:timerEventDefinition>";
const PAID: &str = r#"<bpmn:messageEventDefinition messageRef="m-paid"/>"#;
const STORM: &str = r#"<bpmn:signalEventDefinition signalRef="g-storm"/>"#;
const LATE: &str = r#"<bpmn:escalationEventDefinition escalationRef="l-late"/>"#;
const MISSING: &str = r#"<bpmn:errorEventDefinition errorRef="e-missing"/>"#;

#[test]
fn an_event_sub_process_interrupts_what_is_around_it() {
    let mut run = handled(&start("", TIMER));
    expect(run.start(json!({})), &["+s", r#"timer hs Duration("P30D")"#, "-s", "+a", "open a"]);
    let (task, timer) = (run.at("a"), run.watch("hs"));
    expect(run.fire(timer), &["close-task", "!a", "+h", "+hs", "-hs", "+t", "open t"]);
    assert_eq!(run.try_step(Event::TimerFired { token: timer }), Err(StepError::Stale { token: timer }));
    assert_eq!(
        run.try_step(Event::Completed { token: task, vars: vars(json!({})) }),
        Err(StepError::Stale { token: task })
    );
    expect(run.complete("t", json!({})), &["-t", "+he", "-he", "-h", "finished Completed"]);

    let mut run = handled(&start("", TIMER));
    run.start(json!({}));
    expect(run.complete("a", json!({})), &["-a", "+e", "-e", "cancel-timer", "finished Completed"]);
}

#[test]
fn an_event_sub_process_that_does_not_interrupt_comes_beside() {
    let mut run = handled(&start("isInterrupting='false'", CYCLE));
    run.start(json!({}));
    for again in [true, false] {
        let timer = run.watch("hs");
        let mut expected = vec!["+h", "+hs", "-hs", "+t", "open t"];
        if again {
            expected.insert(0, r#"timer hs Duration("PT1H") again"#);
        }
        expect(run.fire(timer), &expected);
    }
    assert!(run.state.watches().is_empty());
    expect(run.complete("a", json!({})), &["-a", "+e", "-e"]);
    expect(run.complete("t", json!({})), &["-t", "+he", "-he", "-h"]);
    expect(run.complete("t", json!({})), &["-t", "+he", "-he", "-h", "finished Completed"]);
}

#[test]
fn messages_and_signals_start_event_sub_processes() {
    let mut run = handled(&start("isInterrupting='false' meer:key='order'", PAID).replace(
        "/></bpmn:startEvent>",
        "/><bpmn:extensionElements><meer:output name='cents' value='result.cents'/></bpmn:extensionElements></bpmn:startEvent>",
    ));
    expect(run.start(json!({"order": 7})), &["+s", "await hs paid 7", "-s", "+a", "open a"]);
    expect(run.message(json!(7), json!({"cents": 5})), &["+h", "+hs", "-hs", "+t", "open t"]);
    assert_eq!(run.state.vars().get("cents"), Some(&json!(5)));
    expect(run.message(json!(7), json!({})), &["+h", "+hs", "-hs", "+t", "open t"]);

    let mut run = handled(&start("", STORM));
    expect(run.start(json!({})), &["+s", "await hs storm", "-s", "+a", "open a"]);
    assert!(run.state.awaits_signal("storm"));
    expect(run.signal(json!({"level": 3})), &["close-task", "!a", "+h", "+hs", "-hs", "+t", "open t"]);
    assert_eq!(run.state.vars().get("level"), Some(&json!(3)));
    assert!(!run.state.awaits_signal("storm"));
    assert_eq!(
        run.try_step(Event::Signal { name: "storm".into(), vars: vars(json!({})) }),
        Err(StepError::NoReceiver { name: "storm".into() })
    );
}

#[test]
fn an_error_starts_the_event_sub_process_of_its_level() {
    let mut run = handled(&start("", MISSING));
    run.start(json!({}));
    expect(run.fail("a", "missing"), &["close-task", "!a", "+h", "+hs", "-hs", "+t", "open t"]);
    // The event sub-process does not catch its own errors.
    assert!(run.fail("t", "missing")[0].starts_with("incident t"));

    // A sub-process: its own event sub-process first, the boundary event around it for the rest.
    let process = format!(
        r#"<bpmn:startEvent id="s"/><bpmn:subProcess id="sub"><bpmn:startEvent id="is"/><bpmn:userTask id="a"/>
        <bpmn:endEvent id="ie"/>{}<bpmn:subProcess id="h" triggeredByEvent="true">{}<bpmn:userTask id="t"/>
        <bpmn:endEvent id="he"/>{}</bpmn:subProcess></bpmn:subProcess><bpmn:endEvent id="e"/><bpmn:endEvent id="out"/>
        <bpmn:boundaryEvent id="b" attachedToRef="sub"><bpmn:errorEventDefinition/></bpmn:boundaryEvent>{}"#,
        flows("is-a a-ie"),
        start("", MISSING),
        flows("hs-t t-he"),
        flows("s-sub sub-e b-out")
    );
    let mut run = Run::new(&process);
    sound(&run);
    run.start(json!({}));
    expect(run.fail("a", "missing"), &["close-task", "!a", "+h", "+hs", "-hs", "+t", "open t"]);
    expect(run.complete("t", json!({})), &["-t", "+he", "-he", "-h", "-sub", "+e", "-e", "finished Completed"]);

    let mut run = Run::new(&process);
    run.start(json!({}));
    run.fail("a", "missing");
    expect(
        run.fail("t", "missing"),
        &["close-task", "!t", "!h", "!sub", "+b", "-b", "+out", "-out", "finished Completed"],
    );

    let mut run = Run::new(&process);
    run.start(json!({}));
    let effects = run.fail("a", "other");
    assert!(effects.contains(&"+b".to_owned()), "{effects:?}");
}

#[test]
fn an_error_end_starts_an_event_sub_process() {
    let mut run = Run::new(&format!(
        r#"<bpmn:startEvent id="s"/><bpmn:parallelGateway id="f"/><bpmn:userTask id="a"/><bpmn:userTask id="c"/>
        <bpmn:endEvent id="e">{MISSING}</bpmn:endEvent><bpmn:endEvent id="e2"/>
        <bpmn:subProcess id="h" triggeredByEvent="true">{}<bpmn:endEvent id="he">{MISSING}</bpmn:endEvent>{}</bpmn:subProcess>{}"#,
        start("", "<bpmn:errorEventDefinition/>"),
        flows("hs-he"),
        flows("s-f f-a f-c a-e c-e2")
    ));
    sound(&run);
    run.start(json!({}));
    expect(
        run.complete("a", json!({})),
        &[
            "-a",
            "+e",
            "-e",
            "close-task",
            "!c",
            "+h",
            "+hs",
            "-hs",
            "+he",
            "-he",
            "!h",
            r#"finished Failed("missing")"#,
        ],
    );
}

#[test]
fn a_signal_reaches_all_that_wait() {
    let mut run = Run::new(&format!(
        r#"<bpmn:startEvent id="s"/><bpmn:parallelGateway id="f"/>
        <bpmn:intermediateCatchEvent id="c">{STORM}</bpmn:intermediateCatchEvent>
        <bpmn:userTask id="a"/><bpmn:boundaryEvent id="b" attachedToRef="a" cancelActivity="false">{STORM}</bpmn:boundaryEvent>
        <bpmn:eventBasedGateway id="g"/><bpmn:intermediateCatchEvent id="gs">{STORM}</bpmn:intermediateCatchEvent>
        <bpmn:intermediateCatchEvent id="gt">{TIMER}</bpmn:intermediateCatchEvent>
        <bpmn:endEvent id="e1"/><bpmn:endEvent id="e2"/><bpmn:endEvent id="e3"/><bpmn:endEvent id="e4"/><bpmn:endEvent id="e5"/>{}"#,
        flows("s-f f-c f-a f-g g-gs g-gt c-e1 a-e2 b-e3 gs-e4 gt-e5")
    ));
    sound(&run);
    run.start(json!({}));
    let effects = run.signal(json!({}));
    for passed in ["+e1", "+e3", "+e4", "cancel-timer"] {
        assert!(effects.contains(&passed.to_owned()), "{passed}: {effects:?}");
    }
    expect(run.signal(json!({})), &["+b", "-b", "+e3", "-e3"]);
    expect(run.complete("a", json!({})), &["forget-signal", "-a", "+e2", "-e2", "finished Completed"]);
}

#[test]
fn a_signal_may_end_what_else_waits_for_it() {
    let mut run = Run::new(&format!(
        r#"<bpmn:startEvent id="s"/><bpmn:subProcess id="sub"><bpmn:startEvent id="is"/>
        <bpmn:intermediateCatchEvent id="c">{STORM}</bpmn:intermediateCatchEvent><bpmn:endEvent id="ie"/>{}</bpmn:subProcess>
        <bpmn:boundaryEvent id="b" attachedToRef="sub">{STORM}</bpmn:boundaryEvent><bpmn:endEvent id="e"/><bpmn:endEvent id="f"/>{}"#,
        flows("is-c c-ie"),
        flows("s-sub sub-e b-f")
    ));
    sound(&run);
    run.start(json!({}));
    // The boundary event waits longer and is first: the catching event inside is withdrawn before its turn.
    expect(run.signal(json!({})), &["forget-signal", "!c", "!sub", "+b", "-b", "+f", "-f", "finished Completed"]);
}

#[test]
fn signals_and_messages_are_thrown() {
    let mut run = Run::new(&format!(
        r#"<bpmn:startEvent id="s"/><bpmn:intermediateThrowEvent id="t">{STORM}<bpmn:extensionElements>
          <meer:input name="level" value="3"/></bpmn:extensionElements></bpmn:intermediateThrowEvent>
        <bpmn:intermediateThrowEvent id="m" meer:key="order">{PAID}<bpmn:extensionElements>
          <meer:input name="cents" value="fee"/></bpmn:extensionElements></bpmn:intermediateThrowEvent>
        <bpmn:endEvent id="e">{PAID}</bpmn:endEvent>{}"#,
        flows("s-t t-m m-e")
    ));
    sound(&run);
    expect(
        run.start(json!({"order": "o-7", "fee": 5})),
        &[
            "+s",
            "-s",
            "+t",
            r#"broadcast t storm {"level":3}"#,
            "-t",
            "+m",
            r#"send m paid "o-7" {"cents":5}"#,
            "-m",
            "+e",
            "send e paid null {}",
            "-e",
            "finished Completed",
        ],
    );
    let mut run = Run::new(&format!(
        r#"<bpmn:startEvent id="s"/><bpmn:endEvent id="e" meer:key="order">{PAID}</bpmn:endEvent>{}"#,
        flows("s-e")
    ));
    let effects = run.start(json!({}));
    assert_eq!(effects.last().unwrap(), "incident e: Der Schlüssel der Nachricht ist leer.");
}

#[test]
fn escalations_go_outwards_and_may_go_unheard() {
    let process = |boundary: &str| {
        format!(
            r#"<bpmn:startEvent id="s"/><bpmn:subProcess id="sub"><bpmn:startEvent id="is"/>
            <bpmn:intermediateThrowEvent id="t">{LATE}</bpmn:intermediateThrowEvent><bpmn:userTask id="a"/>
            <bpmn:endEvent id="ie">{LATE}</bpmn:endEvent>{}</bpmn:subProcess>{boundary}<bpmn:endEvent id="e"/>{}"#,
            flows("is-t t-a a-ie"),
            flows("s-sub sub-e")
        )
    };
    let attached = |cancel: &str| {
        process(&format!(
            r#"<bpmn:boundaryEvent id="b" attachedToRef="sub" {cancel}>{LATE}</bpmn:boundaryEvent><bpmn:endEvent id="f"/>{}"#,
            flows("b-f")
        ))
    };
    let mut run = Run::new(&attached("cancelActivity='false'"));
    sound(&run);
    expect(
        run.start(json!({})),
        &["+s", "-s", "+sub", "+is", "-is", "+t", "-t", "+a", "open a", "+b", "-b", "+f", "-f"],
    );
    let effects = run.complete("a", json!({}));
    assert_eq!(effects[..3], ["-a", "+ie", "-ie"]);
    assert_eq!(effects.iter().filter(|effect| *effect == "+b").count(), 1);
    assert_eq!(effects.last().unwrap(), "finished Completed");

    let mut run = Run::new(&attached(""));
    expect(
        run.start(json!({})),
        &["+s", "-s", "+sub", "+is", "-is", "+t", "-t", "!sub", "+b", "-b", "+f", "-f", "finished Completed"],
    );

    let mut run = Run::new(&process(""));
    let effects = run.start(json!({}));
    assert!(effects.contains(&"escalated late".to_owned()), "{effects:?}");
    assert_eq!(effects.last().unwrap(), "open a", "it goes on");

    let mut run = handled(&start("isInterrupting='false'", LATE));
    run.start(json!({}));
    assert!(run.state.watches().is_empty(), "nobody outside is asked");
}

#[test]
fn links_lead_on_within_their_level() {
    let link = |kind: &str, id: &str, name: &str| {
        format!(r#"<bpmn:{kind} id="{id}"><bpmn:linkEventDefinition name="{name}"/></bpmn:{kind}>"#)
    };
    let run = |catch: &str| {
        Run::new(&format!(
            r#"<bpmn:startEvent id="s"/><bpmn:exclusiveGateway id="x" default="x-t1"/>{}{}{catch}<bpmn:endEvent id="e"/>{}"#,
            link("intermediateThrowEvent", "t1", "weiter"),
            link("intermediateThrowEvent", "t2", "weiter"),
            flows("s-x x-t1 x-t2:other c-e")
        ))
    };
    for (other, way) in [(false, "+t1"), (true, "+t2")] {
        let mut run = run(&link("intermediateCatchEvent", "c", "weiter"));
        sound(&run);
        let effects = run.start(json!({ "other": other }));
        assert!(effects.contains(&way.to_owned()), "{effects:?}");
        assert_eq!(effects[effects.len() - 5..], ["+c", "-c", "+e", "-e", "finished Completed"]);
    }
    let mut lost = run(&link("intermediateCatchEvent", "c", "anderswo"));
    let rules: Vec<_> = lost.model.check(&Known::default()).iter().map(|e| (e.rule, e.element.clone())).collect();
    assert!(rules.contains(&(bpmn::Rule::Reference, "t1".into())), "{rules:?}");
    assert!(rules.contains(&(bpmn::Rule::Unreachable, "c".into())), "{rules:?}");
    assert!(lost.start(json!({"other": false})).last().unwrap().starts_with("incident t1: Zu diesem Link"));
}

#[test]
fn an_inclusive_join_waits_for_what_comes_through_a_link() {
    let mut run = Run::new(&format!(
        r#"<bpmn:startEvent id="s"/><bpmn:parallelGateway id="f"/><bpmn:userTask id="a"/><bpmn:userTask id="b"/>
        <bpmn:intermediateThrowEvent id="t"><bpmn:linkEventDefinition name="l"/></bpmn:intermediateThrowEvent>
        <bpmn:intermediateCatchEvent id="c"><bpmn:linkEventDefinition name="l"/></bpmn:intermediateCatchEvent>
        <bpmn:inclusiveGateway id="j"/><bpmn:endEvent id="e"/>{}"#,
        flows("s-f f-a f-b b-t c-j a-j j-e")
    ));
    sound(&run);
    run.start(json!({}));
    expect(run.complete("a", json!({})), &["-a"]);
    let effects = run.complete("b", json!({}));
    assert_eq!(effects.last().unwrap(), "finished Completed");
}

#[test]
fn a_process_begins_in_several_ways() {
    let model = model(&format!(
        r#"<bpmn:startEvent id="plain"/><bpmn:startEvent id="letter" name="Brief">{PAID}</bpmn:startEvent>
        <bpmn:startEvent id="alarm">{STORM}</bpmn:startEvent><bpmn:startEvent id="monthly">{}</bpmn:startEvent>
        <bpmn:userTask id="a" meer:form="f"/><bpmn:endEvent id="e"/>{}"#,
        CYCLE.replace("R2/PT1H", "R/2026-01-01T08:00:00/P1M"),
        flows("plain-a letter-a alarm-a monthly-a a-e")
    ));
    assert_eq!(model.check(&Known::default()), []);
    let starts = model.starts();
    assert_eq!(starts.iter().map(|start| start.element).collect::<Vec<_>>(), ["plain", "letter", "alarm", "monthly"]);
    assert_eq!((starts[0].trigger, starts[1].name), (StartTrigger::Plain, Some("Brief")));
    assert_eq!((starts[1].trigger, starts[2].trigger), (StartTrigger::Message("paid"), StartTrigger::Signal("storm")));
    assert!(matches!(starts[3].trigger, StartTrigger::Timer(spec) if spec.text() == "R/2026-01-01T08:00:00/P1M"));
    for start in starts {
        let event = Event::StartAt { element: start.element.to_owned(), vars: vars(json!({"n": 1})) };
        let (state, effects) = step(&model, State::new(), event, &Names).unwrap();
        let shown: Vec<String> = effects.iter().map(support::show).collect();
        assert_eq!(shown, [&format!("+{}", start.element), &format!("-{}", start.element), "+a", "open a"]);
        assert_eq!(state.vars().get("n"), Some(&json!(1)));
    }
    for element in ["a", "ghost"] {
        let event = Event::StartAt { element: element.into(), vars: vars(json!({})) };
        assert_eq!(step(&model, State::new(), event, &Names), Err(StepError::NotExecutable));
    }
    let (state, _) = step(&model, State::new(), Event::Start { vars: vars(json!({})) }, &Names).unwrap();
    assert_eq!(state.tokens().len(), 1, "without more, the start event without trigger");
}

#[test]
fn a_start_at_a_time_says_where_its_case_belongs() {
    let timed = |attributes: &str| {
        let text = format!(
            r#"<bpmn:startEvent id="daily" {attributes}>{CYCLE}</bpmn:startEvent><bpmn:endEvent id="e"/>{}"#,
            flows("daily-e")
        );
        model(&text)
    };
    let placed = timed(r#"meer:plan="10.10" meer:unit="registry""#);
    assert_eq!(placed.check(&Known::default()), []);
    let start = &placed.starts()[0];
    assert_eq!((start.plan, start.unit), (Some("10.10"), Some("registry")));
    // Written and read again, it still says so, and that is not the same process as one that does not.
    let again = bpmn::Model::parse(&placed.to_xml()).unwrap();
    assert_eq!(again.starts()[0].plan, Some("10.10"));
    assert!(placed.same_process(&again).is_ok() && placed.same_process(&timed("")).is_err());
    // Elsewhere it is refused.
    let elsewhere =
        model(&format!(r#"<bpmn:startEvent id="s" meer:plan="10.10"/><bpmn:endEvent id="e"/>{}"#, flows("s-e")));
    assert_eq!(elsewhere.check(&Known::default()).len(), 1);
}

#[test]
fn a_process_without_a_plain_start_is_begun_by_its_trigger_only() {
    let model = model(&format!(
        r#"<bpmn:startEvent id="letter">{PAID}</bpmn:startEvent><bpmn:endEvent id="e"/>{}"#,
        flows("letter-e")
    ));
    assert_eq!(model.check(&Known::default()), []);
    let event = Event::Start { vars: vars(json!({})) };
    assert_eq!(step(&model, State::new(), event, &Names), Err(StepError::NotExecutable));
}

#[test]
fn repeating_timers_have_a_beginning_and_an_end() {
    let attached = |cancel: &str, cycle: &str| {
        let mut run = Run::new(&format!(
            r#"<bpmn:startEvent id="s"/><bpmn:userTask id="a"/><bpmn:endEvent id="e"/><bpmn:endEvent id="late"/>
            <bpmn:boundaryEvent id="t" attachedToRef="a" {cancel}><bpmn:timerEventDefinition><bpmn:timeCycle>{cycle}</bpmn:timeCycle>
            </bpmn:timerEventDefinition></bpmn:boundaryEvent>{}"#,
            flows("s-a a-e t-late")
        ));
        sound(&run);
        let first = run.start(json!({})).pop().unwrap();
        let timer = run.watch("t");
        (first, run.fire(timer))
    };
    let reminder = "cancelActivity='false'";
    let (first, then) = attached(reminder, "R3/2026-03-01T08:00:00/PT1H");
    assert_eq!(
        (first.as_str(), then[0].as_str()),
        (r#"timer t Date("2026-03-01T08:00:00")"#, r#"timer t Duration("PT1H") again"#)
    );
    let (first, then) = attached(reminder, "R/PT1H/2026-03-01");
    assert_eq!(first, r#"timer t Duration("PT1H") until 2026-03-01"#);
    assert_eq!(then[0], r#"timer t Duration("PT1H") again until 2026-03-01"#);
    // An event that interrupts happens once, however often it might repeat.
    let (_, then) = attached("", "R3/PT1H");
    expect(then, &["close-task", "!a", "+t", "-t", "+late", "-late", "finished Completed"]);
}

#[test]
fn terminate_in_a_sub_process_ends_its_event_sub_processes_too() {
    let mut run = Run::new(&format!(
        r#"<bpmn:startEvent id="s"/><bpmn:subProcess id="sub"><bpmn:startEvent id="is"/><bpmn:userTask id="a"/>
        <bpmn:endEvent id="ie"><bpmn:terminateEventDefinition/></bpmn:endEvent>{}
        <bpmn:subProcess id="h" triggeredByEvent="true">{}<bpmn:userTask id="t"/><bpmn:endEvent id="he"/>{}</bpmn:subProcess>
        </bpmn:subProcess><bpmn:endEvent id="e"/>{}"#,
        flows("is-a a-ie"),
        start("isInterrupting='false'", STORM),
        flows("hs-t t-he"),
        flows("s-sub sub-e")
    ));
    sound(&run);
    run.start(json!({}));
    run.signal(json!({}));
    expect(
        run.complete("a", json!({})),
        &["-a", "+ie", "-ie", "close-task", "!t", "!h", "forget-signal", "-sub", "+e", "-e", "finished Completed"],
    );
    assert_eq!(run.state.status(), &Status::Ended(Outcome::Completed));
}

#[test]
fn a_broken_event_sub_process_is_an_incident_at_the_start() {
    let mut run = handled(&start("", &TIMER.replace("P30D", "= period")));
    let effects = run.start(json!({}));
    assert!(effects.last().unwrap().starts_with("incident s: „period“ ergibt keinen Text"), "{effects:?}");
    let token = run.at("s");
    assert!(run.step(Event::Retry { token })[2].starts_with("incident s"));
}

#[test]
fn two_inclusive_joins_that_wait_for_each_other_are_told() {
    // Each join can be reached from the other, so neither may go on (BPMN 2.0.2, 13.4.3).
    let mut run = Run::new(&format!(
        r#"<bpmn:startEvent id="s"/><bpmn:parallelGateway id="f"/><bpmn:userTask id="a"/><bpmn:userTask id="b"/>
        <bpmn:inclusiveGateway id="j"/><bpmn:inclusiveGateway id="k"/><bpmn:exclusiveGateway id="x" default="x-e1"/>
        <bpmn:exclusiveGateway id="y" default="y-e2"/><bpmn:endEvent id="e1"/><bpmn:endEvent id="e2"/>{}"#,
        flows("s-f f-a f-b a-j b-k j-x x-k:over x-e1 k-y y-j:over y-e2")
    ));
    sound(&run);
    run.start(json!({"over": false}));
    expect(run.complete("a", json!({})), &["-a"]);
    let effects = run.complete("b", json!({}));
    assert_eq!(effects.len(), 3, "{effects:?}");
    assert!(effects[1..].iter().all(|effect| effect.contains("die nicht mehr kommen können")), "{effects:?}");
    expect(run.step(Event::Cancel), &["finished Cancelled"]);
}

#[test]
fn an_inclusive_join_does_not_wait_for_what_has_passed_or_cannot_come() {
    // The way back leads through the join itself, so the token behind it is none to wait for.
    let mut run = Run::new(&format!(
        r#"<bpmn:startEvent id="s"/><bpmn:inclusiveGateway id="o" default="o-a"/><bpmn:userTask id="a"/><bpmn:userTask id="b"/>
        <bpmn:inclusiveGateway id="j"/><bpmn:userTask id="c"/><bpmn:exclusiveGateway id="x" default="x-e"/><bpmn:endEvent id="e"/>{}"#,
        flows("s-o o-a o-b:both a-j b-j j-c c-x x-e x-a:again")
    ));
    run.start(json!({"both": false, "again": true}));
    expect(run.complete("a", json!({})), &["-a", "+j", "-j", "+c", "open c"]);
    expect(run.complete("c", json!({})), &["-c", "+x", "-x", "+a", "open a"]);
    expect(run.complete("a", json!({"again": false})), &["-a", "+j", "-j", "+c", "open c"]);
    assert_eq!(run.complete("c", json!({})).last().unwrap(), "finished Completed");

    // A token inside a sub-process counts where the sub-process stands, one in an event sub-process nowhere.
    let mut run = Run::new(&format!(
        r#"<bpmn:startEvent id="s"/><bpmn:parallelGateway id="f"/><bpmn:subProcess id="sub"><bpmn:startEvent id="is"/>
        <bpmn:userTask id="in"/><bpmn:endEvent id="ie"/>{}</bpmn:subProcess><bpmn:userTask id="a"/><bpmn:inclusiveGateway id="j"/>
        <bpmn:userTask id="last"/><bpmn:endEvent id="e"/>
        <bpmn:subProcess id="h" triggeredByEvent="true">{}<bpmn:userTask id="t"/><bpmn:endEvent id="he"/>{}</bpmn:subProcess>{}"#,
        flows("is-in in-ie"),
        start("isInterrupting='false'", STORM),
        flows("hs-t t-he"),
        flows("s-f f-sub f-a sub-j a-j j-last last-e")
    ));
    sound(&run);
    run.start(json!({}));
    run.signal(json!({}));
    expect(run.complete("a", json!({})), &["-a"]);
    assert_eq!(run.complete("in", json!({})).last().unwrap(), "open last");
}
