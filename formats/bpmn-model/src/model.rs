//! The typed model: what a BPMN file says, independent of prefixes, layout of the text and order of attributes.
//!
//! Names follow BPMN 2.0.2 (ISO/IEC 19510). Optional attributes stay `None` where the file leaves them out, so that
//! a model can be written back as it was. What the types do not know (elements of other vendors, and the parts of
//! BPMN listed at [`Base::rest`]) is kept as [`Element`] trees.

use crate::Position;

pub const BPMN: &str = "http://www.omg.org/spec/BPMN/20100524/MODEL";
pub const BPMN_DI: &str = "http://www.omg.org/spec/BPMN/20100524/DI";
pub const DI: &str = "http://www.omg.org/spec/DD/20100524/DI";
pub const DC: &str = "http://www.omg.org/spec/DD/20100524/DC";
pub const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
/// Namespace of Meer's own attributes and elements, usual prefix `meer`.
pub const MEER: &str = "urn:meer:bpmn:1";

/// A name with its namespace; the namespace is empty for attributes without prefix.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct QName {
    pub namespace: String,
    pub local: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attribute {
    pub name: QName,
    pub value: String,
}

/// An element of which the model knows no more than its form.
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    pub name: QName,
    pub attributes: Vec<Attribute>,
    pub children: Vec<Content>,
    pub at: Position,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    Element(Element),
    Text(String),
}

/// What every BPMN element has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Base {
    /// Empty where the file gives none; never empty for flow nodes and sequence flows.
    pub id: String,
    pub documentation: Vec<Documentation>,
    /// Content of `extensionElements`, without what is read into [`Meer`].
    pub extensions: Vec<Element>,
    /// Attributes of other namespaces, and those of BPMN that no field holds.
    pub attributes: Vec<Attribute>,
    /// Child elements that no field holds: monitoring and auditing, correlation, conversations, renderings, and
    /// the parts of multi-instance and complex behaviour beyond [`MultiInstance`].
    pub rest: Vec<Element>,
    pub at: Position,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Documentation {
    pub id: Option<String>,
    pub text_format: Option<String>,
    pub text: String,
}

/// The root of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Definitions {
    pub base: Base,
    pub name: Option<String>,
    pub target_namespace: String,
    pub expression_language: Option<String>,
    pub type_language: Option<String>,
    pub exporter: Option<String>,
    pub exporter_version: Option<String>,
    /// Prefixes declared in the file, in order of appearance; the empty prefix is the default namespace. Values of
    /// attributes may use them (`structureRef="xsd:string"`).
    pub namespaces: Vec<(String, String)>,
    pub imports: Vec<Import>,
    pub roots: Vec<Root>,
    pub diagrams: Vec<Diagram>,
    pub relationships: Vec<Element>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Import {
    pub namespace: String,
    pub location: String,
    pub import_type: String,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Root {
    Process(Box<Process>),
    Collaboration(Collaboration),
    Message(Message),
    Signal(Signal),
    Error(ErrorDefinition),
    Escalation(Escalation),
    ItemDefinition(ItemDefinition),
    DataStore(DataStore),
    Category(Category),
    Resource(Resource),
    Interface(Interface),
    GlobalTask(Box<GlobalTask>),
    /// Global script tasks, partners, correlation, choreographies and root event definitions.
    Other(Element),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Message {
    pub base: Base,
    pub name: Option<String>,
    pub item: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Signal {
    pub base: Base,
    pub name: Option<String>,
    pub structure: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ErrorDefinition {
    pub base: Base,
    pub name: Option<String>,
    pub code: Option<String>,
    pub structure: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Escalation {
    pub base: Base,
    pub name: Option<String>,
    pub code: Option<String>,
    pub structure: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ItemDefinition {
    pub base: Base,
    pub structure: Option<String>,
    pub is_collection: Option<bool>,
    pub item_kind: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct DataStore {
    pub base: Base,
    pub name: Option<String>,
    pub capacity: Option<i64>,
    pub is_unlimited: Option<bool>,
    pub item: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Category {
    pub base: Base,
    pub name: Option<String>,
    pub values: Vec<CategoryValue>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct CategoryValue {
    pub base: Base,
    pub value: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resource {
    pub base: Base,
    pub name: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Interface {
    pub base: Base,
    pub name: Option<String>,
    pub implementation: Option<String>,
    pub operations: Vec<Operation>,
}

/// A task that call activities share.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GlobalTask {
    pub kind: GlobalTaskKind,
    pub base: Base,
    pub name: Option<String>,
    pub implementation: Option<String>,
    pub data: Data,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GlobalTaskKind {
    #[default]
    Abstract,
    User,
    Manual,
    BusinessRule,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Operation {
    pub base: Base,
    pub name: Option<String>,
    pub implementation: Option<String>,
    pub in_message: Option<String>,
    pub out_message: Option<String>,
    pub errors: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Collaboration {
    pub base: Base,
    pub name: Option<String>,
    pub is_closed: Option<bool>,
    pub participants: Vec<Participant>,
    pub message_flows: Vec<MessageFlow>,
    pub artifacts: Vec<Artifact>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Participant {
    pub base: Base,
    pub name: Option<String>,
    pub process: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct MessageFlow {
    pub base: Base,
    pub name: Option<String>,
    pub source: String,
    pub target: String,
    pub message: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Process {
    pub base: Base,
    pub name: Option<String>,
    pub process_type: Option<String>,
    pub is_closed: Option<bool>,
    pub is_executable: Option<bool>,
    pub definitional_collaboration: Option<String>,
    pub data: Data,
    pub content: FlowContent,
    pub register: Register,
}

/// What a register of processes (Prozessregister) says of a process (namespace [`MEER`]); texts for people, and nothing
/// that is executed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Register {
    /// What sets it off.
    pub trigger: Option<String>,
    /// What comes out of it.
    pub result: Option<String>,
    /// The paragraphs it rests on.
    pub legal_basis: Option<String>,
    /// Key in the catalogue of services (LeiKa), 14 digits.
    pub leika: Option<String>,
    /// Key of the organisation unit that answers for it.
    pub owner: Option<String>,
}

/// Data going into and out of an activity, event or process, and the people named for it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Data {
    pub specification: Option<IoSpecification>,
    pub properties: Vec<DataItem>,
    /// Inputs and outputs of an event; those of an activity are in its specification.
    pub io: IoSets,
    pub input_associations: Vec<DataAssociation>,
    pub output_associations: Vec<DataAssociation>,
    pub roles: Vec<ResourceRole>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct IoSpecification {
    pub base: Base,
    pub io: IoSets,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct IoSets {
    pub inputs: Vec<DataItem>,
    pub outputs: Vec<DataItem>,
    pub input_sets: Vec<DataSet>,
    pub output_sets: Vec<DataSet>,
}

/// A data input, data output or property.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DataItem {
    pub base: Base,
    pub name: Option<String>,
    pub item: Option<String>,
    pub is_collection: Option<bool>,
    pub state: Option<DataState>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct DataState {
    pub base: Base,
    pub name: Option<String>,
}

/// An input or output set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DataSet {
    pub base: Base,
    pub name: Option<String>,
    /// `dataInputRefs` or `dataOutputRefs`
    pub items: Vec<String>,
    pub optional: Vec<String>,
    pub while_executing: Vec<String>,
    /// The sets of the other side that belong to it.
    pub counterparts: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct DataAssociation {
    pub base: Base,
    pub sources: Vec<String>,
    pub target: Option<String>,
    pub transformation: Option<Expression>,
    pub assignments: Vec<Assignment>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Assignment {
    pub base: Base,
    pub from: Expression,
    pub to: Expression,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResourceRole {
    pub kind: RoleKind,
    pub base: Base,
    pub name: Option<String>,
    pub resource: Option<String>,
    pub assignment: Option<ResourceAssignment>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RoleKind {
    #[default]
    Role,
    Performer,
    HumanPerformer,
    PotentialOwner,
}

/// An expression that names the people.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResourceAssignment {
    pub base: Base,
    pub expression: Expression,
}

/// What a process or sub-process contains.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FlowContent {
    pub lane_sets: Vec<LaneSet>,
    pub elements: Vec<FlowElement>,
    pub artifacts: Vec<Artifact>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct LaneSet {
    pub base: Base,
    pub name: Option<String>,
    pub lanes: Vec<Lane>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lane {
    pub base: Base,
    pub name: Option<String>,
    pub partition_element: Option<String>,
    pub nodes: Vec<String>,
    pub child: Option<LaneSet>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum FlowElement {
    Node(Box<FlowNode>),
    Flow(Box<SequenceFlow>),
    DataObject(DataObject),
    DataObjectReference(DataReference),
    DataStoreReference(DataReference),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct SequenceFlow {
    pub base: Base,
    pub name: Option<String>,
    pub source: String,
    pub target: String,
    pub condition: Option<Expression>,
    pub is_immediate: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct DataObject {
    pub base: Base,
    pub name: Option<String>,
    pub item: Option<String>,
    pub is_collection: Option<bool>,
}

/// Reference to a data object or data store from within a process.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DataReference {
    pub base: Base,
    pub name: Option<String>,
    pub item: Option<String>,
    pub target: Option<String>,
    pub state: Option<DataState>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Artifact {
    Association(Association),
    Group(Group),
    TextAnnotation(TextAnnotation),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Association {
    pub base: Base,
    pub source: String,
    pub target: String,
    pub direction: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    pub base: Base,
    pub category_value: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct TextAnnotation {
    pub base: Base,
    pub text: Option<String>,
    pub text_format: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct FlowNode {
    pub base: Base,
    pub name: Option<String>,
    /// As written; the sequence flows are what counts.
    pub incoming: Vec<String>,
    pub outgoing: Vec<String>,
    pub kind: NodeKind,
    pub data: Data,
    pub meer: Meer,
}

#[derive(Clone, Debug, PartialEq)]
pub enum NodeKind {
    StartEvent(StartEvent),
    EndEvent(EndEvent),
    CatchEvent(CatchEvent),
    ThrowEvent(ThrowEvent),
    BoundaryEvent(BoundaryEvent),
    Task(Activity, TaskKind),
    SubProcess(Activity, SubProcess),
    CallActivity(Activity, Option<String>),
    Gateway(Gateway),
}

impl Default for NodeKind {
    fn default() -> Self {
        Self::Task(Activity::default(), TaskKind::Abstract)
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct StartEvent {
    pub is_interrupting: Option<bool>,
    pub parallel_multiple: Option<bool>,
    pub definitions: Vec<EventDefinition>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct EndEvent {
    pub definitions: Vec<EventDefinition>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct CatchEvent {
    pub parallel_multiple: Option<bool>,
    pub definitions: Vec<EventDefinition>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ThrowEvent {
    pub definitions: Vec<EventDefinition>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct BoundaryEvent {
    pub attached_to: String,
    /// Interrupting unless `Some(false)`.
    pub cancel_activity: Option<bool>,
    pub parallel_multiple: Option<bool>,
    pub definitions: Vec<EventDefinition>,
}

/// What an event reacts to or causes. References to event definitions at the root are [`EventTrigger::Reference`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventDefinition {
    pub base: Base,
    pub trigger: EventTrigger,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub enum EventTrigger {
    Message {
        message: Option<String>,
        operation: Option<String>,
    },
    Timer(Timer),
    Error(Option<String>),
    Escalation(Option<String>),
    Signal(Option<String>),
    Compensate {
        activity: Option<String>,
        wait_for_completion: Option<bool>,
    },
    Conditional(Option<Expression>),
    Link {
        name: Option<String>,
        sources: Vec<String>,
        target: Option<String>,
    },
    Cancel,
    #[default]
    Terminate,
    /// `eventDefinitionRef`
    Reference(String),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub enum Timer {
    #[default]
    None,
    Date(Expression),
    Duration(Expression),
    Cycle(Expression),
}

/// An expression or, where `formal` is false, plain text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expression {
    pub base: Base,
    /// `xsi:type="tFormalExpression"`
    pub formal: bool,
    pub language: Option<String>,
    pub evaluates_to: Option<String>,
    pub body: String,
}

/// What all activities share.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Activity {
    pub is_for_compensation: Option<bool>,
    pub start_quantity: Option<i64>,
    pub completion_quantity: Option<i64>,
    pub default: Option<String>,
    pub loop_characteristics: Option<Loop>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Loop {
    Standard(Box<StandardLoop>),
    MultiInstance(Box<MultiInstance>),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct StandardLoop {
    pub base: Base,
    pub test_before: Option<bool>,
    pub maximum: Option<String>,
    pub condition: Option<Expression>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct MultiInstance {
    pub base: Base,
    pub is_sequential: Option<bool>,
    pub behavior: Option<String>,
    pub cardinality: Option<Expression>,
    pub completion: Option<Expression>,
    /// `meer:collection`: FEEL for the list of which each item gets a pass of its own.
    pub collection: Option<String>,
    /// `meer:item`: name of the variable that holds the item; `item` where it is missing.
    pub item: Option<String>,
    /// `meer:output`: FEEL for what a pass hands out.
    pub output: Option<String>,
    /// `meer:outputs`: name of the variable that holds the list of what the passes handed out.
    pub outputs: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub enum TaskKind {
    /// A task without type.
    #[default]
    Abstract,
    Manual,
    User {
        implementation: Option<String>,
    },
    Service {
        implementation: Option<String>,
        operation: Option<String>,
    },
    BusinessRule {
        implementation: Option<String>,
    },
    Script {
        format: Option<String>,
        script: Option<String>,
    },
    Send {
        implementation: Option<String>,
        operation: Option<String>,
        message: Option<String>,
    },
    Receive {
        implementation: Option<String>,
        operation: Option<String>,
        message: Option<String>,
        instantiate: Option<bool>,
    },
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct SubProcess {
    pub kind: SubProcessKind,
    pub triggered_by_event: Option<bool>,
    pub content: FlowContent,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub enum SubProcessKind {
    #[default]
    Embedded,
    Transaction,
    AdHoc,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gateway {
    pub kind: GatewayKind,
    pub direction: Option<String>,
    pub default: Option<String>,
    pub instantiate: Option<bool>,
    pub event_gateway_type: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GatewayKind {
    #[default]
    Exclusive,
    Parallel,
    Inclusive,
    EventBased,
    Complex,
}

/// Text of an attribute or timer that is FEEL when it begins with `=`.
#[must_use]
pub fn feel_of(text: &str) -> Option<&str> {
    text.trim().strip_prefix('=').map(str::trim)
}

/// Meer's own statements about a flow node (namespace [`MEER`]).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Meer {
    /// Service and send task: name of the command to call.
    pub command: Option<String>,
    /// User task: key of the form.
    pub form: Option<String>,
    /// User task: key of the organisation unit or role; FEEL when it begins with `=`. Start event with a time: key of
    /// the organisation unit that leads the case.
    pub unit: Option<String>,
    /// Start event with a time: key of the file-plan entry under which the case is opened.
    pub plan: Option<String>,
    /// User task: ISO 8601 duration; FEEL when it begins with `=`.
    pub due: Option<String>,
    /// User task: id of the task that must have been done by another person.
    pub four_eyes: Option<String>,
    /// User task: a manual step into another system. `true`, `false`, or FEEL over the task's answers when it begins
    /// with `=`.
    pub medienbruch: Option<String>,
    /// Business-rule task: `file-key#decision`.
    pub decision: Option<String>,
    /// Receive task and message event: FEEL for the key a message must carry, or carries when it is thrown.
    pub key: Option<String>,
    pub inputs: Vec<Mapping>,
    pub outputs: Vec<Mapping>,
}

impl Meer {
    /// The task is, or may become, a manual step into another system.
    pub fn may_break(&self) -> bool {
        self.medienbruch.as_deref().is_some_and(|text| feel_of(text).is_some() || matches!(text.trim(), "true" | "1"))
    }

    /// FEEL over the task's answers that says whether it was one.
    pub fn break_condition(&self) -> Option<&str> {
        self.medienbruch.as_deref().and_then(feel_of)
    }
}

/// A name and the FEEL expression for its value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mapping {
    pub name: String,
    pub value: String,
}

/// A drawing (BPMN diagram interchange).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diagram {
    pub id: Option<String>,
    pub name: Option<String>,
    pub documentation: Option<String>,
    pub resolution: Option<f64>,
    pub plane: Plane,
    pub label_styles: Vec<LabelStyle>,
    pub attributes: Vec<Attribute>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plane {
    pub id: Option<String>,
    pub element: Option<String>,
    pub items: Vec<PlaneItem>,
    pub extensions: Vec<Element>,
    pub attributes: Vec<Attribute>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum PlaneItem {
    Shape(Shape),
    Edge(Edge),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shape {
    pub id: Option<String>,
    pub element: Option<String>,
    pub bounds: Bounds,
    pub is_horizontal: Option<bool>,
    pub is_expanded: Option<bool>,
    pub is_marker_visible: Option<bool>,
    pub is_message_visible: Option<bool>,
    pub participant_band_kind: Option<String>,
    pub choreography_activity_shape: Option<String>,
    pub label: Option<Label>,
    pub extensions: Vec<Element>,
    pub attributes: Vec<Attribute>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edge {
    pub id: Option<String>,
    pub element: Option<String>,
    pub source: Option<String>,
    pub target: Option<String>,
    pub message_visible_kind: Option<String>,
    pub waypoints: Vec<Point>,
    pub label: Option<Label>,
    pub extensions: Vec<Element>,
    pub attributes: Vec<Attribute>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Label {
    pub id: Option<String>,
    pub style: Option<String>,
    pub bounds: Option<Bounds>,
    pub extensions: Vec<Element>,
    pub attributes: Vec<Attribute>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabelStyle {
    pub id: Option<String>,
    pub font: Font,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Font {
    pub name: Option<String>,
    pub size: Option<f64>,
    pub is_bold: Option<bool>,
    pub is_italic: Option<bool>,
    pub is_underline: Option<bool>,
    pub is_strike_through: Option<bool>,
}

/// In the diagram's unit, y downwards.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bounds {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    pub x: f64,
    pub y: f64,
}
