//! From text to the words of the index: the same way for what is kept and for what is asked.

use tantivy::tokenizer::{Language, RawTokenizer, Stemmer, TextAnalyzer, TokenStream as _};
use unicode_normalization::UnicodeNormalization as _;

/// Longest word that is kept, in characters; of a longer one the beginning.
const LONGEST: usize = 64;
/// From so many typed characters on, the last word of a question may be the beginning of a word.
const PREFIX: usize = 3;

/// A word of a question.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Word {
    /// As it is written, see [`fold`].
    pub(crate) plain: String,
    pub(crate) stem: String,
    /// Words that begin like this one count too.
    pub(crate) prefix: bool,
}

/// The words of a question, each once.
pub(crate) fn asked(text: &str) -> Vec<Word> {
    let mut stems = Stems::new();
    let mut words: Vec<Word> = Vec::new();
    let mut all = split(text).into_iter().peekable();
    while let Some(word) = all.next() {
        let digits = is_number(&word);
        let prefix = all.peek().is_none() && !digits && word.chars().count() >= PREFIX;
        let new = Word { plain: plain(&word), stem: stems.of(&word), prefix };
        if !words.iter().any(|w| w.plain == new.plain && w.prefix == new.prefix) {
            words.push(new);
        }
    }
    words.truncate(crate::WORDS);
    words
}

/// Words as they are written.
pub(crate) fn plain_words(text: &str) -> impl Iterator<Item = String> {
    split(text).into_iter().map(|word| plain(&word))
}

/// The stems of words.
pub(crate) fn stems(text: &str) -> impl Iterator<Item = String> {
    let mut stems = Stems::new();
    split(text).into_iter().map(move |word| stems.of(&word))
}

/// A reference without what people add or leave out when they write it; `None` when it cannot be one.
pub(crate) fn reference(text: &str) -> Option<String> {
    let text: String = text.nfc().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).take(LONGEST).collect();
    text.contains(|c: char| c.is_ascii_digit()).then_some(text)
}

/// Lower-case words, composed (NFC), in order.
fn split(text: &str) -> Vec<String> {
    let lower: String = text.nfc().flat_map(char::to_lowercase).nfc().collect();
    let words = lower.split(|c: char| !c.is_alphanumeric() && !is_mark(c)).filter(|word| !word.is_empty());
    words.map(|word| word.chars().take(LONGEST).collect()).collect()
}

fn is_number(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_digit())
}

fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

/// A number without leading zeros, so that 42 finds 000042; any other word folded.
fn plain(word: &str) -> String {
    if !is_number(word) {
        return fold(word);
    }
    let short = word.trim_start_matches('0');
    if short.is_empty() { "0".to_owned() } else { short.to_owned() }
}

/// A lower-case word without accents, and with umlauts like their base letters however they are written: `müller`,
/// `mueller` and `muller` are the same. So are some names that are not (Baer and Bar): what is found too much is
/// seen, what is missing is not.
pub(crate) fn fold(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for c in word.nfkd().filter(|c| !is_mark(*c)) {
        match c {
            'ß' => out.push_str("ss"),
            'æ' => out.push('a'),
            'œ' | 'ø' => out.push('o'),
            'ł' => out.push('l'),
            'đ' | 'ð' => out.push('d'),
            'þ' => out.push_str("th"),
            'ħ' => out.push('h'),
            'ı' => out.push('i'),
            'ŋ' => out.push('n'),
            'ŧ' => out.push('t'),
            'e' if writes_umlaut(&out) => {}
            c => out.push(c),
        }
    }
    out
}

/// The letters before an `e` that write an umlaut together with it. After a vowel or q, `ue` never does (neue, Bauer,
/// Quelle).
fn writes_umlaut(before: &str) -> bool {
    let mut back = before.chars().rev();
    match back.next() {
        Some('a' | 'o') => true,
        Some('u') => !matches!(back.next(), Some('a' | 'e' | 'q')),
        _ => false,
    }
}

/// The German stemmer (Snowball), then [`fold`]: umlauts must still be there when endings are taken off.
struct Stems(TextAnalyzer);

impl Stems {
    fn new() -> Self {
        Self(TextAnalyzer::builder(RawTokenizer::default()).filter(Stemmer::new(Language::German)).build())
    }

    fn of(&mut self, word: &str) -> String {
        if is_number(word) {
            return plain(word);
        }
        let mut stream = self.0.token_stream(word);
        match stream.next() {
            Some(token) => fold(&token.text),
            None => fold(word),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn umlauts_are_the_same_in_all_spellings() {
        for (word, others) in [
            ("müller", &["mueller", "muller", "mu\u{308}ller"][..]),
            ("größe", &["groesse", "grosse"]),
            ("straße", &["strasse"]),
            ("ægir", &["aegir"]),
            ("brønsted", &["broensted", "bronsted"]),
            ("łukasz", &["lukasz"]),
            ("renée", &["renee"]),
        ] {
            for other in others {
                assert_eq!(fold(word), fold(other), "{word} {other}");
            }
        }
        assert_eq!(fold("bauer"), "bauer");
        assert_eq!(fold("neue"), "neue");
        assert_eq!(fold("quelle"), "quelle");
    }

    #[test]
    fn the_beginning_of_a_word_stays_the_beginning_when_folded() {
        for word in ["müller", "mueller", "straße", "aktuell", "bauer", "größe", "goethe", "steuern", "joëlle"] {
            let letters: Vec<char> = word.chars().collect();
            for n in 1..=letters.len() {
                let beginning: String = letters[..n].iter().collect();
                assert!(fold(word).starts_with(&fold(&beginning)), "{word} {beginning}");
            }
        }
    }

    #[test]
    fn german_inflections_have_one_stem() {
        for forms in [
            &["antrag", "anträge", "anträgen", "antrags", "antraege"][..],
            &["meldebescheinigung", "meldebescheinigungen"],
            &["geburtsurkunde", "geburtsurkunden"],
            &["gebühr", "gebühren", "gebuehren"],
            &["haus", "häuser", "hauses", "haeusern"],
            &["hundesteuer", "hundesteuern"],
        ] {
            let all: Vec<String> = forms.iter().flat_map(|form| stems(form)).collect();
            assert!(all.iter().all(|stem| *stem == all[0]), "{forms:?} {all:?}");
        }
    }

    #[test]
    fn questions_are_taken_apart() {
        let words = |text| asked(text).into_iter().map(|w| (w.plain, w.prefix)).collect::<Vec<_>>();
        let word = |plain: &str, prefix| (plain.to_owned(), prefix);
        assert_eq!(words("  Müller-LÜDEN  Anna "), [word("muller", false), word("luden", false), word("anna", true)]);
        assert_eq!(words("33.20/2026/000042"), [33, 20, 2026, 42].map(|n| word(&n.to_string(), false)));
        assert_eq!(words("an"), [word("an", false)]);
        assert_eq!(words("000"), [word("0", false)]);
        assert_eq!(words("a a a"), [word("a", false)]);
        assert_eq!(words("-/, "), []);
        assert_eq!(asked(&"wort1 ".repeat(500)).len(), 2, "the last one may go on");
        assert_eq!(asked(&(0..500).map(|n| format!("w{n} ")).collect::<String>()).len(), crate::WORDS);
    }

    #[test]
    fn references_are_the_same_with_spaces_and_capitals() {
        assert_eq!(reference(" 33.20 / 2026/000042"), reference("33.20/2026/000042"));
        assert_eq!(reference("Müller"), None);
    }
}
