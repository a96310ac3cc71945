//! What people do to environments.

use super::Person;
use crate::sandbox::state::Numbered;

impl Person<'_> {
    /// Deploys a commit to an environment without any workflow; it comes to these states, one after the other.
    pub fn deploy(&self, repo: &str, environment: &str, sha: &str, states: &[&str]) -> u64 {
        self.in_repo("deploy", repo, |state, me, repo| state.deploy(repo, me, (environment, sha), states))
    }

    /// Enables the App's deployment protection rule in an environment, or disables it. `bypass`: whether owners may start
    /// what waits there.
    pub fn protect(&self, repo: &str, environment: &str, enabled: bool, bypass: bool) {
        self.in_repo("protect", repo, |state, _, repo| state.set_rule(repo, environment, (enabled, bypass)));
    }

    /// Starts the workflow that deploys, at a branch, a tag or a commit, with one job for each environment; answers the
    /// number of the run. Where the App's rule is enabled, the job waits for it.
    pub fn dispatch(&self, repo: &str, environments: &[&str], reference: &str) -> u64 {
        self.in_repo("dispatch", repo, |state, me, repo| state.dispatch(repo, me, environments, reference))
    }

    /// The same for a pull request, whose run builds what merging it would make.
    pub fn run_for_pull_request(&self, at: Numbered, environments: &[&str]) -> u64 {
        self.to("run_for_pull_request", at, |state, me| state.run_for_pull(at, me, environments))
    }

    /// Starts a run that has ended once more: a new attempt, new deployments.
    pub fn rerun(&self, repo: &str, run: u64) {
        self.in_repo("rerun", repo, |state, me, repo| state.rerun(repo, me, run));
    }

    /// Cancels a run; who deploys is told nothing of the jobs that waited.
    pub fn cancel(&self, repo: &str, run: u64) {
        self.in_repo("cancel", repo, |state, _, repo| state.cancel(repo, run));
    }

    /// Presses "Start all waiting jobs"; answers whether GitHub lets it.
    pub fn start_all_waiting(&self, repo: &str, run: u64) -> bool {
        self.in_repo("start_all_waiting", repo, |state, me, repo| state.start_all_waiting(repo, me, run))
    }
}
