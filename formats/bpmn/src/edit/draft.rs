//! Nodes and ways put in, taken out and led elsewhere.

use std::collections::{HashMap, HashSet};

use super::properties::{activity, activity_mut, default_of, formal, timer};
use super::{Beside, Edit, EditError, Goal, NewStep, StepKind, Time, filled, refused};
use crate::Model;
use crate::graph::executable;
use crate::model::*;

/// A model while it is being changed.
pub(super) struct Draft {
    pub definitions: Definitions,
    /// Where the executable process is among the roots.
    pub process: usize,
    ids: HashSet<String>,
    /// Flows whose drawn line is wrong now.
    moved: HashSet<String>,
}

pub(super) type Done = Result<(), EditError>;

impl Draft {
    pub fn of(model: &Model) -> Result<Self, EditError> {
        let wanted = executable(&model.definitions).map(|process| process.base.id.clone());
        let is_it = |root: &Root| matches!(root, Root::Process(process) if Some(&process.base.id) == wanted.as_ref());
        let Some(process) = model.definitions.roots.iter().position(is_it) else {
            return Err(refused("", "Diese Datei hat keinen Prozess, der ausgeführt wird. Öffnen Sie eine andere."));
        };
        let mut ids = HashSet::new();
        let xml = model.to_xml();
        if let Ok(document) = roxmltree::Document::parse(&xml) {
            ids.extend(document.descendants().filter_map(|node| node.attribute("id")).map(str::to_owned));
        }
        Ok(Self { definitions: model.definitions.clone(), process, ids, moved: HashSet::new() })
    }

    pub fn apply(&mut self, edit: &Edit) -> Done {
        match edit {
            Edit::InsertAfter { element, step } => self.insert_after(element, step),
            Edit::InsertOn { flow, step } => self.insert_on(flow, step).map(drop),
            Edit::InsertDecision { .. } => self.insert_decision(edit),
            Edit::AddWay { gateway, name, condition, target } => {
                self.add_way(gateway, name.as_deref(), condition.as_deref(), target)
            }
            Edit::SetWay { flow, name, condition, is_default } => {
                self.set_way(flow, name.as_deref(), condition.as_deref(), *is_default)
            }
            Edit::Redirect { flow, target } => self.redirect(flow, target),
            Edit::RemoveWay { flow } => self.remove_way(flow),
            Edit::Remove { element } => self.remove(element),
            Edit::Move { element, to } => self.move_to(element, to),
            Edit::Rename { element, name } => {
                let node = self.node_mut(element)?;
                node.name = filled(Some(name));
                Ok(())
            }
            Edit::SetProperties { element, properties } => self.set_properties(element, properties),
            Edit::AddTimer { host, name, time, interrupting, target } => {
                let trigger = EventTrigger::Timer(timer(host, time)?);
                self.attach(host, name.as_deref(), "frist", trigger, *interrupting, target).map(drop)
            }
            Edit::AddError { host, name, code, target } => {
                let error = filled(code.as_deref()).map(|code| self.error(&code));
                self.attach(host, name.as_deref(), "fehler", EventTrigger::Error(error), true, target).map(drop)
            }
            Edit::AddMessage { host, name, message, key, interrupting, target } => {
                let Some(message) = filled(Some(message)) else {
                    return Err(refused(host, "Geben Sie an, wie die Nachricht heißt."));
                };
                let trigger = EventTrigger::Message { message: Some(self.message(&message)), operation: None };
                let id = self.attach(host, name.as_deref(), "nachricht", trigger, *interrupting, target)?;
                self.node_mut(&id)?.meer.key = filled(key.as_deref());
                Ok(())
            }
            Edit::SetTime { element, time } => self.set_time(element, time),
            Edit::SetError { element, code } => self.set_error(element, code.as_deref()),
            Edit::SetInterrupting { element, interrupting } => self.set_interrupting(element, *interrupting),
            Edit::RemoveBoundary { element } => self.remove_boundary(element),
            Edit::SetRegister { register } => self.set_register(register),
            Edit::SetName { name } => {
                let Some(name) = filled(Some(name)) else {
                    return Err(refused("", "Geben Sie dem Prozess einen Namen."));
                };
                if let Some(Root::Process(process)) = self.definitions.roots.get_mut(self.process) {
                    process.name = Some(name);
                }
                Ok(())
            }
        }
    }

    pub fn finish(mut self) -> Result<Model, EditError> {
        if let Some(Root::Process(process)) = self.definitions.roots.get_mut(self.process) {
            restate_ways(&mut process.content);
        }
        let moved = std::mem::take(&mut self.moved);
        self.erase_drawn(&moved);
        let written = bpmn_model::write(&self.definitions);
        Model::parse(&written).map_err(|errors| {
            let first = errors.into_iter().next();
            let (element, name, message) = first.map(|e| (e.element, e.name, e.message)).unwrap_or_default();
            let message = format!("Das lässt sich so nicht speichern. {message}");
            EditError { element, name, message }
        })
    }

    fn content(&mut self) -> Option<&mut FlowContent> {
        match self.definitions.roots.get_mut(self.process) {
            Some(Root::Process(process)) => Some(&mut process.content),
            _ => None,
        }
    }

    /// The level that has this node or flow.
    fn level(&mut self, id: &str) -> Result<&mut FlowContent, EditError> {
        let missing = || refused(id, "Das gibt es in diesem Prozess nicht mehr. Laden Sie die Seite neu.");
        self.content().and_then(|content| level_of(content, id)).ok_or_else(missing)
    }

    pub fn node_mut(&mut self, id: &str) -> Result<&mut FlowNode, EditError> {
        let missing = || refused(id, "Dieses Element gibt es in diesem Prozess nicht mehr. Laden Sie die Seite neu.");
        self.level(id)?.elements.iter_mut().find_map(|element| as_node_mut(element, id)).ok_or_else(missing)
    }

    /// A node without what is in it, when it is a sub-process: only what it is counts here.
    fn node(&mut self, id: &str) -> Result<FlowNode, EditError> {
        let node = self.node_mut(id)?;
        let kind = match &node.kind {
            NodeKind::SubProcess(activity, SubProcess { kind, triggered_by_event, .. }) => {
                let (kind, triggered_by_event) = (kind.clone(), *triggered_by_event);
                let inner = SubProcess { kind, triggered_by_event, content: FlowContent::default() };
                NodeKind::SubProcess(activity.clone(), inner)
            }
            kind => kind.clone(),
        };
        let base = Base { id: node.base.id.clone(), ..Base::default() };
        Ok(FlowNode { base, name: node.name.clone(), kind, ..FlowNode::default() })
    }

    fn flow(&mut self, id: &str) -> Result<SequenceFlow, EditError> {
        let missing = || refused(id, "Diesen Weg gibt es in diesem Prozess nicht mehr. Laden Sie die Seite neu.");
        let level = self.level(id)?;
        level.elements.iter().find_map(|element| as_flow(element, id)).cloned().ok_or_else(missing)
    }

    /// Changes a flow; its drawn line is no longer right.
    fn change(&mut self, id: &str, change: impl FnOnce(&mut SequenceFlow)) -> Done {
        let level = self.level(id)?;
        let found = level.elements.iter_mut().find_map(|element| match element {
            FlowElement::Flow(flow) if flow.base.id == id => Some(flow),
            _ => None,
        });
        if let Some(flow) = found {
            let before = (flow.source.clone(), flow.target.clone());
            change(flow);
            if before != (flow.source.clone(), flow.target.clone()) {
                self.moved.insert(id.to_owned());
            }
        }
        Ok(())
    }

    /// Flows into and out of a node.
    fn around(&mut self, id: &str) -> Result<(Vec<SequenceFlow>, Vec<SequenceFlow>), EditError> {
        let level = self.level(id)?;
        let flows =
            || level.elements.iter().filter_map(|e| if let FlowElement::Flow(f) = e { Some(&**f) } else { None });
        let into = flows().filter(|flow| flow.target == id).cloned().collect();
        Ok((into, flows().filter(|flow| flow.source == id).cloned().collect()))
    }

    /// Adds elements behind the one of this id, and nodes to its lane.
    fn add_behind(&mut self, id: &str, lane_of: &str, elements: Vec<FlowElement>) -> Done {
        let level = self.level(id)?;
        let nodes =
            elements.iter().filter_map(|e| if let FlowElement::Node(n) = e { Some(n.base.id.clone()) } else { None });
        let nodes: Vec<String> = nodes.collect();
        for set in &mut level.lane_sets {
            lane_with(set, lane_of, &nodes);
        }
        let at =
            level.elements.iter().position(|element| id_of(element) == id).map_or(level.elements.len(), |at| at + 1);
        level.elements.splice(at..at, elements);
        Ok(())
    }

    pub fn new_id(&mut self, name: &str, otherwise: &str) -> String {
        let slug = slug(name, otherwise);
        let mut id = slug.clone();
        let mut number = 1;
        while !self.ids.insert(id.clone()) {
            number += 1;
            id = format!("{slug}-{number}");
        }
        id
    }

    fn new_flow(&mut self, source: &str, target: &str) -> SequenceFlow {
        let mut number = self.ids.len();
        while !self.ids.insert(format!("weg-{number}")) {
            number += 1;
        }
        let base = Base { id: format!("weg-{number}"), ..Base::default() };
        SequenceFlow { base, source: source.to_owned(), target: target.to_owned(), ..SequenceFlow::default() }
    }

    fn new_step(&mut self, step: &NewStep) -> Result<FlowNode, EditError> {
        let Some(name) = filled(Some(&step.name)) else {
            return Err(refused("", "Geben Sie dem neuen Schritt einen Namen."));
        };
        let base = Base { id: self.new_id(&name, "schritt"), ..Base::default() };
        let task = |kind| NodeKind::Task(Activity::default(), kind);
        let kind = match &step.kind {
            StepKind::UserTask => task(TaskKind::User { implementation: None }),
            StepKind::ServiceTask => task(TaskKind::Service { implementation: None, operation: None }),
            StepKind::BusinessRuleTask => task(TaskKind::BusinessRule { implementation: None }),
            StepKind::SendTask => task(TaskKind::Send { implementation: None, operation: None, message: None }),
            StepKind::ReceiveTask => {
                task(TaskKind::Receive { implementation: None, operation: None, message: None, instantiate: None })
            }
            StepKind::ManualTask => task(TaskKind::Manual),
            StepKind::CallActivity => NodeKind::CallActivity(Activity::default(), None),
            StepKind::Wait(Time::Cycle(_)) => {
                return Err(refused("", "Hier wird einmal gewartet. Wählen Sie eine Dauer oder einen Zeitpunkt."));
            }
            StepKind::Wait(time) => {
                let trigger = EventTrigger::Timer(timer("", time)?);
                let definitions = vec![EventDefinition { base: Base::default(), trigger }];
                NodeKind::CatchEvent(CatchEvent { definitions, ..CatchEvent::default() })
            }
        };
        let mut node = FlowNode { base, name: Some(name), kind, ..FlowNode::default() };
        self.put(&mut node, &step.properties)?;
        Ok(node)
    }

    fn insert_after(&mut self, element: &str, step: &NewStep) -> Done {
        let node = self.node(element)?;
        let (_, out) = self.around(element)?;
        let refuse = |message: &str| Err(at(&node, message));
        match out.as_slice() {
            [flow] => self.insert_on(&flow.base.id, step).map(drop),
            [_, _, ..] => refuse("Von hier gehen mehrere Wege aus. Wählen Sie den Weg, auf den der Schritt gehört."),
            [] if matches!(node.kind, NodeKind::EndEvent(_)) => {
                refuse("Hier endet der Prozess. Fügen Sie den Schritt davor ein.")
            }
            [] if is_event_sub_process(&node.kind) || is_link(&node.kind, true) => {
                refuse("Von hier geht kein Weg aus. Fügen Sie den Schritt an einer anderen Stelle ein.")
            }
            [] => {
                let new = self.new_step(step)?;
                let flow = self.new_flow(element, &new.base.id);
                self.add_behind(
                    element,
                    element,
                    vec![FlowElement::Node(Box::new(new)), FlowElement::Flow(Box::new(flow))],
                )
            }
        }
    }

    /// Returns the id of the new step.
    fn insert_on(&mut self, flow: &str, step: &NewStep) -> Result<String, EditError> {
        let old = self.flow(flow)?;
        let source = self.node(&old.source)?;
        if is_event_based(&source.kind) && !matches!(step.kind, StepKind::ReceiveTask | StepKind::Wait(_)) {
            return Err(at(&source, BEHIND_EVENT_GATEWAY));
        }
        let new = self.new_step(step)?;
        let id = new.base.id.clone();
        let on = self.new_flow(&id, &old.target);
        self.change(flow, |flow| flow.target.clone_from(&id))?;
        self.add_behind(flow, &old.source, vec![FlowElement::Node(Box::new(new)), FlowElement::Flow(Box::new(on))])?;
        Ok(id)
    }

    fn insert_decision(&mut self, edit: &Edit) -> Done {
        let Edit::InsertDecision { flow, question, condition, yes, no, step } = edit else { return Ok(()) };
        let old = self.flow(flow)?;
        let source = self.node(&old.source)?;
        if is_event_based(&source.kind) {
            return Err(at(&source, BEHIND_EVENT_GATEWAY));
        }
        let Some(condition) = filled(Some(condition)) else {
            return Err(at(&source, "Geben Sie an, wann der neue Schritt nötig ist, zum Beispiel: betrag > 50"));
        };
        let new = self.new_step(step)?;
        let question = filled(question.as_deref());
        let split = self.new_id(question.as_deref().unwrap_or_default(), &format!("vor-{}", new.base.id));
        let join = self.new_id("", &format!("nach-{}", new.base.id));
        let mut to_step = self.new_flow(&split, &new.base.id);
        (to_step.name, to_step.condition) = (filled(yes.as_deref()), Some(formal(&condition)));
        let mut past = self.new_flow(&split, &join);
        past.name = filled(no.as_deref());
        let after = self.new_flow(&new.base.id, &join);
        let on = self.new_flow(&join, &old.target);
        let gateway = |id: String, name: Option<String>, default: Option<String>| {
            let kind = NodeKind::Gateway(Gateway { default, ..Gateway::default() });
            let base = Base { id, ..Base::default() };
            FlowElement::Node(Box::new(FlowNode { base, name, kind, ..FlowNode::default() }))
        };
        let past_id = past.base.id.clone();
        self.change(flow, |flow| flow.target.clone_from(&split))?;
        let elements = vec![
            gateway(split, question, Some(past_id)),
            FlowElement::Flow(Box::new(to_step)),
            FlowElement::Node(Box::new(new)),
            FlowElement::Flow(Box::new(after)),
            FlowElement::Flow(Box::new(past)),
            gateway(join, None, None),
            FlowElement::Flow(Box::new(on)),
        ];
        self.add_behind(flow, &old.source, elements)
    }

    /// Whether a way from this level may lead there.
    fn may_lead(&mut self, from: &FlowNode, target: &str) -> Done {
        let to = self.node(target)?;
        let refuse = |message: &str| Err(at(&to, message));
        if !self.level(&from.base.id)?.elements.iter().any(|element| id_of(element) == target) {
            return refuse(
                "Ein Weg führt nicht in einen Teilprozess hinein oder hinaus. Wählen Sie ein Ziel auf derselben Ebene.",
            );
        }
        match &to.kind {
            NodeKind::StartEvent(_) | NodeKind::BoundaryEvent(_) => {
                refuse("Zu diesem Ereignis führt kein Weg. Wählen Sie den Schritt, mit dem es weitergehen soll.")
            }
            kind if is_event_sub_process(kind) || is_link(kind, false) => {
                refuse("Hierher führt kein Weg. Wählen Sie den Schritt, mit dem es weitergehen soll.")
            }
            _ => Ok(()),
        }
    }

    /// The id of where a way from this node leads, and the end event that has to be added for it.
    fn goal(&mut self, from: &FlowNode, goal: &Goal) -> Result<(String, Option<FlowElement>), EditError> {
        match goal {
            Goal::Element(target) => {
                self.may_lead(from, target)?;
                Ok((target.clone(), None))
            }
            Goal::NewEnd { name } => {
                let name = filled(name.as_deref());
                let id = self.new_id(name.as_deref().unwrap_or_default(), "ende");
                let base = Base { id: id.clone(), ..Base::default() };
                let kind = NodeKind::EndEvent(EndEvent::default());
                Ok((id, Some(FlowElement::Node(Box::new(FlowNode { base, name, kind, ..FlowNode::default() })))))
            }
        }
    }

    fn add_way(&mut self, gateway: &str, name: Option<&str>, condition: Option<&str>, goal: &Goal) -> Done {
        let node = self.node(gateway)?;
        let NodeKind::Gateway(kind) = &node.kind else {
            let message = "Mehrere Wege gehen nur von einer Verzweigung aus. Fügen Sie zuerst eine Entscheidung ein.";
            return Err(at(&node, message));
        };
        let (target, end) = self.goal(&node, goal)?;
        let (_, out) = self.around(gateway)?;
        let condition = filled(condition);
        let mut default = kind.default.clone();
        let mut new = self.new_flow(gateway, &target);
        if matches!(kind.kind, GatewayKind::Parallel | GatewayKind::EventBased) {
            if condition.is_some() {
                return Err(at(&node, "Hier werden Bedingungen nicht geprüft. Lassen Sie das Feld leer."));
            }
        } else if condition.is_some() {
            // The only way so far is taken whenever the new one is not.
            if let ([only], None) = (out.as_slice(), &default)
                && only.condition.is_none()
            {
                default = Some(only.base.id.clone());
            }
        } else if default.is_some() || out.iter().any(|flow| flow.condition.is_none()) {
            let message = "Es gibt schon einen Weg, der sonst gilt. Geben Sie für den neuen eine Bedingung an.";
            return Err(at(&node, message));
        } else {
            default = Some(new.base.id.clone());
        }
        new.name = filled(name);
        new.condition = condition.as_deref().map(formal);
        self.set_default(gateway, default)?;
        let behind = out.last().map_or(gateway, |flow| flow.base.id.as_str()).to_owned();
        let elements = std::iter::once(FlowElement::Flow(Box::new(new))).chain(end).collect();
        self.add_behind(&behind, gateway, elements)
    }

    fn set_default(&mut self, element: &str, default: Option<String>) -> Done {
        match &mut self.node_mut(element)?.kind {
            NodeKind::Gateway(gateway) => gateway.default = default,
            kind => {
                if let Some(activity) = activity_mut(kind) {
                    activity.default = default;
                }
            }
        }
        Ok(())
    }

    fn set_way(&mut self, flow: &str, name: Option<&str>, condition: Option<&str>, is_default: bool) -> Done {
        let old = self.flow(flow)?;
        let source = self.node(&old.source)?;
        let condition = filled(condition);
        let chooses = match &source.kind {
            NodeKind::Gateway(gateway) => !matches!(gateway.kind, GatewayKind::Parallel | GatewayKind::EventBased),
            kind => activity(kind).is_some(),
        };
        if !chooses && (is_default || condition.is_some()) {
            let message = "Hier werden Bedingungen nicht geprüft. Lassen Sie die Bedingung leer; einen Standardweg gibt es hier nicht.";
            return Err(at(&source, message));
        }
        if is_default && condition.is_some() {
            let message = "Der Standardweg gilt, wenn keine Bedingung zutrifft. Lassen Sie seine Bedingung leer.";
            return Err(EditError { element: flow.to_owned(), name: old.name, message: message.to_owned() });
        }
        let default = default_of(&source.kind);
        if is_default {
            self.set_default(&old.source, Some(flow.to_owned()))?;
        } else if default.as_deref() == Some(flow) {
            self.set_default(&old.source, None)?;
        }
        let (name, had) = (filled(name), old.condition);
        self.change(flow, |flow| {
            flow.name = name;
            flow.condition = condition.map(|body| match had {
                Some(had) => Expression { body, ..had },
                None => formal(&body),
            });
        })
    }

    fn redirect(&mut self, flow: &str, goal: &Goal) -> Done {
        let old = self.flow(flow)?;
        let source = self.node(&old.source)?;
        let (target, end) = self.goal(&source, goal)?;
        self.change(flow, |flow| flow.target = target)?;
        match end {
            Some(end) => self.add_behind(flow, &old.source, vec![end]),
            None => Ok(()),
        }
    }

    fn remove_way(&mut self, flow: &str) -> Done {
        let old = self.flow(flow)?;
        let (_, out) = self.around(&old.source)?;
        if out.len() < 2 {
            let source = self.node(&old.source)?;
            let message =
                "Das ist der einzige Weg von hier. Führen Sie ihn an ein anderes Ziel, oder entfernen Sie den Schritt.";
            return Err(at(&source, message));
        }
        self.take(&HashSet::from([flow.to_owned()]))
    }

    fn remove(&mut self, element: &str) -> Done {
        let node = self.node(element)?;
        if matches!(node.kind, NodeKind::BoundaryEvent(_)) {
            return self.remove_boundary(element);
        }
        let refuse = |message: &str| Err(at(&node, message));
        let level = self.level(element)?;
        let nodes =
            || level.elements.iter().filter_map(|e| if let FlowElement::Node(node) = e { Some(node) } else { None });
        if nodes().any(|other| matches!(&other.kind, NodeKind::BoundaryEvent(event) if event.attached_to == element)) {
            return refuse(
                "An diesem Schritt hängt eine Frist oder ein anderes Ereignis. Entfernen Sie das Ereignis zuerst.",
            );
        }
        let is_start = |node: &FlowNode| matches!(node.kind, NodeKind::StartEvent(_));
        if is_start(&node) && nodes().filter(|node| is_start(node)).count() < 2 {
            return refuse("Ohne Start beginnt der Prozess nie. Der Start bleibt; Sie können ihn umbenennen.");
        }
        let mut gone = HashSet::from([element.to_owned()]);
        if let NodeKind::SubProcess(_, inner) = &self.node_mut(element)?.kind {
            all_ids(&inner.content, &mut gone);
        }
        let all = self.content().map(|content| four_eyes(content)).unwrap_or_default();
        if let Some((_, other)) = all.iter().find(|(of, other)| gone.contains(other) && !gone.contains(of)) {
            let message = format!(
                "Ein anderer Schritt verlangt, dass „{other}“ von jemand anderem erledigt wurde (Vier-Augen-Prinzip). Ändern Sie zuerst diesen Schritt."
            );
            return refuse(&message);
        }
        let (into, out) = self.around(element)?;
        let into: Vec<_> = into.into_iter().filter(|flow| flow.source != element).collect();
        let out: Vec<_> = out.into_iter().filter(|flow| flow.target != element).collect();
        if let ([_, ..], Some(next)) = (into.as_slice(), out.first()) {
            if out.len() > 1 {
                return refuse("Von hier gehen mehrere Wege aus. Entfernen Sie zuerst alle bis auf einen.");
            }
            for flow in &into {
                let source = self.node(&flow.source)?;
                if flow.source == next.target {
                    return refuse(
                        "Was danach kommt, führt auch hierher. Führen Sie den Weg hierher zuerst an ein anderes Ziel.",
                    );
                }
                if is_event_based(&source.kind) {
                    return refuse(
                        "Davor wird auf ein Ereignis gewartet. Entfernen Sie zuerst den Weg, der von dort hierher führt.",
                    );
                }
                self.change(&flow.base.id, |flow| flow.target.clone_from(&next.target))?;
            }
        } else if !into.is_empty() {
            return refuse("Hier enden Wege. Führen Sie sie zuerst an ein anderes Ziel.");
        }
        self.take(&gone)
    }

    fn remove_boundary(&mut self, element: &str) -> Done {
        let node = self.node(element)?;
        if !matches!(node.kind, NodeKind::BoundaryEvent(_)) {
            return Err(at(&node, "Das ist kein Ereignis an einem Schritt. Entfernen Sie es wie einen Schritt."));
        }
        self.take(&HashSet::from([element.to_owned()]))
    }

    fn move_to(&mut self, element: &str, to: &Beside) -> Done {
        let node = self.node(element)?;
        let refuse = |message: &str| Err(at(&node, message));
        let (Beside::Before(other) | Beside::After(other)) = to;
        if other == element {
            return Ok(());
        }
        let movable = activity(&node.kind).is_some() && !is_event_sub_process(&node.kind)
            || matches!(node.kind, NodeKind::CatchEvent(_) | NodeKind::ThrowEvent(_)) && !is_link(&node.kind, true);
        let ([into], [out]) = (&self.around(element)?.0[..], &self.around(element)?.1[..]) else {
            return refuse(
                "Hierher führen mehrere Wege, oder es gehen mehrere aus. Nur Schritte in einer einfachen Folge lassen sich verschieben.",
            );
        };
        if !movable || into.source == out.target || into.source == element {
            return refuse(
                "Dieses Element lässt sich nicht verschieben. Entfernen Sie es, und fügen Sie es an der anderen Stelle neu ein.",
            );
        }
        let there = self.node(other)?;
        if !self.level(element)?.elements.iter().any(|e| id_of(e) == other) {
            return Err(at(
                &there,
                "Ein Schritt bleibt auf seiner Ebene. Wählen Sie eine Stelle außerhalb von Teilprozessen oder im selben.",
            ));
        }
        let beside = match to {
            Beside::Before(_) => self.around(other)?.0,
            Beside::After(_) => self.around(other)?.1,
        };
        let [on] = beside.as_slice() else {
            return Err(at(
                &there,
                "An dieser Stelle gibt es nicht genau einen Weg. Fügen Sie den Schritt auf einem bestimmten Weg neu ein.",
            ));
        };
        if on.base.id == into.base.id || on.base.id == out.base.id {
            return Ok(());
        }
        for source in [&into.source, &on.source] {
            let source = self.node(source)?;
            if is_event_based(&source.kind) {
                return Err(at(&source, BEHIND_EVENT_GATEWAY));
            }
        }
        let (after, next) = (out.target.clone(), on.target.clone());
        self.change(&into.base.id, |flow| flow.target = after)?;
        self.change(&on.base.id, |flow| flow.target = element.to_owned())?;
        self.change(&out.base.id, |flow| flow.target = next)
    }

    /// Returns the id of the event.
    fn attach(
        &mut self,
        host: &str,
        name: Option<&str>,
        otherwise: &str,
        trigger: EventTrigger,
        interrupting: bool,
        goal: &Goal,
    ) -> Result<String, EditError> {
        let node = self.node(host)?;
        if activity(&node.kind).is_none() || is_event_sub_process(&node.kind) {
            return Err(at(&node, "Fristen und Fehler hängen an einem Schritt. Wählen Sie einen Schritt."));
        }
        for flow in self.around(host)?.0 {
            if is_event_based(&self.node(&flow.source)?.kind) {
                return Err(at(
                    &node,
                    "Davor wird darauf gewartet, welches Ereignis zuerst kommt. Fügen Sie die Frist dort als weiteren Weg ein.",
                ));
            }
        }
        let (target, end) = self.goal(&node, goal)?;
        let name = filled(name);
        let id = self.new_id(name.as_deref().unwrap_or_default(), otherwise);
        let event = BoundaryEvent {
            attached_to: host.to_owned(),
            cancel_activity: (!interrupting).then_some(false),
            definitions: vec![EventDefinition { base: Base::default(), trigger }],
            ..BoundaryEvent::default()
        };
        let flow = self.new_flow(&id, &target);
        let base = Base { id: id.clone(), ..Base::default() };
        let new = FlowNode { base, name, kind: NodeKind::BoundaryEvent(event), ..FlowNode::default() };
        let elements = [FlowElement::Node(Box::new(new)), FlowElement::Flow(Box::new(flow))].into_iter().chain(end);
        self.add_behind(host, host, elements.collect())?;
        Ok(id)
    }

    /// Takes nodes and flows away, and with them everything that only speaks of them.
    fn take(&mut self, gone: &HashSet<String>) -> Done {
        let mut gone = gone.clone();
        if let Some(content) = self.content() {
            strip(content, &mut gone);
        }
        for root in &mut self.definitions.roots {
            if let Root::Collaboration(collaboration) = root {
                let stays = |flow: &MessageFlow| !gone.contains(&flow.source) && !gone.contains(&flow.target);
                let lost =
                    collaboration.message_flows.iter().filter(|flow| !stays(flow)).map(|flow| flow.base.id.clone());
                gone.extend(lost.filter(|id| !id.is_empty()).collect::<Vec<_>>());
                collaboration.message_flows.retain(|flow| !gone.contains(&flow.source) && !gone.contains(&flow.target));
            }
        }
        self.erase_drawn(&gone);
        Ok(())
    }

    /// Takes what is drawn for these elements out of the diagrams.
    fn erase_drawn(&mut self, gone: &HashSet<String>) {
        if gone.is_empty() {
            return;
        }
        for diagram in &mut self.definitions.diagrams {
            let mut erased = HashSet::new();
            diagram.plane.items.retain(|item| {
                let (id, element) = match item {
                    PlaneItem::Shape(shape) => (&shape.id, &shape.element),
                    PlaneItem::Edge(edge) => (&edge.id, &edge.element),
                };
                let goes = element.as_ref().is_some_and(|element| gone.contains(element));
                erased.extend(id.clone().filter(|_| goes));
                !goes
            });
            for item in &mut diagram.plane.items {
                if let PlaneItem::Edge(edge) = item {
                    for end in [&mut edge.source, &mut edge.target] {
                        end.take_if(|id| erased.contains(id));
                    }
                }
            }
        }
    }
}

const BEHIND_EVENT_GATEWAY: &str = "Hier wird darauf gewartet, welches Ereignis zuerst kommt; direkt dahinter stehen nur Ereignisse. Fügen Sie den Schritt hinter dem Ereignis ein.";

pub(super) fn at(node: &FlowNode, message: &str) -> EditError {
    EditError { element: node.base.id.clone(), name: node.name.clone(), message: message.to_owned() }
}

fn id_of(element: &FlowElement) -> &str {
    match element {
        FlowElement::Node(node) => &node.base.id,
        FlowElement::Flow(flow) => &flow.base.id,
        FlowElement::DataObject(object) => &object.base.id,
        FlowElement::DataObjectReference(reference) | FlowElement::DataStoreReference(reference) => &reference.base.id,
    }
}

fn as_node_mut<'c>(element: &'c mut FlowElement, id: &str) -> Option<&'c mut FlowNode> {
    match element {
        FlowElement::Node(node) if node.base.id == id => Some(node),
        _ => None,
    }
}

fn as_flow<'c>(element: &'c FlowElement, id: &str) -> Option<&'c SequenceFlow> {
    match element {
        FlowElement::Flow(flow) if flow.base.id == id => Some(flow),
        _ => None,
    }
}

fn level_of<'c>(content: &'c mut FlowContent, id: &str) -> Option<&'c mut FlowContent> {
    if content.elements.iter().any(|element| id_of(element) == id) {
        return Some(content);
    }
    content.elements.iter_mut().find_map(|element| match element {
        FlowElement::Node(node) => match &mut node.kind {
            NodeKind::SubProcess(_, inner) => level_of(&mut inner.content, id),
            _ => None,
        },
        _ => None,
    })
}

/// Ids of everything in it.
pub(crate) fn all_ids(content: &FlowContent, found: &mut HashSet<String>) {
    for element in &content.elements {
        found.insert(id_of(element).to_owned());
        if let FlowElement::Node(node) = element
            && let NodeKind::SubProcess(_, inner) = &node.kind
        {
            all_ids(&inner.content, found);
        }
    }
    for artifact in &content.artifacts {
        let (Artifact::Association(Association { base, .. })
        | Artifact::Group(Group { base, .. })
        | Artifact::TextAnnotation(TextAnnotation { base, .. })) = artifact;
        found.insert(base.id.clone());
    }
    content.lane_sets.iter().for_each(|set| lane_ids(set, found));
}

fn lane_ids(set: &LaneSet, found: &mut HashSet<String>) {
    for lane in &set.lanes {
        found.insert(lane.base.id.clone());
        lane.child.iter().for_each(|inner| lane_ids(inner, found));
    }
}

/// Who demands that somebody else has done what.
fn four_eyes(content: &FlowContent) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for element in &content.elements {
        let FlowElement::Node(node) = element else { continue };
        found.extend(node.meer.four_eyes.clone().map(|other| (node.base.id.clone(), other)));
        if let NodeKind::SubProcess(_, inner) = &node.kind {
            found.extend(four_eyes(&inner.content));
        }
    }
    found
}

/// Takes elements and the flows at them out of a level and those inside it; `gone` gets the ids of the flows too.
fn strip(content: &mut FlowContent, gone: &mut HashSet<String>) {
    for element in &content.elements {
        if let FlowElement::Flow(flow) = element
            && (gone.contains(&flow.source) || gone.contains(&flow.target))
        {
            gone.insert(flow.base.id.clone());
        }
    }
    content.elements.retain(|element| !gone.contains(id_of(element)));
    for artifact in &content.artifacts {
        if let Artifact::Association(association) = artifact
            && (gone.contains(&association.source) || gone.contains(&association.target))
        {
            gone.insert(association.base.id.clone());
        }
    }
    content.artifacts.retain(|artifact| match artifact {
        Artifact::Association(association) => {
            !gone.contains(&association.source) && !gone.contains(&association.target)
        }
        _ => true,
    });
    for set in &mut content.lane_sets {
        strip_lanes(set, gone);
    }
    for element in &mut content.elements {
        let FlowElement::Node(node) = element else { continue };
        match &mut node.kind {
            NodeKind::Gateway(gateway) => drop(gateway.default.take_if(|id| gone.contains(id))),
            kind => {
                if let Some(activity) = activity_mut(kind) {
                    activity.default.take_if(|id| gone.contains(id));
                }
            }
        }
        if let NodeKind::SubProcess(_, inner) = &mut node.kind {
            strip(&mut inner.content, gone);
        }
    }
}

fn strip_lanes(set: &mut LaneSet, gone: &HashSet<String>) {
    for lane in &mut set.lanes {
        lane.nodes.retain(|node| !gone.contains(node));
        if let Some(inner) = &mut lane.child {
            strip_lanes(inner, gone);
        }
    }
}

/// Puts new nodes into the lanes of an old one, or of the source of an old flow.
fn lane_with(set: &mut LaneSet, old: &str, new: &[String]) {
    for lane in &mut set.lanes {
        if lane.nodes.iter().any(|node| node == old) {
            lane.nodes.extend_from_slice(new);
        }
        if let Some(inner) = &mut lane.child {
            lane_with(inner, old, new);
        }
    }
}

/// Makes `incoming` and `outgoing` say what the sequence flows say, in the order they were in.
fn restate_ways(content: &mut FlowContent) {
    let mut into: HashMap<String, Vec<String>> = HashMap::new();
    let mut out: HashMap<String, Vec<String>> = HashMap::new();
    for element in &content.elements {
        if let FlowElement::Flow(flow) = element {
            into.entry(flow.target.clone()).or_default().push(flow.base.id.clone());
            out.entry(flow.source.clone()).or_default().push(flow.base.id.clone());
        }
    }
    let restate = |said: &mut Vec<String>, flows: Vec<String>| {
        let place: HashMap<&String, usize> = said.iter().enumerate().map(|(at, id)| (id, at)).collect();
        let mut flows: Vec<_> =
            flows.into_iter().map(|id| (place.get(&id).copied().unwrap_or(usize::MAX), id)).collect();
        flows.sort_by_key(|(place, _)| *place);
        *said = flows.into_iter().map(|(_, id)| id).collect();
    };
    for element in &mut content.elements {
        let FlowElement::Node(node) = element else { continue };
        restate(&mut node.incoming, into.remove(&node.base.id).unwrap_or_default());
        restate(&mut node.outgoing, out.remove(&node.base.id).unwrap_or_default());
        if let NodeKind::SubProcess(_, inner) = &mut node.kind {
            restate_ways(&mut inner.content);
        }
    }
}

fn is_event_based(kind: &NodeKind) -> bool {
    matches!(kind, NodeKind::Gateway(Gateway { kind: GatewayKind::EventBased, .. }))
}

fn is_event_sub_process(kind: &NodeKind) -> bool {
    matches!(kind, NodeKind::SubProcess(_, SubProcess { triggered_by_event: Some(true), .. }))
}

/// A link event that throws, or one that catches.
fn is_link(kind: &NodeKind, throws: bool) -> bool {
    let definitions = match kind {
        NodeKind::ThrowEvent(event) if throws => &event.definitions,
        NodeKind::CatchEvent(event) if !throws => &event.definitions,
        _ => return false,
    };
    definitions.iter().any(|event| matches!(event.trigger, EventTrigger::Link { .. }))
}

/// A readable id from a name: `Freigabe durch die Leitung` becomes `freigabe-durch-die-leitung`.
fn slug(name: &str, otherwise: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        match c {
            'ä' => slug.push_str("ae"),
            'ö' => slug.push_str("oe"),
            'ü' => slug.push_str("ue"),
            'ß' => slug.push_str("ss"),
            c if c.is_ascii_alphanumeric() => slug.push(c),
            _ if slug.is_empty() || slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
        if slug.len() >= MAX_SLUG {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    // An id is an NCName: it begins with a letter.
    match slug.chars().next() {
        None => otherwise.to_owned(),
        Some(first) if first.is_ascii_digit() => format!("{otherwise}-{slug}"),
        Some(_) => slug.to_owned(),
    }
}

/// Letters of an id made from a name.
const MAX_SLUG: usize = 40;
