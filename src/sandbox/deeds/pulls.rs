//! Pull requests: opened, changed, reviewed, merged, and what they close.

use std::collections::BTreeSet;

use serde_json::json;

use super::super::objects;
use super::super::state::{Numbered, State};
use super::super::world::{Closer, Commit, Pull, Review};
use super::closing_references;

impl State {
    /// Opens a pull request from a branch (of this repository or of a fork) into a branch of this one.
    pub fn open_pull(
        &mut self,
        repo: u64,
        actor: u64,
        (head_repo, head): (u64, &str),
        base: &str,
        (title, body, draft): (&str, &str, bool),
    ) -> Option<Numbered> {
        self.fetch_commits(head_repo, repo)?;
        let head_sha = self.repo(head_repo)?.branch(head)?.to_owned();
        let base_sha = self.repo(repo)?.branch(base)?.to_owned();
        let id = self.world.fresh_id();
        let at = self.new_issue(repo, actor, title, body)?;
        self.issue_mut(at)?.pull = Some(Pull {
            id,
            head_repo,
            head_ref: head.to_owned(),
            head_sha: head_sha.clone(),
            base_ref: base.to_owned(),
            base_sha,
            draft,
            merged: None,
            merge_commit: None,
            reviews: Vec::new(),
            linked: BTreeSet::new(),
        });
        if head_repo != repo {
            self.request_suite(repo, actor, None, None, &head_sha)?;
        }
        self.announce_issue(at, actor, "opened", json!({}))?;
        Some(at)
    }

    /// GitHub's Revert button on a merged pull request: a branch, a commit and a pull request that take it back.
    pub fn revert(&mut self, at: Numbered, actor: u64) -> Option<Numbered> {
        let (repo, issue) = self.issue(at)?;
        let pull = issue.pull.as_ref()?;
        let (base, merged) = (pull.base_ref.clone(), pull.merge_commit.clone()?);
        let branch = format!("revert-{}-{}", at.number, pull.head_ref);
        let title = format!("Revert \"{}\"", issue.title);
        let body = format!("Reverts {}#{}", self.world.full_name(repo), at.number);
        let message = format!("{title}\n\nThis reverts commit {merged}.");
        self.replay(at.repo, actor, (&branch, &base), (&merged, true), &message)?;
        self.open_pull(at.repo, actor, (at.repo, &branch), &base, (&title, &body, false))
    }

    fn pull_mut(&mut self, at: Numbered) -> Option<&mut Pull> {
        self.touch(at)?.pull.as_mut()
    }

    /// Turns a draft into a pull request that can be merged, or back.
    pub fn set_draft(&mut self, at: Numbered, actor: u64, draft: bool) -> Option<()> {
        self.pull_mut(at)?.draft = draft;
        let action = if draft { "converted_to_draft" } else { "ready_for_review" };
        self.announce_issue(at, actor, action, json!({}))
    }

    /// Aims a pull request at another branch.
    pub fn retarget(&mut self, at: Numbered, actor: u64, base: &str) -> Option<()> {
        let sha = self.repo(at.repo)?.branch(base)?.to_owned();
        let pull = self.pull_mut(at)?;
        let from_ref = std::mem::replace(&mut pull.base_ref, base.to_owned());
        let from_sha = std::mem::replace(&mut pull.base_sha, sha);
        let changes = json!({ "base": { "ref": { "from": from_ref }, "sha": { "from": from_sha } } });
        self.announce_issue(at, actor, "edited", json!({ "changes": changes }))
    }

    /// Links an issue by hand, or takes the link away. GitHub tells nobody.
    pub fn link(&mut self, at: Numbered, issue: Numbered, linked: bool) -> Option<()> {
        let links = &mut self.issue_mut(at)?.pull.as_mut()?.linked;
        if linked {
            links.insert((issue.repo, issue.number));
        } else {
            links.remove(&(issue.repo, issue.number));
        }
        Some(())
    }

    /// Reviews the head of a pull request; answers the review's id.
    pub fn review(&mut self, at: Numbered, actor: u64, state: &str, body: &str) -> Option<u64> {
        let (id, submitted_at) = (self.world.fresh_id(), self.now());
        let pull = self.pull_mut(at)?;
        pull.reviews.push(Review {
            id,
            author: actor,
            state: state.to_owned(),
            body: body.to_owned(),
            commit: pull.head_sha.clone(),
            submitted_at,
        });
        self.announce_review(at, actor, id, "submitted")?;
        Some(id)
    }

    pub fn dismiss_review(&mut self, at: Numbered, actor: u64, id: u64) -> Option<()> {
        let review = self.pull_mut(at)?.reviews.iter_mut().find(|review| review.id == id)?;
        "DISMISSED".clone_into(&mut review.state);
        self.announce_review(at, actor, id, "dismissed")
    }

    fn announce_review(&mut self, at: Numbered, actor: u64, id: u64, action: &str) -> Option<()> {
        let (repo, issue) = self.issue(at)?;
        let pull = issue.pull.as_ref()?;
        let review = pull.reviews.iter().find(|review| review.id == id)?;
        let payload = json!({
            "action": action,
            "review": objects::review(&self.world, repo, issue, review),
            "pull_request": objects::pull_summary(&self.world, repo, issue, pull),
        });
        self.announce(at.repo, actor, "pull_request_review", payload);
        Some(())
    }

    /// Merges with a merge commit; answers its SHA.
    pub fn merge(&mut self, at: Numbered, actor: u64) -> Option<String> {
        let (repo, issue) = self.issue(at)?;
        let pull = issue.pull.as_ref()?;
        let message = format!("Merge pull request #{} from {}\n\n{}", at.number, pull.head_ref, issue.title);
        let base = repo.branch(&pull.base_ref)?;
        let commit = self.joined(at.repo, base, &pull.head_sha, &message, actor)?;
        let sha = self.keep(at.repo, commit)?;
        self.land(at, actor, &sha)?;
        Some(sha)
    }

    /// Squashes everything into one commit on the base branch; answers its SHA.
    pub fn squash(&mut self, at: Numbered, actor: u64) -> Option<String> {
        let (repo, issue) = self.issue(at)?;
        let pull = issue.pull.as_ref()?;
        let message = format!("{} (#{})", issue.title, at.number);
        let base = repo.branch(&pull.base_ref)?;
        let commit = self.joined(at.repo, base, &pull.head_sha, &message, actor)?;
        let Commit { files, author, committer, .. } = commit;
        let commit = Commit::new(vec![base.to_owned()], files, &message, author, committer);
        let sha = self.keep(at.repo, commit)?;
        self.land(at, actor, &sha)?;
        Some(sha)
    }

    /// Moves the base branch to the merge commit, and closes the pull request and what it closes.
    pub fn land(&mut self, at: Numbered, actor: u64, sha: &str) -> Option<()> {
        let now = self.now();
        let closes = self.closes_on_merge(at)?;
        let issue = self.touch(at)?;
        (issue.open, issue.closed) = (false, Some((now, actor)));
        let pull = issue.pull.as_mut()?;
        (pull.merged, pull.merge_commit) = (Some((now, actor)), Some(sha.to_owned()));
        let base = pull.base_ref.clone();
        self.announce_issue(at, actor, "closed", json!({}))?;
        self.move_branch(at.repo, actor, &base, sha)?;
        for issue in closes {
            let closer = Closer::Pull { repo: at.repo, number: at.number };
            self.close(issue, actor, Some("completed"), Some(closer))?;
        }
        Some(())
    }

    fn closes_on_merge(&self, at: Numbered) -> Option<Vec<Numbered>> {
        let mut closes = self.closing_issues(at)?;
        let (repo, issue) = self.issue(at)?;
        let pull = issue.pull.as_ref()?;
        if pull.base_ref == repo.default_branch {
            for commit in repo.between(&pull.base_sha, &pull.head_sha) {
                closes.extend(self.closed_by(at.repo, &commit.message));
            }
        }
        closes.sort();
        closes.dedup();
        Some(closes)
    }

    /// The issues that GitHub shows as closed by a pull request: by keyword, if it goes into the default branch,
    /// or by hand.
    pub fn closing_issues(&self, at: Numbered) -> Option<Vec<Numbered>> {
        let (repo, issue) = self.issue(at)?;
        let pull = issue.pull.as_ref()?;
        let by_hand = pull.linked.iter().map(|(repo, number)| Numbered { repo: *repo, number: *number });
        let mut found: Vec<Numbered> = by_hand.filter(|at| self.issue(*at).is_some()).collect();
        if pull.base_ref == repo.default_branch {
            found.extend(self.closed_by(at.repo, issue.body.as_deref().unwrap_or_default()));
        }
        found.sort();
        found.dedup();
        Some(found)
    }

    /// The issues that exist among those that a text closes.
    pub fn closed_by(&self, repo: u64, text: &str) -> Vec<Numbered> {
        let find = |(name, number): (Option<String>, u64)| {
            let repo = match name {
                None => self.repo(repo)?,
                Some(name) => self.world.repo(&name)?,
            };
            let issue = repo.issues.get(&number).filter(|issue| issue.pull.is_none())?;
            Some(Numbered { repo: repo.id, number: issue.number })
        };
        closing_references(text).into_iter().filter_map(find).collect()
    }

    /// The pull requests that close an issue.
    pub fn closing_pulls(&self, issue: Numbered) -> Vec<Numbered> {
        let mut found = Vec::new();
        for repo in self.world.repos.values() {
            for number in repo.issues.values().filter(|it| it.pull.is_some()).map(|it| it.number) {
                let at = Numbered { repo: repo.id, number };
                if self.closing_issues(at).is_some_and(|closes| closes.contains(&issue)) {
                    found.push(at);
                }
            }
        }
        found
    }
}
