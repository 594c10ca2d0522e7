//! A running instance goes over to a later version of its model.

use std::collections::BTreeMap;

use bpmn::{Event, Model, Reason, migrate, preview};
use serde_json::json;

use crate::support::{self, Names, Run, flows, model, vars};

fn mapping(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(old, new)| ((*old).to_owned(), (*new).to_owned())).collect()
}

trait Over {
    /// Leads an instance over and answers the effects; the state goes through JSON.
    fn over(self, new: Model, pairs: &[(&str, &str)]) -> Result<(Run, Vec<String>), Vec<Reason>>;
}

impl Over for Run {
    fn over(self, new: Model, pairs: &[(&str, &str)]) -> Result<(Run, Vec<String>), Vec<Reason>> {
        let (state, effects) = migrate(&self.model, self.state, &new, &mapping(pairs), &Names)?;
        let state = serde_json::from_str(&serde_json::to_string(&state).unwrap()).unwrap();
        Ok((Run { model: new, state }, effects.iter().map(support::show).collect()))
    }
}

#[track_caller]
fn refused(run: Run, new: Model, pairs: &[(&str, &str)], messages: &[&str]) {
    let placements = preview(&run.model, &run.state, &new, &mapping(pairs));
    let told: Vec<String> = placements.iter().filter_map(|p| p.to.as_ref().err()).map(ToString::to_string).collect();
    assert_eq!(told, messages, "the preview says it");
    let reasons = run.over(new, pairs).map(|(_, effects)| effects).expect_err("refused");
    assert_eq!(reasons.iter().map(ToString::to_string).collect::<Vec<_>>(), messages);
}

fn task(id: &str, more: &str) -> String {
    format!(
        r#"<bpmn:startEvent id="s"/><bpmn:userTask id="{id}" name="Prüfen" meer:form="f"/><bpmn:endEvent id="e"/>{more}{}"#,
        flows(&format!("s-{id} {id}-e"))
    )
}

fn timer(id: &str, host: &str, period: &str) -> String {
    format!(
        r#"<bpmn:boundaryEvent id="{id}" attachedToRef="{host}"><bpmn:timerEventDefinition><bpmn:timeDuration>{period}</bpmn:timeDuration>
        </bpmn:timerEventDefinition></bpmn:boundaryEvent><bpmn:endEvent id="{id}-end"/>
        <bpmn:sequenceFlow id="{id}-flow" sourceRef="{id}" targetRef="{id}-end"/>"#
    )
}

fn started(process: &str) -> Run {
    let mut run = Run::new(process);
    run.start(json!({"offices": [1, 2], "period": "P9D"}));
    run
}

#[test]
fn the_same_id_and_kind_go_over_by_themselves() {
    let run = started(&task("a", ""));
    let token = run.at("a");
    // The later version does something before and after the task.
    let new = model(&format!(
        r#"<bpmn:startEvent id="s"/><bpmn:manualTask id="before"/><bpmn:userTask id="a" meer:form="g"/>
        <bpmn:serviceTask id="after" meer:command="c"/><bpmn:endEvent id="e"/>{}"#,
        flows("s-before before-a a-after after-e")
    ));
    let placements = preview(&run.model, &run.state, &new, &mapping(&[]));
    assert_eq!(placements.len(), 1);
    assert_eq!((placements[0].name.as_deref(), placements[0].to.as_deref()), (Some("Prüfen"), Ok("a")));
    let (mut run, effects) = run.over(new, &[]).unwrap();
    assert!(effects.is_empty(), "the task stays open: {effects:?}");
    assert_eq!(run.at("a"), token);
    assert_eq!(run.complete("a", json!({})), ["-a", "+after", "call c {}"]);
}

#[test]
fn another_id_needs_a_mapping() {
    let new = || model(&task("b", ""));
    refused(
        started(&task("a", "")),
        new(),
        &[],
        &["„Prüfen“ (a): Im neuen Modell gibt es dieses Element nicht; es braucht eine Zuordnung."],
    );
    refused(
        started(&task("a", "")),
        new(),
        &[("a", "c")],
        &["„Prüfen“ (a): Die Zuordnung nennt „c“, das es im neuen Modell nicht gibt."],
    );
    refused(
        started(&task("a", "")),
        new(),
        &[("a", "e")],
        &["„Prüfen“ (a): „e“ ist im neuen Modell ein Element anderer Art."],
    );
    let run = started(&task("a", ""));
    let token = run.at("a");
    let (mut run, effects) = run.over(new(), &[("a", "b")]).unwrap();
    assert_eq!(effects, ["close-task", "!a", "+b", "open b"]);
    assert_ne!(run.at("b"), token, "answers to the old task are stale");
    assert!(run.try_step(Event::Completed { token, vars: vars(json!({})) }).is_err());
    assert_eq!(run.complete("b", json!({})).last().unwrap(), "finished Completed");
}

#[test]
fn another_kind_is_refused() {
    let service = format!(
        r#"<bpmn:startEvent id="s"/><bpmn:serviceTask id="a" meer:command="c"/><bpmn:endEvent id="e"/>{}"#,
        flows("s-a a-e")
    );
    refused(
        started(&task("a", "")),
        model(&service),
        &[],
        &["„Prüfen“ (a): Im neuen Modell ist dieses Element von anderer Art; es braucht eine Zuordnung."],
    );
    // A command under way keeps its number, so that its answer still finds it.
    let (mut run, effects) =
        started(&service).over(model(&service.replace("\"a\"", "\"b\"").replace("a-e", "b-e")), &[("a", "b")]).unwrap();
    assert_eq!(effects, ["!a", "+b"]);
    assert_eq!(run.complete("b", json!({})).last().unwrap(), "finished Completed");
}

#[test]
fn periods_go_on_and_events_come_and_go() {
    // Kept with the time it has, though the new version says another.
    let run = started(&task("a", &timer("t", "a", "P14D")));
    let number = run.watch("t");
    let (mut run, effects) = run.over(model(&task("a", &timer("t", "a", "P30D"))), &[]).unwrap();
    assert!(effects.is_empty(), "{effects:?}");
    assert_eq!(run.watch("t"), number);
    assert_eq!(run.fire(number)[..2], ["close-task", "!a"]);

    let (run, effects) = started(&task("a", &timer("t", "a", "P14D"))).over(model(&task("a", "")), &[]).unwrap();
    assert_eq!(effects, ["cancel-timer"]);
    assert!(run.state.watches().is_empty());

    let (run, effects) = started(&task("a", "")).over(model(&task("a", &timer("t", "a", "=period"))), &[]).unwrap();
    assert_eq!(effects, [r#"timer t Duration("P9D")"#]);
    assert_eq!(run.state.watches().len(), 1);

    let renamed = started(&task("a", &timer("t", "a", "P14D")))
        .over(model(&task("b", &timer("u", "b", "P14D"))), &[("a", "b"), ("t", "u")]);
    let (mut run, effects) = renamed.unwrap();
    assert_eq!(effects, ["close-task", "!a", "+b", "open b"], "the period goes on under the new task");
    let timer_u = run.watch("u");
    assert_eq!(run.fire(timer_u)[..2], ["close-task", "!b"]);

    let broken = started(&task("a", "")).over(model(&task("a", &timer("t", "a", "=nothing"))), &[]);
    let reasons = broken.map(|(_, effects)| effects).expect_err("refused");
    assert_eq!(reasons[0].to_string(), "„Prüfen“ (a): „nothing“ ergibt keinen Text, sondern null.");
}

#[test]
fn a_reminder_that_has_come_does_not_come_again() {
    let reminder = timer("t", "a", "P14D").replace("attachedToRef", "cancelActivity='false' attachedToRef");
    let mut run = started(&task("a", &reminder));
    run.fire(run.watch("t"));
    let (run, effects) = run.over(model(&task("a", &reminder)), &[]).unwrap();
    assert!(effects.is_empty(), "{effects:?}");
    assert!(run.state.watches().is_empty());
}

#[test]
fn sub_processes_go_over_with_what_is_in_them() {
    let sub = |inner: &str, around: &str| {
        format!(
            r#"<bpmn:startEvent id="s"/><bpmn:subProcess id="{around}"><bpmn:startEvent id="is"/><bpmn:userTask id="{inner}"/>
            <bpmn:endEvent id="ie"/>{}</bpmn:subProcess><bpmn:endEvent id="e"/>{}"#,
            flows(&format!("is-{inner} {inner}-ie")),
            flows(&format!("s-{around} {around}-e"))
        )
    };
    let (mut run, effects) = started(&sub("a", "u")).over(model(&sub("b", "v")), &[("a", "b"), ("u", "v")]).unwrap();
    assert_eq!(effects, ["!u", "+v", "close-task", "!a", "+b", "open b"]);
    assert_eq!(run.complete("b", json!({})).last().unwrap(), "finished Completed");
    // Out of the sub-process it would be on another level.
    refused(
        started(&sub("a", "u")),
        model(&format!("{}{}", sub("b", "u"), r#"<bpmn:userTask id="a"/>"#)),
        &[],
        &["a: „a“ liegt im neuen Modell auf einer anderen Ebene."],
    );
    refused(
        started(&sub("a", "u")),
        model(&sub("a", "v")),
        &[],
        &[
            "u: Im neuen Modell gibt es dieses Element nicht; es braucht eine Zuordnung.",
            "a: Der Teilprozess darum hat keinen Platz im neuen Modell.",
        ],
    );
}

fn joined(branches: &[&str]) -> String {
    let mut text = r#"<bpmn:startEvent id="s"/><bpmn:parallelGateway id="f"/><bpmn:parallelGateway id="j"/><bpmn:endEvent id="e"/>"#.to_owned();
    for id in branches {
        text += &format!(r#"<bpmn:userTask id="{id}"/>{}"#, flows(&format!("f-{id} {id}-j")));
    }
    text + &flows("s-f j-e")
}

#[test]
fn joins_count_the_ways_of_the_new_model() {
    let mut run = started(&joined(&["a", "b", "c"]));
    run.complete("a", json!({}));
    run.complete("b", json!({}));
    run.complete("c", json!({})); // ended: nothing to lead over
    let (run, effects) = run.over(model(&joined(&["a", "b"])), &[]).unwrap();
    assert!(effects.is_empty() && run.state.tokens().is_empty());

    let mut run = started(&joined(&["a", "b", "c"]));
    run.complete("a", json!({}));
    run.complete("b", json!({}));
    refused(
        run,
        model(&joined(&["a", "b"])),
        &[],
        &["c: Im neuen Modell gibt es dieses Element nicht; es braucht eine Zuordnung."],
    );

    let mut run = started(&joined(&["a", "b"]));
    run.complete("a", json!({}));
    refused(
        run,
        model(&joined(&["b", "c"])),
        &[],
        &["j: Der Weg „a-j“ führt im neuen Modell nicht zu dieser Zusammenführung."],
    );
    let mut run = started(&joined(&["a", "b"]));
    run.complete("a", json!({}));
    let (mut run, _) = run.over(model(&joined(&["b", "c"])), &[("a-j", "c-j")]).unwrap();
    assert_eq!(run.complete("b", json!({})).last().unwrap(), "finished Completed");
}

#[test]
fn passes_of_a_repeated_activity_are_refused() {
    let each = format!(
        r#"<bpmn:startEvent id="s"/><bpmn:userTask id="a" name="Beteiligen"><bpmn:multiInstanceLoopCharacteristics
        meer:collection="offices"/></bpmn:userTask><bpmn:endEvent id="e"/>{}"#,
        flows("s-a a-e")
    );
    let message = "„Beteiligen“ (a): „Beteiligen“ wird gerade mehrfach ausgeführt; erst danach kann gewechselt werden.";
    refused(started(&each), model(&each), &[], &[message; 3]);
}

#[test]
fn event_sub_processes_are_listened_for_from_now_on() {
    let handler = format!(
        r#"<bpmn:subProcess id="h" triggeredByEvent="true"><bpmn:startEvent id="hs"><bpmn:signalEventDefinition signalRef="g-storm"/>
        </bpmn:startEvent><bpmn:userTask id="t"/><bpmn:endEvent id="he"/>{}</bpmn:subProcess>"#,
        flows("hs-t t-he")
    );
    let (mut run, effects) = started(&task("a", "")).over(model(&task("a", &handler)), &[]).unwrap();
    assert_eq!(effects, ["await hs storm"]);
    run.signal(json!({}));
    // The one that runs goes over, and no second one is waited for.
    let (run, effects) = run.over(model(&task("a", &handler)), &[]).unwrap();
    assert!(effects.is_empty(), "{effects:?}");
    let (run, effects) = run.over(model(&task("x", &handler.replace("\"h\"", "\"k\""))), &[("h", "k")]).unwrap();
    assert_eq!(effects, ["!h", "+k"]);
    assert!(run.state.watches().is_empty());

    let (run, effects) = started(&task("a", &handler)).over(model(&task("a", "")), &[]).unwrap();
    assert_eq!(effects, ["forget-signal"]);
    assert!(run.state.watches().is_empty());
}

#[test]
fn an_incident_goes_over_and_is_tried_in_the_new_model() {
    let rule = |decision: &str| {
        format!(
            r#"<bpmn:startEvent id="s"/><bpmn:businessRuleTask id="a" meer:decision="{decision}"/><bpmn:endEvent id="e"/>{}"#,
            flows("s-a a-e")
        )
    };
    let (mut run, effects) = started(&rule("fees#gone")).over(model(&rule("fees#fee")), &[]).unwrap();
    assert!(effects.is_empty(), "{effects:?}");
    let token = run.at("a");
    assert_eq!(run.step(Event::Retry { token }).last().unwrap(), "finished Completed");
}

#[test]
fn a_state_of_another_model_is_told() {
    let run = started(&task("a", ""));
    let other = model(&task("z", ""));
    let reasons = migrate(&other, run.state, &run.model, &mapping(&[]), &Names).map(|_| ()).expect_err("refused");
    assert!(reasons[0].message.starts_with("Der gespeicherte Stand passt nicht zum bisherigen Modell"));
}
