//! What a token of GitHub Actions says of its job, once its signature is proved.
//!
//! <https://docs.github.com/en/actions/reference/security/oidc>. Numbers of repository and owner count, never `sub` and
//! never a name: names are recycled.

use serde_json::{Map, Value};

use super::{Proof, reason::Reason, reason::Refused};
use crate::domain::{
    finding::code,
    ids::{AccountId, RepoId, Sha},
    policy::WorkflowRef,
};

/// The job of GitHub Actions that asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actions {
    pub repository: RepoId,
    pub owner: AccountId,
    /// The environment of the job, as the workflow writes it; `None`: it has none.
    pub environment: Option<String>,
    /// The whole ref of the run, such as `refs/heads/main`; empty where a bare commit is deployed.
    pub reference: String,
    pub sha: Sha,
    pub run: u64,
    pub attempt: u32,
    /// What started the run.
    pub event: String,
    /// The workflow file in which the job stands: that of a called workflow, not of its caller.
    pub workflow: WorkflowRef,
    pub workflow_sha: Option<Sha>,
    /// Who started the run; shown, never trusted.
    pub actor: Option<(AccountId, String)>,
    pub proof: Proof,
}

impl Actions {
    /// Reads proved claims.
    ///
    /// # Errors
    /// When one that must be there is missing or has another form.
    pub fn read(claims: &Map<String, Value>, proof: Proof) -> Result<Self, Refused> {
        let job = text(claims, "job_workflow_ref")?;
        let actor = maybe_number(claims, "actor_id")?.map(AccountId).zip(maybe_text(claims, "actor")?);
        Ok(Self {
            repository: RepoId(number(claims, "repository_id")?),
            owner: AccountId(number(claims, "repository_owner_id")?),
            environment: maybe_text(claims, "environment")?.map(str::to_owned),
            reference: text(claims, "ref")?.to_owned(),
            sha: sha(text(claims, "sha")?, "sha")?,
            run: number(claims, "run_id")?,
            attempt: u32::try_from(number(claims, "run_attempt")?).map_err(|_| malformed("run_attempt"))?,
            event: text(claims, "event_name")?.to_owned(),
            workflow: job.parse().map_err(|()| malformed("job_workflow_ref"))?,
            workflow_sha: maybe_text(claims, "job_workflow_sha")?
                .map(|text| sha(text, "job_workflow_sha"))
                .transpose()?,
            actor: actor.map(|(id, login)| (id, login.to_owned())),
            proof,
        })
    }
}

fn malformed(claim: &str) -> Refused {
    let sentence =
        format!("The claim {} of the token does not have the form that it must have.", code(claim));
    Refused::new(Reason::ClaimMalformed, sentence)
}

fn text<'a>(claims: &'a Map<String, Value>, claim: &str) -> Result<&'a str, Refused> {
    let missing = || Refused::new(Reason::ClaimMissing, format!("The token has no claim {}.", code(claim)));
    maybe_text(claims, claim)?.ok_or_else(missing)
}

fn maybe_text<'a>(claims: &'a Map<String, Value>, claim: &str) -> Result<Option<&'a str>, Refused> {
    match claims.get(claim) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(malformed(claim))
        }
    }
}

fn number(claims: &Map<String, Value>, claim: &str) -> Result<u64, Refused> {
    digits(text(claims, claim)?, claim)
}

fn maybe_number(claims: &Map<String, Value>, claim: &str) -> Result<Option<u64>, Refused> {
    maybe_text(claims, claim)?.map(|text| digits(text, claim)).transpose()
}

/// GitHub writes numbers as texts of digits; anything else would be another spelling of the same number.
fn digits(text: &str, claim: &str) -> Result<u64, Refused> {
    let is_plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| is_plain).ok_or_else(|| malformed(claim))
}

fn sha(text: &str, claim: &str) -> Result<Sha, Refused> {
    text.parse().map_err(|_| malformed(claim))
}
