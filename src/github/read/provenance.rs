//! What an image was built from, by the attestations that GitHub keeps of it.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use super::{Facts, Reader};
use crate::{
    domain::{
        facts::{Answer, Fact},
        ids::{RepoId, Sha},
    },
    github::auth::Scope,
};

/// More attestations of one digest than these are read by people.
const MOST: usize = 100;

#[derive(Deserialize)]
struct Listed {
    attestations: Vec<Attested>,
}

#[derive(Deserialize)]
struct Attested {
    #[serde(default)]
    bundle: Value,
}

impl Reader<'_> {
    /// The commits that verified attestations name; empty: none does.
    pub(super) async fn provenance(&self, repo: RepoId, digest: &str) -> Facts {
        let as_of = self.github.clock.now();
        let Some(trust) = &self.github.trust else { return Fact::Known(Answer::NoTrust, as_of) };
        let rest = format!("/attestations/{digest}?per_page={MOST}&predicate_type=provenance");
        let read = self.find::<Listed>(Scope::Attestations, repo, &rest).await;
        let commits = read.map(|found| {
            let found = found.map(|found| found.attestations).unwrap_or_default();
            let commits: BTreeSet<Sha> =
                found.iter().filter_map(|it| trust.commit(&it.bundle, digest, repo)).collect();
            Answer::Provenance(commits.into_iter().collect())
        });
        self.fact(commits, as_of)
    }
}
