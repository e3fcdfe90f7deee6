//! EASY by the rules of pyss, the source's simulator: one event at a time; at one instant submissions come before ends, ends in
//! the order in which jobs began. Which processors are free is read off a plan, so those of a job count as free once its
//! estimate is over, even before its end is handled. A submission that finds no room changes nothing.

use std::collections::BTreeMap;

use super::log::Job;

struct Machine<'j> {
    jobs: &'j [Job],
    processors: u32,
    shortest: bool,
    now: u64,
    waiting: Vec<usize>,
    /// Jobs and when they should end.
    running: BTreeMap<usize, u64>,
    /// By time, in order of start.
    ends: BTreeMap<u64, Vec<usize>>,
    starts: Vec<u64>,
}

impl Machine<'_> {
    fn free(&self) -> u32 {
        let held = self.running.iter().filter(|(_, end)| **end > self.now).map(|(&job, _)| self.jobs[job].processors);
        self.processors - held.sum::<u32>()
    }

    fn start(&mut self, index: usize) {
        let Job { runtime, estimate, .. } = self.jobs[index];
        self.running.insert(index, self.now + estimate);
        self.ends.entry(self.now + runtime).or_default().push(index);
        self.starts[index] = self.now;
    }

    /// When the plan has so many processors free, and how many more.
    fn reserve(&self, wanted: u32) -> (u64, u32) {
        let mut ends: Vec<_> = self.running.iter().filter(|(_, end)| **end > self.now).collect();
        ends.sort_by_key(|&(_, end)| end);
        let mut free = self.free();
        for (position, &(&job, &end)) in ends.iter().enumerate() {
            free += self.jobs[job].processors;
            let is_last_of_instant = ends.get(position + 1).is_none_or(|(_, next)| **next > end);
            if is_last_of_instant && free >= wanted {
                return (end, free - wanted);
            }
        }
        panic!("no job is larger than the machine");
    }

    fn schedule(&mut self) {
        let mut free = self.free();
        while let Some(&first) = self.waiting.first()
            && self.jobs[first].processors <= free
        {
            free -= self.jobs[first].processors;
            self.waiting.remove(0);
            self.start(first);
        }
        let [first, behind @ ..] = &self.waiting[..] else { return };
        let (shadow, mut extra) = self.reserve(self.jobs[*first].processors);
        let mut behind = behind.to_vec();
        if self.shortest {
            behind.sort_by_key(|&index| self.jobs[index].estimate);
        }
        for index in behind {
            let Job { processors, estimate, .. } = self.jobs[index];
            let ends_in_time = self.now + estimate <= shadow;
            if processors > free || !ends_in_time && processors > extra {
                continue;
            }
            free -= processors;
            extra -= if ends_in_time { 0 } else { processors };
            self.waiting.retain(|&other| other != index);
            self.start(index);
        }
    }
}

/// When each job starts; jobs are in order of submission.
pub(super) fn starts(processors: u32, jobs: &[Job], shortest: bool) -> Vec<u64> {
    let mut machine = Machine {
        jobs,
        processors,
        shortest,
        now: 0,
        waiting: Vec::new(),
        running: BTreeMap::new(),
        ends: BTreeMap::new(),
        starts: vec![u64::MAX; jobs.len()],
    };
    let mut submitted = 0;
    loop {
        let next_end = machine.ends.first_key_value().map(|(&at, _)| at);
        match jobs.get(submitted) {
            Some(job) if next_end.is_none_or(|end| job.submit <= end) => {
                machine.now = job.submit;
                machine.waiting.push(submitted);
                if job.processors <= machine.free() {
                    machine.schedule();
                }
                submitted += 1;
            }
            _ => {
                let Some((at, ended)) = machine.ends.pop_first() else { break };
                machine.now = at;
                for job in ended {
                    machine.running.remove(&job);
                    machine.schedule();
                }
            }
        }
    }
    machine.starts
}
