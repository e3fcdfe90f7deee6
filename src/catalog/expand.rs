//! What an entry of `computeResources.instanceTypes` stands for: a size, a family, or a keyword of AWS Batch. Knows
//! prices only so far that a type without an On-Demand price can't be chosen.

use std::sync::LazyLock;

use serde::Deserialize;

use super::error::{CatalogError, nearest_name, nearest_priced};
use super::instance_type::{Architecture, InstanceType, families, family, instance_type, sort_by_size};
use super::region::Region;
use super::table;

/// The instance types that an entry stands for in a region, by (vCPUs, name); never empty.
///
/// - a size, `m5.large` or `m5.metal`: itself;
/// - a family, `m5`: its sizes that have an On-Demand price in the region, bare metal excepted (AWS Batch User Guide,
///   "Create a managed compute environment using Amazon EKS resources");
/// - a keyword, `optimal`, `default_x86_64`, `default_arm64`: the families behind it, those that the region has.
pub fn expand(entry: &str, region: &Region) -> Result<Vec<&'static InstanceType>, CatalogError> {
    if entry.contains('.') {
        let named = instance_type(entry)?;
        return region.offer(named).map(|_| vec![named]);
    }
    let behind: Vec<&str> = match keyword_families(entry) {
        behind if behind.is_empty() => vec![entry],
        behind => behind,
    };
    let whole: Vec<_> = behind.iter().flat_map(|name| family(name)).collect();
    let Some(example) = whole.iter().find(|t| !t.bare_metal).or(whole.first()) else {
        let candidates = keyword_rows().iter().map(|row| row.keyword.as_str()).chain(families());
        return Err(CatalogError::UnknownFamily {
            name: entry.to_owned(),
            nearest: nearest_name(entry, candidates).map(str::to_owned),
        });
    };
    let mut types: Vec<_> = whole.iter().copied().filter(|t| !t.bare_metal && region.has_price(t)).collect();
    if types.is_empty() {
        return Err(CatalogError::NothingOffered {
            name: entry.to_owned(),
            region: region.name.to_owned(),
            nearest: nearest_priced(example, region).map(str::to_owned),
        });
    }
    sort_by_size(&mut types);
    Ok(types)
}

/// The instance types that several entries stand for together, by (vCPUs, name), each once; or what is wrong with each
/// entry that is.
pub fn expand_all<'a>(
    entries: impl IntoIterator<Item = &'a str>,
    region: &Region,
) -> Result<Vec<&'static InstanceType>, Vec<CatalogError>> {
    let (mut types, mut errors) = (Vec::new(), Vec::new());
    for entry in entries {
        match expand(entry, region) {
            Ok(expanded) => types.extend(expanded),
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    sort_by_size(&mut types);
    types.dedup_by_key(|t| t.name.as_str());
    Ok(types)
}

/// The one architecture of a compute environment's types; an error names two that differ. `None` for no types.
pub fn one_architecture(types: &[&InstanceType]) -> Result<Option<Architecture>, CatalogError> {
    let first_of = |arch| types.iter().find(|t| t.arch == arch);
    match (first_of(Architecture::X86_64), first_of(Architecture::Arm64)) {
        (Some(x86_64), Some(arm64)) => {
            Err(CatalogError::MixedArchitectures { x86_64: x86_64.name.clone(), arm64: arm64.name.clone() })
        }
        (x86_64, arm64) => Ok(x86_64.or(arm64).map(|t| t.arch)),
    }
}

/// A row of `data/keywords.csv`.
#[derive(Deserialize)]
struct KeywordRow {
    keyword: String,
    family: String,
}

fn keyword_rows() -> &'static [KeywordRow] {
    static KEYWORDS: LazyLock<Vec<KeywordRow>> =
        LazyLock::new(|| table::rows("keywords.csv", include_str!("data/keywords.csv")));
    &KEYWORDS
}

fn keyword_families(keyword: &str) -> Vec<&'static str> {
    keyword_rows().iter().filter(|row| row.keyword == keyword).map(|row| row.family.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::region;

    fn names(entry: &str) -> Vec<&'static str> {
        expand(entry, region("us-east-1").unwrap()).unwrap().iter().map(|t| t.name.as_str()).collect()
    }

    #[test]
    fn a_family_stands_for_its_sizes_without_metal() {
        assert_eq!(
            names("m5"),
            [
                "m5.large",
                "m5.xlarge",
                "m5.2xlarge",
                "m5.4xlarge",
                "m5.8xlarge",
                "m5.12xlarge",
                "m5.16xlarge",
                "m5.24xlarge"
            ]
        );
    }

    #[test]
    fn a_size_stands_for_itself_even_of_metal() {
        assert_eq!(names("m5.metal"), ["m5.metal"]);
    }

    #[test]
    fn keywords_stand_for_todays_families() {
        assert_eq!(names("optimal"), names("default_x86_64"));
        for (keyword, families) in
            [("optimal", ["c6i", "c7i", "m6i", "r6i"]), ("default_arm64", ["c6g", "c7g", "m6g", "r6g"])]
        {
            let mut found: Vec<_> = names(keyword).iter().map(|name| name.split('.').next().unwrap()).collect();
            found.sort_unstable();
            found.dedup();
            assert_eq!(found, families);
        }
        assert!(keyword_rows().iter().all(|row| !family(&row.family).is_empty()));
    }

    #[test]
    fn what_stands_for_nothing_says_what_would() {
        let virginia = region("us-east-1").unwrap();
        let error = |entry| expand(entry, virginia).unwrap_err().to_string();
        assert!(error("optimum").contains("did you mean `optimal`?"), "{}", error("optimum"));
        assert!(error("m5x").contains("did you mean `m5`"), "{}", error("m5x"));
        assert!(error("m5.huge").contains("`m5.huge` (did you mean `m5."), "{}", error("m5.huge"));
        assert!(
            error("hpc6a").contains("no instance type that has an On-Demand price in us-east-1"),
            "{}",
            error("hpc6a")
        );
    }

    #[test]
    fn all_wrong_entries_are_found_at_once() {
        let virginia = region("us-east-1").unwrap();
        assert_eq!(expand_all(["m5", "nonsense", "m5.nano"], virginia).unwrap_err().len(), 2);
        let types = expand_all(["m5.large", "m5", "c5.large"], virginia).unwrap();
        assert_eq!(types.len(), 9);
        assert!(types.is_sorted_by_key(|t| (t.vcpus, &t.name)));
    }

    #[test]
    fn architectures_do_not_mix() {
        let [intel, arm] = ["m5.large", "m6g.large"].map(|name| instance_type(name).unwrap());
        assert_eq!(one_architecture(&[intel, intel]), Ok(Some(Architecture::X86_64)));
        assert_eq!(one_architecture(&[arm]), Ok(Some(Architecture::Arm64)));
        assert_eq!(one_architecture(&[]), Ok(None));
        let error = one_architecture(&[arm, intel]).unwrap_err().to_string();
        assert!(error.contains("m5.large is x86_64 and m6g.large is arm64"), "{error}");
    }
}
