//! Repositories whose files say which images run.

use super::effective::EffectivePolicy;
use super::environments::Environment;
use super::error::Refusal;
use super::names::{EnvironmentPattern, PathPattern, repository};
use super::place::Place;
use super::promotion::plain;
use super::whole::Policy;
use super::written;
use crate::domain::ids::RepoName;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A repository whose files say which images run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GitOps {
    pub repository: RepoName,
    /// Its files that say it.
    pub paths: Vec<PathPattern>,
    /// The images, as the files write them without a tag, each with the repository that it is built from.
    pub images: BTreeMap<String, RepoName>,
    /// The environment that they run in.
    pub environment: String,
    /// Whether what nobody has signed counts.
    #[serde(skip_serializing_if = "Label::is_ignored")]
    pub label: Label,
}

/// What a label counts for that says which commit an image was built from: whoever builds the image writes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Label {
    /// Nothing.
    #[default]
    Ignored,
    /// For what it says, where no attestation says anything.
    Accepted,
}

impl Label {
    // `serde` gives a reference.
    fn is_ignored(&self) -> bool {
        *self == Self::Ignored
    }
}

impl From<written::Label> for Label {
    fn from(label: written::Label) -> Self {
        match label {
            written::Label::Ignored => Self::Ignored,
            written::Label::Accepted => Self::Accepted,
        }
    }
}

impl GitOps {
    /// Whether a file says which images run.
    #[must_use]
    pub fn covers(&self, path: &str) -> bool {
        self.paths.iter().any(|pattern| pattern.matches(path))
    }

    pub(super) fn in_words(&self) -> String {
        let paths: Vec<String> = self.paths.iter().map(ToString::to_string).collect();
        let images: Vec<String> =
            self.images.iter().map(|(image, source)| format!("{image} from {source}")).collect();
        let Self { repository, environment, label, .. } = self;
        let label = match label {
            Label::Ignored => "",
            Label::Accepted => "; where nothing is signed, by what their labels say",
        };
        format!(
            "images in {repository} ({}) run in {environment}: {}{label}",
            paths.join(", "),
            images.join(", ")
        )
    }

    fn check(
        place: &Place<'_>,
        written: &written::GitOps,
        environments: &BTreeMap<String, Environment>,
    ) -> Option<Self> {
        let repository = place.key("repository").take(repository(&written.repository));
        if written.paths.is_empty() {
            place
                .key("paths")
                .refuse(Refusal::new("is an empty list", "nothing would ever be promoted; name some files"));
        }
        let paths = place.key("paths").each_once(&written.paths, PathPattern::read);
        let images = images(&place.key("images"), &written.images, repository.as_ref());
        let environment = environment(place, written.environment.as_deref(), environments);
        let label = written.label.map(Label::from).unwrap_or_default();
        Some(Self { repository: repository?, paths, images, environment: environment?, label })
    }
}

fn images(
    place: &Place<'_>,
    written: &BTreeMap<String, String>,
    deploy: Option<&RepoName>,
) -> BTreeMap<String, RepoName> {
    if written.is_empty() {
        place.refuse(Refusal::new(
            "is empty",
            "name each image with the repository that it is built from, like ghcr.io/acme/web: acme/web",
        ));
    }
    let mut images = BTreeMap::new();
    for (image, source) in written {
        if !is_image(image) {
            place.name(image).refuse(Refusal::new(
                "is no name of an image",
                "write it as the files do, in small letters and without a tag or a digest, like ghcr.io/acme/web",
            ));
        }
        let Some(name) = place.key(image).take(repository(source)) else { continue };
        if deploy.is_some_and(|deploy| deploy.owner() != name.owner()) {
            place.key(image).refuse(Refusal::of(
                source,
                "an image is built in the account of the repository that is synced; name a repository there",
            ));
        }
        images.insert(image.clone(), name);
    }
    images
}

/// Without a tag or a digest: a colon stands before a port only.
fn is_image(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-/:".contains(c);
    let last = text.rsplit('/').next().unwrap_or_default();
    (1..=255).contains(&text.len()) && text.chars().all(plain) && !last.is_empty() && !last.contains(':')
}

fn environment(
    place: &Place<'_>,
    written: Option<&str>,
    environments: &BTreeMap<String, Environment>,
) -> Option<String> {
    let Some(name) = written else {
        let mut all = environments.values();
        let only = all.next().filter(|_| all.next().is_none());
        let only = only.and_then(|section| plain(&section.names));
        if only.is_none() {
            place.refuse(Refusal::new(
                "does not say where the images run",
                "`environments` does not have just one, named without a star; add `environment: NAME`",
            ));
        }
        return only;
    };
    let place = place.key("environment");
    place.take(EnvironmentPattern::read(name))?;
    let is_ruled = environments.values().any(|section| section.covers(name));
    if name.contains('*') || !is_ruled {
        place.refuse(Refusal::of(
            name,
            "write the whole name of an environment that a section of `environments` has among its `names`",
        ));
        return None;
    }
    Some(name.to_owned())
}

pub(super) fn check(
    place: &Place<'_>,
    written: &written::GitOpsEntries,
    environments: &BTreeMap<String, Environment>,
) -> Vec<GitOps> {
    match written {
        written::GitOpsEntries::One(one) => GitOps::check(place, one, environments).into_iter().collect(),
        written::GitOpsEntries::Many(all) => {
            let entries = all.iter().enumerate();
            entries.filter_map(|(index, one)| GitOps::check(&place.item(index), one, environments)).collect()
        }
    }
}

impl Policy {
    /// What is said of the images in a repository.
    pub fn gitops_in(&self, name: &RepoName) -> impl Iterator<Item = &GitOps> {
        self.gitops().iter().filter(move |entry| entry.repository == *name)
    }
}

impl EffectivePolicy {
    /// Whether the label of an image counts that files of a repository name, and that runs in an environment: every entry that says
    /// what it is built from must accept it.
    #[must_use]
    pub fn accepts_label(&self, name: &RepoName, environment: &str, image: &str) -> bool {
        let says = |entry: &&GitOps| entry.environment == environment && entry.images.contains_key(image);
        let mut entries = self.base().gitops_in(name).filter(says).peekable();
        entries.peek().is_some() && entries.all(|entry| entry.label == Label::Accepted)
    }

    /// The environments in which images run that one of these files of a repository names; `None`: it may be any file.
    #[must_use]
    pub fn synced_by(&self, name: &RepoName, files: Option<&[&str]>) -> BTreeSet<String> {
        let touches = |entry: &&GitOps| files.is_none_or(|files| files.iter().any(|file| entry.covers(file)));
        self.base().gitops_in(name).filter(touches).map(|entry| entry.environment.clone()).collect()
    }
}
