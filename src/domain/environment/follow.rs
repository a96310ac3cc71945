//! What deliveries tell of an environment.

use jiff::Timestamp;

use super::{
    super::{
        event::{Event, RuleRequest, What},
        ids::Sha,
    },
    Answered, Deployed, Environment, Request, RunId,
    runs::Phase,
};

/// Ended requests that are remembered.
const MOST_ENDED: usize = 50;

/// What is news by these deliveries.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Runs for which we were asked, again or for the first time: what we know of them may be old.
    pub(super) asked: Vec<RunId>,
    /// Deployments that began or ended.
    pub(super) begun: Vec<Begun>,
}

/// A deployment that has begun.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) deployment: u64,
    pub(super) sha: Sha,
    /// We had let it through.
    pub(super) allowed: bool,
}

impl Environment {
    pub(super) fn hear(&mut self, events: &[Event], now: Timestamp) -> Heard {
        let mut heard = Heard::default();
        for event in events {
            if let What::ProtectionRule(RuleRequest { environment, run: Some(run), .. }) = &event.what {
                self.call(environment.as_deref());
                self.ask(*run, now);
                heard.asked.push(*run);
            }
            if let What::DeploymentStatus { state: Some(state), deployment, run, .. } = &event.what {
                self.call(deployment.environment.as_deref());
                let Some((phase, sha)) = Phase::of(state).zip(deployment.sha.clone()) else { continue };
                let allowed = self.let_through(&sha, run.map(|run| run.id));
                let deployed = Deployed { sha: sha.clone(), phase, heard_at: now, allowed };
                if self.runs.hear(deployment.id, deployed) && phase.has_begun() {
                    self.end(run.map(|run| run.id), now);
                    heard.begun.push(Begun { deployment: deployment.id, sha, allowed });
                }
            }
        }
        self.forget();
        heard
    }

    /// Whether we let this commit through, in this run where one is named.
    pub(super) fn let_through(&self, sha: &Sha, run: Option<RunId>) -> bool {
        let of_the_run = |request: &&Request| run.is_none_or(|run| request.run == run);
        self.requests.iter().filter(of_the_run).any(|request| request.let_through(sha))
    }

    /// What has begun waits no more, whoever let it through.
    fn end(&mut self, run: Option<RunId>, now: Timestamp) {
        let of_the_run = |request: &&mut Request| run == Some(request.run) && request.is_open();
        for request in self.requests.iter_mut().filter(of_the_run) {
            request.answered = Some(Answered::Ended { at: now });
        }
    }

    fn call(&mut self, name: Option<&str>) {
        if let Some(name) = name {
            self.name = name.into();
        }
    }

    /// A run that was answered before and asks again is another attempt: it is read before anything is said.
    fn ask(&mut self, run: RunId, now: Timestamp) {
        let open = self.requests.iter().any(|request| request.run == run && request.is_open());
        if !open {
            self.requests.push(Request::new(run, now));
        }
    }

    fn forget(&mut self) {
        let ended = self.requests.iter().filter(|request| !request.is_open()).count();
        let mut surplus = ended.saturating_sub(MOST_ENDED);
        self.requests.retain(|request| {
            let goes = surplus > 0 && !request.is_open();
            surplus -= usize::from(goes);
            !goes
        });
    }
}
