//! `/freeze UNTIL WHY [except #n ...]` and `/unfreeze WHY`: one action closes, or opens, the whole organisation.
//!
//! What was said is kept and put together anew each time, so that comments may come in any order.

use jiff::{Timestamp, civil};
use serde::{Deserialize, Serialize};

use super::{
    super::{
        audit::AuditEntry,
        calendar::{FreezeScope, Freezes, Lifted, OpenedFreeze},
        command::{self, Command, Later, Told},
        decide::Case,
        effect::{Call, Effect, Reaction},
        event::{CommentChange, CommentedOn, Event, What},
        facts::{Inquiry, Membership},
        ids::{Actor, CommentId, IssueRef},
        policy::{EffectivePolicy, Length, Mode, Zone},
        report::text,
    },
    Account,
};

/// How many are remembered; those that have ended count no more.
const MOST: usize = 200;

/// Something that a release manager decided about freezes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    pub at: Timestamp,
    pub comment: CommentId,
    /// The how manyth command of the comment.
    pub place: usize,
    pub by: Actor,
    pub deed: Deed,
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    Freeze { until: Option<Timestamp>, why: String, except: Vec<IssueRef> },
    Unfreeze { why: String },
}

/// What GitHub and the log are told.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub effects: Vec<Effect>,
    pub audit: Vec<AuditEntry>,
}

/// Whether a delivery may be about a freeze.
pub(super) fn is_about(event: &Event) -> bool {
    let What::Comment { change: CommentChange::Created, comment, .. } = &event.what else { return false };
    comment.body.to_ascii_lowercase().contains("freeze")
}

impl Account {
    /// What was decided of freezes by command.
    #[must_use]
    pub fn freezes(&self) -> Freezes {
        let mut freezes = Freezes::default();
        for said in &self.said {
            match &said.deed {
                Deed::Freeze { until, why, except } => freezes.opened.push(OpenedFreeze {
                    why: why.clone(),
                    by: said.by.clone(),
                    since: said.at,
                    until: *until,
                    scope: FreezeScope::default(),
                    except: except.clone(),
                    stop: false,
                    lifted: None,
                }),
                Deed::Unfreeze { why } => {
                    let open = freezes.opened.iter_mut().filter(|freeze| freeze.lifted.is_none());
                    for freeze in open {
                        let (by, at, why) = (said.by.clone(), said.at, why.clone());
                        freeze.lifted = Some(Lifted { by, at, why });
                    }
                }
            }
        }
        freezes
    }

    /// Takes what the comments say of freezes. `None`: it must be found out first who may.
    pub(super) fn hear_freezes(&mut self, case: &Case<'_>, inquiry: &mut Inquiry<'_>) -> Option<Heard> {
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
            let membership = inquiry.membership(policy.release_managers(), &told.by)?;
            for (place, command) in told.commands.iter().enumerate() {
                let Some(deed) = deed(command, on, told.at, &policy.zone()) else { continue };
                let refusal = refusal(&membership, &deed, &policy);
                if let (None, Ok(deed)) = (&refusal, deed) {
                    self.take_said(
                        Said { at: told.at, comment: told.comment, place, by: told.by.clone(), deed },
                        &mut heard,
                    );
                }
                if speaks {
                    heard.effects.extend(answers(on, &told, refusal.as_deref()));
                }
            }
        }
        Some(heard)
    }

    fn take_said(&mut self, said: Said, heard: &mut Heard) {
        if self.said.iter().any(|known| known.comment == said.comment && known.place == said.place) {
            return;
        }
        heard.audit.push(entry(&said));
        self.said.push(said);
        self.said.sort_by_key(|said| (said.at, said.comment, said.place));
        let surplus = self.said.len().saturating_sub(MOST);
        self.said.drain(..surplus);
    }
}

/// `None`: it is about something else. `Err`: what it takes.
fn deed(command: &Command, on: IssueRef, at: Timestamp, zone: &Zone) -> Option<Result<Deed, &'static str>> {
    const FREEZE: &str = "until when (a day like 2027-01-04, with a time like 08:00 if you like; a length like 4 hours; or `lifted`) and a reason";
    let Command::Later(later) = command else { return None };
    if let Later::Freeze(words) = later {
        return Some(freeze(words, on, at, zone).ok_or(FREEZE));
    }
    let Later::Unfreeze(why) = later else { return None };
    Some(if why.is_empty() { Err("a reason") } else { Ok(Deed::Unfreeze { why: why.clone() }) })
}

fn freeze(words: &str, on: IssueRef, at: Timestamp, zone: &Zone) -> Option<Deed> {
    let (until, rest) = until(words, at, zone)?;
    let (why, except) = match rest.rsplit_once(" except ") {
        Some((why, numbers)) => (why, excepted(numbers, on)?),
        None => (rest, vec![]),
    };
    let why = why.trim();
    let is_over = until.is_some_and(|until| until <= at);
    (!why.is_empty() && !is_over).then(|| Deed::Freeze { until, why: why.into(), except })
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

/// `#12, #13`, in the repository of the comment. `None`: something else stands there.
fn excepted(numbers: &str, on: IssueRef) -> Option<Vec<IssueRef>> {
    let words = numbers.split([' ', ',']).filter(|word| !word.is_empty() && *word != "and");
    words
        .map(|word| Some(IssueRef { repo: on.repo, number: word.strip_prefix('#')?.parse().ok()? }))
        .collect()
}

fn refusal(
    membership: &Membership,
    deed: &Result<Deed, &'static str>,
    policy: &EffectivePolicy,
) -> Option<String> {
    match (membership, deed) {
        (Membership::Unknown(why), _) => Some(format!("it could not be found out who may: {why}")),
        (Membership::Stranger, _) => {
            let managers: Vec<String> = policy.release_managers().iter().map(ToString::to_string).collect();
            Some(format!("only a release manager ({}) decides about freezes", managers.join(", ")))
        }
        (Membership::Member, Err(takes)) => Some(format!("it takes {takes} behind it")),
        (Membership::Member, Ok(_)) => None,
    }
}

fn entry(said: &Said) -> AuditEntry {
    let entry = |code: &str| {
        AuditEntry::new(code).by(Some(&said.by)).fact("comment", said.comment).fact("since", said.at)
    };
    match &said.deed {
        Deed::Freeze { until, why, except } => {
            let until = until.map_or_else(|| "lifted".into(), |until| until.to_string());
            let except: Vec<String> = except.iter().map(ToString::to_string).collect();
            entry("freeze.opened").fact("until", until).fact("except", except.join(" ")).text("why", why)
        }
        Deed::Unfreeze { why } => entry("freeze.lifted").text("why", why),
    }
}

fn answers(on: IssueRef, told: &Told, refusal: Option<&str>) -> Vec<Effect> {
    let (repo, comment) = (on.repo, told.comment);
    let content = if refusal.is_some() { Reaction::Confused } else { Reaction::ThumbsUp };
    let reaction = Effect::new(Call::Reaction { repo, comment, content });
    let reply = refusal.map(|why| {
        let body = format!(
            "{} wrote about a freeze; {}.",
            text::mention(&told.by),
            text::escape(why, text::TEXT_LIMIT)
        );
        let purpose = format!("reply/{comment}");
        Effect::new(Call::Comment { on, purpose, body, was_on: Default::default() })
    });
    std::iter::once(reaction).chain(reply).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::trial::{at, time};

    #[test]
    fn a_freeze_says_until_when_why_and_what_it_does_not_close() {
        let shown = |words: &str| match freeze(words, at(1), time(0), &Zone::utc()) {
            Some(Deed::Freeze { until, why, except }) => {
                let until = until.map_or_else(|| "lifted".to_owned(), |until| until.to_string());
                let except: Vec<String> = except.iter().map(|at| at.number.to_string()).collect();
                format!("{until} | {why} | {}", except.join(" "))
            }
            Some(Deed::Unfreeze { .. }) | None => "not understood".into(),
        };
        for (words, expected) in [
            ("2027-01-04 quarter end", "2027-01-04T00:00:00Z | quarter end | "),
            ("2027-01-04 08:00 quarter end", "2027-01-04T08:00:00Z | quarter end | "),
            ("4 hours the shop is busy", "2026-11-23T13:00:00Z | the shop is busy | "),
            ("2 Working days audit", "not understood"),
            ("lifted the shop is down except #12, #13 and #14", "lifted | the shop is down | 12 13 14"),
            ("2027-01-04 all but no one except the brave", "not understood"),
            ("2026-11-22 too late", "not understood"),
            ("2027-01-04", "not understood"),
            ("4 hours", "not understood"),
            ("soon because", "not understood"),
            ("", "not understood"),
        ] {
            assert_eq!(shown(words), expected, "{words}");
        }
    }
}
