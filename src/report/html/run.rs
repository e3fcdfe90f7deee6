//! The page of one run: how it went in a line and a few sentences, charts, tables, and what all of it rests on.

use maud::{Markup, html};

use crate::metrics::figures::{count, counted, percent, span, usd};
use crate::metrics::{Results, Summary};
use crate::report::charts::{blocked, cost, losses, nodes, queue, shares, vcpus, waits};
use crate::report::form::NONE;
use crate::report::html::blocks::{figure, key_figures, section, table, unbroken};
use crate::report::html::{appendix, page};
use crate::report::provenance::Provenance;
use crate::report::tables;

/// The page. Same run, same bytes.
pub fn run_page(results: &Results, provenance: &Provenance) -> String {
    let summary = &results.summary;
    let jobs = html! {
        (figure(&queue::figure(results)))
        (figure(&waits::figure(results)))
        @if let Some(shares) = shares::figure(results) { (figure(&shares)) }
        (table(&tables::jobs(summary)))
        (table(&tables::times(summary)))
        (table(&tables::queues(summary)))
        (table(&tables::shares(summary)))
        (table(&tables::job_names(summary)))
    };
    let capacity = html! {
        (figure(&vcpus::figure(results)))
        (figure(&nodes::figure(results)))
        (table(&tables::node_sizes(summary)))
    };
    let cost = html! {
        (figure(&cost::figure(results)))
        (table(&tables::money(summary)))
        (table(&tables::instance_types(summary)))
    };
    let trouble = html! {
        (figure(&blocked::figure(results)))
        (figure(&losses::figure(results)))
    };
    let body = html! {
        (head(summary, provenance))
        (findings(summary))
        (steady_state(summary))
        (section("capacity", "Capacity", &capacity))
        (section("jobs", "Jobs", &jobs))
        (section("money", "Cost", &cost))
        (section("trouble", "What stood in the way", &trouble))
        (appendix::assumed(&summary.assumptions))
        (appendix::provenance(&summary.seed.to_string(), Some(summary), provenance))
    };
    page::page(&format!("{} – windtunnel", summary.scenario), &body)
}

fn head(summary: &Summary, provenance: &Provenance) -> Markup {
    let (jobs, cost) = (&summary.jobs, &summary.cost);
    let shown = |secs: Option<f64>| secs.map_or_else(|| NONE.to_owned(), span);
    let per_job = cost.per_1000_succeeded.map_or_else(String::new, |cost| format!("{} per 1,000 jobs", usd(cost)));
    let not = match (jobs.failed, jobs.unfinished) {
        (failed, 0) => format!("{} failed", count(failed)),
        (failed, unfinished) => format!("{} failed, {} unfinished", count(failed), count(unfinished)),
    };
    let used = summary.capacity.utilization.map_or_else(|| NONE.to_owned(), percent);
    let figures = [
        ("cost", usd(cost.total), per_job),
        ("makespan", shown(summary.makespan_s), "from the first submission".to_owned()),
        ("wait, 95th percentile", shown(summary.wait_s.p95), format!("median {}", shown(summary.wait_s.p50))),
        ("jobs succeeded", count(jobs.succeeded), not),
        ("vCPUs in use", used, "of those launched".to_owned()),
    ];
    html! {
        header {
            h1 { (summary.scenario) }
            @if !provenance.description.is_empty() { p { (provenance.description) } }
            p.quiet {
                "One simulated run, seed " (summary.seed) ": " (span(summary.sim.end_s)) " simulated, "
                (counted(jobs.submitted, "job")) "."
            }
            (key_figures(&figures))
        }
    }
}

fn steady_state(summary: &Summary) -> Markup {
    let lines = tables::steady_state(summary);
    html! {
        @if !lines.is_empty() {
            (section("steady-state", "Steady state", &html! { ul.findings { @for line in &lines { li { (unbroken(line)) } } } }))
        }
    }
}

fn findings(summary: &Summary) -> Markup {
    html! {
        section id="findings" {
            h2 { "Findings" }
            @if summary.findings.is_empty() { p { "Nothing stands out." } }
            @else { ul.findings { @for finding in &summary.findings { li { (unbroken(&finding.text)) } } } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Finding, FindingCode, Metrics};
    use crate::model::{Assumptions, Names};
    use crate::units::SimTime;

    #[test]
    fn names_are_text_whatever_they_look_like_and_the_same_run_is_the_same_page() {
        let names = Names { job_queues: vec!["a<b>".to_owned(), "c&\"d".to_owned()], ..Names::default() };
        let assumptions = Assumptions { root_volume_gib: 100, ..Assumptions::default() };
        let metrics = Metrics::new(Vec::new(), names, &assumptions).with_pictures();
        let mut results = metrics.finish("<script>alert(1)", 42, SimTime::from_millis(60_000)).unwrap();
        results.summary.queues[0].blocked_s.insert("AT_MAX_VCPUS".to_owned(), 30.0);
        let text = "1 % of <i>".to_owned();
        results.summary.findings.push(Finding { code: FindingCode::IdleCapacity, subject: None, share: 0.1, text });
        let provenance = Provenance { description: "why </main>?".to_owned(), ..Provenance::default() };
        let page = run_page(&results, &provenance);
        for shown in [
            "<h1>&lt;script&gt;alert(1)</h1>",
            "a&lt;b&gt;: AT_MAX_VCPUS",
            "c&amp;&quot;d",
            "why &lt;/main&gt;?",
            "1\u{a0}% of &lt;i&gt;",
            "100 (default 30)",
        ] {
            assert!(page.contains(shown), "{shown}");
        }
        assert_eq!(page.matches("<script>").count(), 1, "the page's own");
        assert_eq!(page, run_page(&results, &provenance));
    }
}
