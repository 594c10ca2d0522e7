//! Amounts as JSON decimal numbers.

use rust_decimal::{Decimal, RoundingStrategy};
use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{self, Serialize, Serializer};
use serde_json::value::RawValue;

use super::PaymentRequest;

/// A decimal number with exactly the digits of the JSON text; a JSON string is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub struct Amount(Decimal);

impl Amount {
    /// Largest amount, in euros or per cent.
    const MAX: i64 = 99_999_999;

    fn parse(text: &str) -> Result<Self, String> {
        if text.len() > 40 {
            return Err("an amount with too many digits".to_owned());
        }
        let value = Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text));
        let value = value.map_err(|_| format!("expected a decimal number, got {text}"))?;
        if value.is_sign_negative() && !value.is_zero() || value > Decimal::from(Self::MAX) {
            return Err(format!("expected a number from 0 to {}, got {text}", Self::MAX));
        }
        Ok(Self(value))
    }

    /// Whole cents, if the amount has no fraction of a cent.
    pub fn cents(self) -> Option<i64> {
        let cents = self.0 * Decimal::ONE_HUNDRED;
        i64::try_from(cents).ok().filter(|whole| Decimal::from(*whole) == cents)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        Self::parse(raw.get()).map_err(de::Error::custom)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut value = self.0.normalize();
        if value.scale() < 2 {
            value.rescale(2);
        }
        RawValue::from_string(value.to_string()).map_err(ser::Error::custom)?.serialize(serializer)
    }
}

/// `grosAmount` is the sum of the items, rounded half up to cents; each total is quantity times single amount, give or
/// take the rounding of each piece.
pub fn check_sum(request: &PaymentRequest) -> Result<(), String> {
    let gros = request.gros_amount.cents().ok_or("grosAmount: at most two decimal places expected")?;
    if gros == 0 {
        return Err("grosAmount: must be above 0".to_owned());
    }
    let mut sum = Decimal::ZERO;
    for item in &request.items {
        if item.quantity == 0 {
            return Err(format!("item {}: quantity must be above 0", item.id));
        }
        let quantity = Decimal::from(item.quantity);
        let tolerance = quantity * Decimal::new(5, 3);
        for (total, single) in
            [(item.total_net_amount.0, item.single_net_amount.0), (item.total_tax_amount.0, item.single_tax_amount.0)]
        {
            if (total - quantity * single).abs() > tolerance {
                return Err(format!("item {}: total is not quantity times single amount", item.id));
            }
        }
        sum += item.total_net_amount.0 + item.total_tax_amount.0;
    }
    let rounded = sum.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    if rounded == request.gros_amount.0 {
        Ok(())
    } else {
        Err(format!("grosAmount {} is not the sum of the items, {rounded}", request.gros_amount.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_kept_and_two_places_are_written() {
        for (text, written, cents) in [
            ("9", "9.00", Some(900)),
            ("0.1", "0.10", Some(10)),
            ("1.005", "1.005", None),
            ("1e1", "10.00", Some(1000)),
        ] {
            let amount: Amount = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&amount).unwrap(), written);
            assert_eq!(amount.cents(), cents);
        }
        for text in
            ["\"9.00\"", "-1", "100000000", "null", "1e400", "[]", "0.00000000000000000000000000000000000000001"]
        {
            assert!(serde_json::from_str::<Amount>(text).is_err(), "{text}");
        }
    }
}
