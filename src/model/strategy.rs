//! How a compute environment buys capacity: AWS's purchase options, Batch's allocation strategies, and the EC2 Fleet
//! strategies that Batch hands a request over with. Spelled as the AWS CLI spells them.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `computeResources.type` of an EKS compute environment. Source: `API:ComputeResource`, `UG:eks` (no Fargate on EKS).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum PurchaseOption {
    /// On-Demand instances.
    Ec2,
    /// Spot instances.
    Spot,
}

/// `computeResources.allocationStrategy`. Source: `API:CRAllocationStrategy`, `UG:allocation-strategies`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AllocationStrategy {
    /// One best-fitting, cheapest type; waits when it is not to be had. EKS environments reject it.
    BestFit,
    /// Types that fit, cheapest per vCPU first; others when those are not to be had.
    BestFitProgressive,
    /// In the order of `instanceTypes`; a family in the manner of `BEST_FIT_PROGRESSIVE`. On-Demand only.
    BestFitProgressiveOrdered,
    /// Spot pools least likely to be interrupted.
    SpotCapacityOptimized,
    /// Spot pools with capacity first, the order of `instanceTypes` as far as that allows.
    SpotCapacityOptimizedPrioritized,
    /// Spot pools with capacity, the cheapest of those.
    SpotPriceCapacityOptimized,
}

/// EC2 Fleet's allocation strategies. Source: `EC2API:SpotOptionsRequest`, `EC2API:OnDemandOptionsRequest`. Which of
/// them Batch uses for each of its own strategies is not published; the core's strategy files say what is assumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FleetStrategy {
    /// The cheapest pool with capacity, then the next.
    LowestPrice,
    /// The first type of the list that has capacity, then the next.
    Prioritized,
    /// The pool with most available capacity.
    CapacityOptimized,
    /// Most available capacity first, the list's order best-effort.
    CapacityOptimizedPrioritized,
    /// Of the pools with most available capacity, the cheapest.
    PriceCapacityOptimized,
    /// Spread over all pools.
    Diversified,
}

/// What `BEST_FIT_PROGRESSIVE` minimises when several types fit. AWS: "preference for lower cost per vCPU".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum BestFitObjective {
    /// Price per vCPU that the waiting jobs can really use on the node.
    CostPerUsableVcpu,
    /// Price per nominal vCPU, then the size that leaves least over.
    CostPerVcpu,
}

/// When a job may go to a later compute environment of its queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum SpillPolicy {
    /// Only when the earlier ones are at `maxvCpus`, out of EC2 capacity, not usable, or too small for the job.
    OnMaxOrIce,
    /// As soon as no earlier one has room this very moment.
    OnNoIdle,
}

impl fmt::Display for PurchaseOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ec2 => "On-Demand",
            Self::Spot => "Spot",
        })
    }
}

impl fmt::Display for AllocationStrategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::BestFit => "BEST_FIT",
            Self::BestFitProgressive => "BEST_FIT_PROGRESSIVE",
            Self::BestFitProgressiveOrdered => "BEST_FIT_PROGRESSIVE_ORDERED",
            Self::SpotCapacityOptimized => "SPOT_CAPACITY_OPTIMIZED",
            Self::SpotCapacityOptimizedPrioritized => "SPOT_CAPACITY_OPTIMIZED_PRIORITIZED",
            Self::SpotPriceCapacityOptimized => "SPOT_PRICE_CAPACITY_OPTIMIZED",
        })
    }
}
/// How past usage of a fair-share queue fades over its window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum DecayShape {
    /// Evenly to nothing at the window's end.
    Linear,
    /// By half in every half of the window.
    Exponential,
    /// Not at all until the window's end, and then at once.
    Box,
}
