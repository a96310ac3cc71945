//! Whether a tag can be moved or deleted: by the rulesets that are in force for it.

use serde::Deserialize;

use super::{Facts, Reader};
use crate::{
    domain::{facts::Answer, ids::RepoId},
    github::{auth::Scope, trouble::Trouble},
};

/// More rulesets than these are not looked through.
const MOST: usize = 30;

#[derive(Deserialize)]
struct Listed {
    id: u64,
    target: Option<String>,
    enforcement: String,
}

#[derive(Deserialize)]
struct Ruleset {
    conditions: Option<Conditions>,
    #[serde(default)]
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Conditions {
    ref_name: Option<Names>,
}

#[derive(Deserialize)]
struct Names {
    #[serde(default)]
    include: Vec<String>,
    #[serde(default)]
    exclude: Vec<String>,
}

#[derive(Deserialize)]
struct Rule {
    #[serde(rename = "type")]
    kind: String,
}

impl Reader<'_> {
    /// Whether rules keep it from being moved and from being deleted; whoever may pass by them may do both.
    pub(super) async fn tag_is_kept(&self, repo: RepoId, tag: &str) -> Facts {
        let as_of = self.github.clock.now();
        self.fact(self.read_tag_rules(repo, tag).await.map(Answer::TagIsKept), as_of)
    }

    async fn read_tag_rules(&self, repo: RepoId, tag: &str) -> Result<bool, Trouble> {
        let rest = "/rulesets?includes_parents=true&targets=tag&per_page=100";
        let listed = self.find::<Vec<Listed>>(Scope::Read, repo, rest).await?.unwrap_or_default();
        let counts = |it: &&Listed| it.enforcement == "active" && it.target.as_deref() == Some("tag");
        let (mut moves, mut deletes) = (false, false);
        for Listed { id, .. } in listed.iter().filter(counts).take(MOST) {
            let rest = format!("/rulesets/{id}?includes_parents=true");
            let ruleset: Ruleset = self.fetch(Scope::Read, repo, &rest).await?;
            let names = ruleset.conditions.and_then(|conditions| conditions.ref_name);
            if names.is_some_and(|names| names.cover(tag)) {
                moves |= ruleset.rules.iter().any(|rule| rule.kind == "update");
                deletes |= ruleset.rules.iter().any(|rule| rule.kind == "deletion");
            }
        }
        Ok(moves && deletes)
    }
}

impl Names {
    fn cover(&self, tag: &str) -> bool {
        let name = format!("refs/tags/{tag}");
        let fits = |pattern: &String| pattern == "~ALL" || fits(pattern, &name);
        // What is written in a way that is not known here includes nothing, and excludes everything.
        let unclear = |pattern: &String| pattern.contains(['?', '[', '{', '\\', '!']);
        self.include.iter().any(|it| !unclear(it) && fits(it))
            && !self.exclude.iter().any(|it| unclear(it) || fits(it))
    }
}

/// `*` stands for any letters but a slash, `**` for a folder of any depth.
fn fits(pattern: &str, name: &str) -> bool {
    match (pattern.split_once('/'), name.split_once('/')) {
        (Some(("**", rest)), Some((_, more))) => fits(rest, name) || fits(pattern, more),
        (Some(("**", rest)), None) => fits(rest, name),
        (Some((one, rest)), Some((part, more))) => fits_part(one, part) && fits(rest, more),
        (None, None) => fits_part(pattern, name),
        (None, Some(_)) => pattern == "**",
        (Some(_), None) => false,
    }
}

fn fits_part(pattern: &str, part: &str) -> bool {
    let Some((before, rest)) = pattern.split_once('*') else { return pattern == part };
    let Some(left) = part.strip_prefix(before) else { return false };
    (0..=left.len()).filter_map(|at| left.get(at..)).any(|tail| fits_part(rest, tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_cover_the_tags_that_their_patterns_name() {
        let names = |include: &[&str], exclude: &[&str]| {
            let owned = |patterns: &[&str]| patterns.iter().map(|it| (*it).to_owned()).collect();
            Names { include: owned(include), exclude: owned(exclude) }
        };
        for (include, exclude, tag, covered) in [
            (&["~ALL"][..], &[][..], "v1", true),
            (&["refs/tags/v*"], &[], "v1.2.3", true),
            (&["refs/tags/v*"], &[], "w1", false),
            (&["refs/tags/v*"], &[], "v1/x", false),
            (&["refs/tags/**"], &[], "v1/x", true),
            (&["refs/tags/**/x"], &[], "a/b/x", true),
            (&["refs/tags/v?"], &[], "v1", false),
            (&["~ALL"], &["refs/tags/v1*"], "v1.2", false),
            (&["~ALL"], &["refs/tags/w[0-9]"], "v1.2", false),
            (&[], &[], "v1", false),
            (&["refs/heads/*"], &[], "v1", false),
        ] {
            assert_eq!(names(include, exclude).cover(tag), covered, "{include:?} {exclude:?} {tag}");
        }
    }
}
