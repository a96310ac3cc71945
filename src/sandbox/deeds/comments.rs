//! Comments on issues and in the conversations of pull requests, and reactions.

use serde_json::{Value, json};

use super::super::hooks::merge;
use super::super::objects;
use super::super::state::{Numbered, State};
use super::super::world::{Comment, Reaction};

impl State {
    fn announce_comment(
        &mut self,
        at: Numbered,
        actor: u64,
        id: u64,
        action: &str,
        more: Value,
    ) -> Option<()> {
        let (repo, issue) = self.issue(at)?;
        let comment = issue.comments.iter().find(|comment| comment.id == id)?;
        let mut payload = json!({
            "action": action,
            "issue": objects::issue(&self.world, repo, issue),
            "comment": objects::comment(&self.world, repo, issue, comment),
        });
        merge(&mut payload, more);
        self.announce(at.repo, actor, "issue_comment", payload);
        Some(())
    }

    /// Where a comment stands.
    pub fn find_comment(&self, repo: u64, id: u64) -> Option<(Numbered, &Comment)> {
        let found = self.repo(repo)?.issues.values().find_map(|issue| {
            let comment = issue.comments.iter().find(|comment| comment.id == id)?;
            Some((issue.number, comment))
        });
        found.map(|(number, comment)| (Numbered { repo, number }, comment))
    }

    fn comment_mut(&mut self, repo: u64, id: u64) -> Option<(Numbered, &mut Comment)> {
        let (at, _) = self.find_comment(repo, id)?;
        let comment = self.issue_mut(at)?.comments.iter_mut().find(|comment| comment.id == id)?;
        Some((at, comment))
    }

    pub fn comment(&mut self, at: Numbered, actor: u64, body: &str) -> Option<u64> {
        let (id, now) = (self.world.fresh_id(), self.now());
        let by_app = actor == self.world.app.bot;
        let comment = Comment {
            id,
            author: actor,
            body: body.to_owned(),
            created_at: now,
            updated_at: now,
            by_app,
            reactions: Vec::new(),
        };
        self.touch(at)?.comments.push(comment);
        self.announce_comment(at, actor, id, "created", json!({}))?;
        Some(id)
    }

    pub fn edit_comment(&mut self, repo: u64, actor: u64, id: u64, body: &str) -> Option<()> {
        let now = self.now();
        let (at, comment) = self.comment_mut(repo, id)?;
        comment.updated_at = now;
        let from = std::mem::replace(&mut comment.body, body.to_owned());
        self.announce_comment(at, actor, id, "edited", json!({ "changes": { "body": { "from": from } } }))
    }

    pub fn delete_comment(&mut self, repo: u64, actor: u64, id: u64) -> Option<()> {
        let (at, _) = self.find_comment(repo, id)?;
        self.announce_comment(at, actor, id, "deleted", json!({}))?;
        self.touch(at)?.comments.retain(|comment| comment.id != id);
        Some(())
    }

    /// Leaves a reaction on an issue; answers it and whether it is new. Nobody is told of reactions.
    pub fn react(&mut self, at: Numbered, actor: u64, content: &str) -> Option<(Reaction, bool)> {
        let fresh = self.new_reaction(actor, content);
        Some(add_reaction(&mut self.issue_mut(at)?.reactions, fresh))
    }

    /// Leaves a reaction on a comment.
    pub fn react_to_comment(
        &mut self,
        repo: u64,
        actor: u64,
        id: u64,
        content: &str,
    ) -> Option<(Reaction, bool)> {
        let fresh = self.new_reaction(actor, content);
        let (_, comment) = self.comment_mut(repo, id)?;
        Some(add_reaction(&mut comment.reactions, fresh))
    }

    fn new_reaction(&mut self, author: u64, content: &str) -> Reaction {
        Reaction { id: self.world.fresh_id(), author, content: content.to_owned(), created_at: self.now() }
    }
}

fn add_reaction(reactions: &mut Vec<Reaction>, fresh: Reaction) -> (Reaction, bool) {
    let same = |old: &&Reaction| old.author == fresh.author && old.content == fresh.content;
    if let Some(old) = reactions.iter().find(same) {
        return (old.clone(), false);
    }
    reactions.push(fresh.clone());
    (fresh, true)
}
