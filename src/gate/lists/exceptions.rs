//! The exceptions: what went another way than the rules, and whether somebody still owes something for it.

use std::collections::BTreeMap;

use axum::{Json, extract::State, http::HeaderMap};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    audit,
    changes::EmergencyItem,
    names::{Names, Numbered},
    page::{Asked, Page, moment},
    reader::{Reader, Wanted},
    standing::{Standing, Standings, kind_of, opens},
};
use crate::{
    domain::ids::SubjectId,
    gate::{Gate, problem::Problem, refusals::Looking},
    store::{AuditedEntry, Written},
};

/// Which exceptions.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ExceptionsAsked {
    /// Where the page begins: `next` of the one before.
    cursor: Option<String>,
    /// Items in a page, 1 to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `owner/name`.
    #[param(example = "acme/web")]
    repository: Option<String>,
    #[param(inline)]
    kind: Option<ExceptionKind>,
    #[param(inline)]
    state: Option<ExceptionState>,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExceptionKind {
    /// Somebody on call let a change go ahead.
    Emergency,
    /// Something was deployed without an allow.
    Bypass,
    /// The same while Changegate was away; one exception for all of it.
    Outage,
    /// Nothing guarded an environment that policy rules.
    Unguarded,
    /// The policy asks for less than before.
    PolicyLoosened,
    /// The policy was changed without a signature, and is not used.
    PolicyUnsigned,
    /// A release manager answers for a commit without a pull request.
    CommitAdopted,
    /// A tag that was deployed points elsewhere.
    TagMoved,
    /// A freeze was lifted, or something was excepted from it.
    FreezeWaived,
    /// Something went along with a release and is none of it.
    Carried,
    /// A change joined a release after the lock.
    JoinedAfterLock,
    /// Somebody signs for a group that is not theirs.
    Substitute,
    /// A sealed permit was used more than once.
    SealRepeated,
}

/// Whether something is left to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExceptionState {
    /// Somebody owes something for it, or it is not put right yet.
    Open,
    /// People were told in an issue. Whether they are done with it is known there alone.
    Told,
    /// Nothing is owed any more; of most kinds nothing ever is: they are on record.
    Closed,
}

/// An exception.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ExceptionItem {
    /// The number of its entry in the log.
    pub seq: i64,
    /// What was done; a newer server may know more kinds.
    #[schema(example = "bypass")]
    pub kind: String,
    pub state: ExceptionState,
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Timestamp,
    /// Where that is known.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<Timestamp>,
    #[schema(example = "environment/7/production")]
    pub subject: String,
    pub repository: Option<String>,
    /// Where it is on GitHub: the issue about it, or what it is about.
    pub url: Option<String>,
    /// The issue that we have opened about it.
    pub issue: Option<Numbered>,
    /// GitHub's number of who did it; `null`: nobody said so to Changegate.
    pub actor: Option<u64>,
    /// Ids, codes and times.
    pub facts: BTreeMap<String, String>,
    /// What people wrote, and names of the day. What was erased is `erased`.
    pub texts: BTreeMap<String, String>,
    /// What is owed for an emergency, and until when.
    pub emergency: Option<EmergencyItem>,
}

impl ExceptionsAsked {
    fn wants(&self, entry: &AuditedEntry, standing: &Standing) -> bool {
        let is_of = |kind: ExceptionKind| serde_json::to_value(kind).is_ok_and(|it| it == kind_of(entry));
        self.kind.is_none_or(is_of) && self.state.is_none_or(|state| standing.state == state)
    }
}

fn item(entry: AuditedEntry, standing: &Standing, names: &Names) -> ExceptionItem {
    let about: Option<SubjectId> = entry.subject.parse().ok();
    let issue = standing.issue.map(|at| names.issue(at));
    let page = || about.as_ref().and_then(|about| audit::url(about, names));
    let kind = kind_of(&entry).to_owned();
    let audit::AuditItem { seq, at, subject, repository, actor, facts, texts, .. } =
        audit::item(entry, names);
    ExceptionItem {
        seq,
        kind,
        state: standing.state,
        opened_at: at,
        closed_at: standing.closed_at,
        subject,
        repository,
        url: issue.as_ref().and_then(|issue| issue.url.clone()).or_else(page),
        issue,
        actor,
        facts,
        texts,
        emergency: standing.emergency.as_ref().map(EmergencyItem::from),
    }
}

/// Lists the exceptions, the newest first.
#[utoipa::path(
    get,
    path = "/api/v1/exceptions",
    operation_id = "list_exceptions",
    tag = "lists",
    params(ExceptionsAsked),
    responses((status = 200, description = "A page of the exceptions.", body = Page<ExceptionItem>), Looking)
)]
pub(super) async fn list(
    State(gate): State<Gate>,
    headers: HeaderMap,
    Asked(asked): Asked<ExceptionsAsked>,
) -> Result<Json<Page<ExceptionItem>>, Problem> {
    let (cursor, limit) = (asked.cursor.as_deref(), asked.limit);
    let wanted = Wanted { list: "exceptions", repository: asked.repository.as_deref(), cursor, limit };
    let Some(Reader { sight, place, turn }) = gate.reader(&headers, wanted).await? else {
        return Ok(Json(Page::empty()));
    };
    let part = turn.part((None, None), |seq| seq.parse().ok())?;
    let found = gate.store.entries_listed(&place, Written::Exceptions, &part).await?;
    let found = gate.store.with_texts(&place.tenant, found).await?;
    let standings = Standings::of(&gate.store, &place, &found).await?;
    let is_seen = |entry: &AuditedEntry| {
        let subject = entry.subject.parse::<SubjectId>().ok();
        let is_there = |repo| subject.as_ref().and_then(SubjectId::repo) == Some(repo);
        let is_seen = subject.as_ref().is_some_and(|subject| sight.sees_subject(subject));
        is_seen && place.repository.is_none_or(is_there)
    };
    let is_shown =
        |entry: &AuditedEntry| opens(entry) && is_seen(entry) && asked.wants(entry, &standings.find(entry));
    let cut = turn.cut(found, is_shown, |entry| moment(entry.at, entry.seq));
    let repo = |entry: &AuditedEntry| entry.subject.parse::<SubjectId>().ok()?.repo();
    let issues = cut.rows.iter().filter_map(|entry| standings.find(entry).issue).map(|at| at.repo);
    let named = cut.rows.iter().filter_map(repo).chain(issues).collect();
    let names = gate.names(&place.tenant, named).await?;
    let shown = |entry: AuditedEntry| {
        let standing = standings.find(&entry);
        item(entry, &standing, &names)
    };
    Ok(Json(Page { items: cut.rows.into_iter().map(shown).collect(), next: cut.next }))
}
