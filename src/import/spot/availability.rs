//! Availability traces: how many instances of a pool were up, tick by tick, in the format of `skypilot-org/spot-traces`.
//!
//! ```text
//! { "metadata": { "gap_seconds": 300 }, "data": [0, 4, 4, 1], "prices": [0.9, 0.9, 0.92, 0.92] }
//! ```

use std::io::Read;

use serde_json::Value;

use crate::import::spot::error::{SpotError, TOLD};
use crate::import::unpacked::text;
use crate::units::{MicroUsd, SimDuration};

/// A trace holds a few bytes per tick: this is a year of seconds.
const BYTES_MAX: u64 = 64 << 20;
const FORM: &str = "write {\"metadata\": {\"gap_seconds\": 300}, \"data\": [4, 4, 1]}";
/// An hour's price that no instance has.
const USD_MAX: f64 = 100_000.0;

/// How many instances a pool had, tick by tick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Availability {
    /// Between two ticks.
    pub gap: SimDuration,
    /// Instances that were up, by tick.
    pub counts: Vec<u32>,
    /// Price per hour, by tick.
    pub prices: Option<Vec<MicroUsd>>,
}

impl Availability {
    /// Reads a trace, gzipped or not.
    pub fn read(from: impl Read) -> Result<Self, Vec<SpotError>> {
        let text = text(from, BYTES_MAX)
            .map_err(|error| vec![SpotError::new("", format!("it can't be read: {error}"), "name a trace in JSON")])?;
        let value = serde_json::from_str::<Value>(&text)
            .map_err(|error| vec![SpotError::new("", format!("it is no JSON: {error}"), FORM)])?;
        Self::of(&value)
    }

    /// Whether this is the form of a trace.
    pub(super) fn is(value: &Value) -> bool {
        value.get("data").is_some() && value.get("metadata").is_some()
    }

    /// Reads a trace from its JSON.
    pub(super) fn of(value: &Value) -> Result<Self, Vec<SpotError>> {
        let mut errors = Vec::new();
        let gap = value.pointer("/metadata/gap_seconds").and_then(Value::as_f64);
        let gap = gap.filter(|gap| (0.001..=31_536_000.0).contains(gap)).map(SimDuration::from_secs_f64);
        if gap.is_none() {
            let message = "the seconds between two ticks are expected here, a millisecond at least";
            errors.push(SpotError::new("/metadata/gap_seconds", message, FORM));
        }
        let count = |tick: &Value| tick.as_u64().and_then(|count| u32::try_from(count).ok());
        let counts = list(value, "data", count, "a number of instances, 0 or more, is expected here", &mut errors);
        let usd = |tick: &Value| tick.as_f64().filter(|usd| (0.0..=USD_MAX).contains(usd)).map(MicroUsd::from_usd);
        let prices = match value.get("prices") {
            None | Some(Value::Null) => None,
            Some(_) => list(value, "prices", usd, "a price in USD per hour is expected here", &mut errors),
        };
        if let (Some(counts), Some(prices)) = (&counts, &prices)
            && counts.len() != prices.len()
        {
            let message = format!("{} prices stand beside {} ticks", prices.len(), counts.len());
            errors.push(SpotError::new("/prices", message, "write one price per tick, or none at all"));
        }
        match (gap, counts) {
            (Some(gap), Some(counts)) if errors.is_empty() => Ok(Self { gap, counts, prices }),
            _ => Err(errors),
        }
    }

    /// How long it is.
    pub fn length(&self) -> SimDuration {
        SimDuration::from_millis(self.gap.as_millis().saturating_mul(self.counts.len() as u64))
    }

    /// What is listed by tick, with the time of each.
    pub fn timed<'a, T: Copy>(&self, listed: &'a [T]) -> impl Iterator<Item = (SimDuration, T)> + use<'a, T> {
        let gap = self.gap.as_millis();
        (0_u64..).zip(listed).map(move |(tick, &value)| (SimDuration::from_millis(tick * gap), value))
    }
}

fn list<T>(
    value: &Value,
    key: &str,
    read: impl Fn(&Value) -> Option<T>,
    wanted: &str,
    errors: &mut Vec<SpotError>,
) -> Option<Vec<T>> {
    let Some(ticks) = value.get(key).and_then(Value::as_array).filter(|ticks| !ticks.is_empty()) else {
        errors.push(SpotError::new(format!("/{key}"), "a list with one value per tick is expected here", FORM));
        return None;
    };
    let mut listed = Vec::with_capacity(ticks.len());
    for (tick, value) in ticks.iter().enumerate() {
        match read(value) {
            Some(read) => listed.push(read),
            None if errors.len() < TOLD => {
                errors.push(SpotError::new(
                    format!("/{key}/{tick}"),
                    format!("{wanted}, not {value}"),
                    "mend the tick",
                ));
            }
            None => break,
        }
    }
    (listed.len() == ticks.len()).then_some(listed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Availability, String> {
        let told = |errors: Vec<SpotError>| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        Availability::read(text.as_bytes()).map_err(told)
    }

    #[test]
    fn ticks_have_times() {
        let trace =
            read(r#"{"metadata":{"gap_seconds":34},"data":[0,2,1],"prices":[1,1.5,0.000001]}"#).expect("a trace");
        assert_eq!(trace.length(), SimDuration::from_secs(102));
        let timed: Vec<_> = trace.timed(&trace.counts).map(|(at, count)| (at.as_millis(), count)).collect();
        assert_eq!(timed, [(0, 0), (34_000, 2), (68_000, 1)]);
        assert_eq!(trace.prices.expect("prices")[2], MicroUsd(1));
    }

    #[test]
    fn faults_are_told_by_pointer() {
        let told = read(r#"{"metadata":{"gap_seconds":0},"data":[1,-1,"x"],"prices":[1]}"#).unwrap_err();
        for part in ["/metadata/gap_seconds", "/data/1: ", "/data/2: ", "not \"x\""] {
            assert!(told.contains(part), "{part}: {told}");
        }
        let told = read(r#"{"metadata":{"gap_seconds":1},"data":[1,2],"prices":[1]}"#).unwrap_err();
        assert!(told.contains("/prices: 1 prices stand beside 2 ticks"), "{told}");
        assert!(read("{").unwrap_err().contains("no JSON"));
        assert!(read("{}").unwrap_err().contains("/data: a list"));
    }
}
