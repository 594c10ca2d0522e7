//! Activities that are done several times: standard loops and multi-instance activities (BPMN 2.0.2, 10.3.8 and 13.3.6,
//! 13.3.7).
//!
//! The token of the activity waits in [`Wait::Loop`] or [`Wait::Each`]; each pass is a token of its own at the same
//! element, with the activity's token as its scope and an entry in the state's `passes`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Here, MAX_PASSES, Machine, Way};
use crate::graph::{Count, Each, Looped};
use crate::state::{Pass, Resume, Vars, Wait};

impl<'m> Machine<'m> {
    /// Begins a repeated activity.
    pub(super) fn begin_passes(&mut self, here: Here<'m>, looped: &'m Looped) {
        let begun = match looped {
            Looped::Standard { test_before, condition, .. } => {
                self.begin_loop(here, condition.as_deref().filter(|_| *test_before))
            }
            Looped::Each(each) => self.begin_each(here, each),
        };
        if let Err(message) = begun {
            self.incident(here, Resume::Enter, message);
        }
    }

    fn begin_loop(&mut self, here: Here<'m>, test: Option<&str>) -> Result<(), String> {
        if let Some(condition) = test {
            let mut vars = self.vars(here).into_owned();
            vars.insert("loopCounter".to_owned(), 0.into());
            if !self.holds("Schleifenbedingung", condition, &vars)? {
                self.leave(here);
                return Ok(());
            }
        }
        let plans = self.plan_boundaries(here)?;
        self.allow(1)?;
        self.wait(here, Wait::Loop { done: 0 });
        self.watch_all(here.id, plans);
        self.begin(here, Pass { number: 1, vars: None });
        Ok(())
    }

    fn begin_each(&mut self, here: Here<'m>, each: &'m Each) -> Result<(), String> {
        let mut items = self.items(here, each)?;
        if items.is_empty() {
            self.hand_out(here, each, BTreeMap::new());
            self.leave(here);
            return Ok(());
        }
        let total = u32::try_from(items.len()).unwrap_or(u32::MAX);
        let rest = if each.sequential { items.split_off(1) } else { Vec::new() };
        let plans = self.plan_boundaries(here)?;
        self.allow(items.len())?;
        self.wait(here, Wait::Each { total, done: 0, rest, outputs: BTreeMap::new() });
        self.watch_all(here.id, plans);
        for (number, item) in (1..).zip(items) {
            self.begin(here, each.pass(number, item));
        }
        Ok(())
    }

    /// What there is a pass for: the items of the list, or as many times nothing.
    fn items(&self, here: Here, each: &Each) -> Result<Vec<Value>, String> {
        let vars = self.vars(here);
        let items = match &each.count {
            Count::Collection(list) => match self.conditions.value(list, &vars)? {
                Value::Array(items) => items,
                other => return Err(format!("„{list}“ ergibt keine Liste, sondern {other}.")),
            },
            Count::Cardinality(number) => {
                let value = self.conditions.value(number, &vars)?;
                let count = value.as_u64().or_else(|| value.as_f64().and_then(whole));
                let count = count.ok_or_else(|| format!("„{number}“ ergibt keine Anzahl, sondern {value}."))?;
                // One more than allowed is enough to be refused.
                vec![Value::Null; usize::try_from(count).unwrap_or(usize::MAX).min(MAX_PASSES + 1)]
            }
        };
        if items.len() > MAX_PASSES {
            return Err(format!("Mehr als {MAX_PASSES} Durchgänge."));
        }
        Ok(items)
    }

    fn begin(&mut self, whole: Here<'m>, pass: Pass) {
        let Some(node) = self.graph.node(&whole.node.id) else { return };
        self.ways.push_back(Way { node, scope: whole.id, flow: None, pass: Some(pass) });
    }

    /// The work of a pass is done.
    pub(super) fn end_pass(&mut self, here: Here<'m>) {
        if let Err(message) = self.try_end_pass(here) {
            self.incident(here, Resume::Leave, message);
        }
    }

    fn try_end_pass(&mut self, here: Here<'m>) -> Result<(), String> {
        let astray = "Der Durchgang gehört zu keiner Aktivität.";
        let whole = self.waiting(here.scope, |_| true).map_err(|_| astray)?;
        let wait = self.state.token(whole.id).map(|token| token.wait.clone());
        let number = self.state.passes.get(&here.id).map_or(0, |pass| pass.number);
        match (&here.node.looped, wait) {
            (Some(Looped::Standard { maximum, condition, .. }), Some(Wait::Loop { done })) => {
                let done = done.saturating_add(1);
                let again = maximum.is_none_or(|maximum| done < maximum)
                    && match condition {
                        Some(condition) => self.holds("Schleifenbedingung", condition, &self.vars(here))?,
                        None => true,
                    };
                if again {
                    self.allow(1)?;
                }
                self.close_pass(here);
                if again {
                    self.rest(whole.id, Wait::Loop { done });
                    self.begin(whole, Pass { number: done.saturating_add(1), vars: None });
                } else {
                    self.end_passes(whole);
                }
            }
            (Some(Looped::Each(each)), Some(Wait::Each { total, done, mut rest, mut outputs })) => {
                let done = done.saturating_add(1);
                let vars = self.vars(here);
                if let Some((output, _)) = &each.output {
                    let value = self.conditions.value(output, &vars);
                    outputs.insert(number, value.map_err(|error| format!("„{output}“: {error}"))?);
                }
                let enough = match &each.completion {
                    Some(condition) => {
                        let active = if each.sequential { 0 } else { total.saturating_sub(done) };
                        let mut vars = vars.into_owned();
                        for (name, number) in [
                            ("numberOfInstances", total),
                            ("numberOfActiveInstances", active),
                            ("numberOfCompletedInstances", done),
                            ("numberOfTerminatedInstances", 0),
                        ] {
                            vars.insert(name.to_owned(), number.into());
                        }
                        if let Some((_, name)) = &each.output {
                            vars.insert(name.clone(), outputs.values().cloned().collect());
                        }
                        self.holds("Abschlussbedingung", condition, &vars)?
                    }
                    None => false,
                };
                let next = !enough && !rest.is_empty();
                if next {
                    self.allow(1)?;
                }
                self.close_pass(here);
                if next {
                    let item = rest.remove(0);
                    self.rest(whole.id, Wait::Each { total, done, rest, outputs });
                    self.begin(whole, each.pass(done.saturating_add(1), item));
                } else if enough || done >= total {
                    self.empty(whole.id);
                    self.hand_out(whole, each, outputs);
                    self.end_passes(whole);
                } else {
                    self.rest(whole.id, Wait::Each { total, done, rest, outputs });
                }
            }
            _ => return Err(astray.to_owned()),
        }
        Ok(())
    }

    fn close_pass(&mut self, here: Here<'m>) {
        self.left(here, false);
        self.state.passes.remove(&here.id);
    }

    fn rest(&mut self, token: u64, wait: Wait) {
        if let Some(token) = self.state.tokens.iter_mut().find(|t| t.id == token) {
            token.wait = wait;
        }
    }

    fn end_passes(&mut self, whole: Here<'m>) {
        self.remove(whole.id);
        self.release_watches(whole.id, None);
        self.leave(whole);
    }

    /// Puts what the passes handed out into its variable, in the order of the passes.
    fn hand_out(&mut self, whole: Here<'m>, each: &Each, outputs: BTreeMap<u32, Value>) {
        if let Some((_, name)) = &each.output {
            self.set(whole, Vars::from_iter([(name.clone(), outputs.into_values().collect())]));
        }
    }

    fn holds(&self, what: &str, condition: &str, vars: &Vars) -> Result<bool, String> {
        let held = self.conditions.condition(condition, vars);
        held.map_err(|error| format!("Die {what} ist nicht auswertbar: {error}"))
    }
}

impl Each {
    fn pass(&self, number: u32, item: Value) -> Pass {
        let mut vars = Vars::new();
        if let Count::Collection(_) = self.count {
            vars.insert(self.item.clone(), item);
        }
        Pass { number, vars: Some(vars) }
    }
}

/// A number without fraction.
fn whole(number: f64) -> Option<u64> {
    let text = format!("{number:.0}");
    (text.parse::<f64>() == Ok(number)).then(|| text.parse().ok()).flatten()
}
