//! Everything that a decision rests on, gathered before it is judged.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    super::{
        calendar::Freezes,
        commit::{self, CheckStand},
        environment::Deployed,
        facts::{Inquiry, Membership},
        finding::Finding,
        ids::{AccountId, Actor, IssueRef, RepoId, RepoName, Sha},
        policy::{EffectivePolicy, Environment, Mode, Policy, REVIEW, RequiredCheck, Rule, Ship, Zone},
    },
    Brings,
};

/// What is to be deployed, as GitHub says when asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    pub attempt: u64,
    pub sha: Sha,
    /// The branch or tag that it comes from.
    pub reference: Option<String>,
    /// Who started it: the deployer.
    pub by: Option<Actor>,
    /// Whether it comes from the repository itself, not from a fork.
    pub from_here: bool,
}

/// How a deployment stands to the others of its environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order<'a> {
    Free,
    /// A newer one waits too.
    Superseded {
        by: u64,
        sha: &'a Sha,
    },
    /// Another one is on its way.
    Running {
        sha: &'a Sha,
        since: Timestamp,
    },
}

/// What is asked: may this go there now?
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    pub now: Timestamp,
    pub repo: RepoId,
    /// As GitHub writes it.
    pub environment: &'a str,
    pub candidate: &'a Candidate,
    pub order: Order<'a>,
    /// What it brings, or why that is not known.
    pub brings: Result<&'a Brings, &'a str>,
    /// When the candidate ran there before, with an allow.
    pub ran: Option<&'a Deployed>,
}

/// All that a decision rests on.
#[derive(Debug)]
pub struct Scene<'a> {
    pub ask: Ask<'a>,
    pub name: RepoName,
    pub default_branch: Option<String>,
    pub mode: Mode,
    pub policy: EffectivePolicy,
    /// What was decided of freezes by command.
    pub freezes: Freezes,
    /// In which times are shown.
    pub zone: Zone,
    pub ship: Ship,
    /// The sections of each policy that rule here; all of them must be met.
    pub sections: Vec<Section>,
    pub pull_requests: Vec<PullRequestInRange>,
    /// How each check stands that a rule asks for.
    pub checks: Vec<(RequiredCheck, CheckStand)>,
    /// Whether those who approved are of the groups that must sign.
    pub members: BTreeMap<(String, AccountId), Membership>,
}

/// A section of `environments`, of one of the policies.
#[derive(Debug)]
pub struct Section {
    pub name: String,
    pub rules: Environment,
    /// In which its times are meant.
    pub zone: Zone,
    /// Who is meant by the groups and roles that its rules name.
    pub people: BTreeMap<String, Vec<String>>,
}

/// A pull request that a deployment brings.
#[derive(Debug)]
pub struct PullRequestInRange {
    pub at: IssueRef,
    /// Whether it would pass by itself, as the check on it says.
    pub passes: Finding,
    /// The change requests that it belongs to.
    pub change_requests: Vec<IssueRef>,
    /// Who approved exactly what was merged, and wrote none of it.
    pub approved_by: Vec<Actor>,
}

impl Section {
    fn new(policy: &EffectivePolicy, part: &Policy, name: &str, rules: &Environment) -> Self {
        let groups =
            all_rules(rules).filter_map(|rule| if let Rule::Approvals(it) = rule { Some(it) } else { None });
        let people = groups
            .flat_map(|approvals| approvals.keys())
            .map(|group| {
                let people = policy.group(group).unwrap_or_default();
                (group.clone(), people.iter().map(ToString::to_string).collect())
            })
            .collect();
        Self { name: name.into(), rules: rules.clone(), zone: policy.zone_of(part), people }
    }

    /// The rules for a repository that ships in this way.
    pub fn rules_for(&self, ship: Ship) -> impl Iterator<Item = &Rule> {
        let more = match ship {
            Ship::Train => &self.rules.train,
            Ship::Continuous => &self.rules.continuous,
        };
        self.rules.require.iter().chain(more)
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
        branch || sources.tags.iter().any(|it| it.matches(reference))
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

fn all_rules(rules: &Environment) -> impl Iterator<Item = &Rule> {
    let when = rules.when.iter().flat_map(|when| &when.require);
    rules.require.iter().chain(&rules.train).chain(&rules.continuous).chain(when)
}

/// Gathers what is asked. `Ok(None)`: no policy rules here. `Err`: policy names no rules for this environment. What is
/// not answered yet is missing in the inquiry, and the scene is then not whole.
pub fn look<'a>(ask: Ask<'a>, inquiry: &mut Inquiry<'_>) -> Option<Scene<'a>> {
    let view = inquiry.repository(ask.repo).flatten();
    let policy = inquiry.policy(ask.repo).flatten();
    let (view, policy) = view.zip(policy)?;
    let sections: Vec<Section> = policy
        .parts()
        .filter_map(|part| {
            let (name, rules) = part.environment_of(ask.environment)?;
            Some(Section::new(&policy, part, name, rules))
        })
        .collect();
    let ship = policy.ship_for(view.name.as_str());
    let pull_requests = look_at_pull_requests(&ask, inquiry);
    let checks = required_checks(&sections, ship);
    let checks = commit::stands(&checks, ask.repo, &ask.candidate.sha, inquiry);
    let members = look_at_members(&policy, &sections, ship, &pull_requests, inquiry);
    Some(Scene {
        ask,
        name: view.name.clone(),
        default_branch: view.default_branch.clone(),
        mode: policy.mode_for(view.name.as_str()),
        freezes: Freezes::default(),
        zone: policy.zone(),
        ship,
        sections,
        pull_requests,
        checks,
        members,
        policy,
    })
}

fn look_at_pull_requests(ask: &Ask<'_>, inquiry: &mut Inquiry<'_>) -> Vec<PullRequestInRange> {
    let numbers = ask.brings.ok().into_iter().flat_map(|brings| &brings.pull_requests);
    numbers
        .map(|number| {
            let at = IssueRef { repo: ask.repo, number: *number };
            let commit::Merged { passes, change_requests, approved_by } = commit::judge_merged(at, inquiry);
            PullRequestInRange { at, passes, change_requests, approved_by: approved_by.to_vec() }
        })
        .collect()
}

fn required_checks(sections: &[Section], ship: Ship) -> Vec<RequiredCheck> {
    let rules = sections.iter().flat_map(|section| section.rules_for(ship));
    let mut checks: Vec<RequiredCheck> = vec![];
    for check in rules.filter_map(|rule| if let Rule::Checks(it) = rule { Some(it) } else { None }).flatten()
    {
        if !checks.contains(check) {
            checks.push(check.clone());
        }
    }
    checks
}

/// Who of those who approved is in which of the groups that must sign.
fn look_at_members(
    policy: &EffectivePolicy,
    sections: &[Section],
    ship: Ship,
    pull_requests: &[PullRequestInRange],
    inquiry: &mut Inquiry<'_>,
) -> BTreeMap<(String, AccountId), Membership> {
    let mut members = BTreeMap::new();
    let rules = sections.iter().flat_map(|section| section.rules_for(ship));
    let groups = rules.filter_map(|rule| if let Rule::Approvals(it) = rule { Some(it) } else { None });
    for group in groups.flat_map(|approvals| approvals.keys()).filter(|group| *group != REVIEW) {
        let people = policy.group(group).unwrap_or_default();
        for actor in pull_requests.iter().flat_map(|pull_request| &pull_request.approved_by) {
            if let Some(membership) = inquiry.membership(people, actor) {
                members.insert((group.clone(), actor.id), membership);
            }
        }
    }
    members
}
