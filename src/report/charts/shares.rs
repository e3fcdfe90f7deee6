//! Who had how much of fair-share queues over time.

use crate::metrics::figures::{number, percent};
use crate::metrics::{Results, ShareRow, ShareSeries};
use crate::report::charts::kit::Figure;
use crate::report::charts::kit::palette::KINDS;
use crate::report::charts::over_time::{Layer, Levels, Lie, largest, panels, sum};

/// Nothing where no queue shares fairly.
pub(in crate::report) fn figure(results: &Results) -> Option<Figure> {
    let (id, title) = ("shares", "vCPUs of each share over time");
    let sentence = sentence(&results.summary.shares)?;
    let shares = &results.pictures.as_ref()?.shares;
    let named = results.summary.queues.len() > 1;
    let all = shares.iter().collect();
    let (mut own, rest) = largest(all, KINDS.len(), |share: &&ShareSeries| share.vcpus.iter().sum());
    own.sort_by(|a, b| (&a.queue, &a.share).cmp(&(&b.queue, &b.share)));
    let layer = |(share, paint): (&&ShareSeries, _)| {
        let label = if named { format!("{}: {}", share.queue, share.share) } else { share.share.clone() };
        Layer { label, paint, levels: share.vcpus.clone() }
    };
    let mut layers: Vec<Layer> = own.iter().zip(KINDS).map(layer).collect();
    if !rest.is_empty() {
        let levels = sum(rest.iter().map(|share| share.vcpus.as_slice()), results.timeline.len());
        layers.push(Layer { label: format!("{} others", rest.len()), paint: KINDS[KINDS.len() - 1], levels });
    }
    Some(Figure::new(id, title, sentence, |picture| {
        let height = if picture.is_narrow() { 150 } else { 200 };
        panels(picture, &results.timeline, &[Levels { unit: "vCPUs", layers: &layers, lie: Lie::Stacked, height }]);
    }))
}

/// The shares with most, by name; nothing without shares.
fn sentence(shares: &[ShareRow]) -> Option<String> {
    let whole: f64 = shares.iter().map(|share| share.vcpu_hours).sum();
    if whole <= 0.0 {
        return None;
    }
    let (most, _) = largest(shares.iter().collect(), shares.len(), |share| share.vcpu_hours);
    let named: Vec<String> = most
        .iter()
        .take(3)
        .map(|share| format!("share {} had {}", share.share, percent(share.vcpu_hours / whole)))
        .collect();
    Some(format!("Of {} vCPU-hours that pods held, {}.", number(whole), named.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Quantiles;

    #[test]
    fn the_shares_with_most_are_named_first() {
        let share = |name: &str, vcpu_hours| ShareRow {
            queue: "q".to_owned(),
            share: name.to_owned(),
            submitted: 1,
            succeeded: 1,
            failed: 0,
            unfinished: 0,
            wait_s: Quantiles::default(),
            vcpu_hours,
        };
        let text = "Of 40.0 vCPU-hours that pods held, share b had 75 %, share a had 25 %.";
        assert_eq!(sentence(&[share("a", 10.0), share("b", 30.0)]).unwrap(), text);
        assert_eq!((sentence(&[share("a", 0.0)]), sentence(&[])), (None, None));
    }
}
