//! The merge queue: each entry is tested on a commit that holds the base, what waits before it, and itself.

use serde_json::json;

use super::super::objects;
use super::super::state::{Numbered, State};
use super::super::world::QueueEntry;

impl State {
    /// Puts a pull request at the end of the queue of its base branch; answers the commit to be tested.
    pub fn enqueue(&mut self, at: Numbered, actor: u64) -> Option<String> {
        self.announce_issue(at, actor, "enqueued", json!({}))?;
        self.group(at, actor)
    }

    /// Makes the merge group of a pull request behind whatever waits already.
    fn group(&mut self, at: Numbered, actor: u64) -> Option<String> {
        let (repo, issue) = self.issue(at)?;
        let pull = issue.pull.as_ref()?;
        let base_ref = pull.base_ref.clone();
        let ahead = repo.queue.iter().rev().find(|entry| entry.base_ref == base_ref);
        let base_sha =
            ahead.map_or_else(|| repo.branch(&base_ref), |entry| Some(&entry.head_sha))?.to_owned();
        let message = format!("Merge pull request #{} from {}\n\n{}", at.number, pull.head_ref, issue.title);
        let commit = self.joined(at.repo, &base_sha, &pull.head_sha, &message, actor)?;
        let serial = self.world.fresh_id();
        let head_sha = self.keep(at.repo, commit.told_apart(serial))?;
        let branch = format!("gh-readonly-queue/{base_ref}/pr-{}-{base_sha}", at.number);
        let entry = QueueEntry {
            id: self.world.fresh_id(),
            pull: at.number,
            base_ref,
            base_sha,
            head_sha: head_sha.clone(),
            head_ref: format!("refs/heads/{branch}"),
            enqueued_by: actor,
            enqueued_at: self.now(),
        };
        self.repo_mut(at.repo)?.queue.push(entry.clone());
        self.move_branch(at.repo, actor, &branch, &head_sha)?;
        self.announce_group(at.repo, &entry, json!({ "action": "checks_requested" }))?;
        Some(head_sha)
    }

    fn announce_group(
        &mut self,
        repo: u64,
        entry: &QueueEntry,
        mut payload: serde_json::Value,
    ) -> Option<()> {
        let commit = self.repo(repo)?.commits.get(&entry.head_sha)?;
        payload["merge_group"] = json!({
            "head_sha": entry.head_sha,
            "head_ref": entry.head_ref,
            "base_sha": entry.base_sha,
            "base_ref": format!("refs/heads/{}", entry.base_ref),
            "head_commit": objects::simple_commit(commit),
        });
        self.announce(repo, entry.enqueued_by, "merge_group", payload);
        Some(())
    }

    fn destroy(&mut self, repo: u64, entry: &QueueEntry, reason: &str) -> Option<()> {
        let found = self.repo_mut(repo)?;
        found.queue.retain(|other| other.id != entry.id);
        found.refs.remove(&entry.head_ref);
        self.announce_group(repo, entry, json!({ "action": "destroyed", "reason": reason }))
    }

    /// Takes a pull request out of the queue; what waits behind it is built anew.
    pub fn dequeue(&mut self, at: Numbered, actor: u64) -> Option<()> {
        let queue = &self.repo(at.repo)?.queue;
        let entry = queue.iter().find(|entry| entry.pull == at.number)?.clone();
        let same_base = queue.iter().filter(|other| other.base_ref == entry.base_ref);
        let behind: Vec<_> = same_base.skip_while(|other| other.id != entry.id).skip(1).cloned().collect();
        self.destroy(at.repo, &entry, "dequeued")?;
        self.announce_issue(at, actor, "dequeued", json!({ "reason": "MANUAL" }))?;
        for other in &behind {
            self.destroy(at.repo, other, "invalidated")?;
        }
        for other in behind {
            self.group(Numbered { repo: at.repo, number: other.pull }, other.enqueued_by)?;
        }
        Some(())
    }

    /// Lands the first entry of a branch's queue, as GitHub does when its checks have passed.
    pub fn land_first(&mut self, repo: u64, base: &str) -> Option<Numbered> {
        let entry = self.repo(repo)?.queue.iter().find(|entry| entry.base_ref == base)?.clone();
        let at = Numbered { repo, number: entry.pull };
        self.destroy(repo, &entry, "merged")?;
        self.announce_issue(at, entry.enqueued_by, "dequeued", json!({ "reason": "MERGE" }))?;
        self.land(at, entry.enqueued_by, &entry.head_sha)?;
        Some(at)
    }
}
