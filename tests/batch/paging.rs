//! Answers in pages. Source: `API:DescribeJobQueuesRequest` and its kin: 100 entries at most, then a token.

use serde_json::json;
use windtunnel::batch::PageRequest;

use crate::{account, is, ok, queue, read};

fn page(max_results: Option<u32>, next_token: Option<String>) -> PageRequest {
    PageRequest { max_results, next_token }
}

#[test]
fn pages_follow_each_other_whatever_happens_between() {
    let mut batch = account();
    for name in ["a", "b", "c", "d"] {
        ok(batch.create_job_queue(&read(queue(name, &["e"]))));
    }
    let names = |items: &[windtunnel::batch::JobQueueDetail]| {
        items.iter().map(|queue| queue.document.job_queue_name.clone()).collect::<Vec<_>>()
    };
    let first = batch.describe_job_queues(&[], &page(Some(2), None)).expect("a page");
    assert_eq!(names(&first.items), ["q", "a"]);
    ok(batch.update_job_queue(&read(json!({ "jobQueue": "q", "state": "DISABLED" }))));
    ok(batch.delete_job_queue(&read(json!({ "jobQueue": "q" }))));
    let second = batch.describe_job_queues(&[], &page(Some(2), first.next_token)).expect("a page");
    assert_eq!(names(&second.items), ["b", "c"]);
    let last = batch.describe_job_queues(&[], &page(None, second.next_token)).expect("a page");
    assert_eq!((names(&last.items), last.next_token), (vec!["d".to_owned()], None));
}

#[test]
fn a_page_has_its_limits() {
    let batch = account();
    is(batch.describe_job_queues(&[], &page(Some(101), None)), "/maxResults", "101 results on a page");
    is(batch.describe_job_queues(&[], &page(Some(0), None)), "/maxResults", "0 results on a page");
    is(batch.list_scheduling_policies(&page(None, Some("next".to_owned()))), "/nextToken", "Invalid nextToken");
    let names = vec!["q".to_owned(); 101];
    is(
        batch.describe_job_queues(&names, &PageRequest::default()),
        "/jobQueues",
        "101 names in one call, but AWS Batch takes 100",
    );
}

// `API:DescribeComputeEnvironments`: by name or ARN; what is not there is passed over.
#[test]
fn names_and_arns_find_the_same() {
    let batch = account();
    for name in ["q", "arn:aws:batch:us-east-1:123456789012:job-queue/q"] {
        let found = batch.describe_job_queues(&[name.to_owned(), "nowhere".to_owned()], &PageRequest::default());
        let found = serde_json::to_value(found.expect("a page")).expect("JSON");
        assert_eq!(found["items"][0]["jobQueueArn"], "arn:aws:batch:us-east-1:123456789012:job-queue/q");
        assert_eq!(found["items"][0]["status"], "VALID");
        assert_eq!(found["items"][0]["state"], "ENABLED");
        assert_eq!(found["items"].as_array().map(Vec::len), Some(1));
    }
}
