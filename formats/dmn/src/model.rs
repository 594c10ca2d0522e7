//! The parsed form of a decision model.

use std::collections::HashMap;
use std::sync::Arc;

use feel::{Expr, Type, UnaryTests};

/// Index of a document: the model itself or one it imports.
pub(crate) type DocumentId = usize;

/// All documents of a model; the first is the model itself.
#[derive(Default)]
pub(crate) struct Documents {
    pub(crate) documents: Vec<Document>,
}

#[derive(Default)]
pub(crate) struct Document {
    pub(crate) name: String,
    pub(crate) namespace: String,
    /// Prefix and document; the prefix may be empty.
    pub(crate) imports: Vec<(String, DocumentId)>,
    pub(crate) types: HashMap<String, ItemDefinition>,
    pub(crate) inputs: Vec<Input>,
    pub(crate) decisions: Vec<Decision>,
    pub(crate) knowledge: Vec<Knowledge>,
    pub(crate) services: Vec<Service>,
    /// What an id of this document names.
    pub(crate) ids: HashMap<String, Target>,
}

/// An element of a document by kind and index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    Input(usize),
    Decision(usize),
    Knowledge(usize),
    Service(usize),
}

/// An element of any document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Element {
    pub(crate) document: DocumentId,
    pub(crate) target: Target,
}

/// `itemDefinition` and `itemComponent`.
#[derive(Default)]
pub(crate) struct ItemDefinition {
    pub(crate) name: String,
    pub(crate) is_collection: bool,
    pub(crate) base: Option<String>,
    pub(crate) components: Vec<ItemDefinition>,
    /// Holds for every single item.
    pub(crate) allowed_values: Option<Constraint>,
    /// Holds for the value as a whole.
    pub(crate) type_constraint: Option<Constraint>,
    /// Parameter types and result type.
    pub(crate) function: Option<(Vec<Option<String>>, Option<String>)>,
}

/// Unary tests that values must pass; `None` if the source is faulty, so that nothing passes.
pub(crate) struct Constraint {
    pub(crate) tests: Option<UnaryTests>,
    /// The same text as a list of values, which gives their order.
    pub(crate) values: Option<Expr>,
}

pub(crate) struct Variable {
    pub(crate) name: Arc<str>,
    pub(crate) type_ref: Option<String>,
}

pub(crate) struct Input {
    pub(crate) variable: Variable,
}

pub(crate) struct Decision {
    pub(crate) name: String,
    pub(crate) variable: Variable,
    pub(crate) requirements: Vec<Requirement>,
    pub(crate) expression: Option<Boxed>,
}

/// Something an element needs and the prefix under which it sees it.
pub(crate) struct Requirement {
    pub(crate) element: Element,
    pub(crate) prefix: String,
}

/// `businessKnowledgeModel`
pub(crate) struct Knowledge {
    pub(crate) variable: Variable,
    pub(crate) requirements: Vec<Requirement>,
    pub(crate) function: Option<Arc<FunctionDefinition>>,
}

/// `decisionService`
pub(crate) struct Service {
    pub(crate) name: String,
    pub(crate) variable: Variable,
    pub(crate) input_data: Vec<Element>,
    pub(crate) input_decisions: Vec<Element>,
    pub(crate) output_decisions: Vec<Element>,
}

pub(crate) struct FunctionDefinition {
    pub(crate) params: Vec<(Arc<str>, Option<String>)>,
    pub(crate) feel_params: Vec<feel::Param>,
    pub(crate) result: Option<String>,
    pub(crate) feel_result: Type,
    pub(crate) body: Option<Boxed>,
}

/// An expression with its declared type.
pub(crate) struct Boxed {
    pub(crate) type_ref: Option<String>,
    pub(crate) kind: BoxedKind,
}

pub(crate) enum BoxedKind {
    Literal(Option<Expr>),
    /// Entries; the last may have no name and is then the result.
    Context(Vec<(Option<Variable>, Boxed)>),
    Invocation(Box<Boxed>, Vec<(Variable, Boxed)>),
    Relation(Vec<Variable>, Vec<Vec<Boxed>>),
    List(Vec<Boxed>),
    Function(Arc<FunctionDefinition>),
    Table(Box<Table>),
    Conditional(Box<[Boxed; 3]>),
    For(Arc<str>, Box<[Boxed; 2]>),
    Some(Arc<str>, Box<[Boxed; 2]>),
    Every(Arc<str>, Box<[Boxed; 2]>),
    Filter(Box<[Boxed; 2]>),
}

pub(crate) struct Table {
    pub(crate) hit_policy: HitPolicy,
    pub(crate) aggregation: Option<Aggregation>,
    pub(crate) inputs: Vec<TableInput>,
    pub(crate) outputs: Vec<TableOutput>,
    pub(crate) rules: Vec<Rule>,
}

pub(crate) struct TableInput {
    pub(crate) expression: Option<Expr>,
    pub(crate) type_ref: Option<String>,
    pub(crate) values: Option<Constraint>,
}

pub(crate) struct TableOutput {
    pub(crate) name: Arc<str>,
    pub(crate) type_ref: Option<String>,
    pub(crate) values: Option<Constraint>,
    pub(crate) default: Option<Option<Expr>>,
}

pub(crate) struct Rule {
    pub(crate) tests: Vec<Option<UnaryTests>>,
    pub(crate) outputs: Vec<Option<Expr>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HitPolicy {
    Unique,
    Any,
    Priority,
    First,
    RuleOrder,
    OutputOrder,
    Collect,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aggregation {
    Sum,
    Min,
    Max,
    Count,
}

impl Documents {
    /// The item definition of a type name as seen from a document, and the document it stands in.
    pub(crate) fn item(&self, document: DocumentId, name: &str) -> Option<(DocumentId, &ItemDefinition)> {
        let own = &self.documents[document];
        if let Some(item) = own.types.get(name) {
            return Some((document, item));
        }
        own.imports.iter().find_map(|(prefix, id)| {
            let inner = if prefix.is_empty() { name } else { name.strip_prefix(prefix.as_str())?.strip_prefix('.')? };
            self.documents[*id].types.get(inner).map(|item| (*id, item))
        })
    }

    /// FEEL's view of a type name. Large and recursive types are cut.
    pub(crate) fn feel_type(&self, document: DocumentId, name: &str) -> Type {
        self.named_type(document, name, &mut Budget { types: 2000, depth: 8 })
    }

    /// FEEL's view of an item definition.
    pub(crate) fn item_type(&self, document: DocumentId, item: &ItemDefinition) -> Type {
        self.structure(document, item, &mut Budget { types: 2000, depth: 8 })
    }

    fn named_type(&self, document: DocumentId, name: &str, budget: &mut Budget) -> Type {
        match self.item(document, name) {
            Some((document, item)) => self.structure(document, item, budget),
            None => Type::from_name(name).unwrap_or_default(),
        }
    }

    fn structure(&self, document: DocumentId, item: &ItemDefinition, budget: &mut Budget) -> Type {
        if budget.depth == 0 || budget.types == 0 {
            return Type::Any;
        }
        budget.depth -= 1;
        budget.types -= 1;
        let mut type_of = |name: &Option<String>| match name {
            Some(name) => self.named_type(document, name, budget),
            None => Type::Any,
        };
        let single = if let Some((params, result)) = &item.function {
            Type::Function(params.iter().map(&mut type_of).collect(), Box::new(type_of(result)))
        } else if item.components.is_empty() {
            type_of(&item.base)
        } else {
            let member = |c: &ItemDefinition| (Arc::from(c.name.as_str()), self.structure(document, c, budget));
            Type::Context(item.components.iter().map(member).collect())
        };
        budget.depth += 1;
        if item.is_collection { Type::list_of(single) } else { single }
    }

    pub(crate) fn variable(&self, element: Element) -> &Variable {
        let document = &self.documents[element.document];
        match element.target {
            Target::Input(i) => &document.inputs[i].variable,
            Target::Decision(i) => &document.decisions[i].variable,
            Target::Knowledge(i) => &document.knowledge[i].variable,
            Target::Service(i) => &document.services[i].variable,
        }
    }
}

/// What is left to spend on writing a type out.
struct Budget {
    types: u32,
    depth: u32,
}
