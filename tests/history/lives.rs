//! What a job's history says of each way through the states, and the statusReason that stands at its end.

use windtunnel::history::{JobLog, JobState, Keep};

use crate::played::{life, log, names, play};

/// One node with two vCPUs before one queue.
const SMALL: &str = "set submitToRunnable=1s

at 0s
environment UNMANAGED
queue ce-0
adopted node-0 ce-0 cpu=2
";

#[test]
fn a_job_goes_through_the_states_and_a_retry_goes_back_to_runnable() {
    let log = log(&format!(
        "{SMALL}spec cpu=1 attempts=2
submit 0-0 jq-0 spec-0

at 4s
running 0.0

at 9s
failed 0.0 exit=3

at 11s
running 0.1

at 30s
failed 0.1 OOMKilled"
    ));
    let lived = "SUBMITTED 0s, RUNNABLE 1s, STARTING 1s, RUNNING 4s, RUNNABLE 9s, STARTING 9s, RUNNING 11s, FAILED 30s";
    assert_eq!(life(&log, "0-0"), lived);
    let record = log.get("0-0".parse().unwrap()).unwrap();
    assert_eq!(record.attempts.len(), 2);
    assert!(record.attempts[0].end.unwrap().retried && !record.attempts[1].end.unwrap().retried);
    assert_eq!(
        (record.started_at().unwrap().to_string(), record.stopped_at().unwrap().to_string()),
        ("11s".to_owned(), "30s".to_owned())
    );
}

#[test]
fn an_array_is_pending_with_its_first_runnable_child_and_fails_with_the_last() {
    let log = log(&format!(
        "{SMALL}spec cpu=2
submit 0-0 jq-0 spec-0 array=2

at 3s
running 0.0

at 5s
failed 0.0 exit=1

at 8s
running 0.1

at 9s
succeeded 0.1"
    ));
    assert_eq!(life(&log, "0-0"), "SUBMITTED 0s, PENDING 1s, FAILED 9s; Array Child Job failed");
    assert_eq!(life(&log, "0-0:0"), "PENDING 1s, RUNNABLE 1s, STARTING 1s, RUNNING 3s, FAILED 5s");
    assert_eq!(life(&log, "0-0:1"), "PENDING 1s, RUNNABLE 1s, STARTING 5s, RUNNING 8s, SUCCEEDED 9s");
    let summary = log.get("0-0".parse().unwrap()).unwrap().summary;
    assert_eq!((summary.count(JobState::Failed), summary.count(JobState::Succeeded)), (1, 1));
    assert_eq!(log.children("0-0".parse().unwrap()).count(), 2);
}

#[test]
fn a_job_with_dependencies_is_pending_until_they_have_succeeded() {
    let log = log(&format!(
        "{SMALL}spec cpu=1
submit 0-0 jq-0 spec-0 tracked
submit 0-1 jq-0 spec-0 tracked after=0-0
submit 0-2 jq-0 spec-0 after=0-1

at 5s
running 0.0

at 7s
succeeded 0.0

at 8s
running 0.1

at 9s
failed 0.1 exit=1"
    ));
    assert_eq!(life(&log, "0-1"), "SUBMITTED 0s, PENDING 1s, RUNNABLE 7s, STARTING 7s, RUNNING 8s, FAILED 9s");
    assert_eq!(life(&log, "0-2"), "SUBMITTED 0s, PENDING 1s, FAILED 9s; Dependent Job failed");
}

#[test]
fn children_that_wait_for_the_one_before_become_runnable_one_by_one() {
    let log = log(&format!(
        "{SMALL}spec cpu=1
submit 0-0 jq-0 spec-0 array=2 sequential

at 5s
running 0.0

at 7s
succeeded 0.0"
    ));
    assert!(life(&log, "0-0:0").ends_with("RUNNING 5s, SUCCEEDED 7s"), "{}", life(&log, "0-0:0"));
    assert_eq!(life(&log, "0-0:1"), "PENDING 1s, RUNNABLE 7s, STARTING 7s");
    assert!(life(&log, "0-0").starts_with("SUBMITTED 0s, PENDING"), "{}", life(&log, "0-0"));
}

#[test]
fn who_was_cancelled_or_terminated_says_so() {
    let log = log(&format!(
        "{SMALL}spec cpu=2
submit 0-0 jq-0 spec-0 tracked
submit 0-1 jq-0 spec-0 tracked

at 3s
running 0.0

at 5s
cancel 0-1
terminate 0-0

at 6s
failed 0.0 deleted"
    ));
    assert!(life(&log, "0-0").ends_with("RUNNING 3s, FAILED 6s; Terminated by TerminateJob."), "{}", life(&log, "0-0"));
    assert_eq!(life(&log, "0-1"), "SUBMITTED 0s, RUNNABLE 1s, FAILED 5s; Canceled by CancelJob.");
    let flags = |job: &str| log.get(job.parse().unwrap()).map(|record| (record.cancelled, record.terminated));
    assert_eq!((flags("0-0"), flags("0-1")), (Some((false, true)), Some((true, false))));
}

#[test]
fn what_ended_an_attempt_is_told_in_the_words_that_users_know() {
    let log = log(&format!(
        "{SMALL}spec cpu=1 timeout=60s
spec cpu=1
submit 0-0 jq-0 spec-0
submit 0-1 jq-0 spec-1

at 1s

at 2s
running 0.0
running 1.0

at 63s
failed 0.0 deleted

at 70s
lost node-0 interrupted"
    ));
    assert!(life(&log, "0-0").ends_with("FAILED 1m3s; Job attempt duration exceeded timeout"), "{}", life(&log, "0-0"));
    let said = "FAILED 1m10s; Host EC2 (instance i-00000000000000000) terminated.";
    assert!(life(&log, "0-1").ends_with(said), "{}", life(&log, "0-1"));
}

#[test]
fn a_head_that_is_said_to_block_its_queue_carries_why_until_a_time_limit_ends_it() {
    let heading = "set blockedDetectionDelay=1m

at 0s
environment max=8 types=small
queue ce-0 limit=MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT:10m
spec cpu=3
submit 0-0 jq-0 spec-0

at 1m
";
    let requirement = "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT";
    let waiting = life(&log(heading), "0-0");
    assert!(waiting.starts_with(&format!("SUBMITTED 0s, RUNNABLE 0s; {requirement} - The job resource")), "{waiting}");
    let ended = life(&log(&format!("{heading}\n\nat 10m")), "0-0");
    let said = format!("FAILED 10m; Canceled by JobStateTimeLimit action due to reason: {requirement}");
    assert!(ended.ends_with(&said), "{ended}");
}

#[test]
fn a_lack_of_capacity_names_the_type() {
    let log = log("set capacityRetryDelay=10m

at 0s
environment max=8 types=small
queue ce-0
spec cpu=1
submit 0-0 jq-0 spec-0

at 1s
unavailable launch-0 small short=2

at 2s");
    let said = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Service cannot fulfill the capacity requested for instance type \
                [small]";
    assert!(life(&log, "0-0").ends_with(said), "{}", life(&log, "0-0"));
}

#[test]
fn the_main_node_of_a_multi_node_parallel_job_decides() {
    let log = log("

at 0s
environment max=8 types=small
queue ce-0
spec cpu=1.5 nodes=2 main=1
submit 0-0 jq-0 spec-0

at 1s
launched launch-0 node-0 ce-0 small
launched launch-0 node-1 ce-0 small

at 2s
ready node-0 cpu=1.9
ready node-1 cpu=1.9

at 4s
running 1.0

at 6s
running 0.0

at 7s
succeeded 1.0");
    let lived = life(&log, "0-0");
    assert!(lived.ends_with("STARTING 2s, RUNNING 4s, SUCCEEDED 7s"), "{lived}");
    let record = log.get("0-0".parse().unwrap()).unwrap();
    let pods: Vec<_> = record.attempts.iter().map(|pod| (pod.node_index, pod.starting_at.to_string())).collect();
    assert_eq!(pods, [(Some(1), "2s".to_owned()), (Some(0), "4s".to_owned())]);
}

#[test]
fn a_submission_that_is_not_taken_leaves_nothing_behind() {
    let log = log("

at 0s
environment UNMANAGED
queue ce-0 DISABLED
spec cpu=1
submit 0-0 jq-0 spec-0");
    assert_eq!(log.iter().count(), 0);
}

#[test]
fn a_deleted_queue_takes_its_jobs_with_it() {
    let log = log(&format!("{SMALL}spec cpu=4\nsubmit 0-0 jq-0 spec-0\n\nat 5s\ndelete-queue jq-0"));
    assert_eq!(life(&log, "0-0"), "SUBMITTED 0s, RUNNABLE 1s, FAILED 5s; JobQueue deleted");
}

#[test]
fn finished_jobs_are_kept_as_wanted() {
    let story = format!(
        "{SMALL}spec cpu=1
submit 0-0 jq-0 spec-0 array=2
submit 0-1 jq-0 spec-0

at 1s

at 5s
succeeded 0.0
succeeded 1.0

at 6s
succeeded 1.1"
    );
    let known = |keep| {
        let log = play(&story, |config| JobLog::new(config, names(), keep));
        log.iter().map(|record| record.job.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(known(Keep::All), ["0-0", "0-0:0", "0-0:1", "0-1"]);
    assert_eq!(known(Keep::Last(1)), ["0-1"]);
    assert!(known(Keep::Last(0)).is_empty());
}
