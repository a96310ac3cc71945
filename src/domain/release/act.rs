//! What people decide of a release on its control record: locking its scope, which commit it ships, and what comes along.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    super::{
        change_request::emergency::Done,
        command::{Command, Later, Told},
        facts::{Inquiry, Membership},
        ids::{Actor, CommentId, IssueRef, RepoId, RepoName, Sha},
        policy::EffectivePolicy,
    },
    Release,
    substitutes::{self, Substitute, Whom},
    swap::{self, Swap},
};

/// One thing that somebody decided, or wanted to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    pub at: Timestamp,
    pub comment: CommentId,
    /// The how manyth command of the comment.
    pub place: usize,
    pub by: Actor,
    pub deed: Deed,
    pub verdict: Verdict,
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// The scope is locked.
    Lock,
    /// This repository ships this commit.
    Candidate { repo: RepoId, sha: Sha },
    /// This change comes along although it is none of the release: switched off, or only a part of it. It is covered, and does
    /// not count as delivered.
    Carry { change: IssueRef, why: String },
    /// That is how it went, once it was deployed.
    CloseOut { result: Done, said: String },
    /// One change goes out, another comes in.
    Swap(Swap),
    /// Somebody counts as one of a group.
    Substitute(Substitute),
    /// They do no more; `None`: nobody does who did.
    SubstituteNoMore { whom: Option<Whom> },
    /// It cannot be followed, and what it takes.
    Unclear { word: String, takes: String },
}

/// Whether it counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Allowed,
    /// As the rest of a sentence: "only a release manager (rosa) locks a release".
    Refused(String),
    /// It could not be found out who may, and why.
    Unknown(String),
}

impl Act {
    /// Whether it counts.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.verdict == Verdict::Allowed
    }

    /// Whether it counted before.
    pub(super) fn counted(&self, before: Option<&Release>) -> bool {
        let same = |it: &&Self| it.comment == self.comment && it.place == self.place;
        before.is_some_and(|before| before.acts.iter().find(same).is_some_and(Self::counts))
    }
}

/// How many acts that do not count are remembered, so that they are answered once.
const REFUSED: usize = 100;

impl Release {
    /// Takes the commands of these comments and judges who may. `None`: something has to be found out first.
    pub(super) fn hear_acts(
        &mut self,
        told: &[Told],
        policy: &EffectivePolicy,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<()> {
        let heard: Vec<Option<Act>> = told
            .iter()
            .flat_map(|told| {
                told.commands.iter().enumerate().map(move |(place, command)| (told, place, command))
            })
            .filter(|(told, place, _)| !self.has_heard(told.comment, *place))
            .filter_map(|(told, place, command)| {
                let deed = deed(command, self.record.map(|record| record.repo), inquiry)?;
                let (at, comment, by) = (told.at, told.comment, told.by.clone());
                let verdict = Verdict::Unknown("it is being found out who may".into());
                Some(deed.map(|deed| Act { at, comment, place, by, deed, verdict }))
            })
            .collect();
        self.acts.extend(heard.into_iter().collect::<Option<Vec<Act>>>()?);
        self.acts.sort_by_key(|act| (act.at, act.comment, act.place));
        let has_begun = self.has_begun();
        let mut complete = Some(());
        let workers = self.workers();
        for act in self.acts.iter_mut().filter(|act| matches!(act.verdict, Verdict::Unknown(_))) {
            let found = if let Deed::Substitute(wish) = &mut act.deed {
                substitutes::verdict(wish, &act.by, &workers, policy, inquiry)
            } else {
                verdict(act, has_begun, policy, inquiry)
            };
            match found {
                Some(verdict) => act.verdict = verdict,
                None => complete = None,
            }
        }
        self.forget_refused();
        complete
    }

    fn has_heard(&self, comment: CommentId, place: usize) -> bool {
        self.acts.iter().any(|act| act.comment == comment && act.place == place)
    }

    fn forget_refused(&mut self) {
        let refused = |act: &Act| matches!(act.verdict, Verdict::Refused(_));
        let mut surplus = self.acts.iter().filter(|act| refused(act)).count().saturating_sub(REFUSED);
        self.acts.retain(|act| {
            let goes = surplus > 0 && refused(act);
            surplus -= usize::from(goes);
            !goes
        });
    }
}

/// Outer `None`: it is about something else; inner: something has to be found out first.
fn deed(command: &Command, here: Option<RepoId>, inquiry: &mut Inquiry<'_>) -> Option<Option<Deed>> {
    let Command::Later(later) = command else { return None };
    if let Later::Candidate(what) = later {
        return Some(candidate(what, inquiry));
    }
    if let Later::Carry(what) = later {
        return Some(carry(what, here, inquiry));
    }
    if let Later::Done(words) = later {
        return Some(Some(close_out(words)));
    }
    if let Later::Swap(what) = later {
        return Some(swap::read(what, here, inquiry));
    }
    if let Later::Substitute(words) = later {
        return Some(Some(substitutes::read(words)));
    }
    (*later == Later::Lock).then_some(Some(Deed::Lock))
}

/// `worked`, or `problems` or `backed-out` and what it was.
fn close_out(words: &str) -> Deed {
    match Done::read(words) {
        Some((result, said)) if result == Done::Worked || !said.is_empty() => {
            Deed::CloseOut { result, said: said.into() }
        }
        Some(_) | None => Deed::Unclear {
            word: "done".into(),
            takes: "`worked`, or `problems` or `backed-out` and what happened".into(),
        },
    }
}

/// `#12 WHY` of the record's repository, or `acme/web#12 WHY`.
fn carry(what: &str, here: Option<RepoId>, inquiry: &mut Inquiry<'_>) -> Option<Deed> {
    let unclear = || Deed::Unclear {
        word: "carry".into(),
        takes: "a change request (`#n` or `owner/repository#n`) and a reason".into(),
    };
    let (place, why) = what.split_once(char::is_whitespace).unwrap_or((what, ""));
    let (Some((name, number)), false) = (place.split_once('#'), why.trim().is_empty()) else {
        return Some(unclear());
    };
    let repo = match name.parse::<RepoName>() {
        Ok(name) => inquiry.repository_named(name)?,
        Err(_) => here.filter(|_| name.is_empty()),
    };
    let change = repo.zip(number.parse().ok()).map(|(repo, number)| IssueRef { repo, number });
    Some(change.map_or_else(unclear, |change| Deed::Carry { change, why: why.trim().into() }))
}

fn candidate(what: &str, inquiry: &mut Inquiry<'_>) -> Option<Deed> {
    let unclear = || Deed::Unclear {
        word: "candidate".into(),
        takes: "a repository and the whole hash of a commit (40 digits)".into(),
    };
    let mut words = what.split_whitespace();
    let (Some(name), Some(sha), None) = (words.next(), words.next(), words.next()) else {
        return Some(unclear());
    };
    let (Ok(name), Ok(sha)) = (name.parse::<RepoName>(), sha.parse::<Sha>()) else { return Some(unclear()) };
    let found = inquiry.repository_named(name)?;
    Some(found.map_or_else(unclear, |repo| Deed::Candidate { repo, sha }))
}

/// Whether somebody may; `has_begun`: something of it was deployed.
fn verdict(
    act: &Act,
    has_begun: bool,
    policy: &EffectivePolicy,
    inquiry: &mut Inquiry<'_>,
) -> Option<Verdict> {
    if let Deed::Unclear { takes, .. } = &act.deed {
        return Some(Verdict::Refused(format!("it takes {takes} behind it")));
    }
    let closes = matches!(act.deed, Deed::CloseOut { .. });
    if closes && !has_begun {
        return Some(Verdict::Refused("nothing of this release was deployed yet".into()));
    }
    let managers = policy.release_managers();
    let operations = policy.group("operations").unwrap_or_default();
    let may = if closes { [managers, operations].concat() } else { managers.to_vec() };
    Some(match inquiry.membership(&may, &act.by)? {
        Membership::Member => Verdict::Allowed,
        Membership::Unknown(why) => Verdict::Unknown(why),
        Membership::Stranger => {
            let names: Vec<String> = may.iter().map(ToString::to_string).collect();
            let whom = if closes { "only a release manager or operations" } else { "only a release manager" };
            Verdict::Refused(format!("{whom} ({}) decides that", names.join(", ")))
        }
    })
}

impl Deed {
    /// The command, without its slash.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Self::Lock => "lock",
            Self::Candidate { .. } => "candidate",
            Self::Carry { .. } => "carry",
            Self::CloseOut { .. } => "done",
            Self::Swap(_) => "swap",
            Self::Substitute(_) | Self::SubstituteNoMore { .. } => "substitute",
            Self::Unclear { word, .. } => word,
        }
    }
}
