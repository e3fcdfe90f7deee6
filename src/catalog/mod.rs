//! Facts about EC2: instance types, where they are offered and at what price, how often Spot takes them back, and what
//! the kubelet keeps of a node. Embedded tables, parsed once. Nothing here knows of jobs, scenarios or simulated time.
//!
//! Where to go: [`instance_type()`] for one type, [`region()`] for prices and zones, [`expand()`] for what an entry of
//! `computeResources.instanceTypes` stands for, [`kubelet`] for what is left of a node for pods, [`own`] for tables that stand in
//! place of the embedded ones.

mod error;
mod expand;
mod instance_type;
pub mod kubelet;
mod offer;
pub mod own;
mod region;
mod source;
mod table;

pub use error::CatalogError;
pub use expand::{expand, expand_all, one_architecture};
pub use instance_type::{Architecture, Gpu, InstanceType, families, family, instance_type, instance_types};
pub use offer::{InterruptionBucket, Offer, PriceBasis, SpotBasis, SpotOffer};
pub use region::{Region, is_region, region, regions_with_prices};
pub use source::{SOURCES, Source};
