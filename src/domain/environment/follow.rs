//! What deliveries tell of an environment.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{
    super::{
        event::{DeploymentSnapshot, Event, RuleRequest, RunSnapshot, What},
        ids::Sha,
    },
    Answered, Deployed, Environment, Request, RunId,
    belonging::Seen,
    runs::Phase,
};

/// Ended requests that are remembered: of those that were let through; of GitHub's own that were not, of whose deployments
/// something may still be heard; and of others.
const MOST: [usize; 3] = [50, 20, 3];

/// What is news by these deliveries.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Runs for which we were asked, again or for the first time: what we know of them may be old.
    pub(super) asked: Vec<RunId>,
    /// Deployments that began or ended.
    pub(super) begun: Vec<Begun>,
    /// The deployments of jobs that ask, and their runs.
    pub(super) named: Vec<(u64, RunId)>,
    /// What of them waits no more, once its runs were read.
    pub(super) ended: Vec<RunSnapshot>,
    /// It is time to look whether everything is as it is known.
    pub(super) watched: bool,
    /// Something may have been deployed unheard.
    pub(super) reads_runs: bool,
    /// A pipeline asks at the gate, or reports.
    pub(super) at_gate: bool,
    /// GitHub asks for our rule's answer.
    pub(super) by_rule: bool,
}

/// A deployment that has begun.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) deployment: u64,
    pub(super) sha: Sha,
    /// We had let it through.
    pub(super) allowed: bool,
    /// When it was created.
    pub(super) at: Option<Timestamp>,
}

impl Environment {
    pub(super) fn hear(&mut self, events: &[Event], now: Timestamp) -> Heard {
        let mut heard = Heard::default();
        for event in events {
            heard.watched |= matches!(event.what, What::Watched { .. });
            if let What::ProtectionRule(RuleRequest { environment, run: Some(run), deployment, .. }) =
                &event.what
            {
                self.call(environment.as_deref());
                heard.by_rule = true;
                self.ask(*run, now);
                // What waits already may turn out to be a later attempt: then it is the later one's.
                heard.named.extend(deployment.as_ref().map(|deployment| (deployment.id, *run)));
                heard.asked.push(*run);
            }
            if let What::GateAsked(ask) = &event.what {
                self.call_first(&ask.environment);
                self.ask_at_gate(ask, &mut heard, now);
            }
            if let What::PipelineReported(report) = &event.what {
                self.call_first(&report.environment);
                heard.at_gate = true;
            }
            if let What::Sealed(sealing) = &event.what {
                self.call_first(&sealing.environment);
            }
            if let What::Withheld { run, attempt, .. } = &event.what {
                heard.asked.extend(self.reopen((*run, *attempt), now).then_some(*run));
            }
            if let What::DeploymentStatus { state: Some(state), deployment, run, .. } = &event.what {
                self.call(deployment.environment.as_deref());
                let mut ended = vec![];
                heard.begun.extend(self.hear_status(state, (deployment, *run), now, &mut ended));
                for run in ended {
                    // Who asks once more may be a later attempt: that is known when the run was read.
                    if heard.asked.contains(&run.id) {
                        heard.ended.push(run);
                    } else {
                        self.end(Some(run), now);
                    }
                }
            }
        }
        for (deployment, run) in &heard.named {
            if self.requests.iter().any(|it| it.run == *run && it.is_open() && it.job.is_none()) {
                self.bind(*deployment, *run, None);
            }
        }
        self.forget();
        heard
    }

    /// What begins by this, if anything does.
    fn hear_status(
        &mut self,
        state: &str,
        (deployment, run): (&DeploymentSnapshot, Option<RunSnapshot>),
        now: Timestamp,
        ended: &mut Vec<RunSnapshot>,
    ) -> Option<Begun> {
        let (phase, sha) = Phase::of(state).zip(deployment.sha.clone())?;
        if let Some(RunSnapshot { id, attempt: attempt @ Some(_) }) = run {
            self.bind(deployment.id, id, attempt);
        }
        let seen = Seen { id: deployment.id, sha: &sha, created_at: deployment.created_at, run };
        let (phase, allowed) = (self.come_to(phase, seen), self.allowed(seen));
        let deployed = Deployed { sha: sha.clone(), phase, heard_at: now, allowed };
        let is_news = self.runs.hear(deployment.id, deployed);
        self.runs.set_allowed(deployment.id, allowed);
        if is_news && phase.has_begun() {
            ended.extend(run);
        }
        // What was read before it was told is no news, and may have gone by all the same.
        phase.has_begun().then_some(Begun {
            deployment: deployment.id,
            sha,
            allowed,
            at: deployment.created_at,
        })
    }

    /// It was let through, and the answer was not sent: it waits again, or has ended where the run has asked once more. Whether
    /// GitHub is to be asked for its run.
    fn reopen(&mut self, (run, attempt): (RunId, u64), now: Timestamp) -> bool {
        let let_through =
            |it: &Request| it.is_of(run, attempt) && it.approved_at().is_some() && !self.has_begun(it);
        let Some(place) = self.requests.iter().rposition(let_through) else { return false };
        let asks_again = self.requests.iter().any(|it| it.run == run && it.is_open());
        let request = self.requests.get_mut(place);
        request.is_some_and(|request| {
            request.answered = asks_again.then_some(Answered::Ended { at: now });
            request.overtaken = false;
            request.is_on_github()
        })
    }

    /// What has begun waits no more, whoever let it through; a later attempt does, and one that was not read yet may be
    /// later.
    pub(super) fn end(&mut self, run: Option<RunSnapshot>, now: Timestamp) {
        let Some(RunSnapshot { id, attempt }) = run else { return };
        let has_begun = |request: &&mut Request| {
            let of_it =
                attempt.is_none_or(|begun| request.job.as_ref().is_some_and(|it| it.attempt <= begun));
            request.run == id && request.is_open() && of_it
        };
        for request in self.requests.iter_mut().filter(has_begun) {
            request.answered = Some(Answered::Ended { at: now });
        }
    }

    fn call(&mut self, name: Option<&str>) {
        if let Some(name) = name {
            self.name = name.into();
        }
    }

    /// As a pipeline writes it, until GitHub names it.
    fn call_first(&mut self, name: &str) {
        if self.requests.is_empty() && self.runs.is_empty() {
            self.name = name.into();
        }
    }

    /// A run that was answered before and asks again is another attempt: it is read before anything is said.
    pub(super) fn ask(&mut self, run: RunId, now: Timestamp) {
        match self.requests.iter_mut().find(|request| request.run == run && request.is_open()) {
            Some(request) => request.rule = true,
            None => self.requests.push(Request::new(run, now)),
        }
    }

    fn forget(&mut self) {
        let class = |request: &Request| match request {
            request if request.approved_at().is_some() => 0,
            request if request.is_on_github() => 1,
            _ => 2,
        };
        let mut room = MOST;
        let ended = self.requests.iter().enumerate().rev().filter(|(_, request)| !request.is_open());
        let mut goes = BTreeSet::new();
        for (place, request) in ended {
            match room.get_mut(class(request)) {
                Some(room) if *room > 0 => *room -= 1,
                _ => drop(goes.insert(place)),
            }
        }
        let mut place = 0..;
        self.requests.retain(|_| place.next().is_none_or(|place| !goes.contains(&place)));
        for request in &mut self.requests {
            request.forget();
        }
        self.guessed.retain(|deployment| self.runs.knows(*deployment));
        self.attempts.retain(|deployment, _| self.runs.knows(*deployment));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        event::{DeploymentReport, DeploymentSnapshot, GateAsk, Intent, Pipeline},
        gate::{Candidate, Decision, Points, Ruling, Verdict},
        trial::{event, sha, time},
    };

    #[test]
    fn what_was_read_before_it_was_told_has_begun_without_us_all_the_same() {
        let read = |allowed| Deployed { sha: sha('a'), phase: Phase::Succeeded, heard_at: time(0), allowed };
        let deployment = DeploymentSnapshot {
            id: 7,
            environment: Some("production".into()),
            sha: Some(sha('a')),
            reference: None,
            creator: None,
            app: None,
            created_at: None,
        };
        let (state, report) = (Some("success".into()), DeploymentReport::default());
        let told = event(What::DeploymentStatus { state, deployment, report, run: None });
        for allowed in [false, true] {
            let runs = [(7, read(allowed))].into_iter().collect();
            let mut environment = Environment { runs, ..Environment::default() };
            let heard = environment.hear(std::slice::from_ref(&told), time(9));
            assert_eq!(heard.begun.iter().map(|begun| begun.allowed).collect::<Vec<_>>(), [allowed]);
        }
    }

    #[test]
    fn news_of_an_attempt_says_nothing_of_a_later_one() {
        let points = Points::NotAsked;
        let job = |attempt| Candidate {
            attempt,
            sha: sha('a'),
            reference: None,
            by: None,
            by_itself: false,
            from_here: true,
            proposed: false,
            points: points.clone(),
        };
        let deployment = DeploymentSnapshot {
            id: 7,
            environment: Some("production".into()),
            sha: Some(sha('a')),
            reference: None,
            creator: None,
            app: None,
            created_at: None,
        };
        let run = Some(RunSnapshot { id: 9, attempt: Some(1) });
        let (state, report) = (Some("in_progress".into()), DeploymentReport::default());
        let told = event(What::DeploymentStatus { state, deployment, report, run });
        for (attempt, waits) in [(Some(1), false), (Some(2), true), (None, true)] {
            let request = Request { job: attempt.map(job), ..Request::new(9, time(0)) };
            let mut environment = Environment { requests: vec![request], ..Environment::default() };
            environment.hear(std::slice::from_ref(&told), time(9));
            assert_eq!(environment.requests[0].is_open(), waits, "{attempt:?}");
        }
        let approved = Some(Answered::Approved { at: time(0) });
        let request = Request { job: Some(job(2)), answered: approved, ..Request::new(9, time(0)) };
        let mut environment = Environment { requests: vec![request], ..Environment::default() };
        assert!(!environment.hear(std::slice::from_ref(&told), time(9)).begun[0].allowed);
    }

    #[test]
    fn of_what_ended_the_last_are_remembered_and_of_what_was_refused_only_that_it_was() {
        let pipeline = |number: u64| GateAsk {
            id: format!("{number:032x}").parse().unwrap(),
            environment: "production".into(),
            sha: sha('a'),
            reference: None,
            pipeline: Pipeline::Other { name: "jenkins".into(), run: number.to_string() },
            attempt: 1,
            release: None,
            intent: Intent::Deploy,
            component: None,
            bell: None,
        };
        let verdict = || Verdict {
            ruling: Ruling::Enforced(Decision::Deny),
            findings: vec![],
            at: time(0),
            again_at: None,
            basis: None,
        };
        let (approved, rejected) = (Answered::Approved { at: time(0) }, Answered::Rejected { at: time(0) });
        let request = |number: u64| {
            let (answered, gates) = match number % 4 {
                0 => (None, vec![]),
                1 => (Some(approved), vec![]),
                2 => (Some(rejected), vec![]),
                _ => (Some(rejected), vec![pipeline(number)]),
            };
            let request = Request::new(number, time(0));
            Request { answered, rule: gates.is_empty(), gates, verdict: Some(verdict()), ..request }
        };
        let mut environment = Environment { requests: (0..400).map(request).collect(), ..Default::default() };
        environment.hear(&[], time(9));
        let kept = |class: u64| environment.requests.iter().filter(move |it| it.run % 4 == class);
        assert_eq!([0, 1, 2, 3].map(|class| kept(class).count()), [100, 50, 20, 3]);
        assert_eq!(
            [1, 2, 3].map(|class| kept(class).map(|it| it.run).max()),
            [Some(397), Some(398), Some(399)]
        );
        assert!(kept(0).all(|open| open.verdict.is_some()));
        assert!(kept(2).chain(kept(3)).all(|ended| ended.verdict.is_none()));
    }
}
