//! The rules that an environment can require: what a file may write, and what it means.

use super::error::{Refusal, nearest, shortened};
use super::lengths::{Length, Unit};
use super::names::short_text;
use super::people::{REQUESTER, REVIEW, SPONSOR, Signers};
use super::place::Place;
use super::written;
use serde::Serialize;
use std::collections::BTreeMap;

/// One rule of `require`, `train`, `continuous` or `when`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Every commit of the range comes from a merged pull request.
    RangeTraced,
    /// Every pull request belongs to an accepted change request or is a standard change.
    ChangeAccepted,
    /// These checks passed on exactly the commit.
    Checks(Vec<RequiredCheck>),
    /// So many people of each group or role signed; `review` counts independent GitHub reviews.
    Approvals(Approvals),
    /// These said that it works.
    Acceptance(Vec<Accepter>),
    /// There is a plan to get back.
    BackOutPlan,
    /// These were told what a release ships, long enough before.
    Notice(Notice),
}

/// Who is told what a release ships, and how long before it goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Notice {
    pub groups: Vec<String>,
    pub before: Length,
}

/// How long before, where the policy does not say.
const USUALLY: Length = Length { count: 24, unit: Unit::Hour };

/// How many signatures from each group or role; never zero.
pub type Approvals = BTreeMap<String, u16>;

/// A check, and the App whose word counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequiredCheck {
    pub name: String,
    pub app: String,
}

/// Who accepts what was delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Accepter {
    Requester,
    Sponsor,
    Group(String),
}

pub(super) fn check_all(place: &Place<'_>, written: &[written::Rule], signers: &Signers) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    for (index, rule) in written.iter().enumerate() {
        let place = place.item(index);
        let read = read(&place, rule, signers);
        match read.as_slice() {
            [rule] if rules.contains(rule) && !says_nothing(rule) => {
                place.refuse(Refusal::new("holds the same rule twice", "remove one of them"));
            }
            [rule] => rules.push(rule.clone()),
            [] => {
                if written_keys(rule).is_empty() {
                    place.refuse(Refusal::new(
                        "holds an entry without a rule",
                        "write one, like `range: traced`, or remove the entry",
                    ));
                }
            }
            [_, _, ..] => place.refuse(Refusal::new(
                format!("has {} in one entry", written_keys(rule).join(" and ")),
                "each entry is one rule; start a new one with a hyphen",
            )),
        }
    }
    rules
}

/// Was everything in this rule refused?
fn says_nothing(rule: &Rule) -> bool {
    match rule {
        Rule::RangeTraced | Rule::ChangeAccepted | Rule::BackOutPlan => false,
        Rule::Checks(checks) => checks.is_empty(),
        Rule::Approvals(approvals) => approvals.is_empty(),
        Rule::Acceptance(accepters) => accepters.is_empty(),
        Rule::Notice(notice) => notice.groups.is_empty(),
    }
}

fn written_keys(rule: &written::Rule) -> Vec<&'static str> {
    let written::Rule { range, change, checks, approvals, acceptance, plan, notice } = rule;
    [
        ("`range`", range.is_some()),
        ("`change`", change.is_some()),
        ("`checks`", checks.is_some()),
        ("`approvals`", approvals.is_some()),
        ("`acceptance`", acceptance.is_some()),
        ("`plan`", plan.is_some()),
        ("`notice`", notice.is_some()),
    ]
    .into_iter()
    .filter_map(|(key, written)| written.then_some(key))
    .collect()
}

fn read(place: &Place<'_>, rule: &written::Rule, signers: &Signers) -> Vec<Rule> {
    let written::Rule { range, change, checks, approvals, acceptance, plan, notice } = rule;
    let range = range.map(|written::RangeRule::Traced| Rule::RangeTraced);
    let change = change.map(|written::ChangeRule::Accepted| Rule::ChangeAccepted);
    let plan = plan.map(|written::PlanRule::BackOut| Rule::BackOutPlan);
    let checks = checks.as_ref().map(|checks| Rule::Checks(check_checks(&place.key("checks"), checks)));
    let approvals = approvals
        .as_ref()
        .map(|approvals| Rule::Approvals(check_approvals(&place.key("approvals"), approvals, signers)));
    let acceptance = acceptance
        .as_ref()
        .map(|acceptance| Rule::Acceptance(check_acceptance(&place.key("acceptance"), acceptance, signers)));
    let notice = notice.as_ref().and_then(|notice| check_notice(&place.key("notice"), notice, signers));
    [range, change, checks, approvals, acceptance, plan, notice].into_iter().flatten().collect()
}

fn check_notice(place: &Place<'_>, written: &written::NoticeRule, signers: &Signers) -> Option<Rule> {
    let (at, names, before) = match written {
        written::NoticeRule::Groups(names) => (place.clone(), names, None),
        written::NoticeRule::Whole(whole) => (place.key("groups"), &whole.groups, whole.before.as_deref()),
    };
    if names.is_empty() {
        refuse_empty(&at);
    }
    let groups = at.each_once(names, |name| Ok(name.to_owned()));
    for (index, name) in names.iter().enumerate() {
        signers.check(&at.item(index), &at.item(index), name, 1);
    }
    let before = match before {
        Some(before) => place.key("before").take(Length::read(before))?,
        None => USUALLY,
    };
    Some(Rule::Notice(Notice { groups, before }))
}

/// What ships by itself is told to nobody before.
pub(super) fn refuse_notices(place: &Place<'_>, written: &[written::Rule]) {
    for (index, _) in written.iter().enumerate().filter(|(_, rule)| rule.notice.is_some()) {
        place
            .item(index)
            .key("notice")
            .refuse(Refusal::new("is for releases of a train", "write it under `train`, or remove it"));
    }
}

pub(super) fn check_checks(place: &Place<'_>, written: &[written::RequiredCheck]) -> Vec<RequiredCheck> {
    if written.is_empty() {
        refuse_empty(place);
    }
    let mut checks: Vec<RequiredCheck> = Vec::new();
    for (index, check) in written.iter().enumerate() {
        let place = place.item(index);
        let name = place.key("name").take(short_text(&check.name));
        let app = place.key("app").take(app(&check.app));
        let (Some(name), Some(app)) = (name, app) else { continue };
        let check = RequiredCheck { name, app };
        if checks.contains(&check) {
            place.refuse(Refusal::new(format!("names `{}` twice", check.name), "remove one of them"));
        } else {
            checks.push(check);
        }
    }
    checks
}

fn app(text: &str) -> Result<String, Refusal> {
    let good =
        !text.is_empty() && text.len() <= 100 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if good {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(Refusal::of(text, "write the App's short name, as in the address of its page: github-actions"))
    }
}

pub(super) fn check_approvals(
    place: &Place<'_>,
    written: &BTreeMap<String, i64>,
    signers: &Signers,
) -> Approvals {
    if written.is_empty() {
        refuse_empty(place);
    }
    let mut approvals = Approvals::new();
    for (name, count) in written {
        let Some(wanted) = place.key(name).take(wanted(*count)) else { continue };
        if name != REVIEW {
            signers.check(&place.name(name), &place.key(name), name, usize::from(wanted));
        }
        approvals.insert(name.clone(), wanted);
    }
    approvals
}

fn wanted(count: i64) -> Result<u16, Refusal> {
    match u16::try_from(count) {
        Ok(0) => Err(Refusal::new(
            "is 0",
            "a group that need not sign is no rule; remove it, or ask for at least 1",
        )),
        Ok(count @ 1..=100) => Ok(count),
        Ok(_) | Err(_) => {
            Err(Refusal::new(format!("is {count}"), "write how many people must sign, from 1 to 100"))
        }
    }
}

fn check_acceptance(place: &Place<'_>, written: &[String], signers: &Signers) -> Vec<Accepter> {
    if written.is_empty() {
        refuse_empty(place);
    }
    let accepters = place.each_once(written, |name| {
        Ok(match name {
            REQUESTER => Accepter::Requester,
            SPONSOR => Accepter::Sponsor,
            group => Accepter::Group(group.to_owned()),
        })
    });
    for (index, name) in written.iter().enumerate() {
        match nearest(name, [REQUESTER, SPONSOR]) {
            Some(word) if word == name => {}
            Some(word) if !signers.knows(name) => {
                place.item(index).refuse(Refusal::of(name, format!("did you mean `{word}`?")));
            }
            Some(_) | None => signers.check(&place.item(index), &place.item(index), name, 1),
        }
    }
    accepters
}

fn refuse_empty(place: &Place<'_>) {
    place.refuse(Refusal::new(
        "asks for nothing",
        "a rule that nobody can fail is no rule; fill it in or remove it",
    ));
}

/// How a rule reads in a sentence.
pub(super) fn in_words(rule: &Rule) -> String {
    match rule {
        Rule::RangeTraced => "every commit traced".to_owned(),
        Rule::ChangeAccepted => "every change accepted".to_owned(),
        Rule::Checks(checks) => {
            let names: Vec<String> =
                checks.iter().map(|check| format!("{} by {}", check.name, check.app)).collect();
            format!("check {}", names.join(" and "))
        }
        Rule::Approvals(approvals) => {
            let counts: Vec<String> =
                approvals.iter().map(|(name, count)| format!("{count} of {}", shortened(name))).collect();
            format!("signed by {}", counts.join(", "))
        }
        Rule::Acceptance(accepters) => {
            let names: Vec<&str> = accepters
                .iter()
                .map(|accepter| match accepter {
                    Accepter::Requester => REQUESTER,
                    Accepter::Sponsor => SPONSOR,
                    Accepter::Group(name) => name,
                })
                .collect();
            format!("tried by {}", names.join(" and "))
        }
        Rule::BackOutPlan => "a back-out plan".to_owned(),
        Rule::Notice(notice) => format!("{} told {} before", notice.groups.join(" and "), notice.before),
    }
}
