//! The text of a message by its code: `message-<code>` is the subject, `message-<code>-text` says what it is about.

use kernel::Lang;
use ui::Texts;

pub const QUESTION: &str = "question";
pub const REPLY: &str = "reply";
/// Stands in for a code that has no text.
const ANY: &str = "information";

fn known<'a>(texts: &Texts, subject: &'a str) -> &'a str {
    if texts.has(Lang::De, &format!("message-{subject}")) { subject } else { ANY }
}

pub fn title(texts: &Texts, lang: Lang, subject: &str) -> String {
    texts.plain(lang, &format!("message-{}", known(texts, subject)))
}

pub fn body(texts: &Texts, lang: Lang, subject: &str) -> String {
    texts.plain(lang, &format!("message-{}-text", known(texts, subject)))
}
