//! What a message and a letter can be, and what may follow what.

use kernel::{Error, Result};

/// What a message is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A document lies in the case.
    Document,
    /// Something to know, without a document.
    Notice,
    /// A question that waits for a reply.
    Question,
    /// What the applicant answered.
    Reply,
}

impl Kind {
    const ALL: [Kind; 4] = [Kind::Document, Kind::Notice, Kind::Question, Kind::Reply];

    pub fn code(self) -> &'static str {
        match self {
            Kind::Document => "document",
            Kind::Notice => "notice",
            Kind::Question => "question",
            Kind::Reply => "reply",
        }
    }

    pub fn stored(code: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|k| k.code() == code);
        found.ok_or_else(|| Error::internal(format!("message kind {code}")))
    }
}

/// The way a delivery takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Channel {
    Postbox,
    Letter,
}

impl Channel {
    pub fn code(self) -> &'static str {
        match self {
            Channel::Postbox => "postbox",
            Channel::Letter => "letter",
        }
    }

    /// The asked-for way; without an account there is no postbox.
    pub fn choose(asked: &str, has_account: bool) -> Result<Self> {
        match (asked, has_account) {
            ("postbox", true) => Ok(Channel::Postbox),
            ("postbox", false) | ("letter", _) => Ok(Channel::Letter),
            _ => Err(Error::internal(format!("delivery channel {asked} is unknown"))),
        }
    }
}

/// Where a letter is on its way to the post.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LetterState {
    /// Its document is being made.
    Making,
    /// On the stack.
    Waiting,
    /// In a printed batch.
    Printed,
    /// Handed to the post.
    Posted,
}

impl LetterState {
    pub const ALL: [LetterState; 4] =
        [LetterState::Making, LetterState::Waiting, LetterState::Printed, LetterState::Posted];

    pub fn code(self) -> &'static str {
        match self {
            LetterState::Making => "making",
            LetterState::Waiting => "waiting",
            LetterState::Printed => "printed",
            LetterState::Posted => "posted",
        }
    }

    pub fn stored(code: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|s| s.code() == code);
        found.ok_or_else(|| Error::internal(format!("letter state {code}")))
    }
}

/// The clerk's question among the answers of a task: `frage`, or `rueckfrage_text` where a task asks for more than one
/// thing.
pub fn question(texts: &[(String, String)]) -> Option<&str> {
    ["frage", "rueckfrage_text"].iter().find_map(|key| {
        let text = texts.iter().find(|(k, _)| k == key).map(|(_, v)| v.trim());
        text.filter(|t| !t.is_empty())
    })
}

/// Non-empty lines as paragraphs.
pub fn paragraphs(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_an_account_everything_goes_by_letter() {
        assert_eq!(Channel::choose("postbox", true).unwrap(), Channel::Postbox);
        assert_eq!(Channel::choose("postbox", false).unwrap(), Channel::Letter);
        assert_eq!(Channel::choose("letter", true).unwrap(), Channel::Letter);
        assert!(Channel::choose("fax", true).is_err());
    }

    #[test]
    fn the_question_is_found_under_either_name_and_never_empty() {
        let texts = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
        };
        assert_eq!(
            question(&texts(&[("ergebnis", "Nachfragen"), ("rueckfrage_text", " Welches Jahr? ")])),
            Some("Welches Jahr?")
        );
        assert_eq!(question(&texts(&[("rueckfrage_text", "b"), ("frage", "a")])), Some("a"));
        assert_eq!(question(&texts(&[("frage", " \n"), ("ergebnis", "x")])), None);
    }

    #[test]
    fn codes_are_read_back() {
        for kind in Kind::ALL {
            assert_eq!(Kind::stored(kind.code()).unwrap(), kind);
        }
        for state in LetterState::ALL {
            assert_eq!(LetterState::stored(state.code()).unwrap(), state);
        }
        assert!(Kind::stored("?").is_err() && LetterState::stored("").is_err());
    }
}
