//! Where merging is deploying.

use super::effective::EffectivePolicy;
use super::environments::{Environment, Sources};
use super::error::Refusal;
use super::glob;
use super::names::{EnvironmentPattern, PathPattern};
use super::place::Place;
use super::trains::Train;
use super::written;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What is deployed by merging it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Promote {
    /// Pull requests into these branches.
    pub branches: Vec<PathPattern>,
    /// Pull requests into the default branch that touch one of these files.
    pub paths: Vec<PathPattern>,
    /// The environment that they go to.
    pub environment: String,
}

const DEVELOPED: &str = "a branch on which pull requests are developed is never a promotion branch, even if production deploys from it; name the branch that is merged into only to deploy, or remove it";

impl Promote {
    /// Whether what is on this branch was promoted there.
    #[must_use]
    pub fn holds(&self, branch: &str, default_branch: Option<&str>) -> bool {
        if default_branch == Some(branch) {
            !self.paths.is_empty()
        } else {
            self.branches.iter().any(|pattern| pattern.matches(branch))
        }
    }

    pub(super) fn check(
        place: &Place<'_>,
        written: &written::Promote,
        (names, from): (&[EnvironmentPattern], Option<&Sources>),
    ) -> Option<Self> {
        if written.branches.is_empty() && written.paths.is_empty() {
            place.refuse(Refusal::new(
                "names no branch and no path",
                "nothing would ever be promoted; name some, or remove the key",
            ));
        }
        let branches = place.key("branches").each_once(&written.branches, PathPattern::read);
        let paths = place.key("paths").each_once(&written.paths, PathPattern::read);
        let Some(environment) = plain(names) else {
            place.refuse(Refusal::new(
                "goes to no environment",
                "every name of the section has a star; write one without it among its `names`",
            ));
            return None;
        };
        refuse_developed(&place.key("branches"), &branches, from);
        Some(Self { branches, paths, environment })
    }
}

/// The first that is written without a star.
pub(super) fn plain(names: &[EnvironmentPattern]) -> Option<String> {
    names.iter().map(ToString::to_string).find(|name| !name.contains('*'))
}

/// The default branch, and whatever else `from` lets deploy without naming it here.
fn refuse_developed(place: &Place<'_>, branches: &[PathPattern], from: Option<&Sources>) {
    for branch in branches {
        let text = branch.to_string();
        if matches!(text.as_str(), "default" | "*" | "**") {
            let what = if text == "default" {
                "is the default branch".to_owned()
            } else {
                format!("takes `{text}`, every branch")
            };
            place.refuse(Refusal::new(what, DEVELOPED));
        }
        let others = from.into_iter().flat_map(|from| &from.branches).filter(|other| *other != branch);
        if let Some(other) = others.map(ToString::to_string).find(|other| meet(&text, other)) {
            let what = format!(
                "covers `{text}`, and `from.branches` has `{other}` for branches on which pull requests are developed"
            );
            place.refuse(Refusal::new(what, DEVELOPED));
        }
    }
}

/// A release is made on the branch that holds it.
pub(super) fn check_trains(
    place: &Place<'_>,
    environments: &BTreeMap<String, Environment>,
    trains: &BTreeMap<String, Train>,
) {
    for (name, environment) in environments {
        let branches = environment.promote.iter().flat_map(|promote| &promote.branches);
        for branch in branches.map(ToString::to_string) {
            let own = |train: &Train| train.branch_of("*").filter(|own| meet(own, &branch));
            if let Some((train, own)) = trains.iter().find_map(|(name, train)| Some((name, own(train)?))) {
                let what =
                    format!("covers `{branch}`, and `trains.{train}.candidate` makes releases on `{own}`");
                place.key(name).key("promote").key("branches").refuse(Refusal::new(what, DEVELOPED));
            }
        }
    }
}

/// Whether one branch may fit both patterns.
fn meet(one: &str, other: &str) -> bool {
    glob::fits(one, other) || glob::fits(other, one) || glob::overlap(one, other)
}

impl EffectivePolicy {
    fn promotes(&self) -> impl Iterator<Item = &Promote> {
        self.parts()
            .flat_map(|part| part.environments().values())
            .filter_map(|section| section.promote.as_ref())
    }

    /// Whether anything is deployed by being merged.
    #[must_use]
    pub fn promotes_anything(&self) -> bool {
        self.promotes().next().is_some()
    }

    /// The environments to which a pull request into this branch goes by being merged.
    #[must_use]
    pub fn promoted_into(&self, branch: &str, default_branch: Option<&str>) -> BTreeSet<String> {
        if default_branch == Some(branch) {
            return BTreeSet::new();
        }
        let holds = |promote: &&Promote| promote.holds(branch, default_branch);
        self.promotes().filter(holds).map(|promote| promote.environment.clone()).collect()
    }

    /// The environments that may be deployed from a tag: of each section the first that is written without a star.
    #[must_use]
    pub fn takes_tag(&self, tag: &str) -> BTreeSet<String> {
        let takes = |from: &Sources| from.tags.iter().any(|pattern| pattern.matches(tag));
        let sections = self.parts().flat_map(|part| part.environments().values());
        let sections = sections.filter(|section| section.from.as_ref().is_some_and(takes));
        sections.filter_map(|section| plain(&section.names)).collect()
    }

    /// Whether a pull request into the default branch goes anywhere by what it touches.
    #[must_use]
    pub fn promotes_paths(&self) -> bool {
        self.promotes().any(|promote| !promote.paths.is_empty())
    }

    /// The environments to which a pull request into the default branch goes that touches these files; `None`: it may touch
    /// any.
    #[must_use]
    pub fn promoted_by(&self, files: Option<&[&str]>) -> BTreeSet<String> {
        let fits =
            |pattern: &PathPattern| files.is_none_or(|files| files.iter().any(|file| pattern.matches(file)));
        let touches = |promote: &&Promote| promote.paths.iter().any(fits);
        self.promotes().filter(touches).map(|promote| promote.environment.clone()).collect()
    }
}
