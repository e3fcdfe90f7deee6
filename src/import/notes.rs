//! What became of an import: what was used, what was left out and where it stood, what had to be made up. Nothing that an
//! export holds is dropped without a line here.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

/// Places named per reason; the rest are counted.
const PLACES: usize = 3;

/// An account of an import, for people (`Display`) and programs (`Serialize`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Notes {
    used: Vec<String>,
    left_out: BTreeMap<String, LeftOut>,
    made_up: Vec<String>,
}

/// What was left out for one reason.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// How many.
    pub count: u64,
    /// Where the first of them stood, like `page-3.json /jobs/4`.
    pub places: Vec<String>,
}

impl Notes {
    /// Something was used, a sentence without a stop: `600 jobs of 3 pages`.
    pub fn used(&mut self, sentence: impl Into<String>) {
        self.used.push(sentence.into());
    }

    /// One more thing was left out. `reason` names the kind of thing and why: `jobs without a startedAt: they never ran`.
    /// Reasons must be few; what differs from one to the next belongs into `place`, which may be empty.
    pub fn leave_out(&mut self, reason: &str, place: impl Into<String>) {
        let left_out = self.left_out.entry(reason.to_owned()).or_default();
        left_out.count += 1;
        let place = place.into();
        if left_out.places.len() < PLACES && !place.is_empty() {
            left_out.places.push(place);
        }
    }

    /// So many things were left out at once.
    pub fn leave_out_many(&mut self, reason: &str, count: u64) {
        self.left_out.entry(reason.to_owned()).or_default().count += count;
    }

    /// Something had to be made up, or taken for something else: a sentence without a stop. Said once, however often.
    pub fn made_up(&mut self, sentence: impl Into<String>) {
        let sentence = sentence.into();
        if !self.made_up.contains(&sentence) {
            self.made_up.push(sentence);
        }
    }

    /// Takes in what was noted elsewhere.
    pub fn extend(&mut self, other: Self) {
        self.used.extend(other.used);
        for (reason, left_out) in other.left_out {
            let own = self.left_out.entry(reason).or_default();
            own.count += left_out.count;
            let room = PLACES.saturating_sub(own.places.len());
            own.places.extend(left_out.places.into_iter().take(room));
        }
        for sentence in other.made_up {
            self.made_up(sentence);
        }
    }

    /// Sentences about what was used.
    pub fn all_used(&self) -> &[String] {
        &self.used
    }

    /// What was left out, by reason.
    pub fn all_left_out(&self) -> &BTreeMap<String, LeftOut> {
        &self.left_out
    }

    /// Sentences about what was made up.
    pub fn all_made_up(&self) -> &[String] {
        &self.made_up
    }
}

impl fmt::Display for Notes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = Vec::new();
        let mut section = |title: &str, own: Vec<String>| {
            if !own.is_empty() {
                lines.push(title.to_owned());
                lines.extend(own.into_iter().map(|line| format!("  {line}")));
            }
        };
        section("Used", self.used.clone());
        let left_out = self.left_out.iter().map(|(reason, LeftOut { count, places })| {
            let more = if *count > places.len() as u64 && !places.is_empty() { ", …" } else { "" };
            let places = if places.is_empty() { String::new() } else { format!(" ({}{more})", places.join(", ")) };
            format!("{count} × {reason}{places}")
        });
        section("Left out", left_out.collect());
        section("Made up", self.made_up.clone());
        f.write_str(&lines.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_everything_and_names_the_first_places() {
        let mut notes = Notes::default();
        notes.used("7 jobs of 2 pages");
        for n in 0..5 {
            notes.leave_out("jobs without a startedAt", format!("b.json /jobs/{n}"));
        }
        notes.leave_out_many("nodes that nobody launched", 2);
        notes.made_up("images");
        notes.made_up("images");
        assert_eq!(
            notes.to_string(),
            "Used\n  7 jobs of 2 pages\n\
             Left out\n  5 × jobs without a startedAt (b.json /jobs/0, b.json /jobs/1, b.json /jobs/2, …)\n  \
             2 × nodes that nobody launched\n\
             Made up\n  images"
        );
    }
}
