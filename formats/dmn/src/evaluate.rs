//! Evaluation of decisions, knowledge models, services and boxed expressions (DMN 1.5, chapters 7 and 10).

use std::collections::HashMap;
use std::sync::Arc;

use feel::{Context, Cx, EvalError, Evaluated, Fault, FaultKind, Frame, Function, Invocable, Param, Type, Value};
use indexmap::IndexMap;

use crate::model::*;
use crate::table;

/// One evaluation: what went in and which decisions are already made.
pub(crate) struct Session<'m> {
    documents: &'m Arc<Documents>,
    inputs: &'m Context,
    made: HashMap<Element, Value>,
}

impl<'m> Session<'m> {
    pub(crate) fn new(documents: &'m Arc<Documents>, inputs: &'m Context) -> Session<'m> {
        Session { documents, inputs, made: HashMap::new() }
    }

    /// The value of an element as those see it that require it.
    fn element(&mut self, element: Element, cx: &mut Cx<'_>) -> Evaluated {
        if let Some(value) = self.made.get(&element) {
            return Ok(value.clone());
        }
        let value = match element.target {
            Target::Input(_) => self.input(element, cx)?,
            Target::Decision(i) => cx.deeper(|cx| self.decide(element.document, i, cx))?,
            Target::Knowledge(i) => return Ok(knowledge_function(self.documents, element.document, i)),
            Target::Service(i) => return Ok(service_function(self.documents, element.document, i)),
        };
        self.made.insert(element, value.clone());
        Ok(value)
    }

    fn input(&mut self, element: Element, cx: &mut Cx<'_>) -> Evaluated {
        let variable = self.documents.variable(element);
        let given = self.given(element).cloned();
        match given {
            Some(value) => convert(self.documents, element.document, variable, value, cx),
            None => Ok(cx.null(|| {
                Fault::new(
                    FaultKind::NoInput,
                    format!("there is no input `{}`", variable.name),
                    vec![("name", variable.name.to_string())],
                )
            })),
        }
    }

    /// What the caller gave for an element: under its name, or in a context named like the import's prefix.
    fn given(&self, element: Element) -> Option<&'m Value> {
        let name = &self.documents.variable(element).name;
        let imports = &self.documents.documents[0].imports;
        let prefixed = imports
            .iter()
            .filter(|(_, id)| *id == element.document)
            .find_map(|(prefix, _)| self.inputs.get(prefix)?.as_context()?.get(name));
        prefixed.or_else(|| self.inputs.get(name))
    }

    pub(crate) fn decide(&mut self, document: DocumentId, index: usize, cx: &mut Cx<'_>) -> Evaluated {
        let documents = self.documents;
        let decision = &documents.documents[document].decisions[index];
        let Some(expression) = &decision.expression else {
            return Ok(
                cx.null(|| Fault::plain(FaultKind::NoLogic, format!("decision `{}` has no logic", decision.name)))
            );
        };
        let frame = self.frame(&decision.requirements, cx)?;
        let value = Logic { documents, document }.boxed(expression, &frame, cx)?;
        convert(documents, document, &decision.variable, value, cx)
    }

    fn frame(&mut self, requirements: &[Requirement], cx: &mut Cx<'_>) -> Result<Frame, EvalError> {
        let mut names: IndexMap<Arc<str>, Value> = IndexMap::new();
        let mut imported: IndexMap<&str, IndexMap<Arc<str>, Value>> = IndexMap::new();
        for requirement in requirements {
            let name = self.documents.variable(requirement.element).name.clone();
            let value = self.element(requirement.element, cx)?;
            if requirement.prefix.is_empty() {
                names.insert(name, value);
            } else {
                imported.entry(&requirement.prefix).or_default().insert(name, value);
            }
        }
        for (prefix, members) in imported {
            names.insert(prefix.into(), cx.context(members)?);
        }
        Ok(Frame::new(names.into()))
    }

    /// Runs a service with the session's inputs standing for its input data and input decisions.
    pub(crate) fn serve(&mut self, document: DocumentId, index: usize, cx: &mut Cx<'_>) -> Evaluated {
        let documents = self.documents;
        let service = &documents.documents[document].services[index];
        for element in &service.input_decisions {
            let variable = documents.variable(*element);
            let given = self.given(*element).cloned().unwrap_or_default();
            let value = convert(documents, element.document, variable, given, cx)?;
            self.made.insert(*element, value);
        }
        let mut results = IndexMap::new();
        for element in &service.output_decisions {
            results.insert(documents.variable(*element).name.clone(), self.element(*element, cx)?);
        }
        let value = match results.len() {
            1 => results.swap_remove_index(0).map(|(_, v)| v).unwrap_or_default(),
            _ => cx.context(results)?,
        };
        let result = service.variable.type_ref.as_ref().map(|name| match documents.item(document, name) {
            Some((home, ItemDefinition { function: Some((_, result)), .. })) => (home, result.clone()),
            _ => (document, Some(name.clone())),
        });
        match result {
            Some((home, Some(name))) => {
                let variable = Variable { name: service.variable.name.clone(), type_ref: Some(name) };
                convert(documents, home, &variable, value, cx)
            }
            _ => Ok(value),
        }
    }
}

/// A value that is not of the type it should have; the name is empty where the value has none.
fn wrong_type(message: String, name: &str, found: &str, expected: &str) -> Fault {
    let values = vec![("name", name.to_owned()), ("found", found.to_owned()), ("expected", expected.to_owned())];
    Fault::new(FaultKind::WrongType, message, values)
}

/// Converts a value to the type of a variable; null if it does not fit.
fn convert(
    documents: &Documents,
    document: DocumentId,
    variable: &Variable,
    value: Value,
    cx: &mut Cx<'_>,
) -> Evaluated {
    let Some(name) = &variable.type_ref else { return Ok(value) };
    let found = value.type_name();
    match coerce(documents, document, name, value, cx)? {
        Some(value) => Ok(value),
        None => Ok(cx.null(|| {
            wrong_type(format!("`{}` is {found}, which is no {name}", variable.name), &variable.name, found, name)
        })),
    }
}

/// Implicit conversion to a named type with its constraints; `None` if the value does not fit. Null fits every type.
pub(crate) fn coerce(
    documents: &Documents,
    document: DocumentId,
    name: &str,
    value: Value,
    cx: &mut Cx<'_>,
) -> Result<Option<Value>, EvalError> {
    if value.is_null() {
        return Ok(Some(Value::Null));
    }
    match documents.item(document, name) {
        Some((home, item)) => cx.deeper(|cx| coerce_item(documents, home, item, value, cx)),
        None => {
            cx.charge(1)?;
            match Type::from_name(name) {
                Some(ty) => Ok(ty.coerce(value)),
                None => Ok(Some(value)),
            }
        }
    }
}

fn coerce_item(
    documents: &Documents,
    document: DocumentId,
    item: &ItemDefinition,
    value: Value,
    cx: &mut Cx<'_>,
) -> Result<Option<Value>, EvalError> {
    if value.is_null() {
        return Ok(Some(Value::Null));
    }
    let coerced = if item.is_collection {
        let items = match &value {
            Value::List(list) => list.items().to_vec(),
            single => vec![single.clone()],
        };
        let mut coerced = Vec::with_capacity(items.len());
        for single in items {
            match coerce_single(documents, document, item, single, cx)? {
                Some(single) => coerced.push(single),
                None => return Ok(None),
            }
        }
        cx.list(coerced)?
    } else {
        match coerce_single(documents, document, item, value, cx)? {
            Some(value) => value,
            None => return Ok(None),
        }
    };
    match &item.type_constraint {
        Some(constraint) if !allows(constraint, &coerced, cx)? => Ok(None),
        _ => Ok(Some(coerced)),
    }
}

fn coerce_single(
    documents: &Documents,
    document: DocumentId,
    item: &ItemDefinition,
    value: Value,
    cx: &mut Cx<'_>,
) -> Result<Option<Value>, EvalError> {
    if value.is_null() {
        return Ok(Some(Value::Null));
    }
    let value = if item.function.is_some() {
        let ty = match documents.item_type(document, item) {
            Type::List(single) if item.is_collection => *single,
            ty => ty,
        };
        ty.accepts(&value).then_some(value)
    } else if !item.components.is_empty() {
        match &value {
            Value::Context(context) => coerce_components(documents, document, item, context, cx)?,
            Value::List(list) => match list.items() {
                [Value::Context(context)] => coerce_components(documents, document, item, context, cx)?,
                _ => None,
            },
            _ => None,
        }
    } else if let Some(base) = &item.base {
        coerce(documents, document, base, value, cx)?
    } else {
        Some(value)
    };
    let Some(value) = value else { return Ok(None) };
    if let Some(constraint) = &item.allowed_values {
        let mut fits = allows(constraint, &value, cx)?;
        if let (false, Value::List(list)) = (fits, &value) {
            fits = true;
            for single in list.items() {
                fits = fits && allows(constraint, single, cx)?;
            }
        }
        if !fits {
            return Ok(None);
        }
    }
    Ok(Some(value))
}

fn coerce_components(
    documents: &Documents,
    document: DocumentId,
    item: &ItemDefinition,
    context: &Context,
    cx: &mut Cx<'_>,
) -> Result<Option<Value>, EvalError> {
    let mut entries: IndexMap<Arc<str>, Value> = context.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
    for component in &item.components {
        let Some(entry) = entries.get_mut(component.name.as_str()) else { return Ok(None) };
        let value = std::mem::take(entry);
        match cx.deeper(|cx| coerce_item(documents, document, component, value, cx))? {
            Some(value) => *entry = value,
            None => return Ok(None),
        }
    }
    cx.context(entries).map(Some)
}

/// Whether a value passes; faulty tests let nothing pass.
pub(crate) fn allows(constraint: &Constraint, value: &Value, cx: &mut Cx<'_>) -> Result<bool, EvalError> {
    match &constraint.tests {
        Some(tests) => Ok(tests.eval_in(value, &Frame::default(), cx)?.as_bool() == Some(true)),
        None => Ok(false),
    }
}

// ---- functions

fn knowledge_function(documents: &Arc<Documents>, document: DocumentId, index: usize) -> Value {
    match &documents.documents[document].knowledge[index].function {
        Some(definition) => Function::native(Arc::new(KnowledgeFunction {
            documents: documents.clone(),
            document,
            index,
            definition: definition.clone(),
        }))
        .into(),
        None => Value::Null,
    }
}

/// A business knowledge model as a function.
struct KnowledgeFunction {
    documents: Arc<Documents>,
    document: DocumentId,
    index: usize,
    definition: Arc<FunctionDefinition>,
}

impl Invocable for KnowledgeFunction {
    fn params(&self) -> &[Param] {
        &self.definition.feel_params
    }

    fn result(&self) -> Type {
        self.definition.feel_result.clone()
    }

    fn call(&self, args: Vec<Value>, cx: &mut Cx<'_>) -> Evaluated {
        let knowledge = &self.documents.documents[self.document].knowledge[self.index];
        let no_inputs = Context::default();
        let frame = Session::new(&self.documents, &no_inputs).frame(&knowledge.requirements, cx)?;
        let own = knowledge_function(&self.documents, self.document, self.index);
        let frame = frame.with(knowledge.variable.name.clone(), own);
        call_definition(&self.documents, self.document, &self.definition, frame, args, cx)
    }
}

/// A boxed function definition with the names it could see.
struct BoxedFunction {
    documents: Arc<Documents>,
    document: DocumentId,
    definition: Arc<FunctionDefinition>,
    frame: Frame,
    own_name: Option<Arc<str>>,
}

impl Invocable for BoxedFunction {
    fn params(&self) -> &[Param] {
        &self.definition.feel_params
    }

    fn result(&self) -> Type {
        self.definition.feel_result.clone()
    }

    fn depth(&self) -> u32 {
        self.frame.depth()
    }

    fn call(&self, args: Vec<Value>, cx: &mut Cx<'_>) -> Evaluated {
        let mut frame = self.frame.clone();
        if let Some(name) = &self.own_name {
            let own = BoxedFunction {
                documents: self.documents.clone(),
                document: self.document,
                definition: self.definition.clone(),
                frame: self.frame.clone(),
                own_name: self.own_name.clone(),
            };
            frame = frame.with(name.clone(), Function::native(Arc::new(own)).into());
        }
        call_definition(&self.documents, self.document, &self.definition, frame, args, cx)
    }
}

fn call_definition(
    documents: &Arc<Documents>,
    document: DocumentId,
    definition: &FunctionDefinition,
    mut frame: Frame,
    args: Vec<Value>,
    cx: &mut Cx<'_>,
) -> Evaluated {
    let Some(body) = &definition.body else {
        return Ok(cx.null(|| Fault::plain(FaultKind::NoLogic, "the function has no body")));
    };
    for ((name, type_ref), arg) in definition.params.iter().zip(args) {
        if let Some(ty) = type_ref {
            let found = arg.type_name();
            match coerce(documents, document, ty, arg, cx)? {
                Some(arg) => frame = frame.with(name.clone(), arg),
                None => {
                    return Ok(cx.null(|| {
                        wrong_type(format!("argument `{name}` is {found}, which is no {ty}"), name, found, ty)
                    }));
                }
            }
        } else {
            frame = frame.with(name.clone(), arg);
        }
    }
    let value = Logic { documents, document }.boxed(body, &frame, cx)?;
    let result = Variable { name: "result".into(), type_ref: definition.result.clone() };
    convert(documents, document, &result, value, cx)
}

fn service_function(documents: &Arc<Documents>, document: DocumentId, index: usize) -> Value {
    let service = &documents.documents[document].services[index];
    let inputs = service.input_data.iter().chain(&service.input_decisions);
    let params = inputs.map(|element| {
        let variable = documents.variable(*element);
        let ty = variable.type_ref.as_ref().map_or(Type::Any, |t| documents.feel_type(element.document, t));
        Param { name: variable.name.clone(), ty }
    });
    let params = params.collect();
    Function::native(Arc::new(ServiceFunction { documents: documents.clone(), document, index, params })).into()
}

/// A decision service as a function of its input data and input decisions, in this order.
struct ServiceFunction {
    documents: Arc<Documents>,
    document: DocumentId,
    index: usize,
    params: Vec<Param>,
}

impl Invocable for ServiceFunction {
    fn params(&self) -> &[Param] {
        &self.params
    }

    fn result(&self) -> Type {
        let name = &self.documents.documents[self.document].services[self.index].variable.type_ref;
        match name.as_ref().map(|n| self.documents.feel_type(self.document, n)) {
            Some(Type::Function(_, result)) => *result,
            Some(ty) => ty,
            None => Type::Any,
        }
    }

    fn call(&self, args: Vec<Value>, cx: &mut Cx<'_>) -> Evaluated {
        let inputs: Context = self.params.iter().map(|p| p.name.clone()).zip(args).collect();
        Session::new(&self.documents, &inputs).serve(self.document, self.index, cx)
    }
}

// ---- boxed expressions

/// Evaluates the logic of one document.
#[derive(Clone, Copy)]
pub(crate) struct Logic<'m> {
    pub(crate) documents: &'m Arc<Documents>,
    pub(crate) document: DocumentId,
}

impl Logic<'_> {
    pub(crate) fn boxed(self, boxed: &Boxed, frame: &Frame, cx: &mut Cx<'_>) -> Evaluated {
        cx.charge(1)?;
        let value = cx.deeper(|cx| self.kind(&boxed.kind, frame, cx))?;
        match &boxed.type_ref {
            Some(name) => self.fit(name, value, cx),
            None => Ok(value),
        }
    }

    /// Converts to a named type; null if the value does not fit.
    pub(crate) fn fit(self, name: &str, value: Value, cx: &mut Cx<'_>) -> Evaluated {
        let found = value.type_name();
        match coerce(self.documents, self.document, name, value, cx)? {
            Some(value) => Ok(value),
            None => Ok(cx.null(|| wrong_type(format!("found {found}, which is no {name}"), "", found, name))),
        }
    }

    fn kind(self, kind: &BoxedKind, frame: &Frame, cx: &mut Cx<'_>) -> Evaluated {
        match kind {
            BoxedKind::Literal(Some(expr)) => expr.eval_in(frame, cx),
            BoxedKind::Literal(None) => {
                Ok(cx.null(|| Fault::plain(FaultKind::NoLogic, "an expression is missing or faulty")))
            }
            BoxedKind::Context(entries) => self.context(entries, frame, cx),
            BoxedKind::Invocation(callee, bindings) => self.invocation(callee, bindings, frame, cx),
            BoxedKind::Relation(columns, rows) => {
                let mut contexts = Vec::with_capacity(rows.len());
                for row in rows {
                    let mut entries = IndexMap::new();
                    for (column, cell) in columns.iter().zip(row) {
                        let value = self.boxed(cell, frame, cx)?;
                        let value = convert(self.documents, self.document, column, value, cx)?;
                        entries.insert(column.name.clone(), value);
                    }
                    contexts.push(cx.context(entries)?);
                }
                cx.list(contexts)
            }
            BoxedKind::List(items) => {
                let items = items.iter().map(|i| self.boxed(i, frame, cx)).collect::<Result<Vec<_>, _>>()?;
                cx.list(items)
            }
            BoxedKind::Function(definition) => Ok(self.function(definition, frame, None)),
            BoxedKind::Table(table) => table::evaluate(self, table, frame, cx),
            BoxedKind::Conditional(parts) => {
                let [condition, yes, no] = &**parts;
                match self.boxed(condition, frame, cx)? {
                    Value::Bool(true) => self.boxed(yes, frame, cx),
                    Value::Bool(false) | Value::Null => self.boxed(no, frame, cx),
                    other => Ok(cx
                        .null(|| Fault::plain(FaultKind::NotBoolean, format!("a condition is {}", other.type_name())))),
                }
            }
            BoxedKind::For(name, parts) => {
                let [domain, body] = &**parts;
                let Some(items) = self.items(domain, frame, cx)? else { return Ok(Value::Null) };
                let mut results = Vec::with_capacity(items.len());
                for item in items {
                    let partial = cx.list(results.clone())?;
                    let inner = frame.with(name.clone(), item).with("partial", partial);
                    results.push(self.boxed(body, &inner, cx)?);
                }
                cx.list(results)
            }
            BoxedKind::Some(name, parts) => self.quantified(name, parts, true, frame, cx),
            BoxedKind::Every(name, parts) => self.quantified(name, parts, false, frame, cx),
            BoxedKind::Filter(parts) => {
                let [domain, condition] = &**parts;
                let items = match self.boxed(domain, frame, cx)? {
                    Value::List(list) => list.items().to_vec(),
                    Value::Null => return Ok(Value::Null),
                    single => vec![single],
                };
                cx.filter_items(&items, frame, &mut |cx, frame| self.boxed(condition, frame, cx))
            }
        }
    }

    fn items(self, domain: &Boxed, frame: &Frame, cx: &mut Cx<'_>) -> Result<Option<Vec<Value>>, EvalError> {
        let domain = self.boxed(domain, frame, cx)?;
        let items = cx.items(domain)?;
        if items.is_none() {
            cx.null(|| Fault::plain(FaultKind::NothingToRunOver, "there is nothing to run over"));
        }
        Ok(items)
    }

    /// `some` is a chain of `or`, `every` one of `and`.
    fn quantified(
        self,
        name: &Arc<str>,
        parts: &[Boxed; 2],
        decisive: bool,
        frame: &Frame,
        cx: &mut Cx<'_>,
    ) -> Evaluated {
        let [domain, condition] = parts;
        let Some(items) = self.items(domain, frame, cx)? else { return Ok(Value::Null) };
        let mut unknown = false;
        for item in items {
            match self.boxed(condition, &frame.with(name.clone(), item), cx)?.as_bool() {
                Some(b) if b == decisive => return Ok(Value::Bool(decisive)),
                Some(_) => {}
                None => unknown = true,
            }
        }
        Ok(if unknown {
            cx.null(|| Fault::plain(FaultKind::NotBoolean, "a condition is no boolean"))
        } else {
            Value::Bool(!decisive)
        })
    }

    fn function(self, definition: &Arc<FunctionDefinition>, frame: &Frame, own_name: Option<Arc<str>>) -> Value {
        Function::native(Arc::new(BoxedFunction {
            documents: self.documents.clone(),
            document: self.document,
            definition: definition.clone(),
            frame: frame.clone(),
            own_name,
        }))
        .into()
    }

    fn context(self, entries: &[(Option<Variable>, Boxed)], frame: &Frame, cx: &mut Cx<'_>) -> Evaluated {
        let mut frame = frame.clone();
        let mut values = IndexMap::new();
        for (variable, boxed) in entries {
            let Some(variable) = variable else { return self.boxed(boxed, &frame, cx) };
            let value = match &boxed.kind {
                BoxedKind::Function(definition) => self.function(definition, &frame, Some(variable.name.clone())),
                _ => self.boxed(boxed, &frame, cx)?,
            };
            let value = convert(self.documents, self.document, variable, value, cx)?;
            frame = frame.with(variable.name.clone(), value.clone());
            values.insert(variable.name.clone(), value);
        }
        cx.context(values)
    }

    fn invocation(self, callee: &Boxed, bindings: &[(Variable, Boxed)], frame: &Frame, cx: &mut Cx<'_>) -> Evaluated {
        let function = match self.boxed(callee, frame, cx)? {
            Value::Function(function) => function,
            other => {
                return Ok(cx.null(|| {
                    Fault::new(
                        FaultKind::NotCallable,
                        format!("{} cannot be called", other.type_name()),
                        vec![("type", other.type_name().to_owned())],
                    )
                }));
            }
        };
        let mut args = Vec::with_capacity(bindings.len());
        for (variable, boxed) in bindings {
            let value = self.boxed(boxed, frame, cx)?;
            let value = convert(self.documents, self.document, variable, value, cx)?;
            args.push((variable.name.clone(), value));
        }
        cx.call_named(&function, args)
    }
}
