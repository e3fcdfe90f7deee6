//! Documents as calls of AWS Batch: an account that holds one of each noun, and the call that each kind of document is.

use serde::de::DeserializeOwned;
use serde_json::Value;
use windtunnel::batch::{Batch, BatchError, InstanceTypes, Outcome, TypeOffer};
use windtunnel::catalog::Architecture;
use windtunnel::ids::{InstanceTypeId, JobId};
use windtunnel::model::Assumptions;

use crate::documents::Base;

/// A few families of two sizes, whose names tell their architecture; keywords stand for the first.
#[derive(Debug, Clone)]
pub(crate) struct Types;

pub(crate) type Account = Batch<Types>;

impl InstanceTypes for Types {
    fn is_single(&self, entry: &str) -> bool {
        entry.contains('.')
    }

    fn expand(&self, entry: &str) -> Result<Vec<TypeOffer>, String> {
        let names = ["m5.large", "m5.xlarge", "c5.large", "c5.xlarge", "m6g.large"];
        let entry = if matches!(entry, "optimal" | "default_x86_64") { "m5" } else { entry };
        let known = |name: &str| name == entry || name.split('.').next() == Some(entry);
        let offer = |(id, name): (u16, &str)| TypeOffer {
            id: InstanceTypeId(id),
            architecture: if name.starts_with("m6g") { Architecture::Arm64 } else { Architecture::X86_64 },
            spot: true,
        };
        let offers: Vec<_> = (0..).zip(names).filter(|(_, name)| known(name)).map(offer).collect();
        if offers.is_empty() { Err(format!("no instance type is called `{entry}`")) } else { Ok(offers) }
    }
}

/// An account in which everything exists that the valid documents name.
pub(crate) fn account() -> Account {
    let mut batch = Batch::new(Types, Assumptions::default(), "us-east-1");
    let documents = [
        Base::ComputeEnvironment,
        Base::SchedulingPolicy,
        Base::ConsumableResource,
        Base::JobQueue,
        Base::JobDefinition,
        Base::MultiNode,
    ];
    for base in documents {
        assert_eq!(call(&mut batch, base, &base.document(), 0), Some(Ok(())), "{base:?}");
    }
    batch
}

/// Makes the call, under the `number`-th job id if it submits; `None` for what is no document of its kind.
pub(crate) fn call(batch: &mut Account, base: Base, document: &Value, number: u64) -> Option<Result<(), BatchError>> {
    match base.whole() {
        Base::JobDefinition | Base::MultiNode => told(document, |read| batch.register_job_definition(&read)),
        Base::Submit | Base::SubmitMultiNode | Base::SubmitFixedNodes => {
            told(document, |read| batch.submit_job(&read, JobId::new(0, number)))
        }
        Base::ComputeEnvironment => told(document, |read| batch.create_compute_environment(&read)),
        Base::JobQueue => told(document, |read| batch.create_job_queue(&read)),
        Base::SchedulingPolicy => told(document, |read| batch.create_scheduling_policy(&read)),
        Base::ConsumableResource => told(document, |read| batch.create_consumable_resource(&read)),
        Base::UpdateComputeEnvironment => told(document, |read| batch.update_compute_environment(&read)),
        Base::DeleteComputeEnvironment => told(document, |read| batch.delete_compute_environment(&read)),
        Base::UpdateJobQueue => told(document, |read| batch.update_job_queue(&read)),
        Base::DeleteJobQueue => told(document, |read| batch.delete_job_queue(&read)),
        Base::UpdateSchedulingPolicy => told(document, |read| batch.update_scheduling_policy(&read)),
        Base::DeleteSchedulingPolicy => told(document, |read| batch.delete_scheduling_policy(&read)),
        Base::UpdateConsumableResource => told(document, |read| batch.update_consumable_resource(&read)),
        Base::DeleteConsumableResource => told(document, |read| batch.delete_consumable_resource(&read)),
        Base::DeregisterJobDefinition => told(document, |read| batch.deregister_job_definition(&read)),
        Base::CancelJob => told(document, |read| batch.cancel_job(&read)),
        Base::CancelJobs => told(document, |read| batch.cancel_jobs(&read)),
        Base::TerminateJob => told(document, |read| batch.terminate_job(&read)),
        Base::TerminateJobs => told(document, |read| batch.terminate_jobs(&read)),
        Base::Pod | Base::Container | Base::ComputeResources => unreachable!("no whole documents"),
    }
}

fn told<T: DeserializeOwned, R>(
    document: &Value,
    call: impl FnOnce(T) -> Result<Outcome<R>, BatchError>,
) -> Option<Result<(), BatchError>> {
    Some(call(T::deserialize(document).ok()?).map(|_| ()))
}
