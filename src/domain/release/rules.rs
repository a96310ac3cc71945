//! What the policies of its repositories demand of a release.

use super::{
    super::{
        facts::Inquiry,
        ids::RepoId,
        policy::{Accepter, Approvals, Environment, Notice, Policy, REVIEW, Rule, Ship, Zone},
    },
    Release, Wanted,
};

pub(super) use super::super::policy::Fingerprint;

/// What is demanded.
pub(super) struct Demanded {
    /// How many of each group sign, the most that any environment wants; in which order, and who again.
    pub signing: Wanted,
    /// Who has to have tried each change.
    pub accepters: Vec<Accepter>,
    /// Who is told what it ships: all, and the longest time before that any environment wants.
    pub notice: Option<Notice>,
    /// Of all the rules that judge it; windows and freezes are none of them.
    pub fingerprint: Fingerprint,
}

/// Puts together what is demanded where it ships. `None`: something must be found out first.
pub(super) fn demanded(release: &Release, inquiry: &mut Inquiry<'_>) -> Option<Demanded> {
    let (mut approvals, mut accepters, mut notice) = (Approvals::new(), vec![], None);
    let (mut texts, mut sections) = (vec![], vec![]);
    let asked: Vec<RepoId> = release.ships().into_iter().collect();
    let found: Vec<_> =
        asked.into_iter().map(|repo| (inquiry.repository_name(repo), inquiry.policy(repo))).collect();
    for (name, policy) in found {
        let (Some(name), Some(policy)) = (name?, policy?) else { continue };
        if policy.ship_for(name.as_str()) != Ship::Train {
            continue;
        }
        for (section, rules) in policy.parts().flat_map(Policy::environments) {
            texts.push(text(section, rules));
            sections.push(rules.clone());
            // Who signed for a low risk has not signed for a high one.
            let risk = release.risk().filter(|_| !rules.when.is_empty());
            texts.extend(risk.map(|risk| format!("{section} risk {}", risk.as_str())));
            let risky = || rules.at_risk(release.risk()).map(|(rule, _)| rule);
            let all = || rules.require.iter().chain(&rules.train).chain(risky());
            for accepter in all().filter_map(acceptance).flatten() {
                if !accepters.contains(accepter) {
                    accepters.push(accepter.clone());
                }
            }
            for wanted in all().filter_map(told) {
                notice = Some(both(notice, wanted));
            }
            for (group, needed) in
                all().filter_map(signatures).flatten().filter(|(group, _)| *group != REVIEW)
            {
                let known = approvals.entry(group.clone()).or_insert(*needed);
                *known = (*known).max(*needed);
            }
        }
    }
    texts.sort();
    texts.dedup();
    let (order, resign) = Environment::signing(sections.iter());
    let signing = Wanted { approvals, order, resign };
    Some(Demanded { signing, accepters, notice, fingerprint: Fingerprint::of_text(&texts.join("\n")) })
}

fn acceptance(rule: &Rule) -> Option<&Vec<Accepter>> {
    if let Rule::Acceptance(wanted) = rule { Some(wanted) } else { None }
}

fn told(rule: &Rule) -> Option<&Notice> {
    if let Rule::Notice(wanted) = rule { Some(wanted) } else { None }
}

fn both(known: Option<Notice>, wanted: &Notice) -> Notice {
    let Some(mut known) = known else { return wanted.clone() };
    let (begin, utc) = (jiff::Timestamp::UNIX_EPOCH, Zone::utc());
    if wanted.before.after(begin, &utc) > known.before.after(begin, &utc) {
        known.before = wanted.before;
    }
    let new: Vec<String> =
        wanted.groups.iter().filter(|group| !known.groups.contains(group)).cloned().collect();
    known.groups.extend(new);
    known
}

fn signatures(rule: &Rule) -> Option<&Approvals> {
    if let Rule::Approvals(wanted) = rule { Some(wanted) } else { None }
}

/// The rules of a section as they are signed.
fn text(section: &str, rules: &Environment) -> String {
    let Environment { require, train, when, order, resign, .. } = rules;
    // What is written down here was read from text before, and can be written again.
    let rules = serde_json::to_string(&(require, train, when)).unwrap_or_default();
    let signing = (!order.is_empty() || resign.is_some())
        .then(|| serde_json::to_string(&(order, resign)).unwrap_or_default());
    format!("{section} {rules}{}", signing.unwrap_or_default())
}
