//! Where capacity comes from.

use std::fmt;

/// Who launches nodes and takes them away. EC2 Auto Scaling groups, which AWS Batch itself uses, would be one more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Backend {
    /// Nobody: jobs are placed on nodes that carry the label of a compute environment, as AWS documents it for UNMANAGED ones.
    Unmanaged,
    /// Karpenter: one `NodeClaim` per instance.
    Karpenter(NodeClass),
    /// A person or another tool, who is told.
    Render,
}

/// What `NodeClaim`s refer to for everything that is not chosen per instance: AMI, subnets, role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeClass {
    /// `nodeClassRef.group`.
    pub group: String,
    /// `nodeClassRef.kind`.
    pub kind: String,
    /// `nodeClassRef.name`.
    pub name: String,
}

impl Default for NodeClass {
    fn default() -> Self {
        Self { group: "karpenter.k8s.aws".to_owned(), kind: "EC2NodeClass".to_owned(), name: "default".to_owned() }
    }
}

impl fmt::Display for NodeClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unmanaged => "unmanaged",
            Self::Karpenter(_) => "karpenter",
            Self::Render => "render",
        })
    }
}
