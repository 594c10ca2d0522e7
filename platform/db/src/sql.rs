/// A statement: one text for both engines, or two where there is no common one (counted by a tidy test).
#[derive(Clone, Copy, Debug)]
pub struct Sql {
    pub(crate) lite: &'static str,
    pub(crate) pg: &'static str,
}

impl From<&'static str> for Sql {
    fn from(text: &'static str) -> Self {
        Sql { lite: text, pg: text }
    }
}

/// The escape hatch for what the engines spell differently.
pub const fn either(lite: &'static str, pg: &'static str) -> Sql {
    Sql { lite, pg }
}
