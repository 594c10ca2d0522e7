//! Just enough of Rust's lexical rules to tell code from comments, strings and test modules.

/// A Rust file, taken apart. Tests inside `#[cfg(test)]` are left out.
pub(crate) struct Source {
    /// The code with comments, strings and test modules blanked; lines and columns are kept.
    pub(crate) code: String,
    pub(crate) literals: Vec<Literal>,
}

/// A string literal.
pub(crate) struct Literal {
    /// Line of its opening quote, from 1.
    pub(crate) line: usize,
    /// As written, without quotes; a backslash at a line's end joins the lines.
    pub(crate) text: String,
    /// An argument of `either(..)`: written for one engine.
    pub(crate) one_engine: bool,
}

/// Takes a file apart. Text that is not Rust gives something, never a panic.
pub(crate) fn scan(text: &str) -> Source {
    let mut scanner = Scanner { text, bytes: text.as_bytes(), code: text.as_bytes().to_vec(), at: 0 };
    let found = scanner.run();
    let mut code = String::from_utf8_lossy(&scanner.code).into_owned();
    let tests = test_ranges(&code);
    for &(start, end) in &tests {
        let blank: String = code[start..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        code.replace_range(start..end, &blank);
    }
    let in_test = |at: usize| tests.iter().any(|&(start, end)| (start..end).contains(&at));
    let literals = found
        .into_iter()
        .filter(|&(at, ..)| !in_test(at))
        .map(|(at, body, one_engine)| Literal {
            line: text[..at].matches('\n').count() + 1,
            text: joined(body),
            one_engine,
        })
        .collect();
    Source { code, literals }
}

/// Without the line breaks that a backslash takes out.
fn joined(body: &str) -> String {
    let mut parts = body.split("\\\n");
    let mut out = parts.next().unwrap_or("").to_owned();
    parts.for_each(|part| out.push_str(part.trim_start()));
    out
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    code: Vec<u8>,
    at: usize,
}

impl<'a> Scanner<'a> {
    /// Start, content and "inside either(..)" of each string literal.
    fn run(&mut self) -> Vec<(usize, &'a str, bool)> {
        let mut found = Vec::new();
        // For each open bracket whether `either` stands before it.
        let mut open: Vec<bool> = Vec::new();
        while self.at < self.bytes.len() {
            let start = self.at;
            match self.bytes[start] {
                b'/' if self.peek(1) == b'/' => {
                    self.skip_to_line_end();
                    self.blank(start, self.at);
                }
                b'/' if self.peek(1) == b'*' => {
                    self.skip_block_comment();
                    self.blank(start, self.at);
                }
                b'"' => {
                    let hashes = self.raw_hashes(start);
                    let end = match hashes {
                        Some(n) => self.raw_end(start + 1, n),
                        None => self.string_end(start + 1),
                    };
                    found.push((start, self.text.get(start + 1..end).unwrap_or(""), open.contains(&true)));
                    self.blank(start + 1, end);
                    self.at = end + 1 + hashes.unwrap_or(0);
                }
                b'\'' => self.skip_char_or_lifetime(),
                b'(' => {
                    open.push(self.text[..start].ends_with("either"));
                    self.at += 1;
                }
                b')' => {
                    open.pop();
                    self.at += 1;
                }
                _ => self.at += 1,
            }
        }
        found
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn blank(&mut self, start: usize, end: usize) {
        let end = end.min(self.code.len());
        for byte in &mut self.code[start.min(end)..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
    }

    fn skip_to_line_end(&mut self) {
        while self.at < self.bytes.len() && self.bytes[self.at] != b'\n' {
            self.at += 1;
        }
    }

    fn skip_block_comment(&mut self) {
        let mut depth = 0;
        while self.at < self.bytes.len() {
            match (self.bytes[self.at], self.peek(1)) {
                (b'/', b'*') => {
                    depth += 1;
                    self.at += 2;
                }
                (b'*', b'/') => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return;
                    }
                }
                _ => self.at += 1,
            }
        }
    }

    /// How many `#` stand before the quote of a raw string; `None` for any other string.
    fn raw_hashes(&self, quote: usize) -> Option<usize> {
        let hashes = self.bytes[..quote].iter().rev().take_while(|&&b| b == b'#').count();
        let before = &self.bytes[..quote - hashes];
        let (&r, rest) = before.split_last()?;
        let rest = if rest.last() == Some(&b'b') { &rest[..rest.len() - 1] } else { rest };
        let joins = rest.last().is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
        (r == b'r' && !joins).then_some(hashes)
    }

    /// The position of the closing quote.
    fn string_end(&self, mut at: usize) -> usize {
        while at < self.bytes.len() && self.bytes[at] != b'"' {
            at += if self.bytes[at] == b'\\' { 2 } else { 1 };
        }
        at.min(self.bytes.len())
    }

    fn raw_end(&self, at: usize, hashes: usize) -> usize {
        let close = format!("\"{}", "#".repeat(hashes));
        self.text.get(at..).and_then(|rest| rest.find(&close)).map_or(self.bytes.len(), |n| at + n)
    }

    /// `'x'` and `'\n'` are characters, `'a` is a lifetime.
    fn skip_char_or_lifetime(&mut self) {
        let rest = &self.text[self.at + 1..];
        let mut chars = rest.chars();
        self.at += match chars.next() {
            Some('\\') => 3 + rest.get(2..).and_then(|tail| tail.find('\'')).unwrap_or(0) + 1,
            Some(c) if chars.next() == Some('\'') => c.len_utf8() + 2,
            _ => 1,
        };
    }
}

/// Byte ranges of items behind `#[cfg(test)]`.
fn test_ranges(code: &str) -> Vec<(usize, usize)> {
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for (start, _) in code.match_indices("#[cfg(test)]") {
        if ranges.last().is_some_and(|&(_, end)| start < end) {
            continue;
        }
        let mut depth = 0;
        let end = code[start..].char_indices().find_map(|(at, c)| {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            let ends = depth == 0 && matches!(c, ';' | '}');
            ends.then_some(start + at + 1)
        });
        ranges.push((start, end.unwrap_or(code.len())));
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literals(text: &str) -> Vec<(usize, String)> {
        scan(text).literals.into_iter().map(|l| (l.line, l.text)).collect()
    }

    #[test]
    fn strings_are_told_from_comments_characters_and_lifetimes() {
        let text = "// \"no\"\n/* \"no /* \"no\" */ */\nfn f<'a>(x: &'a str) -> char { let _ = \"a\\\"b\"; '\"' }\nlet c = '\\'';\nlet s = r#\"raw \" one\"#;";
        assert_eq!(literals(text), [(3, "a\\\"b".to_owned()), (5, "raw \" one".to_owned())]);
        let code = scan(text).code;
        assert!(!code.contains("no") && !code.contains("raw "), "{code}");
        assert_eq!(code.len(), text.len());
    }

    #[test]
    fn a_backslash_joins_lines() {
        assert_eq!(literals("x(\"SELECT a \\\n     FROM b\")"), [(1, "SELECT a FROM b".to_owned())]);
    }

    #[test]
    fn tests_inside_a_file_are_left_out() {
        let text = "fn a() { \"in\"; }\n#[cfg(test)]\nmod tests {\n fn b() { if x { \"out\".unwrap() } }\n}\nfn c() { \"in too\"; }";
        assert_eq!(literals(text), [(1, "in".to_owned()), (6, "in too".to_owned())]);
        assert!(!scan(text).code.contains("unwrap"));
        assert_eq!(literals("#[cfg(test)]\nmod tests;\nfn c() { \"in\"; }"), [(3, "in".to_owned())]);
    }

    #[test]
    fn arguments_of_either_are_known() {
        let source = scan("f(either(\"a\", g(\"b\")), \"c\")");
        assert_eq!(source.literals.iter().map(|l| l.one_engine).collect::<Vec<_>>(), [true, true, false]);
    }

    #[test]
    fn broken_text_gives_something() {
        for text in ["\"", "'", "'\\", "r#\"", "/*", "ä'ö", "\\", "#[cfg(test)]", "}\"é"] {
            scan(text);
        }
    }
}
