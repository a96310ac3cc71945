//! What goes along when an issue is transferred: how triage stands, and the plan. The content is the same, so whoever may
//! decide in the new place too is not asked again; by whom else it was decided, it counts for nothing here.
//! What is owed for an emergency goes along whoever had declared it; that it goes ahead does not.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::domain::{
    facts::Inquiry,
    ids::{IssueRef, SubjectId},
    subject::View,
};

use super::{
    ChangeRequest,
    act::{self, Act, ActId, Deed},
    deeds::unjudged,
    follow::Gone,
};

impl ChangeRequest {
    /// Every place where it was before.
    #[must_use]
    pub fn formerly(&self) -> BTreeSet<IssueRef> {
        self.moved_from.into_iter().chain(self.earlier.iter().copied()).collect()
    }

    /// The acts that still count, where the issue was transferred; nothing before.
    #[must_use]
    pub fn goes_along(&self) -> Vec<Act> {
        if !matches!(self.gone, Some(Gone::MovedTo(_))) {
            return vec![];
        }
        let triage = act::standing(&self.acts, Timestamp::MAX).map(|standing| (0, standing.act));
        let plan = act::planning(&self.acts).filter(|_| self.release().is_some());
        let along = triage.into_iter().chain(plan.map(|act| (1, act)));
        let in_need = self.acts.iter().filter(|act| act.counts() && act.deed.is_in_need());
        let along = along.chain((2..=u8::MAX).zip(in_need));
        along
            .map(|(nr, act)| {
                let deed = if let Deed::Schedule { title, .. } = &act.deed {
                    Deed::Plan(title.clone())
                } else {
                    act.deed.clone()
                };
                Act { id: ActId::CameAlong(self.at, nr), deed, ..act.clone() }
            })
            .collect()
    }

    /// Takes what was decided where the issue was before; whether the move may still have to be settled there.
    /// `just_now`: we hear of it this moment.
    ///
    /// `None`: what is known of the former place has to be asked for first.
    pub(super) fn take_along(&mut self, just_now: bool, inquiry: &mut Inquiry<'_>) -> Option<bool> {
        let Some(from) = self.moved_from else { return Some(false) };
        let known = inquiry.view(SubjectId::ChangeRequest(from))?.and_then(View::as_change_request);
        let Some(view) = known else { return Some(just_now) };
        self.earlier.extend(&view.formerly);
        for act in &view.goes_along {
            if !self.acts.iter().any(|known| known.id == act.id) {
                // What is owed is owed whoever may decide here.
                let verdict = if act.deed.is_in_need() { act.verdict.clone() } else { unjudged() };
                self.acts.push(Act { verdict, ..act.clone() });
            }
        }
        Some(view.exists)
    }
}
