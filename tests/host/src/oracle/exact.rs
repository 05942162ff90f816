//! Exact fractions of whole numbers of any size. Any thread.

use num_bigint::BigInt;
use num_rational::Ratio;
use num_traits::{FromPrimitive, Signed, ToPrimitive};

/// An exact number.
pub type Exact = Ratio<BigInt>;

/// A whole number.
pub fn whole(number: i64) -> Exact {
    Exact::from_integer(BigInt::from(number))
}

/// One whole number over another, which is not 0.
pub fn part(number: i64, of: i64) -> Exact {
    Exact::new(BigInt::from(number), BigInt::from(of))
}

/// The exact value of a float; `None` for infinities and NaN.
pub fn of(number: f64) -> Option<Exact> {
    Exact::from_float(number)
}

/// The nearest float.
pub fn to_f64(number: &Exact) -> f64 {
    number.to_f64().unwrap_or(f64::NAN)
}

/// The nearest whole number, halves upwards.
pub fn round(number: &Exact) -> i64 {
    (number + part(1, 2)).floor().to_integer().to_i64().unwrap_or(i64::MAX)
}

/// The whole number at or below; 0 where it does not fit.
pub fn floor(number: &Exact) -> i64 {
    number.floor().to_integer().to_i64().unwrap_or(0)
}

/// The whole number at or above; the largest where it does not fit.
pub fn ceil(number: &Exact) -> i64 {
    number.ceil().to_integer().to_i64().unwrap_or(i64::MAX)
}

/// The size without the sign.
pub fn size(number: &Exact) -> Exact {
    number.abs()
}

/// A whole number that is never negative.
pub fn count(number: u64) -> Exact {
    Exact::from_integer(BigInt::from_u64(number).unwrap_or_default())
}
