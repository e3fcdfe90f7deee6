//! Kubernetes' quantities as this program's. What is asked for rounds up and what is offered rounds down, so that nothing
//! is promised that is not there. Every form that the API server can answer with is read: `500m`, `1536Mi`, `2e3`, `12u`.
//!
//! The forms that people may write in documents are judged in `model::quantity`, which only rounds up.

use std::collections::BTreeMap;

use crate::model::Resources;
use crate::units::{MiB, MilliCpu};

/// Name of whole GPUs among resources.
pub const GPU: &str = "nvidia.com/gpu";

/// Which way a fraction goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Round {
    Up,
    Down,
}

/// What pods ask for, by resource; a pod's slot is not in it.
pub fn asked(of: &BTreeMap<String, String>) -> Resources {
    resources(of, Round::Up)
}

/// What a node offers, by resource.
pub fn offered(of: &BTreeMap<String, String>) -> Resources {
    resources(of, Round::Down)
}

/// Whole vCPUs of a node.
pub fn vcpus(of: &BTreeMap<String, String>) -> u32 {
    small(of.get("cpu").and_then(|text| times(text, 1, 1, Round::Down)))
}

fn resources(of: &BTreeMap<String, String>, round: Round) -> Resources {
    let part = |name: &str, per: u128, unit: u128| of.get(name).and_then(|text| times(text, per, unit, round));
    let few = |amount: Option<u128>| u16::try_from(amount.unwrap_or(0)).unwrap_or(u16::MAX);
    Resources {
        cpu: MilliCpu(small(part("cpu", 1_000, 1))),
        memory: MiB(small(part("memory", 1, 1 << 20))),
        gpus: few(part(GPU, 1, 1)),
        pods: few(part("pods", 1, 1)),
    }
}

/// Amounts beyond the type stay at its limit: no node offers them, and no sum of them may overflow.
fn small(amount: Option<u128>) -> u32 {
    u32::try_from(amount.unwrap_or(0)).unwrap_or(u32::MAX)
}

/// The sum, at most the limit of its type: of what others ask for, anything can be said.
pub fn sum(a: Resources, b: Resources) -> Resources {
    Resources {
        cpu: MilliCpu(a.cpu.0.saturating_add(b.cpu.0)),
        memory: MiB(a.memory.0.saturating_add(b.memory.0)),
        gpus: a.gpus.saturating_add(b.gpus),
        pods: a.pods.saturating_add(b.pods),
    }
}

/// A quantity times `per / unit`; `None` where the text is none, or is negative.
fn times(text: &str, per: u128, unit: u128, round: Round) -> Option<u128> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '+').unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (whole, fraction) = number.strip_prefix('+').unwrap_or(number).split_once('.').unwrap_or((number, ""));
    let whole = whole.strip_prefix('+').unwrap_or(whole);
    let fraction = fraction.trim_end_matches('0');
    let digits: u128 = format!("{whole}{fraction}").parse().ok()?;
    let (times, over) = suffix_of(suffix)?;
    let top = digits.checked_mul(times)?.checked_mul(per)?;
    let bottom = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?.checked_mul(over)?.checked_mul(unit)?;
    Some(match round {
        Round::Up => top.div_ceil(bottom),
        Round::Down => top / bottom,
    })
}

/// What a suffix multiplies with, and divides by.
fn suffix_of(suffix: &str) -> Option<(u128, u128)> {
    const DECIMAL: [&str; 7] = ["", "k", "M", "G", "T", "P", "E"];
    const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    const SMALL: [&str; 4] = ["", "m", "u", "n"];
    let at = |of: &[&str]| of.iter().position(|&known| known == suffix).and_then(|n| u32::try_from(n).ok());
    if let Some(n) = at(&DECIMAL) {
        return Some((1_000_u128.pow(n), 1));
    }
    if let Some(n) = at(&BINARY) {
        return Some((1_024_u128.pow(n), 1));
    }
    if let Some(n) = at(&SMALL) {
        return Some((1, 1_000_u128.pow(n)));
    }
    let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    let power = 10_u128.checked_pow(exponent.unsigned_abs())?;
    Some(if exponent < 0 { (1, power) } else { (power, 1) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(text: &str, round: Round) -> Option<u128> {
        times(text, 1, 1 << 20, round)
    }

    #[test]
    fn every_form_of_the_api_server_is_read() {
        let cpu = |text| times(text, 1_000, 1, Round::Up);
        for (text, milli) in [
            ("500m", 500),
            ("2", 2_000),
            ("0.5", 500),
            (".5", 500),
            ("2e3", 2_000_000),
            ("1E-1", 100),
            ("250000u", 250),
            ("1n", 1),
            ("+1", 1_000),
            ("1k", 1_000_000),
            ("0", 0),
            ("1.50", 1_500),
        ] {
            assert_eq!(cpu(text), Some(milli), "{text}");
        }
        for text in ["", "m", "-1", "one", "1 Gi", "1.2.3", "1x", "1e", "99999999999999999999999999999999999999999"] {
            assert_eq!(cpu(text), None, "{text}");
        }
        assert_eq!(memory("1536Mi", Round::Up), Some(1_536));
        assert_eq!(memory("128974848000m", Round::Up), Some(123), "thousandths of a byte");
        assert_eq!(memory("1Ei", Round::Down), Some(1 << 40));
        assert_eq!(memory("1G", Round::Down), Some(953));
        assert_eq!(memory("1G", Round::Up), Some(954));
    }

    #[test]
    fn offers_round_down_and_requests_up() {
        // `status.allocatable` of an m5.large of EKS, as its kubelet says it.
        let texts = [("cpu", "1930m"), ("memory", "7244720Ki"), ("pods", "29"), ("ephemeral-storage", "18242267924")];
        let of: BTreeMap<_, _> = texts.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        let offer = Resources { cpu: MilliCpu(1_930), memory: MiB(7_074), gpus: 0, pods: 29 };
        assert_eq!(offered(&of), offer);
        assert_eq!(asked(&of), Resources { memory: MiB(7_075), ..offer });
        let capacity = BTreeMap::from([("cpu".to_owned(), "2".to_owned())]);
        assert_eq!((vcpus(&capacity), vcpus(&BTreeMap::new())), (2, 0));
    }

    #[test]
    fn absurd_amounts_stay_at_the_limit() {
        let of = BTreeMap::from([("cpu".to_owned(), "9999999999".to_owned()), (GPU.to_owned(), "70000".to_owned())]);
        let huge = asked(&of);
        assert_eq!((huge.cpu, huge.gpus), (MilliCpu(u32::MAX), u16::MAX));
        assert_eq!(sum(huge, huge).cpu, MilliCpu(u32::MAX));
    }
}
