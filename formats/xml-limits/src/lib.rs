//! Bounds on an XML file, checked in one pass over its bytes before any tree is built, so that no input takes unbounded
//! memory, stack or more than linear time.

/// What one file may have at most.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Of the whole file.
    pub bytes: usize,
    /// Of the whole file.
    pub elements: usize,
    /// Elements inside one another.
    pub depth: usize,
    /// Attributes of one element, and namespace declarations in force at one element.
    pub attributes: usize,
}

/// The first thing of a file that is too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excess {
    /// Offset in bytes.
    pub at: usize,
    pub what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Bytes,
    /// A document type declaration (DOCTYPE): its entities may grow without end or name files.
    DocumentType,
    Elements,
    Depth,
    Attributes,
}

impl Limits {
    /// Checks the bounds and refuses document type declarations. Ill-formed text may pass; the XML parser refuses it.
    ///
    /// # Errors
    /// The first thing that is too much.
    pub fn check(&self, text: &str) -> Result<(), Excess> {
        if text.len() > self.bytes {
            return Err(Excess { at: 0, what: What::Bytes });
        }
        let bytes = text.as_bytes();
        let (mut at, mut elements) = (0, 0usize);
        // Namespace declarations of each open element, and their sum.
        let mut open: Vec<usize> = Vec::new();
        let mut namespaces = 0usize;
        while let Some(start) = find(bytes, at, b"<") {
            let rest = &bytes[start..];
            let refuse = |what| Err(Excess { at: start, what });
            at = if rest.starts_with(b"<!--") {
                find(bytes, start + 4, b"-->").map_or(bytes.len(), |end| end + 3)
            } else if rest.starts_with(b"<![CDATA[") {
                find(bytes, start + 9, b"]]>").map_or(bytes.len(), |end| end + 3)
            } else if rest.starts_with(b"<?") {
                find(bytes, start + 2, b"?>").map_or(bytes.len(), |end| end + 2)
            } else if rest.starts_with(b"<!") {
                return refuse(What::DocumentType);
            } else if rest.starts_with(b"</") {
                namespaces -= open.pop().unwrap_or_default();
                find(bytes, start, b">").map_or(bytes.len(), |end| end + 1)
            } else {
                let tag = Tag::scan(bytes, start);
                elements += 1;
                if elements > self.elements {
                    return refuse(What::Elements);
                }
                if open.len() >= self.depth {
                    return refuse(What::Depth);
                }
                if tag.attributes > self.attributes || namespaces + tag.namespaces > self.attributes {
                    return refuse(What::Attributes);
                }
                if !tag.closed {
                    namespaces += tag.namespaces;
                    open.push(tag.namespaces);
                }
                tag.end
            };
        }
        Ok(())
    }
}

/// What stands between `<` and `>` of an element.
struct Tag {
    end: usize,
    closed: bool,
    attributes: usize,
    namespaces: usize,
}

impl Tag {
    fn scan(bytes: &[u8], open: usize) -> Self {
        let mut tag = Self { end: bytes.len(), closed: false, attributes: 0, namespaces: 0 };
        let mut quote = None;
        for (at, &byte) in bytes.iter().enumerate().skip(open + 1) {
            match (quote, byte) {
                (Some(q), _) if q == byte => quote = None,
                (Some(_), _) => {}
                (None, b'"' | b'\'') => quote = Some(byte),
                (None, b'=') => tag.attributes += 1,
                (None, b'x') if bytes[at..].starts_with(b"xmlns") => tag.namespaces += 1,
                (None, b'>') => {
                    tag.closed = bytes[at - 1] == b'/';
                    tag.end = at + 1;
                    break;
                }
                _ => {}
            }
        }
        tag
    }
}

fn find(bytes: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    bytes.get(from..)?.windows(what.len()).position(|window| window == what).map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEW: Limits = Limits { bytes: 200, elements: 4, depth: 2, attributes: 2 };

    fn excess(text: &str) -> Option<(usize, What)> {
        FEW.check(text).err().map(|excess| (excess.at, excess.what))
    }

    #[test]
    fn what_fits_passes() {
        for text in [
            "<a><b/><b></b><b c='1' d='2'/></a>",
            // Neither in comments nor in texts is there an element, nor in what is told to programs.
            "<?x <b><b> ?><a><!-- <b><b><b><b> --><![CDATA[<!DOCTYPE <b><b><b>]]></a>",
            // A sign in quotation marks ends no tag and is no attribute.
            "<a b='>====' c=\"'>'\"/>",
            // Ill-formed: the parser's affair.
            "<a></a></a></a",
            "<",
            "",
        ] {
            assert_eq!(excess(text), None, "{text}");
        }
    }

    #[test]
    fn the_first_thing_that_is_too_much_is_named_with_its_place() {
        assert_eq!(excess(&" ".repeat(201)), Some((0, What::Bytes)));
        assert_eq!(excess("<!DOCTYPE a [<!ENTITY b 'b'>]><a/>"), Some((0, What::DocumentType)));
        assert_eq!(excess("<a><b/><b/><b/><b/></a>"), Some((15, What::Elements)));
        assert_eq!(excess("<a><b><c/></b></a>"), Some((6, What::Depth)));
        assert_eq!(excess("<a b='' c='' d=''/>"), Some((0, What::Attributes)));
    }

    #[test]
    fn namespaces_count_where_they_are_in_force() {
        assert_eq!(excess("<a xmlns='u'><b xmlns:c='u'/><b xmlns:c='u'/><b xmlns:c='u'/></a>"), None);
        assert_eq!(excess("<a xmlns='u' xmlns:b='u'><b xmlns:c='u'/></a>"), Some((25, What::Attributes)));
    }
}
