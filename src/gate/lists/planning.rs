//! What waits for a decision, what goes into which release, and who asks for how much.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, header},
    response::IntoResponse,
};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    changes::ReleaseName,
    names::{Names, Person},
    page::{Asked, LOOKED_AT, Page},
    reader::{Reader, Wanted},
};
use crate::{
    domain::{
        change_request::Stage,
        planning::{
            Kind,
            accounts::{Concentration, Counts},
            plan::Flow,
            queue::{Filter, Waiting},
        },
        release::Phase,
    },
    gate::{Gate, problem::Problem, refusals::Looking},
    planner::{
        self, Planner,
        drawn::{Accounts, Clash, Column, Frozen, Place, Plan, Shown, Waits},
        feed,
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

/// Where one looks.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PlanAsked {
    /// `owner/name`: only what is of this repository.
    #[param(example = "acme/web")]
    repository: Option<String>,
}

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

/// A change request in short.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChangeLine {
    #[schema(example = "acme/web")]
    pub repository: String,
    pub number: u64,
    pub url: Option<String>,
    pub title: String,
    pub kind: Kind,
    pub state: Stage,
    /// Since when it is that.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub asked_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub accepted_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub delivered_at: Option<Timestamp>,
    pub account: Option<String>,
    /// Its place among what its account asks for, as its sponsor said.
    pub rank: Option<u16>,
    pub systems: Vec<String>,
    /// `S`, `M` or `L`.
    pub size: Option<String>,
    /// `low`, `medium` or `high`.
    pub risk: Option<String>,
    pub requester: Option<Person>,
    pub contact: Option<Person>,
    /// What has to be answered before it can be triaged.
    pub missing: Vec<String>,
    pub release: Option<ReleaseName>,
    #[schema(value_type = Option<String>, format = Date)]
    pub needed_by: Option<Date>,
    /// Whoever asked for it accepted it, too.
    pub accepted_by_requester: bool,
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
    /// The fewest and the most that the last ones carried, where the slots were learned from them.
    pub carried_before: Option<Vec<usize>>,
    pub changes: Vec<ChangeLine>,
}

/// Changes of one release that are about one system.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ClashItem {
    pub release: ReleaseName,
    pub system: String,
    pub changes: Vec<ChangeLine>,
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
    /// It asks for so much that it may be a key account; a person confirms it.
    pub key_account_suggested: bool,
    /// The mean of the ratings, 1 to 5. `null`: fewer than three.
    pub satisfaction: Option<f64>,
    /// In the merged order.
    pub weight: u16,
}

fn line(shown: &Shown, names: &Names) -> ChangeLine {
    let line = &shown.line;
    let numbered = names.issue(line.at);
    ChangeLine {
        repository: numbered.repository,
        number: numbered.number,
        url: numbered.url,
        title: line.title.clone(),
        kind: line.kind,
        state: line.stage,
        since: line.since,
        asked_at: line.asked,
        accepted_at: line.accepted,
        delivered_at: line.delivered,
        account: line.account.clone(),
        rank: line.rank.map(|rank| rank.place),
        systems: line.systems.iter().cloned().collect(),
        size: line.size.map(|size| size.as_str().into()),
        risk: line.risk.map(|risk| risk.as_str().into()),
        requester: line.requester.as_ref().map(Person::from),
        contact: line.contact.as_ref().map(Person::from),
        missing: line.missing.clone(),
        release: line.release.as_ref().map(ReleaseName::from),
        needed_by: line.needed_by,
        accepted_by_requester: line.accepted_by_requester,
    }
}

impl Gate {
    async fn names_of<'a>(
        &self,
        reader: &Reader,
        shown: impl Iterator<Item = &'a Shown>,
    ) -> Result<Names, Problem> {
        self.names(&reader.place.tenant, shown.map(|shown| shown.line.at.repo).collect()).await
    }
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
pub(super) async fn queue(
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
        let line = &waits.shown.line;
        reader.place.repository.is_none_or(|repo| repo == line.at.repo)
            && filter.wants(line, Waiting { due, is_overdue })
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

/// Tells the plan: what goes into which release, what is wanted next, what came into production.
#[utoipa::path(
    get,
    path = "/api/v1/plan",
    operation_id = "get_plan",
    tag = "lists",
    params(PlanAsked),
    responses((status = 200, description = "The plan.", body = PlanView), Looking)
)]
pub(super) async fn plan(
    State(gate): State<Gate>,
    headers: HeaderMap,
    Asked(asked): Asked<PlanAsked>,
) -> Result<Json<PlanView>, Problem> {
    let wanted = Wanted { list: "plan", repository: asked.repository.as_deref(), cursor: None, limit: None };
    let reader = gate.reader(&headers, wanted).await?.ok_or_else(nowhere)?;
    let planner = Planner::of(&gate.store, &reader.place.tenant, gate.clock.now()).await?;
    let Plan {
        at,
        zone,
        releases,
        freezes,
        clashes,
        flow,
        unplanned,
        unplanned_in_all,
        delivered,
        delivered_in_all,
    } = planner.plan().await?;
    let all = releases.iter().flat_map(|column| &column.changes).chain(&delivered);
    let all = all.chain(unplanned.iter().map(|place| &place.change));
    let names = gate.names_of(&reader, all).await?;
    let sees = |shown: &&Shown| reader.place.repository.is_none_or(|repo| repo == shown.line.at.repo);
    let lines = |shown: &[Shown]| shown.iter().filter(sees).map(|shown| line(shown, &names)).collect();
    let release = |column: &Column| PlannedRelease {
        train: column.id.train.clone(),
        title: column.id.title.clone(),
        state: column.phase,
        leaves_at: column.leaves,
        locks_at: column.locks,
        slots: column.slots,
        free: column.free,
        carried_before: column.learned.map(|(fewest, most)| vec![fewest, most]),
        changes: lines(&column.changes),
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
        releases: releases.iter().map(release).collect(),
        freezes: freezes.into_iter().map(FreezeItem::from).collect(),
        clashes: clashes.iter().map(clash).filter(|clash| !clash.changes.is_empty()).collect(),
        flow: flow.into_iter().map(FlowItem::from).collect(),
        unplanned: unplanned.iter().filter(|place| sees(&&place.change)).map(place).collect(),
        unplanned_in_all,
        delivered: lines(&delivered),
        delivered_in_all,
    }))
}

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
pub(super) async fn calendar(
    State(gate): State<Gate>,
    headers: HeaderMap,
    Asked(asked): Asked<CalendarAsked>,
) -> Result<impl IntoResponse, Problem> {
    let wanted = Wanted { list: "calendar", repository: None, cursor: None, limit: None };
    let reader = gate.reader(&with_password(headers), wanted).await?.ok_or_else(nowhere)?;
    let tenant = &reader.place.tenant;
    let mut plan = Planner::of(&gate.store, tenant, gate.clock.now()).await?.plan().await?;
    if let Some(own) = reader.place.repository {
        plan.releases.iter_mut().for_each(|column| column.changes.retain(|shown| shown.line.at.repo == own));
    }
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

/// Tells who asks for how much, and gets how much, within twelve months.
#[utoipa::path(
    get,
    path = "/api/v1/accounts",
    operation_id = "get_accounts",
    tag = "lists",
    params(AccountsAsked),
    responses((status = 200, description = "The accounts.", body = AccountsView), Looking)
)]
pub(super) async fn accounts(
    State(gate): State<Gate>,
    headers: HeaderMap,
    Asked(asked): Asked<AccountsAsked>,
) -> Result<Json<AccountsView>, Problem> {
    let wanted =
        Wanted { list: "accounts", repository: asked.repository.as_deref(), cursor: None, limit: None };
    let reader = gate.reader(&headers, wanted).await?.ok_or_else(nowhere)?;
    let planner = Planner::of(&gate.store, &reader.place.tenant, gate.clock.now()).await?;
    let without = asked.without.map(|name| name.to_lowercase());
    let sees = |repo| reader.place.repository.is_none_or(|own| own == repo);
    let Accounts { since, accounts, total, satisfaction, concentration, without, .. } =
        planner.accounts(without.as_deref(), sees).await?;
    let accounts = accounts.into_iter().map(|account| AccountItem {
        name: account.name,
        counts: account.counts,
        share: account.share,
        key_account_suggested: account.is_key,
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

fn sees(reader: &Reader, shown: &Shown) -> bool {
    reader.place.repository.is_none_or(|repo| repo == shown.line.at.repo)
}

fn nowhere() -> Problem {
    Problem::request(
        "`repository` is none that you see. Cure: leave it out, or name one that your token is for.",
    )
}
