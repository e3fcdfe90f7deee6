//! What a pod asks for and a node offers: CPU, memory, GPUs and pod slots, compared and added component by component.

use std::fmt;
use std::ops::{AddAssign, SubAssign};

use serde::{Deserialize, Serialize};

use crate::units::{MiB, MilliCpu};

/// A vector of resources. For a pod, its requests (`pods` is 1); for a node, what it has or has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Resources {
    /// CPU.
    pub cpu: MilliCpu,
    /// Memory.
    pub memory: MiB,
    /// Whole `nvidia.com/gpu` devices.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub gpus: u16,
    /// Pod slots: 1 for a pod; the kubelet's `maxPods` for a node (Kubernetes' allocatable `pods`).
    pub pods: u16,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(n: &u16) -> bool {
    *n == 0
}

impl Resources {
    /// Nothing at all.
    pub const ZERO: Self = Self { cpu: MilliCpu::ZERO, memory: MiB::ZERO, gpus: 0, pods: 0 };

    /// The requests of one pod.
    pub const fn pod(cpu: MilliCpu, memory: MiB, gpus: u16) -> Self {
        Self { cpu, memory, gpus, pods: 1 }
    }

    /// Whether all of it fits into `free`.
    pub const fn fits(self, free: Self) -> bool {
        self.cpu.0 <= free.cpu.0 && self.memory.0 <= free.memory.0 && self.gpus <= free.gpus && self.pods <= free.pods
    }

    /// How many pods like this fit into `free`; `u32::MAX` when it asks for nothing.
    pub fn times_in(self, free: Self) -> u32 {
        let per = |ask: u32, have: u32| have.checked_div(ask).unwrap_or(u32::MAX);
        per(self.cpu.0, free.cpu.0)
            .min(per(self.memory.0, free.memory.0))
            .min(per(self.gpus.into(), free.gpus.into()))
            .min(per(self.pods.into(), free.pods.into()))
    }

    /// Component-wise difference, zero where `other` is larger.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self {
            cpu: self.cpu.saturating_sub(other.cpu),
            memory: self.memory.saturating_sub(other.memory),
            gpus: self.gpus.saturating_sub(other.gpus),
            pods: self.pods.saturating_sub(other.pods),
        }
    }

    /// Component-wise maximum.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self {
            cpu: self.cpu.max(other.cpu),
            memory: self.memory.max(other.memory),
            gpus: self.gpus.max(other.gpus),
            pods: self.pods.max(other.pods),
        }
    }
}

impl AddAssign for Resources {
    fn add_assign(&mut self, other: Self) {
        self.cpu += other.cpu;
        self.memory += other.memory;
        self.gpus += other.gpus;
        self.pods += other.pods;
    }
}

impl SubAssign for Resources {
    /// # Panics
    /// If a component would become negative: something was placed that did not fit.
    fn sub_assign(&mut self, other: Self) {
        self.cpu -= other.cpu;
        self.memory -= other.memory;
        self.gpus = self.gpus.checked_sub(other.gpus).expect("difference of GPUs is negative");
        self.pods = self.pods.checked_sub(other.pods).expect("difference of pods is negative");
    }
}

impl fmt::Display for Resources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} CPU, {}", self.cpu, self.memory)?;
        if self.gpus > 0 { write!(f, ", {} GPU", self.gpus) } else { Ok(()) }
    }
}
