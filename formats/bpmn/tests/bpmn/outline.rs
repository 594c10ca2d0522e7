//! Processes as lists.

use bpmn::{Line, Model};

use crate::support::{flows, model};

/// Number, id and where it goes on, one line each.
fn show(model: &Model) -> Vec<String> {
    let line = |line: &Line| {
        let to = line.goes_to.as_ref().map(|to| format!(" > {}", to.number)).unwrap_or_default();
        let ways: String = match line.ways.as_slice() {
            [] | [_] => String::new(),
            ways => ways
                .iter()
                .map(|way| {
                    let said = way.condition.as_deref().unwrap_or(if way.is_default { "else" } else { "and" });
                    format!(" [{said} {}{}]", way.target.number, if way.is_branch { "" } else { "!" })
                })
                .collect(),
        };
        format!("{} {}{ways}{to}{}", line.number, line.element, if line.is_reached { "" } else { " ?" })
    };
    model.outline().iter().map(line).collect()
}

#[test]
fn branches_stand_below_their_gateway_and_what_joins_behind_them() {
    let drawn = model(&format!(
        "<bpmn:startEvent id='s'/><bpmn:exclusiveGateway id='g' default='g-j'/><bpmn:userTask id='t'/><bpmn:userTask id='u'/>
        <bpmn:exclusiveGateway id='j'/><bpmn:endEvent id='e'/><bpmn:endEvent id='x'/><bpmn:boundaryEvent id='b' attachedToRef='t'/>{}",
        flows("s-g g-t:yes g-u:maybe g-j t-j u-x b-u2 j-e")
    ));
    assert_eq!(
        show(&drawn),
        ["1 s", "2 g [yes 2a.1] [maybe 2b.1] [else 3!]", "2a.1 t > 3", "2a.1a b", "2b.1 u", "2b.2 x", "3 j", "4 e"]
    );
}

#[test]
fn loops_sub_processes_and_what_nothing_leads_to() {
    let drawn = model(&format!(
        "<bpmn:userTask id='lost'/><bpmn:startEvent id='s'/><bpmn:exclusiveGateway id='l'/><bpmn:subProcess id='u'><bpmn:startEvent id='us'/>
        <bpmn:endEvent id='ue'/>{}</bpmn:subProcess><bpmn:exclusiveGateway id='again' default='again-e'/><bpmn:endEvent id='e'/>
        <bpmn:boundaryEvent id='b' attachedToRef='u'><bpmn:errorEventDefinition/></bpmn:boundaryEvent><bpmn:manualTask id='m'/>{}",
        flows("us-ue"),
        flows("s-l l-u u-again again-l:yes again-e b-m m-l lost-e")
    ));
    assert_eq!(
        show(&drawn),
        [
            "1 s",
            "2 l",
            "3 u",
            "3.1 us",
            "3.2 ue",
            "3a b",
            "3a.1 m > 2",
            "4 again [yes 2!] [else 5!]",
            "5 e",
            "6 lost > 5 ?",
        ]
    );
    let lines = drawn.outline();
    assert_eq!(lines[3].inside.as_deref(), Some("u"));
    assert_eq!(lines[5].host.as_ref().map(|host| host.number.as_str()), Some("3"));
}
