//! A job outside GitHub, by a token of an issuer that policy names.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Proof, Wanted};
use crate::domain::{
    ids::{RepoId, RepoName},
    policy::{Asked, Expected, IssuerRule},
};

/// By what a token of another issuer is proved. Who may name their own keys for somebody else's issuer could write any
/// token of it: so a token counts only for rules that name all three alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    pub issuer: String,
    pub audience: String,
    /// Where its keys are, where they were not discovered.
    pub keys: Option<String>,
}

impl Source {
    /// By what this rule wants tokens proved, on a server of this address.
    #[must_use]
    pub fn of(rule: &IssuerRule, server: &str) -> Self {
        Self {
            issuer: rule.issuer.clone(),
            audience: rule.audience.clone().unwrap_or_else(|| server.to_owned()),
            keys: rule.keys.clone(),
        }
    }

    /// Whether this rule wants tokens proved so. An audience that the rule leaves out was compared with the server's address
    /// when the token was proved.
    fn is_of(&self, rule: &IssuerRule) -> bool {
        self.issuer == rule.issuer
            && self.keys == rule.keys
            && rule.audience.as_ref().is_none_or(|audience| *audience == self.audience)
    }
}

/// The job that asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outsider {
    pub source: Source,
    pub repository: RepoId,
    /// The claims that are texts.
    pub claims: BTreeMap<String, String>,
    pub proof: Proof,
}

impl Outsider {
    /// The claims of a proved token that can be compared: those that are texts.
    #[must_use]
    pub fn texts(claims: &Map<String, Value>) -> BTreeMap<String, String> {
        let text = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
        claims.iter().filter_map(text).collect()
    }

    /// Whether this rule lets it ask for that.
    pub(super) fn may(&self, rule: &IssuerRule, wanted: &Wanted) -> bool {
        let is_there = rule.environments.is_empty()
            || rule.environments.iter().any(|pattern| pattern.matches(&wanted.environment));
        let says = |(claim, expected): (&String, &Expected)| {
            self.claims.get(claim).is_some_and(|text| is_as_expected(text, expected, wanted))
        };
        self.source.is_of(rule)
            && rule.repository == wanted.name
            && is_there
            && !rule.when.is_empty()
            && rule.when.iter().all(says)
    }
}

/// Whether this rule may be meant by a token with these claims, before it is known what it asks for.
#[must_use]
pub fn may_mean(rule: &IssuerRule, name: &RepoName, claims: &BTreeMap<String, String>) -> bool {
    let says = |(claim, expected): (&String, &Expected)| match expected {
        Expected::Text(text) => claims.get(claim) == Some(text),
        Expected::Asked(_) => claims.contains_key(claim),
    };
    rule.repository == *name && !rule.when.is_empty() && rule.when.iter().all(says)
}

fn is_as_expected(text: &str, expected: &Expected, wanted: &Wanted) -> bool {
    match expected {
        Expected::Text(expected) => text == expected,
        Expected::Asked(Asked::Environment) => text.eq_ignore_ascii_case(&wanted.environment),
        Expected::Asked(Asked::Sha) => text == wanted.sha.as_str(),
        Expected::Asked(Asked::Ref) => wanted.reference.as_deref() == Some(text),
        Expected::Asked(Asked::Run) => text == wanted.run,
    }
}
