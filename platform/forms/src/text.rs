//! Texts of a definition in both languages, and texts with slots for answers.

use kernel::Lang;

/// A text in German and, where somebody has written it, in English.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Text {
    de: String,
    en: Option<String>,
}

impl Text {
    pub fn new(de: impl Into<String>, en: Option<String>) -> Text {
        Text { de: de.into(), en }
    }

    /// The text in this language, in German if the language has none.
    pub fn get(&self, lang: Lang) -> &str {
        match (lang, &self.en) {
            (Lang::En, Some(en)) => en,
            _ => &self.de,
        }
    }
}

/// A longer text with slots: `{fee}` shows the answer, computed value or fact of that name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Template {
    de: Vec<Segment>,
    en: Option<Vec<Segment>>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Segment {
    Plain(String),
    Slot(String),
}

/// A paragraph or a list of a longer text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Block {
    Paragraph(String),
    List(Vec<String>),
}

impl Template {
    pub(crate) fn new(de: Vec<Segment>, en: Option<Vec<Segment>>) -> Template {
        Template { de, en }
    }

    fn segments(&self, lang: Lang) -> &[Segment] {
        match (lang, &self.en) {
            (Lang::En, Some(en)) => en,
            _ => &self.de,
        }
    }

    /// The names of all slots.
    pub(crate) fn slots(&self) -> impl Iterator<Item = &str> {
        self.de.iter().chain(self.en.iter().flatten()).filter_map(|segment| match segment {
            Segment::Slot(name) => Some(name.as_str()),
            Segment::Plain(_) => None,
        })
    }

    /// The text with its slots filled.
    pub(crate) fn fill(&self, lang: Lang, value: impl Fn(&str) -> String) -> String {
        let parts = self.segments(lang).iter().map(|segment| match segment {
            Segment::Plain(text) => text.clone(),
            Segment::Slot(name) => value(name),
        });
        parts.collect()
    }
}

/// Reads `{name}` slots; `{{` and `}}` stand for braces.
///
/// # Errors
/// A German sentence.
pub(crate) fn segments(text: &str) -> Result<Vec<Segment>, String> {
    let mut out = Vec::new();
    let mut plain = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '{' | '}' if chars.peek() == Some(&c) => {
                chars.next();
                plain.push(c);
            }
            '{' => {
                let mut name = String::new();
                loop {
                    match chars.next() {
                        Some('}') => break,
                        Some(c) if c.is_ascii_alphanumeric() || c == '_' || c == '.' => name.push(c),
                        _ => return Err("Die Klammer { im Text wird nicht geschlossen. Eine Klammer selbst schreiben Sie doppelt: {{".into()),
                    }
                }
                if name.is_empty() {
                    return Err("Zwischen { und } fehlt der Name einer Angabe.".into());
                }
                if !plain.is_empty() {
                    out.push(Segment::Plain(std::mem::take(&mut plain)));
                }
                out.push(Segment::Slot(name));
            }
            '}' => {
                return Err(
                    "Vor der Klammer } fehlt eine öffnende. Eine Klammer selbst schreiben Sie doppelt: }}".into()
                );
            }
            c => plain.push(c),
        }
    }
    if !plain.is_empty() {
        out.push(Segment::Plain(plain));
    }
    Ok(out)
}

/// Paragraphs are parted by an empty line; a paragraph of lines that start with `- ` is a list.
pub fn blocks(text: &str) -> Vec<Block> {
    let paragraphs = text.split("\n\n").map(str::trim).filter(|p| !p.is_empty());
    paragraphs
        .map(|paragraph| {
            let items: Option<Vec<String>> =
                paragraph.lines().map(|line| line.trim().strip_prefix("- ").map(str::to_owned)).collect();
            match items {
                Some(items) => Block::List(items),
                None => Block::Paragraph(paragraph.lines().map(str::trim).collect::<Vec<_>>().join(" ")),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_filled_and_doubled_braces_are_braces() {
        let template = Template::new(segments("Es kostet {fee} {{netto}}.").unwrap(), None);
        assert_eq!(template.slots().collect::<Vec<_>>(), ["fee"]);
        assert_eq!(template.fill(Lang::En, |name| format!("<{name}>")), "Es kostet <fee> {netto}.");
        for wrong in ["{", "{a", "{}", "a}", "{a b}"] {
            assert!(segments(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn blocks_are_paragraphs_and_lists() {
        assert_eq!(
            blocks("Eine\nZeile.\n\n- a\n- b\n\n\nEnde - hier"),
            [
                Block::Paragraph("Eine Zeile.".into()),
                Block::List(vec!["a".into(), "b".into()]),
                Block::Paragraph("Ende - hier".into())
            ]
        );
    }
}
