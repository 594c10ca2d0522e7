//! Random models through list, changes and drawing: every node is there once, changes can be undone, what is drawn is valid.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{Duration, Instant};

use bpmn::model::{Base, Bounds, FlowElement, FlowNode, PlaneItem, Root, SequenceFlow};
use bpmn::{Edit, Kind, Known, Model, NewStep, Properties, StepKind, Time};
use proptest::prelude::*;

use crate::support::random::{NODES, block, draw};
use crate::support::{file, flows, model};

fn step(name: &str) -> NewStep {
    NewStep { kind: StepKind::ManualTask, name: name.into(), properties: Properties::default() }
}

/// Every id in the process gets another name, in the file everything of a level comes the other way round.
fn renamed(model: &Model) -> Model {
    let mut text = model.to_xml();
    let lines = model.outline();
    let nodes = lines.iter().map(|line| line.element.clone());
    let mut ids: Vec<String> =
        nodes.chain(lines.iter().flat_map(|line| line.ways.iter().map(|way| way.flow.clone()))).collect();
    ids.sort();
    for (at, id) in ids.iter().enumerate() {
        for attribute in ["id", "sourceRef", "targetRef", "attachedToRef", "default", "meer:four-eyes"] {
            text = text.replace(&format!(" {attribute}=\"{id}\""), &format!(" {attribute}=\"new-{}\"", ids.len() - at));
        }
    }
    for tag in ["incoming", "outgoing"] {
        let (open, close) = (format!("<bpmn:{tag}>"), format!("</bpmn:{tag}>"));
        while let (Some(from), Some(to)) = (text.find(&open), text.find(&close)) {
            text.replace_range(from..to + close.len(), "");
        }
    }
    Model::parse(&text).unwrap_or_else(|errors| panic!("{errors:?}\n{text}"))
}

fn shapes(model: &Model) -> BTreeMap<String, Bounds> {
    let items = model.definitions().diagrams.iter().flat_map(|diagram| &diagram.plane.items);
    let shape = |item: &PlaneItem| match item {
        PlaneItem::Shape(shape) => Some((shape.element.clone().unwrap(), shape.bounds)),
        PlaneItem::Edge(_) => None,
    };
    items.filter_map(shape).collect()
}

fn overlap(a: Bounds, b: Bounds) -> bool {
    a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
}

fn inside(inner: Bounds, outer: Bounds) -> bool {
    outer.x < inner.x
        && outer.y < inner.y
        && inner.x + inner.width < outer.x + outer.width
        && inner.y + inner.height < outer.y + outer.height
}

#[track_caller]
fn well_drawn(model: &Model) {
    let drawn = model.with_layout();
    let shapes = shapes(&drawn);
    let lines = model.outline();
    assert_eq!(shapes.len(), lines.len());
    for (at, one) in lines.iter().enumerate() {
        let bounds = shapes[&one.element];
        let carried = |line: &bpmn::Line| matches!(line.kind, Kind::Boundary { .. });
        for other in &lines[at + 1..] {
            let is_free = one.inside != other.inside || carried(one) != carried(other);
            assert!(is_free || !overlap(bounds, shapes[&other.element]), "{} and {}", one.element, other.element);
        }
        if let Some(around) = &one.inside {
            assert!(inside(bounds, shapes[around]), "{} in {around}", one.element);
        }
        if let (Kind::Boundary { .. }, Some(host)) = (one.kind, &one.host) {
            let host = shapes[&host.element];
            if overlap(bounds, host) {
                assert!((bounds.y + bounds.height / 2.0 - host.y - host.height).abs() < 0.01);
            }
        }
    }
    for diagram in &drawn.definitions().diagrams {
        for item in &diagram.plane.items {
            if let PlaneItem::Edge(edge) = item {
                assert!(
                    edge.waypoints.len() >= 2
                        && edge.waypoints.iter().all(|point| point.x.is_finite() && point.y.is_finite())
                );
            }
        }
    }
    let read = Model::parse(&drawn.to_xml()).unwrap();
    assert_eq!(read.definitions().diagrams, drawn.definitions().diagrams);
    assert_eq!(read.with_layout().to_xml(), drawn.to_xml(), "what is drawn stays");
    read.same_process(model).unwrap();
}

#[track_caller]
fn each_node_once(model: &Model, count: usize) {
    let lines = model.outline();
    let elements: HashSet<&str> = lines.iter().map(|line| line.element.as_str()).collect();
    let numbers: HashSet<&str> = lines.iter().map(|line| line.number.as_str()).collect();
    assert_eq!((elements.len(), numbers.len(), lines.len()), (count, count, count));
    let number: HashMap<&str, &str> = lines.iter().map(|line| (line.element.as_str(), line.number.as_str())).collect();
    for line in &lines {
        let hosts = line.host.iter().chain(&line.goes_to).chain(line.ways.iter().map(|way| &way.target));
        for target in hosts {
            assert_eq!(number[target.element.as_str()], target.number);
        }
    }
}

fn nodes_in(xml: &str) -> usize {
    let tags = ["Event ", "Task ", "Gateway ", "subProcess ", "callActivity "];
    let document = xml.replace("eventDefinition ", "").replace("EventDefinition ", "");
    tags.iter().map(|tag| document.matches(&format!("{tag}id=")).count()).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn structured_processes_are_listed_and_drawn(block in block()) {
        let (xml, _) = draw(&block);
        let model = Model::parse(&xml).unwrap();
        each_node_once(&model, nodes_in(&model.to_xml()));
        prop_assert!(model.outline().iter().all(|line| line.is_reached));
        well_drawn(&model);
        model.same_process(&renamed(&model)).unwrap();
        let drawn = model.with_layout().edit(&Edit::SetName { name: "x".into() });
        prop_assert!(drawn.is_ok());
    }

    #[test]
    fn changes_can_be_undone(block in block(), pick: prop::sample::Index) {
        let (xml, _) = draw(&block);
        let model = Model::parse(&xml).unwrap();
        let lines = model.outline();
        let ways: Vec<_> = lines.iter().flat_map(|line| &line.ways).collect();
        let way = ways[pick.index(ways.len())];
        let put = model.edit(&Edit::InsertOn { flow: way.flow.clone(), step: step("Ganz neu") }).unwrap();
        prop_assert_eq!(put.check(&Known::default()), []);
        prop_assert!(model.same_process(&put).is_err());
        let taken = put.edit(&Edit::Remove { element: "ganz-neu".into() }).unwrap();
        model.same_process(&taken).unwrap();

        let decision = Edit::InsertDecision { flow: way.flow.clone(), question: Some("Frage".into()), condition: "betrag > 50".into(), yes: None, no: None, step: step("Ganz neu") };
        let put = model.edit(&decision).unwrap();
        prop_assert_eq!(put.check(&Known::default()), []);
        let yes = put.outline().into_iter().find(|line| line.element == "frage").unwrap().ways.swap_remove(0).flow;
        let mut taken = put;
        for edit in [Edit::Remove { element: "ganz-neu".into() }, Edit::RemoveWay { flow: yes }, Edit::Remove { element: "frage".into() }, Edit::Remove { element: "nach-ganz-neu".into() }] {
            taken = taken.edit(&edit).unwrap();
        }
        model.same_process(&taken).unwrap();

        let node = &lines[pick.index(lines.len())];
        let name = format!("{} neu", node.name.clone().unwrap_or_default());
        let called = model.edit(&Edit::Rename { element: node.element.clone(), name }).unwrap();
        prop_assert!(model.same_process(&called).is_err());
        let back = called.edit(&Edit::Rename { element: node.element.clone(), name: node.name.clone().unwrap_or_default() }).unwrap();
        model.same_process(&back).unwrap();

        let timer = Edit::AddTimer { host: node.element.clone(), name: Some("Ganz neu".into()), time: Time::Duration("P1D".into()), interrupting: true, target: way.target.element.clone().into() };
        if let Ok(with) = model.edit(&timer) {
            prop_assert!(model.same_process(&with).is_err());
            well_drawn(&with);
            model.same_process(&with.edit(&Edit::RemoveBoundary { element: "ganz-neu".into() }).unwrap()).unwrap();
        }
        for beside in &lines {
            for to in [bpmn::Beside::Before(beside.element.clone()), bpmn::Beside::After(beside.element.clone())] {
                if let Ok(moved) = model.edit(&Edit::Move { element: node.element.clone(), to }) {
                    prop_assert_eq!(moved.outline().len(), lines.len());
                }
            }
            if let Ok(less) = model.edit(&Edit::Remove { element: beside.element.clone() }) {
                prop_assert!(less.outline().len() < lines.len());
            }
        }
    }

    #[test]
    fn any_graph_is_listed_and_drawn(
        nodes in prop::collection::vec(0usize..NODES.len(), 2..10),
        edges in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0u8..4), 1..20),
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
        let count = model.outline().len();
        each_node_once(&model, count);
        prop_assert_eq!(count, nodes_in(&model.to_xml()));
        well_drawn(&model);
        model.same_process(&renamed(&model)).unwrap();
        for line in model.outline() {
            let _ = model.edit(&Edit::Remove { element: line.element.clone() }).map(|less| { let count = less.outline().len(); each_node_once(&less, count); });
        }
    }
}

#[test]
fn what_differs_is_said_in_a_sentence() {
    let drawn = |rest: &str, ways: &str| {
        let text = format!(
            "<bpmn:startEvent id='s' name='Start'/><bpmn:exclusiveGateway id='g' name='Weg' default='g-b'/>
            <bpmn:userTask id='a' name='Prüfen' {rest}/><bpmn:manualTask id='b' name='Ablegen'/><bpmn:endEvent id='e' name='Ende'/>{}",
            flows(ways)
        );
        model(&text)
    };
    let first = drawn("meer:due='P3D'", "s-g g-a:yes g-b a-e b-e");
    let says = |second: Model| first.same_process(&second).expect_err("differs").message;
    assert_eq!(
        says(drawn("meer:due='P5D'", "s-g g-a:yes g-b a-e b-e")),
        "Bei „Prüfen“ ist verschieden, was unter „Frist“ steht: „P3D“ und „P5D“."
    );
    assert!(
        says(drawn("meer:due='P3D'", "s-g g-a:no g-b a-e b-e")).starts_with("Von „Weg“ geht es verschieden weiter")
    );
    assert!(says(drawn("meer:due='P3D'", "s-g g-a:yes g-b a-b b-e")).starts_with("Von „Prüfen“"));
    let added = first.edit(&Edit::InsertAfter { element: "s".into(), step: step("Neu") }).unwrap();
    assert_eq!(says(added), "„Neu“ gibt es nur im zweiten Prozess.");
}

/// Nodes that look the same where they are, and stand differently in the whole.
#[test]
fn ties_count_beyond_the_neighbours() {
    let six = |ways: &str| {
        let nodes: String = (0..6).map(|n| format!("<bpmn:manualTask id='n{n}'/>")).collect();
        model(&format!("{nodes}{}", flows(ways)))
    };
    let ring = six("n0-n1 n1-n2 n2-n3 n3-n4 n4-n5 n5-n0");
    let triangles = six("n0-n1 n1-n2 n2-n0 n3-n4 n4-n5 n5-n3");
    assert!(ring.same_process(&triangles).is_err());
    ring.same_process(&six("n3-n1 n1-n5 n5-n0 n0-n4 n4-n2 n2-n3")).unwrap();
    triangles.same_process(&six("n0-n5 n5-n1 n1-n0 n3-n2 n2-n4 n4-n3")).unwrap();
}

#[test]
fn long_and_branching_processes_take_little_time() {
    let soon = |what: &str, model: &Model| {
        let begin = Instant::now();
        let lines = model.outline();
        let listed = begin.elapsed();
        let drawn = model.with_layout();
        let laid_out = begin.elapsed() - listed;
        println!("{what}: {} lines in {listed:?}, drawn in {laid_out:?}", lines.len());
        assert!(begin.elapsed() < Duration::from_secs(10), "{what}: {listed:?}, {laid_out:?}");
        assert!(lines.iter().all(|line| line.number.len() < 500));
        assert_eq!(shapes(&drawn).len(), lines.len());
        let begin = Instant::now();
        model.same_process(&drawn).unwrap();
        println!("{what}: the same in {:?}", begin.elapsed());
        assert!(begin.elapsed() < Duration::from_secs(20), "{what}: {:?}", begin.elapsed());
    };
    // More than a file may hold.
    let mut many = model("<bpmn:startEvent id='n0'/>").definitions().clone();
    if let Some(Root::Process(process)) = many.roots.iter_mut().find(|root| matches!(root, Root::Process(_))) {
        for n in 1..10_000 {
            let base = |id: String| Base { id, ..Base::default() };
            let node = FlowNode { base: base(format!("n{n}")), ..FlowNode::default() };
            let (source, target) = (format!("n{}", n - 1), format!("n{n}"));
            let flow = SequenceFlow { base: base(format!("f{n}")), source, target, ..SequenceFlow::default() };
            process.content.elements.extend([FlowElement::Node(Box::new(node)), FlowElement::Flow(Box::new(flow))]);
        }
    }
    soon("ten thousand", &Model::from(many));
    let start = "<bpmn:startEvent id='n0'/><bpmn:endEvent id='e'/>";
    let tasks = |count: usize| (1..count).map(|n| format!("<bpmn:manualTask id='n{n}'/>")).collect::<String>();
    let gateways = |count: usize| (1..count).map(|n| format!("<bpmn:exclusiveGateway id='n{n}'/>")).collect::<String>();
    let chain: String = (1..4_900).map(|n| format!("n{}-n{n} ", n - 1)).collect();
    soon("chain", &model(&format!("{start}{}{}", tasks(4_900), flows(&(chain + "n4899-e")))));
    let fork: String = (2..3_300).map(|n| format!("n1-n{n} n{n}-e ")).collect();
    soon(
        "fork",
        &model(&format!(
            "{start}<bpmn:parallelGateway id='n1'/>{}{}",
            tasks(3_300).replacen("<bpmn:manualTask id='n1'/>", "", 1),
            flows(&(fork + "n0-n1"))
        )),
    );
    let ladder: String = (1..3_200).map(|n| format!("n{}-n{n} n{n}-e ", n - 1)).collect();
    soon("ladder", &model(&format!("{start}{}{}", gateways(3_200), flows(&ladder))));
    let ends: String = (1..2_400).map(|n| format!("<bpmn:endEvent id='x{n}'/>")).collect();
    let comb: String = (1..2_400).map(|n| format!("n{n}-x{n} n{}-n{n} ", n - 1)).collect();
    soon("comb", &model(&format!("{start}{}{ends}{}", gateways(2_400), flows(&(comb + "n2399-e")))));
    let back: String = (2..3_200).map(|n| format!("n{}-n{n} n{n}-n1 ", n - 1)).collect();
    soon("loops", &model(&format!("{start}{}{}", gateways(3_200), flows(&(back + "n0-n1 n3199-e")))));
    let leaps: HashSet<String> =
        (1..3_200).flat_map(|n| [format!("n{}-n{n}", n - 1), format!("n{n}-n{}", 3_199 - n / 2)]).collect();
    let mut leaps: Vec<String> = leaps.into_iter().collect();
    leaps.sort();
    soon("leaps", &model(&format!("{start}{}{}", gateways(3_200), flows(&(leaps.join(" ") + " n3199-e")))));
}
