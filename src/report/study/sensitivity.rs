//! Sensitivity in tables and sentences: does the ranking hold, which assumptions matter, which don't. Everything shown here
//! is in `sensitivity.json` too.

use crate::experiment::sensitivity::{
    Change, ChangeKind, Effect, Elementary, End, Influence, LevelRow, Ranking, Row, Screened, Sensitivity, Why,
};
use crate::experiment::{Better, Interrupted, MetricColumn, Unit};
use crate::metrics::figures::{count, counted, number, percent};
use crate::report::form::{self, NONE, Table};
use crate::report::terminal::columns;

/// Columns of a terminal.
const WIDTH: usize = 100;
/// A screened assumption with less than this share of the largest effect is told in a line, not in a row.
const SMALL: f64 = 0.01;

/// The study as text, with a line break at the end.
pub fn sensitivity_table(found: &Sensitivity) -> String {
    let mut sections = vec![head(found)];
    if let Some(ranking) = &found.ranking {
        sections.push(ranking_table(found, ranking));
    }
    for (index, metric) in found.metrics.iter().enumerate() {
        sections.push(if found.morris.is_some() {
            screening(found, index, metric)
        } else {
            tornado(found, index, metric)
        });
    }
    sections.push(notes(found));
    let mut text = sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n\n");
    text.push('\n');
    text
}

/// Rows of strings in columns.
fn section<const N: usize>(heads: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let rows: Vec<[String; N]> = rows.into_iter().collect();
    columns(heads, rows.iter().map(|row| row.iter().map(String::as_str)))
}

/// What was done, in a line or two.
pub(in crate::report) fn head(found: &Sensitivity) -> String {
    let last = found.seed.wrapping_add(u64::from(found.replications.saturating_sub(1)));
    let seeds = format!("seeds {} to {last}, {} intervals", found.seed, percent(found.level));
    let mut text = match &found.morris {
        Some(screening) => format!(
            "{}: {} together, {} ({seeds})",
            found.scenario,
            counted(screening.rows.len() as u64, "assumption"),
            plural(screening.trajectories, "trajectory", "trajectories"),
        ),
        None => format!(
            "{}: {} one at a time, {} each ({seeds})",
            found.scenario,
            counted(found.rows.len() as u64, "assumption"),
            counted(found.replications.into(), "replication"),
        ),
    };
    text = fold(&text);
    if let Some(interrupted) = found.interrupted {
        let Interrupted { finished, wanted } = interrupted;
        let [finished, wanted] = [finished, wanted].map(count);
        let told = format!("INTERRUPTED: {finished} of {wanted} runs are finished");
        text = format!("{text}\n{told}; the replications that every level has are shown");
    }
    text
}

fn plural(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// Whether the ranking holds, and what breaks it.
fn ranking_table(found: &Sensitivity, ranking: &Ranking) -> String {
    let metric = &found.metrics[0];
    let name = |variant: usize| found.variants[variant].name.as_str();
    let best = ranking.base.by_mean.first().copied().unwrap_or(0);
    let direction = match metric.better {
        Better::Lower => "lower",
        Better::Higher => "higher",
    };
    let by = format!("by {} ({direction} is better)", metric.key);
    let mut parts = vec![headline(ranking, name(best), &by)];
    if !ranking.base.not_distinguishable_from_best.is_empty() {
        let others = ranking.base.not_distinguishable_from_best.iter();
        let others: Vec<_> = others.map(|&other| format!("`{}`", name(other))).collect();
        parts.push(fold(&format!("it can't be told from {}", others.join(", "))));
    }
    let (grave, others): (Vec<_>, Vec<_>) =
        ranking.changes.iter().partition(|change| change.kind <= ChangeKind::BestInDoubt);
    if !grave.is_empty() {
        let heads = ["ASSUMPTION", "value", "what happens", "difference", "±", ""];
        parts.push(section(heads, grave.iter().map(|change| change_row(found, change, best))));
        let best = name(best);
        let told = format!("(difference: of the best one then from `{best}`, or of `{best}` from the one it is like)");
        parts.push(fold(&told));
    }
    for (kind, told) in [
        (ChangeKind::OthersReverse, "variants behind the best change places under"),
        (ChangeKind::OthersInDoubt, "variants behind the best can't be told apart under"),
    ] {
        let of_kind = others.iter().filter(|change| change.kind == kind);
        let named: Vec<_> = of_kind.map(|change| format!("{} {}", change.assumption, change.label)).collect();
        if !named.is_empty() {
            parts.push(lines(told, named.iter().map(String::as_str)));
        }
    }
    parts.join("\n")
}

/// The answer in a sentence.
fn headline(ranking: &Ranking, best: &str, by: &str) -> String {
    let all = counted(ranking.assumptions as u64, "assumption");
    let touched = |kinds: &[ChangeKind]| {
        let changes = ranking.changes.iter().filter(|change| kinds.contains(&change.kind));
        changes.map(|change| change.assumption.as_str()).collect::<std::collections::BTreeSet<_>>().len()
    };
    let flips = touched(&[ChangeKind::AnotherIsBest]);
    let doubts = touched(&[ChangeKind::AnotherIsBest, ChangeKind::BestInDoubt]);
    let is_open = !ranking.base.not_distinguishable_from_best.is_empty();
    let mean = if is_open { "has the best mean" } else { "is best" };
    let stands = fold(&format!("with all of them as they are, `{best}` {mean} {by}"));
    let told = if flips > 0 {
        format!("THE BEST VARIANT IS ANOTHER under {flips} of {all};")
    } else if doubts > 0 {
        format!("THE BEST VARIANT IS IN DOUBT under {doubts} of {all};")
    } else if is_open {
        format!("WHICH VARIANT IS BEST IS OPEN, and none of {all} makes another one the best;")
    } else if ranking.changes.is_empty() {
        format!("THE RANKING HOLDS under all {all}, at both ends of their ranges;")
    } else {
        format!("THE BEST VARIANT STAYS THE BEST under all {all}, at both ends of their ranges;")
    };
    format!("{told}\n{stands}")
}

fn change_row(found: &Sensitivity, change: &Change, best: usize) -> [String; 6] {
    let unit = found.metrics[0].unit;
    let name = |variant: usize| found.variants[variant].name.as_str();
    // Where the best one stays first: the first of those that it can't be told from any more.
    let rival = change.pairs.iter().find(|pair| pair.better == best);
    let difference = change.difference.or_else(|| rival.and_then(|pair| pair.difference));
    let what = match change.kind {
        ChangeKind::AnotherIsBest => format!("best: {}", name(change.best)),
        _ if change.best != best => format!("like: {}", name(change.best)),
        _ => format!("like: {}", rival.map_or("", |pair| name(pair.worse))),
    };
    [
        change.assumption.clone(),
        change.label.clone(),
        what,
        difference.map_or_else(|| NONE.to_owned(), |difference| signed(unit, difference.mean)),
        half_width(unit, difference.and_then(|difference| difference.half_width)),
        change.relative.map_or_else(String::new, signed_percent),
    ]
}

/// What stands out, a sentence each.
pub(in crate::report) fn sentences(found: &Sensitivity) -> Vec<String> {
    let mut sentences = Vec::new();
    if let (Some(ranking), Some(metric)) = (&found.ranking, found.metrics.first()) {
        let best = ranking.base.by_mean.first().copied().unwrap_or(0);
        let told = headline(ranking, &found.variants[best].name, &format!("by {}", metric.key));
        sentences.push(told.split_whitespace().collect::<Vec<_>>().join(" ") + ".");
    }
    for (index, metric) in found.metrics.iter().enumerate().filter(|_| found.morris.is_none()) {
        let rows = found.tornado(index);
        let certain = rows.iter().filter(|row| row.influence(index) == Some(Influence::Certain)).count();
        let largest = rows.first().filter(|row| row.influence(index) >= Some(Influence::Perhaps));
        let largest = largest.map_or_else(String::new, |row| format!("; {} has the largest effect", row.assumption));
        let all = counted(found.rows.len() as u64, "assumption");
        sentences.push(format!("{certain} of {all} move {} beyond doubt{largest}.", metric.key));
    }
    sentences
}

/// What else is to be known, a sentence each.
pub(in crate::report) fn remarks(found: &Sensitivity) -> Vec<String> {
    // Lines that go on begin with a space.
    notes(found).replace("\n  ", " ").lines().map(str::to_owned).collect()
}

/// A table for each metric, the largest effect first.
pub(in crate::report) fn tables(found: &Sensitivity) -> Vec<Table> {
    let tables = found.metrics.iter().enumerate().map(|(index, metric)| {
        if found.morris.is_some() {
            let (rows, _) = screened(found, index, metric.unit);
            let rows = rows.into_iter().map(|row| row.map(form::Cell::text).to_vec());
            return Table::new(metric.key.key(), &SCREENING_HEADS, rows.collect()).of("assumption").ordered();
        }
        let rows = found.tornado(index);
        let shown = rows.iter().filter(|row| row.influence(index) >= Some(Influence::Perhaps));
        let rows = shown.map(|row| tornado_row(row, index, metric.unit).map(form::Cell::text).to_vec());
        let heads = ["low", "base", "high", "at low", "at high", "±", "", "verdict"];
        Table::new(metric.key.key(), &heads, rows.collect()).of("assumption").ordered()
    });
    tables.collect()
}

/// What assumptions do to a metric by themselves, the largest effect first.
fn tornado(found: &Sensitivity, index: usize, metric: &MetricColumn) -> String {
    let title = metric.key.key().to_uppercase();
    let heads = [title.as_str(), "low", "base", "high", "at low", "at high", "±", "", "verdict"];
    let rows = found.tornado(index);
    let of = |wanted: Influence| rows.iter().filter(move |row| row.influence(index) == Some(wanted)).copied();
    let shown = rows.iter().filter(|row| row.influence(index) >= Some(Influence::Perhaps));
    let shown: Vec<_> = shown.map(|row| tornado_row(row, index, metric.unit)).collect();
    let mut parts = vec![base_line(found, index, metric)];
    if shown.is_empty() {
        parts.push("no assumption has an effect that can be told from zero".to_owned());
    } else {
        parts.push(section(heads, shown));
    }
    for (influence, told) in [
        (Influence::NotDistinguishable, "can't be told from zero"),
        (Influence::TooFewRuns, "too few runs to tell"),
        (Influence::NoEffect, "no effect on it"),
    ] {
        let names: Vec<_> = of(influence).map(|row| row.assumption.as_str()).collect();
        if !names.is_empty() {
            parts.push(lines(told, names.into_iter()));
        }
    }
    parts.join("\n")
}

/// The metric as it is, and whose effects follow.
fn base_line(found: &Sensitivity, index: usize, metric: &MetricColumn) -> String {
    let variant = &found.variants[found.baseline];
    let mean = variant.means[index].map_or_else(
        || NONE.to_owned(),
        |mean| format!("{} ± {}", metric.unit.show(mean.mean), half_width(metric.unit, mean.half_width)),
    );
    let of = if found.variants.len() > 1 { format!(" of `{}`", variant.name) } else { String::new() };
    fold(&format!("{}{of} as it stands: {mean}", metric.key))
}

fn tornado_row(row: &Row, metric: usize, unit: Unit) -> [String; 9] {
    let [low, high] = [End::Low, End::High].map(|end| row.at(end, metric));
    let label = |side: Option<(&LevelRow, &_)>| side.map_or_else(|| NONE.to_owned(), |(level, _)| short(&level.label));
    let largest = [low, high].into_iter().flatten().map(|(_, effect)| effect);
    let largest = largest.max_by(|a, b| a.size().total_cmp(&b.size()));
    let change = |side: Option<(&LevelRow, &Effect)>| {
        let difference = side.and_then(|(_, effect)| effect.difference);
        difference.map_or_else(|| NONE.to_owned(), |difference| signed(unit, difference.mean))
    };
    [
        row.assumption.clone(),
        label(low),
        short(&row.base_label),
        label(high),
        change(low),
        change(high),
        half_width(unit, largest.and_then(|effect| effect.difference?.half_width)),
        largest.and_then(|effect| effect.relative).map_or_else(String::new, signed_percent),
        match row.influence(metric) {
            Some(Influence::Certain) => "certain".to_owned(),
            _ => "perhaps".to_owned(),
        },
    ]
}

const SCREENING_HEADS: [&str; 6] = ["range", "mu*", "±", "of the mean", "mu", "sigma/mu*"];

/// Elementary effects on a metric.
fn screening(found: &Sensitivity, index: usize, metric: &MetricColumn) -> String {
    let (rows, small) = screened(found, index, metric.unit);
    let title = metric.key.key().to_uppercase();
    let [range, mu_star, half, share, mu, sigma] = SCREENING_HEADS;
    let heads = [title.as_str(), range, mu_star, half, share, mu, sigma];
    let mut parts = vec![base_line(found, index, metric), section(heads, rows)];
    let (none, small): (Vec<_>, Vec<_>) = small.into_iter().partition(|(_, effect)| effect.mu_star.mean == 0.0);
    for (told, rows) in [("below 1 % of the largest", small), ("no effect", none)] {
        if !rows.is_empty() {
            parts.push(lines(told, rows.iter().map(|(row, _)| row.assumption.as_str())));
        }
    }
    parts.join("\n")
}

/// Elementary effects as rows, the largest first; and those that are too small for one.
fn screened(found: &Sensitivity, index: usize, unit: Unit) -> (Vec<[String; 7]>, Vec<(&Screened, Elementary)>) {
    let all = found.morris.iter().flat_map(|screening| &screening.rows);
    let mut rows: Vec<_> = all.filter_map(|row| row.effects[index].map(|effect| (row, effect))).collect();
    rows.sort_by(|a, b| b.1.mu_star.mean.total_cmp(&a.1.mu_star.mean));
    let largest = rows.first().map_or(0.0, |(_, effect)| effect.mu_star.mean);
    let mean = found.variants[found.baseline].means[index].map_or(0.0, |mean| mean.mean.abs());
    let (large, small): (Vec<_>, Vec<_>) =
        rows.into_iter().partition(|(_, effect)| effect.mu_star.mean > 0.0 && effect.mu_star.mean >= SMALL * largest);
    let shown = large.into_iter().map(|(row, effect)| {
        [
            row.assumption.clone(),
            short(&row.range),
            unit.show(effect.mu_star.mean),
            half_width(unit, effect.mu_star.half_width),
            if mean > 0.0 { percent(effect.mu_star.mean / mean) } else { NONE.to_owned() },
            signed(unit, effect.mu),
            effect.interaction.map_or_else(|| NONE.to_owned(), number),
        ]
    });
    (shown.collect(), small)
}

fn notes(found: &Sensitivity) -> String {
    let mut parts = Vec::new();
    if found.morris.is_some() {
        parts.push(
            "mu*: mean size of the change over the whole range, all others anywhere in theirs; mu with its sign;\n\
             sigma/mu* near 0: the same everywhere; near 1 or above: depends on the value, on others, or on chance"
                .to_owned(),
        );
    } else {
        parts.extend(cannot_run(found));
        parts.push(false_alarms(found));
    }
    let no_part: Vec<_> = found
        .rows
        .iter()
        .filter(|row| row.influence(0) == Some(Influence::NoPart))
        .filter(|row| row.levels.iter().all(|level| level.refused.is_none()))
        .map(|row| row.assumption.as_str())
        .collect();
    if !no_part.is_empty() {
        parts.push(lines("play no part here (all results are the same)", no_part.into_iter()));
    }
    for why in [Why::VariantsDiffer, Why::NothingElse, Why::Scaled, Why::Documented, Why::FreeText] {
        let names: Vec<_> =
            found.not_varied.iter().filter(|row| row.why == why).map(|row| row.assumption.as_str()).collect();
        if !names.is_empty() {
            parts.push(lines(&format!("not varied, {}", why.text()), names.into_iter()));
        }
    }
    parts.join("\n")
}

/// Levels that make no valid scenario, with what is said against them.
fn cannot_run(found: &Sensitivity) -> Vec<String> {
    let levels = found.rows.iter().flat_map(|row| row.levels.iter().map(move |level| (row, level)));
    let told = levels.filter_map(|(row, level)| {
        let lead = format!("CAN'T RUN with {} {}:", row.assumption, level.label);
        Some(wrapped(&lead, level.refused.as_ref()?.split(' ')))
    });
    told.collect()
}

/// How many of the effects that are told may be chance.
fn false_alarms(found: &Sensitivity) -> String {
    let effects = found.rows.iter().flat_map(|row| &row.levels).filter(|level| level.refused.is_none()).count();
    #[expect(clippy::cast_precision_loss, reason = "few effects")]
    let expected = effects as f64 * (1.0 - found.level);
    fold(&format!(
        "certain: beyond doubt with all effects on a metric ({effects}) taken together (Holm, {}); perhaps: by itself; \
         without any effect, {} of them would be a perhaps by chance: more --replications tell; \
         ± and the share are of the larger effect",
        percent(found.level),
        number(expected)
    ))
}

/// A lead and names behind it, in lines of at most 100 columns.
fn lines<'a>(lead: &str, names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<String> = names.map(|name| format!("{name},")).collect();
    if let Some(last) = names.last_mut() {
        last.pop();
    }
    wrapped(&format!("{lead}:"), names.iter().map(String::as_str))
}

/// A sentence in lines of at most 100 columns.
fn fold(text: &str) -> String {
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    wrapped(first, rest.split(' ').filter(|word| !word.is_empty()))
}

/// Words in lines of at most 100 columns, those from the second on indented.
fn wrapped<'a>(lead: &str, words: impl Iterator<Item = &'a str>) -> String {
    let mut text = lead.to_owned();
    let mut column = text.chars().count();
    for word in words {
        let width = word.chars().count() + 1;
        if column + width > WIDTH {
            text.push_str("\n ");
            column = 1;
        }
        text.push(' ');
        text.push_str(word);
        column += width;
    }
    text
}

/// A label that fits in its column, without what it has in parentheses.
fn short(label: &str) -> String {
    const LONGEST: usize = 15;
    let label = label.split(" (").next().unwrap_or(label);
    if label.chars().count() <= LONGEST {
        return label.to_owned();
    }
    label.chars().take(LONGEST - 1).chain(['…']).collect()
}

fn signed(unit: Unit, value: f64) -> String {
    if value > 0.0 { format!("+{}", unit.show(value)) } else { unit.show(value) }
}

fn signed_percent(share: f64) -> String {
    if share > 0.0 { format!("+{}", percent(share)) } else { percent(share) }
}

fn half_width(unit: Unit, half: Option<f64>) -> String {
    half.map_or_else(|| NONE.to_owned(), |half| unit.show(half))
}
