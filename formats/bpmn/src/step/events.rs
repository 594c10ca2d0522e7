//! Events: what is thrown and who catches it, and what happens when one that was waited for comes.

use super::{Due, Effect, Here, Machine, Plan, StepError, Way};
use crate::graph::{Does, Throw, Trigger};
use crate::state::{Awaits, Resume, Vars, Wait, Watch};

impl<'m> Machine<'m> {
    /// Hands a signal to all that wait for it now.
    pub(super) fn signal(&mut self, name: String, vars: &Vars) -> Result<(), StepError> {
        let receivers = self.state.signal_receivers(&name);
        if receivers.is_empty() {
            return Err(StepError::NoReceiver { name });
        }
        for receiver in receivers {
            // An earlier one may have ended this one.
            if let Ok(here) = self.take(receiver, |wait| matches!(wait, Wait::Signal { .. })) {
                self.release_watches(receiver, None);
                self.answer(here, vars.clone());
            } else if let Ok(Some(here)) = self.watch_fired(receiver, |awaits| matches!(awaits, Awaits::Signal { .. }))
            {
                self.answer(here, vars.clone());
            }
        }
        Ok(())
    }

    /// A called process escalates: the call activity and what is around it may react, else the caller's caller.
    pub(super) fn escalated(&mut self, token: u64, code: &str) -> Result<(), StepError> {
        let here = self.waiting(token, |wait| matches!(wait, Wait::Process))?;
        self.escalate(here.id, here.scope, code);
        Ok(())
    }

    /// Throws what a throwing intermediate event or an end event throws, and leads the token on.
    pub(super) fn throw_event(&mut self, here: Here<'m>, thrown: &Throw) -> Result<(), String> {
        let (token, element) = (here.id, here.node.id.clone());
        match thrown {
            Throw::Message(name) => {
                let (name, key, vars) = (name.clone(), self.message_key(here, here.node)?, self.inputs(here)?);
                self.effects.push(Effect::SendMessage { token, element, name, key, vars });
                self.leave(here);
            }
            Throw::Signal(name) => {
                let (name, vars) = (name.clone(), self.inputs(here)?);
                self.effects.push(Effect::Broadcast { token, element, name, vars });
                self.leave(here);
            }
            Throw::Escalation(code) => {
                // On its way first: what catches may end everything here, this token too.
                self.leave(here);
                self.escalate(0, here.scope, code);
            }
        }
        Ok(())
    }

    fn escalate(&mut self, token: u64, scope: u64, code: &str) {
        let fits = |trigger: &Trigger| match trigger {
            Trigger::Escalation(Some(caught)) if caught == code => Some(0),
            Trigger::Escalation(None) => Some(1),
            _ => None,
        };
        match self.catcher(token, scope, &fits) {
            Some((host, event)) => self.caught(host, event),
            None => self.effects.push(Effect::Escalated { code: code.to_owned() }),
        }
    }

    /// Throws an error from a token, or from within a scope when `token` is 0. Answers whether something caught it.
    pub(super) fn throw(&mut self, token: u64, scope: u64, code: &str) -> bool {
        let fits = |trigger: &Trigger| match trigger {
            Trigger::Error(Some(caught)) if caught == code => Some(0),
            Trigger::Error(None) => Some(1),
            _ => None,
        };
        let catcher = self.catcher(token, scope, &fits);
        if let Some((host, event)) = catcher {
            self.caught(host, event);
        }
        catcher.is_some()
    }

    /// The event that catches what is thrown, and the token it is attached to or the scope it starts in: from the inside
    /// out, at each level the event sub-processes before the boundary events around them (BPMN 2.0.2, 13.5.3 and 13.5.4).
    /// The lowest rank wins.
    fn catcher(&self, mut token: u64, mut scope: u64, fits: &dyn Fn(&Trigger) -> Option<u8>) -> Option<(u64, usize)> {
        let best = |events: &mut dyn Iterator<Item = usize>| {
            let ranked = events.filter_map(|event| match &self.graph.nodes[event].does {
                Does::Boundary { trigger, .. } | Does::EventStart { trigger, .. } => Some((fits(trigger)?, event)),
                _ => None,
            });
            ranked.min_by_key(|(rank, _)| *rank).map(|(_, event)| event)
        };
        loop {
            if token != 0 {
                let here = self.waiting(token, |_| true).ok()?;
                scope = here.scope;
                // What is attached to a repeated activity belongs to the whole of it.
                if !self.is_pass(token)
                    && let Some(event) = best(&mut here.node.boundary.iter().copied())
                {
                    return Some((token, event));
                }
            }
            let mut starts = self.handlers(scope).iter().flat_map(|&handler| self.starts_of(handler)).copied();
            if let Some(event) = best(&mut starts).filter(|_| !self.is_interrupted(scope)) {
                return Some((scope, event));
            }
            if scope == 0 {
                return None;
            }
            token = scope;
        }
    }

    /// Event sub-processes of a scope. Those of a repeated sub-process belong to its passes, not to the whole of it.
    fn handlers(&self, scope: u64) -> &'m [usize] {
        if scope == 0 {
            return self.graph.handlers(None);
        }
        let token = self.state.token(scope).filter(|token| token.wait == Wait::Scope);
        let node = token.and_then(|token| self.graph.node(&token.element));
        node.map_or(&[], |node| self.graph.handlers(Some(node)))
    }

    fn starts_of(&self, handler: usize) -> &'m [usize] {
        let graph = self.graph;
        if let Does::EventSubProcess { starts } = &graph.nodes[handler].does { starts } else { &[] }
    }

    /// Whether an event sub-process that interrupts has taken over a scope; no other one starts in it then.
    pub(super) fn is_interrupted(&self, scope: u64) -> bool {
        let interrupts =
            |&start: &usize| matches!(self.graph.nodes[start].does, Does::EventStart { interrupting: true, .. });
        let mut inside = self.state.tokens.iter().filter(|token| token.scope == scope);
        inside.any(|token| {
            let node = self.graph.node(&token.element);
            node.is_some_and(|node| self.starts_of(node).iter().any(interrupts))
        })
    }

    /// Leads a token from the event that caught what was thrown.
    fn caught(&mut self, host: u64, event: usize) {
        match self.graph.nodes[event].does {
            Does::EventStart { .. } => {
                if let Some(handler) = self.open_handler(host, event, None) {
                    self.set_out(&[event], handler);
                }
            }
            Does::Boundary { interrupting, .. } => {
                let Ok(here) = self.waiting(host, |_| true) else { return };
                if interrupting {
                    self.withdraw(host);
                }
                self.ways.push_back(Way { node: event, scope: here.scope, flow: None, pass: None });
            }
            _ => {}
        }
    }

    /// Opens the event sub-process of a start event in a scope, without putting a token at the start event; one that
    /// interrupts first ends everything else there. Answers its token, none when it stopped with an incident.
    fn open_handler(&mut self, scope: u64, start: usize, fired: Option<u64>) -> Option<u64> {
        let graph = self.graph;
        let node = &graph.nodes[graph.nodes[start].parent?];
        if let Does::EventStart { interrupting: true, .. } = graph.nodes[start].does {
            self.empty(scope);
            let starts_here = |watch: &Watch| {
                let does = graph.node(&watch.element).map(|node| &graph.nodes[node].does);
                watch.host == scope && matches!(does, Some(Does::EventStart { .. }))
            };
            self.release(fired, starts_here);
        }
        let here = self.entered(node, scope);
        match self.open_scope(here, &[]) {
            Ok(()) => Some(here.id),
            Err(message) => {
                self.incident(here, Resume::Enter, message);
                None
            }
        }
    }

    /// The event sub-processes of the process itself, when its first start event is entered.
    pub(super) fn plan_process(&self, here: Here<'m>) -> Result<Vec<Plan<'m>>, String> {
        if here.scope != 0 || self.state.watches.iter().any(|watch| watch.host == 0) {
            return Ok(Vec::new());
        }
        self.plan_handlers(here, &self.graph.handlers)
    }

    /// The starts of event sub-processes that have to be watched for.
    pub(super) fn plan_handlers(&self, here: Here<'m>, handlers: &[usize]) -> Result<Vec<Plan<'m>>, String> {
        let starts = handlers.iter().flat_map(|&handler| self.starts_of(handler));
        starts.map(|&start| self.plan(here, start)).filter_map(Result::transpose).collect()
    }

    /// A boundary event, an event behind an event-based gateway or the start of an event sub-process has happened.
    /// Returns the token that stands in it when the caller has to lead it on with the answer of a message or signal.
    pub(super) fn watch_fired(
        &mut self,
        id: u64,
        fits: impl Fn(&Awaits) -> bool,
    ) -> Result<Option<Here<'m>>, StepError> {
        let stale = StepError::Stale { token: id };
        let watch = self.state.watches.iter().find(|w| w.id == id && fits(&w.awaits)).cloned().ok_or(stale.clone())?;
        let event = self.graph.node(&watch.element).ok_or(stale.clone())?;
        let node = &self.graph.nodes[event];
        if let Does::Boundary { interrupting: false, .. } | Does::EventStart { interrupting: false, .. } = node.does {
            self.happened(&watch);
        }
        let scope = if let Does::EventStart { .. } = node.does {
            match self.open_handler(watch.host, event, Some(id)) {
                Some(handler) => handler,
                None => return Ok(None),
            }
        } else {
            let host = self.waiting(watch.host, |_| true)?;
            match node.does {
                Does::Boundary { interrupting: false, .. } => {}
                Does::Boundary { .. } => {
                    self.release_watches(host.id, Some(id));
                    self.withdraw(host.id);
                }
                _ => {
                    self.release_watches(host.id, Some(id));
                    self.remove(host.id);
                    self.left(host, false);
                }
            }
            host.scope
        };
        let here = self.entered(node, scope);
        if let Awaits::Message { .. } | Awaits::Signal { .. } = watch.awaits {
            return Ok(Some(here));
        }
        self.leave(here);
        Ok(None)
    }

    /// An event that does not interrupt has happened: a repeating timer goes on with its next time, another one is
    /// over. Messages and signals may come again as long as they are waited for.
    fn happened(&mut self, watch: &Watch) {
        match watch.awaits.clone() {
            Awaits::Cycle { left, interval, until } => {
                self.state.watches.retain(|w| w.id != watch.id);
                let node = self.graph.node(&watch.element).filter(|_| left != Some(0));
                if let Some(node) = node {
                    let due = Some(Due::Duration(interval.clone()));
                    let awaits = Awaits::Cycle { left: left.map(|n| n - 1), interval, until };
                    self.watch(watch.host, Plan { node: &self.graph.nodes[node], awaits, due }, Some(watch.id));
                }
            }
            Awaits::Timer => self.state.watches.retain(|w| w.id != watch.id),
            Awaits::Message { .. } | Awaits::Signal { .. } => {}
        }
    }
}
