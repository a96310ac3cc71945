//! What is told of deployments: what waits for our rule, what was created, what became of it, and who reviewed it.

use std::{collections::BTreeSet, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{TeamSnapshot, away::SealUsed};
use crate::domain::{
    bell::Bell,
    finding::Finding,
    ids::{Actor, GateId, ReleaseId, RepoId, RepoName, Sha},
};

/// A deployment as of one delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeploymentSnapshot {
    pub id: u64,
    pub environment: Option<String>,
    pub sha: Option<Sha>,
    /// A branch, a tag or a commit, as whoever deploys has named it.
    pub reference: Option<String>,
    #[serde(default)]
    pub creator: Option<Actor>,
    /// The App that created it, if an App did.
    #[serde(default)]
    pub app: Option<u64>,
    #[serde(default)]
    pub created_at: Option<Timestamp>,
}

/// The report of a deployment's state, without the state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeploymentReport {
    pub id: Option<u64>,
    pub creator: Option<Actor>,
    /// The App that reported it, if an App did.
    pub app: Option<u64>,
    pub created_at: Option<Timestamp>,
}

/// How a release that is to go into an environment stands at the gate there. We say so ourselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtGate {
    pub release: ReleaseId,
    /// As GitHub writes it.
    pub environment: String,
    /// The run that wants to deploy it; a later one has a higher number.
    pub run: u64,
    pub sha: Sha,
    /// Since when it stands so.
    pub since: Timestamp,
    /// What keeps it back, as much of it as people read; nothing: it was let through, or nobody waits any more.
    pub obstacles: Vec<Finding>,
    /// How much more keeps it back.
    pub more: usize,
}

/// Something went wrong, and what came along with it. We say so ourselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub of: FailureOf,
    /// The pull requests, by number; none: people say otherwise by now.
    pub brought: BTreeSet<u64>,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureOf {
    /// A deployment, by GitHub's number.
    Deployment(u64),
    /// A release, as people say who close it.
    Release(ReleaseId),
}

impl fmt::Display for FailureOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deployment(number) => write!(f, "deployment/{number}"),
            Self::Release(release) => write!(f, "release/{}/{}", release.train, release.title),
        }
    }
}

/// What a deployment that succeeded has changed of what runs in an environment. We say so ourselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shipment {
    /// As GitHub writes it.
    pub environment: String,
    /// GitHub's number of the deployment; a later one has a higher number.
    pub deployment: u64,
    pub sha: Sha,
    /// When it had succeeded, as far as we heard.
    pub at: Timestamp,
    /// The pull requests that it brought.
    pub brought: BTreeSet<u64>,
    /// Those that ran there before and do not any more.
    pub taken: BTreeSet<u64>,
}

/// A run of a workflow, and which of its attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunSnapshot {
    pub id: u64,
    pub attempt: Option<u64>,
}

/// Which run of which pipeline asks at the gate.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pipeline {
    /// A workflow run of GitHub Actions; GitHub says the rest of it.
    Actions { run: u64 },
    /// A run of something else, which nobody but the pipeline itself speaks of.
    Other { name: String, run: String },
}

/// What a pipeline wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    #[default]
    Deploy,
    /// Back to what ran before.
    Rollback,
}

/// A pipeline asks at the gate whether it may deploy. Who it is was proved before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateAsk {
    /// What the answer is asked for with.
    pub id: GateId,
    /// As the pipeline writes it.
    pub environment: String,
    pub sha: Sha,
    /// The branch or tag, without `refs/`; GitHub names it for its own runs.
    pub reference: Option<String>,
    pub pipeline: Pipeline,
    pub attempt: u64,
    /// The release that the pipeline means, by its title.
    pub release: Option<String>,
    pub intent: Intent,
    /// The component of a monorepo that the pipeline means, as policy calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// How whoever asks is told when it is decided; `None`: they wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bell: Option<Bell>,
}

impl GateAsk {
    /// What a delivery of ours is called that brings one. It concerns its environment, and nothing that anybody else rests on.
    pub const EVENT: &str = "changegate_ask";
}

/// A pipeline says how far its deployment is. Who it is was proved before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PipelineReport {
    /// As the pipeline writes it.
    pub environment: String,
    pub sha: Sha,
    pub pipeline: Pipeline,
    pub attempt: u64,
    pub came_to: CameTo,
    /// The sealed permit by which it went, where the gate could not be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<SealUsed>,
}

/// How far a deployment is, as its pipeline says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CameTo {
    Started,
    Succeeded,
    Failed,
}

impl CameTo {
    /// As the log writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }
}

impl GateAsk {
    /// What is asked, without the id: who asks the same is given the same answer.
    #[must_use]
    pub fn what(&self, repo: RepoId) -> String {
        let Self { id: _, environment, sha, reference, pipeline, attempt, release, intent, component, bell } =
            self;
        let of = match pipeline {
            Pipeline::Actions { run } => format!("actions {run}"),
            Pipeline::Other { name, run } => format!("other {name:?} {run:?} {reference:?}"),
        };
        let environment = environment.to_lowercase();
        let component = component.iter().map(|name| format!(" {name:?}")).collect::<String>();
        let bell = bell.as_ref().map(|bell| format!(" {bell:?}")).unwrap_or_default();
        format!("{repo} {environment:?} {sha} {of} {attempt} {release:?} {intent:?}{component}{bell}")
    }
}

/// A job that waits for our rule, as the delivery shows it. GitHub guarantees none of this.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RuleRequest {
    pub environment: Option<String>,
    pub deployment: Option<DeploymentSnapshot>,
    /// The run that waits; `None` where the delivery names none, or two, or one of another repository.
    pub run: Option<u64>,
    /// Where the delivery wants to be answered.
    pub callback: Option<Callback>,
    /// The commit, where the delivery names it beside the deployment.
    pub sha: Option<Sha>,
    /// The branch or tag, where the delivery names it beside the deployment.
    pub reference: Option<String>,
    /// What started the workflow: `push`, `workflow_dispatch`.
    pub trigger: Option<String>,
}

/// The address at which a delivery wants to be answered, taken apart. Nobody follows it: answers go to the API of our
/// settings. An address elsewhere gives a delivery away that is not what it seems.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callback {
    /// Everything before `/repos/`.
    pub api: String,
    pub repository: RepoName,
    pub run: u64,
}

impl Callback {
    /// Takes `{api}/repos/{owner}/{name}/actions/runs/{run}/deployment_protection_rule` apart.
    #[must_use]
    pub fn read(address: &str) -> Option<Self> {
        let (place, run) =
            address.strip_suffix("/deployment_protection_rule")?.rsplit_once("/actions/runs/")?;
        let (api, repository) = place.rsplit_once("/repos/")?;
        let is_number = !run.is_empty() && run.bytes().all(|b| b.is_ascii_digit());
        let run = run.parse().ok().filter(|_| is_number)?;
        Some(Self { api: api.into(), repository: repository.parse().ok()?, run })
    }

    /// Whether it leads to this API (an address without a slash at the end) and this repository.
    #[must_use]
    pub fn leads_to(&self, api: &str, repository: &RepoName) -> bool {
        self.api.eq_ignore_ascii_case(api) && self.repository == *repository
    }
}

/// What GitHub's own reviewers did about a deployment that waits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeploymentReviewSnapshot {
    /// Who wants to deploy.
    pub requestor: Option<Actor>,
    /// Who may review it.
    pub reviewers: Vec<DeploymentReviewer>,
    /// Who approved or rejected it.
    pub approver: Option<Actor>,
    /// What they said.
    pub comment: Option<String>,
    /// Since when it waits.
    pub since: Option<Timestamp>,
    /// Every environment that the review is about.
    pub environments: Vec<String>,
}

/// Somebody who may review a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeploymentReviewer {
    User(Actor),
    Team(TeamSnapshot),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callback_is_taken_apart_and_one_that_leads_elsewhere_shows_it() {
        let (api, web) = ("https://api.github.com", "acme/web".parse::<RepoName>().unwrap());
        let of = |api: &str, place: &str, run: &str| {
            format!("{api}/repos/{place}/actions/runs/{run}/deployment_protection_rule")
        };
        for (address, leads) in [
            (of(api, "acme/web", "30433642"), true),
            (of("https://API.github.com", "Acme/Web", "30433642"), true),
            (of("https://api.github.com@evil", "acme/web", "30433642"), false),
            (of("//evil", "acme/web", "30433642"), false),
            (of("http://127.0.0.1", "acme/web", "30433642"), false),
            (of("http://[::ffff:169.254.169.254]", "acme/web", "30433642"), false),
            (of("https://api.github.com/repos/acme/web", "acme/web", "30433642"), false),
            (of(api, "acme/other", "30433642"), false),
        ] {
            let callback = Callback::read(&address).unwrap();
            assert_eq!((callback.leads_to(api, &web), callback.run), (leads, 30_433_642), "{address}");
        }
    }

    #[test]
    fn what_is_no_callback_is_none() {
        let whole = "https://api.github.com/repos/acme/web/actions/runs/1/deployment_protection_rule";
        assert!(Callback::read(whole).is_some());
        for address in [
            "".to_owned(),
            "https://api.github.com".to_owned(),
            format!("{whole}/"),
            format!("{whole}?x=1"),
            whole.replace("runs/1", "runs/"),
            whole.replace("runs/1", "runs/+1"),
            whole.replace("runs/1", "runs/-1"),
            whole.replace("runs/1", "runs/99999999999999999999"),
            whole.replace("runs/1", "runs/1/../2"),
            whole.replace("acme/web", "acme/web/.."),
            whole.replace("acme/web", "acme/.."),
            whole.replace("acme/web", "web"),
            whole.replace("/repos", ""),
        ] {
            assert_eq!(Callback::read(&address), None, "{address}");
        }
    }
}
