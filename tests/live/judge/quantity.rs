//! Kubernetes' quantities, and what a pod asks for. Written apart from the project's own, to be able to disagree with it.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Container, Pod};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

/// Thousandths of cores, bytes and pods, by resource.
pub(super) type Sums = BTreeMap<&'static str, i128>;

/// What is judged.
pub(super) const RESOURCES: [&str; 3] = ["cpu", "memory", "pods"];

/// A quantity in thousandths: `250m`, `1.5Gi`, `12e6`.
pub(super) fn thousandths(text: &str) -> i128 {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-' || c == '+')).unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().unwrap_or_else(|e| panic!("the quantity {text}: {e}"));
    let scale = match suffix {
        "m" => 1,
        "" => 1000,
        "k" => 1000 * 1000,
        "M" => 1000 * 1000_i128.pow(2),
        "G" => 1000 * 1000_i128.pow(3),
        "T" => 1000 * 1000_i128.pow(4),
        "Ki" => 1000 * 1024,
        "Mi" => 1000 * 1024_i128.pow(2),
        "Gi" => 1000 * 1024_i128.pow(3),
        "Ti" => 1000 * 1024_i128.pow(4),
        exponent => {
            let power = exponent.trim_start_matches(['e', 'E']).parse().unwrap_or_else(|e| panic!("{text}: {e}"));
            1000 * 10_i128.pow(power)
        }
    };
    let divisor = 10_i128.pow(u32::try_from(fraction.len()).unwrap());
    // A part of a thousandth is asked for whole.
    (digits * scale + divisor - 1) / divisor
}

/// Amounts of a list of resources, those that are judged.
pub(super) fn sums(list: Option<&BTreeMap<String, Quantity>>) -> Sums {
    let of = |name| list.and_then(|list| list.get(name)).map(|quantity| thousandths(&quantity.0));
    RESOURCES.iter().filter_map(|&name| Some((name, of(name)?))).collect()
}

/// What a pod holds of its node: its containers together, or its largest init container, and its overhead; and a place.
pub(super) fn asked(pod: &Pod) -> Sums {
    let Some(spec) = &pod.spec else { return Sums::new() };
    let of = |container: &Container| {
        let resources = container.resources.as_ref();
        let requests = resources.and_then(|resources| resources.requests.as_ref());
        sums(requests.or_else(|| resources.and_then(|resources| resources.limits.as_ref())))
    };
    let mut total = Sums::new();
    for container in &spec.containers {
        add(&mut total, &of(container));
    }
    for container in spec.init_containers.iter().flatten() {
        for (name, amount) in of(container) {
            let held = total.entry(name).or_default();
            *held = (*held).max(amount);
        }
    }
    add(&mut total, &sums(spec.overhead.as_ref()));
    total.insert("pods", 1000);
    total
}

pub(super) fn add(total: &mut Sums, more: &Sums) {
    for (name, amount) in more {
        *total.entry(name).or_default() += amount;
    }
}

#[test]
fn quantities_are_read_as_kubernetes_writes_them() {
    let read = ["250m", "2", "1.5", "1Gi", "0.5Mi", "12e3", "3k", "100Ki", "0.1m"].map(thousandths);
    assert_eq!(read, [250, 2000, 1500, 1_073_741_824_000, 524_288_000, 12_000_000, 3_000_000, 102_400_000, 1]);
}
