//! The reference models of the interchange working group, stepped. They are drawings for people: a person who wanted to
//! run them would name messages and commands and say what each way out is taken for, which is what `prepared` does. Then
//! each of their processes runs to its end with the decisions of the table, or is refused with the element's name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use bpmn::model::*;
use bpmn::{Conditions, Effect, Event, Known, Model, StartTrigger, State, Status, Vars, Wait, step};
use serde_json::Value;

/// Ways out are named by the ids of their flows; those in the script are open.
struct Script<'s> {
    open: &'s BTreeSet<String>,
}

impl Conditions for Script<'_> {
    fn condition(&self, expression: &str, _: &Vars) -> Result<bool, String> {
        Ok(self.open.contains(expression))
    }

    fn value(&self, expression: &str, _: &Vars) -> Result<Value, String> {
        Ok(serde_json::from_str(expression).unwrap_or_default())
    }

    fn decision(&self, _: &str, _: &Vars) -> Result<Value, String> {
        Ok(Value::Null)
    }
}

/// What a person adds to make one process of a drawing executable.
fn prepared(mut definitions: Definitions, process: &str) -> Model {
    let mut roots = Vec::new();
    for root in &mut definitions.roots {
        if let Root::Process(found) = root {
            let is_it = found.base.id == process;
            found.is_executable = Some(is_it);
            if is_it {
                content(&mut found.content, &mut roots);
            }
        }
    }
    definitions.roots.extend(roots);
    Model::from(definitions)
}

fn content(content: &mut FlowContent, roots: &mut Vec<Root>) {
    let mut ways: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for element in &content.elements {
        if let FlowElement::Flow(flow) = element {
            ways.entry(flow.source.clone()).or_default().push(flow.base.id.clone());
        }
    }
    let mut chosen = BTreeSet::new();
    for element in &mut content.elements {
        let FlowElement::Node(node) = element else { continue };
        if let NodeKind::Task(_, kind @ TaskKind::Abstract) = &mut node.kind {
            *kind = TaskKind::User { implementation: None };
        }
        match &mut node.kind {
            NodeKind::Task(activity, kind) => {
                match kind {
                    TaskKind::User { .. } => node.meer.form = Some("f".to_owned()),
                    TaskKind::Service { .. } | TaskKind::Send { .. } => node.meer.command = Some("c".to_owned()),
                    TaskKind::BusinessRule { .. } => node.meer.decision = Some("f#d".to_owned()),
                    TaskKind::Receive { message, .. } => {
                        named(message, &node.base.id, roots, |base| {
                            Root::Message(Message { base, ..Message::default() })
                        });
                    }
                    _ => {}
                }
                repeated(activity);
            }
            NodeKind::SubProcess(activity, sub) => {
                repeated(activity);
                if sub.content.elements.is_empty() {
                    sub.content.elements = filled(&node.base.id);
                }
                self::content(&mut sub.content, roots);
            }
            NodeKind::CallActivity(activity, called) => {
                repeated(activity);
                called.get_or_insert_with(|| "called".to_owned());
            }
            NodeKind::Gateway(gateway) if matches!(gateway.kind, GatewayKind::Exclusive | GatewayKind::Inclusive) => {
                let out = ways.get(&node.base.id).cloned().unwrap_or_default();
                if gateway.default.is_none() {
                    gateway.default = out.last().cloned();
                }
                chosen.extend(out.into_iter().filter(|flow| Some(flow) != gateway.default.as_ref()));
            }
            NodeKind::EndEvent(EndEvent { definitions }) | NodeKind::ThrowEvent(ThrowEvent { definitions }) => {
                definitions.iter_mut().for_each(|definition| event(definition, &node.base.id, true, roots));
            }
            NodeKind::StartEvent(StartEvent { definitions, .. })
            | NodeKind::CatchEvent(CatchEvent { definitions, .. })
            | NodeKind::BoundaryEvent(BoundaryEvent { definitions, .. }) => {
                definitions.iter_mut().for_each(|definition| event(definition, &node.base.id, false, roots));
            }
            _ => {}
        }
    }
    for element in &mut content.elements {
        let FlowElement::Flow(flow) = element else { continue };
        flow.condition = None;
        if chosen.contains(&flow.base.id) {
            flow.condition = Some(Expression { body: flow.base.id.clone(), ..Expression::default() });
        }
    }
}

/// A sub-process drawn closed gets the least it can have inside.
fn filled(id: &str) -> Vec<FlowElement> {
    let base = |what: &str| Base { id: format!("{what}-{id}"), ..Base::default() };
    let node =
        |what: &str, kind| FlowElement::Node(Box::new(FlowNode { base: base(what), kind, ..FlowNode::default() }));
    let flow = SequenceFlow {
        base: base("inside"),
        source: base("start").id,
        target: base("end").id,
        ..SequenceFlow::default()
    };
    vec![
        node("start", NodeKind::StartEvent(StartEvent::default())),
        node("end", NodeKind::EndEvent(EndEvent::default())),
        FlowElement::Flow(Box::new(flow)),
    ]
}

fn repeated(activity: &mut Activity) {
    match &mut activity.loop_characteristics {
        Some(Loop::MultiInstance(multiple)) => {
            multiple.cardinality = Some(Expression { body: "2".to_owned(), ..Expression::default() });
            multiple.completion = None;
        }
        Some(Loop::Standard(standard)) => {
            standard.maximum = Some("2".to_owned());
            standard.condition = None;
        }
        None => {}
    }
}

fn event(definition: &mut EventDefinition, id: &str, throws: bool, roots: &mut Vec<Root>) {
    match &mut definition.trigger {
        EventTrigger::Message { message, .. } => {
            named(message, id, roots, |base| Root::Message(Message { base, ..Message::default() }));
        }
        EventTrigger::Signal(signal) => {
            named(signal, id, roots, |base| Root::Signal(Signal { base, ..Signal::default() }));
        }
        // One that catches without a code catches every code.
        EventTrigger::Escalation(code) if throws => {
            named(code, id, roots, |base| Root::Escalation(Escalation { base, ..Escalation::default() }));
        }
        EventTrigger::Error(code) if throws => {
            named(code, id, roots, |base| Root::Error(ErrorDefinition { base, ..ErrorDefinition::default() }));
        }
        EventTrigger::Timer(timer) => {
            *timer = Timer::Duration(Expression { body: "PT1H".to_owned(), ..Expression::default() })
        }
        _ => {}
    }
}

/// Names what a drawing leaves unnamed.
fn named(reference: &mut Option<String>, id: &str, roots: &mut Vec<Root>, root: impl Fn(Base) -> Root) {
    if reference.is_none() {
        let name = format!("of-{id}");
        roots.push(root(Base { id: name.clone(), ..Base::default() }));
        *reference = Some(name);
    }
}

/// Leads a process to its end: the oldest token goes on first, and where events are attached or behind a gateway, one that
/// the script names happens once before that. Answers the names of the elements entered.
fn run(model: &Model, open: &BTreeSet<String>) -> Result<Vec<String>, String> {
    let script = Script { open };
    let starts = model.starts();
    let start = starts.iter().find(|start| start.trigger == StartTrigger::Plain).or(starts.first());
    let start = start.ok_or("kein Startereignis")?;
    let begin = Event::StartAt { element: start.element.to_owned(), vars: Vars::new() };
    let (mut visited, mut happened) = (Vec::new(), BTreeSet::new());
    let (mut state, mut event) = (State::new(), Some(begin));
    for _ in 0..500 {
        let Some(next) = event.take() else { break };
        let (stepped, effects) = step(model, state, next, &script).map_err(|error| error.to_string())?;
        state = serde_json::from_str(&serde_json::to_string(&stepped).unwrap()).unwrap();
        for effect in effects {
            match effect {
                Effect::Entered { element, .. } => visited.push(element),
                Effect::Incident { element, message, .. } => return Err(format!("{element}: {message}")),
                _ => {}
            }
        }
        if *state.status() == Status::Running {
            event = Some(next_event(&state, open, &mut happened)?);
        }
    }
    match state.status() {
        Status::Ended(_) => Ok(visited),
        other => Err(format!("{other:?}")),
    }
}

fn next_event(state: &State, open: &BTreeSet<String>, happened: &mut BTreeSet<String>) -> Result<Event, String> {
    let watches = || state.watches().iter();
    let scripted = watches().find(|watch| open.contains(&watch.element) && !happened.contains(&watch.element));
    if let Some(watch) = scripted {
        happened.insert(watch.element.clone());
        return Ok(notice(watch));
    }
    for token in state.tokens() {
        return Ok(match &token.wait {
            Wait::User | Wait::Command | Wait::Process => {
                let fails = format!("{} fails ", token.element);
                let code = open.iter().find_map(|entry| entry.strip_prefix(&fails)).map(str::to_owned);
                match code.filter(|_| happened.insert(fails)) {
                    Some(code) => Event::Failed { token: token.id, code },
                    None => Event::Completed { token: token.id, vars: Vars::new() },
                }
            }
            Wait::Timer => Event::TimerFired { token: token.id },
            Wait::Message { name, key } => Event::Message { name: name.clone(), key: key.clone(), vars: Vars::new() },
            Wait::Signal { name } => Event::Signal { name: name.clone(), vars: Vars::new() },
            Wait::Events => {
                let watch = watches().find(|watch| watch.host == token.id).ok_or("Gateway ohne Ereignis")?;
                notice(watch)
            }
            _ => continue,
        });
    }
    Err(format!("es geht nicht weiter: {state:?}"))
}

fn notice(watch: &bpmn::Watch) -> Event {
    match &watch.awaits {
        bpmn::Awaits::Timer | bpmn::Awaits::Cycle { .. } => Event::TimerFired { token: watch.id },
        bpmn::Awaits::Message { name, key } => {
            Event::Message { name: name.clone(), key: key.clone(), vars: Vars::new() }
        }
        bpmn::Awaits::Signal { name } => Event::Signal { name: name.clone(), vars: Vars::new() },
    }
}

fn folder() -> PathBuf {
    std::env::var_os("MEER_CONFORMANCE")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance"), PathBuf::from)
        .join("bpmn-miwg/Reference")
}

/// Names of elements as the drawing shows them, else their ids.
fn names(definitions: &Definitions) -> BTreeMap<String, String> {
    fn collect(content: &FlowContent, names: &mut BTreeMap<String, String>) {
        for element in &content.elements {
            let FlowElement::Node(node) = element else { continue };
            let name = node.name.as_deref().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
            names.insert(node.base.id.clone(), if name.is_empty() { node.base.id.clone() } else { name });
            if let NodeKind::SubProcess(_, sub) = &node.kind {
                collect(&sub.content, names);
            }
        }
    }
    let mut names = BTreeMap::new();
    for root in &definitions.roots {
        if let Root::Process(process) = root {
            collect(&process.content, &mut names);
        }
    }
    names
}

/// What a process came to: the names of what was visited, or of what is refused and why.
fn outcome(definitions: &Definitions, process: &str, script: &[&str]) -> String {
    let model = prepared(definitions.clone(), process);
    let names = names(model.definitions());
    let errors = model.check(&Known::default());
    if !errors.is_empty() {
        let told = errors.iter().map(|e| format!("{} ({})", names.get(&e.element).unwrap_or(&e.element), e.message));
        assert!(errors.iter().all(|e| names.contains_key(&e.element)), "each refusal names an element: {errors:?}");
        return format!("refused: {}", told.collect::<Vec<_>>().join("; "));
    }
    let script = script.iter().map(|&entry| entry.to_owned()).collect();
    match run(&model, &script) {
        Ok(visited) => {
            let visited = visited.iter().filter_map(|id| names.get(id)).filter(|name| !name.starts_with("inside-"));
            visited.cloned().collect::<Vec<_>>().join(" > ")
        }
        Err(stuck) => format!("stuck: {stuck}"),
    }
}

/// File, process, what the script opens (flows, events that happen, `task fails code`), and what came of it.
const TABLE: &[(&str, &str, &[&str], &str)] = &[
    ("A.1.0", "WFP-6-", &[], "Start Event > Task 1 > Task 2 > Task 3 > End Event"),
    (
        "A.2.0",
        "WFP-6-",
        &[],
        "Start Event > Task 1 > Gateway (Split Flow) > Task 4 > Gateway (Merge Flows) > End Event",
    ),
    ("A.2.1", "_To9ZoTOCEeSknpIVFCxNIQ", &[], "Start Event > Task 1 > Gateway (Split Flow) > Task 2 > End Event"),
    (
        "A.3.0",
        "WFP-6-",
        &[],
        "Start Event > Task 1 > Collapsed Sub-Process > start-_1ae31d1b-2559-4f78-a3ec-47986a49db48 > end-_1ae31d1b-2559-4f78-a3ec-47986a49db48 > Task 2 > End Event 1",
    ),
    ("A.4.0", "WFP-6-1", &[], "Start Event 1 > Task 1 > Task 2 > End Event 1"),
    (
        "A.4.0",
        "WFP-6-2",
        &[],
        "Start Event 2 > Task 3 > Expanded Sub-Process 1 > Expanded Sub-Process 2 > Start Event 3 > Start Event 4 > Task 4 > Task 6 > End Event 3 > Task 5 > End Event 4 > End Event 5 > End Event 2",
    ),
    ("A.4.1", "sid-34746A54-1D7D-46CA-B219-0C4CEAE51170", &[], "Start Event 1 > Task 1 > Task 2 > End Event 1"),
    (
        "A.4.1",
        "sid-54D696FD-DEDC-45F3-99DB-1404DA433FC4",
        &[],
        "Start Event 2 > Task 3 > Expanded Sub-Process 2 > Expanded Sub-Process 1 > Start Event 4 > Start Event 3 > Task 6 > Task 4 > End Event 4 > End Event 5 > End Event 3 > Task 5 > End Event 2",
    ),
    (
        "B.1.0",
        "Process_ba16239e-181e-4b9f-bc5b-0bb2ee973450",
        &[],
        "Start Event None 1 > Abstract Task 4 > End Event None 2",
    ),
    ("B.1.0", "WFP-6-1", &[], "Start Event Timer > Abstract Task 1 > User Task 2 > Service Task 3 > End Event None 1"),
    (
        "B.1.0",
        "WFP-6-2",
        &[],
        "refused: Call Activity Calling a Global Task (Dieses Element wird nicht ausgeführt: Aufruf einer globalen Aufgabe.)",
    ),
    ("B.1.0", "WFP-0-", &[], "Start Event None 3 > Abstract Task 8 > End Event None 4"),
    (
        "B.2.0",
        "Process_ba16239e-181e-4b9f-bc5b-0bb2ee973450",
        &[],
        "refused: Start Event 4 Conditional (Dieses Element wird nicht ausgeführt: Startereignis mit Bedingung.)",
    ),
    (
        "B.2.0",
        "WFP-6-1",
        &[],
        "refused: _708d55c8-684a-4e3b-a69d-69c620cd0ac0 (Das Ereignis kann nie eintreten: Nur ein Teilprozess oder aufgerufener Prozess eskaliert.); Boundary Intermediate Event Non-Interrupting Conditional (Dieses Element wird nicht ausgeführt: angeheftetes Ereignis mit Bedingung.); Intermediate Event Conditional Catch (Dieses Element wird nicht ausgeführt: Zwischenereignis mit Bedingung.); Call Activity calling a Global User Task (Dieses Element wird nicht ausgeführt: Aufruf einer globalen Aufgabe.)",
    ),
    (
        "B.2.0",
        "WFP-6-2",
        &[],
        "refused: Boundary Intermediate Event Interrupting Conditional (Dieses Element wird nicht ausgeführt: angeheftetes Ereignis mit Bedingung.)",
    ),
    ("B.2.0", "WFP-0-", &[], "Start Event 8 > Task 34 > End Event 15"),
    (
        "C.1.0",
        "sid-5FBB6CB3-8A7C-42B5-9024-15BB2684EC57",
        &[],
        "Invoice received > Scan Invoice > Archive original > Approver to be assigned > Assign approver > sid-F0D29912-929D-491C-8D23-73BD80CF980A > 7 days > sid-BC9AC0B6-1785-4E35-A974-7FEF1A586B9D",
    ),
    (
        "C.1.0",
        "bpmn-miwg-test-case-c.1.0",
        &[],
        "Invoice received > Assign Approver > Approve Invoice > Invoice approved? > Rechnung klären > Review successful? > Invoice not processed",
    ),
    (
        "C.1.0",
        "bpmn-miwg-test-case-c.1.0",
        &["invoiceApproved"],
        "Invoice received > Assign Approver > Approve Invoice > Invoice approved? > Prepare Bank Transfer > Archive Invoice > Invoice processed",
    ),
    (
        "C.1.1",
        "handle-invoice",
        &[],
        "Invoice received > Assign Approver > Approve Invoice > Invoice approved? > Rechnung klären > Review successful? > Invoice not processed",
    ),
    ("C.2.0", "WFP-Page_1-1", &[], "Receive Credit Card Information > Take Payment > Send Result"),
    ("C.2.0", "WFP-Page_1-2", &[], "Pick items > Load Truck > Deliver Items > __6c41ae4a-64fd-40f9-a764-059b26ef8ebf"),
    (
        "C.2.0",
        "WFP-Page_1-3",
        &["__a12a7547-373d-47ec-890d-af5c177203ee"],
        "__f5b8cb41-0574-4c29-aaaa-84ecce589f84 > Browse Products on Amazon > Add Item to Cart > Done Shopping? > Checkout > __a1c27e25-4aa2-43dc-8a20-b713e8393d7f > Pay Order > Payment accepted? > Send Order > _df393d97-f22e-4442-95be-918b8fdd4c3c > Receive items > __e03c9539-b011-46b1-a381-0eee5f0521b8",
    ),
    (
        "C.2.0",
        "WFP-Page_1-3",
        &["__a12a7547-373d-47ec-890d-af5c177203ee", "_bfa5c7b2-f5d2-4487-a307-b2ea662bd059"],
        "__f5b8cb41-0574-4c29-aaaa-84ecce589f84 > Browse Products on Amazon > Add Item to Cart > Done Shopping? > Checkout > __a1c27e25-4aa2-43dc-8a20-b713e8393d7f > Pay Order > Payment accepted? > Retry? > _7ea6639e-e773-4236-94bf-78f149188c30 > __cec149db-adae-4b69-8ea4-b866f2eef248 > __8f9632f2-9fdb-4e3c-8b10-6a05091de766",
    ),
    (
        "C.2.0",
        "WFP-Page_1-4",
        &[],
        "Receive Order > Pick items > Place in bin > Receive and Package items > Send to carrier dock > __5a9abc77-7371-4213-bede-4056f9cb7808",
    ),
    (
        "C.3.0",
        "_8170787a-3207-434d-9bea-4787059f444f",
        &[],
        "refused: Analyse customer request (Dieses Element wird nicht ausgeführt: Aktivität mit startQuantity.)",
    ),
    (
        "C.4.0",
        "_42cba3a9-a8ab-40b5-b9a4-2e8f32be364e",
        &["_237c8380-5449-446e-a323-aad80181176d"],
        "Candidate accepted offer > Send candidate Contract > Contract terms accepted ? > Get signature on contract and notify responsible department > Non-exclusive Gateway > Inform employee of company policies > Request preparations for a new employee > Introduce employee to company Mission, Vision and Values > New employee in department X > Perform training for time reports sick leave and holidays > Register for medical insurance > Non-exclusive Gateway > Introduce new employee to the team > Perform training for position > Non-exclusive Gateway > Input from IT ready > Input from Payroll ready > Input from Facilities ready > Non-exclusive Gateway > Compile welcome package > Give employee welcome package > End Event",
    ),
    (
        "C.4.0",
        "_f0035388-f829-470c-b82b-0b15c3da3399",
        &[],
        "New employee hired > Create domain account > Prepare workstation > Assign required applications and permissions > Configure workstation > Prepare IT part of welcome package > Workstation and permissions ready",
    ),
    (
        "C.4.0",
        "_da743a6f-d9e5-4fcf-8a96-d2fd5cfb73d4",
        &[],
        "New employee hired > Validate provided information > All necessary data available? > Update payroll system > Payroll ready",
    ),
    (
        "C.4.0",
        "_3486bf55-0a7f-4ff1-be15-1555669f58ad",
        &[],
        "New employee hired > Prepare access card > Configure access details > Access card ready",
    ),
    (
        "C.5.0",
        "_3d1ef204-2d4c-4643-8fc5-c319cc032ec0",
        &[],
        "Customer interested in Bank offer > Interview customer > Prove/Provide identity > Legal entity or individual? > Document the identity of the economic owner > Identity of the economic owner certifiable? > End business relation > Business relation ended",
    ),
    (
        "C.5.0",
        "_774bc005-0917-43d5-ab70-0f9fe123fbd1",
        &[],
        "Check for connected clients > Check if group of connected clients exists > Group of connected Clients existing? > _956bb101-c9f7-467d-b3e2-198fa1d3e12b > _f7ce4bda-22c2-4ef9-aad9-5203dff18538",
    ),
    (
        "C.6.0",
        "_898aa942-9a96-4405-ae71-22b5e2e3d235",
        &[],
        "refused: Booking (Dieses Element wird nicht ausgeführt: Zwischenereignis mit Kompensation.); Hotel (Dieses Element wird nicht ausgeführt: Zwischenereignis mit Kompensation.); Flight (Dieses Element wird nicht ausgeführt: Zwischenereignis mit Kompensation.); Booking (Dieses Element wird nicht ausgeführt: Startereignis mit Kompensation.); Cancel Hotel (Dieses Element wird nicht ausgeführt: Kompensation.); Cancel Flight (Dieses Element wird nicht ausgeführt: Kompensation.); Hotel (Dieses Element wird nicht ausgeführt: angeheftetes Ereignis mit Kompensation.); Flight (Dieses Element wird nicht ausgeführt: angeheftetes Ereignis mit Kompensation.)",
    ),
    (
        "C.7.0",
        "_4a690dd7-809a-4fa9-ad63-515ac6685375",
        &[],
        "Job vacancy > Write description > Complete advertisement > Approve advertisement > Advertisement approved? > _b13d6fa3-fc78-40c7-ae77-609be07493e9 > Publish on homepage > Select other platforms > Publish on other platforms > Publish on other platforms > Publish on other platforms > _0783f019-f40c-43d6-ab40-0f1c81f8d9e7 > Vacancy advertised",
    ),
    (
        "C.8.0",
        "VacationRequestProcess",
        &[],
        "Vacation Request Received > Fetch Vacation Information > Vacation Approval > _42367c5f-d084-44ee-90c7-960d1ab02a3b > Notify Employee of Refusal > Vacation Refused Automatically",
    ),
    (
        "C.8.1",
        "VacationRequestProcess",
        &[],
        "Vacation Request Received > Fetch Vacation Information > Vacation Approval > _42367c5f-d084-44ee-90c7-960d1ab02a3b > Notify Employee of Refusal > Vacation Refused Automatically",
    ),
    (
        "C.8.1",
        "VacationRequestProcess",
        &["_2b960d84-feb1-46a9-a1a1-c300dd996b99 fails 404"],
        "Vacation Request Received > Fetch Vacation Information > _f8fcb377-3d7d-4138-9a7e-6ab58b97e29d > Employee not found",
    ),
    (
        "C.8.1",
        "VacationRequestProcess",
        &["_0a1c4f20-509f-4aeb-baf9-acc762f4fdf9", "_f2b0da63-d841-4457-ad85-7d86c8b5c1d2"],
        "Vacation Request Received > Fetch Vacation Information > Vacation Approval > _42367c5f-d084-44ee-90c7-960d1ab02a3b > Manually Approve Vacation > _64bb8b55-d348-41d6-9ea8-f333b1d8cb69 > Notify Employee of Approval > Update Remaining Vacation > Vacation Approved by Manager",
    ),
    (
        "C.9.0",
        "customer_onboarding_en",
        &[],
        "Application received > Get credit score > Check application automatically > Risk? > Deliver confirmation > Send confirmation > Application issued",
    ),
    (
        "C.9.0",
        "customer_onboarding_en",
        &["SequenceFlow_Yellow", "SequenceFlow_ApplicationAccepted"],
        "Application received > Get credit score > Check application automatically > Risk? > Manual Check > Decision? > Deliver confirmation > Send confirmation > Application issued",
    ),
    (
        "C.9.0",
        "customer_onboarding_en",
        &["SequenceFlow_Yellow", "Activity_ManualCheck fails 02"],
        "Application received > Get credit score > Check application automatically > Risk? > Manual Check > Fraud detected > Report fraud > Application canceled due to fraud",
    ),
    (
        "C.9.0",
        "customer_onboarding_en",
        &["SequenceFlow_Yellow", "Activity_ManualCheck fails 00"],
        "Application received > Get credit score > Check application automatically > Risk? > Manual Check > Activity_1ke2ixr > Timeout > Handle Timeout > Timeout handled",
    ),
    (
        "C.9.0",
        "customer_onboarding_en",
        &["StartMessageEvent_CancellationRequested"],
        "Application received > Get credit score > Activity_0vp33kx > Cancelation requested > Cancel application > ParallelGateway_CancelApplication > Customer notified about successful cancelation > Operations Team notified about successful cancelation",
    ),
    ("C.9.1", "requestDocument_en", &[], "Document requested > Request document > Wait for answer > Document received"),
    (
        "C.9.1",
        "requestDocument_en",
        &["BoundaryEvent_1", "BoundaryEvent_2"],
        "Document requested > Request document > Wait for answer > daily > Send reminder email > 1 week > Call customer > Email sent > Answer received",
    ),
    ("C.9.2", "ManualCheck", &[], "Decide Manually > Decide on application > Manually Decided"),
    (
        "C.9.2",
        "ManualCheck",
        &["StartMessageEvent_DocumentRequested", "StartTimerEvent_AcceleratedDecision"],
        "Decide Manually > Decide on application > Activity_0uvp3cb > Document requested > Document Request > Document Request > Document Request > Activity_1esx1s7 > Accelerated decision > Notify customer about delay > Manually Decided > Document Received > Accelerate decision making > Decision accelerated",
    ),
    (
        "C.9.2",
        "ManualCheck",
        &["StartMessageEvent_FraudSuspected", "SequenceFlow_Yes"],
        "Decide Manually > Decide on application > Activity_02a6b2h > Fraud suspected > Check for Fraud > Manually Decided > Fraud detected? > Fraud Detected",
    ),
    (
        "C.9.2",
        "ManualCheck",
        &["TimerEvent_Timeout"],
        "Decide Manually > Decide on application > Timeout (7 days) > Timeout",
    ),
];

#[test]
fn every_reference_model_runs_to_its_end_or_is_refused_by_name() {
    let Ok(entries) = std::fs::read_dir(folder()) else {
        println!("bpmn-miwg: skipped: no conformance data");
        return;
    };
    let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let files: BTreeMap<String, PathBuf> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "bpmn"))
        .filter_map(|path| Some((path.file_stem()?.to_str()?.to_owned(), path)))
        .collect();
    let (mut ran, mut refused) = (BTreeSet::new(), BTreeSet::new());
    for (file, path) in &files {
        let source = std::fs::read_to_string(path).unwrap();
        let definitions = Model::parse(&source).unwrap().definitions().clone();
        for root in &definitions.roots {
            let Root::Process(process) = root else { continue };
            let id = process.base.id.as_str();
            let rows = TABLE.iter().filter(|row| row.0 == file && row.1 == id);
            assert!(rows.clone().count() > 0, "{file} {id} is not in the table");
            for (_, _, script, expected) in rows {
                assert_eq!(outcome(&definitions, id, script), *expected, "{file} {id} {script:?}");
                let is_refused = expected.starts_with("refused: ");
                if is_refused { &mut refused } else { &mut ran }.insert((file, id.to_owned()));
            }
        }
    }
    assert_eq!(TABLE.iter().map(|row| row.0).collect::<BTreeSet<_>>().len(), files.len(), "every row has its file");
    println!("bpmn-miwg: {} models, {} processes run, {} refused by name", files.len(), ran.len(), refused.len());
}
