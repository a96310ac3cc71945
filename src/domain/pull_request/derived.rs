//! Pull requests that repeat, undo or bring back what is merged already: they belong to the change requests of that.
//!
//! What somebody writes is only a claim. A revert counts when it takes back exactly what the merged pull request had
//! done, and a backport when it does exactly the same, nothing more and nothing less; a back-merge when every one of its
//! commits came with a merged pull request. Whether those were covered themselves is judged where the verdict is.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    super::{
        claim::{Claims, Source},
        facts::{Fact, Inquiry},
        ids::{IssueRef, Sha, SubjectId},
        link::Link,
        patch::{self, Way},
        subject::View,
    },
    PullRequest, PullRequestView,
};

/// More pull requests at once are compared by people.
const MOST: usize = 20;

/// What a pull request says that it repeats or undoes, and what is true of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Derived {
    pub kind: Kind,
    /// The merged pull requests, in order.
    pub from: Vec<IssueRef>,
    pub proof: Proof,
    /// The change requests that those belong to; it is a part of each.
    pub inherits: Vec<Link>,
}

/// How it is derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It takes back what they did.
    Undoes,
    /// It does what they did once more, elsewhere.
    Repeats,
    /// It brings the commits that came with them to another branch.
    Brings,
}

/// Whether the claim holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    Given,
    /// What it names is not merged, or not known here, yet; why, as the end of a sentence.
    Waits(String),
    /// It does not, or it cannot be seen; why, as the end of a sentence.
    Missing(String),
    /// GitHub could not be asked; why, as a sentence.
    Unknown(String),
}

impl Derived {
    /// Whether it counts.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.proof == Proof::Given
    }

    /// Whether another look may find more, although the pull request is the same.
    pub(super) const fn is_open(&self) -> bool {
        matches!(self.proof, Proof::Waits(_) | Proof::Unknown(_))
    }

    /// Whether it is work on the change requests of what it is derived from; a back-merge adds nothing to them.
    #[must_use]
    pub fn is_work(&self) -> bool {
        self.is_proven() && self.kind != Kind::Brings
    }

    /// Whether it takes back what this pull request did.
    #[must_use]
    pub fn undoes(&self, at: IssueRef) -> bool {
        self.is_proven() && self.kind == Kind::Undoes && self.from.contains(&at)
    }
}

/// `None`: it claims nothing, or an answer is not there yet.
pub(super) fn find(
    pull_request: &PullRequest,
    claims: &Claims,
    inquiry: &mut Inquiry<'_>,
) -> Option<Derived> {
    let at = pull_request.seen.at;
    let Claims { undoes, repeats, brings } = claims;
    let (kind, found) = if !undoes.is_empty() {
        (Kind::Undoes, sources(undoes, at, inquiry))
    } else if !repeats.is_empty() {
        (Kind::Repeats, sources(repeats, at, inquiry))
    } else if !brings.is_empty() && pull_request.linked.links.is_empty() {
        (Kind::Brings, Ok(brings.iter().map(|number| IssueRef { repo: at.repo, number: *number }).collect()))
    } else {
        return None;
    };
    let derived = |from: &BTreeSet<IssueRef>, proof, inherits| {
        Some(Derived { kind, from: from.iter().copied().collect(), proof, inherits })
    };
    let from = match found {
        Ok(from) => from,
        Err(proof) => return derived(&BTreeSet::new(), proof, vec![]),
    };
    if from.is_empty() {
        return None;
    }
    if from.len() > MOST {
        return derived(&BTreeSet::new(), Proof::Missing(format!("it names more than {MOST}")), vec![]);
    }
    let views: BTreeMap<IssueRef, Option<&PullRequestView>> =
        from.iter().map(|from| (*from, view(*from, inquiry))).collect();
    if kind == Kind::Brings {
        return brought(pull_request, &views);
    }
    let proof = merged(&views).map_or_else(|| compared(at, &from, kind, inquiry), Some)?;
    derived(&from, proof, inherited(&views))
}

fn view<'a>(at: IssueRef, inquiry: &mut Inquiry<'a>) -> Option<&'a PullRequestView> {
    inquiry.view(SubjectId::PullRequest(at)).flatten().and_then(View::as_pull_request)
}

/// The pull requests of this repository that are meant.
fn sources(
    sources: &BTreeSet<Source>,
    at: IssueRef,
    inquiry: &mut Inquiry<'_>,
) -> Result<BTreeSet<IssueRef>, Proof> {
    let mut found = BTreeSet::new();
    for source in sources.iter().take(MOST + 1) {
        match source {
            Source::PullRequest(number) => {
                found.insert(IssueRef { repo: at.repo, number: *number });
            }
            Source::Commit(sha) => match inquiry.origins(at.repo, sha) {
                None => {}
                Some(Fact::Known([], _)) => {
                    let missing = format!("`{}` came with no merged pull request here", sha.short());
                    return Err(Proof::Missing(missing));
                }
                Some(Fact::Known(numbers, _)) => {
                    found.extend(numbers.iter().map(|number| IssueRef { repo: at.repo, number: *number }));
                }
                Some(Fact::Unknown(why)) => return Err(Proof::Unknown(why)),
            },
        }
    }
    found.remove(&at);
    Ok(found)
}

type Views<'a> = BTreeMap<IssueRef, Option<&'a PullRequestView>>;

/// What stands against it if one of them is not merged, or not known well enough.
fn merged(views: &Views<'_>) -> Option<Proof> {
    views.iter().find_map(|(at, view)| {
        let number = at.number;
        let missing = |why: &str| Some(Proof::Missing(format!("#{number} {why}")));
        let waits = |why: &str| Some(Proof::Waits(format!("#{number} {why}")));
        match view {
            None => waits("is no pull request that Changegate has seen"),
            Some(view) if view.merged_at.is_none() => waits("is not merged"),
            Some(view) if !view.lost_links.is_empty() || view.too_many_links => {
                missing("has links of its own that cannot be followed")
            }
            Some(view) => {
                view.unknown.as_ref().map(|why| Proof::Unknown(format!("#{number} could not be read: {why}")))
            }
        }
    })
}

/// `None`: not answered yet.
fn compared(at: IssueRef, from: &BTreeSet<IssueRef>, kind: Kind, inquiry: &mut Inquiry<'_>) -> Option<Proof> {
    let way = if kind == Kind::Undoes { Way::Back } else { Way::Again };
    let asked: Vec<_> = std::iter::once(&at).chain(from).map(|at| inquiry.changes(*at)).collect();
    let mut changes = vec![];
    for answer in asked {
        match answer? {
            Fact::Known(Some(found), _) => changes.push(found),
            Fact::Known(None, _) => return Some(Proof::Missing("GitHub does not show it any more".into())),
            Fact::Unknown(why) => return Some(Proof::Unknown(why)),
        }
    }
    let (own, others) = changes.split_first()?;
    let others: Vec<_> = others.iter().map(|other| (*other, way)).collect();
    Some(patch::difference(own, &others).map_or(Proof::Given, Proof::Missing))
}

/// A back-merge: each of its commits must have come with one of them. One that names a pull request by chance and
/// brings a commit of its own is no claim.
fn brought(pull_request: &PullRequest, views: &Views<'_>) -> Option<Derived> {
    let read = pull_request.read.as_ref()?;
    let merged: BTreeMap<IssueRef, &PullRequestView> = views
        .iter()
        .filter_map(|(at, view)| Some((*at, view.filter(|view| view.merged_at.is_some())?)))
        .collect();
    let came = |sha: &&Sha| merged.values().any(|view| view.brought.contains(sha));
    read.commits.iter().find(came)?;
    let strange = read.commits.iter().find(|sha| !came(sha));
    let views: Views<'_> = merged.iter().map(|(at, view)| (*at, Some(*view))).collect();
    let proof = match (strange, self::merged(&views)) {
        (Some(sha), _) => Proof::Missing(format!("`{}` came with no merged pull request here", sha.short())),
        (None, Some(doubt)) => doubt,
        (None, None) => Proof::Given,
    };
    Some(Derived {
        kind: Kind::Brings,
        from: views.keys().copied().collect(),
        proof,
        inherits: inherited(&views),
    })
}

/// The change requests of all of them, each once; it finishes none.
fn inherited(views: &Views<'_>) -> Vec<Link> {
    let links = views.values().flatten().flat_map(|view| &view.links);
    let to: BTreeSet<IssueRef> = links.map(|link| link.to).collect();
    to.into_iter().map(|to| Link { to, finishes: false }).collect()
}
