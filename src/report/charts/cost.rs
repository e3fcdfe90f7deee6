//! What the money for instances went to, by instance type and purchase option, the most expensive first.

use crate::metrics::figures::{counted, percent, usd};
use crate::metrics::{InstanceTypeRow, Results, Summary};
use crate::report::charts::kit::palette::{BLUE, GREY, LIGHT_BLUE, PURPLE, Paint, VERMILION, YELLOW};
use crate::report::charts::kit::{Bar, Figure, Key, Mark, Picture, bars, legend};
use crate::report::tables::types_by_cost;

/// Bars at most; the last one is all others.
const BARS: usize = 9;

/// A part of a bill: its name, its colour and how to find it.
type Part = (&'static str, Paint, fn(&InstanceTypeRow) -> f64);

const PARTS: [Part; 6] = [
    ("useful", BLUE, |row| row.useful_cost),
    ("lost attempts", VERMILION, |row| row.lost_cost),
    ("unfinished", PURPLE, |row| row.unfinished_cost),
    ("nodes starting", YELLOW, |row| row.startup_cost),
    ("kubelet and daemonsets", GREY, |row| row.overhead_cost),
    ("idle", LIGHT_BLUE, |row| row.idle_cost),
];

pub(in crate::report) fn figure(results: &Results) -> Figure {
    let (id, title) = ("cost", "What the money for instances went to");
    let rows: Vec<&InstanceTypeRow> =
        types_by_cost(&results.summary).into_iter().filter(|row| row.cost > 0.0).collect();
    if rows.is_empty() {
        return Figure::nothing(id, title, "Nothing was paid for instances.");
    }
    let sentence = sentence(&results.summary, &rows);
    Figure::new(id, title, sentence, |picture| draw(picture, &rows))
}

/// How a type and purchase option are written.
pub(super) fn name(row: &InstanceTypeRow) -> String {
    match (&row.instance_type, row.purchase) {
        (Some(name), Some(purchase)) => format!("{name} {purchase}"),
        _ => "adopted nodes".to_owned(),
    }
}

/// The most expensive type, what was useful, and the largest of the other parts.
fn sentence(summary: &Summary, rows: &[&InstanceTypeRow]) -> String {
    let (cost, first) = (&summary.cost, rows[0]);
    let of = |part: f64| percent(part / cost.instances);
    let total = |part: &Part| rows.iter().map(|row| (part.2)(row)).sum::<f64>();
    let (wasted, what) = PARTS[1..].iter().fold((0.0, ""), |most, part| {
        let sum = total(part);
        if sum > most.0 { (sum, part.0) } else { most }
    });
    let waste =
        if wasted > 0.0 { format!("; the largest other part is {what}, {}", of(wasted)) } else { String::new() };
    let head = if rows.len() > 1 {
        format!(
            "{} took {} of the {} paid for instances, most of all types",
            name(first),
            of(first.cost),
            usd(cost.instances)
        )
    } else {
        format!("All of the {} paid for instances went to {}", usd(cost.instances), name(first))
    };
    format!("{head}; {} of the money was useful{waste}.", of(cost.useful))
}

fn draw(picture: &mut Picture, rows: &[&InstanceTypeRow]) {
    let total = |part: &Part| rows.iter().map(|row| (part.2)(row)).sum::<f64>();
    let parts: Vec<&Part> = PARTS.iter().filter(|part| total(part) > 0.0).collect();
    let keys: Vec<Key> = parts.iter().map(|part| Key::new(Mark::Area(part.1), part.0)).collect();
    legend(picture, "USD", &keys);
    picture.bottom += 6;
    let shown = if rows.len() > BARS { BARS - 1 } else { rows.len() };
    let bar = |label: String, rows: &[&InstanceTypeRow]| Bar {
        label,
        figure: usd(rows.iter().map(|row| row.cost).sum()),
        parts: parts.iter().map(|part| (rows.iter().map(|row| (part.2)(row)).sum(), part.1)).collect(),
    };
    let mut drawn: Vec<Bar> =
        rows[..shown].iter().map(|row| bar(format!("{}, {}", name(row), counted(row.nodes, "node")), &[row])).collect();
    if let rest @ [_, ..] = &rows[shown..] {
        let nodes = rest.iter().map(|row| row.nodes).sum();
        drawn.push(bar(format!("{} others, {}", rest.len(), counted(nodes, "node")), rest));
    }
    bars(picture, &drawn);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::CostFacts;
    use crate::model::{Assumptions, Names, PurchaseOption};
    use crate::units::SimTime;

    fn row(name: &str, cost: f64) -> InstanceTypeRow {
        InstanceTypeRow {
            instance_type: Some(name.to_owned()),
            purchase: Some(PurchaseOption::Spot),
            nodes: 3,
            vcpu_hours: 1.0,
            utilization: None,
            cost,
            idle_cost: cost / 2.0,
            useful_cost: cost / 4.0,
            lost_cost: cost / 4.0,
            unfinished_cost: 0.0,
            overhead_cost: 0.0,
            startup_cost: 0.0,
            interruptions: 0,
            attempts: 0,
        }
    }

    #[test]
    fn the_rest_is_one_bar_and_nothing_of_the_money_gets_lost() {
        let metrics = crate::metrics::Metrics::new(Vec::new(), Names::default(), &Assumptions::default());
        let mut results = metrics.finish("many", 1, SimTime::ZERO).unwrap();
        results.summary.instance_types = (1..=20).map(|n| row(&format!("t{n}.large"), f64::from(n))).collect();
        results.summary.cost = CostFacts { instances: 210.0, useful: 52.5, ..CostFacts::default() };
        let figure = figure(&results);
        let text = "t20.large Spot took 9.5 % of the $210.00 paid for instances, most of all types; 25 % of the money was \
                    useful; the largest other part is idle, 50 %.";
        assert_eq!(figure.sentence, text);
        for svg in figure.pictures.unwrap() {
            // 1 to 12 dollars.
            assert!(svg.contains("12 others, 36 nodes") && svg.contains("$78.00"), "{svg}");
            assert!(!svg.contains("t12.large") && svg.contains("t13.large"), "{svg}");
        }
    }
}
