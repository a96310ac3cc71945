//! A promotion: a commit that is deployed by being merged. The check `changegate/release` on it says what the gate would say
//! of a deployment.
//!
//! It is judged for every pull request at the commit that goes to an environment, and for every one in a merge group that
//! it heads: the range begins at what the branch holds now, and ends at the head of the pull request. Where it moves an image, the range
//! is that of the repository that the image is built from. Where nothing is to be merged, it says for information what a deployment from a tag on the commit would be told.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    audit::AuditEntry,
    commit::{self, Commit},
    decide::{Case, Decision, Judgement, READ_AGAIN},
    effect::{CheckStatus, RELEASE_CHECK},
    event::{Event, What},
    facts::Inquiry,
    finding::{Finding, Outcome},
    fresh::{SOON, read_anew},
    gate::{self, Verdict},
    ids::{IssueRef, RepoId, Sha, SubjectId},
    policy::{EffectivePolicy, Mode},
    pull_request::{PullRequestView, goes_to},
    repository::RepositoryView,
    subject::{Relation, State, View},
};
pub use image::Image;
pub use target::{Door, Target};

mod check;
mod freshness;
mod image;
mod merged;
mod target;

#[cfg(test)]
mod tests;

/// What is known of a promotion.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Promotion {
    pub repo: Option<RepoId>,
    /// The tags on it, and when they were told.
    #[serde(default)]
    pub tags: BTreeMap<String, Timestamp>,
    /// What is deployed by merging, in order of pull request and environment.
    pub targets: Vec<Target>,
    /// What the check run was told last.
    pub told: Option<CheckStatus>,
    /// The codes of what stood in the way, in alphabetical order, each once.
    pub obstacles: Vec<String>,
    /// Since when it waits for somebody, or for a time.
    pub waits_since: Option<Timestamp>,
    /// Since when a fact is missing that the verdict needs.
    pub unknown_since: Option<Timestamp>,
    /// Since when something is read anew before it is said that it may be merged.
    #[serde(default)]
    pub anew_since: Option<Timestamp>,
    /// The pull requests of which it is recorded that they were merged.
    #[serde(default)]
    pub recorded: BTreeSet<u64>,
}

/// What others may read of a promotion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromotionView {
    /// How it gets to which environments.
    pub goes_to: BTreeSet<(Door, String)>,
    pub told: Option<CheckStatus>,
}

/// How long somebody may wait before the check asks for an action: GitHub takes an open check run for stale after fourteen
/// days.
const WAITS: SignedDuration = SignedDuration::from_hours(10 * 24);

/// For how long it is said what a deployment from a tag would be told.
const TAGGED: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long a fact may be missing before somebody has to act.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// Judges what merging would deploy.
#[must_use]
pub fn judge(case: Case<'_>, repo: RepoId, sha: &Sha) -> Judgement {
    let mut inquiry = Inquiry::new(case.facts);
    match decide(&case, (repo, sha), &mut inquiry) {
        Some(judgement) if inquiry.is_complete() => judgement,
        Some(_) | None => Judgement::Needs(inquiry.into_missing()),
    }
}

/// `None`: something was asked that must be answered first.
fn decide(case: &Case<'_>, (repo, sha): (RepoId, &Sha), inquiry: &mut Inquiry<'_>) -> Option<Judgement> {
    let before = case.before.and_then(State::as_promotion);
    let mut after = Promotion { repo: Some(repo), ..before.cloned().unwrap_or_default() };
    after.hear(case.events, sha, case.now);
    let (view, policy) = (inquiry.repository(repo), inquiry.policy(repo));
    let here = after.look(repo, sha, inquiry);
    let (view, policy, here) = (view?, policy?, here?);
    let Some((view, policy)) = view.zip(policy) else {
        return Some(Judgement::Ignored("no policy says what merging deploys"));
    };
    let mode = policy.mode_for(view.name.as_str());
    let mut told = after.follow(&here, (view, &policy), (case, mode), inquiry)?;
    if before.is_none() && after.targets.is_empty() && after.recorded.is_empty() {
        return Some(Judgement::Ignored("nothing is deployed by merging it"));
    }
    let asking =
        target::Asking { repo, view, policy: &policy, now: case.now, web_url: &case.instance.web_url };
    let freshness::Judged { sections, anew, is_silent } = after.judged(&asking, mode, inquiry)?;
    told.effects.extend(read_anew(anew, case.subject));
    if is_silent {
        let look_again = Some(case.now + SOON);
        let merged::Told { effects, audit } = told;
        return Some(
            Decision { effects, audit, look_again, after: State::Promotion(Box::new(after)) }.into(),
        );
    }
    after.note(&sections, case.now);
    let look_again = after.look_again(case.now);
    let showing = check::Showing {
        repo,
        sha,
        mode,
        merges: !after.relations().is_empty(),
        urgent: here.queued,
        web_url: &case.instance.web_url,
    };
    let again = case.events.iter().any(|event| event.what.asks_again(case.instance.app, RELEASE_CHECK));
    let (effects, audit) = check::tell(&mut after, before, &sections, (&showing, again, case.now));
    told.effects.extend(effects);
    told.audit.extend(audit);
    let merged::Told { effects, audit } = told;
    Some(Decision { effects, audit, look_again, after: State::Promotion(Box::new(after)) }.into())
}

/// The pull requests that are judged here.
#[derive(Debug)]
struct Here<'a> {
    open: Vec<&'a PullRequestView>,
    /// Those that were judged here before and are not open at this commit any more, and those that were merged.
    left: Vec<&'a PullRequestView>,
    /// A merge queue waits for it.
    queued: bool,
}

impl Promotion {
    /// What others may read of it.
    #[must_use]
    pub fn view(&self) -> PromotionView {
        let goes_to = self.targets.iter().map(|it| (it.door.clone(), it.environment.clone())).collect();
        PromotionView { goes_to, told: self.told }
    }

    /// The repository into a branch of which it is merged.
    #[must_use]
    pub fn relations(&self) -> BTreeSet<(Relation, SubjectId)> {
        let merges = self.targets.iter().any(|target| target.pull_request().is_some());
        let open = self.repo.filter(|_| merges);
        open.map(|repo| (Relation::Into, SubjectId::Repository(repo))).into_iter().collect()
    }

    /// The open pull requests at the commit and in the merge groups that it heads, and those that were here before.
    fn look<'a>(&self, repo: RepoId, sha: &Sha, inquiry: &mut Inquiry<'a>) -> Option<Here<'a>> {
        let promotion = SubjectId::Promotion(repo, sha.clone());
        let merged = inquiry.pointing_at(promotion, Relation::Promotes);
        let commit = SubjectId::Commit(repo, sha.clone());
        let (at, commit) = (inquiry.pointing_at(commit.clone(), Relation::At), inquiry.view(commit));
        let at = at?.iter().filter_map(number);
        let groups = commit?.and_then(View::as_commit).map_or(&[][..], |commit: &Commit| &commit.groups);
        let live = groups.iter().filter(|group| !group.destroyed);
        let queued: BTreeSet<u64> = live.flat_map(|group| &group.members).copied().collect();
        let before = self.targets.iter().filter_map(Target::pull_request);
        let before = before.chain(merged?.iter().filter_map(number));
        let numbers: BTreeSet<u64> = at.chain(queued.iter().copied()).chain(before).collect();
        let of = |number| SubjectId::PullRequest(IssueRef { repo, number });
        let views: Vec<_> = numbers.into_iter().map(|number| inquiry.view(of(number))).collect();
        let views: Vec<Option<&View>> = views.into_iter().collect::<Option<_>>()?;
        let is_here = |view: &&PullRequestView| {
            view.open && !view.draft && (view.head == *sha || queued.contains(&view.at.number))
        };
        let views = views.into_iter().flatten().filter_map(View::as_pull_request);
        let (open, left) = views.partition(is_here);
        Some(Here { open, left, queued: !queued.is_empty() })
    }

    /// Follows what goes where; what was merged meanwhile is recorded. `None`: something must be found out first.
    fn follow(
        &mut self,
        here: &Here<'_>,
        (repository, policy): (&RepositoryView, &EffectivePolicy),
        (case, mode): (&Case<'_>, Mode),
        inquiry: &mut Inquiry<'_>,
    ) -> Option<merged::Told> {
        let synced = policy.base().gitops_in(&repository.name).map(|entry| entry.environment.clone());
        let synced: Vec<String> = synced.collect();
        let labels = target::Labels { name: &repository.name, policy, web_url: &case.instance.web_url };
        here.open.iter().for_each(|view| image::foresee(view, &synced, &labels, inquiry));
        let goes: Vec<_> = here.open.iter().map(|view| (*view, goes_to(view, policy, inquiry))).collect();
        let mut targets = vec![];
        for (view, environments) in goes {
            for environment in environments? {
                let new = image::targets(view, &environment, policy, repository);
                targets.extend(new.into_iter().map(|new| self.known(new)));
            }
        }
        if targets.is_empty() {
            targets = self.tagged(policy, case.subject, inquiry)?;
        }
        let before = std::mem::replace(&mut self.targets, targets);
        let mut told = merged::Told::default();
        for view in &here.left {
            let known = before.iter().filter(|target| target.pull_request() == Some(view.at.number));
            let mut targets: Vec<Target> = known.cloned().collect();
            if targets.is_empty() && !self.recorded.contains(&view.at.number) {
                targets = merged::unheard(view, policy, inquiry)?;
            }
            for target in targets {
                told.add(merged::record(&target, view, (case, mode), inquiry)?);
                self.recorded.extend(view.merged_at.map(|_| view.at.number));
            }
        }
        Some(told)
    }

    /// Takes the tags that were put on the commit; a while later nobody asks any more.
    fn hear(&mut self, events: &[Event], sha: &Sha, now: Timestamp) {
        for event in events {
            let What::Push { reference, after: Some(after), .. } = &event.what else { continue };
            if let Some(tag) = reference.strip_prefix("refs/tags/").filter(|_| after == sha) {
                self.tags.insert(tag.into(), now);
            }
        }
        self.tags.retain(|_, at| now.duration_since(*at) < TAGGED);
    }

    /// The environments that take one of its tags, and where it does not run yet. `None`: something must be found out first.
    fn tagged(
        &self,
        policy: &EffectivePolicy,
        subject: &SubjectId,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<Vec<Target>> {
        let SubjectId::Promotion(repo, sha) = subject else { return Some(vec![]) };
        let mut targets = vec![];
        for tag in self.tags.keys() {
            for environment in policy.takes_tag(tag) {
                let there = inquiry.view(SubjectId::environment(*repo, &environment))?;
                let runs = there.and_then(View::as_environment).and_then(|there| there.baseline.as_ref());
                let new = Target::tagged(tag, &environment, sha);
                let known =
                    self.targets.iter().find(|it| it.door == new.door && it.environment == environment);
                targets.extend(Some(known.cloned().unwrap_or(new)).filter(|_| runs != Some(sha)));
            }
        }
        Some(targets)
    }

    /// What was known of a target, as far as it is still the same.
    fn known(&self, new: Target) -> Target {
        self.targets.iter().find(|it| it.is(&new)).cloned().unwrap_or(new)
    }

    /// Finds out what each target brings, and judges it: a section for each, in which every rule has its finding.
    fn verdicts<'a>(
        &mut self,
        asking: &target::Asking<'_, 'a>,
        inquiry: &mut Inquiry<'a>,
    ) -> Option<Vec<Finding>> {
        let read: Vec<Option<()>> =
            self.targets.iter_mut().map(|target| target.read(asking, inquiry)).collect();
        read.into_iter().collect::<Option<Vec<()>>>()?;
        self.sections(asking, None, inquiry)
    }

    /// Judges each target by what it brings; `doubt`: why that is not known.
    fn sections<'a>(
        &mut self,
        asking: &target::Asking<'_, 'a>,
        doubt: Option<&str>,
        inquiry: &mut Inquiry<'a>,
    ) -> Option<Vec<Finding>> {
        let target::Asking { repo, view, now, .. } = *asking;
        let candidates = self.targets.iter().map(|target| target.candidate(repo, inquiry));
        let candidates: Vec<_> = candidates.collect::<Option<_>>()?;
        let mut scenes = vec![];
        let judged = |target: &Target| !target.landed && target.obstacle().is_none();
        for (target, candidate) in self.targets.iter().zip(&candidates).filter(|(target, _)| judged(target)) {
            scenes.push(gate::look(target.ask(candidate, (repo, now), doubt), inquiry));
        }
        if !inquiry.is_complete() {
            return None;
        }
        let verdicts = scenes.into_iter().map(|scene| Some(gate::decide(&scene?)));
        let verdicts: Vec<Verdict> = verdicts.collect::<Option<_>>()?;
        self.targets.iter_mut().filter(|it| !it.landed && !judged(it)).for_each(|it| it.verdict = None);
        let open = self.targets.iter_mut().filter(|target| judged(target));
        open.zip(verdicts).for_each(|(target, verdict)| target.verdict = Some(verdict));
        let sections = self.targets.iter().map(|target| target.section(repo, Some(&view.name), inquiry));
        let sections: Vec<Option<Finding>> = sections.collect::<Option<_>>()?;
        Some(sections.into_iter().flatten().collect())
    }

    /// Since when what waits.
    fn note(&mut self, sections: &[Finding], now: Timestamp) {
        let outcome = outcome(sections);
        let since = |is: bool, since: Option<Timestamp>| is.then(|| since.unwrap_or(now));
        self.waits_since = since(outcome == Outcome::Pending, self.waits_since);
        self.unknown_since = since(outcome == Outcome::Unknown, self.unknown_since);
    }

    /// When to look although nothing happens.
    fn look_again(&self, now: Timestamp) -> Option<Timestamp> {
        let verdicts = self.targets.iter().filter_map(|target| target.verdict.as_ref());
        let verdicts = verdicts.filter_map(Verdict::look_again);
        let waits = self.waits_since.map(|since| since + WAITS);
        let unknown = self.unknown_since.map(|since| since + PATIENCE);
        let obstacles = self.targets.iter().filter_map(Target::obstacle);
        let unread = obstacles.filter(|it| it.own == Outcome::Unknown).map(|_| now + READ_AGAIN);
        let verdicts = verdicts.chain(unread);
        verdicts.chain(waits.into_iter().chain(unknown).filter(|at| *at > now)).min()
    }
}

fn outcome(sections: &[Finding]) -> Outcome {
    sections.iter().map(Finding::outcome).max().unwrap_or(Outcome::Pass)
}

const fn number(subject: &SubjectId) -> Option<u64> {
    if let SubjectId::PullRequest(at) = subject { Some(at.number) } else { None }
}

/// What was decided, for the log.
fn decided(promotion: &Promotion, (repo, sha, mode): (RepoId, &Sha, Mode), outcome: Outcome) -> AuditEntry {
    let pulls: BTreeSet<String> =
        promotion.targets.iter().filter_map(Target::pull_request).map(|it| format!("{repo}#{it}")).collect();
    let environments: BTreeSet<&str> = promotion.targets.iter().map(|it| it.environment.as_str()).collect();
    AuditEntry::new("promotion.decided")
        .fact("repository", repo)
        .fact("commit", sha)
        .fact("pull_requests", pulls.into_iter().collect::<Vec<_>>().join(" "))
        .fact("mode", mode)
        .fact("outcome", commit::outcome_word(outcome))
        .fact("check", promotion.told.map_or("none", commit::status_word))
        .fact("obstacles", promotion.obstacles.join(" "))
        .text("environments", environments.into_iter().collect::<Vec<_>>().join(" "))
}
