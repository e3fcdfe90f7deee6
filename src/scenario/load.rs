//! From a scenario as written to a world, a core's settings and names: all findings in one pass, or all three.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::batch::{Batch, KnownSpec};
use crate::catalog;
use crate::history::RequestReasons;
use crate::model::{Assumptions, EffectiveJob, Names};
use crate::scenario::account::{self, Account};
use crate::scenario::check;
use crate::scenario::file::ScenarioFile;
use crate::scenario::finding::{Finding, Findings};
use crate::scenario::hosts::Hosts;
use crate::scenario::judge::Judge;
use crate::scenario::market::{self, RecordedFacts, Spot};
use crate::scenario::schema::{AssumptionOverrides, Scenario, Stop, StopAt};
use crate::scenario::set::Setting;
use crate::scenario::timeline::{self, Timeline};
use crate::scenario::types::{KnownTypes, Price, Types};
use crate::scenario::{elsewhere, policies, subnets, workload};
use crate::scheduler::{SchedulerConfig, Settings};
use crate::sim::{SpotMarket, WorldSpec};
use crate::units::SimTime;

/// A scenario, ready to run.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// What the world is made of.
    pub world: WorldSpec,
    /// What the core is told.
    pub config: SchedulerConfig,
    /// Names by id.
    pub names: Names,
    /// The jobs behind the specs, by id: pods, parameters, retries.
    pub jobs: Vec<EffectiveJob>,
    /// `kubernetesNamespace` by compute environment.
    pub namespaces: Vec<Option<String>>,
    /// Why operations end jobs, in their words.
    pub request_reasons: RequestReasons,
    /// `description`.
    pub description: String,
    /// `region`.
    pub region: String,
    /// `seed`.
    pub seed: u64,
    /// The file's name without folder and extension.
    pub scenario_name: String,
    /// What is not wrong but worth knowing.
    pub warnings: Vec<Finding>,
    /// Prices by instance type, and where they come from.
    pub prices: Vec<Price>,
    /// What was recorded of the Spot market, and where that comes from.
    pub recorded: Vec<RecordedFacts>,
}

/// Reads, varies and resolves a scenario.
pub fn load(path: &Path, settings: &[Setting]) -> Result<Resolved, Findings> {
    load_with_account(path, settings).map(|(resolved, _)| resolved)
}

/// The same, with the account, for calls that come while the scenario runs.
pub fn load_with_account(path: &Path, settings: &[Setting]) -> Result<(Resolved, Batch<KnownTypes>), Findings> {
    let mut file = ScenarioFile::open(path)?;
    let wrong: Vec<_> = settings.iter().filter_map(|setting| file.set(setting).err()).collect();
    if wrong.is_empty() { file.resolve_with_account() } else { Err(Findings::new(wrong)) }
}

impl ScenarioFile {
    /// Judges the scenario, and resolves it if there is no error.
    pub fn resolve(&self) -> Result<Resolved, Findings> {
        self.resolve_with_account().map(|(resolved, _)| resolved)
    }

    /// The same, with the account as the scenario's documents and operations leave it, for calls that come later.
    pub fn resolve_with_account(&self) -> Result<(Resolved, Batch<KnownTypes>), Findings> {
        let mut value = self.value.clone();
        let (ecs, unknown) = elsewhere::take_container_properties(&mut value);
        let unread = self.problems.iter().map(|problem| problem.pointer.trim_end_matches("/file").to_owned());
        let mended = unread.filter(|at| value.pointer(at).is_some_and(Value::is_null)).chain(unknown).collect();
        whole_numbers(&mut value);
        let checked = check::check(&mut value, mended);
        let read = self.problems.iter().cloned().chain(ecs).collect();
        let scenario = serde_json::from_value::<Scenario>(value);
        let mut judge = Judge::new(&self.places, read, checked);
        let scenario = match scenario {
            Ok(scenario) => scenario,
            Err(error) => {
                if !judge.has_errors() {
                    judge.error("", format!("the scenario can't be read: {error}"), "");
                }
                return Err(judge.finish());
            }
        };
        self.build(&scenario, judge)
    }

    fn build(&self, scenario: &Scenario, mut judge: Judge<'_>) -> Result<(Resolved, Batch<KnownTypes>), Findings> {
        let assumptions = assumptions(&scenario.assumptions, &mut judge);
        let region = catalog::region(&scenario.region).map_err(|error| judge.worded("/region", error)).ok();
        let calls = timeline::calls(scenario, &mut judge);
        let mut types = Types::new(region, &scenario.cluster, &assumptions, &mut judge);
        types.collect(account::instance_types(scenario, &calls));
        let account = Account::new(scenario, &types, &assumptions, &mut judge);
        let hosts = Hosts::new(scenario, &account, &mut judge);
        policies::judge(scenario, &calls, &mut judge);
        let plan = workload::plan(scenario, &calls, self, &mut judge);
        let mut timeline = Timeline::new(scenario, &calls, plan, (account, hosts), assumptions.image_size_mib);
        let run = timeline.run(&mut judge);
        policies::judge_estimates(scenario, &run, &timeline.account.batch, &mut judge);
        let (specs, nodes) = (timeline.account.batch.job_specs().to_vec(), timeline.hosts.nodes);
        let namespaces = timeline.account.batch.namespaces();
        let request_reasons = timeline.account.batch.request_reasons().clone();
        let account = timeline.account.batch.names();
        let mut batch = timeline.account.batch.with_types(types.known());
        batch.be_strict();
        let images = Images::of(&specs);
        let zones = types.zones().to_vec();
        let environment_zones = subnets::zones(scenario, &calls, &account.compute_environments, &zones, &mut judge);
        let (spot_paths, recorded) = market::recorded(&scenario.market, self, &types, &mut judge);
        let (type_names, instance_types, prices) = types.finish();
        if judge.has_errors() {
            return Err(judge.finish());
        }
        let resolved = Resolved {
            config: SchedulerConfig {
                settings: Settings::from(&assumptions),
                instance_types: instance_types.iter().map(|known| known.facts).collect(),
            },
            names: Names {
                compute_environments: account.compute_environments,
                job_queues: account.job_queues,
                consumable_resources: account.consumable_resources,
                shares: account.shares,
                job_specs: specs.iter().map(|known| known.name.clone()).collect(),
                instance_types: type_names,
                zones: zones.clone(),
            },
            world: WorldSpec {
                assumptions,
                instance_types,
                zones: u8::try_from(zones.len()).unwrap_or(u8::MAX),
                environments: run.initial.environments,
                environment_zones,
                nodes,
                queues: run.initial.queues,
                consumables: run.initial.consumables,
                specs: specs.iter().map(|known| known.spec.clone()).collect(),
                images: images.sizes,
                image_of: images.of_spec,
                workload: run.workload,
                operations: run.operations,
                spot: match scenario.market.spot {
                    Spot::Advisor => SpotMarket::Advisor,
                    Spot::Harsh => SpotMarket::Harsh,
                    Spot::Calm => SpotMarket::Calm,
                },
                spot_paths,
                stop_at: stop_at(scenario.stop),
            },
            jobs: specs.into_iter().map(|known| known.job).collect(),
            namespaces,
            request_reasons,
            description: scenario.description.clone(),
            region: scenario.region.clone(),
            seed: scenario.seed,
            scenario_name: self.name().to_owned(),
            warnings: judge.finish().into_vec(),
            prices,
            recorded,
        };
        Ok((resolved, batch))
    }
}

/// `1.0` and `1e3` are integers to JSON Schema, and to the rest from here on.
fn whole_numbers(value: &mut Value) {
    /// Beyond, a float no longer tells one integer from the next.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Number(number) => {
            if let Some(float) = number.as_f64().filter(|f| number.is_f64() && f.fract() == 0.0 && f.abs() < EXACT) {
                #[expect(clippy::cast_possible_truncation, reason = "whole and within the exact range")]
                let whole = float as i64;
                *number = whole.into();
            }
        }
        Value::Object(fields) => fields.values_mut().for_each(whole_numbers),
        Value::Array(entries) => entries.iter_mut().for_each(whole_numbers),
        _ => {}
    }
}

/// Container images by their size in MiB: one per job definition and size, which a node pulls once.
struct Images {
    sizes: Vec<u32>,
    of_spec: Vec<u32>,
}

impl Images {
    fn of(specs: &[KnownSpec]) -> Self {
        let mut images = Self { sizes: Vec::new(), of_spec: Vec::new() };
        let mut ids = BTreeMap::new();
        for known in specs {
            let size = known.variation.image_mib.unwrap_or_default();
            let id = *ids.entry((&known.job_definition, size)).or_insert_with(|| {
                images.sizes.push(size);
                u32::try_from(images.sizes.len() - 1).expect("no more images than specs")
            });
            images.of_spec.push(id);
        }
        images
    }
}

fn stop_at(stop: Stop) -> SimTime {
    let after = |span: crate::model::duration::TextDuration| SimTime::ZERO + span.0;
    let at = match stop.at {
        StopAt::Drained => SimTime::MAX,
        StopAt::Time(span) => after(span),
    };
    stop.after.map_or(at, |latest| at.min(after(latest)))
}

/// The preset with the scenario's own values in place.
fn assumptions(overrides: &AssumptionOverrides, judge: &mut Judge<'_>) -> Assumptions {
    let ideal = overrides.0.get("preset").is_some_and(|preset| preset == "ideal");
    let preset = if ideal { Assumptions::ideal() } else { Assumptions::default() };
    let Ok(Value::Object(mut values)) = serde_json::to_value(&preset) else { return preset };
    values.extend(overrides.0.clone().into_iter().filter(|(name, _)| name != "preset"));
    let values: Assumptions = match serde_json::from_value(Value::Object(values)) {
        Ok(values) => values,
        Err(error) => {
            judge.error("/assumptions", format!("they can't be read: {error}"), "see `windtunnel assumptions`");
            return preset;
        }
    };
    for (name, distribution) in [
        ("requestToPending", &values.request_to_pending),
        ("pendingToReady", &values.pending_to_ready),
        ("pendingToReadyGpu", &values.pending_to_ready_gpu),
        ("pendingToReadyMetal", &values.pending_to_ready_metal),
        ("podStart", &values.pod_start),
        ("terminateToGone", &values.terminate_to_gone),
        ("harshUpTime", &values.harsh_up_time),
        ("harshDownTime", &values.harsh_down_time),
    ] {
        if let Some(problem) = distribution.problem() {
            judge.error(
                format!("/assumptions/{name}{}", distribution.problem_pointer()),
                format!("the distribution can't be: {problem}"),
                "mend its parameters",
            );
        }
    }
    values
}
