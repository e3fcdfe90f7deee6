//! What can be wrong with a name that someone asks the catalog for, and the way out: every message names the thing, the
//! place and something that exists instead.

use super::{InstanceType, Region};

/// How looking something up in the catalog fails.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are the words of the messages")]
pub enum CatalogError {
    /// No such type.
    #[error(
        "no instance type is called `{name}`{}; `windtunnel catalog` lists the families, and a scenario can define its \
         own types in `cluster.instanceTypes`", did_you_mean(.nearest.as_deref())
    )]
    UnknownInstanceType { name: String, nearest: Option<String> },

    /// Neither family nor keyword.
    #[error(
        "`{name}` is no instance family and no keyword of AWS Batch (`optimal`, `default_x86_64`, `default_arm64`){}; \
         `windtunnel catalog` lists the families", did_you_mean(.nearest.as_deref())
    )]
    UnknownFamily { name: String, nearest: Option<String> },

    /// No such region.
    #[error("no region is called `{name}`{}; regions with prices: {known}", did_you_mean(.nearest.as_deref()))]
    UnknownRegion { name: String, nearest: Option<String>, known: String },

    /// A region of AWS that the catalog has no prices for.
    #[error(
        "the catalog has no prices for region {name} ({location}); the nearest region that has them is `{nearest}`"
    )]
    NoPriceData { name: String, location: String, nearest: String },

    /// The region does not have the type.
    #[error("{instance_type} is not offered in {region}; {}", priced_instead(.nearest.as_deref()))]
    NotOffered { instance_type: String, region: String, nearest: Option<String> },

    /// The region has the type, at a price that the catalog does not know.
    #[error("{instance_type} is offered in {region}, but the catalog has no On-Demand price for it; {}", priced_instead(.nearest.as_deref()))]
    NoOnDemandPrice { instance_type: String, region: String, nearest: Option<String> },

    /// A family or keyword that stands for nothing in the region.
    #[error("`{name}` stands for no instance type that has an On-Demand price in {region}; {}", priced_instead(.nearest.as_deref()))]
    NothingOffered { name: String, region: String, nearest: Option<String> },

    /// A table of the user's own that can't be taken for the embedded one.
    #[error("{table}: {message}; `windtunnel catalog refresh` writes such tables")]
    OwnTable { table: String, message: String },

    /// Types that can't share a compute environment.
    #[error(
        "{x86_64} is x86_64 and {arm64} is arm64: the types of a compute environment share one architecture; keep those \
         of one and give the others an environment of their own"
    )]
    MixedArchitectures { x86_64: String, arm64: String },
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map(|name| format!(" (did you mean `{name}`?)")).unwrap_or_default()
}

fn priced_instead(nearest: Option<&str>) -> String {
    let nearest = nearest.map(|name| format!("the nearest with a price is `{name}`, or ")).unwrap_or_default();
    format!("{nearest}give it one in the scenario: an entry of `cluster.instanceTypes` with `onDemandPrice`")
}

/// The candidate most similar to `name`, if any is similar at all; the first among equals.
pub(super) fn nearest_name<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// Below this share of common letters a suggestion is a guess.
    const SIMILAR: f64 = 0.5;
    let name = name.to_ascii_lowercase();
    let mut best: Option<(f64, &str)> = None;
    for candidate in candidates {
        let similarity = strsim::normalized_damerau_levenshtein(&name, candidate);
        if similarity >= SIMILAR && best.is_none_or(|(most, _)| similarity > most) {
            best = Some((similarity, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// The type with a price in the region that serves best in the place of `wanted`: of its family if there is one, else
/// of its class, then by architecture, GPUs, size and name.
pub(super) fn nearest_priced<'a>(wanted: &InstanceType, region: &'a Region) -> Option<&'a str> {
    region
        .priced()
        .filter(|t| t.bare_metal == wanted.bare_metal && t.name != wanted.name)
        .min_by_key(|t| {
            (
                t.arch != wanted.arch,
                (t.gpus > 0) != (wanted.gpus > 0),
                t.family != wanted.family,
                t.class() != wanted.class(),
                t.gpus.abs_diff(wanted.gpus),
                t.vcpus.abs_diff(wanted.vcpus),
                t.memory.0.abs_diff(wanted.memory.0),
                strsim::damerau_levenshtein(&t.name, &wanted.name),
                t.name.as_str(),
            )
        })
        .map(|t| t.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{instance_type, region};

    #[test]
    fn suggestions_are_similar_or_absent() {
        let names = ["m5.large", "m5.xlarge", "c5.large"];
        assert_eq!(nearest_name("m5.lagre", names), Some("m5.large"));
        assert_eq!(nearest_name("M5.XLarge", names), Some("m5.xlarge"));
        assert_eq!(nearest_name("zzz", names), None);
    }

    #[test]
    fn the_nearest_priced_type_is_a_sibling() {
        let virginia = region("us-east-1").unwrap();
        let nearest = |name| nearest_priced(instance_type(name).unwrap(), virginia).unwrap();
        assert!(nearest("hpc7a.12xlarge").contains(".6xlarge") || nearest("hpc7a.12xlarge").contains(".12xlarge"));
        assert!(nearest("t8i.medium").starts_with('t'), "{}", nearest("t8i.medium"));
        assert!(instance_type(nearest("p5e.48xlarge")).unwrap().gpus == 8);
    }
}
