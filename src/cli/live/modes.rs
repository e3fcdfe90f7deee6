//! Which options mean something in which mode. One that would do nothing is refused: whoever gives it expects something.

use crate::cli::CliError;
use crate::cli::live::{BackendName, LiveArgs};

/// A mode's option.
struct Mode {
    name: &'static str,
    is_on: bool,
}

/// Refuses options that the mode has no use for, all at once.
pub(super) fn refuse_strangers(args: &LiveArgs) -> Result<(), CliError> {
    let [dry_run, shadow, apply, print_rbac] = ["--dry-run", "--shadow", "--apply", "--print-rbac"];
    let modes = [
        Mode { name: dry_run, is_on: args.mode.dry_run },
        Mode { name: shadow, is_on: args.mode.shadow },
        Mode { name: apply, is_on: args.mode.apply },
        Mode { name: print_rbac, is_on: args.mode.print_rbac },
    ];
    let Some(mode) = modes.iter().find(|mode| mode.is_on).map(|mode| mode.name) else { return Ok(()) };
    let own = &args.apply;
    let options: [(&str, bool, &[&str]); 22] = [
        ("--context", args.context.is_some(), &[dry_run, shadow, apply]),
        ("--kubeconfig", args.kubeconfig.is_some(), &[dry_run, shadow, apply]),
        ("--environment", !args.environment.is_empty(), &[dry_run, shadow, apply]),
        ("--seed", args.seed.is_some(), &[dry_run, shadow, apply]),
        ("--output", args.output.is_some(), &[dry_run, shadow, apply]),
        ("--jobs", args.jobs.is_some(), &[shadow, apply]),
        ("--speed", args.speed.is_some(), &[shadow, apply]),
        ("--journal", own.journal.is_some(), &[shadow, apply]),
        ("--out", own.out.is_some(), &[shadow, apply]),
        ("--runtime", args.shadow.runtime.is_some(), &[shadow]),
        ("--confirm", own.confirm.is_some(), &[apply]),
        ("--resume", own.resume, &[apply]),
        ("--until", own.until.is_some(), &[apply]),
        ("--kwok", own.kwok, &[apply]),
        ("--writes-per-minute", own.writes_per_minute.is_some(), &[apply]),
        ("--writes-in-flight", own.writes_in_flight.is_some(), &[apply]),
        ("--node-removal-percent", own.node_removal_percent.is_some(), &[apply]),
        ("--announce", own.announce.is_some(), &[apply]),
        ("--metrics-port", own.metrics_port.is_some(), &[apply]),
        ("--log", own.log.is_some(), &[apply]),
        ("--log-format", own.log_format.is_some(), &[apply]),
        ("--user", args.print_rbac.user.is_some(), &[print_rbac]),
    ];
    let is_karpenter = args.backend == BackendName::Karpenter;
    let strangers = options.iter().filter(|(_, given, homes)| *given && !homes.contains(&mode));
    let mut said: Vec<_> = strangers
        .map(|(name, _, homes)| format!("{name} means nothing with {mode}: it goes with {}", homes.join(", ")))
        .collect();
    if args.node_class.is_some() && !is_karpenter {
        said.push("--node-class means nothing but with --backend karpenter".to_owned());
    }
    if own.announce.is_some() && args.backend != BackendName::Render {
        said.push("--announce means nothing but with --backend render".to_owned());
    }
    if said.is_empty() { Ok(()) } else { Err(CliError::BadInput(said.join("\n"))) }
}
