//! The lease on a real API server, under the rules that AWS documents for AWS Batch's user: they grant no leases.

use std::future::pending;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use super::Lease;
use crate::live::actuate::on_cluster::{client, namespace, quota, remove, request};
use crate::live::settings::LiveSettings;
use crate::live::telemetry::Metrics;

#[tokio::test]
async fn one_instance_at_a_time_under_the_rules_that_aws_documents() {
    let (Some(admin), Some(batch)) = (client(None).await, client(Some("aws-batch")).await) else { return };
    let namespace = namespace(&admin, "lease").await;
    let path = format!("/api/v1/namespaces/{namespace}");
    // The strictest level of PodSecurity, and a quota that wants to see requests and limits.
    let mut space = request(&admin, "GET", &path, &Value::Null).await.unwrap();
    space["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] = json!("restricted");
    request(&admin, "PUT", &path, &space).await.unwrap();
    let hard = json!({ "requests.cpu": "1", "requests.memory": "1Gi", "limits.cpu": "1", "limits.memory": "1Gi" });
    quota(&admin, &namespace, &hard).await;

    let settings = LiveSettings {
        lease_duration: Duration::from_secs(6),
        lease_renewal: Duration::from_secs(1),
        ..LiveSettings::default()
    };
    let environments = [("0b5f9c1e-6f1d-3a7e-9a53-0f4f6f5b7a11".to_owned(), namespace.clone())];
    let acquire = |holder, run| Lease::acquire(batch.clone(), &environments, holder, run, &settings, Metrics::new());
    let mut first = acquire("first", "run-1").await.unwrap();
    let (kept, refused) = tokio::join!(first.keep(sleep(Duration::from_secs(8))), acquire("second", "run-2"));
    kept.unwrap();
    let error = refused.err().expect("only one may").to_string();
    assert!(error.contains("first") && error.contains("run-1"), "{error}");

    let pod_path = format!("{path}/pods/windtunnel-lease.{}", environments[0].0);
    let pod = request(&admin, "GET", &pod_path, &Value::Null).await.unwrap();
    assert_eq!(pod["spec"]["nodeName"], Value::Null);
    assert_eq!(pod["status"]["conditions"][0]["reason"], "SchedulingGated", "{pod}");

    let began = Instant::now();
    let second = acquire("second", "run-2").await.unwrap();
    assert!(began.elapsed() >= settings.lease_duration, "after {:?}", began.elapsed());
    let error = timeout(Duration::from_secs(5), first.keep(pending())).await.unwrap().unwrap_err().to_string();
    assert!(error.contains("second"), "{error}");
    first.release().await.unwrap();
    assert!(request(&admin, "GET", &pod_path, &Value::Null).await.is_ok(), "what is lost is not given back");
    second.release().await.unwrap();
    assert_eq!(request(&admin, "GET", &pod_path, &Value::Null).await, Err(404));
    remove(&admin, &namespace).await;
}
