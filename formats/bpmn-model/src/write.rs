//! Typed model to XML, with the children of each element in the order the schema of BPMN 2.0.2 demands.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::model::*;

const XML: &str = "http://www.w3.org/XML/1998/namespace";
const USUAL: [(&str, &str); 6] =
    [("bpmn", BPMN), ("bpmndi", BPMN_DI), ("dc", DC), ("di", DI), ("xsi", XSI), ("meer", MEER)];

/// A model as a BPMN file. Every element is written with a prefix; the prefixes of the file that was read stay declared,
/// because values may use them.
#[must_use]
pub fn write(model: &Definitions) -> String {
    let tree = definitions(model);
    let mut names = Names { declared: model.namespaces.clone() };
    names.require(&tree);
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    names.write(&mut text, &tree, 0, true);
    text
}

/// An element being put together.
struct Out {
    element: Element,
    /// Children with their rank in the schema's sequence.
    children: Vec<(usize, Content)>,
    process: bool,
}

impl Out {
    fn new(local: &str) -> Self {
        Self::of(BPMN, local)
    }

    fn of(namespace: &str, local: &str) -> Self {
        let name = QName { namespace: namespace.to_owned(), local: local.to_owned() };
        let element = Element { name, attributes: Vec::new(), children: Vec::new(), at: Default::default() };
        Self { element, children: Vec::new(), process: namespace == BPMN && local == "process" }
    }

    fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.set("", name, value);
        self
    }

    fn set(&mut self, namespace: &str, name: &str, value: impl Into<Value>) {
        if let Some(value) = value.into().0 {
            let name = QName { namespace: namespace.to_owned(), local: name.to_owned() };
            self.element.attributes.push(Attribute { name, value });
        }
    }

    fn add(&mut self, child: Element) {
        let rank = rank(&child.name, self.process);
        self.children.push((rank, Content::Element(child)));
    }

    fn all(&mut self, children: impl IntoIterator<Item = Element>) {
        children.into_iter().for_each(|child| self.add(child));
    }

    fn text_child(&mut self, local: &str, text: &str) {
        self.add(text_element(BPMN, local, text));
    }

    fn attributes(mut self, attributes: &[Attribute]) -> Self {
        self.element.attributes.extend_from_slice(attributes);
        self
    }

    /// Adds what every BPMN element has, and ends it.
    fn base(mut self, base: &Base) -> Element {
        if !base.id.is_empty() {
            let id =
                Attribute { name: QName { namespace: String::new(), local: "id".to_owned() }, value: base.id.clone() };
            self.element.attributes.insert(0, id);
        }
        for documentation in &base.documentation {
            let mut element = text_element(BPMN, "documentation", &documentation.text);
            for (name, value) in [("id", &documentation.id), ("textFormat", &documentation.text_format)] {
                let name = QName { namespace: String::new(), local: name.to_owned() };
                element.attributes.extend(value.clone().map(|value| Attribute { name, value }));
            }
            self.add(element);
        }
        if !base.extensions.is_empty() {
            let mut extensions = Out::new("extensionElements");
            extensions.all(base.extensions.iter().cloned());
            self.add(extensions.end());
        }
        self.all(base.rest.iter().cloned());
        self.attributes(&base.attributes).end()
    }

    fn end(mut self) -> Element {
        self.children.sort_by_key(|(rank, _)| *rank);
        self.element.children.extend(self.children.into_iter().map(|(_, child)| child));
        self.element
    }
}

/// Text of an attribute, when it is there.
struct Value(Option<String>);

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self(Some(text.clone()))
    }
}

impl From<&Option<String>> for Value {
    fn from(text: &Option<String>) -> Self {
        Self(text.clone())
    }
}

impl From<Option<bool>> for Value {
    fn from(flag: Option<bool>) -> Self {
        Self(flag.map(|flag| flag.to_string()))
    }
}

impl From<Option<i64>> for Value {
    fn from(number: Option<i64>) -> Self {
        Self(number.map(|number| number.to_string()))
    }
}

impl From<Option<f64>> for Value {
    fn from(number: Option<f64>) -> Self {
        Self(number.map(|number| number.to_string()))
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self(Some(number.to_string()))
    }
}

fn text_element(namespace: &str, local: &str, text: &str) -> Element {
    let mut element = Out::of(namespace, local).end();
    if !text.is_empty() {
        element.children.push(Content::Text(text.to_owned()));
    }
    element
}

/// Sequence of children that holds for all types of the schema but `tProcess`; flow elements, artifacts and event
/// definitions keep the order they have.
const SEQUENCE: [&[&str]; 48] = [
    &["documentation"],
    &["extensionElements"],
    &["import"],
    &["supportedInterfaceRef"],
    &["auditing"],
    &["monitoring"],
    &["categoryValueRef"],
    &["incoming"],
    &["outgoing"],
    &["ioSpecification"],
    &["ioBinding"],
    &["property"],
    &["dataInput"],
    &["dataOutput"],
    &["dataInputAssociation"],
    &["dataOutputAssociation"],
    &["inputSet"],
    &["outputSet"],
    &[
        "messageEventDefinition",
        "timerEventDefinition",
        "errorEventDefinition",
        "escalationEventDefinition",
        "signalEventDefinition",
        "compensateEventDefinition",
        "conditionalEventDefinition",
        "linkEventDefinition",
        "cancelEventDefinition",
        "terminateEventDefinition",
    ],
    &["eventDefinitionRef"],
    &["resourceRole", "performer", "humanPerformer", "potentialOwner"],
    &["standardLoopCharacteristics", "multiInstanceLoopCharacteristics"],
    &["rendering"],
    &["script"],
    &["activationCondition"],
    &["laneSet"],
    &FLOW_ELEMENTS,
    &["participant"],
    &["messageFlow"],
    &["association", "group", "textAnnotation"],
    &["callConversation", "conversation", "subConversation"],
    &["conversationAssociation"],
    &["participantAssociation"],
    &["messageFlowAssociation"],
    &["correlationKey"],
    &["choreographyRef"],
    &["conversationLink"],
    &["conditionExpression"],
    &["dataState"],
    &["partitionElement"],
    &["flowNodeRef"],
    &["childLaneSet"],
    &["loopCardinality"],
    &["loopDataInputRef"],
    &["loopDataOutputRef"],
    &["inputDataItem", "outputDataItem"],
    &["complexBehaviorDefinition"],
    &["completionCondition"],
];

/// The same for `tProcess`.
const PROCESS_SEQUENCE: [&[&str]; 14] = [
    &["documentation"],
    &["extensionElements"],
    &["supportedInterfaceRef"],
    &["ioSpecification"],
    &["ioBinding"],
    &["auditing"],
    &["monitoring"],
    &["property"],
    &["laneSet"],
    &FLOW_ELEMENTS,
    &["association", "group", "textAnnotation"],
    &["resourceRole", "performer", "humanPerformer", "potentialOwner"],
    &["correlationSubscription"],
    &["supports"],
];

const FLOW_ELEMENTS: [&str; 26] = [
    "startEvent",
    "endEvent",
    "intermediateCatchEvent",
    "intermediateThrowEvent",
    "boundaryEvent",
    "task",
    "userTask",
    "serviceTask",
    "businessRuleTask",
    "scriptTask",
    "sendTask",
    "receiveTask",
    "manualTask",
    "subProcess",
    "transaction",
    "adHocSubProcess",
    "callActivity",
    "exclusiveGateway",
    "parallelGateway",
    "inclusiveGateway",
    "eventBasedGateway",
    "complexGateway",
    "sequenceFlow",
    "dataObject",
    "dataObjectReference",
    "dataStoreReference",
];

fn rank(name: &QName, process: bool) -> usize {
    let sequence: &[&[&str]] = if process { &PROCESS_SEQUENCE } else { &SEQUENCE };
    sequence.iter().position(|group| group.contains(&name.local.as_str())).unwrap_or(sequence.len())
}

fn definitions(definitions: &Definitions) -> Element {
    let mut out = Out::new("definitions")
        .with("name", &definitions.name)
        .with("targetNamespace", &definitions.target_namespace)
        .with("expressionLanguage", &definitions.expression_language)
        .with("typeLanguage", &definitions.type_language)
        .with("exporter", &definitions.exporter)
        .with("exporterVersion", &definitions.exporter_version);
    for import in &definitions.imports {
        let element = Out::new("import")
            .with("namespace", &import.namespace)
            .with("location", &import.location)
            .with("importType", &import.import_type);
        out.add(element.end());
    }
    // Roots, diagrams and relationships follow in this order, whatever their names.
    let last = SEQUENCE.len() + 1;
    let roots = definitions.roots.iter().map(|element| (last, root(element)));
    let diagrams = definitions.diagrams.iter().map(|element| (last + 1, diagram(element)));
    let relationships = definitions.relationships.iter().map(|element| (last + 2, element.clone()));
    let children = roots.chain(diagrams).chain(relationships);
    out.children.extend(children.map(|(rank, element)| (rank, Content::Element(element))));
    out.base(&definitions.base)
}

fn root(root: &Root) -> Element {
    match root {
        Root::Process(process) => {
            let mut out = Out::new("process")
                .with("name", &process.name)
                .with("processType", &process.process_type)
                .with("isClosed", process.is_closed)
                .with("isExecutable", process.is_executable)
                .with("definitionalCollaborationRef", &process.definitional_collaboration);
            let register = &process.register;
            out.set(MEER, "trigger", &register.trigger);
            out.set(MEER, "result", &register.result);
            out.set(MEER, "legal-basis", &register.legal_basis);
            out.set(MEER, "leika", &register.leika);
            out.set(MEER, "owner", &register.owner);
            data(&mut out, &process.data);
            content(&mut out, &process.content);
            out.base(&process.base)
        }
        Root::Collaboration(collaboration) => {
            let mut out =
                Out::new("collaboration").with("name", &collaboration.name).with("isClosed", collaboration.is_closed);
            out.all(collaboration.participants.iter().map(|participant| {
                Out::new("participant")
                    .with("name", &participant.name)
                    .with("processRef", &participant.process)
                    .base(&participant.base)
            }));
            out.all(collaboration.message_flows.iter().map(|flow| {
                Out::new("messageFlow")
                    .with("name", &flow.name)
                    .with("sourceRef", &flow.source)
                    .with("targetRef", &flow.target)
                    .with("messageRef", &flow.message)
                    .base(&flow.base)
            }));
            out.all(collaboration.artifacts.iter().map(artifact));
            out.base(&collaboration.base)
        }
        Root::Message(message) => {
            Out::new("message").with("name", &message.name).with("itemRef", &message.item).base(&message.base)
        }
        Root::Signal(signal) => {
            Out::new("signal").with("name", &signal.name).with("structureRef", &signal.structure).base(&signal.base)
        }
        Root::Error(error) => Out::new("error")
            .with("name", &error.name)
            .with("errorCode", &error.code)
            .with("structureRef", &error.structure)
            .base(&error.base),
        Root::Escalation(escalation) => Out::new("escalation")
            .with("name", &escalation.name)
            .with("escalationCode", &escalation.code)
            .with("structureRef", &escalation.structure)
            .base(&escalation.base),
        Root::ItemDefinition(item) => Out::new("itemDefinition")
            .with("structureRef", &item.structure)
            .with("isCollection", item.is_collection)
            .with("itemKind", &item.item_kind)
            .base(&item.base),
        Root::DataStore(store) => Out::new("dataStore")
            .with("name", &store.name)
            .with("capacity", store.capacity)
            .with("isUnlimited", store.is_unlimited)
            .with("itemSubjectRef", &store.item)
            .base(&store.base),
        Root::Category(category) => {
            let mut out = Out::new("category").with("name", &category.name);
            let values = category.values.iter();
            out.all(values.map(|value| Out::new("categoryValue").with("value", &value.value).base(&value.base)));
            out.base(&category.base)
        }
        Root::Resource(resource) => Out::new("resource").with("name", &resource.name).base(&resource.base),
        Root::Interface(interface) => {
            let mut out = Out::new("interface")
                .with("name", &interface.name)
                .with("implementationRef", &interface.implementation);
            out.all(interface.operations.iter().map(|operation| {
                let mut out = Out::new("operation")
                    .with("name", &operation.name)
                    .with("implementationRef", &operation.implementation);
                operation.in_message.iter().for_each(|message| out.text_child("inMessageRef", message));
                operation.out_message.iter().for_each(|message| out.text_child("outMessageRef", message));
                operation.errors.iter().for_each(|error| out.text_child("errorRef", error));
                out.base(&operation.base)
            }));
            out.base(&interface.base)
        }
        Root::GlobalTask(task) => {
            let local = match task.kind {
                GlobalTaskKind::Abstract => "globalTask",
                GlobalTaskKind::User => "globalUserTask",
                GlobalTaskKind::Manual => "globalManualTask",
                GlobalTaskKind::BusinessRule => "globalBusinessRuleTask",
            };
            let mut out = Out::new(local).with("name", &task.name).with("implementation", &task.implementation);
            data(&mut out, &task.data);
            out.base(&task.base)
        }
        Root::Other(element) => element.clone(),
    }
}

fn data(out: &mut Out, data: &Data) {
    out.all(data.specification.iter().map(|specification| {
        let mut out = Out::new("ioSpecification");
        io_sets(&mut out, &specification.io);
        out.base(&specification.base)
    }));
    out.all(data.properties.iter().map(|item| data_item("property", item)));
    io_sets(out, &data.io);
    out.all(data.input_associations.iter().map(|association| data_association("dataInputAssociation", association)));
    out.all(data.output_associations.iter().map(|association| data_association("dataOutputAssociation", association)));
    out.all(data.roles.iter().map(role));
}

fn io_sets(out: &mut Out, io: &IoSets) {
    out.all(io.inputs.iter().map(|item| data_item("dataInput", item)));
    out.all(io.outputs.iter().map(|item| data_item("dataOutput", item)));
    out.all(io.input_sets.iter().map(|set| data_set("inputSet", "Input", "outputSetRefs", set)));
    out.all(io.output_sets.iter().map(|set| data_set("outputSet", "Output", "inputSetRefs", set)));
}

fn data_item(local: &str, item: &DataItem) -> Element {
    let mut out = Out::new(local)
        .with("name", &item.name)
        .with("itemSubjectRef", &item.item)
        .with("isCollection", item.is_collection);
    out.all(item.state.iter().map(data_state));
    out.base(&item.base)
}

fn data_state(state: &DataState) -> Element {
    Out::new("dataState").with("name", &state.name).base(&state.base)
}

fn data_set(local: &str, side: &str, counterparts: &str, set: &DataSet) -> Element {
    let mut out = Out::new(local).with("name", &set.name);
    set.items.iter().for_each(|item| out.text_child(&format!("data{side}Refs"), item));
    set.optional.iter().for_each(|item| out.text_child(&format!("optional{side}Refs"), item));
    set.while_executing.iter().for_each(|item| out.text_child(&format!("whileExecuting{side}Refs"), item));
    set.counterparts.iter().for_each(|other| out.text_child(counterparts, other));
    out.base(&set.base)
}

fn data_association(local: &str, association: &DataAssociation) -> Element {
    let mut out = Out::new(local);
    association.sources.iter().for_each(|source| out.text_child("sourceRef", source));
    association.target.iter().for_each(|target| out.text_child("targetRef", target));
    out.all(association.transformation.iter().map(|transformation| expression("transformation", transformation)));
    out.all(association.assignments.iter().map(|assignment| {
        let mut out = Out::new("assignment");
        out.add(expression("from", &assignment.from));
        out.add(expression("to", &assignment.to));
        out.base(&assignment.base)
    }));
    out.base(&association.base)
}

fn role(role: &ResourceRole) -> Element {
    let local = match role.kind {
        RoleKind::Role => "resourceRole",
        RoleKind::Performer => "performer",
        RoleKind::HumanPerformer => "humanPerformer",
        RoleKind::PotentialOwner => "potentialOwner",
    };
    let mut out = Out::new(local).with("name", &role.name);
    role.resource.iter().for_each(|resource| out.text_child("resourceRef", resource));
    out.all(role.assignment.iter().map(|assignment| {
        let local = if assignment.expression.formal { "formalExpression" } else { "expression" };
        let plain = Expression { formal: false, ..assignment.expression.clone() };
        let mut out = Out::new("resourceAssignmentExpression");
        out.add(expression(local, &plain));
        out.base(&assignment.base)
    }));
    out.base(&role.base)
}

fn content(out: &mut Out, content: &FlowContent) {
    out.all(content.lane_sets.iter().map(|set| lane_set("laneSet", set)));
    out.all(content.elements.iter().map(flow_element));
    out.all(content.artifacts.iter().map(artifact));
}

fn lane_set(local: &str, set: &LaneSet) -> Element {
    let mut out = Out::new(local).with("name", &set.name);
    out.all(set.lanes.iter().map(|lane| {
        let mut out = Out::new("lane").with("name", &lane.name).with("partitionElementRef", &lane.partition_element);
        lane.nodes.iter().for_each(|node| out.text_child("flowNodeRef", node));
        out.all(lane.child.iter().map(|set| lane_set("childLaneSet", set)));
        out.base(&lane.base)
    }));
    out.base(&set.base)
}

fn artifact(artifact: &Artifact) -> Element {
    match artifact {
        Artifact::Association(association) => Out::new("association")
            .with("sourceRef", &association.source)
            .with("targetRef", &association.target)
            .with("associationDirection", &association.direction)
            .base(&association.base),
        Artifact::Group(group) => Out::new("group").with("categoryValueRef", &group.category_value).base(&group.base),
        Artifact::TextAnnotation(annotation) => {
            let mut out = Out::new("textAnnotation").with("textFormat", &annotation.text_format);
            annotation.text.iter().for_each(|text| out.text_child("text", text));
            out.base(&annotation.base)
        }
    }
}

fn flow_element(element: &FlowElement) -> Element {
    match element {
        FlowElement::Node(node) => flow_node(node),
        FlowElement::Flow(flow) => {
            let mut out = Out::new("sequenceFlow")
                .with("name", &flow.name)
                .with("sourceRef", &flow.source)
                .with("targetRef", &flow.target)
                .with("isImmediate", flow.is_immediate);
            out.all(flow.condition.iter().map(|condition| expression("conditionExpression", condition)));
            out.base(&flow.base)
        }
        FlowElement::DataObject(object) => Out::new("dataObject")
            .with("name", &object.name)
            .with("itemSubjectRef", &object.item)
            .with("isCollection", object.is_collection)
            .base(&object.base),
        FlowElement::DataObjectReference(reference) => {
            data_reference("dataObjectReference", "dataObjectRef", reference)
        }
        FlowElement::DataStoreReference(reference) => data_reference("dataStoreReference", "dataStoreRef", reference),
    }
}

fn data_reference(local: &str, attribute: &str, reference: &DataReference) -> Element {
    let mut out = Out::new(local)
        .with("name", &reference.name)
        .with("itemSubjectRef", &reference.item)
        .with(attribute, &reference.target);
    out.all(reference.state.iter().map(data_state));
    out.base(&reference.base)
}

fn expression(local: &str, expression: &Expression) -> Element {
    let mut out =
        Out::new(local).with("language", &expression.language).with("evaluatesToTypeRef", &expression.evaluates_to);
    if expression.formal {
        // The prefix is put in front when the prefixes are known.
        out.set(XSI, "type", &FORMAL.to_owned());
    }
    let mut element = out.base(&expression.base);
    if !expression.body.is_empty() {
        element.children.push(Content::Text(expression.body.clone()));
    }
    element
}

const FORMAL: &str = "tFormalExpression";

fn flow_node(node: &FlowNode) -> Element {
    let mut out = match &node.kind {
        NodeKind::StartEvent(event) => with_definitions("startEvent", &event.definitions)
            .with("isInterrupting", event.is_interrupting)
            .with("parallelMultiple", event.parallel_multiple),
        NodeKind::EndEvent(event) => with_definitions("endEvent", &event.definitions),
        NodeKind::CatchEvent(event) => with_definitions("intermediateCatchEvent", &event.definitions)
            .with("parallelMultiple", event.parallel_multiple),
        NodeKind::ThrowEvent(event) => with_definitions("intermediateThrowEvent", &event.definitions),
        NodeKind::BoundaryEvent(event) => with_definitions("boundaryEvent", &event.definitions)
            .with("attachedToRef", &event.attached_to)
            .with("cancelActivity", event.cancel_activity)
            .with("parallelMultiple", event.parallel_multiple),
        NodeKind::Task(activity, kind) => task(activity, kind),
        NodeKind::SubProcess(activity, sub) => {
            let local = match sub.kind {
                SubProcessKind::Embedded => "subProcess",
                SubProcessKind::Transaction => "transaction",
                SubProcessKind::AdHoc => "adHocSubProcess",
            };
            let mut out = with_activity(local, activity).with("triggeredByEvent", sub.triggered_by_event);
            content(&mut out, &sub.content);
            out
        }
        NodeKind::CallActivity(activity, called) => {
            with_activity("callActivity", activity).with("calledElement", called)
        }
        NodeKind::Gateway(gateway) => {
            let local = match gateway.kind {
                GatewayKind::Exclusive => "exclusiveGateway",
                GatewayKind::Parallel => "parallelGateway",
                GatewayKind::Inclusive => "inclusiveGateway",
                GatewayKind::EventBased => "eventBasedGateway",
                GatewayKind::Complex => "complexGateway",
            };
            Out::new(local)
                .with("gatewayDirection", &gateway.direction)
                .with("default", &gateway.default)
                .with("instantiate", gateway.instantiate)
                .with("eventGatewayType", &gateway.event_gateway_type)
        }
    };
    out.set("", "name", &node.name);
    node.incoming.iter().for_each(|flow| out.text_child("incoming", flow));
    node.outgoing.iter().for_each(|flow| out.text_child("outgoing", flow));
    data(&mut out, &node.data);
    let mut base = node.base.clone();
    meer(&mut out, &mut base, &node.meer);
    out.base(&base)
}

fn meer(out: &mut Out, base: &mut Base, meer: &Meer) {
    out.set(MEER, "command", &meer.command);
    out.set(MEER, "form", &meer.form);
    out.set(MEER, "unit", &meer.unit);
    out.set(MEER, "plan", &meer.plan);
    out.set(MEER, "due", &meer.due);
    out.set(MEER, "four-eyes", &meer.four_eyes);
    out.set(MEER, "medienbruch", &meer.medienbruch);
    out.set(MEER, "decision", &meer.decision);
    out.set(MEER, "key", &meer.key);
    for (local, mappings) in [("input", &meer.inputs), ("output", &meer.outputs)] {
        base.extensions
            .extend(mappings.iter().map(|m| Out::of(MEER, local).with("name", &m.name).with("value", &m.value).end()));
    }
}

fn with_definitions(local: &str, definitions: &[EventDefinition]) -> Out {
    let mut out = Out::new(local);
    out.all(definitions.iter().map(event_definition));
    out
}

fn with_activity(local: &str, activity: &Activity) -> Out {
    let mut out = Out::new(local)
        .with("isForCompensation", activity.is_for_compensation)
        .with("startQuantity", activity.start_quantity)
        .with("completionQuantity", activity.completion_quantity)
        .with("default", &activity.default);
    out.all(activity.loop_characteristics.iter().map(loop_characteristics));
    out
}

fn loop_characteristics(characteristics: &Loop) -> Element {
    match characteristics {
        Loop::Standard(standard) => {
            let mut out = Out::new("standardLoopCharacteristics")
                .with("testBefore", standard.test_before)
                .with("loopMaximum", &standard.maximum);
            out.all(standard.condition.iter().map(|condition| expression("loopCondition", condition)));
            out.base(&standard.base)
        }
        Loop::MultiInstance(multiple) => {
            let mut out = Out::new("multiInstanceLoopCharacteristics")
                .with("isSequential", multiple.is_sequential)
                .with("behavior", &multiple.behavior);
            out.set(MEER, "collection", &multiple.collection);
            out.set(MEER, "item", &multiple.item);
            out.set(MEER, "output", &multiple.output);
            out.set(MEER, "outputs", &multiple.outputs);
            out.all(multiple.cardinality.iter().map(|cardinality| expression("loopCardinality", cardinality)));
            out.all(multiple.completion.iter().map(|condition| expression("completionCondition", condition)));
            out.base(&multiple.base)
        }
    }
}

fn task(activity: &Activity, kind: &TaskKind) -> Out {
    match kind {
        TaskKind::Abstract => with_activity("task", activity),
        TaskKind::Manual => with_activity("manualTask", activity),
        TaskKind::User { implementation } => with_activity("userTask", activity).with("implementation", implementation),
        TaskKind::Service { implementation, operation } => with_activity("serviceTask", activity)
            .with("implementation", implementation)
            .with("operationRef", operation),
        TaskKind::BusinessRule { implementation } => {
            with_activity("businessRuleTask", activity).with("implementation", implementation)
        }
        TaskKind::Script { format, script } => {
            let mut out = with_activity("scriptTask", activity).with("scriptFormat", format);
            script.iter().for_each(|script| out.text_child("script", script));
            out
        }
        TaskKind::Send { implementation, operation, message } => with_activity("sendTask", activity)
            .with("implementation", implementation)
            .with("operationRef", operation)
            .with("messageRef", message),
        TaskKind::Receive { implementation, operation, message, instantiate } => with_activity("receiveTask", activity)
            .with("implementation", implementation)
            .with("operationRef", operation)
            .with("messageRef", message)
            .with("instantiate", *instantiate),
    }
}

fn event_definition(definition: &EventDefinition) -> Element {
    let out = match &definition.trigger {
        EventTrigger::Message { message, operation } => {
            let mut out = Out::new("messageEventDefinition").with("messageRef", message);
            operation.iter().for_each(|operation| out.text_child("operationRef", operation));
            out
        }
        EventTrigger::Timer(timer) => {
            let mut out = Out::new("timerEventDefinition");
            match timer {
                Timer::None => {}
                Timer::Date(time) => out.add(expression("timeDate", time)),
                Timer::Duration(time) => out.add(expression("timeDuration", time)),
                Timer::Cycle(time) => out.add(expression("timeCycle", time)),
            }
            out
        }
        EventTrigger::Error(error) => Out::new("errorEventDefinition").with("errorRef", error),
        EventTrigger::Escalation(escalation) => Out::new("escalationEventDefinition").with("escalationRef", escalation),
        EventTrigger::Signal(signal) => Out::new("signalEventDefinition").with("signalRef", signal),
        EventTrigger::Compensate { activity, wait_for_completion } => Out::new("compensateEventDefinition")
            .with("activityRef", activity)
            .with("waitForCompletion", *wait_for_completion),
        EventTrigger::Conditional(condition) => {
            let mut out = Out::new("conditionalEventDefinition");
            out.all(condition.iter().map(|condition| expression("condition", condition)));
            out
        }
        EventTrigger::Link { name, sources, target } => {
            let mut out = Out::new("linkEventDefinition").with("name", name);
            sources.iter().for_each(|source| out.text_child("source", source));
            target.iter().for_each(|target| out.text_child("target", target));
            out
        }
        EventTrigger::Cancel => Out::new("cancelEventDefinition"),
        EventTrigger::Terminate => Out::new("terminateEventDefinition"),
        EventTrigger::Reference(reference) => return text_element(BPMN, "eventDefinitionRef", reference),
    };
    out.base(&definition.base)
}

fn diagram(diagram: &Diagram) -> Element {
    let mut out = Out::of(BPMN_DI, "BPMNDiagram")
        .with("id", &diagram.id)
        .with("name", &diagram.name)
        .with("documentation", &diagram.documentation)
        .with("resolution", diagram.resolution)
        .attributes(&diagram.attributes);
    let plane = &diagram.plane;
    let mut plane_out = Out::of(BPMN_DI, "BPMNPlane")
        .with("id", &plane.id)
        .with("bpmnElement", &plane.element)
        .attributes(&plane.attributes);
    di_extensions(&mut plane_out, &plane.extensions);
    plane_out.all(plane.items.iter().map(|item| match item {
        PlaneItem::Shape(shape) => shape_element(shape),
        PlaneItem::Edge(edge) => edge_element(edge),
    }));
    out.add(plane_out.end());
    out.all(diagram.label_styles.iter().map(|style| {
        let mut out = Out::of(BPMN_DI, "BPMNLabelStyle").with("id", &style.id);
        let font = Out::of(DC, "Font")
            .with("name", &style.font.name)
            .with("size", style.font.size)
            .with("isBold", style.font.is_bold)
            .with("isItalic", style.font.is_italic)
            .with("isUnderline", style.font.is_underline)
            .with("isStrikeThrough", style.font.is_strike_through);
        out.add(font.end());
        out.end()
    }));
    out.end()
}

fn di_extensions(out: &mut Out, extensions: &[Element]) {
    if !extensions.is_empty() {
        let mut extension = Out::of(DI, "extension");
        extension.all(extensions.iter().cloned());
        out.add(extension.end());
    }
}

fn shape_element(shape: &Shape) -> Element {
    let mut out = Out::of(BPMN_DI, "BPMNShape")
        .with("id", &shape.id)
        .with("bpmnElement", &shape.element)
        .with("isHorizontal", shape.is_horizontal)
        .with("isExpanded", shape.is_expanded)
        .with("isMarkerVisible", shape.is_marker_visible)
        .with("isMessageVisible", shape.is_message_visible)
        .with("participantBandKind", &shape.participant_band_kind)
        .with("choreographyActivityShape", &shape.choreography_activity_shape)
        .attributes(&shape.attributes);
    di_extensions(&mut out, &shape.extensions);
    out.add(bounds(&shape.bounds));
    out.all(shape.label.iter().map(label));
    out.end()
}

fn edge_element(edge: &Edge) -> Element {
    let mut out = Out::of(BPMN_DI, "BPMNEdge")
        .with("id", &edge.id)
        .with("bpmnElement", &edge.element)
        .with("sourceElement", &edge.source)
        .with("targetElement", &edge.target)
        .with("messageVisibleKind", &edge.message_visible_kind)
        .attributes(&edge.attributes);
    di_extensions(&mut out, &edge.extensions);
    let waypoints = edge.waypoints.iter();
    out.all(waypoints.map(|point| Out::of(DI, "waypoint").with("x", point.x).with("y", point.y).end()));
    out.all(edge.label.iter().map(label));
    out.end()
}

fn label(label: &Label) -> Element {
    let mut out = Out::of(BPMN_DI, "BPMNLabel")
        .with("id", &label.id)
        .with("labelStyle", &label.style)
        .attributes(&label.attributes);
    di_extensions(&mut out, &label.extensions);
    out.all(label.bounds.iter().map(bounds));
    out.end()
}

fn bounds(bounds: &Bounds) -> Element {
    Out::of(DC, "Bounds")
        .with("x", bounds.x)
        .with("y", bounds.y)
        .with("width", bounds.width)
        .with("height", bounds.height)
        .end()
}

/// Prefixes and the text of elements.
struct Names {
    declared: Vec<(String, String)>,
}

impl Names {
    /// Declares a prefix for every namespace in use that has none.
    fn require(&mut self, tree: &Element) {
        let mut used = BTreeSet::from([BPMN]);
        collect(tree, &mut used);
        for namespace in used {
            if namespace.is_empty() || namespace == XML || self.prefix(namespace).is_some() {
                continue;
            }
            let usual = USUAL.iter().find(|(_, known)| *known == namespace).map_or("ns", |(prefix, _)| prefix);
            let candidates = std::iter::once(usual.to_owned()).chain((1..).map(|n: u32| format!("{usual}{n}")));
            let free = candidates.into_iter().find(|prefix| !self.declared.iter().any(|(known, _)| known == prefix));
            self.declared.extend(free.map(|prefix| (prefix, namespace.to_owned())));
        }
    }

    /// A prefix that is not empty, so that it serves attributes too.
    fn prefix(&self, namespace: &str) -> Option<&str> {
        if namespace == XML {
            return Some("xml");
        }
        self.declared.iter().find(|(prefix, uri)| uri == namespace && !prefix.is_empty()).map(|(p, _)| p.as_str())
    }

    fn name(&self, name: &QName) -> String {
        match self.prefix(&name.namespace) {
            Some(prefix) if !name.namespace.is_empty() => format!("{prefix}:{}", name.local),
            _ => name.local.clone(),
        }
    }

    fn write(&self, text: &mut String, element: &Element, depth: usize, is_root: bool) {
        let name = self.name(&element.name);
        let indent = "  ".repeat(depth);
        let _ = write!(text, "{indent}<{name}");
        if is_root {
            for (prefix, uri) in &self.declared {
                let colon = if prefix.is_empty() { "" } else { ":" };
                let _ = write!(text, " xmlns{colon}{prefix}=\"{}\"", escaped(uri, true));
            }
        } else if element.name.namespace.is_empty()
            && self.declared.iter().any(|(p, uri)| p.is_empty() && !uri.is_empty())
        {
            text.push_str(" xmlns=\"\"");
        }
        for attribute in &element.attributes {
            let is_formal = attribute.name.namespace == XSI && attribute.value == FORMAL;
            let prefix = self.prefix(BPMN).filter(|_| is_formal).map(|prefix| format!("{prefix}:")).unwrap_or_default();
            let _ = write!(text, " {}=\"{prefix}{}\"", self.name(&attribute.name), escaped(&attribute.value, true));
        }
        if element.children.is_empty() {
            text.push_str("/>\n");
            return;
        }
        text.push('>');
        // White space may be added only where there is no other text.
        let mixed = element.children.iter().any(|child| matches!(child, Content::Text(_)));
        if !mixed {
            text.push('\n');
        }
        for child in &element.children {
            match child {
                Content::Text(content) => text.push_str(&escaped(content, false)),
                Content::Element(child) if mixed => {
                    self.write(text, child, 0, false);
                    text.truncate(text.trim_end_matches('\n').len());
                }
                Content::Element(child) => self.write(text, child, depth + 1, false),
            }
        }
        let indent = if mixed { "" } else { &indent };
        let _ = writeln!(text, "{indent}</{name}>");
    }
}

fn collect<'e>(element: &'e Element, used: &mut BTreeSet<&'e str>) {
    used.insert(&element.name.namespace);
    used.extend(element.attributes.iter().map(|attribute| attribute.name.namespace.as_str()));
    for child in &element.children {
        if let Content::Element(child) = child {
            collect(child, used);
        }
    }
}

fn escaped(text: &str, in_attribute: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if in_attribute => out.push_str("&quot;"),
            // What a parser would normalise: carriage returns everywhere, all white space but blanks in attributes.
            '\r' => out.push_str("&#13;"),
            '\n' if in_attribute => out.push_str("&#10;"),
            '\t' if in_attribute => out.push_str("&#9;"),
            c => out.push(c),
        }
    }
    out
}
