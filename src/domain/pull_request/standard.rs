//! Standard changes: templates of the policy that a pull request fits by who wrote it and by what it touches.
//!
//! A name in a commit is only a claim, which anybody can write there. It counts where a signature that GitHub has
//! verified vouches for it: the writer's own, or GitHub's for what it committed on somebody's behalf.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    super::{
        facts::{Fact, Inquiry},
        finding::code,
        ids::IssueRef,
        patch::Changes,
        policy::{EffectivePolicy, StandardChange},
    },
    PullRequest,
};

/// The files that a pull request touches.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Files {
    /// All of them; of a renamed file both paths.
    Whole(Vec<String>),
    /// There are more, or one was renamed from where we did not see.
    #[default]
    Part,
    /// More than GitHub shows.
    TooMany,
}

/// How the templates of the policy see a pull request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standard {
    /// The templates that it fits by its writers and its files, in the policy's order.
    pub fits: Vec<Fit>,
    /// Why it fits none, where somebody whom a template names opened it; as a sentence.
    pub why_not: Option<String>,
    /// Why that could not be found out, as a sentence.
    pub unknown: Option<String>,
}

/// A template that fits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fit {
    pub template: String,
    /// [`StandardChange::version`] of what was fitted.
    pub version: String,
}

/// The templates that count in the repository, tried one by one.
pub(super) fn find(
    pull_request: &mut PullRequest,
    policy: &EffectivePolicy,
    inquiry: &mut Inquiry<'_>,
) -> Standard {
    let mut standard = Standard::default();
    for template in policy.base().standard_changes() {
        match fits(pull_request, template, inquiry) {
            Ok(()) => {
                let (template, version) = (template.name.clone(), template.version());
                standard.fits.push(Fit { template, version });
            }
            Err(Misfit::Unknown(why)) => standard.unknown = Some(why),
            Err(Misfit::Because(why)) if is_meant(pull_request, template) => {
                let why = format!("It is no standard change “{}”: {why}.", template.name);
                standard.why_not.get_or_insert(why);
            }
            Err(Misfit::Because(_) | Misfit::Unanswered) => {}
        }
    }
    standard
}

/// Whether whoever opened it would expect the template to fit.
fn is_meant(pull_request: &PullRequest, template: &StandardChange) -> bool {
    let opened = pull_request.seen.author.as_ref();
    opened.is_some_and(|author| template.authors.contains(&author.login.to_ascii_lowercase()))
}

enum Misfit {
    Because(String),
    Unknown(String),
    Unanswered,
}

fn fits(
    pull_request: &mut PullRequest,
    template: &StandardChange,
    inquiry: &mut Inquiry<'_>,
) -> Result<(), Misfit> {
    let Some(read) = pull_request.read.as_ref().filter(|read| read.head == pull_request.seen.head) else {
        return Err(Misfit::Unanswered);
    };
    if let Some(commit) = read.unproven.first().filter(|_| !template.authors.is_empty()) {
        let short = commit.short();
        return Err(Misfit::Because(format!(
            "no signature that GitHub has verified says who wrote `{short}`"
        )));
    }
    let nameless = read.unattributed.iter().find(|commit| read.unproven.contains(commit));
    if let Some(commit) = nameless {
        return Err(Misfit::Because(format!("GitHub does not know who wrote `{}`", commit.short())));
    }
    if read.commits.is_empty() {
        return Err(Misfit::Because("it has no commits".into()));
    }
    let other = read.writers.iter().find(|writer| !template.authors.contains(writer));
    if let Some(writer) = other.filter(|_| !template.authors.is_empty()) {
        return Err(Misfit::Because(format!("{} wrote a part of it", code(writer))));
    }
    let at = pull_request.seen.at;
    let Some(read) = pull_request.read.as_mut() else { return Err(Misfit::Unanswered) };
    let paths = paths(at, &mut read.files, inquiry)?;
    match paths.iter().find(|path| !template.covers(path)) {
        Some(path) => Err(Misfit::Because(format!("{} is not among its files", code(path)))),
        None if paths.is_empty() => Err(Misfit::Because("it changes no file".into())),
        None => Ok(()),
    }
}

/// Every path that it touches. Where the reading did not show all, GitHub is asked once more.
fn paths<'a>(at: IssueRef, files: &'a mut Files, inquiry: &mut Inquiry<'_>) -> Result<&'a [String], Misfit> {
    if *files == Files::Part {
        *files = match inquiry.changes(at) {
            None => return Err(Misfit::Unanswered),
            Some(Fact::Unknown(why)) => return Err(Misfit::Unknown(why)),
            Some(Fact::Known(Some(changes), _)) if changes.complete => Files::Whole(all_paths(changes)),
            Some(Fact::Known(_, _)) => Files::TooMany,
        };
    }
    match files {
        Files::Whole(paths) => Ok(paths),
        Files::Part | Files::TooMany => {
            Err(Misfit::Because("it touches more files than GitHub shows".into()))
        }
    }
}

pub(super) fn all_paths(changes: &Changes) -> Vec<String> {
    let both = changes.files.iter().flat_map(|file| file.before.iter().chain([&file.path]));
    both.cloned().collect::<BTreeSet<_>>().into_iter().collect()
}
