//! The log: what was decided, by whom, and by which facts. What people wrote stands beside it until it is erased.

use std::collections::BTreeMap;

use axum::{Json, extract::State, http::HeaderMap};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    names::Names,
    page::{Asked, Page, moment},
    reader::{Reader, Wanted},
};
use crate::{
    domain::{asker::Sight, ids::SubjectId},
    gate::{Gate, problem::Problem, refusals::Looking},
    store::{AuditedEntry, Place, Written},
};

/// Which entries.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditAsked {
    /// Where the page begins: `next` of the one before.
    cursor: Option<String>,
    /// Items in a page, 1 to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `owner/name`.
    #[param(example = "acme/web")]
    repository: Option<String>,
    /// What they are about, as the other lists give its `id`.
    #[param(example = "change_request/7/128")]
    subject: Option<String>,
    /// The code, or what stands before its dot: `change_request.accepted`, `exception`.
    #[param(example = "change_request.accepted")]
    kind: Option<String>,
    /// At that time or later (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// Before that time.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
}

/// An entry of the log.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AuditItem {
    /// Its number in the log of the account.
    pub seq: i64,
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What happened, as a code.
    #[schema(example = "change_request.accepted")]
    pub code: String,
    /// What it is about.
    #[schema(example = "change_request/7/128")]
    pub subject: String,
    /// Its repository, if it is of one.
    pub repository: Option<String>,
    /// Where it is on GitHub, if it has a page there.
    pub url: Option<String>,
    /// GitHub's number of who did it; `null`: Changegate by itself.
    pub actor: Option<u64>,
    /// Ids, codes and times.
    pub facts: BTreeMap<String, String>,
    /// What people wrote, and names of the day. What was erased is `erased`.
    pub texts: BTreeMap<String, String>,
    /// The names of the texts that were erased.
    pub erased: Vec<String>,
    /// Its hash, over the one before.
    pub hash: String,
}

/// What stands for a text that was erased.
const ERASED: &str = "erased";

impl AuditAsked {
    fn wants(&self, entry: &AuditedEntry, sight: &Sight) -> bool {
        let code = entry.entry.code.as_str();
        let is_of = |kind: &String| code == kind || code.split('.').next() == Some(kind);
        let is_seen = entry.subject.parse().is_ok_and(|subject| sight.sees_subject(&subject));
        is_seen
            && self.kind.as_ref().is_none_or(is_of)
            && self.subject.as_ref().is_none_or(|subject| entry.subject == *subject)
    }

    /// Where to look: what is about something in a repository is there.
    fn place(&self, place: Place) -> Place {
        let subject = self.subject.as_ref().and_then(|subject| subject.parse::<SubjectId>().ok());
        let own = subject.and_then(|subject| subject.repo());
        Place { repository: place.repository.or(own), ..place }
    }
}

/// The page of a subject on GitHub.
pub(super) fn url(subject: &SubjectId, names: &Names) -> Option<String> {
    match subject {
        SubjectId::Account | SubjectId::Release(_) => None,
        SubjectId::Repository(repo) => names.url(*repo, ""),
        SubjectId::Milestone(repo, number) => names.url(*repo, &format!("milestone/{number}")),
        SubjectId::PullRequest(at) => names.url(at.repo, &format!("pull/{}", at.number)),
        SubjectId::ChangeRequest(at) => names.issue(*at).url,
        SubjectId::Commit(repo, sha) | SubjectId::Promotion(repo, sha) => names.commit(*repo, sha).url,
        SubjectId::Environment(repo, _) => names.url(*repo, "deployments"),
    }
}

pub(super) fn item(entry: AuditedEntry, names: &Names) -> AuditItem {
    let AuditedEntry { seq, at, subject, entry, erased, hash } = entry;
    let about: Option<SubjectId> = subject.parse().ok();
    let mut texts = entry.texts;
    texts.extend(erased.iter().map(|name| (name.clone(), ERASED.to_owned())));
    AuditItem {
        seq,
        at,
        code: entry.code,
        repository: about.as_ref().and_then(SubjectId::repo).map(|repo| names.repository(repo)),
        url: about.as_ref().and_then(|about| url(about, names)),
        subject,
        actor: entry.actor.map(|actor| actor.0),
        facts: entry.facts,
        texts,
        erased,
        hash,
    }
}

/// Lists the entries of the log, the newest first.
#[utoipa::path(
    get,
    path = "/api/v1/audit",
    operation_id = "list_audit",
    tag = "lists",
    params(AuditAsked),
    responses((status = 200, description = "A page of the log.", body = Page<AuditItem>), Looking)
)]
pub(super) async fn list(
    State(gate): State<Gate>,
    headers: HeaderMap,
    Asked(asked): Asked<AuditAsked>,
) -> Result<Json<Page<AuditItem>>, Problem> {
    let (cursor, limit) = (asked.cursor.as_deref(), asked.limit);
    let wanted = Wanted { list: "audit", repository: asked.repository.as_deref(), cursor, limit };
    let Some(Reader { sight, place, turn }) = gate.reader(&headers, wanted).await? else {
        return Ok(Json(Page::empty()));
    };
    let place = asked.place(place);
    let part = turn.part((asked.since, asked.until), |seq| seq.parse().ok())?;
    let found = gate.store.entries_listed(&place, Written::All, &part).await?;
    let is_shown = |entry: &AuditedEntry| {
        let subject = entry.subject.parse::<SubjectId>().ok();
        let is_there = |repo| subject.as_ref().and_then(SubjectId::repo) == Some(repo);
        place.repository.is_none_or(is_there) && asked.wants(entry, &sight)
    };
    let cut = turn.cut(found, is_shown, |entry| moment(entry.at, entry.seq));
    let rows = gate.store.with_texts(&place.tenant, cut.rows).await?;
    let repo = |entry: &AuditedEntry| entry.subject.parse::<SubjectId>().ok()?.repo();
    let names = gate.names(&place.tenant, rows.iter().filter_map(repo).collect()).await?;
    Ok(Json(Page { items: rows.into_iter().map(|entry| item(entry, &names)).collect(), next: cut.next }))
}
