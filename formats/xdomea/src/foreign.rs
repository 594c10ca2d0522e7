//! Elements of other standards inside a message: what of them is kept, and what can be written again.

/// Namespaces of XML itself and of schema instances.
pub(crate) const XML: &str = "http://www.w3.org/XML/1998/namespace";
pub(crate) const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// Elements of xdomea inside would be judged by its schema, wherever they stand.
pub(crate) fn keeps_element(namespace: &str) -> bool {
    !namespace.starts_with(crate::NAMESPACES) && ![XML, XSI, XMLNS].contains(&namespace)
}

/// `xsi:type` means a type by a prefix, which is not kept; `xml:id` must be unique in the whole message.
pub(crate) fn keeps_attribute(namespace: &str, local: &str) -> bool {
    match namespace {
        XML => ["lang", "space"].contains(&local),
        XSI | XMLNS => false,
        // `xmlns=""` is no attribute but a declaration.
        "" => local != "xmlns",
        _ => true,
    }
}

/// `NCName` of XML namespaces 1.0.
pub(crate) fn is_name(text: &str) -> bool {
    let starts = |c: char| {
        matches!(c, 'A'..='Z' | '_' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
            | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
            | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
            | '\u{10000}'..='\u{EFFFF}')
    };
    let follows = |c: char| {
        starts(c) || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
    };
    text.starts_with(starts) && text.chars().all(follows)
}
