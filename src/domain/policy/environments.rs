//! What a deployment needs, by kind of environment.

use super::error::Refusal;
use super::lengths::{Length, Within};
use super::names::{EnvironmentPattern, PathPattern, plain_name};
use super::people::Signers;
use super::place::Place;
use super::promotion::Promote;
use super::resigning::{self, Resign};
use super::rules::{self, Rule};
use super::windows::Window;
use super::written;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a deployment into the environments of one kind needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Environment {
    /// The GitHub environments of this kind.
    pub names: Vec<EnvironmentPattern>,
    /// Where a deployment may come from; `None` leaves it open.
    pub from: Option<Sources>,
    /// Where merging is deploying.
    pub promote: Option<Promote>,
    /// When production may change; empty means always.
    pub window: Vec<Window>,
    pub finish_within: Option<Length>,
    /// Rules for every deployment.
    pub require: Vec<Rule>,
    /// Rules for a release, beside `require`.
    pub train: Vec<Rule>,
    /// Rules for each pull request that ships continuously, beside `require`.
    pub continuous: Vec<Rule>,
    /// Rules from a risk upwards, beside the others.
    pub when: Vec<When>,
    /// The groups that sign a release one after the other; the others at any time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub order: Vec<String>,
    /// Who signs a release again after it changed; `None`: everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resign: Option<Resign>,
    /// `None`: there are no emergencies here.
    pub emergency: Option<Emergency>,
    pub rollback_allowed: bool,
    /// What runs there is delivered to whoever asked for it.
    #[serde(skip_serializing_if = "is_so")]
    pub delivers: bool,
    /// Where those who deploy there ask.
    #[serde(skip_serializing_if = "Door::is_rule")]
    pub door: Door,
}

/// Where those who deploy to an environment ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Door {
    /// GitHub holds the job until we answer its protection rule.
    #[default]
    ProtectionRule,
    /// The pipeline asks at the gate, by the command or the API.
    Pipeline,
}

impl Door {
    /// As where nothing is said.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
    const fn is_rule(&self) -> bool {
        matches!(self, Self::ProtectionRule)
    }
}

/// Written down only where it is not so, so that what older programs fingerprinted stays the same.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
const fn is_so(it: &bool) -> bool {
    *it
}

/// Where a deployment may come from: these and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sources {
    /// `default` stands for the repository's default branch.
    pub branches: Vec<PathPattern>,
    pub tags: Vec<PathPattern>,
}

/// How much a change could break. The order is from low to high.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Risk {
    Low,
    Medium,
    High,
}

impl Risk {
    /// From low to high.
    pub const ALL: [Self; 3] = [Self::Low, Self::Medium, Self::High];

    /// As it stands in the policy, behind `risk/` in a label, and in the command.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    /// In any case.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|risk| risk.as_str().eq_ignore_ascii_case(text))
    }
}

impl From<written::Risk> for Risk {
    fn from(risk: written::Risk) -> Self {
        match risk {
            written::Risk::Low => Self::Low,
            written::Risk::Medium => Self::Medium,
            written::Risk::High => Self::High,
        }
    }
}

/// Rules for changes of at least this risk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct When {
    pub risk: Risk,
    pub require: Vec<Rule>,
}

/// What an emergency may do, and what is owed afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Emergency {
    pub lasts: Length,
    pub approved: Within,
    pub retrospective: Length,
}

impl Environment {
    /// The rules that come with what is of this risk, each with the risk from which on it counts.
    pub fn at_risk(&self, risk: Option<Risk>) -> impl Iterator<Item = (&Rule, Risk)> {
        let when = self.when.iter().filter(move |when| risk >= Some(when.risk));
        when.flat_map(|when| when.require.iter().map(|rule| (rule, when.risk)))
    }

    /// How a release is signed where all these rule: in which order, and who signs again.
    pub fn signing<'a>(sections: impl Iterator<Item = &'a Self> + Clone) -> (Vec<String>, Resign) {
        let order = resigning::in_turn(sections.clone().map(|section| &section.order));
        let mut resigns = sections.map(|section| section.resign.clone().unwrap_or_default());
        let first = resigns.next().unwrap_or_default();
        (order, resigns.fold(first, |all, resign| all.and(&resign)))
    }

    /// Is this GitHub environment of this kind?
    pub fn covers(&self, environment: &str) -> bool {
        self.names.iter().any(|name| name.matches(environment))
    }

    fn check(place: &Place<'_>, name: &str, written: &written::Environment, signers: &Signers) -> Self {
        let names = check_names(place, name, written.names.as_deref());
        let from = written.from.as_ref().map(|from| check_sources(&place.key("from"), from));
        let promote = written
            .promote
            .as_ref()
            .and_then(|promote| Promote::check(&place.key("promote"), promote, (&names, from.as_ref())));
        let environment = Self {
            names,
            from,
            promote,
            window: check_window(&place.key("window"), written.window.as_deref()),
            finish_within: place.maybe("finish-within", written.finish_within.as_ref(), Length::read),
            require: rules::check_all(&place.key("require"), &written.require, signers),
            train: rules::check_all(&place.key("train"), &written.train, signers),
            continuous: rules::check_all(&place.key("continuous"), &written.continuous, signers),
            when: check_when(&place.key("when"), &written.when, signers),
            order: resigning::names(&place.key("order"), &written.order, signers),
            resign: written.resign.as_ref().map(|own| resigning::check(&place.key("resign"), own, signers)),
            emergency: written
                .emergency
                .as_ref()
                .and_then(|own| check_emergency(&place.key("emergency"), own)),
            rollback_allowed: match written.rollback {
                Some(written::Rollback::Refused) => false,
                Some(written::Rollback::Allowed) | None => true,
            },
            delivers: written.delivers.unwrap_or(true),
            door: match written.door {
                Some(written::Door::Pipeline) => Door::Pipeline,
                Some(written::Door::ProtectionRule) | None => Door::ProtectionRule,
            },
        };
        environment.refuse_unfinished(place);
        rules::refuse_notices(&place.key("continuous"), &written.continuous);
        environment
    }

    /// A deployment that may last longer than every window could never start.
    fn refuse_unfinished(&self, place: &Place<'_>) {
        let longest = self.window.iter().map(|window| window.minutes()).max();
        let (Some(longest), Some(length)) = (longest, self.finish_within) else { return };
        if length.minutes().is_none_or(|minutes| minutes > u32::from(longest)) {
            place.key("finish-within").refuse(Refusal::new(
                format!("is `{length}`, longer than every window"),
                "no deployment could finish in time; shorten it or open a longer window",
            ));
        }
    }
}

fn check_names(place: &Place<'_>, name: &str, written: Option<&[String]>) -> Vec<EnvironmentPattern> {
    let Some(written) = written else {
        return place.take(EnvironmentPattern::read(name)).into_iter().collect();
    };
    if written.is_empty() {
        place.key("names").refuse(Refusal::new(
            "is an empty list",
            "rules for no environment guard nothing; name some, or remove the key",
        ));
    }
    place.key("names").each_once(written, EnvironmentPattern::read)
}

fn check_sources(place: &Place<'_>, written: &written::Sources) -> Sources {
    if written.branches.is_empty() && written.tags.is_empty() {
        place.refuse(Refusal::new(
            "allows no branch and no tag",
            "nothing could ever be deployed; name some, or remove the key",
        ));
    }
    Sources {
        branches: place.key("branches").each_once(&written.branches, PathPattern::read),
        tags: place.key("tags").each_once(&written.tags, PathPattern::read),
    }
}

fn check_window(place: &Place<'_>, written: Option<&[String]>) -> Vec<Window> {
    match written {
        None => Vec::new(),
        Some([]) => {
            place.refuse(Refusal::new(
                "is an empty list",
                "nothing could ever be deployed; open a window, or remove the key",
            ));
            Vec::new()
        }
        Some(texts) => place.each_once(texts, Window::read),
    }
}

fn check_when(place: &Place<'_>, written: &[written::When], signers: &Signers) -> Vec<When> {
    let when = |(index, when): (usize, &written::When)| {
        let place = place.item(index).key("require");
        if when.require.is_empty() {
            place.refuse(Refusal::new(
                "is an empty list",
                "write the rules for this risk, or remove the entry",
            ));
        }
        When { risk: when.risk.into(), require: rules::check_all(&place, &when.require, signers) }
    };
    written.iter().enumerate().map(when).collect()
}

fn check_emergency(place: &Place<'_>, written: &written::Emergency) -> Option<Emergency> {
    let lasts = place.key("lasts").take(Length::read(&written.lasts));
    let approved = place.key("approved").take(Within::read(&written.approved));
    let retrospective = place.key("retrospective").take(Length::read(&written.retrospective));
    Some(Emergency { lasts: lasts?, approved: approved?, retrospective: retrospective? })
}

pub(super) fn check(
    place: &Place<'_>,
    written: &BTreeMap<String, written::Environment>,
    signers: &Signers,
) -> BTreeMap<String, Environment> {
    let mut all: BTreeMap<String, Environment> = BTreeMap::new();
    for (name, environment) in written {
        let environment = Environment::check(&place.key(name), name, environment, signers);
        let overlapping = all.iter().find_map(|(other, earlier)| {
            let shared =
                environment.names.iter().find(|own| earlier.names.iter().any(|name| own.overlaps(name)))?;
            Some((other, shared))
        });
        if let Some((other, shared)) = overlapping {
            place.key(name).key("names").refuse(Refusal::new(
                format!("covers `{shared}`, which `environments.{other}` covers too"),
                "each environment belongs to one section; name it in one of them",
            ));
        }
        if place.name(name).take(plain_name(name)).is_some() {
            all.insert(name.clone(), environment);
        }
    }
    all
}
