//! Alibaba's pods on Alibaba's nodes: every one is placed, or has a reason.

use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use serde_json::Value;

use crate::folder::Folder;
use crate::traces::{say, traces};

fn rows(path: &Path) -> Vec<Vec<String>> {
    let mut text = String::new();
    GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

fn sum(rows: &[Vec<String>], column: usize) -> f64 {
    rows.iter().map(|row| row[column].parse::<f64>().unwrap()).sum()
}

/// The job that was submitted so many milliseconds from the beginning.
fn job_at(scenario: &Value, millis: usize) -> String {
    let wanted = format!(
        "{}{}",
        if millis < 1_000 { String::new() } else { format!("{}s", millis / 1_000) },
        match millis % 1_000 {
            0 => String::new(),
            rest => format!("{rest}ms"),
        }
    );
    let entries = scenario["workload"].as_array().unwrap().iter().enumerate();
    let mut found = entries.filter_map(|(number, entry)| {
        let list = entry["arrivals"]["list"].as_array();
        let single = entry["arrivals"]["fixed"]["start"] == wanted.as_str();
        let index = list.and_then(|list| list.iter().position(|time| time == wanted.as_str()));
        index.or(single.then_some(0)).map(|index| format!("{number}-{index}"))
    });
    found.next().unwrap()
}

#[test]
fn every_pod_of_the_trace_is_placed_or_has_a_reason() {
    let Some(folder) = traces("alibaba-gpu-v2023") else { return };
    let (pods, nodes) = (folder.join("openb_pod_list_default.csv.gz"), folder.join("openb_node_list_all_node.csv.gz"));
    let own = Folder::new("openb");
    let files = ["openb", pods.to_str().unwrap(), "--node-list", nodes.to_str().unwrap()];
    let (_, told) = own.import(&files);
    assert!(told.contains("8152 pods on 1523 nodes of 27 sizes"), "{told}");
    let (pods, nodes) = (rows(&pods), rows(&nodes));

    // As they came and went: the nodes are far from full, and every pod runs, once.
    let summary = own.run(&[]);
    let jobs = &summary["jobs"];
    let failed = pods.iter().filter(|pod| pod[7] == "Failed").count();
    assert_eq!((jobs["submitted"].as_u64(), jobs["attempts"].as_u64()), (Some(8_152), Some(8_152)));
    assert_eq!(
        (jobs["succeeded"].as_u64(), jobs["failed"].as_u64()),
        (Some(8_152 - failed as u64), Some(failed as u64))
    );
    assert_eq!(summary["capacity"]["nodes_adopted"], 1_523);
    say(&format!(
        "openb as recorded: 8,152 of 8,152 pods ran; vCPU utilisation {}",
        summary["capacity"]["utilization"]
    ));

    // All at once, to stay: the queue is first in, first out, so the first pod without a place has a reason of its own and all
    // others wait for it.
    own.import(&[&files[..], &["--hold"]].concat());
    let held = own.run(&[]);
    let placed = usize::try_from(held["jobs"]["attempts"].as_u64().unwrap()).unwrap();
    assert!((1..8_152).contains(&placed));
    assert_eq!(held["jobs"]["unfinished"], 8_152, "none ever leaves");
    assert!(held["blocked_s"].to_string().contains("NO_ROOM_ON_NODES"), "{}", held["blocked_s"]);
    let scenario = own.json("imported/scenario.json");
    let explained = |pod: usize| own.command(&["explain", "imported/scenario.json", "--job", &job_at(&scenario, pod)]);
    assert!(explained(placed - 1).contains("RUNNING"), "{}", explained(placed - 1));
    assert!(explained(placed).contains("NO_ROOM_ON_NODES"), "{}", explained(placed));
    let behind = format!("behind {}: the nodes", job_at(&scenario, placed));
    assert!(explained(8_151).contains(&behind), "{}", explained(8_151));

    // vCPUs are rounded up by less than a quarter a pod.
    let (cpu, all) = (sum(&pods[..placed], 1), sum(&nodes, 1));
    let utilization = held["capacity"]["utilization"].as_f64().unwrap();
    assert!(utilization > 0.99 * cpu / all && utilization < 1.02 * (cpu + 250.0 * 8_152.0) / all, "{utilization}");
    let (asked, gpus) =
        (sum(&pods[..placed], 3) / sum(&nodes, 3), held["capacity"]["gpu_utilization"].as_f64().unwrap());
    assert!(gpus > 0.99 * asked && gpus < 1.01 * asked, "{gpus} of {asked}");
    say(&format!(
        "openb packed, first in, first out: {placed} of 8,152 pods placed; vCPU utilisation {utilization:.3}, GPUs {gpus:.3}"
    ));
}

const NODES: &str = "sn,cpu_milli,memory_mib,gpu,model\nn0,4000,8192,2,T4\nn1,4000,8192,2,T4\nn2,64000,262144,0,\n";
const HEAD: &str =
    "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time\n";

#[test]
fn parts_of_gpus_and_bad_rows_are_told() {
    let folder = Folder::new("openb-own");
    folder.write("nodes.csv", NODES);
    let pods = [
        "a,1100,1024,1,460,,LS,Succeeded,100,160,110",
        "b,1000,1024,1,1000,V100M16|V100M32,LS,Failed,100,200,100",
        "c,1000,1024,8,1000,,LS,Running,120,200,120",
        "d,1000,1024,0,0,,BE,Pending,130,190,",
        "e,many,1024,0,0,,BE,Running,130,190,130",
        "f,1000,1024,0,0,,BE,Running,130,120,125",
        "g,1000,1024,0,0,,BE,Running,,120,125",
        "a,1000,1024,0,0,,BE,Running,130,140,130",
    ];
    folder.write("pods.csv", format!("{HEAD}{}\n", pods.join("\n")));
    let (_, told) = folder.import(&["openb", "pods.csv", "--node-list", "nodes.csv"]);
    for said in [
        "1 pods ask for a part of a GPU, 1 GPUs in all: each is given a whole one, 1 in all",
        "1 × `gpu_spec`: a queue has 3 compute environments at most, so models of GPUs can't be asked for (b (line 3))",
        "1 × jobs that ask for more than any node offers (ls (c (line 4)): 1000m CPU, 1024Mi, 8 GPU)",
        "1 × lines of the list of pods that can't be read (line 6: ",
        "1 × pods that were deleted before they were scheduled, or scheduled before they were made (f (line 7))",
        "1 × pods without a creation_time (g (line 8))",
        "1 × pods whose name stands there before (a (line 9))",
        "pods that were never scheduled run as long as they waited to be deleted",
        "CPU of 1 jobs is rounded up to whole quarters",
    ] {
        assert!(told.contains(said), "{said}\n{told}");
    }
    let summary = folder.run(&["--set", r#"/assumptions={"preset":"ideal"}"#]);
    assert_eq!((&summary["jobs"]["succeeded"], &summary["jobs"]["failed"]), (&2.into(), &1.into()));
    // b from 0 s to 100 s; d comes at 30 s and stays for 60.
    assert!((summary["makespan_s"].as_f64().unwrap() - 100.0).abs() < 1e-9, "{}", summary["makespan_s"]);
}
