//! What is wrong with an expression or a decision, in the language of whoever reads it. What the format crates say in
//! English is for logs.

use feel::{EvalError, Fault, FaultKind};
use ui::{Lang, Texts, ToArg as _};

fn key_of(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::Unexpected => "processes-fault-unexpected",
        FaultKind::UnexpectedEnd => "processes-fault-unexpected-end",
        FaultKind::Expected => "processes-fault-expected",
        FaultKind::NameExpected => "processes-fault-name-expected",
        FaultKind::RangeEndExpected => "processes-fault-range-end-expected",
        FaultKind::TooDeep => "processes-fault-too-deep",
        FaultKind::TooLong => "processes-fault-too-long",
        FaultKind::Twice => "processes-fault-twice",
        FaultKind::NoTime => "processes-fault-no-time",
        FaultKind::Text => "processes-fault-text",
        FaultKind::NoType => "processes-fault-no-type",
        FaultKind::External => "processes-fault-external",
        FaultKind::UnknownName => "processes-fault-unknown-name",
        FaultKind::Negate => "processes-fault-negate",
        FaultKind::Compare => "processes-fault-compare",
        FaultKind::Arithmetic => "processes-fault-arithmetic",
        FaultKind::NotBoolean => "processes-fault-not-boolean",
        FaultKind::Range => "processes-fault-range",
        FaultKind::NoMember => "processes-fault-no-member",
        FaultKind::NotCallable => "processes-fault-not-callable",
        FaultKind::Arguments => "processes-fault-arguments",
        FaultKind::WrongType => "processes-fault-wrong-type",
        FaultKind::NoItem => "processes-fault-no-item",
        FaultKind::NothingToRunOver => "processes-fault-nothing-to-run-over",
        FaultKind::NoResult => "processes-fault-no-result",
        FaultKind::NoInput => "processes-fault-no-input",
        FaultKind::NoLogic => "processes-fault-no-logic",
        FaultKind::NotAllowed => "processes-fault-not-allowed",
        FaultKind::SeveralRules => "processes-fault-several-rules",
        FaultKind::DifferentResults => "processes-fault-different-results",
        FaultKind::NoRule => "processes-fault-no-rule",
        FaultKind::NotDmn => "processes-fault-not-dmn",
        FaultKind::NoImport => "processes-fault-no-import",
        FaultKind::Circular => "processes-fault-circular",
        FaultKind::NoElement => "processes-fault-no-element",
        FaultKind::Language => "processes-fault-language",
        FaultKind::HitPolicy => "processes-fault-hit-policy",
        FaultKind::RuleLength => "processes-fault-rule-length",
        FaultKind::Objection => "processes-fault-objection",
    }
}

/// The word for a type of FEEL; what is no such type stays as it is.
fn type_word(texts: &Texts, lang: Lang, ty: &str) -> String {
    let key = match ty {
        "null" | "Null" => "processes-type-null",
        "boolean" => "processes-type-boolean",
        "number" => "processes-type-number",
        "string" => "processes-type-string",
        "date" => "processes-type-date",
        "time" => "processes-type-time",
        "date and time" => "processes-type-date-and-time",
        "days and time duration" | "years and months duration" => "processes-type-duration",
        "list" => "processes-type-list",
        "context" => "processes-type-context",
        "range" => "processes-type-range",
        "function" => "processes-type-function",
        other => return other.to_owned(),
    };
    texts.plain(lang, key)
}

/// The sentence of a fault.
pub fn said(texts: &Texts, lang: Lang, fault: &Fault) -> String {
    let is_type = |name: &str| match fault.kind() {
        FaultKind::WrongType => matches!(name, "found" | "expected"),
        _ => matches!(name, "left" | "right" | "type"),
    };
    let word = |(name, value): &(&'static str, String)| match is_type(name) {
        true => (*name, type_word(texts, lang, value)),
        false => (*name, value.clone()),
    };
    let values: Vec<(&str, String)> = fault.values().iter().map(word).collect();
    // A value of a column or a result has no name.
    let is_nameless = values.iter().any(|(name, value)| *name == "name" && value.is_empty());
    let key = match fault.kind() {
        FaultKind::WrongType if is_nameless => "processes-fault-wrong-value",
        kind => key_of(kind),
    };
    let args: Vec<_> = values.iter().map(|(name, value)| (*name, value.to_arg())).collect();
    texts.get(lang, key, &args)
}

/// Why an expression was given up, or is no condition.
pub fn not_evaluated(texts: &Texts, lang: Lang, error: &EvalError) -> String {
    match error {
        EvalError::Steps => texts.plain(lang, "processes-fault-steps"),
        EvalError::Depth => texts.plain(lang, "processes-fault-depth"),
        EvalError::Size => texts.plain(lang, "processes-fault-size"),
        EvalError::NullCondition { reason: None, .. } => texts.plain(lang, "processes-fault-not-boolean"),
        EvalError::NullCondition { reason: Some(reason), .. } => {
            let reason = said(texts, lang, reason);
            texts.get(lang, "processes-fault-undecided", &[("reason", reason.to_arg())])
        }
    }
}

/// Why a decision has no answer.
pub fn not_decided(texts: &Texts, lang: Lang, error: &dmn::Error) -> String {
    match error {
        dmn::Error::Unknown(name) => texts.get(lang, "processes-fault-no-decision", &[("name", name.to_arg())]),
        dmn::Error::Limit(error) => not_evaluated(texts, lang, error),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use feel::{Context, Env, Expr, Scope};

    use super::*;

    fn texts() -> Arc<Texts> {
        let own = [crate::GERMAN, crate::ENGLISH].map(|(lang, source)| ("process-rules", lang, source));
        Arc::new(Texts::build(own).unwrap_or_else(|e| panic!("{}", e.0.join("; "))))
    }

    fn unread(text: &str) -> Fault {
        *Expr::parse(text, &Scope::default()).expect_err(text).fault
    }

    #[test]
    fn faults_are_told_in_both_languages() {
        let texts = texts();
        for (text, german, english) in [
            ("a = = b", "an einer Stelle, an der es nicht stehen kann", "where it cannot"),
            ("1 +", "hört zu früh auf", "ends too early"),
            ("f(a", "fehlt", "missing"),
            ("@\"bald\"", "„bald“ ist kein Datum", "“bald” is no date"),
        ] {
            let fault = unread(text);
            let (de, en) = (said(&texts, Lang::De, &fault), said(&texts, Lang::En, &fault));
            assert!(de.contains(german) && en.contains(english), "{text}: {de} / {en}");
        }
        let env = Env::at("2026-11-23T12:00:00+01:00[Europe/Berlin]".parse().unwrap());
        let expr = Expr::parse("1 < \"a\"", &Scope::default()).unwrap();
        let error = expr.eval_condition(&Context::default(), &env).unwrap_err();
        let de = not_evaluated(&texts, Lang::De, &error);
        assert!(de.contains("weder ja noch nein") && de.contains("Zahl und Text"), "{de}");
    }
}
