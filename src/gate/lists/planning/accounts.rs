//! Who asks for how much, and gets how much.

use axum::{Json, extract::State, http::HeaderMap};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::page::Asked;
use crate::{
    domain::planning::accounts::{Concentration, Counts},
    gate::{Gate, problem::Problem, refusals::Looking},
    planner::{Planner, drawn::Accounts},
};

/// Which accounts.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AccountsAsked {
    /// `owner/name`: only what was asked for there.
    #[param(example = "acme/web")]
    repository: Option<String>,
    /// How it would be without this account, in any case.
    #[param(example = "sales")]
    without: Option<String>,
}

/// Who asks for how much, within twelve months.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AccountsView {
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Whoever asked for most first.
    pub accounts: Vec<AccountItem>,
    pub total: Counts,
    /// The mean of all ratings, 1 to 5. `null`: fewer than three.
    pub satisfaction: Option<f64>,
    /// `null`: nothing was asked for.
    pub concentration: Option<Concentration>,
    /// The account that is left out.
    pub without: Option<String>,
}

/// One of them.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AccountItem {
    /// `null`: what belongs to no account.
    pub name: Option<String>,
    pub counts: Counts,
    /// In what was asked for, 0 to 1.
    pub share: f64,
    /// It asks for so much that it may be a key account, and no person has confirmed it (`tier: key`).
    pub key_account_suggested: bool,
    /// What people call accounts of its sort, as the policy says: `key` is that of a key account.
    pub tier: Option<String>,
    /// So many slots of each release are kept for it, as the policy says.
    pub reserved: u16,
    /// The mean of the ratings, 1 to 5. `null`: fewer than three.
    pub satisfaction: Option<f64>,
    /// In the merged order.
    pub weight: u16,
}

/// Tells who asks for how much, and gets how much, within twelve months.
#[utoipa::path(
    get,
    path = "/api/v1/accounts",
    operation_id = "get_accounts",
    tag = "lists",
    params(AccountsAsked),
    responses((status = 200, description = "The accounts.", body = AccountsView), Looking)
)]
pub(super) async fn get(
    State(gate): State<Gate>,
    headers: HeaderMap,
    Asked(asked): Asked<AccountsAsked>,
) -> Result<Json<AccountsView>, Problem> {
    let reader = gate.looker(&headers, "accounts", asked.repository.as_deref()).await?;
    let planner = Planner::of(&gate.store, &reader.place.tenant, gate.clock.now()).await?;
    let without = asked.without.map(|name| name.to_lowercase());
    let Accounts { since, accounts, total, satisfaction, concentration, without, .. } =
        planner.accounts(without.as_deref(), |repo| reader.looks_at(repo)).await?;
    let accounts = accounts.into_iter().map(|account| AccountItem {
        name: account.name,
        counts: account.counts,
        share: account.share,
        key_account_suggested: account.is_key,
        tier: account.tier,
        reserved: account.reserved,
        satisfaction: account.satisfaction,
        weight: account.weight.unwrap_or(1),
    });
    Ok(Json(AccountsView {
        since,
        accounts: accounts.collect(),
        total,
        satisfaction,
        concentration,
        without,
    }))
}
