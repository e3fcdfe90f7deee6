//! A transcript's line as words: the fact, then ids in their order, then `name=value` pairs and flags in any.

use std::str::FromStr;

use windtunnel::ids::{ComputeEnvironmentId, InstanceTypeId, JobQueueId};
use windtunnel::model::Resources;
use windtunnel::model::duration::parse;
use windtunnel::units::{MiB, MilliCpu, SimDuration};

/// The types there are: name, vCPUs, allocatable CPU. A vCPU costs the same in all of them.
pub(crate) const TYPES: [(&str, u32, u32); 3] = [("small", 2, 1_930), ("medium", 4, 3_920), ("large", 8, 7_910)];

/// Memory is plentiful in transcripts.
pub(crate) const fn resources(cpu: u32, pods: u16) -> Resources {
    Resources { cpu: MilliCpu(cpu), memory: MiB(if pods == 1 { 100 } else { 10_000 }), gpus: 0, pods }
}

pub(crate) fn span(text: &str) -> SimDuration {
    parse(text.trim()).unwrap_or_else(|error| panic!("`{text}` is no span of time: {error}"))
}

pub(crate) fn number<T: FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("`{text}` is no number"))
}

/// `1.5` in units of which `10^places` are one.
pub(crate) fn decimal(text: &str, places: usize) -> u32 {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    number::<u32>(whole) * 10_u32.pow(u32::try_from(places).unwrap()) + number::<u32>(&format!("{part:0<places$}"))
}

/// `1.5` vCPUs in thousandths.
pub(crate) fn milli(text: &str) -> u32 {
    decimal(text, 3)
}

/// The number of an id like `share-3`.
pub(crate) fn id_in<T: FromStr>(text: &str, prefix: &str) -> T {
    number(text.strip_prefix(prefix).unwrap_or_else(|| panic!("`{text}` is no {prefix}N")))
}

/// Two parts at the last colon.
pub(crate) fn pair(text: &str) -> (&str, &str) {
    text.rsplit_once(':').unwrap_or_else(|| panic!("`{text}` has no `:`"))
}

/// A line's words.
pub(crate) struct Words<'a>(Vec<&'a str>);

impl<'a> Words<'a> {
    pub(crate) fn of(line: &'a str) -> Self {
        Self(line.split_whitespace().collect())
    }

    /// What the fact is called.
    pub(crate) fn fact(&self) -> &'a str {
        self.0[0]
    }

    /// The second word, read as an id.
    pub(crate) fn subject<T: FromStr>(&self) -> T {
        let word = self.0.get(1).unwrap_or_else(|| panic!("`{}` of what?", self.0[0]));
        word.parse().unwrap_or_else(|_| panic!("cannot read `{word}`"))
    }

    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter_map(move |word| word.strip_prefix(name)?.strip_prefix('='))
    }

    pub(crate) fn value(&self, name: &str) -> Option<&'a str> {
        self.values(name).next()
    }

    pub(crate) fn needed(&self, name: &str) -> &'a str {
        self.value(name).unwrap_or_else(|| panic!("no {name}= in {:?}", self.0))
    }

    /// The number of a pair, or a default.
    pub(crate) fn number<T: FromStr>(&self, name: &str, default: T) -> T {
        self.value(name).map_or(default, number)
    }

    pub(crate) fn has(&self, flag: &str) -> bool {
        self.0.contains(&flag)
    }

    /// The numbers of all ids of a kind: `node-3`.
    pub(crate) fn ids<T: FromStr>(&self, prefix: &str) -> Vec<T> {
        self.0.iter().filter_map(|word| word.strip_prefix(prefix)).map(number).collect()
    }

    pub(crate) fn id<T: FromStr>(&self, prefix: &str) -> T {
        self.ids(prefix).pop().unwrap_or_else(|| panic!("no {prefix} in {:?}", self.0))
    }

    pub(crate) fn environment(&self) -> ComputeEnvironmentId {
        ComputeEnvironmentId(self.id("ce-"))
    }

    pub(crate) fn queue(&self) -> JobQueueId {
        JobQueueId(self.id("jq-"))
    }

    pub(crate) fn instance_types(&self) -> Vec<InstanceTypeId> {
        let named = |name: &str| TYPES.iter().position(|&(known, ..)| known == name);
        let words = self.0.iter().flat_map(|word| word.strip_prefix("types=").unwrap_or(word).split(','));
        words.filter_map(named).map(|index| InstanceTypeId(u16::try_from(index).unwrap())).collect()
    }
}
