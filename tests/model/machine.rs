//! The machine: people and GitHub act in any order; deliveries wait, come late, twice or in another order; replicas read,
//! judge and settle, or fall over in between. Reading and settling are as `house.md` has them: a lease on each subject,
//! a read set that is checked when it is settled, and an allow that waits for what was acknowledged before it.

use std::sync::Arc;

use stateright::{Model, Property};

use crate::{
    action::Action,
    github::{Check, Job, News, Pile, Review, Truth},
    judge::{Judge, Look, PullSight, Told},
    replica::Replica,
    scope::{Scope, Shell, Signing},
    sending::Fate,
    state::State,
    wrong::Wrong,
};

pub struct Machine {
    pub judge: Arc<Judge>,
    pub scope: Scope,
    pub shell: Shell,
}

impl Machine {
    fn start(&self) -> State {
        let mut truth = Truth::START;
        let mut told = Told { pull_request: 0, accepted: false, frozen: false, crisis: truth.crisis };
        if self.scope.signing != Signing::Pushes {
            truth.merged = true;
            truth.reviews[0] = Review::Approves;
            let sight = PullSight { pull_request: 0, events: Pile::of(&[News::Review(0)]), truth };
            told.pull_request = self.judge.pull_request(sight).0;
        }
        if !self.scope.edits {
            (truth.accepted, told.accepted) = (true, true);
        }
        if !self.scope.outages {
            truth.check = Check::Passed;
        }
        State {
            truth,
            phase: 0,
            sent: Pile::NONE,
            inbox: Pile::NONE,
            told,
            environment: 0,
            due: false,
            looks_again: Look::Never,
            pull_looks_again: false,
            outbox: [None; 3],
            replicas: [Replica::Idle; 3],
            repeated: false,
            by_hand: [false; 3],
            allowed: [false; 3],
            wrong: Wrong::default(),
        }
    }

    /// Something is held or stored that ten seconds make old.
    fn ages(&self, state: &State) -> bool {
        let stored = state.outbox.iter().flatten().any(|stored| !stored.old);
        state.replicas.iter().any(Replica::is_fresh) || stored
    }
}

impl Model for Machine {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![self.start()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        self.people(state, actions);
        actions.extend(state.sent.iter().map(Action::Deliver));
        if self.scope.mischief && !state.repeated {
            let asked =
                [(1, 0), (2, 1)].into_iter().filter(|(_, place)| state.truth.jobs[*place] != Job::None);
            actions.extend(asked.map(|(run, _)| Action::DeliverAgain(News::Asks(run))));
        }
        self.replicas(state, actions);
        for place in (0..3).filter(|place| self.fate(state, *place) != Fate::Waits) {
            actions.push(Action::Send(place));
            actions.extend(self.scope.mischief.then_some(Action::SendAndForget(place)));
        }
        actions.extend(self.ages(state).then_some(Action::TenSeconds));
        actions.extend((state.phase + 1 < self.scope.phases).then_some(Action::AnHour));
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = *last;
        match action {
            Action::Deliver(news) => {
                state.sent.take(news);
                state.keep(news);
            }
            Action::DeliverAgain(news) => {
                state.repeated = true;
                state.keep(news);
            }
            Action::SettleChange => state.settle_told(News::Change),
            Action::SettlePolicy => state.settle_told(News::Policy),
            Action::Read(at) => self.read(&mut state, at),
            Action::ReadPull(at) => self.read_pull(&mut state, at),
            Action::Settle(at) => self.settle(&mut state, at),
            Action::FallOver(at) => {
                state.replicas[at] = Replica::Idle;
                state.due = true;
            }
            Action::LoseLease(at) => match &mut state.replicas[at] {
                Replica::Idle => {}
                Replica::Environment(held) => (held.lost, state.due) = (true, true),
                Replica::PullRequest(held) => held.lost = true,
            },
            Action::Send(place) => self.send(&mut state, place, false),
            Action::SendAndForget(place) => self.send(&mut state, place, true),
            Action::TenSeconds => state.grow_old(),
            Action::AnHour => state.pass_an_hour(),
            Action::StartByHand(place) => {
                state.by_hand[place] = !state.allowed[place];
                state.act(action);
            }
            other => state.act(other),
        }
        state.replicas[..self.scope.replicas].sort_by_key(Replica::rank);
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut all = never();
        all.extend([
            Property::<Self>::always(
                "at rest, who waits is looked at again or was told what to do",
                Self::says_what_to_do,
            ),
            Property::<Self>::always("at rest, what could not be read is asked for again", Self::asks_again),
            Property::<Self>::always("at rest, nobody waits whose every rule is met", Self::lets_go),
            Property::<Self>::always(
                "at rest, what went by without an allow is known",
                Self::knows_what_went_by,
            ),
            Property::<Self>::sometimes("something is let through", |_, it| {
                it.truth.jobs.iter().any(|job| matches!(job, Job::Let(_)))
            }),
            Property::<Self>::sometimes("something is refused", |_, it| {
                it.truth.jobs.contains(&Job::Gone) && it.outbox == [None; 3]
            }),
            Property::<Self>::sometimes("something has been deployed", |_, it| {
                it.truth.jobs.contains(&Job::Succeeded)
            }),
            Property::<Self>::sometimes("an emergency lets something through", |_, it| {
                let freed = it.truth.jobs[0] == Job::Let(it.phase) && it.truth.frozen && it.phase < 2;
                freed && it.truth.crisis.lasts(it.phase)
            }),
        ]);
        if self.scope.attempts.len() < 2 && !self.scope.mischief {
            all.retain(|property| property.name != "something is refused");
        }
        if !self.scope.emergencies {
            all.retain(|property| property.name != "an emergency lets something through");
        }
        all
    }
}

/// One property for each thing that must never happen.
fn never() -> Vec<Property<Machine>> {
    macro_rules! never {
        ($($place:literal)*) => {
            vec![$(Property::<Machine>::always(Wrong::ALL[$place].1, |_, it: &State| !it.wrong.is(Wrong::ALL[$place].0))),*]
        };
    }
    never!(0 1 2 3 4 5 6 7 8 9 10)
}
