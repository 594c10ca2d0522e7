use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use typst::syntax::ast::{self, AstNode as _};
use typst::syntax::{
    DiagSpan, DiagSpanKind, FileId, LinkedNode, RootedPath, Source, SyntaxKind, VirtualPath, VirtualRoot,
};

/// The data of one document, readable for templates.
pub(crate) const DATA_PATH: &str = "/data.json";
/// Title, office, language and watermark of one document, readable for templates.
pub(crate) const META_PATH: &str = "/meta.json";
const LETTERS: &str = "/letters/";

/// The standard letters of the platform, importable as `/meer/<name>`.
static STANDARD: LazyLock<Vec<Source>> = LazyLock::new(|| {
    [
        ("letter.typ", include_str!("../letters/letter.typ")),
        ("parts.typ", include_str!("../letters/parts.typ")),
        ("meldebescheinigung.typ", include_str!("../letters/meldebescheinigung.typ")),
        ("bescheid.typ", include_str!("../letters/bescheid.typ")),
        ("mitteilung.typ", include_str!("../letters/mitteilung.typ")),
        ("antrag.typ", include_str!("../letters/antrag.typ")),
    ]
    .into_iter()
    .filter_map(|(name, text)| Some(Source::new(file_id(&format!("/meer/{name}"))?, text.to_owned())))
    .collect()
});

/// Reach outside the document or run data as code.
const UNAVAILABLE: [&str; 10] = ["eval", "plugin", "std", "read", "csv", "toml", "yaml", "xml", "cbor", "bibliography"];

/// A template that cannot be released.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct TemplateError {
    /// Name as given to [`Template::parse`]; files of the platform start with `meer/`.
    pub file: String,
    /// Starts at 1; 0 when the whole file is meant.
    pub line: usize,
    /// In characters, starts at 1; 0 when the whole file is meant.
    pub column: usize,
    pub message: String,
}

/// A checked letter template with the files it includes. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Template {
    main: FileId,
    sources: Arc<[Source]>,
}

impl Template {
    /// Checks a template and its includes before they are released.
    ///
    /// `includes` are the other files of the city's letter folder as (name, text). Names are plain file names ending in
    /// `.typ`. Templates import each other by name and the standard letters by `/meer/<name>`.
    ///
    /// # Errors
    /// Syntax errors; imports of unknown files or of packages; names that would read files or run data as code. What
    /// depends on data shows only when printing, so release a template after a trial [`print`](crate::Press::print).
    pub fn parse(name: &str, source: &str, includes: &[(&str, &str)]) -> Result<Self, TemplateError> {
        let mut sources = Vec::with_capacity(1 + includes.len());
        for (name, text) in std::iter::once((name, source)).chain(includes.iter().copied()) {
            let whole_file = |message: &str| TemplateError {
                file: name.to_owned(),
                line: 0,
                column: 0,
                message: message.to_owned(),
            };
            if !is_plain_name(name) {
                return Err(whole_file("the name of a template is letters, digits, '-' or '_' and ends in .typ"));
            }
            let id = file_id(&format!("{LETTERS}{name}")).ok_or_else(|| whole_file("the name is not a path"))?;
            if sources.iter().any(|source: &Source| source.id() == id) {
                return Err(whole_file("two files have this name"));
            }
            sources.push(Source::new(id, text.to_owned()));
        }
        let known: HashSet<FileId> = sources.iter().chain(STANDARD.iter()).map(Source::id).collect();
        for source in &sources {
            check(source, &known)?;
        }
        Ok(Self { main: sources[0].id(), sources: sources.into() })
    }

    pub(crate) fn main_path(&self) -> &'static str {
        self.main.get().vpath().get_with_slash()
    }

    pub(crate) fn source(&self, id: FileId) -> Option<&Source> {
        self.sources.iter().chain(STANDARD.iter()).find(|source| source.id() == id)
    }
}

fn is_plain_name(name: &str) -> bool {
    name.len() <= 80
        && name.strip_suffix(".typ").is_some_and(|stem| {
            !stem.is_empty() && stem.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        })
}

pub(crate) fn file_id(path: &str) -> Option<FileId> {
    Some(RootedPath::new(VirtualRoot::Project, VirtualPath::new(path).ok()?).intern())
}

/// The name a reader knows a file by.
pub(crate) fn display_name(id: FileId) -> String {
    let path = id.get().vpath().get_with_slash();
    path.strip_prefix(LETTERS).unwrap_or_else(|| path.trim_start_matches('/')).to_owned()
}

/// Line and column (in characters) of a place in a source, both starting at 1.
pub(crate) fn position(source: &Source, span: DiagSpan) -> Option<(usize, usize)> {
    let start = match span.get() {
        DiagSpanKind::Detached => return None,
        DiagSpanKind::Number { num, sub_range, .. } => source.range(num, sub_range)?.start,
        DiagSpanKind::Range { range, .. } => range.start,
    };
    let (line, column) = source.lines().byte_to_line_column(start)?;
    Some((line + 1, column + 1))
}

fn error_at(source: &Source, span: DiagSpan, message: impl Into<String>) -> TemplateError {
    let (line, column) = position(source, span).unwrap_or((0, 0));
    TemplateError { file: display_name(source.id()), line, column, message: message.into() }
}

fn check(source: &Source, known: &HashSet<FileId>) -> Result<(), TemplateError> {
    if let Some(error) = source.root().errors_and_warnings().0.first() {
        return Err(error_at(source, error.span, error.message.as_str()));
    }
    let mut open = vec![LinkedNode::new(source.root())];
    while let Some(node) = open.pop() {
        check_node(source, &node, known).map_err(|message| error_at(source, node.span().into(), message))?;
        open.extend(node.children());
    }
    Ok(())
}

fn check_node(source: &Source, node: &LinkedNode, known: &HashSet<FileId>) -> Result<(), String> {
    match node.kind() {
        SyntaxKind::ModuleImport | SyntaxKind::ModuleInclude => {
            let file = match (node.cast::<ast::ModuleImport>(), node.cast::<ast::ModuleInclude>()) {
                (Some(import), _) => import.source(),
                (_, Some(include)) => include.source(),
                _ => return Ok(()),
            };
            match file {
                ast::Expr::Str(path) => check_import(source, &path.get(), known),
                // `import parts: ..` of a module that was imported before
                ast::Expr::Ident(_) if node.kind() == SyntaxKind::ModuleImport => Ok(()),
                _ => Err("a file to import is named by a plain string".to_owned()),
            }
        }
        SyntaxKind::Ident if names_a_value(node) => check_name(node),
        _ => Ok(()),
    }
}

fn check_import(source: &Source, path: &str, known: &HashSet<FileId>) -> Result<(), String> {
    if path.starts_with('@') {
        return Err(format!("packages such as {path} are not available in letters"));
    }
    let target = if path.starts_with('/') {
        VirtualPath::new(path).ok()
    } else {
        source.id().get().vpath().parent().and_then(|folder| folder.join(path).ok())
    };
    // A path is looked up before it is interned: interned paths are never freed.
    let found = target.is_some_and(|target| known.iter().any(|id| *id.get().vpath() == target));
    if found { Ok(()) } else { Err(format!("there is no file {path} among the letters")) }
}

/// False for the name of an argument, a dictionary key or a field.
fn names_a_value(node: &LinkedNode) -> bool {
    let Some(parent) = node.parent() else { return true };
    match parent.kind() {
        SyntaxKind::Named => node.index() != 0,
        SyntaxKind::FieldAccess => node.index() == 0,
        _ => true,
    }
}

fn check_name(node: &LinkedNode) -> Result<(), String> {
    let name = node.leaf_text();
    if UNAVAILABLE.contains(&name.as_str()) {
        return Err(format!("`{name}` is not available in letters"));
    }
    let first_argument = || {
        let call = node.parent()?.cast::<ast::FuncCall>()?;
        let is_callee = call.callee().to_untyped().span() == node.span();
        is_callee.then(|| call.args().items().next()).flatten()
    };
    match name.as_str() {
        "json" => match first_argument() {
            Some(ast::Arg::Pos(ast::Expr::Str(path))) if [DATA_PATH, META_PATH].contains(&path.get().as_str()) => {
                Ok(())
            }
            _ => Err(format!("`json` reads \"{DATA_PATH}\" or \"{META_PATH}\" and nothing else")),
        },
        "image" => match first_argument() {
            Some(ast::Arg::Pos(ast::Expr::FuncCall(call))) if matches!(call.callee(), ast::Expr::Ident(f) if ["qr", "bytes"].contains(&f.as_str())) => {
                Ok(())
            }
            _ => Err("`image` takes `qr(..)` or `bytes(..)`; image files are not available in letters".to_owned()),
        },
        _ => Ok(()),
    }
}
