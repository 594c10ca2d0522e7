//! From source text to syntax tree (DMN 1.5, 10.3.1). Names may hold spaces and operator signs, so what a name is
//! depends on the names in scope: the longest known name wins.

use std::cell::Cell;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use crate::ast::{Args, Arithmetic, Comparison, Iterator, Kind, Node, Test};
use crate::builtins;
use crate::fault::{Fault, FaultKind};
use crate::types::{Scope, Type};
use crate::value::{Param, Value};

/// Longest source in bytes.
pub const MAX_SOURCE: usize = 64 * 1024;
/// Deepest nesting of a source.
pub const MAX_NESTING: u32 = 48;

/// Deepest syntax tree; a level of nesting may take several nodes.
const MAX_HEIGHT: u32 = 150;

/// The source is not an expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}")]
pub struct ParseError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong, in English.
    pub message: String,
    /// The same by its kind.
    pub fault: Box<Fault>,
}

/// Line and column, both from 1, of a byte offset.
pub(crate) fn position(source: &str, at: usize) -> (usize, usize) {
    let before = source.get(..at).unwrap_or(source);
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// A name with single spaces.
pub(crate) fn normalise(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

type Parsed<T> = Result<T, (usize, Box<Fault>)>;

pub(crate) struct Outcome<T> {
    pub(crate) tree: T,
    pub(crate) free_names: BTreeSet<Arc<str>>,
}

pub(crate) fn parse_expression(source: &str, scope: &Scope) -> Result<Outcome<Node>, ParseError> {
    run(source, scope, |p| p.expression())
}

/// `None` is the test `-`, which holds for every input.
pub(crate) type Tests = Option<(Vec<Test>, bool)>;

pub(crate) fn parse_unary_tests(source: &str, scope: &Scope) -> Result<Outcome<Tests>, ParseError> {
    run(source, scope, |p| p.unary_tests())
}

fn run<T>(
    source: &str,
    scope: &Scope,
    grammar: impl FnOnce(&mut Parser<'_>) -> Parsed<T>,
) -> Result<Outcome<T>, ParseError> {
    let mut parser = Parser::new(source, scope);
    let parsed = if source.len() > MAX_SOURCE {
        Err((0, Box::new(Fault::plain(FaultKind::TooLong, format!("longer than {MAX_SOURCE} bytes")))))
    } else {
        grammar(&mut parser).and_then(|tree| {
            parser.skip_space();
            if parser.pos < source.len() { Err((parser.pos, Box::new(parser.unexpected()))) } else { Ok(tree) }
        })
    };
    match parsed {
        Ok(tree) => Ok(Outcome { tree, free_names: parser.free_names }),
        Err((at, fault)) => {
            let (line, column) = position(source, at);
            Err(ParseError { line, column, message: fault.to_string(), fault })
        }
    }
}

struct Parser<'s> {
    source: &'s str,
    pos: usize,
    scope: &'s Scope,
    /// Known names that are more than one word, longest known wins.
    phrases: Vec<Arc<str>>,
    /// Members of contexts that are more than one word.
    member_phrases: Vec<Arc<str>>,
    members: HashSet<Arc<str>>,
    /// Names bound inside the expression, innermost last.
    bound: Vec<Arc<str>>,
    free_names: BTreeSet<Arc<str>>,
    depth: u32,
    /// Inside a filter the members of the items are names, too.
    in_filter: u32,
    /// Parsing the upper end of a range: `[` may close it.
    range_end: bool,
    uses_input: bool,
    /// Nodes made so far, including those of attempts that were given up.
    nodes: Cell<usize>,
}

const KEYWORDS: &[&str] = &[
    "and",
    "or",
    "between",
    "in",
    "instance",
    "satisfies",
    "return",
    "then",
    "else",
    "if",
    "for",
    "some",
    "every",
    "function",
    "true",
    "false",
    "null",
    "of",
    "external",
];

fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || c == '_' || is_symbolic(c)
}

fn is_name_part(c: char) -> bool {
    c.is_alphanumeric()
        || c == '_'
        || c == '\u{B7}'
        || ('\u{300}'..='\u{36F}').contains(&c)
        || ('\u{203F}'..='\u{2040}').contains(&c)
        || is_symbolic(c)
}

/// The rest of the characters names may start with: the ranges of DMN 1.5, grammar rule 28.
fn is_symbolic(c: char) -> bool {
    matches!(c, '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}'
        | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

fn is_phrase(name: &str) -> bool {
    !name.chars().all(is_name_part)
}

impl<'s> Parser<'s> {
    fn new(source: &'s str, scope: &'s Scope) -> Self {
        let mut parser = Parser {
            source,
            pos: 0,
            scope,
            phrases: builtins::phrases().map(Arc::from).collect(),
            member_phrases: ["time offset", "start included", "end included"].map(Arc::from).to_vec(),
            members: HashSet::new(),
            bound: Vec::new(),
            free_names: BTreeSet::new(),
            depth: 0,
            in_filter: 0,
            range_end: false,
            uses_input: false,
            nodes: Cell::new(0),
        };
        for (name, ty) in &scope.names {
            if is_phrase(name) {
                parser.phrases.push(name.clone());
            }
            ty.each_member(&mut |member| parser.learn_member(member));
        }
        for ty in scope.types.values() {
            ty.each_member(&mut |member| parser.learn_member(member));
        }
        parser
    }

    fn learn_member(&mut self, name: &Arc<str>) {
        if self.members.insert(name.clone()) && is_phrase(name) {
            self.member_phrases.push(name.clone());
        }
    }

    // ---- characters and tokens

    fn rest(&self) -> &'s str {
        &self.source[self.pos..]
    }

    fn peek_char(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_space(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}');
            self.pos += rest.len() - trimmed.len();
            if trimmed.starts_with("//") {
                self.pos += trimmed.find('\n').unwrap_or(trimmed.len());
            } else if trimmed.starts_with("/*") {
                match trimmed.find("*/") {
                    Some(end) => self.pos += end + 2,
                    None => return,
                }
            } else {
                return;
            }
        }
    }

    fn unexpected(&self) -> Fault {
        match self.rest().split_whitespace().next() {
            None => Fault::plain(FaultKind::UnexpectedEnd, "unexpected end"),
            Some(word) => {
                let known = word.chars().next().is_some_and(is_name_start);
                let word: String = word.chars().take(30).collect();
                let hint = if known { " (is a name with spaces misspelt?)" } else { "" };
                Fault::new(FaultKind::Unexpected, format!("unexpected `{word}`{hint}"), vec![("found", word)])
            }
        }
    }

    fn fail<T>(&self, fault: Fault) -> Parsed<T> {
        Err((self.pos, Box::new(fault)))
    }

    /// A fault without values. Not inlined: the functions that call it call each other, and their stack must be small.
    #[cold]
    #[inline(never)]
    fn stop<T>(&self, at: usize, kind: FaultKind, message: &str) -> Parsed<T> {
        Err((at, Box::new(Fault::plain(kind, message))))
    }

    /// A fault that names something.
    #[cold]
    #[inline(never)]
    fn stop_at<T>(
        &self,
        at: usize,
        kind: FaultKind,
        message: String,
        (name, value): (&'static str, &str),
    ) -> Parsed<T> {
        Err((at, Box::new(Fault::new(kind, message, vec![(name, value.to_owned())]))))
    }

    /// Something is missing here.
    fn missing<T>(&self, expected: &str) -> Parsed<T> {
        let message = format!("expected `{expected}`, {}", self.unexpected());
        self.fail(Fault::new(FaultKind::Expected, message, vec![("expected", expected.to_owned())]))
    }

    fn looking_at(&mut self, symbol: &str) -> bool {
        self.skip_space();
        self.rest().starts_with(symbol)
    }

    fn eat(&mut self, symbol: &str) -> bool {
        let found = self.looking_at(symbol);
        if found {
            self.pos += symbol.len();
        }
        found
    }

    fn expect(&mut self, symbol: &str) -> Parsed<()> {
        if self.eat(symbol) { Ok(()) } else { self.missing(symbol) }
    }

    /// The word at the current position, empty if there is none.
    fn peek_word(&mut self) -> &'s str {
        self.skip_space();
        let rest = self.rest();
        if !rest.starts_with(is_name_start) {
            return "";
        }
        &rest[..rest.find(|c| !is_name_part(c)).unwrap_or(rest.len())]
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = self.peek_word() == word;
        if found {
            self.pos += word.len();
        }
        found
    }

    fn expect_word(&mut self, word: &str) -> Parsed<()> {
        if self.eat_word(word) { Ok(()) } else { self.missing(word) }
    }

    /// Length in the source of `name` at the current position, if it stands there as a whole.
    fn match_phrase(&self, name: &str) -> Option<usize> {
        let rest = self.rest();
        let mut at = 0;
        for c in name.chars() {
            if c == ' ' {
                let trimmed = rest[at..].trim_start();
                if trimmed.len() == rest.len() - at {
                    return None;
                }
                at = rest.len() - trimmed.len();
            } else if rest[at..].starts_with(c) {
                at += c.len_utf8();
            } else {
                return None;
            }
        }
        let ends_in_word = name.chars().next_back().is_some_and(is_name_part);
        let goes_on = rest[at..].chars().next().is_some_and(is_name_part);
        (!(ends_in_word && goes_on)).then_some(at)
    }

    fn longest_phrase(&self, phrases: &[Arc<str>]) -> Option<(usize, Arc<str>)> {
        phrases.iter().filter_map(|p| Some((self.match_phrase(p)?, p.clone()))).max_by_key(|(len, _)| *len)
    }

    /// A name that is used: the longest known one, else a single word.
    fn name(&mut self, phrases: &[&[Arc<str>]]) -> Parsed<Arc<str>> {
        self.skip_space();
        let word = self.peek_word();
        let phrase = phrases.iter().filter_map(|p| self.longest_phrase(p)).max_by_key(|(len, _)| *len);
        match phrase {
            Some((len, name)) if len > word.len() => {
                self.pos += len;
                Ok(name)
            }
            _ if word.is_empty() => self.fail(self.unexpected()),
            _ => {
                self.pos += word.len();
                Ok(word.into())
            }
        }
    }

    /// A name that is being defined: everything up to one of the delimiters.
    fn new_name(&mut self, ends: &[char]) -> Parsed<Arc<str>> {
        self.skip_space();
        let rest = self.rest();
        let end = rest.find(|c| ends.contains(&c)).unwrap_or(rest.len());
        let name = normalise(&rest[..end]);
        let valid = name.starts_with(is_name_start) && name.chars().all(|c| is_name_part(c) || " ./-'+*’".contains(c));
        if !valid || KEYWORDS.contains(&name.as_str()) {
            return self.stop(self.pos, FaultKind::NameExpected, "expected a name");
        }
        self.pos += end;
        Ok(name.into())
    }

    fn bind(&mut self, name: &Arc<str>) {
        self.bound.push(name.clone());
        if is_phrase(name) {
            self.phrases.push(name.clone());
        }
    }

    /// Where the bound names end now, to forget later ones again.
    fn mark(&self) -> (usize, usize) {
        (self.bound.len(), self.phrases.len())
    }

    fn forget(&mut self, mark: (usize, usize)) {
        self.bound.truncate(mark.0);
        self.phrases.truncate(mark.1);
    }

    fn node(&self, at: usize, kind: Kind) -> Parsed<Node> {
        let mut height = 0;
        each_child(&kind, &mut |child| height = height.max(child.height));
        let height = height + 1;
        if height > MAX_HEIGHT {
            return self.stop(at, FaultKind::TooDeep, "nested too deeply");
        }
        self.nodes.set(self.nodes.get() + 1);
        if self.nodes.get() > 2 * MAX_SOURCE {
            return self.stop(at, FaultKind::TooDeep, "too complicated");
        }
        Ok(Node { kind, at: at as u32, height })
    }

    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= MAX_NESTING {
            return self.stop(self.pos, FaultKind::TooDeep, "nested too deeply");
        }
        self.depth += 1;
        let range_end = std::mem::take(&mut self.range_end);
        let result = inner(self);
        self.range_end = range_end;
        self.depth -= 1;
        result
    }

    // ---- grammar

    fn expression(&mut self) -> Parsed<Node> {
        self.deeper(Self::disjunction)
    }

    /// `and` binds closer than `or`. One function for both, because every level of nesting passes through here.
    fn disjunction(&mut self) -> Parsed<Node> {
        self.skip_space();
        let at = self.pos;
        let mut alternatives = Vec::new();
        loop {
            self.skip_space();
            let and_at = self.pos;
            let mut operands = vec![self.comparison()?];
            while self.eat_word("and") {
                operands.push(self.comparison()?);
            }
            alternatives.push(self.only_or(and_at, operands, Kind::And)?);
            if !self.eat_word("or") {
                return self.only_or(at, alternatives, Kind::Or);
            }
        }
    }

    fn only_or(&self, at: usize, mut operands: Vec<Node>, kind: fn(Vec<Node>) -> Kind) -> Parsed<Node> {
        match operands.pop() {
            Some(only) if operands.is_empty() => Ok(only),
            last => {
                operands.extend(last);
                self.node(at, kind(operands))
            }
        }
    }

    fn comparison_sign(&mut self) -> Option<Comparison> {
        use Comparison::*;
        let signs =
            [("<=", LessEqual), (">=", GreaterEqual), ("!=", NotEqual), ("<", Less), (">", Greater), ("=", Equal)];
        signs.into_iter().find(|(sign, _)| self.eat(sign)).map(|(_, c)| c)
    }

    fn comparison(&mut self) -> Parsed<Node> {
        self.skip_space();
        let at = self.pos;
        let mut left = self.sum()?;
        loop {
            if let Some(sign) = self.comparison_sign() {
                let right = self.sum()?;
                left = self.node(at, Kind::Compare(sign, Box::new(left), Box::new(right)))?;
            } else if self.eat_word("between") {
                let low = self.sum()?;
                self.expect_word("and")?;
                let high = self.sum()?;
                left = self.node(at, Kind::Between(Box::new(left), Box::new(low), Box::new(high)))?;
            } else if self.eat_word("in") {
                let tests = self.in_tests()?;
                left = self.node(at, Kind::In(Box::new(left), tests))?;
            } else {
                return Ok(left);
            }
        }
    }

    /// What stands behind `in`: one test or several in parentheses.
    fn in_tests(&mut self) -> Parsed<Vec<Test>> {
        let start = self.pos;
        if self.eat("(") {
            let several = self.deeper(|p| p.test_list())?;
            // `(1..5)` is a range and `(a) + 1` an expression, not a list of tests.
            if self.eat(")") && !(several.len() == 1 && self.continues_sum()) {
                return Ok(several);
            }
            self.pos = start;
        }
        let outer = std::mem::take(&mut self.uses_input);
        let node = self.test_node(Self::sum)?;
        let uses_input = std::mem::replace(&mut self.uses_input, outer);
        Ok(vec![Test { node, uses_input }])
    }

    fn continues_sum(&mut self) -> bool {
        ["+", "-", "*", "/", "..", ".", "["].iter().any(|s| self.looking_at(s))
    }

    fn test_list(&mut self) -> Parsed<Vec<Test>> {
        let mut tests = Vec::new();
        loop {
            let outer = std::mem::take(&mut self.uses_input);
            let node = self.test_node(Self::expression)?;
            let uses_input = std::mem::replace(&mut self.uses_input, outer);
            tests.push(Test { node, uses_input });
            if !self.eat(",") {
                return Ok(tests);
            }
        }
    }

    fn test_node(&mut self, operand: fn(&mut Self) -> Parsed<Node>) -> Parsed<Node> {
        self.skip_space();
        let at = self.pos;
        match self.comparison_sign() {
            Some(sign) => {
                let end = self.sum()?;
                self.node(at, Kind::ComparisonRange(sign, Box::new(end)))
            }
            None => operand(self),
        }
    }

    /// The tests of a decision table's cell and whether they are negated.
    fn unary_tests(&mut self) -> Parsed<Tests> {
        let start = self.pos;
        if self.eat("-") {
            self.skip_space();
            if self.rest().is_empty() {
                return Ok(None);
            }
            self.pos = start;
        }
        if self.eat_word("not") && self.eat("(") {
            let tests = self.test_list()?;
            self.expect(")")?;
            self.skip_space();
            if self.rest().is_empty() {
                return Ok(Some((tests, true)));
            }
        }
        self.pos = start;
        Ok(Some((self.test_list()?, false)))
    }

    /// Operators from the loosest to the closest, applied from the left: `+ -`, `* /`, `**`. One function for all,
    /// because every level of nesting passes through here.
    fn sum(&mut self) -> Parsed<Node> {
        let (mut terms, mut factors, mut powers) = (Vec::new(), Vec::new(), Vec::new());
        let (mut before_term, mut before_factor) = (Arithmetic::Add, Arithmetic::Multiply);
        loop {
            powers.push((Arithmetic::Power, self.negation()?));
            if self.eat("**") {
                continue;
            }
            factors.push((before_factor, self.chain(std::mem::take(&mut powers))?));
            if let Some(sign) = self.eat_sign(&[("*", Arithmetic::Multiply), ("/", Arithmetic::Divide)]) {
                before_factor = sign;
                continue;
            }
            terms.push((before_term, self.chain(std::mem::take(&mut factors))?));
            before_factor = Arithmetic::Multiply;
            match self.eat_sign(&[("+", Arithmetic::Add), ("-", Arithmetic::Subtract)]) {
                Some(sign) => before_term = sign,
                None => return self.chain(terms),
            }
        }
    }

    fn eat_sign(&mut self, signs: &[(&str, Arithmetic)]) -> Option<Arithmetic> {
        signs.iter().find(|(sign, _)| self.eat(sign)).map(|(_, operator)| *operator)
    }

    /// Operands of one level; the operator of the first does not count.
    fn chain(&self, mut operands: Vec<(Arithmetic, Node)>) -> Parsed<Node> {
        let rest = operands.split_off(operands.len().min(1));
        match operands.pop() {
            Some((_, only)) if rest.is_empty() => Ok(only),
            Some((_, first)) => self.node(first.at as usize, Kind::Arithmetic(Box::new(first), rest)),
            None => self.stop(self.pos, FaultKind::UnexpectedEnd, "unexpected end"),
        }
    }

    fn negation(&mut self) -> Parsed<Node> {
        self.skip_space();
        let at = self.pos;
        if self.eat("-") {
            let inner = self.deeper(Self::negation)?;
            return self.node(at, Kind::Negate(Box::new(inner)));
        }
        let mut node = self.postfix()?;
        while self.peek_word() == "instance" {
            self.pos += "instance".len();
            self.expect_word("of")?;
            let ty = self.type_name()?;
            node = self.node(at, Kind::InstanceOf(Box::new(node), ty))?;
        }
        Ok(node)
    }

    fn postfix(&mut self) -> Parsed<Node> {
        self.skip_space();
        let at = self.pos;
        let mut node = self.primary()?;
        loop {
            if self.looking_at(".") && !self.looking_at("..") {
                self.pos += 1;
                let members = std::mem::take(&mut self.member_phrases);
                let name = self.name(&[&members]);
                self.member_phrases = members;
                node = self.node(at, Kind::Path(Box::new(node), name?))?;
            } else if self.looking_at("[") && !(self.range_end && self.closes_range()) {
                self.pos += 1;
                self.in_filter += 1;
                let filter = self.expression();
                self.in_filter -= 1;
                let filter = filter?;
                self.expect("]")?;
                node = self.node(at, Kind::Filter(Box::new(node), Box::new(filter)))?;
            } else if self.looking_at("(") {
                let args = self.arguments()?;
                node = self.node(at, Kind::Call(Box::new(node), args))?;
            } else {
                return Ok(node);
            }
        }
    }

    /// Whether the `[` here closes a range such as `[1..5[`: no expression follows it.
    fn closes_range(&mut self) -> bool {
        let start = self.pos;
        self.pos += 1;
        self.skip_space();
        let follows = self.peek_char();
        let word = self.peek_word();
        let operators = ["and", "or", "between", "in", "instance", "satisfies", "return", "then", "else"];
        let closes = match follows {
            None => true,
            Some(_) if !word.is_empty() => operators.contains(&word),
            Some(c) => ")],}=<>!*/+.".contains(c),
        };
        self.pos = start;
        closes
    }

    fn arguments(&mut self) -> Parsed<Args> {
        self.expect("(")?;
        if self.eat(")") {
            return Ok(Args::Positional(Vec::new()));
        }
        if self.at_named_argument() {
            let mut named: Vec<(Arc<str>, Node)> = Vec::new();
            loop {
                let name = self.new_name(&[':'])?;
                self.expect(":")?;
                if named.iter().any(|(n, _)| *n == name) {
                    return self.stop_at(
                        self.pos,
                        FaultKind::Twice,
                        format!("argument `{name}` is given twice"),
                        ("name", &name),
                    );
                }
                named.push((name, self.expression()?));
                if !self.eat(",") {
                    break;
                }
            }
            self.expect(")")?;
            return Ok(Args::Named(named));
        }
        let mut args = Vec::new();
        loop {
            args.push(self.expression()?);
            if !self.eat(",") {
                break;
            }
        }
        self.expect(")")?;
        Ok(Args::Positional(args))
    }

    fn at_named_argument(&mut self) -> bool {
        self.skip_space();
        let rest = self.rest();
        let end = rest.find(|c: char| !(is_name_part(c) || c.is_whitespace() || "./-'+*’".contains(c)));
        rest.starts_with(is_name_start) && end.is_some_and(|i| rest[i..].starts_with(':'))
    }

    fn primary(&mut self) -> Parsed<Node> {
        self.skip_space();
        let at = self.pos;
        let Some(c) = self.peek_char() else {
            return self.stop(self.pos, FaultKind::UnexpectedEnd, "unexpected end");
        };
        match c {
            '0'..='9' | '.' => self.number(),
            '"' => {
                let text = self.string()?;
                self.node(at, Kind::Literal(Value::text(text)))
            }
            '@' => {
                self.pos += 1;
                self.skip_space();
                let text = self.string()?;
                match Value::parse_temporal(&text) {
                    Some(value) => self.node(at, Kind::Literal(value)),
                    None => self.stop_at(
                        at,
                        FaultKind::NoTime,
                        format!("`{text}` is no date, time or duration"),
                        ("text", &text),
                    ),
                }
            }
            '(' => self.parenthesis(),
            '[' => self.list_or_range(),
            ']' => {
                self.pos += 1;
                let start = self.expression()?;
                self.range(at, start, false)
            }
            '{' => self.context(),
            '?' => {
                self.pos += 1;
                self.uses_input = true;
                self.node(at, Kind::Input)
            }
            c if is_name_start(c) => self.keyword_or_name(),
            _ => self.fail(self.unexpected()),
        }
    }

    fn number(&mut self) -> Parsed<Node> {
        let at = self.pos;
        let bytes = self.rest().as_bytes();
        let run = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
        let mut end = run(0);
        if bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
            end += 1 + run(end + 1);
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            let digits = if end + 1 + sign <= bytes.len() { run(end + 1 + sign) } else { 0 };
            if digits > 0 {
                end += 1 + sign + digits;
            }
        }
        let text = &self.rest()[..end];
        match text.parse() {
            Ok(n) => {
                self.pos += end;
                self.node(at, Kind::Literal(Value::Number(n)))
            }
            Err(_) => self.fail(self.unexpected()),
        }
    }

    fn string(&mut self) -> Parsed<String> {
        self.expect("\"")?;
        let mut out = String::new();
        let mut chars = self.rest().char_indices();
        // First half of a character written as two \u escapes.
        let mut high: Option<u32> = None;
        let source = self.rest();
        while let Some((i, c)) = chars.next() {
            let mut unit = None;
            match c {
                '"' => {
                    self.pos += i + 1;
                    return Ok(out);
                }
                '\\' => match chars.next().map(|(_, c)| c) {
                    Some('n') => out.push('\n'),
                    Some('r') => out.push('\r'),
                    Some('t') => out.push('\t'),
                    Some(q @ ('"' | '\'' | '\\')) => out.push(q),
                    Some(u @ ('u' | 'U')) => {
                        let length = if u == 'u' { 4 } else { 6 };
                        let hex =
                            source.get(i + 2..i + 2 + length).filter(|h| h.bytes().all(|b| b.is_ascii_hexdigit()));
                        let Some(code) = hex.and_then(|h| u32::from_str_radix(h, 16).ok()) else {
                            return self.stop(self.pos + i, FaultKind::Text, "expected hexadecimal digits");
                        };
                        chars.nth(length - 1);
                        unit = Some(code);
                    }
                    Some(other) => out.extend(['\\', other]),
                    None => break,
                },
                c => out.push(c),
            }
            match (high.take(), unit) {
                (None, None) => {}
                (None, Some(code @ 0xD800..=0xDBFF)) => high = Some(code),
                (Some(h), Some(low @ 0xDC00..=0xDFFF)) => {
                    out.extend(char::from_u32(0x10000 + ((h - 0xD800) << 10) + (low - 0xDC00)));
                }
                (None, Some(code)) => match char::from_u32(code) {
                    Some(c) => out.push(c),
                    None => return self.stop(self.pos + i, FaultKind::Text, "no such character"),
                },
                (Some(_), _) => {
                    return self.stop(self.pos + i, FaultKind::Text, "half a character");
                }
            }
        }
        self.stop(self.pos - 1, FaultKind::Text, "text without closing quote")
    }

    fn parenthesis(&mut self) -> Parsed<Node> {
        let at = self.pos;
        self.expect("(")?;
        if let Some(sign) = self.comparison_sign() {
            let end = self.deeper(Self::sum)?;
            self.expect(")")?;
            return self.node(at, Kind::ComparisonRange(sign, Box::new(end)));
        }
        let inner = self.expression()?;
        if self.looking_at("..") {
            return self.range(at, inner, false);
        }
        self.expect(")")?;
        Ok(inner)
    }

    fn list_or_range(&mut self) -> Parsed<Node> {
        let at = self.pos;
        self.expect("[")?;
        let mut items = Vec::new();
        if self.eat("]") {
            return self.node(at, Kind::List(items));
        }
        loop {
            let item = self.expression()?;
            if items.is_empty() && self.looking_at("..") {
                return self.range(at, item, true);
            }
            items.push(item);
            if !self.eat(",") {
                break;
            }
        }
        self.expect("]")?;
        self.node(at, Kind::List(items))
    }

    fn range(&mut self, at: usize, start: Node, start_included: bool) -> Parsed<Node> {
        self.expect("..")?;
        let end = self.deeper(|p| {
            p.range_end = true;
            p.sum()
        })?;
        let end_included = if self.eat("]") {
            true
        } else if self.eat(")") || self.eat("[") {
            false
        } else {
            return self.stop(self.pos, FaultKind::RangeEndExpected, "expected the end of the range");
        };
        self.node(at, Kind::Range { start: Box::new(start), start_included, end: Box::new(end), end_included })
    }

    fn context(&mut self) -> Parsed<Node> {
        let at = self.pos;
        self.expect("{")?;
        let mark = self.mark();
        let mut entries: Vec<(Arc<str>, Node)> = Vec::new();
        if !self.eat("}") {
            loop {
                self.skip_space();
                let key_at = self.pos;
                let key: Arc<str> =
                    if self.looking_at("\"") { self.string()?.into() } else { self.new_name(&[':', ',', '}', '{'])? };
                if entries.iter().any(|(k, _)| *k == key) {
                    return self.stop_at(
                        key_at,
                        FaultKind::Twice,
                        format!("entry `{key}` is defined twice"),
                        ("name", &key),
                    );
                }
                self.expect(":")?;
                // A function may call itself by the name of its entry.
                let is_function = self.peek_word() == "function";
                if is_function {
                    self.bind(&key);
                }
                let value = self.expression()?;
                if !is_function {
                    self.bind(&key);
                }
                self.learn_member(&key);
                entries.push((key, value));
                if !self.eat(",") {
                    break;
                }
            }
            self.expect("}")?;
        }
        self.forget(mark);
        self.node(at, Kind::Context(entries))
    }

    fn keyword_or_name(&mut self) -> Parsed<Node> {
        let at = self.pos;
        let word = self.peek_word();
        let longer_name = [&self.phrases, &self.member_phrases]
            .iter()
            .any(|phrases| self.longest_phrase(phrases).is_some_and(|(len, _)| len > word.len()));
        if longer_name {
            return self.used_name();
        }
        let literal = match word {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            "null" => Some(Value::Null),
            _ => None,
        };
        if let Some(value) = literal {
            self.pos += word.len();
            return self.node(at, Kind::Literal(value));
        }
        match word {
            "if" => self.conditional(),
            "for" => {
                self.pos += word.len();
                let mark = self.mark();
                let iterators = self.iterators()?;
                self.expect_word("return")?;
                self.bind(&"partial".into());
                let body = self.expression()?;
                self.forget(mark);
                self.node(at, Kind::For(iterators, Box::new(body)))
            }
            "some" | "every" => {
                self.pos += word.len();
                let mark = self.mark();
                let iterators = self.iterators()?;
                self.expect_word("satisfies")?;
                let body = Box::new(self.expression()?);
                self.forget(mark);
                self.node(at, if word == "some" { Kind::Some(iterators, body) } else { Kind::Every(iterators, body) })
            }
            "function" => self.function(),
            word if KEYWORDS.contains(&word) => self.fail(self.unexpected()),
            _ => self.used_name(),
        }
    }

    fn used_name(&mut self) -> Parsed<Node> {
        let at = self.pos;
        let phrases = std::mem::take(&mut self.phrases);
        let members = std::mem::take(&mut self.member_phrases);
        let name = if self.in_filter > 0 { self.name(&[&phrases, &members]) } else { self.name(&[&phrases]) };
        self.phrases = phrases;
        self.member_phrases = members;
        let name = name?;
        let known_here = self.bound.contains(&name)
            || (self.in_filter > 0 && (&*name == "item" || self.members.contains(&name)))
            || (builtins::exists(&name) && !self.scope.names.contains_key(&name));
        if !known_here {
            self.free_names.insert(name.clone());
        }
        self.node(at, Kind::Name(name))
    }

    fn conditional(&mut self) -> Parsed<Node> {
        let at = self.pos;
        self.expect_word("if")?;
        let condition = self.expression()?;
        self.expect_word("then")?;
        let yes = self.expression()?;
        self.expect_word("else")?;
        let no = self.expression()?;
        self.node(at, Kind::If(Box::new(condition), Box::new(yes), Box::new(no)))
    }

    fn iterators(&mut self) -> Parsed<Vec<Iterator>> {
        let mut iterators = Vec::new();
        loop {
            self.skip_space();
            let start = self.pos;
            let mut end = start;
            while !matches!(self.peek_word(), "" | "in") {
                let word = self.peek_word();
                self.pos += word.len();
                end = self.pos;
                // Rest of a name with signs, such as `a-b`.
                let rest = self.rest();
                let signs = rest.len() - rest.trim_start_matches(['.', '/', '-', '\'', '’', '+', '*']).len();
                self.pos += signs;
            }
            let name: Arc<str> = normalise(&self.source[start..end]).into();
            if name.is_empty() || KEYWORDS.contains(&&*name) {
                return self.stop(self.pos, FaultKind::NameExpected, "expected a name");
            }
            self.expect_word("in")?;
            let domain = self.expression()?;
            let to = if self.eat("..") { Some(self.expression()?) } else { None };
            self.bind(&name);
            iterators.push(Iterator { name, domain, to });
            if !self.eat(",") {
                return Ok(iterators);
            }
        }
    }

    fn function(&mut self) -> Parsed<Node> {
        let at = self.pos;
        self.expect_word("function")?;
        self.expect("(")?;
        let mark = self.mark();
        let mut params: Vec<Param> = Vec::new();
        if !self.eat(")") {
            loop {
                let name = self.new_name(&[':', ',', ')'])?;
                let ty = if self.eat(":") { self.type_name()? } else { Type::Any };
                if params.iter().any(|p| p.name == name) {
                    return self.stop_at(
                        self.pos,
                        FaultKind::Twice,
                        format!("parameter `{name}` is defined twice"),
                        ("name", &name),
                    );
                }
                params.push(Param { name, ty });
                if !self.eat(",") {
                    break;
                }
            }
            self.expect(")")?;
        }
        if self.peek_word() == "external" {
            return self.stop(self.pos, FaultKind::External, "external functions are refused");
        }
        for param in &params {
            self.bind(&param.name);
        }
        // Inside the body neither the items of a filter outside nor the input of a test are meant to be seen, but
        // names of members are still recognised.
        let body = self.expression()?;
        self.forget(mark);
        self.node(at, Kind::Function(params, Arc::new(body)))
    }

    fn type_name(&mut self) -> Parsed<Type> {
        self.deeper(|p| p.type_name_inner())
    }

    fn type_name_inner(&mut self) -> Parsed<Type> {
        self.skip_space();
        let at = self.pos;
        let own: Vec<Arc<str>> = ["date and time", "days and time duration", "years and months duration"]
            .map(Arc::from)
            .into_iter()
            .chain(self.scope.types.keys().cloned())
            .collect();
        let mut name = self.name(&[&own])?;
        if let Some(ty) = self.scope.types.get(&name) {
            return Ok(ty.clone());
        }
        match &*name {
            "list" | "range" if self.eat("<") => {
                let inner = Box::new(self.type_name()?);
                self.expect(">")?;
                return Ok(if &*name == "list" { Type::List(inner) } else { Type::Range(inner) });
            }
            "context" if self.eat("<") => {
                let mut members = Vec::new();
                while !self.eat(">") {
                    let member = self.new_name(&[':', ',', '>'])?;
                    self.expect(":")?;
                    members.push((member, self.type_name()?));
                    if !self.eat(",") {
                        self.expect(">")?;
                        break;
                    }
                }
                return Ok(Type::Context(members));
            }
            "function" if self.eat("<") => {
                let mut params = Vec::new();
                while !self.eat(">") {
                    params.push(self.type_name()?);
                    if !self.eat(",") {
                        self.expect(">")?;
                        break;
                    }
                }
                self.expect("->")?;
                return Ok(Type::Function(params, Box::new(self.type_name()?)));
            }
            _ => {}
        }
        while self.looking_at(".") && !self.looking_at("..") {
            self.pos += 1;
            let next = self.name(&[])?;
            name = format!("{name}.{next}").into();
        }
        match self.scope.types.get(&name).cloned().or_else(|| Type::from_name(&name)) {
            Some(ty) => Ok(ty),
            None => self.stop_at(at, FaultKind::NoType, format!("there is no type `{name}`"), ("name", &name)),
        }
    }
}

/// Calls `f` with every direct child of a node.
pub(crate) fn each_child<'n>(kind: &'n Kind, f: &mut dyn FnMut(&'n Node)) {
    match kind {
        Kind::Literal(_) | Kind::Name(_) | Kind::Input => {}
        Kind::Path(n, _) | Kind::Negate(n) | Kind::ComparisonRange(_, n) | Kind::InstanceOf(n, _) => f(n),
        Kind::Filter(a, b) | Kind::Compare(_, a, b) | Kind::Range { start: a, end: b, .. } => {
            f(a);
            f(b);
        }
        Kind::Call(callee, args) => {
            f(callee);
            match args {
                Args::Positional(nodes) => nodes.iter().for_each(f),
                Args::Named(nodes) => nodes.iter().for_each(|(_, n)| f(n)),
            }
        }
        Kind::Arithmetic(first, rest) => {
            f(first);
            rest.iter().for_each(|(_, n)| f(n));
        }
        Kind::And(nodes) | Kind::Or(nodes) | Kind::List(nodes) => nodes.iter().for_each(f),
        Kind::Between(a, b, c) | Kind::If(a, b, c) => {
            f(a);
            f(b);
            f(c);
        }
        Kind::In(n, tests) => {
            f(n);
            tests.iter().for_each(|t| f(&t.node));
        }
        Kind::For(iterators, body) | Kind::Some(iterators, body) | Kind::Every(iterators, body) => {
            for i in iterators {
                f(&i.domain);
                i.to.iter().for_each(&mut *f);
            }
            f(body);
        }
        Kind::Context(entries) => entries.iter().for_each(|(_, n)| f(n)),
        Kind::Function(_, body) => f(body),
    }
}
