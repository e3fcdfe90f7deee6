//! How `windtunnel catalog` looks to people. Formats what [`super::facts`] says, and computes nothing.

use std::fmt::Write;

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};

use super::facts::{Amount, FamilyList, OfferFacts, Report, SpotFacts, TypeFacts};
use crate::catalog::SpotBasis;

/// What stands where there is nothing to show.
const NONE: &str = "-";

/// One type, step by step.
pub(super) fn one(report: &Report, facts: &TypeFacts) -> String {
    let mut text = format!("{} in {} ({})\n", facts.instance_type, report.region, report.location);
    let _ = writeln!(text, "{}\n", traits(facts));
    let _ = writeln!(text, "{}\n", steps(report, facts).trim_fmt());
    let Some(offer) = &facts.offer else {
        let _ = writeln!(text, "No On-Demand price in {}.", report.region);
        return text;
    };
    let _ = writeln!(
        text,
        "On-Demand  {}/h, {} per vCPU-hour ({} of {})",
        usd(offer.on_demand_usd_per_hour),
        usd(offer.on_demand_usd_per_vcpu_hour),
        offer.price_basis,
        offer.price_as_of
    );
    let _ = match &offer.spot {
        Some(spot) => writeln!(
            text,
            "Spot       {}/h, saving {}, {} interrupted a month (bucket {}, {})",
            usd(spot.usd_per_hour),
            percent(spot.saving),
            spot.interrupted_per_month,
            spot.interruption_bucket.index(),
            spot.basis
        ),
        None => writeln!(text, "Spot       not offered"),
    };
    let _ = writeln!(text, "Zones      {}", offer.zones.join(" "));
    text
}

/// Several types, a row each.
pub(super) fn several(report: &Report) -> String {
    let mut table = plain_table(&[
        "TYPE",
        "VCPU",
        "MEMORY",
        "ARCH",
        "GPU",
        "PODS",
        "CAPACITY",
        "KUBELET",
        "ALLOCATABLE",
        "JOBS, COLD",
        "JOBS",
        "ON-DEMAND/H",
        "BASIS",
        "PER VCPU",
        "SPOT/H",
        "SAVING",
        "RECLAIM",
        "ZONES",
    ]);
    for facts in &report.instance_types {
        let mut row = vec![
            facts.instance_type.to_owned(),
            facts.vcpus.to_string(),
            facts.memory_mib.to_string(),
            facts.arch.to_string(),
            gpu(facts),
            facts.max_pods.to_string(),
            facts.capacity.memory_mib.to_string(),
            cpu_and_memory(facts.kubelet_reserved),
            cpu_and_memory(facts.allocatable),
            cpu_and_memory(facts.for_jobs_cold),
            cpu_and_memory(facts.for_jobs),
        ];
        row.extend(offer_cells(facts.offer.as_ref()));
        table.add_row(row);
    }
    for column in [1, 2, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16] {
        align_right(&mut table, column);
    }
    let mut text = format!("{} ({})\n\n{}\n\n", report.region, report.location, table.trim_fmt());
    let _ = writeln!(text, "CAPACITY     memory of a node: hypervisor and kernel keep {}", overhead(report));
    if let Some(facts) = report.instance_types.first() {
        let _ =
            writeln!(text, "KUBELET      its reserve; the eviction threshold of {} comes on top", facts.eviction_mib);
        let _ = writeln!(
            text,
            "JOBS, COLD   allocatable less {} and {}: AWS Batch's estimate of daemonsets before it has seen a node",
            facts.cold_daemon_sets.cpu_milli, facts.cold_daemon_sets.memory_mib
        );
        let _ = writeln!(
            text,
            "JOBS         allocatable less {}, {} and {} pods: the usual daemonsets, where a scenario lists none",
            facts.typical_daemon_sets.cpu_milli, facts.typical_daemon_sets.memory_mib, facts.typical_daemon_sets.pods
        );
    }
    let as_of = prices_as_of(report);
    if !as_of.is_empty() {
        let _ = writeln!(text, "BASIS        list: published price; else derived from others. As of {as_of}");
    }
    text.push_str("RECLAIM      share of Spot instances interrupted in a month; * median of the type's class\n");
    text
}

/// The families of a region, by class.
pub(super) fn families(families: &FamilyList) -> String {
    let mut table = plain_table(&["CLASS", "FAMILIES, AND HOW MANY SIZES EACH STANDS FOR"]);
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(110);
    for class in families.families.chunk_by(|a, b| a.class == b.class) {
        // A no-break space holds a family and its count together.
        let counts: Vec<_> = class.iter().map(|f| format!("{}\u{a0}{}", f.family, f.sizes)).collect();
        table.add_row([class[0].class.to_owned(), counts.join(", ")]);
    }
    let mut text = format!(
        "{} ({}): {} families, {} sizes with an On-Demand price, bare metal not counted\n\n{}\n\n",
        families.region,
        families.location,
        families.families.len(),
        families.sizes,
        table.trim_fmt().replace('\u{a0}', " ")
    );
    if !families.families_without_price.is_empty() {
        let _ = writeln!(text, "Without a price here: {}\n", families.families_without_price.join(", "));
    }
    text.push_str(
        "windtunnel catalog m5             the sizes of a family\n\
         windtunnel catalog m5.large       one type, step by step\n\
         windtunnel catalog optimal        a keyword of AWS Batch; also default_x86_64, default_arm64\n\
         windtunnel catalog --region NAME  another region\n",
    );
    text
}

/// From the advertised size to what jobs can have.
fn steps(report: &Report, facts: &TypeFacts) -> Table {
    let memory = |memory_mib| Amount { memory_mib, ..Amount::default() };
    let rows = [
        ("  advertised".to_owned(), Amount { memory_mib: facts.memory_mib, ..facts.capacity }),
        (format!("- hypervisor and kernel, {}", overhead(report)), memory(facts.vm_overhead_mib)),
        ("= capacity".to_owned(), facts.capacity),
        ("- kubelet reserve".to_owned(), facts.kubelet_reserved),
        ("- eviction threshold".to_owned(), memory(facts.eviction_mib)),
        ("= allocatable".to_owned(), facts.allocatable),
        ("- daemonsets, AWS Batch's estimate before it has seen a node".to_owned(), facts.cold_daemon_sets),
        ("= for jobs, when AWS Batch sizes its first node".to_owned(), facts.for_jobs_cold),
        ("  allocatable".to_owned(), facts.allocatable),
        ("- the usual daemonsets (aws-node, kube-proxy, logs)".to_owned(), facts.typical_daemon_sets),
        ("= for jobs, on the node".to_owned(), facts.for_jobs),
    ];
    let mut table = plain_table(&["NODE", "CPU", "MEMORY", "PODS"]);
    for (step, amount) in rows {
        let shown = |quantity: String, n: u32| if n == 0 { String::new() } else { quantity };
        table.add_row([
            step,
            shown(amount.cpu_milli.to_string(), amount.cpu_milli.0),
            shown(amount.memory_mib.to_string(), amount.memory_mib.0),
            shown(amount.pods.to_string(), amount.pods.into()),
        ]);
    }
    for column in 1..=3 {
        align_right(&mut table, column);
    }
    table
}

fn traits(facts: &TypeFacts) -> String {
    let mut traits = vec![
        format!("{} vCPU", facts.vcpus),
        facts.memory_mib.to_string(),
        facts.arch.to_string(),
        match &facts.gpu {
            None => "no GPU".to_owned(),
            Some(model) => format!("GPU {} ({} {} each)", gpu(facts), model.vendor, model.memory_mib),
        },
        format!("at most {} pods", facts.max_pods),
    ];
    let flags = [
        (facts.bare_metal, "bare metal"),
        (facts.burstable, "burstable"),
        (!facts.current_generation, "previous generation"),
    ];
    traits.extend(flags.into_iter().filter(|&(on, _)| on).map(|(_, name)| name.to_owned()));
    traits.join(", ")
}

fn offer_cells(offer: Option<&OfferFacts>) -> [String; 7] {
    let Some(offer) = offer else { return [(); 7].map(|()| NONE.to_owned()) };
    let of_spot = |show: fn(&SpotFacts) -> String| offer.spot.as_ref().map_or_else(|| NONE.to_owned(), show);
    [
        usd(offer.on_demand_usd_per_hour),
        offer.price_basis.to_string(),
        usd(offer.on_demand_usd_per_vcpu_hour),
        of_spot(|spot| usd(spot.usd_per_hour)),
        of_spot(|spot| percent(spot.saving)),
        of_spot(|spot| {
            let from_class = if spot.basis == SpotBasis::ClassMedian { "*" } else { "" };
            format!("{}{from_class}", spot.interrupted_per_month)
        }),
        offer.zones.iter().filter_map(|zone| zone.chars().next_back()).collect(),
    ]
}

fn prices_as_of(report: &Report) -> String {
    let mut dates: Vec<_> =
        report.instance_types.iter().filter_map(|t| t.offer.as_ref()).map(|o| o.price_as_of).collect();
    dates.sort_unstable();
    dates.dedup();
    dates.join(" and ")
}

fn gpu(facts: &TypeFacts) -> String {
    match &facts.gpu {
        None => NONE.to_owned(),
        Some(gpu) if facts.gpus == 0 => format!("part of {}", gpu.model),
        Some(gpu) => format!("{} x {}", facts.gpus, gpu.model),
    }
}

fn overhead(report: &Report) -> String {
    percent(f64::from(report.vm_memory_overhead_ppm) / 1e6)
}

fn cpu_and_memory(amount: Amount) -> String {
    format!("{} {:>9}", amount.cpu_milli, amount.memory_mib.to_string())
}

fn usd(dollars: f64) -> String {
    format!("${dollars:.4}")
}

fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0).replace(".0%", "%")
}

fn plain_table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header.iter().map(Cell::new));
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table
}

fn align_right(table: &mut Table, column: usize) {
    if let Some(column) = table.column_mut(column) {
        column.set_cell_alignment(CellAlignment::Right);
    }
}
