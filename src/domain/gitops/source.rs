//! Which commit of its repository an image was built from.

use std::collections::BTreeSet;

use super::{
    super::{
        facts::{Fact, ImageLabels, Inquiry},
        finding::{Finding, Outcome, code},
        ids::{RepoId, RepoName, Sha},
    },
    Version,
};

/// What an image was built from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    pub commit: Sha,
    /// The tag of the repository that says it.
    pub tag: Option<String>,
    /// A label of the image says it, and nobody has signed that.
    pub by_label: bool,
}

/// A version of an image, and what is known of it beforehand.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    pub image: &'a str,
    pub version: &'a Version,
    /// GitHub for people, where the policy accepts what the labels of this image say.
    pub labels: Option<&'a str>,
}

/// Why that cannot be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    code: &'static str,
    outcome: Outcome,
    sentence: String,
    cure: String,
}

/// The labels that say it (<https://github.com/opencontainers/image-spec/blob/main/annotations.md>).
const REVISION: &str = "org.opencontainers.image.revision";
const SOURCE: &str = "org.opencontainers.image.source";

const ATTEST: &str =
    "let the workflow that builds it attest its provenance (`actions/attest-build-provenance`)";

const WRITE: &str =
    "name the image by its digest, or by a tag that is the whole hash of the commit that it was built from";

impl Why {
    fn fail(code: &'static str, sentence: String) -> Self {
        Self { code, outcome: Outcome::Fail, sentence, cure: WRITE.into() }
    }

    fn unread(why: &str) -> Self {
        let sentence = format!("What it was built from could not be read: {}.", why.trim_end_matches('.'));
        let cure = "it is read again by itself".into();
        Self { code: "image_unread", outcome: Outcome::Unknown, sentence, cure }
    }

    fn unsigned(image: &str, digest: &str, name: &RepoName) -> Self {
        let sentence = format!(
            "No workflow of {name} has signed what {} with the digest {} was built from.",
            code(image),
            code(digest)
        );
        let cure = format!(
            "{ATTEST}, or name the image by a tag that is the whole hash of its commit; or let the policy accept what its label says (`gitops.label`)"
        );
        Self { cure, ..Self::fail("image_without_provenance", sentence) }
    }

    fn untrusted(image: &str, digest: &str) -> Self {
        let sentence = format!(
            "What {} with the digest {} was built from is not known: this server trusts no attestations.",
            code(image),
            code(digest)
        );
        let cure = "whoever runs the server sets `CHANGEGATE_TRUSTED_ROOT_FILE` to a file that `gh attestation trusted-root` wrote; or name the image by a tag that is the whole hash of its commit".into();
        Self { code: "image_unread", outcome: Outcome::Unknown, sentence, cure }
    }

    fn label_unread(image: &str, why: &str) -> Self {
        let sentence =
            format!("The label of {} could not be read: {}.", code(image), why.trim_end_matches('.'));
        let cure = "it is read again by itself; whoever runs the server says which registries may be asked (`CHANGEGATE_REGISTRY_HOSTS`), as whom (`CHANGEGATE_REGISTRY_LOGIN_FILE`), and whether in private networks (`CHANGEGATE_REGISTRY_PRIVATE`)".into();
        Self { code: "image_label_unread", outcome: Outcome::Unknown, sentence, cure }
    }

    /// As it is shown.
    #[must_use]
    pub fn finding(self, image: &str) -> Finding {
        Finding::new(self.code, self.outcome, "what the image was built from is known", self.sentence)
            .headline(format!("what {} was built from is not known", code(image)))
            .cure(self.cure)
    }

    /// The sentence.
    #[must_use]
    pub fn sentence(&self) -> &str {
        &self.sentence
    }

    /// Whether it is not known, and may be found out later.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.outcome == Outcome::Unknown
    }
}

impl Built {
    const fn from(commit: Sha) -> Self {
        Self { commit, tag: None, by_label: false }
    }
}

/// The commit of `repo` that a version of an image was built from. `None`: something must be found out first.
pub fn resolve(
    named: Named<'_>,
    (repo, name): (RepoId, &RepoName),
    inquiry: &mut Inquiry<'_>,
) -> Option<Result<Built, Why>> {
    let Named { image, version, .. } = named;
    let image = code(image);
    if version.odd {
        let sentence = format!("The version of {image} is written as something else than a text.");
        return Some(Err(Why {
            cure: "put it in quotes".into(),
            ..Why::fail("image_version_odd", sentence)
        }));
    }
    if let Some(digest) = &version.digest {
        return by_digest(named, digest, (repo, name), inquiry);
    }
    let Some(tag) = &version.tag else {
        let sentence = format!("{image} is named without a version, which is whatever was pushed last.");
        return Some(Err(Why::fail("image_without_version", sentence)));
    };
    if let Some(commit) = whole_hash(tag) {
        return there(commit, (repo, name), inquiry);
    }
    tagged((&image, tag), (repo, name), inquiry)
}

/// Where the repository has such a commit.
fn there(
    commit: Sha,
    (repo, name): (RepoId, &RepoName),
    inquiry: &mut Inquiry<'_>,
) -> Option<Result<Built, Why>> {
    Some(match inquiry.compare(repo, &commit, &commit)? {
        Fact::Known(Some(_), _) => Ok(Built::from(commit)),
        Fact::Known(None, _) => {
            let sentence = format!("{name} has no commit {}.", code(commit.as_str()));
            Err(Why::fail("image_commit_unknown", sentence))
        }
        Fact::Unknown(why) => Err(Why::unread(&why)),
    })
}

/// By a tag of the repository with the same name, where that can neither be moved nor deleted.
fn tagged(
    (image, tag): (&str, &str),
    (repo, name): (RepoId, &RepoName),
    inquiry: &mut Inquiry<'_>,
) -> Option<Result<Built, Why>> {
    let (found, kept) =
        (inquiry.reference(repo, &format!("refs/tags/{tag}")), inquiry.tag_is_kept(repo, tag));
    let (found, kept) = match (found?, kept?) {
        (Fact::Known(found, _), Fact::Known(kept, _)) => (found.tag.clone(), kept),
        (Fact::Unknown(why), _) | (_, Fact::Unknown(why)) => return Some(Err(Why::unread(&why))),
    };
    if let Some(commit) = found.filter(|_| kept) {
        return Some(Ok(Built { tag: Some(tag.to_owned()), ..Built::from(commit) }));
    }
    let tag = code(tag);
    let sentence =
        format!("{tag} of {image} may be moved to anything: {name} has no tag {tag} that is protected.");
    let cure = format!("{WRITE}; or let a ruleset of {name} keep that tag from being updated and deleted");
    Some(Err(Why { cure, ..Why::fail("image_tag_moves", sentence) }))
}

/// By what a workflow of the repository has signed, or else by a label.
fn by_digest(
    Named { image, labels, .. }: Named<'_>,
    digest: &str,
    (repo, name): (RepoId, &RepoName),
    inquiry: &mut Inquiry<'_>,
) -> Option<Result<Built, Why>> {
    let is_whole = digest.strip_prefix("sha256:").is_some_and(|hash| {
        hash.len() == 64 && hash.bytes().all(|it| it.is_ascii_digit() || (b'a'..=b'f').contains(&it))
    });
    if !is_whole {
        let sentence = format!("{} of {} is no SHA-256 digest.", code(digest), code(image));
        return Some(Err(Why::fail("image_version_odd", sentence)));
    }
    let unsigned = match inquiry.provenance(repo, digest)? {
        Fact::Known(Some([commit]), _) => return Some(Ok(Built::from(commit.clone()))),
        Fact::Known(Some([]), _) => Why::unsigned(image, digest, name),
        Fact::Known(None, _) => Why::untrusted(image, digest),
        Fact::Known(Some(_), _) => {
            let sentence =
                format!("{} with the digest {} was built from several commits.", code(image), code(digest));
            return Some(Err(Why::fail("image_provenance_ambiguous", sentence)));
        }
        Fact::Unknown(why) => return Some(Err(Why::unread(&why))),
    };
    match labels {
        Some(web_url) => labelled((image, digest, web_url), (repo, name), inquiry),
        None => Some(Err(unsigned)),
    }
}

/// By what every label of the image says.
fn labelled(
    (image, digest, web_url): (&str, &str, &str),
    (repo, name): (RepoId, &RepoName),
    inquiry: &mut Inquiry<'_>,
) -> Option<Result<Built, Why>> {
    let found = match inquiry.image_labels(image, digest)? {
        Fact::Known(found, _) => found,
        Fact::Unknown(why) => return Some(Err(Why::label_unread(image, &why))),
    };
    let commit = match said(found, image, (name, web_url)) {
        Ok(commit) => commit,
        Err(why) => return Some(Err(why)),
    };
    let built = there(commit, (repo, name), inquiry)?;
    Some(built.map(|built| Built { by_label: true, ..built }))
}

/// The one commit of the repository that they all name.
fn said(found: &[ImageLabels], image: &str, (name, web_url): (&RepoName, &str)) -> Result<Sha, Why> {
    let mut sources = found.iter().filter_map(|labels| labels.source.as_deref());
    if let Some(source) = sources.find(|source| !is_of(source, name, web_url)) {
        let sentence = format!(
            "The label of {} says that it was built from {}, and not from {name}.",
            code(image),
            code(source)
        );
        let cure =
            format!("correct `gitops.images`, or let the build set `{SOURCE}` to the address of {name}");
        return Err(Why { cure, ..Why::fail("image_label_elsewhere", sentence) });
    }
    let revisions: BTreeSet<&str> =
        found.iter().map(|it| it.revision.as_deref().unwrap_or_default()).collect();
    let revision = match revisions.len() {
        0 => "",
        1 => revisions.first().copied().unwrap_or_default(),
        _ => {
            let sentence = format!(
                "By their labels, the images of {} for several platforms were not built from one commit.",
                code(image)
            );
            let cure = format!("let the build set `{REVISION}` of each to the same whole hash; or {ATTEST}");
            return Err(Why { cure, ..Why::fail("image_label_ambiguous", sentence) });
        }
    };
    let cure = format!("let the build set `{REVISION}` to the whole hash of the commit; or {ATTEST}");
    if revision.is_empty() {
        let sentence = format!(
            "No workflow of {name} has signed what {} was built from, and no label says it.",
            code(image)
        );
        return Err(Why { cure, ..Why::fail("image_without_label", sentence) });
    }
    revision.parse().map_err(|_| {
        let sentence = format!(
            "The label of {} names {}, which is no whole hash of a commit.",
            code(image),
            code(revision)
        );
        Why { cure, ..Why::fail("image_label_odd", sentence) }
    })
}

/// Whether an address, as builds write it, is that of a repository.
fn is_of(source: &str, name: &RepoName, web_url: &str) -> bool {
    let bare = |text: &str| {
        let (scheme, rest) =
            text.split_once("://").map_or((None, text), |(scheme, rest)| (Some(scheme), rest));
        let rest = rest.strip_prefix("git@").unwrap_or(rest);
        // `git@github.com:acme/web`; behind a scheme, a colon stands before a port.
        let rest = if scheme.is_none() { rest.replacen(':', "/", 1) } else { rest.to_owned() };
        let rest = rest.trim_end_matches('/');
        rest.strip_suffix(".git").unwrap_or(rest).to_ascii_lowercase()
    };
    bare(source) == bare(&format!("{web_url}/{name}"))
}

fn whole_hash(tag: &str) -> Option<Sha> {
    if tag.len() == 40 { tag.parse().ok() } else { None }
}
