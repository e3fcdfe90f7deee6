//! `windtunnel live --shadow`: the simulated world, begun with what a real cluster is like now.

use std::collections::BTreeMap;

use crate::cli::live::{LiveArgs, Prepared, account, look_at, told};
use crate::cli::output::{OutputFormat, print};
use crate::cli::progress::Stopwatch;
use crate::cli::provenance::{file_word, provenance};
use crate::cli::run::{Files, simulate};
use crate::cli::{CliError, ExitStatus};
use crate::journal::{Header, Writer};
use crate::live::connect;
use crate::live::folded::{FoldedNode, usable_nodes};
use crate::live::settings::LiveSettings;
use crate::metrics::figures::counted;
use crate::model::Resources;
use crate::report::{self, OutputDir};
use crate::sim::FixedNode;

/// Runs the mode.
pub(super) fn run(args: &LiveArgs, prepared: Prepared) -> Result<ExitStatus, CliError> {
    let Prepared { mut scenario, account: _, seed, backend, pods } = prepared;
    let settings = LiveSettings::default();
    let (_, snapshot) = connect::wait_for(look_at(args, &pods, &settings)).map_err(|error| told(&error))?;
    let nodes = usable_nodes(&snapshot, &pods.environments);
    scenario.world.environments = account(&scenario.world).under(&backend).environments;
    scenario.world.nodes = nodes.iter().map(fixed).collect();
    let seen = offers(&nodes);
    for (name, known) in scenario.names.instance_types.iter().zip(&mut scenario.world.instance_types) {
        known.free = seen.get(name.as_str()).copied().unwrap_or(known.free);
    }
    eprintln!(
        "{} ({}): {} of the cluster, {} whose room is known from a node",
        args.context,
        snapshot.server_version,
        counted(nodes.len() as u64, "node"),
        counted(seen.len() as u64, "instance type"),
    );

    let out = args.apply.out.as_deref().map(OutputDir::create).transpose().map_err(failed)?;
    let header = Header::new(Some(seed), &scenario.scenario_name, scenario.config.clone(), scenario.names.clone());
    let journal = args.apply.journal.as_ref().map(|path| Writer::create(path, &header)).transpose().map_err(failed)?;
    let mut files = Files { journal, events: None };
    let words = ["live".to_owned(), file_word(&args.scenario), "--shadow".to_owned(), "--context".to_owned()];
    let words: Vec<_> = words.into_iter().chain([args.context.clone()]).collect();
    let provenance = provenance(&words, &scenario);
    let watch = Stopwatch::start();
    let mut results = simulate(scenario, seed, out.as_ref(), None, &mut files).map_err(failed)?;
    results.summary.sim.wall_s = Some(watch.elapsed_s());
    if let Some(journal) = files.journal {
        journal.finish().map_err(failed)?;
    }
    if let Some(out) = out {
        for file in out.write(&results, &provenance).map_err(failed)? {
            eprintln!("wrote {}", file.display());
        }
    }
    print(&match args.output {
        OutputFormat::Table => report::table(&results.summary),
        OutputFormat::Json => report::json(&results.summary),
    })
}

/// A node of the cluster as one that is there from the start.
fn fixed(node: &FoldedNode) -> FixedNode {
    FixedNode { environment: node.environment, vcpus: node.facts.vcpus, free: node.facts.free }
}

/// What a node of each type that is there offers: of several the one with the most, for pods of others are no part of a
/// node that is launched.
fn offers(nodes: &[FoldedNode]) -> BTreeMap<&str, Resources> {
    let mut offers: BTreeMap<&str, Resources> = BTreeMap::new();
    for node in nodes {
        if let Some(name) = node.facts.instance_type.as_deref() {
            let most = offers.entry(name).or_default();
            *most = Resources::max(*most, node.facts.free);
        }
    }
    offers
}

fn failed(error: impl std::fmt::Display) -> CliError {
    CliError::Failed(error.to_string())
}
