//! Whether who asks may ask that: proved before anything is written down.
//!
//! Whoever may not see a repository is told that there is none.

use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode, header};

use super::{
    Gate,
    api::{ACTIONS, GateRequest},
    asker::NotAsked,
    asking::At,
    ground::Ground,
    problem::Problem,
};
use crate::domain::{
    asker::{Asker, Deed, Kind, Reason, Refused, Wanted, may, may_follow},
    bell::Bell,
    event::GateAsk,
    ids::{GateId, RepoName},
};

impl From<NotAsked> for Problem {
    fn from(why: NotAsked) -> Self {
        let status = why.status();
        match why {
            NotAsked::Unavailable(why) => Self::unavailable(why),
            NotAsked::Refused(Refused { reason: Reason::RepositoryNotAllowed, sentence }) => {
                Self::unknown("repository", sentence)
            }
            NotAsked::Refused(Refused { reason, sentence }) => {
                let title = if status == StatusCode::UNAUTHORIZED {
                    "Nothing proves who asks"
                } else {
                    "Who asks may not ask that"
                };
                Self::new(status, reason.code(), title, format!("{sentence} Cure: {}.", reason.cure()))
            }
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        NotAsked::from(refused).into()
    }
}

/// What stands in the header `Authorization`.
fn authorization(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()
}

impl Gate {
    /// Who asks, unless they have asked too often.
    pub(super) async fn who(&self, headers: &HeaderMap, about: Option<&RepoName>) -> Result<Asker, Problem> {
        self.who_and_where(headers, about).await.map(|(asker, _)| asker)
    }

    /// The same, with what is known of their repository.
    async fn who_and_where(
        &self,
        headers: &HeaderMap,
        about: Option<&RepoName>,
    ) -> Result<(Asker, Arc<Ground>), Problem> {
        let (asker, ground) = self.askers.who_and_where(authorization(headers), about).await?;
        self.pace.count((&asker).into(), self.clock.instant()).map_err(Problem::too_many)?;
        Ok((asker, ground))
    }

    /// Where it is asked and what, once it is proved that who asks may ask that.
    pub(super) async fn admit(
        &self,
        headers: &HeaderMap,
        deed: Deed,
        request: &GateRequest,
    ) -> Result<(At, GateAsk), Problem> {
        let name: RepoName =
            request.repository.parse().map_err(|_| Problem::request("`repository` is not `owner/name`"))?;
        let (asker, ground) = self.who_and_where(headers, Some(&name)).await?;
        let (tenant, repo) = (&asker.tenant, asker.repository());
        if ground.view.name != name {
            return Err(Problem::unknown("repository", "The token is for no repository of this name."));
        }
        let view = &ground.view;
        let ask = request.ask(view.default_branch.as_deref()).map_err(Problem::request)?;
        of_its_pipeline(&asker, request)?;
        let wanted = wanted(&asker, view.name.clone(), request, &ask)?;
        may(&asker, deed, &wanted, ground.policy.as_ref())?;
        self.may_call(&ask)?;
        self.askers.bind(&asker, &wanted).await?;
        Ok((At { tenant: tenant.clone(), repo, name: view.name.clone(), ground: ground.clone() }, ask))
    }

    /// What was asked with this id, and where, if who asks may see it.
    pub(super) async fn visible(
        &self,
        headers: &HeaderMap,
        id: &GateId,
    ) -> Result<Option<(At, GateAsk)>, Problem> {
        let gate = self.store.gate(id).await?;
        let place = gate.as_ref().and_then(|gate| Some((gate.tenant.clone(), gate.subject.repo()?)));
        let ground = match &place {
            Some((tenant, repo)) => self.grounds.of(tenant, *repo).await?,
            None => None,
        };
        let asker = self.who(headers, ground.as_ref().map(|ground| &ground.view.name)).await?;
        let (Some(gate), Some((tenant, repo)), Some(ground)) = (gate, place, ground) else { return Ok(None) };
        if may_follow(&asker, &tenant, repo).is_err() {
            return Ok(None);
        }
        Ok(Some((At { tenant, repo, name: ground.view.name.clone(), ground }, gate.answer.ask)))
    }

    /// Whether who is to be called may be.
    fn may_call(&self, ask: &GateAsk) -> Result<(), Problem> {
        let Some(Bell::Webhook { url }) = &ask.bell else { return Ok(()) };
        self.callable.allows(url).map_err(|why| {
            let detail = format!("Nobody is called: {why}.");
            Problem::new(
                StatusCode::FORBIDDEN,
                "notify_not_allowed",
                "Who is to be called may not be",
                detail,
            )
        })
    }
}

/// A job of GitHub Actions asks for its own run, and nobody else's token for one of its runs but ours.
fn of_its_pipeline(asker: &Asker, request: &GateRequest) -> Result<(), Problem> {
    let is_actions = request.pipeline == ACTIONS;
    match &asker.kind {
        Kind::Actions(_) if !is_actions => {
            Err(Problem::request(format!("`pipeline` is `{ACTIONS}` where its token asks")))
        }
        Kind::Outsider(_) if is_actions => Err(Problem::request(format!(
            "`pipeline` is not `{ACTIONS}` where a token of another issuer asks"
        ))),
        Kind::Actions(_) | Kind::Outsider(_) | Kind::Token(_) => Ok(()),
    }
}

fn wanted(asker: &Asker, name: RepoName, request: &GateRequest, ask: &GateAsk) -> Result<Wanted, Problem> {
    Ok(Wanted {
        tenant: asker.tenant.clone(),
        repository: asker.repository(),
        name,
        environment: ask.environment.clone(),
        sha: ask.sha.clone(),
        reference: request.reference.clone(),
        run: request.run_id.clone(),
        is_bell: ask.bell.is_some(),
        attempt: u32::try_from(ask.attempt).map_err(|_| Problem::request("`run_attempt` is too high"))?,
    })
}
