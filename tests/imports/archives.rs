//! SWF logs, Nextflow's traces and tables of our own: what becomes of every line, and that the scenario runs as it was recorded.

use serde_json::json;

use crate::folder::Folder;

const IDEAL: [&str; 2] = ["--set", r#"/assumptions={"preset":"ideal"}"#];

const LOG: &str = "; Computer: a cluster\n; MaxProcs: 8\n\
    1 0 5 60 4 -1 -1 4 100 -1 1 7 1 -1 1 -1 -1 -1\n\
    2 30 5 90 2 -1 -1 2 100 2048 0 8 1 -1 2 -1 1 -1\n\
    3 40 -1 -1 1 -1 -1 1 100 -1 5 7 1 -1 1 -1 -1 -1\n\
    4 50 0 10 5000 -1 -1 1 100 -1 1 7 1 -1 1 -1 -1 -1\n";

#[test]
fn an_swf_log_is_named_by_the_scenario() {
    let folder = Folder::new("swf");
    folder.write("tiny.swf", LOG);
    let (_, told) = folder.import(&["swf", "tiny.swf"]);
    for said in [
        "`maxvCpus`: 8, for the log's MaxProcs is 8",
        "2 of 3 jobs, submitted as the log says",
        "1 × jobs of 5000 processors and more: no node could carry one as one pod (line 6)",
        "1 × records of jobs that never ran",
        "2 × users: ",
        "2 × queues: ",
        "1 × requests for memory: ",
        "1 × dependencies on a preceding job: ",
        "2 × requested times",
        "1 jobs failed or were cancelled in the log: they run as long and succeed",
    ] {
        assert!(told.contains(said), "{said}\n{told}");
    }
    assert_eq!(folder.text("imported/tiny.swf").lines().count(), 5, "the log without what fits nowhere");
    let summary = folder.run(&IDEAL);
    assert_eq!((&summary["jobs"]["succeeded"], &summary["makespan_s"]), (&json!(2), &json!(120.0)));

    // The second asks for 100 s, and is let run 90; the first asks for 30 and would need 60.
    folder.write("tiny.swf", LOG.replace(" 4 100 -1 1 7", " 4 30 -1 1 7").replace("5 60 4", "5 70 4"));
    let (_, told) = folder.import(&[
        "swf",
        "tiny.swf",
        "--failures",
        "--timeouts",
        "--nodes",
        "1x8x16Gi",
        "--vcpus-per-processor",
        "0.5",
    ]);
    assert!(!told.contains("requested times") && !told.contains("failed or were cancelled"), "{told}");
    let summary = folder.run(&IDEAL);
    assert_eq!((&summary["jobs"]["failed"], &summary["jobs"]["timed_out_attempts"]), (&json!(2), &json!(1)));

    folder.write("bad.swf", "1 2 3\n");
    let (code, _, stderr) = folder.try_command(&["import", "swf", "bad.swf", "-o", "imported"]);
    assert!(code == 2 && stderr.contains("line 1: 3 columns instead of 18"), "{stderr}");
}

/// Fields for people, and the same raw.
const TRACE: &str = "task_id\thash\tprocess\tname\tstatus\texit\tsubmit\tduration\trealtime\tcpus\tmemory\tpeak_rss\tattempt\trchar\n\
    1\taa/1\tFASTQC\tFASTQC (a)\tCOMPLETED\t0\t2024-03-01 12:00:00.000\t2m\t1m 30s\t2\t1.5 GB\t300 MB\t1\t5 MB\n\
    2\taa/2\tALIGN\tALIGN (a)\tFAILED\t137\t2024-03-01 12:00:10.500\t2m\t40s\t4\t2 GB\t-\t1\t-\n\
    3\taa/3\tALIGN\tALIGN (a)\tCOMPLETED\t0\t2024-03-01 12:02:00.000\t2m\t1m\t4\t4 GB\t-\t2\t-\n\
    4\taa/4\tALIGN\tALIGN (b)\tFAILED\t-\t2024-03-01 12:00:10.500\t20s\t-\t4\t-\t-\t1\t-\n\
    5\taa/5\tMULTIQC\tMULTIQC\tCACHED\t0\t2024-03-01 12:00:00.000\t2m\t5s\t1\t-\t-\t1\t-\n\
    6\taa/6\tMULTIQC\tMULTIQC\tABORTED\t-\t2024-03-01 12:00:00.000\t-\t-\t1\t-\t-\t1\t-\n\
    1\taa/1\tFASTQC\tFASTQC (a)\tCOMPLETED\t0\t2024-03-01 12:00:00.000\t2m\t1m 30s\t2\t1.5 GB\t300 MB\t1\t5 MB\n";

#[test]
fn a_nextflow_trace_becomes_arrivals_and_attempts() {
    let folder = Folder::new("nextflow");
    folder.write("trace.txt", TRACE);
    let (_, told) = folder.import(&["nextflow", "trace.txt"]);
    for said in [
        "7 lines of trace.txt",
        "3 jobs in 3 entries, 4 recorded attempts",
        "1 attempts joined to earlier ones that failed, by their number",
        "1 × CACHED tasks, which ran in an earlier run (line 6)",
        "1 × tasks that were aborted or had not ended: how long they take is not known (line 7)",
        "1 × tasks that stand there before (line 8)",
        "1 × columns that a scenario has no use for (rchar)",
        "tasks without `realtime` run for their `duration`",
        "tasks that FAILED without an exit code",
        "1 tasks asked for more, or less, when tried again",
        "a trace does not tell what they waited for",
    ] {
        assert!(told.contains(said), "{said}\n{told}");
    }
    assert_eq!(
        folder.text("imported/runs.csv"),
        "jobs,index,child,attempt,start,runtime,stop,failure\nALIGN,0,,1,,40s,,137\nALIGN,0,,2,,1m,,\nALIGN-2,0,,1,,20s,,1\n\
         FASTQC,0,,1,,1m30s,,\n"
    );
    let summary = folder.run(&IDEAL);
    let jobs = &summary["jobs"];
    assert_eq!((&jobs["succeeded"], &jobs["failed"], &jobs["attempts"]), (&json!(2), &json!(1), &json!(4)));
    // The retry follows at once: 10.5 s + 40 s + 60 s.
    assert_eq!(summary["makespan_s"], 110.5);
    let people = folder.json("imported/scenario.json");

    let raw = TRACE
        .replace("2024-03-01 12:00:00.000", "1709294400000")
        .replace("2024-03-01 12:00:10.500", "1709294410500")
        .replace("2024-03-01 12:02:00.000", "1709294520000")
        .replace("1m 30s", "90000")
        .replace("\t40s", "\t40000")
        .replace("\t20s", "\t20000")
        .replace("\t1m\t", "\t60000\t")
        .replace("1.5 GB", "1610612736")
        .replace("2 GB", "2147483648")
        .replace("4 GB", "4294967296");
    folder.write("trace.txt", raw);
    folder.import(&["nextflow", "trace.txt"]);
    assert_eq!(folder.json("imported/scenario.json"), people);

    // Nextflow's default columns: no process, no attempt, no requests.
    let rows: Vec<_> = TRACE.lines().map(|line| line.split('\t').collect::<Vec<_>>()).collect();
    let plain: Vec<_> = rows.iter().map(|row| [row[3], row[4], row[5], row[6], row[8], row[11]].join("\t")).collect();
    folder.write("trace.txt", plain[..4].join("\n"));
    let (_, told) = folder.import(&["nextflow", "trace.txt"]);
    assert!(told.contains("by their name, as there is no column `attempt`"), "{told}");
    assert!(told.contains("tasks without `cpus` ask for 1") && told.contains("ask for their peak_rss"), "{told}");
    let kinds = folder.json("imported/scenario.json")["workload"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["name"].clone())
        .collect::<Vec<_>>();
    assert_eq!(kinds, ["FASTQC", "ALIGN"]);

    folder.write("trace.txt", "a\tb\n1\t2\n");
    let (code, _, stderr) = folder.try_command(&["import", "nextflow", "trace.txt", "-o", "imported"]);
    assert!(code == 2 && stderr.contains("no column `name` or `process`"), "{stderr}");
}

#[test]
fn a_table_becomes_a_graph_with_users_and_queues() {
    let folder = Folder::new("table");
    let table = "name,submit,runtime,cpus,memory,gpus,user,queue,depends_on,exit,attempt,colour\n\
        fetch,2024-03-01T12:00:00Z,90s,1,2Gi,,ann,short,,,,red\n\
        align-1,2024-03-01T12:00:05Z,10,0.3,512,,bob,long,fetch,,2,\n\
        align-1,2024-03-01T12:00:05Z,1m,0.3,512,,bob,long,fetch,137,1,\n\
        align-2,2024-03-01T11:59:00Z,1m,0.3,512,,bob,long,fetch,0,,\n\
        sum,2024-03-01T12:00:05Z,,1,,1,ann,short,align-1;align-2,,,\n";
    folder.write("jobs.csv", table);
    let (_, told) = folder.import(&["csv", "jobs.csv", "--fair-share"]);
    for said in [
        "5 rows of jobs.csv",
        "2 users, each a share of its queue",
        "1 × columns that are not known (colour)",
        "1 jobs were submitted before a job that they wait for",
        "CPU of 2 jobs is rounded up",
        "memory of 1 jobs, which is not known",
        "1 jobs of which it is not known how long they run",
    ] {
        assert!(told.contains(said), "{said}\n{told}");
    }
    let scenario = folder.json("imported/scenario.json");
    assert_eq!(scenario["workload"][3]["submit"]["dependsOn"], json!([{ "jobId": "align" }, { "jobId": "align-2" }]));
    assert_eq!(scenario["workload"][3]["submit"]["shareIdentifier"], "ann");
    let summary = folder.run(&IDEAL);
    assert_eq!((&summary["jobs"]["succeeded"], &summary["jobs"]["attempts"]), (&json!(4), &json!(5)));
    // From the first submission, at 11:59:00 in the table, moved to 12:00:00: fetch 90 s, align-1 60 + 10 s, sum 5 min.
    assert_eq!(summary["makespan_s"], 90.0 + 70.0 + 300.0);
}

#[test]
fn every_bad_row_of_a_table_is_named() {
    let folder = Folder::new("table-bad");
    let table = "name,submit,runtime,cpus,memory,gpus,depends_on,exit,attempt\n\
        a,0,soon,1,,,,,\n\
        ,0,1,many,,,,,\n\
        b,later,1,1,much,half,,,\n\
        c,0,1,1,,,nobody,256,\n\
        d,0,1,1,,,nobody,,\n\
        e,0,1,1,,,e,,\n\
        f,0,1,1,,,,,3\n\
        g,0,1,1,,,,,\n\
        g,0,1,1,,,,,2\n\
        h,2024-01-01T00:00:00Z,1,1,,,g,,0\n\
        i,0\n\
        j,0,1,1,2,3,,,,,,,5\n";
    folder.write("jobs.csv", table);
    let (code, _, stderr) = folder.try_command(&["import", "csv", "jobs.csv", "-o", "imported"]);
    assert_eq!(code, 2);
    for said in [
        "jobs.csv:2: `soon` is no runtime",
        "jobs.csv:3: `` is no name",
        "jobs.csv:3: `many` is no cpus",
        "jobs.csv:4: `later` is no submit",
        "jobs.csv:4: `much` is no memory",
        "jobs.csv:4: `half` is no gpus",
        "jobs.csv:5: `256` is no exit",
        "jobs.csv:6: it waits for `nobody`, and no job is called so",
        "jobs.csv:7: `e` waits for itself",
        "jobs.csv:8: attempt 3 of `f` without the one before",
        "jobs.csv:10: attempt 2 of `g`, which had succeeded",
        "jobs.csv:11: `0` is no attempt",
        "jobs.csv:12: `` is no cpus",
        "jobs.csv:13: 13 fields under 9 columns",
    ] {
        assert!(stderr.contains(said), "{said}\n{stderr}");
    }
    folder.write("jobs.csv", "name,name,submit,runtime,cpus\n");
    let (_, _, stderr) = folder.try_command(&["import", "csv", "jobs.csv", "-o", "imported"]);
    assert!(stderr.contains("two columns of one name"), "{stderr}");
    folder.write("jobs.csv", "name,submit\n");
    let (_, _, stderr) = folder.try_command(&["import", "csv", "jobs.csv", "-o", "imported"]);
    assert!(stderr.contains("has no column runtime, cpus"), "{stderr}");
    folder.write("jobs.csv", "name,submit,runtime,cpus\na,0,5,5000\n");
    let (_, _, stderr) = folder.try_command(&["import", "csv", "jobs.csv", "-o", "imported"]);
    assert!(stderr.contains("no job is left") && stderr.contains("a (line 2): 5000000m CPU"), "{stderr}");
}

#[test]
fn wrong_options_are_told() {
    let folder = Folder::new("options");
    folder.write("jobs.csv", "name,submit,runtime,cpus\na,0,5,1\n");
    for (words, said) in [
        (["--region", "mars-1"], "mars-1"),
        (["--instance-types", "m5.huge"], "m5.huge"),
        (["--nodes", "5x2"], "write COUNTxVCPUSxMEMORY"),
        (["--nodes", "0x2x1Gi"], "1 to 100000 nodes"),
        (["--allocation-strategy", "CHEAPEST"], "unknown variant `CHEAPEST`"),
    ] {
        let (code, _, stderr) =
            folder.try_command(&[&["import", "csv", "jobs.csv", "-o", "imported"], &words[..]].concat());
        assert!(code == 2 && stderr.contains(said), "{stderr}");
    }
    folder.import(&["csv", "jobs.csv", "--allocation-strategy", "spot-price-capacity-optimized", "--max-vcpus", "7"]);
    let scenario = folder.json("imported/scenario.json");
    let resources = &scenario["computeEnvironments"][0]["computeResources"];
    assert_eq!((&resources["type"], &resources["maxvCpus"]), (&json!("SPOT"), &json!(7)));
    assert_eq!(scenario["jobDefinitions"][0]["retryStrategy"]["attempts"], 3);
}
