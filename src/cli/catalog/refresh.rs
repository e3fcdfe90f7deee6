//! `windtunnel catalog refresh`, and `--catalog`, which takes up what it wrote.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::to_value;

use crate::catalog::own::{self, Tables};
use crate::cli::output::{OutputFormat, json, print};
use crate::cli::{CliError, ExitStatus};
use crate::import::Notes;
use crate::import::facts::{Facts, FactsError, Told, refresh};
use crate::report::temporary;

/// Put newer facts into the catalog's tables: types, zones, prices, Spot figures.
#[derive(Debug, Args)]
#[command(after_help = FILES)]
pub(super) struct RefreshArgs {
    /// Files with newer facts, plain or gzipped.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// When the files were had: the date of facts that have none of their own.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = date)]
    as_of: String,
    /// Of which region a file tells that names none.
    #[arg(long, default_value = "us-east-1")]
    region: String,
    /// The folder to write into; one that holds tables already is refreshed in its turn.
    #[arg(short, long, value_name = "FOLDER")]
    out: PathBuf,
    /// How the outcome is told on stdout.
    #[arg(long, value_enum, default_value_t)]
    output: OutputFormat,
}

const FILES: &str = "\
Files are told apart by their content: what `aws ec2 describe-instance-types` and `describe-instance-type-offerings \
--location-type availability-zone` print, a price list of the offer AmazonEC2 (index.csv), the Spot Advisor's \
spot-advisor-data.json, or a table type,usd_per_hour[,region][,as_of]. What no file tells stays as it stands.";

fn date(text: &str) -> Result<String, String> {
    let parts: Vec<_> = text.split('-').collect();
    let number = |at: usize, digits: usize, most: u32| {
        let part = parts.get(at).filter(|part| part.len() == digits);
        part.and_then(|part| part.parse().ok()).is_some_and(|number: u32| (1..=most).contains(&number))
    };
    let good = parts.len() == 3 && number(0, 4, 9999) && number(1, 2, 12) && number(2, 2, 31);
    if good { Ok(text.to_owned()) } else { Err("a date is written 2026-11-22".to_owned()) }
}

/// Runs the command.
pub(super) fn run(args: &RefreshArgs) -> Result<ExitStatus, CliError> {
    let bad = |error: FactsError| CliError::BadInput(error.to_string());
    let base = tables(&args.out)?;
    let (mut facts, mut notes) = (Facts::default(), Notes::default());
    for path in &args.files {
        let shown = path.display().to_string();
        let file = File::open(path).map_err(|error| CliError::BadInput(format!("{shown} can't be read: {error}")))?;
        facts.read(&shown, file, &mut notes).map_err(bad)?;
    }
    let told = Told { region: &args.region, as_of: &args.as_of };
    let made = refresh(&facts, &base, told, notes).map_err(bad)?;
    if made.tables.instance_types.is_none() && made.tables.offers.is_empty() {
        return Err(CliError::BadInput(format!(
            "none of the files tells anything that the catalog could take up\n{}",
            made.notes
        )));
    }
    // Nothing is written that could not be read.
    own::take_up(&made.tables).map_err(|error| CliError::BadInput(error.to_string()))?;
    write(&args.out, &made.tables)?;
    let folder = args.out.display();
    match args.output {
        OutputFormat::Table => {
            print(&format!("{}\n\nwrote {folder}\ntry   windtunnel --catalog {folder} catalog m5", made.notes))
        }
        OutputFormat::Json => {
            let mut told = to_value(&made.notes).unwrap_or_default();
            told["catalog"] = folder.to_string().into();
            print(&json("the outcome", &told)?)
        }
    }
}

/// Takes up a folder's tables for this program.
pub(crate) fn take_up(folder: &Path) -> Result<(), CliError> {
    let told = |message: String| CliError::BadInput(format!("--catalog {}: {message}", folder.display()));
    if !folder.is_dir() {
        return Err(told("there is no such folder; `windtunnel catalog refresh` writes one".to_owned()));
    }
    let tables = tables(folder)?;
    if tables == Tables::default() {
        return Err(told("it holds no tables; `windtunnel catalog refresh` writes them".to_owned()));
    }
    own::take_up(&tables).map_err(|error| told(error.to_string()))
}

/// The tables of a folder; none where there is no folder.
fn tables(folder: &Path) -> Result<Tables, CliError> {
    let offers = folder.join(own::OFFERS);
    let mut regions = BTreeMap::new();
    let unreadable =
        |path: &Path, error: &std::io::Error| CliError::BadInput(format!("{} can't be read: {error}", path.display()));
    match fs::read_dir(&offers) {
        Ok(entries) => {
            for entry in entries {
                let path = entry.map_err(|error| unreadable(&offers, &error))?.path();
                let name = path.file_stem().and_then(|name| name.to_str()).map(str::to_owned);
                if let Some(name) = name.filter(|_| path.extension().is_some_and(|extension| extension == "csv")) {
                    regions.insert(name, fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?);
                }
            }
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(unreadable(&offers, &error)),
    }
    let text = |name: &str| {
        let path = folder.join(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unreadable(&path, &error)),
        }
    };
    Ok(Tables { instance_types: text(own::INSTANCE_TYPES)?, offers: regions, sources: text(own::SOURCES)? })
}

/// Writes tables; all are whole before the first gets its name.
fn write(folder: &Path, tables: &Tables) -> Result<(), CliError> {
    let failed =
        |path: &Path, error: &std::io::Error| CliError::Failed(format!("{} can't be written: {error}", path.display()));
    let offers = folder.join(own::OFFERS);
    fs::create_dir_all(&offers).map_err(|error| failed(&offers, &error))?;
    let single = [(own::INSTANCE_TYPES, &tables.instance_types), (own::SOURCES, &tables.sources)];
    let single = single.into_iter().filter_map(|(name, text)| Some((folder.join(name), text.as_ref()?)));
    let regions = tables.offers.iter().map(|(region, text)| (offers.join(format!("{region}.csv")), text));
    let written = single.chain(regions).map(|(path, text)| {
        let mut file = temporary(folder).map_err(|error| failed(&path, &error))?;
        file.write_all(text.as_bytes()).map_err(|error| failed(&path, &error))?;
        Ok((path, file))
    });
    for (path, file) in written.collect::<Result<Vec<_>, CliError>>()? {
        file.persist(&path).map_err(|error| failed(&path, &error.error))?;
    }
    Ok(())
}
