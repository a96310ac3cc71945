//! Permits that were sealed beforehand: which there are, and which deployment each was used for. Each counts once.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    super::{
        audit::AuditEntry,
        effect::{Call, Effect},
        event::{Event, Pipeline, PipelineReport, SealUsed, What},
        finding::code,
        ids::{RepoId, Sha},
        report::text,
    },
    Environment,
    answer::Told,
};

/// A permit that was sealed beforehand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    pub expires_at: Timestamp,
    /// What it was used for first.
    pub used: Option<SealUse>,
}

/// What a sealed permit was used for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealUse {
    #[serde(flatten)]
    pub seal: SealUsed,
    pub sha: Sha,
    pub pipeline: Pipeline,
    pub attempt: u64,
    /// GitHub's number of the deployment, once it was seen.
    pub deployment: Option<u64>,
}

impl Environment {
    /// Takes which permits are sealed, and which were used.
    pub(super) fn hear_seals(&mut self, events: &[Event], repo: RepoId) -> Told {
        let mut told = Told::default();
        for event in events {
            if let What::Sealed(sealing) = &event.what {
                for id in &sealing.ids {
                    let seal = Seal { expires_at: sealing.expires_at, used: None };
                    self.seals.entry(id.clone()).or_insert(seal);
                }
                let entry = AuditEntry::new("permit.sealed").fact("repository", repo);
                let entry = entry.fact("ids", sealing.ids.join(" ")).fact("expires_at", sealing.expires_at);
                told.audit.push(entry.text("environment", self.name.clone()));
            }
            if let What::PipelineReported(report) = &event.what
                && let Some(seal) = &report.seal
            {
                told.add(self.use_seal(seal, report, repo));
            }
        }
        told
    }

    fn use_seal(&mut self, seal: &SealUsed, report: &PipelineReport, repo: RepoId) -> Told {
        let PipelineReport { sha, pipeline, attempt, .. } = report;
        let new = SealUse {
            seal: seal.clone(),
            sha: sha.clone(),
            pipeline: pipeline.clone(),
            attempt: *attempt,
            deployment: None,
        };
        let is_known = self.seals.contains_key(&seal.id);
        let known =
            self.seals.entry(seal.id.clone()).or_insert(Seal { expires_at: seal.expires_at, used: None });
        let Some(first) = &known.used else {
            known.used = Some(new);
            let entry = AuditEntry::new("permit.seal_used").fact("repository", repo).fact("id", &seal.id);
            let entry = entry.fact("commit", sha).fact("at", seal.at).fact("known", is_known);
            let entry = entry.text("environment", self.name.clone()).text("why", seal.why.clone());
            let entry = entry.text("by", seal.by.clone().unwrap_or_default());
            return Told { effects: vec![], audit: vec![entry] };
        };
        if first.is_same(&new) {
            return Told::default();
        }
        let entry = AuditEntry::new("exception.seal_repeated").fact("repository", repo).fact("id", &seal.id);
        let entry =
            entry.fact("commit", sha).fact("first", &first.sha).text("environment", self.name.clone());
        let issue = repeated(repo, &self.name, first, &new);
        Told { effects: vec![issue], audit: vec![entry] }
    }

    /// The sealed permit by which a deployment went; from then on it is that one's.
    pub(super) fn seal_of(&mut self, deployment: u64, sha: &Sha) -> Option<SealUsed> {
        let run = self.attempts.get(&deployment).copied();
        let used = self.seals.values_mut().filter_map(|seal| seal.used.as_mut());
        let found =
            used.filter(|it| it.is_for(deployment, sha, run)).max_by_key(|it| it.deployment.is_some())?;
        found.deployment = Some(deployment);
        Some(found.seal.clone())
    }

    /// Whether a sealed permit was used for a deployment.
    pub(super) fn goes_by_seal(&self, deployment: u64, sha: &Sha) -> bool {
        let run = self.attempts.get(&deployment).copied();
        let mut used = self.seals.values().filter_map(|seal| seal.used.as_ref());
        used.any(|it| it.is_for(deployment, sha, run))
    }
}

impl SealUse {
    fn is_same(&self, other: &Self) -> bool {
        (&self.sha, &self.pipeline, self.attempt) == (&other.sha, &other.pipeline, other.attempt)
    }

    /// Whether it is, or may be, this deployment's.
    fn is_for(&self, deployment: u64, sha: &Sha, run: Option<(u64, u64)>) -> bool {
        match self.deployment {
            Some(known) => known == deployment,
            None => self.sha == *sha && self.is_of_run(run),
        }
    }

    /// `run`: which the deployment is of, and its attempt, where somebody has said.
    fn is_of_run(&self, run: Option<(u64, u64)>) -> bool {
        match (&self.pipeline, run) {
            (Pipeline::Actions { run: own }, Some(run)) => (*own, self.attempt) == run,
            (Pipeline::Other { .. }, Some(_)) => false,
            (Pipeline::Actions { .. } | Pipeline::Other { .. }, None) => true,
        }
    }

    fn said(&self) -> String {
        let run = match &self.pipeline {
            Pipeline::Actions { run } => format!("run {run} of GitHub Actions"),
            Pipeline::Other { name, run } => {
                format!("{}, run {}", text::escape(name, 100), text::escape(run, 100))
            }
        };
        let why = text::escape(&self.seal.why, 500);
        format!("{} of `{}` ({run}, attempt {}): {why}", self.seal.at, self.sha.short(), self.attempt)
    }
}

fn repeated(repo: RepoId, environment: &str, first: &SealUse, again: &SealUse) -> Effect {
    let (id, shown) = (&again.seal.id, code(environment));
    let body = format!(
        "The sealed permit {} for {shown} counts once, and was used twice:\n\n\
         - first at {}\n- again at {}\n\n\
         The second time it let nothing through by right: what was deployed then is a by-pass. Find out who holds copies of the permit, write it here, and close this issue when no copy is left. The others that were sealed with it are no safer: let them expire, or rotate the App's private key, and seal new ones (`changegate permit seal`).",
        code(id),
        first.said(),
        again.said()
    );
    Effect::new(Call::Issue {
        repo,
        purpose: format!("seal/{id}"),
        title: format!("A sealed permit was used twice: {id}"),
        body,
        open: true,
        told: None,
    })
}
