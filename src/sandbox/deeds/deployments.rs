//! Deployments: begun, and how they ended.

use serde_json::json;

use super::super::objects::{self, Deployment};
use super::super::state::State;

impl State {
    /// Deploys a commit; tells of the deployment and of each state that it comes to.
    pub fn deploy(
        &mut self,
        repo: u64,
        actor: u64,
        (environment, sha): (&str, &str),
        states: &[&str],
    ) -> Option<u64> {
        let (id, at) = (self.world.fresh_id(), self.now());
        self.world.fresh_id();
        let of = Deployment { id, sha, environment, creator: actor, at };
        let found = self.repo(repo)?;
        let deployment = objects::deployment(&self.world, found, &of);
        let statuses: Vec<_> =
            states.iter().map(|state| objects::deployment_status(&self.world, found, &of, state)).collect();
        let created =
            json!({ "action": "created", "deployment": deployment, "workflow": null, "workflow_run": null });
        self.announce(repo, actor, "deployment", created);
        for status in statuses {
            let told = json!({ "action": "created", "deployment": deployment, "deployment_status": status,
                "check_run": null, "workflow": null, "workflow_run": null });
            self.announce(repo, actor, "deployment_status", told);
        }
        Some(id)
    }
}
