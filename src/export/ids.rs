//! Ids as AWS Batch gives them: a job has a UUID, an array's child its array's with an index. The same job of the same
//! scenario has the same, in every run.

use crate::batch::{JobDetail, JobSummary};
use crate::ids::{JobId, JobRef};
use crate::pod::job_uuid;

/// The ids of a scenario's jobs.
#[derive(Debug)]
pub(super) struct Ids {
    scenario: String,
}

impl Ids {
    pub(super) fn new(scenario: &str) -> Self {
        Self { scenario: scenario.to_owned() }
    }

    /// What stands for a whole job.
    fn whole(&self, job: JobId) -> String {
        job_uuid(&self.scenario, job).hyphenated().to_string()
    }

    /// What stands for a job, or an array's child; for what is no id of ours, itself.
    fn text(&self, own: &str) -> String {
        match own.parse::<JobRef>() {
            Ok(JobRef { job, child: Some(child) }) => format!("{}:{child}", self.whole(job)),
            Ok(JobRef { job, child: None }) => self.whole(job),
            Err(_) => own.to_owned(),
        }
    }

    pub(super) fn of_detail(&self, detail: &mut JobDetail) {
        let id = self.text(&detail.job_id);
        detail.job_arn = arn(&detail.job_arn, &id);
        detail.job_id = id;
        for own in detail.depends_on.iter_mut().filter_map(|dependency| dependency.job_id.as_mut()) {
            *own = self.text(own);
        }
    }

    pub(super) fn of_summary(&self, summary: &mut JobSummary) {
        let id = self.text(&summary.job_id);
        summary.job_arn = arn(&summary.job_arn, &id);
        summary.job_id = id;
    }
}

/// An ARN with another id at its end.
fn arn(own: &str, id: &str) -> String {
    own.rsplit_once('/').map_or_else(|| id.to_owned(), |(head, _)| format!("{head}/{id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_uuids_and_children_have_an_index() {
        let ids = Ids::new("s");
        let whole = ids.text("0-17");
        assert_eq!(whole.len(), 36);
        assert_eq!(whole.as_bytes()[14], b'3', "a name-based UUID: {whole}");
        assert_eq!(ids.text("0-17:3"), format!("{whole}:3"));
        assert_ne!(ids.text("0-18"), whole);
        assert_ne!(Ids::new("t").text("0-17"), whole);
        assert_eq!(arn("arn:aws:batch:r:a:job/0-17", &whole), format!("arn:aws:batch:r:a:job/{whole}"));
    }
}
