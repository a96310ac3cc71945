//! What people do with issues, labels, milestones and comments. Most of it works on pull requests as well.

use jiff::Timestamp;

use super::Person;
use crate::sandbox::deeds::IssueChange;
use crate::sandbox::state::Numbered;

/// Why an issue is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    Completed,
    NotPlanned,
    Duplicate,
}

impl CloseReason {
    fn word(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::NotPlanned => "not_planned",
            Self::Duplicate => "duplicate",
        }
    }
}

/// What is edited; `None` stays as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Edit<'t> {
    pub title: Option<&'t str>,
    pub body: Option<&'t str>,
}

impl From<Edit<'_>> for IssueChange {
    fn from(Edit { title, body }: Edit<'_>) -> Self {
        Self { title: title.map(str::to_owned), body: body.map(str::to_owned) }
    }
}

impl Person<'_> {
    pub fn open_issue(&self, repo: &str, title: &str, body: &str) -> Numbered {
        self.in_repo("open_issue", repo, |state, me, repo| state.open_issue(repo, me, title, body))
    }

    /// Opens an issue with labels, as an issue form does: one action, `opened` and one `labeled` for each.
    pub fn open_labelled_issue(&self, repo: &str, title: &str, body: &str, labels: &[&str]) -> Numbered {
        self.in_repo("open_issue", repo, |state, me, repo| {
            let at = state.open_issue(repo, me, title, body)?;
            labels.iter().try_for_each(|label| state.set_label(at, me, label))?;
            Some(at)
        })
    }

    /// Edits title and body of an issue or a pull request.
    pub fn edit_issue(&self, at: Numbered, edit: Edit<'_>) {
        self.to("edit_issue", at, |state, me| state.edit_issue(at, me, edit.into()));
    }

    /// Writes a comment; answers its id.
    pub fn comment(&self, at: Numbered, text: &str) -> u64 {
        self.to("comment", at, |state, me| state.comment(at, me, text))
    }

    pub fn edit_comment(&self, repo: &str, comment: u64, text: &str) {
        self.in_repo("edit_comment", repo, |state, me, repo| state.edit_comment(repo, me, comment, text));
    }

    pub fn delete_comment(&self, repo: &str, comment: u64) {
        self.in_repo("delete_comment", repo, |state, me, repo| state.delete_comment(repo, me, comment));
    }

    /// Leaves a reaction (`+1`, `eyes`, ...) on a comment.
    pub fn react(&self, repo: &str, comment: u64, content: &str) {
        self.in_repo("react", repo, |state, me, repo| state.react_to_comment(repo, me, comment, content));
    }

    /// Sets a label; made where the repository has none of this name.
    pub fn label(&self, at: Numbered, name: &str) {
        self.to("label", at, |state, me| state.set_label(at, me, name));
    }

    pub fn unlabel(&self, at: Numbered, name: &str) {
        self.to("unlabel", at, |state, me| state.unset_label(at, me, name));
    }

    pub fn rename_label(&self, repo: &str, from: &str, to: &str) {
        self.in_repo("rename_label", repo, |state, me, repo| state.rename_label(repo, me, from, to));
    }

    pub fn delete_label(&self, repo: &str, name: &str) {
        self.in_repo("delete_label", repo, |state, me, repo| state.delete_label(repo, me, name));
    }

    pub fn assign(&self, at: Numbered, assignee: &str) {
        self.to("assign", at, |state, me| {
            let assignee = state.world.account(assignee)?.id;
            state.assign(at, me, assignee)
        });
    }

    /// Sets the issue type (`Bug`, ...) or, with `None`, clears it.
    pub fn set_issue_type(&self, at: Numbered, name: Option<&str>) {
        self.to("set_issue_type", at, |state, me| state.set_type(at, me, name));
    }

    /// Closes an issue; for a pull request the reason is of no meaning.
    pub fn close(&self, at: Numbered, reason: CloseReason) {
        self.to("close", at, |state, me| state.close(at, me, Some(reason.word()), None));
    }

    pub fn reopen(&self, at: Numbered) {
        self.to("reopen", at, |state, me| state.reopen(at, me));
    }

    /// Moves an issue to another repository; answers where it is now.
    pub fn transfer_issue(&self, at: Numbered, to: &str) -> Numbered {
        self.to("transfer_issue", at, |state, me| {
            let to = state.world.repo(to)?.id;
            state.transfer_issue(at, me, to)
        })
    }

    pub fn delete_issue(&self, at: Numbered) {
        self.to("delete_issue", at, |state, me| state.delete_issue(at, me));
    }

    /// Makes a milestone; answers its number.
    pub fn create_milestone(&self, repo: &str, title: &str, due_on: Option<Timestamp>) -> u64 {
        self.in_repo("create_milestone", repo, |state, me, repo| {
            state.create_milestone(repo, me, title, due_on)
        })
    }

    pub fn rename_milestone(&self, repo: &str, number: u64, to: &str) {
        self.in_repo("rename_milestone", repo, |state, me, repo| {
            state.rename_milestone(repo, me, number, to)
        });
    }

    pub fn move_milestone(&self, repo: &str, number: u64, due_on: Option<Timestamp>) {
        self.in_repo("move_milestone", repo, |state, me, repo| {
            state.move_milestone(repo, me, number, due_on)
        });
    }

    pub fn close_milestone(&self, repo: &str, number: u64) {
        self.in_repo("close_milestone", repo, |state, me, repo| {
            state.set_milestone_open(repo, me, number, false)
        });
    }

    pub fn reopen_milestone(&self, repo: &str, number: u64) {
        self.in_repo("reopen_milestone", repo, |state, me, repo| {
            state.set_milestone_open(repo, me, number, true)
        });
    }

    pub fn delete_milestone(&self, repo: &str, number: u64) {
        self.in_repo("delete_milestone", repo, |state, me, repo| state.delete_milestone(repo, me, number));
    }

    /// Plans an issue or a pull request for the milestone with this title.
    pub fn set_milestone(&self, at: Numbered, title: &str) {
        self.to("set_milestone", at, |state, me| {
            let milestones = &state.repo(at.repo)?.milestones;
            let number = milestones.values().find(|milestone| milestone.title == title)?.number;
            state.set_milestone(at, me, Some(number))
        });
    }

    pub fn clear_milestone(&self, at: Numbered) {
        self.to("clear_milestone", at, |state, me| state.set_milestone(at, me, None));
    }
}
