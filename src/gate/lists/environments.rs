//! The environments: what runs there, and what waits to.

use axum::{Json, extract::State, http::HeaderMap};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    names::{CommitItem, Names},
    page::{Asked, Page},
    reader::Wanted,
};
use crate::{
    domain::{
        environment::{Deployed, Environment, Request},
        ids::{RepoId, SubjectId, SubjectKind},
        subject::State as Known,
    },
    gate::{
        Gate,
        api::{DecisionView, FindingView},
        problem::Problem,
        refusals::Looking,
    },
};

/// Which environments.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EnvironmentsAsked {
    /// Where the page begins: `next` of the one before.
    cursor: Option<String>,
    /// Items in a page, 1 to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `owner/name`.
    #[param(example = "acme/web")]
    repository: Option<String>,
    /// What it is called, in any case.
    #[param(example = "production")]
    name: Option<String>,
}

/// An environment of a repository.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EnvironmentItem {
    #[schema(example = "environment/7/production")]
    pub id: String,
    #[schema(example = "acme/web")]
    pub repository: String,
    pub name: String,
    pub url: Option<String>,
    /// What runs there.
    pub runs: Option<RunsItem>,
    /// What was allowed and ran there before: the way back.
    pub ran_before: Option<RunsItem>,
    /// What is being deployed.
    pub on_its_way: Option<RunsItem>,
    /// Who waits to deploy.
    pub waiting: Vec<WaitingItem>,
    /// Pipelines ask at the gate.
    pub asks_at_gate: bool,
    /// Policy rules it, and the protection rule of the App is not enabled there.
    pub unguarded: bool,
    /// GitHub's numbers of the deployments that began without an allow.
    pub bypasses: Vec<u64>,
    /// Why GitHub did not say what is deployed there when it was last asked.
    pub unread: Option<String>,
}

/// A deployment.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RunsItem {
    /// GitHub's number, where it is known.
    pub deployment: Option<u64>,
    pub commit: CommitItem,
    /// When we heard of it.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// It was allowed, or nothing was enforced then.
    pub allowed: bool,
}

/// Somebody waits to deploy.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WaitingItem {
    /// The run, where it is one of GitHub Actions.
    pub run_url: Option<String>,
    pub commit: Option<CommitItem>,
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// What was decided last; `null`: nothing yet.
    pub decision: Option<DecisionView>,
    pub findings: Vec<FindingView>,
}

fn runs(repo: RepoId, deployment: Option<u64>, deployed: &Deployed, names: &Names) -> RunsItem {
    let Deployed { sha, phase: _, heard_at, allowed } = deployed;
    RunsItem { deployment, commit: names.commit(repo, sha), since: *heard_at, allowed: *allowed }
}

fn waiting(repo: RepoId, request: &Request, names: &Names) -> WaitingItem {
    let verdict = request.verdict.as_ref();
    let findings = verdict.iter().flat_map(|verdict| &verdict.findings).map(FindingView::from);
    WaitingItem {
        run_url: names.url(repo, &format!("actions/runs/{}", request.run)).filter(|_| request.rule),
        commit: request.job.as_ref().map(|job| names.commit(repo, &job.sha)),
        since: request.asked_at,
        decision: verdict.map(|verdict| verdict.ruling.decision().into()),
        findings: findings.collect(),
    }
}

fn item(repo: RepoId, environment: &Environment, names: &Names) -> EnvironmentItem {
    let of = |(id, deployed): (u64, &Deployed)| runs(repo, Some(id), deployed, names);
    let open = environment.requests.iter().filter(|request| request.is_open());
    EnvironmentItem {
        id: SubjectId::environment(repo, &environment.name).to_string(),
        repository: names.repository(repo),
        name: environment.name.clone(),
        url: names.url(repo, "deployments"),
        runs: environment.runs.current().map(of),
        ran_before: environment.runs.before().map(|before| runs(repo, None, before, names)),
        on_its_way: environment.runs.running().map(of),
        waiting: open.map(|request| waiting(repo, request, names)).collect(),
        asks_at_gate: environment.by_pipeline,
        unguarded: environment.unguarded,
        bypasses: environment.bypasses.iter().copied().collect(),
        unread: environment.unread.clone(),
    }
}

/// Lists the environments, in the order of their ids.
#[utoipa::path(
    get,
    path = "/api/v1/environments",
    operation_id = "list_environments",
    tag = "lists",
    params(EnvironmentsAsked),
    responses((status = 200, description = "A page of the environments.", body = Page<EnvironmentItem>), Looking)
)]
pub(super) async fn list(
    State(gate): State<Gate>,
    headers: HeaderMap,
    Asked(asked): Asked<EnvironmentsAsked>,
) -> Result<Json<Page<EnvironmentItem>>, Problem> {
    let (cursor, limit) = (asked.cursor.as_deref(), asked.limit);
    let wanted = Wanted { list: "environments", repository: asked.repository.as_deref(), cursor, limit };
    let Some(reader) = gate.reader(&headers, wanted).await? else { return Ok(Json(Page::empty())) };
    let is_named = |name: &str| {
        asked.name.as_ref().is_none_or(|asked| asked.to_lowercase() == name.to_lowercase())
            && reader.sight.sees_environment(name)
    };
    let of = |state: &Known| state.as_environment().is_some_and(|it| is_named(&it.name));
    let cut = gate.page_of(SubjectKind::Environment, &reader, of).await?;
    let environments = || {
        let of = |(id, state): &'_ (SubjectId, Known)| Some((id.repo()?, state.as_environment()?.clone()));
        cut.rows.iter().filter_map(of)
    };
    let names = gate.names(&reader.place.tenant, environments().map(|(repo, _)| repo).collect()).await?;
    let items = environments().map(|(repo, environment)| item(repo, &environment, &names)).collect();
    Ok(Json(Page { items, next: cut.next }))
}
