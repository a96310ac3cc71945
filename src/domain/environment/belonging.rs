//! Which request a deployment belongs to: two attempts of one run deploy the same commit, and what was said of one says
//! nothing of the other.

use jiff::{SignedDuration, Timestamp};

use super::{
    super::{event::RunSnapshot, ids::Sha},
    Answered, Environment, Phase, Request, RunId,
};

/// How long a deployment may take from our answer to its first sign.
pub(super) const BEGINS: SignedDuration = SignedDuration::from_mins(10);

/// A deployment of which it is asked whether we let it through.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<'a> {
    pub id: u64,
    pub sha: &'a Sha,
    pub created_at: Option<Timestamp>,
    /// The run whose job deploys, where somebody has named it.
    pub run: Option<RunSnapshot>,
}

/// Whether we let a deployment through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Through {
    Yes,
    No,
    /// Something of its commit was let through, and nothing says of which attempt this one is.
    Perhaps,
    /// Nothing is known of its run.
    Unheard,
}

impl Environment {
    /// A delivery names the deployment of a job: it is of this attempt, or else of what waits of the run.
    pub(super) fn bind(&mut self, deployment: u64, run: RunId, attempt: Option<u64>) {
        if let Some(attempt) = attempt {
            self.attempts.insert(deployment, (run, attempt));
        } else if !self.is_owned(deployment)
            && let Some(request) = self.requests.iter_mut().rev().find(|it| it.run == run && it.is_open())
        {
            request.deployments.insert(deployment);
        }
    }

    /// What waits, or waited, for a deployment to begin.
    fn owner(&self, deployment: u64) -> Option<&Request> {
        self.requests.iter().find(|request| self.is_told(deployment, request) == Some(true))
    }

    fn is_owned(&self, deployment: u64) -> bool {
        self.attempts.contains_key(&deployment) || self.owner(deployment).is_some()
    }

    /// Whether a deployment is of a request; `None`: nobody has said.
    fn is_told(&self, deployment: u64, request: &Request) -> Option<bool> {
        let told = self.attempts.get(&deployment).map(|(run, attempt)| request.is_of(*run, *attempt));
        told.or_else(|| request.deployments.contains(&deployment).then_some(true))
    }

    /// Whether we let a deployment through. What deliveries have bound to a request is of that one; what was created long
    /// after we let its commit through is not of that answer.
    pub(super) fn let_through(&self, seen: Seen<'_>) -> Through {
        let certain = |is_it: bool| if is_it { Through::Yes } else { Through::No };
        if let Some(owner) = self.owner(seen.id) {
            return certain(owner.let_through(seen.sha));
        }
        let run = self.run_of(seen);
        let mut of_run = self.requests.iter().filter(|it| run.is_none_or(|run| it.run == run.id));
        if let Some(RunSnapshot { id, attempt: Some(attempt) }) = run {
            let of_it: Vec<&Request> = of_run.filter(|it| it.is_of(id, attempt)).collect();
            let is_unheard = of_it.is_empty();
            let is_through = of_it.into_iter().any(|it| it.let_through(seen.sha));
            return if is_unheard { Through::Unheard } else { certain(is_through) };
        }
        let in_time = |request: &Request| {
            let late = |(at, created): (Timestamp, Timestamp)| created.duration_since(at) > BEGINS;
            !request.approved_at().zip(seen.created_at).is_some_and(late)
        };
        let perhaps = of_run.any(|it| it.let_through(seen.sha) && in_time(it));
        if perhaps { Through::Perhaps } else { Through::Unheard }
    }

    /// As it is said of it now, or was before.
    fn run_of(&self, seen: Seen<'_>) -> Option<RunSnapshot> {
        let told = self.attempts.get(&seen.id);
        seen.run.or_else(|| told.map(|(id, attempt)| RunSnapshot { id: *id, attempt: Some(*attempt) }))
    }

    /// Whether a deployment counts as let through, by what is known of it now and was before.
    pub(super) fn allowed(&mut self, seen: Seen<'_>) -> bool {
        let was_guessed = self.guessed.contains(&seen.id);
        match self.let_through(seen) {
            certain @ (Through::Yes | Through::No) => {
                self.guessed.remove(&seen.id);
                certain == Through::Yes
            }
            Through::Perhaps => {
                self.guessed.insert(seen.id);
                true
            }
            Through::Unheard => {
                self.runs.was_allowed(seen.id) && !(was_guessed && self.run_of(seen).is_some())
            }
        }
    }

    /// How far a deployment has come. One that we refused has failed without ever having begun.
    pub(super) fn come_to(&self, phase: Phase, seen: Seen<'_>) -> Phase {
        let run = self.run_of(seen);
        let of_run = |it: &&Request| {
            run.is_some_and(|run| run.attempt.is_some_and(|attempt| it.is_of(run.id, attempt)))
        };
        let mut of_it = self.owner(seen.id).into_iter().chain(self.requests.iter().filter(of_run));
        let is_refused = of_it.any(|it| matches!(it.answered, Some(Answered::Rejected { .. })));
        let is_over = phase == Phase::Failed && !self.runs.has_begun(seen.id);
        // Its job runs, and waits at the gate.
        let waits = self.by_pipeline
            && matches!(phase, Phase::Runs | Phase::Failed)
            && !self.runs.has_begun(seen.id)
            && !self.goes_by_seal(seen.id, seen.sha)
            && !matches!(self.let_through(seen), Through::Yes | Through::Perhaps);
        if waits || (is_over && is_refused) { Phase::Waits } else { phase }
    }

    /// Whether a deployment that is said to have failed never began, because we did not let it through.
    pub(in crate::domain) fn keeps_back(&self, id: u64, sha: &Sha, run: Option<RunSnapshot>) -> bool {
        self.come_to(Phase::Failed, Seen { id, sha, created_at: None, run }) == Phase::Waits
    }

    /// The deployment that we let through and that has given no sign yet.
    pub(super) fn begins<'a>(&'a self, request: &'a Request, now: Timestamp) -> Option<(&'a Sha, Timestamp)> {
        let at = request.approved_at().filter(|at| now.duration_since(*at) < BEGINS)?;
        let sha = &request.job.as_ref()?.sha;
        (!self.has_begun(request)).then_some((sha, at))
    }

    /// Whether something of it has begun since it was let through.
    pub(super) fn has_begun(&self, request: &Request) -> bool {
        let Some(at) = request.approved_at() else { return false };
        self.runs.begun_since(at).any(|(id, deployed)| self.is_of(id, &deployed.sha, request))
    }

    /// Whether a deployment of a commit is of a request, as far as is known.
    pub(super) fn is_of(&self, id: u64, sha: &Sha, request: &Request) -> bool {
        let is_same = || request.job.as_ref().is_some_and(|job| job.sha == *sha);
        self.is_told(id, request).unwrap_or_else(|| is_same() && !self.is_owned(id))
    }

    /// When it is taken for granted that nothing begins any more: nobody tells of one that was cancelled before.
    pub(super) fn given_up_at(&self, now: Timestamp) -> Option<Timestamp> {
        let begins = self.requests.iter().filter_map(|request| self.begins(request, now));
        begins.map(|(_, since)| since + BEGINS).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        environment::Deployed,
        gate::{Candidate, Points},
        trial::{sha, time},
    };

    /// An attempt of run 9 at one and the same commit.
    fn attempt(attempt: u64, approved: Option<i64>, deployments: &[u64]) -> Request {
        let job = Candidate {
            attempt,
            sha: sha('a'),
            reference: None,
            by: None,
            by_itself: false,
            from_here: true,
            proposed: false,
            points: Points::NotAsked,
        };
        let answered = approved.map(|at| Answered::Approved { at: time(at) });
        let deployments = deployments.iter().copied().collect();
        Request { job: Some(job), answered, deployments, ..Request::new(9, time(0)) }
    }

    fn known(requests: Vec<Request>) -> Environment {
        Environment { requests, ..Environment::default() }
    }

    #[test]
    fn a_deployment_is_let_through_by_the_answer_to_its_own_attempt() {
        let run = |attempt| Some(RunSnapshot { id: 9, attempt });
        let all = || vec![attempt(1, Some(0), &[11]), attempt(2, None, &[12])];
        for (what, id, run, created, through) in [
            ("bound to the first", 11, None, None, Through::Yes),
            ("bound to the second, of the same commit", 12, None, None, Through::No),
            ("of the first, by its run", 13, run(Some(1)), None, Through::Yes),
            ("of the second, by its run", 13, run(Some(2)), None, Through::No),
            ("of a third of which nothing was heard", 13, run(Some(3)), None, Through::Unheard),
            ("of no attempt that is named", 13, run(None), None, Through::Perhaps),
            ("of another run", 13, Some(RunSnapshot { id: 8, attempt: None }), None, Through::Unheard),
            ("of no run that is named", 13, None, Some(-5), Through::Perhaps),
            ("created long after the answer", 13, None, Some(601), Through::Unheard),
        ] {
            let (sha, created_at) = (&sha('a'), created.map(time));
            let seen = Seen { id, sha, created_at, run };
            assert_eq!(known(all()).let_through(seen), through, "{what}");
        }
    }

    #[test]
    fn what_was_guessed_by_the_commit_is_forgotten_when_its_run_is_named() {
        let mut environment = known(vec![attempt(1, Some(0), &[]), attempt(2, None, &[])]);
        let (sha, created_at) = (&sha('a'), None);
        let listed = Seen { id: 12, sha, created_at, run: None };
        assert!(environment.allowed(listed));
        let deployed = Deployed { sha: sha.clone(), phase: Phase::Runs, heard_at: time(1), allowed: true };
        environment.runs.hear(12, deployed);
        for run in [RunSnapshot { id: 9, attempt: Some(2) }, RunSnapshot { id: 9, attempt: Some(3) }] {
            assert!(!environment.clone().allowed(Seen { run: Some(run), ..listed }), "{run:?}");
        }
        assert!(environment.allowed(Seen { run: Some(RunSnapshot { id: 9, attempt: Some(1) }), ..listed }));
    }

    #[test]
    fn news_of_another_attempt_of_the_same_commit_does_not_say_that_this_one_has_begun() {
        let begun = |id, environment: &mut Environment| {
            let deployed =
                Deployed { sha: sha('a'), phase: Phase::Succeeded, heard_at: time(20), allowed: true };
            environment.runs.hear(id, deployed);
        };
        let mut environment = known(vec![attempt(1, Some(0), &[11]), attempt(2, Some(10), &[12])]);
        begun(11, &mut environment);
        let second = environment.requests[1].clone();
        assert!(environment.begins(&second, time(30)).is_some());
        assert_eq!(environment.given_up_at(time(30)), Some(time(610)));
        begun(12, &mut environment);
        assert!(environment.begins(&second, time(30)).is_none());
    }

    #[test]
    fn what_we_refused_has_never_begun_and_what_went_by_has() {
        let refused = Some(Answered::Rejected { at: time(0) });
        let request = Request { answered: refused, ..attempt(1, None, &[11]) };
        let mut environment = known(vec![request, attempt(2, None, &[])]);
        let run = |attempt| Some(RunSnapshot { id: 9, attempt: Some(attempt) });
        let mut come = |id, run, phase| {
            let (sha, created_at) = (&sha('a'), None);
            let come = environment.come_to(phase, Seen { id, sha, created_at, run });
            let deployed = Deployed { sha: sha.clone(), phase: come, heard_at: time(1), allowed: false };
            environment.runs.hear(id, deployed);
            come
        };
        assert_eq!(come(11, None, Phase::Failed), Phase::Waits);
        assert_eq!(come(12, run(1), Phase::Failed), Phase::Waits);
        assert_eq!(come(13, run(2), Phase::Failed), Phase::Failed, "it was not refused");
        assert_eq!(come(14, None, Phase::Failed), Phase::Failed, "nothing is known of it");
        assert_eq!(come(11, None, Phase::Runs), Phase::Runs, "somebody has started it by hand");
        assert_eq!(come(11, None, Phase::Failed), Phase::Failed);
    }

    #[test]
    fn a_deployment_belongs_to_the_first_that_it_was_bound_to() {
        let mut environment = known(vec![attempt(1, Some(0), &[]), attempt(2, None, &[])]);
        environment.bind(11, 9, Some(1));
        environment.bind(11, 9, None);
        environment.bind(12, 9, None);
        environment.bind(13, 9, Some(3));
        environment.bind(13, 9, None);
        let owner = |id| environment.owner(id).and_then(|it| it.job.as_ref()).map(|job| job.attempt);
        assert_eq!([11, 12, 13, 14].map(owner), [Some(1), Some(2), None, None]);
    }
}
