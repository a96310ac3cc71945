//! What the gate has answered, the newest question first.

use axum::{Json, extract::State, http::HeaderMap};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    page::{Asked, Page, moment},
    reader::{Reader, Wanted},
};
use crate::{
    domain::ids::SubjectId,
    gate::{
        Gate,
        api::{DecisionView, GateView},
        problem::Problem,
        refusals::Looking,
    },
    store::ListedGate,
};

/// Which answers.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct GatesAsked {
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
    environment: Option<String>,
    /// What was decided.
    #[param(inline)]
    decision: Option<DecisionView>,
    /// The whole hash of the commit.
    #[param(example = "4f2c9e10c2b8f1d0a7e6b5c4d3e2f1a0b9c8d7e6")]
    sha: Option<String>,
    /// Asked for at that time or later (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// Asked for before that time.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
}

/// An answer, as it was given last. A record: it never carries a permit.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct GateItem {
    /// When it was asked for first.
    #[schema(value_type = String, format = DateTime)]
    pub asked_at: Timestamp,
    pub gate: GateView,
}

impl GatesAsked {
    fn wants(&self, listed: &ListedGate) -> bool {
        let answer = &listed.gate.answer;
        let is_there = |name: &String| answer.ask.environment.to_lowercase() == name.to_lowercase();
        self.environment.as_ref().is_none_or(is_there)
            && self.decision.is_none_or(|decision| DecisionView::from(answer.decision()) == decision)
            && self.sha.as_ref().is_none_or(|sha| answer.ask.sha.as_str() == sha)
    }
}

/// Lists what the gate has answered, the newest question first.
#[utoipa::path(
    get,
    path = "/api/v1/gates",
    operation_id = "list_gates",
    tag = "gates",
    params(GatesAsked),
    responses((status = 200, description = "A page of the answers.", body = Page<GateItem>), Looking)
)]
pub(super) async fn list(
    State(gate): State<Gate>,
    headers: HeaderMap,
    Asked(asked): Asked<GatesAsked>,
) -> Result<Json<Page<GateItem>>, Problem> {
    let (cursor, limit) = (asked.cursor.as_deref(), asked.limit);
    let wanted = Wanted { list: "gates", repository: asked.repository.as_deref(), cursor, limit };
    let Some(Reader { sight, place, turn }) = gate.reader(&headers, wanted).await? else {
        return Ok(Json(Page::empty()));
    };
    let part = turn.part((asked.since, asked.until), |id| id.parse().ok())?;
    let found = gate.store.gates_listed(&place, &part).await?;
    let is_shown = |it: &ListedGate| sight.sees_subject(&it.gate.subject) && asked.wants(it);
    let cut = turn.cut(found, is_shown, |it| moment(it.since, &it.id));
    let repo = |it: &ListedGate| SubjectId::repo(&it.gate.subject);
    let names = gate.names(&place.tenant, cut.rows.iter().filter_map(repo).collect()).await?;
    let item = |it: &ListedGate| {
        let name = names.name(repo(it)?)?;
        Some(GateItem { asked_at: it.since, gate: GateView::of(&it.gate.answer, name, None, None) })
    };
    Ok(Json(Page { items: cut.rows.iter().filter_map(item).collect(), next: cut.next }))
}
