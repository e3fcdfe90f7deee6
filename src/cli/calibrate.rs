//! `windtunnel calibrate PATH...`: assumptions from what was measured, and the past played again under them.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use crate::calibrate::{BackTest, Calibration, Observed, Wanted, back_test, calibrate};
use crate::cli::import::files;
use crate::cli::output::{OutputFormat, json as text_of, print};
use crate::cli::run::load;
use crate::cli::{CliError, ExitStatus};
use crate::import::{Imported, aws, kubectl};
use crate::model::duration;
use crate::report::{self, temporary};
use crate::units::SimDuration;

/// Fit the latencies that AWS doesn't publish to what was measured.
///
/// Takes what `kubectl get nodes,pods -A -o json` prints and the answers of `aws ec2 describe-instances` and of `aws batch
/// describe-…`, as `import aws` does; a file is what its members say. From instances' start and nodes' Ready follow
/// pendingToReady and pendingToReadyMetal, from pods podStart. Exponential, lognormal and Weibull laws are fitted; of those that
/// the Anderson-Darling test doesn't rule out at 5 %, the one with the least AIC is taken, else what was measured as it is. What
/// the files don't tell keeps its default, and is named.
///
/// With descriptions of jobs, queues and environments the same history is simulated under the fitted assumptions: waits, makespan
/// and node-hours, predicted against actual.
///
/// Writes assumptions.json (for --assumptions of run, compare, plan and sensitivity), calibration.json, calibration.svg and
/// back-test/, the scenario that was played.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct CalibrateArgs {
    /// Files, or folders whose files are read.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The folder to write into. It is made where it does not exist.
    #[arg(short, long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// How long instances take from their start until their kubelet registers, for nodes whose instance is not described.
    #[arg(long, value_name = "SPAN", value_parser = span)]
    boot: Option<SimDuration>,
    /// Runs of the back-test; 0 for none.
    #[arg(long, value_name = "N", default_value_t = 10)]
    back_test: u64,
    /// The form of the result.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    output: OutputFormat,
}

const EXAMPLE: &str = "\
Example:
  kubectl get nodes,pods -A -o json > export/cluster.json
  aws ec2 describe-instances --filters Name=tag-key,Values=AWSBatchServiceTag > export/instances.json
  windtunnel calibrate export -o calibrated
  windtunnel run scenario.json --assumptions calibrated/assumptions.json";

fn span(text: &str) -> Result<SimDuration, String> {
    duration::parse(text).map_err(|error| error.to_string())
}

/// Runs the command.
pub(super) fn run(args: &CalibrateArgs) -> Result<ExitStatus, CliError> {
    let mut observed = Observed::default();
    for path in &args.paths {
        for file in files(path)? {
            let unreadable = |error| CliError::BadInput(format!("{} can't be read: {error}", file.display()));
            let open = File::open(&file).map_err(unreadable)?;
            observed.read(&file.display().to_string(), open).map_err(unreadable)?;
        }
    }
    if observed.is_empty() {
        return Err(CliError::BadInput(format!(
            "none of the files tells of nodes, pods, instances or jobs: give what `windtunnel calibrate --help` lists\n{}",
            observed.notes()
        )));
    }
    let (times, cluster, export) = observed.take();
    let boot = args.boot.map(SimDuration::as_millis);
    let mut found = calibrate(&times, &cluster, Wanted { boot });
    let mut past = None;
    if args.back_test > 0 && export.tells_a_past() {
        let mut imported = export.scenario().map_err(|error| CliError::Failed(error.to_string()))?;
        imported.scenario["assumptions"] = Value::Object(found.assumptions());
        found.notes.extend(imported.notes.clone());
        past = Some(imported);
    } else {
        found.notes.extend(export.notes().clone());
    }
    let played = past.map(|imported| play(args, &imported, (&times, &cluster), boot)).transpose()?;
    if let Some(out) = &args.out {
        write(out, &found, played.as_ref())?;
    }
    let without = "No back-test: it takes descriptions of jobs, queues and compute environments";
    match args.output {
        OutputFormat::Table => {
            let mut text = report::calibration_table(&found) + "\n";
            match &played {
                Some(played) => text += &report::back_test_table(played),
                None if args.back_test > 0 => text += without,
                None => {}
            }
            if let Some(out) = &args.out {
                let file = out.join(ASSUMPTIONS);
                let file = file.display().to_string();
                text += &["\nwrote ", &file, "\ntry   windtunnel run SCENARIO --assumptions ", &file].concat();
            }
            print(&text)
        }
        OutputFormat::Json => print(&text_of("the calibration", &whole(&found, played.as_ref()))?),
    }
}

const ASSUMPTIONS: &str = "assumptions.json";

fn whole(found: &Calibration, played: Option<&BackTest>) -> Value {
    let mut value = json!(found);
    value["assumptions"] = Value::Object(found.assumptions());
    value["backTest"] = json!(played);
    value
}

/// Plays the past again, from a folder of its own.
fn play(
    args: &CalibrateArgs,
    imported: &Imported,
    (times, cluster): (&aws::Times, &kubectl::Times),
    boot: Option<u64>,
) -> Result<BackTest, CliError> {
    let passing = tempfile::tempdir().map_err(|error| CliError::Failed(format!("no temporary folder: {error}")))?;
    let folder = args.out.as_ref().map_or_else(|| passing.path().to_owned(), |out| out.join("back-test"));
    let scenario = text_of("the scenario", &imported.scenario)? + "\n";
    for (name, text) in &imported.files {
        put(&folder, name, text)?;
    }
    put(&folder, "notes.txt", &format!("{}\n", imported.notes))?;
    put(&folder, "scenario.json", &scenario)?;
    let resolved = load(&folder.join("scenario.json"), &[])?;
    back_test(&resolved, args.back_test, times, cluster, boot).map_err(|error| CliError::Failed(error.to_string()))
}

fn write(out: &Path, found: &Calibration, played: Option<&BackTest>) -> Result<(), CliError> {
    if let Some(picture) = report::calibration_svg(found) {
        put(out, "calibration.svg", &picture)?;
    }
    put(out, "calibration.json", &(text_of("the calibration", &whole(found, played))? + "\n"))?;
    put(out, ASSUMPTIONS, &(text_of("the assumptions", &found.fragment())? + "\n"))
}

/// A file that has its name only when it is whole.
fn put(folder: &Path, name: &str, text: &str) -> Result<(), CliError> {
    let unwritable =
        |error: std::io::Error| CliError::Failed(format!("{} can't be written: {error}", folder.join(name).display()));
    fs::create_dir_all(folder).map_err(unwritable)?;
    let mut file = temporary(folder).map_err(unwritable)?;
    file.write_all(text.as_bytes()).map_err(unwritable)?;
    file.persist(folder.join(name)).map_err(|error| unwritable(error.error))?;
    Ok(())
}
