//! Everything that a decision rests on, gathered before it is judged.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    super::{
        calendar::Freezes,
        change_request::{ChangeRequestView, emergency::Emergency, without_code},
        commit::{self, CheckStand},
        environment::Deployed,
        facts::{Inquiry, Membership},
        finding::Finding,
        ids::{AccountId, Actor, IssueRef, RepoId, RepoName, Sha, SubjectId},
        policy::{
            Accepter, Approvals, EffectivePolicy, Environment, Mode, Policy, REVIEW, RequiredCheck, Risk,
            Rule, Ship, Zone,
        },
        release::{Release, Signing, Wanted},
        subject::{Relation, View},
    },
    Brings, Points,
};

/// What is to be deployed, as GitHub says when asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    pub attempt: u64,
    pub sha: Sha,
    /// The branch or tag that it comes from.
    pub reference: Option<String>,
    /// Who started it, by hand or by merging.
    pub by: Option<Actor>,
    /// Nobody started it by hand: a merge did, or a schedule.
    #[serde(default)]
    pub by_itself: bool,
    /// Whether it comes from the repository itself, not from a fork.
    pub from_here: bool,
    /// It is what merging a pull request would make, and no branch or tag holds it.
    #[serde(default)]
    pub proposed: bool,
    /// Whether the branch or tag still holds it.
    #[serde(default)]
    pub points: Points,
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
    /// The release that it belongs to; `None`: nobody asks for one here.
    pub shipping: Option<Shipping<'a>>,
    /// The changes that come along and have to be tried.
    pub tried: Vec<Trying<'a>>,
    /// Changes without code that are underway on a system which this touches, each with the name of its repository.
    pub underway: Vec<(&'a ChangeRequestView, Option<&'a RepoName>)>,
    /// The emergencies for which something is owed here.
    pub owed: Vec<(IssueRef, Emergency)>,
    /// What the repositories of emergencies are called.
    pub names: BTreeMap<RepoId, RepoName>,
}

/// A change request of what comes along.
#[derive(Debug)]
pub struct Trying<'a> {
    pub request: &'a ChangeRequestView,
    /// When the last of its pull requests that come along was merged.
    pub merged_at: Option<Timestamp>,
    /// Who worked on those.
    pub people: BTreeSet<AccountId>,
}

/// The releases that ship from the repository.
#[derive(Debug)]
pub struct Shipping<'a> {
    /// The one that ships exactly this commit.
    pub release: Option<&'a Release>,
    /// All of them.
    pub others: Vec<&'a Release>,
    /// How the signatures on it are judged: by all the groups together that rules name, since everybody counts for one.
    pub signing: Option<Signing>,
    /// What the repositories are called that it has to do with.
    pub names: BTreeMap<RepoId, RepoName>,
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
    /// Of the riskiest change that comes along or is in its release.
    pub risk: Option<Risk>,
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
    /// The emergencies that it belongs to; none, where one of its change requests is no emergency now.
    pub emergencies: Vec<(IssueRef, Emergency)>,
    /// Of the riskiest of its change requests.
    pub risk: Option<Risk>,
    /// The systems that the labels of its change requests name.
    pub systems: BTreeSet<String>,
    /// It is taken back by another one that comes along, or takes that back: nothing of both is left.
    pub comes_to_nothing: bool,
}

impl PullRequestInRange {
    /// The changes that it is: its change requests, or itself where it has none.
    #[must_use]
    pub fn changes(&self) -> Vec<IssueRef> {
        if self.change_requests.is_empty() { vec![self.at] } else { self.change_requests.clone() }
    }
}

impl Section {
    fn new(policy: &EffectivePolicy, part: &Policy, name: &str, rules: &Environment) -> Self {
        let people = all_rules(rules)
            .flat_map(groups_of)
            .map(|group| {
                let people = policy.group(group).unwrap_or_default();
                (group.to_owned(), people.iter().map(ToString::to_string).collect())
            })
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
    fn wants_release(&self) -> bool {
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

/// Gathers what is asked. `Ok(None)`: no policy rules here. `Err`: policy names no rules for this environment. What is
/// not answered yet is missing in the inquiry, and the scene is then not whole.
pub fn look<'a, 'f: 'a>(ask: Ask<'a>, inquiry: &mut Inquiry<'f>) -> Option<Scene<'a>> {
    let view = inquiry.repository(ask.repo).flatten();
    let policy = inquiry.policy(ask.repo).flatten();
    let account = inquiry.view(SubjectId::Account).flatten().and_then(View::as_account);
    let (view, policy) = view.zip(policy)?;
    let mut sections: Vec<Section> = policy
        .parts()
        .filter_map(|part| {
            let (name, rules) = part.environment_of(ask.environment)?;
            Some(Section::new(&policy, part, name, rules))
        })
        .collect();
    let ship = policy.ship_for(view.name.as_str());
    let pull_requests = look_at_pull_requests(&ask, inquiry);
    let wants_release = ship == Ship::Train && sections.iter().any(Section::wants_release);
    let releases = if wants_release { open_releases(&ask, inquiry) } else { None };
    let risk = risk(&ask, &pull_requests, releases.as_deref().unwrap_or_default());
    sections.iter_mut().for_each(|section| section.risk = risk);
    let checks = required_checks(&sections, ship);
    let checks = commit::stands(&checks, ask.repo, &ask.candidate.sha, inquiry);
    let mut members = look_at_members(&policy, &sections, ship, &pull_requests, inquiry);
    let tried = look_at_trials(&policy, &sections, ship, &pull_requests, &mut members, inquiry);
    let shipping =
        releases.and_then(|releases| look_at_releases(&ask, &policy, &sections, releases, inquiry));
    let owed = look_at_debts(&ask, &sections, &pull_requests, inquiry);
    let underway = look_at_systems(&pull_requests, inquiry);
    let emergencies = pull_requests.iter().flat_map(|pull| &pull.emergencies).chain(&owed);
    let repos: BTreeSet<RepoId> = emergencies.map(|(at, _)| at.repo).collect();
    let named = repos.into_iter().filter_map(|repo| Some((repo, inquiry.repository_name(repo)??.clone())));
    let names = named.collect();
    Some(Scene {
        ask,
        name: view.name.clone(),
        default_branch: view.default_branch.clone(),
        mode: policy.mode_for(view.name.as_str()),
        freezes: account.map(|account| account.freezes(ask.repo)).unwrap_or_default(),
        zone: policy.zone(),
        ship,
        sections,
        pull_requests,
        checks,
        members,
        shipping,
        tried,
        owed,
        underway,
        names,
        policy,
    })
}

/// What is underway on the systems of the change requests that come along.
fn look_at_systems<'a>(
    pull_requests: &[PullRequestInRange],
    inquiry: &mut Inquiry<'a>,
) -> Vec<(&'a ChangeRequestView, Option<&'a RepoName>)> {
    let own: BTreeSet<IssueRef> = pull_requests.iter().flat_map(|it| &it.change_requests).copied().collect();
    let systems = pull_requests.iter().flat_map(|it| it.systems.iter().cloned()).collect();
    without_code::clashing(&own, &systems, inquiry).unwrap_or_default()
}

/// What stands in the way here: what is owed in this repository, and anywhere for a system that is touched. Nothing is owed
/// where no emergency is known.
fn look_at_debts(
    ask: &Ask<'_>,
    sections: &[Section],
    pull_requests: &[PullRequestInRange],
    inquiry: &mut Inquiry<'_>,
) -> Vec<(IssueRef, Emergency)> {
    if sections.iter().all(|section| section.rules.emergency.is_none()) {
        return vec![];
    }
    let here = inquiry.pointing_at(SubjectId::Repository(ask.repo), Relation::Owes);
    let by_system = inquiry.pointing_at(SubjectId::Account, Relation::Owes);
    let touched: BTreeSet<&String> = pull_requests.iter().flat_map(|pull| &pull.systems).collect();
    let owing: BTreeSet<&SubjectId> = here.into_iter().chain(by_system).flatten().collect();
    let is_here = |subject: &SubjectId| here.is_some_and(|here| here.contains(subject));
    let mut owed = vec![];
    for subject in owing {
        let Some(view) = inquiry.view(subject.clone()).flatten().and_then(View::as_change_request) else {
            continue;
        };
        let counts = is_here(subject) || view.systems.iter().any(|system| touched.contains(system));
        owed.extend(view.emergency.clone().filter(|_| counts).map(|emergency| (view.at, emergency)));
    }
    owed
}

fn emergency(subject: SubjectId, inquiry: &mut Inquiry<'_>) -> Option<(IssueRef, Emergency)> {
    let view = inquiry.view(subject).flatten().and_then(View::as_change_request)?;
    Some((view.at, view.emergency.clone()?))
}

/// The changes that come along, where somebody has to have tried them; and who of those who did is in which group.
fn look_at_trials<'a>(
    policy: &EffectivePolicy,
    sections: &[Section],
    ship: Ship,
    pull_requests: &[PullRequestInRange],
    members: &mut BTreeMap<(String, AccountId), Membership>,
    inquiry: &mut Inquiry<'a>,
) -> Vec<Trying<'a>> {
    let rules = sections.iter().flat_map(|section| section.rules_for(ship));
    let accepters: Vec<&Accepter> = rules
        .filter_map(|rule| if let Rule::Acceptance(it) = rule { Some(it) } else { None })
        .flatten()
        .collect();
    if accepters.is_empty() {
        return vec![];
    }
    let mut tried: BTreeMap<IssueRef, Trying<'a>> = BTreeMap::new();
    for pull_request in pull_requests.iter().filter(|pull| !pull.comes_to_nothing) {
        let view = inquiry.view(SubjectId::PullRequest(pull_request.at)).flatten();
        let Some(view) = view.and_then(View::as_pull_request) else { continue };
        for at in &pull_request.change_requests {
            let request = inquiry.view(SubjectId::ChangeRequest(*at)).flatten();
            let Some(request) = request.and_then(View::as_change_request) else { continue };
            let trying = tried.entry(*at).or_insert_with(|| Trying {
                request,
                merged_at: None,
                people: BTreeSet::new(),
            });
            trying.merged_at = trying.merged_at.max(view.merged_at);
            trying.people.extend(&view.people);
        }
    }
    for group in accepters {
        let Accepter::Group(group) = group else { continue };
        let people = policy.group(group).unwrap_or_default();
        for by in tried.values().flat_map(|trying| &trying.request.tried).map(|tried| &tried.by) {
            if let Some(membership) = inquiry.membership(people, by) {
                members.insert((group.clone(), by.id), membership);
            }
        }
    }
    tried.into_values().collect()
}

/// Of the riskiest change that comes along or is in its release.
fn risk(ask: &Ask<'_>, pull_requests: &[PullRequestInRange], releases: &[&Release]) -> Option<Risk> {
    let release = releases.iter().find(|it| it.has_candidate(ask.repo, &ask.candidate.sha));
    let risks = pull_requests.iter().filter_map(|pull| pull.risk);
    risks.chain(release.and_then(|release| release.risk())).max()
}

/// The releases that ship from the repository. `None`: something is not answered yet.
fn open_releases<'a>(ask: &Ask<'_>, inquiry: &mut Inquiry<'a>) -> Option<Vec<&'a Release>> {
    let ships = inquiry.pointing_at(SubjectId::Repository(ask.repo), Relation::Ships)?;
    let views: Vec<_> = ships.iter().map(|subject| inquiry.view(subject.clone())).collect();
    let views: Vec<Option<&View>> = views.into_iter().collect::<Option<_>>()?;
    Some(views.into_iter().flatten().filter_map(View::as_release).filter(|release| release.open).collect())
}

/// `None`: something is not answered yet.
fn look_at_releases<'a>(
    ask: &Ask<'_>,
    policy: &EffectivePolicy,
    sections: &[Section],
    others: Vec<&'a Release>,
    inquiry: &mut Inquiry<'a>,
) -> Option<Shipping<'a>> {
    let release = others.iter().copied().find(|it| it.has_candidate(ask.repo, &ask.candidate.sha));
    let (mut signing, mut names) = (None, BTreeMap::new());
    if let Some(release) = release {
        let judged = Signing::of(release, &wanted(sections), policy, ask.candidate.by.as_ref(), inquiry);
        signing = Some(judged);
        names = release.names(inquiry)?;
    }
    let signing = match signing {
        Some(judged) => Some(judged?),
        None => None,
    };
    Some(Shipping { release, others, signing, names })
}

/// The most that any rule wants of each group, in which order, and who signs again.
fn wanted(sections: &[Section]) -> Wanted {
    let mut approvals = Approvals::new();
    let rules = sections.iter().flat_map(|section| section.rules_for(Ship::Train));
    for wanted in rules.filter_map(|rule| if let Rule::Approvals(it) = rule { Some(it) } else { None }) {
        for (group, needed) in without_reviews(wanted) {
            let known = approvals.entry(group).or_insert(needed);
            *known = (*known).max(needed);
        }
    }
    let (order, resign) = Environment::signing(sections.iter().map(|section| &section.rules));
    Wanted { approvals, order, resign }
}

/// The groups that sign the release itself: reviews are of pull requests.
pub(super) fn without_reviews(wanted: &Approvals) -> Approvals {
    wanted
        .iter()
        .filter(|(group, _)| *group != REVIEW)
        .map(|(group, needed)| (group.clone(), *needed))
        .collect()
}

impl Scene<'_> {
    /// Who deploys. Pressing Merge on the default branch is no work, also where it starts a deployment; pushing a tag or
    /// running a job once more is.
    #[must_use]
    pub fn deployer(&self) -> Option<&Actor> {
        let Candidate { by, by_itself, reference, .. } = self.ask.candidate;
        let is_default = reference.is_some() && *reference == self.default_branch;
        by.as_ref().filter(|_| !(*by_itself && is_default))
    }

    /// The systems that are touched by what comes along.
    #[must_use]
    pub fn systems(&self) -> BTreeSet<String> {
        self.pull_requests.iter().flat_map(|pull| pull.systems.iter().cloned()).collect()
    }

    /// What a repository is called, where that is known.
    #[must_use]
    pub fn name_of(&self, repo: RepoId) -> Option<&RepoName> {
        let known = || self.shipping.as_ref().and_then(|shipping| shipping.names.get(&repo));
        let known = || known().or_else(|| self.names.get(&repo));
        if repo == self.ask.repo { Some(&self.name) } else { known() }
    }
}

fn look_at_pull_requests(ask: &Ask<'_>, inquiry: &mut Inquiry<'_>) -> Vec<PullRequestInRange> {
    let brings = ask.brings.ok().into_iter();
    let numbers = brings.flat_map(|brings| brings.pull_requests.iter().map(move |number| (brings, number)));
    numbers
        .map(|(brings, number)| {
            let at = IssueRef { repo: ask.repo, number: *number };
            let commit::Merged { passes, change_requests, in_need, approved_by } =
                commit::judge_merged(at, inquiry);
            let views: Vec<&ChangeRequestView> = change_requests
                .iter()
                .filter_map(|at| inquiry.view(SubjectId::ChangeRequest(*at)).flatten())
                .filter_map(View::as_change_request)
                .collect();
            let risk = views.iter().filter_map(|view| view.risk).max();
            let systems = views.iter().flat_map(|view| view.systems.iter().cloned()).collect();
            let of = |at: &IssueRef| emergency(SubjectId::ChangeRequest(*at), inquiry);
            let emergencies: Option<Vec<_>> = in_need
                .iter()
                .map(of)
                .map(|emergency| emergency.filter(|(_, emergency)| emergency.is_for(at)))
                .collect();
            PullRequestInRange {
                at,
                passes,
                change_requests,
                approved_by: approved_by.to_vec(),
                emergencies: emergencies.unwrap_or_default(),
                risk,
                systems,
                comes_to_nothing: brings.comes_to_nothing(*number),
            }
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
