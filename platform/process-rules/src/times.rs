//! Moments at which timers are due.

use bpmn::Due;
use jiff::{Span, Zoned, civil::DateTime};
use kernel::{Error, Result, Timestamp};

/// The moment a timer is due. Durations with days or longer are counted on the wall clock of Europe/Berlin.
pub fn due_at(due: &Due, from: Timestamp) -> Result<Timestamp> {
    let wrong = |e: jiff::Error| Error::internal(format!("timer: {e}"));
    let zoned: Zoned = from.to_zoned(kernel::berlin());
    match due {
        Due::Duration(text) => {
            let span: Span = text.parse().map_err(wrong)?;
            Ok(zoned.checked_add(span).map_err(wrong)?.timestamp())
        }
        Due::Date(text) => {
            if let Ok(at) = text.parse::<Timestamp>() {
                return Ok(at);
            }
            let local: DateTime = text.parse().map_err(wrong)?;
            Ok(local.to_zoned(kernel::berlin()).map_err(wrong)?.timestamp())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_follow_the_wall_clock_over_a_clock_change() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        // Clocks go forward on 2026-03-29: one day later is the same hour, 24 hours later is not.
        let from = at("2026-03-28T11:00:00Z");
        assert_eq!(due_at(&Due::Duration("P1D".into()), from).unwrap(), at("2026-03-29T10:00:00Z"));
        assert_eq!(due_at(&Due::Duration("PT24H".into()), from).unwrap(), at("2026-03-29T11:00:00Z"));
        assert_eq!(due_at(&Due::Date("2026-07-01T08:00:00".into()), from).unwrap(), at("2026-07-01T06:00:00Z"));
        assert!(due_at(&Due::Duration("bald".into()), from).is_err());
    }
}
