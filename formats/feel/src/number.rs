//! Decimal floating point as FEEL demands it: IEEE 754-2008 decimal128, that is 34 significant digits and
//! decimal exponents from -6176 to 6111, rounded half to even (DMN 1.5, 10.3.2.3.1).
//!
//! Numbers are kept without trailing zeros, so equal numbers have equal fields. There are neither infinities nor NaN:
//! an operation that would yield one yields `None`, which the evaluator turns into FEEL's null.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// Significant digits of a number.
pub const DIGITS: u32 = 34;
const EXP_MIN: i32 = -6176;
/// Largest power of ten of the leading digit.
const ADJUSTED_MAX: i32 = 6144;
const POW34: u128 = 10u128.pow(DIGITS);
/// Transcendental functions are rounded to this many digits, below their error bound.
const TRANSCENDENTAL_DIGITS: u32 = 30;

/// A decimal number: `±coefficient × 10^exponent`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Number {
    negative: bool,
    coefficient: u128,
    exponent: i32,
}

/// How a number is brought to fewer decimal places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest, ties to the even neighbour.
    HalfEven,
    /// To the nearest, ties away from zero (FEEL `round half up`).
    HalfUp,
    /// To the nearest, ties towards zero (FEEL `round half down`).
    HalfDown,
    /// Away from zero (FEEL `round up`).
    Up,
    /// Towards zero (FEEL `round down`).
    Down,
    /// Towards negative infinity.
    Floor,
    /// Towards positive infinity.
    Ceiling,
}

/// 256 bits, least significant limb first. Just what exact products and aligned sums of two coefficients need.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Wide([u64; 4]);

impl Wide {
    fn from_u128(v: u128) -> Self {
        Wide([v as u64, (v >> 64) as u64, 0, 0])
    }

    fn to_u128(self) -> Option<u128> {
        (self.0[2] == 0 && self.0[3] == 0).then(|| u128::from(self.0[0]) | u128::from(self.0[1]) << 64)
    }

    fn product(a: u128, b: u128) -> Self {
        let mut out = [0u64; 4];
        let (a, b) = ([a as u64, (a >> 64) as u64], [b as u64, (b >> 64) as u64]);
        for (i, x) in a.iter().enumerate() {
            let mut carry = 0u128;
            for (j, y) in b.iter().enumerate() {
                let t = u128::from(*x) * u128::from(*y) + u128::from(out[i + j]) + carry;
                out[i + j] = t as u64;
                carry = t >> 64;
            }
            out[i + 2] = carry as u64;
        }
        Wide(out)
    }

    fn times_small(self, m: u64) -> Self {
        let mut out = [0u64; 4];
        let mut carry = 0u128;
        for (o, limb) in out.iter_mut().zip(self.0) {
            let t = u128::from(limb) * u128::from(m) + carry;
            *o = t as u64;
            carry = t >> 64;
        }
        Wide(out)
    }

    fn times_pow10(mut self, mut n: u32) -> Self {
        while n > 0 {
            let step = n.min(19);
            self = self.times_small(10u64.pow(step));
            n -= step;
        }
        self
    }

    fn div_small(self, d: u64) -> (Self, u64) {
        let mut out = [0u64; 4];
        let mut rem = 0u128;
        for i in (0..4).rev() {
            let t = rem << 64 | u128::from(self.0[i]);
            out[i] = (t / u128::from(d)) as u64;
            rem = t % u128::from(d);
        }
        (Wide(out), rem as u64)
    }

    fn plus(self, other: Self) -> Self {
        let mut out = [0u64; 4];
        let mut carry = 0u128;
        for (i, o) in out.iter_mut().enumerate() {
            let t = u128::from(self.0[i]) + u128::from(other.0[i]) + carry;
            *o = t as u64;
            carry = t >> 64;
        }
        Wide(out)
    }

    /// `self - other`; the caller has made sure that `self >= other`.
    fn minus(self, other: Self) -> Self {
        let mut out = [0u64; 4];
        let mut borrow = false;
        for (i, o) in out.iter_mut().enumerate() {
            let (a, b1) = self.0[i].overflowing_sub(other.0[i]);
            let (b, b2) = a.overflowing_sub(u64::from(borrow));
            *o = b;
            borrow = b1 || b2;
        }
        Wide(out)
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.0.iter().rev().cmp(other.0.iter().rev())
    }

    /// Quotient and remainder by a divisor below 2^127, bit by bit.
    fn div_u128(self, d: u128) -> (Self, u128) {
        let mut quotient = [0u64; 4];
        let mut rem = 0u128;
        for bit in (0..256).rev() {
            rem = rem << 1 | u128::from(self.0[bit / 64] >> (bit % 64) & 1);
            if rem >= d {
                rem -= d;
                quotient[bit / 64] |= 1 << (bit % 64);
            }
        }
        (Wide(quotient), rem)
    }

    fn digits(self) -> u32 {
        let mut n = 0;
        let mut rest = self;
        loop {
            if let Some(small) = rest.to_u128() {
                return n + digits(small);
            }
            rest = rest.div_small(10u64.pow(19)).0;
            n += 19;
        }
    }
}

fn digits(v: u128) -> u32 {
    if v == 0 { 0 } else { v.ilog10() + 1 }
}

impl Number {
    /// 0
    pub const ZERO: Number = Number { negative: false, coefficient: 0, exponent: 0 };
    /// 1
    pub const ONE: Number = Number { negative: false, coefficient: 1, exponent: 0 };
    const TWO: Number = Number { negative: false, coefficient: 2, exponent: 0 };
    const HALF: Number = Number { negative: false, coefficient: 5, exponent: -1 };
    /// ln 10 to 34 digits.
    const LN10: Number =
        Number { negative: false, coefficient: 2_302_585_092_994_045_684_017_991_454_684_364, exponent: -33 };

    /// `coefficient × 10^exponent`, rounded to 34 digits; `None` when it is too large.
    pub fn new(coefficient: i128, exponent: i32) -> Option<Number> {
        Self::rounded(coefficient < 0, Wide::from_u128(coefficient.unsigned_abs()), i64::from(exponent), false)
    }

    /// Rounds half to even. `sticky` says that further non-zero digits follow the last one of `wide`.
    fn rounded(negative: bool, mut wide: Wide, mut exponent: i64, mut sticky: bool) -> Option<Number> {
        let excess = i64::from(wide.digits()) - i64::from(DIGITS);
        let drop = excess.max(i64::from(EXP_MIN) - exponent).max(0);
        let mut round_digit = 0;
        if drop > 0 {
            exponent += drop;
            if drop > 78 {
                return Some(Self::ZERO);
            }
            let mut left = drop as u32 - 1;
            while left > 0 {
                let step = left.min(19);
                let (q, r) = wide.div_small(10u64.pow(step));
                sticky |= r != 0;
                wide = q;
                left -= step;
            }
            let (q, r) = wide.div_small(10);
            wide = q;
            round_digit = r;
        }
        let mut coefficient = wide.to_u128()?;
        if round_digit > 5 || (round_digit == 5 && (sticky || coefficient % 2 == 1)) {
            coefficient += 1;
        }
        if coefficient == 0 {
            return Some(Self::ZERO);
        }
        while coefficient.is_multiple_of(10) {
            coefficient /= 10;
            exponent += 1;
        }
        if exponent + i64::from(digits(coefficient)) - 1 > i64::from(ADJUSTED_MAX) {
            return None;
        }
        Some(Number { negative, coefficient, exponent: exponent as i32 })
    }

    /// True for 0.
    pub fn is_zero(&self) -> bool {
        self.coefficient == 0
    }

    /// True below 0.
    pub fn is_negative(&self) -> bool {
        self.negative
    }

    /// True when there is no fractional part.
    pub fn is_integer(&self) -> bool {
        self.exponent >= 0
    }

    /// The same number with the other sign.
    #[must_use]
    pub fn negated(self) -> Number {
        Number { negative: !self.negative && self.coefficient != 0, ..self }
    }

    /// Distance from zero.
    #[must_use]
    pub fn abs(self) -> Number {
        Number { negative: false, ..self }
    }

    /// Sum; `None` on overflow.
    pub fn checked_add(self, other: Number) -> Option<Number> {
        if self.is_zero() {
            return Some(other);
        }
        if other.is_zero() {
            return Some(self);
        }
        let (a, b) = if self.exponent >= other.exponent { (self, other) } else { (other, self) };
        let distance = (a.exponent - b.exponent) as u32;
        // 34 + 42 digits fit into 256 bits. Digits of the smaller number beyond that only matter as "something follows".
        let (wa, wb, exponent) = if distance <= 42 {
            (Wide::from_u128(a.coefficient).times_pow10(distance), Wide::from_u128(b.coefficient), b.exponent)
        } else {
            let cut = distance - 41;
            let (q, r) = match 10u128.checked_pow(cut) {
                Some(p) => (b.coefficient / p, b.coefficient % p),
                None => (0, 1),
            };
            let tail = Wide::from_u128(q * 10 + u128::from(r != 0));
            (Wide::from_u128(a.coefficient).times_pow10(42), tail, a.exponent - 42)
        };
        let (negative, sum) = if a.negative == b.negative {
            (a.negative, wa.plus(wb))
        } else if wa.compare(&wb) == Ordering::Less {
            (b.negative, wb.minus(wa))
        } else {
            (a.negative, wa.minus(wb))
        };
        Self::rounded(negative, sum, i64::from(exponent), false)
    }

    /// Difference; `None` on overflow.
    pub fn checked_sub(self, other: Number) -> Option<Number> {
        self.checked_add(other.negated())
    }

    /// Product; `None` on overflow.
    pub fn checked_mul(self, other: Number) -> Option<Number> {
        Self::rounded(
            self.negative != other.negative,
            Wide::product(self.coefficient, other.coefficient),
            i64::from(self.exponent) + i64::from(other.exponent),
            false,
        )
    }

    /// Quotient; `None` on division by zero and on overflow.
    pub fn checked_div(self, other: Number) -> Option<Number> {
        if other.is_zero() {
            return None;
        }
        if self.is_zero() {
            return Some(Self::ZERO);
        }
        let shift = 76 - digits(self.coefficient);
        let (q, r) = Wide::from_u128(self.coefficient).times_pow10(shift).div_u128(other.coefficient);
        let exponent = i64::from(self.exponent) - i64::from(shift) - i64::from(other.exponent);
        Self::rounded(self.negative != other.negative, q, exponent, r != 0)
    }

    /// FEEL `modulo`: `self - other × floor(self / other)`, the sign follows the divisor. Exact.
    pub fn modulo(self, other: Number) -> Option<Number> {
        if other.is_zero() {
            return None;
        }
        let (remainder, exponent) = if self.exponent >= other.exponent {
            let m = other.coefficient;
            let mut power = 1 % m;
            let mut base = 10 % m;
            let mut n = (self.exponent - other.exponent) as u32;
            while n > 0 {
                if n & 1 == 1 {
                    power = Wide::product(power, base).div_u128(m).1;
                }
                base = Wide::product(base, base).div_u128(m).1;
                n >>= 1;
            }
            (Wide::product(self.coefficient % m, power).div_u128(m).1, other.exponent)
        } else {
            let scaled = 10u128
                .checked_pow((other.exponent - self.exponent) as u32)
                .and_then(|p| other.coefficient.checked_mul(p));
            (scaled.map_or(self.coefficient, |m| self.coefficient % m), self.exponent)
        };
        let remainder = Self::rounded(self.negative, Wide::from_u128(remainder), i64::from(exponent), false)?;
        if !remainder.is_zero() && self.negative != other.negative {
            remainder.checked_add(other)
        } else {
            Some(remainder)
        }
    }

    /// Rounds to `scale` decimal places (negative: places left of the point). `None` on overflow.
    pub fn round(self, scale: i32, rounding: Rounding) -> Option<Number> {
        let drop = -i64::from(scale) - i64::from(self.exponent);
        if drop <= 0 || self.is_zero() {
            return Some(self);
        }
        let (q, r, half) = match u32::try_from(drop).ok().and_then(|d| 10u128.checked_pow(d)) {
            Some(p) => (self.coefficient / p, self.coefficient % p, p / 2),
            // The whole number is less than half a unit.
            None => (0, 1, u128::MAX),
        };
        let up = match rounding {
            Rounding::HalfEven => r > half || (r == half && q % 2 == 1),
            Rounding::HalfUp => r >= half,
            Rounding::HalfDown => r > half,
            Rounding::Up => r != 0,
            Rounding::Down => false,
            Rounding::Floor => r != 0 && self.negative,
            Rounding::Ceiling => r != 0 && !self.negative,
        };
        Self::rounded(self.negative, Wide::from_u128(q + u128::from(up)), -i64::from(scale), false)
    }

    /// Square root, correctly rounded; `None` below zero.
    pub fn sqrt(self) -> Option<Number> {
        if self.negative {
            return None;
        }
        if self.is_zero() {
            return Some(self);
        }
        let mut shift = 76 - digits(self.coefficient);
        if (self.exponent - shift as i32) % 2 != 0 {
            shift -= 1;
        }
        let target = Wide::from_u128(self.coefficient).times_pow10(shift);
        let mut root = 0u128;
        for bit in (0..127).rev() {
            let candidate = root | 1 << bit;
            if Wide::product(candidate, candidate).compare(&target) != Ordering::Greater {
                root = candidate;
            }
        }
        let sticky = Wide::product(root, root) != target;
        Self::rounded(false, Wide::from_u128(root), i64::from((self.exponent - shift as i32) / 2), sticky)
    }

    fn to_digits(self, n: u32) -> Option<Number> {
        let have = digits(self.coefficient);
        if have <= n { Some(self) } else { self.round(-(self.exponent + (have - n) as i32), Rounding::HalfEven) }
    }

    /// e to the power of this number, at least 28 digits right; `None` on overflow.
    pub fn exp(self) -> Option<Number> {
        self.exp_full()?.to_digits(TRANSCENDENTAL_DIGITS)
    }

    fn exp_full(self) -> Option<Number> {
        let tens = self.checked_div(Self::LN10)?.round(0, Rounding::HalfEven)?;
        let power = tens.to_i64().and_then(|t| i32::try_from(t).ok());
        let power = match power {
            Some(p) if (-7000..=7000).contains(&p) => p,
            _ if self.negative => return Some(Self::ZERO),
            _ => return None,
        };
        let rest = self.checked_sub(tens.checked_mul(Self::LN10)?)?;
        let mut term = Self::ONE;
        let mut sum = Self::ONE;
        for i in 1..80 {
            term = term.checked_mul(rest)?.checked_div(Number::from(i))?;
            let next = sum.checked_add(term)?;
            if next == sum {
                break;
            }
            sum = next;
        }
        let exponent = i64::from(sum.exponent) + i64::from(power);
        Self::rounded(sum.negative, Wide::from_u128(sum.coefficient), exponent, false)
    }

    /// Natural logarithm, at least 28 digits right; `None` for zero and below.
    pub fn ln(self) -> Option<Number> {
        self.ln_full()?.to_digits(TRANSCENDENTAL_DIGITS)
    }

    fn ln_full(self) -> Option<Number> {
        if self.negative || self.is_zero() {
            return None;
        }
        // Mantissa in [0.3, 3): the series below converges fast and nothing cancels near 1.
        let size = digits(self.coefficient) as i32;
        let mut mantissa = Number { negative: false, coefficient: self.coefficient, exponent: 1 - size };
        let mut tens = self.exponent + size - 1;
        if mantissa.compare(&Number::from(3)) != Ordering::Less {
            mantissa.exponent -= 1;
            tens += 1;
        }
        let z = mantissa.checked_sub(Self::ONE)?.checked_div(mantissa.checked_add(Self::ONE)?)?;
        let square = z.checked_mul(z)?;
        let mut power = z;
        let mut sum = z;
        for i in 1..150 {
            power = power.checked_mul(square)?;
            let next = sum.checked_add(power.checked_div(Number::from(2 * i + 1))?)?;
            if next == sum {
                break;
            }
            sum = next;
        }
        sum.checked_mul(Self::TWO)?.checked_add(Self::LN10.checked_mul(Number::from(tens))?)
    }

    /// `self ** other`; exact squaring steps for whole exponents. `None` where no real number is defined or on overflow.
    pub fn pow(self, other: Number) -> Option<Number> {
        if other == Self::HALF {
            return self.sqrt();
        }
        if let Some(n) = other.to_i64() {
            let mut left = n.unsigned_abs();
            let mut base = self;
            let mut out = Self::ONE;
            while left > 0 {
                if left & 1 == 1 {
                    out = out.checked_mul(base)?;
                }
                left >>= 1;
                if left > 0 {
                    base = base.checked_mul(base)?;
                }
            }
            return if n < 0 { Self::ONE.checked_div(out) } else { Some(out) };
        }
        if self.is_zero() {
            return (!other.negative).then_some(Self::ZERO);
        }
        self.ln_full()?.checked_mul(other)?.exp()
    }

    /// Total order of values.
    pub fn compare(&self, other: &Number) -> Ordering {
        match (self.is_zero(), other.is_zero()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return if other.negative { Ordering::Greater } else { Ordering::Less },
            (false, true) => return if self.negative { Ordering::Less } else { Ordering::Greater },
            (false, false) => {}
        }
        if self.negative != other.negative {
            return if self.negative { Ordering::Less } else { Ordering::Greater };
        }
        let adjusted = |n: &Number| n.exponent + digits(n.coefficient) as i32;
        let magnitude = adjusted(self).cmp(&adjusted(other)).then_with(|| {
            let to_full = |n: &Number| n.coefficient * 10u128.pow(DIGITS - digits(n.coefficient));
            to_full(self).cmp(&to_full(other))
        });
        if self.negative { magnitude.reverse() } else { magnitude }
    }

    /// The whole number, if it is one and fits.
    pub fn to_i64(self) -> Option<i64> {
        let power = 10u128.checked_pow(u32::try_from(self.exponent).ok()?)?;
        let magnitude = i128::try_from(self.coefficient.checked_mul(power)?).ok()?;
        i64::try_from(if self.negative { -magnitude } else { magnitude }).ok()
    }

    /// The part before the decimal point, if it fits.
    pub fn truncate(self) -> Option<i64> {
        self.round(0, Rounding::Down)?.to_i64()
    }

    /// Amount in cents, if this number of euros is a whole number of cents.
    pub fn to_cents(self) -> Option<i64> {
        Number { exponent: self.exponent + 2, ..self }.to_i64()
    }

    /// The shortest decimal text of a binary number; `None` for NaN, infinities and what decimal128 cannot hold.
    pub fn from_f64(v: f64) -> Option<Number> {
        v.is_finite().then(|| format!("{v:e}").parse().ok()).flatten()
    }
}

impl From<i64> for Number {
    fn from(v: i64) -> Self {
        Self::new(i128::from(v), 0).unwrap_or(Self::ZERO)
    }
}

impl From<i32> for Number {
    fn from(v: i32) -> Self {
        i64::from(v).into()
    }
}

impl From<u64> for Number {
    fn from(v: u64) -> Self {
        Self::new(i128::from(v), 0).unwrap_or(Self::ZERO)
    }
}

impl From<usize> for Number {
    fn from(v: usize) -> Self {
        (v as u64).into()
    }
}

/// The text is not a number of the form `-12.5` or `1.25e-3`, or it is too large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a number")]
pub struct NotANumber;

impl FromStr for Number {
    type Err = NotANumber;

    fn from_str(s: &str) -> Result<Self, NotANumber> {
        let (negative, rest) = match s.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, s),
        };
        let (mantissa, exponent) = match rest.find(['e', 'E']) {
            Some(i) => {
                let text = &rest[i + 1..];
                let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
                if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                    return Err(NotANumber);
                }
                // Ten or more digits are out of range either way.
                let magnitude = digits.trim_start_matches('0');
                let magnitude: i64 = match magnitude {
                    "" => 0,
                    m if m.len() > 9 => 1_000_000_000,
                    m => m.parse().map_err(|_| NotANumber)?,
                };
                (&rest[..i], if text.starts_with('-') { -magnitude } else { magnitude })
            }
            None => (rest, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((_, "")) => return Err(NotANumber),
            Some(parts) => parts,
            None => (mantissa, ""),
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(NotANumber);
        }
        let mut coefficient = 0u128;
        let mut dropped = 0i64;
        let mut sticky = false;
        for b in whole.bytes().chain(fraction.bytes()) {
            if !b.is_ascii_digit() {
                return Err(NotANumber);
            }
            let digit = u128::from(b - b'0');
            if coefficient >= POW34 * 100 {
                dropped += 1;
                sticky |= digit != 0;
            } else {
                coefficient = coefficient * 10 + digit;
            }
        }
        let exponent = exponent + dropped - fraction.len() as i64;
        Self::rounded(negative, Wide::from_u128(coefficient), exponent, sticky).ok_or(NotANumber)
    }
}

impl fmt::Display for Number {
    /// Plain notation up to 34 places on either side of the point, else `1.5E+40`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negative {
            f.write_str("-")?;
        }
        let text = self.coefficient.to_string();
        let adjusted = self.exponent + text.len() as i32 - 1;
        if self.exponent >= 0 && adjusted <= 40 {
            write!(f, "{text}{}", "0".repeat(self.exponent as usize))
        } else if self.exponent < 0 && adjusted >= -34 {
            let places = self.exponent.unsigned_abs() as usize;
            if text.len() > places {
                let (whole, fraction) = text.split_at(text.len() - places);
                write!(f, "{whole}.{fraction}")
            } else {
                write!(f, "0.{}{text}", "0".repeat(places - text.len()))
            }
        } else {
            let (first, rest) = text.split_at(1);
            let point = if rest.is_empty() { "" } else { "." };
            write!(f, "{first}{point}{rest}E{adjusted:+}")
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
