//! Letters of names in registers: the data types of DIN 91379:2022-08 (formerly String.Latin+ and DIN SPEC 91379).
//!
//! Data type A ("names of natural persons") is the Latin letters, among them letters made of a base letter and
//! combining marks, and the non-letters N1. Data type B ("other names": streets, places, organisations) adds the
//! non-letters N2, such as digits. Texts are compared in normal form C.

use unicode_normalization::UnicodeNormalization as _;

/// Which characters a value may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Charset {
    /// Data type A.
    PersonName,
    /// Data type B.
    OtherName,
    /// Anything that can be read: no control characters, no marks that turn the direction of writing.
    Text,
    /// As `Text`, with line breaks.
    Lines,
}

/// Letters of one code point.
const LETTERS: &[(u32, u32)] = &[
    (0x41, 0x5A),
    (0x61, 0x7A),
    (0xC0, 0xD6),
    (0xD8, 0xF6),
    (0xF8, 0x17E),
    (0x187, 0x188),
    (0x18F, 0x18F),
    (0x197, 0x197),
    (0x1A0, 0x1A1),
    (0x1AF, 0x1B0),
    (0x1B7, 0x1B7),
    (0x1CD, 0x1DC),
    (0x1DE, 0x1DF),
    (0x1E2, 0x1F0),
    (0x1F4, 0x1F5),
    (0x1F8, 0x1FF),
    (0x212, 0x213),
    (0x218, 0x21B),
    (0x21E, 0x21F),
    (0x227, 0x233),
    (0x259, 0x259),
    (0x268, 0x268),
    (0x292, 0x292),
    (0x1E02, 0x1E03),
    (0x1E06, 0x1E07),
    (0x1E0A, 0x1E11),
    (0x1E17, 0x1E17),
    (0x1E1C, 0x1E2B),
    (0x1E2F, 0x1E37),
    (0x1E3A, 0x1E3B),
    (0x1E40, 0x1E49),
    (0x1E52, 0x1E5B),
    (0x1E5E, 0x1E63),
    (0x1E6A, 0x1E6F),
    (0x1E80, 0x1E87),
    (0x1E8C, 0x1E97),
    (0x1E9E, 0x1E9E),
    (0x1EA0, 0x1EF9),
];

/// Letters of a base and one combining mark: the base and its marks.
const WITH_MARK: &[(char, &str)] = &[
    ('A', "\u{30B}"),
    ('C', "\u{300}\u{304}\u{306}\u{308}\u{315}\u{323}\u{326}"),
    ('D', "\u{302}"),
    ('F', "\u{300}\u{304}"),
    ('G', "\u{300}"),
    ('H', "\u{304}\u{326}\u{331}"),
    ('J', "\u{301}\u{30C}"),
    ('K', "\u{300}\u{302}\u{304}\u{307}\u{315}\u{31B}\u{326}"),
    ('L', "\u{302}\u{325}\u{326}"),
    ('M', "\u{300}\u{302}\u{306}\u{310}"),
    ('N', "\u{302}\u{304}\u{306}\u{326}"),
    ('P', "\u{300}\u{304}\u{315}\u{323}"),
    ('R', "\u{306}\u{325}"),
    ('S', "\u{300}\u{304}\u{331}"),
    ('T', "\u{300}\u{304}\u{308}\u{315}\u{31B}"),
    ('U', "\u{307}"),
    ('Z', "\u{300}\u{304}\u{306}\u{308}\u{327}"),
    ('a', "\u{30B}"),
    ('c', "\u{300}\u{304}\u{306}\u{308}\u{315}\u{323}\u{326}"),
    ('d', "\u{302}"),
    ('f', "\u{300}\u{304}"),
    ('g', "\u{300}"),
    ('h', "\u{304}\u{326}"),
    ('j', "\u{301}"),
    ('k', "\u{300}\u{302}\u{304}\u{307}\u{315}\u{31B}\u{326}"),
    ('l', "\u{302}\u{325}\u{326}"),
    ('m', "\u{300}\u{302}\u{306}\u{310}"),
    ('n', "\u{302}\u{304}\u{306}\u{326}"),
    ('p', "\u{300}\u{304}\u{315}\u{323}"),
    ('r', "\u{306}\u{325}"),
    ('s', "\u{300}\u{304}\u{331}"),
    ('t', "\u{300}\u{304}\u{315}\u{31B}"),
    ('u', "\u{307}"),
    ('z', "\u{300}\u{304}\u{306}\u{308}\u{327}"),
    ('Ç', "\u{306}"),
    ('Û', "\u{304}"),
    ('ç', "\u{306}"),
    ('û', "\u{304}"),
    ('ÿ', "\u{301}"),
    ('Č', "\u{315}\u{323}"),
    ('č', "\u{315}\u{323}"),
    ('ē', "\u{30D}"),
    ('Ī', "\u{301}"),
    ('ī', "\u{301}"),
    ('ō', "\u{30D}"),
    ('Ž', "\u{326}\u{327}"),
    ('ž', "\u{326}\u{327}"),
    ('Ḳ', "\u{304}"),
    ('ḳ', "\u{304}"),
    ('Ṣ', "\u{304}"),
    ('ṣ', "\u{304}"),
    ('Ṭ', "\u{304}"),
    ('ṭ', "\u{304}"),
    ('Ạ', "\u{308}"),
    ('ạ', "\u{308}"),
    ('Ọ', "\u{308}"),
    ('ọ', "\u{308}"),
    ('Ụ', "\u{304}\u{308}"),
    ('ụ', "\u{304}\u{308}"),
];

/// Letters of three code points.
const LONG: &[[char; 3]] = &[
    ['C', '\u{328}', '\u{306}'],
    ['L', '\u{325}', '\u{304}'],
    ['R', '\u{325}', '\u{304}'],
    ['S', '\u{31B}', '\u{304}'],
    ['c', '\u{328}', '\u{306}'],
    ['l', '\u{325}', '\u{304}'],
    ['r', '\u{325}', '\u{304}'],
    ['s', '\u{31B}', '\u{304}'],
    ['K', '\u{35F}', 'H'],
    ['K', '\u{35F}', 'h'],
    ['k', '\u{35F}', 'h'],
];

/// Non-letters N1.
const N1: &str = " ',-.`~¨´·ʹʺʾʿˈˌ’‡";

/// Non-letters N2.
const N2: &str = "!\"#$%&()*+/0123456789:;<=>?@[\\]^_{|}¡¢£¥§©ª«¬®¯°±²³µ¶¹º»¿×÷€";

/// Normal form C, inner white space as single spaces, nothing around it.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").nfc().collect()
}

/// Normal form C, line ends as `\n`, nothing around it and no spaces at the ends of lines.
pub(crate) fn lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim().nfc().collect()
}

/// The first letter, sign or mark that the charset does not have, as people see it.
///
/// `text` is in normal form C.
pub(crate) fn foreign(charset: Charset, text: &str) -> Option<String> {
    match charset {
        Charset::Text => text.chars().find(|c| unreadable(*c)).map(shown),
        Charset::Lines => text.chars().find(|c| *c != '\n' && unreadable(*c)).map(shown),
        Charset::PersonName | Charset::OtherName => {
            let signs = if charset == Charset::PersonName { "" } else { N2 };
            let mut rest = text;
            while let Some(first) = rest.chars().next() {
                let length = letter(rest);
                if length > 0 {
                    rest = &rest[length..];
                } else if N1.contains(first) || signs.contains(first) {
                    rest = &rest[first.len_utf8()..];
                } else {
                    return Some(shown(first));
                }
            }
            None
        }
    }
}

/// Bytes of the letter that `text` starts with, the longest possible; 0 if it starts with none.
fn letter(text: &str) -> usize {
    let mut chars = text.chars();
    let (Some(first), second, third) = (chars.next(), chars.next(), chars.next()) else { return 0 };
    if let (Some(second), Some(third)) = (second, third)
        && LONG.contains(&[first, second, third])
    {
        return first.len_utf8() + second.len_utf8() + third.len_utf8();
    }
    if let Some(second) = second
        && WITH_MARK.iter().any(|(base, marks)| *base == first && marks.contains(second))
    {
        return first.len_utf8() + second.len_utf8();
    }
    let code = u32::from(first);
    let known = LETTERS.iter().any(|(from, to)| (*from..=*to).contains(&code));
    if known { first.len_utf8() } else { 0 }
}

fn unreadable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{2028}'..='\u{2029}')
        || matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{FDD0}'..='\u{FDEF}' | '\u{FFF0}'..='\u{FFFF}' | '\u{F0000}'..)
}

/// The sign itself, or its number if it cannot be seen.
fn shown(c: char) -> String {
    if unreadable(c) || ('\u{300}'..='\u{36F}').contains(&c) {
        format!("U+{:04X}", u32::from(c))
    } else {
        c.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(charset: Charset, text: &str) -> Option<String> {
        foreign(charset, &one_line(text))
    }

    #[test]
    fn names_of_the_standard_pass() {
        for name in [
            "O",
            "Ng",
            "d’Arc",
            "O'Neill-Ünüvar",
            "Łukasz Gżegżółka",
            "Nguyễn Thị Hương",
            "Þórdís Æsa",
            "M\u{302}ba",
            "Ž\u{326}",
            "K\u{35F}Hodja",
            "S\u{31B}\u{304}",
            "A\u{323}\u{308}",
            "ẞ",
            "Dr. Muster",
        ] {
            assert_eq!(refused(Charset::PersonName, name), None, "{name}");
        }
    }

    #[test]
    fn what_registers_cannot_keep_is_named() {
        for (name, sign) in [
            ("Anna 2", "2"),
            ("<b>", "<"),
            ("Иван", "И"),
            ("Ελένη", "Ε"),
            ("李", "李"),
            ("Mia😀", "😀"),
            ("Q\u{301}", "U+0301"),
            ("\u{301}a", "U+0301"),
            ("L\u{325}\u{304}\u{304}", "U+0304"),
            ("a\u{202E}b", "U+202E"),
        ] {
            assert_eq!(refused(Charset::PersonName, name).as_deref(), Some(sign), "{name:?}");
        }
    }

    #[test]
    fn decomposed_input_becomes_the_same_name() {
        assert_eq!(one_line("  Mu\u{308}ller\t\u{a0}Groß "), "Müller Groß");
        assert_eq!(lines(" a \r\nb\r\rc\n\n"), "a\nb\n\nc");
    }

    #[test]
    fn streets_may_have_digits_and_names_of_persons_may_not() {
        assert_eq!(refused(Charset::OtherName, "Straße des 17. Juni (Nord) / c.o. Müller & Söhne"), None);
        assert_eq!(refused(Charset::OtherName, "Ελλάδα").as_deref(), Some("Ε"));
    }

    #[test]
    fn free_text_may_have_any_script_and_no_control_characters() {
        assert_eq!(foreign(Charset::Text, "Привет, 世界 😀 <script>"), None);
        assert_eq!(foreign(Charset::Text, "a\nb").as_deref(), Some("U+000A"));
        assert_eq!(foreign(Charset::Lines, "a\nb"), None);
        assert_eq!(foreign(Charset::Lines, "a\u{0}b").as_deref(), Some("U+0000"));
    }

    #[test]
    fn every_letter_is_its_own_normal_form() {
        let sequences = WITH_MARK.iter().flat_map(|(base, marks)| marks.chars().map(move |m| format!("{base}{m}")));
        let long = LONG.iter().map(|letters| letters.iter().collect::<String>());
        for letter in sequences.chain(long) {
            assert_eq!(one_line(&letter), letter, "not in normal form C, so it would never match");
        }
    }
}
