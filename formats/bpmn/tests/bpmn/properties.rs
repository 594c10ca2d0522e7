//! Random models and random events: nothing is lost, nothing doubled, nothing panics.

use std::collections::{BTreeMap, HashMap, HashSet};

use bpmn::{Effect, Event, Known, Model, Outcome, State, Status, StepError, Vars, Wait, migrate, preview, step};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::random::{Drawing, NODES, block, draw};
use crate::support::{self, Names, file, flows};

/// Follows the effects the way a caller would, and objects to anything lost or doubled.
#[derive(Default)]
struct Ledger {
    inside: HashMap<u64, String>,
    open: HashSet<u64>,
    timers: HashSet<u64>,
    entered_end: u32,
    finished: Vec<Outcome>,
    incidents: u32,
}

impl Ledger {
    fn book(&mut self, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::Entered { token, element } => {
                    self.entered_end += u32::from(element == "e");
                    assert_eq!(self.inside.insert(*token, element.clone()), None, "a token enters once");
                }
                Effect::Left { token, element, .. } => {
                    assert_eq!(self.inside.remove(token).as_ref(), Some(element), "a token leaves where it is");
                    self.open.remove(token);
                }
                Effect::CallCommand { token, .. } => assert!(self.open.insert(*token)),
                Effect::OpenUserTask(task) => assert!(self.open.insert(task.token)),
                Effect::CancelCommand { token } | Effect::CloseUserTask { token } => assert!(self.open.remove(token)),
                Effect::CallProcess { token, .. } => assert!(self.open.insert(*token)),
                Effect::CancelProcess { token } => assert!(self.open.remove(token)),
                Effect::AwaitSignal { .. } | Effect::ForgetSignal { .. } | Effect::Escalated { .. } => {}
                Effect::SendMessage { token, element, .. } | Effect::Broadcast { token, element, .. } => {
                    assert_eq!(self.inside.get(token), Some(element), "it is thrown from where the token is");
                }
                Effect::ScheduleTimer { token, .. } => assert!(self.timers.insert(*token)),
                Effect::CancelTimer { token } => assert!(self.timers.remove(token), "only open timers are cancelled"),
                Effect::AwaitMessage { .. } | Effect::ForgetMessage { .. } => {}
                Effect::Incident { .. } => self.incidents += 1,
                Effect::Finished { outcome } => self.finished.push(outcome.clone()),
            }
        }
    }
}

/// All variables of a drawing, drawn from `choice`.
fn variables(drawing: &Drawing, choice: &mut impl FnMut(usize) -> usize, repeat: bool) -> Vars {
    let mut vars = Vars::new();
    for name in &drawing.conditions {
        vars.insert(name.clone(), json!(choice(2) == 0));
    }
    for name in &drawing.repeats {
        vars.insert(name.clone(), json!(repeat && choice(2) == 0));
    }
    vars
}

fn stored(state: &State) -> State {
    let read: State = serde_json::from_str(&serde_json::to_string(state).unwrap()).unwrap();
    assert_eq!(&read, state, "the state survives JSON");
    read
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn structured_processes_end_with_one_token(block in block(), choices in prop::collection::vec(any::<u16>(), 64)) {
        let (xml, drawing) = draw(&block);
        let model = Model::parse(&xml).unwrap();
        prop_assert_eq!(model.check(&Known::default()), []);
        let mut at = 0;
        let mut choice = |n: usize| {
            at += 1;
            usize::from(choices[at % choices.len()]).wrapping_add(at / choices.len()) % n
        };
        let mut ledger = Ledger::default();
        let vars = variables(&drawing, &mut choice, true);
        let (mut state, effects) = step(&model, State::new(), Event::Start { vars }, &Names).unwrap();
        ledger.book(&effects);
        let mut events = 0;
        while *state.status() == Status::Running {
            events += 1;
            prop_assert!(events < 3_000, "it comes to an end");
            // Passes done at once share their place.
            let of_passes = |scope| matches!(state.token(scope).map(|t| &t.wait), Some(Wait::Each { .. }));
            let mut places: Vec<_> = state.tokens().iter().filter(|t| !of_passes(t.scope)).map(|t| (&t.element, t.scope, format!("{:?}", t.wait))).collect();
            let count = places.len();
            places.sort();
            places.dedup();
            prop_assert_eq!(places.len(), count, "one token per place");
            let mut waiting: Vec<u64> = ledger.open.iter().chain(&ledger.timers).copied().collect();
            waiting.sort_unstable();
            prop_assert!(!waiting.is_empty(), "somebody outside is asked: {:?}", state);
            let token = waiting[choice(waiting.len())];
            let event = if ledger.timers.remove(&token) {
                Event::TimerFired { token }
            } else if choice(4) == 0 && matches!(state.token(token).map(|t| &t.element), Some(id) if xml.contains(&format!("attachedToRef=\"{id}\"><bpmn:error"))) {
                Event::Failed { token, code: "any".into() }
            } else {
                Event::Completed { token, vars: variables(&drawing, &mut choice, events < 40) }
            };
            let (next, effects) = step(&model, stored(&state), event.clone(), &Names).unwrap();
            let again = step(&model, state, event.clone(), &Names).unwrap();
            prop_assert_eq!(&again, &(next.clone(), effects.clone()), "steps are repeatable");
            ledger.book(&effects);
            prop_assert!(matches!(
                step(&model, next.clone(), event, &Names),
                Err(StepError::Stale { .. } | StepError::NotRunning)
            ), "a second delivery is told apart");
            state = next;
        }
        prop_assert_eq!(ledger.incidents, 0);
        prop_assert_eq!(ledger.entered_end, 1, "exactly one token reaches the end");
        prop_assert_eq!(ledger.finished, [Outcome::Completed]);
        prop_assert!(ledger.inside.is_empty() && ledger.open.is_empty() && ledger.timers.is_empty());
        prop_assert!(state.tokens().is_empty() && state.watches().is_empty());
    }

    #[test]
    fn cancelling_closes_everything(block in block(), count in 0usize..8) {
        let (xml, drawing) = draw(&block);
        let model = Model::parse(&xml).unwrap();
        let mut ledger = Ledger::default();
        let vars = variables(&drawing, &mut |_| 0, true);
        let (mut state, effects) = step(&model, State::new(), Event::Start { vars: vars.clone() }, &Names).unwrap();
        ledger.book(&effects);
        for _ in 0..count {
            let Some(&token) = ledger.open.iter().min() else { break };
            let (next, effects) = step(&model, state, Event::Completed { token, vars: vars.clone() }, &Names).unwrap();
            ledger.book(&effects);
            state = next;
        }
        if *state.status() == Status::Running {
            let (state, effects) = step(&model, state, Event::Cancel, &Names).unwrap();
            ledger.book(&effects);
            prop_assert!(ledger.inside.is_empty() && ledger.open.is_empty() && ledger.timers.is_empty());
            prop_assert!(state.tokens().is_empty() && state.watches().is_empty());
        }
        prop_assert_eq!(ledger.finished.len(), 1);
    }

    #[test]
    fn going_over_to_the_same_model_changes_nothing(block in block(), choices in prop::collection::vec(any::<u16>(), 1..12)) {
        let (xml, drawing) = draw(&block);
        let model = Model::parse(&xml).unwrap();
        let vars = variables(&drawing, &mut |_| 0, true);
        let (mut state, _) = step(&model, State::new(), Event::Start { vars: vars.clone() }, &Names).unwrap();
        for choice in choices {
            let repeats = state.tokens().iter().any(|t| matches!(t.wait, Wait::Loop { .. } | Wait::Each { .. }));
            match migrate(&model, state.clone(), &model, &BTreeMap::new(), &Names) {
                Ok((same, effects)) => {
                    prop_assert!(!repeats);
                    prop_assert_eq!(&same, &state);
                    prop_assert_eq!(effects, []);
                }
                Err(reasons) => prop_assert!(repeats, "{:?}", reasons),
            }
            let places = preview(&model, &state, &model, &BTreeMap::new());
            prop_assert_eq!(places.iter().any(|place| place.to.is_err()), repeats);
            let open = |wait: &Wait| matches!(wait, Wait::User | Wait::Command | Wait::Process);
            let waiting: Vec<u64> = state.tokens().iter().filter(|t| open(&t.wait)).map(|t| t.id).collect();
            let Some(&token) = waiting.get(usize::from(choice) % waiting.len().max(1)) else { break };
            (state, _) = step(&model, state, Event::Completed { token, vars: vars.clone() }, &Names).unwrap();
        }
    }

    #[test]
    fn any_graph_and_any_events_keep_the_books(
        nodes in prop::collection::vec(0usize..NODES.len(), 2..10),
        edges in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0u8..4), 1..20),
        events in prop::collection::vec((0u8..9, any::<prop::sample::Index>()), 1..20),
    ) {
        let mut xml = "<bpmn:startEvent id=\"n0\"/>".to_owned();
        for (n, kind) in nodes.iter().enumerate() {
            xml += &NODES[*kind].replace("ID", &format!("n{}", n + 1)).replace("HOST", &format!("n{n}"));
        }
        for (n, (from, to, condition)) in edges.iter().enumerate() {
            let (from, to) = (from.index(nodes.len() + 1), to.index(nodes.len() + 1));
            let condition = ["", "yes", "no", "nothing"][usize::from(*condition)];
            let flow = flows(&if condition.is_empty() { format!("n{from}-n{to}") } else { format!("n{from}-n{to}:{condition}") });
            xml += &flow.replacen("id=\"", &format!("id=\"f{n}-"), 1);
        }
        let model = Model::parse(&file(&xml)).unwrap();
        let _ = model.check(&Known::default());
        let vars: Vars = [("yes".to_owned(), json!(true)), ("no".to_owned(), json!(false))].into_iter().collect();
        let mut ledger = Ledger::default();
        let (mut state, effects) = step(&model, State::new(), Event::Start { vars: vars.clone() }, &Names).unwrap();
        ledger.book(&effects);
        for (happened, (kind, pick)) in events.into_iter().enumerate() {
            let mut ids: Vec<u64> = state.tokens().iter().map(|t| t.id).chain(state.watches().iter().map(|w| w.id)).collect();
            ids.push(0);
            let token = ids[pick.index(ids.len())];
            let event = match kind {
                0 | 1 => Event::Completed { token, vars: Vars::new() },
                2 => Event::Failed { token, code: "missing".into() },
                3 => Event::TimerFired { token },
                4 => Event::Retry { token },
                5 => Event::Message { name: "paid".into(), key: Value::Null, vars: Vars::new() },
                6 => Event::Signal { name: "storm".into(), vars: Vars::new() },
                7 => Event::Escalated { token, code: "late".into() },
                _ => Event::Failed { token, code: "other".into() },
            };
            match step(&model, state.clone(), event.clone(), &Names) {
                Ok((next, effects)) => {
                    if matches!(event, Event::TimerFired { .. }) {
                        prop_assert!(ledger.timers.remove(&token));
                    }
                    ledger.book(&effects);
                    state = stored(&next);
                }
                Err(StepError::Stale { .. } | StepError::NotRunning | StepError::NoReceiver { .. }) => {}
                Err(other) => prop_assert!(false, "{other}"),
            }
            prop_assert!(state.tokens().len() <= bpmn::MAX_TOKENS + 10 * (happened + 1));
            let ids: HashSet<u64> = state.tokens().iter().map(|t| t.id).chain(state.watches().iter().map(|w| w.id)).collect();
            prop_assert_eq!(ids.len(), state.tokens().len() + state.watches().len());
            let inside: HashSet<u64> = state.tokens().iter().filter(|t| !matches!(t.wait, Wait::Join { .. })).map(|t| t.id).collect();
            prop_assert_eq!(inside, ledger.inside.keys().copied().collect::<HashSet<_>>());
            prop_assert_eq!(*state.status() == Status::Running, !state.tokens().is_empty());
        }
    }

    #[test]
    fn no_text_breaks_the_reader(parts in prop::collection::vec(fragment(), 0..40)) {
        let text = parts.concat();
        exercise(&text);
        exercise(&file(&text));
    }

    #[test]
    fn no_damage_breaks_the_reader(block in block(), at: prop::sample::Index, gone in 0usize..20, put in "\\PC{0,6}") {
        let (mut xml, _) = draw(&block);
        let start = at.index(xml.len());
        if xml.is_char_boundary(start) {
            let end = (start + gone).min(xml.len());
            if xml.is_char_boundary(end) {
                xml.replace_range(start..end, &put);
            }
        }
        exercise(&xml);
    }

    #[test]
    fn no_stored_text_breaks_the_stepper(numbers in prop::collection::vec(0u64..4, 12), wait in 0usize..12) {
        let waits = [
            json!({"loop": {"done": 0}}), json!({"each": {"total": 2, "done": 1}}), json!("process"), json!({"signal": {"name": "storm"}}),
            json!("user"), json!("command"), json!("timer"), json!("scope"), json!("events"),
            json!({"join": {"flow": "ghost"}}), json!({"message": {"name": "paid", "key": null}}),
            json!({"incident": {"message": "", "resume": "enter"}}),
        ];
        let token = |n: usize, element: &str| json!({"id": numbers[n], "at": element, "scope": numbers[n + 1], "for": waits[(wait + n) % 12]});
        let state = json!({"status": "running", "last": numbers[0] + 2, "tokens": [token(1, "t"), token(3, "s"), token(5, "j")],
            "watches": [{"id": numbers[8], "at": "b", "host": numbers[9], "for": "timer"}],
            "passes": {numbers[10].to_string(): {"number": 1}}});
        let model = support::model(&format!(
            "<bpmn:startEvent id='s'/><bpmn:userTask id='t'/><bpmn:inclusiveGateway id='j'/><bpmn:subProcess id='sub'/>
            <bpmn:subProcess id='h' triggeredByEvent='true'><bpmn:startEvent id='hs'><bpmn:errorEventDefinition/></bpmn:startEvent></bpmn:subProcess>
            <bpmn:boundaryEvent id='b' attachedToRef='t'><bpmn:timerEventDefinition><bpmn:timeDuration>P1D</bpmn:timeDuration>
            </bpmn:timerEventDefinition></bpmn:boundaryEvent>{}", flows("s-t t-j s-j b-j j-sub sub-t")));
        let state: State = serde_json::from_value(state).unwrap();
        for token in 0..4 {
            for event in [
                Event::Completed { token, vars: Vars::new() }, Event::Failed { token, code: "x".into() },
                Event::TimerFired { token }, Event::Retry { token }, Event::Cancel,
                Event::Message { name: "paid".into(), key: Value::Null, vars: Vars::new() },
                Event::Signal { name: "storm".into(), vars: Vars::new() }, Event::Escalated { token, code: "x".into() },
            ] {
                if let Ok((next, _)) = step(&model, state.clone(), event, &Names) {
                    stored(&next);
                }
            }
        }
    }
}

fn fragment() -> impl Strategy<Value = String> {
    let fixed = prop::sample::select(vec![
        "<bpmn:definitions xmlns:bpmn=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" targetNamespace='t'>",
        "<bpmn:process id='p' isExecutable='true'>",
        "</bpmn:process>",
        "</bpmn:definitions>",
        "<bpmn:subProcess id='u'>",
        "</bpmn:subProcess>",
        "<bpmn:startEvent id='s'/>",
        "<bpmn:sequenceFlow id='f' sourceRef='s' targetRef='n'/>",
        "<bpmn:sequenceFlow id='g' sourceRef='n' targetRef='n'/>",
        "<bpmn:boundaryEvent id='b' attachedToRef='b'><bpmn:timerEventDefinition/></bpmn:boundaryEvent>",
        "<bpmn:timerEventDefinition><bpmn:timeCycle>R/",
        "<bpmn:extensionElements><meer:input/>",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "&amp;",
        "&#x0;",
        "<!DOCTYPE",
        "<?xml",
        "\"",
        "<",
        ">",
        "/",
    ]);
    prop_oneof![
        3 => fixed.prop_map(str::to_owned),
        2 => prop::sample::select(NODES.to_vec()).prop_map(|node| node.replace("ID", "n").replace("HOST", "n")),
        1 => "\\PC{0,8}",
    ]
}

/// Reads, checks and, where it can be read, runs a text.
fn exercise(text: &str) {
    let Ok(model) = Model::parse(text) else { return };
    let _ = model.check(&Known::default());
    let _ = model.expressions();
    let written = model.to_xml();
    let read = Model::parse(&written).unwrap_or_else(|errors| panic!("{errors:?}\n{written}"));
    assert_eq!(read.to_xml(), written);
    if let Ok((state, _)) = step(&model, State::new(), Event::Start { vars: Vars::new() }, &Names) {
        for id in state.tokens().iter().map(|t| t.id).collect::<Vec<_>>() {
            let _ = step(&model, state.clone(), Event::Completed { token: id, vars: Vars::new() }, &Names);
        }
    }
}
