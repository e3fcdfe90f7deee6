//! Programs that are killed, stopped, or started twice: the run goes on as if nothing had been.

use std::collections::BTreeMap;
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::apply::{LONG, assert_replays, shape};
use crate::bed::{Bed, User, with};
use crate::judge::{End, Judge, Verdict};
use crate::program::{Run, scenario};

/// Jobs that come over minutes, some failing; with a timeout, some of them run into it. It is far from all runtimes, so that
/// it does not decide how soon a pod is seen.
pub(crate) fn workload(jobs: u32, timeout: Option<u32>) -> Value {
    let mut trickle = json!({ "jobName": "trickle", "jobQueue": "JQ", "jobDefinition": "Job" });
    let mut runtimes = vec!["10s"; 10];
    runtimes.extend(["40s"; 9]);
    if let Some(seconds) = timeout {
        trickle["timeout"] = json!({ "attemptDurationSeconds": seconds });
        runtimes.push("5h");
    }
    json!([
        {
            "submit": trickle, "count": jobs,
            "arrivals": { "poisson": { "perHour": 3600 } },
            "runtime": { "empirical": runtimes }, "failureProbability": 0.2,
        },
        {
            "submit": { "jobName": "burst", "jobQueue": "JQ", "jobDefinition": "Job" }, "count": jobs / 4,
            "arrivals": { "fixed": { "start": "30s" } },
            "runtime": { "constant": "30s" },
        },
    ])
}

/// Job by job: how many attempts, and how the last ended. Jobs have other ids in every run, so they are counted.
pub(crate) fn state(verdict: &Verdict) -> BTreeMap<(usize, bool), usize> {
    let mut counts = BTreeMap::new();
    for stories in verdict.jobs.values() {
        let succeeded = stories.last().is_some_and(|story| matches!(story.end, End::Succeeded));
        *counts.entry((stories.len(), succeeded)).or_default() += 1;
    }
    counts
}

async fn undisturbed(bed: &Bed, speed: &str, jobs: u32) -> BTreeMap<(usize, bool), usize> {
    let judge = Judge::start(bed).await;
    let mut run =
        Run::of(bed, User::Admin, &scenario(bed.namespace(), 3, &workload(jobs, Some(600)))).with(&["--speed", speed]);
    run.apply().done(LONG).await.assert_done();
    let verdict = judge.verdict().await;
    verdict.assert_clean();
    state(&verdict)
}

/// So many times the program is killed in the tests; `WINDTUNNEL_TEST_KILLS` makes it more or less.
fn kills() -> usize {
    std::env::var("WINDTUNNEL_TEST_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(100)
}

#[test]
fn killed_at_a_hundred_moments_it_ends_as_undisturbed() {
    with(async |bed| {
        bed.add_nodes(6, &shape(&bed)).await;
        let jobs = 240;
        let expected = undisturbed(&bed, "40", jobs).await;
        let mut dice = Xoshiro256PlusPlus::seed_from_u64(7);
        let (mut killed, mut rounds) = (0, 0);
        while killed < kills() {
            rounds += 1;
            let judge = Judge::start(&bed).await;
            let mut run = Run::of(&bed, User::Admin, &scenario(bed.namespace(), 3, &workload(jobs, Some(600))))
                .with(&["--speed", "15", "--log", "warn"]);
            loop {
                let mut program = run.apply();
                if killed >= kills() {
                    program.done(LONG).await.assert_done();
                    break;
                }
                sleep(Duration::from_millis(dice.random_range(20..900))).await;
                if !program.is_alive() {
                    program.done(LONG).await.assert_done();
                    break;
                }
                program.kill();
                killed += 1;
            }
            let verdict = judge.verdict().await;
            verdict.assert_clean();
            assert_eq!(state(&verdict), expected, "jobs by attempts and end, after {killed} kills");
            assert_replays(&run.journal());
        }
        println!("killed {killed} times over {rounds} runs");
    });
}

#[test]
fn killed_before_its_first_step_it_has_lost_nothing() {
    with(async |bed| {
        bed.add_nodes(2, &shape(&bed)).await;
        let judge = Judge::start(&bed).await;
        let mut run = Run::of(&bed, User::Admin, &scenario(bed.namespace(), 3, &workload(20, None)));
        run = run.with(&["--speed", "60"]);
        let program = run.apply();
        while !std::fs::read(run.journal()).is_ok_and(|text| text.ends_with(b"\n")) {
            sleep(Duration::from_millis(1)).await;
        }
        program.kill();
        let text = std::fs::read_to_string(run.journal()).unwrap();
        assert!(!text.contains("CreatePod"), "killed too late: {text}");
        // The header alone, even where the machine was quicker than the test.
        std::fs::write(run.journal(), format!("{}\n", text.lines().next().unwrap())).unwrap();
        run.apply().done(LONG).await.assert_done();
        let verdict = judge.verdict().await;
        verdict.assert_clean();
        assert_eq!(verdict.jobs.len(), 25);
        assert_replays(&run.journal());
    });
}

#[test]
fn asked_to_stop_it_leaves_pods_running_and_goes_on_later() {
    with(async |bed| {
        bed.add_nodes(6, &shape(&bed)).await;
        let judge = Judge::start(&bed).await;
        let mut run = Run::of(&bed, User::Admin, &scenario(bed.namespace(), 3, &workload(120, Some(600))))
            .with(&["--speed", "15"]);
        let mut program = run.apply();
        crate::bed::until("pods run", async || running(&bed).await > 10).await;
        terminate(program.child().id());
        let done = program.done(Duration::from_secs(30)).await;
        assert!(done.status.success(), "{}", done.stderr);
        assert!(done.stderr.contains("go on with --resume"), "{}", done.stderr);
        assert!(running(&bed).await > 0, "its pods go on");
        run.apply().done(LONG).await.assert_done();
        judge.verdict().await.assert_clean();
        assert_replays(&run.journal());
    });
}

#[test]
fn two_programs_never_drive_one_environment() {
    with(async |bed| {
        bed.add_nodes(2, &shape(&bed)).await;
        let document = scenario(bed.namespace(), 1, &workload(40, None));
        let mut first = Run::of(&bed, User::Admin, &document).with(&["--speed", "15"]);
        let program = first.apply();
        crate::bed::until("pods run", async || running(&bed).await > 0).await;
        let mut second = Run::of(&bed, User::Admin, &document).with(&["--speed", "15"]);
        let refused = second.apply().done(Duration::from_mins(1)).await;
        assert!(!refused.status.success());
        assert!(refused.stderr.contains("earlier run") || refused.stderr.contains("lease"), "{}", refused.stderr);
        program.done(LONG).await.assert_done();
    });
}

async fn running(bed: &Bed) -> usize {
    let pods = bed.pods().list(&kube::api::ListParams::default()).await.unwrap().items;
    let phase = |pod: &k8s_openapi::api::core::v1::Pod| pod.status.clone().and_then(|status| status.phase);
    pods.iter().filter(|pod| phase(pod).as_deref() == Some("Running")).count()
}

/// SIGTERM.
fn terminate(process: u32) {
    let status = std::process::Command::new("kill").args(["-TERM", &process.to_string()]).status().unwrap();
    assert!(status.success());
}
