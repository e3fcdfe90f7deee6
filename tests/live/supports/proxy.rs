//! The proxy: each fault does what it says, where it says, as often as it says.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams};
use kube::config::Kubeconfig;
use kube::{Api, Client, Error, ResourceExt};
use serde_json::json;
use tokio::time::Instant;

use crate::bed::{Bed, User, allowed, with};
use crate::proxy::{Fault, On, Proxy, Rule};

/// Config maps stand for whatever there is: nobody else makes them here.
fn maps(bed: &Bed, client: Client) -> Api<ConfigMap> {
    Api::namespaced(client, bed.namespace())
}

async fn create(maps: &Api<ConfigMap>, name: &str) -> Result<ConfigMap, Error> {
    let map = serde_json::from_value(json!({ "metadata": { "name": name } })).unwrap();
    maps.create(&PostParams::default(), &map).await
}

async fn patch(maps: &Api<ConfigMap>, name: &str) -> Result<ConfigMap, Error> {
    let label = Patch::Merge(json!({ "metadata": { "labels": { "touched": "yes" } } }));
    maps.patch(name, &PatchParams::default(), &label).await
}

/// All of an error: what it says, and what that comes from.
fn chain(error: &dyn std::error::Error) -> String {
    let deeper = error.source().map(chain).unwrap_or_default();
    format!("{error}; {deeper}")
}

fn code(outcome: &Result<ConfigMap, Error>) -> u16 {
    match outcome {
        Err(Error::Api(status)) => status.code,
        other => panic!("the API server should have said no, not {other:?}"),
    }
}

#[test]
fn requests_are_refused_in_every_way() {
    with(async |bed| {
        let rules = vec![
            Fault::TooManyRequests { retry_after_s: 7 }.on(On::Create).times(1),
            Fault::ServerError.on(On::Create).times(1),
            Fault::Conflict.on(On::Create).times(1),
            Fault::Gone.on(On::Read).at("/configmaps").skip(1).times(1),
            Fault::ServerError.on(On::Delete).skip(1),
            Fault::Conflict.on(On::Patch),
        ];
        let proxy = Proxy::start(&bed, 1, rules).await;
        let through = maps(&bed, proxy.client(User::Admin).await);
        let codes = [create(&through, "a").await, create(&through, "a").await, create(&through, "a").await];
        assert_eq!(codes.each_ref().map(code), [429, 500, 409]);
        assert_eq!(through.list(&ListParams::default()).await.unwrap().items, []);
        assert!(matches!(through.list(&ListParams::default()).await, Err(Error::Api(status)) if status.code == 410));
        create(&through, "a").await.unwrap();
        assert_eq!(through.list(&ListParams::default()).await.unwrap().items.len(), 1);
        assert_eq!(code(&patch(&through, "a").await), 409);
        through.delete("a", &DeleteParams::default()).await.unwrap();
        assert!(
            matches!(through.delete("a", &DeleteParams::default()).await, Err(Error::Api(status)) if status.code == 500)
        );
        let each = [("conflict", 2), ("gone", 1), ("server error", 2), ("too many requests", 1)];
        assert_eq!(proxy.counts().into_iter().collect::<Vec<_>>(), each);

        proxy.rules(vec![Fault::TooManyRequests { retry_after_s: 7 }.on(On::Any)]);
        let request = hyper::Request::get("/version").body(kube::client::Body::empty()).unwrap();
        let answer = proxy.client(User::Admin).await.send(request).await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].as_bytes()), (429, &b"7"[..]));
    });
}

#[test]
fn a_request_is_lost_before_or_after_it_is_done() {
    with(async |bed| {
        let rules = vec![
            Fault::Reset.on(On::Create).times(1),
            Fault::AnswerLost.on(On::Create).times(1),
            Fault::Silence(Duration::from_secs(1)).on(On::Create),
        ];
        let proxy = Proxy::start(&bed, 1, rules).await;
        let (direct, through) = (maps(&bed, bed.admin()), maps(&bed, proxy.client(User::Admin).await));
        let error = create(&through, "never").await.unwrap_err();
        assert!(chain(&error).contains("reset by peer"), "{}", chain(&error));
        assert_eq!(direct.get_opt("never").await.unwrap(), None);
        let error = create(&through, "done").await.unwrap_err();
        assert!(chain(&error).contains("reset by peer"), "{}", chain(&error));
        assert_eq!(direct.get("done").await.unwrap().name_any(), "done");
        let began = Instant::now();
        create(&through, "late").await.unwrap();
        assert!(began.elapsed() >= Duration::from_secs(1));
        assert_eq!([proxy.count("reset"), proxy.count("answer lost"), proxy.count("silence")], [1, 1, 1]);
    });
}

#[test]
fn who_one_is_passes_through() {
    with(async |bed| {
        let proxy = Proxy::start(&bed, 1, Vec::new()).await;
        assert!(allowed(&proxy.client(User::Admin).await, Some(bed.namespace()), "create", "pods").await);
        assert!(!allowed(&proxy.client(User::Nobody).await, Some(bed.namespace()), "create", "pods").await);
        let file = Kubeconfig::read_from(proxy.kubeconfig(User::AwsBatch)).unwrap();
        let server = file.clusters[0].cluster.as_ref().unwrap().server.clone().unwrap();
        assert!(server.starts_with("http://127.0.0.1:"), "{server}");
        assert_eq!(proxy.counts().len(), 0);
    });
}

/// A watch through a proxy with these rules, before which `count` config maps, `map-0` on, are then made.
async fn watched(bed: &Arc<Bed>, rules: Vec<Rule>, count: usize) -> (Proxy, BoxStream<'static, String>) {
    let proxy = Proxy::start(bed, 1, rules).await;
    let (direct, through) = (maps(bed, bed.admin()), maps(bed, proxy.client(User::Admin).await));
    let version = direct.list(&ListParams::default()).await.unwrap().metadata.resource_version.unwrap();
    let events = through.watch(&WatchParams::default(), &version).await.unwrap();
    for n in 0..count {
        create(&direct, &format!("map-{n}")).await.unwrap();
    }
    let told = events.map(|event| match event {
        Ok(WatchEvent::Added(map)) => map.name_any(),
        Ok(WatchEvent::Error(status)) => format!("{} {}", status.code, status.reason),
        Ok(other) => format!("{other:?}"),
        Err(error) => format!("broken off: {}", chain(&error)),
    });
    (proxy, told.boxed())
}

#[test]
fn a_watch_breaks_off() {
    with(async |bed| {
        let (proxy, events) = watched(&bed, vec![Fault::ResetAfter { events: 2 }.on(On::Watch)], 3).await;
        let told: Vec<_> = events.collect().await;
        assert_eq!(told[..2], ["map-0", "map-1"]);
        assert!(told.len() == 3 && told[2].contains("reset by peer"), "{told:?}");
        assert_eq!(proxy.count("reset after events"), 1);
    });
    with(async |bed| {
        let (proxy, events) = watched(&bed, vec![Fault::ResetAfterBytes(10).on(On::Watch)], 1).await;
        let told: Vec<_> = events.collect().await;
        assert!(told.len() == 1 && told[0].contains("reset by peer"), "{told:?}");
        assert_eq!(proxy.count("reset after bytes"), 1);
    });
    with(async |bed| {
        let (proxy, mut events) = watched(&bed, Vec::new(), 1).await;
        assert_eq!(events.next().await.unwrap(), "map-0");
        proxy.cut_all();
        let told = events.next().await.unwrap();
        assert!(told.contains("reset by peer"), "{told}");
    });
}

#[test]
fn a_watch_is_too_old_in_both_ways() {
    with(async |bed| {
        let (proxy, events) = watched(&bed, vec![Fault::GoneAfter { events: 1 }.on(On::Watch)], 2).await;
        assert_eq!(events.collect::<Vec<_>>().await, ["map-0", "410 Expired"]);
        assert_eq!(proxy.count("gone after events"), 1);

        proxy.rules(vec![Fault::Gone.on(On::Watch)]);
        let through = maps(&bed, proxy.client(User::Admin).await);
        let refused = through.watch(&WatchParams::default(), "1").await.err().unwrap();
        assert!(matches!(&refused, Error::Api(status) if status.code == 410), "{refused:?}");
    });
}

#[test]
fn a_watch_is_silent_late_and_says_things_twice() {
    with(async |bed| {
        let silence = Duration::from_secs(2);
        let began = Instant::now();
        let rules = vec![Fault::SilenceAfter { events: 1, silence }.on(On::Watch)];
        let (proxy, mut events) = watched(&bed, rules, 2).await;
        assert_eq!(events.next().await.unwrap(), "map-0");
        assert!(began.elapsed() < silence, "the first event was held back too");
        assert_eq!(events.next().await.unwrap(), "map-1");
        assert!(began.elapsed() >= silence);
        assert_eq!(proxy.count("silence after events"), 1);
    });
    with(async |bed| {
        let by = Duration::from_secs(1);
        let began = Instant::now();
        let (proxy, events) = watched(&bed, vec![Fault::Delays { share: 1.0, by }.on(On::Watch)], 3).await;
        assert_eq!(events.take(3).collect::<Vec<_>>().await, ["map-0", "map-1", "map-2"]);
        // Late, each as late as the other, not one after the other.
        assert!(began.elapsed() >= by && began.elapsed() < 2 * by, "{:?}", began.elapsed());
        assert_eq!(proxy.count("delay"), 3);
    });
    with(async |bed| {
        let rules = vec![Fault::Duplicates { share: 1.0, later: 1 }.on(On::Watch)];
        let (proxy, events) = watched(&bed, rules, 3).await;
        let told: Vec<_> = events.take(5).collect().await;
        assert_eq!(told, ["map-0", "map-1", "map-0", "map-2", "map-1"]);
        assert_eq!(proxy.count("duplicate"), 3);
    });
}

#[test]
fn chance_is_seeded() {
    with(async |bed| {
        let mut seen = Vec::new();
        for seed in [1, 1, 2] {
            let proxy = Proxy::start(&bed, seed, vec![Fault::Conflict.on(On::Write).share(0.3)]).await;
            let through = maps(&bed, proxy.client(User::Admin).await);
            let mut outcomes = Vec::new();
            for _ in 0..40 {
                // There is nothing of the name: 404, or the fault.
                outcomes.push(match through.delete("nothing", &DeleteParams::default()).await {
                    Err(Error::Api(status)) => status.code,
                    other => panic!("{other:?}"),
                });
            }
            assert_eq!(outcomes.iter().filter(|code| **code == 409).count(), proxy.count("conflict"));
            seen.push(outcomes);
        }
        assert_eq!(seen[0], seen[1]);
        assert_ne!(seen[0], seen[2]);
    });
}
