//! A commit: the check run on it judges every open pull request whose head it is, and every merge group it heads.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    announcement::{Announcement, News},
    audit::AuditEntry,
    decide::{Case, Decision, Judgement},
    effect::{CHANGE_CHECK, Call, CheckStatus, Effect},
    facts::Inquiry,
    finding::{Finding, Outcome},
    ids::{RepoId, Sha, SubjectId},
    named,
    subject::{Relation, State},
};
pub use check::{outcome_word, status_word};
pub use group::MergeGroup;
pub use merged::{Merged, judge_merged};
pub use rules::DECLARED;
pub use scene::CheckStand;
use scene::Scene;
pub use template::stands;

mod check;
mod group;
mod merged;
mod pressed;
mod promotion;
mod rules;
mod scene;
mod template;

#[cfg(test)]
mod tests;

/// What is known of a commit.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Commit {
    /// The merge groups that it heads or headed, in order of branch.
    pub groups: Vec<MergeGroup>,
    /// What was decided last; `None`: nothing yet.
    pub verdict: Option<Verdict>,
    /// The findings of the last judgement, one for each pull request and each merge group that cannot be read.
    pub findings: Vec<Finding>,
    /// Since when a fact is missing that the verdict needs.
    pub unknown_since: Option<Timestamp>,
    /// By merging one of its pull requests it is deployed: who judges that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promotion: Option<SubjectId>,
    /// The pull requests that bring nothing but what is merged, as was found out once.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub only_merged: BTreeSet<u64>,
}

/// What was decided of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    pub outcome: Outcome,
    /// What the check run was told; `None`: nothing, because the repository is only observed.
    pub status: Option<CheckStatus>,
    /// The codes of what stands in the way, in alphabetical order, each once.
    pub obstacles: Vec<String>,
}

/// How long a missing fact may be on its way before the check run speaks of it.
const BEING_READ: SignedDuration = SignedDuration::from_secs(30);

/// How long a fact may be missing before somebody has to act.
const PATIENCE: SignedDuration = SignedDuration::from_secs(10 * 60);

/// How often GitHub is asked for an unread merge group, at first and when patience is over.
const ASK_AGAIN: [SignedDuration; 2] = [SignedDuration::from_secs(30), SignedDuration::from_secs(5 * 60)];

/// Judges every pull request at the commit; the check run says what stands in the way.
#[must_use]
pub fn judge(case: Case<'_>, repo: RepoId, sha: &Sha) -> Judgement {
    let before = case.before.and_then(State::as_commit);
    let again = case.events.iter().any(|event| event.what.asks_again(case.instance.app, CHANGE_CHECK));
    let mut after = before.cloned().unwrap_or_default();
    group::follow(&mut after.groups, sha, case.events, again);
    let mut inquiry = Inquiry::new(case.facts);
    let here = inquiry.pointing_at(SubjectId::Commit(repo, sha.clone()), Relation::At);
    if before.is_none() && after.groups.is_empty() && here.is_some_and(<[SubjectId]>::is_empty) {
        return Judgement::Ignored("no pull request and no merge group is at this commit");
    }
    let Commit { groups, only_merged, .. } = &mut after;
    let scene = scene::look((repo, sha), here.unwrap_or_default(), (groups, only_merged), &mut inquiry);
    if !inquiry.is_complete() {
        return Judgement::Needs(inquiry.into_missing());
    }
    after.take(&scene, case.now);
    after.promotion = scene.is_promotion().then(|| SubjectId::Promotion(repo, sha.clone()));
    let look_again = after.look_again(&scene, case.now);
    let Some(verdict) = check::verdict(&after, &scene, case.now, again) else {
        return Decision { look_again, ..Decision::quiet(State::Commit(after)) }.into();
    };
    let mut effects = check::effects(&verdict, &after.findings, &scene, case.instance, again);
    let is_new = after.verdict.as_ref() != Some(&verdict);
    let audit = if is_new { vec![decided(&verdict, &scene)] } else { vec![] };
    if is_new && case.instance.announces {
        effects.push(announced(after.verdict.as_ref(), &verdict, &scene, case.now));
    }
    after.verdict = Some(verdict);
    Decision { effects, audit, look_again, after: State::Commit(after) }.into()
}

impl Commit {
    /// Who judges whether it may be deployed by being merged.
    #[must_use]
    pub fn relations(&self) -> BTreeSet<(Relation, SubjectId)> {
        self.promotion.iter().map(|promotion| (Relation::Promotes, promotion.clone())).collect()
    }

    fn take(&mut self, scene: &Scene<'_>, now: Timestamp) {
        self.findings = rules::findings(scene);
        let unknown = scene.speaks() && self.outcome() == Outcome::Unknown;
        self.unknown_since = unknown.then(|| self.unknown_since.unwrap_or(now));
    }

    fn outcome(&self) -> Outcome {
        self.findings.iter().map(Finding::outcome).max().unwrap_or(Outcome::Pass)
    }

    /// How long a fact has been missing.
    fn unknown_for(&self, now: Timestamp) -> SignedDuration {
        self.unknown_since.map_or(SignedDuration::ZERO, |since| now.duration_since(since))
    }

    /// When the check run must say something else although nothing happens, or GitHub is to be asked again.
    fn look_again(&self, scene: &Scene<'_>, now: Timestamp) -> Option<Timestamp> {
        let since = self.unknown_since?;
        let says = [BEING_READ, PATIENCE].into_iter().map(|wait| since + wait).find(|at| *at > now);
        let [soon, seldom] = ASK_AGAIN;
        let wait = if self.unknown_for(now) < PATIENCE { soon } else { seldom };
        let asks = (!scene.unread_groups.is_empty() || scene.lacks_an_answer()).then(|| now + wait);
        says.into_iter().chain(asks).min()
    }
}

fn announced(before: Option<&Verdict>, verdict: &Verdict, scene: &Scene<'_>, now: Timestamp) -> Effect {
    let news = News::Verdict {
        sha: scene.sha.clone(),
        outcome: verdict.outcome,
        was: before.map(|before| before.outcome),
        check: verdict.status,
        obstacles: verdict.obstacles.clone(),
        pull_requests: scene.pull_requests.iter().map(|pull_request| pull_request.at.number).collect(),
    };
    let announcement = Announcement { at: now, repo: scene.repo, name: scene.name.cloned(), news, to: None };
    Effect::new(Call::Announce { announcement })
}

fn decided(verdict: &Verdict, scene: &Scene<'_>) -> AuditEntry {
    let pull_requests: Vec<String> =
        scene.pull_requests.iter().map(|pull_request| pull_request.at.to_string()).collect();
    AuditEntry::new("check.decided")
        .fact("repository", scene.repo)
        .fact("commit", scene.sha)
        .fact("pull_requests", pull_requests.join(" "))
        .fact("mode", scene.mode.map_or("none", check::mode_word))
        .fact("outcome", outcome_word(verdict.outcome))
        .fact("check", verdict.status.map_or("none", status_word))
        .fact("obstacles", verdict.obstacles.join(" "))
}
