//! A change without code: `/started` is judged as a deployment is, and `/done worked|problems|backed-out` is its record. While it
//! is underway, whatever touches the same system waits.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::{
    calendar::{Calendar, Departure, Freezes, Place, Target},
    facts::Inquiry,
    finding::{Finding, Outcome, code, quoted},
    ids::{Actor, IssueRef, RepoName, SubjectId},
    named::Named,
    release::Release,
    subject::{Relation, View},
};

use super::{
    Acceptance, ChangeRequest, ChangeRequestView,
    act::{Act, Deed, Refusal, Verdict},
    delivered::{Delivered, Round},
    emergency::Done,
    people,
    rules::Rules,
    stage::Work,
};

/// Somebody is at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Underway {
    pub since: Timestamp,
    pub by: Option<Actor>,
}

/// How far it is, by those of the acts that count; they are in the order of their times.
#[must_use]
pub fn round(acts: &[Act]) -> (Round, Option<Underway>) {
    let nothing = Round { work: Work::None, since: None, delivered: None };
    let counted = acts.iter().filter(|act| act.counts());
    counted.fold((nothing.clone(), None), |(round, underway), act| {
        let since = Some(act.at);
        if act.deed == Deed::Start {
            let underway = Underway { since: act.at, by: act.by.clone() };
            (Round { work: Work::Open, since, delivered: None }, Some(underway))
        } else if act.deed == Deed::Reopen || is(act, Done::BackedOut) {
            (Round { since, ..nothing.clone() }, None)
        } else if is(act, Done::Worked) || is(act, Done::Problems) {
            let delivered = Delivered { at: act.at, environments: vec![], pulls: BTreeSet::new() };
            (Round { work: Work::Delivered, since, delivered: Some(delivered) }, None)
        } else {
            (round, underway)
        }
    })
}

fn is(act: &Act, done: Done) -> bool {
    matches!(&act.deed, Deed::LookBack { result, .. } if *result == done)
}

/// The changes that are underway and share a system with this one.
pub fn clashing<'a>(
    own: &BTreeSet<IssueRef>,
    systems: &BTreeSet<String>,
    inquiry: &mut Inquiry<'a>,
) -> Option<Vec<(&'a ChangeRequestView, Option<&'a RepoName>)>> {
    let underway = inquiry.pointing_at(SubjectId::Account, Relation::Underway)?;
    let views: Vec<_> = underway.iter().map(|subject| inquiry.view(subject.clone())).collect();
    let views: Vec<Option<&View>> = views.into_iter().collect::<Option<_>>()?;
    let views = views.into_iter().flatten().filter_map(View::as_change_request);
    let touches = |view: &&ChangeRequestView| {
        !own.contains(&view.at) && view.systems.iter().any(|system| systems.contains(system))
    };
    let clash = views.filter(touches);
    let named = clash.map(|view| (view, inquiry.repository_name(view.at.repo)));
    let named: Vec<_> = named.collect();
    named.into_iter().map(|(view, name)| Some((view, name?))).collect()
}

/// What is said of one that is underway.
#[must_use]
pub fn underway(view: &ChangeRequestView, named: &Named, since: &str) -> Finding {
    const RULE: &str = "no change without code is underway on the same system";
    let systems: Vec<String> = view.systems.iter().map(|system| code(system)).collect();
    let (name, systems) = (&named.text, systems.join(", "));
    let sentence = format!("{name} {} is underway on {systems} since {since}.", quoted(&view.title));
    Finding::new("change_underway", Outcome::Pending, RULE, sentence)
        .headline(format!("{name} is underway on the same system"))
        .cure(format!("it goes on when somebody comments `/done` and how it went on {name}"))
        .names(named.page.clone())
}

impl ChangeRequest {
    /// Judges who wants to start it now, by the rules by which a deployment is judged; whether anything was judged. `by_hand`: it
    /// needs no code. `None`: something must be found out first.
    pub(super) fn judge_starts(
        &mut self,
        by_hand: bool,
        rules: &Rules,
        now: Timestamp,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<bool> {
        // Of whom it is not known whether they may start it, nothing is started.
        let waits = |act: &Act| act.deed == Deed::Start && act.verdict == people::being_judged();
        if !self.acts.iter().any(waits) {
            return Some(false);
        }
        let hindrances = if by_hand { self.hindrances(rules, now, inquiry)? } else { vec![] };
        let verdict = match (by_hand, hindrances.is_empty()) {
            (false, _) => Verdict::Refused(Refusal::HasCode),
            (true, false) => Verdict::Refused(Refusal::NotNow),
            (true, true) => Verdict::Allowed,
        };
        for act in self.acts.iter_mut().filter(|act| waits(act)) {
            act.verdict = verdict.clone();
        }
        self.hindrances = hindrances;
        Some(true)
    }

    fn hindrances(&self, rules: &Rules, now: Timestamp, inquiry: &mut Inquiry<'_>) -> Option<Vec<Finding>> {
        let account = inquiry.view(SubjectId::Account);
        let release = self.release().map(|id| inquiry.view(SubjectId::Release(id.clone())));
        let clashing = clashing(&[self.at].into(), &self.systems, inquiry);
        let account = account?.and_then(View::as_account);
        let freezes = account.map(|account| account.freezes(self.at.repo)).unwrap_or_default();
        let release = match release {
            Some(view) => view?.and_then(View::as_release),
            None => None,
        };
        let mut found: Vec<Finding> = clashing?
            .into_iter()
            .filter_map(|(view, name)| {
                let since = rules.zone.time(view.underway.as_ref()?.since);
                Some(underway(view, &Named::issue(view.at, self.at.repo, name), &since))
            })
            .collect();
        if !self.emergency.as_ref().is_some_and(|emergency| emergency.in_force) {
            found.extend(self.not_accepted());
            found.extend(self.not_approved(rules, release));
            found.extend(closed(
                rules,
                self.at,
                &self.systems.iter().cloned().collect::<Vec<_>>(),
                (&freezes, now),
            ));
        }
        Some(found.iter().flat_map(Finding::obstacles).cloned().collect())
    }

    fn not_accepted(&self) -> Option<Finding> {
        let is_accepted = matches!(self.acceptance, Acceptance::Accepted { .. });
        (!is_accepted).then(|| {
            Finding::new("start_not_accepted", Outcome::Fail, "it is accepted", "It is not accepted.")
                .cure("a triager comments `/accept` here")
        })
    }

    /// Where a train ships, what its release ships is signed.
    fn not_approved(&self, rules: &Rules, release: Option<&Release>) -> Option<Finding> {
        const RULE: &str = "its release is approved";
        if !rules.ships_by_train() {
            return None;
        }
        let Some(id) = self.release() else {
            let finding =
                Finding::new("start_not_planned", Outcome::Fail, RULE, "It is planned for no release.");
            return Some(finding.cure("a release manager sets its milestone"));
        };
        let is_ready = release.is_some_and(Release::may_go);
        let sentence = format!("Release {} is not approved yet.", quoted(&id.title));
        (!is_ready).then(|| {
            Finding::new("start_not_approved", Outcome::Pending, RULE, sentence)
                .cure("its control record says who has to do what")
        })
    }
}

/// Windows and freezes: what no environment narrows down touches all that policy guards.
fn closed(
    rules: &Rules,
    at: IssueRef,
    systems: &[String],
    (freezes, now): (&Freezes, Timestamp),
) -> Vec<Finding> {
    let Some(policy) = rules.policy() else { return vec![] };
    let sections: BTreeSet<&String> = policy.parts().flat_map(|part| part.environments().keys()).collect();
    let departure = Departure { change_requests: &[at], started: None };
    let judged = |section: &String| {
        let place = Place { target: Target::Section(section), repo: at.repo, systems };
        Calendar::new(policy, &place, freezes).judge(&departure, now).findings
    };
    let mut found: Vec<Finding> = sections.into_iter().flat_map(judged).collect();
    found.dedup();
    // Nobody judges it again by itself.
    found.iter_mut().for_each(|finding| finding.cure = None);
    found
}
