//! Who looks, and how far they see: what lies beyond is not there for them.

use axum::http::HeaderMap;

use crate::{
    domain::{
        asker::{Sight, sight},
        facts::{Answer, Question},
        ids::{RepoId, RepoName},
    },
    gate::{Gate, problem::Problem},
    store::Place,
};

/// Somebody who looks.
#[derive(Debug, Clone)]
pub(super) struct Reader {
    pub(super) sight: Sight,
    /// Where to look; `None`: where there is nothing for them.
    pub(super) place: Option<Place>,
}

impl Gate {
    /// Who looks, and where: in the repository of this name, or as far as they see.
    pub(super) async fn reader(&self, headers: &HeaderMap, about: Option<&str>) -> Result<Reader, Problem> {
        let about: Option<RepoName> = about
            .map(|name| name.parse().map_err(|_| Problem::request("`repository` is not `owner/name`")))
            .transpose()?;
        let asker = self.who(headers, about.as_ref()).await?;
        let sight = sight(&asker)?;
        let repository = match about {
            None => Some(sight.repository),
            Some(name) => self.named(&sight, name).await?.filter(|repo| sight.sees(*repo)).map(Some),
        };
        let place = repository.map(|repository| Place { tenant: sight.tenant.clone(), repository });
        Ok(Reader { sight, place })
    }

    async fn named(&self, sight: &Sight, name: RepoName) -> Result<Option<RepoId>, Problem> {
        let answered = self.store.answer(&sight.tenant, &[Question::RepositoryNamed(name)]).await?;
        Ok(answered.into_iter().find_map(|answered| {
            if let Answer::RepositoryNamed(found) = answered.answer { found } else { None }
        }))
    }
}
