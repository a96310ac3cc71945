//! The shapes of what pipelines send and are answered, as JSON.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sigstore_types::DsseEnvelope;
use utoipa::{IntoParams, ToSchema};

use crate::domain::{
    bell::Bell,
    event::{CameTo, GateAsk, Intent, Pipeline},
    finding::{Finding, Outcome},
    gate::{Decision, GateAnswer, Ruling},
    ids::{GateId, RepoName},
};

/// A pipeline asks whether it may deploy a commit to an environment.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GateRequest {
    /// `owner/name`.
    #[schema(example = "acme/web", pattern = "^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$")]
    pub repository: String,
    /// The environment, as GitHub and the policy call it.
    #[schema(example = "production", min_length = 1, max_length = 255)]
    pub environment: String,
    /// The whole hash of the commit: 40 or 64 lower-case hexadecimal digits.
    #[schema(
        example = "4f2c9e10c2b8f1d0a7e6b5c4d3e2f1a0b9c8d7e6",
        pattern = "^([0-9a-f]{40}|[0-9a-f]{64})$"
    )]
    pub sha: String,
    /// The branch or tag that it comes from; of a run of GitHub Actions GitHub says it, else the default branch if nothing is
    /// said.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    #[schema(example = "refs/heads/main")]
    pub reference: Option<String>,
    /// What the pipeline is called: `github-actions`, `gitlab`, `jenkins`. Runs of one pipeline supersede each other.
    #[serde(default = "actions")]
    #[schema(example = "github-actions", min_length = 1, max_length = 255)]
    pub pipeline: String,
    /// The run, by the pipeline's own number or name; of GitHub Actions its `run_id`.
    #[schema(example = "9123456789", min_length = 1, max_length = 255)]
    pub run_id: String,
    /// Which attempt of the run.
    #[serde(default = "first")]
    #[schema(minimum = 1, maximum = 4294967295_u64)]
    pub run_attempt: u64,
    /// The release that is meant, by its title; whichever ships the commit if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026.12")]
    pub release: Option<String>,
    /// The component of a monorepo that is meant, as the policy calls it: it must run in that environment. What runs there is
    /// judged, whether it is named or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "shop")]
    pub component: Option<String>,
    #[serde(default)]
    pub purpose: Purpose,
    /// How to be told when it is decided, where nobody waits for it: it is answered at once, stays open for 30 days, and gives no
    /// permit. Whoever is told asks again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notify: Option<Notify>,
}

/// How somebody is told that it is decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Notify {
    /// By a status of a deployment on GitHub, of the environment `changegate/ENVIRONMENT` and the task `changegate:gate`, which
    /// starts workflows `on: deployment_status`: `queued` when it is allowed, `failure` when it is denied, `error` when nobody
    /// decided it in time.
    DeploymentStatus,
    /// By a webhook to this address, signed as Standard Webhooks says; only to hosts that the server's settings name.
    Webhook {
        #[schema(example = "https://ci.example.com/hooks/changegate")]
        url: String,
    },
}

impl From<Notify> for Bell {
    fn from(notify: Notify) -> Self {
        match notify {
            Notify::DeploymentStatus => Self::DeploymentStatus,
            Notify::Webhook { url } => Self::Webhook { url },
        }
    }
}

impl From<&Bell> for Notify {
    fn from(bell: &Bell) -> Self {
        match bell {
            Bell::DeploymentStatus => Self::DeploymentStatus,
            Bell::Webhook { url } => Self::Webhook { url: url.clone() },
        }
    }
}

fn actions() -> String {
    ACTIONS.into()
}

const fn first() -> u64 {
    1
}

/// What GitHub Actions is called.
pub const ACTIONS: &str = "github-actions";

/// What a pipeline wants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    #[default]
    Deploy,
    /// Back to what ran before.
    Rollback,
}

/// A pipeline outside GitHub says how far its deployment is.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportRequest {
    /// `owner/name`.
    #[schema(example = "acme/web", pattern = "^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$")]
    pub repository: String,
    #[schema(example = "production", min_length = 1, max_length = 255)]
    pub environment: String,
    /// The whole hash of the commit.
    #[schema(
        example = "4f2c9e10c2b8f1d0a7e6b5c4d3e2f1a0b9c8d7e6",
        pattern = "^([0-9a-f]{40}|[0-9a-f]{64})$"
    )]
    pub sha: String,
    /// What the pipeline is called. Of its own runs GitHub knows by itself.
    #[schema(example = "jenkins", min_length = 1, max_length = 255)]
    pub pipeline: String,
    /// The run, as it was named when it asked.
    #[schema(example = "web-1207", min_length = 1, max_length = 255)]
    pub run_id: String,
    #[serde(default = "first")]
    #[schema(minimum = 1, maximum = 4294967295_u64)]
    pub run_attempt: u64,
    pub state: StateReported,
    /// The sealed permit by which it went, where the gate could not be asked. GitHub Actions reports nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<SealedUse>,
}

/// A permit that was sealed beforehand and used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SealedUse {
    /// The permit itself (a JWT).
    pub permit: String,
    /// Why the gate was not asked, in a sentence.
    pub reason: String,
    /// When it was used.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// How far a deployment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StateReported {
    /// It has begun to change what runs.
    Started,
    /// It runs: what is deployed next is compared with it.
    Succeeded,
    Failed,
}

/// A report was written down.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Reported {
    pub repository: String,
    pub environment: String,
    pub sha: String,
    pub state: StateReported,
}

/// One event of the stream of answers.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Told {
    /// `gate`: an answer; `problem`: there comes none any more.
    #[schema(example = "gate")]
    pub event: String,
    /// How often it was answered before.
    pub id: Option<String>,
    /// The answer (`GateView`), or the problem (`Problem`), as JSON.
    pub data: String,
}

/// For how long to wait for the decision; if nothing is said, only until it is known what stands in the way.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Waiting {
    /// Seconds, or with a unit: `30s`, `1m`. At most a minute; what is longer is cut.
    #[param(example = "30s")]
    pub wait: Option<String>,
}

/// What was decided, or stands in the way so far.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct GateView {
    /// It is asked for with this.
    pub id: String,
    pub decision: DecisionView,
    /// Whether it is decided; else somebody has to act, or a time has to come.
    pub settled: bool,
    /// Whether the pipeline may go on: it is allowed, or nothing is enforced.
    pub goes_on: bool,
    /// Whether rules are enforced there.
    pub enforced: bool,
    pub repository: String,
    pub environment: String,
    pub sha: String,
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    pub pipeline: String,
    pub run_id: String,
    pub run_attempt: u64,
    pub component: Option<String>,
    pub purpose: Purpose,
    /// What runs there.
    pub baseline: Option<String>,
    /// The release that ships it, and what was signed.
    pub release: Option<ReleaseView>,
    /// The version of the policy that it was decided by.
    pub policy: Option<String>,
    /// One for each rule, in the order in which people read them.
    pub findings: Vec<FindingView>,
    /// When it was decided, or looked at last.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub decided_at: Option<Timestamp>,
    /// Until when the permit is good.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// When the answer may change although nothing happens.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub again_at: Option<Timestamp>,
    /// The signed form of an allow (a JWT, signed with a key of `/.well-known/jwks.json`); also of being let through where
    /// nothing is enforced, which the token itself says.
    pub permit: Option<String>,
    /// The permit as other checkers read it: a DSSE envelope with an in-toto statement, whose predicate is SLSA's Verification
    /// Summary. Only of an allow.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub attestation: Option<DsseEnvelope>,
    /// How somebody is told, where nobody waits for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notify: Option<Notify>,
}

/// What is decided of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DecisionView {
    /// Every rule is met.
    Allow,
    /// Somebody has to act, or a time has to come.
    Pending,
    /// A rule is not met, and waiting does not change that.
    Deny,
    /// A fact could not be found out. Never a way through.
    Unavailable,
}

impl From<Decision> for DecisionView {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Allow => Self::Allow,
            Decision::Pending => Self::Pending,
            Decision::Deny => Self::Deny,
            Decision::Unavailable => Self::Unavailable,
        }
    }
}

/// The release that ships a commit.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ReleaseView {
    pub title: String,
    /// The revision that was signed: SHA-256 in hexadecimal.
    pub revision: String,
}

/// One rule's answer, with what it rests on.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FindingView {
    /// A stable code: `change_not_accepted`.
    pub code: String,
    pub outcome: OutcomeView,
    /// The rule, as a clause.
    pub rule: String,
    /// What is so.
    pub sentence: String,
    /// Who can cure it and how, where it is not met.
    pub cure: Option<String>,
    #[schema(no_recursion)]
    pub because: Vec<FindingView>,
}

/// How a rule stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeView {
    Pass,
    Pending,
    Fail,
    Unknown,
}

impl From<&Finding> for FindingView {
    fn from(finding: &Finding) -> Self {
        let outcome = match finding.outcome() {
            Outcome::Pass => OutcomeView::Pass,
            Outcome::Pending => OutcomeView::Pending,
            Outcome::Fail => OutcomeView::Fail,
            Outcome::Unknown => OutcomeView::Unknown,
        };
        Self {
            code: finding.code.clone(),
            outcome,
            rule: finding.rule.clone(),
            sentence: finding.sentence.clone(),
            cure: finding.cure.clone(),
            because: finding.because.iter().map(Self::from).collect(),
        }
    }
}

impl From<StateReported> for CameTo {
    fn from(state: StateReported) -> Self {
        match state {
            StateReported::Started => Self::Started,
            StateReported::Succeeded => Self::Succeeded,
            StateReported::Failed => Self::Failed,
        }
    }
}

impl ReportRequest {
    /// What it would ask at the gate.
    #[must_use]
    pub fn as_asked(&self) -> GateRequest {
        let Self { repository, environment, sha, pipeline, run_id, run_attempt, state: _, sealed: _ } =
            self.clone();
        let (reference, release, component, purpose) = (None, None, None, Purpose::default());
        GateRequest {
            repository,
            environment,
            sha,
            reference,
            pipeline,
            run_id,
            run_attempt,
            release,
            component,
            purpose,
            notify: None,
        }
    }
}

impl From<Intent> for Purpose {
    fn from(intent: Intent) -> Self {
        match intent {
            Intent::Deploy => Self::Deploy,
            Intent::Rollback => Self::Rollback,
        }
    }
}

impl From<Purpose> for Intent {
    fn from(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Deploy => Self::Deploy,
            Purpose::Rollback => Self::Rollback,
        }
    }
}

fn run_of(pipeline: &Pipeline) -> (String, String) {
    match pipeline {
        Pipeline::Actions { run } => (ACTIONS.into(), run.to_string()),
        Pipeline::Other { name, run } => (name.clone(), run.clone()),
    }
}

impl GateView {
    /// Of what was written down and is not looked at yet.
    #[must_use]
    pub fn asked(ask: &GateAsk, repository: &RepoName) -> Self {
        let (pipeline, run_id) = run_of(&ask.pipeline);
        Self {
            id: ask.id.to_string(),
            decision: DecisionView::Pending,
            settled: false,
            goes_on: false,
            enforced: true,
            repository: repository.to_string(),
            environment: ask.environment.clone(),
            sha: ask.sha.to_string(),
            reference: ask.reference.clone(),
            pipeline,
            run_id,
            run_attempt: ask.attempt,
            component: ask.component.clone(),
            purpose: ask.intent.into(),
            baseline: None,
            release: None,
            policy: None,
            findings: vec![],
            decided_at: None,
            expires_at: None,
            again_at: None,
            permit: None,
            attestation: None,
            notify: ask.bell.as_ref().map(Notify::from),
        }
    }

    /// Of an answer, with its signed forms.
    #[must_use]
    pub fn of(
        answer: &GateAnswer,
        repository: &RepoName,
        permit: Option<String>,
        attestation: Option<DsseEnvelope>,
    ) -> Self {
        let GateAnswer { ask, turn: _, candidate, baseline, verdict, standing: _ } = answer;
        let reference = candidate.as_ref().and_then(|candidate| candidate.reference.clone());
        let basis = verdict.basis.as_ref();
        let release = basis.and_then(|basis| basis.release.as_ref());
        Self {
            decision: answer.decision().into(),
            settled: answer.is_settled(),
            goes_on: answer.goes_on(),
            enforced: matches!(verdict.ruling, Ruling::Enforced(_)),
            reference: reference.or_else(|| ask.reference.clone()),
            baseline: baseline.as_ref().map(ToString::to_string),
            release: release.map(|(title, revision)| ReleaseView {
                title: title.clone(),
                revision: revision.to_string(),
            }),
            policy: basis.map(|basis| basis.policy.to_string()),
            findings: verdict.findings.iter().map(FindingView::from).collect(),
            decided_at: Some(verdict.at),
            expires_at: permit.is_some().then(|| answer.expires_at()),
            again_at: verdict.again_at.filter(|_| !answer.is_settled()),
            permit,
            attestation,
            ..Self::asked(ask, repository)
        }
    }
}

/// Why a request is no question, as a sentence.
pub type Refusal = String;

impl GateRequest {
    /// What is asked, but for the id. `default`: the branch that is meant where none is named.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn ask(&self, default: Option<&str>) -> Result<GateAsk, Refusal> {
        let Self { environment, sha, reference, pipeline, run_id, run_attempt, .. } = self;
        let Self { release, component, purpose, notify, .. } = self;
        let sha = sha.parse().map_err(|_| format!("`sha` is no whole commit hash: {}", shown(sha)))?;
        short("environment", environment)?;
        short("run_id", run_id)?;
        short("pipeline", pipeline)?;
        if let Some(Notify::Webhook { url }) = notify
            && (url.len() > LONGEST_URL || url.chars().any(char::is_control))
        {
            return Err(format!(
                "`notify.url` is longer than {LONGEST_URL} bytes, or has characters that cannot be seen"
            ));
        }
        for (name, text) in [("ref", reference), ("release", release), ("component", component)] {
            text.as_deref().map_or(Ok(()), |text| short(name, text))?;
        }
        if *run_attempt == 0 {
            return Err("`run_attempt` counts from 1".into());
        }
        let pipeline = if pipeline == ACTIONS {
            let run = run_id
                .parse()
                .map_err(|_| format!("`run_id` is no run of GitHub Actions: {}", shown(run_id)))?;
            Pipeline::Actions { run }
        } else {
            Pipeline::Other { name: pipeline.clone(), run: run_id.clone() }
        };
        let reference = reference.as_deref().map(|it| {
            let short = it.strip_prefix("refs/heads/").or_else(|| it.strip_prefix("refs/tags/"));
            short.unwrap_or(it).to_owned()
        });
        Ok(GateAsk {
            id: GateId::nothing(),
            environment: environment.clone(),
            sha,
            reference: reference.or_else(|| default.map(str::to_owned)),
            pipeline,
            attempt: *run_attempt,
            release: release.clone(),
            intent: (*purpose).into(),
            component: component.clone(),
            bell: notify.clone().map(Bell::from),
        })
    }
}

/// What a text may be as long as; GitHub's names are shorter.
const LONGEST: usize = 255;
/// What an address to call may be as long as.
const LONGEST_URL: usize = 2_000;

fn short(name: &str, text: &str) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        Err(format!("`{name}` is empty"))
    } else if text.chars().count() > LONGEST || text.chars().any(char::is_control) {
        Err(format!("`{name}` is longer than {LONGEST} characters, or has characters that cannot be seen"))
    } else {
        Ok(())
    }
}

fn shown(text: &str) -> String {
    format!("{:?}", text.chars().take(80).collect::<String>())
}
