//! Search in the catalogue: a few dozen services in memory, found by everyday words, parts of compounds and in spite of
//! small typing errors.

use std::{cmp::Reverse, sync::Arc};

use unicode_normalization::UnicodeNormalization as _;

use crate::catalogue::Service;

/// Words that say nothing about a service.
const EMPTY_WORDS: &[&str] = &[
    "a",
    "an",
    "am",
    "auf",
    "bei",
    "das",
    "dem",
    "den",
    "der",
    "des",
    "die",
    "ein",
    "eine",
    "einen",
    "for",
    "fur",
    "ich",
    "im",
    "in",
    "mein",
    "meine",
    "meinen",
    "mit",
    "my",
    "of",
    "the",
    "to",
    "und",
    "von",
    "wie",
    "wo",
    "zu",
    "zum",
    "zur",
    "brauche",
    "beantragen",
    "mochte",
];

/// Weight of a word by where it stands.
const TITLE: u32 = 10;
const KEYWORD: u32 = 9;
const TEASER: u32 = 3;

/// The words of a service, folded, with their weight.
#[derive(Debug, Default)]
pub struct Index(Vec<(String, u32)>);

impl Index {
    pub fn new(service: &Service) -> Index {
        let mut words = Vec::new();
        for lang in [kernel::Lang::De, kernel::Lang::En] {
            words.extend(self::words(service.title.get(lang)).map(|word| (word, TITLE)));
            words.extend(self::words(service.teaser.get(lang)).map(|word| (word, TEASER)));
        }
        words.extend(service.keywords.iter().flat_map(|k| self::words(k)).map(|word| (word, KEYWORD)));
        words.extend((!service.leika.is_empty()).then(|| (service.leika.clone(), TITLE)));
        Index(words)
    }

    /// How well the service fits; `None` if not at all.
    fn score(&self, query: &[String]) -> Option<u32> {
        let best = |asked: &String| self.0.iter().map(|(word, weight)| likeness(asked, word) * weight).max();
        let scores: Vec<u32> = query.iter().filter_map(best).collect();
        let found = scores.iter().filter(|score| **score > 0).count();
        (found * 2 > query.len() || found > 0 && query.len() <= 2).then(|| scores.iter().sum())
    }
}

/// The services that fit, best first.
pub fn find(services: &[Arc<Service>], query: &str) -> Vec<Arc<Service>> {
    let query: Vec<String> = words(query).take(12).collect();
    let mut found: Vec<(u32, &Arc<Service>)> =
        services.iter().filter_map(|service| Some((service.index.score(&query)?, service))).collect();
    found.sort_by_key(|(score, _)| Reverse(*score));
    let least = found.first().map_or(0, |(score, _)| score / 3);
    found.into_iter().filter(|(score, _)| *score >= least).map(|(_, service)| service.clone()).collect()
}

/// Small letters without marks, so that `Führung`, `Fuehrung` and `fuhrung` are one.
pub fn fold(text: &str) -> String {
    let lower: String = text.nfd().filter(char::is_ascii).flat_map(char::to_lowercase).collect();
    let sharp = text.nfc().any(|c| c == 'ß' || c == 'ẞ');
    let lower = if sharp {
        let spelled: String =
            text.chars().flat_map(|c| if matches!(c, 'ß' | 'ẞ') { vec!['s'] } else { vec![c] }).collect();
        spelled.nfd().filter(char::is_ascii).flat_map(char::to_lowercase).collect()
    } else {
        lower
    };
    lower.replace("ae", "a").replace("oe", "o").replace("ue", "u").replace("ss", "s")
}

/// The telling words of a text, folded and without endings.
fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric() && !('\u{300}'..='\u{36f}').contains(&c))
        .map(fold)
        .filter(|word| word.len() > 1 && !EMPTY_WORDS.contains(&word.as_str()))
        .map(|word| stem(&word).to_owned())
}

/// Takes off the endings of German declension, as long as enough is left.
fn stem(word: &str) -> &str {
    for ending in ["ern", "em", "er", "en", "es", "e", "n", "s"] {
        if let Some(left) = word.strip_suffix(ending)
            && left.len() >= 4
        {
            return left;
        }
    }
    word
}

/// From 0 (other words) to 10 (the same).
fn likeness(asked: &str, word: &str) -> u32 {
    if asked == word {
        return 10;
    }
    let (short, long) = if asked.len() < word.len() { (asked, word) } else { (word, asked) };
    if short.len() >= 3 && long.starts_with(short) {
        return 8;
    }
    if short.len() >= 4 && long.contains(short) {
        return 6;
    }
    let allowed = match asked.len() {
        0..=3 => return 0,
        4..=7 => 1,
        _ => 2,
    };
    if distance(asked, word, allowed).is_some() { 5 } else { 0 }
}

/// Typing errors between two words (letters added, left out, changed, neighbours swapped), up to a limit.
fn distance(a: &str, b: &str, limit: usize) -> Option<usize> {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len().abs_diff(b.len()) > limit {
        return None;
    }
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before_last[j - 2] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    let found = last[b.len()];
    (found <= limit).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_word_are_one() {
        for (a, b) in
            [("Führung", "Fuehrung"), ("Führung", "fuhrung"), ("Straße", "STRASSE"), ("Gebühr", "Gebu\u{308}hr")]
        {
            assert_eq!(fold(a), fold(b), "{a} {b}");
        }
        assert_ne!(fold("Pass"), fold("Pest"));
    }

    #[test]
    fn errors_are_counted_with_swaps_as_one() {
        assert_eq!(distance("hund", "hunde", 2), Some(1));
        assert_eq!(distance("huned", "hunde", 2), Some(1));
        assert_eq!(distance("katze", "hunde", 2), None);
        assert_eq!(distance("", "", 1), Some(0));
    }
}
