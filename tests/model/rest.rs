//! What must be so when nothing is left to do: an `always` property, since stateright's `eventually` passes over cycles.

use crate::{
    against::Against,
    github::{Check, Job},
    judge::Look,
    machine::Machine,
    replica::Replica,
    state::State,
};

impl Machine {
    fn is_at_rest(state: &State) -> bool {
        state.inbox.is_empty()
            && !state.due
            && !state.pull_looks_again
            && state.replicas.iter().all(|replica| *replica == Replica::Idle)
    }

    pub fn says_what_to_do(&self, state: &State) -> bool {
        if !Self::is_at_rest(state) || state.looks_again == Look::Soon {
            return true;
        }
        let standing = self.judge.standing(state.environment);
        !standing.open || standing.told_what_to_do
    }

    pub fn asks_again(&self, state: &State) -> bool {
        if !Self::is_at_rest(state) || state.looks_again == Look::Soon {
            return true;
        }
        let standing = self.judge.standing(state.environment);
        !standing.open || !standing.must_ask_again
    }

    pub fn knows_what_went_by(&self, state: &State) -> bool {
        if !Self::is_at_rest(state) || !state.sent.is_empty() {
            return true;
        }
        let known = self.judge.standing(state.environment).went_by;
        (0..3).all(|place| !state.by_hand[place] || known[place])
    }

    /// Everybody has heard everything, and who waits meets every rule.
    pub fn lets_go(&self, state: &State) -> bool {
        let truth = &state.truth;
        let quiet = Self::is_at_rest(state)
            && state.looks_again != Look::Soon
            && state.sent.is_empty()
            && state.outbox == [None; 3]
            && !truth.down;
        let free = truth.jobs.iter().all(|job| match job {
            Job::Runs => false,
            Job::Let(since) => *since < state.phase,
            Job::None | Job::Waits | Job::Succeeded | Job::Failed | Job::Gone => true,
        });
        // Nobody tells of a job that was let through and cancelled: it is waited for, for a while.
        let free = free && (0..3).all(|place| truth.jobs[place] != Job::Gone || !state.allowed[place]);
        let met = |place: usize| {
            truth.check == Check::Passed && Against::of(state, place, self.judge.rules()).is_nothing()
        };
        !(quiet && free && (0..3).any(|place| truth.jobs[place] == Job::Waits && met(place)))
    }
}
