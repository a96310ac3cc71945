//! What truly stands against a deployment, whoever has heard of it.

use crate::{github::ATTEMPTS, judge::Rules, state::State};

/// By what is true on GitHub at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Against {
    pub unapproved: bool,
    pub unaccepted: bool,
    pub frozen: bool,
    /// It brings work that belongs to no emergency and has not passed.
    pub not_its_own: bool,
    /// Something is overdue for an emergency, and it is none itself.
    pub owed: bool,
}

impl Against {
    /// What runs or ran there already is brought no more. An emergency that lasts sets aside what its own work lacks.
    pub fn of(state: &State, place: usize, rules: Rules) -> Self {
        let (truth, phase) = (&state.truth, state.phase);
        let alone = ATTEMPTS[place].sha == 'c';
        let is_excused = rules.emergencies && alone && truth.crisis.lasts(phase);
        let counts = !truth.ran() && !is_excused;
        let frozen = truth.frozen && phase < 2;
        Self {
            unapproved: counts && !truth.is_approved(),
            unaccepted: counts && rules.change_accepted && !truth.accepted,
            frozen: counts && frozen,
            not_its_own: rules.emergencies && !alone && !truth.other_ran(),
            owed: counts && rules.emergencies && truth.crisis.is_overdue(phase),
        }
    }

    pub const fn is_nothing(self) -> bool {
        !(self.unapproved || self.unaccepted || self.frozen || self.not_its_own || self.owed)
    }
}
