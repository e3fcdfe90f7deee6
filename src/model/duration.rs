//! Spans of time as people write them in a scenario: `90s`, `1.5h`, `1h30m`, ISO 8601's `PT1H30M`, or a number of seconds.

use std::borrow::Cow;
use std::fmt::Write;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::units::SimDuration;

/// A span that is read from and written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct TextDuration(pub SimDuration);

/// Text that is no span of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no span of time: write it like 90s, 15m, 1h30m, 2d, PT2H, or as a number of seconds")]
pub struct ParseDurationError(pub String);

/// Reads a span of time.
pub fn parse(text: &str) -> Result<SimDuration, ParseDurationError> {
    let error = || ParseDurationError(text.to_owned());
    let compact = text.trim().to_ascii_lowercase();
    // ISO 8601 is ours but for its marks: P separates the date, T the time of day.
    let body = match compact.strip_prefix('p') {
        Some(iso) => Cow::Owned(iso.replace('t', "")),
        None => Cow::Borrowed(compact.as_str()),
    };
    let mut rest = body.as_ref();
    let mut seconds = 0.0;
    let mut last_unit = f64::INFINITY;
    if rest.is_empty() {
        return Err(error());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let factor = match unit {
            "ms" => 1e-3,
            "" | "s" | "sec" | "secs" => 1.0,
            "m" | "min" | "mins" => 60.0,
            "h" | "hour" | "hours" => 3_600.0,
            "d" | "day" | "days" => 86_400.0,
            "w" | "week" | "weeks" => 604_800.0,
            _ => return Err(error()),
        };
        // Units must fall, so that `5s1h` is a slip and not six units of something.
        if factor >= last_unit || (unit.is_empty() && last_unit.is_finite()) {
            return Err(error());
        }
        last_unit = factor;
        seconds += number.parse::<f64>().map_err(|_| error())? * factor;
        rest = tail;
    }
    Ok(SimDuration::from_secs_f64(seconds))
}

/// The exact text of a span: units that fall, down to the millisecond.
pub fn to_text(span: SimDuration) -> String {
    let mut millis = span.as_millis();
    let mut text = String::new();
    for (size, unit) in [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms")] {
        if millis >= size {
            write!(text, "{}{unit}", millis / size).expect("writing to a string can't fail");
            millis %= size;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

impl Serialize for TextDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&to_text(self.0))
    }
}

impl<'de> Deserialize<'de> for TextDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Raw<'a> {
            Seconds(f64),
            Text(Cow<'a, str>),
        }
        match Raw::deserialize(deserializer)? {
            Raw::Seconds(s) if s >= 0.0 => Ok(Self(SimDuration::from_secs_f64(s))),
            Raw::Seconds(s) => Err(serde::de::Error::custom(ParseDurationError(s.to_string()))),
            Raw::Text(text) => parse(&text).map(Self).map_err(serde::de::Error::custom),
        }
    }
}

impl JsonSchema for TextDuration {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A span of time: 90s, 15m, 1h30m, 2d, ISO 8601's PT2H, or a number of seconds.",
            "type": ["string", "number"], "minimum": 0, "format": "span"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        let millis = |text| parse(text).map(SimDuration::as_millis);
        assert_eq!(millis("90s"), Ok(90_000));
        assert_eq!(millis("90"), Ok(90_000));
        assert_eq!(millis("1.5h"), Ok(5_400_000));
        assert_eq!(millis("1h30m"), Ok(5_400_000));
        assert_eq!(millis("PT1H30M"), Ok(5_400_000));
        assert_eq!(millis("P1DT2H"), Ok(93_600_000));
        assert_eq!(millis("250ms"), Ok(250));
        for wrong in ["", "h", "5x", "5s1h", "1h5", "-3s", "1..5s", "P"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn writes_what_it_reads() {
        for millis in [0, 1, 999, 61_001, 93_600_000] {
            let span = SimDuration::from_millis(millis);
            assert_eq!(parse(&to_text(span)), Ok(span));
        }
    }
}
