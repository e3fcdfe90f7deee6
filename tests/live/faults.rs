//! Faults on the wire between the program and the API server: whatever goes wrong there, the run converges.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::apply::{LONG, assert_replays, shape};
use crate::bed::{User, with};
use crate::judge::Judge;
use crate::private::PrivateBed;
use crate::program::{Run, scenario};
use crate::proxy::{Fault, On, Proxy, Rule};
use crate::survival::{state, workload};

/// A run through a proxy with such faults ends like one without, and the faults really struck.
fn converges(rules: &'static [fn() -> Rule], counted: &'static [&'static str], within: Duration) {
    with(async |bed| {
        bed.add_nodes(6, &shape(&bed)).await;
        let document = scenario(bed.namespace(), 3, &workload(80, None));
        let expected = {
            let judge = Judge::start(&bed).await;
            let mut run = Run::of(&bed, User::Admin, &document).with(&["--speed", "60"]);
            run.apply().done(LONG).await.assert_done();
            state(&judge.verdict().await)
        };
        let proxy = Proxy::start(&bed, 11, rules.iter().map(|rule| rule()).collect()).await;
        let judge = Judge::start(&bed).await;
        let mut run = Run::of(&bed, User::Admin, &document)
            .with(&["--speed", "20", "--log", "warn"])
            .through(proxy.kubeconfig(User::Admin));
        run.apply().done(within).await.assert_done();
        let verdict = judge.verdict().await;
        verdict.assert_clean();
        assert_eq!(state(&verdict), expected);
        assert_replays(&run.journal());
        let counts: BTreeMap<_, _> = counted.iter().map(|name| (*name, proxy.count(name))).collect();
        assert!(counts.values().all(|count| *count > 0), "faults that struck: {counts:?}");
    });
}

#[test]
fn throttled_refused_and_reset() {
    converges(
        &[
            || Fault::TooManyRequests { retry_after_s: 1 }.on(On::Write).at("/pods").share(0.05),
            || Fault::ServerError.on(On::Any).at("/pods").share(0.05),
            || Fault::Conflict.on(On::Write).at("/pods").share(0.05),
            || Fault::Reset.on(On::Any).at("/pods").share(0.05),
            || Fault::AnswerLost.on(On::Write).at("/pods").share(0.05),
        ],
        &["too many requests", "server error", "conflict", "reset", "answer lost"],
        LONG,
    );
}

#[test]
fn watches_that_break() {
    converges(
        &[
            || Fault::ResetAfter { events: 15 }.on(On::Watch).at("/pods").times(3),
            || Fault::ResetAfterBytes(9_000).on(On::Watch).at("/pods").skip(3).times(3),
            || Fault::GoneAfter { events: 10 }.on(On::Watch).at("/pods").skip(6).times(3),
            || Fault::Gone.on(On::Watch).at("/pods").times(2),
        ],
        &["reset after events", "reset after bytes", "gone after events", "gone"],
        LONG,
    );
}

#[test]
fn events_doubled_and_late() {
    converges(
        &[
            || Fault::Duplicates { share: 0.3, later: 3 }.on(On::Watch),
            || Fault::Delays { share: 0.05, by: Duration::from_millis(400) }.on(On::Watch),
        ],
        &["duplicate"],
        LONG,
    );
}

#[test]
fn half_a_minute_of_silence() {
    converges(
        &[
            || Fault::SilenceAfter { events: 40, silence: Duration::from_secs(30) }.on(On::Watch).times(2),
            || Fault::Silence(Duration::from_secs(30)).on(On::Write).at("/pods").skip(40).times(2),
        ],
        &["silence", "silence after events"],
        LONG,
    );
}

#[test]
fn an_api_server_that_is_started_again() {
    with(async |_| {
        let private = PrivateBed::start().await;
        let bed = private.bed();
        bed.add_nodes(6, &shape(bed)).await;
        let judge = Judge::start(bed).await;
        let document = scenario(bed.namespace(), 3, &workload(120, None));
        let mut run = Run::of(bed, User::Admin, &document).with(&["--speed", "8", "--log", "warn"]);
        let program = run.apply();
        for _ in 0..2 {
            tokio::time::sleep(Duration::from_secs(5)).await;
            private.stop("apiserver").await;
            tokio::time::sleep(Duration::from_secs(2)).await;
            private.go_on("apiserver").await;
        }
        program.done(LONG).await.assert_done();
        let mut verdict = judge.verdict().await;
        // The judge's own watch broke with the API server.
        verdict.gaps = 0;
        verdict.assert_clean();
        assert_eq!(verdict.jobs.len(), 150);
        assert_replays(&run.journal());
    });
}
