//! What goes into which release, what is wanted next, and what came into production.

use axum::{Json, extract::State, http::HeaderMap};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    super::{changes::ReleaseName, page::Asked},
    ChangeLine, line, sees,
};
use crate::{
    domain::{
        change_request::{Stage, limits},
        planning::{load::Load, plan::Flow},
        policy::KeptFor,
        release::Phase,
    },
    gate::{Gate, problem::Problem, refusals::Looking},
    planner::{
        Planner,
        drawn::{Clash, Column, Frozen, Place, Plan, Shown},
    },
};

/// Where one looks.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PlanAsked {
    /// `owner/name`: only what is of this repository.
    #[param(example = "acme/web")]
    repository: Option<String>,
}

/// The plan, as far as it is of repositories that who asks sees.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PlanView {
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The time zone of the policy.
    #[schema(example = "Europe/Berlin")]
    pub zone: String,
    pub releases: Vec<PlannedRelease>,
    /// When nothing is deployed, now and later.
    pub freezes: Vec<FreezeItem>,
    /// Where changes of one release meet in one system.
    pub clashes: Vec<ClashItem>,
    /// What is in each stage that has a limit, over all repositories.
    pub limits: Vec<LimitItem>,
    /// What goes on and on: more than ten pull requests, or shipped in two releases.
    pub evergreen: Vec<ChangeLine>,
    /// What was accepted and what came into production in the last three whole months, the oldest first.
    pub flow: Vec<FlowItem>,
    /// The first of those that are accepted and in no release, in the order merged from the accounts' own.
    pub unplanned: Vec<PlaceItem>,
    /// How many there are in all, what who asks does not see among them.
    pub unplanned_in_all: usize,
    /// The last that came into production, within twelve months.
    pub delivered: Vec<ChangeLine>,
    pub delivered_in_all: usize,
}

/// A release of the plan.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PlannedRelease {
    pub train: String,
    pub title: String,
    /// `null`: nobody has planned anything for it yet.
    pub state: Option<Phase>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub leaves_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub locks_at: Option<Timestamp>,
    /// How many change requests it carries. `null`: no limit is known.
    pub slots: Option<usize>,
    pub free: Option<usize>,
    /// What of the slots is kept for accounts, until the release locks.
    pub kept: Vec<KeptItem>,
    /// The fewest and the most that the last ones carried, where the slots were learned from them.
    pub carried_before: Option<Vec<usize>>,
    pub changes: Vec<ChangeLine>,
}

/// Slots of a release that are kept for an account.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct KeptItem {
    pub account: String,
    pub slots: usize,
    /// As many as the policy says; more, where that is more than a fifth of what the release carries.
    pub wanted: usize,
}

impl From<&KeptFor> for KeptItem {
    fn from(KeptFor { account, slots, wanted }: &KeptFor) -> Self {
        Self { account: account.clone(), slots: *slots, wanted: *wanted }
    }
}

/// Changes of one release that are about one system.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ClashItem {
    pub release: ReleaseName,
    pub system: String,
    pub changes: Vec<ChangeLine>,
}

/// What is in a stage that has a limit.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LimitItem {
    pub state: Stage,
    pub count: usize,
    pub limit: u32,
}

impl From<Load> for LimitItem {
    fn from(Load { stage, there, limit }: Load) -> Self {
        Self { state: limits::stage(stage), count: there, limit }
    }
}

/// One month.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FlowItem {
    #[schema(example = "2026-11")]
    pub month: String,
    pub accepted: usize,
    pub delivered: usize,
}

impl From<Flow> for FlowItem {
    fn from(Flow { month, accepted, delivered }: Flow) -> Self {
        Self { month, accepted, delivered }
    }
}

/// A time in which nothing is deployed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FreezeItem {
    /// What people call it, or why.
    pub name: String,
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// `null`: until it is lifted.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
}

impl From<Frozen> for FreezeItem {
    fn from(Frozen { name, from, until }: Frozen) -> Self {
        Self { name, from, until }
    }
}

/// A place in the merged order.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PlaceItem {
    /// In the whole order, from 1.
    pub place: usize,
    /// Among what its account asks for, from 1.
    pub place_in_account: usize,
    pub of_account: usize,
    pub change: ChangeLine,
}

/// Tells the plan: what goes into which release, what is wanted next, what came into production.
#[utoipa::path(
    get,
    path = "/api/v1/plan",
    operation_id = "get_plan",
    tag = "lists",
    params(PlanAsked),
    responses((status = 200, description = "The plan.", body = PlanView), Looking)
)]
pub(super) async fn get(
    State(gate): State<Gate>,
    headers: HeaderMap,
    Asked(asked): Asked<PlanAsked>,
) -> Result<Json<PlanView>, Problem> {
    let reader = gate.looker(&headers, "plan", asked.repository.as_deref()).await?;
    let planner = Planner::of(&gate.store, &reader.place.tenant, gate.clock.now()).await?;
    let Plan {
        at,
        zone,
        releases,
        freezes,
        clashes,
        loads,
        evergreen,
        flow,
        unplanned,
        unplanned_in_all,
        delivered,
        delivered_in_all,
    } = planner.plan().await?;
    let all = releases.iter().flat_map(|column| &column.changes).chain(&delivered).chain(&evergreen);
    let all = all.chain(unplanned.iter().map(|place| &place.change));
    let names = gate.names_of(&reader, all).await?;
    let lines = |shown: &[Shown]| {
        shown.iter().filter(|it| sees(&reader, it)).map(|shown| line(shown, &names)).collect()
    };
    let clash = |clash: &Clash| ClashItem {
        release: (&clash.release).into(),
        system: clash.system.clone(),
        changes: lines(&clash.changes),
    };
    let place = |place: &Place| PlaceItem {
        place: place.overall,
        place_in_account: place.own,
        of_account: place.of,
        change: line(&place.change, &names),
    };
    Ok(Json(PlanView {
        at,
        zone: zone.to_string(),
        releases: releases.iter().map(|column| planned(column, lines(&column.changes))).collect(),
        freezes: freezes.into_iter().map(FreezeItem::from).collect(),
        clashes: clashes.iter().map(clash).filter(|clash| !clash.changes.is_empty()).collect(),
        evergreen: lines(&evergreen),
        limits: loads.into_iter().map(LimitItem::from).collect(),
        flow: flow.into_iter().map(FlowItem::from).collect(),
        unplanned: unplanned.iter().filter(|place| sees(&reader, &place.change)).map(place).collect(),
        unplanned_in_all,
        delivered: lines(&delivered),
        delivered_in_all,
    }))
}

fn planned(column: &Column, changes: Vec<ChangeLine>) -> PlannedRelease {
    PlannedRelease {
        train: column.id.train.clone(),
        title: column.id.title.clone(),
        state: column.phase,
        leaves_at: column.leaves,
        locks_at: column.locks,
        slots: column.slots,
        free: column.free,
        kept: column.kept.iter().map(KeptItem::from).collect(),
        carried_before: column.learned.map(|(fewest, most)| vec![fewest, most]),
        changes,
    }
}
