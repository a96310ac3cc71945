//! The lists that a sweep compares: open issues and pull requests, and milestones, a page at a time; and environments.
//!
//! A token that opens one repository asks: where the name belongs to another repository by now, GitHub says that there is
//! none. Lists wait for everything else: they never draw on what is kept for the gate.

use super::{
    GitHub, Place,
    access::{Call, parse},
    auth::{Access, Scope},
    budget::Cost,
    client::Request,
    payload::{Issue, Milestone},
    trouble::Trouble,
    write::Failure,
};
use jiff::Timestamp;

use crate::domain::{
    effect::Lane,
    event::{IssueSnapshot, MilestoneSnapshot},
    ids::RepoId,
};

/// The most that GitHub gives at once.
const PER_PAGE: usize = 100;

/// A page of issues. Pull requests are issues to GitHub, and are listed by what they have in common.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Issues {
    pub issues: Vec<IssueSnapshot>,
    pub pull_requests: Vec<IssueSnapshot>,
    /// There are no more pages.
    pub is_last: bool,
}

#[derive(serde::Deserialize)]
struct Environments {
    environments: Option<Vec<Named>>,
}

#[derive(serde::Deserialize)]
struct Named {
    name: String,
}

impl GitHub {
    /// The open issues and pull requests, oldest first; `page` counts from 1.
    ///
    /// # Errors
    /// When GitHub does not say, or must not be asked yet.
    pub async fn open_issues(&self, place: &Place, repo: RepoId, page: u32) -> Result<Issues, Failure> {
        self.issues(place, repo, "state=open&sort=created&direction=asc", page).await
    }

    /// What was closed and has changed since then, longest ago first; `page` counts from 1.
    ///
    /// # Errors
    /// When GitHub does not say, or must not be asked yet.
    pub async fn closed_issues(
        &self,
        place: &Place,
        repo: RepoId,
        (since, page): (Timestamp, u32),
    ) -> Result<Issues, Failure> {
        let since = since.strftime("%Y-%m-%dT%H:%M:%SZ");
        let which = format!("state=closed&sort=updated&direction=asc&since={since}");
        self.issues(place, repo, &which, page).await
    }

    async fn issues(&self, place: &Place, repo: RepoId, which: &str, page: u32) -> Result<Issues, Failure> {
        let rest = format!("/issues?{which}&per_page={PER_PAGE}&page={page}");
        let listed: Vec<Issue> = self.list(place, repo, &rest).await?;
        let mut found = Issues { is_last: listed.len() < PER_PAGE, ..Issues::default() };
        for issue in listed {
            let list = if issue.is_pull_request() { &mut found.pull_requests } else { &mut found.issues };
            list.push(issue.snapshot(repo));
        }
        Ok(found)
    }

    /// The milestones, open and closed, and whether there are no more pages; `page` counts from 1.
    ///
    /// # Errors
    /// When GitHub does not say, or must not be asked yet.
    pub async fn milestones(
        &self,
        place: &Place,
        repo: RepoId,
        page: u32,
    ) -> Result<(Vec<MilestoneSnapshot>, bool), Failure> {
        let rest = format!("/milestones?state=all&per_page={PER_PAGE}&page={page}");
        let listed: Vec<Milestone> = self.list(place, repo, &rest).await?;
        let is_last = listed.len() < PER_PAGE;
        Ok((listed.into_iter().map(|milestone| milestone.snapshot(repo)).collect(), is_last))
    }

    /// The names of the environments, the first hundred.
    ///
    /// # Errors
    /// When GitHub does not say, or must not be asked yet.
    pub async fn environments(&self, place: &Place, repo: RepoId) -> Result<Vec<String>, Failure> {
        let rest = format!("/environments?per_page={PER_PAGE}");
        let body = self.page_for(Scope::Runs, place, repo, &rest).await;
        let listed: Result<Environments, Trouble> = body.and_then(|body| parse(&body));
        let listed = listed.map_err(|trouble| self.outcome(&trouble))?;
        Ok(listed.environments.unwrap_or_default().into_iter().map(|environment| environment.name).collect())
    }

    /// Whether GitHub says that there is no milestone of this number.
    ///
    /// # Errors
    /// When GitHub does not say, or must not be asked yet.
    pub async fn has_no_milestone(&self, place: &Place, repo: RepoId, number: u64) -> Result<bool, Failure> {
        match self.page(place, repo, &format!("/milestones/{number}")).await {
            Ok(_) => Ok(false),
            Err(Trouble::NotFound | Trouble::Gone) => Ok(true),
            Err(trouble) => Err(self.outcome(&trouble)),
        }
    }

    async fn list<T: serde::de::DeserializeOwned>(
        &self,
        place: &Place,
        repo: RepoId,
        rest: &str,
    ) -> Result<Vec<T>, Failure> {
        let body = self.page(place, repo, rest).await.and_then(|body| parse(&body));
        body.map_err(|trouble| self.outcome(&trouble))
    }

    async fn page(&self, place: &Place, repo: RepoId, rest: &str) -> Result<Vec<u8>, Trouble> {
        self.page_for(Scope::Read, place, repo, rest).await
    }

    async fn page_for(
        &self,
        scope: Scope,
        place: &Place,
        repo: RepoId,
        rest: &str,
    ) -> Result<Vec<u8>, Trouble> {
        let away = || Trouble::NotInstalled("the App is not installed on this account".into());
        let unnamed = || Trouble::NotInstalled(format!("the name of repository {repo} is not known"));
        let installation = place.installation.ok_or_else(away)?;
        let name = place.names.get(&repo).ok_or_else(unnamed)?;
        let access = Access { installation, repo: Some(repo), scope };
        let call = Call { access, cost: Cost::Read, lane: Lane::Rest };
        let path = format!("/repos/{}/{}{rest}", name.owner(), name.name());
        Ok(self.ask(call, &Request::get(path)).await?.body)
    }
}
