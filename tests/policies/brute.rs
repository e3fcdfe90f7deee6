//! EASY and list scheduling as the textbook has them, on one machine of interchangeable processors, event by event. Written
//! without a look at the core: Mu'alem and Feitelson, "Utilization, Predictability, Workloads, and User Runtime Estimates in
//! Scheduling the IBM SP2 with Backfilling" (2001), section 2.2.

use crate::machine::Job;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Submission,
    Shortest,
    Largest,
}

/// Start times, and when each job that ever was a blocked head was first expected to start.
#[derive(Debug)]
pub(crate) struct Schedule {
    pub(crate) starts: Vec<u64>,
    pub(crate) promised: Vec<Option<u64>>,
}

struct Running {
    ends: u64,
    expected: Option<u64>,
    processors: u32,
}

/// The machine between two events.
struct Machine<'j> {
    jobs: &'j [Job],
    now: u64,
    free: u32,
    running: Vec<Running>,
    schedule: Schedule,
}

impl Machine<'_> {
    fn start(&mut self, job: usize) {
        let Job { processors, runtime, estimate, .. } = self.jobs[job];
        self.free -= processors;
        let expected = estimate.map(|estimate| self.now + estimate);
        self.running.push(Running { ends: self.now + runtime, expected, processors });
        self.schedule.starts[job] = self.now;
    }

    fn end_those_that_are_over(&mut self) {
        let now = self.now;
        for over in self.running.extract_if(.., |job| job.ends <= now) {
            self.free += over.processors;
        }
    }

    /// When so many processors will be free, and how many beside them; `None` if never.
    fn shadow(&self, processors: u32) -> Option<(u64, u32)> {
        let mut times: Vec<u64> = self.running.iter().filter_map(|job| job.expected).collect();
        times.sort_unstable();
        let free_at = |time| {
            let ended = self.running.iter().filter(|job| job.expected.is_some_and(|expected| expected <= time));
            self.free + ended.map(|job| job.processors).sum::<u32>()
        };
        let shadow = times.into_iter().find(|&time| free_at(time) >= processors)?;
        Some((shadow, free_at(shadow) - processors))
    }
}

impl Order {
    /// By what jobs are sorted.
    fn key(self, jobs: &[Job], index: usize) -> (u64, usize) {
        match self {
            Self::Submission => (0, index),
            Self::Shortest => (jobs[index].estimate.unwrap_or(u64::MAX), index),
            Self::Largest => (u64::from(u32::MAX - jobs[index].processors), index),
        }
    }
}

/// `depth` is how far the look behind the head goes, in which order.
fn simulate(processors: u32, jobs: &[Job], order: Order, depth: Option<(usize, Order)>) -> Schedule {
    let schedule = Schedule { starts: vec![u64::MAX; jobs.len()], promised: vec![None; jobs.len()] };
    let mut machine = Machine { jobs, now: 0, free: processors, running: Vec::new(), schedule };
    let mut queue: Vec<usize> = Vec::new();
    let mut submitted = 0;
    loop {
        let next_submit = jobs.get(submitted).map(|job| job.submit);
        let next_end = machine.running.iter().map(|job| job.ends).min();
        let Some(now) = next_submit.into_iter().chain(next_end).min() else { break };
        machine.now = now;
        machine.end_those_that_are_over();
        while jobs.get(submitted).is_some_and(|job| job.submit <= now) {
            queue.push(submitted);
            submitted += 1;
        }
        queue.sort_by_key(|&index| order.key(jobs, index));
        while let Some(&head) = queue.first()
            && jobs[head].processors <= machine.free
        {
            machine.start(queue.remove(0));
        }
        if let (Some(&head), Some(depth)) = (queue.first(), depth) {
            backfill(&mut machine, &mut queue, head, depth);
        }
    }
    machine.schedule
}

fn backfill(machine: &mut Machine<'_>, queue: &mut Vec<usize>, head: usize, (depth, order): (usize, Order)) {
    let Some((shadow, mut extra)) = machine.shadow(machine.jobs[head].processors) else { return };
    machine.schedule.promised[head].get_or_insert(shadow);
    let mut behind = queue[1..].to_vec();
    behind.sort_by_key(|&index| order.key(machine.jobs, index));
    for index in behind.into_iter().take(depth) {
        let Job { processors, estimate, .. } = machine.jobs[index];
        let in_time = estimate.is_some_and(|estimate| machine.now + estimate <= shadow);
        if processors > machine.free || !in_time && processors > extra {
            continue;
        }
        if !in_time {
            extra -= processors;
        }
        machine.start(index);
        queue.retain(|&other| other != index);
    }
}

/// EASY.
pub(crate) fn easy(processors: u32, jobs: &[Job], order: Order) -> Schedule {
    simulate(processors, jobs, order, Some((usize::MAX, order)))
}

/// EASY that looks at so many jobs behind the head.
pub(crate) fn easy_to(processors: u32, jobs: &[Job], order: Order, depth: usize) -> Schedule {
    simulate(processors, jobs, order, Some((depth, order)))
}

/// EASY that looks at so many jobs behind the head in an order that may not be the queue's.
pub(crate) fn easy_ordered(processors: u32, jobs: &[Job], (order, behind): (Order, Order), depth: usize) -> Schedule {
    simulate(processors, jobs, order, Some((depth, behind)))
}

/// The first of the list starts when it fits, and nobody before.
pub(crate) fn list(processors: u32, jobs: &[Job], order: Order) -> Vec<u64> {
    simulate(processors, jobs, order, None).starts
}
