//! Leads a running instance over to another model: usually a later version of the one it started with.
//!
//! A token goes to the element of the same id when that is of the same kind and on the same level, or to the one a
//! mapping names. Nothing is guessed: where one token has no place, the instance stays as it is.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::mem::discriminant;

use super::{Conditions, Effect, Here, Machine, verify};
use crate::Model;
use crate::graph::{Does, Graph, Trigger};
use crate::state::{Resume, State, Status, Token, Wait, Watch};

/// Where a token of a running instance goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    pub token: u64,
    /// Id and name of the element it is at.
    pub element: String,
    pub name: Option<String>,
    /// Id of the element it goes to, or why it cannot go anywhere.
    pub to: Result<String, Reason>,
}

/// Why an instance cannot be led over, at one of its tokens. The message is German, for the people who draw processes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// 0 for the process itself.
    pub token: u64,
    pub element: String,
    pub name: Option<String>,
    pub message: String,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "„{name}“ ({}): {}", self.element, self.message),
            None => write!(f, "{}: {}", self.element, self.message),
        }
    }
}

impl std::error::Error for Reason {}

/// Says for each token where it would go. `mapping` names elements, and flows that tokens in joins came along, of the
/// old model with those of the new one; what it does not name keeps its id.
#[must_use]
pub fn preview(old: &Model, state: &State, new: &Model, mapping: &BTreeMap<String, String>) -> Vec<Placement> {
    let over = Over { old: &old.graph, new: &new.graph, mapping };
    let placed = over.place(state);
    let places = state.tokens.iter().zip(placed).map(|(token, place)| Placement {
        token: token.id,
        element: token.element.clone(),
        name: over.name(&token.element),
        to: place
            .map(|node| new.graph.nodes[node].id.clone())
            .map_err(|message| over.reason(token.id, &token.element, message)),
    });
    places.collect()
}

/// Leads an instance over to `new`. The effects are to be carried out as those of a step. Work that is under way goes on:
/// commands, called processes, open tasks, and timers with the times they have. A user task that becomes another element
/// is withdrawn and opened anew under a new number. Events that only the old model knows are no longer waited for, those
/// that only the new one knows are waited for from now on; `conditions` evaluates what they say.
///
/// # Errors
/// Names every token that has no place in the new model; nothing has happened then.
pub fn migrate(
    old: &Model,
    state: State,
    new: &Model,
    mapping: &BTreeMap<String, String>,
    conditions: &dyn Conditions,
) -> Result<(State, Vec<Effect>), Vec<Reason>> {
    let over = Over { old: &old.graph, new: &new.graph, mapping };
    if let Err(error) = verify(over.old, &state) {
        return Err(vec![over.reason(
            0,
            "",
            format!("Der gespeicherte Stand passt nicht zum bisherigen Modell: {error}."),
        )]);
    }
    if state.status != Status::Running {
        return Ok((state, Vec::new()));
    }
    let (mut places, mut reasons) = (Vec::new(), Vec::new());
    for (token, place) in state.tokens.iter().zip(over.place(&state)) {
        match place {
            Ok(node) => places.push(node),
            Err(message) => reasons.push(over.reason(token.id, &token.element, message)),
        }
    }
    if !reasons.is_empty() {
        return Err(reasons);
    }
    let mut machine = Machine::new(over.new, conditions, state);
    let before = machine.state.clone();
    let mut hosts = vec![(0, None, None)];
    for (at, (token, node)) in before.tokens.iter().zip(places).enumerate() {
        match over.carry(&mut machine, at, node) {
            Ok(_) if matches!(token.wait, Wait::Join { .. }) => {}
            Ok(host) => hosts.push((host, over.old.node(&token.element), Some(node))),
            Err(message) => reasons.push(over.reason(token.id, &token.element, message)),
        }
    }
    for (host, from, to) in hosts {
        if let Err(message) = over.watches(&mut machine, host, from, to) {
            let element = from.map_or("", |node| over.old.nodes[node].id.as_str());
            reasons.push(over.reason(host, element, message));
        }
    }
    if !reasons.is_empty() {
        return Err(reasons);
    }
    // A join of the new model may wait for fewer ways.
    let joins: Vec<(String, u64)> = machine.state.tokens.iter().map(|t| (t.element.clone(), t.scope)).collect();
    for (element, scope) in joins {
        let node = over.new.node(&element).map(|node| &over.new.nodes[node]);
        if let Some(node) = node.filter(|node| node.does == Does::Parallel) {
            machine.fire_parallel(node, scope);
        }
    }
    machine.run();
    match verify(over.new, &machine.state) {
        Ok(()) => Ok((machine.state, machine.effects)),
        Err(error) => Err(vec![over.reason(0, "", format!("Der neue Stand passt nicht zum neuen Modell: {error}."))]),
    }
}

struct Over<'m> {
    old: &'m Graph,
    new: &'m Graph,
    mapping: &'m BTreeMap<String, String>,
}

impl<'m> Over<'m> {
    fn name(&self, element: &str) -> Option<String> {
        let node = self.old.node(element)?;
        self.old.nodes[node].name.clone().filter(|name| !name.is_empty())
    }

    fn reason(&self, token: u64, element: &str, message: String) -> Reason {
        Reason { token, element: element.to_owned(), name: self.name(element), message }
    }

    fn becomes<'i>(&'i self, id: &'i str) -> &'i str {
        self.mapping.get(id).map_or(id, String::as_str)
    }

    /// The node each token goes to, or why not.
    fn place(&self, state: &State) -> Vec<Result<usize, String>> {
        let mut scopes: HashMap<u64, Option<usize>> = HashMap::from([(0, None)]);
        // Scopes are older than what is in them.
        let mut order: Vec<&Token> = state.tokens.iter().collect();
        order.sort_by_key(|token| token.id);
        let mut places: HashMap<u64, Result<usize, String>> = HashMap::new();
        for token in order {
            let place = self.place_token(state, token, &scopes);
            if let Ok(node) = place {
                scopes.insert(token.id, Some(node));
            }
            places.insert(token.id, place);
        }
        let missing = || Err("Diese Marke gibt es nicht.".to_owned());
        state.tokens.iter().map(|token| places.remove(&token.id).unwrap_or_else(missing)).collect()
    }

    fn place_token(&self, state: &State, token: &Token, scopes: &HashMap<u64, Option<usize>>) -> Result<usize, String> {
        let from = self.old.node(&token.element).ok_or("Im bisherigen Modell gibt es dieses Element nicht.")?;
        if let Some(around) = repeated(state, token) {
            let whole = self.name(around).unwrap_or_else(|| around.to_owned());
            return Err(format!("„{whole}“ wird gerade mehrfach ausgeführt; erst danach kann gewechselt werden."));
        }
        let id = self.becomes(&token.element);
        let is_mapped = self.mapping.contains_key(&token.element);
        let to = self.new.node(id).ok_or_else(|| match is_mapped {
            true => format!("Die Zuordnung nennt „{id}“, das es im neuen Modell nicht gibt."),
            false => "Im neuen Modell gibt es dieses Element nicht; es braucht eine Zuordnung.".to_owned(),
        })?;
        let (before, after) = (&self.old.nodes[from], &self.new.nodes[to]);
        if !same_work(&before.does, &after.does) || before.looped.is_some() != after.looped.is_some() {
            return Err(match is_mapped {
                true => format!("„{id}“ ist im neuen Modell ein Element anderer Art."),
                false => "Im neuen Modell ist dieses Element von anderer Art; es braucht eine Zuordnung.".to_owned(),
            });
        }
        match scopes.get(&token.scope) {
            None => return Err("Der Teilprozess darum hat keinen Platz im neuen Modell.".to_owned()),
            Some(around) if *around != after.parent => {
                return Err(format!("„{id}“ liegt im neuen Modell auf einer anderen Ebene."));
            }
            Some(_) => {}
        }
        if let Wait::Join { flow } = &token.wait {
            let flow = self.becomes(flow);
            let arrives = self.new.flow(flow).is_some_and(|flow| self.new.flows[flow].target == to);
            if !arrives || after.incoming.len() < 2 {
                return Err(format!("Der Weg „{flow}“ führt im neuen Modell nicht zu dieser Zusammenführung."));
            }
        }
        Ok(to)
    }

    /// Puts the token at this place of the list into its new element and answers its number.
    fn carry(&self, machine: &mut Machine<'m>, at: usize, to: usize) -> Result<u64, String> {
        let node = &self.new.nodes[to];
        let Some(token) = machine.state.tokens.get_mut(at) else { return Err("Diese Marke gibt es nicht.".to_owned()) };
        if let Wait::Join { flow } = &mut token.wait {
            *flow = self.becomes(flow).to_owned();
            token.element.clone_from(&node.id);
            return Ok(token.id);
        }
        if token.element == node.id {
            return Ok(token.id);
        }
        let (id, scope) = (token.id, token.scope);
        let element = std::mem::replace(&mut token.element, node.id.clone());
        if token.wait == Wait::User {
            machine.effects.push(Effect::CloseUserTask { token: id });
            machine.effects.push(Effect::Left { token: id, element, interrupted: true });
            let here = machine.entered(node, scope);
            let task = machine.user_task(here)?;
            machine.effects.push(Effect::OpenUserTask(task));
            if let Some(token) = machine.state.tokens.get_mut(at) {
                token.id = here.id;
            }
            for watch in machine.state.watches.iter_mut().filter(|watch| watch.host == id) {
                watch.host = here.id;
            }
            return Ok(here.id);
        }
        machine.effects.push(Effect::Left { token: id, element, interrupted: true });
        machine.effects.push(Effect::Entered { token: id, element: node.id.clone() });
        Ok(id)
    }

    /// Keeps, ends and begins what is waited for beside a token (or beside the process, for 0).
    fn watches(
        &self,
        machine: &mut Machine<'m>,
        host: u64,
        from: Option<usize>,
        to: Option<usize>,
    ) -> Result<(), String> {
        let (before, after) = (events(self.old, from), events(self.new, to));
        let successor = |&event: &usize| {
            let id = &self.old.nodes[event].id;
            let next = self.new.node(self.becomes(id)).filter(|next| after.contains(next))?;
            same_event(&self.old.nodes[event].does, &self.new.nodes[next].does).then_some((id.as_str(), next))
        };
        let kept: HashMap<&str, usize> = before.iter().filter_map(successor).collect();
        let mut has_watches = false;
        let next_of = |watch: &Watch| kept.get(watch.element.as_str()).map(|&next| &self.new.nodes[next]);
        machine.release(None, |watch| watch.host == host && next_of(watch).is_none());
        for watch in machine.state.watches.iter_mut().filter(|watch| watch.host == host) {
            if let Some(node) = next_of(watch) {
                has_watches = true;
                watch.element.clone_from(&node.id);
            }
        }
        let token = machine.state.token(host).cloned();
        // What stopped before it began, or after it was done, waits for nothing beside it.
        let stands = match token.as_ref().map(|token| &token.wait) {
            Some(Wait::Incident { resume: Resume::Enter, .. }) => has_watches,
            Some(Wait::Incident { .. }) => false,
            Some(_) => true,
            None => host == 0,
        };
        let is_interrupted = machine.is_interrupted(host);
        for &event in after.iter().filter(|event| stands && !kept.values().any(|next| next == *event)) {
            let node = &self.new.nodes[event];
            if is_interrupted && matches!(node.does, Does::EventStart { .. }) {
                continue;
            }
            let here = Here { id: host, node, scope: token.as_ref().map_or(0, |token| token.scope) };
            let plan = machine.plan(here, event)?;
            machine.watch_all(host, plan.into_iter().collect());
        }
        Ok(())
    }
}

/// The element that is done several times at or around a token.
fn repeated<'s>(state: &'s State, token: &'s Token) -> Option<&'s str> {
    let mut next = Some(token);
    while let Some(token) = next {
        if let Wait::Loop { .. } | Wait::Each { .. } = token.wait {
            return Some(&token.element);
        }
        next = state.token(token.scope);
    }
    None
}

/// Whether a token that waits at one may go on waiting at the other.
fn same_work(old: &Does, new: &Does) -> bool {
    match (old, new) {
        (Does::Unsupported(_), _) => false,
        (Does::Receive(old), Does::Receive(new)) | (Does::Signal(old), Does::Signal(new)) => old == new,
        _ => discriminant(old) == discriminant(new),
    }
}

/// Whether what is waited for at one is what is waited for at the other; times may differ.
fn same_event(old: &Does, new: &Does) -> bool {
    match (old, new) {
        (Does::Boundary { trigger: old, .. }, Does::Boundary { trigger: new, .. })
        | (Does::EventStart { trigger: old, .. }, Does::EventStart { trigger: new, .. }) => match (old, new) {
            (Trigger::Message(old), Trigger::Message(new)) | (Trigger::Signal(old), Trigger::Signal(new)) => old == new,
            _ => discriminant(old) == discriminant(new),
        },
        _ => same_work(old, new),
    }
}

/// Events that may be waited for beside a token at this node, or beside the process.
fn events(graph: &Graph, node: Option<usize>) -> Vec<usize> {
    let handlers = graph.handlers(node).iter().flat_map(|&handler| match &graph.nodes[handler].does {
        Does::EventSubProcess { starts } => starts.as_slice(),
        _ => &[],
    });
    let mut found: Vec<usize> = handlers.copied().collect();
    if let Some(node) = node.map(|node| &graph.nodes[node]) {
        found.extend(&node.boundary);
        if node.does == Does::EventBased {
            found.extend(node.outgoing.iter().map(|&flow| graph.flows[flow].target));
        }
    }
    found
}
