//! What waits and would be let through is compared with what GitHub shows at that moment, and waits where that is another than
//! it is known.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    super::{
        facts::Inquiry,
        fresh::{Doubt, Glances, Moved, PATIENCE, in_vain, rests_on},
        gate::{Decision, Ruling, Verdict},
        ids::{IssueRef, RepoId, SubjectId},
    },
    Environment, Request, RunId,
};

/// What is waited for.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// The requests that get no answer and no note yet.
    pub silent: BTreeSet<RunId>,
    /// What must be read anew.
    pub anew: Moved,
    /// Something else is known of the requests than when they were judged.
    pub is_news: bool,
}

/// The requests that would be let through.
pub(super) fn let_through(verdicts: &[(RunId, Verdict)]) -> BTreeSet<RunId> {
    verdicts.iter().filter(|(_, verdict)| verdict.lets_through()).map(|(run, _)| *run).collect()
}

impl Environment {
    /// What stands against letting these through; `just_read`: the runs that were read just now. `None`: something must be
    /// found out first.
    pub(super) fn doubts(
        &self,
        runs: &BTreeSet<RunId>,
        just_read: &BTreeSet<RunId>,
        (repo, now): (RepoId, Timestamp),
        inquiry: &mut Inquiry<'_>,
    ) -> Option<BTreeMap<RunId, Doubt>> {
        if runs.is_empty() {
            return Some(BTreeMap::new());
        }
        let requests = self.requests.iter().filter(|it| it.is_open() && runs.contains(&it.run));
        let rest: Vec<_> =
            requests.map(|request| (request.run, self.rests_on(repo, request, inquiry))).collect();
        let rest: Vec<(RunId, Option<BTreeSet<SubjectId>>)> =
            rest.into_iter().map(|(run, subjects)| Some((run, subjects?))).collect::<Option<_>>()?;
        let all: BTreeSet<SubjectId> =
            rest.iter().flat_map(|(_, subjects)| subjects.iter().flatten()).cloned().collect();
        let asks = rest.iter().any(|(_, subjects)| subjects.is_some());
        let glances = Glances::of(&all, asks, (repo, now), inquiry)?;
        let unread = |run| (!just_read.contains(&run)).then(|| Doubt::Anew(Moved::default()));
        let doubt = |(run, subjects): (RunId, Option<BTreeSet<SubjectId>>)| {
            Some((run, glances.doubt(subjects).or_else(|| unread(run))?))
        };
        Some(rest.into_iter().filter_map(doubt).collect())
    }

    /// What its answer rests on. Inner `None`: what ran before goes back without anybody being asked.
    fn rests_on(
        &self,
        repo: RepoId,
        request: &Request,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<Option<BTreeSet<SubjectId>>> {
        let Some(brings) = &request.brings else { return Some(None) };
        if brings.goes_back && self.runs.ran(&brings.to).is_some() {
            return Some(None);
        }
        Some(Some(rests_on(repo, &brings.pull_requests, inquiry)?))
    }

    /// The pull requests of a range of which nothing is known.
    pub(super) fn never_read(
        &self,
        verdicts: &[(RunId, Verdict)],
        repo: RepoId,
        inquiry: &mut Inquiry<'_>,
    ) -> BTreeMap<RunId, Doubt> {
        let mut found = BTreeMap::new();
        for request in self.requests.iter().filter(|request| request.is_open()) {
            let numbers = request.brings.iter().flat_map(|brings| &brings.pull_requests);
            let pulls = numbers.map(|number| SubjectId::PullRequest(IssueRef { repo, number: *number }));
            let unread: BTreeSet<SubjectId> =
                pulls.filter(|pull| matches!(inquiry.view(pull.clone()), Some(None))).collect();
            if !unread.is_empty() && verdicts.iter().any(|(run, _)| *run == request.run) {
                found.insert(request.run, Doubt::Anew(Moved { subjects: unread, milestones: vec![] }));
            }
        }
        found
    }

    /// Lets those wait of which there is a doubt.
    pub(super) fn wait(
        &mut self,
        mut doubts: BTreeMap<RunId, Doubt>,
        verdicts: &[(RunId, Verdict)],
        now: Timestamp,
    ) -> Waiting {
        let mut waiting = Waiting::default();
        for request in self.requests.iter_mut().filter(|request| request.is_open()) {
            let verdict = verdicts.iter().find(|(run, _)| *run == request.run).map(|(_, verdict)| verdict);
            let Some(verdict) = verdict else { continue };
            match doubts.remove(&request.run) {
                None => request.anew_since = None,
                Some(Doubt::Unknown(why)) => {
                    (request.anew_since, request.unread) = (None, Some(why));
                    waiting.is_news = true;
                }
                Some(Doubt::Anew(moved)) => {
                    let since = *request.anew_since.get_or_insert(now);
                    let waits =
                        matches!(verdict.ruling, Ruling::Enforced(Decision::Allow | Decision::Unavailable));
                    let is_short = now.duration_since(since) < PATIENCE;
                    if is_short && waits {
                        waiting.silent.insert(request.run);
                    } else if verdict.lets_through() {
                        request.unread = Some(in_vain(&moved.subjects));
                        waiting.is_news = true;
                    }
                    waiting.anew = std::mem::take(&mut waiting.anew).and(moved);
                }
            }
        }
        waiting
    }
}
