//! The first step at which a core decides otherwise than a journal says, and how a person is shown it: the first
//! differing item of the two decisions side by side, then how much else differs, then what the core had been shown.

use std::fmt;

use serde::Serialize;

use crate::journal::words::{self, Row};
use crate::model::Names;
use crate::scheduler::{Decision, Observation};

/// Rows or events shown before the rest is only counted.
const SHOWN_MAX: usize = 24;
/// Stands for an item or a value that one side does not have.
const ABSENT: &str = "-";

/// Two decisions on the same observation that are not equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Divergence {
    /// The step, 1 for the journal's first.
    pub step: u64,
    /// What the core was shown.
    pub observation: Observation,
    /// What the journal says it decided.
    pub expected: Decision,
    /// What it decides now.
    pub got: Decision,
    /// The journal's names.
    pub names: Names,
}

/// A part of a decision, in the order of comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// `commands`.
    Commands,
    /// `wake_at`.
    WakeAt,
    /// `endings`.
    Endings,
    /// `reasons`.
    Reasons,
}

impl Divergence {
    /// Where the decisions differ first: the part, and the item's index in it. `None` if they are equal after all.
    pub fn first(&self) -> Option<(Part, usize)> {
        // Taken apart, so that a new field of a decision can't be forgotten here.
        let Decision { commands, wake_at, endings, reasons } = &self.expected;
        let got = &self.got;
        let in_lists = |part, index: Option<usize>| index.map(|index| (part, index));
        in_lists(Part::Commands, first_difference(commands, &got.commands))
            .or_else(|| (*wake_at != got.wake_at).then_some((Part::WakeAt, 0)))
            .or_else(|| in_lists(Part::Endings, first_difference(endings, &got.endings)))
            .or_else(|| in_lists(Part::Reasons, first_difference(reasons, &got.reasons)))
    }

    /// The first differing item on both sides, as rows.
    fn sides(&self, part: Part, index: usize) -> [Vec<Row>; 2] {
        [&self.expected, &self.got].map(|decision| match part {
            Part::Commands => self.item(&decision.commands, index),
            Part::Endings => self.item(&decision.endings, index),
            Part::Reasons => self.item(&decision.reasons, index),
            Part::WakeAt => {
                let text = decision.wake_at.map_or_else(|| "none".to_owned(), words::time);
                vec![Row { path: part.to_string(), text }]
            }
        })
    }

    fn item<T: Serialize>(&self, list: &[T], index: usize) -> Vec<Row> {
        list.get(index).map(|item| words::rows(item, &self.names)).unwrap_or_default()
    }

    fn totals(&self) -> Vec<[String; 3]> {
        let (expected, got) = (&self.expected, &self.got);
        let wake = |decision: &Decision| decision.wake_at.map_or_else(|| "none".to_owned(), words::time);
        let count = |part: Part, a: usize, b: usize| [part.to_string(), a.to_string(), b.to_string()];
        vec![
            count(Part::Commands, expected.commands.len(), got.commands.len()),
            [Part::WakeAt.to_string(), wake(expected), wake(got)],
            count(Part::Endings, expected.endings.len(), got.endings.len()),
            count(Part::Reasons, expected.reasons.len(), got.reasons.len()),
        ]
    }
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = words::time(self.observation.now);
        write!(f, "step {} at {at}: the core decides otherwise than the journal says", self.step)?;
        let Some((part, index)) = self.first() else { return Ok(()) };
        match part {
            Part::WakeAt => writeln!(f, ", first in {part}\n")?,
            Part::Commands | Part::Endings | Part::Reasons => writeln!(f, ", first in {part}[{index}]\n")?,
        }
        let [expected, got] = self.sides(part, index);
        side_by_side(f, "", &pair(&expected, &got))?;
        writeln!(f)?;
        side_by_side(f, "in all", &self.totals())?;
        writeln!(f, "\nobserved events: {}", self.observation.events.len())?;
        for event in self.observation.events.iter().take(SHOWN_MAX) {
            writeln!(f, "  {}", words::sentence(event, &self.names))?;
        }
        and_more(f, self.observation.events.len(), "events")
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Commands => "commands",
            Self::WakeAt => "wake_at",
            Self::Endings => "endings",
            Self::Reasons => "reasons",
        })
    }
}

fn first_difference<T: PartialEq>(a: &[T], b: &[T]) -> Option<usize> {
    let common = a.iter().zip(b).position(|(a, b)| a != b);
    common.or_else(|| (a.len() != b.len()).then(|| a.len().min(b.len())))
}

/// Rows of both sides by path: the first side's order, then what only the second has.
fn pair(expected: &[Row], got: &[Row]) -> Vec<[String; 3]> {
    let text = |rows: &[Row], path: &str| {
        rows.iter().find(|row| row.path == path).map_or_else(|| ABSENT.to_owned(), |row| row.text.clone())
    };
    let only_got = got.iter().filter(|row| expected.iter().all(|other| other.path != row.path));
    expected
        .iter()
        .chain(only_got)
        .map(|row| [row.path.clone(), text(expected, &row.path), text(got, &row.path)])
        .collect()
}

/// A table of path, journal, now; rows that differ are marked, and come alone when there are too many.
fn side_by_side(f: &mut fmt::Formatter<'_>, title: &str, rows: &[[String; 3]]) -> fmt::Result {
    let differ = |row: &[String; 3]| row[1] != row[2];
    let wanted = |row: &&[String; 3]| rows.len() <= SHOWN_MAX || differ(row);
    let shown: Vec<_> = rows.iter().filter(wanted).take(SHOWN_MAX).collect();
    let width = |column: usize, heading: &str| {
        let cells = shown.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or(0).max(heading.len())
    };
    let (paths, texts) = (width(0, title), width(1, "journal"));
    writeln!(f, "    {title:paths$}  {:texts$}  now", "journal")?;
    for row in &shown {
        let mark = if differ(row) { '≠' } else { ' ' };
        writeln!(f, "  {mark} {:paths$}  {:texts$}  {}", row[0], row[1], row[2])?;
    }
    and_more(f, rows.iter().filter(wanted).count(), "rows")
}

fn and_more(f: &mut fmt::Formatter<'_>, all: usize, what: &str) -> fmt::Result {
    match all.checked_sub(SHOWN_MAX) {
        None | Some(0) => Ok(()),
        Some(more) => writeln!(f, "    … and {more} more {what}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{JobId, JobRef, JobSpecId, NodeId, PodId};
    use crate::scheduler::{Command, Event};
    use crate::units::SimTime;

    fn create(slot: u32, node: u32) -> Command {
        let job = JobRef { job: JobId::new(0, slot.into()), child: None };
        let pod = PodId { slot, generation: 0 };
        Command::CreatePod { pod, job, spec: JobSpecId(0), attempt: 1, node: NodeId(node), node_index: None }
    }

    fn divergence(expected: Vec<Command>, got: Vec<Command>) -> Divergence {
        let events = vec![Event::PodRunning { pod: PodId { slot: 7, generation: 1 } }];
        Divergence {
            step: 3,
            observation: Observation { now: SimTime::from_millis(130_000), events },
            expected: Decision { commands: expected, ..Decision::default() },
            got: Decision { commands: got, ..Decision::default() },
            names: Names::default(),
        }
    }

    #[test]
    fn the_first_differing_command_is_shown_side_by_side() {
        let shown = divergence(vec![create(0, 3), create(1, 3)], vec![create(0, 3), create(1, 14)]).to_string();
        let expected = "\
step 3 at 130000 ms (2m10s): the core decides otherwise than the journal says, first in commands[1]

             journal    now
    command  CreatePod  CreatePod
    pod      1.0        1.0
    job      0-1        0-1
    spec     spec-0     spec-0
    attempt  1          1
  ≠ node     node-3     node-14

    in all    journal  now
    commands  2        2
    wake_at   none     none
    endings   0        0
    reasons   0        0

observed events: 1
  PodRunning pod 7.1
";
        assert_eq!(shown, expected);
    }

    #[test]
    fn an_item_that_one_side_lacks_is_shown_as_absent() {
        let shown = divergence(vec![create(0, 3)], Vec::new()).to_string();
        assert!(shown.contains("first in commands[0]"), "{shown}");
        assert!(shown.contains("≠ command  CreatePod  -"), "{shown}");
        assert!(shown.contains("≠ commands  1        0"), "{shown}");
    }

    #[test]
    fn commands_are_compared_before_the_time_to_wake() {
        let mut both = divergence(vec![create(0, 3)], Vec::new());
        both.got.wake_at = Some(SimTime::ZERO);
        assert_eq!(both.first(), Some((Part::Commands, 0)));
        both.got.commands.push(create(0, 3));
        assert_eq!(both.first(), Some((Part::WakeAt, 0)));
        both.expected.wake_at = Some(SimTime::ZERO);
        assert_eq!(both.first(), None);
    }
}
