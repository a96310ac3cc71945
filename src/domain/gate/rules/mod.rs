//! The rules for deploying, one small file each: its reason codes, its sentences, its cures.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{
    super::{
        finding::{Finding, Outcome, code},
        policy::{Risk, Rule},
    },
    Scene,
};

mod acceptance;
mod changes;
mod checks;
mod emergency;
mod notice;
mod order;
mod outage;
mod range;
mod reference;
mod release;
mod rollback;
mod signatures;
mod source;
mod times;
mod underway;

/// What the rules say, and when that changes although nothing happens.
pub(super) struct Judged {
    pub findings: Vec<Finding>,
    pub again_at: Option<Timestamp>,
}

/// One finding for each rule, in the order in which people read them.
pub(super) fn judge(scene: &Scene<'_>) -> Judged {
    if scene.sections.is_empty() {
        return Judged { findings: vec![unruled(scene)], again_at: None };
    }
    let first = [source::finding(scene), Some(order::finding(scene))].into_iter().flatten();
    if let Some(rollback) = rollback::finding(scene) {
        return Judged { findings: first.chain([rollback]).collect(), again_at: None };
    }
    let first = first.chain(underway::findings(scene));
    if let Some(way) = emergency::way(scene) {
        let rules = required(scene, |rule| {
            !matches!(rule, Rule::Approvals(_) | Rule::Acceptance(_) | Rule::Notice(_))
        });
        let findings = first
            .chain(reference::finding(scene))
            .chain(range::findings(scene))
            .chain(rules)
            .chain(way.findings)
            .collect();
        return Judged { findings, ..way };
    }
    let (times, next) = times::judge(scene);
    let (debts, outages) = (emergency::debts(scene), outage::debts(scene));
    let mut findings: Vec<Finding> = first
        .chain(reference::finding(scene))
        .chain(range::findings(scene))
        .chain(release::findings(scene))
        .chain(required(scene, |_| true))
        .chain(times)
        .chain(debts.findings)
        .chain(outages.findings)
        .collect();
    if findings.iter().any(|finding| finding.outcome() > Outcome::Pass) {
        findings.extend(emergency::not_alone(scene));
    }
    let more = [debts.again_at, outages.again_at, notice::next(scene), emergency::next_end(scene)];
    Judged { findings, again_at: next.into_iter().chain(more.into_iter().flatten()).min() }
}

/// What policy requires, of the rules that count here; a rule that two policies name is judged once.
fn required(scene: &Scene<'_>, counts: impl Fn(&Rule) -> bool) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    let mut findings = vec![];
    for section in &scene.sections {
        for (rule, from) in section.rules_by_risk(scene.ship) {
            if counts(rule) && seen.insert(format!("{rule:?} {from:?}")) {
                findings.extend(finding(rule, from, section, scene));
            }
        }
    }
    findings
}

/// `from`: it is demanded of what is of this risk at least.
fn finding(rule: &Rule, from: Option<Risk>, section: &super::Section, scene: &Scene<'_>) -> Vec<Finding> {
    match rule {
        // Whether the range is traced is judged for every deployment.
        Rule::RangeTraced => vec![],
        Rule::ChangeAccepted => vec![changes::finding(scene)],
        Rule::Checks(wanted) => wanted.iter().map(|check| checks::finding(check, scene)).collect(),
        Rule::Approvals(wanted) => signatures::findings(wanted, from, section, scene),
        Rule::Acceptance(accepters) => acceptance::findings(accepters, from, section, scene),
        Rule::BackOutPlan => vec![back_out(scene)],
        Rule::Notice(wanted) => notice::findings(wanted, section, scene),
    }
}

fn unruled(scene: &Scene<'_>) -> Finding {
    let name = code(scene.ask.environment);
    Finding::new(
        "environment_unruled",
        Outcome::Fail,
        "policy says what a deployment there needs",
        format!("No section of `environments` in the policy covers {name}."),
    )
    .headline(format!("policy says nothing of {name}"))
    .cure(format!(
        "name {name} in a section of `environments`, or take the rule of this App off the environment"
    ))
}

fn back_out(scene: &Scene<'_>) -> Finding {
    const RULE: &str = "there is a plan to get back";
    match scene.ask.brings.ok().and_then(|brings| brings.from.as_ref()) {
        Some(from) => Finding::new(
            "back_out_redeploy",
            Outcome::Pass,
            RULE,
            format!("What runs now, {}, is deployed again.", code(from.short())),
        ),
        None => Finding::new(
            "back_out_nothing_before",
            Outcome::Pass,
            RULE,
            "Nothing was deployed here before, so there is nothing to go back to.",
        ),
    }
}
