//! Trains: repositories that are released together, and which milestones are their releases.

use super::cadence::Cadence;
use super::error::Refusal;
use super::lengths::Lead;
use super::names::{PathPattern, RepoPattern, plain_name};
use super::place::Place;
use super::title::TitlePattern;
use super::written;
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
    pub slots: Slots,
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

    /// The branch that holds the release of this title.
    pub fn branch_of(&self, title: &str) -> Option<String> {
        self.branch.as_ref().map(|branch| branch.replace("{title}", title))
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
        let branch =
            written.candidate.as_ref().and_then(|own| candidate.key("branch").take(branch(&own.branch)));
        let slots = place.key("slots").take(slots(written.slots.as_ref()));
        let train = Self { repositories, title: title?, every, lock, branch, slots: slots? };
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

fn branch(text: &str) -> Result<String, Refusal> {
    PathPattern::read(text)?;
    if !text.contains("{title}") {
        return Err(Refusal::of(
            text,
            "every release would be on the same branch; use {title} in it, like release/{title}",
        ));
    }
    if text.contains(['*', ' ', '~', '^', ':', '?', '[', '\\']) {
        return Err(Refusal::of(text, "Git allows no such name for a branch; write it like release/{title}"));
    }
    Ok(text.to_owned())
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
