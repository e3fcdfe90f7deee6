//! What AWS forbids, written a second time: straight from the API and user guide, on the JSON itself, without a word of
//! `windtunnel::model`. It knows the most important rules only; the table in `rules` has them all.

use std::collections::BTreeSet;

use serde_json::Value;

/// What of a job definition AWS would refuse.
pub(crate) fn job_definition(document: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    name(&document["jobDefinitionName"], "jobDefinitionName", &mut wrong);
    within(&document["schedulingPriority"], 0, 9_999, "schedulingPriority", &mut wrong);
    job(document, &document["consumableResourceProperties"], &mut wrong);
    at_most(document.to_string().len() as u64, 24 << 10, "bytes", &mut wrong);
    match document["type"].as_str() {
        Some("container") => pod(&document["eksProperties"]["podProperties"], &mut wrong),
        Some("multinode") => nodes(&document["nodeProperties"], &mut wrong),
        _ => wrong.push("type is neither container nor multinode".to_owned()),
    }
    wrong
}

/// What of a submission AWS would refuse, whatever its job definition is.
pub(crate) fn submission(document: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    name(&document["jobName"], "jobName", &mut wrong);
    if !text(&document["jobName"]).starts_with(|c: char| c.is_ascii_alphanumeric()) {
        wrong.push("jobName starts with neither letter nor digit".to_owned());
    }
    within(&document["schedulingPriorityOverride"], 0, 9_999, "schedulingPriorityOverride", &mut wrong);
    within(&document["arrayProperties"]["size"], 2, 10_000, "arrayProperties.size", &mut wrong);
    within(&document["nodeOverrides"]["numNodes"], 1, 1_000, "numNodes", &mut wrong);
    at_most(entries(&document["dependsOn"]).len() as u64, 20, "dependencies", &mut wrong);
    if let Some(share) = document["shareIdentifier"].as_str() {
        self::share(share, &mut wrong);
    }
    job(document, &document["consumableResourcePropertiesOverride"], &mut wrong);
    at_most(document.to_string().len() as u64, 30 << 10, "bytes", &mut wrong);
    let by_range = entries(&document["nodeOverrides"]["nodePropertyOverrides"]);
    for override_ in
        by_range.iter().map(|one| &one["eksPropertiesOverride"]).chain([&document["eksPropertiesOverride"]])
    {
        let pod = &override_["podProperties"];
        for list in ["containers", "initContainers"] {
            at_most(entries(&pod[list]).len() as u64, 10, list, &mut wrong);
            for container in entries(&pod[list]) {
                quantities(container, &mut wrong);
                variables(container, &mut wrong);
            }
        }
        metadata(&pod["metadata"], &mut wrong);
    }
    wrong
}

/// What of a compute environment AWS would refuse.
pub(crate) fn compute_environment(document: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    name(&document["computeEnvironmentName"], "computeEnvironmentName", &mut wrong);
    tags(&document["tags"], &mut wrong);
    let eks = &document["eksConfiguration"];
    let namespace = text(&eks["kubernetesNamespace"]);
    if eks.is_object() && (!is_label(namespace) || namespace == "default" || namespace.starts_with("kube-")) {
        wrong.push(format!("namespace {namespace}"));
    }
    let resources = &document["computeResources"];
    match (document["type"].as_str(), resources.is_object()) {
        (Some("MANAGED"), true) => capacity(resources, &mut wrong),
        (Some("UNMANAGED"), false) => {}
        (kind, _) => wrong.push(format!("{kind:?} with computeResources {resources}")),
    }
    wrong
}

/// What of a job queue AWS would refuse.
pub(crate) fn job_queue(document: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    name(&document["jobQueueName"], "jobQueueName", &mut wrong);
    tags(&document["tags"], &mut wrong);
    let order = entries(&document["computeEnvironmentOrder"]);
    if order.is_empty() || order.len() > 3 || !document["priority"].is_number() {
        wrong.push(format!("{} environments, priority {}", order.len(), document["priority"]));
    }
    for action in entries(&document["jobStateTimeLimitActions"]) {
        within(&action["maxTimeSeconds"], 600, 86_400, "maxTimeSeconds", &mut wrong);
        if action["action"] != "CANCEL" || action["state"] != "RUNNABLE" {
            wrong.push(format!("time limit {action}"));
        }
    }
    wrong
}

/// What of a scheduling policy AWS would refuse.
pub(crate) fn scheduling_policy(document: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    name(&document["name"], "name", &mut wrong);
    tags(&document["tags"], &mut wrong);
    fairshare(&document["fairsharePolicy"], &mut wrong);
    wrong
}

/// What of a consumable resource AWS would refuse.
pub(crate) fn consumable_resource(document: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    name(&document["consumableResourceName"], "consumableResourceName", &mut wrong);
    tags(&document["tags"], &mut wrong);
    within(&document["totalQuantity"], 0, i64::MAX, "totalQuantity", &mut wrong);
    wrong
}

/// `API:FairsharePolicy`, `API:ShareAttributes`.
pub(crate) fn fairshare(policy: &Value, wrong: &mut Vec<String>) {
    within(&policy["shareDecaySeconds"], 0, 604_800, "shareDecaySeconds", wrong);
    within(&policy["computeReservation"], 0, 99, "computeReservation", wrong);
    let shares: Vec<_> =
        entries(&policy["shareDistribution"]).iter().map(|one| text(&one["shareIdentifier"])).collect();
    for (index, one) in shares.iter().enumerate() {
        share(one, wrong);
        let prefix = one.strip_suffix('*');
        for (_, other) in shares.iter().enumerate().filter(|(other, _)| *other != index) {
            if one == other || prefix.is_some_and(|prefix| other.starts_with(prefix)) {
                wrong.push(format!("shares {one} and {other} overlap"));
            }
        }
    }
    for weight in entries(&policy["shareDistribution"]).iter().filter_map(|one| one["weightFactor"].as_f64()) {
        if !(0.0001..=999.9999).contains(&weight) {
            wrong.push(format!("weight {weight}"));
        }
    }
}

/// `API:ComputeResource`.
pub(crate) fn capacity(resources: &Value, wrong: &mut Vec<String>) {
    let (min, max) = (resources["minvCpus"].as_f64().unwrap_or(0.0), resources["maxvCpus"].as_f64());
    let desired = resources["desiredvCpus"].as_f64().unwrap_or(min);
    if max.is_none_or(|max| !(0.0 <= min && min <= desired && desired <= max)) {
        wrong.push(format!("vCPUs {min}, {desired}, {max:?}"));
    }
    let (kind, strategy) = (text(&resources["type"]), text(&resources["allocationStrategy"]));
    let fits = match strategy {
        "" | "BEST_FIT_PROGRESSIVE" => matches!(kind, "EC2" | "SPOT"),
        "BEST_FIT_PROGRESSIVE_ORDERED" => kind == "EC2",
        "SPOT_CAPACITY_OPTIMIZED" | "SPOT_PRICE_CAPACITY_OPTIMIZED" | "SPOT_CAPACITY_OPTIMIZED_PRIORITIZED" => {
            kind == "SPOT"
        }
        _ => false,
    };
    if !fits {
        wrong.push(format!("strategy {strategy} of {kind}"));
    }
    if kind != "SPOT" && !resources["bidPercentage"].is_null() {
        wrong.push(format!("a bid for {kind}"));
    }
    within(&resources["bidPercentage"], 0, 100, "bidPercentage", wrong);
    let delay = &resources["scalingPolicy"]["minScaleDownDelayMinutes"];
    if delay.as_f64() != Some(0.0) {
        within(delay, 20, 10_080, "minScaleDownDelayMinutes", wrong);
    }
    at_most(entries(&resources["ec2Configuration"]).len() as u64, 2, "images", wrong);
    let template = &resources["launchTemplate"];
    if template.is_object() {
        at_most(entries(&template["overrides"]).len() as u64, 10, "overrides", wrong);
        for named in entries(&template["overrides"]).iter().chain([template]) {
            let names =
                ["launchTemplateId", "launchTemplateName"].into_iter().filter(|name| !named[name].is_null()).count();
            // Beside overrides there need not be a template for all other types.
            if names != 1 && (names > 1 || entries(&named["overrides"]).is_empty()) {
                wrong.push(format!("a launch template by {names} names"));
            }
            let version = text(&named["version"]);
            if !matches!(version, "" | "$Default" | "$Latest") && !version.bytes().all(|b| b.is_ascii_digit()) {
                wrong.push(format!("version {version}"));
            }
        }
    }
}

/// What a definition and a submission have in common.
fn job(document: &Value, consumables: &Value, wrong: &mut Vec<String>) {
    let retry = &document["retryStrategy"];
    within(&retry["attempts"], 1, 10, "attempts", wrong);
    at_most(entries(&retry["evaluateOnExit"]).len() as u64, 5, "conditions", wrong);
    for condition in entries(&retry["evaluateOnExit"]) {
        let code = text(&condition["onExitCode"]);
        if !code.strip_suffix('*').unwrap_or(code).bytes().all(|b| b.is_ascii_digit()) {
            wrong.push(format!("onExitCode {code}"));
        }
    }
    within(&document["timeout"]["attemptDurationSeconds"], 60, i64::MAX, "attemptDurationSeconds", wrong);
    let consumables = entries(&consumables["consumableResourceList"]);
    at_most(consumables.len() as u64, 5, "consumable resources", wrong);
    for one in consumables {
        within(&one["quantity"], 1, i64::MAX, "quantity", wrong);
    }
    tags(&document["tags"], wrong);
}

/// `API:NodeProperties`.
fn nodes(nodes: &Value, wrong: &mut Vec<String>) {
    within(&nodes["numNodes"], 1, 1_000, "numNodes", wrong);
    let count = nodes["numNodes"].as_f64().unwrap_or(0.0);
    if nodes["mainNode"].as_f64().is_none_or(|main| main < 0.0 || main >= count) {
        wrong.push(format!("main node {} of {count}", nodes["mainNode"]));
    }
    let ranges = entries(&nodes["nodeRangeProperties"]);
    if ranges.is_empty() || ranges.len() > 5 {
        wrong.push(format!("{} ranges", ranges.len()));
    }
    let mut held = BTreeSet::new();
    for range in ranges {
        let target = text(&range["targetNodes"]);
        let (first, last) = target.split_once(':').unwrap_or((target, target));
        let number =
            |digits: &str, otherwise: f64| if digits.is_empty() { otherwise } else { digits.parse().unwrap_or(-1.0) };
        let (first, last) = (number(first, 0.0), number(last, count - 1.0));
        if target.starts_with('+') || target.contains(":+") || !(0.0 <= first && first <= last && last < count) {
            wrong.push(format!("range {target} of {count}"));
        }
        held.extend((0_u16..1_000).filter(|node| (first..=last).contains(&f64::from(*node))));
        at_most(entries(&range["instanceTypes"]).len() as u64, 1, "instance types", wrong);
        pod(&range["eksProperties"]["podProperties"], wrong);
    }
    if (0_u16..1_000).any(|node| f64::from(node) < count && !held.contains(&node)) {
        wrong.push(format!("ranges hold {} of {count} nodes", held.len()));
    }
}

/// `API:EksPodProperties`, `API:EksContainer`.
fn pod(pod: &Value, wrong: &mut Vec<String>) {
    let (containers, before) = (entries(&pod["containers"]), entries(&pod["initContainers"]));
    if containers.is_empty() || containers.len() > 10 || before.len() > 10 {
        wrong.push(format!("{} containers, {} init containers", containers.len(), before.len()));
    }
    let volumes: BTreeSet<_> = entries(&pod["volumes"]).iter().map(|volume| text(&volume["name"])).collect();
    let mut names = BTreeSet::new();
    for container in containers.iter().chain(before) {
        let name = container["name"].as_str().unwrap_or("Default");
        if name.is_empty() || name.len() > 63 || !names.insert(name.to_ascii_lowercase()) {
            wrong.push(format!("container {name}"));
        }
        if !(1..=255).contains(&text(&container["image"]).len()) {
            wrong.push(format!("image {}", container["image"]));
        }
        for mount in entries(&container["volumeMounts"]) {
            if !volumes.contains(text(&mount["name"])) || !text(&mount["mountPath"]).starts_with('/') {
                wrong.push(format!("mount {mount}"));
            }
        }
        resources(container, wrong);
        variables(container, wrong);
    }
    metadata(&pod["metadata"], wrong);
}

/// `UG:memory-cpu-batch-eks`: what a whole container asks for.
fn resources(container: &Value, wrong: &mut Vec<String>) {
    quantities(container, wrong);
    let amount = |side: &str, of: &str| {
        let text = container["resources"][side][of].as_str()?;
        text.trim_end_matches("Mi").parse::<f64>().ok()
    };
    let pair = |of: &str| (amount("requests", of), amount("limits", of));
    match pair("cpu") {
        (None, None) => wrong.push("no cpu".to_owned()),
        (Some(request), Some(limit)) if request > limit => wrong.push(format!("cpu {request} above {limit}")),
        _ => {}
    }
    match pair("memory") {
        (None, None) => wrong.push("no memory".to_owned()),
        (Some(request), Some(limit)) if request.total_cmp(&limit).is_ne() => {
            wrong.push(format!("memory {request} and {limit}"));
        }
        _ => {}
    }
    if let (Some(request), Some(limit)) = pair("nvidia.com/gpu")
        && request.total_cmp(&limit).is_ne()
    {
        wrong.push(format!("GPUs {request} and {limit}"));
    }
}

/// The form of each quantity, wherever it stands.
fn quantities(container: &Value, wrong: &mut Vec<String>) {
    for side in ["requests", "limits"] {
        let Some(fields) = container["resources"][side].as_object() else { continue };
        for (resource, quantity) in fields {
            let text = text(quantity);
            let is_whole = |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            let good = match resource.as_str() {
                "cpu" => {
                    let quarters = text.parse::<f64>().map_or(0.5, |vcpus| vcpus * 4.0);
                    quarters >= 1.0 && quarters.fract() == 0.0 && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
                }
                "memory" => text
                    .strip_suffix("Mi")
                    .is_some_and(|mib| is_whole(mib) && mib.parse().is_ok_and(|mib: f64| mib >= 4.0)),
                "nvidia.com/gpu" => is_whole(text),
                _ => false,
            };
            if !good {
                wrong.push(format!("{side} {resource} {quantity}"));
            }
        }
    }
}

fn variables(container: &Value, wrong: &mut Vec<String>) {
    for variable in entries(&container["env"]) {
        if variable["name"].as_str().is_none_or(|name| name.is_empty() || name.starts_with("AWS_BATCH")) {
            wrong.push(format!("variable {variable}"));
        }
    }
}

/// `API:EksMetadata`.
fn metadata(metadata: &Value, wrong: &mut Vec<String>) {
    if let Some(namespace) = metadata["namespace"].as_str()
        && (!is_label(namespace) || namespace == "default" || namespace.starts_with("kube"))
    {
        wrong.push(format!("namespace {namespace}"));
    }
    for (list, longest) in [("labels", 63), ("annotations", 255)] {
        for (key, value) in metadata[list].as_object().into_iter().flatten() {
            let prefix = key.rsplit_once('/').map_or("", |(prefix, _)| prefix);
            let reserved = ["kubernetes.io", "k8s.io", "batch.amazonaws.com"];
            if reserved.contains(&prefix) || text(value).chars().count() > longest || !(1..=317).contains(&key.len()) {
                wrong.push(format!("{list} {key}: {value}"));
            }
        }
    }
}

/// `API:TagrisTagsMap`.
fn tags(tags: &Value, wrong: &mut Vec<String>) {
    let Some(tags) = tags.as_object() else { return };
    at_most(tags.len() as u64, 50, "tags", wrong);
    for (key, value) in tags {
        if !(1..=128).contains(&key.chars().count())
            || text(value).chars().count() > 256
            || key.to_ascii_lowercase().starts_with("aws:")
        {
            wrong.push(format!("tag {key}: {value}"));
        }
    }
}

fn name(value: &Value, what: &str, wrong: &mut Vec<String>) {
    let name = text(value);
    let alphabet = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if !(1..=128).contains(&name.len()) || !alphabet {
        wrong.push(format!("{what} {value}"));
    }
}

fn share(share: &str, wrong: &mut Vec<String>) {
    let word = share.strip_suffix('*').unwrap_or(share);
    if share.is_empty() || word.len() > 255 || !word.bytes().all(|b| b.is_ascii_alphanumeric()) {
        wrong.push(format!("share {share}"));
    }
}

/// A DNS label of Kubernetes: 63 lower-case letters, digits and hyphens at most, no hyphen at the ends.
fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// A whole number within limits, or nothing at all.
fn within(value: &Value, min: i64, max: i64, what: &str, wrong: &mut Vec<String>) {
    let whole = value.as_i64().or_else(|| format!("{}", value.as_f64()?).parse().ok());
    if !value.is_null() && whole.is_none_or(|number| number < min || number > max) {
        wrong.push(format!("{what} {value}"));
    }
}

fn at_most(count: u64, max: u64, what: &str, wrong: &mut Vec<String>) {
    if count > max {
        wrong.push(format!("{count} {what}"));
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn entries(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
