//! What a report says of where its numbers come from: the command that gives them again, prices, the catalog's dates.

use std::path::Path;

use crate::catalog::own;
use crate::report::{PriceSource, Provenance, Source};
use crate::scenario::Resolved;

/// Of results that this command with these words computed from a scenario.
pub(super) fn provenance(words: &[String], scenario: &Resolved) -> Provenance {
    let prices = scenario.prices.iter().map(|price| PriceSource {
        instance_type: price.instance_type.clone(),
        on_demand_usd: price.on_demand_per_hour.as_usd(),
        spot_usd: price.spot_per_hour.map(crate::units::MicroUsd::as_usd),
        basis: price.basis.clone(),
        as_of: price.as_of.clone(),
    });
    let sources = own::sources().into_iter().map(|source| Source {
        what: source.what.to_owned(),
        from: source.from.to_owned(),
        as_of: source.as_of.to_owned(),
    });
    let recorded = scenario.recorded.iter().map(|facts| Source {
        what: facts.what.clone(),
        from: facts.from.clone(),
        as_of: facts.as_of.clone(),
    });
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    Provenance {
        description: scenario.description.clone(),
        command: format!("windtunnel {}", words.join(" ")),
        region: scenario.region.clone(),
        prices: prices.collect(),
        sources: sources.chain(recorded).collect(),
    }
}

/// A file as it was named; of one named from the root, the name alone: where it lies is nobody else's business.
pub(super) fn file_word(path: &Path) -> String {
    let shown = if path.is_absolute() { path.file_name().map_or(path, Path::new) } else { path };
    shown.display().to_string()
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_./=:,@%+-".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_can_be_pasted_and_tell_no_folder_of_ours() {
        assert_eq!(["--seed", "a b", "it's", ""].map(quoted), ["--seed", "'a b'", "'it'\\''s'", "''"]);
        assert_eq!(file_word(Path::new("scenarios/a.json")), "scenarios/a.json");
        assert_eq!(file_word(&Path::new("/").join("home").join("a.json")), "a.json");
    }
}
