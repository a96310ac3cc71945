//! Who looks, and how far they see: what lies beyond is not there for them.

use axum::http::HeaderMap;

use super::page::{Cut, LOOKED_AT, Turn};
use crate::{
    domain::{
        asker::{Sight, sight},
        facts::{Answer, Question},
        ids::{RepoId, RepoName, SubjectId, SubjectKind},
        subject::State,
    },
    gate::{Gate, problem::Problem},
    store::Place,
};

/// What every list is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) list: &'static str,
    /// `owner/name`.
    pub(super) repository: Option<&'a str>,
    pub(super) cursor: Option<&'a str>,
    pub(super) limit: Option<u32>,
}

/// Somebody who looks at a list.
#[derive(Debug, Clone)]
pub(super) struct Reader {
    pub(super) sight: Sight,
    /// Where they look.
    pub(super) place: Place,
    /// At which part.
    pub(super) turn: Turn,
}

impl Reader {
    /// Whether they look at what is of this repository.
    pub(super) fn looks_at(&self, repo: RepoId) -> bool {
        self.place.repository.is_none_or(|own| own == repo)
    }
}

impl Gate {
    /// Who looks, where (in the repository of this name, or as far as they see), and at which part of the list. `None`: there is
    /// nothing for them.
    pub(super) async fn reader(
        &self,
        headers: &HeaderMap,
        wanted: Wanted<'_>,
    ) -> Result<Option<Reader>, Problem> {
        let about = wanted.repository;
        let about: Option<RepoName> = about
            .map(|name| name.parse().map_err(|_| Problem::request("`repository` is not `owner/name`")))
            .transpose()?;
        let asker = self.who(headers, about.as_ref()).await?;
        let sight = sight(&asker)?;
        let repository = match about {
            None => Some(sight.repository),
            Some(name) => self.named(&sight, name).await?.filter(|repo| sight.sees(*repo)).map(Some),
        };
        let turn = Turn::of(wanted.list, wanted.cursor, wanted.limit)?;
        Ok(repository.map(|repository| {
            let place = Place { tenant: sight.tenant.clone(), repository };
            Reader { sight, place, turn }
        }))
    }

    /// A page of the subjects of a kind, in the order of their ids: those that are shown.
    pub(super) async fn page_of(
        &self,
        kind: SubjectKind,
        reader: &Reader,
        is_shown: impl Fn(&State) -> bool,
    ) -> Result<Cut<(SubjectId, State)>, Problem> {
        let after = reader.turn.after(|text| text.parse().ok())?;
        let found = self.store.listed(&reader.place, kind, after.as_ref(), LOOKED_AT).await?;
        Ok(reader.turn.cut(found, |(_, state)| is_shown(state), |(id, _)| id.to_string()))
    }

    async fn named(&self, sight: &Sight, name: RepoName) -> Result<Option<RepoId>, Problem> {
        let answered = self.store.answer(&sight.tenant, &[Question::RepositoryNamed(name)]).await?;
        Ok(answered.into_iter().find_map(|answered| {
            if let Answer::RepositoryNamed(found) = answered.answer { found } else { None }
        }))
    }
}
