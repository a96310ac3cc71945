//! What GitHub may have failed to tell: jobs that wait, runs that ended while they waited, deployments that went by, and our
//! rule taken off. It is looked for by the sweep, and every minute while somebody waits.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::{
    super::{
        event::RunSnapshot,
        facts::{Fact, Inquiry, PendingDeployment, WorkflowRunReading},
        ids::RepoId,
    },
    Environment, Request, RunId,
    follow::Heard,
};

/// How often it is looked while somebody waits, and how often after an hour.
const OFTEN: SignedDuration = SignedDuration::from_mins(1);
const SELDOM: SignedDuration = SignedDuration::from_mins(10);
const AN_HOUR: SignedDuration = SignedDuration::from_hours(1);
/// For so long after an answer GitHub's lists may still show that the job waits.
const JUST: SignedDuration = SignedDuration::from_mins(10);
/// So many runs of which nothing was heard are looked into at a time, the newest first.
const MOST: usize = 20;

impl Environment {
    /// When it is looked next; `None`: nobody waits.
    pub(super) fn next_look(&self) -> Option<Timestamp> {
        let open = self.requests.iter().filter(|request| request.is_open() && request.is_on_github());
        let newest = open.map(|request| request.asked_at).max()?;
        let looked_at = self.looked_at.map_or(newest, |at| at.max(newest));
        let wait = if looked_at.duration_since(newest) < AN_HOUR { OFTEN } else { SELDOM };
        Some(looked_at.saturating_add(wait).unwrap_or(looked_at))
    }

    /// Asks which runs wait: those of which nothing was heard are asked for, and those that wait no more have ended.
    /// `None`: something must be found out first.
    pub(super) fn look_around(
        &mut self,
        heard: &mut Heard,
        (repo, now): (RepoId, Timestamp),
        inquiry: &mut Inquiry<'_>,
    ) -> Option<()> {
        if !heard.watched && self.next_look().is_none_or(|at| now < at) {
            return Some(());
        }
        let waiting = inquiry.waiting_runs(repo);
        let rules = heard.watched.then(|| inquiry.environment_rules(repo, &self.name));
        let guarded = match rules {
            None => true,
            Some(rules) => matches!(rules?, Fact::Known(Some(rules), _) if rules.guarded),
        };
        // Where GitHub does not say, it is asked again in its turn, and not at once.
        self.looked_at = Some(now);
        let Fact::Known(waiting, _) = waiting? else { return Some(()) };
        let strange: Vec<RunId> = if guarded { self.strange(waiting, now) } else { vec![] };
        let gone = self.gone(waiting, now);
        let strange: Vec<_> =
            strange.into_iter().map(|run| (run, inquiry.pending_deployments(repo, run))).collect();
        let gone: Vec<_> = gone
            .into_iter()
            .map(|run| (run, inquiry.workflow_run(repo, run), inquiry.pending_deployments(repo, run)))
            .collect();
        for (run, pending) in strange {
            if let Some(since) = self.waits_here(&pending?) {
                self.ask(run, since.unwrap_or(now));
                heard.asked.push(run);
            }
        }
        for (run, reading, pending) in gone {
            let held = self.requests.iter().any(|it| it.run == run && it.is_open() && it.rule);
            if self.has_ended(&reading?, held.then_some(&pending?)) {
                self.end(Some(RunSnapshot { id: run, attempt: None }), now);
                heard.reads_runs = true;
            }
        }
        heard.reads_runs |= heard.watched;
        Some(())
    }

    /// Runs that wait for some rule, and of which nothing was heard here.
    fn strange(&self, waiting: &[RunId], now: Timestamp) -> Vec<RunId> {
        let is_known = |run: &RunId| {
            self.requests.iter().any(|it| it.run == *run && (it.is_open() || it.ended_within(JUST, now)))
        };
        waiting.iter().rev().filter(|run| !is_known(run)).take(MOST).copied().collect()
    }

    /// Those that wait here and not on GitHub; what has only just begun may not be listed yet.
    fn gone(&self, waiting: &[RunId], now: Timestamp) -> BTreeSet<RunId> {
        let listed = |request: &&Request| {
            waiting.contains(&request.run) || now.duration_since(request.asked_at) < OFTEN
        };
        let open = self.requests.iter().filter(|request| request.is_open() && request.is_on_github());
        open.filter(|request| !listed(request)).map(|request| request.run).collect()
    }

    /// Inner: since when. `None`: nothing in the run waits for this environment, or GitHub does not say.
    fn waits_here(&self, pending: &Fact<&[PendingDeployment]>) -> Option<Option<Timestamp>> {
        let Fact::Known(pending, _) = pending else { return None };
        let here = |it: &&PendingDeployment| it.environment.to_lowercase() == self.name.to_lowercase();
        pending.iter().find(here).map(|pending| pending.waits_since)
    }

    fn has_ended(
        &self,
        run: &Fact<Option<&WorkflowRunReading>>,
        pending: Option<&Fact<&[PendingDeployment]>>,
    ) -> bool {
        match run {
            Fact::Known(None, _) => true,
            Fact::Known(Some(run), _) if run.status.as_deref() == Some("completed") => true,
            Fact::Known(Some(_), _) => {
                let gone = |it| matches!(it, &Fact::Known(..)) && self.waits_here(it).is_none();
                pending.is_some_and(gone)
            }
            Fact::Unknown(_) => false,
        }
    }
}

impl Request {
    fn ended_within(&self, time: SignedDuration, now: Timestamp) -> bool {
        self.answered.is_some_and(|answered| now.duration_since(answered.at()) < time)
    }
}
