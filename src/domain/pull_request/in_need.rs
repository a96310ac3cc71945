//! What is said of an emergency on a pull request: it is its change requests that are one, so they hear it. Where there is none
//! to hear it, whoever said it is told what to do instead.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    super::{
        command::{Command, Later, Told},
        effect::Effect,
        finding::code,
        ids::{Actor, CommentId, IssueRef},
        policy::{EffectivePolicy, Marker},
        report::heard,
    },
    PullRequest,
};

/// How many are remembered; the change requests keep what they have heard.
const MOST: usize = 50;

/// A command that somebody wrote on the pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    pub comment: CommentId,
    /// The how manyth command of the comment.
    pub place: usize,
    pub by: Actor,
    pub at: Timestamp,
    pub words: Words,
}

/// What was said, in the person's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Words {
    Emergency(String),
    Approve(String),
    Done(String),
}

impl Words {
    fn of(command: &Command) -> Option<Self> {
        let Command::Later(later) = command else { return None };
        if let Later::Emergency(why) = later {
            return Some(Self::Emergency(why.clone()));
        }
        if let Later::Approve(group) = later {
            return Some(Self::Approve(group.clone()));
        }
        let Later::Done(words) = later else { return None };
        Some(Self::Done(words.clone()))
    }

    /// The command that it was.
    #[must_use]
    pub fn command(&self) -> Later {
        match self {
            Self::Emergency(why) => Later::Emergency(why.clone()),
            Self::Approve(group) => Later::Approve(group.clone()),
            Self::Done(words) => Later::Done(words.clone()),
        }
    }
}

impl PullRequest {
    /// Keeps what these comments say; the newest of it, where it is too much.
    pub(super) fn hear_in_need(&mut self, told: &[Told]) {
        for told in told {
            for (place, command) in told.commands.iter().enumerate() {
                let known = |said: &Said| said.comment == told.comment && said.place == place;
                let Some(words) = Words::of(command).filter(|_| !self.said.iter().any(known)) else {
                    continue;
                };
                let (by, at) = (told.by.clone(), told.at);
                self.said.push(Said { comment: told.comment, place, by, at, words });
            }
        }
        self.said.sort_by_key(|said| (said.at, said.comment, said.place));
        let surplus = self.said.len().saturating_sub(MOST);
        self.said.drain(..surplus);
    }

    /// Whether somebody wanted to declare an emergency here.
    pub(super) fn says_emergency(&self) -> bool {
        self.said.iter().any(|said| matches!(said.words, Words::Emergency(_)))
    }

    /// What is answered to an emergency that no change request hears.
    pub(super) fn unheard(&self, told: &[Told], policy: &EffectivePolicy) -> Vec<Effect> {
        if !self.links().is_empty() {
            return vec![];
        }
        let is_one = |command: &Command| matches!(Words::of(command), Some(Words::Emergency(_)));
        let told = told.iter().filter(|told| told.commands.iter().any(is_one));
        told.flat_map(|told| answer(self.seen.at, told, policy)).collect()
    }
}

fn answer(on: IssueRef, told: &Told, policy: &EffectivePolicy) -> Vec<Effect> {
    let marked = match &policy.intake().marker {
        Marker::Label(label) => format!("the label {}", code(label)),
        Marker::IssueType(kind) => format!("the type {}", code(kind)),
    };
    let prefix = policy.command_prefix().map(|prefix| format!("{prefix} ")).unwrap_or_default();
    let why = format!(
        "it is a change request that is an emergency, and this pull request belongs to none. Open an issue with {marked}, put `Closes #n` in the description here, and comment `/{prefix}emergency WHY` there or here"
    );
    heard::refused(on, told, &format!("wrote `/{prefix}emergency`"), &why)
}
