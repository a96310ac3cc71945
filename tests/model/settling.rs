//! Reading, judging and settling, as `house.md` has them: a lease on each subject, a read set that is checked when it is
//! settled, and an allow that waits for what was acknowledged before it.

use crate::{
    against::Against,
    github::{ATTEMPTS, Check, Job, News, Pile},
    judge::{Look, Outcomes, PullSight, Said, Sight},
    machine::Machine,
    replica::{Holding, Replica},
    sending::Stored,
    state::State,
    wrong::Wrong,
};

impl Machine {
    pub fn read(&self, state: &mut State, at: usize) {
        let events = state.inbox.and(Pile::of_deploying());
        let sight = Sight {
            environment: state.environment,
            events,
            told: state.told,
            truth: state.truth,
            phase: state.phase,
        };
        let outcome = self.judge.environment(sight);
        let going = |place: usize| match state.truth.jobs[place] {
            Job::Let(since) => since == state.phase,
            Job::Runs => true,
            // What was not sent for so long that it should have begun is not waited for.
            Job::Waits => {
                state.outbox[place].is_some_and(|it| it.said == Said::Go && it.since == state.phase)
            }
            Job::None | Job::Succeeded | Job::Failed | Job::Gone => false,
        };
        let busy = [0, 1, 2].map(|place| (0..3).any(|other| other != place && going(other)));
        let checked = state.truth.check == Check::Passed && !state.truth.down;
        (state.due, state.looks_again) = (false, Look::Never);
        state.replicas[at] = Replica::Environment(Holding {
            outcome,
            events,
            outdated: false,
            old: false,
            lost: false,
            checked,
            busy,
            told: state.told,
        });
    }

    pub fn read_pull(&self, state: &mut State, at: usize) {
        let events = state.inbox.and(Pile::about_ours());
        let sight = PullSight { pull_request: state.told.pull_request, events, truth: state.truth };
        let outcome = self.judge.pull_request(sight);
        state.replicas[at] = Replica::PullRequest(Holding {
            outcome,
            events,
            outdated: false,
            old: false,
            lost: false,
            checked: true,
            busy: [false; 3],
            told: state.told,
        });
    }

    pub fn settle(&self, state: &mut State, at: usize) {
        let replica = std::mem::replace(&mut state.replicas[at], Replica::Idle);
        match replica {
            Replica::Idle => {}
            Replica::PullRequest(held) => {
                if held.lost && self.shell.checks_the_lease {
                    return;
                }
                let changed = !self.judge.looks_the_same(state.told.pull_request, held.outcome.0);
                (state.told.pull_request, state.pull_looks_again) = held.outcome;
                state.inbox = state.inbox.without(held.events);
                state.wake(changed);
            }
            Replica::Environment(held) => self.settle_environment(state, held),
        }
    }

    fn settle_environment(&self, state: &mut State, held: Holding<Outcomes>) {
        let allows = held.outcome.answers.contains(&Some(Said::Go));
        let read = Pile::of(&[News::Change, News::Policy, News::Review(0), News::Review(1), News::Pull]);
        if held.lost && self.shell.checks_the_lease {
            return;
        }
        if (held.outdated && self.shell.checks_the_read_set)
            || (allows && held.old && self.shell.refuses_old_facts)
            || (allows && self.shell.waits_for_what_was_acknowledged && !state.inbox.and(read).is_empty())
        {
            state.due = true;
            return;
        }
        for place in 0..3 {
            if held.outcome.answers[place] == Some(Said::Go) {
                self.look_at_allow(state, &held, place);
                (state.allowed[place], state.by_hand[place]) = (true, false);
            }
            let answer = held.outcome.answers[place].map(|said| Stored::new(said, state.phase));
            state.outbox[place] = answer.or(state.outbox[place]);
        }
        state.inbox = state.inbox.without(held.events);
        state.environment = held.outcome.environment;
        state.looks_again = held.outcome.looks_again;
    }

    /// Notes what is wrong with an allow at the moment at which it becomes one.
    fn look_at_allow(&self, state: &mut State, held: &Holding<Outcomes>, place: usize) {
        let against = Against::of(state, place, self.judge.rules());
        let (sent, inbox) = (state.sent, state.inbox);
        let on_its_way = |of: Pile| !sent.and(of).is_empty();
        let acknowledged = |of: Pile| !inbox.and(of).is_empty();
        let ours = Pile::about_ours();
        let (change, policy) = (Pile::of(&[News::Change]), Pile::of(&[News::Policy]));
        let unheard = |of: Pile| on_its_way(of) || acknowledged(of);
        let brings_ours = !state.truth.ran();
        let wrong = &mut state.wrong;
        wrong.note(Wrong::UNAPPROVED, against.unapproved && !unheard(ours) && !unheard(change));
        wrong.note(
            Wrong::OVERTAKEN,
            (against.unapproved && acknowledged(ours))
                || (against.unaccepted && acknowledged(change))
                || (against.owed && acknowledged(change))
                || (against.frozen && acknowledged(policy)),
        );
        wrong.note(Wrong::OLD, held.old);
        wrong.note(Wrong::UNCHECKED, ATTEMPTS[place].sha == 'c' && brings_ours && !held.checked);
        wrong.note(Wrong::TWO_AT_ONCE, held.busy[place]);
        wrong.note(Wrong::NOT_ACCEPTED, against.unaccepted && !unheard(change));
        wrong.note(Wrong::FROZEN, against.frozen && !unheard(policy) && !unheard(change));
        wrong.note(Wrong::NOT_ITS_OWN, against.not_its_own);
        wrong.note(Wrong::OWED, against.owed && !unheard(change));
    }
}
