//! A desk on which people sign, and what becomes of it.

mod attacks;
mod properties;
mod rules;
mod sentences;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{
    Case, Delegation, Group, GroupStand, History, Judged, Ledger, Restrains, Ruling, Setting, Source, Stand,
    Terms, Work, findings, judge, reply,
};
use crate::domain::{
    command::{self, Told},
    event::ReviewSnapshot,
    facts::Membership,
    finding::{Finding, Outcome},
    ids::{CommentId, RepoId, RepoName},
    named::Named,
    policy::{Fingerprint, Who, Zone},
    revision::{ChangeText, Names, Parts, Revision, RevisionHash},
    trial::{BILLING, WEB, actor, at, name, sha, time},
};

/// Everything around one thing to sign. What there is to sign first is shown well before anybody acts.
#[derive(Debug, Clone)]
struct Desk {
    ledger: Ledger,
    history: History,
    groups: Vec<Group>,
    work: Vec<Work>,
    delegations: Vec<Delegation>,
    terms: Terms,
    comments: u64,
    now: Timestamp,
}

fn whom(login: &str) -> Who {
    match login.split_once('/') {
        Some((organisation, slug)) => Who::Team { organisation: organisation.into(), slug: slug.into() },
        None => Who::Login(login.into()),
    }
}

fn group(name: &str, needed: u16, members: &[&str]) -> Group {
    let people = members.iter().map(|login| (actor(login).id, (actor(login), Membership::Member))).collect();
    let listed = members.iter().map(|login| whom(login)).collect();
    Group { name: name.into(), needed, listed, people, since: BTreeMap::new(), whole: true, asked: None }
}

/// A release with one change request of this text.
fn release(text: &str) -> Revision {
    content(&[(128, text)], 'a')
}

fn content(changes: &[(u64, &str)], candidate: char) -> Revision {
    let texts =
        changes.iter().map(|(number, text)| (at(*number), ChangeText::of("t", text, &["Why"]).hash()));
    let candidates = [(WEB, sha(candidate))].into();
    Revision::of(Parts::of_release(texts.collect(), candidates, Fingerprint::of_text("v1")))
}

fn work(number: u64, people: &[&str]) -> Work {
    let people = people.iter().map(|login| actor(login).id).collect();
    Work { change: at(number), people, unattributed: vec![], unknown: None }
}

/// One of quality assurance, and one of business, sign the text `one`, on which `ana` worked.
fn desk() -> Desk {
    Desk::of(vec![group("qa", 1, &["quinn", "max"]), group("business", 1, &["dana", "lee"])])
}

impl Desk {
    fn of(groups: Vec<Group>) -> Self {
        let mut desk = Self {
            ledger: Ledger::default(),
            history: History::default(),
            groups,
            work: vec![work(128, &["ana"])],
            delegations: vec![],
            terms: Terms::default(),
            comments: 0,
            now: time(10_000),
        };
        desk.turns(release("one"), 0);
        desk
    }

    /// There is something else to sign from this second on, and our record shows it.
    fn turns(&mut self, revision: Revision, second: i64) -> RevisionHash {
        let hash = revision.hash().clone();
        self.history.turn(revision, None, time(second));
        self.history.shown(&hash, time(second));
        hash
    }

    fn current(&self) -> &RevisionHash {
        self.history.current().unwrap()
    }

    fn short(&self) -> String {
        self.history.short(self.current()).into()
    }

    fn says(&mut self, by: &str, words: &str, second: i64) {
        self.comments += 1;
        let comment = CommentId(self.comments);
        self.says_in(by, words, second, comment);
    }

    fn says_in(&mut self, by: &str, words: &str, second: i64, comment: CommentId) {
        let groups: Vec<&str> = self.groups.iter().map(|group| group.name.as_str()).collect();
        let told = Told { comment, by: actor(by), at: time(second), commands: command::parse(words, None) };
        self.ledger.hear(&told, &groups);
    }

    fn with(mut self, by: &str, words: &str, second: i64) -> Self {
        self.says(by, words, second);
        self
    }

    fn unknown(mut self, name: &str, login: &str) -> Self {
        let group = self.groups.iter_mut().find(|group| group.name == name).unwrap();
        let unknown = Membership::Unknown("GitHub could not be reached since 09:00 UTC".into());
        group.people.insert(actor(login).id, (actor(login), unknown));
        self
    }

    fn case(&self) -> Case<'_> {
        Case {
            ledger: &self.ledger,
            history: &self.history,
            groups: &self.groups,
            work: &self.work,
            delegations: &self.delegations,
            terms: &self.terms,
            now: self.now,
        }
    }

    fn judged(&self) -> Judged {
        judge(&self.case())
    }

    /// How each group stands: "qa 1/1 quinn; business 0/1".
    fn stands(&self) -> String {
        self.judged().groups.iter().map(in_short).collect::<Vec<_>>().join("; ")
    }

    fn is_complete(&self) -> bool {
        self.judged().groups.iter().all(|group| group.stand == Stand::Complete)
    }

    fn ruling(&self) -> Ruling {
        self.judged().standing.rulings.last().unwrap().1.clone()
    }

    fn findings(&self) -> Vec<Finding> {
        self.with_setting(|setting| findings(&self.judged(), &self.case(), setting))
    }

    fn reply(&self) -> String {
        let (act, ruling) = (self.ledger.acts().last().unwrap(), self.ruling());
        let reply = self.with_setting(|setting| reply(act, &ruling, &self.case(), setting));
        reply.map_or_else(|| "nothing".into(), |(words, _)| words)
    }

    fn with_setting<T>(&self, tell: impl FnOnce(&Setting<'_>) -> T) -> T {
        let repositories: BTreeMap<RepoId, RepoName> = [WEB, BILLING].map(|repo| (repo, name(repo))).into();
        let names = Names { here: WEB, repositories: &repositories };
        let place = Named::issue(at(200), WEB, repositories.get(&WEB));
        let release_managers = [whom("acme/release-managers")];
        tell(&Setting { names, zone: &Zone::utc(), place: &place, release_managers: &release_managers })
    }
}

fn in_short(group: &GroupStand) -> String {
    let signed: Vec<String> = group
        .signed
        .iter()
        .map(|signature| match &signature.instead_of {
            Some(absent) => format!("{} for {}", signature.by.login, absent.login),
            None => signature.by.login.clone(),
        })
        .collect();
    let signed = if signed.is_empty() { String::new() } else { format!(" {}", signed.join("+")) };
    let stand = match group.stand {
        Stand::Complete | Stand::Missing => String::new(),
        Stand::OwnWork => " own work".into(),
        Stand::Unknown => " unknown".into(),
        Stand::OutOfReach => " out of reach".into(),
    };
    format!("{} {}/{}{signed}{stand}", group.group, group.count, group.needed)
}

/// Findings in plain text, a line for each text.
fn told(findings: &[Finding]) -> String {
    let tell = |finding: &Finding| {
        let names: BTreeSet<&str> = finding.names.iter().map(|name| name.path.as_str()).collect();
        let names: Vec<&str> = names.into_iter().collect();
        let mut lines = vec![format!("{:?} {}: {}", finding.own, finding.code, finding.rule)];
        lines.push(format!("  {}", finding.sentence));
        lines.extend(finding.headline.iter().map(|headline| format!("  title: {headline}")));
        lines.extend(finding.cure.iter().map(|cure| format!("  cure: {cure}")));
        lines.push(format!("  names: {}", names.join(", ")));
        lines.join("\n")
    };
    findings.iter().map(tell).collect::<Vec<_>>().join("\n")
}
