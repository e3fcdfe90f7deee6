//! Checks the core from outside: counts everything anew and compares it with what is kept up step by step.
//!
//! Far too slow for a run; tests call it after every step. A finding is a defect of the core, never of its input.

use crate::model::Resources;
use crate::scheduler::environment::{Environment, Totals};
use crate::scheduler::machine::Scheduler;
use crate::scheduler::nodes::NodeState;
use crate::scheduler::shapes::ByShape;

impl Scheduler {
    /// What is wrong with the core's books; empty when they hold. Covers invariants 1 to 3 of a Batch scheduler: no node
    /// holds more than it offers, `maxvCpus` is exceeded by less than one instance
    /// (what EC2 brings after its request was given up comes on top), and counts agree with the things counted.
    pub fn audit(&self) -> Vec<String> {
        let mut findings = Vec::new();
        self.audit_nodes(&mut findings);
        for (index, environment) in self.environments.iter().enumerate() {
            if let Some(environment) = environment {
                self.audit_environment(index, environment, &mut findings);
            }
        }
        self.audit_queues(&mut findings);
        self.audit_jobs(&mut findings);
        findings
    }

    /// Jobs in SUBMITTED or RUNNABLE, and in STARTING or RUNNING.
    pub fn jobs_in_system(&self) -> (u64, u64) {
        (self.queues.iter().map(super::queue::JobQueue::waiting).sum(), self.pods.len() as u64)
    }

    fn audit_nodes(&self, findings: &mut Vec<String>) {
        for (slot, node) in self.nodes.iter() {
            let mut held = Resources::ZERO;
            let mut pods = 0;
            for (_, pod) in self.pods.iter().filter(|(_, pod)| pod.node == slot) {
                held += self.specs.get(pod.spec).requests;
                pods += 1;
            }
            if !held.fits(node.offers) {
                findings.push(format!("{} offers {} and holds {held}", node.id, node.offers));
            }
            let mut sum = node.free;
            sum += held;
            if sum != node.offers {
                findings
                    .push(format!("{}: free {} and held {held} don't add up to {}", node.id, node.free, node.offers));
            }
            if pods != node.pods.len() {
                findings.push(format!("{} lists {} pods and has {pods}", node.id, node.pods.len()));
            }
        }
    }

    fn audit_environment(&self, index: usize, environment: &Environment, findings: &mut Vec<String>) {
        let mut free = Totals::default();
        let mut outdated = 0_u32;
        let (mut vcpus, mut terminating, mut late, mut largest) = (0, 0, 0, 0);
        let mut covered = ByShape::new();
        for (_, node) in self.nodes.iter().filter(|(_, node)| node.environment.index() == index) {
            vcpus += node.vcpus;
            largest = largest.max(node.vcpus);
            if node.state == NodeState::Terminating {
                terminating += node.vcpus;
            }
            outdated += u32::from(node.outdated);
            if node.late {
                late += node.vcpus;
            }
            if node.schedulable(self.settings.placement_after_notice) {
                free.add_jobs(node.free, 1);
            }
            if let Some((shape, jobs)) = node.covers {
                covered.add(shape, jobs.into());
            }
        }
        for launch in &environment.launches {
            if let Some(shape) = launch.shape {
                covered.add(shape, launch.jobs.into());
            }
        }
        let mut expect = |what: &str, kept: &dyn std::fmt::Debug, counted: &dyn std::fmt::Debug| {
            let (kept, counted) = (format!("{kept:?}"), format!("{counted:?}"));
            if kept != counted {
                findings.push(format!("environment {index}: {what} kept as {kept}, counted {counted}"));
            }
        };
        expect("vCPUs", &environment.vcpus, &vcpus);
        expect("terminating vCPUs", &environment.terminating_vcpus, &terminating);
        expect("outdated nodes", &environment.outdated_nodes, &outdated);
        expect("whether it is updating", &environment.updating, &(outdated > 0));
        expect("free capacity", &environment.free, &free);
        let pairs = |shapes: &ByShape| shapes.iter().collect::<Vec<_>>();
        expect("coverage", &pairs(&environment.covered), &pairs(&covered));
        let max_vcpus = environment.max_vcpus_ever;
        if environment.spec.managed.is_some() && vcpus > late && vcpus - late >= max_vcpus + largest {
            findings.push(format!(
                "environment {index}: {} vCPUs exceed maxvCpus {max_vcpus} by an instance",
                vcpus - late
            ));
        }
    }

    fn audit_queues(&self, findings: &mut Vec<String>) {
        for (index, queue) in self.queues.iter().enumerate() {
            let counted = queue.recount(&self.specs);
            if queue.backlog.iter().ne(counted.iter()) {
                findings.push(format!("queue {index}: backlog by shape differs from the jobs that wait"));
            }
            let cpu: u64 = counted.iter().map(|(shape, jobs)| self.specs.cpu(shape) * jobs).sum();
            if queue.backlog_cpu != cpu {
                findings.push(format!("queue {index}: backlog CPU kept as {}, counted {cpu}", queue.backlog_cpu));
            }
        }
    }
}
