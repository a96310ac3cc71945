//! Sending what was stored: an answer that opens the gate cannot be taken back, so it goes out only while it still holds.

use crate::{
    against::Against,
    github::{ATTEMPTS, Job, News, Pile},
    judge::Said,
    machine::Machine,
    replica::Replica,
    state::State,
    wrong::Wrong,
};

/// An answer that is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stored {
    pub said: Said,
    /// Since this phase.
    pub since: u8,
    /// It rests on what was so more than ten seconds ago.
    pub old: bool,
    /// It may have been sent before.
    pub tried: bool,
}

impl Stored {
    pub const fn new(said: Said, since: u8) -> Self {
        Self { said, since, old: false, tried: false }
    }
}

/// What becomes of an answer now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Goes,
    /// Something moves that may concern it.
    Waits,
    Withheld,
}

impl Machine {
    pub fn fate(&self, state: &State, place: usize) -> Fate {
        let Some(stored) = state.outbox[place] else { return Fate::Waits };
        if stored.said == Said::No || !self.shell.sends_only_what_holds {
            return Fate::Goes;
        }
        if stored.old {
            return Fate::Withheld;
        }
        let is_judged = state.replicas.iter().any(|it| matches!(it, Replica::Environment(_)));
        if !state.inbox.is_empty() || state.due || is_judged {
            Fate::Waits
        } else if self.judge.lets_go(state.environment, place) {
            Fate::Goes
        } else {
            Fate::Withheld
        }
    }

    /// Sends it, or says that it was not; `forgets`: nobody notes that it was sent.
    pub fn send(&self, state: &mut State, place: usize, forgets: bool) {
        let Some(stored) = state.outbox[place] else { return };
        match self.fate(state, place) {
            Fate::Waits => {}
            Fate::Goes => {
                self.answer(state, place, stored.said);
                state.outbox[place] = forgets.then_some(Stored { tried: true, ..stored });
            }
            Fate::Withheld => {
                state.outbox[place] = None;
                // What may have been sent, and nobody waits for, was.
                if !stored.tried || state.truth.jobs[place] == Job::Waits {
                    state.allowed[place] = false;
                    state.keep(News::Withheld(place));
                }
            }
        }
    }

    /// GitHub takes an answer for a run, whatever its attempt; who waits there is answered. We look at the attempt first.
    fn answer(&self, state: &mut State, place: usize, said: Said) {
        let run = ATTEMPTS[place].run;
        let waits = |at: &usize| ATTEMPTS[*at].run == run && state.truth.jobs[*at] == Job::Waits;
        let Some(to) = (0..3).rfind(waits) else { return };
        if self.shell.keeps_effects_per_attempt && to != place {
            return;
        }
        state.wrong.note(Wrong::OTHER_ATTEMPT, to != place);
        if said == Said::Go {
            self.look_at_sending(state, place);
        }
        state.truth.jobs[to] = match said {
            Said::Go => Job::Let(state.phase),
            Said::No => Job::Gone,
        };
    }

    /// Whatever stands against it by now must be unheard still.
    fn look_at_sending(&self, state: &mut State, place: usize) {
        let against = Against::of(state, place, self.judge.rules());
        let sent = state.sent;
        let unheard = |of: Pile| !sent.and(of).is_empty();
        let (change, policy) = (Pile::of(&[News::Change]), Pile::of(&[News::Policy]));
        let is_late = (against.unapproved && !unheard(Pile::about_ours()) && !unheard(change))
            || ((against.unaccepted || against.owed) && !unheard(change))
            || (against.frozen && !unheard(policy) && !unheard(change))
            || against.not_its_own
            || state.outbox[place].is_some_and(|stored| stored.old);
        state.wrong.note(Wrong::SENT_LATE, is_late);
    }
}
