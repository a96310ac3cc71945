//! The machine: people and GitHub act in any order; deliveries wait, come late, twice or in another order; replicas read,
//! judge and settle, or fall over in between. Reading and settling are as `house.md` has them: a lease on each subject,
//! a read set that is checked when it is settled, and an allow that waits for what was acknowledged before it.
//!
//! Nothing in a state counts: what differs only in how often or when something happened is one state, so there are
//! finitely many.

use std::sync::Arc;

use stateright::{Model, Property};

use crate::{
    github::{ATTEMPTS, Check, Job, News, Pile, Review, Truth},
    judge::{Id, Judge, Outcomes, PullSight, Said, Sight, Told},
};

/// What happens at all: the parts of the world that a run of the model looks at.
#[derive(Debug, Clone, Copy)]
pub struct Scope {
    pub replicas: usize,
    pub signing: Signing,
    /// The change request and the policy file are edited.
    pub edits: bool,
    /// Checks are run again; GitHub is down.
    pub outages: bool,
    /// Which attempts are started.
    pub attempts: &'static [usize],
    /// Effects are sent twice, deliveries come again under another name, jobs are cancelled or started by hand.
    pub mischief: bool,
    /// Time passes: an hour at once.
    pub phases: u8,
}

/// What people do about our pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signing {
    /// It was approved and merged at the beginning, and nothing changes about that.
    Settled,
    /// It was merged; approvals come and go.
    Reviews,
    /// Before it is merged, somebody pushes, too.
    Pushes,
}

/// What settling makes sure of. Each is there because something goes wrong without it.
#[derive(Debug, Clone, Copy)]
pub struct Shell {
    pub checks_the_lease: bool,
    pub checks_the_read_set: bool,
    pub waits_for_what_was_acknowledged: bool,
    pub refuses_old_facts: bool,
    pub keeps_effects_per_attempt: bool,
}

impl Shell {
    pub const WHOLE: Self = Self {
        checks_the_lease: true,
        checks_the_read_set: true,
        waits_for_what_was_acknowledged: true,
        refuses_old_facts: true,
        keeps_effects_per_attempt: true,
    };
}

/// A replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Replica {
    Idle,
    /// It has read and judged the environment, and has not settled yet.
    Environment(Holding<Outcomes>),
    /// The same of the pull request.
    PullRequest(Holding<(Id, bool)>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Holding<T> {
    pub outcome: T,
    /// The deliveries that it took.
    pub events: Pile,
    /// Something that it read of others has changed since.
    pub outdated: bool,
    /// It read GitHub more than ten seconds ago.
    pub old: bool,
    /// Its lease ran out, and somebody else may hold the subject.
    pub lost: bool,
    /// When it read, the check had passed.
    pub checked: bool,
    /// When it read, something else was let through or ran, by attempt.
    pub busy: [bool; 3],
    /// What it read of others.
    pub told: Told,
}

/// Something that must never happen, and has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Wrong(u8);

impl Wrong {
    pub const UNAPPROVED: u8 = 1;
    pub const OVERTAKEN: u8 = 2;
    pub const OLD: u8 = 4;
    pub const UNCHECKED: u8 = 8;
    pub const TWO_AT_ONCE: u8 = 16;
    pub const NOT_ACCEPTED: u8 = 32;
    pub const FROZEN: u8 = 64;
    pub const OTHER_ATTEMPT: u8 = 128;

    pub const fn is(self, what: u8) -> bool {
        self.0 & what != 0
    }

    fn note(&mut self, what: u8, is_so: bool) {
        if is_so {
            self.0 |= what;
        }
    }
}

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
    pub looks_again: bool,
    pub pull_looks_again: bool,
    /// Answers that are stored, each since a phase, and may be sent at any time, by attempt.
    pub outbox: [Option<(Said, u8)>; 3],
    pub replicas: [Replica; 3],
    /// A delivery came again under another name.
    pub repeated: bool,
    /// Started by an administrator, without an allow of that commit: a list of deployments does not say of which attempt
    /// one is.
    pub by_hand: [bool; 3],
    /// An allow of it was settled.
    pub allowed: [bool; 3],
    pub wrong: Wrong,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Push,
    Approve,
    Dismiss,
    Merge,
    AcceptOrNot,
    FreezeOrLift,
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

pub struct Machine {
    pub judge: Arc<Judge>,
    pub scope: Scope,
    pub shell: Shell,
}

impl Machine {
    fn start(&self) -> State {
        let mut truth = Truth::START;
        let mut told = Told { pull_request: 0, accepted: false, frozen: false };
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
            looks_again: false,
            pull_looks_again: false,
            outbox: [None; 3],
            replicas: [Replica::Idle; 3],
            repeated: false,
            by_hand: [false; 3],
            allowed: [false; 3],
            wrong: Wrong::default(),
        }
    }

    fn people(&self, state: &State, actions: &mut Vec<Action>) {
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
        if self.scope.outages {
            actions.push(Action::GitHubDownOrUp);
            match truth.check {
                Check::Runs => actions.extend([Action::CheckEnds(true), Action::CheckEnds(false)]),
                Check::Passed | Check::Failed => actions.push(Action::CheckAgain),
            }
        }
        for place in self.scope.attempts.iter().copied() {
            // Late news of an attempt is taken for news of the next one, since deployments are known by their commit: the
            // machine takes for granted that nobody starts a run again before we have heard how it ended.
            let earlier = place.wrapping_sub(2);
            let untold = [News::Began(earlier), News::Ended(earlier)];
            let heard = untold.iter().all(|news| !state.sent.has(*news) && !state.inbox.has(*news));
            let starts = truth.merged && is_over(truth, earlier) && heard;
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

    fn replicas(&self, state: &State, actions: &mut Vec<Action>) {
        let holds = |is: fn(&Replica) -> bool| state.replicas.iter().any(is);
        let environment_held = holds(|it| matches!(it, Replica::Environment(held) if !held.lost));
        let pull_held = holds(|it| matches!(it, Replica::PullRequest(held) if !held.lost));
        let environment_due =
            state.due || state.looks_again || !state.inbox.and(Pile::of_deploying()).is_empty();
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

/// The attempts that deploy the same commit.
fn same_commit(place: usize) -> impl Iterator<Item = usize> {
    (0..3).filter(move |other| ATTEMPTS[*other].sha == ATTEMPTS[place].sha)
}

/// Whether a run may be started again after this attempt.
fn is_over(truth: &Truth, place: usize) -> bool {
    truth.jobs.get(place).is_none_or(|job| matches!(job, Job::Succeeded | Job::Failed | Job::Gone))
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
        // The machine takes for granted that an answer is sent in the hour in which it was stored: the program does not
        // make sure of that yet, and an allow that waits longer goes out whatever has happened since.
        let goes = |place: &usize| state.outbox[*place].is_some_and(|(_, since)| since == state.phase);
        for place in (0..3).filter(goes) {
            actions.push(Action::Send(place));
            actions.extend(self.scope.mischief.then_some(Action::SendAndForget(place)));
        }
        actions.extend(state.replicas.iter().any(is_fresh).then_some(Action::TenSeconds));
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
            Action::Send(place) => {
                self.send(&mut state, place);
                state.outbox[place] = None;
            }
            Action::SendAndForget(place) => self.send(&mut state, place),
            Action::TenSeconds => state.grow_old(),
            Action::AnHour => {
                state.phase += 1;
                state.grow_old();
            }
            Action::StartByHand(place) => {
                state.by_hand[place] = !same_commit(place).any(|it| state.allowed[it]);
                state.act(action);
            }
            other => state.act(other),
        }
        state.replicas[..self.scope.replicas].sort_by_key(rank);
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut all = vec![
            Property::<Self>::always("no allow for a commit that lacks a required approval", |_, it| {
                !it.wrong.is(Wrong::UNAPPROVED)
            }),
            Property::<Self>::always(
                "no allow that a restriction had overtaken which we had acknowledged",
                |_, it| !it.wrong.is(Wrong::OVERTAKEN),
            ),
            Property::<Self>::always("no allow by what GitHub said more than ten seconds ago", |_, it| {
                !it.wrong.is(Wrong::OLD)
            }),
            Property::<Self>::always("no allow for a commit whose check had not passed", |_, it| {
                !it.wrong.is(Wrong::UNCHECKED)
            }),
            Property::<Self>::always("no two deployments at once", |_, it| !it.wrong.is(Wrong::TWO_AT_ONCE)),
            Property::<Self>::always("no allow for a change that nobody accepted", |_, it| {
                !it.wrong.is(Wrong::NOT_ACCEPTED)
            }),
            Property::<Self>::always("no allow in a freeze", |_, it| !it.wrong.is(Wrong::FROZEN)),
            Property::<Self>::always(
                "no answer goes to another attempt than the one that was judged",
                |_, it| !it.wrong.is(Wrong::OTHER_ATTEMPT),
            ),
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
        ];
        if self.scope.attempts.len() < 2 && !self.scope.mischief {
            all.retain(|property| property.name != "something is refused");
        }
        all
    }
}

fn is_fresh(replica: &Replica) -> bool {
    match replica {
        Replica::Idle => false,
        Replica::Environment(held) => !held.old,
        Replica::PullRequest(_) => false,
    }
}

/// Replicas are alike, so they stand in an order.
fn rank(replica: &Replica) -> (u8, Id, bool, bool) {
    match replica {
        Replica::Environment(held) => (0, held.outcome.environment, held.lost, held.old),
        Replica::PullRequest(held) => (1, held.outcome.0, held.lost, held.old),
        Replica::Idle => (2, 0, false, false),
    }
}

impl State {
    /// What people and GitHub do.
    fn act(&mut self, action: Action) {
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
    fn keep(&mut self, news: News) {
        self.inbox.add(news);
        for replica in &mut self.replicas {
            match replica {
                Replica::Idle => {}
                Replica::Environment(held) => held.events.take(news),
                Replica::PullRequest(held) => held.events.take(news),
            }
        }
    }

    fn grow_old(&mut self) {
        for replica in &mut self.replicas {
            if let Replica::Environment(held) = replica {
                held.old = true;
            }
        }
    }

    /// Others settle in one step: only what they show matters here.
    fn settle_told(&mut self, news: News) {
        let before = self.told;
        match news {
            News::Change => self.told.accepted = self.truth.accepted,
            _ => self.told.frozen = self.truth.frozen,
        }
        self.inbox.take(news);
        self.wake(before != self.told);
    }

    /// Whoever reads what has changed judges again.
    fn wake(&mut self, changed: bool) {
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

impl Machine {
    fn read(&self, state: &mut State, at: usize) {
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
            Job::Waits => state.outbox[place] == Some((Said::Go, state.phase)),
            Job::None | Job::Succeeded | Job::Failed | Job::Gone => false,
        };
        let busy = [0, 1, 2].map(|place| (0..3).any(|other| other != place && going(other)));
        let checked = state.truth.check == Check::Passed && !state.truth.down;
        (state.due, state.looks_again) = (false, false);
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

    fn read_pull(&self, state: &mut State, at: usize) {
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

    fn settle(&self, state: &mut State, at: usize) {
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
                state.allowed[place] = true;
                same_commit(place).for_each(|it| state.by_hand[it] = false);
            }
            let answer = held.outcome.answers[place].map(|said| (said, state.phase));
            state.outbox[place] = answer.or(state.outbox[place]);
        }
        state.inbox = state.inbox.without(held.events);
        state.environment = held.outcome.environment;
        state.looks_again = held.outcome.looks_again;
    }

    /// Notes what is wrong with an allow at the moment at which it becomes one.
    fn look_at_allow(&self, state: &mut State, held: &Holding<Outcomes>, place: usize) {
        let truth = state.truth;
        let on_its_way = |of: Pile| !state.sent.and(of).is_empty();
        let acknowledged = |of: Pile| !state.inbox.and(of).is_empty();
        let ours = Pile::about_ours();
        let (change, policy) = (Pile::of(&[News::Change]), Pile::of(&[News::Policy]));
        let wants_accepted = self.judge.rules().change_accepted;
        // What runs or ran there already is brought no more.
        let brings_ours = !truth.ran();
        let unapproved = brings_ours && !truth.is_approved();
        let unaccepted = wants_accepted && !truth.accepted && brings_ours;
        let frozen = truth.frozen && state.phase < 2 && brings_ours;
        let wrong = &mut state.wrong;
        wrong.note(Wrong::UNAPPROVED, unapproved && !on_its_way(ours) && !acknowledged(ours));
        wrong.note(
            Wrong::OVERTAKEN,
            (unapproved && acknowledged(ours))
                || (unaccepted && acknowledged(change))
                || (frozen && acknowledged(policy)),
        );
        wrong.note(Wrong::OLD, held.old);
        wrong.note(Wrong::UNCHECKED, ATTEMPTS[place].sha == 'c' && brings_ours && !held.checked);
        wrong.note(Wrong::TWO_AT_ONCE, held.busy[place]);
        wrong.note(Wrong::NOT_ACCEPTED, unaccepted && !on_its_way(change) && !acknowledged(change));
        wrong.note(Wrong::FROZEN, frozen && !on_its_way(policy) && !acknowledged(policy));
    }

    /// GitHub takes an answer for a run, whatever its attempt; who waits there is answered. We look at the attempt first.
    fn send(&self, state: &mut State, place: usize) {
        let Some((said, _)) = state.outbox[place] else { return };
        let run = ATTEMPTS[place].run;
        let waits = |at: &usize| ATTEMPTS[*at].run == run && state.truth.jobs[*at] == Job::Waits;
        let Some(to) = (0..3).rfind(waits) else { return };
        if self.shell.keeps_effects_per_attempt && to != place {
            return;
        }
        state.wrong.note(Wrong::OTHER_ATTEMPT, to != place);
        state.truth.jobs[to] = match said {
            Said::Go => Job::Let(state.phase),
            Said::No => Job::Gone,
        };
    }

    fn is_at_rest(state: &State) -> bool {
        state.inbox.is_empty()
            && !state.due
            && !state.pull_looks_again
            && state.replicas.iter().all(|replica| *replica == Replica::Idle)
    }

    fn says_what_to_do(&self, state: &State) -> bool {
        if !Self::is_at_rest(state) || state.looks_again {
            return true;
        }
        let standing = self.judge.standing(state.environment);
        !standing.open || standing.told_what_to_do
    }

    fn asks_again(&self, state: &State) -> bool {
        if !Self::is_at_rest(state) || state.looks_again {
            return true;
        }
        let standing = self.judge.standing(state.environment);
        !standing.open || !standing.must_ask_again
    }

    fn knows_what_went_by(&self, state: &State) -> bool {
        if !Self::is_at_rest(state) || !state.sent.is_empty() {
            return true;
        }
        let known = self.judge.standing(state.environment).went_by;
        (0..3).all(|place| !state.by_hand[place] || known[place])
    }

    /// Everybody has heard everything, and the newest that waits meets every rule.
    fn lets_go(&self, state: &State) -> bool {
        let truth = &state.truth;
        let quiet = Self::is_at_rest(state)
            && !state.looks_again
            && state.sent.is_empty()
            && state.outbox == [None; 3]
            && !truth.down;
        let free = truth.jobs.iter().all(|job| match job {
            Job::Runs => false,
            Job::Let(since) => *since < state.phase,
            Job::None | Job::Waits | Job::Succeeded | Job::Failed | Job::Gone => true,
        });
        let met = truth.is_approved()
            && truth.check == Check::Passed
            && (truth.accepted || !self.judge.rules().change_accepted)
            && (!truth.frozen || state.phase >= 2);
        !(quiet && free && met && truth.jobs.contains(&Job::Waits))
    }
}
