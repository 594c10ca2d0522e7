//! Random models and random events: nothing is lost, nothing doubled, nothing panics.

mod support;

use std::collections::{BTreeMap, HashMap, HashSet};

use bpmn::{Effect, Event, Known, Model, Outcome, State, Status, StepError, Vars, Wait, migrate, preview, step};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::{Names, file, flows};

#[derive(Clone, Debug)]
enum Block {
    User,
    Service,
    Manual,
    Timer,
    /// A user task with an interrupting timer whose way comes back behind the task.
    Timed,
    /// A service task whose error way comes back behind it.
    Guarded,
    Sequence(Vec<Block>),
    Exclusive(Vec<Block>),
    Parallel(Vec<Block>),
    Inclusive(Vec<Block>),
    Again(Box<Block>),
    Sub(Box<Block>),
    Call,
    /// A user task done twice.
    Twice,
    /// A sub-process done for each of two items, one after the other or at once.
    Each(Box<Block>, bool),
    /// A sub-process with an event sub-process, which interrupts or not, waiting for a time.
    Handled(Box<Block>, bool),
}

fn block() -> impl Strategy<Value = Block> {
    let leaf = prop_oneof![
        3 => Just(Block::User),
        2 => Just(Block::Service),
        1 => Just(Block::Manual),
        1 => Just(Block::Timer),
        1 => Just(Block::Timed),
        1 => Just(Block::Guarded),
        1 => Just(Block::Call),
        1 => Just(Block::Twice),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let some = || prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            some().prop_map(Block::Sequence),
            some().prop_map(Block::Exclusive),
            some().prop_map(Block::Parallel),
            some().prop_map(Block::Inclusive),
            inner.clone().prop_map(|b| Block::Again(Box::new(b))),
            inner.clone().prop_map(|b| Block::Sub(Box::new(b))),
            (inner.clone(), any::<bool>()).prop_map(|(b, one_by_one)| Block::Each(Box::new(b), one_by_one)),
            (inner.clone(), any::<bool>()).prop_map(|(b, interrupts)| Block::Handled(Box::new(b), interrupts)),
        ]
    })
}

#[derive(Default)]
struct Drawing {
    count: u32,
    xml: String,
    /// Names of the variables in conditions.
    conditions: Vec<String>,
    repeats: Vec<String>,
}

impl Drawing {
    fn id(&mut self, kind: &str) -> String {
        self.count += 1;
        format!("{kind}{}", self.count)
    }

    fn node(&mut self, tag: &str, rest: &str, inner: &str) -> String {
        let id = self.id(&tag[..2]);
        self.xml += &format!("<bpmn:{tag} id=\"{id}\" {rest}>{inner}</bpmn:{tag}>\n");
        id
    }

    fn flow(&mut self, from: &str, to: &str, condition: &str) {
        self.xml +=
            &flows(&if condition.is_empty() { format!("{from}-{to}") } else { format!("{from}-{to}:{condition}") });
    }

    fn leaf(&mut self, tag: &str, rest: &str, inner: &str) -> (String, String) {
        let id = self.node(tag, rest, inner);
        (id.clone(), id)
    }

    /// Draws a block and returns its first and last node.
    fn draw(&mut self, block: &Block) -> (String, String) {
        const TIMER: &str =
            "<bpmn:timerEventDefinition><bpmn:timeDuration>P1D</bpmn:timeDuration></bpmn:timerEventDefinition>";
        match block {
            Block::User => self.leaf("userTask", "meer:form=\"f\"", ""),
            Block::Service => self.leaf("serviceTask", "meer:command=\"c\"", ""),
            Block::Manual => self.leaf("manualTask", "", ""),
            Block::Timer => self.leaf("intermediateCatchEvent", "", TIMER),
            Block::Timed => self.detour("userTask", "meer:form=\"f\"", TIMER),
            Block::Guarded => self.detour("serviceTask", "meer:command=\"c\"", "<bpmn:errorEventDefinition/>"),
            Block::Sequence(blocks) => {
                let drawn: Vec<_> = blocks.iter().map(|block| self.draw(block)).collect();
                for pair in drawn.windows(2) {
                    self.flow(&pair[0].1, &pair[1].0, "");
                }
                (drawn[0].0.clone(), drawn[drawn.len() - 1].1.clone())
            }
            Block::Exclusive(blocks) => self.branches(blocks, "exclusiveGateway", true),
            Block::Inclusive(blocks) => self.branches(blocks, "inclusiveGateway", true),
            Block::Parallel(blocks) => self.branches(blocks, "parallelGateway", false),
            Block::Again(block) => {
                let first = self.node("exclusiveGateway", "", "");
                let (from, to) = self.draw(block);
                // A halt in every round, so that no round is a circle without one.
                let halt = self.node("userTask", "meer:form=\"f\"", "");
                let out = self.id("out");
                let last = self.node("exclusiveGateway", &format!("default=\"{}-{out}\"", self.last_id()), "");
                self.xml += &format!("<bpmn:manualTask id=\"{out}\"/>");
                let variable = self.id("again");
                self.flow(&first, &from, "");
                self.flow(&to, &halt, "");
                self.flow(&halt, &last, "");
                self.flow(&last, &out, "");
                self.flow(&last, &first, &variable);
                self.repeats.push(variable);
                (first, out)
            }
            Block::Sub(block) => self.sub(block, ""),
            Block::Call => self.leaf("callActivity", "calledElement=\"called\"", ""),
            Block::Twice => {
                self.leaf("userTask", "meer:form=\"f\"", "<bpmn:standardLoopCharacteristics loopMaximum=\"2\"/>")
            }
            Block::Each(block, one_by_one) => {
                let each = format!(
                    "<bpmn:multiInstanceLoopCharacteristics isSequential=\"{one_by_one}\" meer:collection=\"[1, 2]\"/>"
                );
                self.sub(block, &each)
            }
            Block::Handled(block, interrupts) => {
                let start = self.id("st");
                let (task, end) = (self.id("us"), self.id("en"));
                let handler = format!(
                    "<bpmn:subProcess id=\"h-{start}\" triggeredByEvent=\"true\"><bpmn:startEvent id=\"{start}\" isInterrupting=\"{interrupts}\">
                    {TIMER}</bpmn:startEvent><bpmn:userTask id=\"{task}\" meer:form=\"f\"/><bpmn:endEvent id=\"{end}\"/>{}</bpmn:subProcess>",
                    flows(&format!("{start}-{task} {task}-{end}"))
                );
                self.sub(block, &handler)
            }
        }
    }

    /// A sub-process around a block and what else is in it.
    fn sub(&mut self, block: &Block, more: &str) -> (String, String) {
        let outer = std::mem::take(&mut self.xml);
        let start = self.node("startEvent", "", "");
        let (from, to) = self.draw(block);
        let end = self.node("endEvent", "", "");
        self.flow(&start, &from, "");
        self.flow(&to, &end, "");
        let inner = std::mem::replace(&mut self.xml, outer);
        self.leaf("subProcess", "", &(inner + more))
    }

    /// The id the next exclusive gateway will have.
    fn last_id(&self) -> String {
        format!("ex{}", self.count + 1)
    }

    fn detour(&mut self, tag: &str, rest: &str, event: &str) -> (String, String) {
        let task = self.node(tag, rest, "");
        let boundary = self.node("boundaryEvent", &format!("attachedToRef=\"{task}\""), event);
        let after = self.node("exclusiveGateway", "", "");
        self.flow(&task, &after, "");
        self.flow(&boundary, &after, "");
        (task, after)
    }

    fn branches(&mut self, blocks: &[Block], tag: &str, conditional: bool) -> (String, String) {
        let drawn: Vec<_> = blocks.iter().map(|block| self.draw(block)).collect();
        let split = self.id(&tag[..2]);
        let default = if conditional { format!("default=\"{split}-{}\"", drawn[0].0) } else { String::new() };
        self.xml += &format!("<bpmn:{tag} id=\"{split}\" {default}/>");
        let join = self.node(tag, "", "");
        for (at, (from, to)) in drawn.iter().enumerate() {
            let mut condition = String::new();
            if conditional && at > 0 {
                condition = self.id("c");
                self.conditions.push(condition.clone());
            }
            self.flow(&split, from, &condition);
            self.flow(to, &join, "");
        }
        (split, join)
    }
}

fn draw(block: &Block) -> (String, Drawing) {
    let mut drawing = Drawing::default();
    drawing.xml += "<bpmn:startEvent id=\"s\"/><bpmn:endEvent id=\"e\"/>";
    let (from, to) = drawing.draw(block);
    drawing.flow("s", &from, "");
    drawing.flow(&to, "e", "");
    (file(&drawing.xml), drawing)
}

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

const NODES: [&str; 26] = [
    "<bpmn:callActivity id='ID' calledElement='q'/>",
    "<bpmn:userTask id='ID' meer:form='f'><bpmn:multiInstanceLoopCharacteristics meer:collection='[1, 2, 3]' meer:output='item' meer:outputs='items'><bpmn:completionCondition>yes</bpmn:completionCondition></bpmn:multiInstanceLoopCharacteristics></bpmn:userTask>",
    "<bpmn:manualTask id='ID'><bpmn:multiInstanceLoopCharacteristics isSequential='true'><bpmn:loopCardinality>3</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics></bpmn:manualTask>",
    "<bpmn:serviceTask id='ID' meer:command='c'><bpmn:standardLoopCharacteristics testBefore='true'><bpmn:loopCondition>yes</bpmn:loopCondition></bpmn:standardLoopCharacteristics></bpmn:serviceTask>",
    "<bpmn:intermediateCatchEvent id='ID'><bpmn:signalEventDefinition signalRef='g-storm'/></bpmn:intermediateCatchEvent>",
    "<bpmn:intermediateThrowEvent id='ID'><bpmn:signalEventDefinition signalRef='g-storm'/></bpmn:intermediateThrowEvent>",
    "<bpmn:intermediateThrowEvent id='ID'><bpmn:linkEventDefinition name='l'/></bpmn:intermediateThrowEvent>",
    "<bpmn:intermediateCatchEvent id='ID'><bpmn:linkEventDefinition name='l'/></bpmn:intermediateCatchEvent>",
    "<bpmn:subProcess id='ID' triggeredByEvent='true'><bpmn:startEvent id='ID-s'><bpmn:errorEventDefinition/></bpmn:startEvent><bpmn:userTask id='ID-t' meer:form='f'/><bpmn:endEvent id='ID-e'/><bpmn:sequenceFlow id='ID-1' sourceRef='ID-s' targetRef='ID-t'/><bpmn:sequenceFlow id='ID-2' sourceRef='ID-t' targetRef='ID-e'/></bpmn:subProcess>",
    "<bpmn:subProcess id='ID' triggeredByEvent='true'><bpmn:startEvent id='ID-s' isInterrupting='false'><bpmn:signalEventDefinition signalRef='g-storm'/></bpmn:startEvent><bpmn:userTask id='ID-t' meer:form='f'/><bpmn:endEvent id='ID-e'><bpmn:escalationEventDefinition escalationRef='l-late'/></bpmn:endEvent><bpmn:sequenceFlow id='ID-1' sourceRef='ID-s' targetRef='ID-t'/><bpmn:sequenceFlow id='ID-2' sourceRef='ID-t' targetRef='ID-e'/></bpmn:subProcess>",
    "<bpmn:subProcess id='ID'><bpmn:multiInstanceLoopCharacteristics meer:collection='[1, 2]'/><bpmn:startEvent id='ID-s'/><bpmn:userTask id='ID-t' meer:form='f'/><bpmn:endEvent id='ID-e'/><bpmn:sequenceFlow id='ID-1' sourceRef='ID-s' targetRef='ID-t'/><bpmn:sequenceFlow id='ID-2' sourceRef='ID-t' targetRef='ID-e'/><bpmn:subProcess id='ID-h' triggeredByEvent='true'><bpmn:startEvent id='ID-hs'><bpmn:escalationEventDefinition/></bpmn:startEvent></bpmn:subProcess></bpmn:subProcess>",
    "<bpmn:userTask id='ID' meer:form='f'/>",
    "<bpmn:serviceTask id='ID' meer:command='c'/>",
    "<bpmn:manualTask id='ID'/>",
    "<bpmn:exclusiveGateway id='ID'/>",
    "<bpmn:parallelGateway id='ID'/>",
    "<bpmn:inclusiveGateway id='ID'/>",
    "<bpmn:eventBasedGateway id='ID'/>",
    "<bpmn:receiveTask id='ID' messageRef='m-paid'/>",
    "<bpmn:intermediateCatchEvent id='ID'><bpmn:timerEventDefinition><bpmn:timeDuration>P1D</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>",
    "<bpmn:boundaryEvent id='ID' attachedToRef='HOST'><bpmn:timerEventDefinition><bpmn:timeDuration>P1D</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>",
    "<bpmn:boundaryEvent id='ID' attachedToRef='HOST' cancelActivity='false'><bpmn:timerEventDefinition><bpmn:timeCycle>R3/P1D</bpmn:timeCycle></bpmn:timerEventDefinition></bpmn:boundaryEvent>",
    "<bpmn:boundaryEvent id='ID' attachedToRef='HOST'><bpmn:errorEventDefinition errorRef='e-missing'/></bpmn:boundaryEvent>",
    "<bpmn:subProcess id='ID'><bpmn:startEvent id='ID-s'/><bpmn:userTask id='ID-t' meer:form='f'/><bpmn:endEvent id='ID-e'><bpmn:errorEventDefinition errorRef='e-missing'/></bpmn:endEvent><bpmn:sequenceFlow id='ID-1' sourceRef='ID-s' targetRef='ID-t'/><bpmn:sequenceFlow id='ID-2' sourceRef='ID-t' targetRef='ID-e'/></bpmn:subProcess>",
    "<bpmn:endEvent id='ID'/>",
    "<bpmn:endEvent id='ID'><bpmn:terminateEventDefinition/></bpmn:endEvent>",
];

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
