//! The register of change requests.

use axum::{Json, extract::State, http::HeaderMap};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    names::{Names, Numbered, Person},
    page::{Asked, Page},
    reader::Wanted,
};
use crate::{
    domain::{
        asker::Sight,
        change_request::{Acceptance, ChangeRequest, Stage, emergency::Emergency, note::NeededBy},
        ids::{ReleaseId, SubjectId, SubjectKind},
        subject::State as Known,
    },
    gate::{Gate, api::FindingView, problem::Problem, refusals::Looking},
};

/// Which change requests.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ChangesAsked {
    /// Where the page begins: `next` of the one before.
    cursor: Option<String>,
    /// Items in a page, 1 to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `owner/name`.
    #[param(example = "acme/web")]
    repository: Option<String>,
    /// How far they are.
    #[param(inline)]
    state: Option<Stage>,
    /// The release that they are planned for, by its title.
    #[param(example = "2026.12")]
    release: Option<String>,
    /// A label that they have, in any case.
    #[param(example = "change/emergency")]
    label: Option<String>,
    /// The issue type that they have, in any case.
    #[param(rename = "type", example = "Change request")]
    #[serde(rename = "type")]
    issue_type: Option<String>,
}

/// A change request.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChangeItem {
    #[schema(example = "change_request/7/128")]
    pub id: String,
    #[schema(example = "acme/web")]
    pub repository: String,
    pub number: u64,
    pub url: Option<String>,
    pub title: String,
    pub state: Stage,
    /// The states that it went through, and since when.
    pub states: Vec<StateSince>,
    #[serde(rename = "type")]
    pub issue_type: Option<String>,
    pub labels: Vec<String>,
    /// How much it could break, as far as anybody has said: `low`, `medium`, `high`.
    pub risk: Option<String>,
    /// `S`, `M` or `L`.
    pub size: Option<String>,
    /// The department or customer that asks, in lower case.
    #[schema(example = "sales")]
    pub account: Option<String>,
    /// Its place among what its account asks for, as its sponsor said.
    pub rank: Option<u16>,
    /// Every day by which it was said to be needed, the last one last.
    pub needed_by: Vec<NeededByItem>,
    /// The systems that its labels name.
    pub systems: Vec<String>,
    pub requester: Option<Person>,
    /// Who answers for it.
    pub contact: Option<Person>,
    pub acceptance: AcceptanceItem,
    /// What has to be answered in it before it can be triaged.
    pub missing: Vec<String>,
    pub release: Option<ReleaseName>,
    /// The environments that it runs in.
    pub environments: Vec<String>,
    pub emergency: Option<EmergencyItem>,
    /// Where people look back on its emergency.
    pub retrospective: Option<Numbered>,
    /// What stood against starting it when somebody wanted to last, where it needs no code.
    pub findings: Vec<FindingView>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub created_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub updated_at: Option<Timestamp>,
}

/// A day by which it was said to be needed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NeededByItem {
    #[schema(value_type = String, format = Date)]
    pub day: Date,
    pub why: String,
    pub by: Option<Person>,
    #[schema(value_type = String, format = DateTime)]
    pub said_at: Timestamp,
}

impl From<NeededBy> for NeededByItem {
    fn from(said: NeededBy) -> Self {
        Self { day: said.day, why: said.why, by: said.by.as_ref().map(Person::from), said_at: said.at }
    }
}

/// Since when it was so.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StateSince {
    pub state: Stage,
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
}

/// Whether somebody who may has accepted it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum AcceptanceItem {
    Accepted {
        by: Option<Person>,
        #[schema(value_type = String, format = DateTime)]
        at: Timestamp,
    },
    /// Nobody has.
    Waiting {
        #[schema(value_type = Option<String>, format = DateTime)]
        since: Option<Timestamp>,
    },
    /// Deferred, declined, duplicate or withdrawn, as its state says.
    Refused { by: Option<Person>, why: Option<String> },
    /// It could not be found out.
    Unknown { why: String },
}

/// A release, by its train and its title.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ReleaseName {
    #[schema(example = "customer")]
    pub train: String,
    #[schema(example = "2026.12")]
    pub title: String,
}

impl From<&ReleaseId> for ReleaseName {
    fn from(release: &ReleaseId) -> Self {
        Self { train: release.train.clone(), title: release.title.clone() }
    }
}

/// The emergency that was declared last.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EmergencyItem {
    pub by: Person,
    pub why: String,
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    pub in_force: bool,
    /// Whether something is owed for it.
    pub owes: bool,
    /// Until when an independent signature is owed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub signature_due: Option<Timestamp>,
    /// Until when it has to be looked back on.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub retrospective_due: Option<Timestamp>,
}

impl From<&Emergency> for EmergencyItem {
    fn from(emergency: &Emergency) -> Self {
        let terms = emergency.terms.as_ref();
        Self {
            by: (&emergency.by).into(),
            why: emergency.why.clone(),
            since: emergency.since,
            in_force: emergency.in_force,
            owes: !emergency.is_paid(),
            signature_due: terms.and_then(|terms| terms.signature),
            retrospective_due: terms.and_then(|terms| terms.retrospective),
        }
    }
}

impl From<&Acceptance> for AcceptanceItem {
    fn from(acceptance: &Acceptance) -> Self {
        match acceptance {
            Acceptance::Accepted { by, at } => Self::Accepted { by: by.as_ref().map(Person::from), at: *at },
            Acceptance::Waiting { since } => Self::Waiting { since: *since },
            Acceptance::Refused { by, why } => {
                Self::Refused { by: by.as_ref().map(Person::from), why: why.clone() }
            }
            Acceptance::Unknown(why) => Self::Unknown { why: why.clone() },
        }
    }
}

impl ChangesAsked {
    fn wants(&self, change: &ChangeRequest) -> bool {
        let seen = change.seen.as_ref();
        let is = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_ref().is_none_or(|wanted| found.is_some_and(|it| same(it, wanted)))
        };
        let has_label = |label: &String| seen.is_some_and(|it| it.labels.iter().any(|own| same(own, label)));
        change.taken_in
            && self.state.is_none_or(|state| change.stage() == state)
            && self.release.as_ref().is_none_or(|title| change.release().is_some_and(|it| it.title == *title))
            && self.label.as_ref().is_none_or(has_label)
            && is(&self.issue_type, seen.and_then(|it| it.issue_type.as_deref()))
    }
}

fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

fn item(change: &ChangeRequest, sight: &Sight, names: &Names) -> ChangeItem {
    let Numbered { repository, number, url } = names.issue(change.at);
    let seen = change.seen.as_ref();
    let since = |(stage, since): &(Stage, Timestamp)| StateSince { state: *stage, since: *since };
    let view = change.view();
    ChangeItem {
        id: SubjectId::ChangeRequest(change.at).to_string(),
        repository,
        number,
        url,
        title: view.title,
        state: change.stage(),
        states: change.stages.iter().map(since).collect(),
        issue_type: seen.and_then(|seen| seen.issue_type.clone()),
        labels: seen.map(|seen| seen.labels.clone()).unwrap_or_default(),
        risk: view.risk.map(|risk| risk.as_str().into()),
        size: change.size().map(|size| size.as_str().into()),
        account: change.account.clone(),
        rank: change.rank().map(|rank| rank.place),
        needed_by: change.needed_by().into_iter().map(NeededByItem::from).collect(),
        systems: change.systems.iter().cloned().collect(),
        requester: change.requester().map(Person::from),
        contact: change.contact().map(Person::from),
        acceptance: (&change.acceptance).into(),
        missing: change.missing.clone(),
        release: change.release().map(ReleaseName::from),
        environments: change.delivered.iter().flat_map(|it| it.environments.clone()).collect(),
        emergency: change.emergency.as_ref().map(EmergencyItem::from),
        retrospective: change.retrospective.filter(|at| sight.sees(at.repo)).map(|at| names.issue(at)),
        findings: change.hindrances.iter().map(FindingView::from).collect(),
        created_at: seen.and_then(|seen| seen.created_at),
        updated_at: seen.and_then(|seen| seen.updated_at),
    }
}

/// Lists the change requests, in the order of their ids.
#[utoipa::path(
    get,
    path = "/api/v1/changes",
    operation_id = "list_changes",
    tag = "lists",
    params(ChangesAsked),
    responses((status = 200, description = "A page of the register.", body = Page<ChangeItem>), Looking)
)]
pub(super) async fn list(
    State(gate): State<Gate>,
    headers: HeaderMap,
    Asked(asked): Asked<ChangesAsked>,
) -> Result<Json<Page<ChangeItem>>, Problem> {
    let (cursor, limit) = (asked.cursor.as_deref(), asked.limit);
    let wanted = Wanted { list: "changes", repository: asked.repository.as_deref(), cursor, limit };
    let Some(reader) = gate.reader(&headers, wanted).await? else { return Ok(Json(Page::empty())) };
    let of = |state: &Known| state.as_change_request().is_some_and(|change| asked.wants(change));
    let cut = gate.page_of(SubjectKind::ChangeRequest, &reader, of).await?;
    let changes = || cut.rows.iter().filter_map(|(_, state)| state.as_change_request());
    let named = changes().flat_map(|it| [Some(it.at.repo), it.retrospective.map(|at| at.repo)]);
    let names = gate.names(&reader.place.tenant, named.flatten().collect()).await?;
    Ok(Json(Page {
        items: changes().map(|change| item(change, &reader.sight, &names)).collect(),
        next: cut.next,
    }))
}
