//! One page of a sweep: what GitHub lists is compared with what is known, and what differs becomes a delivery.
//!
//! What is known is read before GitHub is asked: what arrives meanwhile is newer than the list, and is not missed in it.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::{
    domain::{
        change_request::{ChangeRequest, rules::Rules},
        event::IssueSnapshot,
        facts::{Fact, Facts, Inquiry, PolicyInForce},
        ids::{RepoId, SubjectId, SubjectKind, TenantId},
        policy::Policy,
        pull_request::PullRequest,
        subject::State,
        sweep::{List, Spot, Sweep, is_other_issue, is_other_milestone, is_other_pull_request},
    },
    github::{Failure, Issues, Place, payload::Whereabouts},
    store::{KeepError, NewDelivery, Packed, StoreError},
};

use super::{Repair, RepairError};

/// Subjects in one delivery.
const AT_A_TIME: usize = 100;
/// Rounds of questions to the store.
const ROUNDS: usize = 8;

/// A page that is being compared.
pub(super) struct Page<'a> {
    pub(super) repair: &'a Repair,
    pub(super) tenant: &'a TenantId,
    pub(super) place: Place,
    pub(super) at: Whereabouts,
    pub(super) now: Timestamp,
    /// Since when it is looked for what was closed.
    pub(super) since: Timestamp,
}

/// What a page showed.
#[derive(Default)]
pub(super) struct Shown {
    compared: usize,
    issues: Vec<u64>,
    pull_requests: Vec<u64>,
    /// Events and bodies.
    milestones: Vec<(&'static str, Vec<u8>)>,
    /// Environments that are to be looked at.
    environments: Vec<String>,
}

impl Shown {
    const fn different(&self) -> usize {
        self.issues.len() + self.pull_requests.len() + self.milestones.len()
    }
}

impl Page<'_> {
    /// What GitHub shows on this page, and the place of the next one; `None`: the repository is compared.
    pub(super) async fn compare(&self, spot: Spot) -> Result<(Shown, Option<Spot>), RepairError> {
        match spot.list {
            List::Milestones => self.milestones(spot).await,
            List::Issues => self.issues(spot).await,
            List::Closed => self.closed(spot).await,
        }
    }

    async fn milestones(&self, mut spot: Spot) -> Result<(Shown, Option<Spot>), RepairError> {
        let is_missed = |state: &State| {
            state.as_milestone().is_some_and(|milestone| milestone.should_be_listed(self.now))
        };
        if spot.page == 1 {
            spot.unlisted = self.known(SubjectKind::Milestone, spot.repo, is_missed).await?;
        }
        let (listed, is_last) =
            self.repair.github.milestones(&self.place, spot.repo, spot.page).await.map_err(later)?;
        let subject = |number| SubjectId::Milestone(spot.repo, number);
        let subjects: Vec<SubjectId> = listed.iter().map(|it| subject(it.number)).collect();
        let known = self.repair.store.states(self.tenant, &subjects).await?;
        let mut shown = Shown { compared: listed.len(), ..Shown::default() };
        for milestone in &listed {
            spot.unlisted.remove(&milestone.number);
            let known = known.get(&subject(milestone.number)).and_then(State::as_milestone);
            if known.is_none_or(|known| is_other_milestone(known, milestone)) {
                shown.milestones.push(self.at.milestone(milestone, false));
            }
        }
        if !is_last {
            return Ok((shown, Some(Spot { page: spot.page + 1, ..spot })));
        }
        for number in &spot.unlisted {
            self.miss_milestone(*number, &mut shown).await?;
        }
        Ok((shown, Some(Spot::first(spot.repo, List::Issues))))
    }

    /// A milestone that is not listed: GitHub is asked for it once more, for what is deleted stays deleted.
    async fn miss_milestone(&self, number: u64, shown: &mut Shown) -> Result<(), RepairError> {
        let subject = SubjectId::Milestone(self.at.repo, number);
        let known = self.repair.store.states(self.tenant, std::slice::from_ref(&subject)).await?;
        let Some(known) = known.get(&subject).and_then(State::as_milestone) else { return Ok(()) };
        let is_gone = self.repair.github.has_no_milestone(&self.place, self.at.repo, number).await;
        if is_gone.map_err(later)? {
            shown.milestones.push(self.at.milestone(&known.seen, true));
        }
        Ok(())
    }

    async fn issues(&self, mut spot: Spot) -> Result<(Shown, Option<Spot>), RepairError> {
        if spot.page == 1 {
            let issue = |it: &State| it.as_change_request().is_some_and(ChangeRequest::should_be_listed);
            let pull = |it: &State| it.as_pull_request().is_some_and(PullRequest::should_be_listed);
            spot.unlisted = self.known(SubjectKind::ChangeRequest, spot.repo, issue).await?;
            spot.unlisted_pulls = self.known(SubjectKind::PullRequest, spot.repo, pull).await?;
        }
        let listed =
            self.repair.github.open_issues(&self.place, spot.repo, spot.page).await.map_err(later)?;
        let mut shown = self.differing(&listed).await?;
        for issue in &listed.issues {
            spot.unlisted.remove(&issue.at.number);
        }
        for pull_request in &listed.pull_requests {
            spot.unlisted_pulls.remove(&pull_request.at.number);
        }
        if !listed.is_last {
            return Ok((shown, Some(Spot { page: spot.page + 1, ..spot })));
        }
        shown.compared += spot.unlisted.len() + spot.unlisted_pulls.len();
        shown.issues.extend(spot.unlisted);
        shown.pull_requests.extend(spot.unlisted_pulls);
        shown.environments = self.environments().await?;
        let promotes = self.policy().await?.is_some_and(|policy| policy.promotes_anything());
        Ok((shown, promotes.then(|| Spot::first(spot.repo, List::Closed))))
    }

    /// Where merging is deploying, the pull requests that were opened and closed unheard.
    async fn closed(&self, spot: Spot) -> Result<(Shown, Option<Spot>), RepairError> {
        let which = (self.since, spot.page);
        let listed = self.repair.github.closed_issues(&self.place, spot.repo, which).await.map_err(later)?;
        let pull = |it: &IssueSnapshot| SubjectId::PullRequest(it.at);
        let subjects: Vec<SubjectId> = listed.pull_requests.iter().map(pull).collect();
        let known = self.repair.store.states(self.tenant, &subjects).await?;
        let unheard = listed.pull_requests.iter().filter(|it| !known.contains_key(&pull(it)));
        let pull_requests = unheard.map(|listed| listed.at.number).collect();
        let shown = Shown { compared: subjects.len(), pull_requests, ..Shown::default() };
        Ok((shown, (!listed.is_last).then(|| Spot { page: spot.page + 1, ..spot })))
    }

    /// The listed ones that are other than we know, or that we should know.
    async fn differing(&self, listed: &Issues) -> Result<Shown, RepairError> {
        let issue = |it: &IssueSnapshot| SubjectId::ChangeRequest(it.at);
        let pull = |it: &IssueSnapshot| SubjectId::PullRequest(it.at);
        let subjects = listed.issues.iter().map(issue).chain(listed.pull_requests.iter().map(pull));
        let known = self.repair.store.states(self.tenant, &subjects.collect::<Vec<_>>()).await?;
        let rules = self.rules().await?;
        let mut shown =
            Shown { compared: listed.issues.len() + listed.pull_requests.len(), ..Shown::default() };
        for listed in &listed.issues {
            let known = known.get(&issue(listed)).and_then(State::as_change_request);
            if known.map_or_else(|| rules.takes_in(listed), |known| is_other_issue(known, listed)) {
                shown.issues.push(listed.at.number);
            }
        }
        for listed in &listed.pull_requests {
            let known = known.get(&pull(listed)).and_then(State::as_pull_request);
            if known.is_none_or(|known| is_other_pull_request(known, listed)) {
                shown.pull_requests.push(listed.at.number);
            }
        }
        Ok(shown)
    }

    async fn known(
        &self,
        kind: SubjectKind,
        repo: RepoId,
        wanted: impl Fn(&State) -> bool,
    ) -> Result<BTreeSet<u64>, StoreError> {
        Ok(self.repair.store.numbers(self.tenant, (kind, repo), wanted).await?.into_iter().collect())
    }

    /// The environments that are known here, and those on GitHub that the policy in force rules. Where we may not see
    /// these, only what is known is looked at.
    async fn environments(&self) -> Result<Vec<String>, RepairError> {
        let known = self.repair.store.environments(self.tenant, self.at.repo).await?;
        let mut all: BTreeSet<String> = known.into_iter().collect();
        let policy = self.policy().await?;
        let Some(policy) = policy.filter(|policy| policy.parts().any(Policy::rules_environments)) else {
            return Ok(all.into_iter().collect());
        };
        let listed = match self.repair.github.environments(&self.place, self.at.repo).await {
            Ok(listed) => listed,
            Err(Failure::Refused { why }) => {
                tracing::warn!(repository = %self.at.name, why, "its environments are not shown to us");
                vec![]
            }
            Err(failure) => return Err(later(failure)),
        };
        let is_ruled = |name: &String| policy.parts().any(|part| part.environment_of(name).is_some());
        all.extend(listed.into_iter().filter(is_ruled).map(|name| name.to_lowercase()));
        Ok(all.into_iter().collect())
    }

    /// What the policy in force takes in here.
    async fn rules(&self) -> Result<Rules, StoreError> {
        Ok(Rules::of(self.policy().await?, Some(&self.at.name)))
    }

    async fn policy(&self) -> Result<PolicyInForce, StoreError> {
        let mut facts = Facts::default();
        for _ in 0..ROUNDS {
            let mut inquiry = Inquiry::new(&facts);
            if let Some(policy) = inquiry.policy(self.at.repo) {
                return Ok(policy);
            }
            let missing = inquiry.into_missing();
            for answered in self.repair.store.answer(self.tenant, &missing).await? {
                facts.insert(answered.question, Fact::Known(answered.answer, self.now));
            }
        }
        Ok(None)
    }

    /// Writes down what differs, and where the sweep stands.
    pub(super) async fn take(
        &self,
        sweep: &mut Sweep,
        spot: Spot,
        shown: Shown,
        next: Option<Spot>,
    ) -> Result<(), RepairError> {
        sweep.note(shown.compared, shown.different());
        let subjects = shown.issues.iter().map(|number| (true, *number));
        let subjects: Vec<(bool, u64)> =
            subjects.chain(shown.pull_requests.iter().map(|number| (false, *number))).collect();
        let mut deliveries = shown.milestones;
        for some in shown.environments.chunks(AT_A_TIME) {
            deliveries.push(self.at.watched(some));
        }
        for some in subjects.chunks(AT_A_TIME) {
            let of = |wanted: bool| {
                some.iter().filter(|(is_issue, _)| *is_issue == wanted).map(|(_, number)| *number).collect()
            };
            let (issues, pull_requests): (Vec<u64>, Vec<u64>) = (of(true), of(false));
            tracing::info!(tenant = %self.tenant, repository = %self.at.name, ?issues, ?pull_requests,
                "GitHub lists these otherwise than they are known; they are read");
            deliveries.push(self.at.swept(&issues, &pull_requests));
        }
        for (n, (event, body)) in deliveries.into_iter().enumerate() {
            let list = match spot.list {
                List::Milestones => "milestones",
                List::Issues => "issues",
                List::Closed => "closed",
            };
            let (tenant, at) = (self.tenant.as_str(), self.now.as_microsecond());
            let id = format!("sweep-{tenant}-{}-{list}-{}-{at}-{n}", spot.repo, spot.page);
            let (event, host) = (event.into(), self.repair.host.to_string());
            let body = Packed::of(&body).map_err(|error| KeepError::Busy(error.to_string()))?;
            let delivery = NewDelivery { id, event, host, received_at: self.now, body };
            self.repair.store.keep(delivery).await?;
        }
        match next {
            Some(next) => sweep.at = Some(next),
            None => sweep.leave(spot.repo),
        }
        Ok(())
    }
}

fn later(failure: Failure) -> RepairError {
    match failure {
        Failure::Later { at, .. } => RepairError::Later(at),
        Failure::Refused { why } => RepairError::GitHub(why),
    }
}
