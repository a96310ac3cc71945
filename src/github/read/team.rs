//! The members of a team, page by page; and single people.

use serde::Deserialize;

use super::{
    Reader,
    document::{Answers, Part},
    shapes::{Page, Who},
};
use crate::domain::{facts::TeamName, ids::Actor};

/// A larger team is no group of approvers.
const MOST_PAGES: usize = 10;

#[derive(Debug, Deserialize)]
struct Organization {
    team: Option<Team>,
}

#[derive(Debug, Deserialize)]
struct Team {
    members: Page<Who>,
}

impl Reader<'_> {
    /// Who is at place `n` of `answers`; `None`: nobody bears that login.
    pub(super) fn person(&self, answers: &Answers, n: usize) -> Result<Option<Actor>, String> {
        if answers.is_absent(n) {
            return Ok(None);
        }
        let found = answers.part::<Who>(n).map_err(|why| self.unanswered(&why))?;
        Ok(found.and_then(Who::actor))
    }

    /// All members; the first page is in `answers` at place `n`.
    pub(super) async fn team(
        &self,
        name: &TeamName,
        answers: &Answers,
        n: usize,
    ) -> Result<Vec<Actor>, String> {
        let mut page = self.members(name, answers, n)?;
        let mut members: Vec<Actor> = Vec::new();
        for _ in 0..MOST_PAGES {
            let after = page.next().map(str::to_owned);
            if !page.is_all() && after.is_none() {
                return Err(self.unanswered("a member of the team is hidden from us"));
            }
            members.extend(page.into_nodes().filter_map(Who::actor));
            let Some(after) = after else { return Ok(members) };
            page = self.more_members(name, after).await?;
        }
        Err(format!("@{}/{} has more than a thousand members", name.organisation, name.slug))
    }

    async fn more_members(&self, name: &TeamName, after: String) -> Result<Page<Who>, String> {
        let TeamName { organisation, slug } = name.clone();
        let part = Part::Team { organisation, slug, after: Some(after) };
        let repo = self.place.names.keys().next().copied();
        let answers = self.document(repo, &[part]).await;
        let answers = answers.map_err(|trouble| trouble.sentence(self.github.clock.now()))?;
        self.members(name, &answers.map_err(|why| self.unanswered(&why))?, 0)
    }

    fn members(&self, name: &TeamName, answers: &Answers, n: usize) -> Result<Page<Who>, String> {
        let found = answers.part::<Organization>(n).map_err(|why| self.unanswered(&why))?;
        let team = found.and_then(|organization| organization.team);
        let absent = || format!("there is no team @{}/{} that we can see", name.organisation, name.slug);
        team.map(|team| team.members).ok_or_else(absent)
    }
}
