//! What has changed between two revisions, in words, and which groups sign again for it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    super::{
        finding::code,
        ids::{IssueRef, RepoId, RepoName, Sha},
        named::Named,
        policy::{Again, Resign},
    },
    Parts,
};

/// What is different in a later revision.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The change requests that joined and left.
    pub scope: Scope,
    /// The candidates that moved.
    pub commits: Vec<Moved>,
    /// The change requests whose text changed.
    pub text: Vec<IssueRef>,
    /// The rules are others.
    pub rules: bool,
    /// What the pull request does to its base is different.
    pub diff: bool,
}

/// Who came and who went.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    pub joined: Vec<IssueRef>,
    pub left: Vec<IssueRef>,
}

/// A candidate that is another commit; `None`: the repository is not in the release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    pub repo: RepoId,
    pub from: Option<Sha>,
    pub to: Option<Sha>,
}

/// What repositories are called, for sentences that stand in the repository `here`.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    pub here: RepoId,
    pub repositories: &'a BTreeMap<RepoId, RepoName>,
}

impl Names<'_> {
    /// `#128` here, `acme/billing#3` elsewhere.
    #[must_use]
    pub fn change(&self, at: IssueRef) -> Named {
        Named::issue(at, self.here, self.repositories.get(&at.repo))
    }

    /// What a repository is called.
    #[must_use]
    pub fn repository(&self, repo: RepoId) -> String {
        let name = self.repositories.get(&repo);
        name.map_or_else(|| "a repository unknown here".into(), ToString::to_string)
    }
}

/// How many differences are said one by one.
const MOST: usize = 12;

impl Difference {
    pub(super) fn between(before: &Parts, after: &Parts) -> Self {
        let Parts { texts, commits, diff, rules } = after;
        let was: BTreeMap<_, _> = before.texts.iter().map(|(at, text)| (*at, text)).collect();
        let is: BTreeMap<_, _> = texts.iter().map(|(at, text)| (*at, text)).collect();
        let other = |at: &&IssueRef| was.get(at).is_some_and(|text| is.get(at) != Some(text));
        Self {
            scope: Scope {
                joined: is.keys().filter(|at| !was.contains_key(at)).copied().collect(),
                left: was.keys().filter(|at| !is.contains_key(at)).copied().collect(),
            },
            commits: moved(&before.commits, commits),
            text: is.keys().filter(other).copied().collect(),
            rules: *rules != before.rules,
            diff: *diff != before.diff,
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// "#128's text changed; acme/web moved from `4f2c9e1` to `9ab1d04`; #130 joined", and what it names.
    #[must_use]
    pub fn in_words(&self, names: Names<'_>) -> (String, Vec<Named>) {
        let Self { scope, commits, text, rules, diff } = self;
        let changes = |at: &[IssueRef], what: &str| -> Vec<(String, Option<Named>)> {
            let said = |named: Named| (format!("{}{what}", named.text), Some(named));
            at.iter().map(|at| said(names.change(*at))).collect()
        };
        let mut said = changes(text, "'s text changed");
        said.extend(commits.iter().map(|moved| (moved.in_words(names), None)));
        said.extend(diff.then(|| ("what it does to its base changed".into(), None)));
        said.extend(changes(&scope.joined, " joined"));
        said.extend(changes(&scope.left, " left"));
        said.extend(rules.then(|| ("the rules that judge it changed".into(), None)));
        let more = said.len().saturating_sub(MOST);
        said.truncate(MOST);
        let (mut words, named): (Vec<String>, Vec<Option<Named>>) = said.into_iter().unzip();
        words.extend((more > 0).then(|| format!("{more} more")));
        (words.join("; "), named.into_iter().flatten().collect())
    }
}

fn moved(before: &BTreeMap<RepoId, Sha>, after: &BTreeMap<RepoId, Sha>) -> Vec<Moved> {
    let repos: BTreeSet<RepoId> = before.keys().chain(after.keys()).copied().collect();
    let moved = repos.into_iter().map(|repo| {
        let of = |commits: &BTreeMap<RepoId, Sha>| commits.get(&repo).cloned();
        Moved { repo, from: of(before), to: of(after) }
    });
    moved.filter(|moved| moved.from != moved.to).collect()
}

impl Moved {
    fn in_words(&self, names: Names<'_>) -> String {
        let repository = names.repository(self.repo);
        let short = |sha: &Sha| code(sha.short());
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => format!("{repository} moved from {} to {}", short(from), short(to)),
            (None, Some(to)) => format!("{repository} joined at {}", short(to)),
            (Some(_) | None, None) => format!("{repository} left"),
        }
    }
}

impl Resign {
    /// Whether this group signs again after this. Everybody does when the rules are others.
    #[must_use]
    pub fn asks(&self, group: &str, after: &Difference) -> bool {
        let Difference { scope, commits, text, rules, diff } = after;
        let Self { scope: for_scope, commits: for_commits, text: for_text } = self;
        *rules
            || (*scope != Scope::default() && contains(for_scope, group))
            || ((!commits.is_empty() || *diff) && contains(for_commits, group))
            || (!text.is_empty() && contains(for_text, group))
    }
}

fn contains(again: &Again, group: &str) -> bool {
    match again {
        Again::All => true,
        Again::Groups(groups) => groups.contains(group),
    }
}
