//! Which attempt of which job runs where: all that the pod is made from. Knows nothing of how it was decided.

use crate::model::pod::EksPodProperties;

/// One attempt of a job, of a child of an array job, or of a node of a multi-node parallel job.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// The submitted job's id, a UUID: of an array or multi-node parallel job the parent's.
    pub job_id: &'a str,
    /// The attempt, from 1.
    pub number: u32,
    /// Which child of an array job.
    pub array: Option<ArrayChild>,
    /// Which node of a multi-node parallel job.
    pub node: Option<JobNode<'a>>,
    /// Name of the queue.
    pub job_queue: &'a str,
    /// Name of the compute environment that it was placed in.
    pub compute_environment: &'a str,
    /// The environment's `uuid`.
    pub compute_environment_uuid: &'a str,
    /// The environment's `kubernetesNamespace`, for jobs that name none.
    pub compute_environment_namespace: &'a str,
    /// Name of the Kubernetes node.
    pub node_name: &'a str,
    /// `metadata.uid` of the Kubernetes node.
    pub node_uid: &'a str,
    /// The pod, overridden and substituted.
    pub pod: &'a EksPodProperties,
}

/// A child of an array job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArrayChild {
    /// Its index, from 0.
    pub index: u32,
    /// Children in all.
    pub size: u32,
}

/// A node of a multi-node parallel job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobNode<'a> {
    /// Its index, from 0.
    pub index: u32,
    /// Nodes in all.
    pub count: u32,
    /// Index of the main node.
    pub main: u32,
    /// Private IPv4 address of the main node, known once its pod runs; told to the others alone.
    pub main_address: Option<&'a str>,
}

impl JobNode<'_> {
    /// Whether it is the main node, whose end is the job's end.
    pub const fn is_main(&self) -> bool {
        self.index == self.main
    }
}

impl Attempt<'_> {
    /// The id of what is attempted: the job's, `id:index` for a child of an array, `id#index` for a node of a multi-node
    /// parallel job. Source: `API:JobDetail`, `UG:job_env_vars`.
    pub fn job_id_text(&self) -> String {
        match (self.array, self.node) {
            (Some(child), _) => format!("{}:{}", self.job_id, child.index),
            (None, Some(node)) => format!("{}#{}", self.job_id, node.index),
            (None, None) => self.job_id.to_owned(),
        }
    }
}
