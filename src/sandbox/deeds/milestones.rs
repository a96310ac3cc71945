//! Milestones: made, moved, renamed, closed, deleted, and set on issues and pull requests.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::hooks::merge;
use super::super::objects;
use super::super::state::{Numbered, State};
use super::super::world::{Happened, Milestone};

impl State {
    fn announce_milestone(
        &mut self,
        repo: u64,
        actor: u64,
        number: u64,
        action: &str,
        more: Value,
    ) -> Option<()> {
        let mut payload = json!({ "action": action, "milestone": self.milestone_object(repo, number)? });
        merge(&mut payload, more);
        self.announce(repo, actor, "milestone", payload);
        Some(())
    }

    fn milestone_object(&self, repo: u64, number: u64) -> Option<Value> {
        let repo = self.repo(repo)?;
        Some(objects::milestone(&self.world, repo, repo.milestones.get(&number)?))
    }

    fn milestone_mut(&mut self, repo: u64, number: u64) -> Option<&mut Milestone> {
        let now = self.now();
        let milestone = self.repo_mut(repo)?.milestones.get_mut(&number)?;
        milestone.updated_at = now;
        Some(milestone)
    }

    pub fn create_milestone(
        &mut self,
        repo: u64,
        actor: u64,
        title: &str,
        due_on: Option<Timestamp>,
    ) -> Option<u64> {
        let (id, now) = (self.world.fresh_id(), self.now());
        let found = self.repo_mut(repo)?;
        found.next_milestone += 1;
        let number = found.next_milestone;
        let milestone = Milestone {
            id,
            number,
            title: title.to_owned(),
            description: None,
            creator: actor,
            due_on,
            created_at: now,
            updated_at: now,
            closed_at: None,
        };
        found.milestones.insert(number, milestone);
        self.announce_milestone(repo, actor, number, "created", json!({}))?;
        Some(number)
    }

    pub fn rename_milestone(&mut self, repo: u64, actor: u64, number: u64, to: &str) -> Option<()> {
        let from = std::mem::replace(&mut self.milestone_mut(repo, number)?.title, to.to_owned());
        let changes = json!({ "changes": { "title": { "from": from } } });
        self.announce_milestone(repo, actor, number, "edited", changes)
    }

    pub fn move_milestone(
        &mut self,
        repo: u64,
        actor: u64,
        number: u64,
        due_on: Option<Timestamp>,
    ) -> Option<()> {
        let from = std::mem::replace(&mut self.milestone_mut(repo, number)?.due_on, due_on);
        let from = from.map(objects::time).unwrap_or_default();
        let changes = json!({ "changes": { "due_on": { "from": from } } });
        self.announce_milestone(repo, actor, number, "edited", changes)
    }

    pub fn describe_milestone(&mut self, repo: u64, actor: u64, number: u64, text: &str) -> Option<()> {
        let from = self.milestone_mut(repo, number)?.description.replace(text.to_owned());
        let changes = json!({ "changes": { "description": { "from": from.unwrap_or_default() } } });
        self.announce_milestone(repo, actor, number, "edited", changes)
    }

    /// Opens or closes a milestone; tells of it only where it changes.
    pub fn set_milestone_open(&mut self, repo: u64, actor: u64, number: u64, open: bool) -> Option<()> {
        let now = self.now();
        let milestone = self.milestone_mut(repo, number)?;
        if milestone.closed_at.is_none() == open {
            return Some(());
        }
        milestone.closed_at = (!open).then_some(now);
        let action = if open { "opened" } else { "closed" };
        self.announce_milestone(repo, actor, number, action, json!({}))
    }

    /// Deletes a milestone: what was planned for it loses it, each with its own event.
    pub fn delete_milestone(&mut self, repo: u64, actor: u64, number: u64) -> Option<()> {
        let object = self.milestone_object(repo, number)?;
        let inside = self.repo(repo)?.issues.values().filter(|issue| issue.milestone == Some(number));
        for issue in inside.map(|issue| issue.number).collect::<Vec<_>>() {
            self.set_milestone(Numbered { repo, number: issue }, actor, None)?;
        }
        self.repo_mut(repo)?.milestones.remove(&number);
        self.announce(repo, actor, "milestone", json!({ "action": "deleted", "milestone": object }));
        Some(())
    }

    /// Plans an issue for a milestone, or for none; leaving the old one is told first.
    pub fn set_milestone(&mut self, at: Numbered, actor: u64, number: Option<u64>) -> Option<()> {
        let old = self.issue(at)?.1.milestone;
        if old == number {
            return Some(());
        }
        if let Some(old) = old {
            let title = self.repo(at.repo)?.milestones.get(&old)?.title.clone();
            self.touch(at)?.milestone = None;
            self.note(at, actor, Happened::Demilestoned(title))?;
            let object = self.milestone_object(at.repo, old)?;
            self.announce_issue(at, actor, "demilestoned", json!({ "milestone": object }))?;
        }
        let Some(number) = number else { return Some(()) };
        let title = self.repo(at.repo)?.milestones.get(&number)?.title.clone();
        self.touch(at)?.milestone = Some(number);
        self.note(at, actor, Happened::Milestoned(title))?;
        let object = self.milestone_object(at.repo, number)?;
        self.announce_issue(at, actor, "milestoned", json!({ "milestone": object }))
    }
}
