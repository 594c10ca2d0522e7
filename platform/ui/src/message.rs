//! A page that says one thing: not found, no access, signed out, something went wrong.

use askama::Template;

use crate::Page;

/// Title from `page.title`, then paragraphs and what to do next; the first link is the main one.
#[derive(Template)]
#[template(path = "message.html")]
pub struct Message<'a> {
    pub page: &'a Page,
    pub texts: Vec<String>,
    /// Label and address.
    pub links: Vec<(String, String)>,
}

impl<'a> Message<'a> {
    pub fn new(page: &'a Page, text: impl Into<String>) -> Message<'a> {
        Message { page, texts: vec![text.into()], links: Vec::new() }
    }

    pub fn and(mut self, text: impl Into<String>) -> Message<'a> {
        self.texts.push(text.into());
        self
    }

    pub fn link(mut self, label: impl Into<String>, href: impl Into<String>) -> Message<'a> {
        self.links.push((label.into(), href.into()));
        self
    }
}
