//! Quantities as text: the strict form that AWS Batch takes for containers, and Kubernetes' own for everything else.
//!
//! Source: `UG:memory-cpu-batch-eks`, `API:EksContainerResourceRequirements`. Nothing here knows of containers.

use crate::units::{MiB, MilliCpu};

/// Text that is no quantity of the expected form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}: {help}")]
pub struct QuantityError {
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

fn error(message: String, help: impl Into<String>) -> QuantityError {
    QuantityError { message, help: help.into() }
}

/// Batch takes CPU in quarters of a vCPU.
const QUARTER: u32 = 250;
/// No instance has more; keeps every sum far from the limits of its type.
const MILLI_CPU_MAX: u32 = 10_000_000;
/// 100 TiB.
const MIB_MAX: u32 = 100 << 20;

/// CPU of a container: a multiple of 0.25, at least 0.25, without suffix.
pub fn container_cpu(text: &str) -> Result<MilliCpu, QuantityError> {
    if let Some(milli) = text.strip_suffix('m').and_then(|digits| digits.parse::<u32>().ok()) {
        return Err(error(
            format!("`{text}` has the suffix `m`, which AWS Batch does not take"),
            format!("write `{}`", vcpus(nearest_quarters(milli.into()).1)),
        ));
    }
    let Some(milli) = decimal_thousandths(text) else {
        return Err(error(
            format!("`{text}` is no number of vCPUs"),
            "write vCPUs as a multiple of 0.25, like `0.25` or `2`",
        ));
    };
    if milli > u64::from(MILLI_CPU_MAX) {
        return Err(error(format!("`{text}` vCPUs are more than any instance has"), "write vCPUs, like `2`"));
    }
    let (below, above) = nearest_quarters(milli);
    if below == above && below > 0 {
        return Ok(MilliCpu(below));
    }
    let help = if below == 0 {
        format!("write `{}`", vcpus(QUARTER))
    } else {
        format!("write `{}` or `{}`", vcpus(below), vcpus(above))
    };
    Err(error(
        if below == above {
            format!("`{text}` is less than 0.25 vCPUs")
        } else {
            format!("`{text}` is no multiple of 0.25")
        },
        help,
    ))
}

/// The multiples of 0.25 around `milli`; the same twice when it is one (and is not zero).
fn nearest_quarters(milli: u64) -> (u32, u32) {
    let milli = u32::try_from(milli).unwrap_or(MILLI_CPU_MAX).min(MILLI_CPU_MAX);
    (milli / QUARTER * QUARTER, milli.div_ceil(QUARTER) * QUARTER)
}

pub(crate) fn vcpus(milli: u32) -> String {
    let text = format!("{}.{:03}", milli / 1_000, milli % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A plain decimal in thousandths; `None` for anything else, more than 18 digits and finer than a thousandth included
/// (the latter rounds up, so that it can't pass for a multiple).
fn decimal_thousandths(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !digits(whole) || !digits(fraction) || whole.len() > 15 {
        return None;
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut thousandths = whole * 1_000;
    for (byte, weight) in fraction.bytes().zip([100, 10, 1]) {
        thousandths += u64::from(byte - b'0') * weight;
    }
    Some(thousandths + u64::from(fraction.bytes().skip(3).any(|b| b != b'0')))
}

/// Memory of a container: whole MiB with the suffix `Mi`, at least 4.
pub fn container_memory(text: &str) -> Result<MiB, QuantityError> {
    let mib = text.strip_suffix("Mi").filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
    match mib.and_then(|digits| digits.parse::<u32>().ok()).filter(|&mib| mib <= MIB_MAX) {
        Some(mib) if mib >= 4 => Ok(MiB(mib)),
        Some(_) => Err(error(format!("`{text}` is less than AWS Batch's least, 4 MiB"), "write `4Mi` or more")),
        None => {
            let help = match memory(text) {
                Ok(MiB(mib)) => format!("write whole mebibytes with the suffix `Mi`: `{}Mi`", mib.max(4)),
                Err(_) => "write whole mebibytes with the suffix `Mi`, like `1024Mi`".to_owned(),
            };
            Err(error(format!("`{text}` is no memory quantity that AWS Batch takes"), help))
        }
    }
}

/// `nvidia.com/gpu` of a container: a whole number.
pub fn container_gpus(text: &str) -> Result<u16, QuantityError> {
    let digits = Some(text).filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
    digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| {
        error(format!("`{text}` is no number of GPUs"), "write a whole number of GPUs, like `1`; they can't be shared")
    })
}

/// CPU as Kubernetes writes it: `50m`, `0.5`, `2`. Finer than a thousandth rounds up.
pub fn cpu(text: &str) -> Result<MilliCpu, QuantityError> {
    let milli = match text.strip_suffix('m') {
        Some(digits) => decimal_thousandths(digits).map(|thousandths| thousandths.div_ceil(1_000)),
        None => decimal_thousandths(text),
    };
    milli.and_then(|milli| u32::try_from(milli).ok()).filter(|&milli| milli <= MILLI_CPU_MAX).map(MilliCpu).ok_or_else(
        || error(format!("`{text}` is no CPU quantity"), "write vCPUs or thousandths, like `0.5` or `500m`"),
    )
}

/// Memory as Kubernetes writes it: `250Mi`, `1Gi`, `500M`, bytes. Rounds up to whole MiB.
pub fn memory(text: &str) -> Result<MiB, QuantityError> {
    const UNITS: [(&str, u64); 12] = [
        ("Ki", 1 << 10),
        ("Mi", 1 << 20),
        ("Gi", 1 << 30),
        ("Ti", 1 << 40),
        ("Pi", 1 << 50),
        ("k", 1_000),
        ("K", 1_000),
        ("M", 1_000_000),
        ("G", 1_000_000_000),
        ("T", 1_000_000_000_000),
        ("P", 1_000_000_000_000_000),
        ("", 1),
    ];
    UNITS
        .iter()
        .find_map(|&(suffix, bytes)| {
            let thousandths = decimal_thousandths(text.strip_suffix(suffix)?)?;
            let mib = (u128::from(thousandths) * u128::from(bytes)).div_ceil(1_000 << 20);
            u32::try_from(mib).ok().filter(|&mib| mib <= MIB_MAX).map(MiB)
        })
        .ok_or_else(|| error(format!("`{text}` is no memory quantity"), "write it like `250Mi` or `2Gi`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batch_takes_quarters_of_a_vcpu() {
        assert_eq!(container_cpu("0.25"), Ok(MilliCpu(250)));
        assert_eq!(container_cpu("1"), Ok(MilliCpu(1_000)));
        assert_eq!(container_cpu("2.50"), Ok(MilliCpu(2_500)));
        let said = |text| container_cpu(text).unwrap_err().to_string();
        assert_eq!(said("0.3"), "`0.3` is no multiple of 0.25: write `0.25` or `0.5`");
        assert_eq!(said("0.1"), "`0.1` is no multiple of 0.25: write `0.25`");
        assert_eq!(said("0"), "`0` is less than 0.25 vCPUs: write `0.25`");
        assert_eq!(said("0.2500001"), "`0.2500001` is no multiple of 0.25: write `0.25` or `0.5`");
        assert_eq!(said("2000m"), "`2000m` has the suffix `m`, which AWS Batch does not take: write `2`");
        for wrong in ["", ".", "-1", "1e3", "one", "999999999999999999999", "99999999999"] {
            assert!(container_cpu(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn batch_takes_whole_mebibytes() {
        assert_eq!(container_memory("1024Mi"), Ok(MiB(1_024)));
        let said = |text| container_memory(text).unwrap_err().help;
        assert_eq!(said("2Gi"), "write whole mebibytes with the suffix `Mi`: `2048Mi`");
        assert_eq!(said("3Mi"), "write `4Mi` or more");
        assert_eq!(said("lots"), "write whole mebibytes with the suffix `Mi`, like `1024Mi`");
        assert_eq!(container_gpus("2"), Ok(2));
        assert!(container_gpus("0.5").is_err());
        assert!(container_gpus("+1").is_err());
    }

    #[test]
    fn kubernetes_takes_more_and_rounds_up() {
        assert_eq!(cpu("50m"), Ok(MilliCpu(50)));
        assert_eq!(cpu("0.1"), Ok(MilliCpu(100)));
        assert_eq!(cpu("0.5m"), Ok(MilliCpu(1)));
        assert_eq!(memory("0Mi"), Ok(MiB(0)));
        assert_eq!(memory("1.5Gi"), Ok(MiB(1_536)));
        assert_eq!(memory("1"), Ok(MiB(1)));
        assert!(memory("5 apples").is_err() && cpu("5x").is_err());
    }
}
