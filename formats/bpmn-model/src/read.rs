//! XML to typed model.

use std::collections::HashSet;

use roxmltree::{Node, ParsingOptions};

use crate::model::*;
use crate::{ModelError, Position, Rule, limits};

type XmlNode<'x> = Node<'x, 'x>;

/// Errors reported for one file; more help nobody.
const MAX_ERRORS: usize = 100;

/// Reads a file.
///
/// # Errors
/// Text that is not BPMN 2.0, is too large, or has missing or unreadable attributes.
pub fn read(text: &str) -> Result<Definitions, Vec<ModelError>> {
    limits::check(text).map_err(|error| vec![error])?;
    let document = roxmltree::Document::parse_with_options(text, ParsingOptions::default()).map_err(|error| {
        let at = Position { line: error.pos().row, column: error.pos().col };
        vec![ModelError::new(at, "", Rule::Xml, format!("Die Datei ist kein lesbares XML ({error})."))]
    })?;
    let mut reader = Reader { positions: limits::positions(&document), errors: Vec::new() };
    let root = document.root_element();
    if !is(root, BPMN, "definitions") {
        let error = reader.error(root, Rule::Xml, "Die Datei ist kein BPMN 2.0 (erwartet: definitions).".to_owned());
        return Err(vec![error]);
    }
    reader.unique_ids(root);
    let definitions = reader.definitions(root);
    if reader.errors.is_empty() {
        Ok(definitions)
    } else {
        reader.errors.truncate(MAX_ERRORS);
        Err(reader.errors)
    }
}

fn is(node: XmlNode, namespace: &str, local: &str) -> bool {
    node.tag_name().name() == local && node.tag_name().namespace() == Some(namespace)
}

fn text_of(node: XmlNode) -> String {
    node.children().filter_map(|child| child.text().filter(|_| child.is_text())).collect()
}

/// An element while it is read: what has been taken into fields is gone from here.
struct Open<'x> {
    node: XmlNode<'x>,
    attributes: Vec<roxmltree::Attribute<'x, 'x>>,
    children: Vec<XmlNode<'x>>,
}

impl<'x> Open<'x> {
    fn new(node: XmlNode<'x>) -> Self {
        Self {
            node,
            attributes: node.attributes().collect(),
            children: node.children().filter(Node::is_element).collect(),
        }
    }

    fn take(&mut self, namespace: Option<&str>, name: &str) -> Option<String> {
        let at = self.attributes.iter().position(|a| a.name() == name && a.namespace() == namespace)?;
        Some(self.attributes.remove(at).value().to_owned())
    }

    fn text(&mut self, name: &str) -> Option<String> {
        self.take(None, name)
    }

    fn meer(&mut self, name: &str) -> Option<String> {
        self.take(Some(MEER), name)
    }

    /// Takes the BPMN children of this name.
    fn all(&mut self, name: &str) -> Vec<XmlNode<'x>> {
        self.all_of(BPMN, |local| local == name)
    }

    fn all_of(&mut self, namespace: &str, wanted: impl Fn(&str) -> bool) -> Vec<XmlNode<'x>> {
        let (taken, left) = std::mem::take(&mut self.children)
            .into_iter()
            .partition(|c| c.tag_name().namespace() == Some(namespace) && wanted(c.tag_name().name()));
        self.children = left;
        taken
    }

    /// Takes the first BPMN child of this name; a second one stays.
    fn one(&mut self, name: &str) -> Option<XmlNode<'x>> {
        self.one_of(BPMN, name)
    }

    fn one_of(&mut self, namespace: &str, name: &str) -> Option<XmlNode<'x>> {
        let at = self.children.iter().position(|&child| is(child, namespace, name))?;
        Some(self.children.remove(at))
    }

    fn one_text(&mut self, name: &str) -> Option<String> {
        self.one(name).map(|child| text_of(child).trim().to_owned())
    }

    fn texts(&mut self, name: &str) -> Vec<String> {
        self.all(name).into_iter().map(|child| text_of(child).trim().to_owned()).collect()
    }
}

struct Reader {
    positions: Vec<Position>,
    errors: Vec<ModelError>,
}

impl Reader {
    fn at(&self, node: XmlNode) -> Position {
        self.positions.get(node.id().get_usize()).copied().unwrap_or_default()
    }

    fn error(&self, node: XmlNode, rule: Rule, message: String) -> ModelError {
        let element = node.attribute("id").unwrap_or(node.tag_name().name());
        ModelError::new(self.at(node), element, rule, message).named(node.attribute("name"))
    }

    fn report(&mut self, node: XmlNode, rule: Rule, message: String) {
        if self.errors.len() <= MAX_ERRORS {
            let error = self.error(node, rule, message);
            self.errors.push(error);
        }
    }

    /// Ids are unique in the file; extension elements of others keep their own counts.
    fn unique_ids(&mut self, root: XmlNode) {
        let mut seen = HashSet::new();
        let ours = |node: &XmlNode| matches!(node.tag_name().namespace(), Some(BPMN | BPMN_DI));
        for node in root.descendants().filter(ours) {
            if let Some(id) = node.attribute("id").filter(|id| !seen.insert(*id)) {
                self.report(node, Rule::DuplicateId, format!("Die id „{id}“ ist schon vergeben."));
            }
        }
    }

    fn required(&mut self, open: &mut Open, name: &str) -> String {
        open.text(name).unwrap_or_else(|| {
            let tag = open.node.tag_name().name();
            self.report(open.node, Rule::Missing, format!("{tag} braucht das Attribut {name}."));
            String::new()
        })
    }

    fn parsed<T>(&mut self, open: &mut Open, name: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = open.text(name)?;
        let value = parse(text.trim());
        if value.is_none() {
            self.report(open.node, Rule::Value, format!("{name}=\"{text}\" ist kein gültiger Wert."));
        }
        value
    }

    fn flag(&mut self, open: &mut Open, name: &str) -> Option<bool> {
        self.parsed(open, name, parse_bool)
    }

    fn integer(&mut self, open: &mut Open, name: &str) -> Option<i64> {
        self.parsed(open, name, |text| text.parse().ok())
    }

    fn number(&mut self, open: &mut Open, name: &str) -> Option<f64> {
        self.parsed(open, name, |text| text.parse().ok().filter(|n: &f64| n.is_finite()))
    }

    /// Closes an element: everything not taken yet goes into its base.
    fn base(&mut self, mut open: Open) -> Base {
        let documentation = open
            .all("documentation")
            .into_iter()
            .map(|node| Documentation {
                id: node.attribute("id").map(str::to_owned),
                text_format: node.attribute("textFormat").map(str::to_owned),
                text: text_of(node),
            })
            .collect();
        let extensions = open.all("extensionElements").into_iter().flat_map(|node| self.elements(node)).collect();
        Base {
            id: open.text("id").unwrap_or_default(),
            documentation,
            extensions,
            attributes: foreign(&open.attributes),
            rest: open.children.iter().map(|&node| self.element(node)).collect(),
            at: self.at(open.node),
        }
    }

    fn elements(&self, parent: XmlNode) -> Vec<Element> {
        parent.children().filter(Node::is_element).map(|node| self.element(node)).collect()
    }

    fn element(&self, node: XmlNode) -> Element {
        let has_elements = node.children().any(|child| child.is_element());
        let children = node
            .children()
            .filter_map(|child| {
                if child.is_element() {
                    return Some(Content::Element(self.element(child)));
                }
                let text = child.text().filter(|_| child.is_text())?;
                (!has_elements || !text.trim().is_empty()).then(|| Content::Text(text.to_owned()))
            })
            .collect();
        Element {
            name: qname(node.tag_name().namespace(), node.tag_name().name()),
            attributes: foreign(&node.attributes().collect::<Vec<_>>()),
            children,
            at: self.at(node),
        }
    }

    fn expression(&mut self, node: XmlNode) -> Expression {
        let mut open = Open::new(node);
        let formal = open.take(Some(XSI), "type").is_some_and(|name| name.ends_with("tFormalExpression"));
        Expression {
            formal,
            language: open.text("language"),
            evaluates_to: open.text("evaluatesToTypeRef"),
            body: text_of(node),
            base: self.base(open),
        }
    }

    fn definitions(&mut self, node: XmlNode) -> Definitions {
        let mut open = Open::new(node);
        let mut definitions = Definitions {
            name: open.text("name"),
            target_namespace: self.required(&mut open, "targetNamespace"),
            expression_language: open.text("expressionLanguage"),
            type_language: open.text("typeLanguage"),
            exporter: open.text("exporter"),
            exporter_version: open.text("exporterVersion"),
            namespaces: namespaces(node),
            ..Definitions::default()
        };
        for node in open.all("import") {
            let mut open = Open::new(node);
            definitions.imports.push(Import {
                namespace: self.required(&mut open, "namespace"),
                location: self.required(&mut open, "location"),
                import_type: self.required(&mut open, "importType"),
            });
        }
        definitions.relationships = open.all("relationship").into_iter().map(|node| self.element(node)).collect();
        definitions.diagrams =
            open.all_of(BPMN_DI, |local| local == "BPMNDiagram").into_iter().map(|node| self.diagram(node)).collect();
        let is_root = |local: &str| !matches!(local, "documentation" | "extensionElements" | "extension");
        for node in open.all_of(BPMN, is_root) {
            let root = self.root(node);
            definitions.roots.push(root);
        }
        definitions.base = self.base(open);
        definitions
    }

    fn root(&mut self, node: XmlNode) -> Root {
        let mut open = Open::new(node);
        match node.tag_name().name() {
            "process" => Root::Process(Box::new(self.process(open))),
            "globalTask" => self.global_task(open, GlobalTaskKind::Abstract),
            "globalUserTask" => self.global_task(open, GlobalTaskKind::User),
            "globalManualTask" => self.global_task(open, GlobalTaskKind::Manual),
            "globalBusinessRuleTask" => self.global_task(open, GlobalTaskKind::BusinessRule),
            "collaboration" => Root::Collaboration(self.collaboration(open)),
            "message" => {
                Root::Message(Message { name: open.text("name"), item: open.text("itemRef"), base: self.base(open) })
            }
            "signal" => Root::Signal(Signal {
                name: open.text("name"),
                structure: open.text("structureRef"),
                base: self.base(open),
            }),
            "error" => Root::Error(ErrorDefinition {
                name: open.text("name"),
                code: open.text("errorCode"),
                structure: open.text("structureRef"),
                base: self.base(open),
            }),
            "escalation" => Root::Escalation(Escalation {
                name: open.text("name"),
                code: open.text("escalationCode"),
                structure: open.text("structureRef"),
                base: self.base(open),
            }),
            "itemDefinition" => Root::ItemDefinition(ItemDefinition {
                structure: open.text("structureRef"),
                is_collection: self.flag(&mut open, "isCollection"),
                item_kind: open.text("itemKind"),
                base: self.base(open),
            }),
            "dataStore" => Root::DataStore(DataStore {
                name: open.text("name"),
                capacity: self.integer(&mut open, "capacity"),
                is_unlimited: self.flag(&mut open, "isUnlimited"),
                item: open.text("itemSubjectRef"),
                base: self.base(open),
            }),
            "category" => {
                let mut values = Vec::new();
                for node in open.all("categoryValue") {
                    let mut open = Open::new(node);
                    values.push(CategoryValue { value: open.text("value"), base: self.base(open) });
                }
                Root::Category(Category { name: open.text("name"), values, base: self.base(open) })
            }
            "resource" => Root::Resource(Resource { name: open.text("name"), base: self.base(open) }),
            "interface" => {
                let mut operations = Vec::new();
                for node in open.all("operation") {
                    let mut open = Open::new(node);
                    operations.push(Operation {
                        name: open.text("name"),
                        implementation: open.text("implementationRef"),
                        in_message: open.one_text("inMessageRef"),
                        out_message: open.one_text("outMessageRef"),
                        errors: open.texts("errorRef"),
                        base: self.base(open),
                    });
                }
                Root::Interface(Interface {
                    name: open.text("name"),
                    implementation: open.text("implementationRef"),
                    operations,
                    base: self.base(open),
                })
            }
            _ => Root::Other(self.element(node)),
        }
    }

    fn global_task(&mut self, mut open: Open, kind: GlobalTaskKind) -> Root {
        Root::GlobalTask(Box::new(GlobalTask {
            kind,
            name: open.text("name"),
            implementation: open.text("implementation"),
            data: self.data(&mut open),
            base: self.base(open),
        }))
    }

    fn data(&mut self, open: &mut Open) -> Data {
        Data {
            specification: open.one("ioSpecification").map(|node| {
                let mut open = Open::new(node);
                IoSpecification { io: self.io_sets(&mut open), base: self.base(open) }
            }),
            properties: self.each(open, "property", Self::data_item),
            io: self.io_sets(open),
            input_associations: self.each(open, "dataInputAssociation", Self::data_association),
            output_associations: self.each(open, "dataOutputAssociation", Self::data_association),
            roles: open
                .all_of(BPMN, |local| role_kind(local).is_some())
                .into_iter()
                .map(|node| self.role(node))
                .collect(),
        }
    }

    fn each<T>(&mut self, open: &mut Open, name: &str, read: impl Fn(&mut Self, XmlNode) -> T) -> Vec<T> {
        open.all(name).into_iter().map(|node| read(self, node)).collect()
    }

    fn io_sets(&mut self, open: &mut Open) -> IoSets {
        IoSets {
            inputs: self.each(open, "dataInput", Self::data_item),
            outputs: self.each(open, "dataOutput", Self::data_item),
            input_sets: self.each(open, "inputSet", |reader, node| reader.data_set(node, "Input", "outputSetRefs")),
            output_sets: self.each(open, "outputSet", |reader, node| reader.data_set(node, "Output", "inputSetRefs")),
        }
    }

    fn data_item(&mut self, node: XmlNode) -> DataItem {
        let mut open = Open::new(node);
        DataItem {
            name: open.text("name"),
            item: open.text("itemSubjectRef"),
            is_collection: self.flag(&mut open, "isCollection"),
            state: self.data_state(&mut open),
            base: self.base(open),
        }
    }

    fn data_state(&mut self, open: &mut Open) -> Option<DataState> {
        open.one("dataState").map(|node| {
            let mut open = Open::new(node);
            DataState { name: open.text("name"), base: self.base(open) }
        })
    }

    fn data_set(&mut self, node: XmlNode, side: &str, counterparts: &str) -> DataSet {
        let mut open = Open::new(node);
        DataSet {
            name: open.text("name"),
            items: open.texts(&format!("data{side}Refs")),
            optional: open.texts(&format!("optional{side}Refs")),
            while_executing: open.texts(&format!("whileExecuting{side}Refs")),
            counterparts: open.texts(counterparts),
            base: self.base(open),
        }
    }

    fn data_association(&mut self, node: XmlNode) -> DataAssociation {
        let mut open = Open::new(node);
        let assignments = self.each(&mut open, "assignment", |reader, node| {
            let mut open = Open::new(node);
            Assignment {
                from: open.one("from").map(|node| reader.expression(node)).unwrap_or_default(),
                to: open.one("to").map(|node| reader.expression(node)).unwrap_or_default(),
                base: reader.base(open),
            }
        });
        DataAssociation {
            sources: open.texts("sourceRef"),
            target: open.one_text("targetRef"),
            transformation: open.one("transformation").map(|node| self.expression(node)),
            assignments,
            base: self.base(open),
        }
    }

    fn role(&mut self, node: XmlNode) -> ResourceRole {
        let mut open = Open::new(node);
        let assignment = open.one("resourceAssignmentExpression").map(|node| {
            let mut open = Open::new(node);
            // The schema wants one expression, formal or plain; which of the two is in the element's name.
            let formal = open.one("formalExpression");
            let node = formal.or_else(|| open.one("expression"));
            let mut expression = node.map(|node| self.expression(node)).unwrap_or_default();
            expression.formal = formal.is_some();
            ResourceAssignment { expression, base: self.base(open) }
        });
        ResourceRole {
            kind: role_kind(node.tag_name().name()).unwrap_or_default(),
            name: open.text("name"),
            resource: open.one_text("resourceRef"),
            assignment,
            base: self.base(open),
        }
    }

    fn collaboration(&mut self, mut open: Open) -> Collaboration {
        let mut collaboration = Collaboration {
            name: open.text("name"),
            is_closed: self.flag(&mut open, "isClosed"),
            ..Collaboration::default()
        };
        for node in open.all("participant") {
            let mut open = Open::new(node);
            collaboration.participants.push(Participant {
                name: open.text("name"),
                process: open.text("processRef"),
                base: self.base(open),
            });
        }
        for node in open.all("messageFlow") {
            let mut open = Open::new(node);
            collaboration.message_flows.push(MessageFlow {
                name: open.text("name"),
                source: self.required(&mut open, "sourceRef"),
                target: self.required(&mut open, "targetRef"),
                message: open.text("messageRef"),
                base: self.base(open),
            });
        }
        collaboration.artifacts = self.artifacts(&mut open);
        collaboration.base = self.base(open);
        collaboration
    }

    fn process(&mut self, mut open: Open) -> Process {
        Process {
            name: open.text("name"),
            process_type: open.text("processType"),
            is_closed: self.flag(&mut open, "isClosed"),
            is_executable: self.flag(&mut open, "isExecutable"),
            definitional_collaboration: open.text("definitionalCollaborationRef"),
            data: self.data(&mut open),
            content: self.content(&mut open),
            register: Register {
                trigger: open.meer("trigger"),
                result: open.meer("result"),
                legal_basis: open.meer("legal-basis"),
                leika: open.meer("leika"),
                owner: open.meer("owner"),
            },
            base: self.base_with_id(open),
        }
    }

    fn base_with_id(&mut self, open: Open) -> Base {
        let node = open.node;
        let base = self.base(open);
        if base.id.is_empty() {
            self.report(node, Rule::Missing, format!("{} braucht das Attribut id.", node.tag_name().name()));
        }
        base
    }

    fn content(&mut self, open: &mut Open) -> FlowContent {
        let lane_sets = open.all("laneSet").into_iter().map(|node| self.lane_set(node)).collect();
        let artifacts = self.artifacts(open);
        let elements = open.all_of(BPMN, is_flow_element).into_iter().map(|node| self.flow_element(node)).collect();
        FlowContent { lane_sets, elements, artifacts }
    }

    fn lane_set(&mut self, node: XmlNode) -> LaneSet {
        let mut open = Open::new(node);
        let mut lanes = Vec::new();
        for node in open.all("lane") {
            let mut open = Open::new(node);
            lanes.push(Lane {
                name: open.text("name"),
                partition_element: open.text("partitionElementRef"),
                nodes: open.texts("flowNodeRef"),
                child: open.one("childLaneSet").map(|node| self.lane_set(node)),
                base: self.base(open),
            });
        }
        LaneSet { name: open.text("name"), lanes, base: self.base(open) }
    }

    fn artifacts(&mut self, open: &mut Open) -> Vec<Artifact> {
        let nodes = open.all_of(BPMN, |local| matches!(local, "association" | "group" | "textAnnotation"));
        let mut artifacts = Vec::new();
        for node in nodes {
            let mut open = Open::new(node);
            artifacts.push(match node.tag_name().name() {
                "association" => Artifact::Association(Association {
                    source: self.required(&mut open, "sourceRef"),
                    target: self.required(&mut open, "targetRef"),
                    direction: open.text("associationDirection"),
                    base: self.base(open),
                }),
                "group" => {
                    Artifact::Group(Group { category_value: open.text("categoryValueRef"), base: self.base(open) })
                }
                _ => Artifact::TextAnnotation(TextAnnotation {
                    text: open.one("text").map(text_of),
                    text_format: open.text("textFormat"),
                    base: self.base(open),
                }),
            });
        }
        artifacts
    }

    fn flow_element(&mut self, node: XmlNode) -> FlowElement {
        let mut open = Open::new(node);
        match node.tag_name().name() {
            "sequenceFlow" => FlowElement::Flow(Box::new(SequenceFlow {
                name: open.text("name"),
                source: self.required(&mut open, "sourceRef"),
                target: self.required(&mut open, "targetRef"),
                condition: open.one("conditionExpression").map(|node| self.expression(node)),
                is_immediate: self.flag(&mut open, "isImmediate"),
                base: self.base_with_id(open),
            })),
            "dataObject" => FlowElement::DataObject(DataObject {
                name: open.text("name"),
                item: open.text("itemSubjectRef"),
                is_collection: self.flag(&mut open, "isCollection"),
                base: self.base(open),
            }),
            "dataObjectReference" => {
                let target = open.text("dataObjectRef");
                FlowElement::DataObjectReference(self.data_reference(open, target))
            }
            "dataStoreReference" => {
                let target = open.text("dataStoreRef");
                FlowElement::DataStoreReference(self.data_reference(open, target))
            }
            _ => FlowElement::Node(Box::new(self.flow_node(open))),
        }
    }

    fn data_reference(&mut self, mut open: Open, target: Option<String>) -> DataReference {
        DataReference {
            name: open.text("name"),
            item: open.text("itemSubjectRef"),
            target,
            state: self.data_state(&mut open),
            base: self.base(open),
        }
    }

    fn flow_node(&mut self, mut open: Open) -> FlowNode {
        let name = open.text("name");
        let (incoming, outgoing) = (open.texts("incoming"), open.texts("outgoing"));
        let kind = self.node_kind(&mut open);
        let data = self.data(&mut open);
        let mut meer = Meer {
            command: open.meer("command"),
            form: open.meer("form"),
            unit: open.meer("unit"),
            plan: open.meer("plan"),
            due: open.meer("due"),
            four_eyes: open.meer("four-eyes"),
            decision: open.meer("decision"),
            key: open.meer("key"),
            ..Meer::default()
        };
        if let Some(text) = open.meer("medienbruch") {
            if parse_bool(&text).is_none() && feel_of(&text).is_none() {
                let message =
                    format!("meer:medienbruch=\"{text}\" ist weder true noch false noch ein Ausdruck nach „=“.");
                self.report(open.node, Rule::Value, message);
            }
            meer.medienbruch = Some(text);
        }
        let mut base = self.base_with_id(open);
        let (own, extensions) = std::mem::take(&mut base.extensions).into_iter().partition(is_mapping);
        base.extensions = extensions;
        for element in own {
            self.mapping(&element, &base.id, &mut meer);
        }
        FlowNode { base, name, incoming, outgoing, kind, data, meer }
    }

    fn mapping(&mut self, element: &Element, id: &str, meer: &mut Meer) {
        let mut fields = element.attributes.iter().filter(|a| a.name.namespace.is_empty());
        let value_of = |wanted: &str| {
            let mut fields = fields.clone();
            fields.find(|a| a.name.local == wanted).map(|a| a.value.clone())
        };
        let (name, value) = (value_of("name"), value_of("value"));
        let others = fields.any(|a| !matches!(a.name.local.as_str(), "name" | "value"));
        let tag = &element.name.local;
        match (name, value) {
            (Some(name), Some(value)) if !others && !name.is_empty() => {
                let mappings = if tag == "input" { &mut meer.inputs } else { &mut meer.outputs };
                mappings.push(Mapping { name, value });
            }
            _ => {
                let message = format!("meer:{tag} braucht genau die Attribute name und value.");
                self.errors.push(ModelError::new(element.at, id, Rule::Missing, message));
            }
        }
    }

    fn node_kind(&mut self, open: &mut Open) -> NodeKind {
        match open.node.tag_name().name() {
            "startEvent" => NodeKind::StartEvent(StartEvent {
                is_interrupting: self.flag(open, "isInterrupting"),
                parallel_multiple: self.flag(open, "parallelMultiple"),
                definitions: self.event_definitions(open),
            }),
            "endEvent" => NodeKind::EndEvent(EndEvent { definitions: self.event_definitions(open) }),
            "intermediateCatchEvent" => NodeKind::CatchEvent(CatchEvent {
                parallel_multiple: self.flag(open, "parallelMultiple"),
                definitions: self.event_definitions(open),
            }),
            "intermediateThrowEvent" => NodeKind::ThrowEvent(ThrowEvent { definitions: self.event_definitions(open) }),
            "boundaryEvent" => NodeKind::BoundaryEvent(BoundaryEvent {
                attached_to: self.required(open, "attachedToRef"),
                cancel_activity: self.flag(open, "cancelActivity"),
                parallel_multiple: self.flag(open, "parallelMultiple"),
                definitions: self.event_definitions(open),
            }),
            "subProcess" => self.sub_process(open, SubProcessKind::Embedded),
            "transaction" => self.sub_process(open, SubProcessKind::Transaction),
            "adHocSubProcess" => self.sub_process(open, SubProcessKind::AdHoc),
            "callActivity" => {
                let called = open.text("calledElement");
                NodeKind::CallActivity(self.activity(open), called)
            }
            "exclusiveGateway" => self.gateway(open, GatewayKind::Exclusive),
            "parallelGateway" => self.gateway(open, GatewayKind::Parallel),
            "inclusiveGateway" => self.gateway(open, GatewayKind::Inclusive),
            "eventBasedGateway" => self.gateway(open, GatewayKind::EventBased),
            "complexGateway" => self.gateway(open, GatewayKind::Complex),
            task => {
                let implementation = open.text("implementation");
                let operation = open.text("operationRef");
                let kind = match task {
                    "userTask" => TaskKind::User { implementation },
                    "serviceTask" => TaskKind::Service { implementation, operation },
                    "businessRuleTask" => TaskKind::BusinessRule { implementation },
                    "scriptTask" => {
                        TaskKind::Script { format: open.text("scriptFormat"), script: open.one("script").map(text_of) }
                    }
                    "sendTask" => TaskKind::Send { implementation, operation, message: open.text("messageRef") },
                    "receiveTask" => TaskKind::Receive {
                        implementation,
                        operation,
                        message: open.text("messageRef"),
                        instantiate: self.flag(open, "instantiate"),
                    },
                    "manualTask" => TaskKind::Manual,
                    _ => TaskKind::Abstract,
                };
                NodeKind::Task(self.activity(open), kind)
            }
        }
    }

    fn sub_process(&mut self, open: &mut Open, kind: SubProcessKind) -> NodeKind {
        let activity = self.activity(open);
        let triggered_by_event = self.flag(open, "triggeredByEvent");
        NodeKind::SubProcess(activity, SubProcess { kind, triggered_by_event, content: self.content(open) })
    }

    fn activity(&mut self, open: &mut Open) -> Activity {
        let single = open.one("standardLoopCharacteristics").map(|node| {
            let mut open = Open::new(node);
            Loop::Standard(Box::new(StandardLoop {
                test_before: self.flag(&mut open, "testBefore"),
                maximum: open.text("loopMaximum"),
                condition: open.one("loopCondition").map(|node| self.expression(node)),
                base: self.base(open),
            }))
        });
        let multiple = open.one("multiInstanceLoopCharacteristics").map(|node| {
            let mut open = Open::new(node);
            Loop::MultiInstance(Box::new(MultiInstance {
                is_sequential: self.flag(&mut open, "isSequential"),
                behavior: open.text("behavior"),
                cardinality: open.one("loopCardinality").map(|node| self.expression(node)),
                completion: open.one("completionCondition").map(|node| self.expression(node)),
                collection: open.meer("collection"),
                item: open.meer("item"),
                output: open.meer("output"),
                outputs: open.meer("outputs"),
                base: self.base(open),
            }))
        });
        Activity {
            is_for_compensation: self.flag(open, "isForCompensation"),
            start_quantity: self.integer(open, "startQuantity"),
            completion_quantity: self.integer(open, "completionQuantity"),
            default: open.text("default"),
            loop_characteristics: single.or(multiple),
        }
    }

    fn gateway(&mut self, open: &mut Open, kind: GatewayKind) -> NodeKind {
        NodeKind::Gateway(Gateway {
            kind,
            direction: open.text("gatewayDirection"),
            default: open.text("default"),
            instantiate: self.flag(open, "instantiate"),
            event_gateway_type: open.text("eventGatewayType"),
        })
    }

    fn event_definitions(&mut self, open: &mut Open) -> Vec<EventDefinition> {
        let nodes = open.all_of(BPMN, |local| local.ends_with("EventDefinition") || local == "eventDefinitionRef");
        nodes.into_iter().map(|node| self.event_definition(node)).collect()
    }

    fn event_definition(&mut self, node: XmlNode) -> EventDefinition {
        let mut open = Open::new(node);
        let trigger = match node.tag_name().name() {
            "messageEventDefinition" => {
                EventTrigger::Message { message: open.text("messageRef"), operation: open.one_text("operationRef") }
            }
            "timerEventDefinition" => {
                if let Some(node) = open.one("timeDate") {
                    EventTrigger::Timer(Timer::Date(self.expression(node)))
                } else if let Some(node) = open.one("timeDuration") {
                    EventTrigger::Timer(Timer::Duration(self.expression(node)))
                } else if let Some(node) = open.one("timeCycle") {
                    EventTrigger::Timer(Timer::Cycle(self.expression(node)))
                } else {
                    EventTrigger::Timer(Timer::None)
                }
            }
            "errorEventDefinition" => EventTrigger::Error(open.text("errorRef")),
            "escalationEventDefinition" => EventTrigger::Escalation(open.text("escalationRef")),
            "signalEventDefinition" => EventTrigger::Signal(open.text("signalRef")),
            "compensateEventDefinition" => EventTrigger::Compensate {
                activity: open.text("activityRef"),
                wait_for_completion: self.flag(&mut open, "waitForCompletion"),
            },
            "conditionalEventDefinition" => {
                EventTrigger::Conditional(open.one("condition").map(|node| self.expression(node)))
            }
            "linkEventDefinition" => EventTrigger::Link {
                name: open.text("name"),
                sources: open.texts("source"),
                target: open.one_text("target"),
            },
            "cancelEventDefinition" => EventTrigger::Cancel,
            "terminateEventDefinition" => EventTrigger::Terminate,
            "eventDefinitionRef" => EventTrigger::Reference(text_of(node).trim().to_owned()),
            other => {
                let message = format!("{other} ist keine Ereignisart von BPMN 2.0.");
                self.report(node, Rule::Value, message);
                EventTrigger::Terminate
            }
        };
        EventDefinition { base: self.base(open), trigger }
    }

    fn diagram(&mut self, node: XmlNode) -> Diagram {
        let mut open = Open::new(node);
        let plane = open.one_of(BPMN_DI, "BPMNPlane").map(|node| self.plane(node)).unwrap_or_default();
        let mut label_styles = Vec::new();
        for node in open.all_of(BPMN_DI, |local| local == "BPMNLabelStyle") {
            let mut open = Open::new(node);
            let font = open.one_of(DC, "Font").map(|node| self.font(node)).unwrap_or_default();
            label_styles.push(LabelStyle { id: open.text("id"), font });
        }
        Diagram {
            id: open.text("id"),
            name: open.text("name"),
            documentation: open.text("documentation"),
            resolution: self.number(&mut open, "resolution"),
            plane,
            label_styles,
            attributes: foreign(&open.attributes),
        }
    }

    fn font(&mut self, node: XmlNode) -> Font {
        let mut open = Open::new(node);
        Font {
            name: open.text("name"),
            size: self.number(&mut open, "size"),
            is_bold: self.flag(&mut open, "isBold"),
            is_italic: self.flag(&mut open, "isItalic"),
            is_underline: self.flag(&mut open, "isUnderline"),
            is_strike_through: self.flag(&mut open, "isStrikeThrough"),
        }
    }

    fn plane(&mut self, node: XmlNode) -> Plane {
        let mut open = Open::new(node);
        let mut items = Vec::new();
        for node in open.all_of(BPMN_DI, |local| matches!(local, "BPMNShape" | "BPMNEdge")) {
            items.push(if node.tag_name().name() == "BPMNShape" {
                PlaneItem::Shape(self.shape(node))
            } else {
                PlaneItem::Edge(self.edge(node))
            });
        }
        Plane {
            id: open.text("id"),
            element: open.text("bpmnElement"),
            items,
            extensions: self.di_extensions(&mut open),
            attributes: foreign(&open.attributes),
        }
    }

    fn di_extensions(&mut self, open: &mut Open) -> Vec<Element> {
        open.one_of(DI, "extension").map(|node| self.elements(node)).unwrap_or_default()
    }

    fn shape(&mut self, node: XmlNode) -> Shape {
        let mut open = Open::new(node);
        let bounds = open.one_of(DC, "Bounds").map(|node| self.bounds(node));
        if bounds.is_none() {
            self.report(node, Rule::Missing, "BPMNShape braucht Bounds.".to_owned());
        }
        Shape {
            id: open.text("id"),
            element: open.text("bpmnElement"),
            bounds: bounds.unwrap_or_default(),
            is_horizontal: self.flag(&mut open, "isHorizontal"),
            is_expanded: self.flag(&mut open, "isExpanded"),
            is_marker_visible: self.flag(&mut open, "isMarkerVisible"),
            is_message_visible: self.flag(&mut open, "isMessageVisible"),
            participant_band_kind: open.text("participantBandKind"),
            choreography_activity_shape: open.text("choreographyActivityShape"),
            label: open.one_of(BPMN_DI, "BPMNLabel").map(|node| self.label(node)),
            extensions: self.di_extensions(&mut open),
            attributes: foreign(&open.attributes),
        }
    }

    fn edge(&mut self, node: XmlNode) -> Edge {
        let mut open = Open::new(node);
        let mut waypoints = Vec::new();
        for node in open.all_of(DI, |local| local == "waypoint") {
            let mut open = Open::new(node);
            waypoints.push(Point { x: self.coordinate(&mut open, "x"), y: self.coordinate(&mut open, "y") });
        }
        Edge {
            id: open.text("id"),
            element: open.text("bpmnElement"),
            source: open.text("sourceElement"),
            target: open.text("targetElement"),
            message_visible_kind: open.text("messageVisibleKind"),
            waypoints,
            label: open.one_of(BPMN_DI, "BPMNLabel").map(|node| self.label(node)),
            extensions: self.di_extensions(&mut open),
            attributes: foreign(&open.attributes),
        }
    }

    fn label(&mut self, node: XmlNode) -> Label {
        let mut open = Open::new(node);
        Label {
            id: open.text("id"),
            style: open.text("labelStyle"),
            bounds: open.one_of(DC, "Bounds").map(|node| self.bounds(node)),
            extensions: self.di_extensions(&mut open),
            attributes: foreign(&open.attributes),
        }
    }

    fn bounds(&mut self, node: XmlNode) -> Bounds {
        let mut open = Open::new(node);
        Bounds {
            x: self.coordinate(&mut open, "x"),
            y: self.coordinate(&mut open, "y"),
            width: self.coordinate(&mut open, "width"),
            height: self.coordinate(&mut open, "height"),
        }
    }

    fn coordinate(&mut self, open: &mut Open, name: &str) -> f64 {
        if !open.attributes.iter().any(|a| a.name() == name) {
            self.report(open.node, Rule::Missing, format!("{} braucht {name}.", open.node.tag_name().name()));
        }
        self.number(open, name).unwrap_or_default()
    }
}

fn is_flow_element(local: &str) -> bool {
    local == "task"
        || local == "sequenceFlow"
        || local == "callActivity"
        || local == "transaction"
        || matches!(local, "dataObject" | "dataObjectReference" | "dataStoreReference")
        || matches!(local, "subProcess" | "adHocSubProcess")
        || matches!(
            local,
            "userTask" | "serviceTask" | "businessRuleTask" | "scriptTask" | "sendTask" | "receiveTask" | "manualTask"
        )
        || matches!(
            local,
            "startEvent" | "endEvent" | "intermediateCatchEvent" | "intermediateThrowEvent" | "boundaryEvent"
        )
        || matches!(
            local,
            "exclusiveGateway" | "parallelGateway" | "inclusiveGateway" | "eventBasedGateway" | "complexGateway"
        )
}

fn role_kind(local: &str) -> Option<RoleKind> {
    match local {
        "resourceRole" => Some(RoleKind::Role),
        "performer" => Some(RoleKind::Performer),
        "humanPerformer" => Some(RoleKind::HumanPerformer),
        "potentialOwner" => Some(RoleKind::PotentialOwner),
        _ => None,
    }
}

fn is_mapping(element: &Element) -> bool {
    element.name.namespace == MEER && matches!(element.name.local.as_str(), "input" | "output")
}

fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

fn qname(namespace: Option<&str>, local: &str) -> QName {
    QName { namespace: namespace.unwrap_or_default().to_owned(), local: local.to_owned() }
}

fn foreign(attributes: &[roxmltree::Attribute]) -> Vec<Attribute> {
    attributes.iter().map(|a| Attribute { name: qname(a.namespace(), a.name()), value: a.value().to_owned() }).collect()
}

/// Prefix declarations of the whole file; the first use of a prefix wins.
fn namespaces(root: XmlNode) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut add = |namespace: &roxmltree::Namespace| {
        let prefix = namespace.name().unwrap_or_default();
        if prefix != "xml" && !found.iter().any(|(known, _)| known == prefix) {
            found.push((prefix.to_owned(), namespace.uri().to_owned()));
        }
    };
    root.namespaces().for_each(&mut add);
    // Declarations deeper in the file are mostly those of extension elements.
    for node in root.descendants().filter(Node::is_element) {
        let inherited = node.parent_element().map_or(0, |parent| parent.namespaces().len());
        if node.namespaces().len() != inherited {
            node.namespaces().for_each(&mut add);
        }
    }
    found
}
