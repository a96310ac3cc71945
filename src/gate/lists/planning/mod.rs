//! What waits for a decision, what goes into which release, and who asks for how much.
//!
//! - [`queue`], [`plan`], [`accounts`]: one file for each,
//! - `calendar`: the plan for calendar programs.

pub mod accounts;
mod calendar;
pub mod plan;
pub mod queue;

use axum::http::HeaderMap;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    changes::ReleaseName,
    names::{Names, Person},
    reader::{Reader, Wanted},
};
use crate::{
    domain::{change_request::Stage, planning::Kind},
    gate::{Gate, problem::Problem},
    planner::drawn::Shown,
};

/// The addresses.
pub(super) fn routes() -> OpenApiRouter<Gate> {
    OpenApiRouter::new()
        .routes(routes!(queue::list))
        .routes(routes!(plan::get))
        .routes(routes!(accounts::get))
        .routes(routes!(calendar::get))
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
    /// It was accepted over the limit of what may be accepted.
    pub accepted_over_limit: bool,
    /// How many pull requests belong to it that are open or merged.
    pub pull_requests: usize,
    /// The releases with which any of them came into production.
    pub shipped_in: Vec<ReleaseName>,
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
        accepted_over_limit: line.over_limit,
        pull_requests: line.pulls,
        shipped_in: line.shipped_in.iter().map(ReleaseName::from).collect(),
    }
}

impl Gate {
    /// Who looks at what is worked out as a whole: in the repository of this name, or as far as they see.
    async fn looker(
        &self,
        headers: &HeaderMap,
        list: &'static str,
        repository: Option<&str>,
    ) -> Result<Reader, Problem> {
        let wanted = Wanted { list, repository, cursor: None, limit: None };
        self.reader(headers, wanted).await?.ok_or_else(|| {
            Problem::request(
                "`repository` is none that you see. Cure: leave it out, or name one that your token is for.",
            )
        })
    }

    async fn names_of<'a>(
        &self,
        reader: &Reader,
        shown: impl Iterator<Item = &'a Shown>,
    ) -> Result<Names, Problem> {
        self.names(&reader.place.tenant, shown.map(|shown| shown.line.at.repo).collect()).await
    }
}

fn sees(reader: &Reader, shown: &Shown) -> bool {
    reader.looks_at(shown.line.at.repo)
}
