//! What pipelines outside GitHub say of their deployments: GitHub is told, and tells us like of any other. So there is one
//! list of what runs where, and people see it on GitHub too.

use sha2::{Digest, Sha256};

use super::{
    super::{
        audit::AuditEntry,
        effect::{Call, Effect},
        event::{Event, Pipeline, PipelineReport, What},
        ids::RepoId,
    },
    Environment,
    answer::Told,
};

impl Environment {
    /// What GitHub is to be told of these reports. Of its own runs it knows by itself.
    pub(super) fn reported(&self, events: &[Event], repo: RepoId) -> Told {
        let mut told = Told::default();
        for event in events {
            let What::PipelineReported(report) = &event.what else { continue };
            let PipelineReport { environment: _, sha, pipeline, attempt, came_to, seal: _ } = report;
            let Pipeline::Other { name, run } = pipeline else { continue };
            told.audit.push(
                AuditEntry::new("deployment.reported")
                    .fact("repository", repo)
                    .fact("commit", sha)
                    .fact("state", came_to.as_str())
                    .fact("attempt", attempt)
                    .text("environment", self.name.clone())
                    .text("pipeline", name.clone())
                    .text("run", run.clone()),
            );
            let environment = self.name.clone();
            let key = format!("{:?} {name:?} {run:?} {attempt} {sha}", environment.to_lowercase());
            told.effects.push(Effect::new(Call::Deployment {
                repo,
                run: Sha256::digest(key).iter().take(16).map(|byte| format!("{byte:02x}")).collect(),
                environment,
                sha: sha.clone(),
                came_to: *came_to,
                description: format!("{name}, run {run}, attempt {attempt}"),
            }));
        }
        told
    }
}
