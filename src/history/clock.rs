//! Simulated time as a date. A run begins at [`EPOCH_MS`], since it has no day of its own: the same run, the same dates.

use crate::units::SimTime;

/// 2026-01-01T00:00:00Z, in milliseconds since 1970: when every run begins.
pub const EPOCH_MS: u64 = 1_767_225_600_000;

const DAY_S: u64 = 86_400;

/// A simulated time in milliseconds since 1970, as AWS's APIs give times.
pub const fn unix_ms(at: SimTime) -> u64 {
    EPOCH_MS + at.as_millis()
}

/// A simulated time as a date: `2026-01-01T00:00:00Z`. Whole seconds, as `EventBridge` gives them.
pub fn iso_time(at: SimTime) -> String {
    let secs = unix_ms(at) / 1_000;
    let (mut days, time) = (secs / DAY_S, secs % DAY_S);
    let mut year = 1970;
    while days >= days_of_year(year) {
        days -= days_of_year(year);
        year += 1;
    }
    let mut month = 0;
    while days >= days_of_month(year, month) {
        days -= days_of_month(year, month);
        month += 1;
    }
    let (hours, minutes, seconds) = (time / 3_600, time / 60 % 60, time % 60);
    format!("{year:04}-{:02}-{:02}T{hours:02}:{minutes:02}:{seconds:02}Z", month + 1, days + 1)
}

const fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400)
}

const fn days_of_year(year: u64) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

/// Days of a month, counted from 0.
const fn days_of_month(year: u64, month: usize) -> u64 {
    const DAYS: [u64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    if month == 1 && is_leap(year) { 29 } else { DAYS[month] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        let at = |secs: u64| iso_time(SimTime::from_millis(secs * 1_000));
        assert_eq!(at(0), "2026-01-01T00:00:00Z");
        assert_eq!(at(59 * DAY_S + 3_725), "2026-03-01T01:02:05Z");
        // 2028 is a leap year.
        assert_eq!(at((365 * 2 + 59) * DAY_S), "2028-02-29T00:00:00Z");
        assert_eq!(at((365 * 3 + 1) * DAY_S - 1), "2028-12-31T23:59:59Z");
    }
}
