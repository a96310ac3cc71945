//! Changes that are approved in advance, by what they touch and who writes them.

use super::error::{Refusal, nearest};
use super::names::{PathPattern, serialized_as_written, short_text};
use super::people::Signers;
use super::place::Place;
use super::rules::{self, Approvals, RequiredCheck};
use super::{dependency_files, written};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fmt;

/// A template: a change that fits it needs no other acceptance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StandardChange {
    pub name: String,
    /// Logins of which one wrote every commit; empty for anybody.
    pub authors: Vec<String>,
    /// The only files that it touches; empty for any.
    pub paths: Vec<Paths>,
    pub checks: Vec<RequiredCheck>,
    pub approvals: Approvals,
    /// After so many failed deployments it needs an ordinary acceptance again.
    pub suspend_after: Option<u16>,
}

/// Files of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Paths {
    /// Manifests and lock files, by a list that the program brings along: `$dependency-files`.
    DependencyFiles,
    Pattern(PathPattern),
}

const DEPENDENCY_FILES: &str = "$dependency-files";

/// Where whoever may write can change what runs with the project's rights, or the rules themselves.
const NEVER: [&str; 3] =
    [".github/workflows/ci.yml", ".github/actions/build/action.yml", ".github/changegate.yml"];

impl Paths {
    fn read(text: &str) -> Result<Self, Refusal> {
        if text.starts_with('$') {
            let cure = match nearest(text, [DEPENDENCY_FILES]) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("the only list of this kind is {DEPENDENCY_FILES}"),
            };
            return if text == DEPENDENCY_FILES {
                Ok(Self::DependencyFiles)
            } else {
                Err(Refusal::of(text, cure))
            };
        }
        let pattern = PathPattern::read(text)?;
        match NEVER.iter().find(|path| pattern.matches(path)) {
            Some(path) => Err(Refusal::of(
                text,
                format!(
                    "this covers {path}; workflows and the policy are never a standard change, so name folders or endings that leave them out"
                ),
            )),
            None => Ok(Self::Pattern(pattern)),
        }
    }
}

impl fmt::Display for Paths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DependencyFiles => f.write_str(DEPENDENCY_FILES),
            Self::Pattern(pattern) => pattern.fmt(f),
        }
    }
}

serialized_as_written!(Paths);

impl StandardChange {
    /// Whether a file may be touched. Workflows, actions and the policy never, whatever the patterns say.
    pub fn covers(&self, path: &str) -> bool {
        let runs = path.starts_with(".github/workflows/") || path.starts_with(".github/actions/");
        let fits = |paths: &Paths| match paths {
            Paths::DependencyFiles => dependency_files::is_one(path),
            Paths::Pattern(pattern) => pattern.matches(path),
        };
        !runs && path != super::PATH && self.paths.iter().any(fits)
    }

    /// A hash of all that it says.
    pub fn version(&self) -> String {
        let content = serde_json::to_string(self).unwrap_or_default();
        hex::encode(Sha256::digest(content))
    }

    fn check(place: &Place<'_>, written: &written::StandardChange, signers: &Signers) -> Option<Self> {
        let name = place.key("name").take(short_text(&written.name));
        if written.paths.is_empty() {
            place.refuse(Refusal::new(
                "has an entry without `paths`",
                "it would approve changes to anything in advance; name the files it may touch",
            ));
        }
        let checks = if written.checks.is_empty() {
            Vec::new()
        } else {
            rules::check_checks(&place.key("checks"), &written.checks)
        };
        let approvals = if written.approvals.is_empty() {
            Approvals::new()
        } else {
            rules::check_approvals(&place.key("approvals"), &written.approvals, signers)
        };
        Some(Self {
            name: name?,
            authors: place.key("authors").each_once(&written.authors, author),
            paths: place.key("paths").each_once(&written.paths, Paths::read),
            checks,
            approvals,
            suspend_after: place.maybe("suspend-after", written.suspend_after.as_ref(), failures),
        })
    }
}

fn author(text: &str) -> Result<String, Refusal> {
    let login = text.to_ascii_lowercase();
    if login == "github-actions[bot]" || login == "github-actions" {
        return Err(Refusal::of(text, "any workflow can be that author; use an App of your own"));
    }
    let bare = login.strip_suffix("[bot]").unwrap_or(&login);
    let good = !bare.is_empty()
        && bare.len() <= 100
        && bare.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if good { Ok(login) } else { Err(Refusal::of(text, "write a login, like dana or dependabot[bot]")) }
}

fn failures(text: &str) -> Result<u16, Refusal> {
    let number = text.strip_suffix(" failed deployments").or_else(|| text.strip_suffix(" failed deployment"));
    match number.map(str::parse) {
        Some(Ok(number @ 1..=100)) => Ok(number),
        Some(Ok(_) | Err(_)) | None => Err(Refusal::of(text, "write a number, like 1 failed deployment")),
    }
}

pub(super) fn check(
    place: &Place<'_>,
    written: &[written::StandardChange],
    signers: &Signers,
) -> Vec<StandardChange> {
    let mut all: Vec<StandardChange> = Vec::new();
    for (index, change) in written.iter().enumerate() {
        let place = place.item(index);
        let Some(change) = StandardChange::check(&place, change, signers) else { continue };
        if all.iter().any(|earlier| earlier.name.eq_ignore_ascii_case(&change.name)) {
            place.key("name").refuse(Refusal::of(
                &change.name,
                "another standard change has this name; rename one of them",
            ));
        }
        all.push(change);
    }
    all
}
