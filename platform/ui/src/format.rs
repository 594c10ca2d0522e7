//! Numbers, money, dates and times as people write them, instants always in legal time of Germany.
//!
//! German follows DIN 5008 (`12.03.2026`, `1.234,50 €`), English the usage of the British public service.
//! Between a number and its unit stands a no-break space (U+00A0), so a line never ends between them.

use kernel::{Date, Money, Timestamp};

use crate::Lang;

const NBSP: char = '\u{a0}';

const MONTHS_DE: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];

const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

fn month_name(lang: Lang, date: Date) -> &'static str {
    let names = match lang {
        Lang::De => &MONTHS_DE,
        Lang::En => &MONTHS_EN,
    };
    names[date.month().unsigned_abs() as usize - 1]
}

/// `12.03.2026` or `12 Mar 2026`.
pub fn date(lang: Lang, date: Date) -> String {
    match lang {
        Lang::De => format!("{:02}.{:02}.{:04}", date.day(), date.month(), date.year()),
        Lang::En => format!("{} {} {}", date.day(), &month_name(lang, date)[..3], date.year()),
    }
}

/// `12. März 2026` or `12 March 2026`.
pub fn date_long(lang: Lang, date: Date) -> String {
    let dot = if lang == Lang::De { "." } else { "" };
    format!("{}{dot} {} {}", date.day(), month_name(lang, date), date.year())
}

/// `12.03.2026, 14:05 Uhr` or `12 Mar 2026, 14:05`, in local time of Germany.
pub fn datetime(lang: Lang, at: Timestamp) -> String {
    let local = at.to_zoned(kernel::berlin()).datetime();
    let day = date(lang, local.date());
    match lang {
        Lang::De => format!("{day}, {:02}:{:02}{NBSP}Uhr", local.hour(), local.minute()),
        Lang::En => format!("{day}, {:02}:{:02}", local.hour(), local.minute()),
    }
}

/// `1.234` or `1,234`.
pub fn number(lang: Lang, value: i64) -> String {
    let sign = if value < 0 { "-" } else { "" };
    format!("{sign}{}", grouped(lang, value.unsigned_abs()))
}

/// `1.234,50 €` or `€1,234.50`.
pub fn money(lang: Lang, amount: Money) -> String {
    let cents = amount.cents();
    let sign = if cents < 0 { "-" } else { "" };
    let euros = grouped(lang, cents.unsigned_abs() / 100);
    let rest = cents.unsigned_abs() % 100;
    match lang {
        Lang::De => format!("{sign}{euros},{rest:02}{NBSP}€"),
        Lang::En => format!("{sign}€{euros}.{rest:02}"),
    }
}

/// The size of a file given in bytes, decimal units (1 MB = 1,000,000 bytes): `640 KB`, `1,2 MB`.
pub fn file_size(lang: Lang, bytes: u64) -> String {
    let (tenths, unit) = match bytes {
        0..1_000 => return format!("{bytes}{NBSP}{}", if lang == Lang::De { "Byte" } else { "bytes" }),
        1_000..999_500 => return format!("{}{NBSP}KB", (bytes + 500) / 1_000),
        999_500..999_950_000 => ((bytes + 50_000) / 100_000, "MB"),
        _ => (bytes / 100_000_000 + u64::from(bytes % 100_000_000 >= 50_000_000), "GB"),
    };
    let point = if lang == Lang::De { ',' } else { '.' };
    format!("{}{point}{}{NBSP}{unit}", grouped(lang, tenths / 10), tenths % 10)
}

fn grouped(lang: Lang, value: u64) -> String {
    let separator = if lang == Lang::De { '.' } else { ',' };
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(separator);
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_in_both_languages() {
        let d = Date::constant(2026, 3, 9);
        assert_eq!(date(Lang::De, d), "09.03.2026");
        assert_eq!(date_long(Lang::De, d), "9. März 2026");
        assert_eq!(date(Lang::En, d), "9 Mar 2026");
        assert_eq!(date_long(Lang::En, d), "9 March 2026");
    }

    #[test]
    fn instants_are_shown_in_german_time_in_summer_and_winter() {
        let winter: Timestamp = "2026-01-15T23:30:00Z".parse().unwrap();
        assert_eq!(datetime(Lang::De, winter), "16.01.2026, 00:30\u{a0}Uhr");
        let summer: Timestamp = "2026-07-15T12:05:59Z".parse().unwrap();
        assert_eq!(datetime(Lang::En, summer), "15 Jul 2026, 14:05");
        let after_change: Timestamp = "2026-03-29T01:00:00Z".parse().unwrap();
        assert_eq!(datetime(Lang::De, after_change), "29.03.2026, 03:00\u{a0}Uhr");
    }

    #[test]
    fn instants_at_the_ends_of_time_do_not_panic() {
        for at in [Timestamp::MIN, Timestamp::MAX] {
            assert!(!datetime(Lang::De, at).is_empty());
        }
    }

    #[test]
    fn money_with_cents_groups_and_sign() {
        assert_eq!(money(Lang::De, Money(900)), "9,00\u{a0}€");
        assert_eq!(money(Lang::De, Money(-5)), "-0,05\u{a0}€");
        assert_eq!(money(Lang::De, Money(123_456_789)), "1.234.567,89\u{a0}€");
        assert_eq!(money(Lang::En, Money(900)), "€9.00");
        assert_eq!(money(Lang::En, Money(-123_456)), "-€1,234.56");
        assert_eq!(money(Lang::De, Money(i64::MIN)), "-92.233.720.368.547.758,08\u{a0}€");
    }

    #[test]
    fn numbers_are_grouped_by_three() {
        assert_eq!(number(Lang::De, 0), "0");
        assert_eq!(number(Lang::De, 999), "999");
        assert_eq!(number(Lang::De, 1000), "1.000");
        assert_eq!(number(Lang::En, -1_000_000), "-1,000,000");
    }

    #[test]
    fn file_sizes_round_to_the_unit_people_read() {
        assert_eq!(file_size(Lang::De, 999), "999\u{a0}Byte");
        assert_eq!(file_size(Lang::En, 1_000), "1\u{a0}KB");
        assert_eq!(file_size(Lang::De, 999_499), "999\u{a0}KB");
        assert_eq!(file_size(Lang::De, 999_500), "1,0\u{a0}MB");
        assert_eq!(file_size(Lang::De, 1_240_000), "1,2\u{a0}MB");
        assert_eq!(file_size(Lang::De, 999_950_000), "1,0\u{a0}GB");
        assert!(file_size(Lang::De, u64::MAX).ends_with("GB"));
    }
}
