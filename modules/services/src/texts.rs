//! Standing pages of the city: `texts/<key>.md`, and `texts/<key>.en.md` where somebody has translated it.
//!
//! Of Markdown they know what such pages need: `# title`, `## heading`, paragraphs, `- ` lists and `[text](address)`.

use std::sync::Arc;

use content::{Content, Item};
use kernel::{Lang, Result};

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Document {
    pub title: String,
    pub blocks: Vec<Block>,
    /// The page is shown in German although another language was asked for.
    pub untranslated: bool,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Block {
    Heading(String),
    Paragraph(Vec<Span>),
    List(Vec<Vec<Span>>),
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Span {
    Text(String),
    Link { text: String, href: String },
}

/// A page in the language, or in German.
///
/// # Errors
/// [`kernel::Error::NotFound`]
pub fn document(content: &Content, key: &str, lang: Lang) -> Result<(Arc<Document>, bool)> {
    if lang != Lang::De {
        let translated = format!("{key}.{}", lang.code());
        if content.get("texts", &translated).is_some() {
            return Ok((content.parsed("texts", &translated, read)?, false));
        }
    }
    Ok((content.parsed("texts", key, read)?, lang != Lang::De))
}

fn read(item: &Item) -> Result<Document> {
    Ok(parse(&item.body))
}

/// Reads a text; what it does not know stays as written.
pub fn parse(text: &str) -> Document {
    let mut document = Document::default();
    for paragraph in text.replace("\r\n", "\n").split("\n\n").map(str::trim).filter(|p| !p.is_empty()) {
        if let Some(title) = paragraph.strip_prefix("# ") {
            document.title = title.trim().to_owned();
        } else if let Some(heading) = paragraph.strip_prefix("## ") {
            document.blocks.push(Block::Heading(heading.trim().to_owned()));
        } else if paragraph.lines().all(|line| line.starts_with("- ")) {
            document.blocks.push(Block::List(paragraph.lines().map(|line| spans(&line[2..])).collect()));
        } else {
            let line = paragraph.lines().map(str::trim).collect::<Vec<_>>().join(" ");
            document.blocks.push(Block::Paragraph(spans(&line)));
        }
    }
    document
}

fn spans(line: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut rest = line;
    while let Some((before, text, href, after)) = next_link(rest) {
        if !before.is_empty() {
            spans.push(Span::Text(before.to_owned()));
        }
        spans.push(Span::Link { text: text.to_owned(), href: href.to_owned() });
        rest = after;
    }
    if !rest.is_empty() {
        spans.push(Span::Text(rest.to_owned()));
    }
    spans
}

/// Text before the next link, its text and address, and what follows. Other addresses than those a page of a city
/// needs are no links.
fn next_link(line: &str) -> Option<(&str, &str, &str, &str)> {
    let mut from = 0;
    loop {
        let open = from + line.get(from..)?.find('[')?;
        let middle = open + line[open..].find("](")?;
        let close = middle + line[middle..].find(')')?;
        let href = &line[middle + 2..close];
        let local = href.starts_with('/') && !href.starts_with("//");
        if local || ["https://", "mailto:", "tel:"].iter().any(|scheme| href.starts_with(scheme)) {
            return Some((&line[..open], &line[open + 1..middle], href, &line[close + 1..]));
        }
        from = close;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_headings_lists_and_links() {
        let page =
            parse("# Kontakt\n\nRufen Sie an:\n[02132 0](tel:0213200), oder\n\n## Büros\n\n- eins\n- [zwei](/zwei)\n");
        assert_eq!(page.title, "Kontakt");
        assert_eq!(page.blocks.len(), 3);
        let Block::Paragraph(first) = &page.blocks[0] else { panic!("{:?}", page.blocks) };
        assert_eq!(first[1], Span::Link { text: "02132 0".into(), href: "tel:0213200".into() });
        assert_eq!(first[2], Span::Text(", oder".into()));
        let Block::List(items) = &page.blocks[2] else { panic!("{:?}", page.blocks) };
        assert_eq!(items[1], [Span::Link { text: "zwei".into(), href: "/zwei".into() }]);
    }

    #[test]
    fn addresses_that_run_code_or_leave_the_site_unseen_are_no_links() {
        for bad in
            ["[x](javascript:alert(1))", "[x](//example.org)", "[x](data:text/html,x)", "[x]", "[x](", "](", "ä[ü"]
        {
            let page = parse(bad);
            let links = page
                .blocks
                .iter()
                .any(|b| matches!(b, Block::Paragraph(s) if s.iter().any(|s| matches!(s, Span::Link { .. }))));
            assert!(!links, "{bad}");
        }
    }
}
