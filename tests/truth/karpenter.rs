//! Karpenter's instance type reference: what a node of every type offers.

use windtunnel::catalog::{self, Architecture, InstanceType, kubelet};
use windtunnel::units::MiB;

use crate::page::{Row, keep};

/// The share of memory that Karpenter takes the hypervisor to keep, after 64 MiB on Graviton.
const OVERHEAD_PPM: u32 = 75_000;
const GRAVITON: MiB = MiB(64);

#[derive(serde::Deserialize)]
struct Published {
    r#type: String,
    cpu_milli: u32,
    memory_mib: u32,
    pods: u16,
}

const ABOUT: &str = "Published: allocatable CPU, memory and pods in Karpenter's instance type reference (`aws/karpenter-provider-aws`), as in\n\
    `tests/data/karpenter_allocatable.csv`, under its own assumption on memory that the hypervisor keeps (7.5 %, on Graviton 64 MiB\n\
    before). Types that the catalog does not have are left out. Types with two network cards have the interfaces of both counted there,\n\
    and those of the default card here, as the EKS-optimized AMI does: fewer pods, and less memory set aside for them.";

#[test]
fn nodes_offer_what_karpenter_says() {
    let (mut types, mut cpu, mut pods, mut memory, mut otherwise) = (0_u32, 0_u32, 0_u32, 0_u32, Vec::new());
    let (mut farthest, mut unknown) = (0, Vec::new());
    for row in csv::Reader::from_path("tests/data/karpenter_allocatable.csv").unwrap().deserialize() {
        let row: Published = row.unwrap();
        let Ok(known) = catalog::instance_type(&row.r#type) else {
            unknown.push(row.r#type);
            continue;
        };
        let graviton = if known.arch == Architecture::Arm64 { GRAVITON } else { MiB::ZERO };
        let node =
            kubelet::allocatable(&InstanceType { memory: known.memory - graviton, ..known.clone() }, OVERHEAD_PPM);
        types += 1;
        cpu += u32::from(node.cpu.0 == row.cpu_milli);
        pods += u32::from(node.pods == row.pods);
        if node.pods != row.pods {
            otherwise.push(row.r#type);
            continue;
        }
        let off = node.memory.0.abs_diff(row.memory_mib);
        memory += u32::from(off == 0);
        farthest = farthest.max(off);
    }
    otherwise.sort();
    unknown.sort();
    let count = |what: &str, equal: u32, least: u32| Row {
        what: what.to_owned(),
        published: format!("{types} types"),
        ours: format!("{equal} equal"),
        tolerance: if least == types { "all".to_owned() } else { format!("all but {}", types - least) },
        holds: equal >= least,
        falls_short: None,
    };
    let cards = u32::try_from(otherwise.len()).unwrap();
    let all = types + u32::try_from(unknown.len()).unwrap();
    let rows = [
        Row {
            falls_short: Some("the embedded catalog has them not"),
            ..Row::same(format!("types, all but {}", unknown.join(", ")), all.to_string(), types.to_string())
        },
        count("allocatable CPU", cpu, types),
        count("pods", pods, types - cards),
        Row::same(
            "types whose pods differ: those with two network cards",
            "i7ie.48xlarge, i7ie.metal-48xl, i8ge.48xlarge, i8ge.metal-48xl",
            otherwise.join(", "),
        ),
        count("allocatable memory", memory, types - cards),
        Row {
            what: "largest difference in memory, those with two network cards left out, MiB".to_owned(),
            published: "0".to_owned(),
            ours: farthest.to_string(),
            tolerance: "± 2".to_owned(),
            holds: farthest <= 2,
            falls_short: None,
        },
    ];
    assert!(types > 1_000, "{types}");
    keep("What a node offers", ABOUT, &rows);
}
