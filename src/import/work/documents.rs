//! What AWS has documents for: queues, scheduling policies, job definitions. What no archive holds is stood in for.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::import::Notes;
use crate::import::stand_ins::ACCOUNT;
use crate::import::work::capacity::Capacity;
use crate::import::work::target::Target;
use crate::model::Resources;

/// The queue of work that names none.
pub(in crate::import) const QUEUE: &str = "imported";
/// Stands for images, which nothing runs.
const IMAGE: &str = "recorded";
/// Names have so many characters at most (`API:RegisterJobDefinition`, `API:SubmitJob`); some are kept for a number behind.
const NAME_MAX: usize = 120;

/// Queues by name, and a policy for each where users are shares.
pub(in crate::import) fn queues<'a>(names: impl Iterator<Item = &'a str>, target: &Target) -> (Vec<Value>, Vec<Value>) {
    let (mut queues, mut policies) = (Vec::new(), Vec::new());
    for name in names {
        let mut queue = json!({
            "jobQueueName": name,
            "priority": 1,
            "computeEnvironmentOrder": [{ "order": 1, "computeEnvironment": Capacity::NAME }]
        });
        if target.fair_share {
            let region = &target.region;
            queue["schedulingPolicyArn"] = json!(format!("arn:aws:batch:{region}:{ACCOUNT}:scheduling-policy/{name}"));
            policies.push(json!({ "name": name, "fairsharePolicy": {} }));
        }
        queues.push(queue);
    }
    (queues, policies)
}

/// A definition's name, from what it asks for.
pub(super) fn definition_name(requests: Resources, attempts: u8) -> String {
    let gpus = if requests.gpus > 0 { format!("-{}gpu", requests.gpus) } else { String::new() };
    let tries = if attempts > 1 { format!("-{attempts}attempts") } else { String::new() };
    format!("{}vcpu-{}mib{gpus}{tries}", vcpus(requests.cpu.0).replace('.', "_"), requests.memory.0)
}

/// A job definition.
pub(in crate::import) fn definition(name: &str, requests: Resources, attempts: u8) -> Value {
    let mut list = json!({ "cpu": vcpus(requests.cpu.0), "memory": format!("{}Mi", requests.memory.0) });
    if requests.gpus > 0 {
        list["nvidia.com/gpu"] = json!(requests.gpus.to_string());
    }
    let container = json!({ "image": IMAGE, "resources": { "limits": list, "requests": list } });
    json!({
        "jobDefinitionName": name,
        "type": "container",
        "retryStrategy": { "attempts": attempts },
        "eksProperties": { "podProperties": { "containers": [container] } }
    })
}

/// Thousandths of a vCPU as AWS Batch takes them in pods: without the suffix `m`.
fn vcpus(milli: u32) -> String {
    let text = format!("{}.{:03}", milli / 1_000, milli % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A name that AWS takes for jobs, queues and definitions, and a scenario for its entries: it begins with a letter.
pub(in crate::import) fn plain_name(text: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' };
    let name: String = text.trim().chars().map(kept).take(NAME_MAX).collect();
    let name = name.trim_matches('-');
    match name.chars().next() {
        None => "job".to_owned(),
        Some(first) if first.is_ascii_alphabetic() => name.to_owned(),
        Some(_) => format!("job-{name}").chars().take(NAME_MAX).collect(),
    }
}

/// Shares by user. A share has letters and digits only.
pub(super) fn shares<'a>(users: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, String> {
    let mut shares: BTreeMap<&str, String> = BTreeMap::new();
    let mut taken = std::collections::BTreeSet::new();
    for user in users {
        shares.entry(user).or_insert_with(|| {
            let own: String = user.chars().filter(char::is_ascii_alphanumeric).take(NAME_MAX).collect();
            let own = if own.is_empty() { "user".to_owned() } else { own };
            let mut share = own.clone();
            for number in 2_u32.. {
                if taken.insert(share.clone()) {
                    break;
                }
                share = format!("{own}x{number}");
            }
            share
        });
    }
    shares
}

/// What every import of an archive makes up.
pub(in crate::import) fn environment_notes(notes: &mut Notes) {
    notes.made_up("what archives hold none of: images, commands, namespace, subnets, roles, account");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{MiB, MilliCpu};

    #[test]
    fn names_are_such_as_aws_takes() {
        assert_eq!(plain_name("NFCORE_MAG:MAG:FASTQC (a.1)"), "NFCORE_MAG-MAG-FASTQC--a-1");
        assert_eq!(plain_name("7zip"), "job-7zip");
        assert_eq!(plain_name("ünï"), "n");
        assert_eq!(plain_name("???"), "job");
        assert_eq!(plain_name(&"x".repeat(300)).len(), NAME_MAX);
        let requests = Resources::pod(MilliCpu(1_750), MiB(64), 2);
        assert_eq!(definition_name(requests, 3), "1_75vcpu-64mib-2gpu-3attempts");
    }

    #[test]
    fn users_are_shares_that_differ() {
        let shares = shares(["a.b", "ab", "-", "ab"].into_iter());
        let all: Vec<_> = shares.into_iter().collect();
        assert_eq!(all, [("-", "user".to_owned()), ("a.b", "ab".to_owned()), ("ab", "abx2".to_owned())]);
    }
}
