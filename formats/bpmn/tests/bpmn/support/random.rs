//! Random block-structured processes, and nodes for random graphs.

use proptest::prelude::*;

use super::{file, flows};

#[derive(Clone, Debug)]
pub enum Block {
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

pub fn block() -> impl Strategy<Value = Block> {
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
pub struct Drawing {
    pub count: u32,
    pub xml: String,
    /// Names of the variables in conditions.
    pub conditions: Vec<String>,
    pub repeats: Vec<String>,
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

pub fn draw(block: &Block) -> (String, Drawing) {
    let mut drawing = Drawing::default();
    drawing.xml += "<bpmn:startEvent id=\"s\"/><bpmn:endEvent id=\"e\"/>";
    let (from, to) = drawing.draw(block);
    drawing.flow("s", &from, "");
    drawing.flow(&to, "e", "");
    (file(&drawing.xml), drawing)
}

pub const NODES: [&str; 26] = [
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
