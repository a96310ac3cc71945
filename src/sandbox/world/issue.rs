//! Issues and pull requests. As on GitHub, a pull request is an issue with a branch: they share numbers, comments,
//! labels and milestones.

use std::collections::BTreeSet;

use jiff::Timestamp;

/// An issue, or with `pull` a pull request.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Issue {
    pub id: u64,
    pub number: u64,
    pub title: String,
    pub body: Option<String>,
    pub author: u64,
    pub open: bool,
    /// `completed`, `not_planned`, `duplicate` or `reopened`.
    pub state_reason: Option<String>,
    pub labels: Vec<u64>,
    /// Number of a milestone of the same repository.
    pub milestone: Option<u64>,
    pub assignees: Vec<u64>,
    /// Name of an issue type of the organisation.
    pub kind: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// When its text was edited last.
    pub edited_at: Option<Timestamp>,
    pub closed: Option<(Timestamp, u64)>,
    pub comments: Vec<Comment>,
    pub reactions: Vec<Reaction>,
    pub timeline: Vec<TimelineEvent>,
    pub pull: Option<Pull>,
}

/// What makes an issue a pull request.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Pull {
    pub id: u64,
    pub head_repo: u64,
    pub head_ref: String,
    pub head_sha: String,
    pub base_ref: String,
    pub base_sha: String,
    pub draft: bool,
    pub merged: Option<(Timestamp, u64)>,
    pub merge_commit: Option<String>,
    pub reviews: Vec<Review>,
    /// Issues that somebody linked by hand: repository and number.
    pub linked: BTreeSet<(u64, u64)>,
}

/// A review of a pull request.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Review {
    pub id: u64,
    pub author: u64,
    /// `APPROVED`, `CHANGES_REQUESTED`, `COMMENTED` or `DISMISSED`.
    pub state: String,
    pub body: String,
    pub commit: String,
    pub submitted_at: Timestamp,
}

/// A comment on an issue or in the conversation of a pull request.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Comment {
    pub id: u64,
    pub author: u64,
    pub body: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub by_app: bool,
    pub reactions: Vec<Reaction>,
}

/// An emoji that somebody left; one of each kind per person.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Reaction {
    pub id: u64,
    pub author: u64,
    pub content: String,
    pub created_at: Timestamp,
}

/// Something that happened to an issue, with who did it and when.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct TimelineEvent {
    pub id: u64,
    pub at: Timestamp,
    pub actor: u64,
    pub what: Happened,
}

/// The kinds of timeline events that the sandbox keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum Happened {
    Labeled { id: u64, name: String },
    Unlabeled { id: u64, name: String },
    Milestoned(String),
    Demilestoned(String),
    Closed { reason: Option<String>, closer: Option<Closer> },
    Reopened,
    Renamed { from: String, to: String },
}

/// What closed an issue, if not a person by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum Closer {
    Pull { repo: u64, number: u64 },
    Commit { repo: u64, sha: String },
}

impl Issue {
    pub fn new(id: u64, number: u64, author: u64, at: Timestamp) -> Self {
        Self {
            id,
            number,
            title: String::new(),
            body: None,
            author,
            open: true,
            state_reason: None,
            labels: Vec::new(),
            milestone: None,
            assignees: Vec::new(),
            kind: None,
            created_at: at,
            updated_at: at,
            edited_at: None,
            closed: None,
            comments: Vec::new(),
            reactions: Vec::new(),
            timeline: Vec::new(),
            pull: None,
        }
    }

    pub fn state(&self) -> &'static str {
        if self.open { "open" } else { "closed" }
    }

    pub fn merged_at(&self) -> Option<Timestamp> {
        self.pull.as_ref()?.merged.map(|(at, _)| at)
    }
}

impl Pull {
    /// The latest review of each reviewer that takes a stand, in order of submission, as GitHub counts them.
    pub fn opinionated(&self) -> Vec<&Review> {
        let mut seen = BTreeSet::new();
        let mut latest: Vec<&Review> = self
            .reviews
            .iter()
            .rev()
            .filter(|review| review.state != "COMMENTED" && seen.insert(review.author))
            .collect();
        latest.reverse();
        latest
    }
}
