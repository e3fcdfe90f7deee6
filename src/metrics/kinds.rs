//! Jobs by what they are called: counts and waits of each `jobName`, where a run has several. Of many different names (each
//! job its own, say) nothing is kept: that is what `jobs.csv` is for. Knows nothing of queues.

use crate::ids::JobSpecId;
use crate::metrics::jobs::QueueJobs;
use crate::model::Names;
use crate::scheduler::JobEnd;

/// Names at most.
const NAMES_MAX: usize = 32;

/// Jobs by name.
#[derive(Debug, Clone, Default)]
pub(super) struct Kinds {
    /// Which of the names a job spec bears; empty where nothing is kept.
    of: Vec<usize>,
    /// By order of appearance.
    jobs: Vec<(String, QueueJobs)>,
    /// There are too many names.
    too_many: bool,
}

impl Kinds {
    /// Those of a run with these names.
    pub(super) fn new(names: &Names) -> Self {
        let mut kinds = Self::default();
        for (spec, name) in (0..).map(JobSpecId).zip(&names.job_specs) {
            kinds.call(spec, &name.job_name);
        }
        kinds
    }

    /// Takes in the name of a spec, which is the next.
    pub(super) fn call(&mut self, spec: JobSpecId, name: &str) {
        if self.too_many || spec.index() != self.of.len() {
            return;
        }
        let known = self.jobs.iter().position(|(known, _)| known == name);
        self.of.push(known.unwrap_or(self.jobs.len()));
        if known.is_none() {
            self.jobs.push((name.to_owned(), QueueJobs::default()));
        }
        if self.jobs.len() > NAMES_MAX {
            *self = Self { too_many: true, ..Self::default() };
        }
    }

    /// Counts anew.
    pub(super) fn clear(&mut self) {
        self.jobs.iter_mut().for_each(|(_, jobs)| *jobs = QueueJobs::default());
    }

    /// Jobs were submitted.
    pub(super) fn submitted(&mut self, spec: JobSpecId, jobs: u64) {
        if let Some(of) = self.get(spec) {
            of.submitted += jobs;
        }
    }

    /// Submissions that were counted and then not taken.
    pub(super) fn refused(&mut self, spec: JobSpecId, jobs: u64) {
        if let Some(of) = self.get(spec) {
            of.submitted = of.submitted.saturating_sub(jobs);
        }
    }

    /// A job ended.
    pub(super) fn ended(&mut self, end: &JobEnd) {
        if let Some(of) = self.get(end.spec) {
            of.ended(end);
        }
    }

    /// Names with their jobs, where there are several.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &QueueJobs)> {
        let shown = if self.jobs.len() < 2 { &[] } else { &*self.jobs };
        shown.iter().map(|(name, jobs)| (name.as_str(), jobs))
    }

    fn get(&mut self, spec: JobSpecId) -> Option<&mut QueueJobs> {
        let kind = *self.of.get(spec.index())?;
        self.jobs.get_mut(kind).map(|(_, jobs)| jobs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::JobSpecName;

    fn kinds(names: &[&str]) -> Kinds {
        let spec = |name: &&str| JobSpecName { job_name: (*name).to_owned(), job_definition: String::new() };
        Kinds::new(&Names { job_specs: names.iter().map(spec).collect(), ..Names::default() })
    }

    #[test]
    fn specs_of_one_name_are_counted_together() {
        let mut some = kinds(&["a", "b", "a"]);
        for spec in 0..3 {
            some.submitted(JobSpecId(spec), 2);
        }
        some.refused(JobSpecId(2), 1);
        some.submitted(JobSpecId(9), 1);
        let counted =
            |kinds: &Kinds| kinds.iter().map(|(name, jobs)| (name.to_owned(), jobs.submitted)).collect::<Vec<_>>();
        assert_eq!(counted(&some), [("a".to_owned(), 3), ("b".to_owned(), 2)]);
        some.clear();
        assert_eq!(counted(&some), [("a".to_owned(), 0), ("b".to_owned(), 0)]);
    }

    #[test]
    fn a_second_name_may_come_late() {
        let mut some = kinds(&["a"]);
        some.submitted(JobSpecId(0), 2);
        some.call(JobSpecId(1), "b");
        some.submitted(JobSpecId(1), 1);
        let counted: Vec<_> = some.iter().map(|(name, jobs)| (name, jobs.submitted)).collect();
        assert_eq!(counted, [("a", 2), ("b", 1)]);
    }

    #[test]
    fn one_name_and_too_many_are_not_kept() {
        assert_eq!(kinds(&["a", "a"]).iter().count(), 0);
        let many: Vec<_> = (0..40).map(|n| n.to_string()).collect();
        assert_eq!(kinds(&many.iter().map(String::as_str).collect::<Vec<_>>()).iter().count(), 0);
    }
}
