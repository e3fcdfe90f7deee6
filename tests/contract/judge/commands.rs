//! What the core has started: whether it may.

use windtunnel::ids::{JobRef, NodeId, PodId};
use windtunnel::model::PurchaseOption;
use windtunnel::scheduler::{Command, DeleteCause, Reason};

use super::{Judge, Pod, Progress, Use, Verdict, demand};

/// A pod that is to be created.
#[derive(Clone, Copy)]
pub(super) struct Creation {
    pub(super) pod: PodId,
    pub(super) job: JobRef,
    pub(super) attempt: u8,
    pub(super) node: NodeId,
    pub(super) node_index: Option<u16>,
}

impl Judge<'_> {
    pub(super) fn command(&mut self, command: &Command, reasons: &[Reason]) -> Verdict {
        match command {
            Command::LaunchNodes(request) => self.launch(request, reasons),
            Command::TerminateNode { node } => self.terminated(*node, reasons),
            &Command::CreatePod { pod, job, attempt, node, node_index, .. } => {
                self.create(Creation { pod, job, attempt, node, node_index })
            }
            &Command::DeletePod { pod, why, .. } => self.deleted(pod, why),
        }
    }

    fn create(&mut self, new: Creation) -> Verdict {
        demand!(!self.pods.contains_key(&new.pod), "{} was used for two pods at once", new.pod);
        let job = self.jobs.get(&new.job).ok_or_else(|| format!("{} was never submitted", new.job))?;
        let main = self.specs[job.spec.index()].multi_node.as_ref().map(|multi_node| multi_node.main);
        demand!(new.node_index.is_some() == main.is_some(), "{} is no multi-node parallel job, or is", new.job);
        if new.node_index != main {
            return self.create_follower(new);
        }
        self.may_start(new)?;
        self.may_take(new)?;
        let losses = self.place(new, new.node_index.map(|index| (index, new.pod)))?;
        self.pods.get_mut(&new.pod).expect("just placed").losses = losses;
        let cpu = self.spec(new.job).cpu();
        let job = self.jobs.get_mut(&new.job).expect("looked up");
        (job.charged, job.progress) = (new.attempt, Progress::Active(new.pod));
        let takes = !std::mem::replace(&mut job.holds, true);
        let (queue, spec) = (job.queue, &self.specs[job.spec.index()]);
        for need in spec.consumables.iter().filter(|_| takes) {
            let known = self.consumables[need.resource.index()].as_mut().ok_or("an unknown resource was taken")?;
            let left = known.spec.total.saturating_sub(known.in_use);
            demand!(left >= need.quantity, "{} takes {} of {left} {}", new.job, need.quantity, need.resource);
            known.in_use += need.quantity;
            self.tally.consumed += 1;
        }
        if let Some(share) = spec.share {
            let usage = self.queues[queue.index()].usage.entry(share).or_default();
            usage.push(Use { pod: new.pod, cpu, from: self.now, until: None });
        }
        Ok(())
    }

    /// Whether it is the job's turn.
    fn may_start(&mut self, new: Creation) -> Verdict {
        let job = &self.jobs[&new.job];
        demand!(job.progress == Progress::Waiting, "{} was dispatched and is {:?}", new.job, job.progress);
        demand!(job.runnable_since <= self.now, "{} is not RUNNABLE yet", new.job);
        demand!(!self.queues[job.queue.index()].deleted, "{} runs in a deleted queue", new.job);
        demand!(new.attempt == job.charged + 1, "attempt {} of {} after {}", new.attempt, new.job, job.charged);
        let limit = self.spec(new.job).attempts;
        demand!(new.attempt <= limit, "attempt {} of {}, which has {limit}", new.attempt, new.job);
        self.is_next(new.job)
    }

    /// Whether the environment takes jobs, and this one.
    fn may_take(&self, new: Creation) -> Verdict {
        let (job, pod_node) = (new.job, new.node);
        let node = self.nodes.get(&pod_node).ok_or_else(|| format!("{job} was sent to {pod_node}, which is gone"))?;
        let environment = self.environments[node.environment.index()].as_ref().ok_or("no such environment")?;
        demand!(environment.spec.enabled, "{job} was sent to a DISABLED environment");
        demand!(!environment.invalid, "{job} was sent to an INVALID environment");
        demand!(!environment.deleted, "{job} was sent to a deleted environment");
        let queue = &self.queues[self.jobs[&job].queue.index()];
        demand!(queue.spec.environments.contains(&node.environment), "{job} was sent to an environment of others");
        demand!(!node.terminating, "{job} was sent to {pod_node}, which was told to go");
        demand!(!node.outdated, "{job} was sent to {pod_node}, which is to be replaced");
        let after_notice = self.settings.placement_after_notice;
        demand!(after_notice || !node.warned, "{job} was sent to {pod_node}, which EC2 announced to take");
        if let Some(multi_node) = &self.spec(job).multi_node {
            let purchase = environment.spec.managed.as_ref().map(|managed| managed.purchase);
            demand!(purchase == Some(PurchaseOption::Ec2), "{job} is multi-node parallel and runs on {purchase:?}");
            let only = multi_node.instance_type;
            demand!(only.is_none() || node.instance_type == only, "{job} runs on {:?}", node.instance_type);
        }
        Ok(())
    }

    /// Another node of a multi-node parallel job whose main node runs.
    fn create_follower(&mut self, new: Creation) -> Verdict {
        let Progress::Active(leader) = self.jobs[&new.job].progress else {
            return Err(format!("a node of {} starts and its main node does not run", new.job));
        };
        let Some(left) = self.due.leaders.get_mut(&leader) else {
            return Err(format!("a node of {} starts and its main node does not run since now", new.job));
        };
        *left = left.saturating_sub(1);
        self.tally.followers += 1;
        let index = new.node_index.unwrap_or(0);
        let nodes = self.spec(new.job).multi_node.as_ref().map_or(0, |multi_node| multi_node.nodes);
        demand!(index < nodes, "{} has no node {index}", new.job);
        let part = Some((index, leader));
        demand!(self.pods.values().all(|pod| pod.part != part), "{} has node {index} twice", new.job);
        let main = self.pods.get(&leader).ok_or("the main node is gone")?;
        demand!(main.attempt == new.attempt, "{}: attempts of main node and node {index} differ", new.job);
        let main = &self.nodes[&main.node];
        let node = self.nodes.get(&new.node).ok_or_else(|| format!("{} is gone", new.node))?;
        demand!(node.instance_type == main.instance_type, "{}'s nodes are of two types", new.job);
        demand!(node.environment == main.environment, "{}'s nodes are of two environments", new.job);
        let deleted = self.environments[node.environment.index()].as_ref().is_some_and(|one| one.deleted);
        demand!(!node.terminating || deleted, "{} starts on {}, which was told to go", new.job, new.node);
        self.place(new, part).map(drop)
    }

    /// Puts a pod on its node; the losses of its environment so far.
    fn place(&mut self, new: Creation, part: Option<(u16, PodId)>) -> Result<u32, String> {
        let requests = self.spec(new.job).requests;
        let node = self.nodes.get_mut(&new.node).ok_or("no such node")?;
        let offers = node.offers.ok_or_else(|| format!("{} was sent to a node that has not joined", new.job))?;
        demand!(node.tenant.is_none(), "{} was sent to {}, which another has to itself", new.job, new.node);
        demand!(part.is_none() || node.pods.is_empty(), "{} shares {} with others", new.job, new.node);
        node.held += requests;
        demand!(node.held.fits(offers), "{} offers {offers} and is to hold {}", new.node, node.held);
        node.pods.insert(new.pod);
        node.used = true;
        node.tenant = part.map(|(_, leader)| leader);
        let losses = self.environments[node.environment.index()].as_ref().map_or(0, |environment| environment.losses);
        let Creation { job, attempt, node, .. } = new;
        let pod = Pod { job, attempt, node, running_at: None, ending: None, part, losses };
        self.pods.insert(new.pod, pod);
        Ok(losses)
    }

    /// A pod is deleted for what happened, or because its time is over.
    fn deleted(&mut self, id: PodId, why: DeleteCause) -> Verdict {
        self.tally.deleted(why);
        if let Some(due) = self.due.deletes.remove(&id) {
            demand!(due == why, "{id} was deleted for {why:?} and not {due:?}");
            return Ok(());
        }
        let pod = self.pods.get_mut(&id).ok_or_else(|| format!("{id} is to be deleted and is not there"))?;
        demand!(pod.ending.is_none(), "{id} of {} is deleted twice", pod.job);
        pod.ending = Some(why);
        let pod = &self.pods[&id];
        let node = &self.nodes[&pod.node];
        match why {
            DeleteCause::Timeout => {
                let timeout = self.spec(pod.job).timeout.ok_or("timed out without a timeout")?;
                let due = pod.running_at.ok_or("timed out before it ran")? + timeout;
                demand!(self.now == due, "{id} was deleted at {} and timed out at {due}", self.now);
                let leads = pod.part.is_none_or(|(_, leader)| leader == id);
                demand!(leads, "{id} is not its job's main node and timed out");
            }
            DeleteCause::EnvironmentUpdate => {
                let environment = self.environments[node.environment.index()].as_ref().ok_or("no such environment")?;
                let over = environment.jobs_end_at.is_some_and(|at| at <= self.now);
                demand!(node.outdated && over, "{} may run until {:?}", pod.job, environment.jobs_end_at);
            }
            other => return Err(format!("{id} of {} was deleted for no reason: {other:?}", pod.job)),
        }
        Ok(())
    }
}
