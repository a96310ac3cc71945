//! How single repositories are treated, and the parts of monorepos.

use super::environments::Environment;
use super::error::Refusal;
use super::names::{EnvironmentPattern, PathPattern, RepoPattern, plain_name, repository};
use super::place::Place;
use super::written;
use crate::domain::ids::RepoName;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// How strict Changegate is. The order is from loose to strict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Watches and records.
    Observe,
    /// Says what is missing and stops nothing.
    Advise,
    /// Decides.
    Enforce,
}

impl From<written::Mode> for Mode {
    fn from(mode: written::Mode) -> Self {
        match mode {
            written::Mode::Observe => Self::Observe,
            written::Mode::Advise => Self::Advise,
            written::Mode::Enforce => Self::Enforce,
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Observe => "observe",
            Self::Advise => "advise",
            Self::Enforce => "enforce",
        })
    }
}

/// How changes get out of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ship {
    /// Accepted changes wait for a release.
    Train,
    /// A deployment carries whatever was merged.
    Continuous,
}

/// How the repositories of some patterns are treated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RepositoryRule {
    pub patterns: Vec<RepoPattern>,
    pub mode: Option<Mode>,
    pub ship: Option<Ship>,
    /// Is a pull request its own change request here?
    pub change_is_pull_request: bool,
}

impl RepositoryRule {
    /// Whether the entry is for a repository (`owner/name`).
    pub fn matches(&self, repo: &str) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(repo))
    }

    fn check(place: &Place<'_>, written: &written::Repository) -> Self {
        let place = place.key("match");
        let patterns = match &written.r#match {
            written::OneOrMany::One(text) => place.take(RepoPattern::read(text)).into_iter().collect(),
            written::OneOrMany::Many(texts) if texts.is_empty() => {
                place.refuse(Refusal::new(
                    "is an empty list",
                    "an entry that matches nothing does nothing; name repositories or remove it",
                ));
                Vec::new()
            }
            written::OneOrMany::Many(texts) => place.each_once(texts, RepoPattern::read),
        };
        let ship = written.ship.map(|ship| match ship {
            written::Ship::Train => Ship::Train,
            written::Ship::Continuous => Ship::Continuous,
        });
        let change_is_pull_request = match written.change {
            Some(written::Change::PullRequest) => true,
            Some(written::Change::Issue) => false,
            None => ship == Some(Ship::Continuous),
        };
        Self { patterns, mode: written.mode.map(Mode::from), ship, change_is_pull_request }
    }
}

pub(super) fn check(place: &Place<'_>, written: &[written::Repository]) -> Vec<RepositoryRule> {
    let mut rules: Vec<RepositoryRule> = Vec::new();
    for (index, entry) in written.iter().enumerate() {
        let rule = RepositoryRule::check(&place.item(index), entry);
        refuse_hidden(&place.item(index).key("match"), &rule, &rules);
        rules.push(rule);
    }
    rules
}

/// First match wins, so what follows a pattern that takes everything, or the same one, is never reached.
fn refuse_hidden(place: &Place<'_>, rule: &RepositoryRule, earlier: &[RepositoryRule]) {
    for pattern in &rule.patterns {
        let hides = |other: &RepoPattern| other.to_string() == "*" || other == pattern;
        if earlier.iter().flat_map(|rule| &rule.patterns).any(hides) {
            let what = format!("names `{pattern}`, which an entry above has taken already");
            place.refuse(Refusal::new(
                what,
                "the first entry that matches counts; put this one above it, or remove it",
            ));
        }
    }
}

/// A part of a monorepo with a deployed state of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Component {
    pub paths: Vec<PathPattern>,
    /// The GitHub environment in which it runs.
    pub environment: String,
}

pub(super) type Components = BTreeMap<RepoName, BTreeMap<String, Component>>;

pub(super) fn check_components(
    place: &Place<'_>,
    written: &BTreeMap<String, BTreeMap<String, written::Component>>,
    environments: &BTreeMap<String, Environment>,
) -> Components {
    let mut all = Components::new();
    for (repo, parts) in written {
        let place_of = place.key(repo);
        let part = |(name, part): (&String, &written::Component)| {
            let component = check_component(&place_of.key(name), part, environments);
            Some((place_of.name(name).take(plain_name(name))?, component?))
        };
        let parts: BTreeMap<String, Component> = parts.iter().filter_map(part).collect();
        let Some(name) = place.name(repo).take(repository(repo)) else { continue };
        if all.insert(name, parts).is_some() {
            place
                .name(repo)
                .refuse(Refusal::new("stands here a second time in other letters", "keep one of them"));
        }
    }
    all
}

fn check_component(
    place: &Place<'_>,
    written: &written::Component,
    environments: &BTreeMap<String, Environment>,
) -> Option<Component> {
    let paths = place.key("paths").each_once(&written.paths, PathPattern::read);
    if written.paths.is_empty() {
        place.key("paths").refuse(Refusal::new(
            "is an empty list",
            "a component without files is never deployed; name its paths or remove it",
        ));
    }
    let place = place.key("environment");
    place.take(EnvironmentPattern::read(&written.environment))?;
    if written.environment.contains('*') {
        place.refuse(Refusal::of(
            &written.environment,
            "a component runs in one environment; write its whole name",
        ));
    } else if !environments.is_empty()
        && !environments.values().any(|known| known.covers(&written.environment))
    {
        place.refuse(Refusal::of(&written.environment, "no section of `environments` has this name among its `names`; add it there, or no rule would guard it"));
    }
    Some(Component { paths, environment: written.environment.clone() })
}
