//! An environment of a repository: what runs there, what ran before, and what waits to.
//!
//! One subject judges all that waits for one environment, because only one deployment goes there at a time and each
//! decision changes what the next one brings.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    decide::{Case, Decision, Judgement, READ_AGAIN},
    event::AtGate,
    facts::Inquiry,
    fresh::{FRESH, SOON, read_anew},
    gate::{self, Brings, Touched, Verdict},
    ids::{RepoId, Sha, SubjectId},
    pairs,
    subject::{Relation, State},
};
use answer::{To, Told};
pub use bypass::{Shown, Went};
pub use gates::Stands;
pub use request::{Answered, Request, RunId};
pub use runs::{Deployed, Phase, Runs};
pub use sealed::{Seal, SealUse};
pub use shipped::Shipped;

mod answer;
mod belonging;
mod bypass;
mod component;
mod failed;
mod follow;
mod freshness;
mod gates;
mod order;
mod pointed;
mod ranges;
mod reading;
mod releases;
mod reported;
mod request;
mod runs;
mod sealed;
mod shipped;
mod unguarded;
mod unruled;
mod warning;
mod watch;

#[cfg(test)]
mod tests;

/// What is known of an environment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// As GitHub writes it; names that differ in case only are one environment.
    pub name: String,
    /// Whose it is.
    #[serde(default)]
    pub repo: Option<RepoId>,
    /// What runs there and what ran before.
    pub runs: Runs,
    /// Why GitHub did not say what was deployed when it was last asked; `None`: it did, or was not asked.
    pub unread: Option<String>,
    /// Who waits to deploy, and who waited, oldest first.
    pub requests: Vec<Request>,
    /// The deployments that went by without an allow, by number.
    #[serde(default)]
    pub bypasses: BTreeSet<u64>,
    /// Since when a policy rules it: what was deployed before is nobody's by-pass.
    #[serde(default)]
    pub watched_from: Option<Timestamp>,
    /// When GitHub was last asked who waits.
    #[serde(default)]
    pub looked_at: Option<Timestamp>,
    /// The last deployment of which was told what it changed.
    #[serde(default)]
    pub shipped: Option<Shipped>,
    /// The failed deployments of which was told what they were to bring.
    #[serde(default)]
    pub failed: BTreeSet<u64>,
    /// What the releases were told that are kept back here.
    #[serde(default)]
    pub at_gate: Vec<AtGate>,
    /// Policy rules it, and our rule is not enabled there.
    #[serde(default)]
    pub unguarded: bool,
    /// Which commits touch the components that run there.
    #[serde(default)]
    pub touched: Option<Touched>,
    /// The last ranges of which every commit was traced: nothing of them will be another.
    #[serde(default)]
    pub traced: Vec<Brings>,
    /// Of which run and attempt a deployment is, as far as deliveries have told, by its number.
    #[serde(default, with = "pairs")]
    pub attempts: BTreeMap<u64, (RunId, u64)>,
    /// Pipelines ask at the gate while their job runs; GitHub holds none for us.
    #[serde(default)]
    pub by_pipeline: bool,
    /// The deployments that count as let through by their commit alone, until somebody says of which run they are.
    #[serde(default)]
    pub guessed: BTreeSet<u64>,
    /// Those of them of which something is told, and what.
    #[serde(default, with = "pairs")]
    pub went: BTreeMap<u64, Went>,
    /// The permits that were sealed beforehand, by their ids.
    #[serde(default)]
    pub seals: BTreeMap<String, Seal>,
}

/// What others may read of an environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EnvironmentView {
    pub name: String,
    /// The commit that runs there.
    pub baseline: Option<Sha>,
    /// What ran there before.
    #[serde(default)]
    pub back: Option<Back>,
}

/// A way back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Back {
    /// What runs now.
    pub runs: Sha,
    /// What was allowed there and ran before, and when it was deployed.
    pub to: Sha,
    pub at: Timestamp,
    /// The run that deployed it, where it is known.
    pub run: Option<RunId>,
}

/// Judges all that waits.
#[must_use]
pub fn judge(case: Case<'_>, repo: RepoId, name: &str) -> Judgement {
    let mut inquiry = Inquiry::new(case.facts);
    decide(&case, repo, name, &mut inquiry).unwrap_or_else(|| Judgement::Needs(inquiry.into_missing()))
}

/// `None`: something was asked that must be answered first.
fn decide(case: &Case<'_>, repo: RepoId, name: &str, inquiry: &mut Inquiry<'_>) -> Option<Judgement> {
    let before = case.before.and_then(State::as_environment);
    let mut after =
        before.cloned().unwrap_or_else(|| Environment { name: name.into(), ..Default::default() });
    after.look_back(case.now);
    if let Some(policy) = inquiry.policy(repo) {
        after.by_pipeline = after.is_asked_by_pipeline(policy.as_ref());
    }
    let mut heard = after.hear(case.events, case.now);
    after.repo = Some(repo);
    after.give_up(case.now);
    after.begin(case.now);
    if before.is_none()
        && !heard.watched
        && !heard.at_gate
        && after == (Environment { name: after.name.clone(), repo: after.repo, ..Default::default() })
    {
        return Some(Judgement::Ignored("nothing was deployed there, and nothing waits to"));
    }
    after.foresee(&heard, case, repo, inquiry);
    let is_ruled = inquiry.policy(repo)?.is_some();
    after.look_around(&mut heard, (repo, case.now), inquiry)?;
    after.watch(repo, case.now, inquiry)?;
    let mut told = after.look_at_rule(&heard, case, repo, inquiry)?;
    if is_ruled && (heard.reads_runs || !heard.asked.is_empty() || after.unread.is_some()) {
        after.read_runs(repo, &mut heard, inquiry)?;
    }
    let look_again = if !is_ruled {
        after.let_through_unruled(case, repo, &mut told, inquiry)?
    } else if after.requests.iter().any(Request::is_open) {
        let asked = |request: &Request| {
            request.job.is_none() || request.unread.is_some() || heard.asked.contains(&request.run)
        };
        after.read_jobs(repo, asked, case.now, inquiry)?;
        for (deployment, run) in std::mem::take(&mut heard.named) {
            after.bind(deployment, run, None);
        }
        for run in std::mem::take(&mut heard.ended) {
            if after.is_read(run.id) {
                after.end(Some(run), case.now);
            }
        }
        after.judge_open(case, repo, (&mut heard, &mut told), inquiry)?
    } else {
        None
    };
    let view = inquiry.repository(repo).flatten();
    told.add(after.dismiss((repo, view.as_ref().map(|view| &view.name)), case.now));
    told.add(after.reported(case.events, repo));
    told.add(after.hear_seals(case.events, repo));
    told.add(after.bypassed(&heard, case, repo, inquiry)?);
    after.tell_releases(repo, case.now, &mut told);
    let shipped = after.ship((repo, case.now), &mut told, inquiry);
    let failed = after.fail((repo, case.now), &mut told, inquiry);
    let next = [after.next_look(), after.next_given_up(), shipped?, failed?];
    let look_again = look_again.into_iter().chain(next.into_iter().flatten()).min();
    let Told { effects, audit } = told;
    Some(Decision { effects, audit, look_again, after: State::Environment(Box::new(after)) }.into())
}

impl Environment {
    /// What others may read of it.
    #[must_use]
    pub fn view(&self) -> EnvironmentView {
        EnvironmentView {
            name: self.name.clone(),
            baseline: self.runs.baseline().map(|deployed| deployed.sha.clone()),
            back: self.back(),
        }
    }

    /// Whose it is.
    #[must_use]
    pub fn relations(&self) -> BTreeSet<(Relation, SubjectId)> {
        self.repo.iter().map(|repo| (Relation::Deploys, SubjectId::Repository(*repo))).collect()
    }

    fn back(&self) -> Option<Back> {
        let (runs, before) = (self.runs.baseline()?, self.runs.before()?);
        let run = self.requests.iter().rev().find(|request| request.let_through(&before.sha));
        Some(Back {
            runs: runs.sha.clone(),
            to: before.sha.clone(),
            at: before.heard_at,
            run: run.map(|request| request.run),
        })
    }
}

impl Environment {
    /// From when on what is deployed is compared with what was let through. `None`: something must be found out first.
    fn watch(&mut self, repo: RepoId, now: Timestamp, inquiry: &mut Inquiry<'_>) -> Option<()> {
        let (view, policy) = (inquiry.repository(repo), inquiry.policy(repo));
        let mode = view?
            .zip(policy?)
            .and_then(|(view, policy)| bypass::guarded(&policy, view.name.as_str(), &self.name));
        self.watched_from = mode.and(self.watched_from.or(Some(now)));
        Some(())
    }

    /// Whether GitHub has said what waits of a run.
    fn is_read(&self, run: RunId) -> bool {
        self.requests
            .iter()
            .any(|request| request.run == run && request.is_open() && request.unread.is_none())
    }

    /// Asks at once what will be asked in turn.
    fn foresee(&self, heard: &follow::Heard, case: &Case<'_>, repo: RepoId, inquiry: &mut Inquiry<'_>) {
        inquiry.foresee_policy(repo, case.events);
        self.foresee_shipment(repo, case.now, inquiry);
        let _ = inquiry.repository(repo);
        for run in &heard.asked {
            let _ = inquiry.workflow_run(repo, *run);
        }
        if !heard.asked.is_empty() {
            let _ = inquiry.deployments(repo, &self.name);
        }
    }

    /// Judges who waits, and answers; when to look again. What would be let through is judged once more by what GitHub
    /// says now. `None`: something must be found out first.
    fn judge_open(
        &mut self,
        case: &Case<'_>,
        repo: RepoId,
        (heard, told): (&mut follow::Heard, &mut Told),
        inquiry: &mut Inquiry<'_>,
    ) -> Option<Option<Timestamp>> {
        let (verdicts, waiting) = self.fresh_verdicts(case, repo, heard, inquiry)?;
        told.effects.extend(read_anew(waiting.anew, case.subject));
        let until = inquiry.oldest().unwrap_or(case.now) + FRESH;
        let view = inquiry.repository(repo).flatten();
        let at = (repo, view.as_ref().map(|view| &view.name));
        let to = To { at, environment: &self.name, web_url: &case.instance.web_url, until: Some(until) };
        let mut look_again = vec![];
        for (run, verdict) in verdicts {
            if waiting.silent.contains(&run) {
                look_again.push(case.now + SOON);
                continue;
            }
            look_again.extend(verdict.look_again());
            let request = self.requests.iter_mut().find(|it| it.run == run && it.is_open());
            if let Some(request) = request {
                request.release = request.job.as_ref().and_then(|job| gate::release(repo, &job.sha, inquiry));
                told.add(answer::answer(request, verdict, to));
                told.effects.extend(warning::warn(request, to, case.now));
                look_again.extend(warning::next(request));
            }
        }
        // Who waits for one that was let through does not wait for ever.
        look_again.extend(self.given_up_at(case.now).filter(|_| self.requests.iter().any(Request::is_open)));
        // A run that GitHub did not speak of is asked for again.
        look_again.extend(self.requests.iter().any(Request::is_unread).then(|| case.now + READ_AGAIN));
        Some(look_again.into_iter().min())
    }

    /// What is decided of each that waits, and who waits for something to be read anew. What would be let through is
    /// judged by what GitHub shows at this moment.
    fn fresh_verdicts(
        &mut self,
        case: &Case<'_>,
        repo: RepoId,
        heard: &mut follow::Heard,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<(Vec<(RunId, Verdict)>, freshness::Waiting)> {
        self.forget_points();
        let mut verdicts = self.verdicts(case, repo, inquiry)?;
        let read = freshness::let_through(&verdicts);
        if !read.is_empty() {
            // What it rests on now is asked for beside the run.
            let _ = self.doubts(&read, &read, (repo, case.now), inquiry);
            let points = self.points(&read, repo, inquiry);
            let job = self.read_jobs(repo, |request| read.contains(&request.run), case.now, inquiry);
            let runs = self.read_runs(repo, heard, inquiry);
            job.and(runs)?;
            self.take_points(points?);
            verdicts = self.verdicts(case, repo, inquiry)?;
        }
        let mut doubts = self.never_read(&verdicts, repo, inquiry);
        doubts.extend(self.doubts(&freshness::let_through(&verdicts), &read, (repo, case.now), inquiry)?);
        let mut waiting = self.wait(doubts, &verdicts, case.now);
        waiting.silent.extend(order::give_way(&verdicts, &waiting.silent));
        if waiting.is_news {
            verdicts = self.verdicts(case, repo, inquiry)?;
        }
        Some((verdicts, waiting))
    }

    /// What is decided of each that waits.
    fn verdicts(
        &mut self,
        case: &Case<'_>,
        repo: RepoId,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<Vec<(RunId, Verdict)>> {
        self.read_ranges(repo, case.now, inquiry)?;
        self.judge_in_order((repo, case.now), inquiry)
    }

    /// What was let through and has not begun was decided before this: if it is not sent yet, it is judged anew.
    fn look_back(&mut self, now: Timestamp) {
        let begins: Vec<bool> =
            self.requests.iter().map(|request| self.begins(request, now).is_some()).collect();
        for (request, begins) in self.requests.iter_mut().zip(begins) {
            request.overtaken = begins;
        }
    }

    /// Whether this attempt of a run is let through, by a decision that nothing has come after.
    #[must_use]
    pub fn lets_go(&self, run: RunId, attempt: u64) -> bool {
        let mut of_it = self.requests.iter().filter(|request| request.is_of(run, attempt));
        of_it.any(|request| request.approved_at().is_some() && !request.overtaken)
    }
}
