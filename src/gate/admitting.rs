//! Who asks, and whether they may: proved before anything is written down.

use axum::http::{HeaderMap, StatusCode, header};

use super::{Gate, api::GateRequest, asking::At, problem::Problem};
use crate::domain::{
    event::GateAsk,
    ids::{GateId, RepoName, SubjectKind},
    subject::View,
};

impl Gate {
    /// Where it is asked and what, once it is proved that who asks may ask that.
    pub(super) async fn admit(
        &self,
        headers: &HeaderMap,
        request: &GateRequest,
    ) -> Result<(At, GateAsk), Problem> {
        let _ = headers.get(header::AUTHORIZATION).ok_or_else(|| {
            Problem::new(StatusCode::UNAUTHORIZED, "no_credentials", "Nothing proves who asks", "")
        })?;
        let name: RepoName =
            request.repository.parse().map_err(|_| Problem::request("`repository` is not `owner/name`"))?;
        let views = self.store.subjects_of_kind(SubjectKind::Repository, None).await?;
        let found = views.into_iter().find_map(|(tenant, _, view)| {
            let View::Repository(view) = view else { return None };
            (view.name == name && !view.gone).then_some((tenant, view))
        });
        let (tenant, view) = found.ok_or_else(|| Problem::unknown("repository", ""))?;
        let ask = request.ask(view.default_branch.as_deref()).map_err(Problem::request)?;
        Ok((At { tenant, repo: view.id, name: view.name }, ask))
    }

    /// What was asked with this id, and where, if who asks may see it.
    pub(super) async fn visible(
        &self,
        headers: &HeaderMap,
        id: &GateId,
    ) -> Result<Option<(At, GateAsk)>, Problem> {
        let _ = headers;
        let Some(gate) = self.store.gate(id).await? else { return Ok(None) };
        let repo = gate.subject.repo().ok_or_else(|| Problem::unknown("gate", ""))?;
        let place = crate::place::find(&self.store, &gate.tenant, std::iter::once(repo)).await?;
        let Some(name) = place.names.get(&repo).cloned() else { return Ok(None) };
        Ok(Some((At { tenant: gate.tenant, repo, name }, gate.answer.ask)))
    }
}
