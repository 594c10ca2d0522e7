//! From XML to model (DMN 1.3 to 1.5, chapter 6 to 10; the versions differ in namespace only for what is read here).

use std::collections::HashMap;
use std::sync::Arc;

use feel::{Expr, Fault, FaultKind, Param, Scope, Type, UnaryTests};
use roxmltree::{Document as Xml, Node, ParsingOptions};

use crate::DmnError;
use crate::model::*;

/// Longest XML text in bytes.
pub const MAX_XML: usize = 8 * 1024 * 1024;
/// Most XML nodes of one document.
const MAX_NODES: u32 = 400_000;
/// Deepest nesting of boxed expressions and item components.
const MAX_DEPTH: u32 = 40;

const EXPRESSIONS: &[&str] = &[
    "literalExpression",
    "context",
    "invocation",
    "relation",
    "list",
    "functionDefinition",
    "decisionTable",
    "conditional",
    "for",
    "some",
    "every",
    "filter",
];

/// What was read, what cannot work and what looks wrong.
pub(crate) struct Read {
    pub(crate) documents: Documents,
    pub(crate) problems: Vec<DmnError>,
    pub(crate) warnings: Vec<DmnError>,
}

type Element<'x> = Node<'x, 'x>;

fn children<'x>(node: Element<'x>, name: &'static str) -> impl Iterator<Item = Element<'x>> {
    node.children().filter(move |c| c.is_element() && c.tag_name().name() == name)
}

fn child<'x>(node: Element<'x>, name: &'static str) -> Option<Element<'x>> {
    children(node, name).next()
}

fn expression_of(node: Element<'_>) -> Option<Element<'_>> {
    node.children().find(|c| c.is_element() && EXPRESSIONS.contains(&c.tag_name().name()))
}

/// A type name without the prefix of FEEL's own namespace.
fn type_name(text: &str) -> Option<String> {
    let text = text.trim();
    let name = text.rsplit_once([':', '}']).map_or(text, |(_, name)| name);
    (!name.is_empty()).then(|| name.to_owned())
}

fn type_ref(node: Element<'_>) -> Option<String> {
    match node.attribute("typeRef") {
        Some(name) => type_name(name),
        None => child(node, "typeRef").and_then(|t| type_name(t.text()?)),
    }
}

fn name_of(node: Element<'_>) -> String {
    node.attribute("name").unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn variable(node: Element<'_>, fallback: &str) -> Variable {
    let own = child(node, "variable");
    let name = own.map(name_of).filter(|n| !n.is_empty()).unwrap_or_else(|| fallback.to_owned());
    Variable { name: name.into(), type_ref: own.and_then(type_ref) }
}

pub(crate) fn parse_xml(source: &str) -> Result<Xml<'_>, DmnError> {
    if source.len() > MAX_XML {
        return Err(DmnError::at(1, 1, Fault::plain(FaultKind::TooLong, format!("longer than {MAX_XML} bytes"))));
    }
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..ParsingOptions::default() };
    Xml::parse_with_options(source, options).map_err(|e| {
        let pos = e.pos();
        DmnError::at(pos.row as usize, pos.col as usize, Fault::plain(FaultKind::NotDmn, e.to_string()))
    })
}

/// The text with another `name` at its root.
pub(crate) fn renamed(source: &str, name: &str) -> Result<String, DmnError> {
    let xml = parse_xml(source)?;
    let root = xml.root_element();
    if root.tag_name().name() != "definitions" {
        return Err(error_at(root, Fault::plain(FaultKind::NotDmn, "not a DMN model")));
    }
    let mut value = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '&' => value.push_str("&amp;"),
            '<' => value.push_str("&lt;"),
            '>' => value.push_str("&gt;"),
            '"' => value.push_str("&quot;"),
            '\'' => value.push_str("&apos;"),
            c if c.is_control() => value.push(' '),
            c => value.push(c),
        }
    }
    let (from, to) = match root.attribute_node("name") {
        Some(attribute) => (attribute.range_value().start, attribute.range_value().end),
        None => {
            // Behind the name of the element.
            let start = root.range().start + 1;
            let tag = source.get(start..).unwrap_or_default();
            let end = start + tag.find(|c: char| c.is_whitespace() || matches!(c, '/' | '>')).unwrap_or(tag.len());
            value = format!(" name=\"{value}\"");
            (end, end)
        }
    };
    match (source.get(..from), source.get(to..)) {
        (Some(before), Some(after)) => Ok(format!("{before}{value}{after}")),
        _ => Err(error_at(root, Fault::plain(FaultKind::NotDmn, "the name cannot be replaced"))),
    }
}

pub(crate) fn read(sources: &[&str]) -> Result<Read, DmnError> {
    let xml = sources.iter().map(|s| parse_xml(s)).collect::<Result<Vec<_>, _>>()?;
    let mut reader = Reader { documents: Documents::default(), problems: Vec::new(), warnings: Vec::new() };
    let namespaces: Vec<&str> =
        xml.iter().map(|x| x.root_element().attribute("namespace").unwrap_or_default()).collect();
    for (xml, id) in xml.iter().zip(0..) {
        let root = xml.root_element();
        if root.tag_name().name() != "definitions" {
            return Err(error_at(root, Fault::plain(FaultKind::NotDmn, "not a DMN model")));
        }
        let document = reader.outline(root, id, &namespaces);
        reader.documents.documents.push(document);
    }
    for (xml, id) in xml.iter().zip(0..) {
        reader.requirements(xml.root_element(), id);
    }
    for (xml, id) in xml.iter().zip(0..) {
        reader.constraints(xml.root_element(), id);
    }
    for (xml, id) in xml.iter().zip(0..) {
        reader.logic(xml.root_element(), id);
        reader.type_names(xml.root_element(), id);
    }
    Ok(Read { documents: reader.documents, problems: reader.problems, warnings: reader.warnings })
}

/// A fault that names something.
fn named(kind: FaultKind, message: String, name: &str) -> Fault {
    Fault::new(kind, message, vec![("name", name.to_owned())])
}

fn error_at(node: Element<'_>, fault: Fault) -> DmnError {
    let pos = node.document().text_pos_at(node.range().start);
    DmnError::at(pos.row as usize, pos.col as usize, fault)
}

/// Moves a position inside an expression to where the expression stands in the XML text.
fn shifted(node: Element<'_>, line: usize, column: usize, fault: Fault) -> DmnError {
    let start = node.children().find(|c| c.is_text()).unwrap_or(node).range().start;
    let pos = node.document().text_pos_at(start);
    let (row, col) = (pos.row as usize, pos.col as usize);
    if line == 1 { DmnError::at(row, col + column - 1, fault) } else { DmnError::at(row + line - 1, column, fault) }
}

/// Members of a context type.
type Members = Vec<(Arc<str>, Type)>;

struct Reader {
    documents: Documents,
    problems: Vec<DmnError>,
    warnings: Vec<DmnError>,
}

impl Reader {
    /// Everything but constraints, requirements and logic.
    fn outline(&mut self, root: Element<'_>, id: DocumentId, namespaces: &[&str]) -> Document {
        let mut document = Document {
            name: name_of(root),
            namespace: root.attribute("namespace").unwrap_or_default().to_owned(),
            ..Document::default()
        };
        for import in children(root, "import") {
            let namespace = import.attribute("namespace").unwrap_or_default();
            match namespaces.iter().position(|n| *n == namespace).filter(|found| *found != id) {
                Some(found) => document.imports.push((name_of(import), found)),
                None if import.attribute("importType").is_some_and(|t| t.contains("/DMN/")) => {
                    self.problems.push(error_at(
                        import,
                        named(FaultKind::NoImport, format!("the imported model `{namespace}` is missing"), namespace),
                    ));
                }
                None => {}
            }
        }
        for item in children(root, "itemDefinition") {
            let definition = self.item(item, 0);
            if definition.base.as_deref() == Some(&*definition.name) {
                self.problems.push(error_at(
                    item,
                    named(
                        FaultKind::Circular,
                        format!("type `{}` is defined by itself", definition.name),
                        &definition.name,
                    ),
                ));
                continue;
            }
            document.types.insert(definition.name.clone(), definition);
        }
        for node in root.children().filter(Node::is_element) {
            let name = name_of(node);
            let target = match node.tag_name().name() {
                "inputData" => {
                    document.inputs.push(Input { variable: variable(node, &name) });
                    Target::Input(document.inputs.len() - 1)
                }
                "decision" => {
                    let variable = variable(node, &name);
                    document.decisions.push(Decision { name, variable, requirements: Vec::new(), expression: None });
                    Target::Decision(document.decisions.len() - 1)
                }
                "businessKnowledgeModel" => {
                    let variable = variable(node, &name);
                    document.knowledge.push(Knowledge { variable, requirements: Vec::new(), function: None });
                    Target::Knowledge(document.knowledge.len() - 1)
                }
                "decisionService" => {
                    let variable = variable(node, &name);
                    document.services.push(Service {
                        name,
                        variable,
                        input_data: Vec::new(),
                        input_decisions: Vec::new(),
                        output_decisions: Vec::new(),
                    });
                    Target::Service(document.services.len() - 1)
                }
                _ => continue,
            };
            if let Some(key) = node.attribute("id") {
                document.ids.insert(key.to_owned(), target);
            }
        }
        document
    }

    fn item(&mut self, node: Element<'_>, depth: u32) -> ItemDefinition {
        if depth > MAX_DEPTH {
            self.problems.push(error_at(node, Fault::plain(FaultKind::TooDeep, "nested too deeply")));
            return ItemDefinition::default();
        }
        let function = child(node, "functionItem").map(|f| {
            let params = children(f, "parameters").map(type_ref).collect();
            (params, f.attribute("outputTypeRef").and_then(type_name))
        });
        ItemDefinition {
            name: name_of(node),
            is_collection: node.attribute("isCollection") == Some("true"),
            base: type_ref(node),
            components: children(node, "itemComponent").map(|c| self.item(c, depth + 1)).collect(),
            function,
            ..ItemDefinition::default()
        }
    }

    // ---- requirements

    fn requirements(&mut self, root: Element<'_>, id: DocumentId) {
        let mut indexes = [0usize; 3];
        for node in root.children().filter(Node::is_element) {
            match node.tag_name().name() {
                "decision" => {
                    let found = self.required(node, id);
                    self.documents.documents[id].decisions[indexes[0]].requirements = found;
                    indexes[0] += 1;
                }
                "businessKnowledgeModel" => {
                    let found = self.required(node, id);
                    self.documents.documents[id].knowledge[indexes[1]].requirements = found;
                    indexes[1] += 1;
                }
                "decisionService" => {
                    let mut elements = |name: &'static str| -> Vec<crate::model::Element> {
                        children(node, name).filter_map(|n| Some(self.resolve(n, id)?.element)).collect()
                    };
                    let input_data = elements("inputData");
                    let input_decisions = elements("inputDecision");
                    let output_decisions = elements("outputDecision");
                    let service = &mut self.documents.documents[id].services[indexes[2]];
                    service.input_data = input_data;
                    service.input_decisions = input_decisions;
                    service.output_decisions = output_decisions;
                    indexes[2] += 1;
                }
                _ => {}
            }
        }
    }

    fn required(&mut self, node: Element<'_>, id: DocumentId) -> Vec<Requirement> {
        let mut found = Vec::new();
        for requirement in node.children().filter(Node::is_element) {
            let names: &[&'static str] = match requirement.tag_name().name() {
                "informationRequirement" => &["requiredDecision", "requiredInput"],
                "knowledgeRequirement" => &["requiredKnowledge"],
                _ => continue,
            };
            for name in names {
                for reference in children(requirement, name) {
                    found.extend(self.resolve(reference, id));
                }
            }
        }
        found
    }

    fn resolve(&mut self, reference: Element<'_>, id: DocumentId) -> Option<Requirement> {
        let href = reference.attribute("href").unwrap_or_default();
        let (namespace, key) = href.rsplit_once('#').unwrap_or(("", href));
        let own = &self.documents.documents[id];
        let (prefix, document) = if namespace.is_empty() || namespace == own.namespace {
            ("", id)
        } else {
            let imported = own.imports.iter().find(|(_, i)| self.documents.documents[*i].namespace == namespace);
            imported.map_or(("", id), |(prefix, i)| (prefix.as_str(), *i))
        };
        match self.documents.documents[document].ids.get(key) {
            Some(target) => Some(Requirement {
                element: crate::model::Element { document, target: *target },
                prefix: prefix.to_owned(),
            }),
            None => {
                self.problems.push(error_at(
                    reference,
                    named(FaultKind::NoElement, format!("there is no element `{href}`"), href),
                ));
                None
            }
        }
    }

    // ---- types

    fn types_scope(&self, id: DocumentId) -> Scope {
        let mut scope = Scope::new();
        let documents = &self.documents;
        for (name, item) in &documents.documents[id].types {
            scope.declare_type(name, documents.item_type(id, item));
        }
        for (prefix, imported) in &documents.documents[id].imports {
            for (name, item) in &documents.documents[*imported].types {
                let dot = if prefix.is_empty() { "" } else { "." };
                scope.declare_type(&format!("{prefix}{dot}{name}"), documents.item_type(*imported, item));
            }
        }
        scope
    }

    /// Warns of types that nobody defines; they count as `Any`.
    fn type_names(&mut self, root: Element<'_>, id: DocumentId) {
        for node in root.descendants().filter(Node::is_element) {
            let Some(name) = type_ref(node).or_else(|| node.attribute("outputTypeRef").and_then(type_name)) else {
                continue;
            };
            if self.documents.item(id, &name).is_none() && Type::from_name(&name).is_none() {
                self.warnings
                    .push(error_at(node, named(FaultKind::NoType, format!("there is no type `{name}`"), &name)));
            }
        }
    }

    fn constraints(&mut self, root: Element<'_>, id: DocumentId) {
        let scope = self.types_scope(id);
        let mut found: HashMap<String, ItemDefinition> = std::mem::take(&mut self.documents.documents[id].types);
        for node in children(root, "itemDefinition") {
            if let Some(item) = found.get_mut(&name_of(node)) {
                self.item_constraints(node, item, &scope);
            }
        }
        self.documents.documents[id].types = found;
    }

    fn item_constraints(&mut self, node: Element<'_>, item: &mut ItemDefinition, scope: &Scope) {
        item.allowed_values = child(node, "allowedValues").map(|n| self.constraint(n, scope));
        item.type_constraint = child(node, "typeConstraint").map(|n| self.constraint(n, scope));
        for (component, item) in children(node, "itemComponent").zip(&mut item.components) {
            self.item_constraints(component, item, scope);
        }
    }

    fn constraint(&mut self, node: Element<'_>, scope: &Scope) -> Constraint {
        let Some(text) = child(node, "text") else { return Constraint { tests: None, values: None } };
        let source = text.text().unwrap_or_default();
        let values = Expr::parse(&format!("[{source}]"), scope).ok();
        match UnaryTests::parse(source, scope) {
            Ok(tests) => Constraint { tests: Some(tests), values },
            Err(e) => {
                self.problems.push(shifted(text, e.line, e.column, *e.fault));
                Constraint { tests: None, values }
            }
        }
    }

    // ---- logic

    fn logic(&mut self, root: Element<'_>, id: DocumentId) {
        let types = self.types_scope(id);
        let mut indexes = [0usize; 2];
        for node in root.children().filter(Node::is_element) {
            match node.tag_name().name() {
                "decision" => {
                    let i = indexes[0];
                    indexes[0] += 1;
                    let scope = self.names(&types, &self.documents.documents[id].decisions[i].requirements);
                    let expression = expression_of(node).map(|e| {
                        let name = self.documents.documents[id].decisions[i].variable.name.clone();
                        self.boxed(e, id, &scope, &name, 0)
                    });
                    self.documents.documents[id].decisions[i].expression = expression;
                }
                "businessKnowledgeModel" => {
                    let i = indexes[1];
                    indexes[1] += 1;
                    let Some(logic) = child(node, "encapsulatedLogic") else { continue };
                    let knowledge = &self.documents.documents[id].knowledge[i];
                    let mut scope = self.names(&types, &knowledge.requirements);
                    scope.declare(&knowledge.variable.name, Type::Any);
                    let own_type = knowledge.variable.type_ref.clone();
                    let mut function = self.function(logic, id, &scope, 0);
                    // The variable of a knowledge model may be typed with the function or, in older models, its result.
                    if function.result.is_none()
                        && let Some(name) = own_type
                        && !matches!(self.documents.feel_type(id, &name), Type::Function(..))
                    {
                        function.feel_result = self.documents.feel_type(id, &name);
                        function.result = Some(name);
                    }
                    self.documents.documents[id].knowledge[i].function = Some(Arc::new(function));
                }
                _ => {}
            }
        }
    }

    /// Names an element sees through its requirements.
    fn names(&self, types: &Scope, requirements: &[Requirement]) -> Scope {
        let mut scope = types.clone();
        let mut imported: Vec<(&str, Members)> = Vec::new();
        for requirement in requirements {
            let name = self.documents.variable(requirement.element).name.clone();
            let ty = self.element_type(requirement.element);
            if requirement.prefix.is_empty() {
                scope.declare(&name, ty);
                continue;
            }
            match imported.iter_mut().find(|(prefix, _)| *prefix == requirement.prefix) {
                Some((_, members)) => members.push((name, ty)),
                None => imported.push((&requirement.prefix, vec![(name, ty)])),
            }
        }
        for (prefix, members) in imported {
            scope.declare(prefix, Type::Context(members));
        }
        scope
    }

    fn element_type(&self, element: crate::model::Element) -> Type {
        match element.target {
            // Their results are checked when they are called.
            Target::Knowledge(_) | Target::Service(_) => Type::Any,
            Target::Input(_) | Target::Decision(_) => {
                let variable = self.documents.variable(element);
                variable.type_ref.as_ref().map_or(Type::Any, |t| self.documents.feel_type(element.document, t))
            }
        }
    }

    fn declared(&self, id: DocumentId, type_ref: &Option<String>) -> Type {
        type_ref.as_ref().map_or(Type::Any, |t| self.documents.feel_type(id, t))
    }

    fn expression(&mut self, node: Element<'_>, scope: &Scope) -> Option<Expr> {
        let text = child(node, "text")?;
        let source = text.text().unwrap_or_default();
        if source.trim().is_empty() {
            return None;
        }
        match Expr::parse(source, scope) {
            Ok(expr) => {
                let objections = expr.check(scope);
                self.warnings.extend(
                    objections
                        .into_iter()
                        .map(|e| shifted(text, e.line, e.column, Fault::plain(FaultKind::Objection, e.message))),
                );
                Some(expr)
            }
            Err(e) => {
                self.problems.push(shifted(text, e.line, e.column, *e.fault));
                None
            }
        }
    }

    fn tests(&mut self, node: Element<'_>, scope: &Scope, input: &Type) -> Option<UnaryTests> {
        let text = child(node, "text");
        let source = text.and_then(|t| t.text()).unwrap_or_default();
        let source = if source.trim().is_empty() { "-" } else { source };
        match UnaryTests::parse(source, scope) {
            Ok(tests) => {
                let at = text.unwrap_or(node);
                let objections = tests.check(scope, input);
                self.warnings.extend(
                    objections
                        .into_iter()
                        .map(|e| shifted(at, e.line, e.column, Fault::plain(FaultKind::Objection, e.message))),
                );
                Some(tests)
            }
            Err(e) => {
                self.problems.push(shifted(text.unwrap_or(node), e.line, e.column, *e.fault));
                None
            }
        }
    }

    fn boxed(&mut self, node: Element<'_>, id: DocumentId, scope: &Scope, name: &Arc<str>, depth: u32) -> Boxed {
        let mut boxed = Boxed { type_ref: type_ref(node), kind: BoxedKind::Literal(None) };
        if depth > MAX_DEPTH {
            self.problems.push(error_at(node, Fault::plain(FaultKind::TooDeep, "nested too deeply")));
            return boxed;
        }
        let depth = depth + 1;
        boxed.kind = match node.tag_name().name() {
            "literalExpression" => {
                let foreign = node.attribute("expressionLanguage").filter(|l| !l.to_ascii_uppercase().contains("FEEL"));
                if let Some(language) = foreign {
                    self.problems.push(error_at(
                        node,
                        named(FaultKind::Language, format!("the language `{language}` is refused"), language),
                    ));
                    return boxed;
                }
                BoxedKind::Literal(self.expression(node, scope))
            }
            "context" => self.boxed_context(node, id, scope, depth),
            "invocation" => {
                let callee = expression_of(node).map(|e| self.boxed(e, id, scope, name, depth));
                let mut bindings = Vec::new();
                for binding in children(node, "binding") {
                    let Some(param) = child(binding, "parameter") else { continue };
                    let variable = Variable { name: name_of(param).into(), type_ref: type_ref(param) };
                    bindings.push((variable, self.operand(Some(binding), id, scope, depth)));
                }
                BoxedKind::Invocation(
                    Box::new(callee.unwrap_or(Boxed { type_ref: None, kind: BoxedKind::Literal(None) })),
                    bindings,
                )
            }
            "relation" => {
                let columns = children(node, "column");
                let columns =
                    columns.map(|c| Variable { name: name_of(c).into(), type_ref: type_ref(c) }).collect::<Vec<_>>();
                let rows = children(node, "row").map(|row| {
                    let cells = row.children().filter(|c| EXPRESSIONS.contains(&c.tag_name().name()));
                    cells.map(|c| self.boxed(c, id, scope, name, depth)).collect()
                });
                let rows = rows.collect();
                BoxedKind::Relation(columns, rows)
            }
            "list" => {
                let items = node.children().filter(|c| EXPRESSIONS.contains(&c.tag_name().name()));
                BoxedKind::List(items.map(|c| self.boxed(c, id, scope, name, depth)).collect())
            }
            "functionDefinition" => BoxedKind::Function(Arc::new(self.function(node, id, scope, depth))),
            "decisionTable" => BoxedKind::Table(Box::new(self.table(node, id, scope, name))),
            "conditional" => BoxedKind::Conditional(Box::new([
                self.operand(child(node, "if"), id, scope, depth),
                self.operand(child(node, "then"), id, scope, depth),
                self.operand(child(node, "else"), id, scope, depth),
            ])),
            "filter" => {
                let domain = self.operand(child(node, "in"), id, scope, depth);
                let mut inner = scope.clone();
                let item = match self.boxed_type(&domain, id, scope) {
                    Type::List(item) => *item,
                    other => other,
                };
                if let Type::Context(members) = &item {
                    for (name, ty) in members {
                        inner.declare(name, ty.clone());
                    }
                }
                inner.declare("item", item);
                BoxedKind::Filter(Box::new([domain, self.operand(child(node, "match"), id, &inner, depth)]))
            }
            iteration => {
                let variable: Arc<str> = node.attribute("iteratorVariable").unwrap_or_default().trim().into();
                let domain = self.domain(child(node, "in"), id, scope, depth);
                let item = match self.boxed_type(&domain, id, scope) {
                    Type::List(item) | Type::Range(item) => *item,
                    other => other,
                };
                let mut inner = scope.clone();
                inner.declare(&variable, item);
                if iteration == "for" {
                    inner.declare("partial", Type::list_of(Type::Any));
                }
                let body = child(node, if iteration == "for" { "return" } else { "satisfies" });
                let pair = Box::new([domain, self.operand(body, id, &inner, depth)]);
                match iteration {
                    "for" => BoxedKind::For(variable, pair),
                    "some" => BoxedKind::Some(variable, pair),
                    _ => BoxedKind::Every(variable, pair),
                }
            }
        };
        boxed
    }

    fn boxed_type(&self, boxed: &Boxed, id: DocumentId, scope: &Scope) -> Type {
        match (&boxed.type_ref, &boxed.kind) {
            (Some(_), _) => self.declared(id, &boxed.type_ref),
            (None, BoxedKind::Literal(Some(expr))) => expr.result_type(scope),
            _ => Type::Any,
        }
    }

    /// The expression inside a wrapper such as `if` or `binding`.
    fn operand(&mut self, wrapper: Option<Element<'_>>, id: DocumentId, scope: &Scope, depth: u32) -> Boxed {
        match wrapper.and_then(expression_of) {
            Some(e) => self.boxed(e, id, scope, &"".into(), depth),
            None => Boxed { type_ref: None, kind: BoxedKind::Literal(None) },
        }
    }

    /// What a loop runs over: an expression or, as in FEEL's own loops, `a..b` without brackets.
    fn domain(&mut self, wrapper: Option<Element<'_>>, id: DocumentId, scope: &Scope, depth: u32) -> Boxed {
        let literal = wrapper.and_then(|w| child(w, "literalExpression"));
        if let Some(source) = literal.and_then(|l| child(l, "text")).and_then(|t| t.text())
            && Expr::parse(source, scope).is_err()
            && let Ok(steps) = Expr::parse(&format!("for step in {source} return step"), scope)
        {
            return Boxed { type_ref: None, kind: BoxedKind::Literal(Some(steps)) };
        }
        self.operand(wrapper, id, scope, depth)
    }

    fn boxed_context(&mut self, node: Element<'_>, id: DocumentId, scope: &Scope, depth: u32) -> BoxedKind {
        let mut scope = scope.clone();
        let mut entries = Vec::new();
        for entry in children(node, "contextEntry") {
            let variable =
                child(entry, "variable").map(|v| Variable { name: name_of(v).into(), type_ref: type_ref(v) });
            let name = variable.as_ref().map_or_else(|| "".into(), |v| v.name.clone());
            let Some(expression) = expression_of(entry) else { continue };
            if expression.tag_name().name() == "functionDefinition" && !name.is_empty() {
                scope.declare(&name, Type::Any);
            }
            let value = self.boxed(expression, id, &scope, &name, depth);
            if let Some(variable) = &variable {
                let ty = match &variable.type_ref {
                    Some(_) => self.declared(id, &variable.type_ref),
                    None => self.boxed_type(&value, id, &scope),
                };
                scope.declare(&variable.name, ty);
            }
            entries.push((variable, value));
        }
        BoxedKind::Context(entries)
    }

    fn function(&mut self, node: Element<'_>, id: DocumentId, scope: &Scope, depth: u32) -> FunctionDefinition {
        let params: Vec<(Arc<str>, Option<String>)> =
            children(node, "formalParameter").map(|p| (name_of(p).into(), type_ref(p))).collect();
        let mut inner = scope.clone();
        let mut feel_params = Vec::new();
        for (name, type_ref) in &params {
            let ty = self.declared(id, type_ref);
            inner.declare(name, ty.clone());
            feel_params.push(Param { name: name.clone(), ty });
        }
        let external = node.attribute("kind").is_some_and(|k| k != "FEEL");
        if external {
            self.problems.push(error_at(node, Fault::plain(FaultKind::External, "external functions are refused")));
        }
        let body = expression_of(node).filter(|_| !external).map(|e| self.boxed(e, id, &inner, &"".into(), depth));
        let result = type_ref(node).filter(|t| !matches!(self.documents.feel_type(id, t), Type::Function(..)));
        let feel_result = self.declared(id, &result);
        FunctionDefinition { params, feel_params, result, feel_result, body }
    }

    fn table(&mut self, node: Element<'_>, id: DocumentId, scope: &Scope, name: &Arc<str>) -> Table {
        let hit_policy = match node.attribute("hitPolicy").unwrap_or("UNIQUE") {
            "ANY" => HitPolicy::Any,
            "PRIORITY" => HitPolicy::Priority,
            "FIRST" => HitPolicy::First,
            "RULE ORDER" => HitPolicy::RuleOrder,
            "OUTPUT ORDER" => HitPolicy::OutputOrder,
            "COLLECT" => HitPolicy::Collect,
            "UNIQUE" => HitPolicy::Unique,
            other => {
                self.problems.push(error_at(
                    node,
                    named(FaultKind::HitPolicy, format!("there is no hit policy `{other}`"), other),
                ));
                HitPolicy::Unique
            }
        };
        let aggregation = match node.attribute("aggregation") {
            Some("SUM") => Some(Aggregation::Sum),
            Some("MIN") => Some(Aggregation::Min),
            Some("MAX") => Some(Aggregation::Max),
            Some("COUNT") => Some(Aggregation::Count),
            _ => None,
        };
        let mut inputs = Vec::new();
        let mut input_types = Vec::new();
        for input in children(node, "input") {
            let (expression, type_ref) = match child(input, "inputExpression") {
                Some(e) => (self.expression(e, scope), type_ref(e)),
                None => (None, None),
            };
            let ty = match (&type_ref, &expression) {
                (Some(_), _) => self.declared(id, &type_ref),
                (None, Some(e)) => e.result_type(scope),
                (None, None) => Type::Any,
            };
            let values = child(input, "inputValues").map(|v| self.constraint(v, scope));
            inputs.push(TableInput { expression, type_ref, values });
            input_types.push(ty);
        }
        let mut outputs = Vec::new();
        for output in children(node, "output") {
            let own = name_of(output);
            let default = child(output, "defaultOutputEntry").map(|d| self.expression(d, scope));
            let values = child(output, "outputValues").map(|v| self.constraint(v, scope));
            outputs.push(TableOutput {
                name: if own.is_empty() { name.clone() } else { own.into() },
                type_ref: type_ref(output),
                values,
                default,
            });
        }
        let mut rules = Vec::new();
        for rule in children(node, "rule") {
            let tests: Vec<_> = children(rule, "inputEntry")
                .zip(input_types.iter().chain(std::iter::repeat(&Type::Any)))
                .map(|(entry, ty)| self.tests(entry, scope, ty))
                .collect();
            let entries: Vec<_> = children(rule, "outputEntry").map(|e| self.expression(e, scope)).collect();
            if tests.len() != inputs.len() || entries.len() != outputs.len() {
                self.problems.push(error_at(
                    rule,
                    Fault::plain(FaultKind::RuleLength, "the rule has not as many entries as the table has columns"),
                ));
            }
            rules.push(Rule { tests, outputs: entries });
        }
        Table { hit_policy, aggregation, inputs, outputs, rules }
    }
}
