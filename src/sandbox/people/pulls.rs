//! What people do with branches, pull requests, the merge queue and checks.

use super::Person;
use crate::sandbox::state::Numbered;

/// A reviewer's stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Approve,
    RequestChanges,
    Comment,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Approve => "APPROVED",
            Self::RequestChanges => "CHANGES_REQUESTED",
            Self::Comment => "COMMENTED",
        }
    }
}

/// A pull request to be opened.
#[derive(Clone, Copy, Debug, Default)]
pub struct Entry<'t> {
    /// The branch with the change: `topic`, or `owner/name:topic` for a fork.
    pub head: &'t str,
    /// The branch it goes into; the default branch where this is empty.
    pub base: &'t str,
    pub title: &'t str,
    pub body: &'t str,
    pub draft: bool,
}

impl Person<'_> {
    /// Commits files and pushes them to a branch, made from the default branch where there is none; answers the SHA.
    pub fn push(&self, repo: &str, branch: &str, files: &[(&str, &str)], message: &str) -> String {
        self.in_repo("push", repo, |state, me, repo| state.push(repo, me, branch, files, message))
    }

    /// The same through GitHub's API, which signs what it commits for somebody; answers the SHA.
    pub fn commit(&self, repo: &str, branch: &str, files: &[(&str, &str)], message: &str) -> String {
        self.in_repo("commit", repo, |state, me, repo| state.commit_for(repo, me, branch, files, message))
    }

    /// Points a branch to a commit that exists, as a force-push does.
    pub fn force_push(&self, repo: &str, branch: &str, sha: &str) {
        self.in_repo("force_push", repo, |state, me, repo| {
            let sha = state.repo(repo)?.resolve(sha)?.sha.clone();
            state.move_branch(repo, me, branch, &sha)
        });
    }

    /// `git cherry-pick -x`: does on a branch what a commit did, and pushes it; answers the SHA. The branch is made from
    /// `base` where there is none.
    pub fn cherry_pick(&self, repo: &str, sha: &str, branch: &str, base: &str) -> String {
        self.in_repo("cherry_pick", repo, |state, me, repo| {
            let picked = state.repo(repo)?.resolve(sha)?;
            let (sha, message) = (picked.sha.clone(), picked.message.clone());
            let message = format!("{message}\n\n(cherry picked from commit {sha})");
            state.replay(repo, me, (branch, base), (&sha, false), &message)
        })
    }

    /// `git revert`: takes back on a branch what a commit did, and pushes it; answers the SHA.
    pub fn take_back(&self, repo: &str, sha: &str, branch: &str) -> String {
        self.in_repo("take_back", repo, |state, me, repo| {
            let undone = state.repo(repo)?.resolve(sha)?;
            let (sha, message) = (undone.sha.clone(), undone.message.clone());
            let headline = message.lines().next().unwrap_or_default();
            let message = format!("Revert \"{headline}\"\n\nThis reverts commit {sha}.");
            state.replay(repo, me, (branch, branch), (&sha, true), &message)
        })
    }

    /// Presses Revert on a merged pull request; answers the pull request that takes it back.
    pub fn revert(&self, at: Numbered) -> Numbered {
        self.to("revert", at, |state, me| state.revert(at, me))
    }

    /// Merges a branch into another and pushes it, as "Update branch" does; answers the SHA.
    pub fn merge_branch(&self, repo: &str, from: &str, into: &str) -> String {
        self.in_repo("merge_branch", repo, |state, me, repo| state.merge_branch(repo, me, from, into))
    }

    pub fn create_branch(&self, repo: &str, branch: &str, from: &str) -> String {
        self.in_repo("create_branch", repo, |state, me, repo| state.create_branch(repo, me, branch, from))
    }

    pub fn delete_branch(&self, repo: &str, branch: &str) {
        self.in_repo("delete_branch", repo, |state, me, repo| state.delete_branch(repo, me, branch));
    }

    pub fn create_tag(&self, repo: &str, tag: &str, from: &str) {
        self.in_repo("create_tag", repo, |state, me, repo| state.create_tag(repo, me, tag, from));
    }

    /// Makes an annotated tag, which is an object of its own; of a tag, it is one around the other.
    pub fn annotate_tag(&self, repo: &str, tag: &str, from: &str) {
        self.in_repo("annotate_tag", repo, |state, me, repo| state.annotate_tag(repo, me, tag, from));
    }

    pub fn delete_tag(&self, repo: &str, tag: &str) {
        self.in_repo("delete_tag", repo, |state, me, repo| state.delete_tag(repo, me, tag));
    }

    pub fn open_pull_request(&self, repo: &str, entry: Entry<'_>) -> Numbered {
        let Entry { head, base, title, body, draft } = entry;
        self.in_repo("open_pull_request", repo, |state, me, repo| {
            let (head_repo, head) = match head.split_once(':') {
                Some((fork, branch)) => (state.world.repo(fork)?.id, branch),
                None => (repo, head),
            };
            let default = state.repo(repo)?.default_branch.clone();
            let base = if base.is_empty() { &default } else { base };
            state.open_pull(repo, me, (head_repo, head), base, (title, body, draft))
        })
    }

    pub fn ready_for_review(&self, at: Numbered) {
        self.to("ready_for_review", at, |state, me| state.set_draft(at, me, false));
    }

    pub fn convert_to_draft(&self, at: Numbered) {
        self.to("convert_to_draft", at, |state, me| state.set_draft(at, me, true));
    }

    /// Aims a pull request at another branch.
    pub fn retarget(&self, at: Numbered, base: &str) {
        self.to("retarget", at, |state, me| state.retarget(at, me, base));
    }

    /// Links an issue in the side bar of a pull request. GitHub sends no webhook.
    pub fn link_issue(&self, at: Numbered, issue: Numbered) {
        self.to("link_issue", at, |state, _| state.link(at, issue, true));
    }

    pub fn unlink_issue(&self, at: Numbered, issue: Numbered) {
        self.to("unlink_issue", at, |state, _| state.link(at, issue, false));
    }

    /// Reviews the present head; answers the id of the review.
    pub fn review(&self, at: Numbered, verdict: Verdict, text: &str) -> u64 {
        self.to("review", at, |state, me| state.review(at, me, verdict.word(), text))
    }

    pub fn dismiss_review(&self, at: Numbered, review: u64) {
        self.to("dismiss_review", at, |state, me| state.dismiss_review(at, me, review));
    }

    /// Merges with a merge commit, and closes the issues that the pull request closes; answers the SHA.
    pub fn merge(&self, at: Numbered) -> String {
        self.to("merge", at, |state, me| state.merge(at, me))
    }

    /// Merges by squashing everything into one commit; answers its SHA.
    pub fn squash(&self, at: Numbered) -> String {
        self.to("squash", at, |state, me| state.squash(at, me))
    }

    /// Puts a pull request into the merge queue; answers the commit that is to be tested.
    pub fn enqueue(&self, at: Numbered) -> String {
        self.to("enqueue", at, |state, me| state.enqueue(at, me))
    }

    pub fn dequeue(&self, at: Numbered) {
        self.to("dequeue", at, |state, me| state.dequeue(at, me));
    }

    pub fn rerequest_check_run(&self, repo: &str, run: u64) {
        self.in_repo("rerequest_check_run", repo, |state, me, repo| state.rerequest_run(repo, me, run));
    }

    pub fn rerequest_check_suite(&self, repo: &str, sha: &str) {
        self.in_repo("rerequest_check_suite", repo, |state, me, repo| state.rerequest_suite(repo, me, sha));
    }

    /// Presses a button of a check run.
    pub fn press(&self, repo: &str, run: u64, identifier: &str) {
        self.in_repo("press", repo, |state, me, repo| state.press(repo, me, run, identifier));
    }
}
