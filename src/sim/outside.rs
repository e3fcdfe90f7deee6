//! What comes to the simulated world from outside while it goes on: submissions of people and tools, and how their jobs
//! behave, which no workload entry says.

use std::collections::BTreeMap;

use crate::ids::{JobQueueId, JobSpecId};
use crate::model::Distribution;
use crate::scheduler::Event;
use crate::sim::arrivals::EntryState;
use crate::sim::spec::{Arrivals, FailureMode, WorkloadEntry, WorkloadSource};
use crate::sim::world::SimWorld;
use crate::units::{SimDuration, SimTime};

/// Something that is told from outside.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Facts for the core, in order. Jobs in them are of no workload entry.
    pub events: Vec<Event>,
    /// How jobs of specs behave of which it was not told before. It must be, of every spec of a job from outside.
    pub behaviours: Vec<(JobSpecId, Behaviour)>,
}

/// How the attempts of jobs go.
#[derive(Debug, Clone, PartialEq)]
pub struct Behaviour {
    /// How long they run.
    pub runtime: Distribution,
    /// Probability that one ends with exit code 1.
    pub failure_probability: f64,
    /// Other ways in which they fail.
    pub failures: Vec<FailureMode>,
    /// A spec whose container image they use; one of its own, of the assumed size, where there is none.
    pub image_of: Option<JobSpecId>,
}

/// How jobs from outside behave, by spec.
#[derive(Debug, Default)]
pub(super) struct Outside(BTreeMap<JobSpecId, EntryState>);

impl Outside {
    /// What decides how an attempt goes.
    pub(super) fn of(&self, spec: JobSpecId) -> &EntryState {
        self.0.get(&spec).expect("who submits a job says how its like behave")
    }
}

impl SimWorld {
    /// Takes in what is told from outside.
    pub(super) fn told(&mut self, told: Told) {
        for event in &told.events {
            if let Event::JobSpecRegistered { spec, job } = event
                && spec.index() == self.spec.specs.len()
            {
                self.spec.specs.push(job.as_ref().clone());
                let like = told.behaviours.iter().find(|(known, _)| known == spec).and_then(|(_, one)| one.image_of);
                let image = like.and_then(|like| self.spec.image_of.get(like.index()).copied());
                let image = image.unwrap_or_else(|| self.add_image());
                self.spec.image_of.push(image);
            }
        }
        for (spec, behaviour) in told.behaviours {
            let Behaviour { runtime, failure_probability, failures, image_of: _ } = behaviour;
            let source = WorkloadSource::Synthetic {
                spec,
                array_size: None,
                count: 0,
                arrivals: Arrivals::Fixed { start: SimTime::ZERO, every: SimDuration::ZERO },
                runtime,
            };
            let entry = WorkloadEntry { failure_probability, failures, ..WorkloadEntry::new(JobQueueId(0), source) };
            self.outside.0.entry(spec).or_insert_with(|| EntryState::new(u16::MAX, entry));
        }
        self.facts.extend(told.events);
    }

    /// A container image of the assumed size that no node has yet.
    fn add_image(&mut self) -> u32 {
        let mib = self.spec.assumptions.image_size_mib;
        self.spec.images.push(mib);
        self.kubelets.add_image(mib, &self.spec.assumptions);
        u32::try_from(self.spec.images.len() - 1).expect("no more images than specs")
    }
}
