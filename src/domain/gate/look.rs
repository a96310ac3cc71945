//! Looks around where a deployment goes: whatever a rule there asks for is found out, before anything is decided.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{
        acceptance::accepting,
        change_request::{ChangeRequestView, emergency::Emergency, without_code},
        commit,
        facts::{Inquiry, Membership},
        ids::{AccountId, IssueRef, ReleaseId, RepoId, RepoName, Sha, SubjectId},
        policy::{
            Accepter, Approvals, EffectivePolicy, Environment, REVIEW, RequiredCheck, Risk, Rule, Ship,
        },
        release::{Release, Signing, Wanted},
        subject::{Relation, View},
    },
    Ask, PullRequestInRange, Scene, Section, Shipping,
    scene::Trying,
    section::without_reviews,
};

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
    let releases = if wants_release { open_releases(ask.repo, inquiry) } else { None };
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
    let outages = account.map(|account| account.owed_in(ask.repo, ask.environment)).unwrap_or_default();
    let emergencies = pull_requests.iter().flat_map(|pull| &pull.emergencies).chain(&owed);
    let repos: BTreeSet<RepoId> =
        emergencies.map(|(at, _)| at.repo).chain(outages.iter().map(|(at, _)| at.repo)).collect();
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
        outages,
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
    for accepter in accepters {
        for trying in tried.values() {
            let account = trying.request.account.as_deref();
            let Some((group, people)) = accepting(accepter, account, policy) else { continue };
            for by in trying.request.tried.iter().map(|tried| &tried.by) {
                if let Some(membership) = inquiry.membership(people, by) {
                    members.insert((group.clone(), by.id), membership);
                }
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
fn open_releases<'a>(repo: RepoId, inquiry: &mut Inquiry<'a>) -> Option<Vec<&'a Release>> {
    let ships = inquiry.pointing_at(SubjectId::Repository(repo), Relation::Ships)?;
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
    let release = shipping(&others, ask.repo, &ask.candidate.sha);
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

/// The release that ships exactly this commit, by what was asked when it was judged.
pub fn release(repo: RepoId, sha: &Sha, inquiry: &mut Inquiry<'_>) -> Option<ReleaseId> {
    Some(shipping(&open_releases(repo, inquiry)?, repo, sha)?.id.clone())
}

fn shipping<'a>(releases: &[&'a Release], repo: RepoId, sha: &Sha) -> Option<&'a Release> {
    releases.iter().copied().find(|it| it.has_candidate(repo, sha))
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
