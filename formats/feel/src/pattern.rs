//! Regular expressions of XPath 2.0 (the ones FEEL refers to), translated for an engine that runs in linear time.
//! Back references (`\1`) have no linear-time engine and count as faulty patterns.

use std::iter::Peekable;
use std::str::Chars;

use regex::{Regex, RegexBuilder};

/// Bytes a compiled pattern may take.
const SIZE_LIMIT: usize = 1 << 20;

/// Compiles a pattern, `None` if pattern or flags are faulty. Flags: `s`, `m`, `i`, `x` and `q` as in XPath.
pub(crate) fn compile(pattern: &str, flags: &str) -> Option<Regex> {
    if !flags.chars().all(|f| "smixq".contains(f)) {
        return None;
    }
    let translated = if flags.contains('q') {
        regex::escape(pattern)
    } else {
        let source = if flags.contains('x') { without_space(pattern) } else { pattern.to_owned() };
        Translation { chars: source.chars().peekable(), dot_all: flags.contains('s'), out: String::new() }.run()?
    };
    RegexBuilder::new(&translated)
        .case_insensitive(flags.contains('i'))
        .multi_line(flags.contains('m'))
        .size_limit(SIZE_LIMIT)
        .dfa_size_limit(SIZE_LIMIT)
        .nest_limit(50)
        .build()
        .ok()
}

/// Flag `x`: white space outside character classes does not count.
fn without_space(pattern: &str) -> String {
    let mut depth = 0;
    let mut escaped = false;
    let mut out = String::new();
    for c in pattern.chars() {
        if c.is_whitespace() && depth == 0 {
            continue;
        }
        match c {
            '[' if !escaped => depth += 1,
            ']' if !escaped && depth > 0 => depth -= 1,
            _ => {}
        }
        escaped = c == '\\' && !escaped;
        out.push(c);
    }
    out
}

struct Translation<'p> {
    chars: Peekable<Chars<'p>>,
    dot_all: bool,
    out: String,
}

impl Translation<'_> {
    fn run(mut self) -> Option<String> {
        while let Some(c) = self.chars.next() {
            match c {
                '\\' => self.escape()?,
                '[' => self.class(0)?,
                '.' => self.out.push_str(if self.dot_all { "(?s:.)" } else { r"[^\n\r]" }),
                '(' => {
                    self.out.push('(');
                    if self.chars.next_if_eq(&'?').is_some() {
                        self.chars.next_if_eq(&':')?;
                        self.out.push_str("?:");
                    }
                }
                c => self.out.push(c),
            }
        }
        Some(self.out)
    }

    fn escape(&mut self) -> Option<()> {
        let c = self.chars.next()?;
        match c {
            'n' | 'r' | 't' | 'd' | 'D' => self.out.extend(['\\', c]),
            '\\' | '|' | '.' | '?' | '*' | '+' | '(' | ')' | '{' | '}' | '$' | '-' | '[' | ']' | '^' => {
                self.out.extend(['\\', c]);
            }
            's' => self.out.push_str(r"[ \t\n\r]"),
            'S' => self.out.push_str(r"[^ \t\n\r]"),
            'w' => self.out.push_str(r"[^\p{P}\p{Z}\p{C}]"),
            'W' => self.out.push_str(r"[\p{P}\p{Z}\p{C}]"),
            'i' => self.out.push_str(r"[\p{L}_:]"),
            'I' => self.out.push_str(r"[^\p{L}_:]"),
            'c' => self.out.push_str(r"[\p{L}\p{N}\p{M}\-._:\u{B7}]"),
            'C' => self.out.push_str(r"[^\p{L}\p{N}\p{M}\-._:\u{B7}]"),
            'p' | 'P' => {
                self.chars.next_if_eq(&'{')?;
                let mut name = String::new();
                loop {
                    match self.chars.next()? {
                        '}' => break,
                        c => name.push(c),
                    }
                }
                let negation = if c == 'P' { "^" } else { "" };
                if let Some(block) = name.strip_prefix("Is") {
                    let (from, to) = block_range(block)?;
                    self.out.push_str(&format!(r"[{negation}\u{{{from:X}}}-\u{{{to:X}}}]"));
                } else if (1..=2).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphabetic()) {
                    self.out.push_str(&format!(r"[{negation}\p{{{name}}}]"));
                } else {
                    return None;
                }
            }
            _ => return None,
        }
        Some(())
    }

    /// A character class behind its `[`. XPath subtracts with `[a-z-[aeiou]]`.
    fn class(&mut self, depth: usize) -> Option<()> {
        if depth > 20 {
            return None;
        }
        self.out.push_str("[[");
        if self.chars.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        let mut empty = true;
        // Whether the item before can be the lower end of a range.
        let mut may_start_range = false;
        loop {
            let c = self.chars.next()?;
            let mut plain = false;
            match c {
                ']' if empty => return None,
                ']' => {
                    self.out.push_str("]]");
                    return Some(());
                }
                '[' => return None,
                '-' if !empty && self.chars.next_if_eq(&'[').is_some() => {
                    self.out.push_str("]--");
                    self.class(depth + 1)?;
                    self.out.push(']');
                    return self.chars.next_if_eq(&']').map(|_| ());
                }
                '-' if may_start_range && self.chars.peek() != Some(&']') => {
                    self.out.push('-');
                    match self.chars.next()? {
                        '\\' => self.escape()?,
                        '[' => return None,
                        c => self.literal(c),
                    }
                }
                '\\' => {
                    plain = self.chars.peek().is_some_and(|c| !c.is_alphabetic() || "nrt".contains(*c));
                    self.escape()?;
                }
                c => {
                    self.literal(c);
                    plain = c != '-';
                }
            }
            may_start_range = plain;
            empty = false;
        }
    }

    /// A character that stands for itself in a class.
    fn literal(&mut self, c: char) {
        if matches!(c, '&' | '~' | '^' | '-' | '[' | ']') {
            self.out.push('\\');
        }
        self.out.push(c);
    }
}

/// The Unicode blocks of XML Schema that official texts in Europe may meet.
fn block_range(name: &str) -> Option<(u32, u32)> {
    Some(match name {
        "BasicLatin" => (0x0000, 0x007F),
        "Latin-1Supplement" => (0x0080, 0x00FF),
        "LatinExtended-A" => (0x0100, 0x017F),
        "LatinExtended-B" => (0x0180, 0x024F),
        "IPAExtensions" => (0x0250, 0x02AF),
        "SpacingModifierLetters" => (0x02B0, 0x02FF),
        "CombiningDiacriticalMarks" => (0x0300, 0x036F),
        "Greek" | "GreekandCoptic" => (0x0370, 0x03FF),
        "Cyrillic" => (0x0400, 0x04FF),
        "Armenian" => (0x0530, 0x058F),
        "Hebrew" => (0x0590, 0x05FF),
        "Arabic" => (0x0600, 0x06FF),
        "Georgian" => (0x10A0, 0x10FF),
        "LatinExtendedAdditional" => (0x1E00, 0x1EFF),
        "GreekExtended" => (0x1F00, 0x1FFF),
        "GeneralPunctuation" => (0x2000, 0x206F),
        "CurrencySymbols" => (0x20A0, 0x20CF),
        "LetterlikeSymbols" => (0x2100, 0x214F),
        "NumberForms" => (0x2150, 0x218F),
        "Arrows" => (0x2190, 0x21FF),
        "MathematicalOperators" => (0x2200, 0x22FF),
        "Hiragana" => (0x3040, 0x309F),
        "Katakana" => (0x30A0, 0x30FF),
        "CJKUnifiedIdeographs" => (0x4E00, 0x9FFF),
        _ => return None,
    })
}

/// A piece of a replacement.
pub(crate) enum Part {
    Text(String),
    Group(usize),
}

/// Reads `$1 and \$`; `None` if it is faulty. As in XPath `$12` is group 1 and a `2` where there are fewer groups,
/// and a group that does not exist is empty.
pub(crate) fn replacement(source: &str, groups: usize, literal: bool) -> Option<Vec<Part>> {
    if literal {
        return Some(vec![Part::Text(source.to_owned())]);
    }
    let mut parts = Vec::new();
    let mut text = String::new();
    let mut chars = source.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next()? {
                c @ ('\\' | '$') => text.push(c),
                _ => return None,
            },
            '$' => {
                let mut n = chars.next()?.to_digit(10)? as usize;
                while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
                    let longer = n * 10 + digit as usize;
                    if longer > groups {
                        break;
                    }
                    n = longer;
                    chars.next();
                }
                parts.push(Part::Text(std::mem::take(&mut text)));
                if n <= groups {
                    parts.push(Part::Group(n));
                }
            }
            c => text.push(c),
        }
    }
    parts.push(Part::Text(text));
    Some(parts)
}
