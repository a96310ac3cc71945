//! `/delegate @x until DATE` and `/delegate cancel`: whoever signs for a group lets somebody else sign instead for a while, in
//! all releases.
//!
//! What was said is kept and put together anew each time, so that comments may come in any order.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    super::{
        approval::Delegation,
        audit::AuditEntry,
        command::{self, Command, Later, Told},
        decide::Case,
        effect::{Call, Effect, Reaction},
        event::{CommentChange, CommentedOn, Event, What},
        facts::{Fact, Inquiry, Membership},
        ids::{Actor, CommentId, IssueRef},
        policy::{EffectivePolicy, Mode, ROLES, Who, Zone},
        report::{heard::Heard, text},
    },
    Account, freezing,
};

/// How many are remembered.
const MOST: usize = 200;

/// Something that a member of a group said of who stands in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegated {
    pub at: Timestamp,
    pub comment: CommentId,
    /// The how manyth command of the comment.
    pub place: usize,
    pub by: Actor,
    /// `None`: nobody any more.
    pub to: Option<StandIn>,
}

/// Who signs instead, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandIn {
    pub who: Actor,
    pub until: Timestamp,
}

/// What a command asks for.
#[derive(Debug, PartialEq, Eq)]
enum Wish {
    Cancel,
    Let { login: String, until: Timestamp },
}

/// Whether a delivery may be about a delegation.
pub(super) fn is_about(event: &Event) -> bool {
    let What::Comment { change: CommentChange::Created, comment, .. } = &event.what else { return false };
    comment.body.to_ascii_lowercase().contains("delegate")
}

impl Account {
    /// Who stands in for whom. What somebody says ends what they said before.
    #[must_use]
    pub fn delegations(&self) -> Vec<Delegation> {
        let mut delegations: Vec<Delegation> = vec![];
        for said in &self.delegated {
            let own = delegations.iter_mut().filter(|it| it.from.id == said.by.id);
            own.for_each(|it| it.until = it.until.min(said.at));
            delegations.extend(said.to.clone().map(|StandIn { who, until }| Delegation {
                from: said.by.clone(),
                to: who,
                since: said.at,
                until,
            }));
        }
        delegations.retain(|it| it.since < it.until);
        delegations
    }

    /// Takes what the comments say of it. `None`: it must be found out first who may, and who is meant.
    pub(super) fn hear_delegations(&mut self, case: &Case<'_>, inquiry: &mut Inquiry<'_>) -> Option<Heard> {
        let mut heard = Heard::default();
        for event in case.events.iter().filter(|event| is_about(event)) {
            let What::Comment { on, .. } = &event.what else { continue };
            let on = match on {
                CommentedOn::Issue(issue) => issue.at,
                CommentedOn::PullRequest(at) => *at,
            };
            let Some(policy) = inquiry.policy(on.repo)? else { continue };
            let Some(told) = command::told(event, policy.command_prefix()) else { continue };
            let name = inquiry.repository_name(on.repo)?;
            let speaks = name.is_some_and(|name| policy.mode_for(name.as_str()) > Mode::Observe);
            for (place, command) in told.commands.iter().enumerate() {
                let Command::Later(Later::Delegate(words)) = command else { continue };
                let found = wished(words, &told, &policy, inquiry)?;
                if speaks {
                    heard.effects.extend(answers(on, &told, found.as_ref().err().map(String::as_str)));
                }
                let Ok(to) = found else { continue };
                let (at, comment, by) = (told.at, told.comment, told.by.clone());
                self.take_delegated(Delegated { at, comment, place, by, to }, &mut heard);
            }
        }
        Some(heard)
    }

    fn take_delegated(&mut self, said: Delegated, heard: &mut Heard) {
        if self.delegated.iter().any(|known| known.comment == said.comment && known.place == said.place) {
            return;
        }
        heard.audit.push(entry(&said));
        self.delegated.push(said);
        self.delegated.sort_by_key(|said| (said.at, said.comment, said.place));
        let surplus = self.delegated.len().saturating_sub(MOST);
        self.delegated.drain(..surplus);
    }
}

const TAKES: &str =
    "it takes somebody and until when behind it, like `/delegate @sam until 2027-01-04`; or `cancel`";

/// Who stands in from now on. `Err`: why not. Outer `None`: something must be found out first.
fn wished(
    words: &str,
    told: &Told,
    policy: &EffectivePolicy,
    inquiry: &mut Inquiry<'_>,
) -> Option<Result<Option<StandIn>, String>> {
    let signers: Vec<Who> = signers(policy);
    let may = inquiry.membership(&signers, &told.by);
    let wish = wish(words, told.at, &policy.zone());
    let found = match &wish {
        Some(Wish::Let { login, .. }) => Some(inquiry.person(login)),
        Some(Wish::Cancel) | None => None,
    };
    let (may, found) = match found {
        Some(found) => (may?, Some(found?)),
        None => (may?, None),
    };
    if let Membership::Unknown(why) = may {
        return Some(Err(format!("it could not be found out who may: {}", unknown(&why))));
    }
    if may == Membership::Stranger {
        return Some(Err(
            "only who is in a group that signs, or manages releases, lets somebody stand in".into()
        ));
    }
    let until = match wish {
        None => return Some(Err(TAKES.into())),
        Some(Wish::Cancel) => return Some(Ok(None)),
        Some(Wish::Let { until, .. }) => until,
    };
    Some(match found {
        Some(Fact::Known(Some(who), _)) if who.id == told.by.id => {
            Err("nobody stands in for themselves".into())
        }
        Some(Fact::Known(Some(who), _)) if who.person => Ok(Some(StandIn { who: who.clone(), until })),
        Some(Fact::Known(..)) => Err("there is no such person on GitHub".into()),
        Some(Fact::Unknown(why)) => Err(format!("it could not be found out who that is: {}", unknown(&why))),
        None => Err(TAKES.into()),
    })
}

fn unknown(why: &str) -> String {
    text::escape(why.trim_end_matches('.'), text::TEXT_LIMIT)
}

/// Everybody who may be asked to sign.
fn signers(policy: &EffectivePolicy) -> Vec<Who> {
    let base = policy.base();
    let groups = base.groups().values().flatten();
    let roles = ROLES.iter().flat_map(|role| base.role(role));
    groups.chain(roles).cloned().collect()
}

/// `@sam until 2027-01-04 08:00`; the sign and the word may be left out.
fn wish(words: &str, at: Timestamp, zone: &Zone) -> Option<Wish> {
    if words.trim().eq_ignore_ascii_case("cancel") {
        return Some(Wish::Cancel);
    }
    let (login, rest) = words.trim().split_once(char::is_whitespace)?;
    let login = login.strip_prefix('@').unwrap_or(login).trim_end_matches([',', '.', ':']);
    let is_login = !login.is_empty()
        && login.len() <= 39
        && login.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    let rest = rest.trim();
    let rest = rest.strip_prefix("until ").or_else(|| rest.strip_prefix("for ")).unwrap_or(rest);
    let rest = format!("{rest} ");
    let (until, behind) = freezing::until(&rest, at, zone)?;
    let until = until.filter(|until| *until > at && behind.trim().is_empty() && is_login)?;
    Some(Wish::Let { login: login.into(), until })
}

fn entry(said: &Delegated) -> AuditEntry {
    let entry = |code: &str| {
        AuditEntry::new(code).by(Some(&said.by)).fact("comment", said.comment).fact("since", said.at)
    };
    match &said.to {
        Some(StandIn { who, until }) => {
            entry("delegation.given").fact("until", until).fact("to", who.id).text("login", who.login.clone())
        }
        None => entry("delegation.ended"),
    }
}

fn answers(on: IssueRef, told: &Told, refusal: Option<&str>) -> Vec<Effect> {
    let (repo, comment) = (on.repo, told.comment);
    let content = if refusal.is_some() { Reaction::Confused } else { Reaction::ThumbsUp };
    let reaction = Effect::new(Call::Reaction { repo, comment, content });
    let reply = refusal.map(|why| {
        let body = format!("{} `/delegate`: {why}.", text::mention(&told.by));
        let purpose = format!("reply/{comment}");
        Effect::new(Call::Comment { on, purpose, body, was_on: Default::default() })
    });
    std::iter::once(reaction).chain(reply).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::trial::{actor, time};

    #[test]
    fn it_names_somebody_and_until_when() {
        let shown = |words: &str| match wish(words, time(0), &Zone::utc()) {
            Some(Wish::Let { login, until }) => format!("{login} until {until}"),
            Some(Wish::Cancel) => "cancel".into(),
            None => "not understood".into(),
        };
        for (words, expected) in [
            ("@sam until 2027-01-04", "sam until 2027-01-04T00:00:00Z"),
            ("@sam until 2027-01-04 08:00", "sam until 2027-01-04T08:00:00Z"),
            ("sam 2027-01-04", "sam until 2027-01-04T00:00:00Z"),
            ("@sam for 2 weeks", "sam until 2026-12-07T09:00:00Z"),
            ("Cancel", "cancel"),
            ("@sam", "not understood"),
            ("@sam until", "not understood"),
            ("@sam until lifted", "not understood"),
            ("@sam until 2026-11-22", "not understood"),
            ("@sam until 2027-01-04 because I am away", "not understood"),
            ("@acme/qa until 2027-01-04", "not understood"),
            ("", "not understood"),
        ] {
            assert_eq!(shown(words), expected, "{words}");
        }
    }

    fn said(comment: u64, by: &str, to: Option<(&str, i64)>, seconds: i64) -> Delegated {
        let to = to.map(|(who, until)| StandIn { who: actor(who), until: time(until) });
        Delegated { at: time(seconds), comment: CommentId(comment), place: 0, by: actor(by), to }
    }

    #[test]
    fn what_somebody_says_later_ends_what_they_said_before_in_whatever_order_it_comes() {
        let all = [
            said(1, "quinn", Some(("sam", 900)), 10),
            said(2, "dana", Some(("lee", 500)), 20),
            said(3, "quinn", Some(("lee", 800)), 30),
            said(4, "quinn", None, 40),
        ];
        for order in crate::domain::trial::orders(all.len()) {
            let mut account = Account::default();
            order.iter().for_each(|n| account.take_delegated(all[*n].clone(), &mut Heard::default()));
            let shown: Vec<String> = account
                .delegations()
                .iter()
                .map(|it| {
                    format!(
                        "{} for {} until {}",
                        it.to.login,
                        it.from.login,
                        it.until.as_second() - time(0).as_second()
                    )
                })
                .collect();
            assert_eq!(shown, ["sam for quinn until 30", "lee for dana until 500", "lee for quinn until 40"]);
        }
    }
}
