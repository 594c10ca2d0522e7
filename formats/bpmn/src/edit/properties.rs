//! What a step is to do, and when.

use super::draft::{Done, Draft, at};
use super::{EditError, Passes, Properties, Repeat, Time, filled, refused};
use crate::graph::{feel_of, local_name};
use crate::iso::{is_date, is_duration, parse_cycle};
use crate::model::*;

pub(super) fn of(definitions: &Definitions, node: &FlowNode) -> Option<Properties> {
    let meer = &node.meer;
    let (message, called) = match &node.kind {
        NodeKind::Task(_, TaskKind::Receive { message, .. }) => (message.as_ref(), None),
        NodeKind::CallActivity(_, called) => (None, called.clone()),
        NodeKind::Gateway(_) => return None,
        kind => (events(kind).iter().find_map(message_of), None),
    };
    Some(Properties {
        command: meer.command.clone(),
        form: meer.form.clone(),
        unit: meer.unit.clone(),
        due: meer.due.clone(),
        four_eyes: meer.four_eyes.clone(),
        medienbruch: meer.medienbruch.clone(),
        decision: meer.decision.clone(),
        key: meer.key.clone(),
        inputs: meer.inputs.clone(),
        outputs: meer.outputs.clone(),
        called,
        message: message.and_then(|id| message_name(definitions, id)),
        repeat: activity(&node.kind).and_then(|activity| activity.loop_characteristics.as_ref()).map(repeat_of),
    })
}

impl Draft {
    pub fn set_properties(&mut self, element: &str, properties: &Properties) -> Done {
        let mut node = self.node_mut(element)?.clone();
        self.put(&mut node, properties)?;
        *self.node_mut(element)? = node;
        Ok(())
    }

    /// Writes properties into a node; what is not of its kind is refused where there is no place for it.
    pub fn put(&mut self, node: &mut FlowNode, properties: &Properties) -> Done {
        let called = filled(properties.called.as_deref());
        if called.is_some() && !matches!(node.kind, NodeKind::CallActivity(..)) {
            return Err(at(
                node,
                "Nur ein Schritt, der einen anderen Prozess aufruft, nennt einen. Lassen Sie das Feld leer.",
            ));
        }
        if properties.repeat.is_some() && activity(&node.kind).is_none() {
            return Err(at(node, "Nur Schritte lassen sich wiederholen. Lassen Sie die Wiederholung weg."));
        }
        let name = filled(properties.message.as_deref());
        let takes_message = matches!(node.kind, NodeKind::Task(_, TaskKind::Receive { .. }))
            || events(&node.kind).iter().any(|event| matches!(event.trigger, EventTrigger::Message { .. }));
        if name.is_some() && !takes_message {
            return Err(at(
                node,
                "Dieses Element wartet auf keine Nachricht und sendet keine. Lassen Sie das Feld leer.",
            ));
        }
        if takes_message {
            let reference = name.map(|name| self.message(&name));
            match &mut node.kind {
                NodeKind::Task(_, TaskKind::Receive { message, .. }) => *message = reference,
                kind => {
                    for event in events_mut(kind) {
                        if let EventTrigger::Message { message, .. } = &mut event.trigger {
                            message.clone_from(&reference);
                        }
                    }
                }
            }
        }
        if let NodeKind::CallActivity(_, key) = &mut node.kind {
            *key = called;
        }
        if let Some(activity) = activity_mut(&mut node.kind) {
            let before = activity.loop_characteristics.take();
            activity.loop_characteristics = properties.repeat.as_ref().map(|repeat| looped(repeat, before));
        }
        let text = |text: &Option<String>| filled(text.as_deref());
        let mappings = |mappings: &[Mapping]| {
            let said = mappings.iter().filter(|m| !m.name.trim().is_empty() || !m.value.trim().is_empty());
            said.map(|m| Mapping { name: m.name.trim().to_owned(), value: m.value.clone() }).collect()
        };
        node.meer = Meer {
            command: text(&properties.command),
            form: text(&properties.form),
            unit: text(&properties.unit),
            plan: node.meer.plan.take(),
            due: text(&properties.due),
            four_eyes: text(&properties.four_eyes),
            medienbruch: text(&properties.medienbruch),
            decision: text(&properties.decision),
            key: text(&properties.key),
            inputs: mappings(&properties.inputs),
            outputs: mappings(&properties.outputs),
        };
        Ok(())
    }

    pub fn set_time(&mut self, element: &str, time: &Time) -> Done {
        let timer = timer(element, time)?;
        let node = self.node_mut(element)?;
        let refuse = at(node, "Dieses Element hat keine Zeit. Fügen Sie eine Frist an einem Schritt ein.");
        let found = events_mut(&mut node.kind).iter_mut().find_map(|event| match &mut event.trigger {
            EventTrigger::Timer(timer) => Some(timer),
            _ => None,
        });
        *found.ok_or(refuse)? = timer;
        Ok(())
    }

    pub fn set_error(&mut self, element: &str, code: Option<&str>) -> Done {
        let code = filled(code);
        let node = self.node_mut(element)?.clone();
        let is_error = matches!(events(&node.kind), [EventDefinition { trigger: EventTrigger::Error(_), .. }]);
        let is_plain_end = matches!(&node.kind, NodeKind::EndEvent(event) if event.definitions.is_empty());
        let is_end = matches!(node.kind, NodeKind::EndEvent(_));
        if !is_error && !is_plain_end {
            return Err(at(
                &node,
                "Dieses Element hat keinen Fehler. Fügen Sie an einem Schritt ein, was bei einem Fehler geschieht.",
            ));
        }
        let reference = code.as_deref().map(|code| self.error(code));
        let node = self.node_mut(element)?;
        if let (NodeKind::EndEvent(event), true) = (&mut node.kind, is_end && (is_plain_end || reference.is_none())) {
            // An end with an error, or an end without anything.
            event.definitions = reference
                .map(|id| EventDefinition { base: Base::default(), trigger: EventTrigger::Error(Some(id)) })
                .into_iter()
                .collect();
            return Ok(());
        }
        for event in events_mut(&mut node.kind) {
            if let EventTrigger::Error(error) = &mut event.trigger {
                error.clone_from(&reference);
            }
        }
        Ok(())
    }

    pub fn set_interrupting(&mut self, element: &str, interrupting: bool) -> Done {
        let node = self.node_mut(element)?;
        let refuse =
            at(node, "Nur eine Frist oder Nachricht an einem Schritt lässt ihn weiterlaufen oder bricht ihn ab.");
        let NodeKind::BoundaryEvent(event) = &mut node.kind else { return Err(refuse) };
        let is_error = event.definitions.iter().any(|event| matches!(event.trigger, EventTrigger::Error(_)));
        if is_error && !interrupting {
            return Err(at(
                node,
                "Ein Fehler beendet seinen Schritt immer. Wählen Sie, dass der Schritt abgebrochen wird.",
            ));
        }
        if interrupting != (event.cancel_activity != Some(false)) {
            event.cancel_activity = (!interrupting).then_some(false);
        }
        Ok(())
    }

    pub fn set_register(&mut self, register: &Register) -> Done {
        let leika = filled(register.leika.as_deref());
        if leika.as_deref().is_some_and(|key| key.len() != 14 || !key.bytes().all(|byte| byte.is_ascii_digit())) {
            return Err(refused(
                "",
                "Der LeiKa-Schlüssel hat 14 Ziffern ohne Leerzeichen. Lassen Sie ihn leer, wenn es keinen gibt.",
            ));
        }
        if let Some(Root::Process(process)) = self.definitions.roots.get_mut(self.process) {
            process.register = Register {
                trigger: filled(register.trigger.as_deref()),
                result: filled(register.result.as_deref()),
                legal_basis: filled(register.legal_basis.as_deref()),
                leika,
                owner: filled(register.owner.as_deref()),
            };
        }
        Ok(())
    }

    /// Id of the error with this code; a new one where there is none.
    pub fn error(&mut self, code: &str) -> String {
        let same = |root: &Root| match root {
            Root::Error(error) if code_of(error) == code => Some(error.base.id.clone()),
            _ => None,
        };
        if let Some(id) = self.definitions.roots.iter().find_map(same) {
            return id;
        }
        let base = Base { id: self.new_id(code, "fehler"), ..Base::default() };
        let id = base.id.clone();
        self.add_root(Root::Error(ErrorDefinition { base, code: Some(code.to_owned()), ..ErrorDefinition::default() }));
        id
    }

    /// Id of the message of this name; a new one where there is none.
    pub fn message(&mut self, name: &str) -> String {
        let same = |root: &Root| match root {
            Root::Message(message) if named(message) == name => Some(message.base.id.clone()),
            _ => None,
        };
        if let Some(id) = self.definitions.roots.iter().find_map(same) {
            return id;
        }
        let base = Base { id: self.new_id(name, "nachricht"), ..Base::default() };
        let id = base.id.clone();
        self.add_root(Root::Message(Message { base, name: Some(name.to_owned()), item: None }));
        id
    }

    fn add_root(&mut self, root: Root) {
        self.definitions.roots.insert(self.process, root);
        self.process += 1;
    }
}

/// # Errors
/// A text that is no time.
pub(super) fn timer(element: &str, time: &Time) -> Result<Timer, EditError> {
    let (Time::Date(text) | Time::Duration(text) | Time::Cycle(text)) = time;
    let text = text.trim();
    let (readable, example) = match time {
        Time::Date(_) => (is_date(text), "2027-01-31T12:00:00Z"),
        Time::Duration(_) => (is_duration(text), "P14D für 14 Tage"),
        Time::Cycle(_) => (parse_cycle(text).is_some(), "R3/P7D für dreimal alle 7 Tage"),
    };
    if !readable && feel_of(text).is_none() {
        let message = format!("„{text}“ ist keine lesbare Zeitangabe. Ein Beispiel: {example}.");
        return Err(refused(element, &message));
    }
    Ok(match time {
        Time::Date(_) => Timer::Date(formal(text)),
        Time::Duration(_) => Timer::Duration(formal(text)),
        Time::Cycle(_) => Timer::Cycle(formal(text)),
    })
}

pub(super) fn formal(body: &str) -> Expression {
    Expression { formal: true, body: body.to_owned(), ..Expression::default() }
}

pub(super) fn activity(kind: &NodeKind) -> Option<&Activity> {
    match kind {
        NodeKind::Task(activity, _) | NodeKind::SubProcess(activity, _) | NodeKind::CallActivity(activity, _) => {
            Some(activity)
        }
        _ => None,
    }
}

pub(super) fn activity_mut(kind: &mut NodeKind) -> Option<&mut Activity> {
    match kind {
        NodeKind::Task(activity, _) | NodeKind::SubProcess(activity, _) | NodeKind::CallActivity(activity, _) => {
            Some(activity)
        }
        _ => None,
    }
}

pub(super) fn default_of(kind: &NodeKind) -> Option<String> {
    match kind {
        NodeKind::Gateway(gateway) => gateway.default.clone(),
        kind => activity(kind)?.default.clone(),
    }
}

pub(crate) fn events(kind: &NodeKind) -> &[EventDefinition] {
    match kind {
        NodeKind::StartEvent(event) => &event.definitions,
        NodeKind::EndEvent(event) => &event.definitions,
        NodeKind::CatchEvent(event) => &event.definitions,
        NodeKind::ThrowEvent(event) => &event.definitions,
        NodeKind::BoundaryEvent(event) => &event.definitions,
        _ => &[],
    }
}

fn events_mut(kind: &mut NodeKind) -> &mut [EventDefinition] {
    match kind {
        NodeKind::StartEvent(event) => &mut event.definitions,
        NodeKind::EndEvent(event) => &mut event.definitions,
        NodeKind::CatchEvent(event) => &mut event.definitions,
        NodeKind::ThrowEvent(event) => &mut event.definitions,
        NodeKind::BoundaryEvent(event) => &mut event.definitions,
        _ => &mut [],
    }
}

fn message_of(event: &EventDefinition) -> Option<&String> {
    match &event.trigger {
        EventTrigger::Message { message, .. } => message.as_ref(),
        _ => None,
    }
}

pub(super) fn time_of(event: &EventDefinition) -> Option<Time> {
    let body = |expression: &Expression| expression.body.trim().to_owned();
    match &event.trigger {
        EventTrigger::Timer(Timer::Date(time)) => Some(Time::Date(body(time))),
        EventTrigger::Timer(Timer::Duration(time)) => Some(Time::Duration(body(time))),
        EventTrigger::Timer(Timer::Cycle(time)) => Some(Time::Cycle(body(time))),
        _ => None,
    }
}

/// The code of an error; its id where it has none.
fn code_of(error: &ErrorDefinition) -> &str {
    error.code.as_deref().filter(|code| !code.is_empty()).unwrap_or(&error.base.id)
}

pub(super) fn error_of(definitions: &Definitions, event: &EventDefinition) -> Option<String> {
    let EventTrigger::Error(Some(id)) = &event.trigger else { return None };
    let local = local_name(id);
    let found = definitions.roots.iter().find_map(|root| match root {
        Root::Error(error) if error.base.id == *id || error.base.id == local => Some(code_of(error).to_owned()),
        _ => None,
    });
    Some(found.unwrap_or_else(|| id.clone()))
}

/// The name of a message; its id where it has none.
fn named(message: &Message) -> &str {
    message.name.as_deref().filter(|name| !name.is_empty()).unwrap_or(&message.base.id)
}

fn message_name(definitions: &Definitions, id: &str) -> Option<String> {
    let local = local_name(id);
    definitions.roots.iter().find_map(|root| match root {
        Root::Message(message) if message.base.id == id || message.base.id == local => Some(named(message).to_owned()),
        _ => None,
    })
}

fn repeat_of(repeated: &Loop) -> Repeat {
    let body = |expression: &Option<Expression>| expression.as_ref().and_then(|e| filled(Some(&e.body)));
    match repeated {
        Loop::Standard(standard) => Repeat::While {
            condition: body(&standard.condition),
            test_before: standard.test_before == Some(true),
            maximum: standard.maximum.clone(),
        },
        Loop::MultiInstance(multiple) => Repeat::Each {
            passes: match (&multiple.collection, body(&multiple.cardinality)) {
                (None, Some(number)) => Passes::Cardinality(number),
                (list, _) => Passes::Collection(list.clone().unwrap_or_default()),
            },
            sequential: multiple.is_sequential == Some(true),
            completion: body(&multiple.completion),
            item: multiple.item.clone(),
            output: multiple.output.clone(),
            outputs: multiple.outputs.clone(),
        },
    }
}

/// Keeps of what was there before the parts that [`Repeat`] does not speak of.
fn looped(repeat: &Repeat, before: Option<Loop>) -> Loop {
    let expression = |text: &Option<String>| filled(text.as_deref()).map(|text| formal(&text));
    match repeat {
        Repeat::While { condition, test_before, maximum } => {
            let base = if let Some(Loop::Standard(before)) = before { before.base } else { Base::default() };
            Loop::Standard(Box::new(StandardLoop {
                base,
                test_before: test_before.then_some(true),
                maximum: filled(maximum.as_deref()),
                condition: expression(condition),
            }))
        }
        Repeat::Each { passes, sequential, completion, item, output, outputs } => {
            let (base, behavior) = match before {
                Some(Loop::MultiInstance(before)) => (before.base, before.behavior),
                _ => (Base::default(), None),
            };
            let (collection, cardinality) = match passes {
                Passes::Collection(list) => (filled(Some(list)), None),
                Passes::Cardinality(number) => (None, expression(&Some(number.clone()))),
            };
            Loop::MultiInstance(Box::new(MultiInstance {
                base,
                is_sequential: sequential.then_some(true),
                behavior,
                cardinality,
                completion: expression(completion),
                collection,
                item: filled(item.as_deref()),
                output: filled(output.as_deref()),
                outputs: filled(outputs.as_deref()),
            }))
        }
    }
}
