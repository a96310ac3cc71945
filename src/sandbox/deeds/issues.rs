//! Issues, and what issues and pull requests share: labels, milestones, state, text.

use serde_json::{Value, json};

use super::super::hooks::merge;
use super::super::objects;
use super::super::state::{Numbered, State};
use super::super::world::{Closer, Happened, Issue, Label, TimelineEvent};

/// A change to what an issue says; `None` leaves a part as it is.
#[derive(Clone, Debug, Default)]
pub(in crate::sandbox) struct IssueChange {
    pub title: Option<String>,
    pub body: Option<String>,
}

impl State {
    /// Tells of something that happened to an issue or a pull request.
    pub fn announce_issue(&mut self, at: Numbered, actor: u64, action: &str, more: Value) -> Option<()> {
        let (repo, issue) = self.issue(at)?;
        let (event, mut payload) = match &issue.pull {
            Some(pull) => {
                let object = objects::pull(&self.world, repo, issue, pull);
                ("pull_request", json!({ "action": action, "number": at.number, "pull_request": object }))
            }
            None => {
                ("issues", json!({ "action": action, "issue": objects::issue(&self.world, repo, issue) }))
            }
        };
        merge(&mut payload, more);
        self.announce(at.repo, actor, event, payload);
        Some(())
    }

    /// Notes in an issue's timeline what happened now.
    pub fn note(&mut self, at: Numbered, actor: u64, what: Happened) -> Option<()> {
        let event = TimelineEvent { id: self.world.fresh_id(), at: self.now(), actor, what };
        self.touch(at)?.timeline.push(event);
        Some(())
    }

    /// A new issue or pull request with the next number of the repository; nobody is told yet.
    pub fn new_issue(&mut self, repo: u64, actor: u64, title: &str, body: &str) -> Option<Numbered> {
        let (id, now) = (self.world.fresh_id(), self.now());
        let repo = self.repo_mut(repo)?;
        repo.next_number += 1;
        let number = repo.next_number;
        let mut issue = Issue::new(id, number, actor, now);
        title.clone_into(&mut issue.title);
        issue.body = (!body.is_empty()).then(|| body.to_owned());
        repo.issues.insert(number, issue);
        Some(Numbered { repo: repo.id, number })
    }

    pub fn open_issue(&mut self, repo: u64, actor: u64, title: &str, body: &str) -> Option<Numbered> {
        let at = self.new_issue(repo, actor, title, body)?;
        self.announce_issue(at, actor, "opened", json!({}))?;
        Some(at)
    }

    /// Edits title and body. One event tells of both, with what they were.
    pub fn edit_issue(&mut self, at: Numbered, actor: u64, change: IssueChange) -> Option<()> {
        let IssueChange { title, body } = change;
        let mut changes = json!({});
        let issue = self.touch(at)?;
        let mut renamed = None;
        if let Some(title) = title.filter(|title| *title != issue.title) {
            let from = std::mem::replace(&mut issue.title, title);
            changes["title"] = json!({ "from": from });
            renamed = Some(Happened::Renamed { from, to: issue.title.clone() });
        }
        if let Some(body) = body.filter(|body| Some(body) != issue.body.as_ref()) {
            issue.edited_at = Some(issue.updated_at);
            let from = issue.body.replace(body).unwrap_or_default();
            changes["body"] = json!({ "from": from });
        }
        if let Some(renamed) = renamed {
            self.note(at, actor, renamed)?;
        }
        self.announce_issue(at, actor, "edited", json!({ "changes": changes }))
    }

    /// The label with this name; made where there is none, as GitHub does.
    pub fn ensure_label(&mut self, repo: u64, actor: u64, name: &str) -> Option<u64> {
        if let Some(label) = self.repo(repo)?.label(name) {
            return Some(label.id);
        }
        let label = Label { id: self.world.fresh_id(), name: name.to_owned(), color: "ededed".to_owned() };
        let id = label.id;
        self.repo_mut(repo)?.labels.insert(id, label);
        self.announce_label(repo, actor, id, "created", json!({}))?;
        Some(id)
    }

    fn announce_label(&mut self, repo: u64, actor: u64, label: u64, action: &str, more: Value) -> Option<()> {
        let found = self.repo(repo)?;
        let object = objects::label(&self.world, found, found.labels.get(&label)?);
        let mut payload = json!({ "action": action, "label": object });
        merge(&mut payload, more);
        self.announce(repo, actor, "label", payload);
        Some(())
    }

    pub fn set_label(&mut self, at: Numbered, actor: u64, name: &str) -> Option<()> {
        let id = self.ensure_label(at.repo, actor, name)?;
        if self.issue(at)?.1.labels.contains(&id) {
            return Some(());
        }
        self.issue_mut(at)?.labels.push(id);
        self.note(at, actor, Happened::Labeled { id, name: name.to_owned() })?;
        let label = self.label_object(at.repo, id)?;
        self.announce_issue(at, actor, "labeled", json!({ "label": label }))
    }

    pub fn unset_label(&mut self, at: Numbered, actor: u64, name: &str) -> Option<()> {
        let id = self.repo(at.repo)?.label(name)?.id;
        if !self.issue(at)?.1.labels.contains(&id) {
            return None;
        }
        self.issue_mut(at)?.labels.retain(|label| *label != id);
        self.note(at, actor, Happened::Unlabeled { id, name: name.to_owned() })?;
        let label = self.label_object(at.repo, id)?;
        self.announce_issue(at, actor, "unlabeled", json!({ "label": label }))
    }

    fn label_object(&self, repo: u64, id: u64) -> Option<Value> {
        let repo = self.repo(repo)?;
        Some(objects::label(&self.world, repo, repo.labels.get(&id)?))
    }

    /// Renames a label; what carries it is not told of one by one.
    pub fn rename_label(&mut self, repo: u64, actor: u64, name: &str, to: &str) -> Option<()> {
        let id = self.repo(repo)?.label(name)?.id;
        to.clone_into(&mut self.repo_mut(repo)?.labels.get_mut(&id)?.name);
        self.announce_label(repo, actor, id, "edited", json!({ "changes": { "name": { "from": name } } }))
    }

    /// Deletes a label: every issue that carries it loses it, each with its own event, and then the label is gone.
    pub fn delete_label(&mut self, repo: u64, actor: u64, name: &str) -> Option<()> {
        let found = self.repo(repo)?;
        let id = found.label(name)?.id;
        let object = self.label_object(repo, id)?;
        let carry = found.issues.values().filter(|issue| issue.labels.contains(&id));
        for number in carry.map(|issue| issue.number).collect::<Vec<_>>() {
            self.unset_label(Numbered { repo, number }, actor, name)?;
        }
        self.repo_mut(repo)?.labels.remove(&id);
        self.announce(repo, actor, "label", json!({ "action": "deleted", "label": object }));
        Some(())
    }

    pub fn assign(&mut self, at: Numbered, actor: u64, assignee: u64) -> Option<()> {
        let issue = self.touch(at)?;
        if !issue.assignees.contains(&assignee) {
            issue.assignees.push(assignee);
        }
        let assignee = objects::user(&self.world, assignee);
        self.announce_issue(at, actor, "assigned", json!({ "assignee": assignee }))
    }

    /// Sets or clears the issue type.
    pub fn set_type(&mut self, at: Numbered, actor: u64, name: Option<&str>) -> Option<()> {
        let issue = self.touch(at)?;
        let old = std::mem::replace(&mut issue.kind, name.map(str::to_owned));
        let repo = self.repo(at.repo)?;
        let (action, shown) = if name.is_some() { ("typed", name) } else { ("untyped", old.as_deref()) };
        let object = objects::issue_type(&self.world, repo, shown);
        self.announce_issue(at, actor, action, json!({ "type": object }))
    }

    /// Closes an issue, or a pull request without merging it.
    pub fn close(
        &mut self,
        at: Numbered,
        actor: u64,
        reason: Option<&str>,
        closer: Option<Closer>,
    ) -> Option<()> {
        if !self.issue(at)?.1.open {
            return Some(());
        }
        let now = self.now();
        let issue = self.touch(at)?;
        issue.open = false;
        issue.closed = Some((now, actor));
        let reason = reason.filter(|_| issue.pull.is_none()).map(str::to_owned);
        issue.state_reason.clone_from(&reason);
        self.note(at, actor, Happened::Closed { reason, closer })?;
        self.announce_issue(at, actor, "closed", json!({}))
    }

    pub fn reopen(&mut self, at: Numbered, actor: u64) -> Option<()> {
        let issue = self.touch(at)?;
        if issue.open {
            return Some(());
        }
        issue.open = true;
        issue.closed = None;
        issue.state_reason = issue.pull.is_none().then(|| "reopened".to_owned());
        self.note(at, actor, Happened::Reopened)?;
        self.announce_issue(at, actor, "reopened", json!({}))
    }

    pub fn delete_issue(&mut self, at: Numbered, actor: u64) -> Option<()> {
        self.announce_issue(at, actor, "deleted", json!({}))?;
        let repo = self.repo_mut(at.repo)?;
        repo.deleted.insert(at.number);
        repo.issues.remove(&at.number).map(|_| ())
    }

    /// Moves an issue to another repository. Labels and milestone come along where the other has them by name.
    pub fn transfer_issue(&mut self, at: Numbered, actor: u64, target: u64) -> Option<Numbered> {
        let (old_repo, old) = self.issue(at)?;
        let (title, body) = (old.title.clone(), old.body.clone().unwrap_or_default());
        let old_object = objects::issue(&self.world, old_repo, old);
        let old_repo_object = objects::repository(&self.world, old_repo);
        let author = old.author;
        let mut moved = self.carry_over(at, target)?;
        let new = self.new_issue(target, author, &title, &body)?;
        (moved.id, moved.number) = (self.issue(new)?.1.id, new.number);
        *self.issue_mut(new)? = moved;
        let (repo, issue) = self.issue(new)?;
        let gone = json!({ "changes": { "new_issue": objects::issue(&self.world, repo, issue),
            "new_repository": objects::repository(&self.world, repo) } });
        let came = json!({ "changes": { "old_issue": old_object, "old_repository": old_repo_object } });
        self.announce_issue(at, actor, "transferred", gone)?;
        let repo = self.repo_mut(at.repo)?;
        repo.issues.remove(&at.number);
        repo.transferred.insert(at.number, (new.repo, new.number));
        self.announce_issue(new, actor, "opened", came)?;
        Some(new)
    }

    fn carry_over(&self, at: Numbered, target: u64) -> Option<Issue> {
        let (from, issue) = self.issue(at)?;
        let to = self.repo(target)?;
        let mut moved = issue.clone();
        let names = issue.labels.iter().filter_map(|id| from.labels.get(id)).map(|label| &label.name);
        moved.labels = names.filter_map(|name| to.label(name)).map(|label| label.id).collect();
        let title = issue.milestone.and_then(|number| from.milestones.get(&number)).map(|it| &it.title);
        let same = title.and_then(|title| to.milestones.values().find(|it| it.title == *title));
        moved.milestone = same.map(|milestone| milestone.number);
        Some(moved)
    }
}
