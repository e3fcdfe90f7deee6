//! A study as it will be run: every variant resolved, every metric known, all faults told before the first run.

use std::fmt::Write;

use serde_json::{Map, Value};

use crate::experiment::metric::{Measures, Metric, measures};
use crate::experiment::variant::{self, Variant};
use crate::experiment::warmup::{WarmUp, choose_warmup};
use crate::metrics::Metrics;
use crate::model::duration;
use crate::scenario::{Axis, Finding, Findings, Resolved, ScenarioFile, StudyFile};
use crate::units::SimTime;

/// Confidence level of intervals where none is given.
pub const LEVEL: f64 = 0.95;
/// Replications of each variant where their number is not given.
pub const REPLICATIONS: u32 = 20;
/// The same at most, where runs are added until an interval is narrow enough.
pub const REPLICATIONS_MAX: u32 = 200;
/// Metrics that are compared where none is named.
const METRICS: [&str; 6] =
    ["cost.total", "wait_s.p95", "makespan_s", "jobs.failed", "spot.interruptions", "capacity.utilization"];

/// A study, ready to run.
#[derive(Debug)]
pub struct Study {
    /// The scenario's name.
    pub scenario: String,
    /// What it asks.
    pub description: String,
    /// The axes that span the variants; empty where they are named one by one.
    pub axes: Vec<Axis>,
    /// The variants.
    pub variants: Vec<Variant>,
    /// Each variant's scenario.
    pub designs: Vec<Resolved>,
    /// Which variant the others are compared with.
    pub baseline: usize,
    /// Seed of the first replication.
    pub seed: u64,
    /// Confidence level.
    pub level: f64,
    /// How often each variant runs.
    pub replications: Replications,
    /// What is left out of every run's beginning.
    pub warmup: Option<WarmUp>,
    /// What is compared; variants are ranked by the first.
    pub metrics: Vec<Metric>,
    /// What is not wrong but worth knowing, each said once.
    pub warnings: Vec<Finding>,
    /// Keys that results will have, whatever happens; those of shares show when they are used.
    pub keys: Measures,
}

/// How often each variant runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Replications {
    /// So often.
    Fixed(u32),
    /// Until the interval of the first metric is narrow enough in every variant.
    Until {
        /// Half the interval's width over the mean, at most.
        precision: f64,
        /// So often at most.
        at_most: u32,
    },
}

impl Study {
    /// Judges a study and resolves its variants; all faults at once.
    pub fn new(file: &StudyFile) -> Result<Self, Findings> {
        let base = base(file)?;
        let variants = variants(file, &base)?;
        let (designs, warnings) = resolve_all(&variants, &base)?;
        let mut wrong = Vec::new();
        let baseline = baseline(file, &variants, &base).unwrap_or_else(|finding| {
            wrong.push(finding);
            0
        });
        wrong.extend(numbers(file));
        let keys = keys(&designs);
        let metrics = metrics(&file.metrics, &keys).unwrap_or_else(|findings| {
            wrong.extend(findings);
            Vec::new()
        });
        let warmup = warmup(file, &designs).unwrap_or_else(|finding| {
            wrong.push(finding);
            None
        });
        if !wrong.is_empty() {
            return Err(Findings::new(wrong));
        }
        let first = &designs[baseline];
        Ok(Self {
            scenario: first.scenario_name.clone(),
            description: Some(&file.description).filter(|text| !text.is_empty()).unwrap_or(&first.description).clone(),
            axes: if file.variants.is_empty() { file.vary.clone() } else { Vec::new() },
            baseline,
            seed: file.seed.unwrap_or(first.seed),
            level: file.level.unwrap_or(LEVEL),
            replications: match file.precision {
                Some(precision) => {
                    Replications::Until { precision, at_most: file.max_replications.unwrap_or(REPLICATIONS_MAX) }
                }
                None => Replications::Fixed(file.replications.unwrap_or(REPLICATIONS)),
            },
            warmup,
            metrics,
            variants,
            designs,
            warnings,
            keys,
        })
    }

    /// The metric that variants are ranked by.
    pub fn primary(&self) -> &Metric {
        &self.metrics[0]
    }

    /// The seed of a replication, counted from 0.
    pub fn seed_of(&self, replication: u32) -> u64 {
        self.seed.wrapping_add(replication.into())
    }

    /// The baseline's assumptions, by name.
    pub(in crate::experiment) fn assumptions(&self) -> Map<String, Value> {
        let rows = self.designs[self.baseline].world.assumptions.rows();
        rows.into_iter().map(|row| (row.name.to_owned(), row.value)).collect()
    }

    /// A digest of everything that the variants' runs depend on, catalog and logs included: 64 bits by FNV-1a.
    pub fn fingerprint(&self) -> String {
        let mut digest = Digest(0xcbf2_9ce4_8422_2325);
        write!(digest, "{} {} {:?} {:?}", env!("CARGO_PKG_VERSION"), self.seed, self.warmup, self.designs)
            .expect("a digest takes any text");
        format!("{:016x}", digest.0)
    }
}

/// Fowler, Noll and Vo's hash in its variant 1a: short, and the same everywhere.
struct Digest(u64);

impl Write for Digest {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0 = text.bytes().fold(self.0, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Ok(())
    }
}

/// The scenario with the changes that all variants share.
pub(super) fn base(file: &StudyFile) -> Result<ScenarioFile, Findings> {
    let mut base = ScenarioFile::open(&file.scenario)?;
    for setting in variant::settings(&file.set, &base)? {
        base.set(&setting).map_err(|finding| Findings::new(vec![finding]))?;
    }
    Ok(base)
}

fn variants(file: &StudyFile, base: &ScenarioFile) -> Result<Vec<Variant>, Findings> {
    let mut variants = Vec::new();
    if !file.vary.is_empty() || file.variants.is_empty() {
        variants = variant::grid(&file.vary, base)?;
    }
    for named in &file.variants {
        variants.push(variant::named(named, base)?);
    }
    if let [only] = variants.as_mut_slice()
        && only.name.is_empty()
    {
        "as written".clone_into(&mut only.name);
    }
    let twice =
        variants.iter().enumerate().find(|(at, one)| variants[..*at].iter().any(|other| other.name == one.name));
    if let Some((_, twice)) = twice {
        let message = format!("two variants are called `{}`", twice.name);
        return Err(Findings::new(vec![Finding::about_file("the study", message, "give each a name of its own")]));
    }
    Ok(variants)
}

/// Every variant's scenario; the findings of all of them, each under its variant's name.
fn resolve_all(variants: &[Variant], base: &ScenarioFile) -> Result<(Vec<Resolved>, Vec<Finding>), Findings> {
    let (mut designs, mut warnings, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
    for variant in variants {
        match variant.resolve(base) {
            Ok(design) => {
                warnings.extend(design.warnings.iter().cloned());
                designs.push(design);
            }
            Err(findings) if variant.settings.is_empty() => return Err(findings),
            Err(findings) => wrong.extend(findings.into_vec().into_iter().map(|mut finding| {
                finding.file = format!("variant `{}`: {}", variant.name, finding.file);
                finding
            })),
        }
    }
    let warnings = Findings::new(warnings).into_vec();
    if wrong.is_empty() { Ok((designs, warnings)) } else { Err(Findings::new(wrong)) }
}

fn baseline(file: &StudyFile, variants: &[Variant], base: &ScenarioFile) -> Result<usize, Finding> {
    let Some(name) = &file.baseline else {
        return Ok(variants.iter().position(|variant| variant.is_as_written(base)).unwrap_or(0));
    };
    variants.iter().position(|variant| variant.name == *name).ok_or_else(|| {
        let names = crate::nearest::one_of(variants.iter().map(|variant| variant.name.as_str()));
        Finding::about_file(format!("--baseline {name}"), "no variant is called so", format!("name {names}"))
    })
}

/// What is left out of runs: as given, or by pilot runs of all variants.
fn warmup(file: &StudyFile, designs: &[Resolved]) -> Result<Option<WarmUp>, Finding> {
    let Some(text) = &file.warmup else { return Ok(None) };
    let option = format!("--warmup {text}");
    if text == "auto" {
        let designs: Vec<&Resolved> = designs.iter().collect();
        let seed = file.seed.unwrap_or_else(|| designs.first().map_or(1, |design| design.seed));
        let chosen = choose_warmup(&designs, seed);
        return chosen.map(Some).map_err(|error| Finding::about_file(option, error.to_string(), "give it a time"));
    }
    let span =
        duration::parse(text).map_err(|error| Finding::about_file(option, error.to_string(), "or write `auto`"))?;
    Ok(Some(WarmUp::fixed(SimTime::ZERO + span)))
}

/// Faults of the study's numbers.
fn numbers(file: &StudyFile) -> Vec<Finding> {
    let mut wrong = Vec::new();
    let mut check = |fine: bool, option: String, help: &str| {
        if !fine {
            wrong.push(Finding::about_file(option, "it can't be", help));
        }
    };
    let level = file.level.unwrap_or(LEVEL);
    check((0.5..1.0).contains(&level), format!("--level {level}"), "write a share like 0.95, from 0.5 to below 1");
    if let Some(precision) = file.precision {
        check(precision > 0.0 && precision < 1.0, format!("--precision {precision}"), "write it like 2%, above 0");
    }
    if let Some(replications) = file.replications {
        check(replications > 0, format!("--replications {replications}"), "write 1 or more");
        check(file.precision.is_none(), "--replications".to_owned(), "with --precision, say --max-replications");
    }
    if let Some(most) = file.max_replications {
        check(most > 1, format!("--max-replications {most}"), "write 2 or more");
    }
    wrong
}

/// The keys of runs in which nothing happens.
fn keys(designs: &[Resolved]) -> Measures {
    let mut keys = Measures::new();
    for design in designs {
        let types = design.config.instance_types.clone();
        let metrics = Metrics::new(types, design.names.clone(), &design.world.assumptions);
        // Without sinks it can't fail.
        keys.extend(metrics.finish("", 0, SimTime::ZERO).iter().flat_map(|results| measures(&results.summary)));
    }
    keys
}

/// The metrics by their keys.
fn metrics(names: &[String], keys: &Measures) -> Result<Vec<Metric>, Vec<Finding>> {
    let names: Vec<_> = if names.is_empty() { METRICS.to_vec() } else { names.iter().map(String::as_str).collect() };
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    for name in names {
        let metric = Metric::parse(name);
        match metric.find(keys) {
            Ok(metric) if found.contains(&metric) => {}
            Ok(metric) => found.push(metric),
            Err(_) if metric.key().starts_with("shares.") => found.push(metric),
            Err(meant) => {
                let help = meant.map_or_else(
                    || "name a key of the results, like cost.total, wait.p95 or jobs.failed".to_owned(),
                    |meant| format!("did you mean `{meant}`?"),
                );
                wrong.push(Finding::about_file(format!("--metric {name}"), "the results have no such key", help));
            }
        }
    }
    if wrong.is_empty() { Ok(found) } else { Err(wrong) }
}
