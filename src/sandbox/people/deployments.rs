//! What people do to environments.

use super::Person;

impl Person<'_> {
    /// Deploys a commit to an environment; it comes to these states, one after the other.
    pub fn deploy(&self, repo: &str, environment: &str, sha: &str, states: &[&str]) -> u64 {
        self.in_repo("deploy", repo, |state, me, repo| state.deploy(repo, me, (environment, sha), states))
    }
}
