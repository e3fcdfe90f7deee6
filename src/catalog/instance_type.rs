//! What an EC2 instance type is made of, wherever it runs: the table of all of them, by name and by family. Prices and
//! zones are a region's affair; what the kubelet keeps is [`super::kubelet`]'s.

use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::error::{CatalogError, nearest_name};
use super::{own, table};
use crate::units::MiB;

/// An EC2 instance type. The catalog's are found by [`instance_type`]; made-up ones are built field by field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "four independent facts, named as EC2 names them")]
pub struct InstanceType {
    /// `m5.large`.
    pub name: String,
    /// What stands before the dot: `m5`.
    pub family: String,
    /// vCPUs, the unit of `minvCpus` and `maxvCpus`.
    pub vcpus: u32,
    /// Memory as advertised; a node has less of it.
    pub memory: MiB,
    /// What its processors execute.
    pub arch: Architecture,
    /// Whole NVIDIA GPUs: what a node offers as `nvidia.com/gpu`. Zero where the type has but a part of a GPU.
    pub gpus: u16,
    /// Which GPU it has.
    pub gpu: Option<Gpu>,
    /// The kubelet's `maxPods`.
    pub max_pods: u16,
    /// Whether it is a whole machine without hypervisor: it starts in minutes, and no family name stands for it.
    pub bare_metal: bool,
    /// Whether its CPU is earned in credits (`t` families).
    pub burstable: bool,
    /// Whether EC2 counts it among its current generation.
    pub current_generation: bool,
    /// Whether EC2 sells it as Spot at all.
    pub offers_spot: bool,
}

/// What a type's processors execute. All types of a compute environment share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// Intel and AMD.
    #[serde(rename = "x86_64")]
    X86_64,
    /// AWS Graviton.
    Arm64,
}

/// A model of GPU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gpu {
    /// Who makes it.
    pub vendor: String,
    /// What it is called: `L4`.
    pub model: String,
    /// Memory of each, or of the part that the type has.
    pub memory: MiB,
}

impl InstanceType {
    /// `maxPods` of the EKS-optimized AMI for a type that it does not know (`eni_max_pods.go` of `amazon-eks-ami`).
    pub const DEFAULT_MAX_PODS: u16 = 110;

    /// The letters that a family's name starts with: `m` for `m5`, `im` for `im4gn`. Types of a class resemble each
    /// other in price and on the Spot market.
    pub fn class(&self) -> &str {
        class_of(&self.family)
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        })
    }
}

/// All instance types, in alphabetical order of their names.
pub fn instance_types() -> &'static [InstanceType] {
    static TYPES: LazyLock<Vec<InstanceType>> = LazyLock::new(|| {
        let embedded = || parse(EMBEDDED).unwrap_or_else(|error| panic!("embedded table instance_types.csv: {error}"));
        own::instance_types().unwrap_or_else(embedded)
    });
    &TYPES
}

/// The embedded table, as text.
pub(super) const EMBEDDED: &str = include_str!("data/instance_types.csv");

/// The instance type of this name; an error names the most similar one.
pub fn instance_type(name: &str) -> Result<&'static InstanceType, CatalogError> {
    let types = instance_types();
    match types.binary_search_by(|t| t.name.as_str().cmp(name)) {
        Ok(index) => Ok(&types[index]),
        Err(_) => Err(CatalogError::UnknownInstanceType {
            name: name.to_owned(),
            nearest: nearest_name(name, types.iter().map(|t| t.name.as_str())).map(str::to_owned),
        }),
    }
}

/// All types of a family, bare metal included, by (vCPUs, name); empty for an unknown family.
pub fn family(name: &str) -> Vec<&'static InstanceType> {
    let mut types: Vec<_> = instance_types().iter().filter(|t| t.family == name).collect();
    sort_by_size(&mut types);
    types
}

/// All families, in alphabetical order.
pub fn families() -> Vec<&'static str> {
    let mut families: Vec<_> = instance_types().iter().map(|t| t.family.as_str()).collect();
    families.sort_unstable();
    families.dedup();
    families
}

/// The order in which the catalog lists types: smallest first, then by name.
pub(super) fn sort_by_size(types: &mut [&'static InstanceType]) {
    types.sort_unstable_by_key(|t| (t.vcpus, t.name.as_str()));
}

/// The letters that a family's name starts with.
pub(super) fn class_of(family: &str) -> &str {
    family.split(|c: char| !c.is_ascii_lowercase()).next().unwrap_or(family)
}

/// A row of `data/instance_types.csv`.
#[derive(Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "four columns")]
struct Row {
    r#type: String,
    arch: Architecture,
    vcpus: u32,
    memory_mib: u32,
    gpus: u16,
    gpu_vendor: String,
    gpu_model: String,
    gpu_memory_mib: Option<u32>,
    enis: Option<u16>,
    ipv4_per_eni: Option<u16>,
    #[serde(deserialize_with = "table::flag")]
    bare_metal: bool,
    #[serde(deserialize_with = "table::flag")]
    burstable: bool,
    #[serde(deserialize_with = "table::flag")]
    current_generation: bool,
    #[serde(deserialize_with = "table::flag")]
    spot: bool,
}

/// The types of a table, which must be in order.
pub(super) fn parse(text: &str) -> Result<Vec<InstanceType>, String> {
    let types: Vec<InstanceType> = table::read::<Row>(text)?.into_iter().map(InstanceType::from).collect();
    table::sorted(types.iter().map(|t| t.name.as_str()))?;
    Ok(types)
}

impl From<Row> for InstanceType {
    fn from(row: Row) -> Self {
        let family = row.r#type.split_once('.').map_or(row.r#type.as_str(), |(family, _)| family).to_owned();
        Self {
            name: row.r#type,
            family,
            vcpus: row.vcpus,
            memory: MiB(row.memory_mib),
            arch: row.arch,
            gpus: row.gpus,
            gpu: row.gpu_memory_mib.map(|memory| Gpu {
                vendor: row.gpu_vendor,
                model: row.gpu_model,
                memory: MiB(memory),
            }),
            max_pods: row
                .enis
                .zip(row.ipv4_per_eni)
                .map_or(Self::DEFAULT_MAX_PODS, |(enis, addresses)| enis * addresses.saturating_sub(1) + 2),
            bare_metal: row.bare_metal,
            burstable: row.burstable,
            current_generation: row.current_generation,
            offers_spot: row.spot,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "type,arch,vcpus,memory_mib,gpus,gpu_vendor,gpu_model,gpu_memory_mib,enis,ipv4_per_eni,\
                          bare_metal,burstable,current_generation,spot\n";

    #[test]
    fn the_whole_table_parses() {
        let types = instance_types();
        assert_eq!(types.len(), 1_386);
        assert!(types.iter().all(|t| t.vcpus > 0 && t.memory > MiB::ZERO && t.max_pods > 2), "an empty type");
        assert!(types.iter().all(|t| t.gpus == 0 || t.gpu.as_ref().is_some_and(|g| g.vendor == "NVIDIA")));
        assert!(types.iter().all(|t| t.bare_metal == t.name.contains(".metal")));
    }

    #[test]
    fn a_type_is_found_by_name() {
        let m5 = instance_type("m5.large").unwrap();
        assert_eq!((m5.vcpus, m5.memory, m5.arch, m5.max_pods), (2, MiB(8_192), Architecture::X86_64, 29));
        let g5 = instance_type("g5.12xlarge").unwrap();
        assert_eq!((g5.gpus, g5.gpu.as_ref().unwrap().model.as_str()), (4, "A10G"));
        let error = instance_type("m5.lagre").unwrap_err().to_string();
        assert!(error.contains("`m5.lagre`") && error.contains("`m5.large`"), "{error}");
    }

    #[test]
    fn a_part_of_a_gpu_is_no_schedulable_gpu() {
        let g6f = instance_type("g6f.large").unwrap();
        assert_eq!(g6f.gpus, 0);
        assert_eq!(g6f.gpu.as_ref().unwrap().model, "L4");
    }

    #[test]
    fn unknown_interfaces_give_the_default_pod_limit() {
        let types = parse(&format!("{HEADER}m99.large,arm64,2,8192,0,,,,,,n,n,y,y\n")).unwrap();
        assert_eq!(types[0].max_pods, 110);
    }

    #[test]
    fn classes_are_the_letters_of_the_family() {
        for (family, class) in [("m5", "m"), ("im4gn", "im"), ("u7i-6tb", "u"), ("c7i-flex", "c"), ("hpc7a", "hpc")] {
            assert_eq!(class_of(family), class);
        }
    }
}
