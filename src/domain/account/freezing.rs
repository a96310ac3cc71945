//! How people write of freezes: `/freeze [stop] UNTIL WHY [in NAMES] [except #n ...]`, `/unfreeze ["NAME"] WHY [for #n ...]`.
//!
//! `in` and what follows it narrows a freeze only where each of its names is known; otherwise it is part of the reason,
//! and everything is closed.

use jiff::{Timestamp, civil};

use super::{
    super::{
        calendar::{FreezeScope, Waiver},
        command::{Command, Later},
        facts::Inquiry,
        ids::{IssueRef, RepoName},
        policy::{EffectivePolicy, Length, Zone},
    },
    frozen::Deed,
};

const FREEZE: &str = "until when (a day like 2027-01-04, with a time like 08:00 if you like; a length like 4 hours; or `lifted`) and a reason";
const UNFREEZE: &str = "a reason";

/// Where and when something was written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting<'a> {
    pub on: IssueRef,
    pub at: Timestamp,
    pub policy: &'a EffectivePolicy,
}

/// What was written, or what it takes.
type Read = Result<Deed, String>;

/// Outer `None`: it is about something else; inner: something has to be found out first.
pub(super) fn read(
    command: &Command,
    setting: Setting<'_>,
    inquiry: &mut Inquiry<'_>,
) -> Option<Option<Read>> {
    let Command::Later(later) = command else { return None };
    if let Later::Freeze(words) = later {
        return Some(freeze(words, setting, inquiry));
    }
    let Later::Unfreeze(words) = later else { return None };
    Some(unfreeze(words, setting, inquiry))
}

fn freeze(words: &str, setting: Setting<'_>, inquiry: &mut Inquiry<'_>) -> Option<Read> {
    let takes = || Some(Err(FREEZE.to_owned()));
    let Some(written) = Written::of(words, setting.at, &setting.policy.zone()) else { return takes() };
    let except = match written.except {
        Some(numbers) => changes(numbers, setting.on, inquiry)?,
        None => Some(vec![]),
    };
    let scoped = match written.why.rsplit_once(" in ") {
        Some((why, names)) => scope(names, setting, inquiry)?.map(|scope| (why, scope)),
        None => None,
    };
    let (why, scope) = scoped.unwrap_or_else(|| (written.why, FreezeScope::default()));
    let is_over = written.until.is_some_and(|until| until <= setting.at);
    let Some(except) = except.filter(|_| !why.trim().is_empty() && !is_over) else { return takes() };
    let (until, stop) = (written.until, written.stop);
    Some(Ok(Deed::Freeze { until, why: why.trim().into(), except, stop, scope }))
}

fn unfreeze(words: &str, setting: Setting<'_>, inquiry: &mut Inquiry<'_>) -> Option<Read> {
    let (only, rest) = name(words);
    let (why, except) = match rest.rsplit_once(" for ") {
        Some((why, numbers)) if only.is_some() => match changes(numbers, setting.on, inquiry)? {
            Some(except) => (why, except),
            None => (rest, vec![]),
        },
        Some(_) | None => (rest, vec![]),
    };
    if why.trim().is_empty() {
        return Some(Err(UNFREEZE.into()));
    }
    let planned = only.map(|name| planned(name, setting)).unwrap_or_default();
    Some(Ok(Deed::Unfreeze { why: why.trim().into(), only: only.map(Into::into), planned, except }))
}

/// The freezes of this name in the policies that are not over.
fn planned(name: &str, setting: Setting<'_>) -> Vec<Waiver> {
    let policy = setting.policy;
    let of_part = |part| {
        let zone = policy.zone_of(part);
        let named = part.freezes().iter().filter(|freeze| freeze.name.eq_ignore_ascii_case(name));
        named.map(move |freeze| Waiver::of(freeze, &zone))
    };
    policy.parts().flat_map(of_part).filter(|waiver| waiver.ends > setting.at).collect()
}

/// A name in quotation marks, and what stands behind it.
fn name(words: &str) -> (Option<&str>, &str) {
    let quoted = words.strip_prefix(['"', '“', '„']).and_then(|rest| rest.split_once(['"', '”', '“']));
    quoted.map_or((None, words), |(name, rest)| (Some(name.trim()), rest))
}

/// A freeze as it is written.
struct Written<'a> {
    stop: bool,
    until: Option<Timestamp>,
    why: &'a str,
    except: Option<&'a str>,
}

impl<'a> Written<'a> {
    fn of(words: &'a str, at: Timestamp, zone: &Zone) -> Option<Self> {
        let (first, rest) = words.split_once(char::is_whitespace)?;
        let stop = first.eq_ignore_ascii_case("stop");
        let (until, rest) = until(if stop { rest.trim_start() } else { words }, at, zone)?;
        let (why, except) = match rest.rsplit_once(" except ") {
            Some((why, numbers)) => (why, Some(numbers)),
            None => (rest, None),
        };
        Some(Self { stop, until, why: why.trim(), except })
    }
}

/// The time, and what stands behind it.
pub(super) fn until<'a>(words: &'a str, at: Timestamp, zone: &Zone) -> Option<(Option<Timestamp>, &'a str)> {
    let (first, rest) = words.split_once(char::is_whitespace)?;
    let (second, behind) = rest.trim_start().split_once(char::is_whitespace).unwrap_or((rest, ""));
    if first.eq_ignore_ascii_case("lifted") {
        return Some((None, rest));
    }
    if let Some(length) = Length::of_text(&format!("{first} {}", second.to_ascii_lowercase())) {
        return Some((Some(length.after(at, zone)), behind));
    }
    let day: civil::Date = first.parse().ok()?;
    let clock = second.contains(':').then(|| second.parse::<civil::Time>().ok()).flatten();
    let (time, rest) = clock.map_or((civil::Time::midnight(), rest), |clock| (clock, behind));
    Some((Some(zone.time_zone().to_timestamp(day.to_datetime(time)).ok()?), rest))
}

/// `#12, #13` in the repository of the comment, `acme/web#14` in another. Inner `None`: something else stands there.
fn changes(numbers: &str, on: IssueRef, inquiry: &mut Inquiry<'_>) -> Option<Option<Vec<IssueRef>>> {
    let mut found = Some(vec![]);
    for word in listed(numbers) {
        let (repo, number) = word.split_once('#').unwrap_or((word, ""));
        let repo = match repo.parse::<RepoName>() {
            Ok(name) => inquiry.repository_named(name)?,
            Err(_) => repo.is_empty().then_some(on.repo),
        };
        let change = repo.zip(number.parse().ok()).map(|(repo, number)| IssueRef { repo, number });
        found = found.zip(change).map(|(mut found, change)| {
            found.push(change);
            found
        });
    }
    Some(found)
}

/// `production, acme/web, system/payments`: what fits one of each kind is closed. Inner `None`: one of them is not known.
fn scope(names: &str, setting: Setting<'_>, inquiry: &mut Inquiry<'_>) -> Option<Option<FreezeScope>> {
    let system = &setting.policy.labels().system;
    let (mut environments, mut repositories, mut systems) = (vec![], vec![], vec![]);
    let mut all_known = true;
    for name in listed(names) {
        let of_system = name.get(..system.len()).filter(|start| start.eq_ignore_ascii_case(system));
        if let Some(value) = of_system.and_then(|_| name.get(system.len()..)).filter(|it| !it.is_empty()) {
            systems.push(value.to_owned());
        } else if is_environment(name, setting.policy) {
            environments.push(name.to_owned());
        } else {
            match name.parse::<RepoName>() {
                Ok(named) => match inquiry.repository_named(named)? {
                    Some(repo) => repositories.push(repo),
                    None => all_known = false,
                },
                Err(_) => all_known = false,
            }
        }
    }
    let some = |names: Vec<String>| (!names.is_empty()).then_some(names);
    let repositories = (!repositories.is_empty()).then_some(repositories);
    let scope = FreezeScope { environments: some(environments), repositories, systems: some(systems) };
    Some((all_known && scope != FreezeScope::default()).then_some(scope))
}

/// A section of `environments`, or what one of them covers.
fn is_environment(name: &str, policy: &EffectivePolicy) -> bool {
    let of_part = |part: &super::super::policy::Policy| {
        let mut sections = part.environments().keys();
        sections.any(|section| section.eq_ignore_ascii_case(name)) || part.environment_of(name).is_some()
    };
    policy.parts().any(of_part)
}

fn listed(words: &str) -> impl Iterator<Item = &str> {
    words.split([' ', ',']).filter(|word| !word.is_empty() && *word != "and")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        facts::{Answer, Fact, Facts, Question},
        policy::{self, Scope},
        trial::{BILLING, WEB, at, time},
    };

    const POLICY: &str = "version: 1
environments:
  production:
    names: [production, \"prod-*\"]
freezes:
  - { name: quarter end, from: 2026-12-28 00:00, to: 2027-01-04 08:00 }
  - { name: summer, from: 2026-07-01 00:00, to: 2026-08-01 00:00 }
";

    fn shown(word: &str, words: &str) -> String {
        let policy = policy::parse("policy", POLICY, Scope::Alone).unwrap();
        let policy = EffectivePolicy::of(Some(policy.into()), None).unwrap();
        let mut facts = Facts::default();
        for (name, repo) in [("acme/web", Some(WEB)), ("acme/billing", Some(BILLING)), ("and/or", None)] {
            let question = Question::RepositoryNamed(name.parse().unwrap());
            facts.insert(question, Fact::Known(Answer::RepositoryNamed(repo), time(0)));
        }
        let command = match word {
            "freeze" => Later::Freeze(words.into()),
            _ => Later::Unfreeze(words.into()),
        };
        let setting = Setting { on: at(1), at: time(0), policy: &policy };
        let read = read(&Command::Later(command), setting, &mut Inquiry::new(&facts));
        let row =
            |changes: &[IssueRef]| changes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        match read.unwrap() {
            None => "asks".into(),
            Some(Err(_)) => "not understood".into(),
            Some(Ok(Deed::Freeze { until, why, except, stop, scope })) => {
                let until = until.map_or_else(|| "lifted".to_owned(), |until| until.to_string());
                let stop = if stop { " | stop" } else { "" };
                let scope =
                    if scope == FreezeScope::default() { String::new() } else { format!(" | {scope:?}") };
                format!("{until} | {why} | {}{stop}{scope}", row(&except))
            }
            Some(Ok(Deed::Unfreeze { why, only, planned, except })) => {
                let planned: Vec<&str> = planned.iter().map(|waiver| waiver.name.as_str()).collect();
                format!("{why} | {} | {} | {}", only.unwrap_or_default(), planned.join(" "), row(&except))
            }
        }
    }

    #[test]
    fn a_freeze_says_until_when_why_what_it_closes_and_what_not() {
        for (words, expected) in [
            ("2027-01-04 quarter end", "2027-01-04T00:00:00Z | quarter end | "),
            ("2027-01-04 08:00 quarter end", "2027-01-04T08:00:00Z | quarter end | "),
            ("4 hours the shop is busy", "2026-11-23T13:00:00Z | the shop is busy | "),
            ("2 Working days audit", "not understood"),
            (
                "lifted the shop is down except #12, #13 and acme/billing#14",
                "lifted | the shop is down | 7#12 7#13 8#14",
            ),
            ("2027-01-04 all but no one except the brave", "not understood"),
            ("2026-11-22 too late", "not understood"),
            ("2027-01-04", "not understood"),
            ("4 hours", "not understood"),
            ("soon because", "not understood"),
            ("", "not understood"),
            ("stop", "not understood"),
            ("stop 4 hours payments fail", "2026-11-23T13:00:00Z | payments fail |  | stop"),
            (
                "4 hours payments fail in production",
                "2026-11-23T13:00:00Z | payments fail |  | FreezeScope { environments: Some([\"production\"]), repositories: None, systems: None }",
            ),
            (
                "4 hours payments fail in prod-eu, acme/web and system/payments except #12",
                "2026-11-23T13:00:00Z | payments fail | 7#12 | FreezeScope { environments: Some([\"prod-eu\"]), repositories: Some([RepoId(7)]), systems: Some([\"payments\"]) }",
            ),
            // What is not known is a reason, and everything is closed.
            ("4 hours payments fail in Europe", "2026-11-23T13:00:00Z | payments fail in Europe | "),
            (
                "4 hours payments fail in production, Europe",
                "2026-11-23T13:00:00Z | payments fail in production, Europe | ",
            ),
            ("4 hours payments fail in and/or", "2026-11-23T13:00:00Z | payments fail in and/or | "),
            ("4 hours in production", "2026-11-23T13:00:00Z | in production | "),
            ("4 hours payments fail in acme/unheard-of", "asks"),
        ] {
            assert_eq!(shown("freeze", words), expected, "{words}");
        }
    }

    #[test]
    fn a_freeze_is_lifted_by_name_too_also_one_of_the_policy_and_for_some_changes_alone() {
        for (words, expected) in [
            ("the books are closed", "the books are closed |  |  | "),
            ("", "not understood"),
            ("\"Quarter End\" the books are closed", "the books are closed | Quarter End | quarter end | "),
            ("“quarter end” the books are closed", "the books are closed | quarter end | quarter end | "),
            (
                "\"quarter end\" it cannot wait for #12, #13",
                "it cannot wait | quarter end | quarter end | 7#12 7#13",
            ),
            ("\"quarter end\" for now", "for now | quarter end | quarter end | "),
            ("\"quarter end\" good for everybody", "good for everybody | quarter end | quarter end | "),
            // Over, and so nothing to lift.
            ("\"summer\" it rains", "it rains | summer |  | "),
            ("good for #12", "good for #12 |  |  | "),
            ("\"quarter end\"", "not understood"),
        ] {
            assert_eq!(shown("unfreeze", words), expected, "{words}");
        }
    }
}
