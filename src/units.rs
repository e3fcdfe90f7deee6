//! Quantities with their units in the type: simulated time, CPU, memory and money, all integers.
//!
//! The scheduling core decides with these alone, so a decision never hangs on a float. Nothing here knows of clocks,
//! files or instance types.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub, SubAssign};

use serde::{Deserialize, Serialize};

/// A point in simulated (or adapter) time: whole milliseconds since the run began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SimTime(u64);

/// A span of time in whole milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SimDuration(u64);

impl SimTime {
    /// The beginning of a run.
    pub const ZERO: Self = Self(0);
    /// Later than every event.
    pub const MAX: Self = Self(u64::MAX);

    /// The point `millis` milliseconds after the beginning.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the beginning.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Seconds since the beginning, for display and statistics only.
    #[expect(clippy::cast_precision_loss, reason = "2^53 ms are 285,000 years")]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e3
    }

    /// The span from `earlier` to here; zero if `earlier` is later.
    pub const fn since(self, earlier: Self) -> SimDuration {
        SimDuration(self.0.saturating_sub(earlier.0))
    }

    /// The first multiple of `period` at or after this point; this very point when `period` is zero.
    #[must_use]
    pub const fn ceil_to(self, period: SimDuration) -> Self {
        if period.0 == 0 { self } else { Self(self.0.div_ceil(period.0).saturating_mul(period.0)) }
    }
}

impl SimDuration {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// One hour, the unit of prices.
    pub const HOUR: Self = Self(3_600_000);

    /// A span of whole milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// A span of whole seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs * 1_000)
    }

    /// A span of whole minutes.
    pub const fn from_mins(mins: u64) -> Self {
        Self(mins * 60_000)
    }

    /// A span of `secs` seconds, rounded to the nearest millisecond; negative and NaN give zero, infinity the longest span.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "float-to-int casts saturate, as documented"
    )]
    pub fn from_secs_f64(secs: f64) -> Self {
        Self((secs * 1e3).round() as u64)
    }

    /// The span in whole milliseconds.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// The span in seconds, for display and statistics only.
    #[expect(clippy::cast_precision_loss, reason = "2^53 ms are 285,000 years")]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e3
    }

    /// Whether the span is empty.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl Add<SimDuration> for SimTime {
    type Output = Self;
    fn add(self, span: SimDuration) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Add for SimDuration {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for SimDuration {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for SimDuration {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SimDuration(self.0).fmt(f)
    }
}

impl fmt::Display for SimDuration {
    /// The two largest units that matter: `350ms`, `2s`, `1m30s`, `4h10m`, `3d2h`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 5] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms")];
        let Some(first) = UNITS.iter().position(|&(size, _)| self.0 >= size) else { return f.write_str("0s") };
        let (size, name) = UNITS[first];
        write!(f, "{}{name}", self.0 / size)?;
        match UNITS.get(first + 1) {
            Some(&(next, name)) if next > 1 && self.0 % size >= next => write!(f, "{}{name}", self.0 % size / next),
            _ => Ok(()),
        }
    }
}

/// Implements checked addition and subtraction for a newtype over an unsigned integer.
macro_rules! quantity {
    ($($(#[$doc:meta])* $name:ident($int:ty), $unit:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $int);

        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(0);

            /// The difference, or zero where `other` is larger.
            #[must_use]
            pub const fn saturating_sub(self, other: Self) -> Self {
                Self(self.0.saturating_sub(other.0))
            }
        }

        impl Add for $name {
            type Output = Self;
            /// # Panics
            /// On overflow: a sum beyond the type's range is a defect, never a result.
            fn add(self, other: Self) -> Self {
                Self(self.0.checked_add(other.0).expect(concat!("sum of ", $unit, " overflows")))
            }
        }

        impl Sub for $name {
            type Output = Self;
            /// # Panics
            /// Below zero: more was given back than was taken.
            fn sub(self, other: Self) -> Self {
                Self(self.0.checked_sub(other.0).expect(concat!("difference of ", $unit, " is negative")))
            }
        }

        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                *self = *self + other;
            }
        }

        impl SubAssign for $name {
            fn sub_assign(&mut self, other: Self) {
                *self = *self - other;
            }
        }
    )*};
}

quantity! {
    /// CPU in thousandths of a vCPU, Kubernetes' `m`.
    MilliCpu(u32), "milli-CPU";
    /// Memory in mebibytes, Kubernetes' `Mi`.
    MiB(u32), "MiB";
    /// Money in millionths of a US dollar.
    MicroUsd(u64), "micro-dollars";
}

impl MilliCpu {
    /// `vcpus` whole vCPUs.
    pub const fn from_vcpus(vcpus: u32) -> Self {
        Self(vcpus * 1_000)
    }
}

impl MicroUsd {
    /// The amount in US dollars, for display only.
    #[expect(clippy::cast_precision_loss, reason = "2^53 micro-dollars are nine billion dollars")]
    pub fn as_usd(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// `usd` US dollars, rounded to the nearest micro-dollar; negative and NaN give zero.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "float-to-int casts saturate, as documented"
    )]
    pub fn from_usd(usd: f64) -> Self {
        Self((usd * 1e6).round() as u64)
    }
}

impl fmt::Display for MilliCpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}m", self.0)
    }
}

impl fmt::Display for MiB {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}Mi", self.0)
    }
}

impl fmt::Display for MicroUsd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${:.4}", self.as_usd())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_say_them() {
        let shown = |ms| SimDuration::from_millis(ms).to_string();
        assert_eq!(shown(0), "0s");
        assert_eq!(shown(350), "350ms");
        assert_eq!(shown(2_000), "2s");
        assert_eq!(shown(2_040), "2s");
        assert_eq!(shown(90_000), "1m30s");
        assert_eq!(shown(15_000_000), "4h10m");
        assert_eq!(shown(266_400_000), "3d2h");
    }

    #[test]
    fn ticks_are_multiples_of_the_period() {
        let at = SimTime::from_millis;
        assert_eq!(at(1).ceil_to(SimDuration::from_secs(2)), at(2_000));
        assert_eq!(at(2_000).ceil_to(SimDuration::from_secs(2)), at(2_000));
        assert_eq!(at(1_234).ceil_to(SimDuration::ZERO), at(1_234));
    }

    #[test]
    #[should_panic(expected = "difference of MiB is negative")]
    fn giving_back_too_much_is_a_defect() {
        let _ = MiB(1) - MiB(2);
    }
}
