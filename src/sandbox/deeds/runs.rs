//! Runs of the workflow that deploys: started, waiting for the App's rule, let through, ended, started again.

use serde_json::json;

use super::super::objects;
use super::super::state::{Numbered, State};
use super::super::world::{Environment, Job, JobState, Run};

/// GitHub takes so many reports for one deployment.
const MOST_NOTES: usize = 10;

/// What GitHub does not take of the App's rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum NotTaken {
    NothingWaits,
    TooManyNotes,
}

impl State {
    /// The environment of this name, made without any rule where there is none: GitHub does the same.
    pub fn ensure_environment(&mut self, repo: u64, name: &str) -> Option<&mut Environment> {
        let (id, now) = (self.world.fresh_id(), self.now());
        let environments = &mut self.repo_mut(repo)?.environments;
        Some(environments.entry(name.to_lowercase()).or_insert_with(|| Environment {
            id,
            name: name.to_owned(),
            rule: None,
            bypass: true,
            reviewers: Vec::new(),
            prevents_self_review: false,
            wait_timer: 0,
            created_at: now,
            updated_at: now,
        }))
    }

    /// Enables the App's rule in an environment, or disables it. GitHub tells nobody.
    pub fn set_rule(&mut self, repo: u64, name: &str, (enabled, bypass): (bool, bool)) -> Option<()> {
        let (id, now) = (self.world.fresh_id(), self.now());
        let environment = self.ensure_environment(repo, name)?;
        environment.rule = enabled.then_some(id);
        (environment.bypass, environment.updated_at) = (bypass, now);
        Some(())
    }

    /// Starts the workflow at a branch, a tag or a commit; each of its jobs deploys to one environment.
    pub fn dispatch(&mut self, repo: u64, actor: u64, environments: &[&str], reference: &str) -> Option<u64> {
        let sha = self.repo(repo)?.resolve(reference)?.sha.clone();
        let branch = (sha != reference).then_some(reference);
        self.start(repo, actor, ("workflow_dispatch", reference), (repo, branch, &sha), environments)
    }

    /// Starts the workflow for a pull request: it builds what merging would make.
    pub fn run_for_pull(&mut self, at: Numbered, actor: u64, environments: &[&str]) -> Option<u64> {
        let pull = self.issue(at)?.1.pull.as_ref()?;
        let (head_repo, branch, sha) = (pull.head_repo, pull.head_ref.clone(), pull.head_sha.clone());
        let reference = format!("refs/pull/{}/merge", at.number);
        self.start(
            at.repo,
            actor,
            ("pull_request", &reference),
            (head_repo, Some(&branch), &sha),
            environments,
        )
    }

    fn start(
        &mut self,
        repo: u64,
        actor: u64,
        (event, reference): (&str, &str),
        (head_repo, head_branch, sha): (u64, Option<&str>, &str),
        environments: &[&str],
    ) -> Option<u64> {
        let (id, now) = (self.world.fresh_id(), self.now());
        let number = self.repo(repo)?.runs.len() as u64 + 1;
        let suite = self.ensure_suite(repo, None, None, sha)?;
        let run = Run {
            id,
            number,
            attempt: 1,
            event: event.to_owned(),
            suite,
            head_sha: sha.to_owned(),
            head_branch: head_branch.map(str::to_owned),
            head_repo,
            reference: reference.to_owned(),
            actor,
            triggering_actor: actor,
            created_at: now,
            started_at: now,
            updated_at: now,
            jobs: Vec::new(),
        };
        self.repo_mut(repo)?.runs.insert(id, run);
        self.announce_workflow_run(repo, id, "requested")?;
        self.begin(repo, id, environments)?;
        Some(id)
    }

    /// Starts every job of a run that has ended once more.
    pub fn rerun(&mut self, repo: u64, actor: u64, id: u64) -> Option<()> {
        let now = self.now();
        let run = self.repo_mut(repo)?.runs.get_mut(&id)?;
        if run.words().0 != "completed" {
            return None;
        }
        run.attempt += 1;
        (run.triggering_actor, run.started_at, run.updated_at) = (actor, now, now);
        let jobs = std::mem::take(&mut run.jobs);
        self.announce_workflow_run(repo, id, "requested")?;
        let environments: Vec<&str> = jobs.iter().map(|job| job.environment.as_str()).collect();
        self.begin(repo, id, &environments)
    }

    fn begin(&mut self, repo: u64, id: u64, environments: &[&str]) -> Option<()> {
        for name in environments {
            let run = self.repo(repo)?.runs.get(&id)?;
            let (actor, reference, sha) = (run.triggering_actor, run.reference.clone(), run.head_sha.clone());
            let guarded = self.ensure_environment(repo, name)?.rule.is_some();
            let (state, word) =
                if guarded { (JobState::Waiting, "waiting") } else { (JobState::Running, "in_progress") };
            let deployment = self.create_deployment(repo, actor, (name, &reference, &sha), Some(id))?;
            let environment = (*name).to_owned();
            let job = Job { environment, deployment, state, notes: Vec::new() };
            self.repo_mut(repo)?.runs.get_mut(&id)?.jobs.push(job);
            self.report_deployment(repo, actor, deployment, word)?;
            if guarded {
                self.request_rule(repo, id, name, deployment)?;
            }
        }
        self.tell_how_far(repo, id)
    }

    /// Asks the App whether a job may start.
    fn request_rule(&mut self, repo: u64, id: u64, environment: &str, deployment: u64) -> Option<()> {
        let found = self.repo(repo)?;
        let run = found.runs.get(&id)?;
        let (api, name) = (&self.world.urls.api, self.world.full_name(found));
        let payload = json!({
            "action": "requested",
            "environment": environment,
            "event": run.event,
            "sha": run.head_sha,
            "ref": run.reference,
            "deployment_callback_url":
                format!("{api}/repos/{name}/actions/runs/{id}/deployment_protection_rule"),
            "deployment": objects::deployment(&self.world, found, found.deployments.get(&deployment)?),
            "pull_requests": [],
        });
        let actor = run.triggering_actor;
        self.announce(repo, actor, "deployment_protection_rule", payload);
        Some(())
    }

    /// What the App's rule says of the jobs that wait for an environment: yes, no, or only why not yet.
    pub fn rule(
        &mut self,
        repo: u64,
        id: u64,
        environment: &str,
        approved: Option<bool>,
        comment: &str,
    ) -> Option<Result<(), NotTaken>> {
        let run = self.repo_mut(repo)?.runs.get_mut(&id)?;
        let Some(job) = run.waiting_for(environment) else { return Some(Err(NotTaken::NothingWaits)) };
        let Some(approved) = approved else {
            let room = job.notes.len() < MOST_NOTES;
            job.notes.extend(room.then(|| comment.to_owned()));
            return Some(if room { Ok(()) } else { Err(NotTaken::TooManyNotes) });
        };
        job.notes.push(comment.to_owned());
        while self.repo_mut(repo)?.runs.get_mut(&id)?.waiting_for(environment).is_some() {
            self.let_through(repo, id, environment, approved)?;
        }
        self.tell_how_far(repo, id)?;
        Some(Ok(()))
    }

    /// An owner starts everything that waits in a run; `false`: an environment does not allow it.
    pub fn start_all_waiting(&mut self, repo: u64, actor: u64, id: u64) -> Option<bool> {
        let found = self.repo(repo)?;
        let jobs = found.runs.get(&id)?.jobs.iter().filter(|job| job.state == JobState::Waiting);
        let waiting: Vec<String> = jobs.map(|job| job.environment.clone()).collect();
        let open = |name: &String| found.environments.get(&name.to_lowercase()).is_none_or(|it| it.bypass);
        if !self.world.writes(actor, found) || !waiting.iter().all(open) {
            return Some(false);
        }
        for environment in &waiting {
            self.let_through(repo, id, environment, true)?;
        }
        self.tell_how_far(repo, id)?;
        Some(true)
    }

    /// Cancels what waits in a run.
    pub fn cancel(&mut self, repo: u64, id: u64) -> Option<()> {
        let run = self.repo_mut(repo)?.runs.get_mut(&id)?;
        for job in run.jobs.iter_mut().filter(|job| job.state == JobState::Waiting) {
            job.state = JobState::Cancelled;
        }
        self.tell_how_far(repo, id)
    }

    /// Whoever lets a job through, its run reports it.
    fn let_through(&mut self, repo: u64, id: u64, environment: &str, starts: bool) -> Option<()> {
        let (state, word) =
            if starts { (JobState::Running, "in_progress") } else { (JobState::Failed, "failure") };
        let run = self.repo_mut(repo)?.runs.get_mut(&id)?;
        let by = run.triggering_actor;
        let job = run.waiting_for(environment)?;
        job.state = state;
        let deployment = job.deployment;
        self.report_deployment(repo, by, deployment, word)
    }

    /// Everything that runs ends.
    pub fn finish(&mut self, repo: u64, id: u64, succeeds: bool) -> Option<()> {
        let (state, word) =
            if succeeds { (JobState::Succeeded, "success") } else { (JobState::Failed, "failure") };
        let run = self.repo_mut(repo)?.runs.get_mut(&id)?;
        let by = run.triggering_actor;
        let running = run.jobs.iter_mut().filter(|job| job.state == JobState::Running);
        let ended: Vec<u64> = running
            .map(|job| {
                job.state = state;
                job.deployment
            })
            .collect();
        for deployment in ended {
            self.report_deployment(repo, by, deployment, word)?;
        }
        self.tell_how_far(repo, id)
    }

    fn tell_how_far(&mut self, repo: u64, id: u64) -> Option<()> {
        let now = self.now();
        let run = self.repo_mut(repo)?.runs.get_mut(&id)?;
        run.updated_at = now;
        match run.words().0 {
            "completed" => self.announce_workflow_run(repo, id, "completed"),
            "in_progress" => self.announce_workflow_run(repo, id, "in_progress"),
            _ => Some(()),
        }
    }

    fn announce_workflow_run(&mut self, repo: u64, id: u64, action: &str) -> Option<()> {
        let found = self.repo(repo)?;
        let run = found.runs.get(&id)?;
        let payload = json!({
            "action": action,
            "workflow": objects::workflow(&self.world, found),
            "workflow_run": objects::run(&self.world, found, run),
        });
        let actor = run.triggering_actor;
        self.announce(repo, actor, "workflow_run", payload);
        Some(())
    }
}
