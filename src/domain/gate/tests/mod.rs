//! A deployment that asks, and what is decided of it: each rule has its table, and what holds for all of them stands
//! in `properties`.

mod changes;
mod checks;
mod emergency;
mod order;
mod others;
mod properties;
mod range;
mod reference;
mod reviews;
mod risk;
mod rollback;
mod source;
mod times;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use jiff::Timestamp;

use super::{Ask, Brings, Candidate, Order, Points, PullRequestInRange, Scene, Section, Verdict, decide};
use crate::domain::{
    calendar::Freezes,
    change_request::emergency::Emergency,
    commit::CheckStand,
    environment::{Deployed, Phase},
    facts::Membership,
    finding::{Finding, Outcome},
    ids::{AccountId, Actor, IssueRef, Sha},
    policy::{EffectivePolicy, Policy, RequiredCheck, Risk, Scope, parse},
    trial::{WEB, actor, at, name, sha, time},
};

/// `acme/web` ships continuously to `production`, and these lines stand in the section.
const HEAD: &str = "
version: 1
mode: enforce
roles: { triager: [acme/triage], release-manager: [acme/release-managers] }
groups: { qa: [acme/qa], ops: [olga, oskar] }
repositories: [{ match: \"*\", ship: continuous }]
environments:
  production:
";

/// Everything around one question, ready to be turned into a scene. What nobody says otherwise stands well: it comes
/// from the default branch, brings one pull request that passes, and nothing else runs or waits.
#[derive(Debug, Clone)]
struct Deployment {
    policies: [Option<String>; 2],
    now: Timestamp,
    candidate: Candidate,
    in_the_way: InTheWay,
    brings: Result<Brings, String>,
    ran: Option<Deployed>,
    pull_requests: Vec<Pull>,
    checks: Vec<(RequiredCheck, CheckStand)>,
    members: BTreeMap<(String, AccountId), Membership>,
    freezes: Freezes,
    owed: Vec<(IssueRef, Emergency)>,
    outages: Vec<(IssueRef, Timestamp)>,
}

#[derive(Debug, Clone, Copy)]
enum InTheWay {
    Nothing,
    Newer(u64),
    Running,
}

/// A pull request in the range.
#[derive(Debug, Clone)]
struct Pull {
    number: u64,
    passes: Finding,
    approved_by: Vec<Actor>,
    emergencies: Vec<(IssueRef, Emergency)>,
    risk: Option<Risk>,
    systems: BTreeSet<String>,
}

/// A pull request that stands so.
fn pull(number: u64, own: Outcome) -> Pull {
    let rule = Finding::new("change_not_accepted", own, "the change request is accepted", "It stands.");
    let rule = if own == Outcome::Pass { rule } else { rule.cure("a triager comments `/accept`") };
    let passes = Finding::new("pull_request", Outcome::Pass, "", format!("#{number}")).because(vec![rule]);
    Pull { number, passes, approved_by: vec![], emergencies: vec![], risk: None, systems: BTreeSet::new() }
}

fn deployed(digit: char) -> Deployed {
    Deployed { sha: sha(digit), phase: Phase::Succeeded, heard_at: time(-600), allowed: true }
}

/// To a section that has these lines.
fn to(lines: &str) -> Deployment {
    Deployment {
        policies: [Some(section(lines)), None],
        now: time(0),
        candidate: Candidate {
            attempt: 1,
            sha: sha('c'),
            reference: Some("main".into()),
            by: Some(actor("ana")),
            by_itself: false,
            from_here: true,
            proposed: false,
            points: Points::Here,
        },
        in_the_way: InTheWay::Nothing,
        brings: Ok(brings(&[41])),
        ran: None,
        pull_requests: vec![pull(41, Outcome::Pass)],
        checks: vec![],
        members: BTreeMap::new(),
        freezes: Freezes::default(),
        owed: vec![],
        outages: vec![],
    }
}

fn section(lines: &str) -> String {
    let lines: Vec<String> = lines.lines().map(|line| format!("    {line}")).collect();
    format!("{HEAD}    names: [production]\n{}\n", lines.join("\n"))
}

fn brings(pull_requests: &[u64]) -> Brings {
    let traced = "1 commit since `bbbbbbb`, from a merged pull request.";
    Brings {
        from: Some(sha('b')),
        to: sha('c'),
        goes_back: false,
        pull_requests: pull_requests.iter().copied().collect(),
        findings: vec![Finding::new("range_traced", Outcome::Pass, "every commit is traced", traced)],
        adopted: 0,
        part: None,
        undoes: [].into(),
        cancelled: BTreeMap::new(),
        picks: pull_requests.iter().map(|number| (*number, sha('e'))).collect(),
    }
}

/// Each text is read once: properties ask the same thousands of times.
fn read(text: &str, scope: Scope) -> Arc<Policy> {
    static READ: Mutex<BTreeMap<(String, &str), Arc<Policy>>> = Mutex::new(BTreeMap::new());
    let key = (text.to_owned(), if scope == Scope::Organisation { "organisation" } else { "repository" });
    let mut known = READ.lock().unwrap();
    let policy = known.entry(key).or_insert_with(|| {
        Arc::new(parse("p.yml", text, scope).unwrap_or_else(|errors| panic!("{text}: {errors:?}")))
    });
    Arc::clone(policy)
}

impl Deployment {
    /// With something else about it.
    fn but(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn from(self, reference: Option<&str>) -> Self {
        self.but(|it| it.candidate.reference = reference.map(Into::into))
    }

    fn bringing(self, pulls: Vec<Pull>) -> Self {
        self.but(|it| {
            it.brings = Ok(brings(&pulls.iter().map(|pull| pull.number).collect::<Vec<_>>()));
            it.pull_requests = pulls;
        })
    }

    /// One pull request, which these approved.
    fn approved_by(self, logins: &[&str]) -> Self {
        let approved_by = logins.iter().map(|login| actor(login)).collect();
        self.bringing(vec![Pull { approved_by, ..pull(41, Outcome::Pass) }])
    }

    fn member(self, group: &str, login: &str, membership: Membership) -> Self {
        self.but(|it| drop(it.members.insert((group.into(), actor(login).id), membership)))
    }

    fn check(self, name: &str, app: &str, stand: CheckStand) -> Self {
        self.but(|it| it.checks.push((RequiredCheck { name: name.into(), app: app.into() }, stand)))
    }

    fn unread(self, why: &str) -> Self {
        self.but(|it| {
            it.brings = Err(why.into());
            it.pull_requests = vec![];
        })
    }

    /// Beside a file of the repository's own, whose section has these lines.
    fn and_own(self, lines: &str) -> Self {
        let lines: Vec<String> = lines.lines().map(|line| format!("    {line}")).collect();
        let own = format!("environments:\n  production:\n    names: [production]\n{}\n", lines.join("\n"));
        self.but(|it| it.policies[1] = Some(own))
    }

    fn policy(&self) -> EffectivePolicy {
        let [organisation, own] = &self.policies;
        let organisation = organisation.as_ref().map(|text| read(text, Scope::Organisation));
        EffectivePolicy::of(organisation, own.as_ref().map(|text| read(text, Scope::Repository))).unwrap()
    }

    fn order<'a>(&self, other: &'a Sha) -> Order<'a> {
        match self.in_the_way {
            InTheWay::Nothing => Order::Free,
            InTheWay::Newer(by) => Order::Superseded { by: Some(by), sha: other },
            InTheWay::Running => Order::Running { sha: other, since: time(-60) },
        }
    }

    fn verdict(&self) -> Verdict {
        let (policy, other) = (self.policy(), sha('d'));
        let ask = Ask {
            now: self.now,
            repo: WEB,
            environment: "production",
            candidate: &self.candidate,
            order: self.order(&other),
            brings: self.brings.as_ref().map_err(String::as_str),
            ran: self.ran.as_ref(),
        };
        decide(&self.scene(ask, policy))
    }

    fn scene<'a>(&self, ask: Ask<'a>, policy: EffectivePolicy) -> Scene<'a> {
        let people = |group: &str| {
            let people = policy.group(group).unwrap_or_default();
            (group.to_owned(), people.iter().map(ToString::to_string).collect())
        };
        let risk = self.pull_requests.iter().filter_map(|pull| pull.risk).max();
        let sections = policy.parts().filter_map(|part| {
            let (name, rules) = part.environment_of(ask.environment)?;
            let people = ["qa", "ops"].map(people).into();
            Some(Section {
                name: name.into(),
                rules: rules.clone(),
                zone: policy.zone_of(part),
                people,
                risk,
            })
        });
        let pull_requests = self.pull_requests.iter().map(|pull| PullRequestInRange {
            at: at(pull.number),
            passes: pull.passes.clone(),
            change_requests: vec![at(pull.number + 100)],
            approved_by: pull.approved_by.clone(),
            emergencies: pull.emergencies.clone(),
            risk: pull.risk,
            systems: pull.systems.clone(),
            comes_to_nothing: false,
        });
        Scene {
            ask,
            name: name(WEB),
            default_branch: Some("main".into()),
            mode: policy.mode_for("acme/web"),
            freezes: self.freezes.clone(),
            zone: policy.zone(),
            ship: policy.ship_for("acme/web"),
            sections: sections.collect(),
            pull_requests: pull_requests.collect(),
            checks: self.checks.clone(),
            members: self.members.clone(),
            shipping: None,
            tried: vec![],
            owed: self.owed.clone(),
            outages: self.outages.clone(),
            underway: vec![],
            names: BTreeMap::new(),
            policy,
        }
    }

    /// The decision, and the codes of what stands in the way.
    fn answer(&self) -> String {
        let verdict = self.verdict();
        let obstacles = verdict.findings.iter().flat_map(Finding::obstacles);
        let codes: Vec<&str> = obstacles.map(|obstacle| obstacle.code.as_str()).collect();
        [vec![verdict.ruling.decision().as_str()], codes].concat().join(" ")
    }

    /// The codes of all that was judged.
    fn codes(&self) -> Vec<String> {
        self.verdict().findings.iter().flat_map(Finding::rules).map(|rule| rule.code.clone()).collect()
    }
}

/// One row of a table: what is so, as a sentence, and what is decided of it.
type Row<'a> = (&'a str, Deployment, &'a str);

/// Every row is decided as it says, and whatever stands in the way says what to do about it.
#[track_caller]
fn all_are_so(rows: Vec<Row<'_>>) {
    for (sentence, deployment, expected) in rows {
        let expected = expected.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(deployment.answer(), expected, "{sentence}");
        for obstacle in deployment.verdict().findings.iter().flat_map(Finding::obstacles) {
            assert!(obstacle.cure.is_some(), "{sentence}: {} has no cure", obstacle.code);
        }
    }
}
