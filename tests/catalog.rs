//! The catalog against what others publish: the User Guide's examples, the AMI's formulas. Karpenter's reference is `truth`'s.

use windtunnel::catalog::{self, CatalogError, InstanceType, kubelet};
use windtunnel::model::Resources;
use windtunnel::units::{MiB, MilliCpu};

/// The share of memory that the User Guide's example leaves to hypervisor and kernel: 7748 of 8192 MiB.
const USER_GUIDE_PPM: u32 = 54_199;
/// The share that Karpenter assumes.
const KARPENTER_PPM: u32 = 75_000;

fn find(name: &str) -> &'static InstanceType {
    catalog::instance_type(name).unwrap()
}

#[test]
fn allocatable_agrees_with_the_amis_formulas() {
    // Type, max pods, reserved CPU and memory, allocatable CPU, memory at 7.5 % and at the User Guide's overhead.
    let expected = [
        ("m5.large", 29, 70, 574, 1_930, 6_903, 7_074),
        ("m5.24xlarge", 737, 310, 8_362, 95_690, 355_262, 363_442),
        ("m6i.large", 29, 70, 574, 1_930, 6_903, 7_074),
        ("m6i.xlarge", 58, 80, 893, 3_920, 14_162, 14_503),
        ("m6i.2xlarge", 58, 90, 893, 7_910, 29_317, 29_999),
        ("m6i.4xlarge", 234, 110, 2_829, 15_890, 57_691, 59_055),
        ("m6i.8xlarge", 234, 150, 2_829, 31_850, 118_312, 121_039),
        ("m6i.16xlarge", 737, 230, 8_362, 63_770, 234_021, 239_474),
        ("m6i.32xlarge", 737, 390, 8_362, 127_610, 476_504, 487_410),
        ("c6i.large", 29, 70, 574, 1_930, 3_114, 3_200),
        ("c6i.xlarge", 58, 80, 893, 3_920, 6_584, 6_755),
        ("c6i.2xlarge", 58, 90, 893, 7_910, 14_162, 14_503),
        ("c6i.4xlarge", 234, 110, 2_829, 15_890, 27_381, 28_063),
        ("c6i.8xlarge", 234, 150, 2_829, 31_850, 57_691, 59_055),
        ("c6i.16xlarge", 737, 230, 8_362, 63_770, 112_779, 115_506),
        ("c6i.32xlarge", 737, 390, 8_362, 127_610, 234_021, 239_474),
        ("r6i.large", 29, 70, 574, 1_930, 14_481, 14_822),
        ("r6i.xlarge", 58, 80, 893, 3_920, 29_317, 29_999),
        ("r6i.2xlarge", 58, 90, 893, 7_910, 59_627, 60_991),
        ("r6i.4xlarge", 234, 110, 2_829, 15_890, 118_312, 121_039),
        ("r6i.8xlarge", 234, 150, 2_829, 31_850, 239_554, 245_007),
        ("r6i.16xlarge", 737, 230, 8_362, 63_770, 476_504, 487_410),
        ("r6i.32xlarge", 737, 390, 8_362, 127_610, 961_470, 983_282),
        ("c7i.48xlarge", 737, 550, 8_362, 191_450, 355_262, 363_442),
    ];
    for (name, max_pods, reserved_cpu, reserved_memory, cpu, at_karpenters, at_user_guides) in expected {
        let node = kubelet::breakdown(find(name), USER_GUIDE_PPM);
        assert_eq!(find(name).max_pods, max_pods, "{name}");
        assert_eq!((node.reserved_cpu.0, node.reserved_memory.0), (reserved_cpu, reserved_memory), "{name}");
        assert_eq!((node.allocatable.cpu.0, node.allocatable.memory.0), (cpu, at_user_guides), "{name}");
        assert_eq!(kubelet::allocatable(find(name), KARPENTER_PPM).memory.0, at_karpenters, "{name}");
    }
}

#[test]
fn the_user_guides_examples_of_what_fits() {
    let node = kubelet::allocatable(find("m5.large"), USER_GUIDE_PPM);
    let job = |cpu, memory| Resources::pod(MilliCpu(cpu), MiB(memory), 0);
    assert!(!job(2_000, 512).fits(node), "2 vCPUs do not fit a node of 2");
    assert!(job(1_750, 512).fits(node), "1.75 vCPUs do");
    assert!(!job(1_000, 8_192).fits(node), "8192 MiB do not fit a node of 8 GiB");
    assert!(job(1_000, 7_074).fits(node) && !job(1_000, 7_075).fits(node), "7074 MiB is the most that does");
}

#[test]
fn families_never_include_metal() {
    let region = catalog::region("us-east-1").unwrap();
    for family in catalog::families() {
        match catalog::expand(family, region) {
            Ok(types) => assert!(!types.is_empty() && types.iter().all(|t| !t.bare_metal), "{family}"),
            Err(error) => assert!(matches!(error, CatalogError::NothingOffered { .. }), "{family}: {error}"),
        }
    }
    assert_eq!(catalog::expand("m5.metal", region).unwrap(), [find("m5.metal")]);
}
