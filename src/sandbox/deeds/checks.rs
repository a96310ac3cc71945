//! Check runs: made and changed by the App, asked for again and pressed by people.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::hooks::merge;
use super::super::objects;
use super::super::state::State;
use super::super::world::{CheckRun, Output};

/// A change to a check run; `None` leaves a part as it is.
#[derive(Clone, Debug, Default)]
pub(in crate::sandbox) struct RunChange {
    pub name: Option<String>,
    pub external_id: Option<String>,
    pub details_url: Option<String>,
    pub status: Option<String>,
    pub conclusion: Option<String>,
    pub started_at: Option<Timestamp>,
    pub completed_at: Option<Timestamp>,
    pub output: Option<Output>,
}

impl State {
    fn announce_run(&mut self, repo: u64, actor: u64, id: u64, action: &str, more: Value) -> Option<()> {
        let found = self.repo(repo)?;
        let run = objects::check_run_in_hook(&self.world, found, found.check_runs.get(&id)?);
        let mut payload = json!({ "action": action, "check_run": run });
        merge(&mut payload, more);
        self.announce(repo, actor, "check_run", payload);
        Some(())
    }

    pub fn create_run(&mut self, repo: u64, name: &str, sha: &str, change: RunChange) -> Option<u64> {
        let suite = self.ensure_suite(repo, None, None, sha)?;
        let (id, now, bot) = (self.world.fresh_id(), self.now(), self.world.app.bot);
        let run = CheckRun {
            id,
            suite,
            name: name.to_owned(),
            head_sha: sha.to_owned(),
            external_id: None,
            details_url: None,
            status: "queued".to_owned(),
            conclusion: None,
            started_at: now,
            completed_at: None,
            output: Output::default(),
            app: None,
        };
        self.repo_mut(repo)?.check_runs.insert(id, run);
        self.apply_to_run(repo, id, change)?;
        self.announce_run(repo, bot, id, "created", json!({}))?;
        self.tell_completed(repo, id)?;
        Some(id)
    }

    pub fn change_run(&mut self, repo: u64, id: u64, change: RunChange) -> Option<()> {
        let was = self.repo(repo)?.check_runs.get(&id)?.conclusion.clone();
        self.apply_to_run(repo, id, change)?;
        if self.repo(repo)?.check_runs.get(&id)?.conclusion == was {
            return Some(());
        }
        self.tell_completed(repo, id)
    }

    fn tell_completed(&mut self, repo: u64, id: u64) -> Option<()> {
        let (bot, run) = (self.world.app.bot, self.repo(repo)?.check_runs.get(&id)?);
        if run.status != "completed" {
            return Some(());
        }
        let suite = run.suite;
        self.announce_run(repo, bot, id, "completed", json!({}))?;
        let mut runs = self.repo(repo)?.check_runs.values().filter(|run| run.suite == suite);
        if runs.all(|run| run.status == "completed") {
            self.announce_suite(repo, bot, suite, "completed")?;
        }
        Some(())
    }

    fn apply_to_run(&mut self, repo: u64, id: u64, change: RunChange) -> Option<()> {
        let now = self.now();
        let RunChange {
            name,
            external_id,
            details_url,
            status,
            conclusion,
            started_at,
            completed_at,
            output,
        } = change;
        let run = self.repo_mut(repo)?.check_runs.get_mut(&id)?;
        run.name = name.unwrap_or_else(|| run.name.clone());
        run.external_id = external_id.or_else(|| run.external_id.take());
        run.details_url = details_url.or_else(|| run.details_url.take());
        run.started_at = started_at.unwrap_or(run.started_at);
        run.output = output.unwrap_or_else(|| run.output.clone());
        if let Some(conclusion) = conclusion {
            "completed".clone_into(&mut run.status);
            run.conclusion = Some(conclusion);
            run.completed_at = Some(completed_at.unwrap_or(now));
        } else if let Some(status) = status.filter(|status| status != "completed") {
            run.status = status;
            (run.conclusion, run.completed_at) = (None, None);
        }
        let (suite, repo) = (run.suite, self.repo_mut(repo)?);
        repo.check_suites.get_mut(&suite)?.updated_at = now;
        Some(())
    }

    /// Another App ends a check of its own on a commit.
    pub fn foreign_run(
        &mut self,
        repo: u64,
        app: &str,
        name: &str,
        (sha, conclusion): (&str, &str),
    ) -> Option<()> {
        let id = self.create_run(repo, name, sha, RunChange::default())?;
        self.repo_mut(repo)?.check_runs.get_mut(&id)?.app = Some(app.to_owned());
        let conclusion = Some(conclusion.to_owned());
        self.change_run(repo, id, RunChange { conclusion, ..RunChange::default() })
    }

    /// Somebody asks for a run again. Its state is not touched: that is for the App to do.
    pub fn rerequest_run(&mut self, repo: u64, actor: u64, id: u64) -> Option<()> {
        self.announce_run(repo, actor, id, "rerequested", json!({}))
    }

    /// Somebody asks for the whole suite of a commit again.
    pub fn rerequest_suite(&mut self, repo: u64, actor: u64, sha: &str) -> Option<()> {
        let suite = self.ensure_suite(repo, None, None, sha)?;
        self.announce_suite(repo, actor, suite, "rerequested")
    }

    /// Somebody presses a button of a run.
    pub fn press(&mut self, repo: u64, actor: u64, id: u64, identifier: &str) -> Option<()> {
        let action = json!({ "requested_action": { "identifier": identifier } });
        self.announce_run(repo, actor, id, "requested_action", action)
    }
}
