//! What may happen next.

use crate::{
    github::{Check, Job, News, Pile, Truth},
    judge::Look,
    machine::Machine,
    replica::Replica,
    scope::Signing,
    state::State,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Push,
    Approve,
    Dismiss,
    Merge,
    AcceptOrNot,
    FreezeOrLift,
    Declare,
    Vouch,
    LookBack,
    CheckEnds(bool),
    CheckAgain,
    GitHubDownOrUp,
    Start(usize),
    Begin(usize),
    End(usize, bool),
    Cancel(usize),
    StartByHand(usize),
    Deliver(News),
    DeliverAgain(News),
    SettleChange,
    SettlePolicy,
    Read(usize),
    ReadPull(usize),
    Settle(usize),
    FallOver(usize),
    LoseLease(usize),
    Send(usize),
    SendAndForget(usize),
    TenSeconds,
    AnHour,
}

impl Machine {
    pub fn people(&self, state: &State, actions: &mut Vec<Action>) {
        let truth = &state.truth;
        if self.scope.signing != Signing::Settled {
            actions.push(if truth.is_approved() { Action::Dismiss } else { Action::Approve });
        }
        if !truth.merged {
            actions.extend((!truth.pushed).then_some(Action::Push));
            actions.push(Action::Merge);
        }
        if self.scope.edits {
            actions.extend([Action::AcceptOrNot, Action::FreezeOrLift]);
        }
        if self.scope.emergencies {
            let crisis = truth.crisis;
            actions.extend(crisis.declared.is_none().then_some(Action::Declare));
            let is_declared = crisis.declared.is_some();
            actions.extend((is_declared && !crisis.signed).then_some(Action::Vouch));
            actions.extend((is_declared && !crisis.looked_back).then_some(Action::LookBack));
        }
        if self.scope.outages {
            actions.push(Action::GitHubDownOrUp);
            match truth.check {
                Check::Runs => actions.extend([Action::CheckEnds(true), Action::CheckEnds(false)]),
                Check::Passed | Check::Failed => actions.push(Action::CheckAgain),
            }
        }
        for place in self.scope.attempts.iter().copied() {
            let starts = truth.merged && is_over(truth, place.wrapping_sub(2));
            match truth.jobs[place] {
                Job::None if starts => actions.push(Action::Start(place)),
                Job::Waits if self.scope.mischief => {
                    actions.extend([Action::Cancel(place), Action::StartByHand(place)]);
                }
                Job::Let(_) => {
                    actions.push(Action::Begin(place));
                    actions.extend(self.scope.mischief.then_some(Action::Cancel(place)));
                }
                Job::Runs => actions.extend([Action::End(place, true), Action::End(place, false)]),
                Job::None | Job::Waits | Job::Succeeded | Job::Failed | Job::Gone => {}
            }
        }
    }

    pub fn replicas(&self, state: &State, actions: &mut Vec<Action>) {
        let holds = |is: fn(&Replica) -> bool| state.replicas.iter().any(is);
        let environment_held = holds(|it| matches!(it, Replica::Environment(held) if !held.lost));
        let pull_held = holds(|it| matches!(it, Replica::PullRequest(held) if !held.lost));
        let environment_due = state.due
            || state.looks_again != Look::Never
            || !state.inbox.and(Pile::of_deploying()).is_empty();
        let pull_due = state.pull_looks_again || !state.inbox.and(Pile::about_ours()).is_empty();
        let free = (0..self.scope.replicas).find(|at| state.replicas[*at] == Replica::Idle);
        // Replicas are alike: which of those that are idle goes on means nothing.
        actions.extend(free.filter(|_| environment_due && !environment_held).map(Action::Read));
        actions.extend(free.filter(|_| pull_due && !pull_held).map(Action::ReadPull));
        for at in 0..self.scope.replicas {
            let lost = match &state.replicas[at] {
                Replica::Idle => continue,
                Replica::Environment(held) => held.lost,
                Replica::PullRequest(held) => held.lost,
            };
            actions.extend([Action::Settle(at), Action::FallOver(at)]);
            actions.extend((!lost && self.scope.replicas > 1).then_some(Action::LoseLease(at)));
        }
        actions.extend(state.inbox.has(News::Change).then_some(Action::SettleChange));
        actions.extend(state.inbox.has(News::Policy).then_some(Action::SettlePolicy));
    }
}

/// Whether a run may be started again after this attempt.
fn is_over(truth: &Truth, place: usize) -> bool {
    truth.jobs.get(place).is_none_or(|job| matches!(job, Job::Succeeded | Job::Failed | Job::Gone))
}
