//! Models made to cost: each is refused, or read, checked and stepped in little time.

use std::time::{Duration, Instant};

use bpmn::{Event, Known, MAX_ELEMENTS, Model, Rule, State, Status, step};
use serde_json::json;

use crate::support::{Names, Run, file, flows, vars};

/// Generous for a busy machine and a build without optimisation.
const SOON: Duration = Duration::from_secs(20);

#[track_caller]
fn soon<T>(work: impl FnOnce() -> T) -> T {
    let begin = Instant::now();
    let done = work();
    assert!(begin.elapsed() < SOON, "{:?}", begin.elapsed());
    done
}

#[track_caller]
fn refused(text: &str, rule: Rule) {
    let errors = soon(|| Model::parse(text)).expect_err("refused");
    assert_eq!(errors[0].rule, rule, "{:?}", errors[0]);
}

#[test]
fn ten_thousand_nodes() {
    let nodes: String = (0..10_000).map(|n| format!("<bpmn:manualTask id='n{n}'/>")).collect();
    refused(&file(&nodes), Rule::TooLarge);

    // As many as fit, one behind the other, with a halt in every hundred.
    let count = MAX_ELEMENTS / 2 - 10;
    let mut text = "<bpmn:startEvent id='n0'/><bpmn:endEvent id='e'/>".to_owned();
    for n in 1..count {
        let tag = if n % 100 == 0 { "userTask meer:form='f'" } else { "manualTask" };
        text += &format!("<bpmn:{tag} id='n{n}'/>");
        text += &flows(&format!("n{}-n{n}", n - 1));
    }
    text += &flows(&format!("n{}-e", count - 1));
    let model = soon(|| Model::parse(&file(&text)).unwrap());
    assert_eq!(soon(|| model.check(&Known::default())), []);
    soon(|| {
        let (mut state, _) = step(&model, State::new(), Event::Start { vars: vars(json!({})) }, &Names).unwrap();
        let mut halts = 0;
        while *state.status() == Status::Running {
            let token = state.tokens()[0].id;
            (state, _) = step(&model, state, Event::Completed { token, vars: vars(json!({})) }, &Names).unwrap();
            halts += 1;
        }
        assert_eq!(halts, (count - 1) / 100);
    });
}

#[test]
fn deep_nesting() {
    let nested = |depth: usize| {
        let mut text =
            "<bpmn:startEvent id='s'/><bpmn:endEvent id='e'/><bpmn:userTask id='t' meer:form='f'/>".to_owned();
        text += &flows("s-t t-e");
        for n in 0..depth {
            text = format!(
                "<bpmn:startEvent id='s{n}'/><bpmn:endEvent id='e{n}'/><bpmn:subProcess id='u{n}'>{text}</bpmn:subProcess>{}",
                flows(&format!("s{n}-u{n} u{n}-e{n}"))
            );
        }
        text
    };
    refused(&file(&nested(100)), Rule::TooLarge);
    refused(&"<a>".repeat(1_000_000), Rule::TooLarge);
    let mut run = soon(|| Run::new(&nested(60)));
    assert_eq!(run.model.check(&Known::default()), []);
    soon(|| run.start(json!({})));
    assert_eq!(run.state.tokens().len(), 61);
    assert_eq!(soon(|| run.complete("t", json!({}))).last().unwrap(), "finished Completed");
}

#[test]
fn entities_and_other_texts_that_grow() {
    let laughs = "<?xml version=\"1.0\"?><!DOCTYPE l [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;\">]>";
    refused(&file("&c;").replacen("<?xml version=\"1.0\" encoding=\"UTF-8\"?>", laughs, 1), Rule::Xml);
    refused(&file("&unknown;"), Rule::Xml);
    let outside = "<!DOCTYPE l SYSTEM \"file:///etc/passwd\">";
    refused(&format!("{outside}{}", file("").lines().skip(1).collect::<String>()), Rule::Xml);
    refused(&file(&format!("<bpmn:task id='t' name='{}'/>", "x".repeat(5 << 20))), Rule::TooLarge);
    let spaces: String = (0..200).map(|n| format!(" xmlns:n{n}='urn:{n}'")).collect();
    refused(&file(&format!("<bpmn:task id='t'{spaces}/>")), Rule::TooLarge);
}

/// Inclusive joins in a row, each waiting for the one before it: the last token that comes sets all of them off.
#[test]
fn joins_that_wait_for_one_another() {
    let count = 900;
    let mut text =
        "<bpmn:startEvent id='s'/><bpmn:endEvent id='e'/><bpmn:parallelGateway id='f'/><bpmn:userTask id='t'/>"
            .to_owned();
    text += &flows("s-f f-t t-j0");
    for n in (0..count).rev() {
        text += &format!("<bpmn:inclusiveGateway id='j{n}'/>");
        text += &flows(&format!("f-j{n} j{n}-{}", if n + 1 == count { "e".to_owned() } else { format!("j{}", n + 1) }));
    }
    let mut run = Run::new(&text);
    soon(|| run.start(json!({})));
    let effects = soon(|| run.complete("t", json!({})));
    assert_eq!(effects.last().unwrap(), "finished Completed");
    assert_eq!(effects.iter().filter(|effect| effect.starts_with("+j")).count(), count);
}

#[test]
fn repetition_inside_repetition() {
    // A thousand passes of a thousand passes stop where the bounds are, and can be ended.
    let each = "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>1000</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>";
    let mut run = Run::new(&format!(
        "<bpmn:startEvent id='s'/><bpmn:subProcess id='u'>{each}<bpmn:startEvent id='is'/><bpmn:userTask id='t'>{each}</bpmn:userTask>
        <bpmn:endEvent id='ie'/>{}</bpmn:subProcess><bpmn:endEvent id='e'/>{}",
        flows("is-t t-ie"),
        flows("s-u u-e")
    ));
    let effects = soon(|| run.start(json!({})));
    assert!(effects.iter().any(|effect| effect.starts_with("incident")));
    assert!(run.state.tokens().len() <= bpmn::MAX_TOKENS);
    assert_eq!(soon(|| run.step(Event::Cancel)).last().unwrap(), "finished Cancelled");
}
