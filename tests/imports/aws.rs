//! Answers of AWS Batch as scenarios: what is written runs to its end with the jobs, runtimes and ends that were recorded,
//! and what an export holds and can't be used is told.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::folder::Folder;

/// A folder with a folder `export` of answers.
struct Exported(Folder);

impl Exported {
    fn new(name: &str) -> Self {
        let folder = Folder::new(name);
        std::fs::create_dir_all(folder.path().join("export")).unwrap();
        Self(folder)
    }

    fn write(&self, name: &str, text: &str) {
        self.0.write(&format!("export/{name}"), text);
    }

    fn pages(&self, pages: &[(&str, Value)]) {
        for (name, page) in pages {
            self.write(name, &page.to_string());
        }
    }

    /// Imports a folder and runs what comes of it: what was told, the scenario, and the rows of all jobs by name and child.
    fn runs(&self, export: &Path) -> (Value, Value, BTreeMap<String, Vec<Row>>) {
        let out = export.display().to_string();
        let told = self.0.command(&["import", "aws", &out, "-o", "imported", "--output", "json"]);
        let told = serde_json::from_str(&told).unwrap();
        self.0.command(&["validate", "imported/scenario.json"]);
        self.0.command(&["run", "imported/scenario.json", "--out", "results"]);
        let mut rows: BTreeMap<String, Vec<Row>> = BTreeMap::new();
        for row in csv_rows(&self.0.text("results/jobs.csv")) {
            rows.entry(row.name.clone()).or_default().push(row);
        }
        for rows in rows.values_mut() {
            rows.sort_by(|a, b| a.id.cmp(&b.id));
        }
        (told, self.0.json("imported/scenario.json"), rows)
    }

    fn own(&self) -> (Value, Value, BTreeMap<String, Vec<Row>>) {
        self.runs(&self.0.path().join("export"))
    }
}

/// A job's row of `jobs.csv`.
#[derive(Debug)]
struct Row {
    id: String,
    name: String,
    queue: String,
    state: String,
    attempts: String,
    submitted: f64,
    began: Option<f64>,
    ended: Option<f64>,
    ran: String,
}

fn csv_rows(text: &str) -> Vec<Row> {
    let mut lines = text.lines();
    let heads: Vec<_> = lines.next().unwrap().split(',').collect();
    let at = |name: &str| heads.iter().position(|head| *head == name).unwrap();
    let rows = lines.map(|line| {
        let cells: Vec<_> = line.split(',').collect();
        let cell = |name: &str| cells[at(name)].to_owned();
        Row {
            id: cell("job_id"),
            name: cell("job_name"),
            queue: cell("queue"),
            state: cell("state"),
            attempts: cell("attempts"),
            submitted: cell("submitted_s").parse().unwrap(),
            began: cell("first_running_s").parse().ok(),
            ended: cell("ended_s").parse().ok(),
            ran: cell("run_s"),
        }
    });
    rows.collect()
}

fn went(rows: &[Row]) -> Vec<(&str, &str, &str)> {
    rows.iter().map(|row| (row.state.as_str(), row.attempts.as_str(), row.ran.as_str())).collect()
}

fn assert_told(told: &Value, words: &[&str]) {
    let text = told.to_string();
    for words in words {
        assert!(text.contains(words), "`{words}` is not told: {text:#}");
    }
}

fn id(n: usize) -> String {
    format!("00000000-0000-4000-8000-{n:012}")
}

const BEGIN: u64 = 1_700_000_000_000;

/// A job on EKS as `describe-jobs` has it; it ran once.
fn job(n: usize, name: &str, created_s: u64, ran: (u64, u64)) -> Value {
    let pod =
        json!({ "containers": [{ "image": "busybox", "resources": { "limits": { "cpu": "1", "memory": "512Mi" } } }] });
    let (started, stopped) = (BEGIN + ran.0 * 1_000, BEGIN + ran.1 * 1_000);
    json!({
        "jobId": id(n), "jobName": name, "status": "SUCCEEDED", "createdAt": BEGIN + created_s * 1_000,
        "jobQueue": "arn:aws:batch:us-east-1:111122223333:job-queue/work",
        "jobDefinition": format!("arn:aws:batch:us-east-1:111122223333:job-definition/{name}:3"),
        "dependsOn": [], "attempts": [], "retryStrategy": { "attempts": 1, "evaluateOnExit": [] },
        "eksProperties": { "podProperties": pod },
        "eksAttempts": [{ "containers": [{ "exitCode": 0 }], "startedAt": started, "stoppedAt": stopped }],
        "startedAt": started, "stoppedAt": stopped
    })
}

/// A job with other members.
fn with(mut job: Value, members: Value) -> Value {
    if let (Value::Object(job), Value::Object(members)) = (&mut job, members) {
        job.extend(members);
    }
    job
}

#[test]
fn an_account_and_its_jobs_run_as_they_were() {
    let folder = Exported::new("account");
    let account = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/imports/aws/account");
    for file in std::fs::read_dir(account).unwrap().map(|entry| entry.unwrap().path()) {
        let mut text = std::fs::read_to_string(&file).unwrap();
        let name = file.file_name().unwrap().to_str().unwrap();
        // A member that AWS may bring one day, and an answer that goes on in the next file.
        match name {
            "definitions.json" => {
                text = text.replacen("\"annotations\": {} }", "\"annotations\": {} }, \"hologram\": true", 1);
            }
            "jobs-1.json" => text = text.trim_end().strip_suffix('}').unwrap().to_owned() + ", \"nextToken\": \"t\" }",
            _ => {}
        }
        folder.write(name, &text);
    }
    let (told, scenario, rows) = folder.own();
    assert_eq!(rows.keys().collect::<Vec<_>>(), ["align-a", "gather", "sweep"]);
    // The second attempt was the world's doing: it is not part of the job's story.
    assert_eq!(went(&rows["align-a"]), [("SUCCEEDED", "2", "300.5")]);
    assert_eq!(went(&rows["gather"]), [("SUCCEEDED", "1", "12.0")]);
    assert_eq!(went(&rows["sweep"]), [("SUCCEEDED", "1", "45.0"), ("FAILED", "1", "30.0"), ("SUCCEEDED", "1", "55.0")]);
    assert!(rows["gather"][0].began > rows["align-a"][0].ended, "{rows:?}");
    assert_eq!((rows["gather"][0].submitted, rows["gather"][0].queue.as_str()), (90.0, "plain"));
    assert_eq!(scenario["region"], "eu-west-1");
    let names = |list: &str, member: &str| -> Vec<_> {
        scenario[list].as_array().unwrap().iter().map(|one| one[member].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("computeEnvironments", "computeEnvironmentName"), ["eks-on-demand", "ecs-spot"]);
    assert_eq!(names("jobQueues", "jobQueueName"), ["fair", "plain"]);
    assert_eq!(names("jobDefinitions", "jobDefinitionName"), ["align", "align", "ecs"]);
    let align = scenario["workload"].as_array().unwrap().iter().find(|entry| entry["submit"]["jobName"] == "align-a");
    let submit = &align.unwrap()["submit"];
    let asked = &submit["eksPropertiesOverride"]["podProperties"]["containers"][0];
    assert_eq!((&asked["name"], &asked["resources"]["requests"]["cpu"]), (&json!("main"), &json!("4")));
    assert_eq!((&submit["jobDefinition"], &submit["schedulingPriorityOverride"]), (&json!("align:2"), &json!(3)));
    assert_told(
        &told,
        &[
            "2 pages of describe-jobs",
            "time 0 is 2023-11-14T22:13:20Z",
            "INACTIVE job definitions that no job was of",
            "compute environments of Fargate",
            "eks-on-demand: zz9.large",
            "definitions.json /jobDefinitions/0: hologram",
            "00000000-0000-4000-8000-000000000003",
            "the job queue `plain` is DISABLED now and had jobs",
            "SPOT_PRICE_CAPACITY_OPTIMIZED stands for BEST_FIT",
            "1 attempts were ended by the loss of their node or pod",
        ],
    );
    assert!(!told.to_string().contains("nextToken"), "{told:#}");
}

#[test]
fn pipelines_pair_up_and_an_account_is_made_up_around_them() {
    let folder = Exported::new("pipelines");
    let mut jobs = Vec::new();
    let on = |n: usize| json!({ "dependsOn": [{ "jobId": id(n) }] });
    for n in 0..20_usize {
        let at = n as u64 * 60;
        // At one instant, and the later steps have the lower ids.
        let (split, map, merge) = (900 + n, 500 + n, 100 + n);
        jobs.push(job(split, "split", at, (at + 10, at + 17)));
        let waits =
            with(on(split), json!({ "arrayProperties": { "size": 2, "statusSummary": {} }, "eksAttempts": [] }));
        jobs.push(with(job(map, "map", at, (0, 0)), waits));
        for child in 0..2 {
            let own = json!({ "jobId": format!("{}:{child}", id(map)), "arrayProperties": { "index": child } });
            jobs.push(with(job(0, "map", at, (at + 100, at + 130 + child)), own));
        }
        let sum = json!({ "dependsOn": [{ "jobId": id(map), "type": "N_TO_N" }],
                          "arrayProperties": { "size": 2 }, "eksAttempts": [] });
        jobs.push(with(job(merge, "sum", at, (0, 0)), sum));
        for child in 0..2 {
            let own = json!({ "jobId": format!("{}:{child}", id(merge)), "arrayProperties": { "index": child } });
            jobs.push(with(job(0, "sum", at, (at + 200, at + 203)), own));
        }
    }
    let chain = json!({ "arrayProperties": { "size": 3 }, "dependsOn": [{ "jobId": "", "type": "SEQUENTIAL" }],
                        "eksAttempts": [] });
    jobs.push(with(job(1, "chain", 30, (0, 0)), chain));
    // Lines, as `jq -c '.jobs[]'` leaves them.
    let lines: Vec<_> = jobs.iter().map(Value::to_string).collect();
    folder.write("anything.jsonl", &lines.join("\n"));
    let (told, scenario, rows) = folder.own();
    assert_eq!(scenario["workload"].as_array().unwrap().len(), 4, "{:#}", scenario["workload"]);
    let count = |name: &str| rows[name].len();
    assert_eq!(["split", "map", "sum", "chain"].map(count), [20, 40, 40, 3]);
    assert!(rows.values().flatten().all(|row| row.state == "SUCCEEDED"));
    assert!(rows["split"].iter().all(|row| row.ran == "7.0"));
    assert_eq!(rows["map"].iter().filter(|row| row.ran == "31.0").count(), 20);
    let by_id = |name: &str, id: &str| rows[name].iter().find(|row| row.id.ends_with(id)).unwrap();
    for n in 0..20 {
        let at = format!("-{n}");
        let split = by_id("split", &at);
        for child in 0..2 {
            let at = format!("{at}:{child}");
            let (map, sum) = (by_id("map", &at), by_id("sum", &at));
            assert!(split.ended <= map.began && map.ended <= sum.began, "{n}: {split:?} {map:?} {sum:?}");
        }
    }
    let chain = &rows["chain"];
    assert!(chain[0].ended <= chain[1].began && chain[1].ended <= chain[2].began, "{chain:?}");
    assert_told(
        &told,
        &[
            "the compute environment `imported`",
            "the job queue `work`, on imported",
            "job definitions that were not exported are what their first job was told to run",
            "3 children of arrays are not in the export",
        ],
    );
}

#[test]
fn bad_exports_are_used_as_far_as_they_go_and_the_rest_is_told() {
    let folder = Exported::new("bad");
    let late = json!({ "stoppedAt": BEGIN, "eksAttempts": [{ "startedAt": BEGIN + 5_000, "stoppedAt": BEGIN + 1_000,
                                                             "containers": [{ "exitCode": 0 }] }] });
    let running = with(job(1, "a", 0, (9, 9)), json!({ "status": "RUNNING", "eksAttempts": [], "stoppedAt": null }));
    folder.pages(&[
        ("jobs-1.json", json!({ "jobs": [running, with(job(2, "a", 1, (0, 0)), late)], "nextToken": "t" })),
        (
            "jobs-2.json",
            json!({ "jobs": [job(1, "a", 0, (10, 20)), job(3, "a", 50, (40, 45)), "job"], "nextToken": "t" }),
        ),
        ("notes.json", json!({ "meeting": "monday" })),
        (
            "states.json",
            json!([
                with(job(4, "a", 60, (61, 64)), json!({ "status": "PAUSED", "eksAttempts": [] })),
                with(job(5, "a", 60, (61, 64)), json!({ "createdAt": null }))
            ]),
        ),
    ]);
    let page = json!({ "jobs": [job(6, "a", 70, (71, 79)), job(7, "a", 70, (71, 79))] }).to_string();
    let cut = page.rfind("jobDefinition").unwrap();
    folder.write("jobs-10.json", &page[..cut]);
    let (told, _, rows) = folder.own();
    let ran: Vec<_> = rows["a"].iter().map(|row| (row.submitted, row.ran.as_str())).collect();
    assert_eq!(ran.len(), 6);
    assert!(ran.contains(&(0.0, "10.0")) && ran.contains(&(50.0, "5.0")) && ran.contains(&(70.0, "8.0")), "{ran:?}");
    // It has no createdAt, and arrives when it started.
    assert!(ran.contains(&(61.0, "3.0")), "{ran:?}");
    let break_at = format!("jobs-10.json byte {cut}");
    assert_told(
        &told,
        &[
            &break_at,
            "describe-jobs after",
            "jobs that stand in the export more than once",
            "attempts that stopped before they started",
            "00000000-0000-4000-8000-000000000002",
            "1 jobs succeeded, and the export does not tell when they started or stopped",
            "jobs started before they were created (clock skew)",
            "`PAUSED`",
            "jobs that are not in AWS's shape",
            "notes.json",
            "1 jobs had not ended",
            "1 jobs have no createdAt",
        ],
    );
}

#[test]
fn people_timeouts_and_many_nodes_are_repeated() {
    let folder = Exported::new("ends");
    let range = |at: &str, cpu: &str| {
        let container = json!({ "image": "mpi", "resources": { "requests": { "cpu": cpu, "memory": "1024Mi" } } });
        json!({ "targetNodes": at, "eksProperties": { "podProperties": { "containers": [container] } } })
    };
    let nodes = |count: u32| {
        let ranges = [range("0:0", "1"), range("1:", "2")];
        json!({ "nodeProperties": { "numNodes": count, "mainNode": 0, "nodeRangeProperties": ranges },
                "eksProperties": null, "eksAttempts": [],
                "attempts": [{ "container": { "exitCode": 0 }, "startedAt": BEGIN + 60_000, "stoppedAt": BEGIN + 95_000 }] })
    };
    let node = json!({ "jobId": format!("{}#1", id(1)), "nodeDetails": { "nodeIndex": 1, "isMainNode": false } });
    let stopped = with(
        job(3, "stopped", 0, (300, 900)),
        json!({ "status": "FAILED", "isTerminated": true, "statusReason": "enough",
                "eksAttempts": [{ "containers": [{ "exitCode": 137 }], "startedAt": BEGIN + 300_000,
                                  "stoppedAt": BEGIN + 900_000, "statusReason": "enough" }] }),
    );
    let late = with(
        job(4, "late", 0, (300, 360)),
        json!({ "status": "FAILED", "timeout": { "attemptDurationSeconds": 60 },
                "eksAttempts": [{ "containers": [{ "exitCode": 137 }], "startedAt": BEGIN + 300_000,
                                  "stoppedAt": BEGIN + 361_000, "statusReason": "Job attempt duration exceeded timeout" }] }),
    );
    let page = json!({ "jobs": [with(job(1, "mpi", 0, (0, 0)), nodes(3)), with(job(1, "mpi", 0, (0, 0)), node),
                                with(job(2, "mpi", 5, (0, 0)), nodes(2)), stopped, late] });
    folder.pages(&[("one.json", page)]);
    let (told, scenario, rows) = folder.own();
    let mpi: Vec<_> = rows["mpi"].iter().map(|row| (row.state.as_str(), row.ran.as_str())).collect();
    assert_eq!(mpi, [("SUCCEEDED", "35.0"); 2]);
    let stopped = &rows["stopped"][0];
    assert_eq!(stopped.state, "FAILED");
    assert!(stopped.ended.is_some_and(|ended| (900.0..960.0).contains(&ended)), "{stopped:?}");
    assert_eq!(rows["late"][0].state, "FAILED");
    assert!(rows["late"][0].ran.parse::<f64>().unwrap() >= 60.0);
    let counts: Vec<_> =
        scenario["jobDefinitions"].as_array().unwrap().iter().map(|one| &one["nodeProperties"]["numNodes"]).collect();
    assert!(counts.contains(&&json!(3)) && counts.contains(&&json!(2)), "{counts:?}");
    assert_told(&told, &["nodes of multi-node parallel jobs", "TerminateJob", "ended by a timeout"]);
}

#[test]
fn types_that_the_catalog_lacks_can_be_launched() {
    let folder = Exported::new("types");
    let mut account: Value = serde_json::from_str(include_str!("aws/account/environments.json")).unwrap();
    account["computeEnvironments"].as_array_mut().unwrap().truncate(1);
    account["computeEnvironments"][0]["computeResources"]["instanceTypes"] = json!(["zz9.large"]);
    account["computeEnvironments"][0]["computeResources"]["subnets"] = json!(["subnet-a", "subnet-b"]);
    let subnet = |id: &str, zone: &str| json!({ "SubnetId": id, "AvailabilityZone": zone });
    let subnets = [("a", "eu-west-1b"), ("b", "eu-west-1-loc-1a"), ("x", "eu-west-1a")];
    let subnets = subnets.map(|(id, zone)| subnet(&format!("subnet-{id}"), zone));
    let queue = json!({ "jobQueueName": "work", "jobQueueArn": "arn:aws:batch:eu-west-1:1:job-queue/work", "priority": 1,
                        "state": "ENABLED", "computeEnvironmentOrder": [{ "order": 1, "computeEnvironment": "eks-on-demand" }] });
    let big = json!({ "InstanceType": "zz9.large", "VCpuInfo": { "DefaultVCpus": 2, "DefaultCores": 1 },
                      "MemoryInfo": { "SizeInMiB": 8192 }, "ProcessorInfo": { "SupportedArchitectures": ["x86_64"] } });
    folder.pages(&[
        ("a.json", account),
        ("b.json", json!({ "jobQueues": [queue] })),
        ("c.json", json!({ "InstanceTypes": [big] })),
        ("d.json", json!({ "jobs": [job(1, "a", 0, (5, 25))] })),
        ("e.json", json!({ "Subnets": subnets })),
    ]);
    let (told, scenario, rows) = folder.own();
    assert_eq!(went(&rows["a"]), [("SUCCEEDED", "1", "20.0")]);
    assert_eq!(scenario["cluster"]["subnets"], json!({ "subnet-a": "eu-west-1b" }));
    assert_eq!(scenario["cluster"]["instanceTypes"][0]["name"], "zz9.large");
    assert_told(&told, &["the On-Demand price of zz9.large", "subnets in zones that the catalog has not"]);
}

#[test]
fn what_is_no_export_is_refused() {
    let folder = Exported::new("none");
    folder.write("a.json", "{\"Reservations\": []}");
    let told = folder.0.refused(&["import", "aws", "export", "-o", "imported"]);
    assert!(told.contains("none of the files is an export") && told.contains("export/a.json"), "{told}");
    assert!(!folder.0.path().join("imported").exists());
}
