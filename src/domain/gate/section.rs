//! A section of `environments` that rules where a deployment goes, with what is found out of it.

use std::collections::BTreeMap;

use super::{
    super::{
        acceptance::sponsor_of,
        policy::{Accepter, Approvals, EffectivePolicy, Environment, Policy, REVIEW, Risk, Rule, Ship, Zone},
    },
    Candidate,
};

/// A section of `environments`, of one of the policies.
#[derive(Debug)]
pub struct Section {
    pub name: String,
    pub rules: Environment,
    /// In which its times are meant.
    pub zone: Zone,
    /// Who is meant by the groups and roles that its rules name.
    pub people: BTreeMap<String, Vec<String>>,
    /// Of the riskiest change that comes along or is in its release.
    pub risk: Option<Risk>,
}

impl Section {
    pub(super) fn new(policy: &EffectivePolicy, part: &Policy, name: &str, rules: &Environment) -> Self {
        let by_sponsor =
            |rule: &Rule| matches!(rule, Rule::Acceptance(by) if by.contains(&Accepter::Sponsor));
        let accounts = policy.base().accounts().iter().filter(|_| all_rules(rules).any(by_sponsor));
        let sponsors = accounts.map(|(name, account)| (sponsor_of(name), vec![account.sponsor.to_string()]));
        let people = all_rules(rules)
            .flat_map(groups_of)
            .map(|group| {
                let people = policy.group(group).unwrap_or_default();
                (group.to_owned(), people.iter().map(ToString::to_string).collect())
            })
            .chain(sponsors)
            .collect();
        Self { name: name.into(), rules: rules.clone(), zone: policy.zone_of(part), people, risk: None }
    }

    /// The rules for a repository that ships in this way.
    pub fn rules_for(&self, ship: Ship) -> impl Iterator<Item = &Rule> {
        self.rules_by_risk(ship).map(|(rule, _)| rule)
    }

    /// The same, each with the risk from which on it counts; `None`: for everything that comes along.
    pub fn rules_by_risk(&self, ship: Ship) -> impl Iterator<Item = (&Rule, Option<Risk>)> {
        let more = match ship {
            Ship::Train => &self.rules.train,
            Ship::Continuous => &self.rules.continuous,
        };
        let always = self.rules.require.iter().chain(more).map(|rule| (rule, None));
        always.chain(self.rules.at_risk(self.risk).map(|(rule, risk)| (rule, Some(risk))))
    }

    /// Whether a train deploys there only what a release ships: where policy says something of releases, or people sign.
    pub(super) fn wants_release(&self) -> bool {
        let signs = |rule: &Rule| {
            let signed = if let Rule::Approvals(it) = rule { !without_reviews(it).is_empty() } else { false };
            signed || matches!(rule, Rule::Notice(_))
        };
        let when = self.rules.when.iter().flat_map(|when| &when.require);
        !self.rules.train.is_empty() || self.rules.require.iter().chain(when).any(signs)
    }

    /// Whether a deployment may come from where this one comes from.
    #[must_use]
    pub fn takes(&self, candidate: &Candidate, default_branch: Option<&str>) -> bool {
        let Some(sources) = &self.rules.from else { return true };
        let Some(reference) = candidate.reference.as_deref() else { return false };
        // Whoever may push could call a branch `default`.
        let branch = sources.branches.iter().any(|it| match it.to_string().as_str() {
            "default" => default_branch == Some(reference),
            _ => it.matches(reference),
        });
        let promoted = self.rules.promote.as_ref();
        branch
            || sources.tags.iter().any(|it| it.matches(reference))
            || promoted.is_some_and(|promoted| promoted.holds(reference, default_branch))
    }

    /// In words.
    #[must_use]
    pub fn sources(&self) -> Vec<String> {
        let Some(sources) = &self.rules.from else { return vec![] };
        let branch = |it: &super::super::policy::PathPattern| match it.to_string().as_str() {
            "default" => "the default branch".to_owned(),
            other => format!("a branch `{other}`"),
        };
        let tags = sources.tags.iter().map(|it| format!("a tag `{it}`"));
        sources.branches.iter().map(branch).chain(tags).collect()
    }
}

/// The groups that a rule names.
fn groups_of(rule: &Rule) -> Vec<&str> {
    if let Rule::Approvals(approvals) = rule {
        approvals.keys().map(String::as_str).collect()
    } else if let Rule::Acceptance(accepters) = rule {
        accepters
            .iter()
            .filter_map(|it| match it {
                Accepter::Group(group) => Some(group.as_str()),
                Accepter::Requester | Accepter::Sponsor => None,
            })
            .collect()
    } else {
        vec![]
    }
}

fn all_rules(rules: &Environment) -> impl Iterator<Item = &Rule> {
    let when = rules.when.iter().flat_map(|when| &when.require);
    rules.require.iter().chain(&rules.train).chain(&rules.continuous).chain(when)
}

/// The groups that sign the release itself: reviews are of pull requests.
pub(super) fn without_reviews(wanted: &Approvals) -> Approvals {
    wanted
        .iter()
        .filter(|(group, _)| *group != REVIEW)
        .map(|(group, needed)| (group.clone(), *needed))
        .collect()
}
