//! What an element of a process is called for people: by its name, and where it has none by its kind and the nearest step
//! that has one. Ids are for files.

use std::collections::{HashMap, HashSet, VecDeque};

use bpmn::{Kind, Line, On};
use ui::Page;

/// Elements that are looked at for a neighbour with a name.
const MOST_LOOKED_AT: usize = 30;

/// The elements of a process with their neighbours.
pub struct Names<'l> {
    lines: &'l [Line],
    places: HashMap<&'l str, usize>,
    before: Vec<Vec<usize>>,
    after: Vec<Vec<usize>>,
}

/// How an element can be called.
#[derive(Debug, PartialEq, Eq)]
enum Called<'l> {
    Name(&'l str),
    After(&'l Line, &'l str),
    Before(&'l Line, &'l str),
    /// Nothing around it has a name.
    Number(&'l Line),
    /// The process has no such element.
    Unknown,
}

fn name_of(line: &Line) -> Option<&str> {
    line.name.as_deref().filter(|name| !name.trim().is_empty())
}

impl<'l> Names<'l> {
    pub fn of(lines: &'l [Line]) -> Self {
        let places: HashMap<&str, usize> =
            lines.iter().enumerate().map(|(at, line)| (line.element.as_str(), at)).collect();
        let (mut before, mut after) = (vec![Vec::new(); lines.len()], vec![Vec::new(); lines.len()]);
        for (at, line) in lines.iter().enumerate() {
            let targets = line.ways.iter().map(|way| way.target.element.as_str());
            let targets: Vec<usize> = targets.filter_map(|element| places.get(element).copied()).collect();
            for target in targets {
                after[at].push(target);
                before[target].push(at);
            }
            let host = line.host.as_ref().and_then(|host| places.get(host.element.as_str()));
            before[at].extend(host);
        }
        Self { lines, places, before, after }
    }

    /// The nearest element with a name in one direction.
    fn nearest(&self, from: usize, next: &[Vec<usize>]) -> Option<&'l str> {
        let (mut seen, mut open) = (HashSet::from([from]), VecDeque::from([from]));
        while let Some(at) = open.pop_front() {
            for &other in &next[at] {
                if let Some(name) = name_of(&self.lines[other]) {
                    return Some(name);
                }
                if seen.len() < MOST_LOOKED_AT && seen.insert(other) {
                    open.push_back(other);
                }
            }
        }
        None
    }

    fn called(&self, element: &str) -> Called<'l> {
        let Some(&at) = self.places.get(element) else { return Called::Unknown };
        let line = &self.lines[at];
        if let Some(name) = name_of(line) {
            return Called::Name(name);
        }
        match (self.nearest(at, &self.before), self.nearest(at, &self.after)) {
            (Some(before), _) => Called::After(line, before),
            (None, Some(after)) => Called::Before(line, after),
            (None, None) => Called::Number(line),
        }
    }

    /// `Urkunde ausstellen`, or `Verzweigung nach „Antrag prüfen“`; what the process does not have is called as it was.
    pub fn name(&self, page: &Page, element: &str) -> String {
        match self.called(element) {
            Called::Name(name) => name.to_owned(),
            Called::After(line, name) => page.t2("processes-named-after", "kind", kind_in(page, line), "name", name),
            Called::Before(line, name) => page.t2("processes-named-before", "kind", kind_in(page, line), "name", name),
            Called::Number(line) => {
                page.t2("processes-named-by-number", "kind", kind_in(page, line), "n", line.number.as_str())
            }
            Called::Unknown => element.to_owned(),
        }
    }

    /// Where an element without a name stands; empty for one that has a name.
    pub fn place(&self, page: &Page, element: &str) -> String {
        match self.called(element) {
            Called::After(_, name) => page.t1("processes-place-after", "name", name),
            Called::Before(_, name) => page.t1("processes-place-before", "name", name),
            Called::Name(_) | Called::Number(_) | Called::Unknown => String::new(),
        }
    }
}

/// What an element is, in words: `Aufgabe für eine Person`.
pub fn kind(page: &Page, kind: Kind) -> String {
    match kind {
        Kind::Catch(On::Timer) => return page.t("processes-kind-wait"),
        Kind::Boundary { on: On::Timer, .. } => return page.t("processes-kind-deadline"),
        Kind::Boundary { on: On::Error, .. } => return page.t("processes-kind-failure"),
        Kind::Boundary { on: On::Message, .. } => return page.t("processes-kind-meanwhile"),
        _ => {}
    }
    let (code, on) = match kind {
        Kind::Start(on) => ("start", on),
        Kind::End(on) => ("end", on),
        Kind::Catch(on) => ("catch", on),
        Kind::Throw(on) => ("throw", on),
        Kind::Boundary { on, .. } => ("boundary", on),
        Kind::UserTask => ("user-task", On::Nothing),
        Kind::ServiceTask => ("service-task", On::Nothing),
        Kind::BusinessRuleTask => ("business-rule-task", On::Nothing),
        Kind::SendTask => ("send-task", On::Nothing),
        Kind::ReceiveTask => ("receive-task", On::Nothing),
        Kind::ManualTask => ("manual-task", On::Nothing),
        Kind::ScriptTask => ("script-task", On::Nothing),
        Kind::Task => ("task", On::Nothing),
        Kind::CallActivity => ("call-activity", On::Nothing),
        Kind::SubProcess => ("sub-process", On::Nothing),
        Kind::EventSubProcess => ("event-sub-process", On::Nothing),
        Kind::Exclusive => ("exclusive", On::Nothing),
        Kind::Parallel => ("parallel", On::Nothing),
        Kind::Inclusive => ("inclusive", On::Nothing),
        Kind::EventBased => ("event-based", On::Nothing),
        Kind::Complex => ("complex", On::Nothing),
    };
    let text = page.t(&format!("processes-kind-{code}"));
    let on = match on {
        On::Nothing => return text,
        On::Message => "message",
        On::Timer => "timer",
        On::Error => "error",
        On::Escalation => "escalation",
        On::Signal => "signal",
        On::Compensation => "compensation",
        On::Condition => "condition",
        On::Link => "link",
        On::Cancel => "cancel",
        On::Terminate => "terminate",
        On::Other => "other",
    };
    format!("{text} ({})", page.t(&format!("processes-on-{on}")))
}

/// The kind in as few words as tell it from its neighbours.
fn kind_in(page: &Page, line: &Line) -> String {
    let text = kind(page, line.kind);
    // "Verzweigung: einer der Wege" explains itself in a list, and would be too much within a sentence.
    text.split_once(':').map_or(text.as_str(), |(short, _)| short).to_owned()
}

#[cfg(test)]
mod tests {
    use bpmn::Model;

    use super::*;

    const MODEL: &str = r#"<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="urn:t">
      <bpmn:process id="p" isExecutable="true">
        <bpmn:startEvent id="s"/><bpmn:sequenceFlow id="f1" sourceRef="s" targetRef="g0"/>
        <bpmn:exclusiveGateway id="g0"/><bpmn:sequenceFlow id="f2" sourceRef="g0" targetRef="a"/>
        <bpmn:manualTask id="a" name="Antrag prüfen"/><bpmn:sequenceFlow id="f3" sourceRef="a" targetRef="g1"/>
        <bpmn:parallelGateway id="g1"/><bpmn:sequenceFlow id="f4" sourceRef="g1" targetRef="g2"/>
        <bpmn:exclusiveGateway id="g2"/><bpmn:sequenceFlow id="f5" sourceRef="g2" targetRef="e"/>
        <bpmn:sequenceFlow id="f6" sourceRef="g2" targetRef="g1"/>
        <bpmn:endEvent id="e"/>
        <bpmn:manualTask id="allein"/>
      </bpmn:process></bpmn:definitions>"#;

    #[test]
    fn an_element_without_a_name_is_called_by_its_nearest_neighbour() {
        let lines = Model::parse(MODEL).unwrap().outline();
        let names = Names::of(&lines);
        assert_eq!(names.called("a"), Called::Name("Antrag prüfen"));
        for (element, after) in [("g1", true), ("g2", true), ("e", true), ("s", false), ("g0", false)] {
            match (names.called(element), after) {
                (Called::After(line, name), true) | (Called::Before(line, name), false) => {
                    assert_eq!((line.element.as_str(), name), (element, "Antrag prüfen"));
                }
                other => panic!("{element}: {other:?}"),
            }
        }
        assert!(matches!(names.called("allein"), Called::Number(_)));
        assert_eq!(names.called("gibt-es-nicht"), Called::Unknown);
    }
}
