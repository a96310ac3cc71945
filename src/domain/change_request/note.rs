//! What people say of a change request to help planning it: its place among the requests of its account, until when it is
//! needed, who answers for it, how large it is. It decides nothing, and every word of it stays on record.

use std::fmt;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::domain::{
    command::Later,
    effect::{Call, Effect},
    ids::Actor,
};

use super::{
    Acceptance, ChangeRequest,
    act::{Act, Deed},
    log,
    rules::same,
};
use crate::domain::report::status::Setting;

/// How large it is, as far as that has to be known: never hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Size {
    S,
    M,
    L,
}

impl Size {
    /// All of them, the smallest first.
    pub const ALL: [Self; 3] = [Self::S, Self::M, Self::L];

    /// As labels and people write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::S => "S",
            Self::M => "M",
            Self::L => "L",
        }
    }

    /// In any case.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|size| size.as_str().eq_ignore_ascii_case(text.trim()))
    }
}

/// One thing that was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Note {
    /// Its place among the requests of its account: 1 is the first.
    Rank(u16),
    /// The day by which it is needed, and why.
    NeededBy {
        day: Date,
        why: String,
    },
    /// The login of who answers for it.
    Contact(String),
    Size(Size),
    /// How content whoever asked for it is with what came of it: 1 to 5.
    Rate {
        stars: u8,
        said: Option<String>,
    },
    /// It is larger than a request: the parent of what is done for it.
    Project,
}

/// Who may say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    /// The sponsor of its account.
    Sponsor,
    /// Who asked for it, the sponsor of its account, or a triager.
    Asker,
    /// Who asked for it, or the sponsor of its account, once it runs.
    Client,
    Triager,
}

impl Note {
    /// What a command says; the problem with it where it cannot be followed; `None`: it is another command.
    #[must_use]
    pub fn read(later: &Later) -> Option<Result<Self, (&'static str, &'static str)>> {
        if let Later::Rank(words) = later {
            let place = words.trim().parse().ok().filter(|place| (1..=9999).contains(place));
            Some(place.map(Self::Rank).ok_or(("rank", "a place from 1")))
        } else if let Later::NeededBy(words) = later {
            let takes = ("needed-by", "a day and why, like `2027-01-15 the contract begins`");
            Some(Self::needed_by(words).ok_or(takes))
        } else if let Later::Contact(words) = later {
            Some(login(words).map(Self::Contact).ok_or(("contact", "one person, like `@kim`")))
        } else if let Later::Size(words) = later {
            Some(Size::read(words).map(Self::Size).ok_or(("size", "`S`, `M` or `L`")))
        } else if let Later::Rate(words) = later {
            Some(Self::rate(words).ok_or(("rate", "1 to 5, and what you want to say")))
        } else {
            (*later == Later::Project).then_some(Ok(Self::Project))
        }
    }

    fn rate(words: &str) -> Option<Self> {
        let (stars, said) = words.trim().split_once(char::is_whitespace).unwrap_or((words.trim(), ""));
        let stars = stars.parse().ok().filter(|stars| (1..=5).contains(stars))?;
        Some(Self::Rate { stars, said: Some(said.trim().to_owned()).filter(|said| !said.is_empty()) })
    }

    fn needed_by(words: &str) -> Option<Self> {
        let (day, why) = words.trim().split_once(char::is_whitespace)?;
        let why = why.trim();
        let day = day.parse().ok()?;
        (!why.is_empty()).then(|| Self::NeededBy { day, why: why.into() })
    }

    /// The command that says it.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Rank(_) => "rank",
            Self::NeededBy { .. } => "needed-by",
            Self::Contact(_) => "contact",
            Self::Size(_) => "size",
            Self::Rate { .. } => "rate",
            Self::Project => "project",
        }
    }

    /// Who may say it.
    #[must_use]
    pub const fn speaker(&self) -> Speaker {
        match self {
            Self::Rank(_) => Speaker::Sponsor,
            Self::NeededBy { .. } => Speaker::Asker,
            Self::Rate { .. } => Speaker::Client,
            Self::Contact(_) | Self::Size(_) | Self::Project => Speaker::Triager,
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rank(place) => write!(f, "{place}"),
            Self::NeededBy { day, why } => write!(f, "{day}: {why}"),
            Self::Contact(login) => f.write_str(login),
            Self::Size(size) => f.write_str(size.as_str()),
            Self::Rate { stars, said: None } => write!(f, "{stars}"),
            Self::Rate { stars, said: Some(said) } => write!(f, "{stars}: {said}"),
            Self::Project => Ok(()),
        }
    }
}

/// The first word, if it is what GitHub allows as a login, and nothing follows.
fn login(words: &str) -> Option<String> {
    let login = words.trim().strip_prefix('@').unwrap_or(words.trim());
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (!login.is_empty() && login.len() <= 39 && login.chars().all(allowed)).then(|| login.to_owned())
}

/// The place that its account gives it, and when that was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rank {
    pub place: u16,
    pub at: Timestamp,
}

/// By when it is needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeededBy {
    pub day: Date,
    pub why: String,
    pub by: Option<Actor>,
    pub at: Timestamp,
}

impl ChangeRequest {
    fn notes(&self) -> impl DoubleEndedIterator<Item = (&Act, &Note)> {
        let counted = self.acts.iter().filter(|act| act.counts());
        counted.filter_map(|act| if let Deed::Note(note) = &act.deed { Some((act, note)) } else { None })
    }

    /// The place that its account gave it last.
    #[must_use]
    pub fn rank(&self) -> Option<Rank> {
        self.notes().rev().find_map(|(act, note)| {
            if let Note::Rank(place) = note { Some(Rank { place: *place, at: act.at }) } else { None }
        })
    }

    /// Every day by which it was said to be needed, in the order in which that was said.
    #[must_use]
    pub fn needed_by(&self) -> Vec<NeededBy> {
        let days = self.notes().filter_map(|(act, note)| {
            let Note::NeededBy { day, why } = note else { return None };
            Some(NeededBy { day: *day, why: why.clone(), by: act.by.clone(), at: act.at })
        });
        days.collect()
    }

    /// How large it is: as a label says, which a command sets; where nothing is labelled, as a command said last.
    #[must_use]
    pub fn size(&self) -> Option<Size> {
        self.labelled_size.or_else(|| self.said_size())
    }

    fn said_size(&self) -> Option<Size> {
        self.notes().rev().find_map(|(_, note)| if let Note::Size(size) = note { Some(*size) } else { None })
    }

    /// Whether it is the parent of what is done for it: a label says so, or a command did.
    #[must_use]
    pub fn is_project(&self) -> bool {
        self.labelled_project || self.notes().any(|(_, note)| *note == Note::Project)
    }

    /// How content whoever asked for it was last.
    #[must_use]
    pub fn stars(&self) -> Option<u8> {
        self.notes()
            .rev()
            .find_map(|(_, note)| if let Note::Rate { stars, .. } = note { Some(*stars) } else { None })
    }

    /// The login that was named last as the contact.
    fn said_contact(&self) -> Option<&str> {
        self.notes()
            .rev()
            .find_map(|(_, note)| if let Note::Contact(login) = note { Some(&**login) } else { None })
    }

    /// Who answers for it: who was named, once it is assigned to them; otherwise the first person whom it is assigned to.
    #[must_use]
    pub fn contact(&self) -> Option<&Actor> {
        let assignees = &self.seen.as_ref()?.assignees;
        let named = self.said_contact();
        let is_named = |actor: &&Actor| named.is_some_and(|login| same(&actor.login, login));
        assignees.iter().find(is_named).or_else(|| assignees.iter().find(|actor| actor.person))
    }
}

/// What GitHub is told of it: labels and the assignee, each once after the command.
pub(super) fn effects(
    before: Option<&ChangeRequest>,
    after: &ChangeRequest,
    setting: &Setting<'_>,
) -> Vec<Effect> {
    let Some(seen) = &after.seen else { return vec![] };
    let is_news = |act: &Act| !act.quiet && !log::was_judged(before, act);
    let label = |name: String, present| Effect::new(Call::Label { on: after.at, name, present });
    let mut effects = vec![];
    for (_, note) in after.notes().filter(|(act, _)| is_news(act)) {
        match note {
            Note::Rank(_) | Note::NeededBy { .. } | Note::Rate { .. } => {}
            Note::Contact(login) => {
                let there = seen.assignees.iter().any(|actor| same(&actor.login, login));
                let call = Call::Assign { on: after.at, login: login.clone() };
                effects.extend((!there).then(|| Effect::new(call)));
            }
            Note::Project => {
                let name = setting.rules.labels.project().to_owned();
                let there = seen.labels.iter().any(|label| same(label, &name));
                effects.extend((!there).then(|| label(name, true)));
            }
            Note::Size(_) => {
                for (of, name) in setting.rules.labels.sizes() {
                    let there = seen.labels.iter().find(|label| same(label, &name));
                    match (there, after.said_size() == Some(of)) {
                        (None, true) => effects.push(label(name, true)),
                        (Some(there), false) => effects.push(label(there.clone(), false)),
                        (None, false) | (Some(_), true) => {}
                    }
                }
            }
        }
    }
    effects.extend(appoint(before, after, setting));
    effects
}

/// Who answers for what was just accepted, where nobody does yet: whom policy names for the account, or the next in turn.
fn appoint(before: Option<&ChangeRequest>, after: &ChangeRequest, setting: &Setting<'_>) -> Option<Effect> {
    let is_accepted = |it: &ChangeRequest| matches!(it.acceptance, Acceptance::Accepted { .. });
    let is_news = is_accepted(after) && !before.is_some_and(is_accepted);
    if !is_news || after.contact().is_some() || after.said_contact().is_some() {
        return None;
    }
    let rules = setting.rules;
    let of_account = after.account.as_ref().and_then(|name| rules.accounts.get(name)?.contact.as_ref());
    let count = u64::try_from(rules.contacts.len()).ok().filter(|count| *count > 0);
    let turn = count.and_then(|count| usize::try_from(after.at.number % count).ok());
    let login = of_account.or_else(|| rules.contacts.get(turn?))?;
    Some(Effect::new(Call::Assign { on: after.at, login: login.clone() }))
}
