//! Deployments: begun, and what became of them.

use serde_json::{Value, json};

use super::super::objects;
use super::super::state::State;
use super::super::world::{Deployment, Status};

impl State {
    /// Deploys a commit without any workflow, past every rule, as any App and anybody with a token may; tells of the
    /// deployment and of each state that it comes to.
    pub fn deploy(
        &mut self,
        repo: u64,
        actor: u64,
        (environment, sha): (&str, &str),
        states: &[&str],
    ) -> Option<u64> {
        let reference = self.repo(repo)?.default_branch.clone();
        let id = self.create_deployment(repo, actor, (environment, &reference, sha), None)?;
        for state in states {
            self.report_deployment(repo, actor, id, state)?;
        }
        Some(id)
    }

    /// Makes a deployment, of a run or of nobody's workflow, and tells of it.
    pub fn create_deployment(
        &mut self,
        repo: u64,
        creator: u64,
        (environment, reference, sha): (&str, &str, &str),
        run: Option<u64>,
    ) -> Option<u64> {
        let (id, now) = (self.world.fresh_id(), self.now());
        let of = Deployment {
            id,
            sha: sha.to_owned(),
            reference: reference.to_owned(),
            environment: environment.to_owned(),
            creator,
            run,
            payload: json!({}),
            task: "deploy".to_owned(),
            created_at: now,
            updated_at: now,
            statuses: Vec::new(),
        };
        self.ensure_environment(repo, environment)?;
        self.repo_mut(repo)?.deployments.insert(id, of);
        let found = self.repo(repo)?;
        let deployment = objects::deployment(&self.world, found, found.deployments.get(&id)?);
        let [workflow, workflow_run] = self.workflow_of(repo, run)?;
        let payload = json!({ "action": "created", "deployment": deployment, "workflow": workflow,
            "workflow_run": workflow_run });
        self.announce(repo, creator, "deployment", payload);
        Some(id)
    }

    /// What the App creates by the API, with what it wrote beside it.
    pub fn create_deployment_by_app(
        &mut self,
        repo: u64,
        (environment, reference, sha): (&str, &str, &str),
        (task, payload): (&str, Value),
    ) -> Option<u64> {
        let bot = self.world.app.bot;
        let id = self.create_deployment(repo, bot, (environment, reference, sha), None)?;
        let made = self.repo_mut(repo)?.deployments.get_mut(&id)?;
        (made.payload, made.task) = (payload, task.to_owned());
        Some(id)
    }

    /// What the App said beside the last state that it reported.
    pub fn describe_deployment(&mut self, repo: u64, id: u64, description: &str) -> Option<()> {
        let deployment = self.repo_mut(repo)?.deployments.get_mut(&id)?;
        description.clone_into(&mut deployment.statuses.last_mut()?.description);
        Some(())
    }

    /// Reports a state of a deployment and tells of it. Where it succeeds, what ran there before is inactive from then on;
    /// of that GitHub tells nobody.
    pub fn report_deployment(&mut self, repo: u64, creator: u64, id: u64, state: &str) -> Option<()> {
        let (status, at) = (self.world.fresh_id(), self.now());
        let deployment = self.repo_mut(repo)?.deployments.get_mut(&id)?;
        deployment.updated_at = at;
        deployment.statuses.push(Status {
            id: status,
            state: state.to_owned(),
            creator,
            at,
            description: String::new(),
        });
        let run = deployment.run;
        if state == "success" {
            self.supersede(repo, id)?;
        }
        let found = self.repo(repo)?;
        let deployment = found.deployments.get(&id)?;
        let status = objects::deployment_status(&self.world, found, deployment, deployment.statuses.last()?);
        let deployment = objects::deployment(&self.world, found, deployment);
        let [workflow, workflow_run] = self.workflow_of(repo, run)?;
        let told = json!({ "action": "created", "deployment": deployment, "deployment_status": status,
            "check_run": null, "workflow": workflow, "workflow_run": workflow_run });
        self.announce(repo, creator, "deployment_status", told);
        Some(())
    }

    fn supersede(&mut self, repo: u64, by: u64) -> Option<()> {
        let (id, at) = (self.world.fresh_id(), self.now());
        let found = self.repo_mut(repo)?;
        let environment = found.deployments.get(&by)?.environment.clone();
        for old in found.deployments.values_mut() {
            if old.id != by && old.environment == environment && old.state() == "success" {
                let creator = old.creator;
                old.statuses.push(Status {
                    id,
                    state: "inactive".to_owned(),
                    creator,
                    at,
                    description: String::new(),
                });
            }
        }
        Some(())
    }

    /// The workflow and the run that deployments of a run carry.
    fn workflow_of(&self, repo: u64, run: Option<u64>) -> Option<[Value; 2]> {
        let found = self.repo(repo)?;
        let Some(run) = run else { return Some([Value::Null, Value::Null]) };
        let run = found.runs.get(&run)?;
        Some([objects::workflow(&self.world, found), objects::run_in_deployment(&self.world, found, run)])
    }
}
