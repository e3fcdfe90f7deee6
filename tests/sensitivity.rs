//! `sensitivity` against what is known: effects that follow by arithmetic, assumptions that play no part, a ranking that
//! must flip; and through the binary: the same bytes on any number of threads, bad input told with a way out.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::tempdir;
use windtunnel::experiment::sensitivity::{
    ChangeKind, Design, End, Influence, LevelRow, Row, Sensitivity, sensitivity,
};
use windtunnel::experiment::{Executor, Ledger, Progress, Study, StudyError, parse_axis};
use windtunnel::scenario::StudyFile;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const ON_DEMAND: &str = "scenarios/getting-started.json";
const SPOT: &str = "scenarios/spot-against-on-demand.json";

static GO_ON: AtomicBool = AtomicBool::new(false);

fn study(scenario: &str, vary: &[&str], metrics: &[&str], replications: u32) -> StudyFile {
    StudyFile {
        vary: vary.iter().map(|text| parse_axis(text).unwrap()).collect(),
        metrics: metrics.iter().map(|&key| key.to_owned()).collect(),
        replications: Some(replications),
        ..StudyFile::of_scenario(&Path::new(ROOT).join(scenario))
    }
}

fn design(file: &StudyFile, names: &[&str]) -> Design {
    let study = Study::new(file).unwrap_or_else(|findings| panic!("{findings}"));
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    Design::one_at_a_time(study, file, &names).unwrap_or_else(|findings| panic!("{findings}"))
}

fn found(file: &StudyFile, names: &[&str]) -> Sensitivity {
    let design = design(file, names);
    sensitivity(&mut Executor::new(&design.study, &GO_ON), &design, &()).unwrap()
}

fn row<'a>(found: &'a Sensitivity, name: &str) -> &'a Row {
    found.rows.iter().find(|row| row.assumption == name).unwrap_or_else(|| panic!("no row {name}"))
}

/// What a level does to the first metric.
fn effect(level: &LevelRow) -> f64 {
    level.effects[0].difference.unwrap().mean
}

fn is_near(found: f64, expected: f64) {
    // Money is counted in micro-dollars, for each node and run.
    assert!((found - expected).abs() < 1e-4, "{found} instead of {expected}");
}

/// Exit code, stdout and stderr.
fn windtunnel(args: &[&str]) -> (i32, String, String) {
    let args = [&["sensitivity"], args].concat();
    let output = Command::cargo_bin("windtunnel").unwrap().current_dir(ROOT).args(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn effects_are_those_of_arithmetic() {
    let metrics = ["cost.total", "cost.on_demand", "cost.volumes", "cost.cluster_fee", "wait_s.p95"];
    let names = ["eksClusterUsdPerHour", "rootVolumeUsdPerGiBMonth", "rootVolumeGiB", "savingsPlanDiscount"];
    let found = found(&study(ON_DEMAND, &[], &metrics, 4), &names);
    let [_, on_demand, volumes, fee, _] = [0, 1, 2, 3, 4].map(|metric| found.variants[0].means[metric].unwrap().mean);

    let discount = row(&found, "savingsPlanDiscount");
    is_near(effect(&discount.levels[0]), -0.72 * on_demand);
    is_near(effect(&row(&found, "eksClusterUsdPerHour").levels[0]), 5.0 * fee);
    is_near(effect(&row(&found, "rootVolumeUsdPerGiBMonth").levels[0]), volumes);
    let [small, large] = row(&found, "rootVolumeGiB").levels.as_slice() else { panic!("two ends") };
    assert_eq!((small.end, large.end), (End::Low, End::High));
    is_near(effect(small), -volumes * 22.0 / 30.0);
    is_near(effect(large), volumes * 170.0 / 30.0);

    for level in found.rows.iter().flat_map(|row| &row.levels) {
        assert_eq!(level.effects[0].influence, Influence::Certain, "{level:?}");
        assert_eq!(level.effects[4].influence, Influence::NoEffect, "prices move no job: {level:?}");
        assert!(level.effects[4].size() < 1e-12, "{level:?}");
    }
    let sizes: Vec<f64> = found.rows.iter().map(|row| row.size(0)).collect();
    assert!(sizes.windows(2).all(|pair| pair[0] >= pair[1]), "the largest first: {sizes:?}");
    assert_eq!(found.rows[0].assumption, "savingsPlanDiscount");
}

#[test]
fn what_plays_no_part_is_told_so_and_what_is_fixed_too() {
    let found = found(&study(ON_DEMAND, &[], &["cost.total"], 2), &[]);
    // No GPU, no metal, no fair share, no Spot, no consumable resource.
    for name in ["pendingToReadyGpu", "pendingToReadyMetal", "fairShareDecayShape", "spotStress", "harshUpTime"] {
        assert_eq!(row(&found, name).influence(0), Some(Influence::NoPart), "{name}");
    }
    assert!(row(&found, "pendingToReady").influence(0) > Some(Influence::NoEffect));
    let fixed: Vec<_> = found.not_varied.iter().map(|row| row.assumption.as_str()).collect();
    assert!(fixed.contains(&"coldDaemonSetCpuMilli") && fixed.contains(&"hostTerminatedStatusReason"), "{fixed:?}");
    let all = windtunnel::model::Assumptions::default().rows().len();
    assert_eq!(found.rows.len() + fixed.len(), all, "each assumption is varied, or it is said why not");
}

#[test]
fn a_ranking_that_hangs_on_an_assumption_is_found() {
    let file = study(SPOT, &["computeEnvironment=on-demand,spot"], &["cost.total"], 3);
    let names = ["savingsPlanDiscount", "eksClusterUsdPerHour", "podStart"];
    let found = found(&file, &names);
    let ranking = found.ranking.as_ref().expect("there are variants");
    assert_eq!((ranking.assumptions, ranking.levels), (3, 4));
    assert_eq!(ranking.base.by_mean, [1, 0], "Spot is the cheaper one");
    assert_eq!(ranking.base.not_distinguishable_from_best, [0; 0]);
    let [flip] = ranking.changes.as_slice() else { panic!("one level flips it: {:?}", ranking.changes) };
    assert_eq!(
        (flip.assumption.as_str(), flip.end, flip.kind),
        ("savingsPlanDiscount", End::High, ChangeKind::AnotherIsBest)
    );
    // By how much: On-Demand at 28 % of its price, less Spot, which has no discount.
    let means = |variant: usize| found.variants[variant].means[0].unwrap().mean;
    assert_eq!(flip.best, 0);
    let difference = flip.difference.unwrap();
    assert!(difference.excludes_zero() && difference.mean < 0.0);
    assert!(means(0) > means(1) && means(0) + difference.mean < means(0), "{difference:?}");

    let (code, table, stderr) = windtunnel(&[
        SPOT,
        "--vary",
        "computeEnvironment=on-demand,spot",
        "--replications",
        "3",
        "--assumption",
        "savingsPlanDiscount",
        "--assumption",
        "podStart",
    ]);
    assert_eq!(code, 0, "{stderr}");
    assert!(table.contains("THE BEST VARIANT IS ANOTHER under 1 of 2 assumptions"), "{table}");
    let (_, table, _) = windtunnel(&[
        SPOT,
        "--vary",
        "computeEnvironment=on-demand,spot",
        "--replications",
        "3",
        "--assumption",
        "podStart",
    ]);
    assert!(table.contains("THE RANKING HOLDS under all 1 assumption,"), "{table}");
}

/// Asks to stop after so many runs.
struct Impatient<'a>(AtomicUsize, &'a AtomicBool);

impl Progress for Impatient<'_> {
    fn expect(&self, _: u64) {}
    fn advance(&self) {
        if self.0.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.1.store(true, Ordering::Relaxed);
        }
    }
}

#[test]
fn an_interrupted_study_goes_on_to_the_same_result() {
    let file = study(ON_DEMAND, &["maxvCpus=16,64"], &["cost.total"], 4);
    let names = ["schedulingCycle", "podStart"];
    let undisturbed = found(&file, &names);
    let design = design(&file, &names);
    let folder = tempdir().unwrap();
    let runs = design.study.designs.len();
    // In the first replication there is nothing to tell; later, what all levels have is told.
    for (stop_after, tells) in [(3, false), (2 * runs + 1, true)] {
        let stop = AtomicBool::new(false);
        let (ledger, kept) = Ledger::open(folder.path(), &design.study.fingerprint(), true).unwrap();
        let mut executor = Executor::new(&design.study, &stop).with_ledger(ledger, kept);
        let told = sensitivity(&mut executor, &design, &Impatient(AtomicUsize::new(stop_after), &stop));
        match told {
            Ok(partial) => {
                assert!(tells && partial.interrupted.is_some() && partial.replications < 4, "{partial:?}");
            }
            Err(error) => assert!(!tells && matches!(error, StudyError::Interrupted), "{error}"),
        }
    }
    let (ledger, kept) = Ledger::open(folder.path(), &design.study.fingerprint(), true).unwrap();
    assert!(kept.len() >= 2 * runs, "{}", kept.len());
    let mut executor = Executor::new(&design.study, &GO_ON).with_ledger(ledger, kept);
    assert_eq!(sensitivity(&mut executor, &design, &()).unwrap(), undisturbed);
    executor.close().unwrap();
}

#[test]
fn a_level_that_cannot_run_is_told_and_the_rest_goes_on() {
    // 6,400 MiB fit on an m5.large beside a daemonset of 250 MiB, not beside one of 1,000.
    let (code, table, stderr) = windtunnel(&[
        SPOT,
        "--replications",
        "2",
        "--assumption",
        "typicalDaemonSetMemoryMiB",
        "--assumption",
        "podStart",
        "--set",
        r#"/computeEnvironments/0/computeResources/instanceTypes=["m5.large"]"#,
        "--set",
        "/jobDefinitions/0/eksProperties/podProperties/containers/0/resources/limits/cpu=1",
        "--set",
        "/jobDefinitions/0/eksProperties/podProperties/containers/0/resources/limits/memory=6400Mi",
    ]);
    assert_eq!(code, 0, "{stderr}");
    let told = table.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("CAN'T RUN with typicalDaemonSetMemoryMiB 1000: as written: /jobDefinitions/0"), "{table}");
    assert!(told.contains("podStart × 0.5 × 1 × 3"), "{table}");
    assert!(!table.contains("play no part"), "{table}");
}

#[test]
fn files_and_table_are_whole_and_the_same_on_any_number_of_threads() {
    let folder = tempdir().unwrap();
    let mut seen: Option<Vec<Vec<u8>>> = None;
    for threads in ["1", "2"] {
        let out: PathBuf = folder.path().join(threads);
        let out_text = out.to_str().unwrap();
        let (code, table, stderr) = windtunnel(&[
            "scenarios/studies/spot-retries.json",
            "--replications",
            "2",
            "--assumption",
            "spotStress",
            "--assumption",
            "idleScaleDownDelay",
            "--threads",
            threads,
            "--out",
            out_text,
        ]);
        assert_eq!(code, 0, "{stderr}");
        assert!(table.lines().all(|line| line.chars().count() <= 100), "{table}");
        let files =
            ["sensitivity.json", "replications.csv"].map(|name| std::fs::read(out.join(name)).unwrap()).to_vec();
        let now: Vec<Vec<u8>> = files.into_iter().chain([table.into_bytes()]).collect();
        assert!(seen.replace(now.clone()).is_none_or(|before| before == now));
    }
    let files = seen.unwrap();
    let found: Sensitivity = serde_json::from_slice(&files[0]).unwrap();
    assert_eq!((found.variants.len(), found.rows.len(), found.metrics.len()), (6, 2, 5));
    let csv = String::from_utf8(files[1].clone()).unwrap();
    assert!(csv.starts_with("variant,assumption,value,replication,seed,metric,unit,value\n"), "{csv}");
    // Six variants, as they are and under four levels, twice, five metrics.
    assert_eq!(csv.lines().count(), 1 + 6 * (1 + 4) * 2 * 5);
    assert!(csv.contains("; spotStress 50\",spotStress,50,2,2,jobs.failed,,"), "{csv}");
}

#[test]
fn a_screening_shows_what_matters_and_tells_the_same_twice() {
    let args = [
        ON_DEMAND,
        "--morris",
        "4",
        "--assumption",
        "savingsPlanDiscount",
        "--assumption",
        "eksClusterUsdPerHour",
        "--assumption",
        "pendingToReadyGpu",
        "--output",
        "json",
    ];
    let (code, first, stderr) = windtunnel(&args);
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(windtunnel(&args).1, first);
    let found: Value = serde_json::from_str(&first).unwrap();
    let rows = found["morris"]["rows"].as_array().unwrap();
    let names: Vec<_> = rows.iter().map(|row| row["assumption"].as_str().unwrap()).collect();
    assert_eq!(names, ["savingsPlanDiscount", "eksClusterUsdPerHour", "pendingToReadyGpu"]);
    // Each acts by itself: a step is worth the same wherever the others stand, but for the seed's share.
    let number = |row: usize, key: &str| rows[row]["effects"][0][key].as_f64().unwrap();
    assert!(number(0, "mu") < 0.0 && number(0, "interaction") < 0.2, "{first}");
    assert!(number(1, "mu") > 0.0 && number(1, "interaction") < 0.2, "{first}");
    assert_eq!(rows[2]["effects"][0]["mu_star"]["mean"].as_f64(), Some(0.0));
}

#[test]
fn bad_input_is_told_with_a_way_out() {
    for (args, told) in [
        (["--assumption", "spotStres"].as_slice(), "did you mean `spotStress`?"),
        (&["--assumption", "coldDaemonSetCpuMilli"], "it can't be varied: documented"),
        (&["--assumption", "hostTerminatedStatusReason"], "free text"),
        (&["--vary", "spotStress=1,20", "--assumption", "spotStress"], "the variants differ in it"),
        (&["--morris", "1"], "write 2 or more"),
        (&["--morris", "5", "--vary", "maxvCpus=16,32"], "leave the variants out"),
        (&["--morris", "5", "--replications", "3"], "cannot be used with"),
        (&["--metric", "cost.totl"], "did you mean `cost.total`?"),
        (&["--replications", "0"], "write 1 or more"),
    ] {
        let (code, stdout, stderr) = windtunnel(&[&[ON_DEMAND], args].concat());
        assert_eq!((code, stdout.as_str()), (2, ""), "{args:?}: {stderr}");
        assert!(stderr.contains(told), "{args:?}: {stderr}");
    }
    // Two faults, told at once.
    let (_, _, stderr) = windtunnel(&[ON_DEMAND, "--assumption", "a", "--assumption", "volumeStatusReason"]);
    assert!(stderr.contains("--assumption a:") && stderr.contains("--assumption volumeStatusReason:"), "{stderr}");
}
