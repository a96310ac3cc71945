//! The releases, and how far they are.

use std::collections::BTreeSet;

use axum::{Json, extract::State, http::HeaderMap};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    names::{CommitItem, Names, Numbered},
    page::{Asked, Page},
    reader::Wanted,
};
use crate::{
    domain::{
        asker::Sight,
        ids::{RepoId, SubjectId, SubjectKind},
        release::{Deployed, DeploymentState, Phase, Release},
        subject::State as Known,
    },
    gate::{Gate, api::FindingView, problem::Problem, refusals::Looking},
};

/// Which releases.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ReleasesAsked {
    /// Where the page begins: `next` of the one before.
    cursor: Option<String>,
    /// Items in a page, 1 to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// The train, as the policy calls it.
    #[param(example = "customer")]
    train: Option<String>,
    /// How far they are.
    #[param(inline)]
    state: Option<Phase>,
}

/// A release, as far as it is of repositories that who asks sees.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ReleaseItem {
    #[schema(example = "release/customer/2026.12")]
    pub id: String,
    pub train: String,
    pub title: String,
    pub state: Phase,
    /// The day that its milestones have.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due_on: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub locked_at: Option<Timestamp>,
    /// When go/no-go opened.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub opened_at: Option<Timestamp>,
    /// Whether enough people have signed what it ships.
    pub signed: bool,
    /// Its control record.
    pub record: Option<Numbered>,
    pub milestones: Vec<Numbered>,
    /// The change requests planned for it.
    pub changes: Vec<Numbered>,
    /// The commits that it ships.
    pub candidates: Vec<CommitItem>,
    pub deployments: Vec<DeploymentItem>,
    /// Whether it is all of the release: it has parts in other repositories, too, that who asks does not see.
    pub whole: bool,
    /// Whether it is ready to be signed and to go. They speak of all its repositories: `null` where who asks does not see them.
    pub findings: Option<Vec<FindingView>>,
}

/// A deployment of one of its commits.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DeploymentItem {
    /// GitHub's number.
    pub id: u64,
    pub repository: String,
    pub environment: String,
    pub commit: CommitItem,
    pub state: DeploymentWord,
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// How far a deployment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeploymentWord {
    Waiting,
    InProgress,
    Failed,
    Succeeded,
}

impl From<DeploymentState> for DeploymentWord {
    fn from(state: DeploymentState) -> Self {
        match state {
            DeploymentState::Waits => Self::Waiting,
            DeploymentState::InProgress => Self::InProgress,
            DeploymentState::Failed => Self::Failed,
            DeploymentState::Succeeded => Self::Succeeded,
        }
    }
}

/// The repositories that a release has a part in.
fn repositories(release: &Release) -> BTreeSet<RepoId> {
    let milestones = release.milestones.iter().map(|(repo, _)| *repo);
    let scope = release.scope.iter().map(|at| at.repo);
    let carried = release.carried.iter().map(|carried| carried.change.at.repo);
    milestones.chain(scope).chain(carried).chain(release.candidates.keys().copied()).collect()
}

impl ReleasesAsked {
    fn wants(&self, release: &Release, sight: &Sight) -> bool {
        let parts = repositories(release);
        let is_here = parts.iter().any(|repo| sight.sees(*repo)) || sight.repository.is_none();
        is_here
            && self.train.as_ref().is_none_or(|train| release.id.train == *train)
            && self.state.is_none_or(|state| release.phase(release.signed) == state)
    }
}

fn deployment(id: u64, deployed: &Deployed, names: &Names) -> DeploymentItem {
    DeploymentItem {
        id,
        repository: names.repository(deployed.repo),
        environment: deployed.environment.clone(),
        commit: names.commit(deployed.repo, &deployed.sha),
        state: deployed.state.into(),
        at: deployed.at,
    }
}

fn item(release: &Release, sight: &Sight, names: &Names) -> ReleaseItem {
    let whole = repositories(release).iter().all(|repo| sight.sees(*repo));
    let milestone = |(repo, number): &(RepoId, u64)| Numbered {
        repository: names.repository(*repo),
        number: *number,
        url: names.url(*repo, &format!("milestone/{number}")),
    };
    let candidates = release.candidates.iter().filter(|(repo, _)| sight.sees(**repo));
    let deployments = release
        .deployed
        .iter()
        .filter(|(_, it)| sight.sees(it.repo) && sight.sees_environment(&it.environment));
    let findings = release.readiness.iter().chain(&release.trials).map(FindingView::from);
    ReleaseItem {
        id: SubjectId::Release(release.id.clone()).to_string(),
        train: release.id.train.clone(),
        title: release.id.title.clone(),
        state: release.phase(release.signed),
        due_on: release.due_on,
        locked_at: release.locked.as_ref().map(|locked| locked.at),
        opened_at: release.opened,
        signed: release.signed,
        record: release.record.filter(|at| sight.sees(at.repo)).map(|at| names.issue(at)),
        milestones: release.milestones.iter().filter(|(repo, _)| sight.sees(*repo)).map(milestone).collect(),
        changes: release.scope.iter().filter(|at| sight.sees(at.repo)).map(|at| names.issue(*at)).collect(),
        candidates: candidates.map(|(repo, it)| names.commit(*repo, &it.sha)).collect(),
        deployments: deployments.map(|(id, it)| deployment(*id, it, names)).collect(),
        whole,
        findings: whole.then(|| findings.collect()),
    }
}

/// Lists the releases, by train and title.
#[utoipa::path(
    get,
    path = "/api/v1/releases",
    operation_id = "list_releases",
    tag = "lists",
    params(ReleasesAsked),
    responses((status = 200, description = "A page of the releases.", body = Page<ReleaseItem>), Looking)
)]
pub(super) async fn list(
    State(gate): State<Gate>,
    headers: HeaderMap,
    Asked(asked): Asked<ReleasesAsked>,
) -> Result<Json<Page<ReleaseItem>>, Problem> {
    let (cursor, limit) = (asked.cursor.as_deref(), asked.limit);
    let wanted = Wanted { list: "releases", repository: None, cursor, limit };
    let Some(mut reader) = gate.reader(&headers, wanted).await? else { return Ok(Json(Page::empty())) };
    // A release is in no repository.
    reader.place.repository = None;
    let of = |state: &Known| state.as_release().is_some_and(|release| asked.wants(release, &reader.sight));
    let cut = gate.page_of(SubjectKind::Release, &reader, of).await?;
    let releases = || cut.rows.iter().filter_map(|(_, state)| state.as_release());
    let named = releases().flat_map(|it| {
        let deployed = it.deployed.values().map(|deployed| deployed.repo);
        repositories(it).into_iter().chain(deployed).chain(it.record.map(|at| at.repo))
    });
    let names = gate.names(&reader.place.tenant, named.collect()).await?;
    let items = releases().map(|release| item(release, &reader.sight, &names)).collect();
    Ok(Json(Page { items, next: cut.next }))
}
