//! The commits that a name stands for now. An annotated tag is an object of its own, which points at a commit, or at
//! another tag.

use serde::Deserialize;

use super::InRepository;
use crate::domain::{facts::ReferenceReading, ids::Sha};

const BRANCH: &str = "refs/heads/";
const TAG: &str = "refs/tags/";

/// A branch or a tag.
#[derive(Debug, Deserialize)]
pub(super) struct Pointer {
    target: Option<Target>,
}

/// What it points at: a commit, or a tag with what that points at.
#[derive(Debug, Deserialize)]
struct Target {
    #[serde(rename = "__typename")]
    kind: String,
    oid: Sha,
    target: Option<Box<Target>>,
}

impl Target {
    fn commit(self) -> Option<Sha> {
        match self.target {
            Some(inner) => inner.commit(),
            None => (self.kind == "Commit").then_some(self.oid),
        }
    }
}

/// The name of a branch and of a tag that `name` may mean.
pub(super) fn qualified(name: &str) -> (String, String) {
    let short = name.strip_prefix(BRANCH).or_else(|| name.strip_prefix(TAG)).unwrap_or(name);
    (format!("{BRANCH}{short}"), format!("{TAG}{short}"))
}

/// The commits of a branch and of a tag, as far as `name` may mean them.
pub(super) fn reading(name: &str, found: InRepository) -> Result<ReferenceReading, &'static str> {
    let peeled = |pointer: Option<Pointer>, other: &str| {
        let Some(pointer) = pointer.filter(|_| !name.starts_with(other)) else { return Ok(None) };
        let commit = pointer.target.and_then(Target::commit);
        commit.map(Some).ok_or("the name points at something else than a commit")
    };
    Ok(ReferenceReading { branch: peeled(found.branch, TAG)?, tag: peeled(found.tag, BRANCH)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_may_mean_a_branch_or_a_tag() {
        for (name, branch, tag) in [
            ("main", "refs/heads/main", "refs/tags/main"),
            ("release/1", "refs/heads/release/1", "refs/tags/release/1"),
            ("refs/heads/main", "refs/heads/main", "refs/tags/main"),
            ("refs/tags/v1", "refs/heads/v1", "refs/tags/v1"),
            ("refs/pull/3/merge", "refs/heads/refs/pull/3/merge", "refs/tags/refs/pull/3/merge"),
        ] {
            assert_eq!(qualified(name), (branch.into(), tag.into()), "{name}");
        }
    }
}
