//! Which commit of its repository an image was built from.

use super::{
    super::{
        facts::{Fact, Inquiry},
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
}

/// Why that cannot be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    code: &'static str,
    outcome: Outcome,
    sentence: String,
    cure: String,
}

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

/// The commit of `repo` that a version of an image was built from. `None`: something must be found out first.
pub fn resolve(
    (image, version): (&str, &Version),
    (repo, name): (RepoId, &RepoName),
    inquiry: &mut Inquiry<'_>,
) -> Option<Result<Built, Why>> {
    let image = code(image);
    if version.odd {
        let sentence = format!("The version of {image} is written as something else than a text.");
        return Some(Err(Why {
            cure: "put it in quotes".into(),
            ..Why::fail("image_version_odd", sentence)
        }));
    }
    if let Some(digest) = &version.digest {
        return attested((&image, digest), (repo, name), inquiry);
    }
    let Some(tag) = &version.tag else {
        let sentence = format!("{image} is named without a version, which is whatever was pushed last.");
        return Some(Err(Why::fail("image_without_version", sentence)));
    };
    if let Some(commit) = whole_hash(tag) {
        return Some(match inquiry.compare(repo, &commit, &commit)? {
            Fact::Known(Some(_), _) => Ok(Built { commit, tag: None }),
            Fact::Known(None, _) => {
                let sentence = format!("{name} has no commit {}.", code(commit.as_str()));
                Err(Why::fail("image_commit_unknown", sentence))
            }
            Fact::Unknown(why) => Err(Why::unread(&why)),
        });
    }
    tagged((&image, tag), (repo, name), inquiry)
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
        return Some(Ok(Built { commit, tag: Some(tag.to_owned()) }));
    }
    let tag = code(tag);
    let sentence =
        format!("{tag} of {image} may be moved to anything: {name} has no tag {tag} that is protected.");
    let cure = format!("{WRITE}; or let a ruleset of {name} keep that tag from being updated and deleted");
    Some(Err(Why { cure, ..Why::fail("image_tag_moves", sentence) }))
}

/// By what a workflow of the repository has signed.
fn attested(
    (image, digest): (&str, &str),
    (repo, name): (RepoId, &RepoName),
    inquiry: &mut Inquiry<'_>,
) -> Option<Result<Built, Why>> {
    let is_whole = digest.strip_prefix("sha256:").is_some_and(|hash| {
        hash.len() == 64 && hash.bytes().all(|it| it.is_ascii_digit() || (b'a'..=b'f').contains(&it))
    });
    if !is_whole {
        let sentence = format!("{} of {image} is no SHA-256 digest.", code(digest));
        return Some(Err(Why::fail("image_version_odd", sentence)));
    }
    Some(match inquiry.provenance(repo, digest)? {
        Fact::Known([commit], _) => Ok(Built { commit: commit.clone(), tag: None }),
        Fact::Known([], _) => {
            let sentence = format!(
                "No workflow of {name} has signed what {image} with the digest {} was built from.",
                code(digest)
            );
            let cure = "let the workflow that builds it attest its provenance (`actions/attest-build-provenance`), or name the image by a tag that is the whole hash of its commit".into();
            Err(Why { cure, ..Why::fail("image_without_provenance", sentence) })
        }
        Fact::Known(..) => {
            let sentence =
                format!("{image} with the digest {} was built from several commits.", code(digest));
            Err(Why::fail("image_provenance_ambiguous", sentence))
        }
        Fact::Unknown(why) => Err(Why::unread(&why)),
    })
}

fn whole_hash(tag: &str) -> Option<Sha> {
    if tag.len() == 40 { tag.parse().ok() } else { None }
}
