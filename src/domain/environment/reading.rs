//! What has to be found out of a request before it can be judged: the run, what runs now, and what lies between.

use jiff::Timestamp;

use super::{
    super::{
        facts::{DeploymentReading, Fact, Inquiry, WorkflowRunReading},
        gate::Candidate,
        ids::RepoId,
    },
    Answered, Deployed, Environment, Request,
    runs::Phase,
};

impl Environment {
    /// Reads the runs of these requests. `None`: something has to be found out first.
    pub(super) fn read_jobs(
        &mut self,
        repo: RepoId,
        reads: impl Fn(&Request) -> bool,
        now: Timestamp,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<()> {
        let asked: Vec<_> = self
            .requests
            .iter_mut()
            .filter(|request| request.is_open() && reads(request))
            .map(|request| (inquiry.workflow_run(repo, request.run), request))
            .collect();
        for (answer, request) in
            asked.into_iter().map(|(answer, request)| Some((answer?, request))).collect::<Option<Vec<_>>>()?
        {
            match answer {
                Fact::Known(Some(run), _) => request.take(run, repo, now),
                Fact::Known(None, _) => request.answered = Some(Answered::Ended { at: now }),
                Fact::Unknown(why) => request.unread = Some(why),
            }
        }
        Some(())
    }

    /// Reads what was deployed. `None`: it has to be found out first.
    pub(super) fn read_runs(&mut self, repo: RepoId, inquiry: &mut Inquiry<'_>) -> Option<()> {
        match inquiry.deployments(repo, &self.name)? {
            Fact::Known(deployments, _) => {
                self.unread = None;
                deployments.iter().for_each(|deployment| self.take(deployment));
            }
            Fact::Unknown(why) => self.unread = Some(why),
        }
        Some(())
    }

    fn take(&mut self, deployment: &DeploymentReading) {
        let said = deployment.latest.as_ref().map(|latest| latest.state.as_str());
        let phase = if deployment.runs() { Some(Phase::Succeeded) } else { said.and_then(Phase::of) };
        let Some(phase) = phase else { return };
        let allowed = self.let_through(&deployment.sha, None);
        let heard_at = deployment.latest.as_ref().map_or(deployment.created_at, |latest| latest.created_at);
        self.runs.hear(deployment.id, Deployed { sha: deployment.sha.clone(), phase, heard_at, allowed });
    }
}

impl Request {
    fn take(&mut self, run: &WorkflowRunReading, repo: RepoId, now: Timestamp) {
        self.unread = None;
        self.job = Some(Candidate {
            attempt: run.attempt,
            sha: run.head_sha.clone(),
            reference: run.head_branch.clone(),
            by: run.triggering_actor.clone().or_else(|| run.actor.clone()),
            from_here: run.head_repo == Some(repo),
        });
        if run.status.as_deref() == Some("completed") {
            self.answered = Some(Answered::Ended { at: now });
        }
    }
}
