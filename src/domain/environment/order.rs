//! How those who wait stand to each other: one goes at a time, and of two that could go the newer one does. Whoever cannot
//! go keeps nobody back.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    super::{
        facts::Inquiry,
        gate::{self, Ask, Decision, Order, Verdict},
        ids::{RepoId, Sha},
    },
    Environment, Request, RunId,
    component::components,
};

impl Environment {
    /// What is decided of each that waits, the newest first: a run with a higher number was started later.
    pub(super) fn judge_in_order(
        &self,
        (repo, now): (RepoId, Timestamp),
        inquiry: &mut Inquiry<'_>,
    ) -> Option<Vec<(RunId, Verdict)>> {
        let mut waiting: Vec<&Request> = self.requests.iter().filter(|request| request.is_open()).collect();
        waiting.sort_by_key(|request| std::cmp::Reverse(request.run));
        let components = components(repo, inquiry)?;
        let (mut verdicts, mut newer) = (vec![], BTreeMap::new());
        for request in waiting {
            let Some(candidate) = &request.job else { continue };
            let ask = Ask {
                now,
                repo,
                environment: &self.name,
                candidate,
                order: self.order(request, newer.get(&request.line()).copied(), now),
                brings: self.brings(request),
                ran: self.runs.ran(&candidate.sha),
            };
            let ran = ask.ran.is_some();
            let scene = gate::look(ask, inquiry);
            let Some(scene) = scene.filter(|_| inquiry.is_complete()) else { continue };
            let release = scene.shipping.as_ref().and_then(|it| it.release).map(|it| it.id.title.as_str());
            let mut strange = request.contradictions(release, ran);
            strange.extend(request.strange_components(&self.name, &components));
            let verdict = gate::decide(&scene).and(strange);
            if supersedes(&verdict) {
                newer.entry(request.line()).or_insert((request.run, &candidate.sha));
            }
            verdicts.push((request.run, verdict));
        }
        inquiry.is_complete().then_some(verdicts)
    }

    /// Who asks at the gate from within the job that deploys stands in nobody's way but others'.
    fn order<'a>(&'a self, request: &Request, newer: Option<(RunId, &'a Sha)>, now: Timestamp) -> Order<'a> {
        if let Some((by, sha)) = newer.filter(|(by, _)| *by > request.run) {
            return Order::Superseded { by: request.is_on_github().then_some(by), sha };
        }
        let from_within = |id: u64, sha: &Sha| !request.rule && self.is_of(id, sha, request);
        if let Some((_, deployed)) = self.runs.running().filter(|(id, it)| !from_within(*id, &it.sha)) {
            return Order::Running { sha: &deployed.sha, since: deployed.heard_at };
        }
        let others = self.requests.iter().filter(|other| request.rule || !request.is_same_run(other));
        let begins = others.into_iter().find_map(|request| self.begins(request, now));
        begins.map_or(Order::Free, |(sha, since)| Order::Running { sha, since })
    }
}

/// Whether older ones give way to one of which this is decided: not to what is refused itself, nor to what nobody knows.
const fn supersedes(verdict: &Verdict) -> bool {
    match verdict.ruling.decision() {
        Decision::Allow | Decision::Pending => true,
        Decision::Deny | Decision::Unavailable => false,
    }
}

/// Those who are older than one that waits without a word: whether they give way to it is not known yet.
pub(super) fn give_way(verdicts: &[(RunId, Verdict)], silent: &BTreeSet<RunId>) -> BTreeSet<RunId> {
    let newer = verdicts.iter().find(|(_, verdict)| supersedes(verdict)).map(|(run, _)| *run);
    let newer = newer.filter(|run| silent.contains(run));
    let older = |run: &RunId| newer.is_some_and(|newer| *run < newer);
    verdicts.iter().map(|(run, _)| *run).filter(older).collect()
}
