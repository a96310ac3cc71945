//! An emergency: what it brings alone goes ahead of its release, its window and its signatures; and what is still owed for an
//! earlier one stands in the way of everything else.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{
    super::{
        super::{
            change_request::emergency::{Debt, Emergency},
            finding::{Finding, Outcome, quoted},
            ids::{IssueRef, Sha},
            named::{Named, all_of, one_of, pages},
            policy::{self, Within},
        },
        Scene, Section,
    },
    Judged,
};

const RULE: &str = "an emergency goes ahead";
const PAID: &str = "nothing is owed for an emergency";

/// What stands instead of the rules that an emergency sets aside, and when it ends. `None`: all that comes along is not of
/// emergencies that last.
pub(super) fn way(scene: &Scene<'_>) -> Option<Judged> {
    let alone = !scene.pull_requests.is_empty();
    let ends: Option<Vec<Timestamp>> = scene
        .pull_requests
        .iter()
        .map(|pull| pull.emergencies.iter().map(|(_, emergency)| ends(emergency, scene)).min().flatten())
        .collect();
    let ends = ends?.into_iter().min().filter(|ends| alone && *ends > scene.ask.now)?;
    let mut declared: Vec<&(IssueRef, Emergency)> =
        scene.pull_requests.iter().flat_map(|pull| &pull.emergencies).collect();
    declared.sort_by_key(|(at, _)| *at);
    declared.dedup_by_key(|(at, _)| *at);
    let findings = declared
        .into_iter()
        .flat_map(|(at, emergency)| {
            let unsigned = unsigned_before(*at, emergency, scene);
            std::iter::once(goes_ahead(*at, emergency, scene)).chain(unsigned)
        })
        .collect();
    Some(Judged { findings, again_at: Some(ends) })
}

/// Where policy wants the signature first.
fn unsigned_before(at: IssueRef, emergency: &Emergency, scene: &Scene<'_>) -> Option<Finding> {
    let first = rules(scene).any(|(rules, _)| rules.approved == Within::Before);
    if !first || emergency.signed.is_some() {
        return None;
    }
    let change = named(at, scene);
    let (managers, row) = managers(scene);
    let name = &change.text;
    let sentence = format!("{name} needs an independent signature before it is deployed.");
    Some(
        Finding::new("emergency_signature_missing", Outcome::Pending, RULE, sentence)
            .headline(format!("the emergency {name} is not signed"))
            .cure(format!(
                "a release manager{row} who neither declared it nor worked on it comments `/approve` on {name}"
            ))
            .names(pages(managers.iter().chain([&change]))),
    )
}

/// The release managers, and the same as they stand in brackets.
pub(super) fn managers(scene: &Scene<'_>) -> (Vec<Named>, String) {
    let managers: Vec<Named> =
        scene.policy.release_managers().iter().map(|who| Named::who(&who.to_string())).collect();
    let row = if managers.is_empty() { String::new() } else { format!(" ({})", one_of(&managers)) };
    (managers, row)
}

/// By every section that knows emergencies; the first one, which is the organisation's where it has one, must.
fn ends(emergency: &Emergency, scene: &Scene<'_>) -> Option<Timestamp> {
    scene.sections.first()?.rules.emergency?;
    rules(scene).map(|(rules, section)| emergency.ends(rules, &section.zone)).min()
}

/// When the next of those that come along is over here. Of all alone it is known by [`way`]; beside other work, what nobody
/// has accepted is not accepted from then on.
pub(super) fn next_end(scene: &Scene<'_>) -> Option<Timestamp> {
    let declared = scene.pull_requests.iter().flat_map(|pull| &pull.emergencies);
    let ends = declared.filter_map(|(_, emergency)| ends(emergency, scene));
    ends.filter(|ends| *ends > scene.ask.now).min()
}

/// Whether it lasts in this environment.
pub(super) fn lasts(emergency: &Emergency, scene: &Scene<'_>) -> bool {
    ends(emergency, scene).is_some_and(|ends| ends > scene.ask.now)
}

fn rules<'a>(scene: &'a Scene<'_>) -> impl Iterator<Item = (&'a policy::Emergency, &'a Section)> {
    scene.sections.iter().filter_map(|section| Some((section.rules.emergency.as_ref()?, section)))
}

pub(super) fn named(at: IssueRef, scene: &Scene<'_>) -> Named {
    Named::issue(at, scene.ask.repo, scene.name_of(at.repo))
}

fn goes_ahead(at: IssueRef, emergency: &Emergency, scene: &Scene<'_>) -> Finding {
    let (change, by) = (named(at, scene), Named::actor(&emergency.by));
    let time = |at: Timestamp| scene.zone.time(at);
    let mut sentence = format!(
        "{} was declared an emergency by {} on {}: {}.",
        change.text,
        by.text,
        time(emergency.at),
        quoted(&emergency.why)
    );
    if let Some(ends) = ends(emergency, scene) {
        sentence.push_str(&format!(" It lasts until {}.", time(ends)));
    }
    for (debt, due) in owed(emergency, scene) {
        sentence.push_str(&match debt {
            Debt::Signature if due <= emergency.since => String::new(),
            Debt::Signature => format!(" An independent signature is owed until {}.", time(due)),
            Debt::Retrospective => format!(" A retrospective is owed until {}.", time(due)),
        });
    }
    Finding::new("emergency", Outcome::Pass, RULE, sentence).names(pages([&change, &by]))
}

/// What is owed, each with the earliest time at which a section wants it.
fn owed(emergency: &Emergency, scene: &Scene<'_>) -> Vec<(Debt, Timestamp)> {
    let due = |debt| {
        let all = rules(scene).flat_map(|(rules, section)| emergency.debts(rules, &section.zone));
        all.filter(|(owed, _)| *owed == debt).min_by_key(|(_, due)| *due)
    };
    [Debt::Signature, Debt::Retrospective].into_iter().filter_map(due).collect()
}

/// Of what is emergency, that other work comes along; nothing, where none of it is, or all of it.
pub(super) fn not_alone(scene: &Scene<'_>) -> Option<Finding> {
    let is_one = |pull: &&super::super::PullRequestInRange| {
        !pull.emergencies.is_empty() && pull.emergencies.iter().all(|(_, emergency)| lasts(emergency, scene))
    };
    let (of_it, others): (Vec<_>, Vec<_>) = scene.pull_requests.iter().partition(is_one);
    let (first, _) = of_it.first()?.emergencies.first()?;
    if others.is_empty() {
        return None;
    }
    let pull = |at| Named::pull_request(at, scene.ask.repo, Some(&scene.name));
    let changes: BTreeSet<IssueRef> =
        of_it.iter().flat_map(|pull| &pull.emergencies).map(|(at, _)| *at).collect();
    let changes: Vec<Named> = changes.into_iter().map(|at| named(at, scene)).collect();
    let others: Vec<Named> = others.into_iter().map(|other| pull(other.at)).collect();
    let (are, of) = if changes.len() == 1 { ("is an emergency", "it") } else { ("are emergencies", "them") };
    let come = if others.len() == 1 { "comes along and is" } else { "come along and are" };
    let sentence = format!("{} {are}, and {} {come} no part of {of}.", all_of(&changes), all_of(&others));
    let numbers: BTreeSet<u64> = of_it.iter().map(|pull| pull.at.number).collect();
    let way = alone(first.number, &numbers, scene).map_or_else(
        || "deploy the fix alone, on a branch from what runs".to_owned(),
        |way| format!("deploy the fix alone: `{way}`"),
    );
    Some(
        Finding::new("emergency_not_alone", Outcome::Pending, RULE, sentence)
            .headline("other work comes along with the emergency")
            .cure(way)
            .names(pages(changes.iter().chain(&others))),
    )
}

/// The commands that put the work of these pull requests on what runs.
fn alone(fix: u64, pull_requests: &BTreeSet<u64>, scene: &Scene<'_>) -> Option<String> {
    let brings = scene.ask.brings.ok()?;
    let from = brings.from.as_ref()?;
    let picks = brings.picks.iter().filter(|(number, _)| pull_requests.contains(number));
    let picks: Vec<&str> = picks.map(|(_, sha)| sha.short()).collect();
    let pick = (!picks.is_empty()).then(|| picks.join(" "))?;
    Some(format!("git switch -c hotfix/{fix} {} && git cherry-pick -x {pick}", Sha::short(from)))
}

/// What is overdue for earlier emergencies, and when something more will be.
pub(super) fn debts(scene: &Scene<'_>) -> Judged {
    let all: Vec<(IssueRef, Debt, Timestamp)> = scene
        .owed
        .iter()
        .flat_map(|(at, emergency)| {
            let owed = owed(emergency, scene).into_iter();
            // What is signed before or not deployed at all owes no signature afterwards.
            let afterwards =
                owed.filter(|(debt, due)| *debt == Debt::Retrospective || *due > emergency.since);
            afterwards.map(|(debt, due)| (*at, debt, due))
        })
        .collect();
    let overdue = all.iter().filter(|(_, _, due)| *due <= scene.ask.now);
    Judged {
        findings: overdue.map(|(at, debt, due)| unpaid(*at, *debt, *due, scene)).collect(),
        again_at: all.iter().map(|(_, _, due)| *due).filter(|due| *due > scene.ask.now).min(),
    }
}

fn unpaid(at: IssueRef, debt: Debt, due: Timestamp, scene: &Scene<'_>) -> Finding {
    let change = named(at, scene);
    let (name, due) = (&change.text, scene.zone.time(due));
    let (managers, managers_are) = managers(scene);
    let finding = match debt {
        Debt::Signature => Finding::new(
            "emergency_unsigned",
            Outcome::Fail,
            PAID,
            format!("{name} was an emergency, and its independent signature is owed since {due}."),
        )
        .headline(format!("the emergency {name} is not signed"))
        .cure(format!(
            "a release manager{managers_are} who neither declared it nor worked on it comments `/approve` on {name}"
        )),
        Debt::Retrospective => Finding::new(
            "retrospective_overdue",
            Outcome::Fail,
            PAID,
            format!("{name} was an emergency, and its retrospective is overdue since {due}."),
        )
        .headline(format!("the retrospective of {name} is overdue"))
        .cure(format!(
            "write it in its issue; then somebody on call or a release manager{managers_are} comments `/done worked`, `/done problems` or `/done backed-out` on {name}"
        )),
    };
    finding.names(pages(managers.iter().chain([&change])))
}
