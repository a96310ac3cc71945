//! Somebody who waits to deploy: a job of a workflow run that GitHub holds until we answer.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::{
    event::GateAsk,
    gate::{Brings, Candidate, Verdict},
    ids::{ReleaseId, Sha},
};

/// A workflow run; GitHub's number.
pub type RunId = u64;

/// A job that waits, or waited, for an answer. All jobs of one run and attempt for one environment are one request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    pub run: RunId,
    /// When we were asked first.
    pub asked_at: Timestamp,
    /// What GitHub says of the run; `None`: it was not read yet.
    pub job: Option<Candidate>,
    /// Why GitHub did not say it, or what lies between, when it was last asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread: Option<String>,
    /// What the deployment brings, as far as it was found out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brings: Option<Brings>,
    /// What was decided last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// How many notes were sent: GitHub takes ten.
    pub notes: u8,
    pub answered: Option<Answered>,
    /// Since when something that it rests on is read anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anew_since: Option<Timestamp>,
    /// Not all is known that the range rests on: it is traced again each time.
    #[serde(default, skip_serializing_if = "is_no")]
    pub provisional: bool,
    /// How many times it was said that GitHub will not wait for ever.
    #[serde(default)]
    pub warned: u8,
    /// The deployments of its jobs, by GitHub's number, as far as deliveries have named them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub deployments: BTreeSet<u64>,
    /// A job waits for our protection rule.
    #[serde(default = "so")]
    pub rule: bool,
    /// The pipelines that ask at the gate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<GateAsk>,
    /// How often the gate has answered.
    #[serde(default)]
    pub turns: u64,
    /// The release that ships exactly its commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<ReleaseId>,
    /// It was let through, and judged about since: an answer that was not sent by then is not sent any more.
    #[serde(default, skip_serializing_if = "is_no")]
    pub overtaken: bool,
    /// Nobody waits: whoever asked is told what is decided, and asks again then. It lets nobody through.
    #[serde(default, skip_serializing_if = "is_no")]
    pub bell: bool,
}

/// What is so of most is not written down: many are remembered, and read with each that asks.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_no(so: &bool) -> bool {
    !*so
}

/// Before there was a gate, everybody waited for the rule.
const fn so() -> bool {
    true
}

/// The end of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answered {
    Approved {
        at: Timestamp,
    },
    Rejected {
        at: Timestamp,
    },
    /// The run ended without our answer: cancelled, expired after GitHub's 30 days, or let through by an administrator.
    Ended {
        at: Timestamp,
    },
}

impl Answered {
    /// When it ended.
    #[must_use]
    pub const fn at(self) -> Timestamp {
        match self {
            Self::Approved { at } | Self::Rejected { at } | Self::Ended { at } => at,
        }
    }
}

impl Request {
    pub(super) const fn new(run: RunId, asked_at: Timestamp) -> Self {
        Self {
            run,
            asked_at,
            job: None,
            unread: None,
            brings: None,
            verdict: None,
            notes: 0,
            answered: None,
            anew_since: None,
            provisional: false,
            warned: 0,
            deployments: BTreeSet::new(),
            release: None,
            overtaken: false,
            rule: true,
            gates: vec![],
            turns: 0,
            bell: false,
        }
    }

    /// Whether somebody waits for its answer.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.answered.is_none()
    }

    /// Of what ended: what it was told is in the log, and told again only to the release that it is of. Of what was let through stays
    /// what it brings.
    pub(super) fn forget(&mut self) {
        let is_told = !matches!(self.answered, Some(Answered::Ended { .. })) || self.gates.is_empty();
        if self.is_open() || !is_told {
            return;
        }
        if self.release.is_none() {
            self.verdict = None;
        }
        if self.approved_at().is_none() {
            self.brings = None;
        }
    }

    /// Whether it waits, and nothing is known of it.
    pub(super) const fn is_unread(&self) -> bool {
        self.is_open() && self.job.is_none()
    }

    /// Since when it is let through.
    pub(super) const fn approved_at(&self) -> Option<Timestamp> {
        if let Some(Answered::Approved { at }) = self.answered { Some(at) } else { None }
    }

    /// Whether we let this commit through.
    #[must_use]
    pub fn let_through(&self, sha: &Sha) -> bool {
        self.approved_at().is_some() && self.job.as_ref().is_some_and(|job| job.sha == *sha)
    }

    /// Whether it is this attempt of this run.
    pub(super) fn is_of(&self, run: RunId, attempt: u64) -> bool {
        self.run == run && self.job.as_ref().is_some_and(|job| job.attempt == attempt)
    }
}
