//! `aws ec2 describe-instance-types`: types that the catalog lacks. Source: `EC2:InstanceTypeInfo`. It tells no price.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::catalog::{self, InstanceType, Region};
use crate::import::Notes;
use crate::import::aws::documents::Described;
use crate::units::MicroUsd;

/// The types that the catalog lacks, as a scenario's `cluster.instanceTypes` has them.
pub(super) fn instance_types(described: &[Described], region: &Region, notes: &mut Notes) -> Vec<Value> {
    let mut all = BTreeMap::new();
    let mut known = 0_u64;
    for one in described {
        let document = Value::Object(one.document.clone());
        let Some(name) = document["InstanceType"].as_str() else {
            notes.leave_out("instance types without a name", one.place.as_str());
            continue;
        };
        if catalog::instance_type(name).is_ok() {
            known += 1;
        } else if let Some(own) = custom(name, &document) {
            all.insert(name.to_owned(), own);
        } else {
            notes.leave_out("instance types without vCPUs or memory", format!("{} {name}", one.place));
        }
    }
    if known > 0 {
        notes.leave_out_many("instance types that the catalog has: its facts and prices are used", known);
    }
    if !all.is_empty() {
        notes.used(format!("{} instance types that the catalog lacks", all.len()));
        for own in all.values_mut() {
            own["onDemandPrice"] = json!(price(own, region));
        }
        let names: Vec<_> = all.keys().map(String::as_str).collect();
        notes.made_up(format!(
            "the On-Demand price of {}: describe-instance-types has none, so each vCPU (each GPU, of a type that has some) costs \
             what it costs of half the catalog's types like it; they are not offered as Spot",
            names.join(", ")
        ));
    }
    all.into_values().collect()
}

fn custom(name: &str, document: &Value) -> Option<Value> {
    let vcpus = document["VCpuInfo"]["DefaultVCpus"].as_u64()?;
    let memory = document["MemoryInfo"]["SizeInMiB"].as_u64()?;
    let archs = document["ProcessorInfo"]["SupportedArchitectures"].as_array().into_iter().flatten();
    let is_arm = archs.filter_map(Value::as_str).any(|arch| arch == "arm64");
    let gpus = document["GpuInfo"]["Gpus"].as_array().into_iter().flatten();
    let nvidia =
        gpus.filter(|gpu| gpu["Manufacturer"].as_str().is_some_and(|maker| maker.eq_ignore_ascii_case("nvidia")));
    let gpus: u64 = nvidia.filter_map(|gpu| gpu["Count"].as_u64()).sum();
    let mut own = json!({
        "name": name, "vcpus": vcpus, "memoryMiB": memory, "gpus": gpus, "arch": if is_arm { "arm64" } else { "x86_64" }
    });
    let network = &document["NetworkInfo"];
    let interfaces = network["MaximumNetworkInterfaces"].as_u64();
    if let Some((interfaces, addresses)) = interfaces.zip(network["Ipv4AddressesPerInterface"].as_u64()) {
        own["maxPods"] = json!(max_pods(interfaces, addresses));
    }
    Some(own)
}

/// The kubelet's `maxPods` under the VPC CNI: an address for each pod, but for the first of each interface; two pods run on
/// the host's network (`max-pods-calculator.sh` of `amazon-eks-ami`).
fn max_pods(interfaces: u64, addresses: u64) -> u64 {
    (interfaces * addresses.saturating_sub(1) + 2).clamp(4, 10_000)
}

/// USD an hour, by what half the catalog's types of its kind cost at most per GPU, or per vCPU where it has none.
fn price(own: &Value, region: &Region) -> f64 {
    let number = |member: &str| own[member].as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
    let gpus = number("gpus");
    let is_like = |other: &&InstanceType| (other.gpus > 0) == (gpus > 0);
    let per = |other: &InstanceType| {
        let price = region.offer(other).ok()?.on_demand_per_hour;
        let units = if gpus > 0 { u32::from(other.gpus) } else { other.vcpus };
        Some(price.as_usd() / f64::from(units.max(1)))
    };
    let mut each: Vec<f64> = region.priced().filter(is_like).filter_map(per).collect();
    each.sort_unstable_by(f64::total_cmp);
    let half = each.get(each.len().saturating_sub(1) / 2).copied().unwrap_or(0.0);
    let units = if gpus > 0 { gpus } else { number("vcpus") };
    // To the micro-dollar, as prices are kept.
    MicroUsd::from_usd(half * f64::from(units)).as_usd()
}

/// The names of those that the catalog lacks.
pub(super) fn names(types: &[Value]) -> BTreeSet<String> {
    types.iter().filter_map(|own| own["name"].as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_that_the_catalog_lacks_keep_their_facts_and_get_a_price() {
        let described: Vec<_> = [
            json!({ "InstanceType": "m5.large", "VCpuInfo": { "DefaultVCpus": 2 } }),
            json!({ "InstanceType": "m99.xlarge", "VCpuInfo": { "DefaultVCpus": 4 }, "MemoryInfo": { "SizeInMiB": 16384 },
                    "ProcessorInfo": { "SupportedArchitectures": ["arm64"] },
                    "NetworkInfo": { "MaximumNetworkInterfaces": 4, "Ipv4AddressesPerInterface": 15 } }),
            json!({ "InstanceType": "g99.xlarge", "VCpuInfo": { "DefaultVCpus": 4 }, "MemoryInfo": { "SizeInMiB": 16384 },
                    "GpuInfo": { "Gpus": [{ "Manufacturer": "NVIDIA", "Count": 2 }] } }),
            json!({ "InstanceType": "x99.metal" }),
        ]
        .into_iter()
        .map(|document| Described { document: document.as_object().unwrap().clone(), place: "f".to_owned() })
        .collect();
        let mut notes = Notes::default();
        let types = instance_types(&described, catalog::region("us-east-1").unwrap(), &mut notes);
        assert_eq!(names(&types).into_iter().collect::<Vec<_>>(), ["g99.xlarge", "m99.xlarge"]);
        assert_eq!(
            (&types[1]["maxPods"], &types[1]["arch"], &types[0]["gpus"]),
            (&json!(58), &json!("arm64"), &json!(2))
        );
        let prices: Vec<_> = types.iter().map(|own| own["onDemandPrice"].as_f64().unwrap()).collect();
        assert!(prices[0] > prices[1] && (0.05..1.0).contains(&prices[1]), "{prices:?}");
        let told = notes.to_string();
        assert!(told.contains("x99.metal") && told.contains("the On-Demand price of g99.xlarge, m99.xlarge"), "{told}");
    }
}
