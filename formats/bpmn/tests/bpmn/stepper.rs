//! One drawn example per element: what is entered, left, asked for and ended, in order.

use bpmn::{Effect, Event, Outcome, Status, StepError};
use serde_json::json;

use crate::support::{self, Run, flows, vars};

#[track_caller]
fn expect(effects: Vec<String>, expected: &[&str]) {
    assert_eq!(effects, expected);
}

#[test]
fn user_service_and_rule_task_in_a_row() {
    let mut run = Run::new(&format!(
        r#"<bpmn:startEvent id="s"/>
        <bpmn:serviceTask id="ask" meer:command="registers.ask-population">
          <bpmn:extensionElements>
            <meer:input name="person" value="applicant"/>
            <meer:output name="match" value="result.match"/>
          </bpmn:extensionElements>
        </bpmn:serviceTask>
        <bpmn:businessRuleTask id="fee" meer:decision="fees#fee">
          <bpmn:extensionElements>
            <meer:input name="copies" value="copies"/>
            <meer:output name="cents" value="result.fee"/>
          </bpmn:extensionElements>
        </bpmn:businessRuleTask>
        <bpmn:userTask id="check" name="Prüfen" meer:form="check" meer:unit="=office" meer:due="P14D"
            meer:four-eyes="other" meer:medienbruch="= done"/>
        <bpmn:manualTask id="file"/>
        <bpmn:endEvent id="e"/>{}"#,
        flows("s-ask ask-fee fee-check check-file file-e")
    ));
    expect(
        run.start(json!({"applicant": "p1", "copies": 2, "office": "standesamt"})),
        &["+s", "-s", "+ask", r#"call registers.ask-population {"person":"p1"}"#],
    );
    let token = run.at("ask");
    let effects = run.try_step(Event::Completed { token, vars: vars(json!({"match": true, "secret": 1})) }).unwrap();
    let Some(Effect::OpenUserTask(task)) = effects.last() else { panic!("{effects:?}") };
    assert_eq!(
        (task.name.as_deref(), task.form.as_deref(), task.unit.as_deref(), task.due.as_deref()),
        (Some("Prüfen"), Some("check"), Some("standesamt"), Some("P14D"))
    );
    assert_eq!((task.four_eyes.as_deref(), task.medienbruch), (Some("other"), true));
    assert_eq!(task.medienbruch_when.as_deref(), Some("done"));
    assert_eq!(run.state.vars().get("match"), Some(&json!(true)));
    assert_eq!(run.state.vars().get("cents"), Some(&json!(17)));
    assert_eq!(run.state.vars().get("secret"), None, "only declared outputs are kept");
    assert_eq!(run.state.vars().get("result"), None);

    expect(
        run.complete("check", json!({"verdict": "yes"})),
        &["-check", "+file", "-file", "+e", "-e", "finished Completed"],
    );
    assert_eq!(run.state.vars().get("verdict"), Some(&json!("yes")), "without outputs the answer is kept");
    assert_eq!(run.state.status(), &Status::Ended(Outcome::Completed));
    assert!(run.state.tokens().is_empty());
}

const CHOICE: &str = r#"<bpmn:startEvent id="s"/><bpmn:exclusiveGateway id="x" default="x-c"/>
    <bpmn:endEvent id="a"/><bpmn:endEvent id="b"/><bpmn:endEvent id="c"/>"#;

#[test]
fn exclusive_takes_the_first_true_way_or_the_default() {
    let process = format!("{CHOICE}{}", flows("s-x x-c x-a:one x-b:two"));
    for (vars, end) in [
        (json!({"one": true, "two": true}), "+a"),
        (json!({"one": false, "two": true}), "+b"),
        (json!({"one": false, "two": false}), "+c"),
    ] {
        let effects = Run::new(&process).start(vars);
        assert!(effects.contains(&end.to_owned()), "{effects:?}");
        assert_eq!(effects.iter().filter(|e| e.starts_with('+')).count(), 3);
    }
}

#[test]
fn a_null_condition_is_an_incident_and_can_be_retried() {
    let mut run = Run::new(&format!("{CHOICE}{}", flows("s-x x-c x-a:one x-b:two")));
    let effects = run.start(json!({}));
    assert_eq!(effects[..3], ["+s", "-s", "+x"]);
    assert!(effects[3].starts_with("incident x: Die Bedingung des Wegs „x-a“"), "{effects:?}");
    let token = run.at("x");
    let again = run.step(Event::Retry { token });
    assert!(again[0].starts_with("incident x"), "the cause is still there: {again:?}");
    assert_eq!(run.try_step(Event::Completed { token, vars: vars(json!({})) }), Err(StepError::Stale { token }));
}

#[test]
fn no_matching_way_without_default_is_an_incident() {
    let process = format!(
        r#"<bpmn:startEvent id="s"/><bpmn:exclusiveGateway id="x"/><bpmn:endEvent id="a"/>{}"#,
        flows("s-x x-a:one")
    );
    let mut run = Run::new(&process);
    let effects = run.start(json!({"one": false}));
    assert_eq!(effects.last().unwrap(), "incident x: Keine Bedingung trifft zu, und es gibt keinen Standardweg.");
    expect(run.step(Event::Cancel), &["!x", "finished Cancelled"]);
}

#[test]
fn parallel_join_counts_one_token_per_flow() {
    let mut run = Run::new(&format!(
        r#"<bpmn:startEvent id="s"/><bpmn:parallelGateway id="f"/><bpmn:userTask id="a"/><bpmn:userTask id="b"/>
        <bpmn:parallelGateway id="j"/><bpmn:endEvent id="e"/>{}"#,
        flows("s-f f-a f-b a-j b-j j-e")
    ));
    expect(run.start(json!({})), &["+s", "-s", "+f", "-f", "+a", "open a", "+b", "open b"]);
    let a = run.at("a");
    expect(run.complete("a", json!({})), &["-a"]);
    assert_eq!(
        run.try_step(Event::Completed { token: a, vars: vars(json!({})) }),
        Err(StepError::Stale { token: a }),
        "a second delivery is told apart"
    );
    expect(run.complete("b", json!({})), &["-b", "+j", "-j", "+e", "-e", "finished Completed"]);
    let token = a;
    assert_eq!(run.try_step(Event::TimerFired { token }), Err(StepError::NotRunning));
    assert_eq!(run.try_step(Event::Start { vars: vars(json!({})) }), Err(StepError::AlreadyStarted));
}

#[test]
fn a_join_that_can_never_be_complete_is_told() {
    let mut run = Run::new(&format!(
        r#"<bpmn:startEvent id="s"/><bpmn:exclusiveGateway id="x" default="x-b"/><bpmn:userTask id="a"/>
        <bpmn:userTask id="b"/><bpmn:parallelGateway id="j"/><bpmn:endEvent id="e"/>{}"#,
        flows("s-x x-a:yes x-b a-j b-j j-e")
    ));
    run.start(json!({"yes": true}));
    expect(
        run.complete("a", json!({})),
        &["-a", "incident j: Der Vorgang wartet hier auf Zweige, die nicht mehr kommen können."],
    );
    expect(run.step(Event::Cancel), &["finished Cancelled"]);
}

#[test]
fn inclusive_join_waits_for_tokens_that_can_still_come() {
    let process = format!(
        r#"<bpmn:startEvent id="s"/><bpmn:inclusiveGateway id="o" default="o-c"/><bpmn:userTask id="a"/>
        <bpmn:userTask id="b"/><bpmn:userTask id="c"/><bpmn:inclusiveGateway id="j"/><bpmn:endEvent id="e"/>{}"#,
        flows("s-o o-a:one o-b:two o-c a-j b-j c-j j-e")
    );
    let end = ["+j", "-j", "+e", "-e", "finished Completed"];

    let mut both = Run::new(&process);
    expect(both.start(json!({"one": true, "two": true})), &["+s", "-s", "+o", "-o", "+a", "open a", "+b", "open b"]);
    expect(both.complete("b", json!({})), &["-b"]);
    expect(both.complete("a", json!({})), &[&["-a"], &end[..]].concat());

    let mut one = Run::new(&process);
    one.start(json!({"one": true, "two": false}));
    expect(one.complete("a", json!({})), &[&["-a"], &end[..]].concat());

    let mut none = Run::new(&process);
    none.start(json!({"one": false, "two": false}));
    expect(none.complete("c", json!({})), &[&["-c"], &end[..]].concat());
}

#[test]
fn inclusive_join_waits_through_a_boundary_event() {
    let mut run = Run::new(&format!(
        r#"<bpmn:startEvent id="s"/><bpmn:parallelGateway id="f"/><bpmn:userTask id="a"/><bpmn:userTask id="b"/>
        <bpmn:boundaryEvent id="t" attachedToRef="b" cancelActivity="false"><bpmn:timerEventDefinition>
          <bpmn:timeDuration>P1D</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>
        <bpmn:inclusiveGateway id="j"/><bpmn:endEvent id="e"/><bpmn:endEvent id="eb"/>{}"#,
        flows("s-f f-a f-b b-eb t-j a-j j-e")
    ));
    run.start(json!({}));
    expect(run.complete("a", json!({})), &["-a"]);
    expect(
        run.complete("b", json!({})),
        &["cancel-timer", "-b", "+eb", "-eb", "+j", "-j", "+e", "-e", "finished Completed"],
    );
}

const TIMED: &str = r#"<bpmn:startEvent id="s"/><bpmn:userTask id="a"/><bpmn:endEvent id="e"/><bpmn:endEvent id="late"/>
    <bpmn:boundaryEvent id="t" attachedToRef="a" CANCEL><bpmn:timerEventDefinition>WHEN</bpmn:timerEventDefinition>
    </bpmn:boundaryEvent>"#;

fn timed(cancel: &str, when: &str) -> Run {
    let process = TIMED.replace("CANCEL", cancel).replace("WHEN", when);
    Run::new(&format!("{process}{}", flows("s-a a-e t-late")))
}

#[test]
fn an_interrupting_timer_withdraws_the_task() {
    let mut run = timed("", "<bpmn:timeDuration>P14D</bpmn:timeDuration>");
    expect(run.start(json!({})), &["+s", "-s", "+a", "open a", r#"timer t Duration("P14D")"#]);
    let (task, timer) = (run.at("a"), run.watch("t"));
    expect(run.fire(timer), &["close-task", "!a", "+t", "-t", "+late", "-late", "finished Completed"]);
    assert_eq!(run.try_step(Event::Completed { token: task, vars: vars(json!({})) }), Err(StepError::NotRunning));

    let mut run = timed("", "<bpmn:timeDuration>P14D</bpmn:timeDuration>");
    run.start(json!({}));
    expect(run.complete("a", json!({})), &["cancel-timer", "-a", "+e", "-e", "finished Completed"]);
}

#[test]
fn a_repeating_timer_reminds_until_its_count_is_over() {
    let mut run = timed(r#"cancelActivity="false""#, "<bpmn:timeCycle>R2/P7D</bpmn:timeCycle>");
    run.start(json!({}));
    let first = run.watch("t");
    expect(run.fire(first), &[r#"timer t Duration("P7D") again"#, "+t", "-t", "+late", "-late"]);
    assert_eq!(run.try_step(Event::TimerFired { token: first }), Err(StepError::Stale { token: first }));
    let second = run.watch("t");
    expect(run.fire(second), &["+t", "-t", "+late", "-late"]);
    assert!(run.state.watches().is_empty());
    expect(run.complete("a", json!({})), &["-a", "+e", "-e", "finished Completed"]);
}

#[test]
fn timers_read_dates_and_expressions() {
    let run = |when: &str, vars| timed("", when).start(vars).pop().unwrap();
    assert_eq!(
        run("<bpmn:timeDate>2026-11-23T08:00:00Z</bpmn:timeDate>", json!({})),
        r#"timer t Date("2026-11-23T08:00:00Z")"#
    );
    assert_eq!(
        run("<bpmn:timeDuration>= period</bpmn:timeDuration>", json!({"period": "P3D"})),
        r#"timer t Duration("P3D")"#
    );
    assert_eq!(
        run("<bpmn:timeDuration>=period</bpmn:timeDuration>", json!({})),
        "incident a: „period“ ergibt keinen Text, sondern null."
    );
    assert_eq!(
        run("<bpmn:timeDuration>14 Tage</bpmn:timeDuration>", json!({})),
        "incident a: „14 Tage“ ist keine lesbare Zeitangabe."
    );
}

#[test]
fn an_intermediate_timer_waits() {
    let mut run = Run::new(&format!(
        r#"<bpmn:startEvent id="s"/><bpmn:intermediateCatchEvent id="t"><bpmn:timerEventDefinition>
          <bpmn:timeDuration>PT1H</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>
        <bpmn:endEvent id="e"/>{}"#,
        flows("s-t t-e")
    ));
    expect(run.start(json!({})), &["+s", "-s", "+t", r#"timer t Duration("PT1H")"#]);
    let timer = run.at("t");
    assert_eq!(
        run.try_step(Event::Completed { token: timer, vars: vars(json!({})) }),
        Err(StepError::Stale { token: timer })
    );
    expect(run.fire(timer), &["-t", "+e", "-e", "finished Completed"]);
}

const FAILING: &str = r#"<bpmn:startEvent id="s"/><bpmn:serviceTask id="a" meer:command="c"/><bpmn:endEvent id="e"/>
    <bpmn:endEvent id="none"/><bpmn:endEvent id="any"/>
    <bpmn:boundaryEvent id="b-any" attachedToRef="a"><bpmn:errorEventDefinition/></bpmn:boundaryEvent>
    <bpmn:boundaryEvent id="b-none" attachedToRef="a"><bpmn:errorEventDefinition errorRef="e-missing"/></bpmn:boundaryEvent>"#;

#[test]
fn an_error_goes_to_the_event_with_its_code_first() {
    let process = format!(
        "{FAILING}{}{}",
        flows("s-a a-e"),
        r#"<bpmn:sequenceFlow id="f1" sourceRef="b-any" targetRef="any"/>
           <bpmn:sequenceFlow id="f2" sourceRef="b-none" targetRef="none"/>"#
    );
    for (code, way) in [("missing", ["+b-none", "-b-none", "+none"]), ("broken", ["+b-any", "-b-any", "+any"])] {
        let mut run = Run::new(&process);
        run.start(json!({}));
        let effects = run.fail("a", code);
        assert_eq!(effects[..2], ["cancel-command", "!a"]);
        assert_eq!(effects[2..5], way);
    }
}

#[test]
fn an_uncaught_error_is_an_incident_with_a_second_try() {
    let mut run = timed("", "<bpmn:timeDuration>P14D</bpmn:timeDuration>");
    run.start(json!({}));
    let (first, timer) = (run.at("a"), run.watch("t"));
    let effects = run.fail("a", "broken");
    expect(effects, &["incident a: Die Aufgabe meldet den Fehler „broken“, den kein Ereignis auffängt."]);
    expect(run.step(Event::Retry { token: first }), &["!a", "+a", "open a"]);
    assert_ne!(run.at("a"), first, "answers to the first try are stale");
    assert_eq!(run.watch("t"), timer, "the period goes on");
    assert_eq!(run.try_step(Event::Retry { token: first }), Err(StepError::Stale { token: first }));
    expect(run.fire(timer), &["close-task", "!a", "+t", "-t", "+late", "-late", "finished Completed"]);
}

fn with_sub_process(inner: &str) -> Run {
    Run::new(&format!(
        r#"<bpmn:startEvent id="s"/><bpmn:subProcess id="sub">{inner}</bpmn:subProcess><bpmn:endEvent id="e"/>
        <bpmn:endEvent id="caught"/>
        <bpmn:boundaryEvent id="b" attachedToRef="sub"><bpmn:errorEventDefinition errorRef="e-missing"/></bpmn:boundaryEvent>
        {}"#,
        flows("s-sub sub-e b-caught")
    ))
}

#[test]
fn a_sub_process_ends_when_its_last_token_does() {
    let mut run = with_sub_process(&format!(
        r#"<bpmn:startEvent id="is"/><bpmn:parallelGateway id="f"/><bpmn:userTask id="a"/><bpmn:userTask id="c"/>
        <bpmn:endEvent id="ie"/><bpmn:endEvent id="ie2"/>{}"#,
        flows("is-f f-a f-c a-ie c-ie2")
    ));
    run.start(json!({}));
    expect(run.complete("a", json!({})), &["-a", "+ie", "-ie"]);
    expect(run.complete("c", json!({})), &["-c", "+ie2", "-ie2", "-sub", "+e", "-e", "finished Completed"]);
}

#[test]
fn errors_leave_a_sub_process_through_its_boundary() {
    let tasks = r#"<bpmn:startEvent id="is"/><bpmn:parallelGateway id="f"/><bpmn:userTask id="a"/><bpmn:serviceTask id="c" meer:command="c"/>"#;
    let thrown = format!(
        r#"{tasks}<bpmn:endEvent id="ie"><bpmn:errorEventDefinition errorRef="e-missing"/></bpmn:endEvent>{}"#,
        flows("is-f f-a f-c a-ie")
    );
    let mut run = with_sub_process(&thrown);
    run.start(json!({}));
    let caught = ["cancel-command", "!c", "!sub", "+b", "-b", "+caught", "-caught", "finished Completed"];
    expect(run.complete("a", json!({})), &[&["-a", "+ie", "-ie"], &caught[..]].concat());

    let mut run = with_sub_process(&thrown);
    run.start(json!({}));
    assert_eq!(run.fail("c", "missing").last().unwrap(), "finished Completed");

    let mut run = with_sub_process(&thrown);
    run.start(json!({}));
    assert!(run.fail("c", "other")[0].starts_with("incident c"));
    assert_eq!(run.state.tokens().len(), 3);
}

#[test]
fn terminate_ends_its_own_level_only() {
    let mut run = with_sub_process(&format!(
        r#"<bpmn:startEvent id="is"/><bpmn:parallelGateway id="f"/><bpmn:userTask id="a"/><bpmn:userTask id="c"/>
        <bpmn:endEvent id="ie"><bpmn:terminateEventDefinition/></bpmn:endEvent>{}"#,
        flows("is-f f-a f-c a-ie")
    ));
    run.start(json!({}));
    expect(
        run.complete("a", json!({})),
        &["-a", "+ie", "-ie", "close-task", "!c", "-sub", "+e", "-e", "finished Completed"],
    );

    let mut run = Run::new(&format!(
        r#"<bpmn:startEvent id="s"/><bpmn:parallelGateway id="f"/><bpmn:userTask id="a"/><bpmn:userTask id="c"/>
        <bpmn:endEvent id="e"><bpmn:terminateEventDefinition/></bpmn:endEvent>{}"#,
        flows("s-f f-a f-c a-e")
    ));
    run.start(json!({}));
    expect(run.complete("a", json!({})), &["-a", "+e", "-e", "close-task", "!c", "finished Terminated"]);
}

#[test]
fn an_error_end_that_nothing_catches_fails_the_instance() {
    let mut run = Run::new(&format!(
        r#"<bpmn:startEvent id="s"/><bpmn:endEvent id="e"><bpmn:errorEventDefinition errorRef="e-missing"/></bpmn:endEvent>{}"#,
        flows("s-e")
    ));
    expect(run.start(json!({})), &["+s", "-s", "+e", "-e", r#"finished Failed("missing")"#]);
}

#[test]
fn messages_find_the_token_with_their_key() {
    let mut run = Run::new(&format!(
        r#"<bpmn:startEvent id="s"/><bpmn:receiveTask id="r" messageRef="m-paid" meer:key="order">
          <bpmn:extensionElements><meer:output name="amount" value="result.cents"/></bpmn:extensionElements></bpmn:receiveTask>
        <bpmn:endEvent id="e"/>{}"#,
        flows("s-r r-e")
    ));
    expect(run.start(json!({"order": "o-7"})), &["+s", "-s", "+r", r#"await r paid "o-7""#]);
    let paid = |key: &str| Event::Message { name: "paid".into(), key: json!(key), vars: vars(json!({"cents": 1100})) };
    assert_eq!(run.try_step(paid("o-8")), Err(StepError::NoReceiver { name: "paid".into() }));
    expect(run.step(paid("o-7")), &["-r", "+e", "-e", "finished Completed"]);
    assert_eq!(run.state.vars().get("amount"), Some(&json!(1100)));
}

#[test]
fn the_first_event_behind_an_event_gateway_wins() {
    let process = format!(
        r#"<bpmn:startEvent id="s"/><bpmn:eventBasedGateway id="g"/><bpmn:endEvent id="yes"/><bpmn:endEvent id="no"/>
        <bpmn:intermediateCatchEvent id="m" meer:key="order"><bpmn:messageEventDefinition messageRef="m-paid"/></bpmn:intermediateCatchEvent>
        <bpmn:intermediateCatchEvent id="t"><bpmn:timerEventDefinition><bpmn:timeDuration>P3D</bpmn:timeDuration>
        </bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>{}"#,
        flows("s-g g-m g-t m-yes t-no")
    );
    let mut run = Run::new(&process);
    expect(run.start(json!({"order": 5})), &["+s", "-s", "+g", "await m paid 5", r#"timer t Duration("P3D")"#]);
    let timer = run.watch("t");
    expect(
        run.step(Event::Message { name: "paid".into(), key: json!(5), vars: vars(json!({})) }),
        &["cancel-timer", "-g", "+m", "-m", "+yes", "-yes", "finished Completed"],
    );
    assert_eq!(run.try_step(Event::TimerFired { token: timer }), Err(StepError::NotRunning));

    let mut run = Run::new(&process);
    run.start(json!({"order": 5}));
    let timer = run.watch("t");
    expect(run.fire(timer), &["forget-message", "-g", "+t", "-t", "+no", "-no", "finished Completed"]);
}

#[test]
fn a_circle_without_halt_stops_with_an_incident() {
    let mut run = Run::new(&format!(
        r#"<bpmn:startEvent id="s"/><bpmn:manualTask id="a"/><bpmn:manualTask id="b"/>{}"#,
        flows("s-a a-b b-a")
    ));
    let effects = run.start(json!({}));
    assert!(effects.last().unwrap().contains("läuft vermutlich im Kreis"), "{:?}", effects.last());
    assert_eq!(run.state.tokens().len(), 1);
    run.step(Event::Cancel);

    let mut doubling = Run::new(&format!(
        r#"<bpmn:startEvent id="s"/><bpmn:manualTask id="a"/>{}<bpmn:sequenceFlow id="again" sourceRef="a" targetRef="a"/>"#,
        flows("s-a a-a")
    ));
    doubling.start(json!({}));
    assert!(doubling.state.tokens().len() <= bpmn::MAX_TOKENS);

    let mut own_loop =
        Run::new(&format!(r#"<bpmn:startEvent id="s"/><bpmn:inclusiveGateway id="o"/>{}"#, flows("s-o o-o")));
    assert!(own_loop.start(json!({})).last().unwrap().starts_with("incident o"));
}

#[test]
fn failing_mappings_are_incidents() {
    let task = |what: &str| {
        format!(
            r#"<bpmn:startEvent id="s"/><bpmn:serviceTask id="a" meer:command="c"><bpmn:extensionElements>{what}
            </bpmn:extensionElements></bpmn:serviceTask><bpmn:endEvent id="e"/>{}"#,
            flows("s-a a-e")
        )
    };
    let mut run = Run::new(&task(r#"<meer:input name="x" value="broken"/>"#));
    assert_eq!(run.start(json!({})).last().unwrap(), "incident a: x: kaputt");

    let mut run = Run::new(&task(r#"<meer:output name="x" value="broken"/>"#));
    run.start(json!({}));
    let token = run.at("a");
    expect(run.complete("a", json!({"n": 1})), &["incident a: x: kaputt"]);
    expect(run.step(Event::Retry { token }), &["incident a: x: kaputt"]);

    let mut run = Run::new(&format!(
        r#"<bpmn:startEvent id="s"/><bpmn:businessRuleTask id="a" meer:decision="fees#plain"/><bpmn:endEvent id="e"/>{}"#,
        flows("s-a a-e")
    ));
    assert!(run.start(json!({})).last().unwrap().contains("einzelner Wert"));
}

#[test]
fn a_state_of_another_model_is_refused() {
    let mut run = timed("", "<bpmn:timeDuration>P14D</bpmn:timeDuration>");
    run.start(json!({}));
    let other = support::model(&format!(
        r#"<bpmn:startEvent id="s"/><bpmn:userTask id="z"/><bpmn:endEvent id="e"/>{}"#,
        flows("s-z z-e")
    ));
    run.model = other;
    assert_eq!(run.try_step(Event::Cancel), Err(StepError::OtherModel { element: "a".into() }));
}

#[test]
fn a_damaged_state_is_refused() {
    let mut run = with_sub_process(&format!(
        r#"<bpmn:startEvent id="is"/><bpmn:userTask id="a"/><bpmn:endEvent id="ie"/>{}"#,
        flows("is-a a-ie")
    ));
    run.start(json!({}));
    let good = serde_json::to_value(&run.state).unwrap();
    let (sub, task) = (run.at("sub"), run.at("a"));
    for (pointer, value, token) in [
        ("/tokens/0/id", json!(0), 0),
        ("/tokens/1/id", json!(sub), sub),
        ("/tokens/0/scope", json!(task), sub),
        ("/tokens/1/scope", json!(task), task),
        ("/last", json!(task - 1), task),
        ("/tokens/0/for", json!("user"), task),
    ] {
        let mut damaged = good.clone();
        if let Some(slot) = damaged.pointer_mut(pointer) {
            *slot = value;
        } else {
            damaged["tokens"][0]["scope"] = value;
        }
        run.state = serde_json::from_value(damaged).unwrap();
        assert_eq!(run.try_step(Event::Cancel), Err(StepError::Damaged { token }), "{pointer}");
    }
}
