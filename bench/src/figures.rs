//! Figures: what was measured, what was promised, and whether it was kept.

use std::time::Duration;

/// A line of the table.
pub struct Figure {
    pub name: String,
    pub measured: String,
    /// Empty where a figure is only stated.
    pub promised: String,
    pub kept: bool,
}

impl Figure {
    /// A figure that is stated without a promise.
    pub fn stated(name: impl Into<String>, measured: impl Into<String>) -> Self {
        Self { name: name.into(), measured: measured.into(), promised: String::new(), kept: true }
    }

    pub fn not_measured(name: impl Into<String>, why: &str) -> Self {
        Self::stated(name, format!("not measured: {why}"))
    }

    pub fn at_most(name: impl Into<String>, measured: Duration, promised: Duration) -> Self {
        Self {
            name: name.into(),
            measured: millis(measured),
            promised: format!("≤ {}", millis(promised)),
            kept: measured <= promised,
        }
    }

    pub fn at_least(name: impl Into<String>, measured: f64, promised: f64, unit: &str) -> Self {
        Self {
            name: name.into(),
            measured: format!("{measured:.0}{unit}"),
            promised: format!("≥ {promised:.0}{unit}"),
            kept: measured >= promised,
        }
    }
}

pub fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}

/// The value that this share of all (0 to 1) does not exceed; zero when there is none.
pub fn quantile(times: &mut [Duration], share: f64) -> Duration {
    times.sort_unstable();
    // Rank by rounding up: never a smaller value than the share asks for.
    let rank = (share * times.len() as f64).ceil() as usize;
    times.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

/// Prints the table; answers whether every promise was kept.
pub fn print(figures: &[Figure]) -> bool {
    let width = |text: fn(&Figure) -> &str| figures.iter().map(|f| text(f).chars().count()).max().unwrap_or(0);
    let (name, measured) = (width(|f| &f.name), width(|f| &f.measured));
    for f in figures {
        let mark = match (f.promised.is_empty(), f.kept) {
            (true, _) => "",
            (false, true) => "  kept",
            (false, false) => "  MISSED",
        };
        println!("{:<name$}  {:<measured$}  {}{mark}", f.name, f.measured, f.promised);
    }
    figures.iter().all(|f| f.kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_never_too_small() {
        let mut times: Vec<_> = (1..=200).rev().map(Duration::from_millis).collect();
        assert_eq!(quantile(&mut times, 0.99), Duration::from_millis(198));
        assert_eq!(quantile(&mut times, 0.5), Duration::from_millis(100));
        assert_eq!(quantile(&mut times, 1.0), Duration::from_millis(200));
        assert_eq!(quantile(&mut [], 0.99), Duration::ZERO);
        assert_eq!(quantile(&mut [Duration::from_secs(1)], 0.99), Duration::from_secs(1));
    }
}
