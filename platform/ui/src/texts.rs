//! Texts of the pages, from Fluent files (`locales/de.ftl`, `locales/en.ftl` of each crate).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use fluent_syntax::ast::Entry;
use kernel::{Date, Money, Timestamp};
use unic_langid::LanguageIdentifier;

use crate::{Lang, format, lang};

/// One Fluent file: the module that owns it, its language tag, its content.
pub type Source = (&'static str, &'static str, &'static str);

/// The texts of this crate.
pub const UI_TEXTS: &[Source] =
    &[("ui", "de", include_str!("../locales/de.ftl")), ("ui", "en", include_str!("../locales/en.ftl"))];

/// A value put into a text.
///
/// Whole numbers are grouped (`1.234`) and choose the plural form; a year or a reference number is therefore passed as
/// text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arg<'a> {
    Text(Cow<'a, str>),
    Number(i64),
}

/// What templates may pass as a value of a text: strings and whole numbers, also behind references.
pub trait ToArg {
    fn to_arg(&self) -> Arg<'_>;
}

impl<T: ToArg + ?Sized> ToArg for &T {
    fn to_arg(&self) -> Arg<'_> {
        (**self).to_arg()
    }
}

impl ToArg for str {
    fn to_arg(&self) -> Arg<'_> {
        Arg::Text(Cow::Borrowed(self))
    }
}

impl ToArg for String {
    fn to_arg(&self) -> Arg<'_> {
        Arg::Text(Cow::Borrowed(self))
    }
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(value: &'a str) -> Self {
        Arg::Text(Cow::Borrowed(value))
    }
}

impl<'a> From<&'a String> for Arg<'a> {
    fn from(value: &'a String) -> Self {
        Arg::Text(Cow::Borrowed(value))
    }
}

impl From<String> for Arg<'_> {
    fn from(value: String) -> Self {
        Arg::Text(Cow::Owned(value))
    }
}

macro_rules! whole_numbers {
    ($($t:ty),*) => {$(
        impl From<$t> for Arg<'_> {
            fn from(value: $t) -> Self {
                Arg::Number(i64::try_from(value).unwrap_or(i64::MAX))
            }
        }
        impl ToArg for $t {
            fn to_arg(&self) -> Arg<'_> {
                Arg::from(*self)
            }
        }
    )*};
}
whole_numbers!(u8, u16, u32, u64, usize, i32, i64);

/// Why the texts could not be built; one line per fault with module, language and line.
#[derive(Debug, thiserror::Error)]
#[error("faulty texts:\n{}", .0.join("\n"))]
pub struct TextsError(pub Vec<String>);

/// A small value of type `T`, also behind references, because templates pass references.
pub trait Shown<T> {
    fn shown(&self) -> T;
}

impl<T, R: Shown<T>> Shown<T> for &R {
    fn shown(&self) -> T {
        (**self).shown()
    }
}

macro_rules! shown {
    ($($t:ty),*) => {$(
        impl Shown<$t> for $t {
            fn shown(&self) -> $t {
                *self
            }
        }
    )*};
}
shown!(Date, Timestamp, Money);

type Bundle = FluentBundle<FluentResource>;

/// Text key or term → the module that defines it.
type Owners = BTreeMap<String, &'static str>;

/// All texts of the program in all languages. Built once at start and shared.
pub struct Texts {
    bundles: HashMap<Lang, Bundle>,
    keys: HashMap<Lang, Owners>,
    missed: Mutex<BTreeSet<(&'static str, String)>>,
}

impl std::fmt::Debug for Texts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let counts: BTreeMap<_, _> = self.keys.iter().map(|(lang, keys)| (lang.code(), keys.len())).collect();
        f.debug_struct("Texts").field("keys", &counts).finish_non_exhaustive()
    }
}

impl Texts {
    /// Builds the texts from the Fluent files of all modules; [`UI_TEXTS`] must be among them.
    ///
    /// # Errors
    /// Syntax errors, unknown languages and keys or terms defined twice are reported together, so one start shows every
    /// fault.
    pub fn build(sources: impl IntoIterator<Item = Source>) -> Result<Texts, TextsError> {
        let mut faults = Vec::new();
        let mut bundles: HashMap<Lang, Bundle> = lang::ALL.into_iter().map(|l| (l, empty_bundle(l))).collect();
        let mut keys: HashMap<Lang, Owners> = HashMap::new();
        let mut terms: HashMap<Lang, Owners> = HashMap::new();

        for (module, code, text) in sources {
            let Some(lang) = Lang::from_code(code) else {
                faults.push(format!("{module}/{code}.ftl: unknown language"));
                continue;
            };
            let resource = match FluentResource::try_new(text.to_owned()) {
                Ok(resource) => resource,
                Err((_, errors)) => {
                    faults.extend(errors.iter().map(|e| {
                        let line = text.get(..e.pos.start).unwrap_or(text).matches('\n').count() + 1;
                        format!("{module}/{code}.ftl:{line}: {e}")
                    }));
                    continue;
                }
            };
            for entry in resource.entries() {
                let (owners, name) = match entry {
                    Entry::Message(message) => (&mut keys, message.id.name.to_owned()),
                    Entry::Term(term) => (&mut terms, format!("-{}", term.id.name)),
                    _ => continue,
                };
                if let Some(other) = owners.entry(lang).or_default().insert(name.clone(), module) {
                    faults.push(format!("{module}/{code}.ftl: {name} already stands in {other}"));
                }
            }
            if let Some(bundle) = bundles.get_mut(&lang) {
                bundle.add_resource_overriding(resource);
            }
        }

        if faults.is_empty() { Ok(Texts { bundles, keys, missed: Mutex::default() }) } else { Err(TextsError(faults)) }
    }

    /// The text of a key without values.
    pub fn plain(&self, lang: Lang, key: &str) -> String {
        self.get(lang, key, &[])
    }

    /// The text of a key, with values put in.
    ///
    /// A key the language lacks is taken from German; a key nobody has is shown as `⟦key⟧`. Both are recorded and
    /// can be read with [`Texts::missed`].
    pub fn get(&self, lang: Lang, key: &str, args: &[(&str, Arg<'_>)]) -> String {
        if let Some(text) = self.lookup(lang, key, args) {
            return text;
        }
        self.missed.lock().unwrap_or_else(PoisonError::into_inner).insert((lang.code(), key.to_owned()));
        if lang != Lang::De
            && let Some(text) = self.lookup(Lang::De, key, args)
        {
            return text;
        }
        format!("⟦{key}⟧")
    }

    fn lookup(&self, lang: Lang, key: &str, args: &[(&str, Arg<'_>)]) -> Option<String> {
        let bundle = self.bundles.get(&lang)?;
        let pattern = bundle.get_message(key)?.value()?;
        let mut values = FluentArgs::with_capacity(args.len());
        for (name, value) in args {
            values.set(
                *name,
                match value {
                    Arg::Text(text) => FluentValue::String(Cow::Borrowed(text.as_ref())),
                    Arg::Number(n) => FluentValue::from(*n),
                },
            );
        }
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(&values), &mut errors).into_owned();
        if !errors.is_empty() {
            self.missed.lock().unwrap_or_else(PoisonError::into_inner).insert((lang.code(), key.to_owned()));
        }
        Some(text)
    }

    /// True if the key has a text in this language.
    pub fn has(&self, lang: Lang, key: &str) -> bool {
        self.keys.get(&lang).is_some_and(|keys| keys.contains_key(key))
    }

    /// All keys of a language with the module that owns each.
    pub fn keys(&self, lang: Lang) -> impl Iterator<Item = (&str, &'static str)> {
        self.keys.get(&lang).into_iter().flatten().map(|(key, module)| (key.as_str(), *module))
    }

    /// Keys that another language has and this one lacks.
    pub fn missing_in(&self, lang: Lang) -> Vec<&str> {
        let all: BTreeSet<&str> = self.keys.values().flat_map(|keys| keys.keys().map(String::as_str)).collect();
        all.into_iter().filter(|key| !self.has(lang, key)).collect()
    }

    /// Language tag and key of each text asked for so far that did not exist in that language or lacked a value;
    /// empty after a good test run.
    pub fn missed(&self) -> Vec<(&'static str, String)> {
        self.missed.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

fn empty_bundle(lang: Lang) -> Bundle {
    let formatter: fn(&FluentValue, &_) -> _ = match lang {
        Lang::De => |value, _| whole_number(Lang::De, value),
        Lang::En => |value, _| whole_number(Lang::En, value),
    };
    let plural_rules_of: LanguageIdentifier = lang.code().parse().unwrap_or_default();
    let mut bundle = Bundle::new_concurrent(vec![plural_rules_of]);
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(formatter));
    bundle
}

fn whole_number(lang: Lang, value: &FluentValue) -> Option<String> {
    match value {
        FluentValue::Number(n) if n.value.fract() == 0.0 => Some(format::number(lang, n.value as i64)),
        _ => None,
    }
}

/// The literal text keys a template or source text asks for through `t`, `t1`, `t2` or `tf`.
///
/// For tests that check that every key used exists; keys put together at run time are not found.
pub fn keys_used(source: &str) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    for call in [".t(\"", ".t1(\"", ".t2(\"", ".tf(\""] {
        for (at, _) in source.match_indices(call) {
            let rest = &source[at + call.len()..];
            if let Some(end) = rest.find('"') {
                found.insert(&rest[..end]);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(de: &'static str, en: &'static str) -> Result<Texts, TextsError> {
        Texts::build([("shop", "de", de), ("shop", "en", en)])
    }

    #[test]
    fn values_plurals_and_grouping_without_invisible_marks() {
        let texts = texts(
            "shop-n = { $n ->\n [one] Ein Antrag\n *[other] { $n } Anträge von { $who }\n }",
            "shop-n = { $n ->\n [one] One application\n *[other] { $n } applications by { $who }\n }",
        )
        .unwrap();
        let n = |lang, n: i64| texts.get(lang, "shop-n", &[("n", n.into()), ("who", "Mia".into())]);
        assert_eq!(n(Lang::De, 1), "Ein Antrag");
        assert_eq!(n(Lang::De, 1200), "1.200 Anträge von Mia");
        assert_eq!(n(Lang::En, 1200), "1,200 applications by Mia");
        assert!(texts.missed().is_empty());
    }

    #[test]
    fn a_missing_text_falls_back_to_german_then_shows_its_key_and_is_recorded() {
        let texts = texts("shop-a = Ja\nshop-b = Nein", "shop-a = Yes").unwrap();
        assert_eq!(texts.plain(Lang::En, "shop-b"), "Nein");
        assert_eq!(texts.plain(Lang::De, "shop-c"), "⟦shop-c⟧");
        assert_eq!(texts.missed(), [("de", "shop-c".to_owned()), ("en", "shop-b".to_owned())]);
        assert_eq!(texts.missing_in(Lang::En), ["shop-b"]);
        assert!(texts.missing_in(Lang::De).is_empty());
    }

    #[test]
    fn a_text_shown_without_its_value_is_recorded() {
        let texts = texts("shop-a = Hallo { $name }", "").unwrap();
        assert_eq!(texts.plain(Lang::De, "shop-a"), "Hallo {$name}");
        assert_eq!(texts.missed(), [("de", "shop-a".to_owned())]);
    }

    #[test]
    fn all_faults_are_reported_with_module_language_and_line() {
        let error = Texts::build([
            ("shop", "de", "shop-a = Ja\n\n\nshop b = Nein\n"),
            ("desk", "de", "shop-x = X"),
            ("bank", "de", "shop-x = Y\n-name = Bank"),
            ("post", "de", "-name = Post"),
            ("shop", "fr", "shop-a = Oui"),
        ])
        .unwrap_err()
        .to_string();
        assert!(error.contains("shop/de.ftl:4:"), "{error}");
        assert!(error.contains("bank/de.ftl: shop-x already stands in desk"), "{error}");
        assert!(error.contains("post/de.ftl: -name already stands in bank"), "{error}");
        assert!(error.contains("shop/fr.ftl: unknown language"), "{error}");
    }

    #[test]
    fn texts_of_this_crate_are_complete_in_both_languages() {
        let texts = Texts::build(UI_TEXTS.iter().copied()).unwrap();
        for lang in lang::ALL {
            assert_eq!(texts.missing_in(lang), Vec::<&str>::new());
        }
        assert!(texts.keys(Lang::De).all(|(key, module)| module == "ui" && key.starts_with("ui-")));
    }

    #[test]
    fn keys_used_are_found_in_templates_and_sources() {
        let found = keys_used(r#"{{ page.t("a-b") }} {{ page.t1("c", "n", x) }} {{ page.tf( "no" ) }} .t2("d", "#);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["a-b", "c", "d"]);
    }
}
