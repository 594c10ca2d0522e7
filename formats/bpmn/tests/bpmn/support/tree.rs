//! Two XML files compared as trees: what a model was read from with what was written of it.

use roxmltree::Node;

/// An element without prefixes, layout, order of attributes and order of children.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tree {
    name: (String, String),
    attributes: Vec<((String, String), String)>,
    text: String,
    children: Vec<Tree>,
}

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
const DI: &str = "http://www.omg.org/spec/DD/20100524/DI";

pub fn of(node: Node) -> Tree {
    let mut attributes: Vec<_> = node
        .attributes()
        .map(|a| ((a.namespace().unwrap_or_default().to_owned(), a.name().to_owned()), normal(a.name(), a.value())))
        // The type of a waypoint says nothing: there is one only.
        .filter(|((namespace, name), _)| {
            !(namespace == XSI && name == "type" && node.tag_name().namespace() == Some(DI))
        })
        .collect();
    attributes.sort();
    let text: String = node.children().filter(Node::is_text).filter_map(|text| text.text()).collect();
    let mut children: Vec<Tree> = node.children().filter(Node::is_element).map(of).collect();
    children.retain(|child| !(child.name.1 == "extensionElements" && child.children.is_empty()));
    children.sort();
    Tree {
        name: (node.tag_name().namespace().unwrap_or_default().to_owned(), node.tag_name().name().to_owned()),
        attributes,
        text: text.split_whitespace().collect::<Vec<_>>().join(" "),
        children,
    }
}

/// Numbers of the drawing by value; types without the prefix of the file.
fn normal(name: &str, value: &str) -> String {
    match name {
        "x" | "y" | "width" | "height" | "size" | "resolution" => {
            value.parse::<f64>().map_or_else(|_| value.to_owned(), |number| number.to_string())
        }
        "type" if value.ends_with("tFormalExpression") => "tFormalExpression".to_owned(),
        _ => value.to_owned(),
    }
}

/// # Errors
/// The place of the first difference, instead of two files.
pub fn compare(path: &str, before: &Tree, after: &Tree) -> Result<(), String> {
    let place = format!("{path}/{}", before.name.1);
    let own = |tree: &Tree| (tree.name.clone(), tree.attributes.clone(), tree.text.clone());
    if own(before) != own(after) {
        return Err(format!("{place}: {:?} became {:?}", own(before), own(after)));
    }
    let names = |tree: &Tree| tree.children.iter().map(|child| child.name.1.clone()).collect::<Vec<_>>();
    if names(before) != names(after) {
        return Err(format!("{place}: {:?} became {:?}", names(before), names(after)));
    }
    before.children.iter().zip(&after.children).try_for_each(|(before, after)| compare(&place, before, after))
}
