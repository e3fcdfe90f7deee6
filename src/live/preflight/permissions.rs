//! Whether the user may do all that the plan needs. Kubernetes is asked itself (`SelfSubjectAccessReview`), so that it counts
//! what is granted, not how.

use futures::stream::{self, StreamExt};
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec};
use kube::Api;
use kube::api::PostParams;

use crate::kubernetes::objects::NodeClaimObject;
use crate::live::backend::Backend;
use crate::live::observe::call::{CallError, Caller, Query};
use crate::live::preflight::check::Check;
use crate::live::preflight::checks::Plan;
use crate::live::rbac::{Mode, Needed, Origin, Scope, needed, rule};

/// Questions under way at once.
const AT_ONCE: usize = 16;

/// One check per permission, and per namespace where it is needed in each.
pub(super) async fn check(caller: &Caller, plan: &Plan<'_>, namespaces: &[String]) -> Vec<Check> {
    let needed = needed(plan.mode, plan.backend);
    let places = |needed: &Needed| -> Vec<Option<String>> {
        match needed.scope {
            Scope::Cluster => vec![None],
            Scope::Namespace => namespaces.iter().cloned().map(Some).collect(),
        }
    };
    let questions: Vec<_> =
        needed.iter().flat_map(|needed| places(needed).into_iter().map(move |at| (*needed, at))).collect();
    let answers = stream::iter(questions).map(|(needed, at)| ask(caller, needed, at)).buffered(AT_ONCE);
    let mut all: Vec<_> = answers.collect().await;
    if plan.mode == Mode::Apply && matches!(plan.backend, Backend::Karpenter(_)) {
        all.push(karpenter(caller).await);
    }
    all
}

async fn ask(caller: &Caller, needed: Needed, namespace: Option<String>) -> Check {
    let name = name(&needed, namespace.as_deref());
    match may(caller, &needed, namespace.clone()).await {
        Ok(None) => Check::ok(name, needed.purpose),
        Ok(Some(why)) => Check::failed(name, format!("needed {}; {why}", needed.purpose))
            .mended_by(fix(&needed, namespace.as_deref())),
        Err(error) => Check::failed(name, format!("the API server does not say: {error}")),
    }
}

/// `may create pods in jobs`, `may list nodes`, `may patch pods/status in jobs`.
fn name(needed: &Needed, namespace: Option<&str>) -> String {
    let part = needed.subresource.map(|part| format!("/{part}")).unwrap_or_default();
    let group = if needed.group.is_empty() { String::new() } else { format!(".{}", needed.group) };
    let place = namespace.map(|namespace| format!(" in {namespace}")).unwrap_or_default();
    format!("may {} {}{group}{part}{place}", needed.verb, needed.resource)
}

/// The missing rule, and where it belongs.
fn fix(needed: &Needed, namespace: Option<&str>) -> String {
    let whose = match needed.origin {
        Origin::AwsBatch => "one of AWS Batch's own",
        Origin::Karpenter => "beyond AWS Batch's own, for the back end `karpenter`",
    };
    let place = match namespace {
        Some(namespace) => format!("a Role of namespace {namespace}"),
        None => "a ClusterRole".to_owned(),
    };
    format!("# add to the rules of {place} that the user is bound to ({whose}):\n{}", rule(needed))
}

/// Why the user may not; `None` if it may.
async fn may(caller: &Caller, needed: &Needed, namespace: Option<String>) -> Result<Option<String>, CallError> {
    let attributes = ResourceAttributes {
        group: Some(needed.group.to_owned()),
        namespace,
        resource: Some(needed.resource.to_owned()),
        subresource: needed.subresource.map(str::to_owned),
        verb: Some(needed.verb.to_owned()),
        ..ResourceAttributes::default()
    };
    let review = SelfSubjectAccessReview {
        spec: SelfSubjectAccessReviewSpec {
            resource_attributes: Some(attributes),
            ..SelfSubjectAccessReviewSpec::default()
        },
        ..SelfSubjectAccessReview::default()
    };
    let reviews: Api<SelfSubjectAccessReview> = Api::all(caller.client().clone());
    let answer = caller.within(reviews.create(&PostParams::default(), &review)).await?;
    let status = answer.status.unwrap_or_default();
    if status.allowed {
        return Ok(None);
    }
    let why = status.evaluation_error.or(status.reason).filter(|why| !why.is_empty());
    Ok(Some(why.unwrap_or_else(|| "no rule grants it to the user".to_owned())))
}

async fn karpenter(caller: &Caller) -> Check {
    let name = "Karpenter";
    match caller.page::<NodeClaimObject>(&Query::node_claims(), None).await {
        Ok(_) => Check::ok(name, "`nodeclaims.karpenter.sh` of version v1 is there"),
        Err(error) if error.is_not_found() => Check::failed(
            name,
            "there is no `nodeclaims.karpenter.sh` of version v1: Karpenter 1.0 or later is not installed",
        ),
        Err(error) => Check::unknown(name, &error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::backend::NodeClass;

    #[test]
    fn a_permission_is_named_and_its_rule_given() {
        let all = needed(Mode::Apply, &Backend::Karpenter(NodeClass::default()));
        let of = |verb: &str, resource: &str, scope: Scope| {
            *all.iter().find(|n| (n.verb, n.resource, n.scope) == (verb, resource, scope)).expect("needed")
        };
        let create = of("create", "pods", Scope::Namespace);
        assert_eq!(name(&create, Some("jobs")), "may create pods in jobs");
        let part = Needed { subresource: Some("status"), ..create };
        assert_eq!(name(&part, Some("jobs")), "may create pods/status in jobs");
        let claims = of("delete", "nodeclaims", Scope::Cluster);
        assert_eq!(name(&claims, None), "may delete nodeclaims.karpenter.sh");
        let fix = fix(&claims, None);
        assert!(fix.contains("a ClusterRole") && fix.contains("beyond AWS Batch's own"), "{fix}");
        assert!(fix.contains("- apiGroups: [\"karpenter.sh\"]\n  resources: [\"nodeclaims\"]\n  verbs: [\"delete\"]"));
    }
}
