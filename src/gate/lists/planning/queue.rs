//! What waits for a decision, the oldest first.

use axum::{Json, extract::State, http::HeaderMap};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    super::{
        page::{Asked, LOOKED_AT, Page},
        reader::Wanted,
    },
    ChangeLine, line, sees,
};
use crate::{
    domain::planning::{
        Kind,
        queue::{Filter, Waiting},
    },
    gate::{Gate, problem::Problem, refusals::Looking},
    planner::{
        Planner,
        drawn::{Shown, Waits},
    },
    store::LinePlace,
};

/// What is looked for in the queue.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct QueueAsked {
    /// Where the page begins: `next` of the one before.
    cursor: Option<String>,
    /// Items in a page, 1 to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `owner/name`.
    #[param(example = "acme/web")]
    repository: Option<String>,
    /// The account that asks, in any case; `none`: what belongs to no account.
    #[param(example = "sales")]
    account: Option<String>,
    /// A system that it is about, in any case.
    system: Option<String>,
    #[param(inline)]
    kind: Option<Kind>,
    /// Only what lacks information (`true`), or only what does not.
    incomplete: Option<bool>,
    /// Only what has waited too long (`true`), or only what has not.
    overdue: Option<bool>,
    /// Says of each which older ones it may be asked twice with.
    alike: Option<bool>,
}

/// What waits for a decision.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct QueueItem {
    pub change: ChangeLine,
    /// Older ones that it may be asked twice with, where `alike` was asked for: the most alike first.
    pub alike: Vec<ChangeLine>,
    /// When it is overdue. `null`: the clock stands, because information is missing.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due_at: Option<Timestamp>,
    pub overdue: bool,
}

/// Lists what waits for a decision, the oldest first.
#[utoipa::path(
    get,
    path = "/api/v1/queue",
    operation_id = "list_queue",
    tag = "lists",
    params(QueueAsked),
    responses((status = 200, description = "A page of the queue.", body = Page<QueueItem>), Looking)
)]
pub(super) async fn list(
    State(gate): State<Gate>,
    headers: HeaderMap,
    Asked(asked): Asked<QueueAsked>,
) -> Result<Json<Page<QueueItem>>, Problem> {
    let (cursor, limit) = (asked.cursor.as_deref(), asked.limit);
    let wanted = Wanted { list: "queue", repository: asked.repository.as_deref(), cursor, limit };
    let Some(reader) = gate.reader(&headers, wanted).await? else { return Ok(Json(Page::empty())) };
    let QueueAsked { account, system, kind, incomplete, overdue, alike, .. } = asked;
    let filter = Filter { account, system, kind, incomplete, overdue };
    let planner = Planner::of(&gate.store, &reader.place.tenant, gate.clock.now()).await?;
    let place = |text: &str| -> Option<LinePlace> {
        let (at, id) = text.split_once(' ')?;
        Some((at.parse().ok()?, id.into()))
    };
    let found = planner.queue(reader.turn.after(place)?, LOOKED_AT).await?;
    let is_shown = |(waits, _): &(Waits, LinePlace)| {
        let (due, is_overdue) = (waits.due, waits.is_overdue);
        sees(&reader, &waits.shown) && filter.wants(&waits.shown.line, Waiting { due, is_overdue })
    };
    let cut = reader.turn.cut(found, is_shown, |(_, (at, id))| format!("{at} {id}"));
    let mut rows: Vec<Waits> = cut.rows.into_iter().map(|(waits, _)| waits).collect();
    if alike == Some(true) {
        planner.liken(&mut rows).await?;
    }
    for waits in &mut rows {
        waits.alike.retain(|shown| sees(&reader, shown));
    }
    let named: Vec<&Shown> = rows.iter().flat_map(|waits| waits.alike.iter().chain([&waits.shown])).collect();
    let names = gate.names_of(&reader, named.into_iter()).await?;
    let item = |waits: &Waits| QueueItem {
        change: line(&waits.shown, &names),
        alike: waits.alike.iter().map(|shown| line(shown, &names)).collect(),
        due_at: waits.due,
        overdue: waits.is_overdue,
    };
    Ok(Json(Page { items: rows.iter().map(item).collect(), next: cut.next }))
}
