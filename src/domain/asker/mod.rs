//! Who asks for a decision over the wire, and for what they may ask.
//!
//! What is judged here was proved before: a token's signature, its issuer, its one audience and its time. Each rule below
//! has a reason of its own; whoever meets all of them may ask, which decides nothing yet.

mod actions;

mod grant;

mod outsider;

mod reason;

mod sight;

#[cfg(test)]
mod tests;

use jiff::Timestamp;

pub use actions::Actions;
pub use grant::{Deed, Grant, LONGEST};
pub use outsider::{Outsider, Source, may_mean};
pub use reason::{Reason, Refused};
pub use sight::{Sight, sight};

use super::{
    finding::code,
    ids::{RepoId, RepoName, Sha, TenantId},
    policy::{EffectivePolicy, WorkflowRef},
};

/// What may start a run whose job asks. Not `pull_request_target`, `workflow_run` and `issue_comment`, which strangers
/// start with the rights of the repository; nor anything else.
pub const EVENTS: [&str; 6] =
    ["push", "workflow_dispatch", "schedule", "release", "deployment", "deployment_status"];

/// What makes one token the same when it is seen again, and until when it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// A digest of the issuer and the token's own id, or of the token where it has none.
    pub id: String,
    pub expires_at: Timestamp,
}

/// Whoever asks, proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    pub tenant: TenantId,
    pub kind: Kind,
}

/// By what somebody who asks is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A job of GitHub Actions.
    Actions(Box<Actions>),
    /// A job elsewhere, by a token of an issuer that policy names.
    Outsider(Box<Outsider>),
    /// A token of ours.
    Token(Box<Grant>),
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub tenant: TenantId,
    pub repository: RepoId,
    pub name: RepoName,
    pub environment: String,
    pub sha: Sha,
    /// The whole ref, where one is said.
    pub reference: Option<String>,
    /// The run, as the pipeline calls it; in GitHub Actions its number.
    pub run: String,
    pub attempt: u32,
    /// Somebody is told of the answer, and nobody is let through by it.
    pub is_bell: bool,
}

impl Wanted {
    /// The form of it to which a token is bound: of what is the same there is one.
    #[must_use]
    pub fn bound(&self) -> String {
        let environment = self.environment.to_ascii_lowercase();
        serde_json::json!([self.repository, environment, self.sha, self.run, self.attempt]).to_string()
    }
}

impl Asker {
    /// The only repository for which they may ask anything.
    #[must_use]
    pub fn repository(&self) -> RepoId {
        match &self.kind {
            Kind::Actions(job) => job.repository,
            Kind::Outsider(job) => job.repository,
            Kind::Token(grant) => grant.repository,
        }
    }

    /// What is to be bound at first use; `None`: it may be used again and again.
    #[must_use]
    pub fn proof(&self) -> Option<&Proof> {
        match &self.kind {
            Kind::Actions(job) => Some(&job.proof),
            Kind::Outsider(job) => Some(&job.proof),
            Kind::Token(_) => None,
        }
    }
}

/// Whether they may do that (ask, or report) for what they name, by the policy of its repository, where it has one.
///
/// # Errors
/// The first rule that refuses.
pub fn may(
    asker: &Asker,
    deed: Deed,
    wanted: &Wanted,
    policy: Option<&EffectivePolicy>,
) -> Result<(), Refused> {
    may_see(asker, &wanted.tenant, wanted.repository)?;
    if has_a_double(&wanted.environment) {
        let sentence = format!("The environment {} looks like another one.", code(&wanted.environment));
        return Err(Refused::new(Reason::EnvironmentNotAllowed, sentence));
    }
    match &asker.kind {
        Kind::Actions(job) => {
            let pinned = policy.map(|policy| policy.pipelines().workflows.as_slice());
            job_may(job, wanted, pinned.unwrap_or_default())
        }
        Kind::Outsider(job) => {
            let mut rules = policy.iter().flat_map(|policy| &policy.pipelines().issuers);
            let may = rules.any(|rule| job.may(rule, wanted));
            let refused = || {
                let sentence = format!(
                    "No rule of the policy lets a token with these claims of {} ask for that.",
                    code(&job.source.issuer)
                );
                Refused::new(Reason::ClaimsNotAllowed, sentence)
            };
            may.then_some(()).ok_or_else(refused)
        }
        Kind::Token(grant) => {
            let is_there = |environment: &String| environment.eq_ignore_ascii_case(&wanted.environment);
            if !grant.environment.as_ref().is_none_or(is_there) {
                return Err(wrong_environment(grant.environment.as_deref(), wanted));
            }
            has_scope(grant, deed)
        }
    }
}

/// Whether they may see what was answered at the gate of a repository: whoever may ask there, or look.
///
/// # Errors
/// When it is another repository than theirs, or their token is for neither.
pub fn may_follow(asker: &Asker, tenant: &TenantId, repository: RepoId) -> Result<(), Refused> {
    let looks = |sight: Sight| sight.tenant == *tenant && sight.sees(repository);
    if sight(asker).is_ok_and(looks) {
        return Ok(());
    }
    may_see(asker, tenant, repository)?;
    match &asker.kind {
        Kind::Actions(_) | Kind::Outsider(_) => Ok(()),
        Kind::Token(grant) => has_scope(grant, Deed::Gate),
    }
}

fn may_see(asker: &Asker, tenant: &TenantId, repository: RepoId) -> Result<(), Refused> {
    if asker.tenant == *tenant && asker.repository() == repository {
        return Ok(());
    }
    let sentence = "The token is for another repository than the one that is asked for.";
    Err(Refused::new(Reason::RepositoryNotAllowed, sentence))
}

fn has_scope(grant: &Grant, deed: Deed) -> Result<(), Refused> {
    let refused = || {
        let sentence = format!("The token {} is not for {}.", code(&grant.id), code(deed.as_str()));
        Refused::new(Reason::ScopeNotAllowed, sentence)
    };
    grant.may.contains(&deed).then_some(()).ok_or_else(refused)
}

/// Names that differ from one in ASCII only to whoever looks closely: `K` (the sign for kelvin) is `k` in lower case.
fn has_a_double(environment: &str) -> bool {
    environment.chars().any(|c| !c.is_ascii() && c.to_lowercase().any(|lower| lower.is_ascii()))
}

fn wrong_environment(own: Option<&str>, wanted: &Wanted) -> Refused {
    let sentence = format!(
        "The token is for the environment {}, and {} is asked for.",
        code(own.unwrap_or_default()),
        code(&wanted.environment)
    );
    Refused::new(Reason::EnvironmentNotAllowed, sentence)
}

fn job_may(job: &Actions, wanted: &Wanted, pinned: &[WorkflowRef]) -> Result<(), Refused> {
    if !EVENTS.contains(&job.event.as_str()) {
        let sentence = format!("A run that was started by {} may not ask.", code(&job.event));
        return Err(Refused::new(Reason::EventNotAllowed, sentence));
    }
    // With an environment GitHub would take the job that only asks to be told for a deployment.
    if job.environment.is_none() && !wanted.is_bell {
        let sentence = "The job that asks names no environment.";
        return Err(Refused::new(Reason::EnvironmentMissing, sentence));
    }
    let is_other = |own: &&String| !own.eq_ignore_ascii_case(&wanted.environment);
    if let Some(own) = job.environment.as_ref().filter(is_other) {
        return Err(wrong_environment(Some(own), wanted));
    }
    if wanted.reference.as_ref().is_some_and(|reference| *reference != job.reference) {
        let own = code(&job.reference);
        return Err(Refused::new(
            Reason::RefNotAllowed,
            format!("The run is of {own}, not of what is asked for."),
        ));
    }
    if job.sha != wanted.sha {
        let (own, wanted) = (code(job.sha.short()), code(wanted.sha.short()));
        let sentence = format!("The run is of the commit {own}, and {wanted} is asked for.");
        return Err(Refused::new(Reason::ShaNotAllowed, sentence));
    }
    if (job.run.to_string(), job.attempt) != (wanted.run.clone(), wanted.attempt) {
        let (run, attempt) = (job.run, job.attempt);
        let sentence = format!("The token is of run {run}, attempt {attempt}, and another one is asked for.");
        return Err(Refused::new(Reason::RunNotAllowed, sentence));
    }
    if pinned.is_empty() || pinned.iter().any(|pin| is_pinned(job, pin)) {
        return Ok(());
    }
    let workflow = code(&job.workflow.to_string());
    Err(Refused::new(
        Reason::WorkflowNotAllowed,
        format!("The policy does not name the workflow {workflow}."),
    ))
}

/// Whether the job stands in that file, at that ref or of that commit.
fn is_pinned(job: &Actions, pin: &WorkflowRef) -> bool {
    let is_there = match pin.commit() {
        Some(commit) => job.workflow_sha.as_ref() == Some(&commit),
        None => job.workflow.at == pin.at,
    };
    job.workflow.is_file_of(pin) && is_there
}
