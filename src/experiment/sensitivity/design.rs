//! The runs of a sensitivity study, as a study: every variant under every level of every assumption, or trajectories
//! through all of them. Says which run stands for what; makes none.

use rayon::prelude::*;

use crate::experiment::sensitivity::levels::{NotVaried, Varied, choose};
use crate::experiment::sensitivity::morris::{Trajectory, trajectories};
use crate::experiment::study::{self, Replications, Study};
use crate::experiment::variant::Variant;
use crate::model::range::GRID;
use crate::scenario::{Finding, Findings, Resolved, ScenarioFile, Setting, Severity, StudyFile};

/// Runs of each level where their number is not given.
pub const REPLICATIONS: u32 = 10;

/// What will be run, and what each run stands for.
#[derive(Debug)]
pub struct Design {
    /// All designs: first those that were asked for, then each of them under the levels; or the points of trajectories.
    pub study: Study,
    /// How many were asked for.
    pub(super) variants: usize,
    pub(super) varied: Vec<Varied>,
    pub(super) not_varied: Vec<NotVaried>,
    pub(super) plan: Plan,
    /// Names of the columns that tell designs of one variant apart.
    pub columns: [&'static str; 2],
}

/// Which design is which.
#[derive(Debug)]
pub(super) enum Plan {
    /// By assumption, then level.
    OneAtATime(Vec<Vec<LevelDesigns>>),
    /// One point after the other, trajectory by trajectory.
    Morris(Vec<Trajectory>),
}

/// The designs of a level, by variant; or what is said against running it.
pub(super) type LevelDesigns = Result<Vec<usize>, String>;

impl Design {
    /// Each assumption at each end of its range, all others as they are, in every variant.
    pub fn one_at_a_time(mut study: Study, file: &StudyFile, names: &[String]) -> Result<Self, Findings> {
        let base = study::base(file)?;
        let (varied, not_varied) = choose(&study, names)?;
        let variants = study.variants.len();
        let wanted: Vec<(usize, usize, Variant)> = varied
            .iter()
            .enumerate()
            .flat_map(|(at, varied)| (0..varied.levels.len()).map(move |level| (at, varied, level)))
            .flat_map(|(at, varied, level)| {
                let found = &varied.levels[level].1;
                let setting = setting(varied.name, found.value.clone());
                let told = [varied.name.to_owned(), found.label.clone()];
                let of = |variant: &Variant| with(variant, vec![setting.clone()], told.clone());
                study.variants.iter().map(of).collect::<Vec<_>>().into_iter().map(move |variant| (at, level, variant))
            })
            .collect();
        let resolved = resolve(&base, &study.designs, wanted.iter().map(|(_, _, variant)| variant).collect());

        let mut levels: Vec<Vec<LevelDesigns>> =
            varied.iter().map(|varied| vec![Ok(Vec::new()); varied.levels.len()]).collect();
        for (index, ((at, level, variant), resolved)) in wanted.into_iter().zip(resolved).enumerate() {
            let slot = &mut levels[at][level];
            match (resolved, slot.as_mut()) {
                (_, Err(_)) => {}
                (Ok(design), Ok(designs)) => {
                    designs.push(study.designs.len());
                    study.variants.push(variant);
                    study.designs.push(design);
                }
                (Err(findings), Ok(_)) => *slot = Err(refusal(&study, index % variants, &findings)),
            }
        }
        Ok(Self {
            study,
            variants,
            varied,
            not_varied,
            plan: Plan::OneAtATime(levels),
            columns: ["assumption", "value"],
        })
    }

    /// So many trajectories through all assumptions together, which change one of them at a time (Morris).
    pub fn morris(mut study: Study, file: &StudyFile, names: &[String], count: u32) -> Result<Self, Findings> {
        let mut wrong = Vec::new();
        if count < 2 {
            let help = "write 2 or more; 10 are usual, 30 tell interactions well";
            wrong.push(Finding::about_file(format!("--morris {count}"), "it can't be", help));
        }
        if study.variants.len() > 1 {
            let help = "leave the variants out, or --morris: without it, it is told whether the ranking holds";
            wrong.push(Finding::about_file(
                "--morris",
                "it screens one scenario, and there are several variants",
                help,
            ));
        }
        if !wrong.is_empty() {
            return Err(Findings::new(wrong));
        }
        let base = study::base(file)?;
        let (varied, not_varied) = choose(&study, names)?;
        let trajectories = trajectories(varied.len(), count, study.seed);
        let mut wanted = Vec::new();
        for (number, trajectory) in trajectories.iter().enumerate() {
            for (point, places) in trajectory.points().into_iter().enumerate() {
                let settings = varied.iter().zip(places).map(|(varied, place)| {
                    #[expect(clippy::cast_precision_loss, reason = "a place of a small grid")]
                    let part = place as f64 / (GRID - 1) as f64;
                    setting(varied.name, varied.plausible.at(&varied.base, part))
                });
                let told = [(number + 1).to_string(), point.to_string()];
                wanted.push(with(&study.variants[0], settings.collect(), told));
            }
        }
        let resolved = resolve(&base, &study.designs, wanted.iter().collect());
        for (variant, resolved) in wanted.into_iter().zip(resolved) {
            match resolved {
                Ok(design) => {
                    study.variants.push(variant);
                    study.designs.push(design);
                }
                Err(findings) => wrong.extend(findings.into_vec()),
            }
        }
        if let Some(first) = wrong.into_iter().next() {
            let help = "name the assumptions to screen with --assumption, without the one that is told here";
            let message = format!("a point of a trajectory is no valid scenario: {first}");
            return Err(Findings::new(vec![Finding::about_file("--morris", message, help)]));
        }
        study.replications = Replications::Fixed(count);
        let plan = Plan::Morris(trajectories);
        Ok(Self { study, variants: 1, varied, not_varied, plan, columns: ["trajectory", "point"] })
    }
}

fn setting(name: &str, value: serde_json::Value) -> Setting {
    Setting { pointer: format!("/assumptions/{name}"), value }
}

/// A variant with settings more; `told` says in two words which they are.
fn with(variant: &Variant, settings: Vec<Setting>, told: [String; 2]) -> Variant {
    Variant {
        name: format!("{}; {}", variant.name, told.join(" ")),
        levels: variant.levels.iter().cloned().chain(told).collect(),
        settings: variant.settings.iter().cloned().chain(settings).collect(),
    }
}

/// Every variant's scenario; they go through `designs`, which they derive from, in turns. A recorded workload that one has
/// in common with its origin is kept once.
fn resolve(base: &ScenarioFile, designs: &[Resolved], variants: Vec<&Variant>) -> Vec<Result<Resolved, Findings>> {
    let one = |(index, variant): (usize, &Variant)| {
        let mut design = variant.resolve(base)?;
        let shared = &designs[index % designs.len()].world.workload;
        if design.world.workload == *shared {
            design.world.workload.clone_from(shared);
        }
        Ok(design)
    };
    variants.into_par_iter().enumerate().map(one).collect()
}

/// The first thing that is said against a level.
fn refusal(study: &Study, variant: usize, findings: &Findings) -> String {
    let said = findings.as_slice().iter().find(|finding| finding.severity == Severity::Error);
    let said = said.map(|finding| format!("{}: {}", finding.pointer, finding.message)).unwrap_or_default();
    format!("{}: {said}", study.variants[variant].name)
}
