//! The plan for calendar programs.

use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::IntoResponse,
};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde::Deserialize;

use super::{super::page::Asked, sees};
use crate::{
    gate::{Gate, problem::Problem, refusals::Looking},
    planner::{self, Planner, feed},
};

/// Which calendar.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct CalendarAsked {
    /// Only the change requests of this account, in any case.
    #[param(example = "sales")]
    account: Option<String>,
}

/// Tells when releases leave and lock, and when nothing is deployed, as a calendar to subscribe to (RFC 5545). Calendar programs send
/// the token as the password of a user of any name (`https://any:TOKEN@server/...`).
#[utoipa::path(
    get,
    path = "/api/v1/calendar.ics",
    operation_id = "get_calendar",
    tag = "lists",
    params(CalendarAsked),
    responses((status = 200, description = "The calendar.", body = String, content_type = "text/calendar"), Looking)
)]
pub(super) async fn get(
    State(gate): State<Gate>,
    headers: HeaderMap,
    Asked(asked): Asked<CalendarAsked>,
) -> Result<impl IntoResponse, Problem> {
    let reader = gate.looker(&with_password(headers), "calendar", None).await?;
    let tenant = &reader.place.tenant;
    let mut plan = Planner::of(&gate.store, tenant, gate.clock.now()).await?.plan().await?;
    plan.releases.iter_mut().for_each(|column| column.changes.retain(|shown| sees(&reader, shown)));
    let logins = planner::owners(&gate.store).await?;
    let login = logins.get(tenant).map_or("GitHub", String::as_str);
    let account = asked.account.map(|name| name.to_lowercase());
    let text = feed::feed(login, &plan, account.as_deref());
    Ok(([(header::CONTENT_TYPE, "text/calendar; charset=utf-8")], text))
}

/// The password of HTTP's basic authentication, as if it were a bearer token: calendar programs know nothing else.
fn with_password(mut headers: HeaderMap) -> HeaderMap {
    let basic =
        headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Basic "));
    let plain =
        basic.and_then(|basic| BASE64.decode(basic).ok()).and_then(|plain| String::from_utf8(plain).ok());
    let password = plain.as_deref().and_then(|plain| plain.split_once(':')).map(|(_, password)| password);
    if let Some(bearer) = password.and_then(|password| format!("Bearer {password}").parse().ok()) {
        headers.insert(header::AUTHORIZATION, bearer);
    }
    headers
}
