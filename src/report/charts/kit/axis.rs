//! Axes: where a value stands between 0 and 1 of its length, and the ticks with their labels. Round numbers, and times
//! where clocks have them. Knows nothing of pixels but how many ticks there is room for.

use crate::metrics::figures::{number, span};

/// A range with ticks.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct Axis {
    scale: Scale,
    pub(in crate::report) ticks: Vec<(f64, String)>,
    /// What is measured, in which unit.
    pub(in crate::report) unit: String,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Scale {
    /// From 0, in units of so many.
    Linear { end: f64 },
    /// Between two values of any sign.
    Between { from: f64, to: f64 },
    /// By ratios, between two values above 0. What is below stands in a slot of its own, whose share of the length this is.
    Log { from: f64, to: f64, slot: f64 },
}

impl Axis {
    /// Where the value stands, from 0 to 1.
    pub(in crate::report) fn at(&self, value: f64) -> f64 {
        let at = match self.scale {
            Scale::Linear { end } => value / end,
            Scale::Between { from, to } => (value - from) / (to - from),
            Scale::Log { from, .. } if value < from => 0.0,
            Scale::Log { from, to, slot } => slot + (1.0 - slot) * (value / from).ln() / (to / from).ln(),
        };
        at.clamp(0.0, 1.0)
    }

    /// Time in seconds from 0, in the unit in which it reads best, with ticks where clocks have theirs.
    pub(in crate::report) fn time(end_s: f64, most_ticks: u32) -> Self {
        let most = f64::from(most_ticks);
        let (unit, seconds, steps): (_, f64, &[f64]) = if end_s <= 180.0 {
            ("seconds", 1.0, &[0.1, 0.5, 1.0, 5.0, 10.0, 15.0, 30.0, 60.0])
        } else if end_s <= 3.0 * 3_600.0 {
            ("minutes", 60.0, &[1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0])
        } else if end_s <= 4.0 * 86_400.0 {
            ("hours", 3_600.0, &[0.5, 1.0, 2.0, 3.0, 6.0, 12.0, 24.0])
        } else {
            ("days", 86_400.0, &[1.0, 2.0, 5.0, 7.0, 14.0, 28.0, 91.0, 182.0, 365.0])
        };
        let end_s = if end_s > 0.0 { end_s } else { 1.0 };
        let end = end_s / seconds;
        let step = steps.iter().copied().find(|step| end / step <= most).unwrap_or_else(|| nice_step(end, most));
        let ticks = ticks(end, step).into_iter().map(|tick| (tick * seconds, label(tick))).collect();
        Self { scale: Scale::Linear { end: end_s }, ticks, unit: unit.to_owned() }
    }

    /// From nothing to a little above the largest value.
    pub(in crate::report) fn level(most: f64, unit: &str, most_ticks: u32) -> Self {
        let end = if most > 0.0 { most * 1.06 } else { 1.0 };
        let ticks = ticks(end, nice_step(end, f64::from(most_ticks)));
        let ticks = ticks.into_iter().map(|tick| (tick, label(tick))).collect();
        Self { scale: Scale::Linear { end }, ticks, unit: unit.to_owned() }
    }

    /// Counts: as a level, but never between two whole numbers.
    pub(in crate::report) fn counts(most: f64, unit: &str, most_ticks: u32) -> Self {
        let mut axis = Self::level(most, unit, most_ticks);
        axis.ticks.retain(|(tick, _)| tick.fract() == 0.0);
        axis
    }

    /// Values between two of any sign, a little wider; ticks at multiples of a round step, written by `show`. Times, in
    /// seconds, have the steps of clocks.
    pub(in crate::report) fn values(
        (low, high): (f64, f64),
        times: bool,
        unit: &str,
        most_ticks: u32,
        show: impl Fn(f64) -> String,
    ) -> Self {
        const CLOCK: [f64; 17] = [
            1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 10_800.0,
            21_600.0, 43_200.0,
        ];
        let room = if high > low { (high - low) * 0.04 } else { high.abs().max(1.0) * 0.04 };
        let (from, to) = (low - room, high + room);
        let (span, most) = (to - from, f64::from(most_ticks));
        let clock = CLOCK.into_iter().find(|step| times && span > 2.0 && span / step <= most);
        let step = clock.unwrap_or_else(|| nice_step(span, most));
        let first = (from / step).ceil();
        let ticks = (0_u32..1_000).map(|n| (first + f64::from(n)) * step).take_while(|&tick| tick <= to);
        // Minus zero is zero.
        let ticks = ticks.map(|tick| (tick, show(if tick == 0.0 { 0.0 } else { tick }))).collect();
        Self { scale: Scale::Between { from, to }, ticks, unit: unit.to_owned() }
    }

    /// Shares from nothing to all.
    pub(in crate::report) fn shares(unit: &str) -> Self {
        let ticks = [0.0, 0.25, 0.5, 0.75, 1.0].map(|share| (share, format!("{:.0} %", share * 100.0)));
        Self { scale: Scale::Linear { end: 1.0 }, ticks: ticks.to_vec(), unit: unit.to_owned() }
    }

    /// Spans of time on a logarithmic scale, in seconds; with a slot for those of 0 if there are any.
    pub(in crate::report) fn spans(least_s: f64, most_s: f64, zeros: bool, unit: &str) -> Self {
        let least = least_s.max(1e-3);
        let from = span_ticks().filter(|&tick| tick <= least).last().unwrap_or(1e-3);
        let to = span_ticks().find(|&tick| tick >= most_s && tick > from).unwrap_or_else(|| most_s.max(from * 2.0));
        let slot = if zeros { 0.08 } else { 0.0 };
        let zero = zeros.then(|| (0.0, "0".to_owned()));
        let within = span_ticks().filter(|tick| (from..=to).contains(tick)).map(|tick| (tick, span(tick)));
        Self {
            scale: Scale::Log { from, to, slot },
            ticks: zero.into_iter().chain(within).collect(),
            unit: unit.to_owned(),
        }
    }
}

/// Spans that people think in, in seconds.
pub(in crate::report) fn span_ticks() -> impl Iterator<Item = f64> {
    const SECONDS: [f64; 7] = [0.001, 0.01, 0.1, 1.0, 2.0, 5.0, 10.0];
    const LONGER: [f64; 16] = [
        20.0,
        60.0,
        120.0,
        300.0,
        600.0,
        1_200.0,
        3_600.0,
        7_200.0,
        18_000.0,
        43_200.0,
        86_400.0,
        172_800.0,
        604_800.0,
        2_592_000.0,
        31_536_000.0,
        315_360_000.0,
    ];
    SECONDS.into_iter().chain(LONGER)
}

fn label(tick: f64) -> String {
    if tick == 0.0 || tick >= 100.0 {
        number(tick)
    } else {
        // Ticks are round numbers: all their digits, and no more.
        format!("{}", (tick * 1e6).round() / 1e6)
    }
}

fn ticks(end: f64, step: f64) -> Vec<f64> {
    (0_u32..1_000).map(|n| f64::from(n) * step).take_while(|&tick| tick <= end * 1.000_001).collect()
}

/// The smallest of 1, 2, 5 × 10ⁿ that gives at most `most` steps.
fn nice_step(end: f64, most: f64) -> f64 {
    let scale = 10_f64.powf((end / most).log10().floor());
    [1.0, 2.0, 5.0].into_iter().map(|factor| factor * scale).find(|step| end / step <= most).unwrap_or(10.0 * scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn axes_have_round_ticks() {
        let hours = Axis::time(26.0 * 3_600.0, 10);
        assert_eq!((hours.unit.as_str(), labels(&hours).join(" ")), ("hours", "0 3 6 9 12 15 18 21 24".to_owned()));
        assert_eq!(labels(&Axis::time(26.0 * 3_600.0, 5)), ["0", "6", "12", "18", "24"]);
        assert_eq!(labels(&Axis::time(90.0 * 86_400.0, 10)), ["0", "14", "28", "42", "56", "70", "84"]);
        assert_eq!(labels(&Axis::level(430.0, "vCPUs", 5)), ["0", "100", "200", "300", "400"]);
        assert_eq!(labels(&Axis::counts(1.0, "jobs", 5)), ["0", "1"]);
        for end in [0.0, 1e9] {
            assert!(Axis::time(end, 10).ticks.len() <= 11 && Axis::time(end, 5).ticks.len() <= 6);
        }
    }

    #[test]
    fn differences_lie_on_both_sides_of_zero() {
        let axis = Axis::values((-37.0, 90.0), false, "cost", 7, |value| format!("{value}"));
        assert_eq!(labels(&axis), ["-40", "-20", "0", "20", "40", "60", "80"]);
        assert!(axis.at(-37.0) > 0.0 && axis.at(90.0) < 1.0 && axis.at(-37.0) < axis.at(0.0));
        let hours = Axis::values((0.0, 9_000.0), true, "makespan", 6, span);
        assert_eq!(labels(&hours), ["0s", "30m", "1h", "1h30m", "2h", "2h30m"]);
        let point = Axis::values((5.0, 5.0), false, "cost", 6, |value| format!("{value}"));
        assert!((point.at(5.0) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn a_wait_of_nothing_has_a_place_on_a_logarithmic_axis() {
        let axis = Axis::spans(3.0, 4_000.0, true, "waited");
        assert_eq!(labels(&axis), ["0", "2s", "5s", "10s", "20s", "1m", "2m", "5m", "10m", "20m", "1h", "2h"]);
        assert!(axis.at(0.0).abs() < 1e-9 && axis.at(2.0) > 0.05 && (axis.at(7_200.0) - 1.0).abs() < 1e-9);
        let narrow = Axis::spans(60.0, 60.0, false, "waited");
        assert_eq!((labels(&narrow), narrow.at(60.0)), (vec!["1m", "2m"], 0.0));
    }
}
