//! What has to be found out of a request before it can be judged: the run, what runs now, and what lies between.

use jiff::Timestamp;

use super::{
    super::{
        facts::{DeploymentReading, Fact, Inquiry, WorkflowRunReading},
        gate::{Candidate, Points},
        ids::RepoId,
    },
    Answered, Deployed, Environment, Request,
    belonging::Seen,
    follow::{Begun, Heard},
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
            .filter(|request| request.is_open() && request.is_on_github() && reads(request))
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

    /// Reads what was deployed; what began of which nothing was told is heard now. `None`: it has to be found out first.
    pub(super) fn read_runs(
        &mut self,
        repo: RepoId,
        heard: &mut Heard,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<()> {
        match inquiry.deployments(repo, &self.name)? {
            Fact::Known(deployments, _) => {
                self.unread = None;
                heard.begun.extend(deployments.iter().filter_map(|deployment| self.take(deployment)));
            }
            Fact::Unknown(why) => self.unread = Some(why),
        }
        Some(())
    }

    /// What began unheard, since the environment is watched.
    fn take(&mut self, deployment: &DeploymentReading) -> Option<Begun> {
        let said = deployment.latest.as_ref().map(|latest| latest.state.as_str());
        let phase = if deployment.runs() { Some(Phase::Succeeded) } else { said.and_then(Phase::of) };
        let phase = phase?;
        let was_guessed = self.guessed.contains(&deployment.id) && self.runs.was_allowed(deployment.id);
        let (id, sha, created_at) = (deployment.id, &deployment.sha, Some(deployment.created_at));
        let seen = Seen { id, sha, created_at, run: None };
        let (phase, allowed) = (self.come_to(phase, seen), self.allowed(seen));
        let heard_at = deployment.latest.as_ref().map_or(deployment.created_at, |latest| latest.created_at);
        let sha = deployment.sha.clone();
        let is_news = self.runs.hear(deployment.id, Deployed { sha: sha.clone(), phase, heard_at, allowed })
            || (was_guessed && !allowed);
        self.runs.set_allowed(deployment.id, allowed);
        let is_watched = self.watched_from.is_some_and(|from| deployment.created_at >= from);
        (is_news && is_watched && phase.has_begun()).then_some(Begun {
            deployment: deployment.id,
            sha,
            allowed,
            at: Some(deployment.created_at),
        })
    }
}

/// What starts a run without anybody asking for it: <https://docs.github.com/actions/reference/events-that-trigger-workflows>.
const BY_ITSELF: [&str; 3] = ["push", "schedule", "workflow_run"];

impl Request {
    fn take(&mut self, run: &WorkflowRunReading, repo: RepoId, now: Timestamp) {
        self.unread = None;
        if self.job.as_ref().is_some_and(|job| job.attempt != run.attempt) {
            self.deployments.clear();
        }
        self.job = Some(Candidate {
            attempt: run.attempt,
            sha: run.head_sha.clone(),
            reference: run.head_branch.clone(),
            by: run.triggering_actor.clone().or_else(|| run.actor.clone()),
            by_itself: run.attempt == 1 && BY_ITSELF.contains(&run.event.as_str()),
            from_here: run.head_repo == Some(repo),
            proposed: run.is_of_a_pull_request(),
            points: Points::NotAsked,
        });
        if run.status.as_deref() == Some("completed") {
            self.answered = Some(Answered::Ended { at: now });
        }
    }
}
