//! A repository: its commits and branches, labels, milestones, issues, checks and merge queue.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::deploying::{Deployment, Environment, Run};
use super::issue::Issue;

/// Every file of a commit, by path.
pub(in crate::sandbox) type Files = BTreeMap<String, Arc<str>>;

/// A repository. A fork shares nothing with its parent but copied commits.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Repo {
    pub id: u64,
    pub name: String,
    pub owner: u64,
    pub private: bool,
    pub default_branch: String,
    pub created_at: Timestamp,
    pub pushed_at: Timestamp,
    pub updated_at: Timestamp,
    pub parent: Option<u64>,
    pub collaborators: BTreeSet<u64>,
    pub commits: BTreeMap<String, Arc<Commit>>,
    /// Full names (`refs/heads/main`, `refs/tags/v1`) to commits, or to annotated tags.
    pub refs: BTreeMap<String, String>,
    /// Annotated tags, which are objects of their own, and what each points at.
    pub tags: BTreeMap<String, String>,
    pub labels: BTreeMap<u64, Label>,
    pub milestones: BTreeMap<u64, Milestone>,
    pub issues: BTreeMap<u64, Issue>,
    pub check_suites: BTreeMap<u64, CheckSuite>,
    pub check_runs: BTreeMap<u64, CheckRun>,
    pub queue: Vec<QueueEntry>,
    /// By name, in lower case.
    pub environments: BTreeMap<String, Environment>,
    /// What is asked for before something is merged into the default branch: by its own protection, and by a ruleset.
    pub protection: Option<Reviews>,
    pub ruleset: Option<Reviews>,
    /// The checks that a ruleset requires there, each by one App or by any.
    pub required_checks: Vec<(String, Option<u64>)>,
    /// The teams that may bypass the ruleset that requires checks; `None`: the App is not shown them.
    pub bypassing: Option<Vec<u64>>,
    pub runs: BTreeMap<u64, Run>,
    pub deployments: BTreeMap<u64, Deployment>,
    /// The patterns of tags that a ruleset keeps, each with its number.
    pub kept_tags: BTreeMap<u64, String>,
    /// What workflows have attested, by digest.
    pub attestations: BTreeMap<String, Vec<serde_json::Value>>,
    /// Issues that went to another repository: where they are now.
    pub transferred: BTreeMap<u64, (u64, u64)>,
    pub deleted: BTreeSet<u64>,
    pub next_number: u64,
    pub next_milestone: u64,
}

/// Reviews that GitHub asks for.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Reviews {
    pub id: u64,
    pub approvals: u64,
    pub code_owners: bool,
    /// Administrators need them too.
    pub binds_administrators: bool,
}

/// Who wrote or committed, and when.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Signature {
    pub name: String,
    pub email: String,
    pub account: Option<u64>,
    pub at: Timestamp,
}

/// A commit with the whole tree that it names.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Commit {
    pub sha: String,
    pub tree: String,
    pub parents: Vec<String>,
    pub message: String,
    pub author: Signature,
    pub committer: Signature,
    /// GitHub made it for somebody who had signed in, and signed it.
    pub signed: bool,
    /// From `Co-authored-by` trailers.
    pub co_authors: Vec<Signature>,
    pub files: Files,
}

/// A label of a repository.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Label {
    pub id: u64,
    pub name: String,
    pub color: String,
}

/// A milestone of a repository.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Milestone {
    pub id: u64,
    pub number: u64,
    pub title: String,
    pub description: Option<String>,
    pub creator: u64,
    pub due_on: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub closed_at: Option<Timestamp>,
}

/// The App's suite of checks on one commit.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct CheckSuite {
    pub id: u64,
    pub head_sha: String,
    pub head_branch: Option<String>,
    pub before: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// One check on one commit.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct CheckRun {
    pub id: u64,
    pub suite: u64,
    pub name: String,
    pub head_sha: String,
    pub external_id: Option<String>,
    pub details_url: Option<String>,
    pub status: String,
    pub conclusion: Option<String>,
    pub started_at: Timestamp,
    pub completed_at: Option<Timestamp>,
    pub output: Output,
    /// The App that made it, where it is another one.
    pub app: Option<String>,
}

/// What a check run says.
#[derive(Clone, Debug, Default)]
pub(in crate::sandbox) struct Output {
    pub title: Option<String>,
    pub summary: Option<String>,
    pub text: Option<String>,
}

/// A pull request that waits in the merge queue, with the commit that is being tested.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct QueueEntry {
    pub id: u64,
    pub pull: u64,
    pub base_ref: String,
    pub base_sha: String,
    pub head_sha: String,
    /// `refs/heads/gh-readonly-queue/{base}/pr-{number}-{sha}`.
    pub head_ref: String,
    pub enqueued_by: u64,
    pub enqueued_at: Timestamp,
}

impl Commit {
    /// Makes a commit; its name is a hash of everything in it, as in git, so the same content has the same name.
    pub fn new(
        parents: Vec<String>,
        files: Files,
        message: &str,
        author: Signature,
        committer: Signature,
    ) -> Self {
        let tree = hash(files.iter().flat_map(|(path, text)| [path.as_str(), text]));
        let (written, committed) = (author.at.to_string(), committer.at.to_string());
        let rest = [tree.as_str(), message, &author.email, &written, &committer.email, &committed];
        let sha = hash(parents.iter().map(String::as_str).chain(rest));
        let message = message.to_owned();
        Self { sha, tree, parents, message, author, committer, signed: false, co_authors: Vec::new(), files }
    }

    /// The same commit under another name, where the same work is done twice in one second.
    pub fn told_apart(self, serial: u64) -> Self {
        let sha = hash([self.sha.as_str(), &serial.to_string()]);
        Self { sha, ..self }
    }

    /// Paths that differ from another tree: added, removed, modified.
    pub fn changes<'c>(&'c self, before: Option<&'c Self>) -> [Vec<&'c str>; 3] {
        let [mut added, mut removed, mut modified] = [const { Vec::new() }; 3];
        for (path, text) in &self.files {
            match before.and_then(|before| before.files.get(path)) {
                None => added.push(path.as_str()),
                Some(old) if old != text => modified.push(path.as_str()),
                Some(_) => {}
            }
        }
        let old = before.into_iter().flat_map(|before| before.files.keys());
        removed.extend(old.filter(|path| !self.files.contains_key(*path)).map(String::as_str));
        [added, removed, modified]
    }
}

/// 40 hexadecimal digits that name a content. Not SHA-1, but nobody outside can tell.
pub(in crate::sandbox) fn hash<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.len().to_be_bytes());
        digest.update(part.as_bytes());
    }
    hex::encode(&digest.finalize()[..20])
}

impl Repo {
    pub fn new(id: u64, owner: u64, name: &str, at: Timestamp) -> Self {
        Self {
            id,
            name: name.to_owned(),
            owner,
            private: true,
            default_branch: "main".to_owned(),
            created_at: at,
            pushed_at: at,
            updated_at: at,
            parent: None,
            collaborators: BTreeSet::new(),
            commits: BTreeMap::new(),
            refs: BTreeMap::new(),
            tags: BTreeMap::new(),
            labels: BTreeMap::new(),
            milestones: BTreeMap::new(),
            issues: BTreeMap::new(),
            check_suites: BTreeMap::new(),
            check_runs: BTreeMap::new(),
            queue: Vec::new(),
            environments: BTreeMap::new(),
            protection: None,
            ruleset: None,
            required_checks: Vec::new(),
            bypassing: None,
            runs: BTreeMap::new(),
            deployments: BTreeMap::new(),
            kept_tags: BTreeMap::new(),
            attestations: BTreeMap::new(),
            transferred: BTreeMap::new(),
            deleted: BTreeSet::new(),
            next_number: 0,
            next_milestone: 0,
        }
    }

    pub fn label(&self, name: &str) -> Option<&Label> {
        self.labels.values().find(|label| label.name.eq_ignore_ascii_case(name))
    }

    pub fn branch(&self, name: &str) -> Option<&str> {
        self.refs.get(&format!("refs/heads/{name}")).map(String::as_str)
    }

    /// The commit behind a branch, a tag, a full ref, a SHA, or a unique beginning of a SHA.
    pub fn resolve(&self, name: &str) -> Option<&Arc<Commit>> {
        let candidates = [
            name.to_owned(),
            format!("refs/{name}"),
            format!("refs/heads/{name}"),
            format!("refs/tags/{name}"),
        ];
        let named = candidates.iter().find_map(|full| self.refs.get(full));
        if let Some(sha) = named {
            return self.commits.get(self.peeled(sha));
        }
        let name = if name == "HEAD" { self.branch(&self.default_branch)? } else { name };
        let unique = name.len() >= 7;
        self.commits.get(name).or_else(|| {
            let mut found = self.commits.iter().filter(|(sha, _)| unique && sha.starts_with(name));
            found.next().map(|(_, commit)| commit).filter(|_| found.next().is_none())
        })
    }

    /// What is under an annotated tag, and itself where it is none.
    pub fn peeled<'r>(&'r self, sha: &'r str) -> &'r str {
        self.tags.get(sha).map_or(sha, |target| self.peeled(target))
    }

    /// A commit and everything before it.
    pub fn ancestors(&self, sha: &str) -> BTreeSet<&str> {
        let mut seen = BTreeSet::new();
        let mut next = VecDeque::from([sha]);
        while let Some(commit) = next.pop_front().and_then(|sha| self.commits.get(sha)) {
            if seen.insert(commit.sha.as_str()) {
                next.extend(commit.parents.iter().map(String::as_str));
            }
        }
        seen
    }

    /// The commits up to `head` that changed a file, newest first, as `git log -- path` shows them.
    pub fn history(&self, head: &str, path: &str) -> Vec<&Arc<Commit>> {
        let file = |sha: &str| self.commits.get(sha).and_then(|commit| commit.files.get(path));
        let (mut found, mut next) = (vec![], Some(head));
        while let Some(commit) = next.and_then(|sha| self.commits.get(sha)) {
            let same = commit.parents.iter().find(|parent| file(parent) == commit.files.get(path));
            if same.is_none() && (commit.files.contains_key(path) || !commit.parents.is_empty()) {
                found.push(commit);
            }
            next = same.or(commit.parents.first()).map(String::as_str);
        }
        found
    }

    /// The commits that `head` has and `base` has not, oldest first.
    pub fn between(&self, base: &str, head: &str) -> Vec<&Arc<Commit>> {
        let known = self.ancestors(base);
        let mut found: Vec<&Arc<Commit>> = Vec::new();
        let mut stack = vec![head];
        while let Some(commit) = stack.pop().and_then(|sha| self.commits.get(sha)) {
            if !known.contains(commit.sha.as_str()) && !found.iter().any(|other| other.sha == commit.sha) {
                found.push(commit);
                stack.extend(commit.parents.iter().map(String::as_str));
            }
        }
        found.reverse();
        found
    }

    /// The newest commit that both have, if any.
    pub fn merge_base(&self, base: &str, head: &str) -> Option<&Arc<Commit>> {
        let known = self.ancestors(base);
        let mut next = VecDeque::from([head]);
        while let Some(sha) = next.pop_front() {
            let commit = self.commits.get(sha)?;
            if known.contains(sha) {
                return Some(commit);
            }
            next.extend(commit.parents.iter().map(String::as_str));
        }
        None
    }

    /// Open pull requests with this head commit.
    pub fn pulls_at(&self, sha: &str) -> Vec<&Issue> {
        let here = |issue: &&Issue| {
            issue.open
                && issue.pull.as_ref().is_some_and(|pull| pull.head_sha == sha && pull.head_repo == self.id)
        };
        self.issues.values().filter(here).collect()
    }

    /// Open and closed issues of a milestone.
    pub fn milestone_counts(&self, number: u64) -> (usize, usize) {
        let inside = self.issues.values().filter(|issue| issue.milestone == Some(number));
        let (open, closed): (Vec<&Issue>, Vec<&Issue>) = inside.partition(|issue| issue.open);
        (open.len(), closed.len())
    }
}

/// The name of a file's content.
pub(in crate::sandbox) fn blob_sha(text: &str) -> String {
    hash(["blob", text])
}
