//! A state of the world and of ours, and how it changes. Nothing in it counts: what differs only in how often or when
//! something happened is one state, so there are finitely many.

use crate::{
    action::Action,
    github::{ATTEMPTS, Check, Job, News, Pile, Review, Truth},
    judge::{Id, Look, Told},
    replica::Replica,
    sending::Stored,
    wrong::Wrong,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct State {
    pub truth: Truth,
    pub phase: u8,
    /// On its way to us.
    pub sent: Pile,
    /// Acknowledged, and not settled.
    pub inbox: Pile,
    pub told: Told,
    pub environment: Id,
    /// The environment was woken.
    pub due: bool,
    /// It looks again by itself.
    pub looks_again: Look,
    pub pull_looks_again: bool,
    /// Answers that are stored, by attempt.
    pub outbox: [Option<Stored>; 3],
    pub replicas: [Replica; 3],
    /// A delivery came again under another name.
    pub repeated: bool,
    /// Started by an administrator, without an allow of that attempt.
    pub by_hand: [bool; 3],
    /// An allow of it was settled, and not taken back before it was sent.
    pub allowed: [bool; 3],
    pub wrong: Wrong,
}

impl State {
    /// What people and GitHub do.
    pub fn act(&mut self, action: Action) {
        let truth = &mut self.truth;
        match action {
            Action::Push => {
                truth.pushed = true;
                self.sent.add(News::Pull);
            }
            Action::Approve | Action::Dismiss => {
                let head = usize::from(truth.pushed);
                truth.reviews[head] =
                    if action == Action::Approve { Review::Approves } else { Review::Dismissed };
                self.sent.add(News::Review(head));
            }
            Action::Merge => {
                truth.merged = true;
                self.sent.add(News::Pull);
            }
            Action::AcceptOrNot => {
                truth.accepted = !truth.accepted;
                self.sent.add(News::Change);
            }
            Action::Declare | Action::Vouch | Action::LookBack => {
                match action {
                    Action::Declare => truth.crisis.declared = Some(self.phase),
                    Action::Vouch => truth.crisis.signed = true,
                    _ => truth.crisis.looked_back = true,
                }
                self.sent.add(News::Change);
            }
            Action::FreezeOrLift => {
                truth.frozen = !truth.frozen;
                self.sent.add(News::Policy);
            }
            Action::CheckEnds(well) => truth.check = if well { Check::Passed } else { Check::Failed },
            Action::CheckAgain => truth.check = Check::Runs,
            Action::GitHubDownOrUp => truth.down = !truth.down,
            Action::Start(place) => {
                truth.jobs[place] = Job::Waits;
                self.sent.add(News::Asks(ATTEMPTS[place].run));
            }
            Action::Begin(place) | Action::StartByHand(place) => {
                truth.jobs[place] = Job::Runs;
                self.sent.add(News::Began(place));
            }
            Action::End(place, well) => {
                truth.jobs[place] = if well { Job::Succeeded } else { Job::Failed };
                self.sent.add(News::Ended(place));
            }
            Action::Cancel(place) => truth.jobs[place] = Job::Gone,
            other => unreachable!("{other:?} is nobody's act"),
        }
    }

    /// It is acknowledged; whoever took one of the same kind before has not taken this one.
    pub fn keep(&mut self, news: News) {
        self.inbox.add(news);
        for replica in &mut self.replicas {
            match replica {
                Replica::Idle => {}
                Replica::Environment(held) => held.events.take(news),
                Replica::PullRequest(held) => held.events.take(news),
            }
        }
    }

    pub fn grow_old(&mut self) {
        for replica in &mut self.replicas {
            if let Replica::Environment(held) = replica {
                held.old = true;
            }
        }
        for stored in self.outbox.iter_mut().flatten() {
            stored.old = true;
        }
    }

    /// What was to be looked at again is due, and nobody waits any more for what was let through and cancelled.
    pub fn pass_an_hour(&mut self) {
        self.phase += 1;
        self.grow_old();
        self.due |= self.looks_again != Look::Never;
        for replica in &mut self.replicas {
            if let Replica::Environment(held) = replica
                && held.outcome.looks_again != Look::Never
            {
                held.outcome.looks_again = Look::Soon;
            }
        }
        for (allowed, job) in self.allowed.iter_mut().zip(self.truth.jobs) {
            *allowed &= job != Job::Gone;
        }
    }

    /// Others settle in one step: only what they show matters here.
    pub fn settle_told(&mut self, news: News) {
        let before = self.told;
        match news {
            News::Change => {
                (self.told.accepted, self.told.crisis) = (self.truth.accepted, self.truth.crisis);
            }
            _ => self.told.frozen = self.truth.frozen,
        }
        self.inbox.take(news);
        self.wake(before != self.told);
    }

    /// Whoever reads what has changed judges again.
    pub fn wake(&mut self, changed: bool) {
        if !changed {
            return;
        }
        self.due = true;
        for replica in &mut self.replicas {
            if let Replica::Environment(held) = replica {
                held.outdated = true;
            }
        }
    }
}
