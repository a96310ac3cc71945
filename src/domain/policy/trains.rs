//! Trains: repositories that are released together, and which milestones are their releases.

use super::cadence::Cadence;
use super::error::Refusal;
use super::lengths::Lead;
use super::names::{PathPattern, RepoPattern, plain_name, repository};
use super::place::Place;
use super::times::Zone;
use super::title::TitlePattern;
use super::written;
use crate::domain::ids::RepoName;
use jiff::{Span, Timestamp, civil::DateTime};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// A named list of repositories with a title pattern and a cadence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Train {
    pub repositories: Vec<RepoPattern>,
    pub title: TitlePattern,
    /// When it leaves; `None` where people choose each date.
    pub every: Option<Cadence>,
    /// How long before leaving its scope is locked.
    pub lock: Option<Lead>,
    /// The branch that holds a release, with `{title}` in it; `None` for the default branch.
    pub branch: Option<String>,
    /// The tag that marks what a release ships, with `{title}` in it.
    pub tag: Option<String>,
    /// Where its control records are kept; `None`: in a repository that has the milestone.
    pub record: Option<RepoName>,
    pub slots: Slots,
    /// Of so many next releases the milestones are made, in every repository.
    pub ahead: u8,
}

/// How many change requests a release carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Slots {
    /// Learned from the releases so far.
    #[default]
    Auto,
    AtMost(u16),
}

impl Serialize for Slots {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::AtMost(slots) => serializer.serialize_u16(*slots),
        }
    }
}

impl Train {
    /// Whether a repository (`owner/name`) is one of the train's.
    pub fn carries(&self, repo: &str) -> bool {
        self.repositories.iter().any(|pattern| pattern.matches(repo))
    }

    /// What leaves from the day of a moment on, by its title, for the two years after; nothing, where people choose each date or the
    /// titles do not follow from the dates.
    pub fn departures(&self, from: Timestamp, zone: &Zone) -> impl Iterator<Item = (String, DateTime)> {
        let today = zone.time_zone().to_datetime(from).date();
        let until = today.saturating_add(Span::new().years(2));
        let all = self.every.map(|every| every.departures(today, until));
        all.into_iter().flatten().filter_map(|leaves| Some((self.title.on(leaves.date())?, leaves)))
    }

    /// The branch that holds the release of this title.
    pub fn branch_of(&self, title: &str) -> Option<String> {
        self.branch.as_ref().map(|branch| branch.replace("{title}", title))
    }

    /// The tag that marks what the release of this title ships.
    pub fn tag_of(&self, title: &str) -> Option<String> {
        self.tag.as_ref().map(|tag| tag.replace("{title}", title))
    }

    fn check(place: &Place<'_>, written: &written::Train) -> Option<Self> {
        let repositories = place.key("repositories").each_once(&written.repositories, RepoPattern::read);
        if written.repositories.is_empty() {
            place.key("repositories").refuse(Refusal::new(
                "is an empty list",
                "a train without repositories carries nothing; list some or remove the train",
            ));
        }
        let title = place.key("title").take(TitlePattern::read(&written.title));
        let every = place.maybe("every", written.every.as_ref(), Cadence::read);
        let lock = place.maybe("lock", written.lock.as_ref(), Lead::read);
        let candidate = place.key("candidate");
        let named = written.candidate.as_ref();
        let named = named.map_or((None, None), |own| (own.branch.as_deref(), own.tag.as_deref()));
        if written.candidate.is_some() && named.0.is_some() == named.1.is_some() {
            let what =
                if named.0.is_some() { "names a branch and a tag" } else { "names no branch and no tag" };
            candidate.refuse(Refusal::new(what, "write the one that holds what a release ships"));
        }
        let branch =
            named.0.and_then(|text| candidate.key("branch").take(holder(text, "branch", "release/{title}")));
        let tag = named.1.and_then(|text| candidate.key("tag").take(holder(text, "tag", "v{title}")));
        let record = place.maybe("record", written.record.as_ref(), repository);
        let slots = place.key("slots").take(slots(written.slots.as_ref()));
        let ahead = place.key("ahead").take(ahead(written));
        let (slots, ahead) = (slots?, ahead?);
        let train = Self { repositories, title: title?, every, lock, branch, tag, record, slots, ahead };
        train.refuse_repeated_titles(place);
        Some(train)
    }

    /// Two departures in a row must not get one title: they would be one release.
    fn refuse_repeated_titles(&self, place: &Place<'_>) {
        let Some(cadence) = self.every else { return };
        let mut before = None;
        for departure in cadence.sample() {
            let title = self.title.on(departure.date());
            if title.is_some() && title == before {
                let title = title.unwrap_or_default();
                return place.key("title").refuse(Refusal::new(
                    format!(
                        "is `{}`, but it leaves on `{cadence}`, so that two releases would be called {title}",
                        self.title
                    ),
                    "use {week}, {day} or {number} in the title",
                ));
            }
            before = title;
        }
    }
}

/// The branch or tag that holds a release.
fn holder(text: &str, kind: &str, like: &str) -> Result<String, Refusal> {
    PathPattern::read(text)?;
    if !text.contains("{title}") {
        return Err(Refusal::of(
            text,
            format!("every release would be on the same {kind}; use {{title}} in it, like {like}"),
        ));
    }
    if text.contains(['*', ' ', '~', '^', ':', '?', '[', '\\']) {
        return Err(Refusal::of(text, format!("Git allows no such name for a {kind}; write it like {like}")));
    }
    Ok(text.to_owned())
}

/// More are hardly planned for.
const MOST_AHEAD: u8 = 24;

fn ahead(written: &written::Train) -> Result<u8, Refusal> {
    let Some(number) = written.ahead else { return Ok(0) };
    if written.every.is_none() {
        let cure = "say when the train leaves (`every`), or make the milestones by hand and remove this";
        return Err(Refusal::new(
            format!("is {number}, and nobody knows when the next releases leave"),
            cure,
        ));
    }
    let ahead = u8::try_from(number).ok().filter(|ahead| *ahead <= MOST_AHEAD);
    ahead.ok_or_else(|| {
        Refusal::new(format!("is {number}"), format!("write a number of releases from 0 to {MOST_AHEAD}"))
    })
}

fn slots(written: Option<&written::Slots>) -> Result<Slots, Refusal> {
    match written {
        None => Ok(Slots::Auto),
        Some(written::Slots::Word(word)) if word == "auto" => Ok(Slots::Auto),
        Some(written::Slots::Word(word)) => {
            Err(Refusal::of(word, "write auto or a number of change requests"))
        }
        Some(written::Slots::Number(0)) => {
            Err(Refusal::new("is 0", "a release without a slot carries nothing; write auto or at least 1"))
        }
        Some(written::Slots::Number(number)) => u16::try_from(*number)
            .map(Slots::AtMost)
            .map_err(|_| Refusal::new(format!("is {number}"), "write auto or a number of change requests")),
    }
}

pub(super) fn check(
    place: &Place<'_>,
    written: &BTreeMap<String, written::Train>,
) -> BTreeMap<String, Train> {
    let train = |(name, train): (&String, &written::Train)| {
        let train = Train::check(&place.key(name), train);
        let name = place.name(name).take(plain_name(name));
        Some((name?, train?))
    };
    let trains: BTreeMap<String, Train> = written.iter().filter_map(train).collect();
    refuse_twins(place, &trains);
    trains
}

/// A milestone must not be the release of two trains.
fn refuse_twins(place: &Place<'_>, trains: &BTreeMap<String, Train>) {
    for (index, (name, train)) in trains.iter().enumerate() {
        for (earlier_name, earlier) in trains.iter().take(index) {
            if !train.title.overlaps(&earlier.title) {
                continue;
            }
            let shared = train
                .repositories
                .iter()
                .find(|own| earlier.repositories.iter().any(|other| own.overlaps(other)));
            if let Some(shared) = shared {
                place.key(name).key("repositories").refuse(Refusal::new(
                    format!("and `trains.{earlier_name}.repositories` share `{shared}`, and {} would be a release of both", train.title.example()),
                    "give one of the trains other titles, or the repository to one of them",
                ));
            }
        }
    }
}
